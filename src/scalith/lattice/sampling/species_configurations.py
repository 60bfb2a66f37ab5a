"""Configurations of coupled sublattices in equilibrium at a number of working ions."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from scalith.lattice.kernels.species import SpeciesSteps, species_chain
from scalith.lattice.sampling.monte_carlo import cooling_ladder
from scalith.lattice.sampling.species_monte_carlo import Counts, composition_range
from scalith.quantities import InputError
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from scalith.lattice.sampling.species_model import SpeciesModel


def species_configurations(
    model: SpeciesModel,
    ions: int,
    T: float,
    count: int,
    seed: np.random.SeedSequence,
    composition: Sequence[Mapping[str, float]] | None = None,
) -> list[NDArray[np.int8]]:
    """Configurations with `ions` working ions, as places in the lists of species: cooled from disorder, then 40 sweeps apart.

    Species of like sites change places, and by neutral steps those of different lists (ions between sublattices, electrons
    between metals); each second configuration is cooled anew.

    Raises
    ------
    InputError
        No neutral steps lead from the emptiest lattice to so many ions; the composition of the rest is not told.
    """
    word = seed.generate_state(1, np.uint64)
    rng = np.random.default_rng(word[0])
    steps = _without_ions(model.steps)
    ladder = np.concatenate([cooling_ladder(model, T), [T]]) * BOLTZMANN_EV

    def run(codes: NDArray[np.int8], thermal: NDArray[np.float64], sweeps: int) -> None:
        rows, potentials = np.empty((len(thermal), sweeps)), np.zeros(len(thermal))
        states = (model.grouped, model.starts, steps, codes, thermal, potentials)
        species_chain(model.tables, *states, sweeps, np.uint64(rng.integers(2**63)), rows, rows.copy())

    found: list[NDArray[np.int8]] = []
    codes = np.empty(0, dtype=np.int8)
    for k in range(count):
        if k % 2 == 0:
            codes = model.arranged(_counts_of(model, ions, composition, rng), rng)
            run(codes, ladder, 20)
        run(codes, ladder[-1:], 40)
        found.append(model.codes(codes))
    return found


def _without_ions(steps: SpeciesSteps) -> SpeciesSteps:
    """The steps that bring no ion in or out."""
    own = steps.ions == 0
    return SpeciesSteps(
        steps.size[own],
        steps.group[own],
        steps.before[own],
        steps.after[own],
        np.ascontiguousarray(steps.ions[own]),
        steps.is_ion,
    )


def _counts_of(
    model: SpeciesModel, ions: int, composition: Sequence[Mapping[str, float]] | None, rng: np.random.Generator
) -> Counts:
    """Sites of each species with `ions` working ions: from the emptiest lattice by neutral steps, in any order."""
    counts, _ = composition_range(model, composition)
    steps, names = model.steps, model.lists
    there = sum(
        number
        for own, numbers in zip(names, counts, strict=True)
        for name, number in zip(own, numbers, strict=True)
        if name == model.host.working_ion
    )
    while there != ions:
        for kind in rng.permutation(np.flatnonzero(steps.ions)).tolist():
            sign = 1 if steps.ions[kind] > 0 else -1
            flips = slice(steps.size[kind])
            ends = (steps.before[kind, flips], steps.after[kind, flips])[::sign]
            taken = Counter(zip(steps.group[kind, flips].tolist(), ends[0].tolist(), strict=True))
            able = all(counts[g][len(names[g]) - 1 - code] >= number for (g, code), number in taken.items())
            if able and there + sign * int(steps.ions[kind]) <= ions:
                for g, before, after in zip(steps.group[kind, flips].tolist(), *(end.tolist() for end in ends), strict=True):
                    counts[g][len(names[g]) - 1 - before] -= 1
                    counts[g][len(names[g]) - 1 - after] += 1
                there += sign * int(steps.ions[kind])
                break
        else:
            found = f"{ions} ions of {model.host.working_ion} on {model.sites} sites"
            raise InputError(model.host.name, "x", found, f"a number that neutral steps reach (they came to {there})")
    return counts
