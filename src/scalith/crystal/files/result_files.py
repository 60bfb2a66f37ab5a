"""Files that codes write: which of a folder hold results, which are the steps of one run, and what is in one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scalith.crystal.files.convergence import why_not_converged
from scalith.crystal.files.host_file import BROKEN, bare_name, read_text, words_of
from scalith.crystal.files.run_type_files import HARTREE, MARKS, output_of
from scalith.crystal.species_of_atoms import MOMENTS
from scalith.quantities import InputError

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

COLLECTIONS = (".db", ".traj", ".extxyz", ".xyz", ".json")
"""Endings of files with several structures, which are taken whole."""

_TEXTS = (".pwo", ".out", ".txt", ".abo", ".castep", ".log")
_FORMATS = {
    "vasp xml": "vasp-xml",
    "vasp outcar": "vasp-out",
    "quantum espresso": "espresso-out",
    "gpaw": "gpaw-out",
    "abinit": "abinit-out",
    "fhi-aims": "aims-output",
    "castep": "castep-castep",
}
_STEP = re.compile(
    r"^(?:(?P<first>\d+)[._ -]*)?(?P<kind>vc-?relax|relax(?:ation)?|opt(?:imi[sz]ation)?|static|scf|single[_-]?point|final)"
    r"[._ -]*(?P<number>\d*)$",
    re.IGNORECASE,
)
_LAST = ("static", "scf", "single", "final")
_BOHR = 0.529177210903
KNOWN_FILES = "vasprun.xml, OUTCAR, outputs of other codes, *.db, *.traj, *.extxyz, *.xyz, *.gpw, *.json"


def kind_of(path: Path) -> str:
    """What wrote a file: a code of `MARKS`, the ending of a collection, ``".gpw"``, or nothing that is known."""
    name = bare_name(path)
    ending = Path(name).suffix.lower()
    if "vasprun" in name.lower() and ".xml" in name.lower():
        return "vasp xml"
    if name.upper().startswith("OUTCAR") or "OUTCAR" in name:
        return "vasp outcar"
    if ending in (*COLLECTIONS, ".gpw"):
        return ending
    if ending in (*_TEXTS, ".xml"):
        try:
            kind = output_of(read_text(path, 30000))
        except BROKEN:
            return ""
        return kind if ending != ".xml" or kind == "vasp xml" else ""
    return ""


def result_files(folder: Path) -> tuple[list[Path], list[tuple[Path, str]]]:
    """Files of a folder and of those below it that hold results, and those that another file stands in for, with why.

    Of the steps of one run (folders or files named ``relax1``, ``relax2``, ``static``, ``01_relax``, …) the last is taken
    first: the others stand behind it, for the case that it cannot be used.
    """
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and kind_of(path)]
    found = [path for path in found if path.name != "settings.json"]
    steps: dict[str, list[tuple[tuple[int, ...], Path]]] = {}
    for path in found:
        run, rank = _step(path.relative_to(folder))
        steps.setdefault(run, []).append((rank, path))
    first, behind = [], []
    for run, members in steps.items():
        last = max(rank for rank, _ in members)
        where = run.partition("|")[0] or "the folder"
        for rank, path in sorted(members, key=lambda item: (item[0], _preference(item[1])), reverse=True):
            if rank == last:
                first.append(path)
            else:
                behind.append((path, f"an earlier step of the run in {where}, of which the last counts"))
    return sorted(first, key=lambda path: (path.parent, -_preference(path), path.name)), behind


def run_of(path: Path, folder: Path) -> str:
    """Which run a file belongs to: files of one run are its steps, or tell the same in other words."""
    return _step(path.relative_to(folder))[0]


def is_same_step(one: Path, other: Path) -> bool:
    """Whether two files tell the same step of one run."""
    return _step(one) == _step(other)


def _preference(path: Path) -> int:
    kind = kind_of(path)
    return 2 if kind == "vasp xml" else 1 if kind in (".gpw", "vasp outcar") else 0


def _step(path: Path) -> tuple[str, tuple[int, ...]]:
    """The run that a file is a step of, and the place of that step."""
    name = bare_name(path)
    for word in name.split("."):
        if found := _STEP.match(word):
            rest = [other for other in name.split(".") if other != word and other.lower() not in ("xml", "gz")]
            return f"{path.parent.as_posix()}|{_stem('.'.join(rest))}", _rank(found)
    if found := _STEP.match(path.parent.name):
        return f"{path.parent.parent.as_posix()}|{_stem(name)}", _rank(found)
    return f"{path.parent.as_posix()}|{_stem(name)}", (0, 0, 0)


def _stem(name: str) -> str:
    """One name for files in which VASP says the same twice (``vasprun_3.xml``, ``OUTCAR_3``); the name of others."""
    return re.sub(r"vasprun|outcar", "vasp", re.sub(r"\.xml\b", "", name), flags=re.IGNORECASE)


def _rank(found: re.Match[str]) -> tuple[int, int, int]:
    last = found["kind"].lower().startswith(_LAST)
    return int(found["first"] or 0), int(last), int(found["number"] or 0)


def read_images(path: Path, kind: str) -> list[Any]:
    """The structures of a file with their energies, the last alone of the output of one run.

    Raises
    ------
    InputError
        It cannot be read.
    """
    from ase.io import read

    try:
        if kind == ".db":
            return _database_rows(path)
        if kind == "cp2k":
            return [_cp2k(read_text(path))]
        with_format = {"format": _FORMATS[kind]} if kind in _FORMATS else {}
        found: Any = read(path, index=":" if kind in COLLECTIONS else "-1", **with_format)
    except InputError as error:
        raise InputError(str(path), error.field, error.found, error.expected) from None
    except (StopIteration, IndexError):
        raise InputError(str(path), "", "no finished step with its energy", "a run that came to its end") from None
    except Exception as error:
        expected = "a file that ASE reads" if kind else f"energies in one of: {KNOWN_FILES}"
        raise InputError(str(path), "", words_of(error) if kind else "a kind of file that is not known", expected) from None
    images = list(found) if isinstance(found, list) else [found]
    if kind == "vasp xml" and (moments := _outcar_moments(path, len(images[-1]))) is not None:
        images[-1].set_array(MOMENTS, moments)
    return images


def _outcar_moments(path: Path, atoms: int) -> NDArray[np.float64] | None:
    """Last magnetic moments in the OUTCAR of the same run (`_stem`), which VASP's XML does not tell."""
    beside = path.with_name(re.sub("vasprun", "OUTCAR", re.sub(r"\.xml\b", "", path.name), flags=re.IGNORECASE))
    if "vasprun" not in path.name.lower() or not beside.is_file():
        return None
    text = read_text(beside)
    if " magnetization (y)" in text:  # non-collinear: no one number for each atom
        return None
    table = text.rpartition(" magnetization (x)")[2]
    rows = re.findall(r"^ *\d+(?: +-?\d+\.\d+)+ +(-?\d+\.\d+) *$", table.partition("\ntot")[0], re.MULTILINE)
    return np.array([float(row) for row in rows]) if len(rows) == atoms else None


