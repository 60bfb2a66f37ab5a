r"""C02: Lithium and charge are conserved over ten cycles, also with a transference number that depends on concentration.

**[E]** The electrolyte is solved in the form $\varepsilon\,\partial_t c = -\partial_z N + \sum a j$ with
$N = -D\,\partial_z c + t_+(c)\, i_e/F$, so that whatever $t_+(c)$ is, what leaves one volume enters the next. Ten cycles at 1C
between the cut-off voltages, with rests, of the LG M50 (Chen 2020) whose $t_+$ falls with concentration: total lithium is kept to
1e-10, and the charge passed equals the lithium moved to 1e-10.
"""

from __future__ import annotations

import numpy as np

from scalith.cell import CellSpecification
from scalith.cell.model.results import dataset
from scalith.cell.runs.simulation import Simulation
from scalith.quantities import Property, predicted, shipped
from validation.record import Record


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    cell = CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml"))
    source = predicted("validation.C02")
    falling = Property.from_function(
        "transference_number",
        lambda c: 0.38 - 0.12 * np.tanh((c - 1000.0) / 700.0),
        {"c": np.linspace(1.0, 4000.0, 400)},
        "1",
        source,
    )
    cell = cell.model_copy(update={"electrolyte": cell.electrolyte.model_copy(update={"transference_number": falling})})
    solver = Simulation(cell)
    for _ in range(10):
        solver.hold("current", 5.0, duration=5400.0, voltage_low=2.5)
        solver.hold("current", 0.0, duration=600.0)
        solver.hold("current", -5.0, duration=5400.0, voltage_high=4.2)
        solver.hold("voltage", 4.2, duration=3600.0, current_low=0.25)
    data = dataset(solver.cell, solver.rows, None, "ten cycles", source)
    record.check_at_most("lithium over ten cycles", limit=1e-10, found=float(np.max(np.abs(data.lithium_error))))
    record.check_at_most("charge over ten cycles", limit=1e-10, found=float(np.max(np.abs(data.charge_error))))
    figure, (top, below) = plt.subplots(2, 1, figsize=(7, 4.6), sharex=True)
    top.plot(data.time / 3600.0, data.voltage)
    top.set(ylabel="voltage (V)")
    below.semilogy(data.time / 3600.0, np.maximum(np.abs(data.lithium_error), 1e-17), label="lithium")
    below.semilogy(data.time / 3600.0, np.maximum(np.abs(data.charge_error), 1e-17), label="charge")
    below.set(xlabel="time (h)", ylabel="relative error")
    below.legend(frameon=False)
    figure.tight_layout()
    record.figure("Ten cycles with t₊(c), and what is not conserved", figure)
