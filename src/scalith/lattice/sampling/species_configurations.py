"""Configurations of coupled sublattices in equilibrium at a number of working ions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scalith.lattice.kernels.species import SpeciesSteps, species_chain
from scalith.lattice.sampling.monte_carlo import cooling_ladder
from scalith.lattice.sampling.species_monte_carlo import composition_with
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
        So many ions make no neutral lattice; the composition of the rest is not told.
    """
    word = seed.generate_state(1, np.uint64)
    rng = np.random.default_rng(word[0])
    counts, steps = composition_with(model, ions, composition), _without_ions(model.steps)
    ladder = np.concatenate([cooling_ladder(model, T), [T]]) * BOLTZMANN_EV

    def run(codes: NDArray[np.int8], thermal: NDArray[np.float64], sweeps: int) -> None:
        rows, potentials = np.empty((len(thermal), sweeps)), np.zeros(len(thermal))
        states = (model.grouped, model.starts, steps, codes, thermal, potentials)
        species_chain(model.tables, *states, sweeps, np.uint64(rng.integers(2**63)), rows, rows.copy())

    found: list[NDArray[np.int8]] = []
    codes = np.empty(0, dtype=np.int8)
    for k in range(count):
        if k % 2 == 0:
            codes = model.arranged(counts, rng)
            run(codes, ladder, 20)
        run(codes, ladder[-1:], 40)
        found.append(model.codes(codes))
    return found


def _without_ions(steps: SpeciesSteps) -> SpeciesSteps:
    """The steps that bring no ion in or out."""
    own = steps.ions == 0
    return steps._replace(**{name: getattr(steps, name)[own] for name in ("size", "group", "before", "after", "ions")})
