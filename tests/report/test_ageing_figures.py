from __future__ import annotations

import numpy as np
import pytest

from scalith.quantities import Result, labelled
from scalith.report.ageing_figures import fade_figure, modes_figure


@pytest.mark.parametrize(("knee", "marked"), [(700.0, True), (np.nan, False)])
def test_the_knee_is_marked_where_there_is_one(knee, marked):
    data = Result(
        {
            "discharge_capacity": labelled("cycle", [18e3, 17e3], "discharge capacity", "C"),
            "knee_cycle": labelled((), knee, "cycle of the knee", "1"),
            "knee_capacity": labelled((), 17.5e3, "capacity at the knee", "C"),
        },
        {"cycle": [1, 1000]},
    )
    names = [trace.name for trace in fade_figure(data).data]
    assert ("knee, cycle 700" in names) == marked


def test_modes_are_drawn_as_read_with_their_errors_beside_the_model():
    modes = {}
    for name in ("lithium_inventory_lost", "active_material_lost_negative", "active_material_lost_positive"):
        for ending, values in (("", [0.0, 0.02]), ("_error", [0.0, 1e-3]), ("_planted", [0.0, 0.021])):
            modes[name + ending] = labelled("check_up", values, name, "1")
    figure = modes_figure(Result(modes, {"check_up": [0, 100]}))
    assert figure is not None
    read, model = figure.data[:2]
    np.testing.assert_allclose(read.y, [0.0, 2.0])
    np.testing.assert_allclose(read.error_y.array, [0.0, 0.2])
    np.testing.assert_allclose(model.y, [0.0, 2.1])
    assert modes_figure(Result(attrs={"verdict": "not told by check-ups"})) is None
