"""Experiments: what a laboratory would find on the climbed electrode, virtually or from its files, beside what was put in."""

from __future__ import annotations

from typing import Any, Literal

import xarray as xr

from scalith.cell import CellSpecification
from scalith.ladder.quantity import InputFile, Settings, rung
from scalith.quantities import InputError, Property, dataset_digest, predicted


class Experiments(Settings):
    """``[experiments]``: on which electrode of the cell, and what was measured.

    Attributes
    ----------
    electrode : {"positive", "negative"}
        Of one active material; to be stated, so that a study without this section makes no experiments.
    rate : str
        Of the virtual slow cycle and of the pulses.
    slow_cycle, titration : file, optional
        Measured on a half cell of this electrode, from 100 % on; without them the experiment is virtual.
    """

    electrode: Literal["positive", "negative"]
    rate: str = "C/20"
    slow_cycle: InputFile | None = None
    titration: InputFile | None = None


def _read(file: InputFile | None) -> xr.Dataset | None:
    from scalith.lab import read_measurement

    return None if file is None else read_measurement(file.path)


def _compared(found: Any, cell: CellSpecification, settings: Experiments, name: str) -> xr.Dataset:
    """The experiment beside the property that was put into the cell, or why it tells nothing."""
    from scalith.lab import agreement

    electrode = cell.positive_electrode if settings.electrode == "positive" else cell.negative_electrode
    given: Property | None = getattr(electrode.material, name)
    if found.value is None or given is None:
        source = predicted("scalith.lab.experiments", cell.digest, settings=settings.model_dump(mode="json"))
        verdict = f"not told by this experiment: {found.note}"
        return xr.Dataset(attrs={"verdict": verdict, "headline": verdict, "source": source.to_json()})
    compared = agreement(given, found.value, T=cell.reference_temperature)
    return compared.assign_attrs(headline=f"{found.note}; {compared.attrs['headline']}")


@rung("voltage, put in and by a slow cycle")
def slow_cycle_agreement(cell_specification: CellSpecification, experiments: Experiments) -> xr.Dataset:
    """Open-circuit voltage of the electrode beside what a slow cycle finds."""
    from scalith.lab.experiments import voltage_by_slow_cycle

    found = voltage_by_slow_cycle(
        cell_specification, experiments.electrode, rate=experiments.rate, data=_read(experiments.slow_cycle)
    )
    return _compared(found, cell_specification, experiments, "open_circuit_voltage")


@rung("entropic coefficient, put in and by steps of temperature")
def entropy_agreement(cell_specification: CellSpecification, experiments: Experiments) -> xr.Dataset:
    """Entropic coefficient of the electrode beside what steps of temperature find."""
    from scalith.lab.experiments import entropy_by_steps

    return _compared(
        entropy_by_steps(cell_specification, experiments.electrode), cell_specification, experiments, "entropic_coefficient"
    )


@rung("diffusivity, put in and by titration")
def titration_agreement(cell_specification: CellSpecification, experiments: Experiments) -> xr.Dataset:
    """Chemical diffusivity of the electrode beside what titration finds: the bias of the technique on this material."""
    from scalith.lab.experiments import diffusivity_by_titration

    found = diffusivity_by_titration(
        cell_specification, experiments.electrode, rate=experiments.rate, data=_read(experiments.titration)
    )
    return _compared(found, cell_specification, experiments, "chemical_diffusivity")


def _lost(data: xr.Dataset) -> str:
    if "lithium_inventory_lost" not in data:
        return str(data.attrs["verdict"])
    names = ("lithium_inventory_lost", "active_material_lost_negative", "active_material_lost_positive")
    inventory, negative, positive = (100.0 * float(data[name][-1]) for name in names)
    return f"inventory lost {inventory:.2g} %, negative material {negative:.2g} %, positive material {positive:.2g} %, as read"


@rung("degradation modes, as check-ups read them", headline=_lost)
def degradation_modes(cycle_life: xr.Dataset, cell_specification: CellSpecification) -> xr.Dataset:
    """Lithium inventory and active material lost, read from the check-ups of the life, beside what the model knows."""
    from scalith.lab.cycling import extract_degradation

    try:
        return extract_degradation(cycle_life, cell_specification)
    except InputError as error:
        source = predicted("scalith.lab.cycling.extract_degradation", cell_specification.digest, dataset_digest(cycle_life))
        return xr.Dataset(attrs={"verdict": f"not told by check-ups: {error}", "source": source.to_json()})
