r"""P08: Cracks that grow cycle by cycle.

**[E]** Paris' law $da/dN=C(b\sigma\sqrt{\pi a})^m$ in closed form, with the numbers of O'Kane et al. (DOI 10.1039/D2CP00417H:
$C=3.9\times10^{-20}$, $m=2.2$, $b=1.12$, from 20 nm) at a range of 60 MPa: 40 nm after 172.8 cycles, 1 µm after 835.6, and
without bound after 2,580.8. Against the step-by-step integral, and with $m=2$, where the length grows exponentially.
"""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp

from scalith.particle import ParisLaw
from validation.record import Record

LAW = ParisLaw(coefficient=3.9e-20, exponent=2.2)
START, STRESS = 20e-9, 60e6


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    for length, cycles in ((40e-9, 172.8), (1e-6, 835.6)):
        record.check(
            f"cycles to {1e9 * length:g} nm", expected=cycles, found=float(LAW.cycles(START, length, STRESS)), tolerance=0.1
        )
    blow_up = LAW.blow_up(START, STRESS)
    record.check("cycles to a crack without bound", expected=2580.8, found=blow_up, tolerance=0.1)
    record.check_true("infinite from there on", np.isinf(LAW.length(START, 1.01 * blow_up, STRESS)))
    found = solve_ivp(
        lambda N, a: 3.9e-20 * (1.12 * STRESS * np.sqrt(np.pi * a)) ** 2.2, (0.0, 800.0), [START], rtol=1e-10, atol=1e-16
    ).y[0, -1]
    closed = float(LAW.length(START, 800.0, STRESS))
    record.check("length after 800 cycles over its integral", expected=1.0, found=closed / found, tolerance=1e-7)
    square = ParisLaw(coefficient=1e-17, exponent=2.0)
    there = square.length(START, square.cycles(START, 3.0 * START, STRESS), STRESS)
    record.check("m = 2: there and back", expected=3.0, found=float(there) / START, tolerance=1e-12)
    record.check_true("m = 2 has no end", np.isinf(square.blow_up(START, STRESS)))
    figure, axis = plt.subplots(figsize=(5, 3.4))
    N = np.linspace(0.0, 1000.0, 400)
    for stress in (20e6, 40e6, 60e6, 80e6):
        axis.semilogy(N, 1e9 * np.asarray(LAW.length(START, N, stress)), label=f"{stress / 1e6:g} MPa")
    axis.set(xlabel="cycles", ylabel="crack (nm)", ylim=(10, 1e5))
    axis.legend(frameon=False)
    figure.tight_layout()
    record.figure("Length of a crack over cycles", figure)
