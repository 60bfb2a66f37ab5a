r"""B01: Titration with steps of potential: what each formula makes of it, and the inversion.

**[E]** Current after a step, times $\sqrt{πτ̂}$, over Cottrell's (slab, cylinder, sphere): 1.0000, 0.9086, 0.8228 at $τ̂ =
Dt/R^2$ = 0.01; 0.9999, 0.6826,
0.4396 at 0.1. The slope of ln I over its limit $-b_1^2D/R^2$: 2.030, 1.344, 1.151 at 0.1; 1.021, 1.003, 1.0004 at 0.3. With a
slow reaction,
$B = R_D/(R_{ct}+R_Ω)$, the last decay read as one of diffusion alone gives 0.300, 0.8275, 0.980 of D (slab, B = 1, 10, 100)
and 0.250, 0.815, 0.980 (sphere). The
inversion of the whole curve returns D and the resistance within 1 %, with 1 % noise of the current.
"""

from __future__ import annotations

import numpy as np

from scalith.lab.impedance.elements import DIMENSIONS
from scalith.lab.titration import extract_pitt, potential_step, simulate_pitt, surface_roots
from validation.record import Record

LONG = True
INFINITE = float("inf")


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    for time, values in {0.01: (1.0, 0.9086, 0.8228), 0.1: (0.9999, 0.6826, 0.4396)}.items():
        for shape, expected in zip(DIMENSIONS, values, strict=True):
            found = float(potential_step([time], shape)[0]) * np.sqrt(np.pi * time)
            record.check(f"{shape}: current over Cottrell's at {time:g}", expected=expected, found=found, tolerance=6e-5)
    for time, values in {0.1: (2.030, 1.344, 1.151), 0.3: (1.021, 1.003, 1.0004)}.items():
        for shape, expected in zip(DIMENSIONS, values, strict=True):
            around = np.log(potential_step(time + np.array([-1e-5, 1e-5]), shape))
            slope = float(around[0] - around[1]) / 2e-5 / surface_roots(shape, INFINITE, 1)[0] ** 2
            record.check(f"{shape}: slope of ln I over its limit at {time:g}", expected=expected, found=slope, tolerance=6e-4)
    for shape, values in {"slab": (0.300, 0.8275, 0.980), "sphere": (0.250, 0.815, 0.980)}.items():
        for biot, expected in zip((1.0, 10.0, 100.0), values, strict=True):
            ratio = surface_roots(shape, biot, 1)[0] / surface_roots(shape, INFINITE, 1)[0]  # type: ignore[arg-type]
            record.check(
                f"{shape}: D from the last decay over D, B = {biot:g}", expected=expected, found=ratio**2, tolerance=6e-4
            )
    numbers = np.random.default_rng(1)
    for shape in DIMENSIONS:
        resistance = 0.01 * 2500.0 / (DIMENSIONS[shape] * 10.0)
        kinetic = resistance / 5.0
        data = simulate_pitt(
            radius=5e-6, diffusivity=1e-14, step=0.01, capacity=10.0, kinetic_resistance=kinetic, shape=shape, points=400
        )
        noisy = data.assign(current=data["current"] * (1.0 + 0.01 * numbers.standard_normal(data.sizes["time"])))
        fit = extract_pitt(noisy, radius=5e-6, step=0.01, shape=shape)
        record.check(f"{shape}: D by inversion, B = 5, 1 % noise", expected=1.0, found=fit.diffusivity / 1e-14, tolerance=0.01)
        found = fit.kinetic_resistance / kinetic
        record.check(f"{shape}: resistance by inversion, B = 5, 1 % noise", expected=1.0, found=found, tolerance=0.01)
        record.compare(f"{shape}: D by Cottrell, B = 5", reference=1.0, found=fit.cottrell / 1e-14, note="a slow reaction")
        record.compare(f"{shape}: D by the last decay, B = 5", reference=1.0, found=fit.long_time / 1e-14, note="a slow reaction")
    reduced = np.geomspace(1e-4, 1.0, 200)
    figure, axis = plt.subplots(figsize=(5.0, 3.4), layout="constrained")
    for shape in DIMENSIONS:
        axis.loglog(reduced, potential_step(reduced, shape), label=shape)
    axis.loglog(reduced, 1.0 / np.sqrt(np.pi * reduced), "k:", label="Cottrell")
    axis.set(xlabel="Dt/R²", ylabel="flux / (D Δc/R)", ylim=(1e-3, 60.0))
    axis.legend()
    record.figure("Current after a step of potential.", figure)
