import numpy as np
import pytest

from scalith.lab import compare_fits, fit_kinetics, simulate_dsc
from scalith.pack import ReactionSet
from scalith.quantities import InputError

REACTION = {"frequency_factor": 3e13, "activation_energy": 135e3, "heat": 9e5, "content": 600.0, "orders": {"x": 1.0}}
FIRST = ReactionSet.read({"name": "first", "reference": "test", "states": {"x": 1.0}, "reactions": {"r": REACTION}})
KEYS = ["r.frequency_factor", "r.activation_energy", "r.heat"]


def noisy(kinetics, seed=2):
    numbers = np.random.default_rng(seed)
    curves = [simulate_dsc(kinetics, rate / 60, start=370.0, end=580.0, sample_density=600.0) for rate in (5.0, 20.0)]
    return [
        c.assign(heat_flow=c["heat_flow"] + 0.01 * float(c["heat_flow"].max()) * numbers.standard_normal(c.sizes["time"]))
        for c in curves
    ]


@pytest.fixture(scope="module")
def fits():
    curves = noisy(FIRST)
    second = FIRST.with_values({"r.orders.x": 2.0, "r.frequency_factor": 1e14})
    return {
        "first order": fit_kinetics(curves, FIRST, parameters=KEYS, points=80),
        "second order": fit_kinetics(curves, second, parameters=KEYS, points=80),
    }


def test_the_planted_order_is_chosen(fits):
    found = compare_fits(fits)
    assert list(found["form"].values) == ["first order", "second order"]
    assert float(found["weight"].sum()) == pytest.approx(1.0)
    assert float(found["weight"].sel(form="second order")) < 1e-6
    assert found["parameters"].values.tolist() == [3, 3]


def test_a_number_that_changes_nothing_costs_two_and_the_small_sample_term(fits):
    first = fits["first order"]
    idle = first.model_copy(update={"parameters": (*first.parameters, "r.orders.x")})
    found = compare_fits({"with": idle, "without": first})
    n = sum(first.effective_points)
    assert 2 * 40 < n <= 2 * 80

    def cost(k):
        return 2 * k + 2 * k * (k + 1) / (n - k - 1)

    difference = float(found["aicc"].sel(form="with") - found["aicc"].sel(form="without"))
    assert difference == pytest.approx(cost(6) - cost(5), rel=1e-9)
    halved = first.model_copy(update={"deviations": tuple(0.5 * one for one in first.deviations)})
    gain = compare_fits({"with": halved, "without": first})["aicc"]
    assert float(gain.sel(form="with") - gain.sel(form="without")) == pytest.approx(-2 * n * np.log(2), rel=1e-9)


def test_what_cannot_be_compared_is_said(fits):
    other = fit_kinetics(noisy(FIRST, seed=5)[:1], FIRST, parameters=KEYS, points=80)
    with pytest.raises(InputError, match="other curves"):
        compare_fits({"here": fits["first order"], "there": other})
    with pytest.raises(InputError, match="at least one"):
        compare_fits({})
    poor = fits["first order"].model_copy(update={"effective_points": (2.0, 3.0)})
    with pytest.raises(InputError, match="independent points"):
        compare_fits({"poor": poor})
