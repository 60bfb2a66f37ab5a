r"""G09: Measured fade, and what its first 40 % foretell.

**[M]** 32 Sanyo cells cycled alike (Baumhöfer et al. 2014), far past the knee; 80 % of the capacity is reached after 1,142 ± 109
cycles. Each cell in turn is left out. If all mechanisms of a cell run $s$ times as fast as those of the mean cell, whatever they
are, its capacity is $Q(sN)$: $Q$ is the mean fade of the other 31, $s$ is fitted to the first 40 % of the cell's own life with
the spread of the others as prior. Median errors of the cycles of 80 and 60 % are stated beside those of a straight line, of
$\sqrt N$ with a line, and of a parabola through the same 40 %, and of the mean life of the others. Up to 80 % the fade is nearly
straight and a line does as well; it knows nothing of the knee, and is far off at 60 %.

Up to the cycle at which the mean cell has half of its capacity, the band that the spread of $s$ among the other cells and the
scatter of the measurements give, at 90 %, holds 80–97 % of the measured points of the cells left out. Two lines see a knee in
each of the 32 fades.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from scalith.cell import find_knee
from validation.record import Record

DATA = Path(__file__).parent.parent / "data" / "measured_ageing" / "baumhofer2014_capacity.csv"
LEVELS = np.linspace(0.995, 0.5, 100)
EARLY = 0.4
Array = NDArray[np.float64]


class Fade(NamedTuple):
    """Cycles and relative capacities of one cell."""

    cycle: Array
    capacity: Array

    def reaches(self, level: float) -> float:
        """Cycle at which the capacity falls below a level, between measurements on a line."""
        k = int(np.flatnonzero(self.capacity < level)[0])
        (n_0, n_1), (q_0, q_1) = self.cycle[k - 1 : k + 1], self.capacity[k - 1 : k + 1]
        return float(n_0 + (n_1 - n_0) * (q_0 - level) / (q_0 - q_1))


def measured() -> list[Fade]:
    """The cells; a cycle that is there twice is one, with the mean."""
    found: dict[str, dict[float, list[float]]] = {}
    with DATA.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            found.setdefault(row["cell"], {}).setdefault(float(row["cycle"]), []).append(float(row["capacity [A.h]"]))
    fades = []
    for cell in found.values():
        cycles = np.array(sorted(cell))
        capacity = np.array([np.mean(cell[n]) for n in cycles])
        fades.append(Fade(cycles, capacity / capacity[0]))
    return fades


class Population(NamedTuple):
    """Mean fade of some cells (the cycle of each level), spread of ln s among them, scatter of their capacities."""

    cycles: Array
    spread: float
    scatter: float

    def capacity(self, cycle: Array) -> Array:
        """Of the mean cell; beyond the lowest level its fade goes on in a line."""
        slope = (LEVELS[-1] - LEVELS[-10]) / (self.cycles[-1] - self.cycles[-10])
        beyond = slope * np.maximum(cycle - self.cycles[-1], 0.0)
        return np.asarray(np.interp(cycle, np.append(0.0, self.cycles), np.append(1.0, LEVELS)) + beyond)

    def pace(self, fade: Fade, prior: bool) -> float:
        """ln s of a cell."""

        def off(pace: float) -> float:
            misfit = np.sum((self.capacity(np.exp(pace) * fade.cycle) - fade.capacity) ** 2)
            return float(misfit / self.scatter**2 + (pace / self.spread) ** 2) if prior else float(misfit)

        return float(minimize_scalar(off, bounds=(-0.7, 0.7), method="bounded").x)

    def reaches(self, level: float, pace: float) -> float:
        """Cycle at which a cell of this pace falls below a level."""
        return float(np.interp(-level, -LEVELS, self.cycles) * np.exp(-pace))


def population(fades: Sequence[Fade]) -> Population:
    """What cells whose whole fade is known tell."""
    cycles = np.mean([[fade.reaches(level) for level in LEVELS] for fade in fades], axis=0)
    mean = Population(cycles, 1.0, 1.0)
    known = [Fade(fade.cycle[fade.capacity > LEVELS[-1]], fade.capacity[fade.capacity > LEVELS[-1]]) for fade in fades]
    paces = np.array([mean.pace(fade, prior=False) for fade in known])
    left = np.concatenate(
        [mean.capacity(np.exp(pace) * fade.cycle) - fade.capacity for pace, fade in zip(paces, known, strict=True)]
    )
    return Population(cycles, float(paces.std(ddof=1)), float(np.sqrt(np.mean(left**2))))


def extrapolated(fade: Fade, level: float, columns: str) -> float:
    """Cycle of a level by a curve through all points of a cell: a line, a root with a line, or a parabola."""

    def design(n: Array) -> Array:
        extra = {"line": [], "root": [np.sqrt(n)], "parabola": [n * n]}[columns]
        return np.stack([np.ones_like(n), n, *extra], axis=1)

    fitted = np.linalg.lstsq(design(fade.cycle), fade.capacity, rcond=None)[0]
    ahead = np.arange(1.0, 20_000.0)
    below = np.flatnonzero(design(ahead) @ fitted < level)
    return float(ahead[below[0]]) if below.size else np.inf


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    fades = measured()
    lives = np.array([fade.reaches(0.8) for fade in fades])
    record.check("cells", expected=32, found=len(fades), tolerance=0)
    record.check("mean cycle of 80 %", expected=1142.0, found=lives.mean(), tolerance=0.5)
    record.check("its spread among the cells", expected=109.0, found=lives.std(ddof=1), tolerance=0.5)
    record.check("fades with a knee", expected=32, found=sum(find_knee(*fade) is not None for fade in fades), tolerance=0)
    errors: dict[tuple[float, str], list[float]] = {}
    inside: list[bool] = []
    for k, fade in enumerate(fades):
        others = population([*fades[:k], *fades[k + 1 :]])
        for level in (0.8, 0.6):
            life = fade.reaches(level)
            early = Fade(fade.cycle[fade.cycle <= EARLY * life], fade.capacity[fade.cycle <= EARLY * life])
            foretold = {words: extrapolated(early, level, words) for words in ("line", "root", "parabola")}
            foretold["pace"] = others.reaches(level, others.pace(early, prior=True))
            foretold["mean of the others"] = others.reaches(level, 0.0)
            for words, cycle in foretold.items():
                errors.setdefault((level, words), []).append(abs(cycle / life - 1.0))
        low, high = band(others, fade.cycle)
        counts = (fade.cycle > 0.0) & (fade.cycle < others.cycles[-1])
        inside += list(((fade.capacity >= low) & (fade.capacity <= high))[counts])
    medians = {key: 100.0 * float(np.median(found)) for key, found in errors.items()}
    for level in (0.8, 0.6):
        for words in ("line", "root", "parabola", "mean of the others"):
            record.compare(
                f"{100 * level:.0f} %: median error of the pace, beside that of: {words}", reference=medians[level, words],
                found=medians[level, "pace"], unit="%",
            )  # fmt: skip
    record.check_true("60 %: the pace is better than a line and than the mean of the others", all(
        medians[0.6, "pace"] < medians[0.6, words] for words in ("line", "root", "parabola", "mean of the others")
    ))  # fmt: skip
    record.check("measured points within the 90 % band", expected=0.885, found=np.mean(inside), tolerance=0.085)
    figure, axis = plt.subplots(figsize=(6.5, 3.8))
    for fade in fades:
        axis.plot(*fade, color="0.6", lw=0.6)
    whole = population(fades)
    at = np.linspace(0.0, 1600.0, 200)
    axis.fill_between(at, *band(whole, at), alpha=0.3, label="90 % band")
    axis.plot(at, whole.capacity(at), label="mean cell")
    axis.set(xlabel="cycle", ylabel="capacity over the first", xlim=(0, 1700), ylim=(0.45, 1.02))
    axis.legend(frameon=False)
    figure.tight_layout()
    record.figure("32 cells cycled alike, and the band of their paces", figure)


def band(cells: Population, cycle: Array) -> tuple[Array, Array]:
    """Where 90 % of further measurements are expected: paces and scatter together, each draw a cell."""
    numbers = np.random.default_rng(9)
    paces = cells.spread * numbers.standard_normal(2000)
    drawn = cells.capacity(np.exp(paces)[:, None] * cycle) + cells.scatter * numbers.standard_normal((2000, cycle.size))
    low, high = np.quantile(drawn, (0.05, 0.95), axis=0)
    return low, high
