"""PyBOP with PyBaMM on the joint records of case U03: the same ten numbers of a P2D cell."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

SWITCHES = {"surface form": "differential", "contact resistance": "true"}
POINTS = {"x_n": 10, "x_s": 3, "x_p": 10, "r_n": 16, "r_p": 16}
"""As many as in the case."""


def seconds_of_an_evaluation(records: list[Any]) -> float:
    """Wall time of one evaluation of all six records, as a search makes them: at other numbers than the one before.

    One of the numbers is a thickness, so that the models are built again for each.
    """
    import pybamm
    import pybop

    pybamm.set_logging_level("ERROR")
    problems = []
    for record in records:
        values = _values(pybamm, pybop)
        model = pybamm.lithium_ion.DFN(options=SWITCHES)
        state = {"Initial SoC": record.state_of_charge}
        given = {"parameter_values": values, "initial_state": state, "var_pts": POINTS}
        if hasattr(record, "frequencies"):
            simulator = pybop.pybamm.EISSimulator(model, f_eval=record.frequencies, **given)
            data = {"Frequency [Hz]": record.frequencies, "Current function [A]": 0.0 * record.frequencies}
            data["Impedance"] = record.impedance
            dataset, target = pybop.Dataset(data, domain="Frequency [Hz]"), "Impedance"
            weights = 1.0 / (5e-3 * np.abs(record.impedance)) ** 2
        else:
            times, current = record.times, _current(record)
            dataset = pybop.Dataset({"Time [s]": times, "Current [A]": current, "Voltage [V]": record.samples})
            simulator, target = pybop.pybamm.Simulator(model, protocol=dataset, **given), "Voltage [V]"
            weights = np.full(times.size, 1e6)
        cost = pybop.SumSquaredError(dataset, target=target)
        cost.weighting = weights  # its own argument takes no array in 26.3
        problems.append(pybop.Problem(simulator, cost))
    whole = pybop.MetaProblem(*problems)
    start = whole.parameters.get_initial_values()
    seconds = []
    for change in (0.0, 0.01):  # the first builds what is built once
        at = dict(zip(whole.parameters.keys(), start * (1.0 + change), strict=True))
        begun = time.perf_counter()
        whole.evaluate(at)
        seconds.append(time.perf_counter() - begun)
    return seconds[-1]


def _values(pybamm: Any, pybop: Any) -> Any:
    """Chen 2020 with the ten numbers of the case searched within half and twice what they start at."""
    values = pybamm.ParameterValues("Chen2020")

    def searched(start: float, low: float = 0.5, high: float = 2.0) -> Any:
        return pybop.Parameter(initial_value=start, bounds=(low * start, high * start))

    found = {}
    for side in ("Negative", "Positive"):
        name = f"{side} particle diffusivity [m2.s-1]"
        found[name] = searched(float(values[name]))
        found[f"{side} electrode double-layer capacity [F.m-2]"] = searched(0.2)
        found |= _factor(pybamm, values, f"{side} electrode exchange-current density [A.m-2]", searched(1.0))
    for name in ("Electrolyte conductivity [S.m-1]", "Electrolyte diffusivity [m2.s-1]"):
        found |= _factor(pybamm, values, name, searched(1.0))
    found["Contact resistance [Ohm]"] = searched(0.003)
    found["Negative electrode thickness [m]"] = searched(85.2e-6, 0.85, 1.15)
    values.update(found, check_already_exists=False)
    return values


def _factor(pybamm: Any, values: Any, name: str, factor: Any) -> dict[str, Any]:
    """A function of the set times a factor that is searched."""
    function = values[name]

    def multiplied(*state: Any) -> Any:
        return pybamm.Parameter(f"Factor of {name}") * function(*state)

    return {name: multiplied, f"Factor of {name}": factor}


def _current(record: Any) -> Any:
    """Current at the times of a record, A: what its first step draws, then none."""
    rate = 2.0 if "2C" in record.name else 0.5
    drawn = record.times <= 600.0 if record.name == "pulse" else np.ones(record.times.size, dtype=bool)
    return 5.0 * rate * drawn
