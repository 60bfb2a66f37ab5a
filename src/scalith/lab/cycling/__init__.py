"""Cycling: open-circuit voltage, electrode balance and degradation modes, rate test, pulses."""

from scalith.lab.cycling.degradation_modes import degradation_modes
from scalith.lab.cycling.electrode_balance import ElectrodeBalance, blended_potential, extract_balance, simulate_balance
from scalith.lab.cycling.entropy_from_heat import extract_entropy_from_heat
from scalith.lab.cycling.extract_degradation import extract_degradation, require_check_ups
from scalith.lab.cycling.open_circuit import extract_open_circuit, extract_rest_voltages, simulate_open_circuit
from scalith.lab.cycling.pulse_resistance import extract_pulse_resistances, simulate_pulses
from scalith.lab.cycling.rate_test import (
    RateCapability,
    capacity_at_rate,
    characteristic_times,
    extract_capacities,
    extract_rate_capability,
    simulate_rate_test,
)

__all__ = [
    "ElectrodeBalance",
    "RateCapability",
    "blended_potential",
    "capacity_at_rate",
    "characteristic_times",
    "degradation_modes",
    "extract_balance",
    "extract_capacities",
    "extract_degradation",
    "extract_entropy_from_heat",
    "extract_open_circuit",
    "extract_pulse_resistances",
    "extract_rate_capability",
    "extract_rest_voltages",
    "require_check_ups",
    "simulate_balance",
    "simulate_open_circuit",
    "simulate_pulses",
    "simulate_rate_test",
]
