"""Density functional energies of LixTiS2 orderings with GPAW, as shipped in ``dft_energies/LixTiS2_gpaw``.

    python examples/generate_litis2_energies.py FOLDER [STAGE ...]

Every structure is stored in a database in FOLDER as soon as it is done; a second run goes on where the first stopped.
About an hour on a quiet core. Stages, in order:

ends        TiS2 and LiTiS2 (1T) relaxed with their cells, and bcc lithium: the average voltage
convergence the same voltage with other cut-offs and k-points
orderings   single points of orderings up to four formula units, on geometries that CHGNet (r2scan) relaxed
barrier     the hop octahedral–tetrahedral–octahedral of a lithium ion in LiTi3S6
bands       bands and density of states of LiTiS2
write       the files that the package ships
"""

import json
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.geometry import find_mic
from ase.io import read as read_images
from ase.io import write as write_images
from ase.mep import NEB
from ase.optimize import BFGS

from scalith.atoms import (
    BandSettings,
    Barrier,
    Engine,
    Relaxation,
    choose_diverse,
    compute_energies,
    distinct_hops,
    gpaw_band_grid,
    gpaw_band_path,
    hop_barrier,
    hop_end_points,
    ordering_structures,
    read_database,
    relax,
    relax_orderings,
    relaxed_ends,
)
from scalith.crystal import Host, HostSite, average_voltage, enumerate_orderings, write_structures
from scalith.quantities import Source, write_results

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else "litis2")
STAGES = sys.argv[2:] or ["ends", "convergence", "orderings", "barrier", "bands", "write"]

SMEARING = {"name": "fermi-dirac", "width": 0.1}  # eV
K_POINTS = 2.7  # points per 1/Å: 6 x 6 x 4 in the primitive cell
FINE = {"mode": {"name": "pw", "ecut": 400}, "xc": "LDA", "kpts": {"density": K_POINTS, "even": True, "gamma": True}}
COARSE = FINE | {"mode": {"name": "pw", "ecut": 350}, "kpts": {"density": 1.85, "gamma": True}}  # 4 x 4 x 2
METAL = FINE | {"kpts": {"density": 5.4, "even": True, "gamma": True}}


def gpaw(settings: dict) -> Engine:
    """GPAW with the smearing of this set."""
    return Engine(name="gpaw", settings=settings | {"occupations": SMEARING, "txt": None})


def shown(fraction: float, message: str) -> None:
    """One line a structure."""
    print(f"{time.strftime('%H:%M:%S')} {fraction:6.1%} {message}", flush=True)


def primitive(a: float, c: float, z: float, filled: bool) -> Atoms:
    """1T-TiS2 (P-3m1): Ti at the corner, S above and below, lithium in the octahedra between the layers."""
    places = [[0, 0, 0], [1 / 3, 2 / 3, z], [2 / 3, 1 / 3, 1 - z], [0, 0, 0.5]]
    cell = [[a, 0, 0], [-a / 2, a * np.sqrt(3) / 2, 0], [0, 0, c]]
    return Atoms("TiS2Li" if filled else "TiS2", scaled_positions=places if filled else places[:3], cell=cell, pbc=True)


def ends() -> dict[str, Atoms]:
    """Relaxed TiS2, LiTiS2 and lithium; prints the average voltage."""
    started = {"TiS2": primitive(3.32, 5.50, 0.255, False), "LiTiS2": primitive(3.38, 6.00, 0.237, True)}
    relaxation = Relaxation(force_tolerance=0.01, steps=30)
    hosts = compute_energies(started, gpaw(FINE), FOLDER / "ends.db", relaxation, progress=shown)
    metal = compute_energies({"Li": bulk("Li", "bcc", a=3.37)}, gpaw(METAL), FOLDER / "lithium.db", relaxation, progress=shown)
    found = {item.origin: item for item in (*hosts, *metal)}
    for name, item in found.items():
        lengths = item.atoms.cell.lengths()
        print(f"{name}: {item.energy:.5f} eV, a = {lengths[0]:.4f} Å, c = {lengths[2]:.4f} Å")
    voltage = average_voltage(found["TiS2"].energy, 0.0, found["LiTiS2"].energy, 1.0, found["Li"].energy)
    print(f"average voltage {voltage:.3f} V")
    return {name: item.atoms for name, item in found.items()}