def why_not_used(path: Path, kind: str) -> str:
    """Why the run of a file did not come to its end; empty when it did or the file does not tell."""
    return why_not_converged(kind, read_text(path)) if kind in MARKS else ""


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


def _cp2k(text: str) -> Atoms:
    """Cell, atoms and energy of a single point; the output of a relaxation does not hold its last geometry."""
    from ase import Atoms
    from ase.calculators.singlepoint import SinglePointCalculator

    number = r"\s+(-?\d+\.\d*(?:[EDed][+-]?\d+)?)"
    energies = re.findall(r"ENERGY\| Total FORCE_EVAL \( \w+ \) energy [\[(](?:a\.u\.|hartree)[\])]:?" + number, text)
    if len(energies) != 1:
        found = f"{len(energies)} energies" if energies else "no energy"
        raise InputError("", "energy", found, "a single point: write the last frame of a relaxation as extended XYZ")
    vectors = re.findall(r"^ CELL\| Vector [abc] \[angstrom\]:?" + 3 * number, text, re.MULTILINE)
    block = re.search(r"ATOMIC COORDINATES IN (ANGSTROM|angstrom|BOHR|bohr).*?\n((?:.*\n)*?)\s*\n\s*\n?[ A-Z]*SCF", text)
    rows = re.findall(r"^\s+\d+\s+\d+\s+([A-Z][a-z]?)\w*\s+\d+" + 3 * number, block.group(2), re.MULTILINE) if block else []
    if len(vectors) < 3 or not rows or block is None:
        raise InputError("", "", "no cell or no coordinates", "an output of medium print level")
    unit = _BOHR if block.group(1).lower() == "bohr" else 1.0
    positions = unit * np.array([[float(value) for value in row[1:]] for row in rows])
    cell = np.array([[float(value) for value in row] for row in vectors[:3]])
    atoms = Atoms([row[0] for row in rows], positions=positions, cell=cell, pbc=True)
    atoms.calc = SinglePointCalculator(atoms, energy=HARTREE * float(energies[0]))
    return atoms
