from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalith.atoms import (
    draw_localisation,
    fit_localisation,
    fit_localisation_to_energies,
    formation_energies,
    localised_energies,
    unlike_pairs,
)
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


SOME = [0, 1, 2, 3, 5, 8, 12, 20, -1]


def accurate_energies(data, share, strength, noise=0.0, rows=SOME):
    """Energies of a few orderings by a method whose ends lie elsewhere and whose formation energies are s E_f + 2 δ u."""
    formation = share * formation_energies(layered(), data) + 2 * strength * unlike_pairs(layered(), data, 5.5)
    rough = noise * np.random.default_rng(2).standard_normal(len(formation)) * (data["x"].values % 1 > 0)
    energy = -7.0 - 1.5 * data["x"].values + formation + rough
    both_ends = [int(np.argmin(data["x"].values)), int(np.argmax(data["x"].values))]
    picked = np.unique(np.concatenate([np.arange(data.sizes["structure"])[rows], both_ends]))
    changed = data.assign(energy=("structure", energy, data["energy"].attrs))
    names = np.array([f"run {k}" for k in range(len(energy))])
    return changed.assign(origin=("structure", names)).isel(structure=picked[::-1])


@given(st.floats(0.05, 0.95), st.floats(-0.2, 0.2))
@settings(max_examples=10, deadline=None)
def test_an_accurate_method_of_a_few_orderings_gives_back_share_and_strength(share, strength):
    """The order of the runs and the zeros of the two methods play no part."""
    data = orderings(-0.1, noise=0.02)
    fit = fit_localisation_to_energies(layered(), data, accurate_energies(data, share, strength), cutoff=5.5, model_error=0.003)
    assert fit.order_share == pytest.approx(share, abs=1e-8)
    assert fit.strength == pytest.approx(strength, abs=1e-8)
    assert fit.leave_one_out < 1e-8
    assert fit.error == pytest.approx(0.003, abs=1e-8)
    found = formation_energies(layered(), localised_energies(layered(), data, fit))
    u = unlike_pairs(layered(), data, 5.5)
    assert fit.interaction == pytest.approx(2 * float(u @ found / (u @ u)), abs=1e-8)
    assert np.allclose(found, share * formation_energies(layered(), data) + 2 * strength * u, atol=1e-8)


def test_what_is_left_out_is_predicted_as_well_as_stated():
    """The leave-one-out error is that of fits that never saw the ordering."""
    data = orderings(-0.1, noise=0.02)
    accurate = accurate_energies(data, 0.5, 0.1, noise=0.004)
    fit = fit_localisation_to_energies(layered(), data, accurate, cutoff=5.5)
    target, u = formation_energies(layered(), accurate), unlike_pairs(layered(), accurate, 5.5)
    missed = []
    for k in np.flatnonzero(u > 0):
        without = accurate.isel(structure=[row for row in range(len(u)) if row != k])
        again = fit_localisation_to_energies(layered(), data, without, cutoff=5.5)
        whole = formation_energies(layered(), localised_energies(layered(), data, again))
        names = [int(name.split()[1]) for name in accurate["origin"].values.tolist()]
        missed.append(whole[names[k]] - target[k])
    assert fit.leave_one_out == pytest.approx(np.sqrt(np.mean(np.square(missed))), rel=1e-9)
    assert fit.leave_one_out > fit.scatter > 1e-3


def test_a_share_beyond_its_bounds_is_set_there_and_has_no_error():
    data = orderings(-0.1, noise=0.02)
    for share, bound in ((-0.3, 0.0), (1.4, 1.0)):
        fit = fit_localisation_to_energies(layered(), data, accurate_energies(data, share, 0.1), cutoff=5.5)
        assert (fit.order_share, fit.share_error, fit.error_correlation) == (bound, 0.0, 0.0)
        assert fit.leave_one_out > 1e-4


