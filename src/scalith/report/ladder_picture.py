"""The ladder as a picture: one box a quantity, scale above scale, drawn as SVG."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import NamedTuple

from scalith.ladder import Entry, Ledger, given_only, rungs
from scalith.ladder.marks import own_marks

_BOX_WIDTH = 224
_GAP_X, _GAP_Y = 22, 46
_BAND = 110
"""Left margin that carries the names of the scales."""

_WIDEST = 5
"""Boxes side by side."""

_TITLE, _FOUND, _BELOW = (24, 13.5, 17), (33, 11.5, 15), (36, 11, 14)
"""Of the three texts in a box: characters a line, size and height of a line."""

COLOURS = {
    "atoms": "#4f5d75",
    "crystal": "#5b6c8f",
    "lattice": "#2f7f79",
    "lab": "#8a6d3b",
    "electrode": "#6b5b95",
    "electrolyte": "#3f7cac",
    "cell": "#a8562a",
    "experiments": "#7a6a2f",
    "pack": "#9b2f4a",
    "safety": "#b3261e",
}
_OTHER = "#555b66"

_STYLE = (
    ".ladder rect.box{fill:var(--card,#ffffff)}.ladder .box-title{fill:var(--ink,#1c232b)}"
    ".ladder .box-found{fill:var(--ink,#33404d)}.ladder .box-below{fill:var(--soft,#6b7682)}"
    ".ladder path{stroke:var(--faint,#9aa3ad)}"
)


class _Box(NamedTuple):
    name: str
    scale: str
    line: str
    below: str
    origin: str
    parents: list[str]

    @property
    def texts(self) -> list[tuple[str, tuple[int, float, int], str]]:
        """Every line of the box: text, its measures, its class. Nothing is cut."""
        texts = ((self.name.replace("_", " "), _TITLE, "title"), (self.line, _FOUND, "found"), (self.below, _BELOW, "below"))
        return [(line, measures, kind) for text, measures, kind in texts for line in wrapped(text, measures[0])]

    @property
    def height(self) -> float:
        """Height that all lines need."""
        return 16.0 + sum(measures[2] for _, measures, _ in self.texts)


def ladder_picture(ledger: Ledger | None = None, words: Mapping[str, str] | None = None) -> str:
    """SVG of the graph of rungs, bottom to top.

    Parameters
    ----------
    ledger : Ledger, optional
        With it each box carries what was found and links to its part of the report; without it the whole graph is
        drawn with units.
    words : mapping of str to str, optional
        What was found, in the units of the report, in place of the ledger's headlines.

    Returns
    -------
    str
        A standalone SVG document.
    """
    boxes = _from_ledger(ledger, words or {}) if ledger else _from_graph()
    levels = _levels(boxes)
    rows: dict[int, list[str]] = {}
    for name in boxes:
        rows.setdefault(levels[name], []).append(name)
    order = _wrapped_rows(_ordered(rows, boxes))
    heights = {level: max(boxes[name].height for name in row) for level, row in order.items()}
    width = _BAND + max(len(row) for row in order.values()) * (_BOX_WIDTH + _GAP_X) + _GAP_X
    height = sum(heights.values()) + (len(order) + 1) * _GAP_Y
    place: dict[str, tuple[float, float]] = {}
    bottom = height - _GAP_Y
    for level in sorted(order):
        spread = (width - _BAND) / len(order[level])
        for position, name in enumerate(order[level]):
            place[name] = (_BAND + spread * (position + 0.5) - _BOX_WIDTH / 2, bottom - boxes[name].height)
        bottom -= heights[level] + _GAP_Y
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" class="ladder" role="group" '
        'aria-label="The ladder, from atoms at the bottom upwards: each box a quantity, each line leads to what it feeds" '
        f'font-family="system-ui, sans-serif"><style>{_STYLE}</style>'
    ]
    parts += _bands(boxes, place, width)
    parts += [_line(boxes, place, parent, name) for name, box in boxes.items() for parent in box.parents if parent in place]
    parts += [_drawn(box, place[name], _feeds(name, boxes), linked=ledger is not None) for name, box in boxes.items()]
    return "\n".join([*parts, "</svg>"])


def wrapped(text: str, length: int) -> list[str]:
    """Lines of at most `length` characters, broken between words; a longer word is cut."""
    lines: list[str] = []
    for word in text.split():
        pieces = [word[k : k + length] for k in range(0, len(word), length)] if len(word) > length else [word]
        for piece in pieces:
            if lines and len(lines[-1]) + 1 + len(piece) <= length and piece is pieces[0]:
                lines[-1] += f" {piece}"
            else:
                lines.append(piece)
    return lines


def _from_graph() -> dict[str, _Box]:
    boxes = {
        name: _Box(name, scale, quantity.title, quantity.unit, "given", [])
        for name, (scale, quantity, *_) in given_only().items()
    }
    for item in rungs().values():
        parents = [need for need in item.needs if need in rungs() or need in boxes]
        boxes[item.name] = _Box(item.name, item.scale, item.quantity.title, item.quantity.unit, "computed", parents)
    return boxes


def _from_ledger(ledger: Ledger, words: Mapping[str, str]) -> dict[str, _Box]:
    shown = [entry for entry in ledger.entries if entry.scale != "study"]
    names = {entry.quantity for entry in shown}
    return {
        entry.quantity: _Box(
            entry.quantity,
            entry.scale,
            words.get(entry.quantity, entry.headline),
            _origin(entry),
            entry.origin,
            [parent for parent in entry.parents if parent in names],
        )
        for entry in shown
    }


def _origin(entry: Entry) -> str:
    kind = entry.source.kind if entry.source else entry.origin
    own = [mark for mark in own_marks(entry) if mark != kind]
    return ", ".join([kind, *own])


def _feeds(name: str, boxes: Mapping[str, _Box]) -> list[str]:
    return [other for other, box in boxes.items() if name in box.parents]


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


def _wrapped_rows(order: dict[int, list[str]]) -> dict[int, list[str]]:
    """Break rows that are wider than the page."""
    broken: list[list[str]] = []
    for level in sorted(order):
        row = order[level]
        broken += [row[start : start + _WIDEST] for start in range(0, len(row), _WIDEST)]
    return dict(enumerate(broken))


def _bands(boxes: dict[str, _Box], place: dict[str, tuple[float, float]], width: float) -> list[str]:
    parts = []
    for scale in dict.fromkeys(box.scale for box in boxes.values()):
        own = [(place[name][1], place[name][1] + box.height) for name, box in boxes.items() if box.scale == scale]
        top, bottom = min(start for start, _ in own) - _GAP_Y / 2 + 3, max(end for _, end in own) + _GAP_Y / 2 - 3
        colour, words = COLOURS.get(scale, _OTHER), escape(scale.replace("_", " "))
        parts.append(
            f'<rect x="4" y="{top:.1f}" width="{width - 8:.1f}" height="{bottom - top:.1f}" rx="10" '
            f'fill="{colour}" opacity="0.09"/><text x="18" y="{(top + bottom) / 2 + 5:.1f}" '
            f'font-size="16" font-weight="600" fill="{colour}" style="filter:var(--lighter,none)">{words}</text>'
        )
    return parts


def _line(boxes: dict[str, _Box], place: dict[str, tuple[float, float]], parent: str, name: str) -> str:
    x0, y0 = place[parent][0] + _BOX_WIDTH / 2, place[parent][1]
    x1, y1 = place[name][0] + _BOX_WIDTH / 2, place[name][1] + boxes[name].height
    middle = (y0 + y1) / 2
    path = f"M{x0:.1f},{y0:.1f} C{x0:.1f},{middle:.1f} {x1:.1f},{middle:.1f} {x1:.1f},{y1:.1f}"
    ends = f'data-from="{escape(parent)}" data-to="{escape(name)}"'
    return f'<path d="{path}" fill="none" stroke-width="1.4" opacity="0.75" {ends}/>'


def _drawn(box: _Box, at: tuple[float, float], feeds: list[str], *, linked: bool) -> str:
    x, y = at
    colour = COLOURS.get(box.scale, _OTHER)
    dash = ' stroke-dasharray="5 3"' if box.origin == "given" else ""
    said = f"{box.name.replace('_', ' ')}: {box.line}" + (f"; feeds {', '.join(feeds)}".replace("_", " ") if feeds else "")
    drawn = [
        f"<g><title>{escape(said)}</title>",
        f'<rect class="box" x="{x:.1f}" y="{y:.1f}" width="{_BOX_WIDTH}" height="{box.height:.1f}" rx="7" '
        f'stroke="{colour}" stroke-width="1.5"{dash}/>',
    ]
    line = y + 6.0
    for text, (_, size, height), kind in box.texts:
        line += height
        weight = ' font-weight="600"' if kind == "title" else ""
        at_line = f'x="{x + 10:.1f}" y="{line:.1f}" font-size="{size}"{weight}'
        drawn.append(f'<text class="box-{kind}" {at_line}>{escape(text)}</text>')
    whole = "".join([*drawn, "</g>"])
    return f'<a href="#{escape(box.name)}" data-box="{escape(box.name)}">{whole}</a>' if linked else whole
