"""Every setting stands in the ledger with its number in SI, its unit and where it is from."""

from __future__ import annotations

import pytest

from scalith.ladder import climb, graph, read_ledger, read_study
from scalith.ladder.numbers import NUMBERS, ledger_number
from scalith.ladder.setting_entries import DEFAULT, STATED, setting_entries
from scalith.quantities import Property, shipped
from tests.ladder.conftest import STUDY
from tests.ladder.smaller_study import smaller


def entries_of(tmp_path, changes):
    path = tmp_path / "s.toml"
    path.write_text(smaller(shipped("studies/lfp.toml").read_text(), changes))
    study = read_study(path)
    return {e.quantity: e for name, value in study.settings.items() for e in setting_entries(name, value, study.file)}


def test_numbers_of_all_sections_stand_in_si_with_units(tmp_path):
    entries = entries_of(tmp_path, {'interaction = "115.8 meV"': 'interaction = "115.8 meV ± 30 meV"'})
    found = {
        name: (entries[name].value, entries[name].unit)
        for name in (
            "cell.negative_electrode.thickness",
            "cell.negative_electrode.reaction_activation_energy",
            "cell.nominal_capacity",
            "cell.electrolyte.diffusivity",
            "cell.thermal.ambient_temperature",
            "pack.cells",
            "small_polarons.hop_distance",
            "discharge.temperature",
            "cluster_fit.pair_cutoff",
            "localisation.cutoff",
        )
    }
    assert found == {
        "cell.negative_electrode.thickness": (3.4e-5, "m"),
        "cell.negative_electrode.reaction_activation_energy": (35000.0, "J mol-1"),
        "cell.nominal_capacity": (8280.0, "C"),
        "cell.electrolyte.diffusivity": (2e-10, "m2 s-1"),
        "cell.thermal.ambient_temperature": (298.15, "K"),
        "pack.cells": (12.0, "1"),
        "small_polarons.hop_distance": (3.9e-10, "m"),
        "discharge.temperature": (298.15, "K"),
        "cluster_fit.pair_cutoff": (8.1, "Å"),
        "localisation.cutoff": (8.0, "Å"),
    }
    interaction = entries["localisation.interaction"]
    assert (interaction.value, interaction.standard_error, interaction.unit) == (0.1158, 0.03, "eV")
    assert entries["monte_carlo.temperatures"].headline == "278.15, 298.15, 318.15, 338.15"
    assert entries["monte_carlo.temperatures"].unit == "K"
    assert entries["cell.electrolyte.conductivity"].headline.startswith("0.41253 + 5.007e-3 * c")


def test_what_was_stated_and_what_is_a_default_is_told_apart(tmp_path):
    entries = entries_of(tmp_path, {})
    assert entries["monte_carlo.sweeps"].source.reference == STATED
    assert entries["monte_carlo.sweeps"].source.files[0].name == "s.toml"
    assert entries["monte_carlo.points"].source.reference == DEFAULT
    host = entries["crystal.host"]
    assert (host.headline, len(host.source.files)) == ("LixFePO4_prim.json", 2)


def test_the_same_number_in_another_unit_is_the_same_setting(tmp_path):
    one = entries_of(tmp_path, {})["cell.negative_electrode.thickness"]
    same = entries_of(tmp_path, {'thickness = "34 um"': "thickness = 34e-6"})["cell.negative_electrode.thickness"]
    other = entries_of(tmp_path, {'thickness = "34 um"': 'thickness = "35 um"'})["cell.negative_electrode.thickness"]
    erring = entries_of(tmp_path, {'thickness = "34 um"': 'thickness = "34 um ± 1 um"'})["cell.negative_electrode.thickness"]
    assert one.digest == same.digest
    assert len({one.digest, other.digest, erring.digest}) == 3


def test_settings_are_parents_of_their_section_and_outlive_a_smaller_climb(toy, study_file, tmp_path):
    ledger = climb(read_study(study_file), tmp_path / "out")
    assert ledger.entry("spring").parents == {
        f"spring.{name}": ledger.entry(f"spring.{name}").digest for name in ("stiffness", "nodes", "wait")
    }
    assert [entry.quantity for _, entry, _ in ledger.ancestry("force")][-3:] == [
        "spring.stiffness",
        "spring.nodes",
        "spring.wait",
    ]
    study_file.write_text(STUDY + "\n[damper]\nshortening = 0.25\n")
    whole = climb(read_study(study_file), tmp_path / "out")
    smaller_climb = climb(read_study(study_file), tmp_path / "out", until="force")
    assert {entry.quantity for entry in smaller_climb.entries} == {entry.quantity for entry in whole.entries}
    study_file.write_text(STUDY + "\n[damper]\nshortening = 0.5\n")
    changed = climb(read_study(study_file), tmp_path / "out", until="force")
    assert not [entry.quantity for entry in changed.entries if entry.quantity.startswith("damper")]


