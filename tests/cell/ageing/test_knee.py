from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import find_knee
from scalith.quantities import InputError

CYCLES = np.arange(1, 1001, dtype=float)


def test_two_lines_give_back_where_they_meet():
    capacity = 5.0 - 2e-4 * CYCLES - 3e-3 * np.maximum(CYCLES - 712.4, 0.0)
    knee = find_knee(CYCLES, capacity)
    assert knee is not None
    assert knee.cycle == pytest.approx(712.4, abs=1e-2)
    assert knee.capacity == pytest.approx(5.0 - 2e-4 * 712.4, abs=1e-5)
    assert knee.slope_before == pytest.approx(-2e-4, rel=1e-3)
    assert knee.slope_after == pytest.approx(-3.2e-3, rel=1e-3)


@pytest.mark.parametrize(
    "capacity",
    [
        5.0 - 1e-3 * CYCLES,
        5.0 - 0.03 * np.sqrt(CYCLES),
        5.0 - 1e-6 * CYCLES**2,
        5.0 - 1e-3 * CYCLES - 3e-4 * np.maximum(CYCLES - 500.0, 0.0),
        5.0 - 1e-3 * CYCLES + 1e-3 * np.sin(CYCLES),
    ],
    ids=["line", "root", "parabola", "a third steeper", "line with scatter"],
)
def test_what_has_no_knee_gives_none(capacity):
    assert find_knee(CYCLES, capacity) is None


def test_a_first_transient_is_not_taken_for_the_knee():
    capacity = 5.0 - 0.02 * np.sqrt(CYCLES) - 4e-3 * np.maximum(CYCLES - 800.0, 0.0)
    knee = find_knee(CYCLES, capacity)
    assert knee is not None
    assert knee.cycle == pytest.approx(800.0, rel=0.02)


def test_it_does_not_depend_on_units_and_passes_over_storage():
    capacity = 5.0 - 2e-4 * CYCLES - 3e-3 * np.maximum(CYCLES - 700.0, 0.0)
    capacity[::7], capacity[3::7] = 0.0, np.nan
    one, other = find_knee(CYCLES, capacity), find_knee(CYCLES, 3600.0 * capacity)
    assert one is not None
    assert other is not None
    assert other.cycle == pytest.approx(one.cycle, rel=1e-5)
    assert other.slope_after == pytest.approx(3600.0 * one.slope_after, rel=1e-4)


def test_few_cycles_say_nothing_and_wrong_ones_are_told():
    assert find_knee(CYCLES[:7], 5.0 - CYCLES[:7] ** 4) is None
    with pytest.raises(InputError, match="as many of both"):
        find_knee(CYCLES, CYCLES[:-1])
    with pytest.raises(InputError, match="rising"):
        find_knee(CYCLES[::-1], CYCLES)
