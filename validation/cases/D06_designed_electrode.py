r"""D06: A designed electrode delivers more at high rates than fields, spheres and gradings of equal volumes.

**[E]** A positive electrode 140 µm thick, 35 % pores and 8 % carbon, against lithium (NMC811 and electrolyte of the published
LG M50), in voxels of 0.4 µm. Beside each other: a Gaussian random field; the same with its porosity graded linearly in depth by
± 30 %; packed spheres with the carbon in clusters; and the field's recipe with its transport asked for (`conditioned_structure`):
more conduction of both carriers through the thickness, the area between active material and pores as the field has it. Fractions
are equal within 0.002, the area within 3 %.

Energy per volume at C/3 and at 3C spans a rectangle from the origin, the hypervolume of one recipe: that of the designed
structure is at least 1.2 times the best of the others. It is re-checked here in $32^3$ voxels; in $96^3$ (`compare_structures`,
two minutes of one core for its energies, measured once) it is 1.63 times that of the graded field, the best of the others,
with 1888 Wh/l at 3C beside 1166, and the designed structure has the field's area to 0.2 %. Beside the field, whose recipe it has,
it is no less stiff through the thickness, and the stress that one active voxel in a hundred exceeds where the clamped active
material expands by 1 % is no higher (in $96^3$ 1.42 times as stiff, 0.99 of the stress); neither is among the targets. The others
are compared.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from validation.record import Record

LONG = True
PAIR = ("Gaussian field", "designed")
PORES, CARBON, THICKNESS, EDGE = 0.35, 0.08, 140e-6, 4e-7
CONSTANTS = {"active": (140e9, 0.25), "carbon": (2e9, 0.35), "pore": (0.0, 0.3)}
"""Young's modulus and Poisson's ratio: a layered oxide and a soft binder with carbon, assumed."""
BULK: dict[str, Any] = {"ionic": {"pore": 1.0}, "electronic": {"active": 0.05, "carbon": 100.0}}


def structures(size: int, seed: int) -> dict[str, tuple[Any, float]]:
    """Images by name, with the grading of each."""
    from scalith.design import LatentPhase, LatentStructure, StructureTargets, conditioned_structure, designed_image
    from scalith.electrode import ParticleKind, interface_areas, packed_particles, place_binder

    def recipe(grading: float) -> LatentStructure:
        phases = {
            "pore": LatentPhase(fraction=(PORES * (1 + grading), PORES * (1 - grading)), feature_size=1.6e-6),
            "carbon": LatentPhase(fraction=CARBON, feature_size=1.2e-6),
        }
        return LatentStructure(shape=(size,) * 3, voxel_size=EDGE, phases=phases)

    plain = recipe(0.0)
    field = designed_image(plain, plain.noise(seed))
    kind = ParticleKind(phase="active", fraction=1.0 - PORES - CARBON, radius="3 um", spread=0.2)
    spheres = packed_particles((size,) * 3, EDGE, [kind], seed=seed, overlap=0.3)
    area = float(interface_areas(field, periodic=True).sel(phase="active", neighbour="pore"))
    asked = StructureTargets(
        effective_ionic_conductivity=0.26, effective_electronic_conductivity=1.0, interface_area=area, **BULK
    )
    return {
        "Gaussian field": (field, 0.0),
        "graded field": (designed_image(recipe(0.3), plain.noise(seed)), 0.3),
        "spheres": (place_binder(spheres, CARBON, 0.5, cluster_size=1.2e-6, seed=seed, name="carbon"), 0.0),
        "designed": (conditioned_structure(plain, asked, seed=seed, tolerance=0.03).image, 0.0),
    }


def energies(images: dict[str, tuple[Any, float]]) -> dict[str, list[float]]:
    """Wh per litre of electrode and separator at C/3 and at 3C."""
    from scalith.cell import Mesh, read_cell
    from scalith.design import delivered_energy, image_cell

    base, found = read_cell("lgm50_chen2020"), {}
    for name, (image, grading) in images.items():
        cell = image_cell(base, image, thickness=THICKNESS, grading=grading, **BULK)
        found[name] = [delivered_energy(cell, rate, mesh=Mesh(1, 8, 20)) / 3.6e6 for rate in (1 / 3, 3.0)]
    return found


def strength(image: Any) -> tuple[float, float]:
    """Stiffness through the thickness, and the stress that one active voxel in a hundred exceeds, Pa."""
    from scalith.design import StructureTargets, measure_structure
    from scalith.electrode import IsotropicElasticity, stress_from_eigenstrain

    elasticity = {name: IsotropicElasticity(youngs_modulus=E, poisson_ratio=ratio) for name, (E, ratio) in CONSTANTS.items()}
    stiffness = measure_structure(image, StructureTargets(stiffness=1.0, elasticity=elasticity))["stiffness"]
    stress = stress_from_eigenstrain(image, elasticity, {"active": 0.01}, outside="clamped", tolerance=1e-3)
    return stiffness, float(stress["high_stress"].sel(phase="active"))


def run(record: Record) -> None:
    """One seed in 32³ voxels."""
    compare_structures(record, 32)


def compare_structures(record: Record, size: int) -> None:
    """One seed in size³ voxels: 96³ takes several minutes."""
    import matplotlib.pyplot as plt

    from scalith.electrode import interface_areas

    figure, axes = plt.subplots(figsize=(5.0, 4.0), constrained_layout=True)
    images = structures(size, seed=1)
    found = energies(images)
    volume = {name: float(np.prod(one)) for name, one in found.items()}
    best = max(value for name, value in volume.items() if name != "designed")
    record.check_true("hypervolume at least 1.2 times the best of the others", volume["designed"] >= 1.2 * best)
    record.compare("hypervolume over the best of the others", reference=1.2, found=volume["designed"] / best)
    for name, (image, _) in images.items():
        for phase, share in (("pore", PORES), ("carbon", CARBON)):
            words = f"{phase} of the {name}"
            record.check(words, expected=share, found=image.volume_fractions[phase], tolerance=2e-3)
        axes.plot(*found[name], "o", label=name)
    area = {name: float(interface_areas(images[name][0], periodic=True).sel(phase="active", neighbour="pore")) for name in PAIR}
    record.check("area of the designed over that of the field", expected=1.0, found=area[PAIR[1]] / area[PAIR[0]], tolerance=0.03)
    strengths = {name: strength(image) for name, (image, _) in images.items()}
    for name, (stiffness, stress) in strengths.items():
        if name == "designed":
            continue
        ratios = strengths["designed"][0] / stiffness, strengths["designed"][1] / stress
        if name == "Gaussian field":
            record.check_true("no less stiff than the field", ratios[0] >= 1.0)
            record.check_true("no higher stress than in the field", ratios[1] <= 1.0)
        record.compare(f"stiffness over that of the {name}", reference=1.0, found=ratios[0])
        record.compare(f"stress over that of the {name}", reference=1.0, found=ratios[1])
    axes.set(xlabel="Wh/l at C/3", ylabel="Wh/l at 3C")
    axes.legend()
    record.figure("Energy of four structures of equal volumes.", figure)
