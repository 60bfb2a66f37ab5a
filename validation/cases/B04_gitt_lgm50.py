r"""B04: Titration of an LG M50 with three electrodes.

**[M]** Nine pulses (disc of 18 mm, 1.15 mA, 900 s; Chen et al. 2020, DOI 10.1149/1945-7111/ab9050). Positive electrode, radius
5.22 µm: with dU/dq
from the measured half-cell curve and a drift of the rest before, the median of the seven pulses 7 … 31 lies within a factor of
1.5 of the published mean,
$1.48·10^{-15}$ m²/s. Weppner and Huggins' formula alone gives less. Negative electrode: at pulses where the potential at rest
moves against the charge, or not at
all, the extraction must say "not identifiable" and give no number.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scalith.lab.readers import read_measurement
from scalith.lab.titration import extract_gitt
from validation.record import Record

FILES = Path(__file__).resolve().parents[1] / "data" / "lgm50_gitt"
PUBLISHED = 1.48e-15
AREAS = 0.1027, 2.545e-4
"""Of the cell that the half-cell curve is scaled to, and of the disc, m²."""
WINDOW = 0.02
"""The slope of the half-cell curve is that of a line through ±20 mV."""


def _slope(potential: float) -> float:
    charge, curve = np.loadtxt(FILES / "positive_open_circuit_potential.csv", delimiter=",", skiprows=1).T
    near = np.abs(curve - potential) < WINDOW
    return -abs(float(np.polyfit(3600.0 * charge[near], curve[near], 1)[0])) * AREAS[0] / AREAS[1]


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    positive, classical, untold = {}, {}, []
    for number in (3, 7, 11, 15, 19, 23, 27, 31, 35):
        data = read_measurement(FILES / f"pulse_{number}.csv")
        found = extract_gitt(data, radius=5.22e-6, electrode="positive", slope=_slope)
        positive[number] = [float(found[name][0]) for name in ("diffusivity", "lower", "upper", "rest_potential")]
        classical[number] = float(found["weppner_huggins"][0])
        other = extract_gitt(data, radius=5.86e-6, electrode="negative")
        if np.isnan(float(other["diffusivity"][0])) and str(other["note"].values[0]).startswith("not identifiable"):
            untold.append(number)
    used = [7, 11, 15, 19, 23, 27, 31]
    values = np.array([positive[number][0] for number in used])
    ratio = float(np.median(values)) / PUBLISHED
    record.check_at_most("positive: |ln| of the median over the published mean", limit=np.log(1.5), found=abs(np.log(ratio)))
    record.compare("positive: median of pulses 7 … 31", reference=PUBLISHED, found=float(np.median(values)), unit="m2 s-1")
    record.compare("positive: least", reference=8e-16, found=values.min(), unit="m2 s-1")
    record.compare("positive: largest", reference=3.9e-15, found=values.max(), unit="m2 s-1")
    record.compare(
        "positive: median by Weppner and Huggins",
        reference=PUBLISHED,
        found=np.median([classical[k] for k in used]),
        unit="m2 s-1",
    )
    expected = {3, 7, 15, 19, 23}
    record.check(
        "negative: pulses of 3, 7, 15, 19, 23 called not identifiable", expected=5, found=len(expected & set(untold)), tolerance=0
    )
    figure, axis = plt.subplots(figsize=(5.0, 3.4), layout="constrained")
    table = np.array([positive[number] for number in used])
    axis.errorbar(table[:, 3], table[:, 0], np.abs(table[:, 1:3].T - table[:, 0]), fmt="o", label="inversion")
    axis.plot(table[:, 3], [classical[number] for number in used], "x", label="Weppner–Huggins")
    axis.axhline(PUBLISHED, color="grey", linewidth=0.8, label="published mean")
    axis.set(xlabel="potential of the positive electrode / V", ylabel="D / m² s⁻¹", yscale="log")
    axis.legend()
    record.figure("Diffusivity of the positive electrode.", figure)
