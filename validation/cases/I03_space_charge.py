r"""I03: Space charge of one mobile ion, and Gouy–Chapman beside it.

**[E]** One ion moves on a fixed counter charge. With $u = zF\phi/RT$ and $\lambda_D=\sqrt{\varepsilon RT/(z^2F^2c)}$
Poisson's equation is $\lambda_D^2u'' = 1-e^{-u}$, and once integrated $|\lambda_D u'(0)| = \sqrt{2(e^{-u_0}+u_0-1)}$:
0.8578 at $u_0=1$, 2.8308 at 5. Where both ions of a symmetric salt move (Gouy–Chapman) it is $2\sinh(u_0/2)$ in its own
$\lambda=\lambda_D/\sqrt2$: 0.1 M of a 1:1 salt in water gives 0.961 nm, the single-ion form 1.360 nm. The profiles, one
quadrature of the first integral, are compared with an initial-value integration of Poisson's equation itself, and the
charge under them with the field at the boundary (Gauss).
"""

from __future__ import annotations

import numpy as np

from scalith.interface import debye_length, gouy_chapman_field, reduced_field, space_charge
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
