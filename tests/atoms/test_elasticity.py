import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from hypothesis import given
from hypothesis import strategies as st

from scalith.atoms.elasticity import (
    PASCAL,
    _strains_needed,
    _voigt_rotation,
    born_stability,
    elastic_moduli,
    given_stiffness,
    polycrystal_elasticity,
    stiffness_basis,
    stiffness_tensor,
)
from scalith.atoms.engine import Engine
from scalith.quantities import InputError

SIGMA, EPSILON = 3.4, 0.0104
NEAREST = 2.0 ** (1.0 / 6.0) * SIGMA
SPRINGS = Engine(name="ase.calculators.lj:LennardJones", settings={"sigma": SIGMA, "epsilon": EPSILON, "rc": 1.25 * NEAREST})


def argon(stretch=1.0):
    return bulk("Ar", "fcc", a=stretch * NEAREST * np.sqrt(2.0))


def isotropic(bulk_modulus=60e9, shear_modulus=30e9):
    matrix = np.diag([shear_modulus] * 6)
    matrix[:3, :3] = (bulk_modulus - 2.0 / 3.0 * shear_modulus) * np.ones((3, 3)) + 2.0 * shear_modulus * np.eye(3)
    return matrix


def random_rotation(seed):
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    return q * np.sign(np.linalg.det(q))


def random_stiffness(seed):
    factor = np.random.default_rng(seed).normal(size=(6, 6))
    return 1e9 * (factor @ factor.T + 5.0 * np.eye(6))


CRYSTALS = {
    "cubic": (bulk("Ar", "fcc", a=5.3), 3),
    "hexagonal": (bulk("Mg", "hcp", a=3.2, c=5.2), 5),
    "trigonal": (
        Atoms(
            "TiS2",
            cell=[[3.4, 0, 0], [-1.7, 1.7 * np.sqrt(3), 0], [0, 0, 5.7]],
            scaled_positions=[[0, 0, 0], [1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]],
            pbc=True,
        ),
        6,
    ),
    "tetragonal": (Atoms("Sn", cell=[3.0, 3.0, 3.3], pbc=True), 6),
    "orthorhombic": (Atoms("Sn", cell=[3.0, 3.2, 3.5], pbc=True), 9),
    "triclinic": (Atoms("Sn", cell=[[3.0, 0, 0], [0.4, 3.2, 0], [0.5, 0.3, 3.5]], pbc=True), 21),
}


@pytest.mark.parametrize("name", CRYSTALS)
def test_symmetry_leaves_the_constants_of_the_crystal_system(name):
    atoms, count = CRYSTALS[name]
    assert len(stiffness_basis(atoms)) == count


def test_noise_of_a_relaxed_cell_hides_no_strain_that_is_needed():
    atoms, _ = CRYSTALS["orthorhombic"]
    noisy = atoms.copy()
    noisy.set_cell(np.asarray(atoms.cell) + 1e-5 * np.random.default_rng(0).normal(size=(3, 3)))
    basis = stiffness_basis(noisy)
    assert len(basis) == 9
    assert sorted(_strains_needed(basis)) == [0, 1, 2, 3, 4, 5]


def test_springs_of_neighbours_have_the_stiffness_of_born():
    # fcc with central springs k at distance r and no tension: C11 = √2 k/r, C12 = C44 = C11/2 (Cauchy).
    found = stiffness_tensor(argon(), SPRINGS, strain=5e-4)
    c11 = PASCAL * np.sqrt(2.0) * 72.0 * EPSILON / NEAREST**3
    wanted = np.zeros((6, 6))
    wanted[:3, :3] = 0.5 * c11
    np.fill_diagonal(wanted, [c11] * 3 + [0.5 * c11] * 3)
    np.testing.assert_allclose(found["stiffness"].values, wanted, rtol=1e-4, atol=1e-4 * c11)
    assert int(found["independent"]) == 3
    assert float(found["standard_error"].max()) < 1e-4 * c11


