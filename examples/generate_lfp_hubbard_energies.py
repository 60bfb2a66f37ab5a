"""PBE + U energies of LixFePO4 orderings with GPAW, as shipped in ``dft_energies/LixFePO4_pbeu``.

    pip install gpaw spglib
    OMP_NUM_THREADS=1 python examples/generate_lfp_hubbard_energies.py FOLDER [STAGE ...]

Every calculation has a folder in FOLDER and is done once; a second run goes on where the first stopped. A minute of one core
for each ionic step, some hours in all. Stages, in order:

relax       ions of the one-cell orderings, in the cells that CHGNet relaxed
energies    their energies at a higher cut-off, and FePO4 at a third, which tells how energies move with the number of plane waves
checks      single points of the relaxed ions: antiferromagnetic irons, k-points, U, r2SCAN without and with U (PAW data of PBE)
lithium     bcc lithium
write       the files that the package ships, with what is done

What makes it affordable: starts made symmetric, with Fe2+ and Fe3+ told apart so that charge order can form; one k-point (or two)
off gamma; one-centre terms of equivalent atoms computed once; CHGNet's Hessian of LiFePO4 as the first of BFGS, which leaves
three to six steps.

What makes it comparable: one grid for all orderings (GPAW chooses another for each cell at 350 eV; two such grids differ by
18 meV per formula unit of FePO4), and a correction to one number of plane waves per volume. The number in a sphere jumps with
the cell by some 0.2 %; the energy, far from its limit in the basis, follows it by tens of meV per formula unit. With the curve
E(N) of FePO4 through three cut-offs it is brought to N = V (2 E_cut)^(3/2)/(6 pi^2) in atomic units (Francis, Payne,
J. Phys.: Condens. Matter 2 (1990) 4395).
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.eos import EquationOfState
from ase.geometry import cellpar_to_cell
from ase.io import read, write
from ase.optimize import BFGS
from ase.units import Bohr, Hartree
from scipy.optimize import brentq

from scalith.quantities import shipped

CHEAP = shipped("dft_energies/LixFePO4_chgnet/energies.extxyz")
ONE_CELL = (127, 126, 129, 131, 133, 55, 56)
"""Numbers of the orderings in that file: LiFePO4, FePO4, three half-filled cells, one and three ions of four."""
SETTINGS = {"xc": "PBE", "U": 4.3, "cutoff": 350, "kpts": (2, 2, 1), "gamma": False, "gpts": (30, 36, 60)}
FINE = SETTINGS | {"cutoff": 450, "gpts": (32, 40, 70)}
THIRD = FINE | {"cutoff": 480}
R2SCAN = "MGGA_X_R2SCAN+MGGA_C_R2SCAN"
CHECKS = {
    "antiferromagnetic": {"order": "anti"},
    "gamma": {"gamma": True},
    "U5.3": {"U": 5.3},
    "U3.3": {"U": 3.3},
    "r2SCAN, U3.1": {"xc": R2SCAN, "U": 3.1},
    "r2SCAN": {"xc": R2SCAN, "U": 0.0},
}
SMEARING, FORCE_TOLERANCE, STEPS = 0.05, 0.12, 9  # eV, eV/Å
LOOSE = 0.25
"""Distance within which a start is made symmetric, Å."""


def symmetric(atoms: Atoms, kinds: np.ndarray) -> Atoms:
    """Cell and places averaged over the operations that keep `kinds`, an inversion centre at the origin where there is one."""
    import spglib

    found = spglib.get_symmetry_dataset((atoms.cell[:], atoms.get_scaled_positions(), kinds), symprec=LOOSE)
    rotations, places = found.rotations, atoms.get_scaled_positions(wrap=False)
    metric = np.mean([turn.T @ (atoms.cell[:] @ atoms.cell[:].T) @ turn for turn in rotations], axis=0)
    lengths = np.sqrt(np.diag(metric))
    angles = [np.degrees(np.arccos(metric[i, j] / lengths[i] / lengths[j])) for i, j in ((1, 2), (0, 2), (0, 1))]
    cell = cellpar_to_cell([*lengths, *angles])
    translations = np.array(found.translations)
    inversion = [t for turn, t in zip(rotations, translations, strict=True) if np.array_equal(turn, -np.eye(3, dtype=int))]
    if inversion:
        shift = -0.5 * inversion[0]
        places = places + shift
        translations = np.round(4 * (translations + shift - np.array([turn @ shift for turn in rotations]))) / 4
    averaged = np.zeros_like(places)
    for turn, translation in zip(rotations, translations, strict=True):
        moved = places @ turn.T + translation
        for place, kind in zip(moved, kinds, strict=True):
            apart = places - place
            distance = np.linalg.norm((apart - np.round(apart)) @ cell, axis=1) + 9.0 * (kinds != kind)
            target = int(distance.argmin())
            averaged[target] += (place + np.round(places[target] - place)) / len(rotations)
    result = atoms.copy()
    result.set_cell(cell)
    result.set_scaled_positions(averaged)
    return result


def antiparallel(atoms: Atoms) -> np.ndarray:
    """Signs of the irons, nearest ones antiparallel; the other atoms zero."""
    irons = np.flatnonzero(atoms.numbers == 26)
    apart = atoms.get_all_distances(mic=True)[np.ix_(irons, irons)]
    sign = {0: 1}
    while len(sign) < len(irons):
        _, known, new = min((apart[i, j], i, j) for i in sign for j in range(len(irons)) if j not in sign)
        sign[new] = -sign[known]
    signs = np.zeros(len(atoms))
    signs[irons] = [sign[k] for k in range(len(irons))]
    return signs


def charges_near_lithium(atoms: Atoms) -> np.ndarray:
    """1 on as many irons as there are ions, those with most lithium near them (start of Fe2+); else 0."""
    irons, ions = np.flatnonzero(atoms.numbers == 26), np.flatnonzero(atoms.numbers == 3)
    near = np.zeros(len(atoms), dtype=int)
    if len(ions):
        score = (atoms.get_all_distances(mic=True)[np.ix_(irons, ions)] ** -6).sum(axis=1)
        near[irons[np.argsort(-np.round(score, 7), kind="stable")[: len(ions)]]] = 1
    return near


def start(number: int) -> Atoms:
    """CHGNet's geometry made symmetric, with moments of 5 on Fe3+ and 4 on Fe2+."""
    atoms = read(CHEAP, index=":")[number]
    assert atoms.info["label"].endswith(f"#{number}")
    atoms.calc = None
    near = charges_near_lithium(atoms)
    result = symmetric(atoms, 10 * atoms.numbers + near)
    result.set_initial_magnetic_moments(np.where(atoms.numbers == 26, 5.0 - near, 0.0))
    return result


