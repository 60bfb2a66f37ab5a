"""Climbing: from a study to a ledger, each rung computed once and kept."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from scalith import __version__
from scalith.ladder import graph, progress
from scalith.ladder.graph import given_only, needed_for, rungs
from scalith.ladder.ledger import Entry, Ledger, headline, numbers
from scalith.ladder.quantity import Quantity
from scalith.ladder.results_folder import opened, publish
from scalith.ladder.store import Kept, Store, value_digest, value_source, write_value
from scalith.ladder.study import Study, content_of
from scalith.quantities import FileRecord, InputError, Property, Source, digest, nearest, package_digest, write_property_csv


def climb(
    study: Study,
    out: str | Path,
    *,
    until: str | None = None,
    executor: Executor | None = None,
    listener: progress.Listener | None = None,
) -> Ledger:
    """Compute the study's targets, reuse what an earlier run finished, and publish the results.

    Parameters
    ----------
    study : Study
        From `read_study`.
    out : path
        Results folder; it gets ``ledger.json`` and a folder ``quantities`` (NetCDF, CSV, JSON, BPX).
    until : str, optional
        Climb to this quantity only.
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
        `until` is not a quantity.
    StudyError
        The results folder cannot be written or is in use.
    ScalithError
        A rung failed: its own message. What had finished is kept and not computed again.
    """
    listener = listener or progress.Silent()
    if until is not None and until not in rungs():
        raise InputError("--until", "quantity", until, nearest(until, rungs()))
    targets = [until] if until else study.targets
    names = needed_for(targets, set(study.given))
    with opened(Path(out)) as folder:
        store = Store(folder / "cache")
        store.forget_other_code(package_digest())
        run = _Run(study, store, listener)
        to_compute = [name for name in names if name in rungs() and name not in study.given]
        listener.planned(to_compute)
        with _spread_over(executor):
            run.execute([target for target in targets if target in to_compute], names)
        return _publish(study, folder, run, names)


class _Run:
    """One climb in progress: Hamilton walks the graph, this class computes or reuses each node."""

    def __init__(self, study: Study, store: Store, listener: progress.Listener) -> None:
        self.study, self.store, self.listener = study, store, listener
        self.values: dict[str, Any] = {}
        self.digests: dict[str, str] = {}
        self.kept: dict[str, Kept] = {}

    def execute(self, targets: list[str], names: list[str]) -> None:
        for name in names:
            if name in self.study.given or name in self.study.settings:
                self._hold(name, self.study.given.get(name, self.study.settings.get(name)))
        if not targets:
            return
        from hamilton import driver
        from hamilton.lifecycle import NodeExecutionMethod

        run = self

        class ComputeOrReuse(NodeExecutionMethod):  # type: ignore[misc]
            def run_to_execute_node(self, *, node_name: str, node_callable: Any, node_kwargs: dict[str, Any], **_: Any) -> Any:
                return run.value(node_name, node_callable, node_kwargs)

        built = driver.Builder().with_modules(*graph.rung_modules()).with_adapters(ComputeOrReuse()).build()
        needed = set(names)
        inputs = {name: self.values[name] for name in names if name in self.values and name not in rungs()}
        inputs |= {name: self.study.header.seed for name in ("seed",) if name in needed}
        overrides = {name: self.values[name] for name in names if name in self.study.given and name in rungs()}
        # Hamilton logs a page for every failed node; the error itself reaches the user.
        log = logging.getLogger("hamilton")
        before, log.disabled = log.disabled, True
        for name in list(logging.root.manager.loggerDict):
            if name.startswith("hamilton"):
                logging.getLogger(name).disabled = True
        try:
            built.execute(targets, inputs=inputs, overrides=overrides)
        finally:
            log.disabled = before

    def _hold(self, name: str, value: Any) -> None:
        self.values[name] = value
        self.digests[name] = value_digest(value)

    def value(self, name: str, function: Any, arguments: dict[str, Any]) -> Any:
        known = rungs().get(name)
        if known is None:  # an input: Hamilton passes it through a node of its own
            return function(**arguments)
        if "seed" in arguments:
            arguments = arguments | {"seed": rung_seed(self.study.header.seed, name)}
        inputs = {key: self.digests.get(key) or value_digest(value) for key, value in arguments.items()}
        key = digest(name, package_digest(), inputs)
        found = self.store.find(key, known.returns)
        if found is None:
            self.listener.started(name)
            token = progress.listening.set((self.listener, name))
            began = time.perf_counter()
            try:
                value = function(**arguments)
            finally:
                progress.listening.reset(token)
            kept = self.store.keep(key, name, value, time.perf_counter() - began, package_digest())
        else:
            value, kept = found
        self.values[name], self.digests[name], self.kept[name] = value, kept.digest, kept
        self.listener.finished(name, kept.seconds, headline(value, known.quantity.headline), reused=found is not None)
        return value


def rung_seed(seed: int, name: str) -> int:
    """The seed of one rung, spawned from the study's seed: stable against adding other rungs."""
    spawned = np.random.SeedSequence([seed, *name.encode()])
    return int(spawned.generate_state(1, np.uint32)[0])


