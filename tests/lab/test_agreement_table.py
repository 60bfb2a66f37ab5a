"""A prediction beside a measurement."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.lab import agreement
from scalith.quantities import InputError, Property, Source

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
    assert close.attrs["verdict"] == "agrees within the stated errors"
    assert far.attrs["verdict"].startswith("within two standard errors over 2 %")  # where the lines meet
    # A prediction that leaves the measurement over a part of the range does not agree.
    part = agreement(line(1.0, 0, 1, 0.1), line(0.5, 0, 1, 0.1))
    assert part.attrs["verdict"] == "within two standard errors over 56 % of the range, farthest off at x = 1"
    assert np.allclose(far["z_score"], far["deviation"] / np.hypot(0.001, 0.001))


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
