"""Packed particles: ellipsoids with a size distribution, to target volume fractions, periodic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from scalith.electrode.image.image import VoxelImage
from scalith.electrode.requirements import read_length, require_seed
from scalith.quantities import ConvergenceError, InputError, Spec, predicted
from scalith.quantities.specification import Length

_SWEEPS = 3000
_TOLERANCE = 0.01
"""Overlap beyond the allowed one, as a fraction of the two reaches, at which particles count as apart."""


class ParticleKind(Spec):
    """Particles of one phase.

    Attributes
    ----------
    phase : str
        Name of the phase in the image.
    fraction : float
        Volume fraction of the image.
    radius : float
        Median by volume (half of the D50) of the radius of the sphere of equal volume, m.
    spread : float
        Standard deviation of the logarithm of the radius; cut at two of them.
    aspect : tuple of float
        Ratio of the three semi-axes: (1, 1, 1) for spheres.
    """

    phase: str
    fraction: Annotated[float, Field(gt=0, lt=1)]
    radius: Length
    spread: Annotated[float, Field(ge=0, le=1.5)] = 0.0
    aspect: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]] = (1.0, 1.0, 1.0)


def packed_particles(
    shape: tuple[int, int, int],
    voxel_size: float | str,
    kinds: Sequence[ParticleKind],
    *,
    seed: int,
    matrix: str = "pore",
    overlap: float = 0.0,
    progress: Callable[[float, str], None] | None = None,
) -> VoxelImage:
    """Ellipsoids of given sizes and volume fractions at random, pushed apart until they overlap no more than allowed.

    The radii of a kind are drawn from a log-normal distribution by volume,

        p_V(ln r) ∝ exp(−(ln r − ln r₅₀)² / (2 s²)),   |ln r − ln r₅₀| ≤ 2 s,

    until their volumes make up the fraction, scaled to it exactly, thrown at random into the periodic box and pushed apart
    along their lines of centres. Voxels nearest to the surfaces then bring the volume fraction to its target to one voxel (this
    takes up what overlaps and what the voxels round). Contacts of ellipsoids are judged along the line of centres, which is
    exact for spheres.

    Parameters
    ----------
    shape : tuple of int
        Voxels along x, y, z.
    voxel_size : float
        m.
    kinds : sequence of ParticleKind
        In order of precedence where particles of two kinds overlap.
    seed : int
    matrix : str
        Name of the phase between the particles.
    overlap : float
        Allowed overlap along the line of centres, as a fraction of the two radii together, 0 to 0.5.
    progress : callable, optional

    Returns
    -------
    VoxelImage
        Label 0 is the matrix, the kinds follow from 1. Periodic.

    Raises
    ------
    InputError
        Fractions together reach 1, a particle does not fit the box or is smaller than a voxel.
    ConvergenceError
        The particles do not fit without overlapping more than allowed.
    """
    box = checked_shape(shape)
    require_seed("packed particles", seed)
    voxel_size = read_length("packed particles", "voxel_size", voxel_size)
    if not kinds:
        raise InputError("packed particles", "kinds", "none", "at least one kind of particles")
    total = sum(kind.fraction for kind in kinds)
    if total >= 1.0:
        raise InputError("packed particles", "fractions", f"{total:g} together", "less than 1")
    if not 0.0 <= overlap <= 0.5:
        raise InputError("packed particles", "overlap", overlap, "0 to 0.5")
    names = [kind.phase for kind in kinds]
    if len({matrix, *names}) != len(names) + 1:
        raise InputError("packed particles", "phases", [matrix, *names], "different names")
    numbers = np.random.default_rng(seed)
    drawn = [draw_semi_axes(kind, box, voxel_size, numbers) for kind in kinds]
    axes = np.concatenate(drawn)
    belongs = np.repeat(np.arange(len(kinds)), [len(item) for item in drawn])
    if progress is not None:
        progress(0.1, f"{len(axes)} particles")
    centres, longest, form = _pushed_apart(axes, box, overlap, numbers)
    if progress is not None:
        progress(0.7, "writing voxels")
    labels = np.zeros(shape, np.uint8)
    for index, kind in enumerate(kinds):
        mine = belongs == index
        _fill(labels, index + 1, kind.fraction, centres[mine], longest[mine], form[mine])
    settings: dict[str, Any] = {
        "shape": [int(size) for size in shape],
        "kinds": [kind.model_dump(mode="json") for kind in kinds],
        "overlap": overlap,
        "seed": seed,
    }
    source = predicted("scalith.electrode.packed_particles", settings=settings)
    numbered = {matrix: 0} | {name: index + 1 for index, name in enumerate(names)}
    return VoxelImage(labels, voxel_size, numbered, source, periodic=True)


def checked_shape(shape: tuple[int, int, int]) -> NDArray[np.float64]:
    """The shape of an image as numbers.

    Raises
    ------
    InputError
        It is not three whole numbers of at least 2.
    """
    if len(shape) != 3 or any(isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 2 for size in shape):
        raise InputError("voxel image", "shape", shape, "three whole numbers of at least 2 voxels")
    return np.array(shape, dtype=np.float64)


def draw_semi_axes(
    kind: ParticleKind, box: NDArray[np.float64], voxel_size: float, numbers: np.random.Generator
) -> NDArray[np.float64]:
    """Semi-axes in voxels, (n, 3), whose volumes make up the fraction."""
    wanted = kind.fraction * float(np.prod(box))
    median = kind.radius / voxel_size
    shape = np.array(kind.aspect) / np.prod(kind.aspect) ** (1.0 / 3.0)
    if 2.0 * median * float(shape.max()) * np.exp(2.0 * kind.spread) > box.min():
        raise InputError(
            "packed particles",
            f"radius of {kind.phase}",
            f"particles up to {2e6 * median * shape.max() * np.exp(2 * kind.spread) * voxel_size:.3g} um long",
            f"particles shorter than the image ({1e6 * box.min() * voxel_size:.3g} um)",
        )
    if median * float(shape.min()) < 1.0:
        raise InputError(
            "packed particles",
            f"radius of {kind.phase}",
            f"{median * shape.min():.3g} voxels",
            "at least one voxel: refine the image",
        )
    logs, by_number = _radii_by_number(kind, voxel_size)
    cumulative = np.cumsum(by_number) / by_number.sum()
    mean_volume = mean_particle_volume(kind, voxel_size)
    count = max(1, round(wanted / mean_volume))
    radii = np.exp(logs[np.searchsorted(cumulative, numbers.random(count)).clip(max=400)])
    radii *= (wanted / (4.0 / 3.0 * np.pi * np.sum(radii**3))) ** (1.0 / 3.0)
    return np.asarray(np.sort(radii)[::-1, None] * shape[None, :])


def mean_particle_volume(kind: ParticleKind, voxel_size: float) -> float:
    """Mean volume of the particles of a kind, voxels."""
    logs, by_number = _radii_by_number(kind, voxel_size)
    return 4.0 / 3.0 * np.pi * float(np.sum(by_number * np.exp(3.0 * logs)) / by_number.sum())


def _radii_by_number(kind: ParticleKind, voxel_size: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Logarithms of radii in voxels, and how many there are of each; by number it is the share of the volume over one's own."""
    logs = np.linspace(-2.0, 2.0, 401) * kind.spread + np.log(kind.radius / voxel_size)
    return logs, np.exp(-0.5 * np.linspace(-2.0, 2.0, 401) ** 2 - 3.0 * (logs - np.log(kind.radius / voxel_size)))


