r"""C08: Measured impedance of an LG M50LT beside the Chen 2020 parameters.

**[M]** Full-cell impedance of an LG M50LT at 20, 50 and 80 % state of charge (Hallemans et al., BSD-3). The parameters are those
of Chen et al. 2020 for the older LG M50, fitted to discharges, with an assumed double layer of 0.2 F/m² and the measured
high-frequency resistance added as contact resistance: shape and magnitude are stated, nothing is tuned and nothing asserted but
that both spectra are capacitive and of the same order.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scalith.cell import CellSpecification, simulate_impedance
from scalith.quantities import shipped
from validation.record import Record

DATA = Path(__file__).resolve().parents[1] / "data" / "lgm50lt_impedance"


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    cell = CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml"))
    electrodes = {
        name: getattr(cell, name).model_copy(update={"double_layer_capacitance": 0.2})
        for name in ("negative_electrode", "positive_electrode")
    }
    cell = cell.model_copy(update=electrodes)
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.6))
    for axis, percent in zip(axes, (20, 50, 80), strict=True):
        frequency, real, imaginary = np.loadtxt(DATA / f"soc_{percent}.csv", delimiter=",", skiprows=1).T
        # Columns hold Im Z with the sign of the file; capacitive parts are drawn upwards.
        capacitive = imaginary if np.median(imaginary[frequency < 1.0]) > 0.0 else -imaginary
        bare = simulate_impedance(cell, frequency, percent / 100.0)
        crossing = float(np.interp(0.0, capacitive[np.argsort(capacitive)], real[np.argsort(capacitive)]))
        contact = max(0.0, crossing - float(bare.resistance.values[np.argmax(frequency)]))
        resistance, reactance = bare.resistance.values + contact, bare.reactance.values
        record.check_at_most(
            f"share of frequencies below 100 Hz without capacitive part, {percent} %",
            limit=0.0,
            found=float(np.mean(reactance[frequency < 100.0] > 0.0)),
        )
        for f in (10.0, 0.1, 0.01):
            k = int(np.argmin(np.abs(frequency - f)))
            measured = float(np.hypot(real[k], capacitive[k]))
            record.compare(
                f"|Z| at {f:g} Hz, {percent} %",
                reference=1e3 * measured,
                found=1e3 * float(np.hypot(resistance[k], reactance[k])),
                unit="mΩ",
            )
        spread = float(np.ptp(resistance)) / float(np.ptp(real))
        record.check_at_most(f"ratio of the spreads of resistance, as |ln|, {percent} %", limit=1.5, found=abs(np.log(spread)))
        axis.plot(1e3 * real, 1e3 * capacitive, "k.", label="measured")
        axis.plot(1e3 * resistance, -1e3 * reactance, label="Chen 2020")
        axis.set(xlabel="Re Z (mΩ)", title=f"{percent} %")
    axes[0].set_ylabel("−Im Z (mΩ)")
    axes[0].legend(frameon=False)
    figure.tight_layout()
    record.figure("Measured (dots) and simulated impedance", figure)
