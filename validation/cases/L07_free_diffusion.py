r"""L07: Diffusion in the non-interacting lattice gas

[E] With blocked sites as the only interaction $D_J = (1-x)D_0$ and $\Theta = 1/(1-x)$, so that the chemical diffusivity $D_J\Theta = D_0$
at every $x$, with $D_0 = z\,\Gamma d^2/6$ for $z$ hops of length $d$ and rate $\Gamma$. The tracer diffusivity is
$D^* = (1-x) f(x) D_0$, and the Haven ratio is $f(x)$: on fcc 0.974, 0.911, 0.841, 0.804 at x = 0.2, 0.5, 0.8, 0.95 (±0.3 %).
"""

import numpy as np

from scalith.lattice import kinetic_monte_carlo
from scalith.quantities.constants import BOLTZMANN_EV
from validation.cases.L06_tracer_correlation import free_gas, lattice
from validation.record import Record

LONG = True


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    T = 600.0
    expansion, hops = free_gas("fcc")
    distance = lattice("fcc")[1]
    free = 12 / 6 * hops.attempt_frequency * np.exp(-0.3 / (BOLTZMANN_EV * T)) * (1e-10 * distance) ** 2
    x = np.array([0.2, 0.5, 0.8, 0.95])
    expected = np.array([0.974, 0.911, 0.841, 0.804])
    factors, errors, chemical, chemical_errors = [], [], [], []
    for value, factor in zip(x, expected, strict=True):
        ions = int(round(value * 20**3))
        result = kinetic_monte_carlo(
            expansion, hops, x=[value], temperatures=[T], cells=20, trajectories=int(48 / value), events=25 * ions, seed=7
        )
        get = {name: float(result[name][0, 0]) for name in result.data_vars}
        factors.append(get["correlation_factor"])
        errors.append(get["correlation_factor_error"])
        chemical.append(get["jump_diffusivity"] / (1 - value) / free)
        chemical_errors.append(get["jump_diffusivity_error"] / (1 - value) / free)
        record.check(f"f at x = {value:g}", expected=factor, found=factors[-1], tolerance=0.003 * factor)
        record.check_at_most(f"standard error of f at x = {value:g}, relative", limit=0.002, found=errors[-1] / factor)
        record.check(f"D/D₀ at x = {value:g}", expected=1.0, found=chemical[-1], tolerance=4 * chemical_errors[-1])
        tracer = get["tracer_diffusivity"] / (1 - value) / free
        record.check(f"D*/((1 − x) D₀) at x = {value:g}", expected=factor, found=tracer, tolerance=0.01)
    figure, axes = plt.subplots(figsize=(6, 4))
    axes.errorbar(x, chemical, chemical_errors, fmt="s", label="D/D₀ (chemical)")
    axes.errorbar(x, factors, errors, fmt="o", label="f")
    axes.plot(x, expected, "k--")
    axes.axhline(1.0, color="k", lw=0.5)
    axes.set(xlabel="x")
    axes.legend()
    record.figure("fcc without interactions: the chemical diffusivity is constant, the tracer's is correlated.", figure)
