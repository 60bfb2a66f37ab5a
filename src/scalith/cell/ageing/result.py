"""From the run of an ageing to its labelled result, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scalith.cell.ageing.check_up import FREQUENCIES, CheckUp
from scalith.cell.ageing.cycle import Cycle
from scalith.cell.ageing.knee import find_knee
from scalith.cell.model.results import tag_of
from scalith.quantities import InputError, read_results
from scalith.quantities.constants import FARADAY

if TYPE_CHECKING:
    import xarray as xr

    from scalith.cell.ageing.life import _Ageing
    from scalith.quantities import Result

Array = NDArray[np.float64]
_OF_CYCLE = {
    "discharge_capacity": ("discharge capacity of the cycle", "C"),
    "charge_capacity": ("charge capacity of the cycle", "C"),
    "discharge_energy": ("discharge energy of the cycle", "J"),
    "charge_energy": ("charge energy of the cycle", "J"),
    "duration": ("duration of the cycle", "s"),
    "end_time": ("time at the end of the cycle", "s"),
    "end_temperature": ("temperature at the end of the cycle", "K"),
    "lithium_inventory_lost": ("lithium that the particles have lost, over what they held at the start", "1"),
    "lithium_error": ("relative change of all lithium in the cell", "1"),
    "charge_error": ("charge passed against lithium moved, over all lithium", "1"),
}


def ageing_result(run: _Ageing) -> Result:
    """What there is: see `simulate_ageing`."""
    from scalith.quantities import Result, labelled

    numbers = np.array([one.number for one in run.cycles], dtype=np.int64)
    solved = numbers.copy()
    if numbers.size:
        numbers = np.arange(1, max(int(numbers[-1]), 1) + 1)
    titles = _OF_CYCLE | run.inventory.titles
    names = list(run.cycles[-1].found) if run.cycles else list(_OF_CYCLE)
    made: dict[str, Any] = {}  # one by one each would go through all variables again
    for name in names:
        values = np.array([one.found.get(name, np.nan) for one in run.cycles])
        if numbers.size > solved.size:
            values = _between(solved, values, numbers)
        made[name] = labelled("cycle", values, *titles[name])
    made["solved"] = labelled("cycle", np.isin(numbers, solved), "whether the cycle was solved", "1")
    _add_knee(made, numbers)
    state = run.simulation.state
    kept = run.states | {run.done: state}
    made["kept_state"] = labelled(("kept_cycle", "unknown"), np.stack([kept[n] for n in sorted(kept)]), "state", "SI")
    made["final_state"] = labelled("unknown", state.copy(), "state at the end", "SI")
    made["initial_state"] = labelled("unknown", run.initial, "state at the start", "SI")
    coordinates = {
        "cycle": labelled("cycle", numbers, "cycle", "1"),
        "kept_cycle": labelled("kept_cycle", sorted(kept), "cycle at whose end the state was kept", "1"),
    }
    data = Result(made, coordinates, {"kind": "ageing"})
    _add_check_ups(data, run)
    told = {
        "source": run.source.to_json(),
        "cell": run.simulation.specification.digest,
        "mesh": run.simulation.cell.mesh.text,
        "reason": run.reason or "all cycles done",
        "solved_cycles": int(solved.size),
        "time_steps": int(run.simulation.steps),
        "charge_offset": float(run.offset),
        "time": float(run.simulation.time),
        "ambient": float(run.simulation.ambient),
    }
    data.attrs |= told
    return data


def _between(solved: NDArray[np.int64], values: Array, numbers: NDArray[np.int64]) -> Array:
    """Values of cycles that were skipped: monotone cubics through the solved ones that did not follow a jump."""
    from scipy.interpolate import PchipInterpolator

    settled = np.ones(solved.size, dtype=bool)
    settled[1:-1] = np.diff(solved)[:-1] == 1
    known = np.isfinite(values) & settled
    if known.sum() < 2:
        return np.full(numbers.size, np.nan)
    found = np.asarray(PchipInterpolator(solved[known], values[known])(numbers), dtype=np.float64)
    found[solved - 1] = values
    return found


def _add_knee(made: dict[str, Any], cycles: NDArray[np.int64]) -> None:
    """Where the capacity begins to fall fast; not a number without a knee."""
    from scalith.quantities import labelled

    knee = find_knee(cycles, made["discharge_capacity"].values)
    at, level = (np.nan, np.nan) if knee is None else (knee.cycle, knee.capacity)
    made["knee_cycle"] = labelled((), at, "cycle of the knee in the discharge capacity", "1")
    made["knee_capacity"] = labelled((), level, "discharge capacity at the knee", "C")


def _add_check_ups(data: Result, run: _Ageing) -> None:
    from scalith.quantities import labelled

    if not run.check_ups:
        return
    made: list[CheckUp] = [one for _, one in run.check_ups]
    data.coords["check_up"] = labelled("check_up", [number for number, _ in run.check_ups], "cycle before the check-up", "1")
    data.coords["frequency"] = labelled("frequency", FREQUENCIES, "frequency", "Hz")

    def add(name: str, values: Any, words: str, unit: str, *dims: str) -> None:
        data[name] = labelled(("check_up", *dims), np.array(values), words, unit)

    add("check_up_capacity_slow", [one.slow_capacity for one in made], "discharge capacity at C/20", "C")
    add("check_up_capacity", [one.capacity for one in made], "discharge capacity at 1C", "C")
    add("check_up_resistance", [one.resistance for one in made], "resistance after 10 s of 1C, at 50 %", "ohm")
    for name in ("slow_discharge", "slow_charge"):
        words = name.replace("_", " ")
        curves = np.array([getattr(one, name) for one in made])
        add(f"check_up_{name}_charge", curves[:, 0], f"charge passed in the {words}", "C", "point")
        add(f"check_up_{name}_voltage", curves[:, 1], f"voltage of the {words}", "V", "point")
    z = np.array([one.impedance for one in made])
    add("check_up_impedance_real", z.real, "real part of the impedance at 50 %", "ohm", "frequency")
    add("check_up_impedance_imaginary", z.imag, "imaginary part of the impedance at 50 %", "ohm", "frequency")
    for p in range(len(run.simulation.cell.sides)):
        tag = tag_of(run.simulation.cell, p)
        for k, end in enumerate(("full", "empty")):
            values = [one.stoichiometries[p, k] for one in made]
            add(f"check_up_stoichiometry_{tag}_{end}", values, f"stoichiometry of the {tag} material, cell {end} at C/20", "1")
        capacity = FARADAY * run.inventory.material(p) * float(run.inventory.widths(p).sum())
        lost = [_lost_at(data, tag, number) for number, _ in run.check_ups]
        add(f"check_up_capacity_of_{tag}", capacity * (1.0 - np.array(lost)), f"sites of the {tag} material", "C")


def _lost_at(data: Result, tag: str, number: int) -> float:
    name = f"active_material_lost_{tag}"
    return float(data[name].sel(cycle=number)) if number > 0 and name in data else 0.0


def read_earlier(run: _Ageing, earlier: xr.Dataset | str | Path) -> None:
    """Put a run where an earlier result ended.

    Raises
    ------
    InputError
        It is no ageing, or one of another cell, mesh or start.
    """
    if isinstance(earlier, str | Path):
        earlier = read_results(Path(earlier))
    simulation = run.simulation
    if simulation.slab is not None:
        expected = "'isothermal' or 'lumped': the profile through the thickness is not kept"
        raise InputError("simulate_ageing", "resume", f"thermal={simulation.thermal!r}", expected)
    if earlier.attrs.get("kind") != "ageing":
        raise InputError("simulate_ageing", "resume", earlier.attrs.get("kind", "no kind"), "the result of an ageing")
    if earlier.attrs.get("cell") != simulation.specification.digest:
        expected = f"{simulation.specification.digest}: the same cell"
        raise InputError("simulate_ageing", "resume", earlier.attrs.get("cell"), expected)
    if earlier["final_state"].size != simulation.cell.size:
        where = f"{earlier['final_state'].size} unknowns (mesh {earlier.attrs.get('mesh')})"
        raise InputError("simulate_ageing", "resume", where, f"{simulation.cell.size} unknowns: the same mesh")
    run.initial = np.array(earlier["initial_state"].values)
    run.start = run.inventory.totals(run.initial)
    names = [str(name) for name in earlier.data_vars if earlier[name].dims == ("cycle",) and name != "solved"]
    columns = {name: earlier[name].values for name in names}
    run.inventory.read(run.initial)
    for k in np.flatnonzero(earlier["solved"].values):
        run.cycles.append(Cycle(int(earlier["cycle"].values[k]), True, {name: float(columns[name][k]) for name in names}))
    for number, state in zip(earlier["kept_cycle"].values, earlier["kept_state"].values, strict=True):
        run.states[int(number)] = np.array(state)
    run.done = int(earlier["kept_cycle"].values[-1])
    run.capacity = next((one.found["discharge_capacity"] for one in run.cycles if one.found["discharge_capacity"] > 0.0), 0.0)
    run.offset = float(earlier.attrs["charge_offset"])
    if "check_up" in earlier.coords:
        run.check_ups = [(int(number), _check_up_of(earlier, k)) for k, number in enumerate(earlier["check_up"].values)]
    state, ambient = np.array(earlier["final_state"].values), float(earlier.attrs["ambient"])
    if abs(ambient - simulation.ambient) > 1e-9:
        simulation.set_temperature(ambient)
    simulation.state, simulation.time = state, float(earlier.attrs["time"])
    simulation.restore_pores()
    if run.jumps is not None:
        run.jumps.start = run.initial.copy()


def _check_up_of(data: xr.Dataset, k: int) -> CheckUp:
    def curve(name: str) -> Array:
        return np.stack([data[f"check_up_{name}_{what}"].values[k] for what in ("charge", "voltage")])

    ends = [str(name) for name in data.data_vars if str(name).startswith("check_up_stoichiometry_")]
    tags = list(dict.fromkeys(name.rpartition("_")[0] for name in ends))
    means = np.array([[float(data[f"{tag}_{end}"].values[k]) for end in ("full", "empty")] for tag in tags])
    z = data["check_up_impedance_real"].values[k] + 1j * data["check_up_impedance_imaginary"].values[k]
    return CheckUp(
        curve("slow_discharge"),
        curve("slow_charge"),
        float(data["check_up_capacity_slow"].values[k]),
        float(data["check_up_capacity"].values[k]),
        float(data["check_up_resistance"].values[k]),
        z,
        means,
    )
