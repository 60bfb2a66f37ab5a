"""Units at the border: text becomes SI numbers here, and nowhere else (pint does the parsing)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from scalith.quantities.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


_COMMON = {
    ("m", "um"): 1e-6,
    ("m", "nm"): 1e-9,
    ("m", "mm"): 1e-3,
    ("m2", "cm2"): 1e-4,
    ("C", "A*h"): 3600.0,
    ("C", "mA*h"): 3.6,
    ("V", "mV"): 1e-3,
    ("mol m-3", "mol/L"): 1e3,
    ("S m-1", "S/m"): 1.0,
    ("S m-1", "mS/cm"): 0.1,
    ("m2 s-1", "m2/s"): 1.0,
    ("m2 s-1", "cm2/s"): 1e-4,
    ("A m-2", "A/m2"): 1.0,
    ("m-1", "1/m"): 1.0,
    ("J mol-1", "J/mol"): 1.0,
    ("J mol-1", "kJ/mol"): 1e3,
    ("J K-1", "J/K"): 1.0,
    ("W K-1", "W/K"): 1.0,
    ("Pa", "MPa"): 1e6,
    ("Pa", "GPa"): 1e9,
}
"""What pint says of the units that most files hold (SI unit, unit: factor), so that a cell is read before pint is loaded."""


@cache
def _registry() -> Any:
    import pint

    from scalith.numerics.compiled import cache_folder

    registry: Any
    try:  # reading pint's definitions takes a tenth of a second; it keeps them read
        registry = pint.UnitRegistry(autoconvert_offset_to_baseunit=True, cache_folder=cache_folder() / "units")
    except Exception:  # the folder cannot be written, or another process is at its file just now
        registry = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    return registry


@cache
def _unit(text: str) -> Any:
    written = text.strip().replace("°C", "degC").replace("µ", "u").replace("μ", "u").replace("Ω", "ohm")
    written = written.replace("·", "*").replace("²", "**2").replace("³", "**3")
    # BPX and many lab files write "m2.s-1": exponents without a caret, products as a dot.
    spaced = _dotted(written)
    return _registry().parse_units("" if spaced in ("", "1", "-") else spaced)


def _dotted(text: str) -> str:
    import re

    factors = re.sub(r"(?<=[A-Za-z0-9%)])[. ](?=[A-Za-z(])", " * ", text)
    return re.sub(r"\b([A-Za-z]+)(-?\d+)\b", r"\1**\2", factors)


def to_si(values: ArrayLike, unit: str, expected: str, *, where: str = "value", field: str = "") -> NDArray[np.float64]:
    """Convert numbers that carry `unit` to the coherent SI unit `expected`.

    Parameters
    ----------
    values : array_like
        Numbers in `unit`.
    unit : str
        Any unit that pint reads, or BPX style (``"mol.m-2.s-1"``); ``""`` or ``"1"`` for a pure number.
    expected : str
        Target unit, for example ``"m2 s-1"``.
    where, field : str
        Named in the error.

    Returns
    -------
    numpy.ndarray
        float64, same shape as `values`.

    Raises
    ------
    InputError
        The unit is unknown or of another dimension.
    """
    target = _unit(expected)
    try:
        source = _unit(unit)
        converted = _registry().Quantity(np.asarray(values, dtype=np.float64), source).to(target).magnitude
    except Exception as error:
        if type(error).__module__.split(".")[0] not in ("pint", "tokenize") and not isinstance(
            error, (AttributeError, ValueError, TypeError, SyntaxError, AssertionError, ArithmeticError)
        ):
            raise
        raise InputError(where, field, f"unit {unit!r}", f"a unit convertible to {expected or '1 (a pure number)'}") from None
    return np.asarray(converted, dtype=np.float64)


def plain_float(text: str) -> float:
    """A number in plain digits: neither ``1_000`` nor digits of other scripts, which Python takes as well.

    Raises
    ------
    ValueError
        The text is not such a number.
    """
    if "_" in text or not text.isascii():
        raise ValueError(text)
    return float(text)


def parse_quantity(text: str | float, expected: str, *, where: str = "value", field: str = "") -> float:
    """Read ``"10 um"``, ``"25 degC"`` or a bare SI number into a float in the SI unit `expected`.

    Examples
    --------
    >>> parse_quantity("10 um", "m")
    1e-05
    >>> parse_quantity("25 degC", "K")
    298.15
    >>> parse_quantity(0.5, "V")
    0.5
    """
    if isinstance(text, bool) or not isinstance(text, (str, int, float)):
        raise InputError(where, field, text, f"a number or text such as '1.5 {expected}'")
    if isinstance(text, str):
        parts = text.strip().split(None, 1)
        try:
            number = plain_float(parts[0])
        except (ValueError, IndexError):
            raise InputError(where, field, text, f"a number followed by a unit convertible to {expected or '1'}") from None
        value = number
        if len(parts) == 2 and parts[1] != expected:
            factor = _COMMON.get((expected, parts[1]))
            si = to_si(number, parts[1], expected, where=where, field=field) if factor is None else number * factor
            value = float(f"{si:.15g}")  # conversion leaves "10 um" one unit in the last place beside 1e-05
    else:
        value = float(text)
    if not np.isfinite(value):
        raise InputError(where, field, text, "a finite number")
    return value
