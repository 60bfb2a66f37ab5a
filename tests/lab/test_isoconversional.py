import numpy as np
import pytest

from scalith.lab import friedman, read_dsc, simulate_dsc, vyazovkin
from scalith.pack import ReactionSet
from scalith.quantities import InputError


def one_reaction(energy, frequency, heat=9e5, content=600.0):
    return {"frequency_factor": frequency, "activation_energy": energy, "heat": heat, "content": content}


def curves_of(kinetics, rates=(2.0, 5.0, 10.0, 20.0), end=640.0):
    return [simulate_dsc(kinetics, rate / 60, start=340.0, end=end, sample_density=600.0, points=4001) for rate in rates]


SINGLE = ReactionSet.read(
    {
        "name": "one",
        "reference": "test",
        "states": {"x": 1.0},
        "reactions": {"r": one_reaction(135e3, 3e13) | {"orders": {"x": 1.4}}},
    }
)
CURVES = curves_of(SINGLE)


@pytest.mark.parametrize("method", [friedman, vyazovkin])
def test_one_energy_at_every_conversion(method):
    found = method(CURVES)
    np.testing.assert_allclose(found["activation_energy"], 135e3, rtol=2e-3)
    assert float(found["activation_energy_error"].max()) < 300.0


def test_friedman_finds_the_rate_law():
    found = friedman(CURVES)
    alpha = found["conversion"].values
    np.testing.assert_allclose(found["log_rate_factor"], np.log(3e13) + 1.4 * np.log(1 - alpha), atol=0.08)


@pytest.mark.parametrize("method", [friedman, vyazovkin])
def test_two_reactions_show_both_energies(method):
    reactions = {
        "low": one_reaction(100e3, 1e11, heat=4e5) | {"orders": {"x": 1}},
        "high": one_reaction(180e3, 1e16, heat=4e5) | {"orders": {"y": 1}},
    }
    two = ReactionSet.read({"name": "two", "reference": "test", "states": {"x": 1.0, "y": 1.0}, "reactions": reactions})
    found = method(curves_of(two, end=700.0))["activation_energy"]
    assert float(found.sel(conversion=0.1)) == pytest.approx(100e3, rel=0.02)
    assert float(found.sel(conversion=0.9)) == pytest.approx(180e3, rel=0.02)


def test_endothermic_curves_are_read_alike():
    turned = [curve.assign(heat_flow=-curve["heat_flow"]) for curve in CURVES]
    np.testing.assert_allclose(friedman(turned)["activation_energy"], friedman(CURVES)["activation_energy"])


def test_a_hold_in_the_program_does_not_disturb(tmp_path):
    """Both methods take the measured temperature: curves with a hold of 20 min at 400 K give the same energy."""
    from scipy.integrate import solve_ivp

    found = []
    for rate in (2 / 60, 10 / 60, 20 / 60):
        hold = 60.0 / rate

        def temperature(t, rate=rate, hold=hold):
            return 340.0 + rate * np.where(t < hold, t, np.where(t < hold + 1200.0, hold, t - 1200.0)) + 1e-6 * t

        time = np.linspace(0.0, 240.0 / rate + 1200.0, 3000)

        def slope(t, x, temperature=temperature):
            return [3e13 * np.exp(-135e3 / (8.31446261815324 * float(temperature(t)))) * (1 - x[0])]

        done = solve_ivp(slope, time[[0, -1]], [0.0], t_eval=time, rtol=1e-9, atol=1e-12, method="LSODA", max_step=20.0)
        flow = 9e5 * np.array([slope(t, [x])[0] for t, x in zip(time, done.y[0], strict=True)])
        path = tmp_path / f"{rate:.4f}.csv"
        rows = "\n".join(f"{t:.8g}, {T:.10g}, {q:.10g}" for t, T, q in zip(time, temperature(time), flow, strict=True))
        path.write_text("time [s], temperature [K], heat_flow [W/kg]\n" + rows)
        found.append(read_dsc(path))
    for method in (friedman, vyazovkin):
        # What the hold converts, 8 %, all curves convert at one temperature: it tells nothing of the energy.
        np.testing.assert_allclose(method(found, np.arange(0.2, 0.91, 0.05))["activation_energy"], 135e3, rtol=5e-3)


def test_what_they_need_is_said():
    with pytest.raises(InputError, match="two or more"):
        friedman(CURVES[:1])
    with pytest.raises(InputError, match="between 0 and 1"):
        vyazovkin(CURVES, [0.2, 1.2])
    with pytest.raises(InputError, match="heating rates"):
        vyazovkin([CURVES[0], CURVES[0]], [0.2, 0.4])
    with pytest.raises(InputError, match="heating rates"):
        friedman([CURVES[0], CURVES[0]])
