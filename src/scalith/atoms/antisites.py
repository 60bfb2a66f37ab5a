"""Antisite pairs: an ion of the metal on a site of the working ion, and the working ion on the metal's site.

In an olivine the metal blocks the channel in which the ions move (`scalith.lattice.blocked_channels`). How many sites it takes
follows from the energy of the exchange at the temperature at which the cations last moved. With E_i the formation energy of a
pair of kind i, of which there are z_i for each site of the ion, and E_∞ that of a pair far apart,

    u² = (1 − y)² exp(−E_∞/kT)                              metal alone on sites of the ion: u of them
    b  = (1 − y)² Σ_i z_i (exp(−E_i/kT) − exp(−E_∞/kT))     metal bound to an ion on its own site
    y  = u + b                                              all metal on sites of the ion,

the law of mass action for exchange and association, with the pairs that chance makes taken off what is bound (Bjerrum's sum): to
first order in y. It is that of a host with as many sites of the metal as of the ion. Entropies other than of mixing are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scalith.atoms.database import Progress, compute_energies
from scalith.atoms.engine import Engine
from scalith.atoms.relaxation import Relaxation
from scalith.quantities import (
    ColumnFile,
    ErrorComponent,
    FileRecord,
    InputError,
    Property,
    Result,
    Source,
    dataset_digest,
    file_digest,
    labelled,
    predicted,
    read_columns,
)
from scalith.quantities.constants import BOLTZMANN_EV
from scalith.quantities.uncertain import deviation_of_log

if TYPE_CHECKING:
    import xarray as xr
    from ase import Atoms
    from numpy.typing import NDArray

SYMMETRY_TOLERANCE = 0.02
"""Distance within which spglib takes two atoms of a relaxed crystal as equivalent, Å."""


class AntisitePair(NamedTuple):
    """One kind of pair.

    Attributes
    ----------
    distance : float
        Between the two sites, Å.
    multiplicity : float
        Pairs of this kind for each site of the ion, in the crystal: a metal that lies equally near through several faces of the
        box (half its length away) counts once for each.
    atoms : ase.Atoms
        The crystal with one such pair, not relaxed.
    """

    distance: float
    multiplicity: float
    atoms: Atoms


def antisite_pairs(crystal: Atoms, ion: str, metal: str) -> list[AntisitePair]:
    """All pairs of an ion and a metal in a periodic box, each kind once, the nearest first.

    Parameters
    ----------
    crystal : ase.Atoms
        The full host without defects, in a box of which every vector is so long that a pair does not meet its own images. Only
        the nearest image of a pair is a kind: what lies farther in a larger box is not seen in this one.
    ion, metal : str
        Elements that change places.

    Raises
    ------
    InputError
        The crystal lacks one of the two elements or has more of one than of the other, its symmetry is not found, or the box is
        so small that the nearest pair is as far from its own images.
    """
    import spglib

    found = {name: np.flatnonzero(np.array(crystal.symbols) == name) for name in (ion, metal)}
    for name, places in found.items():
        if not len(places):
            raise InputError(
                "antisites", "crystal", f"no {name} in {crystal.get_chemical_formula()}", f"one with {ion} and {metal}"
            )
    if len(found[ion]) != len(found[metal]):
        raise InputError("antisites", "crystal", crystal.get_chemical_formula(), f"as many atoms of {metal} as of {ion}")
    cell = (np.asarray(crystal.cell), crystal.get_scaled_positions(), crystal.numbers)
    symmetry = spglib.get_symmetry(cell, symprec=SYMMETRY_TOLERANCE)
    if symmetry is None:
        raise InputError("antisites", "crystal", "no space group", "distinct atoms in a cell that spans a volume")
    images = [
        _permutation(crystal, rotation, shift)
        for rotation, shift in zip(symmetry["rotations"], symmetry["translations"], strict=True)
    ]
    kinds: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for i in found[ion]:
        for j in found[metal]:
            kinds.setdefault(min((int(image[i]), int(image[j])) for image in images), []).append((int(i), int(j)))
    pairs: list[tuple[AntisitePair, int]] = []
    for (one, other), members in kinds.items():
        exchanged = crystal.copy()
        exchanged.positions[[one, other]] = exchanged.positions[[other, one]]
        distance, ways = _nearest_images(crystal, one, other)
        pairs.append((AntisitePair(distance, ways * len(members) / len(found[ion]), exchanged), ways))
    pairs.sort(key=lambda pair: pair[0].distance)
    nearest, ways = pairs[0]
    if ways > 1:
        size = " x ".join(f"{length:.2f}" for length in crystal.cell.lengths())
        told = f"{size} Å, where {ion} meets one {metal} {ways} times, {nearest.distance:.2f} Å away, through the faces"
        raise InputError("antisites", "box", told, "a larger box, in which the nearest pair is alone: repeat the crystal")
    return [pair for pair, _ in pairs]


def _nearest_images(crystal: Atoms, one: int, other: int) -> tuple[float, int]:
    """Distance from an atom to the nearest image of another (Å), and how many of its images lie there."""
    away = crystal.get_distance(one, other, mic=True, vector=True)
    distance = float(np.linalg.norm(away))
    # Another image as near is at most twice that far from this one.
    faces = np.cross(crystal.cell.array[[1, 2, 0]], crystal.cell.array[[2, 0, 1]])
    heights = crystal.cell.volume / np.linalg.norm(faces, axis=1)
    reach = np.floor((2.0 * distance + SYMMETRY_TOLERANCE) / heights).astype(int)
    steps = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in reach), indexing="ij"), axis=-1).reshape(-1, 3)
    lengths = np.linalg.norm(away + steps @ crystal.cell.array, axis=1)
    return distance, int(np.sum(lengths < distance + SYMMETRY_TOLERANCE))


def _permutation(crystal: Atoms, rotation: NDArray[np.int64], shift: NDArray[np.float64]) -> NDArray[np.int64]:
    """Which atom each atom is taken to."""
    scaled = crystal.get_scaled_positions()
    offsets = (scaled @ rotation.T + shift)[:, None, :] - scaled
    away = np.linalg.norm((offsets - np.round(offsets)) @ np.asarray(crystal.cell), axis=2)
    away[crystal.numbers[:, None] != crystal.numbers] = np.inf
    return np.asarray(np.argmin(away, axis=1))


def antisite_formation(
    crystal: Atoms,
    ion: str,
    metal: str,
    engine: Engine,
    database: str | Path,
    relaxation: Relaxation | None = None,
    *,
    progress: Progress | None = None,
) -> Result:
    """Formation energies of all kinds of antisite pairs in a box.

    Parameters
    ----------
    crystal : ase.Atoms
        The full host without defects, relaxed with this engine, in a box as `antisite_pairs` takes.
    ion, metal : str
        Elements that change places.
    engine, database, relaxation, progress
        As `compute_energies`. The cell does not relax when `relaxation` is not given: the host around a rare pair is as large as
        without it.

    Returns
    -------
    Result
        Dimension ``pair``, the nearest first: ``distance`` (Å), ``multiplicity`` (pairs for each site of the ion) and
        ``formation_energy`` (eV).

    Raises
    ------
    InputError
        As `antisite_pairs` and `compute_energies`; a structure that does not relax.
    """
    pairs = antisite_pairs(crystal, ion, metal)
    labels = [f"pair {k}, {pair.distance:.3f} Å" for k, pair in enumerate(pairs)]
    structures = {"no pair": crystal} | {label: pair.atoms for label, pair in zip(labels, pairs, strict=True)}
    settings = relaxation or Relaxation(cell=False)
    relaxed = compute_energies(structures, engine, database, settings, progress=progress)
    if relaxed.left_out:
        label, reason = relaxed.left_out[0]
        raise InputError(f"antisites, {label}", "relaxation", reason, "a structure that relaxes")
    perfect, *energies = (item.energy for item in relaxed)
    source = predicted(
        "scalith.atoms.antisite_formation",
        settings={
            "engine": engine.label,
            "engine_version": engine.version,
            "relaxation": settings.model_dump(mode="json"),
            "atoms": len(crystal),
            "cell": np.round(np.asarray(crystal.cell), 4).tolist(),
            "exchanged": f"{ion} and {metal}",
        },
        reference_state="the crystal without defects, in the same box",
    )
    columns = {
        "distance": np.array([pair.distance for pair in pairs]),
        "multiplicity": np.array([pair.multiplicity for pair in pairs]),
        "formation_energy": np.array(energies) - perfect,
    }
    return _table(columns).assign_attrs(source=source.to_json())


def _table(columns: Mapping[str, NDArray[np.float64]]) -> Result:
    said = {
        "distance": ("distance between the two sites", "angstrom"),
        "multiplicity": ("pairs of this kind for each site of the ion", "1"),
        "formation_energy": ("formation energy of the antisite pair", "eV"),
    }
    return Result({name: labelled("pair", columns[name], title, unit) for name, (title, unit) in said.items()})


def read_antisite_formation(path: str | Path) -> Result:
    """Kinds of pairs from a CSV file.

    Its columns are ``distance [angstrom]``, ``multiplicity [1]`` and ``formation_energy [eV]``.

    Returns
    -------
    Result
        As of `antisite_formation`.

    Raises
    ------
    InputError
        As `scalith.quantities.read_columns`; a column missing; a distance or a count that is not positive.
    """
    file = read_columns(path)
    columns = {name: file.si(name, unit) for name, unit in (("distance", "Å"), ("multiplicity", "1"), ("formation_energy", "eV"))}
    for name in ("distance", "multiplicity"):
        if np.any(columns[name] <= 0.0):
            raise InputError(str(path), name, float(columns[name].min()), "positive values")
    order = np.argsort(columns["distance"], kind="stable")
    return _table({name: values[order] for name, values in columns.items()}).assign_attrs(source=_source(file, path).to_json())


def _source(file: ColumnFile, path: str | Path) -> Source:
    said, kind = file.comments, file.comments.get("kind", "published")
    if kind not in ("predicted", "measured", "published", "assumed"):
        raise InputError(file.path, "# kind", kind, "predicted, measured, published or assumed")
    record = FileRecord(name=Path(path).name, digest=file_digest(path), licence=said.get("licence", ""))
    reference = said.get("source", "not stated in the file")
    return Source(kind=kind, reference=reference, note=said.get("note", ""), files=(record,))


def antisite_concentration(formation: xr.Dataset, T: float, energy_error: float = 0.0) -> Property:
    """Share of the working ion's sites that metal holds in equilibrium, y of the head of this file.

    Parameters
    ----------
    formation : xarray.Dataset
        From `antisite_formation` or `read_antisite_formation`; the farthest kind is the pair apart.
    T : float
        Temperature at which the cations last changed places, K: of synthesis, or where they froze in on cooling.
    energy_error : float
        Standard error that all formation energies share, eV.

    Returns
    -------
    Property
        A constant. What is not in equilibrium, as in hydrothermal samples before they are fired, has more.

    Raises
    ------
    InputError
        A temperature that is not positive; so many defects that one is not alone in its surroundings (more than 10 %).
    """
    if not 0.0 < T < np.inf:
        raise InputError("antisite_concentration", "T", T, "a temperature above 0 K")
    energies, pairs = formation["formation_energy"].values, formation["multiplicity"].values

    def held(shift: float) -> float:
        boltzmann = np.exp(-(energies + shift) / (BOLTZMANN_EV * T))
        alone, bound = np.sqrt(boltzmann[-1]), max(float(pairs @ (boltzmann - boltzmann[-1])), 0.0)
        free = 2.0 / (1.0 + alone + np.sqrt((1.0 + alone) ** 2 + 4.0 * bound))  # 1 − y, of bound free² + (1 + alone) free = 1
        return float(free * alone + free**2 * bound)

    y = held(0.0)
    if not y < 0.1:
        raise InputError(
            "antisite_concentration", "formation_energy", f"{y:.2g} of the sites at {T:g} K", "defects that are rare"
        )
    step = 1e-3
    slope = (np.log(held(step)) - np.log(held(-step))) / (2 * step)
    source = predicted(
        "scalith.atoms.antisite_concentration",
        dataset_digest(formation),
        settings={"T": T, "energy_error": energy_error},
        note=f"in equilibrium at {T:g} K",
    )
    parts = [ErrorComponent("formation energy of antisites", np.asarray(y * deviation_of_log(abs(slope) * energy_error)))]
    return Property.from_arrays("antisite_concentration", {}, y, "1", source, components=parts if energy_error > 0.0 else ())
