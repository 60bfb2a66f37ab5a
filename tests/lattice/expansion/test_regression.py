from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalith.lattice.expansion.regression import fit, grouped_errors
from scalith.quantities import InputError


def problem(noise, rows=40, columns=12, active=5, seed=0):
    rng = np.random.default_rng(seed)
    A = np.column_stack([np.ones(rows), rng.uniform(-1, 1, (rows, columns - 1))])
    planted = np.zeros(columns)
    planted[:active] = rng.normal(0, 1, active)
    shrunk = np.arange(columns) > 1
    return A, planted, A @ planted + rng.normal(0, noise, rows), shrunk


@pytest.mark.long
@pytest.mark.parametrize("method", ["ridge", "ard", "bayesian"])
@given(seed=st.integers(0, 50))
def test_exact_data_give_exact_weights(method, seed):
    A, planted, y, shrunk = problem(0.0, seed=seed)
    assert np.allclose(fit(A, y, shrunk, method).weights, planted, atol=1e-10)


def test_relevance_determination_drops_what_is_not_there():
    A, planted, y, shrunk = problem(0.01)
    found = fit(A, y, shrunk, "ard")
    assert np.sum(np.abs(found.weights[5:]) < 1e-3) >= 6
    assert np.allclose(found.weights[:5], planted[:5], atol=0.02)
    assert found.noise == pytest.approx(0.01, rel=0.4)


@pytest.mark.parametrize("method", ["ridge", "ard"])
def test_leave_one_out_formula_equals_refits(method):
    A, _, y, shrunk = problem(0.1, rows=20, columns=6, active=4)
    result = fit(A, y, shrunk, method)
    for row in (0, 7, 19):
        rest = np.arange(20) != row
        normal = A[rest].T @ A[rest] + np.diag(result.penalties)
        again = np.linalg.solve(normal, A[rest].T @ y[rest])
        assert result.leave_one_out[row] == pytest.approx(y[row] - A[row] @ again, rel=1e-8)


def test_more_columns_than_rows_is_still_a_fit():
    A, _, y, shrunk = problem(0.01, rows=10, columns=20)
    result = fit(A, y, shrunk, "bayesian")
    assert np.all(np.isfinite(result.weights))
    assert np.all(np.linalg.eigvalsh(result.covariance) > -1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_weights_that_no_row_tells_apart_are_no_more_doubtful_than_the_others_are_large(seed):
    """Pairs that small cells cannot tell apart: their difference is not known, and no larger than interactions are."""
    A, _, y, shrunk = problem(0.01, columns=6, active=6, seed=seed)
    found = fit(np.column_stack([A, A[:, 5]]), y, np.append(shrunk, True), "ridge")
    apart = np.zeros(7)
    apart[[5, 6]] = 1.0, -1.0
    size = np.sqrt(np.mean(found.weights[2:] ** 2))
    penalty = max(found.penalties[-1], found.noise**2 / size**2)
    assert np.sqrt(apart @ found.covariance @ apart) == pytest.approx(np.sqrt(2.0 / penalty) * found.noise)
    together = np.abs(apart)
    assert np.sqrt(together @ found.covariance @ together) < 0.02


def test_two_columns_that_no_row_tells_apart_share_their_weight():
    """Neutral arrangements have as many electrons as ions: one point function would do."""
    A, _, y, shrunk = problem(0.01, columns=6)
    twice, once = np.column_stack([A, A[:, 1]]), fit(A, y, shrunk, "bayesian")
    found = fit(twice, y, np.append(shrunk, False), "bayesian")
    assert found.weights[[1, 6]] == pytest.approx(once.weights[[1, 1]] / 2.0)
    assert found.noise == pytest.approx(once.noise)


def test_too_few_rows_and_unknown_methods():
    A, _, y, shrunk = problem(0.0, rows=2, columns=3, active=2)
    with pytest.raises(InputError, match="more than 2"):
        fit(A, y, shrunk)
    A, _, y, shrunk = problem(0.0)
    with pytest.raises(InputError, match="one of 'ridge'"):
        fit(A, y, shrunk, "lasso")  # type: ignore[arg-type]


def test_grouped_errors_are_those_of_refits_without_the_group():
    rng = np.random.default_rng(5)
    A, groups = rng.normal(size=(24, 5)), np.repeat(np.arange(6), 4)
    y = A @ rng.normal(size=5) + 0.1 * rng.normal(size=24)
    penalties = np.array([0.0, 0.3, 0.3, 0.3, 0.3])
    found = grouped_errors(A, y, penalties, groups)
    for group in range(6):
        rest, own = groups != group, groups == group
        weights = np.linalg.solve(A[rest].T @ A[rest] + np.diag(penalties), A[rest].T @ y[rest])
        assert found[own] == pytest.approx(y[own] - A[own] @ weights, abs=1e-12)


def test_a_group_that_alone_decides_a_weight_is_not_predicted():
    A = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    y = np.array([0.0, 1.0, 5.0])
    assert grouped_errors(A, y, np.zeros(2), np.array([0, 0, 1]))[2] == pytest.approx(3.0)


def test_leave_one_out_is_what_leaving_a_row_out_gives():
    from scalith.lattice.expansion.regression import _leave_one_out, _solve

    A, _, y, _ = problem(0.1, rows=15, columns=6)
    penalties = np.full(6, 0.3)
    for row, found in enumerate(_leave_one_out(A, y, penalties)):
        others = np.arange(15) != row
        weights = _solve(A[others], penalties)[0] @ y[others]
        assert found == pytest.approx(y[row] - A[row] @ weights, rel=1e-9)


def test_a_row_that_alone_decides_a_weight_counts_with_the_largest_deviation():
    from scalith.lattice.expansion.regression import _leave_one_out

    A, y = np.diag([1.0, 1.0, 1.0]), np.array([1.0, 2.0, 6.0])
    np.testing.assert_allclose(_leave_one_out(A, y, np.zeros(3)), 3.0)


@pytest.mark.parametrize("brought", [0.0, -20.0])
def test_what_one_row_alone_tells_is_not_shrunk_away_whatever_an_ion_brings(brought):
    """Few energies of two kinds of sites; one alone tells how they repel."""
    first, second = np.array([0, 0, 0, 0, 2, 2, 0]), np.array([0, 1, 2, 3, 0, 1, 4])
    pairs, between = np.array([0, 0, 2, 6, 0, 0, 12]), np.array([0, 0, 0, 0, 0, 2, 0])
    A = np.column_stack([np.ones(7), first, second, pairs, between]).astype(float)
    y = A @ np.array([-3.0, -1.0, -0.8, 0.1, 0.7]) + brought * (first + second)
    found = fit(A, y, np.array([False, False, False, True, True]), "ridge")
    assert found.weights[3:] == pytest.approx([0.1, 0.7], abs=1e-4)
    # Without one of the two that hold both kinds, the repulsion is not known: constant and points, fitted to the others, miss 1.1.
    assert np.abs(found.leave_one_out[[4, 5]]) == pytest.approx(1.1, abs=1e-6)
    np.testing.assert_allclose(found.leave_one_out[[0, 1, 2, 3, 6]], 0.0, atol=1e-3)
