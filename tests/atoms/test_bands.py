import numpy as np
import pytest

from scalith.atoms.bands import REDUCED_PLANCK, band_grid, density_of_states, effective_mass, gpaw_band_grid
from scalith.atoms.engine import Engine
from scalith.quantities import InputError
from scalith.quantities.constants import ELECTRON_MASS, ELEMENTARY_CHARGE

CUBE = 5.0 * np.eye(3)


def parabola(count, inverse_mass, cell=CUBE):
    """E = ħ²/2 k·m⁻¹·k at the grid points next to Γ; rows of `inverse_mass` in 1/electron mass."""
    u = np.stack(np.meshgrid(*[np.fft.fftfreq(count)] * 3, indexing="ij"), axis=-1)
    k = 2.0 * np.pi * 1e10 * u @ np.linalg.inv(cell).T
    energy = 0.5 * REDUCED_PLANCK**2 * np.einsum("...i,ij,...j->...", k, inverse_mass, k) / (ELECTRON_MASS * ELEMENTARY_CHARGE)
    return energy[..., None]


def tight_binding(count, hopping=0.5):
    k = 2.0 * np.pi * np.fft.fftfreq(count)
    wave = -2.0 * hopping * np.cos(k)
    return (wave[:, None, None] + wave[None, :, None] + wave[None, None, :])[..., None]


@pytest.mark.parametrize("cell", [CUBE, np.array([[4.0, 0.0, 0.0], [-2.0, 3.4, 0.0], [0.3, 0.2, 6.0]])])
def test_mass_of_a_parabola_is_exact_in_any_cell(cell):
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    inverse = turn @ np.diag([2.0, 1.0, 0.5]) @ turn.T
    found = effective_mass(band_grid(cell, parabola(7, inverse, cell), 0.1), 0)
    np.testing.assert_allclose(found["inverse_mass"], inverse, atol=1e-12)
    np.testing.assert_allclose(np.sort(found["principal_mass"]), [0.5, 1.0, 2.0], rtol=1e-12)
    assert float(found["density_of_states_mass"]) == pytest.approx(1.0)


def test_mass_of_tight_binding_is_reached_in_second_order():
    exact = REDUCED_PLANCK**2 / (2.0 * 0.5 * ELEMENTARY_CHARGE * (5e-10) ** 2) / ELECTRON_MASS
    errors = [
        abs(effective_mass(band_grid(CUBE, tight_binding(n), 1.0), 0)["principal_mass"].values[0] - exact) for n in (16, 32)
    ]
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.05)


def test_mass_at_the_top_of_a_band_is_negative():
    found = effective_mass(band_grid(CUBE, tight_binding(16), 1.0), 0, at=(8, 8, 8))
    assert np.all(found["principal_mass"] < 0)


@pytest.mark.long
def test_density_of_states_counts_every_state():
    bands = band_grid(CUBE, np.concatenate([tight_binding(12), 2.0 + tight_binding(12)], axis=3), 2.0)
    energy = np.linspace(-3.5, 5.5, 1001)
    found = density_of_states(bands, energy)["density_of_states"].values
    assert np.trapezoid(found, energy) == pytest.approx(4.0, rel=1e-3)
    assert np.all(found >= 0)
    assert np.all(density_of_states(bands, [20.0, 21.0])["density_of_states"] == 0.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: band_grid(CUBE, np.zeros((3, 3, 3)), 1.0), "shape"),
        (lambda: band_grid(np.zeros((3, 3)), np.zeros((3, 3, 3, 1)), 1.0), "span a volume"),
        (lambda: band_grid(CUBE, np.zeros((3, 3, 3, 1)), 3.0), "what the bands hold"),
        (lambda: effective_mass(band_grid(CUBE, tight_binding(8), 1.0), 4), "0 to 0"),
        (lambda: effective_mass(band_grid(CUBE, tight_binding(2), 1.0), 0), "3 points or more"),
        (lambda: effective_mass(band_grid(CUBE, np.zeros((4, 4, 4, 1)), 1.0), 0), "no curvature"),
        (lambda: gpaw_band_grid(None, Engine(name="ase.calculators.emt:EMT"), (2, 2, 2)), "gpaw: other engines"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()
