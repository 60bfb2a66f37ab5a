"""Numbers with errors: read, kept, counted by digests, drawn from."""

from __future__ import annotations

import copy
import pickle
from typing import Annotated

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field
from scipy.stats import chi2, kstest

from scalith.quantities import (
    SI,
    ErrorComponent,
    InputError,
    Property,
    Source,
    Spec,
    Uncertain,
    parse_uncertain,
    read_property_csv,
    write_property_csv,
)
from scalith.quantities.specification import Fraction, Length, Temperature, Voltage
from scalith.quantities.uncertain import correlated_deviates, correlations, deviation_of_log, log_of_deviation, shifted

MEASURED = Source(kind="measured", reference="a lab")


class Layer(Spec):
    thickness: Length
    porosity: Fraction = 0.3
    tortuosity: Annotated[float, SI("1"), Field(ge=1)] | None = None
    offset: Voltage = 0.0
    temperature: Temperature = 298.15
    conductivities: dict[str, Annotated[float, SI("S m-1"), Field(gt=0)]] = Field(default_factory=dict)
    diffusivity: Property | None = None


class Cell(Spec):
    layers: tuple[Layer, ...]


@pytest.mark.parametrize(
    ("text", "unit", "value", "error"),
    [
        ("0.36 ± 0.02", "1", 0.36, 0.02),
        ("0.36 +- 0.02", "1", 0.36, 0.02),
        ("0.36+/-0.02", "1", 0.36, 0.02),
        ("0.36 ± 5%", "1", 0.36, 0.018),
        ("36 % ± 2 %", "1", 0.36, 0.02),
        ("(36 ± 2) %", "1", 0.36, 0.02),
        ("80 um ± 5 %", "m", 80e-6, 4e-6),
        ("80 ± 4 um", "m", 80e-6, 4e-6),
        ("(80 ± 4) um", "m", 80e-6, 4e-6),
        ("80 um ± 400 nm", "m", 80e-6, 4e-7),
        ("25 degC ± 2 K", "K", 298.15, 2.0),
        ("25 degC ± 2 degC", "K", 298.15, 2.0),
        ("-1.9 eV ± 20 meV", "eV", -1.9, 0.02),
        ({"value": "80 um", "standard_error": "5 %"}, "m", 80e-6, 4e-6),
        ({"value": 8e-5, "standard_error": 4e-6}, "m", 80e-6, 4e-6),
    ],
)
def test_a_number_is_read_with_its_error(text, unit, value, error):
    read = parse_uncertain(text, unit)
    assert isinstance(read, Uncertain)
    assert (float(read), read.error) == pytest.approx((value, error), rel=1e-14)


def test_a_factor_is_the_deviation_of_the_logarithm():
    read = parse_uncertain("3e-15 m2/s × 1.6", "m2 s-1")
    assert float(read) == 3e-15
    assert log_of_deviation(read.error / read) == pytest.approx(np.log(1.6))
    assert parse_uncertain("3e-15 m2/s */ 1.6", "m2 s-1").error == read.error


def test_no_error_is_a_plain_number():
    for text in ("80 um", 8e-5, "80 um ± 0 um", "80 um × 1"):
        read = parse_uncertain(text, "m")
        assert type(read) is float
        assert read == 80e-6


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("80 um ± 4", "m", "found an error of 4 without a unit, expected one with its unit, such as '4 um', or in %"),
        ("80 um ± 2 s", "m", "found unit 's', expected a unit convertible to m"),
        ("25 degC ± 5 %", "K", "found 5 % of a number in degC, expected an error in K"),
        ("80 um ± -4 um", "m", "expected an error that is finite and not negative"),
        ("80 um ± nan um", "m", "expected an error that is finite and not negative"),
        ("3 m × 0.5", "m", "a positive number and a factor of at least 1"),
        ("-3 m × 2", "m", "a positive number and a factor of at least 1"),
        ("1 ± 2 ± 3", "1", "one number and one error"),
        ("1 ± much", "1", "an error such as"),
        ({"value": 1, "error": 2}, "1", "a number, or value and standard_error"),
    ],
)
def test_what_cannot_be_read_is_said(text, unit, message):
    with pytest.raises(InputError) as caught:
        parse_uncertain(text, unit)
    assert message in str(caught.value)


def test_a_specification_sees_a_float_and_keeps_the_error():
    layer = Layer.read({"thickness": "80 um ± 5 %", "conductivities": {"carbon": "10 S/m × 2"}, "tortuosity": "1.5 ± 0.1"})
    assert isinstance(layer.thickness, float)
    assert 2 * layer.thickness == 160e-6
    assert layer.thickness.error == pytest.approx(4e-6)
    with pytest.raises(InputError, match="greater than 0"):
        Layer.read({"thickness": "-80 um ± 5 um"})
    for same in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer)), Layer.model_validate_json(layer.model_dump_json())):
        assert same.digest == layer.digest
        assert same.thickness.error == layer.thickness.error


