"""Heat of cells and packs: lumped and resolved temperatures, runaway kinetics, propagation."""

from scalith.pack.abuse.abuse import (
    abuse_test,
    critical_oven_temperature,
    external_heating,
    internal_short,
    oven_test,
    overcharge,
)
from scalith.pack.abuse.gas_mixture import burn, deflagration_pressure, lower_flammability_limit
from scalith.pack.abuse.ignition import critical_ambient_temperature, critical_frank_kamenetskii, semenov_number
from scalith.pack.abuse.short_circuit import ShortCircuit, short_circuit_heat
from scalith.pack.abuse.venting import boiling_temperature, emptying_time, flash_evaporation, vent_outflow
from scalith.pack.electrical.cell_network import discharge_network, spread_cells
from scalith.pack.electrical.netlist import circuit_of_strings, read_netlist
from scalith.pack.heat.assembly import (
    Assembly,
    Block,
    Contact,
    Material,
    Surface,
    layer_stack_conductivity,
    layer_stack_heat_capacity,
)
from scalith.pack.heat.cell_body import CellBody, Vent
from scalith.pack.heat.cell_in_plane import cell_temperature_field
from scalith.pack.heat.coolant import (
    AIR,
    WATER,
    Channels,
    Coolant,
    channel_flow,
    natural_convection_coefficient,
    plate_coefficient,
)
from scalith.pack.heat.cooling import CoolingDesign, compare_cooling, weakest_cooling
from scalith.pack.heat.geometry_optimisation import best_cell_shape
from scalith.pack.heat.heat_in_3d import simulate_heat_3d
from scalith.pack.heat.lumped import lumped_cell_temperature
from scalith.pack.heat.row import simulate_row
from scalith.pack.heat.stream import Stream
from scalith.pack.module.barrier_thickness import thinnest_barrier
from scalith.pack.module.module import Barrier, Ejecta, ModuleSpecification, Plate, Trigger, triggered_cell
from scalith.pack.module.module_assembly import Divisions, module_assembly
from scalith.pack.module.propagation import propagate_runaway, propagation_map, propagation_probability
from scalith.pack.module.verdict_uncertainty import assess_propagation, draw_members
from scalith.pack.specification import PackSpecification
from scalith.reactions.kinetics import Reaction, ReactionSet, require_same_kinetics, shipped_kinetics

__all__ = [
    "AIR",
    "Assembly",
    "Barrier",
    "Block",
    "CellBody",
    "Channels",
    "Contact",
    "Coolant",
    "CoolingDesign",
    "Divisions",
    "Ejecta",
    "Material",
    "ModuleSpecification",
    "PackSpecification",
    "Plate",
    "Reaction",
    "ReactionSet",
    "ShortCircuit",
    "Stream",
    "Surface",
    "Trigger",
    "Vent",
    "WATER",
    "abuse_test",
    "assess_propagation",
    "best_cell_shape",
    "boiling_temperature",
    "burn",
    "cell_temperature_field",
    "channel_flow",
    "circuit_of_strings",
    "compare_cooling",
    "critical_ambient_temperature",
    "critical_frank_kamenetskii",
    "critical_oven_temperature",
    "deflagration_pressure",
    "discharge_network",
    "draw_members",
    "emptying_time",
    "external_heating",
    "flash_evaporation",
    "simulate_heat_3d",
    "internal_short",
    "layer_stack_conductivity",
    "layer_stack_heat_capacity",
    "lower_flammability_limit",
    "lumped_cell_temperature",
    "module_assembly",
    "oven_test",
    "natural_convection_coefficient",
    "overcharge",
    "plate_coefficient",
    "propagate_runaway",
    "propagation_map",
    "propagation_probability",
    "read_netlist",
    "require_same_kinetics",
    "simulate_row",
    "semenov_number",
    "shipped_kinetics",
    "short_circuit_heat",
    "spread_cells",
    "thinnest_barrier",
    "triggered_cell",
    "vent_outflow",
    "weakest_cooling",
]
