"""What the titles of instruments mean: variable, unit, sign."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_UNITS = {
    "s": ("s", 1.0, 0.0),
    "sec": ("s", 1.0, 0.0),
    "second": ("s", 1.0, 0.0),
    "seconds": ("s", 1.0, 0.0),
    "ms": ("s", 1e-3, 0.0),
    "min": ("s", 60.0, 0.0),
    "minutes": ("s", 60.0, 0.0),
    "h": ("s", 3600.0, 0.0),
    "hr": ("s", 3600.0, 0.0),
    "hours": ("s", 3600.0, 0.0),
    "v": ("V", 1.0, 0.0),
    "volt": ("V", 1.0, 0.0),
    "v vs. ref.": ("V", 1.0, 0.0),
    "mv": ("V", 1e-3, 0.0),
    "a": ("A", 1.0, 0.0),
    "ampere": ("A", 1.0, 0.0),
    "ma": ("A", 1e-3, 0.0),
    "µa": ("A", 1e-6, 0.0),
    "μa": ("A", 1e-6, 0.0),
    "ua": ("A", 1e-6, 0.0),
    "na": ("A", 1e-9, 0.0),
    "hz": ("Hz", 1.0, 0.0),
    "khz": ("Hz", 1e3, 0.0),
    "mhz": ("Hz", 1e-3, 0.0),
    "ohm": ("ohm", 1.0, 0.0),
    "ohms": ("ohm", 1.0, 0.0),
    "ω": ("ohm", 1.0, 0.0),
    "mohm": ("ohm", 1e-3, 0.0),
    "mω": ("ohm", 1e-3, 0.0),
    "kohm": ("ohm", 1e3, 0.0),
    "kω": ("ohm", 1e3, 0.0),
    "deg": ("rad", 0.017453292519943295, 0.0),
    "degree": ("rad", 0.017453292519943295, 0.0),
    "°": ("rad", 0.017453292519943295, 0.0),
    "rad": ("rad", 1.0, 0.0),
    "k": ("K", 1.0, 0.0),
    "degc": ("K", 1.0, 273.15),
    "deg c": ("K", 1.0, 273.15),
    "°c": ("K", 1.0, 273.15),
    "ºc": ("K", 1.0, 273.15),
    "�c": ("K", 1.0, 273.15),
    "c": ("K", 1.0, 273.15),
    "celsius": ("K", 1.0, 273.15),
}
"""Unit in the file, lower case: SI unit, factor, offset."""
_MEGA = ("mhz", "mohm", "mω")
"""With a capital M these are mega, not milli."""
_QUANTITY = {
    "time": "s",
    "voltage": "V",
    "current": "A",
    "temperature": "K",
    "ambient_temperature": "K",
    "negative_potential": "V",
    "positive_potential": "V",
    "frequency": "Hz",
    "real": "ohm",
    "imaginary": "ohm",
    "modulus": "ohm",
    "phase": "rad",
}
_NAMES = {
    "time": ("test time", "testtime", "total time", "cumulative time", "run time", "time", "elapsed time"),
    "stamp": ("date time", "date and time", "real time", "dpt time", "datetime", "absolute time", "date"),
    "voltage": (
        "voltage",
        "ecell",
        "ewe",
        "<ewe>",
        "u",
        "e",
        "vf",
        "potential",
        "cell voltage",
        "terminal voltage",
        "volts",
        "v",
    ),
    "current": ("current", "i", "<i>", "amps"),
    "temperature": (
        "surface temperature",
        "cell surface temperature",
        "cell temperature",
        "temperature",
        "temperature mid",
        "aux temperature 1",
        "x-averaged cell temperature",
        "t1",
        "temp",
    ),
    "ambient_temperature": ("ambient temperature", "station temperature", "circuit temperature"),
    "negative_potential": ("negative electrode potential",),
    "positive_potential": ("positive electrode potential",),
    "cycle": ("cycle", "cycle index", "cycle number", "cycle count", "cyc-count", "cycle c"),
    "step": ("step", "step index", "step number", "step id", "ns", "line"),
    "mode": ("md", "step type", "command"),
    "sweep": ("loop index", "spectrum"),
    "frequency": ("freq", "frequency", "f"),
    "real": ("re(z)", "re z", "re(zwe)", "zre", "z'", "z'(a)", "zreal", "z real", "real"),
    "imaginary": ("im(z)", "im z", "im(zwe)", "zim", "z''", "z''(b)", 'z"', "zimag", "z imag", "zimg", "imaginary", "imag"),
    "modulus": ("|z|", "zmod", "modulus", "magnitude", "z"),
    "phase": ("phase(z)", "phase", "phases", "zphz", "theta"),
}
_MEANING = {name: (variable, rank) for variable, names in _NAMES.items() for rank, name in enumerate(names)}


@dataclass(frozen=True)
class ColumnName:
    """A title read: variable (empty where none is known), rank among titles of the same variable, unit as in the file, sign."""

    title: str
    variable: str = ""
    rank: int = 0
    unit: str = ""
    factor: float = 1.0
    offset: float = 0.0
    negated: bool = False

    def with_unit(self, text: str) -> ColumnName:
        """The same with the unit that stands in a line of its own; unchanged where that is none of this quantity."""
        found = _unit(text)
        if found is None or _QUANTITY.get(self.variable) != found[0]:
            return self
        return replace(self, unit=text.strip(), factor=found[1], offset=found[2])


def _unit(text: str) -> tuple[str, float, float] | None:
    """SI unit, factor and offset of a unit as it stands in a file."""
    plain = text.strip()
    found = _UNITS.get(plain.lower())
    return (found[0], 1e6, 0.0) if found and plain[0] == "M" and plain.lower() in _MEGA else found


def recognised(title: str) -> ColumnName:
    """What a title of a column means.

    The unit stands in brackets or behind a slash: ``I/mA``, ``Current (A)``, ``U[V]``, ``Voltage / V``.
    """
    plain = title.strip().strip('"').strip()
    whole = _named(plain, title)
    if whole.variable:
        return whole
    for pattern in (r"^(?P<name>.*?)\s*[\[(](?P<unit>[^\[\]()]*)[\])]$", r"^(?P<name>.*\S)\s*/\s*(?P<unit>[^/]+)$"):
        match = re.match(pattern, plain)
        unit = _unit(match["unit"]) if match else None
        if match and unit is not None:
            named = _named(match["name"], title)
            if named.variable and _QUANTITY.get(named.variable) == unit[0]:
                return named.with_unit(match["unit"])
            if named.variable and named.variable not in _QUANTITY:
                return named
            return ColumnName(title)
    return whole


def _named(name: str, title: str) -> ColumnName:
    plain = re.sub(r"\s+", " ", name.lower().replace("_", " ")).strip()
    negated = plain[:1] in ("-", "−")
    plain = plain.lstrip("-−").strip()
    variable, rank = _MEANING.get(plain, ("", 0))
    if negated and variable != "imaginary" and variable != "phase":
        return ColumnName(title)
    return ColumnName(title, variable, rank, negated=negated)