def calculator(atoms: Atoms, settings: dict, text: Path):
    """GPAW; one-centre terms of atoms that symmetry makes equal are computed once and rotated."""
    import gpaw
    from gpaw.new import pot_calc

    whole = getattr(pot_calc, "of_each_atom", pot_calc.calculate_non_local_potential)
    pot_calc.of_each_atom = whole

    def once(setups, density, functional, potential, soc, extensions, communicator):
        plan = getattr(density, "symplan", None)
        if plan is None or len(plan.symmetries) == 1:
            return whole(setups, density, functional, potential, soc, extensions, communicator)
        result = density.D_asii.layout.new(dtype=float).empty(density.ncomponents)
        images, total, done = plan.symmetries.atommap_sa, {}, set()
        for atom in range(images.shape[1]):
            if atom in done:
                continue
            one, terms = pot_calc.calculate_non_local_potential1(
                setups[atom], functional, density.D_asii[atom], potential[atom], soc, extensions, atom
            )
            turns = plan.rotations(plan.l_aj[atom])
            orbit = [other for other in range(images.shape[1]) if atom in images[:, other]]
            for other in orbit:
                turn = turns[int(np.flatnonzero(images[:, other] == atom)[0])]
                result[other][:] = np.einsum("ij, sjk, lk -> sil", turn, one, turn)
            done.update(orbit)
            for name, value in terms.items():
                total[name] = total.get(name, 0.0) + len(orbit) * value
        return result, total

    pot_calc.calculate_non_local_potential = once
    return gpaw.GPAW(
        mode=gpaw.PW(settings["cutoff"]),
        xc=settings["xc"],
        setups={"Fe": f":d,{settings['U']}"} if settings["U"] else {},
        kpts={"size": settings["kpts"], "gamma": settings["gamma"]},
        gpts=settings["gpts"],
        occupations=gpaw.FermiDirac(SMEARING),
        convergence={"energy": 2e-5, "density": 1e-3, "eigenstates": 1e-4},
        eigensolver=gpaw.Davidson(),
        nbands="106%",
        symmetry={"symmorphic": False, "tolerance": 1e-5},
        maxiter=150,
        txt=str(text),
    )


