"""Ions of a solid electrolyte that move by a neuroevolution potential, as in ``validation/data/ion_motion``.

    pip install calorine
    python examples/generate_ion_motion.py STRUCTURE POTENTIAL FOLDER TEMPERATURE [TEMPERATURE ...]

STRUCTURE is a relaxed cell that ASE reads, POTENTIAL a file ``nep.txt`` in the format of GPUMD: NEP89 (in the source of
NepTrainKit and of GPUMD, potentials/nep), or one of a single material. Two runs of 12 ps at each temperature, some 8 ms of one
core for a step of 60 to 100 atoms: some minutes a temperature. Runs are kept in FOLDER as they go; a second run goes on where
the first stopped.
"""

import sys
from pathlib import Path

from ase.io import read

from scalith.atoms import DynamicsSettings, Engine, simulate_ion_motion

SETTINGS = DynamicsSettings(time_step=2e-15, duration=12e-12, equilibration=1e-12, friction_time=2e-13, frames=600, runs=2)
BLOCKS = 3
"""Pieces of 4 ps."""


def main() -> None:
    """Run each temperature and write what its ions did."""
    structure, potential, folder = (Path(word) for word in sys.argv[1:4])
    engine = Engine(name="calorine.calculators:CPUNEP", settings={"model_filename": str(potential)})
    atoms = read(structure)
    folder.mkdir(parents=True, exist_ok=True)
    for T in (float(word) for word in sys.argv[4:]):
        motion = simulate_ion_motion(
            atoms,
            "Li",
            engine,
            [T],
            SETTINGS,
            seed=int(T),
            blocks=BLOCKS,
            folder=folder,
            progress=lambda part, words: print(f"{part:.2f} {words}", flush=True),
        )
        motion.to_netcdf(folder / f"{structure.stem}_{T:.0f}K.nc")


if __name__ == "__main__":
    main()
