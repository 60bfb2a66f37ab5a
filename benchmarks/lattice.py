"""Monte Carlo and kinetic Monte Carlo on fcc against icet, smol and CLEASE; LixNiO2 thermodynamics; set-up times.

The Monte Carlo model is the same on all sides: fcc, three pair shells and the nearest triplet, semi-grand canonical
at x near 0.5. A step is one trial. Rates are of the processor's time of this process, set-up and compilation not counted.
"""

from __future__ import annotations

import time

import numpy as np

from benchmarks.row import Row
from scalith.crystal import ComputedStructure, Host, HostSite, StructureSet, map_orderings, read_host, read_structures
from scalith.crystal.enumeration import hermite_normal_forms
from scalith.crystal.host import element_of
from scalith.crystal.supercells import lattice_cells
from scalith.lattice import (
    ClusterExpansion,
    HopBarriers,
    HopKind,
    SpeciesExpansion,
    decorated_orbits,
    fit_cluster_expansion,
    phase_diagram,
    semi_grand_canonical,
    variance_constrained,
)
from scalith.lattice.hopping.kinetic_model import kinetic_model
from scalith.lattice.hopping.walks import walk_from
from scalith.lattice.kernels.fields import compute_fields
from scalith.lattice.kernels.metropolis import semi_grand_canonical_chain
from scalith.lattice.kernels.species import species_chain
from scalith.lattice.sampling.monte_carlo import model_on
from scalith.lattice.sampling.species_model import species_model
from scalith.quantities import Source, shipped
from scalith.quantities.constants import BOLTZMANN_EV

EDGE = 4.0
PAIRS = EDGE * np.sqrt(1.5) + 0.01
TRIPLETS = EDGE / np.sqrt(2) + 0.01
SPINS = (0.0, 0.0, 0.010, -0.004, 0.002, 0.003)
THERMAL = 0.05
PAIR_SPIN, BARRIER = 0.010, 0.3
PEER_STEPS = 4000


def rows() -> list[Row]:
    table = []
    for cells, target in ((10, 8e6), (20, 5e6), (40, 3e6)):
        sites = cells**3
        for peer, theirs in (("icet", _icet), ("smol", _smol), ("clease", _clease)):
            # smol and CLEASE take minutes to set up the largest lattice.
            run = None if cells == 40 and peer != "icet" else (lambda cells=cells, theirs=theirs: theirs(cells))
            if run is not None:
                table.append(
                    Row(
                        name=f"monte_carlo_{sites}_sites_{peer}",
                        unit="steps/s",
                        ours=lambda cells=cells: _monte_carlo(cells),
                        peer=peer,
                        theirs=run,
                        higher_is_better=True,
                        prepare=lambda: _monte_carlo(6),
                        target=target,
                        target_ratio=30.0,
                        note="fcc, three pair shells and the nearest triplet, kT = 0.05 eV, x near 0.5",
                    )
                )
    for cells, target in ((20, 250e3), (100, 100e3)):
        # clexmonte's basis functions take a minute to compile, its list of a million sites' events gigabytes.
        peer = "libcasm-clexmonte" if cells == 20 else ""
        table.append(
            Row(
                name=f"kinetic_{cells**3}_sites",
                unit="events/s",
                ours=lambda cells=cells: _kinetic(cells),
                peer=peer,
                theirs=(lambda cells=cells: _clexmonte(cells)) if peer else None,
                higher_is_better=True,
                prepare=lambda: _kinetic(6),
                target=target,
                note="interacting fcc, x = 0.5, 12 hops a site; SPPARKS (not on PyPI): 84 000 and 26 000",
            )
        )
    table.append(
        Row(
            name="kinetic_nasicon_12288_sites",
            unit="events/s",
            ours=_nasicon,
            peer="kmcpy",
            theirs=_kmcpy,
            higher_is_better=True,
            prepare=_nasicon,
            target_ratio=1000.0,
            note="kMCpy's local cluster expansion of Na3Zr2Si2PO12, 18 432 channels; kMCpy is set up in a minute or two",
        )
    )
    table.append(
        Row(
            name="monte_carlo_lixnio2_thermodynamics",
            unit="s",
            ours=_lixnio2,
            prepare=_lixnio2,
            target=5.0,
            note="300 K, 21 chemical potentials, 1728 sites, 400 sweeps each after cooling; errors of x below 0.002",
        )
    )
    table.append(
        Row(
            name="monte_carlo_setup_8000_sites", unit="s", ours=_setup, prepare=_setup, target=2.0, note="cluster space to tables"
        )
    )
    table.append(
        Row(
            name="monte_carlo_electrostatics_1728_sites",
            unit="steps/s",
            ours=_electrostatics,
            higher_is_better=True,
            prepare=_electrostatics,
            note="LixNiO2 with Ewald's sum: every ion interacts with every other; 600 K, x near 0.5",
        )
    )
    table.append(
        Row(
            name="monte_carlo_coupled_8192_sites",
            unit="steps/s",
            ours=_coupled,
            higher_is_better=True,
            prepare=_coupled,
            target=2.5e6,
            note="lithium and electrons on two sublattices, pairs to 4 Å, every step neutral, kT = 0.05 eV, x near 0.5",
        )
    )
    for count, target in ((306, 20.0), (1000, 60.0)):
        table.append(
            Row(
                name=f"mapping_{count}_structures",
                unit="s",
                ours=lambda count=count: _mapping(count),
                prepare=lambda: _mapping(3),
                target=target,
                note="orderings of LixCoO2 in 1 to 9 cells, distorted, turned, in skewed vectors; with duplicates by symmetry",
            )
        )
    table.append(
        Row(
            name="monte_carlo_coupled_over_binary",
            unit="1",
            ours=lambda: _coupled() / _monte_carlo(20),
            higher_is_better=True,
            prepare=_coupled,
            target=0.5,
            note="steps/s of the row above over those of lithium alone on 8000 sites, one after the other; a step of the first "
            "changes two sites (32 pairs each), one of the second one site (42 pairs, 24 triplets)",
        )
    )
    table.append(
        Row(
            name="monte_carlo_variance_constrained",
            unit="s",
            ours=_variance_constrained,
            prepare=_variance_constrained,
            note="LixNiO2 at 300 K, 9 stoichiometries, 1728 sites, two starts of 400 sweeps each after cooling",
        )
    )
    table.append(
        Row(
            name="phase_diagram_fcc",
            unit="s",
            ours=_phase_diagram,
            prepare=_phase_diagram,
            note="fcc, three pair shells and the nearest triplet, 9 temperatures, 512 sites, boundaries with errors",
        )
    )
    return table


