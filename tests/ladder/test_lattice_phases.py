"""The section [phases] leads to a phase diagram and its picture; given free energies shift what is derived from the lattice."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from scalith.ladder import climb, read_study
from scalith.ladder.graph import Graph
from scalith.quantities import Property, Source, read_results, write_property_csv
from scalith.report.figures import figures_of

STUDY = """
[study]
title = "phases"
seed = 1
targets = ["phase_diagram", "chemical_potential"]

[crystal]
host = "shipped:dft_energies/LixNiO2/smol_lno_prim.json"
energies = "shipped:dft_energies/LixNiO2/smol_lno_entries.json"

[cluster_fit]
pair_cutoff = 5.0

[monte_carlo]
temperatures = [300.0, 400.0]
cells = [6, 6, 3]
sweeps = 40
points = 30

[phases]
temperatures = [300.0, 350.0]
cells = [6, 6, 3]
sweeps = 40
points = 30
"""


@pytest.mark.long
def test_a_study_of_phases_with_vibrations(tmp_path):
    plain = tmp_path / "plain.toml"
    plain.write_text(STUDY)
    grid = {"x": np.linspace(0, 1, 5), "T": np.array([290.0, 410.0])}
    source = Source(kind="assumed", reference="planted")
    added = Property.from_function("vibrational_free_energy", lambda x, T: 4000.0 * x + 0 * T, grid, "J mol-1", source)
    write_property_csv(added, tmp_path / "vibrations.csv")
    shifted = tmp_path / "shifted.toml"
    shifted.write_text(STUDY + '\n[given]\nvibrational_free_energy = "vibrations.csv"\n')
    found = {}
    for study in (plain, shifted):
        if study == shifted:
            shutil.copytree(tmp_path / "plain", tmp_path / "shifted")  # the sampled orderings are those
        climb(read_study(study), tmp_path / study.stem, until=None if study == plain else "chemical_potential")
        found[study.stem] = Property.load(next((tmp_path / study.stem).rglob("chemical_potential.nc")))
    x = np.linspace(0.2, 0.9, 8)  # the energies begin at x = 1/6
    assert np.allclose(found["shifted"](x, 350.0) - found["plain"](x, 350.0), 4000.0, atol=300.0)
    diagram = read_results(next((tmp_path / "plain").rglob("phase_diagram.nc")))
    assert {"x_low_error", "phase_low", "branch"} <= set(diagram.data_vars)
    (figure,) = figures_of("phase_diagram", diagram) if diagram.sizes["region"] else (None,)
    assert figure is None or json.loads(figure.to_json())["data"]


def test_without_its_section_no_phase_diagram_is_made():
    given = {"host", "mapped_orderings"}
    assert not Graph().reached("phase_diagram", given, {"cluster_fit", "monte_carlo"})
    assert Graph().reached("phase_diagram", given, {"cluster_fit", "phases"})
