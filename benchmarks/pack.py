"""Runaway in rows and modules, draws, and conduction in three dimensions."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from benchmarks.row import Row

_DURATION = 3600.0


def _cell() -> Any:
    from scalith.pack import CellBody

    return CellBody(
        shape="prismatic",
        thickness=0.012,
        width=0.1,
        height=0.08,
        density=2300.0,
        specific_heat=1000.0,
        conductivity=0.8,
        in_plane_conductivity=25.0,
    )


def _module(cells: int, **more: Any) -> Any:
    from scalith.pack import ModuleSpecification

    return ModuleSpecification(cell=_cell(), cells=cells, heat_transfer_coefficient=5.0, **more)


def _trigger() -> Any:
    from scalith.pack import Trigger

    return Trigger(power=600.0, duration=120.0)


def _propagate(cells: int, duration: float) -> float:
    from scalith.pack import propagate_runaway, shipped_kinetics

    kinetics, module, trigger = shipped_kinetics("lco_limited"), _module(cells), _trigger()
    start = time.perf_counter()
    found = propagate_runaway(module, kinetics, trigger, duration=duration, kinetics_digest=kinetics.digest)
    spent = time.perf_counter() - start
    if int(found["cells_run_away"]) != cells:
        raise RuntimeError(f"{int(found['cells_run_away'])} of {cells} cells ran away")
    return spent


def _nodes_a_cell(cells: int, nodes: int, duration: float) -> float:
    """One mesh only: `nodes` volumes through the thickness of each cell."""
    from scalith.pack import shipped_kinetics
    from scalith.pack.module.module_assembly import Divisions
    from scalith.pack.module.module_network import module_network
    from scalith.pack.module.thermal_network import simulate_network

    built = module_network(_module(cells), _trigger(), Divisions(cell=nodes, barrier=max(2, nodes // 4)))
    kinetics, time_out = shipped_kinetics("lco_limited"), np.array([0.0, duration])
    start = time.perf_counter()
    found = simulate_network(built.network, kinetics, time_out, initial_temperature=298.15)
    spent = time.perf_counter() - start
    if not found.peak_temperature[: cells * nodes].reshape(cells, nodes).max(axis=1).min() > 500.0:
        raise RuntimeError("the front stopped")
    return spent


def _one_body_a_cell(cells: int) -> float:
    from scalith.pack import Divisions, shipped_kinetics
    from scalith.pack.module.module_network import module_network
    from scalith.pack.module.thermal_network import simulate_network

    built = module_network(_module(cells), _trigger(), Divisions())
    kinetics, time_out = shipped_kinetics("lco_limited"), np.array([0.0, _DURATION])
    start = time.perf_counter()
    simulate_network(built.network, kinetics, time_out, initial_temperature=298.15)
    return time.perf_counter() - start


def _lsoda(cells: int) -> float:
    """The same row, integrated by SciPy's LSODA with a banded difference Jacobian and a vectorised right side."""
    from scipy.integrate import solve_ivp

    from scalith.pack import shipped_kinetics
    from scalith.pack.module.module_assembly import Divisions
    from scalith.pack.module.module_network import module_network

    built = module_network(_module(cells), _trigger(), Divisions())
    net, _, _ = built.network.ordered(298.15)
    set_ = shipped_kinetics("lco_limited").arrays()
    links = np.stack([net.link_from, net.link_to])
    source = int(net.source_body[0])
    sides = np.repeat(np.arange(cells), np.diff(net.first_side))
    g, s, R = net.side_conductance, net.side_radiation, net.side_resistance

    def loss(T: np.ndarray) -> np.ndarray:
        surface = T
        for _ in range(3):
            surplus = surface - T + R * (g * (surface - 298.15) + s * (surface**4 - 298.15**4))
            surface = surface - surplus / (1.0 + R * (g + 4.0 * s * surface**3))
        return np.asarray(g * (surface - 298.15) + s * (surface**4 - 298.15**4))

    def slope(t: float, y: np.ndarray) -> np.ndarray:
        z = y.reshape(cells, 5)
        xi, T = z[:, :4], z[:, 4]
        states = set_.initial + xi @ set_.changes
        rate = np.exp(set_.log_frequency - set_.activation_temperature / T[:, None])
        rate[:, 1] *= np.exp(-states[:, 2] / 0.033)
        rate /= 1.0 + rate * np.exp(set_.limit_temperature / T[:, None] - set_.log_limit)
        rate[:, 0] *= states[:, 0]
        rate[:, 1] *= states[:, 1]
        rate[:, 2] *= states[:, 3] * (1 - states[:, 3])
        rate[:, 3] *= states[:, 4]
        heat = net.volume * (rate @ set_.heat)
        np.subtract.at(heat, sides, loss(T[sides]))
        flow = net.link_conductance * (T[links[1]] - T[links[0]])
        np.add.at(heat, links[0], flow)
        np.subtract.at(heat, links[1], flow)
        heat[source] += 600.0 if t < 120.0 else 0.0
        return np.column_stack([rate, heat / net.capacity]).ravel()

    start_state = np.tile([0.0, 0.0, 0.0, 0.0, 298.15], cells)
    start = time.perf_counter()
    for low, high in ((0.0, 120.0), (120.0, _DURATION)):
        found = solve_ivp(slope, (low, high), start_state, method="LSODA", rtol=1e-5, atol=1e-6, lband=9, uband=9)
        start_state = found.y[:, -1]
    return time.perf_counter() - start


