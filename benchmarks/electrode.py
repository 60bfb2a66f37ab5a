"""Conduction through voxels, side by side with TauFactor and porespy; generated structures."""

from __future__ import annotations

import time
import tracemalloc
from functools import cache
from importlib.util import find_spec
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


def _ours(image: Any, conductivities: dict[str, float], threads: int = 1) -> float:
    from scalith.electrode import solve_conduction

    start = time.perf_counter()
    found = solve_conduction(image, conductivities, tolerance=1e-6, threads=threads)
    spent = time.perf_counter() - start
    if not float(found["mismatch"]) < 1e-5:
        raise RuntimeError(f"the end currents differ by {float(found['mismatch']):.2g}")
    return spent


def _sizes() -> float:
    from scalith.electrode import FieldPhase, particle_sizes, random_field

    image = random_field((128, 128, 128), 1e-7, {"active": FieldPhase(fraction=0.5, correlation_length=6e-7)}, seed=1)
    start = time.perf_counter()
    particle_sizes(image, "active")
    return time.perf_counter() - start


def _bytes_per_voxel(image: Any, conductivities: dict[str, float]) -> float:
    """Most that one solve allocates, beside the image."""
    from scalith.electrode import solve_conduction

    tracemalloc.start()
    solve_conduction(image, conductivities)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return float(most) / image.labels.size


def _warm(image: Any, conductivities: dict[str, float]) -> None:
    from scalith.electrode import crop, solve_conduction

    small = crop(image, x=(0, 24), y=(0, 24), z=(0, 24))
    solve_conduction(small, conductivities)


def _tensor(image: Any, conductivities: dict[str, float]) -> float:
    from scalith.electrode import effective_tensor

    start = time.perf_counter()
    found = effective_tensor(image, conductivities, tolerance=1e-6)
    spent = time.perf_counter() - start
    if not float(found["asymmetry"]) < 1e-5:
        raise RuntimeError(f"the tensor differs from its transpose by {float(found['asymmetry']):.2g}")
    return spent


def _warm_tensor(image: Any, conductivities: dict[str, float]) -> None:
    from scalith.electrode import crop, effective_tensor

    effective_tensor(crop(image, x=(0, 24), y=(0, 24), z=(0, 24)), conductivities)


def _agree(name: str, tau: float, labels: Any, most: float) -> None:
    """The peer's tortuosity along x beside ours; label 0 conducts."""
    from scalith.electrode import VoxelImage, solve_conduction
    from scalith.quantities import Source

    image = VoxelImage(labels, 1e-7, {"pore": 0, "solid": 1}, Source(kind="assumed"))
    ours = image.volume_fractions["pore"] / float(solve_conduction(image, {"pore": 1.0})["conductivity"])
    if not abs(tau / ours - 1.0) < most:
        raise RuntimeError(f"tortuosity {tau:.6f} by {name} beside {ours:.6f}")


def _taufactor_tortuosity(labels: Any, criterion: float) -> tuple[float, float]:
    """Tortuosity factor, and the time it took."""
    import torch
    from taufactor import Solver

    torch.set_num_threads(1)
    start = time.perf_counter()
    solver = Solver(np.array(labels == 0, dtype=np.uint8), device="cpu")
    solver.solve(verbose=False, conv_crit=criterion)
    return float(np.ravel(np.asarray(solver.tau))[0]), time.perf_counter() - start


@cache
def _reference_blobs(seed: int) -> Any:
    from porespy.generators import blobs

    return np.where(blobs([100, 100, 100], porosity=0.5, blobiness=1, seed=seed), 0, 1).astype(np.uint8)


def _taufactor(image: Any) -> float:
    tau, spent = _taufactor_tortuosity(image.labels, 1e-2)
    _agree("TauFactor", tau, image.labels, 5e-3)
    return spent


def _taufactor_on_reference(seed: int) -> float:
    tau, spent = _taufactor_tortuosity(_reference_blobs(seed), 1e-3)
    _agree("TauFactor", tau, _reference_blobs(seed), 1e-3)
    return spent


def _taufactor_phases(image: Any, conductivities: dict[str, float]) -> float:
    import torch
    from taufactor import MultiPhaseSolver

    from scalith.electrode import solve_conduction

    torch.set_num_threads(1)
    start = time.perf_counter()
    # Its label 0 does not conduct.
    solver = MultiPhaseSolver(
        image.labels + 1, cond={image.phases[name] + 1: value for name, value in conductivities.items()}, device="cpu"
    )
    solver.solve(verbose=False)
    spent = time.perf_counter() - start
    found = float(np.ravel(np.asarray(solver.D_eff))[0])
    ours = float(solve_conduction(image, conductivities)["conductivity"])
    if not abs(found / ours - 1.0) < 0.02:
        raise RuntimeError(f"conductivity {found:.6f} by TauFactor beside {ours:.6f}")
    return spent


