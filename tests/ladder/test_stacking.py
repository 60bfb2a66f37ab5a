from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from scalith.ladder import climb, read_entry, read_study
from scalith.ladder.bands import summarised
from scalith.ladder.rungs.pack import Pack, pack_temperature
from scalith.ladder.stacking import by_rate, one_rate
from scalith.quantities import InputError, predicted, write_results
from scalith.report.figures import figures_of

PACK = {
    "cells": 2,
    "cell_thickness": "7 mm",
    "cell_width": "65 mm",
    "cell_height": "70 mm",
    "cell_heat_capacity": "77 J/K",
    "through_conductivity": "0.9 W m-1 K-1",
    "interface_conductance": "100 W m-2 K-1",
}


def discharge(samples, offset=0.0):
    time = np.linspace(0.0, 100.0, samples)
    data = xr.Dataset(
        coords={"time": ("time", time, {"units": "s", "long_name": "time"})}, attrs={"reason": "empty", "load": 1.0}
    )
    data["voltage"] = ("time", 3.0 - 0.001 * time + offset, {"units": "V", "long_name": "voltage"})
    data["heat"] = ("time", 0.1 * time, {"units": "W", "long_name": "heat"})
    return data


def stacked(offset=0.0, last=5):
    return by_rate([0.5, 1.0], [discharge(7, offset), discharge(last, offset)], predicted("test"))


def test_units_names_and_the_shorter_run_are_kept():
    found = stacked()
    assert {name: found[name].attrs["units"] for name in ("time", "voltage", "heat")} == {
        "time": "s",
        "voltage": "V",
        "heat": "W",
    }
    assert found["c_rate"].attrs == {"units": "1", "long_name": "C-rate"}
    assert set(found.attrs) == {"source"}
    assert found["reason"].values.tolist() == ["empty", "empty"]
    assert np.isfinite(found["voltage"].values).sum() == 12
    np.testing.assert_array_equal(one_rate(found, 1.0)["voltage"], discharge(5)["voltage"])


def test_the_scatter_of_stacked_runs_is_said_with_its_unit():
    _, words = summarised(stacked(), [stacked(-0.01), stacked(0.01)])
    assert "voltage ± 0.014 V" in words


def test_a_discharge_that_is_over_as_it_begins_is_one_sentence_at_the_pack():
    heat = stacked(last=1)[["time", "heat"]]
    pack = Pack.read(PACK)
    with pytest.raises(
        InputError, match=r"\[discharge\]: c_rates: found 1, a discharge that is over as it begins, expected rates"
    ):
        pack_temperature(heat, pack)


@pytest.mark.parametrize("change", [{}, {"cells": 1, "interface_conductance": None}])
def test_cells_without_a_gap_climb_to_disk_and_are_drawn(tmp_path, change):
    heat = stacked()[["time", "heat"]]
    write_results(heat, tmp_path / "heat.nc")
    stated = "\n".join(f"{name} = {json.dumps(value)}" for name, value in (PACK | change).items() if value is not None)
    text = f'[study]\ntitle = "row"\ntargets = ["pack_temperature"]\n[pack]\n{stated}\n[given]\nheat_generation = "heat.nc"\n'
    (tmp_path / "study.toml").write_text(text)
    climb(read_study(tmp_path / "study.toml"), tmp_path / "out")
    data = read_entry(tmp_path / "out", "pack_temperature").value
    row = figures_of("pack_temperature", data)[1]
    assert (min(row.data[0].x), max(row.data[0].x)) == pytest.approx((0.0, 7.0 * data.sizes["cell"]))
