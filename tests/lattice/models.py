"""Small hosts and expansions that several tests share."""

from __future__ import annotations

from scalith.crystal import Host, HostSite
from scalith.lattice import ClusterExpansion, HopBarriers, HopKind
from scalith.quantities import Source

FCC = ((0.0, 2.0, 2.0), (2.0, 0.0, 2.0), (2.0, 2.0, 0.0))
SQUARE = ((3.0, 0.0, 0.0), (0.0, 3.0, 0.0), (0.0, 0.0, 20.0))


def host(rows=FCC, places=((0.0, 0.0, 0.0),)):
    sites = tuple(HostSite(position=place, species=("Li", "vacancy"), charges=(1.0, 0.0)) for place in places)
    return Host(name="model", working_ion="Li", lattice=rows, sites=sites)


def fcc_model(pairs=(0.01, -0.004, 0.002), triplet=0.003):
    """Three pair shells and the nearest triplet on fcc."""
    return ClusterExpansion.given(host(), (-1.0, 0.2, *pairs, triplet), 4.95, 2.9)


def square_model():
    """Repulsive nearest, attractive next-nearest pairs on the square lattice."""
    return ClusterExpansion.given(host(SQUARE), (-1.0, -0.5, 0.012, -0.004), 4.3)


def hops(barrier=0.3):
    return HopBarriers(kinds=(HopKind(name="hop", barrier=barrier),), source=Source(kind="assumed", reference="equal hops"))
