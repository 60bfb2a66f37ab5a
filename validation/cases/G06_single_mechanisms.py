r"""G06: Mechanisms of ageing, one by one.

**[P]** O'Kane's LG M50 with one mechanism at a time against PyBaMM's model on the same mesh of five volumes a layer: material
lost and cracks after ten cycles (1C to 2.5 V, 0.3C to 4.2 V, hold to C/100), stress making diffusion faster; plated and dead
lithium after three cycles at 5 °C (1C, an hour of rest, charge at 1C, hold to C/20, two hours of rest). Films are in case G01,
plating without dead lithium in G02.
"""

from __future__ import annotations

from scalith.cell import CellSpecification, CrackGrowth, LithiumPlating, LossByStress, Simulation, simulate_ageing
from scalith.cell.processes.process import Process
from validation.cases.G05_coupled_ageing import COARSE, CYCLE, okane, reference
from validation.record import Record

COLD = [
    "Discharge at 1C until 2.5 V", "Rest for 1 hour", "Charge at 1C until 4.2 V", "Hold at 4.2 V until C/20", "Rest for 2 hours",
]  # fmt: skip


def only(*kinds: type[Process], **changes: object) -> tuple[CellSpecification, float]:
    """The cell with these mechanisms, and its state of charge at the start."""
    cell, start = okane()
    electrodes = {}
    for name in ("negative_electrode", "positive_electrode"):
        electrode = getattr(cell, name)
        kept = [one.model_copy(update={"film_on_cracks": None}) if isinstance(one, CrackGrowth) else one
                for one in electrode.material.processes if isinstance(one, kinds)]  # fmt: skip
        update: dict[str, object] = {"processes": tuple(kept)}
        if LithiumPlating in kinds:
            update["stress"] = None
        update |= changes if name == "negative_electrode" else {}
        electrodes[name] = electrode.model_copy(update={"materials": (electrode.material.model_copy(update=update),)})
    return cell.model_copy(update=electrodes), start


def run(record: Record) -> None:
    cell, start = only(CrackGrowth, LossByStress)
    data = simulate_ageing(Simulation(cell, mesh=COARSE, state_of_charge=start), CYCLE, cycles=10)
    told = {key: float(values[-1]) for key, values in reference("single_lam_cracks_stress_diffusion_M1_10").items()}
    for words, column, found, unit in (
        ("negative material lost", "LAM_ne [%]", 100.0 * float(data["active_material_lost_negative"][-1]), "%"),
        ("positive material lost", "LAM_pe [%]", 100.0 * float(data["active_material_lost_positive"][-1]), "%"),
        (
            "growth of the cracks",
            "X-averaged negative particle crack length [m]",
            1e9 * (float(data["crack_length_negative"][-1]) - 20e-9),
            "nm",
        ),
        ("discharge capacity", "discharge capacity [A.h]", float(data["discharge_capacity"][-1]) / 3600.0, "A h"),
    ):
        expected = told[column] if unit != "nm" else 1e9 * (told[column] - 20e-9)
        record.check(words, expected=expected, found=found, tolerance=5e-3 * expected, unit=unit)
    cell, start = only(LithiumPlating, film_resistance=1e-3)
    electrode = cell.negative_electrode
    plating = electrode.material.processes[0].model_copy(update={"molar_volume": 0.0})
    material = electrode.material.model_copy(update={"processes": (plating,)})
    cell = cell.model_copy(update={"negative_electrode": electrode.model_copy(update={"materials": (material,)})})
    cold = Simulation(cell, mesh=COARSE, state_of_charge=start, temperature=278.15)
    data = simulate_ageing(cold, COLD, cycles=3)
    told = {key: float(values[-1]) for key, values in reference("single_plating_partial_5C_M1_3").items()}
    expected = told["Loss of lithium to negative lithium plating [mol]"]
    found = float(data["lithium_plated_negative"][-1])
    record.check(
        "plated and dead after three cycles at 5 °C", expected=expected, found=found, tolerance=0.02 * expected, unit="mol"
    )
    dead = told["X-averaged negative dead lithium concentration [mol.m-3]"] * cell.plane_area * electrode.thickness
    record.check("of it dead", expected=dead, found=float(data["lithium_dead_negative"][-1]), tolerance=0.02 * dead, unit="mol")
