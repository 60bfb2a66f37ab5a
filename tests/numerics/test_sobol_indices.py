"""First-order and total indices of planted models."""

import numpy as np
import pytest
from scipy.stats import qmc

from scalith.numerics.polynomial_chaos import fit_polynomial
from scalith.numerics.sobol_indices import gaussian_process_indices, indices_of_pairs, polynomial_indices


def product(x):
    """y = a x₀ + b x₁ x₂ of standard normal numbers: V = a² + b², all that x₁ does it does with x₂."""
    return 3.0 * x[:, 0] + 2.0 * x[:, 1] * x[:, 2]


SHARES = {"a": (9 / 13, 9 / 13), "b": (0.0, 4 / 13), "c": (0.0, 4 / 13), "idle": (0.0, 0.0)}


def test_a_polynomial_is_found_to_the_last_digit_from_few_members():
    x = np.random.default_rng(0).standard_normal((60, 4))
    fit = fit_polynomial(x, product(x))
    more = np.random.default_rng(1).standard_normal((10, 4))
    assert np.allclose(fit(more), product(more), rtol=1e-9)
    found = polynomial_indices(dict(zip(SHARES, x.T, strict=True)), product(x))
    for name, (first, total) in SHARES.items():
        assert found.first_order[name] == pytest.approx(first, abs=1e-9)
        assert found.total[name] == pytest.approx(total, abs=1e-9)
    assert found.left < 1e-12


def test_a_group_counts_as_a_whole():
    x = np.random.default_rng(0).standard_normal((60, 4))
    found = polynomial_indices({"a": x[:, 0], "b and c": x[:, 1:3], "idle": x[:, 3]}, product(x))
    assert found.first_order == pytest.approx({"a": 9 / 13, "b and c": 4 / 13, "idle": 0.0}, abs=1e-9)
    assert found.total == pytest.approx(found.first_order, abs=1e-9)


def test_noise_is_left_and_no_input_is_blamed_for_it():
    numbers = np.random.default_rng(5)
    x = numbers.standard_normal((200, 6))
    y = x[:, 0] + numbers.standard_normal(200)
    found = polynomial_indices({str(k): x[:, k] for k in range(6)}, y)
    assert found.first_order["0"] == pytest.approx(0.5, abs=3 * found.first_order_error["0"])
    assert found.left == pytest.approx(0.5, abs=0.15)
    assert sum(found.total[str(k)] for k in range(1, 6)) < 0.1


def test_pairs_of_a_group_that_is_no_number_at_all():
    """An input may be the seed of what is drawn: pairs need no column of it."""

    def model(a, seeds):
        return 2.0 * a + np.array([np.random.default_rng(int(seed)).standard_normal(3).sum() for seed in seeds])

    a, b = np.random.default_rng(2).standard_normal((2, 4000))
    first, second = np.arange(4000), np.arange(4000, 8000)
    mixed = {"a": model(b, first), "drawn": model(a, second)}
    found = indices_of_pairs(model(a, first), model(b, second), mixed)
    for name, share in (("a", 4 / 7), ("drawn", 3 / 7)):
        assert found.first_order[name] == pytest.approx(share, abs=4 * found.first_order_error[name])
        assert found.total[name] == pytest.approx(share, abs=4 * found.total_error[name])
        assert found.total_error[name] < 0.03


def test_an_output_that_does_not_vary_has_no_shares():
    x = np.random.default_rng(0).standard_normal((40, 2))
    assert np.isnan(polynomial_indices({"a": x[:, 0]}, np.ones(40)).total["a"])
    assert np.isnan(indices_of_pairs(np.ones(40), np.ones(40), {"a": np.ones(40)}).total["a"])


def test_uniform_columns_take_legendre_polynomials():
    u = 2.0 * qmc.Sobol(2, seed=0).random(64) - 1.0
    y = u[:, 0] ** 3 + u[:, 1] ** 2
    found = polynomial_indices({"cube": u[:, 0], "square": u[:, 1]}, y, marginal="uniform")
    cube, square = 1 / 7, 1 / 5 - 1 / 9
    assert found.total == pytest.approx({"cube": cube / (cube + square), "square": square / (cube + square)}, abs=1e-9)


def test_a_process_divides_what_a_short_polynomial_does_not_follow():
    u = 2.0 * qmc.Sobol(2, seed=0).random(32) - 1.0
    y = np.exp(-8.0 * u[:, 0] ** 2) + 0.3 * u[:, 1]
    x = np.linspace(-1.0, 1.0, 20001)
    one, other = np.exp(-8.0 * x**2).var(), 0.3**2 / 3.0
    found = gaussian_process_indices({"bump": u[:, 0], "line": u[:, 1]}, y, marginal="uniform", points=512)
    assert found.method == "gaussian process"
    for name, share in (("bump", one / (one + other)), ("line", other / (one + other))):
        assert found.first_order[name] == pytest.approx(share, abs=0.03)
        assert found.total[name] == pytest.approx(share, abs=0.03)
    assert found.left < 0.02
    assert np.isnan(gaussian_process_indices({"a": u[:, 0]}, np.ones(32)).total["a"])


def test_a_polynomial_of_no_term_leaves_all():
    x = np.array([[-1.5, -0.5, 0.5, 1.5] * 4, [-1.5] * 4 + [-0.5] * 4 + [0.5] * 4 + [1.5] * 4])
    y = np.random.default_rng(0).permutation(np.repeat([-1.0, 1.0], 8))
    found = polynomial_indices({"a": x[0], "b": x[1]}, y)
    assert found.first_order == found.total == {"a": 0.0, "b": 0.0}
    assert found.left == 1.0
