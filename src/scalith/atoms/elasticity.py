"""Elastic stiffness of a crystal from stresses under small strains, its stability and its polycrystalline averages.

Voigt's order of components: xx, yy, zz, yz, xz, xy, with engineering shears (twice the tensor component).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from scalith.atoms.engine import Engine
from scalith.atoms.relaxation import Relaxation, relax
from scalith.quantities import ConvergenceError, InputError, Result, dataset_digest, labelled, predicted
from scalith.quantities.constants import ELEMENTARY_CHARGE

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

Progress = Callable[[float, str], None]

VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
COMPONENTS = ("xx", "yy", "zz", "yz", "xz", "xy")
PASCAL = ELEMENTARY_CHARGE * 1e30
"""Pa in one eV/Å³."""
_UPPER = np.triu_indices(6)


def stiffness_tensor(
    atoms: Atoms,
    engine: Engine,
    *,
    strain: float = 0.005,
    relaxation: Relaxation | None = None,
    progress: Progress | None = None,
) -> Result:
    """Stiffness C of σ = C ε from central differences of stresses, with the crystal's symmetry.

    The point group (spglib) leaves n independent constants: C = Σ c_k B_k. Strains ±`strain` are applied along one Voigt
    component after another until the stresses determine all c_k (two strains for a cubic crystal, six without symmetry);
    ions relax in each strained cell; c_k by least squares.

    Parameters
    ----------
    atoms : ase.Atoms
        A crystal relaxed with its cell: without stress.
    engine : Engine
        With stresses.
    strain : float
        Amplitude of the strains.
    relaxation : Relaxation, optional
        Of the ions in the strained cells; `cell` is taken as false. A force tolerance of 0.005 eV/Å when not given.
    progress : callable, optional

    Returns
    -------
    Result
        ``stiffness`` (i, j) in Pa; ``standard_error`` of each from the scatter of the fit (0 where strains and constants are
        equal in number); ``independent``, the number of constants that symmetry leaves.

    Raises
    ------
    InputError
        The strain is not small, or the structure is under stress: its constants would not be those of the crystal at rest.
    ConvergenceError
        Ions did not relax in a strained cell.
    """
    if not 0.0 < strain <= 0.03:
        raise InputError("elasticity", "strain", strain, "a number greater than 0, at most 0.03")
    settings = (relaxation or Relaxation(force_tolerance=0.005, steps=400)).model_copy(update={"cell": False})
    rest = relax(atoms, engine, settings.model_copy(update={"steps": 0}))
    if not rest.converged:
        raise ConvergenceError("stress of the crystal at rest", rest.problem)
    residual = PASCAL * float(np.max(np.abs(_stress(rest.atoms))))
    basis = stiffness_basis(atoms)
    wanted = _strains_needed(basis)
    rows, values = [], []
    for number, component in enumerate(wanted):
        stresses = []
        for sign in (1.0, -1.0):
            pulled = relax(strained(atoms, component, sign * strain), engine, settings)
            if not pulled.converged:
                raise ConvergenceError(f"relaxation under a strain {COMPONENTS[component]}", pulled.problem)
            stresses.append(_stress(pulled.atoms))
        rows.append(basis[:, :, component].T)
        values.append(PASCAL * (stresses[0] - stresses[1]) / (2.0 * strain))
        if progress is not None:
            progress((number + 1) / len(wanted), f"strain {COMPONENTS[component]}")
    matrix, observed = np.concatenate(rows), np.concatenate(values)
    constants = np.linalg.lstsq(matrix, observed, rcond=None)[0]
    stiffness = np.tensordot(constants, basis, axes=1)
    if residual > 0.05 * np.max(np.abs(stiffness)):
        raise InputError("elasticity", "atoms", f"a stress of {residual / 1e9:.2g} GPa", "a structure relaxed with its cell")
    free = len(observed) - len(constants)
    scatter = float(np.sum((matrix @ constants - observed) ** 2)) / free if free else 0.0
    covariance = scatter * np.linalg.pinv(matrix.T @ matrix)
    error = np.sqrt(np.maximum(np.einsum("aij,ab,bij->ij", basis, covariance, basis), 0.0))
    data = _tensor_dataset({"stiffness": stiffness, "standard_error": error})
    data["independent"] = labelled((), len(constants), "independent constants", "1")
    data["residual_stress"] = labelled((), residual, "largest stress of the crystal at rest", "Pa")
    described = {
        "formula": atoms.get_chemical_formula(),
        "engine": engine.label,
        "strain": strain,
        "strains": [COMPONENTS[component] for component in wanted],
        "force_tolerance": settings.force_tolerance,
    }
    return data.assign_attrs(source=predicted("scalith.atoms.stiffness_tensor", engine.digest, settings=described).to_json())


def _stress(atoms: Atoms) -> NDArray[np.float64]:
    return np.asarray(atoms.get_stress(voigt=True), dtype=np.float64)


def strained(atoms: Atoms, component: int, strain: float) -> Atoms:
    """A copy under the Voigt strain `component` (an engineering shear for 3, 4, 5)."""
    i, j = VOIGT[component]
    deformation = np.eye(3)
    deformation[i, j] += strain if i == j else 0.5 * strain
    deformation[j, i] += 0.0 if i == j else 0.5 * strain
    copy = atoms.copy()
    copy.set_cell(np.asarray(atoms.cell) @ deformation, scale_atoms=True)
    return copy


def stiffness_basis(atoms: Atoms, *, tolerance: float = 1e-3) -> NDArray[np.float64]:
    """Orthonormal stiffness tensors that the point group of a crystal leaves as they are, shape (constants, 6, 6)."""
    import spglib

    cell = np.asarray(atoms.cell, dtype=np.float64)
    symmetry: Any = spglib.get_symmetry((cell, atoms.get_scaled_positions(), atoms.numbers), symprec=tolerance)
    rotations = np.eye(3, dtype=np.int64)[None] if symmetry is None else np.unique(symmetry["rotations"], axis=0)
    # Fractional x' = W x is Cartesian r' = (Aᵀ W A⁻ᵀ) r for rows A.
    cartesian = [_orthogonal(cell.T @ rotation @ np.linalg.inv(cell.T)) for rotation in rotations]
    projector = np.zeros((21, 21))
    for rotation in cartesian:
        turn = _voigt_rotation(rotation)
        for k, (i, j) in enumerate(zip(*_UPPER, strict=True)):
            tensor = np.zeros((6, 6))
            tensor[i, j] = tensor[j, i] = 1.0
            projector[:, k] += (turn @ tensor @ turn.T)[_UPPER] / len(cartesian)
    vectors, sizes, _ = np.linalg.svd(projector)
    tensors = []
    for vector in vectors[:, sizes > 0.5].T:
        tensor = np.zeros((6, 6))
        tensor[_UPPER] = vector
        tensor = tensor + np.triu(tensor, 1).T
        tensors.append(np.where(np.abs(tensor) < 1e-9, 0.0, tensor))
    return np.array(tensors)


def _orthogonal(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Nearest rotation: a relaxed cell keeps its symmetry to a tolerance only."""
    left, _, right = np.linalg.svd(matrix)
    return np.asarray(left @ right, dtype=np.float64)


