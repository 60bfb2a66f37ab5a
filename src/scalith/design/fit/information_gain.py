"""Which of several sources of information narrows a target most for its cost: one at a time, and several together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.quantities import InputError, Result, labelled

Array = NDArray[np.float64]
Criterion = Literal["D", "A", "c"]


class Choice(NamedTuple):
    """What was chosen.

    Attributes
    ----------
    before : float
        Standard error of the target now.
    after : ndarray, shape (candidates,)
        After each candidate alone.
    order : ndarray of int, shape (candidates,)
        Place among the chosen, from 1; 0 for those not chosen.
    then : float
        After all that are chosen.
    """

    before: float
    after: Array
    order: NDArray[np.int64]
    then: float


def target_error(information: Array, criterion: Criterion, gradient: Array | None = None) -> float:
    """Standard error of a target by its criterion, from the information on the parameters.

    c: √(gᵀI⁻¹g), of a combination of the parameters (or the root of the sum, of several rows); A: the root mean square over the
    parameters, √(tr I⁻¹/p); D: the geometric mean over the axes of their ellipsoid, (det I)^(−1/2p).
    """
    if criterion == "D":
        return float(np.exp(-0.5 * np.linalg.slogdet(information)[1] / information.shape[0]))
    if criterion == "A":
        return float(np.sqrt(np.trace(np.linalg.inv(information)) / information.shape[0]))
    assert gradient is not None
    rows = np.atleast_2d(gradient)
    return float(np.sqrt(np.einsum("ij,ji->", rows, np.linalg.solve(information, rows.T))))


def choose_candidates(
    information: Array,
    added: Sequence[Array],
    price: Array,
    choose: int,
    criterion: Criterion,
    gradient: Array | None = None,
) -> Choice:
    """Choose candidates by the logarithm of the factor that the error of the target falls by, per cost.

    The first ones are chosen one after the other, each the best beside those before (greedy); then pairs are exchanged as long as
    another candidate in the place of a chosen one gives more for the same cost or less (Fedorov's exchange).

    Parameters
    ----------
    information : ndarray, shape (p, p)
        On the parameters now.
    added : sequence of ndarray, shape (p, p)
        What each candidate adds.
    price : ndarray, shape (candidates,)
    choose : int
    criterion : {"D", "A", "c"}
    gradient : ndarray, shape (p,) or (k, p), optional
        Of the target, for c.
    """
    before = target_error(information, criterion, gradient)
    after = np.array([target_error(information + one, criterion, gradient) for one in added])
    chosen: list[int] = []
    held, now = information, before
    for _ in range(choose):
        rest = [k for k in range(len(added)) if k not in chosen]
        gains = [np.log(now / target_error(held + added[k], criterion, gradient)) / price[k] for k in rest]
        best = rest[int(np.argmax(gains))]
        chosen.append(best)
        held = held + added[best]
        now = target_error(held, criterion, gradient)
    while (swap := _best_swap(held, added, price, chosen, criterion, gradient, now)) is not None:
        place, other, now = swap
        held = held - added[chosen[place]] + added[other]
        chosen[place] = other
    order = np.zeros(len(added), dtype=np.int64)
    order[chosen] = np.arange(1, choose + 1)
    return Choice(before, after, order, now)


def _best_swap(
    held: Array,
    added: Sequence[Array],
    price: Array,
    chosen: list[int],
    criterion: Criterion,
    gradient: Array | None,
    now: float,
) -> tuple[int, int, float] | None:
    """The exchange that lowers the error most at no more cost: place, candidate, error; `None` where none does."""
    best, limit = None, now * (1.0 - 1e-9)
    for place, old in enumerate(chosen):
        for other in range(len(added)):
            if other in chosen or price[other] > price[old]:
                continue
            error = target_error(held - added[old] + added[other], criterion, gradient)
            if error < limit:
                best, limit = (place, other, error), error
    return best


def checked_costs(costs: ArrayLike | None, count: int, choose: int, where: str) -> Array:
    """Positive costs of each candidate, 1 without them.

    Raises
    ------
    InputError
        Another number of costs, one that is not positive, or more to choose than there are.
    """
    price = np.ones(count) if costs is None else np.asarray(costs, dtype=np.float64)
    if price.shape != (count,) or not np.all(np.isfinite(price) & (price > 0.0)):
        raise InputError(where, "costs", costs, f"{count} positive numbers")
    if not 1 <= choose <= count:
        raise InputError(where, "choose", choose, f"1 to {count}")
    return price


def ranked(choice: Choice, price: Array, names: Sequence[str], unit: str, kind: str, source: str) -> Result:
    """A choice as a result over ``candidate``."""
    gain = np.log(choice.before / choice.after)
    return Result(
        {
            "standard_error": labelled("candidate", choice.after, "standard error of the target after it", unit),
            "gain": labelled("candidate", gain, "ln of the factor by which the error falls", "1"),
            "gain_per_cost": labelled("candidate", gain / price, "the same per cost", "1"),
            "cost": labelled("candidate", price, "cost", "1"),
            "order": labelled("candidate", choice.order, "place among those chosen", "1"),
        },
        {"candidate": labelled("candidate", np.array(names), "candidate", "")},
        {"kind": kind, "source": source, "standard_error_now": choice.before, "standard_error_then": choice.then},
    )
