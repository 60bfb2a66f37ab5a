"""From the numbers of a recipe to an electrode and what its cell delivers: what a search over recipes evaluates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from scalith.cell import CellSpecification, ElectrodeSpecification, Mesh, read_cell, simulate_discharge
from scalith.cell.runs.load import discharge_load
from scalith.cell.specification.paths import vary
from scalith.design.density import LatentPhase, LatentStructure, designed_image
from scalith.design.energy_gradient import with_conduction
from scalith.design.soft_spheres import LatentParticles
from scalith.electrode import IsotropicElasticity, VoxelImage, stress_from_eigenstrain, subvolume_properties
from scalith.lab.half_cell import half_cell
from scalith.quantities import ConvergenceError, InputError, Result, Spec, labelled, nearest, predicted
from scalith.quantities.specification import Concentration, LayerThickness, Length

Share = Annotated[float, Field(gt=0, lt=1)]
PHASES = ("pore", "active", "carbon")
"""Phases of the structure of a recipe."""


class ElectrodeRecipe(Spec):
    """Numbers of an electrode of active material, carbon and pores.

    Attributes
    ----------
    thickness : float
        m.
    porosity : float
    grading : float
        Porosity at the separator less that at the collector, over twice the mean: 0.3 is 1.3 against 0.7 of it.
    pore_size : float
        Correlation length of pores, and with it of the active material between them, m.
    carbon_fraction : float
        Of the volume of the electrode.
    carbon_size : float
        Correlation length of the carbon, m: the size of its clusters.
    separator_thickness : float, optional
        m; without it that of the cell whose materials are taken.
    salt_concentration : float, optional
        Of the electrolyte at rest, mol m-3; without it that of the cell.
    """

    thickness: LayerThickness
    porosity: Share
    grading: Annotated[float, Field(gt=-1, lt=1)] = 0.0
    pore_size: Length
    carbon_fraction: Share
    carbon_size: Length
    separator_thickness: LayerThickness | None = None
    salt_concentration: Concentration | None = None


def recipe_structure(recipe: ElectrodeRecipe, shape: tuple[int, int, int], voxel_size: float) -> LatentStructure:
    """The recipe's structure; separator at the lower end of x. It stands for the whole depth, its features for themselves."""
    pores = (recipe.porosity * (1.0 + recipe.grading), recipe.porosity * (1.0 - recipe.grading))
    phases: dict[str, dict[str, Any]] = {
        "pore": {"fraction": pores, "feature_size": recipe.pore_size},
        "carbon": {"fraction": recipe.carbon_fraction, "feature_size": recipe.carbon_size},
    }
    made: dict[str, LatentPhase | LatentParticles] = {name: LatentPhase.read(phase, name) for name, phase in phases.items()}
    return LatentStructure(shape=shape, voxel_size=voxel_size, phases=made)


def recipe_cell(
    base: CellSpecification | str | Path,
    recipe: ElectrodeRecipe,
    image: VoxelImage,
    *,
    ionic: Mapping[str, float | str],
    electronic: Mapping[str, float | str],
) -> CellSpecification:
    """`image_cell` with the thickness and the grading of a recipe, and its separator and salt where it states them."""
    cell = image_cell(
        base, image, thickness=recipe.thickness, grading=recipe.grading, ionic=ionic, electronic=electronic, electrolyte="pore"
    )
    beside = {
        "separator.thickness": recipe.separator_thickness,
        "electrolyte.initial_concentration": recipe.salt_concentration,
    }
    return vary(cell, {path: value for path, value in beside.items() if value is not None})[0]


