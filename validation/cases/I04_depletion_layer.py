r"""I04: A depleted layer tends to Mott–Schottky.

**[E]** At a large repelling potential the mobile ion leaves a layer of the width $W=\sqrt{2\varepsilon\phi/(Fc_{fixed})}$,
in which only the fixed charge remains. From the exact first integral the charge per area is $\varepsilon|\phi'(0)| =
Fc\lambda_D\sqrt{2(u_0-1+e^{-u_0})}$; over $Fc$ this is $W\sqrt{1-1/u_0}$, the well-known correction by one $RT/F$. The
capacitance $\varepsilon/W$ makes $1/C^2$ straight in the potential, with the slope $2/(\varepsilon Fc)$ of a Mott–Schottky
plot.
"""

from __future__ import annotations

import numpy as np

from scalith.interface import depletion_width, space_charge
from scalith.quantities.constants import FARADAY, GAS_CONSTANT, VACUUM_PERMITTIVITY
from validation.record import Record

T, FIXED, PERMITTIVITY = 298.15, 50.0, 60.0


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    thermal = GAS_CONSTANT * T / FARADAY
    potentials = np.array([0.2, 0.5, 1.0, 2.0])
    inverse = []
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
    for potential in potentials:
        data = space_charge(potential, FIXED, PERMITTIVITY, T, points=4000)
        width = depletion_width(potential, FIXED, PERMITTIVITY)
        expected = np.sqrt(2.0 * VACUUM_PERMITTIVITY * PERMITTIVITY * potential / (FARADAY * FIXED))
        record.check(f"width at {potential:g} V", expected=1e9 * expected, found=1e9 * width, tolerance=1e-9, unit="nm")
        exact = -float(data.surface_charge) / (FARADAY * FIXED)
        record.check(
            f"exact charge over Mott–Schottky's at {potential:g} V",
            expected=np.sqrt(1.0 - thermal / potential),
            found=exact / width,
            tolerance=1e-3,
        )
        inverse.append(float(data.differential_capacitance) ** -2)
        shown = data.concentration / FIXED
        left.plot(data.depth * 1e9, shown, label=f"{potential:g} V")
        left.axvline(width * 1e9, color="0.8", lw=0.8)
        if potential == potentials[-1]:
            half = float(np.interp(0.5, shown.values, data.depth.values))
            record.check("where half of the ions have left, over W, at 2 V", expected=1.0, found=half / width, tolerance=0.02)
    slope = np.polyfit(potentials[1:], inverse[1:], 1)[0]
    wanted = 2.0 / (VACUUM_PERMITTIVITY * PERMITTIVITY * FARADAY * FIXED)
    record.check("slope of the Mott–Schottky plot over 2/(ε F c)", expected=1.0, found=slope / wanted, tolerance=1e-3)
    left.set(xlabel="distance from the boundary (nm)", ylabel="c/c∞", xlim=(0, 40), title="lines: W")
    left.legend(frameon=False)
    right.plot(potentials, inverse, "ko-")
    right.set(xlabel="potential (V)", ylabel="1/C² (m⁴/F²)", ylim=(0, None), title="Mott–Schottky plot")
    figure.tight_layout()
    record.figure("Depletion of the mobile ion", figure)
