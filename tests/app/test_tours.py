"""Tours name views that there are, quantities and knobs of the ladder; each has five steps."""

from __future__ import annotations

import pytest

from scalith.app.knobs import knobs_of
from scalith.app.tours import TOURS
from scalith.app.views import VIEWS, views_of
from scalith.ladder import read_study, rungs
from scalith.quantities import shipped


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
            assert not step.knob or (step.factor != 1.0) != (step.difference != 0.0)


@pytest.fixture(scope="module")
def shipped_studies(tmp_path_factory):
    """Views, quantities and knobs of each example."""
    found = []
    for file in sorted(shipped("studies/lfp.toml").parent.glob("*.toml")):
        study = read_study(file, tmp_path_factory.mktemp(file.stem))
        found.append((set(views_of(study)), study.needed_for(study.targets), knobs_of(study)))
    return found


STEPS = [pytest.param(step, id=f"{tour.name} {k + 1}") for tour in TOURS for k, step in enumerate(tour.steps) if step.knob]


@pytest.mark.parametrize("step", STEPS)
def test_a_step_turns_a_knob_that_an_example_has_with_its_view_and_that_reaches_its_quantity(step, shipped_studies):
    turned = []
    for views, quantities, knobs in shipped_studies:
        boxes = [name for name in quantities if name.rpartition(".")[2] == step.quantity]
        for knob in knobs:  # as the page finds it
            if step.view in views and (knob.name == step.knob or knob.name.endswith(f".{step.knob}")):
                turned += [knob for box in boxes if box in knob.reaches]
    assert turned
    for knob in turned:
        assert (step.difference != 0.0) == (knob.unit == "K")
        assert knob.low <= knob.value * step.factor + step.difference <= knob.high
