"""Two phases or one that changes fast, against the exact critical temperatures of Ising lattice gases."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.lattice import ClusterExpansion, add_free_energies, semi_grand_canonical, two_phase_regions
from scalith.lattice.sampling.monte_carlo import model_on
from scalith.lattice.sampling.sampling_warnings import sampling_warnings
from scalith.lattice.sampling.two_phase_test import CRITICAL, Jump, are_two_phases
from scalith.quantities import Property, Source
from scalith.quantities.constants import BOLTZMANN_EV
from tests.lattice.models import SQUARE, host

CUBE = ((3.0, 0.0, 0.0), (0.0, 3.0, 0.0), (0.0, 0.0, 3.0))
ROWS = {2: SQUARE, 3: CUBE}
COUPLING = {2: 0.5 * np.log(1.0 + np.sqrt(2.0)), 3: 0.221654626}
"""J/kT_c: Onsager 1944; Ferrenberg, Xu and Landau 2018."""
J = 0.01


def gas(dimensions):
    return ClusterExpansion.given(host(ROWS[dimensions]), (0.0, 0.0, -J), 3.1)


def critical(dimensions):
    return J / (BOLTZMANN_EV * COUPLING[dimensions])


def box(dimensions, size):
    return (size, size, size if dimensions == 3 else 1)


@pytest.fixture(scope="module")
def square():
    """Layers below and above their critical temperature."""
    T = np.array([0.85, 1.06]) * critical(2)
    return semi_grand_canonical(gas(2), T, cells=box(2, 12), sweeps=100, points=32, seed=1)


def test_no_flat_piece_above_the_critical_temperature_and_one_below(square):
    below, above = two_phase_regions(square)
    assert len(below) == 1
    assert above == []
    assert not square["steady"].values[0].any()
    # Without the test there is one.
    assert len(two_phase_regions(square.drop_vars("steady"))[1]) == 1


@pytest.mark.long
@pytest.mark.parametrize(("dimensions", "size", "points"), [(2, 16, 64), (2, 24, 36), (3, 8, 48)])
def test_so_it_is_in_boxes_of_all_sizes_near_it(dimensions, size, points):
    """At 0.985 T_c no region that the jumps of x show is lost, at 1.03 T_c none is left."""
    for ratio in (0.985, 1.03):
        T = [ratio * critical(dimensions)]
        found = semi_grand_canonical(gas(dimensions), T, cells=box(dimensions, size), sweeps=200, points=points, seed=1)
        assert len(two_phase_regions(found)[0]) == (ratio < 1.0)


@pytest.mark.long
@pytest.mark.parametrize(("size", "points", "ratio", "seed"), [(16, 64, 0.985, 6), (24, 36, 0.985, 3), (24, 36, 1.03, 6)])
def test_a_state_on_the_way_hides_no_jump_and_chains_that_stay_for_a_while_make_none(size, points, ratio, seed):
    """The first two have one state between both phases that alone would explain the jump; the last took slow chains for phases."""
    T = [ratio * critical(2)]
    found = semi_grand_canonical(gas(2), T, cells=box(2, size), sweeps=200, points=points, seed=seed)
    assert len(two_phase_regions(found)[0]) == (ratio < 1.0)
    if ratio < 1.0:
        assert len(two_phase_regions(found.drop_vars("stable"))[0]) == 0


def told(dimensions, size, ratio, level, sweeps, longest):
    """Whether two phases are met on both sides of μ = 0, where those of this lattice gas coexist."""
    jump = Jump(ratio * critical(dimensions), (-2e-3, 2e-3), (-8e-3, 8e-3), level, (0.1, 0.9))
    model = model_on(gas(dimensions), box(dimensions, size))
    return are_two_phases(model, jump, np.empty(0), CRITICAL[dimensions], sweeps, longest, np.random.SeedSequence(2))


@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_coefficient_decides_where_a_small_box_meets_both(dimensions):
    """Six sites across: at either temperature the box goes back and forth, only the histogram tells them apart."""
    assert told(dimensions, 6, 0.9, 1e-4, 500, 40_000) is True
    assert told(dimensions, 6, 1.15, 1e-4, 500, 40_000) is False


def test_a_level_that_is_off_is_moved_until_both_sides_are_met():
    assert told(2, 8, 1.1, 7e-3, 200, 40_000) is False
    assert told(2, 8, 0.9, 7e-3, 200, 40_000) is not False


def test_a_chain_that_freezes_into_the_other_phase_is_cooled_farther_inside_its_own():
    """Far below T_c a lattice may fall into the emptier phase where the fuller one is stable: no critical point is near."""
    jump = Jump(0.5 * critical(3), (-3e-3, -2e-4), (-3e-3, 3e-3), -5e-4, (0.01, 0.99))
    model = model_on(gas(3), box(3, 6))
    assert are_two_phases(model, jump, np.empty(0), CRITICAL[3], 100, 2000, np.random.SeedSequence(2)) is True


def test_what_the_samples_do_not_tell_is_left_and_said(square):
    assert told(2, 8, 1.0, 0.0, 100, 8000) is None
    (warning,) = [
        words for words in sampling_warnings(square, 10_000, [(300.0, "from x = 0.1 to 0.9")]) if "critical temperature" in words
    ]
    assert "at 300 K, from x = 0.1 to 0.9" in warning
    assert "a larger supercell" in warning


def test_an_added_concavity_parts_phases_where_none_were(square):
    """Just above T_c the least attraction more does: what was found steady before is no longer."""
    x, T = np.linspace(0.0, 1.0, 11), square["T"].values
    source = Source(kind="assumed", reference="test")
    for sign, regions in ((1.0, 1), (-1.0, 0)):
        values = np.repeat((sign * 0.4 * x * (1 - x) * J)[:, None], 2, axis=1)
        added = Property.from_arrays("vibrational_free_energy", {"x": x, "T": T}, values, "eV", source)
        assert len(two_phase_regions(add_free_energies(square, added))[1]) == regions
