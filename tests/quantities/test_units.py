from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalith.quantities import InputError, parse_quantity, to_si, units
from scalith.quantities.constants import ELEMENTARY_CHARGE


@pytest.mark.parametrize(
    ("unit", "expected", "factor"),
    [
        # as pint writes them
        ("m2/s", "m2 s-1", 1.0),
        ("cm^2/s", "m2 s-1", 1e-4),
        ("mA/cm^2", "A m-2", 10.0),
        ("A/m**2", "A m-2", 1.0),
        ("mAh/g", "C kg-1", 3600.0),
        ("kJ/mol", "J mol-1", 1e3),
        ("mol/l", "mol m-3", 1e3),
        ("M", "mol m-3", 1e3),
        ("g/cm3", "kg m-3", 1e3),
        ("mV/K", "V K-1", 1e-3),
        ("eV", "J", ELEMENTARY_CHARGE),
        ("angstrom", "m", 1e-10),
        ("Å", "m", 1e-10),
        ("h", "s", 3600.0),
        ("min", "s", 60.0),
        ("%", "1", 0.01),
        ("1/K", "K-1", 1.0),
        ("K/min", "K s-1", 1 / 60),
        ("GPa", "Pa", 1e9),
        # as BPX and instruments write them
        ("m2.s-1", "m2 s-1", 1.0),
        ("mol.m-3", "mol m-3", 1.0),
        ("mol.m-2.s-1", "mol m-2 s-1", 1.0),
        ("W.m-1.K-1", "W m-1 K-1", 1.0),
        ("J.K-1.kg-1", "J kg-1 K-1", 1.0),
        ("S.m-1", "S m-1", 1.0),
        ("V.K-1", "V K-1", 1.0),
        ("A.h", "C", 3600.0),
        ("Ah", "C", 3600.0),
        # as papers print them
        ("m² s⁻¹", "m2 s-1", 1.0),
        ("µm", "m", 1e-6),
        ("μm", "m", 1e-6),
        ("Ω·m²", "ohm m2", 1.0),
        ("mol m-2 s-1", "mol m-2 s-1", 1.0),
        # pure numbers
        ("", "1", 1.0),
        ("1", "1", 1.0),
        ("-", "1", 1.0),
    ],
)
def test_units(unit, expected, factor):
    assert to_si(1.0, unit, expected) == pytest.approx(factor, rel=1e-14)
    np.testing.assert_allclose(to_si([0.0, 1.0, -2.5], unit, expected), np.array([0.0, 1.0, -2.5]) * factor, rtol=1e-14)


def test_celsius_is_read_as_a_temperature():
    for unit in ("degC", "°C"):
        np.testing.assert_allclose(to_si([-40.0, 0.0, 25.0], unit, "K"), [233.15, 273.15, 298.15])


@pytest.mark.parametrize(
    "unit", ["banana", "V V", "kg m-3 (dry)", "__import__('os')", "m**", "*", "lambda x", "m/", "[m]", "1..2", "m m\n"]
)
def test_what_is_no_length_is_said(unit):
    with pytest.raises(InputError) as caught:
        to_si(1.0, unit, "m", where="study.toml", field="thickness")
    assert str(caught.value) == f"study.toml: thickness: found unit {unit!r}, expected a unit convertible to m"


@pytest.mark.parametrize(
    ("text", "number"), [("10 um", 1e-05), ("  7.5e-5 m ", 7.5e-5), ("1e-3", 1e-3), (2, 2.0), ("-3 mm", -3e-3)]
)
def test_quantities(text, number):
    assert parse_quantity(text, "m") == number


@pytest.mark.parametrize("text", ["", "um", "ten um", "10um", None, True, [1.0], {"value": 1}])
def test_what_is_no_quantity_is_said(text):
    with pytest.raises(InputError, match=r"^f: thickness: found .* expected a number"):
        parse_quantity(text, "m", where="f", field="thickness")


@pytest.mark.parametrize("text", [float("nan"), float("inf"), "nan", "-inf m", "1e999 m"])
def test_what_is_not_finite_is_said(text):
    with pytest.raises(InputError, match=r"expected a finite number|expected a unit convertible"):
        parse_quantity(text, "m")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_bare_number_keeps_every_bit(number):
    assert parse_quantity(number, "V") == number
    assert parse_quantity(repr(number), "V") == number


@given(st.integers(1, 10**9))
def test_a_converted_number_is_the_one_that_was_meant(number):
    """`"7 um"` and `7e-06` are one number and have one digest."""
    assert parse_quantity(f"{number} um", "m") == float(f"{number}e-6")


@given(number=st.floats(-1e6, 1e6), pair=st.sampled_from(sorted(units._COMMON)))
def test_common_units_are_what_pint_says(number, pair):
    expected, unit = pair
    assert parse_quantity(f"{number!r} {unit}", expected) == float(f"{to_si(number, unit, expected):.15g}")


@pytest.mark.long
def test_a_cell_is_read_without_the_definitions_of_pint():
    code = (
        "import sys; from scalith.cell import CellSpecification; from scalith.quantities import shipped;"
        "CellSpecification.read_toml(shipped('cell/lgm50_chen2020.toml')); from scalith.quantities import units; print(units._registry.cache_info().currsize)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "0"