def _porespy(image: Any) -> float:
    import openpnm  # noqa: F401  (porespy's solver)
    from porespy.simulations import tortuosity_fd

    start = time.perf_counter()
    found = tortuosity_fd(image.labels == 0, axis=0)
    spent = time.perf_counter() - start
    # Its ends sit in the centres of the first and last voxels, ours on the outer faces.
    _agree("porespy", float(found.tortuosity), image.labels, 0.05)
    return spent


def _reference_image(seed: int) -> Any:
    from scalith.electrode import VoxelImage
    from scalith.quantities import Source

    return VoxelImage(_reference_blobs(seed), 1e-7, {"pore": 0, "solid": 1}, Source(kind="assumed"))


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
    note = "ours to 1e-6 with the end currents equal to 1e-5; the peer to its default 1e-2, tortuosities within 0.5 %"
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
    found += [
        Row(
            name=f"homogenise_porespy_blobs_{seed}_vs_taufactor",
            unit="s",
            prepare=lambda: _warm(_blobs(100), pore),
            ours=lambda seed=seed: _ours(_reference_image(seed), pore),
            peer="taufactor",
            theirs=lambda seed=seed: _taufactor_on_reference(seed),
            note="porespy.generators.blobs, 100³, that seed; the peer to 1e-3, tortuosities within 0.1 %, else the row fails",
        )
        for seed in ((1, 2) if find_spec("porespy") else ())
    ]
    found += [
        Row(
            name=f"homogenise_blobs_{size}_vs_porespy",
            unit="s",
            prepare=lambda size=size: _warm(_blobs(size), pore),
            ours=lambda size=size: _ours(_blobs(size), pore),
            peer="porespy",
            theirs=lambda size=size: _porespy(_blobs(size)),
            note="tortuosity_fd at its default; tortuosities within 5 %",
        )
        for size in (100, 200)
    ]
    three = {"pore": 1.0, "a": 10.0, "b": 100.0}
    return [
        *found,
        Row(
            name="homogenise_three_phases_100_vs_taufactor",
            unit="s",
            prepare=lambda: _warm(_three(100), three),
            ours=lambda: _ours(_three(100), three),
            peer="taufactor",
            theirs=lambda: _taufactor_phases(_three(100), three),
            target=0.8,
            note="conductivities 1, 10 and 100, to 1e-6; the peer to its default, conductivities within 2 %",
        ),
        Row(
            name="homogenise_blobs_200_two_threads",
            unit="s",
            prepare=lambda: _warm(_blobs(200), pore),
            ours=lambda: _ours(_blobs(200), pore, threads=2),
            theirs=lambda: _ours(_blobs(200), pore),
            target_ratio=1.6,
            note="the ratio is one thread's time over that of two; the digits are the same",
        ),
        Row(
            name="homogenise_blobs_300_per_million",
            unit="s",
            prepare=lambda: _warm(_blobs(100), pore),
            ours=lambda: _ours(_blobs(300), pore) / 27.0,
            theirs=lambda: _ours(_blobs(100), pore),
            target_ratio=0.7,
            note="time a million voxels of 300³ beside that of 100³: 13 iterations beside 8, and no cache that holds the vectors",
        ),
        Row(
            name="homogenise_tensor_100",
            unit="s",
            prepare=lambda: _warm_tensor(_blobs(100), pore),
            ours=lambda: _tensor(_blobs(100), pore),
            note="all nine components of the periodic cell to 1e-6",
        ),
        Row(
            name="homogenise_memory_200",
            unit="bytes/voxel",
            prepare=lambda: _warm(_blobs(200), pore),
            ours=lambda: _bytes_per_voxel(_blobs(200), pore),
            target=45.0,
            note="most that the solve allocates, over the image itself; before the finest grid was made of labels 54.0",
        ),
        Row(
            name="particle_sizes_128",
            unit="s",
            ours=_sizes,
            target=1.0,
            note="openings by twenty radii up to a tenth of the edge, in 128³ voxels, half of them active",
        ),
        Row(
            name="pack_spheres_200",
            unit="s",
            prepare=_warm_pack,
            ours=_pack,
            note="55 % of spheres with a size distribution, pushed apart and written into 200³ voxels",
        ),
    ]
