"""From a voxel to the energy of a discharge (against differences: case D01)."""

import numpy as np
import pytest

from scalith.cell import Mesh
from scalith.design import energy_gradient
from scalith.electrode import VoxelImage, laminate
from scalith.quantities import InputError

BULK = {"ionic": {"electrolyte": "2.05 mS/cm"}, "electronic": {"active": "1 S/m"}}


def columns():
    """Straight columns of both along y and z; across them nothing gets through."""
    return laminate((8, 4, 4), 1e-6, [("electrolyte", 1), ("active", 1)])


def test_the_voxels_share_what_the_carrier_has():
    found = energy_gradient("lpscl_ncm622_indium", columns(), axis="y", mesh=Mesh(positive=8), tolerance=1e-4, **BULK)
    assert found["energy_by_voxel"].sum(("x", "y", "z")).values == pytest.approx(found["energy_by_conductivity"].values, rel=1e-9)
    assert np.all(found["energy_by_conductivity"] > 0.0)
    active = columns().mask("active")
    of_ions, of_electrons = found["energy_by_voxel"].values
    assert np.all(of_ions[active] == 0.0)
    assert np.all(of_electrons[~active] == 0.0)
    assert np.ptp(of_electrons[active]) < 1e-9 * of_electrons.max()
    np.testing.assert_allclose(found["effective_conductivity"], [0.5 * 0.205, 0.5], rtol=1e-9)


def test_electrolyte_that_lost_its_contact_still_conducts():
    image = columns()
    labels = np.array(image.labels)
    labels[0, :, :][labels[0, :, :] == image.phases["electrolyte"]] = 7
    parted = VoxelImage(labels, image.voxel_size, {**image.phases, "debonded": 7})
    stated = {"axis": "y", "mesh": Mesh(2, 2, 3, nodes=6), "tolerance": 1e-3, **BULK}
    found, same = (energy_gradient("lpscl_ncm622_indium", one, **stated) for one in (parted, image))
    np.testing.assert_allclose(found["effective_conductivity"], same["effective_conductivity"], rtol=1e-9)
    warm = energy_gradient("lpscl_ncm622_indium", image, temperature=298.15, **stated)
    assert warm.attrs["source"] != same.attrs["source"]


def test_what_has_no_gradient():
    with pytest.raises(InputError, match="no path for ions along x"):
        energy_gradient("lpscl_ncm622_indium", columns(), **BULK)
    with pytest.raises(InputError, match="a porous electrode"):
        energy_gradient("lpscl_ncm622_indium", columns(), side="negative", axis="y", **BULK)
    with pytest.raises(InputError, match="a conductivity of 'electrolyte'"):
        energy_gradient("lpscl_ncm622_indium", columns(), axis="y", ionic={"active": 1.0}, electronic={"active": 1.0})
