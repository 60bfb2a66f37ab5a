"""Barriers of hops by their surroundings, fitted to the user's own nudged elastic bands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scalith.crystal.supercells import periodic_keys
from scalith.lattice.expansion.cluster_space import positions_of, relative, shifted
from scalith.lattice.expansion.hop_surroundings import hop_surroundings, images_of_hop
from scalith.lattice.expansion.local_cluster_expansion import LocalClusterExpansion
from scalith.lattice.expansion.regression import Method, fit
from scalith.lattice.hopping.hop_barriers import HopBarriers, HopKind
from scalith.quantities import InputError, Source, predicted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scalith.crystal import Host, MappedHop
    from scalith.crystal.supercells import LatticeSite
    from scalith.lattice.expansion.local_cluster_expansion import SiteSets


def fit_hop_barriers(
    host: Host,
    hops: Sequence[MappedHop],
    *,
    reach: float,
    pair_cutoff: float = 0.0,
    triplet_cutoff: float = 0.0,
    method: Method = "ridge",
    attempt_frequency: float = 1e13,
    source: Source | None = None,
) -> HopBarriers:
    """Local cluster expansions of the kinetically resolved barriers of all distinct hops.

    The barrier above the mean of both ends is E₀ + Σ_α K_α Σ_c Π σ over the sites around the hop, σ = ±1 for filled and vacant
    (`LocalClusterExpansion`), sets of sites that the symmetry of the hop makes of each other having one K. It is the same there
    and back, so that rates with the end-state energies of a cluster expansion are in detailed balance.

    Parameters
    ----------
    host : Host
    hops : sequence of MappedHop
        From `scalith.crystal.map_hops`.
    reach : float
        Distance from the middle of a hop within which sites count, Å.
    pair_cutoff, triplet_cutoff : float
        Longest distance within pairs and triplets of them, Å; 0 leaves an order out.
    method : {"ridge", "ard", "bayesian"}
        See `scalith.lattice.expansion.regression.fit`.
    attempt_frequency : float
        s⁻¹.
    source : Source, optional
        Of the bands; its files become those of the barriers.

    Returns
    -------
    HopBarriers
        One kind a distinct hop, longest last. ``barrier_error``: the leave-one-out error of all fits together. A hop with one
        band has that band's barrier whatever is around it, which the source notes, as it does bands that are left out: those in
        cells so narrow that sites within `reach` are images of each other or of the hop's ends.

    Raises
    ------
    InputError
        No hop; a barrier that is not positive; a hop whose bands are all in narrow cells.
    """
    if not hops:
        raise InputError("hop barriers", "hops", "none", "one nudged elastic band or more")
    classes = _classes(host, hops)
    kinds, errors, notes, bands = [], [], [], 0
    for number, (rep, every) in enumerate(classes, start=1):
        name = f"hop {number}" if len(classes) > 1 else "hop"
        surroundings = hop_surroundings(host, *rep, reach, pair_cutoff, triplet_cutoff)
        if not surroundings[0]:
            raise InputError("hop barriers", "reach", reach, "a distance from the middle of the hop within which sites lie")
        # One band alone is taken for all surroundings, whatever they are in its cell.
        wide = [len(every) == 1 or _is_wide(host, rep, hop, surroundings[0]) for hop in every]
        members = [hop for hop, fits in zip(every, wide, strict=True) if fits]
        narrow = ", ".join(hop.origin for hop, fits in zip(every, wide, strict=True) if not fits)
        if not members:
            expected = f"a cell in which no site within {reach:g} Å of the hop's middle meets its own image or the hop's ends"
            raise InputError("hop barriers", narrow, "a narrower cell", expected)
        if narrow:
            notes.append(f"{narrow} left out: sites within {reach:g} Å of the hop meet their own images or the hop's ends")
        bands += len(members)
        barriers = np.array([hop.barrier for hop in members])
        if barriers.min() <= 0.0:
            worst = members[int(np.argmin(barriers))]
            raise InputError(
                "hop barriers", worst.origin, f"{worst.barrier:.3f} eV above the mean of its ends", "a positive barrier"
            )
        ends = positions_of(host, rep)
        length = float(np.linalg.norm(ends[1] - ends[0]))
        around, said = _expansion(host, rep, members, surroundings, method)
        errors += said
        if len(members) == 1:
            notes.append(f"{name} ({length:.2f} Å): one band, its barrier taken for all surroundings")
        kinds.append(HopKind(name=name, barrier=float(barriers.mean()), distance=length, surroundings=around))
    settings = {"reach_angstrom": reach, "cutoffs_angstrom": [pair_cutoff, triplet_cutoff], "method": method, "bands": bands}
    found = predicted(
        "scalith.lattice.fit_hop_barriers",
        host.digest,
        settings=settings,
        files=source.files if source is not None else (),
        note="; ".join(notes),
    )
    error = float(np.sqrt(np.mean(np.square(errors)))) if errors else 0.0
    return HopBarriers(kinds=tuple(kinds), attempt_frequency=attempt_frequency, barrier_error=error, source=found)


def _classes(host: Host, hops: Sequence[MappedHop]) -> list[tuple[tuple[LatticeSite, LatticeSite], list[MappedHop]]]:
    """Hops by symmetry, shortest first, each class with the hop that stands for it."""
    found: list[tuple[tuple[LatticeSite, LatticeSite], list[MappedHop]]] = []
    for hop in hops:
        s, target = hop.start[0], relative(hop.end, hop.start)
        for rep, members in found:
            if (s, target) in images_of_hop(host, *rep):
                members.append(hop)
                break
        else:
            found.append((((s, 0, 0, 0), target), [hop]))
    return sorted(found, key=lambda item: float(np.linalg.norm(np.subtract(*positions_of(host, item[0])))))


def _around(host: Host, rep: tuple[LatticeSite, LatticeSite], hop: MappedHop, sites: Sequence[LatticeSite]) -> list[LatticeSite]:
    """Where the sites around the hop that stands for a class are around this one of it."""
    image = images_of_hop(host, *rep)[hop.start[0], relative(hop.end, hop.start)]
    return [shifted(image(site), hop.start) for site in sites]


def _is_wide(host: Host, rep: tuple[LatticeSite, LatticeSite], hop: MappedHop, sites: Sequence[LatticeSite]) -> bool:
    """Whether all sites around a hop, and its ends, are different ones in the cell of its band."""
    places = np.array([hop.start, hop.end, *_around(host, rep, hop, sites)])
    keys = periodic_keys(hop.supercell, places[:, 1:])
    return len(set(zip(places[:, 0].tolist(), keys.tolist(), strict=True))) == len(places)


def _expansion(
    host: Host,
    rep: tuple[LatticeSite, LatticeSite],
    members: Sequence[MappedHop],
    surroundings: tuple[tuple[LatticeSite, ...], NDArray[np.float64], tuple[SiteSets, ...]],
    method: Method,
) -> tuple[LocalClusterExpansion, list[float]]:
    """The expansion of one class of hops, and the error of each of its bands when predicted from the others."""
    sites, positions, orbits = surroundings
    spins = [2 * hop.is_filled(_around(host, rep, hop, sites), host).astype(np.int64) - 1 for hop in members]
    expansion = LocalClusterExpansion(
        species=(host.working_ion,) * len(sites),
        positions=tuple((float(x), float(y), float(z)) for x, y, z in positions),
        orbits=orbits,
        interactions=(0.0,) * len(orbits),
        constant=float(np.mean([hop.barrier for hop in members])),
        hop=rep,
        sites=sites,
        source=predicted("scalith.lattice.fit_hop_barriers", host.digest),
    )
    if len(members) == 1:
        return expansion, []
    A = np.column_stack([np.ones(len(members)), expansion.correlations(np.array(spins))])
    result = fit(A, np.array([hop.barrier for hop in members]), np.arange(A.shape[1]) > 0, method)
    weights = tuple(float(value) for value in result.weights)
    error = float(np.sqrt(np.mean(result.leave_one_out**2)))
    fitted = expansion.model_copy(update={"interactions": weights[1:], "constant": weights[0], "leave_one_out_error": error})
    return fitted, result.leave_one_out.tolist()
