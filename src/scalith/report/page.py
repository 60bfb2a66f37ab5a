"""One self-contained HTML page of a climb: it works offline and needs nothing beside it."""

from __future__ import annotations

import base64
import gzip
import json
from html import escape
from pathlib import Path
from typing import Any

from scalith.ladder import Entry, Ledger, read_entry, rungs
from scalith.quantities import write_text
from scalith.report.figures import figure_of
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
    stamp = f"<!-- ledger {ledger.stamp} -->"
    if path.is_file() and stamp in path.read_text(encoding="utf-8")[:400]:
        return path
    figures: dict[str, Any] = {}
    for entry in ledger.entries:
        if not entry.file:
            continue
        figure = figure_of(entry.quantity, read_entry(folder, entry.quantity).value)
        if figure is not None:
            figures[entry.quantity] = figure.to_plotly_json()
    write_text(path, _page(ledger, figures, stamp))
    return path


def _page(ledger: Ledger, figures: dict[str, Any], stamp: str) -> str:
    from plotly.utils import PlotlyJSONEncoder

    quantities = [entry for entry in ledger.entries if entry.origin != "study"]
    scales = list(dict.fromkeys(entry.scale for entry in quantities))
    scales.sort(key=lambda scale: list(COLOURS).index(scale) if scale in COLOURS else len(COLOURS))
    parts = [_section(scale, [entry for entry in quantities if entry.scale == scale], figures) for scale in scales]
    # A script element ends at the first "</": the slash is written so that data can never end it.
    data = json.dumps(figures, cls=PlotlyJSONEncoder).replace("</", "<\\/")
    return "\n".join(
        [
            f"<!doctype html>\n{stamp}\n<html lang='en'><head><meta charset='utf-8'>",
            "<meta name='viewport' content='width=device-width, initial-scale=1'>",
            f"<title>{escape(ledger.title)}</title><style>{_STYLE}</style></head><body>",
            f"<header><h1>{escape(ledger.title)}</h1><p>{len(quantities)} quantities, from atoms to pack · Scalith {escape(ledger.version)} · ",
            f"study {escape(ledger.study)} <code>{escape(ledger.study_file[:12])}</code></p></header><main>",
            "<section><h2>The ladder</h2><p>Each box is a quantity with what was found; a dashed box was given, not computed. ",
            "A click leads to its part of this page.</p><div class='scroll'>" + ladder_picture(ledger) + "</div></section>",
            *parts,
            _table(ledger),
            "</main>",
            f"<script type='application/json' id='figures'>{data}</script>",
            f"<script type='text/plain' id='plotly'>{_plotly()}</script>",
            f"<script>{_SCRIPT}</script></body></html>",
        ]
    )


def _plotly() -> str:
    """The plotting library, compressed: 2 MB in the page instead of 4.8."""
    from plotly.offline import get_plotlyjs

    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), 9, mtime=0)).decode()


def _section(scale: str, entries: list[Entry], figures: dict[str, Any]) -> str:
    colour = COLOURS.get(scale, "#555b66")
    cards = "\n".join(_card(entry, entry.quantity in figures) for entry in entries)
    return f"<section style='--scale:{colour}'><h2 id='scale-{escape(scale)}'>{escape(scale.capitalize())}</h2><div class='cards'>{cards}</div></section>"


