"""Engines: energies of orderings, of metallic lithium and of hops, computed where a study names what computes them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
import xarray as xr
from pydantic import Field, ValidationInfo, model_validator

from scalith import atoms
from scalith.atoms import BandSettings, BarrierCorrection, Engine, Relaxation
from scalith.crystal import Host, enumerate_orderings, map_orderings
from scalith.ladder import progress
from scalith.ladder.progress import report_progress
from scalith.ladder.quantity import AtomicDistance, BesideTheStudy, InputFile, Settings, rung
from scalith.lattice import HopBarriers
from scalith.quantities import SI, InputError, Property, Source
from scalith.quantities.specification import Count

OF_MATERIAL = True
"""These rungs exist once for each material of a study."""

SCALE = "atoms"


class StudyEngine(Settings, Engine, Relaxation):
    """``[engine]``: what computes energies and forces, and how far it relaxes.

    A name ``"module:Class"`` and a setting ``command`` run code that the study names: they need ``--allow-code``.

    Attributes
    ----------
    name, settings
        See `scalith.atoms.Engine`.
    force_tolerance, steps, cell
        See `scalith.atoms.Relaxation`.
    database : str, optional
        File beside the study, or URL, in which each structure is kept as soon as it is done: an interrupted climb goes on
        from there.
    """

    database: BesideTheStudy | None = Field(default=None, exclude=True)

    @model_validator(mode="after")
    def _allowed(self, info: ValidationInfo) -> Self:
        code = {"name": self.name} if ":" in self.name else {}
        if "command" in self.settings:
            code["settings.command"] = str(self.settings["command"])
        if code and not (info.context or {}).get("allow_code", True):
            field, found = next(iter(code.items()))
            expected = "--allow-code, or allow_code=True in Python: it runs with all your rights, allow it where you trust it"
            raise InputError("", field, found, expected)
        return self

    @property
    def engine(self) -> Engine:
        """The engine alone."""
        return Engine(name=self.name, settings=self.settings)

    @property
    def relaxation(self) -> Relaxation:
        """How far it relaxes."""
        return Relaxation(force_tolerance=self.force_tolerance, steps=self.steps, cell=self.cell)

    @contextmanager
    def kept(self) -> Iterator[str]:
        """The database, or one that lives as long as the rung."""
        if self.database is not None:
            yield self.database
            return
        with tempfile.TemporaryDirectory(prefix="scalith-") as folder:
            yield str(Path(folder) / "energies.db")


class Orderings(Settings):
    """``[orderings]``: which orderings the engine computes.

    Attributes
    ----------
    largest_cell : int
        Primitive cells of the largest supercell that is enumerated.
    count : int
        So many of the enumeration are computed, those that differ most.
    cutoff : float
        Distance up to which pairs tell orderings apart, Å.
    between_ends : bool
        Start each ordering between the host relaxed empty and relaxed full.
    oxidation_states : dict of str to number or range, optional
        Cells that cannot be neutral are rejected: ``{ Li = 1, Co = [3, 4], O = -2 }``.
    """

    largest_cell: Annotated[int, Field(ge=1, le=12)]
    count: Annotated[int, Field(ge=2)] = 30
    cutoff: AtomicDistance = 8.0
    between_ends: bool = False
    oxidation_states: dict[str, float | tuple[float, float]] | None = None


class NudgedElasticBand(Settings, BandSettings):
    """``[hops]``: bands along the distinct hops of the host.

    Attributes
    ----------
    longest : float
        Hops up to this length, Å.
    cells : tuple of int
        Primitive cells of the supercell along each axis.
    backgrounds : tuple of {"empty", "full"}
        One ion in the empty host, one vacancy in the full one; of both, barriers are linear in the stoichiometry.
    attempt_frequency : float
        Hz, assumed.
    correction : InputFile, optional
        `scalith.atoms.BarrierCorrection` in JSON; barriers of learned potentials need one.
    images, force_tolerance, steps, spring
        See `scalith.atoms.BandSettings`.
    """

    longest: AtomicDistance
    cells: tuple[Count, Count, Count] = (2, 2, 2)
    backgrounds: Annotated[tuple[Literal["empty", "full"], ...], Field(min_length=1)] = ("empty", "full")
    attempt_frequency: Annotated[float, SI("Hz"), Field(gt=0)] = 1e13
    correction: InputFile | None = None

    @property
    def band(self) -> BandSettings:
        """What the engine is told."""
        return BandSettings(images=self.images, force_tolerance=self.force_tolerance, steps=self.steps, spring=self.spring)


def _relaxed(data: xr.Dataset) -> str:
    return f"{data.sizes['structure']} orderings relaxed, {data.sizes['rejected']} left the host"


@rung("orderings relaxed by an engine", headline=_relaxed)
def relaxed_orderings(host: Host, engine: StudyEngine, orderings: Orderings) -> xr.Dataset:
    """Enumerated orderings, the most different of them relaxed and mapped back on the host."""
    every = enumerate_orderings(host, range(1, orderings.largest_cell + 1))
    chosen = atoms.choose_diverse(host, every, orderings.count, cutoff=orderings.cutoff)
    with engine.kept() as database:
        ends = atoms.relaxed_ends(host, engine.engine, database, engine.relaxation) if orderings.between_ends else None
        structures = atoms.relax_orderings(
            host,
            chosen,
            engine.engine,
            database,
            engine.relaxation,
            oxidation_states=orderings.oxidation_states,
            ends=ends,
            executor=progress.executor.get(),
            progress=report_progress,
        )
    mapped = map_orderings(host, structures)
    left_out = [f"{label}: {reason}" for label, reason in structures.left_out]
    return mapped.assign_attrs(left_out=left_out) if left_out else mapped


@rung("energy of metallic lithium, in the reference of the energies", unit="eV", one_of=("engine", "metal_of_energies"))
def lithium_energy(host: Host, engine: StudyEngine | None = None, metal_of_energies: Property | None = None) -> Property:
    """Energy of an atom in the metal of the working ion, from its run among the energies, or relaxed with the same engine."""
    from ase.build import bulk

    if metal_of_energies is not None:
        return metal_of_energies
    assert engine is not None  # one of the two, by the graph

    ion = host.working_ion
    with engine.kept() as database:
        metal = atoms.compute_energies({f"metallic {ion}": bulk(ion)}, engine.engine, database, engine.relaxation)
    if metal.left_out:
        raise InputError(f"metallic {ion}", "relaxation", metal.left_out[0][1], "a relaxed metal, or lithium_energy given")
    state = f"metallic {ion} at 0 K, per atom, with the same engine"
    source = metal.source.model_copy(update={"reference_state": state})
    return Property.constant("lithium_energy", metal[0].energy / len(metal[0].atoms), "eV", source)


def _barriers(barriers: HopBarriers) -> str:
    ends = [(kind, f" to {kind.barrier_full:.3f}" if kind.barrier_full is not None else "") for kind in barriers.kinds]
    return ", ".join(f"{kind.name} {kind.barrier:.3f}{full} eV" for kind, full in ends)


@rung("barriers of lithium hops", headline=_barriers, one_of=("hops", "barriers_of_paths"))
def hop_barriers(
    host: Host,
    engine: StudyEngine | None = None,
    hops: NudgedElasticBand | None = None,
    barriers_of_paths: HopBarriers | None = None,
) -> HopBarriers:
    """Nudged elastic bands along each distinct hop, in the host relaxed empty, full, or both; or those of ``[hop_paths]``."""
    if barriers_of_paths is not None:
        if hops is not None:
            raise InputError("[hops]", "", "barriers of [hop_paths], or given ones, beside it", "one of the two")
        return barriers_of_paths
    if engine is None or hops is None:
        raise InputError(
            "[engine]", "", "none", "an engine whose forces the bands of [hops] take, or [hop_paths] with bands of your own"
        )
    with engine.kept() as database:
        empty, full = atoms.relaxed_ends(host, engine.engine, database, engine.relaxation)
    grounds = {"empty": (empty, 0.0), "full": (full, 1.0)}
    correction = None if hops.correction is None else BarrierCorrection.read(_json(hops.correction.path), hops.correction.name)
    found: list[dict[str, Any]] = []
    distinct = atoms.distinct_hops(host, hops.longest)
    for number, hop in enumerate(distinct, start=1):
        name = f"hop {number}" if len(distinct) > 1 else "hop"
        bands = []
        for background in hops.backgrounds:
            here, x = grounds[background]
            moved = _in_host(hop, here)
            ends = atoms.hop_end_points(here, moved, np.diag(hops.cells), background)
            said = f"{name}, {background} host"
            bands.append(
                atoms.hop_barrier(*ends, engine.engine, name=said, stoichiometry=x, settings=hops.band, progress=report_progress)
            )
        found.append(atoms.lattice_barriers(hop, bands, correction, name=name, attempt_frequency=hops.attempt_frequency))
    sources = [Source.model_validate(item["source"]) for item in found]
    barriers = {name: value for source in sources for name, value in source.settings["barriers"].items()}
    whole = {
        "kinds": [kind for item in found for kind in item["kinds"]],
        "attempt_frequency": hops.attempt_frequency,
        "barrier_error": max(item["barrier_error"] for item in found),
        "source": sources[0].model_copy(
            update={
                "parents": tuple(parent for source in sources for parent in source.parents),
                "settings": sources[0].settings | {"barriers": barriers},
            }
        ),
    }
    return HopBarriers.read(whole, "hop_barriers")


def _in_host(hop: atoms.SiteHop, host: Host) -> atoms.SiteHop:
    """The hop between the same two sites of a host with other cell and positions."""
    places = host.positions[host.active]
    vector = (places[hop.end[0]] + np.array(hop.end[1:]) - places[hop.start]) @ host.cell
    x, y, z = (float(value) for value in vector)
    return atoms.SiteHop(hop.start, hop.end, (x, y, z), float(np.linalg.norm(vector)), hop.multiplicity)


def _json(path: str) -> dict[str, Any]:
    found = json.loads(Path(path).read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise InputError(path, "", type(found).__name__, "a correction in JSON")
    return found
