"""Climbing: from a study to a ledger, each rung computed once and kept."""

from __future__ import annotations

from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Literal

import xarray as xr

from scalith import __version__
from scalith.ladder import progress
from scalith.ladder.ensemble import Ensemble, Scatter, spread
from scalith.ladder.entries import entry_of
from scalith.ladder.given_origin import given_results
from scalith.ladder.invariance import require_one_truth, require_one_truth_of, shared_constants, who
from scalith.ladder.ledger import FILE as LEDGER_FILE
from scalith.ladder.ledger import Entry, Ledger, read_ledger
from scalith.ladder.marks import with_marks
from scalith.ladder.member_draws import Plan, require_plan
from scalith.ladder.quantity import Quantity
from scalith.ladder.results_folder import keep_only, note_files, opened, publish, set_damaged_ledger_aside, written_files
from scalith.ladder.run import Run
from scalith.ladder.sensitivity import LEAST_MEMBERS, Groups
from scalith.ladder.setting_entries import setting_entries
from scalith.ladder.store import Store, value_digest, value_ending, write_value
from scalith.ladder.study import Study, read_study, with_targets
from scalith.numerics.first_compilation import compile_beside
from scalith.quantities import InputError, Property, StudyError, package_digest, read_results, write_property_csv

SENSITIVITY = "sensitivity"
"""Name of the file that says what the errors come from."""


def climb(
    study: Study | str | Path,
    out: str | Path,
    *,
    until: str | None = None,
    draws: int | None = None,
    plan: Plan | None = None,
    pairs: bool | None = False,
    groups: Groups | None = None,
    reweight: bool | None = None,
    executor: Executor | None = None,
    listener: progress.Listener | None = None,
) -> Ledger:
    """Compute the study's targets, reuse what an earlier run finished, and publish the results.

    Parameters
    ----------
    study : Study or path
        From `read_study`, or the file of the study.
    out : path
        Results folder; it gets ``ledger.json`` and a folder ``quantities`` (NetCDF, CSV, JSON, BPX).
    until : str, optional
        Climb to this quantity only.
    draws : int, optional
        Members of an ensemble to climb as well, instead of the study's own number: see `scalith.ladder.ensemble`.
    plan : {"random", "sobol", "latin hypercube"}, optional
        How members are drawn, instead of the study's own choice: independently, by a scrambled Sobol' sequence or a Latin
        hypercube, whose percentiles settle with fewer members.
    pairs : bool, optional
        Climb a second sample, and one for each input, for sensitivity indices without a polynomial: see `rank_inputs`.
    groups : mapping of str to sequence of str, optional
        Inputs that count as one in sensitivity indices, by patterns of their paths:
        ``{"electrolyte": ["cell_specification.electrolyte.*"]}``.
    reweight : bool, optional
        Whether members take what was sampled from the nominal climb, re-weighted, where they lie close enough, instead of the
        study's own choice.
    executor : concurrent.futures.Executor, optional
        Where rungs send independent work.
    listener : Listener, optional
        Told about each rung.

    Returns
    -------
    Ledger

    Raises
    ------
    InputError
        `until` is not a quantity, or `plan` no way to draw members.
    StudyError
        The results folder cannot be written or is in use; or two scales disagree on a number that they share.
    ScalithError
        A rung failed: its own message. What had finished is kept and not computed again.
    """
    study = study if isinstance(study, Study) else read_study(study)
    listener = listener or progress.Silent()
    if until is not None:
        study.graph.check_target(until, "--until", "quantity")
        study = with_targets(study, [until])
    targets = study.targets
    names = study.needed_for(targets)
    members = study.header.draws if draws is None else draws
    if members == 1 or members < 0:
        raise InputError("draws", "", members, "0 for none, or at least 2")
    if plan is not None:
        require_plan(plan)
    require_one_truth_of(study)
    with opened(Path(out)) as folder:
        if word := set_damaged_ledger_aside(folder):
            listener.noted(word)
        store = Store(folder / "cache")
        store.forget_other_code(package_digest())
        run = Run(study, store, listener)
        planned = [name for name in names if name in study.graph.nodes and name not in study.given]
        listener.planned(planned)
        if any(study.graph.nodes[name].rung.quantity.runs_a_cell for name in planned):
            compile_beside("cell", "run_segment", "scalith.cell.runs.first_discharge")
        with progress.spread_over(executor):
            run.execute(targets)
        with progress.heard_by(listener):
            ledger = _publish(study, folder, run, names)
        if members:
            ledger = _publish_ensemble(
                ledger,
                spread(
                    run,
                    targets,
                    members,
                    executor,
                    plan=plan,
                    pairs=pairs,
                    groups=groups,
                    reweight=study.header.reweight if reweight is None else reweight,
                ),
                folder,
            )
        return ledger


