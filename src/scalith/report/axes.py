"""Axes and colours that all pictures share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Colours that are told apart without seeing red and green as two (Okabe and Ito)."""

DASHES = ("solid", "dash", "dot", "dashdot", "longdash")

INK = "#1c232b"
"""Lines of the page's own ink: the page turns them light where it is dark."""

FAINT = "#8a949e"

_LEGEND_WIDTH = 620
"""Pixels that a row of the legend has on a card of usual width."""


def figure(x: str, y: str, logarithmic: bool = False) -> Figure:
    """An empty figure with titled axes; the page sets the colours of paper, grid and text."""
    from plotly.graph_objects import Figure

    axis = {
        "showline": True,
        "zeroline": False,
        "ticks": "outside",
        "exponentformat": "power",
        "minexponent": 4,
        "automargin": True,
    }
    return Figure(
        layout={
            "xaxis": axis | {"title": {"text": x, "standoff": 6, "font": {"size": 13}}},
            "yaxis": axis
            | {"title": {"text": y, "standoff": 6, "font": {"size": 13}}}
            | ({"type": "log", "dtick": "D2"} if logarithmic else {}),
            "margin": {"l": 64, "r": 16, "t": 40, "b": 48},
            "height": 340,
            "plot_bgcolor": "rgba(0,0,0,0)",
            "paper_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": "system-ui, sans-serif", "size": 13},
            "hovermode": "x unified",
        }
    )


def settled(drawn: Figure) -> Figure:
    """The same figure with its legend below the axes (the tool bar is above them) and as much more height as that takes."""
    shown = [str(trace.name) for trace in drawn.data if trace.name and trace.showlegend is not False]
    if len(shown) < 2 and not any(trace.showlegend for trace in drawn.data):
        drawn.update_layout(showlegend=False)
        return drawn
    rows = 1 + sum(45 + 7 * len(name) for name in shown) // _LEGEND_WIDTH
    below = 24 + 21 * rows
    height = drawn.layout.height
    plot = height - drawn.layout.margin.t - drawn.layout.margin.b
    legend = {"orientation": "h", "x": 0, "xanchor": "left", "yanchor": "top", "y": -48.0 / plot}
    if drawn.layout.sliders:  # the slider stands where the legend would
        legend |= {"yanchor": "bottom", "y": 1.02}
    drawn.update_layout(legend=legend, height=height + below, margin_b=drawn.layout.margin.b + below)
    return drawn


def cycle(count: int) -> list[str]:
    """Colours for `count` lines that are told apart."""
    return [PALETTE[index % len(PALETTE)] for index in range(count)]


def dash(index: int) -> str:
    """Pattern of the line `index`: colour alone says nothing on grey paper."""
    return DASHES[index % len(DASHES)]


def gradient(count: int) -> list[str]:
    """Colours for `count` lines in order, from cold (blue) to warm (vermilion)."""
    shades = [index / max(count - 1, 1) for index in range(count)]
    return [f"#{round(213 * s):02x}{round(114 - 20 * s):02x}{round(178 * (1 - s)):02x}" for s in shades]


def translucent(colour: str, opacity: float) -> str:
    """A ``#rrggbb`` colour that lets the grid through."""
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def titled(name: str) -> str:
    """A name of the code as the title of an axis: ``"open_circuit_voltage"`` → ``"Open-circuit voltage"``."""
    words = name.replace("open_circuit", "open-circuit").replace("_", " ")
    return words[:1].upper() + words[1:]
