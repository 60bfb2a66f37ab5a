"""Energies of atoms: engines, relaxations and their database, barriers, vibrations, elasticity, bands."""

from scalith.atoms.database import compute_energies, read_database
from scalith.atoms.engine import Engine, write_inputs
from scalith.atoms.orderings import choose_diverse, ordering_structures, relax_orderings, relaxed_ends
from scalith.atoms.relaxation import Relaxation, Relaxed, check_structure, relax

__all__ = [
    "Engine",
    "Relaxation",
    "Relaxed",
    "check_structure",
    "choose_diverse",
    "compute_energies",
    "ordering_structures",
    "read_database",
    "relax",
    "relax_orderings",
    "relaxed_ends",
    "write_inputs",
]
