"""Structures: hosts and their sites, symmetry, orderings, mapping of relaxed structures."""

from scalith.crystal.average_voltage import average_voltage
from scalith.crystal.enumeration import distinct_supercells, enumerate_orderings
from scalith.crystal.host import VACANCY, Host, HostSite, read_host
from scalith.crystal.mapping import map_orderings
from scalith.crystal.orderings import orderings_dataset
from scalith.crystal.site_concentration import maximum_concentration
from scalith.crystal.structures import ComputedStructure, StructureSet, read_structures, write_structures
from scalith.crystal.voltage_of_orderings import voltage_of_orderings

__all__ = [
    "VACANCY",
    "ComputedStructure",
    "Host",
    "HostSite",
    "StructureSet",
    "average_voltage",
    "distinct_supercells",
    "enumerate_orderings",
    "map_orderings",
    "maximum_concentration",
    "orderings_dataset",
    "read_host",
    "read_structures",
    "voltage_of_orderings",
    "write_structures",
]
