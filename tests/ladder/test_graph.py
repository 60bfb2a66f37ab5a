"""Materials with names: rungs of the lower scales once a material, what is above asks for them by name."""

from __future__ import annotations

import pytest

from scalith.ladder import climb, graph, read_entry, read_study
from scalith.ladder.graph import Graph
from scalith.quantities import InputError, ScalithError, StudyError
from scalith.report import write_report
from tests.ladder import toy_host, toy_pair

ONE = """
[study]
title = "one host"
targets = ["pair_voltage"]

[fit]
level = 4.0

[given]
reference = "1 V"
negative_voltage = "0.5 V"
"""

TWO = """
[study]
title = "two hosts"
targets = ["pair_voltage"]

[materials.positive.fit]
level = 4.0

[materials.positive.given]
reference = "1 V"

[materials.negative.fit]
level = 2.0

[materials.negative.given]
reference = "1.5 V"
"""


@pytest.fixture
def hosts(monkeypatch, clear_graph):
    monkeypatch.setattr(graph, "rung_modules", lambda: [toy_host, toy_pair])


def study(folder, text):
    path = folder / "study.toml"
    path.write_text(text)
    return path


def test_rungs_exist_once_for_each_material(hosts, tmp_path):
    ledger = climb(read_study(study(tmp_path, TWO)), tmp_path / "out")
    found = {entry.quantity: entry for entry in ledger.entries}
    assert set(found) == {
        "pair_voltage",
        *(
            f"{side}.{name}"
            for side in ("positive", "negative")
            for name in ("fit", "fit.level", "level", "reference", "voltage")
        ),
    }
    assert found["pair_voltage"].value == pytest.approx((4.0 - 1.0) - (2.0 - 1.5))
    assert set(found["pair_voltage"].parents) == {"positive.voltage", "negative.voltage"}
    assert set(found["negative.voltage"].parents) == {"negative.level", "negative.reference"}
    assert found["negative.voltage"].title == "negative: voltage"
    seeds = {side: found[f"{side}.level"].source.settings["seed"] for side in ("positive", "negative")}
    assert seeds["positive"] != seeds["negative"]
    assert read_entry(tmp_path / "out", "negative.voltage").value() == pytest.approx(0.5)
    walked = [entry.quantity for _, entry, _ in ledger.ancestry("negative.voltage")]
    assert walked[0] == "negative.voltage"
    assert "positive.fit" not in walked
    assert "negative.voltage" in write_report(tmp_path / "out", ledger).read_text()


def test_a_study_of_one_host_has_no_names(hosts, tmp_path):
    ledger = climb(read_study(study(tmp_path, ONE)), tmp_path / "out")
    assert {entry.quantity for entry in ledger.entries} == {
        "fit",
        "fit.level",
        "level",
        "reference",
        "voltage",
        "negative_voltage",
        "pair_voltage",
    }
    assert ledger.entry("pair_voltage").value == pytest.approx(2.5)


def test_a_named_material_may_stand_beside_a_given_one(hosts, tmp_path):
    text = TWO[: TWO.index("[materials.negative.fit]")] + '[given]\nnegative_voltage = "0.25 V"\n'
    ledger = climb(read_study(study(tmp_path, text)), tmp_path / "out")
    assert ledger.entry("pair_voltage").value == pytest.approx(2.75)


def test_a_section_beside_the_materials_serves_those_without_their_own(hosts, tmp_path):
    text = TWO.replace("[materials.negative.fit]\nlevel = 2.0", "[fit]\nlevel = 3.0")
    ledger = climb(read_study(study(tmp_path, text)), tmp_path / "out")
    assert ledger.entry("negative.level").value == 3.0
    assert ledger.entry("positive.level").value == 4.0
    assert "fit" in ledger.entry("negative.level").parents
    text = text.replace("[fit]\nlevel = 3.0", "")
    assert read_study(study(tmp_path, text)).settings["negative.fit"].level == 1.0  # its default


