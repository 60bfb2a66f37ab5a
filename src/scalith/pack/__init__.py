"""Heat of cells and packs: lumped and resolved temperatures, runaway kinetics, propagation."""

from scalith.pack.abuse import (
    abuse_test,
    critical_oven_temperature,
    external_heating,
    internal_short,
    oven_test,
    overcharge,
)
from scalith.pack.cell_body import CellBody, Vent
from scalith.pack.ignition import critical_ambient_temperature, critical_frank_kamenetskii, semenov_number
from scalith.pack.kinetics import Reaction, ReactionSet, require_same_kinetics, shipped_kinetics
from scalith.pack.lumped import lumped_cell_temperature
from scalith.pack.module import Barrier, ModuleSpecification, Plate, Trigger
from scalith.pack.propagation import propagate_runaway, propagation_map, propagation_probability
from scalith.pack.row import row_of_cells
from scalith.pack.short_circuit import ShortCircuit, short_circuit_heat
from scalith.pack.specification import PackSpecification

__all__ = [
    "Barrier",
    "CellBody",
    "ModuleSpecification",
    "PackSpecification",
    "Plate",
    "Reaction",
    "ReactionSet",
    "ShortCircuit",
    "Trigger",
    "Vent",
    "abuse_test",
    "critical_ambient_temperature",
    "critical_frank_kamenetskii",
    "critical_oven_temperature",
    "external_heating",
    "internal_short",
    "lumped_cell_temperature",
    "oven_test",
    "overcharge",
    "propagate_runaway",
    "propagation_map",
    "propagation_probability",
    "require_same_kinetics",
    "row_of_cells",
    "semenov_number",
    "shipped_kinetics",
    "short_circuit_heat",
]
