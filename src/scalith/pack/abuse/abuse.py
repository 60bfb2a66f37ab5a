"""One cell under abuse, at one temperature: oven, heater, internal short or nail, overcharge; venting."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from scalith.pack.abuse.short_circuit import ShortCircuit, short_circuit_heat
from scalith.pack.heat.cell_body import ATMOSPHERE, CellBody
from scalith.pack.heat.heat_input import as_temperature, checked_time
from scalith.pack.module.thermal_network import NetworkResult, ThermalNetwork, simulate_network
from scalith.quantities import InputError, Result, labelled, predicted
from scalith.quantities.constants import STEFAN_BOLTZMANN, ZERO_CELSIUS
from scalith.reactions.kinetics import ReactionSet

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def abuse_test(
    cell: CellBody,
    kinetics: ReactionSet,
    time: ArrayLike,
    *,
    ambient_temperature: float | str | tuple[ArrayLike, ArrayLike],
    heat_transfer_coefficient: float,
    emissivity: float = 0.8,
    initial_temperature: float = 298.15,
    heat: tuple[ArrayLike, ArrayLike] | None = None,
    tolerance: float = 1e-6,
    parents: tuple[str, ...] = (),
    progress: Callable[[float, str], None] | None = None,
) -> Result:
    r"""A cell of one temperature in surroundings, with its decomposition reactions and its vent.

    C dT/dt = φ V Σ_r heat_r dξ_r/dt + P(t) − A [h (T − T_amb) + ε σ (T⁴ − T_amb⁴)],

    with φ = 1 until the vent opens and 1 − ``ejected_fraction`` afterwards. The pressure is that of the gas made and
    of the electrolyte's vapour in the free volume; when it reaches the vent's, the free volume empties, electrolyte boils off
    until the cell is at its boiling point or all of ``evaporated_mass`` is gone, and later gas leaves as it is made. The heat
    capacity stays that of the whole cell.

    Parameters
    ----------
    cell : CellBody
        The cell.
    kinetics : ReactionSet
        Its reactions; the result carries their digest.
    time : array_like, shape (m,)
        Output times, s. Steps are chosen by the error, peaks and event times are those of the steps.
    ambient_temperature : float or (times, temperatures)
        K, or text with a unit (``"150 degC"``); a table is linear between its times (s, K).
    heat_transfer_coefficient, emissivity : float
        h, W m-2 K-1; ε.
    initial_temperature : float
        K.
    heat : (times, powers), optional
        Heat put into the cell: s, W, linear between its times; a time given twice is a jump.
    tolerance : float
        Local error of a step, relative in T.
    parents : tuple of str
        More digests for the source.
    progress : callable, optional
        Called with (fraction, message).

    Returns
    -------
    Result
        Dimensions ``time``, ``reaction``, ``state``: ``temperature`` (K), ``heat_by_reaction`` (W), ``states``,
        ``heat_released``, ``heat_supplied``, ``heat_lost``, ``heat_ejected`` (J), ``gas_made`` (mol) and, where reactions state a
        ``gas_composition``, ``gas_by_species`` over ``species`` (mol), ``pressure`` (Pa), ``mass_lost`` (kg); scalars
        ``peak_temperature``, ``peak_self_heating`` (K s-1), ``runaway_time`` (self-heating of 1 K s-1), ``vent_time`` (s, NaN
        when it did not happen), ``energy_balance_error``. The attribute ``kinetics_digest`` names the parameter set in this cell
        (`CellBody.kinetics_digest`).

    Raises
    ------
    InputError
        Times that do not increase, temperatures that look like degrees Celsius, a negative h.
    ConvergenceError
        The integration could not meet its tolerance.
    """
    where = "abuse_test"
    t = checked_time(time, where)
    if not heat_transfer_coefficient >= 0 or not 0 <= emissivity <= 1:
        raise InputError(
            where, "heat_transfer_coefficient, emissivity", (heat_transfer_coefficient, emissivity), "h ≥ 0 and 0 ≤ ε ≤ 1"
        )
    if isinstance(ambient_temperature, tuple | list):
        ambient = _table(ambient_temperature, where, "ambient_temperature")
        for value in ambient[1]:
            as_temperature(float(value), where, "ambient_temperature")
    else:
        ambient = np.array([0.0]), np.array([as_temperature(ambient_temperature, where, "ambient_temperature")])
    initial_temperature = as_temperature(initial_temperature, where, "initial_temperature")
    network = ThermalNetwork(ambient=ambient)
    number = network.add(
        cell.heat_capacity,
        ambient=heat_transfer_coefficient * cell.surface,
        ambient_radiation=emissivity * STEFAN_BOLTZMANN * cell.surface,
        cell=cell,
    )
    if heat is not None:
        network.heat(number, *_table(heat, where, "heat"))
    result = simulate_network(
        network, kinetics, t, initial_temperature=initial_temperature, tolerance=tolerance, land=True, progress=progress
    )
    settings = {"heat_transfer_coefficient": heat_transfer_coefficient, "emissivity": emissivity, "tolerance": tolerance}
    source = predicted("scalith.pack.abuse_test", kinetics.digest, cell.digest, *parents, settings=settings)
    return _dataset(cell, kinetics, result, initial_temperature, source.to_json(), cell.kinetics_digest(kinetics))


def oven_test(
    cell: CellBody,
    kinetics: ReactionSet,
    oven_temperature: float | str,
    *,
    duration: float = 4 * 3600.0,
    heating_rate: float | None = None,
    heat_transfer_coefficient: float = 7.17,
    emissivity: float = 0.8,
    initial_temperature: float = 298.15,
    output_times: int = 1441,
    tolerance: float = 1e-6,
) -> Result:
    """A cell put into an oven that is hot already, or that warms at `heating_rate` (K s-1) from the initial temperature.

    Parameters and result as `abuse_test`; `oven_temperature` in K or text with a unit, `duration` in s, `output_times` outputs.
    """
    oven = as_temperature(oven_temperature, "oven_test", "oven_temperature")
    if oven < ZERO_CELSIUS:
        # Ovens are between 100 and 250 °C: such a number without a unit was not meant in kelvin.
        raise InputError("oven_test", "oven_temperature", oven_temperature, f"kelvin above {ZERO_CELSIUS}, or text: '160 degC'")
    ambient: float | tuple[ArrayLike, ArrayLike] = oven
    if heating_rate is not None:
        if not heating_rate > 0:
            raise InputError("oven_test", "heating_rate", heating_rate, "a positive rate in K/s")
        initial_temperature = as_temperature(initial_temperature, "oven_test", "initial_temperature")
        rise = (oven - initial_temperature) / heating_rate
        ambient = ([0.0, rise], [initial_temperature, oven])
    return abuse_test(
        cell,
        kinetics,
        np.linspace(0.0, duration, output_times),
        ambient_temperature=ambient,
        heat_transfer_coefficient=heat_transfer_coefficient,
        emissivity=emissivity,
        initial_temperature=initial_temperature,
        tolerance=tolerance,
    )


def critical_oven_temperature(
    cell: CellBody,
    kinetics: ReactionSet,
    *,
    lowest: float = 373.15,
    highest: float = 573.15,
    resolution: float = 0.05,
    duration: float = 24 * 3600.0,
    heat_transfer_coefficient: float = 7.17,
    emissivity: float = 0.8,
    initial_temperature: float = 298.15,
    runaway_rise: float = 100.0,
) -> tuple[float, float]:
    """Bracket of the oven temperature above which a cell runs away: (highest without, lowest with), K, by bisection.

    A cell has run away when its temperature exceeded the oven's by `runaway_rise`, K.

    Raises
    ------
    InputError
        There is no change between `lowest` and `highest`.
    """

    def runs_away(oven: float) -> bool:
        found = oven_test(
            cell,
            kinetics,
            oven,
            duration=duration,
            heat_transfer_coefficient=heat_transfer_coefficient,
            emissivity=emissivity,
            initial_temperature=initial_temperature,
            output_times=2,
        )
        return float(found["peak_temperature"]) - oven > runaway_rise

    if not lowest < highest or runs_away(lowest) or not runs_away(highest):
        raise InputError(
            "critical_oven_temperature", "lowest, highest", (lowest, highest), "an oven temperature without and one with runaway"
        )
    if not resolution > 0:
        raise InputError("critical_oven_temperature", "resolution", resolution, "a positive number of kelvin")
    low, high = lowest, highest
    while high - low > resolution:
        middle = 0.5 * (low + high)
        if runs_away(middle):
            high = middle
        else:
            low = middle
    return low, high


def external_heating(
    cell: CellBody,
    kinetics: ReactionSet,
    power: float,
    *,
    heating_time: float,
    duration: float,
    ambient_temperature: float = 298.15,
    heat_transfer_coefficient: float = 7.17,
    emissivity: float = 0.8,
    output_times: int = 1201,
) -> Result:
    """A cell heated with `power` (W) for `heating_time` (s). Other parameters and result as `abuse_test`."""
    if not power > 0 or not 0 < heating_time <= duration:
        raise InputError(
            "external_heating", "power, heating_time", (power, heating_time), "positive, and no longer than the duration"
        )
    return abuse_test(
        cell,
        kinetics,
        np.linspace(0.0, duration, output_times),
        ambient_temperature=ambient_temperature,
        heat_transfer_coefficient=heat_transfer_coefficient,
        emissivity=emissivity,
        initial_temperature=ambient_temperature,
        heat=([0.0, heating_time, heating_time], [power, power, 0.0]),
    )


def internal_short(
    cell: CellBody,
    kinetics: ReactionSet,
    short: ShortCircuit,
    *,
    duration: float = 3600.0,
    ambient_temperature: float = 298.15,
    heat_transfer_coefficient: float = 7.17,
    emissivity: float = 0.8,
    output_times: int = 1201,
) -> Result:
    """A nail or an internal short: the cell's electrical energy becomes Joule heat. Result as `abuse_test`, and
    ``heat_supplied`` is the Joule heat in it: it never exceeds the energy stored in the charge, of the cells that feed the short
    too (``stored_electrical_energy``).
    """
    time, power, stored = short_circuit_heat(short)
    found = abuse_test(
        cell,
        kinetics,
        np.linspace(0.0, duration, output_times),
        ambient_temperature=ambient_temperature,
        heat_transfer_coefficient=heat_transfer_coefficient,
        emissivity=emissivity,
        initial_temperature=ambient_temperature,
        heat=(time, power),
        parents=(short.digest,),
    )
    found["stored_electrical_energy"] = labelled((), stored, "electrical energy stored at the start", "J")
    return found


def overcharge(
    cell: CellBody,
    kinetics: ReactionSet,
    *,
    current: float,
    resistance: float,
    time_to_full: float,
    voltage: float,
    charging_time: float,
    duration: float,
    ambient_temperature: float = 298.15,
    heat_transfer_coefficient: float = 7.17,
    emissivity: float = 0.8,
    output_times: int = 1201,
) -> Result:
    """Charging goes on beyond full: I²R until `time_to_full`, then all of the charger's power I·V becomes heat.

    `voltage` is that of the charger beyond full (V), `charging_time` when it is switched off (s). Other parameters and
    result as `abuse_test`.
    """
    if not (current > 0 and resistance >= 0 and voltage > 0 and 0 < time_to_full < charging_time <= duration):
        found = (current, resistance, voltage, time_to_full, charging_time)
        raise InputError(
            "overcharge",
            "current, resistance, voltage, time_to_full, charging_time",
            found,
            "positive, times in order and within the duration",
        )
    table_time = [0.0, time_to_full, time_to_full, charging_time, charging_time]
    before, after = current**2 * resistance, current * voltage
    return abuse_test(
        cell,
        kinetics,
        np.linspace(0.0, duration, output_times),
        ambient_temperature=ambient_temperature,
        heat_transfer_coefficient=heat_transfer_coefficient,
        emissivity=emissivity,
        initial_temperature=ambient_temperature,
        heat=(table_time, [before, before, after, after, 0.0]),
    )


def _table(given: tuple[ArrayLike, ArrayLike], where: str, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    time, values = (np.asarray(column, dtype=np.float64) for column in given)
    if time.ndim != 1 or time.shape != values.shape or time.size < 1:
        raise InputError(where, name, f"shapes {time.shape} and {values.shape}", "times and values of the same length")
    if np.any(np.diff(time) < 0) or not np.all(np.isfinite(time)) or not np.all(np.isfinite(values)):
        raise InputError(where, name, "times that fall or a value that is not finite", "finite values at times that do not fall")
    return time, values


def _dataset(
    cell: CellBody, kinetics: ReactionSet, found: NetworkResult, start: float, source: str, kinetics_digest: str
) -> Result:
    from scalith.pack.kernels.network import heat_by_reaction

    set_ = kinetics.arrays()
    volume = np.array([cell.reacting_volume])
    heat = np.empty_like(found.extents)
    heat_by_reaction(set_, volume, found.temperature, found.extents, heat)
    extents = found.extents[:, 0]
    temperature = found.temperature[:, 0]
    gas = cell.reacting_volume * extents @ set_.gas
    after = found.time > found.vent_time[0] if np.isfinite(found.vent_time[0]) else np.zeros(found.time.size, dtype=bool)
    pressure = np.full(found.time.size, ATMOSPHERE)
    mass_lost = np.zeros(found.time.size)
    if cell.vent is not None:
        vent = cell.vent
        pressure = np.where(after, ATMOSPHERE, vent.closed_pressure(gas, temperature, start))
        whole = kinetics.stored_heat * cell.reacting_volume
        progress = np.clip(
            (found.released[:, 0] - np.interp(found.vent_time[0], found.time, found.released[:, 0])) / whole, 0.0, 1.0
        )
        evaporated = found.boiled[0] / vent.heat_of_vaporisation * vent.evaporated_molar_mass
        mass_lost = np.where(after, evaporated + vent.ejected_mass_fraction * cell.mass * progress, 0.0)
    states = set_.initial + extents @ set_.changes
    species = sorted({name for reaction in kinetics.reactions.values() for name in reaction.gas_composition})
    fractions = np.array([[r.gas_composition.get(name, 0.0) for name in species] for r in kinetics.reactions.values()])
    by_species = cell.reacting_volume * (extents * set_.gas) @ fractions
    told = "gas of each species, of reactions whose composition is known"
    return Result(
        {
            "temperature": labelled("time", temperature, "cell temperature", "K"),
            "heat_by_reaction": labelled(("time", "reaction"), heat[:, 0], "heat of each reaction", "W"),
            "states": labelled(("time", "state"), states, "states of the reaction set", "1"),
            "heat_released": labelled("time", found.released[:, 0], "heat of reaction since the start", "J"),
            "heat_supplied": labelled("time", found.heaters, "heat put in since the start", "J"),
            "heat_lost": labelled("time", found.ambient, "heat given to the surroundings since the start", "J"),
            "heat_ejected": labelled("time", found.ejected[:, 0], "heat that left through the vent since the start", "J"),
            "gas_made": labelled("time", gas, "gas made by the reactions", "mol"),
            **({"gas_by_species": labelled(("time", "species"), by_species, told, "mol")} if species else {}),
            "pressure": labelled("time", pressure, "absolute pressure in the cell", "Pa"),
            "mass_lost": labelled("time", mass_lost, "mass that left through the vent", "kg"),
            "peak_temperature": labelled((), float(found.peak_temperature[0]), "highest temperature", "K"),
            "peak_self_heating": labelled((), float(found.peak_self_heating[0]), "fastest self-heating", "K s-1"),
            "runaway_time": labelled((), float(found.runaway_time[0]), "self-heating reaches 1 K/s", "s"),
            "vent_time": labelled((), float(found.vent_time[0]), "the vent opens", "s"),
            "energy_balance_error": labelled((), found.energy_balance_error, "largest relative error of the energy balance", "1"),
        },
        coords={
            "time": labelled("time", found.time, "time", "s"),
            "reaction": ("reaction", kinetics.names, {"long_name": "reaction"}),
            "state": ("state", list(kinetics.states), {"long_name": "state of the reaction set"}),
            **({"species": species} if species else {}),
        },
        attrs={"source": source, "kinetics_digest": kinetics_digest},
    )
