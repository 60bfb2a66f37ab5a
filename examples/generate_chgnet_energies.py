"""Energies and barriers with CHGNet, as shipped in ``dft_energies/LixFePO4_chgnet`` and ``dft_energies/LixCoO2_chgnet``.

    pip install torch==2.13.0
    pip install 'scalith[mlip]'
    python examples/generate_chgnet_energies.py LixFePO4 FOLDER [STAGE ...]
    python examples/generate_chgnet_energies.py LixCoO2 FOLDER [STAGE ...]

Every structure is stored in a database in FOLDER as soon as it is done; a second run goes on where the first stopped.
About 70 minutes on one core for LixFePO4 and 20 for LixCoO2. Stages, in order:

orderings  diverse orderings, relaxed with their cells; bcc lithium with the same model
barriers   the hop along [010] in FePO4, LiFePO4 and between, and its correction (LixFePO4 only)
write      the files that the package ships
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from ase.build import bulk
from ase.spacegroup import crystal

from scalith.atoms import (
    BandSettings,
    Barrier,
    Engine,
    PublishedBarrier,
    Relaxation,
    choose_diverse,
    compute_energies,
    distinct_hops,
    fit_barrier_correction,
    hop_barrier,
    hop_end_points,
    host_between,
    lattice_barriers,
    relax_orderings,
    relaxed_ends,
)
from scalith.crystal import Host, enumerate_orderings, read_host, write_structures

RELAXATION = Relaxation(force_tolerance=0.03, steps=150)

# Published crystals: Streltsov et al., Acta Cryst. B49 (1993) 147; Orman, Wiseman, Acta Cryst. C40 (1984) 12.
OLIVINE = {
    "symbols": ["Li", "Fe", "P", "O", "O", "O"],
    "basis": [
        (0, 0, 0),
        (0.28222, 0.25, 0.97472),
        (0.09486, 0.25, 0.41820),
        (0.09678, 0.25, 0.74279),
        (0.4571, 0.25, 0.2060),
        (0.16558, 0.04646, 0.28478),
    ],
    "spacegroup": 62,
    "cellpar": [10.332, 6.010, 4.692, 90, 90, 90],
}
LAYERED = {
    "symbols": ["Li", "Co", "O"],
    "basis": [(0, 0, 0), (0, 0, 0.5), (0, 0, 0.23951)],
    "spacegroup": 166,
    "cellpar": [2.8156, 2.8156, 14.0542, 90, 90, 120],
    "primitive_cell": True,
}
# Mixed occupations mark the sites that lithium fills and the metal that takes up its charge.
SETS = {
    "LixFePO4": {
        "cell": OLIVINE,
        "states": {"Li": [(1, 0.5)], "Fe": [(2, 0.5), (3, 0.5)], "P": [(5, 1.0)], "O": [(-2, 1.0)]},
        "charges": {"Li": 1, "Fe": (2, 3), "P": 5, "O": -2},
        "model": "0.3.0",
        "sizes": [1, 2],
        "count": 196,
    },
    "LixCoO2": {
        "cell": LAYERED,
        "states": {"Li": [(1, 0.5)], "Co": [(3, 0.5), (4, 0.5)], "O": [(-2, 1.0)]},
        "charges": {"Li": 1, "Co": (3, 4), "O": -2},
        "model": "r2scan",
        "sizes": [1, 2, 3, 4, 5, 6, 7, 8],
        "count": 96,
    },
}
MORGAN = "D. Morgan, A. Van der Ven, G. Ceder, Electrochem. Solid-State Lett. 7 (2004) A30, doi:10.1149/1.1633511"
PUBLISHED = {
    "FePO4, one ion": PublishedBarrier(barrier=0.20, method="GGA", reference=MORGAN),
    "LiFePO4, one vacancy": PublishedBarrier(barrier=0.27, method="GGA", reference=MORGAN),
}


def shown(fraction: float, message: str) -> None:
    """One line a structure."""
    print(f"{time.strftime('%H:%M:%S')} {fraction:6.1%} {message}", flush=True)


def write_host(path: Path, cell: dict, states: dict) -> None:
    """The primitive cell as a pymatgen structure in JSON, which holds oxidation states and occupations."""
    atoms = crystal(**cell)
    sites = [
        {
            "species": [{"element": symbol, "oxidation_state": charge, "occu": share} for charge, share in states[symbol]],
            "abc": [round(float(value), 8) for value in place],
            "label": symbol,
        }
        for symbol, place in zip(atoms.get_chemical_symbols(), atoms.get_scaled_positions(), strict=True)
    ]
    matrix = [[round(float(value), 6) + 0.0 for value in row] for row in atoms.cell]
    path.write_text(json.dumps({"lattice": {"matrix": matrix}, "sites": sites}, indent=1) + "\n")


def barriers(host: Host, ends: tuple[Host, Host], engine: Engine, folder: Path) -> None:
    """One ion in FePO4, one vacancy in LiFePO4, one ion beside filled channels; in cells doubled along the channel."""
    hop = distinct_hops(host, 4.0)[0]
    along = np.diag([1, 2, 1])
    # Sites stand sublattice by sublattice; the hop is along the channel of two of the four.
    beside = np.repeat([sublattice not in (hop.start, hop.end[0]) for sublattice in range(4)], 2).astype(np.int8)
    cases = (
        ("FePO4, one ion", 0.0, "empty"),
        ("LiFePO4, one vacancy", 1.0, "full"),
        ("Li0.5FePO4, one ion beside filled channels", 0.5, beside),
    )
    for number, (name, stoichiometry, background) in enumerate(cases):
        path = folder / f"barrier_{number}.json"
        if not path.exists():
            first, second = hop_end_points(host_between(*ends, stoichiometry), hop, along, background)
            settings = BandSettings(images=3)
            found = hop_barrier(first, second, engine, name=name, stoichiometry=stoichiometry, settings=settings, progress=shown)
            path.write_text(found.model_dump_json(indent=1))


def main(name: str, folder: Path, stages: list[str]) -> None:
    """Run the stages of one set."""
    chosen = SETS[name]
    folder.mkdir(parents=True, exist_ok=True)
    write_host(folder / f"{name}_prim.json", chosen["cell"], chosen["states"])
    host = read_host(folder / f"{name}_prim.json")
    engine, database = Engine(name="chgnet", settings={"model": chosen["model"]}), folder / f"{name}.db"
    ends = relaxed_ends(host, engine, database, RELAXATION)
    orderings = choose_diverse(host, enumerate_orderings(host, chosen["sizes"]), chosen["count"])
    if "orderings" in stages:
        metal = compute_energies({"bcc lithium": bulk("Li", "bcc", a=3.44, cubic=True)}, engine, database, RELAXATION)
        relaxed = relax_orderings(
            host, orderings, engine, database, RELAXATION, oxidation_states=chosen["charges"], ends=ends, progress=shown
        )
        write_structures(relaxed, folder / "energies.extxyz")
        settings = relaxed.source.settings | {
            "structures": len(relaxed),
            "left_out": [list(item) for item in relaxed.left_out],
            "lithium_energy": round(metal[0].energy / len(metal[0].atoms), 5),
        }
        (folder / "settings.json").write_text(json.dumps(settings, indent=1) + "\n")
    if "barriers" in stages and name == "LixFePO4":
        barriers(host, ends, engine, folder)
        found = [Barrier.model_validate_json(path.read_text()) for path in sorted(folder.glob("barrier_?.json"))]
        correction = fit_barrier_correction(found, PUBLISHED)
        # Ions hop in one of the two phases, nearly empty or nearly full: the barrier between them is told, not fitted.
        phases = [item for item in found if item.name in PUBLISHED]
        given = lattice_barriers(distinct_hops(host, 4.0)[0], phases, correction, name="along [010]")
        written = {
            "raw": [item.model_dump(mode="json") for item in found],
            "correction": correction.model_dump(mode="json"),
            "hop_barriers": given,
        }
        (folder / "barriers.json").write_text(json.dumps(written, indent=1) + "\n")
        (folder / "hop_barriers.json").write_text(json.dumps(given, indent=1) + "\n")
    if "write" in stages:
        target = Path(__file__).parents[1] / "src/scalith/data/dft_energies" / f"{name}_chgnet"
        target.mkdir(parents=True, exist_ok=True)
        for file in (f"{name}_prim.json", "energies.extxyz", "settings.json", "barriers.json", "hop_barriers.json"):
            if (folder / file).exists():
                (target / file).write_bytes((folder / file).read_bytes())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2] if len(sys.argv) > 2 else "chgnet"), sys.argv[3:] or ["orderings", "barriers", "write"])
