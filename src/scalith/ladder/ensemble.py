"""Ensembles: the same climb many times over, from the scatter of what is stated, fitted, sampled.

A member draws every given quantity and every setting that states an error (`Property.drawn`, `Spec.drawn`), climbs with seeds
of its own, so that what is sampled scatters as it does, and draws each fitted quantity from the posterior of its own fit
(``draw`` of the rung). An error is drawn once, where it is stated: what is computed from it carries it on. Members are
independent, so an ensemble is a map over climbs; each member's rungs are kept like those of any climb, so that an
interrupted ensemble goes on where it stopped.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from scalith import __version__
from scalith.ladder import progress
from scalith.ladder.bands import summarised
from scalith.ladder.ledger import FailedMember
from scalith.ladder.run import Run, rung_seed
from scalith.ladder.store import Kept, MemberStore, Store
from scalith.ladder.study import Study
from scalith.numerics.parallel_map import parallel_map
from scalith.quantities import Property, ScalithError, Spec, StudyError, package_digest, predicted


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
        For each computed property, and each result with numbers over rate, time or the cells of a row.
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
    folder = run.store.folder.resolve() if isinstance(run.store, Store) else None
    found: list[dict[str, Any]] = []
    failed: list[FailedMember] = []
    sent = (run.study, targets, _alike_in_all(run), folder, package_digest())
    arguments = ([sent] * draws, range(draws))
    listener = run.listener
    listener.started("ensemble")
    for index, outcome in enumerate(parallel_map(_climb_member, *arguments, executor=executor, threads=1), start=1):
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


def member_of(study: Study, index: int) -> Study:
    """The study of one member: what states an error is drawn, and the seed is the member's own.

    Raises
    ------
    InputError
        Drawn numbers contradict each other, or a limit of their field.
    """
    seed = rung_seed(study.header.seed, f"draw {index}")

    def drawn(stated: Mapping[str, Any]) -> dict[str, Any]:
        return {name: _drawn(value, rung_seed(seed, f"draw {name}")) for name, value in stated.items()}

    header = study.header.model_copy(update={"seed": seed})
    return replace(study, header=header, settings=drawn(study.settings), given=drawn(study.given))


def _drawn(value: Any, seed: int) -> Any:
    return value.drawn(np.random.default_rng(seed)) if isinstance(value, (Property, Spec)) else value


def _alike_in_all(run: Run) -> dict[str, tuple[Any, Kept]]:
    """Values by key that no draw and no seed reaches: they go along, with what was read from files that a worker may not see."""
    study = run.study
    same = {name for stated in (study.settings, study.given) for name, value in stated.items() if not _is_drawn(value)}
    alike = {}
    for name in study.needed_for(study.targets):
        if name not in run.keys:
            continue
        node = study.graph.nodes[name]
        if "seed" in node.inputs or any(need in run.digests and need not in same for need in node.inputs.values()):
            continue
        alike[run.keys[name]] = (run.values[name], run.kept[name])
        if node.rung.quantity.draw is None:
            same.add(name)
    return alike


def _is_drawn(value: Any) -> bool:
    try:
        return _drawn(value, 0) is not value
    except ScalithError:  # a draw that cannot be
        return True


def _climb_member(
    sent: tuple[Study, list[str], dict[str, tuple[Any, Kept]], Path | None, str], index: int
) -> dict[str, Any] | str:
    """What one member found, or why it could not be climbed: drawn numbers may lie where no model holds."""
    study, targets, known, folder, code = sent
    if package_digest() != code:
        found = f"worker {platform.node()}: found Scalith {__version__} with other code"
        raise StudyError(f"{found}; expected the same version on all machines")
    try:
        run = Run(member_of(study, index), MemberStore(known, folder), progress.Silent(), member=True)
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
    data, words = summarised(nominal, values)
    return Scatter(data.assign_attrs(source=source.to_json()), f"{words} ({len(values)} draws)") if words else None
