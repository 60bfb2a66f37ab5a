"""Energies of the orderings of a host: from an enumeration to relaxed structures on its lattice."""

from __future__ import annotations

from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scalith.atoms.database import Progress, compute_energies
from scalith.atoms.engine import Engine
from scalith.atoms.relaxation import Relaxation
from scalith.crystal import VACANCY, Host, StructureSet, map_orderings
from scalith.crystal.equivalence import duplicates
from scalith.crystal.host import element_of, require_ions_alone
from scalith.crystal.supercells import lattice_cells, periodic_keys
from scalith.numerics.remembered import remembered
from scalith.quantities import ConvergenceError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr
    from ase import Atoms
    from numpy.typing import NDArray


def ordering_labels(host: Host, orderings: xr.Dataset) -> list[str]:
    """A name for each ordering: ``LixFePO4 n2 x0.500 #17``."""
    cells = np.abs(np.round(np.linalg.det(orderings["supercell"].values))).astype(int)
    x = orderings["x"].values
    return [f"{host.name} n{cells[k]} x{x[k]:.3f} #{k}" for k in range(len(x))]


def ordering_structures(host: Host, orderings: xr.Dataset, *, ends: tuple[Host, Host] | None = None) -> dict[str, Atoms]:
    """Atoms on the ideal sites of each ordering.

    Parameters
    ----------
    host : Host
    orderings : xarray.Dataset
        From `scalith.crystal.enumerate_orderings` or `map_orderings`.
    ends : (Host, Host), optional
        The host as relaxed empty and full (`relaxed_ends`): cell and sites are then interpolated between the two at each
        stoichiometry, which saves relaxation steps.

    Returns
    -------
    dict of str to ase.Atoms
        By label, in the order of `orderings`. Atoms stand host site by host site.
    """
    structures = {}
    for k, label in enumerate(ordering_labels(host, orderings)):
        here = host if ends is None else host_between(*ends, float(orderings["x"].values[k]))
        filled = orderings["filled"].values[k]
        structures[label] = structure_of(here, orderings["supercell"].values[k], filled[filled >= 0])
    return structures


def structure_of(host: Host, supercell: NDArray[np.int64], filled: NDArray[np.int8]) -> Atoms:
    """Atoms of one ordering on the host's ideal sites, `filled` in the order of `orderings_dataset`."""
    from ase import Atoms
    from ase.geometry import minkowski_reduce

    cells = lattice_cells(supercell)
    inverse = np.linalg.inv(supercell)
    active = {int(index): k for k, index in enumerate(host.active)}
    symbols: list[str] = []
    places: list[NDArray[np.float64]] = []
    for index, site in enumerate(host.sites):
        spots = (cells + host.positions[index]) @ inverse
        occupied = np.ones(len(cells), dtype=bool)
        names = [site.species[0]] * len(cells)
        if index in active:
            states = filled[active[index] * len(cells) : (active[index] + 1) * len(cells)]
            names = [site.species[0] if state else site.species[1] for state in states]
            occupied = np.array([name != VACANCY for name in names])
        symbols += [element_of(name) for name, here in zip(names, occupied, strict=True) if here]
        places.append(spots[occupied])
    atoms = Atoms(symbols, scaled_positions=np.concatenate(places), cell=supercell @ host.cell, pbc=True)
    # Of all cells of this lattice the most compact one: normal forms are as skewed as can be.
    atoms.set_cell(minkowski_reduce(supercell @ host.cell)[0])
    return atoms


def host_between(empty: Host, full: Host, x: float) -> Host:
    """Cell and sites interpolated between the host relaxed empty and relaxed full, at stoichiometry x."""
    step = full.positions - empty.positions
    positions = empty.positions + x * (step - np.round(step))
    lattice = (1.0 - x) * empty.cell + x * full.cell
    sites = tuple(
        site.model_copy(update={"position": tuple(float(value) for value in position)})
        for site, position in zip(full.sites, positions, strict=True)
    )
    return full.model_copy(update={"lattice": tuple(tuple(float(v) for v in row) for row in lattice), "sites": sites})


