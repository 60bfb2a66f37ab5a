# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Transport and the validation loop
#
# How fast does lithium spread in a particle? A diffusivity can be computed from the hops of single ions, and it can be
# measured on a cell with pulses of current. The two numbers are often laid side by side although they are not the same thing.
# This notebook computes one, puts it into a cell, measures it there as an experimenter would, and asks whether what comes out
# is what went in.

# %%
import matplotlib.pyplot as plt
import numpy as np

from scalith.cell import CellSpecification, simulate_protocol, single_particle
from scalith.crystal import map_orderings, read_host, read_structures
from scalith.lab.titration import extract_gitt
from scalith.lattice import (
    HopBarriers,
    chemical_diffusivity,
    fit_cluster_expansion,
    jump_diffusivity,
    kinetic_monte_carlo,
    metal_energy,
    open_circuit_voltage,
    semi_grand_canonical,
    thermodynamic_factor,
)
from scalith.quantities import shipped
from scalith.quantities.constants import FARADAY

# %% [markdown]
# ## Hops
#
# The host is the titanium disulphide of *Voltage from atoms*, with the same cluster expansion. An ion hops to the next site
# over a barrier, which is low where another vacancy stands beside its way. Kinetic Monte Carlo lets the ions of a box hop one
# after the other, each with its rate. What it counts is how far all ions together have moved: the *jump diffusivity* $D_J$.

# %%
folder = "dft_energies/LixTiS2_gpaw"
host = read_host(shipped(f"{folder}/LixTiS2_prim.json"))
orderings = map_orderings(host, read_structures(shipped(f"{folder}/energies.extxyz")))
expansion = fit_cluster_expansion(host, orderings, pair_cutoff=7.0, triplet_cutoff=0.0)
barriers = HopBarriers.layered(single_vacancy=0.672, divacancy=0.300, note="those of LixCoO2, taken over: assumed")
temperatures = [288.15, 308.15]
filled = [0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9]
walked = kinetic_monte_carlo(
    expansion, barriers, x=filled, temperatures=temperatures, cells=(8, 8, 4), trajectories=8, events=3000, seed=1
)
jumps = jump_diffusivity(walked)
assert walked.attrs["warnings"] == []

# %% [markdown]
# ## From jumps to chemical diffusion
#
# What drives ions is not the gradient of their concentration but that of their chemical potential. Where the voltage is
# steep, a small difference of concentration is a large difference of potential. The *thermodynamic factor* $\Theta =
# \partial(\mu/kT)/\partial\ln x$ says how large, and $D = D_J\,\Theta$ is what a titration measures.

# %%
sampled = semi_grand_canonical(expansion, temperatures, cells=(6, 6, 4), sweeps=120, points=48, seed=1)
voltage = open_circuit_voltage(sampled, metal_energy(-2.03669, "bcc lithium with GPAW (LDA), the settings of the orderings"))
factor = thermodynamic_factor(sampled)
diffusivity = chemical_diffusivity(jumps, factor)

T = 298.15
for x in (0.2, 0.5, 0.8):
    print(
        f"x = {x}: jump diffusivity {jumps(x, T):.1e}, thermodynamic factor {factor(x, T):.1f},",
        f"chemical diffusivity {diffusivity(x, T):.1e} ± {diffusivity.error(x, T):.0e} m²/s",
    )

# %% [markdown]
# The factor reaches ten: a jump or tracer diffusivity beside a titration is wrong by as much.
#
# ## Into a cell
#
# Voltage and diffusivity go into an electrode of particles as they are, functions of stoichiometry and temperature that know
# their source. The electrode around them is of our own making.

# %%
radius = 15e-6
cell = CellSpecification.read(
    {
        "name": "TiS2 against lithium",
        "electrode_area": "1.54 cm2",
        "nominal_capacity": "2.3 mA*h",
        "lower_voltage_cut_off": "1.5 V",
        "upper_voltage_cut_off": "2.6 V",
        "electrolyte": {
            "initial_concentration": "1 mol/L",
            "conductivity": "1 S/m",
            "diffusivity": "3e-10 m2/s",
            "transference_number": 0.38,
        },
        "negative_electrode": {"lithium_metal": {"exchange_current_density": "70 A/m2"}},
        "separator": {"thickness": "25 um", "porosity": 0.4},
        "positive_electrode": {
            "thickness": "42 um",
            "porosity": 0.33,
            "conductivity": "50 S/m",
            "active_volume_fraction": 0.5,
            "particle_radius": radius,
            "maximum_concentration": 29200,
            "minimum_stoichiometry": 0.05,
            "maximum_stoichiometry": 0.95,
            "open_circuit_voltage": voltage,
            "chemical_diffusivity": diffusivity,
            "exchange_current_density": "5 A/m2",
        },
    }
)
print("diffusivity:", cell.positive_electrode.material.chemical_diffusivity.source.kind)

