"""Energies in a database that survives interruption: each structure is stored when it is done, and computed once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scalith.atoms.engine import Engine
from scalith.atoms.relaxation import Relaxation, Relaxed, check_structure, relax
from scalith.crystal import ComputedStructure, StructureSet
from scalith.quantities import InputError, MissingDependencyError, digest, predicted

if TYPE_CHECKING:
    from ase import Atoms

Progress = Callable[[float, str], None]


def compute_energies(
    structures: Mapping[str, Atoms],
    engine: Engine,
    database: str | Path,
    relaxation: Relaxation | None = None,
    *,
    oxidation_states: Mapping[str, float | tuple[float, float]] | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> StructureSet:
    """Relax structures and keep each in a database as soon as it is done.

    A structure that the database holds (same atoms, engine and settings) is not computed again, so an interrupted run goes on
    where it stopped and loses at most the structures in progress.

    Parameters
    ----------
    structures : mapping of label to ase.Atoms
    engine : Engine
    database : path or URL
        ASE database: a file ``energies.db`` (SQLite), or ``postgresql://user:password@host:port/name`` through
        ase-db-backends.
    relaxation : Relaxation, optional
    oxidation_states : mapping, optional
        As `relax`.
    executor : concurrent.futures.Executor, optional
        Where the structures are computed: a `ProcessPoolExecutor`, or ``dask.distributed.Client(address).get_executor()`` for
        a cluster; here, one after another, when not given.
    progress : callable, optional

    Returns
    -------
    StructureSet
        The structures asked for that converged, in the order given; ``left_out`` names the others with the reason.

    Raises
    ------
    InputError
        The database holds energies of another engine, model or other settings; a structure cannot be computed (overlapping atoms,
        charge balance).
    """
    settings = relaxation or Relaxation()
    if not structures:
        raise InputError("energies", "structures", "none", "one structure or more")
    for label, atoms in structures.items():
        try:
            check_structure(atoms, oxidation_states)
        except InputError as error:
            raise InputError(f"structure {label}", error.field, error.found, error.expected) from None
    names = {label: _task(atoms, engine, settings) for label, atoms in structures.items()}
    done = _known(database, engine, settings)
    missing = {label: atoms for label, atoms in structures.items() if names[label] not in done}
    finished = len(structures) - len(missing)
    for label, result in _computed(missing, engine, settings, executor):
        _keep(database, label, names[label], engine, settings, result)
        finished += 1
        if progress is not None:
            state = f"{result.energy:.4f} eV in {result.steps} steps" if result.converged else result.problem
            progress(finished / len(structures), f"{label}: {state}")
    rows = {row["task"]: row for row in _rows(database)}
    return _structure_set([(label, rows[task]) for label, task in names.items()], unconverged=False)


def read_database(database: str | Path, *, unconverged: bool = False) -> StructureSet:
    """Structures and energies that `compute_energies` stored.

    Parameters
    ----------
    database : path or URL
    unconverged : bool
        Take structures that did not converge as well; without it they are named in ``left_out``.

    Raises
    ------
    InputError
        The database is not there, or its rows come from several engines or settings.
    """
    rows = _rows(database)
    if not rows:
        raise InputError(_shown(database), "", "no structure", "structures that were computed")
    kinds = {(row["engine_settings"], row["relaxation_settings"]) for row in rows}
    if len(kinds) > 1:
        raise InputError(
            _shown(database), "engine", f"{len(kinds)} engines or settings", "energies of one engine with one setting"
        )
    return _structure_set([(row["label"], row) for row in rows], unconverged)


def _structure_set(rows: Sequence[tuple[str, dict[str, Any]]], unconverged: bool) -> StructureSet:
    kept, left_out = [], []
    for label, row in rows:
        if row["converged"] or (unconverged and np.isfinite(row["energy"])):
            kept.append(ComputedStructure(row["atoms"], row["energy"], label))
        else:
            left_out.append((label, row["problem"]))
    wanted = [row for _, row in rows]
    engine = json.loads(wanted[0]["engine_settings"])
    source = predicted(
        "scalith.atoms.compute_energies",
        settings={
            "engine": engine,
            "engine_version": sorted({row["engine_version"] for row in wanted}),
            "relaxation": json.loads(wanted[0]["relaxation_settings"]),
            "wall_time": round(sum(row["wall_time"] for row in wanted), 1),
        },
        note=f"{len(left_out)} structures that did not converge are left out" if left_out else "",
    )
    return StructureSet(tuple(kept), source, tuple(left_out))


def _task(atoms: Atoms, engine: Engine, relaxation: Relaxation) -> str:
    """Name of one computation: the same structure with the same engine and settings has the same name."""
    geometry = [np.asarray(atoms.numbers), np.round(np.asarray(atoms.cell), 6) + 0.0, np.round(atoms.positions, 6) + 0.0]
    return "task-" + digest(geometry, engine.digest, relaxation.digest)


def _computed(
    structures: Mapping[str, Atoms], engine: Engine, relaxation: Relaxation, executor: Executor | None
) -> Iterator[tuple[str, Relaxed]]:
    if executor is None:
        for label, atoms in structures.items():
            yield label, relax(atoms, engine, relaxation)
        return
    futures = {executor.submit(relax, atoms, engine, relaxation): label for label, atoms in structures.items()}
    # Futures of a Dask executor are those of concurrent.futures, and complete in any order.
    try:
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        for future in futures:
            future.cancel()


@contextmanager
def _connected(database: str | Path) -> Iterator[Any]:
    """The database, closed at the end: ASE leaves the connection to a file open otherwise."""
    from ase.db import connect

    if _is_url(database):
        try:
            import ase_db_backends  # noqa: F401
        except ModuleNotFoundError:
            raise MissingDependencyError("ase-db-backends", "a PostgreSQL database", "postgresql") from None
        yield connect(str(database))
        return
    path = Path(database)
    if path.suffix != ".db":
        raise InputError(str(database), "", path.suffix or "no ending", "a file ending in .db, or a URL postgresql://…")
    path.parent.mkdir(parents=True, exist_ok=True)
    with connect(str(path), type="db") as opened:
        yield opened


def _is_url(database: str | Path) -> bool:
    return str(database).startswith("postgresql://")


def _shown(database: str | Path) -> str:
    """The database without its password."""
    text = str(database)
    return "postgresql://…" + text.removeprefix("postgresql://").rpartition("@")[2] if _is_url(text) else text


def _known(database: str | Path, engine: Engine, relaxation: Relaxation) -> set[str]:
    """Tasks that the database holds.

    Raises
    ------
    InputError
        It holds energies of another engine or other settings.
    """
    tasks = set()
    with _connected(database) as opened:
        rows = list(opened.select(columns=["id", "key_value_pairs"]))
    for row in rows:
        pairs = row.key_value_pairs
        if pairs.get("engine_digest") != f"e-{engine.digest}":
            found = f"energies of {pairs.get('engine', 'an unknown engine')}"
            raise InputError(_shown(database), "engine", found, f"those of {engine.label} with these settings: take another file")
        if pairs.get("relaxation_digest") != f"r-{relaxation.digest}":
            raise InputError(_shown(database), "relaxation", "energies relaxed with other settings", "one setting in a database")
        tasks.add(str(pairs["task"]))
    return tasks


def _keep(database: str | Path, label: str, task: str, engine: Engine, relaxation: Relaxation, result: Relaxed) -> None:
    # The letters before digests keep ASE from taking a digest of digits for a number.
    with _connected(database) as opened:
        opened.write(
            result.atoms,
            label=f"structure {label}",
            task=task,
            engine=engine.label,
            engine_digest=f"e-{engine.digest}",
            engine_version=f"v{engine.version}",
            relaxation_digest=f"r-{relaxation.digest}",
            converged=result.converged,
            steps=result.steps,
            wall_time=result.wall_time,
            **({"forces_left": result.forces_left} if np.isfinite(result.forces_left) else {}),
            data={
                "engine": json.dumps(engine.model_dump(mode="json"), sort_keys=True),
                "relaxation": json.dumps(relaxation.model_dump(mode="json"), sort_keys=True),
                "problem": result.problem,
            },
        )


def _rows(database: str | Path) -> list[dict[str, Any]]:
    if not _is_url(database) and not Path(database).is_file():
        raise InputError(str(database), "", "no such file", "an ASE database with computed structures")
    with _connected(database) as opened:
        found = list(opened.select(sort="id"))
    rows = []
    for row in found:
        pairs, data = row.key_value_pairs, row.data
        if "task" not in pairs:
            raise InputError(_shown(database), f"row {row.id}", "no task", "rows that scalith.atoms.compute_energies wrote")
        atoms = row.toatoms()
        atoms.info = {"engine": pairs["engine"]}
        if "forces_left" in pairs:
            atoms.info["forces_left"] = round(float(pairs["forces_left"]), 4)
        rows.append(
            {
                "atoms": atoms,
                "energy": float(row.get("energy", np.nan)),
                "label": str(pairs["label"]).removeprefix("structure "),
                "task": pairs["task"],
                "converged": bool(pairs["converged"]),
                "problem": data["problem"],
                "engine_settings": data["engine"],
                "engine_version": str(pairs["engine_version"]).removeprefix("v"),
                "relaxation_settings": data["relaxation"],
                "forces_left": float(pairs.get("forces_left", np.nan)),
                "steps": int(pairs["steps"]),
                "wall_time": float(pairs["wall_time"]),
            }
        )
    return rows
