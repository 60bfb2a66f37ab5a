"""One self-contained HTML page of a climb: it works offline and needs nothing beside it."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from scalith.ladder import Entry, Ledger, read_entry
from scalith.ladder.marks import own_marks
from scalith.ladder.rungs.several_hosts import HostExpansions
from scalith.lattice import ClusterExpansion, SpeciesExpansion
from scalith.quantities import Property, read_results, write_text
from scalith.quantities.constants import BOLTZMANN_EV
from scalith.report.axes import settled
from scalith.report.cards import figure_place, ledger_table, link, quantity_card, settings_card, words_of
from scalith.report.figures import MAIN, figures_of
from scalith.report.ladder_picture import COLOURS, ladder_picture
from scalith.report.property_figures import Beside
from scalith.report.sensitivity_figures import cumulative_figure, tornado_figure
from scalith.report.summary import Found, Topic, summary

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

FILE = "report.html"
_SENSITIVITY = "page-sensitivity"
_SHARES = (tornado_figure, cumulative_figure)


def write_report(folder: str | Path, ledger: Ledger) -> Path:
    """Write ``report.html`` into a results folder.

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
    found = _read(Path(folder), ledger)
    write_text(path, page_of(found, plain_figures(found)))
    return path


def plain_figures(found: Found) -> dict[str, list[Any]]:
    """Every picture of the page as plain data, by quantity, then those of where the errors come from."""
    drawn = {name: pictures_of(name, found) for name in found.values}
    if found.sensitivity is not None:
        names = [str(name) for name in found.sensitivity["output"].values]
        shares = [draw(found.sensitivity, name) for name in names for draw in _SHARES]
        drawn[_SENSITIVITY] = [settled(figure) for figure in shares if figure is not None]
    return {name: [text_only(figure.to_plotly_json()) for figure in figures] for name, figures in drawn.items() if figures}


def pictures_of(name: str, found: Found) -> list[Figure]:
    """The pictures of a quantity, with its members, its measurement and the gaps of its material beside it."""
    material, dot, own = name.rpartition(".")
    members, measured, gaps = (
        found.members.get(name),
        found.values.get(f"{material}{dot}measured_{own}"),
        found.values.get(f"{material}{dot}phase_boundaries"),
    )
    beside = Beside(
        members if isinstance(members, Property) else None,
        measured if isinstance(measured, Property) else None,
        gaps if isinstance(gaps, xr.Dataset) and "region" in gaps.dims else None,
    )
    return figures_of(own, found.values[name], members if isinstance(members, xr.Dataset) else None, beside)


def page_of(found: Found, figures: Mapping[str, Any]) -> str:
    """The page of a ledger, its values and its pictures."""
    from plotly.utils import PlotlyJSONEncoder

    ledger = found.ledger
    quantities = [entry for entry in ledger.entries if entry.scale != "study"]
    words = {entry.quantity: words_of(entry, found.values.get(entry.quantity)) for entry in ledger.entries}
    scales = list(dict.fromkeys(entry.scale for entry in quantities))
    scales.sort(key=lambda scale: list(COLOURS).index(scale) if scale in COLOURS else len(COLOURS))
    known = {entry.quantity for entry in ledger.entries}
    parts = [
        _scale(scale, [entry for entry in quantities if entry.scale == scale], figures, words, known, ledger) for scale in scales
    ]
    return "\n".join(
        [
            "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>",
            "<meta name='viewport' content='width=device-width, initial-scale=1'><meta name='color-scheme' content='light dark'>",
            f"<title>{escape(ledger.title)}</title><style>{_file('page.css')}</style></head><body>",
            "<a class='skip' href='#page-summary'>Skip to the results</a>",
            f"<header><h1>{escape(ledger.title)}</h1><p>{len(quantities)} quantities ({escape(', '.join(scales))}) · ",
            f"Scalith {escape(ledger.version)} · study {escape(ledger.study)} <code>{escape(ledger.study_file[:12])}</code></p>",
            _navigation(scales, found.sensitivity is not None) + "</header><main>",
            _summary(found, known),
            "<section id='page-ladder'><h2>The ladder</h2>",
            "<p>Atoms are at the bottom. Each box is a quantity with what was found; ",
            "the lines from its top lead to what it feeds. A dashed box was given, not computed. A click leads to its part of ",
            "this page.</p><div class='scroll' tabindex='0' role='region' aria-label='ladder'>",
            ladder_picture(ledger, words) + "</div></section>",
            *parts,
            _sensitivity(found.sensitivity, len(figures.get(_SENSITIVITY, []))),
            _settings(ledger),
            ledger_table(ledger),
            "</main><dialog id='page-trace' aria-labelledby='page-trace-title'><form method='dialog'>"
            "<button aria-label='close'>Close</button></form><h2 id='page-trace-title'></h2><div></div></dialog>",
            f"<script type='application/json' id='page-figures'>{_script(json.dumps(figures, cls=PlotlyJSONEncoder))}</script>",
            f"<script type='application/json' id='page-entries'>{_script(json.dumps(_traced(ledger, words)))}</script>",
            f"<script type='text/plain' id='page-plotly'>{packed_plotly()}</script>",
            f"<script>{_file('theme.js')}{_file('page.js')}</script></body></html>",
        ]
    )


