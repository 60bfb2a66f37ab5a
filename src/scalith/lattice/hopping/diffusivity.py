"""Diffusivities as properties: jump, tracer, chemical; Arrhenius fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from scalith.quantities import (
    ErrorComponent,
    InputError,
    Property,
    Result,
    dataset_digest,
    fit_arrhenius,
    labelled,
    predicted,
)
from scalith.quantities.constants import BOLTZMANN_EV
from scalith.quantities.uncertain import deviation_of_log

if TYPE_CHECKING:
    from numpy.typing import NDArray


def jump_diffusivity(result: xr.Dataset, axis: str | None = None) -> Property:
    """Jump diffusivity D_J(x, T), m2 s-1, from `scalith.lattice.hopping.kinetic_monte_carlo`: the collective displacement's.

    The mean over the directions in which hops lead, or that along one Cartesian axis ("x", "y", "z").
    """
    return _of_walks(result, "jump_diffusivity", "m2 s-1", axis)


def tracer_diffusivity(result: xr.Dataset, axis: str | None = None) -> Property:
    """Tracer diffusivity D*(x, T), m2 s-1, from `scalith.lattice.hopping.kinetic_monte_carlo`: a single ion's.

    The mean over the directions in which hops lead, or that along one Cartesian axis ("x", "y", "z").
    """
    return _of_walks(result, "tracer_diffusivity", "m2 s-1", axis)


def correlation_factor(result: xr.Dataset) -> Property:
    """Correlation factor f(x, T): an ion's mean square displacement over that of as many uncorrelated hops."""
    return _of_walks(result, "correlation_factor", "1")


def haven_ratio(result: xr.Dataset) -> Property:
    """Haven ratio H_R(x, T) = D*/D_J: what a tracer's diffusivity is to that of the charge."""
    return _of_walks(result, "haven_ratio", "1")


def _of_walks(result: xr.Dataset, name: str, unit: str, axis: str | None = None) -> Property:
    if name not in result:
        raise InputError("result", name, "no such variable", "a data set of kinetic_monte_carlo")
    values, errors = result[name], result[f"{name}_error"]
    note = "; ".join(str(words) for words in np.atleast_1d(result.attrs.get("warnings", [])))
    if axis is not None:
        if f"{name}_tensor" not in result or axis not in ("x", "y", "z"):
            raise InputError("result", "axis", axis, "x, y or z, of a data set of kinetic_monte_carlo")
        here = {"axis": axis, "other_axis": axis}
        values, errors = (result[f"{name}_tensor{end}"].sel(here, drop=True) for end in ("", "_error"))
        note = "; ".join([f"along {axis}", *([note] if note else [])])
    source = predicted(f"scalith.lattice.hopping.diffusivity.{name}", dataset_digest(result), note=note)
    marks = tuple(str(mark) for mark in np.atleast_1d(result.attrs.get("marks", [])))
    if unit == "m2 s-1" and marks:
        source = source.model_copy(update={"marks": marks})
    coordinates = {"x": result["x"].values, "T": result["T"].values}
    mean, error = (data.transpose("x", "T").values for data in (values, errors))
    # Each stoichiometry is walked on its own.
    spacing = 0.5 * float(np.min(np.diff(coordinates["x"]))) if coordinates["x"].size > 1 else None
    parts = [ErrorComponent("sampling of hops", error, spacing)]
    barrier_error = float(result.attrs.get("barrier_error", 0.0))
    if unit == "m2 s-1" and barrier_error > 0.0:
        relative = deviation_of_log(barrier_error / (BOLTZMANN_EV * coordinates["T"]))
        parts.append(ErrorComponent("barriers", mean * relative))
    return Property.from_arrays(name, coordinates, mean, unit, source, components=parts)


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
    parts = [
        ErrorComponent(part.name, values * _carried(known_x, known_T, part.standard_error / known, x, T), part.correlation_length)
        for part in jump_diffusivity.components
    ]
    taken = {part.name for part in parts}
    for part in theta.components:
        name = f"{part.name} of the thermodynamic factor" if part.name in taken else part.name
        parts.append(ErrorComponent(name, values * part.standard_error / theta.nominal.values, part.correlation_length))
    source = predicted(
        "scalith.lattice.hopping.diffusivity.chemical_diffusivity", jump_diffusivity.digest, theta.digest, note=theta.source.note
    )
    marks = tuple(sorted({*jump_diffusivity.source.marks, *theta.source.marks}))
    source = source.model_copy(update={"marks": marks})
    return Property.from_arrays("chemical_diffusivity", {"x": x, "T": T}, values, "m2 s-1", source, components=parts)