def _draws() -> float:
    from scalith.pack import Barrier, propagation_probability, shipped_kinetics

    kinetics = shipped_kinetics("lco_limited")
    generator = np.random.default_rng(0)
    members = [
        kinetics.with_values(
            {f"{n}.heat": r.heat * float(np.exp(0.05 * generator.standard_normal())) for n, r in kinetics.reactions.items()}
        )
        for _ in range(1000)
    ]
    module = _module(12, barrier=Barrier(thickness=1e-3, conductivity=0.2))
    start = time.perf_counter()
    propagation_probability(module, kinetics, members, _trigger(), duration=5400.0, kinetics_digest=kinetics.digest)
    return time.perf_counter() - start


def _module_in_3d(scale: float, duration: float) -> float:
    from scalith.pack import Barrier, Plate, module_assembly, shipped_kinetics, simulate_heat_3d

    module = _module(12, plate=Plate(thickness=3e-3), barrier=Barrier(thickness=1e-3, conductivity=0.2))
    body = module_assembly(module, spacing=(scale * 0.00103, scale * 0.00278, scale * 0.00216))
    start = time.perf_counter()
    simulate_heat_3d(
        body,
        duration=duration,
        output_times=7,
        kinetics=shipped_kinetics("lco_limited"),
        kinetics_digest=shipped_kinetics("lco_limited").digest,
        heat={"cell_1": ([0.0, 120.0, 120.0], [600.0, 600.0, 0.0])},
        change_per_step=20.0,
    )
    return time.perf_counter() - start


def _cell_network(windows: int) -> float:
    """Seconds of 12 scattered cells, three groups of four, that share 1C, through `windows` windows and two passes."""
    from scalith.cell import read_cell
    from scalith.pack import PackSpecification, discharge_network, spread_cells

    cells = spread_cells(read_cell("lgm50_chen2020"), 12, {"positive_electrode.thickness": 0.03}, seed=4)
    row = PackSpecification(
        cells=12,
        cell_thickness=0.021,
        cell_width=0.021,
        cell_height=0.07,
        cell_mass=0.068,
        cell_specific_heat=900.0,
        through_conductivity=1.0,
        interface_conductance=50.0,
        cooling_coefficient=20.0,
        cooling_area=0.0046,
    )
    start = time.perf_counter()
    discharge_network(cells, series=3, parallel=4, current=20.0, duration=100.0 * windows, pack=row, windows=windows, passes=2)
    return time.perf_counter() - start


def _strings(hours: float) -> float:
    """Seconds of processor time of liionpack's example "16p2s", as K14 has it, for a part of its steps."""
    from scalith.cell import read_cell, simulate_circuit, single_particle
    from scalith.pack import circuit_of_strings

    cell, mesh = single_particle(read_cell("lgm50_chen2020"))
    circuit = circuit_of_strings(2, 16, connection_resistance=1e-2, busbar_resistance=1e-4, terminal_resistance=2e-5)
    loads = (("Charge at 20 A", 1810.0), ("Rest", 900.0), ("Discharge at 20 A", 1800.0), ("Rest", 1800.0))
    steps = [f"{load} for {hours * seconds / 1.7528:.6g} s" for load, seconds in loads]
    start = time.process_time()
    simulate_circuit([cell] * 32, circuit, steps, state_of_charge=0.5, mesh=mesh)
    return time.process_time() - start


def _liionpack() -> float:
    """The same with liionpack (which needs PyBaMM 25.1: see ``validation/data/pack/network/compute.py``)."""
    import liionpack
    import pybamm

    def simulation(parameter_values: Any = None) -> Any:
        model = liionpack.add_events_to_model(pybamm.lithium_ion.SPM())
        return pybamm.Simulation(model=model, parameter_values=parameter_values, solver=pybamm.CasadiSolver(mode="safe"))

    step = pybamm.step.current
    loads = ((-20.0, 1800), (0.0, 900), (20.0, 1800), (0.0, 1800))
    experiment = pybamm.Experiment([step(load, duration=seconds, period=10) for load, seconds in loads], period=10)
    netlist = liionpack.setup_circuit(Np=16, Ns=2)
    start = time.process_time()
    liionpack.solve(
        netlist=netlist, parameter_values=pybamm.ParameterValues("Chen2020"), experiment=experiment, sim_func=simulation,
        initial_soc=0.5, output_variables=[],
    )  # fmt: skip
    return time.process_time() - start


