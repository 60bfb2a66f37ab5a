"""Molecular dynamics of ions in a solid by an engine's forces, kept on disk as it goes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zipfile import BadZipFile

import numpy as np
from pydantic import Field

from scalith.atoms.engine import Engine
from scalith.atoms.ion_conduction import ion_displacements
from scalith.quantities import SI, InputError, Result, Spec, digest, labelled, predicted, whole_file
from scalith.quantities.specification import Count

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

Progress = Callable[[float, str], None]

CHUNK = 200
"""Frames after which a run is kept on disk."""


class DynamicsSettings(Spec):
    """How the atoms move.

    Attributes
    ----------
    time_step : float
        s.
    duration : float
        s, of each run after it has come to its temperature.
    equilibration : float
        s, before that.
    friction_time : float
        s: the thermostat's 1/γ. Long against the vibrations, so that it leaves the hops alone.
    frames : int
        Positions that are kept of each run.
    runs : int
        Independent runs at each temperature, from whose scatter the errors come.
    """

    time_step: Annotated[float, SI("s"), Field(gt=0, le=2e-14)] = 1e-15
    duration: Annotated[float, SI("s"), Field(gt=0, le=1e-6)] = 5e-11
    equilibration: Annotated[float, SI("s"), Field(ge=0, le=1e-6)] = 2e-12
    friction_time: Annotated[float, SI("s"), Field(gt=0, le=1e-6)] = 1e-12
    frames: Annotated[int, Field(ge=50, le=100_000)] = 1000
    runs: Annotated[Count, Field(ge=2)] = 4

    @property
    def stride(self) -> int:
        """Steps between two frames."""
        return max(1, round(self.duration / self.time_step / self.frames))


def simulate_ion_motion(
    atoms: Atoms,
    ion: str,
    engine: Engine,
    temperatures: Sequence[float],
    settings: DynamicsSettings | None = None,
    *,
    seed: int,
    blocks: int = 1,
    folder: str | Path | None = None,
    progress: Progress | None = None,
) -> Result:
    """Move the atoms of a crystal at constant volume and temperature (Langevin dynamics), and follow its ions.

    Each run is kept in `folder` every few hundred frames, random numbers included: an interrupted one goes on from there and ends
    with the very numbers of an undisturbed one.

    Parameters
    ----------
    atoms : ase.Atoms
        A relaxed supercell, large enough that an ion does not meet its own images.
    ion : str
        Element whose motion is followed, relative to the centre of mass of the other atoms (of all, where there are no others).
    engine : Engine
    temperatures : sequence of float
        K.
    settings : DynamicsSettings, optional
    seed : int
    blocks : int
        Pieces that each run is cut into for errors, see `ion_displacements`.
    folder : path, optional
        Without it nothing is kept.
    progress : callable, optional

    Returns
    -------
    Result
        As from `ion_displacements`; over ``T`` and ``seed_of_run`` also ``mean_temperature`` (K) of the atoms as they moved.

    Raises
    ------
    InputError
        No such ion in the structure, temperatures that do not increase, an engine whose atoms fly apart.
    """
    settings = settings or DynamicsSettings()
    grid = np.asarray(temperatures, dtype=np.float64)
    if ion not in atoms.get_chemical_symbols():
        raise InputError("molecular dynamics", "ion", ion, f"an element of {atoms.get_chemical_formula()}")
    if grid.ndim != 1 or not len(grid) or not np.all(np.diff(grid) > 0) or not grid[0] > 0:
        raise InputError("molecular dynamics", "temperatures", grid.tolist(), "increasing temperatures above 0 K")
    runs = [(T, run) for T in grid for run in range(settings.runs)]
    seeds = np.random.SeedSequence(seed).spawn(len(runs))
    frames, felt = [], []
    for number, ((T, run), words) in enumerate(zip(runs, seeds, strict=True)):
        said = f"{T:.0f} K, run {run + 1} of {settings.runs}"

        def tell(part: float, number: int = number, said: str = said) -> None:
            if progress is not None:
                progress((number + part) / len(runs), said)

        places, mean = _run(atoms, ion, engine, float(T), settings, words, folder, tell)
        frames.append(places)
        felt.append(mean)
    about = settings.model_dump(mode="json") | {"formula": atoms.get_chemical_formula(), "engine": engine.label, "seed": seed}
    source = predicted("scalith.atoms.simulate_ion_motion", engine.digest, digest(_geometry(atoms)), settings=about)
    by_temperature = [frames[k : k + settings.runs] for k in range(0, len(frames), settings.runs)]
    data = ion_displacements(
        dict(zip(grid, by_temperature, strict=True)),
        settings.stride * settings.time_step,
        1e-30 * atoms.get_volume(),
        source,
        blocks=blocks,
    )
    data["mean_temperature"] = labelled(("T", "seed_of_run"), np.reshape(felt, (len(grid), -1)), "temperature of the atoms", "K")
    return data.assign_attrs(ion=ion)


def _geometry(atoms: Atoms) -> list[Any]:
    return [np.asarray(atoms.numbers), np.asarray(atoms.cell), np.asarray(atoms.positions)]


def _run(
    atoms: Atoms,
    ion: str,
    engine: Engine,
    T: float,
    settings: DynamicsSettings,
    words: np.random.SeedSequence,
    folder: str | Path | None,
    tell: Callable[[float], None],
) -> tuple[NDArray[np.float64], float]:
    """Places of the ions at each frame, relative to the other atoms, shape (frames, ions, 3), Å; the mean temperature."""
    from ase import units
    from ase.md.langevin import Langevin

    femtosecond = 1e15 * units.fs
    numbers = np.random.Generator(np.random.PCG64(words))
    name = digest(_geometry(atoms), ion, engine.digest, T, settings.digest, words.entropy, list(words.spawn_key))
    kept = None if folder is None else Path(folder) / f"dynamics-{name}.npz"
    moving = atoms.copy()
    moving.calc = engine.calculator()
    followed = np.flatnonzero(np.array(moving.get_chemical_symbols()) == ion)
    places = np.empty((settings.frames, len(followed), 3))
    done, heat = _start(moving, T, settings, numbers, kept, places)
    friction = 1.0 / (settings.friction_time * femtosecond)
    motion = Langevin(
        moving, settings.time_step * femtosecond, temperature_K=T, friction=friction, fixcm=False, rng=numbers, logfile=None
    )
    if done < 0:
        motion.run(round(settings.equilibration / settings.time_step))
        done = 0
    rest = np.setdiff1d(np.arange(len(moving)), followed)
    rest = rest if len(rest) else followed
    mass = moving.get_masses()
    for frame in range(done, settings.frames):
        motion.run(settings.stride)
        if not np.all(np.isfinite(moving.positions)):
            raise InputError("molecular dynamics", f"run at {T:.0f} K", "atoms that fly apart", "a shorter time_step")
        centre = mass[rest] @ moving.positions[rest] / mass[rest].sum()
        places[frame] = moving.positions[followed] - centre
        heat += moving.get_temperature()
        if (frame + 1) % CHUNK == 0 or frame + 1 == settings.frames:
            tell((frame + 1) / settings.frames)
            if kept is not None:
                _keep(kept, moving, numbers, places, frame + 1, heat)
                # A calculator may remember (lists of neighbours): it begins anew here, as it does in a run that goes on.
                moving.calc = engine.calculator()
    return places, heat / settings.frames


def _start(
    moving: Atoms,
    T: float,
    settings: DynamicsSettings,
    numbers: np.random.Generator,
    kept: Path | None,
    places: NDArray[np.float64],
) -> tuple[int, float]:
    """Set the atoms going as they were kept, or with thermal velocities; gives the frames that are done (−1: none begun)."""
    from ase import units

    if kept is not None and kept.is_file():
        try:
            with kept.open("rb") as stream, np.load(stream, allow_pickle=False) as state:
                done, known = int(state["done"]), state["places"]
                moving.set_positions(state["positions"])
                moving.set_momenta(state["momenta"])
                numbers.bit_generator.state = json.loads(str(state["numbers"]))
                places[:done] = known
                return done, float(state["heat"])
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            pass  # a damaged file: the run begins anew
    mass = moving.get_masses()[:, None]
    momenta = np.sqrt(mass * units.kB * T) * numbers.standard_normal((len(moving), 3))
    moving.set_momenta(momenta - mass * momenta.sum(axis=0) / mass.sum())  # the crystal as a whole is at rest
    return -1, 0.0


def _keep(path: Path, moving: Atoms, numbers: np.random.Generator, places: NDArray[np.float64], done: int, heat: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as temporary, Path(temporary).open("wb") as stream:
        np.savez(
            stream,
            done=done,
            heat=heat,
            places=places[:done],
            positions=moving.positions,
            momenta=moving.get_momenta(),
            numbers=json.dumps(numbers.bit_generator.state),
        )