def first_hessian(atoms: Atoms, folder: Path) -> np.ndarray:
    """CHGNet's Hessian of LiFePO4 carried over by place: stiffened by 1.15, eigenvalues of 3 eV/Å² at least."""
    full, path = read(CHEAP, index=":")[127], folder / "hessian.npy"
    if not path.exists():
        np.save(path, chgnet_hessian(full))
    count, best = len(full), None
    hessian = np.load(path).reshape(count, 3, count, 3)
    place = atoms.get_scaled_positions()[atoms.numbers == 15][0]
    for corner in full.get_scaled_positions()[full.numbers == 15]:
        apart = (full.get_scaled_positions() + place - corner)[None] - atoms.get_scaled_positions()[:, None]
        distance = np.linalg.norm((apart - np.round(apart)) @ atoms.cell[:], axis=2)
        distance[atoms.numbers[:, None] != full.numbers[None]] = 99.0
        if best is None or distance.min(axis=1).sum() < best[0]:
            best = (distance.min(axis=1).sum(), distance.argmin(axis=1))
    where = best[1]
    assert len(set(where.tolist())) == len(atoms), "no one-to-one map onto LiFePO4"
    left, _, right = np.linalg.svd(atoms.cell[:].T @ np.linalg.inv(full.cell[:].T))
    turn, size = left @ right, 3 * len(atoms)
    turned = 1.15 * np.einsum("ac,icjd,bd->iajb", turn, hessian[where][:, :, where], turn).reshape(size, size)
    shifts = np.tile(np.eye(3), (len(atoms), 1)) / np.sqrt(len(atoms))
    inner = np.eye(size) - shifts @ shifts.T
    values, vectors = np.linalg.eigh(inner @ turned @ inner)
    return (vectors * np.maximum(np.abs(values), 3.0)) @ vectors.T + 10.0 * shifts @ shifts.T


def chgnet_hessian(atoms: Atoms) -> np.ndarray:
    """By central differences of 0.02 Å."""
    from chgnet.model.dynamics import CHGNetCalculator

    moved = atoms.copy()
    moved.calc, places = CHGNetCalculator(use_device="cpu"), atoms.positions.copy()
    rows = []
    for step in np.eye(3 * len(atoms)).reshape(-1, len(atoms), 3) * 0.02:
        moved.positions = places - step
        before = moved.get_forces()
        moved.positions = places + step
        rows.append((before - moved.get_forces()).ravel() / 0.04)
    return 0.5 * (np.array(rows) + np.array(rows).T)


class SymmetricBFGS(BFGS):
    """Steps averaged over the operations of the start, so that rounding does not break its symmetry."""

    def determine_step(self, dpos, steplengths):
        """The averaged step, no longer than `maxstep`."""
        import spglib

        atoms = self.atoms
        kinds = 20 * atoms.numbers + np.round(atoms.get_initial_magnetic_moments()).astype(int)
        found = spglib.get_symmetry_dataset((atoms.cell[:], atoms.get_scaled_positions(), kinds), symprec=1e-3)
        step, places, cell = np.zeros((len(atoms), 3)), atoms.get_scaled_positions(), atoms.cell[:]
        for turn, translation in zip(found.rotations, found.translations, strict=True):
            apart = places[None] - (places @ turn.T + translation)[:, None]
            where = np.linalg.norm((apart - np.round(apart)) @ cell, axis=2).argmin(axis=1)
            step[where] += np.reshape(dpos, (-1, 3)) @ (cell.T @ turn @ np.linalg.inv(cell.T)).T / len(found.rotations)
        step -= step.mean(axis=0)
        step *= min(1.0, self.maxstep / np.linalg.norm(step, axis=1).max())
        return step.reshape(np.shape(dpos))


