r"""K01: Slab with convection at Biot number 1, and conductivities of a layer stack.

**[E]** A slab of half thickness $L$, initially at $T_0$, its two faces cooled with $h$ to $T_\infty$, follows

$$\frac{T(x,t)-T_\infty}{T_0-T_\infty} = \sum_n C_n \cos(\zeta_n x/L)\,e^{-\zeta_n^2 \mathrm{Fo}},\qquad
\zeta_n\tan\zeta_n=\mathrm{Bi},\qquad C_n=\frac{4\sin\zeta_n}{2\zeta_n+\sin 2\zeta_n},$$

with $\mathrm{Fo}=\alpha t/L^2$ and $\mathrm{Bi}=hL/k$. At Bi = 1: $\zeta_1 = 0.8603$, $C_1 = 1.1191$. The finite volumes of
`simulate_row` (one cell, both ends cooled) give the mid-plane temperature at late times, from which ζ₁ and C₁ are read,
and the whole transient is compared with forty terms of the series. The energy balance closes to 1e-8. The same slab is run
again in the three-dimensional solver (implicit in time), along each axis.

A jelly roll is a stack of layers: $k_\parallel=\sum d k/\sum d$ along and $k_\perp=\sum d/\sum(d/k)$ through it are checked
against a three-dimensional run of the resolved layers between two walls, and lie within the series and parallel bounds.
"""

from __future__ import annotations

import numpy as np

from scalith.pack import (
    Assembly,
    Block,
    Material,
    PackSpecification,
    Surface,
    layer_stack_conductivity,
    simulate_heat_3d,
    simulate_row,
)
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


def _slab_in_3d(axis: int) -> Assembly:
    """The half slab, cooled on one side."""
    upper, spacing = [HALF] * 3, [HALF] * 3
    spacing[axis] = HALF / 40
    volumetric = CAPACITY / (2 * HALF * AREA)
    return Assembly(
        materials={"m": Material(density=volumetric / 1000.0, specific_heat=1000.0, conductivity=CONDUCTIVITY)},
        blocks=(Block(name="slab", material="m", lower=(0.0, 0.0, 0.0), upper=(upper[0], upper[1], upper[2])),),
        spacing=(spacing[0], spacing[1], spacing[2]),
        surfaces={f"{'xyz'[axis]}_high": Surface(heat_transfer_coefficient=CONDUCTIVITY / HALF, temperature=300.0)},  # type: ignore[dict-item]
    )


def _measured_conductivity(thickness: list[float], conductivity: list[float], axis: int) -> float:
    """Conductivity of the resolved stack between walls of 300 and 310 K, from the steady flux inside."""
    faces = np.concatenate([[0.0], np.cumsum(thickness)])
    width = float(faces[-1])
    blocks = [
        Block(name=f"layer_{i}", material=f"m{i}", lower=(float(faces[i]), 0.0, 0.0), upper=(float(faces[i + 1]), width, width))
        for i in range(len(thickness))
    ]
    walls = {"low": 310.0, "high": 300.0}
    body = Assembly(
        materials={f"m{i}": Material(density=2000.0, specific_heat=1000.0, conductivity=k) for i, k in enumerate(conductivity)},
        blocks=tuple(blocks),
        spacing=(width / 36, width / 36 if axis == 1 else width, width),
        surfaces={f"{'xyz'[axis]}_{end}": Surface(heat_transfer_coefficient=1e13, temperature=T) for end, T in walls.items()},  # type: ignore[misc]
    )
    found = simulate_heat_3d(body, duration=1.0, output_times=2, initial_temperature=305.0, change_per_step=100.0)
    T = found["temperature"].values[-1, :, :, 0]
    centres = found["x"].values
    k = np.array(conductivity)[np.searchsorted(faces, centres) - 1]
    if axis == 0:
        inside = np.flatnonzero(k == conductivity[1])[3:5]  # two volumes of the second layer
        flux = conductivity[1] * (T[inside[0], 0] - T[inside[1], 0]) / (centres[inside[1]] - centres[inside[0]])
    else:
        y = found["y"].values
        middle = y.size // 2
        flux = float(
            np.sum(k * (T[:, middle] - T[:, middle + 1]) * _widths(centres, width)) / width / (y[middle + 1] - y[middle])
        )
    return float(flux * width / 10.0)


def _widths(centres: np.ndarray, total: float) -> np.ndarray:
    """Widths of adjoining intervals with these centres, from 0 to `total`."""
    edges = [0.0]
    for centre in centres:
        edges.append(2 * centre - edges[-1])
    return np.diff(np.array(edges)) * total / edges[-1]


def run(record: Record) -> None:
    diffusivity = CONDUCTIVITY * 2 * HALF * AREA / CAPACITY
    fourier = np.linspace(0.0, 3.0, 301)
    time = fourier * HALF**2 / diffusivity
    found = simulate_row(_slab(401), time, 0.0)
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

    for axis in range(3):
        body = simulate_heat_3d(
            _slab_in_3d(axis),
            duration=time[100],
            output_times=6,
            initial_temperature=400.0,
            largest_step=time[100] / 400,
            change_per_step=1e3,
        )
        inside = np.moveaxis(body["temperature"].values, axis + 1, 1)[:, :, 0, 0]
        late_3d = (inside[1:] - 300.0) / 100.0
        exact_3d = _series((np.arange(40) + 0.5) / 40, np.linspace(0.0, 1.0, 6)[1:])
        record.check_at_most(
            f"three dimensions, along {'xyz'[axis]}: largest deviation", limit=3e-4, found=np.abs(late_3d - exact_3d).max()
        )
        record.check_at_most(
            f"three dimensions, along {'xyz'[axis]}: energy balance error", limit=1e-8, found=body["energy_balance_error"]
        )

    thickness, conductivity = [10e-6, 70e-6, 20e-6, 65e-6, 15e-6], [398.0, 1.6, 0.33, 2.0, 237.0]
    along, through = layer_stack_conductivity(thickness, conductivity)
    for name, axis, expected in (("through", 0, through), ("along", 1, along)):
        found_k = _measured_conductivity(thickness, conductivity, axis)
        record.check(f"jelly roll, resolved layers, {name}", expected=1.0, found=found_k / expected, tolerance=1e-5)
    bounds = min(conductivity) <= through <= along <= max(conductivity)
    record.check_true("jelly roll within series and parallel bounds", bounds)

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
