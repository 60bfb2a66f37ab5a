r"""B10: Distributions of relaxation times against closed forms.

**[E]** An arc $R/(1+(iωτ_0)^φ)$ has the peak $R\tan(φπ/2)/(2π)$ (0.48983 R at φ = 0.8) and the full width
$2\,\mathrm{arccosh}(2-\cos((1-φ)π))/φ$
(0.661 decades). A layer $R\tanh\sqrt{iωτ_D}/\sqrt{iωτ_D}$ relaxes at $τ_n = τ_D/((n-½)^2π^2)$ with $R_n = 2Rτ_n/τ_D$ (0.40528
$τ_D$ and 0.81057 R for the first).
Gerischer's is $R\sqrt{τ/(τ_0-τ)}/π$.

Two arcs (φ = 0.8) one decade apart with 0.1 % noise, 40 times over: both are resolved, their areas within 3 % once the arcs
are told apart, and no
further peak above 5 % of the largest is declared real (probability 0.95): a regularised distribution does have such peaks, and
its band covers them.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from scalith.lab.impedance import (
    decompose_peaks,
    gerischer_distribution,
    parse_circuit,
    relaxation_times,
    warburg_relaxations,
    zarc_distribution,
)
from scalith.lab.measurement import spectrum
from validation.record import Record

LONG = True
TIMES = (1e-3, 1e-2)


def _closed_forms(record: Record) -> None:
    top = float(zarc_distribution(1.0, 1.0, 1.0, 0.8))
    record.check("peak of an arc, φ = 0.8", expected=0.48983, found=top, tolerance=5e-6)
    half = brentq(lambda u: float(zarc_distribution(np.exp(u), 1.0, 1.0, 0.8)) - 0.5 * top, 0.0, 5.0, xtol=1e-12)
    formula = 2.0 * np.arccosh(2.0 - np.cos(0.2 * np.pi)) / 0.8
    record.check("full width of an arc, formula", expected=formula, found=2.0 * half, tolerance=1e-9)
    record.check("full width of an arc in decades", expected=0.661, found=2.0 * half / np.log(10.0), tolerance=5e-4)
    tau, resistance = warburg_relaxations(1.0, 1.0, 1)
    record.check("first time of a layer", expected=0.40528, found=tau[0], tolerance=5e-6)
    record.check("first resistance of a layer", expected=0.81057, found=resistance[0], tolerance=5e-6)
    found = float(gerischer_distribution(0.5, 1.0, 1.0))
    record.check("Gerischer at half its time", expected=1.0 / np.pi, found=found, tolerance=1e-12)


def run(record: Record) -> None:
    _closed_forms(record)
    f = np.geomspace(1e-2, 1e5, 71)
    clean = parse_circuit("R0-Zarc1-Zarc2").impedance(f, [10.0, 50.0, TIMES[0], 0.8, 50.0, TIMES[1], 0.8])
    resolved, false, worst, largest_false = 0, 0, 0.0, 0.0
    for seed in range(40):
        numbers = np.random.default_rng(seed)
        z = clean + 1e-3 * np.abs(clean) * (numbers.standard_normal(f.size) + 1j * numbers.standard_normal(f.size))
        measured = spectrum(f, z)
        data = relaxation_times(measured, seed=seed)
        real = data["peak_probability"].values >= 0.95
        near = np.array([np.abs(np.log10(data["peak_time"].values / time)) < 0.25 for time in TIMES])
        share = data["peak_height"].values / data["peak_height"].values.max()
        beside = ~near.any(axis=0)
        false += int(np.count_nonzero(beside & real & (share > 0.05)))
        largest_false = max(largest_false, float(np.max(share[beside], initial=0.0)))
        if not all(np.count_nonzero(row & real) == 1 for row in near):
            continue
        resolved += 1
        arcs = decompose_peaks(data, measured)["resistance"].values
        worst = max(worst, float(np.abs(arcs / 50.0 - 1.0).max()))
    record.check("both arcs are resolved, of 40", expected=40, found=resolved, tolerance=4)
    record.check_at_most("largest error of an area", limit=3.0, found=100.0 * worst, unit="%")
    record.check("false peaks above 5 % declared real", expected=0, found=false, tolerance=0)
    record.compare(
        "largest peak beside the arcs, not declared real", reference=5.0, found=100.0 * largest_false, unit="% of the largest"
    )
    figure = data.plot(label="0.1 % noise, 95 % band")
    tau = data["relaxation_time"].values
    exact = sum(zarc_distribution(tau, 50.0, time, 0.8) for time in TIMES)
    figure.axes[0].plot(tau, exact, "k:", label="exact")
    figure.axes[0].legend()
    record.figure("Two arcs a decade apart.", figure)