def _read(folder: Path, ledger: Ledger) -> Found:
    values, members = {}, {}
    for entry in ledger.entries:
        if entry.file:
            values[entry.quantity] = read_entry(folder, entry.quantity, ledger=ledger).value
        if entry.file and entry.ensemble_file:
            data = read_results(folder / entry.ensemble_file)
            members[entry.quantity] = (
                Property.from_dataset(data, entry.ensemble_file) if isinstance(values[entry.quantity], Property) else data
            )
    shares = read_results(folder / ledger.sensitivity_file) if ledger.sensitivity_file else None
    return Found(ledger, values, members, shares)


def text_only(part: Any) -> Any:
    """A picture in which names are text: the plotting library reads `<` and `&` as markup."""
    if isinstance(part, str):
        return part.replace("&", "&amp;").replace("<", "&lt;")
    if isinstance(part, dict):
        return {key: text_only(item) for key, item in part.items()}
    if isinstance(part, (list, tuple)):
        return [text_only(item) for item in part]
    if isinstance(part, np.ndarray) and part.dtype.kind in "UO":
        return [text_only(item) for item in part.tolist()]
    return part


def _script(data: str) -> str:
    """A script element ends at "</script", and "<!--<script" keeps it from ending: no "<" of the data is written as such."""
    return data.replace("<", "\\u003c")


def _file(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def packed_plotly() -> str:
    """The plotting library, compressed: 2 MB in the page instead of 4.8."""
    from plotly.offline import get_plotlyjs

    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), 9, mtime=0)).decode()


def _navigation(scales: list[str], has_shares: bool) -> str:
    places = {"page-summary": "summary", "page-ladder": "ladder"} | {
        f"scale-{scale}": scale.replace("_", " ") for scale in scales
    }
    places |= {_SENSITIVITY: "errors"} if has_shares else {}
    places |= {"page-settings": "settings", "page-ledger": "ledger"}
    links = "".join(f"<a href='#{escape(place)}'>{escape(title)}</a>" for place, title in places.items())
    return f"<nav aria-label='parts of this page'>{links}</nav>"


def _summary(found: Found, known: set[str]) -> str:
    boxes = "".join(_topic(topic, found.ledger) for topic in summary(found))
    inside = f"<div class='summary'><div class='topics'>{boxes}</div>{_care(found, known)}</div>"
    return f"<section id='page-summary'><h2>Summary</h2>{inside}</section>"


