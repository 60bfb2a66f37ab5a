"""Ions of a solid electrolyte that move by a neuroevolution potential, as in ``validation/data/ion_motion``.

    pip install calorine
    python examples/generate_ion_motion.py STRUCTURE POTENTIAL STEP FOLDER TEMPERATURE [TEMPERATURE ...]

STRUCTURE is a relaxed cell that ASE reads, POTENTIAL a file ``nep.txt`` in the format of GPUMD: NEP89 (in the source of
NepTrainKit and of GPUMD, potentials/nep), or one of a single material. STEP in fs: 3 for Li6PS5Cl, 4 for Li3YCl6, 2.5 for
Li7La3Zr2O12. Two runs of 42 ps at each temperature, some 5 to 11 ms of one core for a step of 52 to 96 atoms: two to seven
minutes a temperature. Runs are kept in FOLDER as they go; a second run goes on where the first stopped.
At 400 and 425 K there are twice as many runs there, twice as long.
"""

import sys
from pathlib import Path

from ase.io import read

from scalith.atoms import DynamicsSettings, Engine, simulate_ion_motion

BLOCKS = 2
"""Pieces of 21 ps."""


def main() -> None:
    """Run each temperature and write what its ions did."""
    structure, potential, folder = (Path(sys.argv[k]) for k in (1, 2, 4))
    settings = DynamicsSettings(
        time_step=1e-15 * float(sys.argv[3]), duration=42e-12, equilibration=3e-12, friction_time=1e-12, frames=700, runs=2
    )
    engine = Engine(name="calorine.calculators:CPUNEP", settings={"model_filename": str(potential)})
    atoms = read(structure)
    folder.mkdir(parents=True, exist_ok=True)
    for T in (float(word) for word in sys.argv[5:]):
        motion = simulate_ion_motion(
            atoms,
            "Li",
            engine,
            [T],
            settings,
            seed=int(T),
            blocks=BLOCKS,
            folder=folder,
            progress=lambda part, words: print(f"{part:.2f} {words}", flush=True),
        )
        motion.to_netcdf(folder / f"{structure.stem}_{T:.0f}K.nc")


if __name__ == "__main__":
    main()
