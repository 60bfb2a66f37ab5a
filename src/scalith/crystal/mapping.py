"""Mapping of relaxed structures onto the ideal sites of a host, with a report of how far each atom had moved."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from scalith.crystal.enumeration import hermite_normal_forms
from scalith.crystal.equivalence import duplicates
from scalith.crystal.files.run_type import RunTypeField, require_one_run_type
from scalith.crystal.host import VACANCY, Host, element_of
from scalith.crystal.metal_reference import choose_metal
from scalith.crystal.orderings import species_dataset
from scalith.crystal.species_of_atoms import MomentRanges, checked_moments, species_of_atoms, with_site_properties
from scalith.crystal.supercells import lattice_cells
from scalith.crystal.symmetry import site_operations
from scalith.quantities import InputError, labelled, predicted

if TYPE_CHECKING:
    import xarray as xr
    from ase import Atoms
    from numpy.typing import NDArray

    from scalith.crystal.files.structures import ComputedStructure, StructureSet

STRAIN_LIMIT = 0.25
"""Largest relative change of a supercell vector or angle against the host at equal volume that is tried."""

MOST_COPIES = 24
"""Copies of a structure in a cell smaller than the host's that are tried."""

_ORIENTATION = np.array(
    [[[0, 0, 0], [0, 0, 1], [0, -1, 0]], [[0, 0, -1], [0, 0, 0], [1, 0, 0]], [[0, 1, 0], [-1, 0, 0], [0, 0, 0]]]
)


class Placement(NamedTuple):
    """A structure on the host's lattice.

    Attributes
    ----------
    supercell : ndarray, shape (3, 3), int
    atom : ndarray, shape (sites,)
        Atom on each active site, −1 where there is none.
    displacements : ndarray
        Of all atoms from their sites, Å.
    strain : float
    atoms : ase.Atoms or None
        The structure in the vectors that became the supercell.
    copies : int
        Structures that the supercell holds.
    """

    supercell: NDArray[np.int64]
    atom: NDArray[np.int64]
    displacements: NDArray[np.float64]
    strain: float
    atoms: Atoms | None = None
    copies: int = 1


class _Pool(NamedTuple):
    """Sites by what may sit there: of each spectator element, and ``"active"`` for all that the other elements share."""

    sites: dict[str, NDArray[np.float64]]
    members: dict[str, NDArray[np.int64]]
    allowed: NDArray[np.bool_] | None
    """Which atom of ``"active"`` may take which of its sites (rows: atoms, then vacancies); `None`: each may take each."""
    active: int
    """The first of the ``"active"`` sites are those of the active sublattices; spectator sites of their elements follow."""


class _Limits(NamedTuple):
    displacement: float
    strain: float


