"""``scalith lab …``: what is in a measured file, circuits, validity, relaxation times, titration, cycling."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scalith.cell_commands import console, require_endings, save_figure
from scalith.cell_commands import titled_table as table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from scalith.lab.cycling import ElectrodeBalance
    from scalith.lab.titration import PittFit
    from scalith.quantities import Result

app = typer.Typer(help="Measurements: read files, fit spectra, test them, titration.", no_args_is_help=True)

MeasuredFile = Annotated[Path, typer.Argument(help="A file of an instrument: its format is found from its content.")]
Which = Annotated[int | None, typer.Option("--which", "-w", help="Which spectrum, from 0, of a file with several.")]
Repair = Annotated[bool, typer.Option("--repair", help="Mend what can be mended, and say so.")]
Plot = Annotated[Path | None, typer.Option("--plot", "-p", help="Write the picture: .png, .svg or .pdf.")]
Json = Annotated[Path | None, typer.Option("--json", "-j", help="Write what was found as JSON.")]
Radius = Annotated[str, typer.Option("--radius", help="Of the particles, such as '5 um'.")]
Shape = Annotated[str, typer.Option("--shape", help="sphere, cylinder or slab.")]
StatesOfCharge = Annotated[
    list[float] | None, typer.Option(min=0.0, max=1.0, help="State of charge of each of these files, 0 to 1; as often as files.")
]
NOT_VALID = 1


@app.command()
def read(
    files: Annotated[list[Path], typer.Argument(help="Files of instruments.")], repair: Repair = False, out: Json = None
) -> None:
    """Say what is in each of the FILES: format, variables, steps, and what was noticed."""
    from scalith.lab import read_measurements

    shown = table("", "file", "format", "what", "from", "to", "notes")
    plain = []
    for path in files:
        for data in read_measurements(path, repair=repair):
            axis, unit = ("frequency", "Hz") if "frequency" in data.dims else ("time", "s")
            values = data[axis].values
            names = f"{values.size} × {', '.join(str(name) for name in data.data_vars)}"
            ends = [f"{float(values[k]):.5g} {unit}" for k in (0, -1)]
            shown.add_row(path.name, str(data.attrs["format"]), names, *ends, str(data.attrs["notes"]))
            plain.append(
                {"file": path.name, "format": data.attrs["format"], "size": int(values.size), "notes": data.attrs["notes"]}
            )
    console().print(shown)
    _write(out, plain)


@app.command()
def eis(
    file: MeasuredFile,
    circuit: Annotated[list[str], typer.Option("--circuit", "-c", help="Such as 'R0-p(R1-Ws1,Q1)'; several are compared.")],
    which: Which = None,
    repair: Repair = False,
    plot: Plot = None,
    out: Json = None,
) -> None:
    """Fit circuits to a spectrum: parameters with 95 % intervals of the one that predicts best (Akaike)."""
    from scalith.lab import compare_circuits, read_measurement
    from scalith.lab.impedance.plots import plot_circuit_fit

    require_endings(None, plot)
    data = read_measurement(file, which=which, repair=repair)
    fits = compare_circuits(circuit, data)
    best = fits[0]
    if len(fits) > 1:
        order = table("circuits, the best first", "circuit", "Akaike", "residual / %")
        for fit in fits:
            order.add_row(fit.circuit.text, f"{fit.aicc:.1f}", f"{100 * fit.rms:.3g}")
        console().print(order)
    shown = table(f"{best.circuit.text}, residual {100 * best.rms:.3g} % of |Z|", "parameter", "value", "95 % from", "to", "unit")
    plain: dict[str, Any] = {"circuit": best.circuit.text, "residual": best.rms, "parameters": {}}
    for name, parameter in zip(best.circuit.names, best.circuit.parameters, strict=True):
        value = best.values[name]
        ends = best.interval(name) if name in best.free else None
        words = [f"{end:.4g}" for end in ends] if ends else ["at its bound", ""]
        shown.add_row(name, f"{value:.5g}", *words, parameter.unit)
        plain["parameters"][name] = {"value": value, "interval": ends, "unit": parameter.unit}
    console().print(shown)
    _write(out, plain)
    if plot is not None:
        save_figure(plot_circuit_fit(best, data), plot)


@app.command()
def kk(
    file: MeasuredFile,
    noise: Annotated[float | None, typer.Option("--noise", help="Known noise, % of |Z|: then there is a verdict.")] = None,
    which: Which = None,
    repair: Repair = False,
    plot: Plot = None,
    out: Json = None,
) -> None:
    """Kramers–Kronig test of a spectrum; ends with exit code 1 when it is not valid."""
    import numpy as np

    from scalith.lab import kramers_kronig, read_measurement, z_hit

    require_endings(None, plot)
    data = read_measurement(file, which=which, repair=repair)
    modulus = np.hypot(data["resistance"].values, data["reactance"].values)
    found = kramers_kronig(data, noise=None if noise is None else noise / 100.0 * modulus)
    drift = z_hit(data).attrs["drift"]
    console().print(found.attrs["verdict"], highlight=False)
    console().print(f"Z-HIT: |Z| at the lowest frequency is {100 * drift:+.2g} % off the one its phase asks for", highlight=False)
    plain = {name: found.attrs[name] for name in ("valid", "verdict", "rms", "largest", "elements")}
    left = data["frequency"].values[found["left_out"].values.astype(bool)]
    _write(out, plain | {"left_out_Hz": left.tolist(), "drift": drift})
    _keep_picture(found, plot)
    if found.attrs["valid"] == "no":
        raise typer.Exit(NOT_VALID)


@app.command()
def drt(
    file: MeasuredFile,
    capacitance: Annotated[bool, typer.Option("--capacitance", help="The electrode is blocked: add 1/(iωC).")] = False,
    which: Which = None,
    repair: Repair = False,
    plot: Plot = None,
    out: Json = None,
) -> None:
    """Distribution of relaxation times: its peaks, each with the probability that it is real."""
    from scalith.lab import read_measurement, relaxation_times

    require_endings(None, plot)
    found = relaxation_times(read_measurement(file, which=which, repair=repair), series_capacitance=capacitance)
    ohms = f"R_∞ {found.attrs['R_infinity']:.4g} Ω, polarisation {found.attrs['polarisation_resistance']:.4g} Ω"
    shown = table(ohms, "relaxation time / s", "resistance / Ω", "±", "probability")
    names = ("time", "resistance", "resistance_error", "probability")
    rows = [[float(value) for value in row] for row in zip(*(found[f"peak_{name}"].values for name in names), strict=True)]
    for row in rows:
        shown.add_row(*(f"{value:.3g}" for value in row))
    console().print(shown)
    _write(out, [dict(zip(names, row, strict=True)) for row in rows])
    _keep_picture(found, plot)


@app.command()
def gitt(
    file: MeasuredFile,
    radius: Annotated[str | None, typer.Option("--radius", help="Of the particles, such as '5 um'; or --cell.")] = None,
    cell: Annotated[str | None, typer.Option("--cell", help="Cell file or shipped set: then through its model.")] = None,
    side: Annotated[
        str | None, typer.Option("--side", help="With --cell: positive (without it) or negative electrode of it.")
    ] = None,
    electrode: Annotated[str, typer.Option("--electrode", help="cell, negative or positive.")] = "cell",
    shape: Annotated[str | None, typer.Option("--shape", help="With --radius: sphere (without it), cylinder or slab.")] = None,
    repair: Repair = False,
    plot: Plot = None,
    out: Json = None,
) -> None:
    """Diffusivity from each pulse of a titration with a 95 % interval: by the series, or through the model of a cell."""
    from typing import cast

    from scalith.lab import read_measurement
    from scalith.lab.half_cell import Side
    from scalith.lab.titration import extract_gitt
    from scalith.lab.titration.particle_series import require_shape
    from scalith.quantities import InputError, parse_quantity

    require_endings(None, plot)
    if (radius is None) == (cell is None):
        raise InputError("scalith lab gitt", "--radius, --cell", "neither" if cell is None else "both", "one of the two")
    if cell is not None and shape is not None:
        raise InputError("scalith lab gitt", "--shape", shape, "that of the particles of --cell; --shape goes with --radius")
    if cell is None and side is not None:
        raise InputError(
            "scalith lab gitt", "--side", side, "--cell, whose electrode it names; --electrode says what was measured"
        )
    data = read_measurement(file, repair=repair)
    if cell is not None:
        from scalith.design import fit_titration

        found = fit_titration(cell, data, cast(Side, side or "positive"), electrode=electrode)
        titles = {"stoichiometry": "x", "diffusivity": "D", "lower": "from", "upper": "to", "series_diffusivity": "series"}
    else:
        length = parse_quantity(str(radius), "m", where="--radius")
        found = extract_gitt(data, radius=length, shape=require_shape(shape or "sphere"), electrode=electrode)
        titles = {"rest_potential": "at rest / V", "diffusivity": "D", "lower": "from", "upper": "to"}
        titles |= {"weppner_huggins": "Weppner–Huggins"}
    shown = table("D / m² s⁻¹", "pulse", *titles.values(), "note")
    plain = []
    for k in range(found.sizes["pulse"]):
        row = {name: float(found[name][k]) for name in titles}
        note = str(found["note"].values[k])
        shown.add_row(str(k), *map(_number, row.values()), note)
        plain.append({name: _plain(value) for name, value in row.items()} | {"note": note})
    console().print(shown)
    _write(out, plain)
    _keep_picture(found, plot)


@app.command()
def pitt(
    file: MeasuredFile,
    radius: Radius,
    shape: Shape = "sphere",
    repair: Repair = False,
    plot: Plot = None,
    out: Json = None,
) -> None:
    """Diffusivity from each step of potential: inversion with a 95 % interval, the resistance beside it, and both limits."""
    from scalith.lab import read_measurement
    from scalith.lab.titration import extract_pitt, potential_steps
    from scalith.lab.titration.particle_series import require_shape
    from scalith.lab.titration.plots import plot_potential_steps
    from scalith.quantities import InputError, parse_quantity

    require_endings(None, plot)
    length = parse_quantity(radius, "m", where="--radius")
    shown = table("D / m² s⁻¹", "step / mV", "D", "from", "to", "R / Ω", "Cottrell", "last decay", "note")
    plain: list[dict[str, Any]] = []
    held: list[tuple[Result, float, PittFit | None]] = []
    for data, step in potential_steps(read_measurement(file, repair=repair)):
        try:
            found = extract_pitt(data, radius=length, step=step, shape=require_shape(shape))
        except InputError as error:
            shown.add_row(f"{1e3 * step:.3g}", *[""] * 6, str(error))
            plain.append({"step": step, "note": str(error)})
            held.append((data, step, None))
            continue
        held.append((data, step, found))
        values = (found.diffusivity, found.lower, found.upper, found.kinetic_resistance, found.cottrell, found.long_time)
        shown.add_row(f"{1e3 * step:.3g}", *map(_number, values), found.note)
        plain.append({"step": step} | {name: _plain(value) for name, value in found._asdict().items()})
    console().print(shown)
    _write(out, plain)
    if plot is not None:
        save_figure(plot_potential_steps(held, radius=length, shape=require_shape(shape)), plot)


@app.command()
def ici(
    file: MeasuredFile,
    radius: Radius,
    shape: Shape = "sphere",
    longest: Annotated[float, typer.Option("--longest", help="Rests longer than this (s) are no interruptions.")] = 60.0,
    repair: Repair = False,
    plot: Plot = None,
    out: Json = None,
) -> None:
    """Diffusivity and resistance from each interruption of a constant current, the drift and the bias taken off."""
    from scalith.lab import read_measurement
    from scalith.lab.titration import extract_interruption, find_interruptions
    from scalith.lab.titration.particle_series import require_shape
    from scalith.lab.titration.plots import plot_interruptions
    from scalith.quantities import ScalithError, parse_quantity

    require_endings(None, plot)
    data = read_measurement(file, repair=repair)
    length = parse_quantity(radius, "m", where="--radius")
    shown = table("interruptions", "begin / s", "D / m² s⁻¹", "R / Ω", "note")
    plain: list[dict[str, Any]] = []
    found: list[tuple[float, float, float, float]] = []
    for begin, end in find_interruptions(data, longest):
        value, ohms, note = float("nan"), float("nan"), ""
        try:
            value, ohms = extract_interruption(data, begin=begin, end=end, radius=length, shape=require_shape(shape))
        except ScalithError as error:
            note = str(error)
        found.append((begin, end, value, ohms))
        shown.add_row(f"{begin:.6g}", _number(value), _number(ohms), note)
        plain.append({"begin": begin, "diffusivity": _plain(value), "resistance": _plain(ohms), "note": note})
    console().print(shown)
    _write(out, plain)
    if plot is not None:
        save_figure(plot_interruptions(data, found), plot)


@app.command()
def entropy(file: MeasuredFile, repair: Repair = False, plot: Plot = None, out: Json = None) -> None:
    """Entropic coefficient from the voltage at rest while the temperature is stepped, with the drift and the cell's own delay."""
    from scalith.lab import read_measurement
    from scalith.lab.titration import extract_entropy_of
    from scalith.lab.titration.plots import plot_entropy
    from scalith.quantities import InputError

    require_endings(None, plot)
    data = read_measurement(file, repair=repair)
    try:
        found = extract_entropy_of(data)
    except InputError as error:
        raise InputError(str(file), error.field, error.found, error.expected) from None
    ends = f"[{1e3 * found.lower:.4g}, {1e3 * found.upper:.4g}]"
    console().print(f"∂U/∂T = {1e3 * found.value:.4g} mV/K, 95 % {ends}", highlight=False)
    more = (
        f"drift {3.6e6 * found.drift:.3g} mV/h, time constant {found.time_constant:.3g} s, residual {1e3 * found.residual:.2g} mV"
    )
    console().print(more, highlight=False)
    _write(out, {key: _plain(value) for key, value in found._asdict().items()})
    if plot is not None:
        save_figure(plot_entropy(data, found), plot)


