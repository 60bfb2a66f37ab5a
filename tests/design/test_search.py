"""Search for a front over recipe numbers, and the check of its points."""

import numpy as np
import pytest

from scalith.design import hypervolume, search_front
from scalith.design.search import non_dominated
from scalith.quantities import InputError

BOUNDS = {"a": (0.0, 1.0), "b": (0.0, 1.0)}
AIMS = {"gain": "maximum", "cost": "minimum"}


def trade(numbers, seed):
    """Gain and cost rise with a; b only costs, and there is nothing beyond a = 0.8."""
    if numbers["a"] > 0.8:
        raise InputError("trade", "a", numbers["a"], "at most 0.8")
    luck = 0.2 * (seed == 7)
    return {"gain": numbers["a"] + luck, "cost": numbers["a"] ** 2 + numbers["b"]}


def test_the_front_is_found_and_checked_with_other_seeds():
    found = search_front(trade, BOUNDS, AIMS, evaluations=160, seed=7, check_seeds=(1, 2))
    recipe = found["recipe"].values
    assert np.all(recipe[:, 1] < 0.1)
    assert recipe[:, 0].max() > 0.7
    assert recipe[:, 0].max() <= 0.8
    # The luck of the search's seed is gone, its error is told.
    np.testing.assert_allclose(found["objective"].sel(objective_name="gain"), recipe[:, 0], rtol=1e-12)
    np.testing.assert_allclose(found["found"].sel(objective_name="gain"), recipe[:, 0] + 0.2, rtol=1e-12)
    assert np.all(found["objective_error"] == 0.0)
    assert bool(found["holds"].all())
    assert found.sizes["evaluation"] == 160
    assert bool(found["evaluated"].isnull().any())
    again = search_front(trade, BOUNDS, AIMS, evaluations=160, seed=7, check_seeds=(1, 2))
    np.testing.assert_array_equal(again["recipe"], found["recipe"])


def test_the_budget_is_not_exceeded_and_said_as_it_is_spent():
    said = []
    found = search_front(trade, BOUNDS, AIMS, evaluations=40, seed=7, check_seeds=(1,), progress=lambda *one: said.append(one))
    assert found.sizes["evaluation"] == 32
    assert said[-1] == (1.0, "32 of 32 recipes")


def test_hypervolume_of_steps_and_rows_that_none_beats():
    values = np.array([[1.0, 1.0], [2.0, 3.0], [0.5, 0.5], [3.0, np.nan]])
    # Gain above 0, cost below 4: two rectangles, and a third inside the first.
    assert hypervolume(values, [0.0, 4.0], ["maximum", "minimum"]) == pytest.approx(1.0 * 3.0 + 1.0 * 1.0 + 0.5 * 0.5)
    assert hypervolume(values[:1] * 9, [0.0, 4.0], ["maximum", "minimum"]) == 0.0
    np.testing.assert_array_equal(non_dominated(np.array([[0.0, 2.0], [1.0, 1.0], [1.0, 3.0], [2.0, 0.0]])), [0, 1, 3])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"parameters": {"a": (1.0, 0.0)}}, "two numbers that rise"),
        ({"objectives": {"gain": "best"}}, "'maximum' or 'minimum'"),
        ({"check_seeds": (7,)}, "seeds other than 7"),
        ({"evaluations": 4}, "at least as many"),
        ({"parameters": {"a": (0.9, 1.0)}}, "none can be made"),
    ],
)
def test_what_cannot_be_searched(changed, message):
    stated = {"parameters": BOUNDS, "objectives": AIMS, "evaluations": 32, "seed": 7} | changed
    with pytest.raises(InputError, match=message):
        search_front(trade, **stated)
