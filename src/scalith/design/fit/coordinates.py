"""Coordinates in which parameters are fitted: ln of a positive number, logit of a fraction, others as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np

from scalith.cell import CellSpecification
from scalith.cell.specification.node_factors import node_of
from scalith.cell.specification.paths import FACTORS, number_at
from scalith.design.fit.records import INDUCTANCE
from scalith.quantities import InputError, Uncertain, nearest

_FRACTIONS = ("stoichiometry", "porosity", "volume_fraction", "transport_efficiency", "transference_number")
_WIDEST = np.log(1e3)


@dataclass(frozen=True)
class Coordinate:
    """One parameter of a fit.

    Attributes
    ----------
    name : str
    given : dict of str to float
        The number at each path as the specification has it (1 for a multiplier of a property).
    scale : {"log", "logit", "linear"}
    start, lower, upper : float
        In the coordinate.
    prior : (float, float), optional
        Mean and standard deviation in the coordinate.
    """

    name: str
    given: dict[str, float]
    scale: Literal["log", "logit", "linear"]
    start: float
    lower: float
    upper: float
    prior: tuple[float, float] | None = None

    @property
    def has_prior(self) -> bool:
        """Whether something is known beforehand."""
        return self.prior is not None

    @property
    def enters_linearly(self) -> bool:
        """Whether it is a resistance, which voltages and impedances are linear in."""
        return self.scale == "log" and not self.is_shared and next(iter(self.given)).endswith("resistance")

    @property
    def is_shared(self) -> bool:
        """Whether several paths share one multiplier."""
        return len(self.given) > 1

    @property
    def reach(self) -> float:
        """How far from the start further starts lie."""
        return float(np.log(2.0)) if self.scale == "log" else 0.5 if self.scale == "logit" else 0.5 * (self.upper - self.lower)

    def value(self, at: float) -> float:
        """Number, or multiplier."""
        if self.scale == "log":
            return float(np.exp(min(at, 700.0)))
        return float(1.0 / (1.0 + np.exp(-at))) if self.scale == "logit" else at

    def slope(self, at: float) -> float:
        """Change of the value with the coordinate."""
        value = self.value(at)
        return value if self.scale == "log" else value * (1.0 - value) if self.scale == "logit" else 1.0

    def paths(self, at: float) -> dict[str, float]:
        """Numbers by path."""
        value = self.value(at)
        return {path: value * given for path, given in self.given.items()} if self.is_shared else dict.fromkeys(self.given, value)

    def slopes(self, at: float) -> dict[str, float]:
        """Change of the number at each path with the coordinate."""
        slope = self.slope(at)
        return {path: slope * given for path, given in self.given.items()} if self.is_shared else dict.fromkeys(self.given, slope)

    def prior_residual(self, at: float) -> float:
        """Distance from what is known beforehand, in standard deviations."""
        assert self.prior is not None
        return (at - self.prior[0]) / self.prior[1]

    @property
    def prior_slope(self) -> float:
        """Of `prior_residual`."""
        assert self.prior is not None
        return 1.0 / self.prior[1]


def coordinates_of(
    specification: CellSpecification,
    parameters: Sequence[str | Sequence[str]],
    start: Mapping[str, float],
    bounds: Mapping[str, tuple[float, float]],
    priors: Mapping[str, Uncertain],
) -> list[Coordinate]:
    """The coordinates of a fit.

    Raises
    ------
    InputError
        A path that names no number, a name twice, a start or prior out of its bounds.
    """
    if isinstance(parameters, str) or not parameters:
        raise InputError("fit_cell", "parameters", parameters, "a sequence of paths to numbers of the cell")
    groups = [(item,) if isinstance(item, str) else tuple(item) for item in parameters]
    paths = [path for group in groups for path in group]
    if len(set(paths)) < len(paths):
        twice = next(path for path in paths if paths.count(path) > 1)
        raise InputError("fit_cell", "parameters", twice, "each path once")
    names = [" & ".join(group) for group in groups]
    for what, stated in (("start", start), ("bounds", bounds), ("priors", priors)):
        for name in stated:
            if name not in names:
                raise InputError("fit_cell", what, name, nearest(name, names))
    return [_coordinate(specification, name, group, start, bounds, priors) for name, group in zip(names, groups, strict=True)]


def _given(specification: CellSpecification, path: str) -> float:
    if path in FACTORS or node_of(path) is not None:
        return 1.0
    return 0.0 if path == INDUCTANCE else float(number_at(specification, path))


def _coordinate(
    specification: CellSpecification,
    name: str,
    paths: tuple[str, ...],
    start: Mapping[str, float],
    bounds: Mapping[str, tuple[float, float]],
    priors: Mapping[str, Uncertain],
) -> Coordinate:
    given = {path: _given(specification, path) for path in paths}
    if len(paths) > 1 and any(value == 0.0 for value in given.values()):
        raise InputError("fit_cell", "parameters", name, "numbers other than zero: they share a multiplier")
    first = float(start.get(name, 1.0 if len(paths) > 1 else given[paths[0]]))
    fraction = len(paths) == 1 and paths[0].endswith(_FRACTIONS) and 0.0 < first < 1.0
    scale: Literal["log", "logit", "linear"] = "logit" if fraction else "log" if first > 0.0 else "linear"

    def across(value: float) -> float:
        if scale == "log":
            return float(np.log(value)) if value > 0.0 else -np.inf
        if scale == "logit":
            return float(np.log(value / (1.0 - value))) if 0.0 < value < 1.0 else np.inf * (1.0 if value >= 1.0 else -1.0)
        return value

    at = across(first)
    reach = _WIDEST if scale == "log" else 10.0 if scale == "logit" else max(1.0, abs(first))
    lower, upper = at - reach, at + reach
    if scale == "linear" and first == 0.0:  # a resistance, a capacitance: not below zero
        lower = 0.0
    if name in bounds:
        low, high = map(float, bounds[name])
        if not low < high:
            raise InputError("fit_cell", f"bounds of {name}", (low, high), "lowest < highest")
        lower, upper = (
            max(across(low), at - 50.0) if scale != "linear" else low,
            across(high) if np.isfinite(across(high)) else at + 50.0,
        )
    if not lower <= at <= upper:
        raise InputError("fit_cell", f"start of {name}", first, f"within its bounds {bounds.get(name)}")
    prior = None
    if name in priors:
        known = priors[name]
        if not isinstance(known, Uncertain):
            raise InputError("fit_cell", f"prior of {name}", known, "Uncertain(value, standard error)")
        centre = across(float(known))
        if not (np.isfinite(centre) and lower <= centre <= upper):
            raise InputError("fit_cell", f"prior of {name}", float(known), f"within its bounds {bounds.get(name)}")
        size = known.error / float(known) if scale == "log" else known.error
        size = known.error / (float(known) * (1.0 - float(known))) if scale == "logit" else size
        prior = (centre, size)
    return Coordinate(name, given, scale, at, float(lower), float(upper), prior)


def split_priors(
    parameters: Sequence[str | Sequence[str]], priors: Mapping[str, Uncertain | float]
) -> tuple[dict[str, Uncertain], dict[str, float]]:
    """Priors of parameters, and those of the smoothness of a property that has factors at nodes.

    Raises
    ------
    InputError
        A smoothness with a standard error: it is one itself.
    """
    names = [item for item in parameters if isinstance(item, str)]
    with_nodes = {node[0] for name in names if (node := node_of(name)) is not None}
    for path, value in priors.items():
        if path in with_nodes and path not in names and isinstance(value, Uncertain):
            found = f"{float(value):g} with the error {value.error:g}"
            expected = "one number, how far ln D may be off the line of its neighbours"
            raise InputError("fit_cell", f"prior of {path}", found, expected)
    smooth = {path: float(value) for path, value in priors.items() if path in with_nodes and path not in names}
    return {name: cast(Uncertain, value) for name, value in priors.items() if name not in smooth}, smooth


def smoothness_rows(coordinates: Sequence[Coordinate], smoothness: Mapping[str, float]) -> np.ndarray:
    """Rows of the prior that factors at nodes lie on a line between their neighbours, shape (rows, p).

    ln f_k − (the line between ln f_{k−1} and ln f_{k+1} at x_k), over its standard deviation.

    Raises
    ------
    InputError
        A property without three nodes among the parameters, or a deviation that is not positive.
    """
    rows = []
    for path, deviation in smoothness.items():
        found = [(node[1], k) for k, one in enumerate(coordinates) if (node := node_of(one.name)) is not None and node[0] == path]
        if len(found) < 3:
            raise InputError("fit_cell", "priors", path, f"a property with three nodes among the parameters: '{path}(x=0.4)'")
        if not deviation > 0.0:
            raise InputError("fit_cell", f"prior of {path}", deviation, "a positive deviation of ln D")
        ordered = sorted(found)
        for (left, i), (x, k), (right, j) in zip(ordered, ordered[1:], ordered[2:], strict=False):
            row = np.zeros(len(coordinates))
            share = (x - left) / (right - left)
            row[[i, k, j]] = [-(1.0 - share) / deviation, 1.0 / deviation, -share / deviation]
            rows.append(row)
    return np.array(rows).reshape(-1, len(coordinates))
