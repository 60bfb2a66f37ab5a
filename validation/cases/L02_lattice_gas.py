r"""L02: The non-interacting lattice gas

[E] Without interactions $\mu = kT\ln[x/(1-x)]$ and $s = -k[x\ln x + (1-x)\ln(1-x)]$ at every $x$ and $T$; the
thermodynamic factor is $1/(1-x)$ and $\partial U/\partial T = (\partial s/\partial x)/e$. Everything here goes
through the sampled route (Monte Carlo, integration, smoothing), so that the errors shown are those of the method.
"""

import numpy as np

from scalith.crystal import Host, HostSite
from scalith.lattice import (
    ClusterExpansion,
    configurational_entropy,
    entropic_coefficient,
    metal_energy,
    open_circuit_voltage,
    semi_grand_canonical,
    thermodynamic_factor,
)
from scalith.quantities.constants import BOLTZMANN_EV, GAS_CONSTANT
from validation.record import Record


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    rows = ((3.0, 0.0, 0.0), (0.0, 3.0, 0.0), (0.0, 0.0, 3.0))
    host = Host(
        name="gas",
        working_ion="Li",
        lattice=rows,
        sites=(HostSite(position=(0, 0, 0), species=("Li", "vacancy"), charges=(1, 0)),),
    )
    gas = ClusterExpansion.given(host, (0.0, 0.0, 0.0), pair_cutoff=3.0)
    sampled = semi_grand_canonical(gas, [250.0, 300.0, 350.0], cells=12, sweeps=400, points=48, seed=2)
    deviation = np.abs(
        sampled["x"].values - 1 / (1 + np.exp(-sampled["mu"].values / (BOLTZMANN_EV * sampled["T"].values[:, None])))
    )
    strain = np.sqrt(np.mean((deviation / sampled["x_error"].values) ** 2))
    record.check("x against the Fermi function, in standard errors (rms)", expected=1.0, found=strain, tolerance=0.4)
    record.check_at_most(
        "closure of the grand potential", limit=2e-5, found=np.abs(sampled["grand_potential_closure"].values).max(), unit="eV"
    )

    voltage = open_circuit_voltage(sampled, metal_energy(0.0, "zero of energy"))
    entropy = configurational_entropy(sampled)
    slope = entropic_coefficient(sampled)
    factor = thermodynamic_factor(sampled)
    x = voltage.coordinates["x"]
    exact_entropy = -(x * np.log(x) + (1 - x) * np.log(1 - x))
    worst_voltage = worst_entropy = worst_slope = worst_factor = 0.0
    for T in (250.0, 300.0, 350.0):
        exact = -BOLTZMANN_EV * T * np.log(x / (1 - x))
        worst_voltage = max(worst_voltage, float(np.abs(voltage(x, T) - exact).max()))
        worst_entropy = max(worst_entropy, float(np.abs(entropy(x, T) / GAS_CONSTANT - exact_entropy).max()))
        worst_slope = max(worst_slope, float(np.abs(slope(x, T) + BOLTZMANN_EV * np.log(x / (1 - x))).max()))
        worst_factor = max(worst_factor, float(np.sqrt(np.mean((factor(x, T) * (1 - x) - 1) ** 2))))
    record.check_at_most("voltage", limit=1.5e-3, found=worst_voltage, unit="V")
    record.check_at_most("entropy", limit=0.005, found=worst_entropy, unit="k")
    record.check_at_most("entropic coefficient", limit=1e-5, found=worst_slope, unit="V/K")
    record.check_at_most("thermodynamic factor, relative (rms)", limit=0.05, found=worst_factor)

    figure, axes = plt.subplots(1, 2, figsize=(9, 4))
    axes[0].plot(x, voltage(x, 300.0), label="sampled")
    axes[0].plot(x, -BOLTZMANN_EV * 300.0 * np.log(x / (1 - x)), "k--", label="exact")
    axes[0].set(xlabel="x", ylabel="U [V]")
    axes[1].plot(x, entropy(x, 300.0) / GAS_CONSTANT, label="sampled")
    axes[1].plot(x, exact_entropy, "k--", label="exact")
    axes[1].set(xlabel="x", ylabel="s [k]")
    axes[1].legend()
    record.figure("Voltage and entropy of the ideal lattice gas at 300 K.", figure)
