"""Effective conductivity of a periodic cell as a full tensor; phases may have full tensors, such as layered particles, turned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalith.electrode.image.image import VoxelImage, takes_image
from scalith.electrode.measure.percolation import pieces_of
from scalith.electrode.requirements import read_bulk, require_memory, require_tolerance, rows_of_labels
from scalith.electrode.transport.conduction import face_conductances, progress_within
from scalith.electrode.transport.plane_threads import PlaneThreads
from scalith.quantities import InputError, Result, labelled, predicted

Floats = NDArray[np.float64]

TensorConductivity = float | str | Sequence[float] | Sequence[Sequence[float]] | NDArray[np.float64]
"""One number, one for each of x, y and z, or a symmetric 3 × 3 matrix."""


@takes_image
def effective_tensor(
    image: VoxelImage,
    conductivities: Mapping[str, TensorConductivity],
    *,
    tolerance: float = 1e-6,
    threads: int = 1,
    progress: Callable[[float, str], None] | None = None,
) -> Result:
    """Effective conductivity of a periodic cell: for a mean field along each axis the periodic χ_k solves

        div σ(r) (e_k + grad χ_k) = 0,   σ_eff e_k = ⟨σ (e_k + grad χ_k)⟩.

    Each voxel has one potential and each quarter of a face between voxels another; the energy ½ ∫ grad φ · σ grad φ, with one
    gradient in each eighth of a voxel, is least in the latter, which leaves currents between the eight voxels around a vertex
    (the symmetric multi-point flux approximation: I. Aavatsmark et al., Comput. Geosci. 11 (2007) 333,
    doi:10.1007/s10596-007-9056-8). Where tensors lie along the axes that is the two-point flux of `solve_conduction`.
    Layers across an
    axis are exact with full tensors.

    Conjugate gradients, preconditioned by the multigrid cycle of the tensors' diagonals, in the space without a constant on each
    island. The number of iterations grows as the root of the ratio of a tensor's principal conductivities, when it is turned.

    Parameters
    ----------
    image : VoxelImage
        Taken as periodic: `mirror` it first when it is not, which makes it twice as long, and its tensor lie along the axes.
    conductivities : mapping of str to float, three floats or 3 × 3 matrix
        S m-1 by phase; phases left out do not conduct. A layered particle with its normal n has σ_∥ (1 − n nᵀ) + σ_⊥ n nᵀ.
    tolerance : float
        Residual over that of a straight potential.
    threads : int
        Threads that share the planes of the image; the result does not depend on their number.
    progress : callable, optional
        Called with the fraction done and a line.

    Returns
    -------
    Result
        ``conductivity`` (axis, field) S m-1: current along `axis` for a field along `field`, symmetrised; ``connected`` (phase,
        axis): fraction of each phase in islands that wind around the cell along that axis (without any, the conductivity is
        zero; an island that does not wind contributes nothing and is left out); ``asymmetry`` before it was symmetrised,
        over the largest entry; ``residual`` and ``iterations`` (field).

    Raises
    ------
    InputError
        A name is no phase, the tolerance is not between 0 and 1, a tensor has another shape, is not symmetric or not
        positive, nothing conducts, `threads` is less than one, the memory does not hold the solution.
    ConvergenceError
        The tolerance is not met.
    """
    require_tolerance("effective_tensor", tolerance)
    names, (conductivities, sigma, turned) = list(image.phases), phase_tensors("effective_tensor", image, conductivities)
    sigma = np.concatenate([sigma, np.zeros((1, 3, 3))])  # the last row: what does not wind
    rows = np.ascontiguousarray(rows_of_labels(image, names)[image.labels])
    piece, count, windings = pieces_of(sigma[rows, 0, 0] > 0.0, periodic=True)
    along = np.zeros((count + 1, 3), bool)
    for one, steps in windings.items():
        along[one] = np.any(steps, axis=0)
    connected = [np.mean(along[piece[rows == row]], axis=0) if np.any(rows == row) else np.zeros(3) for row in range(len(names))]
    rows[~np.any(along, axis=1)[piece]] = len(names)
    del piece

    unit = float(np.abs(sigma).max())
    # Only along these directions anything conducts.
    lattice = np.array([step for steps in windings.values() for step in steps], float).reshape(-1, 3) * image.shape
    _, size, directions = np.linalg.svd(lattice, full_matrices=False)
    directions = directions[size > 1e-9 * size.max(initial=0.0)]
    onto = directions.T @ directions
    found, residual, iterations = np.zeros((3, 3)), np.zeros(3), np.zeros(3, int)
    with PlaneThreads(threads) as crew:
        if len(directions):
            found, residual, iterations = solve_periodic(rows, sigma / unit, turned, onto, tolerance, crew, progress)
    found *= unit
    largest = max(float(np.abs(found).max()), 1e-300)
    asymmetry = float(np.abs(found - found.T).max()) / largest
    tensor = onto @ (0.5 * (found + found.T)) @ onto
    data = Result(
        {
            "conductivity": labelled(("axis", "field"), tensor, "effective conductivity", "S m-1"),
            "connected": labelled(
                ("phase", "axis"), np.array(connected), "fraction of the phase that winds around the cell", "1"
            ),
            "asymmetry": labelled((), asymmetry, "deviation from symmetry", "1"),
            "residual": labelled("field", residual, "relative residual", "1"),
            "iterations": labelled("field", iterations, "iterations", "1"),
        },
        coords={"axis": list("xyz"), "field": list("xyz"), "phase": names},
    )
    plain = {name: np.asarray(value, dtype=np.float64).tolist() for name, value in conductivities.items()}
    source = predicted(
        "scalith.electrode.effective_tensor", image.digest, settings={"conductivities": plain, "tolerance": tolerance}
    )
    return data.assign_attrs(voxel_size=image.voxel_size, source=source.to_json())


def phase_tensors(
    where: str, image: VoxelImage, conductivities: Mapping[str, TensorConductivity]
) -> tuple[dict[str, Any], Floats, bool]:
    """Conductivities as they are read, the phases' tensors (phase, 3, 3), and whether one does not lie along the axes.

    Raises
    ------
    InputError
        As `effective_tensor`, whose memory is asked for as well.
    """
    stated, names = read_bulk(where, image, conductivities), list(image.phases)
    sigma = np.zeros((len(names), 3, 3))
    for name, value in stated.items():
        sigma[names.index(name)] = _tensor(where, name, value)
    if not np.any(sigma):
        raise InputError(where, "conductivities", dict(stated), "at least one phase that conducts")
    turned = bool(np.any(sigma[:, ~np.eye(3, dtype=bool)]))
    require_memory(where, image.labels.size, 75 if turned else 62)
    return stated, sigma, turned


def _tensor(where: str, name: str, value: TensorConductivity) -> Floats:
    """One phase's tensor (3, 3), S m-1, checked."""
    field = f"conductivity of {name}"
    expected = "one number, one for each of x, y and z, or a symmetric 3 x 3 matrix, S m-1"
    try:
        given = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(where, field, value, expected) from None
    if given.shape not in ((), (3,), (3, 3)):
        raise InputError(where, field, f"an array of shape {given.shape}", expected)
    if not np.all(np.isfinite(given)):
        raise InputError(where, field, given.tolist(), "finite numbers, S m-1")
    tensor = given if given.ndim == 2 else np.diag(np.broadcast_to(given, 3))
    largest = float(np.abs(tensor).max())
    if float(np.abs(tensor - tensor.T).max()) > 1e-9 * largest:
        found = f"a matrix that differs from its transpose by {float(np.abs(tensor - tensor.T).max()):.3g} S/m"
        raise InputError(where, field, found, "a symmetric matrix")
    tensor = 0.5 * (tensor + tensor.T)
    least = float(np.linalg.eigvalsh(tensor)[0])
    if largest > 0.0 and not least > 1e-12 * largest:
        found = f"a least principal conductivity of {least:.3g} S/m"
        raise InputError(where, field, found, "positive in every direction, or zero in all")
    return np.asarray(tensor)


