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
    for number, divisions in enumerate(meshes):
        upper, width = bracket[1], bracket[1] - bracket[0]
        # A finer mesh may move the thickness a little beyond the bounds.
        within = bounds if number == 0 else (bounds[0] - 3.0, bounds[1] + 1.0)
        there = partial(stops, divisions=divisions)
        bracket = bracket_thickness(there, upper - 0.5 * width, 0.5 * width, within, resolution)
        _require_turn(bracket, bounds)
        if progress is not None:
            low, high = 1e3 * np.exp(bracket)
            progress((number + 1) / len(meshes), f"between {low:.3g} and {high:.3g} mm, {divisions.cell} volumes through a cell")
        if number > 0 and abs(bracket[1] - upper) <= 2.0 * resolution:
            break
    before, (low, high) = float(np.exp(upper)), (float(value) for value in np.exp(bracket))
    settings = {"duration": duration, "nodes_per_cell": divisions.cell}
    source = predicted("scalith.pack.thinnest_barrier", kinetics.digest, module.digest, trigger.digest, settings=settings)
    return Property.constant("barrier_thickness", high, "m", source, 0.5 * (high - low) + abs(high - before))


def _require_turn(bracket: Bracket, bounds: Bracket) -> None:
    thinnest, thickest = (float(value) for value in np.exp(bounds))
    if bracket[1] == np.inf:
        raise InputError(_WHERE, "thickest", thickest, "more: runaway still reaches a second cell, or the plate carries it")
    if bracket[0] == -np.inf:
        raise InputError(_WHERE, "thinnest", thinnest, "less: this thickness stops the front already")


def bracket_thickness(stops: Callable[[float], bool], guess: float, reach: float, bounds: Bracket, resolution: float) -> Bracket:
    """A bracket of `resolution`, in logarithms of the thickness, that `stops` at its upper end only.

    It is looked for from `guess` ± `reach` on, further and further out to the bounds: (bound, ∞) where even the upper one does
    not stop, (−∞, bound) where the lower one does.
    """
    low, high = (min(max(value, bounds[0]), bounds[1]) for value in (guess - reach, guess + reach))
    low_lets_through = False
    while not stops(high):
        if high >= bounds[1]:
            return bounds[1], np.inf
        low, high, reach, low_lets_through = high, min(high + 2.0 * reach, bounds[1]), 2.0 * reach, True
    while not low_lets_through and stops(low):
        if low <= bounds[0]:
            return -np.inf, bounds[0]
        low, high, reach = max(low - 2.0 * reach, bounds[0]), low, 2.0 * reach
    while high - low > resolution:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if stops(middle) else (middle, high)
    return low, high
