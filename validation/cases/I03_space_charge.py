r"""I03: Space charge of one mobile ion, and Gouy–Chapman beside it.

**[E]** One ion moves on a fixed counter charge. With $u = zF\phi/RT$ and $\lambda_D=\sqrt{\varepsilon RT/(z^2F^2c)}$
Poisson's equation is $\lambda_D^2u'' = 1-e^{-u}$, and once integrated $|\lambda_D u'(0)| = \sqrt{2(e^{-u_0}+u_0-1)}$:
0.8578 at $u_0=1$, 2.8308 at 5. Where both ions of a symmetric salt move (Gouy–Chapman) it is $2\sinh(u_0/2)$ in its own
$\lambda=\lambda_D/\sqrt2$: 0.1 M of a 1:1 salt in water gives 0.961 nm, the single-ion form 1.360 nm. The profiles, one
quadrature of the first integral, are compared with an initial-value integration of Poisson's equation itself, and the
charge under them with the field at the boundary (Gauss).

In time (Poisson–Nernst–Planck) a step of voltage between two blocking electrodes ends in those layers, with every ion
kept. A small one relaxes with $1/\tau=(D/\lambda^2)\tanh(a)/a$, $a=(L/2\lambda)\sqrt{1-\lambda^2/(D\tau)}$, for thin layers
$\tau=\lambda L/(2D)$: the resistance of the bulk times half the capacitance of a layer.
"""

from __future__ import annotations

import numpy as np

from scalith.interface import debye_length, gouy_chapman_field, reduced_field, simulate_space_charge, space_charge
from scalith.quantities.constants import FARADAY, GAS_CONSTANT
from validation.record import Record

T = 298.15
WATER = 78.4


def run(record: Record) -> None:
    import matplotlib.pyplot as plt
    from scipy.integrate import solve_ivp

    for start, expected in ((1.0, 0.8578), (5.0, 2.8308)):
        record.check(f"|λ u′(0)| at u₀ = {start:g}", expected=expected, found=reduced_field(start), tolerance=5e-5)
        record.check(
            f"|λ u′(0)| at u₀ = {start:g}, sites almost unlimited",
            expected=reduced_field(start),
            found=reduced_field(start, 1e-9),
            tolerance=1e-7,
        )
        record.check(
            f"Gouy–Chapman at u₀ = {start:g}",
            expected=2.0 * np.sinh(0.5 * start),
            found=gouy_chapman_field(start),
            tolerance=1e-12,
        )
    record.check(
        "λ, both ions, 0.1 M in water", expected=0.961, found=1e9 * debye_length(100, WATER, T, ions=2), tolerance=1e-3, unit="nm"
    )
    record.check(
        "λ_D, one ion, 0.1 M in water", expected=1.360, found=1e9 * debye_length(100, WATER, T), tolerance=1e-3, unit="nm"
    )
    thermal = GAS_CONSTANT * T / FARADAY
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
    for start in (1.0, 5.0, -2.0):
        data = space_charge(start * thermal, 100.0, WATER, T, points=2000)
        debye = float(data.debye_length)
        depth, u = data.depth.values / debye, data.potential.values / thermal
        # Poisson's equation from a point inside, backwards to the boundary: stable in that direction.
        inside = int(np.searchsorted(depth, 4.0))
        slope = -np.sign(start) * float(reduced_field(u[inside]))
        there = depth[: inside + 1]
        solved = solve_ivp(
            lambda _, y: [y[1], 1.0 - np.exp(-y[0])],
            (there[-1], 0.0),
            [u[inside], slope],
            t_eval=there[::-1],
            rtol=1e-11,
            atol=1e-13,
        )
        record.check_at_most(
            f"profile against Poisson's equation, u₀ = {start:g}",
            limit=1e-8,
            found=np.max(np.abs(solved.y[0][::-1] - u[: inside + 1])),
        )
        enclosed = np.trapezoid(data.charge_density, data.depth)
        record.check(
            f"charge of the layer over the field (Gauss), u₀ = {start:g}",
            expected=1.0,
            found=enclosed / float(data.surface_charge),
            tolerance=1e-4,
        )
        left.plot(depth, u, label=f"u₀ = {start:g}")
        right.semilogy(depth, data.concentration / 1e3, label=f"u₀ = {start:g}")
    left.set(xlabel="distance from the boundary (λ_D)", ylabel="zFφ/RT", xlim=(0, 6))
    right.set(xlabel="distance from the boundary (λ_D)", ylabel="mobile ion (mol/L)", xlim=(0, 6))
    left.legend(frameon=False)
    figure.tight_layout()
    record.figure("Potential and mobile ion beside a boundary", figure)
    in_time(record)


def in_time(record: Record) -> None:
    """A step of voltage between blocking electrodes, forty Debye lengths apart."""
    import matplotlib.pyplot as plt

    D, thermal = 1e-11, GAS_CONSTANT * T / FARADAY
    debye = debye_length(100.0, WATER, T)
    length = 40.0 * debye
    small = simulate_space_charge(
        0.01 * thermal, length, 100.0, WATER, D, T, times=np.linspace(1.0, 3.0, 9) * debye * length / (2 * D)
    )
    slope = np.polyfit(small.time, np.log(small.current_density), 1)[0]
    # The root of the linear problem by plain iteration, which contracts: 1/τ = (D/λ²) tanh(a)/a.
    rate = 0.0
    for _ in range(60):
        a = 0.5 * length / debye * np.sqrt(1.0 - rate * debye**2 / D)
        rate = D / debye**2 * np.tanh(a) / a
    record.check("decay of a small voltage over D/λ² tanh(a)/a", expected=1.0, found=-slope / rate, tolerance=1e-3)
    record.check("the same over 2D/(λL)", expected=1.0, found=-slope * debye * length / (2.0 * D), tolerance=0.03)
    large = simulate_space_charge(8.0 * thermal, length, 100.0, WATER, D, T)
    ions = np.trapezoid(large.concentration, large.depth, axis=1) / (100.0 * length)
    record.check_at_most("ions gained or lost", limit=1e-10, found=np.max(np.abs(ions - 1.0)))
    last = large.isel(time=-1)
    middle = float(last.potential[last.depth.size // 2])
    for name, side, sign in (("repelling", 0, -1.0), ("gathering", -1, 1.0)):
        layer = space_charge(float(last.potential[side]) - middle, 100.0, WATER, T)
        record.check(
            f"charge in the end over that of the steady layer, {name} side",
            expected=1.0,
            found=sign * float(last.electrode_charge) / float(layer.surface_charge),
            tolerance=2e-3,
        )
        record.check(
            f"concentration at the {name} wall over the steady one",
            expected=1.0,
            found=float(last.concentration[side]) / float(layer.concentration[0]),
            tolerance=1e-4,
        )
    figure, axis = plt.subplots(figsize=(5, 3.6))
    for k in (0, 15, 25, 30, -1):
        axis.plot(large.depth / debye, large.concentration[k] / 100.0, label=f"{1e9 * float(large.time[k]):.3g} ns")
    axis.set(xlabel="distance from the first electrode (λ_D)", ylabel="mobile ion (c/c∞)")
    axis.legend(frameon=False)
    figure.tight_layout()
    record.figure("Space charge after a step of 8 RT/F between blocking electrodes", figure)
