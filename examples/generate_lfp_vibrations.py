"""Vibrations and stiffness of LiFePO4 and FePO4 with CHGNet 0.3.0, as the package ships them.

    python examples/generate_lfp_vibrations.py FOLDER

A few minutes on one core. Writes to FOLDER

LixFePO4_chgnet.csv          F(x, T) per formula unit, linear in x between the two ends, less x times that of bcc lithium
phonons_x0.nc, …_x1.nc       frequencies on the mesh
stiffness_x0.nc, …_x1.nc     stiffness tensors, Pa
ends.extxyz                  the two relaxed cells
"""

import sys
import time
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.io import write
from ase.spacegroup import crystal

from scalith.atoms import (
    Engine,
    Relaxation,
    elastic_moduli,
    harmonic_thermodynamics,
    imaginary_share,
    misfit_strain,
    phonon_frequencies,
    relax,
    stiffness_tensor,
    vibrational_free_energy,
)
from scalith.quantities import read_results, write_property_csv, write_results

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else "lfp_vibrations")
ENGINE = Engine(name="chgnet", settings={"model": "0.3.0"})
HEAD = [
    "# source: CHGNet 0.3.0 and phonopy, by examples/generate_lfp_vibrations.py",
    "# kind: predicted",
    "# licence: Apache-2.0",
    "# note: per mole of FePO4, linear in x between FePO4 and LiFePO4; x times that of bcc lithium is taken off",
]
DATA = Path(__file__).parents[1] / "src/scalith/data"
SHIPPED = {
    "LixFePO4_chgnet.csv": "vibrational_free_energy/LixFePO4_chgnet.csv",
    "phonons_x0.nc": "vibrational_free_energy/phonons_FePO4_chgnet.nc",
    "phonons_x1.nc": "vibrational_free_energy/phonons_LiFePO4_chgnet.nc",
    "phonons_Li.nc": "vibrational_free_energy/phonons_Li_chgnet.nc",
    "stiffness_x0.nc": "elasticity/FePO4_chgnet.nc",
    "stiffness_x1.nc": "elasticity/LiFePO4_chgnet.nc",
    "ends.extxyz": "elasticity/LixFePO4_ends_chgnet.extxyz",
}
TEMPERATURES = np.arange(0.0, 1001.0, 20.0)


def olivine(lithium: bool) -> Atoms:
    """LiFePO4 (Pnma) as measured by Streltsov et al. 1993, DOI 10.1107/S0108768192004701; without lithium FePO4 to be relaxed."""
    places = {
        "Li": (0.0, 0.0, 0.0),
        "Fe": (0.2822, 0.25, 0.9747),
        "P": (0.0948, 0.25, 0.4182),
        "O1": (0.0968, 0.25, 0.7428),
        "O2": (0.4571, 0.25, 0.2060),
        "O3": (0.1656, 0.0465, 0.2848),
    }
    taken = {name: place for name, place in places.items() if lithium or name != "Li"}
    cell = [10.332, 6.010, 4.692, 90, 90, 90] if lithium else [9.82, 5.79, 4.79, 90, 90, 90]
    return crystal([name.rstrip("123") for name in taken], list(taken.values()), spacegroup=62, cellpar=cell)


def shown(fraction: float, message: str) -> None:
    """One line a step."""
    print(f"{time.strftime('%H:%M:%S')} {fraction:6.1%} {message}", flush=True)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    ends, phonons = {}, {}
    for x in (0.0, 1.0):
        found = relax(olivine(x == 1.0), ENGINE, Relaxation(force_tolerance=0.001, steps=1000))
        print(f"x = {x:g}: {found.energy:.4f} eV, {found.steps} steps, {found.forces_left:.4f} eV/Å left {found.problem}")
        ends[x] = found.atoms
        path = FOLDER / f"phonons_x{x:g}.nc"
        if not path.exists():
            made = phonon_frequencies(
                found.atoms, ENGINE, supercell=(1, 2, 2), mesh=(4, 6, 8), displacement=0.02, formula_units=4, progress=shown
            )
            write_results(made, path)
        phonons[x] = read_results(path)
        path = FOLDER / f"stiffness_x{x:g}.nc"
        if not path.exists():
            write_results(stiffness_tensor(found.atoms, ENGINE, strain=0.005, progress=shown), path)
        stiffness = read_results(path)
        print(np.round(stiffness["stiffness"].values / 1e9, 1))
        print(elastic_moduli(stiffness))
    write(FOLDER / "ends.extxyz", list(ends.values()))
    print(misfit_strain(ends[0.0].cell, ends[1.0].cell, names=("FePO4", "LiFePO4")))
    lithium = relax(bulk("Li", "bcc", a=3.44), ENGINE, Relaxation(force_tolerance=0.001))
    metal = phonon_frequencies(lithium.atoms, ENGINE, supercell=(5, 5, 5), mesh=(12, 12, 12), displacement=0.02)
    write_results(metal, FOLDER / "phonons_Li.nc")
    print(f"lithium: {imaginary_share(metal):.2%} imaginary", harmonic_thermodynamics(metal, [298.15], drop_imaginary=True))
    free = vibrational_free_energy(phonons, TEMPERATURES, metal=metal)
    write_property_csv(free, FOLDER / "LixFePO4_chgnet.csv")
    rows = (FOLDER / "LixFePO4_chgnet.csv").read_text().splitlines()
    rows = HEAD + [row for row in rows if not row.startswith("#")]
    (FOLDER / "LixFePO4_chgnet.csv").write_text("\n".join(rows) + "\n")
    for name, target in SHIPPED.items():
        (DATA / target).parent.mkdir(parents=True, exist_ok=True)
        (DATA / target).write_bytes((FOLDER / name).read_bytes())
    print(free, free(0.0, 300.0), free(1.0, 300.0))
