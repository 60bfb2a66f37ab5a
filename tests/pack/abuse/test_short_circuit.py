from __future__ import annotations

import numpy as np
import pytest

from scalith.pack import ShortCircuit, Trigger, short_circuit_heat
from scalith.quantities import InputError

ALONE = ShortCircuit(resistance=0.01, internal_resistance=0.03, capacity=9000.0, open_circuit_voltage=3.8)


def fed(count: int, **more: float) -> ShortCircuit:
    return ALONE.model_copy(update={"fed_by": count, "feeding_resistance": 0.05, **more})


def test_a_cell_alone_turns_its_charge_into_heat():
    time, power, energy = short_circuit_heat(ALONE)
    assert energy == pytest.approx(9000.0 * 3.8)
    assert time[-1] == pytest.approx(9000.0 * 0.04 / 3.8)
    assert power[0] == pytest.approx(3.8**2 / 0.04)


def test_cells_in_parallel_empty_themselves_through_the_short_as_kirchhoff_says():
    n, R, Ri, Rf, U, Q = 3, 0.01, 0.03, 0.05, 3.8, 9000.0
    time, power, energy = short_circuit_heat(fed(n))
    at = (U / Ri + n * U / Rf) / (1 / R + 1 / Ri + n / Rf)
    own, other = (U - at) / Ri, (U - at) / Rf
    assert power[0] == pytest.approx(at**2 / R + own**2 * Ri, rel=1e-9)
    # The cell itself is empty first; then the others feed the short alone.
    first = Q / own
    later = n * U / Rf / (1 / R + n / Rf)
    left = (Q - other * first) * Rf / (U - later)
    assert time[-1] == pytest.approx(first + left, rel=1e-6)
    ways = n * other**2 * Rf * first + n * ((U - later) / Rf) ** 2 * Rf * left
    assert energy == pytest.approx((n + 1) * Q * U)
    assert np.trapezoid(power, time) == pytest.approx(energy - ways, rel=2e-3)


def test_many_cells_over_good_connections_give_many_times_the_heat():
    time, power, _ = short_circuit_heat(fed(9))
    assert np.trapezoid(power, time) > 3.0 * short_circuit_heat(ALONE)[2]
    heat = Trigger(short=fed(9)).heat()
    assert heat[1][0] > short_circuit_heat(ALONE)[1][0]


@pytest.mark.parametrize(("count", "way"), [(100, 1e-3), (3000, 1e-5)])
def test_the_heat_of_many_cells_over_short_ways_adds_up_to_what_they_store(count, way):
    R, Ri, U, Q = 0.01, 0.03, 3.8, 9000.0
    time, power, energy = short_circuit_heat(fed(count, feeding_resistance=way))
    assert energy == pytest.approx((count + 1) * Q * U)
    # Until the cell itself is empty, then the others alone; what is left falls on the ways.
    at, later = ((U / r + count * U / way) / (1 / R + 1 / r + count / way) for r in (Ri, np.inf))
    both, alone = (U - at) / way, (U - later) / way
    first = Q * Ri / (U - at)
    first, second = (first, (Q - both * first) / alone) if first * both < Q else (Q / both, None)
    if second is None:  # the others are empty first: then the cell is alone
        last = U * R / (R + Ri)
        second = (Q - (U - at) / Ri * first) * Ri / (U - last)
        ways = count * both**2 * way * first
    else:
        ways = count * way * (both**2 * first + alone**2 * second)
    assert time[-1] == pytest.approx(first + second, rel=1e-5)
    assert np.trapezoid(power, time) == pytest.approx(energy - ways, rel=2e-3)


def test_fuses_and_burnt_shorts_end_the_feeding():
    alone = short_circuit_heat(ALONE)
    np.testing.assert_array_equal(short_circuit_heat(fed(3, fuse_current=20.0))[1], alone[1])
    assert short_circuit_heat(fed(3, fuse_current=500.0))[2] > alone[2]
    time, power, _ = short_circuit_heat(fed(3, burn_out_time=5.0))
    assert time[-1] == 5.0
    assert power[-1] == 0.0


def test_a_feeding_without_a_way_is_named():
    with pytest.raises(InputError, match="feeding_resistance"):
        ShortCircuit(resistance=0.01, internal_resistance=0.03, capacity=9000.0, open_circuit_voltage=3.8, fed_by=2)
