"""Antisite pairs of LiFePO4 with a learned potential, as shipped in ``antisites/``.

    python examples/generate_antisites.py FILE.csv [MODEL]

Lithium and iron change places in a box of 2 x 2 x 1 cells (112 atoms), all eight kinds of pairs, relaxed in the cell of the
crystal without defects, which is relaxed with the same model first. A few minutes on one core; the structures stand in
``FILE.db`` as they are done, and a second run goes on from there. Models: ``chgnet 0.3.0`` (pip install chgnet), ``7net-0`` and
``7net-l3i5`` (pip install sevenn, whose wheel carries their weights).
"""

import sys
import time
from pathlib import Path

from ase.io import read

from scalith.atoms import Engine, Relaxation, antisite_formation, relax
from scalith.quantities import Source, shipped
from scalith.quantities.atomic_write import write_text

FULL = 127
"""LiFePO4 among the shipped orderings."""

BOX = (2, 2, 1)


def engine_of(model: str) -> Engine:
    """CHGNet, or a model of SevenNet."""
    if model.startswith("chgnet"):
        return Engine(name="chgnet", settings={"model": model.split()[1]})
    return Engine(name="sevenn.calculator:SevenNetCalculator", settings={"model": model, "device": "cpu"})


def main() -> None:
    """Relax what is missing, and write the table."""
    path = Path(sys.argv[1])
    model = sys.argv[2] if len(sys.argv) > 2 else "chgnet 0.3.0"
    engine = engine_of(model)
    shipped_orderings = read(shipped("dft_energies/LixFePO4_chgnet/energies.extxyz"), index=":")
    start = next(one for one in shipped_orderings if one.info["label"].endswith(f"#{FULL}"))
    crystal = relax(start, engine, Relaxation(force_tolerance=0.01))
    if not crystal.converged:
        sys.exit(f"LiFePO4: {crystal.problem}")
    began = time.process_time()

    def tell(part: float, words: str) -> None:
        print(f"{100 * part:.0f} % {words}, {time.process_time() - began:.0f} s", flush=True)

    # Positions alone, to forces that the optimiser of the crystal met: a pair's energy then stands to some meV.
    found = antisite_formation(
        crystal.atoms.repeat(BOX), "Li", "Fe", engine, path.with_suffix(".db"), Relaxation(cell=False), progress=tell
    )
    settings = Source.from_json(found.attrs["source"]).settings
    lines = [
        f"# source: {model} ({engine.name.partition(':')[0].partition('.')[0]} {settings['engine_version']}), by"
        " examples/generate_antisites.py",
        "# kind: predicted",
        "# licence: Apache-2.0",
        f"# note: Li and Fe exchanged in LiFePO4, {settings['atoms']} atoms, forces below"
        f" {settings['relaxation']['force_tolerance']:g} eV/angstrom, cell fixed; multiplicity is per site of lithium",
        "distance [angstrom],multiplicity [1],formation_energy [eV]",
    ]
    for distance, count, energy in zip(
        found.distance.values, found["multiplicity"].values, found.formation_energy.values, strict=True
    ):
        lines.append(f"{distance:.4f},{count:g},{energy:.4f}")
    write_text(path, "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
