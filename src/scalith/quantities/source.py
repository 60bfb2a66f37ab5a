"""Where a value comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator

Kind = Literal["predicted", "measured", "published", "assumed"]
Mark = Literal["upper bound", "carried over"]


class FileRecord(BaseModel):
    """A file that a value was read from: its name (never a machine's path) and the digest of its bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    digest: str
    licence: str = ""


class Source(BaseModel):
    """Origin of a value: how it came to be known, by what, from which parents.

    Attributes
    ----------
    kind : {"predicted", "measured", "published", "assumed"}
        How the value is known.
    by : str
        Function and version that computed it (``"scalith.lattice.sampling.monte_carlo 0.1.0"``), or the instrument.
    reference : str
        Paper, data set or person: with DOI where there is one.
    reference_state : str
        What the value is relative to (``"bcc lithium, -2.33 eV/atom (SCAN)"``), where that matters.
    settings : dict
        Settings that decide the value (cut-offs, seeds, sweeps): plain data.
    parents : tuple of str
        Digests of the values that it was computed from.
    files : tuple of FileRecord
        Files that it was read from.
    note : str
        What a reader should know.
    marks : tuple of {"upper bound", "carried over"}
        What the value is instead of an estimate: a bound from above, or interpolated over states at which it does not exist.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    by: str = ""
    reference: str = ""
    reference_state: str = ""
    settings: dict[str, Any] = Field(default_factory=dict)
    parents: tuple[str, ...] = ()
    files: tuple[FileRecord, ...] = ()
    note: str = ""
    marks: tuple[Mark, ...] = ()

    @field_validator("settings", mode="before")
    @classmethod
    def _of_plain_numbers(cls, settings: Any) -> Any:
        """Numbers and arrays of NumPy, of whatever precision, as plain ones: a source is text."""
        return _plain(settings)

    def to_json(self) -> str:
        """One line of JSON, as stored in `attrs` of data sets and in NetCDF files."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Source:
        """Read what `to_json` wrote."""
        return cls.model_validate_json(text)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value


def predicted(by: str, *parents: str, **fields: Any) -> Source:
    """Source of a value computed by function `by` from values with digests `parents`."""
    from scalith import __version__

    return Source(kind="predicted", by=f"{by} {__version__}", parents=tuple(parents), **fields)
