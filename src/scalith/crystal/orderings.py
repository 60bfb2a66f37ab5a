"""The data set in which orderings travel: the species on the sites of periodic supercells of a host."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from scalith.crystal.host import VACANCY, element_of
from scalith.crystal.supercells import lattice_cells
from scalith.quantities import InputError, Result, labelled, predicted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import ArrayLike, NDArray

    from scalith.crystal.host import Host


def orderings_dataset(host: Host, orderings: Sequence[tuple[NDArray[np.int64], NDArray[np.int8]]]) -> Result:
    """Data set of given orderings, each a supercell (3, 3) and the stoichiometry of its sites.

    Sites are in the order of `lattice_cells`, sublattice by sublattice.
    """
    return species_dataset(host, [(supercell, (1 - filled).astype(np.int8)) for supercell, filled in orderings])


def species_dataset(
    host: Host,
    arrangements: Sequence[tuple[NDArray[np.int64], NDArray[np.int8]]],
    energies: ArrayLike | None = None,
) -> Result:
    """Data set of arrangements of any species, each a supercell (3, 3) and the species of its sites.

    Parameters
    ----------
    host : Host
    arrangements : sequence of (supercell, species)
        Species as places in the host's list for the site, sites in the order of `lattice_cells`, sublattice by sublattice.
    energies : array_like, shape (structures,), optional
        eV per primitive cell.

    Returns
    -------
    Result
        As `map_orderings`; ``filled`` (1 for the first of two species) where all sites have two.

    Raises
    ------
    InputError
        Species that the host does not have, or not one energy for each arrangement.
    """
    count = max(len(species) for _, species in arrangements)
    shape = (len(arrangements), count)
    every, sublattice = np.full(shape, -1, dtype=np.int8), np.full(shape, -1, dtype=np.int64)
    offset, fraction = np.zeros((*shape, 3), dtype=np.int64), np.empty(len(arrangements))
    names = [host.sites[index].species for index in host.active]
    ion = np.array([own.index(host.working_ion) if host.working_ion in own else -2 for own in names])
    most = np.array([len(own) for own in names])
    for row, (supercell, species) in enumerate(arrangements):
        cells = lattice_cells(supercell)
        size = len(cells) * len(host.active)
        own = np.repeat(np.arange(len(host.active)), len(cells))
        if len(species) != size or np.any(species < 0) or np.any(species >= most[own]):
            raise InputError(host.name, "species", np.asarray(species).tolist(), f"{size} places in the sites' lists of species")
        every[row, :size] = species
        sublattice[row, :size] = own
        offset[row, :size] = np.tile(cells, (len(host.active), 1))
        working = np.isin(own, host.working)
        fraction[row] = np.mean((species == ion[own])[working])
    supercells = np.array([supercell for supercell, _ in arrangements])
    data = Result(
        {
            "supercell": labelled(("structure", "row", "column"), supercells, "supercell in primitive vectors", "1"),
            "species": labelled(("structure", "site"), every, "place in the list of species of the site (−1: padding)", "1"),
            "sublattice": labelled(("structure", "site"), sublattice, "active site of the primitive cell", "1"),
            "offset": labelled(("structure", "site", "axis"), offset, "primitive cell of the site", "1"),
            "x": labelled("structure", fraction, "filled fraction of the working ion's sites", "1"),
        }
    )
    if np.all(most == 2):
        filled = np.where(every >= 0, 1 - every, -1).astype(np.int8)
        data["filled"] = labelled(("structure", "site"), filled, "filled sites (−1: padding)", "1")
    if energies is not None:
        known = np.asarray(energies, dtype=np.float64)
        if known.shape != (len(arrangements),) or not np.all(np.isfinite(known)):
            raise InputError(host.name, "energies", f"shape {known.shape}", f"{len(arrangements)} finite numbers")
        data["energy"] = labelled("structure", known, "energy per primitive cell", "eV")
    source = predicted("scalith.crystal.enumeration.orderings_dataset", host.digest)
    return data.assign_attrs(source=source.to_json(), host=json.dumps(host.model_dump(mode="json")))


def other_elements(host: Host, orderings: xr.Dataset) -> list[tuple[tuple[str, float], ...]]:
    """Elements besides the working ion and the spectators, and how many of each a primitive cell holds, for each structure."""
    names = [[element_of(name) for name in host.sites[index].species] for index in host.active]
    found = []
    for row, sublattices in zip(orderings["species"].values, orderings["sublattice"].values, strict=True):
        real = row >= 0
        there = [names[s][place] for s, place in zip(sublattices[real].tolist(), row[real].tolist(), strict=True)]
        counts = Counter(element for element in there if element not in (host.working_ion, VACANCY))
        cells = len(there) / len(host.active)
        found.append(tuple(sorted((element, round(count / cells, 9)) for element, count in counts.items())))
    return found
