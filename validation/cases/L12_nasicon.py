r"""L12: Barriers of sodium hops in NaSICON from a local cluster expansion

[P] In Na1+xZr2SixP3−xO12 the kinetically resolved activation energy of a hop between Na1 and Na2 depends on which of
the six Na2 and six Si/P sites within 4 Å of Na1 are filled (Na or vacancy, Si or P). kMCpy (MIT licence) ships the
interactions of such an expansion: points, pairs of all lengths and triplets up to 6 Å, 24 orbits. Ours is built from
the sites alone; with the shipped interactions it must give the values that kMCpy 0.3.0 gives for 64 occupations, and
barriers $E_\mathrm{KRA} \pm \tfrac12\Delta E$, to 1e-9 eV. The sums of all clusters (every site filled) must be
those in the first row of the shipped correlation matrix.

The constant $E_0$ is not among the shipped numbers: it is taken as the weighted mean of what the shipped training
energies leave over.
"""

import numpy as np

from scalith.lattice import LocalClusterExpansion, read_local_cluster_expansion
from scalith.lattice.expansion.local_cluster_expansion import hop_energies
from scalith.quantities import shipped
from validation.record import Record

DATA = shipped("local_cluster_expansion/NaSICON/sites.csv").parent


def expansions() -> tuple[LocalClusterExpansion, LocalClusterExpansion, np.ndarray]:
    """The expansions of E_KRA and of the difference of site energies, and the shipped correlation matrix."""
    kra, site = (read_local_cluster_expansion(DATA, name, (10.0, 6.0, 0.0)) for name in ("kra", "site"))
    return kra, site, np.loadtxt(DATA / "correlation_matrix.txt")


def run(record: Record) -> None:
    import matplotlib.pyplot as plt
    from ase.io import read

    barrier, difference, matrix = expansions()
    record.check("orbits", expected=24, found=len(barrier.orbits), tolerance=0)
    full = barrier.correlations(np.ones(12, dtype=int))
    record.check_at_most("clusters of each orbit against the shipped matrix", limit=0, found=np.abs(full - matrix[0]).max())

    atoms = read(DATA / "nasicon.cif")
    centre = next(
        k for k, p in enumerate(atoms.get_scaled_positions()) if atoms.symbols[k] == "Na" and np.allclose(p, 0, atol=1e-6)
    )
    around = np.array([s in ("Na", "Si") for s in atoms.symbols])
    vectors = atoms.get_distances(centre, np.flatnonzero(around), mic=True, vector=True)
    lengths = np.linalg.norm(vectors, axis=1)
    near = np.sort(lengths[(lengths > 0.1) & (lengths < 4.0)])
    listed = np.sort(np.linalg.norm(np.array(barrier.positions), axis=1))
    record.check("sites within 4 Å in the CIF", expected=12, found=len(near), tolerance=0)
    record.check_at_most("their distances", limit=1e-2, found=np.abs(near - listed).max(), unit="Å")

    values = np.loadtxt(DATA / "kmcpy_values.csv", delimiter=",", skiprows=3)
    spins = values[:, :12].astype(int)
    theirs_kra, theirs_site = 1e-3 * values[:, 12], 1e-3 * values[:, 13]
    record.check_at_most(
        "E_KRA against kMCpy", limit=1e-9, found=np.abs(barrier.value(spins) - barrier.constant - theirs_kra).max(), unit="eV"
    )
    record.check_at_most(
        "ΔE against kMCpy", limit=1e-9, found=np.abs(difference.value(spins) - difference.constant - theirs_site).max(), unit="eV"
    )
    for direction in (1, -1):
        theirs = theirs_kra + barrier.constant + 0.5 * direction * (theirs_site + difference.constant)
        ours = hop_energies(barrier, difference, spins, direction)
        record.check_at_most(
            f"barriers against kMCpy, direction {direction:+d}", limit=1e-9, found=np.abs(ours - theirs).max(), unit="eV"
        )

    fitted = barrier.constant + 1e-3 * matrix @ np.loadtxt(DATA / "kra_keci.txt")
    training = 1e-3 * np.loadtxt(DATA / "kra_energies.txt")
    record.compare(
        "root-mean-square error of the training energies",
        reference=0.0,
        found=1e3 * np.sqrt(np.mean((fitted - training) ** 2)),
        unit="meV",
    )
    figure, axes = plt.subplots(figsize=(5, 4))
    axes.plot(1e3 * training, 1e3 * fitted, "o")
    axes.plot([100, 500], [100, 500], "k--")
    axes.set(xlabel="E_KRA from NEB [meV]", ylabel="local cluster expansion [meV]")
    record.figure("Training energies of the NaSICON expansion.", figure)
