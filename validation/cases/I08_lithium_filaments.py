r"""I08: Lithium filaments: the overvoltage that opens a flaw, and the current that reaches it.

**[E]** Plating at $\eta$ builds up $F\eta/V_{Li}$ = 7.42 MPa/mV; a flaw of the surface of 1 µm in a solid of 1 MPa√m opens at
$K_{IC}/(1.12\sqrt{\pi a})$ = 504 MPa, 67.9 mV. 1 mA/cm² plates 4.85 µm in an hour. On the map flaw × pressure × temperature
the critical current falls as $a^{-1/2}$, rises with the pressure as the contact does, and with temperature as the interface's
conductance; a contact that is whole gains nothing more. LLZTO with the span of its published toughness, 0.44 to 1.51 MPa√m,
stands beside.
"""

from __future__ import annotations

import numpy as np

from scalith.interface import LithiumAnode, critical_plating_current, filament_pressure, opening_overvoltage, plated_thickness
from scalith.quantities.constants import GAS_CONSTANT
from validation.record import Record

GARNET = LithiumAnode(toughness=1e6, interface_resistance="10 ohm cm2", activation_energy="35 kJ/mol")


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    record.check(
        "pressure by overvoltage", expected=7.42, found=float(filament_pressure(1e-3)) / 1e6, tolerance=0.005, unit="MPa/mV"
    )
    record.check(
        "overvoltage that opens 1 µm at 1 MPa√m",
        expected=67.9,
        found=1e3 * float(opening_overvoltage(1e-6, 1e6)),
        tolerance=0.05,
        unit="mV",
    )
    record.check("an hour at 1 mA/cm²", expected=4.85, found=1e6 * plated_thickness(10.0, 3600.0), tolerance=0.005, unit="µm")
    flaw, pressure, temperature = np.geomspace(1e-7, 1e-5, 41), np.array([1e6, 3e6, 9e6, 20e6]), np.array([298.15, 333.15])
    found = critical_plating_current(GARNET, flaw, pressure, temperature).critical_current_density.values
    slope = np.log(found[-1, 0, 0] / found[0, 0, 0]) / np.log(flaw[-1] / flaw[0])
    record.check("exponent of the flaw", expected=-0.5, found=slope, tolerance=1e-12)
    record.check("three times the pressure", expected=3.0, found=found[0, 1, 0] / found[0, 0, 0], tolerance=1e-12)
    record.check("beyond whole contact", expected=1.0, found=found[0, 3, 0] / found[0, 2, 0], tolerance=1e-12)
    warmer = np.exp(35e3 / GAS_CONSTANT * (1.0 / 298.15 - 1.0 / 333.15))
    record.check("60 °C over 25 °C", expected=warmer, found=found[0, 0, 1] / found[0, 0, 0], tolerance=1e-9)
    whole = critical_plating_current(GARNET, [1e-6], [9e6], [298.15]).critical_current_density.values.item()
    record.check("1 µm, whole contact: η over R", expected=67.87, found=whole, tolerance=0.05, unit="A m-2")
    closed = GARNET.model_copy(update={"closing": 1.0})
    more = critical_plating_current(closed, [1e-6], [9e6], [298.15]).critical_current_density.values.item() - whole
    # 9 MPa · (6.94 g/mol over 0.534 g/cm³) / (96485.33 C/mol · 10 Ω cm²), by hand
    record.check("a pressure that closes the flaw adds P V/(F R)", expected=1.21228, found=more, tolerance=1e-5, unit="A m-2")
    for toughness in (0.44e6, 1.51e6):
        mv = 1e3 * float(opening_overvoltage(1e-6, toughness))
        record.compare(f"1 µm at {toughness / 1e6:g} MPa√m", reference=67.9, found=mv, unit="mV", note="published toughness")

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.5), sharey=True)
    grid = np.geomspace(0.3e6, 20e6, 60)
    for axis, T in zip(axes, temperature, strict=True):
        one = critical_plating_current(GARNET, flaw, grid, [T]).critical_current_density[:, :, 0] / 10.0
        drawn = axis.contour(grid / 1e6, 1e6 * flaw, one, levels=[0.2, 0.5, 1, 2, 5, 10, 20, 50])
        axis.clabel(drawn, fmt="%g")
        axis.set(xlabel="stack pressure (MPa)", title=f"{T - 273.15:.0f} °C, mA/cm²", xscale="log", yscale="log")
    axes[0].set_ylabel("flaw (µm)")
    figure.tight_layout()
    record.figure("Critical current density of lithium on a garnet", figure)
