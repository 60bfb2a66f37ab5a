"""The Kramers–Kronig test and Z-HIT: what they let pass and what they name."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.lab.impedance import kramers_kronig, noise_of_repeats, parse_circuit, z_hit
from scalith.lab.measurement import spectrum
from scalith.quantities import InputError

FREQUENCIES = np.geomspace(1e5, 1e-2, 60)
RANDLES = parse_circuit("R0-p(R1-W1,C1)")
VALUES = [10.0, 100.0, 20.0, 2e-5]


def noisy(z, noise, seed):
    numbers = np.random.default_rng(seed)
    return z + noise * np.abs(z) * (numbers.standard_normal(z.size) + 1j * numbers.standard_normal(z.size))


def drifting(share):
    """R1 rises by `share` while the sweep goes down."""
    values = [[10.0, 100.0 * (1 + share * k / 59), 20.0, 2e-5] for k in range(60)]
    return np.array([RANDLES.impedance([f], one)[0] for f, one in zip(FREQUENCIES, values, strict=True)])


def test_what_obeys_the_relations_passes_with_inductance_and_capacitance():
    for circuit, values in (("L0-R0-p(R1-W1,C1)", [5e-7, *VALUES]), ("R0-p(R1,Q1)-C2", [10, 50, 1e-5, 0.85, 0.1])):
        z = parse_circuit(circuit).impedance(FREQUENCIES, values)
        data = kramers_kronig(spectrum(FREQUENCIES, noisy(z, 1e-3, 1)), noise=1e-3 * np.abs(z))
        assert data.attrs["valid"] == "yes"
        assert not data["left_out"].any()


def test_drift_is_seen_by_both():
    z = drifting(0.1)
    data = kramers_kronig(spectrum(FREQUENCIES, noisy(z, 1e-3, 1)), noise=1e-3 * np.abs(z))
    assert data.attrs["valid"] == "no"
    assert "does not obey" in data.attrs["verdict"]
    still = z_hit(spectrum(FREQUENCIES, RANDLES.impedance(FREQUENCIES, VALUES)))
    assert abs(still.attrs["drift"]) < 0.01
    assert z_hit(spectrum(FREQUENCIES, z)).attrs["drift"] > 0.03


def test_an_outlier_is_named_and_the_rest_passes():
    z = noisy(RANDLES.impedance(FREQUENCIES, VALUES), 1e-3, 2)
    z[20] *= 1.03
    data = kramers_kronig(spectrum(FREQUENCIES, z), noise=1e-3 * np.abs(z))
    assert np.flatnonzero(data["left_out"]).tolist() == [20]
    assert data.attrs["valid"] == "yes"
    assert f"once {FREQUENCIES[20]:.4g} Hz is left out" in data.attrs["verdict"]


def test_a_mirrored_spectrum_is_called_a_sign_error():
    data = kramers_kronig(spectrum(FREQUENCIES, RANDLES.impedance(FREQUENCIES, VALUES).conj()))
    assert data.attrs["verdict"].startswith("sign error: with −Im Z")
    assert data.attrs["valid"] == "no"


def test_without_known_noise_there_is_no_verdict():
    data = kramers_kronig(spectrum(FREQUENCIES, noisy(RANDLES.impedance(FREQUENCIES, VALUES), 1e-3, 3)))
    assert data.attrs["valid"] == "not told"
    assert np.isnan(data.attrs["probability"])


def test_noise_of_repeats():
    z = RANDLES.impedance(FREQUENCIES, VALUES)
    error = noise_of_repeats([spectrum(FREQUENCIES, noisy(z, 2e-3, seed)) for seed in range(6)])
    assert np.allclose(error / np.abs(z), 2e-3, rtol=0.15)
    with pytest.raises(InputError, match="at least two repeats"):
        noise_of_repeats([spectrum(FREQUENCIES, z)])


@pytest.mark.parametrize(
    ("frequency", "words"),
    [
        (np.geomspace(1e-2, 1e4, 8), "points a decade, expected at least 3"),
        (np.array([1.0]), "found 1 frequencies, expected at least 5"),
    ],
)
def test_sparse_spectra_are_not_judged(frequency, words):
    with pytest.raises(InputError) as caught:
        kramers_kronig(spectrum(frequency, RANDLES.impedance(frequency, VALUES)))
    assert words in str(caught.value)


def test_it_draws_itself():
    data = kramers_kronig(spectrum(FREQUENCIES, RANDLES.impedance(FREQUENCIES, VALUES)))
    assert data.plot().axes[0].get_ylabel() == "residual / % of |Z|"
