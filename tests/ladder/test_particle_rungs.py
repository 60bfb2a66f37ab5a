"""Rungs of one particle: a phase field from a voltage with a plateau, its hysteresis, and stress."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scalith.ladder import climb, read_entry, read_study
from scalith.quantities import InputError, shipped

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"

STRESSED = """
[study]
title = "stress"
targets = ["particle_stress"]

[stressed_particle]
youngs_modulus = "125 GPa"
poisson_ratio = 0.28
partial_molar_volume = "1.2 cm3/mol"
particle_radius = "3 um"
minimum_stoichiometry = 0.3
maximum_stoichiometry = 0.85
c_rates = [0.2, 1.0]

[given]
open_circuit_voltage = "shipped:open_circuit_voltage/nmc_LGM50_ocp_Chen2020.csv"
chemical_diffusivity = { value = "1e-14 m2/s", kind = "assumed" }
maximum_concentration = { value = "50000 mol/m3", kind = "assumed" }
"""


def test_the_example_of_hysteresis_climbs(tmp_path):
    text = (EXAMPLES / "lfp_hysteresis.toml").read_text().replace("[0.01, 0.1, 1.0, 5.0]", "[0.1, 1.0]")
    (tmp_path / "study.toml").write_text(text)
    climb(read_study(tmp_path / "study.toml"), tmp_path / "out")
    material = read_entry(tmp_path / "out", "particle_phase_field").value
    assert material.reference_voltage == pytest.approx(3.422, abs=1e-4)
    data = read_entry(tmp_path / "out", "particle_hysteresis").value
    assert shipped("studies/lfp_hysteresis.toml").read_text() == (EXAMPLES / "lfp_hysteresis.toml").read_text()
    assert 0.0 < float(data.hysteresis[0]) < float(data.hysteresis[1]) < 0.2


def test_a_study_of_stress_climbs_and_grows_with_the_rate(tmp_path):
    (tmp_path / "study.toml").write_text(STRESSED)
    climb(read_study(tmp_path / "study.toml"), tmp_path / "out")
    data = read_entry(tmp_path / "out", "particle_stress").value
    worst = np.abs(data.hoop_stress.values).max(axis=(1, 2))
    assert worst[1] / worst[0] == pytest.approx(5.0, rel=0.4)
    strain = 1.2e-6 * 50000.0 / 3.0 * 0.55
    np.testing.assert_allclose(data.swelling.values[:, -1], strain, rtol=5e-3)


def test_stress_takes_what_the_material_is_known_to_do(tmp_path):
    own = "".join(line for line in STRESSED.splitlines(keepends=True) if not line.startswith("partial_molar_volume"))
    # Ω from 1 to 1.4 cm3/mol over the window: 1.2 in the mean.
    (tmp_path / "omega.csv").write_text("# reference: a line\nx [1],partial_molar_volume [cm3/mol]\n0.3,1.0\n0.85,1.4\n")
    path = tmp_path / "study.toml"
    path.write_text(own + "partial_molar_volume = 'omega.csv'\n")
    read = read_study(path)
    assert "partial_molar_volume" in read.graph.nodes["particle_stress"].inputs
    climb(read, tmp_path / "out")
    strain = 1.2e-6 * 50000.0 / 3.0 * 0.55
    np.testing.assert_allclose(read_entry(tmp_path / "out", "particle_stress").value.swelling.values[:, -1], strain, rtol=5e-3)
    path.write_text(STRESSED + "partial_molar_volume = 'omega.csv'\n")
    with pytest.raises(InputError, match=r"partial_molar_volume: .*partial_molar_volume of the material fills this field"):
        read_study(path)
    path.write_text(own)
    with pytest.raises(InputError, match=r"partial_molar_volume: .*whose partial_molar_volume is climbed or given"):
        read_study(path)


def test_two_phases_are_asked_for_where_nothing_says_them(tmp_path):
    text = (EXAMPLES / "lfp_hysteresis.toml").read_text().replace("binodal = [0.0121, 0.9879]", "")
    (tmp_path / "study.toml").write_text(text)
    with pytest.raises(InputError, match="the stoichiometries of the two phases"):
        climb(read_study(tmp_path / "study.toml"), tmp_path / "out")


def test_a_phase_field_stated_beside_the_climb_is_refused(tmp_path):
    text = (
        (EXAMPLES / "lfp.toml")
        .read_text()
        .replace("[cell.electrolyte]", '[cell.positive_electrode.phase_field]\ninteraction = "11.2 kJ/mol"\n\n[cell.electrolyte]')
    )
    (tmp_path / "study.toml").write_text(text)
    with pytest.raises(InputError, match="separating_particle"):
        read_study(tmp_path / "study.toml")