def test_members_lie_as_far_apart_as_the_fit_is_sure():
    """The posterior of linear least squares, by its own normal equations."""
    data = orderings(-0.1, noise=0.02)
    accurate = accurate_energies(data, 0.5, 0.1, noise=0.004)
    fit = fit_localisation_to_energies(layered(), data, accurate, cutoff=5.5)
    localised = localised_energies(layered(), data, fit)
    numbers = np.random.default_rng(4)
    ends = np.isin(data["x"].values, [0.0, 1.0])
    draws = np.array([draw_localisation(localised, fit, numbers)["energy"].values for _ in range(4000)])
    assert np.array_equal(draws[:, ends].std(axis=0), np.zeros(ends.sum()))
    inside = unlike_pairs(layered(), accurate, 5.5) > 0
    names = np.array([int(name.split()[1]) for name in accurate["origin"].values.tolist()])[inside]
    basis = np.column_stack([formation_energies(layered(), data), 2 * unlike_pairs(layered(), data, 5.5)])
    target = formation_energies(layered(), accurate)[inside]
    left = target - basis[names] @ [fit.order_share, fit.strength]
    covariance = np.linalg.inv(basis[names].T @ basis[names]) * (left @ left) / (len(left) - 2)
    expected = len(layered().working) * np.sqrt(np.einsum("ij,jk,ik->i", basis, covariance, basis))
    assert np.allclose(draws.std(axis=0), expected, rtol=0.05, atol=1e-12)


def test_one_or_two_accurate_orderings_fit_the_strength_alone():
    data = orderings(-0.1, noise=0.02)
    accurate = accurate_energies(data, 1.0, 0.1)
    x = accurate["x"].values
    ends, between = np.flatnonzero(x % 1 == 0).tolist(), np.flatnonzero(x % 1 > 0).tolist()
    for rows in (between[:1], between[:2]):
        fit = fit_localisation_to_energies(layered(), data, accurate.isel(structure=ends + rows), cutoff=5.5, model_error=0.02)
        assert (fit.order_share, fit.share_error) == (1.0, 0.0)
        assert fit.strength == pytest.approx(0.1, abs=1e-9)
        assert fit.error == pytest.approx(0.02, abs=1e-9)
    alone = accurate.isel(structure=ends + between[:1])
    assert fit_localisation_to_energies(layered(), data, alone, cutoff=5.5, model_error=0.02).leave_one_out is None
    with pytest.raises(InputError, match="one ordering does not tell that of the fit"):
        fit_localisation_to_energies(layered(), data, alone, cutoff=5.5)


def test_accurate_orderings_that_the_others_lack_and_sets_without_ends_are_refused():
    data = orderings(-0.1, noise=0.02)
    accurate = accurate_energies(data, 0.5, 0.1)
    others = data.isel(structure=np.arange(data.sizes["structure"]) != 8)
    with pytest.raises(InputError, match=r"run 8.*orderings that the other energies have"):
        fit_localisation_to_energies(layered(), others, accurate, cutoff=5.5)
    x = accurate["x"].values
    for rows in (x % 1 == 0, x > 0, x < 1):
        with pytest.raises(InputError, match="the empty host, the full host and orderings between"):
            fit_localisation_to_energies(layered(), data, accurate.isel(structure=rows), cutoff=5.5)


def test_energies_that_do_not_tell_share_and_strength_apart_are_rejected():
    """Cheap formation energies in one ratio to u (no order of their own, or none at all), or not finite: one sentence."""
    for strength in (-0.1, 0.0):
        data = orderings(strength)
        with pytest.raises(InputError, match="in one ratio to their share of unlike pairs"):
            fit_localisation_to_energies(layered(), data, accurate_energies(data, 0.5, 0.1, noise=0.004), cutoff=5.5)
    data = orderings(-0.1, noise=0.02)
    for lost in (0, 8):  # an end, and an ordering between
        accurate = accurate_energies(data, 0.5, 0.1)
        accurate["energy"].values[accurate["origin"].values.tolist().index(f"run {lost}")] = np.nan
        with pytest.raises(InputError, match="finite energies in both sets"):
            fit_localisation_to_energies(layered(), data, accurate, cutoff=5.5)


def test_an_ordering_that_alone_tells_the_share_is_not_predicted_by_the_rest():
    data = orderings(-0.1, noise=0.02)
    accurate = accurate_energies(data, 0.5, 0.1, noise=0.004)
    between = np.flatnonzero(accurate["x"].values % 1 > 0).tolist()
    rows = [*np.flatnonzero(accurate["x"].values % 1 == 0).tolist(), between[0], between[0], between[1]]
    fit = fit_localisation_to_energies(layered(), data, accurate.isel(structure=rows), cutoff=5.5, model_error=0.01)
    assert fit.leave_one_out is None
