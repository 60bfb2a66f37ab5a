"""The host: a primitive cell, the sites that the working ion may fill, and the spectators that it does not move."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
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
        the second the empty one (σ = −1), such as ``("Li", "vacancy")``. More, and charge states such as ``("Ni3+", "Ni4+")``:
        a site for `scalith.lattice.SpeciesExpansion` alone.
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
            [k for k, index in enumerate(self.active) if self.working_ion in self.sites[index].species], dtype=np.int64
        )

    @cached_property
    def coupled(self) -> bool:
        """Whether more than the working ion and vacancies is told apart: charge states, other ions, other sublattices."""
        return any(self.sites[index].species != (self.working_ion, VACANCY) for index in self.active)

    @cached_property
    def charge_states(self) -> bool:
        """Whether an element of some site has several charge states: charges of arrangements are then complete."""
        names = [[element_of(name) for name in site.species] for site in self.sites]
        return any(len(set(elements)) < len(elements) for elements in names)

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
        sites = [self.sites[index] for index in self.active[self.working]]
        stated = {site.charges[site.species.index(self.working_ion)] for site in sites}
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


def charge_in_name(species: str) -> float:
    """Charge that the name of a species tells: 3 of ``"Fe3+"``, −2 of ``"O2-"``, 0 of a vacancy; of a bare ion its usual one.

    Raises
    ------
    InputError
        The name tells none, and its element is no ion whose charge is known.
    """
    if species == VACANCY:
        return 0.0
    if match := re.fullmatch(r"[A-Z][a-z]?(\d+(?:\.\d+)?)?([+-])", species):
        return float(match.group(1) or 1.0) * (1.0 if match.group(2) == "+" else -1.0)
    if species in ION_CHARGES:
        return float(ION_CHARGES[species])
    raise InputError("species", "name", species, "an element with its charge, such as 'Fe3+' or 'O2-', or 'vacancy'")


def couple_sublattices(host: Host, species: Mapping[str, Sequence[str]]) -> Host:
    """The host with more species on its sites: charge states of a metal, ions that mix, vacancies of oxygen.

    Parameters
    ----------
    host : Host
    species : mapping of str to sequence of str
        For an element of the host all that may sit on its sites: ``{"Fe": ["Fe2+", "Fe3+"], "Li": ["Li", "Ni2+", "vacancy"]}``.
        Charges are those in the names. One name alone states the charge of a spectator whose file tells none: ``["O2-"]``.

    Raises
    ------
    InputError
        No site of an element, no species or one twice, a name without a charge, the working ion on none of the sites; charge
        states beside a spectator without a charge, with which nothing can be neutral.

    Notes
    -----
    On every site of one list all its species are told apart; what sits there in a computed structure is found by element, and
    between charge states by magnetic moment or by the charges that a file states (`map_orderings`). A working ion to which the
    host's file gives no charge has its usual one.
    """
    left = dict(species)
    sites = []
    for site in host.sites:
        names = next((tuple(left[name]) for name in (element_of(site.species[0]),) if name in left), None)
        if names is None:
            names = site.species if site.active and not any(site.charges) else None
        if names is None:
            sites.append(site)
            continue
        if not names or len(set(names)) < len(names):
            raise InputError(host.name, element_of(site.species[0]), list(names), "species that differ")
        sites.append(HostSite(position=site.position, species=names, charges=tuple(charge_in_name(name) for name in names)))
    known = {element_of(site.species[0]) for site in host.sites}
    for element in left:
        if element not in known:
            raise InputError(host.name, "species", element, f"an element of the host: {', '.join(sorted(known))}")
    if not any(host.working_ion in site.species for site in sites if site.active):
        raise InputError(host.name, "species", dict(species), f"sites that {host.working_ion} may fill")
    coupled = host.model_copy(update={"sites": tuple(sites)})
    bare = [site.species[0] for site in sites if not site.active and site.charges[0] == 0.0]
    if coupled.charge_states and bare:
        expected = f"the charge of {bare[0]} as well, such as {element_of(bare[0])} = ['O2-'] for oxygen"
        raise InputError(host.name, "species", f"charge states beside {bare[0]} without a charge", expected)
    return coupled


def require_ions_alone(host: Host, what: str) -> None:
    """Reject a host of which more than the working ion is told apart, for what knows of ions and vacancies alone.

    Raises
    ------
    InputError
        Names the sublattices, and `what` would leave them out.
    """
    if host.coupled:
        lists = dict.fromkeys(host.sites[index].species for index in host.active)
        told = "; ".join(", ".join(names) for names in lists)
        raise InputError(what, "species", told, f"sites of {host.working_ion} and vacancies alone: it knows no other species")


def element_of(species: str) -> str:
    """Chemical symbol of a species: ``"Ni3+"`` → ``"Ni"``."""
    match = re.match(r"[A-Z][a-z]?", species)
    return match.group(0) if match else species
