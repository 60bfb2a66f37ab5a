"""What the data say: parameters of a cell fitted to measurements, what they cannot say, what to measure next."""

from scalith.design.calibration import CellFit, fit_cell
from scalith.design.fit_records import (
    SpectrumRecord,
    VoltageRecord,
    planned_run,
    planned_spectrum,
    spectrum_record,
    voltage_record,
)
from scalith.design.identifiability import Identifiability, identify
from scalith.design.next_measurement import rank_measurements

__all__ = [
    "CellFit",
    "Identifiability",
    "SpectrumRecord",
    "VoltageRecord",
    "fit_cell",
    "identify",
    "planned_run",
    "planned_spectrum",
    "rank_measurements",
    "spectrum_record",
    "voltage_record",
]
