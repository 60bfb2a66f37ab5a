r"""The offline twin: a page without a server, in which knobs move by interpolation over members that were computed before.

On each axis of the grid the nodes are Chebyshev's extreme points, so that the polynomial through all of them converges fast for
smooth answers. The value at a point is :math:`\sum_m w_m v_m` over the members, with :math:`w_m = \prod_i \ell_{m_i}(x_i)`, the
products of Lagrange's polynomials of each axis (Berrut and Trefethen, SIAM Review 46 (2004) 501, DOI 10.1137/S0036144502417715);
the page computes the same sum. What it errs by is told by leaving one out: each member is predicted from the others on its
line, without it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import islice, product
from math import exp, log
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from scalith.app.explorer import Explorer, numbers_of
from scalith.app.page import filled, pictures, read_part, style
from scalith.app.views import VIEWS, drawn, unpacked, views_of
from scalith.quantities import InputError, StudyError, nearest, write_text
from scalith.quantities.units import parse_quantity
from scalith.report.page import packed_plotly
from scalith.report.summary import Found

FILE = "interactive.html"
LARGEST = 5_000_000
"""Bytes of the page."""

RESOLUTION = 2e-4
"""Of the largest value: runs of the cell are solved to a tolerance of 2e-4 in its states."""

_VIEWS = ("cell", "pack", "material", "life")
_POINTS = 64
"""On each curve."""

_MOST_MEMBERS = 400

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Axis:
    """One knob of the grid.

    Attributes
    ----------
    knob : str
    low, high : float
        SI.
    nodes : int
        From 3 to 9.
    logarithmic : bool
        On which scale the nodes lie.
    """

    knob: str
    low: float
    high: float
    nodes: int
    logarithmic: bool

    @property
    def places(self) -> Array:
        """Nodes between −1 and 1."""
        return -np.cos(np.pi * np.arange(self.nodes) / (self.nodes - 1))

    @property
    def values(self) -> list[float]:
        """Values of the knob at the nodes, SI."""
        middle, half = 0.5 * (self.places + 1.0), self.places
        if self.logarithmic:
            return [exp(log(self.low) + float(part) * log(self.high / self.low)) for part in middle]
        return [0.5 * (self.low + self.high) + 0.5 * float(part) * (self.high - self.low) for part in half]


def read_axes(texts: Sequence[str], explorer: Explorer) -> list[Axis]:
    """Axes as the command line states them: ``NAME=LOW:HIGH`` or ``NAME=LOW:HIGH:NODES``; two knobs in front without any.

    Raises
    ------
    InputError
        No such knob, no range, or more members than are sensible.
    """
    axes = [_read_axis(text, explorer) for text in texts] or [*islice(_own_axes(explorer), 2)]
    if not axes:
        raise InputError("interactive", "--knob", "none", "NAME=LOW:HIGH")
    if len({axis.knob for axis in axes}) < len(axes):
        raise InputError("interactive", "--knob", [axis.knob for axis in axes], "each knob once")
    members = int(np.prod([axis.nodes for axis in axes]))
    if members > _MOST_MEMBERS:
        raise InputError("interactive", "--knob", f"{members} members", f"at most {_MOST_MEMBERS}: fewer knobs or nodes")
    return axes


def _own_axes(explorer: Explorer) -> Iterator[Axis]:
    """15 % to either side of the knobs in front, within their limits; a temperature has no such range, nor has zero."""
    for knob in explorer.knobs.values():
        if not knob.front or not isinstance(knob.value, float) or knob.whole or knob.unit == "K" or knob.value == 0.0:
            continue
        low, high = sorted((0.85 * knob.value, 1.15 * knob.value))
        yield Axis(knob.name, max(low, knob.low), min(high, knob.high), 5, knob.logarithmic)


def _read_axis(text: str, explorer: Explorer) -> Axis:
    name, _, ends = text.partition("=")
    name = name.strip()
    if name not in explorer.knobs:
        raise InputError("interactive", "--knob", name, nearest(name, explorer.knobs))
    knob = explorer.knobs[name]
    if not isinstance(knob.value, float) or knob.whole:
        raise InputError("interactive", "--knob", name, "a knob of one number that is not a count")
    low, high, *count = [part.strip() for part in ends.split(":")] if ends.count(":") in (1, 2) else ["", ""]
    if not low or not high or (count and not count[0].isdecimal()):
        raise InputError("interactive", "--knob", text, "NAME=LOW:HIGH or NAME=LOW:HIGH:NODES")
    first, last = (parse_quantity(end, knob.unit or "1", where="interactive", field=name) for end in (low, high))
    nodes = int(count[0]) if count else 5
    if not first < last or (knob.logarithmic and first <= 0.0):
        raise InputError("interactive", "--knob", text, "a lower end below the higher one, both positive where the knob is")
    if not 3 <= nodes <= 9:
        raise InputError("interactive", "--knob", f"{nodes} nodes", "3 to 9")
    return Axis(name, first, last, nodes, knob.logarithmic)


def write_twin(
    explorer: Explorer, axes: Sequence[Axis], path: str | Path, progress: Callable[[float, str], None] = lambda part, words: None
) -> Path:
    """Compute the members of a grid and write the page.

    Parameters
    ----------
    explorer : Explorer
    axes : sequence of Axis
    path : path
        File to write.
    progress : callable, optional
        Told the part that is done, and which member is computed.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    StudyError
        A member that cannot be computed.
    InputError
        A page of more than 5 MB.
    """
    page = twin_page(twin(explorer, axes, progress), explorer.study.header.title)
    write_text(path, page)
    return Path(path)


def twin_page(found: dict[str, Any], title: str) -> str:
    """The page of what `twin` gathered.

    Raises
    ------
    InputError
        More than 5 MB.
    """
    parts = {
        "title": escape(title),
        "style": style(),
        "twin": json.dumps(found).replace("<", "\\u003c"),
        "plotly": packed_plotly(),
        "script": pictures() + read_part("twin.js"),
    }
    page = filled("twin.html", parts)
    if (size := len(page.encode())) > LARGEST:
        raise InputError(
            "interactive", "", f"a page of {size / 1e6:.1f} MB", f"at most {LARGEST / 1e6:.0f} MB: fewer knobs or nodes"
        )
    return page


def twin(
    explorer: Explorer, axes: Sequence[Axis], progress: Callable[[float, str], None] = lambda part, words: None
) -> dict[str, Any]:
    """The members of a grid as plain data: numbers and curves, with what interpolation errs by."""
    grid = list(product(*(axis.values for axis in axes)))
    lines, curves = [], []
    for k, values in enumerate(grid):
        progress(k / len(grid), f"member {k + 1} of {len(grid)}")
        changes = {axis.knob: value for axis, value in zip(axes, values, strict=True)}
        with explorer.at(changes) as climb:
            climbed = climb.compute(explorer.study.targets)
        found = Found(climbed.ledger, climbed.values, {})
        pictures = {view: drawn(view, "", found) for view in views_of(explorer.study) if view in _VIEWS}
        failed = [*climbed.failed.values(), *(reason for one in pictures.values() for reason in one.failed.values())]
        if failed:
            said = ", ".join(f"{name} = {value:.6g}" for name, value in changes.items())
            raise StudyError(f"interactive: at {said}: {failed[0]}; expected a grid on which everything can be computed")
        lines.append([line for line in numbers_of(found) if line["value"] is not None])
        curves.append([item | {"view": view} for view, one in pictures.items() for item in one.figures])
    shape = tuple(axis.nodes for axis in axes)
    return {
        "axes": [_plain_axis(axis, explorer) for axis in axes],
        "numbers": _numbers(lines, axes, shape),
        "figures": _figures(curves, axes, shape),
        "views": [{"name": name, "title": VIEWS[name].title} for name in views_of(explorer.study) if name in _VIEWS],
    }


def _lagrange(nodes: Array, at: float) -> Array:
    found = np.ones(nodes.size)
    for k in range(nodes.size):
        others = np.delete(nodes, k)
        found[k] = np.prod((at - others) / (nodes[k] - others))
    return found


def leave_one_out(values: Array, axes: Sequence[Axis]) -> float:
    """The largest error with which members are predicted without themselves.

    Those at the ends of an axis as well: that is extrapolation, so that between the members the error is rather less. Never below
    `RESOLUTION` of the largest value: members are solved to a tolerance, and what lies below it does not vary smoothly.

    Parameters
    ----------
    values : numpy.ndarray, shape (nodes of each axis…, points)
    axes : sequence of Axis

    Returns
    -------
    float
        In the unit of `values`.
    """
    largest = RESOLUTION * float(np.max(np.abs(values)))
    for i, axis in enumerate(axes):
        along = np.moveaxis(values, i, 0)
        for k in range(axis.nodes):
            weights = _lagrange(np.delete(axis.places, k), axis.places[k])
            predicted = np.tensordot(weights, np.delete(along, k, axis=0), axes=1)
            largest = max(largest, float(np.max(np.abs(predicted - along[k]))))
    return largest


def _plain_axis(axis: Axis, explorer: Explorer) -> dict[str, Any]:
    knob = explorer.knobs[axis.knob]
    return {
        "knob": axis.knob,
        "label": knob.label,
        "shown": list(knob.shown),
        "value": min(max(cast(float, knob.value), axis.low), axis.high),
        "low": axis.low,
        "high": axis.high,
        "logarithmic": axis.logarithmic,
        "places": axis.places.tolist(),
    }


def _numbers(lines: list[list[dict[str, Any]]], axes: Sequence[Axis], shape: tuple[int, ...]) -> list[dict[str, Any]]:
    """Numbers that every member has."""
    by_name = [{(line["topic"], line["label"]): line for line in of_one} for of_one in lines]
    found = []
    for name, line in by_name[0].items():
        if all(name in of_one for of_one in by_name):
            values = np.array([of_one[name]["value"] for of_one in by_name])
            error = leave_one_out(values.reshape(*shape, 1), axes)
            found.append({key: line[key] for key in ("topic", "label", "shown")} | {"values": values.tolist(), "error": error})
    return found


def _figures(curves: list[list[dict[str, Any]]], axes: Sequence[Axis], shape: tuple[int, ...]) -> list[dict[str, Any]]:
    """Pictures of lines: each line by its two ends and its heights between, for every member."""
    found = []
    for k, item in enumerate(curves[0]):
        same = [of_one[k] for of_one in curves if len(of_one) > k and of_one[k]["name"] == item["name"]]
        sampled = [[_sampled(trace) for trace in one["figure"]["data"]] for one in same]
        names = [[trace.get("name") for trace in one["figure"]["data"]] for one in same]
        whole = len(same) == len(curves) and all(one == names[0] for one in names)
        moves = "frames" in item["figure"]  # over time: its moments are those of one member
        if moves or not whole or any(trace is None for one in sampled for trace in one):
            continue
        values = np.array(sampled)  # member, trace, ends and heights
        ends, heights = values[:, :, :2], values[:, :, 2:]
        error = leave_one_out(heights.reshape(*shape, -1), axes)
        error_of_ends = leave_one_out(ends.reshape(*shape, -1), axes) if np.ptp(ends, axis=0).any() else 0.0
        plain = {key: item[key] for key in ("name", "title", "view")}
        traces = [{key: part for key, part in trace.items() if key not in ("x", "y")} for trace in item["figure"]["data"]]
        packed = base64.b64encode(values.astype("<f4").tobytes()).decode()
        plain |= {"layout": item["figure"]["layout"], "traces": traces, "values": packed, "points": _POINTS}
        found.append(plain | {"error": error, "error_of_ends": error_of_ends})
    return found


def _sampled(trace: dict[str, Any]) -> list[float] | None:
    """A line at evenly spaced places: its two ends, then its heights; `None` for what is no line that goes one way."""
    if trace.get("type", "scatter") != "scatter" or trace.get("fill") == "toself" or "lines" not in trace.get("mode", "lines"):
        return None
    x, y = unpacked(trace.get("x")), unpacked(trace.get("y"))
    if x is None or y is None or x.size != y.size:
        return None
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if x.size < 2 or np.any(np.diff(x) < 0.0) or not x[-1] > x[0]:
        return None
    return [float(x[0]), float(x[-1]), *np.interp(np.linspace(x[0], x[-1], _POINTS), x, y).tolist()]
