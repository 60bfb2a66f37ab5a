"""One self-contained HTML page of a climb: it works offline and needs nothing beside it."""

from __future__ import annotations

import base64
import gzip
import json
from html import escape
from pathlib import Path
from typing import Any

import xarray as xr

from scalith.ladder import Entry, Ledger, read_entry, rungs
from scalith.quantities import digest, read_results, write_text
from scalith.report.figures import figures_of
from scalith.report.ladder_picture import COLOURS, ladder_picture

FILE = "report.html"


def write_report(folder: str | Path, ledger: Ledger) -> Path:
    """Write ``report.html`` into a results folder; a page that already shows this ledger is left as it is.

    Parameters
    ----------
    folder : path
        Results folder of the climb.
    ledger : Ledger
        What the climb returned.

    Returns
    -------
    pathlib.Path
        The page.
    """
    path = Path(folder) / FILE
    own = [item.read_bytes().hex() for item in sorted(Path(__file__).parent.iterdir()) if item.is_file()]
    stamp = f"<!-- ledger {ledger.stamp}, page {digest(own)} -->"
    if path.is_file() and stamp in path.read_text(encoding="utf-8")[:400]:
        return path
    figures: dict[str, Any] = {}
    for entry in ledger.entries:
        if not entry.file:
            continue
        value = read_entry(folder, entry.quantity).value
        members = None
        if entry.ensemble_file and isinstance(value, xr.Dataset):
            members = read_results(Path(folder) / entry.ensemble_file)
        drawn = figures_of(entry.quantity.rpartition(".")[2], value, members)
        if drawn:
            figures[entry.quantity] = [figure.to_plotly_json() for figure in drawn]
    write_text(path, _page(ledger, figures, stamp))
    return path


def _page(ledger: Ledger, figures: dict[str, Any], stamp: str) -> str:
    from plotly.utils import PlotlyJSONEncoder

    quantities = [entry for entry in ledger.entries if entry.scale != "study"]
    scales = list(dict.fromkeys(entry.scale for entry in quantities))
    scales.sort(key=lambda scale: list(COLOURS).index(scale) if scale in COLOURS else len(COLOURS))
    parts = [_section(scale, [entry for entry in quantities if entry.scale == scale], figures) for scale in scales]
    # A script element ends at "</script", and "<!--<script" keeps it from ending: no "<" of the data is written as such.
    data = json.dumps(figures, cls=PlotlyJSONEncoder).replace("<", "\\u003c")
    return "\n".join(
        [
            f"<!doctype html>\n{stamp}\n<html lang='en'><head><meta charset='utf-8'>",
            "<meta name='viewport' content='width=device-width, initial-scale=1'>",
            f"<title>{escape(ledger.title)}</title><style>{_beside('page.css')}</style></head><body>",
            f"<header><h1>{escape(ledger.title)}</h1><p>{len(quantities)} quantities, from atoms to pack · ",
            f"Scalith {escape(ledger.version)} · ",
            f"study {escape(ledger.study)} <code>{escape(ledger.study_file[:12])}</code></p></header><main>",
            "<section><h2>The ladder</h2><p>Each box is a quantity with what was found; a dashed box was given, not computed. ",
            "A click leads to its part of this page.</p><div class='scroll'>" + ladder_picture(ledger) + "</div></section>",
            *parts,
            _table(ledger),
            "</main>",
            f"<script type='application/json' id='figures'>{data}</script>",
            f"<script type='text/plain' id='plotly'>{_plotly()}</script>",
            f"<script>{_beside('page.js')}</script></body></html>",
        ]
    )


def _beside(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def _plotly() -> str:
    """The plotting library, compressed: 2 MB in the page instead of 4.8."""
    from plotly.offline import get_plotlyjs

    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), 9, mtime=0)).decode()


def _section(scale: str, entries: list[Entry], figures: dict[str, Any]) -> str:
    colour = COLOURS.get(scale, "#555b66")
    cards = "\n".join(_card(entry, len(figures.get(entry.quantity, []))) for entry in entries)
    title = f"<h2 id='scale-{escape(scale)}'>{escape(scale.capitalize())}</h2>"
    return f"<section style='--scale:{colour}'>{title}<div class='cards'>{cards}</div></section>"


