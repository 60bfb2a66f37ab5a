"""Best sizes: the shape of a cell of given volume under a cooling, the thinnest barrier that stops a runaway."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from scalith.pack.heat.cell_body import CellBody
from scalith.pack.heat.cooling import CoolingDesign, compare_cooling
from scalith.pack.module.module import Barrier, ModuleSpecification, Trigger
from scalith.pack.module.module_assembly import Divisions
from scalith.pack.module.propagation import Progress, cells_that_run_away, meshes_of, require_kinetics_of_cell
from scalith.quantities import InputError, Property, Result, labelled, predicted
from scalith.reactions.kinetics import ReactionSet

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Array = NDArray[np.float64]
Bounds = tuple[float, float]


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


def thinnest_barrier(
    module: ModuleSpecification,
    kinetics: ReactionSet,
    trigger: Trigger,
    *,
    duration: float,
    kinetics_digest: str,
    thickest: float = 0.02,
    thinnest: float = 1e-4,
    resolution: float = 0.02,
    progress: Progress | None = None,
) -> Property:
    """Smallest thickness of the module's barrier that keeps runaway in the cell that was set off.

    Bisection in the logarithm of the thickness (a thicker barrier delays and spreads the heat: once it stops the front, any
    thicker one does) until the bracket is within `resolution`, on a mesh and on one twice as fine. The thickness is that of the
    finer one; its error is half the bracket and, by Richardson for a first order, the difference of the two.

    Parameters
    ----------
    module, kinetics, trigger, duration, kinetics_digest
        As `propagate_runaway`; the module's barrier material is kept.
    thickest, thinnest : float
        m.
    resolution : float
        Relative width of the bracket.
    progress : callable, optional
        Called with (fraction, message).

    Returns
    -------
    Property
        Thickness, m.

    Raises
    ------
    InputError
        No barrier in the module, bounds out of order, a runaway that even the thickest barrier does not stop, or that stops
        at the thinnest.
    StudyError
        The kinetics are not those of `kinetics_digest`.
    """
    where = "thinnest_barrier"
    require_kinetics_of_cell(module.cell, kinetics, kinetics_digest, where)
    barrier = module.barrier
    if barrier is None:
        raise InputError(where, "module.barrier", "nothing", "a barrier, whose material is kept")
    if not 0 < thinnest < thickest or not resolution > 0:
        raise InputError(where, "thinnest, thickest, resolution", (thinnest, thickest, resolution), "positive and in order")
    material: Barrier = barrier
    coarse, fine = islice(meshes_of(module), 2)

    def stops(thickness: float, divisions: Divisions) -> bool:
        trial = module.model_copy(update={"barrier": material.model_copy(update={"thickness": thickness})})
        return cells_that_run_away(trial, kinetics, trigger, duration=duration, divisions=divisions) <= 1

    def bisect(low: float, high: float, divisions: Divisions, begun: float) -> tuple[float, float]:
        """A bracket of `resolution`, in logarithms, within one that `stops` at its upper end only."""
        whole = high - low
        while high - low > resolution:
            middle = 0.5 * (low + high)
            low, high = (low, middle) if stops(float(np.exp(middle)), divisions) else (middle, high)
            if progress is not None:
                share = begun + 0.5 * (1.0 - (high - low) / whole)
                progress(share, f"between {1e3 * np.exp(low):.2f} and {1e3 * np.exp(high):.2f} mm")
        return low, high

    if not stops(thickest, coarse):
        raise InputError(where, "thickest", thickest, "more: runaway still reaches a second cell, or the plate carries it")
    if stops(thinnest, coarse):
        raise InputError(where, "thinnest", thinnest, "less: this thickness stops the front already")
    rough = bisect(float(np.log(thinnest)), float(np.log(thickest)), coarse, 0.0)
    low, high, reach = *rough, 2.0 * resolution
    while stops(float(np.exp(low)), fine):
        low, reach = low - reach, 2.0 * reach
        if low < np.log(thinnest) - 3.0:
            raise InputError(where, "thinnest", thinnest, "less: on the finer mesh any thickness stops the front")
    while not stops(float(np.exp(high)), fine):
        high, reach = high + reach, 2.0 * reach
        if high > np.log(thickest) + 1.0:
            raise InputError(where, "thickest", thickest, "more: on the finer mesh runaway still reaches a second cell")
    low, high = bisect(low, high, fine, 0.5)
    source = predicted(
        "scalith.pack.thinnest_barrier",
        kinetics.digest,
        module.digest,
        trigger.digest,
        settings={"duration": duration, "nodes_per_cell": fine.cell},
    )
    thickness = float(np.exp(high))
    error = 0.5 * (thickness - float(np.exp(low))) + abs(thickness - float(np.exp(rough[1])))
    return Property.constant("barrier_thickness", thickness, "m", source, error)
