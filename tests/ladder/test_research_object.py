"""Results leave as an RO-Crate: every published file, its value, and which was computed from which."""

from __future__ import annotations

import json
import sys
import zipfile

import pytest

from scalith.ladder import climb, export_research_object, read_study
from scalith.quantities import InputError, MissingDependencyError


@pytest.fixture
def climbed(toy, study_file, tmp_path):
    pytest.importorskip("rocrate")
    return climb(read_study(study_file), tmp_path / "out")


def graph_of(folder):
    return {item["@id"]: item for item in json.loads((folder / "ro-crate-metadata.json").read_text())["@graph"]}


def test_every_file_and_every_step_is_described(climbed, tmp_path):
    crate = export_research_object(tmp_path / "out", tmp_path / "crate")
    described = graph_of(crate)
    for entry in climbed.entries:
        if not entry.file:
            continue
        assert (crate / entry.file).read_bytes() == (tmp_path / "out" / entry.file).read_bytes()
        assert described[entry.file]["identifier"] == entry.digest
        if entry.value is not None:
            value = described[f"#value-{entry.quantity}"]
            assert (value["value"], value["unitText"]) == (entry.value, entry.unit)
    step = described["#compute-oscillation"]
    assert step["result"] == {"@id": "quantities/oscillation.nc"}
    assert {item["@id"] for item in step["object"]} == {"quantities/force.nc", "quantities/mass.nc"}
    assert step["instrument"] == {"@id": "#scalith"}
    assert "#compute-mass" not in described  # given, not computed
    assert "cache" not in " ".join(described)


def test_it_is_read_back_by_the_library(climbed, tmp_path):
    from rocrate.rocrate import ROCrate

    crate = ROCrate(export_research_object(tmp_path / "out", tmp_path / "crate"))
    assert crate.name == "toy"
    assert "ledger.json" in {entity.id for entity in crate.data_entities}


def test_a_zip_holds_the_same(climbed, tmp_path):
    path = export_research_object(tmp_path / "out", tmp_path / "crate.zip")
    with zipfile.ZipFile(path) as archive:
        assert {"ro-crate-metadata.json", "ledger.json", "quantities/force.nc"} <= set(archive.namelist())


def test_what_is_there_is_not_written_over(climbed, tmp_path):
    (tmp_path / "crate").mkdir()
    with pytest.raises(InputError, match="a new name for the RO-Crate"):
        export_research_object(tmp_path / "out", tmp_path / "crate")
    (tmp_path / "out" / "quantities" / "force.nc").unlink()
    with pytest.raises(InputError, match=r"force\.nc: found no such file"):
        export_research_object(tmp_path / "out", tmp_path / "other")


def test_without_the_package_it_is_named(toy, study_file, tmp_path, monkeypatch):
    climb(read_study(study_file), tmp_path / "out")
    monkeypatch.setitem(sys.modules, "rocrate.rocrate", None)
    with pytest.raises(MissingDependencyError, match=r"scalith\[crate\]"):
        export_research_object(tmp_path / "out", tmp_path / "crate")
