"""Trajectories of hopping ions that can be put aside and taken up again: their whole state, piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from scalith.lattice.hopping.displacements import STEPS, tree_levels
from scalith.lattice.hopping.kinetic_model import KineticModel
from scalith.lattice.kernels.kinetic import WINDOW, kinetic_trajectory
from scalith.lattice.sampling.canonical import equilibrium_configurations
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 8
"""A trajectory stops early after this many times the mean number of events."""

PIECES = STEPS // WINDOW
"""Pieces in which a trajectory is walked: at their ends its state can be kept."""


class Walks(NamedTuple):
    """All trajectories at one temperature and stoichiometry.

    Attributes
    ----------
    T : float
        K.
    ions : int
    piece : int
        Pieces walked.
    duration : float
        Of a piece, s: the same for all trajectories.
    arrays : dict of ndarray
        Empty before the start. First dimension of each: the trajectories.

        ``ion`` int32 (sites): number of the ion on each site, −1 where there is none. ``position`` (ions, 3): displacement of
        each ion since the start, never wrapped, Å. ``came_from`` int32 (ions): site that each ion left last. ``random_state``
        uint64. ``events``, ``undone`` int64: hops, and those by which an ion went straight back. ``hopped``: sum of squared hop
        lengths, Å². ``times`` (STEPS), ``collective`` (STEPS, 3), ``squares`` (STEPS, 2, 3, 3): as `kinetic_trajectory` writes
        them, from the start of the trajectory.
    """

    T: float
    ions: int
    piece: int = 0
    duration: float = 0.0
    arrays: dict[str, NDArray[Any]] = {}  # noqa: RUF012 (replaced as a whole, never changed)

    @property
    def finished(self) -> bool:
        """Whether all pieces are walked."""
        return self.piece >= PIECES


def _shapes(trajectories: int, sites: int, ions: int) -> dict[str, tuple[tuple[str, ...], tuple[int, ...], type]]:
    """Dimensions, shape and kind of each array of `Walks`."""
    one = ("trajectory",)
    return {
        "ion": ((*one, "site"), (trajectories, sites), np.int32),
        "position": ((*one, "number", "axis"), (trajectories, ions, 3), np.float64),
        "came_from": ((*one, "number"), (trajectories, ions), np.int32),
        "random_state": (one, (trajectories,), np.uint64),
        "events": (one, (trajectories,), np.int64),
        "undone": (one, (trajectories,), np.int64),
        "hopped": (one, (trajectories,), np.float64),
        "times": ((*one, "step"), (trajectories, STEPS), np.float64),
        "collective": ((*one, "step", "axis"), (trajectories, STEPS, 3), np.float64),
        "squares": ((*one, "step", "span", "axis", "other_axis"), (trajectories, STEPS, 2, 3, 3), np.float64),
    }


def begin(model: KineticModel, walks: Walks, trajectories: int, events: int, seed: np.random.SeedSequence) -> Walks:
    """Start each trajectory in its own equilibrium configuration; a short walk of each tells how long all shall last."""
    start_seed, walk_seed = seed.spawn(2)
    starts = equilibrium_configurations(model.lattice, walks.ions, walks.T, trajectories, start_seed)
    words = walk_seed.generate_state(2 * trajectories, np.uint64)
    shapes = _shapes(trajectories, starts[0].size, walks.ions)
    arrays: dict[str, NDArray[Any]] = {name: np.zeros(shape, dtype=kind) for name, (_, shape, kind) in shapes.items()}
    arrays["random_state"] = words[trajectories:].copy()
    rates = []
    for k, occupation in enumerate(starts):
        rates.append(walk_from(model, occupation, walks.T, most_events=max(events // 20, 20), seed=int(words[k])).rate)
        arrays["ion"][k], arrays["position"][k], arrays["came_from"][k] = numbered(occupation)
    return Walks(walks.T, walks.ions, 0, events / max(float(np.mean(rates)), 1e-100) / PIECES, arrays)


def numbered(occupation: NDArray[np.int8]) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.int32]]:
    """Ions of a configuration in the order of their sites: number on each site, displacements (zero), site left last (−1)."""
    ions = int(occupation.sum())
    ion = np.full(occupation.size, -1, dtype=np.int32)
    ion[occupation == 1] = np.arange(ions, dtype=np.int32)
    return ion, np.zeros((ions, 3)), np.full(ions, -1, dtype=np.int32)


def next_piece(model: KineticModel, walks: Walks, trajectories: int, events: int, seed: np.random.SeedSequence) -> Walks:
    """The trajectories one piece further (starting them where need be); the argument stays as it was."""
    begun = walks if walks.arrays else begin(model, walks, trajectories, events, seed)
    arrays = {name: values.copy() for name, values in begun.arrays.items()}
    first, last = begun.piece * WINDOW, (begun.piece + 1) * WINDOW
    for k in range(trajectories):
        left = MOST * events - int(arrays["events"][k])
        times, collective = arrays["times"][k], arrays["collective"][k]
        times[first:last] = times[first - 1] if first else 0.0
        collective[first:last] = collective[first - 1] if first else 0.0
        if left > 0:
            ion = arrays["ion"][k]
            occupation = (ion >= 0).astype(np.int8)
            walk = walk_from(
                model,
                occupation,
                begun.T,
                most_events=left,
                seed=int(arrays["random_state"][k]),
                duration=begun.duration,
                state=(ion, arrays["position"][k], arrays["came_from"][k]),
                steps=WINDOW,
            )
            ion[occupation == 0] = -1
            arrays["events"][k] += walk.events
            arrays["hopped"][k] += walk.hopped
            arrays["undone"][k] += walk.undone
            arrays["random_state"][k] = walk.random_state
            times[first:last] += walk.times
            collective[first:last] += walk.collective
            arrays["squares"][k, first:last] = walk.squares
    return begun._replace(piece=begun.piece + 1, arrays=arrays)


def walk_from(
    model: KineticModel,
    occupation: NDArray[np.int8],
    T: float,
    *,
    most_events: int,
    seed: int,
    duration: float = 1e300,
    state: tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.int32]] | None = None,
    steps: int = 1,
) -> Walk:
    """Let the ions of one configuration hop, `occupation` (and `state`, as `numbered` gives it) being changed in place."""
    levels = tree_levels(occupation.size)
    tree = _whole_lines(levels[-1] + 1)
    out = np.zeros(steps), np.zeros((steps, 3)), np.zeros((steps, 2, 3, 3))
    ions = numbered(occupation) if state is None else state
    events, hopped, undone, rate, word = kinetic_trajectory(
        model.lattice.tables,
        model.hops,
        occupation,
        *ions,
        model.frequency,
        BOLTZMANN_EV * T,
        duration,
        most_events,
        np.uint64(seed),
        levels,
        tree,
        np.empty(occupation.size),
        np.empty(occupation.size),
        *out,
    )
    return Walk(events, hopped, undone, rate, word, *out, tree[: occupation.size])


def _whole_lines(size: int) -> NDArray[np.float64]:
    """Zeros that begin where a line of the cache, eight numbers, begins."""
    wider = np.zeros(size + 7)
    first = -(wider.ctypes.data // 8) % 8
    return wider[first : first + size]


class Walk(NamedTuple):
    """What `kinetic_trajectory` gives and writes; `site_rates` (sites,) are the rates at the end, s⁻¹."""

    events: int
    hopped: float
    undone: int
    rate: float
    random_state: np.uint64
    times: NDArray[np.float64]
    collective: NDArray[np.float64]
    squares: NDArray[np.float64]
    site_rates: NDArray[np.float64]


def walks_dataset(states: list[Walks]) -> xr.Dataset:
    """The state of all walks as one dataset; what goes by ions is padded to their greatest number."""
    data = xr.Dataset()
    for name in ("T", "ions", "piece", "duration"):
        data[name] = ("state", np.array([getattr(walks, name) for walks in states]))
    data["begun"] = ("state", np.array([bool(walks.arrays) for walks in states], dtype=np.int8))
    begun = [walks for walks in states if walks.arrays]
    if begun:
        trajectories, sites = begun[0].arrays["ion"].shape
        for name, (dims, shape, kind) in _shapes(trajectories, sites, max(walks.ions for walks in states)).items():
            values: NDArray[Any] = np.zeros((len(states), *shape), dtype=kind)
            for k, walks in enumerate(states):
                if walks.arrays:
                    known = walks.arrays[name]
                    values[k][tuple(slice(n) for n in known.shape)] = known
            data[name] = (("state", *dims), values)
    return data


def walks_from(data: xr.Dataset) -> list[Walks]:
    """The walks that `walks_dataset` put down."""
    states = []
    for k in range(data.sizes["state"]):
        row = data.isel(state=k)
        walks = Walks(float(row["T"]), int(row["ions"]), int(row["piece"]), float(row["duration"]))
        if int(row["begun"]):
            shapes = _shapes(row.sizes["trajectory"], row.sizes["site"], walks.ions)
            arrays: dict[str, NDArray[Any]] = {
                name: np.ascontiguousarray(row[name].values[tuple(slice(n) for n in shape)], dtype=kind)
                for name, (_, shape, kind) in shapes.items()
            }
            walks = walks._replace(arrays=arrays)
        states.append(walks)
    return states
