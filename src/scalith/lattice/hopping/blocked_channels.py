r"""Ions in one-dimensional channels of which immobile ions block some sites, as antisite defects do in an olivine.

A share p of the sites of a channel of n sites, open at both ends, is blocked at random. What lies between a surface and the first
block is reached along the channel; what lies between two blocks is not (Malik, Burch, Bazant, Ceder 2010, DOI
10.1021/nl1023595). With q = 1 − p the share of the free sites that is reached is

    s = q^(n−1) + 2 Σ_{l<n} l p q^l / (n q).

The size of a particle then decides its diffusivity. It is that of the channel without blocks that has the same mean time of
release τ, averaged over all ions that come out,

    D/D₀ = τ₀/τ,    τ₀ = (n + 1)(n + 2)/(12 Γ),

with Γ hops along the channel in a second, each way. Where ions leave at constant rate r (filled share of the sites a second),
the mean occupation of a channel differs from that at its surface by r τ: this D gives a cell the polarisation that the blocked
particle has. Ions that do no more than exclude each other from sites spread as one alone does, at every occupation (the symmetric
exclusion process): the ratio holds for chemical diffusivities, not for those of tracers, which cannot pass each other. It is no
property of the crystal: in channels much longer than 1/p that ions leave at their ends only, it grows beyond one as what comes
out lies ever nearer to the surfaces; and a few ions that wait long for a way around a block weigh in a mean.

Without a way around blocks, τ is a sum over places of the first block on either side. With one, an ion on either side of a block
may hop over to the same neighbouring channel at the height of the block, and back, a number of times Γ_c/Γ =
exp(−ΔE/kT) as often as along its own. Then the times T_i from all sites solve Σ_j Γ_ij (T_i − T_j) = 1, T = 0 at the surfaces: on
channels drawn at random, without further approximation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import spsolve

from scalith.lattice.hopping.hop_barriers import HopBarriers, hops_of
from scalith.lattice.sampling.monte_carlo import increasing
from scalith.quantities import ErrorComponent, InputError, Property, Result, dataset_digest, labelled, predicted
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from scalith.crystal import Host

INTERIOR, NODE, BLOCK, SURFACE = range(4)

SLOWEST = 1e-13
"""Least hops past a block for each along the channel: of fewer, the balance of rates keeps no digits."""

SITES, BLOCKS = 500_000, 3_000
"""About how many sites or blocks a set of channels holds at most; few channels where they are long."""


class Release(NamedTuple):
    """How ions come out of channels.

    Attributes
    ----------
    accessible_share : float
        Of the free sites, those from which a surface can be reached.
    time : float
        Mean over these sites of the time until an ion is out, in times between two hops one way along the channel, 1/Γ.
    """

    accessible_share: float
    time: float


def channel_release(concentration: float, sites: int) -> Release:
    """Exact for channels that ions do not leave but at their two ends.

    Parameters
    ----------
    concentration : float
        Blocked share of the sites, p.
    sites : int
        Of a channel, n.

    Raises
    ------
    InputError
        No share from 0 up to less than 1; no site.
    """
    _require(concentration, sites)
    p, n = float(concentration), int(sites)
    free = (1.0 - p) ** n
    length = np.arange(n, dtype=np.float64)
    first = 2.0 * p * (1.0 - p) ** length  # a block after so many sites, from either end
    reached = free * n + float(first @ length)
    # From site i of l behind a surface, a wall after the last: i (2l + 1 − i)/2; of n between two surfaces: i (n + 1 − i)/2.
    times = free * n * (n + 1) * (n + 2) / 12.0 + float(first @ (length * (length + 1) * (2 * length + 1))) / 6.0
    return Release(reached / (n * (1.0 - p)), times / reached if reached > 0.0 else np.inf)


def _require(concentration: float, sites: int) -> None:
    if not 0.0 <= concentration < 1.0:
        raise InputError("channels", "concentration", concentration, "a share of blocked sites from 0 to less than 1")
    if sites < 1:
        raise InputError("channels", "sites", sites, "a channel of one site or more")


def _require_passable(crossing: float) -> None:
    if not crossing >= SLOWEST:
        found = f"{crossing:.1e} hops past a block for each along the channel"
        expected = f"{SLOWEST:g} or more, or no excess_barrier: so few are as none"
        raise InputError("channels", "excess_barrier", found, expected)


class ChannelNetwork(NamedTuple):
    """Blocked channels with ways around blocks, condensed onto the sites from which a way leads (nodes).

    Attributes
    ----------
    nodes : int
    along : ndarray, shape (bonds, 3)
        Two nodes and the rate between them along a channel, with Γ = 1; node −1 is the surface.
    across : ndarray, shape (ways, 2), int
        Nodes of two channels between which a way leads.
    weight : ndarray, shape (nodes,)
        Sites whose ions leave through the node, itself among them: of the sites between two nodes half each.
    within : ndarray, shape (nodes,)
        Sum of the times that ions between nodes, or between a node and a block, take to a node: half of it each.
    surface_sites, surface_times : float
        The same for what leaves straight through a surface.
    free : int
        Sites that are not blocked.
    """

    nodes: int
    along: NDArray[np.float64]
    across: NDArray[np.int64]
    weight: NDArray[np.float64]
    within: NDArray[np.float64]
    surface_sites: float
    surface_times: float
    free: int

    def release(self, crossing: float) -> Release:
        """With `crossing` hops to a neighbouring channel for each along the own, Γ_c/Γ: none, or `SLOWEST` and more."""
        if crossing != 0.0:
            _require_passable(crossing)
        count = self.nodes
        ways = np.column_stack([self.across, np.full(len(self.across), crossing)]) if crossing > 0.0 else np.empty((0, 3))
        bonds = np.concatenate([self.along, ways])
        first, second, rate = bonds[:, 0].astype(np.int64), bonds[:, 1].astype(np.int64), bonds[:, 2]
        # The surface is the last node, and is left out of the balance.
        first, second = np.where(first < 0, count, first), np.where(second < 0, count, second)
        graph = sparse.coo_array((rate, (first, second)), (count + 1, count + 1)).tocsr()
        graph = graph + graph.T
        parts = connected_components(graph, directed=False)[1]
        reached = parts[:count] == parts[count]
        sites, times = self.surface_sites, self.surface_times
        if reached.any():
            balance = sparse.diags_array(graph.sum(axis=0)) - graph
            kept = np.flatnonzero(reached)
            from_node = np.atleast_1d(spsolve(balance[kept][:, kept].tocsc(), self.weight[kept]))
            sites += float(self.weight[kept].sum())
            times += float(self.weight[kept] @ from_node + self.within[kept].sum())
        return Release(sites / self.free if self.free else 0.0, times / sites if sites > 0.0 else np.inf)


def draw_channels(concentration: float, sites: int, channels: tuple[int, int], seed: int) -> ChannelNetwork:
    """Channels side by side, each with four neighbours and periodic across, of which sites are blocked at random.

    With one seed, channels of a larger concentration are blocked where those of a smaller one are, and elsewhere besides.

    Parameters
    ----------
    concentration : float
        Share of blocked sites.
    sites : int
        Of a channel.
    channels : (int, int)
        Along either direction across, three or more.
    seed : int

    Raises
    ------
    InputError
        As `channel_release`; fewer than three channels.
    """
    _require(concentration, sites)
    if min(channels) < 3:
        raise InputError(
            "channels", "channels", list(channels), "three or more along each direction, of which each has four neighbours"
        )
    generator = np.random.default_rng(seed)
    blocked = generator.random((*channels, sites)) < concentration
    way = generator.integers(4, size=(*channels, sites))
    kind = np.full((*channels, sites + 2), INTERIOR, dtype=np.int8)
    kind[..., 0] = kind[..., -1] = SURFACE
    kind[..., 1:-1][blocked] = BLOCK
    a, b, z = np.nonzero(blocked)
    step = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])[way[a, b, z]]
    beside = ((a + step[:, 0]) % channels[0], (b + step[:, 1]) % channels[1], z + 1)
    ends = []
    for height in (z, z + 2):
        open_way = (kind[a, b, height] == INTERIOR) & (kind[beside] == INTERIOR)
        here = np.ravel_multi_index((a, b, height), kind.shape)[open_way]
        ends.append(np.column_stack([here, np.ravel_multi_index(beside, kind.shape)[open_way]]))
    across = np.concatenate(ends)
    flat = kind.ravel()
    flat[across.ravel()] = NODE
    return _condensed(flat, across, int((~blocked).sum()))


def _condensed(kind: NDArray[np.int8], across: NDArray[np.int64], free: int) -> ChannelNetwork:
    """The network on its nodes: what lies between two that follow each other along a channel is summed."""
    places = np.flatnonzero(kind != INTERIOR)
    number = np.full(len(kind), -1, dtype=np.int64)
    nodes = np.flatnonzero(kind == NODE)
    number[nodes] = np.arange(len(nodes))
    left, right = places[:-1], places[1:]
    between = (right - left - 1).astype(np.float64)
    types = np.sort(np.stack([kind[left], kind[right]]), axis=0)
    weight, within = np.ones(len(nodes)), np.zeros(len(nodes))
    surface = np.zeros(2)

    def share(pairs: NDArray[np.bool_], part: float, times: NDArray[np.float64]) -> None:
        """Give `part` of the sites between, and of their times, to either end that is a node or a surface."""
        for end in (left[pairs], right[pairs]):
            at_node = kind[end] == NODE
            np.add.at(weight, number[end[at_node]], part * between[pairs][at_node])
            np.add.at(within, number[end[at_node]], part * times[at_node])
            at_surface = kind[end] == SURFACE
            surface[:] += part * np.array([between[pairs][at_surface].sum(), times[at_surface].sum()])

    # Two ends that are no blocks: i (m + 1 − i)/2 from site i to an end, and the way out halved between both.
    through = np.isin(types, (NODE, SURFACE)).all(axis=0) & ~((types == SURFACE).all(axis=0) & (between == 0))
    m = between[through]
    share(through, 0.5, m * (m + 1) * (m + 2) / 12.0)
    blind = (types == BLOCK).any(axis=0) & ~(types == BLOCK).all(axis=0)  # a block at one end: i (2m + 1 − i)/2
    m = between[blind]
    share(blind, 1.0, m * (m + 1) * (2 * m + 1) / 6.0)
    bonds = through & (types == NODE).any(axis=0)
    along = np.column_stack([number[left[bonds]], number[right[bonds]], 1.0 / (between[bonds] + 1.0)])
    return ChannelNetwork(len(nodes), along, number[across], weight, within, float(surface[0]), float(surface[1]), free)


def blocked_channels(
    concentration: Property,
    channel_length: float,
    hop_length: float,
    temperatures: Sequence[float] = (298.15,),
    *,
    excess_barrier: float | None = None,
    samples: int = 8,
    seed: int = 0,
) -> Result:
    """Diffusivity of a particle whose channels are blocked, as a share of that of a crystal without blocks.

    Parameters
    ----------
    concentration : Property
        Blocked share of the ion's sites, a constant with its error.
    channel_length : float
        From surface to surface, Å.
    hop_length : float
        Distance of sites along a channel, Å.
    temperatures : sequence of float
        K, increasing.
    excess_barrier : float, optional
        ΔE ≥ 0: of the hop past a block into the next channel, above that of the hop along a channel, eV. Without it ions leave
        their channel at its ends only.
    samples : int
        Independent sets of channels, from whose scatter the error comes. Without ways around blocks nothing is drawn.
    seed : int

    Returns
    -------
    Result
        Over ``T``: ``diffusivity_ratio`` D/D₀ and ``diffusivity_ratio_error`` (of the sampling), ``concentration_error`` (of the
        ratio, by that of the concentration). Scalars: ``accessible_share`` of the ion's free sites and its
        ``accessible_share_error`` by that of the concentration; ``along_channel_share`` and ``along_channel_ratio``, what is
        reached without leaving a channel and the D/D₀ of these ions alone; ``blocked_share`` and ``blocked_share_error``;
        ``blocks_per_channel``.

    Raises
    ------
    InputError
        A length that is not positive, a channel shorter than a hop, a concentration that is no share, a negative barrier or one
        that no ion passes, temperatures that do not increase.
    """
    if not 0.0 < hop_length <= channel_length < np.inf:
        raise InputError("channels", "channel_length", channel_length, f"a length of {hop_length:g} Å, one hop, or more")
    if excess_barrier is not None and not excess_barrier >= 0.0:
        raise InputError("channels", "excess_barrier", excess_barrier, "0 eV or more")
    T = increasing("temperatures", temperatures, positive=True)
    p, sites = float(concentration()), max(1, round(channel_length / hop_length))
    _require(p, sites)
    error = 0.0 if concentration.standard_error is None else float(concentration.standard_error)
    crossing = None if excess_barrier is None else np.exp(-excess_barrier / (BOLTZMANN_EV * T))
    if crossing is not None:
        _require_passable(float(crossing.min()))
    exact = channel_release(p, sites)
    side = int(np.clip(round(np.sqrt(min(SITES, BLOCKS / max(p, 1e-12)) / sites)), 3, 64))

    def ratios(p: float) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        if crossing is None or p == 0.0:
            alone = channel_release(p, sites)
            return np.full(len(T), _free_time(sites) / alone.time), np.zeros(len(T)), alone.accessible_share
        return _ratios([draw_channels(p, sites, (side, side), seed + k) for k in range(samples)], sites, crossing)

    ratio, spread, share = ratios(p)
    by_concentration, by_share = np.zeros(len(T)), 0.0
    if error > 0.0:
        # As far to either side as the error goes, by one factor, but no farther than halfway to all sites.
        more = min(p + error, 0.5 * (p + 1.0))
        fewer = p * p / more
        (ratio_more, _, share_more), (ratio_fewer, _, share_fewer) = ratios(more), ratios(fewer)
        part = 0.5 if p > 0.0 else 1.0  # none is the least there is
        by_concentration, by_share = part * np.abs(ratio_more - ratio_fewer), part * abs(share_more - share_fewer)
    settings = {"channel_length": channel_length, "hop_length": hop_length, "excess_barrier": excess_barrier}
    drawn = {"samples": samples, "seed": seed} if crossing is not None else {}
    source = predicted("scalith.lattice.blocked_channels", concentration.digest, settings=settings | drawn)
    data = Result(coords={"T": labelled("T", T, "temperature", "K")})
    for name, values, title in (
        ("diffusivity_ratio", ratio, "diffusivity of the particle over that without blocks"),
        ("diffusivity_ratio_error", spread, "standard error of the ratio by the channels drawn"),
        ("concentration_error", by_concentration, "standard error of the ratio by the concentration of blocks"),
    ):
        data[name] = labelled("T", values, title, "1")
    for name, value, title in (
        ("accessible_share", share, "free sites from which a surface can be reached"),
        ("accessible_share_error", by_share, "its standard error by the concentration of blocks"),
        ("along_channel_share", exact.accessible_share, "free sites reached without leaving a channel"),
        ("along_channel_ratio", _free_time(sites) / exact.time, "diffusivity of their ions over that without blocks"),
        ("blocked_share", p, "sites that are blocked"),
        ("blocked_share_error", error, "its standard error"),
        ("blocks_per_channel", p * sites, "mean number of blocks in a channel"),
    ):
        data[name] = labelled((), value, title, "1")
    return data.assign_attrs(source=source.to_json())


def _free_time(sites: int) -> float:
    return (sites + 1) * (sites + 2) / 12.0


def _ratios(
    drawn: list[ChannelNetwork], sites: int, crossing: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """D/D₀ and its error for each rate of crossing, and the accessible share."""
    found = [[network.release(rate) for rate in crossing] for network in drawn]
    # Times of all ions that come out, over their number: a mean over the ions of all samples.
    ions = np.array([[one.accessible_share * network.free for one in own] for network, own in zip(drawn, found, strict=True)])
    if not ions.sum(axis=0).all():
        raise InputError("channels", "concentration", "no ion that comes out", "fewer blocks, or shorter channels")
    times = np.array([[one.time if one.accessible_share > 0.0 else 0.0 for one in own] for own in found]) * ions
    mean = times.sum(axis=0) / ions.sum(axis=0)
    count = len(drawn)
    scatter = (times - mean * ions).std(axis=0, ddof=1) * np.sqrt(count) / ions.sum(axis=0) if count > 1 else 0.0 * mean
    ratio = _free_time(sites) / mean
    return ratio, ratio * scatter / mean, float(ions[:, 0].sum() / sum(network.free for network in drawn))


def accessible_share(channels: xr.Dataset) -> Property:
    """Share of all sites of the ion whose ions come out of a particle, with its error, from `blocked_channels`.

    The share of the free sites times that of the sites that are free. More blocks lessen both: their errors add up.
    """
    free, share = 1.0 - float(channels["blocked_share"]), float(channels["accessible_share"])
    error = float(channels["accessible_share_error"]) * free + share * float(channels["blocked_share_error"])
    source = predicted("scalith.lattice.accessible_share", dataset_digest(channels))
    return Property.constant("accessible_share", share * free, "1", source, error or None)


def channel_hop_length(host: Host, barriers: HopBarriers) -> float:
    """Distance of neighbouring sites along the channels of a host, Å.

    Raises
    ------
    InputError
        The hops lead in more than one direction: blocked sites are then gone around, not waited at.
    """
    vectors = np.array([hop.vector for own in hops_of(host, barriers.at(0.0)) for hop in own if hop.through is None])
    dimensions = int(np.linalg.matrix_rank(vectors, tol=1e-6)) if len(vectors) else 0
    if dimensions != 1:
        expected = "hops of single ions along one direction, in channels"
        raise InputError(host.name, "blocked_channels", f"hops in {dimensions} directions", expected)
    return float(np.linalg.norm(vectors, axis=1).min())


def blocked_diffusivity(diffusivity: Property, channels: xr.Dataset) -> Property:
    """The diffusivity of a particle with blocked channels from that of a crystal without blocks.

    Parameters
    ----------
    diffusivity : Property
        Collective or chemical, over x and T, or T.
    channels : xarray.Dataset
        From `blocked_channels`. Between its temperatures ln(D/D₀) is linear in 1/T.

    Raises
    ------
    InputError
        The diffusivity has temperatures beyond those of the channels, where ions go around blocks: that share is activated; less
        than half of the ions come out, and these, near the surfaces, faster than without blocks: no diffusivity of the particle.
    """
    known, ratio = channels["T"].values, channels["diffusivity_ratio"].values
    share, blocks = float(channels["accessible_share"]), float(channels["blocks_per_channel"])
    if share < 0.5 and ratio.max() > 1.0:
        found = f"{blocks:.2g} defects in a channel, past which {1.0 - share:.2g} of the ions do not come out"
        raise InputError("blocked_channels", "", found, "shorter channels, fewer defects, or excess_barrier: the way around them")
    errors = {
        "antisite concentration": channels["concentration_error"].values / ratio,
        "channels drawn": channels["diffusivity_ratio_error"].values / ratio,
    }
    T = diffusivity.coordinates.get("T")
    if T is None:
        raise InputError("blocked_channels", diffusivity.name, "no temperatures", "a diffusivity over T")
    around = bool(np.any(ratio != float(channels["along_channel_ratio"])))
    if around and (T[0] < known[0] - 1e-6 or T[-1] > known[-1] + 1e-6):
        expected = f"temperatures from {T[0]:g} to {T[-1]:g} K, those of the {diffusivity.name.replace('_', ' ')}"
        raise InputError("blocked_channels", "T", f"{known[0]:g} to {known[-1]:g} K", expected)
    inverse = 1.0 / known[::-1]

    def at(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.interp(1.0 / T, inverse, values[::-1]))

    nominal = diffusivity.nominal
    along = [T.size if dim == "T" else 1 for dim in nominal.dims]
    factor = np.exp(at(np.log(ratio))).reshape(along)
    values = nominal.values * factor
    parts = [ErrorComponent(part.name, part.standard_error * factor, part.correlation_length) for part in diffusivity.components]
    parts += [
        ErrorComponent(name, values * at(relative).reshape(along)) for name, relative in errors.items() if np.any(relative > 0.0)
    ]
    said = f"channels blocked: {float(channels['accessible_share']):.3g} of the free sites accessible"
    source = predicted(
        "scalith.lattice.blocked_diffusivity",
        diffusivity.digest,
        dataset_digest(channels),
        note="; ".join(note for note in (diffusivity.source.note, said) if note),
    ).model_copy(update={"marks": diffusivity.source.marks})
    return Property.from_arrays(diffusivity.name, diffusivity.coordinates, values, diffusivity.unit, source, components=parts)
