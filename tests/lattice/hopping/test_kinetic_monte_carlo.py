from __future__ import annotations

import numpy as np
import pytest

from scalith.lattice import (
    ClusterExpansion,
    HopBarriers,
    HopKind,
    chemical_diffusivity,
    jump_diffusivity,
    kinetic_monte_carlo,
    tracer_diffusivity,
)
from scalith.lattice.hopping.displacements import tree_levels
from scalith.lattice.hopping.kinetic_model import kinetic_model
from scalith.lattice.hopping.walks import walk_from
from scalith.lattice.kernels.sum_tree import next_site, sum_upward
from scalith.quantities import InputError, Property, Source
from scalith.quantities.constants import BOLTZMANN_EV
from tests.lattice.models import SQUARE, fcc_model, hops, host
from validation.cases.L08_detailed_balance import pushing_model, rates_of, triangular_model, two_site_model, worst_imbalance


@pytest.mark.parametrize(
    ("model", "cells"), [(triangular_model(), (6, 6, 2)), (two_site_model(), (4, 4, 4)), (pushing_model(), (6, 6, 2))]
)
def test_every_hop_obeys_detailed_balance(model, cells):
    kinetic = kinetic_model(*model, cells)
    occupation = (np.random.default_rng(0).random(kinetic.lattice.sites) < 0.5).astype(np.int8)
    worst, count = worst_imbalance(kinetic, occupation, 0.026)
    assert count > 50
    assert worst < 1e-12


@pytest.mark.parametrize(
    ("model", "cells"),
    [
        (triangular_model(), (6, 6, 2)),
        (two_site_model(), (4, 4, 4)),
        (pushing_model(), (6, 6, 2)),
        ((fcc_model(), hops()), 6),
        # So wide that some events are far from all faces of the box.
        ((fcc_model(), hops()), 18),
        (two_site_model(), (11, 11, 11)),
    ],
)
def test_rates_kept_up_to_date_are_those_computed_afresh(model, cells):
    kinetic = kinetic_model(*model, cells)
    occupation = (np.random.default_rng(1).random(kinetic.lattice.sites) < 0.4).astype(np.int8)
    before = int(occupation.sum())
    walk = walk_from(kinetic, occupation, 0.04 / BOLTZMANN_EV, most_events=500, seed=4)
    assert walk.events == 500
    assert occupation.sum() == before
    afresh = rates_of(kinetic, occupation, 0.04).sum(axis=1)
    assert np.allclose(walk.site_rates, afresh, rtol=1e-10, atol=0)


def test_the_sum_tree_finds_every_leaf_in_proportion():
    rng = np.random.default_rng(0)
    leaves = rng.random(100) * (rng.random(100) < 0.5)
    levels = tree_levels(100)
    assert list(levels) == [0, 104, 120, 128]
    tree = np.zeros(129)
    tree[:100] = leaves
    sum_upward.py_func(tree, levels, np.arange(100), 100)
    total = tree[128]
    assert total == pytest.approx(leaves.sum())
    edges = np.cumsum(leaves)
    for pick in rng.random(300) * total:
        site, rest = next_site.py_func(tree, levels, pick)
        assert site == np.searchsorted(edges, pick, side="right")
        assert rest == pytest.approx(pick - (edges[site] - leaves[site]), abs=1e-12)
        assert leaves[site] > 0


def test_a_dilute_gas_diffuses_freely():
    free = ClusterExpansion.given(host(SQUARE), (0.0, 0.0, 0.0), 3.1)
    result = kinetic_monte_carlo(
        free, hops(), x=[0.02], temperatures=[500.0], cells=(20, 20, 1), trajectories=40, events=800, seed=1
    )
    expected = 1e13 * np.exp(-0.3 / (BOLTZMANN_EV * 500.0)) * 9e-20
    assert result.attrs["dimensions"] == 2
    for name in ("tracer_diffusivity", "jump_diffusivity"):
        value, error = float(result[name][0, 0]), float(result[f"{name}_error"][0, 0])
        assert value == pytest.approx(0.98 * expected, abs=4 * error)
        assert error < 0.15 * expected