def _card(entry: Entry, pictures: int) -> str:
    rung = rungs().get(entry.quantity.rpartition(".")[2])
    kind = entry.source.kind if entry.source else entry.origin
    lines = [f"<p class='found'>{escape(entry.headline)}</p>"]
    if entry.standard_error:
        of = escape(entry.value_of or "value")
        lines.append(f"<p>standard error ({of}): {entry.standard_error:.3g} {escape(entry.unit)}</p>")
    if entry.error_parts:
        parts = ", ".join(f"{name} {error:.2g}" for name, error in entry.error_parts.items())
        lines.append(f"<p>of it: {escape(parts)} {escape(entry.unit)}</p>")
    if entry.scatter:
        lines.append(f"<p>scatter over the ensemble: {escape(entry.scatter)}</p>")
    if rung is not None:
        lines.append(f"<p class='doc'>{escape(rung.doc)}</p>")
    if entry.source is not None:
        for label, text in (
            ("source", entry.source.reference or entry.source.by),
            ("reference state", entry.source.reference_state),
            ("mind", entry.source.note),
        ):
            if text:
                lines.append(_said(label, text))
    for mark, names in entry.marks.items():
        if below := [name for name in names if name != entry.quantity]:
            links = ", ".join(f"<a href='#{escape(name)}'>{escape(name)}</a>" for name in below)
            lines.append(f"<p class='source'><b>rests on, {escape(mark)}:</b> {links}</p>")
    if entry.parents:
        links = ", ".join(f"<a href='#{escape(name)}'>{escape(name)}</a>" for name in entry.parents)
        lines.append(f"<p class='source'><b>from:</b> {links}</p>")
    name = escape(entry.quantity)
    picture = "".join(f"<div class='figure' data-figure='{name}' data-index='{index}'></div>" for index in range(pictures))
    return (
        f"<article id='{escape(entry.quantity)}' class='{'wide' if pictures else ''}'><h3>{escape(entry.title)}"
        f" <span class='kind {escape(kind)}'>{escape(kind)}</span>{_badges(entry, kind)}</h3>{''.join(lines)}{picture}</article>"
    )


def _badges(entry: Entry, kind: str) -> str:
    """What the value is instead of an estimate."""
    own = [mark for mark, names in entry.marks.items() if entry.quantity in names and mark != kind]
    return "".join(f" <span class='kind mark'>{escape(mark)}</span>" for mark in own)


def _said(label: str, text: str) -> str:
    """A line under a quantity; a long one opens on a click."""
    if len(text) <= 220:
        return f"<p class='source'><b>{label}:</b> {escape(text)}</p>"
    return f"<details class='source'><summary><b>{label}:</b> {escape(text[:140])}…</summary>{escape(text)}</details>"


def _table(ledger: Ledger) -> str:
    rows = []
    for entry in ledger.entries:
        value = "" if entry.value is None else f"{entry.value:.6g}"
        error = "" if entry.standard_error is None else f"{entry.standard_error:.2g}"
        kind = entry.source.kind if entry.source else ""
        origin = (entry.source.reference or entry.source.by) if entry.source else ""
        files = ", ".join(item.name for item in entry.source.files) if entry.source else ""
        cells = [
            entry.scale,
            entry.quantity,
            entry.headline,
            value,
            error,
            entry.unit,
            kind,
            origin,
            files,
            "" if entry.origin == "study" else ", ".join(entry.parents),
            f"{entry.seconds:.2f}" if entry.origin == "computed" else "",
            entry.digest[:12],
        ]
        name = "" if entry.scale == "study" else f" id='ledger-{escape(entry.quantity)}'"
        rows.append(f"<tr{name}>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    titles = ("scale", "quantity", "found", "value", "± error", "unit", "kind", "source", "files", "from", "seconds", "digest")
    head = "".join(f"<th>{title}</th>" for title in titles)
    return (
        "<section id='ledger'><h2>Ledger</h2>"
        "<p>Every quantity and every setting with value (of a curve, at the middle of its domain), error, source and parents.</p>"
        "<input id='search' type='search' placeholder='search the ledger' aria-label='search the ledger'>"
        f"<div class='scroll'><table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div></section>"
    )
