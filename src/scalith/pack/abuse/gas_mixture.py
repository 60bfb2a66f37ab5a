"""Gas that a cell lets out: enthalpies, lower flammability limit, burning with limited air, pressure of a deflagration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from scalith.pack.heat.cell_body import ATMOSPHERE
from scalith.quantities import InputError, MissingDependencyError, nearest
from scalith.quantities.constants import GAS_CONSTANT

OXYGEN_IN_AIR = 0.2095
"""Mole fraction in dry air; the rest counts as nitrogen."""
REFERENCE_TEMPERATURE = 298.15
_HOTTEST = 3500.0
"""K: above, the heat capacities do not reach."""


class _Species(NamedTuple):
    """Atoms; coefficients of the enthalpy H/RT = Σ aₙ Tⁿ/(n + 1) + a₅/T below and above 1000 K; lower limit in air."""

    carbon: int
    hydrogen: int
    oxygen: int
    cold: tuple[float, ...]
    hot: tuple[float, ...]
    limit: float = np.inf


# Coefficients of GRI-Mech 3.0 (G. P. Smith et al., http://combustion.berkeley.edu/gri-mech/), valid from 200 or 300 to 3500 K.
# Limits in air at room temperature: M. G. Zabetakis, US Bureau of Mines Bulletin 627 (1965).
_SPECIES = {
    "H2": _Species(0, 2, 0, (2.34433112, 7.98052075e-03, -1.9478151e-05, 2.01572094e-08, -7.37611761e-12, -917.935173),
                   (3.3372792, -4.94024731e-05, 4.99456778e-07, -1.79566394e-10, 2.00255376e-14, -950.158922), 0.040),
    "CO": _Species(1, 0, 1, (3.57953347, -6.1035368e-04, 1.01681433e-06, 9.07005884e-10, -9.04424499e-13, -1.4344086e04),
                   (2.71518561, 2.06252743e-03, -9.98825771e-07, 2.30053008e-10, -2.03647716e-14, -1.41518724e04), 0.125),
    "CH4": _Species(1, 4, 0, (5.14987613, -0.0136709788, 4.91800599e-05, -4.84743026e-08, 1.66693956e-11, -1.02466476e04),
                    (0.074851495, 0.0133909467, -5.73285809e-06, 1.22292535e-09, -1.0181523e-13, -9468.34459), 0.050),
    "C2H4": _Species(2, 4, 0, (3.95920148, -7.57052247e-03, 5.70990292e-05, -6.91588753e-08, 2.69884373e-11, 5089.77593),
                     (2.03611116, 0.0146454151, -6.71077915e-06, 1.47222923e-09, -1.25706061e-13, 4939.88614), 0.027),
    "C2H6": _Species(2, 6, 0, (4.29142492, -5.5015427e-03, 5.99438288e-05, -7.08466285e-08, 2.68685771e-11, -1.15222055e04),
                     (1.0718815, 0.0216852677, -1.00256067e-05, 2.21412001e-09, -1.9000289e-13, -1.14263932e04), 0.030),
    "C3H8": _Species(3, 8, 0, (0.93355381, 0.026424579, 6.1059727e-06, -2.1977499e-08, 9.5149253e-12, -1.395852e04),
                     (7.5341368, 0.018872239, -6.2718491e-06, 9.1475649e-10, -4.7838069e-14, -1.6467516e04), 0.021),
    "CO2": _Species(1, 0, 2, (2.35677352, 8.98459677e-03, -7.12356269e-06, 2.45919022e-09, -1.43699548e-13, -4.83719697e04),
                    (3.85746029, 4.41437026e-03, -2.21481404e-06, 5.23490188e-10, -4.72084164e-14, -4.8759166e04)),
    "H2O": _Species(0, 2, 1, (4.19864056, -2.0364341e-03, 6.52040211e-06, -5.48797062e-09, 1.77197817e-12, -3.02937267e04),
                    (3.03399249, 2.17691804e-03, -1.64072518e-07, -9.7041987e-11, 1.68200992e-14, -3.00042971e04)),
    "O2": _Species(0, 0, 2, (3.78245636, -2.99673416e-03, 9.84730201e-06, -9.68129509e-09, 3.24372837e-12, -1063.94356),
                   (3.28253784, 1.48308754e-03, -7.57966669e-07, 2.09470555e-10, -2.16717794e-14, -1088.45772)),
    "N2": _Species(0, 0, 0, (3.298677, 1.4082404e-03, -3.963222e-06, 5.641515e-09, -2.444854e-12, -1020.8999),
                   (2.92664, 1.4879768e-03, -5.68476e-07, 1.0097038e-10, -6.753351e-15, -922.7977)),
}  # fmt: skip

VENT_GASES = ("H2", "CO", "CH4", "C2H4", "C2H6", "C3H8", "CO2", "H2O", "O2", "N2")
"""Species that a composition may name."""


class Burning(NamedTuple):
    """Heat freed, J (water stays vapour), share of the fuel that found oxygen, and oxygen that it used, mol."""

    heat: float
    burnt_share: float
    oxygen: float


class Deflagration(NamedTuple):
    """Pressure, Pa, and temperature, K, after the flame; whether there was one."""

    pressure: float
    temperature: float
    flammable: bool


def enthalpy(species: str, temperature: float) -> float:
    """Molar enthalpy of an ideal gas with its enthalpy of formation, J mol-1 (zero for elements at 298.15 K).

    Raises
    ------
    InputError
        An unknown species, a temperature outside 200 to 3500 K.
    """
    if species not in _SPECIES:
        raise InputError("gas", "species", species, nearest(species, VENT_GASES))
    if not 200.0 <= temperature <= 3500.0:
        raise InputError("gas", "temperature", f"{temperature:.6g} K", "200 to 3500 K")
    a = _SPECIES[species].cold if temperature <= 1000.0 else _SPECIES[species].hot
    powers = sum(a[n] * temperature**n / (n + 1) for n in range(5))
    return GAS_CONSTANT * (temperature * powers + a[5])


def lower_flammability_limit(composition: Mapping[str, float]) -> float:
    r"""Volume fraction of a vent gas in air below which no flame spreads, by Le Chatelier's rule.

    1/LFL = Σ_i x_i/LFL_i over the fuels among the gas, x_i their mole fractions in all of it: what does not burn dilutes.
    Measured limits of vent gases lie within a few per cent of it (Chen et al., J. Loss Prev. Process Ind. 63 (2020) 103992).

    Parameters
    ----------
    composition : mapping of str to float
        Amounts of the species, in any unit; infinite limit where nothing burns.

    Raises
    ------
    InputError
        An unknown species, an amount below zero, nothing at all.
    """
    fractions = _fractions(composition, "lower_flammability_limit")
    sum_ = sum(x / _SPECIES[name].limit for name, x in fractions.items())
    return 1.0 / sum_ if sum_ > 0 else float("inf")


def burn(composition: Mapping[str, float], fuel: float, air: float) -> Burning:
    """Complete combustion of `fuel` mol of vent gas with `air` mol of air; where oxygen is short, all fuels burn in part alike.

    Raises
    ------
    InputError
        As `lower_flammability_limit`, or amounts below zero.
    """
    where = "burn"
    fractions = _fractions(composition, where)
    if not fuel >= 0 or not air >= 0:
        raise InputError(where, "fuel, air", (fuel, air), "amounts of zero or more, mol")
    needed = fuel * sum(x * _oxygen_of(name) for name, x in fractions.items())
    there = OXYGEN_IN_AIR * air + fuel * fractions.get("O2", 0.0)
    share = 1.0 if needed <= there else there / needed
    heat = fuel * share * sum(x * _heat_of_combustion(name) for name, x in fractions.items())
    return Burning(heat, share, share * needed)


def deflagration_pressure(
    composition: Mapping[str, float],
    share: float,
    *,
    temperature: float = REFERENCE_TEMPERATURE,
    pressure: float = ATMOSPHERE,
    equilibrium: bool = False,
) -> Deflagration:
    r"""Pressure of a closed enclosure after vent gas in its air has burnt, without loss of heat: an upper bound.

    Internal energy is kept: Σ n_i u_i(T₀) before = Σ n_j u_j(T) after, and p = p₀ n T/(n₀ T₀).

    Parameters
    ----------
    composition : mapping of str to float
        Of the vent gas.
    share : float
        Volume fraction of vent gas in the enclosure, 0 to 1. Below its lower limit (at room temperature), or without oxygen,
        nothing burns, and the pressure stays.
    temperature, pressure : float
        Before, K and Pa.
    equilibrium : bool
        Products at chemical equilibrium (dissociation, CO and H₂ of rich mixtures) with cantera and GRI-Mech 3.0, instead of
        complete combustion, which lies up to 10 % higher near the stoichiometric mixture.

    Raises
    ------
    InputError
        As `lower_flammability_limit`; a share outside 0 to 1; a pressure or temperature that is not positive; a flame hotter
        than 3500 K, above which the heat capacities do not reach.
    MissingDependencyError
        `equilibrium` without cantera (``scalith[fire]``).
    """
    where = "deflagration_pressure"
    fractions = _fractions(composition, where)
    if not 0.0 <= share <= 1.0 or not 0 < pressure < np.inf or not 0 < temperature < _HOTTEST:
        found_numbers = (share, pressure, temperature)
        expected = f"a volume fraction from 0 to 1, a positive pressure, a temperature below {_HOTTEST:g} K"
        raise InputError(where, "share, pressure, temperature", found_numbers, expected)
    before = {name: share * x for name, x in fractions.items()}
    before["O2"] = before.get("O2", 0.0) + (1.0 - share) * OXYGEN_IN_AIR
    before["N2"] = before.get("N2", 0.0) + (1.0 - share) * (1.0 - OXYGEN_IN_AIR)
    if share < lower_flammability_limit(composition) or before["O2"] <= 0.0:
        return Deflagration(pressure, temperature, False)
    if equilibrium:
        return _at_equilibrium(before, temperature, pressure)
    from scipy.optimize import brentq

    found = burn(fractions, share, 1.0 - share)
    after = {name: n * (1.0 - found.burnt_share if _oxygen_of(name) > 0 else 1.0) for name, n in before.items()}
    after["O2"] = before["O2"] - found.oxygen
    for name, n in before.items():
        if _oxygen_of(name) > 0:
            kind = _SPECIES[name]
            after["CO2"] = after.get("CO2", 0.0) + found.burnt_share * n * kind.carbon
            after["H2O"] = after.get("H2O", 0.0) + found.burnt_share * n * 0.5 * kind.hydrogen
    start = _internal_energy(before, temperature)
    if _internal_energy(after, _HOTTEST) < start:
        expected = f"a flame below {_HOTTEST:g} K, or equilibrium=True"
        raise InputError(where, "share, temperature", (share, temperature), expected)
    T = float(brentq(lambda T: _internal_energy(after, T) - start, temperature, _HOTTEST))
    return Deflagration(pressure * sum(after.values()) * T / (sum(before.values()) * temperature), T, True)


def _at_equilibrium(before: Mapping[str, float], temperature: float, pressure: float) -> Deflagration:
    try:
        import cantera
    except ImportError:
        raise MissingDependencyError("cantera", "deflagration_pressure with equilibrium", "fire") from None
    gas = cantera.Solution("gri30.yaml")
    gas.TPX = temperature, pressure, dict(before)
    gas.equilibrate("UV")
    return Deflagration(float(gas.P), float(gas.T), True)


def _fractions(composition: Mapping[str, float], where: str) -> dict[str, float]:
    for name, amount in composition.items():
        if name not in _SPECIES:
            raise InputError(where, "composition", name, nearest(name, VENT_GASES))
        if not 0.0 <= amount < np.inf:
            raise InputError(where, name, amount, "an amount of zero or more")
    total = float(sum(composition.values()))
    if not total > 0:
        raise InputError(where, "composition", "nothing", "at least one species")
    return {name: amount / total for name, amount in composition.items()}


def _oxygen_of(name: str) -> float:
    """O₂ that one mole of a fuel needs; zero for what does not burn."""
    kind = _SPECIES[name]
    return max(kind.carbon + 0.25 * kind.hydrogen - 0.5 * kind.oxygen, 0.0) if np.isfinite(kind.limit) else 0.0


def _heat_of_combustion(name: str) -> float:
    """J mol-1 at 298.15 K, water as vapour; zero for what does not burn."""
    kind, oxygen = _SPECIES[name], _oxygen_of(name)
    if oxygen == 0.0:
        return 0.0
    T = REFERENCE_TEMPERATURE
    products = kind.carbon * enthalpy("CO2", T) + 0.5 * kind.hydrogen * enthalpy("H2O", T)
    return enthalpy(name, T) + oxygen * enthalpy("O2", T) - products


def _internal_energy(amounts: Mapping[str, float], temperature: float) -> float:
    return sum(n * (enthalpy(name, temperature) - GAS_CONSTANT * temperature) for name, n in amounts.items() if n > 0.0)
