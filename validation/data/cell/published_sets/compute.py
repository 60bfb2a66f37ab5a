"""Reference curves of case C10: 1C discharges of published parameter sets in PyBaMM's Doyle–Fuller–Newman model.

Needs pybamm (BSD-3, https://pybamm.org); the case itself does not. Each set runs from 100 % to its lower cut-off at its ambient
temperature, on a mesh, one twice and one four times as fine. The error of the scheme is of first order across the layers and of
second order in the particles, V(h) = V + a h + b h², from which V at the same times and the time of the end follow. The head of
each file holds the version, the meshes, and how far the third mesh moved the extrapolation from the first two: the error left is
a part of it.

``python compute.py [SET ...]`` writes ``SET.csv`` beside this file.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pybamm

SETS = ("Marquis2019", "Ecker2015", "Prada2013", "Mohtat2020", "ORegan2022", "OKane2022", "Ai2020", "Xu2019", "Chen2020")
HALF_CELLS = ("Xu2019",)
CHANGES = {"ORegan2022": {"Upper voltage cut-off [V]": 4.2, "Open-circuit voltage at 100% SOC [V]": 4.2}}
"""The lithium of the set reaches 4.24 V; PyBaMM's 4.4 V is met on the asymptote that it adds to the graphite."""
COARSEST = {"ORegan2022": (6, 48), "OKane2022": (24, 24)}
"""Volumes across each layer and along each radius (crowded towards the surface) on the coarsest mesh, (12, 24) where it is not
named: diffusivities with steps over the stoichiometry need fine radii; where the measured voltage of graphite has steps, the
layers fill in steps too (12 volumes leave 0.2 mV, 24 leave 0.05)."""
TIMES = np.concatenate([[1.0, 2.0, 5.0, 10.0, 20.0, 30.0], np.arange(60.0, 7200.0, 30.0)])


def discharge(name: str, refinement: int) -> tuple[np.ndarray, float]:
    """Voltage at `TIMES` up to the end, and the time of the end, on a mesh refined `refinement` times."""
    options = {"working electrode": "positive"} if name in HALF_CELLS else {}
    model = pybamm.lithium_ion.DFN(options)
    layers, radius = COARSEST.get(name, (12, 24))
    mesh = {"x_n": layers, "x_s": layers, "x_p": layers, "r_n": radius, "r_p": radius}
    submesh_types = dict(model.default_submesh_types)
    crowded = pybamm.MeshGenerator(pybamm.Exponential1DSubMesh, submesh_params={"side": "right", "stretch": 2.0})
    for particle in [key for key in submesh_types if "particle" in key and "size" not in key]:
        submesh_types[particle] = crowded
    values = pybamm.ParameterValues(name)
    values.update(CHANGES.get(name, {}))
    simulation = pybamm.Simulation(
        model,
        parameter_values=values,
        C_rate=1.0,
        var_pts={key: refinement * points for key, points in mesh.items()},
        submesh_types=submesh_types,
        solver=pybamm.IDAKLUSolver(rtol=1e-8, atol=1e-8),
    )
    solution = simulation.solve([0.0, 7200.0], initial_soc=1.0)
    end = float(solution.t[-1])
    if solution.termination == "final time":
        raise RuntimeError(f"{name}: not at its cut-off after {end} s")
    return solution["Voltage [V]"](TIMES[end > TIMES]), end


def extrapolated(coarse: np.ndarray, middle: np.ndarray, fine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The limit of a + b h + c h², and how far it lies from that of a + b h on the two finer meshes."""
    first, second = 2.0 * middle - coarse, 2.0 * fine - middle
    limit = (4.0 * second - first) / 3.0
    return limit, limit - second


def main(names: list[str]) -> None:
    for name in names or SETS:
        curves, ends = zip(*(discharge(name, refinement) for refinement in (1, 2, 4)), strict=True)
        rows = min(curve.size for curve in curves)
        voltage, step = extrapolated(*(curve[:rows] for curve in curves))
        end, end_step = extrapolated(*(np.array(end) for end in ends))
        layers, radius = COARSEST.get(name, (12, 24))
        ambient = pybamm.ParameterValues(name)["Ambient temperature [K]"]
        head = [
            f"{name}: 1C from 100 %, PyBaMM {pybamm.__version__} DFN at {ambient} K",
            f"{layers}, {2 * layers}, {4 * layers} volumes a layer, {radius}, {2 * radius}, {4 * radius} a radius, extrapolated",
            f"the third mesh moved it by {1e3 * np.sqrt(np.mean(step**2)):.4f} mV rms, {1e3 * np.abs(step).max():.4f} mV at most",
            f"end {end:.4f} s (moved by {end_step:.4f} s)",
            *(f"with {key} = {value}" for key, value in CHANGES.get(name, {}).items()),
            "time [s], voltage [V]",
        ]
        table = np.column_stack([TIMES[:rows], voltage])
        np.savetxt(Path(__file__).with_name(f"{name}.csv"), table, fmt=["%.6g", "%.8f"], delimiter=",", header="\n".join(head))
        print("\n".join(head[:-1]))


if __name__ == "__main__":
    main(sys.argv[1:])
