"""A prediction beside a measurement."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.lab import agreement
from scalith.quantities import ErrorComponent, InputError, Property, Source

MEASURED = Source(kind="measured", reference="a lab")


def line(slope: float, low: float, high: float, error: float | None = None, unit: str = "V") -> Property:
    x = np.linspace(low, high, 5)
    return Property.from_arrays(
        "voltage", {"x": x}, 4.0 - slope * x, unit, MEASURED, None if error is None else np.full(5, error)
    )


def test_deviation_of_two_lines():
    data = agreement(line(1.0, 0.0, 1.0), line(0.9, 0.2, 0.8))
    assert np.allclose(data["deviation"], -0.1 * data["x"], atol=1e-12)
    assert (float(data["x"].min()), float(data["x"].max())) == pytest.approx((0.2, 0.8))
    assert data.attrs["maximum"] == pytest.approx(0.08)
    assert data.attrs["verdict"].startswith("stated")


def test_verdict_follows_the_errors():
    close = agreement(line(1.0, 0, 1, 0.02), line(0.99, 0, 1, 0.02))
    far = agreement(line(1.0, 0, 1, 0.001), line(0.8, 0, 1, 0.001))
    assert close.attrs["verdict"].startswith("agrees within the stated errors (χ² ")
    assert far.attrs["verdict"].startswith("differs by more than the stated errors")
    assert "largest deviation 141 standard errors at x = 1" in far.attrs["verdict"]
    assert np.allclose(far["z_score"], far["deviation"] / np.hypot(0.001, 0.001))


@pytest.mark.parametrize("error", [0.005, 0.05, 0.1, 0.5])
def test_a_flat_prediction_never_agrees_with_a_falling_measurement(error):
    """Errors of one number a curve move it up and down: they bend no flat line to one from 3.98 to 2.88 V."""
    x = np.linspace(0, 1, 101)
    falling = 3.43 + 0.55 * (1 - 2 * x) ** 7  # a plateau with steep ends: within two errors over most of the range
    measured = Property.from_arrays("voltage", {"x": x}, falling, "V", MEASURED)
    flat = Property.from_arrays("voltage", {"x": x}, np.full(101, 3.43), "V", MEASURED, np.full(101, error))
    assert agreement(flat, measured).attrs["verdict"].startswith("differs")


def curve(values: np.ndarray, error: np.ndarray, length: float | None, unit: str) -> Property:
    x = np.linspace(0, 1, values.size)
    return Property.from_arrays(
        "quantity", {"x": x}, values, unit, MEASURED, components=(ErrorComponent("stated", error, length),)
    )


@pytest.mark.long
@pytest.mark.parametrize(("lengths", "unit"), [((None, 0.2), "V"), ((0.1, 0.4), "m2 s-1")])
def test_curves_that_agree_are_said_to_at_the_nominal_rate(lengths, unit):
    """Both sides drawn about one truth, with the correlations that they state."""
    truth = 2.0 + np.sin(3 * np.linspace(0, 1, 41))
    sides = [curve(truth, 0.2 * truth, length, unit) for length in lengths]
    numbers = np.random.default_rng(7)
    agreed = []
    for _ in range(150):
        prediction, measurement = (
            curve(side.drawn(numbers).values.values, 0.2 * truth, length, unit)
            for side, length in zip(sides, lengths, strict=True)
        )
        agreed.append(agreement(prediction, measurement, points=31).attrs["verdict"].startswith("agrees"))
    assert 0.9 <= np.mean(agreed) <= 1.0


def test_a_shift_of_four_errors_is_seen():
    data = agreement(line(1.0, 0, 1, 0.01), Property.from_arrays("voltage", {"x": [0.0, 1.0]}, [3.96, 2.96], "V", MEASURED))
    assert data.attrs["degrees_of_freedom"] == pytest.approx(1.0, rel=0.05)
    assert data.attrs["largest_z"] == pytest.approx(4.0)
    assert data.attrs["verdict"].startswith("differs")


def test_an_upper_bound_is_compared_as_one():
    x = np.linspace(0, 1, 11)
    measured = Property.from_arrays("D", {"x": x}, np.full(11, 1e-14), "m2 s-1", MEASURED, np.full(11, 2e-15))

    def bound(values: float) -> Property:
        source = Source(kind="predicted", marks=("upper bound",))
        return Property.from_arrays("D", {"x": x}, np.full(11, values), "m2 s-1", source)

    assert agreement(bound(1e-10), measured).attrs["verdict"].startswith("is an upper bound, as it says")
    assert agreement(bound(1e-15), measured).attrs["verdict"].startswith("is no upper bound: 11.")


def test_diffusivities_are_compared_as_a_ratio():
    x = np.linspace(0, 1, 30)
    shape = 10.0 ** (-14 + 2 * np.cos(3 * x))
    one = Property.from_arrays("D", {"x": x}, 7 * shape, "m2 s-1", MEASURED)
    other = Property.from_arrays("D", {"x": x}, shape, "m2 s-1", MEASURED)
    data = agreement(one, other)
    assert data.attrs["median_ratio"] == pytest.approx(7.0, rel=1e-3)
    assert "ratio predicted/measured 7" in data.attrs["headline"]


def test_what_cannot_be_compared_is_said():
    with pytest.raises(InputError, match="found 'mol', expected V"):
        agreement(line(1, 0, 1), line(1, 0, 1, unit="mol"))
    with pytest.raises(InputError, match="stoichiometries in common"):
        agreement(line(1, 0, 0.4), line(1, 0.5, 1))
