"""Design: recipes of an electrode of which none is better in all that counts."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field, model_validator

from scalith import design
from scalith.cell import CellSpecification, Mesh
from scalith.design import RecipeEvaluation
from scalith.electrode import IsotropicElasticity
from scalith.ladder import progress
from scalith.ladder.progress import report_progress
from scalith.ladder.quantity import Settings, rung
from scalith.ladder.rungs.cell import Discharge
from scalith.quantities import SI, InputError, Result, dataset_digest, labelled, predicted
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
    ionic: dict[str, Annotated[float, SI("S m-1"), Field(ge=0)]]
    electronic: dict[str, Annotated[float, SI("S m-1"), Field(ge=0)]]
    c_rates: tuple[Annotated[float, Field(gt=0)], ...] = (1.0 / 3.0, 3.0)
    shape: tuple[Count, Count, Count] = (32, 32, 32)
    voxel_size: Length
    inactive_thickness: Annotated[float, SI("m"), Field(ge=0)] = 25e-6
    elasticity: dict[str, IsotropicElasticity] = Field(default_factory=dict)
    expansion: dict[str, Annotated[float, SI("1")]] = Field(default_factory=dict)
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


@rung("front of recipes", headline=_points)
def design_front(cell_specification: CellSpecification, recipe_search: RecipeSearch, seed: int) -> xr.Dataset:
    """Recipes of the positive electrode against lithium, of which none is better in all objectives; checked with other seeds."""
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
    gains = (data["energy"].sel(structure="designed") / data["energy"].sel(structure="before") - 1.0).values
    rates = data["c_rate"].values
    return ", ".join(f"{100 * gain:+.2g} % of energy at {rate:.3g}C" for rate, gain in zip(rates, gains, strict=True))


@rung("what the cell gains by the order", headline=_gain)
def design_gain(
    cell_specification: CellSpecification,
    discharge: Discharge,
    positive_recipe_transport: xr.Dataset,
    positive_subvolume_properties: xr.Dataset,
) -> xr.Dataset:
    """Energy that the cell delivers with the transport of the structure before the order, and with that of the designed one."""
    mesh = None if discharge.volumes is None else Mesh(*discharge.volumes)
    transport = {"before": positive_recipe_transport, "designed": positive_subvolume_properties}
    energies = np.empty((2, len(discharge.c_rates)))
    for place, data in enumerate(transport.values()):
        whole = data.isel(part=int(np.flatnonzero(data["parts_per_axis"].values == 1)[0]))
        ions, electrons = (float(whole[name]) for name in ("ionic_transport_efficiency", "effective_electronic_conductivity"))
        if not (ions > 0.0 and electrons > 0.0):
            energies[place] = 0.0  # one of the two carriers does not come through
            continue
        changed = design.with_conduction(cell_specification, "positive", ions, electrons)
        for number, rate in enumerate(discharge.c_rates):
            energies[place, number] = design.discharge_energy(changed, rate, temperature=discharge.temperature, mesh=mesh)
    parents = [cell_specification.digest, *(dataset_digest(one) for one in transport.values())]
    source = predicted("scalith.design.discharge_energy", *parents, settings=discharge.model_dump(mode="json"))
    energy = labelled(("structure", "c_rate"), energies, "energy of the discharge", "J")
    rates = labelled("c_rate", list(discharge.c_rates), "C-rate", "1")
    return Result({"energy": energy}, coords={"structure": list(transport), "c_rate": rates}).assign_attrs(
        source=source.to_json()
    )
