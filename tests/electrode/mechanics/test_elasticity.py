from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from scalith.electrode import (
    FieldPhase,
    IsotropicElasticity,
    effective_stiffness,
    isotropic_moduli,
    laminate,
    random_field,
    sphere_lattice,
    stress_from_eigenstrain,
)
from scalith.electrode.mechanics.elasticity import elastic_body, energy_shares, solve_equilibrium
from scalith.quantities import ConvergenceError, InputError, Source

STIFF = IsotropicElasticity(youngs_modulus="100 GPa", poisson_ratio=0.25)
SOFT = IsotropicElasticity(youngs_modulus="10 GPa", poisson_ratio=0.35)
PORE = IsotropicElasticity(youngs_modulus=0.0)


def _moduli(item: IsotropicElasticity) -> tuple[float, float]:
    return isotropic_moduli(item.stiffness)


def _hashin_shtrikman(inside: tuple[float, float], around: tuple[float, float], fraction: float) -> tuple[float, float]:
    """Bulk and shear bound with `around` as the connected phase."""
    (K, G), (Km, Gm) = inside, around
    bulk = Km + fraction / (1 / (K - Km) + 3 * (1 - fraction) / (3 * Km + 4 * Gm))
    shear = Gm + fraction / (1 / (G - Gm) + 6 * (1 - fraction) * (Km + 2 * Gm) / (5 * Gm * (3 * Km + 4 * Gm)))
    return bulk, shear


@pytest.mark.parametrize("normal", ["x", "y", "z"])
def test_a_laminate_is_exact_in_every_component(normal):
    shape = {"x": (8, 3, 4), "y": (3, 8, 4), "z": (3, 4, 8)}[normal]
    image = laminate(shape, 1e-7, [("a", 3), ("b", 1)], normal=normal)
    found = effective_stiffness(image, {"a": STIFF, "b": SOFT}, tolerance=1e-9)["stiffness"].values
    # Backus: stress across the layers and strain along them are shared. Axes turned so that x is the normal.
    order = {"x": [0, 1, 2, 3, 4, 5], "y": [1, 2, 0, 4, 5, 3], "z": [2, 0, 1, 5, 3, 4]}[normal]
    found = found[np.ix_(order, order)]
    across, along = [0, 4, 5], [1, 2, 3]
    shares = (0.75, 0.25)
    blocks = [
        (c[np.ix_(across, across)], c[np.ix_(across, along)], c[np.ix_(along, along)]) for c in (STIFF.stiffness, SOFT.stiffness)
    ]
    nn = np.linalg.inv(sum(f * np.linalg.inv(A) for f, (A, _, _) in zip(shares, blocks, strict=True)))
    mixed = sum(f * np.linalg.inv(A) @ B for f, (A, B, _) in zip(shares, blocks, strict=True))
    tt = sum(f * (C - B.T @ np.linalg.inv(A) @ B) for f, (A, B, C) in zip(shares, blocks, strict=True)) + mixed.T @ nn @ mixed
    np.testing.assert_allclose(found[np.ix_(across, across)], nn, atol=1e3)
    np.testing.assert_allclose(found[np.ix_(across, along)], nn @ mixed, atol=1e3)
    np.testing.assert_allclose(found[np.ix_(along, along)], tt, atol=1e3)


def test_dilute_spheres_follow_eshelby_and_the_bounds():
    fraction = 0.03
    image = sphere_lattice(32, 1e-7, fraction)
    fraction = image.volume_fractions["sphere"]
    found = effective_stiffness(image, {"matrix": SOFT, "sphere": STIFF})
    bound = _hashin_shtrikman(_moduli(STIFF), _moduli(SOFT), fraction)
    K, G = _moduli(SOFT)
    # At a few per cent Eshelby's solution and the bound agree to second order in the fraction.
    assert float(found.bulk_modulus) - K == pytest.approx(bound[0] - K, rel=0.03)
    assert float(found.shear_modulus) - G == pytest.approx(bound[1] - G, rel=0.07)
    assert float(found.asymmetry) < 1e-6


