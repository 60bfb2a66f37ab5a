"""Cells from the parameter values of PyBaMM (https://pybamm.org), without a dependency on it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalith.cell.specification import material_function as functions
from scalith.cell.specification.cell import CellSpecification
from scalith.cell.specification.material_function import MaterialFunction
from scalith.quantities import InputError, Property, Source
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

Array = NDArray[np.float64]
_WHERE = "pybamm parameters"
_TEMPERATURES: Array = np.linspace(243.15, 343.15, 21)
_STOICHIOMETRIES: Array = np.unique(np.concatenate([np.linspace(0.0, 1.0, 2001), [1e-4, 2e-4, 0.9998, 0.9999]]))
_SIDES = ("negative", "positive")


def specification_from_pybamm(
    parameter_values: Any, *, temperature: float | None = None, name: str = "cell"
) -> CellSpecification:
    """The cell that PyBaMM's Doyle–Fuller–Newman model describes with these parameter values and its default options.

    Functions are evaluated through the object that is given. What they say of the temperature is kept: as an activation energy
    where they follow Arrhenius' law, else as tables from −30 to 70 °C, or as far as they are finite. A set with an exchange
    current density of lithium metal and no negative particles becomes a cell with lithium on its negative side.

    The stoichiometries at 0 and 100 % state of charge are those at which the open-circuit voltage is ``Open-circuit voltage at
    0% SOC [V]`` and ``… at 100% SOC [V]`` with the lithium of the initial concentrations. Where those put the cell at another
    state of charge, and which parameters the default model does not read (ageing, mechanics, tabs, double layer, …), is said in
    the `description`.

    Parameters
    ----------
    parameter_values : pybamm.ParameterValues
    temperature : float, optional
        K, at which numbers are taken that PyBaMM lets depend on temperature and a cell has only one of: electronic
        conductivity, heat capacity, contact resistance. Without it such a dependence is not accepted.
    name : str
        Of the cell.

    Raises
    ------
    InputError
        A parameter is missing, is an input, depends on the position, or cannot be represented: an exchange current density
        that is no power of the electrolyte concentration, blends of particles, cells in series.
    """
    return _Reader(parameter_values, temperature).cell(name)


@dataclass
class _Reader:
    """Reads values by name, and remembers which were read."""

    values: Any
    temperature: float | None
    used: set[str] = field(default_factory=set)

    # -- single values ------------------------------------------------------------------------------------------

    def keys(self) -> list[str]:
        return [str(key) for key in self.values.keys()]  # noqa: SIM118 (an object of PyBaMM, no mapping)

    def has(self, key: str) -> bool:
        return key in self.values.keys()  # noqa: SIM118

    def raw(self, key: str) -> Any:
        if not self.has(key):
            raise InputError(_WHERE, key, "nothing", "a value: PyBaMM's model needs it")
        self.used.add(key)
        found = self.values[key]
        if isinstance(found, str):
            raise InputError(_WHERE, key, found, "a number or a function, not an input")
        return found

    def evaluate(self, key: str, found: Any, *arguments: Array) -> Array:
        """Value at arrays of arguments, through the object that was given."""
        size = max((argument.size for argument in arguments), default=1)
        if callable(found) and not hasattr(found, "evaluate"):
            if not _arguments(found) <= len(arguments) <= len(inspect.signature(found).parameters):
                raise InputError(_WHERE, key, f"a function of {_arguments(found)}", f"a function of {len(arguments)} arguments")
            package = sys.modules.get(type(self.values).__module__.partition(".")[0])
            vector = getattr(package, "Vector", np.asarray)
            with np.errstate(all="ignore"):  # the caller looks at what comes out
                found = found(*(vector(argument) for argument in arguments))
        if hasattr(found, "evaluate"):
            try:
                with np.errstate(all="ignore"):
                    found = self.values.evaluate(found)
            except Exception as problem:  # errors of another library, of any kind
                raise InputError(_WHERE, key, f"{type(problem).__name__}: {problem}", "a value") from problem
        try:
            flat = np.asarray(found, dtype=np.float64).ravel()
        except (TypeError, ValueError):
            raise InputError(_WHERE, key, type(found).__name__, "a number or a function") from None
        return np.broadcast_to(flat, (size,)).copy()

    def number(self, key: str, otherwise: float | None = None) -> float:
        if otherwise is not None and not self.has(key):
            return otherwise
        found = self.raw(key)
        if callable(found) and not hasattr(found, "evaluate"):
            raise InputError(_WHERE, key, f"a function of {_arguments(found)}", "a number")
        return float(self.evaluate(key, found)[0])

    def number_at(self, key: str, reference: float, otherwise: float | None = None) -> float:
        """A number that may be written as a function of the temperature alone."""
        if otherwise is not None and not self.has(key):
            return otherwise
        found = self.raw(key)
        if not callable(found) or hasattr(found, "evaluate"):
            return float(self.evaluate(key, found)[0])
        T = _TEMPERATURES
        values = np.array(
            [self.evaluate(key, found, *([np.full_like(T, x)] if _arguments(found) == 2 else []), T) for x in (0.1, 0.5, 0.9)]
        )
        if np.ptp(values, axis=0).max() > 1e-9 * np.abs(values).max():
            raise InputError(_WHERE, key, "a function of the stoichiometry", "a number or a function of the temperature")
        if self.temperature is None and np.ptp(values) > 1e-9 * np.abs(values).max():
            raise InputError(_WHERE, key, "a function of the temperature", "a number; temperature=… says where to take it")
        at = np.array([self.temperature or reference])
        return float(self.evaluate(key, found, *([np.full_like(at, 0.5)] if _arguments(found) == 2 else []), at)[0])

    # -- functions ----------------------------------------------------------------------------------------------

    def function(self, key: str, function: MaterialFunction, grid: Array, reference: float) -> tuple[Property, float]:
        """A property over `grid`, and its activation energy where it follows Arrhenius' law (else it is a table over T)."""
        found = self.raw(key)
        source = self.source(key)
        if not callable(found) or hasattr(found, "evaluate"):
            return Property.constant(function.name, float(self.evaluate(key, found)[0]), function.unit, source), 0.0
        return _tabulated(function, grid, lambda x, T: self.evaluate(key, found, x, T), reference, source)

    def over_temperature(self, key: str, function: MaterialFunction, grid: Array) -> Property:
        """A function of a state and T as a table over both."""
        found = self.raw(key)
        values = _grid_over(grid, _TEMPERATURES, lambda x, T: self.evaluate(key, found, x, T))
        coordinates = {function.coordinate: grid, "T": _TEMPERATURES}
        return Property.from_arrays(function.name, coordinates, values, function.unit, self.source(key))

    def source(self, key: str) -> Source:
        citations = self.values["citations"] if self.has("citations") else []
        self.used |= {"citations", "chemistry"}
        return Source(kind="published", reference=", ".join(map(str, citations)) or "PyBaMM parameter values", note=key)

    # -- parts --------------------------------------------------------------------------------------------------

    def cell(self, name: str) -> CellSpecification:
        for key in self.keys():
            if key.startswith(("Primary: ", "Secondary: ")):
                raise InputError(_WHERE, key, "a blend of particles", "one kind of particles in each electrode")
        if self.number("Number of cells connected in series to make a battery", 1.0) != 1.0:
            key = "Number of cells connected in series to make a battery"
            raise InputError(_WHERE, key, self.number(key), "1: one cell; a pack is built of cells")
        reference = self.number("Reference temperature [K]")
        initial = self.number("Initial concentration in electrolyte [mol.m-3]")
        metal = "Exchange-current density for lithium metal electrode [A.m-2]"
        half = self.has(metal) and not self.has("Maximum concentration in negative electrode [mol.m-3]")
        made: dict[str, Any] = {
            "name": name,
            "reference": self.source("").reference,
            "electrode_area": self.number("Electrode height [m]") * self.number("Electrode width [m]"),
            "electrode_pairs": self.number("Number of electrodes connected in parallel to make a cell", 1.0),
            "nominal_capacity": 3600.0 * self.number("Nominal cell capacity [A.h]"),
            "lower_voltage_cut_off": self.number("Lower voltage cut-off [V]"),
            "upper_voltage_cut_off": self.number("Upper voltage cut-off [V]"),
            "contact_resistance": self.number_at("Contact resistance [Ohm]", reference, 0.0),
            "reference_temperature": reference,
            "electrolyte": self.electrolyte(initial, reference),
            "separator": self.layer("Separator"),
            "positive_electrode": self.electrode("positive", initial, reference),
            "negative_electrode": self.lithium(metal, initial, reference)
            if half
            else self.electrode("negative", initial, reference),
        }
        thermal = self.thermal(reference)
        if thermal:
            made["thermal"] = thermal
        made["description"] = self.window(made, half)
        return CellSpecification.read(made, where=_WHERE)

    def electrolyte(self, initial: float, reference: float) -> dict[str, Any]:
        keys = {
            "conductivity": ("Electrolyte conductivity [S.m-1]", functions.CONDUCTIVITY),
            "diffusivity": ("Electrolyte diffusivity [m2.s-1]", functions.DIFFUSIVITY),
            "transference_number": ("Cation transference number", functions.TRANSFERENCE_NUMBER),
            "thermodynamic_factor": ("Thermodynamic factor", functions.THERMODYNAMIC_FACTOR),
        }
        grid = np.linspace(functions.CONDUCTIVITY.low, functions.CONDUCTIVITY.high, 2001)
        # Fits of transport end where they turn negative: the same range for all.
        for name in ("conductivity", "diffusivity"):
            found = self.raw(keys[name][0])
            if callable(found):
                at = self.evaluate(keys[name][0], found, grid, np.full_like(grid, reference))
                grid = _unbroken(grid, np.isfinite(at) & (at > 0.0), initial, keys[name][0])
        made: dict[str, Any] = {"initial_concentration": initial}
        for name, (key, function) in keys.items():
            made[name], energy = self.function(key, function, grid, reference)
            if name in ("conductivity", "diffusivity"):
                made[f"{name}_activation_energy"] = energy
            elif energy:
                # These have no activation energy of their own.
                made[name] = self.over_temperature(key, function, grid)
        return made

    def layer(self, title: str) -> dict[str, Any]:
        return {
            "thickness": self.number(f"{title} thickness [m]"),
            "porosity": self.number(f"{title} porosity"),
            "bruggeman_exponent": self.number(f"{title} Bruggeman coefficient (electrolyte)"),
        }

    def electrode(self, side: str, initial: float, reference: float) -> dict[str, Any]:
        title = side.capitalize()
        made = self.layer(f"{title} electrode")
        solid = (1.0 - made["porosity"]) ** self.number(f"{title} electrode Bruggeman coefficient (electrode)")
        made["conductivity"] = self.number_at(f"{title} electrode conductivity [S.m-1]", reference) * solid
        made["particle_radius"] = self.number(f"{title} particle radius [m]")
        made["active_volume_fraction"] = self.number(f"{title} electrode active material volume fraction")
        made["maximum_concentration"] = self.number(f"Maximum concentration in {side} electrode [mol.m-3]")
        key = f"{title} electrode OCP [V]"
        voltage = self.raw(key)
        U = self.evaluate(key, voltage, *([_STOICHIOMETRIES] if callable(voltage) else []))
        U = np.broadcast_to(U, _STOICHIOMETRIES.shape)
        x = _unbroken(_STOICHIOMETRIES, np.isfinite(U), 0.5, key)
        function = functions.OPEN_CIRCUIT_VOLTAGE
        made["open_circuit_voltage"] = Property.from_arrays(
            function.name, {"x": x}, U[np.isin(_STOICHIOMETRIES, x)], function.unit, self.source(key)
        )
        made |= self.entropy(title, made["maximum_concentration"], x)
        old, new = f"{title} electrode diffusivity [m2.s-1]", f"{title} particle diffusivity [m2.s-1]"
        diffusivity = old if self.has(old) and not self.has(new) else new
        made["chemical_diffusivity"], made["diffusivity_activation_energy"] = self.function(
            diffusivity, functions.CHEMICAL_DIFFUSIVITY, x, reference
        )
        return made | self.exchange(title, made["maximum_concentration"], x, initial, reference)

    def entropy(self, title: str, maximum: float, x: Array) -> dict[str, Any]:
        key = f"{title} electrode OCP entropic change [V.K-1]"
        if not self.has(key):
            return {}
        found = self.raw(key)
        arguments: list[Array] = []
        if callable(found) and not hasattr(found, "evaluate"):
            arguments = [x] if _arguments(found) == 1 else [x, np.full_like(x, maximum)]
        values = np.broadcast_to(self.evaluate(key, found, *arguments), x.shape)
        if not np.any(values):
            return {}
        function = functions.ENTROPIC_COEFFICIENT
        return {"entropic_coefficient": Property.from_arrays(function.name, {"x": x}, values, function.unit, self.source(key))}

    def exchange(self, title: str, maximum: float, x: Array, initial: float, reference: float) -> dict[str, Any]:
        """The exchange current density: its order in the concentration, and k where it is k √(x(1 − x)), else a table."""
        key = f"{title} electrode exchange-current density [A.m-2]"
        found = self.raw(key)

        def at(x: Array, T: Array, c: float = initial) -> Array:
            if not callable(found) or hasattr(found, "evaluate"):
                return np.broadcast_to(self.evaluate(key, found), x.shape)
            full = np.full_like(x, maximum)
            return self.evaluate(key, found, np.full_like(x, c), x * maximum, full, T)

        order = self.order(key, lambda c: at(np.array([0.1, 0.4, 0.7, 0.9]), np.full(4, reference), c), initial)
        function, source = functions.EXCHANGE_CURRENT_DENSITY, self.source(key)
        inner = x[(x > 0.0) & (x < 1.0)]
        per_root, energy = _tabulated(function, inner, lambda x, T: at(x, T) / np.sqrt(x * (1.0 - x)), reference, source)
        made: dict[str, Any] = {"concentration_exponent": order, "reaction_activation_energy": energy}
        rates = per_root.nominal.values
        if "T" not in per_root.coordinates and float(np.ptp(rates)) <= 1e-9 * float(rates.max()):
            return made | {"reaction_rate_constant": float(rates.mean()) / FARADAY}
        made["exchange_current_density"], made["reaction_activation_energy"] = _tabulated(function, x, at, reference, source)
        return made

    def order(self, key: str, at: Callable[[float], Array], initial: float) -> float:
        """n in i₀ ∝ cⁿ."""
        c = initial * np.array([0.3, 1.0, 1.7])
        logs = np.log([at(float(one)) for one in c])
        orders = (logs[1:] - logs[:-1]) / np.diff(np.log(c))[:, None]
        if not np.ptp(orders) < 1e-6:
            found = f"orders from {orders.min():.4g} to {orders.max():.4g} in the electrolyte concentration"
            raise InputError(_WHERE, key, found, "one power of the electrolyte concentration")
        return float(np.round(orders.mean(), 9))

    def lithium(self, key: str, initial: float, reference: float) -> dict[str, Any]:
        found = self.raw(key)
        concentration = 1.0 / self.number("Lithium metal partial molar volume [m3.mol-1]")
        # The metal is a foil: how thick it is and how well it conducts does not show.
        self.used |= {"Negative electrode thickness [m]", "Negative electrode conductivity [S.m-1]"}

        def at(c: float, T: Array) -> Array:
            if not callable(found) or hasattr(found, "evaluate"):
                return np.broadcast_to(self.evaluate(key, found), T.shape)
            return self.evaluate(key, found, np.full_like(T, c), np.full_like(T, concentration), T)

        function, source = functions.EXCHANGE_CURRENT_DENSITY, self.source(key)
        values = at(initial, _TEMPERATURES)
        exchange = Property.constant(function.name, float(at(initial, np.array([reference]))[0]), function.unit, source)
        if np.ptp(values) > 1e-9 * values.max():
            exchange = Property.from_arrays(function.name, {"T": _TEMPERATURES}, values, function.unit, source)
        return {
            "lithium_metal": {
                "exchange_current_density": exchange,
                "concentration_exponent": self.order(key, lambda c: at(c, np.array([reference])), initial),
                "potential": self.number("Negative electrode OCP [V]", 0.0),
            }
        }

    def thermal(self, reference: float) -> dict[str, Any]:
        """Lumped heat capacity and cooling; nothing where the set has no thermal data."""
        parts = (
            "Negative current collector",
            "Negative electrode",
            "Separator",
            "Positive electrode",
            "Positive current collector",
        )
        needed = [
            f"{part} {what}"
            for part in parts
            for what in ("thickness [m]", "density [kg.m-3]", "specific heat capacity [J.kg-1.K-1]")
        ]
        needed += ["Cell volume [m3]", "Cell cooling surface area [m2]", "Total heat transfer coefficient [W.m-2.K-1]"]
        if not all(self.has(key) for key in needed):
            return {}
        thickness = np.array([self.number(f"{part} thickness [m]") for part in parts])
        per_volume = [
            self.number_at(f"{part} density [kg.m-3]", reference)
            * self.number_at(f"{part} specific heat capacity [J.kg-1.K-1]", reference)
            for part in parts
        ]
        volume = self.number("Cell volume [m3]")
        return {
            "heat_capacity": float(thickness @ per_volume / thickness.sum()) * volume,
            "heat_transfer": self.number("Total heat transfer coefficient [W.m-2.K-1]")
            * self.number("Cell cooling surface area [m2]"),
            "ambient_temperature": self.number("Ambient temperature [K]"),
            "volume": volume,
        }

    # -- what 0 and 100 % mean ----------------------------------------------------------------------------------

    def window(self, made: dict[str, Any], half: bool) -> str:
        """Set the stoichiometries at 0 and 100 %; gives the description."""
        ends = {}
        for percent, cut_off in ((0, "lower_voltage_cut_off"), (100, "upper_voltage_cut_off")):
            ends[percent] = self.number(f"Open-circuit voltage at {percent}% SOC [V]", made[cut_off])
        sides = ("positive",) if half else _SIDES
        electrodes = {side: made[f"{side}_electrode"] for side in sides}
        store = {
            side: e["thickness"] * e["active_volume_fraction"] * e["maximum_concentration"] for side, e in electrodes.items()
        }
        start = {
            side: self.number(f"Initial concentration in {side} electrode [mol.m-3]") / e["maximum_concentration"]
            for side, e in electrodes.items()
        }
        found = _stoichiometries(electrodes, store, start, ends, made["negative_electrode"])
        for side, electrode in electrodes.items():
            low, high = sorted((found[0][side], found[100][side]))
            electrode["minimum_stoichiometry"], electrode["maximum_stoichiometry"] = low, high
        charge = (start["positive"] - found[0]["positive"]) / (found[100]["positive"] - found[0]["positive"])
        self.used |= {"Initial temperature [K]", "Ambient temperature [K]", "Current function [A]"}
        unread = sorted(key for key in self.keys() if key not in self.used and not _is_constant(key))
        text = f"From parameter values of PyBaMM, whose initial concentrations are at {100.0 * charge:.4g} % state of charge."
        return f"{text} Not read by its default model: {'; '.join(unread)}." if unread else text