def push_spheres_apart(
    centres: NDArray[np.float64], radii: NDArray[np.float64], box: NDArray[np.float64], overlap: float
) -> NDArray[np.float64]:
    """Centres inside a periodic box, moved until no two spheres overlap more than allowed, as by `packed_particles`.

    Raises
    ------
    ConvergenceError
        They do not fit.
    """
    moved = np.array(centres)
    _separate(moved, radii, np.outer(radii**-2.0, [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]), box, overlap)
    return moved


def _pushed_apart(
    axes: NDArray[np.float64], box: NDArray[np.float64], overlap: float, numbers: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    count = len(axes)
    centres = numbers.random((count, 3)) * box
    longest = np.ascontiguousarray(axes.max(axis=1))
    turn = _rotations(numbers.standard_normal((count, 4)))
    matrices = np.einsum("nij,nj,nkj->nik", turn, axes**-2.0, turn)
    rows, columns = [0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]
    form = np.ascontiguousarray(matrices[:, rows, columns])
    _separate(centres, longest, form, box, overlap)
    return centres, longest, form


def _separate(
    centres: NDArray[np.float64],
    longest: NDArray[np.float64],
    form: NDArray[np.float64],
    box: NDArray[np.float64],
    overlap: float,
) -> None:
    from scalith.electrode.generate.packing_kernels import push_apart

    worst = push_apart(centres, np.ascontiguousarray(longest), form, box, overlap, _TOLERANCE, _SWEEPS)
    if worst > 2.0 * _TOLERANCE:
        raise ConvergenceError(
            "packing of particles",
            f"some still overlap by {100 * (worst + overlap):.2g} % of their radii where {100 * overlap:.2g} % is allowed; "
            "allow more overlap, widen the size distribution or lower the fraction",
        )


def _rotations(quaternions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotation matrices (n, 3, 3), uniform over all orientations when the quaternions are normal numbers."""
    w, x, y, z = (quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True)).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), 2, 0)


def _fill(
    labels: NDArray[np.uint8],
    label: int,
    fraction: float,
    centres: NDArray[np.float64],
    longest: NDArray[np.float64],
    form: NDArray[np.float64],
) -> None:
    from scalith.electrode.generate.packing_kernels import write_particles

    wanted = round(fraction * labels.size)
    margin = 2.0 + 0.1 * float(longest.max())
    while True:
        level = np.full(labels.shape, np.inf, np.float32)
        write_particles(centres, longest, form, margin, level)
        level[labels != 0] = np.inf
        flat = level.ravel()
        chosen = np.argpartition(flat, wanted)[:wanted]
        if np.all(np.isfinite(flat[chosen])):
            break
        margin *= 2.0  # much of the volume lay in overlaps
    labels.ravel()[chosen] = label
