"""Correlated random fields, thresholded to volume fractions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from scalith.electrode.generate.packed_particles import checked_shape
from scalith.electrode.image.image import VoxelImage
from scalith.electrode.requirements import read_length, require_seed
from scalith.quantities import InputError, Spec, predicted
from scalith.quantities.specification import Length


class FieldPhase(Spec):
    """A phase made of the highest values of a random field.

    Attributes
    ----------
    fraction : float
        Volume fraction of the image.
    correlation_length : float
        Distance r at which the correlation exp(−r²/(2 ℓ²)) of the field has fallen by exp(−1/2), m.
    """

    fraction: Annotated[float, Field(gt=0, lt=1)]
    correlation_length: Length


def random_field(
    shape: tuple[int, int, int], voxel_size: float | str, phases: Mapping[str, FieldPhase], *, seed: int, matrix: str = "pore"
) -> VoxelImage:
    """Phases at random, each the highest values of a Gaussian random field of its own, in what earlier phases leave free.

    The field is Gaussian, periodic, of zero mean and unit variance, with the correlation

        ⟨g(0) g(r)⟩ = exp(−r² / (2 ℓ²)).

    With the threshold t, one phase has the fraction φ = ½ erfc(t/√2) and the specific surface S = (2/π) exp(−t²/2) / ℓ
    (N. F. Berk, Phys. Rev. A 44 (1991) 5069, doi:10.1103/PhysRevA.44.5069).

    Parameters
    ----------
    shape : tuple of int
        Voxels along x, y, z.
    voxel_size : float
        m.
    phases : mapping of str to FieldPhase
        In order: the first takes its fraction of the whole image, the next of what is left.
    seed : int
    matrix : str
        Name of the phase that fills the rest.

    Returns
    -------
    VoxelImage
        Label 0 is the matrix, the phases follow from 1. Fractions are met to one voxel. Periodic.

    Raises
    ------
    InputError
        Fractions together reach 1 or more, a correlation length does not fit the image or its voxels.
    """
    checked_shape(shape)
    require_seed("random field", seed)
    voxel_size = read_length("random field", "voxel_size", voxel_size)
    total = sum(phase.fraction for phase in phases.values())
    if not phases or total >= 1.0:
        raise InputError("random field", "fractions", f"{total:g} together", "phases with fractions of less than 1 together")
    if matrix in phases:
        raise InputError("random field", "matrix", matrix, "an unused phase name")
    numbers = np.random.default_rng(seed)
    labels = np.zeros(shape, np.uint8)
    for index, (name, phase) in enumerate(phases.items()):
        length = phase.correlation_length / voxel_size
        if not 0.5 <= length <= min(shape) / 4.0:
            expected = "at least half a voxel and at most a quarter of the image"
            raise InputError("random field", f"correlation_length of {name}", f"{length:.3g} voxels", expected)
        field = gaussian_field(shape, length, numbers)
        field[labels != 0] = -np.inf
        take_highest(labels, index + 1, field, phase.fraction)
    settings = {
        "shape": [int(size) for size in shape],
        "phases": {name: phase.model_dump(mode="json") for name, phase in phases.items()},
        "seed": seed,
    }
    source = predicted("scalith.electrode.random_field", settings=settings)
    numbered = {matrix: 0} | {name: index + 1 for index, name in enumerate(phases)}
    return VoxelImage(labels, voxel_size, numbered, source, periodic=True)


def gaussian_field(shape: tuple[int, int, int], length: float, numbers: np.random.Generator) -> NDArray[np.float32]:
    """Periodic Gaussian field of unit variance with the correlation exp(−r²/(2 length²)), length in voxels."""
    from scipy import fft

    noise = fft.rfftn(numbers.standard_normal(shape, dtype=np.float32))
    for axis, size in enumerate(shape):
        frequency = fft.rfftfreq(size) if axis == 2 else fft.fftfreq(size)
        noise *= gaussian_damping(frequency, length, axis).astype(np.float32)
    field = fft.irfftn(noise, shape)
    field -= field.mean()
    field /= field.std()
    return np.asarray(field, dtype=np.float32)


def gaussian_damping(frequency: NDArray[np.float64], length: float, axis: int) -> NDArray[np.float64]:
    """What waves along an axis keep in a field with the correlation exp(−r²/(2 length²)), frequencies per voxel; on three axes.

    The amplitude is the root of the spectrum: a Gaussian of length/√2.
    """
    return np.asarray(np.exp(-((np.pi * frequency * length) ** 2)).reshape([-1 if other == axis else 1 for other in range(3)]))


def take_highest(labels: NDArray[np.uint8], label: int, score: NDArray[np.float32], fraction: float) -> None:
    """Give `label` to the voxels with the highest scores, `fraction` of the whole image, in place."""
    wanted = round(fraction * labels.size)
    if wanted:
        labels.ravel()[np.argpartition(score.ravel(), -wanted)[-wanted:]] = label
