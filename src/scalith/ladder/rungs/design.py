"""Design: recipes of an electrode of which none is better in all that counts."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field, model_validator

from scalith import design, electrode
from scalith.cell import CellSpecification, Mesh
from scalith.design import RecipeEvaluation
from scalith.electrode import IsotropicElasticity
from scalith.ladder import progress
from scalith.ladder.progress import report_progress
from scalith.ladder.quantity import Settings, rung
from scalith.ladder.rungs.cell import Discharge
from scalith.quantities import SI, InputError
from scalith.quantities.specification import Concentration, Count, LayerThickness, Length

Bounds = tuple[float, float]
Lengths = tuple[Length, Length]


class RecipeSearch(Settings):
    """``[recipe_search]``: numbers of an electrode's recipe between bounds, in voxels and in the cell.

    Attributes
    ----------
    thickness, porosity, grading, pore_size, carbon_fraction, carbon_size, separator_thickness, salt_concentration : two values
        Bounds of the numbers of a `scalith.design.ElectrodeRecipe` that are searched; the two of a number that is held are equal.
        Separator and salt are those of the cell where they are left out.
    ionic, electronic : dict of str to float
        Bulk conductivities of the phases pore, active and carbon, S m-1.
    c_rates : tuple of float
        Objectives: energy per volume at each.
    shape : tuple of int
    voxel_size : float
        m.
    inactive_thickness : float
        Foils and counter electrode, m.
    elasticity, expansion : dict by phase, optional
        Elastic constants of every phase, and the linear strain by which phases would expand alone: with them the stress is an
        objective as well.
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
    separator_thickness: tuple[LayerThickness, LayerThickness] | None = None
    salt_concentration: tuple[Concentration, Concentration] | None = None
    ionic: dict[str, Annotated[float, SI("S m-1"), Field(ge=0)]]
    electronic: dict[str, Annotated[float, SI("S m-1"), Field(ge=0)]]
    c_rates: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)] = (1.0 / 3.0, 3.0)
    shape: tuple[Count, Count, Count] = (32, 32, 32)
    voxel_size: Length
    inactive_thickness: Annotated[float, SI("m"), Field(ge=0)] = 25e-6
    elasticity: dict[str, IsotropicElasticity] = Field(default_factory=dict)
    expansion: dict[str, Annotated[float, SI("1")]] = Field(default_factory=dict)
    evaluations: Count = 128
    structures: Count = 3

    @model_validator(mode="after")
    def _searched(self) -> RecipeSearch:
        numbers = self.bounds
        if any(low > high for low, high in numbers.values()) or all(low == high for low, high in numbers.values()):
            raise InputError("", ", ".join(numbers), numbers, "bounds that rise, of at least one number")
        design.require_evaluable("", self.ionic, self.electronic, self.elasticity, self.expansion, c_rates=self.c_rates)
        return self

    @property
    def bounds(self) -> dict[str, tuple[float, float]]:
        """Of the numbers of a recipe that are stated."""
        found = {name: getattr(self, name) for name in design.ElectrodeRecipe.model_fields}
        return {name: both for name, both in found.items() if both is not None}


def _points(data: xr.Dataset) -> str:
    words = []
    for name in data["objective_name"].values:
        values = data["objective"].sel(objective_name=name)
        stress = name == "stress"
        words.append(
            f"{name} from {float(values.min()) / 1e6:.3g} MPa"
            if stress
            else f"{name} up to {float(values.max()) / 3.6e6:.3g} Wh/l"
        )
    shown = ", ".join(words)
    return f"{data.sizes['point']} recipes, {int(data['holds'].sum())} hold with other seeds: {shown}"


@rung("front of recipes", headline=_points, runs_a_cell=True)
def design_front(cell_specification: CellSpecification, recipe_search: RecipeSearch, seed: int) -> xr.Dataset:
    """Recipes of the positive electrode against lithium, of which none is better in all objectives; checked with other seeds."""
    stated = recipe_search
    bounds = stated.bounds
    evaluation = RecipeEvaluation(
        base=cell_specification,
        ionic=stated.ionic,
        electronic=stated.electronic,
        rates=stated.c_rates,
        shape=stated.shape,
        voxel_size=stated.voxel_size,
        fixed={name: low for name, (low, high) in bounds.items() if low == high},
        inactive_thickness=stated.inactive_thickness,
        elasticity=stated.elasticity,
        expansion=stated.expansion,
    )
    seeds = [int(child.generate_state(1)[0]) for child in np.random.SeedSequence(seed).spawn(stated.structures + 1)]
    found = design.search_front(
        evaluation,
        {name: both for name, both in bounds.items() if both[0] < both[1]},
        evaluation.objectives,
        evaluations=stated.evaluations,
        seed=seeds[0],
        check_seeds=seeds[1:],
        executor=progress.executor.get(),
        progress=report_progress,
    )
    return found


def _gain(data: xr.Dataset) -> str:
    for structure, words in (("before", "before the order"), ("designed", "made to order")):
        if not data["connects"].sel(structure=structure):
            return f"the structure {words} does not connect"
    before, designed = (data["energy"].sel(structure=name).values for name in ("before", "designed"))
    gains = [
        f"{100 * (b / a - 1.0):+.2g} % of energy" if a > 0.0 else "nothing before" for a, b in zip(before, designed, strict=True)
    ]
    return ", ".join(f"{words} at {rate:.3g}C" for words, rate in zip(gains, data["c_rate"].values, strict=True))


@rung("what the cell gains by the order", headline=_gain, runs_a_cell=True)
def design_gain(
    cell_specification: CellSpecification,
    discharge: Discharge,
    positive_recipe_transport: xr.Dataset,
    positive_designed_transport: xr.Dataset,
) -> xr.Dataset:
    """Energy that the cell delivers with the transport of the structure before the order, and with that of the designed one.

    Neither has cracks; where the conductivities of a carrier are not stated, the cell's own stays.
    """

    def transport(data: xr.Dataset) -> tuple[float | None, float | None]:
        names = ("ionic_transport_efficiency", "effective_electronic_conductivity")
        ions, electrons = (electrode.effective_property(data, name)() if name in data else None for name in names)
        return ions, electrons

    structures = {"before": positive_recipe_transport, "designed": positive_designed_transport}
    return design.energy_by_transport(
        cell_specification,
        {name: transport(data) for name, data in structures.items()},
        discharge.c_rates,
        temperature=discharge.temperature,
        mesh=None if discharge.volumes is None else Mesh(*discharge.volumes),
    )
