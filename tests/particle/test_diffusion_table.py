from __future__ import annotations

import numpy as np
import pytest

from scalith.numerics.kernel_table import evaluate
from scalith.particle import flux_potential_table
from scalith.quantities import InputError, Property, Source

ASSUMED = Source(kind="assumed")


def test_the_slope_is_the_diffusivity_over_six_decades_and_never_negative():
    x = np.linspace(0.0, 1.0, 301)
    logarithm = -12.0 - 6.0 / (1.0 + np.exp(-(x - 0.8) / 0.01))
    D = Property.from_arrays("chemical_diffusivity", {"x": x}, 10.0**logarithm, "m2 s-1", ASSUMED)
    table = flux_potential_table(D)
    for at in np.linspace(0.0, 1.0, 173):
        assert evaluate(table, at, 298.15)[1] > 0.0
    for at in (0.1, 0.5, 0.95):
        assert evaluate(table, at, 298.15)[1] == pytest.approx(float(D(at)), rel=5e-3)
    low, high = evaluate(table, 0.2, 298.15)[0], evaluate(table, 0.7, 298.15)[0]
    grid = np.linspace(0.2, 0.7, 20001)
    assert high - low == pytest.approx(np.trapezoid(D(grid), grid), rel=1e-4)


def test_temperature_is_followed_and_can_be_fixed():
    T = np.linspace(280.0, 330.0, 11)
    x = np.linspace(0.0, 1.0, 50)
    values = 1e-14 * np.exp(3000.0 * (1.0 / 298.15 - 1.0 / T))[None, :] * (1.0 + x)[:, None]
    D = Property.from_arrays("chemical_diffusivity", {"x": x, "T": T}, values, "m2 s-1", ASSUMED)
    moving, fixed = flux_potential_table(D), flux_potential_table(D, 303.0)
    assert evaluate(moving, 0.4, 303.0)[1] == pytest.approx(float(D(0.4, 303.0)), rel=1e-4)
    assert evaluate(fixed, 0.4, 303.0)[1] == pytest.approx(float(D(0.4, 303.0)), rel=1e-6)
    # Pieces join without a step: the potential is continuous.
    edges = np.linspace(0.0, 1.0, moving.coefficients.shape[1] + 1)[1:-1]
    for edge in edges[::37]:
        assert evaluate(moving, edge - 1e-12, 291.0)[0] == pytest.approx(evaluate(moving, edge + 1e-12, 291.0)[0], rel=1e-9)


def test_a_diffusivity_that_is_not_positive_is_refused():
    D = Property.from_arrays("chemical_diffusivity", {"x": [0.0, 1.0]}, [1e-14, 0.0], "m2 s-1", ASSUMED)
    with pytest.raises(InputError, match="positive"):
        flux_potential_table(D)
