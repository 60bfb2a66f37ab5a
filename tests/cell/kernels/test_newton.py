from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import Mesh
from scalith.cell.kernels import formulas, newton
from scalith.cell.model.discretise import discretise, initial_state
from tests.cell.entrance import from_python


@pytest.mark.parametrize(("mode", "target"), [(0, 5.0), (1, 3.9), (2, 18.0), (3, 0.8)])
def test_newton_converges_quadratically_in_every_mode(lgm50, mode, target):
    cell = discretise(lgm50, Mesh(6, 3, 6, nodes=8, finest=0.05), 298.15, 298.15)
    y = initial_state(lgm50, cell, 0.9, 298.15)
    work = newton.make_work(cell.system, cell.size)
    base = y.copy()
    step = from_python(newton.newton_step)
    norms = [step(cell.system, cell.bank, y, base, 0.1, mode, target, work) for _ in range(14)]
    small = [n for n in norms if n < 0.1]
    assert small[-1] < 1e-9
    assert small[1] < 2.0 * small[0] ** 1.8
    current, voltage = y[-1], from_python(newton.terminal_voltage)(cell.system, y)
    held = {0: current, 1: voltage, 2: current * voltage, 3: voltage / current}[mode]
    assert held == pytest.approx(target, rel=1e-9)


def test_backward_differences_of_a_polynomial_stay_exact_when_the_step_changes():
    order, h, factor = 4, 0.3, 0.57
    polynomial = np.polynomial.Polynomial([0.3, -1.0, 0.5, 0.2, -0.1])

    def differences(step: float) -> np.ndarray:
        values = polynomial(-step * np.arange(order + 1))
        table = np.zeros((formulas.MAXIMUM_ORDER + 3, 1))
        for m in range(order + 1):
            table[m, 0] = values[0]
            values = values[:-1] - values[1:]
        return table

    table = differences(h)
    small = np.empty((formulas.MAXIMUM_ORDER + 1, formulas.MAXIMUM_ORDER + 1))
    from_python(formulas.change_step)(table, np.empty_like(table), small, small.copy(), order, factor)
    np.testing.assert_allclose(table[: order + 1], differences(factor * h)[: order + 1], atol=1e-12)