def image_cell(
    base: CellSpecification | str | Path,
    image: VoxelImage,
    *,
    thickness: float,
    ionic: Mapping[str, float | str],
    electronic: Mapping[str, float | str],
    electrolyte: str = "pore",
    grading: float = 0.0,
) -> CellSpecification:
    """Cell of lithium metal against the electrode of an image, with the materials of the positive electrode of `base`.

    Transport, reacting area, diffusion radius and the active material that is reached are measured on the image. With a
    `grading` the transport efficiency changes over the depth, by Bruggeman's power 1.5 of the porosity there, with the
    image's resistance as a whole; porosity and active material enter with their means (a cell has one fraction of active
    material).

    Raises
    ------
    InputError
        Nothing connects, or an electrode of several active materials.
    """
    cell = read_cell(base)
    electrode = cell.positive_electrode
    if len(electrode.materials) > 1:
        raise InputError("image_cell", "base", f"{len(electrode.materials)} active materials", "one")
    found = subvolume_properties(image, ionic=ionic, electronic=electronic, electrolyte=electrolyte, parts=(1,)).isel(part=0)
    number = {str(name): float(found[name]) for name in found.data_vars}
    for name in ("ionic_transport_efficiency", "effective_electronic_conductivity", "utilised_volume_fraction"):
        if not number[name] > 0.0:
            raise InputError("image_cell", name, number[name], "phases of the image that join separator, particles and collector")
    depth = np.linspace(0.0, 1.0, 11)
    shape = (1.0 + grading * (1.0 - 2.0 * depth)) ** 1.5
    resistance = np.mean(1.0 / np.interp((np.arange(2000) + 0.5) / 2000, depth, shape))
    efficiency = shape * number["ionic_transport_efficiency"] * resistance
    material = electrode.material.model_copy(
        update={
            "particle_radius": number["active_particle_radius"],
            "active_volume_fraction": number["utilised_volume_fraction"],
            "specific_area": number["active_interface_area"],
        }
    )
    graded: Any = {"z": depth.tolist(), "values": efficiency.tolist()}
    made = ElectrodeSpecification.read(
        {
            "thickness": thickness,
            "porosity": number["electrolyte_volume_fraction"],
            "transport_efficiency": graded if grading else number["ionic_transport_efficiency"],
            "conductivity": number["effective_electronic_conductivity"],
            "materials": (material,),
            "double_layer_capacitance": electrode.double_layer_capacitance,
        },
        "electrode of the image",
    )
    limits = {name: getattr(cell, name) for name in ("lower_voltage_cut_off", "upper_voltage_cut_off")}
    return half_cell(cell.model_copy(update={"positive_electrode": made})).cell.model_copy(update=limits)


def discharge_energy(
    cell: CellSpecification, c_rate: float, *, temperature: float | None = None, mesh: Mesh | None = None
) -> float:
    """Energy of a discharge from full, ∫ I V dt, J."""
    run = simulate_discharge(cell, c_rate, temperature=temperature, mesh=mesh)
    return discharge_load(cell, c_rate, None) * float(np.trapezoid(run["voltage"].values, run["time"].values))


def energy_by_transport(
    cell: CellSpecification,
    transport: Mapping[str, tuple[float | None, float | None]],
    c_rates: Sequence[float],
    *,
    side: Literal["negative", "positive"] = "positive",
    temperature: float | None = None,
    mesh: Mesh | None = None,
) -> Result:
    """Energy of discharges from full at several rates, with the transport of several structures of an electrode.

    Parameters
    ----------
    cell : CellSpecification
    transport : mapping of str to two floats
        Transport efficiency and electronic conductivity (S m-1) by structure; `None` leaves that of the cell, zero of either is a
        structure that does not connect.
    c_rates : sequence of float
    side : {"negative", "positive"}
    temperature : float, optional
        K.
    mesh : Mesh, optional

    Returns
    -------
    Result
        ``energy`` (structure, c_rate), J, zero of what does not connect, and ``connects`` (structure).

    Raises
    ------
    ConvergenceError
        A discharge cannot be solved.
    """
    connects = [all(one is None or one > 0.0 for one in pair) for pair in transport.values()]
    energies = np.zeros((len(transport), len(c_rates)))
    for place, (efficiency, conductivity) in enumerate(transport.values()):
        if connects[place]:
            changed = with_conduction(cell, side, efficiency, conductivity)
            energies[place] = [discharge_energy(changed, rate, temperature=temperature, mesh=mesh) for rate in c_rates]
    settings = {
        "transport": {name: list(pair) for name, pair in transport.items()},
        "c_rates": list(c_rates),
        "side": side,
        "temperature": temperature,
        "mesh": None if mesh is None else asdict(mesh),
    }
    source = predicted("scalith.design.energy_by_transport", cell.digest, settings=settings)
    return Result(
        {
            "energy": labelled(("structure", "c_rate"), energies, "energy of the discharge", "J"),
            "connects": labelled("structure", connects, "whether ions and electrons come through", ""),
        },
        {"structure": list(transport), "c_rate": labelled("c_rate", list(c_rates), "C-rate", "1")},
        {"source": source.to_json()},
    )


def delivered_energy(
    cell: CellSpecification, c_rate: float, *, inactive_thickness: float = 0.0, mesh: Mesh | None = None
) -> float:
    """Energy of a discharge over the volume of electrode, separator and `inactive_thickness` (foils, counter), J m-3."""
    depth = cell.positive_electrode.thickness + cell.separator.thickness + inactive_thickness
    return discharge_energy(cell, c_rate, mesh=mesh) / (cell.plane_area * depth)


