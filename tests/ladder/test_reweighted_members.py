"""Members of a climb from energies of orderings take the nominal climb's configurations by other weights."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.ladder import climb, read_study
from scalith.quantities import Property

STUDY = """
[study]
title = "members"
seed = 1
reweight = true
targets = ["open_circuit_voltage", "thermodynamic_factor"]

[crystal]
host = "shipped:dft_energies/LixNiO2/smol_lno_prim.json"
energies = "shipped:dft_energies/LixNiO2/smol_lno_entries.json"

[cluster_fit]
pair_cutoff = 5.0

[monte_carlo]
temperatures = [400.0, 500.0]
cells = [4, 4, 3]
sweeps = 60
points = 24

[given]
lithium_energy = "-1.9 eV"
"""


@pytest.mark.long
def test_members_of_a_fitted_expansion_are_reweighted(tmp_path):
    study = tmp_path / "members.toml"
    study.write_text(STUDY)
    ledger = climb(read_study(study), tmp_path / "out", draws=4)
    said = ledger.reweighted["sampled_orderings"]
    assert ledger.failed_members == ()
    assert said.members + said.anew == 4
    assert said.members >= 2
    assert 0.3 <= said.effective_share <= 1.0
    assert said.anew == 0 or "of the configurations count" in said.reason
    members = Property.load(tmp_path / "out" / ledger.entry("open_circuit_voltage").ensemble_file)
    assert 0.0 < float(members.error(0.5, 400.0)) < 0.3
    assert np.all(np.isfinite(members.values))
    # Climbed again, all of it is found.
    assert climb(read_study(study), tmp_path / "out", draws=4) == ledger
