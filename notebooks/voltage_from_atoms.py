# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Voltage from atoms
#
# Where does the voltage of a battery come from? From the energy that an ion gains when it leaves metallic lithium and takes a
# site in a crystal. This notebook goes from the energies of 22 arrangements of lithium in titanium disulphide, computed with
# density functional theory, to a voltage curve at room temperature, and says at each step how sure it is.

# %%
import matplotlib.pyplot as plt
import numpy as np

from scalith.crystal import map_orderings, read_host, read_structures, voltage_of_orderings
from scalith.lattice import (
    configurational_entropy,
    fit_cluster_expansion,
    metal_energy,
    open_circuit_voltage,
    semi_grand_canonical,
)
from scalith.quantities import shipped

# %% [markdown]
# ## The host, and who sits where
#
# A *host* is a crystal with sites that ions fill or leave. Relaxation moves the ions off their ideal places, so that each
# computed structure is first mapped back on them.

# %%
folder = "dft_energies/LixTiS2_gpaw"
host = read_host(shipped(f"{folder}/LixTiS2_prim.json"))
orderings = map_orderings(host, read_structures(shipped(f"{folder}/energies.extxyz")))
print(host.name, "with", orderings.sizes["structure"], "orderings")
print(f"ions moved by {float(orderings.displacement_max.max()):.2f} Å at most")

# %% [markdown]
# ## The average voltage
#
# Two energies and that of lithium metal, from the same method, give the mean over the whole range, $\bar V = -(E(1) - E(0) -
# E_\mathrm{Li})/e$. That the method is the same matters: an energy of lithium from elsewhere shifts everything.

# %%
lithium = metal_energy(-2.03669, "bcc lithium with GPAW (LDA), the settings of the orderings")
average = float(voltage_of_orderings(host, orderings, lithium)())
print(f"average voltage {average:.2f} V")

# %% [markdown]
# ## All the other arrangements
#
# A few atoms more, and there are more arrangements than anybody can compute. A cluster expansion learns the energy as a sum
# over small groups of sites. Its leave-one-out error says how well it predicts an arrangement that it has not seen.

# %%
expansion = fit_cluster_expansion(host, orderings, pair_cutoff=7.0, triplet_cutoff=0.0)
print(f"leave-one-out error {1e3 * expansion.leave_one_out_error:.0f} meV per formula unit")

hull = expansion.hull
figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
axes.plot(hull.x, 1e3 * np.asarray(hull.formation_energy), "o", label="density functional theory")
axes.plot(hull.x, 1e3 * np.asarray(hull.predicted_formation_energy), "x", label="cluster expansion")
axes.set(xlabel="filled fraction of the sites, x", ylabel="energy of formation (meV)")
axes.legend()
figure.savefig("story_orderings.svg", metadata={"Date": None})

# %% [markdown]
# ![Energies of formation of the orderings](../assets/story_orderings.svg)
#
# ## Temperature
#
# At room temperature lithium does not sit in the arrangement of lowest energy: it takes all of them, each with its
# probability. Monte Carlo samples them at given chemical potentials; the voltage is the chemical potential, against that of
# lithium metal.

# %%
sampled = semi_grand_canonical(expansion, [278.15, 298.15, 318.15], cells=(6, 6, 4), sweeps=120, points=48, seed=1)
voltage = open_circuit_voltage(sampled, lithium)
print(f"U(0.5) = {float(voltage(0.5, 298.15)):.3f} ± {float(voltage.error(0.5, 298.15)):.3f} V (error of the sampling)")

x = np.linspace(*voltage.domain["x"], 401)
figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
axes.plot(x, voltage(x, 298.15), label="25 °C")
axes.axhline(average, color="grey", linestyle="--", label="average voltage")
axes.set(xlabel="filled fraction of the sites, x", ylabel="voltage against lithium (V)")
axes.legend()
figure.savefig("story_voltage.svg", metadata={"Date": None})

# %% [markdown]
# ![Voltage over stoichiometry](../assets/story_voltage.svg)
#
# The mean of the curve has to be the average voltage again: the way through all arrangements leads from the same empty to the
# same full host. That is a check of the whole chain, and it costs one line.

# %%
mean = float(np.trapezoid(voltage(x, 298.15), x) / np.ptp(x))
print(f"mean of the curve {mean:.3f} V, average voltage {average:.3f} V")
assert abs(mean - average) < 0.03

# %% [markdown]
# ## Entropy
#
# Disorder has a price in heat: the entropy of the arrangements decides how much heat a charge takes up or gives off without
# any loss. Half full and without interactions it would be $k \ln 2$ a site; what interactions leave of it is below.

# %%
entropy = configurational_entropy(sampled)
limit = -8.314 * (x * np.log(x) + (1 - x) * np.log(1 - x))
print(f"S(0.5) = {float(entropy(0.5, 298.15)):.2f} of {8.314 * np.log(2):.2f} J/(mol K)")
assert np.all(entropy(x, 298.15) <= limit + 4 * entropy.error(x, 298.15) + 0.05)

# %% [markdown]
# ## What this does not know
#
# The error of the sampling is a millivolt. That of the density functional is a few tenths of a volt, and no sampling can see
# it: it is stated, with a source, under `[model_errors]` of a study, and an ensemble carries it up to the cell. *Is my number
# right?* in the documentation goes through the rest.