def require_evaluable(
    where: str,
    ionic: Mapping[str, float],
    electronic: Mapping[str, float],
    elasticity: Mapping[str, IsotropicElasticity],
    expansion: Mapping[str, float],
    **rates: Sequence[float],
) -> None:
    """Constants of the phases of a recipe, those of elasticity of all of them or of none, and rates, by their name, that differ.

    Raises
    ------
    InputError
    """
    for field, by_phase in (("ionic", ionic), ("electronic", electronic), ("elasticity", elasticity), ("expansion", expansion)):
        for name in by_phase:
            if name not in PHASES:
                raise InputError(where, field, name, nearest(name, PHASES))
    for field, bulk in (("ionic", ionic), ("electronic", electronic)):
        if not any(value > 0.0 for value in bulk.values()):
            raise InputError(where, field, dict(bulk), f"the conductivity of one of {', '.join(PHASES)}")
    if bool(elasticity) != bool(expansion):
        field = "expansion" if elasticity else "elasticity"
        raise InputError(where, field, "nothing", "the stress needs both elasticity and expansion, by phase")
    lacking = [name for name in PHASES if elasticity and name not in elasticity]
    if lacking:
        raise InputError(where, "elasticity", sorted(elasticity), f"constants of {', '.join(lacking)} too (modulus 0: a pore)")
    for field, values in rates.items():
        if len({f"{rate:.3g}" for rate in values}) < len(values):
            raise InputError(where, field, list(values), "each rate once, to three digits")


class RecipeEvaluation(Spec):
    """Energy per volume at several rates of the cell that a recipe makes, and its stress; what `search_front` takes.

    Attributes
    ----------
    base : CellSpecification or path
        Cell whose materials and separator are taken.
    ionic, electronic : dict of str to float
        Bulk conductivities of the phases pore, active and carbon, S m-1.
    rates : tuple of float
        C-rates; the objectives are named ``"energy at 3C"``.
    shape : tuple of int
    voxel_size : float
        m.
    fixed : dict of str to float
        Numbers of the recipe that are not searched.
    inactive_thickness : float
        m.
    elasticity, expansion : dict by phase, optional
        Constants of every phase, and the linear strain by which phases would expand alone. With them ``"stress"`` is one of the
        objectives, to be small: the von Mises stress that one voxel of the active material in a hundred exceeds, clamped
        outside (`scalith.electrode.stress_from_eigenstrain`), Pa.
    volumes : tuple of int
        Of the mesh of the cell.
    structures : int
        Structures of one recipe whose energies are averaged: near percolation one may connect by luck, and the recipe
        is one only where all of them do.
    """

    base: CellSpecification | str
    ionic: dict[str, float]
    electronic: dict[str, float]
    rates: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)] = (1.0 / 3.0, 3.0)
    shape: tuple[int, int, int] = (48, 48, 48)
    voxel_size: Length
    fixed: dict[str, float] = Field(default_factory=dict)
    inactive_thickness: Annotated[float, Field(ge=0)] = 25e-6
    elasticity: dict[str, IsotropicElasticity] = Field(default_factory=dict)
    expansion: dict[str, float] = Field(default_factory=dict)
    volumes: tuple[int, int, int] = (1, 8, 20)
    structures: Annotated[int, Field(ge=1)] = 2

    @field_validator("base")
    @classmethod
    def _read_once(cls, base: CellSpecification | str) -> CellSpecification:
        return read_cell(base)

    @model_validator(mode="after")
    def _of_the_phases(self) -> Self:
        require_evaluable("recipe evaluation", self.ionic, self.electronic, self.elasticity, self.expansion, rates=self.rates)
        return self

    @property
    def objectives(self) -> dict[str, Literal["maximum", "minimum"]]:
        """What each objective, by name, should be."""
        found: dict[str, Literal["maximum", "minimum"]] = {f"energy at {rate:.3g}C": "maximum" for rate in self.rates}
        return found | ({"stress": "minimum"} if self.expansion else {})

    def __call__(self, numbers: Mapping[str, float], seed: int) -> dict[str, float]:
        """Objectives of a recipe with a seed: energies in J m-3, stress in Pa.

        Raises
        ------
        InputError
            There is no such electrode.
        ConvergenceError
            A discharge cannot be solved.
        """
        recipe = ElectrodeRecipe.read({**self.fixed, **numbers}, "recipe")
        structure = recipe_structure(recipe, self.shape, self.voxel_size)
        found = np.empty((self.structures, len(self.objectives)))
        for number, one in enumerate(np.random.SeedSequence(seed).generate_state(self.structures)):
            image = designed_image(structure, structure.noise(int(one)))
            cell = recipe_cell(self.base, recipe, image, ionic=self.ionic, electronic=self.electronic)
            for place, rate in enumerate(self.rates):
                depth = self.inactive_thickness
                found[number, place] = delivered_energy(cell, rate, inactive_thickness=depth, mesh=Mesh(*self.volumes))
            if self.expansion:
                stress = stress_from_eigenstrain(image, self.elasticity, self.expansion, outside="clamped", tolerance=1e-3)
                found[number, -1] = float(stress["high_stress"].sel(phase="active"))
        if not np.all(np.isfinite(found)):
            raise ConvergenceError("recipe", "a discharge has no finite energy")
        return dict(zip(self.objectives, found.mean(axis=0).tolist(), strict=True))
