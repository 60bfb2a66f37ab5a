"""Hops of the working ion: between which sites, over which barrier, in which surroundings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from scalith.crystal.supercells import LatticeSite
from scalith.lattice.expansion.cluster_space import neighbours_within, shifted
from scalith.lattice.expansion.hop_surroundings import images_of_hop
from scalith.lattice.expansion.local_cluster_expansion import LocalClusterExpansion
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
    barrier_full : float or None
        The same in the full host: between `barrier`, then that of the empty one, and this it is linear in the stoichiometry of
        the simulated box. None: `barrier` at every stoichiometry.
    distance : float or None
        Hop length, Å (matched within 0.05 Å); without it the distance of nearest sites.
    vacant_neighbours : (int, int)
        Least and greatest number of vacant sites among the common neighbours of both ends (sites at the hop's length from
        either) for which this mechanism applies.
    direction : (int, int, int) or None
        Only hops along this direction of the lattice, in steps of its vectors, in either sense: (0, 1, 0) for the channels of
        an olivine. Within one degree.
    ions : 1 or 2
        How many ions move at once. With 2 an ion pushes its neighbour on to the next, vacant, site and takes its place
        (interstitialcy, concerted hop); both move by `distance`.
    span : float or None
        For two ions, from the site that empties to the site that fills, Å: tells straight from bent paths. None: all paths.
    surroundings : LocalClusterExpansion or None
        The barrier as a function of which sites around the hop are filled (`scalith.lattice.fit_hop_barriers`), for all hops that
        symmetry makes of its own; `barrier` is then the mean of the fitted ones and enters nowhere.
    """

    name: str
    barrier: Annotated[float, SI("eV"), Field(ge=0.0, le=20.0)]
    barrier_full: Annotated[float, SI("eV"), Field(ge=0.0, le=20.0)] | None = None
    distance: Annotated[float, Field(gt=0.0)] | None = None
    vacant_neighbours: tuple[int, int] = (0, 99)
    direction: tuple[int, int, int] | None = None
    ions: Literal[1, 2] = 1
    span: Annotated[float, Field(gt=0.0)] | None = None
    surroundings: LocalClusterExpansion | None = None


class HopBarriers(Spec):
    """All mechanisms of a host.

    Attributes
    ----------
    kinds : tuple of HopKind
        For each hop length they must cover every number of vacant common neighbours once.
    attempt_frequency : float
        s⁻¹.
    barrier_error : float
        Standard error that all barriers share, eV. It moves every diffusivity by a factor of exp(±error/kT): a part called
        ``"barriers"`` of the errors of diffusivities, and drawn once for all barriers of a member of an ensemble.
    source : Source
        The paper or calculation the barriers are from.
    """

    kinds: Annotated[tuple[HopKind, ...], Field(min_length=1)]
    attempt_frequency: Annotated[float, SI("s-1"), Field(gt=0.0)] = 1e13
    barrier_error: Annotated[float, SI("eV"), Field(ge=0.0)] = 0.0
    source: Source

    @model_validator(mode="after")
    def _cover(self) -> Self:
        for kind in self.kinds:
            low, high = kind.vacant_neighbours
            if not 0 <= low <= high:
                raise ValueError(f"vacant_neighbours of {kind.name!r} from low to high, not {low} to {high}")
            if kind.direction == (0, 0, 0):
                raise ValueError(f"direction of {kind.name!r} must not be zero")
            if kind.ions == 2 and (low, high) != (0, 99):
                raise ValueError(f"{kind.name!r} moves two ions: vacant_neighbours tell apart hops of one ion only")
            if kind.surroundings is not None and (
                kind.surroundings.hop is None or kind.ions == 2 or kind.barrier_full is not None or (low, high) != (0, 99)
            ):
                raise ValueError(
                    f"{kind.name!r}: surroundings are those of a hop of one ion on a host's lattice, without vacant_neighbours "
                    "and barrier_full"
                )
            if kind.ions == 1 and kind.span is not None:
                raise ValueError(f"{kind.name!r} moves one ion: span tells apart hops of two ions only")
        return self

    @property
    def depend_on_stoichiometry(self) -> bool:
        """Whether some barrier differs between the empty and the full host."""
        return any(kind.barrier_full is not None for kind in self.kinds)

    def drawn(self, numbers: np.random.Generator, *, stated_only: bool = False) -> Self:
        """A member: all barriers moved by one normal number times `barrier_error`, beside errors of their own."""
        member = super().drawn(numbers, stated_only=stated_only)
        if not self.barrier_error:
            return member
        shift = self.barrier_error * numbers.standard_normal()
        kinds = []
        for kind in member.kinds:
            moved: dict[str, Any] = {} if kind.barrier_full is None else {"barrier_full": kind.barrier_full + shift}
            if (around := kind.surroundings) is not None:
                moved["surroundings"] = around.model_copy(update={"constant": around.constant + shift})
            kinds.append(HopKind.read(dict(kind) | {"barrier": kind.barrier + shift} | moved, f"a member of hop {kind.name!r}"))
        return member.model_copy(update={"kinds": tuple(kinds), "barrier_error": 0.0})

    def at(self, stoichiometry: float) -> HopBarriers:
        """The barriers in a box of this stoichiometry."""
        if not self.depend_on_stoichiometry:
            return self
        kinds = []
        for kind in self.kinds:
            full = kind.barrier if kind.barrier_full is None else kind.barrier_full
            barrier = (1.0 - stoichiometry) * kind.barrier + stoichiometry * full
            kinds.append(kind.model_copy(update={"barrier": barrier, "barrier_full": None}))
        return self.model_copy(update={"kinds": tuple(kinds)})

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


