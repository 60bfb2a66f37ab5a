"""Which form of the kinetics do the curves support? Fits side by side by Akaike's criterion."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from scalith.lab.kinetic_fit import KineticFit
from scalith.quantities import InputError, predicted


def compare_fits(fits: Mapping[str, KineticFit]) -> xr.Dataset:
    r"""Akaike's criterion for small samples, of fits to the same curves.

    AICc = Σ_c n_c ln s_c² + 2 k + 2 k (k + 1)/(n − k − 1),   n = Σ_c n_c,

    with s_c the root mean square deviation from curve c, n_c the number of independent points that the curve is worth in the fit
    that comes closest (residuals are correlated, so it is less than the number of points), and k the fitted numbers and one
    scatter a curve. The weight exp(−Δ/2)/Σ exp(−Δ/2), Δ the distance from the lowest, is the support among the forms compared
    (C. M. Hurvich, C.-L. Tsai, Biometrika 76 (1989) 297, DOI 10.1093/biomet/76.2.297).

    Parameters
    ----------
    fits : mapping of str to KineticFit
        From `fit_kinetics`, of the same curves with the same `points`.

    Returns
    -------
    xarray.Dataset
        Over ``form``, best first: ``aicc``, ``weight``, ``residual``, ``parameters`` (fitted numbers).

    Raises
    ------
    InputError
        No fit, fits of different curves, or too few independent points for the numbers fitted.
    """
    where = "compare_fits"
    if not fits:
        raise InputError(where, "fits", "none", "at least one fit")
    first = next(iter(fits.values()))
    for name, fit in fits.items():
        if "points" not in fit.source.settings:
            raise InputError(where, name, "a fit without its points", "fits of fit_kinetics")
        if fit.source.parents[1:] != first.source.parents[1:] or fit.source.settings["points"] != first.source.settings["points"]:
            raise InputError(where, name, "other curves or points", "fits of the same curves with the same points")
    closest = min(fits.values(), key=lambda fit: sum(np.log(fit.deviations)))
    worth = np.array(closest.effective_points)
    total = float(worth.sum())
    names, aicc = list(fits), []
    for name in names:
        count = len(fits[name].parameters) + worth.size
        if total - count - 1 <= 0:
            raise InputError(
                where,
                name,
                f"{count} numbers",
                f"fewer than {total - 1:.0f}: the curves are worth {total:.0f} independent points",
            )
        aicc.append(
            2.0 * float(worth @ np.log(fits[name].deviations)) + 2 * count + 2 * count * (count + 1) / (total - count - 1)
        )
    order = np.argsort(aicc)
    best = np.array(aicc)[order]
    weight = np.exp(-0.5 * (best - best[0]))
    kept = [fits[names[i]] for i in order]
    return xr.Dataset(
        {
            "aicc": ("form", best, {"units": "1", "long_name": "Akaike's criterion"}),
            "weight": ("form", weight / weight.sum(), {"units": "1", "long_name": "support among these forms"}),
            "residual": ("form", [fit.residual for fit in kept], {"units": "1", "long_name": "root mean square deviation"}),
            "parameters": ("form", [len(fit.parameters) for fit in kept], {"units": "1", "long_name": "fitted numbers"}),
        },
        coords={"form": [names[i] for i in order]},
        attrs={"source": predicted("scalith.lab.compare_fits", *(fit.digest for fit in kept)).to_json()},
    )
