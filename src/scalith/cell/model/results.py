"""From the records of a kernel to a labelled data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scalith.cell.kernels import layout, records, stepping
from scalith.cell.model.discretise import Discretised
from scalith.quantities.constants import FARADAY

if TYPE_CHECKING:
    import xarray as xr

    from scalith.cell.runs.solution import Solver
    from scalith.quantities import Result, Source

Array = NDArray[np.float64]

REASONS = {
    stepping.DURATION: "duration reached",
    stepping.VOLTAGE_BELOW: "lower voltage reached",
    stepping.VOLTAGE_ABOVE: "upper voltage reached",
    stepping.CURRENT_BELOW: "current below its limit",
    stepping.TEMPERATURE_ABOVE: "temperature limit reached",
    stepping.ELECTROLYTE_EMPTY: "electrolyte depleted",
    stepping.PARTICLE_EMPTY: "stoichiometry left the known range: a particle is empty at its surface",
    stepping.PARTICLE_FULL: "stoichiometry left the known range: a particle is full at its surface",
    stepping.NOT_CONVERGED: "the time step became too small without convergence",
    stepping.TOO_MANY_STEPS: "more time steps than allowed",
    stepping.NO_START: "no potentials were found that carry this load from this state",
}
FAILURES = (stepping.NOT_CONVERGED, stepping.TOO_MANY_STEPS, stepping.NO_START)
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

    system = cell.system
    made: dict[str, Any] = {}

    def add(name: str, values: Array, units: str, long_name: str, dims: tuple[str, ...] = ("time",)) -> None:
        made[name] = (dims, values, {"units": units, "long_name": long_name})

    add("voltage", rows[:, records.VOLTS], "V", "terminal voltage")
    add("current", rows[:, records.AMPERES], "A", "current, positive while discharging")
    add("temperature", rows[:, records.KELVIN], "K", "cell temperature")
    add("capacity", rows[:, records.CHARGE], "C", "charge passed since the start")
    area = system.scalars[0]
    heats = (
        ("heat_ohmic_solid", records.HEAT_SOLID, "ohmic heat in the solid and contacts"),
        ("heat_ohmic_electrolyte", records.HEAT_LIQUID, "ohmic and concentration heat in the electrolyte"),
        ("heat_irreversible", records.HEAT_REACTION, "irreversible heat of the reaction"),
        ("heat_entropic", records.HEAT_ENTROPIC, "entropic heat of the reaction"),
    )
    for name, column, title in heats:
        add(name, rows[:, column], "W", title)
    heat = sum(rows[:, column] for _, column, _ in heats)
    add("heat", heat, "W", "heat of the whole cell")  # type: ignore[arg-type]
    stored = rows[:, records.EQUILIBRIUM_POWER]
    add("equilibrium_power", stored, "W", "current times reaction-averaged open-circuit voltage")
    lithium = area * rows[:, records.SALT]
    through = {"negative": np.zeros(len(rows)), "positive": np.zeros(len(rows))}
    for p, side in enumerate(cell.sides):
        row = system.classes[p]
        length = system.width[system.start[p] : system.start[p] + system.count[p]].sum()
        volume = area * length * row[0] * row[1] / row[9]
        mean = rows[:, records.CLASSES + records.CLASS_RECORDS * p]
        content = volume * row[2] * mean
        lithium = lithium + content
        through[side] += content - content[0]
        tag = side if cell.sides.count(side) == 1 else f"{side}_{cell.sides[: p + 1].count(side)}"
        add(f"stoichiometry_{tag}", mean, "1", f"mean stoichiometry, {tag} electrode")
        at = records.CLASSES + records.CLASS_RECORDS * p
        add(f"surface_stoichiometry_{tag}", rows[:, at + 1], "1", f"mean surface stoichiometry, {tag} electrode")
        add(f"surface_stoichiometry_lowest_{tag}", rows[:, at + 2], "1", f"lowest surface stoichiometry, {tag} electrode")
        add(f"surface_stoichiometry_highest_{tag}", rows[:, at + 3], "1", f"highest surface stoichiometry, {tag} electrode")
        if system.classes[p, layout.HYSTERESIS_DECAY] > 0.0:
            add(f"hysteresis_{tag}", rows[:, at + 4], "1", f"mean state of hysteresis, {tag} electrode")
    add("concentration_lowest", rows[:, records.SALT_LOWEST], "mol m-3", "lowest electrolyte concentration")
    add("concentration_highest", rows[:, records.SALT_HIGHEST], "mol m-3", "highest electrolyte concentration")
    add("lithium_error", lithium / lithium[0] - 1.0, "1", "relative change of all lithium in the cell")
    # The negative electrode must have lost what the terminals passed.
    charge = np.abs(rows[:, records.CHARGE] + FARADAY * through["negative"]) / (FARADAY * lithium[0])
    add("charge_error", charge, "1", "charge passed against lithium moved, over all lithium")
    loss = stored - rows[:, records.VOLTS] * rows[:, records.AMPERES] + rows[:, records.HEAT_ENTROPIC]
    scale = np.maximum(np.abs(stored), 1e-2 * np.max(np.abs(stored), initial=1e-12))
    balance = np.abs(heat - loss) / scale
    add("energy_error", balance, "1", "heat against terminal loss, over the equilibrium power")
    coordinates: dict[str, Any] = {"time": ("time", distinct(rows[:, records.TIME]), {"units": "s", "long_name": "time"})}
    if states is not None:
        _add_profiles(cell, states, add, coordinates)
    return Result(made, coordinates, {"kind": "cell run", "source": source.to_json(), "reason": reason, **attributes})


def distinct(times: Array) -> Array:
    """Each time once: a step starts at the next number after the end of the one before, so that ``.sel`` and ``.interp`` work."""
    times = times.copy()
    for k in np.flatnonzero(np.diff(times) <= 0.0):
        times[k + 1] = np.nextafter(times[k], np.inf)
    return times


def add_slab(data: xr.Dataset, solver: Solver) -> None:
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
    first_c = cell.particles
    first_e, first_s = first_c + cells + 2, first_c + 2 * cells + 2
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
        first_j = first_s + cells + system.reaction_offset[p]
        add(
            f"reaction_rate_{tag}",
            states[:, first_j : first_j + n],
            "mol m-2 s-1",
            f"reaction rate, {tag}",
            ("time", "depth_" + tag),
        )
