"""The chemical potential of coexistence against exact common tangents."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from scalith.lattice import common_tangents, metal_energy, open_circuit_voltage, phase_boundaries
from scalith.lattice.phases.isotherms import coexistence, isotherms
from scalith.lattice.phases.thermodynamics import X_GRID
from scalith.quantities import Source
from scalith.quantities.constants import BOLTZMANN_EV

T = 300.0
KT = BOLTZMANN_EV * T


def subregular(first: float, skew: float):
    """g, its slope and curvature and the energy, eV per site, of x(1 − x)(first + skew·x) in units of kT beside ideal mixing."""
    a, b = first * KT, skew * KT

    def energy(x):
        return x * (1 - x) * (a + b * x)

    def free(x):
        return energy(x) + KT * (x * np.log(x) + (1 - x) * np.log(1 - x))

    def slope(x):
        return a * (1 - 2 * x) + b * (2 * x - 3 * x**2) + KT * np.log(x / (1 - x))

    def curvature(x):
        return -2 * a + b * (2 - 6 * x) + KT / (x * (1 - x))

    return energy, free, slope, curvature


def sampled(first: float, skew: float, step: float, offset: float) -> xr.Dataset:
    """States of that solution, `step` (eV) apart, without error."""
    energy, free, slope, curvature = subregular(first, skew)
    dense = 0.5 - 0.5 * np.cos(np.linspace(1e-3, np.pi - 1e-3, 1500))
    mu = np.arange(-8 * KT, 8 * KT + skew * KT, step) + offset
    g = free(dense)
    x = np.array([dense[np.argmin(g - value * dense)] for value in mu])
    for _ in range(8):  # from the grid to the root
        x = np.clip(x - (slope(x) - mu) / curvature(x), 1e-9, 1 - 1e-9)
    phi = free(x) - mu * x
    columns = {
        "x": x,
        "x_error": np.full_like(x, 1e-6),
        "energy": energy(x),
        "energy_error": np.full_like(x, 1e-7),
        "fluctuations": KT / curvature(x),
        "fluctuations_error": np.full_like(x, 1e-5),
        "partial_energy": slope(x) - KT * np.log(x / (1 - x)),
        "partial_energy_error": np.full_like(x, 1e-5),
        "grand_potential": phi,
        "grand_potential_error": np.zeros_like(x),
    }
    data = xr.Dataset(coords={"T": [T], "mu": mu})
    for name, values in columns.items():
        data[name] = (("T", "mu"), values[None])
    return data.assign_attrs(sites=1000, cells=1000, ion_charge=1, source=Source(kind="assumed").to_json())


def noisy(data: xr.Dataset, noise: float, seed: int) -> xr.Dataset:
    """Those states with errors (eV) of their grand potentials."""
    scatter = noise * np.random.default_rng(seed).standard_normal(data["grand_potential"].shape)
    error = data["grand_potential_error"] + noise
    return data.assign(grand_potential=data["grand_potential"] + scatter, grand_potential_error=error)


@pytest.mark.parametrize(("first", "skew"), [(2.6, 0.0), (2.6, 1.0), (3.0, -1.5)])
@pytest.mark.parametrize("step", [2e-3, 8e-3])
def test_it_is_that_of_the_common_tangent(first, skew, step):
    """And nearer to it than chords of the free energy, one or the mean of nine, which know no curvature."""
    _, free, slope, _ = subregular(first, skew)
    (exact,) = common_tangents(free, slope)
    new, one, nine = [], [], []
    for offset in np.linspace(0.0, step, 3, endpoint=False):
        (iso,) = isotherms(sampled(first, skew, step, offset))
        ((a, b),) = iso.gaps
        level, error = coexistence(iso, a, b)
        assert abs(level - exact.slope) < 3 * error + 1e-6
        g = iso.energy - iso.T * iso.entropy
        chords = np.array([[(g[j] - g[i]) / (iso.x[j] - iso.x[i]) for j in (b, b + 1, b + 2)] for i in (a - 2, a - 1, a)])
        new.append(level - exact.slope)
        one.append(chords[2, 0] - exact.slope)
        nine.append(chords.mean() - exact.slope)
    new, one, nine = (np.sqrt(np.mean(np.square(away))) for away in (new, one, nine))
    assert new < 0.02 * step
    assert new <= min(one, nine) + 1e-7


def test_its_error_covers_the_noise_of_grand_potentials():
    _, free, slope, _ = subregular(2.6, 1.0)
    (exact,) = common_tangents(free, slope)
    data, away = sampled(2.6, 1.0, 4e-3, 1e-3), []
    for seed in range(40):
        (iso,) = isotherms(noisy(data, 2e-4, seed))
        ((a, b),) = iso.gaps
        level, error = coexistence(iso, a, b)
        away.append((level - exact.slope) / error)
    assert 0.3 < np.sqrt(np.mean(np.square(away))) < 1.1
    assert np.abs(away).max() < 3.0


def test_voltage_and_phase_boundaries_have_the_same_plateau():
    data = noisy(sampled(2.6, 1.0, 4e-3, 1e-3), 2e-4, 0)
    found = phase_boundaries(data)
    voltage = open_circuit_voltage(data, metal_energy(0.0, "test"))
    inside = (float(found["x_low"][0]) + 0.02 < X_GRID) & (float(found["x_high"][0]) - 0.02 > X_GRID)
    assert voltage.nominal.values[inside, 0] == pytest.approx(-float(found["chemical_potential"][0]), abs=1e-12)
    assert voltage.standard_error.values[inside, 0] == pytest.approx(float(found["chemical_potential_error"][0]))
    # So are its ends those of the tangent.
    (exact,) = common_tangents(*subregular(2.6, 1.0)[1:3])
    for name, place in (("x_low", exact.low), ("x_high", exact.high)):
        assert abs(float(found[name][0]) - place) < 3 * float(found[f"{name}_error"][0])
