"""``scalith cell …``: protocols, impedance and comparisons of one cell, from the command line."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from scalith.quantities import Result

app = typer.Typer(help="One cell: run protocols, impedance spectra, comparisons.", no_args_is_help=True)

CellFile = Annotated[
    Path, typer.Argument(help="The cell: TOML, or BPX (.json, .bpx); 'shipped:cell/NAME.toml' comes with Scalith.")
]
Temperature = Annotated[str | None, typer.Option("--temperature", "-T", help="'10 degC' or '283 K'; default: the cell's own.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Write the result: NetCDF (.nc), or Battery Data Format (.csv).")]
Plot = Annotated[Path | None, typer.Option("--plot", "-p", help="Write the picture: .png, .svg or .pdf.")]


@app.command()
def run(
    cell: CellFile,
    steps: Annotated[list[str], typer.Argument(help="Steps, such as 'Discharge at 1C until 2.5 V' 'Rest for 1 hour'.")],
    cycles: Annotated[int, typer.Option("--cycles", "-n", min=1, help="Run all steps so many times.")] = 1,
    state_of_charge: Annotated[
        str | None, typer.Option("--soc", help="At the start: 0.5 or '50 %'; default: the cell's own.")
    ] = None,
    temperature: Temperature = None,
    thermal: Annotated[str, typer.Option("--thermal", help="isothermal, lumped or through_thickness.")] = "isothermal",
    initial: Annotated[
        Path | None, typer.Option("--initial", "-i", help="Go on from this result (.nc) of the same cell.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop where a step does not do what it says.")] = False,
    out: Out = None,
    plot: Plot = None,
) -> None:
    """Run a protocol on a CELL: say how each step ended, draw it (--plot) and keep it (--out)."""
    from scalith.cell import read_cell, simulate_protocol
    from scalith.quantities import read_results

    require_endings(out, plot)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        data = simulate_protocol(
            read_cell(cell),
            steps,
            cycles=cycles,
            temperature=_kelvin(temperature),
            thermal=thermal,  # type: ignore[arg-type]
            initial_state_of_charge=None if state_of_charge is None else _fraction(state_of_charge),
            initial=None if initial is None else read_results(initial),
            strict=strict,
        )
    _print_steps(data)
    for warning in caught:
        typer.secho(f"warning: {warning.message}", fg="yellow", err=True)
    _keep(data, out, plot)


@app.command()
def age(
    cell: CellFile,
    steps: Annotated[
        list[str], typer.Argument(help="Steps of one cycle, such as 'Discharge at 1C until 2.5 V'; or 'Rest for 30 days'.")
    ],
    cycles: Annotated[int, typer.Option("--cycles", "-n", min=1, help="How many cycles.")] = 100,
    check_up_every: Annotated[
        int | None, typer.Option("--check-up", "-c", min=1, help="Cycles between check-ups: C/20, 1C, a pulse, a spectrum.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="End at this share of the first capacity: 0.8 or '80 %'.")] = None,
    extrapolate: Annotated[
        float | None, typer.Option("--extrapolate", "-x", help="Skip cycles within this error of a jump, 1e-3 for example.")
    ] = None,
    state_of_charge: Annotated[
        str | None, typer.Option("--soc", help="At the start: 0.5 or '50 %'; default: the cell's own.")
    ] = None,
    temperature: Temperature = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on behind what --out holds.")] = False,
    out: Out = None,
    plot: Plot = None,
) -> None:
    """Age a CELL by the processes of its materials; Ctrl-C keeps what there is, and --resume goes on."""
    from rich.progress import Progress

    from scalith.cell import EndOfLife, Simulation, read_cell, simulate_ageing
    from scalith.quantities import InputError

    require_endings(out, plot)
    if out is not None and out.suffix != ".nc":
        raise InputError("--out", "", str(out), "a name that ends in .nc")
    if resume and out is None:
        raise InputError("--resume", "", "no --out", "the file to go on from")
    simulation = Simulation(
        read_cell(cell),
        temperature=_kelvin(temperature),
        state_of_charge=None if state_of_charge is None else _fraction(state_of_charge),
    )
    with Progress(transient=True) as bar:
        task = bar.add_task("ageing", total=1.0)
        data = simulate_ageing(
            simulation,
            steps,
            cycles=cycles,
            check_up_every=check_up_every,
            until=None if until is None else EndOfLife(capacity=_fraction(until)),
            extrapolate=extrapolate,
            file=out,
            resume=out if resume and out is not None and out.is_file() else None,
            progress=lambda share, words: bar.update(task, completed=share, description=words),
        )
    _print_ageing(data)
    if plot is not None:
        save_figure(data.plot(), plot)
    if data.attrs["reason"] == "interrupted":
        raise typer.Exit(130)


def _print_ageing(data: Result) -> None:
    """About ten cycles, the knee, and why it ended."""
    import numpy as np

    table = titled_table("ageing", "cycle", "capacity / A h", "inventory lost / %", "material lost / %")
    lost = [str(name) for name in data.data_vars if str(name).startswith("active_material_lost_")]
    for k in np.unique(np.linspace(0, data.cycle.size - 1, min(data.cycle.size, 11)).astype(int)):
        materials = ", ".join(f"{100.0 * float(data[name][k]):.3g}" for name in lost)
        capacity, inventory = float(data.discharge_capacity[k]), float(data.lithium_inventory_lost[k])
        table.add_row(str(int(data.cycle[k])), f"{capacity / 3600.0:.5g}", f"{100.0 * inventory:.4g}", materials)
    console().print(table)
    if np.isfinite(data.knee_cycle):
        console().print(f"knee at cycle {float(data.knee_cycle):.0f}, {float(data.knee_capacity) / 3600.0:.5g} A h")
    console().print(f"{data.attrs['reason']}; {data.attrs['solved_cycles']} of {data.cycle.size} cycles solved")


@app.command()
def impedance(
    cell: CellFile,
    state_of_charge: Annotated[str, typer.Option("--soc", help="0.5 or '50 %'.")] = "0.5",
    temperature: Temperature = None,
    lowest: Annotated[float, typer.Option("--from", help="Lowest frequency, Hz.")] = 1e-3,
    highest: Annotated[float, typer.Option("--to", help="Highest frequency, Hz.")] = 1e4,
    points: Annotated[int, typer.Option("--points", min=2, help="Number of frequencies.")] = 43,
    out: Out = None,
    plot: Plot = None,
) -> None:
    """Impedance spectrum of a CELL at rest."""
    import numpy as np

    from scalith.cell import read_cell, simulate_impedance
    from scalith.quantities import InputError

    require_endings(out, plot)
    if not 0.0 < lowest < highest:
        raise InputError("scalith cell impedance", "--from, --to", f"{lowest:g} to {highest:g} Hz", "positive and increasing")
    data = simulate_impedance(
        read_cell(cell), np.geomspace(lowest, highest, points), _fraction(state_of_charge), temperature=_kelvin(temperature)
    )
    table = titled_table(f"impedance at {_fraction(state_of_charge):.0%}", "frequency / Hz", "Re Z / mΩ", "Im Z / mΩ")
    shown = data.isel(frequency=np.unique(np.linspace(0, points - 1, min(points, 13)).astype(int)))
    for f, real, imaginary in zip(shown.frequency.values, shown.resistance.values, shown.reactance.values, strict=True):
        table.add_row(f"{f:.4g}", f"{1e3 * real:.4g}", f"{1e3 * imaginary:.4g}")
    console().print(table)
    _keep(data, out, plot)


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(help="A result (.nc), or a measurement as `scalith.lab.read_measurement` takes it.")],
    second: Annotated[Path, typer.Argument(help="What it is compared with.")],
    plot: Plot = None,
) -> None:
    """Compare two results over the time that both cover: voltage, temperature and the charge passed; or two spectra."""
    import numpy as np

    from scalith.quantities import InputError

    require_endings(None, plot)
    a, b = _result(first), _result(second)
    axis = "frequency" if "frequency" in a.dims else "time"
    if axis not in b.dims or axis not in a.dims:
        raise InputError(str(second), "", "another kind of result", f"one over {axis}, as {first}")
    x, y = a[axis].values, b[axis].values
    if axis == "time":
        x, y = x - x[0], y - y[0]
    low, high = max(x.min(), y.min()), min(x.max(), y.max())
    at = np.unique(np.concatenate([x, y]))
    at = at[(at >= low) & (at <= high)]
    if at.size < 2:
        raise InputError(str(second), axis, f"{y.min():g} to {y.max():g}", f"some of {x.min():g} to {x.max():g}, as {first}")
    table = titled_table(
        f"{second.name} against {first.name}, {axis} {low:.4g} to {high:.4g}", "", "rms", "largest", "there", "unit"
    )
    for name in ("voltage", "temperature", "current", "capacity", "resistance", "reactance"):
        if name in a and name in b and a[name].dims == (axis,) == b[name].dims:
            difference = _at(at, y, b[name].values, axis) - _at(at, x, a[name].values, axis)
            worst = int(np.argmax(np.abs(difference)))
            rms = float(np.sqrt(np.mean(difference**2)))
            unit = a[name].attrs.get("units", "")
            table.add_row(name, f"{rms:.4g}", f"{difference[worst]:.4g}", f"{at[worst]:.6g}", unit)
    if not table.rows:
        raise InputError(str(second), "", "nothing that both have", "voltage, temperature, resistance, … in both")
    console().print(table)
    if plot is not None:
        names = ("nyquist", "bode") if axis == "frequency" else ("voltage", "current")
        save_figure(b.plot(*names, label=second.name, figure=a.plot(*names, label=first.name)), plot)


def _result(path: Path) -> Result:
    from scalith.quantities import read_results

    if path.suffix in (".nc", ".nc4", ".netcdf"):
        return read_results(path)
    from scalith.lab import read_measurement

    return read_measurement(path)


def _at(at: Any, x: Any, values: Any, axis: str) -> Any:
    """Values between the points of a curve: linear in time, in the logarithm of a frequency."""
    import numpy as np

    order = np.argsort(x, kind="stable")
    if axis == "frequency":
        at, x = np.log(at), np.log(x)
    return np.interp(at, x[order], values[order])


def _fraction(text: str) -> float:
    from scalith.quantities import parse_quantity

    return parse_quantity(text, "1", where="--soc")


def _kelvin(text: str | None) -> float | None:
    from scalith.quantities import parse_quantity

    return None if text is None else parse_quantity(text, "K", where="--temperature")


def _print_steps(data: Result) -> None:
    """One line a step: when it ended, at what voltage, what passed, and why."""
    import numpy as np

    changed = np.diff(data.step.values) != 0
    changed |= np.diff(data.cycle.values) != 0
    ends = np.append(np.flatnonzero(changed), data.time.size - 1)
    table = titled_table("", "cycle", "step", "ended at / s", "voltage / V", "charge / A h", "why")
    before = 0.0
    for end, reason in zip(ends, data.step_reason.values, strict=True):
        charge = float(data.capacity[end])
        cycle, step = int(data.cycle[end]) + 1, int(data.step[end]) + 1
        volts, passed = f"{float(data.voltage[end]):.4f}", f"{(charge - before) / 3600.0:.5g}"
        table.add_row(str(cycle), str(step), f"{float(data.time[end]):.6g}", volts, passed, str(reason))
        before = charge
    console().print(table)


def require_endings(out: Path | None, plot: Path | None) -> None:
    """Before anything is computed: can the files be written as what they are named?"""
    from scalith.quantities import InputError

    for option, path, endings in (("--out", out, (".nc", ".csv")), ("--plot", plot, (".png", ".svg", ".pdf"))):
        if path is not None and path.suffix not in endings:
            raise InputError(option, "", str(path), f"a name that ends in {' or '.join(endings)}")


def _keep(data: Result, out: Path | None, plot: Path | None) -> None:
    from scalith.quantities import write_results

    if out is not None and out.suffix == ".csv":
        from scalith.cell import write_battery_data

        write_battery_data(data, out)
    elif out is not None:
        write_results(data, out)
    if out is not None:
        console().print(f"result written to {out}", highlight=False)
    if plot is not None:
        save_figure(data.plot(), plot)


def save_figure(figure: Any, path: Path) -> None:
    """Write a picture, whole or not at all, and say where."""
    from scalith.quantities import whole_file

    with whole_file(path) as temporary:
        figure.savefig(temporary, format=path.suffix[1:], dpi=150)
    console().print(f"picture written to {path}", highlight=False)


def titled_table(title: str, *columns: str) -> Any:
    """A table for the terminal."""
    from rich.table import Table

    table = Table(title=title or None)
    for column in columns:
        table.add_column(column)
    return table


def console() -> Any:
    """What results are printed on."""
    from rich.console import Console

    return Console()
