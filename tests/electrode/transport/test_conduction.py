from __future__ import annotations

import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from scalith.electrode import (
    FieldPhase,
    VoxelImage,
    checkerboard,
    effective_conductivity,
    laminate,
    packed_particles,
    random_field,
    random_sites,
    solve_conduction,
    sphere_lattice,
)
from scalith.electrode.generate.packed_particles import ParticleKind
from scalith.electrode.transport.conduction import _solve
from scalith.electrode.transport.plane_threads import PlaneThreads
from scalith.quantities import ConvergenceError, InputError, Source


@pytest.mark.parametrize("normal", ["x", "y", "z"])
def test_a_laminate_is_exact_at_any_resolution(normal):
    shape = {"x": (4, 3, 2), "y": (3, 4, 2), "z": (3, 2, 4)}[normal]
    image = laminate(shape, 1e-7, [("a", 1), ("b", 3)], normal=normal)
    for axis in "xyz":
        found = solve_conduction(image, {"a": 2.0, "b": 5.0}, axis=axis, tolerance=1e-10)
        exact = 1 / (0.25 / 2 + 0.75 / 5) if axis == normal else 0.25 * 2 + 0.75 * 5
        assert float(found.conductivity) == pytest.approx(exact, rel=1e-9)
        assert float(found.mismatch) < 1e-9


def test_spheres_on_a_lattice_approach_the_exact_values():
    for contrast, exact in ((0.0, 0.6056), (10.0, 1.8867)):
        errors = []
        for size in (16, 32):
            image = sphere_lattice(size, 1e-7, 0.3)
            found = solve_conduction(image, {"matrix": 1.0, "sphere": contrast})
            errors.append(abs(float(found.conductivity) - exact) / exact)
        assert errors[1] < errors[0]
        assert errors[1] < 0.03


def test_a_checkerboard_is_bracketed():
    image = checkerboard((32, 32, 2), 1e-7, 16)
    found = float(solve_conduction(image, {"a": 1.0, "b": 10.0}).conductivity)
    assert 0.9 * np.sqrt(10.0) < found < np.sqrt(10.0)  # faces in series err to below


def test_the_power_is_the_current_times_the_voltage():
    image = random_sites((12, 10, 8), 2e-7, 0.7, seed=3)
    found = solve_conduction(image, {"filled": 3.0, "empty": 0.01}, axis="y", tolerance=1e-9, fields=True)
    volume, length = 2e-7**3, 10 * 2e-7
    wanted = float(found.conductivity) * (12 * 8 * 2e-7**2) / length
    assert float(found.dissipation.sum()) * volume == pytest.approx(wanted, rel=1e-6)
    # Every plane across carries the same current: the mean of what goes along is σ_eff / L everywhere.
    assert float(found.potential.min()) > 0.0
    assert float(found.potential.max()) < 1.0


def test_what_does_not_connect_is_said_and_no_negative_number():
    labels = np.zeros((6, 6, 6), np.uint8)
    labels[:, 2, 2] = 1
    labels[3] = 0
    image = VoxelImage(labels, 1e-7, {"pore": 0, "solid": 1}, Source(kind="assumed"))
    found = solve_conduction(image, {"solid": 1.0}, fields=True)
    assert float(found.conductivity) == 0.0
    assert float(found.connected.sel(phase="solid")) == 0.0
    assert float(found.current_density.max()) == 0.0
    assert float(found.connected.sel(phase="pore")) == 0.0  # it does not conduct


def test_dead_ends_carry_nothing():
    labels = np.ones((8, 4, 4), np.uint8)
    labels[:, 0, 0] = 0
    labels[4, :, 0] = 0
    image = VoxelImage(labels, 1e-7, {"path": 0, "rest": 1}, Source(kind="assumed"))
    found = solve_conduction(image, {"path": 2.0}, fields=True, tolerance=1e-10)
    assert float(found.conductivity) == pytest.approx(2.0 / 16, rel=1e-9)
    assert float(found.current_density[4, 2, 0]) < 1e-6 * float(found.current_density[0, 0, 0])


def test_a_contrast_of_a_million_converges():
    kind = ParticleKind(phase="active", fraction=0.4, radius="0.5 um")
    image = packed_particles((24, 24, 24), 1e-7, [kind], seed=1)
    found = solve_conduction(image, {"active": 1.0, "pore": 1e-6})
    assert float(found.mismatch) < 1e-4
    assert 1e-6 < float(found.conductivity) < 0.4


@pytest.mark.parametrize(("axis", "expected"), [("x", 2.0), ("y", 0.3), ("z", 5.0)])
def test_a_grain_with_three_conductivities_is_exact_along_each(axis, expected):
    image = VoxelImage(np.ones((8, 9, 10), np.uint8), 1e-6, {"grain": 1}, Source(kind="assumed"))
    found = solve_conduction(image, {"grain": (2.0, 0.3, 5.0)}, axis=axis, fields=True)
    assert float(found["conductivity"]) == pytest.approx(expected, rel=1e-9)
    assert float(found["dissipation"].mean()) == pytest.approx(float((found["current_density"] ** 2).mean()) / expected, rel=1e-9)


