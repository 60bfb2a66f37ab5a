"""Energies in JSON: pymatgen's computed entries, task documents of atomate2, results of a jobflow store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scalith.crystal.files.host_file import element_symbol
from scalith.crystal.files.run_type_files import pymatgen_run_type
from scalith.crystal.species_of_atoms import CHARGES, MOMENTS
from scalith.quantities import InputError

if TYPE_CHECKING:
    from ase import Atoms

    from scalith.crystal.files.run_type import RunType

_EXPECTED = "a pymatgen ComputedStructureEntry with 'energy' and 'structure', or a task document of atomate2 (jobflow)"


class Entry(NamedTuple):
    """One structure of a file in JSON."""

    atoms: Atoms
    energy: float
    run_type: RunType | None
    problem: str
    """Why the run does not count; empty when it does."""


def read_entries(data: Any, where: str) -> Iterator[tuple[str, Entry]]:
    """The entries of a parsed file with their names.

    Raises
    ------
    InputError
        An entry without energy or structure, or with disorder.
    """
    for index, item in enumerate(data if isinstance(data, list) else [data]):
        origin = f"{where} entry {index}"
        if not isinstance(item, Mapping):
            raise InputError(origin, "", type(item).__name__, _EXPECTED)
        # A jobflow store wraps what a job returned; a task document holds its result under "output".
        inner = item.get("output")
        task = inner if isinstance(inner, Mapping) and isinstance(inner.get("output"), Mapping) else item
        result = task.get("output") if isinstance(task.get("output"), Mapping) else task
        if not isinstance(result, Mapping) or "energy" not in result or "structure" not in result:
            raise InputError(origin, "", type(item).__name__, _EXPECTED)
        try:
            energy = float(result["energy"]) + float(result.get("correction") or 0.0)
        except (TypeError, ValueError, OverflowError):
            raise InputError(origin, "energy", str(result["energy"])[:40], "a number in eV") from None
        state = str(task.get("state") or "successful").lower().rpartition(".")[2]
        problem = "" if state.startswith("succ") else f"the run ended as {state}"
        yield origin, Entry(_structure(result["structure"], origin), energy, pymatgen_run_type(task), problem)


def _structure(structure: Any, origin: str) -> Atoms:
    from ase import Atoms

    symbols, places = [], []
    told: dict[str, list[float]] = {MOMENTS: [], CHARGES: []}
    try:
        for number, site in enumerate(structure["sites"]):
            parts = site["species"]
            if len(parts) != 1 or abs(float(parts[0]["occu"]) - 1.0) > 1e-8:
                raise InputError(origin, f"site {number}", site.get("label", parts), "one species with occupation 1")
            symbols.append(element_symbol(parts[0]["element"]))
            places.append(site["abc"])
            moment = (site.get("properties") or {}).get("magmom")
            if isinstance(moment, Mapping):  # pymatgen's Magmom, along an axis of its own
                moment = moment["moment"]
            told[MOMENTS].append(float(np.linalg.norm(np.nan if moment is None else moment)))
            charge = parts[0].get("oxidation_state")
            told[CHARGES].append(np.nan if charge is None else float(charge))
        positions = np.array(places, dtype=np.float64).reshape(-1, 3)
        cell = np.array(structure["lattice"]["matrix"], dtype=np.float64).reshape(3, 3)
        if not (np.all(np.isfinite(positions)) and np.all(np.isfinite(cell))):
            raise InputError(origin, "structure", "what is no finite number", "finite positions and cell")
        if abs(float(np.linalg.det(cell))) < 1e-6:
            raise InputError(origin, "structure", "a cell that spans no volume", "three vectors that span one")
        atoms = Atoms(symbols, scaled_positions=positions, cell=cell, pbc=True)
        for name, values in told.items():
            if np.any(np.isfinite(values)):
                atoms.set_array(name, np.array(values))
        return atoms
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(origin, "structure", f"{type(error).__name__}: {error}", "a pymatgen structure") from None
