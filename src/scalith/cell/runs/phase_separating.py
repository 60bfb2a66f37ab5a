"""A cell one of whose electrodes separates into phases, as a single-particle model with electrolyte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from scalith.cell.model.single_particle import single_particle
from scalith.cell.runs.discharge import simulate_discharge
from scalith.cell.specification.cell import CellSpecification
from scalith.quantities import InputError, Property, Source, predicted
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

if TYPE_CHECKING:
    import xarray as xr

    from scalith.particle import PhaseField

_WHERE = "simulate_phase_separating"


def simulate_phase_separating(
    specification: CellSpecification,
    material: PhaseField,
    c_rate: float | None = None,
    *,
    current: float | None = None,
    side: Literal["negative", "positive"] = "positive",
    temperature: float | None = None,
    initial_state_of_charge: float = 1.0,
    cut_off: float | None = None,
    duration: float | None = None,
    points: int = 400,
    nodes: int = 200,
    seed: int = 1,
) -> xr.Dataset:
    r"""Discharge (or charge) at constant current with a phase-field particle in one electrode.

    At a given current the electrodes of the single-particle model with electrolyte do not know of each other: each particle
    has the flux j = I/(F a L A), and

    .. math:: V = V_{SPMe} ∓ (φ_s - φ_e)_{side} ± \left(V^0 - μ_s/F + η(j, x_s, c) + F j R_f\right)

    replaces what the Fickian particle of that electrode contributed. Size, loading, maximum concentration and film of the
    particles are the specification's, and so is all else of the cell; thermodynamics, diffusion and the reaction's k₀ are the
    material's. One particle stands for the electrode: particles that pass their barrier one after the other (a mosaic) are not
    in it.

    Parameters
    ----------
    specification : CellSpecification
    material : PhaseField
        With an `exchange_current_density`.
    c_rate, current : float
        One of the two; negative charges.
    side : {"negative", "positive"}
        Which electrode separates; it has one material.
    temperature : float, optional
        K.
    initial_state_of_charge, cut_off, duration
        As in `simulate_discharge`.
    points : int
        Records.
    nodes, seed
        Of the particle: see `scalith.particle.simulate_phase_field`.

    Returns
    -------
    xarray.Dataset
        Over ``time``: ``voltage``, ``current``, ``capacity`` and the particle's ``mean_stoichiometry`` and
        ``surface_stoichiometry``; over (time, radius) its ``stoichiometry``. ``attrs["reason"]`` says why it ended.

    Raises
    ------
    InputError
        The electrode has several materials, or the material no exchange current.
    ConvergenceError
        The particle could not be followed.
    """
    import xarray as xr

    from scalith.particle import simulate_phase_field

    electrode = specification.positive_electrode if side == "positive" else specification.negative_electrode
    if len(electrode.materials) != 1:
        raise InputError(_WHERE, f"{side}_electrode", f"{len(electrode.materials)} materials", "one material")
    if material.exchange_current_density is None:
        raise InputError(_WHERE, "material.exchange_current_density", "nothing", "k₀ of the reaction, A m-2")
    particle = electrode.material
    load = current if c_rate is None else c_rate * specification.nominal_capacity / 3600.0
    if load is None or (c_rate is None) == (current is None):
        raise InputError(_WHERE, "c_rate, current", "both or neither", "one of the two")
    T = specification.reference_temperature if temperature is None else float(temperature)
    longest = 1.5 * specification.nominal_capacity / abs(load) if duration is None else float(duration)
    times = longest * np.linspace(0.0, 1.0, points + 1)[1:]
    low, high = particle.minimum_stoichiometry, particle.maximum_stoichiometry
    # The electrode's own particles only have to carry the current: flat, fast and never full.
    nothing = Source(kind="assumed", by=_WHERE)
    carrier = particle.model_copy(
        update={
            "maximum_concentration": 1e6 * particle.maximum_concentration,
            "minimum_stoichiometry": 0.5,
            "maximum_stoichiometry": 0.5 + 1e-6 * (high - low),
            "open_circuit_voltage": Property.constant("open_circuit_voltage", material.reference_voltage, "V", nothing),
            "entropic_coefficient": None,
            "chemical_diffusivity": Property.constant("chemical_diffusivity", 1e-9, "m2 s-1", nothing),
        }
    )
    changed = {f"{side}_electrode": electrode.model_copy(update={"materials": (carrier,)})}
    rest, mesh = single_particle(specification.model_copy(update=changed), electrolyte=True)
    outer = simulate_discharge(
        rest,
        current=load,
        temperature=T,
        initial_state_of_charge=initial_state_of_charge,
        cut_off=-10.0 if load > 0.0 else 20.0,
        duration=longest,
        output_times=times.tolist(),
        profiles=True,
        mesh=mesh,
    )
    at = -1 if side == "positive" else 0
    rate = outer[f"reaction_rate_{side}"].values[:, 0]
    share = initial_state_of_charge if side == "negative" else 1.0 - initial_state_of_charge
    flux = float(rate[-1]) / particle.maximum_concentration
    inner = simulate_phase_field(
        material.model_copy(update={"maximum_concentration": particle.maximum_concentration}),
        particle.particle_radius,
        np.concatenate([[0.0], outer.time.values]) if float(outer.time[0]) > 0.0 else outer.time.values,
        initial=low + share * (high - low),
        surface_flux=flux,
        temperature=T,
        geometry=particle.geometry,
        nodes=nodes,
        seed=seed,
    ).isel(time=slice(1 if float(outer.time[0]) > 0.0 else 0, None))
    outer = outer.isel(time=slice(0, inner.sizes["time"]))
    x = inner.surface_stoichiometry.values
    relative = outer.concentration.values[:, at] / specification.electrolyte.initial_concentration
    exchange = material.exchange_current_density * np.sqrt(relative * np.clip(x * (1.0 - x), 1e-12, None))
    density = FARADAY * rate[: x.size]
    level = inner.surface_voltage.values + 2.0 * GAS_CONSTANT * T / FARADAY * np.arcsinh(0.5 * density / exchange)
    level = level + density * particle.film_resistance
    before = outer.solid_potential.values[:, at] - outer.electrolyte_potential.values[:, at]
    voltage = outer.voltage.values + (1.0 if side == "positive" else -1.0) * (level - before)
    limit = cut_off
    if limit is None:
        limit = specification.lower_voltage_cut_off if load > 0.0 else specification.upper_voltage_cut_off
    passed = np.flatnonzero(voltage <= limit if load > 0.0 else voltage >= limit)
    keep = slice(0, int(passed[0]) + 1 if passed.size else voltage.size)
    if passed.size:
        reason = "lower voltage reached" if load > 0.0 else "upper voltage reached"
    elif inner.attrs["reason"] != "all times reached":
        reason = f"particle of the {side} electrode: {inner.attrs['reason']}"
    else:
        reason = outer.attrs["reason"]
    settings = {"current_A": load, "temperature_K": T, "side": side, "nodes": nodes, "seed": seed}
    source = predicted("scalith.cell.simulate_phase_separating", specification.digest, material.digest, settings=settings)
    data = xr.Dataset(
        {
            "voltage": ("time", voltage, {"units": "V", "long_name": "terminal voltage"}),
            "current": ("time", outer.current.values, outer.current.attrs),
            "capacity": ("time", outer.capacity.values, outer.capacity.attrs),
            "mean_stoichiometry": inner.mean_stoichiometry.drop_vars("time"),
            "surface_stoichiometry": inner.surface_stoichiometry.drop_vars("time"),
            "stoichiometry": (("time", "radius"), inner.stoichiometry.values, inner.stoichiometry.attrs),
        },
        {"time": ("time", outer.time.values, outer.time.attrs), "radius": inner.radius},
    )
    return data.isel(time=keep).assign_attrs(source=source.to_json(), reason=reason)