def test_layers_of_anisotropic_grains_are_exact():
    """Across the layers resistances add, along them conductances, each with the number of its own axis."""
    image = laminate((16, 12, 12), 1e-6, [("one", 4), ("other", 4)], normal="x")
    bulk = {"one": (1.0, 7.0, 0.5), "other": (10.0, 0.2, 3.0)}
    found = effective_conductivity(image, bulk)["conductivity"]
    assert float(found.sel(axis="x")) == pytest.approx(2.0 / (1.0 + 0.1), rel=1e-6)
    assert float(found.sel(axis="y")) == pytest.approx(3.6, rel=1e-6)
    assert float(found.sel(axis="z")) == pytest.approx(1.75, rel=1e-6)
    with pytest.raises(InputError, match="along all three axes"):
        solve_conduction(image, {"one": (1.0, 0.0, 1.0)})


@pytest.mark.parametrize("contrast", [1e3, 1e6])
def test_grains_that_float_in_a_poor_conductor_are_held_at_their_own_potentials(contrast):
    """Each grain has one potential, set by small conductances only; beyond some contrast the result is that of perfect grains."""
    random = np.random.default_rng(4)
    labels = (random.random((24, 24, 24)) < 0.1).astype(np.uint8)  # below the threshold: many small pieces
    image = VoxelImage(labels, 1e-6, {"poor": 0, "good": 1}, Source(kind="assumed"))
    found = solve_conduction(image, {"poor": 1.0, "good": contrast}, tolerance=1e-7)
    assert float(found["mismatch"]) < 1e-6
    assert int(found["iterations"]) < 150
    perfect = solve_conduction(image, {"poor": 1.0, "good": 1e7}, tolerance=1e-7)
    assert float(found["conductivity"]) == pytest.approx(float(perfect["conductivity"]), rel=2.0 / contrast + 1e-6)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"conductivities": {"fild": 1.0}}, "did you mean 'filled'"),
        ({"conductivities": {"filled": -1.0}}, "zero or positive"),
        ({"conductivities": {}}, "at least one phase that conducts"),
        ({"conductivities": {"filled": 1.0}, "axis": "w"}, "x, y or z"),
    ],
)
def test_bad_conduction(how, said):
    with pytest.raises(InputError, match=said):
        solve_conduction(random_sites((4, 4, 4), 1e-7, 0.5, seed=1), **how)


def test_a_solution_larger_than_the_memory_is_refused_with_both_numbers(monkeypatch):
    image = random_sites((16, 16, 16), 1e-7, 0.7, seed=1)
    monkeypatch.setattr("scalith.electrode.requirements.available_memory", lambda: 327680)
    assert float(solve_conduction(image, {"filled": 1.0})["conductivity"]) > 0.0
    with pytest.raises(InputError, match=r"0\.000381 GiB needed for 4096 voxels, 0\.000305 GiB available"):
        solve_conduction(image, {"filled": 1.0}, fields=True)


@pytest.mark.parametrize("threads", [1, 2])
def test_conductances_made_from_labels_are_those_stored(monkeypatch, threads):
    phases = {name: FieldPhase(fraction=0.3, correlation_length=3e-7) for name in ("a", "b")}
    image = random_field((52, 51, 41), 1e-7, phases, seed=2)
    bulk = {"pore": 1.0, "a": 10.0, "b": (100.0, 3.0, 2.0)}
    found = []
    for stored_up_to in (0, image.labels.size):
        monkeypatch.setattr("scalith.electrode.transport.multigrid.STORED_UP_TO", stored_up_to)
        found.append(solve_conduction(image, bulk, axis="y", tolerance=1e-8, threads=threads))
    assert int(found[0]["iterations"]) == int(found[1]["iterations"])
    assert float(found[0]["conductivity"]) == pytest.approx(float(found[1]["conductivity"]), rel=1e-10)


def test_a_large_solution_takes_less_memory_than_is_asked_for(monkeypatch):
    monkeypatch.setattr("scalith.electrode.transport.multigrid.STORED_UP_TO", 0)
    image = random_field((64, 60, 56), 1e-7, {"solid": FieldPhase(fraction=0.5, correlation_length=4e-7)}, seed=1)
    solve_conduction(image, {"pore": 1.0})
    tracemalloc.start()
    solve_conduction(image, {"pore": 1.0})
    most = tracemalloc.get_traced_memory()[1] / image.labels.size
    tracemalloc.stop()
    # potential, residual, direction and what the cycle and A p share, 8 each; rows 1; coarser grids 24/7; layers around
    assert 33.0 < most < 42.0


