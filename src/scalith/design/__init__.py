"""The inverse: parameters of a cell fitted to measurements, what to measure next; surrogates; structures to order."""

from scalith.design.conditioned import StructureOrder, conditioned_structure
from scalith.design.density import (
    DesignedStructure,
    LatentPhase,
    LatentStructure,
    designed_image,
    fields_of_image,
    project,
    pull_back,
)
from scalith.design.energy_gradient import energy_gradient, with_conduction
from scalith.design.fit.calibration import CellFit, fit_cell
from scalith.design.fit.identifiability import Identifiability, identify
from scalith.design.fit.next_computation import Improvement, rank_improvements, rank_orderings, rank_places, read_improvements
from scalith.design.fit.next_measurement import rank_measurements
from scalith.design.fit.records import (
    SpectrumRecord,
    VoltageRecord,
    planned_run,
    planned_spectrum,
    spectrum_record,
    voltage_record,
)
from scalith.design.fit.titration import fit_titration
from scalith.design.optimised import hashin_shtrikman, optimised_conduction
from scalith.design.patch_training import train_model
from scalith.design.recipe import (
    ElectrodeRecipe,
    RecipeEvaluation,
    delivered_energy,
    discharge_energy,
    energy_by_transport,
    image_cell,
    recipe_cell,
    recipe_structure,
    require_evaluable,
)
from scalith.design.search import hypervolume, search_front
from scalith.design.soft_spheres import LatentParticles
from scalith.design.surrogate import Surrogate, fit_surrogate
from scalith.design.targets import StructureTargets, comparison, measure_structure
from scalith.design.trained import TrainedModel, read_trained_model, trained_structure, write_trained_model

__all__ = [
    "CellFit",
    "DesignedStructure",
    "ElectrodeRecipe",
    "Identifiability",
    "Improvement",
    "LatentParticles",
    "LatentPhase",
    "LatentStructure",
    "RecipeEvaluation",
    "SpectrumRecord",
    "StructureOrder",
    "StructureTargets",
    "Surrogate",
    "TrainedModel",
    "VoltageRecord",
    "comparison",
    "conditioned_structure",
    "delivered_energy",
    "designed_image",
    "discharge_energy",
    "energy_by_transport",
    "energy_gradient",
    "fields_of_image",
    "fit_cell",
    "fit_surrogate",
    "fit_titration",
    "hashin_shtrikman",
    "hypervolume",
    "identify",
    "image_cell",
    "measure_structure",
    "optimised_conduction",
    "planned_run",
    "planned_spectrum",
    "project",
    "pull_back",
    "rank_improvements",
    "rank_measurements",
    "rank_orderings",
    "rank_places",
    "read_improvements",
    "read_trained_model",
    "recipe_cell",
    "recipe_structure",
    "require_evaluable",
    "search_front",
    "spectrum_record",
    "train_model",
    "trained_structure",
    "voltage_record",
    "with_conduction",
    "write_trained_model",
]
