"""The best shape of a cell of given volume under a cooling."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from scalith.pack.heat.cell_body import CellBody
from scalith.pack.heat.cooling import CoolingDesign, compare_cooling
from scalith.quantities import InputError, Result, labelled, predicted

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Array = NDArray[np.float64]
Bounds = tuple[float, float]
Progress = Callable[[float, str], None]


def best_cell_shape(
    cell: CellBody,
    design: CoolingDesign,
    *,
    in_plane_conductivity: float,
    heat: tuple[ArrayLike, ArrayLike],
    duration: float,
    thickness: Bounds,
    width: Bounds,
    minimise: Literal["peak_temperature", "gradient"] = "peak_temperature",
    largest_gradient: float = np.inf,
    initial_temperature: float = 298.15,
    evaluations: int = 80,
    progress: Progress | None = None,
) -> tuple[CellBody, xr.Dataset]:
    """Thickness and width of a prismatic cell of the same volume, mass and heat that keep it coldest or most even.

    The height follows from the volume. The search (COBYLA in the logarithms of thickness and width: no slopes, limits as
    constraints; Powell, DOI 10.1007/978-94-015-8330-5_4) starts from the given shape, moved into the bounds.

    Parameters
    ----------
    cell : CellBody
        Prismatic; volume, density and conductivities are kept.
    design : CoolingDesign
        Which faces are cooled.
    in_plane_conductivity, heat, duration, initial_temperature
        As `compare_cooling`.
    thickness, width : (float, float)
        Smallest and largest, m.
    minimise : {"peak_temperature", "gradient"}
        What to make small.
    largest_gradient : float
        Allowed difference within the cell, K.
    evaluations : int
        Most cells to simulate.
    progress : callable, optional
        Called with (fraction, message).

    Returns
    -------
    CellBody, xarray.Dataset
        The best cell, and all that were tried: dimension ``trial`` with ``thickness``, ``width``, ``height`` (m),
        ``peak_temperature``, ``gradient`` (K).

    Raises
    ------
    InputError
        Not a prismatic cell, bounds that are not positive and in order, a gradient that no shape within them keeps.
    """
    from scipy.optimize import minimize

    where = "best_cell_shape"
    if cell.shape != "prismatic" or cell.thickness is None or cell.width is None:
        raise InputError(where, "cell.shape", cell.shape, "a prismatic cell")
    bounds = np.array([thickness, width], dtype=np.float64)
    if bounds.shape != (2, 2) or not np.all(bounds[:, 0] > 0) or not np.all(bounds[:, 1] > bounds[:, 0]):
        raise InputError(where, "thickness, width", (thickness, width), "(smallest, largest), positive, in m")
    if minimise not in ("peak_temperature", "gradient"):
        raise InputError(where, "minimise", minimise, "peak_temperature or gradient")
    if evaluations < 4 or not largest_gradient > 0:
        raise InputError(
            where, "evaluations, largest_gradient", (evaluations, largest_gradient), "at least 4 shapes, a positive gradient"
        )
    low, high = np.log(bounds).T
    tried: list[tuple[float, ...]] = []

    def shaped(point: Array) -> CellBody:
        a, b = np.exp(np.clip(point, low, high))
        return cell.model_copy(update={"thickness": float(a), "width": float(b), "height": float(cell.volume / (a * b))})

    def found(point: Array) -> tuple[float, float]:
        one = shaped(point)
        data = compare_cooling(
            one,
            [design],
            in_plane_conductivity=in_plane_conductivity,
            heat=heat,
            duration=duration,
            initial_temperature=initial_temperature,
        )
        peak, gradient = float(data["peak_temperature"][0]), float(data["gradient"][0])
        tried.append((one.thickness or 0.0, one.width or 0.0, one.height, peak, gradient))
        if progress is not None:
            progress(min(0.99, len(tried) / evaluations), f"{len(tried)} shapes, lowest peak {min(t[3] for t in tried):.2f} K")
        return peak, gradient

    last: dict[bytes, tuple[float, float]] = {}

    def at(point: Array) -> tuple[float, float]:
        key = np.clip(point, low, high).tobytes()
        if key not in last:
            last[key] = found(point)
        return last[key]

    chosen = 0 if minimise == "peak_temperature" else 1
    constraints = [{"type": "ineq", "fun": lambda p: p - low}, {"type": "ineq", "fun": lambda p: high - p}]
    if np.isfinite(largest_gradient):
        constraints.append({"type": "ineq", "fun": lambda p: largest_gradient - at(p)[1]})
    start = np.clip(np.log([cell.thickness, cell.width]), low, high)
    options = {"maxiter": evaluations, "rhobeg": 0.25 * float((high - low).min()), "tol": 1e-3}
    minimize(lambda p: at(p)[chosen], start, method="COBYLA", constraints=constraints, options=options)
    table = np.array(tried)
    allowed = table[:, 4] <= largest_gradient * (1 + 1e-9)
    if not allowed.any():
        raise InputError(
            where,
            "largest_gradient",
            largest_gradient,
            f"at least {table[:, 4].min():.3g} K, the smallest of the {len(table)} tried",
        )
    best = int(np.argmin(np.where(allowed, table[:, 3 + chosen], np.inf)))
    source = predicted("scalith.pack.best_cell_shape", cell.digest, design.digest, settings={"minimise": minimise})
    names = (
        ("thickness", "m"), ("width", "m"), ("height", "m"), ("peak_temperature", "K"), ("gradient", "K"),
    )  # fmt: skip
    data = Result(
        {name: labelled("trial", table[:, i], name.replace("_", " "), unit) for i, (name, unit) in enumerate(names)},
        attrs={"source": source.to_json(), "best": best},
    )
    return shaped(np.log(table[best, :2])), data
