"""Places that react at one potential: the particle averaged over its depth, a mosaic of particles, and the critical current."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.particle.phase_field import PhaseField, homogeneous_functions, kernel_tables, require_mesh
from scalith.quantities import ConvergenceError, InputError, Result, digest, labelled, predicted
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

Array = NDArray[np.float64]
_LAWS = {"transition_state": 0, "symmetric": 1, "coupled_ion_electron": 2}


def simulate_depth_averaged(
    material: PhaseField,
    length: float,
    thickness: float,
    times: ArrayLike,
    *,
    rate: float | Sequence[tuple[float, float]],
    initial: float | ArrayLike = 0.01,
    wetted_sides: float | None = None,
    temperature: float = 298.15,
    nodes: int | None = None,
    noise: float = 0.0,
    seed: int = 1,
    tolerance: float = 3e-3,
) -> Result:
    r"""A plate-like particle that reacts over its faces, averaged over its depth (Allen–Cahn reaction).

    .. math:: \frac{∂x}{∂t} = -\frac{2 i(x, μ, V)}{F c_{max} b}, \qquad
        μ = g'(x) + \tfrac{B}{c_{max}} (x - \bar x) - \tfrac{κ}{c_{max}} \frac{∂^2 x}{∂y^2}

    with one potential V, which carries the current (Singh, Ceder and Bazant, DOI 10.1016/j.electacta.2008.03.083; Bai, Cogswell
    and Bazant, DOI 10.1021/nl202764f). Diffusion along the depth is at once, between the places there is none.

    Parameters
    ----------
    material : PhaseField
        With `exchange_current_density`.
    length, thickness : float
        Of the particle along its face, and b between its two faces, m.
    times : array_like
        When to record, increasing, s; the first is the start.
    rate : float or sequence of (time, rate)
        Change of the mean stoichiometry, 1/s; positive lithiates. C/10 is 0.1/3600.
    initial : float or array_like, shape (nodes,)
        Filled fraction, with random `noise` where it is a number.
    wetted_sides : float, optional
        Filled fraction that both sides hold; without it they are free.
    temperature : float
    nodes : int, optional
        Places along the length; without it four to an interface.
    noise, seed
    tolerance : float
        Of one step, in the stoichiometry.

    Returns
    -------
    Result
        Over ``time`` and ``position``: ``stoichiometry``; over time ``mean_stoichiometry`` and ``voltage`` (V).

    Raises
    ------
    InputError
    ConvergenceError
    """
    where = "simulate_depth_averaged"
    for name, value in (("length", length), ("thickness", thickness), ("temperature", temperature), ("tolerance", tolerance)):
        if not value > 0.0:
            raise InputError(where, name, value, "a positive number")
    count = require_mesh(material, length, temperature, nodes, where, least=8, ends=0)
    thermal = GAS_CONSTANT * temperature
    bond = material.gradient_energy / (material.maximum_concentration * thermal * (length / count) ** 2)
    left, right = np.full(count, bond), np.full(count, bond)
    if wetted_sides is None:
        left[0] = right[-1] = 0.0
    ends = np.full(2, 0.0 if wetted_sides is None else float(wetted_sides))
    strain = material.coherency_strain / (material.maximum_concentration * thermal)
    area = np.full(count, 2.0 / thickness)
    start = _start(initial, count, noise, seed, where)
    settings: dict[str, Any] = {"length_m": length, "thickness_m": thickness, "wetted_sides": wetted_sides}
    settings |= _run(times, rate, start, temperature, tolerance)
    found = _followed(
        material,
        times,
        rate,
        start,
        area,
        np.full(count, 1.0 / count),
        (left, right, ends, strain),
        temperature,
        tolerance,
        where,
    )
    place = labelled("position", (np.arange(count) + 0.5) * length / count, "position along the face", "m")
    return _result(material, found, "position", place, where, settings)


def simulate_mosaic(
    material: PhaseField,
    radii: ArrayLike,
    times: ArrayLike,
    *,
    rate: float | Sequence[tuple[float, float]],
    initial: float | ArrayLike = 0.01,
    temperature: float = 298.15,
    tolerance: float = 3e-3,
) -> Result:
    """Many spherical particles at one potential, each uniform: they pass their barriers one after the other when it is slow.

    A uniform particle has neither coherency energy nor interfaces: the loop of the homogeneous voltage is its barrier (Dreyer et
    al., DOI 10.1038/nmat2730), and small particles react faster by their area to volume.

    Parameters
    ----------
    material : PhaseField
        With `exchange_current_density`.
    radii : array_like, shape (particles,)
        m.
    times, rate, temperature, tolerance
        As `simulate_depth_averaged`.
    initial : float or array_like, shape (particles,)

    Returns
    -------
    Result
        Over ``time`` and ``particle``: ``stoichiometry``; over time ``mean_stoichiometry`` (by volume) and ``voltage`` (V).

    Raises
    ------
    InputError
    ConvergenceError
    """
    where, sizes = "simulate_mosaic", np.asarray(radii, dtype=np.float64)
    if sizes.ndim != 1 or sizes.size == 0 or not np.all(sizes > 0.0):
        raise InputError(where, "radii", radii, "positive radii, m")
    nought = np.zeros(sizes.size)
    start = _start(initial, sizes.size, 0.0, 1, where)
    share = sizes**3 / np.sum(sizes**3)
    found = _followed(
        material, times, rate, start, 3.0 / sizes, share, (nought, nought, np.zeros(2), 0.0), temperature, tolerance, where
    )
    radius = labelled("particle", sizes, "radius", "m")
    settings = {"radii": digest(sizes)} | _run(times, rate, start, temperature, tolerance)
    return _result(material, found, "particle", radius, where, settings)


def critical_current(material: PhaseField, T: float = 298.15, *, coherent: bool = True) -> float:
    r"""Current density above which a depth-averaged particle fills as a solid solution, A m-2.

    At a given current a uniform state is stable where ∂R/∂x at the given potential is not positive, for each x: with
    i₀ = k₀(1 − x) e^(μ/2) the wave that is longest grows as −R/(1 − x) − k₀(1 − x) e^(μ + u/2) ∂μ/∂x, where ∂μ/∂x has the
    coherency strain (`coherent`) because the mean stays (Bai, Cogswell and Bazant, DOI 10.1021/nl202764f).

    Parameters
    ----------
    material : PhaseField
        With `exchange_current_density`; a particle that takes lithium is meant.
    T : float
    coherent : bool

    Returns
    -------
    float

    Raises
    ------
    InputError
        The material does not separate, or its law has no such current: with √(x (1 − x)) the uniform state is unstable somewhere
        at every current.
    """
    from scipy.optimize import brentq

    reaction = _reaction(material, "critical_current")
    if reaction.law != "transition_state":
        raise InputError("critical_current", "reaction", reaction.law, "'transition_state'")
    strain = material.coherency_strain if coherent else 0.0
    local, slope, _ = homogeneous_functions(material, T, 0.0)
    x = np.linspace(0.0, 1.0, 4003)[1:-1]
    thermal = GAS_CONSTANT * T
    mu, steep = local(x) / thermal, (slope(x) + strain / material.maximum_concentration) / thermal
    if steep.min() >= 0.0:
        raise InputError("critical_current", "excess_potential", f"μ rises everywhere at {T:g} K", "a material that separates")

    def growth(log_current: float) -> float:
        pushed = np.exp(log_current) / (1.0 - x)
        forward = 0.5 * (pushed + np.sqrt(pushed**2 + 4.0 * np.exp(mu)))
        return float((-pushed - (1.0 - x) * (forward - pushed) * steep).max())

    if growth(20.0) > 0.0:
        raise InputError("critical_current", "excess_potential", "unstable at every current", "a finite barrier")
    return float(reaction.exchange_current_density * np.exp(brentq(growth, -20.0, 20.0, xtol=1e-12)))


def _reaction(material: PhaseField, where: str) -> Any:
    reaction = material.charge_transfer
    if reaction is None:
        raise InputError(where, "exchange_current_density", None, "the k₀ of the reaction")
    return reaction


def _start(initial: float | ArrayLike, count: int, noise: float, seed: int, where: str) -> Array:
    given = np.asarray(initial, dtype=np.float64)
    start = given + noise * np.random.default_rng(seed).standard_normal(count) if given.ndim == 0 else given.copy()
    if start.shape != (count,) or not (start.min() > 0.0 and start.max() < 1.0):
        raise InputError(where, "initial", initial, f"one number or {count}, between 0 and 1")
    return start


def _run(
    times: ArrayLike, rate: float | Sequence[tuple[float, float]], start: Array, temperature: float, tolerance: float
) -> dict[str, Any]:
    """What a source says of a run."""
    when = digest(np.asarray(times, dtype=np.float64))
    return {"times": when, "rate_per_s": rate, "start": digest(start), "temperature_K": temperature, "tolerance": tolerance}


def _followed(
    material: PhaseField, times: ArrayLike, rate: float | Sequence[tuple[float, float]], start: Array, area: Array,
    weights: Array, bonds: tuple[Array, Array, Array, float], T: float, tolerance: float, where: str,
) -> dict[str, Any]:  # fmt: skip
    from scalith.particle.reaction_kernels import react

    when = np.asarray(times, dtype=np.float64)
    if when.ndim != 1 or when.size < 2 or np.any(np.diff(when) <= 0.0):
        raise InputError(where, "times", times, "at least two increasing times")
    reaction = _reaction(material, where)
    if not material.ideal:
        raise InputError(where, "ideal", False, "a material with the ideal term")
    schedule = [(when[0], float(rate))] if isinstance(rate, int | float) else list(rate)
    left, right, ends, strain = bonds
    speeds = area * reaction.exchange_current_density / (FARADAY * material.maximum_concentration)
    profiles, potentials = np.empty((when.size, start.size)), np.empty(when.size)
    reached, steps, time, failed = react(
        kernel_tables(material, T)[0],
        1.0,
        float(strain),
        float(T),
        _LAWS[reaction.law],
        reaction.reduced_reorganisation(T),
        start,
        speeds,
        left,
        right,
        ends,
        weights,
        np.array([at for at, _ in schedule], dtype=np.float64),
        np.array([value for _, value in schedule], dtype=np.float64),
        when,
        float((when[-1] - when[0]) / 50.0),
        float(tolerance),
        profiles,
        potentials,
    )
    voltage = material.reference_voltage + GAS_CONSTANT * T / FARADAY * potentials[:reached]
    whole = "all times reached" if reached == when.size else "full or empty, or the current cannot be carried"
    return {
        "time": when[:reached], "profiles": profiles[:reached], "mean": profiles[:reached] @ weights, "voltage": voltage,
        "steps": steps, "reason": whole, "failed_at": time if failed else None,
    }  # fmt: skip


def _result(material: PhaseField, found: dict[str, Any], over: str, place: Any, where: str, settings: dict[str, Any]) -> Result:
    source = predicted(f"scalith.particle.{where}", material.digest, settings=settings)
    data = Result(
        {
            "stoichiometry": labelled(("time", over), found["profiles"], "stoichiometry", "1"),
            "mean_stoichiometry": labelled("time", found["mean"], "mean stoichiometry", "1"),
            "voltage": labelled("time", found["voltage"], "voltage", "V"),
        },
        {"time": labelled("time", found["time"], "time", "s"), ("radius" if over == "particle" else over): place},
        {"source": source.to_json(), "reason": found["reason"], "time_steps": found["steps"]},
    )
    if found["failed_at"] is not None:
        words = "time steps became too small; look at the free energy"
        raise ConvergenceError("places at one potential", words, time=found["failed_at"], partial=data)
    return data
