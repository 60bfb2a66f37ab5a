"""A climb in memory computes what changed and what depends on it, nothing else; it writes nothing."""

from __future__ import annotations

import pytest

from scalith.ladder import Climb, climb, read_entry, read_study
from scalith.quantities import InputError, Property, Source, StudyError, read_results, shipped

RUNGS = ("elastic_energy", "force", "oscillation", "outline")


@pytest.fixture
def climbed(toy, study_file):
    return Climb(read_study(study_file))


def test_values_are_those_of_a_climb_with_a_folder(toy, study_file, tmp_path, climbed):
    climb(read_study(study_file), tmp_path / "out")
    for name in RUNGS:
        value, published = climbed[name], read_entry(tmp_path / "out", name).value
        assert value.identical(published) if hasattr(value, "identical") else value.digest == published.digest
    assert climbed.headline("oscillation") == "it swings"


def test_nothing_is_computed_before_it_is_asked_for_nor_twice(toy, climbed):
    assert [toy(name) for name in RUNGS] == [0, 0, 0, 0]
    assert climbed["force"](0.5) == pytest.approx(-1.0)
    assert [toy(name) for name in RUNGS] == [1, 1, 0, 0]
    assert climbed["outline"] is climbed["outline"]
    assert [toy(name) for name in RUNGS] == [1, 1, 1, 1]


def test_a_changed_value_reaches_what_depends_on_it_and_no_more(toy, climbed):
    before = climbed["outline"]
    climbed.set("mass", "600 g")
    climbed["outline"]
    assert [toy(name) for name in RUNGS] == [1, 1, 2, 2]
    climbed.set("mass", "500 g")
    assert climbed["outline"].digest == before.digest  # still known
    assert [toy(name) for name in RUNGS] == [1, 1, 2, 2]


def test_a_setting_that_changes_no_value_stops_where_it_does_not(toy, climbed):
    climbed["outline"]
    climbed.set("spring.wait", 1e-3)
    climbed["outline"]
    assert [toy(name) for name in RUNGS] == [2, 1, 2, 1]  # `force` needs the energy alone, `outline` the same oscillation


def test_a_section_that_was_not_stated_can_be_set_and_taken_back(toy, climbed):
    length = climbed["outline"].length
    climbed.set("damper.shortening", 0.25)
    assert climbed["outline"].length == pytest.approx(length - 0.25)
    climbed.set("shortening", "50 cm")
    assert climbed["outline"].length == pytest.approx(length - 0.5)
    climbed.set("shortening", None)
    assert climbed["outline"].length == pytest.approx(length - 0.25)


@pytest.mark.parametrize(
    "statement", [{"damper.shortening": 0.25}, {"shortening": "50 cm"}], ids=["a section", "a given quantity"]
)
def test_an_optional_quantity_goes_with_the_statement_that_brought_it(toy, climbed, statement):
    as_stated, before = climbed.study, climbed.compute(["outline"])
    climbed.change(statement)
    assert climbed.compute(["outline"]).values["outline"].length < before.values["outline"].length
    climbed.change({}, since=as_stated)
    again = climbed.compute(["outline"])
    assert again.values["outline"].length == climbed["outline"].length == before.values["outline"].length
    assert again.ledger.entry("outline").parents == before.ledger.entry("outline").parents


def test_a_property_can_be_given_as_it_is(toy, climbed):
    stiff = Property.from_arrays("force", {"x": [-1.0, 1.0]}, [3.0, -3.0], "N", Source(kind="assumed"))
    climbed.set("force", stiff)
    assert climbed["force"] is stiff
    climbed["outline"]
    assert [toy(name) for name in RUNGS] == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("sprng.stiffness", 1.0, "did you mean 'spring'"),
        ("spring.stifness", 1.0, "did you mean 'stiffness'"),
        ("spring", 1.0, "one of its fields: stiffness, nodes"),
        ("spring.stiffness", "soft", "valid number"),
        ("mass", "500 s", "convertible to kg"),
        ("mass", Property.constant("mass", 1.0, "s", Source(kind="assumed")), "found 's', expected kg"),
    ],
)
def test_a_wrong_change_says_so_and_changes_nothing(toy, climbed, name, value, said):
    before = climbed.study
    with pytest.raises(InputError, match=said):
        climbed.set(name, value)
    assert climbed.study is before


def test_what_is_missing_is_said_when_it_is_asked_for(toy, climbed):
    with pytest.raises(InputError, match="did you mean 'force'"):
        climbed["forc"]
    with pytest.raises(StudyError, match="oscillation needs mass"):
        climbed.set("mass", None)


