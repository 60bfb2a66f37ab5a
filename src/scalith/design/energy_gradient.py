"""From a voxel to the energy of a discharge: sensitivities of the conduction times those of the cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import numpy as np

from scalith.cell import CellSpecification, Mesh, read_cell, simulate_sensitivities
from scalith.cell.runs.load import discharge_load
from scalith.electrode import VoxelImage, ionic_bound, ionic_with_debonded, require_below_bound, solve_conduction
from scalith.electrode.requirements import read_bulk
from scalith.quantities import InputError, Result, labelled, predicted


def with_conduction(
    specification: CellSpecification, side: str, transport_efficiency: float | None, conductivity: float | None
) -> CellSpecification:
    """The cell with another transport efficiency and electronic conductivity (S m-1) of an electrode; `None` leaves its own."""
    electrode = getattr(specification, f"{side}_electrode")
    found: dict[str, float | None] = {}
    if transport_efficiency is not None:
        found |= {"transport_efficiency": transport_efficiency, "transport_efficiency_profile": None}
    if conductivity is not None:
        found["conductivity"] = conductivity
    return specification.model_copy(update={f"{side}_electrode": electrode.model_copy(update=found)})


def energy_gradient(
    specification: CellSpecification | str | Path,
    image: VoxelImage,
    *,
    ionic: Mapping[str, float | str],
    electronic: Mapping[str, float | str],
    electrolyte: str = "electrolyte",
    c_rate: float = 1.0,
    side: Literal["positive", "negative"] = "positive",
    axis: str = "x",
    temperature: float | None = None,
    mesh: Mesh | None = None,
    tolerance: float = 1e-6,
) -> Result:
    r"""Energy of a discharge, and its derivative by the conductivity of every voxel of an electrode.

    .. math::

        E = \int_0^{t_e} I V \, dt, \qquad
        \frac{∂E}{∂p} = \int_0^{t_e} I \frac{∂V}{∂p} \, dt + I V(t_e) \frac{∂t_e}{∂p}, \qquad
        \frac{∂E}{∂\ln σ_v} = p \frac{∂E}{∂p} \; \frac{∂\ln σ_\text{eff}}{∂\ln σ_v},

    with p the transport efficiency for ions and the conductivity for electrons, both linear in σ_eff; the last factor is the
    voxel's share of the dissipation (`scalith.electrode.solve_conduction`). Where the conductivity of a phase changes as a
    whole, its voxels are added up. The rest of the electrode stays as the cell states it.

    Parameters
    ----------
    specification : CellSpecification or path
        What `scalith.cell.read_cell` takes; transport efficiency and electronic conductivity of the electrode are the image's.
    image : VoxelImage
    ionic, electronic : mapping of str to float or text
        Bulk conductivity of each phase that conducts, S m-1. A phase ``debonded`` (`scalith.electrode.cracked_image`) conducts
        ions as the electrolyte does.
    electrolyte : str
        Phase by whose conductivity the transport efficiency is measured.
    c_rate : float
    side : {"positive", "negative"}
    axis : {"x", "y", "z"}
    temperature, mesh, tolerance
        As in `scalith.cell.simulate_discharge`; derivatives need a finer tolerance than voltages do (case D01).

    Returns
    -------
    Result
        ``energy`` (J); ``energy_by_voxel`` (carrier, x, y, z) J per unit of ln σ_v; ``energy_by_conductivity`` (carrier), the
        sum over the voxels; ``effective_conductivity`` (carrier) S m-1.

    Raises
    ------
    InputError
        Ions or electrons do not get through the image, a phase is unknown, the discharge does not end at the lower voltage.
    ConvergenceError
        The discharge cannot be solved.
    """
    cell = read_cell(specification)
    if side not in ("positive", "negative"):
        raise InputError("energy_gradient", "side", side, "positive or negative")
    if getattr(cell, f"{side}_electrode").planar:
        raise InputError("energy_gradient", "side", f"{side}, lithium metal", "a porous electrode")
    bulk = {name: read_bulk("energy_gradient", image, stated) for name, stated in (("ions", ionic), ("electrons", electronic))}
    if not bulk["ions"].get(electrolyte, 0.0) > 0.0:
        raise InputError(
            "energy_gradient", "ionic", ionic, f"a conductivity of {electrolyte!r}, which the others are measured by"
        )
    bulk["ions"] = ionic_with_debonded(image, bulk["ions"], electrolyte)
    runs = {name: solve_conduction(image, one, axis=axis, tolerance=1e-8, sensitivity=True) for name, one in bulk.items()}
    effective = {name: float(run["conductivity"]) for name, run in runs.items()}
    for name, value in effective.items():
        if not value > 0.0:
            raise InputError("energy_gradient", "image", f"no path for {name} along {axis}", "phases that join both ends")
    efficiency = effective["ions"] / bulk["ions"][electrolyte]
    share = image.volume_fractions[electrolyte]
    require_below_bound("energy_gradient", efficiency, ionic_bound(bulk["ions"], electrolyte, share))
    cell = with_conduction(cell, side, efficiency, effective["electrons"])
    paths = [f"{side}_electrode.transport_efficiency", f"{side}_electrode.conductivity"]
    run = simulate_sensitivities(cell, paths, c_rate, temperature=temperature, mesh=mesh, tolerance=tolerance)
    if "end_time_by_parameter" not in run:
        raise InputError(
            "energy_gradient", "c_rate", f"a discharge that ends by {run.attrs['reason']}", "the lower cut-off voltage"
        )
    current = discharge_load(cell, c_rate, None)
    time, voltage = run["time"].values, run["voltage"].values
    by_parameter = np.trapezoid(run["voltage_by_parameter"].values, time, axis=1)
    by_parameter = current * (by_parameter + voltage[-1] * run["end_time_by_parameter"].values)
    by_logarithm = by_parameter * run["value"].values
    voxels = np.stack([slope * runs[name]["sensitivity"].values for name, slope in zip(runs, by_logarithm, strict=True)])
    settings: dict[str, Any] = {name: dict(one) for name, one in bulk.items()}
    settings |= {"electrolyte": electrolyte, "c_rate": c_rate, "side": side, "axis": axis, "tolerance": tolerance}
    settings |= {"temperature_K": temperature, "mesh": None if mesh is None else asdict(mesh)}
    source = predicted("scalith.design.energy_gradient", cell.digest, image.digest, settings=settings)
    per = "derivative of the energy by ln of the conductivity"
    return Result(
        {
            "energy": labelled((), current * float(np.trapezoid(voltage, time)), "energy of the discharge", "J"),
            "energy_by_voxel": labelled(("carrier", "x", "y", "z"), voxels, f"{per} of the voxel", "J"),
            "energy_by_conductivity": labelled("carrier", by_logarithm, f"{per} for the carrier", "J"),
            "effective_conductivity": labelled("carrier", list(effective.values()), "effective conductivity", "S m-1"),
        },
        coords={"carrier": list(effective)},
        attrs={"source": source.to_json()},
    )
