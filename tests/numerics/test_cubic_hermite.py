from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

from scalith.numerics import cubic_hermite
from scalith.numerics.cubic_hermite import interpolate, nodal_slopes, nodal_values


def curve(grid, values, points, derivative=None):
    return interpolate([grid], nodal_values([grid], values), [points], derivative)


steps = st.lists(st.floats(0.05, 1.0), min_size=3, max_size=12)


@given(steps, st.floats(-2, 2), st.floats(-0.2, 0.2), st.floats(-0.03, 0.03))
def test_cubics_are_reproduced(steps, constant, quadratic, cubic):
    """A cubic whose slope varies by less than three to one is not touched by the filter, on any grid."""
    grid = np.concatenate([[0.0], np.cumsum(steps)]) / np.sum(steps)
    polynomial = np.polynomial.Polynomial([constant, 1.0, quadratic, cubic])
    points = np.linspace(0, 1, 57)
    np.testing.assert_allclose(curve(grid, polynomial(grid), points), polynomial(points), atol=1e-12)
    np.testing.assert_allclose(curve(grid, polynomial(grid), points, 0), polynomial.deriv()(points), atol=1e-10)


@pytest.mark.parametrize(
    "function",
    [np.exp, lambda x: np.tanh(3 * (x - 0.4)), lambda x: np.log(x + 0.4), lambda x: np.sin(7 * x)],
    ids=["exp", "tanh", "log", "sin"],
)
def test_smooth_data_is_met_with_fourth_order(function):
    points = np.linspace(0, 1, 3001)
    errors = [
        np.max(np.abs(curve(grid, function(grid), points) - function(points)))
        for grid in (np.linspace(0, 1, n + 1) for n in (40, 80, 160))
    ]
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert np.all(orders > 3.7), orders


@given(steps, st.data())
def test_monotone_data_is_never_overshot(steps, data):
    grid = np.concatenate([[0.0], np.cumsum(steps)])
    rises = data.draw(st.lists(st.sampled_from([0.0, 1e-6, 0.01, 1.0, 50.0]), min_size=len(steps), max_size=len(steps)))
    values = np.concatenate([[0.0], np.cumsum(rises)])
    sign = data.draw(st.sampled_from([1.0, -1.0]))
    for piece in range(len(steps)):
        found = sign * curve(grid, sign * values, np.linspace(grid[piece], grid[piece + 1], 41))
        tolerance = 1e-12 * (1 + values[-1])
        assert found.min() >= values[piece] - tolerance
        assert found.max() <= values[piece + 1] + tolerance
        assert np.all(np.diff(found) >= -tolerance)


def test_flat_data_stays_flat_beside_a_step():
    grid = np.linspace(0, 1, 11)
    values = np.where(grid < 0.5, 1.0, 3.0)
    points = np.linspace(0, 0.4, 50)
    np.testing.assert_array_equal(curve(grid, values, points), 1.0)


def test_nodes_are_met_exactly_and_value_and_slope_are_continuous():
    rng = np.random.default_rng(3)
    grid = np.sort(rng.uniform(0, 1, 9))
    values = rng.normal(size=9)
    np.testing.assert_allclose(curve(grid, values, grid), values, rtol=0, atol=1e-14)
    inner = grid[1:-1]
    for derivative in (None, 0):
        below = curve(grid, values, inner - 1e-10, derivative)
        above = curve(grid, values, inner + 1e-10, derivative)
        np.testing.assert_allclose(below, above, rtol=1e-6, atol=1e-6)


@given(st.floats(-5, 5), st.floats(0.1, 10), st.floats(-3, 3))
def test_interpolation_commutes_with_scaling(offset, stretch, shift):
    """f -> stretch f + offset and x -> stretch x + shift change nothing but the units."""
    grid = np.array([0.0, 0.2, 0.5, 0.6, 1.0])
    values = np.array([0.0, 0.7, 0.4, 0.5, 2.0])
    points = np.linspace(0, 1, 23)
    plain = curve(grid, values, points)
    np.testing.assert_allclose(
        curve(grid, stretch * values + offset, points), stretch * plain + offset, atol=1e-11 * (stretch + 6)
    )
    moved = curve(stretch * grid + shift, values, np.clip(stretch * points + shift, shift, stretch + shift))
    np.testing.assert_allclose(moved, plain, atol=1e-9)


