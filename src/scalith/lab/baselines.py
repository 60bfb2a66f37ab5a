"""Baselines of DSC curves: linear, tangential, sigmoidal; and the check that one was subtracted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from scalith.lab.calorimetry import dsc_curve
from scalith.quantities import ConvergenceError, InputError, Source, nearest

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Baseline = Literal["linear", "tangential", "sigmoidal"]

_MARGIN = 0.05
"""Share of the peak that the heat flow may keep at both ends of a curve with its baseline subtracted."""


def subtract_baseline(curve: xr.Dataset, *, before: float, after: float | None = None, shape: Baseline = "linear") -> xr.Dataset:
    r"""Subtract what the heat flow would be without the reaction.

    Parts of the curve without reaction lie below `before` and above `after`:

    - ``"linear"``: the straight line through the means of both parts.
    - ``"sigmoidal"``: from the mean of the first to that of the second as the reaction goes on, b = b₀ (1 − α) + b₁ α, for a
      sample whose heat capacity changes with conversion.
    - ``"tangential"``: the same between the straight lines through both parts, b₀(T) and b₁(T).

    The conversion α(t) = ∫(q − b) dt / ∫_total (q − b) dt holds the baseline itself, and is found by iteration
    (W. F. Hemminger, S. M. Sarge, J. Therm. Anal. 37 (1991) 1455). Without `after`, for a curve whose
    reactions still go on at its end, the baseline is the constant below `before`, or (tangential) the line through it.

    Parameters
    ----------
    curve : Dataset
        As `simulate_dsc` or `read_dsc` gives it.
    before, after : float
        K.
    shape : {"linear", "tangential", "sigmoidal"}

    Raises
    ------
    InputError
        Fewer than three points on either side, an unknown shape, a sigmoidal baseline without `after`.
    ConvergenceError
        The conversion does not settle: there is no peak between `before` and `after`.
    """
    where = "subtract_baseline"
    if shape not in get_args(Baseline):
        raise InputError(where, "shape", shape, nearest(str(shape), get_args(Baseline)))
    if shape == "sigmoidal" and after is None:
        raise InputError(where, "after", "nothing", "where the reaction has ended, for a sigmoidal baseline")
    T = curve["temperature"].values
    flow = curve["heat_flow"].values
    left, right = before >= T, (after if after is not None else np.inf) <= T
    if left.sum() < 3 or (after is not None and right.sum() < 3):
        found = f"{int(left.sum())} and {int(right.sum())} points"
        raise InputError(where, "before, after", found, "at least three points of the curve on either side")
    if shape == "linear":
        line = np.full(T.shape, flow[left].mean())
        if after is not None:
            line += (flow[right].mean() - line[0]) * (T - T[left].mean()) / (T[right].mean() - T[left].mean())
    else:
        degree = 1 if shape == "tangential" else 0
        line = np.polynomial.Polynomial.fit(T[left], flow[left], degree)(T)
        if after is not None:
            beyond = np.polynomial.Polynomial.fit(T[right], flow[right], degree)(T)
            line = _between(curve["time"].values, flow, line, beyond, left, right)
    parent = Source.from_json(curve.attrs["source"])
    settings = {"baseline_before": before, "baseline_after": after, "baseline_shape": shape}
    source = parent.model_copy(update={"settings": parent.settings | settings})
    return dsc_curve(curve["time"].values, T, flow - line, float(curve.attrs["heating_rate"]), source)


def _between(time: Array, flow: Array, first: Array, second: Array, left: NDArray[np.bool_], right: NDArray[np.bool_]) -> Array:
    """Baseline that goes from `first` to `second` with the conversion."""
    inside = ~(left | right)
    steps = np.diff(time)
    conversion = np.where(right, 1.0, np.where(left, 0.0, 0.5))
    for _ in range(200):
        line = first + (second - first) * conversion
        area = np.where(inside, flow - line, 0.0)
        passed = np.concatenate([[0.0], np.cumsum(0.5 * (area[1:] + area[:-1]) * steps)])
        if passed[-1] == 0.0:
            break
        new = np.where(inside, passed / passed[-1], conversion)
        if np.abs(new - conversion).max() < 1e-12:
            return np.asarray(first + (second - first) * new)
        conversion = new
    raise ConvergenceError(
        "subtract_baseline",
        "the conversion does not settle: there must be one peak, larger than the step, between before and after",
    )


def require_baseline(curve: xr.Dataset, where: str, *, complete: bool = True, sign: Literal[-1, 0, 1] = 1) -> None:
    """Refuse a curve whose heat flow does not start at zero, nor (when `complete`) end there, or whose area has the wrong sign.

    `sign` is 1 for an exothermic curve, −1 for an endothermic one, 0 where both are possible.
    """
    flow = curve["heat_flow"].values
    peak = np.abs(flow).max()
    if not np.all(np.isfinite(flow)) or peak == 0:
        raise InputError(where, "heat_flow", "no signal", "a curve with a peak")
    ends = max(abs(flow[:3].mean()), abs(flow[-3:].mean()) if complete else 0.0) / peak
    if ends > _MARGIN:
        found = f"{100 * ends:.0f} % of the peak at an end"
        raise InputError(
            where,
            "heat_flow",
            found,
            "a heat flow that starts and ends near zero: subtract_baseline, or a wider temperature range",
        )
    area = float(np.sum(0.5 * (flow[1:] + flow[:-1]) * np.diff(curve["time"].values)))
    if sign * area < 0:
        kind = (
            "exothermic heat positive: change the sign of the column"
            if sign > 0
            else "an area below zero: the reactions take up heat"
        )
        raise InputError(where, "heat_flow", f"an area of {area:.4g} J/kg", kind)
