from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import CellSpecification, Mesh, particle_size_distribution, simulate_discharge
from scalith.quantities import InputError

MESH = Mesh(6, 3, 6, nodes=12, finest=0.02)


def _with_sizes(cell: CellSpecification, spread: float, classes: int) -> CellSpecification:
    materials = particle_size_distribution(cell.positive_electrode.material, spread, classes)
    electrode = cell.positive_electrode.model_copy(update={"materials": materials})
    return cell.model_copy(update={"positive_electrode": electrode})


@pytest.mark.parametrize("classes", [1, 3, 7])
def test_volume_and_surface_stay_and_the_spread_is_met(lgm50, classes):
    whole = lgm50.positive_electrode.material
    parts = particle_size_distribution(whole, 0.4, classes)
    assert len(parts) == classes
    assert sum(part.volume_fraction for part in parts) == pytest.approx(whole.volume_fraction, rel=1e-12)
    assert sum(part.area for part in parts) == pytest.approx(whole.area, rel=1e-12)
    radii = np.array([part.particle_radius for part in parts])
    weights = np.array([part.volume_fraction for part in parts]) / whole.volume_fraction
    mean = np.sum(weights * radii)
    if classes > 3:
        assert np.sqrt(np.sum(weights * (radii - mean) ** 2)) / mean == pytest.approx(0.4, rel=1e-3)


def test_a_narrow_distribution_is_one_size_and_lithium_is_conserved(lgm50):
    one = simulate_discharge(lgm50, 1.0, mesh=MESH)
    narrow = simulate_discharge(_with_sizes(lgm50, 1e-4, 2), 1.0, mesh=MESH)
    assert float(narrow.time[-1]) == pytest.approx(float(one.time[-1]), abs=0.2)
    wide = simulate_discharge(_with_sizes(lgm50, 0.5, 3), 1.0, mesh=MESH)
    assert float(np.abs(wide.lithium_error).max()) < 1e-11
    # Small particles fill first, large ones stay behind.
    at = wide.isel(time=-1)
    assert float(at.stoichiometry_positive_1) > float(at.stoichiometry_positive_3)


@pytest.mark.parametrize(("spread", "classes"), [(0.0, 3), (2.5, 3), (0.3, 0), (0.3, 50)])
def test_nonsense_is_refused(lgm50, spread, classes):
    with pytest.raises(InputError, match="particle_size_distribution"):
        particle_size_distribution(lgm50.positive_electrode.material, spread, classes)
