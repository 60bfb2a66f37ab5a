"""The ledger of a climb: every quantity with value, error, source and parents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import xarray as xr
from pydantic import BaseModel, ConfigDict, ValidationError

from scalith.ladder.graph import given_only, rungs
from scalith.ladder.store import read_value, value_digest
from scalith.quantities import InputError, Property, Source, StudyError, digest, file_digest, nearest, write_text

FILE = "ledger.json"


class Entry(BaseModel):
    """One quantity of a climb.

    Attributes
    ----------
    quantity, title, scale : str
    origin : str
        ``"computed"``, ``"given"``, ``"study"`` (a section of the study file) or ``"setting"`` (one of its fields).
    headline : str
        What was found, in one short text.
    value, standard_error : float, optional
        The number that stands for the quantity: of a curve, that at the middle of its domain.
    value_of : str
        What that number is, where the quantity is more than a number: ``"peak temperature"``.
    error_parts : dict of str to float
        The parts of the standard error by name, where it has more than one.
    unit : str
    source : Source, optional
    digest : str
        Content digest of the value.
    parents : dict of str to str
        Quantities it was computed from, with their digests.
    seconds : float
        What the computation took when it was done.
    file : str
        File in the results folder that holds the value.
    scatter : str
        Standard deviation over the members of the ensemble, in words; empty without one.
    ensemble_file : str
        File that holds the members.
    results, quantity_there : str
        Results folder of another study that a given value is taken from, as seen from this one, and its quantity: `ancestry`
        goes on in the ledger there.
    marks : dict of str to tuple of str
        ``"upper bound"``, ``"carried over"`` and ``"assumed"``, with the quantities below (or this one) that are.
    constants : dict of str to float or str
        What it takes the constants to be that several scales share: see `scalith.ladder.invariance`.
    """

    model_config = ConfigDict(frozen=True)

    quantity: str
    title: str
    scale: str
    origin: str
    headline: str
    value: float | None = None
    standard_error: float | None = None
    error_parts: dict[str, float] = {}
    value_of: str = ""
    unit: str = ""
    source: Source | None = None
    digest: str
    parents: dict[str, str] = {}
    seconds: float = 0.0
    file: str = ""
    scatter: str = ""
    ensemble_file: str = ""
    results: str = ""
    quantity_there: str = ""
    marks: dict[str, tuple[str, ...]] = {}
    constants: dict[str, float | str] = {}


class FailedMember(BaseModel):
    """A member of an ensemble that could not be climbed: its number, and why."""

    model_config = ConfigDict(frozen=True)

    member: int
    reason: str


class ReweightedQuantity(BaseModel):
    """How the members of an ensemble came by a quantity that is sampled.

    Attributes
    ----------
    members : int
        That took it from the samples of the nominal climb.
    anew : int
        That lay too far off and sampled anew.
    reason : str
        Of one of those.
    effective_share : float, optional
        Of the samples that count after re-weighting, the least at any state: the median of the members.
    """

    model_config = ConfigDict(frozen=True)

    members: int
    anew: int = 0
    reason: str = ""
    effective_share: float | None = None


class Ledger(BaseModel):
    """All entries of a climb, leaves first; the file that says what the errors of an ensemble come from."""

    model_config = ConfigDict(frozen=True)

    study: str
    title: str
    version: str
    code: str
    study_file: str
    entries: tuple[Entry, ...]
    failed_members: tuple[FailedMember, ...] = ()
    reweighted: dict[str, ReweightedQuantity] = {}
    sensitivity_file: str = ""

    @property
    def stamp(self) -> str:
        """Digest of the whole ledger: equal for equal climbs, however long they took."""
        return digest(self.model_dump(mode="json", exclude={"entries": {"__all__": {"seconds"}}}))

    def entry(self, quantity: str, where: str = "ledger") -> Entry:
        """The entry of a quantity; an unknown one is an `InputError` with the nearest name."""
        found = {item.quantity: item for item in self.entries}
        if quantity not in found:
            raise InputError(where, "quantity", quantity, nearest(quantity, found))
        return found[quantity]

    def ancestry(
        self, quantity: str, where: str = "ledger", folder: str | Path | None = None
    ) -> Iterator[tuple[int, Entry, bool]]:
        """Walk from a quantity down to its files and papers: (depth, entry, seen before).

        With the results `folder` of this ledger, a value that was taken from other results is followed into their ledger, if
        that is there and still speaks of the same value.
        """
        seen: set[str] = set()

        def walk(name: str, depth: int) -> Iterator[tuple[int, Entry, bool]]:
            entry = self.entry(name, where)
            yield depth, entry, name in seen
            if name not in seen:
                seen.add(name)
                for parent in entry.parents:
                    yield from walk(parent, depth + 1)
                if entry.results and folder is not None:
                    yield from _followed(entry, Path(folder), depth + 1)

        yield from walk(quantity, 0)

    def save(self, folder: Path) -> None:
        """Write ``ledger.json``."""
        write_text(folder / FILE, self.model_dump_json(indent=1, exclude_defaults=True))


def _followed(entry: Entry, folder: Path, depth: int) -> Iterator[tuple[int, Entry, bool]]:
    other = folder / entry.results
    try:
        ledger = read_ledger(other)
        there = ledger.entry(entry.quantity_there)
    except InputError:
        return
    # A value that was given another name has another digest, and names the one that it had as it was read.
    if entry.digest != there.digest and entry.quantity == entry.quantity_there:
        return
    for below, item, seen in ledger.ancestry(entry.quantity_there, str(other), other):
        yield depth + below, item.model_copy(update={"quantity": f"{other.name}: {item.quantity}"}), seen


def read_ledger(folder: str | Path) -> Ledger:
    """Read the ledger of a results folder."""
    path = Path(folder) / FILE
    if not path.is_file():
        raise InputError(str(folder), "", f"no {FILE}", "the results folder of a finished climb ('scalith run STUDY' makes one)")
    try:
        return Ledger.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError, json.JSONDecodeError) as error:
        raise InputError(str(path), "", str(error).splitlines()[0], "a ledger written by a climb") from None


class Value(NamedTuple):
    """A value read back from a results folder, with its digest."""

    value: Any
    digest: str


def read_entry(folder: str | Path, quantity: str, where: str = "ledger", ledger: Ledger | None = None) -> Value:
    """Read one quantity back from a results folder; with its `ledger`, where that has been read already.

    Raises
    ------
    InputError
        There is no such folder or quantity.
    StudyError
        The file does not match the ledger.
    """
    entry = (ledger or read_ledger(folder)).entry(quantity, where)
    if not entry.file:
        raise InputError(where, "quantity", quantity, "a quantity whose value is kept in a file")
    kinds = {name: item.returns for name, item in rungs().items()} | {name: item[2] for name, item in given_only().items()}
    name = quantity.rpartition(".")[2]  # positive.open_circuit_voltage
    path = Path(folder) / entry.file
    try:
        value = read_value(path, kinds.get(name))
    except OSError as error:
        words = (error.strerror or str(error)).lower()
        raise InputError(where, f"file of {quantity}", words, "a file of the results folder that can be read") from None
    found = value_digest(value)
    if found != entry.digest:
        raise StudyError(f"{folder}/{entry.file} (digest {found}) does not match its ledger (digest {entry.digest})")
    for file in (Path(folder) / FILE, path):  # what is read here counts as a file of the study that asked for it
        file_digest(file)
    return Value(value, entry.digest)


def headline(value: Any, say: Any) -> str:
    """One short text for a value."""
    if say is not None:
        return str(say(value))
    if isinstance(value, Property):
        return value.describe().split(" = ", 1)[1]
    if isinstance(value, xr.Dataset):
        return str(value.attrs.get("headline", " × ".join(f"{size} {dim}" for dim, size in value.sizes.items())))
    return type(value).__name__
