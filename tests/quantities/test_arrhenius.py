from __future__ import annotations

import numpy as np
import pytest

from scalith.quantities import InputError, arrhenius_factor, fit_arrhenius
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


def test_a_line_is_found_again_and_its_band_is_that_of_two_points():
    """With two temperatures the line passes both: at each of them its error is that of the point."""
    T = np.array([400.0, 800.0])
    fit = fit_arrhenius(T, 3.0 * np.exp(-20e3 / (GAS_CONSTANT * T)), 0.01 * np.exp(-20e3 / (GAS_CONSTANT * T)))
    assert (fit.energy, fit.logarithm, fit.misfit) == (pytest.approx(20e3), pytest.approx(np.log(3.0)), 0.0)
    values, errors = fit.at(T)
    assert errors / values == pytest.approx(0.01 / 3.0, rel=1e-3)
    assert fit.at(300.0)[1] / fit.at(300.0)[0] > 0.01 / 3.0


def test_points_that_scatter_more_than_their_errors_widen_the_band():
    T = np.array([400.0, 500.0, 650.0, 900.0])
    values = np.exp(-20e3 / (GAS_CONSTANT * T)) * np.array([1.3, 0.7, 1.3, 0.7])
    sure, unsure = fit_arrhenius(T, values, 0.01 * values), fit_arrhenius(T, values)
    assert sure.misfit > 10.0
    assert sure.at(300.0)[1] == pytest.approx(unsure.at(300.0)[1], rel=1e-3)


def test_one_temperature_or_no_value_is_no_line():
    with pytest.raises(InputError, match="positive values at two temperatures"):
        fit_arrhenius([300.0], [1.0])
    with pytest.raises(InputError, match="least value 0"):
        fit_arrhenius([300.0, 400.0], [0.0, 1.0])


def test_two_points_without_errors_tell_no_error_and_one_temperature_no_line():
    fit = fit_arrhenius([400.0, 800.0], [1.0, 2.0])
    assert fit.at(800.0)[0] == pytest.approx(2.0)
    assert np.isnan(fit.at(800.0)[1])
    with pytest.raises(InputError, match="1 temperatures"):
        fit_arrhenius([300.0, 300.0], [1.0, 2.0])
