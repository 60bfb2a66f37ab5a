"""Prediction against measurement: the same quantity from two ways of knowing it, with a verdict."""

from __future__ import annotations

import numpy as np
import xarray as xr

from scalith.quantities import InputError, Property, Source, predicted

_KNOWN_WITHIN = 2.0
"""Deviations up to two standard errors count as agreement."""
_OFTEN = 0.95
"""Part of the range over which they must hold: what two standard errors of a normal deviation cover."""


def agreement(prediction: Property, measurement: Property, *, T: float = 298.15, points: int = 101) -> xr.Dataset:
    """Compare two properties over the stoichiometries that both are known at.

    The deviation is d = p − m (for quantities that span more than two decades, such as diffusivities, it is stated
    as a ratio as well), and z = d/√(σ_p² + σ_m²) where a standard error is known.

    Parameters
    ----------
    prediction, measurement : Property
        The same quantity in the same unit, each a function of `x` and, where it depends on it, `T`.
    T : float
        Temperature in K.
    points : int
        Number of stoichiometries compared.

    Returns
    -------
    xarray.Dataset
        `predicted`, `measured`, their standard errors, `deviation` and `z_score` over `x`; attributes `rms`,
        `maximum`, `median_ratio`, `verdict` and `headline`.

    Raises
    ------
    InputError
        Different units, or no stoichiometry in common.
    """
    if prediction.unit != measurement.unit:
        raise InputError("agreement", "unit", measurement.unit, prediction.unit)
    domains = [item.domain.get("x", (0.0, 1.0)) for item in (prediction, measurement)]
    low, high = max(domain[0] for domain in domains), min(domain[1] for domain in domains)
    if not low < high:
        raise InputError("agreement", "x", f"{domains[0]} and {domains[1]}", "stoichiometries in common")
    x = np.linspace(low, high, points)
    values = [np.asarray(item(x=x, T=T), dtype=np.float64) for item in (prediction, measurement)]
    errors = [np.asarray(item.error(x=x, T=T), dtype=np.float64) for item in (prediction, measurement)]
    deviation = values[0] - values[1]
    total = np.hypot(*errors)
    z_score = np.divide(deviation, total, out=np.full_like(deviation, np.nan), where=total > 0)
    rms, maximum = float(np.sqrt(np.mean(deviation**2))), float(np.max(np.abs(deviation)))
    positive = np.all(values[0] > 0) and np.all(values[1] > 0)
    ratio = float(np.exp(np.median(np.log(values[0] / values[1])))) if positive else float("nan")
    if np.all(np.isnan(z_score)):
        verdict = "stated: no standard error is known"
    else:
        known = ~np.isnan(z_score)
        within = float(np.mean(np.abs(z_score[known]) <= _KNOWN_WITHIN))
        verdict = "agrees within the stated errors"
        if within < _OFTEN:
            place = x[known][np.argmax(np.abs(z_score[known]))]
            verdict = f"within two standard errors over {100 * within:.0f} % of the range, farthest off at x = {place:.3g}"
    headline = f"rms {rms:.3g} {prediction.unit}, largest {maximum:.3g} {prediction.unit}"
    if positive and np.ptp(np.log10(values[1])) > 1.0:
        headline = f"median ratio predicted/measured {ratio:.3g}"

    def column(data: np.ndarray, long_name: str, unit: str = prediction.unit) -> tuple[str, np.ndarray, dict[str, str]]:
        return "x", data, {"units": unit, "long_name": long_name}

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
            "z_score": column(z_score, "deviation in standard errors", "1"),
        },
        {"x": ("x", x, {"units": "1", "long_name": "filled fraction of sites"})},
        {
            "rms": rms,
            "maximum": maximum,
            "median_ratio": ratio,
            "verdict": verdict,
            "headline": f"{headline}; {verdict}",
            "reference": measurement.source.reference,
            "source": source.to_json(),
        },
    )
