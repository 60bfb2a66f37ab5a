"""Cluster expansion of the energy of orderings: fit, errors, ground states, draws."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from scalith.crystal import Host
from scalith.crystal.host import require_two_species
from scalith.lattice.expansion.cluster_space import Orbit, cluster_orbits, cluster_vector, design_matrix
from scalith.lattice.expansion.electrostatics import ewald_energy
from scalith.lattice.expansion.regression import Method, Regression, decide_points, fit, grouped_errors
from scalith.quantities import ConvergenceError, InputError, Source, Spec, predicted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from scalith.lattice.expansion.species_expansion import SpeciesExpansion

Matrix = tuple[tuple[float, ...], ...]


_TIE = 1e-9
"""eV: structures whose energies differ by less are degenerate."""

INTERPOLATED = 1e-4
"""Share of the errors of predictions below which the noise of a fit is round-off."""


def _above_hull(x: tuple[float, ...], energy: tuple[float, ...], corners: tuple[int, ...]) -> NDArray[np.float64]:
    """Energy of every structure above the hull through the corners (which increase in x)."""
    hull = np.interp(x, [x[index] for index in corners], [energy[index] for index in corners])
    return np.asarray(np.asarray(energy) - hull)


class HullReport(Spec):
    """Ground states in the data and in the fit.

    Attributes
    ----------
    x : tuple of float
        Filled fraction of each structure.
    formation_energy, predicted_formation_energy : tuple of float
        Energy above the line between the data's emptiest and fullest structures, eV per primitive cell.
    ground_states, predicted_ground_states : tuple of int
        Structures on the lower convex hull of the data and of the fit's energies of the same structures.
    kept : bool
        Whether every ground state of the data is one of the fit.
    """

    x: tuple[float, ...]
    formation_energy: tuple[float, ...]
    predicted_formation_energy: tuple[float, ...]
    ground_states: tuple[int, ...]
    predicted_ground_states: tuple[int, ...]

    @property
    def kept(self) -> bool:
        """Whether every ground state of the data is one of the fit, or as low as one within round-off."""
        above = _above_hull(self.x, self.predicted_formation_energy, self.predicted_ground_states)
        return all(above[index] < _TIE for index in self.ground_states)

    @property
    def spurious(self) -> tuple[int, ...]:
        """Ground states of the fit that lie above the hull of the data."""
        above = _above_hull(self.x, self.formation_energy, self.ground_states)
        return tuple(index for index in self.predicted_ground_states if above[index] >= _TIE)


class ClusterExpansion(Spec):
    """Energy of any ordering of a host: E = Σ_α m_α J_α Π_α per primitive cell.

    Attributes
    ----------
    host : Host
    orbits : tuple of Orbit
        The constant, points, pairs, …
    interactions : tuple of float
        J_α, eV per cluster.
    inverse_permittivity : float
        Weight 1/ε_r of the electrostatic energy of the formal charges (`scalith.lattice.expansion.electrostatics`); 0 without it.
    covariance : tuple of tuples of float
        Posterior covariance of the interactions, eV² (last row and column: 1/ε_r, where fitted).
    method : str
        How it was fitted.
    noise : float
        Standard deviation of the residual, eV per primitive cell.
    root_mean_square_error, leave_one_out_error : float
        Of the fit, and of predictions of each structure from all others, eV per primitive cell.
    grouped_error : dict of str to float
        Error of predictions of each structure from those of other groups: of other ``composition``, other ``supercell``
        size, and other groups of the user (``given``), where there are at least two; over the structures of those without which
        the others tell constant and points.
    untested_groups : dict of str to tuple of str
        Those without which they do not, and whose prediction is therefore not tested.
    hull : HullReport or None
    known_x : (float, float)
        Range of stoichiometries of the fitted energies: outside of it the expansion extrapolates.
    source : Source
    """

    host: Host
    orbits: tuple[Orbit, ...]
    interactions: tuple[float, ...]
    inverse_permittivity: float = 0.0
    covariance: Matrix = ()
    method: str = "given"
    noise: float = 0.0
    root_mean_square_error: float = 0.0
    leave_one_out_error: float = 0.0
    grouped_error: dict[str, float] = Field(default_factory=dict)
    untested_groups: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    hull: HullReport | None = None
    known_x: tuple[float, float] = (0.0, 1.0)
    source: Source

    @classmethod
    def given(
        cls,
        host: Host,
        interactions: tuple[float, ...],
        pair_cutoff: float,
        triplet_cutoff: float = 0.0,
        quadruplet_cutoff: float = 0.0,
    ) -> ClusterExpansion:
        """An expansion with stated interactions (eV per cluster, in the order of `cluster_orbits`): a model, not a fit."""
        require_two_species(host)
        orbits = cluster_orbits(host, pair_cutoff, triplet_cutoff, quadruplet_cutoff)
        if len(interactions) != len(orbits):
            orders = ", ".join(str(orbit.order) for orbit in orbits)
            raise InputError(
                "cluster expansion",
                "interactions",
                f"{len(interactions)} values",
                f"{len(orbits)}, one an orbit (orders {orders})",
            )
        source = Source(kind="assumed", reference="interactions stated by the user", parents=(host.digest,))
        return cls(host=host, orbits=orbits, interactions=tuple(float(value) for value in interactions), source=source)

    @staticmethod
    def orbits_of(
        host: Host, pair_cutoff: float, triplet_cutoff: float = 0.0, quadruplet_cutoff: float = 0.0
    ) -> tuple[Orbit, ...]:
        """The orbits that `given` expects interactions for, in their order."""
        return cluster_orbits(host, pair_cutoff, triplet_cutoff, quadruplet_cutoff)

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """m_α J_α, shape (orbits,), eV per primitive cell."""
        return np.array([orbit.multiplicity * value for orbit, value in zip(self.orbits, self.interactions, strict=True)])

    def energy(
        self, supercell: NDArray[np.int64], filled: NDArray[np.int8], sublattice: NDArray[np.int64], offset: NDArray[np.int64]
    ) -> float:
        """Energy of an ordering, eV per primitive cell (arguments as `cluster_vector`)."""
        energy = float(cluster_vector(self.orbits, supercell, filled, sublattice, offset) @ self.weights)
        if self.inverse_permittivity != 0.0:
            energy += self.inverse_permittivity * ewald_energy(self.host, supercell, filled)
        return energy

    def draws(self, count: int, seed: int | np.random.Generator) -> tuple[ClusterExpansion, ...]:
        """Expansions whose interactions are drawn around those of the fit, with its `widened_covariance`."""
        return tuple(ClusterExpansion(**fields) for fields in drawn_fields(self, count, seed))


def fit_cluster_expansion(
    host: Host,
    orderings: xr.Dataset,
    *,
    pair_cutoff: float,
    triplet_cutoff: float,
    quadruplet_cutoff: float = 0.0,
    electrostatics: bool = False,
    method: Method = "ridge",
    keep_ground_states: bool = False,
    end_importance: float = 1.0,
    groups: Sequence[object] | None = None,
) -> ClusterExpansion:
    """Fit interactions to the energies of mapped orderings.

    Parameters
    ----------
    host : Host
    orderings : xarray.Dataset
        From `scalith.crystal.map_orderings` for this host.
    pair_cutoff, triplet_cutoff, quadruplet_cutoff : float
        Longest distance within a cluster, Å; 0 leaves the order out.
    electrostatics : bool
        Whether the energy of the formal charges (Ewald's sum over the ideal sites) enters with a fitted weight 1/ε_r. Monte
        Carlo then has a pair interaction between any two sites of its supercell.
    method : {"ridge", "ard", "bayesian"}
        See `scalith.lattice.expansion.regression.fit`.
    keep_ground_states : bool
        Constrain the fit so that the structures on the data's convex hull are those on the fit's. The posterior and the
        leave-one-out error remain those of the free fit.
    end_importance : float
        How many times smaller the noise of the emptiest and the fullest structures is taken: their energies set the average
        voltage, which a fit that misses them by a few meV a site misses by as many mV. 1 treats all alike; 30 pins them.
    groups : sequence, optional
        A label for each structure (the batch that it was computed in, say): cross-validation leaves out whole groups, beside
        those by composition and by size of the supercell. Neighbours of a structure among the data flatter the
        leave-one-out error; these do not.

    Returns
    -------
    ClusterExpansion

    Raises
    ------
    InputError
        The orderings belong to another host, or are too few; not one group for each structure, or one that alone tells the
        constant or a point.
    """
    orbits = cluster_orbits(host, pair_cutoff, triplet_cutoff, quadruplet_cutoff)
    require_same_host(host, orderings)
    A = design_matrix(orbits, orderings)
    shrunk = np.array([orbit.order > 1 for orbit in orbits])
    if electrostatics:
        A = np.column_stack([A, electrostatic_energies(host, orderings)])
        shrunk = np.append(shrunk, False)
    settings: dict[str, Any] = {
        "keep_ground_states": keep_ground_states,
        "end_importance": end_importance,
        "pair_cutoff_angstrom": pair_cutoff,
        "triplet_cutoff_angstrom": triplet_cutoff,
        "quadruplet_cutoff_angstrom": quadruplet_cutoff,
        "electrostatics": electrostatics,
        "method": method,
        "structures": orderings.sizes["structure"],
    }
    fitted = fit_energies(
        A,
        orderings,
        shrunk,
        method=method,
        keep_ground_states=keep_ground_states,
        end_importance=end_importance,
        groups=groups,
    )
    weights = fitted.pop("weights")
    return ClusterExpansion(
        host=host,
        orbits=orbits,
        interactions=tuple(float(value) for value in weights[: len(orbits)]),
        inverse_permittivity=float(weights[-1]) if electrostatics else 0.0,
        source=predicted(
            "scalith.lattice.expansion.cluster_expansion.fit_cluster_expansion",
            host.digest,
            settings=settings,
            files=Source.from_json(orderings.attrs["source"]).files,
        ),
        **fitted,
    )


def fit_energies(
    A: NDArray[np.float64],
    orderings: xr.Dataset,
    shrunk: NDArray[np.bool_],
    *,
    method: Method,
    keep_ground_states: bool,
    end_importance: float,
    groups: Sequence[object] | None,
    one_composition: bool = True,
) -> dict[str, Any]:
    """Weights of the columns of A for the energies of orderings, with what an expansion tells of its fit.

    `one_composition`: whether arrangements differ in the working ion alone (and in what it oxidises), so that they have one hull.
    """
    if keep_ground_states and not one_composition:
        found = "arrangements that differ in more than the working ion"
        raise InputError(
            "cluster expansion", "keep_ground_states", found, "one composition of everything else, which has one hull"
        )
    y, x = orderings["energy"].values.astype(np.float64), orderings["x"].values
    importance = _importance(x, end_importance)
    result = fit(A, y, shrunk, method, importance)
    scaled = A * importance[:, None]
    weights = _constrained(A, y, x, result, scaled) if keep_ground_states else result.weights
    # A group without which not even the points are told (all small cells, say) tests nothing.
    points, grouped, untested = A[:, ~shrunk], {}, {}
    for name, of in _groups(orderings, groups).items():
        untold = [str(group) for group in np.unique(of) if not decide_points(points[of != group], points)]
        if untold and name == "given":
            left = f"{untold[0]}, without which the others do not tell constant and points"
            raise InputError("cluster expansion", "groups", left, "groups each of which the others can predict")
        if untold:
            untested[name] = tuple(untold)
        if (tested := ~np.isin(of, untold)).any():
            errors = grouped_errors(scaled, y * importance, result.prior, of) / importance
            grouped[name] = float(np.sqrt(np.mean(errors[tested] ** 2)))
    return {
        "weights": weights,
        "covariance": tuple(tuple(float(value) for value in row) for row in result.covariance),
        "method": method,
        "noise": result.noise,
        "root_mean_square_error": float(np.sqrt(np.mean((y - A @ weights) ** 2))),
        "leave_one_out_error": float(np.sqrt(np.mean(result.leave_one_out**2))),
        "grouped_error": grouped,
        "untested_groups": untested,
        "hull": hull_report(x, y, A @ weights) if one_composition else None,
        "known_x": (float(x.min()), float(x.max())),
    }


def widened_covariance(expansion: ClusterExpansion | SpeciesExpansion) -> NDArray[np.float64]:
    """Covariance of the interactions that stands for the errors of predictions, eV².

    The posterior knows the noise of the fit alone. It is widened by the square of the largest of the leave-one-out and grouped
    errors over that noise, where this is above 1: the spread of members is then no less than how far the fit was off at
    structures, and whole groups of them, that it had not seen. Stated errors (`scalith.lattice.with_fit_error`) and members
    (``draws``) take the same. It stays as it is where the fit has no residuals to be widened (`meets_all_energies`).
    """
    if meets_all_energies(expansion) or expansion.noise == 0.0:
        return np.array(expansion.covariance)
    return np.array(expansion.covariance) * max(_largest_error(expansion) / expansion.noise, 1.0) ** 2


def meets_all_energies(expansion: ClusterExpansion | SpeciesExpansion) -> bool:
    """Whether a fit has as many interactions as energies: nothing is left of these, and yet it predicts no other.

    Such a fit does not tell how far its interactions are off.
    """
    return bool(expansion.covariance) and expansion.noise < INTERPOLATED * _largest_error(expansion)


def _largest_error(expansion: ClusterExpansion | SpeciesExpansion) -> float:
    return max([expansion.leave_one_out_error, *expansion.grouped_error.values()])


def drawn_fields(
    expansion: ClusterExpansion | SpeciesExpansion, count: int, seed: int | np.random.Generator
) -> list[dict[str, Any]]:
    """Fields of expansions drawn around the weights of a fitted one, with its widened covariance."""
    if not expansion.covariance:
        raise InputError(
            "cluster expansion", "covariance", "none", "a fitted expansion: one with given interactions has no posterior"
        )
    values, vectors = np.linalg.eigh(widened_covariance(expansion))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    numbers = np.random.default_rng(seed).standard_normal((count, len(values)))
    mean = np.array((*expansion.interactions, expansion.inverse_permittivity)[: len(values)])
    stated, orbits = {"seed": seed} if isinstance(seed, int) else {}, len(expansion.orbits)
    name = f"scalith.lattice.{type(expansion).__name__}.draws"
    return [
        {
            "host": expansion.host,
            "orbits": expansion.orbits,
            "interactions": tuple(float(value) for value in member[:orbits]),
            "inverse_permittivity": float(member[orbits]) if len(member) > orbits else 0.0,
            "method": "draw",
            "known_x": expansion.known_x,
            "source": predicted(name, expansion.digest, settings={**stated, "draw": k}),
        }
        for k, member in enumerate(mean + numbers @ root.T)
    ]


def _importance(x: NDArray[np.float64], of_ends: float) -> NDArray[np.float64]:
    """Weight of each structure in the fit: 1, and `of_ends` for the emptiest and the fullest."""
    if not of_ends > 0.0:
        raise InputError("cluster expansion", "end_importance", of_ends, "a positive number")
    return np.where((x < x.min() + 1e-9) | (x > x.max() - 1e-9), of_ends, 1.0)


def _constrained(
    A: NDArray[np.float64], y: NDArray[np.float64], x: NDArray[np.float64], free: Regression, scaled: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The weights of least penalised misfit among those that leave the data's hull the fit's hull (quadratic programme).

    No corner may lie above the line between its neighbouring corners, and no other structure below the hull. A corner may come to
    lie on that line where the clusters cannot tell it from a mixture of others.
    """
    from scipy.optimize import nnls

    corners = list(lower_hull(x, y))
    rows = []
    for k in range(len(y)):
        inner = k in corners[1:-1]
        known = [c for c in corners if c != k] if inner else corners
        right = min(max(int(np.searchsorted(x[known], x[k], side="right")), 1), len(known) - 1)
        a, b = known[right - 1], known[right]
        share = (x[k] - x[a]) / (x[b] - x[a])
        above = A[k] - (1.0 - share) * A[a] - share * A[b]
        if inner:
            rows.append(-above)
        elif k not in corners and np.max(np.abs(above)) > 1e-9:
            rows.append(above)
    limits = np.array(rows)
    # Scaled to the free fit's curvature: the programme is then the nearest point to the origin.
    curvature = scaled.T @ scaled + np.diag(free.penalties)
    root = np.linalg.cholesky(curvature + 1e-12 * np.trace(curvature) * np.eye(len(curvature)))
    to_weights = np.linalg.inv(root).T
    reduced, offset = limits @ to_weights, limits @ free.weights
    # Nearest point to the origin with reduced·z ≥ −offset (Lawson, Hanson: least distance programming), in meV for its scale.
    system = np.vstack([reduced.T, -1e3 * offset])
    target = np.append(np.zeros(len(curvature)), 1.0)
    residual = system @ nnls(system, target, maxiter=10_000)[0] - target
    if np.linalg.norm(residual) < 1e-8:
        raise ConvergenceError("constrained fit", "no interactions within the cut-offs keep the ground states; add clusters")
    return np.asarray(free.weights - 1e-3 * to_weights @ residual[:-1] / residual[-1])


def _groups(orderings: xr.Dataset, given: Sequence[object] | None) -> dict[str, NDArray[np.str_]]:
    """Names of the groups of structures by what they have in common; only where there are at least two."""
    count = orderings.sizes["structure"]
    sizes = np.round(np.abs(np.linalg.det(orderings["supercell"].values))).astype(np.int64)
    found = {
        "composition": np.array([f"x = {x:.6g}" for x in orderings["x"].values]),
        "supercell": np.array([f"cells of {size}" for size in sizes]),
    }
    if given is not None:
        if len(given) != count:
            raise InputError("cluster expansion", "groups", f"{len(given)} labels", f"{count}, one for each structure")
        found["given"] = np.array([str(item) for item in given])
    return {name: of for name, of in found.items() if len(np.unique(of)) > 1}


def electrostatic_energies(host: Host, orderings: xr.Dataset) -> NDArray[np.float64]:
    """`ewald_energy` of all orderings of a data set, shape (structures,), eV per primitive cell."""
    filled = orderings["filled"].values
    return np.array(
        [ewald_energy(host, cell, row[row >= 0]) for cell, row in zip(orderings["supercell"].values, filled, strict=True)]
    )


def require_same_host(host: Host, orderings: xr.Dataset) -> None:
    """Reject orderings that were mapped on another host."""
    known = orderings.attrs.get("host")
    if known is not None and Host.model_validate_json(known).digest != host.digest:
        raise InputError(
            "cluster expansion", "orderings", Host.model_validate_json(known).name, f"orderings mapped on host {host.name} itself"
        )


def lower_hull(x: NDArray[np.float64], energy: NDArray[np.float64]) -> tuple[int, ...]:
    """Indices of the points on the lower convex hull, by growing x."""
    order = np.lexsort([energy, x])
    hull: list[int] = []
    for k in order:
        if hull and x[k] - x[hull[-1]] < 1e-9:
            continue
        while len(hull) > 1:
            a, b = hull[-2], hull[-1]
            # A point on the line between its neighbours (within 1e-9 eV) is no corner.
            if (energy[b] - energy[a]) * (x[k] - x[a]) >= (energy[k] - energy[a]) * (x[b] - x[a]) - 1e-9 * (x[k] - x[a]):
                hull.pop()
            else:
                break
        hull.append(int(k))
    return tuple(hull)


def hull_report(x: NDArray[np.float64], energy: NDArray[np.float64], fitted: NDArray[np.float64]) -> HullReport:
    """Formation energies and ground states of data and fit; both above the line between the data's end structures."""
    low, high = int(np.lexsort([energy, x])[0]), int(np.lexsort([-energy, x])[-1])
    span = max(x[high] - x[low], 1e-12)
    line = energy[low] + (energy[high] - energy[low]) * (x - x[low]) / span
    line_fitted = fitted[low] + (fitted[high] - fitted[low]) * (x - x[low]) / span
    return HullReport(
        x=tuple(float(v) for v in x),
        formation_energy=tuple(float(v) for v in energy - line),
        predicted_formation_energy=tuple(float(v) for v in fitted - line_fitted),
        ground_states=lower_hull(x, energy),
        predicted_ground_states=lower_hull(x, fitted),
    )
