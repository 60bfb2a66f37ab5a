"""Titration: simulated in closed form, and read from simulated and measured data with the bias of each formula."""

from scalith.lab.titration.gitt import Particle, extract_gitt, simulate_gitt, weppner_huggins
from scalith.lab.titration.interruption import extract_interruption, interruption_bias
from scalith.lab.titration.particle_series import current_step, potential_step, surface_roots
from scalith.lab.titration.pitt import PittFit, extract_pitt, simulate_pitt

__all__ = [
    "Particle",
    "PittFit",
    "current_step",
    "extract_gitt",
    "extract_interruption",
    "extract_pitt",
    "interruption_bias",
    "potential_step",
    "simulate_gitt",
    "simulate_pitt",
    "surface_roots",
    "weppner_huggins",
]