def map_orderings(
    host: Host,
    structures: StructureSet,
    *,
    largest_displacement: float = 0.6,
    largest_strain: float = STRAIN_LIMIT,
    repeated: Literal["lowest", "last", "all"] = "lowest",
    accepted: Iterable[RunTypeField] = (),
    moments: MomentRanges | None = None,
) -> xr.Dataset:
    """Put each relaxed structure on the host's lattice.

    A structure with cell rows L (Minkowski-reduced: which vectors it was written in does not matter) is the supercell M of the
    host when L = M A F, with integer M and a deformation F. All M
    whose vectors have the lengths and angles of L (compared at equal volume, whatever the orientation) are tried in order of
    strain; under each, atoms and ideal sites are paired species by species so that the squared displacement is least
    (Hungarian method), after the common shift of the whole crystal is taken out. Displacements are measured in
    the host's metric, so that strain does not count as displacement. A structure in a smaller cell than the host's (graphite
    beside LiC6) is repeated until a whole number of host cells is reached.

    Parameters
    ----------
    host : Host
    structures : StructureSet
    largest_displacement : float
        A structure with an atom farther than this from its site (Å) is listed as not mapped: its layers slid, or it became
        another phase, whose energy says nothing of this host.
    largest_strain : float
        Largest relative change of a supercell vector or angle against the host at equal volume that is tried.
    repeated : {"lowest", "last", "all"}
        Of several structures that are one ordering, the lowest in energy counts, or the last; the others are listed as not
        taken. With ``"all"`` each counts, and ``duplicate_of`` tells which repeat another.
    accepted : iterable of str
        Ways in which the runs may differ: fields of `RunType`.
    moments : mapping of str to (float, float), optional
        For hosts of `couple_sublattices`: least and greatest magnetic moment of each charge state in µB, whatever the sign,
        ``{"Fe2+": (3.4, 3.95), "Fe3+": (3.95, 4.6)}``. Without it charge states are those that the file states with its atoms.

    Returns
    -------
    xarray.Dataset
        Dimensions ``structure`` (those mapped), ``site`` (active sites of the supercell; shorter ones padded),
        ``rejected``. Variables: ``supercell`` (structure, 3, 3), integer rows in primitive vectors; ``species``
        (structure, site): place in the host's list of species of the site, −1 padding; where all sites have two species
        ``filled``: 1 for the first, 0 for the second; ``sublattice`` and ``offset`` of each site; ``energy``
        (structure), eV per primitive cell; ``x``, filled fraction of the working ion's sites; ``displacement_rms``,
        ``displacement_max`` (Å); ``strain``; ``duplicate_of``, index of an earlier structure with the same ordering (by
        symmetry) or −1; ``origin``; ``rejected_origin`` and ``rejected_reason``: runs that did not converge, other phases and
        chemistries, the ion's metal (which `metal_reference` hands on). The attribute ``run_type`` tells how the energies were
        computed, where the files do. Rows whose charge states are not told apart, or whose charges do not add up to zero, are
        rejected.

    Raises
    ------
    InputError
        Nothing can be mapped; the mapped energies were computed in different ways; moments of species that the host has not.
    """
    ranges = checked_moments(host, moments)
    mapped: list[tuple[ComputedStructure, Placement, NDArray[np.int8]]] = []
    rejected = list(structures.left_out)
    metals: list[ComputedStructure] = []
    rotations = np.unique(site_operations(host).rotation, axis=0)
    limits = _Limits(largest_displacement, largest_strain)
    for item in structures:
        if set(item.symbols) == {host.working_ion} and host.spectators():
            metals.append(item)
            continue
        placed = _placed(host, rotations, item, limits)
        species = placed if isinstance(placed, str) else species_of_atoms(host, placed.atoms, placed.atom, ranges)
        if isinstance(placed, str) or isinstance(species, str):
            rejected.append((item.origin, str(species)))
        else:
            mapped.append((item, placed, species))
    if not mapped:
        reason = rejected[0][1] if rejected else "there is no structure"
        raise InputError(
            host.name, "structures", f"none that maps ({reason})", "structures whose atoms lie near the sites of the host"
        )
    accepted = frozenset(accepted)
    kind = require_one_run_type([item for item, _, _ in mapped], f"energies of {host.name}", accepted)
    data = _dataset(host, mapped)
    if repeated != "all":
        kept, twins = _one_each(data, repeated)
        data = data.isel(structure=kept)
        data["duplicate_of"][:] = -1
        rejected += twins
    metal, reasons = choose_metal(metals, host.working_ion, kind, accepted)
    rejected += reasons
    for name, column, words in (
        ("rejected_origin", 0, "file and entry that was not taken"),
        ("rejected_reason", 1, "why not"),
    ):
        data[name] = labelled("rejected", np.array([pair[column] for pair in rejected], dtype=str), words, "")
    told = {} if kind is None else {"run_type": kind.model_dump(mode="json", exclude_defaults=True)}
    return data.assign_attrs(
        source=predicted(
            "scalith.crystal.mapping.map_orderings",
            host.digest,
            structures.digest,
            files=structures.source.files,
            settings=told,
        ).to_json(),
        **({} if not told else {"run_type": json.dumps(told["run_type"])}),
        **({} if metal is None else {"metal": json.dumps(metal)}),
    )


