# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Build, calibrate and validate a solid-state cell
#
# A thin film of lithium cobalt oxide, 3.6 µm of LiPON glass, lithium metal: a cell without pores, whose every layer was
# characterised on its own (Raijmakers et al. 2020, DOI 10.1016/j.electacta.2019.135147). This notebook builds it from these
# numbers, asks which of them the measured discharges can say anything about, fits that one to one measurement, and is judged
# by the others.

# %%
import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import brentq

from scalith.cell import Mesh, read_cell, simulate_discharge, simulate_impedance, simulate_sensitivities

cm2 = 1e-4  # m²

# %% [markdown]
# ## Build
#
# The cell comes with Scalith, each value with its paper. In the glass a part of the lithium moves and the rest dissociates to
# it; only ions pass. The film is one volume, the electrolyte needs many.

# %%
cell = read_cell("lipon_lco_lithium")
mesh = Mesh(negative=1, separator=40, positive=1, nodes=40, finest=0.002)
area = cell.electrode_area / cm2
for name, value in (
    ("conductivity of the glass", cell.electrolyte.conductivity),
    ("diffusivity in the film", cell.positive_electrode.material.chemical_diffusivity),
    ("open-circuit voltage of the film", cell.positive_electrode.material.open_circuit_voltage),
):
    print(f"{name}: {value.source.kind}, {value.source.reference}")

# %% [markdown]
# Measured is the charge down to 3 V at three rates, and the resistance between 800 kHz and 10 mHz at 3.9 V.

# %%
measured = {0.1: 0.3244, 0.5: 0.2746, 2.0: 0.218}  # C-rate: mA h/cm²
measured_resistance = 446.0, 450.0  # ohm cm², two readings


def capacity(specification, rate):
    """Charge down to 3 V, mA h/cm²."""
    run = simulate_discharge(specification, rate, duration=6e5, mesh=mesh)
    assert run.attrs["reason"] == "lower voltage reached"
    return float(run.capacity[-1]) / 3.6 / area


built = {rate: capacity(cell, rate) for rate in measured}
for rate, value in measured.items():
    print(f"{rate:g}C: measured {value:.4f}, as built {built[rate]:.4f} mA h/cm² ({built[rate] / value - 1:+.1%})")

# %% [markdown]
# As built it gives less than was measured, the more so the faster. Something limits it too much.
#
# ## What can be calibrated
#
# Turning at every knob would make it fit, and mean nothing. The derivative of the capacity by each parameter says what a per
# cent of it changes: what hardly changes the capacity cannot be found from it.

# %%
knobs = {
    "positive_electrode.chemical_diffusivity": "diffusivity in the film",
    "positive_electrode.reaction_rate_constant": "reaction at the film",
    "electrolyte.conductivity": "conductivity of the glass",
    "contact_resistance": "contact resistance",
}
slopes = simulate_sensitivities(cell, list(knobs), 0.5, mesh=mesh)
weights = slopes.capacity_by_parameter * slopes.value / (3.6 * area * built[0.5])
for knob, name in knobs.items():
    print(f"{name}: {float(weights.sel(parameter=knob)):+.4f} % of capacity for 1 %")
assert int(np.argmax(abs(weights.values))) == 0

# %% [markdown]
# It is the diffusivity, by far. The resistances are known from the spectrum anyway, and are left alone.
#
# ## Calibrate
#
# One number, a factor on the diffusivity, to one measurement: the discharge at C/2.


# %%
def with_factor(factor):
    """The cell, with the diffusivity in the film times a factor."""
    electrode = cell.positive_electrode
    faster = electrode.material.model_copy(update={"chemical_diffusivity": factor * electrode.material.chemical_diffusivity})
    return cell.model_copy(update={"positive_electrode": electrode.model_copy(update={"materials": (faster,)})})


factor = brentq(lambda value: capacity(with_factor(value), 0.5) - measured[0.5], 0.5, 4.0, xtol=1e-4)
calibrated = with_factor(factor)
print(f"factor {factor:.2f}")

# %% [markdown]
# ## Validate
#
# Now the two rates that were not used, and the resistance (with the film four fifths full, above the frequencies of its
# diffusion).

# %%
figure, axes = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
after = {}
for color, (rate, value) in enumerate(measured.items()):
    for specification, style in ((cell, ":"), (calibrated, "-")):
        run = simulate_discharge(specification, rate, duration=6e5, mesh=mesh)
        label = f"{rate:g}C" if style == "-" else None
        axes.plot(run.capacity / 3.6 / area, run.voltage, style, color=f"C{color}", label=label)
    after[rate] = capacity(calibrated, rate)
    axes.plot(value, 3.0, "^", color=f"C{color}", clip_on=False, zorder=3)
    print(f"{rate:g}C: {after[rate] / value - 1:+.1%}", "(fitted)" if rate == 0.5 else f"(was {built[rate] / value - 1:+.1%})")
axes.set(xlabel="capacity (mA h/cm²)", ylabel="voltage (V)", ylim=(3.0, 4.25), xlim=(0, 0.35))
axes.legend(title="solid: calibrated, dotted: as built\n▲ measured", fontsize=8)
figure.savefig("story_solid_state.svg", metadata={"Date": None})

fill = (1.0 - 0.8) / (1.0 - 0.51)  # state of charge at x = 0.8
spectrum = simulate_impedance(calibrated, [1e4, 1e5], fill, mesh=mesh)
resistance = float(spectrum.resistance[-1]) * area
print(f"resistance {resistance:.0f} ohm cm², measured {measured_resistance[0]:.0f} to {measured_resistance[1]:.0f}")
assert all(abs(after[rate] / measured[rate] - 1.0) < 0.015 for rate in (0.1, 2.0))
assert abs(resistance / np.mean(measured_resistance) - 1.0) < 0.03

# %% [markdown]
# ![Discharges as built and calibrated, and the measured capacities](../assets/story_solid_state.svg)
#
# One number fitted at one rate, and the other two rates, twenty times apart, fall into place. That is more than a fit.
#
# ## What the number means
#
# A factor that works asks for its reason. In this film ions enter from the glass and electrons from the collector, so that
# lithium gathers at both faces; the cell above lets all of it in at one face, and a slab that is filled from one side is full
# at its surface $\frac{1/3}{1/3 - t_{Li}/2} = 1.4$ times as early ($t_{Li} = 0.19$ from the two mobilities of the paper). The
# calibration has found this, for the most part: it did not correct the paper's diffusivity, it stands for a part of physics
# that the model leaves out. Case C04 of the gallery solves the film with both carriers. In a film of another thickness or in
# a composite with carbon the factor would be another one, so it is no property of the material and does not belong into
# another cell.
#
# ## The other cells
#
# Two more solid-state cells come with Scalith, `lpscl_ncm622_indium` (a pressed composite) and `llzo_lco_lithium` (a garnet
# scaffold). Their geometry and kinetics are in large part *assumed*, and say so. There is no measurement beside them here,
# and so nothing to calibrate or validate: they show what a cell of that kind would do, and `value.source.kind` tells the
# difference. Contact that is lost under load, and dendrites, are in none of them.
