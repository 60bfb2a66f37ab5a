"""The one number that stands for a quantity in the ledger, where the quantity is a curve, a table or a specification."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from scalith.quantities import Property


class LedgerNumber(NamedTuple):
    """A number with its standard error, its unit and what it is."""

    value: float | None
    standard_error: float | None = None
    unit: str = ""
    words: str = ""


@dataclass(frozen=True)
class _Number:
    words: str
    unit: str
    of: Callable[[Any], Any]
    error: Callable[[Any], Any] | None = None


def _largest(name: str) -> Callable[[xr.Dataset], Any]:
    return lambda data: data[name].max()


def _last(name: str) -> Callable[[xr.Dataset], Any]:
    return lambda data: data[name].values[-1] if name in data else np.nan


def _at_highest_rate(data: xr.Dataset, name: str) -> Any:
    return data[name].isel(c_rate=int(data["c_rate"].values.argmax()))


def _gain(data: xr.Dataset) -> Any:
    before, designed = _at_highest_rate(data, "energy").sel(structure=["before", "designed"]).values
    return designed / before if before > 0.0 else np.nan


def _total_heat(data: xr.Dataset) -> Any:
    heat, time = (_at_highest_rate(data, name).values for name in ("heat", "time"))
    known = np.isfinite(time) & np.isfinite(heat)
    return np.trapezoid(heat[known], time[known])


def _closing(data: xr.Dataset, name: str) -> Any:
    known = np.isfinite(data["closing_temperature"].values)
    return data[name].values[known][np.argmax(data["closing_temperature"].values[known])] if known.any() else np.nan


def _median_diameter(data: xr.Dataset) -> Any:
    from scalith.electrode import whole_particles

    return np.median(whole_particles(data))


def _middle(data: xr.Dataset, name: str) -> Any:
    """At the middle stoichiometry and the temperature nearest 298.15 K."""
    value = data[name]
    if "T" in value.dims:
        value = value.sel(T=298.15, method="nearest")
    return value.isel(x=value.sizes["x"] // 2) if "x" in value.dims else value


def _first_energy(fit: Any, number: Callable[[str], float]) -> float:
    return next((number(key) for key in fit.parameters if key.endswith(".activation_energy")), float("nan"))


def _ionic(words: str) -> _Number:
    name = "effective_ionic_conductivity"
    return _Number(words, "S m-1", lambda data: data[name].values[0] if name in data else np.nan)


_STORED_HEAT = _Number("heat that the reactions can free", "J m-3", lambda kinetics: kinetics.stored_heat)
_RMS = "root mean square of the deviation"
_STRUCTURES = _Number("structures mapped on the lattice", "1", lambda data: data.sizes["structure"])

NUMBERS: dict[str, _Number] = {
    "host": _Number("volume of the primitive cell", "m3", lambda host: host.volume * 1e-30),
    "mapped_orderings": _STRUCTURES,
    "relaxed_orderings": _STRUCTURES,
    "localised_orderings": _STRUCTURES,
    "cluster_expansion": _Number("leave-one-out error per primitive cell", "eV", lambda fit: fit.leave_one_out_error),
    "sampled_orderings": _Number("sites of the simulated lattice", "1", lambda data: data.attrs["sites"]),
    "host_expansions": _Number("hosts that are fitted", "1", lambda found: len(found.expansions)),
    "joined_orderings": _Number("hosts of the material", "1", lambda data: len(data.attrs["hosts"])),
    "stability_window": _Number("potential below which it is reduced", "V", lambda data: data["reduction_potential"]),
    "lattice_snapshot": _Number("filled fraction of the sites", "1", lambda data: data.attrs["x"]),
    "phase_boundaries": _Number("two-phase regions", "1", lambda data: data.sizes["region"]),
    "phase_diagram": _Number(
        "temperature at which the last two-phase region closes",
        "K",
        lambda data: _closing(data, "closing_temperature"),
        lambda data: _closing(data, "closing_temperature_error"),
    ),
    "ion_hopping": _Number(
        "jump diffusivity at the middle stoichiometry", "m2 s-1", lambda data: _middle(data, "jump_diffusivity")
    ),
    "ion_motion": _Number(
        "mean square displacement of an ion over the longest time at the highest temperature",
        "m2",
        lambda data: data["tracer_displacement"].isel(T=-1, lag=-1).mean(),
    ),
    "channel_blocking": _Number(
        "smallest diffusivity over that without defects", "1", lambda data: data["diffusivity_ratio"].min()
    ),
    "diffusion_activation": _Number(
        "activation energy at the middle stoichiometry",
        "J mol-1",
        lambda data: _middle(data, "activation_energy"),
        lambda data: _middle(data, "activation_energy_error"),
    ),
    "elasticity": _Number(
        "Young's modulus at the middle stoichiometry",
        "Pa",
        lambda data: _middle(data, "youngs_modulus"),
        lambda data: _middle(data, "youngs_modulus_error"),
    ),
    "hop_barriers": _Number("lowest barrier", "eV", lambda barriers: min(kind.barrier for kind in barriers.kinds)),
    "barriers_of_paths": _Number("lowest barrier", "eV", lambda barriers: min(kind.barrier for kind in barriers.kinds)),
    "voxel_image": _Number("voxels", "1", lambda data: max(item.size for item in data.data_vars.values())),
    "subvolume_properties": _ionic("effective ionic conductivity of the whole image"),
    "electrode_currents": _Number("larger resistance of the two carriers", "ohm m2", _largest("resistance")),
    "composition_map": _Number("largest effective ionic conductivity", "S m-1", _largest("effective_ionic_conductivity")),
    "phase_areas": _Number("largest area between two phases", "m-1", _largest("area")),
    "active_particle_sizes": _Number("radius that half of the volume exceeds", "m", lambda data: data["median_radius"]),
    "blocking_impedance": _Number("largest real part", "ohm m2", lambda data: data["area"] * data["resistance"].max()),
    "separated_particles": _Number("median diameter of whole ones", "m", _median_diameter),
    "pore_network": _Number("median diameter of whole bodies", "m", _median_diameter),
    "designed_image": _Number(
        "largest distance from what was asked, relative", "1", lambda data: np.abs(data["deviation"]).max()
    ),
    "design_front": _Number("recipes of which none is better in all respects", "1", lambda data: data.sizes["point"]),
    "recipe_image": _Number("voxels", "1", lambda data: max(item.size for item in data.data_vars.values())),
    "recipe_transport": _ionic("effective ionic conductivity before the order"),
    "designed_transport": _ionic("effective ionic conductivity of the structure made to order"),
    "design_gain": _Number("energy at the highest rate over that before the order", "1", _gain),
    "cracks": _Number("largest area of cracks per volume", "m-1", _largest("crack_area")),
    "cracked_voxel_image": _Number("voxels", "1", lambda data: max(item.size for item in data.data_vars.values())),
    "loss_by_cracks": _Number("contact that is left", "1", _last("interface_left")),
    "pressed_lithium": _Number(
        "resistance of the interface, contact and reaction",
        "ohm m2",
        lambda lithium: lithium.area_resistance(lithium.reference_temperature),
    ),
    "critical_current": _Number("largest current density over the critical one", "1", _largest("share")),
    "part_by_part": _Number("capacity with all parts", "C", lambda data: data["whole_capacity"].values[0]),
    "expansion_stress": _Number("largest stress that one voxel in a hundred exceeds", "Pa", _largest("high_stress")),
    "electrode_structure": _Number("active volume fraction that is reached", "1", lambda found: found.active_volume_fraction),
    "cell_materials": _Number(
        "largest concentration of ions in the positive host", "mol m-3", lambda found: found.positive_maximum_concentration()
    ),
    "particle_phase_field": _Number(
        "voltage where the chemical potential is zero", "V", lambda material: material.reference_voltage
    ),
    "particle_hysteresis": _Number("hysteresis at the highest rate", "V", lambda data: _at_highest_rate(data, "hysteresis")),
    "particle_stress": _Number("largest hoop stress", "Pa", lambda data: np.abs(data["hoop_stress"]).max()),
    "cell_specification": _Number("nominal capacity", "C", lambda cell: cell.nominal_capacity),
    "discharges": _Number("capacity at the highest rate", "C", lambda data: _at_highest_rate(data, "capacity").max()),
    "cycle_life": _Number("discharge capacity of the last cycle", "C", _last("discharge_capacity")),
    "degradation_modes": _Number(
        "lithium inventory lost, as the last check-up reads it",
        "1",
        _last("lithium_inventory_lost"),
        _last("lithium_inventory_lost_error"),
    ),
    "heat_generation": _Number("heat of the discharge at the highest rate", "J", _total_heat),
    "cell_temperature": _Number("peak temperature", "K", _largest("peak_temperature")),
    "pack_temperature": _Number("peak temperature", "K", _largest("peak_temperature")),
    "in_plane_discharge": _Number("heat of the collectors at the end", "W", _last("heat_collectors")),
    "cell_temperature_field": _Number("peak temperature", "K", _largest("peak_temperature")),
    "cooling_comparison": _Number("lowest peak temperature of a design", "K", lambda data: data["peak_temperature"].min()),
    "network_currents": _Number("largest current of a cell", "A", _largest("cell_current")),
    "voltage_agreement": _Number(_RMS, "V", lambda data: data.attrs.get("rms", np.nan)),
    "diffusivity_agreement": _Number(_RMS, "m2 s-1", lambda data: data.attrs.get("rms", np.nan)),
    "slow_cycle_agreement": _Number(_RMS, "V", lambda data: data.attrs.get("rms", np.nan)),
    "entropy_agreement": _Number(_RMS, "V K-1", lambda data: data.attrs.get("rms", np.nan)),
    "titration_agreement": _Number(_RMS, "m2 s-1", lambda data: data.attrs.get("rms", np.nan)),
    "conductivity_agreement": _Number(_RMS, "S m-1", lambda data: data.attrs.get("rms", np.nan)),
    "charge_transfer_arcs": _Number("states whose spectra show the arc", "1", lambda data: data.sizes["x"]),
    "exchange_current_agreement": _Number(_RMS, "A m-2", lambda data: data.attrs.get("rms", np.nan)),
    "charge_transfer_agreement": _Number(_RMS, "ohm m2", lambda data: data.attrs.get("rms", np.nan)),
    "heat_agreement": _Number(_RMS, "W", lambda data: data.attrs.get("rms", np.nan)),
    "calorimetry_curves": _Number("largest heat flow", "W kg-1", _largest("heat_flow")),
    "starting_kinetics": _STORED_HEAT,
    "decomposition_fit": _Number(
        "activation energy of the first reaction",
        "J mol-1",
        lambda fit: _first_energy(fit, fit.kinetics.value),
        lambda fit: _first_energy(fit, fit.standard_error),
    ),
    "cell_kinetics": _STORED_HEAT,
    "module_kinetics": _STORED_HEAT,
    "oven_exposure": _Number("peak temperature", "K", _largest("temperature")),
    "module_propagation": _Number("cells that run away", "1", lambda data: data["cells_run_away"]),
    "module_temperature_field": _Number("peak temperature", "K", _largest("peak_temperature")),
    "propagation_probability": _Number(
        "probability that runaway reaches a second cell",
        "1",
        lambda data: data["probability"],
        lambda data: (data["probability_high"] - data["probability_low"]) / (2 * 1.96),
    ),
    "barrier_map": _Number("share of barriers that let runaway through", "1", lambda data: data["propagated"].mean()),
}
"""By name of the quantity; a property stands for itself, at the middle of its domain."""


def ledger_number(name: str, value: Any, unit: str = "") -> LedgerNumber:
    """The number that stands for a value in one line: of a property, that at the middle of its domain.

    Parameters
    ----------
    name : str
        Of the quantity; a material's name may stand before it.
    value : Property, Spec or xarray.Dataset
    unit : str
        Of a property.

    Returns
    -------
    LedgerNumber
        ``value`` is `None` where a quantity has no such number, or none that is finite.
    """
    if isinstance(value, Property):
        return LedgerNumber(*at_middle(value), unit or value.unit, "at the middle of its domain" if value.coordinates else "")
    known = NUMBERS.get(name.rpartition(".")[2])
    if known is None:
        return _only_number(value)
    try:
        number = _finite(known.of(value))
    except KeyError:  # a given result without what the rung's own has
        return _only_number(value)
    error = None if known.error is None or number is None else _finite(known.error(value))
    return LedgerNumber(number, error, known.unit, known.words)


def error_parts(value: Any) -> dict[str, float]:
    """Parts of a property's error where `at_middle` looks; none where there is only one."""
    if not isinstance(value, Property) or len(value.components) < 2:
        return {}
    return {name: float(error) for name, error in value.error_parts(**_middle_state(value)).items()}


def _middle_state(value: Property) -> dict[str, Any]:
    return {
        dim: 298.15 if dim == "T" and low <= 298.15 <= high else 0.5 * (low + high) for dim, (low, high) in value.domain.items()
    }


def at_middle(value: Property) -> tuple[float, float | None]:
    """Value and standard error of a property at 298.15 K and the middle of its other coordinates."""
    middle = _middle_state(value)
    error = None if value.standard_error is None else float(value.error(**middle))
    return float(value(**middle)), error


def _only_number(value: Any) -> LedgerNumber:
    """Of a result with one number in it, that one."""
    if not isinstance(value, xr.Dataset):
        return LedgerNumber(None)
    found = [(str(key), item) for key, item in value.data_vars.items() if item.ndim == 0 and item.dtype.kind in "fi"]
    if len(found) != 1:
        return LedgerNumber(None)
    about = found[0][1].attrs
    return LedgerNumber(_finite(found[0][1]), None, str(about.get("units", "")), str(about.get("long_name", found[0][0])))


def _finite(number: Any) -> float | None:
    return float(number) if np.isfinite(float(number)) else None
