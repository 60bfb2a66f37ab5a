r"""P07: Cracks of a particle that is charged too fast.

**[E]** A penny crack at the centre of a sphere under $\sigma_\theta=\sigma_0(1-2\rho^2)$ has its largest stress intensity,
$0.5618\,\sigma_0\sqrt R$, at $a=0.387\,R$ (quadrature of $K=\frac{2}{\sqrt{\pi a}}\int\sigma r\,dr/\sqrt{a^2-r^2}$ beside the
closed form). With Griffith, LiMn₂O₄ ($E$ 10 GPa, $\nu$ 0.3, $\Omega$ 3.497e-6 m³/mol, 2.29e4 mol/m³, $D$ 7.08e-15 m²/s,
$K_{IC}$ 0.5 MPa√m) bears 15.97C at 5 µm and 2.82C at 10 µm, falling as $R^{-5/2}$. The critical size of crystalline silicon
stands beside the 150 nm that were seen (Liu et al. 2012, DOI 10.1021/nn204476h).
"""

from __future__ import annotations

import numpy as np
from scipy.integrate import quad

from scalith.particle import critical_size, penny_crack_intensity, safe_rate
from validation.cases.P05_stress import DENSITY, MANGANATE, D
from validation.record import Record


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    a = np.linspace(0.01, 0.99, 9801)
    K = penny_crack_intensity(1.0, a, 1.0)
    record.check("largest K over σ₀√R", expected=0.5618, found=K.max(), tolerance=1e-4)
    record.check("its crack radius over R", expected=np.sqrt(0.15), found=a[K.argmax()], tolerance=1e-4)
    for size in (0.2, 0.6):
        exact = quad(lambda s, size=size: (1.0 - 2.0 * (size * np.sin(s)) ** 2) * np.sin(s), 0.0, 0.5 * np.pi)[0]
        exact *= 2.0 * np.sqrt(size / np.pi)
        found = float(penny_crack_intensity(1.0, size, 1.0))
        record.check(f"K at a = {size:g} R against quadrature", expected=exact, found=found, tolerance=1e-10)
    rates = safe_rate(MANGANATE, DENSITY, D, 0.5e6, np.array([5e-6, 10e-6]))
    record.check("rate that 5 µm bear", expected=15.97, found=rates[0], tolerance=0.02, unit="1/h")
    record.check("rate that 10 µm bear", expected=2.82, found=rates[1], tolerance=0.01, unit="1/h")
    record.check("exponent of the radius", expected=-2.5, found=np.log2(rates[1] / rates[0]), tolerance=1e-10)
    size = critical_size(6.0, 160e9, 1.75e9)
    record.compare(
        "critical size of silicon, Γ = 6 J/m²", reference=150.0, found=1e9 * size, unit="nm", note="Liu et al. 2012, Z = 1"
    )

    figure, axis = plt.subplots(figsize=(5, 3.6))
    radius, rate = np.geomspace(0.5e-6, 50e-6, 80), np.geomspace(0.05, 100.0, 80)
    safe = np.asarray(safe_rate(MANGANATE, DENSITY, D, 0.5e6, radius))
    picture = axis.pcolormesh(1e6 * radius, rate, np.log10(rate[:, None] / safe[None, :]), cmap="coolwarm", vmin=-2, vmax=2)
    axis.loglog(1e6 * radius, safe, "k", lw=1)
    axis.set(xlabel="radius (µm)", ylabel="rate (1/h)", ylim=(0.05, 100.0), title="LiMn₂O₄: above the line a crack may grow")
    figure.colorbar(picture, ax=axis, label="log₁₀ of rate over safe rate")
    figure.tight_layout()
    record.figure("Griffith map", figure)
