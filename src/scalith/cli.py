"""``scalith``: climb a study, trace a value, show the ladder, start a study."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from scalith.cell_commands import app as cell_app
from scalith.lab_commands import app as lab_app

if TYPE_CHECKING:
    from concurrent.futures import Executor

app = typer.Typer(
    help="From the energy of a few atoms to the heat of a pack: one ladder, with errors and provenance at each rung.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(cell_app, name="cell")
app.add_typer(lab_app, name="lab")

USER_ERROR = 2
INTERRUPTED = 130

_debug = False

Scheduler = Annotated[str | None, typer.Option("--scheduler", help="Address of a Dask cluster to send independent work to.")]
Reweight = Annotated[
    bool | None,
    typer.Option(
        "--reweight/--no-reweight",
        help="Members re-weight what the nominal climb sampled, where they lie close enough; default: as the study says.",
    ),
]
AllowCode = Annotated[
    bool, typer.Option("--allow-code", help="Run the Python files that the study names as its own rungs, if you trust them.")
]


def _version(show: bool) -> None:
    if show:
        from scalith import __version__

        typer.echo(f"scalith {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    global _debug
    _debug = debug


@app.command()
def run(
    study: Annotated[Path, typer.Argument(help="Study file (TOML); 'scalith new' writes one to start from.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Results folder; default: results/NAME of the study.")] = None,
    until: Annotated[str | None, typer.Option("--until", "-u", help="Climb to this quantity only.")] = None,
    draws: Annotated[
        int | None,
        typer.Option("--draws", "-d", min=0, help="Climb so many members of an ensemble as well, for the scatter of results."),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", "-w", min=0, help="Processes for independent work; 0: threads, one for each core.")
    ] = 0,
    scheduler: Scheduler = None,
    plan: Annotated[
        str | None,
        typer.Option("--plan", help="How members are drawn: random, sobol or 'latin hypercube'; default: as the study says."),
    ] = None,
    reweight: Reweight = None,
    report: Annotated[bool, typer.Option("--report/--no-report", help="Write report.html.")] = True,
    allow_code: AllowCode = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Climb a STUDY: compute its quantities rung by rung, reuse what is finished, write results and a report.

    Interrupt it at any time (Ctrl-C): what was finished is kept, and the next run goes on from there.
    """
    global _debug
    _debug = _debug or debug
    from scalith.unchanged import note_finished, nothing_changed, results_folder_of

    folder = results_folder_of(study, out)
    asked = {"until": until, "draws": draws, "plan": plan, "reweight": reweight, "report": report}
    computed = None if allow_code else nothing_changed(study, folder, asked)
    if computed is not None:
        _console().print("nothing has changed since the last climb", highlight=False)
        _say_results(folder, computed, report)
        return
    from scalith.ladder import climb, read_study
    from scalith.ladder.member_draws import require_plan

    read = read_study(study, folder, allow_code=allow_code)
    drawn = None if plan is None else require_plan(plan)
    with _Progress() as listener, _pool(workers, scheduler) as executor:
        ledger = climb(
            read, folder, until=until, draws=draws, plan=drawn, reweight=reweight, executor=executor, listener=listener
        )
        if report:
            from scalith.report import write_report

            write_report(folder, ledger)
    computed = sum(entry.origin == "computed" for entry in ledger.entries)
    if not allow_code:
        note_finished(read, folder, asked, computed)
    _say_results(folder, computed, report)


