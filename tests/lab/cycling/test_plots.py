"""Pictures of cycling: the fit that is drawn goes through the data."""

import numpy as np
import pytest

from scalith.lab.cycling import RateCapability, capacity_at_rate
from scalith.lab.cycling.electrode_balance import ElectrodeBalance
from scalith.lab.cycling.plots import plot_balance
from scalith.quantities import Result, Source, labelled


def test_a_rate_test_is_drawn_with_its_curve():
    rate = np.geomspace(1e-5, 1e-2, 6)
    capacity = 3600.0 * capacity_at_rate(rate, 300.0, 0.7)
    data = Result(
        {"capacity": labelled("current", capacity, "capacity", "C")},
        {"current": labelled("current", rate * capacity, "current", "A")},
        {"kind": "rate test"},
    )
    fit = RateCapability(3600.0, 300.0, 0.7, (0.0, 0.0), (0.0, 0.0), (0.0, 0.0), 0.0, "")
    dots, line = data.plot(fit=fit).axes[0].lines
    there = np.interp(np.log(dots.get_xdata()), np.log(line.get_xdata()), line.get_ydata())
    assert there == pytest.approx(dots.get_ydata(), rel=1e-3)
    assert len(data.plot().axes[0].lines) == 1


def test_pulses_are_drawn_over_the_voltage_at_rest():
    single = {name: ("pulse", np.array(values)) for name, values in {"rest_voltage": [4.0, 3.8], "current": [1.0, 1.0]}.items()}
    ohms = ("pulse", "window"), np.array([[0.02, 0.03], [0.021, np.nan]])
    data = Result(
        {"resistance": ohms, "resistance_error": (ohms[0], 1e-4 * np.ones((2, 2))), **single},
        {"window": [1.0, 10.0]},
        {"kind": "pulse resistances"},
    )
    axis = data.plot().axes[0]
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["after 1 s", "after 10 s"]
    assert axis.containers[0].lines[0].get_ydata() == pytest.approx([20.0, 21.0])


def test_a_second_check_up_goes_onto_the_same_picture():
    q = np.linspace(0.0, 3600.0, 20)
    found = ElectrodeBalance({}, np.zeros((0, 0)), 0.0, "", 4.0 - q / 7200.0, Source(kind="measured", reference="a lab"))
    figure = plot_balance(q, 4.0 - q / 7200.0 + 1e-3, found, label="fresh")
    left, right = plot_balance(0.9 * q, 4.0 - q / 7200.0, found, label="aged", figure=figure).axes
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["fresh", "aged"]
    assert right.lines[0].get_ydata() == pytest.approx(-1.0)
    assert left.lines[3].get_xdata()[-1] == pytest.approx(0.9)
