"""Structures: hosts and their sites, symmetry, orderings, mapping of relaxed structures."""

from scalith.crystal.host import VACANCY, Host, HostSite, read_host
from scalith.crystal.mapping import map_orderings
from scalith.crystal.site_concentration import maximum_concentration
from scalith.crystal.structures import ComputedStructure, StructureSet, read_structures
from scalith.crystal.voltage_from_energies import average_voltage

__all__ = [
    "VACANCY",
    "ComputedStructure",
    "Host",
    "HostSite",
    "StructureSet",
    "average_voltage",
    "map_orderings",
    "maximum_concentration",
    "read_host",
    "read_structures",
]
