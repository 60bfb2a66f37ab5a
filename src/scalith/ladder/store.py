"""Values on disk: what a rung found, kept under the key of everything that decided it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from scalith.ladder.quantity import read_one_of, specifications, type_words
from scalith.quantities import (
    InputError,
    Property,
    ScalithError,
    Source,
    Spec,
    dataset_digest,
    read_results,
    write_results,
    write_text,
)
from scalith.quantities.plausible_ranges import UNCHECKED


@dataclass(frozen=True)
class Kept:
    """What the store knows of a value beside the value itself.

    Attributes
    ----------
    quantity : str
    digest : str
        Content digest of the value; empty while it is being written.
    seconds : float
        How long it took to compute.
    code : str
        Digest of the package's source that computed it.
    file : str
        Name of the file that holds the value.
    """

    quantity: str
    digest: str
    seconds: float
    code: str
    file: str


def value_digest(value: Any) -> str:
    """Content digest of anything that passes between rungs."""
    if isinstance(value, xr.Dataset):
        return dataset_digest(value)
    if isinstance(value, (Property, Spec)):
        return value.digest
    from scalith.quantities import digest

    return digest(value)


def value_source(value: Any) -> Source | None:
    """Source of a value, where it carries one."""
    if isinstance(value, Property):
        return value.source
    if isinstance(value, xr.Dataset) and "source" in value.attrs:
        return Source.from_json(value.attrs["source"])
    found = getattr(value, "source", None)
    return found if isinstance(found, Source) else None


def value_ending(value: Any) -> str:
    """How the name of the file ends that `write_value` makes."""
    if isinstance(value, (Property, xr.Dataset)):
        return ".nc"
    if isinstance(value, Spec):
        return ".json"
    raise TypeError(f"a rung gives a Property, a Spec or a Dataset, not {type(value).__name__}")


def write_value(value: Any, stem: Path) -> Path:
    """Write a property, result or specification to ``stem.nc`` or ``stem.json``; gives the path."""
    path = stem.with_name(stem.name + value_ending(value))
    if isinstance(value, Property):
        value.save(path)
    elif isinstance(value, xr.Dataset):
        write_results(value, path)
    else:
        write_text(path, value.model_dump_json(indent=1))
    return path


def read_value(path: Path, kind: type[Any] | None) -> Any:
    """Read what `write_value` wrote, as a value of type `kind`; without one a property or data set, as the file says."""
    if kind is None:
        if path.suffix != ".nc":
            raise InputError(str(path), "", "a specification of a rung that is not there", "the rung, by which its type is known")
        return Property.load(path) if "property" in read_results(path).attrs else read_results(path)
    if kind is Property:
        return Property.load(path)
    if kind is xr.Dataset:
        return read_results(path)
    kinds = specifications(kind)
    try:
        text = path.read_text(encoding="utf-8")
        return read_one_of(kinds, lambda one: one.model_validate_json(text, context=UNCHECKED))
    except (OSError, ValueError) as error:
        raise InputError(str(path), "", str(error).splitlines()[0], f"a readable {type_words(kind)}") from error


class MemoryStore:
    """Finished values in this process, under the key of their inputs and the code: those of each quantity's last few states.

    Parameters
    ----------
    states : int
        Values of each quantity that are held.
    folder : path, optional
        Store of an earlier climb (``cache`` in its results folder), which is read as well; nothing is written there.
    """

    def __init__(self, states: int = 8, folder: Path | None = None) -> None:
        self.states = states
        self._earlier = Store(folder) if folder is not None and folder.is_dir() else None
        self._found: dict[str, dict[str, tuple[Any, Kept]]] = {}

    def find(self, key: str, kind: type[Any]) -> tuple[Any, Kept] | None:
        """The value under `key`, or `None`."""
        found = next((known[key] for known in self._found.values() if key in known), None)
        if found is None and self._earlier is not None and (found := self._earlier.find(key, kind)) is not None:
            self._hold(key, found)
        return found

    def keep(self, key: str, quantity: str, value: Any, seconds: float, code: str) -> Kept:
        """Hold a finished value."""
        kept = Kept(quantity, value_digest(value), seconds, code, "")
        self._hold(key, (value, kept))
        return kept

    def _hold(self, key: str, found: tuple[Any, Kept]) -> None:
        known = self._found.setdefault(found[1].quantity, {})
        known[key] = found
        while len(known) > self.states:
            del known[next(iter(known))]


class MemberStore:
    """What a member of an ensemble finds and keeps, wherever it is climbed.

    On a machine that does not see the results folder, or may not write there, its values are held in memory.

    Parameters
    ----------
    known : dict
        Values by key that came along: those that are the same in all members.
    folder : path, optional
        The store of the climb; none for a climb in memory.
    least_seconds : float
        What took less to compute is not written: it is found again as fast.
    always : sequence of str
        Quantities that are written however fast they were.
    """

    def __init__(
        self,
        known: Mapping[str, tuple[Any, Kept]],
        folder: Path | None,
        least_seconds: float = 0.0,
        always: Sequence[str] = (),
    ) -> None:
        self._known, self._memory, self._least, self._always = known, MemoryStore(), least_seconds, always
        self._folder = Store(folder) if folder is not None and folder.is_dir() else None

    def find(self, key: str, kind: type[Any]) -> tuple[Any, Kept] | None:
        """The value under `key`, or `None`."""
        found = self._known.get(key) or self._memory.find(key, kind)
        return self._folder.find(key, kind) if found is None and self._folder is not None else found

    def keep(self, key: str, quantity: str, value: Any, seconds: float, code: str) -> Kept:
        """Store a finished value."""
        if self._folder is not None and (seconds >= self._least or quantity in self._always):
            try:
                return self._folder.keep(key, quantity, value, seconds, code)
            except ScalithError:  # cannot be written from here
                self._folder = None
        return self._memory.keep(key, quantity, value, seconds, code)


class Store:
    """Finished values in a folder, one file each, under the key of their inputs and the code.

    A value counts as finished when its note names its digest; that note is written after the value, both whole or not
    at all, so that a run killed at any moment leaves either a finished value or none.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, key: str, kind: type[Any]) -> tuple[Any, Kept] | None:
        """The value under `key`, or `None` when it is not there, not finished or not readable."""
        kept = _read_note(self.folder / f"{key}.note")
        if kept is None or not kept.digest:
            return None
        try:
            value = read_value(self.folder / kept.file, kind)
            # A file that was changed since is not what the rung found.
            return (value, kept) if value_digest(value) == kept.digest else None
        except (OSError, AttributeError, KeyError, TypeError, ValueError):
            return None

    def keep(self, key: str, quantity: str, value: Any, seconds: float, code: str) -> Kept:
        """Store a finished value."""
        file = f"{quantity}-{key}{value_ending(value)}"
        note = self.folder / f"{key}.note"
        # Noted as begun first: only files that a note names are ever removed.
        write_text(note, json.dumps(asdict(Kept(quantity, "", 0.0, code, file))))
        write_value(value, self.folder / f"{quantity}-{key}")
        kept = Kept(quantity, value_digest(value), seconds, code, file)
        write_text(note, json.dumps(asdict(kept)))
        return kept

    def forget_other_code(self, code: str) -> None:
        """Remove values that other versions of the code computed, and those that a killed run did not finish."""
        for note in self.folder.glob("*.note"):
            kept = _read_note(note)
            if kept is None or (kept.code == code and kept.digest):
                continue
            if kept.file.startswith(f"{kept.quantity}-{note.stem}."):  # no other name is one that we gave
                (self.folder / Path(kept.file).name).unlink(missing_ok=True)
                note.unlink(missing_ok=True)


def _read_note(path: Path) -> Kept | None:
    """A note of ours; `None` where it is not one."""
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
        kept = Kept(**stated)
    except (OSError, TypeError, ValueError):
        return None
    texts = (kept.quantity, kept.digest, kept.code, kept.file)
    usable = all(isinstance(text, str) for text in texts) and isinstance(kept.seconds, int | float)
    return kept if usable and Path(kept.file).name == kept.file else None