def _stoichiometries(
    electrodes: dict[str, Any], store: dict[str, float], start: dict[str, float], ends: dict[int, float], negative: Any
) -> dict[int, dict[str, float]]:
    """Stoichiometries at which the open-circuit voltage is that of 0 and 100 %, with the lithium that the cell has."""
    from scipy.optimize import brentq

    lithium = sum(store[side] * start[side] for side in electrodes)

    def other(positive: Any) -> Any:
        return (lithium - store["positive"] * positive) / store["negative"]

    def voltage(positive: Any) -> Any:
        against = float(negative["lithium_metal"]["potential"]) if "negative" not in electrodes else 0.0
        if "negative" in electrodes:
            against = electrodes["negative"]["open_circuit_voltage"](x=other(positive))
        return electrodes["positive"]["open_circuit_voltage"](x=positive) - against

    low, high = electrodes["positive"]["open_circuit_voltage"].domain["x"]
    if "negative" in electrodes:
        least, most = electrodes["negative"]["open_circuit_voltage"].domain["x"]
        low = max(low, (lithium - store["negative"] * most) / store["positive"])
        high = min(high, (lithium - store["negative"] * least) / store["positive"])
    grid = np.linspace(low + 1e-9, high - 1e-9, 4001)
    curve = voltage(grid)
    middle = int(np.argmin(np.abs(grid - start["positive"])))
    found = {}
    for percent, wanted in ends.items():
        # The crossing nearest to where the set starts: formulas of voltages often turn back at an end.
        below = curve < wanted
        crossings = np.flatnonzero(below[1:] & ~below[:-1])
        if crossings.size == 0:
            key, reach = f"Open-circuit voltage at {percent}% SOC [V]", f"{curve.min():.4g} to {curve.max():.4g} V"
            raise InputError(_WHERE, key, wanted, f"a voltage that the lithium of the cell reaches, {reach}")
        k = int(crossings[np.argmin(np.abs(crossings - middle))])
        positive = float(brentq(lambda x, wanted=wanted: float(voltage(x)) - wanted, grid[k], grid[k + 1], xtol=1e-13))
        found[percent] = {"positive": positive} | ({"negative": other(positive)} if "negative" in electrodes else {})
    return found


