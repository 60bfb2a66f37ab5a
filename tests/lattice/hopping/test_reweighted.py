from __future__ import annotations

import numpy as np
import pytest

from scalith.lattice import (
    HopBarriers,
    HopKind,
    LocalClusterExpansion,
    jump_diffusivity,
    kinetic_monte_carlo,
    reweighted_hops,
    sample_hop_energies,
)
from scalith.lattice.hopping.hop_barriers import hops_of
from scalith.lattice.hopping.reweighted import _allowed
from scalith.quantities import ConvergenceError, InputError, Source
from scalith.quantities.constants import BOLTZMANN_EV
from tests.lattice.models import fcc_model, hops

RUN = {"x": [0.2, 0.6], "temperatures": [300.0, 400.0], "cells": 4, "trajectories": 4, "events": 300, "seed": 3}


@pytest.fixture(scope="module")
def walked():
    return kinetic_monte_carlo(fcc_model(), hops(0.30), **RUN)


def test_one_kind_of_hop_walks_as_fast_as_by_walking_anew(walked):
    found = reweighted_hops(walked, hops(0.30), hops(0.24))
    exact = kinetic_monte_carlo(fcc_model(), hops(0.24), **RUN)
    for name in ("jump_diffusivity", "tracer_diffusivity", "haven_ratio"):
        apart = np.abs(found[name] - exact[name]) / np.hypot(found[f"{name}_error"], exact[f"{name}_error"])
        assert float(apart.max()) < 3.0
    # A walk takes the same hops until a rounded rate chooses otherwise: the fewest ions' never did.
    few = {"x": walked["x"].values[0]}
    for name in ("jump_diffusivity", "jump_diffusivity_error", "tracer_diffusivity_tensor", "simulated_time"):
        assert found[name].sel(few).values == pytest.approx(exact[name].sel(few).values, rel=1e-9, abs=1e-40)
    faster = np.exp(0.06 / (BOLTZMANN_EV * 300.0))
    at = {"x": float(few["x"]), "T": 300.0}
    assert float(jump_diffusivity(found)(**at)) == pytest.approx(faster * float(jump_diffusivity(walked)(**at)))


def test_a_barrier_of_the_full_host_and_the_attempt_frequency_count(walked):
    after = hops().model_copy(
        update={
            "kinds": (HopKind(name="hop", barrier=0.30, barrier_full=0.35),),
            "attempt_frequency": 2e13,
            "barrier_error": 0.01,
        }
    )
    found = reweighted_hops(walked, hops(0.30), after)
    x = walked["x"].values
    expected = 2.0 * np.exp(-0.05 * x / (BOLTZMANN_EV * 400.0))
    assert (found["jump_diffusivity"] / walked["jump_diffusivity"]).sel(T=400.0).values == pytest.approx(expected)
    assert found.attrs["barrier_error"] == 0.01


def test_barriers_by_their_surroundings_change_by_what_all_of_them_share(walked):
    """`barrier` of such a kind enters nowhere; sums over surroundings that differ are other hops."""

    def around(constant, told, interaction=0.01):
        source = Source(kind="assumed", reference="planted")
        field = LocalClusterExpansion(
            species=("Li",),
            positions=((2.0, 0.0, 0.0),),
            orbits=(((0,),),),
            interactions=(interaction,),
            constant=constant,
            hop=((0, 0, 0, 0), (0, 1, 0, 0)),
            sites=((0, 0, 1, 0),),
            leave_one_out_error=0.1 * told,
            source=source,
        )
        kinds = (HopKind(name="hop", barrier=told, surroundings=field),)
        return HopBarriers(kinds=kinds, source=source)

    found = reweighted_hops(walked, around(0.30, told=0.30), around(0.26, told=0.9))
    faster = np.exp(0.04 / (BOLTZMANN_EV * 300.0))
    ratio = (found["jump_diffusivity"] / walked["jump_diffusivity"]).sel(T=300.0)
    assert ratio.values == pytest.approx(faster)
    with pytest.raises(InputError, match="other kinds of hops"):
        reweighted_hops(walked, around(0.30, told=0.3), around(0.26, told=0.3, interaction=0.02))


def test_kinds_that_change_differently_are_in_the_error(walked):
    def two(first, second):
        kinds = (HopKind(name="a", barrier=first, distance=2.8), HopKind(name="b", barrier=second, distance=4.0))
        return HopBarriers(kinds=kinds, source=Source(kind="assumed", reference="two"))

    found = reweighted_hops(walked, two(0.3, 0.5), two(0.28, 0.46))
    at = {"T": 300.0, "x": walked["x"].values[0]}
    here, before = found.sel(at), walked.sel(at)
    kT = BOLTZMANN_EV * 300.0
    assert float(here["jump_diffusivity"]) == pytest.approx(float(before["jump_diffusivity"]) * np.exp(0.03 / kT))
    own = float(here["jump_diffusivity"]) * np.expm1(0.01 / kT)
    sampled = float(before["jump_diffusivity_error"]) * np.exp(0.03 / kT)
    assert float(here["jump_diffusivity_error"]) == pytest.approx(np.hypot(sampled, own))
    with pytest.raises(InputError, match="other kinds of hops"):
        reweighted_hops(walked, two(0.3, 0.5), hops())
    with pytest.raises(InputError, match="no jump_diffusivity"):
        reweighted_hops(walked.drop_vars("jump_diffusivity"), hops(), hops())


