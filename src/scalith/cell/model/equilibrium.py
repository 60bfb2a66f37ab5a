"""The cell at rest: its open-circuit voltage from those of its two electrodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalith.cell.files.read_cell import read_cell
from scalith.cell.specification.cell import CellSpecification
from scalith.cell.specification.electrode import ElectrodeSpecification
from scalith.quantities import InputError, Property, predicted


def cell_open_circuit_voltage(cell: CellSpecification | str | Path) -> Property:
    r"""Open-circuit voltage of a whole cell, from full to empty.

    The work of moving an ion from the negative host to the positive one, so the difference of its two chemical potentials:

    .. math::
        V = -\frac{\mu_+(x_+) - \mu_-(x_-)}{F} = U_+(x_+) - U_-(x_-),
        \qquad
        x_- = x_-^\mathrm{full} - \frac{N_+}{N_-} (x_+ - x_+^\mathrm{full}),

    where N is the amount of sites in each electrode. Each potential U is against metallic lithium with the energies that
    its own host was computed with; where both hosts share them, metallic lithium drops out.

    Parameters
    ----------
    cell : CellSpecification or path
        What `scalith.cell.read_cell` takes, with one active material in each electrode.

    Returns
    -------
    Property
        V(x[, T]) in V, over the stoichiometry x of the positive electrode, from the full cell to where the first of the two
        electrodes meets the end of its window. Its error is that of both potentials, taken as independent.

    Raises
    ------
    InputError
        An electrode has several active materials, or the potentials share no temperature.
    """
    cell = read_cell(cell)
    sides = {"positive": cell.positive_electrode, "negative": cell.negative_electrode}
    for name, electrode in sides.items():
        if len(electrode.materials) > 1:
            raise InputError(f"cell {cell.name}", f"{name}_electrode.materials", len(electrode.materials), "one active material")
    positive, negative = (electrode.material for electrode in sides.values())
    ratio = _sites(cell.positive_electrode) / _sites(cell.negative_electrode)
    full, empty = positive.minimum_stoichiometry, positive.maximum_stoichiometry
    empty = min(empty, full + (negative.maximum_stoichiometry - negative.minimum_stoichiometry) / ratio)
    above, below = positive.open_circuit_voltage, negative.open_circuit_voltage

    def of_negative(x: NDArray[np.float64]) -> NDArray[np.float64]:
        # The end of the window, but for the last digit.
        return np.clip(negative.maximum_stoichiometry - (x - full) * ratio, negative.minimum_stoichiometry, None)

    nodes = [np.linspace(full, empty, 101), above.coordinates.get("x", np.empty(0))]
    nodes.append(full + (negative.maximum_stoichiometry - below.coordinates.get("x", np.empty(0))) / ratio)
    x = np.concatenate(nodes)
    x = np.unique(np.round(x[(x > full) & (x < empty)], 12))
    x = np.concatenate([[full], x[(x > full + 1e-9) & (x < empty - 1e-9)], [empty]])
    T = _temperatures(above, below)
    mesh = np.meshgrid(x, *([] if T is None else [T]), indexing="ij")
    values, variance = np.zeros(mesh[0].shape), np.zeros(mesh[0].shape)
    for sign, potential, stoichiometry in ((1.0, above, mesh[0]), (-1.0, below, of_negative(mesh[0]))):
        state: dict[str, Any] = {"x": stoichiometry} | ({} if T is None else {"T": mesh[1]})
        state = {name: grid for name, grid in state.items() if name in potential.coordinates}
        values += sign * np.asarray(potential(**state))
        if potential.standard_error is not None:
            variance += np.asarray(potential.error(**state)) ** 2
    known = any(item.standard_error is not None for item in (above, below))
    return Property.from_arrays(
        "cell_open_circuit_voltage",
        {"x": x} | ({} if T is None else {"T": T}),
        values,
        "V",
        predicted("scalith.cell.cell_open_circuit_voltage", cell.digest),
        np.sqrt(variance) if known else None,
    )


def _sites(electrode: ElectrodeSpecification) -> float:
    """Sites of the working ion in an electrode per area, mol m-2."""
    return electrode.thickness * electrode.material.volume_fraction * electrode.material.maximum_concentration


def _temperatures(above: Property, below: Property) -> NDArray[np.float64] | None:
    grids = [item.coordinates["T"] for item in (above, below) if "T" in item.coordinates]
    if not grids:
        return None
    low, high = max(grid[0] for grid in grids), min(grid[-1] for grid in grids)
    shared: NDArray[np.float64] = np.unique(np.concatenate(grids))
    shared = shared[(shared >= low) & (shared <= high)]
    if not shared.size:
        expected = "temperatures that both electrodes' potentials are known at"
        raise InputError("open-circuit voltage of the cell", "T", f"up to {high:g} K and from {low:g} K", expected)
    return shared
