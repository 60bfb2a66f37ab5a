"""A row of cells: conduction through the cells and between them, cooling, ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from scalith.pack.heat.exact_relaxation import relax
from scalith.pack.heat.heat_input import checked_heat, checked_time
from scalith.pack.specification import PackSpecification
from scalith.quantities import Result, digest, labelled, predicted

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_WHERE = "simulate_row"


def simulate_row(
    pack: PackSpecification,
    time: ArrayLike | xr.DataArray,
    heat_generation: ArrayLike | xr.DataArray,
    *,
    parents: tuple[str, ...] = (),
) -> Result:
    r"""Temperatures of cells in a row that make heat, conduct it to each other and give it to a coolant.

    Each cell is cut into ``nodes_per_cell`` finite volumes along its thickness d (harmonic faces: a gap or contact
    of resistance R between two cells joins in series with the half volumes on both sides),

        C_i dT_i/dt = q_i(t) + Σ_j G_ij (T_j − T_i) + g_i (T_coolant − T_i) + e_i (T_ambient − T_i),
        G = A/(Δx/k) inside a cell,  A/(Δx/k + R) between cells,  e = A/(Δx/2k + 1/h_end) at the two ends.

    The system is linear, so time is integrated exactly (in its eigenmodes) for heat that is linear between the given
    times: there is no time-step error, and the energy balance closes to round-off.

    Parameters
    ----------
    pack : PackSpecification
        The row and its cooling.
    time : array_like, shape (m,)
        Increasing times, s.
    heat_generation : array_like or DataArray, shape (m,) or (m, cells)
        Heat made in each cell, W, spread evenly through it; one column holds for all cells.
    parents : tuple of str
        Digests of what the heat was computed from, for the source.

    Returns
    -------
    Result
        Dimensions ``time``, ``cell``, ``node``: ``temperature`` (mean of each cell, K), ``node_temperature``,
        ``heat_generation`` (W); per time ``maximum_temperature`` (hottest node), ``temperature_spread`` (hottest minus
        coldest cell) in K and ``heat_generated``, ``heat_to_coolant``, ``heat_to_ambient``, ``heat_stored`` (J);
        scalars ``peak_temperature``, ``peak_spread`` (K) and ``energy_balance_error``.

    Raises
    ------
    InputError
        A time that does not increase, heat that does not match times and cells.
    """
    from scipy.linalg import eigh_tridiagonal

    t = checked_time(time, _WHERE)
    heat = checked_heat(heat_generation, t, _WHERE, pack.cells)
    nodes = pack.nodes_per_cell
    diagonal, beside, to_coolant, to_ambient = _conductances(pack)
    capacity = pack.heat_capacity / nodes
    rates, modes = eigh_tridiagonal(diagonal / capacity, -beside / capacity)
    rates = np.maximum(rates, 0.0)
    # Temperatures count from ambient; what the coolant adds by being colder or warmer is a constant source.
    coolant_rise = pack.coolant - pack.ambient_temperature
    source = np.repeat(heat / nodes, nodes, axis=1) + to_coolant * coolant_rise
    initial = np.full(diagonal.size, pack.start_temperature - pack.ambient_temperature)
    values, integrals = relax(rates, t, modes.T @ initial, source @ modes / capacity)
    rise, integral = values @ modes.T, integrals @ modes.T

    generated = np.concatenate([[0.0], np.cumsum(0.5 * (heat[1:] + heat[:-1]).sum(axis=1) * np.diff(t))])
    coolant = integral @ to_coolant - to_coolant.sum() * coolant_rise * (t - t[0])
    ambient = integral @ to_ambient
    stored = capacity * (rise - rise[0]).sum(axis=1)
    scale = max(
        np.abs(generated).max(), np.abs(coolant).max(), np.abs(ambient).max(), np.abs(stored).max(), 1e-3 * pack.heat_capacity
    )
    error = float(np.abs(generated - coolant - ambient - stored).max() / scale)

    by_node = (pack.ambient_temperature + rise).reshape(t.size, pack.cells, nodes)
    mean = by_node.mean(axis=2)
    spread = mean.max(axis=1) - mean.min(axis=1)
    made_by = predicted("scalith.pack.simulate_row", pack.digest, *(parents or (digest(t, heat),)))
    return Result(
        {
            "temperature": labelled(("time", "cell"), mean, "mean temperature of each cell", "K"),
            "node_temperature": labelled(("time", "cell", "node"), by_node, "temperature through each cell", "K"),
            "heat_generation": labelled(("time", "cell"), heat, "heat made in each cell", "W"),
            "maximum_temperature": labelled("time", by_node.max(axis=(1, 2)), "hottest place", "K"),
            "temperature_spread": labelled("time", spread, "hottest minus coldest cell", "K"),
            "heat_generated": labelled("time", generated, "heat made since the start", "J"),
            "heat_to_coolant": labelled("time", coolant, "heat given to the coolant since the start", "J"),
            "heat_to_ambient": labelled("time", ambient, "heat given to ambient at the ends since the start", "J"),
            "heat_stored": labelled("time", stored, "heat stored since the start", "J"),
            "peak_temperature": labelled((), float(by_node.max()), "highest temperature", "K"),
            "peak_spread": labelled((), float(spread.max()), "largest spread between cells", "K"),
            "energy_balance_error": labelled((), error, "largest relative error of the energy balance", "1"),
        },
        coords={
            "time": labelled("time", t, "time", "s"),
            "cell": ("cell", np.arange(1, pack.cells + 1), {"long_name": "cell in the row"}),
            "node": labelled("node", (np.arange(nodes) + 0.5) / nodes, "place through the thickness", "1"),
        },
        attrs={"source": made_by.to_json()},
    )


def _conductances(
    pack: PackSpecification,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Diagonal, coupling to the next node, to the coolant, to ambient: W K-1 for each node of the row."""
    nodes = pack.nodes_per_cell
    count = pack.cells * nodes
    slice_resistance = pack.cell_thickness / nodes / pack.through_conductivity
    resistance = np.full(count - 1, slice_resistance)
    resistance[nodes - 1 :: nodes] += pack.gap_resistance
    beside = pack.face_area / resistance
    to_coolant = np.full(count, pack.cooling_coefficient * pack.cooled_area / nodes)
    to_ambient = np.zeros(count)
    if pack.end_coefficient > 0:
        end = pack.face_area / (0.5 * slice_resistance + 1.0 / pack.end_coefficient)
        to_ambient[0] += end
        to_ambient[-1] += end
    diagonal = to_coolant + to_ambient
    diagonal[:-1] += beside
    diagonal[1:] += beside
    return diagonal, beside, to_coolant, to_ambient
