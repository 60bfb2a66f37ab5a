"""What a functional or a learned potential does not know: errors of a model of energies, which no fit to its energies can see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import numpy as np
import xarray as xr
from pydantic import Field

from scalith.quantities import SI, ErrorComponent, InputError, Spec
from scalith.quantities.named_deviates import within
from scalith.quantities.uncertain import correlated_deviates, correlations

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PLACES = np.linspace(0.0, 1.0, 201)


class ModelError(Spec):
    """Standard error of the voltage that a model of energies gives, E(x) being in error by −e ∫ ε dx per site.

    Attributes
    ----------
    voltage : float
        Standard error of ε(x), V.
    correlation_length : float, optional
        Length over x within which ε keeps its sign; without it ε is one number: the average voltage is shifted, the shape of the
        curve is not.
    reference : str
        Where the error is from: a comparison of the functional with measured voltages, of the potential with its functional.
    """

    voltage: Annotated[float, SI("V"), Field(gt=0)]
    correlation_length: Annotated[float, Field(gt=0)] | None = None
    reference: str = ""


def draw_model_errors(
    orderings: xr.Dataset, errors: Mapping[str, ModelError], sites: int, numbers: np.random.Generator
) -> xr.Dataset:
    """Orderings with the energies of another model within its errors.

    Parameters
    ----------
    orderings : xarray.Dataset
        From `map_orderings`: ``energy`` over ``structure`` (eV per primitive cell), ``x``.
    errors : mapping of str to ModelError
        By what is not known: ``"functional"``, ``"learned potential"``.
    sites : int
        Elementary charges that the working ion brings into the primitive cell: its sites times its charge.
    numbers : numpy.random.Generator

    Returns
    -------
    xarray.Dataset
        ``energy`` moved by −sites ∫₀ˣ ε dx', the energy of the empty host being the reference.

    Raises
    ------
    InputError
        The data set has no energies over stoichiometry.
    """
    if "energy" not in orderings or "x" not in orderings:
        raise InputError("model errors", "orderings", list(orderings), "a data set with energy and x")
    epsilon = np.zeros(_PLACES.size)
    for name, error in errors.items():
        epsilon += error.voltage * correlated_deviates(_PLACES, error.correlation_length, within(numbers, name))
    integral = np.concatenate([[0.0], np.cumsum(0.5 * (epsilon[1:] + epsilon[:-1]) * np.diff(_PLACES))])
    shift = -sites * np.interp(orderings["x"].values, _PLACES, integral)
    return orderings.assign(energy=orderings["energy"] + xr.DataArray(shift, dims=orderings["x"].dims))


def model_error_parts(errors: Mapping[str, ModelError], shape: tuple[int, ...], scale: float = 1.0) -> tuple[ErrorComponent, ...]:
    """The parts of the error of a voltage (or, with `scale`, of a chemical potential) on a grid over x and other coordinates."""
    return tuple(
        ErrorComponent(name, np.full(shape, scale * error.voltage), error.correlation_length) for name, error in errors.items()
    )


def average_model_error(errors: Mapping[str, ModelError], low: float = 0.0, high: float = 1.0) -> dict[str, float]:
    """Standard error of the average of the voltage from `low` to `high`, V, by part: σ times the root mean correlation."""
    places = np.linspace(low, high, 101)
    weights: NDArray[np.float64] = np.full(101, 0.01)
    weights[[0, -1]] = 0.005
    return {
        name: error.voltage * float(np.sqrt(weights @ correlations(places, error.correlation_length) @ weights))
        for name, error in errors.items()
    }
