"""Pictures that move: each moment shows what the data has then."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from scalith.report import axes
from scalith.report.figures import figures_of
from scalith.report.moments import MOST, chosen_moments, lines_over_time


def test_moments_are_few_and_have_both_ends():
    assert chosen_moments(3) == [0, 1, 2]
    many = chosen_moments(1000)
    assert (len(many), many[0], many[-1]) == (MOST, 0, 999)


def test_lines_move_as_the_data_does():
    times, x = np.linspace(0.0, 600.0, 100), np.array([0.0, 1.0, 2.0])
    y = times[:, None] * (1.0 + x)
    figure = lines_over_time(axes.figure("x", "y"), times, {"rising": (x, y)})
    assert len(figure.frames) == MOST == len(figure.layout.sliders[0].steps)
    assert figure.frames[-1].data[0].y == pytest.approx(y[-1])
    assert figure.data[0].y == pytest.approx(y[0])
    low, high = figure.layout.yaxis.range
    assert low < 0.0 < 1800.0 < high
    assert figure.layout.sliders[0].steps[-1].label == "10"


def test_stress_moves_at_the_highest_rate():
    sample, radius = np.arange(4), np.array([0.0, 5e-8, 1e-7])
    hoop = 1e6 * np.arange(2 * 4 * 3).reshape(2, 4, 3)
    names = ("radial_stress", "hoop_stress", "hydrostatic_stress")
    data = xr.Dataset(
        dict.fromkeys(names, (("c_rate", "sample", "radius"), hoop)) | {"time": (("c_rate", "sample"), [60.0 * sample] * 2)},
        {"c_rate": [0.5, 2.0], "radius": radius},
    )
    (figure,) = figures_of("particle_stress", data)
    assert [trace.name for trace in figure.data] == ["radial stress", "hoop stress", "hydrostatic stress"]
    assert figure.frames[-1].data[1].y == pytest.approx([21.0, 22.0, 23.0])
    assert figure.layout.yaxis.title.text == "Stress at 2C (MPa)"


def test_planes_go_through_the_hottest_place_and_have_holes_where_nothing_is():
    field = np.full((3, 4, 3, 2), 300.0)
    field[:, 0] = np.nan
    field[2, 3, 1, 1] = 900.0
    data = xr.Dataset(
        {"temperature": (("time", "x", "y", "z"), field)},
        {"time": [0.0, 60.0, 120.0], "x": [0.0, 0.01, 0.02, 0.03], "y": [0.0, 0.01, 0.02], "z": [0.0, 0.05]},
    )
    (figure,) = figures_of("cell_temperature_field", data)
    assert np.unique(figure.data[0].x) == pytest.approx([30.0])
    across = np.asarray(figure.data[1].y)
    assert np.isnan(across[0]).all()
    assert across[1:] == pytest.approx(np.full((3, 2), 10.0))
    assert figure.layout.sliders[0].active == 2
    assert np.nanmax(figure.frames[2].data[0].surfacecolor) == pytest.approx(626.85)
    assert np.nanmax(figure.frames[0].data[0].surfacecolor) == pytest.approx(26.85)
    assert [len(figures_of(name, data.isel(time=slice(0, 2)))) for name in ("module_temperature_field",)] == [2]


def test_the_row_of_cells_has_its_sizes_and_temperatures():
    nodes = 300.0 + np.arange(2 * 3 * 2).reshape(2, 3, 2)
    data = xr.Dataset(
        {"temperature": (("time", "cell"), nodes.mean(axis=2)), "node_temperature": (("time", "cell", "node"), nodes)},
        {"time": [0.0, 60.0]},
        {"cell_size": [0.01, 0.06, 0.07], "gap_thickness": 0.002},
    )
    _, row = figures_of("pack_temperature", data)
    body = row.data[0]
    assert len(body.x) == 3 * 2 * 8
    assert (min(body.x), max(body.x), max(body.y), max(body.z)) == pytest.approx((0.0, 34.0, 60.0, 70.0))
    assert body.intensity == pytest.approx(np.repeat(nodes[1].ravel(), 8) - 273.15)
    assert row.frames[0].data[0].intensity == pytest.approx(np.repeat(nodes[0].ravel(), 8) - 273.15)
    corners = np.stack([body.x, body.y, body.z], axis=1)[np.stack([body.i, body.j, body.k], axis=1)]
    area = 0.5 * np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1).sum()
    assert area == pytest.approx(6 * 2 * (5.0 * 60.0 + 5.0 * 70.0 + 60.0 * 70.0))
    assert len(figures_of("pack_temperature", data.assign_attrs(cell_size=None).drop_attrs())) == 1
