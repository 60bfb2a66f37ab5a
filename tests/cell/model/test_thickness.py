"""Thickness of a cell from the contents of its particles."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import LithiumMetal, read_cell, thickness_change
from scalith.quantities import InputError, Property, Result, Source, labelled
from scalith.quantities.constants import LITHIUM_MOLAR_VOLUME

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


def test_lithium_metal_grows_by_what_is_plated():
    plain = read_cell("llzo_lco_lithium")
    window = plain.positive_electrode.window
    metal = LithiumMetal(exchange_current_density=100.0, reserve_thickness="20 um").electrode(window)
    cell = plain.model_copy(update={"negative_electrode": metal, "electrode_pairs": 3})
    ends = metal.material.minimum_stoichiometry, metal.material.maximum_stoichiometry
    columns = {
        "stoichiometry_negative": labelled("time", ends, "mean stoichiometry", "1"),
        "stoichiometry_positive": labelled("time", [0.9, 0.5], "mean stoichiometry", "1"),
        "lithium_thickness_negative": labelled("time", [20e-6, 20e-6 + window * LITHIUM_MOLAR_VOLUME], "thickness", "m"),
    }
    data = Result(columns, {"time": labelled("time", [0.0, 1.0], "time", "s")})
    found = thickness_change(data, cell, {"positive": STRAIGHT})
    plated = 3 * window * LITHIUM_MOLAR_VOLUME
    np.testing.assert_allclose(found.thickness_change_negative, [0.0, plated], atol=1e-12)
    np.testing.assert_allclose(found.thickness_change, found.thickness_change_negative + found.thickness_change_positive)
    with pytest.raises(InputError, match="one of positive"):  # its store is not its volume
        thickness_change(data, cell, {"negative": STRAIGHT})
    with pytest.raises(InputError, match="reserve_thickness"):
        thickness_change(data, plain, {"positive": STRAIGHT})


def test_names_that_the_run_lacks_are_not_proposed():
    cell = read_cell("enertech_ai2020")
    columns = {"stoichiometry_negative": labelled("time", [0.1, 0.2], "mean stoichiometry", "1")}
    data = Result(columns, {"time": labelled("time", [0.0, 1.0], "time", "s")})
    with pytest.raises(InputError, match="one of negative"):
        thickness_change(data, cell, {"positive": STRAIGHT})
