"""Composite electrodes compared: conductivities against composition, agglomeration and pressure, and which path limits."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, Literal

import numpy as np
import xarray as xr

from scalith.electrode.generate.composite import CompositeElectrode, composite_electrode
from scalith.electrode.image.image import VoxelImage, takes_image
from scalith.electrode.requirements import axis_number, read_length
from scalith.electrode.transport.conduction import solve_conduction
from scalith.electrode.transport.effective_properties import PROPERTIES, subvolume_properties
from scalith.numerics.parallel_map import parallel_map
from scalith.quantities import InputError, Result, labelled, predicted

_VARIED = {
    "active_fraction": "active material in the solids",
    "carbon_fraction": "carbon in the solids",
    "carbon_agglomeration": "agglomeration of the carbon",
    "porosity": "porosity",
    "pressure": "fabrication pressure",
}


def composite_study(
    composite: CompositeElectrode,
    varied: Mapping[str, Sequence[float]],
    *,
    shape: tuple[int, int, int],
    voxel_size: float,
    ionic: Mapping[str, float],
    electronic: Mapping[str, float],
    seeds: Sequence[int],
    executor: Executor | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Result:
    """Effective properties of generated composites over every combination of the varied numbers, for several seeds each.

    Parameters
    ----------
    composite : CompositeElectrode
        What is not varied.
    varied : mapping of str to sequence of float
        Out of ``active_fraction``, ``carbon_fraction``, ``carbon_agglomeration``, ``porosity``, ``pressure`` (Pa).
    shape, voxel_size
        Of the images.
    ionic, electronic : mapping of str to float
        Bulk conductivities of the phases pore, active, electrolyte, carbon; S m-1.
    seeds : sequence of int
        One structure each.
    executor : concurrent.futures.Executor, optional
        Computes the structures side by side.
    progress : callable, optional

    Returns
    -------
    Result
        `PROPERTIES` over the varied dimensions and ``seed``; ``void`` the porosity of each.

    Raises
    ------
    InputError
        A varied name is unknown, a combination is not a composite.
    """
    for name in varied:
        if name not in _VARIED:
            raise InputError("composite_study", "varied", name, f"one of {', '.join(_VARIED)}")
    voxel_size = read_length("composite_study", "voxel_size", voxel_size)
    if not seeds:
        raise InputError("composite_study", "seeds", "none", "at least one seed")
    combinations = list(itertools.product(*varied.values()))
    composites = []
    for combination in combinations:
        stated = composite.model_dump() | dict(zip(varied, combination, strict=True))
        composites.append(CompositeElectrode.read(stated, "composite_study"))
    tasks = [(one, seed) for one in composites for seed in seeds]
    how = (shape, voxel_size, {**ionic}, {**electronic})
    found: list[dict[str, float]] = []
    for values in parallel_map(_one, tasks, [how] * len(tasks), executor=executor, threads=1):
        found.append(values)
        if progress is not None:
            progress(len(found) / len(tasks), f"structure {len(found)} of {len(tasks)}")
    studied = [name for name in PROPERTIES if name in found[0]]
    dims = (*varied, "seed")
    sizes = [len(values) for values in (*varied.values(), seeds)]
    titles = {name: PROPERTIES[name] for name in studied} | {"void": ("porosity", "1")}
    data = Result(
        {
            name: labelled(dims, np.reshape([values[name] for values in found], sizes), title, unit)
            for name, (title, unit) in titles.items()
        },
        coords={
            name: labelled(name, list(values), _VARIED[name], "Pa" if name == "pressure" else "1")
            for name, values in varied.items()
        }
        | {"seed": labelled("seed", list(seeds), "seed", "1")},
    )
    settings = {"composite": composite.model_dump(mode="json"), "shape": [int(size) for size in shape], "voxel_size": voxel_size}
    settings |= {"ionic": dict(ionic), "electronic": dict(electronic)}
    return data.assign_attrs(source=predicted("scalith.electrode.composite_study", settings=settings).to_json())


def _one(task: tuple[CompositeElectrode, int], how: tuple[Any, ...]) -> dict[str, float]:
    (composite, seed), (shape, voxel_size, ionic, electronic) = task, how
    image = composite_electrode(shape, voxel_size, composite, seed=seed)
    known = [{name: value for name, value in bulk.items() if name in image.phases} for bulk in (ionic, electronic)]
    data = subvolume_properties(image, ionic=known[0], electronic=known[1], parts=(1,), radius=False)
    return {str(name): float(data[name].values[0]) for name in data.data_vars} | {"void": composite.void}


def percolation_threshold(study: xr.Dataset, name: str, along: str) -> xr.DataArray:
    """Where half of the structures connect: the value of `along` at which the share with a conductivity crosses ½.

    Parameters
    ----------
    study : xarray.Dataset
        From `composite_study`.
    name : {"effective_ionic_conductivity", "effective_electronic_conductivity"}
    along : str
        The dimension on which it is read off, linearly between its values.

    Returns
    -------
    xarray.DataArray
        Over the other dimensions; NaN where the share does not cross ½.

    Raises
    ------
    InputError
        The study does not have the variable or the dimension.
    """
    if name not in study or along not in study[name].dims:
        raise InputError(
            "percolation_threshold", "name, along", f"{name}, {along}", "a conductivity and a dimension of the study"
        )
    share = (study[name] > 0.0).mean("seed").transpose(..., along)
    grid = study[along].values.astype(float)

    def crossing(values: Any) -> float:
        for low in range(len(grid) - 1):
            before, after = values[low] - 0.5, values[low + 1] - 0.5
            if before * after < 0.0 or (before == 0.0) != (after == 0.0):
                return float(grid[low] + (grid[low + 1] - grid[low]) * before / (before - after))
        return float("nan")

    found = np.apply_along_axis(crossing, -1, share.values)
    others = [dim for dim in share.dims if dim != along]
    coords = {dim: share[dim] for dim in others}
    title = f"threshold of the {PROPERTIES[name][0]}"
    return xr.DataArray(labelled(map(str, others), found, title, study[along].attrs["units"]), coords)


@takes_image
def limiting_path(
    image: VoxelImage, *, ionic: Mapping[str, float], electronic: Mapping[str, float], axis: str = "x", tolerance: float = 1e-5
) -> Result:
    """Which of the two paths limits, and where it is narrow: maps of current density and dissipation.

    For 1 A m-2 through the image, ions and electrons apart. The share of the volume in which half of the power is lost is
    small where a few necks carry the current, and ½ in a homogeneous body.

    Parameters
    ----------
    image : VoxelImage
    ionic, electronic : mapping of str to float
        Bulk conductivities by phase, S m-1.
    axis : {"x", "y", "z"}
    tolerance : float

    Returns
    -------
    Result
        By ``carrier`` (ions, electrons): ``resistance`` of the image (ohm m2), ``neck_volume`` (share of the volume with half of
        the loss), ``dissipation_by_phase`` (carrier, phase; fractions of the loss); on the voxels (carrier, x, y, z)
        ``current_density`` (A m-2) and ``dissipation`` (W m-3). The attribute ``limits`` names the carrier with the higher
        resistance. Where nothing connects the resistance is infinite and the fields are zero.
    """
    carriers: dict[Literal["ions", "electrons"], Mapping[str, float]] = {"ions": ionic, "electrons": electronic}
    edge = image.voxel_size * image.shape[axis_number("limiting_path", axis)]
    runs = [solve_conduction(image, bulk, axis=axis, tolerance=tolerance, fields=True) for bulk in carriers.values()]
    resistance, necks, shares, density, loss = [], [], [], [], []
    for run in runs:
        sigma = float(run["conductivity"])
        # The fields belong to 1 V over the image.
        per_current = edge / sigma if sigma > 0.0 else 0.0
        density.append(run["current_density"].values * per_current)
        loss.append(run["dissipation"].values * per_current**2)
        resistance.append(edge / sigma if sigma > 0.0 else np.inf)
        total = float(loss[-1].sum())
        falling = np.cumsum(np.sort(loss[-1].ravel())[::-1])
        necks.append(float(np.searchsorted(falling, 0.5 * total) + 1) / loss[-1].size if total > 0.0 else np.nan)
        shares.append([float(loss[-1][image.mask(name)].sum()) / total if total > 0.0 else 0.0 for name in image.phases])

    data = Result(
        {
            "resistance": labelled("carrier", resistance, "resistance of the electrode", "ohm m2"),
            "neck_volume": labelled("carrier", necks, "volume with half of the loss", "1"),
            "dissipation_by_phase": labelled(("carrier", "phase"), shares, "share of the loss", "1"),
            "current_density": labelled(("carrier", "x", "y", "z"), np.array(density), "current density", "A m-2"),
            "dissipation": labelled(("carrier", "x", "y", "z"), np.array(loss), "dissipated power", "W m-3"),
        },
        coords={"carrier": list(carriers), "phase": list(image.phases)},
    )
    settings = {"ionic": dict(ionic), "electronic": dict(electronic), "axis": axis, "tolerance": tolerance}
    source = predicted("scalith.electrode.limiting_path", image.digest, settings=settings)
    limits = list(carriers)[int(np.argmax(resistance))]
    return data.assign_attrs(limits=limits, voxel_size=image.voxel_size, source=source.to_json())