def test_an_optional_quantity_of_one_material_is_its_own(hosts, tmp_path):
    text = TWO.replace('reference = "1.5 V"', 'reference = "1.5 V"\nmeasured_voltage = "1 V"')
    ledger = climb(read_study(study(tmp_path, text)), tmp_path / "out")
    assert ledger.entry("pair_voltage").value == pytest.approx(2.0)
    text = TWO.replace('reference = "1 V"', 'reference = "1 V"\nmeasured_voltage = "1 V"')
    ledger = climb(read_study(study(tmp_path, text)), tmp_path / "positive")
    assert ledger.entry("pair_voltage").value == pytest.approx(2.5)


def test_a_value_of_another_study_may_become_that_of_a_material(hosts, tmp_path):
    (tmp_path / "one").mkdir()
    climb(read_study(study(tmp_path / "one", ONE)), tmp_path / "one" / "out")
    text = TWO.replace('reference = "1 V"', 'reference = "1 V"\nvoltage = { results = "one/out" }')
    ledger = climb(read_study(study(tmp_path, text)), tmp_path / "out")
    assert ledger.entry("positive.voltage").origin == "given"
    assert ledger.entry("pair_voltage").value == pytest.approx(2.5)


def test_the_cache_knows_materials_apart_and_computes_nothing_twice(hosts, tmp_path):
    read = read_study(study(tmp_path, TWO))
    first = climb(read, tmp_path / "out")
    assert [entry.digest for entry in climb(read, tmp_path / "out").entries] == [entry.digest for entry in first.entries]
    assert len(list((tmp_path / "out" / "cache").glob("*.note"))) == 5


BAD = {
    "unknown material": (TWO.replace("materials.negative", "materials.negatve"), ["[materials]: negatve", "positive, negative"]),
    "unknown section of a material": (TWO.replace("negative.fit", "negative.fits"), ["[materials.negative.fits]", "'fit'"]),
    "value for a section": (
        TWO.replace("[materials.negative.fit]\nlevel", "[materials.negative]\nfit"),
        ["negative]: fit", "2.0"],
    ),
    "unknown quantity of a material": (TWO.replace("reference = ", "refrence = "), ["positive.given]: refrence", "'reference'"]),
    "a quantity of a material for all": (TWO + '[given]\nreference = "1 V"', ["[given]: reference", "each material has its own"]),
    "wrong field": (TWO.replace("level = 2.0", "levl = 2.0"), ["[materials.negative.fit]: levl", "'level'"]),
    "no such material": (
        TWO[: TWO.index("[materials.negative.fit]")],
        ["pair_voltage needs voltage of the negative material", "[materials.negative], or negative_voltage under [given]"],
    ),
    "no positive material": (
        TWO[: TWO.index("[materials.positive.fit]")] + TWO[TWO.index("[materials.negative.fit]") :],
        ["pair_voltage needs voltage of the positive material: state [materials.positive]"],
    ),
    "missing value of a material": (
        TWO.replace('reference = "1.5 V"', ""),
        ["negative.voltage needs negative.reference", "state reference under [materials.negative.given]"],
    ),
    "target without its material": (
        TWO.replace('"pair_voltage"', '"voltage"'),
        ["targets", "'voltage'", "positive.voltage, negative.voltage"],
    ),
}


@pytest.mark.parametrize(("text", "said"), BAD.values(), ids=BAD)
def test_bad_materials(hosts, tmp_path, text, said):
    with pytest.raises(ScalithError) as caught:
        read_study(study(tmp_path, text))
    for words in said:
        assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_circle_is_named(hosts):
    rungs = dict(graph.rungs())
    circle = Graph((), (), rungs, {})
    circle.nodes["level"].inputs["fit"] = "voltage"
    with pytest.raises(StudyError, match="level depends on itself: level needs voltage needs level"):
        circle.needed_for(["level"], set(), set())


def test_two_rungs_of_one_name_are_refused(monkeypatch, clear_graph):
    monkeypatch.setattr(graph, "rung_modules", lambda: [toy_host, toy_host])
    with pytest.raises(InputError, match="level: found a quantity that is there already"):
        graph.rungs()
