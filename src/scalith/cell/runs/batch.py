"""Thousands of cells in one call: parameters as arrays in, voltages and summaries as arrays out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel

from scalith.cell.model.mesh import Mesh
from scalith.cell.specification.active_material import ActiveMaterial
from scalith.cell.specification.cell import CellSpecification
from scalith.cell.specification.electrode import ElectrodeSpecification
from scalith.quantities import InputError, Property, digest, nearest, predicted

if TYPE_CHECKING:
    from scalith.quantities import Result

FACTORS = (
    "negative_electrode.chemical_diffusivity",
    "positive_electrode.chemical_diffusivity",
    "negative_electrode.exchange_current_density",
    "positive_electrode.exchange_current_density",
    "electrolyte.conductivity",
    "electrolyte.diffusivity",
)
"""Properties that a sweep varies by a multiplier."""
_OF_A_PHASE_FIELD = ("gradient_energy", "coherency_strain", "surface_wetting", "tracer_diffusivity")


def simulate_batch(
    specification: CellSpecification,
    values: Mapping[str, ArrayLike],
    c_rate: ArrayLike | None = None,
    *,
    current: ArrayLike | None = None,
    temperature: float | None = None,
    thermal: Literal["isothermal", "lumped"] = "isothermal",
    initial_state_of_charge: float = 1.0,
    output_times: Sequence[float] | int = 100,
    mesh: Mesh | None = None,
    tolerance: float = 2e-4,
) -> Result:
    """Discharge one cell with many sets of parameters, on all cores (``NUMBA_NUM_THREADS``).

    Parameters
    ----------
    specification : CellSpecification
    values : mapping of str to array_like, shape (runs,)
        What varies: numbers of the specification by their path (``"positive_electrode.thickness"``,
        ``"negative_electrode.particle_radius"``, SI), or multipliers of properties (those named in `FACTORS`).
    c_rate, current : float or array_like, shape (runs,)
        One of the two; negative charges.
    output_times : int or sequence of float
        Times for the voltages, s; a number stands for so many up to 1.2 nominal discharges.
    temperature, thermal, initial_state_of_charge, mesh, tolerance
        As in `simulate_discharge`.

    Returns
    -------
    Result
        ``voltage`` and ``temperature`` over (run, time), not a number after a run's end; ``end_time``, ``capacity``,
        ``energy``, ``heat``, ``highest_temperature`` and ``reason`` over run; the varied values as coordinates.

    Raises
    ------
    InputError
        An unknown path, arrays of unequal length, or a set that makes no cell.
    """
    from scalith.cell.kernels import batch as kernel
    from scalith.cell.model.discretise import check_cell, discretise, initial_state, system_of
    from scalith.cell.model.phase_field_particle import most_phase_field_nodes
    from scalith.cell.model.results import REASONS
    from scalith.cell.runs.solution import SALT_FLOOR
    from scalith.quantities import Result

    arrays = {name: np.atleast_1d(np.asarray(value, dtype=np.float64)) for name, value in values.items()}
    load = np.atleast_1d(np.asarray(current if c_rate is None else c_rate, dtype=np.float64))
    if (c_rate is None) == (current is None):
        raise InputError("simulate_batch", "c_rate, current", "both or neither", "one of the two")
    if c_rate is not None:
        load = load * specification.nominal_capacity / 3600.0
    runs = max([load.size, *(array.size for array in arrays.values())])
    for name, array in [*arrays.items(), ("current", load)]:
        if array.size not in (1, runs):
            raise InputError("simulate_batch", name, f"{array.size} values", f"{runs}, as the longest")
    if not np.all(np.isfinite(load)) or np.any(load == 0.0):
        raise InputError("simulate_batch", "current", load, "finite numbers other than zero")
    if not 0.0 <= initial_state_of_charge <= 1.0:
        raise InputError("simulate_batch", "initial_state_of_charge", initial_state_of_charge, "0 to 1")
    if not tolerance > 0.0:
        raise InputError("simulate_batch", "tolerance", tolerance, "a positive number")
    if thermal not in ("isothermal", "lumped"):
        raise InputError("simulate_batch", "thermal", thermal, "'isothermal' or 'lumped': one temperature for each run")
    T = specification.reference_temperature if temperature is None else float(temperature)
    lumped = thermal == "lumped"
    ambient = T
    if lumped and specification.thermal is not None and specification.thermal.ambient_temperature is not None:
        ambient = specification.thermal.ambient_temperature
    mesh = mesh or Mesh()
    if mesh.phase_field_nodes is None:
        mesh = replace(mesh, phase_field_nodes=most_phase_field_nodes(specification, mesh))
    cell = discretise(specification, mesh, None if lumped else T, ambient)
    currents = np.broadcast_to(load, (runs,)).copy()
    systems, starts = [], np.empty((runs, cell.size))
    at_rest: dict[Any, NDArray[np.float64]] = {}
    for b in range(runs):
        chosen = {name: float(array[b if array.size > 1 else 0]) for name, array in arrays.items()}
        varied, factors = vary(specification, chosen)
        if varied is not specification:
            _require_possible(varied, b)
            check_cell(varied)
        systems.append(system_of(varied, mesh, None if lumped else T, ambient, factors))
        key = tuple(value for name, value in chosen.items() if "stoichiometry" in name or "concentration" in name)
        if key not in at_rest:
            materials = (*varied.negative_electrode.materials, *varied.positive_electrode.materials)
            at_rest[key] = initial_state(varied, cell._replace(materials=materials), initial_state_of_charge, T)
        starts[b] = at_rest[key]
    stacked = type(systems[0])(*(np.ascontiguousarray(np.stack(parts)) for parts in zip(*systems, strict=True)))
    durations = 1.5 * specification.nominal_capacity / np.abs(currents)
    limits = np.tile([specification.lower_voltage_cut_off, specification.upper_voltage_cut_off, -np.inf, np.inf], (runs, 1))
    if isinstance(output_times, int):
        times = np.linspace(0.0, 1.2 * specification.nominal_capacity / np.abs(currents).min(), output_times + 1)[1:]
    else:
        times = np.asarray(output_times, dtype=np.float64)
    voltages, temperatures = np.empty((runs, times.size)), np.empty((runs, times.size))
    summary = np.empty((runs, kernel.SUMMARY))
    kernel.run_batch(
        stacked, cell.bank, starts, currents, durations, limits, SALT_FLOOR, tolerance, times, voltages, temperatures, summary
    )
    source = predicted(
        "scalith.cell.simulate_batch",
        specification.digest,
        settings={"varied": {name: digest(array) for name, array in arrays.items()}, "temperature_K": T, "thermal": thermal},
    )
    along = "run"
    columns = (
        ("end_time", kernel.END_TIME, "s", "time at the end"),
        ("capacity", kernel.END_CHARGE, "C", "charge passed"),
        ("energy", kernel.ENERGY, "J", "energy delivered (trapezoid over the records)"),
        ("heat", kernel.HEAT, "J", "heat made (trapezoid over the records)"),
        ("end_temperature", kernel.END_TEMPERATURE, "K", "temperature at the end"),
        ("highest_temperature", kernel.HIGHEST_TEMPERATURE, "K", "highest temperature"),
    )
    made: dict[str, Any] = {
        "voltage": ((along, "time"), voltages, {"units": "V", "long_name": "terminal voltage"}),
        "temperature": ((along, "time"), temperatures, {"units": "K", "long_name": "cell temperature"}),
        "current": (along, currents, {"units": "A", "long_name": "current, positive while discharging"}),
    }
    for name, column, units, title in columns:
        made[name] = (along, summary[:, column], {"units": units, "long_name": title})
    reasons = np.array([REASONS[int(reason)] for reason in summary[:, kernel.REASON]])
    made["reason"] = (along, reasons, {"units": "1", "long_name": "why the run ended"})
    coordinates: dict[str, Any] = {"time": ("time", times, {"units": "s", "long_name": "time"})}
    for name, array in arrays.items():
        coordinates[name] = (
            along,
            np.broadcast_to(array, (runs,)),
            {"units": "1" if name in FACTORS else "SI", "long_name": name},
        )
    return Result(made, coordinates, {"kind": "cell batch", "source": source.to_json()})


def vary(specification: CellSpecification, chosen: Mapping[str, float]) -> tuple[CellSpecification, dict[str, float]]:
    """A specification with numbers replaced by path, and the multipliers among `chosen`.

    Raises
    ------
    InputError
        An unknown path, or a value that the field does not take.
    """
    factors = {name: value for name, value in chosen.items() if name in FACTORS}
    for name, value in factors.items():
        if not value > 0.0:
            raise InputError("varied parameter", name, value, "a positive multiplier")
    for name, value in chosen.items():
        if name not in factors:
            if ".stress." in name or (name.endswith("maximum_concentration") and _stressed(specification, name)):
                raise InputError(
                    "varied parameter", name, "a number that stress and diffusivity share", "one cell for each value"
                )
            if ".phase_field." in name and name.split(".")[-1] not in _OF_A_PHASE_FIELD:
                expected = f"one of {', '.join(_OF_A_PHASE_FIELD)}: the others shape its tables"
                raise InputError("varied parameter", name, "a number of the phase field", expected)
            specification = _replaced(specification, name.split("."), value, name)
    return specification, factors


def _stressed(specification: CellSpecification, path: str) -> bool:
    electrode = getattr(specification, path.split(".")[0], None)
    return isinstance(electrode, ElectrodeSpecification) and electrode.material.stress is not None


def _require_possible(specification: CellSpecification, run: int) -> None:
    """Fields are replaced without their validators, for speed: what a specification refuses is refused here."""
    for name in ("negative_electrode", "positive_electrode"):
        electrode = getattr(specification, name)
        solid = sum(material.volume_fraction for material in electrode.materials)
        if electrode.porosity + solid > 1.0 + 1e-6:
            found = f"{electrode.porosity:.4g} with {solid:.4g} of active material in run {run}"
            raise InputError("simulate_batch", f"{name}.porosity", found, "together at most 1")
        for material in electrode.materials:
            low, high = material.minimum_stoichiometry, material.maximum_stoichiometry
            if not 0.0 <= low < high <= 1.0:
                raise InputError(
                    "simulate_batch", f"{name} stoichiometries", f"{low:.4g} to {high:.4g} in run {run}", "0 ≤ min < max ≤ 1"
                )
    if not specification.separator.porosity <= 1.0:
        raise InputError(
            "simulate_batch", "separator.porosity", f"{specification.separator.porosity:.4g} in run {run}", "at most 1"
        )


def number_at(specification: CellSpecification, path: str) -> float:
    """The number of a specification that a path names.

    Raises
    ------
    InputError
        There is no number of that name.
    """
    model: Any = specification
    for name in path.split("."):
        if isinstance(model, ElectrodeSpecification) and name in ActiveMaterial.model_fields:
            model = model.materials[0]
        if name not in getattr(type(model), "model_fields", {}):
            raise InputError("parameter", path, name, nearest(name, getattr(type(model), "model_fields", {})))
        model = getattr(model, name)
    if isinstance(model, bool) or not isinstance(model, (int, float)):
        raise InputError("parameter", path, type(model).__name__, f"a path to a number, or one of {', '.join(FACTORS)}")
    return float(model)


def _replaced(model: Any, path: list[str], value: float, whole: str) -> Any:
    name = path[0]
    if isinstance(model, ElectrodeSpecification) and name in ActiveMaterial.model_fields:
        first = _replaced(model.materials[0], path, value, whole)
        return model.model_copy(update={"materials": (first, *model.materials[1:])})
    if name not in type(model).model_fields:
        raise InputError("varied parameter", whole, name, nearest(name, type(model).model_fields))
    old = getattr(model, name)
    if len(path) > 1:
        if not isinstance(old, BaseModel):
            raise InputError("varied parameter", whole, f"nothing below {name!r}", "a path to a number")
        return model.model_copy(update={name: _replaced(old, path[1:], value, whole)})
    if isinstance(old, Property) or not isinstance(old, (int, float)):
        raise InputError("varied parameter", whole, type(old).__name__, f"a path to a number, or one of {', '.join(FACTORS)}")
    if not np.isfinite(value) or (old > 0.0 and value <= 0.0):
        raise InputError("varied parameter", whole, value, "a positive number")
    # Frozen models copy without their cached digest, so that a varied cell has its own.
    return type(model).model_construct(**{field: getattr(model, field) for field in type(model).model_fields} | {name: value})
