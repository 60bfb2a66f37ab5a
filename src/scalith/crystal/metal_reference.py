"""The metal of the working ion among the runs of a set: what voltages refer to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from scalith.crystal.files.run_type import RunType
from scalith.quantities import Property, Source, dataset_digest, predicted

if TYPE_CHECKING:
    from scalith.crystal.files.structures import ComputedStructure

DENSE = 0.3
"""Relative distance from the volume per atom of the metal within which a run is one of the metal."""


def choose_metal(
    runs: Sequence[ComputedStructure], ion: str, kind: RunType | None, accepted: Iterable[str] = ()
) -> tuple[dict[str, Any] | None, list[tuple[str, str]]]:
    """The lowest run of the bulk metal that was computed as the orderings were, and a reason for each row that is no ordering.

    The spin does not count (the metals of these ions are not magnetic), nor do fields that are `accepted`.
    """
    left_out = frozenset(accepted)
    fields = [name for name in ("code", "functional", "hubbard", "cutoff", "potentials") if name not in left_out]
    reasons: list[tuple[str, str]] = []
    metals: list[tuple[float, str]] = []
    for item in runs:
        volume = abs(float(item.atoms.cell.volume)) / len(item.atoms)
        bulk = _bulk_volume(ion)
        if bulk is not None and abs(volume / bulk - 1.0) > DENSE:
            reasons.append((item.origin, f"{ion} alone at {volume:.3g} Å3 per atom: no metal, which has {bulk:.3g}"))
            continue
        unlike = "" if kind is None or item.run_type is None else item.run_type.unlike(kind, {ion}, fields)
        if unlike:
            reasons.append((item.origin, f"metallic {ion}, but no reference for these energies: {unlike}"))
            continue
        energy = item.energy / len(item.atoms)
        metals.append((energy, item.origin))
    best = min(metals, default=None)
    for energy, origin in metals:
        said = "the reference of voltages" if (energy, origin) == best else "not the lowest"
        reasons.append((origin, f"metallic {ion}, {energy:.5g} eV per atom: {said}"))
    return None if best is None else {"ion": ion, "energy": best[0], "origin": best[1]}, reasons


def _bulk_volume(ion: str) -> float | None:
    from ase.data import atomic_numbers, reference_states

    state = reference_states[atomic_numbers[ion]] if ion in atomic_numbers else None
    atoms = {"bcc": 2, "fcc": 4, "sc": 1, "diamond": 8}
    if not state or "a" not in state:
        return None
    a = float(state["a"])
    if state["symmetry"] == "hcp":
        return float(np.sqrt(3.0) / 4.0 * a**3 * float(state["c/a"]))
    return a**3 / atoms[state["symmetry"]] if state["symmetry"] in atoms else None


def metal_reference(orderings: xr.Dataset) -> Property | None:
    """Energy per atom of the working ion's metal that lay among the runs of a set; `None` where none did.

    Parameters
    ----------
    orderings : xarray.Dataset
        From `map_orderings`.

    Returns
    -------
    Property or None
        ``lithium_energy``, eV, in the reference of the energies, with the run that it is from.
    """
    if "metal" not in orderings.attrs:
        return None
    metal = json.loads(orderings.attrs["metal"])
    state = f"metallic {metal['ion']} at 0 K, per atom: {metal['origin']}, computed as the orderings were"
    files = Source.from_json(orderings.attrs["source"]).files if "source" in orderings.attrs else ()
    source = predicted("scalith.crystal.metal_reference", dataset_digest(orderings), files=files, reference_state=state)
    return Property.constant("lithium_energy", float(metal["energy"]), "eV", source)
