"""One row of the benchmark table: our figure and a peer's, measured by the same run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A comparison.

    Attributes
    ----------
    name : str
        ``monte_carlo_8000_sites``: what is measured.
    unit : str
        Unit of the figures: ``"s"``, ``"steps/s"``, ``"ns"``.
    ours : callable
        Measures once and gives our figure. Set-up and compilation belong before the first call, or in `prepare`.
    peer : str
        Distribution name of the peer (``"pybamm"``); empty when there is none.
    theirs : callable, optional
        Measures the peer once; raises `ImportError` when it is not installed.
    higher_is_better : bool
        True for rates, False for times. The ratio is always "how many times better ours is".
    prepare : callable, optional
        Runs once before measuring.
    target : float, optional
        Figure of ours that the project promises.
    target_ratio : float, optional
        Ratio that the project promises.
    note : str
        What a reader must know to repeat or doubt it (settings, accuracy of both sides).
    """

    name: str
    unit: str
    ours: Callable[[], float]
    peer: str = ""
    theirs: Callable[[], float] | None = None
    higher_is_better: bool = False
    prepare: Callable[[], None] | None = None
    target: float | None = None
    target_ratio: float | None = None
    note: str = ""
