"""Heaps of computed structures with their energies, from the files that codes and databases write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scalith.crystal.files.entries import read_entries
from scalith.crystal.files.host_file import read_json, read_text
from scalith.crystal.files.result_files import KNOWN_FILES, is_same_step, kind_of, read_images, result_files, run_of, why_not_used
from scalith.crystal.files.run_type import RunType
from scalith.crystal.files.run_type_files import MARKS, gpaw_parameters, run_type_of
from scalith.crystal.species_of_atoms import with_site_properties
from scalith.quantities import FileRecord, InputError, Source, digest, file_digest, whole_file

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True)
class ComputedStructure:
    """One structure with its total energy.

    Attributes
    ----------
    atoms : ase.Atoms
        Cell and positions in Å.
    energy : float
        Total energy of the cell, eV.
    origin : str
        File and entry it was read from.
    run_type : RunType, optional
        How the energy was computed, where the file tells.
    """

    atoms: Atoms
    energy: float
    origin: str
    run_type: RunType | None = None

    @property
    def symbols(self) -> list[str]:
        """Chemical symbols of the atoms, in order."""
        return [str(symbol) for symbol in self.atoms.symbols]


@dataclass(frozen=True)
class StructureSet:
    """Computed structures in the order in which they were read, and where they come from.

    Attributes
    ----------
    structures : tuple of ComputedStructure
    source : Source
    left_out : tuple of (origin, reason)
        What was found and not taken: runs that did not converge, files that could not be read.
    """

    structures: tuple[ComputedStructure, ...]
    source: Source = field(default_factory=lambda: Source(kind="assumed", reference="given in memory"))
    left_out: tuple[tuple[str, str], ...] = ()

    def __len__(self) -> int:
        return len(self.structures)

    def __iter__(self) -> Iterator[ComputedStructure]:
        return iter(self.structures)

    def __getitem__(self, index: int) -> ComputedStructure:
        return self.structures[index]

    def __add__(self, other: StructureSet) -> StructureSet:
        files = self.source.files + tuple(record for record in other.source.files if record not in self.source.files)
        source = self.source.model_copy(update={"files": files})
        return StructureSet(self.structures + other.structures, source, self.left_out + other.left_out)

    @cached_property
    def digest(self) -> str:
        """Content digest: cells, species, positions, energies."""
        return digest(
            [[np.asarray(item.atoms.cell), item.symbols, item.atoms.positions, item.energy] for item in self.structures],
            self.source.to_json(),
        )


def read_structures(path: str | Path | Sequence[str | Path], *, licence: str = "", unconverged: bool = False) -> StructureSet:
    """Read structures, total energies, and how they were computed.

    A file ``settings.json`` beside them that names the engine of the structures joins the source: version, settings, relaxation.

    Parameters
    ----------
    path : path or sequence of paths
        One file, a folder below which the outputs of single runs lie, or several of them, each read in full. Outputs: VASP
        (``vasprun.xml``, ``OUTCAR``), Quantum ESPRESSO, GPAW (``.txt``, ``.gpw``), ABINIT, FHI-aims, CASTEP, single points of
        CP2K (``.out``, ``.txt``, ``.log``, …, told apart by their first words), compressed (``.gz``, ``.bz2``, ``.xz``) or not.
        Collections: pymatgen ``ComputedStructureEntry`` lists and task documents of atomate2 or a jobflow store (``.json``), ASE
        databases (``.db``), trajectories, extended XYZ. Of the steps of one run (``relax1``, ``relax2``, ``static``) the last
        counts, or the last that can be used.
    licence : str
        Licence of the file, for the record.
    unconverged : bool
        Take runs that did not converge as well. Without it they are named in ``left_out``, as are earlier steps, and files of a
        folder that could not be read.

    Raises
    ------
    InputError
        Nothing readable, a path given twice, no energy with a structure, an energy that is not finite, disorder in an entry,
        energies of several engines (where the file names them). Mixed functionals and settings are rejected where structures are
        mapped, see `map_orderings`.
    """
    if not isinstance(path, (str, Path)):
        return _read_several(path, licence, unconverged)
    path = Path(path)
    if path.is_dir():
        return _read_folder(path, licence, unconverged)
    if not path.is_file():
        raise InputError(str(path), "", "no such file", "computed structures (pymatgen JSON, ASE db, traj, extxyz, VASP, QE, …)")
    left_out: list[tuple[str, str]] = []
    structures = _from_file(path, kind_of(path), unconverged, left_out)
    if not structures:
        found = f"no converged structure ({left_out[0][1]})" if left_out else "no structure"
        raise InputError(str(path), "", found, "at least one structure with an energy")
    for item in structures:
        if not np.isfinite(item.energy):
            raise InputError(item.origin, "energy", item.energy, "a finite number in eV")
    engines = sorted({str(item.atoms.info["engine"]) for item in structures if "engine" in item.atoms.info})
    files = [FileRecord(name=path.name, digest=file_digest(path), licence=licence)]
    beside, settings = path.with_name("settings.json"), {}
    if engines:
        settings = {"engine": engines[0]} | _engine_settings(beside, engines[0])
    if len(settings) > 1:
        files.append(FileRecord(name=beside.name, digest=file_digest(beside), licence=licence))
    source = Source(kind="published", reference=path.name, files=tuple(files), settings=settings)
    return _of_one_engine(StructureSet(tuple(structures), source, tuple(left_out)), str(path))


def _read_several(paths: Sequence[str | Path], licence: str, unconverged: bool) -> StructureSet:
    """All structures of several files and folders, under the names of all of them."""
    where, expected = "read_structures", "a file, a folder, or a list of them"
    if not isinstance(paths, Sequence) or not all(isinstance(item, (str, Path)) for item in paths):
        raise InputError(where, "path", f"{paths!r:.200}", expected)
    if not paths:
        raise InputError(where, "path", "an empty list", expected)
    places = [Path(item).resolve() for item in paths]
    if twice := sorted({str(path) for path, place in zip(paths, places, strict=True) if places.count(place) > 1}):
        raise InputError(where, "path", f"{', '.join(twice)} more than once", "each path once: its structures would count twice")
    first, *others = (read_structures(path, licence=licence, unconverged=unconverged) for path in paths)
    whole, settings = first, dict(first.source.settings)
    for other in others:
        whole, settings = whole + other, settings | other.source.settings
    reference = ", ".join(Path(path).name for path in paths)
    source = whole.source.model_copy(update={"reference": reference, "settings": settings})
    return _of_one_engine(replace(whole, source=source), reference)


def _engine_settings(path: Path, engine: str) -> dict[str, Any]:
    """What a file beside the structures tells of how they were computed; nothing where it is another engine's."""
    data = read_json(path) if path.is_file() else {}
    named = data.get("engine") if isinstance(data, dict) else None
    if not isinstance(named, dict) or named.get("name") != engine.split(maxsplit=1)[0]:
        return {}
    told = {name: data[name] for name in ("engine_version", "relaxation", "geometry") if name in data}
    return {"engine_settings": named.get("settings", {})} | told


