from __future__ import annotations

import numpy as np
import pytest

from scalith.quantities import arrhenius_factor
from scalith.quantities.constants import GAS_CONSTANT


def test_the_slope_of_its_logarithm_is_the_energy():
    T = np.array([290.0, 310.0])
    logs = np.log([arrhenius_factor(50e3, value, 298.15) for value in T])
    assert np.diff(logs)[0] / np.diff(1.0 / T)[0] * -GAS_CONSTANT == pytest.approx(50e3, rel=1e-12)
    assert arrhenius_factor(50e3, 298.15, 298.15) == 1.0
    assert arrhenius_factor(0.0, 350.0, 298.15) == 1.0


def test_the_cell_s_kernels_warm_alike():
    from scalith.cell.kernels.reaction import arrhenius

    assert arrhenius.py_func(35e3, 310.0, 298.15) == arrhenius_factor(35e3, 310.0, 298.15)
