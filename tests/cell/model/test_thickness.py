"""Thickness of a cell from the contents of its particles."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import read_cell, thickness_change
from scalith.quantities import InputError, Property, Result, Source, labelled

STRAIGHT = Property.from_arrays("volume_change", {"x": [0.0, 1.0]}, [0.0, 0.1], "1", Source(kind="assumed"))


def test_layers_take_the_volume_that_their_particles_gain():
    cell = read_cell("enertech_ai2020")
    n, p = cell.negative_electrode, cell.positive_electrode
    low, high = n.material.minimum_stoichiometry, n.material.maximum_stoichiometry
    columns = {
        "stoichiometry_negative": labelled("time", [low, high], "mean stoichiometry", "1"),
        "stoichiometry_positive": labelled("time", [p.material.maximum_stoichiometry] * 2, "mean stoichiometry", "1"),
    }
    data = Result(columns, {"time": labelled("time", [0.0, 1.0], "time", "s")})
    found = thickness_change(data, cell, {"negative": STRAIGHT, "positive": STRAIGHT})
    assert float(found.thickness_change[0]) == pytest.approx(0.0, abs=1e-18)
    assert float(found.thickness_change[1]) == pytest.approx(34 * 76.5e-6 * 0.61 * 0.1 * (high - low))
    np.testing.assert_array_equal(found.thickness_change_positive, [0.0, 0.0])
    with pytest.raises(InputError, match="negativ"):
        thickness_change(data, cell, {"negativ": STRAIGHT})
    with pytest.raises(InputError, match="one material or more"):
        thickness_change(data, cell, {})