def arrhenius_fit(diffusivity: Property) -> Result:
    """Activation energy and prefactor of D = D₀ exp(−E_a/RT) at each x.

    Least squares of ln D against 1/T, weighted with the errors of ln D where they are known; the errors of the result follow from
    these, widened where the points scatter more about the line than their own errors say.

    Parameters
    ----------
    diffusivity : Property
        Over x and T, positive, at two temperatures at least.

    Returns
    -------
    Result
        Dimension ``x``: ``activation_energy`` (J mol-1), ``prefactor`` (m2 s-1), each with ``…_error``; ``misfit``, the root mean
        square distance of ln D from the line in its errors (with two temperatures 0, or NaN without errors).
        ``attrs["warnings"]`` names a bent line.

    Raises
    ------
    InputError
        One temperature only, or a diffusivity that is not positive.
    """
    x, T = diffusivity.coordinates["x"], diffusivity.coordinates["T"]
    values = diffusivity.nominal.transpose("x", "T").values
    if len(T) < 2 or np.any(values <= 0.0):
        found = f"{len(T)} temperatures, least value {values.min():g}"
        raise InputError("arrhenius_fit", diffusivity.name, found, "positive values at two temperatures at least")
    # An error of the barriers moves all temperatures together: it is none of the points about the line.
    known = diffusivity.standard_error
    scatter = [part.standard_error for part in diffusivity.components if part.name != "barriers"]
    if scatter and known is not None:
        known = known.copy(data=np.sqrt(np.sum(np.square(scatter), axis=0)))
    errors_of_points = [None] * len(x) if known is None else list(known.transpose("x", "T").values)
    fits = [fit_arrhenius(T, row, error) for row, error in zip(values, errors_of_points, strict=True)]
    energy, logarithm = np.array([fit.energy for fit in fits]), np.array([fit.logarithm for fit in fits])
    errors = np.array([np.sqrt(np.diag(fit.covariance)) for fit in fits])
    misfit = np.array([fit.misfit for fit in fits])
    prefactor = np.exp(logarithm)
    data = Result(coords={"x": labelled("x", x, "filled fraction", "1")})
    for name, columns, unit in (
        ("activation_energy", (energy, errors[:, 0]), "J mol-1"),
        ("prefactor", (prefactor, prefactor * errors[:, 1]), diffusivity.unit),
    ):
        words = name.replace("_", " ")
        data[name] = labelled("x", columns[0], words, unit)
        data[f"{name}_error"] = labelled("x", columns[1], f"standard error of the {words}", unit)
    data["misfit"] = labelled("x", misfit, "distance from the line in standard errors", "1")
    bent = misfit > 3.0 if known is not None else np.zeros(len(x), dtype=bool)
    said = []
    if bent.any():
        said.append(
            f"ln D against 1/T is bent at {int(bent.sum())} of {len(x)} stoichiometries "
            f"(first: x = {x[bent][0]:.3f}): one activation "
            "energy does not hold over these temperatures (an ordering or another mechanism sets in); fit fewer of them"
        )
    source = predicted("scalith.lattice.hopping.diffusivity.arrhenius_fit", diffusivity.digest)
    return data.assign_attrs(source=source.to_json(), warnings=said, diffusivity=diffusivity.name)


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
