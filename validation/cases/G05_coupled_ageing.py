r"""G05: O'Kane's coupled ageing of an LG M50.

**[P]** Film, plating with dead lithium, cracks with films on them and lost material in both electrodes, all at once: 1C to
2.5 V, 0.3C to 4.2 V, hold to C/100, 25 °C, from the set's initial concentrations, against PyBaMM's model on the same mesh of five
volumes a layer over 100 cycles, and on one of 20/10/20 over ten, where the profile of dead lithium is compared, too. Stress makes
diffusion faster, $D(1+\theta c)$, and does not enter the voltage. Time steps have the
tolerance of `simulate_ageing`.

**[E]** All lithium and all charge are accounted for to 1e-10 over the 100 cycles. Check-ups before and after them, read by the
lab's electrode balance, give the losses of lithium and of either material within 0.3 points of the planted ones.

The set's elasticity of the positive electrode (375 GPa and $\Omega$ = 1.25e-5 m³/mol) is not that of NMC: it makes diffusion
there 200 times faster. Without that coupling the material is destroyed within four cycles, here as in PyBaMM.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np

from scalith.cell import CellSpecification, Mesh, Simulation, simulate_ageing
from scalith.cell.ageing.life import TOLERANCE
from scalith.lab.cycling import extract_degradation
from scalith.quantities import Result, shipped
from validation.record import Record

LONG = True

DATA = Path(__file__).parent.parent / "data" / "cell" / "ageing"
CYCLE = ["Discharge at 1C until 2.5 V", "Charge at 0.3C until 4.2 V", "Hold at 4.2 V until C/100"]
COARSE, FINE = Mesh(5, 5, 5, nodes=30), Mesh(20, 10, 20, nodes=40)


def reference(name: str) -> dict[str, np.ndarray]:
    """Columns of a file."""
    with (DATA / f"{name}.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    return {column: np.array([float(row[column]) for row in rows]) for column in rows[0]}


def okane(**stress_changes: bool) -> tuple[CellSpecification, float]:
    """The cell, and the state of charge of the set's initial concentrations."""
    cell = CellSpecification.read_toml(shipped("cell/lgm50_okane2022_ageing.toml"))
    material = cell.negative_electrode.material
    low, high = material.minimum_stoichiometry, material.maximum_stoichiometry
    if stress_changes:
        electrodes = {}
        for name in ("negative_electrode", "positive_electrode"):
            electrode = getattr(cell, name)
            stress = electrode.material.stress.model_copy(update=stress_changes)
            changed = electrode.material.model_copy(update={"stress": stress})
            electrodes[name] = electrode.model_copy(update={"materials": (changed,)})
        cell = cell.model_copy(update=electrodes)
    return cell, (29866.0 / material.maximum_concentration - low) / (high - low)


def aged(mesh: Mesh, cycles: int, check_up_every: int | None = None, **stress: bool) -> Result:
    """The cell after so many cycles."""
    cell, start = okane(**stress)
    simulation = Simulation(cell, mesh=mesh, state_of_charge=start, tolerance=TOLERANCE)
    return simulate_ageing(simulation, CYCLE, cycles=cycles, check_up_every=check_up_every)


