"""Units that people use: what is kept in SI is shown in V, A h, cm²/s, kJ/mol, °C."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class ShownUnit(NamedTuple):
    """How an SI value is shown: multiply by `factor`, then add `offset`; errors are multiplied only."""

    text: str
    factor: float = 1.0
    offset: float = 0.0

    @property
    def of_a_difference(self) -> str:
        """The unit of an error: that of 25 °C is K."""
        return "K" if self.text == "°C" else self.text


_SHOWN = {
    "1": ShownUnit(""),
    "K": ShownUnit("°C", 1.0, -273.15),
    "m2 s-1": ShownUnit("cm²/s", 1e4),
    "J mol-1": ShownUnit("kJ/mol", 1e-3),
    "C": ShownUnit("A h", 1.0 / 3600.0),
    "mol m-3": ShownUnit("mol/L", 1e-3),
    "m3 mol-1": ShownUnit("cm³/mol", 1e6),
    "V K-1": ShownUnit("mV/K", 1e3),
    "ohm m2": ShownUnit("Ω cm²", 1e4),
    "ohm": ShownUnit("Ω"),
    "Pa": ShownUnit("MPa", 1e-6),
    "J m-3": ShownUnit("MJ/m³", 1e-6),
    "m3": ShownUnit("Å³", 1e30),
    "J kg-1": ShownUnit("J/g", 1e-3),
    "W kg-1": ShownUnit("W/g", 1e-3),
    "C kg-1": ShownUnit("mAh/g", 1.0 / 3600.0),
}
_LENGTHS = (ShownUnit("m"), ShownUnit("mm", 1e3), ShownUnit("µm", 1e6), ShownUnit("nm", 1e9))


def shown_unit(unit: str, size: float | None = None) -> ShownUnit:
    """How values of an SI unit are shown.

    Parameters
    ----------
    unit : str
        As in the ledger: ``"m2 s-1"``.
    size : float, optional
        A typical value, for lengths: thicknesses are shown in µm, edges of a cell in mm.

    Returns
    -------
    ShownUnit
    """
    if unit == "m" and size:
        fit = [item for item in _LENGTHS if 0.9995 <= abs(size) * item.factor < 1000]
        return fit[0] if fit else _LENGTHS[0]
    return _SHOWN[unit] if unit in _SHOWN else ShownUnit(fraction(unit))


def fraction(unit: str) -> str:
    """``"W m-2 K-1"`` as people write it: ``"W/(m² K)"``."""
    parts = [re.fullmatch(r"([A-Za-zµΩÅ°%]+)(-?\d+)?", part) for part in unit.split()]
    if any(part is None for part in parts):
        return unit
    above: list[str] = []
    below: list[str] = []
    for part in parts:
        assert part is not None
        power = int(part[2] or 1)
        name = "Ω" if part[1] == "ohm" else part[1]
        (above if power > 0 else below).append(name + (str(abs(power)).translate(_SUPERSCRIPT) if abs(power) != 1 else ""))
    if not below:
        return " ".join(above)
    divisor = below[0] if len(below) == 1 else f"({' '.join(below)})"
    return f"{' '.join(above) or '1'}/{divisor}"


def number(value: float, digits: int = 4) -> str:
    """A number with `digits` significant digits and the power of ten as people write it: ``"2.1×10⁻⁹"``."""
    if value == 0 or not math.isfinite(value):
        return f"{value:.4g}"
    if 1e-3 <= abs(value) < 1e5:
        return f"{float(f'{value:.{digits}g}'):g}" if abs(value) < 10**digits else f"{value:.0f}"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{float(mantissa):g}×10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def with_error(value: float, error: float | None, unit: str) -> str:
    """A value of an SI unit in words, rounded to two digits of its standard error: ``"4.11711 ± 0.00061 V"``.

    Parameters
    ----------
    value, error : float
        In SI; no error, or one that is not finite and positive, is not shown.
    unit : str
        SI unit of both.

    Returns
    -------
    str
    """
    shown = shown_unit(unit, value)
    size = value * shown.factor + shown.offset
    if error is None or not math.isfinite(error) or error <= 0 or not math.isfinite(size):
        return _united(number(size), shown.text)
    spread = abs(error * shown.factor)
    largest = max(abs(size), spread)
    power = math.floor(math.log10(largest)) if not 1e-3 <= largest < 1e5 else 0
    digits = max(0, 1 - math.floor(math.log10(spread / 10.0**power)))
    words = f"{size / 10.0**power:.{digits}f} ± {spread / 10.0**power:.{digits}f}"
    if power:
        words = f"({words})×10{str(power).translate(_SUPERSCRIPT)}"
    return _united(words, shown.text)


def between(low: float, high: float, unit: str) -> str:
    """A range of an SI unit in words: ``"3.046 … 5.185 V"``."""
    shown = shown_unit(unit, max(abs(low), abs(high)))
    ends = [number(value * shown.factor + shown.offset) for value in (low, high)]
    return _united(" … ".join(ends) if low != high else ends[0], shown.text)


def axis_title(words: str, unit: str) -> str:
    """Title of an axis: what is drawn, and its shown unit in brackets."""
    text = shown_unit(unit).text
    return f"{words} ({text})" if text else words


def _united(words: str, unit: str) -> str:
    return f"{words} {unit}".rstrip()
