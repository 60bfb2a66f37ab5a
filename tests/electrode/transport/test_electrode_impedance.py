"""Impedance of blocking pores by frequency."""

import numpy as np
import pytest

from scalith.electrode import VoxelImage, connected_to, electrode_impedance, electrode_tortuosity, laminate
from scalith.electrode.transport.electrode_impedance import _currents
from scalith.quantities import InputError

H, SIGMA, C = 1e-7, 0.5, 0.1
BULK = {"conductivity": "0.5 S/m", "capacitance": "0.1 F/m2"}


def complex_of(found):
    return found["resistance"].values + 1j * found["reactance"].values


@pytest.mark.parametrize("exponent", [1.0, 0.85])
def test_a_straight_pore_is_de_levies_line(exponent):
    n = 60
    image = laminate((2, n, 3), H, [("pore", 1), ("active", 1)])
    resistance, surface = n * H / (SIGMA * 3 * H * H), 3 * n * H * H
    # Up to κ = 5: beyond it a voxel is no longer short beside the depth to which ions reach.
    f = np.geomspace(1e-3, 25.0, 12) / (2 * np.pi * resistance * surface * C)
    found = electrode_impedance(image, f, axis="y", exponent=exponent, **BULK)
    interface = (1.0 / (C * (2j * np.pi * f) ** exponent) + 0.5 * H / SIGMA) / surface
    exact = np.sqrt(resistance * interface) / np.tanh(np.sqrt(resistance / interface))
    np.testing.assert_allclose(complex_of(found), exact, rtol=2e-3)
    assert float(found["surface"]) == pytest.approx(surface)
    assert float(found["area"]) == pytest.approx(6 * H * H)


def test_any_image_is_the_matrix_of_its_voxels_at_every_frequency():
    labels = (np.random.default_rng(3).random((7, 6, 5)) > 0.62).astype(np.uint8)
    image = VoxelImage(labels, H, {"pore": 0, "active": 1})
    f = np.geomspace(1e-2, 1e12, 15)
    found = electrode_impedance(image, f, tolerance=1e-8, **BULK)
    inside = connected_to(image, {"pore": 1.0}, "x", 0)
    number = np.where(inside, np.cumsum(inside).reshape(inside.shape) - 1, -1)
    matrix, faces = np.zeros((inside.sum(),) * 2), np.zeros(inside.sum())
    entering = np.zeros(inside.sum())
    entering[number[0][inside[0]]] = 2.0
    for place in np.argwhere(inside):
        here = number[tuple(place)]
        for axis, step in ((axis, step) for axis in range(3) for step in (-1, 1)):
            other = place.copy()
            other[axis] += step
            if not 0 <= other[axis] < inside.shape[axis]:
                continue
            if inside[tuple(other)]:
                matrix[here, here] += 1.0
                matrix[here, number[tuple(other)]] -= 1.0
            else:
                faces[here] += 1.0
    for frequency, z in zip(f, complex_of(found), strict=True):
        g = 1.0 / (0.5 + SIGMA / (H * C * 2j * np.pi * frequency))
        potential = np.linalg.solve(matrix + np.diag(entering + g * faces), entering)
        assert z == pytest.approx(1.0 / (SIGMA * H * (g * faces @ potential)), rel=1e-6)


def test_low_frequencies_tell_the_electrode_tortuosity_and_the_capacitance():
    labels = (np.random.default_rng(5).random((16, 8, 8)) > 0.7).astype(np.uint8)
    image = VoxelImage(labels, H, {"pore": 0, "active": 1})
    found = electrode_impedance(image, [1e-2], tolerance=1e-8, **BULK)
    tau = float(electrode_tortuosity(image, tolerance=1e-9)["electrode_tortuosity"])
    reached = connected_to(image, {"pore": 1.0}, "x", 0)
    ionic = tau * 16 * H / (reached.mean() * SIGMA * 64 * H * H)
    half_a_voxel = 0.5 * H / (SIGMA * float(found["surface"]))
    assert float(found["electrode_tortuosity"]) == pytest.approx(tau, rel=1e-6)
    assert float(found["resistance"][0]) == pytest.approx(ionic / 3 + half_a_voxel, rel=1e-5)
    assert float(found["reactance"][0]) == pytest.approx(-1 / (2 * np.pi * 1e-2 * C * float(found["surface"])), rel=1e-6)


def test_bad_impedances():
    image = laminate((2, 8, 3), H, [("pore", 1), ("active", 1)])
    for frequencies in ([0.0], [], [np.nan]):
        with pytest.raises(InputError, match=r"frequencies: .*positive numbers"):
            electrode_impedance(image, frequencies, axis="y", **BULK)
    with pytest.raises(InputError, match=r"capacitance: .*positive"):
        electrode_impedance(image, [1.0], axis="y", conductivity=1.0, capacitance=0.0)
    with pytest.raises(InputError, match=r"exponent: .*above 0"):
        electrode_impedance(image, [1.0], axis="y", exponent=0.0, **BULK)
    with pytest.raises(InputError, match="no surface that ions reach"):
        electrode_impedance(image, [1.0], axis="y", onto=[], **BULK)


def test_vectors_that_the_memory_does_not_hold_are_refused(monkeypatch):
    faces, resistances = np.ones((12, 12, 12)), 1.0 + np.random.default_rng(1).random((12, 12, 12))
    monkeypatch.setattr("scalith.electrode.requirements.available_memory", lambda: 64 * faces.size - 1)
    with pytest.raises(InputError, match="GiB needed for 1728 voxels"):
        _currents(faces, lambda source: resistances * source, np.geomspace(1e-3, 1e3, 4) + 0j, 1e-9)
