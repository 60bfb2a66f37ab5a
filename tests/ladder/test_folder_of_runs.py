"""A study that names a folder of runs: mapped orderings, the metal among them, and what a new run changes."""

from __future__ import annotations

import pytest
from ase.build import bulk
from ase.io import read

from scalith.ladder import Climb, climb, read_study
from scalith.quantities import ScalithError, shipped
from scalith.unchanged import note_finished, nothing_changed
from tests.crystal.vasp_runs import put, vasprun

FRAMES = read(shipped("dft_energies/LixCoO2_chgnet/energies.extxyz"), ":6")
STUDY = """
[study]
title = "a folder of runs"
targets = ["average_voltage", "mapped_orderings"]

[crystal]
host = "shipped:dft_energies/LixCoO2_chgnet/LixCoO2_prim.json"
energies = "runs"

[metal]
source = "energies"
"""


@pytest.fixture
def study(tmp_path):
    for k, frame in enumerate(FRAMES):
        put(tmp_path / "runs", f"{k:03d}/vasprun.xml.gz", vasprun(frame, frame.get_potential_energy()))
    put(tmp_path / "runs", "metal/vasprun.xml.gz", vasprun(bulk("Li", "bcc", a=3.44), -1.9))
    path = tmp_path / "study.toml"
    path.write_text(STUDY)
    return path


def test_the_voltage_refers_to_the_metal_of_the_folder(study, tmp_path):
    ledger = climb(read_study(study), tmp_path / "out")
    assert ledger.entry("lithium_energy").value == pytest.approx(-1.9)
    assert "metal/vasprun.xml.gz" in ledger.entry("metal_of_energies").source.reference_state
    assert "the ion's metal is among them" in ledger.entry("mapped_orderings").headline
    symbols = [frame.get_chemical_symbols() for frame in FRAMES]
    energies = [frame.get_potential_energy() / each.count("Co") for frame, each in zip(FRAMES, symbols, strict=True)]
    x = [each.count("Li") / each.count("Co") for each in symbols]
    ends = [min(e for e, filled in zip(energies, x, strict=True) if filled == end) for end in (min(x), max(x))]
    assert ledger.entry("average_voltage").value == pytest.approx(-((ends[1] - ends[0]) / (max(x) - min(x)) + 1.9), abs=1e-6)


def test_a_run_that_is_added_or_changed_is_noticed(study, tmp_path):
    first = read_study(study)
    climb(first, tmp_path / "out")
    asked = {"until": None}
    note_finished(first, tmp_path / "out", asked, 3)
    assert nothing_changed(study, tmp_path / "out", asked) == 3
    put(tmp_path / "runs", "new/vasprun.xml", vasprun(FRAMES[0], -60.0))
    assert nothing_changed(study, tmp_path / "out", asked) is None
    second = read_study(study)
    assert second.settings["crystal"].energies.content != first.settings["crystal"].energies.content


def test_what_is_missing_is_said(study, tmp_path):
    (tmp_path / "runs" / "metal" / "vasprun.xml.gz").unlink()
    with pytest.raises(ScalithError, match=r"\[metal\]: source: found no run of it, expected a run of the bulk metal"):
        Climb(read_study(study))["average_voltage"]
    study.write_text(STUDY[: STUDY.index("[metal]")])
    with pytest.raises(ScalithError, match="expected a section with name, or lithium_energy under"):
        read_study(study)
    study.write_text(STUDY.replace('"runs"', '"rums"'))
    with pytest.raises(ScalithError, match="a file or a folder that exists"):
        read_study(study)


def test_tolerances_of_the_mapping_are_settings(study):
    every = Climb(read_study(study))["mapped_orderings"]
    limit = 0.5 * float(every["displacement_max"].max())
    study.write_text(STUDY.replace('energies = "runs"', f'energies = "runs"\nlargest_displacement = "{limit:.5f} angstrom"'))
    fewer = Climb(read_study(study))["mapped_orderings"]
    assert 0 < fewer.sizes["structure"] < every.sizes["structure"]
    assert float(fewer["displacement_max"].max()) <= limit
