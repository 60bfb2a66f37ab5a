r"""C06: Heat by source adds up to the terminal loss.

**[E]** With the discrete currents, $\sum i\,\Delta\phi$ over solid and electrolyte, $\sum F a j \eta$ over the reactions and
$\sum F a j\,T\,\partial U/\partial T$ add up to

$$Q = I(U_r - V) + \sum F a j\,T\,\frac{\partial U}{\partial T},\qquad I U_r = -\sum F a j\,U(x_s),$$

by summation by parts. The identity closes to 1e-8 of the equilibrium power at every time step, isothermal or not, charging or
discharging; and over the whole lumped run the heat equals the rise in temperature and what was given to the surroundings.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scalith.cell import simulate_discharge, specification_from_bpx
from validation.record import Record

FILE = Path(__file__).resolve().parents[1] / "data" / "about_energy" / "NMC" / "nmc_pouch_cell_BPX.json"


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    cell = specification_from_bpx(FILE, heat_transfer_coefficient=10.0)
    assert cell.thermal is not None
    for title, rate, thermal, start in (
        ("1C discharge, isothermal", 1.0, "isothermal", 1.0),
        ("2C discharge, lumped", 2.0, "lumped", 1.0),
        ("1C charge, lumped", -1.0, "lumped", 0.02),
    ):
        data = simulate_discharge(cell, rate, thermal=thermal, initial_state_of_charge=start, temperature=298.15)  # type: ignore[arg-type]
        record.check_at_most(f"heat identity, {title}", limit=1e-8, found=float(data.energy_error.max()))
        record.check_at_most(f"charge, {title}", limit=1e-10, found=float(data.charge_error.max()))
        if title.startswith("2C"):
            shown = data
    time, heat, T = shown.time.values, shown.heat.values, shown.temperature.values
    lost = np.trapezoid(cell.thermal.heat_transfer * (T - 298.15), time)
    made = np.trapezoid(heat, time)
    stored = cell.thermal.heat_capacity * (T[-1] - 298.15)
    record.check(
        "heat made = stored + given off (2C, trapezoid over the steps)",
        expected=1.0,
        found=(stored + lost) / made,
        tolerance=2e-3,
    )
    figure, axis = plt.subplots(figsize=(6, 3.8))
    for name in ("heat_ohmic_solid", "heat_ohmic_electrolyte", "heat_irreversible", "heat_entropic"):
        axis.plot(time, shown[name], label=name.removeprefix("heat_").replace("_", " "))
    axis.plot(time, heat, "k", label="all")
    axis.set(xlabel="time (s)", ylabel="heat (W)")
    axis.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    record.figure("Heat by source, 12.5 A h NMC pouch cell at 2C", figure)
