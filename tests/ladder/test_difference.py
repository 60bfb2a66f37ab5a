"""What changed between two climbs is told from the settings up, each with what it comes from."""

from __future__ import annotations

from scalith.ladder import climb, ledger_difference, read_study
from tests.ladder.conftest import STUDY


def climbed(study_file, out, text=STUDY):
    study_file.write_text(text)
    return climb(read_study(study_file), out)


def test_equal_climbs_do_not_differ(toy, study_file, tmp_path):
    assert ledger_difference(climbed(study_file, tmp_path / "a"), climbed(study_file, tmp_path / "b")) == []


def test_a_changed_setting_is_followed_to_the_top(toy, study_file, tmp_path):
    before = climbed(study_file, tmp_path / "a")
    after = climbed(study_file, tmp_path / "b", STUDY.replace("stiffness = 2.0", "stiffness = 3.0"))
    changes = {change.quantity: change for change in ledger_difference(before, after)}
    assert list(changes) == ["spring.stiffness", "elastic_energy", "force", "oscillation"]
    assert changes["spring.stiffness"].because == ()
    assert (changes["spring.stiffness"].shown("before"), changes["spring.stiffness"].words) == ("2", "+50 %")
    assert changes["elastic_energy"].because == ("spring.stiffness",)
    assert changes["force"].because == ("elastic_energy",)
    assert changes["oscillation"].because == ("force", "spring.stiffness")
    # The spring starts at its farthest: the outline is the same.
    assert before.entry("outline").digest == after.entry("outline").digest


def test_a_given_value_and_its_error(toy, study_file, tmp_path):
    before = climbed(study_file, tmp_path / "a")
    after = climbed(study_file, tmp_path / "b", STUDY.replace('"500 g"', '{ value = "600 g", standard_error = "30 g" }'))
    mass = ledger_difference(before, after)[0]
    assert (mass.quantity, mass.words, mass.shown("before"), mass.shown("after")) == ("mass", "+20 %", "0.5 kg", "0.6 ± 0.03 kg")


def test_what_is_new_and_what_is_gone(toy, study_file, tmp_path):
    before = climbed(study_file, tmp_path / "a")
    after = climbed(study_file, tmp_path / "b", STUDY.replace('"outline"', '"force"') + "\n[damper]\nshortening = 0.25\n")
    words = {change.quantity: change.words for change in ledger_difference(before, after)}
    assert words == {"mass": "gone", "oscillation": "gone", "shape": "gone", "outline": "gone"}
    back = {change.quantity: change.words for change in ledger_difference(after, before)}
    assert back == dict.fromkeys(words, "new")


def test_another_seed_and_other_code_are_named(toy, study_file, tmp_path, monkeypatch):
    before = climbed(study_file, tmp_path / "a")
    seeded = climbed(study_file, tmp_path / "b", STUDY.replace("seed = 3", "seed = 4"))
    assert {change.quantity: change.because for change in ledger_difference(before, seeded)}["oscillation"] == ("seed",)
    other_code = seeded.model_copy(update={"code": "other"})
    assert ledger_difference(before, other_code)[0].because == ("code",)
