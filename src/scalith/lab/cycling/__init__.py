"""Cycling: open-circuit voltage and its derivatives, electrode balance and degradation modes."""

from scalith.lab.cycling.degradation_modes import degradation_modes
from scalith.lab.cycling.electrode_balance import ElectrodeBalance, blended_potential, extract_balance, simulate_balance
from scalith.lab.cycling.open_circuit import extract_open_circuit, extract_rest_voltages, simulate_open_circuit

__all__ = [
    "ElectrodeBalance",
    "blended_potential",
    "degradation_modes",
    "extract_balance",
    "extract_open_circuit",
    "extract_rest_voltages",
    "simulate_balance",
    "simulate_open_circuit",
]
