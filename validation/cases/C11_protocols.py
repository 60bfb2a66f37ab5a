r"""C11: Protocols against exact solutions: steps, their ends, a held voltage, a drive cycle.

**[E]** A half cell whose only loss is diffusion in spheres of constant $D$, with a voltage that is linear in the surface
stoichiometry, $V = 4.2\,\mathrm{V} - 0.5\,\mathrm{V}\,x_s$, has exact solutions. With $\tau = Dt/R^2$, $K = jR/(Dc_{max})$ and
$\tan\lambda_n = \lambda_n$,

- a held current takes the surface along $x_s = x_0 - K\,S(\tau)$ with
  $S = 3\tau + \tfrac15 - 2\sum_n e^{-\lambda_n^2\tau}/\lambda_n^2$, which says when a limit of the voltage is met;
- a held voltage lets the rest of that profile decay in the modes $\sin(n\pi\rho)/\rho$, which says how the current falls and
  when it meets its limit (a CC–CV charge);
- a load that is linear between points is the sum of responses to its ramps, $\int S\,d\tau$ (a drive cycle).

Ends by charge are exact: $t = Q/I$. At a constant current the charge is exact too, along a drive cycle right to the tolerance.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from scalith.cell import CellSpecification, Mesh, ProtocolStep, Simulation, simulate_protocol, single_particle
from scalith.interface import linear, overvoltage_property
from scalith.quantities.constants import FARADAY
from validation.record import Record

Array = NDArray[np.float64]
AREA, LENGTH, RADIUS, SPECIFIC_AREA, C_MAX, D = 1.0, 1e-4, 5e-6, 3e5, 3e4, 1e-14
U_0, SLOPE, X_0 = 4.2, 0.5, 0.5
SECONDS = RADIUS**2 / D
PER_AMPERE = RADIUS / (FARADAY * SPECIFIC_AREA * LENGTH * AREA * D * C_MAX)
"""K of one ampere."""
CURRENT, HELD = 40.0, 4.05
FINE = Mesh(1, 1, 1, nodes=200, finest=0.0004)
_N = np.arange(1, 1001)
LAMBDA = (_N + 0.5) * np.pi
for _ in range(40):  # tan λ = λ
    LAMBDA = _N * np.pi + np.arctan(LAMBDA)


def half_cell() -> CellSpecification:
    """Lithium metal against spheres, without losses but diffusion in them."""
    cell = CellSpecification.read(
        {
            "electrode_area": AREA,
            "nominal_capacity": "20 A*h",
            "lower_voltage_cut_off": 3.75,
            "upper_voltage_cut_off": 4.15,
            "electrolyte": {
                "initial_concentration": 1000.0,
                "conductivity": 1.0,
                "diffusivity": 1e-9,
                "transference_number": 1.0,
            },
            "negative_electrode": {"lithium_metal": {"exchange_current_density": 1e7}},
            "separator": {"thickness": 2e-5, "porosity": 0.5},
            "positive_electrode": {
                "thickness": LENGTH,
                "porosity": 0.4,
                "conductivity": 100.0,
                "particle_radius": RADIUS,
                "specific_area": SPECIFIC_AREA,
                "maximum_concentration": C_MAX,
                "open_circuit_voltage": f"{U_0} - {SLOPE} * x",
                "chemical_diffusivity": D,
                "minimum_stoichiometry": 0.1,
                "maximum_stoichiometry": 0.9,
                "exchange_current_density": 1e7,
                "overvoltage_function": overvoltage_property(linear),
            },
        }
    )
    return single_particle(cell)[0]


def step_response(tau: Array) -> Array:
    """S(τ) of the surface under a held flux."""
    tau = np.atleast_1d(tau)
    decay = np.exp(-np.outer(tau, LAMBDA**2)) @ (1.0 / LAMBDA**2)
    return np.where(tau > 0.0, 3.0 * tau + 0.2 - 2.0 * decay, 0.0)


def ramp_response(tau: Array) -> Array:
    """∫₀^τ S dτ."""
    tau = np.maximum(np.atleast_1d(tau), 0.0)
    decay = (1.0 - np.exp(-np.outer(tau, LAMBDA**2))) @ (1.0 / LAMBDA**4)
    return np.asarray(1.5 * tau**2 + 0.2 * tau - 2.0 * decay)


def profile(rho: Array, tau: float, K: float) -> Array:
    """Stoichiometry over the radius after a held flux."""
    modes = np.sin(np.outer(rho, LAMBDA)) / (LAMBDA**2 * np.sin(LAMBDA)) @ np.exp(-(LAMBDA**2) * tau)
    return np.asarray(X_0 + K * (3.0 * tau + 0.1 * (5.0 * rho**2 - 3.0) - 2.0 * modes / rho))


def held_voltage(tau_charged: float) -> tuple[Array, Array]:
    """Decay rates and amplitudes (A) of the current while the voltage is held after a charge of length τ."""
    surface = (U_0 - HELD) / SLOPE
    rho = (np.arange(20_000) + 0.5) / 20_000
    n = np.arange(1, 301)
    u = rho * (profile(rho, tau_charged, -CURRENT * PER_AMPERE) - surface)
    amplitudes = 2.0 * np.sin(np.outer(n, np.pi * rho)) @ u / rho.size
    # The current of a slope ∂x/∂ρ at the surface is 1/K of one ampere times it.
    return (n * np.pi) ** 2, -amplitudes * n * np.pi * np.cos(n * np.pi) / PER_AMPERE


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
    cell = half_cell()
    charged = brentq(lambda tau: U_0 - SLOPE * (X_0 - CURRENT * PER_AMPERE * step_response(tau)[0]) - HELD, 1e-6, 1.0, xtol=1e-14)
    rates, amplitudes = held_voltage(charged)
    limit = CURRENT / 10.0
    held = brentq(lambda tau: float(amplitudes @ np.exp(-rates * tau)) - limit, 1e-4, 3.0, xtol=1e-14)
    steps = [f"Charge at {CURRENT} A until {HELD} V", f"Hold at {HELD} V until {limit} A", "Discharge at 20 A until 0.5 Ah"]
    for name, mesh, tolerance, within in (("plain", Mesh(1, 1, 1), 2e-4, 1e-2), ("fine", FINE, 1e-7, 2e-4)):
        data = simulate_protocol(cell, steps, initial_state_of_charge=0.5, mesh=mesh, tolerance=tolerance, temperature=298.15)
        ends = [float(data.time.values[np.flatnonzero(data.step.values == k)[-1]]) for k in range(3)]
        exact = [charged * SECONDS, (charged + held) * SECONDS]
        spans, wanted = np.diff([0.0, *ends]), np.diff([0.0, *exact, exact[-1] + 90.0])
        what = (f"end of the charge at {HELD:g} V", f"the hold's end at {limit:g} A", "end after 0.5 A h at 20 A")
        for k in range(2):
            record.check(f"{name}: {what[k]}", expected=wanted[k], found=spans[k], tolerance=within * wanted[k], unit="s")
        record.check(f"{name}: {what[2]}", expected=90.0, found=spans[2], tolerance=1e-6, unit="s")
        hold = data.isel(time=np.flatnonzero(data.step.values == 1)[1:])
        tau = (hold.time.values - ends[0]) / SECONDS
        series = np.exp(-np.outer(tau, rates)) @ amplitudes
        late = tau > 1e-3
        off = float(np.max(np.abs(-hold.current.values - series)[late]) / CURRENT)
        record.check_at_most(f"{name}: current while the voltage is held, over that of the charge", limit=5.0 * within, found=off)
        passed = [float(data.step_capacity[k]) for k in range(3)]
        record.check(
            f"{name}: charge at constant current", expected=-CURRENT * spans[0], found=passed[0], tolerance=1e-6, unit="C"
        )
        decayed = float(amplitudes @ ((1.0 - np.exp(-rates * held)) / rates)) * SECONDS
        record.check(f"{name}: charge while held", expected=-decayed, found=passed[1], tolerance=within * decayed, unit="C")
    left.plot(hold.time, -hold.current, "o", ms=3, label="Scalith")
    left.plot(hold.time, series, "k-", lw=0.8, label="exact")
    left.set(xlabel="time (s)", ylabel="charging current (A)", title=f"held at {HELD:g} V")
    left.legend(frameon=False)
    _drive_cycle(record, cell, right)
    figure.tight_layout()
    record.figure("A CC–CV charge and a drive cycle with diffusion as the only loss, against their series", figure)


def _drive_cycle(record: Record, cell: CellSpecification, axes: Any) -> None:
    times = np.arange(0.0, 601.0, 10.0)
    loads = 30.0 * np.sin(times / 37.0) + 25.0 * np.cos(times / 11.0)
    slopes = np.diff(loads) / np.diff(times)
    at = np.arange(5.0, 600.0, 5.0)
    surface = X_0 + loads[0] * PER_AMPERE * step_response(at / SECONDS)
    for start, change in zip(times[:-1], np.diff([0.0, *slopes]), strict=True):
        surface += change * PER_AMPERE * SECONDS * ramp_response((at - start) / SECONDS)
    exact = U_0 - SLOPE * surface
    step = ProtocolStep(text="drive", mode="current", times=tuple(times), loads=tuple(loads), period=5.0)
    for name, mesh, tolerance, within in (("plain", Mesh(1, 1, 1), 2e-4, 0.3), ("fine", FINE, 1e-7, 0.01)):
        simulation = Simulation(cell, mesh=mesh, tolerance=tolerance, state_of_charge=0.5, temperature=298.15)
        data = simulation.run([step])
        found = data.voltage.sel(time=at, method="nearest").values
        rms = 1e3 * float(np.sqrt(np.mean((found - exact) ** 2)))
        record.check_at_most(f"{name}: voltage along a drive cycle, rms", limit=within, found=rms, unit="mV")
        passed = float(data.capacity[-1])
        record.check(
            f"{name}: charge of a drive cycle",
            expected=np.trapezoid(loads, times),
            found=passed,
            tolerance=tolerance * np.trapezoid(np.abs(loads), times),
            unit="C",
        )
    axes.plot(at, found, "o", ms=3, label="Scalith")
    axes.plot(at, exact, "k-", lw=0.8, label="exact")
    axes.set(xlabel="time (s)", ylabel="voltage (V)", title="drive cycle")
