"""Monte Carlo hysteresis: the chemical potential walked up and down without cooling anew, so that metastable phases show."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import TYPE_CHECKING

import numpy as np

from scalith.lattice.sampling.chains import semi_grand_chain
from scalith.lattice.sampling.monte_carlo import increasing, model_on
from scalith.lattice.sampling.time_series import average
from scalith.numerics.parallel_map import parallel_map
from scalith.quantities import Result, labelled, predicted
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from scalith.lattice.expansion.cluster_expansion import ClusterExpansion
    from scalith.lattice.sampling.monte_carlo import Model


def sample_hysteresis(
    expansion: ClusterExpansion,
    temperatures: ArrayLike,
    chemical_potentials: ArrayLike,
    *,
    cells: int | Sequence[int] = 12,
    sweeps: int = 200,
    seed: int,
    executor: Executor | None = None,
) -> Result:
    """Stoichiometry against chemical potential on the way up (from the empty host) and down (from the full one).

    Each chemical potential starts from the last configuration of the one before. Where the two ways differ by more than their
    errors, a phase has outlived its stability, and averages of either way alone would be wrong;
    `semi_grand_canonical` cools anew instead.

    Parameters
    ----------
    expansion, temperatures, chemical_potentials, cells, sweeps, seed, executor
        As `scalith.lattice.semi_grand_canonical`.

    Returns
    -------
    Result
        ``x`` and ``x_error`` over ``direction`` (up, down), ``T`` and ``mu``; ``gap`` (T): the area between the two ways, eV: the
        energy that a cycle dissipates a site.
    """
    T = increasing("temperatures", temperatures, positive=True)
    mu = increasing("chemical_potentials", chemical_potentials)
    model = model_on(expansion, cells)
    ways = [(temperature, way) for way in (0, 1) for temperature in T]
    seeds = np.random.SeedSequence(seed).spawn(len(ways))
    arguments = (
        [model] * len(ways),
        [t for t, _ in ways],
        [w for _, w in ways],
        [mu] * len(ways),
        [sweeps] * len(ways),
        seeds,
    )
    walks = list(parallel_map(_walk, *arguments, executor=executor))
    values = np.array(walks).reshape(2, len(T), len(mu), 2)
    data = Result(
        coords={
            "direction": ["up", "down"],
            "T": labelled("T", T, "temperature", "K"),
            "mu": labelled("mu", mu, "chemical potential", "eV"),
        }
    )
    data["x"] = labelled(("direction", "T", "mu"), values[..., 0], "filled fraction", "1")
    data["x_error"] = labelled(("direction", "T", "mu"), values[..., 1], "standard error of the filled fraction", "1")
    area = np.trapezoid(values[1, ..., 0] - values[0, ..., 0], mu, axis=-1)
    data["gap"] = labelled("T", area, "area between the two ways", "eV")
    data["T"].attrs.update(units="K", long_name="temperature")
    data["mu"].attrs.update(units="eV", long_name="chemical potential of the working ion")
    settings = {"cells": list(model.shape), "sweeps": sweeps, "seed": seed}
    source = predicted("scalith.lattice.sample_hysteresis", expansion.digest, settings=settings)
    return data.assign_attrs(source=source.to_json(), host=expansion.host.name)


def _walk(
    model: Model, T: float, way: int, mu: NDArray[np.float64], sweeps: int, seed: np.random.SeedSequence
) -> NDArray[np.float64]:
    """Stoichiometry and error at each chemical potential, shape (mu, 2); way 0 up, 1 down."""
    occupation = np.full(model.cells * model.tables.sublattices, way, dtype=np.int8)
    order = np.ascontiguousarray(mu[::-1] if way else mu)
    filled, energies = np.empty((len(mu), sweeps)), np.empty((len(mu), sweeps))
    thermal = np.full(len(mu), BOLTZMANN_EV * T)
    word = seed.generate_state(1, np.uint64)[0]
    semi_grand_chain(model, occupation, thermal, order, sweeps, word, filled, energies)
    averages = [average(row) for row in filled]
    found = np.array([(item.mean, item.error) for item in averages]) / model.sites
    return found[::-1] if way else found
