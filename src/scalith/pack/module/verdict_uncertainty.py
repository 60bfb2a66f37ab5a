"""How sure a verdict on a module is, and what that hangs on: members drawn from all that states an error."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.parallel_map import parallel_map
from scalith.numerics.variance_shares import variance_shares
from scalith.pack.module.barrier_thickness import bracket_thickness
from scalith.pack.module.module import Barrier, ModuleSpecification, Trigger
from scalith.pack.module.module_assembly import Divisions
from scalith.pack.module.propagation import (
    Progress,
    cells_that_run_away,
    judge_modules,
    meshes_of,
    require_kinetics_of_cell,
    wilson_interval,
)
from scalith.quantities import InputError, Result, Spec, Uncertain, labelled, parse_quantity, predicted
from scalith.reactions.kinetics import ReactionSet

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Array = NDArray[np.float64]
Task = tuple[ModuleSpecification, ReactionSet, Trigger, float]
_WHERE = "assess_propagation"
_BRACKET = 0.02
"""Relative width of the bracket of a member's thinnest barrier."""
QUANTILES = (0.05, 0.5, 0.95)
"""Shares of the members that a barrier of the safe map holds back."""


class Members(NamedTuple):
    """Modules, kinetics and triggers drawn from their errors, and what was drawn, by input, shapes (n, k)."""

    tasks: list[Task]
    inputs: dict[str, Array]


def draw_members(
    module: ModuleSpecification,
    kinetics: ReactionSet,
    trigger: Trigger,
    count: int,
    *,
    duration: float,
    seed: int = 0,
    kinetics_draws: Sequence[ReactionSet] = (),
) -> Members:
    """Members of a module: every number that states an error (``"1 mm ± 5 %"``) is drawn from it, independently.

    Parameters
    ----------
    module, kinetics, trigger
        As `propagate_runaway`; inputs are named by their place, ``"module.barrier.thickness"``.
    count : int
        How many.
    duration : float
        s.
    seed : int
        Of the random numbers.
    kinetics_draws : sequence of ReactionSet
        Sets drawn from a fit (``KineticFit.draws``), one for each member; they are one input, ``"kinetics"``.

    Raises
    ------
    InputError
        Another number of sets than of members, a drawn number beyond the limits of its field.
    """
    if kinetics_draws and len(kinetics_draws) != count:
        raise InputError(_WHERE, "kinetics_draws", f"{len(kinetics_draws)} sets", f"one for each of {count} members")
    streams = np.random.SeedSequence(seed).spawn(3)
    inputs: dict[str, Array] = {}

    def drawn(spec: Any, name: str, stream: np.random.SeedSequence) -> list[Any]:
        stated = [path for path, number in spec.numbers_by_path().items() if isinstance(number, Uncertain)]
        numbers = np.random.default_rng(stream)
        found = [spec.drawn(numbers) for _ in range(count)] if stated else [spec] * count
        tables = [one.numbers_by_path() for one in found]
        for path in stated:
            inputs[f"{name}.{path}"] = np.array([[table[path]] for table in tables])
        return found

    modules, triggers = drawn(module, "module", streams[0]), drawn(trigger, "trigger", streams[1])
    sets: list[ReactionSet] = list(kinetics_draws) or drawn(kinetics, "kinetics", streams[2])
    if kinetics_draws:
        inputs["kinetics"] = _columns(kinetics_draws)
    tasks = [(one, set_, shot, duration) for one, set_, shot in zip(modules, sets, triggers, strict=True)]
    return Members(tasks, {name: values for name, values in inputs.items() if np.ptp(values, axis=0).any()})


def _columns(specs: Sequence[Spec]) -> Array:
    """Numbers in which they differ, shape (n, k); positive ones as logarithms."""
    table = np.array([list(one.numbers_by_path().values()) for one in specs], dtype=np.float64)
    table = table[:, np.ptp(table, axis=0) > 0]
    positive = np.all(table > 0, axis=0)
    return np.where(positive, np.log(np.where(positive, table, 1.0)), table)


