"""Electron bands of a crystal: on a grid and along a path, density of states, effective masses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from scalith.atoms.engine import Engine
from scalith.quantities import ConvergenceError, InputError, Result, Source, dataset_digest, labelled, predicted
from scalith.quantities.constants import ELECTRON_MASS, ELEMENTARY_CHARGE, PLANCK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ase import Atoms
    from numpy.typing import ArrayLike

REDUCED_PLANCK = PLANCK / (2.0 * np.pi)


def band_grid(
    cell: ArrayLike, energies: ArrayLike, electrons: float, *, spin_degeneracy: float = 2.0, source: Source | None = None
) -> Result:
    """Bands on a uniform grid that holds Γ, as the functions of transport take them.

    Parameters
    ----------
    cell : array_like, shape (3, 3)
        Rows are the vectors, Å.
    energies : array_like, shape (n₁, n₂, n₃, bands)
        eV, at k = Σ (i_a/n_a) b_a with the reciprocal vectors b_a (numpy's order: the second half is k − b).
    electrons : float
        In the cell, in these bands.
    spin_degeneracy : float
        Electrons that one state holds: 2 without spin polarisation.
    source : Source, optional

    Returns
    -------
    Result
        ``energy`` (k1, k2, k3, band); ``cell`` (vector, axis); ``electrons``; ``spin_degeneracy``.

    Raises
    ------
    InputError
        Wrong shapes; more electrons than the bands hold.
    """
    values = np.asarray(energies, dtype=np.float64)
    vectors = np.asarray(cell, dtype=np.float64)
    if values.ndim != 4 or not np.all(np.isfinite(values)):
        raise InputError("bands", "energies", f"shape {values.shape}", "finite numbers of shape (n1, n2, n3, bands)")
    if vectors.shape != (3, 3) or abs(np.linalg.det(vectors)) < 1e-9:
        raise InputError("bands", "cell", vectors.tolist(), "three vectors that span a volume, Å")
    if not 0.0 <= electrons <= spin_degeneracy * values.shape[3]:
        raise InputError("bands", "electrons", electrons, f"0 to {spin_degeneracy * values.shape[3]:g}: what the bands hold")
    given = source or Source(kind="assumed", reference="given in memory")
    return Result(
        {
            "energy": labelled(("k1", "k2", "k3", "band"), values, "energy of the band", "eV"),
            "cell": labelled(("vector", "axis"), vectors, "cell", "Å"),
            "electrons": labelled((), float(electrons), "electrons in the cell", "1"),
            "spin_degeneracy": labelled((), float(spin_degeneracy), "electrons in one state", "1"),
        }
    ).assign_attrs(source=given.to_json())


def gpaw_band_grid(atoms: Atoms, engine: Engine, grid: Sequence[int], *, bands: int | None = None) -> Result:
    """Bands of a crystal on a grid, by GPAW: self-consistent on the engine's k-points, then fixed density on the grid.

    Parameters
    ----------
    atoms : ase.Atoms
    engine : Engine
        ``gpaw``, without spin polarisation.
    grid : 3 int
        k-points along each reciprocal vector.
    bands : int, optional
        Bands that are converged; 4 above the filled ones when not given.

    Returns
    -------
    Result
        As `band_grid`; energies are counted from the Fermi level of the self-consistent run.

    Raises
    ------
    InputError, ConvergenceError
        Another engine; the density or the bands do not converge.
    """
    calculation, electrons, count = _self_consistent(atoms, engine, bands)
    fixed = _fixed_density(calculation, {"size": list(grid), "gamma": True}, count, symmetric=True)
    fermi = float(calculation.get_fermi_level())
    reduced = np.asarray(fixed.get_bz_k_points(), dtype=np.float64)
    places = np.mod(np.round(reduced * np.asarray(grid)).astype(int), np.asarray(grid))
    energies = np.empty((*grid, count))
    irreducible = np.array([fixed.get_eigenvalues(kpt=k)[:count] for k in range(len(fixed.get_ibz_k_points()))])
    energies[tuple(places.T)] = irreducible[np.asarray(fixed.get_bz_to_ibz_map())] - fermi
    settings = {"formula": atoms.get_chemical_formula(), "grid": list(grid), "engine": engine.settings}
    source = predicted("scalith.atoms.gpaw_band_grid", engine.digest, settings=settings, reference_state="Fermi level")
    return band_grid(atoms.cell, energies, electrons, source=source)


def gpaw_band_path(atoms: Atoms, engine: Engine, path: str, *, points: int = 100, bands: int | None = None) -> Result:
    """Bands along a path through the Brillouin zone, by GPAW.

    Parameters
    ----------
    atoms, engine, bands
        As `gpaw_band_grid`.
    path : str
        Special points in ASE's names (``"GMKGALHA"``), after Setyawan, Curtarolo 2010, DOI 10.1016/j.commatsci.2010.05.010.
    points : int

    Returns
    -------
    Result
        ``energy`` (k, band), eV from the Fermi level; ``distance`` (k), 1/Å; ``k_point`` (k, axis); ``label`` (corner) and
        ``corner_distance`` (corner).

    Raises
    ------
    InputError, ConvergenceError
        As `gpaw_band_grid`; a point that the lattice does not have.
    """
    try:
        special = atoms.cell.bandpath(path, npoints=points)
    except (KeyError, ValueError) as error:
        raise InputError("bands", "path", path, f"special points of this lattice: {error}") from None
    calculation, _, count = _self_consistent(atoms, engine, bands)
    fixed = _fixed_density(calculation, special.kpts, count, symmetric=False)
    energies = np.array([fixed.get_eigenvalues(kpt=k)[:count] for k in range(len(special.kpts))])
    distance, corners, labels = special.get_linear_kpoint_axis()
    settings = {"formula": atoms.get_chemical_formula(), "path": path, "engine": engine.settings}
    source = predicted("scalith.atoms.gpaw_band_path", engine.digest, settings=settings, reference_state="Fermi level")
    return Result(
        {
            "energy": labelled(
                ("k", "band"), energies - float(calculation.get_fermi_level()), "energy from the Fermi level", "eV"
            ),
            "distance": labelled("k", 2.0 * np.pi * distance, "distance along the path", "1/Å"),
            "k_point": labelled(("k", "axis"), special.kpts, "k-point in reciprocal vectors", "1"),
            "corner_distance": labelled("corner", 2.0 * np.pi * corners, "distance of a special point", "1/Å"),
            "label": labelled("corner", np.array(labels), "special point", ""),
        }
    ).assign_attrs(source=source.to_json())


def _self_consistent(atoms: Atoms, engine: Engine, bands: int | None) -> tuple[Any, float, int]:
    if engine.name != "gpaw":
        raise InputError("bands", "engine", engine.name, "gpaw: other engines give no bands here")
    started = atoms.copy()
    started.calc = calculation = engine.calculator()
    _converged(started.get_potential_energy, "self-consistent density")
    if calculation.get_number_of_spins() != 1:
        raise InputError("bands", "engine", "a spin-polarised calculation", "one without spin polarisation")
    electrons = float(calculation.get_number_of_electrons())
    return calculation, electrons, bands or int(np.ceil(0.5 * electrons)) + 4


def _fixed_density(calculation: Any, k_points: Any, bands: int, *, symmetric: bool) -> Any:
    symmetry: Any = {} if symmetric else {"symmetry": "off"}
    convergence = {"bands": bands}
    return _converged(
        lambda: calculation.fixed_density(kpts=k_points, nbands=bands + 6, convergence=convergence, txt=None, **symmetry), "bands"
    )


def _converged(run: Any, what: str) -> Any:
    from gpaw import KohnShamConvergenceError

    try:
        return run()
    except KohnShamConvergenceError as error:
        raise ConvergenceError(what, f"{error}: raise 'maxiter' or the smearing of the engine") from None


def density_of_states(bands: xr.Dataset, energy: ArrayLike) -> Result:
    """Density of states by the linear tetrahedron method (Blöchl et al. 1994, DOI 10.1103/PhysRevB.49.16223, through ASE).

    Parameters
    ----------
    bands : xarray.Dataset
        From `band_grid`.
    energy : array_like
        Increasing, eV.

    Returns
    -------
    Result
        ``density_of_states`` over ``energy``, states (electrons) per eV and cell.
    """
    from ase.dft.dos import linear_tetrahedron_integration

    at = np.asarray(energy, dtype=np.float64)
    every = bands["energy"].values
    # Bands outside the range have no states in it.
    near = (every.max(axis=(0, 1, 2)) >= at[0]) & (every.min(axis=(0, 1, 2)) <= at[-1])
    values = linear_tetrahedron_integration(bands["cell"].values, every[..., near], at) if near.any() else np.zeros(at.size)
    data = Result(
        {"density_of_states": labelled("energy", float(bands["spin_degeneracy"]) * values, "density of states per cell", "1/eV")},
        {"energy": labelled("energy", at, "energy", "eV")},
    )
    return data.assign_attrs(source=predicted("scalith.atoms.density_of_states", dataset_digest(bands)).to_json())


def effective_mass(bands: xr.Dataset, band: int, at: Sequence[int] | None = None) -> Result:
    """Effective mass tensor of a band, m*⁻¹ = ∇∇E/ħ², by central differences on the grid.

    Parameters
    ----------
    bands : xarray.Dataset
        From `band_grid`.
    band : int
    at : 3 int, optional
        Grid point; the lowest of the band when not given.

    Returns
    -------
    Result
        ``inverse_mass`` (i, j) in units of 1/electron mass (exact for a parabolic band, error of second order in the step
        else); ``principal_mass`` (principal), electron masses, negative at a maximum; ``density_of_states_mass``, the geometric
        mean of their sizes.

    Raises
    ------
    InputError
        No such band; fewer than 3 grid points along a vector; a direction in which the band is flat.
    """
    energy = bands["energy"].values
    if not 0 <= band < energy.shape[3]:
        raise InputError("effective_mass", "band", band, f"0 to {energy.shape[3] - 1}")
    if min(energy.shape[:3]) < 3:
        raise InputError("effective_mass", "bands", f"a grid of {energy.shape[:3]}", "3 points or more along each vector")
    values = energy[..., band]
    where = tuple(int(i) for i in np.unravel_index(int(np.argmin(values)), values.shape)) if at is None else tuple(at)
    centred = np.roll(values, [-index for index in where], (0, 1, 2))
    curvature = np.empty((3, 3))
    for i in range(3):
        for j in range(i, 3):
            first, second = np.eye(3, dtype=int)[i], np.eye(3, dtype=int)[j]
            if i == j:
                step = centred[tuple(first)] + centred[tuple(-first)] - 2.0 * centred[0, 0, 0]
            else:
                step = 0.25 * (
                    centred[tuple(first + second)]
                    + centred[tuple(-first - second)]
                    - centred[tuple(first - second)]
                    - centred[tuple(second - first)]
                )
            curvature[i, j] = curvature[j, i] = step * values.shape[i] * values.shape[j]
    # k = 2π A⁻¹ u for reduced u and cell rows A, so ∂/∂k = Aᵀ/(2π) ∂/∂u.
    A = 1e-10 * bands["cell"].values
    hessian = ELEMENTARY_CHARGE * A.T @ curvature @ A / (2.0 * np.pi) ** 2
    inverse = ELECTRON_MASS * hessian / REDUCED_PLANCK**2
    principal = np.linalg.eigvalsh(inverse)
    if np.min(np.abs(principal)) <= 1e-9 * np.max(np.abs(principal)):
        raise InputError("effective_mass", "band", f"no curvature of band {band} at {where}", "a band that is curved there")
    axes = ["x", "y", "z"]
    data = Result(
        {
            "inverse_mass": labelled(("i", "j"), inverse, "inverse mass in electron masses", "1"),
            "principal_mass": labelled("principal", 1.0 / principal, "principal mass in electron masses", "1"),
            "density_of_states_mass": labelled(
                (), float(np.prod(np.abs(1.0 / principal)) ** (1.0 / 3.0)), "density-of-states mass in electron masses", "1"
            ),
        },
        {"i": axes, "j": axes},
    )
    settings = {"band": band, "at": list(where)}
    return data.assign_attrs(source=predicted("scalith.atoms.effective_mass", dataset_digest(bands), settings=settings).to_json())
