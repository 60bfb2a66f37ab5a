"""Energies of lithium in graphite by stage and stacking, as shipped in ``dft_energies/LixC6``: one file for each host.

    python examples/generate_graphite_stages.py FOLDER

Hosts are ``graphite`` (layers as in graphite, every second gallery takes lithium), ``stage_1`` (layers above each other) and
``stage_2`` (layers above each other, every second gallery takes lithium); among the ``checks`` is ``slid`` (as stage_2, the
galleries without lithium stacked as in graphite). Lithium stands on hexagons, in cells of 1, 3 and 4 of them; layers stay flat,
and all heights and lengths are measured ones, or between them. optB88-vdW on the density of PBE (GPAW, plane
waves). Rows are added to FOLDER/HOST.extxyz as soon as they are done, and a second run goes on where the first stopped; half
an hour of one core.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk, make_supercell
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import read, write

from scalith.quantities import write_text

FUNCTIONAL = "optB88-vdW"
CUT_OFF, SMEARING = 350, 0.3
CELLS = {
    "1": [[1, 0], [0, 1]],
    "r3": [[1, -1], [1, 2]],
    "2": [[2, 0], [0, 2]],
}
"""Cells within a layer."""
K_POINTS = {"1 none": 16, "r3 one": 9, "2 one": 8, "r3 honeycomb": 9, "1 one": 12}
"""Along either vector of the layer, through the middle of the zone: nearly as dense in all but the last, far up in energy."""
LENGTH = (2.4618, 4.305 / 3**0.5)
"""In-plane lattice constants of graphite and LiC6, Å; in between by the lithium."""
HEIGHT = {"graphite": 3.353, "AA": 3.50}
"""Of empty galleries, Å: measured in graphite and LiC12."""
FILLED = 3.70
"""Of galleries as full as in LiC6, Å."""
PLACES = {"none": [], "one": [(0, 0)], "honeycomb": [(0, 0), (1, 0)]}
"""Hexagons with lithium."""
PLANNED = {
    "graphite": ["1 none", "r3 one", "1 one"],
    "stage_1": ["1 none", "r3 one", "2 one", "1 one", "r3 honeycomb"],
    "stage_2": ["1 none", "r3 one", "2 one", "1 one"],
}
"""Structures of each host: cell and hexagons."""
CHECKS = [("slid r3 one", 6), ("stage_2 r3 one", 6), ("graphite 1 none", 18), ("stage_1 r3 one", 12), ("stage_2 r3 one", 12)]
"""Rows with other k-points: empty galleries that slide, and what denser points move energies by."""


def gallery(occupation: float, stacking: str) -> float:
    """Height of a gallery with a share of its hexagons occupied, Å: little lithium opens it."""
    empty = HEIGHT[stacking]
    return float(empty + (FILLED - empty) * min(3.0 * occupation, 1.0) ** 0.5)


def structure(host: str, cell: str, which: str) -> Atoms:
    """Lithium on some hexagons of a cell, in the gallery about z = 0."""
    in_plane, wanted = CELLS[cell], PLACES[which]
    share = len(wanted) / abs(np.linalg.det(in_plane))
    length = LENGTH[0] + (LENGTH[1] - LENGTH[0]) * min(3.0 * share, 1.0) / (1 if host == "stage_1" else 2)
    a, b, c = np.array([length, 0, 0]), np.array([-length / 2, length * 3**0.5 / 2, 0]), np.array([0, 0, 1.0])
    shift = (a + 2 * b) / 3
    foot = gallery(share, "graphite" if host == "graphite" else "AA")
    empty = {"stage_1": 0.0, "stage_2": HEIGHT["AA"]}.get(host, HEIGHT["graphite"])
    # Lithium stands on hexagons of the layer above it; in graphite one atom of the layer below stands under it.
    places = [k * shift + 0.5 * foot * c for k in (1, 2)]
    if host != "stage_1":
        places += [k * shift - 0.5 * foot * c for k in ((0, 1) if host == "graphite" else (1, 2))]
    up = (foot + empty) * c + (host == "slid") * shift
    layers = make_supercell(
        Atoms("C" * len(places), positions=places, cell=[a, b, up], pbc=True), [[*in_plane[0], 0], [*in_plane[1], 0], [0, 0, 1]]
    )
    ions = [i * a + j * b for i, j in wanted]
    found = Atoms([*layers.symbols, *["Li"] * len(ions)], positions=[*layers.positions, *ions], cell=layers.cell, pbc=True)
    found.wrap()
    return found


def energy(atoms: Atoms, kpts: tuple[int, int, int]) -> float:
    """eV a cell."""
    from gpaw import GPAW, PW, MarzariVanderbilt

    atoms.calc = GPAW(
        mode=PW(CUT_OFF),
        xc="PBE",
        kpts={"size": kpts, "gamma": True},
        occupations=MarzariVanderbilt(SMEARING),
        convergence={"energy": 5e-5, "density": 1e-4},
        txt=None,
        legacy_gpaw=True,  # the other has no differences between functionals
    )
    own = atoms.get_potential_energy()
    return float(own + float(atoms.calc.get_xc_difference(FUNCTIONAL)))


def add(path: Path, name: str, atoms: Atoms, kpts: tuple[int, int, int]) -> float:
    """The energy of a structure, from the file or computed and added to it, eV a cell."""
    rows = read(path, ":") if path.exists() else []
    for row in rows:
        if row.info["name"] == name and row.info["kpts"] == "x".join(map(str, kpts)):
            return float(row.get_potential_energy())
    kept = atoms.copy()
    kept.info.update(name=name, kpts="x".join(map(str, kpts)))
    kept.calc = SinglePointCalculator(kept, energy=energy(atoms, kpts))
    write(path, kept, append=path.exists())
    print(path.stem, name, f"{kept.get_potential_energy():.5f} eV", flush=True)
    return float(kept.get_potential_energy())


def main(folder: Path) -> None:
    """Add what is missing."""
    warnings.simplefilter("ignore")
    folder.mkdir(parents=True, exist_ok=True)
    lithium = add(folder / "lithium.extxyz", "bcc", bulk("Li", "bcc", a=3.48), (12, 12, 12))
    for host, planned in PLANNED.items():
        for name in planned:
            n = K_POINTS[name]
            add(folder / f"{host}.extxyz", name, structure(host, *name.split()), (n, n, 6 if host == "stage_1" else 3))
    for label, n in CHECKS:
        host, cell, which = label.split()
        add(folder / "checks.extxyz", label, structure(host, cell, which), (n, n, 6 if host == "stage_1" else 3))
    settings = {
        "functional": f"{FUNCTIONAL} on the density of PBE",
        "plane waves [eV]": CUT_OFF,
        "smearing": f"Marzari-Vanderbilt, {SMEARING} eV",
        "lithium_energy": round(lithium, 5),
    }
    write_text(folder / "settings.json", json.dumps(settings, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
