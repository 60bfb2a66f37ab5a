# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Chemo-mechanics, hysteresis and fade
#
# A battery is not the same on the way down as on the way up, and not the same next year. This notebook follows four reasons:
# a particle that swells unevenly is stressed; a particle that separates into phases is lithiated at another voltage than it is
# delithiated at; a film on the graphite takes lithium away for good; and a charge that is too fast or too cold plates metal.

# %%
import matplotlib.pyplot as plt
import numpy as np

from scalith.cell import (
    CellSpecification,
    FilmGrowth,
    LithiumPlating,
    Mesh,
    Simulation,
    read_cell,
    simulate_discharge,
)
from scalith.particle import ParticleStress, PhaseField, phase_separation
from scalith.quantities.constants import FARADAY


def with_graphite(cell, **changes):
    """The cell with another negative active material."""
    electrode = cell.negative_electrode
    material = electrode.material.model_copy(update=changes)
    return cell.model_copy(update={"negative_electrode": electrode.model_copy(update={"materials": (material,)})})


# %% [markdown]
# ## Stress
#
# A host swells as it takes up lithium. Where a particle has more of it than on average it is in compression, where it has less
# in tension: in a sphere the hydrostatic stress is $\sigma_h = \frac{2\Omega E c_{max}}{9(1-\nu)}(\bar x - x)$, and the hoop
# stress at the surface half as much again. While graphite is delithiated its surface is in tension, the more the faster, and
# cracks open under tension. The constants are those of graphite of Ai et al. (DOI 10.1149/2.0122001JES), whose cell this is.

# %%
stress = ParticleStress.read({"youngs_modulus": "15 GPa", "poisson_ratio": 0.3, "partial_molar_volume": "3.1 cm3/mol"})
cell = with_graphite(read_cell("enertech_ai2020"), stress=stress)
largest = cell.negative_electrode.material.maximum_concentration
factor = 2 * stress.partial_molar_volume * stress.youngs_modulus * largest / (9 * (1 - stress.poisson_ratio))

figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
tension = {}
for rate in (0.5, 1.0, 2.0):
    run = simulate_discharge(cell, rate, profiles=True)
    filled = run.stoichiometry_profile_negative
    radius = run.radius_negative / run.radius_negative.max()
    between = np.concatenate([[0.0], 0.5 * (radius.values[1:] + radius.values[:-1]), [1.0]])
    share = radius.copy(data=np.diff(between**3))  # of the volume of a sphere that belongs to each node
    mean = (filled * share).sum("radius_negative")
    surface = 1.5 * factor * (mean - filled.isel(radius_negative=-1))
    tension[rate] = float(surface.max()) / 1e6
    axes.plot(run.capacity / 3600, surface.max("depth_negative") / 1e6, label=f"{rate:g}C")
axes.set(xlabel="discharged capacity (A h)", ylabel="largest tension at a surface (MPa)")
axes.legend()
figure.savefig("story_stress.svg", metadata={"Date": None})
for rate, value in tension.items():
    print(f"{rate:g}C: {value:.1f} MPa")
assert tension[0.5] < tension[1.0] < tension[2.0]

# %% [markdown]
# ![Tension at the surface of graphite particles](../assets/story_stress.svg)
#
# The stress acts back: it drives lithium from compression to tension, and it shifts the voltage of the surface. Both are part
# of the run above. For graphite they are small; for an oxide or for silicon they are not.
#
# ## Hysteresis
#
# Lithium iron phosphate separates into a poor and a rich phase. A particle that is small enough stays uniform until it
# cannot, jumps, and is then of the other phase. On the way down it jumps at one end of the instability, on the way up at the
# other, so that the two voltages differ even at rest: the gap is a property of the free energy, `phase_separation` states it,
# and no rate is slow enough to make it go away. Here an electrode of such particles is charged and discharged.

# %%
phosphate = PhaseField.regular_solution(
    11173.0,  # Ω, J/mol
    gradient_energy="5.0148e-10 J/m",
    coherency_strain="0.1916 GPa",
    maximum_concentration="22.9 mol/L",
    tracer_diffusivity="1e-15 m2/s",
    reference_voltage="3.422 V",
    exchange_current_density="0.16 A/m2",
    reaction="symmetric",
)
gap = float(phase_separation(phosphate).voltage_gap)
half_cell = CellSpecification.read(
    {
        "name": "lithium iron phosphate against lithium",
        "electrode_area": "1 cm2",
        "nominal_capacity": "1.4 mA*h",
        "lower_voltage_cut_off": "2.5 V",
        "upper_voltage_cut_off": "4.2 V",
        "electrolyte": {
            "initial_concentration": "1 mol/L",
            "conductivity": "1 S/m",
            "diffusivity": "3e-10 m2/s",
            "transference_number": 0.4,
        },
        "negative_electrode": {"lithium_metal": {"exchange_current_density": "100 A/m2"}},
        "separator": {"thickness": "20 um", "porosity": 0.5},
        "positive_electrode": {
            "thickness": "60 um",
            "porosity": 0.5,
            "conductivity": "5 S/m",
            "active_volume_fraction": 0.4,
            "particle_radius": "30 nm",
            "minimum_stoichiometry": 0.02,
            "maximum_stoichiometry": 0.98,
            "phase_field": phosphate,
        },
    }
)

figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
apart = {}
for rate, name, color in ((0.01, "C/100", "C0"), (1.0, "1C", "C1")):
    inner = {}
    for sign, start in ((1.0, 1.0), (-1.0, 0.0)):
        run = simulate_discharge(half_cell, sign * rate, initial_state_of_charge=start, mesh=Mesh(1, 3, 30))
        filled = run.stoichiometry_positive
        axes.plot(filled, run.voltage, color=color, linewidth=0.8, label=name if sign > 0 else None)
        inner[sign] = run.voltage.values[((filled > 0.3) & (filled < 0.7)).values]
    apart[rate] = float(inner[-1.0].max() - inner[1.0].min())
    print(f"{name}: charge and discharge up to {1e3 * apart[rate]:.1f} mV apart; gap of the free energy {1e3 * gap:.1f} mV")
for side in (-0.5, 0.5):
    axes.axhline(3.422 + side * gap, color="grey", linestyle="--", linewidth=0.8)
axes.set(xlabel="filled fraction of the electrode", ylabel="voltage (V)", ylim=(3.3, 3.55))
axes.legend()
figure.savefig("story_hysteresis.svg", metadata={"Date": None})
assert abs(apart[0.01] - gap) < 0.003 < apart[1.0] - gap

# %% [markdown]
# ![Charge and discharge of an electrode that separates into phases](../assets/story_hysteresis.svg)
#
# At C/100 particles jump one after another, each a tooth of the curve (the electrode here has thirty places; a real one has
# many more, and its curve is smooth), and the teeth reach to the gap. At 1C resistance comes on top. Where the free energy is
# not known, a measured gap is given as `hysteresis` of the material, with or without a memory of the way.
#
# ## Fade
#
# On graphite the solvent is reduced to a film. It grows as the square root of time, takes lithium that no longer goes back
# and forth, and is the quicker the warmer. A year at rest, full, at three temperatures:

# %%
film = FilmGrowth(
    initial_thickness="5 nm",
    molar_volume=9.585e-5,
    conductivity=5e-6,
    activation_energy="38 kJ/mol",
    solvent_diffusivity=2.5e-22,
    solvent_concentration="2636 mol/m3",
)
fresh = read_cell("lgm50_okane2022")
cell = with_graphite(fresh, processes=(film,))
figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.4), layout="constrained")
for celsius in (10, 25, 45):
    shelf = Simulation(cell, state_of_charge=1.0, temperature=celsius + 273.15)
    shelf.hold("current", 0.0, duration=365 * 86400.0)
    run = shelf.result()
    lost = FARADAY * (run.lithium_bound_negative - run.lithium_bound_negative[0]) / 3600
    left.plot(run.time / 86400, lost, label=f"{celsius} °C")
    kept = float(abs(run.lithium_error).max())
    print(f"{celsius} °C: {float(lost[-1]):.3f} A h of 5 A h in a year, lithium in all kept to {kept:.0e}")
    assert kept < 1e-9
left.set(xlabel="days at rest", ylabel="lithium in the film (A h)")
left.legend()

# %% [markdown]
# In use it is the same film. Twelve cycles with a week of rest between them:

# %%
week = ["Discharge at 1C until 2.5 V", "Charge at C/2 until 4.2 V", "Hold at 4.2 V until C/20", "Rest for 7 days"]
run = Simulation(cell, state_of_charge=1.0).run(week, cycles=12)
capacity = run.step_capacity.values[:: len(week)] / 3600
right.plot(np.arange(2, 13), capacity[1:], "o-")
right.set(xlabel="cycle", ylabel="discharged capacity (A h)")
figure.savefig("story_fade.svg", metadata={"Date": None})
bound = FARADAY * float(run.lithium_bound_negative[-1] - run.lithium_bound_negative[0]) / 3600
print(f"{1e3 * (capacity[1] - capacity[-1]):.0f} mA h less after ten weeks")
print(f"{1e3 * bound:.0f} mA h of lithium in the film since the start")
assert np.all(np.diff(capacity[1:]) < 0)

# %% [markdown]
# ![Lithium in the film at rest, and capacity over cycles](../assets/story_fade.svg)
#
# ## Plating
#
# A charge pushes the graphite towards the potential of lithium metal, the further the faster and the colder. Below it metal
# comes out instead of going in.

# %%
plating = LithiumPlating(rate_constant=1e-9, electrolyte_concentration="1 mol/L")
cell = with_graphite(fresh, processes=(plating,))
for celsius in (25, 5):
    for rate in ("C/2", "1C", "2C"):
        run = Simulation(cell, state_of_charge=0.0, temperature=celsius + 273.15).run([f"Charge at {rate} until 4.2 V"])
        taken = -float(run.step_capacity[0])
        metal = FARADAY * float(run.lithium_bound_negative.max())
        lowest = 1e3 * float(run.negative_potential.min())
        print(f"{celsius} °C, {rate}: {100 * metal / taken:.2f} % of the charge is metal; potential down to {lowest:.0f} mV")

# %% [markdown]
# ## How sure?
#
# The voltage gap is a property of one free energy, and the stress of three constants. The rates of film and plating are not
# predicted: they are a published set for one cell, and each electrolyte and each graphite has its own. What is kept whatever
# the numbers is the balance: all lithium is in the particles, in the salt, in the film or in the metal, to one part in a
# billion. Not part of the story yet are cracks, which open fresh surface, and plated metal that loses its contact.