@app.command()
def ocv(
    file: MeasuredFile,
    direction: Annotated[str, typer.Option("--direction", help="both, discharge or charge.")] = "both",
    resistance: Annotated[float, typer.Option("--resistance", help="Ohm, taken off both branches.")] = 0.0,
    smoothing: Annotated[float | None, typer.Option("--smoothing", help="Length in mA h; 2 % of the charge without it.")] = None,
    repair: Repair = False,
    plot: Plot = None,
    out: Json = None,
) -> None:
    """Pseudo-open-circuit voltage of a slow cycle, its hysteresis, dV/dQ and dQ/dV."""
    from typing import cast

    from scalith.lab import read_measurement
    from scalith.lab.cycling import extract_open_circuit
    from scalith.lab.cycling.open_circuit import Direction

    require_endings(None, plot)
    length = None if smoothing is None else 3.6 * smoothing
    data = read_measurement(file, repair=repair)
    found = extract_open_circuit(data, direction=cast(Direction, direction), resistance=resistance, smoothing=length)
    charge = found["charge"].values
    smooth = f"noise {1e3 * found.attrs['noise_V']:.2g} mV, smoothed over {found.attrs['smoothing_C'] / 3.6:.3g} mA h"
    title = f"{charge[-1] / 3600.0:.5g} A h, {smooth}"
    both = "hysteresis" in found
    shown = table(title, "charge / A h", "voltage / V", "dV/dQ / V (A h)⁻¹", *(["half hysteresis / mV"] if both else []))
    for k in range(0, charge.size, max(charge.size // 10, 1)):
        row = [charge[k] / 3600.0, float(found["voltage"][k]), 3600.0 * float(found["voltage_slope"][k])]
        shown.add_row(*(f"{value:.5g}" for value in [*row, *([1e3 * float(found["hysteresis"][k])] if both else [])]))
    console().print(shown)
    if found.attrs["notes"]:
        console().print(f"note: {found.attrs['notes']}", highlight=False)
    columns = {str(name): [_plain(float(one)) for one in found[name].values] for name in found.variables}
    _write(out, columns | {"smoothing_C": found.attrs["smoothing_C"], "notes": found.attrs["notes"]})
    _keep_picture(found, plot)


@app.command()
def balance(
    file: MeasuredFile,
    negative: Annotated[Path, typer.Option("--negative", help="Half-cell curve: CSV with x [1], open_circuit_voltage [V].")],
    positive: Annotated[Path, typer.Option("--positive", help="The same of the positive electrode.")],
    second: Annotated[Path | None, typer.Option("--second", help="Second material of a blended negative electrode.")] = None,
    first: Annotated[Path | None, typer.Option("--first", help="An earlier check-up: what was lost since then.")] = None,
    by: Annotated[str, typer.Option("--by", help="voltage, derivative or both.")] = "both",
    direction: Annotated[str, typer.Option("--direction", help="both, discharge or charge.")] = "discharge",
    polarisation: Annotated[bool, typer.Option("--polarisation", help="Fit a constant overpotential.")] = False,
    repair: Repair = False,
    plot: Plot = None,
    out: Json = None,
) -> None:
    """Electrode balance of a cell from a slow cycle and half-cell curves; with --first, the degradation modes since then."""
    from typing import cast

    from scalith.lab import read_measurement
    from scalith.lab.cycling import degradation_modes, extract_balance, extract_open_circuit
    from scalith.lab.cycling.electrode_balance import By
    from scalith.lab.cycling.open_circuit import Direction
    from scalith.lab.cycling.plots import plot_balance
    from scalith.quantities import read_property_csv

    require_endings(None, plot)
    over = {"x": "1", "T": "K"}
    curves = [
        read_property_csv(path, "open_circuit_voltage", "V", over) for path in (negative, second, positive) if path is not None
    ]
    below = curves[0] if second is None else (curves[0], curves[1])

    def balanced(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64], ElectrodeBalance]:
        data = extract_open_circuit(read_measurement(path, repair=repair), direction=cast(Direction, direction))
        q, v = data["charge"].values, data["voltage"].values
        return q, v, extract_balance(q, v, below, curves[-1], by=cast(By, by), polarisation=polarisation)

    aged = balanced(file)
    own, figure = aged[2], None if plot is None else plot_balance(*aged, label=file.name)
    shown = table(f"residual {1e3 * own.residual:.3g} mV", "value", "", "95 % from", "to", "unit")
    plain: dict[str, Any] = {"residual": own.residual, "note": own.note, "values": {}}
    for name, value in own.values.items():
        scale, unit = (3600.0, "A h") if name in ("Q_negative", "Q_positive", "lithium") else (1.0, "")
        ends = own.interval(name)
        shown.add_row(name, *(f"{one / scale:.4g}" for one in (value, *ends)), unit)
        plain["values"][name] = {"value": value, "interval": ends}
    console().print(shown)
    if own.note:
        console().print(f"note: {own.note}", highlight=False)
    if first is not None:
        fresh = balanced(first)
        if figure is not None:
            plot_balance(*fresh, label=first.name, figure=figure)
        lost = degradation_modes(fresh[2], own)
        modes = table(f"lost since {first.name}", "mode", "%", "±")
        for name, value in lost.items():
            error = getattr(value, "error", 0.0)
            modes.add_row(name, f"{100.0 * value:.3g}", f"{100.0 * error:.2g}")
            plain.setdefault("modes", {})[name] = {"value": float(value), "standard_error": error}
        console().print(modes)
    _write(out, plain)
    if plot is not None:
        save_figure(figure, plot)


@app.command()
def rate(
    files: Annotated[list[Path], typer.Argument(help="Files with discharges at several rates.")],
    repair: Repair = False,
    plot: Plot = None,
    out: Json = None,
) -> None:
    """Capacity against rate, and the curve of Tian et al. through four rates or more."""
    from scalith.lab import read_measurement
    from scalith.lab.cycling import extract_capacities, extract_rate_capability
    from scalith.lab.cycling.plots import plot_rate_test

    require_endings(None, plot)
    found = extract_capacities(*(read_measurement(file, repair=repair) for file in files))
    current, capacity = found["current"].values, found["capacity"].values
    shown = table("rate test", "current / A", "capacity / A h", "time / h")
    for i, q in zip(current, capacity, strict=True):
        shown.add_row(f"{i:.4g}", f"{q / 3600.0:.5g}", f"{q / i / 3600.0:.3g}")
    console().print(shown)
    plain: dict[str, Any] = {"current": current.tolist(), "capacity": capacity.tolist()}
    fit = extract_rate_capability(current, capacity) if current.size >= 4 else None
    if fit is not None:
        ends = f"[{fit.time_interval[0]:.3g}, {fit.time_interval[1]:.3g}]"
        words = f"characteristic time {fit.time:.3g} s {ends}, exponent {fit.exponent:.3g}"
        console().print(fit.note or words, highlight=False)
        plain |= {"time": fit.time, "time_interval": fit.time_interval, "exponent": fit.exponent, "note": fit.note}
    _write(out, plain)
    if plot is not None:
        save_figure(plot_rate_test(found, fit=fit), plot)


@app.command()
def pulses(
    file: MeasuredFile,
    window: Annotated[list[float], typer.Option("--window", help="s since the current began; several times.")] = [0.1, 1.0, 10.0],  # noqa: B006
    repair: Repair = False,
    plot: Plot = None,
    out: Json = None,
) -> None:
    """Resistance of each pulse after stated times."""
    from scalith.lab import read_measurement
    from scalith.lab.cycling import extract_pulse_resistances

    require_endings(None, plot)
    found = extract_pulse_resistances(read_measurement(file, repair=repair), windows=window)
    shown = table("resistance / mΩ", "at rest / V", "current / A", *(f"{one:g} s" for one in window))
    plain = []
    for k in range(found.sizes["pulse"]):
        one = found.isel(pulse=k)
        ohms = one["resistance"].values
        shown.add_row(f"{float(one.rest_voltage):.4g}", f"{float(one.current):.4g}", *(_number(1e3 * value) for value in ohms))
        plain.append(
            {"rest_voltage": float(one.rest_voltage), "current": float(one.current), "resistance": [_plain(v) for v in ohms]}
        )
    console().print(shown)
    _write(out, plain)
    _keep_picture(found, plot)


@app.command()
def agree(
    cell: Annotated[str, typer.Argument(help="Cell file, or the name of a shipped set.")],
    electrode: Annotated[str, typer.Option("--electrode", help="positive or negative.")] = "positive",
    slow_cycle: Annotated[Path | None, typer.Option("--slow-cycle", help="Measured, of a half cell; virtual without it.")] = None,
    titration: Annotated[Path | None, typer.Option("--titration", help="Measured, of a half cell; virtual without it.")] = None,
    calorimetry: Annotated[Path | None, typer.Option("--calorimetry", help="A discharge of a half cell with its heat.")] = None,
    spectrum: Annotated[Path | None, typer.Option("--spectrum", help="Of the electrolyte between blocking electrodes.")] = None,
    temperature_steps: Annotated[
        list[Path] | None, typer.Option("--temperature-steps", help="Measured, of a half cell at rest; several times.")
    ] = None,
    temperature_steps_at: StatesOfCharge = None,
    electrode_spectra: Annotated[
        list[Path] | None, typer.Option("--electrode-spectra", help="Measured, of a half cell; several times.")
    ] = None,
    electrode_spectra_at: StatesOfCharge = None,
    plot: Plot = None,
    out: Json = None,
) -> None:
    """What experiments on an electrode find, virtual or measured, beside what the CELL's parameters say."""
    from typing import cast

    from scalith.cell import read_cell
    from scalith.lab import experiments as made
    from scalith.lab import largest_deviation, read_measurement
    from scalith.lab.half_cell import Side

    require_endings(None, plot)
    given, side = read_cell(cell), cast(Side, electrode)
    cycle, pulses_there, heat, ions = (
        None if path is None else read_measurement(path) for path in (slow_cycle, titration, calorimetry, spectrum)
    )
    warmed = _at_states("temperature-steps", temperature_steps, temperature_steps_at)
    arcs = _at_states("electrode-spectra", electrode_spectra, electrode_spectra_at)
    transfer = made.charge_transfer_by_spectra(given, side, data=arcs)
    found = {
        "open_circuit_voltage": made.voltage_by_slow_cycle(given, side, data=cycle),
        "entropic_coefficient": made.entropy_by_steps(given, side, data=warmed),
        "chemical_diffusivity": made.diffusivity_by_titration(given, side, data=pulses_there),
        "conductivity": made.conductivity_by_spectra(given, data=ions),
        "exchange_current_density": transfer.exchange_current_density,
        "charge_transfer_resistance": transfer.resistance,
    }
    rows = {name: made.compared(one, made.put_in(given, side, name), given) for name, one in found.items()}
    volts, steps = found["open_circuit_voltage"], found["entropic_coefficient"]
    heats = made.heats_of_discharge(given, side, at_rest=volts, entropy=steps, data=heat)
    rows["heat"] = made.compared(heats.found, heats.put_in, given)
    title = f"{side} electrode of {given.name}: where put in and found differ most"
    shown = table(title, "quantity", "at", "put in", "found", "z", "verdict")
    plain = {}
    for name, data in rows.items():
        row, verdict = largest_deviation(data), str(data.attrs["verdict"])
        words = ["", "", "", ""]
        if row is not None:
            unit = str(data["predicted"].attrs["units"])
            both = (f"{row.predicted:.4g} ± {row.predicted_error:.2g}", f"{row.found:.4g} ± {row.found_error:.2g} {unit}")
            words = [f"{data['z_score'].dims[0]} = {row.place:.4g}", *both, _number(row.z)]
        shown.add_row(name.replace("_", " "), *words, verdict)
        numbers = {} if row is None else {key: _plain(value) for key, value in row._asdict().items()}
        plain[name] = {"experiment": str(data.attrs["headline"]), "verdict": verdict, **numbers}
    console().print(shown)
    for name, one in {**found, "heat": heats.found}.items():
        console().print(f"{name.replace('_', ' ')}: {one.note}", highlight=False)
    _write(out, plain)
    if plot is not None:
        save_figure(made.plot_agreements(rows), plot)


def _at_states(option: str, files: list[Path] | None, states: list[float] | None) -> list[tuple[float, Result]]:
    """What was measured, each with its state of charge."""
    from scalith.lab import read_measurement
    from scalith.quantities import InputError

    paths, shares = files or [], states or []
    if len(paths) != len(shares):
        found = f"{len(shares)} states of charge for {len(paths)} files"
        raise InputError("scalith lab agree", f"--{option}-at", found, "a state of charge for each file")
    return [(share, read_measurement(path)) for share, path in zip(shares, paths, strict=True)]


def _number(value: float) -> str:
    """Three digits; empty where there is none."""
    return "" if value != value else f"{value:.3g}"


def _plain(value: Any) -> Any:
    """As JSON has it: NaN and infinities are none."""
    import math

    if isinstance(value, str):
        return value
    return float(value) if math.isfinite(value) else None


def _keep_picture(data: Result, path: Path | None) -> None:
    if path is not None:
        save_figure(data.plot(), path)


def _write(path: Path | None, plain: Any) -> None:
    from scalith.quantities import write_text

    if path is not None:
        write_text(path, json.dumps(plain, indent=1, ensure_ascii=False) + "\n")
        console().print(f"result written to {path}", highlight=False)
