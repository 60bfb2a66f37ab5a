"""Views: which pictures answer one question, from the quantities of the ladder."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from scalith.app.cell_state import CellState
from scalith.cell import simulate_sensitivities
from scalith.ladder import Study
from scalith.ladder.stacking import one_rate
from scalith.quantities import InputError, ScalithError, Uncertain
from scalith.report import axes
from scalith.report.cell_figures import said_rate
from scalith.report.electrode_figures import phases_figure
from scalith.report.moments import lines_over_time
from scalith.report.page import pictures_of, text_only
from scalith.report.summary import Found

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Extra = Callable[[CellState], "Figure | None"]


@dataclass(frozen=True)
class View:
    """One question and the quantities whose pictures answer it.

    Attributes
    ----------
    title, question : str
    quantities : tuple of str
        Names without materials, in the order of their pictures.
    extras : tuple of (str, str, callable)
        Pictures beyond those of the report: name, title, and the function that draws them.
    needs : tuple of str
        Quantities that the extras are drawn from and that a study must have for this view.
    uses : tuple of str
        Quantities that the extras are drawn from where a study has them.
    """

    title: str
    question: str
    quantities: tuple[str, ...]
    extras: tuple[tuple[str, str, Extra], ...] = ()
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()

    @property
    def computed(self) -> tuple[str, ...]:
        """Quantities that are there before its pictures are drawn, names without materials."""
        return (*self.quantities, *self.needs, *self.uses)


def voltage_split_figure(state: CellState) -> Figure | None:
    """Where the voltage of the highest rate goes: the parts below the open-circuit voltage, one on the other."""
    data = state.discharges
    if data is None or "voltage_equilibrium" not in data:
        return None
    one = one_rate(data, rate := state.rate)
    charge = one["capacity"].values / 3600.0
    figure = axes.figure("Discharged capacity (A h)", f"Voltage at {said_rate(rate)} (V)")
    level = one["voltage_equilibrium"].values.copy()
    line = {"color": axes.INK, "width": 2}
    figure.add_scatter(x=charge, y=level, mode="lines", name="open circuit", line=line)
    parts = [str(name) for name in one.data_vars if str(name).startswith("voltage_") and str(name) != "voltage_equilibrium"]
    for name, colour in zip(parts, axes.cycle(len(parts)), strict=True):
        if not np.any(np.abs(one[name].values) > 1e-6):
            continue
        level = level + one[name].values
        label = str(one[name].attrs.get("long_name", name)).removeprefix("part of the voltage: ")
        band = {"fill": "tonexty", "fillcolor": axes.translucent(colour, 0.35), "line": {"color": colour, "width": 1}}
        figure.add_scatter(x=charge, y=level, mode="lines", name=label, **band)
    return axes.settled(figure)


def ragone_figure(state: CellState) -> Figure | None:
    """Energy against mean power, a point a rate."""
    from scalith.ladder.bands import energy_of_runs

    data = state.discharges
    if data is None or data.sizes.get("c_rate", 0) < 2:
        return None
    energy = energy_of_runs(data).values
    power = energy / np.nanmax(data["time"].transpose("c_rate", "sample").values, axis=1)
    figure = axes.figure("Mean power (W)", "Energy (W h)")
    labels = [said_rate(float(rate)) for rate in data["c_rate"].values]
    style = {"line": {"color": axes.PALETTE[0], "width": 2}, "marker": {"size": 8}}
    figure.add_scatter(x=power, y=energy / 3600.0, mode="lines+markers+text", text=labels, textposition="top center", **style)
    return axes.settled(figure)


def bottleneck_figure(state: CellState) -> Figure | None:
    """What each process would bring, were it twice as fast."""
    from scalith.lab import find_bottlenecks

    if state.cell is None or state.discharges is None:
        return None
    rate = state.rate
    found = find_bottlenecks(state.cell, rate, temperature=state.temperature)
    gain = 100.0 * found["energy_gain"].values / float(found["energy"])
    more = 100.0 * found["capacity_gain"].values / float(found["capacity"])
    names = [str(name).replace(".", ": ").replace("_", " ") for name in found["process"].values]
    figure = axes.figure(f"Gain at {said_rate(rate)} (%)", "")
    for label, size, colour in (("energy", gain, axes.PALETTE[0]), ("capacity", more, axes.PALETTE[1])):
        figure.add_bar(x=size[::-1], y=names[::-1], orientation="h", name=label, marker={"color": colour})
    figure.update_layout(height=120 + 34 * len(names), hovermode="closest", barmode="group", yaxis_dtick=1)
    return axes.settled(figure)


def numbers_figure(state: CellState) -> Figure | None:
    """Dimensionless numbers of the highest rate: times of processes against the time of the discharge."""
    from scalith.lab import dimensionless_numbers

    if state.cell is None or state.discharges is None:
        return None
    rate = state.rate
    found = dimensionless_numbers(state.cell, rate, temperature=state.temperature)
    size, names = found["value"].values, [str(name) for name in found["number"].values]
    order = [k for k in np.argsort(size) if size[k] > 0.0]
    if not order:
        return None
    figure = axes.figure(f"At {said_rate(rate)}", "")
    meant = [str(found["meaning"].values[k]) for k in order]
    bars = {"x": size[order], "y": [names[k] for k in order], "hovertext": meant, "name": "number"}
    figure.add_bar(**bars, orientation="h", marker={"color": axes.PALETTE[0]})
    figure.update_layout(height=110 + 20 * len(order), hovermode="closest", yaxis_dtick=1)
    wide = np.log10(size[order[-1]] / size[order[0]]) > 5.0
    figure.update_xaxes(type="log", dtick=4 if wide else 1, tickangle=0)
    return axes.settled(figure)


def concentration_figure(state: CellState) -> Figure | None:
    """Salt concentration across the cell at the highest rate, from start to end."""
    if (run := state.profiles) is None:
        return None
    figure = axes.figure("Depth from the negative collector (µm)", f"Salt concentration at {said_rate(state.rate)} (mol/L)")
    _add_moments(figure, run, 1e6 * run["depth"].values, lambda k: 1e-3 * run["concentration"].values[k])
    return axes.settled(figure)


def particle_figure(state: CellState) -> Figure | None:
    """Stoichiometry within a particle of the middle of the positive electrode at the highest rate, from start to end."""
    if (run := state.profiles) is None or "stoichiometry_profile_positive" not in run:
        return None
    inside = run["stoichiometry_profile_positive"].transpose("time", "depth_positive", "radius_positive").values
    middle = inside.shape[1] // 2
    figure = axes.figure("Distance from the centre of the particle (nm)", f"Stoichiometry at {said_rate(state.rate)}")
    _add_moments(figure, run, 1e9 * run["radius_positive"].values, lambda k: inside[k, middle])
    return axes.settled(figure)


def particles_over_time_figure(state: CellState) -> Figure | None:
    """Stoichiometry within the particles of the middle of each electrode at the highest rate, over time."""
    if (run := state.profiles) is None:
        return None
    lines = {}
    for side in ("positive", "negative"):
        if f"stoichiometry_profile_{side}" in run:
            inside = run[f"stoichiometry_profile_{side}"].transpose("time", f"depth_{side}", f"radius_{side}").values
            radius = run[f"radius_{side}"].values
            lines[f"{side} electrode"] = (radius / radius[-1], inside[:, inside.shape[1] // 2])
    if not lines:
        return None
    figure = axes.figure("Distance from the centre over the radius", f"Stoichiometry at {said_rate(state.rate)}")
    return axes.settled(lines_over_time(figure, run["time"].values, lines))


def phases_over_time_figure(state: CellState) -> Figure | None:
    """Stoichiometry within a particle that separates into phases while it fills at the highest rate of its hysteresis."""
    run = state.phases
    if run is None:
        return None
    figure = axes.figure("Distance from the centre of the particle (nm)", "Stoichiometry")
    profile = {"stoichiometry": (1e9 * run["radius"].values, run["stoichiometry"].transpose("time", "radius").values)}
    return axes.settled(lines_over_time(figure, run["time"].values, profile))


def voxels_figure(state: CellState) -> Figure | None:
    """Surfaces of the phases of the electrode."""
    if (image := state.image) is None:
        return None
    return axes.settled(phases_figure(image))


def _add_moments(figure: Figure, run: xr.Dataset, x: Any, y: Callable[[int], Any]) -> None:
    """Lines at five moments, from blue to vermilion."""
    moments = np.unique(np.linspace(0, run.sizes["time"] - 1, 5).astype(int))
    for k, colour in zip(moments, axes.gradient(len(moments)), strict=True):
        label = f"{float(run['time'][k]) / 60:.3g} min"
        figure.add_scatter(x=x, y=y(int(k)), mode="lines", name=label, line={"color": colour, "width": 2})


def nyquist_figure(state: CellState) -> Figure | None:
    """Impedance of the half-charged cell."""
    if (run := state.spectrum) is None:
        return None
    figure = axes.figure("Re Z (mΩ)", "−Im Z (mΩ)")
    hover = [f"{f:.3g} Hz" for f in run["frequency"].values]
    places = {"x": 1e3 * run["resistance"].values, "y": -1e3 * run["reactance"].values, "hovertext": hover}
    figure.add_scatter(**places, mode="lines+markers", name="half charged", line={"color": axes.PALETTE[0]}, marker={"size": 5})
    figure.update_layout(hovermode="closest")
    return axes.settled(figure)


def relaxation_figure(state: CellState) -> Figure | None:
    """Distribution of relaxation times of that impedance, with its band."""
    from scalith.lab import relaxation_times
    from scalith.report.property_figures import shade

    if (run := state.spectrum) is None:
        return None
    drt = relaxation_times(run)
    figure = axes.figure("Relaxation time (s)", "Distribution of resistance (mΩ)")
    time = drt["relaxation_time"].values
    low, high = (1e3 * drt[f"distribution_{end}"].values for end in ("lower", "upper"))
    shade(figure, time, low, high, axes.PALETTE[0], "95 % band")
    line = {"color": axes.PALETTE[0], "width": 2}
    figure.add_scatter(x=time, y=1e3 * drt["distribution"].values, mode="lines", name="distribution", line=line)
    figure.update_xaxes(type="log")
    return axes.settled(figure)


def dominant_figure(state: CellState) -> Figure | None:
    """Which stated errors of the cell make the error of its capacity: derivative times error of each, to first order."""
    cell, rate = state.cell, state.rate
    if cell is None or state.discharges is None:
        return None
    unsure = {path: number.error for path, number in cell.numbers_by_path().items() if isinstance(number, Uncertain)}
    parts: dict[str, float] = {}
    for path, error in unsure.items():
        try:
            run = simulate_sensitivities(cell, [path], rate, temperature=state.temperature, mesh=state.mesh)
        except InputError:  # a number that a discharge does not depend on, or that cannot be varied
            continue
        if "capacity_by_parameter" in run:
            parts[path] = abs(float(run["capacity_by_parameter"].values[0])) * error / 3600.0
    if not parts:
        return None
    order = sorted(parts, key=lambda path: parts[path])
    names = [path.replace(".materials.0", "").replace(".", ": ").replace("_", " ") for path in order]
    figure = axes.figure(f"Error of the capacity at {said_rate(rate)} (A h)", "")
    bars = {"x": [parts[path] for path in order], "y": names, "name": "error"}
    figure.add_bar(**bars, orientation="h", marker={"color": axes.PALETTE[0]})
    figure.update_layout(height=130 + 26 * len(order), hovermode="closest", yaxis_dtick=1)
    return axes.settled(figure)


_CELL = ("cell_specification", "discharges")

VIEWS: dict[str, View] = {
    "material": View(
        "Material",
        "What does the host do, from its energies?",
        (
            "mapped_orderings",
            "open_circuit_voltage",
            "phase_diagram",
            "chemical_diffusivity",
            "entropic_coefficient",
            "lattice_snapshot",
            "electronic_conductivity",
        ),
    ),
    "particle": View(
        "Particle",
        "What happens within one particle?",
        ("particle_hysteresis", "particle_stress", "particle_phase_field", "diffusion_activation"),
        (
            ("phases over time", "The phases of a particle that fills", phases_over_time_figure),
            ("particles over time", "Ions within the particles of the cell", particles_over_time_figure),
        ),
        uses=_CELL,
    ),
    "electrode": View(
        "Electrode",
        "How do ions and electrons get through the electrode?",
        ("voxel_image", "composition_map", "electrode_currents", "subvolume_properties"),
        (("phases", "The phases in space", voxels_figure),),
    ),
    "cell": View(
        "Cell",
        "Where does the voltage go?",
        ("discharges", "heat_generation", "cell_open_circuit_voltage", "cell_entropic_coefficient"),
        (("voltage split", "The voltage split into its parts", voltage_split_figure), ("ragone", "Ragone", ragone_figure)),
    ),
    "inside": View(
        "Inside",
        "What happens across the cell and within a particle?",
        (),
        (
            ("concentration", "Salt across the cell", concentration_figure),
            ("particle", "Within a particle of the positive electrode", particle_figure),
        ),
        _CELL,
    ),
    "impedance": View(
        "Impedance",
        "Which process answers at which frequency?",
        (),
        (
            ("nyquist", "Impedance of the half-charged cell", nyquist_figure),
            ("relaxation times", "Distribution of relaxation times", relaxation_figure),
        ),
        _CELL,
    ),
    "life": View("Life", "What wears the cell out?", ("cycle_life", "degradation_modes")),
    "pack": View(
        "Pack",
        "How warm does it get, and is it safe?",
        (
            "cell_temperature",
            "pack_temperature",
            "module_propagation",
            "module_temperature_field",
            "cell_temperature_field",
            "barrier_map",
            "propagation_probability",
            "oven_exposure",
        ),
    ),
    "bottleneck": View(
        "Bottleneck",
        "Which process limits the highest rate?",
        (),
        (
            ("bottlenecks", "What each process twice as fast would bring", bottleneck_figure),
            ("dimensionless numbers", "Dimensionless numbers: a process limits where its is large", numbers_figure),
        ),
        _CELL,
    ),
    "uncertainty": View(
        "Uncertainty",
        "How sure is that?",
        ("open_circuit_voltage", "discharges", "cell_temperature", "pack_temperature", "propagation_probability"),
        (("what dominates", "Which stated errors of the cell count", dominant_figure),),
    ),
    "design": View(
        "Design",
        "Which electrode is best, and does it have what was asked of it?",
        ("design_front", "designed_image", "voxel_image"),
        (("phases", "The phases in space", voxels_figure),),
    ),
    "agreement": View(
        "Agreement",
        "Does it agree with what was measured?",
        (
            "voltage_agreement",
            "diffusivity_agreement",
            "slow_cycle_agreement",
            "titration_agreement",
            "entropy_agreement",
            "discharges",
        ),
    ),
}
"""By name, in the order of their tabs."""

_BESIDE = {"design": ("voxel_image",)}
"""Quantities that a view shows beside its own: they alone are no reason for it."""


def views_of(study: Study) -> list[str]:
    """Views that a study has something for."""
    here = {name.rpartition(".")[2] for name in study.needed_for(study.targets)}
    return [
        name
        for name, view in VIEWS.items()
        if here.issuperset(view.needs) and here.intersection(view.computed).difference(_BESIDE.get(name, ()))
    ]


class Drawn(NamedTuple):
    """Pictures of a view.

    Attributes
    ----------
    figures : list of dict
        ``name``, ``title``, ``quantity`` and ``figure`` (of Plotly), in the order of the view.
    failed : dict of str to str
        Why a picture could not be drawn, by its title.
    """

    figures: list[dict[str, Any]]
    failed: dict[str, str]


def drawn(view: str, quantity: str, found: Found, first: Callable[[list[dict[str, Any]]], None] | None = None) -> Drawn:
    """Pictures of a view, or of one quantity, as plain data; one that cannot be drawn leaves the others.

    Parameters
    ----------
    view : str
        Empty for none.
    quantity : str
        Empty for none.
    found : Found
        Values, and the members of an ensemble for bands.
    first : callable, optional
        Told the pictures of the first quantity as soon as they are drawn.
    """
    shown: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    state = CellState.of(found.values)
    wanted = VIEWS[view].quantities if view else ()
    order = [name for short in wanted for name in found.values if name.rpartition(".")[2] == short]
    for name in dict.fromkeys([*([quantity] if quantity in found.values else []), *order]):
        title = found.ledger.entry(name).title
        try:
            pictures = pictures_of(name, found)
        except ScalithError as error:
            failed[f"{name.rpartition('.')[0]} {title}".strip()] = str(error)
            continue
        for index, figure in enumerate(pictures):
            shown.append({"name": f"{name} {index}", "quantity": name, "title": title, "figure": plain_figure(figure)})
        if first is not None and shown:
            first(list(shown))
            first = None
    for name, title, draw in VIEWS[view].extras if view else ():
        try:
            extra = draw(state)
        except ScalithError as error:
            failed[title] = str(error)
            continue
        if extra is not None:
            shown.append({"name": name, "quantity": "", "title": title, "figure": plain_figure(extra)})
    return Drawn(shown, failed)


def plain_figure(figure: Figure) -> dict[str, Any]:
    """A picture as plain data in which names are text, never markup."""
    from plotly.utils import PlotlyJSONEncoder

    made: dict[str, Any] = json.loads(json.dumps(text_only(figure.to_plotly_json()), cls=PlotlyJSONEncoder))
    made["layout"].pop("template", None)
    return made


def unpacked(stored: Any) -> NDArray[np.float64] | None:
    """Numbers of a picture, which may be packed, as an array; `None` where they are no numbers."""
    if isinstance(stored, dict) and "bdata" in stored:
        return np.frombuffer(base64.b64decode(stored["bdata"]), dtype=np.dtype(stored["dtype"])).astype(np.float64)
    try:
        return np.array([np.nan if item is None else item for item in stored], dtype=np.float64)
    except (TypeError, ValueError):
        return None
