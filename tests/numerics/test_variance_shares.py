"""Sensitivity indices of planted models."""

import numpy as np
import pytest

from scalith.numerics.variance_shares import variance_shares


def ishigami(x):
    return np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def exact_ishigami():
    """V1 = (1 + bπ⁴/5)²/2, V2 = a²/8, V3 = 0, V13 = 8b²π⁸/225."""
    a, b = 7.0, 0.1
    parts = np.array([0.5 * (1 + b * np.pi**4 / 5) ** 2, a**2 / 8, 0.0])
    whole = parts.sum() + b**2 * np.pi**8 * 8 / 225
    return parts / whole


def test_ishigami_within_the_stated_errors():
    outside, errors = [], []
    for seed in range(8):
        x = np.random.default_rng(seed).uniform(-np.pi, np.pi, (600, 3))
        found = variance_shares({f"x{i}": x[:, i] for i in range(3)}, ishigami(x))
        for i, exact in enumerate(exact_ishigami()):
            outside.append((found.first_order[f"x{i}"] - exact) / found.error[f"x{i}"])
            errors.append(found.error[f"x{i}"])
        assert found.left == pytest.approx(1 - exact_ishigami().sum(), abs=0.07)
    assert max(errors) < 0.06
    assert np.mean(np.abs(outside) < 2.0) > 0.8
    assert abs(np.mean(outside)) < 0.7


def test_a_linear_model_is_exact_and_a_group_counts_as_a_whole():
    numbers = np.random.default_rng(3)
    pair = numbers.multivariate_normal([0, 0], [[1.0, 0.999], [0.999, 1.0]], size=60)
    alone = numbers.standard_normal(60)
    y = 100.0 * (pair[:, 0] - pair[:, 1]) + 3.0 * alone
    found = variance_shares({"pair": pair, "alone": alone, "idle": np.ones(60)}, y)
    assert found.degree == 1
    assert found.left < 1e-12
    shares = [np.var(100.0 * (pair[:, 0] - pair[:, 1])), np.var(3.0 * alone)]
    for name, share in zip(("pair", "alone"), shares, strict=True):
        assert found.first_order[name] == pytest.approx(share / sum(shares), rel=1e-9)
    assert found.first_order["idle"] == 0.0


def test_what_has_no_influence_has_none_in_the_mean():
    """Without the correction of its bias, each coefficient would add 1/n."""
    found = []
    for seed in range(20):
        numbers = np.random.default_rng(seed)
        x = numbers.standard_normal((40, 4))
        found.append(variance_shares({"all": x}, numbers.standard_normal(40), degree=1).first_order["all"])
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(20)


def test_too_few_members_or_no_variance_is_not_known():
    x = np.random.default_rng(0).standard_normal((20, 12))
    assert np.isnan(variance_shares({"many": x}, x[:, 0]).first_order["many"])
    assert np.isnan(variance_shares({"one": x[:, 0]}, np.ones(20)).first_order["one"])
