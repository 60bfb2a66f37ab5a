"""The radius over which lithium diffuses: closed forms of layers and balls, and what voxels and contacts do to it."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.electrode import ParticleKind, VoxelImage, diffusion_radius, packed_particles

PHASES = {"pore": 0, "active": 1}


def image(inside: np.ndarray) -> VoxelImage:
    return VoxelImage(inside.astype(np.uint8), 1e-7, PHASES)


def balls(side: int, *of: tuple[float, tuple[float, float, float]]) -> np.ndarray:
    """Balls of a radius about a centre, in voxels."""
    at = np.indices((side, side, side))
    return np.any([((at - np.reshape(centre, (3, 1, 1, 1))) ** 2).sum(axis=0) <= R * R for R, centre in of], axis=0)


def layer(thickness: int, start: int, length: int) -> np.ndarray:
    inside = np.zeros((length, 3, 4), bool)
    inside[start : start + thickness] = True
    return inside


@pytest.mark.parametrize(("thickness", "within"), [(4, 0.042), (8, 0.011), (16, 0.003)])
def test_a_layer_lags_by_a_twelfth_of_its_thickness_squared(thickness, within):
    found = diffusion_radius(image(layer(thickness, 5, 3 * thickness)), "active")
    assert found == pytest.approx(np.sqrt(15 / 12) * 1e-7 * thickness, rel=within)


def test_a_border_is_a_mirror_and_a_periodic_image_goes_on():
    whole = diffusion_radius(image(layer(8, 4, 16)), "active")
    assert diffusion_radius(image(layer(4, 0, 8)), "active") == pytest.approx(whole, rel=1e-4)
    around = np.roll(layer(8, 4, 16), 8, axis=0)  # half on either side of the seam
    assert diffusion_radius(image(around), "active", periodic=True) == pytest.approx(whole, rel=1e-4)
    assert diffusion_radius(image(around), "active") == pytest.approx(whole, rel=1e-4)


@pytest.mark.parametrize(("radius", "low"), [(3, 0.04), (5, 0.03), (8, 0.02)])
def test_balls_come_out_a_little_small_and_less_so_with_finer_voxels(radius, low):
    numbers = np.random.default_rng(1)
    side = 2 * radius + 4
    found = [
        diffusion_radius(image(balls(side, (radius, tuple((side - 1) / 2 + numbers.uniform(-0.5, 0.5, 3))))), "active")
        for _ in range(4)
    ]
    assert 1.0 - 1.3 * low < np.mean(found) / (radius * 1e-7) < 1.0 - 0.7 * low


def test_balls_of_two_sizes_count_by_volume():
    """⟨u⟩ is a mean over volume: R² = (V₁R₁² + V₂R₂²)/(V₁ + V₂), of the radii that each has by itself."""
    small, large = (4.0, (5.3, 5.1, 5.4)), (8.0, (18.2, 18.4, 18.1))
    apart = [image(balls(28, ball)) for ball in (small, large)]
    R = np.array([diffusion_radius(one, "active") for one in apart])
    V = np.array([one.labels.sum() for one in apart])
    together = diffusion_radius(image(balls(28, small, large)), "active")
    assert together == pytest.approx(np.sqrt(V @ R**2 / V.sum()), rel=1e-3)


def test_contacts_in_a_packing_add_about_what_voxels_take_away():
    kind = {"phase": "active", "radius": "0.4 um"}
    found = [
        diffusion_radius(packed_particles((48, 48, 48), 1e-7, [ParticleKind.read(kind | {"fraction": fraction})], seed=1), "active", periodic=True)
        for fraction in (0.3, 0.55)
    ]  # fmt: skip
    assert found[1] / found[0] == pytest.approx(1.02, abs=0.015)
    assert found[1] == pytest.approx(4e-7, rel=0.015)


def test_a_mask_takes_part_of_the_phase():
    inside = balls(28, (4.0, (5.3, 5.1, 5.4)), (8.0, (18.2, 18.4, 18.1)))
    alone = balls(28, (4.0, (5.3, 5.1, 5.4)))
    found = diffusion_radius(image(inside), "active", active={"active": alone})
    assert found == pytest.approx(diffusion_radius(image(alone), "active"), rel=1e-9)
