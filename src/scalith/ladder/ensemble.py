"""Ensembles: the same climb many times over, from the scatter of what is stated, fitted, sampled.

A member draws every given quantity and every setting that states an error (`Property.drawn`, `Spec.drawn`), climbs with seeds
of its own, so that what is sampled scatters as it does, and draws each fitted quantity from the posterior of its own fit
(``draw`` of the rung). An error is drawn once, where it is stated: what is computed from it carries it on. Members are
independent, so an ensemble is a map over climbs; each member's rungs are kept like those of any climb, so that an
interrupted ensemble goes on where it stopped. Asked to, a member that lies close enough re-weights what the nominal climb
sampled instead of sampling anew (`scalith.ladder.quantity.Reweighting`).
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from scalith import __version__
from scalith.ladder import progress
from scalith.ladder.bands import summarised
from scalith.ladder.ledger import FailedMember, ReweightedQuantity
from scalith.ladder.member_draws import DrawnInputs, MemberDraws, Plan, drawn_inputs, plan_deviates
from scalith.ladder.run import Reference, Run, rung_seed
from scalith.ladder.sensitivity import Groups, Number, grouped, of_members, of_pairs, outputs_of
from scalith.ladder.store import Kept, MemberStore, Store
from scalith.ladder.study import Study
from scalith.numerics.parallel_map import parallel_map
from scalith.quantities import Property, Result, ScalithError, StudyError, package_digest, predicted

Array = NDArray[np.float64]
WORTH_WRITING = 1.0
"""Seconds of computing from which on a value of a member that re-weights is written to the results folder, as its targets are."""
CHEAP = 1.0
"""Seconds of a member up to which pairs of members are climbed rather than a polynomial fitted."""


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
    sensitivity : Result, optional
        What the errors of the targets come from: see `scalith.ladder.sensitivity`.
    reweighted : dict of str to ReweightedQuantity
        How many members took what is sampled from the nominal climb, and how many sampled anew.
    """

    scatter: dict[str, Scatter]
    failed: tuple[FailedMember, ...] = ()
    sensitivity: Result | None = None
    reweighted: Mapping[str, ReweightedQuantity] = field(default_factory=dict)


class _Found(NamedTuple):
    """What one member found: values (of the ensemble's own members), numbers whose error is divided, deviates that it took,
    the effective share of what it re-weighted, and why it sampled the rest anew.
    """

    values: dict[str, Any]
    outputs: dict[str, Number]
    deviates: dict[str, Array]
    shares: dict[str, float]
    anew: dict[str, str]


class _Asked(NamedTuple):
    """What one member is to climb with, and whether its values are wanted."""

    number: int
    planned: Mapping[str, Array]
    seeds: Mapping[str, int]
    is_whole: bool


class _Sent:
    """What all members need, wherever they are climbed.

    Attributes
    ----------
    study, targets
        Of the nominal climb.
    alike : dict of str to (value, Kept)
        What is the same in all members, by key.
    references : dict of str to Reference
        What they re-weight instead of sampling anew.
    folder : Path or None
        Of the climb's store.
    code : str
        Digest of this package.
    """

    def __init__(
        self, run: Run, targets: list[str], alike: dict[str, tuple[Any, Kept]], references: dict[str, Reference]
    ) -> None:
        self.study, self.targets, self.alike, self.references = run.study, targets, alike, references
        self.folder = run.store.folder.resolve() if isinstance(run.store, Store) else None
        self.code = package_digest()


