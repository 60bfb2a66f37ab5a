"""Read a measurement: which format it is, then a labelled time series or spectrum."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scalith.cell import read_battery_data
from scalith.cell.files.battery_data_format import is_battery_data
from scalith.lab.readers.binary_files import read_binary
from scalith.lab.readers.spectrum_table import spectra_of
from scalith.lab.readers.tables import TextFile, read_text, split_cells
from scalith.lab.readers.time_series_table import checked_series, series_of
from scalith.lab.readers.vendor_tables import vendor_table
from scalith.quantities import FileRecord, InputError, Result, Source, file_digest


def read_measurement(
    path: str | Path,
    *,
    which: int | None = None,
    units: Mapping[str, str] | None = None,
    repair: bool = False,
    nominal_capacity: float | None = None,
) -> Result:
    """Read one measurement from a file of an instrument, or of a table.

    The format is found from the content, never from the name: Battery Data Format, BioLogic (.mpt, with or without header or time
    stamps), Gamry (.DTA), VersaStudio (.par), ZView and Autolab (.z), and tables of any instrument whose titles are known (Arbin,
    Basytec, CHInstruments, Maccor, Neware CSV, Novonix, Parstat, PEC, PowerSuite, .xlsx, …), in UTF-8, UTF-16 or Latin-1, with
    decimal
    point or comma. Binary .nda/.ndax and .mpr need fastnda or galvani.

    Parameters
    ----------
    path : path
    which : int, optional
        Which spectrum, from 0, of a file that holds several.
    units : mapping, optional
        Units of columns that state none, by variable: ``{"current": "mA"}``.
    repair : bool
        Mend what can be mended, and say so in ``attrs["notes"]``: rows that stand twice are taken out; time that starts anew
        goes on from
        where it was; spectra whose imaginary part is turned are turned back; milliampere under A (told by `nominal_capacity`)
        are divided.
    nominal_capacity : float, optional
        A s. With it, currents a thousand times too large are recognised.

    Returns
    -------
    Result
        A time series: ``voltage`` (V), ``current`` (A, positive while discharging) and what else is there of ``temperature``,
        ``ambient_temperature`` (K),
        ``negative_potential``, ``positive_potential``, ``cycle`` and ``step`` over ``time`` (s). Or a
        spectrum: ``resistance`` and
        ``reactance`` (ohm) over ``frequency`` (Hz). ``attrs``: ``source`` with the digest of the file, ``format``, ``notes``.

    Raises
    ------
    InputError
        The file cannot be read; a column, a unit or a number is missing; times fall; rows stand twice; the sign of the current
        contradicts
        itself; a number is out of its plausible range. Each names file, line, what was found and what was expected.
    """
    found = read_measurements(path, units=units, repair=repair, nominal_capacity=nominal_capacity)
    if which is None and len(found) > 1:
        raise InputError(str(path), "", f"{len(found)} spectra", f"which=0 … {len(found) - 1}, or read_measurements for all")
    if which is not None and not 0 <= which < len(found):
        raise InputError(str(path), "which", which, f"0 to {len(found) - 1}")
    return found[which or 0]


def read_measurements(
    path: str | Path, *, units: Mapping[str, str] | None = None, repair: bool = False, nominal_capacity: float | None = None
) -> list[Result]:
    """All measurements of a file: every spectrum of one with several, one time series otherwise; options as in
    `read_measurement`.
    """
    file = read_binary(path) or read_text(path)
    if _is_battery_data(file):
        data = read_battery_data(path)
        results, form = [checked_series(data, str(path), repair=repair, nominal_capacity=nominal_capacity)], "Battery Data Format"
    else:
        form, table = vendor_table(file)
        variables = {column.variable for column in table.columns}
        if "frequency" in variables:
            results = spectra_of(table, units or {}, repair=repair)
        else:
            results = [series_of(table, units or {}, repair=repair, nominal_capacity=nominal_capacity)]
    record = FileRecord(name=Path(path).name, digest=file_digest(path))
    source = Source(kind="measured", reference=Path(path).name, files=(record,)).to_json()
    return [result.assign_attrs(source=source, format=form) for result in results]


def _is_battery_data(file: TextFile) -> bool:
    return is_battery_data(split_cells(file.lines[0], ","))
