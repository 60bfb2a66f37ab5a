"""Specifications: frozen, validated models of what a user states. Here text becomes SI numbers."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, core_schema

from scalith.numerics.content_digest import digest
from scalith.quantities.errors import InputError, nearest
from scalith.quantities.named_deviates import within
from scalith.quantities.plausible_ranges import UNCHECKED, Plausible
from scalith.quantities.property import Property
from scalith.quantities.uncertain import Scale, Uncertain, parse_uncertain

if TYPE_CHECKING:
    import numpy as np
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)


@dataclass(frozen=True)
class SI:
    """Marks a float field that reads ``"10 um"`` or a bare number and holds SI: ``Annotated[float, SI("m")]``.

    A number that states its error (``"10 um ± 5 %"``, see `parse_uncertain`) is held as an `Uncertain`: a float, with its error
    beside it, which the digest of the specification covers.
    """

    unit: str

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        unit = self.unit

        def read(value: Any, validated: Any) -> float:
            number = parse_uncertain(value, unit)
            nominal: float = validated(float(number))
            return Uncertain(nominal, number.error) if isinstance(number, Uncertain) else nominal

        written = core_schema.plain_serializer_function_ser_schema(
            lambda value: value.to_plain() if isinstance(value, Uncertain) else value, when_used="json"
        )
        return core_schema.no_info_wrap_validator_function(read, handler(source), serialization=written)


Length = Annotated[float, SI("m"), Field(gt=0), Plausible("length")]
AtomicLength = Annotated[float, SI("m"), Field(gt=0), Plausible("atomic length")]
CellSize = Annotated[float, SI("m"), Field(gt=0), Plausible("size of a cell")]
LayerThickness = Annotated[float, SI("m"), Field(gt=0), Plausible("layer thickness")]
Area = Annotated[float, SI("m2"), Field(gt=0), Plausible("area")]
Volume = Annotated[float, SI("m3"), Field(gt=0)]
Mass = Annotated[float, SI("kg"), Field(gt=0)]
Temperature = Annotated[float, SI("K"), Plausible("T")]
"""A temperature in K; a number that looks like degrees Celsius is not accepted."""
AmbientTemperature = Annotated[float, SI("K"), Plausible("ambient temperature")]
Duration = Annotated[float, SI("s"), Field(gt=0)]
Voltage = Annotated[float, SI("V"), Plausible("voltage")]
CutOffVoltage = Annotated[float, SI("V"), Plausible("cut-off voltage")]
Charge = Annotated[float, SI("C"), Field(gt=0), Plausible("capacity")]
Current = Annotated[float, SI("A")]
Concentration = Annotated[float, SI("mol m-3"), Field(gt=0), Plausible("concentration")]
MolarEnergy = Annotated[float, SI("J mol-1"), Field(ge=0), Plausible("molar energy")]
Fraction = Annotated[float, SI("1"), Field(ge=0, le=1)]
VolumeFraction = Annotated[float, SI("1"), Field(ge=0, le=1), Plausible("volume fraction")]
AtomicEnergy = Annotated[float, SI("eV"), Field(ge=0), Plausible("atomic energy")]
AttemptFrequency = Annotated[float, SI("Hz"), Field(gt=0), Plausible("attempt frequency")]
ElectricalConductivity = Annotated[float, SI("S m-1"), Field(gt=0), Plausible("conductivity")]
Count = Annotated[int, Field(ge=1)]


def _refuse(*_: Any, **__: Any) -> Any:
    raise TypeError("a specification cannot be changed: make another with model_copy(update={…})")


class FrozenDict(dict[str, Any]):
    """A mapping that cannot be changed: what a digest covers stays as it is."""

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> Any:
        return (FrozenDict, (dict(self),))


class FrozenList(list[Any]):
    """A list that cannot be changed."""

    __setitem__ = __delitem__ = __iadd__ = __imul__ = append = clear = extend = insert = pop = remove = _refuse
    reverse = sort = _refuse

    def __reduce__(self) -> Any:
        return (FrozenList, (list(self),))


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return FrozenDict({key: _frozen(item) for key, item in value.items()})
    if isinstance(value, list):
        return FrozenList(map(_frozen, value))
    return tuple(map(_frozen, value)) if type(value) is tuple else value


WRITTEN_BY_HAND = {"written_by_hand": True}
"""Validation context of a text that a user wrote: bare numbers are rejected where SI is not the custom."""


class _OneSentence(ModelMetaclass):
    """Construction in Python raises the same one sentence as reading does, where pydantic lists all that it found."""

    def __call__(cls, *values: Any, **fields: Any) -> Any:  # noqa: N805
        if values:
            raise InputError(
                cls.__name__, "", f"{len(values)} values without a name", f"fields by name: {cls.__name__}(name=value)"
            )
        try:
            return super().__call__(**fields)
        except ValidationError as error:
            raise input_error(cast("type[BaseModel]", cls), error, cls.__name__) from None


class Spec(BaseModel, metaclass=_OneSentence):
    """Root of all specifications: frozen, no unknown fields, one clear error for a wrong one.

    Read user input with `read`: its errors name the file too. What is made in Python is named by its class.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False)

    @classmethod
    def read(cls, data: Mapping[str, Any], where: str = "specification", *, context: Mapping[str, Any] | None = None) -> Self:
        """Validate a mapping; `context` reaches fields that need to know where the text came from.

        Raises
        ------
        InputError
            Names `where`, the first wrong field, what was found and what was expected.
        """
        try:
            return cls.model_validate(dict(data), context=None if context is None else dict(context))
        except ValidationError as error:
            raise input_error(cls, error, where) from None

    @classmethod
    def read_toml(cls, path: str | Path) -> Self:
        """Validate a TOML file."""
        return cls.read(read_toml(path), where=str(path), context=WRITTEN_BY_HAND)

    def model_post_init(self, context: Any, /) -> None:
        """Freeze what the fields hold, so that the digest stays that of the content."""
        for name, value in self.__dict__.items():
            self.__dict__[name] = _frozen(value)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with some fields changed; what was computed from the old fields (the digest) is forgotten.

        Raises
        ------
        InputError
            A name that is no field.
        """
        for name in update or ():
            if name not in type(self).model_fields:
                raise InputError(type(self).__name__, name, "no field of it", nearest(name, type(self).model_fields))
        copied = super().model_copy(update=None if update is None else _frozen(dict(update)), deep=deep)
        for name in set(copied.__dict__) - set(type(self).model_fields):
            del copied.__dict__[name]
        return copied

    @cached_property
    def digest(self) -> str:
        """Content digest of all fields."""
        return digest(type(self).__name__, self.model_dump(mode="json", context={"by_digest": True}))

    def numbers_by_path(self) -> dict[str, float]:
        """Numbers within, ``"barrier.thickness"``: `Uncertain` where they state an error; of a property the mean of its nodes."""
        return dict(_numbers(self, ""))

    def drawn(self, numbers: np.random.Generator, *, stated_only: bool = False) -> Self:
        """A member: every number and property within that states an error is drawn from it.

        Numbers that must be positive are drawn on a logarithmic scale, fractions on that of ln(p/(1 − p)): see
        `scalith.quantities.uncertain.shifted`.

        Parameters
        ----------
        numbers : numpy.random.Generator
        stated_only : bool
            Leave properties that were predicted as they are: what they were predicted from has been drawn already.

        Raises
        ------
        InputError
            The drawn numbers contradict each other, or a limit of their field.
        """
        found = {name: getattr(self, name) for name in type(self).model_fields}
        drawn = {
            name: _drawn(value, within(numbers, name), _scale(type(self).model_fields[name]), stated_only)
            for name, value in found.items()
        }
        changed = {name for name, value in drawn.items() if value is not found[name]}
        if not changed:
            return self
        kept = {type(self).model_fields[name].alias or name: drawn[name] for name in self.model_fields_set | changed}
        # What is odd but meant may be so for a member, too; the limits of the fields hold.
        return self.read(kept, f"a member of {type(self).__name__}", context=UNCHECKED)


def read_toml(path: str | Path) -> dict[str, Any]:
    """Parse a TOML file; an unreadable one gives an `InputError` that names it."""
    try:
        with Path(path).open("rb") as stream:
            return tomllib.load(stream)
    except FileNotFoundError:
        raise InputError(str(path), "", "no such file", "a TOML file") from None
    except OSError as error:
        raise InputError(str(path), "", (error.strerror or str(error)).lower(), "a TOML file that can be read") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(str(path), "", str(error), "a readable TOML file") from None


def _numbers(value: Any, path: str) -> Iterator[tuple[str, float]]:
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, Spec):
        items = ((name, getattr(value, name)) for name in type(value).model_fields)
    elif isinstance(value, dict):
        items = value.items()
    elif isinstance(value, (tuple, list)):
        items = enumerate(value)
    elif isinstance(value, Property):
        error = value.standard_error
        middle = float(value.nominal.mean())
        yield path, middle if error is None or not (size := float(error.mean())) > 0 else Uncertain(middle, size)
    elif isinstance(value, (float, int)) and not isinstance(value, bool):
        yield path, value
    for name, item in items:
        yield from _numbers(item, f"{path}.{name}" if path else str(name))


def _drawn(value: Any, numbers: np.random.Generator, scale: Scale, stated_only: bool) -> Any:
    if isinstance(value, Uncertain):
        return value.drawn(numbers, scale)
    if isinstance(value, Spec):
        return value.drawn(numbers, stated_only=stated_only)
    if isinstance(value, Property):
        return value if stated_only and value.source.kind == "predicted" else value.drawn(numbers)
    if isinstance(value, (tuple, list, dict)):
        names, items = (value.keys(), list(value.values())) if isinstance(value, dict) else (range(len(value)), list(value))
        drawn = [_drawn(item, within(numbers, name), scale, stated_only) for name, item in zip(names, items, strict=True)]
        if all(new is old for new, old in zip(drawn, items, strict=True)):
            return value
        return dict(zip(value, drawn, strict=True)) if isinstance(value, dict) else type(value)(drawn)
    return value


def _scale(field: FieldInfo) -> Scale:
    """The scale of a field's error, from its limits."""
    limits: dict[str, float] = {}

    def note(metadata: Iterable[Any]) -> None:
        for item in metadata:
            if isinstance(item, FieldInfo):
                note(item.metadata)
            for key in ("gt", "ge", "lt", "le"):
                if isinstance(limit := getattr(item, key, None), (int, float)):
                    limits[key[0]] = float(limit)

    def search(annotation: Any) -> None:
        note(getattr(annotation, "__metadata__", ()))
        for part in get_args(annotation):
            search(part)

    note(field.metadata)
    search(field.annotation)
    if limits.get("g", -1.0) < 0.0:
        return "linear"
    return "logit" if limits.get("l") == 1.0 else "log"


