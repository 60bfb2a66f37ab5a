"""Phase diagram x–T: two-phase regions with errors, followed through the temperatures to where they close."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from scalith.lattice.phases.coexistence_sampling import sample_ends
from scalith.lattice.phases.isotherms import isotherms
from scalith.lattice.phases.long_range_order import order_at
from scalith.lattice.phases.phase_boundaries import phase_boundaries
from scalith.lattice.sampling.monte_carlo import Progress, model_on, semi_grand_canonical
from scalith.lattice.sampling.supercell import expansion_interactions, interacting_dimensions
from scalith.quantities import Result, labelled, predicted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from scalith.crystal import Host
    from scalith.lattice.expansion.cluster_expansion import ClusterExpansion
    from scalith.lattice.sampling.monte_carlo import Model
    from scalith.quantities import Property, Result

NARROW = 0.1
"""A region narrower than this, found at one temperature only, is not told from a steep but steady change of x."""
ISING = {1: 0.125, 2: 0.125, 3: 0.3265}
"""Critical exponent β of the width, w ∝ (T_c − T)^β, of the Ising class in two (Yang 1952) and three dimensions."""


def phase_diagram(
    expansion: ClusterExpansion,
    temperatures: ArrayLike,
    *,
    cells: int | Sequence[int] = 12,
    sweeps: int = 200,
    points: int = 96,
    parallel_tempering: bool = False,
    added_free_energies: Sequence[Property] = (),
    seed: int,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Result:
    r"""Two-phase regions over temperature, what order their phases have, and where they close.

    The semi-grand-canonical ensemble is sampled on a grid of chemical potentials at all temperatures
    (`scalith.lattice.semi_grand_canonical`), free energies are integrated from both ends, and common tangents give the regions
    (`scalith.lattice.phase_boundaries`). A shorter run before places more chemical potentials where x jumps. Both phases of each
    region are then sampled where they coexist, unless free energies are added; near a critical point their errors take in what a
    finite supercell shifts. Regions that
    overlap at neighbouring temperatures are one branch. Where a branch ends between two temperatures its width,
    w ∝ (T_c − T)^β with Ising's β of the dimensions in which ions interact, extrapolates to the temperature at which it closes.
    A region narrower than 0.1 that appears at one temperature alone is left out, and named in ``attrs["warnings"]``.

    Parameters
    ----------
    expansion : ClusterExpansion
    temperatures : array_like, shape (T,)
        K, increasing.
    cells, sweeps, points, parallel_tempering, seed, executor, progress
        As `scalith.lattice.semi_grand_canonical`.
    added_free_energies : sequence of Property
        Vibrational, electronic free energies over (x, T), J per mole of sites (`scalith.lattice.add_free_energies`).

    Returns
    -------
    xarray.Dataset
        Over ``region``: the variables of `phase_boundaries`, ``phase_low`` and ``phase_high``
        (names: `scalith.lattice.long_range_order`) and ``branch``. Over ``branch_number``: ``end``
        ("critical point", "congruent point": the phases differ in order, "three phases": other regions take over, or "above the
        highest temperature"), ``closing_temperature`` (K) and ``closing_stoichiometry`` with errors (NaN unless it closes).

    Raises
    ------
    InputError
        As `semi_grand_canonical`.
    """
    from scalith.lattice.phases.added_free_energy import add_free_energies

    seeds = np.random.SeedSequence(seed).spawn(2)
    pilot_seed, sampling_seed = (int(word) for word in seeds[0].generate_state(2))
    pilot = semi_grand_canonical(
        expansion, temperatures, cells=cells, sweeps=max(sweeps // 4, 20), points=points, seed=pilot_seed, executor=executor
    )
    sampled = semi_grand_canonical(
        expansion,
        temperatures,
        _denser_in_jumps(pilot, points),
        cells=cells,
        sweeps=sweeps,
        parallel_tempering=parallel_tempering,
        seed=sampling_seed,
        executor=executor,
        progress=progress,
    )
    if added_free_energies:
        sampled = add_free_energies(sampled, *added_free_energies)
    found = phase_boundaries(sampled)
    model = model_on(expansion, cells)
    if not added_free_energies:
        found = sample_ends(found, sampled, model, sweeps, seeds[1].spawn(1)[0], executor)
    T = sampled["T"].values
    branch = _branches(found, T)
    warnings = list(sampled.attrs["warnings"])
    lone = _lone(found, branch)
    if lone.any():
        words = ", ".join(f"x = {float(found['x_low'][k]):.3f} at {float(found['T'][k]):.0f} K" for k in np.flatnonzero(lone))
        warnings.append(
            f"narrow regions at single temperatures left out ({words}): first-order or only steep is not resolved; "
            "more points in the chemical potential, more sweeps"
        )
    found, branch = found.isel(region=~lone), np.unique(branch[~lone], return_inverse=True)[1].astype(np.int64)
    names = _phases(found, sampled, model, expansion.host, seeds[1])
    for column, name, words in ((0, "phase_low", "order of the emptier phase"), (1, "phase_high", "order of the fuller phase")):
        found[name] = labelled("region", np.array([pair[column] for pair in names], dtype=str), words, "")
    found["branch"] = labelled("region", branch, "regions of one number continue each other", "1")
    dimensions = interacting_dimensions(expansion_interactions(expansion, model.shape)[1], model.shape)
    found = _with_ends(found, T, _finite_size(model.shape), ISING[max(dimensions, 1)])
    settings = {"cells": list(model.shape), "sweeps": sweeps, "points": points, "seed": seed, "temperatures": T.tolist()}
    parents = [expansion.digest, *(item.digest for item in added_free_energies)]
    source = predicted("scalith.lattice.phase_diagram", *parents, settings=settings)
    return found.assign_attrs(source=source.to_json(), host=expansion.host.name, warnings=warnings)


def _denser_in_jumps(pilot: xr.Dataset, most: int) -> NDArray[np.float64]:
    """The pilot's chemical potentials and three more in each jump of x, at most `most`: a steep but steady change shows."""
    steps = {pair for iso in isotherms(pilot.drop_vars("steady")) for pair in ((iso.mu[a], iso.mu[b]) for a, b in iso.gaps)}
    grid = pilot["mu"].values
    widest = sorted(steps, key=lambda pair: pair[0] - pair[1])[: most // 3]
    added = np.array([a + share * (b - a) for a, b in widest for share in (0.25, 0.5, 0.75)])
    merged = np.sort(np.concatenate([grid, added]))
    return np.asarray(merged[np.concatenate([[True], np.diff(merged) > 1e-3 * float(np.median(np.diff(grid)))])])


def _branches(found: xr.Dataset, T: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number of the branch of each region: those at neighbouring temperatures that overlap most are one."""
    level = np.searchsorted(T, found["T"].values)
    low, high = found["x_low"].values, found["x_high"].values
    branch = np.arange(len(level), dtype=np.int64)
    for k in range(1, len(T)):
        below, above = np.flatnonzero(level == k - 1), np.flatnonzero(level == k)
        pairs = sorted(
            (
                (min(high[a], high[b]) - max(low[a], low[b])) / (max(high[a], high[b]) - min(low[a], low[b])),
                a,
                b,
            )
            for a in below
            for b in above
        )
        taken: set[int] = set()
        for overlap, a, b in reversed(pairs):
            if overlap > 0.0 and a not in taken and b not in taken:
                branch[b] = branch[a]
                taken |= {a, b}
    return branch


def _lone(found: xr.Dataset, branch: NDArray[np.int64]) -> NDArray[np.bool_]:
    width = found["x_high"].values - found["x_low"].values
    error = np.hypot(found["x_high_error"].values, found["x_low_error"].values)
    members = np.array([np.sum(branch == number) for number in branch])
    return np.asarray((members == 1) & ((width < NARROW) | (width < 4.0 * error)), dtype=bool).reshape(-1)


def _phases(
    found: xr.Dataset, sampled: xr.Dataset, model: Model, host: Host, seed: np.random.SeedSequence
) -> list[tuple[str, str]]:
    """Names of the phases on either side of each region, from one configuration in the middle of each phase's range of μ."""
    names = []
    known: dict[tuple[float, float], str] = {}
    for k in range(found.sizes["region"]):
        T, level = float(found["T"][k]), float(found["chemical_potential"][k])
        same = np.sort(found["chemical_potential"].values[found["T"].values == T])
        grid = sampled["mu"].values
        if "chemical_potential" in sampled:
            at = sampled["chemical_potential"].sel(T=T).values
            level, same = float(np.interp(level, at, grid)), np.interp(same, at, grid)
        edges = np.concatenate([[grid[0]], same, [grid[-1]]])
        position = int(np.argmin(np.abs(same - level)))
        pair = []
        for a, b in ((edges[position], edges[position + 1]), (edges[position + 1], edges[position + 2])):
            # A quarter of kT from the region: near enough to be its phase, far enough to be in it.
            reach = min(0.5 * (b - a), 2e-4 * T)
            mu = float(b - reach) if b == edges[position + 1] else float(a + reach)
            if (T, mu) not in known:
                known[T, mu] = order_at(model, host, mu, T, seed.spawn(1)[0]).name
            pair.append(known[T, mu])
        names.append((pair[0], pair[1]))
    return names


def _finite_size(shape: tuple[int, int, int]) -> float:
    """Relative distance from a critical temperature within which fluctuations fill the supercell, t ≈ 2 L^(−1/ν)."""
    wide = [n for n in shape if n > 1]
    exponent = 0.63 if len(wide) == 3 else 1.0
    return 2.0 * float(np.exp(np.mean(np.log(wide)))) ** (-1.0 / exponent) if wide else 1.0


def _with_ends(found: Result, T: NDArray[np.float64], blurred: float, exponent: float) -> Result:
    ends, numbers = [], np.full((found["branch"].to_index().nunique() if found.sizes["region"] else 0, 4), np.nan)
    low, high, level = found["x_low"].values, found["x_high"].values, np.searchsorted(T, found["T"].values)
    for number in range(len(numbers)):
        own = np.flatnonzero(found["branch"].values == number)
        own = own[np.argsort(level[own])]
        top = own[-1]
        if level[top] == len(T) - 1:
            ends.append("above the highest temperature")
            continue
        above = np.flatnonzero(level == level[top] + 1)
        if np.any((low[above] < high[top]) & (high[above] > low[top])):
            ends.append("three phases")
            continue
        alike = str(found["phase_low"].values[top]) == str(found["phase_high"].values[top])
        ends.append("critical point" if alike else "congruent point")
        numbers[number] = _closing(T, level[own], low[own], high[own], blurred, exponent)
        if alike:
            _widen(found, own, 1.0 - T[level[own]] / numbers[number][0], 0.5 * blurred, exponent)
    found["end"] = labelled("branch_number", np.array(ends, dtype=str), "how a branch ends upwards", "")
    for column, (name, unit, words) in enumerate(
        (
            ("closing_temperature", "K", "temperature at which a region closes"),
            ("closing_temperature_error", "K", "standard error of that temperature"),
            ("closing_stoichiometry", "1", "stoichiometry at which a region closes"),
            ("closing_stoichiometry_error", "1", "standard error of that stoichiometry"),
        )
    ):
        found[name] = labelled("branch_number", numbers[:, column], words, unit)
    return found


def _widen(found: Result, own: NDArray[np.int64], away: NDArray[np.float64], blurred: float, exponent: float) -> None:
    """Errors of ends near a critical point with what the finite supercell shifts.

    Its critical temperature is not sharper than t_L = L^(−1/ν), which moves a width ∝ t^β by β t_L/t of it; away from the
    critical point that falls off with L/ξ = (t/t_L)^ν.
    """
    nu = 0.63 if exponent > 0.2 else 1.0
    ratio = np.maximum(away, 0.5 * blurred) / max(blurred, 1e-9)
    half = 0.5 * (found["x_high"].values - found["x_low"].values)[own]
    shift = half * np.minimum(exponent / ratio * np.exp(-(ratio**nu)), 1.0)
    for side in ("low", "high"):
        errors = found[f"x_{side}_error"].values.copy()
        errors[own] = np.hypot(errors[own], shift)
        found[f"x_{side}_error"] = found[f"x_{side}_error"].copy(data=errors)


def _closing(
    T: NDArray[np.float64],
    level: NDArray[np.int64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    blurred: float,
    exponent: float,
) -> tuple[float, float, float, float]:
    """Temperature and stoichiometry at which a region closes, with errors: from its last widths, within the bracket of the grid.

    The error takes in the finite supercell, in which a region seems to close where fluctuations become as large as the cell.
    """
    below, above = float(T[level[-1]]), float(T[level[-1] + 1])
    last = slice(-min(len(level), 4), None)
    reduced, at = (high - low)[last] ** (1.0 / exponent), T[level[last]]
    estimate = 0.5 * (below + above)
    if len(at) > 1:
        slope, offset = np.polyfit(at, reduced, 1)
        if slope < 0.0:
            estimate = float(np.clip(-offset / slope, below, above))
    middle = 0.5 * (low + high)[last]
    drift = abs(float(middle[-1] - middle[0])) if len(middle) > 1 else 0.0
    error = float(np.hypot((above - below) / np.sqrt(12.0), blurred * estimate))
    return estimate, error, float(middle[-1]), max(0.5 * drift, 0.25 * float(high[-1] - low[-1]))