def test_barriers_follow_the_stoichiometry_and_their_error_is_told():
    free = ClusterExpansion.given(host(SQUARE), (0.0, 0.0, 0.0), 3.1)
    kind = HopKind(name="to the nearest", barrier=0.3, barrier_full=0.4)
    barriers = HopBarriers(kinds=(kind,), barrier_error="20 meV", source=Source(kind="assumed"))
    settings = {"temperatures": [500.0], "cells": (10, 10, 1), "trajectories": 20, "events": 1000, "seed": 1}
    result = kinetic_monte_carlo(free, barriers, x=[0.02, 0.98], **settings)
    for x, jump, error in zip(
        result["x"].values, result["jump_diffusivity"][0], result["jump_diffusivity_error"][0], strict=True
    ):
        # A lattice gas without interactions: D_J is (1 − x) times that of one ion.
        expected = (1.0 - x) * 1e13 * np.exp(-(0.3 + 0.1 * x) / (BOLTZMANN_EV * 500.0)) * 9e-20
        assert float(jump) == pytest.approx(expected, abs=4 * float(error))
        assert float(error) < 0.25 * expected
    assert any("standard error of 20 meV, a factor of 1.6 in every diffusivity" in words for words in result.attrs["warnings"])
    assert barriers.at(0.5).at(0.1) == barriers.at(0.5)
    with pytest.raises(InputError, match="those at one stoichiometry"):
        kinetic_model(free, barriers, (4, 4, 1))


def test_an_arrhenius_law_comes_out_of_one_barrier():
    free = ClusterExpansion.given(host(SQUARE), (0.0, 0.0, 0.0), 3.1)
    result = kinetic_monte_carlo(
        free, hops(0.4), x=[0.5], temperatures=[300.0, 600.0], cells=(16, 16, 1), trajectories=20, events=2000, seed=2
    )
    ratio = float(result["tracer_diffusivity"][1, 0] / result["tracer_diffusivity"][0, 0])
    energy = np.log(ratio) * BOLTZMANN_EV / (1 / 300.0 - 1 / 600.0)
    assert energy == pytest.approx(0.4, abs=0.01)


def test_a_seed_repeats_and_a_dataset_is_labelled():
    free = ClusterExpansion.given(host(SQUARE), (0.0, 0.0, 0.0), 3.1)
    arguments = {"x": [0.3, 0.6], "temperatures": [400.0], "cells": (8, 8, 1), "trajectories": 3, "events": 200, "seed": 9}
    first = kinetic_monte_carlo(free, hops(), **arguments)
    assert first.identical(kinetic_monte_carlo(free, hops(), **arguments))
    for name in first.data_vars:
        assert {"units", "long_name"} <= set(first[name].attrs)
    assert jump_diffusivity(first).unit == "m2 s-1"
    assert tracer_diffusivity(first).coordinates["x"] == pytest.approx([19 / 64, 38 / 64])


def test_chemical_diffusivity_is_the_product():
    grid = {"x": np.linspace(0.1, 0.9, 9), "T": np.array([300.0, 400.0])}
    source = Source(kind="assumed", reference="test")
    jump = Property.from_function("jump_diffusivity", lambda x, T: 1e-12 * (1 - x) * np.exp(-3000 / T), grid, "m2 s-1", source)
    theta = Property.from_function("thermodynamic_factor", lambda x, T: 1 / (1 - x) + 0 * T, grid, "1", source)
    found = chemical_diffusivity(jump, theta)
    x = np.linspace(0.1, 0.9, 30)
    assert np.allclose(found(grid["x"], 300.0), 1e-12 * np.exp(-10), rtol=1e-9)
    assert found(x, 300.0).min() > 0
    with pytest.raises(InputError, match="jump diffusivities from"):
        chemical_diffusivity(
            jump, Property.from_function("t", lambda x, T: 1 + 0 * x * T, {"x": grid["x"], "T": [200.0, 300.0]}, "1", source)
        )


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        ((HopKind(name="a", barrier=0.3, distance=9.0),), "distance of two sites"),
        ((HopKind(name="a", barrier=0.3, vacant_neighbours=(0, 0)),), "exactly one"),
        ((HopKind(name="a", barrier=0.3), HopKind(name="b", barrier=0.2)), "exactly one"),
    ],
)
def test_hops_that_fit_no_sites_are_named(kinds, message):
    barriers = HopBarriers(kinds=kinds, source=Source(kind="assumed", reference="x"))
    with pytest.raises(InputError, match=message):
        kinetic_model(fcc_model(), barriers, 6)


def test_fillings_without_ion_or_vacancy_are_refused():
    free = ClusterExpansion.given(host(SQUARE), (0.0, 0.0, 0.0), 3.1)
    with pytest.raises(InputError, match="at least one ion and one vacancy"):
        kinetic_monte_carlo(free, hops(), x=[0.001], temperatures=[300.0], cells=(8, 8, 1), seed=1)


def test_too_few_hops_are_said():
    free = ClusterExpansion.given(host(SQUARE), (0.0, 0.0, 0.0), 3.1)
    result = kinetic_monte_carlo(
        free, hops(), x=[0.9], temperatures=[300.0], cells=(20, 20, 1), trajectories=2, events=100, seed=1
    )
    assert any("more events" in said for said in result.attrs["warnings"])
