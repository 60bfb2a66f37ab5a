import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from scalith.atoms.volume import leave_one_out, misfit_strain, molar_volume, reaction_volume
from scalith.crystal import Host, HostSite
from scalith.quantities import InputError, Property, Source
from scalith.quantities.constants import AVOGADRO

HOST = Host(
    name="LixM",
    working_ion="Li",
    lattice=((4.0, 0.0, 0.0), (0.0, 4.0, 0.0), (0.0, 0.0, 4.0)),
    sites=(
        HostSite(position=(0.0, 0.0, 0.0), species=("M",), charges=(0.0,)),
        HostSite(position=(0.5, 0.5, 0.5), species=("Li", "vacancy"), charges=(1.0, 0.0)),
        HostSite(position=(0.5, 0.0, 0.0), species=("Li", "vacancy"), charges=(1.0, 0.0)),
    ),
)


def orderings(x, volume):
    return xr.Dataset({"x": ("structure", np.asarray(x)), "volume": ("structure", np.asarray(volume))})


def curve(x):
    return 64.0 + 6.0 * x - 2.0 * x**2


def test_partial_molar_volume_is_the_slope_of_the_volume():
    x = np.linspace(0.0, 1.0, 9)
    volume, partial = molar_volume(HOST, orderings(x, curve(x)))
    scale = 1e-30 * AVOGADRO / 2.0  # two sites of the ion in the cell
    at = np.linspace(0.0, 1.0, 5)
    np.testing.assert_allclose(volume(at), scale * curve(at), rtol=1e-9)
    np.testing.assert_allclose(partial(at), scale * (6.0 - 4.0 * at), rtol=1e-6)
    assert volume.source.settings["degree"] == 2
    assert volume.unit == partial.unit == "m3 mol-1"
    assert "not taken off" in partial.source.reference_state


def test_integral_of_partial_molar_volume_is_the_swelling():
    noise = np.random.default_rng(1).normal(0.0, 0.2, 30)
    x = np.repeat(np.linspace(0.0, 1.0, 6), 5)
    volume, partial = molar_volume(HOST, orderings(x, curve(x) + noise))
    at = np.linspace(0.0, 1.0, 2001)
    assert np.trapezoid(partial(at), at) == pytest.approx(volume(1.0) - volume(0.0), rel=1e-3)


def test_error_covers_the_scatter_of_orderings():
    x = np.repeat(np.linspace(0.0, 1.0, 6), 5)
    truth, away = 1e-30 * AVOGADRO / 2.0 * 6.0, []
    for seed in range(200):
        noise = np.random.default_rng(seed).normal(0.0, 0.3, len(x))
        partial = molar_volume(HOST, orderings(x, 64.0 + 6.0 * x + noise), degree=1)[1]
        away.append((partial(0.5) - truth) / partial.error(0.5))
    assert 0.85 < np.std(away) < 1.2
    assert abs(np.mean(away)) < 0.25


def test_metal_is_taken_off_with_its_error():
    x = np.linspace(0.0, 1.0, 9)
    partial = molar_volume(HOST, orderings(x, curve(x)))[1]
    metal = Property.constant("metal_volume", 13.0e-6, "m3 mol-1", Source(kind="published"), 0.1e-6)
    found = reaction_volume(partial, metal)
    assert found(0.5) == pytest.approx(partial(0.5) - 13.0e-6)
    assert found.error(0.5) >= 0.1e-6


def test_leave_one_out_is_that_of_refitting():
    rng = np.random.default_rng(2)
    x = np.linspace(0.0, 1.0, 8)
    y = rng.normal(size=8)
    away = []
    for k in range(8):
        rest = np.arange(8) != k
        away.append(y[k] - np.polyval(np.polyfit(x[rest], y[rest], 2), x[k]))
    assert leave_one_out(x, y, 2) == pytest.approx(np.sqrt(np.mean(np.square(away))))


@given(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1), st.floats(-0.1, 0.1), st.integers(0, 1000))
def test_misfit_is_the_strain_put_in_whatever_the_rotation(first, second, third, seed):
    rng = np.random.default_rng(seed)
    cell = rng.normal(size=(3, 3)) + 4.0 * np.eye(3)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    axes = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    stretch = axes @ np.diag([1 + first, 1 + second, 1 + third]) @ axes.T
    found = misfit_strain(cell, cell @ stretch @ turn.T)
    np.testing.assert_allclose(found["strain"], stretch - np.eye(3), atol=1e-10)
    np.testing.assert_allclose(found["principal_strain"], np.sort([first, second, third]), atol=1e-10)
    assert float(found["volume_change"]) == pytest.approx((1 + first) * (1 + second) * (1 + third) - 1, abs=1e-10)


def test_misfit_and_its_inverse_cancel():
    cell = np.diag([10.3, 6.0, 4.7])
    other = np.diag([9.8, 5.8, 4.8])
    there, back = misfit_strain(cell, other), misfit_strain(other, cell)
    assert (1 + float(there["volume_change"])) * (1 + float(back["volume_change"])) == pytest.approx(1.0)
    assert float(there["rotation"]) == pytest.approx(0.0, abs=1e-7)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: molar_volume(HOST, orderings([0.5], [64.0])), "1 stoichiometries"),
        (lambda: molar_volume(HOST, orderings([0.0, 1.0], [64.0, 68.0]), degree=2), "more than the degree"),
        (lambda: molar_volume(HOST, xr.Dataset({"x": ("structure", [0.0, 1.0])})), "with 'volume'"),
        (lambda: misfit_strain(np.eye(3), np.zeros((3, 3))), "span a volume"),
        (lambda: misfit_strain(np.eye(3), np.diag([2.0, 1.0, 1.0])), "same lattice vectors"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()
