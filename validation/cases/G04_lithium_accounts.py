r"""G04: The accounts of lithium, and what a check-up reads.

**[E]** An LG M50 with a film, plating with dead lithium, cracks with films and lost material in both electrodes, 40 cycles: all
lithium (particles, electrolyte, films, plated, dead, in lost material) and all charge are accounted for to 1e-10. The lithium
that is lost for good equals what a check-up reads as the change of $x_{100}Q_n+y_{100}Q_p$, but for what ages in the hours of the
check-ups themselves. They measure on a copy: the cell itself is where it is without a check-up, to the last bit.
"""

from __future__ import annotations

import numpy as np

from scalith.cell import LossByStress, Mesh, Simulation, simulate_ageing
from scalith.particle import ParticleStress
from scalith.quantities.constants import FARADAY
from validation.cases.G07_skipped_cycles import CYCLE, ageing_cell
from validation.record import Record

CYCLES = 40


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    cell = ageing_cell()
    electrode = cell.positive_electrode
    stress = ParticleStress(youngs_modulus=140e9, poisson_ratio=0.25, partial_molar_volume=8e-7, shifts_voltage=False)
    lost = LossByStress(rate_constant=1e-6, critical_stress=100e6)
    material = electrode.material.model_copy(update={"stress": stress, "processes": (lost,)})
    cell = cell.model_copy(update={"positive_electrode": electrode.model_copy(update={"materials": (material,)})})
    mesh = Mesh(5, 5, 5, nodes=12)
    data = simulate_ageing(Simulation(cell, mesh=mesh), CYCLE, cycles=CYCLES, check_up_every=CYCLES)
    for guard in ("lithium_error", "charge_error"):
        record.check_at_most(guard, limit=1e-10, found=float(np.abs(data[guard]).max()))
    read = sum(
        data[f"check_up_stoichiometry_{side}_full"] * data[f"check_up_capacity_of_{side}"] for side in ("negative", "positive")
    )
    held = (data["lithium_in_particles_negative"] + data["lithium_in_particles_positive"]).values
    start = held[-1] / (1.0 - float(data["lithium_inventory_lost"][-1]))
    alive = float(data["lithium_plated_negative"][-1] - data["lithium_dead_negative"][-1])  # it is stripped before it is read
    planted = start - held[-1] - alive
    found = float(read[0] - read[-1]) / FARADAY
    record.check("lithium lost, as the check-ups read it", expected=planted, found=found, tolerance=0.01 * planted, unit="mol")
    alone = simulate_ageing(Simulation(cell, mesh=mesh), CYCLE, cycles=CYCLES)
    same = np.array_equal(alone["final_state"].values, data["final_state"].values)
    record.check_true("check-ups leave the cell as it is, to the last bit", same)
    figure = data.plot()
    record.figure("Forty cycles with everything on", figure)
    plt.close(figure)
