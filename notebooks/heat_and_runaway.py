# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Heat and runaway
#
# A cell turns part of its energy into heat. Mostly that is a matter of comfort; above a temperature it feeds itself, and one
# cell takes its neighbours along. This notebook follows the heat of a discharge, finds the temperature at which a cell runs
# away, and asks what a barrier between cells has to do.

# %%
import matplotlib.pyplot as plt
import numpy as np

from scalith.cell import CellSpecification, simulate_discharge
from scalith.pack import (
    Barrier,
    CellBody,
    ModuleSpecification,
    Trigger,
    critical_oven_temperature,
    oven_test,
    propagate_runaway,
    shipped_kinetics,
)
from scalith.quantities import shipped

# %% [markdown]
# ## The heat of a discharge
#
# Resistance, slow reactions and diffusion turn voltage into heat. So does entropy, which takes heat up in one direction and
# gives it off in the other. The faster, the more is lost.

# %%
cell = CellSpecification.read_toml(shipped("cell/enertech_ai2020.toml"))
figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
for rate in (0.5, 1.0, 2.0):
    run = simulate_discharge(cell, rate, thermal="lumped")
    charge = run.capacity / 3600
    axes.plot(charge, run.temperature - 273.15, label=f"{rate:g}C")
    heat = float(np.trapezoid(run.heat, run.time)) / 3600
    energy = float(np.trapezoid(run.voltage, run.capacity)) / 3600
    print(
        f"{rate:g}C: {energy:.2f} W h delivered, {heat:.2f} W h of heat,",
        f"{float(run.temperature[-1] - run.temperature[0]):.1f} K warmer",
    )
axes.set(xlabel="discharged capacity (A h)", ylabel="cell temperature (°C)")
axes.legend()
figure.savefig("story_heat.svg", metadata={"Date": None})

# %% [markdown]
# ![Temperature of a cell at three rates](../assets/story_heat.svg)
#
# ## Where it feeds itself
#
# Above about a hundred degrees the layers on the graphite decompose, then graphite and electrolyte, then the oxide. Each
# reaction is quicker when it is hotter, each gives heat. A cell in an oven loses heat in proportion to its temperature; there
# is an oven temperature above which it cannot lose it quickly enough. The kinetics are a published set, with their papers in
# the file.

# %%
kinetics = shipped_kinetics("lco_limited")
body = CellBody.read(
    {
        "shape": "prismatic",
        "thickness": "12 mm",
        "width": "100 mm",
        "height": "80 mm",
        "density": 2300,
        "specific_heat": 1000,
        "conductivity": 0.8,
        "in_plane_conductivity": 25,
    }
)
low, high = critical_oven_temperature(body, kinetics, resolution=0.5)
print(f"runs away in an oven between {low - 273.15:.1f} and {high - 273.15:.1f} °C")

figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
for oven, label in ((low - 5, "5 K below"), (high + 5, "5 K above")):
    test = oven_test(body, kinetics, oven)
    axes.plot(test.time / 3600, test.temperature - 273.15, label=f"{label} the limit")
axes.set(xlabel="time (h)", ylabel="cell temperature (°C)")
axes.legend()
figure.savefig("story_oven.svg", metadata={"Date": None})

# %% [markdown]
# ![A cell in an oven, below and above the limit](../assets/story_oven.svg)
#
# Five kelvin below it warms a little and comes back; five above it burns. There is no gradual way from one to the other.
#
# ## What a barrier does
#
# The cell in the oven and the cells of a module share one set of kinetics: its digest goes along, and another set is refused.
# One cell is set off by a heater. What do the others do?

# %%
same = test.attrs["kinetics_digest"]
heater = Trigger.read({"power": "600 W", "duration": "120 s"})
found = {}
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.4), layout="constrained", sharey=True)
for axis, (thickness, conductivity) in zip(axes, ((1e-3, 0.2), (4e-3, 0.03)), strict=True):
    barrier = Barrier(thickness=thickness, conductivity=conductivity)
    module = ModuleSpecification(cell=body, cells=4, barrier=barrier, heat_transfer_coefficient=5)
    fire = propagate_runaway(module, kinetics, heater, duration=3600, kinetics_digest=same)
    found[thickness] = int(fire["cells_run_away"])
    for number in range(fire.sizes["cell"]):
        axis.plot(fire.time / 60, fire.temperature.isel(cell=number) - 273.15, label=f"cell {number + 1}")
    axis.set(title=f"{1e3 * thickness:g} mm of {conductivity:g} W/(m K)", xlabel="time (min)")
    print(
        f"{1e3 * thickness:g} mm: {found[thickness]} of 4 cells run away,",
        f"energy balance to {float(fire['energy_balance_error']):.0e}",
    )
axes[0].set_ylabel("cell temperature (°C)")
axes[0].legend()
figure.savefig("story_module.svg", metadata={"Date": None})

# %% [markdown]
# ![A module with a thin and with a thick barrier](../assets/story_module.svg)
#
# ## How sure?
#
# The verdict stands or falls with the kinetics. Fitted to your own calorimetry they come with a covariance;
# `propagation_probability` then says in how many of its members a second cell runs away: see the how-to *From my DSC curves
# to a module verdict*. What no member knows is what the form of the kinetics leaves out: gas that burns outside the cell, a
# reaction that no curve shows.

# %%
assert found[1e-3] > found[4e-3] >= 1