def place_structure(
    host: Host, item: ComputedStructure, largest_displacement: float = 0.6, largest_strain: float = STRAIN_LIMIT
) -> Placement | str:
    """One structure on the host's lattice, as `map_orderings` puts it there; or why it cannot be put there."""
    rotations = np.unique(site_operations(host).rotation, axis=0)
    return _placed(host, rotations, item, _Limits(largest_displacement, largest_strain))


def _one_each(data: xr.Dataset, repeated: Literal["lowest", "last"]) -> tuple[list[int], list[tuple[str, str]]]:
    """Rows of which each is an ordering of its own, and the others with the reason why they do not count."""
    first, energy, origin = data["duplicate_of"].values, data["energy"].values, data["origin"].values
    groups: dict[int, list[int]] = {}
    for row, of in enumerate(first.tolist()):
        groups.setdefault(row if of < 0 else of, []).append(row)
    chosen: list[int] = []
    twins: list[tuple[str, str]] = []
    for group in groups.values():
        best = group[-1] if repeated == "last" else min(group, key=lambda row: float(energy[row]))
        chosen.append(best)
        for row in group:
            if row != best:
                above = 1e3 * float(energy[row] - energy[best])
                reason = f"the ordering of {origin[best]} again, {above:.3g} meV per primitive cell above it"
                twins.append((str(origin[row]), reason if above >= 0 else f"the ordering of {origin[best]}, which came later"))
    kept = sorted(chosen)
    return kept, twins


def _cells_held(host: Host, item: ComputedStructure) -> Fraction | str:
    """Primitive cells that a structure holds, by its spectators; or why it is none of this host's."""
    present = Counter(item.symbols)
    expected = host.spectators()
    movable = {element_of(name) for index in host.active for name in host.sites[index].species}
    foreign = sorted(set(present) - set(expected) - movable)
    wanted = ", ".join([*expected, *sorted(movable - {"vacancy"})])
    if foreign:
        return f"another chemistry: element {foreign[0]}, where host {host.name} has {wanted} only"
    fixed = {element: count for element, count in expected.items() if element not in movable}
    if fixed:
        ratios = {Fraction(present[element], count) for element, count in fixed.items()}
        if len(ratios) > 1 or not min(ratios):
            found = ", ".join(f"{present[element]} {element}" for element in fixed)
            ideal = " : ".join(f"{count} {element}" for element, count in fixed.items())
            return f"another chemistry: {found}, not in the ratio {ideal} of host {host.name}"
        return ratios.pop()
    if (full := _never_vacant(host)) and (held := Fraction(sum(present[element] for element in full[0]), full[1])):
        return held
    return Fraction(max(1, round(abs(float(item.atoms.cell.volume)) / host.volume)))


def _never_vacant(host: Host) -> tuple[set[str], int] | None:
    """Elements on sites that are never vacant and on no others (oxygen and fluorine), and how many such sites there are."""
    lists = [{element_of(name) for name in site.species} for site in host.sites]
    for own in sorted(lists, key=sorted):
        others = [other for other in lists if other != own]
        if VACANCY not in own and not any(own & other for other in others):
            return own, lists.count(own)
    return None


def _placed(host: Host, rotations: NDArray[np.int64], item: ComputedStructure, limits: _Limits) -> Placement | str:
    """The structure on the host's lattice, repeated where its cell is smaller than the host's; or why it cannot be put there."""
    held = _cells_held(host, item)
    if isinstance(held, str):
        return held
    if abs(float(item.atoms.cell.volume)) < 1e-3:
        return "its cell spans no volume"
    if held.denominator > MOST_COPIES:
        return f"its cell holds {held} primitive cells of host {host.name}: it would have to be repeated {held.denominator} times"
    best: Placement | str = "its cell is no supercell"
    for form in hermite_normal_forms(held.denominator):
        found = _place(host, rotations, _reduced(with_site_properties(item.atoms), form), held.numerator, limits)
        if isinstance(found, str):
            best = best if isinstance(best, Placement) else found
        elif isinstance(best, str) or _rms(found) < _rms(best) - 1e-6:
            best = found._replace(copies=held.denominator)
        if isinstance(best, Placement) and _rms(best) < 0.15 and best.strain < 0.05:
            break
    return best


