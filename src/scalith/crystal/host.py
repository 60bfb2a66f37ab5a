"""The host: a primitive cell, the sites that the working ion may fill, and the spectators that it does not move."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from functools import cached_property, reduce
from math import gcd
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from pydantic import Field, model_validator

from scalith.quantities import InputError, Spec

if TYPE_CHECKING:
    from numpy.typing import NDArray

VACANCY = "vacancy"
"""Name of the empty state of a site."""

Vector = tuple[float, float, float]


class HostSite(Spec):
    """One site of the primitive cell.

    Attributes
    ----------
    position : (3,) floats
        Fractional coordinates.
    species : tuple of str
        What may sit here. One name: a spectator. Two: an active site; the first name is the filled state (σ = +1),
        the second the empty one (σ = −1), such as ``("Li", "vacancy")`` or ``("Ni3+", "Ni4+")``. More: a site for
        `scalith.lattice.SpeciesExpansion` alone.
    charges : tuple of float
        Formal charge of each species in units of e (0 for a vacancy); used by the electrostatic term only.
    redox : bool
        Whether this spectator takes up the charge that the working ion brings (Ni3+/Ni4+).
    """

    position: Vector
    species: Annotated[tuple[str, ...], Field(min_length=1, max_length=9)]
    charges: tuple[float, ...]
    redox: bool = False

    @model_validator(mode="after")
    def _one_charge_each(self) -> Self:
        if len(self.charges) != len(self.species):
            raise ValueError(f"{len(self.species)} charges, one for each species")
        return self

    @property
    def active(self) -> bool:
        """Whether species compete for this site."""
        return len(self.species) > 1


class Host(Spec):
    """A crystal with sites that ions fill or leave.

    Attributes
    ----------
    name : str
    working_ion : str
        Element that moves in and out.
    lattice : 3 × 3 floats
        Rows are the primitive vectors, Å.
    sites : tuple of HostSite
    """

    name: str
    working_ion: str
    lattice: tuple[Vector, Vector, Vector]
    sites: tuple[HostSite, ...]

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if abs(float(np.linalg.det(np.array(self.lattice)))) < 1e-3:
            raise ValueError("three lattice vectors that span a volume")
        if not any(site.active for site in self.sites):
            raise ValueError(f"at least one site where {self.working_ion} and a vacancy compete")
        return self

    @cached_property
    def cell(self) -> NDArray[np.float64]:
        """Primitive vectors as rows, shape (3, 3), Å."""
        return np.array(self.lattice, dtype=np.float64)

    @cached_property
    def positions(self) -> NDArray[np.float64]:
        """Fractional coordinates of all sites, shape (sites, 3)."""
        return np.array([site.position for site in self.sites], dtype=np.float64)

    @cached_property
    def active(self) -> NDArray[np.int64]:
        """Indices of the active sites: the order of the sublattices everywhere."""
        return np.array([index for index, site in enumerate(self.sites) if site.active], dtype=np.int64)

    @cached_property
    def working(self) -> NDArray[np.int64]:
        """Sublattices (positions in `active`) that the working ion fills."""
        return np.array(
            [k for k, index in enumerate(self.active) if self.sites[index].species[0] == self.working_ion], dtype=np.int64
        )

    @cached_property
    def volume(self) -> float:
        """Volume of the primitive cell, Å³."""
        return abs(float(np.linalg.det(self.cell)))

    def spectators(self) -> Counter[str]:
        """Elements of the spectators and how many of each a primitive cell holds."""
        return Counter(element_of(site.species[0]) for site in self.sites if not site.active)


def require_two_species(host: Host) -> None:
    """Refuse a host with a site for more than filled and empty, which spins ±1 do not describe."""
    for index in host.active:
        if len(host.sites[index].species) > 2:
            found = ", ".join(host.sites[index].species)
            raise InputError(host.name, f"site {index}", found, "two species a site (for more: scalith.lattice.SpeciesExpansion)")


def element_of(species: str) -> str:
    """Chemical symbol of a species: ``"Ni3+"`` → ``"Ni"``."""
    match = re.match(r"[A-Z][a-z]?", species)
    return match.group(0) if match else species


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
    from scalith.crystal.symmetry import primitive_host

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
