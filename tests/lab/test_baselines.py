import numpy as np
import pytest

from scalith.lab.baselines import require_baseline, subtract_baseline
from scalith.lab.calorimetry import simulate_dsc
from scalith.pack import ReactionSet
from scalith.quantities import ConvergenceError, InputError

REACTION = {"frequency_factor": 3e13, "activation_energy": 135e3, "heat": 9e5, "content": 600.0, "orders": {"x": 1.0}}
ONE = ReactionSet.read({"name": "one", "reference": "test", "states": {"x": 1.0}, "reactions": {"r": REACTION}})
CURVE = simulate_dsc(ONE, 10 / 60, start=300.0, end=680.0, sample_density=600.0)
RANGE = {"before": 330.0, "after": 620.0}


def conversion():
    flow, time = CURVE["heat_flow"].values, CURVE["time"].values
    passed = np.concatenate([[0.0], np.cumsum(0.5 * (flow[1:] + flow[:-1]) * np.diff(time))])
    return passed / passed[-1]


def lifted(first, second):
    """The curve on a baseline that goes from `first` to `second` with the conversion."""
    alpha = conversion()
    return CURVE.assign(heat_flow=CURVE["heat_flow"] + first * (1 - alpha) + second * alpha)


def test_sigmoidal_baseline_comes_back_exactly():
    found = subtract_baseline(lifted(200.0, 450.0), **RANGE, shape="sigmoidal")
    np.testing.assert_allclose(found["heat_flow"], CURVE["heat_flow"], atol=2e-3 * 250.0)
    assert float(found["heat_flow"].integrate("time")) == pytest.approx(9e5, rel=2e-4)


def test_tangential_baseline_comes_back_exactly():
    T = CURVE["temperature"].values
    found = subtract_baseline(lifted(200.0 + 2.0 * (T - 300), 900.0 - 1.0 * (T - 300)), **RANGE, shape="tangential")
    assert float(found["heat_flow"].integrate("time")) == pytest.approx(9e5, rel=5e-4)
    straight = subtract_baseline(lifted(200.0 + 2.0 * (T - 300), 900.0 - 1.0 * (T - 300)), **RANGE)
    assert abs(float(straight["heat_flow"].integrate("time")) / 9e5 - 1) > 0.02


def test_tangential_without_an_end_follows_the_first_line():
    tilted = CURVE.assign(heat_flow=CURVE["heat_flow"] + 100.0 + 0.5 * (CURVE["temperature"] - 300.0))
    found = subtract_baseline(tilted, before=330.0, shape="tangential")
    np.testing.assert_allclose(found["heat_flow"], CURVE["heat_flow"], atol=2.0)


def test_endothermic_curves_have_a_sign_of_their_own():
    melting = CURVE.assign(heat_flow=-CURVE["heat_flow"])
    require_baseline(melting, "fit", sign=-1)
    require_baseline(melting, "fit", sign=0)
    with pytest.raises(InputError, match="take up heat"):
        require_baseline(CURVE, "fit", sign=-1)


def test_what_cannot_be_is_said():
    with pytest.raises(InputError, match="sigmoidal"):
        subtract_baseline(CURVE, before=330.0, shape="sigmoidal")
    with pytest.raises(InputError, match="did you mean"):
        subtract_baseline(CURVE, **RANGE, shape="tangental")
    flat = CURVE.assign(heat_flow=0.0 * CURVE["heat_flow"] + np.where(CURVE["temperature"] > 500.0, 1.0, 0.0))
    with pytest.raises(ConvergenceError, match="one peak"):
        subtract_baseline(flat.assign(heat_flow=flat["heat_flow"] * 0.0), **RANGE, shape="sigmoidal")