def host(filled: Atoms) -> Host:
    """The relaxed LiTiS2 as a host whose octahedra lithium fills and leaves."""
    charges = {"Li": (1.0, 0.0), "Ti": (4.0,), "S": (-2.0,)}
    sites = [
        HostSite(
            position=tuple(place),
            species=("Li", "vacancy") if symbol == "Li" else (symbol,),
            charges=charges[symbol],
            redox=symbol == "Ti",
        )
        for symbol, place in zip(filled.get_chemical_symbols(), filled.get_scaled_positions().tolist(), strict=True)
    ]
    return Host(name="LixTiS2", working_ion="Li", lattice=tuple(tuple(row) for row in filled.cell.tolist()), sites=sites)


def with_ends(found: dict[str, Atoms]) -> tuple[Host, tuple[Host, Host]]:
    """The host, and the host as relaxed empty and full by GPAW."""
    full = host(found["LiTiS2"])
    empty = host(
        Atoms(
            [*found["TiS2"].symbols, "Li"],
            cell=found["TiS2"].cell,
            pbc=True,
            scaled_positions=[*found["TiS2"].get_scaled_positions().tolist(), [0, 0, 0.5]],
        )
    )
    return full, (empty, full)


def orderings() -> None:
    """Energies of the 22 most diverse orderings, both ends among them."""
    full, gpaw_ends = with_ends(ends())
    chosen = choose_diverse(full, enumerate_orderings(full, [1, 2, 3, 4]), 22)
    learned = Engine(name="chgnet", settings={"model": "r2scan"})
    learned_ends = relaxed_ends(full, learned, FOLDER / "chgnet_ends.db")
    relaxed = relax_orderings(full, chosen, learned, FOLDER / "chgnet.db", ends=learned_ends, progress=shown)
    started = transferred(
        {item.origin: item.atoms for item in relaxed},
        ordering_structures(full, chosen, ends=learned_ends),
        ordering_structures(full, chosen, ends=gpaw_ends),
    )
    compute_energies(started, gpaw(COARSE), FOLDER / "orderings.db", Relaxation(steps=0), progress=shown)


def transferred(relaxed: dict[str, Atoms], before: dict[str, Atoms], wanted: dict[str, Atoms]) -> dict[str, Atoms]:
    """The strain and the displacements by which `relaxed` differs from `before`, put on the structures `wanted`."""
    result = {}
    for label, atoms in relaxed.items():
        first, target = before[label], wanted[label]
        # The two hosts may be reduced to different cells of one lattice: take the vectors of `first` in both.
        change = np.round(np.asarray(first.cell) @ np.linalg.inv(np.asarray(target.cell))).astype(int)
        cell = change @ np.asarray(target.cell) @ np.linalg.inv(np.asarray(first.cell)) @ np.asarray(atoms.cell)
        ideal = target.get_scaled_positions(wrap=False) @ np.linalg.inv(change)
        step = atoms.get_scaled_positions(wrap=False) - first.get_scaled_positions(wrap=False)
        result[label] = Atoms(target.symbols, cell=cell, scaled_positions=ideal + step - np.round(step), pbc=True)
    return dict(sorted(result.items(), key=lambda item: list(before).index(item[0])))


def between(ends: tuple[Host, Host], x: float) -> Host:
    """The host at stoichiometry x, cell and positions interpolated."""
    empty, full = ends
    sites = [
        site.model_copy(update={"position": tuple(((1 - x) * first + x * second).tolist())})
        for site, first, second in zip(full.sites, empty.positions, full.positions, strict=True)
    ]
    return full.model_copy(
        update={"lattice": tuple(tuple(row) for row in ((1 - x) * empty.cell + x * full.cell).tolist()), "sites": tuple(sites)}
    )


