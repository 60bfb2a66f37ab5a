from __future__ import annotations

import numpy as np
import pytest

from scalith.electrode import VoxelImage, reaction_area, reaction_zone
from scalith.quantities import InputError, Source

EDGE = 1e-8


def film(width=60, thickness=2):
    labels = np.full((width + 1, 2, thickness + 2), 3, np.uint8)
    labels[:, :, 1:-1] = 1
    labels[:, :, -1] = 2
    labels[0] = 0
    return VoxelImage(labels, EDGE, {"electrolyte": 0, "film": 1, "pore": 2, "support": 3}, Source(kind="assumed"))


def solved(image, wide, **other):
    """With λ = `wide` voxels."""
    g = 1.0 * 2 * EDGE / (wide * EDGE) ** 2
    phases = {"conductor": "film", "feed": "electrolyte", "reactant": "pore"} | other
    return reaction_zone(image, conductivity=1.0, reaction_conductance=g, **phases), g


@pytest.mark.parametrize("wide", [12.0, 60.0, 600.0])
def test_a_film_reacts_as_a_fin(wide):
    found, g = solved(film(), wide)
    exact = g * wide * EDGE * np.tanh(60 / wide) * 2 * EDGE
    assert float(found.conductance) == pytest.approx(exact, rel=1e-3 + 0.3 * (2 / wide) ** 2)  # a fin has no gradient across it
    assert float(found.balance) < 1e-7
    assert float(found.overpotential.max()) <= 1.0


@pytest.mark.parametrize("wide", [12.0, 60.0, 600.0])
def test_the_area_that_reacts_is_that_of_the_voxels(wide):
    image = film()
    found, g = solved(image, wide)
    volume = image.labels.size * EDGE**3
    area, line = 60 * EDGE * 2 * EDGE / volume, 2 * EDGE / volume
    stated = reaction_area(area, line, conductivity=1.0, depth=2 * EDGE, reaction_conductance=g)
    assert float(found.conductance) / (g * volume) == pytest.approx(float(stated), rel=1e-3 + 0.3 * (2 / wide) ** 2)


def test_the_area_that_reacts_lies_between_the_line_and_the_area():
    lines = np.array([0.0, 1e9, 1e13, 1e17])
    found = reaction_area(1e6, lines, conductivity=1e-4, depth=1e-7, reaction_conductance=10.0)
    np.testing.assert_allclose(found[[0, 1, 3]], [0.0, 1e9 * np.sqrt(1e-12), 1e6], rtol=1e-6)
    assert np.all(np.diff(found) > 0.0)
    with pytest.raises(InputError, match="depth"):
        reaction_area(1e6, lines, conductivity=1e-4, depth=0.0, reaction_conductance=10.0)


def test_bad_reaction_zone():
    image = film()
    covered = VoxelImage(np.where(image.labels == 2, 3, image.labels), EDGE, image.phases, image.source)
    with pytest.raises(InputError, match="a phase that touches film"):
        solved(covered, 10.0)
    with pytest.raises(InputError, match="did you mean 'film'"):
        solved(film(), 10.0, conductor="filn")
    with pytest.raises(InputError, match="a positive number"):
        reaction_zone(film(), conductor="film", feed="electrolyte", reactant="pore", conductivity=0.0, reaction_conductance=1.0)