def _voigt_rotation(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """K of σ' = K σ in Voigt's order (Bond 1943); C' = K C Kᵀ."""
    result = np.empty((6, 6))
    for row, (i, j) in enumerate(VOIGT):
        for column, (k, m) in enumerate(VOIGT):
            result[row, column] = rotation[i, k] * rotation[j, m]
            if k != m:
                result[row, column] += rotation[i, m] * rotation[j, k]
    return result


def _strains_needed(basis: NDArray[np.float64]) -> list[int]:
    """Fewest Voigt strains, taken in order of gain, whose stresses determine every constant."""
    chosen: list[int] = []
    rank = 0
    while rank < len(basis):
        ranks = {
            component: np.linalg.matrix_rank(np.concatenate([basis[:, :, k].T for k in (*chosen, component)]), tol=1e-3)
            for component in range(6)
            if component not in chosen
        }
        best = max(ranks, key=lambda component: (ranks[component], -component))
        chosen.append(best)
        rank = int(ranks[best])
    return chosen


def _tensor_dataset(tensors: dict[str, NDArray[np.float64]]) -> Result:
    words = {"stiffness": "stiffness", "standard_error": "standard error of the stiffness", "compliance": "compliance"}
    names = np.array(COMPONENTS)
    return Result(
        {
            name: labelled(("i", "j"), values, words[name], "Pa-1" if name == "compliance" else "Pa")
            for name, values in tensors.items()
        },
        {"i": labelled("i", names, "stress", ""), "j": labelled("j", names, "strain", "")},
    )


def given_stiffness(values: Any, reference: str) -> Result:
    """A published stiffness as a dataset like that of `stiffness_tensor`.

    Parameters
    ----------
    values : array_like, shape (6, 6)
        Pa, symmetric, in Voigt's order xx, yy, zz, yz, xz, xy.
    reference : str
        Where it is from.

    Raises
    ------
    InputError
        Not a symmetric 6 × 6 matrix of finite numbers.
    """
    from scalith.quantities import Source

    matrix = _checked(values)
    return _tensor_dataset({"stiffness": matrix}).assign_attrs(source=Source(kind="published", reference=reference).to_json())


def _checked(values: Any) -> NDArray[np.float64]:
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.shape != (6, 6) or not np.all(np.isfinite(matrix)):
        raise InputError("elasticity", "stiffness", f"shape {matrix.shape}", "6 × 6 finite numbers, Pa")
    if np.max(np.abs(matrix - matrix.T)) > 1e-6 * np.max(np.abs(matrix)):
        raise InputError("elasticity", "stiffness", "an asymmetric matrix", "C_ij = C_ji")
    return matrix


def born_stability(stiffness: xr.Dataset) -> NDArray[np.float64]:
    """Eigenvalues of the stiffness (in Kelvin's notation, Pa), increasing: a crystal is stable when all are positive.

    The energy ½ ε·C·ε of every strain is then positive (Born 1940; Mouhat, Coudert 2014, DOI 10.1103/PhysRevB.90.224104).
    """
    scale = np.array([1.0, 1.0, 1.0, np.sqrt(2.0), np.sqrt(2.0), np.sqrt(2.0)])
    matrix = _checked(stiffness["stiffness"].values)
    return np.asarray(np.linalg.eigvalsh(scale[:, None] * matrix * scale), dtype=np.float64)


def elastic_moduli(stiffness: xr.Dataset) -> Result:
    """Bulk and shear moduli of a polycrystal: bounds of Voigt and Reuss, and Hill's mean.

    Voigt (equal strain): 9K = C₁₁+C₂₂+C₃₃ + 2(C₁₂+C₁₃+C₂₃), 15G = C₁₁+C₂₂+C₃₃ − (C₁₂+C₁₃+C₂₃) + 3(C₄₄+C₅₅+C₆₆). Reuss
    (equal stress), with S = C⁻¹: 1/K = S₁₁+S₂₂+S₃₃ + 2(S₁₂+S₁₃+S₂₃),
    15/G = 4(S₁₁+S₂₂+S₃₃) − 4(S₁₂+S₁₃+S₂₃) + 3(S₄₄+S₅₅+S₆₆). A polycrystal without texture lies between (Hill 1952,
    DOI 10.1088/0370-1298/65/5/307).

    Parameters
    ----------
    stiffness : xarray.Dataset
        From `stiffness_tensor` or `given_stiffness`.

    Returns
    -------
    Result
        ``bulk_modulus`` and ``shear_modulus`` over ``average`` (``voigt``, ``reuss``, ``hill``), Pa; ``youngs_modulus`` and
        ``poisson_ratio`` of Hill's mean; ``anisotropy`` 5 G_V/G_R + K_V/K_R − 6 (0 for an isotropic crystal: Ranganathan,
        Ostoja-Starzewski 2008, DOI 10.1103/PhysRevLett.101.055504); ``compliance`` (i, j), 1/Pa; ``born_eigenvalues``, Pa.

    Raises
    ------
    InputError
        The crystal is not stable (Born): averages would mean nothing.
    """
    eigenvalues = born_stability(stiffness)
    if eigenvalues[0] <= 0.0:
        raise InputError(
            "elasticity", "stiffness", f"an eigenvalue of {eigenvalues[0] / 1e9:.3g} GPa", "a stable crystal (Born): all positive"
        )
    C = _checked(stiffness["stiffness"].values)
    S = np.asarray(np.linalg.inv(C), dtype=np.float64)
    bulk_voigt = (np.trace(C[:3, :3]) + 2.0 * (C[0, 1] + C[0, 2] + C[1, 2])) / 9.0
    shear_voigt = (np.trace(C[:3, :3]) - C[0, 1] - C[0, 2] - C[1, 2] + 3.0 * np.trace(C[3:, 3:])) / 15.0
    bulk_reuss = 1.0 / (np.trace(S[:3, :3]) + 2.0 * (S[0, 1] + S[0, 2] + S[1, 2]))
    shear_reuss = 15.0 / (4.0 * np.trace(S[:3, :3]) - 4.0 * (S[0, 1] + S[0, 2] + S[1, 2]) + 3.0 * np.trace(S[3:, 3:]))
    bulk, shear = 0.5 * (bulk_voigt + bulk_reuss), 0.5 * (shear_voigt + shear_reuss)
    data = _tensor_dataset({"compliance": S})
    averages = {"average": ["voigt", "reuss", "hill"]}
    data = data.assign_coords(averages)
    data["bulk_modulus"] = labelled("average", [bulk_voigt, bulk_reuss, bulk], "bulk modulus", "Pa")
    data["shear_modulus"] = labelled("average", [shear_voigt, shear_reuss, shear], "shear modulus", "Pa")
    young, poisson = _isotropic(data.sel(average="hill"))
    scalars = {
        "youngs_modulus": (young, "Pa", "Young's modulus (Hill)"),
        "poisson_ratio": (poisson, "1", "Poisson's ratio (Hill)"),
        "anisotropy": (5.0 * shear_voigt / shear_reuss + bulk_voigt / bulk_reuss - 6.0, "1", "universal elastic anisotropy"),
    }
    for name, (value, unit, words) in scalars.items():
        data[name] = labelled((), value, words, unit)
    data["born_eigenvalues"] = labelled("mode", eigenvalues, "eigenvalues of the stiffness (Kelvin)", "Pa")
    source = predicted("scalith.atoms.elastic_moduli", dataset_digest(stiffness))
    return data.assign_attrs(source=source.to_json())


def polycrystal_elasticity(stiffnesses: Mapping[float, xr.Dataset]) -> Result:
    """Young's modulus and Poisson's ratio of a polycrystal against its content: Hill's means, between them straight lines.

    Parameters
    ----------
    stiffnesses : dict of float to xarray.Dataset
        Of each filled fraction x of the host's sites, as `stiffness_tensor` hands it back.

    Returns
    -------
    Result
        ``youngs_modulus`` (Pa) and ``poisson_ratio`` over ``x``, each with its ``…_error``: half the distance between Voigt's and
        Reuss's bounds, within which any texture of the crystallites keeps it.

    Raises
    ------
    InputError
        A crystal is not stable (Born).
    """
    x = sorted(stiffnesses)
    found: dict[str, list[float]] = {name: [] for name in ("youngs_modulus", "poisson_ratio")}
    errors: dict[str, list[float]] = {name: [] for name in found}
    for content in x:
        data = elastic_moduli(stiffnesses[content])
        bounds = [_isotropic(data.sel(average=name)) for name in ("voigt", "reuss", "hill")]
        for name, voigt, reuss, hill in zip(found, *bounds, strict=True):
            found[name].append(hill)
            errors[name].append(0.5 * abs(voigt - reuss))
    values = {}
    for name, words, unit in (("youngs_modulus", "Young's modulus", "Pa"), ("poisson_ratio", "Poisson's ratio", "1")):
        values[name] = labelled("x", found[name], f"{words} of the polycrystal", unit)
        values[f"{name}_error"] = labelled("x", errors[name], f"standard error of {words}", unit)
    source = predicted("scalith.atoms.polycrystal_elasticity", *(dataset_digest(stiffnesses[content]) for content in x))
    return Result(values, {"x": labelled("x", x, "filled fraction of the sites", "1")}, {"source": source.to_json()})


def _isotropic(moduli: xr.Dataset) -> tuple[float, float]:
    """Young's modulus and Poisson's ratio of a bulk and a shear modulus."""
    bulk, shear = float(moduli["bulk_modulus"]), float(moduli["shear_modulus"])
    return 9.0 * bulk * shear / (3.0 * bulk + shear), (3.0 * bulk - 2.0 * shear) / (6.0 * bulk + 2.0 * shear)
