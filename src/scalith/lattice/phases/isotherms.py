"""Sampled states of each temperature in order of x, with the two-phase regions between them and the potentials of coexistence."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scalith.numerics.remembered import remembered
from scalith.quantities import InputError, dataset_digest
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

GAP = 0.03
"""A jump of x between neighbouring μ is a two-phase region when wider than this and than four times what fluctuations explain."""
BIMODAL = 0.75
"""Sarle's coefficient above which a state counts as a mixture of two phases (5/9: an even distribution)."""


class Isotherm(NamedTuple):
    """States at one temperature in order of x (energies in eV per site), and the two-phase regions between them."""

    T: float
    mu: NDArray[np.float64]
    x: NDArray[np.float64]
    x_error: NDArray[np.float64]
    energy: NDArray[np.float64]
    entropy: NDArray[np.float64]
    fluctuations: NDArray[np.float64]
    fluctuations_error: NDArray[np.float64]
    partial_energy: NDArray[np.float64]
    partial_energy_error: NDArray[np.float64]
    potential_error: NDArray[np.float64]
    steady: NDArray[np.int64]
    """Steps of μ up to each state over which x was found to change steadily, however fast."""
    gaps: list[tuple[int, int]]


def isotherms(sampled: xr.Dataset) -> list[Isotherm]:
    """The sampled states of each temperature in order, with their two-phase regions."""
    missing = [name for name in ("x", "x_error", "energy", "fluctuations", "grand_potential") if name not in sampled]
    if missing:
        raise InputError("sampled", missing[0], "no such variable", "a data set of semi_grand_canonical")

    def states() -> tuple[Isotherm, ...]:
        return tuple(_isotherm(sampled.isel(T=k)) for k in range(sampled.sizes["T"]))

    # Voltage, thermodynamic factor and entropic coefficient ask one after the other.
    return list(remembered(states, "isotherms", dataset_digest(sampled)))


def _isotherm(state: xr.Dataset) -> Isotherm:
    T = float(state["T"])
    per_cell = state.attrs["sites"] / state.attrs["cells"]
    passed = np.cumsum(state["steady"].values) - state["steady"].values if "steady" in state else np.zeros(state.sizes["mu"])
    state = state.assign(steady_before=("mu", passed.astype(np.int64)))
    if "stable" in state:
        state = state.isel(mu=np.flatnonzero(state["stable"].values))
    if "bimodality" in state:
        state = state.isel(mu=np.flatnonzero(~_mixtures(state)))
    # A state that fell back into the phase of lower x is metastable: left out.
    state = state.isel(mu=_longest_rising(state["x"].values, 0.01))
    mu = state["chemical_potential" if "chemical_potential" in state else "mu"].values
    raw, error = state["x"].values, state["x_error"].values
    x = np.clip(isotonic(raw, 1.0 / (error**2 + 0.002**2)), 1e-9, 1 - 1e-9)
    energy = state["energy"].values / per_cell
    entropy = (energy - mu * raw - state["grand_potential"].values) / T
    # Pooling moved x a little: the energy follows at constant grand potential and entropy.
    energy = energy + mu * (x - raw)
    if state.attrs.get("zero_of_entropy", 1):  # entropies counted from elsewhere may have any sign
        entropy = np.maximum(entropy, 0.0)
    known = "grand_potential_error" in state
    iso = Isotherm(
        T,
        mu,
        x,
        error,
        energy,
        entropy,
        state["fluctuations"].values,
        state["fluctuations_error"].values,
        state["partial_energy"].values,
        state["partial_energy_error"].values,
        state["grand_potential_error"].values if known else np.zeros(len(mu)),
        state["steady_before"].values,
        [],
    )
    return _with_gaps(iso)


def _mixtures(state: xr.Dataset) -> NDArray[np.bool_]:
    """States in which a small lattice goes back and forth between two phases: it is neither of them.

    The number of ions then has two values, or nearly so and its variance stands far above those of its neighbours in μ on both
    sides (which near a critical point it does not).
    """
    bimodality = state["bimodality"].values
    wide, spike = _spread(state)
    mixed = wide & ((bimodality > BIMODAL) | (spike & (bimodality > 5.0 / 9.0)))
    if "steady" in state:  # where two phases were looked for and not found, none mix
        steady = state["steady"].values.astype(bool)
        mixed &= ~(steady | np.concatenate([[False], steady[:-1]]))
    return np.asarray(mixed)


def _spread(state: xr.Dataset) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """States over whose fluctuations a gap would fit, and those that fluctuate far more than their neighbours on both sides."""
    variance = np.maximum(state["fluctuations"].values, 0.0)
    padded = np.concatenate([np.full(3, np.inf), variance, np.full(3, np.inf)])
    around = np.lib.stride_tricks.sliding_window_view(padded, 7)
    spike = variance > 6.0 * np.maximum(around[:, :3].min(axis=1), around[:, 4:].min(axis=1))
    return np.sqrt(variance / state.attrs["sites"]) > GAP, spike


def possible_mixtures(state: xr.Dataset) -> NDArray[np.bool_]:
    """States at one temperature that fluctuate as mixtures of two phases do, whatever the shape of their histogram.

    Where a box of two phases is sampled for a few crossings only, most of what it shows may be one of them, or on the way.
    """
    wide, spike = _spread(state)
    return wide & spike


