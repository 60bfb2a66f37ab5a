"""Compute the reference of case C12 with PyBaMM: ``python compute.py`` (``pip install pybamm``, version 26.10 was used).

Marquis 2019 with foils of a tenth of their conductivity, 2C, "potential pair" in one dimension, tabs over the whole top edge.
"""

from pathlib import Path

import numpy as np
import pybamm

TIMES = np.array([1.0, 100.0, 400.0, 700.0, 1000.0, 1300.0, 1500.0, 1600.0, 1700.0])
THROUGH, ALONG = 16, 16


def solve(options):
    model = pybamm.lithium_ion.DFN(options)
    values = pybamm.ParameterValues("Marquis2019")
    values.update({
        "Negative current collector conductivity [S.m-1]": 5.96e6,
        "Positive current collector conductivity [S.m-1]": 3.55e6,
    })  # fmt: skip
    points = model.default_var_pts.copy()
    points.update({"x_n": THROUGH, "x_s": THROUGH // 2, "x_p": THROUGH, "r_n": 2 * THROUGH, "r_p": 2 * THROUGH, "z": ALONG})
    solver = pybamm.IDAKLUSolver(rtol=1e-6, atol=1e-6)
    simulation = pybamm.Simulation(model, parameter_values=values, var_pts=points, C_rate=2.0, solver=solver)
    return simulation.solve([0.0, TIMES[-1]])


if __name__ == "__main__":
    pair = solve({"current collector": "potential pair", "dimensionality": 1})
    uniform = solve({})
    drop = pair["Voltage [V]"](TIMES) - uniform["Voltage [V]"](TIMES)
    local = pair["Current collector current density [A.m-2]"]
    z = (np.arange(ALONG) + 0.5) / ALONG * 0.137
    density = np.array([[float(np.squeeze(local(t=t, z=height))) for height in z] for t in TIMES])
    header = "time (s), voltage less that without collectors (V), then current density (A/m2) from the bottom to the top"
    np.savetxt(
        Path(__file__).with_name("pybamm_marquis2019_2C.csv"), np.column_stack([TIMES, drop, density]), delimiter=",", fmt="%.6g",
        header=header,
    )  # fmt: skip