def _tabulated(
    function: MaterialFunction, grid: Array, at: Callable[[Array, Array], Array], reference: float, source: Source
) -> tuple[Property, float]:
    """A property of one state and, where it depends on it otherwise than by Arrhenius' law, of T; its activation energy."""
    base = at(grid, np.full_like(grid, reference))
    probes = grid[:: max(1, grid.size // 40)]
    if np.all(base == base[0]) and np.all(np.isfinite(base)):
        one = Property.constant(function.name, float(base[0]), function.unit, source)
    else:
        one = Property.from_arrays(function.name, {function.coordinate: grid}, base, function.unit, source)
    over = _grid_over(probes, _TEMPERATURES, at)
    at_reference = at(probes, np.full_like(probes, reference))[:, None]
    if np.all(np.abs(over - at_reference) <= 1e-9 * np.abs(at_reference)):
        return one, 0.0
    live = at_reference[:, 0] != 0.0
    if np.all(over[live] > 0.0) and not np.any(over[~live]):
        slope = (1.0 / reference - 1.0 / _TEMPERATURES) / GAS_CONSTANT
        logs = np.log(over[live] / at_reference[live])
        energy = float((logs @ slope).mean() / (slope @ slope))
        if np.max(np.abs(logs - energy * slope)) < 1e-6:
            return one, float(np.round(energy, 6))
    coarse = np.unique(np.append(grid[:: max(1, grid.size // 500)], grid[-1]))
    values = _grid_over(coarse, _TEMPERATURES, at)
    # Formulas such as 10^(a/(T - T_g)) end at a temperature: what is no number there, or a thousand times that of the reference.
    bounds = np.abs(at(coarse, np.full_like(coarse, reference)))[:, None] * 1e3
    good = np.all(np.isfinite(values) & (np.abs(values) <= bounds), axis=0)
    T = _unbroken(_TEMPERATURES, good, reference, function.name)
    coordinates = {function.coordinate: coarse, "T": T}
    return Property.from_arrays(function.name, coordinates, values[:, np.isin(_TEMPERATURES, T)], function.unit, source), 0.0


def _grid_over(grid: Array, temperatures: Array, at: Callable[[Array, Array], Array]) -> Array:
    return np.column_stack([at(grid, np.full_like(grid, T)) for T in temperatures])


def _unbroken(grid: Array, good: NDArray[np.bool_], around: float, key: str) -> Array:
    """The unbroken piece of a grid that is good and holds a point."""
    centre = int(np.argmin(np.abs(grid - around)))
    if not good[centre]:
        raise InputError(_WHERE, key, f"no good value at {grid[centre]:.4g}", "finite values, positive ones of transport")
    bad = np.flatnonzero(~good)
    first = int(bad[bad < centre].max(initial=-1)) + 1
    last = int(bad[bad > centre].min(initial=grid.size))
    return grid[first:last]


def _arguments(function: Any) -> int:
    """How many arguments a function must be given."""
    return sum(one.default is one.empty for one in inspect.signature(function).parameters.values())


def _is_constant(key: str) -> bool:
    """Constants of nature, which every set of PyBaMM carries."""
    return key.startswith(("Ideal gas constant", "Faraday constant", "Boltzmann constant", "Electron charge"))
