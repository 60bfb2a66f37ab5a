"""Which ordering to compute, which place of a curve to measure, which input to know better: what narrows a target most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from scalith.design.fit.information_gain import Criterion, checked_costs, choose_candidates, ranked
from scalith.quantities import InputError, Result, Spec, dataset_digest, nearest, predicted, read_toml
from scalith.quantities.uncertain import correlations

if TYPE_CHECKING:
    from scalith.lattice import ClusterExpansion

Array = NDArray[np.float64]
_FLOOR = 1e-12
"""Variance of a direction of the posterior, relative to the largest, below which it is certain."""


def rank_orderings(
    expansion: ClusterExpansion,
    candidates: xr.Dataset,
    target: Literal["energies", "interactions"] | Mapping[int, float] = "energies",
    *,
    costs: Sequence[float] | None = None,
    choose: int = 1,
) -> Result:
    r"""Rank orderings that could be computed by how much they would narrow a cluster expansion.

    The expansion's posterior has the covariance C; an ordering with the row φ of the design matrix (multiplicity times
    correlation) and the noise σ of the fit adds φφᵀ/σ² to C⁻¹. Targets are the energies of all candidates together (the mean of
    their variances), the interactions (the volume of their ellipsoid, D-optimal), or a sum of energies (c-optimal). No energy
    of a candidate is needed (T. Mueller, G. Ceder, Phys. Rev. B 82 (2010) 184107, DOI 10.1103/PhysRevB.82.184107).

    Parameters
    ----------
    expansion : ClusterExpansion
        Fitted: with a covariance.
    candidates : xarray.Dataset
        From `scalith.crystal.enumerate_orderings` or `map_orderings`.
    target : {"energies", "interactions"} or mapping of int to float
        A mapping gives the weight of candidates in a sum of energies: ``{0: -1.0, 7: 1.0}``.
    costs : sequence of float, optional
        Of each candidate, in any one unit (core hours).
    choose : int

    Returns
    -------
    Result
        As `rank_measurements`, over ``candidate``; errors in eV per primitive cell (of interactions: their geometric mean).

    Raises
    ------
    InputError
        No covariance, no candidates, a place that is none, costs that are not positive.
    """
    from scalith.lattice.expansion.cluster_expansion import electrostatic_energies
    from scalith.lattice.expansion.cluster_space import design_matrix

    where = "rank_orderings"
    if not expansion.covariance or not expansion.noise > 0.0:
        raise InputError(where, "expansion", "no covariance", "a fitted expansion: one with given interactions has no posterior")
    count = int(candidates.sizes.get("structure", 0))
    if count == 0:
        raise InputError(where, "candidates", "none", "orderings, from enumerate_orderings or map_orderings")
    price = checked_costs(costs, count, choose, where)
    rows = design_matrix(expansion.orbits, candidates)
    covariance = np.array(expansion.covariance)
    if covariance.shape[0] > rows.shape[1]:
        rows = np.column_stack([rows, electrostatic_energies(expansion.host, candidates)])
    # In coordinates in which the posterior is the unit normal: certain directions are left out.
    values, vectors = np.linalg.eigh(covariance)
    known = values > _FLOOR * values.max()
    white = rows @ (vectors[:, known] * np.sqrt(values[known]))
    criterion: Criterion = "D" if target == "interactions" else "c"
    gradient = None if target == "interactions" else white / np.sqrt(count)
    if isinstance(target, Mapping):
        if not target or not all(isinstance(k, int) and 0 <= k < count for k in target):
            raise InputError(where, "target", dict(target), f"weights by place, 0 to {count - 1}")
        gradient = np.sum([weight * white[k] for k, weight in target.items()], axis=0)
    elif target not in ("energies", "interactions"):
        raise InputError(where, "target", target, "'energies', 'interactions' or weights by place")
    added = [np.outer(row, row) / expansion.noise**2 for row in white]
    choice = choose_candidates(np.eye(white.shape[1]), added, price, choose, criterion, gradient)
    settings = {
        "target": {str(k): float(v) for k, v in target.items()} if isinstance(target, Mapping) else target,
        "costs": price.tolist(),
        "choose": choose,
    }
    source = predicted("scalith.design.rank_orderings", expansion.digest, dataset_digest(candidates), settings=settings)
    names = [str(k) for k in range(count)]
    return ranked(choice, price, names, "eV" if gradient is not None else "1", "ranked orderings", source.to_json())


def rank_places(
    places: ArrayLike,
    *,
    deviation: float,
    length: float,
    noise: float,
    known: ArrayLike = (),
    target: ArrayLike | None = None,
    costs: Sequence[float] | None = None,
    choose: int = 1,
) -> Result:
    r"""Rank the places of a curve (compositions, temperatures, states of charge) at which it could be measured or computed.

    The curve is a Gaussian process with the covariance :math:`s^2 e^{-(x-x')^2/2\ell^2}`, known at some places within the noise.
    What each further place would tell of the mean square error of the whole curve, or of its values at the target places, does
    not hang on what is found there, so that several can be chosen at once.

    Parameters
    ----------
    places : array_like
        Candidates, on one axis.
    deviation, length : float
        s in the unit of the curve, and ℓ in that of the axis: within it the curve keeps its sign about what is expected.
    noise : float
        Standard error of one measurement.
    known : array_like, optional
        Places that were measured already.
    target : array_like, optional
        Places whose values are wanted; all candidates without it.
    costs, choose
        As in `rank_measurements`.

    Returns
    -------
    Result
        As `rank_measurements`; errors are the root mean square over the target places.

    Raises
    ------
    InputError
        No places, or a deviation, length or noise that is not positive.
    """
    where = "rank_places"
    x, seen = np.atleast_1d(np.asarray(places, dtype=np.float64)), np.atleast_1d(np.asarray(known, dtype=np.float64))
    wanted = x if target is None else np.atleast_1d(np.asarray(target, dtype=np.float64))
    for name, value in (("deviation", deviation), ("length", length), ("noise", noise)):
        if not (np.isfinite(value) and value > 0.0):
            raise InputError(where, name, value, "a positive number")
    if x.size == 0 or x.ndim != 1 or not np.all(np.isfinite(x)):
        raise InputError(where, "places", places, "finite numbers on one axis")
    price = checked_costs(costs, x.size, choose, where)
    together = np.concatenate([x, seen, wanted])
    values, vectors = np.linalg.eigh(deviation**2 * correlations(together, length))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    root = root[:, values > _FLOOR * values.max()]
    at_x, at_seen, at_wanted = root[: x.size], root[x.size : x.size + seen.size], root[x.size + seen.size :]
    information = np.eye(root.shape[1]) + at_seen.T @ at_seen / noise**2
    added = [np.outer(row, row) / noise**2 for row in at_x]
    choice = choose_candidates(information, added, price, choose, "c", at_wanted / np.sqrt(wanted.size))
    settings = {"deviation": deviation, "length": length, "noise": noise, "known": seen.tolist(), "places": x.tolist()}
    settings |= {"target": wanted.tolist(), "costs": price.tolist(), "choose": choose}
    source = predicted("scalith.design.rank_places", settings=settings)
    return ranked(choice, price, [f"{value:g}" for value in x], "", "ranked places", source.to_json())


class Improvement(Spec):
    """Something that would make inputs of a study better known.

    Attributes
    ----------
    name : str
    improves : tuple of str
        Inputs as they are called in the shares, or patterns: ``"cell_specification.electrolyte.*"``.
    error : float
        Of what it would find, as a share of the present error: with 1, two equally good values halve the variance.
    cost : float
        In any one unit.
    """

    name: Annotated[str, Field(min_length=1)]
    improves: Annotated[tuple[str, ...], Field(min_length=1)]
    error: Annotated[float, Field(gt=0.0)] = 1.0
    cost: Annotated[float, Field(gt=0.0)] = 1.0


def read_improvements(path: str | Path) -> list[Improvement]:
    """Improvements from a TOML file: one table ``[[candidate]]`` each.

    Raises
    ------
    InputError
        The file cannot be read, or has another form.
    """
    stated = read_toml(path)
    rows = stated.get("candidate")
    if not isinstance(rows, list) or not rows or set(stated) - {"candidate"}:
        raise InputError(
            str(path), "", ", ".join(stated) or "nothing", "tables [[candidate]] with name, improves, error and cost"
        )
    return [Improvement.read(row, f"{path}: candidate {k}") for k, row in enumerate(rows, start=1)]


def output_of(shares: xr.Dataset, target: str) -> str:
    """The output of `rank_inputs` that a name means: the whole of it, or a part that only one has.

    Raises
    ------
    InputError
        None, or several.
    """
    names = [str(name) for name in shares["output"].values]
    found = [target] if target in names else [name for name in names if target in name]
    if len(found) > 1:
        raise InputError("rank_improvements", "target", target, f"one of {', '.join(map(repr, found))}")
    if not found:
        raise InputError("rank_improvements", "target", target, nearest(target, names))
    return found[0]


def rank_improvements(shares: xr.Dataset, target: str, candidates: Sequence[Improvement] = (), *, choose: int = 1) -> Result:
    r"""Rank what could be measured or computed by how much it would narrow a target of a study.

    From the first-order indices S of `scalith.ladder.rank_inputs`: the target moves with its inputs as Σ √S_i σ z_i, z_i unit
    normal. A candidate with the relative error ε adds 1/ε² to the information on each input that it improves; the variance of
    the target falls by S_i/(1 + ε²) of itself. What inputs do together, and what is left, is not narrowed.

    Parameters
    ----------
    shares : Dataset
        From `scalith.ladder.rank_inputs`, or read from the results of an ensemble.
    target : str
        One of its outputs, or a part of its name that no other has.
    candidates : sequence of Improvement
        Without any: each input measured once more, as well as it is known, at equal cost.
    choose : int
        How many to choose.

    Returns
    -------
    Result
        As `scalith.design.rank_measurements`; errors in the unit of the target.

    Raises
    ------
    InputError
        No such target, or one that does not vary; a candidate that improves nothing.
    """
    where = "rank_improvements"
    output = output_of(shares, target)
    one = shares.sel(output=output)
    first, inputs = np.clip(one["first_order"].values, 0.0, 1.0), [str(name) for name in one["input"].values]
    if not np.all(np.isfinite(first)):
        raise InputError(where, "target", target, "an output that varies")
    asked = list(candidates) or [Improvement(name=f"{name} once more", improves=(name,)) for name in inputs]
    price = checked_costs([one.cost for one in asked], len(asked), choose, where)
    added = []
    for candidate in asked:
        improved = [any(name == p or fnmatchcase(name, p) for p in candidate.improves) for name in inputs]
        for pattern in candidate.improves:
            if not any(name == pattern or fnmatchcase(name, pattern) for name in inputs):
                raise InputError(where, f"improves of {candidate.name!r}", pattern, nearest(pattern, inputs))
        added.append(np.diag(np.append(np.array(improved, dtype=np.float64), 0.0)) / candidate.error**2)
    deviation = float(one["deviation"])
    rest = max(1.0 - float(first.sum()), 0.0)  # what is done together, and left: known to no candidate
    gradient = deviation * np.sqrt(np.append(first, rest))
    choice = choose_candidates(np.eye(gradient.size), added, price, choose, "c", gradient)
    settings = {"target": output, "candidates": [one.model_dump(mode="json") for one in asked], "choose": choose}
    source = predicted("scalith.design.rank_improvements", dataset_digest(shares), settings=settings)
    names, unit = [one.name for one in asked], str(one["output_unit"].values)
    return ranked(choice, price, names, unit, "ranked improvements", source.to_json()).assign_attrs(target=output)
