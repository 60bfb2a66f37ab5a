from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from scalith.lattice import sample_canonical
from scalith.lattice.kernels.fields import compute_fields
from scalith.lattice.sampling.monte_carlo import model_on
from scalith.quantities import InputError
from scalith.quantities.constants import BOLTZMANN_EV
from tests.lattice.models import square_model


def test_energy_and_heat_capacity_equal_exact_enumeration():
    shape, ions, T = (4, 4, 1), 6, 500.0
    model = model_on(square_model(), shape)
    field = np.empty(16)
    energies = []
    for filled in combinations(range(16), ions):
        occupation = np.zeros(16, dtype=np.int8)
        occupation[list(filled)] = 1
        energies.append(compute_fields(model.tables, occupation, field))
    energies = np.array(energies)
    weight = np.exp(-(energies - energies.min()) / (BOLTZMANN_EV * T))
    mean = float(weight @ energies / weight.sum())
    square = float(weight @ energies**2 / weight.sum())
    found = sample_canonical(square_model(), [T], [ions / 16], cells=shape, sweeps=40_000, seed=1)
    error = float(found["energy_error"][0, 0])
    assert 1e-7 < error < 1e-4
    assert float(found["energy"][0, 0]) == pytest.approx(model.constant + mean / 16, abs=5 * error)
    heat = (square - mean**2) / (BOLTZMANN_EV * T**2) / 16
    assert float(found["heat_capacity"][0, 0]) == pytest.approx(heat, abs=5 * float(found["heat_capacity_error"][0, 0]))


def test_ends_and_bad_settings():
    found = sample_canonical(square_model(), [300.0, 400.0], [0.0, 1.0], cells=(6, 6, 1), sweeps=20, seed=1)
    assert np.allclose(found["energy"][0], found["energy"][1])
    assert np.all(found["heat_capacity"] == 0)
    with pytest.raises(InputError, match="from 0 to 1"):
        sample_canonical(square_model(), [300.0], [1.2], cells=(6, 6, 1), seed=1)
    with pytest.raises(InputError, match="at least 20"):
        sample_canonical(square_model(), [300.0], [0.5], cells=(6, 6, 1), sweeps=2, seed=1)