def _with_gaps(iso: Isotherm) -> Isotherm:
    """The isotherm with its two-phase regions; states inside one, mixtures of both phases that outlived the run, are left out.

    Two jumps of x that follow each other part an intermediate phase from its neighbours, or are one jump with a mixture inside.
    A phase is stable from the potential at which it coexists with the emptier one up to that with the fuller one: this range
    must exceed twice its statistical error, and for a single state half of the step of μ on either side. A jump in which two
    phases were looked for and not found (`scalith.lattice.sampling.two_phase_test`) is none.
    """
    while True:
        # What the slope at either end, and beyond, lets x change by between neighbours.
        padded = np.concatenate([iso.fluctuations[:1], iso.fluctuations, iso.fluctuations[-1:]])
        slope = np.lib.stride_tricks.sliding_window_view(padded, 4).max(axis=1) / (BOLTZMANN_EV * iso.T)
        jumps, doubt = np.diff(iso.x), 3.0 * np.hypot(iso.x_error[1:], iso.x_error[:-1])
        wide = (jumps - np.minimum(doubt, 0.5 * jumps) > GAP) & (jumps > 4.0 * slope * np.diff(iso.mu))
        gaps = [(int(k), int(k) + 1) for k in np.flatnonzero(wide & (np.diff(iso.steady) == 0))]
        iso = iso._replace(gaps=gaps)
        for (a, b), (c, d) in pairwise(gaps):
            (lower, lower_error), (upper, upper_error) = coexistence(iso, a, b), coexistence(iso, c, d)
            least = 2.0 * np.hypot(lower_error, upper_error)
            if b == c:
                least += 0.5 * float(iso.mu[d] - iso.mu[a])
            mixture = bool(np.all(iso.x_error[b : c + 1] > 0.02))
            if upper - lower <= least or mixture:
                kept = np.r_[0:b, d : len(iso.x)]
                iso = iso._replace(**{name: getattr(iso, name)[kept] for name in Isotherm._fields[1:-1]})
                break
        else:
            return iso


def coexistence(iso: Isotherm, a: int, b: int) -> tuple[float, float]:
    r"""Chemical potential at which the phases of states a and b coexist, and its standard error, eV.

    Both have the same grand potential there (common tangent). From a state k of a phase it is

    .. math::

        φ(μ) = φ_k - x_k (μ - μ_k) - \frac{⟨δN²⟩_k}{2 M kT} (μ - μ_k)²,

    and the potential is a mean over where those of the last three states of either phase cross, each of which was sampled by
    itself. They count by their statistical error, which those of a phase share, and by what the series leaves out, a third of its
    last term for each state; that and how far they scatter are in the error. The last states may be metastable: the crossing then
    lies beyond them, by no more than a step to the next state here.
    """
    first, last = phase_ends(iso, a, b)
    low, high = np.arange(max(a - 2, first), a + 1)[:, None], np.arange(b, min(b + 2, last) + 1)[None, :]
    free, gap = iso.energy - iso.T * iso.entropy, iso.x[high] - iso.x[low]
    tangent = (free[high] - free[low]) / gap

    def bend(k: NDArray[np.intp]) -> NDArray[np.float64]:
        # Of what fluctuations say a phase moves by no more than a quarter of the gap: the end of another phase is never its own.
        way = tangent - iso.mu[k]
        moved = np.minimum(np.maximum(iso.fluctuations[k], 0.0) / (BOLTZMANN_EV * iso.T) * np.abs(way), 0.25 * gap)
        return np.asarray(0.5 * moved * np.abs(way))

    crossings = tangent + (bend(low) - bend(high)) / gap
    left_out = (bend(low) + bend(high)) / (3.0 * gap)
    variance = (iso.potential_error[low] ** 2 + iso.potential_error[high] ** 2) / gap**2
    weight = 1.0 / (variance + left_out**2 + 1e-14)
    weight /= weight.sum()
    mean = float(np.sum(weight * crossings))
    scatter = np.sum(weight * ((crossings - mean) ** 2 + left_out**2))
    least, most = iso.mu[max(a - 1, 0)], iso.mu[min(b + 1, len(iso.mu) - 1)]
    return float(np.clip(mean, least, most)), float(np.sqrt(np.sum(weight * variance) + scatter))


def phase_ends(iso: Isotherm, a: int, b: int) -> tuple[int, int]:
    """First state of the phase that ends at state a, and last of the one that begins at state b."""
    first = max((there for _, there in iso.gaps if there <= a), default=0)
    last = min((here for here, _ in iso.gaps if here >= b), default=len(iso.mu) - 1)
    return first, last


def isotonic(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The non-decreasing sequence nearest to `values` in the weighted squares (pool adjacent violators)."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        blocks.append((float(value), float(weight), 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, wa, na), (b, wb, nb) = blocks[-2:]
            blocks[-2:] = [((a * wa + b * wb) / (wa + wb), wa + wb, na + nb)]
    return np.concatenate([np.full(count, value) for value, _, count in blocks])


def _longest_rising(values: NDArray[np.float64], slack: float) -> NDArray[np.intp]:
    """Indices of the longest subsequence in which no value lies more than `slack` below one before it."""
    best = np.ones(len(values), dtype=int)
    before = np.full(len(values), -1)
    for k in range(1, len(values)):
        fitting = np.flatnonzero(values[:k] <= values[k] + slack)
        if len(fitting):
            j = fitting[np.argmax(best[fitting])]
            best[k], before[k] = best[j] + 1, j
    k = int(np.argmax(best))
    chosen = []
    while k >= 0:
        chosen.append(k)
        k = int(before[k])
    return np.array(chosen[::-1], dtype=np.intp)


def two_phase_regions(sampled: xr.Dataset) -> list[list[tuple[float, float]]]:
    """For each temperature the ends (x₁, x₂) of every two-phase region."""
    return [[(float(iso.x[a]), float(iso.x[b])) for a, b in iso.gaps] for iso in isotherms(sampled)]
