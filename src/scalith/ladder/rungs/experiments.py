"""Experiments: what a laboratory would find on the climbed electrode, virtually or from its files, beside what was put in."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import numpy as np
import xarray as xr
from pydantic import Field, model_validator

from scalith.cell import CellSpecification
from scalith.ladder.quantity import InputFile, Settings, rung
from scalith.quantities import SI, ConvergenceError, InputError, ScalithError, dataset_digest, predicted


class Experiments(Settings):
    """``[experiments]``: on which electrode of the cell, and what was measured.

    Without a file the experiment is virtual.

    Attributes
    ----------
    electrode : {"positive", "negative"}
        Of one active material; to be stated, so that a study without this section makes no experiments.
    rate : str
        Of the virtual slow cycle and of the pulses.
    discharge_rate : str
        Of the virtual discharge whose heat is found.
    slow_cycle, titration, calorimetry : file, optional
        Measured on a half cell of this electrode, from 100 % on; the last with its heat flow, W.
    temperature_steps, electrode_spectra : files, optional
        Of the same half cell, each at a state of charge of its own: `temperature_steps_at` and `electrode_spectra_at`, 0 to 1.
    electrolyte_spectrum : file, optional
        Of the cell's separator soaked with the electrolyte, between blocking electrodes, `electrolyte_thickness` (m) apart, of
        `electrolyte_area` (m2); without these those of the cell.
    """

    electrode: Literal["positive", "negative"]
    rate: str = "C/20"
    discharge_rate: str = "C/2"
    slow_cycle: InputFile | None = None
    titration: InputFile | None = None
    calorimetry: InputFile | None = None
    temperature_steps: tuple[InputFile, ...] = ()
    temperature_steps_at: tuple[Annotated[float, Field(ge=0, le=1)], ...] = ()
    electrode_spectra: tuple[InputFile, ...] = ()
    electrode_spectra_at: tuple[Annotated[float, Field(ge=0, le=1)], ...] = ()
    electrolyte_spectrum: InputFile | None = None
    electrolyte_thickness: Annotated[float, SI("m"), Field(gt=0)] | None = None
    electrolyte_area: Annotated[float, SI("m2"), Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _at_states(self) -> Self:
        for name in ("temperature_steps", "electrode_spectra"):
            files, states = getattr(self, name), getattr(self, f"{name}_at")
            if len(files) != len(states):
                found = f"{len(states)} states of charge for {len(files)} files"
                raise InputError("[experiments]", f"{name}_at", found, "a state of charge for each file")
        return self


def _read(file: InputFile | None) -> xr.Dataset | None:
    from scalith.lab import read_measurement

    return None if file is None else read_measurement(file.path)


def _each(files: tuple[InputFile, ...], states: tuple[float, ...]) -> list[tuple[float, xr.Dataset]]:
    from scalith.lab import read_measurement

    return [(share, read_measurement(file.path)) for share, file in zip(states, files, strict=True)]


def _beside(found: Any, cell: CellSpecification, settings: Experiments, name: str) -> xr.Dataset:
    from scalith.lab.experiments import compared, put_in

    return compared(found, put_in(cell, settings.electrode, name), cell)


@rung("voltage, put in and by a slow cycle", runs_a_cell=True)
def slow_cycle_agreement(cell_specification: CellSpecification, experiments: Experiments) -> xr.Dataset:
    """Open-circuit voltage of the electrode beside what a slow cycle finds."""
    from scalith.lab.experiments import voltage_by_slow_cycle

    measured = _read(experiments.slow_cycle)
    found = voltage_by_slow_cycle(cell_specification, experiments.electrode, rate=experiments.rate, data=measured)
    return _beside(found, cell_specification, experiments, "open_circuit_voltage")


@rung("entropic coefficient, put in and by steps of temperature", runs_a_cell=True)
def entropy_agreement(cell_specification: CellSpecification, experiments: Experiments) -> xr.Dataset:
    """Entropic coefficient of the electrode beside what steps of temperature find."""
    from scalith.lab.experiments import entropy_by_steps

    measured = _each(experiments.temperature_steps, experiments.temperature_steps_at)
    found = entropy_by_steps(cell_specification, experiments.electrode, data=measured)
    return _beside(found, cell_specification, experiments, "entropic_coefficient")


@rung("diffusivity, put in and by titration", runs_a_cell=True)
def titration_agreement(cell_specification: CellSpecification, experiments: Experiments) -> xr.Dataset:
    """Chemical diffusivity of the electrode beside what titration finds: the bias of the technique on this material."""
    from scalith.lab.experiments import diffusivity_by_titration

    found = diffusivity_by_titration(
        cell_specification, experiments.electrode, rate=experiments.rate, data=_read(experiments.titration)
    )
    return _beside(found, cell_specification, experiments, "chemical_diffusivity")


@rung("conductivity of the electrolyte, put in and by spectra", runs_a_cell=True)
def conductivity_agreement(cell_specification: CellSpecification, experiments: Experiments) -> xr.Dataset:
    """Conductivity of the electrolyte beside what its spectra between blocking electrodes find."""
    from scalith.lab.experiments import conductivity_by_spectra

    found = conductivity_by_spectra(
        cell_specification,
        data=_read(experiments.electrolyte_spectrum),
        thickness=experiments.electrolyte_thickness,
        area=experiments.electrolyte_area,
    )
    return _beside(found, cell_specification, experiments, "conductivity")


def _states(data: xr.Dataset) -> str:
    return str(data.attrs["note"])


@rung("arcs of charge transfer in spectra of the electrode", headline=_states, runs_a_cell=True)
def charge_transfer_arcs(cell_specification: CellSpecification, experiments: Experiments) -> xr.Dataset:
    """Resistance of charge transfer and film at each state of charge whose spectrum shows its arc."""
    from scalith.lab.experiments import charge_transfer_arcs as arcs

    data = _each(experiments.electrode_spectra, experiments.electrode_spectra_at)
    return arcs(cell_specification, experiments.electrode, data=data)


@rung("exchange current density, put in and by spectra")
def exchange_current_agreement(
    cell_specification: CellSpecification, experiments: Experiments, charge_transfer_arcs: xr.Dataset
) -> xr.Dataset:
    """Exchange current density of the electrode beside what the arcs of its spectra find."""
    from scalith.lab.experiments import charge_transfer_by_spectra

    found = charge_transfer_by_spectra(cell_specification, experiments.electrode, arcs=charge_transfer_arcs)
    return _beside(found.exchange_current_density, cell_specification, experiments, "exchange_current_density")


@rung("resistance of charge transfer, put in and by spectra")
def charge_transfer_agreement(
    cell_specification: CellSpecification, experiments: Experiments, charge_transfer_arcs: xr.Dataset
) -> xr.Dataset:
    """Resistance of charge transfer, with that of the film, beside what the arcs of spectra find."""
    from scalith.lab.experiments import charge_transfer_by_spectra

    found = charge_transfer_by_spectra(cell_specification, experiments.electrode, arcs=charge_transfer_arcs)
    return _beside(found.resistance, cell_specification, experiments, "charge_transfer_resistance")


@rung("heat of a discharge, of the cell and from its voltage or a calorimeter", runs_a_cell=True)
def heat_agreement(cell_specification: CellSpecification, experiments: Experiments) -> xr.Dataset:
    """Heat of a discharge of the electrode beside what a calorimeter, or its voltage, finds.

    A virtual discharge is set against the virtual cell at rest, also where another cell's slow cycle or steps were measured: the
    difference of two cells' voltages is no heat.
    """
    from scalith.lab.experiments import compared, heats_of_discharge, voltage_by_slow_cycle

    cell, side, data = cell_specification, experiments.electrode, _read(experiments.calorimetry)
    at_rest = voltage_by_slow_cycle(cell, side, rate=experiments.rate) if data is None else None
    heats = heats_of_discharge(cell, side, rate=experiments.discharge_rate, at_rest=at_rest, data=data)
    return compared(heats.found, heats.put_in, cell)


def _lost(data: xr.Dataset) -> str:
    if "lithium_inventory_lost" not in data:
        return str(data.attrs["verdict"])
    names = ("lithium_inventory_lost", "active_material_lost_negative", "active_material_lost_positive")
    inventory, negative, positive = (100.0 * float(data[name][-1]) for name in names)
    if not np.isfinite(inventory):
        return f"not told at the last check-up: {data.attrs['notes']}"
    return f"inventory lost {inventory:.2g} %, negative material {negative:.2g} %, positive material {positive:.2g} %, as read"


@rung("degradation modes, as check-ups read them", headline=_lost)
def degradation_modes(cycle_life: xr.Dataset, cell_specification: CellSpecification) -> xr.Dataset:
    """Lithium inventory and active material lost, read from the check-ups of the life, beside what the model knows."""
    from scalith.lab.cycling import extract_degradation, require_check_ups

    try:
        require_check_ups(cycle_life, cell_specification)
    except InputError as error:
        return _not_told(error, cycle_life, cell_specification)
    try:
        return extract_degradation(cycle_life, cell_specification)
    except ConvergenceError as error:
        return _not_told(error, cycle_life, cell_specification)


def _not_told(why: ScalithError, life: xr.Dataset, cell: CellSpecification) -> xr.Dataset:
    source = predicted("scalith.lab.cycling.extract_degradation", cell.digest, dataset_digest(life))
    return xr.Dataset(attrs={"verdict": f"not told by check-ups: {why}", "source": source.to_json()})
