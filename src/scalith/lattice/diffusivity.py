"""Diffusivities as properties: jump, tracer, chemical; Arrhenius fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scalith.quantities import InputError, Property, dataset_digest, predicted

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray


def jump_diffusivity(result: xr.Dataset) -> Property:
    """Jump diffusivity D_J(x, T), m2 s-1, from `scalith.lattice.kinetic_monte_carlo`: the collective displacement's."""
    return _diffusivity(result, "jump_diffusivity")


def tracer_diffusivity(result: xr.Dataset) -> Property:
    """Tracer diffusivity D*(x, T), m2 s-1, from `scalith.lattice.kinetic_monte_carlo`: a single ion's."""
    return _diffusivity(result, "tracer_diffusivity")


def _diffusivity(result: xr.Dataset, name: str) -> Property:
    if name not in result:
        raise InputError("result", name, "no such variable", "a data set of kinetic_monte_carlo")
    data = result.transpose("T", "x", ...)
    source = predicted(
        f"scalith.lattice.diffusivity.{name}", dataset_digest(result), note="; ".join(result.attrs.get("warnings", []))
    )
    coordinates = {"x": data["x"].values, "T": data["T"].values}
    return Property.from_arrays(name, coordinates, data[name].values.T, "m2 s-1", source, data[f"{name}_error"].values.T)


def chemical_diffusivity(jump_diffusivity: Property, thermodynamic_factor: Property) -> Property:
    """Chemical diffusivity D(x, T) = D_J(x, T) · Θ(x, T), m2 s-1.

    Given on the x of the thermodynamic factor. Between the x of the jump diffusivity ln(D_J/(1−x)) is linear in x, beyond them it
    stays; between its temperatures ln D_J is linear in 1/T (Arrhenius). With the tracer diffusivity in place of D_J this is
    Darken's.

    Raises
    ------
    InputError
        The temperatures of the thermodynamic factor lie outside those of the jump diffusivity, or D_J is not positive.
    """
    theta = thermodynamic_factor
    x, T = theta.coordinates["x"], theta.coordinates["T"]
    known_x, known_T = jump_diffusivity.coordinates["x"], jump_diffusivity.coordinates["T"]
    if T[0] < known_T[0] - 1e-6 or T[-1] > known_T[-1] + 1e-6:
        raise InputError(
            "chemical_diffusivity",
            "T",
            f"{known_T[0]:g} to {known_T[-1]:g} K",
            f"jump diffusivities from {T[0]:g} to {T[-1]:g} K",
        )
    known = jump_diffusivity.nominal.values
    if np.any(known <= 0.0):
        where = np.argwhere(known <= 0.0)[0]
        found = f"{known[tuple(where)]:g} at x = {known_x[where[0]]:.3f}, {known_T[where[1]]:.0f} K"
        raise InputError(
            "chemical_diffusivity", "jump_diffusivity", found, "positive values: no ion moved there, run more events"
        )
    logarithm = _carried(known_x, known_T, np.log(known / (1.0 - known_x)[:, None]), x, T) + np.log(1.0 - x)[:, None]
    values = np.exp(logarithm) * theta.nominal.values
    relative = np.zeros(values.shape)
    if jump_diffusivity.standard_error is not None:
        relative = _carried(known_x, known_T, jump_diffusivity.standard_error.values / known, x, T)
    if theta.standard_error is not None:
        relative = np.hypot(relative, theta.standard_error.values / theta.nominal.values)
    source = predicted(
        "scalith.lattice.diffusivity.chemical_diffusivity", jump_diffusivity.digest, theta.digest, note=theta.source.note
    )
    return Property.from_arrays("chemical_diffusivity", {"x": x, "T": T}, values, "m2 s-1", source, values * relative)


def _carried(
    known_x: NDArray[np.float64],
    known_T: NDArray[np.float64],
    values: NDArray[np.float64],
    x: NDArray[np.float64],
    T: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Linear in x (held beyond the ends) and in 1/T, shape (x, T)."""
    in_x = np.stack([np.interp(x, known_x, values[:, k]) for k in range(len(known_T))], axis=1)
    order = np.argsort(1.0 / known_T)
    return np.stack([np.interp(1.0 / T, (1.0 / known_T)[order], row[order]) for row in in_x])
