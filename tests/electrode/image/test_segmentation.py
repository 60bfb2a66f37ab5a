"""From grey values to phases, with the error of the thresholds."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalith.electrode import (
    FieldPhase,
    GreyImage,
    VoxelImage,
    over_thresholds,
    plausible_thresholds,
    random_field,
    read_grey,
    segment,
    smooth,
)
from scalith.quantities import InputError, Source

PHASES = ("pore", "binder", "active")
GREYS = np.array([50.0, 120.0, 200.0])


def truth(size=32):
    phases = {name: FieldPhase(fraction=0.3, correlation_length=4e-7) for name in ("binder", "active")}
    return random_field((size,) * 3, 1e-7, phases, seed=1)


def scan(noise, blur=0.0):
    """What a scanner would make of it: a grey a phase, blurred, with noise."""
    values = GREYS[truth().labels]
    values = gaussian_filter(values, blur, mode="nearest") if blur else values
    return GreyImage(values + np.random.default_rng(2).normal(0.0, noise, values.shape), "0.1 um")


def test_clear_greys_give_the_labels_back_and_no_error():
    grey = scan(noise=4.0)
    cuts = plausible_thresholds(grey, PHASES)
    assert np.all(cuts["low"] <= cuts["best"])
    assert np.all(cuts["best"] <= cuts["high"])
    assert list(cuts["threshold"]) == ["pore | binder", "binder | active"]
    image = segment(grey, PHASES, cuts["best"])
    np.testing.assert_array_equal(image.labels, truth().labels)
    found = over_thresholds(grey, PHASES, lambda image: {"porosity": image.volume_fractions["pore"]})
    assert float(found["value"][0]) == pytest.approx(truth().volume_fractions["pore"], abs=1e-4)
    assert float(found["error"][0]) < 1e-3


def test_between_two_normal_distributions_the_ends_are_where_the_odds_are():
    numbers = np.random.default_rng(3)
    values = np.where(
        numbers.random((40, 40, 40)) < 0.5, numbers.normal(0.0, 1.0, (40,) * 3), numbers.normal(4.0, 1.0, (40,) * 3)
    )
    found = plausible_thresholds(GreyImage(values, 1e-7), ("dark", "bright"), odds=5.0)
    # ln of the odds is 4 (x − 2) between normal distributions at 0 and 4 with a variance of 1.
    assert float(found["best"][0]) == pytest.approx(2.0, abs=0.1)
    assert float(found["low"][0]) == pytest.approx(2.0 - np.log(5.0) / 4.0, abs=0.08)
    assert float(found["high"][0]) == pytest.approx(2.0 + np.log(5.0) / 4.0, abs=0.08)


def test_blur_and_noise_show_in_the_error():
    def measure(image):
        return {name: image.volume_fractions[name] for name in PHASES}

    sharp, rough = (over_thresholds(scan(noise, blur), PHASES, measure) for noise, blur in ((4.0, 0.0), (12.0, 0.8)))
    assert np.all(rough["error"] > 5.0 * sharp["error"])
    assert np.all(rough["lowest"] <= rough["value"])
    assert np.all(rough["highest"] >= rough["value"])
    # Each end moves the two phases beside it only.
    assert float(rough["error_by_threshold"].sel(threshold="pore | binder", quantity="active")) == 0.0


@pytest.mark.parametrize(("how", "share"), [("median", 0.85), ("non_local_means", 0.6)])
def test_smoothing_takes_noise_away(how, share):
    grey = scan(25.0)
    wrong = [
        np.mean(segment(one, PHASES, plausible_thresholds(one, PHASES)["best"]).labels != truth().labels)
        for one in (grey, smooth(grey, how))
    ]
    assert wrong[1] < share * wrong[0]
    assert smooth(grey, "none") is grey


@pytest.mark.parametrize("share", [0.05, 0.95])
def test_phases_that_overlap_have_no_thresholds(share):
    """Nowhere between the means is the rarer phase the likelier one."""
    numbers = np.random.default_rng(4)
    shape = (24,) * 3
    centre = np.where(numbers.random(shape) < share, 0.0, 1.5)
    with pytest.raises(InputError, match="dark and bright overlap"):
        plausible_thresholds(GreyImage(centre + numbers.normal(0.0, 1.0, shape), 1e-7), ("dark", "bright"))


def test_results_of_other_thresholds_or_other_files_have_other_sources():
    def of(grey, thresholds=None):
        return over_thresholds(grey, PHASES, lambda image: {"one": 1.0}, thresholds=thresholds).attrs["source"]

    grey = scan(noise=4.0)
    cuts = plausible_thresholds(grey, PHASES)
    moved = cuts.assign(high=cuts["high"] + 1.0)
    assert of(grey) == of(grey, cuts) != of(grey, moved)
    named = GreyImage(grey.values, grey.voxel_size, Source(kind="measured", reference="a scan"))
    assert smooth(named).source != smooth(grey).source
    assert of(named) != of(grey)


def test_grey_values_are_read_from_files(tmp_path):
    values = scan(noise=4.0).values[:, :, :8]
    np.save(tmp_path / "grey.npy", values)
    found = read_grey(tmp_path / "grey.npy", voxel_size="0.1 um")
    np.testing.assert_array_equal(found.values, values)
    assert found.voxel_size == pytest.approx(1e-7)
    assert found.source.files[0].name == "grey.npy"
    assert isinstance(segment(found, ("dark", "bright"), [100.0]), VoxelImage)


def test_what_cannot_be_segmented():
    grey = scan(noise=4.0)
    with pytest.raises(InputError, match="from dark to bright"):
        plausible_thresholds(grey, ("pore",))
    with pytest.raises(InputError, match="values that rise"):
        segment(grey, PHASES, [150.0, 80.0])
    with pytest.raises(InputError, match="leave active a voxel"):
        segment(grey, PHASES, [80.0, 1e4])
    with pytest.raises(InputError, match="more than 1"):
        plausible_thresholds(grey, PHASES, odds=1.0)
    two = np.where(np.arange(64).reshape(4, 4, 4) % 2, 1.0, 1.0001)
    two[0, 0, 0] = 9.0
    with pytest.raises(InputError, match="2 that 256 steps tell apart"):
        plausible_thresholds(GreyImage(two, 1e-7), PHASES)
    with pytest.raises(InputError, match="finite grey values"):
        GreyImage(np.full((4, 4, 4), np.nan), 1e-7)