Vector = tuple[float, float, float]


class Hop(NamedTuple):
    """One hop out of a sublattice.

    Attributes
    ----------
    target : LatticeSite
        Must be vacant.
    vector : Vector
        To the target, Cartesian, Å.
    watched : tuple of LatticeSite
        Sites whose vacancies decide the barrier.
    barriers : tuple of float
        eV, by number of vacant watched sites.
    through : LatticeSite or None
        Site in between, whose ion moves on to the target.
    first : Vector
        To the site in between, or to the target.
    local : tuple of (sites, energy)
        What sets of filled sites around the hop add to the barrier, eV.
    """

    target: LatticeSite
    vector: Vector
    watched: tuple[LatticeSite, ...]
    barriers: tuple[float, ...]
    through: LatticeSite | None
    first: Vector
    local: tuple[tuple[tuple[LatticeSite, ...], float], ...] = ()


def hops_of(host: Host, barriers: HopBarriers) -> list[list[Hop]]:
    """For each sublattice its hops.

    Raises
    ------
    InputError
        Barriers that depend on the stoichiometry (take those `at` one), a hop kind that matches no sites, or a number of vacant
        neighbours that is covered by no mechanism or by two.
    """
    if barriers.depend_on_stoichiometry:
        raise InputError(
            "hop barriers",
            "barrier_full",
            "barriers that depend on the stoichiometry",
            "those at one stoichiometry (barriers.at)",
        )
    working = set(host.working.tolist())
    nearest = _nearest(host)
    near = neighbours_within(host, max([kind.distance or nearest for kind in barriers.kinds]) + 0.05)
    matched: set[str] = set()
    around = {
        kind.name: images_of_hop(host, *kind.surroundings.hop)
        for kind in barriers.kinds
        if kind.surroundings is not None and kind.surroundings.hop is not None
    }

    def fitting(s: int, ions: int) -> Iterator[tuple[LatticeSite, float, Vector, list[HopKind]]]:
        """Sites that an ion of sublattice s reaches, with the kinds whose length and direction fit."""
        for site, length in near[s] if s in working else []:
            if site[0] not in working:
                continue
            vector = _vector(host, s, site)
            kinds = [
                kind
                for kind in barriers.kinds
                if kind.ions == ions and abs(length - (kind.distance or nearest)) <= 0.05 and _along(host, kind, vector)
                if kind.surroundings is None or (s, site) in around[kind.name]
            ]
            if kinds:
                yield site, length, vector, kinds

    result: list[list[Hop]] = []
    for s in range(len(near)):
        hops: list[Hop] = []
        for site, length, vector, kinds in fitting(s, 1):
            matched.update(kind.name for kind in kinds)
            if kinds[0].surroundings is not None:
                if len(kinds) > 1:
                    raise InputError("hop barriers", "kinds", [kind.name for kind in kinds], f"one kind for a {length:.3f} Å hop")
                constant, local = _local(kinds[0].surroundings, around[kinds[0].name][s, site])
                hops.append(Hop(site, vector, (), (constant,), None, vector, local))
                continue
            watched = _common_neighbours(near, s, site, length)
            energies = tuple(_barrier(kinds, vacant, length) for vacant in range(len(watched) + 1))
            if len(set(energies)) == 1:
                watched, energies = (), energies[:1]
            hops.append(Hop(site, vector, watched, energies, None, vector))
        for between, _, vector, kinds in fitting(s, 2):
            for onward, _, second, others in fitting(between[0], 2):
                site = shifted(onward, between)
                whole = (vector[0] + second[0], vector[1] + second[1], vector[2] + second[2])
                span = float(np.linalg.norm(whole))
                both = [kind for kind in kinds if kind in others and (kind.span is None or abs(kind.span - span) <= 0.05)]
                if site == (s, 0, 0, 0) or not both:
                    continue
                if len(both) > 1:
                    raise InputError(
                        "hop barriers", "kinds", [kind.name for kind in both], f"one kind for a span of {span:.3f} Å"
                    )
                matched.add(both[0].name)
                hops.append(Hop(site, whole, (), (both[0].barrier,), between, vector))
        result.append(hops)
    for kind in barriers.kinds:
        if kind.name not in matched:
            found = f"distance {kind.distance} Å, direction {kind.direction}, span {kind.span}"
            raise InputError("hop barriers", kind.name, found, f"the distance of two sites of {host.working_ion} along it")
    return result


