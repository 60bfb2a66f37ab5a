r"""C01: Porous-electrode discharge of the LG M50 (Chen 2020) at 1C.

**[E]** The full P2D model with the parameters of Chen et al. 2020 (DOI 10.1149/1945-7111/ab9050), 5 A from 100 % to 2.5 V,
isothermal at 298.15 K. The reference was extrapolated from meshes of up to 160 volumes a layer and is consistent with itself to
0.011 mV; a second, independent scheme converges to it. The default mesh and tolerance must meet it: rms below 0.1 mV from 60 s
on, largest deviation below 0.5 mV from 1 s on, end of discharge 3593.89 s within 0.5 s.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scalith.cell import CellSpecification, Mesh, simulate_discharge
from scalith.quantities import shipped
from validation.record import Record

REFERENCE = Path(__file__).resolve().parents[1] / "data" / "cell" / "dfn_chen2020_1C_reference.csv"


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    time, voltage = np.loadtxt(REFERENCE, delimiter=",", skiprows=1).T
    cell = CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml"))
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
    left.plot(time, voltage, "k", label="reference")
    for label, mesh, tolerance in (("default", None, 1e-4), ("twice as fine", Mesh(40, 8, 32, nodes=36, finest=0.003), 1e-6)):
        whole = simulate_discharge(cell, 1.0, mesh=mesh, tolerance=tolerance)
        end = float(whole.time[-1])
        at = time[time < end]
        found = simulate_discharge(cell, 1.0, mesh=mesh, tolerance=tolerance, output_times=at).voltage.sel(time=at).values
        error = 1e3 * (found - voltage[: at.size])
        right.plot(at, error, label=label)
        rms = float(np.sqrt(np.mean(error[at >= 60.0] ** 2)))
        if mesh is None:
            left.plot(whole.time, whole.voltage, "r.", ms=3, label=f"{whole.sizes['time']} time steps")
            record.check_at_most("rms deviation from 60 s on", limit=0.1, found=rms, unit="mV")
            record.check_at_most(
                "largest deviation from 1 s on", limit=0.5, found=float(np.max(np.abs(error[at >= 1.0]))), unit="mV"
            )
            record.check("end of discharge", expected=3593.89, found=end, tolerance=0.5, unit="s")
            for name in ("lithium_error", "charge_error", "energy_error"):
                found_error = float(np.max(np.abs(whole[name])))
                record.check_at_most(name.replace("_", " "), limit=1e-8 if name == "energy_error" else 1e-10, found=found_error)
        else:
            record.check_at_most("rms deviation on a mesh twice as fine", limit=0.03, found=rms, unit="mV")
    left.set(xlabel="time (s)", ylabel="voltage (V)")
    left.legend(frameon=False)
    right.set(xlabel="time (s)", ylabel="deviation (mV)", ylim=(-0.5, 0.5))
    right.legend(frameon=False)
    figure.tight_layout()
    record.figure("1C discharge of the LG M50 and deviation from the reference", figure)
