"""Energies of lithium in graphite with several functionals and potentials, as shipped in ``dft_energies/LixC6``.

    python examples/generate_graphite_energies.py FOLDER [METHOD ...]

Graphite, its layers above each other, LiC6, LiC12 (every second gallery filled) and lithium, in published geometries that stay
as they are: what differs is the method alone. Rows are added to FOLDER/energies.csv as soon as they are done, and a second run
goes on where the first stopped. Methods:

functionals  GPAW: PBE in plane waves, and LDA and three van der Waals functionals on the density of PBE; two minutes of one core
dispersion   Grimme's D3 for PBE (pip install dftd3), of all atoms and of the carbon atoms alone; seconds
7net-0, 7net-l3i5
             learned potentials (pip install sevenn, whose wheel carries their weights); seconds
"""

import csv
import sys
import warnings
from pathlib import Path

from ase import Atoms
from ase.build import bulk, make_supercell
from ase.io import write

from scalith.atoms import Engine

HEAD = ("method", "structure", "atoms", "energy [eV]")
METHODS = ["functionals", "dispersion", "7net-0", "7net-l3i5"]
BESIDE = ("LDA", "vdW-DF2", "BEEF-vdW", "optB88-vdW")
"""Functionals on the density of PBE."""
K_POINTS = {"graphite": (10, 10, 4), "AA": (10, 10, 8), "LiC6": (6, 6, 4), "LiC12": (6, 6, 2), "Li": (12, 12, 12)}
"""Through the middle of the zone; the cells of LiC6 and LiC12 have the same density of points."""


def layers(length: float, height: float, places: list[tuple[float, float]]) -> Atoms:
    """Graphene layers at shares of the height, moved along the diagonal of their cell by a share of it."""
    cell = [[length, 0, 0], [-length / 2, length * 3**0.5 / 2, 0], [0, 0, height]]
    at = [((share + moved) % 1, (2 * share + 2 * moved) % 1, z) for z, moved in places for share in (1 / 3, 2 / 3)]
    return Atoms("C" * len(at), scaled_positions=at, cell=cell, pbc=True)


def filled(carbon: Atoms) -> Atoms:
    """Lithium at the corner of a cell of three hexagons, in the gallery at its foot."""
    cell = make_supercell(carbon, [[1, -1, 0], [1, 2, 0], [0, 0, 1]])
    return Atoms([*cell.symbols, "Li"], positions=[*cell.positions, (0, 0, 0)], cell=cell.cell, pbc=True)


def structures() -> dict[str, Atoms]:
    """Measured lattice constants (graphite 2.462 and 6.706 Å, LiC6 4.305 and 3.706 Å, LiC12 4.288 and 7.065 Å, lithium 3.48 Å).

    In LiC12 the filled gallery is 3.70 Å high; layers above each other stand 3.50 Å apart.
    """
    foot = 3.70 / 7.065 / 2
    return {
        "graphite": layers(2.4618, 6.706, [(0, 0), (0.5, 1 / 3)]),
        "AA": layers(2.4618, 3.50, [(0, 0)]),
        "LiC6": filled(layers(4.305 / 3**0.5, 3.706, [(0.5, 0)])),
        "LiC12": filled(layers(4.288 / 3**0.5, 7.065, [(foot, 0), (1 - foot, 0)])),
        "Li": bulk("Li", "bcc", a=3.48),
    }


def functionals(name: str, atoms: Atoms) -> dict[str, float]:
    """Energies by functional, eV a cell."""
    from gpaw import GPAW, PW, FermiDirac

    atoms.calc = GPAW(
        mode=PW(350),
        xc="PBE",
        kpts={"size": K_POINTS[name], "gamma": True},
        occupations=FermiDirac(0.1),
        convergence={"energy": 5e-5, "density": 1e-4},
        txt=None,
        legacy_gpaw=True,  # the other has no differences between functionals
    )
    own = atoms.get_potential_energy()
    return {"PBE": own} | {xc: own + float(atoms.calc.get_xc_difference(xc)) for xc in BESIDE}


def dispersion(atoms: Atoms) -> dict[str, float]:
    """What D3(BJ) adds to PBE, of all atoms and of carbon alone, eV a cell."""
    from dftd3.ase import DFTD3

    carbon = atoms[[k for k, symbol in enumerate(atoms.symbols) if symbol == "C"]]
    found = {}
    for method, part in (("D3(BJ)", atoms.copy()), ("D3(BJ) of carbon", carbon)):
        part.calc = DFTD3(method="pbe", damping="d3bj")
        found[method] = part.get_potential_energy() if len(part) else 0.0
    return found


def potential(model: str, atoms: Atoms) -> dict[str, float]:
    """The energy of a learned potential, eV a cell."""
    atoms.calc = Engine(name="sevenn.calculator:SevenNetCalculator", settings={"model": model, "device": "cpu"}).calculator()
    return {model: float(atoms.get_potential_energy())}


def energies(method: str, name: str, atoms: Atoms) -> dict[str, float]:
    """Energies of one structure by what the rows call their method."""
    if method == "functionals":
        return functionals(name, atoms)
    return dispersion(atoms) if method == "dispersion" else potential(method, atoms)


def main(folder: Path, methods: list[str]) -> None:
    """Add what is missing."""
    warnings.simplefilter("ignore")
    folder.mkdir(parents=True, exist_ok=True)
    path, every = folder / "energies.csv", structures()
    write(folder / "structures.extxyz", list(every.values()))
    if not path.exists():
        path.write_text(",".join(HEAD) + "\n", encoding="utf-8")
    with path.open(encoding="utf-8") as stream:
        done = {(row["method"], row["structure"]) for row in csv.DictReader(stream)}
    for method in methods:
        first = {"functionals": "PBE", "dispersion": "D3(BJ)"}.get(method, method)
        for name, atoms in every.items():
            if (first, name) in done:
                continue
            found = energies(method, name, atoms)
            with path.open("a", encoding="utf-8") as stream:
                for one, energy in found.items():
                    stream.write(f"{one},{name},{len(atoms)},{energy:.6f}\n")
                    print(one, name, f"{energy:.5f} eV", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] or METHODS)
