"""Space-group operations of a host's parent lattice (spglib), and how they permute its active sites."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scalith.crystal.host import Host, HostSite
from scalith.quantities import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SYMMETRY_TOLERANCE = 1e-3
"""Distance within which spglib takes two sites as equivalent, Å."""


SYMMETRISED = 1e-2
"""Distance within which the atoms of a host that is read from a file are brought to its symmetry, Å."""

_WIDER = (0.02, 0.05, 0.1)
"""Distances, Å, at which a structure is asked for symmetry that noise may hide."""


class SiteOperations(NamedTuple):
    """Space-group operations acting on active sites.

    Operation g takes site (sublattice s, cell n) to (sublattice[g, s], rotation[g] n + shift[g, s]).

    Attributes
    ----------
    rotation : ndarray, shape (operations, 3, 3), int
    sublattice : ndarray, shape (operations, sublattices), int
    shift : ndarray, shape (operations, sublattices, 3), int
    """

    rotation: NDArray[np.int64]
    sublattice: NDArray[np.int64]
    shift: NDArray[np.int64]


def _spglib_cell(host: Host) -> Any:
    kinds = sorted({site.species for site in host.sites})
    return host.cell, host.positions, [kinds.index(site.species) for site in host.sites]


def space_group_operations(host: Host) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rotations (n, 3, 3) and translations (n, 3) in fractional coordinates; active sites count as alike when their species are.

    Raises
    ------
    InputError
        spglib finds no symmetry, as when two sites coincide.
    """
    import spglib

    found = spglib.get_symmetry(_spglib_cell(host), symprec=SYMMETRY_TOLERANCE)
    if found is None:
        raise InputError(host.name, "sites", "no space group", "distinct sites in a cell that spans a volume")
    return np.asarray(found["rotations"], dtype=np.int64), np.asarray(found["translations"], dtype=np.float64)


def _symmetry_within(host: Host, symprec: float) -> Any:
    """Operations as spglib finds them; `None` where it finds no space group at this distance."""
    import spglib

    with contextlib.suppress(spglib.error.SpglibError):  # or None, as it is set to answer
        return spglib.get_symmetry(_spglib_cell(host), symprec=symprec)
    return None


def symmetry_hidden_by_noise(host: Host, symprec: float) -> str:
    """Which wider distances would find more operations than `symprec` does, in words; empty where none up to 0.1 Å would."""
    most = len(_symmetry_within(host, symprec)["rotations"])
    more = []
    first = most
    for wider in _WIDER:
        found = _symmetry_within(host, wider) if wider > symprec else None
        if found is not None and len(found["rotations"]) > most:
            most = len(found["rotations"])
            more.append(f"{most} within {wider:g} Å")
    if not more:
        return ""
    return (
        f"{first} operation{'s' if first > 1 else ''} of symmetry within symprec = {symprec:g} Å, {', '.join(more)}: "
        "if noise of a relaxation hides them, state that symprec"
    )


def symmetrised_host(host: Host, symprec: float) -> Host:
    """The host with cell and positions averaged over the operations that hold within `symprec`.

    A host whose operations are all exact (within `SYMMETRY_TOLERANCE`) is handed back as it is. The metric tensor becomes
    G = ⟨Rᵀ G R⟩, and each position the mean of the places that the operations take its equivalents to. What is then free of
    part of its noise may show more operations: that is repeated until none are added.

    Raises
    ------
    InputError
        spglib finds no symmetry at this tolerance.
    """
    if not symprec > 0.0:
        raise InputError(host.name, "symprec", symprec, "a distance greater than 0 Å")
    found = _symmetry_within(host, symprec)
    if found is None:
        raise InputError(
            host.name, "symprec", f"{symprec:g} Å and no space group", "a smaller distance, within which no sites meet"
        )
    rotations, translations = found["rotations"], found["translations"]
    if len(rotations) <= len(space_group_operations(host)[0]):
        return host
    metric = np.mean([rotation.T @ host.cell @ host.cell.T @ rotation for rotation in rotations], axis=0)
    # The vectors nearest to the old ones that have this metric: L = (G G_old⁻¹)^½ L_old up to a rotation.
    old = host.cell @ host.cell.T
    values, vectors = np.linalg.eigh(old)
    root, inverse = (vectors * values**0.5) @ vectors.T, (vectors * values**-0.5) @ vectors.T
    middle_values, middle = np.linalg.eigh(root @ metric @ root)
    lattice = inverse @ (middle * middle_values**0.5) @ middle.T @ inverse @ host.cell
    kinds = [site.species for site in host.sites]
    positions = np.zeros_like(host.positions)
    for rotation, translation in zip(rotations, translations, strict=True):
        images = host.positions @ rotation.T + translation
        for image, kind in zip(images, kinds, strict=True):
            offsets = image - host.positions
            away = np.linalg.norm((offsets - np.round(offsets)) @ host.cell, axis=1)
            away[[other != kind for other in kinds]] = np.inf
            target = int(np.argmin(away))
            positions[target] += (host.positions[target] + offsets[target] - np.round(offsets[target])) / len(rotations)
    sites = tuple(
        site.model_copy(update={"position": tuple(float(v) for v in place)})
        for site, place in zip(host.sites, positions, strict=True)
    )
    rows = tuple(tuple(float(v) for v in row) for row in lattice)
    averaged = host.model_copy(update={"lattice": rows, "sites": sites})
    now = _symmetry_within(averaged, symprec)
    return averaged if now is None or len(now["rotations"]) <= len(rotations) else symmetrised_host(averaged, symprec)


def site_operations(host: Host) -> SiteOperations:
    """How the space group permutes the active sites."""
    rotations, translations = space_group_operations(host)
    active = host.positions[host.active]
    species = [host.sites[index].species for index in host.active]
    sublattice = np.empty((len(rotations), len(active)), dtype=np.int64)
    shift = np.empty((len(rotations), len(active), 3), dtype=np.int64)
    for g, (rotation, translation) in enumerate(zip(rotations, translations, strict=True)):
        for s, position in enumerate(active):
            image = rotation @ position + translation
            offsets = image - active
            away = np.linalg.norm((offsets - np.round(offsets)) @ host.cell, axis=1)
            away[[kind != species[s] for kind in species]] = np.inf
            target = int(np.argmin(away))
            if away[target] > 10 * SYMMETRY_TOLERANCE:
                raise InputError(host.name, "sites", f"active site {s} without an image", "sites that obey the space group")
            sublattice[g, s] = target
            shift[g, s] = np.round(offsets[target])
    return SiteOperations(rotations, sublattice, shift)


def primitive_host(host: Host) -> Host:
    """The host in a primitive cell; one that is primitive already keeps its own vectors and order of sites."""
    rotations, _ = space_group_operations(host)
    if np.sum([np.array_equal(rotation, np.eye(3)) for rotation in rotations]) <= 1:
        return host
    import spglib

    cell = _spglib_cell(host)
    labels = cell[2]
    found = spglib.find_primitive(cell, symprec=SYMMETRY_TOLERANCE)
    if found is None:
        raise InputError(host.name, "sites", "no primitive cell", "distinct sites in a cell that spans a volume")
    lattice, positions, kinds = found
    sites = tuple(
        HostSite(position=tuple(float(v) for v in position), species=like.species, charges=like.charges, redox=like.redox)
        for position, like in zip(positions, (host.sites[labels.index(kind)] for kind in kinds), strict=True)
    )
    rows = tuple(tuple(float(v) for v in row) for row in lattice)
    return Host(name=host.name, working_ion=host.working_ion, lattice=rows, sites=sites)
