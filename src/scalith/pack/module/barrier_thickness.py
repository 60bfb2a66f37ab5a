"""The thinnest barrier that stops a runaway, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from scalith.pack.module.module import Barrier, ModuleSpecification, Trigger
from scalith.pack.module.module_assembly import Divisions
from scalith.pack.module.propagation import Progress, cells_that_run_away, meshes_of, require_kinetics_of_cell
from scalith.quantities import InputError, Property, predicted
from scalith.reactions.kinetics import ReactionSet

_WHERE = "thinnest_barrier"
Bracket = tuple[float, float]
Stops = Callable[[float, Divisions], bool]


def thinnest_barrier(
    module: ModuleSpecification,
    kinetics: ReactionSet,
    trigger: Trigger,
    *,
    duration: float,
    kinetics_digest: str,
    thickest: float = 0.02,
    thinnest: float = 1e-4,
    resolution: float = 0.005,
    progress: Progress | None = None,
) -> Property:
    """Smallest thickness of the module's barrier that keeps runaway in the cell that was set off.

    Bisection in the logarithm of the thickness (a thicker barrier delays and spreads the heat: once it stops the front, any
    thicker one does) until the bracket is within `resolution`, on the meshes of `propagate_runaway`, each twice as fine as the
    one before, until two agree within twice that or there is no finer one. The thickness is the upper end of the last bracket;
    its error is half the bracket and, by Richardson for a first order, the difference of the last two meshes. Within it the
    verdict is undecided.

    Parameters
    ----------
    module, kinetics, trigger, duration, kinetics_digest
        As `propagate_runaway`; the module's barrier material is kept.
    thickest, thinnest : float
        m.
    resolution : float
        Relative width of the bracket.
    progress : callable, optional
        Called with (fraction, message).

    Returns
    -------
    Property
        Thickness, m.

    Raises
    ------
    InputError
        No barrier in the module, bounds out of order, a runaway that even the thickest barrier does not stop, or that stops
        at the thinnest.
    StudyError
        The kinetics are not those of `kinetics_digest`.
    """
    require_kinetics_of_cell(module.cell, kinetics, kinetics_digest, _WHERE)
    if module.barrier is None:
        raise InputError(_WHERE, "module.barrier", "nothing", "a barrier, whose material is kept")
    if not 0 < thinnest < thickest or not 0 < resolution < 1:
        found = (thinnest, thickest, resolution)
        raise InputError(_WHERE, "thinnest, thickest, resolution", found, "positive and in order, a resolution below 1")
    material: Barrier = module.barrier

    def stops(logarithm: float, divisions: Divisions) -> bool:
        trial = module.model_copy(update={"barrier": material.model_copy(update={"thickness": float(np.exp(logarithm))})})
        return cells_that_run_away(trial, kinetics, trigger, duration=duration, divisions=divisions, enough=2) <= 1

    bounds = float(np.log(thinnest)), float(np.log(thickest))
    meshes, bracket, upper = list(meshes_of(module)), bounds, bounds[1]
    _check_bounds(stops, meshes[0], bounds)
    for number, divisions in enumerate(meshes):
        upper = bracket[1]
        if number > 0:
            bracket = _widened(stops, divisions, bracket, 2.0 * resolution, bounds)
        bracket = bisect_thickness(partial(stops, divisions=divisions), bracket, resolution)
        if progress is not None:
            low, high = 1e3 * np.exp(bracket)
            progress((number + 1) / len(meshes), f"between {low:.3g} and {high:.3g} mm, {divisions.cell} volumes through a cell")
        if number > 0 and abs(bracket[1] - upper) <= 2.0 * resolution:
            break
    before, (low, high) = float(np.exp(upper)), (float(value) for value in np.exp(bracket))
    settings = {"duration": duration, "nodes_per_cell": divisions.cell}
    source = predicted("scalith.pack.thinnest_barrier", kinetics.digest, module.digest, trigger.digest, settings=settings)
    return Property.constant("barrier_thickness", high, "m", source, 0.5 * (high - low) + abs(high - before))


def _check_bounds(stops: Stops, divisions: Divisions, bounds: Bracket) -> None:
    low, high = (float(value) for value in np.exp(bounds))
    if not stops(bounds[1], divisions):
        raise InputError(_WHERE, "thickest", high, "more: runaway still reaches a second cell, or the plate carries it")
    if stops(bounds[0], divisions):
        raise InputError(_WHERE, "thinnest", low, "less: this thickness stops the front already")


def bisect_thickness(stops: Callable[[float], bool], bracket: Bracket, resolution: float) -> Bracket:
    """A bracket of `resolution`, in logarithms, within one that `stops` at its upper end only."""
    low, high = bracket
    while high - low > resolution:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if stops(middle) else (middle, high)
    return low, high


def _widened(stops: Stops, divisions: Divisions, bracket: Bracket, reach: float, bounds: Bracket) -> Bracket:
    """The bracket of another mesh, moved and widened until it stops at its upper end only."""
    low, high = bracket
    further = reach
    while stops(low, divisions):
        low, high, further = low - further, low, 2.0 * further
        if low < bounds[0] - 3.0:
            raise InputError(_WHERE, "thinnest", float(np.exp(bounds[0])), "less: on a finer mesh any thickness stops the front")
    if low < bracket[0]:
        return low, high  # the upper end is one that was just seen to stop
    further = reach
    while not stops(high, divisions):
        low, high, further = high, high + further, 2.0 * further
        if high > bounds[1] + 1.0:
            raise InputError(_WHERE, "thickest", float(np.exp(bounds[1])), "more: on a finer mesh runaway reaches a second cell")
    return low, high
