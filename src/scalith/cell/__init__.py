"""One cell: specification, porous-electrode solver, protocols, sweeps, impedance, BPX."""

from scalith.cell.batch import simulate_batch
from scalith.cell.battery_data_format import read_battery_data, write_battery_data
from scalith.cell.bpx_file import specification_from_bpx, to_bpx
from scalith.cell.discharge import simulate_discharge
from scalith.cell.impedance import simulate_impedance
from scalith.cell.mesh import Mesh
from scalith.cell.particle_sizes import particle_size_distribution
from scalith.cell.phase_field_grain import with_phase_field
from scalith.cell.phase_separating import simulate_phase_separating
from scalith.cell.protocol import ProtocolStep, parse_step, simulate_protocol
from scalith.cell.sensitivity import simulate_sensitivities
from scalith.cell.single_particle import single_particle
from scalith.cell.specification import (
    ActiveMaterial,
    CellSpecification,
    ElectrodeSpecification,
    ElectrolyteSpecification,
    LithiumMetal,
    PorousLayer,
    ThermalSpecification,
)

__all__ = [
    "ActiveMaterial",
    "CellSpecification",
    "ElectrodeSpecification",
    "ElectrolyteSpecification",
    "LithiumMetal",
    "Mesh",
    "PorousLayer",
    "ProtocolStep",
    "ThermalSpecification",
    "parse_step",
    "particle_size_distribution",
    "read_battery_data",
    "simulate_batch",
    "simulate_discharge",
    "simulate_impedance",
    "simulate_phase_separating",
    "simulate_protocol",
    "simulate_sensitivities",
    "single_particle",
    "specification_from_bpx",
    "to_bpx",
    "with_phase_field",
    "write_battery_data",
]
