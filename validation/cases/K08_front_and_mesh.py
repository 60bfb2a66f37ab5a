"""K08: A front with a speed of its own: intervals and thinnest barrier against the mesh.

**[E]** Without a limit a hot reaction burns as fast as the mesh lets it, and intervals between cells wander with the size of the
volumes. With diffusion to the particle in series (Kurzawski et al., DOI 10.1016/j.proci.2020.06.270) the front is wider than a
volume. Checked on the module of `examples/module_safety.toml`: intervals change by less than 2 % between volumes of 0.25 mm, on
which `propagate_runaway` comes to rest, and 0.125 mm (from 0.5 mm the change is stated); the network and the body in three
dimensions agree at 0.5 mm; a long row costs as many steps a cell as a short one; energy is kept by windows of short steps; the
thinnest barrier that stops the front bears an error of its mesh, and beyond it the verdict is the one it says.
"""

from __future__ import annotations

import numpy as np

from scalith.pack import (
    Barrier,
    CellBody,
    Divisions,
    ModuleSpecification,
    Trigger,
    module_assembly,
    propagate_runaway,
    shipped_kinetics,
    simulate_heat_3d,
    thinnest_barrier,
)
from scalith.pack.module.module_network import module_network
from scalith.pack.module.thermal_network import NetworkResult, simulate_network
from validation.record import Record

LONG = True

CELL = CellBody(
    shape="prismatic",
    thickness=0.012,
    width=0.1,
    height=0.08,
    density=2300.0,
    specific_heat=1000.0,
    conductivity=0.8,
    in_plane_conductivity=25.0,
)
HEATER = Trigger(power=600.0, duration=120.0)
KINETICS = shipped_kinetics("lco_limited")
SAME = {"kinetics_digest": CELL.kinetics_digest(KINETICS)}


def _row(cells: int, barrier: Barrier | None = None) -> ModuleSpecification:
    return ModuleSpecification(cell=CELL, cells=cells, heat_transfer_coefficient=5.0, barrier=barrier)


def _network(cells: int, nodes: int, duration: float) -> tuple[NetworkResult, np.ndarray]:
    built = module_network(_row(cells), HEATER, Divisions(cell=nodes))
    found = simulate_network(built.network, KINETICS, np.array([0.0, duration]), initial_temperature=298.15)
    return found, np.diff(found.runaway_time[[bodies[0] for bodies in built.bodies]])


def run(record: Record) -> None:
    nodes = (6, 12, 24, 48, 96)
    intervals = {n: _network(4, n, 700.0)[1] for n in nodes}
    change = {n: float(np.abs(intervals[96] / intervals[n] - 1).max()) for n in (24, 48)}
    record.check_at_most("change of the intervals from 0.25 mm to 0.125 mm, relative", limit=0.02, found=change[48])
    record.compare("change of the intervals from 0.5 mm to 0.125 mm, relative", reference=0.02, found=change[24])

    body = module_assembly(_row(4), spacing=(0.5e-3, 1.0, 1.0))
    field = simulate_heat_3d(
        body, duration=700.0, output_times=2, kinetics=KINETICS, heat={"cell_1": HEATER.heat()}, change_per_step=1.0, **SAME
    )
    apart = np.abs(np.diff(field["runaway_time"].values) / intervals[24] - 1).max()
    record.check_at_most("intervals of network and three dimensions at 0.5 mm, relative", limit=0.05, found=float(apart))

    short, long = (_network(cells, 12, 100.0 * cells)[0] for cells in (10, 40))
    record.check(
        "steps a cell, 40 cells over 10", expected=1.0, found=short.steps and long.steps / short.steps / 4, tolerance=0.15
    )
    record.check_at_most("energy balance error", limit=1e-10, found=max(short.energy_balance_error, long.energy_balance_error))

    barrier = Barrier(thickness=1e-3, conductivity=0.2)
    thinnest = thinnest_barrier(_row(6, barrier), KINETICS, HEATER, duration=3600.0, **SAME)
    thickness, error = float(thinnest()), float(thinnest.error())
    record.check_at_most("error of the thinnest barrier, relative", limit=0.02, found=error / thickness)
    record.compare(
        "thinnest barrier",
        reference=5.05,
        found=1e3 * thickness,
        unit="mm",
        note="the reference loses no heat from the edges of the barriers; without it they are 5.12 mm here",
    )
    for place, spreads in ((thickness + error, 0), (thickness - 2 * error, 1)):
        module = _row(6, barrier.model_copy(update={"thickness": place}))
        found = propagate_runaway(module, KINETICS, HEATER, duration=3600.0, output_times=2, **SAME)
        spread = int(found["cells_run_away"]) > 1
        record.check_true(f"a second cell runs away behind {1e3 * place:.2f} mm", spread == spreads)

    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
    for gap in range(3):
        axes.plot([12.0 / n for n in nodes], [intervals[n][gap] for n in nodes], "o-", label=f"cell {gap + 1} to {gap + 2}")
    axes.set(xlabel="volume / mm", ylabel="interval / s", xscale="log", ylim=(0, None))
    axes.legend()
    record.figure("Intervals between cells against the size of the volumes.", figure)
