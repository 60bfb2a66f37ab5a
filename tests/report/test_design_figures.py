from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from scalith.report.figures import figures_of


def test_what_was_asked_stands_beside_what_was_found():
    data = xr.Dataset(
        {
            "requested": ("quantity", [0.15, 3.2e5]),
            "measured": ("quantity", [0.153, 3.2e5]),
            "deviation": ("quantity", [0.02, 0.0]),
        },
        {"quantity": ["effective_ionic_conductivity", "interface_area"], "unit": ("quantity", ["S m-1", "m-1"])},
    )
    (figure,) = figures_of("designed_image", data)
    assert figure.data[0].x == pytest.approx([2.0, 0.0])
    assert figure.data[0].text[0] == "0.15 → 0.153 S m-1"


def test_the_front_tells_what_holds_with_other_seeds():
    over = ("point", "objective_name")
    data = xr.Dataset(
        {
            "recipe": (("point", "parameter"), [[8e-5, 0.3], [9e-5, 0.2]]),
            "objective": (over, [[1.8e9, 3.6e8], [2.0e9, 1e8]]),
            "objective_error": (over, [[3.6e7, np.nan], [3.6e7, 3.6e6]]),
            "found": (over, [[1.9e9, 4e8], [2.1e9, 2e8]]),
            "holds": ("point", [True, False]),
            "evaluated": (("evaluation", "objective_name"), [[1e9, 1e8], [np.nan, np.nan]]),
        },
        {"parameter": ["thickness", "porosity"], "objective_name": ["energy at 0.333C", "energy at 3C"]},
    )
    (figure,) = figures_of("design_front", data)
    named = {trace.name: trace for trace in figure.data}
    assert set(named) == {"tried", "front of the search", "checked, holds", "checked, does not"}
    assert named["checked, holds"].x == pytest.approx([500.0])
    assert named["checked, holds"].error_x.array == pytest.approx([10.0])
    assert named["checked, holds"].error_y.array == pytest.approx([0.0])
    assert named["checked, holds"].hovertext == ("thickness 80 µm, porosity 0.3",)
    assert figure.layout.yaxis.title.text == "energy at 3C (W h/L)"
    assert figures_of("design_front", data.isel(objective_name=[0])) == []
