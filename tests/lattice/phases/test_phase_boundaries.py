"""Two-phase regions travel as a result: a planted jump of x is found where it is."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from scalith.lattice import phase_boundaries
from scalith.quantities import Source
from scalith.quantities.constants import BOLTZMANN_EV


def isotherms(jump: bool) -> xr.Dataset:
    """An ideal gas, or two that a jump from x = 0.2 to 0.8 at μ = 0 parts."""
    T, mu = np.array([280.0, 320.0]), np.linspace(-0.4, 0.4, 800)
    scaled = mu[None, :] / (BOLTZMANN_EV * T[:, None])
    x = 1 / (1 + np.exp(-scaled))
    if jump:
        shift = np.where(mu > 0, np.log(4.0), -np.log(4.0))
        x = 1 / (1 + np.exp(-(scaled + shift)))
    data = xr.Dataset(coords={"T": T, "mu": mu})
    for name, values in {
        "x": x,
        "x_error": np.full_like(x, 1e-5),
        "energy": np.zeros_like(x),
        "energy_error": np.full_like(x, 1e-6),
        "fluctuations": x * (1 - x),
        "fluctuations_error": np.full_like(x, 1e-4),
        "partial_energy": np.zeros_like(x),
        "partial_energy_error": np.full_like(x, 1e-5),
        "grand_potential": BOLTZMANN_EV * T[:, None] * np.log1p(-x),
    }.items():
        data[name] = (("T", "mu"), values)
    return data.assign_attrs(sites=1000, cells=1000, source=Source(kind="assumed").to_json())


def test_a_planted_jump_is_found():
    found = phase_boundaries(isotherms(jump=True))
    assert found["T"].values.tolist() == [280.0, 320.0]
    assert found["x_low"].values == pytest.approx([0.2, 0.2], abs=0.03)
    assert found["x_high"].values == pytest.approx([0.8, 0.8], abs=0.03)


def test_one_phase_has_no_boundary():
    assert phase_boundaries(isotherms(jump=False)).sizes["region"] == 0
