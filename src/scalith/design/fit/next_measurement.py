"""Which measurement tells most of what is wanted, for what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from scalith.design.fit.information_gain import Criterion, checked_costs, choose_candidates, ranked
from scalith.design.fit.noise import RecordNoise, whitened
from scalith.quantities import InputError, Result, digest, nearest, predicted

if TYPE_CHECKING:
    from scalith.design.fit.calibration import CellFit
    from scalith.design.fit.records import Record

Array = NDArray[np.float64]
_FLOOR = 1e-8
"""Information that every parameter has beforehand (a standard error of e^10,000), so that what is unknown has a number."""


def rank_measurements(
    fit: CellFit,
    candidates: Sequence[Record],
    target: str | Mapping[str, float] | Literal["all"] = "all",
    *,
    costs: Sequence[float] | None = None,
    choose: int = 1,
    criterion: Literal["D", "A"] = "D",
) -> Result:
    r"""Rank measurements that could be made by how much they would narrow a target.

    With Fisher's information I of the fit and I_c of a candidate, the covariance after it is (I + I_c)⁻¹; for a target with
    derivatives g by the parameters its variance falls from gᵀI⁻¹g to gᵀ(I + I_c)⁻¹g (c-optimal), for ``"all"`` the volume of
    the parameters' ellipsoid shrinks, ½ ln det (D-optimal), or the mean of their variances (A-optimal). Of several to choose,
    each next one is the best beside those before, and they are exchanged while that gains (`choose_candidates`). Fedorov,
    Theory of Optimal Experiments (1972).

    Parameters
    ----------
    fit : CellFit
        What is known now.
    candidates : sequence
        From `planned_run` and `planned_spectrum`, with their noise.
    target : str or mapping
        A parameter's name; derivatives of a quantity by the parameters (in their units); or ``"all"``.
    costs : sequence of float, optional
        Of each candidate, in any one unit (hours): gains are per cost.
    choose : int
        How many to choose.
    criterion : {"D", "A"}
        Of ``"all"``: the volume of the parameters' ellipsoid, or the mean of their variances, in the coordinates of the fit.

    Returns
    -------
    Result
        Over ``candidate``: ``standard_error`` of the target after it (of ``"all"``: the geometric mean over the parameters),
        ``gain`` (ln of the factor by which the error falls), ``gain_per_cost``, ``cost`` and ``order`` (0 for those not chosen);
        attribute ``standard_error_now``.

    Raises
    ------
    InputError
        No candidates, an unknown parameter, costs that are not positive.
    """
    if not candidates:
        raise InputError("rank_measurements", "candidates", "none", "planned_run(…) or planned_spectrum(…)")
    price = checked_costs(costs, len(candidates), choose, "rank_measurements")
    if criterion not in ("D", "A"):
        raise InputError("rank_measurements", "criterion", criterion, "D or A")
    gradient = _gradient(fit, target)
    problem, at = fit._problem, fit._at
    problem.noise = fit.noise
    known = problem.jacobian(at)
    information = known.T @ known + _FLOOR * np.eye(at.size)
    added = []
    for record in candidates:
        if record.spread is None:
            raise InputError("rank_measurements", f"noise of {record.name!r}", "none", "a stated noise: nothing is measured yet")
        ((_, slopes),) = problem.answers(at, [record])
        rows = whitened(slopes, record, RecordNoise.first(record))
        added.append(rows.T @ rows)
    chosen_by: Criterion = criterion if gradient is None else "c"
    choice = choose_candidates(information, added, price, choose, chosen_by, gradient)
    names = [record.name for record in candidates]
    settings: dict[str, Any] = {"target": target if isinstance(target, str) else dict(target), "candidates": names}
    settings |= {"criterion": chosen_by, "costs": price.tolist(), "choose": choose}
    parents = (fit.specification.digest, digest(information, *added))  # what the fit knows, and what the candidates would tell
    source = predicted("scalith.design.rank_measurements", *parents, settings=settings)
    return ranked(choice, price, names, "1", "ranked measurements", source.to_json())


def _gradient(fit: CellFit, target: str | Mapping[str, float]) -> Array | None:
    """Derivatives of the target by the coordinates; `None` for all parameters together."""
    if target == "all":
        return None
    stated = {target: 1.0} if isinstance(target, str) else dict(target)
    for name in stated:
        if name not in fit.names:
            raise InputError("rank_measurements", "target", name, nearest(name, [*fit.names, "all"]))
    slopes = [one.slope(float(x)) for one, x in zip(fit._problem.coordinates, fit._at, strict=True)]
    return np.array([stated.get(name, 0.0) * slope for name, slope in zip(fit.names, slopes, strict=True)])
