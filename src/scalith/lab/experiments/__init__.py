"""Properties of a cell as experiments find them, on a virtual cell or from measured files, beside what was put in."""

from scalith.lab.experiments.compared import compared
from scalith.lab.experiments.discharge_heat import (
    HeatsOfDischarge,
    current_of,
    heat_by_discharge,
    heat_of_discharge,
    heats_of_discharge,
)
from scalith.lab.experiments.electrode_spectra import ChargeTransfer, charge_transfer_arcs, charge_transfer_by_spectra
from scalith.lab.experiments.electrolyte_spectra import conductivity_by_spectra
from scalith.lab.experiments.found import Found
from scalith.lab.experiments.plots import plot_agreements
from scalith.lab.experiments.put_in import put_in
from scalith.lab.experiments.slow_cycle import voltage_by_slow_cycle
from scalith.lab.experiments.temperature_steps import entropy_by_steps
from scalith.lab.experiments.titration import diffusivity_by_titration

__all__ = [
    "ChargeTransfer",
    "Found",
    "HeatsOfDischarge",
    "charge_transfer_arcs",
    "charge_transfer_by_spectra",
    "compared",
    "conductivity_by_spectra",
    "current_of",
    "diffusivity_by_titration",
    "entropy_by_steps",
    "heat_by_discharge",
    "heat_of_discharge",
    "heats_of_discharge",
    "plot_agreements",
    "put_in",
    "voltage_by_slow_cycle",
]
