"""What the ladder knows of each quantity, and how a rung says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar, get_args

import numpy as np
import xarray as xr
from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from scalith.quantities import SI, InputError, Spec, digest, file_digest, shipped
from scalith.quantities.digests import folder_digest
from scalith.quantities.property import COORDINATE_UNITS

drawing: ContextVar[Callable[[int], np.random.Generator]] = ContextVar("drawing", default=np.random.default_rng)
"""Makes the generator of what a rung leaves open from its seed; in a member of an ensemble one that knows what it draws."""

Function = TypeVar("Function", bound=Callable[..., Any])
Specification = TypeVar("Specification", bound=Spec)

AtomicDistance = Annotated[float, SI("Å"), Field(gt=0, le=50)]
"""A distance between atoms, in Å as everywhere in crystals and lattices, or a text with its unit."""


@dataclass(frozen=True)
class Reweighting:
    """How a member of an ensemble takes what was sampled from the nominal climb, instead of sampling anew.

    Attributes
    ----------
    prepare : callable
        ``prepare(value, arguments)`` gives what all members need beside the nominal value, from the arguments of the nominal
        climb, its seed among them: a data set that is kept.
    member : callable
        ``member(value, prepared, before, after)`` gives the value of a member: `before` and `after` are the arguments of the
        nominal climb and of the member, whose seed draws the error of the sampling. It raises a `ScalithError` where the
        member lies too far off: that samples anew.
    """

    prepare: Callable[[Any, Mapping[str, Any]], xr.Dataset]
    member: Callable[[Any, xr.Dataset, Mapping[str, Any], Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Quantity:
    """A name on the ladder.

    Attributes
    ----------
    title : str
        The quantity in words.
    unit : str
        SI unit of a property; empty for specifications and results.
    over : dict of str to str
        Coordinates that a given property may depend on, with their units.
    headline : callable, optional
        Value to one short text for progress, ledger and report; a property describes itself without it.
    exports : dict of str to callable
        File endings beyond NetCDF/CSV/JSON and what writes them: ``{".bpx.json": write}`` with ``write(value, path)``.
    draw : callable, optional
        ``draw(value, seed)`` gives a member of what the rung itself leaves open (the posterior of a fit, the scatter of a
        measurement on the way), for ensembles. What was stated below, or is sampled with a seed, is not drawn again.
    reweighting : Reweighting, optional
        How members of an ensemble may take what is sampled from the nominal climb.
    formula : callable, optional
        Reads a given text such as ``"2.1e-3 * c"`` as a property.
    one_of : tuple of str
        Optional parameters of which one is needed.
    asked_by : dict of str to str
        Optional parameters that are taken only where the study states something, with its place:
        ``{"negative_partial_molar_volume": "cell.negative_electrode.stress"}``.
    only_with : str
        What a section must state for a study to reach the quantity, with its place: ``"microstructure.order"``. As a target it is
        climbed to all the same, and says what is missing.
    seed_of : str
        Quantity whose seed it takes instead of its own: both are then made from the same random numbers.
    runs_a_cell : bool
        Whether the rung runs a porous electrode or takes its spectra: kernels of those are compiled while what lies below is
        climbed.
    """

    title: str
    unit: str = ""
    over: Mapping[str, str] = field(default_factory=dict)
    headline: Callable[[Any], str] | None = None
    exports: Mapping[str, Callable[[Any, Path], None]] = field(default_factory=dict)
    draw: Callable[[Any, int], Any] | None = None
    formula: Callable[[str], Any] | None = None
    one_of: tuple[str, ...] = ()
    asked_by: Mapping[str, str] = field(default_factory=dict)
    only_with: str = ""
    seed_of: str = ""
    runs_a_cell: bool = False
    reweighting: Reweighting | None = None


def rung(
    title: str,
    *,
    unit: str = "",
    over: str = "",
    headline: Callable[[Any], str] | None = None,
    exports: Mapping[str, Callable[[Any, Path], None]] | None = None,
    draw: Callable[[Any, int], Any] | None = None,
    formula: Callable[[str], Any] | None = None,
    one_of: tuple[str, ...] = (),
    asked_by: Mapping[str, str] | None = None,
    only_with: str = "",
    seed_of: str = "",
    runs_a_cell: bool = False,
    reweighting: Reweighting | None = None,
) -> Callable[[Function], Function]:
    """Mark a function as a rung: its name is the quantity, its parameters are the quantities and settings it needs.

    Parameters
    ----------
    title : str
        The quantity in words.
    unit : str
        SI unit, for a `Property`.
    over : str
        Coordinates that the property may depend on, separated by spaces: ``"x T"``.
    headline, exports, draw, formula, one_of, asked_by, only_with, seed_of, runs_a_cell, reweighting
        See `Quantity`.
    """

    def mark(function: Function) -> Function:
        function.quantity = Quantity(  # type: ignore[attr-defined]
            title,
            unit,
            {dim: COORDINATE_UNITS[dim] for dim in over.split()},
            headline,
            exports or {},
            draw,
            formula,
            one_of=one_of,
            asked_by=asked_by or {},
            only_with=only_with,
            seed_of=seed_of,
            runs_a_cell=runs_a_cell,
            reweighting=reweighting,
        )
        return function

    return mark


class Settings(Spec):
    """Root of a study's sections: a rung parameter ``monte_carlo: MonteCarlo`` reads ``[monte_carlo]`` of the study.

    A section that keeps parts of a specification as they were written names it in ``stands_for``: its units are those.
    """

    stands_for: ClassVar[type[Spec] | None] = None

    def as_specification(self, kind: type[Specification], **others: Any) -> Specification:
        """The specification whose fields stand in this section, with `others` in place of what it states."""
        return kind(**{name: getattr(self, name) for name in kind.model_fields if name not in others} | others)


def stated_section(info: ValidationInfo, name: str) -> Mapping[str, Any]:
    """Another section of the study as it is written, for what is stated once and counts in several; empty without it."""
    stated = (info.context or {}).get("stated", {}).get(name)
    return stated if isinstance(stated, Mapping) else {}


def _beside_the_study(value: Any, info: ValidationInfo) -> Any:
    folder = (info.context or {}).get("folder")
    return value if folder is None or not isinstance(value, str) or "://" in value else str(Path(folder) / value)


BesideTheStudy = Annotated[str, BeforeValidator(_beside_the_study)]
"""A file or folder beside the study that need not be there yet; a URL stays as it is."""


class InputFile(Spec):
    """A file that a study names: found beside the study, or shipped with the package (``"shipped:folder/file"``).

    Its identity is its content: a moved file is the same, a changed one is not. A class that takes a folder as well says which
    files in it count (`files_below`): their names and contents are its identity.
    """

    words: ClassVar[str] = "a file"

    name: str
    content: str
    path: str = Field(exclude=True, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _find(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str):
            return value
        if value.startswith("shipped:"):
            path = shipped(value.removeprefix("shipped:"))
        else:
            path = Path((info.context or {}).get("folder", ".")) / value
            if path.is_dir() and (files := cls.files_below(path)) is not None:
                folder_digest(path)  # a file that is added later changes the study
                found = [[file.relative_to(path).as_posix(), file_digest(file)] for file in sorted(files)]
                return {"name": path.name, "content": digest(found), "path": str(path)}
        if not path.is_file():
            raise InputError("", "", value, f"{cls.words} that exists (relative to the study, or 'shipped:…')")
        return {"name": path.name, "content": file_digest(path), "path": str(path)}

    @classmethod
    def files_below(cls, folder: Path) -> list[Path] | None:
        """Files of a folder that count; None where a folder will not do."""
        return None


def specifications(kind: Any) -> tuple[type[Spec], ...]:
    """The specifications that the type of a value stands for: itself, or those of a union."""
    return tuple(one for one in (get_args(kind) or (kind,)) if isinstance(one, type) and issubclass(one, Spec))


def type_words(kind: Any) -> str:
    """Name of a type, or the names of a union."""
    return " or ".join(one.__name__ for one in get_args(kind) or (kind,))


def read_one_of(kinds: Sequence[type[Spec]], read: Callable[[type[Spec]], Spec]) -> Spec:
    """What the first of them that can makes of an input; where none can, the error of the first."""
    first: ValueError | None = None
    for kind in kinds:
        try:
            return read(kind)
        except ValueError as error:
            first = first or error
    assert first is not None  # kinds has one
    raise first


def draw_within_error(value: Any, seed: int) -> Any:
    """A member of a property or specification within the errors that it states itself: a ``draw`` for rungs."""
    return value.drawn(drawing.get()(seed))


def draw_stated(value: Spec, seed: int) -> Spec:
    """A member of a specification that was put together: stated numbers are drawn, what was predicted has been already."""
    return value.drawn(drawing.get()(seed), stated_only=True)
