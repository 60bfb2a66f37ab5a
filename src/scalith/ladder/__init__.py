"""The wiring: a study file in, a climbed ladder out."""

from scalith.ladder.climbing import climb, rank_inputs
from scalith.ladder.difference import Change, ledger_difference
from scalith.ladder.graph import Rung, given_only, rungs, sections
from scalith.ladder.incremental import Climb, Climbed
from scalith.ladder.ledger import Entry, Ledger, read_entry, read_ledger
from scalith.ladder.quantity import InputFile, Quantity, Settings, rung
from scalith.ladder.research_object import export_research_object
from scalith.ladder.study import Study, read_study

__all__ = [
    "Change",
    "Climb",
    "Climbed",
    "Entry",
    "InputFile",
    "Ledger",
    "Quantity",
    "Rung",
    "Settings",
    "Study",
    "climb",
    "export_research_object",
    "given_only",
    "ledger_difference",
    "rank_inputs",
    "read_entry",
    "read_ledger",
    "read_study",
    "rung",
    "rungs",
    "sections",
]
