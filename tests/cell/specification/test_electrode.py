from __future__ import annotations

import pytest

from scalith.cell import CellSpecification
from scalith.quantities import InputError


def test_a_mistyped_key_of_a_material_is_found_among_those_of_the_material(lgm50):
    material = {
        key: value for key, value in lgm50.model_dump()["positive_electrode"]["materials"][0].items() if value is not None
    }
    electrode = {"thickness": 1e-4, "porosity": 0.3, "conductivity": 1.0} | material
    electrode["particle_radus"] = electrode.pop("particle_radius")
    with pytest.raises(InputError, match="did you mean 'particle_radius'"):
        CellSpecification.read(lgm50.model_dump() | {"positive_electrode": electrode})
