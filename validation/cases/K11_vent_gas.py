r"""K11: Vent gas: flash, outflow, flammability, deflagration.

**[E]** Electrolyte flashes until the cell is at the boiling point or the inventory is gone: 200 g that would boil from a cell
of 220 g, and would cool it to 46 K, take it to the boiling point. Gas at 1 MPa leaves at the speed of sound ($\dot m\sqrt T/pA$
= 0.0404 for air), and a gas space at steady temperature empties as $e^{-t/\tau}$. Le Chatelier's rule gives each fuel its own
limit, and dilution raises it in proportion. **[P]** Heats of combustion and limits are those of the tables named in the code.
Gas by capacity of the sets that ship with gas, burnt in an oven, lies within 25 % of what was published for such cells: 0.052
(18650), 0.068 (21700) and 0.07 mol/(A h) (pouch) for NMC, 0.067 for NCA, 0.02 for LiFePO₄ (the set for NMC has the second, the
others the only one: for these it is asserted that the cell makes it all). An 18650 heated by 5 K/min opens its vent at 120 to
160 °C by the gas of `nmc_21700`, which is made as the heat is. The stoichiometric flame of methane at constant volume comes to
8.9 bar at equilibrium (asserted where cantera is installed); complete combustion leaves out dissociation, and lies above.
Stated, not asserted: what opens that vent by the vapour of one solvent alone (195 °C), or by gas of the interphase, of an
assumed amount.
"""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np

from scalith.pack import (
    CellBody,
    Vent,
    boiling_temperature,
    burn,
    deflagration_pressure,
    emptying_time,
    lower_flammability_limit,
    oven_test,
    vent_outflow,
)
from scalith.quantities.constants import GAS_CONSTANT, ZERO_CELSIUS
from scalith.reactions import ReactionSet, shipped_kinetics
from validation.record import Record

GASES = {"H2": 0.30, "CO2": 0.25, "CO": 0.28, "CH4": 0.09, "C2H4": 0.08}
"""A round composition of a nickel-rich cell's gas, assumed."""
INTERPHASE_GAS = 7.4
"""mol by kg of carbon and unit extent, assumed: 8 % of 372 A h/kg in dicarbonate that gives C2H4 and CO2; 0.15 reacts."""


PUBLISHED = {"nmc_21700": (0.052, 0.07, 5.0), "nca_21700": (0.067, 0.067, 5.0), "lfp_21700": (0.02, 0.02, 3.0)}
"""mol by A h, lowest and highest: Ferdigg, Mair, Batteries 11 (2025) 323 (DOI 10.3390/batteries11090323; NMC, LFP); Howard et
al., Batteries 11 (2025) 320 (DOI 10.3390/batteries11090320; NMC); 18650 cells in nitrogen (abstract of "Experimental study of
three commercially available 18650 lithium ion batteries using multiple abuse methods"; NMC, NCA). Capacity that the set refers
to, A h."""


def with_interphase_gas(gas: float) -> ReactionSet:
    """The set of LiCoO2 with `gas` mol by kg of carbon from the interphase, in equal parts."""
    data = shipped_kinetics("lco_hatchard_kim").model_dump(mode="json")
    if gas:
        data["reactions"]["sei"] |= {"gas": gas, "gas_composition": {"CO2": 0.5, "C2H4": 0.5}}
    return ReactionSet.read(data, "kinetics")


def gas_by_capacity(name: str, capacity: float) -> float:
    """What a 21700 cell has made when it has burnt in an oven, mol by A h."""
    cell = CellBody(shape="cylindrical", diameter=0.021, height=0.07, density=2887.0, specific_heat=1000.0)
    found = oven_test(cell, shipped_kinetics(name), "250 degC", duration=2400.0, output_times=2)
    return float(found["gas_made"][-1]) / capacity


def heated_18650(kinetics: ReactionSet, vent: Vent) -> float:
    """Temperature at which the vent opens when the cell is heated by 5 K/min, °C."""
    cell = CellBody(shape="cylindrical", diameter=0.018, height=0.065, density=2580.0, specific_heat=830.0, vent=vent)
    found = oven_test(
        cell, kinetics, 523.15, heating_rate=5 / 60, duration=3000.0, output_times=1501, heat_transfer_coefficient=30.0
    )
    return float(np.interp(float(found["vent_time"]), found["time"], found["temperature"])) - ZERO_CELSIUS