def test_the_error_counts_in_the_digest():
    digests = {Layer.read({"thickness": text}).digest for text in ("80 um", "80 um ± 5 %", "80 um ± 6 %")}
    assert len(digests) == 3


@given(st.floats(1e-3, 30.0))
def test_deviation_of_the_logarithm_turns_back(relative):
    assert deviation_of_log(log_of_deviation(relative)) == pytest.approx(relative, rel=1e-9)


@given(st.floats(1e-20, 1e20), st.floats(1e-3, 10.0), st.floats(-5, 5))
def test_positive_numbers_stay_positive(value, relative, deviate):
    assert shifted(value, relative * value, deviate, "log") > 0.0


@given(st.floats(0.01, 0.99), st.floats(1e-4, 0.5), st.floats(-4, 4))
def test_fractions_stay_fractions(value, error, deviate):
    assert 0.0 <= shifted(value, error, deviate, "logit") <= 1.0


@pytest.mark.parametrize(("error", "scale"), [(0.6, "log"), (0.05, "log"), (0.6, "linear")])
def test_members_scatter_as_stated(error, scale):
    """Median is the value, standard deviation is the error; on the scale of the error members are normal."""
    drawn = shifted(2.0, 2.0 * error, np.random.default_rng(5).standard_normal(200_000), scale)
    assert np.median(drawn) == pytest.approx(2.0, rel=0.01)
    assert drawn.std() == pytest.approx(2.0 * error, rel=0.02)


def test_numbers_have_their_places_and_keep_their_errors():
    layers = [{"thickness": "80 um ± 5 %", "conductivities": {"carbon": "10 S/m", "binder": 1.0}}, {"thickness": "20 um"}]
    found = Cell.read({"layers": layers}).numbers_by_path()
    assert found["layers.0.thickness"] == pytest.approx(80e-6)
    assert found["layers.0.conductivities.carbon"] == 10.0
    assert [path for path, number in found.items() if isinstance(number, Uncertain)] == ["layers.0.thickness"]
    assert found["layers.0.thickness"].error == pytest.approx(4e-6)


def test_a_drawn_specification_is_plain_and_keeps_its_limits():
    cell = Cell.read(
        {
            "layers": [
                {
                    "thickness": "80 um × 3",
                    "porosity": "0.95 ± 0.2",
                    "offset": "1 mV ± 10 mV",
                    "conductivities": {"carbon": "10 S/m ± 9 S/m", "binder": 1.0},
                    "diffusivity": Property.constant("D", 1e-14, "m2 s-1", MEASURED, 1e-14).to_plain(),
                },
                {"thickness": "20 um"},
            ]
        }
    )
    numbers = np.random.default_rng(3)
    members = [cell.drawn(numbers) for _ in range(300)]
    first = [member.layers[0] for member in members]
    assert all(type(layer.thickness) is float and layer.thickness > 0 for layer in first)
    assert all(0 < layer.porosity < 1 for layer in first)
    assert all(layer.conductivities["carbon"] > 0 and layer.conductivities["binder"] == 1.0 for layer in first)
    assert all(layer.diffusivity() > 0 and layer.diffusivity.standard_error is None for layer in first)
    assert min(layer.offset for layer in first) < 0 < max(layer.offset for layer in first)
    assert all(member.layers[1] is cell.layers[1] for member in members)
    assert len({member.digest for member in members}) == 300
    assert np.std(np.log([layer.thickness for layer in first])) == pytest.approx(np.log(3.0), rel=0.15)
    plain = Cell.read({"layers": [{"thickness": 1e-4}]})
    assert plain.drawn(numbers) is plain


def test_a_member_outside_the_limits_of_its_field_is_refused():
    layer = Layer.read({"thickness": 1e-4, "tortuosity": "1.01 ± 0.5"})
    numbers = np.random.default_rng(1)
    with pytest.raises(InputError, match=r"a member of Layer: tortuosity.*greater than or equal to 1"):
        [layer.drawn(numbers) for _ in range(50)]


# -- properties ---------------------------------------------------------------------------------------------------


def diffusivity(relative: float, length: float | None = None) -> Property:
    x = np.linspace(0, 1, 41)
    values = 1e-14 * (1 + x)
    error = ErrorComponent("stated", relative * values, length)
    return Property.from_arrays("chemical_diffusivity", {"x": x}, values, "m2 s-1", MEASURED, components=(error,))


def test_a_diffusivity_known_within_60_percent_stays_positive():
    """Drawn on the linear scale, one member in twenty had a negative diffusivity."""
    property_ = diffusivity(0.6)
    numbers = np.random.default_rng(1)
    members = np.array([property_.drawn(numbers).values.values for _ in range(600)])
    assert members.min() > 0
    assert np.allclose(members.std(axis=0) / property_.values.values, 0.6, rtol=0.15)
    # Without a length the error is one number: every member has the shape of the curve.
    assert np.ptp(members / property_.values.values, axis=1).max() < 1e-12


