"""Pictures of titrations: the fit that is drawn goes through the data."""

import numpy as np
import pytest

from scalith.lab.titration import (
    extract_entropy_of,
    extract_interruption,
    extract_pitt,
    simulate_entropy,
    simulate_pitt,
)
from scalith.lab.titration.plots import plot_entropy, plot_interruptions, plot_potential_steps
from scalith.quantities import Result


def drawn(axis, k):
    """Ordinates of the line k of a picture."""
    return np.asarray(axis.lines[k].get_ydata(), dtype=np.float64)


@pytest.mark.parametrize("shape", ["sphere", "slab"])
def test_steps_of_potential_are_drawn_with_their_fit(shape):
    data = simulate_pitt(
        radius=5e-6, diffusivity=1e-14, step=-0.01, capacity=10.0, kinetic_resistance=0.05, shape=shape, points=40
    )
    fit = extract_pitt(data, radius=5e-6, step=-0.01, shape=shape)
    left, right = plot_potential_steps([(data, -0.01, fit), (data, -0.01, None)], radius=5e-6, shape=shape).axes
    assert drawn(left, 1) == pytest.approx(drawn(left, 0), rel=1e-3)
    assert len(left.lines) == 3  # the step that was not read has dots alone
    assert drawn(right, 0) == pytest.approx([fit.diffusivity])


def test_interruptions_are_drawn_with_their_lines():
    begin, radius, drift = 4000.0, 5e-6, -1e-6
    time = np.arange(0.0, begin + 61.0)
    off = np.maximum(time - begin, 0.0)
    flowing = time <= begin
    volts = 4.0 + drift * time + 1e-4 * np.sqrt(off) + 0.02 * ~flowing
    data = Result({"voltage": ("time", volts), "current": ("time", 1.0 * flowing)}, {"time": time})
    found = (begin, begin + 60.0, *extract_interruption(data, begin=begin, end=begin + 60.0, radius=radius))
    left, middle, right = plot_interruptions(data, [found, (0.0, 1.0, np.nan, np.nan)]).axes
    assert drawn(left, 1) == pytest.approx(drawn(left, 0), abs=1e-9)
    assert left.get_title() == "1 of 2 told: dots, with fit"
    assert (drawn(middle, 0)[0], drawn(right, 0)[0]) == found[2:]
    assert found[3] == pytest.approx(0.02)


def test_steps_of_temperature_are_drawn_with_their_fit():
    data = simulate_entropy(coefficient=2e-4, time_constant=600.0, drift=1e-8)
    top, bottom = plot_entropy(data, extract_entropy_of(data)).axes
    assert drawn(top, 1) == pytest.approx(drawn(top, 0), abs=1e-6)
    assert np.ptp(drawn(bottom, 1)) == pytest.approx(20.0, rel=1e-3)
