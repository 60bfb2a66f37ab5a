"""Thickness of a cell from the volumes that its particles take as they fill."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from scalith.cell.specification.cell import CellSpecification
from scalith.quantities import InputError, Property, Result, dataset_digest, labelled, predicted
from scalith.quantities.errors import nearest

_WHERE = "thickness_change"


def thickness_change(data: xr.Dataset, cell: CellSpecification, volume_change: Mapping[str, Property]) -> Result:
    r"""How much thicker a cell is than at 0 % state of charge, along a run.

    .. math:: Δt = n \sum_k L_k ε_k \left[v_k(\bar x_k) - v_k(x_{k,0})\right]

    over the materials k: n pairs of electrodes, thickness L of the electrode, volume fraction ε of the material, and the volume
    change v(x) of its host. Collectors keep the layers' area, so that all of it is thickness; pores are neither filled nor opened
    (Rieger et al., J. Electrochem. Soc. 163 (2016) A1566). Without heat, films and gas.

    Parameters
    ----------
    data : xarray.Dataset
        Of a run: ``stoichiometry_negative``, or ``stoichiometry_negative_1`` and so on of a blend, over time.
    cell : CellSpecification
        That ran.
    volume_change : mapping
        v(x) by the name of the material in `data` (``"negative"``, ``"negative_2"``, ``"positive"``): volume over that of the
        empty host, less one. Materials that are not named keep their volume.

    Returns
    -------
    Result
        Over ``time``: ``thickness_change`` of the cell, m, and ``thickness_change_…`` of each named material.

    Raises
    ------
    InputError
        A name that the run does not have.
    """
    parts: dict[str, tuple[float, float]] = {}
    for side, electrode in (("negative", cell.negative_electrode), ("positive", cell.positive_electrode)):
        for k, material in enumerate(electrode.materials):
            name = side if len(electrode.materials) == 1 else f"{side}_{k + 1}"
            empty = material.minimum_stoichiometry if side == "negative" else material.maximum_stoichiometry
            parts[name] = (cell.electrode_pairs * electrode.thickness * material.volume_fraction, empty)
    variables = {}
    for name, change in volume_change.items():
        if name not in parts or f"stoichiometry_{name}" not in data:
            raise InputError(_WHERE, "volume_change", name, nearest(name, list(parts)))
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
