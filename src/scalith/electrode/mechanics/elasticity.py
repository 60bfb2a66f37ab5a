"""Elasticity in voxels: effective stiffness, and stress from expansion that the phases do not share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Annotated, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from scalith.electrode.image.image import VoxelImage, takes_image
from scalith.electrode.requirements import require_memory, require_tolerance, rows_of_labels
from scalith.numerics.parallel_map import parallel_map
from scalith.quantities import SI, ConvergenceError, InputError, Result, Spec, digest, labelled, nearest, predicted

_WARPING = 1e-3
"""Resistance of a voxel to the patterns of its corners that strain no centre, over λ + 3μ.

Exact integration gives 1/48, and voxels that are too stiff. A twentieth of it still holds those patterns down where pores leave
corners loose, and comes nearest to the limit of fine voxels.
"""

Floats = NDArray[np.float64]
COMPONENTS = ("xx", "yy", "zz", "yz", "xz", "xy")
"""Voigt's order; strains count shear twice."""


class IsotropicElasticity(Spec):
    """Elastic constants of a phase; modulus zero for a pore.

    Attributes
    ----------
    youngs_modulus : float
        Pa.
    poisson_ratio : float
    """

    youngs_modulus: Annotated[float, SI("Pa"), Field(ge=0)]
    poisson_ratio: Annotated[float, Field(gt=-1, lt=0.5)] = 0.3

    @property
    def stiffness(self) -> Floats:
        """6 × 6 matrix in Voigt's order, Pa."""
        shear = self.youngs_modulus / (2.0 * (1.0 + self.poisson_ratio))
        lame = 2.0 * shear * self.poisson_ratio / (1.0 - 2.0 * self.poisson_ratio)
        matrix = np.zeros((6, 6))
        matrix[:3, :3] = lame
        matrix[range(3), range(3)] += 2.0 * shear
        matrix[range(3, 6), range(3, 6)] = shear
        return matrix


Elasticity = IsotropicElasticity | NDArray[np.float64]


class ElasticBody(NamedTuple):
    """Voxels as kernels take them: see `elasticity_kernels.forces_of`; the last three are of the homogeneous body."""

    row: NDArray[np.uint8]
    stiffness: Floats
    warping: Floats
    intact: Floats
    expansion: Floats
    lame: float
    shear: float
    mean_warping: float


class Deformation(NamedTuple):
    """Displacements, stress and mean strain at equilibrium."""

    displacement: Floats
    stress: Floats
    mean_strain: Floats
    mean_stress: Floats
    residual: float
    iterations: int


