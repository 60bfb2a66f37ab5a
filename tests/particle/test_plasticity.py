from __future__ import annotations

import numpy as np
import pytest

from scalith.particle import PlasticHost, core_shell_pressure, cycle_film, film_hysteresis
from scalith.quantities import InputError
from scalith.quantities.constants import FARADAY

SILICON = PlasticHost(
    youngs_modulus=80e9, poisson_ratio=0.22, tensile_yield=1e9, compressive_yield=1.75e9, partial_molar_volume=8.5e-6,
    maximum_concentration=3.11e5,
)  # fmt: skip


def test_a_film_is_elastic_then_flows_and_its_hysteresis_is_the_yield():
    path = np.concatenate([np.linspace(0.0, 0.9, 500), np.linspace(0.9, 0.1, 500)])
    film = cycle_film(SILICON, path)
    stress = film.stress.values
    assert stress.min() == -1.75e9
    assert stress[-1] == 1.0e9
    small = cycle_film(SILICON, [0.0, 0.01, 0.0])
    assert float(small.stress[-1]) == pytest.approx(0.0, abs=1e-6)
    assert float(small.plastic_work[-1]) == 0.0
    assert film.attrs["source"] != cycle_film(SILICON, path[::-1]).attrs["source"]
    np.testing.assert_allclose(film.voltage_shift, 2.0 / 3.0 * 8.5e-6 / FARADAY * stress)


def test_the_hysteresis_of_a_film_costs_a_cell_the_plastic_work():
    shift, half, decay = film_hysteresis(SILICON, 0.5)
    per_stress = 2.0 / 3.0 * 8.5e-6 / FARADAY
    assert (shift, half) == pytest.approx((-0.375e9 * per_stress, 1.375e9 * per_stress))
    up, down = np.linspace(0.1, 0.9, 2001), np.linspace(0.9, 0.1, 2001)
    film = cycle_film(SILICON, np.concatenate([up, down, up, down]))
    plastic = float(film.plastic_work[-1] - film.plastic_work[up.size + down.size - 1])
    # dh = −γ (h ∓ 1) |dx| over the same way and back, from −1: M F c_max (2 X − 4/γ) once it has turned.
    lost = half * FARADAY * 3.11e5 * (2.0 * 0.8 - 4.0 / decay)
    assert lost == pytest.approx(plastic, rel=0.02)
    with pytest.raises(InputError, match="0 to 1"):
        film_hysteresis(SILICON, 1.2)


def test_a_core_is_pressed_by_what_its_shell_bears():
    assert core_shell_pressure(1.0, 1e9) == 0.0
    assert core_shell_pressure(0.5, 1.0, 4.0) == pytest.approx(-2.245, abs=1e-3)
    a = np.linspace(0.1, 1.0, 10)
    assert np.all(np.diff(core_shell_pressure(a, 1e9, 3.0)) > 0.0)


def test_bad_input_is_named():
    with pytest.raises(InputError, match="from 0 to 1"):
        cycle_film(SILICON, [0.0, 1.2])
    with pytest.raises(InputError, match="core_fraction"):
        core_shell_pressure(0.0, 1e9)