def test_stiffness_does_not_depend_on_the_orientation_of_the_cell():
    turned = argon()
    turn = random_rotation(3)
    turned.set_cell(np.asarray(turned.cell) @ turn.T, scale_atoms=True)
    straight, rotated = stiffness_tensor(argon(), SPRINGS), stiffness_tensor(turned, SPRINGS)
    K = _voigt_rotation(turn)
    wanted = K @ straight["stiffness"].values @ K.T
    np.testing.assert_allclose(rotated["stiffness"].values, wanted, atol=1e-3 * np.max(wanted))


def test_isotropic_stiffness_has_one_average():
    data = elastic_moduli(given_stiffness(isotropic(), "made up"))
    np.testing.assert_allclose(data["bulk_modulus"], 60e9, rtol=1e-12)
    np.testing.assert_allclose(data["shear_modulus"], 30e9, rtol=1e-12)
    assert float(data["youngs_modulus"]) == pytest.approx(9 * 60e9 * 30e9 / (3 * 60e9 + 30e9))
    assert float(data["anisotropy"]) == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(data["compliance"].values @ isotropic(), np.eye(6), atol=1e-12)


@pytest.mark.long
@given(st.integers(0, 10_000))
def test_reuss_never_exceeds_voigt_and_averages_do_not_turn(seed):
    matrix = random_stiffness(seed)
    data = elastic_moduli(given_stiffness(matrix, "made up"))
    for name in ("bulk_modulus", "shear_modulus"):
        voigt, reuss, hill = data[name].values
        assert reuss <= voigt * (1 + 1e-12)
        assert hill == pytest.approx(0.5 * (voigt + reuss))
    K = _voigt_rotation(random_rotation(seed))
    turned = K @ matrix @ K.T
    other = elastic_moduli(given_stiffness(0.5 * (turned + turned.T), "turned"))
    for name in ("bulk_modulus", "shear_modulus", "born_eigenvalues"):
        np.testing.assert_allclose(other[name], data[name], rtol=1e-8)


def test_unstable_crystal_is_refused():
    matrix = isotropic()
    matrix[0, 1] = matrix[1, 0] = 2.0 * matrix[0, 0]
    unstable = given_stiffness(matrix, "made up")
    assert born_stability(unstable)[0] < 0.0
    with pytest.raises(InputError, match="a stable crystal"):
        elastic_moduli(unstable)


def test_crystal_under_stress_is_refused():
    with pytest.raises(InputError, match="relaxed with its cell"):
        stiffness_tensor(argon(0.95), SPRINGS)


def test_bad_stiffness_is_named():
    with pytest.raises(InputError, match="6 × 6"):
        given_stiffness(np.eye(3), "made up")
    lopsided = isotropic()
    lopsided[0, 1] *= 2
    with pytest.raises(InputError, match="C_ij = C_ji"):
        given_stiffness(lopsided, "made up")
    with pytest.raises(InputError, match="at most 0"):
        stiffness_tensor(argon(), SPRINGS, strain=0.2)


def test_elasticity_of_a_polycrystal_is_bounded_by_voigt_and_reuss():
    soft, hard = given_stiffness(isotropic(), "made up"), given_stiffness(random_stiffness(3), "made up")
    found = polycrystal_elasticity({1.0: hard, 0.0: soft})
    assert found["x"].values.tolist() == [0.0, 1.0]
    assert float(found["youngs_modulus"][0]) == pytest.approx(9 * 60e9 * 30e9 / (3 * 60e9 + 30e9))
    assert float(found["youngs_modulus_error"][0]) == pytest.approx(0.0, abs=1.0)
    moduli = elastic_moduli(hard)
    assert float(found["youngs_modulus"][1]) == pytest.approx(float(moduli["youngs_modulus"]))
    assert float(found["poisson_ratio"][1]) == pytest.approx(float(moduli["poisson_ratio"]))
    K, G = (moduli[name].values for name in ("bulk_modulus", "shear_modulus"))
    young = 9 * K * G / (3 * K + G)
    assert float(found["youngs_modulus_error"][1]) == pytest.approx(0.5 * (young[0] - young[1]))
