"""Ensembles: the same climb many times over, from the scatter of what is fitted, sampled, given.

A member draws every given property from its standard error (one normal number a property: the error is taken as fully
correlated over its grid) or takes one of its draws, takes the value of a fitted rung from its posterior, and climbs
with seeds of its own. Members are independent, so an ensemble is a map over climbs; each member's rungs are kept like
those of any climb, so that an interrupted ensemble goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from scalith.ladder import progress
from scalith.ladder.graph import rungs
from scalith.ladder.ledger import FailedMember
from scalith.ladder.run import Run, rung_seed
from scalith.ladder.store import Store
from scalith.ladder.study import Study
from scalith.quantities import Property, ScalithError, predicted


@dataclass(frozen=True)
class Scatter:
    """What an ensemble says of one quantity.

    Attributes
    ----------
    members : Property or xarray.Dataset
        Values with a leading ``draw`` dimension.
    headline : str
        Standard deviation in words.
    """

    members: Property | xr.Dataset
    headline: str


@dataclass(frozen=True)
class Ensemble:
    """What the members of a climb found.

    Attributes
    ----------
    scatter : dict of str to Scatter
        For each computed property, and each result with numbers over no other dimension than ``c_rate``.
    failed : tuple of FailedMember
        Members that could not be climbed, with their reasons; the scatter is that of the others.
    """

    scatter: dict[str, Scatter]
    failed: tuple[FailedMember, ...] = ()


def spread(run: Run, targets: list[str], draws: int, executor: Executor | None = None) -> Ensemble:
    """Climb `draws` members beside a finished run and gather the scatter of each quantity.

    Parameters
    ----------
    run : Run
        The nominal climb.
    targets : list of str
        Quantities to climb to.
    draws : int
        Number of members, at least 2.
    executor : concurrent.futures.Executor, optional
        Climbs the members side by side; one after the other without it.

    Returns
    -------
    Ensemble
        Scatter of what at least two members found.
    """
    studies = members_of(run, draws)
    folder = str(run.store.folder)
    found: list[dict[str, Any]] = []
    failed: list[FailedMember] = []
    arguments = (studies, [targets] * draws, [folder] * draws)
    listener = run.listener
    listener.started("ensemble")
    for index, outcome in enumerate((executor.map if executor is not None else map)(_climb_member, *arguments), start=1):
        listener.advanced("ensemble", index / draws, f"member {index} of {draws}")
        if isinstance(outcome, str):
            failed.append(FailedMember(member=index, reason=outcome))
            listener.noted(f"member {index} of {draws} failed: {outcome}")
        else:
            found.append(outcome)
    lost = f", {len(failed)} failed" if failed else ""
    listener.finished("ensemble", 0.0, f"{len(found)} members{lost}", reused=False)
    common = [name for name in run.kept if len(found) >= 2 and all(name in values for values in found)]
    gathered = {name: _gather(name, run, [values[name] for values in found]) for name in common}
    return Ensemble({name: scatter for name, scatter in gathered.items() if scatter is not None}, tuple(failed))


def members_of(run: Run, draws: int) -> list[Study]:
    """The study of each member: drawn values are given to it, its seed is its own."""
    study = run.study
    drawn: dict[str, Sequence[Any]] = {}
    for name, value in run.values.items():
        seed = rung_seed(study.header.seed, f"draw {name}")
        if name in study.given and isinstance(value, Property):
            drawn[name] = _drawn(value, draws, seed)
        elif name in run.kept and (draw := rungs()[name].quantity.draw) is not None:
            drawn[name] = draw(value, draws, seed)
    studies = []
    for k in range(draws):
        header = study.header.model_copy(update={"seed": rung_seed(study.header.seed, f"draw {k}")})
        studies.append(replace(study, header=header, given=study.given | {name: values[k] for name, values in drawn.items()}))
    return studies


def _drawn(value: Property, draws: int, seed: int) -> list[Property]:
    numbers = np.random.default_rng(seed)
    if value.draws:
        return [value.member(int(k)) for k in numbers.integers(value.draws, size=draws)]
    error = value.standard_error
    if error is None:
        return [value] * draws
    source = predicted("scalith.ladder.ensemble", value.digest, settings={"seed": seed})
    return [Property(value.name, value.values + z * error, value.unit, source) for z in numbers.standard_normal(draws)]


def _climb_member(study: Study, targets: list[str], folder: str) -> dict[str, Any] | str:
    """What one member found, or why it could not be climbed: drawn numbers may lie where no model holds."""
    run = Run(study, Store(Path(folder)), progress.Silent())
    try:
        run.execute(targets)
    except (ScalithError, ArithmeticError, ValueError) as error:
        return str(error)
    return {name: run.values[name] for name in run.kept}


def _gather(name: str, run: Run, values: Sequence[Any]) -> Scatter | None:
    nominal = run.values[name]
    source = predicted("scalith.ladder.ensemble", run.digests[name], settings={"draws": len(values)})
    if isinstance(nominal, Property):
        grids = nominal.coordinates
        mesh = dict(zip(grids, np.meshgrid(*grids.values(), indexing="ij"), strict=True))
        stacked = np.array([value(**mesh, extrapolate="nearest") for value in values])
        members = Property.from_arrays(name, grids, stacked, nominal.unit, source)
        assert members.standard_error is not None
        middle = float(members.standard_error.median())
        return Scatter(members, f"± {middle:.2g} {nominal.unit} (median over its domain, {len(values)} draws)")
    if not isinstance(nominal, xr.Dataset):
        return None
    numbers = [str(key) for key, item in nominal.data_vars.items() if set(item.dims) <= {"c_rate"} and item.dtype.kind == "f"]
    if not numbers:
        return None
    data = xr.concat([value[numbers] for value in values], "draw", combine_attrs="override")
    deviation = data.std("draw", ddof=1)
    words = []
    for key in numbers:
        unit = nominal[key].attrs.get("units", "")
        words.append(f"{key.replace('_', ' ')} ± {float(deviation[key].max()):.2g} {unit}".rstrip())
    return Scatter(data.assign_attrs(source=source.to_json()), ", ".join(words) + f" ({len(values)} draws)")
