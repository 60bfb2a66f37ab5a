from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import CellSpecification, simulate_discharge, simulate_impedance, simulate_protocol, simulate_sensitivities
from scalith.quantities import InputError, Property, Source

HALF, DECAY = 0.03, 40.0


def lagging(cell: CellSpecification, half: float = HALF, **fields) -> CellSpecification:
    """The cell with a one-state hysteresis of ± `half` (V) in its positive electrode."""
    hysteresis = Property.constant("hysteresis", half, "V", Source(kind="assumed"))
    electrode = cell.positive_electrode
    changes = {"hysteresis": hysteresis, "hysteresis_decay": DECAY} | fields
    material = electrode.material.model_copy(update=changes)
    return cell.model_copy(update={"positive_electrode": electrode.model_copy(update={"materials": (material,)})})


def test_without_a_gap_the_state_changes_nothing(lgm50):
    times = np.linspace(60.0, 3500.0, 50)
    found, plain = (simulate_discharge(cell, 1.0, output_times=times) for cell in (lagging(lgm50, 0.0), lgm50))
    np.testing.assert_allclose(found.voltage.values, plain.voltage.values, atol=5e-5)
    assert "hysteresis_positive" in found
    assert "hysteresis_positive" not in plain


def test_the_state_follows_its_exact_solution_whatever_the_steps(lgm50):
    """In one direction h + 1 falls as exp(−γ Δx), the closer the smaller the tolerance."""
    errors = []
    for tolerance in (2e-4, 1e-6):
        one = simulate_protocol(lagging(lgm50), ["Discharge at C/50 for 5 hours"], tolerance=tolerance)
        x = one.stoichiometry_positive.values
        errors.append(float(np.abs(one.hysteresis_positive - np.exp(-DECAY * (x - x[0])) + 1.0).max()))
    assert errors[0] < 2e-3
    assert errors[1] < 0.1 * errors[0]


def test_long_currents_reach_the_branches(lgm50):
    """At C/50 each particle fills alike: after many 1/γ the voltage lies by the half gap off that without hysteresis."""
    cell = lagging(lgm50)
    for load, start, sign in (("Discharge", 1.0, -1.0), ("Charge", 0.0, 1.0)):
        steps = [f"{load} at C/50 for 25 hours"]
        found, plain = (simulate_protocol(one, steps, initial_state_of_charge=start) for one in (cell, lgm50))
        assert float(found.hysteresis_positive[-1]) == pytest.approx(sign, abs=1e-4)
        assert float(found.voltage[-1] - plain.voltage[-1]) == pytest.approx(sign * HALF, abs=1e-5)


def test_minor_loops_close_and_cost_their_area(lgm50):
    """After some cycles between the same stoichiometries h comes back; the heat of a cycle is ∮ h M dq beside that without."""
    steps = ["Discharge at C/20 for 2 hours", "Charge at C/20 for 2 hours"]
    settings = {"cycles": 4, "initial_state_of_charge": 0.6}
    found = simulate_protocol(lagging(lgm50), steps, **settings)
    plain = simulate_protocol(lgm50, steps, **settings)
    ends = [float(one.hysteresis_positive[-1]) for _, one in found.groupby("cycle")]
    assert ends[3] == pytest.approx(ends[2], abs=1e-3)
    last = found.isel(time=found.cycle.values == 3)
    area = -float(np.trapezoid(HALF * last.hysteresis_positive, last.capacity))
    heats = [float(np.trapezoid(one.heat, one.time)) for one in (last, plain.isel(time=plain.cycle.values == 3))]
    assert area > 0.0
    assert heats[0] - heats[1] == pytest.approx(area, rel=0.01)
    assert float(found.energy_error.max()) < 1e-9


def test_rest_keeps_the_branch_and_the_next_protocol_goes_on_there(lgm50):
    cell = lagging(lgm50)
    first = simulate_protocol(cell, ["Discharge at C/5 for 1 hour", "Rest for 4 hours"])
    rest = first.isel(time=first.step.values == 1)
    assert float(np.ptp(rest.hysteresis_positive.values)) < 0.02
    second = simulate_protocol(cell, ["Rest for 1 hour"], initial=first)
    assert float(second.hysteresis_positive[0]) == pytest.approx(float(first.hysteresis_positive[-1]), abs=1e-9)
    assert float(second.voltage[-1]) == pytest.approx(float(first.voltage[-1]), abs=1e-4)


def test_derivatives_by_parameters_know_the_state(lgm50):
    cell, path = lagging(lgm50), "positive_electrode.hysteresis_decay"
    steps = ["Discharge at C/2 for 30 minutes", "Rest for 10 minutes", "Charge at C/2 for 20 minutes"]
    found = simulate_sensitivities(cell, [path], protocol=steps, initial_state_of_charge=0.8)
    ends = [
        simulate_protocol(lagging(lgm50, hysteresis_decay=DECAY * (1.0 + d)), steps, initial_state_of_charge=0.8, tolerance=1e-6)
        for d in (0.01, -0.01)
    ]
    expected = float(ends[0].voltage[-1] - ends[1].voltage[-1]) / (0.02 * DECAY)
    assert float(found.voltage_by_parameter[0, -1]) == pytest.approx(expected, rel=0.02)


def test_a_small_signal_leaves_the_state(lgm50):
    z = [simulate_impedance(one, [0.01, 1.0, 100.0], 0.5) for one in (lagging(lgm50), lgm50)]
    np.testing.assert_allclose(z[0].resistance, z[1].resistance, rtol=1e-6)


def test_nonsense_is_named(lgm50):
    material = lgm50.positive_electrode.material
    fields = {name: getattr(material, name) for name in type(material).model_fields}
    with pytest.raises(InputError, match="hysteresis_decay"):
        type(material).read(fields | {"hysteresis_decay": 10.0})
    with pytest.raises(InputError, match="initial_hysteresis"):
        type(material).read(fields | {"hysteresis": 0.01, "hysteresis_decay": 10.0, "initial_hysteresis": 2.0})
