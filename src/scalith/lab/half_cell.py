"""Half cells: lithium metal, a separator, and one electrode of a cell, thin where diffusion in its particles is to be seen."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from scalith.cell import CellSpecification, LithiumMetal, read_cell
from scalith.quantities import InputError, nearest
from scalith.quantities.constants import FARADAY

Side = Literal["positive", "negative"]
_LITHIUM = "100 A/m2"
_MARGIN = 0.3
"""V beyond the window: what the polarisation may take before a step ends."""


class HalfCell(NamedTuple):
    """A half cell and what turns its charge into stoichiometry.

    Attributes
    ----------
    cell : CellSpecification
        Lithium metal as its negative electrode, the electrode that is studied as its positive one.
    capacity : float
        Charge between the stoichiometries 0 and 1, C.
    full : float
        Stoichiometry at 100 % state of charge.
    """

    cell: CellSpecification
    capacity: float
    full: float

    def stoichiometry(self, charge: float | np.ndarray) -> np.ndarray:
        """x after `charge` (C) was discharged from 100 % on."""
        return np.asarray(self.full + np.asarray(charge, dtype=np.float64) / self.capacity)


def half_cell(cell: CellSpecification | str | Path, side: Side = "positive", *, thickness: float | None = None) -> HalfCell:
    """One electrode of a cell against lithium metal, with the cell's separator and electrolyte.

    Parameters
    ----------
    cell : CellSpecification or path
        What `scalith.cell.read_cell` takes.
    side : {"positive", "negative"}
        The electrode that is studied, of one active material.
    thickness : float, optional
        Of the electrode, m: thin, the pores do not count. Without it the cell's.

    Raises
    ------
    InputError
        An unknown side, or an electrode of several active materials.
    """
    specification = read_cell(cell)
    if side not in ("positive", "negative"):
        raise InputError("half_cell", "side", side, nearest(side, ["positive", "negative"]))
    electrode = specification.positive_electrode if side == "positive" else specification.negative_electrode
    if len(electrode.materials) > 1:
        raise InputError("half_cell", f"{side}_electrode.materials", len(electrode.materials), "one active material")
    if thickness is not None:
        electrode = electrode.model_copy(update={"thickness": float(thickness)})
    material = electrode.material
    area = specification.plane_area
    sites = FARADAY * area * electrode.thickness * material.volume_fraction * material.maximum_concentration
    T = specification.reference_temperature
    ends = [
        float(material.open_circuit_voltage(x=x, T=T)) for x in (material.maximum_stoichiometry, material.minimum_stoichiometry)
    ]
    window = material.maximum_stoichiometry - material.minimum_stoichiometry
    made = specification.model_copy(
        update={
            "name": f"{side} electrode of {specification.name} against lithium",
            "negative_electrode": LithiumMetal.read({"exchange_current_density": _LITHIUM}).electrode(electrode.window),
            "positive_electrode": electrode,
            "nominal_capacity": sites * window,
            "lower_voltage_cut_off": max(min(ends) - _MARGIN, -0.5),
            "upper_voltage_cut_off": max(ends) + _MARGIN,
            "contact_resistance": 0.0,
        }
    )
    return HalfCell(made, sites, material.minimum_stoichiometry)
