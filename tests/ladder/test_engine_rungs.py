"""A study that starts from a CIF and the name of an engine, with calculators whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from scalith import atoms
from scalith.atoms import BandSettings, Engine
from scalith.crystal import read_host
from scalith.ladder import Climb, climb, read_entry, read_study
from scalith.ladder.rungs.engines import NudgedElasticBand, hop_barriers
from scalith.quantities import InputError, ScalithError

CIF = """data_host
_symmetry_space_group_name_H-M 'P 1'
_cell_length_a {a}
_cell_length_b {a}
_cell_length_c {c}
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
A1 {ion} 0 0 0
B1 {other} 0.5 0.5 0.5
"""

PLANTED = """
[study]
title = "from a CIF and an engine"
targets = ["average_voltage", "cluster_expansion"]

[crystal]
host = "host.cif"

[engine]
name = "tests.atoms.planted:Planted"
settings = { site = -3.0, pair = 0.1, reach = 3.2 }
database = "energies.db"

[orderings]
largest_cell = 4
count = 12

[cluster_fit]
pair_cutoff = 4.4
"""

EMT = """
[study]
title = "hops by nudged elastic bands"
targets = ["hop_barriers"]

[crystal]
host = "host.cif"
working_ion = "Au"

[engine]
name = "ase.calculators.emt:EMT"
cell = false
force_tolerance = 0.02

[hops]
longest = 2.85
cells = [2, 2, 2]
backgrounds = ["full"]
images = 1
force_tolerance = 0.1
"""


@pytest.fixture
def planted(tmp_path):
    (tmp_path / "host.cif").write_text(CIF.format(a=3.0, c=5.0, ion="Li", other="O"))
    path = tmp_path / "study.toml"
    path.write_text(PLANTED)
    return path


def test_planted_interactions_come_back_from_the_cif(planted, tmp_path):
    ledger = climb(read_study(planted, allow_code=True), tmp_path / "out")
    # Two neighbours of each ion 3 Å away in the square layer; four halves of eight in the bcc metal.
    assert read_entry(tmp_path / "out", "lithium_energy").value() == pytest.approx(-3.0 + 4 * 0.1, abs=1e-6)
    assert ledger.entry("average_voltage").value == pytest.approx(-((-3.0 + 2 * 0.1) - (-3.0 + 4 * 0.1)), abs=1e-6)
    fit = read_entry(tmp_path / "out", "cluster_expansion").value
    nearest = next(J for orbit, J in zip(fit.orbits, fit.interactions, strict=True) if orbit.order == 2)
    assert nearest == pytest.approx(0.1 / 4, abs=1e-4)
    assert fit.leave_one_out_error < 1e-4
    assert read_entry(tmp_path / "out", "mapped_orderings").value.sizes["structure"] == 12
    source = ledger.entry("lithium_energy").source
    assert "same engine" in source.reference_state
    assert set(ledger.entry("relaxed_orderings").parents) == {"host", "engine", "orderings"}


def test_what_the_database_holds_is_not_computed_again(planted, tmp_path, monkeypatch):
    first = Climb(read_study(planted, allow_code=True))["mapped_orderings"]
    assert (tmp_path / "energies.db").is_file()
    monkeypatch.setattr("scalith.atoms.database.relax", None)
    again = Climb(read_study(planted, allow_code=True))["mapped_orderings"]
    assert np.array_equal(first["energy"], again["energy"])


def test_an_engine_that_runs_code_asks_for_leave(planted):
    with pytest.raises(InputError, match=r"\[engine\]: name: found '?tests.atoms.planted:Planted'?, expected --allow-code"):
        read_study(planted)
    planted.write_text(
        PLANTED.replace('"tests.atoms.planted:Planted"', '"espresso"').replace("site = -3.0,", 'command = "rm x",')
    )
    with pytest.raises(InputError, match=r"settings.command: found rm x, expected --allow-code"):
        read_study(planted)
    planted.write_text(PLANTED.replace('"tests.atoms.planted:Planted"', '"chgnet"').replace("settings = {", "settings = {}\n#"))
    assert read_study(planted).settings["engine"].name == "chgnet"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('host = "host.cif"', 'host = "host.cif"\nenergies = "host.cif"', "energies: found 'host.cif', expected none beside [orderings]"),
        ("[orderings]\nlargest_cell = 4\ncount = 12", "", "sections [engine] and [orderings] that compute them"),
        ("[engine]", "[engines]", "did you mean 'engine'"),
        ("largest_cell = 4", "largest_cell = 40", "less than or equal to 12"),
        ("pair = 0.1", "pear = 0.1", "keywords that tests.atoms.planted:Planted takes"),
    ],
)  # fmt: skip
def test_bad_engine_studies(planted, old, new, said):
    assert old in PLANTED
    planted.write_text(PLANTED.replace(old, new))
    with pytest.raises(ScalithError) as caught:
        Climb(read_study(planted, allow_code=True))["average_voltage"]
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_an_engine_the_metal_must_be_given(planted):
    planted.write_text(PLANTED[: PLANTED.index("[engine]")] + "[cluster_fit]\npair_cutoff = 4.4\n")
    with pytest.raises(
        ScalithError,
        match=r"\[engine\]: found no such section, expected a section with name, or lithium_energy under \[given\]",
    ):
        read_study(planted)


def test_barriers_of_an_engine_are_those_of_its_bands(tmp_path):
    (tmp_path / "host.cif").write_text(CIF.format(a=2.75, c=3.65, ion="Au", other="Cu"))
    (tmp_path / "study.toml").write_text(EMT)
    live = Climb(read_study(tmp_path / "study.toml", allow_code=True))
    (kind,) = live["hop_barriers"].kinds
    assert kind.distance == pytest.approx(2.75)
    host = read_host(tmp_path / "host.cif", working_ion="Au")
    (hop,) = atoms.distinct_hops(host, 2.85)
    ends = atoms.hop_end_points(host, hop, np.diag([2, 2, 2]), "full")
    band = atoms.hop_barrier(*ends, Engine(name="ase.calculators.emt:EMT"), settings=BandSettings(images=1, force_tolerance=0.1))
    assert kind.barrier == pytest.approx(band.kinetically_resolved, abs=2e-3)
    assert 0.05 < kind.barrier < 2.0


def test_bands_of_an_engine_beside_bands_of_your_own_are_one_too_many():
    """Neither is dropped without a word."""
    hops = NudgedElasticBand(longest=3.0)
    with pytest.raises(InputError, match=r"\[hops\].*hop_paths.*one of the two"):
        hop_barriers(None, hops=hops, barriers_of_paths=hops)
    assert hop_barriers(None, barriers_of_paths=hops) is hops
