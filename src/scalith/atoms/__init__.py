"""Energies of atoms: engines, relaxations and their database, barriers, vibrations, elasticity, bands."""

from scalith.atoms.engine import Engine, write_inputs

__all__ = ["Engine", "write_inputs"]
