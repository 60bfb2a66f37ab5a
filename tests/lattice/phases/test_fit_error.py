"""The error that a fit's posterior makes in the voltage, against cases in which it is known."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.crystal import Host, species_dataset
from scalith.lattice import (
    ClusterExpansion,
    SpeciesExpansion,
    add_fit_error,
    beside_fit_error,
    decorated_orbits,
    semi_grand_canonical,
    with_fit_error,
)
from scalith.lattice.expansion.electrostatics import ewald_energy, species_ewald_energy
from scalith.lattice.expansion.species_expansion import arrangement_of
from scalith.quantities import InputError, Property, Source
from tests.lattice.expansion.test_species_expansion import site
from tests.lattice.models import fcc_model, host

ASSUMED = Source(kind="assumed", reference="test")
X, T = np.linspace(0.05, 0.95, 19), np.array([300.0, 600.0])


def flat():
    return Property.from_arrays("open_circuit_voltage", {"x": X, "T": T}, np.full((19, 2), 3.0), "V", ASSUMED)


def doubtful(variances, **told):
    """An ideal gas whose constant, point and pair are known with these variances, independently."""
    model = ClusterExpansion.given(host(), (0.0,) * 3, 2.9)
    return model.model_copy(update={"covariance": tuple(map(tuple, np.diag(variances).tolist())), **told})


def test_a_doubtful_site_energy_shifts_the_whole_curve_by_it():
    """E = J σ a site, σ = 2n − 1: V is in error by 2 δJ at every x; a doubtful constant by nothing."""
    (part,) = with_fit_error(flat(), doubtful((4.0, 1e-4, 0.0)), cells=6, seed=1).components
    assert part.name == "cluster expansion"
    assert part.standard_error == pytest.approx(0.02)


def test_a_fit_that_meets_all_its_energies_does_not_tell_its_error():
    """Widened to errors of predictions, directions that no energy decides would count: volts, thousands of them in graphite."""
    exact = doubtful((1e-18, 1e-18, 1e-10), noise=1e-9, leave_one_out_error=0.3)
    with pytest.raises(InputError, match="meets all its energies"):
        with_fit_error(flat(), exact, cells=6, seed=1)
    sampled = semi_grand_canonical(exact, [300.0], cells=(4, 4, 4), sweeps=30, points=12, seed=1)
    found = add_fit_error(sampled, exact, cells=4, seed=1)
    assert "fit_error" not in found
    assert any("does not tell the error of its interactions" in words for words in found.attrs["warnings"])
    assert np.std([one.interactions for one in exact.draws(50, 1)], axis=0).max() < 1e-4
    rough = exact.model_copy(update={"noise": 0.1})
    assert "fit_error" in add_fit_error(sampled, rough, cells=4, seed=1)


def test_a_doubtful_pair_of_an_ideal_gas_tilts_it():
    """E = 6 J (2x − 1)² a site: V is in error by 24 (2x − 1) δJ, nothing in the middle."""
    (part,) = with_fit_error(flat(), doubtful((0.0, 0.0, 1e-6)), cells=12, seed=1).components
    middles = np.linspace(0.05, 0.95, 9)
    exact = 24e-3 * np.interp(X, 0.5 * (middles[1:] + middles[:-1]), np.abs(middles[1:] + middles[:-1] - 1.0))
    assert part.standard_error[:, 1] == pytest.approx(exact, abs=1.5e-3)


def test_a_doubtful_permittivity_counts_with_the_energy_of_the_charges():
    """1/ε is known within 0.01: V is in error by that share of what the charges alone make of it."""
    model = doubtful((0.0, 0.0, 0.0, 1e-4)).model_copy(update={"inverse_permittivity": 0.0})
    (part,) = with_fit_error(flat(), model, nodes=[0.0, 1.0], cells=3, seed=1).components
    cell = np.diag((3, 3, 3))
    charged = ewald_energy(host(), cell, np.ones(27, dtype=np.int8)) - ewald_energy(host(), cell, np.zeros(27, dtype=np.int8))
    assert part.standard_error == pytest.approx(0.01 * abs(charged))


def test_structures_that_were_left_out_widen_it():
    told = {"noise": 0.01, "leave_one_out_error": 0.02, "grouped_error": {"composition": 0.03}}
    (part,) = with_fit_error(flat(), doubtful((0.0, 1e-4, 0.0), **told), cells=4, seed=1).components
    assert part.standard_error == pytest.approx(0.06)


@pytest.mark.parametrize("told", [{}, {"noise": 0.01, "leave_one_out_error": 0.02, "grouped_error": {"composition": 0.03}}])
def test_the_energies_of_members_scatter_by_the_stated_error(told):
    """Average voltage, E(empty) − E(full) a site: what its members differ by is the band that is stated for it."""
    model = doubtful((0.0, 1e-4, 0.0), **told)
    (part,) = with_fit_error(flat(), model, nodes=[0.0, 1.0], cells=3, seed=1).components
    cell, place = np.eye(3, dtype=int), (np.zeros(1, dtype=int), np.zeros((1, 3), dtype=int))
    empty, full = (
        [member.energy(cell, np.array([state], dtype=np.int8), *place) for member in model.draws(400, seed=3)] for state in (0, 1)
    )
    assert np.std(np.subtract(empty, full)) == pytest.approx(float(part.standard_error.flat[0]), rel=0.1)


def test_nodes_that_round_to_one_number_of_ions_count_once():
    """27 sites: of three nodes the first two are one; two that are one leave nothing to take a difference of."""
    model = doubtful((0.0, 1e-4, 0.0))
    (part,) = with_fit_error(flat(), model, nodes=[0.0, 0.01, 1.0], cells=3, seed=1).components
    assert part.standard_error == pytest.approx(0.02)
    with pytest.raises(InputError, match="differ by an ion"):
        with_fit_error(flat(), model, nodes=[0.5, 0.51], cells=3, seed=1)


def test_the_source_tells_what_the_error_is_from():
    model = doubtful((0.0, 1e-4, 0.0))
    found = with_fit_error(flat(), model, nodes=[0.0, 1.0], cells=3, seed=7).source
    assert found.settings["error of the cluster expansion"] == {"seed": 7, "cells": [3, 3, 3], "nodes": [0.0, 1.0]}
    assert model.digest in found.parents


def coupled(variances):
    """Independent ions and electrons on sublattices of their own, whose site energies (and permittivity) are doubtful."""
    sites = (
        site((0, 0, 0), ("Li", "vacancy"), (1.0, 0.0)),
        site((0.5, 0.5, 0.2), ("Fe2+", "Fe3+"), (2.0, 3.0)),
        site((0, 0.5, 0.4), ("N",), (-3.0,)),
    )
    rows = ((3.0, 0.0, 0.0), (0.0, 3.0, 0.0), (0.0, 0.0, 9.0))
    model = Host(name="phosphate", working_ion="Li", lattice=rows, sites=sites)
    values = tuple(map(tuple, np.diag(variances).tolist()))
    orbits = decorated_orbits(model, 0.0)
    return SpeciesExpansion(host=model, orbits=orbits, interactions=(0.0,) * 3, covariance=values, source=ASSUMED)


def test_doubtful_energies_of_ions_and_electrons_add_up():
    """Each point function runs from 1 to −1 as its sublattice fills: V is in error by 2 δJ of either."""
    (part,) = with_fit_error(flat(), coupled((4.0, 9e-6, 16e-6)), cells=(4, 4, 1), seed=1).components
    assert part.standard_error == pytest.approx(0.01)


def test_a_doubtful_permittivity_of_coupled_sublattices_counts_with_their_charges():
    model = coupled((0.0, 0.0, 0.0, 1e-4))
    (part,) = with_fit_error(flat(), model, nodes=[0.0, 1.0], cells=(3, 3, 1), seed=1).components
    ends = [species_dataset(model.host, [(np.eye(3, dtype=int), np.array(places, dtype=np.int8))]) for places in ((1, 1), (0, 0))]
    empty, full = (species_ewald_energy(model.host, *arrangement_of(end, 0)) for end in ends)
    assert part.standard_error == pytest.approx(0.01 * abs(full - empty))


def test_states_carry_the_error_to_voltage_and_chemical_potential():
    model = doubtful((0.0, 1e-4, 0.0))
    sampled = semi_grand_canonical(model, [300.0, 600.0], cells=4, sweeps=20, points=16, seed=1)
    assert beside_fit_error(flat(), sampled).components == ()
    told = add_fit_error(sampled, model, cells=4, seed=1)
    (part,) = beside_fit_error(flat(), told, 96485.0).components
    assert part.name == "cluster expansion"
    assert part.standard_error == pytest.approx(0.02 * 96485.0)
    assert part.correlation_length == pytest.approx(1.0 / 8.0, rel=0.01)


def test_an_expansion_without_a_posterior_is_rejected():
    with pytest.raises(InputError, match="a fitted expansion"):
        with_fit_error(flat(), fcc_model(), seed=1)
    with pytest.raises(InputError, match="two stoichiometries"):
        with_fit_error(flat(), doubtful((0.0, 1e-4, 0.0)), nodes=[0.5], seed=1)
