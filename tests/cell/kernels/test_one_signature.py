"""The solver is compiled once: arrays that cannot be written to are another type to the compiler, and none reaches a kernel."""

from __future__ import annotations

import numpy as np

from scalith.cell import (
    Mesh,
    Simulation,
    simulate_batch,
    simulate_discharge,
    simulate_impedance,
    simulate_impedance_batch,
    simulate_protocol,
)
from scalith.cell.kernels import batch, impedance, stepping

SMALL = Mesh(4, 2, 4, nodes=5)


def sealed(values):
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array


def test_one_run_or_many_and_arrays_that_cannot_be_written_to_take_the_same_kernels(lgm50):
    loads = {"load_times": sealed([0.0, 10.0]), "loads": sealed([1.0, 1.0])}
    for current in (5.0, [5.0, 4.0]):
        simulate_batch(lgm50, {}, current=current, output_times=sealed([1.0, 2.0]), mesh=SMALL)
        simulate_impedance_batch(lgm50, {}, sealed([1.0]), np.full(np.size(current), 0.5), mesh=SMALL)
    simulate_batch(lgm50, {}, protocol=["Discharge at 1C for 10 s"], output_times=sealed([1.0, 2.0]), mesh=SMALL)
    simulate_discharge(lgm50, 1.0, output_times=sealed([1.0, 2.0]), mesh=SMALL)
    simulate_protocol(lgm50, ["Discharge at 1C for 10 s"], mesh=SMALL)
    simulate_impedance(lgm50, sealed([1.0]), mesh=SMALL)
    Simulation(lgm50, mesh=SMALL).follow("current", **loads)
    kernels = (stepping.run_segment, batch.run_batch, impedance.impedances, impedance.impedance_batch)
    assert [len(kernel.signatures) for kernel in kernels] == [1, 1, 1, 1]
