from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from scalith.electrode import (
    CompositeElectrode,
    composite_study,
    laminate,
    limiting_path,
    percolation_threshold,
)
from scalith.quantities import InputError

COMPOSITE = CompositeElectrode(active_fraction=0.5, active_radius="0.6 um", porosity=0.1, pore_size="0.2 um", overlap=0.1)
IMAGE = {"shape": (32, 32, 32), "voxel_size": 2e-7}
BULK = {"ionic": {"electrolyte": 0.2}, "electronic": {"active": 1.0, "carbon": 1e3}}


@pytest.fixture(scope="module")
def study():
    with ThreadPoolExecutor(2) as pool:
        varied = {"active_fraction": [0.1, 0.4, 0.7], "porosity": [0.05, 0.25]}
        return composite_study(COMPOSITE, varied, **IMAGE, **BULK, seeds=[1, 2], executor=pool)


def test_more_active_material_carries_electrons_and_stands_in_the_way_of_ions(study):
    ions = study.effective_ionic_conductivity.mean("seed")
    electrons = study.effective_electronic_conductivity.mean("seed")
    assert np.all(ions.diff("active_fraction") < 0)
    assert np.all(electrons.diff("active_fraction") >= 0)
    assert np.all(ions.diff("porosity") < 0)
    np.testing.assert_allclose(
        study.electrolyte_volume_fraction.sel(active_fraction=0.4), 0.6 * (1 - study.void.sel(active_fraction=0.4)), atol=1e-3
    )
    assert study.effective_ionic_conductivity.attrs["units"] == "S m-1"


def test_the_threshold_of_the_particles_lies_between_the_compositions(study):
    found = percolation_threshold(study, "effective_electronic_conductivity", "active_fraction")
    assert found.dims == ("porosity",)
    assert np.all((found > 0.1) & (found < 0.7))
    assert np.all(np.isnan(percolation_threshold(study, "effective_ionic_conductivity", "active_fraction")))
    with pytest.raises(InputError, match="a dimension of the study"):
        percolation_threshold(study, "effective_ionic_conductivity", "pressure")


def test_pressure_raises_the_conductivity_of_ions():
    pressed = CompositeElectrode.read(
        COMPOSITE.model_dump() | {"porosity": None, "pressure": 0.0, "initial_porosity": 0.35, "yield_pressure": "300 MPa"}
    )
    found = composite_study(pressed, {"pressure": [0.0, 3e8]}, **IMAGE, **BULK, seeds=[1])
    assert float(found.void[0, 0]) == pytest.approx(0.35)
    assert float(found.void[1, 0]) == pytest.approx(0.35 / np.e)
    assert float(found.effective_ionic_conductivity[1, 0]) > float(found.effective_ionic_conductivity[0, 0])
    assert found.pressure.attrs["units"] == "Pa"


def test_bad_studies():
    with pytest.raises(InputError, match="one of active_fraction"):
        composite_study(COMPOSITE, {"activ": [0.1]}, **IMAGE, **BULK, seeds=[1])
    with pytest.raises(InputError, match="at least one seed"):
        composite_study(COMPOSITE, {"porosity": [0.1]}, **IMAGE, **BULK, seeds=[])


def test_the_path_that_limits_and_where_it_loses():
    image = laminate((12, 12, 12), 1e-6, [("electrolyte", 3), ("active", 3)], normal="y")
    found = limiting_path(image, ionic={"electrolyte": 0.2}, electronic={"active": 10.0})
    assert found.attrs["limits"] == "ions"
    np.testing.assert_allclose(found.resistance, [12e-6 / 0.1, 12e-6 / 5.0], rtol=1e-6)
    # Straight channels: each phase carries all of its carrier's current, evenly.
    np.testing.assert_allclose(found.neck_volume, 0.25, atol=1e-3)
    np.testing.assert_allclose(found.dissipation_by_phase, [[1, 0], [0, 1]], atol=1e-9)
    inside = found.current_density.sel(carrier="ions").values[image.mask("electrolyte")]
    np.testing.assert_allclose(inside, 2.0, rtol=1e-6)
    # A current of 1 A m-2 loses R per area of plate.
    np.testing.assert_allclose(found.dissipation.sum(("x", "y", "z")) * 1e-18 / (144 * 1e-12), found.resistance, rtol=1e-6)


def test_a_path_that_does_not_connect_limits():
    image = laminate((12, 8, 8), 1e-6, [("electrolyte", 6), ("active", 6)])
    found = limiting_path(image, ionic={"electrolyte": 0.2, "active": 0.1}, electronic={"active": 10.0})
    assert found.attrs["limits"] == "electrons"
    assert np.isinf(float(found.resistance.sel(carrier="electrons")))
