"""Blocked channels against enumeration, dense matrices and limits."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalith.lattice import (
    accessible_share,
    blocked_channels,
    blocked_diffusivity,
    channel_hop_length,
    channel_release,
    draw_channels,
)
from scalith.quantities import InputError, Property, Source
from scalith.quantities.constants import BOLTZMANN_EV

ASSUMED = Source(kind="assumed")


def share(value: float, error: float | None = None) -> Property:
    return Property.constant("antisite_concentration", value, "1", ASSUMED, error)


def times_of(walls: np.ndarray, ways: tuple[tuple[int, int, float], ...] = ()) -> tuple[np.ndarray, np.ndarray]:
    """Free sites from which a surface is reached, and times until an ion is out, by a dense matrix. Shape (channels, sites)."""
    channels, sites = walls.shape
    free = ~walls.ravel()
    rates = np.zeros((walls.size, walls.size))
    out = np.zeros(walls.size)
    for c, z in np.ndindex(channels, sites):
        i = c * sites + z
        if z + 1 < sites:
            rates[i, i + 1] = rates[i + 1, i] = 1.0
        out[i] += (z == 0) + (z == sites - 1)
    for i, j, rate in ways:
        rates[i, j] += rate
        rates[j, i] += rate
    rates[~free], rates[:, ~free] = 0.0, 0.0
    reached = free & (out > 0)
    for _ in range(walls.size):
        reached = free & (reached | (rates @ reached > 0))
    kept = np.flatnonzero(reached)
    balance = np.diag(rates.sum(axis=1) + out) - rates
    return kept, np.linalg.solve(balance[np.ix_(kept, kept)], np.ones(len(kept)))


@pytest.mark.parametrize("p", [0.0, 0.2, 0.7])
def test_release_along_a_channel_is_the_mean_over_all_arrangements_of_blocks(p):
    n = 6
    reached = times = 0.0
    for walls in product([False, True], repeat=n):
        weight = np.prod([p if wall else 1 - p for wall in walls])
        kept, found = times_of(np.array([walls]))
        reached, times = reached + weight * len(kept), times + weight * found.sum()
    exact = channel_release(p, n)
    assert exact.accessible_share == pytest.approx(reached / (n * (1 - p)), rel=1e-12)
    assert exact.time == pytest.approx(times / reached, rel=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.floats(0.02, 0.6), st.integers(1, 9), st.floats(1e-3, 1.0), st.integers(0, 2**31))
def test_condensed_network_has_the_times_of_all_its_sites(p, n, rate, seed):
    network = draw_channels(p, n, (3, 3), seed)
    generator = np.random.default_rng(seed)
    walls = generator.random((3, 3, n)) < p
    way = generator.integers(4, size=walls.shape)
    ways = []
    for a, b, z in np.argwhere(walls):
        da, db = [(1, 0), (-1, 0), (0, 1), (0, -1)][way[a, b, z]]
        beside = np.ravel_multi_index(((a + da) % 3, (b + db) % 3, z), walls.shape)
        ways += [(np.ravel_multi_index((a, b, h), walls.shape), beside, rate) for h in (z - 1, z + 1) if 0 <= h < n]
    kept, times = times_of(walls.reshape(9, n), tuple(ways))
    found = network.release(rate)
    assert found.accessible_share == pytest.approx(len(kept) / max((~walls).sum(), 1), rel=1e-12)
    if len(kept):
        assert found.time == pytest.approx(times.mean(), rel=1e-9)


def test_channels_drawn_without_ways_have_the_exact_release():
    p, n = 0.05, 40
    drawn = [draw_channels(p, n, (24, 24), seed).release(0.0) for seed in range(6)]
    exact = channel_release(p, n)
    for name in ("accessible_share", "time"):
        values = np.array([getattr(one, name) for one in drawn])
        assert abs(values.mean() - getattr(exact, name)) < 4 * values.std(ddof=1) / np.sqrt(len(values))


def test_without_blocks_the_diffusivity_is_that_of_the_crystal():
    found = blocked_channels(share(0.0), 300.0, 3.0, [280.0, 330.0], excess_barrier=0.3, samples=2)
    assert found.diffusivity_ratio.values == pytest.approx([1.0, 1.0], abs=1e-14)
    assert float(found.accessible_share) == 1.0


def test_one_block_halves_the_diffusivity_and_leaves_all_ions_accessible():
    # One block anywhere: the mean over its place of (l³ + (L − l)³)/3L is L²/6, against L²/12. Of long channels with one block at
    # most, a share pn has one: D is 1/(1 + pn) of the crystal's.
    n, p = 400_000, 1e-10
    few = channel_release(p, n)
    assert 1.0 - few.accessible_share < 1e-8
    assert 1 - (n + 1) * (n + 2) / 12 / few.time == pytest.approx(p * n, rel=1e-4)


def test_ways_make_all_ions_accessible_and_a_long_channel_slower():
    ratios, shares = [], []
    for length in (100.0, 400.0, 1600.0):
        found = blocked_channels(share(0.01), length, 3.0, [298.15], excess_barrier=0.3, samples=2)
        ratios.append(float(found.diffusivity_ratio[0]))
        shares.append((float(found.along_channel_share), float(found.accessible_share)))
    assert 1.0 > ratios[0] > ratios[1] > ratios[2] > 0.0
    assert all(with_ways > 0.99 for _, with_ways in shares)
    assert shares[0][0] > shares[1][0] > shares[2][0]
    # In the limit of slow ways each block costs what two of them in a row do: D falls as they do.
    slow = [blocked_channels(share(0.01), 800.0, 3.0, [298.15], excess_barrier=dE, samples=2) for dE in (0.4, 0.5)]
    fall = float(slow[0].diffusivity_ratio[0] / slow[1].diffusivity_ratio[0])
    assert np.log(fall) == pytest.approx(0.1 / (BOLTZMANN_EV * 298.15), rel=0.03)


def test_error_of_the_concentration_goes_along():
    found = blocked_channels(share(2e-3, 2e-5), 500.0, 3.0)
    low, high = (blocked_channels(share(p), 500.0, 3.0) for p in (1.98e-3, 2.02e-3))
    half = 0.5 * abs(float(low.diffusivity_ratio[0] - high.diffusivity_ratio[0]))
    assert float(found.concentration_error[0]) == pytest.approx(half, rel=0.02)
    half = 0.5 * abs(float(low.accessible_share - high.accessible_share))
    assert float(found.accessible_share_error) == pytest.approx(half, rel=0.02)
    # Of all sites: those that hold no block, and of these those that are reached.
    half = 0.5 * float(accessible_share(low)() - accessible_share(high)())
    assert float(accessible_share(found).standard_error) == pytest.approx(half, rel=0.02)
    around = blocked_channels(share(0.02, 0.01), 60.0, 3.0, excess_barrier=0.1, samples=2)
    assert float(around.accessible_share_error) < 1e-4
    assert float(accessible_share(around).standard_error) == pytest.approx(0.01, rel=0.02)


def test_ways_that_the_balance_cannot_tell_from_none_are_not_supported():
    """Waiting times behind a block grow as 1/rate as far down as rates are taken."""
    network = draw_channels(0.02, 300, (8, 8), 1)
    slow, slowest = (network.release(rate).time * rate for rate in (1e-8, 1e-13))
    assert slowest == pytest.approx(slow, rel=1e-3)
    with pytest.raises(InputError, match=r"1\.0e-16 hops past a block"):
        network.release(1e-16)
    for barrier in (1.0, 30.0):
        with pytest.raises(InputError, match="excess_barrier"):
            blocked_channels(share(0.02), 300.0, 3.0, excess_barrier=barrier, samples=2)


def test_a_diffusivity_is_multiplied_and_keeps_its_parts():
    x, T = np.array([0.2, 0.8]), np.array([280.0, 298.15, 330.0])
    D = Property.from_arrays(
        "chemical_diffusivity", {"x": x, "T": T}, np.full((2, 3), 1e-13), "m2 s-1", ASSUMED, np.full((2, 3), 1e-14)
    )
    channels = blocked_channels(share(5e-3, 1e-3), 300.0, 3.0, [280.0, 330.0], excess_barrier=0.2, samples=2)
    found = blocked_diffusivity(D, channels)
    np.testing.assert_allclose(
        found.values.values[:, [0, 2]], 1e-13 * np.tile(channels.diffusivity_ratio.values, (2, 1)), rtol=1e-12
    )
    assert {part.name for part in found.components} >= {"antisite concentration", "channels drawn"}
    with pytest.raises(InputError, match="280 to 330 K"):
        blocked_diffusivity(D, blocked_channels(share(5e-3), 600.0, 3.0, [290.0, 330.0], excess_barrier=0.2, samples=3))
    # Ways around blocks are activated: at one temperature they tell nothing of the others. Without them all are alike.
    with pytest.raises(InputError, match="300 to 300 K"):
        blocked_diffusivity(D, blocked_channels(share(5e-3), 600.0, 3.0, [300.0], excess_barrier=0.2, samples=2))
    along = blocked_channels(share(5e-3), 600.0, 3.0, [300.0])
    np.testing.assert_allclose(blocked_diffusivity(D, along).values.values, 1e-13 * float(along.along_channel_ratio))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"channel_length": 2.0}, "channel_length"),
        ({"excess_barrier": -0.1}, "excess_barrier"),
        ({"concentration": share(1.0)}, "concentration"),
        ({"temperatures": [330.0, 280.0]}, "temperatures"),
        ({"temperatures": [0.0]}, "temperatures"),
    ],
)
def test_what_is_no_channel_is_named(wrong, field):
    stated = {"concentration": share(0.01), "channel_length": 300.0, "hop_length": 3.0} | wrong
    with pytest.raises(InputError, match=field):
        blocked_channels(**stated)


def test_hosts_of_layers_have_no_channels():
    from scalith.crystal import read_host
    from scalith.lattice import HopBarriers
    from scalith.quantities import shipped

    along = HopBarriers.read({"kinds": [{"name": "along", "barrier": 0.2}], "source": ASSUMED.model_dump()})
    olivine = read_host(shipped("dft_energies/LixFePO4_chgnet/LixFePO4_prim.json"))
    assert channel_hop_length(olivine, along) == pytest.approx(3.0, abs=0.1)
    layered = read_host(shipped("dft_energies/LixCoO2_chgnet/LixCoO2_prim.json"))
    with pytest.raises(InputError, match="2 directions"):
        channel_hop_length(layered, along)


def test_a_particle_from_which_few_ions_come_out_has_no_diffusivity():
    D = Property.from_arrays("chemical_diffusivity", {"T": np.array([300.0])}, np.array([1e-13]), "m2 s-1", ASSUMED)
    large = blocked_channels(share(5e-3), 150_000.0, 3.0)  # 10 µm of an olivine
    assert float(large.diffusivity_ratio[0]) > 1.0
    with pytest.raises(InputError, match=r"2\.5e\+02 defects in a channel, past which 0\.99 of the ions do not come out"):
        blocked_diffusivity(D, large)
    around = blocked_channels(share(5e-3), 15_000.0, 3.0, [300.0], excess_barrier=0.1, samples=2)
    assert float(blocked_diffusivity(D, around).values[0]) < 1e-13
