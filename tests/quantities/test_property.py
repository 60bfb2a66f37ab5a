from __future__ import annotations

import pickle

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from scalith.quantities import DomainError, InputError, Property, Source, Spec

ASSUMED = Source(kind="assumed", reference="made up for the test")
X = np.linspace(0.0, 1.0, 21)
T = np.linspace(270.0, 330.0, 7)


def of_x(values=None, **fields):
    return Property.from_arrays(
        "open_circuit_voltage", {"x": X}, np.tanh(4 * X) if values is None else values, "V", ASSUMED, **fields
    )


def of_x_and_T():
    return Property.from_function(
        "open_circuit_voltage", lambda x, T: (1 + x + 0.1 * x**2) * T / 300.0, {"x": X, "T": T}, "V", ASSUMED
    )


# -- evaluation ---------------------------------------------------------------------------------------------------


def test_value_by_order_and_by_name_scalar_and_array():
    p = of_x_and_T()
    assert p(0.5, 300.0) == pytest.approx(1.525)
    assert isinstance(p(0.5, 300.0), float)
    assert p(T=300.0, x=0.5) == p(0.5, 300.0)
    assert p(np.array([[0.1], [0.2]]), np.array([280.0, 290.0, 300.0])).shape == (2, 3)


def test_a_coordinate_that_it_does_not_depend_on_is_ignored_when_named():
    p = of_x()
    assert p(x=0.5, T=300.0) == p(0.5)
    assert p(x=0.5, T=np.array([300.0, 310.0])).tolist() == [p(0.5)] * 2


def test_a_constant_answers_anything():
    p = Property.constant("density", 4780.0, "kg m-3", ASSUMED, standard_error=20.0)
    assert p() == p(0.3) == p(x=0.3, T=300.0) == 4780.0
    assert p(T=np.array([290.0, 300.0])).tolist() == [4780.0, 4780.0]
    assert p.error() == 20.0
    assert p.domain == {}
    assert p.draws == 0


def test_missing_and_surplus_coordinates_are_said():
    with pytest.raises(InputError, match=r"^open_circuit_voltage: T: missing, expected a value: the property depends on x, T$"):
        of_x_and_T()(0.5)
    with pytest.raises(InputError, match=r"found 2 arguments, expected 1: x$"):
        of_x()(np.array([0.1, 0.2]), np.array([300.0, 300.0]))


@given(st.floats(0.01, 0.99), st.floats(272, 328))
def test_slope_is_the_derivative_of_what_is_evaluated(x, temperature):
    p = of_x_and_T()
    h = 1e-6
    by_x = (p(x + h, temperature) - p(x - h, temperature)) / (2 * h)
    assert p.slope("x", x, temperature) == pytest.approx(by_x, rel=1e-6)
    h = 1e-3
    by_T = (p(x, temperature + h) - p(x, temperature - h)) / (2 * h)
    assert p.slope("T", x, temperature) == pytest.approx(by_T, rel=1e-6)


def test_derivative_is_a_property_with_unit_and_parent():
    p = of_x_and_T()
    by_x, by_T = p.derivative("x"), p.derivative("T")
    assert (by_x.name, by_x.unit) == ("open_circuit_voltage_by_x", "V")
    assert by_T.unit == "V / (K)"
    assert by_T.source.kind == "predicted"
    assert by_T.source.parents == (p.digest,)
    np.testing.assert_allclose(by_x(X, 300.0), 1 + 0.2 * X, atol=1e-9)
    np.testing.assert_allclose(by_T(0.5, T), 1.525 / 300, atol=1e-9)


def test_derivative_keeps_the_draws():
    p = of_x(np.stack([X**2 + X, X**2 + 3 * X]))
    slope = p.derivative("x")
    assert slope.draws == 2
    np.testing.assert_allclose(slope.member(1)(0.5), 4.0, atol=1e-9)


def test_derivative_by_something_else_is_refused():
    with pytest.raises(InputError, match=r"found 'c', expected one of x, T"):
        of_x_and_T().derivative("c")
    with pytest.raises(InputError, match="none: it is a constant"):
        Property.constant("a", 1.0, "V", ASSUMED).slope("x", 0.5)


# -- domain -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [-0.01, 1.01, np.nan, np.inf])
def test_outside_the_domain_it_raises(x):
    with pytest.raises(DomainError) as caught:
        of_x()(x)
    assert caught.value.where == "open_circuit_voltage"
    assert caught.value.field == "x"
    assert caught.value.expected == "0 to 1"
    if np.isfinite(x):
        assert str(caught.value) == f"open_circuit_voltage: x: found {x}, expected 0 to 1"


def test_one_point_outside_is_enough_and_is_named():
    with pytest.raises(DomainError, match=r"T: found 331\.0, expected 270 to 330"):
        of_x_and_T()(0.5, np.array([300.0, 331.0]))


def test_round_off_at_the_ends_is_inside():
    assert of_x()(1.0 + 1e-13) == of_x()(1.0)