def compute(atoms: Atoms, number: int, folder: Path, settings: dict, steps: int) -> None:
    """Relax the ions, or with no steps compute them as they are; geometry, energy and forces after each step."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "result.json").exists():
        return
    began, rows = time.time(), []
    if (folder / "last.extxyz").exists():
        atoms.positions = read(folder / "last.extxyz").positions
    atoms.calc = calculator(atoms, settings, folder / f"gpaw-{int(began)}.txt")

    def keep() -> None:
        energy, forces = float(atoms.get_potential_energy()), atoms.get_forces()
        moments = np.asarray(atoms.get_magnetic_moments())[atoms.numbers == 26]
        largest = float(np.linalg.norm(forces, axis=1).max())
        rows.append({"energy": energy, "fmax": largest, "moments": moments.round(3).tolist()})
        copy = atoms.copy()
        copy.info = {"energy": energy}
        write(folder / "last.extxyz", copy)
        print(f"{time.strftime('%H:%M:%S')} {folder.name}: {energy:.4f} eV, {largest:.3f} eV/Å", flush=True)

    converged = True
    if steps:
        optimizer = SymmetricBFGS(atoms, restart=str(folder / "bfgs.json"), logfile=None, maxstep=0.1)
        if optimizer.state is None:
            optimizer.H0 = first_hessian(atoms, folder.parent)
        optimizer.attach(keep)
        converged = bool(optimizer.run(fmax=FORCE_TOLERANCE, steps=steps))
    else:
        keep()
    result = {"number": number, **settings, **rows[-1], "converged": converged, "steps": len(rows), "wall": time.time() - began}
    (folder / "result.json").write_text(json.dumps(result, indent=1) + "\n")


def lithium(folder: Path) -> None:
    """Energy per atom of bcc lithium at its own volume, by cut-off, k-points and functional."""
    import gpaw

    found = {}
    for cutoff, points, xc in ((350, 12, "PBE"), (350, 16, "PBE"), (450, 12, "PBE"), (350, 12, R2SCAN)):
        volumes, energies = [], []
        for edge in (3.39, 3.42, 3.45, 3.48):
            atoms = bulk("Li", "bcc", a=edge)
            mode, mesh = gpaw.PW(cutoff), (points, points, points)
            atoms.calc = gpaw.GPAW(mode=mode, xc=xc, kpts=mesh, occupations=gpaw.FermiDirac(SMEARING), txt=None)
            volumes.append(atoms.get_volume())
            energies.append(atoms.get_potential_energy())
        volume, energy, _ = EquationOfState(volumes, energies).fit()
        name = f"{cutoff} eV, {points} points along each vector" + (", r2SCAN" if xc == R2SCAN else "")
        found[name] = {"a": (2 * volume) ** (1 / 3), "energy": energy}
    (folder / "lithium.json").write_text(json.dumps(found, indent=1) + "\n")


def effective_cutoff(atoms: Atoms, settings: dict) -> float:
    """The cut-off whose sphere holds as many plane waves as this cell has at its k-points, on average, eV."""
    inverse = 2 * np.pi * np.linalg.inv(atoms.cell[:] / Bohr).T
    radius = np.sqrt(2 * settings["cutoff"] / Hartree)
    reach = [int(radius * length / Bohr / (2 * np.pi)) + 2 for length in atoms.cell.lengths()]
    grid = np.stack(np.meshgrid(*[np.arange(-n, n + 1) for n in reach], indexing="ij"), axis=-1).reshape(-1, 3)
    points = (
        [[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0], [0.5, 0.5, 0]] if settings["gamma"] else [[0.25, 0.25, 0.5], [0.25, -0.25, 0.5]]
    )
    count = np.mean([np.sum(np.linalg.norm((grid + point) @ inverse, axis=1) <= radius) for point in points])
    return float(0.5 * Hartree * (6 * np.pi**2 * count / (atoms.get_volume() / Bohr**3)) ** (2 / 3))


def basis_curve(cutoffs: np.ndarray, energies: np.ndarray) -> tuple[float, float]:
    """A and b of E = E_inf + A exp(-b E_cut) through three points, eV and 1/eV."""
    ratio = (energies[0] - energies[1]) / (energies[1] - energies[2])

    def left(b: float) -> float:
        low, middle, high = np.exp(-b * (cutoffs - cutoffs[1]))
        return float((low - middle) / (middle - high) - ratio)

    b = brentq(left, 1e-3, 0.1)
    low, middle, _ = np.exp(-b * cutoffs)
    return float((energies[0] - energies[1]) / (low - middle)), float(b)


def corrected(result: dict, atoms: Atoms, curve: tuple[float, float]) -> float:
    """Energy at the number of plane waves that the cut-off stands for in an infinite cell, eV."""
    amplitude, b = curve
    return result["energy"] + amplitude * (np.exp(-b * result["cutoff"]) - np.exp(-b * effective_cutoff(atoms, result)))


def results_of(folder: Path, name: str) -> dict[int, tuple[dict, Atoms]]:
    """Finished calculations of one kind, and their geometries, by ordering."""
    found = {}
    for number in ONE_CELL:
        path = folder / f"{name}-{number}"
        if (path / "result.json").exists():
            found[number] = (json.loads((path / "result.json").read_text()), read(path / "last.extxyz"))
    return found


def formation_energies(energies: dict[int, float], ions: dict[int, int]) -> dict[str, float]:
    """meV per formula unit against both ends computed alike; empty without them."""
    if not {126, 127} <= set(energies):
        return {}
    line = {number: (1 - ions[number] / 4) * energies[126] + ions[number] / 4 * energies[127] for number in energies}
    return {str(number): round(250.0 * (energies[number] - line[number]), 1) for number in energies if number not in (126, 127)}


def write_files(folder: Path, target: Path) -> None:
    """Orderings that have their energy, those stopped early so named; formation energies of the checks, and settings."""
    target.mkdir(parents=True, exist_ok=True)
    relaxed, fine, third = (results_of(folder, name) for name in ("relax", "energy", "third"))
    three = [relaxed[126], fine[126], third[126]]
    curve = basis_curve(
        np.array([effective_cutoff(atoms, result) for result, atoms in three]),
        np.array([result["energy"] for result, _ in three]),
    )
    cheap, rows = read(CHEAP, index=":"), []
    ions = {number: int(np.sum(cheap[number].numbers == 3)) for number in ONE_CELL}
    energies = {number: corrected(result, atoms, curve) for number, (result, atoms) in fine.items()}
    for number, (result, atoms) in fine.items():
        row = Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=True)
        row.info = {
            "label": cheap[number].info["label"],
            "energy": energies[number],
            "energy_uncorrected": result["energy"],
            "engine": "gpaw",
            "forces_left": round(relaxed[number][0]["fmax"], 4),
            "forces_at_energy_cutoff": round(result["fmax"], 4),
            "iron_moments": " ".join(f"{value:.3f}" for value in result["moments"]),
        }
        if not relaxed[number][0]["converged"]:
            row.info["note"] = f"half-relaxed: stopped after {relaxed[number][0]['steps']} steps"
        rows.append(row)
    write(target / "energies.extxyz", rows, columns=["symbols", "positions"])
    checks = {"cutoff350": {"energies": {number: corrected(*pair, curve) for number, pair in relaxed.items()}}}
    checks["cutoff350_uncorrected"] = {"energies": {number: result["energy"] for number, (result, _) in relaxed.items()}}
    checks["cutoff450_uncorrected"] = {"energies": {number: result["energy"] for number, (result, _) in fine.items()}}
    for name in CHECKS:
        found = {number: corrected(*pair, curve) for number, pair in results_of(folder, name).items()}
        if found:
            checks[name] = {"energies": found}
    for check in checks.values():
        check["formation_energies"] = formation_energies(check["energies"], ions)
        check["energies"] = {str(number): round(energy, 5) for number, energy in check["energies"].items()}
    settings = {
        "engine": {"name": "gpaw", "settings": FINE | {"smearing": SMEARING, "hubbard": "Fe d"}},
        "relaxation": {"cell": False, "force_tolerance": FORCE_TOLERANCE, "cutoff": SETTINGS["cutoff"], "gpts": SETTINGS["gpts"]},
        "magnetic_order": "ferromagnetic",
        "basis": {"amplitude": curve[0], "decay": curve[1], "formula": "E = E_inf + amplitude exp(-decay E_cut), eV"},
        "structures": len(rows),
        "formation_energies": formation_energies(energies, ions),
        "checks": checks,
        "lithium": json.loads((folder / "lithium.json").read_text()),
    }
    (target / "settings.json").write_text(json.dumps(settings, indent=1) + "\n")


def main(folder: Path, stages: list[str]) -> None:
    """Run the stages."""
    folder.mkdir(parents=True, exist_ok=True)
    if "relax" in stages:
        for number in ONE_CELL:
            compute(start(number), number, folder / f"relax-{number}", SETTINGS, STEPS)
    points = [("energies", "energy", FINE, ONE_CELL), ("energies", "third", THIRD, (126,))]
    for name, changed in CHECKS.items():
        points.append(("checks", name, SETTINGS | {key: value for key, value in changed.items() if key != "order"}, ONE_CELL))
    for stage, name, settings, numbers in points:
        for number in numbers:
            last = folder / f"relax-{number}" / "last.extxyz"
            if stage not in stages or not last.exists():
                continue
            atoms = start(number)
            atoms.positions = read(last).positions
            if "order" in CHECKS.get(name, {}):
                atoms.set_initial_magnetic_moments(atoms.get_initial_magnetic_moments() * antiparallel(atoms))
            compute(atoms, number, folder / f"{name}-{number}", settings, 0)
    if "lithium" in stages and not (folder / "lithium.json").exists():
        lithium(folder)
    if "write" in stages:
        write_files(folder, Path(__file__).parents[1] / "src/scalith/data/dft_energies/LixFePO4_pbeu")


if __name__ == "__main__":
    main(
        Path(sys.argv[1] if len(sys.argv) > 1 else "lfp_pbeu"),
        sys.argv[2:] or ["relax", "energies", "checks", "lithium", "write"],
    )
