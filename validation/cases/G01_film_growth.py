r"""G01: Growth of the film on graphite, law by law.

**[P]** O'Kane's LG M50 with each law of film growth and the set's own numbers: the thickness after 30 days at rest from its
initial concentrations, and the lithium in the film after ten cycles (1C to 2.5 V, 0.3C to 4.2 V, hold to C/100), against PyBaMM's
model on a mesh of five volumes a layer, which is used here too. Its law of interstitials sees $\phi_s-\phi_e$, ours the potential
across the particle's surface, less by the drop over the film: that one is stated beside, not asserted over cycles.

**[E]** Where the solvent's diffusion limits, $L=\sqrt{L_0^2+2\bar V D c t}$ whatever the cell does: 18.774 nm after 30 days and
63.316 nm after a year. The law with diffusion and reaction would fill the pores within days of rest: a run must stop there and
say so.
"""

from __future__ import annotations

import warnings

import numpy as np

from scalith.cell import (
    CellSpecification,
    ElectronMigrationFilm,
    FilmGrowth,
    InterstitialDiffusionFilm,
    Mesh,
    ReactionLimitedFilm,
    Simulation,
    SolventReactionFilm,
)
from scalith.quantities import shipped
from validation.record import Record

FILM = {"initial_thickness": 5e-9, "molar_volume": 9.585e-5, "conductivity": 1.0 / 2e5, "activation_energy": 38e3}
LAWS = {
    "solvent diffusion": FilmGrowth(**FILM, solvent_diffusivity=2.5e-22, solvent_concentration=2636.0),
    "reaction": ReactionLimitedFilm(**FILM, exchange_current_density=1.5e-7),
    "electron migration": ElectronMigrationFilm(**FILM, electron_conductivity=8.95e-14),
    "interstitials": InterstitialDiffusionFilm(**FILM, interstitial_diffusivity=1e-20, interstitial_concentration=15.0),
    "solvent reaction": SolventReactionFilm(**FILM, rate_constant=1e-12, solvent_diffusivity=2e-18, solvent_concentration=4541.0),
}
RESTED = {"solvent diffusion": 18.7736, "reaction": 169.977, "electron migration": 13.0401, "interstitials": 5.26510}
CYCLED = {"solvent diffusion": 6.6807628e-5, "electron migration": 2.733006e-5, "solvent reaction": 1.850092e-2}
CYCLE = ["Discharge at 1C until 2.5 V", "Charge at 0.3C until 4.2 V", "Hold at 4.2 V until C/100"]
MESH = Mesh(5, 5, 5, nodes=30)
DAY = 86400.0


def cell_with(law: FilmGrowth) -> tuple[CellSpecification, float]:
    """The cell, and the state of charge of the set's initial concentrations."""
    cell = CellSpecification.read_toml(shipped("cell/lgm50_okane2022.toml"))
    electrode = cell.negative_electrode
    material = electrode.material.model_copy(update={"processes": (law,)})
    low, high = material.minimum_stoichiometry, material.maximum_stoichiometry
    start = (29866.0 / material.maximum_concentration - low) / (high - low)
    return cell.model_copy(update={"negative_electrode": electrode.model_copy(update={"materials": (material,)})}), start


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))
    for name, law in LAWS.items():
        cell, start = cell_with(law)
        simulation = Simulation(cell, state_of_charge=start)
        simulation.hold("current", 0.0, duration=30.0 * DAY)
        rested = simulation.result()
        grown = rested.lithium_bound_negative.values * law.molar_volume
        area = cell.plane_area * cell.negative_electrode.thickness * cell.negative_electrode.material.area
        left.loglog(rested.time[1:] / DAY, 1e9 * grown[1:] / area, label=name)
        found = 1e9 * float(grown[-1]) / area
        if name in RESTED:
            record.check(
                f"{name}: thickness after 30 days at rest",
                expected=RESTED[name],
                found=found,
                tolerance=2e-3 * RESTED[name],
                unit="nm",
            )
        else:
            closed = float("closed the pores" in rested.attrs["reason"])
            record.check(f"{name}: the run says that the pores close", expected=1.0, found=closed, tolerance=0.0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cycled = Simulation(cell, state_of_charge=start, mesh=MESH).run(CYCLE, cycles=10)
        bound = cycled.lithium_bound_negative.values
        right.semilogy(cycled.time[1:] / 3600.0, np.maximum(bound[1:] - bound[0], 1e-12), label=name)
        taken = float(bound[-1] - bound[0])
        record.check_at_most(
            f"{name}: change of all lithium in ten cycles", limit=1e-10, found=float(np.abs(cycled.lithium_error).max())
        )
        if name in CYCLED:
            expected = CYCLED[name]
            record.check(
                f"{name}: lithium in the film after ten cycles",
                expected=expected,
                found=taken,
                tolerance=5e-3 * expected,
                unit="mol",
            )
        elif name == "interstitials":
            record.compare(f"{name}: lithium in the film after ten cycles", reference=7.0255631e-7, found=taken, unit="mol")
    law = LAWS["solvent diffusion"]
    cell, _ = cell_with(law)
    simulation = Simulation(cell, state_of_charge=0.5)
    simulation.hold("current", 0.0, duration=365.0 * DAY)
    at = simulation.cell.system.at
    year = 1e9 * float(simulation.state[at.states : at.electrolyte].mean())
    record.check("solvent diffusion: thickness after a year", expected=63.316, found=year, tolerance=0.01, unit="nm")
    left.set(xlabel="days at rest", ylabel="thickness (nm)")
    right.set(xlabel="time (h)", ylabel="lithium in the film (mol)")
    left.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    record.figure("Films at rest and over ten cycles, law by law", figure)