def test_random_composites_lie_between_the_bounds_and_repeat_in_parallel():
    image = random_field((24, 24, 24), 1e-7, {"stiff": FieldPhase(fraction=0.5, correlation_length=3e-7)}, seed=3, matrix="soft")
    constants = {"soft": SOFT, "stiff": STIFF}
    found = effective_stiffness(image, constants)
    low = _hashin_shtrikman(_moduli(STIFF), _moduli(SOFT), 0.5)
    high = _hashin_shtrikman(_moduli(SOFT), _moduli(STIFF), 0.5)
    assert low[0] < float(found.bulk_modulus) < high[0]
    assert low[1] < float(found.shear_modulus) < high[1]
    with ThreadPoolExecutor(2) as pool:
        again = effective_stiffness(image, constants, executor=pool)
    np.testing.assert_array_equal(again.stiffness, found.stiffness)


@pytest.mark.long
def test_with_pores_it_converges_in_as_many_iterations_on_a_finer_grid():
    coarse = random_field((16, 16, 16), 2e-7, {"solid": FieldPhase(fraction=0.6, correlation_length=5e-7)}, seed=1)
    fine = type(coarse)(np.kron(coarse.labels, np.ones((2, 2, 2), np.uint8)), 1e-7, coarse.phases, coarse.source)
    runs = [effective_stiffness(image, {"pore": PORE, "solid": STIFF}) for image in (coarse, fine)]
    assert int(runs[1].iterations.max()) <= 1.2 * int(runs[0].iterations.max())
    assert int(runs[1].iterations.max()) < 80
    assert float(runs[1].bulk_modulus) == pytest.approx(float(runs[0].bulk_modulus), rel=0.05)
    assert float(runs[1].bulk_modulus) < _hashin_shtrikman(_moduli(PORE), _moduli(STIFF), 0.4)[0]


def test_a_sphere_that_expands_in_its_own_matrix_is_eshelbys():
    image = sphere_lattice(32, 1e-7, 0.05)
    inside = image.mask("sphere")
    found = stress_from_eigenstrain(image, {"matrix": STIFF, "sphere": STIFF}, {"sphere": 0.01}, outside="clamped")
    K, _ = _moduli(STIFF)
    # Periodic and clamped: tr ε = (1 + ν)/(1 − ν) ε* (χ − φ), at every point.
    trace = (1 + 0.25) / (1 - 0.25) * 0.01 * (1.0 - inside.mean())
    exact = K * (trace - 0.03)
    assert float(found.hydrostatic_stress.values[inside].mean()) == pytest.approx(exact, rel=0.005)
    assert float(np.median(found.hydrostatic_stress.values[inside])) == pytest.approx(exact, rel=0.002)
    np.testing.assert_allclose(found.mean_strain, 0.0, atol=1e-15)


def test_a_free_body_has_no_mean_stress_and_expands_as_levin_says():
    image = random_field(
        (20, 20, 20), 1e-7, {"active": FieldPhase(fraction=0.4, correlation_length=3e-7)}, seed=2, matrix="solid"
    )
    constants = {"active": STIFF, "solid": SOFT}
    found = stress_from_eigenstrain(image, constants, {"active": 0.01}, tolerance=1e-8)
    assert float(np.abs(found.mean_stress).max()) < 1e-6 * float(found.von_mises_stress.max())
    # Levin: the expansion of two isotropic phases follows from the effective bulk response alone.
    stiffness = effective_stiffness(image, constants, tolerance=1e-8).stiffness.values
    ones = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    K, Ks = _moduli(STIFF)[0], _moduli(SOFT)[0]
    wanted = (1 / Ks * ones - 3 * np.linalg.solve(stiffness, ones)) / (1 / Ks - 1 / K) * 0.01
    np.testing.assert_allclose(found.mean_strain, wanted, atol=1e-7)


def test_an_expansion_that_all_share_makes_no_stress():
    image = sphere_lattice(12, 1e-7, 0.2)
    found = stress_from_eigenstrain(
        image, {"matrix": SOFT, "sphere": STIFF}, {"matrix": 0.02, "sphere": [0.02, 0.02, 0.02, 0, 0, 0]}, tolerance=1e-9
    )
    assert float(found.von_mises_stress.max()) < 10.0
    np.testing.assert_allclose(found.mean_strain[:3], 0.02, rtol=1e-9)
    assert Source.from_json(found.attrs["source"]).parents == (image.digest,)


