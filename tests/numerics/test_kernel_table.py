from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalith.numerics.compiled import compiled
from scalith.numerics.kernel_table import KernelTable, evaluate, evaluate_in_temperature, evaluate_many
from scalith.quantities import DomainError, InputError, Property, Source

ASSUMED = Source(kind="assumed")


def potential(x):
    return 3.5 - 0.8 * np.tanh(9 * (x - 0.6)) - 0.2 * x


X = np.linspace(0.05, 0.95, 46)
T = np.linspace(260.0, 340.0, 9)
CURVE = Property.from_function("potential", potential, {"x": X}, "V", ASSUMED)
SURFACE = Property.from_function(
    "potential", lambda x, T: potential(x) + 1e-3 * x * (T - 300) ** 2 / 40, {"x": X, "T": T}, "V", ASSUMED
)


@compiled
def in_temperature(table, x, T):
    return evaluate_in_temperature(table, x, T)


@pytest.mark.parametrize("kind", ["smooth", "steps", "uneven"])
def test_a_table_is_the_property_within_a_millionth_of_its_range(kind):
    rng = np.random.default_rng(5)
    grid = np.sort(rng.uniform(0, 1, 30)) if kind == "uneven" else X
    values = {
        "smooth": potential(grid),
        "steps": np.floor(grid * 8),
        "uneven": np.cumsum(rng.uniform(0, 1, grid.size)),
    }[kind]
    p = Property.from_arrays("a", {"x": grid}, values, "V", ASSUMED)
    points = np.linspace(grid[0], grid[-1], 5003)
    found, _ = evaluate_many(p.table(), points, 300.0)
    bound = {"smooth": 1e-6, "steps": 2e-5, "uneven": 1e-4}[kind]  # nodes between those of 4096 pieces: the table's own limit
    assert np.max(np.abs(found - p(points))) < bound * np.ptp(values)


def test_the_slope_is_that_of_the_property_and_of_the_value():
    points = np.linspace(0.06, 0.94, 333)
    table = CURVE.table()
    _, slopes = evaluate_many(table, points, 300.0)
    np.testing.assert_allclose(slopes, CURVE.slope("x", points), atol=1e-3)
    h = 1e-7
    numerical = (evaluate_many(table, points + h, 300.0)[0] - evaluate_many(table, points - h, 300.0)[0]) / (2 * h)
    np.testing.assert_allclose(slopes, numerical, atol=1e-6)


@given(st.floats(-3, 4), st.floats(100, 600))
def test_beyond_its_ends_a_table_is_a_straight_line(x, temperature):
    for table in (CURVE.table(pieces=64), SURFACE.table(pieces=64)):
        (value,), (slope,) = evaluate_many(table, np.array([x]), temperature)
        end = min(max(x, 0.05), 0.95)
        (at_end,), (slope_there,) = evaluate_many(table, np.array([end]), temperature)
        if x != end:
            assert slope == slope_there
        assert value == pytest.approx(at_end + (x - end) * slope_there, abs=1e-9)


@pytest.mark.parametrize("temperature", [260.0, 287.3, 300.0, 340.0])
def test_a_table_in_temperature_is_the_property(temperature):
    table = SURFACE.table()
    points = np.linspace(0.05, 0.95, 501)
    values, slopes = evaluate_many(table, points, temperature)
    np.testing.assert_allclose(values, SURFACE(points, temperature), atol=2e-6)
    np.testing.assert_allclose(slopes, SURFACE.slope("x", points, temperature), atol=2e-3)


def test_the_table_is_refined_where_any_temperature_needs_it():
    """Smooth at the lowest temperature, a step at the highest: the step decides the number of pieces."""
    sharp = Property.from_function(
        "a", lambda x, T: np.tanh((x - 0.5) * (T - 259)), {"x": np.linspace(0, 1, 401), "T": T}, "V", ASSUMED
    )
    points = np.linspace(0, 1, 2001)
    found, _ = evaluate_many(sharp.table(), points, 340.0)
    np.testing.assert_allclose(found, sharp(points, 340.0), atol=5e-6)


