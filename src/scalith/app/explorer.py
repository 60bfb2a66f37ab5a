"""A study as something to hold: move its numbers, and what depends on them is computed again, in memory."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple, cast

from scalith.app.estimates import AtOnce, Estimate, Estimator, Lesson, places, sampled_quantities, taught_quantities
from scalith.app.knobs import HEAT_CAPACITY, SPECIFIC_HEAT, Knob, knobs_of, number_of, scaled
from scalith.app.noted_answers import note_answer
from scalith.app.views import VIEWS, drawn, views_of
from scalith.ladder import Climb, Climbed, Entry, Ledger, Study
from scalith.ladder.ensemble import Ensemble, member_of
from scalith.ladder.study import with_targets
from scalith.pack import ModuleSpecification
from scalith.quantities import InputError, Property, ScalithError, Uncertain, nearest, parse_uncertain
from scalith.report import ladder_picture
from scalith.report.cards import words_of
from scalith.report.shown_units import ShownUnit, shown_unit
from scalith.report.summary import Found, summary

Changes = Mapping[str, Any]
"""A state: values of knobs by name, those that differ from the study."""

Hear = Callable[[dict[str, Any]], None]
"""Takes what happens while a state is computed, one plain dictionary an event."""


class Cancelled(Exception):
    """A computation that is not wanted any more."""


class _Relay:
    """Passes on what a climb says, and stops it where nobody waits for it."""

    def __init__(self) -> None:
        self.hear: Hear = lambda event: None
        self.stopped: Callable[[], bool] = lambda: False
        self.starting: Callable[[str], None] = lambda name: None
        self.seconds: dict[str, float] = {}

    def planned(self, names: list[str]) -> None:
        """Nothing to say."""

    def started(self, name: str) -> None:
        """A rung is being computed."""
        self.look()
        self.hear({"event": "started", "name": name})
        self.starting(name)

    def advanced(self, name: str, fraction: float, message: str) -> None:
        """A rung goes on."""
        self.look()
        self.hear({"event": "advanced", "name": name, "fraction": fraction, "message": message})

    def finished(self, name: str, seconds: float, headline: str, *, reused: bool) -> None:
        """A rung is there."""
        self.seconds[name] = seconds
        self.look()
        if not reused:
            self.hear({"event": "finished", "name": name, "seconds": seconds, "headline": headline})

    def noted(self, message: str) -> None:
        """What the user should know."""
        self.hear({"event": "noted", "message": message})

    def look(self) -> None:
        """Stop here if nobody waits.

        Raises
        ------
        Cancelled
        """
        if self.stopped():
            raise Cancelled


class Answer(NamedTuple):
    """What one state is.

    Attributes
    ----------
    climbed : Climbed
    figures : list of dict
        Pictures of the view that was asked for.
    """

    climbed: Climbed
    figures: list[dict[str, Any]]


class Explorer:
    """Answers for any state of a study; several people (or tabs) may ask, one after the other is served.

    Parameters
    ----------
    study : Study
        From `scalith.ladder.read_study`.
    results : path, optional
        Results folder of the study: what it finished is read there.

    Attributes
    ----------
    knobs : dict of str to Knob
    whole : Study
        Besides the targets of the study what its other sections lead to: computed where it is looked at.
    """

    def __init__(self, study: Study, results: str | Path | None = None) -> None:
        self.study = study
        self.whole = whole_study(study)
        self.results = Path("results") / study.name if results is None else Path(results)
        self._relay = _Relay()
        self._climb = Climb(study, listener=self._relay, results=self.results)
        self.knobs: dict[str, Knob] = {knob.name: knob for knob in knobs_of(self.whole)}
        self._stated = {place: self._climb.stated(place) for knob in self.knobs.values() for place in knob.places}
        self._estimator = Estimator(self.knobs, self._relay.seconds)
        self._noted: set[str] = set()  # views whose first answers are in the results folder
        self._at: dict[str, tuple[str, Any]] = {}  # by place: the knob with its value, and what it states there
        self._lock = threading.Lock()
        self._waiting: set[int] = set()  # threads

    def about(self) -> dict[str, Any]:
        """Title, knobs, views and the ladder as it is before anything is computed."""
        ledger = self._expected()
        return {
            "title": self.study.header.title,
            "study": self.study.name,
            "knobs": [knob.to_plain() | {"slow": self._is_slow(knob)} for knob in self.knobs.values()],
            "views": [
                {"name": name, "title": VIEWS[name].title, "question": VIEWS[name].question} for name in views_of(self.whole)
            ],
            "quantities": [entry.quantity for entry in ledger.entries],
            "ladder": ladder_picture(ledger, {}),
        }

    @contextmanager
    def at(
        self, changes: Changes, hear: Hear = lambda event: None, stopped: Callable[[], bool] = lambda: False
    ) -> Iterator[Climb]:
        """The climb of a state, held while the block lasts.

        Parameters
        ----------
        changes : mapping of str to object
            Values of knobs in SI (or as a study file says them), by name.
        hear : callable, optional
            Told what happens.
        stopped : callable, optional
            Whether the answer is not wanted any more.

        Raises
        ------
        InputError
            An unknown knob, or a value that the study does not take; nothing is changed.
        Cancelled
            `stopped` said so.
        """
        self._waiting.add(threading.get_ident())
        try:
            while not self._lock.acquire(timeout=0.05):
                if stopped():
                    raise Cancelled
        finally:
            self._waiting.discard(threading.get_ident())
        try:
            self._relay.hear, self._relay.stopped = hear, stopped
            self._move(changes)
            yield self._climb
        finally:
            self._relay.hear, self._relay.stopped, self._relay.starting = lambda event: None, lambda: False, lambda name: None
            self._lock.release()

    def is_awaited(self) -> bool:
        """Whether somebody waits for the state that is computed to be there, or to be given up."""
        return bool(self._waiting - {threading.get_ident()})

    def answer(
        self,
        changes: Changes,
        view: str = "",
        hear: Hear = lambda event: None,
        stopped: Callable[[], bool] = lambda: False,
        quantity: str = "",
    ) -> Answer:
        """Compute a state: what a view or a box of the ladder shows first, then all targets of the study.

        Parameters
        ----------
        changes, hear, stopped
            As in `at`.
        view : str
            One of `scalith.app.views.VIEWS`.
        quantity : str
            A quantity whose pictures are wanted as well.

        Raises
        ------
        InputError
            As in `at`; an unknown view or quantity.
        """
        if view and view not in views_of(self.whole):
            raise InputError("explorer", "view", view, nearest(view, views_of(self.whole)))
        known = [entry.quantity for entry in self._expected().entries]
        if quantity and quantity not in known:
            raise InputError("explorer", "quantity", quantity, nearest(quantity, known))
        with self.at(changes, hear, stopped) as climb:
            self._relay.starting = self._at_once(climb, changes, view, quantity, hear)
            first = [name for name in known if name == quantity or (view and name.rpartition(".")[2] in VIEWS[view].computed)]
            figures: list[dict[str, Any]] = []
            told: list[dict[str, Any]] = []
            own = set(self.study.needed_for(self.study.targets))
            # What the study's own targets lead to is drawn before what only this view asks for.
            for shown in dict.fromkeys((tuple(name for name in first if name in own), tuple(first))):
                if not shown:
                    continue
                found = climb.compute(shown)
                whole = Found(found.ledger, found.values, {})
                figures, not_drawn = drawn(view, quantity, whole, lambda some: hear({"event": "curves", "figures": some}))
                told = [{"event": "figures", "figures": figures, "failed": found.failed, "not_drawn": not_drawn}]
                hear(told[0])
            climbed = climb.compute(list(dict.fromkeys([*self.study.targets, *first])))
            self._estimator.last = climbed, climb.study
            told.append({"event": "state"} | self.said(climbed))
            hear(told[-1])
        if view and not changes and not quantity and view not in self._noted:
            self._noted.add(view)
            note_answer(self.study, self.results, self.about(), view, told)
        return Answer(climbed, figures)

    def _at_once(self, climb: Climb, changes: Changes, view: str, quantity: str, hear: Hear) -> Callable[[str], None]:
        """What is to be done when a rung starts: once, before one that takes long, an estimate is told."""
        estimator, study, left = self._estimator, climb.study, [climb.beside()]

        def starting(name: str) -> None:
            if not left or not estimator.is_slow(name, study):
                return
            climb_beside, wanted = left.pop().beside(self._refuse_slow(study)), self._wanted(view, quantity)
            with suppress(ScalithError, ArithmeticError, ValueError):  # the exact answer does not depend on an estimate
                found = estimator.estimate(name, climb_beside, changes, wanted)
                if found is not None:
                    hear({"event": "estimate"} | self._estimated(found, view, quantity))

        return starting

    def _refuse_slow(self, study: Study) -> AtOnce:
        return AtOnce(lambda name: self._estimator.is_slow(name, study), self._relay.look)

    def _wanted(self, view: str, quantity: str) -> list[str]:
        """Targets of the study, and what a view or a box shows besides."""
        computed = VIEWS[view].computed if view else ()
        known = [entry.quantity for entry in self._expected().entries]
        shown = [name for name in known if name == quantity or name.rpartition(".")[2] in computed]
        return list(dict.fromkeys([*shown, *self.study.targets]))

    def _estimated(self, estimate: Estimate, view: str, quantity: str) -> dict[str, Any]:
        """An estimate in plain data: pictures and numbers of what rests on it, each number with the error that it adds."""
        found = Found(estimate.found.ledger, estimate.found.values, {})
        figures, _ = drawn(view, quantity, found)
        further = {} if estimate.further is None else _values(Found(estimate.further.ledger, estimate.further.values, {}))
        numbers = []
        for line in numbers_of(found):
            name, at, moved = line["quantity"], line["value"], further.get((line["topic"], line["label"]))
            added = None if at is None or moved is None or name not in estimate.shifted else abs(moved - at)
            numbers.append(line | {"estimated": name in estimate.above, "estimate_error": added})
        return {"figures": figures, "numbers": numbers, "words": estimate.words, "of": sorted(estimate.above)}

    def teach(
        self,
        changes: Changes,
        name: str,
        members: int = 8,
        hear: Hear = lambda event: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> int:
        """Climb members over the range of a knob, so that a surrogate of the properties above answers at once for it.

        Parameters
        ----------
        changes, hear, stopped
            As in `answer`: the members are about this state.
        name : str
            A knob that reaches what is sampled.
        members : int
            From 6 to 40.

        Returns
        -------
        int
            How many properties are answered for.

        Raises
        ------
        InputError
            As in `at`; a knob that reaches nothing that is sampled; another number of members.
        """
        if isinstance(members, bool) or not isinstance(members, int) or not 6 <= members <= 40:
            raise InputError("explorer", "members", members, "6 to 40")
        known = [knob.name for knob in self.knobs.values() if self._is_slow(knob)]
        if name not in known:
            raise InputError("explorer", "knob", name, nearest(name, known))
        knob = self.knobs[name]
        values = places(knob.low, knob.high, members, logarithmic=knob.logarithmic)
        values = list(dict.fromkeys(float(round(value)) if knob.whole else value for value in values))
        found: list[tuple[float, dict[str, Any]]] = []
        wanted = [one for one in taught_quantities(self.study) if one in knob.reaches]
        for k, value in enumerate(values):
            hear({"event": "advanced", "name": name, "fraction": k / len(values), "message": f"member {k + 1} of {len(values)}"})
            with self.at({**changes, name: value}, hear, stopped) as climb:
                found.append((value, climb.compute(wanted).values))
        there = [(value, of_one) for value, of_one in found if all(one in of_one for one in wanted)]
        taught = {one: [of_one[one] for _, of_one in there] for one in wanted} if there else {}
        logarithmic = [name] if knob.logarithmic else []
        lesson = Lesson.of(changes, {name: [value for value, _ in there]}, taught, logarithmic)
        if lesson is not None:
            self._estimator.lessons.append(lesson)
        count = 0 if lesson is None else len(lesson.surrogates)
        hear({"event": "taught", "name": name, "members": len(there), "quantities": count})
        return count

    def _is_slow(self, knob: Knob) -> bool:
        """Whether a knob is one number that reaches what is sampled, and what can be learnt of that."""
        known = (sampled_quantities(self.study), taught_quantities(self.study))
        return isinstance(knob.value, float) and not any(set(knob.reaches).isdisjoint(names) for names in known)

    def spread(
        self,
        changes: Changes,
        view: str,
        draws: int,
        hear: Hear = lambda event: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Answer:
        """Members of an ensemble about a state: the pictures of a view with their bands.

        Parameters
        ----------
        changes, view, hear, stopped
            As in `answer`.
        draws : int
            From 2 to 200.

        Raises
        ------
        InputError
            As in `answer`; another number of members.
        """
        if isinstance(draws, bool) or not isinstance(draws, int) or not 2 <= draws <= 200:
            raise InputError("explorer", "draws", draws, "2 to 200 members")
        if view not in views_of(self.whole):
            raise InputError("explorer", "view", view, nearest(view, views_of(self.whole)))
        with self.at(changes, hear, stopped) as climb:
            wanted = [entry.quantity for entry in self._expected().entries if entry.origin == "computed"]
            wanted = [name for name in wanted if name.rpartition(".")[2] in VIEWS[view].computed]
            found = climb.compute(wanted)
            ensemble = climb.ensemble([name for name in wanted if name in found.values], draws)
            members = {name: scatter.members for name, scatter in ensemble.scatter.items()}
            self._learn(changes, climb.study, draws, ensemble)
            whole = Found(found.ledger, found.values, members)
            figures, not_drawn = drawn(view, "", whole)
            scatter = {name: item.headline for name, item in ensemble.scatter.items()}
            lost = {str(item.member): item.reason for item in ensemble.failed}
            hear({"event": "figures", "figures": figures, "failed": found.failed, "not_drawn": not_drawn})
            hear({"event": "spread", "scatter": scatter, "lost": lost, "numbers": numbers_of(whole), "draws": draws})
        return Answer(found, figures)

    def _learn(self, changes: Changes, study: Study, draws: int, ensemble: Ensemble) -> None:
        """Members of an ensemble teach what follows from the numbers that they draw."""
        lost = {item.member for item in ensemble.failed}
        inputs: dict[str, list[float]] = {}
        for index in range(draws):
            if index + 1 not in lost:
                drawn_study = member_of(study, index)
                for knob in self.knobs.values():
                    value = number_of(knob, drawn_study) if self._is_slow(knob) and not knob.factor else None
                    if value is not None:
                        inputs.setdefault(knob.name, []).append(value)
        there = [name for name in taught_quantities(study) if name in ensemble.scatter]
        members = {name: ensemble.scatter[name].members for name in there}
        properties = {name: value for name, value in members.items() if isinstance(value, Property)}
        lesson = Lesson.of(changes, inputs, properties)
        if lesson is not None:
            self._estimator.lessons.append(lesson)

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """A folder within the results folder for files that are read or written on the way; it is removed again."""
        made = [folder for folder in (self.results, *self.results.parents) if not folder.is_dir()]
        self.results.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix=".explorer-", dir=self.results))
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)
            with suppress(OSError):  # another one has written there meanwhile
                for folder in made:
                    folder.rmdir()

    def said(self, climbed: Climbed) -> dict[str, Any]:
        """A state in plain data: the ladder, the numbers that matter, every box."""
        words = {entry.quantity: words_of(entry, climbed.values.get(entry.quantity)) for entry in climbed.ledger.entries}
        missing = {entry.quantity: entry for entry in self._expected().entries if entry.quantity not in climbed.values}
        for name, entry in missing.items():
            reason = climbed.failed.get(name, "")
            missing[name] = entry.model_copy(update={"headline": "could not be computed" if reason else entry.headline})
        ledger = climbed.ledger.model_copy(update={"entries": (*climbed.ledger.entries, *missing.values())})
        return {
            "ladder": ladder_picture(ledger, words),
            "numbers": numbers_of(Found(climbed.ledger, climbed.values, {})),
            "boxes": {entry.quantity: self._box(entry, words[entry.quantity]) for entry in climbed.ledger.entries},
            "failed": climbed.failed,
        }

    def _box(self, entry: Entry, words: str) -> dict[str, Any]:
        shown = shown_unit(entry.unit, entry.value)
        return {
            "title": entry.title,
            "words": words,
            "value": entry.value,
            "error": entry.standard_error if entry.standard_error is None or isfinite(entry.standard_error) else None,
            "unit": entry.unit,
            "value_of": entry.value_of,
            "shown": list(shown),
            "kind": entry.source.kind if entry.source else entry.origin,
            "source": (entry.source.reference or entry.source.by) if entry.source else "",
            "digest": entry.digest,
            "parents": list(entry.parents),
            "marks": {mark: list(names) for mark, names in entry.marks.items()},
        }

    def _expected(self) -> Ledger:
        """The quantities that the study leads to, with nothing found yet."""
        study, entries = self.whole, []
        for name in study.needed_for(study.targets):
            about = study.graph.about(name)
            if about is None or (name not in study.graph.nodes and name not in study.given):
                continue
            given = name in study.given
            inputs = [] if given else list(study.graph.nodes[name].inputs.values())
            entries.append(
                Entry(
                    quantity=name,
                    title=about.quantity.title,
                    scale=about.scale,
                    origin="given" if given else "computed",
                    headline="…",
                    source=None,
                    digest="",
                    parents=dict.fromkeys(inputs, ""),
                )
            )
        return Ledger(
            study=study.name,
            title=study.header.title,
            version="",
            code="",
            study_file=study.file.digest,
            entries=tuple(entries),
        )

    def _move(self, changes: Changes) -> None:
        """Bring the climb to a state, from whatever state it is in."""
        wanted: dict[str, tuple[str, Any]] = {}
        for name in changes:
            if name not in self.knobs:
                raise InputError("explorer", "knob", name, nearest(name, self.knobs))
        # A knob of several places first: one of them that is moved itself stands.
        for name in sorted(changes, key=lambda name: -len(self.knobs[name].places)):
            known, places = f"{name} {changes[name]!r}", self.knobs[name].places
            there = {place: self._at[place] for place in places if place in self._at and self._at[place][0] == known}
            said = (
                there
                if len(there) == len(places)
                else {place: (known, x) for place, x in self.statements(name, changes[name]).items()}
            )
            wanted |= said
        if {place: known for place, (known, _) in wanted.items()} != {place: known for place, (known, _) in self._at.items()}:
            self._climb.change({place: said for place, (_, said) in wanted.items() if said is not None}, since=self.study)
            self._at = wanted

    def statements(self, name: str, value: object) -> dict[str, Any]:
        """What a knob at a value states in the study, by place."""
        knob = self.knobs[name]
        if not knob.factor:
            said = dict.fromkeys(knob.places, knob.statement(value))
            if name == HEAT_CAPACITY and SPECIFIC_HEAT in said:  # of a module of the same cells
                heat = parse_uncertain(said[knob.places[0]], "J/K", where="knob", field=name)
                body = cast(ModuleSpecification, self.study.settings["module"]).cell
                new = float(heat) / float(body.mass)
                said[SPECIFIC_HEAT] = f"{new!r} J kg-1 K-1"
                if isinstance(body.specific_heat, Uncertain):  # its relative error stays
                    error = new * body.specific_heat.error / float(body.specific_heat)
                    said[SPECIFIC_HEAT] = {"value": said[SPECIFIC_HEAT], "standard_error": f"{error!r} J kg-1 K-1"}
            return said
        factor = knob.statement(value)
        if not isinstance(factor, float):
            raise InputError("knob", name, value, "a positive factor")
        if factor == 1.0:
            return {place: self._stated[place] for place in knob.places}
        return {place: self._times(place, factor) for place in knob.places}

    def _times(self, place: str, factor: float) -> Any:
        """What is given, or a number that the study states, times a factor."""
        if place in self.study.given:
            return scaled(self.study.given[place], factor)
        own = self.knobs[place]
        assert isinstance(own.value, float)
        return own.statement(own.value * factor)


def whole_study(study: Study) -> Study:
    """The study with all that can be computed from sections which its own targets leave aside."""
    used, graph = set(study.needed_for(study.targets)), study.graph
    stated, given = set(study.settings), set(study.given)
    reached = []
    for name in graph.nodes if stated - used else ():
        needed = set(study.needed_for([name])) if name not in used and graph.reached(name, given, stated) else set()
        sections = needed.intersection(graph.sections)
        if sections <= stated and not sections <= used:
            reached.append(name)
    return with_targets(study, [*study.targets, *reached]) if reached else study


def numbers_of(found: Found) -> list[dict[str, Any]]:
    """The lines of the summary as plain data."""
    lines = [(topic.title, line) for topic in summary(found) for line in topic.lines]
    return [line._asdict() | {"topic": title, "shown": list(_shown(line.unit, line.value))} for title, line in lines]


def _values(found: Found) -> dict[tuple[str, str], float | None]:
    return {(line["topic"], line["label"]): line["value"] for line in numbers_of(found)}


def _shown(unit: str, value: float | None) -> ShownUnit:
    """How the summary says a number."""
    return ShownUnit("W h", 1.0 / 3600.0) if unit == "J" else shown_unit(unit, value)


def read_study_of(path: str | Path, out: str | Path | None = None, *, allow_code: bool = False) -> tuple[Study, Path]:
    """The study and the results folder that a path means: a study file, or the results folder of a climb.

    Raises
    ------
    InputError
        The folder does not say which study it is of, or that study has changed since; two results folders.
    """
    import json

    from scalith.ladder import read_ledger, read_study
    from scalith.quantities import file_digest
    from scalith.unchanged import FILE, results_folder_of

    path = Path(path)
    if path.is_dir() and out is not None:
        raise InputError(str(path), "", f"a results folder, with another one ({out})", "the study file, or one results folder")
    if not path.is_dir():
        results = results_folder_of(path, out)
        return read_study(path, results, allow_code=allow_code), results
    ledger = read_ledger(path)
    try:
        noted = [Path(name) for name in json.loads((path / FILE).read_text(encoding="utf-8"))["inputs"]]
    except (OSError, ValueError, TypeError, KeyError):
        noted = []
    for file in noted:
        try:
            if file.stem == ledger.study and file_digest(file) == ledger.study_file:
                return read_study(file, path, allow_code=allow_code), path
        except (OSError, ScalithError):
            continue
    expected = "a results folder whose study file is where it was and unchanged, or the study file itself"
    raise InputError(str(path), "", f"no unchanged study {ledger.study!r}", expected)
