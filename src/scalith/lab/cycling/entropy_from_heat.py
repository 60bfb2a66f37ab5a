"""Entropic coefficient from heat: the half difference of a charge and a discharge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scalith.lab.cycling.local_polynomial import local_parabolas, thinned
from scalith.lab.cycling.open_circuit import constant_current_branch
from scalith.lab.protocol_steps import steps
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
    if heat not in data.variables:
        raise InputError("extract_entropy_from_heat", "heat", f"no {heat}", "a heat flow over time, W")
    notes: list[str] = []
    branches = [constant_current_branch(data, way, heat, 0.0, notes) for way in ("discharge", "charge")]
    found = steps(data)
    kept = found["kind"].values == "constant current"
    moved, mean = found["charge"].values[kept], found["mean_current"].values[kept]
    currents = float(mean[np.argmax(moved)]), -float(mean[np.argmin(moved)])
    if abs(currents[0] / currents[1] - 1.0) > 0.05:
        shown = f"{currents[0]:.4g} and {currents[1]:.4g} A"
        raise InputError("extract_entropy_from_heat", "currents", shown, "the same current both ways, within 5 %")
    low, high = max(float(charge[0]) for charge, _ in branches), min(float(charge[-1]) for charge, _ in branches)
    if not low < high:
        raise InputError("extract_entropy_from_heat", "charge", "none in common", "a charge and a discharge over the same states")
    length = 0.05 * (high - low) if smoothing is None else float(smoothing)
    places = np.linspace(low + 0.5 * length, high - 0.5 * length, points)
    smooth, error = [], np.zeros(points)
    for charge, flow in branches:
        at, watts = thinned(charge, flow)
        values = local_parabolas(at, places, length)[0]
        smooth.append(values @ watts)
        inside = (at >= places[0]) & (at <= places[-1])
        off = (watts - np.interp(at, places, smooth[-1]))[inside]
        error += (1.4826 * float(np.median(np.abs(off)))) ** 2 * np.sum(values**2, axis=1)
    scale = 2.0 * currents[0] * temperature
    source = predicted("scalith.lab.extract_entropy_from_heat", dataset_digest(data), settings={"smoothing_C": length})
    return Result(
        {
            "entropic_coefficient": labelled("charge", -(smooth[0] - smooth[1]) / scale, "entropic coefficient", "V K-1"),
            "entropic_coefficient_error": labelled("charge", np.sqrt(error) / scale, "its standard error", "V K-1"),
            "overpotential": labelled("charge", (smooth[0] + smooth[1]) / (2.0 * currents[0]), "mean overpotential", "V"),
        },
        {"charge": labelled("charge", places, "charge discharged", "C")},
        {"source": source.to_json(), "notes": "; ".join(notes)},
    )
