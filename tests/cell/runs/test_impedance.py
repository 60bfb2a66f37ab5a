from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import Mesh, simulate_discharge, simulate_impedance
from scalith.quantities import InputError


def test_the_limit_at_high_frequency_is_the_first_drop(lgm50):
    mesh = Mesh(nodes=60, finest=1e-4)
    z = simulate_impedance(lgm50, [1e5], 0.5, mesh=mesh)
    small = 0.01
    data = simulate_discharge(lgm50, current=small, initial_state_of_charge=0.5, duration=1.0, mesh=mesh, tolerance=1e-8)
    rest = float(data.equilibrium_power[0]) / small
    assert float(z.resistance[0]) == pytest.approx((rest - float(data.voltage[0])) / small, rel=5e-3)


def test_a_cell_is_capacitive_and_its_resistance_falls_with_frequency(lgm50):
    z = simulate_impedance(lgm50, np.logspace(-4, 3, 30))
    assert np.all(z.reactance < 0.0)
    assert np.all(np.diff(z.resistance) < 0.0)
    under_load = simulate_impedance(lgm50, np.logspace(-2, 1, 4), 0.5, current=5.0, load_time=600.0)
    assert np.all(np.isfinite(under_load.resistance))
    assert float(np.abs(under_load.resistance / z.resistance.interp(frequency=under_load.frequency) - 1.0).max()) > 1e-3


def test_nonsense_is_refused(lgm50):
    with pytest.raises(InputError, match="positive numbers"):
        simulate_impedance(lgm50, [0.0])
    with pytest.raises(InputError, match="0 to 1"):
        simulate_impedance(lgm50, [1.0], 3.0)
