r"""L08: Detailed balance of every event

[E] For each hop possible in random configurations of an interacting model (pairs, triplets, two mechanisms), the
rates forward and back obey $k_{AB}/k_{BA} = e^{-(E_B-E_A)/kT}$ to 1e-12, with energies computed afresh from the
cluster expansion; so do hops in which an ion pushes its neighbour on to the next site. And where kinetic
Monte Carlo runs long, ions sit on the two kinds of sites of an inequivalent pair of sublattices as canonical
Monte Carlo puts them.
"""

import numpy as np

from scalith.crystal import Host, HostSite
from scalith.lattice import ClusterExpansion, HopBarriers, HopKind
from scalith.lattice.hopping.kinetic_model import KineticModel, kinetic_model
from scalith.lattice.hopping.walks import walk_from
from scalith.lattice.kernels.fields import compute_fields
from scalith.lattice.kernels.kinetic import HopTables, hop_rates
from scalith.lattice.sampling.canonical import equilibrium_configurations
from scalith.quantities import Source
from scalith.quantities.constants import BOLTZMANN_EV
from validation.record import Record


def triangular_model() -> tuple[ClusterExpansion, HopBarriers]:
    """Triangular layers with pairs and triplets, and a lower barrier beside a second vacancy."""
    rows = ((3.0, 0.0, 0.0), (1.5, 1.5 * np.sqrt(3.0), 0.0), (0.0, 0.0, 5.0))
    host = Host(
        name="layers",
        working_ion="Li",
        lattice=rows,
        sites=(HostSite(position=(0, 0, 0), species=("Li", "vacancy"), charges=(1, 0)),),
    )
    count = len(ClusterExpansion.orbits_of(host, 5.3, 3.1))
    values = tuple(np.random.default_rng(1).normal(0.0, 0.015, count))
    kinds = (
        HopKind(name="single", barrier=0.45, vacant_neighbours=(0, 0)),
        HopKind(name="pair", barrier=0.2, vacant_neighbours=(1, 99)),
    )
    return ClusterExpansion.given(host, values, 5.3, 3.1), HopBarriers(
        kinds=kinds, source=Source(kind="assumed", reference="a model")
    )


def two_site_model() -> tuple[ClusterExpansion, HopBarriers]:
    """A cubic host with two inequivalent sites, 0.016 eV apart, that repel each other as neighbours."""
    rows = ((4.0, 0.0, 0.0), (0.0, 4.0, 0.0), (0.0, 0.0, 4.0))
    sites = (
        HostSite(position=(0.0, 0.0, 0.0), species=("Li", "vacancy"), charges=(1, 0)),
        HostSite(position=(0.5, 0.5, 0.5), species=("Li", "vacancy"), charges=(1, 0)),
        HostSite(position=(0.5, 0.0, 0.0), species=("O",), charges=(-2,)),
    )
    host = Host(name="two kinds of sites", working_ion="Li", lattice=rows, sites=sites)
    orbits = ClusterExpansion.orbits_of(host, 3.6)
    values = tuple(
        0.0 if o.order == 0 else (0.004 if o.clusters[0][0][0] == 0 else -0.004) if o.order == 1 else 0.006 for o in orbits
    )
    hops = HopBarriers(kinds=(HopKind(name="hop", barrier=0.25),), source=Source(kind="assumed", reference="a model"))
    return ClusterExpansion.given(host, values, 3.6), hops


def pushing_model() -> tuple[ClusterExpansion, HopBarriers]:
    """The triangular layers with hops in which an ion pushes its neighbour on, besides hops of one ion."""
    expansion, single = triangular_model()
    pushing = HopKind(name="pushing", barrier=0.3, distance=3.0, ions=2)
    return expansion, HopBarriers(kinds=(*single.kinds, pushing), source=single.source)


def rates_of(model: KineticModel, occupation: np.ndarray, kT: float) -> np.ndarray:
    """Rates of all hops of a configuration, shape (sites, hops), s⁻¹."""
    rates = np.zeros((occupation.size, model.most_hops))
    hop_rates(model.lattice.tables, model.hops, occupation, model.frequency, kT, rates)
    return rates


def last_way(hops: HopTables, h: int) -> np.ndarray:
    """The way by which the hop's last ion reaches the target: the way back starts with it."""
    return hops.first_vector[h] if hops.through[h] < 0 else hops.second_vector[h]


def worst_imbalance(model: KineticModel, occupation: np.ndarray, kT: float) -> tuple[float, int]:
    """Largest |ln(k_AB/k_BA) + (E_B − E_A)/kT| over the hops of a configuration, and how many there are."""
    tables, hops = model.lattice.tables, model.hops
    field = np.empty(occupation.size)
    forward = rates_of(model, occupation, kT)
    before = compute_fields(tables, occupation, field)
    worst, count = 0.0, 0
    for i, h in np.argwhere(forward > 0):
        first = hops.start[i % tables.sublattices]
        j = int(tables.neighbours[i, hops.target[first + h]])
        moved = occupation.copy()
        moved[i], moved[j] = 0, 1
        backward = rates_of(model, moved, kT)
        change = compute_fields(tables, moved, field) - before
        start_j = hops.start[j % tables.sublattices]
        back = [
            k
            for k in range(hops.start[j % tables.sublattices + 1] - start_j)
            if np.allclose(hops.vector[start_j + k], -hops.vector[first + h])
            and np.allclose(hops.first_vector[start_j + k], -last_way(hops, first + h))
        ]
        worst = max(worst, abs(np.log(forward[i, h] / backward[j, back[0]]) + change / kT))
        count += 1
    return worst, count


def run(record: Record) -> None:
    rng = np.random.default_rng(3)
    kT = BOLTZMANN_EV * 300.0
    for name, (expansion, hops), cells in (
        ("layers", triangular_model(), (6, 6, 2)),
        ("two kinds of sites", two_site_model(), (4, 4, 4)),
        ("hops of two ions", pushing_model(), (6, 6, 2)),
    ):
        model = kinetic_model(expansion, hops, cells)
        worst, count = 0.0, 0
        for share in (0.3, 0.6):
            occupation = (rng.random(model.lattice.sites) < share).astype(np.int8)
            found, number = worst_imbalance(model, occupation, kT)
            worst, count = max(worst, found), count + number
        record.check_at_most(f"imbalance of {count} hops, {name}", limit=1e-12, found=worst)

    expansion, hops = two_site_model()
    model = kinetic_model(expansion, hops, (6, 6, 6))
    ions = 130
    starts = equilibrium_configurations(model.lattice, ions, 300.0, 60, np.random.SeedSequence(1))
    sampled = np.array([configuration[0::2].sum() / ions for configuration in starts])
    walked = []
    for k in range(60):
        # From an unlikely start: all ions on the site of higher energy.
        occupation = np.zeros(2 * 6**3, dtype=np.int8)
        occupation[1::2][rng.permutation(6**3)[:ions]] = 1
        walk_from(model, occupation, 300.0, most_events=20 * ions, seed=k + 1)
        walked.append(occupation[0::2].sum() / ions)
    error = np.hypot(sampled.std(ddof=1), np.std(walked, ddof=1)) / np.sqrt(60)
    record.check("share of ions on the first kind of site", expected=sampled.mean(), found=np.mean(walked), tolerance=4 * error)