def _topic(topic: Topic, ledger: Ledger) -> str:
    rows = []
    for line in topic.lines:
        unknown = " <span class='unknown'>(± not known)</span>" if line.value is not None and line.error is None else ""
        marks = _rests_on(ledger.entry(line.quantity))
        said = " class='said'" if line.value is None else ""
        data = "" if line.value is None else f" data-value='{line.value!r}' data-error='{line.error!r}'"
        rows.append(
            f"<dt>{escape(line.label)}</dt><dd{said} data-quantity='{escape(line.quantity)}'{data}>"
            f"<a href='#{escape(line.quantity)}'>{escape(line.words)}</a>{unknown}{marks}</dd>"
        )
    return f"<article><h3>{escape(topic.title)}</h3><dl>{''.join(rows)}</dl></article>"


_MARKS = {"upper bound": "an upper bound", "carried over": "values carried over a gap", "assumed": "assumed values"}


def _rests_on(entry: Entry) -> str:
    """In one line: what the number is instead of an estimate, or has below it."""
    own = [_MARKS.get(mark, mark) for mark in own_marks(entry)]
    below = [_MARKS.get(mark, mark) for mark, names in entry.marks.items() if entry.quantity not in names]
    said = [words for words in (", ".join(own), f"rests on {' and '.join(below)}" if below else "") if words]
    return f"<small class='marks'>{escape('; '.join(said))}</small>" if said else ""


def _care(found: Found, known: set[str]) -> str:
    """What a reader must know before using a number: bounds, assumptions, warnings, what an ensemble lost."""
    ledger = found.ledger
    items = []
    for mark, said in (
        ("upper bound", "Upper bounds"),
        ("assumed", "Assumed, without a measurement or a paper"),
        ("carried over", "Carried over states that do not exist"),
    ):
        own = [entry.quantity for entry in ledger.entries if entry.quantity in entry.marks.get(mark, ())]
        resting = sum(mark in entry.marks for entry in ledger.entries) - len(own)
        if own:
            names = ", ".join(link(name, known) for name in own)
            items.append(f"<li><b>{said}:</b> {names}; {resting} other quantities rest on them</li>")
    for entry in ledger.entries:
        value = found.values.get(entry.quantity)
        attributes = value.attrs if isinstance(value, xr.Dataset) else {}
        warnings = [str(words) for words in np.atleast_1d(attributes.get("warnings", [])) if str(words)]
        items += [f"<li><b>Warning</b> of {link(entry.quantity, known)}: {escape(words)}</li>" for words in warnings]
        fits = value.expansions.values() if isinstance(value, HostExpansions) else [value]
        for fit in fits:
            if isinstance(fit, ClusterExpansion | SpeciesExpansion):
                items += _coarse_energies(fit, link(entry.quantity, known))
    reasons = {
        item.reason: [other.member for other in ledger.failed_members if other.reason == item.reason]
        for item in ledger.failed_members
    }
    for reason, members in reasons.items():
        items.append(
            f"<li><b>{len(members)} members of the ensemble failed</b> ({', '.join(map(str, members))}): {escape(reason)}</li>"
        )
    if 0 < found.draws < 20:
        spread = f"{100 / np.sqrt(2 * (found.draws - 1)):.0f} %" if found.draws > 1 else "all of itself"
        items.append(
            f"<li><b>Few members:</b> a ± over {found.draws} members is itself uncertain by {spread}, "
            "and a 5 % or 95 % quantile has not settled</li>"
        )
    if not found.members:
        more = "<code>scalith run STUDY --draws 20</code> carries all errors up"
        items.append(f"<li><b>No ensemble:</b> a ± is that of its own step; {more}</li>")
    return f"<aside aria-label='read with care'><h3>Read with care</h3><ul>{''.join(items)}</ul></aside>"


