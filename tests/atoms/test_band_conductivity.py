import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalith.atoms.band_conductivity import (
    SOMMERFELD_NUMBER,
    band_conductivity,
    boltzmann_transport,
    drude_conductivity,
    electrons_held,
    fermi_level,
    fermi_level_of_filling,
)
from scalith.atoms.bands import band_grid
from scalith.quantities import InputError
from scalith.quantities.constants import ELECTRON_MASS, ELEMENTARY_CHARGE
from tests.atoms.test_bands import CUBE, parabola, tight_binding

TAU = 1e-14


def test_boltzmann_is_drude_for_a_parabolic_band():
    masses = np.array([0.2, 0.25, 0.3])
    bands = band_grid(CUBE, parabola(48, np.diag(1.0 / masses)), 0.02)
    found = boltzmann_transport(bands, [2500.0], TAU)["conductivity"].values[0]
    carriers = 0.02 / (5e-10) ** 3
    np.testing.assert_allclose(np.diag(found), [drude_conductivity(carriers, TAU, mass) for mass in masses], rtol=1e-6)
    assert np.max(np.abs(found - np.diag(np.diag(found)))) < 1e-9 * np.max(found)


def test_drude_is_textbook():
    # Copper: 8.49e28 electrons/m³, 59.6e6 S/m, hence τ = 2.49e-14 s (Ashcroft, Mermin, table 1.3).
    tau = 59.6e6 * ELECTRON_MASS / (8.49e28 * ELEMENTARY_CHARGE**2)
    assert tau == pytest.approx(2.49e-14, rel=2e-3)
    assert drude_conductivity(8.49e28, tau) == pytest.approx(59.6e6)


def test_metal_keeps_the_law_of_wiedemann_and_franz():
    k = 2.0 * np.pi * np.fft.fftfreq(20001)
    chain = band_grid(CUBE, (-2.0 * np.cos(k))[:, None, None, None], 0.6)
    found = boltzmann_transport(chain, [50.0, 100.0], TAU)
    np.testing.assert_allclose(found["lorenz_number"], SOMMERFELD_NUMBER, rtol=5e-4)
    deviation = np.abs(found["lorenz_number"].values / SOMMERFELD_NUMBER - 1.0)
    assert deviation[1] / deviation[0] == pytest.approx(4.0, rel=0.1)  # the first correction goes with T²
    assert pytest.approx(2.44e-8, rel=2e-3) == SOMMERFELD_NUMBER


def test_seebeck_changes_sign_between_electrons_and_holes():
    k = 2.0 * np.pi * np.fft.fftfreq(4001)
    chain = band_grid(CUBE, (-2.0 * np.cos(k))[:, None, None, None], 1.0)
    few, half, many = (boltzmann_transport(chain, [300.0], TAU, n)["seebeck"].values[0, 0, 0] for n in (0.3, 1.0, 1.7))
    assert few == pytest.approx(-many, rel=1e-6)
    assert few < 0.0 < many
    assert abs(half) < 1e-9 * abs(few)


@settings(max_examples=30)
@given(st.floats(0.01, 1.99), st.floats(5.0, 5000.0))
def test_fermi_level_conserves_electrons(electrons, T):
    bands = band_grid(CUBE, tight_binding(6), 1.0)
    level = fermi_level(bands, T, electrons)
    assert electrons_held(bands, level, T) == pytest.approx(electrons, abs=1e-11)


def test_fermi_level_against_filling_rises_and_is_symmetric():
    bands = band_grid(CUBE, tight_binding(8), 1.0)
    found = fermi_level_of_filling(bands, np.linspace(0.1, 0.9, 9), [300.0, 600.0], electrons_empty=0.0, electrons_full=2.0)
    assert np.all(found.slope("x", np.linspace(0.15, 0.85, 8), 600.0) > 0)
    assert found(0.5, 600.0) == pytest.approx(0.0, abs=1e-9)
    assert found(0.3, 600.0) == pytest.approx(-found(0.7, 600.0), abs=1e-9)
    assert found.unit == "eV"


def test_conductivity_of_filling_follows_the_band():
    bands = band_grid(CUBE, tight_binding(12), 1.0)
    found = band_conductivity(bands, [0.1, 0.5, 0.9], [600.0, 900.0], TAU, electrons_empty=0.0, electrons_full=2.0)
    assert found(0.1, 600.0) == pytest.approx(found(0.9, 600.0), rel=1e-9)
    assert found(0.5, 600.0) > found(0.1, 600.0) > 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda b: fermi_level(b, 0.0), "greater than 0 K"),
        (lambda b: fermi_level(b, 300.0, 2.0), "fewer than the 2"),
        (lambda b: boltzmann_transport(b, [300.0], -1.0), "greater than 0 s"),
        (lambda b: boltzmann_transport(band_grid(CUBE, tight_binding(4), 1.0), [300.0], TAU), "5 points or more"),
        (lambda b: drude_conductivity(-1.0, TAU), "not below 0"),
        (lambda b: drude_conductivity(1.0, TAU, 0.0), "in electron masses"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call(band_grid(CUBE, tight_binding(8), 1.0))


def test_insulator_at_low_temperature_is_said():
    gapped = np.concatenate([tight_binding(6), 30.0 + tight_binding(6)], axis=3)
    with pytest.raises(InputError, match="no states near the Fermi level"):
        boltzmann_transport(band_grid(CUBE, gapped, 2.0), [10.0], TAU)
