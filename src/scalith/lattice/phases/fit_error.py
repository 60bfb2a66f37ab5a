"""What a fitted expansion does not know of its own interactions, as an error of the voltage beside that of the sampling."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from scalith.lattice.expansion.cluster_space import cluster_vector
from scalith.lattice.kernels.fields import compute_fields
from scalith.lattice.sampling.canonical import equilibrium_configurations
from scalith.lattice.sampling.monte_carlo import increasing, model_on
from scalith.lattice.sampling.supercell import supercell_shape
from scalith.quantities import ErrorComponent, InputError, Property

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from scalith.lattice.expansion.cluster_expansion import ClusterExpansion

NAME = "cluster expansion"
"""The part of the error that is meant here."""


def with_fit_error(
    voltage: Property, expansion: ClusterExpansion, *, nodes: ArrayLike | None = None, cells: int | Sequence[int] = 8, seed: int
) -> Property:
    r"""A voltage with the error of the fit of its expansion as a part of its own, called ``"cluster expansion"``.

    A change δJ of the interactions changes the free energy at first order by its mean energy, δF = Σ m δJ ⟨Π⟩, so that between
    two stoichiometries

        δV = −Σ_α m_α δJ_α (⟨Π_α⟩₂ − ⟨Π_α⟩₁)/(z e N_s (x₂ − x₁)),

    and its variance follows from the covariance of the posterior. ⟨Π⟩ is that of equilibrium configurations at the nodes, each on
    its own. The covariance is widened so far that the fit's own predictions are as wrong as those of structures (and whole groups
    of them) that were left out: by the square of the largest of the leave-one-out and grouped errors over the noise, where
    that is above 1.

    Parameters
    ----------
    voltage : Property
        From `scalith.lattice.open_circuit_voltage`, over x and T.
    expansion : ClusterExpansion
        The fitted one that it was sampled from.
    nodes : array_like, optional
        Stoichiometries between which differences are taken, increasing; without them 9 over those of the voltage.
    cells : int or three ints
    seed : int

    Raises
    ------
    InputError
        An expansion without a posterior, nodes outside 0 … 1, or all within one ion of the supercell.
    """
    if not expansion.covariance:
        raise InputError("with_fit_error", "expansion", "interactions without a posterior", "a fitted expansion")
    x, T = voltage.coordinates["x"], voltage.coordinates["T"]
    wanted = np.linspace(float(x[0]), float(x[-1]), 9) if nodes is None else increasing("nodes", nodes)
    if len(wanted) < 2 or wanted[0] < 0.0 or wanted[-1] > 1.0:
        raise InputError("with_fit_error", "nodes", wanted, "two stoichiometries or more from 0 to 1")
    covariance = _widened(expansion)
    counts = np.unique(np.round(wanted * model_on(expansion, cells).sites).astype(int))
    if len(counts) < 2:
        expected = "stoichiometries that differ by an ion of the supercell or more: other nodes, or more cells"
        raise InputError("with_fit_error", "nodes", wanted, expected)
    errors = []
    for temperature, word in zip(T.tolist(), np.random.SeedSequence(seed).spawn(len(T)), strict=True):
        rows, filled = _mean_columns(expansion, counts, temperature, cells, word)
        middles = 0.5 * (filled[1:] + filled[:-1])
        change = np.diff(rows, axis=0) / (np.diff(filled) * len(expansion.host.working) * expansion.host.ion_charge)[:, None]
        errors.append(np.interp(x, middles, np.sqrt(np.maximum(np.einsum("ka,ab,kb->k", change, covariance, change), 0.0))))
    part = ErrorComponent(NAME, np.array(errors).T, float(np.mean(np.diff(filled))))
    told = {"seed": seed, "cells": list(supercell_shape(cells)), "nodes": filled.tolist()}
    source = voltage.source.model_copy(
        update={
            "settings": voltage.source.settings | {f"error of the {NAME}": told},
            "parents": tuple(dict.fromkeys([*voltage.source.parents, expansion.digest])),
        }
    )
    return replace(voltage, components=(*voltage.components, part), source=source)


def _widened(expansion: ClusterExpansion) -> NDArray[np.float64]:
    found = max([expansion.leave_one_out_error, *expansion.grouped_error.values()])
    share = found / expansion.noise if expansion.noise > 0.0 else 1.0
    return np.array(expansion.covariance) * max(share, 1.0) ** 2


def _mean_columns(
    expansion: ClusterExpansion, counts: NDArray[np.int64], T: float, cells: int | Sequence[int], seed: np.random.SeedSequence
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """m_α ⟨Π_α⟩ (and the electrostatic energy, where it is fitted) with each number of ions, and their x."""
    model = model_on(expansion, cells)
    supercell = np.diag(model.shape)
    corners, sublattices = np.indices(model.shape).reshape(3, -1).T, model.tables.sublattices
    places = np.tile(np.arange(sublattices), model.cells), np.repeat(corners, sublattices, axis=0)
    weights = np.array([orbit.multiplicity for orbit in expansion.orbits], dtype=np.float64)
    charges = None
    if len(expansion.covariance) > len(weights):
        alone = {"interactions": (0.0,) * len(weights), "inverse_permittivity": 1.0}
        charges = model_on(expansion.model_copy(update=alone), cells)
    field, rows = np.empty(model.cells * sublattices), []
    for count, word in zip(counts, seed.spawn(len(counts)), strict=True):
        found = []
        for occupation in equilibrium_configurations(model, int(count), T, 4, word):
            row = weights * cluster_vector(expansion.orbits, supercell, occupation, *places)
            if charges is not None:
                row = np.append(row, charges.constant + compute_fields(charges.tables, occupation, field) / model.cells)
            found.append(row)
        rows.append(np.mean(found, axis=0))
    return np.array(rows), counts / model.sites