# %% [markdown]
# ## Measured as in the laboratory
#
# A pulse of twenty seconds, a rest of fifteen minutes; from both the diffusivity is found by least squares, with an interval.
# The slope of the voltage with the charge is taken from the curve at rest. `single_particle` is the same cell without the
# losses in its electrolyte: the experiment that the formulas of titration are made for.

# %%
electrode = cell.positive_electrode
full = FARADAY * cell.electrode_area * electrode.thickness * electrode.material.volume_fraction * 29200  # C from x = 0 to 1
x = np.linspace(0.05, 0.95, 400)
rest, steep = voltage(x, T), voltage.derivative("x")(x, T)


def slope(potential):
    """Change of the voltage at rest with the charge that was discharged, V/C."""
    return -abs(np.interp(-potential, -rest, steep)) / full


def titrate(specification, mesh=None):
    """Stoichiometry, diffusivity with its interval and as Weppner and Huggins have it, at seven states of charge."""
    rows = []
    for charge in np.linspace(0.85, 0.15, 7):
        data = simulate_protocol(
            specification,
            [
                "Rest for 1 minute (15 second period)",
                "Discharge at 4.8 mA for 20 s (1 second period)",
                "Rest for 15 minutes (5 second period)",
            ],
            initial_state_of_charge=charge,
            temperature=T,
            mesh=mesh,
        )
        pulse = extract_gitt(data, radius=radius, slope=slope).isel(pulse=0)
        where = np.interp(-float(pulse.rest_potential), -rest, x)
        rows.append([where, *(float(pulse[name]) for name in ("diffusivity", "lower", "upper", "weppner_huggins"))])
    return np.array(rows).T


particle = titrate(*single_particle(cell))
porous = titrate(cell)

figure, axes = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
axes.plot(x, diffusivity(x, T), color="black", label="what went in")
for found, label in ((particle, "out of the particles alone"), (porous, "out of the porous electrode")):
    axes.errorbar(found[0], found[1], [found[1] - found[2], found[3] - found[1]], fmt="o", label=label)
axes.plot(particle[0], particle[4], "x", color="grey", label="particles alone, Weppner–Huggins")
axes.set(xlabel="filled fraction of the sites, x", ylabel="chemical diffusivity (m²/s)", yscale="log", ylim=(3e-13, 1e-10))
axes.legend(fontsize=8)
figure.savefig("story_titration.svg", metadata={"Date": None})

# %% [markdown]
# ![Diffusivity that went in, and what titrations give back](../assets/story_titration.svg)
#
# Out of the particles alone comes what went in, to a fifth at worst. The classical formula gives less, since it wants pulses
# that are short against $R^2/D$, and here that is a matter of seconds.

# %%
ratio = {name: found[1] / diffusivity(found[0], T) for name, found in (("particle", particle), ("porous", porous))}
for name, values in ratio.items():
    print(f"{name}: out over in, median {np.nanmedian(values):.2f}, from {np.nanmin(values):.2f} to {np.nanmax(values):.2f}")
print(f"Weppner–Huggins: {np.nanmedian(particle[4] / diffusivity(particle[0], T)):.2f}")
assert 0.8 < np.nanmedian(ratio["particle"]) < 1.2
assert np.nanmedian(ratio["porous"]) < 0.5

# %% [markdown]
# ## What closes the loop
#
# The porous electrode gives a diffusivity that is several times too small, and its intervals do not say so: the electrolyte
# in the pores takes its own time to come to rest, and a formula that knows of particles alone counts that time as theirs.
# Nothing is wrong with the pulses; the model behind the formula is another one than that of the cell.
#
# So the place to compare is not the diffusivity. It is the experiment: put the predicted property into the cell, run the
# protocol of the laboratory on it, evaluate both records with the same code, and compare these. The bias is then in both.
# `scalith.lab` reads measured and simulated records alike for this reason, and `agreement` gives one verdict for a whole
# curve with the errors of both sides.
#
# ## How sure?
#
# The errors above are those of the walks. The barriers are another matter: they are those of another host, and 50 meV more or
# less is a factor of seven at room temperature. An ensemble that draws them carries that up to the cell (*Ensembles* in the
# how-tos).