def run(record: Record) -> None:
    vent = Vent(pressure=4e5, free_volume=8e-6, evaporated_mass=0.2)
    cell = CellBody(shape="prismatic", thickness=0.012, width=0.1, height=0.08, density=2300.0, specific_heat=1000.0, vent=vent)
    found = oven_test(cell, shipped_kinetics("lco_hatchard_kim"), 430.0, duration=7200.0, output_times=2001)
    after = found["temperature"].where(found["time"] > float(found["vent_time"]), drop=True)
    boiling = boiling_temperature(vent)
    record.check("lowest temperature after the flash", expected=boiling, found=float(after.min()), tolerance=1.0, unit="K")
    record.check_at_most("its energy balance", limit=1e-8, found=found["energy_balance_error"])

    air = vent_outflow(1e6, 300.0, 1e-4, molar_mass=0.028964, heat_capacity_ratio=1.4, discharge_coefficient=1.0)
    constant = np.sqrt(1.4 * 0.028964 / GAS_CONSTANT) * (2 / 2.4) ** 3
    record.check("choked air, mass flow × √T/(p A)", expected=constant, found=air * np.sqrt(300.0) / 100.0, tolerance=1e-9)
    tau = 2e-6 / (1e-6 * np.sqrt(1.4 * GAS_CONSTANT * 400.0 / 0.028)) * (2 / 2.4) ** -3
    gas = {"molar_mass": 0.028, "heat_capacity_ratio": 1.4, "discharge_coefficient": 1.0}
    time = emptying_time(2e-6, 2e6, 400.0, 1e-6, until=4e5, **gas)
    record.check(
        "emptying 2 cm³ from 2 to 0.4 MPa", expected=1e3 * tau * np.log(5.0), found=1e3 * time, tolerance=1e-6, unit="ms"
    )

    record.check(
        "lower limit of methane", expected=5.0, found=100 * lower_flammability_limit({"CH4": 1.0}), tolerance=1e-9, unit="%"
    )
    half = lower_flammability_limit({"CH4": 1.0, "CO2": 1.0})
    record.check("lower limit of methane with as much carbon dioxide", expected=10.0, found=100 * half, tolerance=1e-9, unit="%")
    heat = burn({"C2H4": 1.0}, 1.0, 1e3).heat / 1e3
    record.check("heat of combustion of ethylene", expected=1323.0, found=heat, tolerance=2.0, unit="kJ/mol")
    flame = deflagration_pressure({"CH4": 1.0}, 0.095)
    bar = flame.pressure / 1e5
    record.compare("methane, stoichiometric, constant volume", reference=8.9, found=bar, unit="bar", note="without dissociation")
    if find_spec("cantera") is not None:
        bar = deflagration_pressure({"CH4": 1.0}, 0.095, equilibrium=True).pressure / 1e5
        record.check(
            "methane, stoichiometric, constant volume, at equilibrium", expected=8.9, found=bar, tolerance=0.1, unit="bar"
        )
    limit = lower_flammability_limit(GASES)

    for name, (least, most, capacity) in PUBLISHED.items():
        found = gas_by_capacity(name, capacity)
        record.check_true(f"{name}: {found:.3f} mol/(A h) within 25 % of what is published", 0.75 * least <= found <= 1.25 * most)
        record.compare(f"{name}: gas at 25 °C", reference=24.46 * 0.5 * (least + most), found=24.46 * found, unit="L/(A h)")

    valve = Vent(pressure=2.0e6, free_volume=2.5e-6)
    opens = heated_18650(shipped_kinetics("nmc_21700"), valve)
    record.check("18650 heated by 5 K/min: vent opens, nmc_21700", expected=140.0, found=opens, tolerance=20.0, unit="°C")
    for gas_made, words in (
        (INTERPHASE_GAS, "gas of the interphase and free volume assumed"),
        (0.0, "vapour of one solvent alone"),
    ):
        opens = heated_18650(with_interphase_gas(gas_made), valve)
        record.compare(
            "18650 heated by 5 K/min: vent opens (120 to 160 published)", reference=140.0, found=opens, unit="°C", note=words
        )

    import matplotlib.pyplot as plt

    shares = np.linspace(0.02, 0.6, 117)
    figure, axes = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
    axes.plot(100 * shares, [deflagration_pressure(GASES, s).pressure / 1e5 for s in shares])
    axes.axvline(100 * limit, color="k", lw=0.8, ls="--")
    axes.set(xlabel="vent gas in air / %", ylabel="pressure after the flame / bar", title="closed enclosure, no heat lost")
    record.figure("Pressure of a deflagration by the share of vent gas; dashed: the lower limit.", figure)