def test_other_interactions_leave_the_walk_of_one_ion(walked):
    """Alone in the box an ion hops between equal sites, whatever the interactions; among others it does not."""
    alone = kinetic_monte_carlo(fcc_model(), hops(), **RUN | {"x": [1 / 64]})
    energies = sample_hop_energies(alone, fcc_model(), hops(), cells=4, seed=1)
    found = reweighted_hops(alone, hops(), hops(), energies=energies, expansion=fcc_model((0.05, 0.03, -0.02)))
    for name in ("jump_diffusivity", "jump_diffusivity_error", "tracer_diffusivity"):
        assert found[name].values == pytest.approx(alone[name].values, rel=1e-12)
    energies = sample_hop_energies(walked, fcc_model(), hops(), cells=4, seed=1)
    with pytest.raises(ConvergenceError, match=r"energies of hops change by \d+ meV, too much"):
        reweighted_hops(walked, hops(), hops(), energies=energies, expansion=fcc_model((0.05, 0.03, -0.02)))
    near = reweighted_hops(walked, hops(), hops(), energies=energies, expansion=fcc_model((0.0101, -0.0041, 0.002)))
    assert near["jump_diffusivity"].values == pytest.approx(walked["jump_diffusivity"].values)
    assert np.all(near["jump_diffusivity_error"] > walked["jump_diffusivity_error"])


def test_energies_of_hops_are_those_of_the_expansion(walked):
    energies = sample_hop_energies(walked, fcc_model(), hops(), cells=4, seed=1)
    # A pair's energy alone: hops change the sum over nearest pairs by even numbers of at most twice eleven neighbours.
    change = energies["cluster_sum_change"].values
    assert np.all(change[..., :2] == 0.0)  # the constant, and the points: no ion comes or goes
    assert np.abs(change[..., 2]).max() <= 2 * 2 * 11
    assert np.all(change[..., 2] % 4 == 0.0)


def test_hops_of_two_ions_have_an_ion_between():
    expansion = fcc_model()
    barriers = HopBarriers(kinds=(HopKind(name="pushed", barrier=0.3, ions=2),), source=Source(kind="assumed"))
    every = hops_of(expansion.host, barriers)
    occupation = np.random.default_rng(1).integers(0, 2, 64).astype(np.int8)
    places = occupation.reshape(4, 4, 4)
    expected = set()
    for cell in np.ndindex(4, 4, 4):
        for hop in every[0]:
            through, target = (tuple(np.mod(np.add(cell, site[1:]), 4)) for site in (hop.through, hop.target))
            if places[cell] and places[through] and not places[target]:
                expected.add((int(np.ravel_multi_index(cell, (4, 4, 4))), int(np.ravel_multi_index(target, (4, 4, 4)))))
    found = {tuple(pair) for pair in _allowed(every, occupation, 1, (4, 4, 4)).tolist()}
    assert found == expected
    assert expected


def test_other_interactions_and_seeds_are_in_the_source_or_refused(walked):
    with pytest.raises(InputError, match=r"energies: missing, expected .*sample_hop_energies"):
        reweighted_hops(walked, hops(), hops(), expansion=fcc_model())
    energies = sample_hop_energies(walked, fcc_model(), hops(), cells=4, seed=1)
    near = [fcc_model((0.0101, -0.0041, 0.002)), fcc_model((0.0102, -0.0041, 0.002))]
    sources = [reweighted_hops(walked, hops(), hops(), energies=energies, expansion=one).attrs["source"] for one in near]
    sources += [reweighted_hops(walked, hops(), hops(), seed=seed).attrs["source"] for seed in (None, 1, 2)]
    assert len(set(sources)) == len(sources)


def test_a_seed_draws_diffusivities_from_their_errors(walked):
    drawn = [np.log(reweighted_hops(walked, hops(), hops(), seed=k)["jump_diffusivity"].values) for k in range(40)]
    relative = (walked["jump_diffusivity_error"] / walked["jump_diffusivity"]).values
    assert np.std(drawn, axis=0) == pytest.approx(relative, rel=0.5)
    assert np.mean(drawn, axis=0) == pytest.approx(np.log(walked["jump_diffusivity"].values), abs=4 * relative.max() / 40**0.5)
