"""Solid-state cells: where they stand on the map of critical currents, and what each of their parts changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from scalith.cell import CellSpecification, Mesh, simulate_discharge
from scalith.cell.runs.load import discharge_load
from scalith.electrode import effective_property
from scalith.interface import PressedLithium, critical_plating_current, critical_stripping_current
from scalith.ladder.progress import report_progress
from scalith.ladder.quantity import rung
from scalith.ladder.rungs.cell import Discharge
from scalith.ladder.rungs.interface import Polycrystal
from scalith.ladder.stacking import by_rate
from scalith.quantities import InputError, Property, labelled, predicted


def _stand(data: xr.Dataset) -> str:
    return str(data.attrs["verdict"])


@rung("critical current of the lithium", headline=_stand)
def critical_current(pressed_lithium: PressedLithium, cell_specification: CellSpecification, discharge: Discharge) -> xr.Dataset:
    """Current that opens a flaw over flaw size, pressure and temperature, and that voids bear: where each C-rate stands."""
    T, lithium = discharge.temperature, pressed_lithium
    flaws = lithium.flaw * np.array([0.1, 1.0, 10.0])
    pressures = np.geomspace(0.05, 2.0, 40) * lithium.hardness
    data = critical_plating_current(lithium, flaws, pressures, [T, T + 20.0, T + 40.0])
    rates = np.array(discharge.c_rates)
    loads = np.array([discharge_load(cell_specification, float(rate), None) for rate in rates])
    operating = loads / cell_specification.plane_area
    critical = float(lithium.critical_current_density(T))
    share = operating / critical
    name = "critical_stripping_current_density"
    data[name] = critical_stripping_current(lithium, pressures, [T, T + 20.0, T + 40.0])[name]
    bearable = float(lithium.critical_stripping_current_density(T))
    left = np.array([lithium.lasting_contact(float(one), T) for one in operating])
    data["stripping_share"] = labelled("c_rate", operating / bearable, "current density over that which voids bear", "1")
    data["lasting_contact"] = labelled("c_rate", left, "contact that stripping leaves in the long run", "1")
    data["operating_current_density"] = labelled("c_rate", operating, "current density of the cell", "A m-2")
    data["share"] = labelled("c_rate", share, "current density over the critical one", "1")
    data = data.assign_coords(c_rate=labelled("c_rate", rates, "C-rate", "1"))
    worst = int(np.argmax(rates))
    where = (
        f"{rates[worst]:.3g}C is {operating[worst] / 10.0:.3g} mA/cm2, {share[worst]:.2g} of the critical {critical / 10.0:.3g}"
    )
    stated = f"flaws of {1e6 * lithium.flaw:.3g} um, {lithium.stack_pressure / 1e6:.3g} MPa, {T - 273.15:.3g} degC"
    end = "filaments are expected" if share[worst] > 1.0 else f"up to {rates[worst] / share[worst]:.2g}C"
    voids = "voids are expected" if operating[worst] > bearable else f"{100.0 * left[worst]:.3g} % of the contact is left"
    end += f"; stripping takes {operating[worst] / bearable:.2g} of the critical {bearable / 10.0:.3g}: {voids}"
    by = "scalith.interface.critical_plating_current, scalith.interface.critical_stripping_current"
    source = predicted(by, lithium.digest, cell_specification.digest, discharge.digest)
    marks = {"verdict": f"{where} ({stated}): {end}", "flaw": lithium.flaw, "stack_pressure": lithium.stack_pressure}
    return data.assign_attrs(source=source.to_json(), **marks)


def _changes(data: xr.Dataset) -> str:
    whole = data.sel(part="all")
    said = []
    for part in data["part"].values[1:]:
        without = data.sel(part=part)
        volts = 1e3 * (float(without["middle_voltage"]) - float(whole["middle_voltage"]))
        charge = 100.0 * (float(without["whole_capacity"]) / float(whole["whole_capacity"]) - 1.0)
        said.append(f"{part} {volts:+.3g} mV, {charge:+.2g} %")
    if "left_out" in data.attrs:
        said.append(f"left out: {data.attrs['left_out']}")
    return "; ".join(said)


@rung("what each part changes", headline=_changes, runs_a_cell=True)
def part_by_part(
    cell_specification: CellSpecification,
    discharge: Discharge,
    polycrystal: Polycrystal | None = None,
    electrolyte_bulk_ionic_conductivity: Property | None = None,
    positive_loss_by_cracks: xr.Dataset | None = None,
    positive_subvolume_properties: xr.Dataset | None = None,
) -> xr.Dataset:
    """The fastest discharge of the cell, and of cells without one part.

    Parts are boundaries of crystallites, imperfect contact, cracks, and stress of the positive electrode's particles. What cracks
    took from a cell whose numbers are not those of the cracked image is not known: ``left_out`` says so.
    """
    cells, left_out = {"all": cell_specification}, ""
    if polycrystal is not None:
        cells["no grain boundaries"] = _single_crystal(cell_specification, polycrystal, electrolyte_bulk_ionic_conductivity)
    if (pressed := cell_specification.negative_electrode.pressed_lithium) is not None:
        cells["perfect contact"] = _touching(cell_specification, pressed)
    if positive_loss_by_cracks is not None:
        try:
            cells["no cracks"] = _intact(cell_specification, positive_loss_by_cracks, positive_subvolume_properties)
        except InputError as error:
            left_out = f"no cracks, {error}"
    material = cell_specification.positive_electrode.material
    if material.stress is not None:
        cells["no stress of the positive particles"] = _with_positive(cell_specification, {}, {"stress": None})
    rate, mesh = max(discharge.c_rates), None if discharge.volumes is None else Mesh(*discharge.volumes)
    runs = []
    for index, (name, cell) in enumerate(cells.items()):
        report_progress(index / len(cells), name)
        runs.append(simulate_discharge(cell, rate, temperature=discharge.temperature, mesh=mesh))
    source = predicted("scalith.cell.simulate_discharge", *(cell.digest for cell in cells.values()), discharge.digest)
    data = by_rate([float(number) for number in range(len(cells))], runs, source)[["time", "voltage", "capacity"]]
    data = data.rename({"c_rate": "part"}).assign_coords(part=("part", list(cells)))
    charge = [float(run.capacity[-1]) for run in runs]
    middle = [float(np.interp(0.5 * charge[0], run.capacity, run.voltage)) for run in runs]
    data["whole_capacity"] = labelled("part", np.array(charge), "capacity of the discharge", "C")
    data["middle_voltage"] = labelled("part", np.array(middle), "voltage at half of the capacity of the whole cell", "V")
    return data.assign_attrs(source=source.to_json(), c_rate=rate, **({"left_out": left_out} if left_out else {}))


def _single_crystal(cell: CellSpecification, polycrystal: Polycrystal, bulk: Property | None) -> CellSpecification:
    """Boundaries that repel no ions cost nothing: the crystallites alone are left."""
    crystallites = polycrystal.model_copy(update={"boundary_potential": 0.0}).conductivity(bulk=bulk)
    return cell.model_copy(update={"electrolyte": cell.electrolyte.model_copy(update={"conductivity": crystallites})})


def _touching(cell: CellSpecification, lithium: PressedLithium) -> CellSpecification:
    """Lithium that touches everywhere: its interface's own resistance is left."""
    touching = lithium.model_copy(update={"stack_pressure": lithium.hardness, "spacing": None, "conductivity": None})
    metal = cell.negative_electrode.model_copy(update={"pressed_lithium": touching})
    return cell.model_copy(update={"negative_electrode": metal})


