"""K12: Network and three dimensions are one module: twelve modules, intervals and thinnest barrier.

**[E]** The thermal network and the body in three dimensions are the same volumes, few and large or many and small
(`module_assembly`). Twelve modules (rows with and without barriers, air gaps that radiate, busbars, plates, cooled plates, two
rows, cylinders, a trigger in the middle; 1 to 24 nodes asked for) are run through both: `propagate_runaway` on two meshes, and
`simulate_heat_3d` with as many volumes along the row as the second of them (K08 shows the way to finer ones), four across the
width and the height, and short steps. Checked: the same cells run away, intervals within 5 %; and on modules with barriers that a
barrier 5 % thinner than the network's `thinnest_barrier` lets runaway through in three dimensions and one 5 % thicker does not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from scalith.pack import (
    Barrier,
    CellBody,
    Divisions,
    ModuleSpecification,
    Plate,
    Trigger,
    module_assembly,
    propagate_runaway,
    shipped_kinetics,
    simulate_heat_3d,
    thinnest_barrier,
    triggered_cell,
)
from validation.record import Record

LONG = True
KINETICS = shipped_kinetics("lco_limited")
FLAT = CellBody(
    shape="prismatic",
    thickness=0.012,
    width=0.1,
    height=0.08,
    density=2300.0,
    specific_heat=1000.0,
    conductivity=0.8,
    in_plane_conductivity=25.0,
)
ROUND = CellBody(
    shape="cylindrical",
    diameter=0.018,
    height=0.065,
    density=2580.0,
    specific_heat=830.0,
    conductivity=1.0,
    in_plane_conductivity=25.0,
)
HEATER, SMALL_HEATER = Trigger(power=600.0, duration=120.0), Trigger(power=100.0, duration=120.0)
SOLID, THIN = Barrier(thickness=1e-3, conductivity=0.2), Barrier(thickness=3e-4, conductivity=0.2)
GAP = Barrier(thickness=3e-3, conductivity=0.03, density=1.2, emissivity=0.9)
PLATE = Plate(thickness=3e-3, contact_conductance=500.0)


def _module(cell: CellBody = FLAT, cells: int = 3, **more: Any) -> ModuleSpecification:
    return ModuleSpecification(cell=cell, cells=cells, heat_transfer_coefficient=5.0, **more)


MODULES: dict[str, tuple[ModuleSpecification, Trigger]] = {
    "row": (_module(cells=4), HEATER),
    "row, barriers": (_module(barrier=SOLID, nodes_per_cell=2), HEATER),
    "row, air gaps": (_module(cells=2, barrier=GAP, nodes_per_cell=24), HEATER),
    "row, barriers and busbars": (_module(barrier=SOLID, busbar_conductance=0.3), HEATER),
    "row, poor contacts": (_module(contact_conductance=200.0, nodes_per_cell=6), HEATER),
    "row, trigger in the middle": (_module(barrier=SOLID, nodes_per_cell=12), HEATER.model_copy(update={"cell": 2})),
    "row on a plate": (_module(cells=2, barrier=SOLID, plate=PLATE, nodes_per_cell=6), HEATER),
    "row on a cooled plate": (_module(cells=2, plate=PLATE.model_copy(update={"coolant_coefficient": 300.0})), HEATER),
    "two rows that touch": (_module(cells=1, rows=2), HEATER),
    "two rows, barriers": (_module(cells=2, rows=2, barrier=SOLID, row_barrier=SOLID, nodes_per_cell=3), HEATER),
    "cylinders": (_module(ROUND), SMALL_HEATER),
    "cylinders, barriers": (_module(ROUND, barrier=THIN), SMALL_HEATER),
}
SEARCHED = ("row, barriers", "row, barriers and busbars", "row, trigger in the middle")


def _in_3d(module: ModuleSpecification, trigger: Trigger, duration: float, nodes: int) -> xr.Dataset:
    cuts = Divisions(cell=nodes, barrier=max(2, nodes // 4), width=4, height=4)
    return simulate_heat_3d(
        module_assembly(module, divisions=cuts),
        duration=duration,
        output_times=2,
        kinetics=KINETICS,
        heat={f"cell_{triggered_cell(module, trigger)}": trigger.heat()},
        change_per_step=1.0,
        kinetics_digest=module.cell.kinetics_digest(KINETICS),
    )


def _runaway_times(data: xr.Dataset, module: ModuleSpecification) -> np.ndarray:
    return data["runaway_time"].sel(block=[f"cell_{cell + 1}" for cell in range(module.cells * module.rows)]).values


def _compare_intervals(record: Record, name: str, module: ModuleSpecification, trigger: Trigger) -> None:
    digest = module.cell.kinetics_digest(KINETICS)
    # The second mesh is the last one where any change between the two will do.
    network = propagate_runaway(
        module, KINETICS, trigger, duration=2400.0, output_times=2, mesh_tolerance=10.0, kinetics_digest=digest
    )
    times, nodes = network["runaway_time"].values, int(network["nodes_per_cell"])
    field = _runaway_times(_in_3d(module, trigger, float(np.nanmax(times)) * 1.1 + 20.0, nodes), module)
    # Along the order in which cells run away: each interval is the time since the cell before it.
    order = np.argsort(times)
    intervals, others = (np.diff(values[order][np.isfinite(times[order])]) for values in (times, field))
    same = bool(np.all(np.isfinite(times) == np.isfinite(field)))
    record.check_true(f"{name}: the same cells run away", same)
    apart = intervals > 0.05 * intervals.max()  # cells on either side of a trigger run away at once
    record.check_at_most(f"{name}: intervals, relative", limit=0.05, found=np.abs(others / intervals - 1.0)[apart].max())


def _compare_barriers(record: Record, name: str, module: ModuleSpecification, trigger: Trigger) -> None:
    digest = module.cell.kinetics_digest(KINETICS)
    thickness = float(thinnest_barrier(module, KINETICS, trigger, duration=2400.0, kinetics_digest=digest)())
    found = []
    for share in (0.95, 1.05):
        barrier = module.barrier.model_copy(update={"thickness": share * thickness}) if module.barrier else None
        changed = module.model_copy(update={"barrier": barrier})
        found.append(int(np.isfinite(_runaway_times(_in_3d(changed, trigger, 2400.0, 12), changed)).sum() > 1))
    record.check_true(f"{name}: 3D spreads 5 % below {1e3 * thickness:.2f} mm", found[0])
    record.check_true(f"{name}: 3D does not spread 5 % above {1e3 * thickness:.2f} mm", not found[1])


def run(record: Record) -> None:
    for name, (module, trigger) in MODULES.items():
        _compare_intervals(record, name, module, trigger)
    for name in SEARCHED:
        _compare_barriers(record, name, *MODULES[name])
