"""Damage at given energy of tension."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.electrode.mechanics.damage import damage_energy, minimise_damage

LENGTH, EDGE, G = 4.0, 0.25, 3.0


@pytest.mark.parametrize("law", ["AT1", "AT2"])
def test_a_flat_crack_has_the_known_profile_and_costs_its_toughness(law):
    n = 256
    z = EDGE * np.minimum(np.arange(n), n - np.arange(n))
    lower = np.zeros((n, 2, 2))
    lower[0] = 1.0
    toughness = np.full(lower.shape, G)
    found = minimise_damage(np.zeros_like(lower), toughness, lower, law, LENGTH, EDGE)
    exact = np.maximum(1.0 - z / (2.0 * LENGTH), 0.0) ** 2 if law == "AT1" else np.exp(-z / LENGTH)
    np.testing.assert_allclose(found[:, 0, 0], exact, atol=3e-3)
    energy, area = damage_energy(found, toughness, law, LENGTH, EDGE)
    assert energy == pytest.approx(G / (n * EDGE), rel=2e-3)
    assert area == pytest.approx(1.0 / (n * EDGE), rel=2e-3)


def test_it_never_heals_and_stays_within_zero_and_one():
    numbers = np.random.default_rng(1)
    lower = 0.5 * numbers.random((6, 5, 4))
    drive = 5.0 * numbers.random(lower.shape) ** 4
    toughness = np.where(numbers.random(lower.shape) < 0.3, 0.0, 1.0 + numbers.random(lower.shape))
    for law in ("AT1", "AT2"):
        found = minimise_damage(drive, toughness, lower, law, 1.0, 0.5)
        assert np.all((found >= lower) & (found <= 1.0))
        np.testing.assert_array_equal(found[toughness == 0.0], lower[toughness == 0.0])

        # It is the least: any step within the bounds costs energy.
        def energy(d, law=law):
            return (
                float(np.mean((1.0 - d) ** 2 * np.where(toughness > 0.0, drive, 0.0)))
                + damage_energy(d, toughness, law, 1.0, 0.5)[0]
            )

        least = energy(found)
        for _ in range(5):
            other = np.clip(found + 0.05 * numbers.standard_normal(lower.shape) * (toughness > 0.0), lower, 1.0)
            assert energy(other) > least
