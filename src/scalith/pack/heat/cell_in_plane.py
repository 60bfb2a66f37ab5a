"""The temperature of a cell in three dimensions from what its electrodes do in their plane."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from scalith.pack.heat.assembly import Assembly, Block, Material, Side, Surface
from scalith.pack.heat.cell_body import CellBody
from scalith.pack.heat.heat_in_3d import simulate_heat_3d
from scalith.quantities import InputError, Result, dataset_digest, predicted

_WHERE = "cell_temperature_field"


def cell_temperature_field(
    cell: CellBody,
    in_plane: xr.Dataset,
    surfaces: Mapping[Side, Surface],
    *,
    through: int = 4,
    output_times: int = 31,
    initial_temperature: float = 298.15,
) -> Result:
    """Temperatures of a pouch or prismatic cell whose heat varies in its plane, by `simulate_heat_3d`.

    The heat between the collectors and that of the foils at each patch (`scalith.cell.simulate_in_plane`) fills the thickness
    evenly: the layers are alike. x is the thickness, y the width, z the height of the sheet. The electrochemistry does not feel
    this temperature; where it should, `simulate_in_plane` with ``thermal="lumped"`` has one of its own in the plane.

    Parameters
    ----------
    cell : CellBody
        Prismatic, as wide and as high as the sheet.
    in_plane : Dataset
        Result of `scalith.cell.simulate_in_plane`.
    surfaces : mapping
        By side, as in `Assembly`.
    through : int
        Volumes through the thickness; along width and height there is one for each patch.
    output_times : int
    initial_temperature : float
        K.

    Returns
    -------
    Result
        That of `simulate_heat_3d`, with one block, ``cell``.

    Raises
    ------
    InputError
        A cell that is no sheet of this size, a result of another kind.
    """
    if cell.shape != "prismatic" or cell.thickness is None or cell.width is None:
        raise InputError(_WHERE, "cell.shape", cell.shape, "a prismatic cell")
    if "heat_density_collectors" not in in_plane:
        raise InputError(_WHERE, "in_plane", ", ".join(map(str, in_plane.data_vars)), "a result of simulate_in_plane")
    for name, length in (("width", cell.width), ("height", cell.height)):
        sheet = float(in_plane.attrs[f"sheet_{name}"])
        if not abs(length - sheet) < 0.02 * sheet:
            raise InputError(_WHERE, f"cell.{name}", f"{length:.4g} m", f"that of the sheet, {sheet:.4g} m")
    if through < 1 or output_times < 2:
        raise InputError(_WHERE, "through, output_times", (through, output_times), "at least 1 and 2")
    ends = in_plane["time"].values
    patches = (in_plane["heat_density"] + in_plane["heat_density_collectors"]).values * float(in_plane.attrs["patch_area"])
    ny, nz = patches.shape[1:]
    # Means of windows: constant over each, with a jump between two.
    times = np.repeat(np.concatenate([[0.0], ends]), 2)[1:-1]
    powers = np.repeat(np.broadcast_to(patches[:, None] / through, (len(ends), through, ny, nz)), 2, axis=0)
    size = (cell.thickness, cell.width, cell.height)
    material = Material(density=cell.density, specific_heat=cell.specific_heat, conductivity=cell.conductivities)
    body = Assembly(
        materials={"cell": material},
        blocks=(Block(name="cell", material="cell", lower=(0.0, 0.0, 0.0), upper=size, divisions=(through, ny, nz)),),
        surfaces=dict(surfaces),
    )
    field = simulate_heat_3d(
        body,
        duration=float(ends[-1]),
        output_times=output_times,
        initial_temperature=initial_temperature,
        heat={"cell": (times, powers)},
        change_per_step=1.0,
    )
    source = predicted("scalith.pack.cell_temperature_field", cell.digest, dataset_digest(in_plane), body.digest)
    return field.assign_attrs(source=source.to_json())
