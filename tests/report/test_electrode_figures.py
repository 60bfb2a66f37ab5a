from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
import xarray as xr

from scalith.report.electrode_figures import _shell, phases_figure
from scalith.report.figures import figures_of


@pytest.fixture(scope="module")
def image():
    labels = np.random.default_rng(0).integers(0, 2, (6, 5, 4)).astype(np.uint8)
    attrs = {"phases": json.dumps({"pore": 0, "active": 1})}
    axes = {axis: (np.arange(size) + 0.5) * 1e-6 for axis, size in zip("xyz", labels.shape, strict=True)}
    return xr.Dataset({"phase": (("x", "y", "z"), labels, attrs)}, axes, {"voxel_size": 1e-6})


def test_the_surface_of_one_voxel_is_a_box():
    inside = np.zeros((3, 3, 3), bool)
    inside[1, 2, 0] = True
    corners, triangles = _shell(inside)
    assert (len(corners), len(triangles)) == (8, 12)
    assert (corners.min(axis=0).tolist(), corners.max(axis=0).tolist()) == ([1, 2, 0], [2, 3, 1])


def test_surfaces_of_phases_are_closed_and_as_large_as_their_faces(image):
    inside = image["phase"].values == 1
    corners, triangles = _shell(inside)
    edges = Counter(tuple(sorted((int(row[k]), int(row[k - 1])))) for row in triangles for k in range(3))
    assert all(count % 2 == 0 for count in edges.values())
    whole = np.pad(inside, 1)
    faces = sum(int(np.count_nonzero(np.diff(whole.astype(int), axis=axis))) for axis in range(3))
    assert len(triangles) == 2 * faces
    assert corners.max(axis=0).tolist() <= [6, 5, 4]


def test_each_phase_can_be_switched_off_and_the_piece_cut_open(image):
    figure = phases_figure(image)
    assert {trace.name: trace.visible for trace in figure.data} == {"pore": "legendonly", "active": True}
    assert figure.layout.sliders[0].steps[-1].args[0] == {"scene.xaxis.range": [pytest.approx(5.4), 6.0]}


def test_each_cut_has_a_slider_that_moves_it_and_shows_what_lies_there(image):
    _, cuts = figures_of("voxel_image", image)
    assert len(cuts.layout.sliders) == len(cuts.data) == 3
    last = cuts.layout.sliders[1].steps[-1]
    moved, traces = last.args
    assert list(traces) == [1]
    assert np.asarray(moved["surfacecolor"][0]).tolist() == image["phase"].values[:, -1, :].tolist()
    assert np.unique(moved["y"][0]) == pytest.approx([5.0])
