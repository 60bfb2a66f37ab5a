"""The text of a circuit: what it means, and that nothing in it is evaluated."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.lab.impedance import parse_circuit
from scalith.quantities import InputError


def test_series_and_parallel():
    z = parse_circuit("R0-p(R1,C1)-p(R2-R3,R4)").impedance([1.0], {"R0": 1, "R1": 2, "C1": 0.1, "R2": 1, "R3": 2, "R4": 6})
    assert z[0] == pytest.approx(1 + 1 / (0.5 + 0.1 * 2j * np.pi) + 2)


def test_names_are_those_of_impedance_py():
    circuit = parse_circuit(" R_0 - p( R_1 , CPE_1 ) - Wo_1 ")
    assert circuit.names == ("R_0", "R_1", "CPE_1.Q", "CPE_1.alpha", "Wo_1.R", "Wo_1.tau")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "character 1: found the end, expected an element"),
        ("R0-", "character 4: found the end"),
        ("R0-X1", "character 4: found 'X1', expected one of"),
        ("R0-p(R1)", "found one branch, expected two or more"),
        ("R0-p(R1,C1", "found the end, expected ',' or ')'"),
        ("R0)-R1", "character 3: found ')-R1'"),
        ("R0-R0", "found the name twice"),
        ("t(R1)", "expected one or two rails"),
        ("s(R1,R2)", "expected 'p(' for parallel"),
        ("R0-__import__('os')", "found \"__import__('os')\""),
        ("R0+R1", "character 3: found '+R1'"),
    ],
)
def test_what_is_no_circuit_gets_its_sentence(text, words):
    with pytest.raises(InputError) as caught:
        parse_circuit(text)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"R0": 1.0}, "Q1.Q, Q1.alpha: found no value"),
        ({"R0": 1.0, "Q1.Q": 1.0, "Q1.alpha": 1.2}, "Q1.alpha: found 1.2, expected a number from 0 to 1"),
        ({"R0": -1.0, "Q1.Q": 1.0, "Q1.alpha": 0.8}, "R0: found -1.0, expected a positive number"),
        ({"R0": 1.0, "Q1.Q": 1.0, "Q1.alpha": 0.8, "R1": 1.0}, "R1: found no such parameter"),
        ([1.0], "expected 3 numbers: R0, Q1.Q, Q1.alpha"),
    ],
)
def test_wrong_values_are_named(values, words):
    with pytest.raises(InputError) as caught:
        parse_circuit("R0-Q1").impedance([1.0], values)
    assert words in str(caught.value)