def _reduced(atoms: Atoms, form: NDArray[np.int64]) -> Atoms:
    """The structure in a supercell of itself, in the shortest vectors that span it."""
    from ase.build import make_supercell
    from ase.geometry import minkowski_reduce

    result = make_supercell(atoms, form) if np.linalg.det(form) > 1.5 else atoms.copy()
    result.set_cell(minkowski_reduce(np.asarray(result.cell), pbc=True)[0])
    result.pbc = True
    return result


def _place(host: Host, rotations: NDArray[np.int64], atoms: Atoms, cells: int, limits: _Limits) -> Placement | str:
    scale = (cells * host.volume / abs(float(atoms.cell.volume))) ** (1.0 / 3.0)
    target = np.asarray(atoms.cell, dtype=np.float64) * scale
    supercells, strains = matching_supercells(host.cell, target, cells, limits.strain)
    supercells, strains = _distinct(rotations, supercells, strains)
    if not len(supercells):
        return f"its cell is no supercell of {cells} primitive cells within {100 * limits.strain:.0f} % strain"
    best: Placement | None = None
    symbols = np.array(atoms.get_chemical_symbols())
    fractional = np.mod(atoms.positions @ np.linalg.inv(np.asarray(atoms.cell)), 1.0)
    for supercell, strain in zip(supercells, strains, strict=True):
        # A worse strain is accepted only where it brings the atoms much nearer to their sites.
        if best is not None and (strain > best.strain + 0.05 or _rms(best) < 0.15):
            break
        placement = _assign(host, supercell, strain, symbols, fractional)
        if placement is not None and (best is None or _rms(placement) < _rms(best) - 1e-6):
            best = placement._replace(atoms=atoms)
    if best is None:
        return "more atoms of a species than the host has sites for it, or too few for sites that are never vacant"
    worst = float(best.displacements.max())
    if worst > limits.displacement:
        return f"an atom lies {worst:.2f} Å from the nearest free site of its species (limit {limits.displacement:g} Å)"
    return best


def _rms(placement: Placement) -> float:
    return float(np.sqrt(np.mean(placement.displacements**2)))


