import numpy as np
import pytest
from ase.build import bulk
from ase.units import _amu
from hypothesis import given
from hypothesis import strategies as st

from scalith.atoms.engine import Engine
from scalith.atoms.vibrations import (
    einstein_solid,
    half_shifted_mesh,
    harmonic_thermodynamics,
    imaginary_share,
    phonon_frequencies,
    vibrational_free_energy,
)
from scalith.quantities import InputError, Source
from scalith.quantities.constants import AVOGADRO, ELEMENTARY_CHARGE, GAS_CONSTANT, PLANCK

SIGMA, EPSILON = 3.4, 0.0104
NEAREST = 2.0 ** (1.0 / 6.0) * SIGMA
# Cut between first and second neighbours: springs of one kind, without tension at the minimum of the pair.
SPRINGS = Engine(name="ase.calculators.lj:LennardJones", settings={"sigma": SIGMA, "epsilon": EPSILON, "rc": 1.25 * NEAREST})
SPRING_CONSTANT = 72.0 * EPSILON / NEAREST**2  # eV/Å²


def argon(stretch=1.0):
    return bulk("Ar", "fcc", a=stretch * NEAREST * np.sqrt(2.0))


def flat(frequency, formula_units=1):
    import xarray as xr

    return xr.Dataset(
        {
            "frequency": (("q", "mode"), np.full((1, 3), frequency)),
            "weight": ("q", [1.0]),
            "formula_units": formula_units,
        },
        attrs={"source": Source(kind="assumed", reference="test").to_json()},
    )


@pytest.fixture(scope="module")
def springs():
    return phonon_frequencies(argon(), SPRINGS, supercell=(3, 3, 3), mesh=(4, 4, 4))


def test_springs_between_neighbours_have_the_frequencies_of_born_and_von_karman():
    points = [[0.0, 0.5, 0.5], [0.5, 0.5, 0.5]]  # X and L
    found = phonon_frequencies(argon(), SPRINGS, supercell=(3, 3, 3), q_points=points)["frequency"].values
    mass = argon().get_masses()[0] * _amu
    unit = np.sqrt(SPRING_CONSTANT * ELEMENTARY_CHARGE * 1e20 / mass) / (2 * np.pi)
    at_x = unit * np.sqrt([4.0, 4.0, 8.0])
    at_l = unit * np.sqrt([2.0, 2.0, 8.0])
    np.testing.assert_allclose(np.sort(found, axis=1), [at_x, at_l], rtol=2e-4)


def test_mesh_covers_the_zone_off_its_centre():
    q, weight = half_shifted_mesh((2, 3, 4))
    assert weight.sum() == pytest.approx(1.0, abs=1e-14)
    assert np.min(np.linalg.norm(q - np.round(q), axis=1)) > 0.1
    every = np.concatenate([np.mod(q, 1.0), np.mod(-q, 1.0)])
    assert len(np.unique(np.round(every, 9), axis=0)) == 24


def test_heat_capacity_goes_to_dulong_and_petit_and_to_zero(springs):
    data = harmonic_thermodynamics(springs, [0.0, 1.0, 3000.0])
    assert data["heat_capacity"].values[2] == pytest.approx(3.0 * GAS_CONSTANT, rel=1e-4)
    assert data["heat_capacity"].values[0] == 0.0
    assert data["heat_capacity"].values[1] < 1e-2
    assert data["free_energy"].values[0] == pytest.approx(float(data["zero_point_energy"]), rel=1e-14)


def test_zero_point_energy_is_half_a_quantum_a_mode(springs):
    mean = float(np.sum(springs["weight"].values[:, None] * springs["frequency"].values))
    data = harmonic_thermodynamics(springs, [300.0])
    assert float(data["zero_point_energy"]) == pytest.approx(0.5 * AVOGADRO * PLANCK * mean, rel=1e-12)


def test_free_energy_energy_and_entropy_belong_together(springs):
    T = np.array([20.0, 100.0, 300.0])
    step = 1e-3
    here, above, below = (harmonic_thermodynamics(springs, T + shift) for shift in (0.0, step, -step))
    np.testing.assert_allclose(here["free_energy"], here["energy"] - T * here["entropy"], rtol=1e-10)
    np.testing.assert_allclose(
        -(above["free_energy"].values - below["free_energy"].values) / (2 * step), here["entropy"].values, rtol=1e-6
    )
    np.testing.assert_allclose(
        (above["energy"].values - below["energy"].values) / (2 * step), here["heat_capacity"].values, rtol=1e-6
    )


@given(st.floats(5e11, 5e13), st.floats(5.0, 3000.0))
def test_one_frequency_is_the_einstein_solid(frequency, T):
    summed, closed = harmonic_thermodynamics(flat(frequency), [T]), einstein_solid(frequency, [T])
    for name in ("free_energy", "energy", "heat_capacity", "zero_point_energy"):
        np.testing.assert_allclose(summed[name], closed[name], rtol=1e-11, atol=1e-12)
    # E − F loses digits where both are the zero-point energy.
    np.testing.assert_allclose(summed["entropy"], closed["entropy"], rtol=1e-6, atol=1e-9)


def test_free_energy_over_filling_is_linear_between_two_and_keeps_parents():
    T = np.linspace(100.0, 400.0, 13)
    ends = {0.0: flat(1e13), 1.0: flat(2e13)}
    found = vibrational_free_energy(ends, T)
    assert found.unit == "J mol-1"
    halves = [harmonic_thermodynamics(ends[x], [300.0])["free_energy"].values[0] for x in (0.0, 1.0)]
    assert found(0.5, 300.0) == pytest.approx(np.mean(halves), rel=1e-12)
    assert len(found.source.parents) == 2


def test_vibrations_of_the_metal_are_taken_off_in_proportion():
    T, ends, metal = [100.0, 300.0], {0.0: flat(1e13), 1.0: flat(2e13)}, flat(5e12)
    against = vibrational_free_energy(ends, T, metal=metal)
    alone = vibrational_free_energy(ends, T)
    off = harmonic_thermodynamics(metal, [300.0])["free_energy"].values[0]
    assert against(0.0, 300.0) == pytest.approx(alone(0.0, 300.0))
    assert against(1.0, 300.0) == pytest.approx(alone(1.0, 300.0) - off)
    assert "metal taken off" in against.source.reference_state


def test_imaginary_modes_are_said_and_refused():
    stretched = phonon_frequencies(argon(1.15), SPRINGS, supercell=(3, 3, 3), mesh=(2, 2, 2))
    assert imaginary_share(stretched) > 0.3
    with pytest.raises(InputError, match=r"% of the modes are imaginary, down to .*i THz"):
        harmonic_thermodynamics(stretched, [300.0])
    kept = harmonic_thermodynamics(stretched, [300.0], drop_imaginary=True)
    assert "left out" in Source.from_json(kept.attrs["source"]).note


def test_atoms_under_force_are_refused():
    displaced = argon() * (2, 1, 1)
    displaced.positions[0, 0] += 0.9
    with pytest.raises(InputError, match="a relaxed structure"):
        phonon_frequencies(displaced, SPRINGS)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: einstein_solid(-1.0, [300.0]), "a frequency greater than 0"),
        (lambda: einstein_solid(1e13, [0.0]), "temperatures greater than 0"),
        (lambda: harmonic_thermodynamics(flat(1e13), [-1.0]), "temperatures of 0 K and above"),
        (lambda: vibrational_free_energy({0.0: flat(1e13)}, [300.0]), "two stoichiometries"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()
