r"""G02: Lithium plated on graphite, and stripped.

**[P]** O'Kane's LG M50 at 5 °C from the set's initial concentrations, three times 1C to 2.5 V, an hour of rest, 1C to 4.2 V, a
hold to C/20 and two hours of rest, with a film of 1 mΩ m²: the lithium that is plated at the end, with and without stripping,
against PyBaMM's model on a mesh of five volumes a layer, which is used here too. Lithium and charge are kept to 1e-10.

**[E]** On an electrode that keeps 50 mV the lithium comes to $a z=c_e e^{-F\psi/RT}$ with the time constant
$1/(k a e^{\alpha_a F\psi/RT})$.
"""

from __future__ import annotations

import numpy as np

from scalith.cell import CellSpecification, LithiumPlating, Mesh, Simulation
from scalith.quantities import Property, Source, shipped
from scalith.quantities.constants import FARADAY, GAS_CONSTANT
from validation.record import Record

STEPS = [
    "Discharge at 1C until 2.5 V", "Rest for 1 hour", "Charge at 1C until 4.2 V", "Hold at 4.2 V until C/20", "Rest for 2 hours",
]  # fmt: skip
PUBLISHED = {True: 2.1519237e-4, False: 2.9438852e-2}
PSI = 0.05


def cell_with(process: LithiumPlating, **changes: object) -> tuple[CellSpecification, float]:
    """The cell, and the state of charge of the set's initial concentrations."""
    cell = CellSpecification.read_toml(shipped("cell/lgm50_okane2022.toml"))
    electrode = cell.negative_electrode
    material = electrode.material.model_copy(update={"processes": (process,), "film_resistance": 1e-3, **changes})
    low, high = material.minimum_stoichiometry, material.maximum_stoichiometry
    start = (29866.0 / material.maximum_concentration - low) / (high - low)
    return cell.model_copy(update={"negative_electrode": electrode.model_copy(update={"materials": (material,)})}), start


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))
    for reversible, expected in PUBLISHED.items():
        name = "with stripping" if reversible else "without stripping"
        law = LithiumPlating(rate_constant=1e-9, electrolyte_concentration=1000.0, reversible=reversible, molar_volume=0.0)
        cell, start = cell_with(law)
        simulation = Simulation(cell, state_of_charge=start, temperature=278.15, mesh=Mesh(5, 5, 5, nodes=30))
        result = simulation.run(STEPS, cycles=3)
        bound = result.lithium_bound_negative.values
        record.check(f"plated, {name}", expected=expected, found=float(bound[-1]), tolerance=5e-3 * expected, unit="mol")
        for guard in ("lithium_error", "charge_error"):
            record.check_at_most(f"{guard}, {name}", limit=1e-10, found=float(np.abs(result[guard]).max()))
        left.semilogy(result.time / 3600.0, np.maximum(bound, 1e-9), label=name)
    k, f = 1e-11, FARADAY / (GAS_CONSTANT * 298.15)
    law = LithiumPlating(rate_constant=k, electrolyte_concentration=1000.0, molar_volume=0.0)
    flat = Property.constant("open_circuit_voltage", PSI, "V", Source(kind="assumed"))
    cell, _ = cell_with(law, open_circuit_voltage=flat)
    simulation = Simulation(cell, state_of_charge=0.5)
    area = cell.negative_electrode.material.area
    rate, at_last = k * area * np.exp(0.35 * f * PSI), 1000.0 * np.exp(-f * PSI) / area
    at = simulation.cell.system.at
    times, found = np.array([0.2, 0.5, 1.0, 2.0, 5.0]) / rate, []
    for time in times:
        simulation.hold("current", 0.0, duration=time - simulation.time)
        found.append(float(simulation.state[at.states]))
    exact = at_last * (1.0 - np.exp(-rate * times))
    record.check_at_most(
        "approach to equilibrium, largest deviation", limit=1e-3, found=np.abs(np.array(found) / exact - 1.0).max()
    )
    fine = np.linspace(0.0, times[-1], 200)
    right.plot(fine * rate, 1.0 - np.exp(-rate * fine), label="exact")
    right.plot(times * rate, np.array(found) / at_last, "o", label="found")
    left.set(xlabel="time (h)", ylabel="plated lithium (mol)")
    right.set(xlabel="time over its constant", ylabel="plated over that in equilibrium")
    left.legend(frameon=False)
    right.legend(frameon=False)
    figure.tight_layout()
    record.figure("Plating at 5 °C with and without stripping; approach to equilibrium at 50 mV", figure)