def write_structures(structures: StructureSet, path: str | Path) -> None:
    """Write cells, positions and energies as extended XYZ, which `read_structures` reads back.

    Each frame carries its ``label``, magnetic moments where they are known,
    and what the atoms' ``info`` tells of the run (``engine``, ``forces_left``, …).
    """
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.io import write

    frames = []
    for item in structures:
        atoms = with_site_properties(item.atoms)
        atoms.info = {**item.atoms.info, "label": item.origin}
        if item.run_type is not None:
            atoms.info["run_type"] = item.run_type.model_dump(mode="json", exclude_defaults=True)
        atoms.calc = SinglePointCalculator(atoms, energy=item.energy)
        frames.append(atoms)
    with whole_file(path) as temporary:
        write(temporary, frames, format="extxyz")


def _of_one_engine(structures: StructureSet, where: str) -> StructureSet:
    engines = sorted({str(item.atoms.info["engine"]) for item in structures if "engine" in item.atoms.info})
    if len(engines) > 1:
        raise InputError(where, "engine", " and ".join(engines), "energies of one engine and model: others have another zero")
    return structures


def _read_folder(folder: Path, licence: str, unconverged: bool) -> StructureSet:
    first, behind = result_files(folder)
    reasons = dict(behind)
    structures: list[ComputedStructure] = []
    files: dict[tuple[str, str], FileRecord] = {}
    settings: dict[str, Any] = {}
    left_out: list[tuple[str, str]] = []
    taken: set[str] = set()
    for path in [*first, *(path for path, _ in behind)]:
        name, run = path.relative_to(folder).as_posix(), run_of(path, folder)
        if run in taken:
            if path in reasons:
                left_out.append((name, reasons[path]))
            continue
        try:
            read = read_structures(path, licence=licence, unconverged=unconverged)
        except InputError as error:
            left_out.append((name, f"found {error.found}, expected {error.expected}"))
            continue
        taken.add(run)
        structures += [replace(item, origin=item.origin.replace(str(path), name)) for item in read]
        left_out += [(origin.replace(str(path), name), reason) for origin, reason in read.left_out]
        files |= {(record.name, record.digest): record for record in read.source.files}
        settings |= read.source.settings
    if not structures:
        shown = "no output file" if not left_out else f"none that can be used ({left_out[0][0]}: {left_out[0][1]})"
        raise InputError(str(folder), "", shown, KNOWN_FILES)
    source = Source(kind="published", reference=folder.name, files=tuple(files.values()), settings=settings)
    # What stands in for a file that cannot be used (an OUTCAR for a vasprun.xml that broke off) needs no word.
    left_out = [item for item in left_out if not _said_otherwise(item[0], structures)]
    return _of_one_engine(StructureSet(tuple(structures), source, tuple(left_out)), str(folder))


