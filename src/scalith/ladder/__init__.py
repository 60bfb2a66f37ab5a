"""The wiring: a study file in, a climbed ladder out."""

from scalith.ladder.climbing import climb
from scalith.ladder.graph import Rung, given_only, rungs, sections
from scalith.ladder.ledger import Entry, Ledger, read_entry, read_ledger
from scalith.ladder.study import Study, read_study

__all__ = [
    "Entry",
    "Ledger",
    "Rung",
    "Study",
    "climb",
    "given_only",
    "read_entry",
    "read_ledger",
    "read_study",
    "rungs",
    "sections",
]
