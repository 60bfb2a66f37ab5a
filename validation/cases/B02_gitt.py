r"""B02: Titration with pulses of current: the bias of Weppner and Huggins' formula, and an inversion without.

**[E]** D by $(4/πτ)(R/d)^2(ΔE_s/ΔE_t)^2$ over D, rests without end: sphere 0.945 at $Dτ/R^2 = 10^{-3}$ and 0.537 at 0.1;
cylinder 0.972 and 0.728; slab 0.998 at 0.2.
By the slope over $\sqrt t$ from 10 to 100 % of the pulse, sphere 0.926 and 0.441. The rest must last 0.54, 0.31, 0.21 $R^2/D$
(slab, cylinder, sphere) until $ΔE_s$ is within
1 %: with a rest of three pulses at $10^{-3}$ the sphere gives 11.9 times D. The inversion of pulse and rest returns D within
0.1 % at any $Dτ/R^2 ≤ 1$ and any rest, and
within 1 % with 0.1 mV of noise on pulses that move the potential by some tens of millivolts. Interruptions (ICI) over a window of
$10^{-4}$ and $10^{-3}$ give 1.05 and 1.17 uncorrected.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from scalith.lab.impedance.elements import DIMENSIONS, Shape
from scalith.lab.titration import Particle, current_step, extract_gitt, interruption_bias, simulate_gitt, weppner_huggins
from validation.record import Record

LONG = True
RADIUS, DIFFUSIVITY, SLOPE = 5e-6, 1e-14, -1e-4


def _closed_forms(record: Record) -> None:
    for shape, time, expected in (
        ("sphere", 1e-3, 0.945),
        ("sphere", 0.1, 0.537),
        ("cylinder", 1e-3, 0.972),
        ("cylinder", 0.1, 0.728),
        ("slab", 0.2, 0.998),
    ):
        found = float(weppner_huggins(time, shape))  # type: ignore[arg-type]
        record.check(f"{shape}: Weppner–Huggins at {time:g}", expected=expected, found=found, tolerance=6e-4)
    for time, expected in ((1e-3, 0.926), (0.1, 0.441)):
        t = np.linspace(0.1 * time, time, 400)
        slope = float(np.polyfit(np.sqrt(t), current_step(t, "sphere"), 1)[0])
        record.check(f"sphere: slope form at {time:g}", expected=expected, found=4.0 / np.pi / slope**2, tolerance=6e-4)
    shape: Shape
    for (shape, d), expected in zip(DIMENSIONS.items(), (0.54, 0.31, 0.21), strict=True):

        def beyond(rest: float, shape: Shape = shape, d: int = d) -> float:
            moved = current_step(np.array([1e-4 + rest, rest]), shape)
            return float(moved[0] - moved[1]) / (d * 1e-4) - 1.01

        record.check(f"{shape}: rest until 1 %, in R²/D", expected=expected, found=brentq(beyond, 1e-3, 2.9), tolerance=0.005)
    moved = current_step(np.array([4e-3, 3e-3]), "sphere")
    short = float(weppner_huggins(1e-3, "sphere")) * (float(moved[0] - moved[1]) / 3e-3) ** 2
    record.check("sphere: Weppner–Huggins, a rest of three pulses at 1e-3", expected=11.9, found=short, tolerance=0.05)
    for window, expected in ((1e-4, 1.05), (1e-3, 1.17)):
        found = float(interruption_bias(window, "sphere", corrected=False)[0])
        record.check(f"sphere: interruption, window {window:g}", expected=expected, found=found, tolerance=0.005)


def run(record: Record) -> None:
    _closed_forms(record)
    worst, worst_noisy = 0.0, 0.0
    numbers = np.random.default_rng(4)
    shape: Shape
    for shape in DIMENSIONS:
        for reduced in (1e-3, 0.03, 1.0):
            for rest in (1.0, 3.0, 100.0):
                pulse = reduced * RADIUS**2 / DIFFUSIVITY
                # As large as it takes to move the potential by 50 mV over the pulse.
                current = 0.05 * DIMENSIONS[shape] * DIFFUSIVITY / RADIUS**2 / (abs(SLOPE) * float(current_step(reduced, shape)))
                data = simulate_gitt(
                    Particle(RADIUS, DIFFUSIVITY, SLOPE, 0.1 / current, shape), current=current, pulse=pulse, rest=rest * pulse
                )
                found = extract_gitt(data, radius=RADIUS, shape=shape, slope=SLOPE, drift=False)
                worst = max(worst, abs(float(found["diffusivity"][0]) / DIFFUSIVITY - 1.0))
                noise = 1e-4 * numbers.standard_normal(data.sizes["time"])
                found = extract_gitt(
                    data.assign(voltage=data["voltage"] + noise), radius=RADIUS, shape=shape, slope=SLOPE, drift=False
                )
                worst_noisy = max(worst_noisy, abs(float(found["diffusivity"][0]) / DIFFUSIVITY - 1.0))
    record.check_at_most("inversion, largest deviation of D", limit=0.1, found=100.0 * worst, unit="%")
    record.check_at_most("inversion, 0.1 mV noise, largest deviation of D", limit=1.0, found=100.0 * worst_noisy, unit="%")
