from __future__ import annotations

import numpy as np
import pytest

from scalith.crystal.supercells import lattice_cells
from scalith.lattice import ClusterExpansion, long_range_order, phase_diagram
from scalith.lattice.phases.phase_diagram import _closing
from scalith.lattice.sampling.supercell import interacting_dimensions, occupation_interactions
from scalith.quantities import InputError
from scalith.quantities.constants import BOLTZMANN_EV
from tests.lattice.models import SQUARE, fcc_model, host, square_model

CUBE = ((3.0, 0.0, 0.0), (0.0, 3.0, 0.0), (0.0, 0.0, 3.0))
CRITICAL = 0.025 / (0.221654626 * BOLTZMANN_EV) / 4


@pytest.fixture(scope="module")
def attracting():
    """Simple cubic gas, J = 6.25 meV: it separates below 327 K."""
    expansion = ClusterExpansion.given(host(CUBE), (0.0, 0.0, -0.00625), 3.1)
    return phase_diagram(expansion, np.arange(160.0, 401.0, 30.0), cells=10, sweeps=150, points=48, seed=1)


def test_one_region_closes_at_the_known_critical_point(attracting):
    assert set(attracting["branch"].values) == {0}
    assert attracting["end"].values.tolist() == ["critical point"]
    error = float(attracting["closing_temperature_error"][0])
    assert 5 < error < 40
    assert float(attracting["closing_temperature"][0]) == pytest.approx(CRITICAL, abs=2.5 * error)
    assert float(attracting["closing_stoichiometry"][0]) == pytest.approx(0.5, abs=0.1)


def test_its_phases_mirror_each_other(attracting):
    error = np.hypot(attracting["x_low_error"], attracting["x_high_error"])
    assert np.all(np.abs(attracting["x_low"] + attracting["x_high"] - 1) < 5 * error + 0.01)
    assert np.all(np.abs(attracting["chemical_potential"]) < 5 * attracting["chemical_potential_error"] + 2e-4)
    assert set(attracting["phase_low"].values) | set(attracting["phase_high"].values) == {"disordered"}
    width = (attracting["x_high"] - attracting["x_low"]).values
    assert np.all(np.diff(width) < 0.02)


def test_its_errors_cover_the_exact_binodal_up_to_the_critical_point(attracting):
    """Magnetisation of the simple cubic Ising model, Talapov and Blöte 1996, for t = 1 − T/T_c from 0.0005 to 0.26."""
    t = 1.0 - attracting["T"].values / CRITICAL
    known = t < 0.26
    m = t**0.32694109 * (1.6919045 - 0.34357731 * t**0.50842026 - 0.42572366 * t)
    away = [
        ((attracting[f"x_{side}"] - 0.5 * (1.0 + sign * m)) / attracting[f"x_{side}_error"]).values[known]
        for side, sign in (("low", -1.0), ("high", 1.0))
    ]
    assert known.sum() >= 2
    assert np.abs(away).max() < 3.0
    assert 0.2 < np.sqrt(np.mean(np.square(away))) < 1.8
    # The finite supercell counts where fluctuations become as large as it is.
    assert attracting["x_low_error"].values[-1] > 3.0 * attracting["x_low_error"].values[0]


@pytest.mark.long
def test_so_do_those_of_layers_with_the_exponent_of_two_dimensions():
    """Onsager and Yang: m = (1 − sinh⁻⁴(2J/kT))^(1/8), up to 0.985 T_c; above it there is no region."""
    J = 0.01
    expansion = ClusterExpansion.given(host(SQUARE), (0.0, 0.0, -J), 3.1)
    critical = J / (0.5 * np.log(1.0 + np.sqrt(2.0)) * BOLTZMANN_EV)
    found = phase_diagram(
        expansion, np.array([0.85, 0.95, 0.985, 1.05]) * critical, cells=(24, 24, 1), sweeps=200, points=36, seed=1
    )
    ratio = found["T"].values / critical
    assert ratio == pytest.approx([0.85, 0.95, 0.985])
    m = (1.0 - np.sinh(2.0 * J / (BOLTZMANN_EV * found["T"].values)) ** -4.0) ** 0.125
    away = [
        ((found[f"x_{side}"] - 0.5 * (1.0 + sign * m)) / found[f"x_{side}_error"]).values
        for side, sign in (("low", -1.0), ("high", 1.0))
    ]
    assert np.abs(away).max() < 3.0
    assert np.sqrt(np.mean(np.square(away))) < 1.8
    assert np.all(np.abs(found["chemical_potential"]) < 3.0 * found["chemical_potential_error"] + 1e-5)
    assert abs(float(found["closing_temperature"][0]) - critical) < 2.5 * float(found["closing_temperature_error"][0])


