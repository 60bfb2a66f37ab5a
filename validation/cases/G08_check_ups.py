r"""G08: Check-ups, read as a lab reads them.

**[E]** An LG M50 with a film on the graphite and loss by stress in both electrodes, 20 cycles: the slow discharges of its
check-ups go through the lab's electrode balance. Losses of lithium and of either material are within 0.3 points of those that the
model knows, of 5 and of 10 % lost. The check-ups of O'Kane's coupled ageing are read in case G05.

**[P]** The same of discharges at C/20 computed with PyBaMM, fresh and after 60 cycles.
"""

from __future__ import annotations

import json

import numpy as np

from scalith.cell import CellSpecification, FilmGrowth, LossByStress, Mesh, Simulation, read_cell, simulate_ageing
from scalith.cell.processes.process import Process
from scalith.lab.cycling import degradation_modes, extract_balance, extract_degradation
from scalith.lab.cycling.extract_degradation import inner_part
from scalith.particle import ParticleStress
from scalith.quantities import shipped
from validation.cases.B13_electrode_balance import DATA
from validation.cases.G07_skipped_cycles import CYCLE
from validation.record import Record

POINTS = 3e-3
LOST = ("lithium_inventory_lost", "active_material_lost_negative", "active_material_lost_positive")


def planted() -> CellSpecification:
    """The cell of Chen 2020 with fast losses."""
    cell = CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml"))
    film = FilmGrowth(molar_volume=9.585e-5, conductivity=5e-6, solvent_diffusivity=2e-20, solvent_concentration=2636.0)
    graphite = ParticleStress(youngs_modulus=15e9, poisson_ratio=0.3, partial_molar_volume=3.1e-6, shifts_voltage=False)
    oxide = ParticleStress(youngs_modulus=140e9, poisson_ratio=0.25, partial_molar_volume=8e-7, shifts_voltage=False)
    lost = LossByStress(rate_constant=1e-4, critical_stress=60e6)
    changes: tuple[tuple[str, ParticleStress, tuple[Process, ...]], ...] = (
        ("negative_electrode", graphite, (film, lost)),
        ("positive_electrode", oxide, (LossByStress(rate_constant=1.5e-6, critical_stress=100e6),)),
    )
    electrodes = {}
    for name, stress, processes in changes:
        electrode = getattr(cell, name)
        material = electrode.material.model_copy(update={"stress": stress, "processes": processes})
        electrodes[name] = electrode.model_copy(update={"materials": (material,)})
    return cell.model_copy(update=electrodes)


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    cell = planted()
    life = simulate_ageing(Simulation(cell, mesh=Mesh(5, 5, 5, nodes=12)), CYCLE, cycles=20, check_up_every=10)
    modes = extract_degradation(life, cell)
    for k in (1, 2):
        for name in LOST:
            words, expected = f"cycle {int(modes['check_up'][k])}: {name.replace('_', ' ')}", float(modes[f"{name}_planted"][k])
            record.check(words, expected=100.0 * expected, found=100.0 * modes[name][k], tolerance=100.0 * POINTS, unit="%")
    figure = modes.plot()
    record.figure("Losses as the check-ups read them (points) and as the model knows them (lines)", figure)
    plt.close(figure)
    okane = read_cell(shipped("cell/lgm50_okane2022.toml"))
    below, above = (one.material.open_circuit_voltage for one in (okane.negative_electrode, okane.positive_electrode))
    truth = json.loads((DATA / "degradation" / "checkup_truth.json").read_text(encoding="utf-8"))
    balances = []
    for name in ("fresh", "aged"):
        q, v = np.loadtxt(DATA / "degradation" / f"checkup_{name}_C20.csv", delimiter=",", skiprows=1).T
        balances.append(extract_balance(*inner_part(3600.0 * q, v), below, above, by="voltage", polarisation=True))
    found = degradation_modes(*balances)
    of = ("Total lithium in particles [mol]", "Negative electrode capacity [A.h]", "Positive electrode capacity [A.h]")
    for mode, name in zip(("LLI", "LAM_negative", "LAM_positive"), of, strict=True):
        expected = 100.0 * (1.0 - truth["aged"][name] / truth["fresh"][name])
        record.check(f"PyBaMM: {mode}", expected=expected, found=100.0 * found[mode], tolerance=100.0 * POINTS, unit="%")