def solve_periodic(
    rows: NDArray[np.uint8],
    sigma: Floats,
    turned: bool,
    onto: Floats,
    tolerance: float,
    threads: PlaneThreads,
    progress: Callable[[float, str], None] | None,
) -> tuple[Floats, Floats, NDArray[np.int_]]:
    """Mean currents (axis, field), residuals and iterations, for a mean field along x, y and z."""
    from scalith.electrode.measure.islands import Islands
    from scalith.electrode.transport.conjugate_gradients import conjugate_gradients, square
    from scalith.electrode.transport.multigrid import build_levels
    from scalith.electrode.transport.periodic_kernels import face_currents, vertex_currents

    pairs, ends = face_conductances(np.diagonal(sigma, axis1=1, axis2=2)), np.zeros(len(sigma))
    equations = (vertex_currents, *_vertices(rows, sigma)) if turned else (face_currents, rows, pairs)
    kernel, *matrix = equations
    levels, work = build_levels(rows, pairs, ends, threads, periodic=True)
    islands = Islands(rows, pairs, ends, periodic=True)
    sums, none = np.empty((len(rows), 4)), np.zeros(3)
    voxels = float(np.count_nonzero(rows < len(sigma) - 1))

    def currents(of: Floats, result: Floats) -> float:
        threads.run(kernel, rows.shape, of, *matrix, none, result, sums)
        return float(sums[:, 0].sum())

    found, residuals, iterations = np.zeros((3, 3)), np.zeros(3), np.zeros(3, int)
    solved = np.flatnonzero(np.abs(onto).max(axis=0) >= 1e-9).tolist()
    for part, k in enumerate(solved):
        field, said = np.eye(3)[k], f"field along {'xyz'[k]}"
        potential, residual = np.zeros(rows.shape), np.empty(rows.shape)
        threads.run(kernel, rows.shape, potential, *matrix, field, residual, sums)
        straight = float(sums[:, 1 + k].sum())
        np.negative(residual, out=residual)
        begun = square(residual)

        def reference(released: float, begun: float = begun, straight: float = straight) -> float:
            # The straight line overstates what flows where a good conductor does not connect: the current that is found counts.
            return min(begun, (straight - released) ** 2 / voxels)

        # Where the straight line is the solution, what rounding leaves is no residual.
        if begun > 1e-26 * straight**2 / voxels:
            inside = progress_within(progress, part, len(solved), said)
            iterations[k], residuals[k] = conjugate_gradients(
                potential, residual, currents, reference, levels, work, islands, threads, tolerance, inside
            )
        threads.run(kernel, rows.shape, potential, *matrix, field, work, sums)
        found[:, k] = sums[:, 1:].sum(axis=0) / rows.size
        if progress is not None:
            progress((part + 1) / len(solved), f"{said}: done")
    return found, residuals, iterations


