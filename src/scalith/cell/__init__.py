"""One cell: specification, porous-electrode solver, BPX."""

from scalith.cell.bpx_file import specification_from_bpx, to_bpx
from scalith.cell.discharge import simulate_discharge
from scalith.cell.discretise import Mesh
from scalith.cell.specification import (
    ActiveMaterial,
    CellSpecification,
    ElectrodeSpecification,
    ElectrolyteSpecification,
    PorousLayer,
    ThermalSpecification,
)

__all__ = [
    "ActiveMaterial",
    "CellSpecification",
    "ElectrodeSpecification",
    "ElectrolyteSpecification",
    "Mesh",
    "PorousLayer",
    "ThermalSpecification",
    "simulate_discharge",
    "specification_from_bpx",
    "to_bpx",
]
