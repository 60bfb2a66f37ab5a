"""The ladder as a picture: one box a quantity, scale above scale, drawn as SVG."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

from scalith.ladder import Entry, Ledger, given_only, rungs

_BOX_WIDTH, _BOX_HEIGHT = 224, 66
_GAP_X, _GAP_Y = 22, 46
_BAND = 96
"""Left margin that carries the names of the scales."""

_WIDEST = 5
"""Boxes side by side."""

COLOURS = {
    "atoms": "#4f5d75",
    "crystal": "#5b6c8f",
    "lattice": "#2f7f79",
    "lab": "#8a6d3b",
    "electrode": "#6b5b95",
    "electrolyte": "#3f7cac",
    "cell": "#a8562a",
    "pack": "#9b2f4a",
    "safety": "#b3261e",
}
_OTHER = "#555b66"


class _Box(NamedTuple):
    name: str
    scale: str
    line: str
    below: str
    origin: str
    parents: list[str]


def ladder_picture(ledger: Ledger | None = None) -> str:
    """SVG of the graph of rungs, bottom to top.

    Parameters
    ----------
    ledger : Ledger, optional
        With it each box carries what was found and links to its part of the report; without it the whole graph is
        drawn with units.

    Returns
    -------
    str
        A standalone SVG document.
    """
    boxes = _from_ledger(ledger) if ledger else _from_graph()
    levels = _levels(boxes)
    rows: dict[int, list[str]] = {}
    for name in boxes:
        rows.setdefault(levels[name], []).append(name)
    order = _wrapped(_ordered(rows, boxes))
    widest = max(len(row) for row in order.values())
    width = _BAND + widest * (_BOX_WIDTH + _GAP_X) + _GAP_X
    height = len(order) * (_BOX_HEIGHT + _GAP_Y) + _GAP_Y
    place: dict[str, tuple[float, float]] = {}
    for index, level in enumerate(sorted(order)):
        row = order[level]
        spread = (width - _BAND) / len(row)
        for position, name in enumerate(row):
            x = _BAND + spread * (position + 0.5) - _BOX_WIDTH / 2
            place[name] = (x, height - (index + 1) * (_BOX_HEIGHT + _GAP_Y))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" class="ladder" role="img" '
        'aria-label="The ladder: each box a quantity, each line a need" font-family="system-ui, sans-serif">'
    ]
    parts += _bands(boxes, place, width)
    parts += [_line(place[parent], place[name]) for name, box in boxes.items() for parent in box.parents if parent in place]
    parts += [_drawn(box, place[name], linked=ledger is not None) for name, box in boxes.items()]
    return "\n".join([*parts, "</svg>"])


def _from_graph() -> dict[str, _Box]:
    boxes = {
        name: _Box(name, scale, quantity.title, quantity.unit, "given", [])
        for name, (scale, quantity, *_) in given_only().items()
    }
    for item in rungs().values():
        parents = [need for need in item.needs if need in rungs() or need in boxes]
        boxes[item.name] = _Box(item.name, item.scale, item.quantity.title, item.quantity.unit, "computed", parents)
    return boxes


def _from_ledger(ledger: Ledger) -> dict[str, _Box]:
    shown = [entry for entry in ledger.entries if entry.scale != "study"]
    names = {entry.quantity for entry in shown}
    return {
        entry.quantity: _Box(
            entry.quantity,
            entry.scale,
            entry.headline,
            _error_and_source(entry),
            entry.origin,
            [parent for parent in entry.parents if parent in names],
        )
        for entry in shown
    }


def _error_and_source(entry: Entry) -> str:
    kind = entry.source.kind if entry.source else entry.origin
    if not entry.standard_error:
        return kind
    return f"± {entry.standard_error:.2g} {entry.unit} · {kind}"


def _levels(boxes: dict[str, _Box]) -> dict[str, int]:
    """Height of each box: above its parents, and no scale below the top of the one before it."""
    scales = list(dict.fromkeys(box.scale for box in sorted(boxes.values(), key=lambda box: _rank(box.scale))))
    result: dict[str, int] = {}
    floor = 0
    for scale in scales:
        members = [name for name in boxes if boxes[name].scale == scale]
        inside: dict[str, int] = {}

        def within(name: str, scale: str = scale, inside: dict[str, int] = inside) -> int:
            if name not in inside:
                own = [parent for parent in boxes[name].parents if parent in boxes and boxes[parent].scale == scale]
                inside[name] = max((within(parent) + 1 for parent in own), default=0)
            return inside[name]

        for name in members:
            result[name] = floor + within(name)
        # A given quantity stands right below what first uses it.
        for name in members:
            users = [result[other] for other in members if name in boxes[other].parents]
            if not boxes[name].parents and users:
                result[name] = min(users) - 1
        floor = max(result[name] for name in members) + 1
    return result


def _rank(scale: str) -> int:
    order = list(COLOURS)
    return order.index(scale) if scale in order else len(order)


def _ordered(rows: dict[int, list[str]], boxes: dict[str, _Box]) -> dict[int, list[str]]:
    """Order each row by where its parents stand, so that few lines cross."""
    position: dict[str, float] = {}
    result: dict[int, list[str]] = {}
    for level in sorted(rows):
        row = rows[level]

        def wish(name: str, row: list[str] = row) -> float:
            known = [position[parent] for parent in boxes[name].parents if parent in position]
            return sum(known) / len(known) if known else (row.index(name) + 0.5) / len(row)

        result[level] = sorted(row, key=wish)
        for index, name in enumerate(result[level]):
            position[name] = (index + 0.5) / len(row)
    return result


def _wrapped(order: dict[int, list[str]]) -> dict[int, list[str]]:
    """Break rows that are wider than the page."""
    broken: list[list[str]] = []
    for level in sorted(order):
        row = order[level]
        broken += [row[start : start + _WIDEST] for start in range(0, len(row), _WIDEST)]
    return dict(enumerate(broken))


def _bands(boxes: dict[str, _Box], place: dict[str, tuple[float, float]], width: float) -> list[str]:
    parts = []
    for scale in dict.fromkeys(box.scale for box in boxes.values()):
        tops = [place[name][1] for name, box in boxes.items() if box.scale == scale]
        top, bottom = min(tops) - _GAP_Y / 2 + 3, max(tops) + _BOX_HEIGHT + _GAP_Y / 2 - 3
        colour = COLOURS.get(scale, _OTHER)
        parts.append(
            f'<rect x="4" y="{top:.1f}" width="{width - 8:.1f}" height="{bottom - top:.1f}" rx="10" '
            f'fill="{colour}" opacity="0.07"/><text x="18" y="{(top + bottom) / 2 + 5:.1f}" '
            f'font-size="16" font-weight="600" fill="{colour}">{escape(scale)}</text>'
        )
    return parts


def _line(start: tuple[float, float], end: tuple[float, float]) -> str:
    x0, y0 = start[0] + _BOX_WIDTH / 2, start[1]
    x1, y1 = end[0] + _BOX_WIDTH / 2, end[1] + _BOX_HEIGHT
    middle = (y0 + y1) / 2
    path = f"M{x0:.1f},{y0:.1f} C{x0:.1f},{middle:.1f} {x1:.1f},{middle:.1f} {x1:.1f},{y1:.1f}"
    return f'<path d="{path}" fill="none" stroke="#9aa3ad" stroke-width="1.4" opacity="0.75"/>'


def _drawn(box: _Box, at: tuple[float, float], *, linked: bool) -> str:
    x, y = at
    colour = COLOURS.get(box.scale, _OTHER)
    dash = ' stroke-dasharray="5 3"' if box.origin == "given" else ""
    title = box.name.replace("_", " ")
    drawn = (
        f"<g><title>{escape(title)}: {escape(box.line)}</title>"
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="7" '
        f'fill="#ffffff" stroke="{colour}" stroke-width="1.5"{dash}/>'
        f'<text x="{x + 10:.1f}" y="{y + 20:.1f}" font-size="13.5" font-weight="600" '
        f'fill="#1c232b">{escape(_cut(title, 26))}</text>'
        f'<text x="{x + 10:.1f}" y="{y + 38:.1f}" font-size="11.5" fill="#33404d">{escape(_cut(box.line, 33))}</text>'
        f'<text x="{x + 10:.1f}" y="{y + 55:.1f}" font-size="11" fill="#6b7682">{escape(_cut(box.below, 38))}</text></g>'
    )
    return f'<a href="#{escape(box.name)}">{drawn}</a>' if linked else drawn


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
