"""Stress of a particle's own concentration gradient: an effective diffusivity, and what it does to the voltage of the surface."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from scalith.quantities import SI, InputError, Property, Spec, predicted
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

LARGEST_SWELLING = 0.1
"""|Ω Δc| up to which strains are small."""
_SMALL_STRAIN = f"at most {LARGEST_SWELLING:g} (small strain); beyond_small_strain = true takes it knowingly"


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
    dilute : bool
        Whether diffusion takes the activity of a dilute solid, RT/x, in the place of that of the open-circuit voltage: as some
        published sets do.
    beyond_small_strain : bool
        Take small strain knowingly where |Ω Δc| is above 0.1: to repeat published numbers that do.
    """

    youngs_modulus: Annotated[float, SI("Pa"), Field(gt=0)]
    poisson_ratio: Annotated[float, Field(gt=-1, lt=0.5)]
    partial_molar_volume: Annotated[float, SI("m3 mol-1")]
    stress_free: Annotated[float, Field(ge=0, le=1)] = 0.0
    hastens_diffusion: bool = True
    shifts_voltage: bool = True
    dilute: bool = False
    beyond_small_strain: bool = False

    def require_small_strain(self, maximum_concentration: float, window: tuple[float, float] = (0.0, 1.0)) -> None:
        """Refuse a volume change that small strain does not hold for.

        Parameters
        ----------
        maximum_concentration : float
            mol m-3.
        window : tuple of float
            Stoichiometries that the particle keeps to.

        Raises
        ------
        InputError
            |Ω Δc| above 0.1.
        """
        change = self.partial_molar_volume * maximum_concentration * (window[1] - window[0])
        if abs(change) > LARGEST_SWELLING and not self.beyond_small_strain:
            found = f"{self.partial_molar_volume:g} m3/mol, a volume change of {change:.3g}"
            raise InputError("particle stress", "partial_molar_volume", found, _SMALL_STRAIN)

    def strain_potential(self, maximum_concentration: float, window: tuple[float, float] = (0.0, 1.0)) -> float:
        """S in μ = μ₀(x) + S (x − x̄), J mol-1; the voltage of the surface is U(x_s) − S (x_s − x̄)/F."""
        self.require_small_strain(maximum_concentration, window)
        stiffness = 2.0 * self.youngs_modulus / (9.0 * (1.0 - self.poisson_ratio))
        return self.partial_molar_volume**2 * stiffness * maximum_concentration

    def surface_voltage(
        self, maximum_concentration: float, surface: float, mean: float, window: tuple[float, float] = (0.0, 1.0)
    ) -> float:
        """What the stress of the surface adds to the equilibrium voltage, Ω σ_h/F, V."""
        return -self.strain_potential(maximum_concentration, window) * (surface - mean) / FARADAY

    def diffusivity(
        self,
        diffusivity: Property,
        maximum_concentration: float,
        T: float = 298.15,
        *,
        open_circuit_voltage: Property | None = None,
        window: tuple[float, float] = (0.0, 1.0),
    ) -> Property:
        """`stress_assisted_diffusivity` of this particle."""
        self.require_small_strain(maximum_concentration, window)
        return stress_assisted_diffusivity(
            diffusivity,
            partial_molar_volume=self.partial_molar_volume,
            youngs_modulus=self.youngs_modulus,
            poisson_ratio=self.poisson_ratio,
            maximum_concentration=maximum_concentration,
            T=T,
            stress_free=self.stress_free,
            open_circuit_voltage=None if self.dilute else open_circuit_voltage,
            window=window,
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
    open_circuit_voltage: Property | None = None,
    window: tuple[float, float] = (0.0, 1.0),
) -> Property:
    r"""What the stress of its own gradient makes of the diffusivity of an elastic particle that is free at its surface.

    In a sphere, a long cylinder and a plate the gradient of the hydrostatic stress is proportional to that of the concentration,
    μ = μ₀(x) + S (x − x̄) with S = 2Ω²E c_max/(9 (1 − ν)), so that the stress needs no equation of its own. The flux −M ∂μ has the
    diffusivity

    .. math:: D_{eff} = D \left(1 - \frac{S}{F U'(x)}\right)

    with the voltage U whose slope is in D already (∂μ₀/∂x = −F U′): one chemical potential moves the ions and sets the voltage of
    the surface. Without U the solid is dilute, ∂μ₀/∂x = RT/x, and the factor 1 + θ c_max (x − x₀) with θ c_max = S/RT (Zhang,
    Shyy and Sastry, DOI 10.1149/1.2759840).

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
        x₀, of the dilute solid.
    open_circuit_voltage : Property, optional
        U(x[, T]), V.
    window : tuple of float
        Stoichiometries that the material keeps to; the factor at its ends holds beyond them.

    Returns
    -------
    Property
        ``chemical_diffusivity`` over x.

    Raises
    ------
    InputError
        A number out of range, a factor that is not positive everywhere, or a voltage that does not fall everywhere in the window
        (where it is flat or rises the material separates into phases, and has no diffusivity).
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
    if open_circuit_voltage is None:
        factor = 1.0 + theta * maximum_concentration * (x - stress_free)
    else:
        factor = _by_voltage(open_circuit_voltage, x, window, theta * maximum_concentration * GAS_CONSTANT * T / FARADAY, T)
    if factor.min() <= 0.0:
        raise InputError("stress_assisted_diffusivity", "stress_free", stress_free, "a factor 1 + θ c_max (x − x₀) above zero")
    settings = {"theta_c_max": theta * maximum_concentration, "stress_free": stress_free, "temperature_K": T}
    parents = (diffusivity.digest,) if open_circuit_voltage is None else (diffusivity.digest, open_circuit_voltage.digest)
    source = predicted("scalith.particle.stress_assisted_diffusivity", *parents, settings=settings)
    return Property.from_arrays("chemical_diffusivity", {"x": x}, diffusivity(x=x, T=T) * factor, "m2 s-1", source)


def _by_voltage(
    voltage: Property, x: NDArray[np.float64], window: tuple[float, float], shift: float, T: float
) -> NDArray[np.float64]:
    """1 − S/(F U′) with S/F = `shift` in V; the ends of the window hold beyond it."""
    if "x" not in voltage.coordinates or voltage.coordinates["x"].size == 1:
        raise InputError("stress_assisted_diffusivity", "open_circuit_voltage", "one voltage for all x", "U′ < 0 in the window")
    low, high = max(window[0], voltage.domain["x"][0]), min(window[1], voltage.domain["x"][1])
    at = np.clip(x, low, high)
    found = voltage.slope("x", x=at, T=T) if "T" in voltage.coordinates else voltage.slope("x", x=at)
    slope = np.broadcast_to(np.asarray(found), at.shape)
    if slope.max() >= 0.0:
        found = f"a voltage that does not fall at x = {at[int(np.argmax(slope))]:.3g}"
        raise InputError("stress_assisted_diffusivity", "open_circuit_voltage", found, "U′ < 0 in the window")
    return np.asarray(1.0 - shift / slope)
