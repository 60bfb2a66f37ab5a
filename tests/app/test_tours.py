"""Tours name views that there are, quantities and knobs of the ladder; each has five steps."""

from __future__ import annotations

from scalith.app.tours import TOURS
from scalith.app.views import VIEWS
from scalith.ladder import rungs


def test_six_tours_of_five_steps_lead_to_what_is_there():
    assert len(TOURS) == 6
    quantities = {*rungs(), "lithium_energy"}
    for tour in TOURS:
        assert len(tour.steps) == 5
        for step in tour.steps:
            assert step.view in VIEWS
            assert step.quantity in quantities, step.quantity
            assert step.sentence.endswith(".")
            assert step.equation
            assert not step.knob or step.factor != 1.0
