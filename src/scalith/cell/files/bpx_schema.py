"""BPX content checked by the schema of the ``bpx`` package, without executing a formula."""

from __future__ import annotations

import copy
import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scalith.cell.specification.expression import parse_expression
from scalith.quantities import InputError

_OLD_CONDUCTIVITY = "Thermal conductivity [W.m-1.K-1]"


def read_bpx(path: str | Path) -> tuple[dict[str, Any], bool]:
    """Content of a BPX file as version 1 has it, and whether it was written in a version 0.x.

    Raises
    ------
    InputError
        The file cannot be read, or is not BPX.
    """
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"), parse_constant=_no_number, parse_int=_whole_number)
    except FileNotFoundError:
        raise InputError(str(path), "", "no such file", "a BPX file") from None
    except OSError as error:
        raise InputError(str(path), "", (error.strerror or str(error)).lower(), "a BPX file that can be read") from None
    except (ValueError, RecursionError) as error:
        raise InputError(str(path), "", str(error), "a BPX file (JSON)") from None
    if not isinstance(data, Mapping) or any(not isinstance(data.get(key), Mapping) for key in ("Header", "Parameterisation")):
        raise InputError(str(path), "", "no Header or no Parameterisation", "a BPX file")
    return validated(data, str(path)), _is_old(data, str(path))


def validated(data: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Check by the schema, with formulas of voltages replaced by tables: the schema would execute them.

    Raises
    ------
    InputError
        The field that is wrong.
    """
    from bpx import parse_bpx_obj
    from pydantic import ValidationError

    plain = copy.deepcopy(dict(data))
    old = _is_old(plain, where)
    cell = plain["Parameterisation"].get("Cell")
    conductivity = cell.get(_OLD_CONDUCTIVITY) if old and isinstance(cell, Mapping) else None
    formulas: dict[tuple[str, ...], str] = {}
    _look_at_formulas(plain["Parameterisation"], (), where, formulas)
    voltages = {at: text for at, text in formulas.items() if at[-1].startswith("OCP")}
    for at in voltages:
        _set(plain["Parameterisation"], at, {"x": [0.0, 1.0], "y": [0.0, 0.0]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # An old header over a new State section: converting would replace that section.
            model = parse_bpx_obj(plain, convert_legacy=old and "State" not in plain)
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            field = ".".join(str(part) for part in problem["loc"])
            found = problem.get("input")
            found = found if isinstance(found, str | int | float | list | None) else "a section that does not fit"
            raise InputError(where, field, found, problem["msg"].removeprefix("Value error, ")) from None
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise InputError(where, "", str(error), "a BPX file") from None
        content: dict[str, Any] = model.model_dump(by_alias=True, exclude_none=True, mode="python")
    for at, text in voltages.items():
        _set(content["Parameterisation"], at, text)
    if conductivity is not None:
        content["Parameterisation"].setdefault("User-defined", {})[_OLD_CONDUCTIVITY] = conductivity
    return content


def _whole_number(digits: str) -> int | float:
    """A whole number; one beyond all others is infinite, and rejected as such where it is used."""
    return int(digits) if len(digits) < 300 else float(digits)


def _no_number(text: str) -> None:
    raise ValueError(f"{text}, which is no number")


def _is_old(data: Mapping[str, Any], where: str) -> bool:
    from bpx import is_legacy_bpx

    try:
        return bool(is_legacy_bpx(dict(data)))
    except ValueError as error:
        raise InputError(where, "Header.BPX", str(error), "a version such as '1.1.0'") from None


def _look_at_formulas(data: Mapping[str, Any], at: tuple[str, ...], where: str, found: dict[tuple[str, ...], str]) -> None:
    for key, value in data.items():
        if isinstance(value, Mapping):
            _look_at_formulas(value, (*at, key), where, found)
        elif isinstance(value, str) and key.lower() != "description":
            parse_expression(value, where=where, field=".".join((*at, key)))
            found[(*at, key)] = value


def _set(data: Any, at: tuple[str, ...], value: Any) -> None:
    for key in at[:-1]:
        data = data[key]
    data[at[-1]] = value
