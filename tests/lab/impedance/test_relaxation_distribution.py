"""Distributions of relaxation times: closed forms come back, total resistance is kept, peaks carry a probability."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.lab.impedance import (
    decompose_peaks,
    gerischer_distribution,
    parse_circuit,
    relaxation_times,
    warburg_relaxations,
    zarc_distribution,
)
from scalith.lab.measurement import spectrum
from scalith.quantities import InputError

FREQUENCIES = np.geomspace(1e-2, 1e5, 71)
TWO = parse_circuit("R0-Zarc1-Zarc2").impedance(FREQUENCIES, [10, 50, 1e-3, 0.8, 30, 1e-1, 0.8])


def noisy(z, noise, seed=0):
    numbers = np.random.default_rng(seed)
    return z + noise * np.abs(z) * (numbers.standard_normal(z.size) + 1j * numbers.standard_normal(z.size))


def test_the_distribution_of_an_arc_is_the_closed_one():
    z = parse_circuit("R0-Zarc1").impedance(FREQUENCIES, [10, 50, 1e-2, 0.8])
    data = relaxation_times(spectrum(FREQUENCIES, z), samples=0)
    exact = zarc_distribution(data["relaxation_time"].values, 50, 1e-2, 0.8)
    assert np.abs(data["distribution"].values - exact).max() < 0.03 * exact.max()
    assert data.attrs["R_infinity"] == pytest.approx(10, rel=5e-3)
    assert data.attrs["polarisation_resistance"] == pytest.approx(50, rel=5e-3)


def test_closed_forms_carry_their_resistance_and_give_their_impedance():
    tau = np.logspace(-12, 12, 20001)
    step = np.log(tau[1] / tau[0])
    s = 2j * np.pi * FREQUENCIES[:, None]
    for gamma, circuit, values in (
        (zarc_distribution(tau, 2.0, 1e-2, 0.7), "Zarc1", [2.0, 1e-2, 0.7]),
        (gerischer_distribution(tau, 2.0, 1e-2), "G1", [2.0, 1e-2]),
    ):
        z = step * (gamma / (1 + s * tau)).sum(axis=1)
        # The end of Gerischer's distribution is a root's pole: a sum over a grid meets it to a few per cent only.
        assert np.allclose(z, parse_circuit(circuit).impedance(FREQUENCIES, values), rtol=2e-5 if circuit == "Zarc1" else 0.03)
    times, resistances = warburg_relaxations(2.0, 1e-2, 20000)
    layer = (resistances / (1 + s * times)).sum(axis=1)
    assert np.allclose(
        layer[FREQUENCIES < 1e3], parse_circuit("Ws1").impedance(FREQUENCIES[FREQUENCIES < 1e3], [2.0, 1e-2]), rtol=1e-3
    )


@pytest.mark.parametrize("strength", ["gcv", "l-curve"])
def test_two_arcs_are_real_and_their_sum_is_the_spectrum(strength):
    data = relaxation_times(spectrum(FREQUENCIES, noisy(TWO, 1e-3)), strength=strength, samples=100)
    real = data["peak_probability"].values >= 0.95
    assert np.allclose(np.log10(data["peak_time"].values[real]), [-3, -1], atol=0.15)
    assert np.allclose(data["peak_resistance"].values[real], [50, 30], rtol=0.1)
    z = data["resistance"].values + 1j * data["reactance"].values
    assert np.abs(z / TWO - 1).max() < 3e-3
    assert data.attrs["noise"] == pytest.approx(1e-3, rel=0.2)


def test_the_band_holds_the_truth():
    covered = []
    for seed in range(6):
        data = relaxation_times(spectrum(FREQUENCIES, noisy(TWO, 3e-3, seed)), samples=100)
        tau = data["relaxation_time"].values
        exact = zarc_distribution(tau, 50, 1e-3, 0.8) + zarc_distribution(tau, 30, 1e-1, 0.8)
        inside = (tau > 1e-5) & (tau < 10)
        held = (exact >= data["distribution_lower"].values) & (exact <= data["distribution_upper"].values)
        covered.append(np.mean(held[inside]))
    assert np.mean(covered) > 0.85


@pytest.mark.parametrize("shape", ["zarc", "gaussian"])
def test_peaks_are_told_apart(shape):
    measured = spectrum(FREQUENCIES, noisy(TWO, 1e-3))
    peaks = decompose_peaks(relaxation_times(measured, samples=100), measured, shape=shape)
    assert np.allclose(peaks["resistance"], [50, 30], rtol=0.02 if shape == "zarc" else 0.1)
    assert np.allclose(np.log10(peaks["relaxation_time"]), [-3, -1], atol=0.1)


def test_inductance_and_series_capacitance_are_found():
    z = TWO + 2j * np.pi * FREQUENCIES * 1e-6
    data = relaxation_times(spectrum(FREQUENCIES, z), samples=0)
    assert data.attrs["L"] == pytest.approx(1e-6, rel=0.02)
    z = TWO + 1 / (2j * np.pi * FREQUENCIES * 0.5)
    data = relaxation_times(spectrum(FREQUENCIES, z), samples=0, series_capacitance=True)
    assert data.attrs["inverse_C"] == pytest.approx(2.0, rel=0.02)


def test_an_inductive_loop_needs_a_sign():
    """A relaxation of negative resistance at low frequency, as adsorbed intermediates and side reactions make."""
    z = parse_circuit("R0-Zarc1").impedance(FREQUENCIES, [10, 50, 1e-3, 0.85])
    z = z - parse_circuit("Zarc1").impedance(FREQUENCIES, [10, 1.0, 0.85])
    data = relaxation_times(spectrum(FREQUENCIES, noisy(z, 1e-3)), signed=True, samples=50)
    lowest = int(np.argmin(data["distribution"].values))
    assert data["distribution"].values[lowest] < 0
    assert np.log10(data["relaxation_time"].values[lowest]) == pytest.approx(0.0, abs=0.3)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"strength": "best"}, "'gcv' or 'l-curve'"), ({"strength": -1.0}, "a positive number"), ({"level": 2.0}, "a share")],
)
def test_wrong_options_are_named(options, words):
    with pytest.raises(InputError) as caught:
        relaxation_times(spectrum(FREQUENCIES, TWO), **options)
    assert words in str(caught.value)


def test_no_decomposition_without_a_band_or_a_spectrum():
    data = spectrum(FREQUENCIES, TWO)
    with pytest.raises(InputError, match="no band"):
        decompose_peaks(relaxation_times(data, samples=0), data)
    with pytest.raises(InputError, match="the spectrum"):
        decompose_peaks(relaxation_times(data, samples=20))


def test_it_draws_itself():
    assert relaxation_times(spectrum(FREQUENCIES, TWO), samples=20).plot().axes[0].get_xlabel() == "relaxation time / s"