def _card(entry: Entry, pictured: bool) -> str:
    rung = rungs().get(entry.quantity)
    kind = entry.source.kind if entry.source else entry.origin
    lines = [f"<p class='found'>{escape(entry.headline)}</p>"]
    if entry.standard_error:
        lines.append(f"<p>standard error at mid-domain: {entry.standard_error:.3g} {escape(entry.unit)}</p>")
    if rung is not None:
        lines.append(f"<p class='doc'>{escape(rung.doc)}</p>")
    if entry.source is not None:
        for label, text in (
            ("source", entry.source.reference or entry.source.by),
            ("reference state", entry.source.reference_state),
            ("mind", entry.source.note),
        ):
            if text:
                lines.append(f"<p class='source'><b>{label}:</b> {escape(text)}</p>")
    if entry.parents:
        links = ", ".join(f"<a href='#{escape(name)}'>{escape(name)}</a>" for name in entry.parents)
        lines.append(f"<p class='source'><b>from:</b> {links}</p>")
    picture = f"<div class='figure' data-figure='{escape(entry.quantity)}'></div>" if pictured else ""
    return (
        f"<article id='{escape(entry.quantity)}' class='{'wide' if pictured else ''}'><h3>{escape(entry.title)}"
        f" <span class='kind {escape(kind)}'>{escape(kind)}</span></h3>{''.join(lines)}{picture}</article>"
    )


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
            ", ".join(entry.parents),
            f"{entry.seconds:.2f}" if entry.origin == "computed" else "",
            entry.digest[:12],
        ]
        name = "" if entry.origin == "study" else f" id='ledger-{escape(entry.quantity)}'"
        rows.append(f"<tr{name}>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    titles = ("scale", "quantity", "found", "value", "± error", "unit", "kind", "source", "files", "from", "seconds", "digest")
    head = "".join(f"<th>{title}</th>" for title in titles)
    return (
        "<section id='ledger'><h2>Ledger</h2><p>Every quantity with value (at the middle of its domain), error, source and parents.</p>"
        "<input id='search' type='search' placeholder='search the ledger' aria-label='search the ledger'>"
        f"<div class='scroll'><table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div></section>"
    )


_STYLE = """
:root{--ink:#1c232b;--soft:#4a5560;--line:#dde2e7}*{box-sizing:border-box}
body{margin:0;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:#f6f7f9}
header{background:#17222d;color:#fff;padding:28px 5vw}header h1{margin:0 0 4px;font-size:26px}header p{margin:0;color:#b9c4cf}
main{padding:12px 5vw 60px;max-width:1500px;margin:auto}h2{margin:34px 0 8px;border-left:5px solid var(--scale,#17222d);padding-left:10px}
.scroll{overflow-x:auto;background:#fff;border:1px solid var(--line);border-radius:10px}
svg.ladder{display:block;width:100%;min-width:900px;height:auto}svg a:hover rect{fill:#eef3f6}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(440px,1fr));gap:14px}
@media(max-width:560px){.cards{grid-template-columns:1fr}}
article{background:#fff;border:1px solid var(--line);border-top:3px solid var(--scale,#17222d);border-radius:10px;padding:12px 16px;min-width:0}
article:target{box-shadow:0 0 0 3px #f2c14e}h3{margin:0 0 4px;font-size:16px}.found{font-size:16px;font-weight:600;margin:2px 0}
.doc{margin:4px 0;color:var(--soft)}.source{margin:2px 0;font-size:13px;color:var(--soft);overflow-wrap:anywhere}
.kind{font-size:11px;font-weight:600;border-radius:9px;padding:1px 8px;background:#e4e9ee;color:#33404d;vertical-align:2px}
.kind.measured{background:#d9efdb}.kind.published{background:#dde6f8}.kind.assumed{background:#fbe8c8}
.figure{min-height:340px}#search{font:inherit;padding:7px 12px;border:1px solid var(--line);border-radius:8px;width:min(420px,100%);margin:6px 0}
table{border-collapse:collapse;width:100%;font-size:13px}th,td{text-align:left;padding:5px 9px;border-bottom:1px solid var(--line);vertical-align:top}
th{position:sticky;top:0;background:#eef1f4;cursor:pointer}td{max-width:330px;overflow-wrap:anywhere}code{font-size:12px}
@media print{.figure{break-inside:avoid}}
"""

_SCRIPT = """
(async () => {
  const search = document.getElementById('search');
  const rows = [...document.querySelectorAll('#ledger tbody tr')];
  search.addEventListener('input', () => {
    const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
    rows.forEach(r => { const t = r.textContent.toLowerCase(); r.hidden = !words.every(w => t.includes(w)); });
  });
  document.querySelectorAll('#ledger th').forEach((th, k) => th.addEventListener('click', () => {
    const text = r => r.cells[k].textContent, up = th.dataset.up !== '1'; th.dataset.up = up ? '1' : '';
    rows.sort((a, b) => { const x = parseFloat(text(a)), y = parseFloat(text(b));
      return (up ? 1 : -1) * (isNaN(x) || isNaN(y) ? text(a).localeCompare(text(b)) : x - y); })
      .forEach(r => r.parentNode.appendChild(r));
  }));
  const figures = JSON.parse(document.getElementById('figures').textContent);
  const places = [...document.querySelectorAll('.figure')];
  try {
    const packed = Uint8Array.from(atob(document.getElementById('plotly').textContent), c => c.charCodeAt(0));
    const text = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'))).text();
    const script = document.createElement('script'); script.textContent = text; document.head.appendChild(script);
    const draw = p => { const f = figures[p.dataset.figure];
      Plotly.newPlot(p, f.data, f.layout, {responsive: true, displaylogo: false}); };
    places.forEach(draw);
  } catch (error) {
    places.forEach(p => { p.textContent = 'This browser cannot draw the pictures (' + error + '); the data is in the results folder.'; });
  }
  document.body.dataset.drawn = 'yes';
})();
"""
