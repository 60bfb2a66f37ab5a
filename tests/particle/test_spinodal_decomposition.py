from __future__ import annotations

import numpy as np
import pytest

from scalith.particle import PhaseField, simulate_spinodal_decomposition
from scalith.quantities import ConvergenceError, InputError, Property, Source
from scalith.quantities.constants import GAS_CONSTANT

T_ONE = 1.0 / GAS_CONSTANT  # RT = 1
X = np.linspace(-0.2, 1.2, 1401)
WELLS = PhaseField(
    excess_potential=Property.from_arrays(
        "excess_potential", {"x": X}, 2.0 * X * (1 - X) * (1 - 2 * X), "J mol-1", Source(kind="assumed")
    ),
    ideal=False,
    gradient_energy=1.0,
    maximum_concentration=1.0,
    tracer_diffusivity=2.0,
    mobility="constant",
)


def _wave(length, points, amplitude=1e-3):
    place = np.arange(points) * length / points
    return np.cos(2 * np.pi * place / length)[None, :] * np.ones((points, 1)) * amplitude


def test_a_wave_grows_as_linear_theory_says():
    length, q2 = 20.0, (2 * np.pi / 20.0) ** 2
    data = simulate_spinodal_decomposition(
        WELLS, length, [0.0, 1.0, 2.0], initial=0.5 + _wave(length, 32), temperature=T_ONE, tolerance=1e-9
    )
    size = np.ptp(data.stoichiometry.values, axis=(1, 2))
    assert np.log(size[2] / size[1]) == pytest.approx(2.0 * q2 * (1.0 - q2), rel=1e-3)
    assert float(data.wave_number[-1]) == pytest.approx(np.sqrt(q2), rel=1e-3)


def test_the_content_stays_and_the_energy_falls():
    start = 0.45 + 0.05 * np.random.default_rng(2).standard_normal((48, 48))
    data = simulate_spinodal_decomposition(WELLS, 60.0, np.linspace(0.0, 60.0, 13), initial=start, temperature=T_ONE)
    assert np.ptp(data.stoichiometry.mean(("x", "y")).values) < 1e-12
    assert np.diff(data.free_energy.values).max() < 0.0
    assert np.ptp(data.stoichiometry[-1].values) > 0.8


def test_an_interface_between_two_phases_has_its_energy():
    place = (np.arange(64) + 0.5) * 40.0 / 64
    row = 0.5 * (1.0 + np.tanh(0.5 * np.sqrt(2.0) * (10.0 - np.abs(place - 20.0))))
    data = simulate_spinodal_decomposition(WELLS, 40.0, [0.0, 50.0], initial=np.tile(row, (64, 1)), temperature=T_ONE)
    assert float(data.free_energy[-1]) == pytest.approx(2.0 * 40.0 * np.sqrt(2.0) / 6.0, rel=1e-3)


def test_what_it_cannot_do_is_named():
    with pytest.raises(InputError, match="square array"):
        simulate_spinodal_decomposition(WELLS, 1.0, [0.0, 1.0], initial=np.zeros(8))
    with pytest.raises(InputError, match="constant mobility"):
        simulate_spinodal_decomposition(WELLS.model_copy(update={"ideal": True}), 1.0, [0.0, 1.0], initial=np.full((8, 8), 0.5))
    holed = np.full((8, 8), 0.5)
    holed[3, 4] = np.nan
    with pytest.raises(InputError, match="1 values that are not finite"):
        simulate_spinodal_decomposition(WELLS, 1.0, [0.0, 1.0], initial=holed)
    with pytest.raises(InputError, match="increasing"):
        simulate_spinodal_decomposition(WELLS, 1.0, [1.0, 0.0], initial=np.full((8, 8), 0.5))


def test_steps_that_no_length_makes_right_end_it():
    """Below rounding no step meets the tolerance: it is told, in place of a step that does not meet it."""
    with pytest.raises(ConvergenceError, match="too small"):
        simulate_spinodal_decomposition(
            WELLS, 20.0, [0.0, 1.0], initial=0.5 + _wave(20.0, 16), temperature=T_ONE, tolerance=1e-40
        )
