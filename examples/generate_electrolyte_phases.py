"""Energies of the phases of solid electrolytes with CHGNet, as shipped in ``stability_window/``.

    python examples/generate_electrolyte_phases.py FOLDER

Each phase is relaxed with its cell, from published positions or near them: of Li6PS5Cl and Li3YCl6, whose sites are shared or
partly filled, one arrangement; of P2S5 its molecules in the measured cell, packed by guess. Each is stored in a database in
FOLDER as soon as it is done; a second run goes on where the first stopped. Some minutes of one core.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.spacegroup import crystal

from scalith.atoms import Engine, Relaxation, compute_energies
from scalith.crystal import write_structures
from scalith.quantities import whole_file

ENGINE = Engine(name="chgnet", settings={"model": "0.3.0"})
RELAXATION = Relaxation(force_tolerance=0.03, steps=250)

# Space group, cell (Å, degrees), and atoms with their fractional positions.
CRYSTALS = {
    "Li3P": (
        194,
        (4.273, 4.273, 7.594, 90, 90, 120),
        [("P", (1 / 3, 2 / 3, 0.25)), ("Li", (0, 0, 0.25)), ("Li", (1 / 3, 2 / 3, 0.583))],
    ),
    "P": (64, (3.3136, 10.478, 4.3763, 90, 90, 90), [("P", (0, 0.10168, 0.08056))]),
    "S": (
        70,
        (10.4646, 12.8660, 24.4860, 90, 90, 90),
        [
            ("S", (0.8554, 0.9526, 0.9516)),
            ("S", (0.7844, 0.0301, 0.0763)),
            ("S", (0.7069, 0.9795, 0.0040)),
            ("S", (0.7862, 0.9073, 0.1290)),
        ],
    ),
    "Cl2": (64, (6.145, 4.395, 8.154, 90, 90, 90), [("Cl", (0, 0.1167, 0.1015))]),
    "Li3PS4": (
        31,
        (7.708, 6.535, 6.136, 90, 90, 90),
        [
            ("Li", (0.247, 0.326, 0.003)),
            ("Li", (0, 0.1505, 0.5)),
            ("P", (0, 0.828, 0)),
            ("S", (0.230, 0.669, 0.885)),
            ("S", (0, 0.125, 0.887)),
            ("S", (0, 0.810, 0.335)),
        ],
    ),
    "YCl3": (
        12,
        (6.92, 11.94, 6.44, 90, 111.0, 90),
        [("Y", (0, 0.1662, 0)), ("Cl", (0.211, 0, 0.247)), ("Cl", (0.229, 0.179, 0.760))],
    ),
    "LiP": (
        14,
        (5.582, 4.940, 10.255, 90, 118.15, 90),
        [
            ("Li", (0.223, 0.400, 0.327)),
            ("Li", (0.236, 0.661, 0.044)),
            ("P", (0.319, 0.895, 0.289)),
            ("P", (0.308, 0.153, 0.117)),
        ],
    ),
}


def phases() -> dict[str, Atoms]:
    """Geometries to start from."""
    found = {
        "Li": bulk("Li", "bcc", a=3.44),
        "Y": bulk("Y", "hcp", a=3.65, c=5.73),
        "LiCl": bulk("LiCl", "rocksalt", a=5.15),
        "Li2S": crystal(
            ["S", "Li"], [(0, 0, 0), (0.25, 0.25, 0.25)], spacegroup=225, cellpar=[5.72] * 3 + [90] * 3, primitive_cell=True
        ),
        "P2S5": phosphorus_pentasulfide(),
        "Li6PS5Cl": argyrodite(),
        "Li3YCl6": halide(),
    }
    for name, (group, cell, sites) in CRYSTALS.items():
        symbols, places = zip(*sites, strict=True)
        origin = 2 if group == 70 else 1  # of Fddd the positions are counted from the centre of inversion
        found[name] = crystal(
            list(symbols), list(places), spacegroup=group, setting=origin, cellpar=list(cell), primitive_cell=True
        )
    for name, atoms in found.items():
        plain = Atoms(atoms.get_chemical_symbols(), positions=atoms.positions, cell=atoms.cell, pbc=True)
        plain.rattle(0.02, seed=1)  # off the symmetry that the start may have and the minimum need not
        found[name] = plain
    return found


def argyrodite() -> Atoms:
    """Primitive cell of Li6PS5Cl with S and Cl each on sites of their own."""
    sites = [
        ("P", (0, 0, 0.5)),
        ("S", (0.25, 0.25, 0.25)),
        ("S", (0.1194, -0.1194, 0.6194)),
        ("Cl", (0, 0, 0)),
        ("Li", (0.25, 0.25, 0)),
    ]
    symbols, places = zip(*sites, strict=True)
    return crystal(list(symbols), list(places), spacegroup=216, cellpar=[9.86] * 3 + [90] * 3, primitive_cell=True)


def halide() -> Atoms:
    """Li3YCl6 with every second of the lithium sites at z = 1/2, which are half filled, empty: three that lie far apart."""
    sites = [
        ("Y", (0, 0, 0)),
        ("Y", (1 / 3, 2 / 3, 0.488)),
        ("Cl", (0.117, -0.117, 0.777)),
        ("Cl", (0.22, -0.22, 0.26)),
        ("Cl", (0.445, -0.445, 0.765)),
        ("Li", (1 / 3, 0, 0)),
        ("Na", (1 / 3, 0, 0.5)),
    ]
    symbols, places = zip(*sites, strict=True)
    full = crystal(list(symbols), list(places), spacegroup=164, cellpar=[11.2217, 11.2217, 6.05517, 90, 90, 120])
    half = [atom.index for atom in full if atom.symbol == "Na"]
    filled = [k for k in half if round(3 * full.get_scaled_positions()[k] @ (1, 1, 0)) % 3 == 1]
    del full[[k for k in half if k not in filled]]
    symbols = ["Li" if symbol == "Na" else symbol for symbol in full.get_chemical_symbols()]
    full.set_chemical_symbols(symbols)
    return full


def phosphorus_pentasulfide() -> Atoms:
    """Two molecules P4S10 that inversion joins, in the measured cell."""
    corners = np.array([(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)])
    phosphorus = 1.23 * corners  # edges of 3.48 Å
    bridges = [2.33 * sign * np.eye(3)[axis] for axis in range(3) for sign in (1, -1)]
    ends = (1.23 + 1.91 / np.sqrt(3.0)) * corners
    molecule = Atoms("P4S10", positions=np.concatenate([phosphorus, bridges, ends]))
    molecule.rotate(35, (1, 2, 0.5))
    whole = Atoms(cell=[9.07, 9.18, 9.19, 92.4, 101.2, 110.5], pbc=True)
    for sign in (1, -1):
        one = molecule.copy()
        one.positions = sign * (molecule.positions + np.array([0.25, 0.25, 0.25]) @ np.asarray(whole.cell))
        whole += one
    whole.wrap()
    return whole


def main() -> None:
    """Relax what is missing, and write all."""
    warnings.simplefilter("ignore")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    found = compute_energies(
        phases(), ENGINE, folder / "phases.db", RELAXATION, progress=lambda part, words: print(f"{part:.2f} {words}", flush=True)
    )
    for label, reason in found.left_out:
        print(f"left out: {label}: {reason}")
    write_structures(found, folder / "phases.extxyz")
    settings = {
        "engine": ENGINE.model_dump(mode="json"),
        "engine_version": ENGINE.version,
        "relaxation": RELAXATION.model_dump(mode="json"),
    }
    with whole_file(folder / "settings.json") as temporary:
        Path(temporary).write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
