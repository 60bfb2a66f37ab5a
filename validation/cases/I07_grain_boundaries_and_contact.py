r"""I07: Resistance of depleted boundaries and of imperfect contact.

**[E]** A depleted layer on a fixed counter charge adds $\frac{\lambda}{\sigma}\int(c_\infty/c-1)\,dx/\lambda$: 25.596, 871.05
and 36,566 at $u_0=4,8,12$; with a mobile counter charge $2(e^{u_0/2}-1)$. The profile of `space_charge` gives the same
integral. A polycrystal of cubes adds the boundaries in series. Contact in discs of area fraction $f$ adds $\psi(\sqrt
f)/(4\sigma a)$ a disc; where lithium is pressed flat over $P/H$ that falls as $P^{-1/2}$ at low pressure (seen in arXiv
2501.00600).
"""

from __future__ import annotations

import numpy as np

from scalith.interface import (
    brick_layer,
    constriction_resistance,
    contact_resistance,
    debye_length,
    depleted_layer_resistance,
    space_charge,
)
from scalith.quantities.constants import FARADAY, GAS_CONSTANT
from validation.record import Record


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    thermal = GAS_CONSTANT * 298.15 / FARADAY
    for u, expected in ((4.0, 25.596), (8.0, 871.05), (12.0, 36566.0)):
        found = depleted_layer_resistance(u)
        record.check(f"fixed counter charge, u₀ = {u:g}", expected=expected, found=found, tolerance=2e-5 * expected)
        mobile = depleted_layer_resistance(u, counter_charge="mobile")
        record.check(
            f"mobile counter charge, u₀ = {u:g}", expected=2.0 * np.expm1(0.5 * u), found=mobile, tolerance=1e-8 * mobile
        )
        layer = space_charge(u * thermal, 50.0, 60.0, site_concentration=500.0, points=4000)
        profile = np.trapezoid(50.0 / layer.concentration.values - 1.0, layer.depth.values) / debye_length(50.0, 60.0, 298.15)
        exact = depleted_layer_resistance(u, 0.1)
        record.check(
            f"integral of the profile over it, a tenth of sites filled, u₀ = {u:g}",
            expected=1.0,
            found=profile / exact,
            tolerance=2e-3,
        )
    resistance = 2.0 * debye_length(100.0, 60.0, 298.15) / 0.1 * depleted_layer_resistance(8.0)
    whole = brick_layer(0.1, resistance, 5e-6, 5e-9, 60.0)
    record.check(
        "grains and boundaries in series", expected=10.0 + resistance / 5e-6, found=1.0 / whole.conductivity, tolerance=1e-9
    )
    record.check_true("the boundaries' arc lies at lower frequency", whole.boundary_frequency < 0.1 * whole.bulk_frequency)
    # Isolated discs: 1/(4σa) each, on one side.
    few = float(constriction_resistance(1e-6, 1e-6, 2.0)) * 1e-6 / (np.pi * 1e-12)
    record.check("isolated disc, 4σa R", expected=1.0, found=4.0 * 2.0 * 1e-6 * few, tolerance=2e-3)
    low = contact_resistance(np.array([1e3, 4e3]), 9e6, 10e-6, 0.05)
    record.check(
        "exponent of the pressure at low pressure", expected=-0.5, found=np.log(low[1] / low[0]) / np.log(4.0), tolerance=0.02
    )
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
    u = np.linspace(0.1, 14.0, 60)
    left.semilogy(u, [depleted_layer_resistance(v) for v in u], label="fixed counter charge")
    left.semilogy(u, 2.0 * np.expm1(0.5 * u), label="mobile counter charge")
    left.set(xlabel="zFφ/RT", ylabel="excess resistance over λ/σ")
    left.legend(frameon=False)
    pressure = np.geomspace(1e3, 2.6e6, 80)
    right.loglog(pressure / 1e6, 1e4 * np.asarray(contact_resistance(pressure, 9e6, 10e-6, 0.05)))
    right.set(xlabel="pressure (MPa)", ylabel="excess resistance (Ω cm²)", title="discs 10 µm apart, 0.5 mS/cm")
    figure.tight_layout()
    record.figure("Depleted layers, and contact under pressure", figure)
