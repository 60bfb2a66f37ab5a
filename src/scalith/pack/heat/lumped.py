"""One cell at one temperature: heat made, stored, given to the surroundings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from scalith.pack.heat.exact_relaxation import relax
from scalith.pack.heat.heat_input import checked_heat, checked_time
from scalith.quantities import InputError, Result, digest, labelled, predicted

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_WHERE = "lumped_cell_temperature"


def lumped_cell_temperature(
    time: ArrayLike | xr.DataArray,
    heat_generation: ArrayLike | xr.DataArray,
    *,
    heat_capacity: float,
    heat_transfer_coefficient: float,
    area: float,
    ambient_temperature: float,
    initial_temperature: float | None = None,
    parents: tuple[str, ...] = (),
) -> Result:
    r"""Temperature of a cell that is uniform inside.

    Solves  C dT/dt = q(t) − h A (T − T_ambient)  exactly for a q(t) that is linear between the given times.

    Parameters
    ----------
    time : array_like, shape (m,)
        Increasing times, s.
    heat_generation : array_like or DataArray, shape (m,)
        Heat made in the cell, W.
    heat_capacity : float
        C, J K-1.
    heat_transfer_coefficient : float
        h, W m-2 K-1; 0 for an insulated cell.
    area : float
        A, m².
    ambient_temperature : float
        T_ambient, K.
    initial_temperature : float, optional
        K; ambient when not given.
    parents : tuple of str
        Digests of what the heat was computed from, for the source.

    Returns
    -------
    Result
        Dimension ``time``: ``temperature`` (K), ``heat_generation`` and ``heat_loss`` (W), ``heat_generated``,
        ``heat_lost`` and ``heat_stored`` since the start (J); scalars ``peak_temperature`` (K) and
        ``energy_balance_error`` (largest |generated − lost − stored| over the largest of the three
        and the heat of a millikelvin).

    Raises
    ------
    InputError
        A time that does not increase, arrays that do not match, a number out of its range.
    """
    t = checked_time(time, _WHERE)
    heat = checked_heat(heat_generation, t, _WHERE)
    for name, value, lowest in (
        ("heat_capacity", heat_capacity, "positive"),
        ("heat_transfer_coefficient", heat_transfer_coefficient, "not negative"),
        ("area", area, "positive"),
    ):
        if not np.isfinite(value) or value < 0 or (value == 0 and lowest == "positive"):
            raise InputError(
                _WHERE, name, value, f"a {lowest} number" if lowest == "positive" else "a number that is not negative"
            )
    start = ambient_temperature if initial_temperature is None else initial_temperature
    for name, value in (("ambient_temperature", ambient_temperature), ("initial_temperature", start)):
        if not 150.0 <= value <= 3000.0:
            raise InputError(_WHERE, name, value, "kelvin between 150 and 3000 (25 °C is 298.15 K)")
    conductance = heat_transfer_coefficient * area
    rate = np.array([conductance / heat_capacity])
    rise, integral = relax(rate, t, np.array([start - ambient_temperature]), heat[:, None] / heat_capacity)
    temperature = ambient_temperature + rise[:, 0]
    generated = np.concatenate([[0.0], np.cumsum(0.5 * (heat[1:] + heat[:-1]) * np.diff(t))])
    lost = conductance * integral[:, 0]
    stored = heat_capacity * (rise[:, 0] - rise[0, 0])
    scale = max(np.abs(generated).max(), np.abs(lost).max(), np.abs(stored).max(), 1e-3 * heat_capacity)
    settings = {
        "heat_capacity": float(heat_capacity),
        "heat_transfer_coefficient": float(heat_transfer_coefficient),
        "area": float(area),
        "ambient_temperature": float(ambient_temperature),
        "initial_temperature": float(start),
    }
    source = predicted("scalith.pack.lumped_cell_temperature", *(parents or (digest(t, heat),)), settings=settings)
    return Result(
        {
            "temperature": labelled("time", temperature, "cell temperature", "K"),
            "heat_generation": labelled("time", heat, "heat made in the cell", "W"),
            "heat_loss": labelled("time", conductance * rise[:, 0], "heat given to the surroundings", "W"),
            "heat_generated": labelled("time", generated, "heat made since the start", "J"),
            "heat_lost": labelled("time", lost, "heat given to the surroundings since the start", "J"),
            "heat_stored": labelled("time", stored, "heat stored since the start", "J"),
            "peak_temperature": labelled((), float(temperature.max()), "highest temperature", "K"),
            "energy_balance_error": labelled(
                (), float(np.abs(generated - lost - stored).max() / scale), "largest relative error of the energy balance", "1"
            ),
        },
        coords={"time": labelled("time", t, "time", "s")},
        attrs={"source": source.to_json()},
    )
