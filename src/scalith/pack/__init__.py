"""Heat of cells and packs: lumped and resolved temperatures, runaway kinetics, propagation."""

from scalith.pack.lumped import lumped_cell_temperature
from scalith.pack.row import row_of_cells
from scalith.pack.specification import PackSpecification

__all__ = ["PackSpecification", "lumped_cell_temperature", "row_of_cells"]
