"""The processes of a cell as arrays, and where the blocks of its state stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scalith.cell.kernels import layout
from scalith.cell.processes.all_processes import processes_of
from scalith.cell.processes.hysteresis_with_memory import HysteresisWithMemory

if TYPE_CHECKING:
    from scalith.cell.specification.active_material import ActiveMaterial

Array = NDArray[np.float64]


def offsets_of(
    materials: Sequence[ActiveMaterial], particle_unknowns: int, volumes: int, particles: layout.Integers
) -> layout.Offsets:
    """Where each block of the state starts; `particles` counts those of each class."""
    salt = particle_unknowns
    temperature = salt + volumes
    charge = temperature + 1
    states = charge + 1
    each = [len(processes_of(material)) for material in materials]
    electrolyte = states + int(np.dot(each, particles))
    solid = electrolyte + volumes
    reaction = solid + volumes
    side = reaction + int(particles.sum())
    current = side + (int(particles.sum()) if any(each) else 0)
    return layout.Offsets(salt, temperature, charge, states, electrolyte, solid, reaction, side, current)


def process_arrays(
    materials: Sequence[ActiveMaterial], particles: layout.Integers, at: layout.Offsets, plane_area: float
) -> tuple[layout.Integers, Array, layout.Integers]:
    """`System.processes`, `process_numbers` and `first_process`; in them contact resistances are those of the cell, ohm."""
    rows: list[tuple[int, int, int, int]] = []
    numbers: list[Array] = []
    first, state = [0], at.states
    for p, material in enumerate(materials):
        for process in processes_of(material):
            numbers.append(process.row(material))
            rows.append((p, process.address(), state, process.address_of_change(material)))
            state += int(particles[p])
        first.append(len(rows))
    longest = max((row.size for row in numbers), default=layout.OWN)
    padded = np.zeros((len(rows), longest))
    for k, row in enumerate(numbers):
        padded[k, : row.size] = row
    padded[:, layout.CONTACT] /= plane_area
    return np.array(rows, dtype=np.int64).reshape(-1, 4), padded, np.array(first, dtype=np.int64)


def initial_states(materials: Sequence[ActiveMaterial], particles: layout.Integers) -> Array:
    """States z at the start, as they stand in the vector."""
    pieces = [
        np.full(int(particles[p]), process.initial_state())
        for p, material in enumerate(materials)
        for process in processes_of(material)
    ]
    return np.concatenate(pieces) if pieces else np.empty(0)


def initial_film(material: ActiveMaterial) -> float:
    """Thickness of all films on a material at the start, m."""
    return sum(process.volume() * process.initial_state() for process in processes_of(material))


_LINKED: dict[bool, layout.Integers] = {}
"""Addresses, without and with particles that separate: the kernels take one kind of arrays only."""
_LONG: dict[int, int] = {}
"""Addresses of the integrator and of the answer to a small signal, by entry."""


def link(system: layout.System, bank: layout.TableBank) -> layout.System:
    """The system with the addresses of the kernels that others call."""
    from scalith.cell.kernels import newton, phase_field
    from scalith.numerics.call_by_address import NOTHING, NUMBER, address_of

    separating = bool(np.any(system.classes[:, layout.PHASE_FIELD] > 0.0))
    if separating in _LINKED:
        return system._replace(kernels=_LINKED[separating].copy())
    kernels = system.kernels.copy()
    y = np.empty(1)
    work = newton.make_work(system, 1)
    kernels[layout.NEWTON] = address_of(newton.newton_step, system, bank, y, y, 1.0, 0, 0.0, work, returning=NUMBER)
    if separating:
        kernels[layout.ELIMINATE_PHASE_FIELD] = address_of(
            phase_field.eliminate_phase_field, system, bank, y, y, 1.0, 1.0, 0, work, returning=NOTHING
        )
        kernels[layout.SUBSTITUTE_PHASE_FIELD] = address_of(
            phase_field.substitute_phase_field, system, y, 1.0, 0, 0, work, returning=NUMBER
        )
        kernels[layout.PHASE_FIELD_VOLTAGE] = address_of(
            phase_field.phase_field_voltage, system, bank, y, 1.0, 0, 0, returning=NUMBER
        )
    _LINKED[separating] = kernels
    return system._replace(kernels=kernels.copy())


def link_for_batch(system: layout.System, bank: layout.TableBank) -> layout.System:
    """The system with the address of the integrator, which a batch calls: it is long, and compiled already."""
    from scalith.cell.kernels.batch import OF_A_SEGMENT
    from scalith.cell.kernels.events import EVENTS
    from scalith.cell.kernels.implicit_step import Segment, make_memory
    from scalith.cell.kernels.newton import make_work
    from scalith.cell.kernels.stepping import run_segment
    from scalith.numerics.call_by_address import address_of

    if layout.RUN not in _LONG:
        y, table, times = np.empty(1), np.empty((1, 1)), np.zeros(2)
        segment = Segment(0, times, times, np.zeros(EVENTS), 1.0, 1.0, 1, times, False, False)
        arguments = (system, bank, y, 0.0, segment, make_memory(1), table, table, 0, make_work(system, 1))
        _LONG[layout.RUN] = address_of(run_segment, *arguments, returning=OF_A_SEGMENT)
    kernels = system.kernels.copy()
    kernels[layout.RUN] = _LONG[layout.RUN]
    return system._replace(kernels=kernels)


def link_for_spectrum(system: layout.System, bank: layout.TableBank, materials: Sequence[ActiveMaterial]) -> layout.System:
    """The system for a small signal: kernels for complex numbers, and a hysteresis that holds its branch."""
    from scalith.cell.kernels import hysteresis, phase_field
    from scalith.cell.kernels.impedance import complex_work, respond
    from scalith.numerics.call_by_address import NOTHING, address_of

    kernels, processes = system.kernels.copy(), system.processes.copy()
    y, rate = np.empty(1), 1j
    if np.any(system.classes[:, layout.PHASE_FIELD] > 0.0):
        kernels[layout.ELIMINATE_PHASE_FIELD] = address_of(
            phase_field.eliminate_phase_field, system, bank, y, y, rate, 1.0, 0, complex_work(system), returning=NOTHING
        )
    if layout.SPECTRUM not in _LONG:
        _LONG[layout.SPECTRUM] = address_of(respond, system, bank, y, 1.0, rate, complex_work(system), returning=NOTHING)
    kernels[layout.SPECTRUM] = _LONG[layout.SPECTRUM]
    kinds = [process for material in materials for process in processes_of(material)]
    for k, process in enumerate(kinds):
        if isinstance(process, HysteresisWithMemory):
            numbers = np.empty(1)
            processes[k, layout.ADDRESS] = address_of(
                hysteresis.held_hysteresis, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, numbers, numbers, returning=NOTHING
            )
    return system._replace(kernels=kernels, processes=processes)
