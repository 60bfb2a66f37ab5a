"""Antisites and blocked channels in a study: what they change, and what they are refused with."""

from pathlib import Path

import numpy as np
import pytest

from scalith.ladder import Climb, read_study
from scalith.ladder.rungs.cell import cell_materials
from scalith.quantities import InputError, Property, ScalithError, Source

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "lco_rate.toml"
ASSUMED = Source(kind="assumed")
STUDY = """
[study]
title = "blocked channels"
targets = ["chemical_diffusivity"]

[crystal]
host = "shipped:dft_energies/LixFePO4_chgnet/LixFePO4_prim.json"
energies = "shipped:dft_energies/LixFePO4_chgnet/energies.extxyz"
working_ion = "Li"
"""
GIVEN = """
[given]
hop_barriers = "shipped:dft_energies/LixFePO4_chgnet/hop_barriers.json"
jump_diffusivity = "jump.csv"
thermodynamic_factor = "factor.csv"
"""


def study_of(folder, sections: str, given: str = ""):
    grid = "\n".join(f"{x},{T},{{}}" for x in (0.1, 0.9) for T in (280, 330))
    for name, column, values in (
        ("jump.csv", "jump_diffusivity [m2 s-1]", [1e-13, 4e-13, 2e-13, 8e-13]),
        ("factor.csv", "thermodynamic_factor [1]", [2.0, 2.0, 3.0, 3.0]),
    ):
        (folder / name).write_text(f"x [1],T [K],{column}\n" + grid.format(*values) + "\n")
    path = folder / "study.toml"
    path.write_text(STUDY + sections + GIVEN + given)
    return Climb(read_study(path))


def test_the_section_multiplies_the_diffusivity_and_nothing_else(tmp_path):
    (tmp_path / "plain").mkdir()
    (tmp_path / "blocked").mkdir()
    plain = study_of(tmp_path / "plain", "")["chemical_diffusivity"]
    section = '[blocked_channels]\nchannel_length = "75 nm"\n'
    live = study_of(tmp_path / "blocked", section, 'antisite_concentration = "0.5 % ± 0.1 %"\n')
    found, blocking = live["chemical_diffusivity"], live["channel_blocking"]
    ratio = float(blocking.diffusivity_ratio[0])
    assert 0.5 < ratio < 0.9
    np.testing.assert_allclose(found.values.values, ratio * plain.values.values, rtol=1e-12)
    assert "antisite concentration" in {part.name for part in found.components}
    share = live["accessible_share"]
    assert float(share()) == pytest.approx(0.995 * float(blocking.accessible_share))
    assert share.standard_error > 0.0
    lost = 1.0 - float(blocking.accessible_share)
    assert live.headline("channel_blocking").endswith(f"come out 0 only past a defect, {lost:.2g} not at all")


def test_antisites_in_equilibrium_block_where_none_are_given(tmp_path):
    (tmp_path / "pairs.csv").write_text(
        "# source: made up\ndistance [angstrom],multiplicity [1],formation_energy [eV]\n3.3,2,0.7\n7,2,1.1\n"
    )
    section = '[antisites]\npairs = "pairs.csv"\ntemperature = "700 degC"\nenergy_error = "0.1 eV"\n'
    live = study_of(tmp_path, section + '[blocked_channels]\nchannel_length = "75 nm"\nexcess_barrier = "0.2 eV"\nsamples = 2\n')
    y = live["antisite_concentration"]
    assert 1e-4 < float(y()) < 1e-2
    assert y.standard_error > 0.0
    assert float(live["channel_blocking"].blocked_share) == float(y())


def test_blocked_channels_at_the_temperatures_of_the_sampling(tmp_path):
    """What the cell takes is sampled at these: other defaults would stop a climb at its end."""
    sections = '[blocked_channels]\nchannel_length = "75 nm"\nexcess_barrier = "0.2 eV"\nsamples = 2\n'
    given = 'antisite_concentration = "0.5 %"\n'
    live = study_of(tmp_path, sections + '[monte_carlo]\ntemperatures = ["5 degC", "65 degC"]\n', given)
    assert live["channel_blocking"]["T"].values.tolist() == [278.15, 338.15]
    stated = sections + "temperatures = [250, 400]\n[monte_carlo]\ntemperatures = [300]\n"
    assert study_of(tmp_path, stated, given)["channel_blocking"]["T"].values.tolist() == [250.0, 400.0]


@pytest.mark.parametrize("share", ["0.5", "150 %", "-1 %"])
def test_a_number_in_percent_without_its_sign_shows_before_the_climb(tmp_path, share):
    with pytest.raises(InputError, match=r"antisite_concentration: .*a share of the ion's sites from 0 to 0.1, such as '0.5 %'"):
        study_of(tmp_path, '[blocked_channels]\nchannel_length = "75 nm"\n', f'antisite_concentration = "{share}"\n')


def test_channels_without_defects_to_block_them_are_refused(tmp_path):
    with pytest.raises(ScalithError, match="antisite_concentration"):
        study_of(tmp_path, '[blocked_channels]\nchannel_length = "75 nm"\n')


def test_a_cell_takes_the_concentration_of_the_ions_that_come_out():
    def constant(name, value, unit, error=None):
        return Property.constant(name, value, unit, ASSUMED, error)

    stated = {
        "positive_open_circuit_voltage": constant("open_circuit_voltage", 3.4, "V"),
        "positive_entropic_coefficient": constant("entropic_coefficient", 0.0, "V K-1"),
        "positive_chemical_diffusivity": constant("chemical_diffusivity", 1e-14, "m2 s-1"),
        "positive_maximum_concentration": constant("maximum_concentration", 22_000.0, "mol m-3", 100.0),
        "negative_open_circuit_voltage": constant("open_circuit_voltage", 0.1, "V"),
    }
    whole = cell_materials(**stated).positive_maximum_concentration
    assert whole is stated["positive_maximum_concentration"]
    share = constant("accessible_share", 0.9, "1", 0.02)
    found = cell_materials(**stated, positive_accessible_share=share).positive_maximum_concentration
    assert float(found()) == pytest.approx(19_800.0)
    assert float(found.standard_error) == pytest.approx(np.hypot(90.0, 440.0))
    with pytest.raises(InputError, match="maximum_concentration"):
        cell_materials(**stated, negative_accessible_share=share)


@pytest.mark.parametrize(("length", "fits"), [("19 um", True), ("21 um", False)])
def test_a_channel_is_not_longer_than_the_particles_of_the_cell(tmp_path, length, fits):
    """Their diffusivity is that of the channel: LixCoO2's example has particles of 20 um."""
    text = EXAMPLE.read_text(encoding="utf-8").replace("[given]\n", '[given]\nantisite_concentration = "0.1 %"\n', 1)
    path = tmp_path / "study.toml"
    path.write_text(f'{text}\n[blocked_channels]\nchannel_length = "{length}"\n')
    if fits:
        read_study(path)
    else:
        with pytest.raises(InputError, match=r"channel_length: .*2e\+04 nm, the diameter of the particles of \[cell\] positive"):
            read_study(path)
