"""Experiments: simulated on a model and read back from simulated or measured data; predictions beside measurements."""

from scalith.lab.agreement_table import agreement
from scalith.lab.calorimetry import read_dsc, simulate_arc, simulate_dsc, subtract_baseline
from scalith.lab.kinetic_fit import KineticFit, fit_dsc, kinetics_from_peaks, kissinger, ozawa
from scalith.lab.kinetic_posterior import sample_posterior

__all__ = [
    "KineticFit",
    "agreement",
    "fit_dsc",
    "kinetics_from_peaks",
    "kissinger",
    "ozawa",
    "read_dsc",
    "sample_posterior",
    "simulate_arc",
    "simulate_dsc",
    "subtract_baseline",
]
