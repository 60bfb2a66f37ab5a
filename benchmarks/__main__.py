"""``python -m benchmarks [NAMES] [--json FILE] [--repeats N]``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.measuring import Measured, groups, measure, select_rows
from scalith.quantities import ScalithError, write_text


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure rows and print the table; 0 when all could be measured, 1 when one of ours failed, 2 for wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure Scalith and its peers in one run, by turns; the figures are medians.",
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"a group ({', '.join(groups())}), a row's name, or its beginning; all without"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE")
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="runs on each side (default: 5)")
    options = parser.parse_args(arguments)
    if options.repeats < 1:
        parser.error("--repeats: expected 1 or more")
    console = Console(width=None if sys.stdout.isatty() else 150)
    try:
        results = []
        for group, row in select_rows(options.names):
            with console.status(f"{group}: {row.name}"):
                results.append(measure(group, row, options.repeats))
        console.print(_table(results, options.repeats))
        for result in results:
            if result.error:
                console.print(f"[red]{result.row.name}[/] {escape(result.error)}", highlight=False)
            if result.row.note:
                console.print(f"[dim]{result.row.name}: {escape(result.row.note)}[/]", highlight=False)
        if options.json:
            write_text(options.json, json.dumps([result.to_plain() for result in results], indent=1, ensure_ascii=False) + "\n")
    except ScalithError as error:
        print(error, file=sys.stderr)
        return 2
    return 1 if any(result.error for result in results) else 0


def _table(results: list[Measured], repeats: int) -> Table:
    table = Table(caption=f"medians of {repeats}; the ratio says how many times better ours is", caption_justify="left")
    for title in ("group", "name", "peer"):
        table.add_column(title, overflow="fold")
    for title in ("ours", "peer's", "ratio", "target"):
        table.add_column(title, justify="right")
    for result in results:
        row = result.row
        target = " ".join(
            [f"{_figure(row.target)} {row.unit}"] * (row.target is not None)
            + [f"× {_figure(row.target_ratio)}"] * (row.target_ratio is not None)
        )
        if result.target_met is not None:
            target = f"[green]{target}[/]" if result.target_met else f"[red]{target} missed[/]"
        table.add_row(
            result.group,
            row.name,
            escape(f"{row.peer} {result.peer_version}".strip()),
            "failed" if result.error else f"{_figure(result.our_median)} {row.unit}",
            escape(result.peer_state) or (f"{_figure(result.their_median)} {row.unit}" if row.theirs else ""),
            _figure(result.ratio) if row.theirs else "",
            target,
        )
    return table


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


if __name__ == "__main__":
    sys.exit(main())
