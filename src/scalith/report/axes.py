"""Axes and colours that all pictures share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

PALETTE = ("#1f6f8b", "#c8553d", "#5a8f3c", "#7a4fa3", "#b8860b", "#3c4f76", "#9b2f4a")


def figure(x: str, y: str, logarithmic: bool = False) -> Figure:
    """An empty figure with titled axes."""
    from plotly.graph_objects import Figure

    axis = {"showline": True, "linecolor": "#c5ccd3", "gridcolor": "#edf0f3", "zeroline": False, "ticks": "outside"}
    return Figure(
        layout={
            "xaxis": axis | {"title": {"text": x}},
            "yaxis": axis | {"title": {"text": y}} | ({"type": "log", "exponentformat": "power"} if logarithmic else {}),
            "margin": {"l": 72, "r": 16, "t": 48, "b": 52},
            "height": 360,
            "plot_bgcolor": "#ffffff",
            "paper_bgcolor": "#ffffff",
            "font": {"family": "system-ui, sans-serif", "size": 13, "color": "#1c232b"},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            "hovermode": "x unified",
        }
    )


def cycle(count: int) -> list[str]:
    """Colours for `count` lines that are told apart."""
    return [PALETTE[index % len(PALETTE)] for index in range(count)]


def gradient(count: int) -> list[str]:
    """Colours for `count` lines in order, from cold to warm."""
    shades = [index / max(count - 1, 1) for index in range(count)]
    return [f"rgb({int(40 + 160 * s)},{int(100 - 40 * s)},{int(150 - 90 * s)})" for s in shades]