def test_one_walk_finds_what_single_steps_find_and_says_it_as_a_ledger(toy, study_file, tmp_path, climbed):
    published = climb(read_study(study_file), tmp_path / "out")
    found = climbed.compute(RUNGS)
    assert found.failed == {}
    assert [toy(name) for name in RUNGS] == [2, 2, 2, 2]  # once here, once in the folder
    for name in RUNGS:
        here, there = found.ledger.entry(name), published.entry(name)
        assert (here.value, here.headline, here.digest, here.source) == (there.value, there.headline, there.digest, there.source)
        assert {parent for parent in there.parents if parent in found.values} <= set(here.parents)


def test_a_rung_that_fails_leaves_what_does_not_depend_on_it(toy, climbed):
    climbed.change({"spring.stiffness": -1.0, "mass": "1 kg"})  # pushes instead of pulling: no frequency
    climbed.set("force", Property.constant("force", 1.0, "N", Source(kind="assumed")))
    found = climbed.compute(RUNGS)
    assert set(found.failed) == {"oscillation", "outline"}
    assert found.failed["outline"] == found.failed["oscillation"]
    assert "oscillation: " in found.failed["outline"]
    assert "elastic_energy" in found.values


def test_changes_stand_together_or_not_at_all(toy, climbed):
    before = climbed.study
    with pytest.raises(InputError, match="did you mean 'stiffness'"):
        climbed.change({"mass": "600 g", "spring.stifness": 1.0})
    assert climbed.study is before
    climbed.change({"mass": "600 g", "spring.stiffness": 3.0})
    assert climbed.stated("mass") == "600 g"
    assert climbed.stated("spring.stiffness") == 3.0
    assert climbed.stated("spring.nodes") is None


def test_changes_since_an_earlier_state_take_back_the_others(toy, climbed):
    as_stated = climbed.study
    climbed.change({"mass": "600 g", "damper.shortening": 0.25})
    climbed.change({"spring.stiffness": 3.0}, since=as_stated)
    assert climbed.stated("mass") == "500 g"
    assert climbed.study.text["spring"]["stiffness"] == 3.0
    climbed.change({}, since=as_stated)
    assert climbed.study.text == as_stated.text


def test_one_of_several_tables_is_set_by_its_number():
    climbed = Climb(read_study(shipped("studies/ageing.toml")))
    climbed.set("ageing.segments.0.cycles", 20)
    assert climbed.stated("ageing.segments.0.cycles") == 20
    assert climbed.study.settings["ageing"].segments[0].cycles == 20
    with pytest.raises(InputError, match="a table that holds 9"):
        climbed.set("ageing.segments.9.cycles", 20)


def test_what_an_earlier_climb_finished_is_read(toy, study_file, tmp_path):
    climb(read_study(study_file), tmp_path / "out")
    files = sorted((tmp_path / "out").rglob("*"))
    again = Climb(read_study(study_file), results=tmp_path / "out")
    assert again["outline"].length == pytest.approx(1.5)
    assert [toy(name) for name in RUNGS] == [1, 1, 1, 1]
    again.set("mass", "600 g")
    again["outline"]
    assert [toy(name) for name in RUNGS] == [1, 1, 2, 2]
    assert sorted((tmp_path / "out").rglob("*")) == files


def test_members_in_memory_are_those_of_a_climb_with_a_folder(toy, study_file, tmp_path):
    study_file.write_text(study_file.read_text().replace('"500 g"', '{ value = "500 g", standard_error = "50 g" }'))
    climb(read_study(study_file), tmp_path / "out", draws=4)
    found = Climb(read_study(study_file)).ensemble(["outline"], 4)
    published = read_results(tmp_path / "out/ensemble/oscillation.nc")
    assert found.failed == ()
    assert found.scatter["oscillation"].members["x"].values == pytest.approx(published["x"].values, rel=1e-12)
    with pytest.raises(InputError, match="at least 2"):
        Climb(read_study(study_file)).ensemble(["outline"], 1)


def test_members_in_memory_are_drawn_as_the_study_says(toy, study_file, tmp_path):
    text = study_file.read_text().replace('"500 g"', '{ value = "500 g", standard_error = "50 g" }')
    study_file.write_text(text.replace("seed = 3", 'seed = 3\nplan = "sobol"'))
    climb(read_study(study_file), tmp_path / "out", draws=4)
    found = Climb(read_study(study_file)).ensemble(["outline"], 4)
    published = read_results(tmp_path / "out/ensemble/oscillation.nc")
    assert found.scatter["oscillation"].members["x"].values == pytest.approx(published["x"].values, rel=1e-12)
