from __future__ import annotations

import numpy as np
import pytest

from scalith.interface import (
    LithiumAnode,
    PressedLithium,
    contact_resistance,
    critical_plating_current,
    filament_pressure,
    opening_overvoltage,
)
from scalith.quantities import InputError

GARNET = LithiumAnode(toughness=1e6, interface_resistance="10 ohm cm2", activation_energy="35 kJ/mol")


def test_the_overvoltage_that_opens_a_flaw_makes_the_pressure_that_does():
    eta = opening_overvoltage(1e-6, 1e6, 5e6)
    assert float(filament_pressure(eta)) == pytest.approx(1e6 / (1.12 * np.sqrt(np.pi * 1e-6)) + 5e6)


def test_the_map_follows_flaw_pressure_and_temperature():
    found = critical_plating_current(GARNET, [1e-7, 1e-5], [1e6, 9e6, 18e6], [298.15, 333.15])
    i = found.critical_current_density
    assert i.dims == ("flaw", "pressure", "temperature")
    assert float(i[0, 0, 0] / i[1, 0, 0]) == pytest.approx(10.0)
    assert float(i[0, 1, 0] / i[0, 0, 0]) == pytest.approx(9.0)
    assert float(i[0, 2, 0] / i[0, 1, 0]) == pytest.approx(1.0)
    assert float(i[0, 0, 1]) > 4.0 * float(i[0, 0, 0])


def test_bad_input_is_named():
    with pytest.raises(InputError, match="positive numbers"):
        opening_overvoltage(0.0, 1e6)
    with pytest.raises(InputError, match="pressure, temperature"):
        critical_plating_current(GARNET, 1e-6, 0.0, 298.15)


def test_pressed_lithium_is_a_point_of_the_map_and_narrows_its_current():
    stated = GARNET.model_dump() | {"stack_pressure": "2 MPa", "flaw": "3 um"}
    wide = PressedLithium(**stated)
    on_the_map = critical_plating_current(GARNET, 3e-6, 2e6, 310.0).critical_current_density
    assert float(wide.critical_current_density(310.0)) == pytest.approx(float(on_the_map.values.item()))
    assert wide.area_resistance(298.15) == pytest.approx(1e-3 * 9.0 / 2.0)
    narrow = PressedLithium(**stated, spacing="30 um", conductivity="1 mS/cm")
    more = narrow.area_resistance(298.15) - wide.area_resistance(298.15)
    assert more == pytest.approx(float(contact_resistance(2e6, 9e6, 30e-6, 0.1)))
    with pytest.raises(InputError, match="both or neither"):
        PressedLithium(**stated, spacing="5 um")
    with pytest.raises(InputError, match="of the hardness"):
        PressedLithium(**stated | {"stack_pressure": "5 MPa"}, spacing="5 um", conductivity="1 mS/cm")


def test_voids_fit_into_the_places_that_touch():
    stated = GARNET.model_dump() | {"stack_pressure": "2.25 MPa", "flaw": "3 um", "conductivity": "1 mS/cm"}
    assert PressedLithium(**stated, spacing="20.1 um").voids.spacing == 10e-6  # a quarter touches: 10 µm wide
    with pytest.raises(InputError, match=r"voids\.spacing.*at most 9\.95e-06 m"):
        PressedLithium(**stated, spacing="19.9 um")
    assert PressedLithium(**stated | {"spacing": "5 um", "voids": {"spacing": "2 um"}}).voids.spacing == 2e-6
