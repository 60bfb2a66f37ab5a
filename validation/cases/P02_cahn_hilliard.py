r"""P02: Cahn–Hilliard in one dimension: profile, energy, growth and conservation.

**[E]** With $f=W c^2(1-c)^2$ the interface is $c=\tfrac12\left(1+\tanh\frac{x}{2}\sqrt{2W/\kappa}\right)$ and its energy
$\sqrt{2\kappa W}/6$. A uniform state inside of the spinodals amplifies a wave as $\sigma(q) = -M q^2(f''+\kappa q^2)$,
fastest at $q^2=-f''/(2\kappa)$. Without a flux through the surface the content of the particle is constant (1e-12) and its
free energy never rises, in slab and sphere, with the logarithmic free energy of a regular solution and coherency strain
too; with a flux the content changes by it.

In two dimensions, periodic: PFHub benchmark 1a ($f = 5(c-0.3)^2(0.7-c)^2$, $\kappa=2$, $M=5$, 200 × 200). Converged free
energies are 318.85, 297.93, 213.45, 167.41, 137.95 and 118.15 at t = 1, 10, 20, 50, 100, 200, met within 0.3 % with 128 × 128
points; later ones hang on which domains vanish first (with 200 × 200 points already at t = 100), and stand beside. MOOSE's
published ones were taken with steps of one time unit at first, within 5 %. And the energy of a square of 400 × 400 that starts
from noise falls as $t^{-1/3}$ (500 < t < 5000).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scalith.particle import (
    PhaseField,
    phase_separation,
    radial_mesh,
    simulate_phase_field,
    simulate_spinodal_decomposition,
)
from scalith.quantities import Property, Source, read_columns
from scalith.quantities.constants import GAS_CONSTANT
from validation.cases.P03_lfp_phase_field import MATERIAL
from validation.cases.P03_lfp_phase_field import T as T_LFP
from validation.record import Record

PFHUB = Path(__file__).resolve().parents[1] / "data" / "phase_field" / "pfhub_1a_moose.csv"
LONG = True
T = 298.15
RT = GAS_CONSTANT * T
DENSITY = 1.0e4
WELL = 4.0  # W over c_max R T
KAPPA = 4.0e-10


def _double_well() -> PhaseField:
    x = np.linspace(-0.2, 1.2, 2801)
    slope = 2.0 * WELL * RT * x * (1.0 - x) * (1.0 - 2.0 * x)
    source = Source(kind="assumed", by="double well")
    return PhaseField(
        excess_potential=Property.from_arrays("excess_potential", {"x": x}, slope, "J mol-1", source),
        ideal=False,
        gradient_energy=KAPPA,
        maximum_concentration=DENSITY,
        tracer_diffusivity=1e-14,
        mobility="constant",
    )


def _pfhub() -> PhaseField:
    """In units of the benchmark: at 1/R kelvin, RT is 1."""
    c = np.linspace(-0.2, 1.2, 1401)
    slope = 10.0 * (c - 0.3) * (0.7 - c) * (1.0 - 2.0 * c)
    return PhaseField(
        excess_potential=Property.from_arrays(
            "excess_potential", {"x": c}, slope, "J mol-1", Source(kind="assumed", by="PFHub 1a")
        ),
        ideal=False,
        gradient_energy=2.0,
        maximum_concentration=1.0,
        tracer_diffusivity=5.0,
        mobility="constant",
    )


def _two_dimensions(record: Record) -> None:
    import matplotlib.pyplot as plt

    material, T_one, empty = _pfhub(), 1.0 / GAS_CONSTANT, 5.0 * 0.3**2 * 0.7**2
    place = np.arange(128) * 200.0 / 128
    x, y = np.meshgrid(place, place)
    start = 0.5 + 0.01 * (
        np.cos(0.105 * x) * np.cos(0.11 * y)
        + (np.cos(0.13 * x) * np.cos(0.087 * y)) ** 2
        + np.cos(0.025 * x - 0.15 * y) * np.cos(0.07 * x - 0.02 * y)
    )
    times = [0.0, 1.0, 5.0, 10.0, 20.0, 50.0, 100.0, 101.6, 200.0, 500.0, 997.0]
    data = simulate_spinodal_decomposition(material, 200.0, times, initial=start, temperature=T_one, tolerance=3e-6)
    energy = data.free_energy.values + empty * 200.0**2
    published = read_columns(PFHUB)
    moose = np.interp(times, published.columns["time"], published.columns["total_energy"])
    for at, converged in ((1, 318.85), (3, 297.93), (4, 213.45), (5, 167.41), (6, 137.95), (8, 118.15)):
        words = f"PFHub 1a, free energy at t = {times[at]:g}"
        record.check(words, expected=converged, found=energy[at], tolerance=0.003 * converged)
    for at, converged in ((9, 99.76), (10, 86.05)):
        record.compare(f"PFHub 1a, free energy at t = {times[at]:g}", reference=converged, found=energy[at], note="converged")
    record.check("PFHub 1a, free energy at t = 101.6 over MOOSE's", expected=1.0, found=energy[7] / 140.1, tolerance=0.05)
    record.check("PFHub 1a, free energy at t = 997 over MOOSE's", expected=1.0, found=energy[10] / 83.2, tolerance=0.05)
    content = data.stoichiometry.mean(("x", "y")).values
    record.check_at_most("PFHub 1a, change of the content", limit=1e-12, found=np.ptp(content))
    record.check_at_most("PFHub 1a, rise of the free energy", limit=0.0, found=max(0.0, np.diff(energy).max()))
    for at in (3, 4, 8):
        record.compare(f"PFHub 1a, free energy at t = {times[at]:g}", reference=moose[at], found=energy[at], note="MOOSE")
    noise = 0.5 + 0.05 * np.random.default_rng(5).standard_normal((256, 256))
    late = np.array([0.0, 500.0, 1000.0, 2000.0, 5000.0])
    coarse = simulate_spinodal_decomposition(
        material, 400.0, late, initial=noise, temperature=T_one, tolerance=1e-3, keep_fields=False
    )
    falling = coarse.free_energy.values + empty * 400.0**2
    exponent = -np.polyfit(np.log(late[1:]), np.log(falling[1:]), 1)[0]
    record.check("coarsening exponent of the energy", expected=1.0 / 3.0, found=exponent, tolerance=0.03)
    figure, axes = plt.subplots(1, 3, figsize=(13, 3.8))
    for axis, at in zip(axes[:2], (4, 10), strict=True):
        axis.imshow(data.stoichiometry[at], origin="lower", extent=(0, 200, 0, 200), cmap="viridis", vmin=0.3, vmax=0.7)
        axis.set(title=f"t = {times[at]:g}")
    axes[2].loglog(published.columns["time"], published.columns["total_energy"], "k", lw=1, label="MOOSE")
    axes[2].loglog(times[1:], energy[1:], "o", label="here")
    axes[2].loglog(late[1:], falling[1:] / 4.0, "s", label="400 × 400 from noise, over 4")
    axes[2].loglog(late[1:], falling[1] / 4.0 * (late[1:] / late[1]) ** (-1.0 / 3.0), "0.6", label="t^(−1/3)")
    axes[2].set(xlabel="time", ylabel="free energy", xlim=(1, 1e4), ylim=(30, 500))
    axes[2].legend(frameon=False, fontsize=8)
    figure.tight_layout()
    record.figure("PFHub benchmark 1a", figure)


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    material = _double_well()
    energy_scale = DENSITY * RT * WELL
    # Profile and energy of an interface, relaxed from a step.
    length = 100e-9
    errors = []
    for nodes in (101, 201, 401):
        rho = radial_mesh(nodes, 1.0, 1, lumped=True).nodes
        start = np.where(rho > 0.5, 1.0, 0.0) * 0.999 + 5e-4
        data = simulate_phase_field(
            material, length, np.linspace(0.0, 4.0, 5), initial=start, geometry="slab", nodes=nodes, temperature=T, tolerance=1e-4
        )
        found = data.stoichiometry[-1].values
        centre = np.interp(0.5, found, data.radius.values)
        exact = 0.5 * (1.0 + np.tanh(0.5 * (data.radius.values - centre) * np.sqrt(2.0 * energy_scale / KAPPA)))
        errors.append(float(np.abs(found - exact).max()))
    record.check_at_most("interface against tanh", limit=5e-4, found=errors[-1])
    record.check("order of convergence in the mesh", expected=2.0, found=np.log2(errors[-2] / errors[-1]), tolerance=0.3)
    at_rest = phase_separation(material, T)
    exact_energy = np.sqrt(2.0 * KAPPA * energy_scale) / 6.0
    record.check(
        "interface energy by quadrature over √(2κW)/6",
        expected=1.0,
        found=at_rest.interface_energy / exact_energy,
        tolerance=1e-8,
    )
    relaxed = float(data.free_energy[-1]) * length
    record.check("energy of the relaxed particle over √(2κW)/6", expected=1.0, found=relaxed / exact_energy, tolerance=5e-3)
    # Growth of waves from the unstable middle.
    curvature = -DENSITY * RT * WELL  # f″ at 1/2
    rates, waves = [], np.arange(2, 9)
    cells, size = 401, 60e-9
    for n in waves:
        q = np.pi * n / size
        rho = radial_mesh(cells, 1.0, 1, lumped=True).nodes
        wave = np.cos(np.pi * n * rho)
        expected = -1e-14 / (DENSITY * RT) * q**2 * (curvature + KAPPA * q**2)
        grown = simulate_phase_field(
            material,
            size,
            np.array([0.0, 0.5, 1.0]) / abs(expected),
            initial=0.5 + 1e-4 * wave,
            geometry="slab",
            nodes=cells,
            temperature=T,
            longest_step=0.01 / abs(expected),
            tolerance=1e-8,
        )
        size_of = np.abs((grown.stoichiometry.values - 0.5) @ (wave * radial_mesh(cells, 1.0, 1, lumped=True).volumes))
        rates.append(np.log(size_of[2] / size_of[1]) / (0.5 / abs(expected)))
        record.check(f"growth of wave {n} over −M q²(f″ + κq²)", expected=1.0, found=rates[-1] / expected, tolerance=5e-3)
    q = np.pi * waves / size
    best = int(np.argmax(rates))
    fit = np.polyfit(q[best - 1 : best + 2] ** 2, np.array(rates[best - 1 : best + 2]), 2)
    fastest = -0.5 * fit[1] / fit[0]
    record.check("fastest q² over −f″/(2κ)", expected=1.0, found=fastest / (-curvature / (2.0 * KAPPA)), tolerance=5e-3)
    record.check(
        "and as phase_separation says",
        expected=1.0,
        found=float(at_rest.fastest_wave_number) / np.sqrt(-curvature / (2.0 * KAPPA)),
        tolerance=1e-6,
    )
    # Conservation and decay at rest, with noise; and content under a flux.
    figure, axes = plt.subplots(1, 3, figsize=(13, 3.6))
    for geometry in ("slab", "sphere"):
        for strain in (0.0, MATERIAL.coherency_strain):
            rested = simulate_phase_field(
                MATERIAL.model_copy(update={"coherency_strain": strain}),
                40e-9,
                np.linspace(0.0, 20.0, 81),
                initial=0.5,
                geometry=geometry,
                temperature=T_LFP,
                noise=1e-3,
            )
            words = f"{geometry}, {'with' if strain else 'without'} strain"
            record.check_at_most(
                f"change of the content at rest, {words}", limit=1e-12, found=np.ptp(rested.mean_stoichiometry.values)
            )
            rise = np.diff(rested.free_energy.values).max() / abs(float(rested.free_energy[0]))
            record.check_at_most(f"largest rise of the free energy, {words}", limit=1e-12, found=max(0.0, rise))
            record.check(
                "it separated: spread of x, at least 0.5",
                expected=1.0,
                found=float(np.ptp(rested.stoichiometry[-1].values) > 0.5),
                tolerance=0.0,
            )
            axes[1].plot(rested.time[1:], rested.free_energy[1:] / 1e6, label=words)
    flux = -2e-11
    filled = simulate_phase_field(
        MATERIAL, 40e-9, np.linspace(0.0, 400.0, 41), initial=0.2, surface_flux=flux, temperature=T_LFP, longest_step=0.5
    )
    expected = 3.0 * flux * (filled.time - filled.time[0]) / 40e-9
    change = filled.mean_stoichiometry - filled.mean_stoichiometry[0]
    record.check_at_most(
        "content against the flux through the surface", limit=1e-11, found=np.max(np.abs((change + expected).values))
    )
    axes[0].plot(1e9 * (data.radius - centre), data.stoichiometry[-1], ".", ms=3, label="finite volumes")
    axes[0].plot(1e9 * (data.radius - centre), exact, "k", lw=0.8, label="tanh")
    axes[0].set(xlabel="distance (nm)", ylabel="c", xlim=(-15, 15))
    axes[1].set(xlabel="time (s)", ylabel="free energy (MJ/m³)")
    axes[2].plot(1e9 * filled.radius, filled.stoichiometry.values[::8].T)
    axes[2].set(xlabel="radius (nm)", ylabel="x", title="LFP sphere while it is filled")
    for axis in axes[:2]:
        axis.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    record.figure("Interface; free energy at rest; a sphere being filled", figure)
    _two_dimensions(record)
