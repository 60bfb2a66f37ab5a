from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalith.cell.specification.expression import parse_expression
from scalith.quantities import InputError


@given(st.floats(-3.0, 3.0))
def test_formulas_mean_what_they_say(x):
    assert parse_expression("2 * x ** 2 - tanh(-x) / (1 + exp(x))")(x) == pytest.approx(2 * x**2 + np.tanh(x) / (1 + np.exp(x)))
    assert parse_expression("-x ** 2")(x) == pytest.approx(-(x**2))


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "x.real",
        "(lambda: x)()",
        "y + 1",
        "open('f')",
        "x if x else 1",
        "[x]",
        "2 *",
        "x; x",
        "exp(x, x)",
    ],
)
def test_anything_else_is_refused_with_the_place(text):
    with pytest.raises(InputError, match=r"file\.json: OCP"):
        parse_expression(text, where="file.json", field="OCP")


def test_a_mistyped_function_is_pointed_out():
    with pytest.raises(InputError, match="did you mean 'tanh'"):
        parse_expression("tahn(x)")
