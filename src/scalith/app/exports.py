"""A state as files: the study that climbs to it, its numbers, a quantity as CSV, the cell as BPX, the report."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import xarray as xr

from scalith.app.explorer import Changes, Explorer
from scalith.ladder import Climbed
from scalith.quantities import InputError, Property, Spec, nearest, write_property_csv
from scalith.report.page import page_of, plain_figures
from scalith.report.summary import Found, summary

FORMS = ("toml", "numbers", "csv", "bpx", "report")


class Exported(NamedTuple):
    """A file for the browser to save: name, media type, content."""

    name: str
    kind: str
    content: bytes


def exported(explorer: Explorer, changes: Changes, form: str, quantity: str = "") -> Exported:
    """Write a state in one of `FORMS`.

    Parameters
    ----------
    explorer : Explorer
    changes : mapping of str to object
        The state.
    form : str
        ``"toml"``: the study with the changes; with curves or barriers that were multiplied, a ZIP with their files.
        ``"numbers"``: the numbers that matter as CSV, in SI. ``"csv"``: one quantity. ``"bpx"``: the cell.
        ``"report"``: the report's page.
    quantity : str
        For ``"csv"``.

    Raises
    ------
    InputError
        Another form; a quantity that is not there or is no curve; no cell that BPX has fields for.
    """
    if form not in FORMS:
        raise InputError("export", "form", form, nearest(form, FORMS))
    name = explorer.study.name
    if form == "toml":
        with explorer.workspace() as place, explorer.at(changes) as climb:
            return _study(climb.study.text, name, place)
    with explorer.at(changes) as climb:
        found = climb.compute([quantity] if form == "csv" else explorer.study.targets)
    if form == "numbers":
        return Exported(f"{name}.csv", "text/csv", _numbers(found).encode())
    if form == "report":
        return Exported(f"{name}.html", "text/html", _report(found).encode())
    with explorer.workspace() as place:
        return _bpx(found, name, place) if form == "bpx" else _values(found, quantity, place)


def study_text(text: Mapping[str, Any]) -> str:
    """A parsed study as TOML again; comments are not in what was parsed.

    Raises
    ------
    InputError
        A value that TOML has no form for.
    """
    return "\n".join(_tables(text, ())).strip() + "\n"


def _study(text: Mapping[str, Any], name: str, place: Path) -> Exported:
    files: dict[str, bytes] = {}
    plain = _with_files(text, "", files, place)
    content = "# A state of the explorer. Files that it names without 'shipped:' lie beside the study that it was made from.\n"
    content += study_text(plain)
    if not files:
        return Exported(f"{name}_changed.toml", "application/toml", content.encode())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}_changed.toml", content)
        for file, data in files.items():
            archive.writestr(file, data)
    return Exported(f"{name}_changed.zip", "application/zip", packed.getvalue())


def _with_files(item: Any, name: str, files: dict[str, bytes], place: Path) -> Any:
    """What was parsed, with values that are no text as files beside it."""
    if isinstance(item, Mapping):
        return {key: _with_files(value, f"{name}_{key}".lstrip("_"), files, place) for key, value in item.items()}
    if not isinstance(item, (Property, Spec)):
        return item
    file = f"{name}_changed{'.nc' if isinstance(item, Property) else '.json'}"
    if isinstance(item, Property):
        item.save(place / file)
        files[file] = (place / file).read_bytes()
    else:
        files[file] = item.model_dump_json(indent=1).encode()
    return {"file": file}


_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _text(key)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _tables(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    inner = {key: item for key, item in table.items() if isinstance(item, Mapping)}
    if path and (len(inner) < len(table) or not table):
        yield f"\n[{'.'.join(map(_key, path))}]"
    for key, item in table.items():
        if key not in inner:
            yield f"{_key(key)} = {_value(item)}"
    for key, item in inner.items():
        yield from _tables(item, (*path, key))


def _value(item: Any) -> str:
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, str):
        return _text(item)
    if isinstance(item, (int, float)):
        return repr(item)
    if isinstance(item, (list, tuple)):
        return f"[{', '.join(map(_value, item))}]"
    if isinstance(item, Mapping):
        return f"{{ {', '.join(f'{_key(key)} = {_value(value)}' for key, value in item.items())} }}"
    if hasattr(item, "isoformat"):
        return str(item.isoformat())
    raise InputError("export", "study", type(item).__name__, "texts, numbers, lists and tables")


def _numbers(found: Climbed) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["topic", "number", "quantity", "value", "standard error", "unit", "in words"])
    for topic in summary(Found(found.ledger, found.values, {})):
        for line in topic.lines:
            value, error = ("" if number is None else repr(number) for number in (line.value, line.error))
            writer.writerow([topic.title, line.label, line.quantity, value, error, line.unit, line.words])
    return stream.getvalue()


def _values(found: Climbed, quantity: str, place: Path) -> Exported:
    value, file = found.values.get(quantity), f"{quantity}.csv"
    if isinstance(value, Property):
        write_property_csv(value, place / file)
        return Exported(file, "text/csv", (place / file).read_bytes())
    if not isinstance(value, xr.Dataset):
        reason = found.failed.get(quantity, type(value).__name__)
        raise InputError("export", quantity, reason, "a curve or a table; the report has all quantities")
    table = value.to_dataframe().reset_index()
    units = {name: str(value[name].attrs.get("units", "")) for name in table.columns if name in value.variables}
    table.columns = [f"{name} [{units[name]}]" if units.get(name) else str(name) for name in table.columns]
    return Exported(file, "text/csv", table.to_csv(index=False).encode())


def _bpx(found: Climbed, name: str, place: Path) -> Exported:
    from scalith.ladder import rungs

    cell = found.values.get("cell_specification")
    if cell is None:
        reason = found.failed.get("cell_specification", "no cell in this study")
        raise InputError("export", "bpx", reason, "a study with [cell]")
    rungs()["cell_specification"].quantity.exports[".bpx.json"](cell, place / "cell.json")
    if not (place / "cell.json").is_file():
        raise InputError("export", "bpx", "a cell that BPX has no fields for", "electrodes of spheres without phase field")
    return Exported(f"{name}.bpx.json", "application/json", (place / "cell.json").read_bytes())


def _report(found: Climbed) -> str:
    whole = Found(found.ledger, found.values, {})
    return page_of(whole, plain_figures(whole))