def _said_otherwise(name: str, structures: list[ComputedStructure]) -> bool:
    """Whether the OUTCAR of the very same step was taken."""
    outcars = [Path(item.origin) for item in structures if "OUTCAR" in item.origin]
    return "vasprun" in Path(name).name and any(is_same_step(Path(name), other) for other in outcars)


def _from_file(path: Path, kind: str, unconverged: bool, left_out: list[tuple[str, str]]) -> list[ComputedStructure]:
    if kind == ".json":
        return _from_json(path, unconverged, left_out)
    return _from_ase(path, kind, unconverged, left_out)


def _from_json(path: Path, unconverged: bool, left_out: list[tuple[str, str]]) -> list[ComputedStructure]:
    structures = []
    for origin, entry in read_entries(read_json(path), path.name):
        if entry.problem and not unconverged:
            left_out.append((origin, entry.problem))
        else:
            structures.append(ComputedStructure(entry.atoms, entry.energy, origin, entry.run_type))
    return structures


def _from_ase(path: Path, kind: str, unconverged: bool, left_out: list[tuple[str, str]]) -> list[ComputedStructure]:
    from ase.calculators.calculator import PropertyNotImplementedError

    images = read_images(path, kind)
    reason = "" if unconverged else why_not_used(path, kind)
    structures = []
    told = run_type_of(read_text(path), kind) if kind in MARKS else None
    atoms: Any
    for number, atoms in enumerate(images):
        origin = str(atoms.info.get("label", path if kind in MARKS else f"{path} frame {number}"))
        if not np.all(np.isfinite(atoms.positions)) or not np.all(np.isfinite(np.asarray(atoms.cell))):
            raise InputError(origin, "positions and cell", "what is no finite number", "finite numbers")
        if not unconverged and not atoms.info.get("converged", True):
            left_out.append((origin, str(atoms.info.get("problem") or "the run did not converge")))
            continue
        if reason:
            left_out.append((origin, reason))
            continue
        try:
            energy = float(atoms.get_potential_energy())
        except (RuntimeError, PropertyNotImplementedError, ValueError, TypeError):
            other = sorted(name for name in atoms.info if "energy" in name.lower())
            found = f"none (there is {', '.join(other)})" if other else "none"
            raise InputError(origin, "energy", found, "a total energy with every structure, named 'energy'") from None
        structures.append(ComputedStructure(atoms, energy, origin, told or _calculator_type(atoms, kind)))
    return structures


def _calculator_type(atoms: Any, kind: str) -> RunType | None:
    """What a frame itself tells of how it was computed."""
    calculator = atoms.calc
    if kind == ".gpw":
        return gpaw_parameters(getattr(calculator, "parameters", None) or {}, atoms.get_chemical_symbols())
    stated = atoms.info.get("run_type")
    if isinstance(stated, dict):
        try:
            return RunType.read(stated, "run_type")
        except InputError:
            return None
    name = str(getattr(calculator, "name", "") or "")
    return RunType(code=_NAMES.get(name, name)) if name not in ("", "unknown") else None


_NAMES = {"espresso": "quantum espresso", "aims": "fhi-aims"}
"""Codes that ASE's calculators call otherwise."""