def barrier() -> None:
    """Lithium from its octahedron through the face into the tetrahedron, in LiTi3S6.

    The tetrahedron lies on a threefold axis that carries its three neighbouring octahedra into each other: the second half of the
    hop is the mirror image of the first.
    """
    here = between(with_ends(ends())[1], 1 / 3)
    hop = distinct_hops(here, 4.0)[0]
    octahedral = hop_end_points(here, hop, np.array([[1, -1, 0], [1, 2, 0], [0, 0, 1]]))[0]
    sulphur = octahedral.positions[octahedral.symbols == "S"]
    above = sulphur - octahedral.positions[-1]
    tetrahedral = octahedral.copy()
    apex = sulphur[np.argmin(np.where(above[:, 2] < 0, np.linalg.norm(above, axis=1), np.inf))]
    tetrahedral.positions[-1] = apex + np.array([0.0, 0.0, 2.25])
    learned = Engine(name="chgnet", settings={"model": "r2scan"})
    path = FOLDER / "path.extxyz"
    if not path.exists():
        images = [
            relax(atoms, learned, Relaxation(force_tolerance=0.03, cell=False)).atoms for atoms in (octahedral, tetrahedral)
        ]
        images = [images[0], *(images[0].copy() for _ in range(3)), images[1]]
        calculator = learned.calculator()
        for image in images[1:-1]:
            image.calc = calculator
        band = NEB(images, k=1.0, climb=True, method="improvedtangent", allow_shared_calculator=True)
        band.interpolate("idpp", mic=True)
        BFGS(band).run(fmax=0.08, steps=100)
        write_images(path, images)
    images = read_images(path, ":")
    learned_energies = [relax(image, learned, Relaxation(steps=0)).energy for image in images]
    found = compute_energies(
        {f"image {k}": image for k, image in enumerate(images)},
        gpaw(COARSE),
        FOLDER / "barrier.db",
        Relaxation(steps=0),
        progress=shown,
    )
    steps = [find_mic(b.positions - a.positions, a.cell)[0] for a, b in pairwise(images)]
    coordinate = np.concatenate([[0.0], np.cumsum([np.linalg.norm(step) for step in steps])])
    for name, energies, reason in (
        ("gpaw_path", [item.energy for item in found], "single points on the path that CHGNet (r2scan) relaxed"),
        ("chgnet", learned_energies, ""),
    ):
        hop = Barrier(
            name="LiTi3S6, octahedron to tetrahedron",
            distance=float(np.linalg.norm(find_mic(images[-1].positions[-1:] - images[0].positions[-1:], images[0].cell)[0])),
            coordinate=tuple(np.round(coordinate, 5).tolist()),
            energies=tuple(np.round(np.array(energies) - energies[0], 5).tolist()),
            stoichiometry=1 / 3,
            converged=not reason,
            problem=reason,
            forces_left=max(float(np.abs(item.atoms.get_forces()).max()) for item in found) if reason else 0.08,
            engine="gpaw" if reason else learned.label,
            source=found.source
            if reason
            else Source(kind="predicted", by="ase.mep.NEB", settings=learned.model_dump(mode="json")),
        )
        (FOLDER / f"barrier_{name}.json").write_text(hop.model_dump_json(indent=1))
        print(f"{name}: {hop.energies}")
    climbed = FOLDER / "barrier_gpaw.json"
    if not climbed.exists():
        settings = BandSettings(images=1, force_tolerance=0.1, steps=40)
        name = "LiTi3S6, octahedron to tetrahedron"
        hop = hop_barrier(
            images[0].copy(), images[-1].copy(), gpaw(COARSE), name=name, stoichiometry=1 / 3, settings=settings, progress=shown
        )
        climbed.write_text(hop.model_dump_json(indent=1))


def bands() -> None:
    """Bands of LiTiS2 on a grid and along a path."""
    full = ends()["LiTiS2"]
    write_results(gpaw_band_grid(full, gpaw(FINE), (12, 12, 6), bands=16), FOLDER / "LiTiS2_bands.nc")
    write_results(gpaw_band_path(full, gpaw(FINE), "GMKGALHA", points=70, bands=16), FOLDER / "LiTiS2_band_path.nc")


