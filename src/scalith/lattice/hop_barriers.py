"""Hops of the working ion: between which sites, over which barrier, in which surroundings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from scalith.lattice.cluster_space import LatticeSite, neighbours_within
from scalith.quantities import SI, InputError, Source, Spec

if TYPE_CHECKING:
    from scalith.crystal import Host


class HopKind(Spec):
    """One mechanism.

    Attributes
    ----------
    name : str
    barrier : float
        Kinetically resolved activation energy: the saddle point above the mean of the two end states, eV.
    distance : float or None
        Hop length, Å (matched within 0.05 Å); without it the distance of nearest sites.
    vacant_neighbours : (int, int)
        Least and greatest number of vacant sites among the common neighbours of both ends (sites at the hop's length from
        either) for which this mechanism applies.
    """

    name: str
    barrier: Annotated[float, Field(ge=0.0, le=20.0)]
    distance: Annotated[float, Field(gt=0.0)] | None = None
    vacant_neighbours: tuple[int, int] = (0, 99)


class HopBarriers(Spec):
    """All mechanisms of a host.

    Attributes
    ----------
    kinds : tuple of HopKind
        For each hop length they must cover every number of vacant common neighbours once.
    attempt_frequency : float
        s⁻¹.
    source : Source
        The paper or calculation the barriers are from.
    """

    kinds: Annotated[tuple[HopKind, ...], Field(min_length=1)]
    attempt_frequency: Annotated[float, SI("s-1"), Field(gt=0.0)] = 1e13
    source: Source

    @model_validator(mode="after")
    def _cover(self) -> Self:
        for kind in self.kinds:
            low, high = kind.vacant_neighbours
            if not 0 <= low <= high:
                raise ValueError(f"vacant_neighbours of {kind.name!r} from low to high, not {low} to {high}")
        return self

    @classmethod
    def layered(
        cls, single_vacancy: float = 0.672, divacancy: float = 0.300, attempt_frequency: float = 1e13, note: str = ""
    ) -> HopBarriers:
        """Hops within the layers of an O3 host.

        Along the oxygen edge when both common neighbours are filled, else through the tetrahedron.

        Defaults are those of Li in LixCoO2 (Van der Ven, Ceder 2001, DOI 10.1016/S0378-7753(01)00638-3).
        """
        reference = "A. Van der Ven, G. Ceder, J. Power Sources 97–98 (2001) 529, DOI 10.1016/S0378-7753(01)00638-3: LixCoO2"
        return cls(
            kinds=(
                HopKind(name="single vacancy", barrier=single_vacancy, vacant_neighbours=(0, 0)),
                HopKind(name="divacancy", barrier=divacancy, vacant_neighbours=(1, 99)),
            ),
            attempt_frequency=attempt_frequency,
            source=Source(kind="published", reference=reference, note=note),
        )


class Hop:
    """One hop out of a sublattice: target, Cartesian vector, watched sites, barrier by number of vacant watched sites."""

    __slots__ = ("barriers", "target", "vector", "watched")

    def __init__(
        self,
        target: LatticeSite,
        vector: tuple[float, float, float],
        watched: tuple[LatticeSite, ...],
        barriers: tuple[float, ...],
    ):
        self.target, self.vector, self.watched, self.barriers = target, vector, watched, barriers


def hops_of(host: Host, barriers: HopBarriers) -> list[list[Hop]]:
    """For each sublattice its hops.

    Raises
    ------
    InputError
        A hop length matches no pair of sites, or a number of vacant neighbours is covered by no mechanism or by two.
    """
    working = set(host.working.tolist())
    cutoff = max([kind.distance or 0.0 for kind in barriers.kinds] + [_nearest(host)]) + 0.05
    near = neighbours_within(host, cutoff)
    result: list[list[Hop]] = []
    matched: set[str] = set()
    for s, items in enumerate(near):
        hops: list[Hop] = []
        candidates = [(site, length) for site, length in items if s in working and site[0] in working]
        for site, length in candidates:
            kinds = [kind for kind in barriers.kinds if abs(length - (kind.distance or _nearest(host))) <= 0.05]
            if not kinds:
                continue
            matched.update(kind.name for kind in kinds)
            watched = _common_neighbours(near, s, site, length)
            vector = (np.array(site[1:]) + host.positions[host.active[site[0]]] - host.positions[host.active[s]]) @ host.cell
            energies = tuple(_barrier(kinds, vacant, length) for vacant in range(len(watched) + 1))
            if len(set(energies)) == 1:
                watched, energies = (), energies[:1]
            hops.append(Hop(site, (float(vector[0]), float(vector[1]), float(vector[2])), watched, energies))
        result.append(hops)
    for kind in barriers.kinds:
        if kind.name not in matched:
            raise InputError(
                "hop barriers", kind.name, f"distance {kind.distance} Å", f"the distance of two sites of {host.working_ion}"
            )
    return result


def _nearest(host: Host) -> float:
    working = set(host.working.tolist())
    cutoff = 3.0
    while cutoff < 50.0:
        lengths = [
            length
            for s, items in enumerate(neighbours_within(host, cutoff))
            if s in working
            for site, length in items
            if site[0] in working
        ]
        if lengths:
            return min(lengths)
        cutoff *= 1.5
    raise InputError("hop barriers", "host", host.name, "sites of the working ion within 50 Å of each other")


def _common_neighbours(
    near: list[list[tuple[LatticeSite, float]]], s: int, target: LatticeSite, length: float
) -> tuple[LatticeSite, ...]:
    around = {site for site, distance in near[s] if abs(distance - length) <= 0.05}
    from_target = {
        (site[0], site[1] + target[1], site[2] + target[2], site[3] + target[3])
        for site, distance in near[target[0]]
        if abs(distance - length) <= 0.05
    }
    return tuple(sorted(around & from_target))


def _barrier(kinds: list[HopKind], vacant: int, length: float) -> float:
    fitting = [kind for kind in kinds if kind.vacant_neighbours[0] <= vacant <= kind.vacant_neighbours[1]]
    if len(fitting) != 1:
        found = f"{len(fitting)} mechanisms for {vacant} vacant common neighbours of a {length:.3f} Å hop"
        raise InputError("hop barriers", "kinds", found, "exactly one")
    return fitting[0].barrier
