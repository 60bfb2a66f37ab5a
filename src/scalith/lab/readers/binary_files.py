"""Files that are no text: .xlsx through openpyxl, Neware's .nda and .ndax through fastnda, BioLogic's .mpr through galvani,
where installed.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from scalith.lab.readers.columns import recognised
from scalith.lab.readers.tables import TextFile, is_header, split_cells
from scalith.quantities import InputError, MissingDependencyError


def read_binary(path: str | Path) -> TextFile | None:
    """A table as tab-separated text from a binary file; None where the file is none of those known.

    Raises
    ------
    MissingDependencyError
        The package that reads it is not installed.
    """
    try:
        with Path(path).open("rb") as stream:
            head = stream.read(64)
    except OSError:
        return None  # `read_text` says what is wrong
    if head.startswith(b"PK") and _has_workbook(path):
        return _workbook(path)
    if head.startswith(b"PK") or head.startswith(b"NEWARE"):
        return _through(path, "fastnda", "Neware's .nda and .ndax", "cyclers")
    if head.startswith(b"BIO-LOGIC MODULAR FILE"):
        return _mpr(path)
    return None


def _has_workbook(path: str | Path) -> bool:
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except zipfile.BadZipFile:
        raise InputError(str(path), "", "a broken archive", "an .xlsx or .ndax file") from None


def _workbook(path: str | Path) -> TextFile:
    try:
        openpyxl = importlib.import_module("openpyxl")
    except ImportError:
        raise MissingDependencyError("openpyxl", "reading .xlsx (or save the sheet as CSV)", "cyclers") from None
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    whole: list[str] = []
    for sheet in book.worksheets:
        lines = ["\t".join(_cell(cell) for cell in row) for row in sheet.iter_rows(values_only=True)]
        # The first sheet with titles holds the data: others are statistics, or how the test was set up.
        if any(is_header([recognised(cell) for cell in split_cells(line, "\t")]) for line in lines[:600]):
            return TextFile(str(path), lines)
        whole += lines
    return TextFile(str(path), whole)


def _cell(value: Any) -> str:
    return "" if value is None else repr(value) if isinstance(value, float) else str(value).replace("\t", " ").replace("\n", " ")


def _through(path: str | Path, package: str, what: str, extra: str) -> TextFile:
    try:
        module = importlib.import_module(package)
    except ImportError:
        raise MissingDependencyError(package, f"reading {what}", extra) from None
    frame = module.read(str(path))
    titles = [str(title) for title in frame.columns]
    rows = frame.rows() if hasattr(frame, "rows") else frame.itertuples(index=False)
    return TextFile(str(path), ["\t".join(titles), *("\t".join(_cell(cell) for cell in row) for row in rows)])


def _mpr(path: str | Path) -> TextFile:
    try:
        galvani = importlib.import_module("galvani")
    except ImportError:
        raise InputError(
            str(path),
            "",
            "BioLogic's binary .mpr",
            "the text export .mpt, or the package galvani (GPL-3) installed beside Scalith",
        ) from None
    data = galvani.BioLogic.MPRfile(str(path)).data
    return TextFile(str(path), ["\t".join(data.dtype.names), *("\t".join(_cell(cell) for cell in row) for row in data.tolist())])
