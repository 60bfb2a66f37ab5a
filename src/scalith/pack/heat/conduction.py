"""Conduction in an assembly: one implicit step in time, solved by conjugate gradients with a multigrid cycle."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.pack.heat.body_properties import BodyProperties
from scalith.pack.heat.coarse_levels import coarse_levels
from scalith.quantities import ConvergenceError

Array = NDArray[np.float64]
_GAMMA = 1.0 - np.sqrt(0.5)
_SETTLED = 1e-7
"""K, to which the temperatures of streams and body belong to each other."""
_REMEMBERED = 6


class Conducted(NamedTuple):
    """What a step of conduction did.

    New temperatures; heat given to the surroundings and heat that crossed the sides either way, J; the largest change, K; for
    each stream the heat it has taken up, by its own enthalpy, and the heat that has left the body to it, J.
    """

    temperature: Array
    lost: float
    exchanged: float
    change: float
    streams: Array


class Conduction:
    """The L-stable two-stage SDIRK method of order 2 with γ = 1 − 1/√2 on the volumes of an assembly.

    Attributes
    ----------
    closing_heat : float
        Heat, J, that the constants stand for which close the balance at the end of each solve: what the solver was off by.
    """

    def __init__(self, properties: BodyProperties) -> None:
        self.properties = properties
        self._levels = coarse_levels(properties.grid.block.shape, properties.faces)
        first = int(self._levels.offsets[0])
        self._finest = slice(first, first + properties.grid.block.size)
        length = self._levels.length
        self._faces = np.zeros(length), np.zeros(length), np.zeros(length)
        self._diagonals = np.zeros(length), np.zeros(length), np.zeros(length)  # shift, diagonal, its inverse
        self._right, self._x = np.zeros(length), np.zeros(length)
        self._work = np.zeros(3 * length)
        self._known_step, self._faces_known = -1.0, False
        self.closing_heat = 0.0
        self._comes = np.concatenate(
            [np.full(stream.conductance.size, stream.inlet) for stream in properties.streams] or [np.empty(0)]
        )

    def refresh(self, T: Array) -> None:
        """Take properties that depend on temperature at `T`."""
        self.properties.refresh(T)
        self._faces_known = False

    def step(self, known: Array, source: Array, step: float, time: float) -> Conducted:
        """A whole step from temperatures `known` with heat sources, W, at `time`.

        Raises
        ------
        ConvergenceError
            The linear solve kept its residual, or a temperature is not finite.
        """
        properties, finest = self.properties, self._finest
        conductance, pull = properties.exchange(known)
        inertia = properties.capacity / (_GAMMA * step)
        self._prepare(inertia + conductance, step)
        source = source + pull
        self._x[finest] = known.reshape(-1)
        slope, lost, exchanged = np.zeros(known.shape), 0.0, 0.0
        taken = np.zeros((len(properties.streams), 2))
        x = known
        for stage, share in enumerate((1.0 - _GAMMA, _GAMMA)):
            base = known if stage == 0 else known + (1.0 - _GAMMA) * step * slope
            x, drawn = self._with_streams(inertia * base + source, time)
            slope = (x - base) / (_GAMMA * step)
            flow = conductance * x - pull - drawn
            to_streams = self._taken(x)
            taken += step * share * to_streams
            # What one stream gives a volume and another takes from it crosses the sides as well.
            exchanged += step * share * max(float(np.abs(flow).sum()), float(np.abs(to_streams[:, 1]).sum()))
            lost += step * share * float(flow.sum())
            if stage == 0:
                self._x[finest] = (known + step * slope).reshape(-1)
        change = x - known
        if properties.varies:
            after = properties.temperature_of(properties.enthalpy(known) + properties.volumetric * change, known + change)
        else:
            after = known + change
        if not np.all(np.isfinite(after)):
            raise ConvergenceError("conduction", "a temperature is not finite: look at the heat sources", time=time)
        return Conducted(after, lost, exchanged, float(np.abs(change).max()), taken)

    def _taken(self, x: Array) -> Array:
        """For each stream the heat by its enthalpy, and that from the body at the temperatures solved with, W."""
        found, at = np.zeros((len(self.properties.streams), 2)), 0
        for k, stream in enumerate(self.properties.streams):
            size = stream.conductance.size
            comes = self._comes[at : at + size].reshape(stream.conductance.shape)
            found[k] = stream.march(x)[2], (stream.conductance * (x[stream.index] - comes)).sum()
            at += size
        return found

    def _with_streams(self, right: Array, time: float) -> tuple[Array, Array]:
        """Temperatures for a right side without the streams, and what the streams add to it, W.

        The temperatures at which streams come to the volumes, z, and those that the body then gives them, m(z), are made equal
        by Anderson's iteration (DOI 10.1145/321296.321305).
        """
        streams, drawn = self.properties.streams, np.zeros(right.shape)
        history: list[tuple[Array, Array]] = []
        for _ in range(80):
            drawn = np.zeros(right.shape)
            at = 0
            for stream in streams:
                size = stream.conductance.size
                drawn[stream.index] += stream.conductance * self._comes[at : at + size].reshape(stream.conductance.shape)
                at += size
            self._right[self._finest] = (right + drawn).reshape(-1)
            x = self._solve(right.shape, time)
            if not streams:
                return x, drawn
            found = np.concatenate([stream.march(x)[0].ravel() for stream in streams])
            gap = found - self._comes
            if np.abs(gap).max() < _SETTLED:
                return x, drawn
            history = [*history[1 - _REMEMBERED :], (self._comes, gap)]
            self._comes = _next_guess(history)
        raise ConvergenceError("conduction", "the temperatures of a coolant and of the body did not settle", time=time)

    def _prepare(self, shift_of: Array, step: float) -> None:
        """Coefficients of all levels, where they have changed."""
        from scalith.pack.kernels.multigrid import coarsen_faces, fill_diagonals

        levels, (shift, diagonal, inverse) = self._levels, self._diagonals
        if not self._faces_known:
            for flat, faces in zip(self._faces, self.properties.faces, strict=True):
                flat[self._finest] = faces.reshape(-1)
            coarsen_faces(levels.shapes, levels.offsets, levels.factors, *self._faces)
            self._faces_known, self._known_step = True, -1.0
        if step != self._known_step or self.properties.radiates or self.properties.varies:
            shift[self._finest] = shift_of.reshape(-1)
            fill_diagonals(levels.shapes, levels.offsets, levels.factors, *self._faces, shift, diagonal)
            np.divide(1.0, diagonal, out=inverse, where=diagonal > 0)
            self._known_step = step

    def _solve(self, shape: tuple[int, ...], time: float) -> Array:
        from scalith.pack.kernels.multigrid import solve

        levels = self._levels
        count, left, closing = solve(
            levels.shapes, levels.offsets, levels.factors, *self._faces, *self._diagonals, self._right, self._x, self._work,
            3e-4, 60,
        )  # fmt: skip
        if left > 1e-3:
            why = f"the linear solve kept {left:.1e} of its residual after {count} iterations"
            raise ConvergenceError("conduction", why, time=time)
        self.closing_heat += abs(closing) * float(self.properties.capacity.sum())
        return self._x[self._finest].reshape(shape)


def _next_guess(history: list[tuple[Array, Array]]) -> Array:
    """The combination of the last guesses whose gap is least, moved on by that gap."""
    z, gap = history[-1]
    if len(history) == 1:
        return z + gap
    steps = np.stack([z - other for other, _ in history[:-1]], axis=1)
    gaps = np.stack([gap - other for _, other in history[:-1]], axis=1)
    weights = np.linalg.lstsq(gaps, gap, rcond=1e-10)[0]
    moved: Array = z + gap - (steps + gaps) @ weights
    return moved
