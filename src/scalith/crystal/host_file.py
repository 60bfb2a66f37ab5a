"""Hosts from files: structures in JSON or in any format that ASE reads, checked before anything is made of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from functools import reduce
from math import gcd
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scalith.crystal.host import VACANCY, Host, HostSite
from scalith.crystal.symmetry import primitive_host
from scalith.quantities import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read_host(path: str | Path, *, working_ion: str = "Li", name: str = "") -> Host:
    """Read the primitive cell of a host.

    Parameters
    ----------
    path : path
        A pymatgen ``Structure`` in JSON (partial occupations mark the active sites), or any file that ASE reads
        (CIF, POSCAR, …), where every site of the working ion becomes active. The cell is reduced to a primitive one.
    working_ion : str
        Element that fills and leaves its sites. Other disorder (Ni3+/Ni4+ on one site) is averaged into a spectator.
    name : str
        Without it a formula such as ``LixNiO2``.

    Raises
    ------
    InputError
        The file is unreadable, holds no site of the working ion, or a spectator site is shared by two elements.
    """
    where = str(path)
    if Path(path).suffix.lower() == ".json":
        lattice, sites = _from_pymatgen(read_json(path), working_ion, where)
    else:
        lattice, sites = _from_ase(path, working_ion)
    if not any(site.active for site in sites):
        found = ", ".join(sorted({site.species[0] for site in sites}))
        raise InputError(
            where, "working_ion", f"{found} and no site of {working_ion}", f"a structure with sites that {working_ion} fills"
        )
    rows = [tuple(float(value) for value in row) for row in lattice]
    draft = Host.read({"name": name or "host", "working_ion": working_ion, "lattice": rows, "sites": sites}, where)
    host = primitive_host(draft)
    return host if name else Host(name=_formula(host), working_ion=working_ion, lattice=host.lattice, sites=host.sites)


def read_json(path: str | Path) -> Any:
    """Parse a JSON file; an unreadable one gives an `InputError` that names it."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(str(path), "", "no such file", "a JSON file") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(str(path), "", str(error), "a readable JSON file") from None


def _from_pymatgen(data: Any, working_ion: str, where: str) -> tuple[NDArray[np.float64], list[HostSite]]:
    if not isinstance(data, dict) or "lattice" not in data or "sites" not in data:
        raise InputError(where, "", type(data).__name__, "a pymatgen Structure with 'lattice' and 'sites'")
    sites = []
    for index, entry in enumerate(data["sites"]):
        try:
            parts = [
                (str(part["element"]), float(part.get("oxidation_state") or 0.0), float(part["occu"]))
                for part in entry["species"]
            ]
            position = tuple(float(value) for value in entry["abc"])
            filled = sum(occupation for _, _, occupation in parts)
            charge = sum(charge * occupation for _, charge, occupation in parts) / filled
        except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError) as error:
            raise InputError(where, f"site {index}", words_of(error), "species with element and occu, and abc") from None
        elements = {element for element, _, _ in parts}
        _require_finite((*position, charge, *(each for _, each, _ in parts)), where, f"site {index}")
        if working_ion in elements and filled < 1.0 - 1e-8:
            sites.append(HostSite(position=position, species=(working_ion, VACANCY), charges=(parts[0][1], 0.0)))
        elif len(elements) == 1 and abs(filled - 1.0) < 1e-8:
            sites.append(HostSite(position=position, species=(elements.pop(),), charges=(charge,), redox=len(parts) > 1))
        else:
            shown = " + ".join(f"{occupation:g} {element}" for element, _, occupation in parts)
            raise InputError(where, f"site {index}", shown, f"one element, or {working_ion} with an occupation below 1")
    try:
        matrix = np.array(data["lattice"]["matrix"], dtype=np.float64)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(where, "lattice", words_of(error), "a matrix of three vectors") from None
    return matrix, sites


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
        raise InputError(str(path), "", "no such file", "a structure file that ASE reads")
    try:
        atoms = read(path)
    except Exception as error:
        raise InputError(str(path), "", words_of(error), "a structure file that ASE reads") from None
    charges = atoms.get_initial_charges()
    _require_finite((*atoms.get_scaled_positions().ravel(), *charges, *np.asarray(atoms.cell).ravel()), str(path), "positions")
    sites = []
    for symbol, position, charge in zip(atoms.get_chemical_symbols(), atoms.get_scaled_positions(), charges, strict=True):
        at = tuple(float(value) for value in position)
        if symbol == working_ion:
            sites.append(HostSite(position=at, species=(symbol, VACANCY), charges=(float(charge), 0.0)))
        else:
            sites.append(HostSite(position=at, species=(symbol,), charges=(float(charge),)))
    return np.asarray(atoms.cell, dtype=np.float64), sites


def _formula(host: Host) -> str:
    counts = Counter(host.spectators())
    divisor = reduce(gcd, counts.values()) if counts else 1
    written = "".join(f"{element}{count // divisor if count > divisor else ''}" for element, count in counts.items())
    return f"{host.working_ion}x{written}"
