"""Round particles as latent variables: centres and radii of spheres, their union, and the way back of a gradient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from scalith.electrode.generate.packed_particles import (
    ParticleKind,
    draw_semi_axes,
    mean_particle_volume,
    push_spheres_apart,
)
from scalith.quantities import ConvergenceError, InputError, Spec
from scalith.quantities.specification import Length

Floats = NDArray[np.float64]
_PER_PARTICLE = 4
"""Numbers that a particle has: where it is along x, y, z, in median radii; ln of its radius over the median, in spreads."""
_LEAST_RADIUS = 2.0
"""Voxels below which nothing is round."""


class LatentParticles(Spec):
    r"""A phase made of round particles, the first of a `LatentStructure`: what can be made of a powder.

    Its latent variables are the centres :math:`\mathbf c_i` and the radii :math:`R_i` of spheres. Each is found in a voxel at
    :math:`\mathbf r` with the odds :math:`e^{4 (R_i - |\mathbf r - \mathbf c_i|)/δ}`, and the odds of the phase are their sum,
    so that the field of the phase is

    .. math:: f = \frac{δ}{4} \ln \sum_i e^{4 (R_i - |\mathbf r - \mathbf c_i|)/δ}.

    What makes the volume exact adds one length to all radii. The labelled image is a union of balls, which an opening with
    the smallest of them leaves as it is.

    Attributes
    ----------
    fraction : float
        Volume fraction of the structure.
    radius : float
        Median by volume, m.
    spread : float
        Standard deviation of the logarithm of the radius; without one all particles have one radius.
    overlap : float
        Allowed overlap along the line of two centres, as a fraction of the two radii together.
    """

    fraction: Annotated[float, Field(gt=0, lt=1)]
    radius: Length
    spread: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    overlap: Annotated[float, Field(ge=0, le=0.5)] = 0.1

    @property
    def mean(self) -> float:
        """Volume fraction of the whole."""
        return self.fraction

    def at(self, depth: Floats) -> Floats:
        """Volume fraction at the depth from 0 to 1: the same everywhere."""
        return np.full(np.shape(depth), self.fraction)


class Spheres:
    """The particles of one phase in a periodic box; lengths in voxels.

    Parameters
    ----------
    phase : LatentParticles
    name : str
    shape : tuple of int
    voxel_size : float
        m.
    width : float
        δ, of the transition.
    """

    def __init__(self, phase: LatentParticles, name: str, shape: tuple[int, int, int], voxel_size: float, width: float) -> None:
        self.phase, self.shape, self.voxel_size, self.width = phase, shape, voxel_size, width
        self.kind = ParticleKind(phase=name, fraction=phase.fraction, radius=phase.radius, spread=phase.spread)
        self.radius = phase.radius / voxel_size
        self.count = max(1, round(phase.fraction * float(np.prod(shape)) / mean_particle_volume(self.kind, voxel_size)))

    def require_size(self) -> None:
        """Particles are large enough to be round, and fit the box.

        Raises
        ------
        InputError
        """
        largest, smallest = self.radius * np.exp(2.0 * self.phase.spread), self.radius * np.exp(-2.0 * self.phase.spread)
        if not (smallest >= _LEAST_RADIUS and 2.0 * largest <= min(self.shape)):
            found = f"particles with radii of {smallest:.3g} to {largest:.3g} voxels"
            expected = f"at least {_LEAST_RADIUS:g} voxels and at most half of the structure"
            raise InputError("latent structure", f"radius of {self.kind.phase}", found, expected)

    def noise(self, numbers: np.random.Generator) -> Floats:
        """Latent variables of particles at random, pushed apart, at the head of an array of the structure's shape.

        Raises
        ------
        ConvergenceError
            They do not fit without overlapping more than allowed.
        """
        box = np.array(self.shape, float)
        radii = draw_semi_axes(self.kind, box, self.voxel_size, numbers)[:, 0]
        centres = push_spheres_apart(numbers.random((self.count, 3)) * box, radii, box, self.phase.overlap)
        return self._written(centres, radii)

    def settle(self, noise: Floats) -> Floats:
        """The latent variables with particles pushed apart that overlap more than allowed."""
        centres, radii = self._read(noise)
        box = np.array(self.shape, float)
        return self._written(push_spheres_apart(np.mod(centres, box), radii, box, self.phase.overlap), radii)

    def size_of(self, noise: Floats) -> float:
        """Root mean square of the latent variables."""
        return float(np.sqrt(np.mean(noise.ravel()[: _PER_PARTICLE * self.count] ** 2)))

    def field(self, noise: Floats, *, sharp: bool = False) -> Floats:
        """The field f over the median radius, with the largest of the spheres alone where it is to be `sharp`.

        Raises
        ------
        ConvergenceError
            Spheres lie over each other so much that the rest of the box is too far away from all of them.
        """
        centres, radii = self._read(noise)
        floor = -self._reach() / self._blur()
        found = np.full(self.shape, floor)
        for where, _, _, depth in self._balls(centres, radii):
            found[where] = np.maximum(found[where], depth) if sharp else np.logaddexp(found[where], depth)
        if np.count_nonzero(found > floor + 1e-9) < round(self.phase.fraction * found.size):
            why = "the particles lie over each other: allow less overlap"
            raise ConvergenceError(f"round particles of {self.kind.phase}", why)
        return found * (self._blur() / self.radius)

    def pull_back(self, noise: Floats, field: Floats, by_field: Floats) -> Floats:
        """Derivative by the latent variables of what has the derivative `by_field` by `field`."""
        centres, radii = self._read(noise)
        found, level = np.zeros((self.count, _PER_PARTICLE)), field * (self.radius / self._blur())
        for n, (where, steps, distance, depth) in enumerate(self._balls(centres, radii)):
            share = by_field[where] * np.exp(depth - level[where])
            across = share / np.maximum(distance, 1e-9)
            found[n, :3] = [float(np.sum(across * step)) for step in steps]
            found[n, 3] = self.phase.spread * radii[n] / self.radius * float(np.sum(share))
        return self._placed(found)

    def _blur(self) -> float:
        return 0.25 * self.width

    def _reach(self) -> float:
        """How far beyond their surface spheres are looked at: there one in e^16 of the transition is left."""
        return self.radius + 4.0 * self.width

    def _balls(
        self, centres: Floats, radii: Floats
    ) -> Iterator[tuple[tuple[NDArray[np.intp], ...], list[Floats], Floats, Floats]]:
        """Of each sphere: the voxels around it, the way from its centre to them by axis, its length, depth below the surface."""
        for centre, radius in zip(centres, radii, strict=True):
            places, steps = [], []
            for axis, size in enumerate(self.shape):
                half = min(radius + self._reach(), 0.5 * size)
                # Voxel k has its centre at k + 1/2; a box of the whole period has each of them once.
                first = int(np.ceil(centre[axis] - half - 0.5))
                along = np.arange(first, min(int(np.floor(centre[axis] + half - 0.5)), first + size - 1) + 1)
                places.append(along % size)
                steps.append((along + 0.5 - centre[axis]).reshape([-1 if axis == other else 1 for other in range(3)]))
            distance = np.sqrt(steps[0] ** 2 + steps[1] ** 2 + steps[2] ** 2)
            yield np.ix_(*places), steps, distance, (radius - distance) / self._blur()

    def _read(self, noise: Floats) -> tuple[Floats, Floats]:
        numbers = noise.ravel()[: _PER_PARTICLE * self.count].reshape(self.count, _PER_PARTICLE)
        return self.radius * numbers[:, :3], self.radius * np.exp(self.phase.spread * numbers[:, 3])

    def _written(self, centres: Floats, radii: Floats) -> Floats:
        numbers = np.zeros((self.count, _PER_PARTICLE))
        numbers[:, :3] = centres / self.radius
        if self.phase.spread > 0.0:
            numbers[:, 3] = np.log(radii / self.radius) / self.phase.spread
        return self._placed(numbers)

    def _placed(self, numbers: Floats) -> Floats:
        found = np.zeros(self.shape)
        found.ravel()[: numbers.size] = numbers.ravel()
        return found
