"""Heaps of computed structures with their energies, from the files that codes and databases write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scalith.crystal.convergence import why_not_converged
from scalith.crystal.host_file import read_json, words_of
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
    """

    atoms: Atoms
    energy: float
    origin: str

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


def read_structures(path: str | Path, *, licence: str = "", unconverged: bool = False) -> StructureSet:
    """Read structures and total energies.

    A file ``settings.json`` beside them that names the engine of the structures joins the source: version, settings, relaxation.

    Parameters
    ----------
    path : path
        pymatgen ``ComputedStructureEntry`` lists (``.json``); ASE databases (``.db``), trajectories, extended XYZ, VASP
        (``vasprun.xml``, ``OUTCAR``), Quantum ESPRESSO and GPAW outputs through ASE; or a folder, read file by file, below
        which the outputs of single runs lie.
    licence : str
        Licence of the file, for the record.
    unconverged : bool
        Take runs that did not converge as well. Without it they are named in ``left_out``, as are files of a folder
        that could not be read.

    Raises
    ------
    InputError
        Nothing readable, no energy with a structure, an energy that is not finite, disorder in an entry, energies of several
        engines (where the file names them).
    """
    path = Path(path)
    if path.is_dir():
        return _read_folder(path, licence, unconverged)
    if not path.is_file():
        raise InputError(str(path), "", "no such file", "computed structures (pymatgen JSON, ASE db, traj, extxyz, VASP, QE)")
    left_out: list[tuple[str, str]] = []
    if path.suffix.lower() == ".json":
        structures = _from_entries(read_json(path), path.name)
    else:
        structures = _from_ase(path, unconverged, left_out)
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

    Each frame carries its ``label`` and what the atoms' ``info`` tells of the run (``engine``, ``forces_left``, …).
    """
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.io import write

    frames = []
    for item in structures:
        atoms = item.atoms.copy()
        atoms.info = {**item.atoms.info, "label": item.origin}
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
    names = ("vasprun.xml", "OUTCAR", "*.db", "*.traj", "*.extxyz", "*.xyz", "*.pwo", "*.gpw", "*.json")
    found: StructureSet | None = None
    left_out: list[tuple[str, str]] = []
    taken: set[Path] = set()
    for pattern in names:
        for path in sorted(folder.rglob(pattern)):
            if path.name == "OUTCAR" and path.parent in taken:
                continue
            try:
                read = read_structures(path, licence=licence, unconverged=unconverged)
            except InputError as error:
                left_out.append((str(path.relative_to(folder)), f"found {error.found}, expected {error.expected}"))
                continue
            taken.add(path.parent)
            found = read if found is None else found + read
    if found is None:
        shown = "no output file" if not left_out else f"none that can be used ({left_out[0][0]}: {left_out[0][1]})"
        raise InputError(str(folder), "", shown, f"files named {', '.join(names)}")
    # An OUTCAR stands in for a vasprun.xml beside it that broke off.
    left_out = [item for item in left_out if Path(item[0]).name != "vasprun.xml" or (folder / item[0]).parent not in taken]
    return _of_one_engine(StructureSet(found.structures, found.source, found.left_out + tuple(left_out)), str(folder))


def _from_entries(data: Any, where: str) -> list[ComputedStructure]:
    from ase import Atoms

    entries = data if isinstance(data, list) else [data]
    structures = []
    for index, entry in enumerate(entries):
        origin = f"{where} entry {index}"
        if not isinstance(entry, dict) or "energy" not in entry or "structure" not in entry:
            raise InputError(origin, "", type(entry).__name__, "a pymatgen ComputedStructureEntry with 'energy' and 'structure'")
        structure = entry["structure"]
        symbols = []
        for number, site in enumerate(structure["sites"]):
            parts = site["species"]
            if len(parts) != 1 or abs(float(parts[0]["occu"]) - 1.0) > 1e-8:
                raise InputError(origin, f"site {number}", site.get("label", parts), "one species with occupation 1")
            symbols.append(parts[0]["element"])
        positions = np.array([site["abc"] for site in structure["sites"]], dtype=np.float64)
        atoms = Atoms(symbols, scaled_positions=positions, cell=structure["lattice"]["matrix"], pbc=True)
        energy = float(entry["energy"]) + float(entry.get("correction") or 0.0)
        structures.append(ComputedStructure(atoms, energy, origin))
    return structures


def _from_ase(path: Path, unconverged: bool, left_out: list[tuple[str, str]]) -> list[ComputedStructure]:
    from ase.calculators.calculator import PropertyNotImplementedError
    from ase.io import read

    images: Any
    # Of one relaxation run only the last frame is a result; collections are taken whole.
    index = "-1" if path.name in ("vasprun.xml", "OUTCAR") or path.suffix in (".pwo", ".out", ".txt", ".gpw") else ":"
    try:
        images = _database_rows(path) if path.suffix == ".db" else read(path, index=index)
    except Exception as error:
        raise InputError(str(path), "", words_of(error), "a file that ASE reads") from None
    reason = "" if unconverged else why_not_converged(path)
    structures = []
    atoms: Any
    for number, atoms in enumerate(images if isinstance(images, list) else [images]):
        origin = str(atoms.info.get("label", f"{path} frame {number}"))
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
            raise InputError(origin, "energy", "none", "a total energy with every structure") from None
        structures.append(ComputedStructure(atoms, energy, origin))
    return structures


def _database_rows(path: Path) -> list[Any]:
    """Structures of an ASE database; their keys (``engine``, ``converged``, …) come along in ``info``."""
    from ase.db import connect

    images = []
    with connect(str(path)) as opened:
        for row in opened.select(sort="id"):
            atoms = row.toatoms()
            atoms.info.update(row.key_value_pairs)
            images.append(atoms)
    return images
