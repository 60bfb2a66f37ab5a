"""Where the lithium of a cell is, and what ageing has left of it."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from scalith.cell.kernels import layout
from scalith.cell.model.discretise import Discretised
from scalith.cell.model.results import tag_of
from scalith.cell.processes.all_processes import processes_of
from scalith.cell.processes.contacts import LossOfContact
from scalith.cell.processes.cracks import CrackGrowth, FilmOnCracks, LargestTension
from scalith.cell.processes.dead_lithium import DeadLithium
from scalith.cell.processes.film_growth import Film
from scalith.cell.processes.plating import LithiumPlating
from scalith.cell.processes.process import Process
from scalith.cell.processes.reconstructed_shell import ReconstructedShell
from scalith.quantities.constants import FARADAY

Array = NDArray[np.float64]


Totals: TypeAlias = tuple[float, float, float]


class Entry(NamedTuple):
    """One process on one class of particles: its class, its states in the vector, the process itself."""

    of_class: int
    states: slice
    process: Process


class Inventory:
    """Reads the state of a cell: lithium by where it is (mol), what is left of the materials, films, cracks and pores.

    Parameters
    ----------
    cell : Discretised

    Attributes
    ----------
    entries : list of Entry
        All processes.
    titles : dict
        Of what is read: its name in words and its unit.
    """

    def __init__(self, cell: Discretised) -> None:
        self.cell = cell
        self.titles: dict[str, tuple[str, str]] = {}
        system = cell.system
        self.area = float(system.scalars[layout.PLANE_AREA])
        kinds = [process for material in cell.materials for process in processes_of(material)]
        self.entries = [
            Entry(int(p), slice(int(first), int(first) + int(system.count[p])), process)
            for (p, first), process in zip(system.processes[:, [layout.CLASS, layout.STATE]], kinds, strict=True)
        ]
        classes = range(len(cell.sides))
        self._losing = [[one for one in self.entries if one.of_class == p and one.process.loss() != 0.0] for p in classes]
        self._holding = [[one for one in self.entries if one.of_class == p and holds_lithium(one.process)] for p in classes]
        self._films = [one for one in self.entries if one.process.volume() != 0.0]

    def widths(self, p: int) -> Array:
        """Widths of the volumes of one class, m."""
        start = int(self.cell.system.start[p])
        return self.cell.system.width[start : start + int(self.cell.system.count[p])]

    def left(self, state: Array, p: int) -> Array:
        """Share of the material of one class that is left, at each of its particles."""
        share = np.ones(int(self.cell.system.count[p]))
        for entry in self._losing[p]:
            share -= entry.process.loss() * state[entry.states]
        return share

    def mean_stoichiometries(self, state: Array, p: int) -> Array:
        """Mean over each particle of one class."""
        system = self.cell.system
        n, nodes, first = int(system.count[p]), int(system.nodes[p]), int(system.particle_offset[p])
        volumes = system.volumes[p, :nodes]
        return np.asarray(volumes @ state[first : first + nodes * n].reshape(nodes, n) / volumes.sum())

    def material(self, p: int) -> float:
        """Sites for lithium of the fresh material of one class per width, mol m-3 of electrode times the plane area, mol m-1."""
        row = self.cell.system.classes[p]
        volume = row[layout.SPECIFIC_AREA] * row[layout.RADIUS] / row[layout.GEOMETRY]
        return float(self.area * volume * row[layout.MAXIMUM_CONCENTRATION])

    def in_particles(self, state: Array, p: int) -> float:
        """Lithium in what is left of one class, mol."""
        return float(self.material(p) * (self.widths(p) * self.left(state, p)).dot(self.mean_stoichiometries(state, p)))

    def bound(self, state: Array, entry: Entry) -> float:
        """Lithium that one process holds, mol; plated lithium with the dead."""
        p, process = entry.of_class, entry.process
        width = self.widths(p) if process.keeps_lost_lithium() else self.widths(p) * self.left(state, p)
        each = 1.0 if process.keeps_lost_lithium() else process.lithium()
        return float(each * self.area * self.cell.system.classes[p, layout.SPECIFIC_AREA] * width.dot(state[entry.states]))

    def electrolyte(self, state: Array) -> float:
        """Lithium in the electrolyte, mol, with the pores that the state leaves."""
        system = self.cell.system
        porosity = self.porosity(state)
        return float(self.area * (system.width * porosity).dot(state[system.at.salt : system.at.temperature]))

    def porosity(self, state: Array) -> Array:
        """Of each finite volume."""
        system = self.cell.system
        porosity = system.fresh[:, 0].copy()
        for entry in self._films:
            p, start = entry.of_class, int(system.start[entry.of_class])
            films = system.classes[p, layout.SPECIFIC_AREA] * entry.process.volume() * state[entry.states]
            porosity[start : start + films.size] -= films
        return np.asarray(np.maximum(porosity, 1e-3 * system.fresh[:, 0]))

    def totals(self, state: Array) -> Totals:
        """All lithium; that of the negative electrode with what it has bound and lost; that in all particles; mol."""
        everything = self.electrolyte(state)
        negative = particles = 0.0
        for p, side in enumerate(self.cell.sides):
            held = self.in_particles(state, p)
            bound = sum(self.bound(state, entry) for entry in self._holding[p])
            everything += held + bound
            particles += held
            negative += held + bound if side == "negative" else 0.0
        return everything, negative, particles

    def read(self, state: Array) -> dict[str, float]:
        """All of it, by name: see `titles`."""
        found: dict[str, float] = {}
        for p in range(len(self.cell.sides)):
            tag = tag_of(self.cell, p)
            self._put(found, f"lithium_in_particles_{tag}", self.in_particles(state, p), f"lithium in the {tag} particles", "mol")
            if self._losing[p]:
                width = self.widths(p)
                lost = 1.0 - float(np.sum(width * self.left(state, p)) / width.sum())
                self._put(found, f"active_material_lost_{tag}", lost, f"active material lost, {tag} electrode", "1")
        for entry in self.entries:
            self._read_process(found, state, entry)
        self._put(found, "lithium_in_electrolyte", self.electrolyte(state), "lithium in the electrolyte", "mol")
        self._put(found, "least_porosity", float(self.porosity(state).min()), "lowest porosity anywhere", "1")
        return found

    def _read_process(self, found: dict[str, float], state: Array, entry: Entry) -> None:
        process, tag = entry.process, tag_of(self.cell, entry.of_class)
        width = self.widths(entry.of_class)
        mean = float(width.dot(state[entry.states]) / width.sum())
        if process.keeps_lost_lithium():
            lost = found.get(f"lithium_in_lost_material_{tag}", 0.0) + self.bound(state, entry)
            self._put(found, f"lithium_in_lost_material_{tag}", lost, f"lithium in lost material, {tag} electrode", "mol")
        elif isinstance(process, DeadLithium):
            surface = self.area * float(self.cell.system.classes[entry.of_class, layout.SPECIFIC_AREA])
            dead = float(np.sum(surface * width * self.left(state, entry.of_class) * state[entry.states]))
            self._put(found, f"lithium_dead_{tag}", dead, f"dead lithium, {tag} electrode", "mol")
        elif isinstance(process, LargestTension):
            self._put(found, f"largest_tension_{tag}", mean, f"mean of the largest tension of a cycle, {tag} electrode", "Pa")
        elif isinstance(process, CrackGrowth):
            self._put(found, f"crack_length_{tag}", mean, f"mean length of cracks, {tag} electrode", "m")
        elif process.contact() != 0.0:
            ohms = found.get("contact_resistance_added", 0.0) + process.contact() * mean / self.area
            self._put(found, "contact_resistance_added", ohms, "contact resistance added by corrosion", "ohm")
        elif isinstance(process, LossOfContact):
            ohms = found.get(f"contact_resistance_{tag}", 0.0) + mean  # in series, as films
            self._put(found, f"contact_resistance_{tag}", ohms, f"mean contact resistance, {tag} particles", "ohm m2")
        elif isinstance(process, ReconstructedShell):
            depth = process.depth(self.cell.materials[entry.of_class])
            whole = found.get(f"shell_thickness_{tag}", 0.0) + mean * depth
            self._put(found, f"shell_thickness_{tag}", whole, f"mean thickness of the shell, {tag} electrode", "m")
        elif process.lithium() != 0.0:
            # Several films of one material are one film in the account.
            held, thickness = f"lithium_{name_of(process)}_{tag}", f"film_thickness_{tag}"
            bound = found.get(held, 0.0) + self.bound(state, entry)
            self._put(found, held, bound, f"lithium {words_of(process)}, {tag} electrode", "mol")
            if isinstance(process, Film):
                whole = found.get(thickness, 0.0) + mean
                self._put(found, thickness, whole, f"mean thickness of the film, {tag} electrode", "m")

    def _put(self, found: dict[str, float], name: str, value: float, words: str, unit: str) -> None:
        found[name] = value
        self.titles[name] = (words, unit)


def holds_lithium(process: Process) -> bool:
    """Whether lithium is bound, or kept, by it."""
    return process.keeps_lost_lithium() or process.lithium() != 0.0


def name_of(process: Process) -> str:
    """What holds lithium, in names of results: ``in_film``, ``in_film_on_cracks``, ``plated`` (with the dead)."""
    if isinstance(process, Film):
        return "in_film"
    if isinstance(process, FilmOnCracks):
        return "in_film_on_cracks"
    return "plated" if isinstance(process, LithiumPlating) else f"in_{process.kind}"


def words_of(process: Process) -> str:
    """The same in words."""
    if isinstance(process, LithiumPlating):
        return "plated, with the dead"
    return name_of(process).replace("_", " ").replace("in ", "in the ", 1).replace("on cracks", "on the cracks")


def lithium_error(now: Totals, start: Totals) -> float:
    """Relative change of all lithium from what `Inventory.totals` said at the start to what it says now."""
    return (now[0] - start[0]) / start[0]


def charge_error(now: Totals, start: Totals, passed: float) -> float:
    """Charge passed, C, against the lithium that the negative electrode has lost since the start, over all lithium."""
    return (passed / FARADAY + now[1] - start[1]) / start[0]
