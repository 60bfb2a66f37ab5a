"""What happens at an open vent: electrolyte that flashes, gas that flows out at the speed of sound, an enclosure that empties."""

from __future__ import annotations

from itertools import pairwise
from math import inf, sqrt
from typing import NamedTuple

from scalith.pack.heat.cell_body import ATMOSPHERE, Vent
from scalith.quantities import InputError
from scalith.quantities.constants import GAS_CONSTANT


class Flash(NamedTuple):
    """Electrolyte that boils off, kg, and the temperature that it leaves, K."""

    mass: float
    temperature: float


def boiling_temperature(vent: Vent, pressure: float = ATMOSPHERE) -> float:
    """Where the electrolyte's vapour reaches `pressure`, K: 1/T = 1/T_ref − (R/ΔH) ln(p/p_ref)."""
    if not 0 < pressure < inf:
        raise InputError("boiling_temperature", "pressure", pressure, "a positive number, Pa")
    return vent.boiling_point(pressure)


def flash_evaporation(vent: Vent, heat_capacity: float, temperature: float) -> Flash:
    r"""Electrolyte that boils off when the pressure over it falls to that of the surroundings.

    It takes its heat from the cell, which cools to the boiling point at most, or until the electrolyte is gone:

    m = min(m_inventory, C (T − T_boil) M/ΔH),   T' = T − m ΔH/(M C).

    Parameters
    ----------
    vent : Vent
        Its ``evaporated_mass`` is the inventory; vapour pressure, heat of vaporisation and molar mass.
    heat_capacity : float
        C of the cell, J K-1.
    temperature : float
        T when the vent opens, K.

    Raises
    ------
    InputError
        A heat capacity or a temperature that is not positive.
    """
    if not 0 < heat_capacity < inf or not 0 < temperature < inf:
        found = (heat_capacity, temperature)
        raise InputError("flash_evaporation", "heat_capacity, temperature", found, "positive numbers, J/K and K")
    latent = vent.heat_of_vaporisation / vent.evaporated_molar_mass
    most = max(heat_capacity * (temperature - boiling_temperature(vent)) / latent, 0.0)
    mass = min(vent.evaporated_mass, most)
    return Flash(mass, temperature - mass * latent / heat_capacity)


def vent_outflow(
    pressure: float,
    temperature: float,
    area: float,
    *,
    molar_mass: float,
    heat_capacity_ratio: float = 1.3,
    discharge_coefficient: float = 0.8,
    outside_pressure: float = ATMOSPHERE,
) -> float:
    r"""Mass flow of an ideal gas through an opening, kg s-1: choked above the critical ratio of pressures, else subsonic.

    With r = p_out/p and r* = (2/(γ+1))^{γ/(γ−1)}:

    ṁ = C_d A p √(γ M/(R T)) (2/(γ+1))^{(γ+1)/(2(γ−1))} for r ≤ r*,
    ṁ = C_d A p √(2 γ/(γ−1) M/(R T) (r^{2/γ} − r^{(γ+1)/γ})) for r* < r < 1.

    Parameters
    ----------
    pressure, temperature : float
        In the cell, Pa and K.
    area : float
        Of the opening, m².
    molar_mass : float
        kg mol-1.
    heat_capacity_ratio, discharge_coefficient : float
        γ > 1; C_d, assumed.
    outside_pressure : float
        Pa; nothing flows where it is not below `pressure`.

    Raises
    ------
    InputError
        A number out of its range.
    """
    gamma = heat_capacity_ratio
    given = {
        "pressure": pressure,
        "temperature": temperature,
        "area": area,
        "molar_mass": molar_mass,
        "discharge_coefficient": discharge_coefficient,
        "outside_pressure": outside_pressure,
    }
    for name, value in given.items():
        if not 0 < value < inf:
            raise InputError("vent_outflow", name, value, "a positive number")
    if not gamma > 1:
        raise InputError("vent_outflow", "heat_capacity_ratio", gamma, "a number above 1")
    if pressure <= outside_pressure:
        return 0.0
    scale = discharge_coefficient * area * pressure * sqrt(molar_mass / (GAS_CONSTANT * temperature))
    ratio = outside_pressure / pressure
    if ratio <= critical_ratio(gamma):
        return float(scale * sqrt(gamma) * (2.0 / (gamma + 1.0)) ** ((gamma + 1.0) / (2.0 * (gamma - 1.0))))
    return scale * sqrt(2.0 * gamma / (gamma - 1.0) * (ratio ** (2.0 / gamma) - ratio ** ((gamma + 1.0) / gamma)))


def critical_ratio(heat_capacity_ratio: float) -> float:
    """r* = (2/(γ+1))^{γ/(γ−1)}: below it the gas leaves at the speed of sound."""
    gamma = heat_capacity_ratio
    return float((2.0 / (gamma + 1.0)) ** (gamma / (gamma - 1.0)))


def emptying_time(
    volume: float,
    pressure: float,
    temperature: float,
    area: float,
    *,
    molar_mass: float,
    until: float = 1.05 * ATMOSPHERE,
    heat_capacity_ratio: float = 1.3,
    discharge_coefficient: float = 0.8,
    outside_pressure: float = ATMOSPHERE,
) -> float:
    """Time in which a gas space at steady temperature empties from `pressure` to `until`, s: t = V M/(R T) ∫ dp/ṁ(p).

    Raises
    ------
    InputError
        As `vent_outflow`; a volume that is not positive, or `until` not between the pressures outside and inside.
    """
    from scipy.integrate import quad

    if not heat_capacity_ratio > 1:
        raise InputError("emptying_time", "heat_capacity_ratio", heat_capacity_ratio, "a number above 1")
    if not 0 < volume < inf or not outside_pressure < until < pressure:
        found = (volume, until, pressure)
        raise InputError("emptying_time", "volume, until, pressure", found, "a positive volume, and outside < until < pressure")

    def per_flow(p: float) -> float:
        return 1.0 / vent_outflow(
            p,
            temperature,
            area,
            molar_mass=molar_mass,
            heat_capacity_ratio=heat_capacity_ratio,
            discharge_coefficient=discharge_coefficient,
            outside_pressure=outside_pressure,
        )

    change = outside_pressure / critical_ratio(heat_capacity_ratio)
    parts = [until, change, pressure] if until < change < pressure else [until, pressure]
    whole = sum(quad(per_flow, low, high, epsrel=1e-10)[0] for low, high in pairwise(parts))
    return float(volume * molar_mass / (GAS_CONSTANT * temperature) * whole)
