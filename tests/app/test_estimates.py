"""Before what takes long is sampled anew, an estimate is told, with its error; then the exact answer, which is the library's."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from scalith.app import estimates
from scalith.app import explorer as app_explorer
from scalith.app.estimates import Lesson, places
from scalith.app.explorer import Explorer
from scalith.ladder import Climb, read_study
from scalith.quantities import InputError, Property, Source
from tests.app.conftest import STUDY
from tests.lattice.models import fcc_model, hops

SAMPLED = """
[kinetic_monte_carlo]
temperatures = ["5 degC", "25 degC", "65 degC"]
stoichiometries = [0.1, 0.9]
cells = [4, 4, 4]
trajectories = 4
events = 300

[given]
cluster_expansion = "expansion.json"
hop_barriers = "hops.json"
thermodynamic_factor = "factor.csv"
"""


@pytest.fixture
def sampled(tmp_path, monkeypatch):
    """The cell of the other tests, with a diffusivity from hops."""
    monkeypatch.setattr(estimates, "SLOW", 0.0)
    (tmp_path / "expansion.json").write_text(fcc_model().model_dump_json())
    (tmp_path / "hops.json").write_text(hops(0.5).model_dump_json())
    (tmp_path / "factor.csv").write_text(
        "x [1],T [K],thermodynamic_factor [1]\n" + "".join(f"{x},{T},1.0\n" for x in (0, 0.5, 0.99) for T in (280, 338))
    )
    given = 'chemical_diffusivity = { value = "1e-17 m2/s", kind = "published", reference = "a paper" }\n'
    text = STUDY.replace('"cell_temperature", "pack_temperature"', '"cell_temperature"').replace(given, "")
    text = text[: text.index("[pack]")] + SAMPLED + text[text.index("[given]") + len("[given]\n") :]
    path = tmp_path / "hopping.toml"
    path.write_text(text)
    return Explorer(read_study(path), tmp_path / "results"), path


def heard(explorer, changes, view="cell"):
    events = []
    answer = explorer.answer(changes, view, events.append)
    return answer, events


def capacity(event):
    return next(line for line in event["numbers"] if line["label"] == "cell at 2C" and line["topic"] == "Capacity")


def test_hops_are_reweighted_at_once_and_then_walked(sampled):
    explorer, path = sampled
    _, events = heard(explorer, {})
    assert not any(event["event"] == "estimate" for event in events)  # nothing is known yet
    answer, events = heard(explorer, {"hop_barriers": 1.1})
    order = [event["event"] for event in events if event["event"] in ("estimate", "figures", "state")]
    assert order == ["estimate", "figures", "state"]
    estimate = next(event for event in events if event["event"] == "estimate")
    assert estimate["words"] == "ion hopping from the same trajectories by another clock"
    assert {"chemical_diffusivity", "discharges"} <= set(estimate["of"])
    assert "open_circuit_voltage" not in estimate["of"]
    line = capacity(estimate)
    assert (line["estimated"], line["estimate_error"]) == (True, 0.0)
    library = Climb(read_study(path))
    library.change({"hop_barriers": explorer.statements("hop_barriers", 1.1)["hop_barriers"]})
    exact = capacity(next(event for event in events if event["event"] == "state"))
    assert exact["value"] == pytest.approx(float(library["discharges"]["capacity"].sel(c_rate=2.0).max()), rel=1e-9)
    assert line["value"] == pytest.approx(exact["value"], rel=0.02)  # the walks are of one kind of hop, and short
    assert "estimated" not in exact
    walked, theirs = answer.climbed.values["ion_hopping"], library["ion_hopping"]
    assert walked["jump_diffusivity"].values == pytest.approx(theirs["jump_diffusivity"].values, rel=1e-9)
    _, events = heard(explorer, {"cell.positive_electrode.thickness": 8.1e-5, "hop_barriers": 1.1})
    assert not any(event["event"] == "estimate" for event in events)  # nothing is sampled


@pytest.mark.long
def test_members_of_a_knob_teach_a_surrogate_that_answers_with_its_error(sampled):
    explorer, _ = sampled
    heard(explorer, {})
    with pytest.raises(InputError, match="6 to 40"):
        explorer.teach({}, "hop_barriers", 3)
    with pytest.raises(InputError, match="hop_barriers"):
        explorer.teach({}, "cell.positive_electrode.thickness")
    events = []
    assert explorer.teach({}, "hop_barriers", 7, events.append) >= 1
    assert events[-1] == {"event": "taught", "name": "hop_barriers", "members": 7, "quantities": events[-1]["quantities"]}
    explorer._estimator.last = None  # not by re-weighting
    _, events = heard(explorer, {"hop_barriers": 1.15})
    estimate = next(event for event in events if event["event"] == "estimate")
    assert "a surrogate of 7 members" in estimate["words"]
    line, exact = capacity(estimate), capacity(next(event for event in events if event["event"] == "state"))
    assert line["estimated"]
    assert line["estimate_error"] > 0.0
    assert abs(line["value"] - exact["value"]) < 4.0 * line["estimate_error"] + 1e-3 * exact["value"]


def test_an_estimate_that_fails_leaves_the_exact_answer(explorer, monkeypatch):
    failures, tried = [ValueError("no estimate"), InputError("estimate", "", "none", "one"), ZeroDivisionError()], []

    def fail(*asked):
        tried.append(asked)
        raise failures[len(tried) - 1]

    monkeypatch.setattr(explorer._estimator, "is_slow", lambda name, study: name == "pack_temperature")
    monkeypatch.setattr(explorer._estimator, "estimate", fail)
    for k in range(3):
        answer, events = heard(explorer, {"pack.cooling_coefficient": 151.0 + k}, "")
        assert answer.climbed.failed == {}
        assert events[-1]["event"] == "state"
    assert len(tried) == 3


def test_all_that_reweighting_widens_is_shifted_by_its_error(monkeypatch):
    rng, names = np.random.default_rng(1), ("tracer_diffusivity", "jump_diffusivity")
    before = xr.Dataset({name: (("T", "x"), 1.0 + rng.random((2, 3))) for name in names})
    before = before.assign({f"{name}_error": 0.1 * before[name] for name in names})
    before = before.assign(haven_ratio=before["tracer_diffusivity"], haven_ratio_error=before["tracer_diffusivity_error"])
    wider = before.assign({f"{name}_error": 0.1 * np.sqrt(1.0 + 4.0) * before[name] for name in names})
    further = estimates._further(wider, before)
    for name in names:
        assert further[name].values == pytest.approx(1.2 * before[name].values)
    assert further["haven_ratio"].equals(before["haven_ratio"])
    assert estimates._further(before, before) is before
    assert estimates._further(wider, before.assign(jump_diffusivity_error=np.nan * before["jump_diffusivity"])) is None


@pytest.mark.parametrize(("taught", "offered"), [(["discharges"], True), (["open_circuit_voltage"], False)])
def test_only_a_knob_of_which_something_can_be_learnt_is_offered_for_it(explorer, monkeypatch, taught, offered):
    monkeypatch.setattr(app_explorer, "sampled_quantities", lambda study: ["discharges"])
    monkeypatch.setattr(app_explorer, "taught_quantities", lambda study: taught)
    slow = {knob["name"]: knob["slow"] for knob in explorer.about()["knobs"]}
    assert slow["cell.positive_electrode.thickness"] is offered
    assert not slow["pack.cooling_coefficient"]


def test_what_states_no_error_is_not_shifted():
    assert estimates.shifted(voltage(0.1)) is None


X = np.linspace(0.0, 1.0, 5)


def voltage(shift):
    return Property.from_arrays("open_circuit_voltage", {"x": X}, 3.4 - shift * X, "V", Source(kind="assumed"))


def test_a_lesson_answers_only_where_its_members_are():
    values = places(1.0, 2.0, 8, logarithmic=True)
    assert min(values) > 1.0
    assert max(values) < 2.0
    lesson = Lesson.of({"other": 1.0}, {"shift": values}, {"open_circuit_voltage": [voltage(v) for v in values]}, ["shift"])
    reaches = {"shift": ["open_circuit_voltage"], "other": ["open_circuit_voltage"], "thickness": ["discharges"]}

    def asked(changes):
        return lesson.substitutes(changes, lambda name: 1.5, lambda name: reaches[name])

    found = asked({"other": 1.0, "shift": 1.3, "thickness": 2.0})["open_circuit_voltage"]
    assert found.value(x=0.5) == pytest.approx(3.4 - 0.65, abs=1e-3)
    assert float(found.shifted(x=0.5)) >= float(found.value(x=0.5))
    assert asked({"other": 1.0}).keys() == {"open_circuit_voltage"}  # as stated: 1.5
    assert asked({"shift": 1.3}) == {}  # another state
    assert asked({"other": 1.0, "shift": 9.0}) == {}
    assert asked({"other": 1.0, "shift": "1.3 V"}) == {}
    assert Lesson.of({}, {"shift": values[:4]}, {"open_circuit_voltage": [voltage(v) for v in values[:4]]}) is None
