r"""L06: Tracer correlation factors in the vacancy limit

[E] One vacancy among ions that hop with equal rates: after its hop an ion is more likely to hop back than on, so that its mean
square displacement is $f$ times that of uncorrelated hops. The exact values depend on the lattice alone (Montet 1973,
DOI 10.1103/PhysRevB.7.650; Le Claire 1970): square 0.466942, triangular 0.560057, simple cubic 0.653109, bcc 0.727194, fcc
0.781451, diamond 1/2, honeycomb 1/3. Kinetic Monte Carlo with a single vacancy must give them. On N sites the
vacancy's returns from all sides add a term of order 1/N, far below the tolerance here.
"""

import numpy as np

from scalith.crystal import Host, HostSite
from scalith.lattice import ClusterExpansion, HopBarriers, HopKind, kinetic_monte_carlo
from scalith.quantities import Source
from validation.record import Record

LONG = True

S3 = np.sqrt(3.0)
CUBES = {
    "simple cubic": [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)],
    "bcc": [(-0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0.5, 0.5, -0.5)],
    "fcc": [(0.0, 0.5, 0.5), (0.5, 0.0, 0.5), (0.5, 0.5, 0.0)],
}


def lattice(kind: str) -> tuple[Host, float]:
    """A host of one species on a lattice with cube edge (or plane vector) 4 Å, and its nearest distance."""
    places = [(0.0, 0.0, 0.0)]
    if kind in CUBES:
        rows = CUBES[kind]
        nearest = {"simple cubic": 1.0, "bcc": S3 / 2, "fcc": np.sqrt(0.5)}[kind]
    elif kind == "diamond":
        rows, places, nearest = CUBES["fcc"], [(0.0, 0.0, 0.0), (0.25, 0.25, 0.25)], S3 / 4
    elif kind == "square":
        rows, nearest = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 6.0)], 1.0
    else:
        rows, nearest = [(1.0, 0.0, 0.0), (0.5, S3 / 2, 0.0), (0.0, 0.0, 6.0)], 1.0
        if kind == "honeycomb":
            places, nearest = [(1 / 3, 1 / 3, 0.0), (2 / 3, 2 / 3, 0.0)], 1 / S3
    scaled = tuple(tuple(4.0 * value for value in row) for row in rows)
    sites = tuple(HostSite(position=place, species=("Li", "vacancy"), charges=(1.0, 0.0)) for place in places)
    return Host(name=kind, working_ion="Li", lattice=scaled, sites=sites), 4.0 * nearest


def free_gas(kind: str) -> tuple[ClusterExpansion, HopBarriers]:
    """The lattice without interactions, and hops to nearest neighbours."""
    host, nearest = lattice(kind)
    still = ClusterExpansion.given(host, (0.0,) * len(ClusterExpansion.orbits_of(host, nearest + 0.05)), nearest + 0.05)
    hops = HopBarriers(
        kinds=(HopKind(name="hop", barrier=0.3, distance=nearest),), source=Source(kind="assumed", reference="equal hops")
    )
    return still, hops


EXACT = {
    "square": 0.466942,
    "triangular": 0.560057,
    "simple cubic": 0.653109,
    "bcc": 0.727194,
    "fcc": 0.781451,
    "diamond": 0.5,
    "honeycomb": 1.0 / 3.0,
}


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    found = {}
    for kind, exact in EXACT.items():
        expansion, hops = free_gas(kind)
        plane = kind in ("square", "triangular", "honeycomb")
        cells = (24, 24, 1) if plane else (8, 8, 8)
        sites = int(np.prod(cells)) * len(expansion.host.active)
        result = kinetic_monte_carlo(
            expansion, hops, x=[1 - 1 / sites], temperatures=[600.0], cells=cells, trajectories=60, events=60 * sites, seed=6
        )
        factor, error = (float(result[name][0, 0]) for name in ("correlation_factor", "correlation_factor_error"))
        found[kind] = (factor, error)
        record.check(f"f, {kind}", expected=exact, found=factor, tolerance=0.015 * exact)
        record.check_at_most(f"deviation of f in standard errors, {kind}", limit=4.0, found=abs(factor - exact) / error)
    figure, axes = plt.subplots(figsize=(5, 4))
    for kind, (factor, error) in found.items():
        axes.errorbar(EXACT[kind], factor, error, fmt="o", label=kind)
    axes.plot([0.3, 0.8], [0.3, 0.8], "k--")
    axes.set(xlabel="exact f", ylabel="kinetic Monte Carlo")
    axes.legend(fontsize=7)
    record.figure("Correlation factors of a single vacancy.", figure)
