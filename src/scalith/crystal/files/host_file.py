"""Hosts from files: structures in JSON or in any format that ASE reads, checked before anything is made of them."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import re
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from math import gcd
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scalith.crystal.host import VACANCY, Host, HostSite, element_of
from scalith.crystal.symmetry import SYMMETRISED, primitive_host, symmetrised_host, symmetry_hidden_by_noise
from scalith.quantities import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_Part = tuple[str, float, float]
"""Element, charge and occupation."""

_OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
BROKEN = (OSError, EOFError, lzma.LZMAError, zlib.error)
"""What reading a compressed file raises where it is cut off or damaged."""
_ISOTOPES = {"D": "H", "T": "H"}


def read_host(path: str | Path, *, working_ion: str = "Li", name: str = "", symprec: float = SYMMETRISED) -> Host:
    """Read the primitive cell of a host.

    Parameters
    ----------
    path : path
        A pymatgen ``Structure`` in JSON (compressed or not), or any file that ASE reads (CIF, POSCAR, …). Partial occupations
        of the working ion mark the active sites; in a file without any, each of its sites is active. The cell is reduced to a
        primitive one.
    working_ion : str
        Element that fills and leaves its sites. Other disorder of one element (Ni3+/Ni4+ on one site) is averaged into a
        spectator. Elements that share a site, each with the charge that the file states, make a coupled sublattice
        (`couple_sublattices`); without charges they are not supported.
    name : str
        Without it a formula such as ``LixNiO2``.
    symprec : float
        Distance within which atoms are equivalent, Å. Where that finds a higher symmetry than the file's last digits show
        (a relaxed cell), cell and positions are averaged over its operations.

    Warns
    -----
    UserWarning
        A wider `symprec` (up to 0.1 Å) would find more symmetry; says which and how much.

    Raises
    ------
    InputError
        The file is unreadable, holds no site of the working ion, or a site is shared by elements whose charges it does not state.
    """
    where = str(path)
    if bare_name(Path(path)).lower().endswith(".json"):
        lattice, sites = _from_pymatgen(read_json(path), working_ion, where)
    else:
        lattice, sites = _from_ase(path, working_ion)
    if abs(float(np.linalg.det(lattice))) < 1e-3:
        raise InputError(where, "cell", "none that spans a volume", "a crystal with three lattice vectors")
    rows = [tuple(float(value) for value in row) for row in lattice]
    draft = Host.read({"name": name or "host", "working_ion": working_ion, "lattice": rows, "sites": sites}, where)
    host = primitive_host(symmetrised_host(draft, symprec))
    if hidden := symmetry_hidden_by_noise(host, symprec):
        warnings.warn(f"{where}: {hidden}", stacklevel=2)
    return host if name else Host(name=_formula(host), working_ion=working_ion, lattice=host.lattice, sites=host.sites)


def bare_name(path: Path) -> str:
    """The name without the ending of a compression."""
    return path.stem if path.suffix.lower() in _OPENERS else path.name


def read_text(path: Path, length: int = -1, errors: str = "replace") -> str:
    """The text of a file, compressed or not, or its first `length` characters."""
    opener = _OPENERS.get(path.suffix.lower(), open)
    with opener(path, "rt", encoding="utf-8", errors=errors) as stream:
        return str(stream.read(length))


def element_symbol(name: Any) -> str:
    """The element as databases name it: deuterium and tritium are hydrogen, whose energies they have."""
    return _ISOTOPES.get(str(name), str(name))


def read_json(path: str | Path) -> Any:
    """Parse a JSON file, compressed or not; an unreadable one gives an `InputError` that names it."""
    try:
        return json.loads(read_text(Path(path), errors="strict"))
    except FileNotFoundError:
        raise InputError(str(path), "", "no such file", "a JSON file") from None
    except (*BROKEN, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(str(path), "", str(error), "a readable JSON file") from None


def _from_pymatgen(data: Any, working_ion: str, where: str) -> tuple[NDArray[np.float64], list[HostSite]]:
    if not isinstance(data, dict) or "lattice" not in data or "sites" not in data:
        raise InputError(where, "", type(data).__name__, "a pymatgen Structure with 'lattice' and 'sites'")
    found = []
    for index, entry in enumerate(data["sites"]):
        try:
            parts = [
                (element_symbol(part["element"]), float(part.get("oxidation_state") or 0.0), float(part["occu"]))
                for part in entry["species"]
            ]
            position = tuple(float(value) for value in entry["abc"])
            if not sum(occupation for _, _, occupation in parts) > 0.0:
                raise ZeroDivisionError
        except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError) as error:
            raise InputError(where, f"site {index}", words_of(error), "species with element and occu, and abc") from None
        _require_finite((*position, *(number for part in parts for number in part[1:])), where, f"site {index}")
        found.append((position, parts))
    sites = _sites(found, working_ion, where)
    try:
        matrix = np.array(data["lattice"]["matrix"], dtype=np.float64)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(where, "lattice", words_of(error), "a matrix of three vectors") from None
    return matrix, sites


def _sites(found: Sequence[tuple[tuple[float, ...], list[_Part]]], working_ion: str, where: str) -> list[HostSite]:
    """Active sites and spectators from what sits on each place: (element, charge, occupation)."""
    filled = [sum(occupation for _, _, occupation in parts) for _, parts in found]
    present = sorted({element for _, parts in found for element, _, _ in parts})
    if working_ion not in present:
        expected = f"a structure with sites that {working_ion} fills"
        raise InputError(where, "working_ion", f"{', '.join(present)} and no site of {working_ion}", expected)
    ions = [k for k, (_, parts) in enumerate(found) if {element for element, _, _ in parts} == {working_ion}]
    partial = [k for k in ions if filled[k] < 1.0 - 1e-6]
    sites = []
    for index, (position, parts) in enumerate(found):
        elements = {element for element, _, _ in parts}
        charge = sum(charge * occupation for _, charge, occupation in parts) / filled[index]
        if index in (partial or ions):
            sites.append(HostSite(position=position, species=(working_ion, VACANCY), charges=(parts[0][1], 0.0)))
        elif len(elements) == 1 and abs(filled[index] - 1.0) < 1e-6:
            sites.append(HostSite(position=position, species=(elements.pop(),), charges=(charge,), redox=len(parts) > 1))
        elif len(elements) > 1 and all(charge for _, charge, _ in parts):
            sites.append(_shared_site(position, parts, filled[index], working_ion))
        else:
            shown = " + ".join(f"{occupation:g} {element}" for element, _, occupation in parts)
            place = ", ".join(f"{value:.3g}" for value in position)
            expected = f"one element on it, {working_ion} with an occupation below 1, or elements with their charges"
            raise InputError(where, f"site {index} at ({place})", shown, expected)
    return sites


def _shared_site(position: tuple[float, ...], parts: list[_Part], filled: float, working_ion: str) -> HostSite:
    """A site on which elements with charges compete; with vacancies where their occupations add up to less than 1."""
    names = [element if element == working_ion else _charged(element, charge) for element, charge, _ in parts]
    charges = [charge for _, charge, _ in parts]
    if filled < 1.0 - 1e-6:
        names, charges = [*names, VACANCY], [*charges, 0.0]
    return HostSite(position=position, species=tuple(names), charges=tuple(charges))


def _charged(element: str, charge: float) -> str:
    size = "" if abs(charge) == 1.0 else f"{abs(charge):g}"
    return f"{element}{size}{'+' if charge > 0 else '-'}"


def _require_finite(numbers: Iterable[float], where: str, field: str) -> None:
    if not np.all(np.isfinite(np.array(list(numbers), dtype=np.float64))):
        raise InputError(where, field, "what is no finite number", "finite positions, cell and charges")


def words_of(error: Exception) -> str:
    """What a library that reads a file said, in words; some say nothing."""
    return f"{type(error).__name__}: {error}" if str(error).strip() else f"what cannot be understood ({type(error).__name__})"


def _from_ase(path: str | Path, working_ion: str) -> tuple[NDArray[np.float64], list[HostSite]]:
    from ase.io import read

    atoms: Any
    if not Path(path).is_file():
        raise InputError(str(path), "", "a folder" if Path(path).is_dir() else "no such file", "a structure file that ASE reads")
    try:
        atoms = read(path)
    except Exception as error:
        raise InputError(str(path), "", words_of(error), "a structure file that ASE reads") from None
    charges = atoms.get_initial_charges()
    _require_finite((*atoms.get_scaled_positions().ravel(), *charges, *np.asarray(atoms.cell).ravel()), str(path), "positions")
    occupancies = atoms.info.get("occupancy") or {}
    kinds = atoms.arrays.get("spacegroup_kinds")
    found: list[tuple[tuple[float, ...], list[_Part]]] = []
    for index, (symbol, position, charge) in enumerate(
        zip(atoms.get_chemical_symbols(), atoms.get_scaled_positions(), charges, strict=True)
    ):
        shares = occupancies.get(str(kinds[index])) if kinds is not None else None
        parts = [
            (re.sub(r"[^A-Za-z].*", "", str(element)), float(charge), float(share))
            for element, share in (shares or {symbol: 1.0}).items()
        ]
        found.append((tuple(float(value) for value in position), parts))
    return np.asarray(atoms.cell, dtype=np.float64), _sites(found, working_ion, str(path))


def _formula(host: Host) -> str:
    """``LixNiO2``: elements in the smallest whole numbers that the sites of the ion go with."""
    counts = Counter(element_of(site.species[0]) for k, site in enumerate(host.sites) if k not in host.active[host.working])
    divisor = gcd(len(host.working), *counts.values())
    written = "".join(f"{element}{count // divisor if count > divisor else ''}" for element, count in counts.items())
    return f"{host.working_ion}x{written}"
