"""Data files that come with the package, each with its source and licence in `scalith/data/SOURCES.md`."""

from __future__ import annotations

from pathlib import Path

from scalith.quantities.errors import InputError, nearest

_DATA = Path(__file__).resolve().parents[1] / "data"


def shipped(name: str) -> Path:
    """Path of a shipped file, ``shipped("open_circuit_voltage/nca_ocp_Kim2011_data.csv")``.

    Raises
    ------
    InputError
        There is no such file; the nearest name is given.
    """
    path = (_DATA / name).resolve()
    if not path.is_relative_to(_DATA) or not path.is_file():
        known = [item.relative_to(_DATA).as_posix() for item in _DATA.rglob("*.*") if item.suffix != ".md"]
        raise InputError("shipped data", name, "no such file", nearest(name, known))
    return path
