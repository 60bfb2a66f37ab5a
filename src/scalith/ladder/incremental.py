"""A climb in memory: change a number, and only what depends on it is computed again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, NamedTuple

from scalith import __version__
from scalith.ladder import progress
from scalith.ladder.ensemble import Ensemble, spread
from scalith.ladder.entries import entry_of
from scalith.ladder.invariance import require_one_truth, require_one_truth_of, shared_constants, who
from scalith.ladder.ledger import Ledger, headline
from scalith.ladder.marks import with_marks
from scalith.ladder.quantity import Settings
from scalith.ladder.run import Run
from scalith.ladder.store import MemoryStore
from scalith.ladder.study import Study, study_of, with_targets
from scalith.quantities import FileRecord, InputError, digest, nearest, package_digest


class Climbed(NamedTuple):
    """What a climb in memory found.

    Attributes
    ----------
    ledger : Ledger
        Every quantity that was reached, children before parents; its values are in memory, not in files.
    values : dict of str to object
        By quantity.
    failed : dict of str to str
        Quantities that could not be computed, with the reason.
    """

    ledger: Ledger
    values: dict[str, Any]
    failed: dict[str, str]


class Climb:
    """A study climbed in memory, quantity by quantity, for notebooks and for what answers while one waits.

    Files that the study names are read once, when the study is read; nothing is written.

    Parameters
    ----------
    study : Study
        From `read_study`.
    listener : Listener, optional
        Told about each rung.
    executor : concurrent.futures.Executor, optional
        Where rungs send independent work.
    results : path, optional
        Results folder of an earlier climb: what it finished and what still holds is read there.

    Examples
    --------
    >>> climb = Climb(read_study("study.toml"))  # doctest: +SKIP
    >>> climb["pack_temperature"]["peak_temperature"]  # doctest: +SKIP
    >>> climb.set("cell.positive.thickness", "80 um")  # doctest: +SKIP
    >>> climb["pack_temperature"]["peak_temperature"]  # the cell and the pack anew, no Monte Carlo  # doctest: +SKIP
    """

    def __init__(
        self,
        study: Study,
        *,
        listener: progress.Listener | None = None,
        executor: Executor | None = None,
        results: str | Path | None = None,
    ) -> None:
        store = MemoryStore(folder=None if results is None else Path(results) / "cache")
        self._run = Run(study, store, listener or progress.Silent())
        self._executor = executor

    @property
    def study(self) -> Study:
        """The study as it stands, with all changes."""
        return self._run.study

    def __getitem__(self, quantity: str) -> Any:
        """The value of a quantity; what it needs and what changed since is computed.

        Raises
        ------
        InputError
            There is no such quantity.
        StudyError
            Something that it needs is neither given nor computable; or two scales disagree on a number that they share.
        """
        run, study = self._run, self.study
        if quantity in study.given:
            return study.given[quantity]
        study.graph.check_target(quantity, "climb", "quantity")
        require_one_truth_of(study)
        run.study = with_targets(study, [quantity])
        with progress.spread_over(self._executor):
            run.execute([quantity])
        names = [name for name in run.study.needed_for([quantity]) if name in run.values]
        run.study = study
        require_one_truth(((who(name, study), shared_constants(name, run.values[name])) for name in names), str(study.path))
        return run.values[quantity]

    def compute(self, quantities: Sequence[str]) -> Climbed:
        """Several quantities in one walk, with all that they rest on; one that fails does not stop the others.

        Parameters
        ----------
        quantities : sequence of str

        Returns
        -------
        Climbed

        Raises
        ------
        InputError
            There is no such quantity.
        StudyError
            Two scales disagree on a number that they share.
        """
        run, study = self._run, self.study
        for quantity in quantities:
            if quantity not in study.given:
                study.graph.check_target(quantity, "climb", "quantity")
        require_one_truth_of(study)
        run.study = with_targets(study, list(quantities))
        failed: dict[str, str] = {}
        try:
            with progress.spread_over(self._executor):
                run.execute(quantities, failed)
            names = [name for name in run.study.needed_for(quantities) if name in run.values and name not in failed]
            names = [name for name in names if name in study.graph.nodes or name in study.given]
            entries = with_marks([entry_of(name, run.study, run) for name in names])
        finally:
            run.study = study
        require_one_truth(((who(name, study), shared_constants(name, run.values[name])) for name in names), str(study.path))
        ledger = Ledger(
            study=study.name,
            title=study.header.title,
            version=__version__,
            code=package_digest(),
            study_file=study.file.digest,
            entries=tuple(entries),
        )
        return Climbed(ledger, {name: run.values[name] for name in names}, failed)

    def ensemble(self, quantities: Sequence[str], draws: int, *, reweight: bool = False) -> Ensemble:
        """Members of an ensemble about the present state, in memory: see `scalith.ladder.ensemble`.

        Parameters
        ----------
        quantities : sequence of str
            Quantities to climb to.
        draws : int
            At least 2.
        reweight : bool
            Let members take what was sampled from the nominal climb where they lie close enough.

        Returns
        -------
        Ensemble
        """
        if draws < 2:
            raise InputError("ensemble", "draws", draws, "at least 2")
        study = with_targets(self.study, list(quantities))
        run = Run(study, self._run.store, self._run.listener)
        with progress.spread_over(self._executor):
            run.execute(study.targets)
            return spread(run, study.targets, draws, self._executor, reweight=reweight)

    def beside(self, listener: progress.Listener | None = None) -> Climb:
        """Another climb at the present state, to try something: what either computes, both find; changes are its own.

        Parameters
        ----------
        listener : Listener, optional
            Told about each of its rungs.
        """
        other = Climb(self.study, listener=listener, executor=self._executor)
        other._run.store = self._run.store
        return other

    def headline(self, quantity: str) -> str:
        """What was found, in one short text."""
        value, about = self[quantity], self.study.graph.about(quantity)
        assert about is not None
        return headline(value, about.quantity.headline)

    def set(self, name: str, value: Any) -> None:
        """Change a setting, or give a quantity instead of computing it.

        Parameters
        ----------
        name : str
            A setting by its section and field, as in the study: ``"monte_carlo.sweeps"``,
            ``"positive.cluster_fit.pair_cutoff"``, ``"cell.positive_electrode.thickness"``, or shorter
            ``"cell.positive.thickness"``; in one of several tables by its number from 0,
            ``"ageing.segments.0.cycles"``; or a quantity.
        value : object
            What the study file would say: a number, ``"80 um"``, a table, a file; or a `Property`, specification or data
            set. `None` takes a statement back.

        Raises
        ------
        InputError
            The name is unknown, or the value is not accepted; the study stays as it was.
        """
        self.change({name: value})

    def change(self, statements: Mapping[str, Any], *, since: Study | None = None) -> None:
        """Change several settings or given quantities at once; each as `set` takes it.

        Parameters
        ----------
        statements : mapping of str to object
        since : Study, optional
            What else the study says: an earlier state, so that other changes are taken back. The present one without it.

        Raises
        ------
        InputError
            As `set`; the study stays as it was.
        """
        study = self.study
        base = since or study
        text, state = base.text, base.file.digest
        for name, value in statements.items():
            text = _changed(text, _place(name, study), value, name)
            state = digest(state, name, repr(value))
        file = FileRecord(name=study.file.name, digest=state)
        self._run.study = study_of(text, study.path, file, study.rung_files, earlier=study, allow_code=True)

    def stated(self, name: str) -> Any:
        """What the study says of a setting or a quantity, as it is written there; `None` where it says nothing.

        Raises
        ------
        InputError
            The name is unknown.
        """
        found: Any = self.study.text
        for key in _place(name, self.study):
            if isinstance(found, list) and key.isdecimal() and int(key) < len(found):
                found = found[int(key)]
            elif isinstance(found, Mapping) and key in found:
                found = found[key]
            else:
                return None
        return found


def _place(name: str, study: Study) -> list[str]:
    """Keys that lead to a setting or a given quantity in the parsed file."""
    graph = study.graph
    if graph.about(name) is not None:
        material, _, quantity = name.rpartition(".")
        return ["materials", material, "given", quantity] if material else ["given", quantity]
    parts = name.split(".")
    material = parts.pop(0) if parts[0] in study.text.get("materials", {}) else ""
    section = f"{material}.{parts[0]}" if material and parts else parts[0] if parts else ""
    if section not in graph.sections:
        known = [*graph.sections, *graph.nodes, *graph.givens]
        raise InputError("climb", name, "an unknown section or quantity", nearest(section, known))
    if len(parts) < 2:
        fields = ", ".join(graph.sections[section].model_fields)
        raise InputError("climb", name, "a whole section", f"one of its fields: {fields}")
    parts[1] = _field(parts[1], graph.sections[section], name)
    return ["materials", material, *parts] if material else parts


def _field(asked: str, kind: type[Settings], name: str) -> str:
    """A field of a section, or the one field that begins with this word."""
    fields = list(kind.model_fields)
    begins = [field for field in fields if field.startswith(f"{asked}_")]
    if asked in fields or not begins:
        if asked not in fields:
            raise InputError("climb", name, f"unknown field {asked!r}", nearest(asked, fields))
        return asked
    if len(begins) > 1:
        raise InputError("climb", name, f"{asked!r}", f"one of {', '.join(begins)}")
    return begins[0]


def _changed(text: Mapping[str, Any], place: list[str], value: Any, name: str) -> dict[str, Any]:
    """The parsed file with one place changed; what lies beside it stays the same object."""
    key, *rest = place
    changed = dict(text)
    if not rest:
        if value is None:
            changed.pop(key, None)
        else:
            changed[key] = value
        return changed
    below = text.get(key, {})
    if isinstance(below, list) and len(rest) > 1 and rest[0].isdecimal() and int(rest[0]) < len(below):
        number, *within = rest  # one of several tables: processes.1.rate_constant
        tables = list(below)
        tables[int(number)] = _changed(below[int(number)], within, value, name)
        changed[key] = tables
        return changed
    if not isinstance(below, Mapping):
        raise InputError("climb", name, f"{key} = {below!r}", f"a table that holds {rest[0]}")
    changed[key] = _changed(below, rest, value, name)
    return changed
