r"""P02: Cahn–Hilliard in one dimension: profile, energy, growth and conservation.

**[E]** With $f=W c^2(1-c)^2$ the interface is $c=\tfrac12\left(1+\tanh\frac{x}{2}\sqrt{2W/\kappa}\right)$ and its energy
$\sqrt{2\kappa W}/6$. A uniform state inside of the spinodals amplifies a wave as $\sigma(q) = -M q^2(f''+\kappa q^2)$,
fastest at $q^2=-f''/(2\kappa)$. Without a flux through the surface the content of the grain is constant (1e-12) and its
free energy never rises, in slab and sphere, with the logarithmic free energy of a regular solution and coherency strain
too; with a flux the content changes by it.
"""

from __future__ import annotations

import numpy as np

from scalith.particle import PhaseField, phase_separation, radial_mesh, simulate_phase_field
from scalith.quantities import Property, Source
from scalith.quantities.constants import GAS_CONSTANT
from validation.cases.P03_lfp_phase_field import MATERIAL
from validation.cases.P03_lfp_phase_field import T as T_LFP
from validation.record import Record

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
    record.check("energy of the relaxed grain over √(2κW)/6", expected=1.0, found=relaxed / exact_energy, tolerance=5e-3)
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
