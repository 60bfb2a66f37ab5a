"""Thickness of a cell from the volumes that its particles take as they fill."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from scalith.cell.model.lithium_surface import is_lithium_metal
from scalith.cell.specification.active_material import ActiveMaterial
from scalith.cell.specification.cell import CellSpecification
from scalith.quantities import InputError, Property, Result, dataset_digest, labelled, predicted
from scalith.quantities.errors import nearest

_WHERE = "thickness_change"


def thickness_change(data: xr.Dataset, cell: CellSpecification, volume_change: Mapping[str, Property]) -> Result:
    r"""How much thicker a cell is than at 0 % state of charge, along a run.

    .. math:: Δt = n \sum_k L_k ε_k \left[v_k(\bar x_k) - v_k(x_{k,0})\right]

    over the materials k: n pairs of electrodes, thickness L of the electrode, volume fraction ε of the material, and the volume
    change v(x) of its host. Collectors keep the layers' area, so that all of it is thickness; pores are neither filled nor opened
    (Rieger et al., J. Electrochem. Soc. 163 (2016) A1566). Lithium metal adds n times how much thicker it gets. Without heat,
    films and gas.

    Parameters
    ----------
    data : xarray.Dataset
        Of a run: ``stoichiometry_negative``, or ``stoichiometry_negative_1`` and so on of a blend, over time.
    cell : CellSpecification
        That ran.
    volume_change : mapping
        v(x) by the name of the material in `data` (``"negative"``, ``"negative_2"``, ``"positive"``): volume over that of the
        empty host, less one. Materials that are not named keep their volume; lithium metal is not named, it always counts.

    Returns
    -------
    Result
        Over ``time``: ``thickness_change`` of the cell, m, and ``thickness_change_…`` of each named material and of metal.

    Raises
    ------
    InputError
        A name that the run does not have, or lithium metal without a `reserve_thickness`, whose thickness no run follows.
    """
    parts: dict[str, tuple[float, float]] = {}
    variables = {}
    for side, electrode in (("negative", cell.negative_electrode), ("positive", cell.positive_electrode)):
        if is_lithium_metal(electrode):
            variables[f"thickness_change_{side}"] = _of_metal(data, cell, side)
            continue
        for k, material in enumerate(electrode.materials):
            name = side if len(electrode.materials) == 1 else f"{side}_{k + 1}"
            if f"stoichiometry_{name}" in data:
                layers = cell.electrode_pairs * electrode.thickness * material.volume_fraction
                parts[name] = (layers, _at_empty_cell(material, side))
    for name, change in volume_change.items():
        if name not in parts:
            raise InputError(_WHERE, "volume_change", name, nearest(name, parts) if parts else "none of this run")
        layers, empty = parts[name]
        found = layers * (np.asarray(change(x=data[f"stoichiometry_{name}"].values)) - float(change(x=empty)))
        words = f"change of thickness by the {name} material, all layers".replace("_", " ")
        variables[f"thickness_change_{name}"] = labelled("time", found, words, "m")
    if not variables:
        raise InputError(_WHERE, "volume_change", "none", "one material or more")
    whole = np.sum([one.values for one in variables.values()], axis=0)
    changed = tuple(change.digest for change in volume_change.values())
    source = predicted(f"scalith.cell.{_WHERE}", dataset_digest(data), cell.digest, *changed)
    variables["thickness_change"] = labelled("time", whole, "thickness of the cell over that at 0 % state of charge", "m")
    return Result(variables, {"time": data["time"]}, {"source": source.to_json()})


def _at_empty_cell(material: ActiveMaterial, side: str) -> float:
    """Stoichiometry at 0 % state of charge."""
    return material.minimum_stoichiometry if side == "negative" else material.maximum_stoichiometry


def _of_metal(data: xr.Dataset, cell: CellSpecification, side: str) -> xr.Variable:
    """How much thicker lithium metal is than at 0 % state of charge, all layers."""
    material = cell.negative_electrode.material if side == "negative" else cell.positive_electrode.material
    name = f"lithium_thickness_{side}"
    if material.metal_thickness is None or name not in data:
        found = "lithium metal whose thickness no run follows"
        raise InputError(_WHERE, f"{side}_electrode", found, "a reserve_thickness of its lithium_metal, and a run of that cell")
    grown = data[name].values - material.metal_thickness * _at_empty_cell(material, side)
    return labelled("time", cell.electrode_pairs * grown, f"change of thickness by the {side} lithium metal, all layers", "m")
