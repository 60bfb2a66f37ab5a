from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalith.atoms import fit_localisation, formation_energies, localised_energies, unlike_pairs
from scalith.crystal import enumerate_orderings
from scalith.lattice import fit_cluster_expansion
from scalith.quantities import InputError
from tests.atoms.hosts import layered


@cache
def enumerated():
    return enumerate_orderings(layered(), [1, 2, 3, 4])


def orderings(strength=-0.1, noise=0.0):
    """Energies −3 x plus `strength` times the share of unlike pairs within 5 Å."""
    data = enumerated()
    rough = noise * np.random.default_rng(1).standard_normal(data.sizes["structure"])
    energy = -2.0 - 3.0 * data["x"].values + strength * unlike_pairs(layered(), data, 5.5) + rough * (data["x"].values % 1 > 0)
    return data.assign(energy=("structure", energy, {"units": "eV", "long_name": "energy per primitive cell"}))


def test_unlike_pairs_of_a_random_stoichiometry():
    """Over all stoichiometries of a cell, large beside the cut-off, u averages to 2 x (1 − x)."""
    data = enumerate_orderings(layered(), [1])
    assert unlike_pairs(layered(), data, 5.5).tolist() == [0.0, 0.0]
    half = enumerate_orderings(layered(), [2], x=(0.5, 0.5))
    assert unlike_pairs(layered(), half, 3.1).max() == pytest.approx(1.0)


@pytest.mark.long
@settings(max_examples=20)
@given(st.floats(-0.3, 0.3), st.floats(0.01, 0.3))
def test_a_planted_delocalisation_is_taken_out(strength, interaction):
    data = orderings(strength)
    correction = fit_localisation(layered(), data, interaction, 0.02, "a measured gap", cutoff=5.5, anchor="mean")
    assert correction.strength == pytest.approx(0.5 * (0.5 * interaction - strength), abs=1e-9)
    assert correction.scatter == pytest.approx(0.0, abs=1e-9)
    assert correction.error == pytest.approx(0.005, abs=1e-9)
    found = localised_energies(layered(), data, correction)
    expected = 0.5 * interaction * unlike_pairs(layered(), data, 5.5)
    assert np.allclose(formation_energies(layered(), found), expected, atol=1e-9)


def test_with_the_lowest_as_anchor_no_compound_is_left():
    data = orderings(-0.1, noise=0.02)
    found = localised_energies(layered(), data, fit_localisation(layered(), data, 0.1, 0.02, "a measured gap", cutoff=5.5))
    x = data["x"].values
    above = formation_energies(layered(), found) - 0.1 * x * (1 - x)
    assert above.min() == pytest.approx(0.0, abs=1e-9)


def test_scaled_order_leaves_no_compound_and_keeps_the_mean():
    data = orderings(-0.1, noise=0.05)
    correction = fit_localisation(layered(), data, 0.1, 0.02, "a measured gap", cutoff=5.5, anchor="scaled")
    found = formation_energies(layered(), localised_energies(layered(), data, correction))
    u = unlike_pairs(layered(), data, 5.5)
    assert 0.0 < correction.order_share < 1.0
    assert found.min() == pytest.approx(0.0, abs=1e-9)
    assert u @ found / (u @ u) == pytest.approx(0.05, abs=1e-9)
    mild = fit_localisation(layered(), orderings(-0.1), 0.1, 0.02, "a measured gap", cutoff=5.5, anchor="scaled")
    assert mild.order_share == 1.0


def test_the_ends_keep_their_energies_and_so_the_average_voltage():
    data = orderings()
    found = localised_energies(layered(), data, fit_localisation(layered(), data, 0.1, 0.02, "a measured gap"))
    ends = np.isin(data["x"].values, [0.0, 1.0])
    assert np.array_equal(found["energy"].values[ends], data["energy"].values[ends])
    assert np.array_equal(found["energy_uncorrected"].values, data["energy"].values)
    assert found.attrs["source"] != data.attrs["source"]


def test_the_correction_is_a_sum_over_pairs():
    """A cluster expansion whose pairs reach as far holds it to the last digit."""
    data = orderings(0.0)
    found = localised_energies(layered(), data, fit_localisation(layered(), data, 0.2, 0.02, "a measured gap", cutoff=5.5))
    fit = fit_cluster_expansion(layered(), found, pair_cutoff=5.5, triplet_cutoff=0.0, method="ard")
    assert fit.leave_one_out_error < 1e-6


def test_scatter_is_told():
    quiet, rough = (
        fit_localisation(layered(), orderings(noise=n), 0.1, 0.0, "a gap", cutoff=5.5, anchor="mean") for n in (0.001, 0.01)
    )
    assert rough.scatter > 5 * quiet.scatter
    assert rough.error > 5 * quiet.error


def test_one_stoichiometry_has_no_formation_energy():
    data = orderings()
    with pytest.raises(InputError, match="two stoichiometries or more"):
        formation_energies(layered(), data.isel(structure=data["x"].values == 0.5))


@pytest.mark.parametrize("anchor", ["mean", "lowest", "scaled"])
def test_orderings_of_equal_unlike_pairs_keep_their_order(anchor):
    """Those of one stoichiometry with other shares of unlike pairs need not."""
    data = orderings(-0.1, noise=0.02)
    correction = fit_localisation(layered(), data, 0.1, 0.02, "a measured gap", cutoff=5.5, anchor=anchor)
    before, after = (formation_energies(layered(), item) for item in (data, localised_energies(layered(), data, correction)))
    u, x = np.round(unlike_pairs(layered(), data, 5.5), 9), data["x"].values
    groups = [np.flatnonzero((x == x[k]) & (u == u[k])) for k in range(len(x))]
    assert max(len(group) for group in groups) > 1
    for group in groups:
        assert np.array_equal(np.argsort(before[group]), np.argsort(after[group]))


def test_orderings_without_ends_and_interactions_without_a_gap_are_refused():
    data = orderings()
    x = data["x"].values
    for kept in (x > 0.0, x < 1.0, (x == 0.0) | (x == 1.0)):
        with pytest.raises(InputError, match="empty host, the full host and orderings between"):
            fit_localisation(layered(), data.isel(structure=kept), 0.1, 0.0, "a gap", cutoff=5.5)
    with pytest.raises(InputError, match="positive energy"):
        fit_localisation(layered(), data, 0.0, 0.0, "a gap", cutoff=5.5, anchor="scaled")
