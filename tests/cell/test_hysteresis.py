import json

import numpy as np
import pytest

from scalith.cell import (
    CellSpecification,
    simulate_discharge,
    simulate_impedance,
    simulate_protocol,
    simulate_sensitivities,
    specification_from_bpx,
    to_bpx,
)
from scalith.quantities import InputError, Property, Source


def lagging(cell: CellSpecification, half: float) -> CellSpecification:
    """The cell with a hysteresis of +-`half` (V) in its negative electrode."""
    hysteresis = Property.constant("hysteresis", half, "V", Source(kind="assumed"))
    electrode = cell.negative_electrode
    material = electrode.material.model_copy(update={"hysteresis": hysteresis})
    return cell.model_copy(update={"negative_electrode": electrode.model_copy(update={"materials": (material,)})})


def test_a_discharge_is_lower_by_half_the_loop_and_a_charge_higher(lgm50):
    """While lithium leaves everywhere at a steady rate the branch is one constant: nothing else changes."""
    cell, times = lagging(lgm50, 0.02), [600.0, 1200.0, 2400.0]
    for rate, sign, full in ((1.0, -1.0, 1.0), (-0.5, 1.0, 0.0)):
        setting = {"output_times": times, "initial_state_of_charge": full}
        found, plain = (simulate_discharge(one, rate, **setting).voltage.sel(time=times) for one in (cell, lgm50))
        np.testing.assert_allclose(found - plain, sign * 0.02, atol=1e-6)


def test_rest_lies_between_the_branches_and_the_loop_becomes_heat(lgm50):
    cell = lagging(lgm50, 0.03)
    steps = ["Discharge at C/2 for 30 minutes", "Rest for 1 hour", "Charge at C/2 for 30 minutes"]
    found, plain = (simulate_protocol(one, steps, initial_state_of_charge=0.7) for one in (cell, lgm50))
    heat = [float(np.trapezoid(one.heat, one.time)) for one in (found, plain)]
    charge = 0.25 * lgm50.nominal_capacity
    assert heat[0] - heat[1] == pytest.approx(2.0 * 0.03 * charge, rel=0.02)
    assert float(found.energy_error.max()) < 1e-9
    rested = [float(one.voltage[one.step.values == 1][-1]) for one in (found, plain)]
    assert rested[0] == pytest.approx(rested[1], abs=3e-3)


@pytest.mark.parametrize("side", ["negative", "positive"])
@pytest.mark.parametrize("half", [0.01, 0.03])
@pytest.mark.parametrize("corner", [1e-3, 2e-4])
def test_a_sharp_corner_is_passed(lgm50, side, half, corner):
    """The branches meet within a current density far below all others: loads stop, turn and are held there."""
    gap = Property.constant("hysteresis", half, "V", Source(kind="assumed"))
    electrode = getattr(lgm50, f"{side}_electrode")
    material = electrode.material.model_copy(update={"hysteresis": gap, "hysteresis_current_density": corner})
    cell = lgm50.model_copy(update={f"{side}_electrode": electrode.model_copy(update={"materials": (material,)})})
    steps = ["Discharge at C/2 for 30 minutes", "Rest for 1 hour", "Charge at C/2 for 30 minutes", "Discharge at C/10 for 1 hour"]
    found = simulate_protocol(cell, steps, initial_state_of_charge=0.7)
    plain = simulate_protocol(lgm50, steps, initial_state_of_charge=0.7)
    assert float(np.abs(found.lithium_error).max()) < 1e-11
    # Under load the voltage lies on a branch, whatever the corner.
    for step, sign in ((0, -1.0), (2, 1.0), (3, -1.0)):
        last = [float(one.voltage[one.step.values == step][-1]) for one in (found, plain)]
        assert last[0] - last[1] == pytest.approx(sign * half, abs=3e-3)


def test_a_small_signal_stays_on_its_branch(lgm50):
    for load in ({}, {"current": 2.5, "load_time": 300.0}):
        z = [simulate_impedance(one, [0.01, 1.0, 100.0], 0.5, **load) for one in (lagging(lgm50, 0.02), lgm50)]
        np.testing.assert_allclose(z[0].resistance, z[1].resistance, rtol=1e-6)


def test_branches_pass_through_bpx(tmp_path, lgm50):
    path = tmp_path / "cell.json"
    to_bpx(lagging(lgm50, 0.02), path)
    back = specification_from_bpx(path).negative_electrode.material
    assert float(back.hysteresis(x=0.5)) == pytest.approx(0.02)
    # As another program writes it: the two branches, without our block.
    content = json.loads(path.read_text())
    del content["Parameterisation"]["User-defined"]["Negative electrode"]
    path.write_text(json.dumps(content))
    back, first = specification_from_bpx(path).negative_electrode.material, lgm50.negative_electrode.material
    x = np.linspace(0.1, 0.85, 9)
    np.testing.assert_allclose(back.hysteresis(x=x), 0.02, atol=1e-9)
    np.testing.assert_allclose(back.open_circuit_voltage(x=x), first.open_circuit_voltage(x=x), atol=2e-4)


def test_nonsense_is_named(lgm50):
    with pytest.raises(InputError, match="hysteresis_current_density"):
        simulate_sensitivities(lagging(lgm50, 0.02), ["negative_electrode.hysteresis_current_density"], 1.0)
    material = lgm50.negative_electrode.material
    fields = {name: getattr(material, name) for name in type(material).model_fields}
    with pytest.raises(InputError, match="no negative values"):
        type(material).read(fields | {"hysteresis": -0.01})
