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


class Conducted(NamedTuple):
    """What a step of conduction did.

    New temperatures; heat given to the surroundings and heat that crossed the sides either way, J; the largest change, K.
    """

    temperature: Array
    lost: float
    exchanged: float
    change: float


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
        x = known
        for stage, share in enumerate((1.0 - _GAMMA, _GAMMA)):
            base = known if stage == 0 else known + (1.0 - _GAMMA) * step * slope
            self._right[finest] = (inertia * base + source).reshape(-1)
            x = self._solve(known.shape, time)
            slope = (x - base) / (_GAMMA * step)
            flow = conductance * x - pull
            lost += step * share * float(flow.sum())
            exchanged += step * share * float(np.abs(flow).sum())
            if stage == 0:
                self._x[finest] = (known + step * slope).reshape(-1)
        change = x - known
        if properties.varies:
            after = properties.temperature_of(properties.enthalpy(known) + properties.volumetric * change, known + change)
        else:
            after = known + change
        if not np.all(np.isfinite(after)):
            raise ConvergenceError("conduction", "a temperature is not finite: look at the heat sources", time=time)
        return Conducted(after, lost, exchanged, float(np.abs(change).max()))

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
