r"""U09: Dimensionless numbers, and what each process made twice as fast brings.

**[E]** The LG M50 of Chen et al. 2020. At 1C the current over that which empties the electrolyte is 0.72 and 0.41 in the two
electrodes, $R^2/(D\,3600\,\mathrm{s})$ 0.29 and 1.89, $\nu^2$ 0.31 and 3.1. Gains of energy are independent of the mesh. At 3C
the electrolyte is depleted, and diffusion in it brings more than all else together.

Gains published for an earlier model of this cell, whose runs ended at a depleted electrolyte, are only compared.
"""

from __future__ import annotations

import numpy as np

from scalith.cell import Mesh
from scalith.lab import dimensionless_numbers, find_bottlenecks
from validation.record import Record

CELL = "lgm50_chen2020"
NUMBERS = {
    "limiting current, negative electrode": 0.72,
    "limiting current, positive electrode": 0.41,
    "solid diffusion, negative electrode": 0.29,
    "solid diffusion, positive electrode": 1.89,
    "reaction distribution, negative electrode": 0.31,
    "reaction distribution, positive electrode": 3.1,
}
EARLIER = {
    "positive_electrode.chemical_diffusivity": 0.206,
    "negative_electrode.exchange_current_density": 0.169,
    "negative_electrode.chemical_diffusivity": 0.154,
    "electrolyte.diffusivity": 0.103,
    "electrolyte.conductivity": 0.064,
    "positive_electrode.exchange_current_density": 0.054,
    "positive_electrode.conductivity": 0.020,
}


def run(record: Record) -> None:
    numbers = dimensionless_numbers(CELL, "1C")
    for name, value in NUMBERS.items():
        found = float(numbers["value"].sel(number=name))
        record.check(name, expected=value, found=found, tolerance=0.03 * value)
    default = find_bottlenecks(CELL, "1C")
    fine = find_bottlenecks(CELL, "1C", mesh=Mesh(negative=24, separator=6, positive=24, nodes=40, finest=5e-4))
    off = np.abs(default.energy_gain.sel(process=fine.process).values - fine.energy_gain.values).max() / 3600.0
    record.check_at_most("gains of energy at 1C: default against fine mesh", limit=2e-3, found=off, unit="W h")
    for name, value in EARLIER.items():
        found = float(default.energy_gain.sel(process=name)) / 3600.0
        record.compare(f"gain at 1C: {name}", reference=value, found=found, unit="W h")
    fast = find_bottlenecks(CELL, "3C")
    record.check_true("at 3C the electrolyte's diffusion brings most", fast.process.values[0] == "electrolyte.diffusivity")
    others = float(fast.energy_gain[1:].sum())
    record.check_true("more than all else together", float(fast.energy_gain[0]) > others)
    limiting = dimensionless_numbers(CELL, "3C")["value"].sel(number="limiting current, negative electrode")
    record.check_true("and the current is above that which empties it", float(limiting) > 1.0)
