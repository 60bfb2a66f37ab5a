"""What a computation on an image cannot take is said in one sentence, before anything is solved."""

from __future__ import annotations

import numpy as np
import pytest

from scalith import electrode
from scalith.electrode import requirements
from scalith.quantities import InputError, Property, Source

IMAGE = electrode.random_sites((12, 12, 12), 1e-7, 0.5, seed=1, phases=("pore", "active"))
FIELD = {"active": electrode.FieldPhase(fraction=0.5, correlation_length=3e-7)}
KIND = electrode.ParticleKind(phase="active", fraction=0.3, radius=3e-7)


@pytest.mark.parametrize("tolerance", [0.0, -1.0, float("nan"), 10.0, "1e-6", True])
def test_a_tolerance_lies_between_nought_and_one(tolerance):
    """NaN gave the starting guess back, 0 a NaN."""
    stiff = {name: electrode.IsotropicElasticity(youngs_modulus=1e9) for name in IMAGE.phases}
    for solve in (
        lambda: electrode.solve_conduction(IMAGE, {"pore": 1.0}, tolerance=tolerance),
        lambda: electrode.effective_tensor(IMAGE, {"pore": 1.0}, tolerance=tolerance),
        lambda: electrode.solve_periodic_sides(IMAGE, {"pore": 1.0}, tolerance=tolerance),
        lambda: electrode.effective_stiffness(IMAGE, stiff, tolerance=tolerance),
        lambda: electrode.stress_from_eigenstrain(IMAGE, stiff, {"active": 0.01}, tolerance=tolerance),
        lambda: electrode.diffusion_radius(IMAGE, "active", tolerance=tolerance),
        lambda: electrode.subvolume_properties(IMAGE, ionic={"pore": 1.0}, electrolyte="pore", parts=1, tolerance=tolerance),
    ):
        with pytest.raises(InputError, match=r"tolerance: .* a number above 0 and below 1"):
            solve()


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: electrode.solve_conduction(IMAGE, 1.0), "one by phase"),
        (lambda: electrode.solve_conduction(IMAGE, {"pore": "1 V"}), "conductivity of pore"),
        (lambda: electrode.solve_conduction(IMAGE, {"pore": object()}), "conductivity of pore"),
        (lambda: electrode.solve_conduction(IMAGE, {"por": 1.0}), "did you mean 'pore'"),
        (lambda: electrode.solve_conduction(IMAGE, {"pore": 1.0}, threads="2"), "threads"),
        (lambda: electrode.solve_conduction(IMAGE, {"pore": 1.0}, threads=1.5), "threads"),
        (lambda: electrode.connected_to(IMAGE, {"pore": 1.0}, "w", 0), "x, y or z"),
        (lambda: electrode.connected_to(IMAGE, {"pore": 1.0}, "x", 1), "0 for the lower end"),
        (lambda: electrode.through_paths(IMAGE.labels > 0, 5), "axis 0, 1 or 2"),
        (lambda: electrode.limiting_path(IMAGE, ionic={"pore": 1.0}, electronic={"active": 1.0}, axis="w"), "x, y or z"),
        (lambda: electrode.resample(IMAGE, 0.0), "a positive length"),
        (lambda: electrode.crop(IMAGE, x=(0.0, 10.0)), "two whole numbers"),
        (lambda: electrode.VoxelImage(IMAGE.labels, 1e-7, {"pore": 0, "active": 1.5}), "label of active: found 1.5"),
        (lambda: electrode.random_field((16, 16, 16), 1e-7, FIELD, seed=-1), "seed"),
        (lambda: electrode.packed_particles((16, 16, 16), "0.1 s", [KIND], seed=1), "voxel_size"),
        (lambda: electrode.place_binder(IMAGE, 0.05, 0.5, seed=1, cluster_size=-1e-7), "cluster_size"),
        (lambda: electrode.spanning_threshold(np.full((8, 8, 8), np.nan)), "finite numbers"),
        (lambda: electrode.particle_sizes(electrode.crop(LAYER, x=(0, 2)), "b"), "no voxel of 'b'"),
        (lambda: electrode.covariance(electrode.crop(LAYER, x=(0, 2)), "b"), "no voxel of 'b'"),
        (lambda: electrode.diffusion_radius(electrode.crop(LAYER, x=(0, 2)), "a"), "a phase with voxels and a surface"),
    ],
)
def test_slips_get_a_sentence(ask, said):
    with pytest.raises(InputError, match=said):
        ask()


LAYER = electrode.laminate((8, 8, 8), 1e-7, [("a", 4), ("b", 4)])


def test_numbers_with_units_and_constant_properties_are_read():
    plain = float(electrode.solve_conduction(IMAGE, {"pore": 2.0, "active": 0.5})["conductivity"])
    half = Property.constant("conductivity", 0.5, "S m-1", Source(kind="assumed"))
    assert float(electrode.solve_conduction(IMAGE, {"pore": "20 mS/cm", "active": half})["conductivity"]) == plain
    sizes = {"1e-7": 1e-7, "0.1 um": "0.1 um"}
    images = [electrode.random_field((16, 16, 16), size, FIELD, seed=1) for size in sizes.values()]
    assert images[0].voxel_size == pytest.approx(images[1].voxel_size)
    assert electrode.VoxelImage(IMAGE.labels, 1e-7, {"pore": 0.0, "active": 1.0}).phases == {"pore": 0, "active": 1}


def test_a_picture_stands_for_columns():
    """Stripes of two voxels: along them σ = φ, across them nothing."""
    stripes = np.tile(np.repeat([0, 1], 2), (16, 4))
    image = electrode.VoxelImage(stripes, 1e-7, {"pore": 0, "active": 1})
    assert image.shape == (16, 16, 2)
    assert float(electrode.solve_conduction(image, {"pore": 1.0})["conductivity"]) == pytest.approx(0.5)
    assert float(electrode.solve_conduction(image, {"pore": 1.0}, axis="y")["conductivity"]) == 0.0
    assert electrode.effective_properties(image, ionic={"pore": 1.0}, electrolyte="pore", parts=1)[
        "ionic_tortuosity_factor"
    ]() == (pytest.approx(1.0))


def test_memory_is_what_is_available_and_the_group_allows(tmp_path, monkeypatch):
    for name, text in (
        ("memory.max", "1000000\n"),
        ("memory.current", "700000\n"),
        ("memory.stat", "anon 1\ninactive_file 100000\n"),
    ):
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(requirements, "_GROUP", tmp_path)
    monkeypatch.setattr(requirements, "_groups", dict)
    assert requirements.available_memory() == 400000
    with pytest.raises(InputError, match=r"GiB needed for 8000 voxels, .* GiB available"):
        electrode.solve_conduction(electrode.random_sites((20, 20, 20), 1e-7, 0.5, seed=1, phases=("a", "b")), {"a": 1.0})
    (tmp_path / "memory.max").write_text("max\n")
    assert requirements.available_memory() > 400000
