"""Active learning: compute the orderings that a fit is least sure of or that threaten its hull, until both settle.

Each round relaxes some orderings, fits them (any fit that predicts energies with errors: a cluster expansion in
`scalith.lattice`), and looks at all others. An ordering threatens the hull when its energy less one standard error lies below
the lower convex hull E_hull(x) of what is computed. Half of a round goes to the worst threats, the rest to the largest errors
(Seko et al. 2009, DOI 10.1103/PhysRevB.80.165122, for the choice by variance).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from scalith.atoms.orderings import choose_diverse, ordering_labels, relax_orderings
from scalith.crystal import map_orderings
from scalith.quantities import InputError, Spec

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr
    from numpy.typing import NDArray

    from scalith.atoms.database import Progress
    from scalith.atoms.engine import Engine
    from scalith.crystal import Host

Fit = Callable[["xr.Dataset", "xr.Dataset"], "tuple[NDArray[np.float64], NDArray[np.float64], float]"]
"""(known orderings with energies, candidates) → (energies, standard errors of the candidates, leave-one-out error), eV per
primitive cell."""


class LearningRound(Spec):
    """One round.

    Attributes
    ----------
    computed : int
        Orderings with an energy after this round.
    leave_one_out_error, largest_error : float
        Of the fit, and of its prediction of what is not computed, eV per primitive cell.
    hull : tuple of str
        Orderings on the hull.
    hull_change : float
        Largest lowering of the hull in this round, eV per primitive cell.
    threats : int
        Orderings not computed that threaten it.
    """

    computed: int
    leave_one_out_error: float
    largest_error: float
    hull: tuple[str, ...]
    hull_change: float
    threats: int


class LearningReport(Spec):
    """Why the loop stopped, and how it got there.

    Attributes
    ----------
    stopped : {"settled", "rounds", "exhausted"}
        Error and hull settled; the most rounds were done; nothing was left to compute.
    why : str
        In words.
    rounds : tuple of LearningRound
    left_out : tuple of (label, reason)
        Orderings that did not converge or became another structure.
    """

    stopped: Literal["settled", "rounds", "exhausted"]
    why: str
    rounds: tuple[LearningRound, ...]
    left_out: tuple[tuple[str, str], ...] = ()


def learn_orderings(
    host: Host,
    candidates: xr.Dataset,
    engine: Engine,
    database: str | Path,
    fit: Fit,
    *,
    initial: int = 20,
    batch: int = 8,
    rounds: int = 10,
    error_tolerance: float = 1e-3,
    hull_tolerance: float = 1e-3,
    progress: Progress | None = None,
    **computing: Any,
) -> tuple[xr.Dataset, LearningReport]:
    """Compute as many orderings as the fit needs.

    Parameters
    ----------
    host : Host
    candidates : xarray.Dataset
        From `scalith.crystal.enumerate_orderings`.
    engine, database
        As `compute_energies`: an interrupted loop goes on where it stopped.
    fit : callable
        See `Fit`.
    initial, batch : int
        Orderings of the first round (chosen as by `choose_diverse`) and of each later one.
    rounds : int
        Most rounds.
    error_tolerance : float
        The leave-one-out error has settled when it changed by less than this over two rounds, eV per primitive cell.
    hull_tolerance : float
        The hull has settled when it changed by less than this over two rounds and no ordering threatens to lower it by more,
        eV per primitive cell.
    progress : callable, optional
    **computing
        ``relaxation``, ``oxidation_states``, ``ends``, ``executor`` of `relax_orderings`.

    Returns
    -------
    orderings : xarray.Dataset
        All computed, as `scalith.crystal.map_orderings` gives them.
    report : LearningReport

    Raises
    ------
    InputError
        Fewer candidates than the first round takes.
    """
    total = candidates.sizes["structure"]
    if not 2 <= initial <= total:
        raise InputError("active learning", "initial", initial, f"2 to {total} orderings (those there are)")
    labels = ordering_labels(host, candidates)
    features = choose_diverse(host, candidates.assign(row=("structure", np.arange(total))), initial)
    tried: list[int] = [int(k) for k in features["row"].values]
    history: list[LearningRound] = []
    before = np.full(total, np.inf)
    while True:
        chosen = candidates.isel(structure=tried)
        found = relax_orderings(host, chosen, engine, database, progress=progress, **computing)
        mapped = map_orderings(host, found)
        rest = np.setdiff1d(np.arange(total), tried)
        energy, error, left = fit(mapped, candidates)
        hull = _hull(mapped["x"].values, mapped["energy"].values, candidates["x"].values)
        threat = (energy - error - hull)[rest]
        names = dict(zip(ordering_labels(host, chosen), [labels[k] for k in tried], strict=True))
        on_hull = np.abs(mapped["energy"].values - _hull(mapped["x"].values, mapped["energy"].values, mapped["x"].values)) < 1e-9
        history.append(
            LearningRound(
                computed=mapped.sizes["structure"],
                leave_one_out_error=float(left),
                largest_error=float(error[rest].max()) if len(rest) else 0.0,
                hull=tuple(sorted(names[origin] for origin in mapped["origin"].values[on_hull].tolist())),
                hull_change=float(np.max(before - hull)) if history else 0.0,
                threats=int(np.sum(threat < -hull_tolerance)),
            )
        )
        before = hull
        left_out = tuple((names.get(origin, origin), reason) for origin, reason in found.left_out)
        verdict = _verdict(history, len(rest), rounds, error_tolerance, hull_tolerance)
        if verdict is not None:
            return mapped, LearningReport(stopped=verdict[0], why=verdict[1], rounds=tuple(history), left_out=left_out)
        tried += [int(rest[k]) for k in _choose(threat + hull_tolerance, error[rest], batch)]


def _choose(threat: NDArray[np.float64], error: NDArray[np.float64], batch: int) -> list[int]:
    """Half for the worst threats to the hull (if there are), the rest for the largest errors."""
    worst = [int(k) for k in np.argsort(threat, kind="stable") if threat[k] < 0.0][: (batch + 1) // 2]
    others = [int(k) for k in np.argsort(-error, kind="stable") if int(k) not in worst]
    return worst + others[: batch - len(worst)]


def _verdict(
    history: list[LearningRound], rest: int, rounds: int, error_tolerance: float, hull_tolerance: float
) -> tuple[Literal["settled", "rounds", "exhausted"], str] | None:
    last = history[-1]
    if not rest:
        return "exhausted", f"all {last.computed} orderings that could be computed are"
    if len(history) > 2:
        errors = [item.leave_one_out_error for item in history[-3:]]
        change, lowered = max(errors) - min(errors), max(item.hull_change for item in history[-2:])
        if change < error_tolerance and lowered < hull_tolerance and not last.threats:
            return "settled", (
                f"over two rounds the leave-one-out error changed by {1e3 * change:.2f} meV and the hull by "
                f"{1e3 * lowered:.2f} meV; no ordering threatens it"
            )
    if len(history) >= rounds:
        return "rounds", f"{rounds} rounds were done; {last.threats} orderings still threaten the hull"
    return None


def _hull(x: NDArray[np.float64], energy: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Energy of the lower convex hull of points (x, energy) at stoichiometries `at`: the lowest mixture of two points."""
    share = (at[:, None, None] - x[None, :, None]) / np.where(x[None] == x[:, None], np.inf, x[None] - x[:, None])[None]
    mixture = (1.0 - share) * energy[None, :, None] + share * energy[None, None, :]
    mixture[(share < -1e-12) | (share > 1.0 + 1e-12)] = np.inf
    alone = np.where(np.abs(at[:, None] - x[None]) < 1e-9, energy[None], np.inf)
    # Two points at one stoichiometry make no line, and one point is its own mixture only at its own stoichiometry.
    mixture[:, x[:, None] == x[None]] = np.inf
    return np.asarray(np.minimum(mixture.min(axis=(1, 2)), alone.min(axis=1)))
