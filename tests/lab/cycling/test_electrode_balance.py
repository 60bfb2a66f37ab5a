"""A planted balance comes back; what the curves do not tell is said."""

import numpy as np
import pytest

from scalith.lab.cycling import blended_potential, degradation_modes, extract_balance, simulate_balance
from scalith.quantities import InputError, Property, Source

MADE = Source(kind="assumed", reference="test")
X = np.linspace(0.0, 1.0, 401)
NEGATIVE = Property.from_arrays(
    "u", {"x": X}, 0.12 + 0.45 * np.exp(-X / 0.025) - 0.035 * np.tanh((X - 0.52) / 0.03) - 0.1 * X**12, "V", MADE
)
SILICON = Property.from_arrays("u", {"x": X}, 0.75 - 0.68 * X**0.7, "V", MADE)
POSITIVE = Property.from_arrays("u", {"x": X}, 4.35 - X + 0.3 * X**2 - 0.3 * np.exp((X - 1.0) / 0.02), "V", MADE)
FRESH = {"x100": 0.9, "y100": 0.1, "negative_capacity": 18_000.0, "positive_capacity": 20_000.0, "lower": 3.15}


def curve(noise=0.0, seed=0, negative=NEGATIVE, **changes):
    q, v = simulate_balance(negative, POSITIVE, points=400, **(FRESH | changes))
    return q, v + noise * np.random.default_rng(seed).standard_normal(v.size)


@pytest.mark.parametrize("by", ["voltage", "derivative", "both"])
def test_a_curve_without_noise_gives_its_balance_back(by):
    found = extract_balance(*curve(), NEGATIVE, POSITIVE, by=by)
    assert found.residual < 1e-4
    for name, expected in (("x100", 0.9), ("y100", 0.1), ("Q_negative", 18e3), ("Q_positive", 20e3), ("lithium", 18.2e3)):
        assert found.values[name] == pytest.approx(expected, rel=5e-3)


@pytest.mark.long
def test_errors_are_those_that_noise_makes():
    tries = [extract_balance(*curve(1e-3, k), NEGATIVE, POSITIVE, by="voltage") for k in range(8)]
    for name in ("x100", "Q_negative", "Q_positive", "lithium"):
        scatter = np.std([one.values[name] for one in tries], ddof=1)
        stated = np.mean([one.standard_error(name) for one in tries])
        assert 0.3 < scatter / stated < 2.2  # 8 tries: a standard deviation is known to a quarter
        low, high = tries[0].interval(name)
        assert low < tries[0].values[name] < high


def test_losses_of_two_check_ups():
    first = extract_balance(*curve(1e-3, 1), NEGATIVE, POSITIVE, by="voltage")
    q_n, q_p = 18_000.0 * 0.94, 20_000.0 * 0.96
    lithium = 18_200.0 * 0.92
    # The same full voltage: found by scanning, so that the check-up starts where the first did.
    x = np.linspace(0.6, 0.95, 2001)
    y = (lithium - q_n * x) / q_p
    volts = POSITIVE(x=y) - NEGATIVE(x=x)
    k = int(np.argmin(np.abs(volts - curve()[1][0])))
    aged = {"x100": x[k], "y100": y[k], "negative_capacity": q_n, "positive_capacity": q_p}
    modes = degradation_modes(first, extract_balance(*curve(1e-3, 2, **aged), NEGATIVE, POSITIVE, by="voltage"))
    for name, expected in (("LLI", 0.08), ("LAM_negative", 0.06), ("LAM_positive", 0.04)):
        assert abs(modes[name] - expected) < max(4.0 * modes[name].error, 2e-3)


@pytest.mark.long
def test_a_blend_gives_its_share_back_and_a_loss_of_each_material():
    blend = (NEGATIVE, SILICON)
    balances = [
        extract_balance(*curve(2e-4, 1, blend, share=share, negative_capacity=size), blend, POSITIVE, by="voltage")
        for share, size in ((0.12, 18_000.0), (0.06, 17_000.0))
    ]
    assert balances[0].values["share"] == pytest.approx(0.12, abs=3e-3)
    modes = degradation_modes(*balances)
    assert modes["LAM_second"] == pytest.approx(1.0 - 17 * 0.06 / (18 * 0.12), abs=0.03)
    assert modes["LAM_first"] == pytest.approx(1.0 - 17 * 0.94 / (18 * 0.88), abs=0.01)
    with pytest.raises(InputError, match="one blended"):
        degradation_modes(balances[0], extract_balance(*curve(), NEGATIVE, POSITIVE, by="voltage"))


def test_at_a_blends_potential_the_materials_share_it():
    found = blended_potential(NEGATIVE, SILICON, 0.3)
    u = 0.3
    contents = [np.interp(-u, -curve(x=X), X) for curve in (NEGATIVE, SILICON)]
    assert float(found(x=0.7 * contents[0] + 0.3 * contents[1])) == pytest.approx(u, abs=1e-4)


def test_what_is_refused():
    q, v = curve()
    with pytest.raises(InputError, match="at least 20"):
        extract_balance(q[:10], v[:10], NEGATIVE, POSITIVE)
    with pytest.raises(InputError, match="rising"):
        extract_balance(q[::-1], v, NEGATIVE, POSITIVE)
    with pytest.raises(InputError, match="'both', 'voltage' or 'derivative'"):
        extract_balance(q, v, NEGATIVE, POSITIVE, by="curvature")
    inner = X[(X > 0.3) & (X < 0.8)]
    off = curve(negative=SILICON)
    assert "mV are left" in extract_balance(*off, NEGATIVE, POSITIVE, by="voltage").note
    short = Property.from_arrays("u", {"x": inner}, NEGATIVE(x=inner), "V", MADE)
    with pytest.raises(InputError, match="cover the window"):
        extract_balance(q, v, short, POSITIVE, by="voltage")
    with pytest.raises(InputError, match="rises at"):
        blended_potential(Property.from_arrays("u", {"x": X}, X, "V", MADE), SILICON, 0.1)
    with pytest.raises(InputError, match="a voltage between"):
        simulate_balance(NEGATIVE, POSITIVE, **(FRESH | {"lower": -9.0}))
