"""Errors of a model of energies: drawn on the energies, they scatter the voltage as they state."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from scalith.crystal import ModelError, average_model_error, draw_model_errors, model_error_parts
from scalith.quantities import InputError
from scalith.quantities.uncertain import correlations

SITES = 4


def orderings() -> xr.Dataset:
    x = np.linspace(0, 1, 21)
    return xr.Dataset({"energy": ("structure", -3.0 * SITES * x), "x": ("structure", x)})


def voltages(errors: dict[str, ModelError], count: int) -> np.ndarray:
    """Voltage of members between neighbouring stoichiometries."""
    numbers = np.random.default_rng(3)
    energies = np.array([draw_model_errors(orderings(), errors, SITES, numbers)["energy"].values for _ in range(count)])
    return -np.diff(energies, axis=1) / SITES / 0.05


def test_a_functional_shifts_the_whole_curve():
    found = voltages({"functional": ModelError.read({"voltage": "80 mV"})}, 500)
    assert np.ptp(found, axis=1).max() < 1e-9
    assert found.mean() == pytest.approx(3.0, abs=0.012)
    assert found[:, 0].std(ddof=1) == pytest.approx(0.08, rel=0.1)


def test_a_learned_potential_bends_it_within_its_length():
    errors = {"functional": ModelError(voltage=0.03), "learned potential": ModelError(voltage=0.04, correlation_length=0.2)}
    found = voltages(errors, 500)
    x = np.linspace(0.025, 0.975, 20)
    expected = 0.03**2 + 0.04**2 * correlations(x, 0.2)
    assert np.allclose(np.cov(found, rowvar=False), expected, atol=5e-4)
    average = -draw_average(errors, 500)
    stated = np.hypot(*average_model_error(errors).values())
    assert average.std(ddof=1) == pytest.approx(stated, rel=0.12)
    assert stated < 0.05  # an error that changes its sign averages out


def draw_average(errors: dict[str, ModelError], count: int) -> np.ndarray:
    numbers = np.random.default_rng(4)
    ends = [draw_model_errors(orderings(), errors, SITES, numbers)["energy"].values[[0, -1]] for _ in range(count)]
    return np.diff(ends, axis=1)[:, 0] / SITES


def test_the_empty_host_is_the_reference():
    member = draw_model_errors(orderings(), {"functional": ModelError(voltage=0.1)}, SITES, np.random.default_rng(1))
    assert float(member["energy"][0]) == 0.0
    assert float(member["energy"][-1]) != -12.0


def test_parts_have_names_and_lengths():
    errors = {"functional": ModelError(voltage=0.03), "learned potential": ModelError(voltage=0.04, correlation_length=0.2)}
    parts = model_error_parts(errors, (3, 2), 2.0)
    assert [(part.name, part.correlation_length) for part in parts] == [("functional", None), ("learned potential", 0.2)]
    assert np.all(parts[1].standard_error == 0.08)
    with pytest.raises(InputError, match="a data set with energy and x"):
        draw_model_errors(xr.Dataset(), errors, SITES, np.random.default_rng(1))
