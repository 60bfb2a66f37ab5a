"""What a fitted expansion does not know of its own interactions, as an error of the voltage beside that of the sampling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from scalith.lattice.expansion.cluster_expansion import meets_all_energies, widened_covariance
from scalith.lattice.expansion.species_expansion import Species, SpeciesExpansion, species_vector
from scalith.lattice.kernels.species import species_fields
from scalith.lattice.phases.thermodynamics import X_GRID, known_stoichiometries
from scalith.lattice.sampling.canonical import equilibrium_configurations
from scalith.lattice.sampling.monte_carlo import increasing, model_on
from scalith.lattice.sampling.reweighted import ClusterSums
from scalith.lattice.sampling.species_configurations import species_configurations
from scalith.lattice.sampling.species_model import species_model
from scalith.lattice.sampling.supercell import supercell_shape
from scalith.quantities import ErrorComponent, InputError, Property, Result, labelled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr
    from numpy.typing import ArrayLike, NDArray

    from scalith.lattice.expansion.cluster_expansion import ClusterExpansion

Columns = Callable[[int, np.random.SeedSequence], "list[NDArray[np.float64]]"]
"""Rows of equilibrium configurations with a number of ions, from a seed."""

NOT_TOLD = "the expansion meets all its energies and does not tell the error of its interactions"
NAME = "cluster expansion"
"""The part of the error that is meant here."""


def with_fit_error(
    voltage: Property,
    expansion: ClusterExpansion | SpeciesExpansion,
    *,
    nodes: ArrayLike | None = None,
    cells: int | Sequence[int] = 8,
    composition: Sequence[Mapping[str, float]] | None = None,
    seed: int,
) -> Property:
    r"""A voltage with the error of the fit of its expansion as a part of its own, called ``"cluster expansion"``.

    A change δJ of the interactions changes the free energy at first order by its mean energy, δF = Σ m δJ ⟨Π⟩, so that between
    two stoichiometries

        δV = −Σ_α m_α δJ_α (⟨Π_α⟩₂ − ⟨Π_α⟩₁)/(z e N_s (x₂ − x₁)),

    and its variance follows from the covariance of the posterior. ⟨Π⟩ is that of equilibrium configurations at the nodes, each on
    its own, at the lowest and the highest temperature, with a line between them. The covariance is widened so far that the fit's
    own predictions are as wrong as those of structures (and whole groups of them) that were left out, as it is for members of an
    ensemble (`scalith.lattice.expansion.cluster_expansion.widened_covariance`).

    Parameters
    ----------
    voltage : Property
        From `scalith.lattice.open_circuit_voltage`, over x and T.
    expansion : ClusterExpansion or SpeciesExpansion
        The fitted one that it was sampled from.
    nodes : array_like, optional
        Stoichiometries between which differences are taken, increasing; without them 9 over those of the voltage.
    cells : int or three ints
    composition : sequence of mapping, optional
        Of coupled sublattices, as in `scalith.lattice.species_semi_grand_canonical`.
    seed : int

    Raises
    ------
    InputError
        An expansion without a posterior, or one that meets all its energies; nodes outside 0 … 1, or all within one ion of the
        supercell.
    """
    x, T = voltage.coordinates["x"], voltage.coordinates["T"]
    wanted = np.linspace(float(x[0]), float(x[-1]), 9) if nodes is None else increasing("nodes", nodes)
    filled, errors, _ = _errors_between(expansion, wanted, T, cells, composition, seed)
    told = {"seed": seed, "cells": list(supercell_shape(cells)), "nodes": filled.tolist()}
    source = voltage.source.model_copy(
        update={
            "settings": voltage.source.settings | {f"error of the {NAME}": told},
            "parents": tuple(dict.fromkeys([*voltage.source.parents, expansion.digest])),
        }
    )
    return replace(voltage, components=(*voltage.components, _part(filled, errors, x)), source=source)


def add_fit_error(
    sampled: xr.Dataset,
    expansion: ClusterExpansion | SpeciesExpansion,
    *,
    cells: int | Sequence[int] = 8,
    composition: Sequence[Mapping[str, float]] | None = None,
    seed: int,
) -> Result:
    """Sampled states that carry the error of the fit of their expansion, as `with_fit_error` takes it, for `beside_fit_error`.

    Parameters
    ----------
    sampled : xarray.Dataset
        From `scalith.lattice.semi_grand_canonical` or `species_semi_grand_canonical`.
    expansion, cells, composition, seed
        As `with_fit_error`.

    Returns
    -------
    Result
        With ``fit_error`` (x_between, T), V, between the 9 stoichiometries ``fit_error_x``, and ``fit_energy_error`` (x_node, T),
        eV per primitive cell, at them: of the energy itself, which counts beside that of another host. Where the fit meets all
        its energies and so does not tell its error, with a warning that says so, and nothing else.
    """
    if meets_all_energies(expansion):
        said = f"{NOT_TOLD}, which is not stated: more energies than interactions tell it"
        return Result.of(sampled).assign_attrs(warnings=[*np.atleast_1d(sampled.attrs.get("warnings", [])).tolist(), said])
    known = X_GRID[known_stoichiometries(sampled)]
    wanted = np.linspace(float(known[0]), float(known[-1]), 9)
    filled, errors, of_energy = _errors_between(expansion, wanted, sampled["T"].values, cells, composition, seed)
    data = Result.of(sampled)
    data["fit_error_x"] = labelled("x_node", filled, "stoichiometries between which the error of the fit is taken", "1")
    data["fit_error"] = labelled(("x_between", "T"), errors, "standard error of the voltage by the fit of the interactions", "V")
    words = "standard error of the energy by the fit of the interactions, per primitive cell"
    data["fit_energy_error"] = labelled(("x_node", "T"), of_energy, words, "eV")
    return data


def beside_fit_error(value: Property, sampled: xr.Dataset, scale: float = 1.0) -> Property:
    """A voltage, or with `scale` a chemical potential, with the error of the fit that its states carry (`add_fit_error`)."""
    if "fit_error" not in sampled:
        return value
    errors = scale * sampled["fit_error"].transpose("x_between", "T").values
    return replace(value, components=(*value.components, _part(sampled["fit_error_x"].values, errors, value.coordinates["x"])))


def _part(filled: NDArray[np.float64], errors: NDArray[np.float64], x: NDArray[np.float64]) -> ErrorComponent:
    middles = 0.5 * (filled[1:] + filled[:-1])
    along = np.stack([np.interp(x, middles, column) for column in errors.T], axis=1)
    return ErrorComponent(NAME, along, float(np.mean(np.diff(filled))))


def _errors_between(
    expansion: ClusterExpansion | SpeciesExpansion,
    wanted: NDArray[np.float64],
    T: NDArray[np.float64],
    cells: int | Sequence[int],
    composition: Sequence[Mapping[str, float]] | None,
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Stoichiometries of whole ions, errors of V between neighbouring ones (nodes − 1, T) and of the energy (nodes, T)."""
    if not expansion.covariance:
        raise InputError("with_fit_error", "expansion", "interactions without a posterior", "a fitted expansion")
    if meets_all_energies(expansion):
        raise InputError("with_fit_error", "expansion", NOT_TOLD, "more energies than interactions")
    if len(wanted) < 2 or wanted[0] < 0.0 or wanted[-1] > 1.0:
        raise InputError("with_fit_error", "nodes", wanted, "two stoichiometries or more from 0 to 1")
    host, covariance = expansion.host, widened_covariance(expansion)
    sites = int(np.prod(supercell_shape(cells))) * len(host.working)
    counts = np.unique(np.round(wanted * sites).astype(int))
    if len(counts) < 2:
        expected = "stoichiometries that differ by an ion of the supercell or more: other nodes, or more cells"
        raise InputError("with_fit_error", "nodes", wanted, expected)
    filled, ends = counts / sites, np.unique(T[[0, -1]])
    errors: list[NDArray[np.float64]] = []
    of_energy: list[NDArray[np.float64]] = []
    for temperature, word in zip(ends.tolist(), np.random.SeedSequence(seed).spawn(len(ends)), strict=True):
        if isinstance(expansion, SpeciesExpansion):
            columns = _species_columns(expansion, cells, temperature, composition)
        else:
            columns = _columns(expansion, cells, temperature)
        words = word.spawn(len(counts))
        rows = np.array([np.mean(columns(int(count), own), axis=0) for count, own in zip(counts, words, strict=True)])
        change = np.diff(rows, axis=0) / (np.diff(filled) * len(host.working) * host.ion_charge)[:, None]
        for found, of in ((errors, change), (of_energy, rows)):
            found.append(np.sqrt(np.maximum(np.einsum("ka,ab,kb->k", of, covariance, of), 0.0)))
    share = (T - ends[0]) / max(float(ends[-1] - ends[0]), 1e-9)
    over_temperature = [np.outer(found[0], 1.0 - share) + np.outer(found[-1], share) for found in (errors, of_energy)]
    return filled, over_temperature[0], over_temperature[1]


