r"""G03: Cracks by Paris' law and material lost by stress.

**[E]** At constant tension $l^{1-m/2}=l_0^{1-m/2}+(1-m/2)\,k\,(b\sigma\sqrt\pi)^m\,t$ with the numbers of Ai 2020: 28.430 nm
after 1,000 hours at 20 MPa, 403.14 nm at 50 MPa, from 20 nm. By the cycle, at 60 MPa each, with $N$ in the place of the hours:
40 nm after 172.8 cycles, 1 µm after 835.6. Material lost at constant stress is a straight line in time. The
rates are integrated as they are; and once in a cell, on one volume an electrode and at a current so small that the profile in its
particles stays a parabola, whose surface lacks $jR/(5Dc_{max})$ against the mean.
"""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp

from scalith.cell import CellSpecification, CrackGrowth, LossByStress, Mesh, Simulation
from scalith.cell.kernels import layout
from scalith.cell.kernels.cracks import crack_growth_by_cycle, largest_tension
from scalith.cell.processes.all_processes import processes_of
from scalith.cell.processes.process import Process
from scalith.cell.processes.stress_of_surface import hydrostatic_stress, tangential_stress
from scalith.particle import ParticleStress
from scalith.quantities import Property, Source, shipped
from scalith.quantities.constants import FARADAY
from validation.record import Record

PARIS = CrackGrowth(rate_constant=3.9e-20, exponent=2.2, geometry_factor=1.12, initial_length=20e-9)
LOSS = LossByStress(rate_constant=2.7778e-9, critical_stress=60e6, exponent=2.0)
HOURS = 1000.0


def paris(stress: float, hours: float) -> float:
    """Length of a crack at constant tension, m."""
    half = 1.0 - PARIS.exponent / 2.0
    grown = half * PARIS.rate_constant * (PARIS.geometry_factor * stress * np.sqrt(np.pi)) ** PARIS.exponent * hours
    return float((PARIS.initial_length**half + grown) ** (1.0 / half))


def slow_cell(tension: float, process: Process = PARIS) -> tuple[CellSpecification, float, float]:
    """A cell whose negative particles keep a tension; its current, A, and hydrostatic stress, Pa.

    Stiff particles need little swelling for it, so that they stay far from empty.
    """
    cell = CellSpecification.read_toml(shipped("cell/lgm50_okane2022.toml"))
    D = Property.constant("chemical_diffusivity", 3e-16, "m2 s-1", Source(kind="assumed"))
    flat = Property.constant("open_circuit_voltage", 0.2, "V", Source(kind="assumed"))
    stress = ParticleStress(
        youngs_modulus=1.5e13, poisson_ratio=0.3, partial_molar_volume=3.1e-6, hastens_diffusion=False, shifts_voltage=False
    )
    electrode = cell.negative_electrode
    update = {"stress": stress, "processes": (process,), "chemical_diffusivity": D, "open_circuit_voltage": flat}
    material = electrode.material.model_copy(update=update)
    cell = cell.model_copy(update={"negative_electrode": electrode.model_copy(update={"materials": (material,)})})
    lacking = tension / tangential_stress(material)
    j = 5.0 * 3e-16 * material.maximum_concentration * lacking / material.particle_radius
    surface = cell.plane_area * electrode.thickness * material.area
    return cell, j * FARADAY * surface, hydrostatic_stress(material) * lacking


def by_cycle(record: Record) -> None:
    """Cracks of a particle that goes into tension and back, over and over."""
    process = PARIS.model_copy(update={"per": "cycle"})
    material = slow_cell(20e6, process)[0].negative_electrode.material
    crack, tension = (kind.row(material) for kind in processes_of(material))
    out, lengths, peak = np.zeros(layout.STATES + 2), [process.initial_length], 0.0
    for _ in range(836):
        length = lengths[-1]
        for stress in (15e6, 40e6, 60e6, 30e6, 0.0):
            out[:] = 0.0
            out[layout.MEAN], out[layout.STATES :] = 0.5 + stress / tangential_stress(material), (length, peak)
            crack_growth_by_cycle(0.0, 1.0, 0.5, 0.0, 298.15, length, crack, out)
            length, out[layout.CHANGE] = length + out[layout.CHANGE], 0.0
            largest_tension(0.0, 1.0, 0.5, 0.0, 298.15, peak, tension, out)
            peak += out[layout.CHANGE]
        lengths.append(length)
    for expected, length in ((172.8, 40e-9), (835.6, 1e-6)):
        half = 1.0 - process.exponent / 2.0
        found = np.interp(length**half, np.array(lengths[::-1]) ** half, np.arange(len(lengths))[::-1])
        record.check(f"cycles at 60 MPa to {1e9 * length:g} nm", expected=expected, found=found, tolerance=0.05)
    off = max(abs(length / paris(60e6, cycle) - 1.0) for cycle, length in enumerate(lengths))
    record.check_at_most("closed form at 60 MPa a cycle, largest deviation", limit=1e-9, found=off)


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    by_cycle(record)
    figure, axes = plt.subplots(figsize=(6, 3.8))
    material = slow_cell(20e6)[0].negative_electrode.material
    numbers, per_x = PARIS.row(material), tangential_stress(material)

    def rate(length: float, stress: float) -> float:
        out = np.zeros(layout.STATES)
        out[layout.MEAN] = 0.5 + stress / per_x
        CrackGrowth.rate(0.1, 1.0, 0.5, 0.0, 298.15, length, numbers, out)
        return float(out[layout.CHANGE])

    for stress, expected in ((20e6, 28.430), (50e6, 403.14)):
        hours = np.linspace(0.0, HOURS, 200)
        found = solve_ivp(
            lambda t, z, s=stress: [rate(z[0], s)], (0.0, HOURS * 3600.0), [20e-9], t_eval=hours * 3600.0, rtol=1e-10, atol=1e-18
        ).y[0]
        record.check(
            f"crack after 1,000 h at {stress / 1e6:g} MPa", expected=expected, found=1e9 * found[-1], tolerance=1e-5 * expected,
            unit="nm",
        )  # fmt: skip
        record.check_at_most(
            f"closed form at {stress / 1e6:g} MPa, largest deviation",
            limit=1e-7,
            found=max(abs(l / paris(stress, h) - 1.0) for l, h in zip(found, hours, strict=True)),
        )
        axes.semilogy(hours, 1e9 * found, label=f"{stress / 1e6:g} MPa")
    for process in (PARIS, LOSS):
        cell, current, hydrostatic = slow_cell(20e6, process)
        simulation = Simulation(cell, mesh=Mesh(1, 1, 1, nodes=20), state_of_charge=1.0, tolerance=1e-6)
        simulation.hold("current", current, duration=HOURS * 3600.0)
        found = float(simulation.state[simulation.cell.system.at.states])
        if process is PARIS:
            record.check("in a cell: crack at 20 MPa", expected=28.430, found=1e9 * found, tolerance=0.03, unit="nm")
            continue
        expected = LOSS.rate_constant / material.volume_fraction * HOURS * 3600.0
        expected *= (hydrostatic / LOSS.critical_stress) ** LOSS.exponent
        record.check("in a cell: share of the material lost", expected=expected, found=found, tolerance=4e-3 * expected)
        data = simulation.result()
        for guard in ("lithium_error", "charge_error"):
            record.check_at_most(f"in a cell: {guard}", limit=1e-10, found=float(np.abs(data[guard]).max()))
    axes.set(xlabel="time (h)", ylabel="length of the crack (nm)")
    axes.legend(frameon=False)
    figure.tight_layout()
    record.figure("Cracks at constant tension", figure)