def relaxed_ends(host: Host, engine: Engine, database: str | Path, relaxation: Relaxation | None = None) -> tuple[Host, Host]:
    """The primitive cell relaxed with all active sites empty, and with all filled.

    Raises
    ------
    ConvergenceError
        One of the two did not relax.
    InputError
        More than the working ion is told apart.
    """
    require_ions_alone(host, "relaxation of the empty and the full host")
    one = np.eye(3, dtype=np.int64)
    count = len(host.active)
    structures = {}
    for name, state in (("empty", 0), ("full", 1)):
        structures[f"{host.name} {name}"] = structure_of(host, one, np.full(count, state, dtype=np.int8))
        structures[f"{host.name} {name}"].set_cell(host.cell)  # the host's own vectors, by which its supercells are counted
    found = compute_energies(structures, engine, database, relaxation)
    if found.left_out:
        raise ConvergenceError("relaxation of the empty and the full host", f"{found.left_out[0][0]}: {found.left_out[0][1]}")
    empty, full = (_as_host(host, item.atoms) for item in found)
    return empty, full


def _as_host(host: Host, atoms: Any) -> Host:
    """The host with the cell and the positions of atoms that stand in the order of its sites (empty ones left where they are)."""
    fractional = atoms.get_scaled_positions(wrap=False)
    vacant = len(fractional) < len(host.sites)
    active = set(host.active.tolist())
    sites, at = [], 0
    for index, site in enumerate(host.sites):
        if vacant and index in active:
            sites.append(site)
            continue
        sites.append(site.model_copy(update={"position": tuple(float(value) for value in fractional[at])}))
        at += 1
    return host.model_copy(update={"lattice": tuple(tuple(float(v) for v in row) for row in atoms.cell), "sites": tuple(sites)})