def matching_supercells(
    cell: NDArray[np.float64], target: NDArray[np.float64], cells: int, limit: float = STRAIN_LIMIT
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Integer supercells of `cell` whose shape, in any orientation, is that of `target`.

    Parameters
    ----------
    cell, target : ndarray, shape (3, 3)
        Rows are vectors, Å; `target` has `cells` times the volume.
    cells : int
    limit : float
        Largest relative difference of a length or of the cosine of an angle.

    Returns
    -------
    supercells : ndarray, shape (n, 3, 3), int
    strains : ndarray, shape (n,), increasing
        Root-mean-square of the relative differences of the metric tensors' entries, halved (a strain).
    """
    lengths = np.linalg.norm(target, axis=1)
    reach = np.ceil((1 + limit) * lengths.max() * np.linalg.norm(np.linalg.inv(cell), axis=0)).astype(int)
    grid = np.stack(np.meshgrid(*[np.arange(-r, r + 1) for r in reach], indexing="ij"), axis=-1).reshape(-1, 3)
    vectors = grid @ cell
    norms = np.linalg.norm(vectors, axis=1)
    picks = [np.flatnonzero(np.abs(norms / length - 1) < limit) for length in lengths]
    wanted = (target @ target.T) / np.outer(lengths, lengths)
    found, strains = [np.empty((0, 3, 3), dtype=np.int64)], [np.empty(0)]
    for i in picks[0]:
        # Angles first: few pairs survive to the determinant.
        second = picks[1][np.abs(vectors[picks[1]] @ vectors[i] / (norms[i] * norms[picks[1]]) - wanted[0, 1]) < limit]
        third = picks[2][np.abs(vectors[picks[2]] @ vectors[i] / (norms[i] * norms[picks[2]]) - wanted[0, 2]) < limit]
        j, k = (index.ravel() for index in np.meshgrid(second, third, indexing="ij"))
        volume = np.einsum("a,nb,nc,abc->n", grid[i], grid[j], grid[k], _ORIENTATION, optimize=True)
        cosine = np.einsum("na,na->n", vectors[j], vectors[k]) / (norms[j] * norms[k])
        fitting = (np.abs(volume) == cells) & (np.abs(cosine - wanted[1, 2]) < limit)
        chosen = np.stack([np.full(int(fitting.sum()), i), j[fitting], k[fitting]], axis=1)
        trial = vectors[chosen]
        metric = np.einsum("nra,nsa->nrs", trial, trial) / np.outer(lengths, lengths) - wanted
        found.append(grid[chosen])
        strains.append(0.5 * np.sqrt(np.mean(metric**2, axis=(1, 2))))
    every, strain = np.concatenate(found), np.concatenate(strains)
    order = np.argsort(np.round(strain, 9), kind="stable")
    return every[order], strain[order]


def _distinct(
    rotations: NDArray[np.int64], supercells: NDArray[np.int64], strains: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Leave out supercells that a rotation of the host turns into an earlier one: they place the atoms alike."""
    if not len(supercells):
        return supercells, strains
    images = np.einsum("kij,rlj->kril", supercells, rotations).reshape(len(supercells), len(rotations), 9)
    codes = (images + 64) @ (np.int64(128) ** np.arange(9, dtype=np.int64))
    _, first = np.unique(codes.min(axis=1), return_index=True)
    first.sort()
    return supercells[first], strains[first]


def _assign(
    host: Host, supercell: NDArray[np.int64], strain: float, symbols: NDArray[np.str_], fractional: NDArray[np.float64]
) -> Placement | None:
    """Pair atoms with ideal sites for the best common shift; `None` when a species has too many atoms."""
    metric = supercell @ host.cell
    pool = _pool(host, supercell, symbols)
    groups, members = pool.sites, pool.members
    if any(len(members[kind]) > len(groups[kind]) for kind in groups):
        return None
    # The rarest spectator anchors the crystal: its first atom sits on one of that species' sites of a primitive cell.
    fixed = [kind for kind in groups if kind != "active" and len(members[kind])]
    anchor = min(fixed, key=lambda kind: len(members[kind])) if fixed else "active"
    if not len(members[anchor]):
        nobody = np.full(pool.active, -1, dtype=np.int64)
        return Placement(supercell, nobody, np.zeros(1), strain) if pool.allowed is None else None
    stride = round(abs(float(np.linalg.det(supercell))))
    best: Placement | None = None
    # Sites that a lattice vector apart are one choice; the anchor may sit on those of its own species alone.
    for number in range(0, len(groups[anchor]), stride):
        if anchor == "active" and pool.allowed is not None and not pool.allowed[0, number]:
            continue
        candidate = groups[anchor][number]
        shift = candidate - fractional[members[anchor][0]]
        placement = _pair(supercell, strain, pool, fractional + shift, metric)
        if placement is not None and (best is None or _rms(placement) < _rms(best)):
            best = placement
    return best


def _pool(host: Host, supercell: NDArray[np.int64], symbols: NDArray[np.str_]) -> _Pool:
    cells, inverse = lattice_cells(supercell), np.linalg.inv(supercell)
    movable = {element_of(name) for index in host.active for name in host.sites[index].species} - {VACANCY}
    ideal: dict[str, list[NDArray[np.float64]]] = {"active": []}
    may: list[set[str]] = []
    shared = [int(index) for index in host.active]
    shared += [k for k, site in enumerate(host.sites) if not site.active and element_of(site.species[0]) in movable]
    for index in shared:
        ideal["active"].append((cells + host.positions[index]) @ inverse)
        may += [{element_of(name) for name in host.sites[index].species}] * len(cells)
    for index, site in enumerate(host.sites):
        if index not in shared:
            ideal.setdefault(element_of(site.species[0]), []).append((cells + host.positions[index]) @ inverse)
    members = {kind: np.flatnonzero(symbols == kind) for kind in ideal}
    members["active"] = np.flatnonzero(np.isin(symbols, sorted(movable)))
    allowed = None
    if any(each < movable | {VACANCY} for each in may):
        missing = max(len(may) - len(members["active"]), 0)
        wanted = [*symbols[members["active"]].tolist(), *[VACANCY] * missing]
        allowed = np.array([[name in each for each in may] for name in wanted])
    sites = {kind: np.concatenate(parts) for kind, parts in ideal.items()}
    return _Pool(sites, members, allowed, len(host.active) * len(cells))


_FAR = 1e6
"""Å²: the price of an atom on a site that is none of its own."""


def _pair(
    supercell: NDArray[np.int64], strain: float, pool: _Pool, fractional: NDArray[np.float64], metric: NDArray[np.float64]
) -> Placement | None:
    from scipy.optimize import linear_sum_assignment

    atom = np.full(len(pool.sites["active"]), -1, dtype=np.int64)
    for repeat in range(2):
        steps, fixed_steps = [], []
        for kind, sites in pool.sites.items():
            atoms = pool.members[kind]
            if not len(atoms) and (kind != "active" or pool.allowed is None):
                continue
            offsets = fractional[atoms][:, None, :] - sites[None, :, :]
            vectors = (offsets - np.round(offsets)) @ metric
            squares = np.sum(vectors**2, axis=2)
            if kind == "active" and pool.allowed is not None:
                squares = np.vstack([squares, np.zeros((len(sites) - len(atoms), len(sites)))])
                squares = np.where(pool.allowed, squares, _FAR)
            rows, columns = linear_sum_assignment(squares)
            if squares[rows, columns].max() >= _FAR:
                return None
            there = rows < len(atoms)
            rows, columns = rows[there], columns[there]
            steps.append(vectors[rows, columns])
            if kind == "active":
                atom[:] = -1
                atom[columns] = atoms[rows]
            else:
                fixed_steps.append(vectors[rows, columns])
        if repeat == 0:
            mean = np.mean(np.concatenate(fixed_steps or steps), axis=0)
            fractional = fractional - mean @ np.linalg.inv(metric)
    return Placement(supercell, atom[: pool.active], np.linalg.norm(np.concatenate(steps), axis=1), strain)


def _dataset(host: Host, mapped: list[tuple[ComputedStructure, Placement, NDArray[np.int8]]]) -> xr.Dataset:
    data = species_dataset(host, [(placement.supercell, species) for _, placement, species in mapped])
    placements = [placement for _, placement, _ in mapped]
    copies = np.array([placement.copies for placement in placements])
    cells = np.round(np.abs(np.linalg.det(data["supercell"].values))) / copies
    arrays = [data[name].values for name in ("supercell", "species", "sublattice", "offset")]
    described = {
        "energy": (np.array([item.energy for item, _, _ in mapped]) / cells, "eV", "energy per primitive cell"),
        "volume": (
            np.array([abs(float(item.atoms.cell.volume)) for item, _, _ in mapped]) / cells,
            "Å3",
            "relaxed volume per primitive cell",
        ),
        "displacement_rms": (np.array([_rms(p) for p in placements]), "Å", "root-mean-square displacement from the ideal sites"),
        "displacement_max": (
            np.array([p.displacements.max() for p in placements]),
            "Å",
            "largest displacement from an ideal site",
        ),
        "strain": (np.array([p.strain for p in placements]), "1", "strain of the cell against the host at equal volume"),
        "duplicate_of": (duplicates(host, *arrays), "1", "earlier structure with the same ordering (−1: none)"),
        "origin": (np.array([item.origin for item, _, _ in mapped]), "", "file and entry"),
    }
    for name, (values, unit, words) in described.items():
        data[name] = labelled("structure", values, words, unit)
    return data
