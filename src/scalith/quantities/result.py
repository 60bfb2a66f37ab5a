"""What simulations hand back: a labelled data set that knows how it is drawn."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import xarray as xr
from xarray.plot.accessor import DatasetPlotAccessor

from scalith.quantities.errors import InputError, nearest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CURVES = ("scalith.quantities.result_plot", "plot_result")
_PLOTS = {
    "": _CURVES,
    "ageing": ("scalith.cell.ageing.plots", "plot_ageing"),
    "ageing batch": _CURVES,
    "cell batch": ("scalith.cell.plots", "plot_batch"),
    "cell run": ("scalith.cell.plots", "plot_run"),
    "degradation modes": ("scalith.lab.cycling.plots", "plot_degradation"),
    "impedance batch": _CURVES,
    "impedance spectrum": ("scalith.cell.plots", "plot_spectrum"),
    "Kramers–Kronig test": ("scalith.lab.impedance.plots", "plot_kramers_kronig"),
    "open circuit": ("scalith.lab.cycling.plots", "plot_open_circuit"),
    "pulse resistances": ("scalith.lab.cycling.plots", "plot_pulse_resistances"),
    "rate test": ("scalith.lab.cycling.plots", "plot_rate_test"),
    "titration": ("scalith.lab.titration.plots", "plot_titration"),
    "relaxation times": ("scalith.lab.impedance.plots", "plot_relaxation_times"),
}
"""Which function draws which kind of result: module and name. They are loaded when a plot is asked for."""


class ResultPlot(DatasetPlotAccessor):
    """``result.plot(…)`` draws a result as its kind is drawn; ``result.plot.scatter(…)`` and the like are xarray's."""

    __slots__ = ()

    def __call__(self, *names: str, **options: Any) -> Figure:  # type: ignore[override]
        """Draw with the function of this kind of result, for example `scalith.cell.plot_run`; without a kind each variable
        over its dimensions (`plot_result`).

        Raises
        ------
        InputError
            An unknown kind, or names of variables for a kind of which there is one picture.
        """
        kind = self._ds.attrs.get("kind", "")
        if kind not in _PLOTS:
            raise InputError("plot", "kind of the result", kind, nearest(kind, list(filter(None, _PLOTS))))
        module, name = _PLOTS[kind]
        draw: Callable[..., Figure] = getattr(importlib.import_module(module), name)
        takes_names = any(one.kind is one.VAR_POSITIONAL for one in inspect.signature(draw).parameters.values())
        if names and not takes_names:
            raise InputError("plot", "names", ", ".join(names), "none: there is one picture of this result")
        return draw(self._ds, *names, **options)


class Result(xr.Dataset):  # type: ignore[no-untyped-call]
    """A data set with the plot of its kind, which ``attrs["kind"]`` names; in all else an `xarray.Dataset`.

    Examples
    --------
    >>> data = Result({"voltage": ("time", [4.1, 4.0])}, {"time": [0.0, 1.0]}, {"kind": "cell run"})
    >>> data.isel(time=[0]).attrs["kind"]  # a selection is a result again
    'cell run'
    """

    __slots__ = ()

    @classmethod
    def of(cls, data: xr.Dataset, kind: str | None = None) -> Self:
        """The same data as a result; with `kind`, as a result of that kind.

        Raises
        ------
        InputError
            The kind is unknown.
        """
        if kind is not None and kind not in _PLOTS:
            raise InputError("result", "kind", kind, nearest(kind, list(filter(None, _PLOTS))))
        made = cls(data.data_vars, data.coords, data.attrs if kind is None else data.attrs | {"kind": kind})
        made.encoding = data.encoding
        return made

    @property
    def plot(self) -> ResultPlot:  # type: ignore[override]
        """Draw it: see `ResultPlot`."""
        return ResultPlot(self)

    def where(self, *arguments: Any, **options: Any) -> Self:
        """As `xarray.Dataset.where`; what is left is a result again."""
        return self.of(super().where(*arguments, **options))
