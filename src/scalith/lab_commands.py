"""``scalith lab …``: what is in a measured file, circuits, validity, relaxation times, titration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scalith.cell_commands import console, require_endings, save_figure
from scalith.cell_commands import titled_table as table

if TYPE_CHECKING:
    from scalith.quantities import Result

app = typer.Typer(help="Measurements: read files, fit spectra, test them, titration.", no_args_is_help=True)

MeasuredFile = Annotated[Path, typer.Argument(help="A file of an instrument: its format is found from its content.")]
Which = Annotated[int | None, typer.Option("--which", "-w", help="Which spectrum, from 0, of a file with several.")]
Repair = Annotated[bool, typer.Option("--repair", help="Mend what can be mended, and say so.")]
Plot = Annotated[Path | None, typer.Option("--plot", "-p", help="Write the picture: .png, .svg or .pdf.")]
Json = Annotated[Path | None, typer.Option("--json", "-j", help="Write what was found as JSON.")]
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
    radius: Annotated[str, typer.Option("--radius", help="Of the particles, such as '5 um'.")],
    electrode: Annotated[str, typer.Option("--electrode", help="cell, negative or positive.")] = "cell",
    shape: Annotated[str, typer.Option("--shape", help="sphere, cylinder or slab.")] = "sphere",
    repair: Repair = False,
    out: Json = None,
) -> None:
    """Diffusivity from each pulse of a titration: inversion with a 95 % interval, and Weppner–Huggins beside it."""
    import numpy as np

    from scalith.lab import read_measurement
    from scalith.lab.titration import extract_gitt
    from scalith.lab.titration.particle_series import require_shape
    from scalith.quantities import parse_quantity

    data = read_measurement(file, repair=repair)
    length = parse_quantity(radius, "m", where="--radius")
    found = extract_gitt(data, radius=length, shape=require_shape(shape), electrode=electrode)
    shown = table("D / m² s⁻¹", "pulse", "at rest / V", "D", "from", "to", "Weppner–Huggins", "note")
    names = ("rest_potential", "diffusivity", "lower", "upper", "weppner_huggins")
    plain = []
    for k in range(found.sizes["pulse"]):
        row = {name: float(found[name][k]) for name in names}
        words = ["" if np.isnan(value) else f"{value:.3g}" for value in row.values()]
        shown.add_row(str(k), *words, str(found["note"].values[k]))
        plain.append(
            {name: None if np.isnan(value) else value for name, value in row.items()} | {"note": str(found["note"].values[k])}
        )
    console().print(shown)
    _write(out, plain)


def _keep_picture(data: Result, path: Path | None) -> None:
    if path is not None:
        save_figure(data.plot(), path)


def _write(path: Path | None, plain: Any) -> None:
    from scalith.quantities import write_text

    if path is not None:
        write_text(path, json.dumps(plain, indent=1, ensure_ascii=False) + "\n")
        console().print(f"result written to {path}", highlight=False)
