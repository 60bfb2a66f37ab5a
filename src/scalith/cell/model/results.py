"""From the records of a kernel to a labelled data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scalith.cell.kernels import events, layout, records
from scalith.cell.kernels.reaction import rest_voltages
from scalith.cell.model.discretise import Discretised
from scalith.quantities.constants import FARADAY

if TYPE_CHECKING:
    import xarray as xr

    from scalith.cell.runs.simulation import Simulation
    from scalith.quantities import Result, Source

Array = NDArray[np.float64]

REASONS = {
    events.DURATION: "duration reached",
    1 + events.VOLTAGE_LOW: "lower voltage reached",
    1 + events.VOLTAGE_HIGH: "upper voltage reached",
    1 + events.CURRENT_LOW: "current below its limit",
    1 + events.CURRENT_HIGH: "current above its limit",
    1 + events.TEMPERATURE_HIGH: "temperature limit reached",
    1 + events.TEMPERATURE_LOW: "temperature below its limit",
    1 + events.CHARGE_HIGH: "charge passed",
    1 + events.CHARGE_LOW: "charge passed",
    1 + events.NEGATIVE_LOW: "potential of the negative electrode below its limit",
    1 + events.NEGATIVE_HIGH: "potential of the negative electrode above its limit",
    1 + events.POSITIVE_LOW: "potential of the positive electrode below its limit",
    1 + events.POSITIVE_HIGH: "potential of the positive electrode above its limit",
    1 + events.VOLTAGE_FALLS: "voltage fell to its limit",
    1 + events.VOLTAGE_RISES: "voltage rose to its limit",
    events.PORES_CLOSED: "films have closed the pores of a part of an electrode",
    events.HOST_LOST: "a part of an electrode has lost its active material",
    events.CRACKED_THROUGH: "cracks are as long as the radius of their particles",
    events.ELECTROLYTE_EMPTY: "electrolyte depleted",
    events.PARTICLE_EMPTY: "stoichiometry left the known range: a particle is empty at its surface",
    events.PARTICLE_FULL: "stoichiometry left the known range: a particle is full at its surface",
    events.NOT_CONVERGED: "the time step became too small without convergence",
    events.TOO_MANY_STEPS: "more time steps than allowed",
    events.NO_START: "no consistent initial state for this load",
}
STUCK = (
    events.ELECTROLYTE_EMPTY, events.PARTICLE_EMPTY, events.PARTICLE_FULL, events.PORES_CLOSED, events.HOST_LOST,
    events.CRACKED_THROUGH,
)  # fmt: skip
"""Reasons after which a protocol does not go on."""
METAL_STRIPPED = "the lithium metal is stripped"
FAILURES = (events.NOT_CONVERGED, events.TOO_MANY_STEPS, events.NO_START)
"""Reasons that are no regular end."""


def dataset(cell: Discretised, rows: Array, states: Array | None, reason: str, source: Source, **attributes: Any) -> Result:
    """Label the records of a run.

    Parameters
    ----------
    rows : ndarray, shape (records, columns of `records.record`)
    states : ndarray, shape (records, unknowns), optional
        With it, profiles across the cell are added.
    """
    from scalith.quantities import Result

    made: dict[str, Any] = {}

    def add(name: str, values: Array, units: str, long_name: str, dims: tuple[str, ...] = ("time",)) -> None:
        made[name] = (dims, values, {"units": units, "long_name": long_name})

    add("voltage", rows[:, records.VOLTS], "V", "terminal voltage")
    add("current", rows[:, records.AMPERES], "A", "current, positive while discharging")
    add("temperature", rows[:, records.KELVIN], "K", "cell temperature")
    add("capacity", rows[:, records.CHARGE], "C", "charge passed since the start")
    heats = (
        ("heat_ohmic_solid", records.HEAT_SOLID, "ohmic heat in the solid and contacts"),
        ("heat_ohmic_electrolyte", records.HEAT_LIQUID, "ohmic and concentration heat in the electrolyte"),
        ("heat_irreversible", records.HEAT_REACTION, "irreversible heat of the reaction"),
        ("heat_entropic", records.HEAT_ENTROPIC, "entropic heat of the reaction"),
        ("heat_mixing", records.HEAT_MIXING, "heat of mixing within the particles"),
    )
    for name, column, title in heats:
        add(name, rows[:, column], "W", title)
    heat = rows[:, [column for _, column, _ in heats]].sum(axis=1)
    add("heat", heat, "W", "heat of the whole cell")
    stored = rows[:, records.EQUILIBRIUM_POWER]
    add("equilibrium_power", stored, "W", "current times reaction-averaged open-circuit voltage")
    _add_classes(cell, rows, add)
    add("concentration_lowest", rows[:, records.SALT_LOWEST], "mol m-3", "lowest electrolyte concentration")
    add("concentration_highest", rows[:, records.SALT_HIGHEST], "mol m-3", "highest electrolyte concentration")
    _add_potentials(cell, rows, add)
    _add_guards(cell, rows, heat, add)
    coordinates: dict[str, Any] = {"time": ("time", distinct(rows[:, records.TIME]), {"units": "s", "long_name": "time"})}
    if states is not None:
        _add_profiles(cell, states, add, coordinates)
    told = {"kind": "cell run", "source": source.to_json(), "reason": reason, "mesh": cell.mesh.text}
    return Result(made, coordinates, {**told, **attributes})


def words_of(cell: Discretised, rows: Array, reason: int) -> str:
    """Why a run ended; an electrode of lithium metal is not empty, but stripped."""
    for p, material in enumerate(cell.materials):
        lowest = records.CLASSES + records.CLASS_RECORDS * p + 2
        if reason == events.PARTICLE_EMPTY and material.metal_thickness is not None and len(rows) and rows[-1, lowest] < 1e-6:
            return METAL_STRIPPED
    return REASONS[reason]


def tag_of(cell: Discretised, p: int) -> str:
    """Name of a class of particles in results: its electrode, with a number where there are several."""
    side = cell.sides[p]
    return side if cell.sides.count(side) == 1 else f"{side}_{cell.sides[: p + 1].count(side)}"


def _add_classes(cell: Discretised, rows: Array, add: Any) -> None:
    for p in range(len(cell.sides)):
        tag, at = tag_of(cell, p), records.CLASSES + records.CLASS_RECORDS * p
        add(f"stoichiometry_{tag}", rows[:, at], "1", f"mean stoichiometry, {tag} electrode")
        add(f"surface_stoichiometry_{tag}", rows[:, at + 1], "1", f"mean surface stoichiometry, {tag} electrode")
        add(f"surface_stoichiometry_lowest_{tag}", rows[:, at + 2], "1", f"lowest surface stoichiometry, {tag} electrode")
        add(f"surface_stoichiometry_highest_{tag}", rows[:, at + 3], "1", f"highest surface stoichiometry, {tag} electrode")
        material = cell.materials[p]
        if material.metal_thickness is not None:
            thickness = np.maximum(material.metal_thickness * rows[:, at], 0.0)
            add(f"lithium_thickness_{tag}", thickness, "m", f"thickness of the lithium metal, {tag} electrode")
        if material.hysteresis is not None and material.hysteresis_decay is not None:
            add(f"hysteresis_{tag}", rows[:, at + 4], "1", f"mean state of hysteresis, {tag} electrode")
        if material.processes:
            bound = cell.system.scalars[layout.PLANE_AREA] * rows[:, at + 7]
            add(f"lithium_bound_{tag}", bound, "mol", f"lithium in the products of side reactions, {tag} electrode")
        if np.any(cell.system.process_numbers[cell.system.processes[:, layout.CLASS] == p][:, layout.LOSS] != 0.0):
            lost = cell.system.scalars[layout.PLANE_AREA] * rows[:, at + 9]
            add(
                f"active_material_left_{tag}", rows[:, at + 8], "1", f"share of the active material that is left, {tag} electrode"
            )
            add(f"lithium_in_lost_material_{tag}", lost, "mol", f"lithium in lost active material, {tag} electrode")


def _add_potentials(cell: Discretised, rows: Array, add: Any) -> None:
    r"""State of charge, electrode potentials, and what the voltage is made of.

    With means over each electrode V = U(x̄) + (U(x_s) − U(x̄)) + (φₛ − φₑ − U(x_s)) + Δφₑ + Δφₛ − I R: equilibrium,
    concentration in the particles, reaction, electrolyte (by concentration and ohmic), solid, contact.
    """
    voltage, current = rows[:, records.VOLTS], rows[:, records.AMPERES]
    negative = -rows[:, records.REFERENCE]
    add("negative_potential", negative, "V", "negative electrode against a lithium reference in the separator")
    add("positive_potential", voltage + negative, "V", "positive electrode against a lithium reference in the separator")
    parts = {"equilibrium": 0.0, "particle": 0.0, "reaction": 0.0}
    for side, sign in (("negative", -1.0), ("positive", 1.0)):
        classes = [p for p, one in enumerate(cell.sides) if one == side]
        shares = np.array([cell.system.classes[p, layout.SPECIFIC_AREA] for p in classes])
        for p, share in zip(classes, sign * shares / shares.sum(), strict=True):
            at = records.CLASSES + records.CLASS_RECORDS * p
            surface, step = rows[:, at + 5], rows[:, at + 6]
            rest = _equilibrium(cell, p, rows[:, at], rows[:, records.KELVIN])
            parts["equilibrium"] = parts["equilibrium"] + share * rest
            parts["particle"] = parts["particle"] + share * (surface - rest)
            parts["reaction"] = parts["reaction"] + share * (step - surface)
    liquid = rows[:, records.LIQUID_POSITIVE] - rows[:, records.LIQUID_NEGATIVE]
    concentration = rows[:, records.DIFFUSION_POSITIVE] - rows[:, records.DIFFUSION_NEGATIVE]
    contact = -current * rows[:, records.CONTACT]
    solid = voltage - contact - rows[:, records.SOLID_POSITIVE] + rows[:, records.SOLID_NEGATIVE]
    add("voltage_equilibrium", parts["equilibrium"], "V", "open-circuit voltage at the mean stoichiometries")
    add("voltage_particle", parts["particle"], "V", "part of the voltage: concentration in the particles")
    add("voltage_reaction", parts["reaction"], "V", "part of the voltage: reaction, films and hysteresis")
    add("voltage_concentration", concentration, "V", "part of the voltage: concentration in the electrolyte")
    add("voltage_electrolyte", liquid - concentration, "V", "part of the voltage: ohmic, in the electrolyte")
    add("voltage_solid", solid, "V", "part of the voltage: ohmic, in the solid")
    add("voltage_contact", contact, "V", "part of the voltage: contact resistance")
    low = [material.minimum_stoichiometry for material in cell.materials]
    high = [material.maximum_stoichiometry for material in cell.materials]
    negatives = [p for p, one in enumerate(cell.sides) if one == "negative"]
    weights = np.array([cell.materials[p].volume_fraction * cell.materials[p].maximum_concentration for p in negatives])
    means = np.stack([rows[:, records.CLASSES + records.CLASS_RECORDS * p] for p in negatives])
    ends = np.array([[low[p], high[p]] for p in negatives])
    charge = (weights @ means - weights @ ends[:, 0]) / (weights @ (ends[:, 1] - ends[:, 0]))
    add("state_of_charge", charge, "1", "lithium of the negative electrode within its window")


def _equilibrium(cell: Discretised, p: int, x: Array, T: Array) -> Array:
    """Open-circuit voltage of one class of particles at its mean stoichiometry."""
    system, bank = cell.system, cell.bank
    values = np.empty(x.size)
    if system.classes[p, layout.PHASE_FIELD] > 0.0:
        homogeneous = cell.materials[p].open_circuit_voltage
        low, high = homogeneous.domain.get("x", (0.0, 1.0))
        inside = np.clip(x, low, high)
        values[:] = homogeneous(x=inside, T=T) if "T" in homogeneous.coordinates else homogeneous(x=inside)
        return values
    rest_voltages(system, bank, p, x, T, values)
    return values


def _add_guards(cell: Discretised, rows: Array, heat: Array, add: Any) -> None:
    """What must be conserved: lithium, the charge of the negative electrode, energy."""
    system, area = cell.system, cell.system.scalars[layout.PLANE_AREA]
    layers = {"negative": rows[:, records.LAYER_NEGATIVE], "positive": rows[:, records.LAYER_POSITIVE]}
    # What a double layer holds has left the particles, and reaches the electrolyte as the layer is charged.
    lithium = area * (rows[:, records.SALT] - (layers["negative"] + layers["positive"]) / FARADAY)
    through = {side: -area * layer / FARADAY for side, layer in layers.items()}
    for p, side in enumerate(cell.sides):
        row = system.classes[p]
        length = system.width[system.start[p] : system.start[p] + system.count[p]].sum()
        volume = area * length * row[layout.SPECIFIC_AREA] * row[layout.RADIUS] / row[layout.GEOMETRY]
        at = records.CLASSES + records.CLASS_RECORDS * p
        held = volume * row[layout.MAXIMUM_CONCENTRATION] * rows[:, at + 8] * rows[:, at]
        content = held + area * (rows[:, at + 7] + rows[:, at + 9])
        lithium = lithium + content
        through[side] = through[side] + content
    scale = float(np.max(np.abs(lithium), initial=1e-300))
    add("lithium_error", (lithium - lithium[0]) / scale, "1", "relative change of all lithium in the cell")
    # The negative electrode must have lost what the terminals passed.
    passed = rows[:, records.CHARGE] - rows[0, records.CHARGE]
    lost = FARADAY * (through["negative"] - through["negative"][0])
    add("charge_error", np.abs(passed + lost) / (FARADAY * scale), "1", "charge passed against lithium moved, over all lithium")
    stored = rows[:, records.EQUILIBRIUM_POWER]
    loss = (
        stored - rows[:, records.VOLTS] * rows[:, records.AMPERES] + rows[:, records.HEAT_ENTROPIC] + rows[:, records.HEAT_MIXING]
    )
    loss = loss - rows[:, records.LAYER_POWER]
    power = np.abs(stored) + np.abs(rows[:, records.LAYER_POWER])
    scale_of_power = np.maximum(power, 1e-2 * np.max(power, initial=1e-12))
    add("energy_error", np.abs(heat - loss) / scale_of_power, "1", "heat against terminal loss, over the equilibrium power")


def distinct(times: Array) -> Array:
    """Each time once: a step starts at the next number after the end of the one before, so that ``.sel`` and ``.interp`` work."""
    times = times.copy()
    for k in np.flatnonzero(np.diff(times) <= 0.0):
        times[k + 1] = np.nextafter(times[k], np.inf)
    return times


def add_slab(data: xr.Dataset, solver: Simulation) -> None:
    """Add the temperatures across the thickness, where they were solved: between two exchanges, linear about the mean."""
    slab = solver.slab
    if slab is None:
        return
    above = np.array(solver.slab_profiles)
    mean = above.mean(axis=1)
    time, at = data.time.values, np.array(solver.slab_times)

    def of(values: Array) -> Array:
        return np.asarray(np.interp(time, at, values), dtype=np.float64)

    T = data.temperature.values
    profile = T[:, None] + np.stack([of(above[:, k] - mean) for k in range(above.shape[1])], axis=1)
    made, lost = np.array(solver.slab_heats).T
    stored = slab.heat_capacity * (mean - mean[0])
    error = np.abs(made - lost - stored) / np.maximum(np.abs(made) + np.abs(lost), 1e-12)
    data.coords["thickness_depth"] = (
        "thickness_depth",
        slab.depth,
        {"units": "m", "long_name": "distance from a face of the cell"},
    )
    columns = {
        "temperature_profile": (("time", "thickness_depth"), profile, "K", "temperature across the thickness of the cell"),
        "surface_temperature": ("time", T + of(slab.surface(above) - mean), "K", "temperature of the faces of the cell"),
        "core_temperature": ("time", profile[:, profile.shape[1] // 2], "K", "temperature in the middle of the cell"),
        "heat_made": ("time", of(made), "J", "heat made since the start"),
        "heat_lost": ("time", of(lost), "J", "heat through the faces since the start"),
        "heat_error": ("time", of(error), "1", "heat made less lost and stored, over heat made and lost"),
    }
    for name, (dims, values, units, title) in columns.items():
        data[name] = (dims, values, {"units": units, "long_name": title})


def _add_profiles(cell: Discretised, states: Array, add: Any, coordinates: dict[str, Any]) -> None:
    system = cell.system
    cells = system.width.size
    depth = np.cumsum(system.width) - 0.5 * system.width
    coordinates["depth"] = ("depth", depth, {"units": "m", "long_name": "distance from the negative collector"})
    first_c, first_e, first_s = system.at.salt, system.at.electrolyte, system.at.solid
    dims = ("time", "depth")
    add("concentration", states[:, first_c : first_c + cells], "mol m-3", "electrolyte concentration", dims)
    add("electrolyte_potential", states[:, first_e:first_s], "V", "electrolyte potential", dims)
    solid = np.where(system.solid_conductivity > 0.0, states[:, first_s : first_s + cells], np.nan)
    add("solid_potential", solid, "V", "potential of the solid", dims)
    for p, side in enumerate(cell.sides):
        tag = side if cell.sides.count(side) == 1 else f"{side}_{cell.sides[: p + 1].count(side)}"
        n, start, nodes = system.count[p], system.start[p], system.nodes[p]
        first = system.particle_offset[p]
        radius = (
            "radius_" + tag,
            cell.radii[p] * system.classes[p, 1],
            {"units": "m", "long_name": f"radius in {tag} particles"},
        )
        coordinates["radius_" + tag] = radius
        coordinates["depth_" + tag] = (
            "depth_" + tag,
            depth[start : start + n],
            {"units": "m", "long_name": f"depth in the {tag} electrode"},
        )
        x = states[:, first : first + nodes * n].reshape(len(states), nodes, n)
        add(
            f"stoichiometry_profile_{tag}", x, "1", f"stoichiometry in {tag} particles", ("time", "radius_" + tag, "depth_" + tag)
        )
        first_j = system.at.reaction + system.reaction_offset[p]
        add(
            f"reaction_rate_{tag}",
            states[:, first_j : first_j + n],
            "mol m-2 s-1",
            f"reaction rate, {tag}",
            ("time", "depth_" + tag),
        )
