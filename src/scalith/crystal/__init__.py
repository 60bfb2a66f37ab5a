"""Structures: hosts and their sites, symmetry, orderings, mapping of relaxed structures."""

from scalith.crystal.average_voltage import average_voltage
from scalith.crystal.enumeration import distinct_supercells, enumerate_orderings
from scalith.crystal.files.host_file import read_host
from scalith.crystal.files.run_type import RunType
from scalith.crystal.files.structures import ComputedStructure, StructureSet, read_structures, write_structures
from scalith.crystal.hop_paths import HopPath, HopPaths, MappedHop, map_hops, read_hop_paths
from scalith.crystal.host import VACANCY, Host, HostSite, couple_sublattices
from scalith.crystal.mapping import map_orderings
from scalith.crystal.metal_reference import metal_reference
from scalith.crystal.model_error import ModelError, average_model_error, draw_model_errors, model_error_parts
from scalith.crystal.orderings import orderings_dataset, species_dataset
from scalith.crystal.site_concentration import accessible_concentration, maximum_concentration
from scalith.crystal.stability_window import stability_window
from scalith.crystal.voltage_of_orderings import voltage_of_orderings

__all__ = [
    "VACANCY",
    "ComputedStructure",
    "HopPath",
    "HopPaths",
    "Host",
    "HostSite",
    "MappedHop",
    "ModelError",
    "RunType",
    "StructureSet",
    "accessible_concentration",
    "average_model_error",
    "average_voltage",
    "couple_sublattices",
    "distinct_supercells",
    "draw_model_errors",
    "enumerate_orderings",
    "map_hops",
    "map_orderings",
    "maximum_concentration",
    "metal_reference",
    "model_error_parts",
    "orderings_dataset",
    "read_hop_paths",
    "read_host",
    "read_structures",
    "species_dataset",
    "stability_window",
    "voltage_of_orderings",
    "write_structures",
]