def _conduction(volumes: int) -> float:
    """Nanoseconds a volume and step of a cube of an anisotropic cell beside an aluminium plate."""
    from scalith.pack import Assembly, Block, Material, Surface, simulate_heat_3d

    n = round(volumes ** (1 / 3))
    cell = Material(density=2300.0, specific_heat=1000.0, conductivity=(0.8, 25.0, 25.0))
    metal = Material(density=2700.0, specific_heat=900.0, conductivity=200.0)
    body = Assembly(
        materials={"cell": cell, "metal": metal},
        blocks=(
            Block(name="cell", material="cell", lower=(0, 0, 0), upper=(0.09, 0.1, 0.1)),
            Block(name="plate", material="metal", lower=(0.09, 0, 0), upper=(0.1, 0.1, 0.1)),
        ),
        spacing=(0.1 / n, 0.1 / n, 0.1 / n),
        surfaces={"x_high": Surface(heat_transfer_coefficient=200.0)},
    )
    start = time.perf_counter()
    found = simulate_heat_3d(
        body, duration=40.0, output_times=2, heat={"cell": ([0.0], [50.0])}, largest_step=4.0, change_per_step=1e3
    )
    return 1e9 * (time.perf_counter() - start) / (int(found["volumes"]) * int(found["steps"]))


def rows() -> list[Row]:
    return [
        Row(
            name="runaway_of_107_cells_in_a_row",
            unit="s",
            ours=lambda: _propagate(107, 6.5 * 3600.0),
            prepare=lambda: _warm(lambda: _propagate(2, 1200.0)),
            target=4.0,
            note="four reactions a cell, to full propagation, tolerance 1e-5, meshes of 1 mm, 0.5 mm and finer until they agree",
        ),
        Row(
            name="runaway_of_100_cells_of_12_nodes",
            unit="s",
            ours=lambda: _nodes_a_cell(100, 12, 6.5 * 3600.0),
            prepare=lambda: _warm(lambda: _propagate(2, 1200.0)),
            target=5.0,
            note="four reactions a cell, to full propagation, tolerance 1e-5, one mesh of twelve volumes through each cell",
        ),
        Row(
            name="runaway_of_12_cells_against_lsoda",
            unit="s",
            ours=lambda: _one_body_a_cell(12),
            peer="scipy",
            theirs=lambda: _lsoda(12),
            prepare=lambda: _warm(lambda: _propagate(2, 1200.0)),
            note="same equations; the peer has a vectorised right side, a banded difference Jacobian and the same tolerance",
        ),
        Row(
            name="draws_1000_of_a_12_cell_module",
            unit="s",
            ours=_draws,
            prepare=lambda: _warm(lambda: _propagate(2, 1200.0)),
            target=60.0,
            note="local processes, one a core; the barrier lets the front through, so all cells burn in each draw",
        ),
        Row(
            name="discharge_network_3s4p_30_windows",
            unit="s",
            ours=lambda: _cell_network(30),
            prepare=lambda: _warm(lambda: _cell_network(2)),
            note="12 cells that scatter, porous electrodes, voltages equal to 0.2 mV, 50 minutes at 1C, two temperature passes",
        ),
        Row(
            name="network_16p2s_of_liionpack",
            unit="s",
            ours=lambda: _strings(1.7528),
            peer="liionpack",
            theirs=_liionpack,
            prepare=lambda: _warm(lambda: _strings(0.02)),
            target_ratio=10.0,
            note="processor time; 32 single-particle cells, 105 minutes; currents within 0.3 % of each other (K14); "
            "the peer, in steps of 10 s, needs PyBaMM 25.1, in an environment of its own",
        ),
        Row(
            name="module_in_3d_200000_volumes_one_hour",
            unit="s",
            ours=lambda: _module_in_3d(1.0, 3600.0),
            prepare=lambda: _warm(lambda: _module_in_3d(6.0, 60.0)),
            target=60.0,
            note="12 cells, barriers, plate, all burn; 20 K steps: times within 2 % of 2.5 K steps (coarser grid)",
        ),
        *(
            Row(
                name=f"conduction_{volumes // 1000}k_volumes",
                unit="ns",
                ours=lambda volumes=volumes: _conduction(volumes),
                prepare=lambda: _warm(lambda: _conduction(1000)),
                note="per volume and step (two implicit stages): the same at both sizes when the cost is linear",
            )
            for volumes in (64_000, 512_000)
        ),
    ]


def _warm(run: Any) -> None:
    run()