@takes_image
def effective_stiffness(
    image: VoxelImage,
    elasticity: Mapping[str, Elasticity],
    *,
    tolerance: float = 1e-5,
    sensitivity: bool = False,
    executor: Executor | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Result:
    """Stiffness of a periodic voxel image, ⟨σ⟩ = C_eff ⟨ε⟩.

    For each of six mean strains ε̄ the periodic displacement u solves

        div σ = 0,   σ = C(r) (ε̄ + sym grad u),

    with one strain a voxel, taken at its centre from the displacements of its eight corners (F. Willot, C. R. Mécanique 343
    (2015) 232, doi:10.1016/j.crme.2014.12.005) and a weak resistance to the patterns of corners that strain no centre, by
    conjugate gradients preconditioned with the homogeneous body, whose inverse is a product in Fourier space (H. Moulinec, P.
    Suquet, Comput. Methods Appl. Mech. Eng. 157 (1998) 69, doi:10.1016/S0045-7825(97)00218-1). The number of iterations does not
    grow with the image, with pores neither. About 150 bytes a voxel.

    Parameters
    ----------
    image : VoxelImage
        Taken as periodic: `mirror` it first when it is not.
    elasticity : mapping of str to IsotropicElasticity or array
        Of every phase; an array is a 6 × 6 stiffness in Voigt's order, Pa.
    tolerance : float
        Relative residual in the norm of the elastic energy.
    sensitivity : bool
        Give ``sensitivity`` as well: ∂ ln C_ii/∂ ln s of each voxel for each of the six loads, s a factor on the stiffness of the
        voxel. It is the voxel's share of the elastic energy, since equilibrium is its own adjoint, and sums to 1.
    executor : concurrent.futures.Executor, optional
        Solves the six cases side by side.
    progress : callable, optional

    Returns
    -------
    Result
        ``stiffness`` (row, column) Pa; ``bulk_modulus`` and ``shear_modulus`` of its isotropic mean, Pa; ``anisotropy`` (largest
        deviation from that mean over its largest entry); ``asymmetry`` (deviation from symmetry, a measure of the error);
        ``residual``, ``iterations`` (load); with `sensitivity` that (row, x, y, z).

    Raises
    ------
    InputError
        A phase has no constants, or constants have no phase; a stiffness is not symmetric and positive.
    ConvergenceError
        The tolerance is not met.
    """
    require_tolerance("effective_stiffness", tolerance)
    body = elastic_body(image, elasticity)
    cases = [np.eye(6)[case] for case in range(6)]
    none = np.zeros((len(body.stiffness), 6))
    found: list[Deformation] = []
    arguments = ([body] * 6, cases, [none] * 6, [False] * 6, [tolerance] * 6)
    for solution in parallel_map(solve_equilibrium, *arguments, executor=executor, threads=1):
        found.append(solution)
        if progress is not None:
            progress(len(found) / 6.0, f"load {len(found)} of 6")
    stiffness = np.array([solution.mean_stress for solution in found]).T
    bulk, shear = isotropic_moduli(stiffness)
    largest = float(np.abs(stiffness).max())
    away = stiffness - _isotropic(bulk - 2.0 / 3.0 * shear, shear)
    data = Result(
        {
            "stiffness": labelled(("row", "column"), stiffness, "effective stiffness", "Pa"),
            "bulk_modulus": labelled((), bulk, "bulk modulus", "Pa"),
            "shear_modulus": labelled((), shear, "shear modulus", "Pa"),
            "anisotropy": labelled((), float(np.abs(away).max()) / largest, "deviation from isotropy", "1"),
            "asymmetry": labelled((), float(np.abs(stiffness - stiffness.T).max()) / largest, "deviation from symmetry", "1"),
            "residual": labelled("row", [solution.residual for solution in found], "relative residual", "1"),
            "iterations": labelled("row", [solution.iterations for solution in found], "iterations", "1"),
        },
        coords={"row": list(COMPONENTS), "column": list(COMPONENTS)},
    )
    if sensitivity:
        shares = np.stack([energy_shares(body, load, solution) for load, solution in zip(cases, found, strict=True)])
        title = "derivative of ln of the diagonal stiffness by ln of the voxel's"
        data["sensitivity"] = labelled(("row", "x", "y", "z"), shares, title, "1")
    source = predicted("scalith.electrode.effective_stiffness", image.digest, settings=_settings(elasticity, tolerance))
    return data.assign_attrs(source=source.to_json())


@takes_image
def stress_from_eigenstrain(
    image: VoxelImage,
    elasticity: Mapping[str, Elasticity],
    eigenstrain: Mapping[str, float | Sequence[float]],
    *,
    expansion: NDArray[np.float64] | None = None,
    outside: Literal["free", "clamped"] = "free",
    tolerance: float = 1e-5,
) -> Result:
    """Stress in the voxels when phases would expand by themselves, as active material does when it takes up lithium.

        div σ = 0,   σ = C(r) (ε̄ + sym grad u − ε*(r)),

    with ε̄ such that the mean stress vanishes (``free``) or ε̄ = 0 (``clamped``). A chemical expansion of partial molar volume Ω
    by Δc is ε* = Ω Δc / 3 in each direction.

    Parameters
    ----------
    image, elasticity, tolerance
        As in `effective_stiffness`.
    eigenstrain : mapping of str to float or sequence of 6
        ε* by phase: one linear strain for an isotropic expansion, or six components in Voigt's order; phases left out have none.
    expansion : array of the image's shape, optional
        Factor on ε* of each voxel, for particles whose lithium is not spread evenly.
    outside : {"free", "clamped"}

    Returns
    -------
    Result
        On the voxels (x, y, z): ``hydrostatic_stress`` (tension positive), ``von_mises_stress``, Pa. By component:
        ``mean_strain``, ``mean_stress``; ``phase_stress`` (phase, component); ``high_stress`` (phase): the von Mises stress
        that one voxel in a hundred exceeds, Pa; ``residual``, ``iterations``.

    Raises
    ------
    InputError
        A name is no phase of the image.
    ConvergenceError
        The tolerance is not met.
    """
    if outside not in ("free", "clamped"):
        raise InputError("stress_from_eigenstrain", "outside", outside, "free or clamped")
    require_tolerance("stress_from_eigenstrain", tolerance)
    body = elastic_body(image, elasticity, expansion)
    strains = phase_eigenstrains(image, eigenstrain, "stress_from_eigenstrain")
    names = list(image.phases)
    solution = solve_equilibrium(body, np.zeros(6), strains, outside == "free", tolerance)
    s = solution.stress
    pressure = (s[0] + s[1] + s[2]) / 3.0
    deviator = 0.5 * ((s[0] - s[1]) ** 2 + (s[1] - s[2]) ** 2 + (s[2] - s[0]) ** 2) + 3.0 * (s[3] ** 2 + s[4] ** 2 + s[5] ** 2)
    by_phase = [[float(s[row][body.row == phase].mean()) for row in range(6)] for phase in range(len(names))]
    equivalent = np.sqrt(deviator)
    inside = [equivalent[body.row == phase] for phase in range(len(names))]
    high = [float(np.quantile(one, 0.99)) if one.size else 0.0 for one in inside]
    data = Result(
        {
            "hydrostatic_stress": labelled(("x", "y", "z"), pressure, "hydrostatic stress, tension positive", "Pa"),
            "von_mises_stress": labelled(("x", "y", "z"), equivalent, "von Mises stress", "Pa"),
            "mean_strain": labelled("component", solution.mean_strain, "mean strain, shear counted twice", "1"),
            "mean_stress": labelled("component", solution.mean_stress, "mean stress", "Pa"),
            "phase_stress": labelled(("phase", "component"), by_phase, "mean stress of the phase", "Pa"),
            "high_stress": labelled("phase", high, "von Mises stress that one voxel in a hundred exceeds", "Pa"),
            "residual": labelled((), solution.residual, "relative residual", "1"),
            "iterations": labelled((), solution.iterations, "iterations", "1"),
        },
        coords={"component": list(COMPONENTS), "phase": names},
    )
    settings = _settings(elasticity, tolerance) | {"eigenstrain": {k: np.asarray(v).tolist() for k, v in eigenstrain.items()}}
    settings |= {"outside": outside} | ({} if expansion is None else {"expansion": digest(body.expansion)})
    source = predicted("scalith.electrode.stress_from_eigenstrain", image.digest, settings=settings)
    return data.assign_attrs(voxel_size=image.voxel_size, source=source.to_json())


def energy_shares(body: ElasticBody, mean: Floats, solution: Deformation) -> Floats:
    """Share of each voxel in the elastic energy of a mean strain without eigenstrain: ½ ε·σ at its centre, and ½ w Σ q²."""
    from scalith.electrode.mechanics.elasticity_kernels import stress_of

    strain, one = np.empty((6, *body.row.shape)), np.ones(body.row.shape)
    unit, none = np.eye(6)[np.newaxis], np.zeros((1, 6))  # a stiffness of one makes the stress the strain
    stress_of(solution.displacement, mean, np.zeros_like(body.row), unit, none, one, one, strain)
    u = {(0, 0, 0): solution.displacement}
    for corner in np.ndindex(2, 2, 2):  # at the corners of each voxel
        u[corner] = np.roll(solution.displacement, [-step for step in corner], axis=(1, 2, 3))
    squares = np.zeros(body.row.shape)
    for signs in ((0, 1, 1), (1, 0, 1), (1, 1, 0), (1, 1, 1)):
        pattern = sum(
            (-1.0) ** sum(sign * step for sign, step in zip(signs, corner, strict=True)) * moved for corner, moved in u.items()
        )
        squares += np.sum(pattern**2, axis=0)
    energy = np.sum(strain * solution.stress, axis=0) + body.warping[body.row] * body.intact * squares
    return np.asarray(energy / energy.sum())


def phase_eigenstrains(image: VoxelImage, eigenstrain: Mapping[str, float | Sequence[float]], where: str) -> Floats:
    """Eigenstrain of each phase in Voigt's order, (phases, 6)."""
    names = list(image.phases)
    strains = np.zeros((len(names), 6))
    for name, strain in eigenstrain.items():
        if name not in image.phases:
            raise InputError(where, "eigenstrain", name, nearest(name, names))
        one = np.asarray(strain, dtype=np.float64)
        if one.shape not in ((), (6,)) or not np.all(np.isfinite(one)):
            raise InputError(where, f"eigenstrain of {name}", strain, "one number, or six in Voigt's order")
        strains[names.index(name)] = one if one.shape else [float(one)] * 3 + [0.0] * 3
    return strains


def isotropic_moduli(stiffness: Floats) -> tuple[float, float]:
    """Bulk and shear modulus of the nearest isotropic stiffness (Voigt's mean over orientations), Pa."""
    bulk = float(stiffness[:3, :3].sum()) / 9.0
    normal, cross = float(np.trace(stiffness[:3, :3])), float(stiffness[:3, :3].sum() - np.trace(stiffness[:3, :3]))
    shear = (normal - 0.5 * cross + 3.0 * float(np.trace(stiffness[3:, 3:]))) / 15.0
    return bulk, shear


def _isotropic(lame: float, shear: float) -> Floats:
    matrix = np.zeros((6, 6))
    matrix[:3, :3] = lame
    matrix[range(3), range(3)] += 2.0 * shear
    matrix[range(3, 6), range(3, 6)] = shear
    return matrix


def _settings(elasticity: Mapping[str, Elasticity], tolerance: float) -> dict[str, object]:
    stated = {
        name: item.model_dump(mode="json") if isinstance(item, IsotropicElasticity) else np.asarray(item).tolist()
        for name, item in elasticity.items()
    }
    return {"elasticity": stated, "tolerance": tolerance}


def elastic_body(image: VoxelImage, elasticity: Mapping[str, Elasticity], expansion: Floats | None = None) -> ElasticBody:
    """Intact voxels with the constants of their phases, and a factor on the eigenstrain of each voxel (1 without)."""
    require_memory("elasticity", image.labels.size, 190)
    names = list(image.phases)
    for name in elasticity:
        if name not in image.phases:
            raise InputError("elasticity", "phase", name, nearest(name, names))
    stiffness = np.empty((len(names), 6, 6))
    for row, name in enumerate(names):
        if name not in elasticity:
            raise InputError("elasticity", name, "nothing", "elastic constants of every phase (youngs_modulus = 0 for pores)")
        item = elasticity[name]
        stiffness[row] = item.stiffness if isinstance(item, IsotropicElasticity) else np.asarray(item, dtype=np.float64)
        scale = max(float(np.abs(stiffness[row]).max()), 1e-300)
        symmetric = np.allclose(stiffness[row], stiffness[row].T, atol=1e-9 * scale)
        if not symmetric or float(np.linalg.eigvalsh(stiffness[row]).min()) < -1e-9 * scale:
            found, expected = "no symmetric and positive matrix", "a symmetric 6 x 6 stiffness whose energy is never negative"
            raise InputError("elasticity", name, found, expected)
    fractions = np.array([image.volume_fractions[name] for name in names])
    bulk, shear = isotropic_moduli(np.einsum("p,pij->ij", fractions, stiffness))
    if shear <= 0.0:
        raise InputError("elasticity", "stiffness", "zero in every phase", "at least one phase that resists")
    moduli = np.array([isotropic_moduli(one) for one in stiffness])
    warping = _WARPING * (moduli[:, 0] + 7.0 / 3.0 * moduli[:, 1])  # λ + 3μ
    rows = np.ascontiguousarray(rows_of_labels(image, names)[image.labels])
    one = np.ones(image.shape)
    factor = one if expansion is None else np.ascontiguousarray(expansion, dtype=np.float64)
    if factor.shape != image.shape or not np.all(np.isfinite(factor)):
        raise InputError("elasticity", "expansion", f"shape {factor.shape}", f"finite numbers of the image's shape {image.shape}")
    return ElasticBody(rows, stiffness, warping, one, factor, bulk - 2.0 / 3.0 * shear, shear, float(fractions @ warping))


def solve_equilibrium(
    body: ElasticBody,
    mean: Floats,
    eigenstrain: Floats,
    free: bool,
    tolerance: float,
    start: Deformation | None = None,
    most: int = 2000,
) -> Deformation:
    """Conjugate gradients for the displacement and, when the outside is free, the mean strain.

    Parameters
    ----------
    body : ElasticBody
    mean : (6,)
        Mean strain; zero where the outside is free, and found.
    eigenstrain : (phases, 6)
    free : bool
    tolerance : float
        Residual over that without displacements.
    start : Deformation, optional
        Of a body nearly the same.
    """
    from scalith.electrode.mechanics.elasticity_kernels import forces_of, stress_of

    shape = body.row.shape
    voxels = float(body.row.size)
    none = np.zeros_like(eigenstrain)
    total = np.empty(6)
    u, strain = np.zeros((3, *shape)), np.array(mean, dtype=np.float64)
    applied, force = np.empty((3, *shape)), np.empty((3, *shape))
    compliance = np.linalg.inv(_isotropic(body.lame, body.shear)) / voxels
    fields = (body.warping, body.intact, body.expansion)

    def remaining() -> tuple[Floats, Floats, Floats, Floats, float]:
        forces_of(u, strain, body.row, body.stiffness, eigenstrain, *fields, force, total)
        residual, residual_mean = -force, -total if free else np.zeros(6)
        z, z_mean = _preconditioned(residual, body), compliance @ residual_mean
        return residual, residual_mean, z, z_mean, float(np.vdot(residual, z)) + float(residual_mean @ z_mean)

    residual, residual_mean, z, z_mean, rz = remaining()
    begun, iteration = rz, 0
    if start is not None and begun > 0.0:  # without a load the answer is there already
        u[:] = start.displacement
        if free:
            strain[:] = start.mean_strain
        residual, residual_mean, z, z_mean, rz = remaining()
    p, p_mean = z.copy(), z_mean.copy()
    while rz > tolerance**2 * begun and iteration < most:
        iteration += 1
        forces_of(p, p_mean, body.row, body.stiffness, none, *fields, applied, total)
        curvature = float(np.vdot(p, applied)) + (float(p_mean @ total) if free else 0.0)
        if not curvature > 0.0:
            break
        step = rz / curvature
        u += step * p
        residual -= step * applied
        if free:
            strain += step * p_mean
            residual_mean -= step * total
        z, z_mean = _preconditioned(residual, body), compliance @ residual_mean
        before, rz = rz, float(np.vdot(residual, z)) + float(residual_mean @ z_mean)
        p *= rz / before
        p += z
        p_mean = z_mean + rz / before * p_mean
    relative = float(np.sqrt(max(rz, 0.0) / begun)) if begun > 0.0 else 0.0
    if relative > tolerance:
        why = f"the residual is {relative:.2g} after {iteration} iterations where {tolerance:.2g} was asked for"
        raise ConvergenceError("elasticity of the voxels", why)
    stress = np.empty((6, *shape))
    stress_of(u, strain, body.row, body.stiffness, eigenstrain, body.intact, body.expansion, stress)
    return Deformation(u, stress, strain, stress.reshape(6, -1).mean(axis=1), relative, iteration)


def _preconditioned(force: Floats, body: ElasticBody) -> Floats:
    """Displacements that the forces cause in the homogeneous body."""
    from scipy import fft

    from scalith.electrode.mechanics.elasticity_kernels import undo_homogeneous

    shape = force.shape[1:]
    fx, fy, fz = (fft.rfftn(component) for component in force)
    undo_homogeneous(fx, fy, fz, shape[2], body.lame, body.shear, body.mean_warping)
    return np.stack([fft.irfftn(component, shape) for component in (fx, fy, fz)])
