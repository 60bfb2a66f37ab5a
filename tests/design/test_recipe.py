"""From the numbers of a recipe to a cell."""

import numpy as np
import pytest

from scalith.cell import read_cell
from scalith.design import ElectrodeRecipe, RecipeEvaluation, designed_image, recipe_cell, recipe_structure
from scalith.quantities import InputError

BULK = {"ionic": {"pore": 1.0}, "electronic": {"active": 0.1, "carbon": 100.0}}
NUMBERS = {"thickness": 80e-6, "porosity": 0.35, "pore_size": 1.2e-6, "carbon_fraction": 0.1, "carbon_size": 0.9e-6}


def test_the_cell_has_the_structure_of_its_recipe():
    recipe = ElectrodeRecipe(**NUMBERS, grading=0.3)
    structure = recipe_structure(recipe, (24, 24, 24), 4e-7)
    image = designed_image(structure, structure.noise(1))
    cell = recipe_cell("lgm50_chen2020", recipe, image, **BULK)
    electrode = cell.positive_electrode
    assert electrode.thickness == 80e-6
    assert electrode.porosity == pytest.approx(0.35, abs=1e-3)
    ends = electrode.efficiency_at(np.array([0.0, 1.0]))
    assert ends[0] / ends[1] == pytest.approx((1.3 / 0.7) ** 1.5, rel=1e-3)
    plain = recipe_cell("lgm50_chen2020", recipe.model_copy(update={"grading": 0.0}), image, **BULK).positive_electrode
    # Graded or not, the layer resists as much as the image does.
    assert electrode.efficiency == pytest.approx(plain.transport_efficiency, rel=2e-3)
    window = electrode.window * 96485.33212 * cell.plane_area
    assert cell.nominal_capacity == pytest.approx(window, rel=1e-9)


def test_a_thick_electrode_stores_more_and_delivers_less_of_it():
    evaluation = RecipeEvaluation(base="lgm50_chen2020", shape=(20, 20, 20), voxel_size=5e-7, rates=(0.33, 3.0), **BULK)
    thin, thick = (evaluation({**NUMBERS, "thickness": one, "carbon_size": 1e-6}, 1) for one in (50e-6, 150e-6))
    slow, fast = evaluation.objectives
    assert thick[slow] > thin[slow]
    assert thick[fast] / thick[slow] < thin[fast] / thin[slow]
    with pytest.raises(InputError, match="less than 1: the matrix is the rest"):
        evaluation({**NUMBERS, "porosity": 0.95}, 1)


def test_separator_and_salt_are_the_cells_or_those_of_the_recipe():
    structure = recipe_structure(ElectrodeRecipe(**NUMBERS), (16, 16, 16), 6e-7)
    image = designed_image(structure, structure.noise(1))
    plain = recipe_cell("lgm50_chen2020", ElectrodeRecipe(**NUMBERS), image, **BULK)
    stated = ElectrodeRecipe(**NUMBERS, separator_thickness="25 um", salt_concentration="0.6 mol/l")
    changed = recipe_cell("lgm50_chen2020", stated, image, **BULK)
    assert (changed.separator.thickness, changed.electrolyte.initial_concentration) == (25e-6, 600.0)
    assert (plain.separator.thickness, plain.electrolyte.initial_concentration) == (12e-6, 1000.0)
    assert changed.positive_electrode == plain.positive_electrode
    evaluation = RecipeEvaluation(
        base="lgm50_chen2020", shape=(16, 16, 16), voxel_size=6e-7, rates=(0.33, 3.0), structures=1, volumes=(1, 6, 12), **BULK
    )
    numbers = {**NUMBERS, "carbon_size": 1.2e-6, "thickness": 120e-6}
    found = {
        name: evaluation(numbers | more, 1)
        for name, more in {
            "plain": {},
            "as the cell": {"separator_thickness": 12e-6, "salt_concentration": 1000.0},
            "thick separator": {"separator_thickness": 40e-6},
            "little salt": {"salt_concentration": 300.0},
        }.items()
    }
    assert found["as the cell"] == found["plain"]
    slow, fast = evaluation.objectives
    # A thick separator takes volume at any rate, little salt limits a fast discharge only.
    assert found["thick separator"][slow] < 0.9 * found["plain"][slow]
    assert found["little salt"][fast] < 0.8 * found["plain"][fast]
    assert found["little salt"][slow] > 0.9 * found["plain"][slow]


def test_stress_is_an_objective_where_phases_expand():
    constants = {"active": {"youngs_modulus": "140 GPa"}, "carbon": {"youngs_modulus": "2 GPa"}, "pore": {"youngs_modulus": 0.0}}
    stated = {"base": "lgm50_chen2020", "shape": (16, 16, 16), "voxel_size": 6e-7, "rates": (1.0,), "structures": 1, **BULK}
    evaluation = RecipeEvaluation(elasticity=constants, expansion={"active": 0.01}, **stated)
    assert evaluation.objectives == {"energy at 1C": "maximum", "stress": "minimum"}
    numbers = {**NUMBERS, "carbon_size": 1.2e-6}
    found = evaluation(numbers, 1)
    # Linear in the strain, and of the order of E ε.
    twice = RecipeEvaluation(elasticity=constants, expansion={"active": 0.02}, **stated)(numbers, 1)
    assert twice["stress"] == pytest.approx(2.0 * found["stress"], rel=1e-6)
    assert 0.1 * 140e9 * 0.01 < found["stress"] < 10.0 * 140e9 * 0.01
    with pytest.raises(InputError, match="needs both elasticity and expansion"):
        RecipeEvaluation(expansion={"active": 0.01}, **stated)


def test_what_a_recipe_cannot_be_evaluated_with_is_named_at_once():
    stated = {"base": read_cell("lgm50_chen2020"), "voxel_size": 6e-7, **BULK}
    stiff = {"youngs_modulus": "140 GPa"}
    for wrong, said in (
        ({"elasticity": {"active": stiff}, "expansion": {"active": 0.01}}, "constants of pore, carbon too"),
        ({"elasticity": {"binder": stiff}}, "elasticity: found 'binder'"),
        ({"expansion": {"activ": 0.01}}, "did you mean 'active'"),
        ({"ionic": {"pore": 0.0}}, "the conductivity of one of"),
        ({"rates": (1.0, -2.0)}, "greater than 0"),
        ({"rates": ()}, "at least 1"),
        ({"rates": (1.0, 1.0001)}, "each rate once"),
    ):
        with pytest.raises(InputError, match=said):
            RecipeEvaluation(**(stated | wrong))
