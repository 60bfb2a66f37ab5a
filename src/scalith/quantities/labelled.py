"""A variable of a result with what every one of them carries: a title and a unit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr


def labelled(dims: str | Iterable[str], values: Any, title: str, unit: str, **attributes: Any) -> xr.Variable:
    """Values along named dimensions, with ``long_name`` and ``units``: what data sets are made of.

    Parameters
    ----------
    dims : str or iterable of str
        One name a dimension of `values`; ``()`` for a single number.
    values : array_like
    title : str
        In words, as an axis shows it.
    unit : str
        SI unit; ``"1"`` for a pure number, ``""`` for text.
    **attributes
        More to say of this variable.

    Examples
    --------
    >>> labelled("time", [0.0, 1.0], "terminal voltage", "V").attrs
    {'long_name': 'terminal voltage', 'units': 'V'}
    """
    return xr.Variable(
        (dims,) if isinstance(dims, str) else tuple(dims), np.asarray(values), {"long_name": title, "units": unit} | attributes
    )
