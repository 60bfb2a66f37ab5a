from __future__ import annotations

import numpy as np
import pytest

from scalith.electrode import VoxelImage, reaction_area, reaction_area_with_error, reaction_zone
from scalith.quantities import InputError, Property, Source
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

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


@pytest.mark.parametrize("depth", [1e-12, 1e-8, 1e-4])  # along lines, between, all of the surface
def test_the_error_of_the_area_that_reacts_is_that_of_its_derivatives(depth):
    zone = {"conductivity": 1e-4, "depth": depth, "exchange_current_density": 1.0, "temperature": 298.15}
    how = {"conductivity": 1e-4, "depth": depth, "reaction_conductance": FARADAY / (GAS_CONSTANT * 298.15)}
    A, L, dA, dL, step = 1e6, 2e12, 1e5, 1e11, 1e-5

    def made(area_error, line_error):
        area = Property.constant("active_interface_area", A, "m-1", Source(kind="assumed"), area_error)
        return reaction_area_with_error(
            area, Property.constant("triple_phase_length", L, "m-2", Source(kind="assumed"), line_error), **zone
        )

    def slope(a, b):
        return float(reaction_area(A * (1 + a), L * (1 + b), **how) - reaction_area(A * (1 - a), L * (1 - b), **how)) / (2 * step)

    of_area, of_line = slope(step, 0.0) / A * dA, slope(0.0, step) / L * dL
    found = made(dA, dL)
    assert found() == float(reaction_area(A, L, **how))
    scale = float(np.hypot(of_area, of_line))
    assert float(found.error()) == pytest.approx(scale, rel=1e-6)
    assert float(made(None, dL).error()) == pytest.approx(of_line, rel=1e-6, abs=1e-6 * scale)
    assert float(made(dA, None).error()) == pytest.approx(of_area, rel=1e-6, abs=1e-6 * scale)
    assert made(None, None).standard_error is None
    assert found.source.settings == zone
    none = Property.constant("triple_phase_length", 0.0, "m-2", Source(kind="assumed"), dL)
    area = Property.constant("active_interface_area", A, "m-1", Source(kind="assumed"), dA)
    at_no_line = reaction_area_with_error(area, none, **zone)
    assert at_no_line() == 0.0
    reach = np.sqrt(1e-4 * depth / how["reaction_conductance"])
    assert float(at_no_line.error()) == pytest.approx(reach * dL)


def test_bad_reaction_zone():
    image = film()
    covered = VoxelImage(np.where(image.labels == 2, 3, image.labels), EDGE, image.phases, image.source)
    with pytest.raises(InputError, match="a phase that touches film"):
        solved(covered, 10.0)
    with pytest.raises(InputError, match="did you mean 'film'"):
        solved(film(), 10.0, conductor="filn")
    with pytest.raises(InputError, match="a positive number"):
        reaction_zone(film(), conductor="film", feed="electrolyte", reactant="pore", conductivity=0.0, reaction_conductance=1.0)