def convergence() -> list[dict]:
    """Average voltage of the relaxed cells at other cut-offs (eV) and k-points (per 1/Å); the last are those of `orderings`."""
    relaxed, rows = ends(), []
    for cutoff, density, even in ((400, 2.7, True), (300, 2.7, True), (500, 2.7, True), (400, 3.6, True), (350, 1.85, False)):
        chosen = FINE | {"mode": {"name": "pw", "ecut": cutoff}, "kpts": {"density": density, "even": even, "gamma": True}}
        metal = chosen | {"kpts": {"density": 2 * density, "even": even, "gamma": True}}
        row = {"cutoff": cutoff, "k_density": density}
        for name, settings, members in (("hosts", chosen, ("TiS2", "LiTiS2")), ("metal", metal, ("Li",))):
            database = FOLDER / f"{name}_{cutoff}_{density}.db"
            found = compute_energies({key: relaxed[key] for key in members}, gpaw(settings), database, Relaxation(steps=0))
            row |= {item.origin: round(item.energy, 5) for item in found}
        row["voltage"] = round(average_voltage(row["TiS2"], 0.0, row["LiTiS2"], 1.0, row["Li"]), 4)
        print(row, flush=True)
        rows.append(row)
    return rows


def write() -> None:
    """The files that the package ships."""
    target = Path(__file__).parents[1] / "src/scalith/data"
    energies = target / "dft_energies/LixTiS2_gpaw"
    for folder in (energies, target / "bands"):
        folder.mkdir(parents=True, exist_ok=True)
    write_host(ends()["LiTiS2"], energies / "LixTiS2_prim.json")
    orderings, hosts, metal = (read_database(FOLDER / f"{name}.db") for name in ("orderings", "ends", "lithium"))
    write_structures(orderings, energies / "energies.extxyz")
    write_structures(hosts + metal, energies / "ends.extxyz")
    tried = convergence()
    settings = orderings.source.settings | {
        "structures": len(orderings),
        "left_out": [list(item) for item in orderings.left_out],
        "geometry": "displacements and strains of CHGNet r2scan on cells and sites interpolated between the relaxed ends",
        "lithium_energy": tried[-1]["Li"],
        "ends": hosts.source.settings | {"lithium_energy": metal[0].energy, "lithium": metal.source.settings},
        "convergence": tried,
    }
    (energies / "settings.json").write_text(json.dumps(settings, indent=1) + "\n")
    hops = {
        name: json.loads((FOLDER / f"barrier_{name}.json").read_text())
        for name in ("gpaw", "gpaw_path", "chgnet")
        if (FOLDER / f"barrier_{name}.json").exists()
    }
    (energies / "barrier.json").write_text(json.dumps(hops, indent=1) + "\n")
    for name in ("LiTiS2_bands.nc", "LiTiS2_band_path.nc"):
        (target / "bands" / name.replace("LiTiS2", "LiTiS2_gpaw")).write_bytes((FOLDER / name).read_bytes())


def write_host(filled: Atoms, path: Path) -> None:
    """The relaxed primitive cell as a pymatgen structure in JSON; mixed occupations mark the sites that lithium fills."""
    states = {"Li": [(1, 0.5)], "Ti": [(3, 0.5), (4, 0.5)], "S": [(-2, 1.0)]}
    sites = [
        {
            "species": [{"element": symbol, "oxidation_state": charge, "occu": share} for charge, share in states[symbol]],
            "abc": [round(value, 8) for value in place],
            "label": symbol,
        }
        for symbol, place in zip(filled.get_chemical_symbols(), filled.get_scaled_positions().tolist(), strict=True)
    ]
    matrix = [[round(value, 6) + 0.0 for value in row] for row in filled.cell.tolist()]
    path.write_text(json.dumps({"lattice": {"matrix": matrix}, "sites": sites}, indent=1) + "\n")


if __name__ == "__main__":
    for stage in STAGES:
        globals()[stage]()
