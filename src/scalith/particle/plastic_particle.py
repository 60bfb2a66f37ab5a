"""A particle that swells beyond small strain and flows, while lithium diffuses in it: its stress moves the lithium too."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.particle.plastic_sphere import Shells, cut_shells, filled, strains, stress_of, stretching
from scalith.particle.plasticity import PlasticHost
from scalith.quantities import ConvergenceError, InputError, Property, Result, digest, labelled, predicted
from scalith.quantities.constants import FARADAY

Array = NDArray[np.float64]
_WHERE = "simulate_plastic_particle"
_REACH = 3
"""Neighbours in the interleaved unknowns (content and outer radius of each shell) that an equation reaches to either side."""
_HALVINGS = 12


class _Particle(NamedTuple):
    """Host, shells, and its curves on even nodes of the content: U, ∫U dx, D/(−F U′), ln E by its slope."""

    host: PlasticHost
    shells: Shells
    nodes: Array
    radius: float
    grid: Array
    voltage: Array
    integral: Array
    mobility: Array
    softening: Array


def simulate_plastic_particle(
    host: PlasticHost,
    open_circuit_voltage: Property,
    diffusivity: Property,
    radius: float,
    times: ArrayLike,
    *,
    initial: float,
    surface_flux: ArrayLike,
    temperature: float = 298.15,
    shells: int = 30,
) -> Result:
    r"""Diffusion, swelling and plastic flow of a free sphere: one chemical potential moves the ions and sets the voltage.

    .. math::

        μ = -F U(x) + Ω (ψ - τ_m) + \frac{J ψ}{c_{max}} \frac{E'(x)}{E(x)}, \qquad
        ∂_t x = \frac{1}{R^2} ∂_R \left(R^2 \frac{D}{-F U'} ∂_R μ\right), \qquad V = -μ_s/F

    with the elastic energy ψ and the mean Kirchhoff stress τ_m per volume of the swollen host: μ is the derivative of the free
    energy :math:`c_{max} ∫ -F U dx + J ψ` by the content at given radii and plastic strains, at finite strain as in
    `simulate_plastic_sphere`. Without flow and at small strain it is -F U − Ω σ_h, and the flux that of
    `stress_assisted_diffusivity`. D counts in lengths of the empty particle. Shells in implicit steps of time, contents and radii
    together by Newton's method.

    Parameters
    ----------
    host : PlasticHost
    open_circuit_voltage : Property
        U(x[, T]) without stress, V; it falls everywhere between the contents that the particle meets.
    diffusivity : Property
        D(x[, T]) without stress, m2 s-1.
    radius : float
        Of the empty particle, m.
    times : array_like
        s, rising; one implicit step between two of them (first order).
    initial : float
        Even content at the first time, without stress.
    surface_flux : array_like
        Outward flux over the maximum concentration, m/s: one number, or one an interval between the times.
    temperature : float
        K.
    shells : int

    Returns
    -------
    Result
        Over (time, shell): ``stoichiometry``, ``radial_stress``, ``hoop_stress`` (Cauchy, Pa), ``plastic_strain`` (radial less
        hoop), ``chemical_potential`` (J mol-1). Over ``time``: ``voltage`` of the surface (V), ``mean_stoichiometry``,
        ``swelling`` (of the radius), ``free_energy`` (J per m3 of the empty host).

    Raises
    ------
    InputError
    ConvergenceError
        The surface is empty or full, or a step is too large.
    """
    at = np.asarray(times, dtype=np.float64)
    if at.ndim != 1 or at.size < 2 or not np.all(np.diff(at) > 0.0):
        raise InputError(_WHERE, "times", times, "two or more rising times")
    flux = np.asarray(surface_flux, dtype=np.float64)
    if flux.shape not in ((), (at.size - 1,)):
        raise InputError(_WHERE, "surface_flux", f"shape {flux.shape}", f"one number, or one an interval: {(at.size - 1,)}")
    if not (radius > 0.0 and shells >= 5):
        raise InputError(_WHERE, "radius, shells", (radius, shells), "a positive radius and at least 5 shells")
    flux = np.broadcast_to(flux, (at.size - 1,))
    particle = _particle(host, open_circuit_voltage, diffusivity, radius, temperature, shells)
    if not particle.grid[0] < initial < particle.grid[-1]:
        raise InputError(_WHERE, "initial", initial, f"between {particle.grid[0]:g} and {particle.grid[-1]:g}")
    x, plastic = np.full(shells, float(initial)), np.zeros(shells)
    radii = particle.nodes * (1.0 + host.swelling * initial) ** (1.0 / 3.0)
    rows = [_row(particle, x, radii, plastic, 0.0)]
    for k in range(at.size - 1):
        x, radii, plastic = _advance(particle, (x, radii, plastic), float(at[k + 1] - at[k]), float(flux[k]), float(at[k]))
        rows.append(_row(particle, x, radii, plastic, float(flux[k])))
    parents = (host.digest, open_circuit_voltage.digest, diffusivity.digest)
    settings = {"radius_m": radius, "temperature_K": temperature, "initial": initial, "shells": shells, "path": digest(at, flux)}
    return _labelled(particle, at, rows, predicted(f"scalith.particle.{_WHERE}", *parents, settings=settings).to_json())


def _particle(host: PlasticHost, voltage: Property, diffusivity: Property, radius: float, T: float, count: int) -> _Particle:
    low, high = (max(voltage.domain["x"][0], 0.0), min(voltage.domain["x"][1], 1.0)) if "x" in voltage.domain else (0.0, 1.0)
    grid = np.linspace(low, high, 2001)
    U = np.broadcast_to(np.asarray(voltage(x=grid, T=T) if "T" in voltage.coordinates else voltage(x=grid)), grid.shape)
    D = np.broadcast_to(np.asarray(diffusivity(x=grid, T=T, extrapolate="nearest")), grid.shape)
    slope = np.gradient(U, grid)
    if slope.max() >= 0.0:
        found = f"a voltage that does not fall at x = {grid[int(np.argmax(slope))]:.3g}"
        raise InputError(_WHERE, "open_circuit_voltage", found, "U′ < 0 everywhere")
    integral = np.concatenate([[0.0], np.cumsum(0.5 * (U[1:] + U[:-1]) * np.diff(grid))])
    nodes = np.linspace(0.0, 1.0, count + 1)
    softening = np.gradient(np.log(host.modulus(grid)), grid)
    return _Particle(host, cut_shells(nodes), nodes, radius, grid, U, integral, -D / (FARADAY * slope), softening)


def _state(particle: _Particle, x: Array, radii: Array, plastic: Array) -> tuple[Array, Array, Array, Array, Array]:
    """μ, mean Kirchhoff stress, τ_r − τ_θ, elastic energy per volume of the empty host, trace of the elastic strain."""
    host, content = particle.host, filled(particle.host, x)
    strain = strains(particle.shells, radii, content.J)
    mean, deviator, _ = stress_of(host, content, strain, plastic)
    energy = 0.5 * mean * strain.trace + deviator**2 / (6.0 * content.shear)
    mu = -FARADAY * np.interp(x, particle.grid, particle.voltage) + host.partial_molar_volume * (energy - mean)
    mu += content.J * energy * np.interp(x, particle.grid, particle.softening) / host.maximum_concentration
    return mu, mean, deviator, content.J * energy, strain.trace


def _flux(particle: _Particle, x: Array, mu: Array) -> Array:
    """Outward flux over the maximum concentration through the inner faces, m/s: exact where μ goes with R²."""
    between, faces = particle.shells.between, particle.nodes[1:-1]
    mobility = np.interp(0.5 * (x[1:] + x[:-1]), particle.grid, particle.mobility)
    return np.asarray(-mobility * np.diff(mu) * 2.0 * faces / np.diff(between) / particle.radius)


def _residual(particle: _Particle, y: Array, before: tuple[Array, Array], duration: float, flux: float) -> Array:
    """Balance of each shell, and of the forces on its outer node, interleaved as the unknowns."""
    old, plastic = before
    x, radii = y[0::2], np.concatenate([[0.0], y[1::2]])
    mu, mean, deviator, _, _ = _state(particle, x, radii, plastic)
    faces = np.concatenate([[0.0], particle.nodes[1:-1] ** 2 * _flux(particle, x, mu), [flux]])
    found = np.empty(y.size)
    found[0::2] = x - old + duration * np.diff(faces) / (particle.radius * particle.shells.volume)
    weight = (1.0 + particle.host.swelling * x) * particle.shells.volume
    (r_out, r_in), (t_out, t_in) = stretching(radii)
    radial, hoop = weight * (mean + 2.0 * deviator / 3.0), 2.0 * weight * (mean - deviator / 3.0)
    outer, inner = radial * r_out + hoop * t_out, radial * r_in + hoop * t_in
    outer[:-1] += inner[1:]
    found[1::2] = outer / particle.host.tensile_yield
    return found


def _jacobian(residual: Callable[[Array], Array], y: Array, at: Array) -> Array:
    """By differences, unknowns that share no equation at once; in the bands of `solve_banded`."""
    size, step = y.size, 1e-7
    bands = np.zeros((2 * _REACH + 1, size))
    for colour in range(2 * _REACH + 1):
        moved = y.copy()
        moved[colour :: 2 * _REACH + 1] += step
        change = (residual(moved) - at) / step
        for column in range(colour, size, 2 * _REACH + 1):
            rows = np.arange(max(0, column - _REACH), min(size, column + _REACH + 1))
            bands[_REACH + rows - column, column] = change[rows]
    return bands


def _solve(particle: _Particle, state: tuple[Array, Array, Array], duration: float, flux: float) -> tuple[Array, ...] | None:
    from scipy.linalg import LinAlgError, solve_banded

    x, radii, plastic = state
    y = np.empty(2 * x.size)
    y[0::2], y[1::2] = x, radii[1:]

    def residual(of: Array) -> Array:
        return _residual(particle, of, (x, plastic), duration, flux)

    for count in range(30):
        found = residual(y)
        try:
            change = solve_banded((_REACH, _REACH), _jacobian(residual, y, found), -found)
        except (LinAlgError, ValueError):
            return None
        widths = np.diff(np.concatenate([[0.0], y[1::2]]))
        largest = max(float(np.abs(change[0::2]).max()), float(np.abs(np.diff(change[1::2], prepend=0.0) / widths).max()))
        if not np.isfinite(largest):
            return None
        # Shells that start or cease to flow may take turns: half steps end that.
        y += change * min(1.0 if count < 8 else 0.5, 0.1 / max(largest, 1e-300))
        if not np.all((y[0::2] > particle.grid[0]) & (y[0::2] < particle.grid[-1])):
            return None
        if largest < 1e-9:
            after, reached = y[0::2].copy(), np.concatenate([[0.0], y[1::2]])
            content = filled(particle.host, after)
            strain = strains(particle.shells, reached, content.J)
            _, deviator, _ = stress_of(particle.host, content, strain, plastic)
            return after, reached, strain.difference - deviator / (2.0 * content.shear)
    return None


def _advance(
    particle: _Particle, state: tuple[Array, Array, Array], duration: float, flux: float, start: float
) -> tuple[Array, Array, Array]:
    """Over an interval, in as many steps as Newton's method needs."""
    done, step = 0.0, duration
    while done < duration * (1.0 - 1e-12):
        found = _solve(particle, state, min(step, duration - done), flux)
        if found is not None:
            done, state = done + min(step, duration - done), (found[0], found[1], found[2])
            step *= 2.0
            continue
        step *= 0.5
        if step < duration * 0.5**_HALVINGS:
            surface = f"x = {state[0][-1]:.3g} in the outermost shell"
            raise ConvergenceError(
                "plastic particle", f"no step on: {surface}; it is empty or full, or the step is too large", time=start + done
            )
    return state


def _row(particle: _Particle, x: Array, radii: Array, plastic: Array, flux: float) -> tuple[Array, float, float, float]:
    """Profiles (x, σ_r, σ_θ, plastic strain, μ), voltage of the surface, outer radius, free energy."""
    mu, mean, deviator, energy, trace = _state(particle, x, radii, plastic)
    shrunk = np.exp(-trace)
    mobility = float(np.interp(x[-1], particle.grid, particle.mobility))
    surface = float(mu[-1]) - flux * particle.radius * (1.0 - particle.shells.between[-1]) / (2.0 * mobility)
    profiles = np.stack([x, (mean + 2.0 * deviator / 3.0) * shrunk, (mean - deviator / 3.0) * shrunk, plastic, mu])
    chemical = -FARADAY * particle.host.maximum_concentration * np.interp(x, particle.grid, particle.integral)
    total = 3.0 * float(particle.shells.volume @ (chemical + energy))
    return profiles, -surface / FARADAY, float(radii[-1]), total


def _labelled(particle: _Particle, times: Array, rows: list[tuple[Array, float, float, float]], source: str) -> Result:
    profiles = np.stack([row[0] for row in rows])
    over = ("time", "shell")
    return Result(
        {
            "stoichiometry": labelled(over, profiles[:, 0], "stoichiometry", "1"),
            "radial_stress": labelled(over, profiles[:, 1], "radial stress", "Pa"),
            "hoop_stress": labelled(over, profiles[:, 2], "hoop stress", "Pa"),
            "plastic_strain": labelled(over, profiles[:, 3], "plastic strain, radial less hoop", "1"),
            "chemical_potential": labelled(over, profiles[:, 4], "chemical potential", "J mol-1"),
            "voltage": labelled("time", [row[1] for row in rows], "voltage of the surface at rest", "V"),
            "mean_stoichiometry": labelled("time", 3.0 * profiles[:, 0] @ particle.shells.volume, "mean stoichiometry", "1"),
            "swelling": labelled("time", [row[2] - 1.0 for row in rows], "radius over that of the empty sphere, less one", "1"),
            "free_energy": labelled("time", [row[3] for row in rows], "free energy per volume of the empty host", "J m-3"),
        },
        {
            "time": labelled("time", times, "time", "s"),
            "shell": labelled("shell", np.sqrt(particle.shells.between), "radius of the shell in the empty sphere", "1"),
        },
        {"source": source},
    )
