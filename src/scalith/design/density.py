"""Structures from latent fields: noise, filtered and projected to phases of exact volume, with the way back of a gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from scalith.design.soft_spheres import LatentParticles, Spheres
from scalith.electrode import VoxelImage
from scalith.quantities import InputError, Result, Source, Spec, digest, nearest, predicted
from scalith.quantities.specification import Length

Floats = NDArray[np.float64]
_STEEP = 4.0
"""Slope of the projection: from 10 to 90 % over 1.1 widths."""

Share = Annotated[float, Field(gt=0, lt=1)]


class LatentPhase(Spec):
    """A phase made of the highest values of a filtered field, in what earlier phases leave free.

    Attributes
    ----------
    fraction : float or two floats
        Volume fraction of the structure; two values grade it in depth, linearly from the lower to the upper end of x.
    feature_size : float
        Correlation length of the field, m: no feature is much smaller.
    """

    fraction: Share | tuple[Share, Share]
    feature_size: Length

    @property
    def mean(self) -> float:
        """Volume fraction of the whole."""
        return float(np.mean(self.fraction))

    def at(self, depth: Floats) -> Floats:
        """Volume fraction at the depth from 0 to 1."""
        low, high = np.broadcast_to(np.asarray(self.fraction, float), 2)
        return np.asarray(low + (high - low) * depth)


class LatentStructure(Spec):
    r"""Structures that are made to order: each phase has a latent field w of one number a voxel.

    The field is filtered with a Gaussian, f = G w, so that white noise w of unit variance becomes a Gaussian random field with
    the correlation exp(−r²/(2ℓ²)), ℓ the `feature_size` (`scalith.electrode.random_field` is the case of noise that nobody
    has designed). What lies above its threshold is the phase, in what earlier phases leave free; the matrix is the rest. Between
    the phases lies a transition of one `width`,

    .. math::

        s_k = r_k h_k, \quad r_{k+1} = r_k (1 - h_k), \quad h_k = \frac{1}{1 + e^{-4 (f_k - t_k(x) - c_k) ℓ_k / δ}},

    with t_k(x) from the normal distribution for the fraction at the depth x, and c_k such that the volume is exact.

    The first phase may be of round particles instead, `LatentParticles`: its latent variables are centres and radii.

    Attributes
    ----------
    shape : tuple of int
        Voxels along x, y, z.
    voxel_size : float
        m.
    phases : dict of str to LatentPhase; the first may be LatentParticles
        In order.
    matrix : str
        Name of the phase that fills the rest.
    sides : {"periodic", "mirror"}
        What lies beyond the faces. With mirrors the structure is one eighth of a periodic cell, whose conductivities are those
        of `scalith.electrode.solve_conduction`.
    width : float
        Of the transition, voxels.

    Raises
    ------
    InputError
        Fractions together reach 1 or more, the matrix has the name of a phase, a size does not fit the structure or its voxels,
        particles are not the first phase or have mirrors beside them.
    """

    shape: tuple[Annotated[int, Field(ge=4)], Annotated[int, Field(ge=4)], Annotated[int, Field(ge=4)]]
    voxel_size: Length
    phases: Annotated[dict[str, LatentPhase | LatentParticles], Field(min_length=1, max_length=6)]
    matrix: str = "active"
    sides: Literal["periodic", "mirror"] = "periodic"
    width: Annotated[float, Field(gt=0, le=8)] = 1.0

    @model_validator(mode="after")
    def _fits(self) -> Self:
        together = np.sum([phase.at(np.array([0.0, 1.0])) for phase in self.phases.values()], axis=0).max()
        if together >= 1.0:
            raise InputError("latent structure", "fractions", f"{together:.3g} together", "less than 1: the matrix is the rest")
        if self.matrix in self.phases:
            raise InputError("latent structure", "matrix", self.matrix, "an unused phase name")
        for place, (name, phase) in enumerate(self.phases.items()):
            if isinstance(phase, LatentParticles):
                if place > 0 or self.sides == "mirror":
                    found = "with mirrors beside them" if place == 0 else f"phase {place + 1}"
                    raise InputError("latent structure", f"particles of {name}", found, "the first phase, sides periodic")
                self.spheres(name).require_size()
                continue
            length = phase.feature_size / self.voxel_size
            if not 0.5 <= length <= min(self.shape) / 2.0:
                expected = "at least half a voxel and at most half of the structure"
                raise InputError("latent structure", f"feature_size of {name}", f"{length:.3g} voxels", expected)
        return self

    @property
    def names(self) -> dict[str, int]:
        """Label of each phase by name: 0 is the matrix."""
        return {self.matrix: 0} | {name: n + 1 for n, name in enumerate(self.phases)}

    @property
    def graded(self) -> bool:
        """Whether a fraction changes with the depth: the structure does not go on behind its last plane."""
        return any(np.ptp(phase.at(np.array([0.0, 1.0]))) > 0.0 for phase in self.phases.values())

    @property
    def fractions(self) -> dict[str, float]:
        """Volume fraction of each phase by name, as the voxels can have it."""
        count = int(np.prod(self.shape))
        found = {name: round(phase.mean * count) / count for name, phase in self.phases.items()}
        return {self.matrix: 1.0 - sum(found.values())} | found

    def noise(self, seed: int) -> Floats:
        """Latent variables (phases without the matrix, nx, ny, nz): white noise of unit variance.

        Of particles, which have four numbers each, those stand first in the phase's array.
        """
        numbers = np.random.default_rng(seed)
        found = numbers.standard_normal((len(self.phases), *self.shape))
        for n, (name, phase) in enumerate(self.phases.items()):
            if isinstance(phase, LatentParticles):
                found[n] = self.spheres(name).noise(numbers)
        return found

    def settle(self, noise: Floats) -> Floats:
        """The latent variables with particles pushed apart that overlap more than allowed."""
        return np.stack(
            [
                self.spheres(name).settle(noise[n]) if isinstance(phase, LatentParticles) else noise[n]
                for n, (name, phase) in enumerate(self.phases.items())
            ]
        )

    def size_of(self, noise: Floats) -> float:
        """Root mean square of the noise, of fields or of particles, whichever is larger."""
        fields = [noise[n] for n, phase in enumerate(self.phases.values()) if not isinstance(phase, LatentParticles)]
        found = [float(np.sqrt(np.mean(np.square(fields))))] if fields else []
        for n, (name, phase) in enumerate(self.phases.items()):
            if isinstance(phase, LatentParticles):
                found.append(self.spheres(name).size_of(noise[n]))
        return max(found)

    def spheres(self, name: str) -> Spheres:
        """The particles of a phase."""
        phase = self.phases[name]
        assert isinstance(phase, LatentParticles)
        return Spheres(phase, name, self.shape, self.voxel_size, self.width)


@dataclass(frozen=True, eq=False)
class DesignedStructure:
    """A structure that was made to order.

    Attributes
    ----------
    image : VoxelImage
    table : Result
        What was asked for and what was measured on the image.
    """

    image: VoxelImage
    table: Result


@dataclass(frozen=True, eq=False)
class Projection:
    """What latent fields make: the share of each phase in each voxel, and what the way back needs.

    Attributes
    ----------
    shares : numpy.ndarray
        (phases with the matrix first, nx, ny, nz); they sum to 1 in each voxel, and to the fractions in the mean.
    rest, above, slope : numpy.ndarray
        r, h and dh/df of each latent field.
    noise, field : numpy.ndarray
        What it was made from, and the field of the first phase.
    """

    shares: Floats
    rest: Floats
    above: Floats
    slope: Floats
    noise: Floats
    field: Floats


def project(structure: LatentStructure, noise: Floats, *, base: Floats | None = None) -> Projection:
    """Shares of the phases in each voxel from latent fields, with exact volumes; the equation is that of `LatentStructure`.

    Parameters
    ----------
    structure : LatentStructure
    noise : (phases without the matrix, nx, ny, nz)
    base : array of the same shape, optional
        Added to the filtered fields: what the structure is without noise (`fields_of_image`).
    """
    from scipy.special import expit

    shape = (len(structure.phases), *structure.shape)
    if np.shape(noise) != shape:
        raise InputError("project", "noise", np.shape(noise), f"{shape}: one field for each phase but the matrix")
    rest = np.ones((shape[0] + 1, *structure.shape))
    above, slope, shares = np.empty(shape), np.empty(shape), np.empty((shape[0] + 1, *structure.shape))
    first = np.empty(0)
    for n, (name, phase) in enumerate(structure.phases.items()):
        length = phase.radius if isinstance(phase, LatentParticles) else phase.feature_size
        steep = _STEEP * length / structure.voxel_size / structure.width
        score = _over_threshold(structure, name, noise[n], base)
        first, field = score if n == 0 else first, steep * score
        wanted = structure.fractions[name] * field.size
        above[n] = expit(field - _offset(field, rest[n], wanted))
        shares[n + 1] = rest[n] * above[n]
        rest[n + 1] = rest[n] - shares[n + 1]
        slope[n] = steep * above[n] * (1.0 - above[n])
    shares[0] = rest[-1]
    return Projection(shares, rest, above, slope, noise, first)


def pull_back(structure: LatentStructure, projection: Projection, by_share: Floats) -> Floats:
    """Derivative by the latent noise of what has the derivative `by_share` by the shares: exact, the volumes held.

    With the multipliers λ_k of the volumes, which the offsets c_k see to: ∂J/∂h_k = r_k (J_k − λ_k − R_{k+1}),
    R_k = h_k (J_k − λ_k) + (1 − h_k) R_{k+1}.

    Parameters
    ----------
    structure : LatentStructure
    projection : Projection
    by_share : (phases with the matrix first, nx, ny, nz)
    """
    found = np.empty(projection.slope.shape)
    below = by_share[0]
    for n in reversed(range(len(found))):
        weight = projection.rest[n] * projection.slope[n]
        gain = by_share[n + 1] - below
        level = float(np.sum(weight * gain) / max(float(np.sum(weight)), 1e-300))
        found[n] = weight * (gain - level)
        below = projection.above[n] * (by_share[n + 1] - level) + (1.0 - projection.above[n]) * below
    return np.stack(
        [
            structure.spheres(name).pull_back(projection.noise[n], projection.field, found[n])
            if isinstance(phase, LatentParticles)
            else filter_noise(structure, name, found[n])
            for n, (name, phase) in enumerate(structure.phases.items())
        ]
    )


def designed_image(
    structure: LatentStructure, noise: Floats, *, base: Floats | None = None, source: Source | None = None
) -> VoxelImage:
    """The structure in labelled voxels: the highest values of each field in what is left, fractions met to one voxel."""
    from scalith.electrode.generate.random_field import take_highest

    labels = np.zeros(structure.shape, np.uint8)
    for n, name in enumerate(structure.phases):
        score = np.where(labels == 0, _over_threshold(structure, name, noise[n], base, sharp=True), -np.inf)
        take_highest(labels, n + 1, score.astype(np.float32), structure.fractions[name])
    if source is None:
        settings = {"structure": structure.model_dump(mode="json"), "noise": digest(noise, base)}
        source = predicted("scalith.design.designed_image", settings=settings)
    periodic = structure.sides == "periodic" and base is None and not structure.graded
    return VoxelImage(labels, structure.voxel_size, structure.names, source, periodic)


def filter_noise(structure: LatentStructure, name: str, values: Floats) -> Floats:
    """G w of a phase: its own adjoint, so that it also takes gradients back."""
    from scipy import fft

    from scalith.electrode.generate.random_field import gaussian_damping

    phase = structure.phases[name]
    assert isinstance(phase, LatentPhase)
    length = phase.feature_size / structure.voxel_size
    axes = []
    for axis, size in enumerate(structure.shape):
        last = fft.rfftfreq(size) if axis == 2 else fft.fftfreq(size)
        frequency = np.arange(size) / (2.0 * size) if structure.sides == "mirror" else last
        axes.append(gaussian_damping(frequency, length, axis))
    gain = axes[0] * axes[1] * axes[2]
    if structure.sides == "mirror":
        gain /= np.sqrt(np.mean(gain**2))
        return np.asarray(fft.idctn(gain * fft.dctn(values, norm="ortho"), norm="ortho"))
    twice = np.full(gain.shape[2], 2.0)  # waves that the real transform leaves out
    twice[0] = 1.0
    if structure.shape[2] % 2 == 0:
        twice[-1] = 1.0
    gain /= np.sqrt(np.sum(gain**2 * twice) / values.size)
    return np.asarray(fft.irfftn(gain * fft.rfftn(values), structure.shape))


def fields_of_image(structure: LatentStructure, image: VoxelImage) -> Floats:
    """Latent fields of an image: how far each voxel lies inside a phase, seen among what earlier phases leave free.

    `designed_image` of no noise with this `base` is the image again.

    Raises
    ------
    InputError
        The image has another shape or voxel size, lacks a phase or has another one, or other fractions.
    """
    from scipy.ndimage import distance_transform_edt

    if image.shape != structure.shape or not np.isclose(image.voxel_size, structure.voxel_size, rtol=1e-6):
        found = f"{image.shape} voxels of {image.voxel_size:.4g} m"
        raise InputError("fields of image", "image", found, f"{structure.shape} voxels of {structure.voxel_size:.4g} m")
    for name in structure.names:
        if name not in image.phases:
            raise InputError("fields of image", "phases", name, nearest(name, list(image.phases)))
        share, wanted = image.volume_fractions[name], structure.fractions[name]
        if abs(share - wanted) > 1.5 / image.labels.size:
            expected = f"{share:.6g}, that of the image"
            raise InputError("fields of image", f"fraction of {name}", f"{wanted:.6g} in the design", expected)
    left, fields = np.ones(image.shape, bool), []
    depth = (np.arange(image.shape[0]) + 0.5) / image.shape[0]
    for name, phase in structure.phases.items():
        if isinstance(phase, LatentParticles):
            expected = "phases of latent fields: an image has no spheres"
            raise InputError("fields of image", f"phase {name}", "round particles", expected)
        inside = image.mask(name)
        outside = left & ~inside
        if not inside.any() or not outside.any():
            raise InputError("fields of image", "image", f"no voxel of {name} or of what follows", "all phases of the design")
        signed = distance_transform_edt(~outside) - distance_transform_edt(~inside)
        field = signed / (phase.feature_size / structure.voxel_size)
        fields.append(field + _thresholds(structure, name)(depth)[:, np.newaxis, np.newaxis])
        left = outside
    return np.stack(fields)


def _thresholds(structure: LatentStructure, name: str) -> Callable[[Floats], Floats]:
    """Threshold of a phase by depth: that of normal values, for its share of what earlier phases leave."""
    from scipy.special import ndtri

    earlier = list(structure.phases)[: list(structure.phases).index(name)]

    def at(depth: Floats) -> Floats:
        left = 1.0 - sum((structure.phases[one].at(depth) for one in earlier), np.zeros(depth.shape))
        return np.asarray(-ndtri(structure.phases[name].at(depth) / left))

    return at


def _over_threshold(structure: LatentStructure, name: str, noise: Floats, base: Floats | None, *, sharp: bool = False) -> Floats:
    if isinstance(structure.phases[name], LatentParticles):
        return structure.spheres(name).field(noise, sharp=sharp)
    depth = (np.arange(structure.shape[0]) + 0.5) / structure.shape[0]
    field = filter_noise(structure, name, noise) - _thresholds(structure, name)(depth)[:, np.newaxis, np.newaxis]
    return field if base is None else field + base[list(structure.phases).index(name)]


def _offset(field: Floats, weight: Floats, wanted: float) -> float:
    """c with Σ weight/(1 + exp(c − field)) = wanted: Newton's method inside a bracket."""
    from scipy.special import expit

    low, high = float(field.min()) - 40.0, float(field.max()) + 40.0
    offset = 0.0
    for _ in range(200):
        above = expit(field - offset)
        missing = float(np.sum(weight * above)) - wanted
        if missing > 0.0:
            low = offset
        else:
            high = offset
        slope = float(np.sum(weight * above * (1.0 - above)))
        if abs(missing) <= 1e-12 * wanted:
            break
        trial = offset + missing / slope if slope > 0.0 else low - 1.0
        offset = trial if low < trial < high else 0.5 * (low + high)
    return offset