def test_reversed_data_gives_the_mirrored_curve():
    grid = np.array([0.0, 0.1, 0.4, 0.5, 0.9, 1.0])
    values = np.array([1.0, 1.2, 3.0, 2.5, 2.6, 0.0])
    points = np.linspace(0, 1, 101)
    mirrored = curve(1 - grid[::-1], values[::-1], 1 - points)
    np.testing.assert_allclose(mirrored, curve(grid, values, points), atol=1e-13)


def test_two_coordinates_reproduce_a_product_of_cubics_and_its_derivatives():
    x, y = np.linspace(0, 1, 9), np.array([0.0, 0.3, 0.4, 0.8, 1.0])
    f, g = np.polynomial.Polynomial([1, 1, 0.2, 0.02]), np.polynomial.Polynomial([2, 1, -0.1, 0.03])
    values = f(x)[:, None] * g(y)[None, :]
    px, py = np.random.default_rng(0).uniform(0, 1, (2, 50))
    np.testing.assert_allclose(interpolate([x, y], nodal_values([x, y], values), [px, py]), f(px) * g(py), atol=1e-12)
    np.testing.assert_allclose(interpolate([x, y], nodal_values([x, y], values), [px, py], 0), f.deriv()(px) * g(py), atol=1e-11)
    np.testing.assert_allclose(interpolate([x, y], nodal_values([x, y], values), [px, py], 1), f(px) * g.deriv()(py), atol=1e-11)


def test_leading_axes_are_carried_along():
    grid = np.linspace(0, 1, 6)
    members = np.stack([np.exp(grid), grid**2 + grid, np.ones(6)])
    points = np.linspace(0, 1, 11)
    together = interpolate([grid], nodal_values([grid], members), [points])
    for member, found in zip(members, together, strict=True):
        np.testing.assert_allclose(found, curve(grid, member, points), atol=1e-15)


def test_two_nodes_give_a_line_and_one_node_a_constant():
    points = np.array([0.0, 0.25, 1.0])
    np.testing.assert_allclose(curve(np.array([0.0, 1.0]), np.array([1.0, 3.0]), points), 1 + 2 * points)
    np.testing.assert_allclose(curve(np.array([0.5]), np.array([4.0]), points), 4.0)
    np.testing.assert_allclose(curve(np.array([0.5]), np.array([4.0]), points, 0), 0.0)
    np.testing.assert_array_equal(nodal_slopes(np.array([0.5]), np.array([4.0]), 0), [0.0])


@pytest.mark.parametrize("count", [2, 3, 4, 5, 9, 200])
def test_slopes_before_limiting_are_those_of_the_spline(count: int) -> None:
    random = np.random.default_rng(count)
    grid = np.cumsum(random.uniform(0.1, 2.0, count))
    values = random.normal(size=(count, 3))
    h = np.diff(grid)[:, None]
    slopes = cubic_hermite._spline_slopes(h, np.diff(values, axis=0) / h)
    np.testing.assert_allclose(slopes, CubicSpline(grid, values)(grid, 1), atol=1e-12)


@pytest.mark.parametrize("shift", [0.03, 0.31, -0.24])
def test_a_smooth_maximum_between_nodes_is_not_flattened(shift):
    """Beside an extremum of the data the wider bound holds: a parabola is met to rounding, wherever its top lies."""
    grid = np.linspace(-1.0, 1.0, 9)
    points = np.linspace(-1.0, 1.0, 201)
    np.testing.assert_allclose(curve(grid, 2.0 - (grid - shift) ** 2, points), 2.0 - (points - shift) ** 2, atol=1e-12)
