"""A large cell resolved in its plane: two collector foils, and a porous-electrode cell at each patch between them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scalith.cell.files.read_cell import read_cell
from scalith.cell.model.mesh import Mesh
from scalith.cell.runs.circuit import Circuit
from scalith.cell.runs.circuit_run import simulate_circuit
from scalith.cell.runs.tolerance import TOLERANCE
from scalith.cell.specification.cell import CellSpecification
from scalith.cell.specification.collectors import Collectors, Tab
from scalith.quantities import InputError, predicted

if TYPE_CHECKING:
    from typing import Literal

    from scalith.cell.runs.discharge import Progress
    from scalith.cell.runs.protocol_text import Steps
    from scalith.quantities import Result

Array = NDArray[np.float64]
_WHERE = "simulate_in_plane"


def simulate_in_plane(
    specification: CellSpecification | str | Path,
    collectors: Collectors,
    protocol: Steps,
    *,
    patches: tuple[int, int] = (6, 6),
    thermal: Literal["isothermal", "lumped"] = "isothermal",
    state_of_charge: float | None = None,
    temperature: float | None = None,
    mesh: Mesh | None = None,
    tolerance: float = TOLERANCE,
    progress: Progress | None = None,
) -> Result:
    r"""Run a protocol on a cell with the potentials of its collectors, tab to tab ("potential pair", 1+1D or 2+1D).

    In the foils, of thickness δ and conductivity σ, with the local current density i between them,

    .. math:: σ_n δ_n ∇^2 φ_n = -i, \qquad σ_p δ_p ∇^2 φ_p = i, \qquad φ_p - φ_n = V(i, \text{history})

    (Marquis et al., DOI 10.1149/1945-7111/abbce4), where V is the voltage of a porous-electrode cell at each patch. Patches are
    finite volumes: the error falls as their size squared.

    Parameters
    ----------
    specification : CellSpecification or path
        What `scalith.cell.read_cell` takes; its area is that of all layers.
    collectors : Collectors
    protocol : str, ProtocolStep or a sequence of them
        Steps of constant current, voltage or power.
    patches : (int, int)
        Along the width and along the height; one along the width is 1+1D.
    thermal : {"isothermal", "lumped"}
        With "lumped" each patch has its own temperature; heat spreads between them where `collectors` has a conductivity.
    state_of_charge, temperature, mesh, tolerance, progress
        As in `simulate_circuit`.

    Returns
    -------
    Result
        Over time ``voltage``, ``current``, ``heat_collectors`` (W) and ``heat`` (W, of the whole cell, mean of the window that
        ends there); over (time, width, height) ``current_density`` (A m-2 of the sheet), ``state_of_charge``, ``temperature``,
        ``negative_potential`` and ``positive_potential`` of the foils (V, against the negative terminal), ``heat_density``
        (W m-2 of the sheet, one layer, without the foils) and ``heat_density_collectors`` (the foils); over ``run``
        ``step_reason``. Attributes: ``sheet_width``, ``sheet_height`` (m), ``patch_area`` (m², of all layers).

    Raises
    ------
    InputError
        A sheet larger than the area of the cell, heat that spreads in a cell of unknown thickness, no patches.
    ConvergenceError
        As in `simulate_circuit`.
    """
    from scalith.cell.runs.protocol_text import parse_protocol
    from scalith.quantities import Result, labelled

    cell = read_cell(specification)
    if np.shape(patches) != (2,) or min(patches) < 1:
        raise InputError(_WHERE, "patches", patches, "two numbers, such as (6, 6): at least one along each side")
    ny, nz = patches
    sheet = collectors.width * collectors.height
    layers = cell.plane_area / sheet
    if layers < 0.999:
        raise InputError(_WHERE, "collectors", f"a sheet of {sheet:.4g} m2", f"at most the cell's area, {cell.plane_area:.4g} m2")
    circuit = collector_circuit(collectors, ny, nz, layers)
    links = () if thermal == "isothermal" else _heat_links(cell, collectors, ny, nz)
    run = simulate_circuit(
        [_patch_of(cell, ny * nz)] * (ny * nz),
        circuit,
        parse_protocol(protocol, cell),
        state_of_charge=state_of_charge,
        temperature=temperature,
        thermal=thermal,
        mesh=mesh,
        tolerance=tolerance,
        watch="terminals",
        thermal_links=links,
        progress=progress,
    )
    shape, times = (-1, ny, nz), run["time"].values
    area = cell.plane_area / (ny * nz)
    potential = run["potential"].values
    whole = run["heat_resistors"].values + run["cell_heat"].values.sum(axis=1)
    foils = _heat_of_foils(circuit, potential, ny * nz)

    def over(values: Array, units: str, title: str) -> Any:
        return labelled(("time", "width", "height"), values.reshape(shape), title, units)

    made = {
        "voltage": run["voltage"].variable,
        "current": run["current"].variable,
        "heat_collectors": labelled("time", run["heat_resistors"].values, "heat of the collectors", "W"),
        "heat": labelled("time", whole, "heat of the whole cell", "W"),
        "current_density": over(run["cell_current"].values / area, "A m-2", "local current density"),
        "state_of_charge": over(run["cell_state_of_charge"].values, "1", "local state of charge"),
        "temperature": over(run["cell_temperature"].values, "K", "local temperature"),
        "heat_density": over(run["cell_heat"].values / area, "W m-2", "local heat between the collectors"),
        "heat_density_collectors": over(foils / area, "W m-2", "local heat of the collectors"),
        "negative_potential": over(potential[:, : ny * nz], "V", "potential of the negative collector"),
        "positive_potential": over(potential[:, ny * nz : 2 * ny * nz], "V", "potential of the positive collector"),
        "step_reason": run["step_reason"].variable,
    }
    axes = {
        "time": labelled("time", times, "time", "s"),
        "width": labelled("width", (np.arange(ny) + 0.5) * collectors.width / ny, "along the width", "m"),
        "height": labelled("height", (np.arange(nz) + 0.5) * collectors.height / nz, "along the height", "m"),
    }
    settings = {"patches": list(patches), "thermal": thermal, "tolerance": tolerance, "mesh": str(mesh or Mesh())}
    source = predicted("scalith.cell.simulate_in_plane", cell.digest, collectors.digest, settings=settings)
    sizes = {"sheet_width": collectors.width, "sheet_height": collectors.height, "patch_area": area}
    attrs = {"kind": "cell in its plane", "source": source.to_json(), "reason": run.attrs["reason"], **sizes}
    return Result(made, axes, attrs)


def _heat_of_foils(circuit: Circuit, potential: Array, count: int) -> Array:
    """Heat of the foils at each patch, W, shape (times, patches): that between two patches belongs half to each."""
    found = np.zeros((len(potential), count))
    for i, j, ohms in circuit.resistors:
        heat = (potential[:, i] - potential[:, j]) ** 2 / ohms
        patches = [node % count for node in (i, j) if node < 2 * count]
        for patch in patches:
            found[:, patch] += heat / len(patches)
    return found


def _patch_of(cell: CellSpecification, count: int) -> CellSpecification:
    """One of `count` equal patches of a cell."""
    changes: dict[str, Any] = {
        "electrode_area": cell.electrode_area / count,
        "nominal_capacity": cell.nominal_capacity / count,
        "contact_resistance": cell.contact_resistance * count,
    }
    if cell.thermal is not None:
        parts = ("heat_capacity", "heat_transfer", "mass", "volume", "surface_area")
        shares = {name: value / count for name in parts if (value := getattr(cell.thermal, name)) is not None}
        changes["thermal"] = cell.thermal.model_copy(update=shares)
    return cell.model_copy(update=changes)


def _neighbours(ny: int, nz: int) -> list[tuple[int, int, bool]]:
    """Pairs of patches (iy · nz + iz) that touch, and whether along the width."""
    along = [(y * nz + z, (y + 1) * nz + z, True) for y in range(ny - 1) for z in range(nz)]
    return along + [(y * nz + z, y * nz + z + 1, False) for y in range(ny) for z in range(nz - 1)]


def collector_circuit(collectors: Collectors, ny: int, nz: int, layers: float) -> Circuit:
    """Nodes of the negative foil, of the positive foil, then the negative and the positive terminal; one cell a patch."""
    n, dy, dz = ny * nz, collectors.width / ny, collectors.height / nz
    resistors: list[tuple[int, int, float]] = []
    foils = (
        (0, collectors.negative_thickness * collectors.negative_conductivity, collectors.negative_tab),
        (n, collectors.positive_thickness * collectors.positive_conductivity, collectors.positive_tab),
    )
    for k, (first, sheet_conductance, tab) in enumerate(foils):
        G = layers * sheet_conductance
        resistors += [(first + i, first + j, (dy / dz if wide else dz / dy) / G) for i, j, wide in _neighbours(ny, nz)]
        for patch, overlap, half in _under(tab, ny, nz, dy, dz):
            resistors.append((first + patch, 2 * n + k, half / (G * overlap)))
    return Circuit(2 * n + 2, resistors, [(n + i, i) for i in range(n)], 2 * n + 1, 2 * n)


def _under(tab: Tab, ny: int, nz: int, dy: float, dz: float) -> list[tuple[int, float, float]]:
    """Patches at a tab: number, length along it, and distance of their middle from the edge."""
    flat = tab.edge in ("top", "bottom")
    count, size, half = (ny, dy, 0.5 * dz) if flat else (nz, dz, 0.5 * dy)
    found = []
    for k in range(count):
        low = max(k * size, tab.centre - 0.5 * tab.width)
        high = min((k + 1) * size, tab.centre + 0.5 * tab.width)
        if high - low > 1e-9 * size:
            y, z = (k, nz - 1 if tab.edge == "top" else 0) if flat else (ny - 1 if tab.edge == "right" else 0, k)
            found.append((y * nz + z, high - low, half))
    return found


def _heat_links(cell: CellSpecification, collectors: Collectors, ny: int, nz: int) -> list[tuple[int, int, float]]:
    """Heat between patches that touch, W/K."""
    if collectors.in_plane_conductivity is None:
        return []
    if cell.thermal is None or cell.thermal.thickness is None:
        raise InputError(_WHERE, "thermal.thickness", "nothing", "the thickness of the stack, beside in_plane_conductivity")
    dy, dz = collectors.width / ny, collectors.height / nz
    sheet = collectors.in_plane_conductivity * cell.thermal.thickness
    return [(i, j, sheet * (dz / dy if wide else dy / dz)) for i, j, wide in _neighbours(ny, nz)]
