from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalith.crystal import average_voltage
from scalith.quantities import InputError

energies = st.floats(-50, 50)


@given(energies, energies, energies, st.floats(0.0, 0.4), st.floats(0.6, 1.0))
def test_order_of_compositions_does_not_matter_and_metal_shifts_it(first, second, metal, low, high):
    voltage = average_voltage(first, low, second, high, metal)
    assert voltage == pytest.approx(average_voltage(second, high, first, low, metal), abs=1e-9)
    assert average_voltage(first, low, second, high, metal + 0.3) - voltage == pytest.approx(0.3, abs=1e-9)


def test_binding_gives_a_positive_voltage():
    assert average_voltage(0.0, 0.0, -6.0, 1.0, -2.0) == pytest.approx(4.0)
    assert average_voltage(0.0, 0.0, -6.0, 1.0, -2.0, charge=2) == pytest.approx(2.0)


def test_one_composition_has_no_voltage():
    with pytest.raises(InputError, match="another composition"):
        average_voltage(0.0, 0.5, -1.0, 0.5, -2.0)