def spread(
    run: Run,
    targets: list[str],
    draws: int,
    executor: Executor | None = None,
    *,
    plan: Plan | None = None,
    pairs: bool | None = False,
    groups: Groups | None = None,
    reweight: bool = False,
) -> Ensemble:
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
    plan : {"random", "sobol", "latin hypercube"}, optional
        How deviates are drawn, instead of the study's own choice: see `scalith.ladder.member_draws.plan_deviates`.
    pairs : bool, optional
        Climb a second sample, and one more for each group, for sensitivity indices without a polynomial; `None`: where what
        members do not share took at most `CHEAP` seconds.
    groups : mapping of str to sequence of str, optional
        Inputs that count as one, by patterns of their paths: ``{"electrolyte": ["cell_specification.electrolyte.*"]}``.

    reweight : bool
        Let members take what was sampled from the nominal climb where they lie close enough.

    Returns
    -------
    Ensemble
        Scatter of what at least two members found, and what the errors of the targets come from.
    """
    inputs = drawn_inputs(run.values, {name: run.study.graph.nodes[name] for name in run.kept})
    grouped(inputs, groups)  # a group that names nothing is said before the members are climbed
    alike = _alike_in_all(run)
    if pairs is None:
        pairs = sum(kept.seconds for name, kept in run.kept.items() if run.keys[name] not in alike) <= CHEAP
    samples = _samples(run, inputs, draws, plan or run.study.header.plan, pairs)
    references = _references(run) if reweight else {}
    sent = _Sent(run, targets, alike, references)
    found, failed = _climbed(run, sent, [one for sample in samples for one in sample], executor)
    there = [one.values for one in found[:draws] if one is not None]
    common = [name for name in run.kept if len(there) >= 2 and all(name in values for values in there)]
    gathered = {name: _gather(name, run, [values[name] for values in there]) for name in common}
    scatter = {name: one for name, one in gathered.items() if one is not None}
    outputs = [{} if one is None else one.outputs for one in found]
    inputs = inputs.taken_by([one.deviates for one in found if one is not None])
    if not pairs:
        deviates = [{} if one is None else one.deviates for one in found]
        indices = of_members(outputs, deviates, inputs, groups)
        return Ensemble(scatter, tuple(failed), indices, _reweighted(run, references, found))
    by_group = {group: names for group, names in grouped(inputs, groups, strict=False).items() if names}
    mixed: dict[str, list[dict[str, Number]]] = {}
    for group, names in by_group.items():
        others, lost = _climbed(run, sent, _mixed(run, inputs, names, samples), executor, len(found) + draws * len(mixed))
        mixed[group] = [{} if one is None else one.outputs for one in others]
        failed += lost
    indices = of_pairs(outputs[:draws], outputs[draws:], mixed)
    return Ensemble(scatter, tuple(failed), indices, _reweighted(run, references, found))


def _references(run: Run) -> dict[str, Reference]:
    """What members re-weight: of the rungs that sample and know how."""
    found = {}
    for name in run.kept:
        try:
            reference = run.reference(run.study.graph.nodes[name])
        except ScalithError as error:
            run.listener.noted(f"{name}: every member samples anew, because {error}")
            continue
        if reference is not None:
            found[name] = reference
    return found


def _reweighted(run: Run, references: Mapping[str, Reference], found: Sequence[_Found | None]) -> dict[str, ReweightedQuantity]:
    """How the members came by what is sampled; said where some had to sample anew."""
    there = [one for one in found if one is not None]
    said = {}
    for name in references:
        reasons = [one.anew[name] for one in there if name in one.anew]
        shares = [one.shares[name] for one in there if name in one.shares]
        share = float(np.median(shares)) if shares else None
        first = reasons[0] if reasons else ""
        said[name] = ReweightedQuantity(members=len(there) - len(reasons), anew=len(reasons), reason=first, effective_share=share)
        if reasons:
            run.listener.noted(f"{name}: {len(reasons)} of {len(there)} members sampled anew, one of them because: {first}")
    return said


def _samples(run: Run, inputs: DrawnInputs, draws: int, plan: Plan, pairs: bool) -> list[list[_Asked]]:
    """The members of the ensemble; with `pairs` a second sample."""
    if plan == "random" and not pairs:  # each from its own seed
        return [[_Asked(index, {}, {}, True) for index in range(draws)]]
    seed = rung_seed(run.study.header.seed, "plan")
    planned = plan_deviates(inputs.columns, draws, plan, seed, samples=2 if pairs else 1)
    return [[_Asked(n * draws + k, row, {}, n == 0) for k, row in enumerate(rows)] for n, rows in enumerate(planned)]


def _mixed(run: Run, inputs: DrawnInputs, names: list[str], samples: list[list[_Asked]]) -> list[_Asked]:
    """The first sample with the inputs `names` from the second."""
    keys = [key for name in names for key in inputs.seeded.get(name, ())]
    asked = []
    for one, other in zip(*samples, strict=True):
        planned = dict(one.planned) | {name: other.planned[name] for name in names if name in inputs.columns}
        asked.append(_Asked(one.number, planned, dict.fromkeys(keys, _member_seed(run.study.header.seed, other.number)), False))
    return asked


def _climbed(
    run: Run, sent: _Sent, asked: list[_Asked], executor: Executor | None, before: int = 0
) -> tuple[list[_Found | None], list[FailedMember]]:
    found: list[_Found | None] = []
    failed: list[FailedMember] = []
    arguments = ([sent] * len(asked), asked)
    listener, total = run.listener, len(asked)
    listener.started("ensemble")
    for index, outcome in enumerate(parallel_map(_climb_member, *arguments, executor=executor, threads=1), start=1):
        listener.advanced("ensemble", index / total, f"member {index} of {total}")
        if isinstance(outcome, str):
            failed.append(FailedMember(member=before + index, reason=outcome))
            listener.noted(f"member {index} of {total} failed: {outcome}")
        found.append(None if isinstance(outcome, str) else outcome)
    lost = f", {len(failed)} failed" if failed else ""
    listener.finished("ensemble", 0.0, f"{total - len(failed)} members{lost}", reused=False)
    return found, failed


def member_of(study: Study, index: int, draws: MemberDraws | None = None) -> Study:
    """The study of one member: what states an error is drawn, and the seed is the member's own.

    Raises
    ------
    InputError
        Drawn numbers contradict each other, or a limit of their field.
    """
    seed = _member_seed(study.header.seed, index)
    taking = draws or MemberDraws()

    def drawn(stated: Mapping[str, Any]) -> dict[str, Any]:
        return {name: taking.stated(name, value, rung_seed(seed, f"draw {name}")) for name, value in stated.items()}

    header = study.header.model_copy(update={"seed": seed})
    return replace(study, header=header, settings=drawn(study.settings), given=drawn(study.given))


def _member_seed(seed: int, index: int) -> int:
    return rung_seed(seed, f"draw {index}")


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
        return MemberDraws().stated("", value, 0) is not value
    except ScalithError:  # a draw that cannot be
        return True


def _climb_member(sent: _Sent, asked: _Asked) -> _Found | str:
    """What one member found, or why it could not be climbed: drawn numbers may lie where no model holds."""
    if package_digest() != sent.code:
        found = f"worker {platform.node()}: found Scalith {__version__} with other code"
        raise StudyError(f"{found}; expected the same version on all machines")
    draws = MemberDraws(asked.planned, asked.seeds)
    try:
        store = MemberStore(sent.alike, sent.folder, WORTH_WRITING if sent.references else 0.0, sent.targets)
        study = member_of(sent.study, asked.number, draws)
        run = Run(study, store, progress.Silent(), member=draws, references=sent.references)
        run.execute(sent.targets)
    except (ScalithError, ArithmeticError, ValueError) as error:
        return str(error)
    outputs: dict[str, Number] = {}
    for name in sent.targets:
        about = study.graph.about(name)
        outputs |= outputs_of(name, run.values[name], about.quantity.unit if about is not None else "")
    stated = {name: getattr(run.values[name], "attrs", {}).get("effective_share") for name in sent.references}
    shares = {name: float(share) for name, share in stated.items() if share is not None and name not in run.anew}
    values = {name: run.values[name] for name in run.kept} if asked.is_whole else {}
    return _Found(values, outputs, draws.deviates, shares, run.anew)


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
