"""The cell at rest: its open-circuit voltage and entropic coefficient from those of its two electrodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalith.cell.files.read_cell import read_cell
from scalith.cell.specification.active_material import ActiveMaterial
from scalith.cell.specification.cell import CellSpecification
from scalith.cell.specification.electrode import ElectrodeSpecification
from scalith.quantities import InputError, Property, Source, predicted

Array = NDArray[np.float64]
State = Mapping[str, Array]
Reading = Callable[[ActiveMaterial, Property, State], tuple[Array, Array]]
"""Values of a material's property at a state (x and, where the result has temperatures, T), and their variance."""


def cell_open_circuit_voltage(cell: CellSpecification | str | Path) -> Property:
    r"""Open-circuit voltage of a whole cell, from full to empty.

    The work of moving an ion from the negative host to the positive one, so the difference of its two chemical potentials:

    .. math::
        V = -\frac{\mu_+(x_+) - \mu_-(x_-)}{F} = U_+(x_+) - U_-(x_-),
        \qquad
        x_- = x_-^\mathrm{full} - \frac{N_+}{N_-} (x_+ - x_+^\mathrm{full}),

    where N is the amount of sites in each electrode. Each potential U is against metallic lithium with the energies that
    its own host was computed with; where both hosts share them, metallic lithium drops out. Over the temperatures at which one
    potential is known, a potential that is known without temperature moves with its entropic coefficient,
    :math:`U + (T - T_\mathrm{ref})\,∂U/∂T`, as in the equations of the cell.

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
    positive, negative = _materials(cell)
    reference = cell.reference_temperature

    def read(material: ActiveMaterial, voltage: Property, state: State) -> tuple[Array, Array]:
        values, variance = _at(voltage, state)
        entropic = material.entropic_coefficient
        if entropic is None or "T" not in state or "T" in voltage.coordinates:
            return values, variance
        slope, of_slope = _at(entropic, state)
        rise = state["T"] - reference
        return values + rise * slope, variance + rise**2 * of_slope

    source = predicted("scalith.cell.cell_open_circuit_voltage", cell.digest)
    voltages = positive.open_circuit_voltage, negative.open_circuit_voltage
    return _difference(cell, ("cell_open_circuit_voltage", "V"), voltages, read, source)


def cell_entropic_coefficient(cell: CellSpecification | str | Path) -> Property:
    r"""Entropic coefficient of a whole cell, from full to empty: what its reversible heat follows.

    .. math::
        \frac{∂V}{∂T} = \frac{∂U_+}{∂T}(x_+) - \frac{∂U_-}{∂T}(x_-),
        \qquad
        \dot q_\mathrm{rev} = -I\,T\,\frac{∂V}{∂T},

    with the stoichiometries of `cell_open_circuit_voltage` and a current I that is positive on discharge.

    Parameters
    ----------
    cell : CellSpecification or path
        What `scalith.cell.read_cell` takes, with one active material in each electrode.

    Returns
    -------
    Property
        In V/K, over the stoichiometry of the positive electrode (and T, where a coefficient depends on it). A material without an
        entropic coefficient has that of its voltage over T; that of lithium against itself is zero. Where neither is known it
        counts as zero, as in the heat of a discharge, and the source says so. Its error is that of both coefficients, taken as
        independent; none is stated where one is the slope of a voltage with an error, of which nothing tells how much of it all
        temperatures share: the source says so, too.

    Raises
    ------
    InputError
        An electrode has several active materials, or the coefficients share no temperature.
    """
    cell = read_cell(cell)
    positive, negative = _materials(cell)
    sides = {"positive electrode": positive, "negative electrode": negative}
    known = {side: _coefficient(material) for side, material in sides.items()}
    silent = " and ".join(side for side, found in known.items() if found is None)
    unsure = " and ".join(side for side, found in known.items() if found is not None and _lacks_error(found, sides[side]))
    notes = [f"none is known of the {silent}: counted as zero there"] if silent else []
    notes += [f"its error is not known: that of the {unsure} is the slope of a voltage over T"] if unsure else []
    source = predicted("scalith.cell.cell_entropic_coefficient", cell.digest, note="; ".join(notes))
    zero = Property.constant("entropic_coefficient", 0.0, "V K-1", source)
    above, below = (zero if found is None else found for found in known.values())

    def read(_: ActiveMaterial, coefficient: Property, state: State) -> tuple[Array, Array]:
        values, variance = _at(coefficient, state)
        return values, np.zeros_like(variance) if unsure else variance

    return _difference(cell, ("cell_entropic_coefficient", "V K-1"), (above, below), read, source)


def _coefficient(material: ActiveMaterial) -> Property | None:
    """∂U/∂T of a material, or `None` where it is not known."""
    voltage = material.open_circuit_voltage
    if material.entropic_coefficient is not None:
        return material.entropic_coefficient
    if voltage.coordinates.get("T", np.empty(0)).size > 1:
        return voltage.derivative("T")
    against_itself = not voltage.coordinates and float(voltage()) == 0.0
    return Property.constant("entropic_coefficient", 0.0, "V K-1", voltage.source) if against_itself else None


def _lacks_error(coefficient: Property, material: ActiveMaterial) -> bool:
    """Whether a coefficient is the slope of a voltage whose error it has lost."""
    slope = material.entropic_coefficient is None and bool(coefficient.coordinates)
    return slope and coefficient.standard_error is None and material.open_circuit_voltage.standard_error is not None


def _materials(cell: CellSpecification) -> tuple[ActiveMaterial, ActiveMaterial]:
    sides = {"positive": cell.positive_electrode, "negative": cell.negative_electrode}
    for name, electrode in sides.items():
        if len(electrode.materials) > 1:
            raise InputError(f"cell {cell.name}", f"{name}_electrode.materials", len(electrode.materials), "one active material")
    return cell.positive_electrode.material, cell.negative_electrode.material


def _difference(
    cell: CellSpecification,
    named: tuple[str, str],
    properties: tuple[Property, Property],
    read: Reading,
    source: Source,
) -> Property:
    """The positive electrode's less the negative one's, where both together hold the lithium of the full cell.

    Parameters
    ----------
    named : tuple of str
        Quantity and unit.
    properties : tuple of Property
        Of the positive and of the negative material: their nodes and temperatures are those of the result.
    """
    positive, negative = _materials(cell)
    ratio = _sites(cell.positive_electrode) / _sites(cell.negative_electrode)
    full, empty = positive.minimum_stoichiometry, positive.maximum_stoichiometry
    empty = min(empty, full + (negative.maximum_stoichiometry - negative.minimum_stoichiometry) / ratio)
    above, below = properties
    nodes = [np.linspace(full, empty, 101), above.coordinates.get("x", np.empty(0))]
    nodes.append(full + (negative.maximum_stoichiometry - below.coordinates.get("x", np.empty(0))) / ratio)
    x = np.concatenate(nodes)
    x = np.unique(np.round(x[(x > full) & (x < empty)], 12))
    x = np.concatenate([[full], x[(x > full + 1e-9) & (x < empty - 1e-9)], [empty]])
    T = _temperatures(named[0].replace("_", " "), above, below)
    mesh = np.meshgrid(x, *([] if T is None else [T]), indexing="ij")
    state = dict(zip(("x", "T"), mesh, strict=False))
    values, variance = read(positive, above, state)
    # The end of the window, but for the last digit.
    there = np.clip(negative.maximum_stoichiometry - (mesh[0] - full) * ratio, negative.minimum_stoichiometry, None)
    taken, doubt = read(negative, below, state | {"x": there})
    return Property.from_arrays(
        named[0],
        {"x": x} | ({} if T is None else {"T": T}),
        values - taken,
        named[1],
        source,
        np.sqrt(variance + doubt) if np.any(variance + doubt) else None,
    )


def _at(known: Property, state: State) -> tuple[Array, Array]:
    own: dict[str, Any] = {name: grid for name, grid in state.items() if name in known.coordinates}
    shape = state["x"].shape
    values = np.broadcast_to(known(**own), shape)
    return values, np.zeros(shape) if known.standard_error is None else np.broadcast_to(known.error(**own), shape) ** 2


def _sites(electrode: ElectrodeSpecification) -> float:
    """Sites of the working ion in an electrode per area, mol m-2."""
    return electrode.thickness * electrode.material.volume_fraction * electrode.material.maximum_concentration


def _temperatures(name: str, above: Property, below: Property) -> Array | None:
    grids = [item.coordinates["T"] for item in (above, below) if "T" in item.coordinates]
    if not grids:
        return None
    low, high = max(grid[0] for grid in grids), min(grid[-1] for grid in grids)
    shared: Array = np.unique(np.concatenate(grids))
    shared = shared[(shared >= low) & (shared <= high)]
    if not shared.size:
        expected = "temperatures that both electrodes are known at"
        raise InputError(name, "T", f"up to {high:g} K and from {low:g} K", expected)
    return shared
