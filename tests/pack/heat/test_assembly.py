import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalith.pack import (
    Assembly,
    Barrier,
    Block,
    CellBody,
    Material,
    ModuleSpecification,
    Plate,
    layer_stack_conductivity,
    layer_stack_heat_capacity,
    module_assembly,
)
from scalith.pack.heat.assembly import make_grid
from scalith.quantities import InputError

MATERIAL = {"density": 2000.0, "specific_heat": 1000.0, "conductivity": 1.0}
BOX = {"name": "a", "material": "m", "lower": (0, 0, 0), "upper": ("10 mm", "20 mm", "30 mm")}


def assembly(**change):
    return Assembly.read({"materials": {"m": MATERIAL}, "blocks": [BOX], "spacing": ("3 mm", "5 mm", "10 mm"), **change})


def test_grid_lines_lie_on_the_blocks():
    second = {"name": "b", "material": "m", "lower": ("10 mm", 0, 0), "upper": ("11 mm", "20 mm", "30 mm")}
    grid = make_grid(assembly(blocks=[BOX, second]))
    np.testing.assert_allclose(grid.edges[0], [0, 0.0025, 0.005, 0.0075, 0.01, 0.011])
    assert grid.volume.sum() == pytest.approx(0.011 * 0.02 * 0.03)
    assert grid.volume[grid.block == 1].sum() == pytest.approx(0.001 * 0.02 * 0.03)


def test_cylinder_in_potting():
    roll = {"name": "roll", "material": "m", "lower": (0, 0, 0), "upper": ("18 mm", "18 mm", "65 mm"), "shape": "cylinder"}
    grid = make_grid(assembly(blocks=[roll], background="m", spacing=("0.5 mm", "0.5 mm", "65 mm")))
    assert grid.volume[grid.block == 0].sum() == pytest.approx(np.pi * 0.009**2 * 0.065, rel=0.01)
    with pytest.raises(InputError, match="gap"):
        make_grid(assembly(blocks=[roll]))


def test_rings_have_the_volume_of_the_cylinder():
    grid = make_grid(assembly(blocks=[{**BOX, "lower": (0, 0, 0), "upper": (0.009, 1, 0.065)}], axisymmetric=True))
    assert grid.volume.sum() == pytest.approx(np.pi * 0.009**2 * 0.065)
    np.testing.assert_allclose(grid.areas[0][-1].sum(), 2 * np.pi * 0.009 * 0.065)


def test_overlap_and_gap_are_named():
    with pytest.raises(InputError, match="'b' overlaps 'a'"):
        make_grid(assembly(blocks=[BOX, {**BOX, "name": "b", "lower": ("5 mm", 0, 0)}]))
    with pytest.raises(InputError, match="a gap at"):
        make_grid(assembly(blocks=[BOX, {**BOX, "name": "b", "lower": ("20 mm", 0, 0), "upper": ("30 mm", "20 mm", "30 mm")}]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"blocks": []}, "at least one block"),
        ({"blocks": [BOX, BOX]}, "twice"),
        ({"blocks": [{**BOX, "material": "n"}]}, "material 'n'"),
        ({"blocks": [{**BOX, "upper": (0, 1, 1)}]}, "upper corner"),
        ({"contacts": [{"between": ("a", "c"), "resistance": 1e-4}]}, "contact with 'c'"),
        ({"surfaces": {"top": {}}}, "surfaces"),
        ({"surfaces": {"z_high": {"temperature": 25.0}}}, "kelvin"),
        ({"spacing": (0, 1, 1)}, "spacing"),
        ({"background": "air"}, "background"),
    ],
)
def test_bad_assemblies_are_named(change, message):
    with pytest.raises(InputError, match=message):
        assembly(**change)


@given(layers=st.lists(st.tuples(st.floats(1e-6, 1e-4), st.floats(0.1, 400.0)), min_size=1, max_size=8))
def test_stack_lies_within_the_bounds(layers):
    d, k = [a for a, _ in layers], [b for _, b in layers]
    along, through = layer_stack_conductivity(d, k)
    assert min(k) * (1 - 1e-12) <= through <= along * (1 + 1e-12) <= max(k) * (1 + 1e-11)