def _local(
    expansion: LocalClusterExpansion, image: Callable[[LatticeSite], LatticeSite]
) -> tuple[float, tuple[tuple[tuple[LatticeSite, ...], float], ...]]:
    """Barrier of a hop with nothing around it, and what sets of filled sites around this image of the hop add to it."""
    constant, terms = expansion.by_filled()
    if any(len(part) > 3 for part in terms):
        raise InputError("hop barriers", "surroundings", "quadruplets", "points, pairs and triplets of sites")
    return constant, tuple((tuple(image(expansion.sites[k]) for k in part), value) for part, value in terms.items())


def _vector(host: Host, s: int, site: LatticeSite) -> Vector:
    x, y, z = (np.array(site[1:]) + host.positions[host.active[site[0]]] - host.positions[host.active[s]]) @ host.cell
    return float(x), float(y), float(z)


def _along(host: Host, kind: HopKind, vector: Vector) -> bool:
    if kind.direction is None:
        return True
    wanted = np.array(kind.direction) @ host.cell
    cosine = abs(float(wanted @ np.array(vector))) / (np.linalg.norm(wanted) * np.linalg.norm(vector))
    return bool(cosine > np.cos(np.radians(1.0)))


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
    from_target = {shifted(site, target) for site, distance in near[target[0]] if abs(distance - length) <= 0.05}
    return tuple(sorted(around & from_target))


def _barrier(kinds: list[HopKind], vacant: int, length: float) -> float:
    fitting = [kind for kind in kinds if kind.vacant_neighbours[0] <= vacant <= kind.vacant_neighbours[1]]
    if len(fitting) != 1:
        found = f"{len(fitting)} mechanisms for {vacant} vacant common neighbours of a {length:.3f} Å hop"
        raise InputError("hop barriers", "kinds", found, "exactly one")
    return fitting[0].barrier
