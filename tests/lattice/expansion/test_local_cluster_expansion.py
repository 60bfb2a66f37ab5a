from __future__ import annotations

import numpy as np
import pytest
from ase.io import read

from scalith.lattice import LocalClusterExpansion, centred_hop_diffusivity, local_orbits, read_local_cluster_expansion
from scalith.lattice.expansion.local_cluster_expansion import hop_energies
from scalith.lattice.hopping.centred_hops import _network
from scalith.quantities import InputError, Source, shipped

FOLDER = shipped("local_cluster_expansion/NaSICON/sites.csv").parent
CUTOFFS = (10.0, 6.0, 0.0)


@pytest.fixture(scope="module")
def nasicon():
    atoms = read(FOLDER / "nasicon.cif")
    places = atoms.get_scaled_positions()
    centre = next(k for k, p in enumerate(places) if atoms.symbols[k] == "Na" and np.allclose(p, 0, atol=1e-6))
    return (
        atoms,
        centre,
        read_local_cluster_expansion(FOLDER, "kra", CUTOFFS),
        read_local_cluster_expansion(FOLDER, "site", CUTOFFS),
    )


def test_orbits_do_not_change_when_the_surroundings_are_turned(nasicon):
    species, positions = nasicon[2].species, np.array(nasicon[2].positions)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    assert local_orbits(species, positions @ turn, CUTOFFS) == local_orbits(species, positions, CUTOFFS)


def test_values_of_a_pair_by_hand():
    source = Source(kind="assumed", reference="test")
    pair = LocalClusterExpansion(
        species=("Na", "Na"),
        positions=((1, 0, 0), (-1, 0, 0)),
        orbits=(((0,), (1,)), ((0, 1),)),
        interactions=(0.1, 0.02),
        constant=0.5,
        source=source,
    )
    spins = np.array([[1, 1], [1, -1], [-1, -1]])
    assert np.allclose(pair.value(spins), [0.72, 0.48, 0.32])
    assert np.allclose(hop_energies(pair, pair, spins, -1), 0.5 * pair.value(spins))
    with pytest.raises(InputError, match="±1"):
        pair.value(np.array([0, 1]))
    with pytest.raises(InputError, match="1 or -1"):
        hop_energies(pair, pair, spins, 0)


def test_the_network_of_nasicon(nasicon):
    atoms, centre, barrier, _ = nasicon
    network = _network(atoms, centre, barrier, (2, 2, 2))
    neighbours, vectors, fixed, sites = network.neighbours, network.vectors, network.fixed, network.sites
    assert neighbours.shape == (48, 6)
    assert sites == 192
    assert np.allclose(np.linalg.norm(vectors, axis=2), 3.4778, atol=1e-3)
    # Every Na2 lies between two centres, every tetrahedron beside two.
    assert np.all(np.bincount(neighbours.ravel())[48:] == 2)
    assert np.all(np.bincount(fixed.ravel()) == 2)


def test_diffusivity_rises_with_temperature_and_repeats(nasicon):
    arguments = {
        "filled": 0.75,
        "fixed": 2 / 3,
        "temperatures": [400.0, 600.0],
        "cells": 2,
        "trajectories": 4,
        "events": 8000,
        "seed": 3,
    }
    first = centred_hop_diffusivity(*nasicon, **arguments)
    assert first.identical(centred_hop_diffusivity(*nasicon, **arguments))
    assert float(first["tracer_diffusivity"][1]) > 5 * float(first["tracer_diffusivity"][0]) > 0
    assert np.all(first["correlation_factor"].values < 1)


def test_what_does_not_fit_is_said(nasicon, tmp_path):
    atoms, centre, barrier, difference = nasicon
    with pytest.raises(InputError, match="no such file"):
        read_local_cluster_expansion(tmp_path, "kra", CUTOFFS)
    with pytest.raises(InputError, match="one an orbit"):
        read_local_cluster_expansion(FOLDER, "kra", (6.0, 6.0, 0.0))
    with pytest.raises(InputError, match="one vacancy"):
        centred_hop_diffusivity(atoms, centre, barrier, difference, filled=1.0, fixed=0.5, temperatures=[300.0], seed=1)
    other = next(k for k in range(len(atoms)) if atoms.symbols[k] == "O")
    with pytest.raises(InputError, match="local expansion was made for"):
        centred_hop_diffusivity(atoms, other, barrier, difference, filled=0.5, fixed=0.5, temperatures=[300.0], seed=1)
