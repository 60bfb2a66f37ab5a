"""Vent gas: limits, heats and pressures against exact and tabulated values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalith.pack import burn, deflagration_pressure, lower_flammability_limit
from scalith.pack.abuse.gas_mixture import OXYGEN_IN_AIR, VENT_GASES, enthalpy
from scalith.quantities import InputError, MissingDependencyError

FUELS = {"H2": 0.04, "CO": 0.125, "CH4": 0.05, "C2H4": 0.027, "C2H6": 0.03, "C3H8": 0.021}
VENT = {"H2": 0.30, "CO2": 0.25, "CO": 0.28, "CH4": 0.09, "C2H4": 0.08}


@pytest.mark.parametrize(("name", "limit"), FUELS.items())
def test_a_single_fuel_has_its_own_limit_and_dilution_raises_it_in_proportion(name, limit):
    assert lower_flammability_limit({name: 3.0}) == pytest.approx(limit)
    assert lower_flammability_limit({name: 1.0, "CO2": 1.0}) == pytest.approx(2 * limit)


@given(st.lists(st.floats(0.01, 1.0), min_size=6, max_size=6))
def test_the_limit_of_a_mixture_lies_between_those_of_its_fuels(amounts):
    found = lower_flammability_limit(dict(zip(FUELS, amounts, strict=True)))
    assert min(FUELS.values()) <= found <= max(FUELS.values())


@pytest.mark.parametrize(
    ("name", "formation"),
    [("CO", -110.53), ("CO2", -393.52), ("H2O", -241.83), ("CH4", -74.6), ("C2H4", 52.4), ("C2H6", -84.0), ("C3H8", -103.8)],
)
def test_enthalpies_of_formation(name, formation):
    """NIST Chemistry WebBook, kJ/mol."""
    assert enthalpy(name, 298.15) / 1e3 == pytest.approx(formation, abs=0.5)


@pytest.mark.parametrize("name", VENT_GASES)
def test_the_two_ranges_of_the_enthalpy_meet_at_1000_kelvin(name):
    assert enthalpy(name, 1000.0) == pytest.approx(enthalpy(name, np.nextafter(1000.0, 2000.0)), abs=30.0)
    assert enthalpy(name, 1200.0) > enthalpy(name, 800.0)


@pytest.mark.parametrize(("name", "heat"), [("H2", 241.8), ("CO", 283.0), ("CH4", 802.3), ("C2H4", 1323.0), ("C3H8", 2044.0)])
def test_lower_heats_of_combustion(name, heat):
    assert burn({name: 1.0}, 1.0, 1e3).heat / 1e3 == pytest.approx(heat, rel=2e-3)


def test_limited_air_burns_in_part():
    needed = 2.0 / OXYGEN_IN_AIR
    whole, half = burn({"CH4": 1.0}, 1.0, needed), burn({"CH4": 1.0}, 1.0, 0.5 * needed)
    assert (whole.burnt_share, half.burnt_share) == (pytest.approx(1.0), pytest.approx(0.5))
    assert half.heat == pytest.approx(0.5 * whole.heat)
    assert burn({"CO2": 1.0}, 1.0, 1.0).heat == 0.0
    assert burn({"H2": 1.0}, 1.0, 0.0).heat == 0.0


@given(st.floats(0.09, 0.6))
def test_pressure_keeps_energy_and_never_falls(share):
    found = deflagration_pressure(VENT, share)
    assert found.flammable
    assert 2e5 < found.pressure < 12e5
    assert found.temperature < 3500.0


def test_below_the_limit_nothing_happens():
    limit = lower_flammability_limit(VENT)
    assert deflagration_pressure(VENT, 0.99 * limit) == (101325.0, 298.15, False)
    assert deflagration_pressure(VENT, 1.01 * limit).flammable
    assert not deflagration_pressure(VENT, 1.0).flammable


def test_pressure_scales_with_the_pressure_before():
    one, two = (deflagration_pressure(VENT, 0.2, pressure=p) for p in (1e5, 2e5))
    assert two.pressure == pytest.approx(2 * one.pressure)
    assert two.temperature == pytest.approx(one.temperature)


def test_lean_mixtures_agree_with_chemical_equilibrium():
    """Where the flame stays below 1800 K, nothing dissociates."""
    pytest.importorskip("cantera")
    for share in (0.09, 0.12):
        own, full = (deflagration_pressure(VENT, share, equilibrium=each) for each in (False, True))
        assert own.pressure == pytest.approx(full.pressure, rel=0.01)
    own, full = (deflagration_pressure(VENT, 0.25, equilibrium=each) for each in (False, True))
    assert 1.0 < own.pressure / full.pressure < 1.12


def test_without_cantera_the_extra_is_named(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "cantera", None)
    with pytest.raises(MissingDependencyError, match=r"scalith\[fire\]"):
        deflagration_pressure(VENT, 0.2, equilibrium=True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lower_flammability_limit({"C2H2": 1.0}), "did you mean"),
        (lambda: lower_flammability_limit({}), "at least one"),
        (lambda: burn({"H2": -1.0}, 1.0, 1.0), "zero or more"),
        (lambda: burn({"H2": 1.0}, 1.0, -1.0), "zero or more"),
        (lambda: deflagration_pressure(VENT, 12.0), "0 to 1"),
        (lambda: deflagration_pressure(VENT, -0.1), "0 to 1"),
        (lambda: deflagration_pressure(VENT, 0.2, pressure=0.0), "a positive pressure"),
        (lambda: deflagration_pressure(VENT, 0.2, pressure=np.inf), "a positive pressure"),
        (lambda: deflagration_pressure(VENT, 0.2, temperature=3600.0), "below 3500 K"),
        (lambda: deflagration_pressure({"C2H4": 1.0}, 0.065, temperature=2500.0), "a flame below 3500 K, or equilibrium=True"),
        (lambda: enthalpy("H2", 25.0), "200 to 3500 K"),
        (lambda: enthalpy("H3", 300.0), "one of C2H4"),
        (lambda: burn({"H2": 1.0}, -1.0, 1.0), "zero or more"),
        (lambda: burn({"H2": np.nan}, 1.0, 1.0), "zero or more"),
        (lambda: burn({"H2": 0.0}, 1.0, 1.0), "at least one"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()
