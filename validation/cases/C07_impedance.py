r"""C07: Impedance by linearisation: against the response in time, the finite Warburg element, Kramers–Kronig.

**[E]** The spectrum of `simulate_impedance` comes from the equations linearised with $\partial_t \to i\omega$. A sine of 0.02 A
is followed in time with the non-linear solver over four periods, and the last one gives $Z = -\hat V/\hat I$ within 0.5 %. Slabs
with a linear potential have a finite-space Warburg impedance $Z_W = R_D\,\coth\sqrt{i\omega L^2/D}/\sqrt{i\omega L^2/D}$,
$R_D = \frac{dU}{dx}\frac{L}{F c_{max} D S}$, whose resistance tends to $R_D/3$ (the $L/3D$ of the literature). A chain of RC
elements, which obeys Kramers–Kronig by construction, fits the spectrum of the LG M50 to 0.1 %.
"""

from __future__ import annotations

import numpy as np

from scalith.cell import CellSpecification, Mesh, simulate_impedance
from scalith.cell.runs.simulation import Simulation
from scalith.quantities import shipped
from scalith.quantities.constants import FARADAY
from validation.record import Record


def _in_time(cell: CellSpecification, frequency: float, mesh: Mesh) -> complex:
    solver = Simulation(cell, mesh=mesh, tolerance=1e-8)
    solver.set_state_of_charge(0.5)
    amplitude, pieces, periods = 0.02, 96, 4
    phase = np.linspace(0.0, 2.0 * np.pi * periods, pieces * periods + 1)
    loads = amplitude * np.sin(phase)
    solver.follow("current", phase / (2.0 * np.pi * frequency), loads)
    time, voltage, current = solver.rows[:, 0], solver.rows[:, 1], solver.rows[:, 2]
    keep = np.concatenate([np.diff(time) > 0.0, [True]])
    time, voltage, current = time[keep], voltage[keep], current[keep]
    last = time >= time[-1] - 1.0 / frequency - 1e-9 / frequency
    time, voltage, current = time[last], voltage[last], current[last]
    # The mean over a period drifts a little with the state of charge: a straight line is taken out.
    voltage = voltage - np.interp(time, [time[0], time[-1]], [voltage[0], voltage[-1]])
    wave = np.exp(-2j * np.pi * frequency * time)
    return -complex(np.trapezoid(voltage * wave, time) / np.trapezoid(current * wave, time))


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    cell = CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml"))
    mesh = Mesh()
    worst = 0.0
    for frequency in (0.005, 0.05, 0.5):
        spectrum = simulate_impedance(cell, frequency, mesh=mesh)
        found = complex(spectrum.resistance[0] + 1j * spectrum.reactance[0])
        worst = max(worst, abs(_in_time(cell, frequency, mesh) / found - 1.0))
    record.check_at_most("time against frequency, three frequencies", limit=5e-3, found=worst)
    # Finite-space Warburg: slabs in one electrode, everything else without resistance.
    radius, D, slope, area, limit_c = 4e-6, 2e-14, -0.5, 1e5, 3e4
    quick = {
        "thickness": 5e-5,
        "porosity": 0.4,
        "transport_efficiency": 1e6,
        "conductivity": 1e8,
        "specific_area": area,
        "particle_radius": radius,
        "maximum_concentration": limit_c,
        "geometry": "slab",
        "exchange_current_density": 1e7,
    }
    slabs = CellSpecification.read(
        {
            "electrode_area": 1.0,
            "nominal_capacity": "10 A*h",
            "lower_voltage_cut_off": 1.0,
            "upper_voltage_cut_off": 5.0,
            "electrolyte": {
                "initial_concentration": 1000.0,
                "conductivity": 1.0,
                "diffusivity": 1e-9,
                "transference_number": 1.0,
            },
            "negative_electrode": quick | {"open_circuit_voltage": 0.1, "chemical_diffusivity": 1e-12},
            "positive_electrode": quick
            | {"open_circuit_voltage": {"x": [0.0, 1.0], "values": [4.2, 4.2 + slope]}, "chemical_diffusivity": D},
            "separator": {"thickness": 1e-5, "porosity": 1.0, "transport_efficiency": 1e6},
        }
    )
    frequencies = np.logspace(-4.2, -1.0, 26)
    spectrum = simulate_impedance(slabs, frequencies, mesh=Mesh(3, 1, 3, nodes=60, finest=0.002))
    found = spectrum.resistance.values + 1j * spectrum.reactance.values
    resistance = -slope * radius / (FARADAY * limit_c * D * area * 5e-5)
    root = np.sqrt(2j * np.pi * frequencies * radius**2 / D)
    exact = resistance / (np.tanh(root) * root)
    record.check_at_most("finite-space Warburg impedance", limit=2e-3, found=float(np.max(np.abs(found / exact - 1.0))))
    record.check("its resistance at low frequency over R_D", expected=1.0 / 3.0, found=found.real[0] / resistance, tolerance=1e-3)
    # Kramers–Kronig: resistor, capacitor and a chain of RC elements.
    frequencies = np.logspace(-4, 3, 71)
    spectrum = simulate_impedance(cell, frequencies)
    z = spectrum.resistance.values + 1j * spectrum.reactance.values
    omega = 2.0 * np.pi * frequencies[:, None]
    taus = np.logspace(-5.5, 5.0, 80)
    basis = (
        np.concatenate([np.ones_like(omega), 1.0 / (1j * omega), 1.0 / (1.0 + 1j * omega * taus)], axis=1) / np.abs(z)[:, None]
    )
    wanted = z / np.abs(z)
    stacked, target = np.concatenate([basis.real, basis.imag]), np.concatenate([wanted.real, wanted.imag])
    scale = np.linalg.norm(stacked, axis=0)
    weights = np.linalg.lstsq(stacked / scale, target, rcond=1e-12)[0] / scale
    residual = np.max(np.abs(stacked @ weights - target))
    record.check_at_most("Kramers–Kronig residual", limit=1e-3, found=float(residual))
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
    left.plot(1e3 * z.real, -1e3 * z.imag, "o-", ms=3)
    left.set(xlabel="Re Z (mΩ)", ylabel="−Im Z (mΩ)", title="LG M50 at 50 %", xlim=(28, 48), ylim=(0, 20))
    right.loglog(spectrum.frequency, np.abs(z))
    right.set(xlabel="frequency (Hz)", ylabel="|Z| (Ω)")
    figure.tight_layout()
    record.figure("Impedance of the LG M50 (Chen 2020)", figure)
