"""A sphere that swells beyond small strain and flows: silicon and its like, along a path of profiles."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.particle.plasticity import PlasticHost
from scalith.quantities import ConvergenceError, InputError, Result, digest, labelled, predicted
from scalith.quantities.constants import FARADAY

Array = NDArray[np.float64]
_WHERE = "simulate_plastic_sphere"
_TANGENT = 1e-6
"""Share of the shear modulus that is left in the tangent where the host flows: it keeps Newton's matrix regular."""


class Shells(NamedTuple):
    """Shells between nodes of the empty sphere: width, R² where they have their volume, volume over 4π, mean of R²."""

    thickness: Array
    squares: Array
    volume: Array
    between: Array


class Filled(NamedTuple):
    """What the content makes of the shells: volume over that of the empty host, elastic constants."""

    J: Array
    bulk: Array
    shear: Array


class Strain(NamedTuple):
    """Logarithmic strains beyond swelling: their trace, and radial less hoop."""

    trace: Array
    difference: Array


def simulate_plastic_sphere(host: PlasticHost, rho: ArrayLike, stoichiometry: ArrayLike) -> Result:
    r"""Stresses of a free sphere along a path of stoichiometry profiles, at finite strain with plastic flow.

    The stretches λ_r = ∂r/∂R and λ_θ = r/R of the empty sphere are split into swelling, plastic and elastic ones; with
    logarithmic strains and J = 1 + Ω c_max x

    .. math::

        \ln λ_i = \tfrac13 \ln J + ε^p_i + ε^e_i, \quad τ_r - τ_θ = 2G (ε^e_r - ε^e_θ), \quad
        \tfrac13 (τ_r + 2 τ_θ) = K (ε^e_r + 2 ε^e_θ), \quad \frac{dσ_r}{dr} + \frac{2 (σ_r - σ_θ)}{r} = 0

    with σ = τ exp(−ε^e_r − 2ε^e_θ). The host flows, at constant volume, where τ_θ − τ_r reaches its yield stress in tension or in
    compression. K and G are those of the swollen host, E(x): stresses per area that there is. Shells of constant strain that
    keep their volumes, Newton's method for the radii of their nodes.

    Parameters
    ----------
    host : PlasticHost
    rho : array_like
        R over the radius of the empty sphere, rising from 0 to 1, at least five nodes.
    stoichiometry : array_like, shape (steps, nodes)
        Profiles along the path, dense enough that each is near the one before. It starts without stress from the mean of the
        first.

    Returns
    -------
    Result
        Over (step, shell): ``radial_stress`` and ``hoop_stress`` (Cauchy, Pa), ``plastic_strain`` (ε^p_r − ε^p_θ). Over ``step``:
        ``surface_hoop_stress`` and ``centre_stress`` (Pa, extrapolated), ``swelling`` (radius over that of the empty sphere, less
        one), ``voltage_shift`` of the surface, Ω σ_h/F (V).

    Raises
    ------
    InputError
    ConvergenceError
        A step is too large for Newton's method.
    """
    nodes, x = np.asarray(rho, dtype=np.float64), np.asarray(stoichiometry, dtype=np.float64)
    if nodes.ndim != 1 or nodes.size < 5 or nodes[0] != 0.0 or nodes[-1] != 1.0 or np.any(np.diff(nodes) <= 0.0):
        raise InputError(_WHERE, "rho", rho, "at least five nodes rising from 0 to 1")
    if x.ndim != 2 or x.shape[1] != nodes.size or not np.all((x >= -1e-12) & (x <= 1.0 + 1e-12)):
        raise InputError(_WHERE, "stoichiometry", f"shape {x.shape}", f"profiles (steps, {nodes.size}) of numbers from 0 to 1")
    shells = cut_shells(nodes)
    volume, between = shells.volume, shells.between
    # Means over the shells, with profiles straight in R² between the nodes.
    contents = x[:, :-1] + np.diff(x, axis=1) * (between - nodes[:-1] ** 2) / np.diff(nodes**2)
    mean = float(contents[0] @ volume) / float(volume.sum())
    radii, plastic = nodes * (1.0 + host.swelling * mean) ** (1.0 / 3.0), np.zeros(volume.size)
    stresses, flowed, outer = np.empty((2, *contents.shape)), np.empty_like(contents), np.empty(len(x))
    for step, profile in enumerate(contents):
        content = filled(host, profile)
        radii = _equilibrium(host, shells, content, radii, plastic, step)
        strain = strains(shells, radii, content.J)
        pressure, deviator, _ = stress_of(host, content, strain, plastic)
        plastic = strain.difference - deviator / (2.0 * content.shear)
        shrunk = np.exp(-strain.trace)
        stresses[:, step] = (pressure + 2.0 * deviator / 3.0) * shrunk, (pressure - deviator / 3.0) * shrunk
        flowed[step], outer[step] = plastic, radii[-1]
    return _labelled(host, np.sqrt(between), x, stresses, flowed, outer)


def cut_shells(nodes: Array) -> Shells:
    """Shells between radii over that of the empty sphere."""
    volume = np.diff(nodes**3) / 3.0
    return Shells(np.diff(nodes), mean_square(nodes), volume, np.diff(nodes**5) / (5.0 * volume))


def mean_square(radii: Array) -> Array:
    """(b³ − a³)/(3 (b − a)) of each shell, the square of the radius at which it has its volume."""
    return np.asarray((radii[1:] ** 2 + radii[1:] * radii[:-1] + radii[:-1] ** 2) / 3.0)


