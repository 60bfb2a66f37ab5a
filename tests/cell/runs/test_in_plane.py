from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import CellSpecification, Collectors, Tab, ThermalSpecification, simulate_discharge, simulate_in_plane
from scalith.cell.runs.circuit import Network
from scalith.cell.runs.in_plane import collector_circuit
from scalith.quantities import InputError, shipped

CELL = CellSpecification.read_toml(shipped("cell/kokam_marquis2019.toml"))
HEIGHT, WIDTH = 0.137, 0.207
WHOLE = {edge: Tab(edge=edge, centre=0.5 * WIDTH, width=WIDTH) for edge in ("top", "bottom")}


def foils(negative: str = "top", positive: str = "top", conductivity: float = 1e6, **changes: object) -> Collectors:
    return Collectors(
        width=WIDTH, height=HEIGHT, negative_thickness=20e-6, positive_thickness=20e-6, negative_conductivity=conductivity,
        positive_conductivity=conductivity, negative_tab=WHOLE[negative], positive_tab=WHOLE[positive], **changes,
    )  # fmt: skip


@pytest.mark.parametrize("opposite", [False, True])
def test_resistance_of_a_strip_is_the_closed_form_and_the_error_falls_with_the_square_of_the_patch(opposite):
    """With V = E − r i: √(2ar) coth(κL) with tabs on one side, aL/2 + a(1 + cosh κL)/(κ sinh κL) on opposite sides, κ² = 2a/r."""
    a, r, L = 1.0 / (1e6 * 20e-6 * WIDTH), 2e-3, HEIGHT
    kappa = np.sqrt(2.0 * a / (r * L))  # r of the whole strip: r L per length
    if opposite:
        exact = 0.5 * a * L + a * (1.0 + np.cosh(kappa * L)) / (kappa * np.sinh(kappa * L))
    else:
        exact = np.sqrt(2.0 * a * r * L) / np.tanh(kappa * L)
    errors = []
    for n in (20, 40):
        network = Network(collector_circuit(foils("top", "bottom" if opposite else "top"), 1, n, 1.0))
        flow = network.solve(np.full(n, 3.7), np.full(n, r * n), "current", 10.0)
        errors.append(abs((3.7 - flow.voltage) / 10.0 / exact - 1.0))
    assert errors[1] < 5e-3
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.1)


def test_perfect_collectors_leave_the_plain_cell():
    run = simulate_in_plane(CELL, foils(conductivity=1e12), ["Discharge at 1C for 20 minutes"], patches=(2, 2))
    plain = simulate_discharge(CELL, 1.0, output_times=run.time.values)
    np.testing.assert_allclose(run.voltage, plain.voltage.sel(time=run.time), atol=1e-3)
    np.testing.assert_allclose(run.current_density, CELL.nominal_capacity / 3600.0 / CELL.plane_area, rtol=1e-4)


def test_currents_add_up_and_tabs_of_whole_edges_make_it_one_dimensional():
    steps = ["Discharge at 2C for 5 minutes"]
    flat = simulate_in_plane(CELL, foils(), steps, patches=(3, 4))
    strip = simulate_in_plane(CELL, foils(), steps, patches=(1, 4))
    np.testing.assert_allclose(flat.voltage[-1], strip.voltage[-1], atol=1e-5)
    density = flat.current_density.values
    np.testing.assert_allclose(density, np.broadcast_to(density[:, :1, :], density.shape), rtol=1e-6)
    total = density.mean(axis=(1, 2)) * CELL.plane_area
    np.testing.assert_allclose(total, flat.current, rtol=1e-4)
    # Near the tabs the sheet works most at first.
    assert density[0, 0, -1] > 1.02 * density[0, 0, 0]


def test_heat_spreads_along_the_layers():
    thermal = ThermalSpecification(heat_capacity=14.0, heat_transfer=0.0, thickness=5e-3)
    cell = CELL.model_copy(update={"thermal": thermal})
    steps = ["Discharge at 3C for 3 minutes"]
    settings = {"patches": (1, 4), "thermal": "lumped", "temperature": 298.15}
    apart, joined = (
        simulate_in_plane(cell, foils(**extra), steps, **settings) for extra in ({}, {"in_plane_conductivity": 25.0})
    )
    spread = [float(np.ptp(run.temperature.values[-1])) for run in (apart, joined)]
    assert spread[1] < 0.8 * spread[0]
    mean = [float(run.temperature[-1].mean()) for run in (apart, joined)]
    assert mean[0] == pytest.approx(mean[1], abs=0.05)
    with pytest.raises(InputError, match="thickness"):
        simulate_in_plane(CELL, foils(in_plane_conductivity=25.0), steps, **settings)


def test_bad_sheets_are_named():
    with pytest.raises(InputError, match="tab"):
        Collectors.read(foils().model_dump() | {"negative_tab": {"edge": "top", "centre": 0.2, "width": 0.1}})
    with pytest.raises(InputError, match="at most the cell's area"):
        simulate_in_plane(CELL, foils().model_copy(update={"width": 1.0}), ["Rest for 1 minute"])
    with pytest.raises(InputError, match="patches"):
        simulate_in_plane(CELL, foils(), ["Rest for 1 minute"], patches=(0, 3))
