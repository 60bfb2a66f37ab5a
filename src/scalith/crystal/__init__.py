"""Structures: hosts and their sites, symmetry, orderings, mapping of relaxed structures."""

from scalith.crystal.host import VACANCY, Host, HostSite, read_host
from scalith.crystal.mapping import map_orderings
from scalith.crystal.structures import ComputedStructure, StructureSet, read_structures

__all__ = [
    "VACANCY",
    "ComputedStructure",
    "Host",
    "HostSite",
    "StructureSet",
    "map_orderings",
    "read_host",
    "read_structures",
]
