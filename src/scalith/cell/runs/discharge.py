"""Discharge (or charge) of one cell at constant current: the full porous-electrode model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from scalith.cell.files.read_cell import read_cell
from scalith.cell.model.mesh import Mesh
from scalith.cell.runs.load import discharge_limits, discharge_load
from scalith.cell.runs.tolerance import TOLERANCE
from scalith.cell.specification.cell import CellSpecification
from scalith.quantities import ConvergenceError, InputError, predicted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scalith.cell.runs.simulation import Simulation
    from scalith.quantities import Result, Source

Progress = Callable[[float, str], None]


def simulate_discharge(
    specification: CellSpecification | str | Path,
    c_rate: float | str | None = None,
    *,
    current: float | str | None = None,
    temperature: float | None = None,
    thermal: Literal["isothermal", "lumped", "through_thickness"] = "isothermal",
    initial_state_of_charge: float | str | None = None,
    cut_off: float | None = None,
    duration: float | None = None,
    temperature_limit: float = np.inf,
    output_times: Sequence[float] | None = None,
    profiles: bool = False,
    mesh: Mesh | None = None,
    mesh_error: bool = False,
    tolerance: float = TOLERANCE,
    progress: Progress | None = None,
) -> Result:
    r"""Discharge at constant current until the cut-off voltage.

    Solves, in porous electrodes and separator with particles at every depth (Doyle, Fuller, Newman,
    DOI 10.1149/1.2221597),

    .. math::

        ∂_t x = r^{-2} ∂_r (r^2 D(x) ∂_r x), \quad -D ∂_r x|_R = j / c_{max}

        ε ∂_t c = -∂_z N + Σ a j, \quad N = -B D_e ∂_z c + t_+ i_e / F

        i_e = -B κ ∂_z φ_e + 2 B κ (RT/F) χ (1 - t_+) ∂_z \ln c, \quad ∂_z i_e = F Σ a j = -∂_z i_s, \quad i_s = -σ ∂_z φ_s

        F j = i_0 (e^{α_a F η/RT} - e^{-α_c F η/RT}), \quad η = φ_s - φ_e - U(x_s, T) - F j R_f

    and, with ``thermal="lumped"``, m c_p ∂_t T = heat − hA (T − T_ambient). With ``thermal="through_thickness"`` the heat
    spreads across the stack to its two faces (see `scalith.cell.model.through_thickness`), and T is the mean.

    Parameters
    ----------
    specification : CellSpecification or path
        What `scalith.cell.read_cell` takes.
    c_rate, current : float
        One of the two: multiples of the nominal capacity per hour, or A; negative charges.
    temperature : float, optional
        At the start, K; without it that of the specification's initial state, or its reference temperature.
    thermal : {"isothermal", "lumped", "through_thickness"}
    initial_state_of_charge : float, optional
        0 to 1 between the ends of both stoichiometry windows; without it that of the specification's initial state (1 where
        it states none).
    cut_off : float, optional
        V; without it the specification's lower (charging: upper) cut-off.
    duration : float, optional
        Longest time, s; without it 1.5 nominal discharges.
    temperature_limit : float
        K.
    output_times : sequence of float, optional
        Times to record at, s; without it every time step is recorded.
    profiles : bool
        Also hand back the profiles across the cell and in the particles.
    mesh : Mesh, optional
        Without it one on which the voltage's error is below 0.5 mV (root mean square): see `choose_mesh`.
    mesh_error : bool
        Estimate the error of the mesh, from meshes half as fine across the layers and within the particles.
    tolerance : float
        Of one time step: V, and 1 in stoichiometry and relative concentration.
    progress : callable, optional
        Told the fraction done and what is done.

    Returns
    -------
    Result
        An `xarray.Dataset` that plots itself. Over ``time``: voltage, current, temperature, capacity, stoichiometries, heat by
        source, conservation errors;
        with ``thermal="through_thickness"`` also ``temperature_profile`` and the temperatures of surface and core;
        ``attrs["reason"]`` says why it ended, ``attrs["source"]`` where it comes from, ``attrs["mesh"]`` on which mesh
        (`Mesh.read`), and ``attrs["mesh_error"]`` the estimated error of the voltage, V (root mean square over time), where it
        was asked for or the mesh was found by trial. A simulation that ends for another
        reason than its cut-off (electrolyte depleted, particle full) is handed back as far as it came.

    Raises
    ------
    InputError
        A setting or the cell makes no sense.
    ConvergenceError
        The solver could not go on; `partial` holds what it had computed.
    """
    from scalith.cell.model.results import words_of
    from scalith.cell.runs.mesh_choice import find_mesh
    from scalith.cell.runs.simulation import Simulation

    specification = read_cell(specification)
    load = discharge_load(specification, c_rate, current)
    times = _checked_times(duration, output_times)
    choice = find_mesh(
        specification,
        load,
        temperature,
        initial_state_of_charge,
        cut_off=cut_off,
        duration=duration,
        mesh=mesh,
        tried=mesh_error,
        tolerance=tolerance,
    )
    simulation = Simulation(
        specification,
        mesh=choice.mesh,
        temperature=temperature,
        thermal=thermal,
        tolerance=tolerance,
        state_of_charge=initial_state_of_charge,
    )
    say = progress or (lambda fraction, words: None)
    say(0.0, f"{specification.name}: {load:.4g} A")
    simulation.hold(
        "current",
        load,
        **discharge_limits(specification, load, cut_off, duration),
        temperature_high=temperature_limit,
        output_times=times,
        keep_states=profiles,
    )
    say(1.0, words_of(simulation.cell, simulation.rows, simulation.reason))
    source = predicted(
        "scalith.cell.simulate_discharge",
        specification.digest,
        settings={
            "current_A": load,
            "temperature_K": simulation.temperature,
            "thermal": thermal,
            "initial_state_of_charge": simulation.initial_state_of_charge,
            "tolerance": tolerance,
            "mesh": str(simulation.mesh),
        },
    )
    return _outcome(simulation, source, choice.error, profiles=profiles, limited=duration is not None)


def _checked_times(duration: float | None, output_times: Sequence[float] | None) -> NDArray[np.float64] | None:
    if duration is not None and not 0.0 < duration < np.inf:
        raise InputError("simulate_discharge", "duration", duration, "a positive number, s")
    if output_times is None:
        return None
    times = np.asarray(output_times, dtype=np.float64)
    if times.ndim != 1 or not np.all(times >= 0.0) or np.any(np.diff(times) <= 0.0):
        raise InputError("simulate_discharge", "output_times", output_times, "increasing times from 0 on, s")
    return times


def _outcome(simulation: Simulation, source: Source, mesh_error: float | None, *, profiles: bool, limited: bool) -> Result:
    """The result of a discharge that has ended; raises where the solver could not go on."""
    from scalith.cell.kernels.events import DURATION
    from scalith.cell.model.lithium_surface import add_lithium
    from scalith.cell.model.results import FAILURES, add_slab, dataset, words_of

    reason = words_of(simulation.cell, simulation.rows, simulation.reason)
    if simulation.reason == DURATION and not limited:
        reason = "1.5 nominal discharges passed without reaching the cut-off"
    data = dataset(
        simulation.cell, simulation.rows, simulation.states if profiles else None, reason, source, time_steps=simulation.steps
    )
    add_slab(data, simulation)
    add_lithium(data, simulation.specification)
    if mesh_error is not None:
        data.attrs["mesh_error"] = mesh_error
    if simulation.reason in FAILURES:
        time = float(simulation.rows[-1, 0]) if len(simulation.rows) else 0.0
        raise ConvergenceError(
            "discharge", f"{reason}; reduce the current, or check the material tables near this state", time=time, partial=data
        )
    return data
