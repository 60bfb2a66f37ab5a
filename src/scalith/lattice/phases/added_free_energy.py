"""Free energies that the cluster expansion does not know, of vibrations and electrons, added to the sampled states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scalith.quantities import InputError, Result, dataset_digest, labelled, predicted
from scalith.quantities.constants import AVOGADRO, BOLTZMANN_EV, ELEMENTARY_CHARGE

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from scalith.quantities import Property, Result

MOLAR = ELEMENTARY_CHARGE * AVOGADRO
"""J mol-1 of one eV."""


def add_free_energies(sampled: xr.Dataset, *added: Property) -> Result:
    r"""States of the lattice whose free energy per site is g(x, T) + Σ f(x, T).

    The added terms follow the stoichiometry alone, not the ordering: they are averages over the orderings of that
    stoichiometry. A state sampled at μ then stands at μ + ∂f/∂x, with the grand potential φ + f − x ∂f/∂x, the energy E + f −
    T ∂f/∂T, the partial energy ∂E/∂N + ∂(f − T ∂f/∂T)/∂x, and the fluctuations (1/⟨δN²⟩ + ∂²f/∂x²/kT)⁻¹ per site. Voltage,
    entropic coefficient, entropy and thermodynamic factor follow from the states. States above the lower convex hull of the
    sum are unstable: they are marked, and the phases on both sides share a tangent.

    Parameters
    ----------
    sampled : xarray.Dataset
        From `scalith.lattice.semi_grand_canonical`.
    added : Property
        Over (x, T) or either, J mol-1 per mole of the working ion's sites (or eV per site).

    Returns
    -------
    Result
        As `sampled`, with ``chemical_potential`` (T, mu), eV, that replaces the coordinate ``mu``, and ``stable`` (T, mu).

    Raises
    ------
    InputError
        A property is not in J mol-1 or eV, depends on other coordinates than x and T, or does not cover the sampled temperatures.
    """
    for item in added:
        if item.unit not in ("J mol-1", "eV") or not set(item.coordinates) <= {"x", "T"}:
            raise InputError("added free energy", item.name, item.describe(), "J mol-1 or eV per site over x and T")
    data = Result.of(sampled)
    per_cell = sampled.attrs["sites"] / sampled.attrs["cells"]
    changed = {name: sampled[name].values.copy() for name in ("energy", "grand_potential", "fluctuations", "partial_energy")}
    steady = sampled["steady"].values.astype(bool) if "steady" in sampled else None
    potential, stable = np.empty_like(changed["energy"]), np.ones(changed["energy"].shape, dtype=bool)
    known = np.broadcast_to(sampled["chemical_potential" if "chemical_potential" in sampled else "mu"].values, potential.shape)
    for k, T in enumerate(sampled["T"].values):
        x = sampled["x"].values[k]
        f, slope, curvature, energy, energy_slope = (sum(parts) for parts in zip(*(_terms(p, x, T) for p in added), strict=True))
        potential[k] = known[k] + slope
        changed["grand_potential"][k] += f - x * slope
        changed["energy"][k] += per_cell * energy
        changed["partial_energy"][k] += energy_slope
        old = np.maximum(changed["fluctuations"][k], 1e-12)
        inverse = 1.0 / old + curvature / (BOLTZMANN_EV * T)
        # Within an added concavity no homogeneous state fluctuates about its mean.
        changed["fluctuations"][k] = np.where(inverse > 0.02 / old, 1.0 / np.maximum(inverse, 0.02 / old), 50.0 * old)
        if steady is not None:  # what is all but flat parts into two phases by the least added concavity
            steady[k, :-1] &= (curvature[:-1] >= 0.0) & (curvature[1:] >= 0.0)
        noise = sampled["grand_potential_error"].values[k]
        stable[k] = _on_hull(x, changed["grand_potential"][k] + potential[k] * x, noise)
    if "stable" in sampled:
        stable &= sampled["stable"].values.astype(bool)
    for name, values in changed.items():
        data[name] = (("T", "mu"), values, sampled[name].attrs)
    if steady is not None:
        data["steady"] = (("T", "mu"), steady, sampled["steady"].attrs)
    data["chemical_potential"] = labelled(
        ("T", "mu"), potential, "chemical potential of the working ion with the added free energies", "eV"
    )
    data["stable"] = labelled(("T", "mu"), stable, "on the lower hull of the free energy", "1")
    settings: dict[str, Any] = {"added": [item.name for item in added]}
    parents = [item.digest for item in added]
    source = predicted("scalith.lattice.add_free_energies", dataset_digest(sampled), *parents, settings=settings)
    return data.assign_attrs(source=source.to_json())


def _terms(item: Property, x: NDArray[np.float64], T: float) -> tuple[NDArray[np.float64], ...]:
    """f, ∂f/∂x, ∂²f/∂x², f − T ∂f/∂T and its slope in x, eV per site, at stoichiometries x.

    The property is fitted by a polynomial of low order in x: its values at a few stoichiometries carry noise that a
    second derivative would blow up.
    """
    scale = MOLAR if item.unit == "J mol-1" else 1.0
    grid = item.coordinates.get("x", np.array([0.0, 1.0]))
    low, high = item.domain.get("T", (T, T))
    if "T" in item.coordinates and not low - 1e-6 <= T <= high + 1e-6 and low < high:
        raise InputError("added free energy", item.name, f"T from {low:.6g} to {high:.6g} K", f"a range that holds {T:.6g} K")
    # Coordinates that the property does not depend on are ignored.
    value = np.broadcast_to(np.asarray(item(x=grid, T=T), dtype=np.float64) / scale, grid.shape)
    by_T = np.zeros(grid.shape)
    if "T" in item.coordinates and low < high:
        by_T = np.broadcast_to(np.asarray(item.slope("T", x=grid, T=T), dtype=np.float64) / scale, grid.shape)
    order = min(len(grid) - 1, 4)
    free = np.polynomial.Polynomial.fit(grid, value, order)
    heat = np.polynomial.Polynomial.fit(grid, value - T * by_T, order)
    return free(x), free.deriv()(x), free.deriv(2)(x), heat(x), heat.deriv()(x)


def _on_hull(x: NDArray[np.float64], g: NDArray[np.float64], error: NDArray[np.float64]) -> NDArray[np.bool_]:
    """States that do not lie above the lower hull of g(x) by more than their error (at least 0.02 meV)."""
    from scalith.lattice.expansion.cluster_expansion import lower_hull

    hull = np.array(lower_hull(x, g))
    above = g - np.interp(x, x[hull], g[hull])
    return np.asarray(above <= np.maximum(error, 2e-5))
