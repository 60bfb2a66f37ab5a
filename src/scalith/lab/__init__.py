"""Experiments: simulated on a model and read back from simulated or measured data; predictions beside measurements."""

from scalith.lab.agreement_table import agreement
from scalith.lab.arc_files import read_arc, thermal_inertia
from scalith.lab.baselines import subtract_baseline
from scalith.lab.calorimetry import read_dsc, simulate_arc, simulate_dsc
from scalith.lab.isoconversional import friedman, vyazovkin
from scalith.lab.kinetic_fit import KineticFit, fit_kinetics
from scalith.lab.kinetic_lines import kinetics_from_peaks, kissinger, ozawa
from scalith.lab.kinetic_posterior import sample_posterior
from scalith.lab.model_choice import compare_fits

__all__ = [
    "KineticFit",
    "agreement",
    "compare_fits",
    "fit_kinetics",
    "friedman",
    "kinetics_from_peaks",
    "kissinger",
    "ozawa",
    "read_arc",
    "read_dsc",
    "sample_posterior",
    "simulate_arc",
    "simulate_dsc",
    "subtract_baseline",
    "thermal_inertia",
    "vyazovkin",
]