def test_fixing_the_temperature_gives_a_table_that_does_not_depend_on_it():
    table = SURFACE.table(T=310.0)
    assert table.coefficients.shape[0] == 1
    assert table.coefficients.shape[2] == 1
    points = np.linspace(0.05, 0.95, 50)
    np.testing.assert_array_equal(evaluate_many(table, points, 250.0), evaluate_many(table, points, 350.0))
    np.testing.assert_allclose(evaluate_many(table, points, 250.0)[0], SURFACE(points, 310.0), atol=2e-6)
    with pytest.raises(DomainError, match=r"T: found 400\.0, expected 260 to 340"):
        SURFACE.table(T=400.0)


@pytest.mark.long
@given(st.floats(0.06, 0.94), st.floats(261, 339))
def test_slope_in_temperature(x, temperature):
    table = SURFACE.table(pieces=256)
    value, slope = in_temperature(table, x, temperature)
    h = 1e-4
    numerical = (in_temperature(table, x, temperature + h)[0] - in_temperature(table, x, temperature - h)[0]) / (2 * h)
    assert value == pytest.approx(SURFACE(x, temperature), abs=1e-5)
    assert slope == pytest.approx(numerical, abs=1e-7)
    assert slope == pytest.approx(1e-3 * x * 2 * (temperature - 300) / 40, abs=1e-4)


def test_beyond_its_temperatures_the_value_holds():
    table = SURFACE.table()
    for outside, end in ((200.0, 260.0), (400.0, 340.0)):
        value, slope = in_temperature(table, 0.4, outside)
        assert value == in_temperature(table, 0.4, end)[0]
        assert slope == 0.0
    assert in_temperature(CURVE.table(), 0.4, 300.0)[1] == 0.0


def test_a_constant_and_a_property_of_temperature_alone():
    constant = Property.constant("density", 4780.0, "kg m-3", ASSUMED).table()
    assert constant.coefficients.shape == (1, 1, 1, 4)
    values, slopes = evaluate_many(constant, np.array([-5.0, 0.5, 7.0]), 300.0)
    assert values.tolist() == [4780.0] * 3
    assert slopes.tolist() == [0.0] * 3
    heat = Property.from_function("heat_capacity", lambda T: 700 + 2.0 * (T - 300), {"T": T}, "J kg-1 K-1", ASSUMED).table()
    value, slope = in_temperature(heat, 0.5, 310.0)
    assert value == pytest.approx(720.0)
    assert slope == pytest.approx(2.0)


def test_the_order_of_the_coordinates_does_not_matter():
    turned = Property.from_arrays("potential", {"T": T, "x": X}, SURFACE.nominal.values.T, "V", ASSUMED)
    points = np.linspace(0.05, 0.95, 40)
    np.testing.assert_allclose(
        evaluate_many(turned.table(), points, 287.0), evaluate_many(SURFACE.table(), points, 287.0), atol=1e-12
    )


def test_nan_in_is_nan_out_and_touches_no_foreign_memory():
    for table in (CURVE.table(), SURFACE.table()):
        values, slopes = evaluate_many(table, np.array([np.nan, 0.5]), 300.0)
        assert np.isnan(values[0])
        assert np.isfinite([values[1], slopes[1]]).all()
        assert np.isnan(evaluate_many(SURFACE.table(), np.array([0.5]), np.nan)[0]).all()


def test_two_state_coordinates_are_refused():
    p = Property.from_function("a", lambda x, c: x + c, {"x": X, "c": np.array([1.0, 2.0])}, "V", ASSUMED)
    with pytest.raises(InputError, match="one coordinate besides T"):
        p.table()


def test_the_compiled_form_is_the_plain_form():
    table = SURFACE.table(pieces=32)
    plain = evaluate.py_func
    points = np.linspace(-0.2, 1.2, 41)
    slow = np.array([plain(KernelTable(*table), x, 287.0) for x in points]).T
    np.testing.assert_allclose(evaluate_many(table, points, 287.0), slow, rtol=1e-12, atol=1e-12)