def _coarse_energies(expansion: ClusterExpansion | SpeciesExpansion, linked: str) -> list[str]:
    # What an expansion misses by more than the thermal energy of a site, Monte Carlo cannot tell.
    errors = {"one": expansion.leave_one_out_error, **expansion.grouped_error}
    left_out = max(errors, key=lambda name: errors[name])
    missed, thermal = 1e3 * errors[left_out] / expansion.host.working.size, 1e3 * BOLTZMANN_EV * 298.15
    if missed <= thermal:
        return []
    another = {"composition": "composition", "supercell": "size of the supercell", "given": "group of yours"}
    which = "each ordering from all others" if left_out == "one" else f"orderings from those of another {another[left_out]}"
    words = (
        f"predicts {which} to within {missed:.0f} meV per site of the ion, above the thermal energy ({thermal:.0f} meV at 25 °C)"
    )
    return [f"<li><b>Coarse energies:</b> {linked} {words}: steps, orders and phases of less energy are not told</li>"]


def _scale(
    scale: str, entries: list[Entry], figures: Mapping[str, Any], words: Mapping[str, str], known: set[str], ledger: Ledger
) -> str:
    """The picture of the scale, then a card for each of its quantities."""
    colour = COLOURS.get(scale, "#555b66")
    main = next(
        (
            shown
            for name in MAIN.get(scale, ())
            if (shown := [e for e in entries if e.quantity.rpartition(".")[2] == name and e.quantity in figures])
        ),
        [],
    )
    keys = "".join(
        f"<figure><figcaption>{link(entry.quantity, known)}</figcaption>{figure_place(entry.quantity, 0, entry.title)}</figure>"
        for entry in main
    )
    cards = []
    for entry in entries:
        pictures = range(1 if entry in main else 0, len(figures.get(entry.quantity, [])))
        feeds = [other.quantity for other in ledger.entries if entry.quantity in other.parents]
        cards.append(quantity_card(entry, words[entry.quantity], pictures, feeds, known))
    title = f"<h2 id='scale-{escape(scale)}'>{escape(scale.replace('_', ' ').capitalize())}</h2>"
    inside = f"{title}<div class='main'>{keys}</div><div class='cards'>{''.join(cards)}</div>"
    return f"<section style='--scale:{colour}'>{inside}</section>"


def _sensitivity(data: xr.Dataset | None, pictures: int) -> str:
    """Where the errors come from: a sentence for each number of the targets, then its pictures."""
    if data is None:
        return ""
    said = "".join(f"<li>{escape(str(words))}</li>" for words in np.atleast_1d(data.attrs["sentences"]))
    ways = {
        "pairs": "pairs of members",
        "polynomial": "a polynomial fitted to the members",
        "gaussian process": "a Gaussian process fitted to the members",
    }
    taken = " and by ".join(words for method, words in ways.items() if method in data["method"].values)
    about = f"Shares of the variance by {taken}, with standard errors of the shares."
    places = "".join(f"<figure>{figure_place(_SENSITIVITY, k, 'what an error comes from')}</figure>" for k in range(pictures))
    return (
        f"<section id='{_SENSITIVITY}'><h2>What the errors come from</h2><p>{about}</p><ul>{said}</ul>"
        f"<div class='main'>{places}</div></section>"
    )


def _settings(ledger: Ledger) -> str:
    sections = [entry for entry in ledger.entries if entry.origin == "study"]
    cards = []
    for section in sections:
        fields = [e for e in ledger.entries if e.origin == "setting" and e.quantity in section.parents]
        cards.append(settings_card(section, fields))
    return (
        "<section id='page-settings'><h2>Settings</h2><p>Every number of the study, those that it leaves to their defaults "
        f"included.</p><div class='cards'>{''.join(cards)}</div></section>"
    )


def _traced(ledger: Ledger, words: Mapping[str, str]) -> dict[str, Any]:
    """What the panel of a number's origin shows, by quantity."""
    return {
        entry.quantity: {
            "found": words[entry.quantity],
            "kind": entry.source.kind if entry.source and entry.origin != "setting" else entry.origin,
            "source": (entry.source.reference or entry.source.by) if entry.source else "",
            "note": entry.source.note if entry.source else "",
            "files": [item.name for item in entry.source.files] if entry.source else [],
            "parents": list(entry.parents),
        }
        for entry in ledger.entries
    }
