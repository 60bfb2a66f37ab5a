from __future__ import annotations

import pytest

from scalith.cell import ActiveMaterial, CellSpecification, Mesh, simulate_discharge
from scalith.quantities import InputError


def test_tables_that_do_not_cover_the_window_are_refused(lgm50):
    plain = lgm50.model_dump()
    material = dict(plain["positive_electrode"]["materials"][0])
    material["open_circuit_voltage"] = {"x": [0.4, 0.9], "values": [4.1, 3.5], "unit": "V"}
    plain["positive_electrode"] = plain["positive_electrode"] | {"materials": [material]}
    with pytest.raises(InputError, match=r"window 0\.26"):
        CellSpecification.read(plain)


def with_material(cell: CellSpecification, **changed: float | None) -> CellSpecification:
    electrode = cell.positive_electrode
    material = ActiveMaterial.model_validate(dict(electrode.material) | changed)
    return cell.model_copy(update={"positive_electrode": electrode.model_copy(update={"materials": (material,)})})


def test_area_volume_and_radius_may_be_stated_side_by_side(lgm50):
    """With the area of the spheres it is the cell as it was; with half of it, equal to slower diffusion in larger spheres."""
    mesh = Mesh(3, 2, 3, nodes=12, finest=0.02)
    plain = lgm50.positive_electrode.material
    same = with_material(lgm50, specific_area=plain.area)
    assert same.positive_electrode.material.storage_radius == pytest.approx(plain.particle_radius)
    half = with_material(lgm50, specific_area=0.5 * plain.area)
    material = half.positive_electrode.material
    assert (material.area, material.volume_fraction) == (0.5 * plain.area, plain.volume_fraction)
    assert half.positive_electrode.window == pytest.approx(lgm50.positive_electrode.window)
    alike = material.with_one_radius()
    assert alike.particle_radius == pytest.approx(2.0 * plain.particle_radius)
    assert alike.area == pytest.approx(0.5 * plain.area)
    equal = with_material(lgm50, **{name: getattr(alike, name) for name in ("particle_radius", "chemical_diffusivity")})
    naive = with_material(lgm50, particle_radius=2.0 * plain.particle_radius)
    charge = [float(simulate_discharge(cell, 2.0, mesh=mesh)["capacity"][-1]) for cell in (lgm50, half, equal, naive)]
    assert charge[2] == pytest.approx(charge[1], rel=1e-6)
    # The reaction costs voltage, the diffusion is what it was: R = 3 ε/a made it four times as slow.
    assert charge[0] > charge[1] > 0.9 * charge[0] > 1.05 * charge[3]


def test_one_of_area_and_volume_must_be_stated(lgm50):
    material = dict(lgm50.positive_electrode.material)
    with pytest.raises(InputError, match="neither"):
        ActiveMaterial.read(material | {"active_volume_fraction": None})