def assess_propagation(
    module: ModuleSpecification,
    kinetics: ReactionSet,
    trigger: Trigger,
    *,
    duration: float | str,
    kinetics_digest: str,
    members: int = 64,
    seed: int = 0,
    kinetics_draws: Sequence[ReactionSet] = (),
    conductivity: ArrayLike = (),
    thinnest: float = 1e-4,
    thickest: float = 0.02,
    confidence: float = 0.95,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Result:
    r"""Does runaway reach a second cell, how sure is that, and what does it hang on?

    Members are drawn from every number of module, trigger and kinetics that states an error, and from the fit of the kinetics
    (`draw_members`). With a barrier in the module, the thinnest barrier d* that stops the runaway is found for each member; its
    own barrier d leaves the margin m = ln(d/d*), below zero where runaway spreads. Half the bracket of d* and the error of the
    mesh (as `thinnest_barrier` has it, at the stated module and at the members of thinnest and thickest d*) are the error of a
    margin: a member within it is undecided. First-order indices are shares of the variance of m (`variance_shares`), which is
    smooth where the verdict itself is a step. Without a barrier, or where none between `thinnest` and `thickest` turns the
    verdict, each member is computed on its meshes as `propagate_runaway` does, and indices are those of the verdict.

    Parameters
    ----------
    module, kinetics, trigger, duration, kinetics_digest
        As `propagate_runaway`.
    members, seed, kinetics_draws
        As `draw_members`.
    conductivity : array_like
        Of the barrier, W m-1 K-1, rising, for the safe map.
    thinnest, thickest : float
        Between which the thinnest barrier is looked for, m.
    confidence : float
        Of the interval of the probability (Wilson's).
    executor : concurrent.futures.Executor, optional
        Where members go; threads when not given.
    progress : callable, optional
        Called with (fraction, message).

    Returns
    -------
    Result
        Dimension ``draw``: ``verdict`` (1 runaway reaches a second cell, 0 it does not, −1 undecided) and, with a barrier,
        ``thinnest_barrier`` (m) and ``margin``; scalars ``probability``, ``probability_low``, ``probability_high`` (undecided
        members count once as staying, once as spreading), ``members_undecided``, ``margin_error``, ``margin_mean``,
        ``margin_deviation``, ``members_beyond`` (no thickness between the bounds turns their verdict: the bound counts);
        dimension ``input``: ``first_order`` with ``first_order_error``, NaN where they cannot be told (all members of one
        verdict, too few members); scalar ``left_to_interactions``; dimensions ``conductivity`` and ``share`` with a barrier and
        conductivities: ``safe_thickness`` (m), which stops runaway in this share of the members; NaN where none within the bounds
        does. The stated error of the barrier's conductivity goes with each conductivity.

    Raises
    ------
    InputError
        Nothing states an error, fewer than two members, bounds or conductivities out of order.
    StudyError
        The kinetics are not those of `kinetics_digest`.
    """
    require_kinetics_of_cell(module.cell, kinetics, kinetics_digest, _WHERE)
    duration = parse_quantity(duration, "s", where=_WHERE, field="duration")
    along = np.atleast_1d(np.asarray(conductivity, dtype=np.float64))
    _check(members, confidence, (thinnest, thickest), along)
    drawn = draw_members(module, kinetics, trigger, members, duration=duration, seed=seed, kinetics_draws=kinetics_draws)
    if not drawn.inputs:
        expected = "a number with an error, such as '1 mm ± 5 %', or draws of the kinetics"
        raise InputError(_WHERE, "module, trigger, kinetics", "nothing that states an error", expected)
    bounds = math.log(thinnest), math.log(thickest)
    stated = _limit_of_stated((module, kinetics, trigger, duration), bounds) if module.barrier is not None else None
    if stated is None:
        data = _counted(drawn, executor, progress)
    else:
        data = _by_margins(drawn, stated, bounds, along, executor, progress)
    data |= _probability(data["verdict"].values, confidence)
    settings = {"members": members, "seed": seed, "duration": duration, "confidence": confidence, "inputs": list(drawn.inputs)}
    source = predicted("scalith.pack.assess_propagation", kinetics.digest, module.digest, trigger.digest, settings=settings)
    coordinates: dict[str, Any] = {"input": ("input", list(drawn.inputs), {"long_name": "what states an error"})}
    if "safe_thickness" in data:
        coordinates["conductivity"] = labelled("conductivity", along, "conductivity of the barrier", "W m-1 K-1")
        coordinates["share"] = labelled("share", QUANTILES, "share of the members", "1")
    return Result(data, coords=coordinates, attrs={"source": source.to_json(), "kinetics_digest": kinetics_digest})


def _check(members: int, confidence: float, bounds: tuple[float, float], conductivity: Array) -> None:
    if members < 2 or not 0 < confidence < 1:
        expected = "two members at least, and a confidence between 0 and 1"
        raise InputError(_WHERE, "members, confidence", (members, confidence), expected)
    if not 0 < bounds[0] < bounds[1]:
        raise InputError(_WHERE, "thinnest, thickest", bounds, "positive and in order")
    if np.any(conductivity <= 0) or np.any(np.diff(conductivity) <= 0):
        raise InputError(_WHERE, "conductivity", conductivity.tolist(), "positive, increasing values")


def _probability(verdict: Array, confidence: float) -> dict[str, Any]:
    """Of a second cell, with its interval; an undecided member counts half."""
    n, surely, perhaps = verdict.size, int((verdict == 1).sum()), int((verdict != 0).sum())
    low, high = wilson_interval(surely, n, confidence)[0], wilson_interval(perhaps, n, confidence)[1]
    title = "probability that runaway reaches a second cell"
    return {
        "probability": labelled((), 0.5 * (surely + perhaps) / n, title, "1"),
        "probability_low": labelled((), low, f"lower bound of the {title}", "1"),
        "probability_high": labelled((), high, f"upper bound of the {title}", "1"),
        "members_undecided": labelled((), perhaps - surely, "members that the error of the mesh leaves undecided", "1"),
    }


def _indices(inputs: dict[str, Array], output: Array, what: str) -> dict[str, Any]:
    found = variance_shares(inputs, output)
    return {
        "first_order": labelled("input", list(found.first_order.values()), f"first-order index of the {what}", "1"),
        "first_order_error": labelled("input", list(found.error.values()), "standard error of the first-order index", "1"),
        "left_to_interactions": labelled((), found.left, "share that no sum over single inputs explains", "1"),
    }


_VERDICT = "verdict (1 runaway reaches a second cell, 0 it does not, -1 undecided)"


def _counted(drawn: Members, executor: Executor | None, progress: Progress | None) -> dict[str, Any]:
    """Verdicts on the meshes of each member."""
    rows = np.array(judge_modules(drawn.tasks, executor, progress))
    surely, perhaps = rows[:, 3] >= 2, rows[:, 3] + rows[:, 4] >= 2
    verdict = np.where(surely, 1, np.where(perhaps, -1, 0))
    data = {"verdict": labelled("draw", verdict, _VERDICT, "1")}
    return data | _indices(drawn.inputs, np.where(surely, 1.0, np.where(perhaps, 0.5, 0.0)), "verdict")


class _Stated(NamedTuple):
    """Logarithm of the thinnest barrier of the stated module: on the first mesh, on the last, the error of that, both meshes."""

    first: float
    last: float
    error: float
    meshes: tuple[Divisions, Divisions]


def _limit_of_stated(task: Task, bounds: tuple[float, float]) -> _Stated | None:
    """None where no thickness within the bounds turns the verdict."""
    module = task[0]
    assert module.barrier is not None
    meshes = list(meshes_of(module))
    guess, found = math.log(module.barrier.thickness), list[float]()
    for mesh in meshes:
        low, high = _limit((*task, mesh, guess, 0.25 if not found else _BRACKET, bounds, 0.25 * _BRACKET))
        if not math.isfinite(high - low):
            return None
        guess = 0.5 * (low + high)
        found.append(guess)
        if len(found) > 1 and abs(found[-1] - found[-2]) < 0.5 * _BRACKET:
            break
    error = abs(found[-1] - found[-2]) if len(found) > 1 else 0.0
    return _Stated(found[0], found[-1], error, (meshes[0], meshes[len(found) - 1]))


def _limit(task: tuple[Any, ...]) -> tuple[float, float]:
    """`bracket_thickness` of a member."""
    module, kinetics, trigger, duration, divisions, guess, reach, bounds, resolution = task
    material: Barrier = module.barrier

    def stops(logarithm: float) -> bool:
        trial = module.model_copy(update={"barrier": material.model_copy(update={"thickness": math.exp(logarithm)})})
        return cells_that_run_away(trial, kinetics, trigger, duration=duration, divisions=divisions, enough=2) <= 1

    return bracket_thickness(stops, guess, reach, bounds, resolution)


def _by_margins(
    drawn: Members,
    stated: _Stated,
    bounds: tuple[float, float],
    conductivity: Array,
    executor: Executor | None,
    progress: Progress | None,
) -> dict[str, Any]:
    coarse, fine = stated.meshes
    shift = stated.last - stated.first

    def told(share: float, words: str) -> None:
        if progress is not None:
            progress(share, words)

    brackets = _limits(drawn, stated.first, coarse, bounds, executor, told)
    limits = _middle(brackets, bounds)
    order = np.argsort(limits)
    ends = [(*drawn.tasks[j], fine, limits[j] + shift, _BRACKET, bounds, _BRACKET) for j in order[[0, -1]]]
    moved = _middle(np.array(list(parallel_map(_limit, ends, executor=executor))), bounds) - limits[order[[0, -1]]] - shift
    mesh = stated.error + float(np.abs(moved).max())
    error = mesh + 0.5 * _BRACKET
    own = np.log([task[0].barrier.thickness for task in drawn.tasks if task[0].barrier is not None])
    margin = own - limits - shift
    beyond = ~np.isfinite(brackets).all(axis=1)
    verdict = np.where(np.abs(margin) <= error, -1, np.where(margin < 0, 1, 0))
    deviation = float(margin.std(ddof=1))
    data = {
        "verdict": labelled("draw", verdict, _VERDICT, "1"),
        "thinnest_barrier": labelled("draw", np.exp(limits + shift), "thinnest barrier that stops the runaway", "m"),
        "margin": labelled("draw", margin, "logarithm of the barrier's thickness over that of the thinnest that stops", "1"),
        "margin_error": labelled((), error, "error of a margin: bracket and mesh", "1"),
        "margin_mean": labelled((), float(margin.mean()), "mean margin", "1"),
        "margin_deviation": labelled((), deviation, "standard deviation of the margin", "1"),
        "members_beyond": labelled((), int(beyond.sum()), "members whose verdict no thickness between the bounds turns", "1"),
    }
    data |= _indices(drawn.inputs, margin, "margin")
    if conductivity.size:
        safe = _safe_thickness(drawn, limits, shift, stated, bounds, conductivity, executor)
        title = "thinnest barrier that stops the runaway in a share of the members"
        data["safe_thickness"] = labelled(("conductivity", "share"), safe, title, "m")
    return data


def _middle(brackets: Array, bounds: tuple[float, float]) -> Array:
    """Middle of each bracket; the bound of one that is open."""
    low, high = brackets[:, 0], brackets[:, 1]
    return np.where(np.isinf(high), bounds[1], np.where(np.isinf(low), bounds[0], 0.5 * (low + high)))


def _limits(
    drawn: Members,
    start: float,
    divisions: Divisions,
    bounds: tuple[float, float],
    executor: Executor | None,
    told: Callable[[float, str], None],
) -> Array:
    """Brackets of the members' thinnest barriers, batch by batch: what is known guesses where the next ones lie."""
    table = np.concatenate([values.reshape(len(drawn.tasks), -1) for values in drawn.inputs.values()], axis=1)
    scale = table.std(axis=0)
    table = (table - table.mean(axis=0)) / np.where(scale > 0, scale, 1.0)
    brackets = np.zeros((0, 2))
    for batch in _batches(len(drawn.tasks)):
        known = _middle(brackets, bounds)
        guess, reach = _predicted(table[: known.size], known, table[batch]) if known.size else (np.full(len(batch), start), 0.1)
        tasks = [(*drawn.tasks[j], divisions, float(one), reach, bounds, _BRACKET) for j, one in zip(batch, guess, strict=True)]
        brackets = np.concatenate([brackets, np.array(list(parallel_map(_limit, tasks, executor=executor)))])
        told(len(brackets) / len(drawn.tasks), f"{len(brackets)} of {len(drawn.tasks)} members")
    return brackets


def _batches(count: int) -> Iterator[range]:
    size = max(8, count // 6)
    for first in range(0, count, size):
        yield range(first, min(first + size, count))


def _predicted(known_inputs: Array, known: Array, inputs: Array) -> tuple[Array, float]:
    """Ridge regression with the best error of members left out, and a reach that holds most of what it misses."""
    mean = known.mean()
    best = np.full(len(inputs), mean), float(np.std(known)) * math.sqrt(len(known) / (len(known) - 1))
    gram = known_inputs @ known_inputs.T
    for weight in (1e-2, 1.0, 1e2):
        solver = np.linalg.inv(gram + weight * np.eye(len(known)))
        missed = (solver @ (known - mean)) / np.diag(solver)
        spread = float(np.sqrt(np.mean(missed**2)))
        if spread < best[1]:
            best = mean + inputs @ (known_inputs.T @ (solver @ (known - mean))), spread
    return best[0], min(max(1.5 * best[1], 0.5 * _BRACKET), 0.5)


def _safe_thickness(
    drawn: Members,
    limits: Array,
    shift: float,
    stated: _Stated,
    bounds: tuple[float, float],
    conductivity: Array,
    executor: Executor | None,
) -> Array:
    """Thickness over conductivity and share: the members at the shares of d* are those of every conductivity."""
    order = np.argsort(limits)
    chosen = order[np.round(np.array(QUANTILES) * (limits.size - 1)).astype(int)]
    mean = float(np.median([task[0].barrier.conductivity for task in drawn.tasks if task[0].barrier is not None]))
    tasks = []
    for k in conductivity:
        for j in chosen:
            module, kinetics, trigger, duration = drawn.tasks[j]
            assert module.barrier is not None
            own = k * module.barrier.conductivity / mean
            moved = module.model_copy(update={"barrier": module.barrier.model_copy(update={"conductivity": float(own)})})
            guess = float(np.clip(limits[j] + math.log(k / mean), *bounds))
            tasks.append((moved, kinetics, trigger, duration, stated.meshes[0], guess, 0.1, bounds, _BRACKET))
    brackets = np.array(list(parallel_map(_limit, tasks, executor=executor)))
    found = np.exp(_middle(brackets, bounds) + shift)
    return np.where(np.isfinite(brackets[:, 1]), found, np.nan).reshape(conductivity.size, len(QUANTILES))
