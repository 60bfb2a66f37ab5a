"""Entries of a ledger in lines of a terminal."""

from __future__ import annotations

from scalith.ladder import Entry


def entry_line(entry: Entry) -> str:
    """What was found and where it comes from, in one line with the terminal's markup."""
    from rich.markup import escape

    from scalith.ladder.marks import own_marks

    error = f" ± {entry.standard_error:.2g}" if entry.standard_error else ""
    of = f" ({entry.value_of})" if entry.value_of else ""
    value = f"{entry.value:.6g}{error} {entry.unit}{of}; " if entry.value is not None else ""
    scatter = f"; scatter {entry.scatter}" if entry.scatter else ""
    origin = ", ".join(
        [
            entry.source.kind if entry.source else entry.origin,
            *(mark for mark in own_marks(entry) if mark != "assumed"),
        ]
    )
    by = f", {entry.source.by}" if entry.source and entry.source.by else ""
    found = f"[cyan]{escape(value)}{escape(entry.headline + scatter)}[/cyan]"
    return f"[bold]{entry.quantity}[/bold] {found} [dim]({origin}{escape(by)}; {entry.digest[:12]})[/dim]"


def source_lines(entry: Entry) -> list[str]:
    """Reference, note and files of an entry."""
    from rich.markup import escape

    if entry.source is None:
        return []
    lines = []
    if entry.source.reference:
        lines.append(f"[green]{entry.source.kind}:[/green] {escape(entry.source.reference)}")
    if entry.source.reference_state:
        lines.append(f"reference state: {escape(entry.source.reference_state)}")
    if entry.source.note:
        lines.append(f"[yellow]note:[/yellow] {escape(entry.source.note)}")
    if entry.results:
        lines.append(f"taken from the results {escape(entry.results)}, {escape(entry.quantity_there)} there")
    lines += [f"file {escape(item.name)} [dim]({item.digest[:12]})[/dim]" for item in entry.source.files]
    return lines
