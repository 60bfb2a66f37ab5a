"""Design: recipes of an electrode of which none is better in all that counts."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field, model_validator

from scalith import design
from scalith.cell import CellSpecification
from scalith.design import RecipeEvaluation
from scalith.ladder import progress
from scalith.ladder.progress import report_progress
from scalith.ladder.quantity import Settings, rung
from scalith.quantities import SI, InputError
from scalith.quantities.specification import Count, LayerThickness, Length

Bounds = tuple[float, float]
Lengths = tuple[Length, Length]


class RecipeSearch(Settings):
    """``[recipe_search]``: numbers of an electrode's recipe between bounds, in voxels and in the cell.

    Attributes
    ----------
    thickness, porosity, grading, pore_size, carbon_fraction, carbon_size : two values, optional
        Bounds of the numbers of a `scalith.design.ElectrodeRecipe` that are searched; the two of a number that is held are equal.
    ionic, electronic : dict of str to float
        Bulk conductivities of the phases pore, active and carbon, S m-1.
    c_rates : tuple of float
        Objectives: energy per volume at each.
    shape : tuple of int
    voxel_size : float
        m.
    inactive_thickness : float
        Foils and counter electrode, m.
    evaluations : int
        Recipes that are tried.
    structures : int
        Other seeds that check each point of the front.
    """

    thickness: tuple[LayerThickness, LayerThickness]
    porosity: Bounds
    grading: Bounds = (0.0, 0.0)
    pore_size: Lengths
    carbon_fraction: Bounds
    carbon_size: Lengths
    ionic: dict[str, Annotated[float, SI("S m-1"), Field(ge=0)]]
    electronic: dict[str, Annotated[float, SI("S m-1"), Field(ge=0)]]
    c_rates: tuple[Annotated[float, Field(gt=0)], ...] = (1.0 / 3.0, 3.0)
    shape: tuple[Count, Count, Count] = (32, 32, 32)
    voxel_size: Length
    inactive_thickness: Annotated[float, SI("m"), Field(ge=0)] = 25e-6
    evaluations: Count = 128
    structures: Count = 3

    @model_validator(mode="after")
    def _searched(self) -> RecipeSearch:
        numbers = {name: getattr(self, name) for name in NUMBERS}
        if any(low > high for low, high in numbers.values()) or all(low == high for low, high in numbers.values()):
            raise InputError("", ", ".join(NUMBERS), numbers, "bounds that rise, of at least one number")
        return self


NUMBERS = ("thickness", "porosity", "grading", "pore_size", "carbon_fraction", "carbon_size")
"""Numbers of a recipe."""


def _points(data: xr.Dataset) -> str:
    best = data["objective"].max("point")
    shown = ", ".join(
        f"{name} up to {float(best.sel(objective_name=name)) / 3.6e6:.3g} Wh/l" for name in data["objective_name"].values
    )
    return f"{data.sizes['point']} recipes, {int(data['holds'].sum())} hold with other seeds: {shown}"


@rung("front of recipes", headline=_points)
def design_front(cell_specification: CellSpecification, recipe_search: RecipeSearch, seed: int) -> xr.Dataset:
    """Recipes of the positive electrode against lithium, of which none has more energy at all rates; checked with other seeds."""
    stated = recipe_search
    bounds = {name: getattr(stated, name) for name in NUMBERS}
    evaluation = RecipeEvaluation(
        base=cell_specification,
        ionic=stated.ionic,
        electronic=stated.electronic,
        rates=stated.c_rates,
        shape=stated.shape,
        voxel_size=stated.voxel_size,
        fixed={name: low for name, (low, high) in bounds.items() if low == high},
        inactive_thickness=stated.inactive_thickness,
    )
    seeds = [int(child.generate_state(1)[0]) for child in np.random.SeedSequence(seed).spawn(stated.structures + 1)]
    found = design.search_front(
        evaluation,
        {name: both for name, both in bounds.items() if both[0] < both[1]},
        dict.fromkeys(evaluation.objectives, "maximum"),
        evaluations=stated.evaluations,
        seed=seeds[0],
        check_seeds=seeds[1:],
        executor=progress.executor.get(),
        progress=report_progress,
    )
    return found