def _intact(cell: CellSpecification, loss: xr.Dataset, measured: xr.Dataset | None) -> CellSpecification:
    """The positive electrode with what cracks took from it, whose numbers are those of the cracked image."""
    electrode, material = cell.positive_electrode, cell.positive_electrode.material
    parts = {
        "interface_left": ("active_interface_area", "specific_area", material.area),
        "utilised_left": ("utilised_volume_fraction", "active_volume_fraction", material.volume_fraction),
        "ionic_left": ("ionic_transport_efficiency", "transport_efficiency", electrode.transport_efficiency),
        "electronic_left": ("effective_electronic_conductivity", "conductivity", electrode.conductivity),
    }
    expected = "a cell with the numbers of the cracked image: no [reaction_zone], no structure of its own"
    whole = {}
    for left, (name, field, value) in parts.items():
        if left not in loss:
            continue
        if measured is None or name not in measured:
            raise InputError("part_by_part", name, "no image that it is measured on", expected)
        cracked = float(effective_property(measured, name)())
        if value is None or not np.isclose(value, cracked, rtol=1e-6, atol=0.0):
            shown = "none" if value is None else f"{value:.6g}"
            raise InputError("part_by_part", name, f"{shown} in the cell, {cracked:.6g} on the cracked image", expected)
        whole[field] = value / float(loss[left][-1])
    layer: dict[str, Any] = {field: whole[field] for field in ("transport_efficiency", "conductivity") if field in whole}
    particles: dict[str, Any] = {field: whole[field] for field in ("specific_area", "active_volume_fraction") if field in whole}
    return _with_positive(cell, layer, particles)


def _with_positive(cell: CellSpecification, layer: dict[str, Any], particles: dict[str, Any]) -> CellSpecification:
    electrode = cell.positive_electrode
    materials = (electrode.material.model_copy(update=particles), *electrode.materials[1:])
    return cell.model_copy(update={"positive_electrode": electrode.model_copy(update=layer | {"materials": materials})})