def test_extrapolation_only_as_asked():
    p = of_x(X**2 + X)
    assert p(1.2, extrapolate="nearest") == p(1.0)
    assert p(1.2, extrapolate="linear") == pytest.approx(2.0 + 0.2 * 3.0)
    assert p(-0.1, extrapolate="linear") == pytest.approx(-0.1)
    assert p(0.5, extrapolate="linear") == p(0.5)
    assert p.slope("x", 1.2, extrapolate="linear") == pytest.approx(3.0)
    assert p.slope("x", 1.2, extrapolate="nearest") == 0.0
    with pytest.raises(DomainError):
        p(np.nan, extrapolate="nearest")


def test_extrapolated_slope_is_the_derivative_of_the_extrapolated_value():
    p = of_x_and_T()
    for way in ("nearest", "linear"):
        for x, temperature in ((1.1, 300.0), (-0.2, 280.0), (0.5, 340.0), (1.1, 340.0)):
            h = 1e-5
            expected = (p(x + h, temperature, extrapolate=way) - p(x - h, temperature, extrapolate=way)) / (2 * h)
            if way == "linear" and temperature > 330.0:
                continue  # the cross term of a corner is not carried
            assert p.slope("x", x, temperature, extrapolate=way) == pytest.approx(expected, abs=1e-6)


# -- ensembles ----------------------------------------------------------------------------------------------------


def test_draws_mean_and_standard_error():
    members = np.stack([X, 2 * X, 6 * X])
    p = of_x(members)
    assert p.draws == 3
    np.testing.assert_allclose(p(X), 3 * X)
    np.testing.assert_allclose(p.error(X), X * np.std([1, 2, 6], ddof=1))
    assert p.member(2)(0.5) == pytest.approx(3.0)
    assert p.member(2).draws == 0
    assert p.member(0).source.parents == (p.digest,)
    assert p.member(0).digest != p.member(1).digest
    with pytest.raises(InputError, match=r"draw: found 3, expected 0 to 2"):
        p.member(3)


def test_a_property_without_draws_is_its_own_member():
    p = of_x()
    assert p.member(7) is p
    assert p.error(0.5) == 0.0
    assert p.error(np.array([0.1, 0.2])).tolist() == [0.0, 0.0]


def test_a_given_error_is_interpolated():
    p = of_x(standard_error=0.01 * X)
    assert p.error(0.525) == pytest.approx(0.00525)


# -- bad content --------------------------------------------------------------------------------------------------


def test_values_that_are_not_finite_are_refused():
    values = np.tanh(X)
    values[3] = np.nan
    with pytest.raises(InputError, match=r"^open_circuit_voltage: values: found nan at index \(3,\), expected finite numbers$"):
        of_x(values)


@pytest.mark.parametrize("grid", [[0.0, 0.5, 0.5], [0.0, 1.0, 0.5], [0.0, np.nan, 1.0]])
def test_a_grid_that_does_not_increase_is_refused(grid):
    with pytest.raises(InputError, match=r"x: .*expected finite, strictly increasing values"):
        Property.from_arrays("a", {"x": grid}, [1.0, 2.0, 3.0], "V", ASSUMED)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match=r"values: found shape \(20,\), expected shape \(21,\)"):
        of_x(np.zeros(20))
    with pytest.raises(InputError, match="standard_error"):
        of_x(standard_error=-np.ones(21))
    with pytest.raises(InputError, match="a coordinate for every dimension"):
        Property("a", xr.DataArray(np.zeros(3), dims="x"), "V", ASSUMED)
    with pytest.raises(InputError, match="'draw' as the leading dimension"):
        Property("a", xr.DataArray(np.zeros((3, 2)), {"x": [0, 1, 2]}, ("x", "draw")), "V", ASSUMED)


# -- identity -----------------------------------------------------------------------------------------------------


def test_digest_is_that_of_the_content():
    assert of_x().digest == of_x().digest
    assert of_x() == of_x()
    assert hash(of_x()) == hash(of_x())
    assert len(of_x().digest) == 32


def test_digest_changes_with_any_content():
    values = np.tanh(4 * X)
    nudged = values.copy()
    nudged[7] = np.nextafter(nudged[7], 2)
    grid = X.copy()
    grid[7] = np.nextafter(grid[7], 2)
    kinds = [
        of_x(),
        of_x(nudged),
        of_x(standard_error=np.zeros(21)),
        of_x(standard_error=np.full(21, 0.1)),
        of_x(np.stack([values, values])),
        Property.from_arrays("open_circuit_voltage", {"x": grid}, values, "V", ASSUMED),
        Property.from_arrays("open_circuit_voltage", {"c": X}, values, "V", ASSUMED),
        Property.from_arrays("potential", {"x": X}, values, "V", ASSUMED),
        Property.from_arrays("open_circuit_voltage", {"x": X}, values, "mV", ASSUMED),
        Property.from_arrays("open_circuit_voltage", {"x": X}, values, "V", Source(kind="measured", reference=ASSUMED.reference)),
        Property.from_arrays("open_circuit_voltage", {"x": X}, values, "V", ASSUMED.model_copy(update={"note": "with care"})),
    ]
    assert len({kind.digest for kind in kinds}) == len(kinds)
    assert of_x() != of_x(nudged)
    assert of_x() != "open_circuit_voltage"


