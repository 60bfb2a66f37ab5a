r"""B08: Fitted circuits state honest intervals.

**[E]** 1,000 spectra of a Randles circuit with diffusion through a layer, $R_0-p(R_1-W_s,Q)$, each with its own noise of 0.5 % of
$|Z|$ in both parts. The 95 % interval of every parameter covers the planted value in 93 to 97 % of them.

Three measured dummy cells of resistors and a capacitor (`Circuit*_EIS_1.z`, impedance.py) are read, and of four circuits the
one they are made of
has the least Akaike criterion. The components' own values are not stated with the files: the nearest of the usual series stand
beside. One file of every
instrument is read.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scalith.lab.impedance import compare_circuits, fit_circuit, parse_circuit
from scalith.lab.measurement import spectrum
from scalith.lab.readers import read_measurement, read_measurements
from validation.record import Record

LONG = True
FILES = Path(__file__).resolve().parents[1] / "data" / "readers"
CIRCUIT = "R0-p(R1-Ws1,Q1)"
PLANTED = {"R0": 10.0, "R1": 50.0, "Ws1.R": 80.0, "Ws1.tau": 20.0, "Q1.Q": 1e-5, "Q1.alpha": 0.85}
REPEATS, NOISE = 1000, 5e-3


def _dummy_cells(record: Record) -> None:
    beside = {1: (30.0, 47.0, 10e-6), 2: (150.0, 500.0, 33e-9), 3: (1.5e3, 4.7e3, 22e-9)}
    for number, usual in beside.items():
        measured = read_measurement(FILES / f"Circuit{number}_EIS_1.z")
        fits = compare_circuits(["R0-p(R1,C1)", "R0-p(R1,Q1)", "R0-p(R1,C1)-p(R2,C2)", "R0-p(R1,Q1)-p(R2,Q2)"], measured)
        right = fits[0].circuit.text == "R0-p(R1,C1)"
        record.check(f"dummy cell {number}: its own circuit predicts best", expected=1, found=right, tolerance=0)
        record.check_at_most(f"dummy cell {number}: residual", limit=1.0, found=100.0 * fits[0].rms, unit="%")
        for name, reference, unit in zip(("R0", "R1", "C1"), usual, ("Ω", "Ω", "F"), strict=True):
            record.compare(f"dummy cell {number}: {name}", reference=reference, found=fits[0].values[name], unit=unit)
    names = [path for path in sorted(FILES.iterdir()) if not path.name.startswith(("LICENSE", "SOURCES", "bad_"))]
    readable = [path for path in names if "MissingFreq" not in path.name]
    count = sum(len(read_measurements(path, repair=True)) > 0 for path in readable)
    record.check("files of instruments that are read", expected=len(readable), found=count, tolerance=0)


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
    _dummy_cells(record)
    worst = 0.0
    for seed in range(20):
        numbers = np.random.default_rng(seed)
        z = clean + NOISE * np.abs(clean) * (numbers.standard_normal(f.size) + 1j * numbers.standard_normal(f.size))
        without, with_start = fit_circuit(CIRCUIT, spectrum(f, z)), fit_circuit(CIRCUIT, spectrum(f, z), start=PLANTED)
        worst = max(worst, without.chi_squared / with_start.chi_squared - 1.0)
    record.check_at_most("χ² without a first guess over χ² from the planted values, minus one", limit=1e-6, found=max(worst, 0.0))
