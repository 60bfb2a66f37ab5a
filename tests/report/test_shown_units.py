"""Units that people use."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalith.report.shown_units import between, fraction, number, shown_unit, with_error


@pytest.mark.parametrize(
    ("value", "error", "unit", "words"),
    [
        (4.117110947509923, 0.0006122627767702809, "V", "4.11711 ± 0.00061 V"),
        (4.3e-11, 8e-12, "m2 s-1", "(4.30 ± 0.80)×10⁻⁷ cm²/s"),
        (300.5, 0.2, "K", "27.35 ± 0.20 °C"),
        (8e-5, None, "m", "80 µm"),
        (6e-3, None, "m", "6 mm"),
        (7560.0, None, "C", "2.1 A h"),
        (2e-5, None, "mol m-2 s-1", "2×10⁻⁵ mol/(m² s)"),
        (-627285.0, 59.0, "J mol-1", "-627.285 ± 0.059 kJ/mol"),
        (0.5, 0.2, "1", "0.50 ± 0.20"),
        (3.216e-29, None, "m3", "32.16 Å³"),
        (612000.0, None, "C kg-1", "170 mAh/g"),
        (3.0, 40.0, "V", "3 ± 40 V"),
        (3.4, 0.0, "V", "3.4 V"),
        (3.4, math.nan, "V", "3.4 V"),
    ],
)
def test_values_are_shown_as_people_write_them(value, error, unit, words):
    assert with_error(value, error, unit) == words


def test_ranges_and_fractions():
    assert between(1.023e-16, 3.174e-10, "m2 s-1") == "1.023×10⁻¹² … 3.174×10⁻⁶ cm²/s"
    assert between(0.2594, 0.2594, "1") == "0.2594"
    assert fraction("W m-1 K-1") == "W/(m K)"
    assert fraction("ohm m2") == "Ω m²"
    assert fraction("Hz") == "Hz"
    assert fraction("meV per site (!)") == "meV per site (!)"
    assert shown_unit("K").of_a_difference == "K"


@given(st.floats(-1e12, 1e12, allow_nan=False), st.floats(1e-12, 1e12))
def test_a_number_in_words_is_within_its_last_digit(value, error):
    shown = number(value)
    match = re.fullmatch(r"(-?[\d.e+-]+?)(?:×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?", shown)
    power = int((match[2] or "⁰").translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))
    assert float(match[1]) * 10.0**power == pytest.approx(value, rel=6e-4)
    assert "±" in with_error(value, error, "V")
