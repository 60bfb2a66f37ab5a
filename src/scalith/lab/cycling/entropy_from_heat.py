"""Entropic coefficient from heat: the half difference of a charge and a discharge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scalith.lab.cycling.local_polynomial import smoothed
from scalith.lab.cycling.open_circuit import constant_current_branch, quick_steps
from scalith.quantities import InputError, Result, dataset_digest, labelled, predicted

if TYPE_CHECKING:
    import xarray as xr


def extract_entropy_from_heat(
    data: xr.Dataset, *, heat: str = "heat", temperature: float = 298.15, smoothing: float | None = None, points: int = 101
) -> Result:
    r"""∂U/∂T over the charge from the heat of a discharge and a charge with the same current.

    .. math::

        \dot q_{dis} = Iη - I\,T\frac{∂U}{∂T},\qquad \dot q_{cha} = Iη + I\,T\frac{∂U}{∂T},\qquad
        \frac{∂U}{∂T} = -\frac{\dot q_{dis}-\dot q_{cha}}{2\,I\,T}

    **Where it holds**: the overpotentials of both directions are equal at equal charge: they are at low current, away from the
    ends; what of them is not (hysteresis, gradients that lag) is read as entropy. A calorimeter's own delay must be taken off
    before.

    Parameters
    ----------
    data : xarray.Dataset
        Time series with ``current``, ``voltage`` and a heat flow (W, made in the cell): a discharge and a charge at constant
        current.
    heat : str
        Its name.
    temperature : float
        K.
    smoothing : float, optional
        Length of the local parabolas, C; without it 5 % of the charge.
    points : int

    Returns
    -------
    Result
        Over ``charge`` (C discharged since the start of the file): ``entropic_coefficient`` (V/K) with its standard error from
        the scatter, and ``overpotential`` (V), the half sum over I.

    Raises
    ------
    InputError
        No heat, currents that differ by more than 5 %, or no charge in common.
    """
    where = "extract_entropy_from_heat"
    if heat not in data.variables:
        raise InputError(where, "heat", f"no {heat}", "a heat flow over time, W")
    branches = {way: constant_current_branch(data, way, heat, where) for way in ("discharge", "charge")}
    current, back = branches["discharge"].current, -branches["charge"].current
    if abs(current / back - 1.0) > 0.05:
        raise InputError(where, "currents", f"{current:.4g} and {back:.4g} A", "the same current both ways, within 5 %")
    low = max(float(one.charge[0]) for one in branches.values())
    high = min(float(one.charge[-1]) for one in branches.values())
    if not low < high:
        raise InputError(where, "charge", "none in common", "a charge and a discharge over the same states")
    length = 0.05 * (high - low) if smoothing is None else float(smoothing)
    places = np.linspace(low + 0.5 * length, high - 0.5 * length, points)
    out, home = (smoothed(one.charge, one.values, places, length) for one in branches.values())
    error = np.hypot(out.value_error, home.value_error)
    scale = 2.0 * current * temperature
    source = predicted("scalith.lab.extract_entropy_from_heat", dataset_digest(data), settings={"smoothing_C": length})
    return Result(
        {
            "entropic_coefficient": labelled("charge", -(out.value - home.value) / scale, "entropic coefficient", "V K-1"),
            "entropic_coefficient_error": labelled("charge", error / scale, "its standard error", "V K-1"),
            "overpotential": labelled("charge", (out.value + home.value) / (2.0 * current), "mean overpotential", "V"),
        },
        {"charge": labelled("charge", places, "charge discharged", "C")},
        {"source": source.to_json(), "notes": quick_steps(branches)},
    )
