"""Compute the reference of case K14 with liionpack 0.4.0 and PyBaMM 25.1.1: ``python compute.py``.

Its example "16p2s" (``examples/basic_16p2s.py``): 32 single-particle cells of Chen 2020, charged and discharged at 20 A, with
rests. It repeats the first time step, so that the first charge lasts ten seconds longer. (With pandas 3, ``R_map *= ~Ri_map``
in its ``netlist_utils.py`` must read ``R_map = R_map & ~Ri_map``.)
"""

from pathlib import Path

import liionpack
import numpy as np
import pybamm


def simulation(parameter_values=None):
    model = liionpack.add_events_to_model(pybamm.lithium_ion.SPM())
    return pybamm.Simulation(model=model, parameter_values=parameter_values, solver=pybamm.CasadiSolver(mode="safe"))


if __name__ == "__main__":
    step = pybamm.step.current
    loads = ((-20.0, 1800), (0.0, 900), (20.0, 1800), (0.0, 1800))
    experiment = pybamm.Experiment([step(load, duration=seconds, period=10) for load, seconds in loads], period=10)
    found = liionpack.solve(
        netlist=liionpack.setup_circuit(Np=16, Ns=2),
        parameter_values=pybamm.ParameterValues("Chen2020"),
        experiment=experiment,
        sim_func=simulation,
        initial_soc=0.5,
        output_variables=[],
    )
    # Both cells of a string are alike: one of each.
    columns = [found[name][:, ::2] for name in ("Cell current [A]", "Terminal voltage [V]")]
    table = np.column_stack([found["Time [s]"], found["Pack terminal voltage [V]"], *columns])[10::12]
    header = "time (s), pack voltage (V), current of a cell in each of 16 strings (A), its voltage (V)"
    np.savetxt(Path(__file__).with_name("liionpack_16p2s.csv"), table, delimiter=",", fmt="%.7g", header=header)