def test_stack_of_two_layers():
    along, through = layer_stack_conductivity([1e-5, 3e-5], [200.0, 1.0])
    assert along == pytest.approx((200 + 3) / 4)
    assert through == pytest.approx(4 / (1 / 200 + 3))
    assert layer_stack_heat_capacity([1.0, 3.0], [2e6, 4e6]) == pytest.approx(3.5e6)
    with pytest.raises(InputError, match="one pair"):
        layer_stack_conductivity([1.0], [1.0, 2.0])


def test_module_becomes_blocks_of_the_right_mass():
    cell = CellBody(shape="prismatic", thickness=0.012, width=0.1, height=0.08, density=2300.0, specific_heat=1000.0)
    module = ModuleSpecification(
        cell=cell, cells=3, rows=2, barrier=Barrier(thickness=1e-3, conductivity=0.2), row_barrier=Barrier(thickness=2e-3, conductivity=0.2),
        plate=Plate(thickness=3e-3, coolant_coefficient=100.0),
    )  # fmt: skip
    body = module_assembly(module, spacing=(0.006, 0.05, 0.04))
    grid = make_grid(body)
    cells = [b for b, block in enumerate(body.blocks) if block.reacts]
    assert sum(grid.volume[grid.block == b].sum() for b in cells) == pytest.approx(6 * cell.volume)
    assert len(body.blocks) == 6 + 4 + 1 + 1
    round_cell = CellBody(shape="cylindrical", diameter=0.02, height=0.07, density=2300.0, specific_heat=1000.0)
    around = module_assembly(ModuleSpecification(cell=round_cell, cells=2))
    grid = make_grid(around)
    assert grid.volume.sum() == pytest.approx(2 * round_cell.volume)


def test_divisions_cut_a_block_whatever_its_size():
    material = {"m": Material(density=1.0, specific_heat=1.0, conductivity=1.0)}
    thin = Block(name="thin", material="m", lower=(0, 0, 0), upper=(1e-4, 1, 1), divisions=(7, 1, 2))
    thick = Block(name="thick", material="m", lower=(1e-4, 0, 0), upper=(1, 1, 1), divisions=(3, 1, 1))
    grid = make_grid(Assembly(materials=material, blocks=(thin, thick)))
    assert grid.block.shape == (10, 1, 2)
    np.testing.assert_allclose(np.diff(grid.edges[0])[:7], 1e-4 / 7)


@pytest.mark.parametrize("around", [{"background": "m"}, {"open_space": {"heat_transfer_coefficient": 10.0}}])
def test_a_round_cell_of_steps_has_its_own_volume_and_area(around):
    roll = {"name": "roll", "material": "m", "lower": (0, 0, 0), "upper": ("18 mm", "18 mm", "65 mm"), "shape": "cylinder"}
    grid = make_grid(assembly(blocks=[roll], spacing=("2 mm", "2 mm", "5 mm"), **around))
    inside = grid.block == 0
    assert grid.volume[inside].sum() == pytest.approx(np.pi * 0.009**2 * 0.065)
    assert grid.volume.sum() == pytest.approx(0.018**2 * 0.065)
    assert grid.areas[2][:, :, 0][inside[:, :, 0]].sum() == pytest.approx(np.pi * 0.009**2)
    outer = sum(
        grid.areas[axis][np.diff(np.pad(inside.astype(int), [(int(a == axis),) * 2 for a in range(3)]), axis=axis) != 0].sum()
        for axis in (0, 1)
    )
    assert outer == pytest.approx(2 * np.pi * 0.009 * 0.065)


def test_open_space_and_background_are_one_or_the_other():
    with pytest.raises(InputError, match="open_space"):
        assembly(background="m", open_space={"heat_transfer_coefficient": 10.0})
