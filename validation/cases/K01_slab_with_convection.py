r"""K01: Slab with convection at Biot number 1, and conductivities of a layer stack.

**[E]** A slab of half thickness $L$, initially at $T_0$, its two faces cooled with $h$ to $T_\infty$, follows

$$\frac{T(x,t)-T_\infty}{T_0-T_\infty} = \sum_n C_n \cos(\zeta_n x/L)\,e^{-\zeta_n^2 \mathrm{Fo}},\qquad
\zeta_n\tan\zeta_n=\mathrm{Bi},\qquad C_n=\frac{4\sin\zeta_n}{2\zeta_n+\sin 2\zeta_n},$$

with $\mathrm{Fo}=\alpha t/L^2$ and $\mathrm{Bi}=hL/k$. At Bi = 1: $\zeta_1 = 0.8603$, $C_1 = 1.1191$. The finite volumes of
`row_of_cells` (one cell, both ends cooled) give the mid-plane temperature at late times, from which ζ₁ and C₁ are read,
and the whole transient is compared with forty terms of the series. The energy balance closes to 1e-8.
"""

from __future__ import annotations

import numpy as np

from scalith.pack import PackSpecification, row_of_cells
from validation.record import Record

HALF, CONDUCTIVITY, AREA, CAPACITY = 0.01, 0.5, 0.01, 200.0


def _slab(nodes: int) -> PackSpecification:
    return PackSpecification(
        cells=1,
        cell_thickness=2 * HALF,
        cell_width=0.1,
        cell_height=0.1,
        cell_heat_capacity=CAPACITY,
        through_conductivity=CONDUCTIVITY,
        end_coefficient=CONDUCTIVITY / HALF,
        ambient_temperature=300.0,
        initial_temperature=400.0,
        nodes_per_cell=nodes,
    )


def _series(place: np.ndarray, fourier: np.ndarray) -> np.ndarray:
    from scipy.optimize import brentq

    total = np.zeros((fourier.size, place.size))
    for n in range(40):
        zeta = brentq(lambda z: z * np.sin(z) - np.cos(z), n * np.pi, (n + 0.5) * np.pi + 1e-9)
        weight = 4 * np.sin(zeta) / (2 * zeta + np.sin(2 * zeta))
        total += weight * np.cos(zeta * place)[None, :] * np.exp(-(zeta**2) * fourier)[:, None]
    return total


def run(record: Record) -> None:
    diffusivity = CONDUCTIVITY * 2 * HALF * AREA / CAPACITY
    fourier = np.linspace(0.0, 3.0, 301)
    time = fourier * HALF**2 / diffusivity
    found = row_of_cells(_slab(401), time, 0.0)
    place = 2 * found["node"].values - 1
    reduced = (found["node_temperature"].values[:, 0, :] - 300.0) / 100.0
    middle = reduced[:, 200]
    late = fourier > 1.0
    slope, intercept = np.polyfit(fourier[late], np.log(middle[late]), 1)
    record.check("ζ₁ from the late decay", expected=0.8603, found=np.sqrt(-slope), tolerance=1e-4)
    record.check("C₁ from the late decay", expected=1.1191, found=np.exp(intercept), tolerance=1e-4)
    after = fourier >= 0.02
    exact = _series(place, fourier[after])
    record.check_at_most("largest deviation from the series, Fo ≥ 0.02", limit=2e-5, found=np.abs(reduced[after] - exact).max())
    record.check_at_most("energy balance error", limit=1e-8, found=found["energy_balance_error"])

    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 3.6), layout="constrained")
    for fo in (0.05, 0.2, 0.5, 1.0, 2.0):
        i = int(np.argmin(np.abs(fourier - fo)))
        axes.plot(place, reduced[i], label=f"Fo = {fo}")
        axes.plot(place[::40], _series(place[::40], fourier[i : i + 1])[0], "k.", ms=4)
    axes.set_xlabel("x/L")
    axes.set_ylabel("(T − T∞)/(T₀ − T∞)")
    axes.legend(fontsize=8)
    record.figure("Cooling slab at Bi = 1: finite volumes (lines) and series (dots).", figure)
