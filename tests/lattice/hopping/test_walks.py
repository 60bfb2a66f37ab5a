from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pytest
from scipy.linalg import expm

from scalith.crystal import read_host
from scalith.lattice import ClusterExpansion, HopBarriers, HopKind, jump_diffusivity, kinetic_monte_carlo
from scalith.lattice.hopping.kinetic_model import kinetic_model
from scalith.lattice.hopping.walks import Walks, numbered, walk_from, walks_dataset, walks_from
from scalith.quantities import InputError, Source, shipped
from scalith.quantities.constants import BOLTZMANN_EV
from tests.lattice.models import SQUARE, host, square_model
from validation.cases.L08_detailed_balance import pushing_model, triangular_model, two_site_model

ASSUMED = Source(kind="assumed", reference="a model")


@pytest.mark.parametrize(
    ("model", "cells"), [(triangular_model(), (6, 6, 2)), (two_site_model(), (4, 4, 4)), (pushing_model(), (6, 6, 2))]
)
def test_ions_are_where_their_displacements_lead(model, cells):
    expansion = model[0]
    kinetic = kinetic_model(*model, cells)
    occupation = (np.random.default_rng(2).random(kinetic.lattice.sites) < 0.5).astype(np.int8)
    ions = numbered(occupation)
    at_start = np.flatnonzero(occupation)
    walk = walk_from(kinetic, occupation, 600.0, most_events=2000, seed=3, state=ions, steps=1)
    ion, position, came_from = ions
    lattice = expansion.host
    corners = np.indices(kinetic.lattice.shape).reshape(3, -1).T
    places = (corners[:, None, :] + lattice.positions[lattice.active][None]).reshape(-1, 3)
    at_end = np.empty(len(position), dtype=int)
    at_end[ion[occupation == 1]] = np.flatnonzero(occupation)
    assert sorted(at_end) == list(np.flatnonzero(occupation))
    turns = (places[at_start] + position @ np.linalg.inv(lattice.cell) - places[at_end]) / cells
    assert np.allclose(turns, np.round(turns), atol=1e-9)
    assert np.allclose(walk.collective[-1], position.sum(axis=0), atol=1e-9)
    assert np.allclose(walk.squares[-1, 0], position.T @ position)
    assert came_from.min() >= -1


def test_two_ions_at_once_on_a_ring_follow_the_master_equation():
    # Six sites in a ring, three ions that repel each other by 0.04 eV as neighbours; alone they hop, and push each other on.
    rows = ((3.0, 0.0, 0.0), (0.0, 20.0, 0.0), (0.0, 0.0, 20.0))
    energy, hop, push, T = 0.04, 0.25, 0.22, 500.0
    kT = BOLTZMANN_EV * T
    ring = ClusterExpansion.given(host(rows), (0.0, energy / 2, energy / 4), 3.1)  # V n n in spins
    kinds = (HopKind(name="hop", barrier=hop), HopKind(name="push", barrier=push, ions=2))
    model = kinetic_model(ring, HopBarriers(kinds=kinds, source=ASSUMED), (6, 1, 1))

    states = list(combinations(range(6), 3))
    number = {state: k for k, state in enumerate(states)}

    def total(state: tuple[int, ...]) -> float:
        return energy * sum((a + 1) % 6 in state for a in state)

    generator = np.zeros((20, 20))
    for state in states:
        for a in state:
            for way in (1, -1):
                near, far = (a + way) % 6, (a + 2 * way) % 6
                for target, barrier, possible in ((near, hop, near not in state), (far, push, near in state)):
                    if possible and target not in state:
                        after = tuple(sorted((set(state) - {a}) | {target}))
                        rate = 1e13 * np.exp(-(barrier + 0.5 * (total(after) - total(state))) / kT)
                        generator[number[state], number[after]] += rate
    generator -= np.diag(generator.sum(axis=1))
    duration = 0.7 / np.abs(np.diag(generator)).max()
    exact = expm(generator * duration)[number[(0, 1, 2)]]
    runs = 3000
    count = np.zeros(20)
    for seed in range(runs):
        occupation = np.array([1, 1, 1, 0, 0, 0], dtype=np.int8)
        walk_from(model, occupation, T, most_events=10**6, seed=1000003 * seed, duration=duration)
        count[number[tuple(np.flatnonzero(occupation).tolist())]] += 1
    expected = runs * exact
    chosen = expected > 5
    assert np.sum((count - expected)[chosen] ** 2 / expected[chosen]) < 2.5 * chosen.sum()
    assert exact[number[(0, 2, 3)]] > 0.05


def arguments(**others):
    barriers = HopBarriers(kinds=(HopKind(name="hop", barrier=0.3),), source=ASSUMED)
    given = {"x": [0.3, 0.6], "temperatures": [400.0, 500.0], "cells": (8, 8, 1), "trajectories": 3, "events": 300, "seed": 9}
    return (square_model(), barriers), given | others


