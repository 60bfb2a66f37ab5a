"""Tables of material functions, as the kernels of the cell take them; each is made once."""

from __future__ import annotations

import numpy as np

from scalith.numerics.kernel_table import KernelTable
from scalith.particle.diffusion_table import flux_potential_table
from scalith.quantities import Property

_TABLES: dict[tuple[int, float | None, bool], tuple[Property, KernelTable]] = {}


def constant_table(value: float) -> KernelTable:
    """Table of one number."""
    return KernelTable(0.0, 1.0, 298.15, 0.0, np.array([[[[value, 0.0, 0.0, 0.0]]]]))


def made_once(value: Property, temperature: float | None, flux: bool = False) -> KernelTable:
    """Kernel table of a property, or of the flux potential of a diffusivity."""
    # Tables of the same object are made once: a sweep over other parameters then costs nothing here.
    key = (id(value), temperature, flux)
    found = _TABLES.get(key)
    if found is not None and found[0] is value:
        return found[1]
    if len(_TABLES) > 256:
        _TABLES.clear()
    grids = value.coordinates
    if flux:
        table = flux_potential_table(value, temperature)
    elif not any(grid.size > 1 for dim, grid in grids.items() if dim != "T") and (temperature is not None or "T" not in grids):
        table = constant_table(float(value(x=0.5, c=1.0, T=temperature or 298.15)))
    else:
        table = value.table(temperature)
    _TABLES[key] = (value, table)
    return table
