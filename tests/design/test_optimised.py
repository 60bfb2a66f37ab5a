"""Structures that conduct best."""

import numpy as np
import pytest

from scalith.design import LatentPhase, LatentStructure, hashin_shtrikman, optimised_conduction
from scalith.quantities import InputError

H = 1e-7


def halves(size=12):
    return LatentStructure(
        shape=(size,) * 3,
        voxel_size=H,
        phases={"pore": LatentPhase(fraction=0.5, feature_size=5 * H)},
        sides="mirror",
    )


def test_along_one_axis_alone_columns_are_the_optimum():
    found = optimised_conduction(halves(), {"ions": {"pore": 2.0}}, seed=1, axes="z", iterations=15)
    # Wiener's bound is reached by columns, whose value is the share of the phase.
    assert float(found.table["conductivity"].squeeze()) == pytest.approx(1.0, rel=0.03)


def test_both_carriers_gain_in_all_directions():
    carriers = {"ions": {"pore": 1.0}, "electrons": {"active": 10.0}}
    found = optimised_conduction(halves(), carriers, seed=3, iterations=12, widths=(4.0, 2.0))
    share = found.table["bound_share"].values
    assert np.all(share < 1.0)
    assert share.min() > 0.65
    # What rises is the product of the means that follow each carrier's lowest axis.
    after, before = (np.mean(found.table[name].values ** -4.0, axis=1) ** -0.25 for name in ("conductivity", "before"))
    assert np.prod(after) > 1.2 * np.prod(before)
    assert found.image.volume_fractions["pore"] == pytest.approx(0.5)


def test_the_bound_of_one_conducting_phase():
    assert hashin_shtrikman({"pore": 0.5, "active": 0.5}, {"pore": 3.0}) == pytest.approx(3.0 * 2 * 0.5 / (3 - 0.5))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"axes": "xx"}, "some of x, y, z"),
        ({"carriers": {"ions": {"pores": 1.0}}}, "pore"),
        ({"carriers": {"ions": {"pore": 0.0}}}, "at least one phase that conducts"),
        ({"weights": {"ions": -1.0}}, "positive"),
        ({"widths": ()}, "at least one of each"),
    ],
)
def test_what_is_asked_wrongly(changed, message):
    stated = {"carriers": {"ions": {"pore": 1.0}}} | changed
    with pytest.raises(InputError, match=message):
        optimised_conduction(halves(), seed=1, **stated)
