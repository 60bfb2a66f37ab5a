"""The host: a primitive cell, the sites that the working ion may fill, and the spectators that it does not move."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from scalith.quantities import InputError, Spec

if TYPE_CHECKING:
    from numpy.typing import NDArray

VACANCY = "vacancy"
"""Name of the empty state of a site."""

ION_CHARGES = {
    **dict.fromkeys(("H", "Li", "Na", "K", "Rb", "Cs", "Ag", "Cu"), 1),
    **dict.fromkeys(("Mg", "Ca", "Sr", "Ba", "Zn"), 2),
    **dict.fromkeys(("Al", "Y", "La"), 3),
}
"""Charges of ions that move in and out of hosts."""

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

    @cached_property
    def ion_charge(self) -> int:
        """Elementary charges z of the working ion, and electrons that it brings: 1 for Li, 2 for Mg, 3 for Al.

        From the formal charge of its sites where one is stated, else from the element.

        Raises
        ------
        InputError
            Neither tells.
        """
        stated = {self.sites[index].charges[0] for index in self.active[self.working]}
        charge = next(iter(stated)) if len(stated) == 1 else 0.0
        if charge >= 1.0 and charge == round(charge):
            return round(charge)
        if self.working_ion in ION_CHARGES:
            return ION_CHARGES[self.working_ion]
        found = ", ".join(f"{value:g}" for value in sorted(stated)) or "none"
        raise InputError(self.name, f"charge of {self.working_ion}", found, "one whole number greater than 0 on all of its sites")

    def spectators(self) -> Counter[str]:
        """Elements of the spectators and how many of each a primitive cell holds."""
        return Counter(element_of(site.species[0]) for site in self.sites if not site.active)


def require_two_species(host: Host) -> None:
    """Reject a host with a site for more than filled and empty, which spins ±1 do not describe."""
    for index in host.active:
        if len(host.sites[index].species) > 2:
            found = ", ".join(host.sites[index].species)
            raise InputError(host.name, f"site {index}", found, "two species a site (for more: scalith.lattice.SpeciesExpansion)")


def element_of(species: str) -> str:
    """Chemical symbol of a species: ``"Ni3+"`` → ``"Ni"``."""
    match = re.match(r"[A-Z][a-z]?", species)
    return match.group(0) if match else species