def _vertices(rows: NDArray[np.uint8], sigma: Floats) -> tuple[NDArray[np.int32], Floats]:
    """Number of each vertex's neighbourhood (0: nothing conducts), and the currents of each neighbourhood: (kinds, 8, 8)."""
    empty, shape = len(sigma) - 1, rows.shape
    key = np.empty((*shape, 8), np.uint8)
    for number in range(8):
        a, b, c = number >> 2, number >> 1 & 1, number & 1
        key[..., number] = np.roll(rows, (1 - a, 1 - b, 1 - c), (0, 1, 2))
    whole = key.reshape(-1, 8)
    uniform = np.all(whole == whole[:, :1], axis=1)
    # Vertices inside a phase: empty first, then by row; the rest by what is around them.
    vertex = np.where(whole[:, 0] == empty, 0, whole[:, 0].astype(np.int32) + 1)
    mixed, of = np.unique(whole[~uniform].copy().view(np.uint64).ravel(), return_inverse=True)
    vertex[~uniform] = of + empty + 1
    kinds = np.concatenate([np.repeat([[empty]], 8, 1), np.repeat(np.arange(empty)[:, None], 8, 1)]).astype(np.uint8)
    kinds = np.concatenate([kinds, mixed.view(np.uint8).reshape(-1, 8)])
    table = np.empty((len(kinds), 8, 8))
    for first in range(0, len(kinds), 4096):
        table[first : first + 4096] = _currents_around(sigma[kinds[first : first + 4096]])
    return vertex.astype(np.int32).reshape(shape), table


def _currents_around(sigma: Floats) -> Floats:
    """Currents (n, 8, 8) out of the eight voxels around a vertex with tensors (n, 8, 3, 3), the faces between left free."""
    energy = (sigma.reshape(len(sigma), -1) @ _octants()).reshape(-1, 20, 20)
    faces, mixed, voxels = energy[:, :12, :12].copy(), energy[:, :12, 12:], energy[:, 12:, 12:]
    loose = np.einsum("nff->nf", faces)
    loose[loose == 0.0] = 1.0  # between two voxels that do not conduct
    table = voxels - np.swapaxes(mixed, 1, 2) @ np.linalg.solve(faces, mixed)
    return np.asarray(0.5 * (table + np.swapaxes(table, 1, 2)))


@cache
def _octants() -> Floats:
    """From the tensors (8 × 9) around a vertex to the matrix (20 × 20) of the energy in 12 quarter faces and 8 voxels."""
    gradient = np.zeros((8, 3, 20))
    for number in range(8):
        bits = (number >> 2, number >> 1 & 1, number & 1)
        for axis in range(3):
            others = [bit for other, bit in enumerate(bits) if other != axis]
            towards = 2.0 * (1 - 2 * bits[axis])  # over half an edge
            gradient[number, axis, 4 * axis + 2 * others[0] + others[1]] = towards
            gradient[number, axis, 12 + number] = -towards
    return np.asarray(np.einsum("oai,obj->oabij", gradient, gradient).reshape(72, 400) / 8.0)