@contextmanager
def _spread_over(executor: Executor | None) -> Iterator[None]:
    token = progress.executor.set(executor)
    try:
        yield
    finally:
        progress.executor.reset(token)


def _publish(study: Study, folder: Path, run: _Run, names: list[str]) -> Ledger:
    entries = [_entry(name, study, folder, run) for name in names if name in run.values]
    ledger = Ledger(
        study=study.name,
        title=study.header.title,
        version=__version__,
        code=package_digest(),
        study_file=content_of(study.path).digest,
        entries=tuple(entries),
    )
    ledger.save(folder)
    return ledger


def _entry(name: str, study: Study, folder: Path, run: _Run) -> Entry:
    value = run.values[name]
    if name in study.settings:
        source = Source(kind="assumed", reference="stated in the study", files=(content_of(study.path), *_files(value)))
        return Entry(
            quantity=name,
            title=f"settings [{name}]",
            scale="study",
            origin="study",
            headline=_brief(value),
            source=source,
            digest=run.digests[name],
        )
    found = rungs().get(name)
    scale, quantity = (found.scale, found.quantity) if found else given_only()[name][:2]
    computed = name in run.kept
    if computed:
        kept_file = run.store.folder / run.kept[name].file
        publish(kept_file, file := folder / "quantities" / f"{name}{kept_file.suffix}")
    else:
        file = write_value(value, folder / "quantities" / name)
    _export(name, value, quantity, file.parent)
    number, error = numbers(value)
    return Entry(
        quantity=name,
        title=quantity.title,
        scale=scale,
        origin="computed" if computed else "given",
        headline=headline(value, quantity.headline),
        value=number,
        standard_error=error,
        unit=quantity.unit,
        source=value_source(value),
        digest=run.digests[name],
        parents={parent: run.digests[parent] for parent in found.needs if parent in run.digests} if computed and found else {},
        seconds=run.kept[name].seconds if computed else 0.0,
        file=file.relative_to(folder).as_posix(),
    )


def _export(name: str, value: Any, quantity: Quantity, folder: Path) -> None:
    if isinstance(value, Property):
        write_property_csv(value, folder / f"{name}.csv")
    for ending, write in quantity.exports.items():
        write(value, folder / f"{name}{ending}")


def _files(value: Any) -> tuple[FileRecord, ...]:
    from scalith.ladder.quantity import InputFile

    return tuple(
        FileRecord(name=item.name, digest=item.content)
        for item in (getattr(value, field) for field in type(value).model_fields)
        if isinstance(item, InputFile)
    )


def _shown(item: Any) -> str:
    return str(item["name"]) if isinstance(item, dict) and "content" in item else str(item)


def _brief(value: Any) -> str:
    stated = value.model_dump(mode="json", exclude_defaults=True)
    text = ", ".join(f"{key} = {_shown(item)}" for key, item in stated.items())
    return text if len(text) <= 160 else text[:157] + "…"
