"""Ageing of a cell over cycles and years: what it loses to which mechanism, and when its life is over."""

from scalith.cell.ageing.batch import simulate_ageing_batch
from scalith.cell.ageing.check_up import CheckUp, check_up
from scalith.cell.ageing.inventory import Inventory
from scalith.cell.ageing.knee import Knee, find_knee
from scalith.cell.ageing.life import simulate_ageing
from scalith.cell.ageing.plots import plot_ageing
from scalith.cell.ageing.segments import AgeingSegment, EndOfLife

__all__ = [
    "AgeingSegment",
    "CheckUp",
    "EndOfLife",
    "Inventory",
    "Knee",
    "check_up",
    "find_knee",
    "plot_ageing",
    "simulate_ageing",
    "simulate_ageing_batch",
]