@app.command()
def sensitivity(
    study: Annotated[Path, typer.Argument(help="Study file (TOML) with numbers that state an error.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Results folder; default: results/NAME of the study.")] = None,
    members: Annotated[int, typer.Option("--members", "-m", min=2, help="Members of the ensemble.")] = 64,
    method: Annotated[
        str | None,
        typer.Option("--method", help="pairs or polynomial; default: pairs where a member takes at most a second."),
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option("--group", "-g", help="Inputs that count as one: 'electrolyte=cell_specification.electrolyte.*'."),
    ] = None,
    plan: Annotated[str, typer.Option("--plan", help="How members are drawn: sobol, 'latin hypercube' or random.")] = "sobol",
    reweight: Reweight = None,
    workers: Annotated[int, typer.Option("--workers", "-w", min=0, help="Processes for independent work; 0: threads.")] = 0,
    scheduler: Scheduler = None,
    allow_code: AllowCode = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """What the errors of a STUDY's targets come from: shares of their variance among all that states an error."""
    global _debug
    _debug = _debug or debug
    from scalith.ladder import rank_inputs, read_ledger, read_study
    from scalith.ladder.member_draws import require_plan
    from scalith.quantities import InputError
    from scalith.report import write_report
    from scalith.unchanged import results_folder_of

    groups: dict[str, list[str]] = {}
    for stated in group or []:
        name, _, patterns = stated.partition("=")
        if not name or not patterns:
            raise InputError(
                "sensitivity", "--group", stated, "NAME=PATTERN,PATTERN such as 'electrolyte=cell_specification.electrolyte.*'"
            )
        groups[name] = [*groups.get(name, []), *patterns.split(",")]
    folder = results_folder_of(study, out)
    read = read_study(study, folder, allow_code=allow_code)
    drawn, how = require_plan(plan), cast("Literal['pairs', 'polynomial'] | None", method)
    with _Progress() as said, _pool(workers, scheduler) as pool:
        found = rank_inputs(
            read, folder, members=members, method=how, plan=drawn, groups=groups, reweight=reweight, executor=pool, listener=said
        )
        write_report(folder, read_ledger(folder))
    _say_shares(found)
    _console().print(f"report: {folder / 'report.html'}", highlight=False)


def _say_shares(found: Any) -> None:
    from rich.markup import escape
    from rich.table import Table

    for k, output in enumerate(found["output"].values):
        table = Table(title=str(output), title_justify="left", show_lines=False)
        for title in ("input", "alone", "with others"):
            table.add_column(title, overflow="fold")
        for i in found["total"].values[k].argsort()[::-1]:
            cells = [
                f"{100 * found[name].values[k, i]:.1f} ± {100 * found[f'{name}_error'].values[k, i]:.1f} %"
                for name in ("first_order", "total")
            ]
            table.add_row(escape(str(found["input"].values[i])), *cells)
        _console().print(table)
    sentences = found.attrs["sentences"]
    for words in [sentences] if isinstance(sentences, str) else sentences:
        _console().print(escape(str(words)), highlight=False)


@app.command("next")
def next_(
    target: Annotated[str, typer.Argument(help="A number of the targets, such as 'capacity at 2C', or a part of its name.")],
    candidates: Annotated[
        Path | None,
        typer.Option("--candidates", "-c", help="What could be done (TOML, [[candidate]]); default: each input once more."),
    ] = None,
    choose: Annotated[int, typer.Option("--choose", "-n", min=1, help="How many to choose together.")] = 1,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Results folder; default: the newest under results/.")] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """What to measure or compute next: how much each candidate narrows a TARGET, for its cost.

    It needs to know what the error comes from: 'scalith sensitivity STUDY', or 'scalith run STUDY --draws 64'.
    """
    global _debug
    _debug = _debug or debug
    from rich.markup import escape
    from rich.table import Table

    from scalith.design import rank_improvements, read_improvements
    from scalith.ladder import read_ledger
    from scalith.quantities import InputError, read_results

    folder = out if out is not None else _newest_results()
    ledger = read_ledger(folder)
    if not ledger.sensitivity_file:
        raise InputError(str(folder), "", "no shares of errors", "those of 'scalith sensitivity STUDY' or a run with --draws 64")
    asked = read_improvements(candidates) if candidates is not None else []
    found = rank_improvements(read_results(folder / ledger.sensitivity_file), target, asked, choose=choose)
    unit = f" {found['standard_error'].attrs['units']}".rstrip()
    table = Table(title=f"{found.attrs['target']}: ± {found.attrs['standard_error_now']:.3g}{unit} now", title_justify="left")
    for title in ("candidate", "± after it", "cost", "gain per cost", "chosen"):
        table.add_column(title, overflow="fold")
    for k in found["gain_per_cost"].values.argsort()[::-1]:
        error, cost, gain = (float(found[name].values[k]) for name in ("standard_error", "cost", "gain_per_cost"))
        place = int(found["order"].values[k])
        cells = (f"{error:.3g}{unit}", f"{cost:g}", f"{gain:.3g}", str(place) if place else "")
        table.add_row(escape(str(found["candidate"].values[k])), *cells)
    _console().print(table)


@app.command()
def trace(
    quantity: Annotated[str, typer.Argument(help="A quantity of the ledger, for example open_circuit_voltage.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Results folder; default: the newest under results/.")] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Where a value comes from: value, error and source of a QUANTITY, then its parents down to files and papers."""
    global _debug
    _debug = _debug or debug
    from rich.tree import Tree

    from scalith.ladder import read_ledger
    from scalith.report import entry_line, source_lines

    folder = out if out is not None else _newest_results()
    ledger = read_ledger(folder)
    branches: list[Any] = []
    for depth, entry, seen in ledger.ancestry(quantity, str(folder / "ledger.json"), folder):
        label = f"[bold]{entry.quantity}[/bold] [dim](above)[/dim]" if seen else entry_line(entry)
        del branches[depth:]
        branches.append(branches[depth - 1].add(label) if depth else Tree(label))
        if not seen:
            for line in source_lines(entry):
                branches[depth].add(line)
    _console().print(branches[0])


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(help="Results folder to compare with.")],
    after: Annotated[Path, typer.Argument(help="Results folder that is compared.")],
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """What changed between two climbs, from the settings to the pack: both values, the change, and what it comes from."""
    global _debug
    _debug = _debug or debug
    from rich.markup import escape
    from rich.table import Table

    from scalith.ladder import ledger_difference, read_ledger

    changes = ledger_difference(read_ledger(before), read_ledger(after))
    if not changes:
        _console().print("no difference: every setting and every quantity has the same digest")
        return
    table = Table(show_lines=False)
    for title in ("quantity", before.name or str(before), after.name or str(after), "change", "because of"):
        table.add_column(title, overflow="fold")
    for change in changes:
        cells = (change.quantity, change.shown("before"), change.shown("after"), change.words, ", ".join(change.because))
        table.add_row(*map(escape, cells))
    _console().print(table)


@app.command()
def export(
    crate: Annotated[Path, typer.Argument(help="Folder, or file ending in .zip, for the RO-Crate.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Results folder; default: the newest under results/.")] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Write the results of a climb as an RO-Crate: its files, and which was computed from which."""
    global _debug
    _debug = _debug or debug
    from scalith.ladder import export_research_object

    folder = out if out is not None else _newest_results()
    export_research_object(folder, crate)
    _console().print(f"RO-Crate written to {crate}")


@app.command()
def rungs(
    picture: Annotated[Path | None, typer.Option("--picture", "-p", help="Write the graph as SVG to this file.")] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """The ladder: every quantity, what it needs, and the sections of a study that set it."""
    global _debug
    _debug = _debug or debug
    from rich.table import Table

    from scalith.ladder import given_only, sections
    from scalith.ladder import rungs as all_rungs

    console = _console()
    table = Table(title="The ladder, bottom to top", show_lines=False)
    for title in ("scale", "quantity", "unit", "needs"):
        table.add_column(title, overflow="fold")
    for name, (scale, quantity, *_) in given_only().items():
        table.add_row(scale, f"[bold]{name}[/bold]", quantity.unit, f"[dim]\\[given][/dim]: {quantity.title}")
    for item in all_rungs().values():
        needs = ", ".join(f"\\[{name}]" if name in sections() else name for name in item.needs if name != "seed")
        table.add_row(item.scale, f"[bold]{item.name}[/bold]", item.quantity.unit, needs)
    console.print(table)
    console.print("Names in [ ] are sections of the study file; any quantity can be put under \\[given] instead.", style="dim")
    if picture is not None:
        from scalith.quantities import write_text
        from scalith.report import ladder_picture

        write_text(picture, ladder_picture())
        console.print(f"picture written to {picture}")


@app.command()
def report(
    folder: Annotated[Path | None, typer.Argument(help="Results folder; default: the newest under results/.")] = None,
    show: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    interactive: Annotated[
        bool,
        typer.Option("--interactive", help="Write interactive.html as well: knobs without a server, by interpolation."),
    ] = False,
    knob: Annotated[
        list[str] | None,
        typer.Option("--knob", "-k", help="NAME=LOW:HIGH or NAME=LOW:HIGH:NODES; a knob of that page, as the explorer names it."),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Write report.html of a results FOLDER again, from its ledger and its files: nothing is computed.

    With --interactive the study is climbed again at each node of a grid, in memory, for a page with knobs.
    """
    global _debug
    _debug = _debug or debug
    import webbrowser

    from scalith.ladder import read_ledger
    from scalith.report import write_report

    found = folder if folder is not None else _newest_results()
    page = write_report(found, read_ledger(found))
    _console().print(f"report: {page}", highlight=False, soft_wrap=True)
    if interactive or knob:
        page = _write_twin(found, knob or [])
        _console().print(f"interactive: {page}", highlight=False, soft_wrap=True)
    if show and not webbrowser.open(page.resolve().as_uri()):
        _console().print("no browser was found here: open the file above in one")


@app.command()
def explore(
    study: Annotated[
        Path | None, typer.Argument(help="Study file, or results folder of its climb; default: the newest under results/.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Results folder; default: results/NAME of the study.")] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port of this machine; 0: any free one.")] = 0,
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
    allow_code: Annotated[bool, typer.Option("--allow-code", help="Run the code that the study names, if you trust it.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Explore a STUDY on a local page: move its numbers, and see what follows, from the atoms to the pack. Ends with Ctrl-C.

    The page is served to this machine only, to whoever has the address with its token. Nothing is written outside the results
    folder.
    """
    global _debug
    _debug = _debug or debug
    import webbrowser

    from scalith.app import explore as serve

    asked = study if study is not None else _newest_results()
    if not asked.exists():
        from scalith.quantities import InputError

        raise InputError(str(asked), "", "no such file", "a study file, or the results folder of a climb")
    serving = serve(asked, out, port=port, allow_code=allow_code)
    console = _console()
    console.print(f"explorer: {serving.url}", highlight=False, soft_wrap=True)
    console.print("for this machine only; Ctrl-C ends it", style="dim")
    if show and not webbrowser.open(serving.url):
        console.print("no browser was found here: open the address above in one")
    try:
        serving.wait()
    finally:
        serving.stop()


@app.command()
def new(
    path: Annotated[
        Path | None, typer.Argument(help="Study file to write; default: study.toml, or EXAMPLE.toml with --example.")
    ] = None,
    example: Annotated[
        str | None,
        typer.Option(
            "--example",
            "-e",
            help="Which one: ageing, composite_cathode, designed_electrode, full_cell, lco_rate, lfp (without it), "
            "lfp_hysteresis, lixmn2o4, lixnio2, module_safety, solid_state.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Write a commented study to start from: it runs as it stands, with data that comes with the package."""
    global _debug
    _debug = _debug or debug
    from scalith.quantities import InputError, nearest, shipped, write_text

    known = {file.stem: file for file in sorted(shipped("studies/lfp.toml").parent.glob("*.toml"))}
    name = (example or "lfp").removesuffix(".toml")
    if name not in known:
        raise InputError("new", "--example", name, nearest(name, known))
    target = path if path is not None else Path("study.toml" if example is None else f"{name}.toml")
    if target.exists() and not force:
        raise InputError(str(target), "", "a file that is there already", "a new name, or --force to overwrite it")
    write_text(target, known[name].read_text(encoding="utf-8"))
    _console().print(f"{target} written; climb it with  scalith run {target}", soft_wrap=True)


def _write_twin(folder: Path, knobs: list[str]) -> Path:
    from scalith.app.explorer import Explorer, read_study_of
    from scalith.app.twin import FILE, read_axes, write_twin

    explorer = Explorer(*read_study_of(folder))
    axes = read_axes(knobs, explorer)
    with _Progress() as listener:
        listener.started("interactive")
        return write_twin(explorer, axes, folder / FILE, lambda part, words: listener.advanced("interactive", part, words))


def main() -> None:
    """Entry point: a user's mistake is one sentence and exit code 2, never a traceback (one with ``--debug``)."""
    from scalith.quantities.errors import ScalithError

    try:
        code = app(standalone_mode=False)
    except ScalithError as error:
        _fail(error, USER_ERROR)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except Exception as error:
        # Wrong options and arguments: typer knows how to show them, with the command's usage.
        if not (hasattr(error, "show") and hasattr(error, "exit_code")):
            raise
        error.show()
        sys.exit(error.exit_code)
    if code == INTERRUPTED:  # typer turns Ctrl-C into this code
        _errors().print("interrupted: what was finished is kept; run the same command to go on")
    if isinstance(code, int) and code:
        sys.exit(code)


def _fail(error: Exception, code: int) -> None:
    if _debug:
        import traceback

        traceback.print_exception(error)
    from rich.markup import escape

    _errors().print(f"[bold red]error:[/bold red] {escape(str(error))}", soft_wrap=True, highlight=False)
    sys.exit(code)


def _console() -> Any:
    from rich.console import Console

    return Console()


def _errors() -> Any:
    from rich.console import Console

    return Console(stderr=True)


def _newest_results() -> Path:
    from scalith.quantities import InputError

    found = sorted(Path("results").glob("*/ledger.json"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise InputError("results", "", "no finished climb", "a results folder, named with --out, or made by 'scalith run STUDY'")
    return found[-1].parent


def _say_results(folder: Path, computed: int, report: bool) -> None:
    console = _console()
    console.print(f"{computed} quantities in {folder / 'quantities'}, ledger in {folder / 'ledger.json'}", highlight=False)
    if report:
        console.print(f"report: {folder / 'report.html'}", highlight=False)


class _Progress:
    """Which rung, how long, what it found: a line a rung, with a bar under way on a terminal."""

    def __enter__(self) -> _Progress:
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self.console = _console()
        self.bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<26}"),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[message]}"),
            console=self.console,
            transient=True,
        )
        self.task: Any = None
        self.done, self.total = 0, 0
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def planned(self, names: list[str]) -> None:
        self.total = len(names)

    def started(self, name: str) -> None:
        self.task = self.bar.add_task(name, total=1.0, message="")

    def advanced(self, name: str, fraction: float, message: str) -> None:
        if self.task is not None:
            self.bar.update(self.task, completed=fraction, message=message)

    def finished(self, name: str, seconds: float, headline: str, *, reused: bool) -> None:
        from rich.markup import escape

        if self.task is not None:
            self.bar.remove_task(self.task)
            self.task = None
        self.done += 1
        self.total = max(self.total, self.done)
        spent = "[dim]   cached[/dim]" if reused else f"{seconds:6.2f} s"
        self.console.print(
            f"[dim]{self.done:>2}/{self.total}[/dim] {spent}  [bold]{name:<26}[/bold] {escape(headline)}",
            highlight=False,
            soft_wrap=True,
        )

    def noted(self, message: str) -> None:
        from rich.markup import escape

        self.console.print(f"[yellow]note:[/yellow] {escape(message)}", highlight=False, soft_wrap=True)


@contextmanager
def _pool(workers: int, scheduler: str | None) -> Iterator[Executor | None]:
    """Where independent work goes: a Dask cluster, processes (started when first used), or threads of this process.

    Compiled kernels leave Python's lock, so threads are as fast as processes and spare their start.
    """
    if scheduler is not None:
        try:
            from distributed import Client
        except ImportError:
            from scalith.quantities import MissingDependencyError

            raise MissingDependencyError("dask.distributed", "--scheduler", "cluster") from None
        try:
            client = Client(scheduler)
        except (OSError, ValueError) as error:
            from scalith.quantities import InputError

            raise InputError("--scheduler", "", f"{scheduler!r} ({error})", "the address of a running Dask scheduler") from None
        with client:
            yield client.get_executor()
        return
    if workers == 0:
        yield None
        return
    from scalith.numerics.parallel_map import process_pool

    with process_pool(workers) as pool:
        yield pool


if __name__ == "__main__":
    main()
