"""Decomposition reactions, their rates and what they free, shared by calorimetry, heat and safety."""

from scalith.reactions.energetics import (
    CellChemistry,
    NailTest,
    RunawayHeat,
    body_share,
    nail_test_heat,
    runaway_heat,
    shipped_chemistry,
    with_gas,
    with_heats,
    with_internal_short,
)
from scalith.reactions.kinetics import Reaction, ReactionSet, require_same_kinetics, shipped_kinetics

__all__ = [
    "CellChemistry",
    "NailTest",
    "Reaction",
    "ReactionSet",
    "RunawayHeat",
    "body_share",
    "nail_test_heat",
    "require_same_kinetics",
    "runaway_heat",
    "shipped_chemistry",
    "shipped_kinetics",
    "with_gas",
    "with_heats",
    "with_internal_short",
]
