"""Functions of state in a specification: how what a user writes becomes a `Property`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic_core import CoreSchema, core_schema

from scalith.cell.specification.expression import parse_expression
from scalith.quantities import InputError, Property, Source, nearest, parse_uncertain, read_property_csv, to_si
from scalith.quantities.plausible_ranges import meant, unwrapped

ASSUMED = Source(kind="assumed", by="specification of the cell")
_ORIGIN = ("reference", "kind", "note")
_TEMPERATURES = (243.15, 343.15)


@dataclass(frozen=True)
class MaterialFunction:
    """Marks a `Property` field and says how user text becomes one.

    Accepted are a `Property`; a number, ``"3.9e-14 m2/s"`` or with its error ``"3.9e-14 m2/s × 1.6"``; a formula of the state
    (``"0.33 * x ** 2"``, sampled over `low` … `high`) and of the temperature (``"1e-3 * c * exp(-2000 / T)"``, sampled over
    −30 … 70 °C besides); ``{x = [...], values = [...], unit = "V"}``; ``{file = "ocv.csv"}``; and ``{value = "2 mS/cm"}`` or
    ``{formula = "2e-5 * c * T", over = [1, 6e4], temperatures = [263, 333]}``. Each of the tables in braces may say where it is
    from: ``reference = "… DOI"`` and ``kind = "published"`` (or ``"measured"``, ``"assumed"``); with ``implausible = true`` its
    numbers are taken however odd they are.
    """

    name: str
    unit: str
    coordinate: str
    low: float = 0.0
    high: float = 1.0

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def read(self, value: Any) -> Any:
        """Turn what the user wrote into a property; what is neither is left for the validator to refuse."""
        if isinstance(value, Property):
            return value
        value, accepted = unwrapped(value)
        if accepted:
            found = self.read(value)
            return meant(found) if isinstance(found, Property) else found
        coordinate_unit = {"x": "1", "c": "mol m-3", "z": "1"}[self.coordinate]
        if isinstance(value, bool):
            return value
        if isinstance(value, (int, float)):
            return Property.constant(self.name, value, self.unit, ASSUMED)
        if isinstance(value, str):
            return self._text(value, ASSUMED, (self.low, self.high))
        if not isinstance(value, Mapping) or "source" in value:
            return value
        forms = {"value": (), "formula": ("over", "temperatures"), "values": (self.coordinate, "unit"), "file": ()}
        form = next((name for name in forms if name in value), "values" if self.coordinate in value else None)
        allowed = [*forms, *_ORIGIN] if form is None else [form, *forms[form], *_ORIGIN]
        unknown = [key for key in value if key not in allowed]
        missing = "one of value, formula, values and file"
        if form == "values":
            missing = next((name for name in (self.coordinate, "values") if name not in value), "")
        if form is None or unknown or (form == "values" and missing):
            found = f"unknown key {unknown[0]!r}" if unknown else f"no {missing}"
            raise InputError(self.name, "", found, nearest(unknown[0] if unknown else "", allowed))
        source = _origin(self.name, value)
        if form == "file":
            coordinates = {self.coordinate: coordinate_unit, "T": "K"}
            return read_property_csv(value["file"], self.name, self.unit, coordinates, source=source)
        source = source or ASSUMED
        if form == "values":
            values = to_si(value["values"], value.get("unit", self.unit), self.unit, where=self.name, field="unit")
            return Property.from_arrays(self.name, {self.coordinate: value[self.coordinate]}, values, self.unit, source)
        if form == "formula":
            ranges: dict[str, Any] = {"over": (self.low, self.high), "temperatures": _TEMPERATURES, **value}
            for name in ("over", "temperatures"):
                if not isinstance(ranges[name], list | tuple) or len(ranges[name]) != 2 or not ranges[name][0] < ranges[name][1]:
                    raise InputError(self.name, name, ranges[name], "two increasing numbers")
            return self._text(str(value["formula"]), source, tuple(ranges["over"]), tuple(ranges["temperatures"]))
        return Property.constant(self.name, parse_uncertain(value["value"], self.unit, where=self.name), self.unit, source)

    def _text(
        self, text: str, source: Source, over: tuple[float, float], temperatures: tuple[float, float] = _TEMPERATURES
    ) -> Property:
        """A number with its unit, or a formula."""
        number, _, unit = text.strip().partition(" ")
        try:
            float(number)
        except ValueError:
            unit = ""
        if number == text.strip() or unit.strip()[:1].isalpha() or unit.strip()[:1] in ("%", "Ω", "°", "µ", "±", "×"):
            # Text such as "3.9e-14 m/s": the unit is to blame, not a formula.
            try:
                return Property.constant(self.name, parse_uncertain(text, self.unit, where=self.name), self.unit, source)
            except InputError:
                if unit:
                    raise
        noted = source.model_copy(update={"note": f"{source.note}; {text}" if source.note else text})
        ranged = MaterialFunction(self.name, self.unit, self.coordinate, *over)
        return ranged.sample(text, source=noted, temperatures=temperatures)

    def sample(
        self,
        text: str,
        *,
        source: Source | None = None,
        bounds: tuple[float, float] | None = None,
        temperatures: tuple[float, float] = _TEMPERATURES,
    ) -> Property:
        """Sample a formula over `low` … `high`, leaving out the ends where it leaves `bounds` or is not finite."""
        function = parse_expression(text, (self.coordinate, "T"), where=self.name)
        with_T = re.search(r"\bT\b", text) is not None
        T = np.linspace(*temperatures, 21) if with_T else np.zeros(1)
        nodes = 501 if with_T else 2001
        grid = np.linspace(self.low, self.high, nodes)
        values = np.broadcast_to(np.asarray(function(grid[:, None], T), dtype=np.float64), (nodes, T.size))
        every = np.isfinite(values) if bounds is None else np.isfinite(values) & (values > bounds[0]) & (values < bounds[1])
        good = every.all(axis=1)
        if not np.any(good):
            raise InputError(self.name, "", text, "a formula with finite values")
        # The longest unbroken piece: formulas of voltages often blow up at one end.
        edges = np.flatnonzero(np.diff(np.concatenate([[0], good.astype(int), [0]])))
        starts, ends = edges[::2], edges[1::2]
        longest = int(np.argmax(ends - starts))
        low, high = grid[starts[longest]], grid[ends[longest] - 1]
        if high <= low:
            raise InputError(self.name, "", text, "a formula with finite values over a range")
        grid = np.linspace(low, high, nodes)
        origin = source or ASSUMED.model_copy(update={"note": text})
        coordinates = {self.coordinate: grid} | ({"T": T} if with_T else {})
        values = np.broadcast_to(function(grid[:, None], T), (nodes, T.size))
        return Property.from_arrays(self.name, coordinates, values if with_T else values[:, 0], self.unit, origin)


OPEN_CIRCUIT_VOLTAGE = MaterialFunction("open_circuit_voltage", "V", "x")
ENTROPIC_COEFFICIENT = MaterialFunction("entropic_coefficient", "V K-1", "x")
CHEMICAL_DIFFUSIVITY = MaterialFunction("chemical_diffusivity", "m2 s-1", "x")
EXCHANGE_CURRENT_DENSITY = MaterialFunction("exchange_current_density", "A m-2", "x")
CONDUCTIVITY = MaterialFunction("conductivity", "S m-1", "c", 1.0, 4000.0)
DIFFUSIVITY = MaterialFunction("diffusivity", "m2 s-1", "c", 1.0, 4000.0)
TRANSFERENCE_NUMBER = MaterialFunction("transference_number", "1", "c", 1.0, 4000.0)
THERMODYNAMIC_FACTOR = MaterialFunction("thermodynamic_factor", "1", "c", 1.0, 4000.0)
GENERATION = MaterialFunction("generation", "mol m-3 s-1", "c", 1.0, 4000.0)
HYSTERESIS = MaterialFunction("hysteresis", "V", "x")
POROSITY_PROFILE = MaterialFunction("porosity_profile", "1", "z")
TRANSPORT_EFFICIENCY_PROFILE = MaterialFunction("transport_efficiency_profile", "1", "z")
OVERVOLTAGE_FUNCTION = MaterialFunction("reduced_rate", "1", "x")


def _origin(name: str, value: Mapping[str, Any]) -> Source | None:
    """The source that a table of a TOML file states; `None` where it states nothing."""
    if not any(key in value for key in _ORIGIN):
        return None
    kind = value.get("kind", "published" if "reference" in value else "assumed")
    if kind not in ("published", "measured", "assumed", "predicted"):
        raise InputError(name, "kind", kind, "published, measured, assumed or predicted")
    return Source(kind=kind, reference=str(value.get("reference", "")), note=str(value.get("note", "")))