def _pairs(host: Host, cutoff: float) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Sublattices of both sites, cell of the second and shell of each pair of active sites within `cutoff`."""
    from ase import Atoms
    from ase.neighborlist import neighbor_list

    places = Atoms("H" * len(host.active), scaled_positions=host.positions[host.active], cell=host.cell, pbc=True)
    first, second, distance, shift = neighbor_list("ijdS", places, cutoff)
    if not len(first):
        raise InputError("pair correlations", "cutoff", f"{cutoff:g} Å", "a cut-off that reaches a neighbouring site")
    order = np.argsort(distance, kind="stable")
    shells = np.empty(len(order), dtype=np.int64)
    shells[order] = np.cumsum(np.diff(distance[order], prepend=distance[order][0]) > 1e-2)
    return first, second, shift, shells


def pair_counts(host: Host, cutoff: float = 8.0) -> NDArray[np.int64]:
    """Pairs of active sites (each counted from both ends) in a primitive cell, by shell of distance."""
    return np.bincount(_pairs(host, cutoff)[3])


def pair_correlations(host: Host, orderings: xr.Dataset, cutoff: float = 8.0) -> NDArray[np.float64]:
    """Mean spin, and mean product of spins over the pairs of each distance, shape (orderings, 1 + shells).

    Spins are +1 filled and −1 empty; shells are the distances between active sites up to `cutoff` (Å).
    """
    content = (host.digest, float(cutoff), orderings["supercell"].values, orderings["filled"].values)
    return remembered(lambda: _pair_correlations(host, orderings, cutoff), "pair correlations", *content)


def _pair_correlations(host: Host, orderings: xr.Dataset, cutoff: float) -> NDArray[np.float64]:
    first, second, shift, shells = _pairs(host, cutoff)
    counts = np.bincount(shells)
    result = np.empty((orderings.sizes["structure"], 1 + len(counts)))
    for k in range(len(result)):
        supercell, filled = orderings["supercell"].values[k], orderings["filled"].values[k]
        spins = 2.0 * filled[filled >= 0] - 1.0
        cells = lattice_cells(supercell)
        keys = periodic_keys(supercell, cells)
        rank = np.argsort(keys)
        there = rank[np.searchsorted(keys[rank], periodic_keys(supercell, cells[None] + shift[:, None]))]
        table = spins.reshape(len(host.active), len(cells))
        products = (table[first] * table[second[:, None], there]).mean(axis=1)
        result[k, 0] = spins.mean()
        result[k, 1:] = np.bincount(shells, products) / counts
    return result


def choose_diverse(host: Host, orderings: xr.Dataset, count: int, *, cutoff: float = 8.0) -> xr.Dataset:
    """The `count` orderings that differ most from each other.

    Both ends first, then each time the ordering farthest from those chosen, in the space of its pair correlations
    (`pair_correlations`): farthest-point sampling (Gonzalez 1985, DOI 10.1016/0304-3975(85)90224-5). They come in the order of
    the choice, so any first part of the result is diverse as well.
    """
    features = pair_correlations(host, orderings, cutoff)
    x = orderings["x"].values
    chosen = list(dict.fromkeys([int(np.argmin(x)), int(np.argmax(x))]))
    away = np.min(np.linalg.norm(features[:, None] - features[None, chosen], axis=2), axis=1)
    while len(chosen) < min(count, len(x)):
        away[chosen] = -1.0
        chosen.append(int(np.argmax(away)))
        away = np.minimum(away, np.linalg.norm(features - features[chosen[-1]], axis=1))
    return orderings.isel(structure=chosen[:count])


def relax_orderings(
    host: Host,
    orderings: xr.Dataset,
    engine: Engine,
    database: str | Path,
    relaxation: Relaxation | None = None,
    *,
    oxidation_states: Mapping[str, float | tuple[float, float]] | None = None,
    ends: tuple[Host, Host] | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> StructureSet:
    """Relax each ordering and keep those that are still the ordering they started as.

    Parameters
    ----------
    host, orderings
        As `ordering_structures`; `choose_diverse` picks some of an enumeration.
    engine, database, relaxation, oxidation_states, executor, progress
        As `compute_energies`.
    ends : (Host, Host), optional
        From `relaxed_ends`: starting geometries nearer to the relaxed ones.

    Returns
    -------
    StructureSet
        Ready for `scalith.crystal.map_orderings`. ``left_out`` names structures that did not converge, that left the host's
        lattice, or whose ions moved so that they are another ordering now.

    Raises
    ------
    InputError
        More than the working ion is told apart.
    """
    require_ions_alone(host, "relaxation of orderings")
    started = ordering_structures(host, orderings, ends=ends)
    found = compute_energies(
        started, engine, database, relaxation, oxidation_states=oxidation_states, executor=executor, progress=progress
    )
    return keep_same_ordering(host, orderings, found)


def keep_same_ordering(host: Host, orderings: xr.Dataset, relaxed: StructureSet) -> StructureSet:
    """Leave out structures that relaxed to another one than the ordering whose label they carry (detected by mapping)."""
    mapped = map_orderings(host, relaxed, repeated="all")
    wanted = {label: k for k, label in enumerate(ordering_labels(host, orderings))}
    reasons = dict(zip(mapped["rejected_origin"].values.tolist(), mapped["rejected_reason"].values.tolist(), strict=True))
    for row, origin in enumerate(mapped["origin"].values.tolist()):
        if not _same_ordering(host, orderings, wanted[origin], mapped, row):
            reasons[origin] = "it relaxed to another ordering: an ion moved to another site"
    kept = tuple(item for item in relaxed if item.origin not in reasons)
    left_out = tuple((item.origin, reasons[item.origin]) for item in relaxed if item.origin in reasons)
    return StructureSet(kept, relaxed.source, relaxed.left_out + left_out)


def _same_ordering(host: Host, first: xr.Dataset, i: int, second: xr.Dataset, j: int) -> bool:
    return bool(_equivalent(host, [(first, i), (second, j)])[1] == 0)


def matching_orderings(host: Host, orderings: xr.Dataset, others: xr.Dataset) -> NDArray[np.int64]:
    """For each of `others` the first of `orderings` that is the same up to the space group; −1 where there is none."""
    count = orderings.sizes["structure"]
    rows = [(data, k) for data in (orderings, others) for k in range(data.sizes["structure"])]
    earlier = _equivalent(host, rows)
    first = np.where(earlier < 0, np.arange(len(rows)), earlier)[count:]
    return np.where(first < count, first, -1)


def _equivalent(host: Host, rows: Sequence[tuple[xr.Dataset, int]]) -> NDArray[np.int64]:
    width = max(data.sizes["site"] for data, _ in rows)
    arrays: Sequence[NDArray[Any]] = [
        np.stack([_padded(data[name].values[k], width, fill) for data, k in rows])
        for name, fill in (("filled", -1), ("sublattice", -1), ("offset", 0))
    ]
    return duplicates(host, np.stack([data["supercell"].values[k] for data, k in rows]), *arrays)


def _padded(values: NDArray[Any], width: int, fill: int) -> NDArray[Any]:
    result = np.full((width, *values.shape[1:]), fill, dtype=values.dtype)
    result[: len(values)] = values
    return result
