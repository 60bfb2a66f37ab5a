"""Pieces of a phase that are joined where the scores are least against it."""

import numpy as np
import pytest

from scalith.design.joined_pieces import join_pieces, largest_share
from scalith.design.trained import label_voxels, read_trained_model, trained_structure
from scalith.quantities import InputError, shipped


def scores_of(mask, lead=5.0):
    """Of two phases, the second one where the mask is."""
    return np.stack([np.zeros(mask.shape), np.where(mask, lead, -lead)])


def joined(scores, mask, share):
    fractions = np.array([1.0 - mask.mean(), mask.mean()])

    def label(one):
        return label_voxels(one, fractions)

    np.testing.assert_array_equal(label(scores), mask)
    return label(join_pieces(scores, label, {1: share}))


def test_two_pieces_are_joined_where_the_scores_lack_least_and_the_volume_stays():
    mask = np.zeros((12, 9, 9), bool)
    mask[:4], mask[6:] = True, True
    scores = scores_of(mask)
    scores[1, 4:6, 4, 4] = -1.0  # the ways through the gap: this one, and one nearly as good
    scores[1, 4:6, 2, 7] = -1.1
    scores[1, 0, 0, 0], scores[1, 11, 8, 8] = 0.1, 0.2  # what is given up for it
    labels = joined(scores, mask, 1.0)
    expected = mask.copy()
    expected[4:6, 4, 4] = True
    expected[0, 0, 0] = expected[11, 8, 8] = False
    np.testing.assert_array_equal(labels, expected)
    assert largest_share(mask) == pytest.approx(0.6)
    assert largest_share(labels == 1) == 1.0


def test_no_more_is_joined_than_was_asked_for():
    mask = np.zeros((20, 6, 6), bool)
    mask[:8], mask[9:13], mask[14:16], mask[17:18] = True, True, True, True  # shares of 8, 4, 2 and 1 in 15
    scores = scores_of(mask)
    scores[1, 0, 0, :4] = 0.5  # given up first
    for share, least in ((0.5, 8 / 15), (0.75, 12 / 15), (0.9, 14 / 15)):
        labels = joined(scores, mask, share)
        assert labels.sum() == mask.sum()
        found = largest_share(labels == 1)
        assert found == pytest.approx(least, abs=0.01)
        assert found >= share
    np.testing.assert_array_equal(joined(scores, mask, 0.5), mask)


def test_joining_is_asked_of_phases_by_shares():
    model = read_trained_model(shipped("trained/taufactor_electrode.npz"))
    with pytest.raises(InputError, match=r"joined.*actve.*active"):
        trained_structure(model, (16, 16, 16), seed=1, joined={"actve": 0.5})
    with pytest.raises(InputError, match=r"joined of active.*at most 1"):
        trained_structure(model, (16, 16, 16), seed=1, joined={"active": 1.5})


@pytest.mark.long
def test_a_trained_structure_hangs_together_as_asked():
    model = read_trained_model(shipped("trained/taufactor_electrode.npz"))
    free = trained_structure(model, (24, 24, 24), seed=2, steps=4)
    asked = float(free.table["largest_piece"].sel(phase="active")) + 0.1
    assert asked < 0.9
    found = trained_structure(model, (24, 24, 24), seed=2, steps=4, joined={"active": asked})
    assert float(found.table["largest_piece"].sel(phase="active")) >= asked - 0.01
    assert found.image.volume_fractions == pytest.approx(free.image.volume_fractions, abs=1e-12)
    assert largest_share(found.image.mask("active")) == float(found.table["largest_piece"].sel(phase="active"))
