from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from scalith.cell import CellSpecification, Mesh, simulate_discharge, with_degradation
from scalith.quantities import InputError


def ends(cell: CellSpecification) -> list[tuple[float, float]]:
    """Voltage at rest and lithium (mol m-2) when empty and when full."""
    made = []
    for negative, positive in (
        ("minimum_stoichiometry", "maximum_stoichiometry"),
        ("maximum_stoichiometry", "minimum_stoichiometry"),
    ):
        x = [getattr(cell.negative_electrode.material, negative), getattr(cell.positive_electrode.material, positive)]
        electrodes = (cell.negative_electrode, cell.positive_electrode)
        levels = [float(one.material.open_circuit_voltage(x=at)) for one, at in zip(electrodes, x, strict=True)]
        held = sum(
            one.thickness * one.material.volume_fraction * one.material.maximum_concentration * at
            for one, at in zip(electrodes, x, strict=True)
        )
        made.append((levels[1] - levels[0], held))
    return made


@settings(max_examples=15, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(lithium=st.floats(0.0, 0.25), negative=st.floats(0.0, 0.08), positive=st.floats(0.0, 0.1))
def test_lithium_and_voltages_at_both_ends(lgm50, lithium, negative, positive):
    # Lithium is lost before the positive electrode could overflow; the negative one (x up to 0.91) holds what comes.
    lithium = max(lithium, positive)
    aged = with_degradation(lgm50, lithium_loss=lithium, negative_loss=negative, positive_loss=positive)
    for name, loss in (("negative_electrode", negative), ("positive_electrode", positive)):
        assert getattr(aged, name).material.area == pytest.approx((1.0 - loss) * getattr(lgm50, name).material.area, rel=1e-12)
        assert getattr(aged, name).porosity == getattr(lgm50, name).porosity
    for (volts, held), (fresh_volts, fresh_held) in zip(ends(aged), ends(lgm50), strict=True):
        assert volts == pytest.approx(fresh_volts, abs=1e-5)
        assert held == pytest.approx((1.0 - lithium) * fresh_held, rel=1e-6)
    windows = [aged.capacity_of_window(side) for side in ("negative", "positive")]
    assert windows[0] == pytest.approx(windows[1], rel=2e-3 * lgm50.capacity_of_window("negative") / windows[0])


def test_no_loss_is_the_same_cell(lgm50):
    assert with_degradation(lgm50) is lgm50


def test_a_cell_that_lost_lithium_gives_that_much_less(lgm50):
    """Loss of lithium alone shortens a slow discharge by what the windows say."""
    aged = with_degradation(lgm50, lithium_loss=0.1)
    mesh = Mesh(5, 3, 5, nodes=10, finest=0.05)
    given = [float(simulate_discharge(one, 0.05, mesh=mesh, duration=1e6).capacity[-1]) for one in (lgm50, aged)]
    windows = [one.capacity_of_window("negative") for one in (lgm50, aged)]
    assert given[1] - given[0] == pytest.approx(windows[1] - windows[0], rel=0.03)
    assert given[1] < 0.9 * given[0]


@pytest.mark.parametrize(
    ("losses", "message"),
    [
        ({"lithium_loss": 1.0}, "lithium_loss"),
        ({"lithium_loss": np.nan}, "lithium_loss"),
        ({"negative_loss": -0.1}, "negative_loss"),
        ({"positive_loss": [0.1, 0.2]}, "positive_loss"),
        ({"lithium_loss": 0.99}, "losses"),
    ],
)
def test_impossible_losses_are_named(lgm50, losses, message):
    with pytest.raises(InputError, match=message):
        with_degradation(lgm50, **losses)