@pytest.mark.parametrize(
    ("constants", "said"),
    [
        ({"matrix": SOFT}, "sphere: missing, expected elastic constants of every phase"),
        ({"matrix": SOFT, "sphere": STIFF, "spere": STIFF}, "did you mean 'sphere'?"),
        ({"matrix": SOFT, "sphere": np.triu(np.ones((6, 6)))}, "symmetric"),
        ({"matrix": PORE, "sphere": PORE}, "at least one phase that resists"),
    ],
)
def test_bad_constants(constants, said):
    with pytest.raises(InputError, match=r".") as caught:
        effective_stiffness(sphere_lattice(6, 1e-7, 0.2), constants)
    assert said in str(caught.value)


def test_a_tolerance_out_of_reach_is_said():
    with pytest.raises(ConvergenceError, match="residual"):
        effective_stiffness(sphere_lattice(8, 1e-7, 0.2), {"matrix": SOFT, "sphere": STIFF}, tolerance=1e-40)


def test_bad_eigenstrain():
    image = sphere_lattice(6, 1e-7, 0.2)
    constants = {"matrix": SOFT, "sphere": STIFF}
    with pytest.raises(InputError, match="did you mean 'sphere'"):
        stress_from_eigenstrain(image, constants, {"spher": 0.1})
    with pytest.raises(InputError, match="six in Voigt's order"):
        stress_from_eigenstrain(image, constants, {"sphere": [0.1, 0.2]})
    with pytest.raises(InputError, match="free or clamped"):
        stress_from_eigenstrain(image, constants, {"sphere": 0.1}, outside="fixed")


@pytest.mark.parametrize("free", [True, False])
def test_without_a_load_nothing_is_left_of_where_it_began(free):
    image = sphere_lattice(8, 1e-7, 0.2)
    body = elastic_body(image, dict.fromkeys(image.phases, SOFT))
    strains = np.zeros((2, 6))
    strains[0, :3] = 0.01
    loaded = solve_equilibrium(body, np.zeros(6), strains, free, 1e-4)
    assert np.abs(loaded.stress).max() > 0.0
    unloaded = solve_equilibrium(body, np.zeros(6), 0.0 * strains, free, 1e-4, loaded)
    assert unloaded.iterations == 0
    np.testing.assert_array_equal(unloaded.stress, 0.0)
    np.testing.assert_array_equal(unloaded.mean_strain, 0.0)


def test_the_elastic_energy_of_a_voxel_is_what_its_stiffness_is_worth():
    image = random_field((4, 3, 5), 1e-6, {"solid": FieldPhase(fraction=0.7, correlation_length=7e-7)}, seed=1)
    constants = {"solid": STIFF, "pore": SOFT}
    numbers = np.random.default_rng(2)
    body = elastic_body(image, constants)._replace(intact=10.0 ** numbers.uniform(-2.0, 0.0, image.shape))
    for row in (0, 4):
        load = np.eye(6)[row]

        def stiffness(intact, load=load):
            found = solve_equilibrium(body._replace(intact=intact), load, np.zeros((2, 6)), False, 1e-12)
            return found.mean_stress @ load

        found = solve_equilibrium(body, load, np.zeros((2, 6)), False, 1e-12)
        shares = energy_shares(body, load, found)
        assert shares.sum() == pytest.approx(1.0, abs=1e-12)
        step = 1e-4
        for place in [(0, 0, 0), (3, 2, 4), (1, 2, 3)]:
            moved = [np.array(body.intact), np.array(body.intact)]
            moved[0][place] *= np.exp(step)
            moved[1][place] *= np.exp(-step)
            slope = np.log(stiffness(moved[0]) / stiffness(moved[1])) / (2.0 * step)
            assert shares[place] == pytest.approx(slope, abs=1e-6)


def test_stiffness_is_handed_back_with_its_sensitivity():
    image = laminate((4, 2, 2), 1e-6, [("stiff", 2), ("soft", 2)])
    found = effective_stiffness(image, {"stiff": STIFF, "soft": SOFT}, sensitivity=True)
    assert found["sensitivity"].dims == ("row", "x", "y", "z")
    # In series along x both bear the same stress, and the soft one takes the energy in proportion to its compliance.
    stiff, soft = 1.0 / STIFF.stiffness[0, 0], 1.0 / SOFT.stiffness[0, 0]
    of_soft = float(found["sensitivity"].sel(row="xx").values[image.mask("soft")].sum())
    assert of_soft == pytest.approx(soft / (soft + stiff), rel=1e-6)
