"""Impedance of a porous electrode on voxels: ions in the pores, a blocking surface, every frequency from one set of solves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.electrode.image.image import VoxelImage, takes_image
from scalith.electrode.requirements import require_memory, require_tolerance
from scalith.electrode.transport.electrode_tortuosity import open_pores
from scalith.quantities import ConvergenceError, InputError, Result, labelled, parse_quantity, predicted

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]
_MOST = 400
_BASIS = 8
"""Steps whose vectors are asked of the memory at once."""


@takes_image
def electrode_impedance(
    image: VoxelImage,
    frequencies: ArrayLike,
    phase: str = "pore",
    *,
    conductivity: float | str,
    capacitance: float | str,
    exponent: float = 1.0,
    onto: Sequence[str] | None = None,
    axis: str = "x",
    tolerance: float = 1e-6,
) -> Result:
    r"""Impedance of a blocking porous electrode: half of a symmetric cell, without its separator.

    Ions come in at the lower end of `axis`, the upper end is closed, the solid is at one potential (φ = 0):

    .. math::

        ∇·(σ ∇φ) = 0, \quad φ = 1 \text{ at the separator}, \quad -σ\, ∂φ/∂n = (iω)^α c\, φ \text{ at the surface}

    (T.-T. Nguyen et al., npj Comput. Mater. 6 (2020) 123, doi:10.1038/s41524-020-00386-4). A straight pore has de Levie's
    impedance :math:`\sqrt{R Z_s} \coth\sqrt{R/Z_s}`. At low frequency the real part is a third of
    :math:`R_\mathrm{ion} = τ_e L/(ε σ A)` with the τ_e of `electrode_tortuosity`, beside that of half a voxel, h/(2σS).

    All faces have one admittance g, half a voxel in series. With the conductances K of the pores and the faces F of each voxel
    the current is :math:`g\, 1^T F (1 + g K^{-1} F)^{-1} 1`. Lanczos' iteration with K⁻¹F, which is symmetric by F, makes it a
    small tridiagonal matrix for all frequencies at once; each of its steps is a real solve by `solve_conduction`'s cycle.

    Faces of voxels are counted as they are, up to 3/2 of a round surface. Z depends on ω^α c only: a capacitance multiplied by
    true area over ``surface`` corrects it.

    Parameters
    ----------
    image : VoxelImage
    frequencies : array_like
        Hz, positive.
    phase : str
        That the ions are in.
    conductivity : float or str
        σ of the ions in it, S m-1.
    capacitance : float or str
        c of the surface, F m-2 (S s^α m-2 with another exponent).
    exponent : float
        α of a constant-phase element, above 0 and up to 1; 1 is a capacitor.
    onto, axis
        As in `electrode_tortuosity`.
    tolerance : float
        Relative change of the impedance by further steps, at every frequency.

    Returns
    -------
    Result
        ``resistance`` and ``reactance`` (Re Z and Im Z, ohm, of the image's whole plane) over ``frequency``, as the functions of
        `scalith.lab` take a spectrum; ``area`` of the plane and ``surface`` that charges (m2); ``electrode_tortuosity``;
        ``steps`` of the iteration.

    Raises
    ------
    InputError
        An unknown phase, no surface that ions reach, numbers that are not positive, more than the memory holds.
    ConvergenceError
        The tolerance is not met.
    """
    where = "electrode_impedance"
    require_tolerance(where, tolerance)
    sigma = parse_quantity(conductivity, "S m-1", where=where, field="conductivity")
    per_area = parse_quantity(capacitance, "F m-2", where=where, field="capacitance")
    for field, value in (("conductivity", sigma), ("capacitance", per_area)):
        if not (np.isfinite(value) and value > 0.0):
            raise InputError(where, field, value, "a positive number")
    if not 0.0 < exponent <= 1.0:
        raise InputError(where, "exponent", exponent, "above 0 and up to 1")
    f = np.atleast_1d(np.asarray(frequencies, np.float64))
    if f.ndim != 1 or not f.size or not np.all(np.isfinite(f) & (f > 0.0)):
        raise InputError(where, "frequencies", frequencies, "positive numbers, Hz")
    require_memory(where, image.labels.size, 160)
    pores = open_pores(where, image, phase, onto, axis)
    edge = image.voxel_size
    # Over σ h: the admittance of a face, half a voxel in series with the surface.
    y = edge * per_area * (2j * np.pi * f) ** exponent / sigma
    current, first, steps = _currents(pores.faces, pores.solver(1e-2 * tolerance), y / (1.0 + 0.5 * y), tolerance)
    z = 1.0 / (sigma * edge * current)
    length, plane = pores.inside.shape[0], pores.inside[0].size
    settings = {"phase": phase, "conductivity": sigma, "capacitance": per_area, "exponent": exponent, "axis": axis}
    settings |= {"frequencies": f.tolist(), "onto": None if onto is None else list(onto), "tolerance": tolerance}
    made = predicted("scalith.electrode.electrode_impedance", image.digest, settings=settings)
    tortuosity = 3.0 * float(pores.inside.mean()) * plane / length * first / float(pores.faces.sum())
    return Result(
        {
            "resistance": labelled("frequency", z.real.copy(), "real part of the impedance", "ohm"),
            "reactance": labelled("frequency", z.imag.copy(), "imaginary part of the impedance", "ohm"),
            "area": labelled((), plane * edge**2, "area of the electrode", "m2"),
            "surface": labelled((), float(pores.faces.sum()) * edge**2, "surface that charges, faces of voxels", "m2"),
            "electrode_tortuosity": labelled((), tortuosity, "electrode tortuosity", "1"),
            "steps": labelled((), steps, "steps of the iteration", "1"),
        },
        coords={"frequency": labelled("frequency", f, "frequency", "Hz")},
        attrs={"source": made.to_json()},
    )


def _currents(weight: Floats, solve: Callable[[Floats], Floats], g: Complex, tolerance: float) -> tuple[Complex, float, int]:
    """Current at each admittance g of a face for 1 V, over σ h; the mean of K⁻¹F over the surface; the number of steps.

    The basis lives on the surface alone, and each new vector is made orthogonal to all: the matrix stays that of the image.
    """
    there = weight > 0.0
    faces = weight[there]
    total = float(faces.sum())
    basis = [np.full(faces.size, 1.0 / np.sqrt(total))]
    diagonal: list[float] = []
    beside: list[float] = []
    source, before, still = np.zeros(weight.shape), np.full(g.shape, np.inf, np.complex128), 0
    for step in range(1, min(_MOST, faces.size) + 1):
        if step % _BASIS == 0:  # how many steps there are shows on the way
            require_memory("electrode_impedance", faces.size, 8 * _BASIS)
        source[there] = faces * basis[-1]
        new = solve(source)[there]
        diagonal.append(float(np.dot(faces * basis[-1], new)))
        for _ in range(2):  # once leaves what rounding makes of it
            for one in basis:
                new -= np.dot(faces * one, new) * one
        size = float(np.sqrt(np.dot(faces * new, new)))
        matrix = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
        values, vectors = np.linalg.eigh(matrix)
        current = total * g * ((vectors[0] ** 2) / (1.0 + g[:, None] * values)).sum(axis=1)
        still = still + 1 if np.all(np.abs(current - before) <= tolerance * np.abs(current)) else 0
        if still == 3 or size <= 1e-9 * values[-1] or step == faces.size:
            return current, diagonal[0], step
        before = current
        beside.append(size)
        basis.append(new / size)
    raise ConvergenceError("electrode impedance", f"{_MOST} steps do not settle the highest frequency: ask for lower ones")