def rank_inputs(
    study: Study | str | Path,
    out: str | Path,
    *,
    members: int = 64,
    method: Literal["pairs", "polynomial"] | None = None,
    plan: Plan = "sobol",
    groups: Groups | None = None,
    reweight: bool | None = None,
    executor: Executor | None = None,
    listener: progress.Listener | None = None,
) -> xr.Dataset:
    """Divide the errors of a study's targets among all that its members draw.

    Parameters
    ----------
    study, out, plan, groups, reweight, executor, listener
        As in `climb`; the results folder gets the ensemble, too.
    members : int
    method : {"pairs", "polynomial"}, optional
        `scalith.numerics.sobol_indices.indices_of_pairs` climbs members times (inputs + 2) times, most of it from the cache, and
        parts what is fitted or sampled as well; `polynomial_indices`, or `gaussian_process_indices` where it misses less, climbs
        each member once. Without it pairs are climbed where a member takes at most a second.

    Returns
    -------
    xarray.Dataset
        Over ``output`` (numbers of the targets) and ``input``: ``first_order``, ``total`` and their errors; attribute
        ``sentences`` says it in words.

    Raises
    ------
    InputError
        A group that names no input.
    StudyError
        Nothing is drawn, no target has a number, or too few members could be climbed.
    """
    study = study if isinstance(study, Study) else read_study(study)
    if method is not None and method not in ("pairs", "polynomial"):
        raise InputError("rank_inputs", "method", method, "'pairs' or 'polynomial'")
    pairs = None if method is None else method == "pairs"
    ledger = climb(
        study,
        out,
        draws=members,
        plan=plan,
        pairs=pairs,
        groups=groups,
        reweight=reweight,
        executor=executor,
        listener=listener,
    )
    if not ledger.sensitivity_file:
        raise StudyError(
            f"{study.path}: found nothing to divide the errors of {', '.join(study.targets)} among; expected numbers that state "
            f"an error, targets with a number, and for a polynomial at least {LEAST_MEMBERS} members"
        )
    return read_results(Path(out) / ledger.sensitivity_file)


def _publish(study: Study, folder: Path, run: Run, names: list[str]) -> Ledger:
    names = [name for name in names if name in run.values]
    earlier = _earlier_entries(study, folder, {name: run.digests[name] for name in names})
    constants = {name: shared_constants(name, run.values[name]) for name in names}
    known = [*constants.items(), *((entry.quantity, entry.constants) for entry in earlier)]
    require_one_truth(((who(name, study), stated) for name, stated in known), str(study.path))
    note_files(folder, {name: _published(name, run.values[name], study) for name in names if name not in study.settings})
    entries = []
    for name in names:
        settings = setting_entries(name, study.settings[name], study.file) if name in study.settings else []
        shared = {constant: value if isinstance(value, str) else float(value) for constant, value in constants[name].items()}
        entry = _entry(name, study, folder, run).model_copy(update={"constants": shared})
        if settings:
            entry = entry.model_copy(update={"parents": {item.quantity: item.digest for item in settings}})
        entries += [*settings, entry]
    ledger = Ledger(
        study=study.name,
        title=study.header.title,
        version=__version__,
        code=package_digest(),
        study_file=study.file.digest,
        entries=tuple(with_marks([*entries, *earlier])),
    )
    ledger.save(folder)
    _tidy(ledger, folder)
    return ledger


