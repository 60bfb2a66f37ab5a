"""The half difference of two heats is the entropy."""

import numpy as np
import pytest

from scalith.lab.cycling import extract_entropy_from_heat
from scalith.quantities import InputError, Result

CAPACITY, T = 18_000.0, 298.15


def cycle(ratio=1.0, noise=0.0):
    time = np.arange(0.0, 2.0 * CAPACITY + 1.0, 60.0)
    out = time <= CAPACITY
    charge = np.minimum(time, 2.0 * CAPACITY - time)
    current = np.where(out, 1.0, -1.0)
    own = 1e-4 * np.sin(6.0 * charge / CAPACITY)
    heat = 0.03 - current * T * own + noise * np.random.default_rng(0).standard_normal(time.size)
    return Result(
        {"voltage": ("time", 4.0 - charge / CAPACITY), "current": ("time", np.where(out, 1.0, -ratio)), "heat": ("time", heat)},
        {"time": ("time", time)},
    )


def test_the_coefficient_and_the_overpotential_come_back():
    found = extract_entropy_from_heat(cycle())
    own = 1e-4 * np.sin(6.0 * found["charge"].values / CAPACITY)
    assert found["entropic_coefficient"].values == pytest.approx(own, abs=1e-6)
    assert found["overpotential"].values == pytest.approx(0.03, abs=1e-4)


def test_the_error_is_that_of_the_scatter():
    found = extract_entropy_from_heat(cycle(noise=5e-3))
    own = 1e-4 * np.sin(6.0 * found["charge"].values / CAPACITY)
    off = (found["entropic_coefficient"].values - own) / found["entropic_coefficient_error"].values
    assert 0.5 < np.std(off) < 1.7


def test_what_is_refused():
    with pytest.raises(InputError, match="same current"):
        extract_entropy_from_heat(cycle(ratio=1.2))
    with pytest.raises(InputError, match="heat flow"):
        extract_entropy_from_heat(cycle().drop_vars("heat"))
    with pytest.raises(InputError, match="extract_entropy_from_heat: charge: found steps of"):
        extract_entropy_from_heat(cycle().isel(time=slice(0, 250)))
