"""Stress of a particle's own concentration gradient: an effective diffusivity, and what it does to the voltage of the surface."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from scalith.quantities import SI, InputError, Property, Spec, predicted
from scalith.quantities.constants import FARADAY, GAS_CONSTANT


class ParticleStress(Spec):
    r"""An elastic particle that swells with its content, free at its surface.

    With α = Ω c_max/3 in the place of thermal expansion, the trace of the stress in a sphere, a long cylinder and a plate, each
    free at its surface and its ends, is the same multiple of how much the stoichiometry differs from its mean:

    .. math:: σ_h = \frac{2 Ω E c_{max}}{9 (1 - ν)} (\bar x - x), \qquad μ = μ_0(x) - Ω σ_h

    Attributes
    ----------
    youngs_modulus : Pa
    poisson_ratio
    partial_molar_volume : m3 mol-1
        Ω of the working ion.
    stress_free : x₀ of `stress_assisted_diffusivity`
    hastens_diffusion, shifts_voltage : bool
        Which of the two follow the stress; without both it only drives what else is said to follow it (cracks, lost material).
    """

    youngs_modulus: Annotated[float, SI("Pa"), Field(gt=0)]
    poisson_ratio: Annotated[float, Field(gt=-1, lt=0.5)]
    partial_molar_volume: Annotated[float, SI("m3 mol-1")]
    stress_free: Annotated[float, Field(ge=0, le=1)] = 0.0
    hastens_diffusion: bool = True
    shifts_voltage: bool = True

    def strain_potential(self, maximum_concentration: float) -> float:
        """S in μ = μ₀(x) + S (x − x̄), J mol-1; the voltage of the surface is U(x_s) − S (x_s − x̄)/F."""
        stiffness = 2.0 * self.youngs_modulus / (9.0 * (1.0 - self.poisson_ratio))
        return self.partial_molar_volume**2 * stiffness * maximum_concentration

    def surface_voltage(self, maximum_concentration: float, surface: float, mean: float) -> float:
        """What the stress of the surface adds to the equilibrium voltage, Ω σ_h/F, V."""
        return -self.strain_potential(maximum_concentration) * (surface - mean) / FARADAY

    def diffusivity(self, diffusivity: Property, maximum_concentration: float, T: float = 298.15) -> Property:
        """`stress_assisted_diffusivity` of this particle."""
        return stress_assisted_diffusivity(
            diffusivity,
            partial_molar_volume=self.partial_molar_volume,
            youngs_modulus=self.youngs_modulus,
            poisson_ratio=self.poisson_ratio,
            maximum_concentration=maximum_concentration,
            T=T,
            stress_free=self.stress_free,
        )


def stress_assisted_diffusivity(
    diffusivity: Property,
    *,
    partial_molar_volume: float,
    youngs_modulus: float,
    poisson_ratio: float,
    maximum_concentration: float,
    T: float = 298.15,
    stress_free: float = 0.0,
) -> Property:
    r"""D(x) (1 + θ c_max (x − x₀)) for a sphere that is free at its surface and elastic.

    .. math:: θ = \frac{Ω}{R T} \frac{2 Ω E}{9 (1 - ν)}

    (Zhang, Shyy and Sastry, DOI 10.1149/1.2759840). In a sphere the gradient of the hydrostatic stress is proportional to that
    of the concentration, so that the stress needs no equation of its own.

    Parameters
    ----------
    diffusivity : Property
        D(x[, T]) without stress, m2 s-1.
    partial_molar_volume : float
        Ω, m3 mol-1.
    youngs_modulus, poisson_ratio : float
        E, Pa; ν.
    maximum_concentration : float
        mol m-3.
    T : float
        K; a diffusivity that depends on temperature is taken there.
    stress_free : float
        x₀.

    Returns
    -------
    Property
        ``chemical_diffusivity`` over x.

    Raises
    ------
    InputError
        A number out of range, or a factor that is not positive everywhere.
    """
    for name, value in (("youngs_modulus", youngs_modulus), ("maximum_concentration", maximum_concentration), ("T", T)):
        if not value > 0.0:
            raise InputError("stress_assisted_diffusivity", name, value, "a positive number")
    if not -1.0 < poisson_ratio < 0.5:
        raise InputError("stress_assisted_diffusivity", "poisson_ratio", poisson_ratio, "−1 to 0.5")
    theta = 2.0 * partial_molar_volume**2 * youngs_modulus / (9.0 * (1.0 - poisson_ratio) * GAS_CONSTANT * T)
    known = diffusivity.coordinates.get("x", np.array([0.0, 1.0]))
    grid = known if known.size > 1 else np.array([0.0, 1.0])
    # The factor is straight between nodes, D is not: enough nodes for their product.
    x = np.unique(np.concatenate([grid, np.linspace(grid[0], grid[-1], 101)]))
    factor = 1.0 + theta * maximum_concentration * (x - stress_free)
    if factor.min() <= 0.0:
        raise InputError("stress_assisted_diffusivity", "stress_free", stress_free, "a factor 1 + θ c_max (x − x₀) above zero")
    settings = {"theta_c_max": theta * maximum_concentration, "stress_free": stress_free, "temperature_K": T}
    source = predicted("scalith.particle.stress_assisted_diffusivity", diffusivity.digest, settings=settings)
    return Property.from_arrays("chemical_diffusivity", {"x": x}, diffusivity(x=x, T=T) * factor, "m2 s-1", source)
