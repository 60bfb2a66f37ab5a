"""Paths of ions between two sites, from the user's own nudged elastic bands: energies of the images, and which hop it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scalith.crystal.files.host_file import read_text
from scalith.crystal.files.result_files import COLLECTIONS, kind_of, read_images, result_files, why_not_used
from scalith.crystal.files.run_type import RunType, RunTypeField, require_one_run_type
from scalith.crystal.files.run_type_files import MARKS, run_type_of
from scalith.crystal.files.structures import ComputedStructure
from scalith.crystal.host import Host
from scalith.crystal.mapping import STRAIN_LIMIT, Placement, place_structure
from scalith.crystal.supercells import LatticeSite, lattice_cells, periodic_keys
from scalith.quantities import FileRecord, InputError, Source, file_digest

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

_IMAGE = re.compile(r"^\d{1,3}$")
_TRAJECTORIES = (".traj", ".extxyz", ".xyz")


@dataclass(frozen=True)
class HopPath:
    """A converged band.

    Attributes
    ----------
    first, last : ase.Atoms
        Its relaxed ends.
    energies : tuple of float
        Of the images, eV.
    saddle : float
        Energy of the saddle point, eV: the maximum of the curve through the images.
    origin : str
    run_type : RunType or None
    """

    first: Atoms
    last: Atoms
    energies: tuple[float, ...]
    saddle: float
    origin: str
    run_type: RunType | None = None

    @property
    def resolved_barrier(self) -> float:
        """Kinetically resolved barrier: the saddle point above the mean of both ends, eV."""
        return self.saddle - 0.5 * (self.energies[0] + self.energies[-1])


@dataclass(frozen=True)
class HopPaths:
    """Paths in the order in which they were read, where they come from, and what was found and not taken (origin, reason)."""

    paths: tuple[HopPath, ...]
    source: Source
    left_out: tuple[tuple[str, str], ...] = ()


class MappedHop(NamedTuple):
    """A hop on the host's lattice with what is around it.

    Attributes
    ----------
    supercell : ndarray, shape (3, 3), int
    filled : ndarray of int8, shape (sites,)
        Where ions sit before the hop, in the order of `lattice_cells`, sublattice by sublattice.
    start, end : LatticeSite
    barrier : float
        Kinetically resolved, eV.
    origin : str
    """

    supercell: NDArray[np.int64]
    filled: NDArray[np.int8]
    start: LatticeSite
    end: LatticeSite
    barrier: float
    origin: str

    def is_filled(self, sites: Sequence[LatticeSite], host: Host) -> NDArray[np.bool_]:
        """Whether an ion sits on each of these sites before the hop."""
        cells = lattice_cells(self.supercell)
        keys = periodic_keys(self.supercell, cells)
        order = np.argsort(keys)
        wanted = np.array(sites, dtype=np.int64).reshape(-1, 4)
        where = order[np.searchsorted(keys[order], periodic_keys(self.supercell, wanted[:, 1:]))]
        return np.asarray(self.filled.reshape(len(host.active), len(cells))[wanted[:, 0], where] == 1)


def read_hop_paths(path: str | Path, *, licence: str = "", unconverged: bool = False) -> HopPaths:
    """Read nudged elastic bands.

    Parameters
    ----------
    path : path
        A trajectory of ASE (``.traj``, ``.extxyz``: of a relaxation of the band the last whole one counts; such a file does not
        tell whether it had converged), a folder with image folders ``00``, ``01``, … as VASP's have it, each with an
        ``OUTCAR`` or ``vasprun.xml`` (the ends' too), or a folder below which any number of these lie.
    licence : str
        Licence of the files, for the record.
    unconverged : bool
        Take images of folders that did not converge as well.

    Raises
    ------
    InputError
        No band that can be used.
    """
    root = Path(path)
    if not root.exists():
        raise InputError(str(path), "", "no such file or folder", "trajectories of bands, or folders of images 00, 01, …")
    found: list[HopPath] = []
    left_out: list[tuple[str, str]] = []
    files: list[FileRecord] = []
    for place, members in _bands(root):
        name = place.name if place == root else place.relative_to(root).as_posix()
        try:
            images, kind, used = _images(place, members, unconverged)
            found.append(_path(images, name, kind))
            files += [
                FileRecord(name=file.relative_to(root.parent).as_posix(), digest=file_digest(file), licence=licence)
                for file in used
            ]
        except InputError as error:
            left_out.append((name, f"found {error.found}, expected {error.expected}"))
    if not found:
        shown = f"none that can be used ({left_out[0][0]}: {left_out[0][1]})" if left_out else "no band"
        raise InputError(str(path), "", shown, "trajectories of bands, or folders of images 00, 01, … with their energies")
    return HopPaths(tuple(found), Source(kind="published", reference=root.name, files=tuple(files)), tuple(left_out))


def _bands(root: Path) -> Iterator[tuple[Path, list[Path]]]:
    """Files and folders that hold a band, and the image folders of these."""
    if root.is_file():
        yield root, []
        return
    for folder in sorted([root, *(path for path in root.rglob("*") if path.is_dir())]):
        images = sorted(
            (path for path in folder.iterdir() if path.is_dir() and _IMAGE.match(path.name)), key=lambda p: int(p.name)
        )
        if len(images) > 2:
            yield folder, images
        if not _IMAGE.match(folder.name):
            yield from ((path, []) for path in sorted(folder.iterdir()) if path.suffix.lower() in _TRAJECTORIES)


def _images(place: Path, members: list[Path], unconverged: bool) -> tuple[list[Any], RunType | None, list[Path]]:
    if not members:
        if kind_of(place) not in COLLECTIONS:
            raise InputError(str(place), "", f"a file named {place.name}", "a trajectory (.traj, .extxyz)")
        frames = read_images(place, kind_of(place))
        return _last_band(frames), None, [place]
    frames, used, kind = [], [], None
    for member in members:
        first, _ = result_files(member)
        results = [file for file in first if file.parent == member]
        if not results:
            raise InputError(str(member), f"image {member.name}", "no energy", "its OUTCAR or vasprun.xml (of the ends as well)")
        file = max(results, key=lambda item: "vasprun" in item.name)
        reason = "" if unconverged else why_not_used(file, kind_of(file))
        if reason:
            raise InputError(str(file), f"image {member.name}", reason, "a converged image")
        frames.append(read_images(file, kind_of(file))[-1])
        used.append(file)
        kind = kind or (run_type_of(read_text(file), kind_of(file)) if kind_of(file) in MARKS else None)
    return frames, kind, used


def _last_band(frames: list[Any]) -> list[Any]:
    """The last whole band of a trajectory in which bands follow one another: the first image comes back, as ends do not move."""
    start = frames[0].positions
    again = [
        k
        for k in range(2, len(frames))
        if np.shape(frames[k].positions) == start.shape and np.allclose(frames[k].positions, start)
    ]
    size = next((k for k in again if set(range(k, len(frames), k)) <= set(again)), len(frames))
    whole = len(frames) // size
    return frames[(whole - 1) * size : whole * size]


def _path(images: list[Any], origin: str, kind: RunType | None) -> HopPath:
    from ase.calculators.calculator import PropertyNotImplementedError

    if len(images) < 3:
        raise InputError(origin, "images", f"{len(images)}", "three or more: both ends and what lies between")
    symbols = [item.get_chemical_symbols() for item in images]
    if any(own != symbols[0] for own in symbols):
        raise InputError(origin, "images", "images with other atoms, or in another order", "the same atoms in all images")
    try:
        energies = np.array([float(item.get_potential_energy()) for item in images])
    except (RuntimeError, PropertyNotImplementedError, TypeError, ValueError):
        raise InputError(origin, "energy", "an image without one", "an energy with every image") from None
    if not np.all(np.isfinite(energies)):
        raise InputError(origin, "energy", energies.tolist(), "finite numbers in eV")
    top = int(np.argmax(energies))
    if top in (0, len(images) - 1):
        raise InputError(origin, "energies", "the highest image at one end", "a saddle point between the ends")
    return HopPath(images[0], images[-1], tuple(energies.tolist()), _saddle(images, energies, top), origin, kind)


def _saddle(images: list[Any], energies: NDArray[np.float64], top: int) -> float:
    """Maximum of the parabola through the highest image and its neighbours over the length of the path, never below the image."""
    steps = [_displacement(a, b) for a, b in pairwise(images)]
    length = np.concatenate([[0.0], np.cumsum([float(np.linalg.norm(step)) for step in steps])])
    s, e = length[top - 1 : top + 2] - length[top], energies[top - 1 : top + 2] - energies[top]
    bend, slope, _ = np.polyfit(s, e, 2)
    # Beyond the way between the neighbours a parabola says nothing.
    at = float(np.clip(-slope / (2.0 * bend), s[0], s[2])) if bend < 0.0 else 0.0
    return float(energies[top] + max(bend * at**2 + slope * at, 0.0))


def _displacement(first: Atoms, second: Atoms) -> NDArray[np.float64]:
    from ase.geometry import find_mic

    return np.asarray(find_mic(second.positions - first.positions, first.cell, pbc=True)[0])


def map_hops(
    host: Host,
    paths: HopPaths,
    *,
    largest_displacement: float = 0.6,
    largest_strain: float = STRAIN_LIMIT,
    accepted: Iterable[RunTypeField] = (),
) -> tuple[list[MappedHop], list[tuple[str, str]]]:
    """Find the hop of each path on the host's lattice: which ion goes from which site to which vacancy, and what is around it.

    Parameters
    ----------
    host : Host
        With sites of the working ion and vacancies alone.
    paths : HopPaths
    largest_displacement, largest_strain, accepted
        As `map_orderings`; `largest_displacement` also of the moving ion from the site where it arrives.

    Returns
    -------
    hops : list of MappedHop
    rejected : list of (origin, reason)
        Bands in which no ion, or more than one, changes its site; ends that do not map.

    Raises
    ------
    InputError
        No path can be mapped; their energies were computed in different ways; a host with other species.
    """
    if host.coupled:
        found = ", ".join(sorted({name for index in host.active for name in host.sites[index].species}))
        raise InputError(host.name, "sites", found, f"sites of {host.working_ion} and vacancies alone")
    rejected = list(paths.left_out)
    mapped: list[tuple[HopPath, MappedHop]] = []
    for path in paths.paths:
        item = ComputedStructure(path.first, path.energies[0], path.origin, path.run_type)
        placed = place_structure(host, item, largest_displacement, largest_strain)
        hop = placed if isinstance(placed, str) else _hop(host, path, placed, largest_displacement)
        if isinstance(hop, str):
            rejected.append((path.origin, hop))
        else:
            mapped.append((path, hop))
    if not mapped:
        why = rejected[len(paths.left_out)][1] if paths.paths else "there is none"
        raise InputError(host.name, "paths", f"none that maps ({why})", "bands between two sites of the host")
    rows = [ComputedStructure(path.first, path.energies[0], path.origin, path.run_type) for path, _ in mapped]
    require_one_run_type(rows, f"bands in {host.name}", accepted)
    return [hop for _, hop in mapped], rejected


def _hop(host: Host, path: HopPath, placed: Placement, limit: float) -> MappedHop | str:
    if placed.copies > 1 or placed.atoms is None:
        return "its cell is smaller than the host's"
    ions = [number for number in placed.atom.tolist() if number >= 0]
    moved = _displacement(path.first, path.last)
    # The cell of the placement has the vectors of the supercell: fractions of the one are fractions of the other.
    moved = moved @ np.linalg.inv(np.asarray(placed.atoms.cell)) @ placed.supercell @ host.cell
    far = [number for number in ions if np.linalg.norm(moved[number]) > 2.0 * limit]
    if len(far) != 1:
        return f"{len(far)} ions move by more than {2.0 * limit:g} Å from end to end, where one has to"
    cells = lattice_cells(placed.supercell)
    site = int(np.flatnonzero(placed.atom == far[0])[0])
    s, cell = site // len(cells), cells[site % len(cells)]
    start: LatticeSite = (s, int(cell[0]), int(cell[1]), int(cell[2]))
    goal = (host.positions[host.active[s]] + cell) @ host.cell + moved[far[0]]
    best: tuple[float, LatticeSite] | None = None
    for other in host.working.tolist():
        place = host.positions[host.active[other]]
        offset = np.round(goal @ np.linalg.inv(host.cell) - place).astype(int)
        for step in np.stack(np.meshgrid(*[(-1, 0, 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3):
            a, b, c = (int(value) for value in offset + step)
            away = float(np.linalg.norm((place + np.array((a, b, c))) @ host.cell - goal))
            if best is None or away < best[0] - 1e-9:
                best = away, (other, a, b, c)
    if best is None or best[0] > limit:
        return f"its ion ends {best[0] if best else np.inf:.2f} Å from the nearest site (limit {limit:g} Å)"
    filled = (placed.atom >= 0).astype(np.int8)
    hop = MappedHop(placed.supercell, filled, start, best[1], path.resolved_barrier, path.origin)
    if hop.end == start or bool(hop.is_filled([best[1]], host)[0]):
        return "its ion ends on a site that is filled before the hop"
    return hop
