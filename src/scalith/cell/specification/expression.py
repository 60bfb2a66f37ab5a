"""Formulas in text, such as BPX files hold: parsed over a list of allowed operations, never evaluated as code."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from scalith.quantities import InputError, nearest

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "exp": np.exp,
    "tanh": np.tanh,
    "cosh": np.cosh,
    "sinh": np.sinh,
    "sqrt": np.sqrt,
    "log": np.log,
    "abs": np.abs,
}


def _number(value: float, where: str, field: str) -> np.float64:
    """A NumPy number: powers and quotients of it overflow to infinity, where Python's raise."""
    try:
        return np.float64(value)
    except OverflowError:
        raise InputError(where, field, f"a number of {len(str(value))} digits", "numbers up to 1e308") from None


def parse_expression(
    text: str, variable: str | tuple[str, ...] = "x", *, where: str = "expression", field: str = ""
) -> Callable[..., Any]:
    """Turn a formula of one or more variables into a function of as many arrays.

    Numbers, the variables, ``+ - * / **``, parentheses and exp, tanh, cosh, sinh, sqrt, log, abs are known.

    Raises
    ------
    InputError
        The text is not such a formula; the message names the part that is not.

    Examples
    --------
    >>> parse_expression("2 * x ** 2 - exp(0 * x)")(3.0)
    17.0
    >>> parse_expression("c * T", ("c", "T"))(2.0, 300.0)
    600.0
    """
    variables = (variable,) if isinstance(variable, str) else variable
    names = " and ".join(variables)
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InputError(where, field, text, f"a formula of {names}") from None

    def build(node: ast.expr) -> Callable[[tuple[Any, ...]], Any]:
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            number = _number(node.value, where, field)
            return lambda x: number
        if isinstance(node, ast.Name) and node.id in variables:
            return operator.itemgetter(variables.index(node.id))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            inner, sign = build(node.operand), -1.0 if isinstance(node.op, ast.USub) else 1.0
            return lambda x: sign * inner(x)
        if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
            left, right, apply = build(node.left), build(node.right), _BINARY[type(node.op)]
            return lambda x: apply(left(x), right(x))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1 and not node.keywords:
            if node.func.id not in _FUNCTIONS:
                raise InputError(where, field, f"function {node.func.id!r}", nearest(node.func.id, _FUNCTIONS))
            argument, function = build(node.args[0]), _FUNCTIONS[node.func.id]
            return lambda x: function(argument(x))
        raise InputError(where, field, ast.unparse(node), f"numbers, {names}, + - * / ** and {', '.join(_FUNCTIONS)}")

    evaluate = build(tree)

    def of(*x: Any) -> Any:
        with np.errstate(all="ignore"):  # the caller looks at what comes out
            return evaluate(x)

    return of
