"""Compile the kernels of a discharge, then those of a spectrum: ``python -m scalith.cell.runs.first_discharge``."""

from __future__ import annotations

from scalith.cell.files.read_cell import read_cell
from scalith.cell.model.mesh import Mesh
from scalith.cell.runs.discharge import simulate_discharge
from scalith.cell.runs.impedance import simulate_impedance

if __name__ == "__main__":
    cell, mesh = read_cell("kokam_marquis2019"), Mesh(2, 2, 2, nodes=4)
    simulate_discharge(cell, "1C", duration=1.0, mesh=mesh)
    simulate_impedance(cell, [1.0], mesh=mesh)
