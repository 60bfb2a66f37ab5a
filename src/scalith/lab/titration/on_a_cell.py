"""The experiments of titration on a virtual cell, with all that a cell has in it; `extract_…` reads them as measured ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scalith.quantities import InputError, Result, labelled, predicted

if TYPE_CHECKING:
    from scalith.cell import CellSpecification, Mesh

_TOLERANCE = 1e-5
"""Of a time step, V: what is read from small changes asks for more than a discharge."""
_SAMPLES = 80
"""Of each pulse and of each rest."""
_ENDED = 1e-4
"""A current below this share of its first is noise of the solver."""


def simulate_gitt_on_cell(
    cell: CellSpecification | str | Path,
    *,
    rate: str = "C/10",
    pulse: float = 600.0,
    rest: float = 3600.0,
    pulses: int = 20,
    state_of_charge: float = 1.0,
    temperature: float | None = None,
    mesh: Mesh | None = None,
) -> Result:
    """Pulses of discharge with rests between them; it ends early where the cell is empty.

    Parameters
    ----------
    cell : CellSpecification or path
        What `scalith.cell.read_cell` takes; `scalith.lab.half_cell` makes one of an electrode.
    rate : str
        As in a protocol.
    pulse, rest : float
        s.
    pulses : int
    state_of_charge : float
        At the start.
    temperature : float, optional
        K.
    mesh : Mesh, optional

    Returns
    -------
    Result
        As `scalith.cell.simulate_protocol`; `extract_gitt` reads it.
    """
    from scalith.cell import Simulation, parse_step, read_cell
    from scalith.cell.kernels.events import DURATION

    specification = read_cell(cell)
    current = parse_step(f"Discharge at {rate} for 1 s", specification).target
    simulation = Simulation(
        specification, mesh=mesh, temperature=temperature, tolerance=_TOLERANCE, state_of_charge=state_of_charge
    )
    simulation.hold("current", 0.0, duration=0.2 * pulse, output_times=np.linspace(0.02, 0.2, 10) * pulse)
    within = np.linspace(0.0, 1.0, _SAMPLES + 1)[1:] ** 2  # dense where the potential moves fast
    for _ in range(pulses):
        for load, length in ((current, pulse), (0.0, rest)):
            times = simulation.time + within * length
            simulation.hold("current", load, duration=length, output_times=times, voltage_low=specification.lower_voltage_cut_off)
            if simulation.reason != DURATION:
                break
        if simulation.reason != DURATION:
            break
    settings = {"rate": rate, "pulse_s": pulse, "rest_s": rest, "pulses": pulses, **simulation.settings()}
    return simulation.result(source=predicted("scalith.lab.simulate_gitt_on_cell", specification.digest, settings=settings))


def simulate_pitt_on_cell(
    cell: CellSpecification | str | Path,
    *,
    step: float = -0.01,
    hold: float = 3600.0,
    steps: int = 1,
    state_of_charge: float = 0.5,
    temperature: float | None = None,
    mesh: Mesh | None = None,
) -> list[Result]:
    """Steps of voltage from the cell at rest, each held: one result a step, as `extract_pitt` reads it.

    Parameters
    ----------
    step : float
        V; negative steps discharge.
    hold : float
        s.
    steps : int
    cell, state_of_charge, temperature, mesh
        As in `simulate_gitt_on_cell`.

    Returns
    -------
    list of Result
        ``current`` over ``time`` (s since the step).
    """
    from scalith.cell import Simulation, read_cell

    if step == 0.0 or not hold > 0.0:
        raise InputError(
            "simulate_pitt_on_cell", "step, hold", f"{step:g} V, {hold:g} s", "a step that is not zero, a positive time"
        )
    specification = read_cell(cell)
    simulation = Simulation(specification, mesh=mesh, temperature=temperature, tolerance=1e-7, state_of_charge=state_of_charge)
    simulation.hold("current", 0.0, duration=1.0)
    volts = float(simulation.rows[-1, 1])
    found = []
    for _ in range(steps):
        volts += step
        start, used = simulation.time, len(simulation.rows)
        wanted = np.geomspace(1e-6 * hold, hold * (1.0 - 1e-9), 300)
        simulation.hold("voltage", volts, duration=hold, output_times=wanted + start)
        rows = simulation.rows[used:]
        time = rows[:, 0] - start
        kept = (time > 0.0) & (np.diff(time, prepend=0.0) > 0.0)
        faded = np.flatnonzero(kept & (rows[:, 2] * np.sign(-step) < _ENDED * np.abs(rows[:, 2]).max()))
        kept[faded[0] if faded.size else rows.shape[0] :] = False
        source = predicted(
            "scalith.lab.simulate_pitt_on_cell",
            specification.digest,
            settings={"step_V": step, "hold_s": hold, **simulation.settings()},
        )
        found.append(
            Result(
                {"current": labelled("time", rows[kept, 2], "current, positive while discharging", "A")},
                {"time": labelled("time", time[kept], "time since the step", "s")},
                {"source": source.to_json(), "voltage": volts},
            )
        )
    return found


def simulate_interruptions_on_cell(
    cell: CellSpecification | str | Path,
    *,
    rate: str = "C/10",
    between: float = 300.0,
    interruption: float = 10.0,
    count: int = 10,
    state_of_charge: float = 1.0,
    temperature: float | None = None,
    mesh: Mesh | None = None,
) -> tuple[Result, list[tuple[float, float]]]:
    """A constant current that is interrupted again and again, and when: `extract_interruption` takes both."""
    samples = interruption / 50.0
    one = [
        f"Discharge at {rate} for {between - interruption:.9g} s",
        f"Discharge at {rate} for {interruption:.9g} s ({samples:.9g} s period)",
        f"Rest for {interruption:.9g} s ({samples:.9g} s period)",
    ]
    data = _run(cell, one * count, state_of_charge, temperature, mesh)
    begins = [(k + 1) * between + k * interruption for k in range(count)]
    last = float(data["time"].values[-1])
    return data, [(begin, begin + interruption) for begin in begins if begin + interruption <= last * (1.0 + 1e-9)]


def simulate_entropy_on_cell(
    cell: CellSpecification | str | Path,
    *,
    state_of_charge: float,
    temperatures: Sequence[float] = (298.15, 308.15, 288.15, 298.15),
    hold: float = 3600.0,
    mesh: Mesh | None = None,
) -> Result:
    """A cell at rest whose temperature steps: ``voltage`` and ``ambient_temperature`` over ``time``, as `extract_entropy` reads.

    The cell is isothermal: it follows its chamber at once.
    """
    protocol = [f"Rest for {hold:.9g} s at {T:.9g} K ({hold / 40.0:.9g} s period)" for T in temperatures]
    data = _run(cell, protocol, state_of_charge, temperatures[0], mesh)
    at = data["step"].values
    data["ambient_temperature"] = labelled(
        "time", np.asarray(temperatures, dtype=np.float64)[at], "temperature of the chamber", "K"
    )
    # The first sample of a step lies at the time of the last one before: no chamber is that quick.
    return Result.of(data.isel(time=np.diff(data["time"].values, prepend=-hold) > 1e-6 * hold))


def simulate_polarisation_on_cell(
    cell: CellSpecification | str | Path,
    *,
    voltage: float = 0.01,
    hold: float = 36_000.0,
    temperature: float | None = None,
    mesh: Mesh | None = None,
) -> Result:
    """Current of a cell that is held at a voltage off the one at rest; a symmetric cell is one of lithium metal on both sides.

    The first current is that which the impedance at 1 MHz allows, as `bruce_vincent` wants it: any sampled one is late.

    Returns
    -------
    Result
        ``current`` over ``time`` (s since the step); ``attrs["steady"]`` and ``attrs["first"]`` (A).
    """
    from scalith.cell import Simulation, read_cell

    specification = read_cell(cell)
    (data,) = simulate_pitt_on_cell(
        specification, step=-voltage, hold=hold, state_of_charge=0.5, temperature=temperature, mesh=mesh
    )
    at_rest = Simulation(specification, mesh=mesh, temperature=temperature, state_of_charge=0.5)
    first = voltage / float(at_rest.impedance([1e6])[0].real)
    return data.assign_attrs(first=first, steady=float(data["current"].values[-1]))


def _run(
    cell: CellSpecification | str | Path, protocol: list[str], charge: float, temperature: float | None, mesh: Mesh | None
) -> Result:
    from scalith.cell import simulate_protocol

    return simulate_protocol(cell, protocol, initial_state_of_charge=charge, temperature=temperature, mesh=mesh)
