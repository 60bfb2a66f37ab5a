r"""P01: Fickian sphere under constant flux against the series solution.

**[E]** A sphere of radius $R$ at $x_0$ that loses the constant flux $J$ (over the maximum concentration) follows (Carslaw
and Jaeger; Crank, *The Mathematics of Diffusion*, eq. 6.45)

$$x = x_0 - \frac{JR}{D}\left[3\tau + \frac{\rho^2}{2} - \frac{3}{10} - \frac{2}{\rho}\sum_n
\frac{\sin(\lambda_n\rho)}{\lambda_n^2\sin\lambda_n}e^{-\lambda_n^2\tau}\right],\qquad \tan\lambda_n = \lambda_n,$$

with $\rho = r/R$ and $\tau = Dt/R^2$. The mesh is refined on a fixed grading; the error falls at least with the second
order. Lithium balances to round-off: the mean obeys $\bar x = x_0 - 3Jt/R$ exactly. A surface held at constant $x$ is
checked against $1 - \frac{6}{\pi^2}\sum n^{-2}e^{-n^2\pi^2\tau}$.
"""

from __future__ import annotations

import numpy as np

from scalith.particle import simulate_particle
from scalith.quantities import Property, Source
from validation.record import Record

RADIUS, D, START, FLUX = 5e-6, 1e-14, 0.8, 4e-10
DURATION = 0.25 * RADIUS**2 / D


def series(rho: np.ndarray, tau: float) -> np.ndarray:
    """Change of x over −J R/D."""
    from scipy.optimize import brentq

    total = 3.0 * tau + 0.5 * rho**2 - 0.3
    for n in range(1, 400):
        root = brentq(lambda s: np.sin(s) - s * np.cos(s), n * np.pi + 1e-9, (n + 0.5) * np.pi, xtol=1e-14)
        shape = np.where(rho > 0.0, np.sin(root * rho) / np.where(rho > 0.0, rho, 1.0), root)
        total = total - 2.0 * shape * np.exp(-(root**2) * tau) / (root**2 * np.sin(root))
    return total


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    diffusivity = Property.constant("chemical_diffusivity", D, "m2 s-1", Source(kind="assumed"))
    scale = FLUX * RADIUS / D
    counts = np.array([8, 16, 32, 64])
    errors = []
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
    for nodes in counts:
        data = simulate_particle(
            diffusivity, RADIUS, DURATION, initial=START, surface_flux=FLUX, nodes=int(nodes), finest=0.3 / nodes, time_steps=1500
        )
        worst = 0.0
        for step in (300, 800, 1500):
            tau = float(data.time[step]) * D / RADIUS**2
            exact = START - scale * series(data.radius.values / RADIUS, tau)
            worst = max(worst, float(np.max(np.abs(data.stoichiometry[step].values - exact))))
            if nodes == counts[2]:
                left.plot(data.radius * 1e6, data.stoichiometry[step], "o", ms=3, label=f"Dt/R² = {tau:.3f}")
                left.plot(data.radius * 1e6, exact, "k-", lw=0.8)
        errors.append(worst / scale)
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    record.check_at_most("largest error at 64 nodes, over JR/D", limit=1e-4, found=errors[-1])
    record.check_at_most(
        "2 − order of convergence in radius, where positive", limit=0.1, found=max(0.0, 2.0 - float(orders.min()))
    )
    record.compare("order of convergence, coarse to fine", reference=2.0, found=float(orders.mean()))
    mean = START - 3.0 * FLUX * data.time.values / RADIUS
    record.check_at_most("lithium balance", limit=1e-12, found=float(np.max(np.abs(data.mean_stoichiometry.values - mean))))
    held = simulate_particle(
        diffusivity, RADIUS, DURATION, initial=0.0, surface_value=1.0, nodes=64, finest=0.004, time_steps=1500
    )
    tau = held.time.values[500:] * D / RADIUS**2
    n = np.arange(1, 400)[:, None]
    exact = 1.0 - 6.0 / np.pi**2 * np.sum(np.exp(-(n**2) * np.pi**2 * tau) / n**2, axis=0)
    record.check_at_most(
        "uptake with the surface held", limit=2e-4, found=float(np.max(np.abs(held.mean_stoichiometry.values[500:] - exact)))
    )
    left.set(xlabel="r (µm)", ylabel="x")
    left.legend(frameon=False)
    right.loglog(counts, errors, "o-", label="found")
    right.loglog(counts, errors[0] * (counts[0] / counts) ** 2, "k--", lw=0.8, label="second order")
    right.set(xlabel="nodes", ylabel="largest error over JR/D")
    right.legend(frameon=False)
    figure.tight_layout()
    record.figure("Profiles (dots) on the series (lines), and convergence", figure)