def test_ordered_phases_are_named_by_their_waves():
    cells = lattice_cells(np.diag((4, 4, 4)))
    number = (cells[:, 0] * 4 + cells[:, 1]) * 4 + cells[:, 2]
    height = np.round((cells @ host().cell) / 2).astype(int)
    layered, cubic = np.zeros(64, dtype=np.int8), np.zeros(64, dtype=np.int8)
    layered[number] = height[:, 2] % 2 == 0
    cubic[number] = np.all(height % 2 == 0, axis=1)
    assert long_range_order(host(), (4, 4, 4), layered) == ("ordered (0 1/2 1/2) × 1", pytest.approx(1.0))
    name, share = long_range_order(host(), (4, 4, 4), cubic)
    assert name == "ordered (0 1/2 1/2) × 3"
    assert share == pytest.approx(1 / 3)
    mixed = (np.random.default_rng(0).random(64) < 0.5).astype(np.int8)
    assert long_range_order(host(), (4, 4, 4), mixed).name == "disordered"


def test_sublattices_that_fill_first_are_an_order_too():
    diamond = host(places=((0, 0, 0), (0.25, 0.25, 0.25)))
    filled = np.tile(np.array([1, 0], dtype=np.int8), 64)
    assert long_range_order(diamond, (4, 4, 4), filled) == ("sublattices", pytest.approx(1.0))


@pytest.mark.long
def test_orders_of_the_fcc_model_and_their_regions():
    found = phase_diagram(fcc_model(), [150.0, 180.0], cells=6, sweeps=60, points=60, seed=1)
    assert {"ordered (0 1/2 1/2) × 1", "ordered (0 1/2 1/2) × 3", "disordered"} <= set(found["phase_high"].values)
    assert np.all(found["x_high"] > found["x_low"])


def test_bad_temperatures_are_named():
    with pytest.raises(InputError, match="increasing"):
        phase_diagram(fcc_model(), [300.0, 200.0], cells=4, seed=1)


def test_directions_in_which_ions_interact_are_counted():
    def dimensions(expansion, shape):
        return interacting_dimensions(occupation_interactions(expansion.orbits, expansion.interactions)[1], shape)

    assert dimensions(fcc_model(), (8, 8, 8)) == 3
    assert dimensions(square_model(), (8, 8, 8)) == 2
    assert dimensions(square_model(), (8, 8, 1)) == 2
    assert dimensions(fcc_model(), (8, 8, 1)) == 2
    assert dimensions(fcc_model(), (8, 1, 1)) == 1
    # Two sublattices that see each other alone, in a chain along z.
    chain = [((0, 0, 0, 0), (1, 0, 0, 0)), ((0, 0, 0, 1), (1, 0, 0, 0))]
    assert interacting_dimensions(chain, (8, 8, 8)) == 1


@pytest.mark.parametrize("exponent", [0.125, 0.3265])
def test_a_width_that_follows_the_power_law_closes_where_it_vanishes(exponent):
    T = np.linspace(200.0, 400.0, 9)
    critical = 341.0
    level = np.flatnonzero(critical > T)
    width = (1.0 - T[level] / critical) ** exponent
    found, error, x, _ = _closing(T, level, 0.5 - 0.5 * width, 0.5 + 0.5 * width, 0.0, exponent)
    assert found == pytest.approx(critical, abs=1e-6)
    assert x == pytest.approx(0.5)
    assert error > 0.0
