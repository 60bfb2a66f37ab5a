r"""C09: An electrode of particles that separate into phases.

**[P]** Lithium against a porous electrode of LiFePO₄ particles (30 nm), each a phase field with the numbers of case P03, in
the full porous-electrode model: $\partial_t x=\nabla\cdot(M\nabla\mu)/RT$ in every particle of every finite volume,
$U=V^0-\mu_s/F$ at its surface. Asserted:

1. Without gradient energy and with an ideal solution it is the Fickian cell with
   $U=V^0-\frac{RT}{F}\ln\frac{x}{1-x}$ (full cell, 1C, to 0.2 mV).
2. One volume an electrode follows the particle alone (`scalith.particle.simulate_phase_field`): two codes, one surface.
3. At C/50 the particles fill one after another, at most two of forty at once (mosaic); at 5C, with a reaction a thirtieth as
   fast in a thin electrode, nearly all at once.
4. At C/1000 charge and discharge lie apart by the gap of the spinodals, $U$ at one less $U$ at the other: 73.8 mV. Coherency
   strain does not narrow it: so small a particle stays uniform until it leaves its phase, and a uniform particle has no
   coherency energy (case P03).
5. Lithium is conserved to $10^{-10}$ in each of these runs.

Stated beside it: particles that the electrolyte wets ($\gamma'=-20$ mJ/m²). The gap hardly narrows: in so small a particle the
layer at the surface reaches the centre, and the whole of it has to pass the spinodal all the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scalith.cell import (
    CellSpecification,
    Mesh,
    simulate_discharge,
    single_particle,
    with_phase_field,
)
from scalith.particle import PhaseField, phase_separation, simulate_phase_field
from scalith.quantities import Property, Source, shipped
from scalith.quantities.constants import FARADAY, GAS_CONSTANT
from validation.cases.P03_lfp_phase_field import MATERIAL as PUBLISHED
from validation.record import Record

LONG = True
RT = GAS_CONSTANT * 298.15
MOSAIC = Mesh(negative=1, separator=4, positive=40)
IDEAL = PhaseField.regular_solution(
    0.0,
    gradient_energy=1e-14,
    maximum_concentration=63104,
    tracer_diffusivity=4e-15,
    reference_voltage=3.9,
    exchange_current_density=7.0,
    reaction="symmetric",
)
MATERIAL = PUBLISHED.model_copy(update={"reaction": "symmetric"})  # the law of reactions in a cell


def half_cell(material: PhaseField, thickness: float = 60e-6) -> CellSpecification:
    """Lithium, a separator and a porous electrode of 30 nm particles."""
    area, loading = 0.01, 0.4
    return CellSpecification.read(
        {
            "electrode_area": area,
            "nominal_capacity": 0.96 * loading * material.maximum_concentration * FARADAY * area * thickness,
            "lower_voltage_cut_off": 2.5,
            "upper_voltage_cut_off": 4.2,
            "negative_electrode": {"lithium_metal": {"exchange_current_density": 100.0}},
            "separator": {"thickness": 20e-6, "porosity": 0.5},
            "positive_electrode": {
                "thickness": thickness,
                "porosity": 0.5,
                "conductivity": 5.0,
                "particle_radius": 30e-9,
                "active_volume_fraction": loading,
                "minimum_stoichiometry": 0.02,
                "maximum_stoichiometry": 0.98,
                "phase_field": material,
            },
            "electrolyte": {
                "initial_concentration": 1000.0,
                "conductivity": 1.0,
                "diffusivity": 3e-10,
                "transference_number": 0.4,
            },
        }
    )


def stoichiometries(data: Any) -> np.ndarray:
    """Mean stoichiometry of each particle over time and depth."""
    x = data.stoichiometry_profile_positive
    rho = np.linspace(0.0, 1.0, x.shape[1])
    edges = np.concatenate([[0.0], 0.5 * (rho[1:] + rho[:-1]), [1.0]])
    return np.asarray(np.einsum("k,tki->ti", np.diff(edges**3), x.values))


def _at_once(data: Any) -> float:
    """Largest share of particles between the phases, while the electrode is between 30 and 70 %."""
    filled = stoichiometries(data)[((data.stoichiometry_positive > 0.3) & (data.stoichiometry_positive < 0.7)).values]
    return float(np.mean((filled > 0.3) & (filled < 0.7), axis=1).max())


def _apart(cell: CellSpecification, rate: float, mesh: Mesh = MOSAIC) -> tuple[float, Any, Any]:
    """Between the highest voltage of a charge and the lowest of a discharge, from 30 to 70 %, mV."""
    runs, ends = [], []
    for start, sign in ((1.0, 1.0), (0.0, -1.0)):
        data = simulate_discharge(cell, sign * rate, initial_state_of_charge=start, mesh=mesh)
        inner = ((data.stoichiometry_positive > 0.3) & (data.stoichiometry_positive < 0.7)).values
        ends.append(sign * float((sign * data.voltage.values[inner]).min()))
        runs.append(data)
    return 1e3 * (ends[1] - ends[0]), *runs


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    _fickian_limit(record)
    _one_particle(record)
    cell = half_cell(MATERIAL.model_copy(update={"tracer_diffusivity": 1e-15}))
    slow = MATERIAL.model_copy(update={"tracer_diffusivity": 1e-15, "exchange_current_density": 0.005})
    low = simulate_discharge(cell, 0.02, mesh=MOSAIC, profiles=True)
    high = simulate_discharge(half_cell(slow, thickness=10e-6), 5.0, mesh=MOSAIC, profiles=True)
    record.check_at_most("share of particles between the phases at once, C/50", limit=0.05, found=_at_once(low))
    record.check_at_most("share of particles not between the phases at 5C, slow reaction", limit=0.2, found=1.0 - _at_once(high))
    gap = 1e3 * float(phase_separation(MATERIAL, 298.15).voltage_gap)
    found, *slowest = _apart(cell, 1e-3)
    record.check("charge less discharge at C/1000", expected=gap, found=found, tolerance=0.5, unit="mV")
    wet = half_cell(MATERIAL.model_copy(update={"tracer_diffusivity": 1e-15, "surface_wetting": -0.02}))
    record.compare(
        "the same, wetted by −20 mJ/m²",
        reference=gap,
        found=_apart(wet, 1e-3)[0],
        unit="mV",
        note="gap of the spinodals beside it",
    )
    worst = max(float(np.abs(data.lithium_error).max()) for data in (low, high, *slowest))
    record.check_at_most("relative change of all lithium", limit=1e-10, found=worst)

    figure, axes = plt.subplots(1, 4, figsize=(14, 3.5))
    for axis, data, title in ((axes[0], low, "C/50"), (axes[1], high, "5C, slow reaction")):
        depth = 1e6 * (data.depth_positive.values - data.depth_positive.values[0])
        picture = axis.pcolormesh(
            data.stoichiometry_positive, depth, stoichiometries(data).T, vmin=0.0, vmax=1.0, shading="nearest"
        )
        axis.set(xlabel="stoichiometry of the electrode", ylabel="depth from the separator (µm)", title=f"particles, {title}")
    figure.colorbar(picture, ax=axes[1])
    for rate, name in ((1e-3, "C/1000"), (0.05, "C/20"), (0.5, "C/2"), (2.0, "2C")):
        runs = slowest if rate == 1e-3 else _apart(cell, rate)[1:]
        for data, style in zip(runs, ("-", "--"), strict=True):
            label = name if style == "-" else None
            axes[2].plot(
                data.stoichiometry_positive, data.voltage, style, color=f"C{[1e-3, 0.05, 0.5, 2.0].index(rate)}", label=label
            )
    axes[2].set(
        xlabel="stoichiometry of the electrode", ylabel="voltage (V)", ylim=(3.2, 3.65), title="discharge, and charge (dashed)"
    )
    axes[2].legend(frameon=False)
    rates = np.array([1e-3, 0.01, 0.1, 0.5, 2.0])
    axes[3].semilogx(rates, [_apart(cell, rate, Mesh(1, 4, 20))[0] for rate in rates], "o-", label="charge less discharge")
    axes[3].axhline(gap, color="k", linestyle=":", label="gap of the spinodals")
    axes[3].set(xlabel="rate (1/h)", ylabel="mV", ylim=(0.0, None), title="hysteresis")
    axes[3].legend(frameon=False)
    figure.tight_layout()
    record.figure("Mosaic stoichiometry and hysteresis of an LFP electrode", figure)


def _fickian_limit(record: Record) -> None:
    cell = CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml"))
    x = np.linspace(0.02, 0.98, 2001)
    U = IDEAL.reference_voltage - RT / FARADAY * np.log(x / (1.0 - x))
    changes = {
        "open_circuit_voltage": Property.from_arrays("open_circuit_voltage", {"x": x}, U, "V", Source(kind="assumed")),
        "chemical_diffusivity": Property.constant("chemical_diffusivity", 4e-15, "m2 s-1", Source(kind="assumed")),
        "reaction_rate_constant": 7.0 / FARADAY,
    }
    material = cell.positive_electrode.material.model_copy(update=changes)
    electrode = cell.positive_electrode.model_copy(update={"materials": (material,)})
    fickian = cell.model_copy(update={"positive_electrode": electrode, "lower_voltage_cut_off": 3.0})
    times = np.linspace(60.0, 3300.0, 55).tolist()
    runs = [
        simulate_discharge(one, 1.0, output_times=times).sel(time=times) for one in (with_phase_field(fickian, IDEAL), fickian)
    ]
    apart = 1e3 * float(np.abs(runs[0].voltage - runs[1].voltage).max())
    record.check_at_most("ideal solution against Fickian particles, 1C", limit=0.2, found=apart, unit="mV")


def _one_particle(record: Record) -> None:
    material = MATERIAL.model_copy(update={"tracer_diffusivity": 1e-15})
    cell, _ = single_particle(half_cell(material), electrolyte=True)
    times = np.linspace(100.0, 3300.0, 40)
    electrode = cell.positive_electrode
    flux = -(cell.nominal_capacity / 3600.0) / (FARADAY * electrode.material.area * electrode.thickness * cell.plane_area)
    alone = simulate_phase_field(
        material,
        electrode.material.particle_radius,
        np.concatenate([[0.0], times]),
        initial=electrode.material.minimum_stoichiometry,
        surface_flux=flux / electrode.material.maximum_concentration,
        nodes=80,
    ).isel(time=slice(1, None))
    found = simulate_discharge(cell, 1.0, output_times=times.tolist(), mesh=Mesh(1, 3, 1, phase_field_nodes=80), cut_off=2.0)
    found = found.sel(time=[time for time in times if time <= float(found.time[-1])])
    apart = np.abs(found.surface_stoichiometry_positive.values - alone.surface_stoichiometry.values[: found.time.size])
    record.check_at_most(
        "surface of one volume against the particle alone, 1C, median", limit=5e-4, found=float(np.median(apart))
    )