def test_an_interrupted_run_goes_on_to_the_last_bit(tmp_path):
    models, given = arguments()
    whole = kinetic_monte_carlo(*models, **given)
    said = []

    def interrupt(fraction: float, message: str) -> None:
        said.append(fraction)
        if len(said) == 7:
            raise KeyboardInterrupt

    file = tmp_path / "walks.nc"
    with pytest.raises(KeyboardInterrupt):
        kinetic_monte_carlo(*models, **given, resume=file, progress=interrupt)
    assert 0 < said[-1] < 1
    fractions = []
    resumed = kinetic_monte_carlo(*models, **given, resume=file, progress=lambda fraction, _: fractions.append(fraction))
    assert resumed.identical(whole)
    assert said[-1] < fractions[0]
    # A finished run is read, not walked again.
    assert kinetic_monte_carlo(*models, **given, resume=file).identical(whole)
    with pytest.raises(InputError, match="other arguments"):
        kinetic_monte_carlo(*models, **(given | {"seed": 10}), resume=file)


def test_walks_are_put_down_whole():
    fresh = Walks(300.0, 5)
    (only,) = walks_from(walks_dataset([fresh]))
    assert only == fresh


def test_tensors_show_the_direction_in_which_ions_move():
    gas = ClusterExpansion.given(host(SQUARE), (0.0, 0.0, 0.0), 3.1)
    kinds = (HopKind(name="easy", barrier=0.30, direction=(1, 0, 0)), HopKind(name="hard", barrier=0.36, direction=(0, 1, 0)))
    T = 500.0
    result = kinetic_monte_carlo(
        gas,
        HopBarriers(kinds=kinds, source=ASSUMED),
        x=[0.3],
        temperatures=[T],
        cells=(16, 16, 1),
        trajectories=40,
        events=2000,
        seed=5,
    )
    easy, hard = (1e13 * np.exp(-barrier / (BOLTZMANN_EV * T)) * 9e-20 * (1 - float(result["x"][0])) for barrier in (0.30, 0.36))
    tensor, error = (result[name].values[0, 0] for name in ("jump_diffusivity_tensor", "jump_diffusivity_tensor_error"))
    for axis, value in enumerate((easy, hard, 0.0)):
        assert tensor[axis, axis] == pytest.approx(value, abs=4 * error[axis, axis])
    assert abs(tensor[0, 1]) < 4 * error[0, 1]
    assert float(result["jump_diffusivity"][0, 0]) == pytest.approx(np.trace(tensor) / 2)
    assert np.allclose(np.trace(result["tracer_diffusivity_tensor"].values[0, 0]) / 2, result["tracer_diffusivity"][0, 0])
    along = jump_diffusivity(result, "y")
    assert float(along(along.coordinates["x"][0], T)) == pytest.approx(tensor[1, 1])
    assert along.source.note.startswith("along y")
    with pytest.raises(InputError, match="x, y or z"):
        jump_diffusivity(result, "b")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ({"direction": (0, 0, 0)}, "must not be zero"),
        ({"ions": 2, "vacant_neighbours": (0, 0)}, "hops of one ion only"),
        ({"span": 5.0}, "hops of two ions only"),
    ],
)
def test_hop_kinds_that_make_no_sense_are_refused(kind, message):
    with pytest.raises(ValueError, match=message):
        HopBarriers(kinds=(HopKind(name="a", barrier=0.3, **kind),), source=ASSUMED)


def test_straight_and_bent_pushes_are_told_apart():
    gas = ClusterExpansion.given(host(SQUARE), (0.0, 0.0, 0.0), 3.1)

    def counted(*kinds: HopKind) -> int:
        return kinetic_model(gas, HopBarriers(kinds=kinds, source=ASSUMED), (6, 6, 1)).most_hops

    assert counted(HopKind(name="any", barrier=0.3, ions=2)) == 12
    straight = HopKind(name="straight", barrier=0.3, ions=2, span=6.0)
    assert counted(straight) == 4
    assert (
        counted(straight, HopKind(name="bent", barrier=0.3, ions=2, span=3 * np.sqrt(2)), HopKind(name="one", barrier=0.3)) == 16
    )
    with pytest.raises(InputError, match="one kind for a span"):
        counted(straight, HopKind(name="any", barrier=0.4, ions=2))
    with pytest.raises(InputError, match="two sites"):
        counted(HopKind(name="diagonal", barrier=0.3, direction=(1, 1, 0)))


def test_lithium_moves_along_the_channels_of_an_olivine():
    olivine = read_host(shipped("dft_energies/LixFePO4_chgnet/LixFePO4_prim.json"))
    data = json.loads(shipped("dft_energies/LixFePO4_chgnet/barriers.json").read_text(encoding="utf-8"))
    barriers = HopBarriers.read(data["hop_barriers"])
    free = ClusterExpansion.given(olivine, (0.0,) * len(ClusterExpansion.orbits_of(olivine, 3.1)), 3.1)
    result = kinetic_monte_carlo(
        free, barriers, x=[0.05], temperatures=[300.0], cells=(3, 12, 3), trajectories=20, events=1000, seed=1
    )
    assert result.attrs["dimensions"] == 1
    tensor = result["jump_diffusivity_tensor"].values[0, 0]
    assert tensor[1, 1] == pytest.approx(float(result["jump_diffusivity"][0, 0]))
    assert np.abs(tensor - np.diag([0.0, tensor[1, 1], 0.0])).max() < 1e-6 * tensor[1, 1]
    (kind,) = barriers.at(float(result["x"][0])).kinds
    hop = barriers.attempt_frequency * np.exp(-kind.barrier / (BOLTZMANN_EV * 300.0)) * (1e-10 * kind.distance) ** 2
    error = float(result["jump_diffusivity_error"][0, 0])
    assert tensor[1, 1] == pytest.approx((1 - float(result["x"][0])) * hop, abs=4 * error + 0.01 * hop)