def compare(record: Record, data: Result, name: str, words: str) -> None:
    """Mechanism by mechanism against the last row of a file, with the tolerances of the reference's own mesh error."""
    told = {key: float(values[-1]) for key, values in reference(name).items()}
    grown = {key: float(data[key][-1]) for key in ("lithium_in_film_negative", "lithium_in_film_on_cracks_negative")}
    cell = okane()[0]
    film = cell.negative_electrode.material.processes[0]
    surface = cell.plane_area * cell.negative_electrode.thickness * cell.negative_electrode.material.area
    first = film.lithium() * film.initial_state() * surface
    pairs = [
        ("lithium in the film", "Loss of lithium to negative SEI [mol]", grown["lithium_in_film_negative"] - first, 3e-3, "mol"),
        (
            "lithium in films on cracks",
            "Loss of lithium to negative SEI on cracks [mol]",
            grown["lithium_in_film_on_cracks_negative"],
            3e-3,
            "mol",
        ),
        (
            "lithium plated and dead",
            "Loss of lithium to negative lithium plating [mol]",
            float(data["lithium_plated_negative"][-1]),
            1.5e-2,
            "mol",
        ),
        ("lithium inventory lost", "LLI [%]", 100.0 * float(data["lithium_inventory_lost"][-1]), 6e-3, "%"),
        ("negative material lost", "LAM_ne [%]", 100.0 * float(data["active_material_lost_negative"][-1]), 6e-3, "%"),
        ("positive material lost", "LAM_pe [%]", 100.0 * float(data["active_material_lost_positive"][-1]), 6e-3, "%"),
        ("discharge capacity", "discharge capacity [A.h]", float(data["discharge_capacity"][-1]) / 3600.0, 5e-4, "A h"),
    ]
    for quantity, column, found, tolerance, unit in pairs:
        record.check(f"{words}: {quantity}", expected=told[column], found=found, tolerance=tolerance * told[column], unit=unit)


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    long, told = aged(COARSE, 100, check_up_every=100), reference("coupled_M1_100")
    capacities = long["discharge_capacity"].values / 3600.0
    for cycle in (1, 10, 50):
        expected = float(told["discharge capacity [A.h]"][cycle - 1])
        record.check(
            f"capacity of cycle {cycle}", expected=expected, found=capacities[cycle - 1], tolerance=5e-4 * expected, unit="A h"
        )
    compare(record, long, "coupled_M1_100", "100 cycles")
    for guard in ("lithium_error", "charge_error"):
        record.check_at_most(f"100 cycles: {guard}", limit=1e-10, found=float(np.abs(long[guard]).max()))
    modes = extract_degradation(long, okane()[0])
    for name in ("lithium_inventory_lost", "active_material_lost_negative", "active_material_lost_positive"):
        record.check(
            f"read by the lab: {name.replace('_', ' ')}", expected=100.0 * float(modes[f"{name}_planted"][-1]),
            found=100.0 * modes[name][-1], tolerance=0.3, unit="%",
        )  # fmt: skip
    fine = aged(FINE, 10)
    compare(record, fine, "coupled_M2_10", "ten cycles, fine mesh")
    profile = json.loads((DATA / "coupled_M2_10.json").read_text())["local at end"][
        "Negative dead lithium concentration [mol.m-3]"
    ]
    found = dead_profile(fine)
    record.check_at_most(
        "ten cycles, fine mesh: profile of dead lithium, largest deviation", limit=0.02,
        found=float(np.abs(found / np.array(profile) - 1.0).max()),
    )  # fmt: skip
    lost = aged(FINE, 4, hastens_diffusion=False)["active_material_lost_positive"]
    expected = float(reference("coupled_no_stress_diffusion_M2_4")["LAM_pe [%]"][-1])
    record.check(
        "four cycles without stress in diffusion: positive material lost", expected=expected, found=100.0 * float(lost[-1]),
        tolerance=0.03 * expected, unit="%",
    )  # fmt: skip
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))
    left.plot(told["cycle"], told["discharge capacity [A.h]"], label="PyBaMM")
    left.plot(long["cycle"], capacities, "--", label="Scalith")
    left.set(xlabel="cycle", ylabel="discharge capacity (A h)")
    right.plot(np.linspace(0.0, 1.0, len(profile)), profile, label="PyBaMM")
    right.plot(np.linspace(0.0, 1.0, len(profile)), found, "--", label="Scalith")
    right.set(xlabel="from the collector to the separator", ylabel="dead lithium (mol m$^{-3}$)")
    left.legend(frameon=False)
    right.legend(frameon=False)
    figure.tight_layout()
    record.figure("Capacity over 100 cycles; dead lithium after ten", figure)


def dead_profile(data: Result) -> np.ndarray:
    """Dead lithium over the negative electrode at the end, mol per m3 of electrode, on even places as the reference's."""
    from scalith.cell.ageing.inventory import Inventory
    from scalith.cell.processes.dead_lithium import DeadLithium

    cell, start = okane()
    simulation = Simulation(cell, mesh=FINE, state_of_charge=start)
    inventory = Inventory(simulation.cell)
    entry = next(one for one in inventory.entries if isinstance(one.process, DeadLithium))
    state = data["final_state"].values
    values = state[entry.states] * inventory.left(state, entry.of_class) * cell.negative_electrode.material.area
    width = inventory.widths(entry.of_class)
    middle = (np.cumsum(width) - 0.5 * width) / width.sum()
    even = (np.arange(20) + 0.5) / 20
    return np.asarray(np.interp(even, middle, values))
