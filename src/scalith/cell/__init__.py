"""One cell: specification, porous-electrode solver, protocols, sweeps, impedance, BPX."""

from scalith.cell.ageing import (
    AgeingSegment,
    EndOfLife,
    Knee,
    find_knee,
    plot_ageing,
    simulate_ageing,
    simulate_ageing_batch,
)
from scalith.cell.files.battery_data_format import read_battery_data, write_battery_data
from scalith.cell.files.bpx_read import specification_from_bpx
from scalith.cell.files.bpx_write import to_bpx
from scalith.cell.files.drive_cycle import step_from_file
from scalith.cell.files.pybamm_parameters import specification_from_pybamm
from scalith.cell.files.read_cell import read_cell
from scalith.cell.model.degradation import with_degradation
from scalith.cell.model.equilibrium import cell_entropic_coefficient, cell_open_circuit_voltage
from scalith.cell.model.mesh import Mesh
from scalith.cell.model.particle_sizes import particle_size_distribution
from scalith.cell.model.phase_field_particle import with_phase_field
from scalith.cell.model.single_particle import single_particle
from scalith.cell.model.thickness import thickness_change
from scalith.cell.plots import plot_batch, plot_profiles, plot_run, plot_spectrum
from scalith.cell.processes.active_material_loss import LossByCurrent, LossByStress
from scalith.cell.processes.contacts import CollectorCorrosion, LossOfContact
from scalith.cell.processes.cracks import CrackGrowth
from scalith.cell.processes.driven_loss import DryOut, LossByIsolation, LossBySideReaction
from scalith.cell.processes.film_growth import (
    ElectronMigrationFilm,
    FilmGrowth,
    GrowthRegimesFilm,
    InterstitialDiffusionFilm,
    ReactionLimitedFilm,
    SolventReactionFilm,
    TunnellingFilm,
)
from scalith.cell.processes.plating import LithiumPlating
from scalith.cell.processes.process import Process
from scalith.cell.processes.reconstructed_shell import ReconstructedShell
from scalith.cell.runs.batch import simulate_batch, simulate_impedance_batch
from scalith.cell.runs.circuit import Balancing, Circuit
from scalith.cell.runs.circuit_run import simulate_circuit
from scalith.cell.runs.discharge import simulate_discharge
from scalith.cell.runs.impedance import simulate_impedance
from scalith.cell.runs.in_plane import simulate_in_plane
from scalith.cell.runs.mesh_choice import choose_mesh
from scalith.cell.runs.protocol import simulate_protocol
from scalith.cell.runs.protocol_steps import Condition, Ending, GoTo, Outcome, Protocol, ProtocolStep, Visit, walk
from scalith.cell.runs.protocol_text import parse_protocol, parse_step
from scalith.cell.runs.sensitivity import simulate_sensitivities
from scalith.cell.runs.simulation import Simulation
from scalith.cell.specification.active_material import ActiveMaterial
from scalith.cell.specification.cell import CellSpecification
from scalith.cell.specification.collectors import Collectors, Tab
from scalith.cell.specification.electrode import BlockingElectrode, ElectrodeSpecification, LithiumMetal, PorousLayer
from scalith.cell.specification.electrolyte import ElectrolyteSpecification
from scalith.cell.specification.initial_state import InitialState
from scalith.cell.specification.thermal import ThermalSpecification

__all__ = [
    "Balancing",
    "ActiveMaterial",
    "AgeingSegment",
    "BlockingElectrode",
    "CellSpecification",
    "Circuit",
    "CollectorCorrosion",
    "Collectors",
    "Condition",
    "CrackGrowth",
    "DryOut",
    "ElectrodeSpecification",
    "ElectronMigrationFilm",
    "ElectrolyteSpecification",
    "EndOfLife",
    "Ending",
    "FilmGrowth",
    "GoTo",
    "GrowthRegimesFilm",
    "InitialState",
    "InterstitialDiffusionFilm",
    "Knee",
    "LithiumMetal",
    "LithiumPlating",
    "LossByCurrent",
    "LossByIsolation",
    "LossBySideReaction",
    "LossByStress",
    "LossOfContact",
    "Mesh",
    "Outcome",
    "PorousLayer",
    "Process",
    "Protocol",
    "ProtocolStep",
    "ReactionLimitedFilm",
    "ReconstructedShell",
    "Simulation",
    "SolventReactionFilm",
    "Tab",
    "ThermalSpecification",
    "TunnellingFilm",
    "Visit",
    "cell_entropic_coefficient",
    "cell_open_circuit_voltage",
    "choose_mesh",
    "find_knee",
    "parse_protocol",
    "parse_step",
    "particle_size_distribution",
    "plot_ageing",
    "plot_batch",
    "plot_profiles",
    "plot_run",
    "plot_spectrum",
    "read_battery_data",
    "read_cell",
    "simulate_ageing",
    "simulate_ageing_batch",
    "simulate_batch",
    "simulate_circuit",
    "simulate_discharge",
    "simulate_impedance",
    "simulate_impedance_batch",
    "simulate_in_plane",
    "simulate_protocol",
    "simulate_sensitivities",
    "single_particle",
    "specification_from_bpx",
    "step_from_file",
    "specification_from_pybamm",
    "thickness_change",
    "to_bpx",
    "walk",
    "with_degradation",
    "with_phase_field",
    "write_battery_data",
]