def test_description_names_quantity_unit_range_and_domain():
    assert of_x(3.0 + X).describe() == "open_circuit_voltage = 3 … 4 V over x 0–1"
    assert repr(Property.constant("density", 4780.0, "kg m-3", ASSUMED)) == "Property(density = 4780 kg m-3; assumed)"


# -- files --------------------------------------------------------------------------------------------------------

KINDS = {
    "constant": lambda: Property.constant("density", 1 / 3, "kg m-3", ASSUMED, 0.1),
    "curve": of_x,
    "with_error": lambda: of_x(standard_error=0.1 * X),
    "surface": of_x_and_T,
    "draws": lambda: of_x(np.random.default_rng(0).normal(size=(4, 21))),
}


@pytest.mark.parametrize("kind", KINDS)
def test_saved_and_loaded_bit_for_bit(kind, tmp_path):
    p = KINDS[kind]()
    p.save(tmp_path / "p.nc")
    q = Property.load(tmp_path / "p.nc")
    assert q == p
    np.testing.assert_array_equal(q.values.values, p.values.values)
    assert q.source == p.source
    assert [path.name for path in tmp_path.iterdir()] == ["p.nc"]


@pytest.mark.parametrize("kind", KINDS)
def test_plain_data_and_pickle_bit_for_bit(kind):
    p = KINDS[kind]()
    assert Property.from_plain(p.to_plain()) == p
    assert pickle.loads(pickle.dumps(p)) == p


def test_a_specification_holds_a_property_and_passes_through_json():
    class Material(Spec):
        potential: Property

    material = Material(potential=of_x_and_T())
    again = Material.model_validate_json(material.model_dump_json())
    assert again.potential == material.potential
    assert again.digest == material.digest
    with pytest.raises(InputError, match=r"^study.toml: potential: found 3\.4, expected a Property$"):
        Material.read({"potential": 3.4}, "study.toml")


def test_the_dataset_carries_units_names_and_source():
    data = of_x_and_T().to_dataset()
    assert data["open_circuit_voltage"].attrs == {"units": "V", "long_name": "open circuit voltage"}
    assert data["T"].attrs["units"] == "K"
    assert data["x"].attrs["units"] == "1"
    assert Source.from_json(data.attrs["source"]) == ASSUMED


def test_a_file_that_was_changed_or_is_none_is_refused(tmp_path):
    data = of_x().to_dataset()
    data["open_circuit_voltage"][3] += 1e-9
    data.to_netcdf(tmp_path / "changed.nc")
    with pytest.raises(InputError, match=r"changed\.nc: digest: .*the file was changed after it was written"):
        Property.load(tmp_path / "changed.nc")
    xr.Dataset({"a": 1.0}).to_netcdf(tmp_path / "other.nc")
    with pytest.raises(InputError, match=r"other\.nc: property: .*expected a data set written by Property\.save"):
        Property.load(tmp_path / "other.nc")
    (tmp_path / "text.nc").write_text("no NetCDF")
    for name in ("text.nc", "missing.nc"):
        with pytest.raises(InputError, match=name):
            Property.load(tmp_path / name)


@pytest.mark.parametrize("width", [5e-4, 1e-4, 1e-5])
def test_a_step_narrower_than_a_piece_is_not_overshot(width):
    x = np.array([0.0, 0.3, 0.5 - width, 0.5 + width, 0.8, 1.0])
    y = np.array([4.1, 4.05, 4.0, 3.5, 3.45, 3.4])
    value = Property.from_arrays("open_circuit_voltage", {"x": x}, y, "V", Source(kind="assumed"))
    from scalith.numerics.kernel_table import evaluate_many

    probes = np.linspace(0.0, 1.0, 20001)
    found = evaluate_many(value.table(), probes, 298.15)[0]
    assert found.max() <= 4.1 + 1e-9
    assert found.min() >= 3.4 - 1e-9
    away = np.abs(probes - 0.5) > 2e-3
    assert np.abs(found - value(probes))[away].max() < 1e-3


@pytest.mark.parametrize("attribute", ["units", "source"])
def test_a_file_without_one_of_its_attributes_is_refused_by_name(tmp_path, attribute):
    data = Property.from_arrays("u", {"x": [0.0, 1.0]}, [3.0, 4.0], "V", Source(kind="assumed")).to_dataset()
    (data["u"].attrs if attribute == "units" else data.attrs).pop(attribute)
    with pytest.raises(InputError, match=f"no {attribute}, expected {attribute}"):
        Property.from_dataset(data, "u.nc")
