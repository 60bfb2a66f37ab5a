"""Prediction against measurement: the same quantity from two ways of knowing it, with a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from scalith.quantities import InputError, Property, Source, predicted
from scalith.quantities.property import COORDINATE_UNITS
from scalith.quantities.uncertain import correlations, log_of_deviation, scale_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEVEL = 0.025
"""A curve that agrees is told to differ once in forty times by its χ², and once in forty times by its largest deviation."""
_SHAPE = 0.1
"""No stated correlation is exact: a misfit of shape of root mean square 0.1 standard errors counts as one in χ²."""


def agreement(prediction: Property, measurement: Property, *, T: float = 298.15, points: int = 101) -> xr.Dataset:
    """Compare two properties over all stoichiometries (or concentrations) that both are known at: one verdict for the curve.

    The deviation is d = p − m, and z = d/√(σ_p² + σ_m²) where a standard error is known; of positive quantities (but for
    potentials and energies, whose zero is a choice) both are taken of the logarithm. With the covariance C of both sides, each
    part of an error correlated as it states (one number for the whole curve without a `correlation_length`),

    χ² = dᵀ (C + S)⁻¹ d,   ν = tr C (C + S)⁻¹,   S = n (0.1 σ)² 1,

    and the curves agree when neither χ² with ν degrees of freedom nor the largest |z| of as many independent places is one
    that happens less than once in forty times. A prediction that is marked as an upper bound is compared as one.

    Parameters
    ----------
    prediction, measurement : Property
        The same quantity in the same unit, each a function of `x` (or `c`) and, where it depends on it, `T`. What one of them
        knows at a single place is compared there.
    T : float
        Temperature in K.
    points : int
        Number of places compared.

    Returns
    -------
    xarray.Dataset
        `predicted`, `measured`, their standard errors, `deviation` and `z_score` over `x` (or `c`); attributes `rms`, `maximum`,
        `median_ratio`, `chi_squared`, `degrees_of_freedom`, `probability`, `largest_z` (NaN where no error is known),
        `verdict` and `headline`.

    Raises
    ------
    InputError
        Different units, or no place in common.
    """
    if prediction.unit != measurement.unit:
        raise InputError("agreement", "unit", measurement.unit, prediction.unit)
    over = "c" if any("c" in item.coordinates for item in (prediction, measurement)) else "x"
    x = _places(prediction, measurement, over, points)
    at: dict[str, Any] = {over: x, "T": T}
    values = [np.asarray(item(**at), dtype=np.float64) for item in (prediction, measurement)]
    errors = [np.asarray(item.error(**at), dtype=np.float64) for item in (prediction, measurement)]
    deviation = values[0] - values[1]
    logarithmic = all(scale_of(item, prediction.unit) == "log" for item in values)
    off = np.log(values[0] / values[1]) if logarithmic else deviation
    covariance = _covariance(prediction, over, x, T, logarithmic) + _covariance(measurement, over, x, T, logarithmic)
    total = np.sqrt(np.diag(covariance))
    z_score = np.divide(off, total, out=np.full_like(off, np.nan), where=total > 0)
    rms, maximum = float(np.sqrt(np.mean(deviation**2))), float(np.max(np.abs(deviation)))
    positive = bool(np.all(values[0] > 0) and np.all(values[1] > 0))
    ratio = float(np.exp(np.median(np.log(values[0] / values[1])))) if positive else float("nan")
    found = _tested(off, covariance)
    verdict = _verdict(found, over, x, z_score, "upper bound" in prediction.source.marks)
    headline = f"rms {rms:.3g} {prediction.unit}, largest {maximum:.3g} {prediction.unit}"
    if logarithmic:
        headline = f"median ratio predicted/measured {ratio:.3g}"

    def column(data: np.ndarray, long_name: str, unit: str = prediction.unit) -> tuple[str, np.ndarray, dict[str, str]]:
        return over, data, {"units": unit, "long_name": long_name}

    source: Source = predicted(
        "scalith.lab.agreement", prediction.digest, measurement.digest, settings={"T": T, "points": points}
    )
    return xr.Dataset(
        {
            "predicted": column(values[0], f"predicted {prediction.name}"),
            "measured": column(values[1], f"measured {measurement.name}"),
            "predicted_error": column(errors[0], "standard error of the prediction"),
            "measured_error": column(errors[1], "standard error of the measurement"),
            "deviation": column(deviation, "predicted minus measured"),
            "z_score": column(z_score, f"deviation{' of the logarithm' if logarithmic else ''} in standard errors", "1"),
        },
        {over: (over, x, {"units": COORDINATE_UNITS[over], "long_name": _OVER[over]})},
        {
            "rms": rms,
            "maximum": maximum,
            "median_ratio": ratio,
            "chi_squared": found.chi_squared,
            "degrees_of_freedom": found.freedom,
            "probability": found.probability,
            "largest_z": found.largest,
            "verdict": verdict,
            "headline": f"{headline}; {verdict}",
            "reference": measurement.source.reference,
            "source": source.to_json(),
        },
    )


class LargestDeviation(NamedTuple):
    """Where two curves differ most: in standard errors, or where none is known in the unit of the property.

    Attributes
    ----------
    place : float
        Stoichiometry, or concentration.
    predicted, predicted_error, found, found_error : float
    z : float
        Not a number where no error is known.
    """

    place: float
    predicted: float
    predicted_error: float
    found: float
    found_error: float
    z: float


def largest_deviation(data: xr.Dataset) -> LargestDeviation | None:
    """The row of a table of agreement; `None` where nothing was compared."""
    if "z_score" not in data:
        return None
    z = data["z_score"].values
    k = int(np.nanargmax(np.abs(z))) if np.any(np.isfinite(z)) else int(np.argmax(np.abs(data["deviation"].values)))
    names = ("predicted", "predicted_error", "measured", "measured_error", "z_score")
    place = data[str(data["z_score"].dims[0])].values[k]
    return LargestDeviation(float(place), *(float(data[name].values[k]) for name in names))


_OVER = {"x": "filled fraction of sites", "c": "concentration of the electrolyte"}


def _places(prediction: Property, measurement: Property, over: str, points: int) -> NDArray[np.float64]:
    """Where both are known: a range, or the one place of what is known at a single one."""
    known = [item.domain[over] for item in (prediction, measurement) if over in item.domain]
    known = known or [(0.0, 1.0)]
    low, high = max(domain[0] for domain in known), min(domain[1] for domain in known)
    single = any(domain[0] == domain[1] for domain in known)
    if not (low < high or (low == high and single)):
        words = {"x": "stoichiometries in common", "c": "concentrations in common"}[over]
        raise InputError("agreement", over, " and ".join(map(str, known)), words)
    return np.array([low]) if single else np.linspace(low, high, points)


class _Test(NamedTuple):
    chi_squared: float
    freedom: float
    probability: float
    largest: float
    bound: float
    where: NDArray[np.bool_]


def _covariance(item: Property, over: str, x: NDArray[np.float64], T: float, logarithmic: bool) -> NDArray[np.float64]:
    """Covariance of a property's error, or of its logarithm's, between the places `x`."""
    at: dict[str, Any] = {over: x, "T": T}
    if item.draws:
        members = np.array([item.member(k)(**at) for k in range(item.draws)])
        return np.atleast_2d(np.cov(np.log(members) if logarithmic else members, rowvar=False))
    value = np.asarray(item(**at), dtype=np.float64)
    total = np.broadcast_to(np.asarray(item.error(**at), dtype=np.float64), x.shape)
    scale = np.ones(x.shape)
    if logarithmic:
        scale = np.divide(log_of_deviation(total / value), total, out=np.zeros(x.shape), where=total > 0)
    covariance = np.zeros((x.size, x.size))
    parts = item.error_parts(**at)
    for part in item.components:
        error = parts[part.name] * scale
        covariance += np.outer(error, error) * correlations(x, part.correlation_length)
    return covariance


def _tested(off: NDArray[np.float64], covariance: NDArray[np.float64]) -> _Test:
    """χ² and the largest deviation where errors are known, with their bounds."""
    from scipy.special import chdtrc, ndtri

    known = np.diag(covariance) > 0
    nothing = float("nan")
    if not np.any(known):
        return _Test(nothing, nothing, nothing, nothing, nothing, known)
    own = covariance[np.ix_(known, known)]
    variance = np.diag(own)
    inverse = np.linalg.inv(own + np.diag(own.shape[0] * _SHAPE**2 * variance))
    chi_squared, freedom = float(off[known] @ inverse @ off[known]), float(np.trace(own @ inverse))
    largest = float(np.max(np.abs(off[known]) / np.sqrt(variance)))
    # As many independent places as degrees of freedom, one at least.
    bound = float(-ndtri(0.5 * (1.0 - (1.0 - _LEVEL) ** (1.0 / max(freedom, 1.0)))))
    return _Test(chi_squared, freedom, float(chdtrc(freedom, chi_squared)), largest, bound, known)


def _verdict(found: _Test, over: str, x: NDArray[np.float64], z_score: NDArray[np.float64], bound_from_above: bool) -> str:
    if not np.any(found.where):
        return "stated: no standard error is known"
    part = "" if np.all(found.where) else f" over the {100 * np.mean(found.where):.0f} % of the range where errors are known"
    if bound_from_above:
        lowest = int(np.nanargmin(z_score))
        if z_score[lowest] >= -found.bound:
            return f"is an upper bound, as it says: nowhere below the measurement by more than the errors{part}"
        return (
            f"is no upper bound: {-z_score[lowest]:.3g} standard errors below the measurement at {over} = {x[lowest]:.3g}{part}"
        )
    place = x[int(np.nanargmax(np.abs(z_score)))]
    largest = f"largest deviation {found.largest:.3g} standard errors at {over} = {place:.3g}"
    numbers = f"χ² {found.chi_squared:.3g} for {found.freedom:.2g}, {largest}"
    agrees = found.probability >= _LEVEL and found.largest <= found.bound
    return f"{'agrees within' if agrees else 'differs by more than'} the stated errors{part} ({numbers})"
