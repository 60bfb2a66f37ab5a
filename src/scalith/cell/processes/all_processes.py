"""All processes on a material, with the states that come with them, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scalith.cell.processes.hysteresis_with_memory import HysteresisWithMemory
from scalith.cell.processes.process import Process

if TYPE_CHECKING:
    from scalith.cell.specification.active_material import ActiveMaterial


def processes_of(material: ActiveMaterial) -> tuple[Process, ...]:
    """All processes on the surface of a material: its hysteresis with memory first, companions behind what they come with."""
    found: list[Process] = []
    if material.hysteresis is not None and material.hysteresis_decay is not None:
        found.append(HysteresisWithMemory(decay=material.hysteresis_decay, initial=material.initial_hysteresis))
    for process in material.processes:
        found += [process, *process.companions()]
    return tuple(found)


def place_of(material: ActiveMaterial, kind: type[Any]) -> int:
    """Place of the first process of a kind among all on a material; −1 where there is none."""
    return next((k for k, process in enumerate(processes_of(material)) if isinstance(process, kind)), -1)
