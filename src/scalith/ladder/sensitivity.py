"""Where the error of a result comes from: sensitivity indices over all that the members of an ensemble draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from scalith.ladder.bands import energy_of_runs
from scalith.ladder.member_draws import DrawnInputs
from scalith.ladder.numbers import ledger_number
from scalith.numerics.sobol_indices import SobolIndices, gaussian_process_indices, indices_of_pairs, polynomial_indices
from scalith.quantities import InputError, Result, labelled, nearest, predicted

Array = NDArray[np.float64]
Groups = Mapping[str, Sequence[str]]
LEAST_MEMBERS = 20
"""Of an ensemble, from which on a polynomial is fitted."""
_WELL = 0.02
"""Share that a polynomial may leave before a Gaussian process is tried."""
_MOST_OF_A_PROCESS = 300
"""Members: its time rises with their cube."""
_SAID = 0.9
"""Inputs are named until they make this share of the variance."""


class Number(NamedTuple):
    """A number of a result, and its unit."""

    value: float
    unit: str


def outputs_of(name: str, value: Any, unit: str) -> dict[str, Number]:
    """Numbers of a quantity whose error is divided: the one in the ledger; of runs, capacity and energy at each rate."""
    if isinstance(value, xr.Dataset) and {"c_rate", "sample"} <= set(value.dims) and {"capacity", "voltage"} <= set(value):
        rates, energy = value["c_rate"].values, energy_of_runs(value).values
        return {f"{name}: capacity at {r:g}C": Number(float(value["capacity"].sel(c_rate=r).max()), "C") for r in rates} | {
            f"{name}: energy at {r:g}C": Number(float(found), "J") for r, found in zip(rates, energy, strict=True)
        }
    number = ledger_number(name, value, unit)
    if number.value is None:
        return {}
    return {f"{name}: {number.words}" if number.words else name: Number(number.value, number.unit)}


def grouped(inputs: DrawnInputs, groups: Groups | None, *, strict: bool = True) -> dict[str, list[str]]:
    """Inputs by group; what no group names stands alone. A group that names nothing is left empty where not `strict`.

    Raises
    ------
    InputError
        A pattern that names nothing, or an input in two groups.
    """
    found: dict[str, list[str]] = {}
    taken: dict[str, str] = {}
    for group, patterns in (groups or {}).items():
        for pattern in [patterns] if isinstance(patterns, str) else patterns:
            named = [name for name in inputs.names if name == pattern or fnmatchcase(name, pattern)]
            if strict and not named:
                raise InputError("sensitivity", f"group {group!r}", pattern, nearest(pattern, inputs.names))
            for name in named:
                if name in taken and taken[name] != group:
                    raise InputError("sensitivity", f"group {group!r}", name, f"one group for each: it is in {taken[name]!r}")
                taken[name] = group
        found[group] = [name for name in inputs.names if taken.get(name) == group]
    return found | {name: [name] for name in inputs.names if name not in taken}


def of_members(
    outputs: Sequence[Mapping[str, Number]], deviates: Sequence[Mapping[str, Array]], inputs: DrawnInputs, groups: Groups | None
) -> Result | None:
    """Indices from the members of one ensemble, by a surrogate in the deviates that they took; `None` of too few.

    What has no deviates (`DrawnInputs.seeded`) is in the share that is left.
    """
    columns = {
        group: names
        for group, members in grouped(inputs, groups, strict=False).items()
        if (names := [name for name in members if name in inputs.columns])
    }
    rows: dict[str, tuple[SobolIndices, Array, str]] = {}
    for output, values, which in _common(outputs):
        used = [k for k in which if all(deviates[k].get(n, np.empty(0)).size == size for n, size in inputs.columns.items())]
        if len(used) < LEAST_MEMBERS or not columns:
            continue
        table = {
            group: np.stack([np.concatenate([deviates[k][name] for name in names]) for k in used])
            for group, names in columns.items()
        }
        y = values[used]
        rows[output] = (_indices(table, y), y, outputs[used[0]][output].unit)
    return _result(rows, list(columns), list(inputs.seeded)) if rows else None


def _indices(inputs: Mapping[str, Array], output: Array) -> SobolIndices:
    """Of a polynomial, or of a Gaussian process where that misses less of the members that are left out in turn."""
    polynomial = polynomial_indices(inputs, output)
    if not polynomial.left > _WELL or output.size > _MOST_OF_A_PROCESS:
        return polynomial
    process = gaussian_process_indices(inputs, output)
    return process if process.left < polynomial.left else polynomial


def of_pairs(
    first: Sequence[Mapping[str, Number]],
    second: Sequence[Mapping[str, Number]],
    mixed: Mapping[str, Sequence[Mapping[str, Number]]],
) -> Result | None:
    """Indices from two samples and, for each group, the first with that group from the second."""
    rows: dict[str, tuple[SobolIndices, Array, str]] = {}
    for output, values, which in _common(first):
        others = [second, *mixed.values()]
        used = [k for k in which if all(output in one[k] and np.isfinite(one[k][output].value) for one in others)]
        if len(used) < 2:
            continue
        tables = [np.array([one[k][output].value for k in used]) for one in others]
        found = indices_of_pairs(values[used], tables[0], dict(zip(mixed, tables[1:], strict=True)))
        both = np.concatenate([values[used], tables[0]])
        rows[output] = (found, both, first[used[0]][output].unit)
    return _result(rows, list(mixed), []) if rows else None


def sentences(data: xr.Dataset) -> list[str]:
    """What the errors come from, in words, one sentence an output."""
    said = []
    for k, output in enumerate(data["output"].values):
        first, error = data["first_order"].values[k], data["first_order_error"].values[k]
        if not np.all(np.isfinite(first)):
            said.append(f"{output} does not vary")
            continue
        parts: list[str] = []
        known = 0.0
        for i in np.argsort(-first):
            if known >= _SAID or first[i] < 0.01:
                break
            share = f"{100 * first[i]:.0f} ± {100 * error[i]:.0f} %"
            whole = f"half ({share})" if 0.45 <= first[i] < 0.55 else share
            start = f"{share} from" if parts else f"{whole} of the variance of {output} comes from"
            parts.append(f"{start} {data['input'].values[i]}")
            known += float(first[i])
        left = float(data["left"].values[k])
        together = 1.0 - float(first.sum()) - left
        parts = parts or [f"no single input explains the variance of {output}"]
        parts += [f"{100 * together:.0f} % from what inputs do together"] if together > 0.02 else []
        drawn = ", ".join(map(str, np.atleast_1d(data.attrs["not_parted"])))
        parts += [f"{100 * left:.0f} % is left{f' to {drawn}' if drawn else ''}"] if left > 0.02 else []
        said.append(", ".join(parts))
    return said


def _common(outputs: Sequence[Mapping[str, Number]]) -> list[tuple[str, Array, list[int]]]:
    """Each output with its values over the members and which of them are numbers."""
    names = list(dict.fromkeys(name for one in outputs for name in one))
    found = []
    for name in names:
        values = np.array([one[name].value if name in one else np.nan for one in outputs])
        found.append((name, values, np.flatnonzero(np.isfinite(values)).tolist()))
    return found


def _result(rows: Mapping[str, tuple[SobolIndices, Array, str]], inputs: list[str], not_parted: list[str]) -> Result:
    def table(field: str) -> list[list[float]]:
        return [[getattr(found, field)[name] for name in inputs] for found, _, _ in rows.values()]

    both = ("output", "input")
    data = Result(
        {
            "first_order": labelled(both, table("first_order"), "first-order index: share that goes if the input is known", "1"),
            "total": labelled(both, table("total"), "total index: share that stays if only the input is unknown", "1"),
            "first_order_error": labelled(both, table("first_order_error"), "standard error of the first-order index", "1"),
            "total_error": labelled(both, table("total_error"), "standard error of the total index", "1"),
            "left": labelled("output", [found.left for found, _, _ in rows.values()], "share that inputs do not explain", "1"),
            "mean": labelled("output", [y.mean() for _, y, _ in rows.values()], "mean, in the unit of the output", ""),
            "deviation": labelled("output", [y.std(ddof=1) for _, y, _ in rows.values()], "standard deviation, likewise", ""),
            "method": labelled("output", [found.method for found, _, _ in rows.values()], "how it was divided", ""),
            "members": labelled("output", [y.size for _, y, _ in rows.values()], "members that count", "1"),
        },
        {
            "output": labelled("output", list(rows), "number of a result", ""),
            "input": labelled("input", inputs, "what is drawn", ""),
            "output_unit": labelled("output", [unit for _, _, unit in rows.values()], "unit of the output", ""),
        },
        {"not_parted": not_parted, "source": predicted("scalith.ladder.sensitivity").to_json()},
    )
    return data.assign_attrs(sentences=sentences(data))
