"""The explorer: turn a knob at the atoms and watch the pack answer, on a local page."""

from scalith.app.serving import explore

__all__ = ["explore"]
