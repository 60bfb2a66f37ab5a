"""Energies of one set of structures with several learned potentials, as shipped in ``learned_potentials/energies.csv``.

    python examples/generate_potential_energies.py FILE [MODEL ...]

Each structure is relaxed with its cell by each model (BFGS, largest force 0.03 eV/Å) from the shipped geometries; rows are added
to FILE as soon as they are done, and a second run goes on where the first stopped. Some minutes of one core for a model. Models:
``7net-0``, ``7net-l3i5`` (pip install sevenn, whose wheel carries their weights), ``chgnet 0.3.0`` (pip install chgnet).
"""

import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

from ase import Atoms
from ase.build import bulk
from ase.filters import FrechetCellFilter
from ase.io import read
from ase.optimize import BFGS

from scalith.atoms import Engine
from scalith.quantities import shipped

HEAD = "model,structure,formula,atoms,energy [eV],volume [Å3],steps"
FOLDERS = {"Co": "LixCoO2_chgnet", "Ti": "LixTiS2_gpaw"}
ORDERINGS = (126, 127, 129, 133)
"""Of LixFePO4: empty, full, and the two lowest half-filled cells."""


def structures() -> Iterator[tuple[str, Atoms]]:
    """Names and geometries to start from."""
    iron = read(shipped("dft_energies/LixFePO4_chgnet/energies.extxyz"), index=":")
    for number in ORDERINGS:
        atoms = next(one for one in iron if one.info["label"].endswith(f"#{number}"))
        yield f"LixFePO4 #{number}", atoms
    yield "Li", bulk("Li", "bcc", a=3.44, cubic=True)
    for metal, folder in FOLDERS.items():
        every = read(shipped(f"dft_energies/{folder}/energies.extxyz"), index=":")
        for filled in (True, False):
            count = [(one.symbols.count("Li"), one.symbols.count(metal)) for one in every]
            fitting = [one for one, (ions, metals) in zip(every, count, strict=True) if ions == (metals if filled else 0)]
            atoms = min(fitting, key=len)
            yield ("Li" if filled else "") + {"Co": "CoO2", "Ti": "TiS2"}[metal], atoms


def calculator(model: str):
    """The ASE calculator of a model."""
    if model.startswith("chgnet"):
        return Engine(name="chgnet", settings={"model": model.split()[1]}).calculator()
    from sevenn.calculator import SevenNetCalculator

    return SevenNetCalculator(model, device="cpu")


def main() -> None:
    """Add what is missing."""
    warnings.simplefilter("ignore")
    path, models = Path(sys.argv[1]), sys.argv[2:] or ["7net-0", "7net-l3i5", "chgnet 0.3.0"]
    if not path.exists():
        path.write_text(HEAD + "\n", encoding="utf-8")
    done = {tuple(line.split(",")[:2]) for line in path.read_text(encoding="utf-8").splitlines()}
    for model in models:
        for name, start in structures():
            if (model, name) in done:
                continue
            began, atoms = time.process_time(), start.copy()
            atoms.calc = calculator(model)
            relaxation = BFGS(FrechetCellFilter(atoms), logfile=None)
            if not relaxation.run(fmax=0.03, steps=80):
                print(f"{model}, {name}: not relaxed in 80 steps, left out")
                continue
            energy, volume = float(atoms.get_potential_energy()), float(atoms.get_volume())
            formula = atoms.get_chemical_formula()
            with path.open("a", encoding="utf-8") as stream:
                stream.write(f"{model},{name},{formula},{len(atoms)},{energy:.6f},{volume:.4f},{relaxation.nsteps}\n")
            print(f"{model}, {name}: {energy:.4f} eV, {time.process_time() - began:.0f} s")


if __name__ == "__main__":
    main()
