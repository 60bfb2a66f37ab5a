"""Impedance spectra of a cell: the porous-electrode equations linearised at any state, also under load."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from scalith.cell.files.read_cell import read_cell
from scalith.cell.model.mesh import Mesh
from scalith.cell.specification.cell import CellSpecification
from scalith.quantities import ConvergenceError, InputError, predicted

if TYPE_CHECKING:
    from scalith.quantities import Result

FINE = Mesh(negative=24, separator=6, positive=24, nodes=40, finest=0.0005)


def simulate_impedance(
    specification: CellSpecification | str | Path,
    frequencies: ArrayLike,
    state_of_charge: float | str = 0.5,
    *,
    current: float = 0.0,
    load_time: float = 0.0,
    temperature: float | None = None,
    inductance: float = 0.0,
    by_layer: bool = False,
    mesh: Mesh | None = None,
) -> Result:
    r"""Impedance Z(f) = −δV/δI for small signals.

    The equations of `simulate_discharge` are linearised exactly; with every time derivative replaced by iω the block
    elimination of one Newton step, in complex numbers, gives δV/δI.

    Parameters
    ----------
    specification : CellSpecification or path
        What `scalith.cell.read_cell` takes.
    frequencies : array_like
        Hz.
    state_of_charge : float or str
        0 to 1, or text such as ``"50 %"``, at rest.
    current, load_time : float
        With both, the cell first carries `current` (A) for `load_time` (s), and is linearised under that load.
    temperature : float, optional
        K; without it that of the initial state, or the reference temperature of the specification.
    inductance : float
        Of leads and winding, H: iωL is added.
    by_layer : bool
        Also the parts of the negative electrode, the separator and the positive electrode, to the electrolyte at their faces
        (`scalith.cell.runs.spectrum.impedance_by_layer`): their sum with contact and inductance is the whole.
    mesh : Mesh, optional
        Finer than the discharge's by default: high frequencies see thin layers of the particles.

    Returns
    -------
    xarray.Dataset
        ``resistance`` and ``reactance`` (Re Z and Im Z, ohm) over frequency; with `by_layer` also ``resistance_negative``,
        ``reactance_negative``, … of ``separator`` and ``positive``.

    Raises
    ------
    InputError
        Frequencies are not positive, the inductance is negative, or the state of charge is not in 0 … 1.
    ConvergenceError
        The load cannot be carried for that long.
    """
    from scalith.cell.kernels.events import DURATION
    from scalith.cell.model.results import REASONS
    from scalith.cell.runs.simulation import Simulation, read_share
    from scalith.cell.runs.spectrum import impedance_by_layer
    from scalith.quantities import Result, labelled

    specification = read_cell(specification)
    f = np.array(frequencies, dtype=np.float64, ndmin=1)
    if f.size == 0 or not np.all(np.isfinite(f)) or f.min() <= 0.0:
        raise InputError("simulate_impedance", "frequencies", f, "positive numbers, Hz")
    if not inductance >= 0.0:
        raise InputError("simulate_impedance", "inductance", inductance, "0 or more, H")
    state_of_charge = read_share(state_of_charge, "simulate_impedance", "state_of_charge")
    solver = Simulation(specification, mesh=mesh or FINE, temperature=temperature)
    solver.set_state_of_charge(state_of_charge)
    solver.hold("current", current, duration=load_time if current != 0.0 else 0.0)
    if solver.reason != DURATION:
        raise ConvergenceError("impedance under load", REASONS[solver.reason], time=solver.time)
    z = solver.impedance(f) + 2j * np.pi * f * inductance
    settings = {
        "state_of_charge": state_of_charge,
        "current_A": current,
        "load_time_s": load_time,
        "temperature_K": solver.temperature,
        "mesh": str(solver.mesh),
    }
    settings |= {"inductance_H": inductance} if inductance else {}
    source = predicted("scalith.cell.simulate_impedance", specification.digest, settings=settings)
    found = Result(
        {
            "resistance": ("frequency", z.real.copy(), {"units": "ohm", "long_name": "real part of the impedance"}),
            "reactance": ("frequency", z.imag.copy(), {"units": "ohm", "long_name": "imaginary part of the impedance"}),
        },
        {"frequency": ("frequency", f, {"units": "Hz", "long_name": "frequency"})},
        {"kind": "impedance spectrum", "source": source.to_json(), "voltage": float(solver.rows[-1, 1])},
    )
    if by_layer:
        for layer, part in impedance_by_layer(solver, f).items():
            if layer != "contact":
                found[f"resistance_{layer}"] = labelled("frequency", part.real.copy(), f"Re Z of the {layer} part", "ohm")
                found[f"reactance_{layer}"] = labelled("frequency", part.imag.copy(), f"Im Z of the {layer} part", "ohm")
    return found
