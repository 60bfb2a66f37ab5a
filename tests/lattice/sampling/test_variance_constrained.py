"""The chemical potential at given stoichiometry: equal to that of the grand ensemble in one phase, flat between two."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.lattice import ClusterExpansion, variance_constrained
from scalith.quantities import InputError
from scalith.quantities.constants import BOLTZMANN_EV
from tests.lattice.models import SQUARE, host


def attracting():
    """Square lattice gas that separates below 395 K; filled and empty are mirror images, so phases meet at μ = 0."""
    return ClusterExpansion.given(host(SQUARE), (0.0, 0.0, -0.015), 3.1)


def test_an_ideal_gas_has_its_chemical_potential():
    ideal = ClusterExpansion.given(host(SQUARE), (0.0, 0.1, 0.0), 3.1)
    found = variance_constrained(ideal, [300.0, 500.0], [0.1, 0.5, 0.8], cells=(12, 12, 1), sweeps=2000, seed=1)
    x = found["mean_stoichiometry"].values
    expected = 0.2 + BOLTZMANN_EV * found["T"].values[:, None] * np.log(x / (1 - x))
    away = (found["chemical_potential"] - expected) / found["chemical_potential_error"]
    # N is a whole number of 144: the mean of its logarithm is not the logarithm of the mean.
    assert np.abs(away).max() < 5
    assert np.abs(found["chemical_potential"] - expected).max() < 0.003
    assert np.abs(found["mean_stoichiometry"] - found["x"]).max() < 0.005


def test_the_curve_is_flat_and_symmetric_inside_the_gap():
    found = variance_constrained(attracting(), [320.0], [0.3, 0.5, 0.7], cells=(20, 20, 1), sweeps=800, seed=3)
    mu, error = found["chemical_potential"].values[0], found["chemical_potential_error"].values[0]
    assert np.all(error < 1.5e-3)
    assert np.all(np.abs(mu) < 4 * error + 1.5e-3)


def test_a_seed_repeats_and_bad_settings_are_named():
    arguments = {"cells": (8, 8, 1), "sweeps": 30, "seed": 4}
    first = variance_constrained(attracting(), [400.0], [0.4], **arguments)
    assert first.identical(variance_constrained(attracting(), [400.0], [0.4], **arguments))
    for changes, message in (
        ({"x": [0.0, 0.5]}, "above 0"),
        ({"sweeps": 5}, "at least 20"),
        ({"stiffness": 0.0}, "positive"),
    ):
        with pytest.raises(InputError, match=message):
            variance_constrained(attracting(), [400.0], **({"x": [0.5]} | arguments | changes))


def test_a_spring_too_soft_is_said():
    # At 100 K the gas is far more concave than one kT.
    found = variance_constrained(attracting(), [100.0], [0.4], cells=(8, 8, 1), sweeps=60, stiffness=1.0, seed=1)
    assert any("too soft" in words for words in found.attrs["warnings"])
