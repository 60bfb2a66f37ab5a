"""A process is added from outside the package: this file alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest

from scalith.cell import Process, Simulation, simulate_batch, simulate_protocol
from scalith.cell.kernels.layout import CHANGE, CHANGE_BY_STATE, OWN, SIDE, SIDE_BY_POTENTIAL
from scalith.numerics.compiled import compiled_in_place
from scalith.quantities.constants import FARADAY


@compiled_in_place
def leak_rate(psi, c, x, j, T, z, numbers, out):
    """A shunt, s = g ψ/F, beside a state that relaxes, dz/dt = (1 − z)/τ."""
    out[SIDE] = numbers[OWN] * psi / FARADAY
    out[SIDE_BY_POTENTIAL] = numbers[OWN] / FARADAY
    out[CHANGE] = (1.0 - z) / numbers[OWN + 1]
    out[CHANGE_BY_STATE] = -1.0 / numbers[OWN + 1]


class Leak(Process):
    """A toy: a conductance per surface, S m-2, and a clock."""

    kind: ClassVar[str] = "toy_leak"
    rate: ClassVar[Callable[..., Any]] = leak_rate
    conductance: float
    time: float

    def numbers(self, material):
        return (self.conductance, self.time)


def leaking(cell, conductance, time=1000.0):
    electrode = cell.positive_electrode
    material = electrode.material.model_copy(update={"processes": (Leak(conductance=conductance, time=time),)})
    return cell.model_copy(update={"positive_electrode": electrode.model_copy(update={"materials": (material,)})})


def test_a_toy_process_leaks_as_stated_and_its_state_relaxes_exactly(lgm50):
    """At rest what leaks at the surface comes back through the intercalation: Σj = 0, so that j = −g ψ/F."""
    cell = leaking(lgm50, 1e-6)
    simulation = Simulation(cell, state_of_charge=0.5)
    data = simulation.run(["Rest for 2000 s"])
    at = simulation.cell.system.at
    np.testing.assert_allclose(simulation.state[at.states : at.electrolyte], 1.0 - np.exp(-2.0), rtol=1e-3)
    y = simulation.state
    positive = simulation.cell.system.start[1]
    psi = y[at.solid + positive : at.reaction] - y[at.electrolyte + positive : at.solid]
    j, side = y[at.reaction : at.side][-psi.size :], y[at.side : at.current][-psi.size :]
    np.testing.assert_allclose(side, 1e-6 * psi / FARADAY, rtol=1e-9)
    np.testing.assert_allclose(j.sum(), -side.sum(), rtol=1e-9)
    assert float(np.abs(data.charge_error).max()) < 1e-10


def test_batches_and_files_know_it(lgm50):
    cell = leaking(lgm50, 2e-5)
    one = simulate_protocol(cell, ["Discharge at 1C for 600 s"])
    batch = simulate_batch(cell, {"positive_electrode.processes.0.conductance": [1e-9, 2e-5]}, 1.0, output_times=[600.0])
    assert float(batch.voltage[1, 0]) == pytest.approx(float(one.voltage[-1]), abs=1e-5)
    assert abs(float(batch.voltage[1, 0] - batch.voltage[0, 0])) > 1e-5
    fields = {
        name: getattr(cell.positive_electrode.material, name) for name in type(cell.positive_electrode.material).model_fields
    }
    again = type(cell.positive_electrode.material).read(
        fields | {"processes": [{"kind": "toy_leak", "conductance": 1.0, "time": 2.0}]}
    )
    assert isinstance(again.processes[0], Leak)