def test_a_stated_length_lets_the_curve_bend():
    property_ = diffusivity(0.3, 0.2)
    numbers = np.random.default_rng(2)
    logs = np.log([property_.drawn(numbers).values.values for _ in range(1000)])
    found = np.corrcoef(logs, rowvar=False)
    assert np.allclose(found, correlations(property_.coordinates["x"], 0.2), atol=0.12)


@pytest.mark.parametrize("length", [0.02, 0.15, 1.0])
def test_deviates_have_their_correlation_on_any_grid(length):
    """On a grid so fine that nodes are left out, too."""
    x = np.linspace(0, 1, 501)
    numbers = np.random.default_rng(4)
    sample = np.array([correlated_deviates(x, length, numbers) for _ in range(800)])[:, ::50]
    assert np.allclose(np.cov(sample, rowvar=False), correlations(x[::50], length), atol=0.16)


def test_a_potential_moves_on_the_linear_scale():
    """Its zero is a choice: a graphite potential of 10 mV known within 20 mV may be below lithium's."""
    voltage = Property.constant("open_circuit_voltage", 0.01, "V", MEASURED, 0.02)
    numbers = np.random.default_rng(1)
    members = np.array([voltage.drawn(numbers)() for _ in range(1000)])
    assert members.mean() == pytest.approx(0.01, abs=0.002)
    assert members.std() == pytest.approx(0.02, rel=0.08)


def test_parts_add_in_squares_and_keep_their_names(tmp_path):
    x = np.linspace(0, 1, 6)
    parts = (ErrorComponent("sampling", np.full(6, 0.003), 0.1), ErrorComponent("functional", np.full(6, 0.004)))
    voltage = Property.from_arrays("open_circuit_voltage", {"x": x}, 3.4 - x, "V", MEASURED, components=parts)
    assert voltage.error(0.3) == pytest.approx(0.005)
    assert voltage.error_parts(0.3) == pytest.approx({"sampling": 0.003, "functional": 0.004})
    voltage.save(tmp_path / "v.nc")
    for back in (Property.load(tmp_path / "v.nc"), Property.from_plain(voltage.to_plain())):
        assert back == voltage
        assert [(part.name, part.correlation_length) for part in back.components] == [("sampling", 0.1), ("functional", None)]
    other = Property.from_arrays("open_circuit_voltage", {"x": x}, 3.4 - x, "V", MEASURED, np.full(6, 0.005))
    assert other.digest != voltage.digest
    with pytest.raises(InputError, match="each name once"):
        Property.from_arrays("V", {"x": x}, x, "V", MEASURED, components=(parts[0], parts[0]))
    with pytest.raises(InputError, match="depends on no composition"):
        Property.from_arrays("V", {"T": x + 300}, x, "V", MEASURED, components=parts)


@pytest.mark.parametrize("relative", [0.02, 0.5])
def test_members_are_covered_at_the_nominal_rate(relative):
    """Squares of the members' distances from the curve, with their correlation, follow the chi-squared distribution."""
    property_ = diffusivity(relative, 0.3)
    chosen = np.arange(0, 41, 10)
    inverse = np.linalg.inv(correlations(property_.coordinates["x"][chosen], 0.3))
    numbers = np.random.default_rng(8)
    squares = []
    for _ in range(400):
        z = np.log(property_.drawn(numbers).values.values / property_.values.values)[chosen] / log_of_deviation(relative)
        squares.append(z @ inverse @ z)
    assert kstest(squares, chi2(chosen.size).cdf).pvalue > 0.01
    assert np.mean(np.array(squares) < chi2(chosen.size).ppf(0.9)) == pytest.approx(0.9, abs=0.05)


def test_a_file_states_its_correlation_length(tmp_path):
    path = tmp_path / "d.csv"
    path.write_text(
        "# source: GITT\n# correlation_length: 0.1\nx [1], diffusivity [m2/s], standard_error [m2/s]\n0, 1e-14, 6e-15\n1, 2e-14, 6e-15\n"
    )
    read = read_property_csv(path, "diffusivity", "m2 s-1", {"x": "1", "T": "K"})
    assert read.components[0].correlation_length == 0.1
    write_property_csv(read, tmp_path / "again.csv")
    again = read_property_csv(tmp_path / "again.csv", "diffusivity", "m2 s-1", {"x": "1", "T": "K"})
    assert again.components[0].correlation_length == 0.1
    assert np.array_equal(again.standard_error, read.standard_error)
    path.write_text("# correlation_length: 0.1\nx [1], diffusivity [m2/s]\n0, 1e-14\n1, 2e-14\n")
    with pytest.raises(InputError, match="a column standard_error beside it"):
        read_property_csv(path, "diffusivity", "m2 s-1", {"x": "1"})
