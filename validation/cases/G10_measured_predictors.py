r"""G10: What measured cells tell of their life: the variance of ΔQ(V), and resistance against capacity.

**[M]** 84 LiFePO₄ cells charged fast (Severson et al. 2019): a line of $\log_{10}$ of the cycle life over
$\log_{10}\mathrm{var}(Q_{100}(V)-Q_{10}(V))$, fitted to the 41 cells of `train`, has the published root mean square errors of 104
cycles there and 138 on the 43 cells of `test1`. It is the baseline for any prediction from mechanisms; none is made here, since
the charging steps that differ between the cells, and a parameter set of them, are not at hand.

**[M]** Three LiCoO₂ coin cells at 25, 35 and 45 °C (Zhang et al. 2020): the resistance of the arcs of each spectrum (real part at
the valley before the tail, less that at 20 kHz) against the capacity, stated: how they go together (rank correlation) and by how
much the one grows while the other falls.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from validation.record import Record

DATA = Path(__file__).parent.parent / "data" / "measured_ageing"
Array = NDArray[np.float64]


def table(name: str) -> list[dict[str, str]]:
    """Rows of a file by their columns."""
    with (DATA / name).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def lives(split: str) -> tuple[Array, Array]:
    """log₁₀ var ΔQ and cycle life of the cells of a split."""
    rows = [row for row in table("severson2019_variance.csv") if row["split"] == split]
    return np.array([float(row["log10 var dQ(V)"]) for row in rows]), np.array([float(row["cycle life"]) for row in rows])


def rms(off: Array) -> float:
    return float(np.sqrt(np.mean(off**2)))


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))
    x, life = lives("train")
    line = np.polyfit(x, np.log10(life), 1)
    for split, cells, expected in (("train", 41, 104.0), ("test1", 43, 138.0)):
        x, life = lives(split)
        foretold = 10.0 ** np.polyval(line, x)
        record.check(f"cells of {split}", expected=cells, found=x.size, tolerance=0)
        record.check(
            f"root mean square error, {split}", expected=expected, found=rms(foretold - life), tolerance=0.5, unit="cycles"
        )
        record.compare(
            f"{split}: median relative error", reference=0.0, found=100.0 * np.median(np.abs(foretold / life - 1.0)), unit="%"
        )
        left.loglog(10.0**x, life, "o", ms=4, label=split)
    even = np.linspace(-5.0, -2.5, 50)
    left.loglog(10.0**even, 10.0 ** np.polyval(line, even), color="0.4", lw=1.0)
    left.set(xlabel="var ΔQ (A² h²)", ylabel="cycle life")
    left.legend(frameon=False)
    mean = rms(lives("train")[1].mean() - lives("test1")[1])
    record.compare("test1: root mean square error of the mean life of train", reference=138.0, found=mean, unit="cycles")
    rows = table("zhang2020_resistance.csv")
    for temperature in (25, 35, 45):
        chosen = [row for row in rows if row["temperature [degC]"] == str(temperature)]
        capacity = np.array([float(row["capacity [mA.h]"]) for row in chosen])
        whole, high = (np.array([float(row[f"resistance at {at} [ohm]"]) for row in chosen]) for at in ("the valley", "20 kHz"))
        arcs = whole - high
        rank = float(spearmanr(arcs, capacity).statistic)
        record.compare(f"{temperature} °C: rank correlation of resistance and capacity", reference=-1.0, found=rank)
        record.compare(
            f"{temperature} °C: resistance of the arcs at the end over its least", reference=1.0,
            found=float(arcs[-5:].mean() / np.sort(arcs)[:5].mean()),
            note=f"while the capacity goes from {capacity[0]:.1f} to {capacity[-1]:.1f} mA h",
        )  # fmt: skip
        right.plot(capacity / capacity[0], arcs, "o", ms=3, label=f"{temperature} °C")
    record.check("spectra", expected=175, found=len(rows), tolerance=0)
    right.set(xlabel="capacity over the first", ylabel="resistance of the arcs (Ω)")
    right.invert_xaxis()
    right.legend(frameon=False)
    figure.tight_layout()
    record.figure("Life over the variance of ΔQ(V); resistance of the arcs while the capacity falls", figure)
