"""Tortuosity of an electrode whose pores end on its surface: ions go in, and not through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.electrode.image.image import VoxelImage, takes_image
from scalith.electrode.measure.boundaries import faces_onto
from scalith.electrode.measure.percolation import connected_to
from scalith.electrode.requirements import axis_number, require_memory, require_tolerance
from scalith.electrode.transport.plane_threads import PlaneThreads
from scalith.quantities import InputError, Result, labelled, nearest, predicted

Floats = NDArray[np.float64]


@takes_image
def electrode_tortuosity(
    image: VoxelImage,
    phase: str = "pore",
    *,
    onto: Sequence[str] | None = None,
    axis: str = "x",
    tolerance: float = 1e-6,
) -> Result:
    r"""Electrode tortuosity τ_e: of ions that come in at the separator and end on the surface inside.

    A cell of two equal electrodes with blocking surfaces has at low frequency the resistance of ions that charge all surface
    alike. With the separator at the lower end of `axis` and the upper end closed,

    .. math::

        ∇·(σ ∇φ) = 0, \quad φ = 0 \text{ at the separator}, \quad σ\, ∂φ/∂n = i / S \text{ at the surface}, \qquad
        τ_e = \frac{3 ε σ A}{L} \frac{⟨φ⟩_S}{i},

    with i the current, A the plane and S all the surface that is reached, ε the share of the phase that is reached; it is 1 for
    straight pores with even walls (T.-T. Nguyen et al., npj Comput. Mater. 6 (2020) 123, doi:10.1038/s41524-020-00386-4). The
    tortuosity factor of `solve_conduction` counts ways from face to face, this one ways to the surface, dead ends with them: the
    one that the impedance of blocking electrodes measures.

    Parameters
    ----------
    image : VoxelImage
    phase : str
        That the ions are in.
    onto : sequence of str, optional
        Phases whose surface takes charge; all others without it.
    axis : {"x", "y", "z"}
    tolerance : float
        Relative residual.

    Returns
    -------
    Result
        ``electrode_tortuosity``; ``reached`` share of the phase that joins the separator, ``reached_surface`` of its surface;
        ``surface_potential`` over ``depth``, in units of i L/(σ A) (NaN where there is no surface).

    Raises
    ------
    InputError
        An unknown phase, no surface that ions reach.
    ConvergenceError
        The tolerance is not met.
    """
    require_tolerance("electrode_tortuosity", tolerance)
    require_memory("electrode_tortuosity", image.labels.size, 140)
    pores = open_pores("electrode_tortuosity", image, phase, onto, axis)
    inside, whole = pores.inside, image.mask(phase)
    source = pores.faces / float(pores.faces.sum())
    potential = pores.solver(tolerance)(source)
    length, plane = inside.shape[0], inside[0].size
    share = float(inside.mean())
    resistance = float(np.sum(potential * source))  # in units of 1/(σ h)
    weight = source.sum(axis=(1, 2))
    profile = np.divide((potential * source).sum(axis=(1, 2)), weight, out=np.full(length, np.nan), where=weight > 0.0)
    settings = {"phase": phase, "onto": None if onto is None else list(onto), "axis": axis, "tolerance": tolerance}
    made = predicted("scalith.electrode.electrode_tortuosity", image.digest, settings=settings)
    depth = (np.arange(length) + 0.5) * image.voxel_size
    return Result(
        {
            "electrode_tortuosity": labelled((), 3.0 * share * plane / length * resistance, "electrode tortuosity", "1"),
            "reached": labelled((), float(inside.sum() / max(whole.sum(), 1)), "share of the phase that is reached", "1"),
            "reached_surface": labelled((), pores.reached_surface, "share of the surface that is reached", "1"),
            "surface_potential": labelled("depth", profile * plane / length, "potential of the surface over i L/(σ A)", "1"),
        },
        coords={"depth": labelled("depth", depth, "distance from the separator", "m")},
        attrs={"source": made.to_json()},
    )


class OpenPores(NamedTuple):
    """Pores that join the separator; the axis of the current comes first.

    Attributes
    ----------
    inside : (nx, ny, nz)
        Where they are.
    faces : (nx, ny, nz)
        Faces of each voxel to the surface that takes charge.
    reached_surface : float
        Share of the surface that they reach.
    """

    inside: NDArray[np.bool_]
    faces: Floats
    reached_surface: float

    def solver(self, tolerance: float) -> Callable[[Floats], Floats]:
        """Solves for the potential that currents into the voxels make, the separator at 0, in units of 1/(σ h)."""
        from scalith.electrode.transport.conjugate_gradients import conjugate_gradients, square
        from scalith.electrode.transport.multigrid import add_coarser, currents_through, faces_of, level_of_faces

        faces, total = faces_of(self.inside.astype(np.float64))
        total[0] += 2.0 * self.inside[0]
        currents = currents_through(faces, total)
        first, work = level_of_faces(faces, total)
        levels = [first]
        with PlaneThreads(1) as crew:
            add_coarser(levels, crew)

        def solve(source: Floats) -> Floats:
            potential, residual = np.zeros(source.shape), source.copy()
            begun = square(residual)
            with PlaneThreads(1) as crew:
                conjugate_gradients(potential, residual, currents, lambda _: begun, levels, work, None, crew, tolerance)
            return potential

        return solve


def open_pores(where: str, image: VoxelImage, phase: str, onto: Sequence[str] | None, axis: str) -> OpenPores:
    """Pores that join the lower end of an axis, and the faces on which they end.

    Raises
    ------
    InputError
        An unknown phase or axis, no surface that ions reach.
    """
    along = axis_number(where, axis)
    others = [name for name in image.phases if name != phase]
    if phase not in image.phases:
        raise InputError(where, "phase", phase, nearest(phase, list(image.phases)))
    for name in onto or ():
        if name not in others:
            raise InputError(where, "onto", name, nearest(name, others))
    solid = np.isin(image.labels, [image.label(name) for name in (others if onto is None else onto)])
    inside = np.ascontiguousarray(np.moveaxis(connected_to(image, {phase: 1.0}, axis, 0), along, 0))
    walls = faces_onto(np.moveaxis(image.mask(phase), along, 0), np.moveaxis(solid, along, 0))
    faces = np.where(inside, walls, 0.0)
    if not faces.any():
        raise InputError(where, "image", f"no surface that ions reach in {phase} along {axis}", "an open electrode")
    return OpenPores(inside, faces, float(faces.sum() / walls.sum()))