def test_a_value_stands_for_every_quantity_of_the_ladder():
    kinds = {name: item.returns for name, item in graph.rungs().items()} | {
        name: item.returns for name, item in graph.given_only().items()
    }
    without = [name for name, kind in kinds.items() if kind is not Property and name not in NUMBERS]
    assert without == []


def test_a_result_without_what_its_rung_gives_has_no_number():
    import xarray as xr

    assert ledger_number("discharges", xr.Dataset()).value is None
    lone = xr.Dataset({"peak": ((), 300.0, {"units": "K", "long_name": "highest"})})
    assert ledger_number("own", lone) == (300.0, None, "K", "highest")


def test_the_digest_of_a_ledger_does_not_depend_on_seconds(toy, study_file, tmp_path):
    one, two = climb(read_study(study_file), tmp_path / "one"), climb(read_study(study_file), tmp_path / "two")
    slower = two.model_copy(update={"entries": tuple(e.model_copy(update={"seconds": e.seconds + 1.0}) for e in two.entries)})
    assert one.stamp == two.stamp == slower.stamp
    assert one.model_copy(update={"title": "another"}).stamp != one.stamp


def test_a_given_specification_keeps_its_file(toy, study_file, tmp_path):
    (tmp_path / "shape.json").write_text('{"length": 1.0, "source": {"kind": "measured", "reference": "a ruler"}}')
    head = STUDY[: STUDY.index("[given.shape]")]
    study_file.write_text(head + 'shape = "shape.json"\n')
    source = climb(read_study(study_file), tmp_path / "out").entry("shape").source
    assert (source.reference, [item.name for item in source.files]) == ("a ruler", ["shape.json"])


def test_a_given_result_is_followed_into_its_own_ledger(toy, study_file, tmp_path):
    climb(read_study(study_file), tmp_path / "out")
    other = tmp_path / "other.toml"
    other.write_text(STUDY.replace("[given]", '[given]\nforce = { results = "out" }'))
    out = tmp_path / "deep" / "second"
    climb(read_study(other), out)
    ledger = read_ledger(out)
    assert (ledger.entry("force").results, ledger.entry("force").quantity_there) == ("../../out", "force")
    walked = [(depth, entry.quantity) for depth, entry, _ in ledger.ancestry("force", folder=out)]
    assert walked[:4] == [(0, "force"), (1, "out: force"), (2, "out: elastic_energy"), (3, "out: spring")]
    assert [entry.quantity for _, entry, _ in ledger.ancestry("force")] == ["force"]
    # Results that were climbed again with other numbers are not those that this value came from.
    study_file.write_text(STUDY.replace("stiffness = 2.0", "stiffness = 3.0"))
    climb(read_study(study_file), tmp_path / "out")
    assert [entry.quantity for _, entry, _ in ledger.ancestry("force", folder=out)] == ["force"]


@pytest.mark.parametrize("name", ["mass", "shape"])
def test_given_values_of_other_kinds_name_no_results(toy, study_file, tmp_path, name):
    assert climb(read_study(study_file), tmp_path / "out").entry(name).results == ""


def test_a_curve_stands_for_itself_at_the_middle_of_its_domain():
    import numpy as np

    from scalith.quantities import Source

    source, x = Source(kind="assumed"), np.linspace(0.2, 1.0, 9)
    line = Property.from_arrays("u", {"x": x}, 1.0 + x, "V", source, 0.1 * x)
    assert ledger_number("u", line)[:3] == (pytest.approx(1.6), pytest.approx(0.06), "V")
    both = Property.from_arrays("u", {"x": x, "T": [280.0, 340.0]}, (1.0 + x)[:, None] + [0.0, 60.0], "V", source)
    assert ledger_number("u", both).value == pytest.approx(1.6 + 18.15)  # at 298.15 K, which lies within
    hot = Property.from_arrays("u", {"T": [400.0, 500.0]}, [400.0, 500.0], "V", source)
    assert ledger_number("u", hot)[:2] == (pytest.approx(450.0), None)