def filled(host: PlasticHost, x: Array) -> Filled:
    """Volume and elastic constants of shells at these contents."""
    E, nu = host.modulus(np.clip(x, 0.0, 1.0)), host.poisson_ratio
    return Filled(1.0 + host.swelling * x, E / (3.0 * (1.0 - 2.0 * nu)), E / (2.0 * (1.0 + nu)))


def strains(shells: Shells, radii: Array, J: Array) -> Strain:
    """Logarithmic strains of shells between radii, beyond their swelling."""
    radial, hoop = np.log(np.diff(radii) / shells.thickness), 0.5 * np.log(mean_square(radii) / shells.squares)
    return Strain(radial + 2.0 * hoop - np.log(J), radial - hoop)


def stress_of(host: PlasticHost, content: Filled, strain: Strain, plastic: Array) -> tuple[Array, Array, Array]:
    """Mean Kirchhoff stress, τ_r − τ_θ, and the tangent of the shear modulus."""
    trial = 2.0 * content.shear * (strain.difference - plastic)
    deviator = np.clip(trial, -host.tensile_yield, host.compressive_yield)
    return content.bulk * strain.trace, deviator, np.where(trial == deviator, content.shear, _TANGENT * content.shear)


def stretching(radii: Array) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Derivatives of ln λ_r, and of ln λ_θ, by the outer and by the inner radius of each shell."""
    width, square = np.diff(radii), 6.0 * mean_square(radii)
    outer, inner = 2.0 * radii[1:] + radii[:-1], 2.0 * radii[:-1] + radii[1:]
    return (1.0 / width, -1.0 / width), (outer / square, inner / square)


def _equilibrium(host: PlasticHost, shells: Shells, content: Filled, start: Array, plastic: Array, step: int) -> Array:
    """Radii of the nodes at which the forces on them vanish."""
    from scipy.linalg import solve_banded

    radii, J, K = start.copy(), content.J, content.bulk
    for _ in range(100):
        strain = strains(shells, radii, J)
        pressure, deviator, G = stress_of(host, content, strain, plastic)
        radial, hoop, weight = pressure + 2.0 * deviator / 3.0, pressure - deviator / 3.0, J * shells.volume
        square, width = 3.0 * mean_square(radii), np.diff(radii)
        ends = (2.0 * radii[1:] + radii[:-1], 2.0 * radii[:-1] + radii[1:])
        first, second = stretching(radii)
        rr, rt, tt = K + 4.0 * G / 3.0, 2.0 * K - 4.0 * G / 3.0, 4.0 * K + 4.0 * G / 3.0
        forces = [weight * (radial * first[i] + 2.0 * hoop * second[i]) for i in (0, 1)]
        stiff = {}
        for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
            material = rr * first[i] * first[j] + rt * (first[i] * second[j] + second[i] * first[j]) + tt * second[i] * second[j]
            bend = (2.0 if i == j else 1.0) / square - ends[i] * ends[j] / square**2
            stiff[i, j] = weight * (material - radial * first[i] * first[j] + hoop * bend)
        force, bands = np.zeros(radii.size), np.zeros((3, radii.size))
        force[1:] += forces[0]
        force[:-1] += forces[1]
        bands[1, 1:] += stiff[0, 0]
        bands[1, :-1] += stiff[1, 1]
        bands[0, 1:], bands[2, :-1] = stiff[1, 0], stiff[0, 1]
        force[0], bands[1, 0], bands[0, 1] = 0.0, 1.0, 0.0
        change = solve_banded((1, 1), bands, -force)
        largest = float(np.abs(np.diff(change) / width).max())
        radii += change * min(1.0, 0.3 / max(largest, 1e-300))
        if largest < 1e-11:
            return radii
    raise ConvergenceError("plastic sphere", f"no equilibrium at step {step}; take smaller steps of the stoichiometry")


def _labelled(host: PlasticHost, middle: Array, x: Array, stresses: Array, plastic: Array, outer: Array) -> Result:
    radial, hoop = stresses

    def ending(values: Array, end: int, inner: int, at: float) -> Array:
        slope = (values[:, end] - values[:, inner]) / (middle[end] ** 2 - middle[inner] ** 2)
        return np.asarray(values[:, end] + slope * (at - middle[end] ** 2))

    surface, centre = ending(hoop, -1, -2, 1.0), ending(hoop, 0, 1, 0.0)
    source = predicted(f"scalith.particle.{_WHERE}", host.digest, settings={"profiles": digest(middle, x)})
    over = ("step", "shell")
    return Result(
        {
            "radial_stress": labelled(over, radial, "radial stress", "Pa"),
            "hoop_stress": labelled(over, hoop, "hoop stress", "Pa"),
            "plastic_strain": labelled(over, plastic, "plastic strain, radial less hoop", "1"),
            "surface_hoop_stress": labelled("step", surface, "hoop stress at the surface", "Pa"),
            "centre_stress": labelled("step", centre, "stress at the centre", "Pa"),
            "swelling": labelled("step", outer - 1.0, "radius over that of the empty sphere, less one", "1"),
            "voltage_shift": labelled(
                "step",
                2.0 / 3.0 * host.partial_molar_volume * surface / FARADAY,
                "shift of the equilibrium voltage at the surface",
                "V",
            ),
        },
        {
            "step": ("step", np.arange(len(x))),
            "shell": labelled("shell", middle, "radius of the shell in the empty sphere", "1"),
        },
        {"source": source.to_json()},
    )
