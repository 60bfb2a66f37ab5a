"""Diffusivities at other barriers and interactions without another walk: the same trajectories by another clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from scalith.lattice.hopping.hop_barriers import Hop, HopBarriers, hops_of
from scalith.lattice.sampling.canonical import equilibrium_configurations
from scalith.lattice.sampling.monte_carlo import model_on
from scalith.lattice.sampling.reweighted import ClusterSums, changed_weights, clusters_digest, expansion_weights, has_charges
from scalith.lattice.sampling.supercell import neighbour_sites
from scalith.quantities import ConvergenceError, InputError, Result, dataset_digest, labelled, predicted
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scalith.lattice.expansion.cluster_expansion import ClusterExpansion

_BARRIERS: dict[str, bool | set[str]] = {
    "barrier": True,
    "barrier_full": True,
    "surroundings": {"constant", "leave_one_out_error", "source"},
}
"""What of a kind may change: its barriers, and what was fitted to find them."""
MOST_UNEVEN = 0.1
"""Relative error of a diffusivity, from hops whose energies change differently, up to which walks are re-weighted."""
CONFIGURATIONS = 4
HOPS = 24
"""Of each configuration."""


def sample_hop_energies(
    result: xr.Dataset, expansion: ClusterExpansion, barriers: HopBarriers, *, cells: int | Sequence[int], seed: int
) -> Result:
    """By what the energies between which ions hop are linear in the interactions, for `reweighted_hops`.

    Parameters
    ----------
    result : xarray.Dataset
        From `kinetic_monte_carlo` with these interactions and barriers.
    expansion : ClusterExpansion
    barriers : HopBarriers
    cells : int or three ints
        Of the walk.
    seed : int

    Returns
    -------
    Result
        ``cluster_sum_change`` over ``T``, ``x``, ``hop`` and ``cluster``: what hops of single ions into vacant sites change the
        sums over the clusters of each orbit by, in equilibrium configurations; ``interaction`` (eV) of each ``cluster``.
    """
    model = model_on(expansion, cells)
    sums, sublattices = ClusterSums.of(expansion, model.shape), model.tables.sublattices
    x, T = result["x"].values, result["T"].values
    found = np.empty((len(T), len(x), CONFIGURATIONS * HOPS, len(expansion_weights(expansion, has_charges(expansion)))))
    words = np.random.SeedSequence(seed).spawn(found[..., 0, 0].size)
    for number, word in enumerate(words):
        k, m = divmod(number, len(x))
        hops, rng = hops_of(expansion.host, barriers.at(float(x[m]))), np.random.default_rng(word)
        for c, occupation in enumerate(
            equilibrium_configurations(model, round(float(x[m]) * model.sites), float(T[k]), CONFIGURATIONS, word)
        ):
            pairs = _allowed(hops, occupation, sublattices, model.shape)
            if not len(pairs):
                raise ConvergenceError("hops", f"no ion can hop in an equilibrium configuration at x = {x[m]:.3g}")
            chosen = pairs[rng.integers(len(pairs), size=HOPS)]
            after = np.repeat(occupation[None], HOPS, axis=0)
            after[np.arange(HOPS), chosen[:, 0]], after[np.arange(HOPS), chosen[:, 1]] = 0, 1
            found[k, m, c * HOPS : (c + 1) * HOPS] = sums(after) - sums(occupation[None])
    data = Result(coords={"T": result["T"], "x": result["x"]})
    data["cluster_sum_change"] = labelled(("T", "x", "hop", "cluster"), found, "change of the sums over clusters by a hop", "1")
    weights = expansion_weights(expansion, has_charges(expansion))
    data["interaction"] = labelled("cluster", weights, "energy per cluster, and the inverse permittivity", "eV")
    settings = {"cells": list(model.shape), "seed": seed}
    source = predicted("scalith.lattice.sample_hop_energies", dataset_digest(result), expansion.digest, settings=settings)
    return data.assign_attrs(source=source.to_json(), clusters=clusters_digest(expansion))


def _allowed(
    hops: list[list[Hop]], occupation: NDArray[np.int8], sublattices: int, shape: tuple[int, int, int]
) -> NDArray[np.int64]:
    """Sites that ions can leave, and the vacant ones that they, or those that they push, then fill, shape (n, 2)."""
    targets = neighbour_sites(shape, sublattices, [[hop.target for hop in own] for own in hops])
    # Of two ions one stands between the ends; of one the site itself is as good.
    through = [[hop.through or (s, 0, 0, 0) for hop in own] for s, own in enumerate(hops)]
    between = neighbour_sites(shape, sublattices, through)
    start, way = np.nonzero((occupation[:, None] == 1) & (occupation[targets] == 0) & (occupation[between] == 1))
    return np.stack([start, targets[start, way]], axis=1).astype(np.int64)


def reweighted_hops(
    result: xr.Dataset,
    before: HopBarriers,
    after: HopBarriers,
    *,
    energies: xr.Dataset | None = None,
    expansion: ClusterExpansion | None = None,
    seed: int | None = None,
) -> Result:
    r"""What `kinetic_monte_carlo` would find with other barriers of the same hops, from what it has found.

    Where all rates change by one factor, ions go the same ways and only time runs otherwise,

    .. math::

        D' = D\,\frac{ν'}{ν}\,\exp\!\left(-\frac{\langle ΔE \rangle}{kT}\right)

    with ΔE the changes of the barriers of the kinds at the stoichiometry of the box (of barriers by surroundings:
    of what all of them share). With one kind that is exact but for hops whose end lies so far above their start that the
    difference is their barrier. With several whose barriers change differently, ΔE is the middle between the least and the
    largest change, and half their distance is in the standard errors.

    Other interactions change the energy that an ion hops up or down by δ, and its barrier by δ/2, there and back in opposite
    senses. Where every hop joins equal energies (one ion in the box, one vacancy) δ is 0 and the trajectories are exact. Else
    exp(√⟨δ²⟩/2kT) − 1 is in the standard errors as well, and a walk anew is asked for where that is above `MOST_UNEVEN`.

    Parameters
    ----------
    result : xarray.Dataset
        From `kinetic_monte_carlo` with the barriers `before`.
    before, after : HopBarriers
    energies : xarray.Dataset, optional
        From `sample_hop_energies`, for a change of the interactions.
    expansion : ClusterExpansion, optional
        The other interactions; without it they are those of the walk.
    seed : int, optional
        Draw the diffusivities from their standard errors as well, each by itself on a logarithmic scale, as another walk would.

    Returns
    -------
    Result
        As `result`; correlation factors and Haven ratios stay.

    Raises
    ------
    InputError
        Hops that differ in more than their barriers, a result that is not of kinetic Monte Carlo, other clusters.
    ConvergenceError
        Interactions so different that the ions would go other ways.
    """
    if "jump_diffusivity" not in result:
        raise InputError("reweighted_hops", "result", "no jump_diffusivity", "a data set of kinetic_monte_carlo")
    if (energies is None) != (expansion is None):
        field = "energies" if energies is None else "expansion"
        raise InputError("reweighted_hops", field, "nothing", "for other interactions both, energies from sample_hop_energies")
    kinds = [[kind.model_dump(exclude=_BARRIERS) for kind in one.kinds] for one in (before, after)]
    if kinds[0] != kinds[1]:
        raise InputError("reweighted_hops", "after", "other kinds of hops", "kinds that differ in their barriers only")
    x, T = result["x"].values, result["T"].values
    change = np.array([_levels(after, at) for at in x]) - [_levels(before, at) for at in x]
    middle, half = 0.5 * (change.max(axis=1) + change.min(axis=1)), 0.5 * np.ptp(change, axis=1)
    thermal = BOLTZMANN_EV * T[:, None]
    faster = xr.DataArray(after.attempt_frequency / before.attempt_frequency * np.exp(-middle / thermal), dims=("T", "x"))
    apart = xr.DataArray(np.expm1(half / thermal), dims=("T", "x"))
    if energies is not None and expansion is not None:
        apart = (apart**2 + _unevenness(energies, expansion) ** 2) ** 0.5
    found = Result(dict(result.data_vars), dict(result.coords), dict(result.attrs))
    numbers = np.random.default_rng(seed)
    for name in ("tracer_diffusivity", "jump_diffusivity", "tracer_diffusivity_tensor", "jump_diffusivity_tensor"):
        if name not in result:
            continue
        values, errors = result[name] * faster, result[f"{name}_error"] * faster
        widened = (errors**2 + (values * apart) ** 2) ** 0.5
        if seed is not None:
            moved = np.exp(_scatter(values, widened) * numbers.standard_normal(values.shape))
            values, widened = values * moved, widened * moved
        for key, new in ((name, values), (f"{name}_error", widened)):
            found[key] = new.transpose(*result[key].dims).assign_attrs(result[key].attrs)
    if "simulated_time" in result:
        found["simulated_time"] = (result["simulated_time"] / faster).assign_attrs(result["simulated_time"].attrs)
    parents = [dataset_digest(result), before.digest, after.digest]
    if energies is not None and expansion is not None:
        parents += [dataset_digest(energies), expansion.digest]
    source = predicted("scalith.lattice.reweighted_hops", *parents, settings={} if seed is None else {"seed": seed})
    return found.assign_attrs(source=source.to_json(), barrier_error=after.barrier_error)


def _levels(barriers: HopBarriers, x: float) -> list[float]:
    """Barrier of each kind at x; of one that depends on its surroundings what all of them share."""
    kinds = barriers.at(x).kinds
    return [kind.barrier if kind.surroundings is None else kind.surroundings.constant for kind in kinds]


def _scatter(values: xr.DataArray, errors: xr.DataArray) -> NDArray[np.float64]:
    """Standard deviation of ln(values); 0 where a value is not positive (a component of a tensor)."""
    known = values.values > 0.0
    return np.where(known, errors.values / np.where(known, values.values, 1.0), 0.0)


def _unevenness(energies: xr.Dataset, expansion: ClusterExpansion) -> xr.DataArray:
    """Relative error of the diffusivities from hops whose barriers change differently."""
    change = changed_weights(energies, expansion, "reweighted_hops")
    by_hop = energies["cluster_sum_change"].values @ change
    thermal = BOLTZMANN_EV * energies["T"].values[:, None]
    apart = np.expm1(0.5 * np.sqrt(np.mean(by_hop**2, axis=2)) / thermal)
    if float(apart.max()) > MOST_UNEVEN:
        said = f"energies of hops change by {1e3 * float(np.sqrt(np.mean(by_hop**2, axis=2)).max()):.0f} meV"
        raise ConvergenceError("re-weighting", f"{said}, too much for the same trajectories; walk anew")
    return xr.DataArray(apart, dims=("T", "x"))
