"""Titration: simulated in closed form, and read from simulated and measured data with the bias of each formula."""

from scalith.lab.titration.entropy import (
    EntropicCoefficient,
    cell_temperature,
    extract_entropy,
    extract_entropy_of,
    simulate_entropy,
)
from scalith.lab.titration.gitt import Particle, extract_gitt, simulate_gitt, weppner_huggins
from scalith.lab.titration.interruption import extract_interruption, find_interruptions, interruption_bias
from scalith.lab.titration.on_a_cell import (
    simulate_entropy_on_cell,
    simulate_gitt_on_cell,
    simulate_interruptions_on_cell,
    simulate_pitt_on_cell,
    simulate_polarisation_on_cell,
)
from scalith.lab.titration.particle_series import current_step, potential_step, surface_roots
from scalith.lab.titration.pitt import PittFit, extract_pitt, potential_steps, simulate_pitt
from scalith.lab.titration.polarisation import (
    MixedConductivity,
    MixedConductor,
    bruce_vincent,
    extract_hebb_wagner,
    extract_mixed_conductor,
    hebb_wagner_current,
    mixed_conductor_voltage,
    newman_number,
    restricted_diffusion,
)

__all__ = [
    "EntropicCoefficient",
    "MixedConductivity",
    "MixedConductor",
    "Particle",
    "PittFit",
    "bruce_vincent",
    "cell_temperature",
    "current_step",
    "extract_entropy",
    "extract_entropy_of",
    "extract_gitt",
    "extract_hebb_wagner",
    "extract_interruption",
    "extract_mixed_conductor",
    "extract_pitt",
    "find_interruptions",
    "hebb_wagner_current",
    "interruption_bias",
    "mixed_conductor_voltage",
    "newman_number",
    "potential_step",
    "potential_steps",
    "restricted_diffusion",
    "simulate_entropy",
    "simulate_entropy_on_cell",
    "simulate_gitt",
    "simulate_gitt_on_cell",
    "simulate_interruptions_on_cell",
    "simulate_pitt",
    "simulate_pitt_on_cell",
    "simulate_polarisation_on_cell",
    "surface_roots",
    "weppner_huggins",
]
