"""Decomposition reactions and their rates, shared by calorimetry, heat and safety."""

from scalith.reactions.kinetics import Reaction, ReactionSet, require_same_kinetics, shipped_kinetics

__all__ = ["Reaction", "ReactionSet", "require_same_kinetics", "shipped_kinetics"]
