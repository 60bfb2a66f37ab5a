r"""L13: Barriers by their surroundings, up to the capacity at 2C

[E] In LixCoO2 pairs of vacancies carry the ions (case L10). The expansion of the shipped energies keeps vacancies apart near
$x = 0.9$, so that pairs are rarer there than chance would have them: the jump diffusivity falls by three orders of magnitude
between $x = 0.5$ and $0.9$, and the chemical diffusivity, which the thermodynamic factor of some 60 lifts, to some
$3\times10^{-14}$ m²/s. `examples/lco_rate.toml` sets particles of 10 µm, the radius of LiCoO2 in Marquis et al. 2019
(DOI 10.1149/2.0341915jes), against lithium. With fewer samples of the same lattice it is asked

- whether ten times the diffusivity moves the capacity at 2C by more than 5 %, and a tenth of it by more than that;
- whether diffusion in these particles is the first of all processes of the cell when each is made ten times faster.

The potential's voltage falls more steeply over $x$ than that of real LixCoO2, which is flat near 3.9 V: with a smaller
thermodynamic factor the same jumps would limit more, not less. Charge transfer is assumed, the electrolyte published.
Kinetic Monte Carlo knows $D$ near $x = 0.9$ no better than 30 % with the statistics of the example, and within a factor of
four here: tenfold diffusivity brings 8.7 % there and 9.4 % here.
"""

from pathlib import Path

from scalith.cell import simulate_discharge
from scalith.lab import find_bottlenecks
from scalith.ladder import Climb, read_study
from validation.record import Record

LONG = True
T = 298.15
EXAMPLE = Path(__file__).parents[2] / "examples" / "lco_rate.toml"


def run(record: Record) -> None:
    live = Climb(read_study(EXAMPLE))
    for name, value in {
        "monte_carlo.temperatures": ["25 degC"],
        "monte_carlo.cells": [12, 12, 2],
        "monte_carlo.sweeps": 100,
        "monte_carlo.points": 48,
        "kinetic_monte_carlo.temperatures": ["25 degC"],
        "kinetic_monte_carlo.stoichiometries": [0.46, 0.71, 0.84, 0.88, 0.92, 0.94],
        "kinetic_monte_carlo.events": 12_000,
        "kinetic_monte_carlo.trajectories": 4,
        "entropic_coefficient": "0 V/K",  # the cell is held at 25 °C; one temperature tells none
    }.items():
        live.set(name, value)
    cell = live["cell_specification"]
    diffusivity = cell.positive_electrode.material.chemical_diffusivity
    middle, slow = float(diffusivity(0.5, T)), float(diffusivity(0.92, T))
    record.check_at_most("D at x = 0.92 over that at 0.5", limit=0.01, found=slow / middle)
    record.compare("D at x = 0.92, with the statistics of the example", reference=2.6e-14, found=slow, unit="m2 s-1")

    def capacity(factor: float, radius: float = cell.positive_electrode.material.particle_radius) -> float:
        electrode = cell.positive_electrode
        changes = {"chemical_diffusivity": diffusivity * factor, "particle_radius": radius}
        material = electrode.material.model_copy(update=changes)
        changed = cell.model_copy(update={"positive_electrode": electrode.model_copy(update={"materials": (material,)})})
        return float(simulate_discharge(changed, "2C", temperature=T).capacity[-1])

    low, as_is, high = (capacity(factor) for factor in (0.1, 1.0, 10.0))
    record.check_at_most("capacity at 2C over that with ten times D", limit=1.0 / 1.05, found=as_is / high)
    record.check_at_most("capacity at 2C with a tenth of D, over that as it is", limit=0.95, found=low / as_is)
    small = [capacity(factor, 5e-6) for factor in (0.1, 1.0, 10.0)]
    record.compare("particles of 5 um: capacity with ten times D, over that as it is", reference=1.028, found=small[2] / small[1])
    record.compare("particles of 5 um: with a tenth of D", reference=0.865, found=small[0] / small[1])
    found = find_bottlenecks(cell, "2C", temperature=T, faster=10.0)
    first, gains = str(found.process.values[0]), found.energy_gain.values
    record.check_true("diffusion in these particles limits first", first == "positive_electrode.chemical_diffusivity")
    share = float(gains[1] / gains[0])
    record.compare(f"energy that tenfold {found.process.values[1]} brings, over that of diffusion", reference=0.14, found=share)
