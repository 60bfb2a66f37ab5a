"""From a specification to the plain arrays that the kernels take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.cell.kernels import layout
from scalith.cell.model.material_tables import constant_table, made_once
from scalith.cell.model.mesh import Mesh
from scalith.cell.model.phase_field_particle import (
    exchange_law,
    mosaic,
    phase_field_nodes,
    phase_field_numbers,
    phase_field_tables,
)
from scalith.cell.model.processes import initial_film, initial_states, link, offsets_of, process_arrays
from scalith.cell.model.state_at_rest import potential_at_rest, stoichiometries_at_rest
from scalith.cell.specification.active_material import ActiveMaterial
from scalith.cell.specification.cell import CellSpecification
from scalith.cell.specification.electrode import ElectrodeSpecification, PorousLayer
from scalith.numerics.kernel_table import KernelTable
from scalith.particle.mesh import RadialMesh, radial_mesh
from scalith.quantities import InputError, Property
from scalith.quantities.constants import FARADAY

Array = NDArray[np.float64]


class Discretised(NamedTuple):
    """Arrays of a cell and what reads them back.

    Attributes
    ----------
    system, bank
        What kernels take.
    size : int
        Unknowns of the state.
    mesh : Mesh
    radii : tuple of ndarray
        Node positions of each class of particles on the unit radius.
    sides : tuple of str
        ``"negative"`` or ``"positive"`` for each class of particles.
    materials : tuple of ActiveMaterial
        Of each class of particles.
    """

    system: layout.System
    bank: layout.TableBank
    size: int
    mesh: Mesh
    radii: tuple[Array, ...]
    sides: tuple[str, ...]
    materials: tuple[ActiveMaterial, ...]

    @property
    def particles(self) -> int:
        """Unknowns in the particles: where the electrolyte starts in the state."""
        return int(self.system.at.salt)


def discretise(
    specification: CellSpecification,
    mesh: Mesh,
    temperature: float | None,
    ambient: float,
    *,
    over_temperature: bool = False,
) -> Discretised:
    """Arrays of a cell.

    Parameters
    ----------
    temperature : float or None
        Fixed temperature, K; `None` keeps tables that depend on temperature.
    ambient : float
        K.
    over_temperature : bool
        Keep such tables at a fixed temperature too: cells of several temperatures share them.

    Raises
    ------
    InputError
        The cell is inconsistent: see `check_cell`.
    """
    check_cell(specification)
    mesh = _with_planar(specification, mesh)
    negative, positive = specification.negative_electrode, specification.positive_electrode
    materials = (*negative.materials, *positive.materials)
    at = None if over_temperature else temperature
    tables = _electrolyte_tables(specification, at)
    reference = specification.reference_temperature
    for material in materials:
        separating = material.phase_field is not None
        tables += phase_field_tables(material, at) if separating else _material_tables(material, at, reference)
    system = system_of(specification, mesh, temperature, ambient)
    bank = bank_of(tables)
    system = link(system, bank)
    radii = tuple(_radial(material, mesh).nodes for material in materials)
    sides = ("negative",) * len(negative.materials) + ("positive",) * len(positive.materials)
    return Discretised(system, bank, system.at.current + 1, mesh, radii, sides, materials)


def stacked(systems: Sequence[layout.System]) -> layout.System:
    """Systems of one layout as one, for kernels of many cells: a first axis over them, offsets as an array."""
    offsets, *parts = zip(*systems, strict=True)
    rows: list[Any] = [np.array(offsets[0]), *(np.ascontiguousarray(np.stack(part)) for part in parts)]
    return layout.System(*rows)


def system_of(
    specification: CellSpecification,
    mesh: Mesh,
    temperature: float | None,
    ambient: float,
    factors: Mapping[str, float] | None = None,
) -> layout.System:
    """The numbers of a cell without its tables.

    Parameters
    ----------
    factors : mapping, optional
        Multipliers of properties: ``{"negative_electrode.chemical_diffusivity": 1.1}``.
    """
    negative, positive = specification.negative_electrode, specification.positive_electrode
    mesh = _with_planar(specification, mesh)
    widths = [
        _widths(negative.thickness, mesh.negative, 1.0 / mesh.growth),
        _widths(specification.separator.thickness, mesh.separator, 1.0),
        _widths(positive.thickness, mesh.positive, mesh.growth),
    ]
    layers = [negative, specification.separator, positive]
    counts = [len(width) for width in widths]
    factors = factors or {}
    of_negative, of_positive = len(negative.materials), len(positive.materials)
    start = [0] * of_negative + [counts[0] + counts[1]] * of_positive
    cells_of = np.array([counts[0]] * of_negative + [counts[2]] * of_positive, dtype=np.int64)
    rows = [*_class_rows(negative, "negative_electrode", factors), *_class_rows(positive, "positive_electrode", factors)]
    materials = (*negative.materials, *positive.materials)
    radials = [_radial(material, mesh) for material in materials]
    nodes = np.array([radial.nodes.size for radial in radials], dtype=np.int64)
    porosity, transport = (
        np.concatenate([values(layer, width, layer is negative) for layer, width in zip(layers, widths, strict=True)])
        for values in (_porosities, _efficiencies)
    )
    at = offsets_of(materials, int(nodes @ cells_of), sum(counts), cells_of)
    offsets = np.concatenate([[[0, 0]], np.cumsum([nodes * cells_of, cells_of], axis=1).T[:-1]]).astype(np.int64)
    scalars = _scalars(specification, temperature, ambient)
    scalars[layout.CONDUCTION_FACTOR] = factors.get("electrolyte.conductivity", 1.0)
    scalars[layout.ELECTROLYTE_DIFFUSION_FACTOR] = factors.get("electrolyte.diffusivity", 1.0)
    numbers = process_arrays(materials, cells_of, at, specification.plane_area)
    bare = _without_films(porosity, [(start[p], cells_of[p], rows[p], material) for p, material in enumerate(materials)])
    return layout.System(
        at,
        np.concatenate(widths),
        porosity,
        transport,
        _by_layer(counts, [negative.conductivity, 0.0, positive.conductivity]),
        _by_layer(counts, [_capacitance(negative), 0.0, _capacitance(positive)]),
        _by_layer(counts, [negative.double_layer_exponent, 1.0, positive.double_layer_exponent]),
        np.ones(int(cells_of.sum())),
        np.ascontiguousarray(np.stack([bare, transport * (bare / porosity) ** 1.5, porosity], axis=1)),
        _curvature(counts),
        np.array(start, dtype=np.int64),
        cells_of,
        nodes,
        np.arange(len(rows), dtype=np.int64),
        np.ascontiguousarray(offsets[:, 0]),
        np.ascontiguousarray(offsets[:, 1]),
        np.array(rows),
        _padded([radial.volumes for radial in radials]),
        _padded([radial.conductances for radial in radials]),
        _padded([radial.couplings for radial in radials]),
        scalars,
        *numbers,
        np.zeros(layout.KERNELS, dtype=np.int64),
    )


def _without_films(porosity: Array, classes: Sequence[tuple[int, int, Array, ActiveMaterial]]) -> Array:
    """Porosity without the films at the start; that of the cell is with them. A class: first volume, volumes, row."""
    bare = porosity.copy()
    for first, count, row, material in classes:
        bare[first : first + count] += row[layout.SPECIFIC_AREA] * initial_film(material)
    return bare


def _class_rows(electrode: ElectrodeSpecification, name: str, factors: Mapping[str, float]) -> list[Array]:
    """A row of numbers for each class of particles of an electrode."""
    rows = []
    for material in electrode.materials:
        row = _class_row(material)
        row[layout.FILM_RESISTANCE] += electrode.contact_area_resistance
        if material.phase_field is not None:
            row[layout.STRAIN :] = phase_field_numbers(material)
        row[layout.DIFFUSION_FACTOR] *= factors.get(f"{name}.chemical_diffusivity", 1.0)
        row[layout.RATE] *= factors.get(f"{name}.exchange_current_density", 1.0)
        rows.append(row)
    return rows


def require_capacitors(exponents: Array, name: str) -> None:
    """A constant-phase element has no equation in time that one number a volume could follow: spectra alone know it.

    Raises
    ------
    InputError
    """
    if np.any(exponents < 1.0):
        expected = "1 where time passes: a constant-phase element is for spectra of a cell at rest (simulate_impedance)"
        raise InputError(name, "double_layer_exponent", float(exponents.min()), expected)


def check_cell(specification: CellSpecification) -> None:
    """Reject a cell whose windows cannot be balanced, or whose voltage lies outside its cut-offs, before solving.

    Raises
    ------
    InputError
    """
    charge = {side: specification.capacity_of_window(side) for side in ("negative", "positive")}
    ratio = charge["negative"] / charge["positive"]
    if not 0.8 < ratio < 1.25:
        raise InputError(
            specification.name,
            "stoichiometry windows",
            f"{charge['negative'] / 3600:.4g} A h (negative) and {charge['positive'] / 3600:.4g} A h (positive electrode)",
            "windows of equal charge (within 25 %)",
        )
    if specification.thermal is not None and specification.thermal.heat_of_mixing:
        materials = (*specification.negative_electrode.materials, *specification.positive_electrode.materials)
        for found in ("phase_field", "stress"):
            if any(getattr(material, found) is not None for material in materials):
                raise InputError(
                    specification.name, "thermal.heat_of_mixing", f"true beside {found}", "particles that are neither"
                )


def initial_state(specification: CellSpecification, cell: Discretised, state_of_charge: float, temperature: float) -> Array:
    """State at rest at a state of charge between 0 and 1 of the windows: uniform particles, all materials of an electrode at
    one potential (see `stoichiometries_at_rest`), uniform electrolyte.
    """
    y = np.zeros(cell.size)
    cells = cell.system.width.size
    reference = specification.reference_temperature
    at_rest: list[float] = []
    for side, part in (("negative", state_of_charge), ("positive", 1.0 - state_of_charge)):
        blend = [material for one, material in zip(cell.sides, cell.materials, strict=True) if one == side]
        at_rest += stoichiometries_at_rest(blend, part, temperature, reference, made_once).tolist()
    for p, (side, material) in enumerate(zip(cell.sides, cell.materials, strict=True)):
        stoichiometry = np.full(cell.system.count[p], at_rest[p])
        if material.phase_field is not None:
            width = cell.system.width[cell.system.start[p] :][: stoichiometry.size]
            stoichiometry = mosaic(
                material.phase_field, temperature, float(stoichiometry[0]), width, from_left=side == "positive"
            )
        first, nodes = cell.system.particle_offset[p], cell.system.nodes[p]
        y[first : first + nodes * stoichiometry.size] = np.tile(stoichiometry, nodes)
    at = cell.system.at
    y[at.salt : at.temperature] = specification.electrolyte.initial_concentration
    y[at.temperature] = temperature
    y[at.states : at.electrolyte] = initial_states(cell.materials, cell.system.count)
    voltages: dict[str, float] = {}
    for x, side, material in zip(at_rest, cell.sides, cell.materials, strict=True):
        voltages.setdefault(side, float(potential_at_rest(material, np.array([x]), temperature, reference, made_once)[0][0]))
    first_s = at.solid
    y[at.electrolyte : first_s] = -voltages["negative"]
    y[first_s + cells - cell.mesh.positive : first_s + cells] = voltages["positive"] - voltages["negative"]
    return y


def state_of_charge(cell: Discretised, state: Array) -> float:
    """Lithium of the negative electrode within its window, 0 to 1; state of charge of a state of the cell."""
    total = window = low = 0.0
    for p, (side, material) in enumerate(zip(cell.sides, cell.materials, strict=True)):
        if side == "negative":
            n, nodes = int(cell.system.count[p]), int(cell.system.nodes[p])
            first = int(cell.system.particle_offset[p])
            x = state[first : first + nodes * n].reshape(nodes, n)
            volumes, widths = cell.system.volumes[p, :nodes], cell.system.width[cell.system.start[p] :][:n]
            mean = float(volumes @ x @ widths / (volumes.sum() * widths.sum()))
            weight = material.volume_fraction * material.maximum_concentration
            total += weight * mean
            low += weight * material.minimum_stoichiometry
            window += weight * (material.maximum_stoichiometry - material.minimum_stoichiometry)
    return (total - low) / window


@cache
def _radial_mesh(nodes: int, finest: float, dimensions: int, lumped: bool) -> RadialMesh:
    return radial_mesh(nodes, finest, dimensions, lumped=lumped)


def _radial(material: ActiveMaterial, mesh: Mesh) -> RadialMesh:
    """Couplings are left out where D spans so much that profiles have fronts, which only a monotone scheme resolves."""
    if material.phase_field is not None:
        nodes = phase_field_nodes(material, mesh)
        return _radial_mesh(nodes or mesh.nodes, 1.0 if nodes else mesh.finest, material.dimensions, True)
    values = material.chemical_diffusivity.nominal.values
    return _radial_mesh(mesh.nodes, mesh.finest, material.dimensions, bool(values.max() > 300.0 * values.min()))


def _padded(rows: list[Array]) -> Array:
    longest = max(row.size for row in rows)
    return np.array([np.concatenate([row, np.zeros(longest - row.size)]) for row in rows])


def _widths(thickness: float, cells: int, growth: float) -> Array:
    if cells == 1:
        return np.array([thickness])
    widths = growth ** (np.arange(cells) / (cells - 1.0))
    return np.asarray(thickness * widths / widths.sum())


def _with_planar(specification: CellSpecification, mesh: Mesh) -> Mesh:
    """The mesh with one volume in electrodes that are flat."""
    flat = {side: 1 for side in ("negative", "positive") if getattr(specification, f"{side}_electrode").planar}
    return replace(mesh, **flat)


_PARTS = (np.arange(8) + 0.5) / 8


def _inside(widths: Array, reverse: bool) -> Array:
    """Positions within each volume between 0 and 1, shape (volumes, 8); from the right where `reverse`."""
    edges = np.concatenate([[0.0], np.cumsum(widths)])
    z = (edges[:-1, None] + widths[:, None] * _PARTS) / edges[-1]
    return np.asarray(1.0 - z if reverse else z)


def _porosities(layer: PorousLayer, widths: Array, reverse: bool) -> Array:
    if not layer.graded:
        return np.full(widths.size, layer.porosity)
    return np.asarray(layer.porosity_at(_inside(widths, reverse)).mean(axis=1))


def _efficiencies(layer: PorousLayer, widths: Array, reverse: bool) -> Array:
    """Transport efficiency of each volume: its parts lie in series."""
    if not layer.graded:
        return np.full(widths.size, layer.efficiency)
    return np.asarray(1.0 / np.mean(1.0 / layer.efficiency_at(_inside(widths, reverse)), axis=1))


def _by_layer(counts: list[int], values: list[float]) -> Array:
    return np.repeat(np.array(values, dtype=np.float64), counts)


def _curvature(counts: list[int]) -> Array:
    weights = np.full((sum(counts), 2), 1.0 / 12.0)
    ends = np.cumsum(counts)
    weights[np.concatenate([[0], ends[:-1]]), 0] = 1.0 / 6.0
    weights[ends - 1, 1] = 1.0 / 6.0
    return weights


def _capacitance(electrode: ElectrodeSpecification) -> float:
    return electrode.double_layer_capacitance * sum(material.area for material in electrode.materials)


def _class_row(material: ActiveMaterial) -> Array:
    row = np.zeros(layout.CLASS_COLUMNS)
    row[layout.SPECIFIC_AREA] = material.area
    row[layout.RADIUS] = material.storage_radius
    row[layout.DIFFUSION_FACTOR] = (material.storage_radius / material.particle_radius) ** 2
    row[layout.MAXIMUM_CONCENTRATION] = material.maximum_concentration
    row[layout.RATE] = 1.0 / FARADAY if material.reaction_rate_constant is None else material.reaction_rate_constant
    row[layout.RATE_ENERGY] = material.reaction_activation_energy
    row[layout.DIFFUSION_ENERGY] = material.diffusivity_activation_energy
    row[layout.ANODIC] = material.anodic_transfer_coefficient
    row[layout.CATHODIC] = material.cathodic_transfer_coefficient
    row[layout.FILM_RESISTANCE] = material.film_resistance
    row[layout.GEOMETRY] = material.dimensions
    row[layout.LAW] = float(exchange_law(material))
    low, high, with_T = _coverage(material.open_circuit_voltage)
    row[layout.ENTROPIC_SHIFT] = float(material.entropic_coefficient is not None and not with_T)
    row[layout.CONCENTRATION_EXPONENT] = material.order_in_concentration
    if material.hysteresis is not None and material.hysteresis_decay is None:
        row[layout.HYSTERESIS_RATE] = material.hysteresis_current_density / FARADAY
    if material.stress is not None:
        window = (material.minimum_stoichiometry, material.maximum_stoichiometry)
        material.stress.require_small_strain(material.maximum_concentration, window)
    if material.stress is not None and material.stress.shifts_voltage:
        row[layout.STRAIN] = material.stress.strain_potential(material.maximum_concentration, window)
    row[layout.LOWEST], row[layout.HIGHEST] = low - 1e-4, high + 1e-4
    if material.metal_thickness is not None:
        row[layout.LOWEST] = -1e-9  # stripped to nothing, and a cell without an anode begins there
    return row


def _scalars(specification: CellSpecification, temperature: float | None, ambient: float) -> Array:
    scalars = np.zeros(layout.SCALARS)
    scalars[layout.PLANE_AREA] = specification.plane_area
    scalars[layout.CONTACT_RESISTANCE] = scalars[layout.FRESH_CONTACT_RESISTANCE] = specification.contact_resistance
    scalars[layout.REFERENCE_CONCENTRATION] = specification.electrolyte.initial_concentration
    scalars[layout.REFERENCE_TEMPERATURE] = specification.reference_temperature
    scalars[layout.AMBIENT_TEMPERATURE] = ambient
    scalars[layout.CLIP_BELOW] = specification.lower_voltage_cut_off
    scalars[layout.CLIP_ABOVE] = specification.upper_voltage_cut_off
    if specification.thermal is not None and specification.thermal.heat_of_mixing:
        scalars[layout.HEAT_OF_MIXING] = 1.0
    if temperature is None:
        if specification.thermal is None or specification.thermal.heat_capacity is None:
            raise InputError(specification.name, "thermal", "nothing", "heat_capacity and heat_transfer, for thermal='lumped'")
        scalars[layout.HEAT_CAPACITY] = specification.thermal.heat_capacity
        scalars[layout.HEAT_TRANSFER] = specification.thermal.heat_transfer
    scalars[layout.CONDUCTION_ENERGY] = specification.electrolyte.conductivity_activation_energy
    scalars[layout.ELECTROLYTE_DIFFUSION_ENERGY] = specification.electrolyte.diffusivity_activation_energy
    return scalars


def _electrolyte_tables(specification: CellSpecification, temperature: float | None) -> list[KernelTable]:
    electrolyte = specification.electrolyte
    return [
        made_once(electrolyte.conductivity, temperature),
        made_once(electrolyte.diffusivity, temperature, flux=True),
        made_once(electrolyte.transference_number, temperature),
        made_once(electrolyte.thermodynamic_factor, temperature),
        constant_table(0.0) if electrolyte.generation is None else made_once(electrolyte.generation, temperature),
        constant_table(0.0),
    ]


def _material_tables(material: ActiveMaterial, temperature: float | None, reference: float) -> list[KernelTable]:
    voltage, diffusivity = material.open_circuit_voltage, material.chemical_diffusivity
    if material.stress is not None and material.stress.hastens_diffusion:
        if temperature is None and diffusivity.coordinates.get("T", np.zeros(1)).size > 1:
            found = "a chemical diffusivity that depends on temperature"
            raise InputError("active material", "stress", found, "diffusivity_activation_energy, where heat is solved for")
        at = reference if temperature is None else temperature
        window = (material.minimum_stoichiometry, material.maximum_stoichiometry)
        diffusivity = material.stress.diffusivity(
            diffusivity, material.maximum_concentration, at, open_circuit_voltage=voltage, window=window
        )
    if material.entropic_coefficient is not None:
        entropy = made_once(material.entropic_coefficient, temperature)
    elif voltage.coordinates.get("T", np.zeros(1)).size > 1:
        entropy = made_once(voltage.derivative("T"), temperature)
    else:
        entropy = constant_table(0.0)
    exchange, kinetics = material.exchange_current_density, material.overvoltage_function
    return [
        made_once(voltage, temperature),
        entropy,
        made_once(diffusivity, temperature, flux=True),
        constant_table(1.0) if exchange is None else made_once(exchange, temperature),
        constant_table(0.0) if kinetics is None else made_once(kinetics, temperature),
        constant_table(0.0) if material.hysteresis is None else made_once(material.hysteresis, temperature),
    ]


_COVERAGES: dict[int, tuple[Property, tuple[float, float, bool]]] = {}


def _coverage(voltage: Property) -> tuple[float, float, bool]:
    """Stoichiometries that a voltage is known at, and whether it depends on temperature; looked up once for each object."""
    found = _COVERAGES.get(id(voltage))
    if found is None or found[0] is not voltage:
        if len(_COVERAGES) > 256:
            _COVERAGES.clear()
        low, high = voltage.domain.get("x", (0.0, 1.0))
        found = _COVERAGES[id(voltage)] = (voltage, (low, high, "T" in voltage.coordinates))
    return found[1]


def bank_of(tables: list[KernelTable]) -> layout.TableBank:
    """Lay tables one behind the other."""
    numbers = np.array([[t.lower, t.inverse_step, t.T_lower, t.T_inverse_step] for t in tables])
    shapes = np.zeros((len(tables), 4), dtype=np.int64)
    first = 0
    flat: list[Any] = []
    for k, table in enumerate(tables):
        pieces_T, pieces_x, powers, _ = table.coefficients.shape
        shapes[k] = first, pieces_T, pieces_x, powers
        flat.append(table.coefficients.ravel())
        first += table.coefficients.size
    return layout.TableBank(numbers, shapes, np.concatenate(flat))
