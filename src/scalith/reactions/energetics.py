r"""What a cell can free when it runs away: heats by Hess's law, at any state of charge.

Whatever the path (an internal short first, or the electrodes with the electrolyte first), a charged cell that ends as the same
products frees the same heat,

    Q(s) = E_el(s) + n_M q₀ + Q_interphase,   E_el(s) = Q ∫₀ˢ U dσ,

the electrical energy, the heat q₀ of the empty positive electrode with carbon of the cell, by mole of its metals M,

    Li_y MO₂ + a C + b CO₂ → y/2 Li₂CO₃ + MO_o,   b = (3y/2 + o − 2)/2,   a = y/2 − b,

and that of the interphase. The lithium of a charged negative electrode frees h = ΔH(Li in graphite + ¾ CO₂ → ½ Li₂CO₃ + ¼ C); the
charged positive electrode the rest. Checked against fractional calorimetry of many cells (case K10).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import exp
from pathlib import Path
from typing import Annotated, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from scalith.quantities import SI, InputError, Spec, nearest, parse_quantity, shipped
from scalith.quantities.constants import FARADAY, GAS_CONSTANT
from scalith.quantities.specification import Fraction
from scalith.reactions.kinetics import ReactionSet

FORMATION = {
    "LiNiO2": -593.0e3,
    "LiCoO2": -679.4e3,
    "LiMnO2": -839.3e3,
    "NiO": -239.7e3,
    "CoO": -237.9e3,
    "MnO": -385.2e3,
    "Ni": 0.0,
    "Co": 0.0,
    "Mn": 0.0,
    "Li2CO3": -1215.9e3,
    "CO2": -393.5e3,
    "LiC6": -11.0e3,
}
"""Enthalpies of formation, J mol-1 at 298 K. Binary compounds: handbooks (CRC, NIST). LiNiO₂, LiCoO₂: Wang, Navrotsky, Solid
State Ionics 166 (2004) 167; LiMnO₂: J. Solid State Chem. 178 (2005) 1230; these three, and lithium in graphite (by mole of
lithium), were not compared with the printed tables."""

LITHIATION_VOLTAGE = 3.6
"""V of a layered oxide against lithium between empty cell and full lithiation; assumed. 0.1 V is 1 kJ by mole of metal."""

_WEAK = 2000.0
"""J mol-1."""
_ROOM = 298.15
"""K."""

MOLAR_MASS = {"Ni": 58.693e-3, "Co": 58.933e-3, "Mn": 54.938e-3, "Al": 26.982e-3}
_LITHIUM_AND_OXYGEN = 6.94e-3 + 2 * 15.999e-3

SHORTED_SHARE = 0.40
"""Share of the electrical energy that cells which do not run away free in a nail test: least squares of the 23 nail tests of the
Battery Failure Databank (18650-MJ1, -M36, -P28A, 21700-M50) from 20 to 60 % whose cells stayed whole (case K10)."""

REDUCTION_TEMPERATURE = 1000.0
"""K: above it the lithiated rest of a layered oxide is taken to react with carbon; assumed. What follows for nail tests at 40 and
60 % charge stands beside their measured heat in case K10."""

THRESHOLD, THRESHOLD_WIDTH = 0.427, 0.057
"""State of charge at which half of the cells run away by a nail, and its logistic width: largest likelihood of 51 outcomes of
the same cells below full charge (case K10)."""


class CellChemistry(Spec):
    """What the electrodes are made of, by charge.

    Attributes
    ----------
    name, reference, note : str
    metals : dict
        Shares of Ni, Co, Mn, Al in the layered positive material; aluminium stays LiAlO₂. Empty for a material that makes no heat
        of its own (phosphate).
    products : dict
        What becomes of each metal: ``{"Ni": "NiO"}`` or ``{"Co": "Co"}``.
    positive_specific_capacity : float
        Charge that the cell uses of its positive material, C kg-1 (``"177 A h/kg"``).
    lithium_when_empty : float
        y of Li_y MO₂ in the empty cell.
    negative_specific_capacity, negative_excess : float
        Of the negative material, C kg-1; its capacity over the cell's.
    interphase_heat : float
        J by kg of negative material.
    state_of_charge, open_circuit_voltage : tuple of float
        Nodes from 0 to 1 and V there.
    """

    name: str
    reference: str
    note: str = ""
    metals: dict[str, Fraction] = Field(default_factory=dict)
    products: dict[str, str] = Field(default_factory=dict)
    positive_specific_capacity: Annotated[float, SI("C kg-1"), Field(gt=0)]
    lithium_when_empty: Fraction = 0.9
    negative_specific_capacity: Annotated[float, SI("C kg-1"), Field(gt=0)]
    negative_excess: Annotated[float, Field(ge=1)] = 1.05
    interphase_heat: Annotated[float, SI("J kg-1"), Field(ge=0)]
    state_of_charge: tuple[Fraction, ...]
    open_circuit_voltage: tuple[Annotated[float, Field(gt=0)], ...]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for metal in self.metals:
            if metal not in MOLAR_MASS:
                raise InputError("chemistry", "metals", metal, nearest(metal, MOLAR_MASS))
            if metal != "Al" and self.products.get(metal) not in (metal, f"{metal}O"):
                raise InputError("chemistry", "products", f"{metal}: {self.products.get(metal)}", f"'{metal}O' or '{metal}'")
        if self.metals and abs(sum(self.metals.values()) - 1.0) > 1e-6:
            raise InputError("chemistry", "metals", f"a sum of {sum(self.metals.values()):g}", "shares that add up to 1")
        nodes = np.array(self.state_of_charge)
        if nodes.size != len(self.open_circuit_voltage) or nodes.size < 2 or np.any(np.diff(nodes) <= 0):
            raise InputError("chemistry", "state_of_charge", nodes.tolist(), "rising nodes, one for each voltage")
        if nodes[0] != 0.0 or nodes[-1] != 1.0:
            raise InputError("chemistry", "state_of_charge", nodes.tolist(), "nodes from 0 to 1")
        return self

    @property
    def molar_mass(self) -> float:
        """Of LiMO₂, kg mol-1; 0 without metals."""
        return _LITHIUM_AND_OXYGEN + sum(w * MOLAR_MASS[m] for m, w in self.metals.items()) if self.metals else 0.0

    def voltage_integral(self, state_of_charge: float) -> float:
        """∫₀ˢ U dσ, V: straight between the nodes."""
        nodes = np.append(np.array([s for s in self.state_of_charge if s < state_of_charge]), state_of_charge)
        return float(np.trapezoid(np.interp(nodes, self.state_of_charge, self.open_circuit_voltage), nodes))

    def empty_heat(self, lithium: float) -> float:
        """q₀ of Li_y MO₂ at y = `lithium`, J by mole of metals: with carbon and carbon dioxide to carbonate and `products`."""
        found = 0.0
        for metal, share in self.metals.items():
            if metal == "Al":
                continue
            product = self.products[metal]
            oxygen = 1.0 if product.endswith("O") else 0.0
            host = FORMATION[f"Li{metal}O2"] + (1.0 - lithium) * FARADAY * LITHIATION_VOLTAGE
            carbon_dioxide = 0.5 * (1.5 * lithium + oxygen - 2.0)
            made = 0.5 * lithium * FORMATION["Li2CO3"] + FORMATION[product]
            found -= share * (made - host - carbon_dioxide * FORMATION["CO2"])
        return found


class RunawayHeat(NamedTuple):
    """Parts of the heat of one cell, J: through the short, of the two electrodes with the electrolyte, of the interphase."""

    short: float
    positive: float
    negative: float
    interphase: float

    @property
    def total(self) -> float:
        """J."""
        return self.short + self.positive + self.negative + self.interphase


class NailTest(NamedTuple):
    """Heat of a cell that stays whole and of one that runs away, J, and how probable the second is."""

    quiet: float
    runaway: float
    probability: float

    @property
    def mean(self) -> float:
        """J."""
        return self.probability * self.runaway + (1.0 - self.probability) * self.quiet


def shipped_chemistry(name: str) -> CellChemistry:
    """A chemistry that comes with the package: ``"nmc811_graphite_silicon"``, ``"nca"``, ``"nmc622"``, ``"nmc532"``,
    ``"nmc111"``, ``"lco"`` or ``"lfp"``.
    """
    return CellChemistry.read_toml(Path(shipped(f"runaway_energetics/{name}.toml")))


def runaway_heat(
    chemistry: CellChemistry,
    capacity: float,
    state_of_charge: float = 1.0,
    *,
    shorted: float = 0.0,
    lithium_loss: float = 0.0,
    heat_capacity: float | None = None,
) -> RunawayHeat:
    """Heat that a runaway frees, by Hess's law (see the head of `scalith.reactions.energetics`).

    Parameters
    ----------
    chemistry : CellChemistry
    capacity : float
        Of the new cell, C.
    state_of_charge : float
        Of the charge that the cell still holds.
    shorted : float
        Share of the charge that flows through an internal short before the electrodes react: it moves heat from the electrodes
        to the short and leaves the total.
    lithium_loss : float
        Share of the capacity lost with lithium by ageing; it is bound in products that free no more heat, and is missing in
        the positive electrode.
    heat_capacity : float, optional
        Of the cell, J K-1. With it, what is still LiMO₂ in the charged positive electrode, y of Li_y MO₂, reacts with carbon only
        where all else has heated the cell from 25 °C to `REDUCTION_TEMPERATURE`: it does not at low states of charge. When not
        given, everything reacts.

    Raises
    ------
    InputError
        A capacity or heat capacity that is not positive, or a share outside 0 to 1.
    """
    where = "runaway_heat"
    if not capacity > 0:
        raise InputError(where, "capacity", capacity, "a positive charge, C")
    if heat_capacity is not None and not heat_capacity > 0:
        raise InputError(where, "heat_capacity", heat_capacity, "a positive number, J/K")
    for name, share in (("state_of_charge", state_of_charge), ("shorted", shorted), ("lithium_loss", lithium_loss)):
        if not 0.0 <= share <= 1.0:
            raise InputError(where, name, share, "a number from 0 to 1")
    charge = capacity * (1.0 - lithium_loss)
    mass = capacity / chemistry.positive_specific_capacity
    moles = mass / chemistry.molar_mass if chemistry.metals else 0.0
    lost = lithium_loss * capacity / (FARADAY * moles) if moles else 0.0
    residual = moles * chemistry.empty_heat(chemistry.lithium_when_empty - lost) if moles else 0.0
    electrical = charge * chemistry.voltage_integral(state_of_charge)
    left = state_of_charge * (1.0 - shorted)
    short = electrical - charge * chemistry.voltage_integral(left)
    negative = left * charge / FARADAY * lithium_heat()
    graphite = chemistry.negative_excess * capacity / chemistry.negative_specific_capacity
    found = RunawayHeat(short, electrical - short + residual - negative, negative, chemistry.interphase_heat * graphite)
    if heat_capacity is None or not moles:
        return found
    lithiated = moles * (chemistry.lithium_when_empty - lost) - left * charge / FARADAY
    rest = max(lithiated, 0.0) * chemistry.empty_heat(1.0)
    cold = _ROOM + (found.total - rest) / heat_capacity < REDUCTION_TEMPERATURE
    return found._replace(positive=found.positive - rest) if cold else found


def lithium_heat() -> float:
    """h of lithium in graphite with carbon dioxide, J by mole of lithium: Li + ¾ CO₂ → ½ Li₂CO₃ + ¼ C."""
    return FORMATION["LiC6"] + 0.75 * FORMATION["CO2"] - 0.5 * FORMATION["Li2CO3"]


def nail_test_heat(
    chemistry: CellChemistry, capacity: float, state_of_charge: float, *, heat_capacity: float | None = None
) -> NailTest:
    """Heat of a cell through which a nail is driven: it stays whole, or it runs away.

    A cell that stays whole frees the heat of its interphase and a share of its electrical energy (`SHORTED_SHARE`). The
    probability of runaway, 1/(1 + exp(−(s − s₀)/w)), is that of four cells of high energy (`THRESHOLD`); single types
    differ: of two, most ran away at 40 %, of two others none.

    Parameters and errors as `runaway_heat`.
    """
    whole = runaway_heat(chemistry, capacity, state_of_charge, heat_capacity=heat_capacity)
    electrical = capacity * chemistry.voltage_integral(state_of_charge)
    probability = 1.0 / (1.0 + exp(-(state_of_charge - THRESHOLD) / THRESHOLD_WIDTH))
    return NailTest(whole.interphase + SHORTED_SHARE * electrical, whole.total, probability)


def body_share(ejected_mass_fraction: float, specific_heat_ratio: float = 0.5) -> float:
    r"""Share of the heat that stays in the body of a cell which ejects part of its mass.

    (1 − e) r/((1 − e) r + e): body and ejecta are at one temperature, r the specific heat of what stays (steel, copper) over
    that of what leaves (oxides, carbon, gas); r = 0.5 is assumed and agrees with fractional calorimetry (K10).

    Raises
    ------
    InputError
        A fraction outside 0 to 1, a ratio that is not positive.
    """
    if not 0.0 <= ejected_mass_fraction <= 1.0 or not specific_heat_ratio > 0:
        found = (ejected_mass_fraction, specific_heat_ratio)
        raise InputError("body_share", "ejected_mass_fraction, specific_heat_ratio", found, "0 to 1, and a positive ratio")
    stays = (1.0 - ejected_mass_fraction) * specific_heat_ratio
    return stays / (stays + ejected_mass_fraction) if stays + ejected_mass_fraction > 0 else 1.0


def with_heats(kinetics: ReactionSet, heats: Mapping[str, float], volume: float, parts: Mapping[str, str]) -> ReactionSet:
    """Kinetics whose whole conversion frees given heats: form and speed stay, the heats of the reactions are scaled.

    Parameters
    ----------
    kinetics : ReactionSet
        Fitted to calorimetry, or shipped.
    heats : mapping of str to float
        J in the cell, such as ``runaway_heat(…)._asdict()``. A part of zero heat needs no reaction.
    volume : float
        What the contents of the set refer to, m³ (`CellBody.reacting_volume`).
    parts : mapping of str to str
        To which part each reaction belongs: ``{"anode": "negative", "cathode": "positive", "sei": "interphase"}``. Reactions that
        are not named keep their heats.

    Raises
    ------
    InputError
        An unknown reaction or part, a part with heat and no reaction, a reaction without heat.
    """
    where = "with_heats"
    if not volume > 0:
        raise InputError(where, "volume", volume, "a positive volume, m3")
    for title, part in parts.items():
        if title not in kinetics.reactions:
            raise InputError(where, "parts", title, nearest(title, kinetics.reactions))
        if part not in heats:
            raise InputError(where, "parts", part, nearest(part, heats))
    changed: dict[str, float] = {}
    for part, heat in heats.items():
        members = [title for title, belongs in parts.items() if belongs == part]
        if not members:
            if heat != 0.0:
                raise InputError(where, "parts", f"no reaction for {part!r}, {heat:.4g} J", "a reaction for every part with heat")
            continue
        factor = heat / (volume * _whole_heat(kinetics, members, where))
        changed |= {f"{name}.heat": factor * kinetics.reactions[name].heat for name in members}
    return kinetics.with_values(changed)


def with_gas(kinetics: ReactionSet, gas: Mapping[str, float], volume: float) -> ReactionSet:
    """Kinetics whose whole conversion makes given amounts of gas, parted between exothermic reactions as their heat is.

    Measurements tell what a cell has let out in the end, not which reaction made it: the parting is assumed.

    Parameters
    ----------
    kinetics : ReactionSet
        Its endothermic reactions (melting) make no gas then.
    gas : mapping of str to float
        mol of each species (``{"CO2": 0.1, "H2": 0.08}``) from one cell.
    volume : float
        What the contents of the set refer to, m³ (`CellBody.reacting_volume`).

    Raises
    ------
    InputError
        No gas, an amount below zero, a volume that is not positive, a set that frees no heat.
    """
    where = "with_gas"
    total = sum(gas.values())
    if not total > 0 or min(gas.values()) < 0:
        raise InputError(where, "gas", dict(gas), "amounts of zero or more, mol, and one above")
    if not volume > 0:
        raise InputError(where, "volume", volume, "a positive volume, m3")
    exothermic = [name for name, reaction in kinetics.reactions.items() if reaction.heat > 0]
    if not exothermic:
        raise InputError(where, "kinetics", "no reaction that frees heat", "one at least")
    by_heat = total / (volume * _whole_heat(kinetics, exothermic, where))
    composition = {species: amount / total for species, amount in gas.items() if amount > 0}
    data = kinetics.model_dump(mode="json")
    for name, reaction in data["reactions"].items():
        made = by_heat * reaction["heat"] if name in exothermic else 0.0
        reaction |= {"gas": made, "gas_composition": composition if made else {}}
    return ReactionSet.read(data, where)


def _whole_heat(kinetics: ReactionSet, members: Iterable[str], where: str) -> float:
    """J m-3 that the members free when their reactants are used up; those that share a reactant count once, by the largest."""
    found: dict[str, float] = {}
    for name in members:
        reaction = kinetics.reactions[name]
        used = next((state for state in reaction.orders if reaction.changed.get(state, 0.0) < 0), "")
        if not used or reaction.heat == 0.0:
            raise InputError(where, name, f"a heat of {reaction.heat:g} J/kg", "a reaction with heat that uses up a state")
        whole = reaction.heat * reaction.content * kinetics.states[used] / -reaction.changed[used]
        found[used] = max(found.get(used, whole), whole)
    return sum(found.values())


def with_internal_short(
    kinetics: ReactionSet, energy: float, volume: float, *, collapse_temperature: float | str, duration: float | str
) -> ReactionSet:
    """Kinetics with an internal short: from the temperature at which the separator collapses, electrical energy becomes heat.

    The charge flows as e^{−t/τ}. What flows through the short is missing in the electrodes: give them the heats of
    ``runaway_heat(…, shorted=…)``, whose ``short`` is the energy here.

    Parameters
    ----------
    kinetics : ReactionSet
        Without a reaction or state named ``short``.
    energy : float
        J in the cell.
    volume : float
        What the contents of the set refer to, m³.
    collapse_temperature : float or str
        K, or text with a unit (``"150 degC"``): a polyethylene separator melts near 130 °C, polypropylene near 165 °C.
    duration : float or str
        τ, s or text with a unit.

    Raises
    ------
    InputError
        A set with a short of its own, an energy, volume or duration that is not positive.
    """
    where = "with_internal_short"
    collapse = parse_quantity(collapse_temperature, "K", where=where, field="collapse_temperature")
    time = parse_quantity(duration, "s", where=where, field="duration")
    for name, value in (("energy", energy), ("volume", volume), ("duration", time), ("collapse_temperature", collapse)):
        if not value > 0:
            raise InputError(where, name, value, "a positive number")
    if "short" in kinetics.reactions or "short" in kinetics.states:
        raise InputError(where, "kinetics", "a reaction or state named 'short'", "a set without an internal short")
    # Nearly independent of temperature: the smallest energy that a reaction may have.
    short = {
        "frequency_factor": exp(_WEAK / (GAS_CONSTANT * collapse)) / time,
        "activation_energy": _WEAK,
        "heat": energy / volume,
        "orders": {"short": 1.0},
        "onset_temperature": collapse,
    }
    data = kinetics.model_dump(mode="json")
    data["states"]["short"] = 1.0
    data["reactions"]["short"] = short
    data["note"] = f"{kinetics.note} Internal short of {energy:.4g} J from {collapse:.1f} K within {time:g} s.".strip()
    return ReactionSet.read(data, where)
