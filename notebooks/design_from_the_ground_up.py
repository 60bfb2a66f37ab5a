# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Design from the ground up
#
# More active material and thicker electrodes store more energy, and make it harder to get out. Where the best cell lies
# depends on how fast it is emptied. A cell model can find it if it knows what a denser structure does to the transport in its
# pores: this notebook does not assume that (with an exponent) but makes structures, measures them, and builds cells on what
# was measured.

# %%
import matplotlib.pyplot as plt
import numpy as np

from scalith.cell import Mesh, read_cell, simulate_discharge, simulate_sensitivities
from scalith.electrode import ParticleKind, effective_properties, packed_particles, place_binder

# %% [markdown]
# ## Structures
#
# Spheres with a spread of sizes are packed, then binder with carbon is put at their necks. Voxels of half a micrometre and a
# box of twenty are enough to show how it is done; for results take more of both.

# %%
images = {}
for fraction in (0.45, 0.55, 0.62):
    particles = ParticleKind(phase="active", fraction=fraction, radius="2.5 um", spread=0.3)
    packed = packed_particles((48, 40, 40), 5e-7, [particles], seed=1, overlap=0.05)
    images[fraction] = place_binder(packed, 0.05, agglomeration=0.6, cluster_size=1.2e-6, seed=1)

figure, axes = plt.subplots(1, 3, figsize=(8.4, 2.9), layout="constrained")
for axis, (fraction, image) in zip(axes, images.items(), strict=True):
    axis.imshow(image.labels[:, :, 20].T, extent=(0, 24, 0, 20), cmap="cividis", interpolation="nearest")
    axis.set(title=f"{fraction:.0%} active", xlabel="µm")
figure.savefig("story_structures.svg", metadata={"Date": None})

# %% [markdown]
# ![Slices of the three structures: pore, active material, binder](../assets/story_structures.svg)
#
# ## Measured
#
# Ions are sent through the pores, electrons through particles and binder: Laplace's equation on the voxels. Each number comes
# with a standard error, from how much parts of the image differ.

# %%
measured = {
    fraction: effective_properties(image, ionic={"pore": 1.0}, electronic={"active": 0.1, "binder": 100.0}, electrolyte="pore")
    for fraction, image in images.items()
}
print("active   pores   ions reach               tortuosity factor   electrons, S/m")
for fraction, found in measured.items():
    ions, electrons, tortuosity = (
        f"{float(found[name]()):.3f} ± {float(found[name].error()):.3f}"
        for name in ("effective_ionic_conductivity", "effective_electronic_conductivity", "ionic_tortuosity_factor")
    )
    pores = float(found["electrolyte_volume_fraction"]())
    print(f"{fraction:.2f}     {pores:.2f}    {ions} of bulk   {tortuosity}     {electrons}")
    print(f"         (the exponent 1.5 would say {pores**1.5:.3f})")

# %% [markdown]
# The exponent 1.5 is for spheres that are far apart. Binder between close ones closes paths, so that ions reach less.
#
# ## Cells
#
# All else is the LG M50 (O'Kane et al.), its graphite as much thicker or thinner as the balance of the two electrodes asks.
# The energy counts for the volume of the layers and 25 µm of foils.

# %%
base = read_cell("lgm50_okane2022")
mesh = Mesh(16, 4, 16)
thicknesses = np.array([30e-6, 45e-6, 60e-6, 75e-6, 95e-6, 120e-6])


def design(fraction, thickness):
    """The cell with this structure and thickness of the positive electrode."""
    number = {name: float(value()) for name, value in measured[fraction].items()}
    positive, negative = base.positive_electrode, base.negative_electrode
    material = positive.material.model_copy(update={"active_volume_fraction": number["active_volume_fraction"]})
    ratio = thickness * material.volume_fraction / (positive.thickness * positive.material.volume_fraction)
    changes = {
        "thickness": thickness,
        "porosity": number["electrolyte_volume_fraction"],
        "transport_efficiency": number["effective_ionic_conductivity"],
        "conductivity": number["effective_electronic_conductivity"],
        "materials": (material,),
    }
    return base.model_copy(
        update={
            "positive_electrode": positive.model_copy(update=changes),
            "negative_electrode": negative.model_copy(update={"thickness": ratio * negative.thickness}),
            "nominal_capacity": ratio * base.nominal_capacity,
        }
    )


def energy_density(cell, rate):
    """W h per litre of layers and foils."""
    run = simulate_discharge(cell, rate, mesh=mesh)
    layers = cell.positive_electrode.thickness + cell.separator.thickness + cell.negative_electrode.thickness + 25e-6
    return float(np.trapezoid(run.voltage, run.capacity)) / 3600 / (1000 * cell.electrode_area * layers)


rates = (0.2, 1.0, 3.0)
found = np.array(
    [[[energy_density(design(f, thickness), rate) for thickness in thicknesses] for f in measured] for rate in rates]
)

figure, axes = plt.subplots(1, 3, figsize=(8.4, 3.2), layout="constrained", sharey=True)
best = {}
for axis, rate, table in zip(axes, rates, found, strict=True):
    for fraction, row in zip(measured, table, strict=True):
        axis.plot(1e6 * thicknesses, row, "o-", markersize=3, label=f"{fraction:.0%} active")
    axis.set(title=f"{rate:g}C", xlabel="thickness (µm)", ylim=(0, None))
    which = np.unravel_index(np.argmax(table), table.shape)
    best[rate] = list(measured)[which[0]], float(thicknesses[which[1]])
    print(f"{rate:g}C: best {best[rate][0]:.0%} active, {1e6 * best[rate][1]:.0f} µm, {table.max():.0f} W h/l")
axes[0].set_ylabel("energy (W h/l)")
axes[0].legend(fontsize=8, loc="lower left")
figure.savefig("story_design.svg", metadata={"Date": None})
assert best[3.0][1] < best[0.2][1]

# %% [markdown]
# ![Energy per volume over the thickness of the electrode, three structures, three rates](../assets/story_design.svg)
#
# Slowly emptied, the densest and thickest electrode is best. At 3C it runs out of salt in the depth of its pores and falls
# off a cliff; what is best there is thinner.
#
# ## How sure?
#
# The structure was measured with an error. How much of it arrives at the capacity? The derivative of the end of the discharge
# by `transport_efficiency` comes from the equations themselves.

# %%
name = "positive_electrode.transport_efficiency"
shares = {}
for thickness in (best[3.0][1], thicknesses[-1]):
    fraction = best[3.0][0]
    slope = simulate_sensitivities(design(fraction, thickness), [name], 3.0, mesh=mesh)
    error = abs(float(slope.capacity_by_parameter.sel(parameter=name))) * float(
        measured[fraction]["effective_ionic_conductivity"].error()
    )
    shares[thickness] = error / float(simulate_discharge(design(fraction, thickness), 3.0, mesh=mesh).capacity[-1])
    print(f"{1e6 * thickness:.0f} µm at 3C: capacity known to {shares[thickness]:.2%} as far as the pores go")
assert shares[thicknesses[-1]] > shares[best[3.0][1]]

# %% [markdown]
# Beyond the cliff the capacity hangs on the pores alone, and so does its error. A design that is to be trusted keeps away
# from the cliff.
#
# What is not in it: real particles are no spheres, drying puts binder where it likes, and pressing breaks particles; a
# tomogram takes the place of the generated image without another line of code (*From a tomogram to a cell parameter* in the
# how-tos). Six thicknesses and three structures are a table and no search.
