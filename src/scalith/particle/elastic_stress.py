"""Stress, displacement and swelling of an elastic particle from its own profile: sphere, long cylinder, plate."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from scalith.particle.mesh import dimensions_of
from scalith.particle.stress_assisted_diffusion import ParticleStress
from scalith.quantities import InputError, Result, dataset_digest, labelled, predicted

Array = NDArray[np.float64]


def elastic_stress(data: xr.Dataset, stress: ParticleStress, maximum_concentration: float, *, geometry: str = "sphere") -> Result:
    r"""Stresses of every profile that a simulation of one particle recorded.

    With α = Ω c_max/3, s(ρ) = ρ^(−d) ∫ x ρ^(d−1) dρ up to ρ and x relative to the stress-free stoichiometry, in a sphere

    .. math::

        σ_r = \frac{2 α E}{1 - ν} \left[s(1) - s(ρ)\right], \quad σ_θ = \frac{α E}{1 - ν} \left[2 s(1) + s(ρ) - x\right], \quad
        \frac{u}{r} = α \frac{(1 + ν)\, s(ρ) + 2 (1 - 2ν)\, s(1)}{1 - ν}

    a long cylinder with free ends σ_r = αE/(1 − ν) [s(1) − s(ρ)], σ_θ = αE/(1 − ν) [s(1) + s(ρ) − x]; a plate σ_θ = αE/(1 − ν)
    [s(1) − x] in its plane (Timoshenko and Goodier, Theory of Elasticity, §§ 13.1 and 13.3, with α x in the place of thermal
    expansion).

    Parameters
    ----------
    data : xarray.Dataset
        ``stoichiometry`` over (time, radius), from `simulate_particle` or `simulate_phase_field`.
    stress : ParticleStress
        Its `stress_free` stoichiometry is where the displacement is counted from.
    maximum_concentration : float
        mol m-3.
    geometry : {"sphere", "cylinder", "slab"}

    Returns
    -------
    Result
        Over (time, radius): ``radial_stress``, ``hoop_stress`` (in the plane, of a plate) and ``hydrostatic_stress`` (Pa, tension
        positive), ``displacement`` (m); over time ``swelling`` (relative change of the radius), ``strain_energy`` (J m-3, mean).

    Raises
    ------
    InputError
        Volume changes beyond small strain.
    """
    d = dimensions_of(geometry, "elastic_stress")
    stress.require_small_strain(maximum_concentration)
    radius = data["radius"].values
    rho, x = radius / radius[-1], data["stoichiometry"].values - stress.stress_free
    nu, alpha = stress.poisson_ratio, stress.partial_molar_volume * maximum_concentration / 3.0
    scale = alpha * stress.youngs_modulus / (1.0 - nu)
    inner = _inner_means(rho, x, d)
    whole = inner[:, -1:]
    if d == 3:
        radial, hoop = 2.0 * scale * (whole - inner), scale * (2.0 * whole + inner - x)
        axial, relative = hoop, alpha * ((1.0 + nu) * inner + 2.0 * (1.0 - 2.0 * nu) * whole) / (1.0 - nu)
    elif d == 2:
        radial, hoop, axial = scale * (whole - inner), scale * (whole + inner - x), scale * (2.0 * whole - x)
        relative = alpha * ((1.0 + nu) * inner + (1.0 - 3.0 * nu) * whole) / (1.0 - nu)
    else:
        radial, hoop = np.zeros_like(x), scale * (whole - x)
        axial, relative = hoop, alpha * ((1.0 + nu) * inner - 2.0 * nu * whole) / (1.0 - nu)
    squares = radial**2 + hoop**2 + axial**2 - 2.0 * nu * (radial * hoop + hoop * axial + axial * radial)
    energy = d * _inner_means(rho, squares, d)[:, -1] / (2.0 * stress.youngs_modulus)
    over = ("time", "radius")
    settings = {"geometry": geometry, "maximum_concentration_mol_m3": maximum_concentration}
    source = predicted("scalith.particle.elastic_stress", dataset_digest(data), stress.digest, settings=settings)
    return Result(
        {
            "radial_stress": labelled(over, radial, "radial stress", "Pa"),
            "hoop_stress": labelled(over, hoop, "hoop stress", "Pa"),
            "hydrostatic_stress": labelled(over, (radial + hoop + axial) / 3.0, "hydrostatic stress", "Pa"),
            "displacement": labelled(over, radius * relative, "displacement", "m"),
            "swelling": labelled("time", relative[:, -1], "relative change of the radius", "1"),
            "strain_energy": labelled("time", energy, "strain energy", "J m-3"),
        },
        {"time": data["time"], "radius": data["radius"]},
        {"source": source.to_json()},
    )


def galvanostatic_stress(
    stress: ParticleStress, maximum_concentration: float, diffusivity: float, radius: float, flux: float, rho: ArrayLike
) -> tuple[Array, Array]:
    r"""Stresses of a sphere whose surface has passed a constant flux for long (Dt/R² > 0.2).

    .. math:: σ_r = σ_0 (1 - ρ^2), \qquad σ_θ = σ_0 (1 - 2ρ^2), \qquad σ_0 = \frac{E Ω c_{max} J R}{15 (1 - ν) D}

    (Cheng and Verbrugge, DOI 10.1016/j.jpowsour.2009.01.021). A surface that empties (J > 0) is in tension, σ₀ < 0; while it
    fills the centre is.

    Parameters
    ----------
    stress : ParticleStress
    maximum_concentration : float
        mol m-3.
    diffusivity, radius : float
        m2 s-1, m.
    flux : float
        Outward flux over the maximum concentration, m/s.
    rho : array_like
        r/R.

    Returns
    -------
    radial, hoop : ndarray
        Pa.
    """
    stress.require_small_strain(maximum_concentration)
    for name, value in (("diffusivity", diffusivity), ("radius", radius)):
        if not value > 0.0:
            raise InputError("galvanostatic_stress", name, value, "a positive number")
    share = stress.youngs_modulus * stress.partial_molar_volume * maximum_concentration / (15.0 * (1.0 - stress.poisson_ratio))
    middle = -share * flux * radius / diffusivity
    square = np.asarray(rho, dtype=np.float64) ** 2
    return middle * (1.0 - square), middle * (1.0 - 2.0 * square)


def _inner_means(rho: Array, x: Array, d: int) -> Array:
    """ρ^(−d) ∫₀^ρ x ρ^(d−1) dρ with x ∝ ρ² between the nodes, exact under steady flux."""
    low, high = rho[:-1], rho[1:]
    shell = (high**d - low**d) / d
    slope = np.diff(x, axis=1) / (high**2 - low**2)
    quartic = (high ** (d + 2) - low ** (d + 2)) / (d + 2)
    pieces = (x[:, :-1] - slope * low**2) * shell + slope * quartic
    total = np.concatenate([np.zeros((x.shape[0], 1)), np.cumsum(pieces, axis=1)], axis=1)
    means = np.empty_like(total)
    inside = rho > 0.0
    means[:, inside] = total[:, inside] / rho[inside] ** d
    means[:, ~inside] = x[:, ~inside] / d
    return means
