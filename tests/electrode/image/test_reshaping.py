from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalith.electrode import VoxelImage, crop, laminate, mirror, random_sites, resample, sphere_lattice
from scalith.quantities import InputError


def test_a_crop_is_the_part():
    image = random_sites((6, 5, 4), 1e-7, 0.5, seed=1)
    found = crop(image, x=(1, 4), z=(0, 2))
    np.testing.assert_array_equal(found.labels, image.labels[1:4, :, :2])
    assert found.source.parents == (image.digest,)
    assert not crop(replace(image, periodic=True), x=(1, 4)).periodic
    for part in ((3, 3), (2, 7), (-1, 3), (2, 3)):
        with pytest.raises(InputError, match="between 0 and 6"):
            crop(image, x=part)


def test_a_mirrored_image_is_periodic_and_even():
    image = random_sites((4, 3, 5), 1e-7, 0.5, seed=2)
    found = mirror(image, "xz")
    assert found.shape == (8, 3, 10)
    for axis in (0, 2):
        np.testing.assert_array_equal(found.labels, np.flip(found.labels, axis))
    np.testing.assert_array_equal(found.labels[:4, :, :5], image.labels)
    assert not found.periodic  # nothing is known of y
    assert mirror(image).periodic
    with pytest.raises(InputError, match="some of x, y, z"):
        mirror(image, "w")


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 4), st.integers(0, 1000))
def test_refining_and_coarsening_by_a_whole_number_gives_the_image_back(factor, seed):
    image = random_sites((4, 3, 5), 1e-6, 0.4, seed=seed)
    fine = resample(image, 1e-6 / factor)
    np.testing.assert_array_equal(fine.labels, np.kron(image.labels, np.ones((factor,) * 3, np.uint8)))
    np.testing.assert_array_equal(resample(fine, 1e-6).labels, image.labels)


def test_what_is_cut_off_ends_that_an_image_goes_on():
    image = replace(random_sites((4, 4, 4), 1e-6, 0.4, seed=1), periodic=True)
    assert resample(image, 0.5e-6).periodic
    assert resample(image, 2e-6).periodic
    assert not resample(image, 0.7e-6).periodic


def test_labels_stay_labels_and_fractions_stay_near():
    image = sphere_lattice(60, 1e-7, 0.3)
    found = resample(image, 1.7e-7)
    assert set(np.unique(found.labels)) == {0, 1}
    assert found.volume_fractions["sphere"] == pytest.approx(0.3, abs=0.01)
    layers = laminate((12, 2, 2), 1e-6, [("a", 4), ("b", 4), ("c", 4)])
    # An average of labels would put phase b between a and c at the periodic face; a vote does not.
    assert resample(layers, 2e-6 / 2).phases == layers.phases
    with pytest.raises(InputError, match="at least two"):
        resample(image, 1e-5)


def test_an_empty_part_keeps_its_names():
    image = laminate((8, 2, 2), 1e-7, [("a", 4), ("b", 4)])
    found = crop(image, x=(0, 3))
    assert found.volume_fractions == {"a": 1.0, "b": 0.0}
    assert isinstance(found, VoxelImage)
