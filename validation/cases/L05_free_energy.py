r"""L05: Free energy by integration from both ends and by exact enumeration

[E] A 4 × 4 square lattice gas with nearest- and next-nearest-neighbour pairs has 65 536 stoichiometries: its grand
potential, stoichiometry and entropy are summed exactly, $\phi = -\frac{kT}{N}\ln\sum e^{-(E-\mu N)/kT}$. The sampled grand
potential (integrated from the empty end, up in temperature, along μ and down again) must meet the exact one, and at
the full end the dilute vacancies (closure), within its statistical error. On a larger interacting lattice, where
enumeration is out of reach, the closure is checked alone.
"""

import numpy as np

from scalith.crystal import Host, HostSite
from scalith.lattice import ClusterExpansion, semi_grand_canonical
from scalith.lattice.kernels.fields import compute_fields
from scalith.lattice.sampling.monte_carlo import model_on
from scalith.quantities.constants import BOLTZMANN_EV
from validation.record import Record

LONG = True


def square_model() -> ClusterExpansion:
    """Square lattice gas, repulsive nearest and attractive next-nearest neighbours."""
    rows = ((3.0, 0.0, 0.0), (0.0, 3.0, 0.0), (0.0, 0.0, 20.0))
    site = HostSite(position=(0.0, 0.0, 0.0), species=("Li", "vacancy"), charges=(1.0, 0.0))
    host = Host(name="square", working_ion="Li", lattice=rows, sites=(site,))
    return ClusterExpansion.given(host, (-1.0, -0.5, 0.012, -0.004), pair_cutoff=4.3)


def exact(expansion: ClusterExpansion, T: float, mu: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Grand potential (eV per site), stoichiometry and variance of the number of ions per site of the 4 × 4 lattice."""
    model = model_on(expansion, (4, 4, 1))
    stoichiometries = ((np.arange(2**16)[:, None] >> np.arange(16)) & 1).astype(np.int8)
    field = np.empty(16)
    energy = model.constant * 16 + np.array([compute_fields(model.tables, row, field) for row in stoichiometries])
    ions = stoichiometries.sum(axis=1)
    kT = BOLTZMANN_EV * T
    phi, x, variance = [], [], []
    for value in mu:
        exponent = -(energy - value * ions) / kT
        top = exponent.max()
        weight = np.exp(exponent - top)
        total = weight.sum()
        mean = (weight @ ions) / total
        phi.append(-kT * (top + np.log(total)) / 16)
        x.append(mean / 16)
        variance.append(((weight @ ions**2) / total - mean**2) / 16)
    return np.array(phi), np.array(x), np.array(variance)


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    expansion = square_model()
    T = [300.0, 450.0]
    sampled = semi_grand_canonical(expansion, T, cells=(4, 4, 1), sweeps=20_000, points=48, seed=4)
    mu = sampled["mu"].values
    figure, axes = plt.subplots(1, 2, figsize=(10, 4))
    for k, temperature in enumerate(T):
        phi, x, variance = exact(expansion, temperature, mu)
        found = sampled.isel(T=k)
        strain = (found["x"].values - x) / found["x_error"].values
        found_strain = np.sqrt(np.mean(strain**2))
        record.check(f"x at {temperature:g} K, in standard errors (rms)", expected=1.0, found=found_strain, tolerance=0.4)
        strain = (found["fluctuations"].values - variance) / found["fluctuations_error"].values
        found_strain = np.sqrt(np.mean(strain**2))
        record.check(
            f"fluctuations at {temperature:g} K, in standard errors (rms)", expected=1.0, found=found_strain, tolerance=0.4
        )
        worst = np.abs(found["grand_potential"].values - phi).max()
        record.check_at_most(f"grand potential at {temperature:g} K against enumeration", limit=2e-4, found=worst, unit="eV")
        record.check_at_most(
            f"closure at {temperature:g} K", limit=3e-4, found=abs(float(found["grand_potential_closure"])), unit="eV"
        )
        axes[0].plot(mu, x, "k-")
        axes[0].errorbar(mu, found["x"], found["x_error"], fmt=".", label=f"{temperature:g} K")
        axes[1].plot(mu, 1e3 * (found["grand_potential"] - phi), ".-", label=f"{temperature:g} K")
    axes[0].set(xlabel="μ [eV]", ylabel="x")
    axes[0].legend()
    axes[1].set(xlabel="μ [eV]", ylabel="φ − exact [meV]")
    record.figure("4 × 4 lattice gas: sampled against enumerated.", figure)
    large = semi_grand_canonical(expansion, [300.0], cells=(24, 24, 1), sweeps=300, points=48, seed=4)
    closure = abs(float(large["grand_potential_closure"][0]))
    record.check_at_most("closure of the 24 × 24 lattice at 300 K", limit=5e-4, found=closure, unit="eV")
