"""``python -m validation [IDs] [--json FILE] [--gallery DIR] [--quick]``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from scalith.quantities import ScalithError, write_text
from validation.gallery import number, write_gallery
from validation.running import Outcome, find_cases, run_case, select_cases


def main(arguments: Sequence[str] | None = None) -> int:
    """Run cases, print the table, write what was asked for; 0 when every case holds, 1 when one fails, 2 for wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python -m validation",
        description="Run numbered cases against exact solutions, published figures and measurements.",
    )
    parser.add_argument("ids", nargs="*", metavar="ID", help="cases to run, such as L02; without any: all, the long ones too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every check and comparison to FILE")
    parser.add_argument("--gallery", type=Path, metavar="DIR", help="write a page with pictures for each case to DIR")
    parser.add_argument("--quick", action="store_true", help="without IDs: leave out the cases that take more than a few seconds")
    parser.add_argument("--list", action="store_true", help="only say which cases there are")
    parser.add_argument("--debug", action="store_true", help="show the traceback of a case that stopped")
    options = parser.parse_args(arguments)
    os.environ.setdefault("MPLBACKEND", "Agg")
    console = Console(width=None if sys.stdout.isatty() else 150)
    try:
        cases = find_cases()
        chosen = select_cases(cases, options.ids, quick=options.quick)
        if options.list:
            for case in chosen:
                console.print(f"{case.id}  {escape(case.title)}{'  (long)' if case.long else ''}", highlight=False)
            return 0
        outcomes = []
        for case in chosen:
            with console.status(f"{case.id} {escape(case.title)}"):
                outcomes.append(run_case(case))
        console.print(_table(outcomes))
        _say_failures(console, outcomes, debug=options.debug)
        if options.json:
            write_text(
                options.json, json.dumps([outcome.to_plain() for outcome in outcomes], indent=1, ensure_ascii=False) + "\n"
            )
        if options.gallery:
            write_gallery(options.gallery, cases, outcomes)
    except ScalithError as error:
        print(error, file=sys.stderr)
        return 2
    return 0 if all(outcome.ok for outcome in outcomes) else 1


def _table(outcomes: list[Outcome]) -> Table:
    failed = sum(not outcome.ok for outcome in outcomes)
    caption = f"{len(outcomes)} cases, {failed} failed; each shows its check under most strain (~ stated, not asserted)"
    table = Table(caption=caption, caption_justify="left")
    for title in ("id", "title", "quantity"):
        table.add_column(title, overflow="fold")
    for title in ("expected", "found", "tolerance", "seconds"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("ok")
    for outcome in outcomes:
        plain = outcome.to_plain()
        unit = f" [{plain['unit']}]" if plain["unit"] else ""
        tolerance = "~" if outcome.hardest is None and plain["quantity"] else number(plain["tolerance"])
        table.add_row(
            outcome.case.id,
            escape(outcome.case.title),
            escape((plain["quantity"] or "") + unit),
            number(plain["expected"]),
            number(plain["found"]),
            tolerance,
            f"{outcome.seconds:.1f}",
            "[green]ok[/]" if outcome.ok else "[red]FAILED[/]",
        )
    return table


def _say_failures(console: Console, outcomes: list[Outcome], *, debug: bool) -> None:
    for outcome in outcomes:
        if outcome.error:
            console.print(
                f"[red]{outcome.case.id}[/] {escape(outcome.trace if debug and outcome.trace else outcome.error)}",
                highlight=False,
            )
        for check in outcome.record.checks:
            if not check.ok:
                unit = f" {check.unit}" if check.unit else ""
                wanted = f"{number(check.expected)} ± {number(check.tolerance)}"
                text = f"{check.quantity}: found {number(check.found)}{unit}, expected {wanted}"
                console.print(f"[red]{outcome.case.id}[/] {escape(text)}", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
