r"""D02: Two phases of one half each conduct both as well as the surface P of Schwarz.

Ions move in one phase, electrons in the other, each insulates what the other carries. Alone, an isotropic phase of share
$\varphi$ conducts at most $2\varphi/(3-\varphi)$ of its bulk (Hashin and Shtrikman), 0.4 at one half, with the other one in
separate balls. Where both must connect, Schwarz' surface P, $\cos x + \cos y + \cos z = 0$, is the best that is known
(S. Torquato, S. Hyun, A. Donev, J. Appl. Phys. 94 (2003) 5748).

**[E]** From noise, `optimised_conduction` climbs to structures whose conductivities are those of P, measured by the same solver
on the same grid. One eighth of the periodic cell is designed, with mirrors around it, whose conductivities between electrodes are
those of the cell. P itself has 0.804 of the bound in a cell of $64^3$ voxels and 0.813 in one of $128^3$, so that 0.9 of
the bound for both at once is not to be had: it is compared, not asserted. Designed in $64^3$ voxels (`SIZE` 32, measured once),
the means are 0.803 and 0.806, the lowest axis 2 % below.
"""

from __future__ import annotations

import numpy as np

from validation.record import Record

LONG = True
SIZE = 20


def run(record: Record) -> None:
    """Design one eighth of a cell, and measure P on its grid."""
    import matplotlib.pyplot as plt

    from scalith.design import LatentPhase, LatentStructure, optimised_conduction
    from scalith.electrode import VoxelImage, solve_conduction

    x = np.cos((np.arange(SIZE) + 0.5) * np.pi / SIZE)
    surface = x[:, np.newaxis, np.newaxis] + x[:, np.newaxis] + x
    best = VoxelImage((surface > 0.0).astype(np.uint8), 1e-7, {"pore": 0, "active": 1})
    known = float(solve_conduction(best, {"pore": 1.0})["conductivity"])

    phases = {"pore": LatentPhase(fraction=0.5, feature_size="0.7 um")}
    structure = LatentStructure(shape=(SIZE,) * 3, voxel_size="0.1 um", phases=phases, sides="mirror")
    carriers = {"ions": {"pore": 1.0}, "electrons": {"active": 1.0}}
    found = optimised_conduction(structure, carriers, seed=2, iterations=20)
    table = found.table
    for carrier in carriers:
        one = table.sel(carrier=carrier)
        mean, least = float(one["conductivity"].mean()), float(one["conductivity"].min())
        record.check_at_most(f"{carrier}: share of the bound, mean over the axes", limit=1.0, found=mean / 0.4)
        record.check(f"{carrier}: mean over the axes over that of P", expected=1.0, found=mean / known, tolerance=0.03)
        record.check_at_most(f"{carrier}: what the worst axis lacks to P", limit=0.1, found=max(1.0 - least / known, 0.0))
        record.compare(
            f"{carrier}: share of the bound", reference=0.9, found=mean / 0.4, note=f"P on this grid: {known / 0.4:.3f}"
        )
    record.check("volume of the pores", expected=0.5, found=found.image.volume_fractions["pore"], tolerance=1e-9)

    figure, axes = plt.subplots(1, 3, figsize=(9.0, 3.0), constrained_layout=True)
    for place, panel in zip((2, SIZE // 2, SIZE - 3), axes, strict=True):
        whole = np.concatenate([np.flip(found.image.labels[:, :, place], axis=0), found.image.labels[:, :, place]], axis=0)
        panel.imshow(np.concatenate([np.flip(whole, axis=1), whole], axis=1), cmap="cividis", interpolation="nearest")
        panel.set(title=f"plane {place}", xticks=[], yticks=[])
    record.figure("Sections through the designed cell.", figure)