def _publish_ensemble(ledger: Ledger, ensemble: Ensemble, folder: Path) -> Ledger:
    """The ledger with the scatter of each quantity and the reasons of members that failed."""
    scatter, indices = ensemble.scatter, ensemble.sensitivity
    named = [*scatter, *([SENSITIVITY] if indices is not None else [])]
    note_files(folder, {name: [f"ensemble/{name}.nc"] for name in named})
    entries = tuple(_with_scatter(entry, scatter.get(entry.quantity), folder) for entry in ledger.entries)
    found: dict[str, Any] = {"entries": entries, "failed_members": ensemble.failed, "reweighted": dict(ensemble.reweighted)}
    if indices is not None:
        found["sensitivity_file"] = write_value(indices, folder / "ensemble" / SENSITIVITY).relative_to(folder).as_posix()
    ledger = ledger.model_copy(update=found)
    ledger.save(folder)
    _tidy(ledger, folder)
    return ledger


def _published(name: str, value: Any, study: Study) -> list[str]:
    """Files in the results folder that a value is written to."""
    about = study.graph.about(name)
    assert about is not None
    csv = [".csv"] if isinstance(value, Property) else []
    endings = [value_ending(value), *csv, *about.quantity.exports]
    return [f"quantities/{name}{ending}" for ending in endings]


def _earlier_entries(study: Study, folder: Path, digests: dict[str, str]) -> list[Entry]:
    """What an earlier, larger climb found and what still holds: same code, same settings, same parents."""
    if not (folder / LEDGER_FILE).is_file():
        return []
    earlier = read_ledger(folder)
    if (earlier.code, earlier.study) != (package_digest(), study.name):
        return []
    known, kept = dict(digests), []
    section_of = {parent: entry for entry in earlier.entries if entry.origin == "study" for parent in entry.parents}
    for entry in earlier.entries:
        asked = section_of.get(entry.quantity, entry)
        stated = study.settings.get(asked.quantity, study.given.get(asked.quantity))
        if entry.origin == "computed":
            holds = all(known.get(name) == digest for name, digest in entry.parents.items())
        else:
            holds = stated is not None and value_digest(stated) == asked.digest
        if entry.quantity not in known and asked.quantity not in digests and holds:
            known[entry.quantity] = entry.digest
            kept.append(entry)
    return kept


def _tidy(ledger: Ledger, folder: Path) -> None:
    """Remove files that earlier climbs published and the ledger does not speak of: they belong to other settings."""
    written = written_files(folder)
    kept = {
        entry.quantity: [
            file for file in written.get(entry.quantity, []) if file.startswith("quantities/") or file == entry.ensemble_file
        ]
        for entry in ledger.entries
        if entry.file
    }
    if ledger.sensitivity_file:
        kept[SENSITIVITY] = [ledger.sensitivity_file]
    keep_only(folder, kept)


def _entry(name: str, study: Study, folder: Path, run: Run) -> Entry:
    """The entry of a value, which is written to the results folder."""
    entry = entry_of(name, study, run)
    if name in study.settings:
        return entry
    about = study.graph.about(name)
    assert about is not None
    value = run.values[name]
    results, quantity_there = ("", "")
    if name in run.kept:
        kept_file = folder / "cache" / run.kept[name].file
        publish(kept_file, file := folder / "quantities" / f"{name}{kept_file.suffix}")
    else:
        file = write_value(value, folder / "quantities" / name)
        results, quantity_there = given_results(study, name, folder)
    _export(name, value, about.quantity, file.parent)
    placed = {"file": file.relative_to(folder).as_posix(), "results": results, "quantity_there": quantity_there}
    return entry.model_copy(update=placed)


def _with_scatter(entry: Entry, scatter: Scatter | None, folder: Path) -> Entry:
    if scatter is None:
        return entry
    path = write_value(scatter.members, folder / "ensemble" / entry.quantity)
    return entry.model_copy(update={"scatter": scatter.headline, "ensemble_file": path.relative_to(folder).as_posix()})


def _export(name: str, value: Any, quantity: Quantity, folder: Path) -> None:
    if isinstance(value, Property):
        write_property_csv(value, folder / f"{name}.csv")
    for ending, write in quantity.exports.items():
        write(value, folder / f"{name}{ending}")
