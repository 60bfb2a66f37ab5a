"""Conduction through voxels, side by side with TauFactor; generated structures."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

import numpy as np

from benchmarks.row import Row


@cache
def _blobs(size: int) -> Any:
    """Two phases at a half, from a random field."""
    from scalith.electrode import FieldPhase, random_field

    phases = {"solid": FieldPhase(fraction=0.5, correlation_length=5e-7)}
    return random_field((size,) * 3, 1e-7, phases, seed=1)


@cache
def _three(size: int) -> Any:
    from scalith.electrode import FieldPhase, random_field

    phases = {name: FieldPhase(fraction=0.3, correlation_length=5e-7) for name in ("a", "b")}
    return random_field((size,) * 3, 1e-7, phases, seed=1)


def _ours(image: Any, conductivities: dict[str, float]) -> float:
    from scalith.electrode import conduction

    start = time.perf_counter()
    found = conduction(image, conductivities, tolerance=1e-6)
    spent = time.perf_counter() - start
    if not float(found["mismatch"]) < 1e-5:
        raise RuntimeError(f"the end currents differ by {float(found['mismatch']):.2g}")
    return spent


def _warm(image: Any, conductivities: dict[str, float]) -> None:
    from scalith.electrode import conduction, crop

    small = crop(image, x=(0, 24), y=(0, 24), z=(0, 24))
    conduction(small, conductivities)


def _taufactor(image: Any) -> float:
    import torch
    from taufactor import Solver

    torch.set_num_threads(1)
    start = time.perf_counter()
    solver = Solver(np.array(image.labels == 0, dtype=np.uint8), device="cpu")
    solver.solve(verbose=False)
    spent = time.perf_counter() - start
    tau = float(np.ravel(np.asarray(solver.tau))[0])
    from scalith.electrode import conduction

    ours = image.volume_fractions["pore"] / float(conduction(image, {"pore": 1.0})["conductivity"])
    if abs(tau / ours - 1.0) > 0.02:
        raise RuntimeError(f"tortuosity {tau:.4f} beside {ours:.4f}")
    return spent


def _pack() -> float:
    from scalith.electrode import ParticleKind, packed_particles

    kind = ParticleKind(phase="active", fraction=0.55, radius=8e-7, spread=0.25)
    start = time.perf_counter()
    packed_particles((200, 200, 200), 1e-7, [kind], seed=1)
    return time.perf_counter() - start


def _warm_pack() -> None:
    from scalith.electrode import ParticleKind, packed_particles

    packed_particles((32, 32, 32), 1e-7, [ParticleKind(phase="active", fraction=0.4, radius=4e-7)], seed=1)


def rows() -> list[Row]:
    """Times of one solve to a relative residual of 1e-6, TauFactor at its default criterion of 1e-2; one thread each."""
    pore = {"pore": 1.0}
    note = "ours to 1e-6 with the end currents equal to 1e-5; the peer to its default 1e-2, tortuosities within 2 %"
    found = [
        Row(
            name=f"homogenise_blobs_{size}_vs_taufactor",
            unit="s",
            prepare=lambda size=size: _warm(_blobs(size), pore),
            ours=lambda size=size: _ours(_blobs(size), pore),
            peer="taufactor",
            theirs=lambda size=size: _taufactor(_blobs(size)),
            target=target,
            target_ratio=ratio,
            note=note,
        )
        for size, target, ratio in ((100, 0.6, None), (200, 5.0, 6.0))
    ]
    three = {"pore": 1.0, "a": 10.0, "b": 100.0}
    return [
        *found,
        Row(
            name="homogenise_three_phases_100",
            unit="s",
            prepare=lambda: _warm(_three(100), three),
            ours=lambda: _ours(_three(100), three),
            target=0.8,
            note="conductivities 1, 10 and 100, to 1e-6",
        ),
        Row(
            name="pack_spheres_200",
            unit="s",
            prepare=_warm_pack,
            ours=_pack,
            note="55 % of spheres with a size distribution, pushed apart and written into 200³ voxels",
        ),
    ]