def _columns(expansion: ClusterExpansion, cells: int | Sequence[int], T: float) -> Columns:
    """m_α Π_α (and the electrostatic energy, where it is fitted) of equilibrium configurations with a number of ions."""
    model = model_on(expansion, cells)
    sums, columns = ClusterSums.of(expansion, model.shape), len(expansion.covariance)

    def rows(ions: int, seed: np.random.SeedSequence) -> list[NDArray[np.float64]]:
        occupations = np.array(equilibrium_configurations(model, ions, T, 4, seed))
        return list(sums(occupations)[:, :columns] / model.cells)

    return rows


def _species_columns(
    expansion: SpeciesExpansion, cells: int | Sequence[int], T: float, composition: Sequence[Mapping[str, float]] | None
) -> Columns:
    """As `_columns`, of coupled sublattices."""
    model = species_model(expansion, cells)
    corners, sublattices = np.indices(model.shape).reshape(3, -1).T, model.tables.sublattices
    # Sublattice and primitive cell of each site, in the order of the kernels.
    places = np.tile(np.arange(sublattices), len(corners)), np.repeat(corners, sublattices, axis=0)
    supercell, weights = np.diag(model.shape), np.array([orbit.multiplicity for orbit in expansion.orbits], dtype=np.float64)
    charges, field = None, np.zeros((model.cells * model.tables.sublattices, model.tables.point.shape[1]))
    if len(expansion.covariance) > len(weights):
        alone = {"interactions": (0.0,) * len(weights), "inverse_permittivity": 1.0}
        charges = species_model(expansion.model_copy(update=alone), cells)

    def rows(ions: int, seed: np.random.SeedSequence) -> list[NDArray[np.float64]]:
        found = []
        for species in species_configurations(model, ions, T, 4, seed, composition):
            row = weights * species_vector(expansion.host, expansion.orbits, Species(supercell, species, *places))
            if charges is not None:
                energy = species_fields(charges.tables, charges.codes(species), field)
                row = np.append(row, charges.constant + energy / model.cells)
            found.append(row)
        return found

    return rows
