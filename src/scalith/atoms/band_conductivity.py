"""Conduction by electrons in bands: Fermi level, Drude, and Boltzmann's equation with a relaxation time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from scalith.atoms.bands import REDUCED_PLANCK
from scalith.quantities import InputError, Property, Result, dataset_digest, labelled, predicted
from scalith.quantities.constants import BOLTZMANN, BOLTZMANN_EV, ELECTRON_MASS, ELEMENTARY_CHARGE

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

SOMMERFELD_NUMBER = (np.pi * BOLTZMANN / ELEMENTARY_CHARGE) ** 2 / 3.0
"""κ/(σT) of a metal, π²/3 (k/e)², W Ω K⁻²: 2.443e-8 (Sommerfeld 1928)."""


def drude_conductivity(carriers: float, relaxation_time: float, effective_mass: float = 1.0) -> float:
    """σ = n e² τ/m*, S/m.

    Parameters
    ----------
    carriers : float
        Carriers n per volume, m⁻³.
    relaxation_time : float
        τ, s.
    effective_mass : float
        m* in electron masses.

    Raises
    ------
    InputError
        A negative density or time, a mass that is not greater than 0.
    """
    for name, value, least in (("carriers", carriers, 0.0), ("relaxation_time", relaxation_time, 0.0)):
        if not value >= least:
            raise InputError("Drude conductivity", name, value, "a number not below 0")
    if not effective_mass > 0.0:
        raise InputError("Drude conductivity", "effective_mass", effective_mass, "a mass greater than 0, in electron masses")
    return carriers * ELEMENTARY_CHARGE**2 * relaxation_time / (effective_mass * ELECTRON_MASS)


def fermi_level(bands: xr.Dataset, T: float, electrons: float | None = None) -> float:
    """Chemical potential of electrons at which the bands hold a given number, eV.

    Root of N(μ) = g/N_k Σ f((E − μ)/kT) by bracketing (Brent), to the last digit of N: electrons are conserved.

    Parameters
    ----------
    bands : xarray.Dataset
        From `scalith.atoms.band_grid`.
    T : float
        K, greater than 0.
    electrons : float, optional
        In the cell; those of `bands` when not given.

    Raises
    ------
    InputError
        T is not greater than 0; no electrons, or as many as the bands hold.
    """
    from scipy.optimize import brentq

    energy = bands["energy"].values
    count = float(bands["electrons"]) if electrons is None else float(electrons)
    most = float(bands["spin_degeneracy"]) * energy.shape[3]
    if not T > 0.0:
        raise InputError("fermi_level", "T", T, "a temperature greater than 0 K")
    if not 0.0 < count < most:
        raise InputError("fermi_level", "electrons", count, f"more than 0 and fewer than the {most:g} that the bands hold")
    low, high = float(energy.min()), float(energy.max())
    width = 50.0 * BOLTZMANN_EV * T

    def excess(level: float) -> float:
        return electrons_held(bands, level, T) - count

    while excess(low) >= 0.0:
        low -= width
    while excess(high) <= 0.0:
        high += width
    return float(brentq(excess, low, high, xtol=1e-15, rtol=8.9e-16, maxiter=500))


def electrons_held(bands: xr.Dataset, level: float, T: float) -> float:
    """Electrons in the cell at a chemical potential (eV)."""
    from scipy.special import expit

    energy = bands["energy"].values
    points = energy.shape[0] * energy.shape[1] * energy.shape[2]
    filled = np.sum(expit((level - energy) / (BOLTZMANN_EV * T)))
    return float(float(bands["spin_degeneracy"]) * filled / points)


def fermi_level_of_filling(
    bands: xr.Dataset, x: ArrayLike, T: ArrayLike, *, electrons_empty: float, electrons_full: float
) -> Property:
    """Fermi level against stoichiometry, each ion bringing its electrons into rigid bands.

    Parameters
    ----------
    bands : xarray.Dataset
        From `scalith.atoms.band_grid`.
    x, T : array_like
        Stoichiometries and temperatures (K), increasing.
    electrons_empty, electrons_full : float
        In the cell at x = 0 and x = 1.

    Returns
    -------
    Property
        ``fermi_level`` over (x, T), eV.

    Raises
    ------
    InputError
        As `fermi_level`.
    """
    stoichiometries, temperatures = np.atleast_1d(np.asarray(x, dtype=float)), np.atleast_1d(np.asarray(T, dtype=float))
    counts = electrons_empty + stoichiometries * (electrons_full - electrons_empty)
    values = [[fermi_level(bands, float(t), float(count)) for t in temperatures] for count in counts]
    settings = {"electrons": [electrons_empty, electrons_full], "model": "rigid bands"}
    source = predicted("scalith.atoms.fermi_level_of_filling", dataset_digest(bands), settings=settings)
    return Property.from_arrays("fermi_level", {"x": stoichiometries, "T": temperatures}, values, "eV", source)


def boltzmann_transport(bands: xr.Dataset, T: ArrayLike, relaxation_time: float, electrons: float | None = None) -> Result:
    """Conductivity, thermopower and electronic heat conduction from Boltzmann's equation with one relaxation time.

    With v = ∇_k E/ħ (fourth-order differences on the grid) and
    L_n = e² τ g/(N_k V) Σ v v (E − μ)ⁿ (−∂f/∂E): σ = L₀, S = −L₀⁻¹ L₁/(eT), κ = (L₂ − L₁ L₀⁻¹ L₁)/(e² T)
    (Ashcroft, Mermin, chapter 13; Madsen, Singh 2006, DOI 10.1016/j.cpc.2006.03.007). For one parabolic band σ is Drude's. Where
    bands cross, their order in energy makes a kink, which differences blur over two grid points.

    Parameters
    ----------
    bands : xarray.Dataset
        From `scalith.atoms.band_grid`; a fine grid: bands must change over kT by less than a few grid points.
    T : array_like
        K.
    relaxation_time : float
        τ, s.
    electrons : float, optional
        As `fermi_level`.

    Returns
    -------
    Result
        Over ``T``: ``conductivity`` (T, i, j), S/m; ``seebeck`` (T, i, j), V/K; ``thermal_conductivity`` (T, i, j), W/(m K);
        ``fermi_level`` (T), eV; ``lorenz_number`` (T), trace of κ over trace of σT.

    Raises
    ------
    InputError
        As `fermi_level`; a negative time; 2 to 4 grid points along a vector (1: no motion along it); no conduction.
    """
    energy = bands["energy"].values
    if not relaxation_time > 0.0:
        raise InputError("boltzmann_transport", "relaxation_time", relaxation_time, "a time greater than 0 s")
    if any(1 < size < 5 for size in energy.shape[:3]):
        raise InputError("boltzmann_transport", "bands", f"a grid of {energy.shape[:3]}", "5 points or more along a vector, or 1")
    temperatures = np.atleast_1d(np.asarray(T, dtype=np.float64))
    velocity = _velocities(energy, bands["cell"].values).reshape(-1, 3)
    volume = 1e-30 * abs(float(np.linalg.det(bands["cell"].values)))
    points = energy.shape[0] * energy.shape[1] * energy.shape[2]
    scale = ELEMENTARY_CHARGE**2 * relaxation_time * float(bands["spin_degeneracy"]) / (points * volume)
    sigma, seebeck, kappa = (np.empty((temperatures.size, 3, 3)) for _ in range(3))
    levels = np.empty(temperatures.size)
    for k, t in enumerate(temperatures):
        levels[k] = fermi_level(bands, float(t), electrons)
        away = energy.ravel() - levels[k]
        # −∂f/∂E = 1/(4kT cosh²(E/2kT)), which is nothing beyond 40 kT.
        ratio = np.abs(away) / (BOLTZMANN_EV * t)
        near = ratio < 40.0
        window = 0.25 / (BOLTZMANN * t) / np.cosh(0.5 * ratio[near]) ** 2
        pairs = velocity[near, :, None] * velocity[near, None, :]
        moments = [np.tensordot(window * (ELEMENTARY_CHARGE * away[near]) ** n, pairs, axes=1) * scale for n in range(3)]
        sigma[k] = moments[0]
        if not np.trace(sigma[k]) > 0.0:
            raise InputError(
                "boltzmann_transport", "bands", f"no states near the Fermi level at {t:g} K", "a finer grid or a metal"
            )
        inverse = np.linalg.pinv(sigma[k], rcond=1e-10, hermitian=True)
        seebeck[k] = -inverse @ moments[1] / (ELEMENTARY_CHARGE * t)
        kappa[k] = (moments[2] - moments[1] @ inverse @ moments[1]) / (ELEMENTARY_CHARGE**2 * t)
    lorenz = np.trace(kappa, axis1=1, axis2=2) / (np.trace(sigma, axis1=1, axis2=2) * temperatures)
    axes = ["x", "y", "z"]
    data = Result(
        {
            "conductivity": labelled(("T", "i", "j"), sigma, "electronic conductivity", "S m-1"),
            "seebeck": labelled(("T", "i", "j"), seebeck, "Seebeck coefficient", "V K-1"),
            "thermal_conductivity": labelled(("T", "i", "j"), kappa, "electronic thermal conductivity", "W m-1 K-1"),
            "fermi_level": labelled("T", levels, "Fermi level", "eV"),
            "lorenz_number": labelled("T", lorenz, "Lorenz number", "W ohm K-2"),
        },
        {"T": labelled("T", temperatures, "temperature", "K"), "i": axes, "j": axes},
    )
    settings = {"relaxation_time": relaxation_time, "electrons": electrons}
    source = predicted("scalith.atoms.boltzmann_transport", dataset_digest(bands), settings=settings)
    return data.assign_attrs(source=source.to_json())


def _velocities(energy: NDArray[np.float64], cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """∇_k E/ħ in m/s, shape (n₁, n₂, n₃, bands, 3)."""
    slopes = np.zeros((*energy.shape, 3))
    for axis in range(3):
        size = energy.shape[axis]
        if size == 1:
            continue

        def beside(shift: int, axis: int = axis) -> NDArray[np.float64]:
            return np.asarray(np.roll(energy, -shift, axis))

        slopes[..., axis] = size * (8.0 * (beside(1) - beside(-1)) - (beside(2) - beside(-2))) / 12.0
    # k = 2π A⁻¹ u for reduced u and cell rows A, so ∂E/∂k = Aᵀ ∂E/∂u/(2π).
    return np.asarray(slopes @ (1e-10 * cell) * (ELEMENTARY_CHARGE / (2.0 * np.pi * REDUCED_PLANCK)))


def band_conductivity(
    bands: xr.Dataset,
    x: ArrayLike,
    T: ArrayLike,
    relaxation_time: float,
    *,
    electrons_empty: float,
    electrons_full: float,
) -> Property:
    """Conductivity σ(x, T) of a host whose electrons move in rigid bands: a third of the trace of Boltzmann's tensor.

    Parameters
    ----------
    bands, x, T, electrons_empty, electrons_full
        As `fermi_level_of_filling`.
    relaxation_time : float
        τ, s; it carries the whole uncertainty of the result in proportion.

    Returns
    -------
    Property
        ``electronic_conductivity`` over (x, T), S/m.

    Raises
    ------
    InputError
        As `boltzmann_transport`.
    """
    stoichiometries, temperatures = np.atleast_1d(np.asarray(x, dtype=float)), np.atleast_1d(np.asarray(T, dtype=float))
    counts = electrons_empty + stoichiometries * (electrons_full - electrons_empty)
    values = [
        np.trace(boltzmann_transport(bands, temperatures, relaxation_time, float(n))["conductivity"].values, axis1=1, axis2=2)
        / 3.0
        for n in counts
    ]
    settings = {"electrons": [electrons_empty, electrons_full], "relaxation_time": relaxation_time, "model": "rigid bands"}
    source = predicted("scalith.atoms.band_conductivity", dataset_digest(bands), settings=settings)
    return Property.from_arrays("electronic_conductivity", {"x": stoichiometries, "T": temperatures}, values, "S m-1", source)
