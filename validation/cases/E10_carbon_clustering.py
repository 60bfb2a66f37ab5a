r"""E10: What clusters of carbon and of active material cost in power.

**[E]** Six per cent of carbon and binder on packed particles, as a film, in clusters, as bridges (`place_binder`), on two
packings: the volume fractions are those asked for to a voxel, what ions can do stays below Wiener's bound, and the more the
carbon gathers between the particles the better electrons pass, by more than the packings differ. Where electrons limit, as here
with 0.01 S/m in the active material, the energy at 3C follows in the same order, while at C/3 it matters less.

**[E]** The same fraction of larger particles, the clusters of a coarse structure, has less surface: $3\varepsilon/R$ less what
contacts and binder cover.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from validation.record import Record

LONG = True
EDGE, SOLIDS, RATES = 5e-7, 0.06, (1 / 3, 1.0, 3.0)
IONIC, ELECTRONIC = {"pore": 1.0}, {"active": 0.01, "binder": 10.0}
PLACES = {"film": 0.0, "clusters": 0.5, "bridges": 1.0}


def run(record: Record) -> None:
    """Three places for the carbon, two seeds, three rates; then two sizes of particles."""
    import matplotlib.pyplot as plt

    from scalith.cell import Mesh
    from scalith.design import delivered_energy, image_cell
    from scalith.electrode import ParticleKind, VoxelImage, ionic_bound, packed_particles, place_binder

    def packed(radius: float, seed: int) -> VoxelImage:
        kind = ParticleKind(phase="active", fraction=0.5, radius=radius, spread=0.2)
        return packed_particles((36, 36, 36), EDGE, [kind], seed=seed)

    def made(structure: VoxelImage, agglomeration: float, seed: int) -> tuple[VoxelImage, Any]:
        image = place_binder(structure, SOLIDS, agglomeration, cluster_size=1.5e-6, seed=seed)
        return image, image_cell("lgm50_chen2020", image, thickness=80e-6, ionic=IONIC, electronic=ELECTRONIC)

    fine, found = {seed: packed(2.5e-6, seed) for seed in (1, 2)}, {}
    for name, agglomeration in PLACES.items():
        for seed in (1, 2):
            image, cell = made(fine[seed], agglomeration, seed)
            electrode = cell.positive_electrode
            energies = [delivered_energy(cell, rate, mesh=Mesh(1, 10, 20)) / 3.6e6 for rate in RATES]
            found[name, seed] = [electrode.conductivity, electrode.transport_efficiency, *energies]
            share = image.volume_fractions["binder"]
            record.check(
                f"{name}, seed {seed}: carbon and binder", expected=SOLIDS, found=share, tolerance=1.5 / image.labels.size
            )
            bound = ionic_bound(IONIC, "pore", image.volume_fractions["pore"])
            record.check_at_most(f"{name}, seed {seed}: ions over their bound", limit=1.0, found=found[name, seed][1] / bound)
    values = np.array([[found[name, seed] for seed in (1, 2)] for name in PLACES])  # place, seed, quantity
    scatter = np.abs(values[:, 0] - values[:, 1]).max(axis=0)
    for quantity, at in (("electronic conductivity", 0), ("energy at 3C", 4)):
        for less, more in ((0, 1), (1, 2)):
            gain = float(values[more, :, at].min() - values[less, :, at].max())
            names = f"{list(PLACES)[more]} over {list(PLACES)[less]}"
            record.check_true(f"{quantity}: {names}, by more than packings differ", gain > scatter[at])
    slow, fast = (values[2, :, at].mean() / values[0, :, at].mean() for at in (2, 4))
    record.check_at_most("bridges over films: gain at C/3 over that at 3C", limit=0.5, found=float((slow - 1.0) / (fast - 1.0)))
    for place, name in enumerate(PLACES):
        for at, rate in enumerate(("C/3", "1C", "3C"), start=2):
            film, one = (float(values[here, :, at].mean()) for here in (0, place))
            if place:
                record.compare(f"{name}: energy at {rate}", reference=film, found=one, unit="Wh/l", note="beside the film's")
    coarse = made(packed(4e-6, 1), 1.0, 1)[1]
    areas = [cell.positive_electrode.material.area for cell in (made(fine[1], 1.0, 1)[1], coarse)]
    record.check_at_most("area of the coarse structure over that of the fine one", limit=0.8, found=float(areas[1] / areas[0]))
    energy = delivered_energy(coarse, 3.0, mesh=Mesh(1, 10, 20)) / 3.6e6
    record.compare(
        "coarse structure with bridges: energy at 3C", reference=float(values[2, :, 4].mean()), found=energy, unit="Wh/l"
    )
    figure, panel = plt.subplots(figsize=(5.4, 3.9), constrained_layout=True)
    for place, name in enumerate(PLACES):
        panel.errorbar(RATES, values[place, :, 2:].mean(axis=0), values[place, :, 2:].std(axis=0), fmt="o-", label=name)
    panel.set(xlabel="C-rate", ylabel="energy (Wh/l)", xscale="log")
    panel.legend()
    record.figure(
        "Energy of a cell whose positive electrode has its carbon as a film, in clusters, as bridges; two seeds each.", figure
    )
