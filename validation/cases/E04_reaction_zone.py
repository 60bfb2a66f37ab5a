r"""E04: Reaction zone between the line and the area.

**[E]** A film of thickness $\delta$ and width $w$ takes ions from an electrolyte at its end and reacts at its open surface with
linear kinetics $g$. As a fin it conducts, per length of the triple-phase line,

$$\frac{I}{L \, \eta} = g \, \lambda \tanh \frac{w}{\lambda}, \qquad \lambda = \sqrt{\sigma \delta / g},$$

so that a good (mixed) conductor reacts on its area, $g w$, and a poor one on a zone of width $\lambda$ beside the line,
$g \lambda$. The voxels know neither limit: they solve the conduction with the reaction on the faces. The fin neglects the
gradient across the film, of order $\delta^2/\lambda^2$; the narrowest zone here is 8 $\delta$ wide.
"""

from __future__ import annotations

import numpy as np

from validation.record import Record

EDGE, WIDTH, THICKNESS = 1e-8, 160, 2


def run(record: Record) -> None:
    """Sweep the width of the zone over the width of the film."""
    import matplotlib.pyplot as plt

    from scalith.electrode import VoxelImage, reaction_zone
    from scalith.quantities import Source

    labels = np.full((WIDTH + 1, 2, THICKNESS + 2), 3, np.uint8)
    labels[:, :, 1:-1] = 1
    labels[:, :, -1] = 2
    labels[0] = 0
    image = VoxelImage(labels, EDGE, {"electrolyte": 0, "film": 1, "pore": 2, "support": 3}, Source(kind="assumed"))
    line, width, thickness = 2 * EDGE, WIDTH * EDGE, THICKNESS * EDGE
    zones = np.array([0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 20.0]) * width
    found, fin, balance = [], [], []
    for zone in zones:
        g = 1.0 * thickness / zone**2
        phases = {"conductor": "film", "feed": "electrolyte", "reactant": "pore"}
        data = reaction_zone(image, conductivity=1.0, reaction_conductance=g, **phases)
        found.append(float(data["conductance"]) / (g * line))
        fin.append(zone * np.tanh(width / zone))
        balance.append(float(data["balance"]))
    active = np.array(found)
    record.check_at_most("largest distance from the fin", limit=0.005, found=float(np.abs(active / np.array(fin) - 1.0).max()))
    record.check("poor conductor: width of the zone over λ", expected=1.0, found=active[0] / zones[0], tolerance=0.005)
    record.check("mixed conductor: share of the area", expected=1.0, found=active[-1] / width, tolerance=0.005)
    record.check_at_most("current in against current out", limit=1e-7, found=max(balance))

    figure, axes = plt.subplots(figsize=(5.4, 3.9), constrained_layout=True)
    axes.loglog(zones / width, active / width, "o", color="#1f6f8b", label="voxels")
    axes.loglog(zones / width, np.array(fin) / width, color="#1f6f8b", linewidth=1, label="fin")
    axes.loglog(zones / width, np.ones_like(zones), ":", color="#777777", label="area")
    axes.loglog(zones / width, zones / width, "--", color="#c8553d", label="line")
    axes.set(xlabel="λ / w", ylabel="share of the area that reacts", ylim=(0.07, 2.0))
    axes.legend()
    record.figure("From the line to the area.", figure)
