"""A picture of the lattice: one equilibrium configuration at given stoichiometry and temperature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from scalith.lattice.sampling.canonical import equilibrium_configurations
from scalith.lattice.sampling.monte_carlo import model_on
from scalith.quantities import InputError, Result, labelled, predicted

if TYPE_CHECKING:
    from scalith.lattice.expansion.cluster_expansion import ClusterExpansion


def lattice_snapshot(
    expansion: ClusterExpansion, *, x: float = 0.5, T: float = 298.15, cells: int | Sequence[int] = 6, seed: int = 0
) -> Result:
    """One configuration of the canonical ensemble, cooled from disorder to T.

    Parameters
    ----------
    expansion : ClusterExpansion
    x : float
        Filled fraction of the working ion's sites.
    T : float
        K.
    cells : int or three ints
        Primitive cells along each vector.
    seed : int

    Returns
    -------
    Result
        Over ``site`` (the working ion's sites): Cartesian ``position`` (axis), Å, and ``filled``.

    Raises
    ------
    InputError
        x outside 0 … 1, or a temperature that is not positive.
    """
    if not 0.0 <= x <= 1.0 or not T > 0.0:
        raise InputError("lattice_snapshot", "x, T", (x, T), "x from 0 to 1 and a positive temperature")
    model = model_on(expansion, cells)
    host = expansion.host
    ions = round(x * model.sites)
    (occupation,) = equilibrium_configurations(model, ions, T, 1, np.random.SeedSequence(seed))
    corners = np.indices(model.shape).reshape(3, -1).T
    positions = (corners[:, None, :] + host.positions[host.active][None, :, :]).reshape(-1, 3) @ host.cell
    working = np.tile(model.exchanged, model.cells) > 0
    settings = {"x": ions / model.sites, "T": T, "cells": list(model.shape), "seed": seed}
    source = predicted("scalith.lattice.lattice_snapshot", expansion.digest, settings=settings)
    return Result(
        {
            "position": labelled(("site", "axis"), positions[working], "ideal position", "Å"),
            "filled": labelled("site", occupation[working], "1 where an ion sits", "1"),
        },
        attrs={"source": source.to_json(), "x": ions / model.sites, "T": T},
    )
