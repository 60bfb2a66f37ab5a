"""Temperature across the thickness of a cell: a slab heated within and cooled on both faces."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from scalith.cell.specification.cell import CellSpecification
from scalith.quantities import InputError

Array = NDArray[np.float64]
LAYERS = 21
FIRST_SEGMENT, LONGEST_SEGMENT = 2.0, 120.0
SEGMENT_SHARE = 0.05
"""Of the time in which the cell cools; the lag between electrochemistry and slab goes with its square."""


class Slab(NamedTuple):
    r"""Conduction in finite volumes, solved exactly in time by its modes.

    .. math::

        C ∂_t T = k A L ∂_z^2 T + Q, \quad ± k A ∂_z T = \tfrac{1}{2} H (T - T_∞) \text{ on the faces}

    with the heat Q spread evenly. Face temperatures are those of the parabola through the face and the means of the two
    volumes next to it, so that a steady profile is exact.

    Attributes
    ----------
    depth : ndarray, shape (LAYERS,)
        Middles of the volumes, m.
    rates, modes, inverse : ndarray
        Eigenvalues (1/s, none positive), eigenvectors and their inverse.
    face : ndarray, shape (2, LAYERS)
        Weights of the volumes in the two face temperatures above ambient.
    heat_capacity, heat_transfer : float
        C, J/K, and H, W/K, of the whole cell.
    """

    depth: Array
    rates: Array
    modes: Array
    inverse: Array
    face: Array
    heat_capacity: float
    heat_transfer: float

    @classmethod
    def of(cls, specification: CellSpecification) -> Self:
        """The slab of a cell whose face is as large as one pair of electrodes.

        Raises
        ------
        InputError
            The thermal specification, or its thickness or through-plane conductivity, is missing.
        """
        thermal = specification.thermal
        for field in ("heat_capacity", "thickness", "through_conductivity"):
            if thermal is None or getattr(thermal, field) is None:
                raise InputError(specification.name, f"thermal.{field}", "nothing", "a value, for thermal='through_thickness'")
        assert thermal is not None
        assert thermal.heat_capacity is not None
        assert thermal.thickness is not None
        assert thermal.through_conductivity is not None
        width = thermal.thickness / LAYERS
        conductance = thermal.through_conductivity * specification.electrode_area / width
        side = 0.5 * thermal.heat_transfer
        face = np.zeros((2, LAYERS))
        face[0, :2] = np.array([3.5, -0.5]) * conductance / (3.0 * conductance + side)
        face[1] = face[0, ::-1]
        matrix = np.zeros((LAYERS, LAYERS))
        inner = np.arange(LAYERS - 1)
        matrix[inner, inner] -= conductance
        matrix[inner, inner + 1] += conductance
        matrix[inner + 1, inner + 1] -= conductance
        matrix[inner + 1, inner] += conductance
        matrix[0] -= side * face[0]
        matrix[-1] -= side * face[1]
        # Tridiagonal with neighbours that warm each other: every eigenvalue is real.
        found, vectors = np.linalg.eig(matrix * LAYERS / thermal.heat_capacity)
        rates, modes = np.minimum(np.asarray(found.real, dtype=np.float64), 0.0), np.asarray(vectors.real, dtype=np.float64)
        depth: Array = np.asarray((np.arange(LAYERS) + 0.5) * width, dtype=np.float64)
        inverse: Array = np.asarray(np.linalg.inv(modes), dtype=np.float64)
        return cls(depth, rates, modes, inverse, face, thermal.heat_capacity, thermal.heat_transfer)

    @property
    def segment(self) -> float:
        """Longest time between two exchanges with the electrochemistry, s."""
        return min(LONGEST_SEGMENT, SEGMENT_SHARE * self.heat_capacity / max(self.heat_transfer, 1e-12))

    def surface(self, above: Array) -> Array:
        """Mean face temperature above ambient, of profiles above ambient of shape (…, LAYERS)."""
        return np.asarray(above @ self.face.mean(axis=0), dtype=np.float64)

    def advance(self, above: Array, heat: float, duration: float) -> tuple[Array, float]:
        """Profile above ambient after `duration` at a constant heat (W), and the heat that left through the faces, J.

        The loss is the time integral of the flow through the faces, mode by mode: that it is what was made less what was
        stored is no assumption.
        """
        amplitudes = self.inverse @ above
        drive = self.inverse @ np.full(LAYERS, heat / self.heat_capacity)
        z = self.rates * duration
        small = np.abs(z) < 1e-4
        safe = np.where(small, 1.0, z)
        first = np.where(small, 1.0 + z / 2.0 + z * z / 6.0 + z**3 / 24.0, np.expm1(safe) / safe)
        second = np.where(small, 0.5 + z / 6.0 + z * z / 24.0, (np.expm1(safe) / safe - 1.0) / safe)
        after = self.modes @ (amplitudes + duration * first * (self.rates * amplitudes + drive))
        integral = self.modes @ (duration * first * amplitudes + duration**2 * second * drive)
        return after, float(self.heat_transfer * self.surface(integral))
