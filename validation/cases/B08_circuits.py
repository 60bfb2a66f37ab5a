r"""B08: Fitted circuits state honest intervals.

**[E]** 1,000 spectra of a Randles circuit with diffusion through a layer, $R_0-p(R_1-W_s,Q)$, each with its own noise of 0.5 % of
$|Z|$ in both parts. The 95 % interval of every parameter covers the planted value in 93 to 97 % of them.
"""

from __future__ import annotations

import numpy as np

from scalith.lab.impedance import fit_circuit, parse_circuit
from scalith.lab.measurement import spectrum
from validation.record import Record

LONG = True
CIRCUIT = "R0-p(R1-Ws1,Q1)"
PLANTED = {"R0": 10.0, "R1": 50.0, "Ws1.R": 80.0, "Ws1.tau": 20.0, "Q1.Q": 1e-5, "Q1.alpha": 0.85}
REPEATS, NOISE = 1000, 5e-3


def run(record: Record) -> None:
    f = np.geomspace(1e-2, 1e5, 60)
    clean = parse_circuit(CIRCUIT).impedance(f, PLANTED)
    numbers = np.random.default_rng(16)
    covered = dict.fromkeys(PLANTED, 0)
    for _ in range(REPEATS):
        z = clean + NOISE * np.abs(clean) * (numbers.standard_normal(f.size) + 1j * numbers.standard_normal(f.size))
        fit = fit_circuit(CIRCUIT, spectrum(f, z), start=PLANTED)
        for name, value in PLANTED.items():
            low, high = fit.interval(name)
            covered[name] += low <= value <= high
    for name, count in covered.items():
        record.check(f"95 % interval of {name} covers", expected=95.0, found=100.0 * count / REPEATS, tolerance=2.0, unit="%")
    worst = 0.0
    for seed in range(20):
        numbers = np.random.default_rng(seed)
        z = clean + NOISE * np.abs(clean) * (numbers.standard_normal(f.size) + 1j * numbers.standard_normal(f.size))
        without, with_start = fit_circuit(CIRCUIT, spectrum(f, z)), fit_circuit(CIRCUIT, spectrum(f, z), start=PLANTED)
        worst = max(worst, without.chi_squared / with_start.chi_squared - 1.0)
    record.check_at_most("χ² without a first guess over χ² from the planted values, minus one", limit=1e-6, found=max(worst, 0.0))
