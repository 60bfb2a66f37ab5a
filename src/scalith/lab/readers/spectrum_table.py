"""A table as spectra: parts or modulus and phase, sweeps told apart, the sign of the imaginary part checked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from scalith.lab.measurement import spectrum
from scalith.lab.readers.table_numbers import chosen_columns, in_si, whole_rows, with_units
from scalith.lab.readers.tables import Table
from scalith.quantities import InputError, Result

Array = NDArray[np.float64]
_NEEDED = ("frequency", "real", "imaginary", "modulus", "phase", "sweep")
_FAST = 1e3
"""Above it a cell may be inductive, Hz."""


def spectra_of(table: Table, units: Mapping[str, str], *, repair: bool) -> list[Result]:
    """Spectra of a table, each over its own frequencies.

    Rows with frequency 0 (a current carried between sweeps) are passed over. A new spectrum begins where a column of sweeps
    says so,
    or a frequency comes again.

    Raises
    ------
    InputError
        A number is missing, or most points below 1 kHz are inductive: −Im Z under a title that says Im Z.
    """
    columns = with_units(table, units)
    table = whole_rows(table, repair=repair)
    places = chosen_columns(table, _NEEDED)
    cells = table.cells(sorted(places.values()))
    notes = list(table.notes)
    values = {name: in_si(table, columns[k], cells[k]) for name, k in places.items()}
    f = values["frequency"]
    z = _impedance(values, columns[places["phase"]].unit if "phase" in places else "", table, notes)
    used = f != 0.0
    if np.any(f < 0.0):
        row = int(np.argmax(f < 0.0))
        raise InputError(table.file, f"line {table.line(row)}", f"{f[row]:g} Hz", "a positive frequency")
    if not np.all(used):
        notes.append(f"{np.count_nonzero(~used)} rows without a frequency were passed over")
    rows = np.flatnonzero(used)
    if not rows.size:
        raise InputError(table.file, "", "no row with a frequency", "a spectrum")
    sweeps = values.get("sweep")
    results = []
    for part in _sweeps(f[rows], None if sweeps is None else sweeps[rows]):
        own = list(notes)
        at = rows[part]
        turned = _turned(f[at], z[at], table, at, own, repair)
        results.append(spectrum(f[at], turned).assign_attrs(notes="; ".join(own)))
    return results


def _impedance(values: Mapping[str, Array], phase_unit: str, table: Table, notes: list[str]) -> NDArray[np.complex128]:
    if "real" in values and "imaginary" in values:
        return np.asarray(values["real"] + 1j * values["imaginary"])
    phase = values["phase"]
    if not phase_unit:
        degrees = bool(np.abs(phase).max() > np.pi)
        notes.append(f"phase without unit: read as {'degrees' if degrees else 'radians'}")
        phase = np.radians(phase) if degrees else phase
    elif np.abs(phase).max() > 1.05 * np.pi:
        row = int(np.argmax(np.abs(phase)))
        found = f"{phase[row]:.4g} rad"
        raise InputError(table.file, f"line {table.line(row)}, phase", found, "radians up to π: give units={'phase': 'deg'}")
    return np.asarray(values["modulus"] * np.exp(1j * phase))


def _sweeps(f: Array, marks: Array | None) -> list[NDArray[np.intp]]:
    parts: list[list[int]] = [[]]
    seen: set[float] = set()
    for k, one in enumerate(f):
        key = float(f"{one:.6g}")
        if key in seen or (marks is not None and k > 0 and marks[k] != marks[k - 1]):
            parts.append([])
            seen = set()
        parts[-1].append(k)
        seen.add(key)
    return [np.array(part) for part in parts]


def _turned(
    f: Array, z: NDArray[np.complex128], table: Table, rows: NDArray[np.intp], notes: list[str], repair: bool
) -> NDArray[np.complex128]:
    slow = f < _FAST
    share = float(np.mean(z.imag[slow] > 0.0)) if np.count_nonzero(slow) >= 3 else 0.0
    if share <= 0.5:
        return z
    if not repair:
        row = int(rows[np.argmax(slow & (z.imag > 0.0))])
        found = f"inductive at {100 * share:.0f} % of the frequencies below 1 kHz"
        raise InputError(
            table.file, f"line {table.line(row)}", found, "Im Z below zero there; repair=True turns the sign of Im Z"
        )
    notes.append("the sign of the imaginary part was turned")
    return np.asarray(z.conj())
