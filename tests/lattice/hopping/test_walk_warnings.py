from __future__ import annotations

import numpy as np
import pytest

from scalith.crystal import Host, HostSite
from scalith.lattice import ClusterExpansion, HopBarriers, HopKind, kinetic_monte_carlo
from scalith.lattice.hopping.kinetic_model import kinetic_model
from scalith.lattice.hopping.walk_warnings import long_wave_fluctuation, walk_warnings
from scalith.quantities import ConvergenceError, Source
from tests.lattice.models import SQUARE, hops, host

ASSUMED = Source(kind="assumed", reference="a model")
CHAIN = ((3.0, 0.0, 0.0), (0.0, 20.0, 0.0), (0.0, 0.0, 20.0))


def attracting(energy):
    """Square lattice on which neighbours gain `energy`, eV."""
    return ClusterExpansion.given(host(SQUARE), (0.0, -energy, -energy / 4), 3.1)


def said_by(result):
    return "; ".join(result.attrs["warnings"])


def test_two_phases_in_the_box_are_recognised():
    # w = 0.1 eV parts below 0.567 w/k = 658 K.
    given = {"x": [0.5], "cells": (16, 16, 1), "trajectories": 4, "events": 2000, "seed": 1}
    cold = kinetic_monte_carlo(attracting(0.1), hops(), temperatures=[350.0], **given)
    assert "part into two phases" in said_by(cold)
    assert "phase_boundaries" in said_by(cold)
    hot = kinetic_monte_carlo(attracting(0.1), hops(), temperatures=[1500.0], **given)
    assert "phases" not in said_by(hot)
    assert 0.3 < float(hot["long_wave_fluctuation"][0, 0]) < 8


def test_a_composition_wave_is_measured_against_a_random_arrangement():
    gas = kinetic_model(ClusterExpansion.given(host(SQUARE), (0.0, 0.0, 0.0), 3.1), hops(), (16, 16, 1)).lattice
    rng = np.random.default_rng(0)
    random = rng.random((400, 256)) < 0.4
    assert 0.8 < long_wave_fluctuation(gas, random) < 1.3
    halves = np.tile(np.arange(256) < 128, (2, 1))
    # A square wave: (2 sites/π·½)²/(sites/4) of its first harmonic.
    assert long_wave_fluctuation(gas, halves) == pytest.approx(256 * 4 / np.pi**2, rel=0.02)


def test_ions_that_flicker_are_recognised():
    # Pairs of sites 1.2 Å apart: over the way from pair to pair stands a wall.
    site = {"species": ("Li", "vacancy"), "charges": (1.0, 0.0)}
    sites = tuple(HostSite(position=place, **site) for place in ((0.0, 0.0, 0.0), (0.3, 0.0, 0.0)))
    pairs = Host(name="pairs", working_ion="Li", lattice=((4.0, 0, 0), (0, 8.0, 0), (0, 0, 8.0)), sites=sites)
    free = ClusterExpansion.given(pairs, (0.0,) * len(ClusterExpansion.orbits_of(pairs, 2.9)), 2.9)
    kinds = (HopKind(name="within", barrier=0.1, distance=1.2), HopKind(name="between", barrier=0.6, distance=2.8))
    barriers = HopBarriers(kinds=kinds, source=ASSUMED)
    result = kinetic_monte_carlo(
        free, barriers, x=[0.25], temperatures=[300.0], cells=(8, 4, 2), trajectories=3, events=2000, seed=1
    )
    assert float(result["undone_hops"][0, 0]) > 0.95
    assert "undone by the next of the same ion" in said_by(result)


def test_ions_in_a_channel_are_told_apart_from_those_in_a_plane():
    gas = ClusterExpansion.given(host(CHAIN), (0.0, 0.0, 0.0), 3.1)
    given = {"x": [0.5], "temperatures": [500.0], "cells": (64, 2, 2), "trajectories": 12, "events": 20_000, "seed": 1}
    result = kinetic_monte_carlo(gas, hops(), **given)
    assert "cannot pass one another" in said_by(result)
    assert float(result["haven_ratio"][0, 0]) < 0.6
    expected = 1e13 * np.exp(-0.3 / (8.617333262e-5 * 500.0)) * 9e-20 * 0.5
    assert float(result["jump_diffusivity"][0, 0]) == pytest.approx(
        expected, abs=4 * float(result["jump_diffusivity_error"][0, 0])
    )
    plane = ClusterExpansion.given(host(SQUARE), (0.0, 0.0, 0.0), 3.1)
    assert "channel" not in said_by(kinetic_monte_carlo(plane, hops(), **(given | {"cells": (8, 8, 1), "events": 500})))


def test_where_nothing_can_hop_it_is_said():
    # All ions on the lower of two kinds of sites, all of these filled, and hops among equals only.
    rows = ((4.0, 0.0, 0.0), (0.0, 4.0, 0.0), (0.0, 0.0, 4.0))
    site = {"species": ("Li", "vacancy"), "charges": (1.0, 0.0)}
    sites = (
        HostSite(position=(0.0, 0.0, 0.0), **site),
        HostSite(position=(0.5, 0.5, 0.5), **site),
        HostSite(position=(0.5, 0.0, 0.0), species=("O",), charges=(-2,)),
    )
    two = Host(name="two kinds of sites", working_ion="Li", lattice=rows, sites=sites)
    orbits = ClusterExpansion.orbits_of(two, 3.6)
    values = tuple(0.0 if o.order != 1 else (-0.5 if o.clusters[0][0][0] == 0 else 0.5) for o in orbits)
    expansion = ClusterExpansion.given(two, values, 3.6)
    barriers = HopBarriers(kinds=(HopKind(name="hop", barrier=0.3, distance=4.0),), source=ASSUMED)
    given = {"temperatures": [300.0], "cells": 3, "trajectories": 2, "events": 200, "seed": 1}
    with pytest.raises(ConvergenceError, match="no hop is possible at any state"):
        kinetic_monte_carlo(expansion, barriers, x=[0.5], **given)
    result = kinetic_monte_carlo(expansion, barriers, x=[0.4, 0.5], **given)
    assert "no hop is possible: give hop kinds" in said_by(result)


def test_averages_that_have_not_settled_are_said():
    gas = ClusterExpansion.given(host(SQUARE), (0.0, 0.0, 0.0), 3.1)
    result = kinetic_monte_carlo(gas, hops(), x=[0.5], temperatures=[500.0], cells=(8, 8, 1), trajectories=8, events=800, seed=1)
    model = kinetic_model(gas, hops(), (8, 8, 1))
    quiet = walk_warnings(result, model, np.zeros((1, 1)), np.zeros((1, 1)))
    assert not any("along the trajectory" in said for said in quiet)
    (drifting,) = (said for said in walk_warnings(result, model, np.full((1, 1), 9.0), np.zeros((1, 1))) if "along" in said)
    assert "1 of 1 states (first: 500 K, x = 0.500)" in drifting
    assert any("rattle" in said for said in walk_warnings(result, model, np.zeros((1, 1)), np.ones((1, 1))))