def test_a_tolerance_out_of_reach_is_said():
    rows = random_sites((16, 16, 16), 1e-7, 0.7, seed=1).labels
    pairs, ends = np.array([[[0.1, 0.18], [0.18, 1.0]]] * 3), np.array([0.2, 2.0])
    with pytest.raises(ConvergenceError, match="after 2 iterations where 1e-09"):
        _solve(np.zeros((16, 16, 16)), rows, pairs, ends, 1e-9, PlaneThreads(1), most=2)


def test_the_number_of_iterations_does_not_grow_with_the_image():
    phases = {"solid": FieldPhase(fraction=0.5, correlation_length=3e-7)}
    counts = []
    for size in (16, 32, 64):
        image = random_field((size,) * 3, 1e-7, phases, seed=1)
        counts.append(int(solve_conduction(image, {"pore": 1.0}).iterations))
        assert float(solve_conduction(image, {"pore": 1.0}).mismatch) < 1e-5
    assert counts[2] <= counts[1] + 3
    assert counts[2] < 16


def test_three_directions_with_their_resolution():
    image = laminate((16, 16, 16), 1e-7, [("a", 4), ("b", 4)], normal="y")
    with ThreadPoolExecutor(2) as pool:
        found = effective_conductivity(image, {"a": 1.0, "b": 4.0}, executor=pool, tolerance=1e-9)
    np.testing.assert_allclose(found.conductivity, [2.5, 1.6, 2.5], rtol=1e-8)
    np.testing.assert_allclose(found.resolution, 0.0, atol=1e-7)  # layers are exact on both grids
    np.testing.assert_allclose(found.tortuosity_factor, [1.0, 2.5 / 1.6, 1.0], rtol=1e-8)
    spheres = effective_conductivity(sphere_lattice(32, 1e-7, 0.3), {"matrix": 1.0})
    assert np.all(spheres.resolution > 0.0)
    np.testing.assert_allclose(spheres.conductivity, spheres.conductivity[0], rtol=1e-5)


@pytest.mark.parametrize("shape", [(51, 47, 49), (62, 44, 40)])
def test_the_number_of_threads_changes_nothing(shape):
    """Sums are taken plane by plane, so that the digits and the iterations are those of one thread, for odd sizes too."""
    image = random_field(shape, 1e-7, {"solid": FieldPhase(fraction=0.4, correlation_length=3e-7)}, seed=2)
    bulk = {"pore": 1.0, "solid": 0.05}
    one, *others = (solve_conduction(image, bulk, threads=threads, fields=True) for threads in (1, 2, 3))
    for other in others:
        assert int(other["iterations"]) == int(one["iterations"])
        assert float(other["conductivity"]) == float(one["conductivity"])
        np.testing.assert_array_equal(other["potential"], one["potential"])
    with pytest.raises(InputError, match="at least one thread"):
        solve_conduction(image, bulk, threads=0)


def test_progress_runs_from_nothing_to_all():
    image = random_sites((16, 16, 16), 1e-7, 0.7, seed=1)
    told = []
    solve_conduction(image, {"filled": 1.0}, progress=lambda fraction, line: told.append((fraction, line)))
    fractions = [fraction for fraction, _ in told]
    assert fractions[-1] == pytest.approx(1.0)
    assert all(0.0 <= fraction <= 1.0 for fraction in fractions)
    assert len(told) > 3
    assert told[-1][1].startswith(f"iteration {len(told)}, residual")
    for executor in (None, ThreadPoolExecutor(2)):
        whole = []
        effective_conductivity(
            image, {"filled": 1.0}, executor=executor, progress=lambda fraction, line, whole=whole: whole.append(fraction)
        )
        assert whole == sorted(whole)
        assert whole[-1] == pytest.approx(1.0)
        if executor is not None:
            executor.shutdown()


def test_the_share_of_the_loss_is_the_derivative_by_the_conductivity_of_a_voxel():
    """Against central differences at 20 voxels, contrast 1e4: each is given a phase of its own."""
    numbers = np.random.default_rng(3)
    labels = (numbers.random((6, 5, 4)) < 0.5).astype(np.uint8)
    chosen = numbers.choice(labels.size, 20, replace=False)
    good = labels.ravel()[chosen] == 1
    labels.ravel()[chosen] = np.arange(2, 22)
    bulk = {"poor": 1e-4, "good": 1.0} | {f"v{n}": 1.0 if one else 1e-4 for n, one in enumerate(good)}
    image = VoxelImage(labels, 1e-7, {name: label for label, name in enumerate(bulk)}, Source(kind="assumed"))
    found = solve_conduction(image, bulk, tolerance=1e-12, sensitivity=True)["sensitivity"].values
    assert found.sum() == pytest.approx(1.0, rel=1e-12)
    for n, place in enumerate(chosen):
        step = 1e-3
        ends = [
            np.log(float(solve_conduction(image, bulk | {f"v{n}": bulk[f"v{n}"] * factor}, tolerance=1e-13)["conductivity"]))
            for factor in (np.exp(step), np.exp(-step))
        ]
        assert found.ravel()[place] == pytest.approx((ends[0] - ends[1]) / (2.0 * step), rel=1e-5, abs=1e-9)
