r"""E08: Impedance of blocking pores, and the electrode tortuosity that it shows.

**[E]** Ions go into pores and end on a surface that holds charge and lets nothing through. A straight pore has de Levie's
impedance,

$$Z = \sqrt{R Z_s} \coth \sqrt{R / Z_s},
\qquad Z_s = \frac{1}{S} \left(\frac{1}{(i \omega)^\alpha c} + \frac{h}{2 \sigma}\right),$$

with the resistance $R$ along the pore, its surface $S$ and half a voxel $h$ up to it, for a capacitor ($\alpha = 1$) and a
constant-phase element.

**[E]** Between two walls, a distance $2 m h$ apart, ions also cross half of the gap: the electrode tortuosity
$\tau_e = 3 \varepsilon \sigma A \langle \phi \rangle_S / (i L)$ (T.-T. Nguyen et al., npj Comput. Mater. 6 (2020) 123,
doi:10.1038/s41524-020-00386-4) of pores $n$ voxels deep is $1 + (m - 1)(2m - 1)/(2 n^2)$; what the steps in depth make is below
$1/(2 n^2)$.

**[E]** At low frequency the real part of any structure is $\tau_e L / (3 \varepsilon \sigma A)$ and that of half a voxel, the
imaginary part that of all its surface: of a random structure, whose numbers come from two functions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from validation.record import Record

LONG = True
EDGE, SIGMA, CAPACITY = 1e-7, 0.5, 0.1
BULK: dict[str, Any] = {"conductivity": SIGMA, "capacitance": CAPACITY}


def run(record: Record) -> None:
    """A straight pore, a gap, a random structure."""
    import matplotlib.pyplot as plt

    from scalith.electrode import FieldPhase, VoxelImage, electrode_impedance, electrode_tortuosity, laminate, random_field

    deep, figure = 60, plt.figure(figsize=(5.4, 3.9), constrained_layout=True)
    panel = figure.subplots()
    pore = laminate((2, deep, 3), EDGE, [("pore", 1), ("active", 1)])
    along, surface = deep * EDGE / (SIGMA * 3 * EDGE**2), 3 * deep * EDGE**2
    for exponent, colour in ((1.0, "#1f6f8b"), (0.85, "#c96f2e")):
        # Up to where a voxel is a quarter of the depth to which ions reach.
        f = np.geomspace(1e-3, 25.0, 12) / (2 * np.pi * along * surface * CAPACITY)
        found = electrode_impedance(pore, f, axis="y", exponent=exponent, **BULK)
        per_area = 1.0 / (CAPACITY * (2j * np.pi * f) ** exponent) + 0.5 * EDGE / SIGMA
        exact = np.sqrt(along * per_area / surface) / np.tanh(np.sqrt(along * surface / per_area))
        spectrum = found["resistance"].values + 1j * found["reactance"].values
        off = float(np.max(np.abs(spectrum / exact - 1.0)))
        record.check_at_most(f"straight pore, exponent {exponent}: off de Levie's line", limit=2e-3, found=off)
        panel.plot(spectrum.real / along, -spectrum.imag / along, "o", color=colour, label=f"voxels, α = {exponent}")
        panel.plot(exact.real / along, -exact.imag / along, color=colour, linewidth=1)
    panel.set(xlabel="Re Z / R", ylabel="−Im Z / R", xlim=(0, 0.6), ylim=(0, 0.8))
    panel.legend()
    record.figure("Spectra of a straight pore on voxels (marks) and de Levie's (lines).", figure)

    for m, n in ((3, 12), (4, 20)):
        labels = np.ones((n, 2 * m + 2, 4), np.uint8)
        labels[:, 1:-1] = 0
        gap = electrode_tortuosity(VoxelImage(labels, EDGE, {"pore": 0, "active": 1}))
        expected = 1.0 + (m - 1) * (2 * m - 1) / (2 * n**2)
        record.check(
            f"gap of {2 * m} voxels, {n} deep: electrode tortuosity",
            expected=expected,
            found=float(gap["electrode_tortuosity"]),
            tolerance=1.0 / (2 * n**2),
        )

    image = random_field((20, 16, 16), EDGE, {"active": FieldPhase(fraction=0.5, correlation_length=4e-7)}, seed=1)
    pores = electrode_tortuosity(image)
    slow = electrode_impedance(image, [1e-3], **BULK)
    reached = image.volume_fractions["pore"] * float(pores["reached"])
    length, area, charged = image.shape[0] * EDGE, float(slow["area"]), float(slow["surface"])
    expected = float(pores["electrode_tortuosity"]) * length / (3.0 * reached * SIGMA * area) + EDGE / (2.0 * SIGMA * charged)
    record.check(
        "random structure: real part over that of its tortuosity",
        expected=1.0,
        found=float(slow["resistance"][0]) / expected,
        tolerance=1e-4,
    )
    whole = -2.0 * np.pi * 1e-3 * CAPACITY * charged * float(slow["reactance"][0])
    record.check("random structure: capacitance over that of its surface", expected=1.0, found=whole, tolerance=1e-4)
