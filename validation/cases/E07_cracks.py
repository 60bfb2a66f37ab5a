r"""E07: Misfit, debonding and cracks in voxels.

**[E]** A sphere of an oxide (140 GPa, $\nu$ 0.3) that would swell by 1 % in argyrodite (22.1 GPa, $\nu$ 0.37) bears 0.295 GPa;
voxels agree within 8 %. A body without flaws breaks at $\sqrt{3EG_c/8\ell}$ (AT1) or $\frac{9}{16}\sqrt{EG_c/3\ell}$ (AT2),
and after $\alpha_T(2\sqrt{\psi_c/\psi}-1)/\psi$ cycles under the energy $\psi$. A particle that shrinks lets go of its matrix
all around, one that swells as much keeps its contact. The criterion of Bucci et al. (DOI 10.1039/c7ta03199h), no fracture
below a volume expansion of 7.5 % and above 4 J/m², stands beside the energy balance of a particle.
"""

from __future__ import annotations

import numpy as np

from scalith.electrode import (
    FractureModel,
    IsotropicElasticity,
    VoxelImage,
    cracked_image,
    debonding_radius,
    interface_areas,
    misfit_pressure,
    simulate_fracture,
    sphere_lattice,
    stress_from_eigenstrain,
)
from scalith.quantities import Source
from validation.record import Record

OXIDE = IsotropicElasticity(youngs_modulus=140e9, poisson_ratio=0.3)
ARGYRODITE = IsotropicElasticity(youngs_modulus=22.1e9, poisson_ratio=0.37)
E, G, LENGTH, EDGE = 20e9, 2.0, 8e-7, 4e-7


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    record.check(
        "misfit of a sphere, per per cent",
        expected=0.295,
        found=misfit_pressure(OXIDE, ARGYRODITE, 0.01) / 1e9,
        tolerance=1e-3,
        unit="GPa",
    )
    image = sphere_lattice(36, 1e-7, 0.06)
    stress = stress_from_eigenstrain(image, {"matrix": ARGYRODITE, "sphere": OXIDE}, {"sphere": -0.01}, tolerance=1e-3)
    voxels = float(stress.hydrostatic_stress.values[image.mask("sphere")].mean())
    share = image.volume_fractions["sphere"]
    exact = float(misfit_pressure(OXIDE, ARGYRODITE, 0.01, share))
    record.check("the same in voxels over the closed form", expected=1.0, found=voxels / exact, tolerance=0.08)

    bar = VoxelImage(np.ones((2, 2, 2), np.uint8), EDGE, {"a": 1}, Source(kind="assumed"))
    constants = {"a": IsotropicElasticity(youngs_modulus=E, poisson_ratio=0.0)}
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
    strengths = {"AT1": np.sqrt(3.0 * E * G / (8.0 * LENGTH)), "AT2": 9.0 / 16.0 * np.sqrt(E * G / (3.0 * LENGTH))}
    for law, strength in strengths.items():
        model = FractureModel(elasticity=constants, fracture_energy={"a": G}, length=LENGTH, law=law)
        path = np.linspace(0.05, 1.0, 39)
        pulled = simulate_fracture(bar, model, {}, loads=path, mean_strain=[2.0 * strength / E, 0, 0, 0, 0, 0])
        record.check(f"strength, {law}", expected=1.0, found=float(pulled.mean_stress[:, 0].max()) / strength, tolerance=2e-3)
        left.plot(200.0 * path * strength / E, pulled.mean_stress[:, 0] / 1e6, label=law)
    left.set(xlabel="strain (%)", ylabel="stress (MPa)", title="a bar without flaws")
    left.legend(frameon=False)

    once, threshold = 3.0 * G / (16.0 * LENGTH), 1e4
    life = threshold * (2.0 * np.sqrt(4.0) - 1.0) / (once / 4.0)
    tired = FractureModel(elasticity=constants, fracture_energy={"a": G}, length=LENGTH, fatigue_threshold=threshold)
    strain = [np.sqrt(once / (2.0 * E)), 0, 0, 0, 0, 0]
    cycled = simulate_fracture(bar, tired, {}, mean_strain=strain, cycles=[0.99 * life, 1.01 * life])
    worst = cycled.damage.max(("x", "y", "z")).values
    record.check_true("a quarter of the energy is borne for as many cycles as said, and no longer", worst[1] == 0.0 < worst[2])

    n, radius = 48, 3e-6
    edge = 12.8e-6 / n
    y, x = (np.mgrid[:n, :n] + 0.5) * edge - 6.4e-6
    disc = VoxelImage((x**2 + y**2 <= radius**2).astype(np.uint8), edge, {"electrolyte": 0, "active": 1}, Source(kind="assumed"))
    model = FractureModel(
        elasticity={"active": OXIDE, "electrolyte": ARGYRODITE},
        fracture_energy={"active": 10.0, "electrolyte": 2.0},
        interfaces=({"phases": ("active", "electrolyte"), "fracture_energy": 0.5},),
        length=2.0 * edge,
    )
    contact = {}
    for sign, words in ((-1.0, "shrinks"), (1.0, "swells")):
        cracks = simulate_fracture(disc, model, {"active": [0.01 * sign, 0.01 * sign, 0, 0, 0, 0]}, outside="clamped")
        areas = [interface_areas(one, periodic=True) for one in (cracked_image(disc, cracks), disc)]
        contact[words] = float(
            areas[0].sel(phase="active", neighbour="electrolyte") / areas[1].sel(phase="active", neighbour="electrolyte")
        )
        if sign < 0.0:
            right.imshow(cracks.damage[-1, :, :, 0], vmin=0, vmax=1, cmap="magma")
            right.set(title="damage around a particle that shrank by 1 %", xticks=[], yticks=[])
    record.check_at_most("contact of a particle that shrank by 1 %", limit=0.1, found=contact["shrinks"])
    record.check("contact of one that swelled as much", expected=1.0, found=contact["swells"], tolerance=0.1)
    size = float(debonding_radius(OXIDE, IsotropicElasticity(youngs_modulus=15e9, poisson_ratio=0.3), 0.025, 4.0))
    record.compare(
        "particle that 4 J/m² hold at 7.5 % of volume",
        reference=1.0,
        found=1e6 * size,
        unit="µm",
        note="Bucci et al. 2017: no fracture",
    )
    figure.tight_layout()
    record.figure("Strength of a bar, and a particle that lets go", figure)