def _host() -> Host:
    half = EDGE / 2
    lattice = ((0.0, half, half), (half, 0.0, half), (half, half, 0.0))
    site = HostSite(position=(0.0, 0.0, 0.0), species=("Li", "vacancy"), charges=(1.0, 0.0))
    return Host(name="fcc", working_ion="Li", lattice=lattice, sites=(site,))


def _expansion() -> ClusterExpansion:
    return ClusterExpansion.given(_host(), SPINS, PAIRS, TRIPLETS)


def _monte_carlo(cells: int) -> float:
    model = model_on(_expansion(), cells)
    sweeps = max(4_000_000 // model.sites, 20)
    occupation = np.zeros(model.sites, dtype=np.int8)
    occupation[::2] = 1
    filled, energies = np.empty((1, sweeps)), np.empty((1, sweeps))
    state = np.full(1, THERMAL), np.zeros(1)
    semi_grand_canonical_chain(
        model.tables, model.exchanged, occupation, *state, 5, np.uint64(1), filled[:, :5].copy(), energies[:, :5].copy()
    )
    start = time.process_time()
    semi_grand_canonical_chain(model.tables, model.exchanged, occupation, *state, sweeps, np.uint64(2), filled, energies)
    return sweeps * model.sites / (time.process_time() - start)


def _icet(cells: int) -> float:
    from ase import Atoms
    from icet import ClusterExpansion as Expansion
    from icet import ClusterSpace
    from mchammer.calculators import ClusterExpansionCalculator
    from mchammer.ensembles import SemiGrandCanonicalEnsemble

    primitive = Atoms("Li", cell=np.array(_host().lattice), pbc=True)
    space = ClusterSpace(primitive, cutoffs=[PAIRS, TRIPLETS], chemical_symbols=["Li", "X"])
    expansion = Expansion(space, list(SPINS))
    atoms = primitive.repeat(cells)
    atoms.symbols[::2] = "X"
    calculator = ClusterExpansionCalculator(atoms, expansion)
    ensemble = SemiGrandCanonicalEnsemble(
        atoms, calculator, temperature=THERMAL, boltzmann_constant=1.0, chemical_potentials={"Li": 0.0, "X": 0.0}, random_seed=1
    )
    ensemble.run(200)
    start = time.process_time()
    ensemble.run(PEER_STEPS)
    return PEER_STEPS / (time.process_time() - start)


def _smol(cells: int) -> float:
    from pymatgen.core import Lattice, Structure
    from smol.cofe import ClusterExpansion as Expansion
    from smol.cofe import ClusterSubspace
    from smol.moca import Ensemble, Sampler

    primitive = Structure(Lattice(_host().lattice), [{"Li": 0.5}], [[0, 0, 0]])
    space = ClusterSubspace.from_cutoffs(primitive, cutoffs={2: PAIRS, 3: TRIPLETS}, basis="sinusoid")
    expansion = Expansion(space, np.array([SPINS[k] for k in range(len(SPINS))]) * space.function_total_multiplicities)
    ensemble = Ensemble.from_cluster_expansion(
        expansion, supercell_matrix=np.diag([cells] * 3), chemical_potentials={"Li": 0.0, "Vacancy": 0.0}
    )
    sampler = Sampler.from_ensemble(ensemble, temperature=THERMAL / 8.617333262e-5, seeds=[1])
    occupancy = np.zeros((1, ensemble.num_sites), dtype=np.int32)
    occupancy[0, ::2] = 1
    sampler.run(200, occupancy, thin_by=200)
    start = time.process_time()
    sampler.run(PEER_STEPS, occupancy, thin_by=PEER_STEPS)
    return PEER_STEPS / (time.process_time() - start)


def _clease(cells: int) -> float:
    import os
    import tempfile

    from clease.calculator import attach_calculator
    from clease.montecarlo import SGCMonteCarlo
    from clease.settings import CEBulk, Concentration

    with tempfile.TemporaryDirectory() as folder:
        settings = CEBulk(
            crystalstructure="fcc",
            a=EDGE,
            supercell_factor=8,
            concentration=Concentration(basis_elements=[["Li", "X"]]),
            db_name=os.path.join(folder, "bench.db"),
            max_cluster_dia=[PAIRS, TRIPLETS],
        )
        names = settings.get_all_figures_as_atoms() and settings.all_cf_names
        values = {2: iter(SPINS[2:5]), 3: iter(SPINS[5:])}
        eci = {name: next(values.get(int(name[1]), iter(())), 0.0) for name in sorted(names)}
        atoms = attach_calculator(settings, atoms=settings.prim_cell.repeat(cells), eci=eci)
        atoms.symbols[::2] = "X"
        chain = SGCMonteCarlo(atoms, THERMAL / 8.617333262e-5, symbols=["Li", "X"])
        potential = {name: 0.0 for name in names if name.startswith("c1")}
        chain.run(steps=200, chem_pot=potential)
        start = time.process_time()
        chain.run(steps=PEER_STEPS, chem_pot=potential)
        return PEER_STEPS / (time.process_time() - start)


def _kinetic(cells: int) -> float:
    expansion = ClusterExpansion.given(_host(), (0.0, 0.0, PAIR_SPIN), EDGE / np.sqrt(2) + 0.05)
    barriers = HopBarriers(kinds=(HopKind(name="hop", barrier=BARRIER),), source=Source(kind="assumed", reference="benchmark"))
    model = kinetic_model(expansion, barriers, cells)
    sites = model.lattice.sites
    occupation = np.zeros(sites, dtype=np.int8)
    occupation[np.random.default_rng(0).permutation(sites)[: sites // 2]] = 1
    seconds = []
    # The first call only sums up the rates of all sites: its time is taken off.
    for events in (1, 300_000):
        start = time.process_time()
        walk_from(model, occupation, THERMAL / BOLTZMANN_EV, most_events=events, seed=events)
        seconds.append(time.process_time() - start)
    return 299_999 / max(seconds[1] - seconds[0], 1e-9)


def _clexmonte(cells: int) -> float:
    from benchmarks.peers.clexmonte import events_per_second

    return events_per_second(cells, EDGE, 4 * PAIR_SPIN, BARRIER, THERMAL)


def _nasicon() -> float:
    from ase.io import read

    from scalith.lattice import centred_hop_diffusivity, read_local_cluster_expansion

    folder = shipped("local_cluster_expansion/NaSICON/sites.csv").parent
    atoms = read(folder / "nasicon.cif")
    places = atoms.get_scaled_positions()
    centre = next(k for k, place in enumerate(places) if atoms.symbols[k] == "Na" and np.allclose(place, 0, atol=1e-6))
    expansions = [read_local_cluster_expansion(folder, name, (10.0, 6.0, 0.0)) for name in ("kra", "site")]
    start = time.process_time()
    centred_hop_diffusivity(
        atoms,
        centre,
        *expansions,
        filled=0.75,
        fixed=2 / 3,
        temperatures=[573.0],
        cells=8,
        trajectories=2,
        events=1_000_000,
        seed=1,
    )
    return 2 * 1_200_000 / (time.process_time() - start)


def _kmcpy() -> float:
    import logging
    import tempfile
    import warnings

    from kmcpy.event import EventGenerator, EventLib, HopStateLookup
    from kmcpy.io.cif import load_labeled_structure_from_cif
    from kmcpy.models.composite_lce_model import CompositeLCEModel
    from kmcpy.models.local_cluster_expansion import LocalClusterExpansion
    from kmcpy.simulator.config import Configuration
    from kmcpy.simulator.kmc import KMC
    from kmcpy.simulator.state import State
    from kmcpy.structure.active_site_order import ActiveSiteOrder
    from kmcpy.structure.local_lattice_structure import LocalLatticeStructure

    folder = shipped("local_cluster_expansion/NaSICON/sites.csv").parent
    structure_file, shape, cutoff = str(folder / "nasicon.cif"), (8, 8, 8), 4.0
    mapping = {"Na": ["Na", "X"], "Zr": "Zr", "Si": ["Si", "P"], "O": "O"}
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            template = load_labeled_structure_from_cif(structure_file, primitive=True)
            around = LocalLatticeStructure(
                template_structure=template, center=0, cutoff=cutoff, site_mapping=mapping, exclude_center_site=True
            )
            models = {}
            for name in ("site", "kra"):
                models[name] = LocalClusterExpansion()
                models[name].build(local_lattice_structure=around, cutoff_cluster=[10, 6, 0])
                interactions = np.loadtxt(folder / f"{name}_keci.txt").tolist()
                models[name].set_parameters({"keci": interactions, "empty_cluster": 300.0 if name == "kra" else 0.0})
            with tempfile.NamedTemporaryFile(suffix=".json") as events:
                EventGenerator().generate_events(
                    structure_file=structure_file,
                    convert_to_primitive_cell=False,
                    local_env_cutoff_dict={("Na+", "Na+"): cutoff, ("Na+", "Si4+"): cutoff},
                    mobile_ion_identifiers=("Na1", "Na2"),
                    site_mapping=mapping,
                    distance_matrix_rtol=0.01,
                    distance_matrix_atol=0.01,
                    supercell_shape=list(shape),
                    event_file=events.name,
                )
                library = EventLib.from_file(events.name)
            whole = load_labeled_structure_from_cif(structure_file, primitive=False)
            order = ActiveSiteOrder.from_structure_and_mapping(whole, mapping, supercell_shape=shape)
            structure = order.active_structure()
            random = np.random.default_rng(1)
            first = np.array([0.75 if site.symbol == "Na" else 2 / 3 for site in structure.species])
            occupations = (random.random(len(first)) > first).astype(int).tolist()
            walk = KMC(
                structure=structure,
                model=CompositeLCEModel(site_model=models["site"], kra_model=models["kra"]),
                event_lib=library,
                config=Configuration(mobile_ion_specie="Na", temperature=573.0, attempt_frequency=5e12, site_mapping=mapping),
                simulation_state=State.from_occupations(occupations, active_site_order=order),
                hop_state_lookup=HopStateLookup.from_active_site_order(order, "Na"),
                active_site_order=order,
            )
            walk.rng = random
            for count in (10, 200):
                start = time.process_time()
                for _ in range(count):
                    event, wait = walk.propose(walk.event_lib.events)
                    walk.update(event, dt=wait)
    finally:
        logging.disable(logging.NOTSET)
    return 200 / (time.process_time() - start)


def _lixnio2() -> float:
    expansion = _fitted(electrostatics=False)
    start = time.perf_counter()
    sampled = semi_grand_canonical(expansion, [300.0], np.linspace(-6.5, -5.8, 21), cells=12, sweeps=400, seed=1)
    taken = time.perf_counter() - start
    if float(sampled["x_error"].max()) > 0.002:
        raise RuntimeError(f"error of x is {float(sampled['x_error'].max()):.4f}, above 0.002")
    return taken


def _fitted(electrostatics: bool) -> ClusterExpansion:
    host = read_host(shipped("dft_energies/LixNiO2/smol_lno_prim.json"))
    orderings = map_orderings(host, read_structures(shipped("dft_energies/LixNiO2/smol_lno_entries.json")))
    return fit_cluster_expansion(host, orderings, pair_cutoff=7.0, triplet_cutoff=0.0, electrostatics=electrostatics)


def _electrostatics() -> float:
    model = model_on(_fitted(electrostatics=True), 12)
    occupation = np.zeros(model.sites, dtype=np.int8)
    occupation[::2] = 1
    sweeps = 400
    filled, energies = np.empty((1, sweeps)), np.empty((1, sweeps))
    # The potential at which a random half filling would stay: x near 0.5, many accepted.
    field = np.empty(model.sites)
    compute_fields(model.tables, occupation, field)
    state = np.full(1, 0.0517), np.full(1, float(field.mean()))
    start = time.process_time()
    semi_grand_canonical_chain(model.tables, model.exchanged, occupation, *state, sweeps, np.uint64(2), filled, energies)
    return sweeps * model.sites / (time.process_time() - start)


def _coupled() -> float:
    sites = (
        HostSite(position=(0.0, 0.0, 0.0), species=("Li", "vacancy"), charges=(1.0, 0.0)),
        HostSite(position=(0.5, 0.5, 0.5), species=("Fe2+", "Fe3+"), charges=(2.0, 3.0)),
        HostSite(position=(0.25, 0.25, 0.25), species=("O3-",), charges=(-3.0,)),
    )
    host = Host(name="coupled", working_ion="Li", lattice=_host().lattice, sites=sites)
    orbits = decorated_orbits(host, EDGE + 0.01)
    values = tuple(0.01 * (-1.0) ** k if orbit.order > 1 else 0.0 for k, orbit in enumerate(orbits))
    source = Source(kind="assumed", reference="benchmark")
    model = species_model(SpeciesExpansion(host=host, orbits=orbits, interactions=values, source=source), 16)
    codes = model.arranged([[model.cells // 2] * 2] * 2, np.random.default_rng(0))
    chain = (model.tables, model.grouped, model.starts, model.steps, codes, np.full(1, THERMAL), np.zeros(1))
    sweeps = 100
    out = np.empty((1, sweeps)), np.empty((1, sweeps))
    species_chain(*chain, 2, np.uint64(1), out[0][:, :2].copy(), out[1][:, :2].copy())
    start = time.process_time()
    species_chain(*chain, sweeps, np.uint64(2), *out)
    return sweeps * len(codes) / (time.process_time() - start)


def _mapping(count: int) -> float:
    """Orderings as relaxations leave them: 1 % of strain, 0.05 Å of displacement, any orientation, vectors that nobody chose."""
    from ase import Atoms
    from scipy.spatial.transform import Rotation

    host = read_host(shipped("dft_energies/LixCoO2_chgnet/LixCoO2_prim.json"))
    random = np.random.default_rng(0)
    structures = []
    for number in range(count):
        cells = int(random.integers(1, 10))
        forms = hermite_normal_forms(cells)
        supercell = forms[int(random.integers(len(forms)))]
        offsets = lattice_cells(supercell)
        filled = random.random(len(offsets)) < 0.5
        symbols, places = [], []
        for site in host.sites:
            there = offsets[filled] if site.active else offsets
            symbols += [element_of(site.species[0])] * len(there)
            places.append((there + np.array(site.position)) @ host.cell)
        bent = (np.eye(3) + 0.01 * random.standard_normal((3, 3))) @ Rotation.random(None, random).as_matrix()
        positions = (np.concatenate(places) + 0.05 * random.standard_normal((len(symbols), 3))) @ bent
        sheared = np.array([[1, 0, 0], [random.integers(-4, 5), 1, 0], [random.integers(-4, 5), random.integers(-4, 5), 1]])
        atoms = Atoms(symbols, positions=positions, cell=sheared @ supercell @ host.cell @ bent, pbc=True)
        atoms.wrap()
        structures.append(ComputedStructure(atoms, -float(number), f"made {number}"))
    start = time.process_time()
    found = map_orderings(host, StructureSet(tuple(structures)), repeated="all")
    taken = time.process_time() - start
    if found.sizes["structure"] != count:
        raise RuntimeError(f"{found.sizes['structure']} of {count} map: {found['rejected_reason'].values[:1]}")
    return taken


def _variance_constrained() -> float:
    expansion = _fitted(electrostatics=False)
    start = time.perf_counter()
    variance_constrained(expansion, [300.0], np.linspace(0.1, 0.9, 9), cells=12, sweeps=400, seed=1)
    return time.perf_counter() - start


def _phase_diagram() -> float:
    start = time.perf_counter()
    phase_diagram(_expansion(), np.linspace(100.0, 500.0, 9), cells=8, sweeps=150, seed=1)
    return time.perf_counter() - start


def _setup() -> float:
    start = time.process_time()
    model_on(_expansion(), 20)
    return time.process_time() - start


__all__ = ["rows"]