def input_error(cls: type[BaseModel], error: ValidationError, where: str) -> InputError:
    """The first thing that pydantic found wrong with a specification, as the one error a user sees."""
    # Unknown keys first: a mistyped key also shows up as a missing field, which would mislead.
    problems = sorted(error.errors(include_url=False), key=lambda problem: problem["type"] != "extra_forbidden")
    problem = problems[0]
    location = [str(part) for part in problem["loc"]]
    field = ".".join(location)
    cause = problem.get("ctx", {}).get("error")
    if isinstance(cause, InputError):
        return InputError(where, ".".join([*location, cause.field] if cause.field else location), cause.found, cause.expected)
    if problem["type"] == "extra_forbidden":
        return InputError(where, field, f"unknown key {location[-1]!r}", nearest(location[-1], _known_fields(cls, location[:-1])))
    if problem["type"] == "missing":
        return InputError(where, field, "nothing", "a value: this field is required")
    message = problem["msg"]
    for prefix in ("Input should be ", "Value error, "):
        message = message.removeprefix(prefix)
    return InputError(where, field, problem["input"], message)


def _known_fields(cls: type[BaseModel], location: list[str]) -> list[str]:
    model: Any = cls
    for part in location:
        fields = getattr(model, "model_fields", {})
        if part not in fields:
            continue
        annotation = fields[part].annotation
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        model = next((item for item in candidates if isinstance(item, type) and issubclass(item, BaseModel)), model)
    return [field.alias or name for name, field in model.model_fields.items()]
