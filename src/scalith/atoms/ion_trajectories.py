"""Motion of ions read from trajectories that others computed: VASP's XDATCAR, extended XYZ, LAMMPS, whatever ASE reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scalith.atoms.ion_conduction import ion_displacements
from scalith.quantities import FileRecord, InputError, Result, Source, file_digest, parse_quantity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ase import Atoms
    from numpy.typing import NDArray

FARTHEST = 0.4
"""Part of the cell that an atom may move between two frames: beyond it nobody can tell which way it went."""


def read_ion_motion(
    trajectories: Mapping[float, str | Path | Sequence[str | Path]],
    ion: str,
    interval: float | str,
    *,
    blocks: int = 5,
    skip: int = 0,
    elements: Sequence[str] = (),
) -> Result:
    """Motion of ions in trajectories of molecular dynamics, with any program's file that ASE reads.

    Atoms may be wrapped into the cell: they are followed across its faces. Ions are taken relative to the centre of mass of the
    other atoms (of all, where there are no others).

    Parameters
    ----------
    trajectories : mapping of float to path or sequence of paths
        By temperature (K): one file, or several of independent runs.
    ion : str
        Element whose motion is followed.
    interval : float or str
        Time between two frames of the files: s, or a text with its unit, ``"20 fs"``.
    blocks : int
        Pieces that each trajectory is cut into, from whose scatter the errors come.
    skip : int
        Frames at the beginning of each file that are left out: those in which it came to its temperature.
    elements : sequence of str
        Elements of the types 1, 2, … of LAMMPS, where the file holds types alone.

    Returns
    -------
    Result
        As from `ion_displacements`.

    Raises
    ------
    InputError
        A file that ASE cannot read, without such an ion, whose atoms change between frames, or with frames so far apart that
        atoms cannot be followed.

    Examples
    --------
    >>> motion = read_ion_motion({800: "800K/XDATCAR", 1000: "1000K/XDATCAR"}, "Li", "20 fs")  # doctest: +SKIP
    """
    seconds = parse_quantity(interval, "s", where="read_ion_motion", field="interval")
    if not seconds > 0.0:
        raise InputError("read_ion_motion", "interval", interval, "a time above 0 s")
    places: dict[float, list[NDArray[np.float64]]] = {}
    volumes, records = [], []
    for T, paths in trajectories.items():
        kept = places.setdefault(float(T), [])
        for path in [paths] if isinstance(paths, (str, Path)) else paths:
            frames = _frames(Path(path), elements)[skip:]
            kept.append(_followed(frames, ion, str(path)))
            volumes += [frame.get_volume() for frame in frames]
            records.append(FileRecord(name=Path(path).name, digest=file_digest(Path(path))))
    if not places:
        raise InputError("read_ion_motion", "trajectories", "none", "files by temperature: {800: 'XDATCAR', …}")
    settings = {"ion": ion, "interval": seconds, "blocks": blocks, "skip": skip}
    source = Source(kind="predicted", by="molecular dynamics in files", files=tuple(records), settings=settings)
    return ion_displacements(places, seconds, 1e-30 * float(np.mean(volumes)), source, blocks=blocks).assign_attrs(ion=ion)


def _frames(path: Path, elements: Sequence[str]) -> list[Atoms]:
    from ase.io import read

    where = str(path)
    if not path.is_file():
        raise InputError(where, "trajectory", "no such file", "a file of a trajectory")
    try:
        found = read(path, index=":")
    except Exception as error:  # ASE's readers raise whatever comes up
        raise InputError(where, "trajectory", f"{type(error).__name__}: {error}", "a trajectory that ASE reads") from error
    frames: list[Atoms] = list(found)
    if elements:
        names = np.array(["", *elements])
        for frame in frames:
            kinds = frame.numbers
            if kinds.max() > len(elements):
                raise InputError(where, "elements", list(elements), f"elements of {kinds.max()} types")
            frame.set_chemical_symbols(list(names[kinds]))
    return frames


def _followed(frames: list[Atoms], ion: str, where: str) -> NDArray[np.float64]:
    """Places of the ions at each frame, not wrapped, relative to the other atoms, shape (frames, ions, 3), Å."""
    if len(frames) < 2:
        raise InputError(where, "frames", len(frames), "two or more, after those that are left out")
    first = frames[0]
    numbers = first.numbers
    ions = np.flatnonzero(np.array(first.get_chemical_symbols()) == ion)
    if not ions.size:
        raise InputError(where, "ion", ion, f"an element of {first.get_chemical_formula()}")
    if not all(np.array_equal(frame.numbers, numbers) for frame in frames):
        raise InputError(where, "frames", "atoms that change or swap places in the list", "the same atoms in one order")
    if not first.cell.rank == 3:
        raise InputError(where, "cell", "none", "a cell: displacements are followed across its faces")
    rest = np.setdiff1d(np.arange(len(numbers)), ions)
    rest = rest if rest.size else ions
    mass = first.get_masses()
    here = first.positions.copy()
    fractional = first.cell.scaled_positions(first.positions)
    found = np.empty((len(frames), len(ions), 3))
    for k, frame in enumerate(frames):
        now = frame.cell.scaled_positions(frame.positions)
        step = now - fractional
        step -= np.round(step)
        if np.abs(step).max(initial=0.0) > FARTHEST:
            raise InputError(
                where, f"frame {k}", f"an atom that moved {np.abs(step).max():.2f} of the cell", "frames closer together in time"
            )
        here += step @ frame.cell.array
        fractional = now
        found[k] = here[ions] - mass[rest] @ here[rest] / mass[rest].sum()
    return found
