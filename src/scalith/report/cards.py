"""Parts of the page: the card of a quantity, the card of a section's settings, the table of the whole ledger."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from html import escape
from typing import Any

import numpy as np

from scalith.ladder import Entry, Ledger, rungs
from scalith.ladder.marks import own_marks
from scalith.ladder.setting_entries import DEFAULT
from scalith.quantities import Property
from scalith.report.shown_units import between, number, shown_unit, with_error


def words_of(entry: Entry, value: Any = None) -> str:
    """What was found, in the units that people use; what is no property keeps the headline of its rung.

    Parameters
    ----------
    entry : Entry
    value : optional
        The value of the quantity.
    """
    if not isinstance(value, Property):
        return entry.headline
    if not value.coordinates:
        error = None if value.standard_error is None else float(value.error())
        return with_error(float(value()), error, value.unit)
    nodes = value.nominal.values
    over = []
    for dim, (low, high) in value.domain.items():
        if dim == "T":
            over.append(
                f"{number(low - 273.15, 3)} to {number(high - 273.15, 3)} °C" if low != high else f"{number(low - 273.15, 3)} °C"
            )
        elif dim == "c":
            over.append(between(low, high, "mol m-3"))
        else:
            over.append(f"{dim} {low:.2g}–{high:.2g}")
    return f"{between(float(np.nanmin(nodes)), float(np.nanmax(nodes)), value.unit)} over {', '.join(over)}"


def quantity_card(entry: Entry, words: str, pictures: Sequence[int], feeds: Sequence[str], known: Collection[str]) -> str:
    """One quantity: what was found, its error, its source, what it rests on and feeds, its pictures.

    Parameters
    ----------
    entry : Entry
    words : str
        What was found.
    pictures : sequence of int
        Numbers of its pictures that are drawn here.
    feeds : sequence of str
        Quantities that are computed from it.
    known : collection of str
        What has a place on the page: a link leads there.
    """
    kind = entry.source.kind if entry.source else entry.origin
    unit = shown_unit(entry.unit)
    lines = [f"<p class='found'>{escape(words)}</p>"]
    if entry.standard_error and entry.value is not None:
        of = escape(entry.value_of or "value")
        lines.append(f"<p>{of}: {escape(with_error(entry.value, entry.standard_error, entry.unit))}</p>")
    if entry.error_parts:
        parts = ", ".join(f"{name} {number(error * unit.factor, 2)}" for name, error in entry.error_parts.items())
        lines.append(f"<p>of the error: {escape(parts)} {escape(unit.of_a_difference)}</p>")
    if entry.scatter:
        lines.append(f"<p>scatter over the ensemble: {escape(entry.scatter)}</p>")
    rung = rungs().get(entry.quantity.rpartition(".")[2])
    if rung is not None:
        lines.append(f"<p class='doc'>{escape(rung.doc)}</p>")
    if entry.source is not None:
        for label, text in (
            ("source", entry.source.reference or entry.source.by),
            ("reference state", entry.source.reference_state),
            ("note", entry.source.note),
        ):
            if text:
                lines.append(_said(label, text))
    for mark, names in entry.marks.items():
        if below := [name for name in names if name != entry.quantity]:
            lines.append(_links(f"rests on, {mark}", below, known))
    if entry.parents:
        lines.append(_links("from", entry.parents, known))
    if feeds:
        lines.append(_links("feeds", feeds, known))
    if entry.file:
        lines.append(f"<p class='source'><b>data:</b> <code>{escape(entry.file)}</code></p>")
    head = f"{escape(entry.title)} <span class='kind {escape(kind)}'>{escape(kind)}</span>{_badges(entry, kind)}"
    body = f"{''.join(lines)}{_trace_button(entry.quantity)}{_pictures(entry, pictures)}"
    return f"<article id='{escape(entry.quantity)}'><h3>{head}</h3>{body}</article>"


def figure_place(quantity: str, index: int, title: str) -> str:
    """The element that a picture is drawn into."""
    return (
        f"<div class='figure' data-figure='{escape(quantity)}' data-index='{index}' role='img' "
        f"aria-label='Figure: {escape(title)}'></div>"
    )


def settings_card(section: Entry, fields: Sequence[Entry]) -> str:
    """The numbers of one section of the study, those that were not stated included."""
    start = len(section.quantity) + 1
    groups: dict[str, list[Entry]] = {}
    for field in fields:
        groups.setdefault(field.quantity[start:].rpartition(".")[0], []).append(field)
    bodies = []
    for group, members in groups.items():
        head = f"<tr><th colspan='2' scope='rowgroup'>{escape(_spaced(group))}</th></tr>" if group else ""
        rows = "".join(_setting(field) for field in members)
        bodies.append(f"<tbody>{head}{rows}</tbody>")
    return (
        f"<article id='{escape(section.quantity)}' class='settings'><h3><code>[{escape(section.quantity)}]</code></h3>"
        f"{'<table>' + ''.join(bodies) + '</table>' if bodies else '<p>nothing stated</p>'}</article>"
    )


def ledger_table(ledger: Ledger) -> str:
    """Every entry of the ledger, in SI, searchable and sortable."""
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
    head = "".join(f"<th scope='col' aria-sort='none'><button type='button'>{title}</button></th>" for title in titles)
    return (
        "<section id='page-ledger'><h2>Ledger</h2>"
        "<p>Every quantity and every setting with value (of a curve, at the middle of its domain), error, source and parents, "
        "in SI units as in <code>ledger.json</code>.</p>"
        "<input id='page-search' type='search' placeholder='search the ledger' aria-label='search the ledger'>"
        "<div class='scroll' tabindex='0' role='region' aria-label='ledger'><table id='ledger-table'>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div></section>"
    )


def link(name: str, known: Collection[str]) -> str:
    """A name, as a link where the page has a place for it."""
    shown = escape(_spaced(name))
    return f"<a href='#{escape(name)}'>{shown}</a>" if name in known else shown


def _links(label: str, names: Collection[str], known: Collection[str]) -> str:
    return f"<p class='source'><b>{escape(label)}:</b> {', '.join(link(name, known) for name in names)}</p>"


def _pictures(entry: Entry, pictures: Sequence[int]) -> str:
    if not pictures:
        return ""
    places = "".join(figure_place(entry.quantity, index, entry.title) for index in pictures)
    return f"<details class='pictures'><summary>Figure{'s' if len(pictures) > 1 else ''}</summary>{places}</details>"


def _trace_button(quantity: str) -> str:
    return f"<button type='button' class='trace' data-trace='{escape(quantity)}'>Where this comes from</button>"


def _badges(entry: Entry, kind: str) -> str:
    """What the value is instead of an estimate."""
    own = [mark for mark in own_marks(entry) if mark != kind]
    return "".join(f" <span class='kind mark'>{escape(mark)}</span>" for mark in own)


def _said(label: str, text: str) -> str:
    """A line under a quantity; a long one opens on a click."""
    if len(text) <= 220:
        return f"<p class='source'><b>{label}:</b> {escape(text)}</p>"
    start = text[:140].rpartition(" ")[0] or text[:140]
    rest = text[len(start) :].strip()
    return f"<details class='source'><summary><b>{label}:</b> {escape(start)} …</summary>{escape(rest)}</details>"


def _setting(field: Entry) -> str:
    name = escape(_spaced(field.quantity.rpartition(".")[2]))
    default = " <span class='unknown'>default</span>" if field.source is not None and field.source.reference == DEFAULT else ""
    return f"<tr id='{escape(field.quantity)}'><th scope='row'>{name}</th><td>{escape(_setting_words(field))}{default}</td></tr>"


def _setting_words(field: Entry) -> str:
    """A setting in the units that people use; a number of K is a temperature only where the name says so."""
    if field.unit in ("", "1") or (field.unit == "K" and "temperature" not in field.quantity):
        return f"{field.headline} {field.unit if field.unit == 'K' else ''}".rstrip() or "none"
    if field.value is not None:
        return with_error(field.value, field.standard_error, field.unit)
    numbers = re.split(r",\s*", field.headline)
    if all(re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?", item) for item in numbers):
        return ", ".join(with_error(float(item), None, field.unit) for item in numbers)
    return field.headline or "none"


def _spaced(name: str) -> str:
    return name.replace("_", " ")
