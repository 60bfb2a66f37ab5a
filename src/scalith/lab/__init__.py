"""Experiments: simulated on a model and read back from simulated or measured data; predictions beside measurements."""

from scalith.lab.agreement_table import LargestDeviation, agreement, largest_deviation
from scalith.lab.arc_files import read_arc, thermal_inertia
from scalith.lab.baselines import subtract_baseline
from scalith.lab.bottleneck import find_bottlenecks
from scalith.lab.calorimetry import HeatWaitSeek, read_dsc, simulate_arc, simulate_dsc
from scalith.lab.dimensionless_numbers import dimensionless_numbers
from scalith.lab.impedance import (
    CircuitFit,
    compare_circuits,
    decompose_peaks,
    fit_circuit,
    kramers_kronig,
    noise_of_repeats,
    parse_circuit,
    relaxation_times,
    z_hit,
)
from scalith.lab.isoconversional import friedman, vyazovkin
from scalith.lab.kinetic_fit import KineticFit, fit_kinetics
from scalith.lab.kinetic_lines import kinetics_from_peaks, kissinger, ozawa
from scalith.lab.kinetic_posterior import sample_posterior
from scalith.lab.measurement import spectrum
from scalith.lab.model_choice import compare_fits
from scalith.lab.protocol_steps import steps
from scalith.lab.readers import read_measurement, read_measurements

__all__ = [
    "HeatWaitSeek",
    "CircuitFit",
    "KineticFit",
    "LargestDeviation",
    "agreement",
    "compare_circuits",
    "compare_fits",
    "decompose_peaks",
    "dimensionless_numbers",
    "find_bottlenecks",
    "fit_circuit",
    "fit_kinetics",
    "friedman",
    "kinetics_from_peaks",
    "kissinger",
    "kramers_kronig",
    "largest_deviation",
    "noise_of_repeats",
    "ozawa",
    "parse_circuit",
    "read_arc",
    "read_dsc",
    "read_measurement",
    "read_measurements",
    "relaxation_times",
    "sample_posterior",
    "simulate_arc",
    "simulate_dsc",
    "spectrum",
    "steps",
    "subtract_baseline",
    "thermal_inertia",
    "vyazovkin",
    "z_hit",
]
