"""Impedance spectra: circuits and their fit, the Kramers–Kronig test, Z-HIT, distributions of relaxation times, diffusivities."""

from scalith.lab.impedance.circuit import Circuit, parse_circuit
from scalith.lab.impedance.circuit_fit import CircuitFit, compare_circuits, fit_circuit
from scalith.lab.impedance.closed_form import gerischer_distribution, warburg_relaxations, zarc_distribution
from scalith.lab.impedance.conductivity import Conductivity, conductivity_cell, extract_conductivity
from scalith.lab.impedance.diffusion import (
    Diffusivity,
    WarburgSlope,
    diffusivity_from_warburg,
    diffusivity_of_element,
    warburg_bias,
    warburg_slope,
)
from scalith.lab.impedance.elements import ELEMENTS, blocked_diffusion
from scalith.lab.impedance.linear_kramers_kronig import kramers_kronig, noise_of_repeats
from scalith.lab.impedance.modulus_from_phase import z_hit
from scalith.lab.impedance.relaxation_distribution import relaxation_times
from scalith.lab.impedance.relaxation_peaks import decompose_peaks

__all__ = [
    "ELEMENTS",
    "Circuit",
    "CircuitFit",
    "Conductivity",
    "Diffusivity",
    "WarburgSlope",
    "blocked_diffusion",
    "compare_circuits",
    "conductivity_cell",
    "decompose_peaks",
    "diffusivity_from_warburg",
    "diffusivity_of_element",
    "extract_conductivity",
    "fit_circuit",
    "gerischer_distribution",
    "kramers_kronig",
    "noise_of_repeats",
    "parse_circuit",
    "relaxation_times",
    "warburg_bias",
    "warburg_relaxations",
    "warburg_slope",
    "z_hit",
    "zarc_distribution",
]
