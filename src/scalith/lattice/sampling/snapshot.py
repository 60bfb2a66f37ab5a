"""A picture of the lattice: one equilibrium configuration at given stoichiometry and temperature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from scalith.lattice.expansion.species_expansion import SpeciesExpansion
from scalith.lattice.sampling.canonical import equilibrium_configurations
from scalith.lattice.sampling.monte_carlo import model_on
from scalith.lattice.sampling.species_configurations import species_configurations
from scalith.lattice.sampling.species_model import species_model
from scalith.quantities import InputError, Result, labelled, predicted

if TYPE_CHECKING:
    from scalith.lattice.expansion.cluster_expansion import ClusterExpansion


def lattice_snapshot(
    expansion: ClusterExpansion | SpeciesExpansion,
    *,
    x: float = 0.5,
    T: float = 298.15,
    cells: int | Sequence[int] = 6,
    composition: Sequence[Mapping[str, float]] | None = None,
    seed: int = 0,
) -> Result:
    """One configuration of the canonical ensemble, cooled from disorder to T.

    Parameters
    ----------
    expansion : ClusterExpansion or SpeciesExpansion
    x : float
        Filled fraction of the working ion's sites.
    T : float
        K.
    cells : int or three ints
        Primitive cells along each vector.
    composition : sequence of mapping, optional
        Of coupled sublattices, as in `scalith.lattice.species_semi_grand_canonical`.
    seed : int

    Returns
    -------
    Result
        Over ``site`` (the working ion's sites; of coupled sublattices all that are shared): Cartesian ``position`` (axis), Å,
        and ``filled``; of coupled sublattices ``species``.

    Raises
    ------
    InputError
        x outside 0 … 1, or a temperature that is not positive; a composition of a lattice of ions and vacancies alone.
    """
    if not 0.0 <= x <= 1.0 or not T > 0.0:
        raise InputError("lattice_snapshot", "x, T", (x, T), "x from 0 to 1 and a positive temperature")
    word, host = np.random.SeedSequence(seed), expansion.host
    data = Result()
    if isinstance(expansion, SpeciesExpansion):
        coupled = species_model(expansion, cells)
        shape, ions, sites = coupled.shape, round(x * coupled.sites), coupled.sites
        (places,) = species_configurations(coupled, ions, T, 1, word, composition)
        names = [host.sites[index].species for index in host.active]
        species = np.array([names[k % len(names)][place] for k, place in enumerate(places.tolist())], dtype=str)
        data["species"] = labelled("site", species, "species on the site", "")
        filled, shown = (species == host.working_ion).astype(np.int8), np.ones(species.size, dtype=bool)
    else:
        if composition is not None:
            raise InputError("lattice_snapshot", "composition", list(composition), "none: ions and vacancies are all there is")
        model = model_on(expansion, cells)
        shape, ions, sites = model.shape, round(x * model.sites), model.sites
        (occupation,) = equilibrium_configurations(model, ions, T, 1, word)
        shown = np.tile(model.exchanged, model.cells) > 0
        filled = occupation[shown]
    corners = np.indices(shape).reshape(3, -1).T
    positions = (corners[:, None, :] + host.positions[host.active][None, :, :]).reshape(-1, 3) @ host.cell
    data["position"] = labelled(("site", "axis"), positions[shown], "ideal position", "Å")
    data["filled"] = labelled("site", filled, "1 where an ion sits", "1")
    settings = {"x": ions / sites, "T": T, "cells": list(shape), "seed": seed}
    source = predicted("scalith.lattice.lattice_snapshot", expansion.digest, settings=settings)
    return data.assign_attrs(source=source.to_json(), x=ions / sites, T=T)
