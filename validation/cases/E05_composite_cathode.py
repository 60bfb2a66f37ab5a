r"""E05: Composite cathode of NCM622 and Li₆PS₅Cl against its measured ionic conductivity.

**[P]** A pressed cathode of 70 % NCM622 and 30 % argyrodite by weight, with 13 to 17 % voids, was measured to conduct ions at
about 0.17 mS/cm, with a tortuosity of about 2.07 (P. Minnmann et al., J. Electrochem. Soc. 168 (2021) 040537,
doi:10.1149/1945-7111/abf8d7). Here the structure is generated from its composition and from stated sizes; nothing is fitted. With
the densities 4.78 and 1.84 g/cm³ the active material is 47.3 % of the solids. Particles have a median radius of 2.5 µm (σ of ln r
0.3), voids a correlation length of 0.8 µm: both are assumed. Dense argyrodite conducts 2.05 mS/cm (M. A. Kraft et al., J. Am.
Chem. Soc. 139 (2017) 10909, doi:10.1021/jacs.7b06327, as in the OBELiX data). Effective conductivity and tortuosity factor are

$$\nabla \cdot (\sigma \nabla \phi) = 0, \qquad
\tau_\mathrm{f} = \frac{\varepsilon \, \sigma_\mathrm{bulk}}{\sigma_\mathrm{eff}}.$$

The distance is stated, not asserted. The word tortuosity is used for the factor $\tau_\mathrm{f}$ and for its root; the measured
number stands beside both. What the electrolyte in the composite must conduct for the measured pair,
$\sigma = \tau_\mathrm{f} \sigma_\mathrm{eff} / \varepsilon$, lies below the dense pellet in either reading: contacts between
the particles of electrolyte, which the image does not resolve, are not in the model. Single boxes of 29 µm scatter; the spread
over four seeds is part of the statement. (Composition and voids are taken from the literature as cited in the shipped cell;
the paper itself was not at hand when this page was written.)
"""

from __future__ import annotations

import numpy as np

from validation.record import Record

LONG = True

BULK = 0.205
MEASURED, TORTUOSITY = 0.017, 2.07
VOIDS = (0.13, 0.15, 0.17)
SEEDS = (1, 2, 3, 4)


def run(record: Record) -> None:
    """Generate the composite at three porosities and compare."""
    import matplotlib.pyplot as plt

    from scalith.electrode import CompositeElectrode, composite_electrode, composite_study, limiting_path

    composite = CompositeElectrode.read(
        {"active_fraction": 0.473, "active_radius": "2.5 um", "active_spread": 0.3, "porosity": 0.15, "pore_size": "0.8 um"}
    )
    study = composite_study(
        composite,
        {"porosity": VOIDS},
        shape=(72, 72, 72),
        voxel_size=4e-7,
        ionic={"electrolyte": BULK},
        electronic={"active": 1.0},
        seeds=SEEDS,
    )
    fraction = study["electrolyte_volume_fraction"]
    wanted = 0.527 * (1.0 - study["porosity"])
    record.check_at_most("composition against what is stated", limit=1e-4, found=float(np.abs(fraction - wanted).max()))
    # No structure conducts better than Hashin and Shtrikman allow where electrolyte surrounds what does not conduct.
    bound = BULK * 2.0 * fraction / (3.0 - fraction)
    over = (study["effective_ionic_conductivity"] / bound).max()
    record.check_at_most("conductivity over the Hashin–Shtrikman bound", limit=1.0, found=float(over))

    conductivity = study["effective_ionic_conductivity"]
    factor = study["ionic_tortuosity_factor"]
    for voids in VOIDS:
        here, there = conductivity.sel(porosity=voids), factor.sel(porosity=voids)
        note = f"{voids:.0%} voids; ± {float(here.std('seed', ddof=1)) * 10:.2g} between seeds"
        record.compare(
            "effective ionic conductivity", reference=MEASURED * 10, found=float(here.mean()) * 10, unit="mS/cm", note=note
        )
        note = f"{voids:.0%} voids, as a factor; ± {float(there.std('seed', ddof=1)):.2g} between seeds"
        record.compare("tortuosity", reference=TORTUOSITY, found=float(there.mean()), note=note)
    middle = float(factor.sel(porosity=0.15).mean())
    record.compare("tortuosity, as the root of the factor", reference=TORTUOSITY, found=np.sqrt(middle), note="15 % voids")
    share = float(fraction.sel(porosity=0.15).mean())
    implied = {"as a factor": TORTUOSITY, "as a root": TORTUOSITY**2}
    for name, value in implied.items():
        note = f"bulk that the measured pair implies, read {name}, beside that of a dense pellet"
        record.compare(
            "conductivity of the electrolyte", reference=BULK * 10, found=MEASURED * value / share * 10, unit="mS/cm", note=note
        )

    image = composite_electrode((72, 72, 72), 4e-7, composite, seed=SEEDS[0])
    paths = limiting_path(image, ionic={"electrolyte": BULK}, electronic={"active": 1.0})
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), constrained_layout=True)
    extent = (0.0, 28.8, 0.0, 28.8)
    shown = left.imshow(image.labels[:, :, 36].T, origin="lower", extent=extent, cmap="cividis", interpolation="nearest")
    bar = figure.colorbar(shown, ax=left, ticks=list(image.phases.values()))
    bar.ax.set_yticklabels(list(image.phases))
    left.set(xlabel="x / µm", ylabel="y / µm", title="phases")
    flow = paths["current_density"].sel(carrier="ions").values[:, :, 36]
    shown = right.imshow(np.where(flow > 0.0, flow, np.nan).T, origin="lower", extent=extent, cmap="inferno", vmax=10.0)
    figure.colorbar(shown, ax=right, label="A m⁻² for 1 A m⁻² applied")
    right.set(xlabel="x / µm", ylabel="y / µm", title="current density of the ions")
    record.figure(
        "A plane through the generated composite, and the current density of the ions in it (separator on the left).", figure
    )

    figure, axes = plt.subplots(figsize=(5.4, 3.8), constrained_layout=True)
    for seed in SEEDS:
        axes.plot(100 * np.array(VOIDS), factor.sel(seed=seed), "o-", color="#1f6f8b", alpha=0.6)
    axes.axhline(TORTUOSITY, color="#c8553d", label="measured, 13 to 17 % voids")
    axes.set(xlabel="voids / %", ylabel="tortuosity factor", ylim=(1.0, None))
    axes.legend()
    record.figure("Tortuosity factor of four generated structures at each porosity, beside the measured tortuosity.", figure)
