"""The two kinds of measured data: spectra and time series, labelled, in SI, with their source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.quantities import InputError, Result, Source

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]


def spectrum(frequency: ArrayLike, impedance: ArrayLike, *, source: Source | None = None) -> Result:
    """An impedance spectrum from plain arrays.

    Parameters
    ----------
    frequency : array_like
        Hz, in any order, each once.
    impedance : array_like of complex
        Ohm; capacitive where the imaginary part is negative.
    source : Source, optional

    Returns
    -------
    Result
        ``resistance`` and ``reactance`` (Re Z and Im Z, ohm) over ``frequency``, as `scalith.cell.simulate_impedance` gives them.

    Raises
    ------
    InputError
        Shapes differ, a number is not finite, a frequency is not positive or stands twice.
    """
    f, z = np.atleast_1d(np.asarray(frequency, dtype=np.float64)), np.atleast_1d(np.asarray(impedance, dtype=np.complex128))
    if f.ndim != 1 or f.shape != z.shape:
        raise InputError("spectrum", "impedance", f"shape {z.shape} beside {f.shape}", "one impedance for each frequency")
    source = source or Source(kind="measured", reference="arrays")
    data = Result(
        {
            "resistance": ("frequency", z.real.copy(), {"units": "ohm", "long_name": "real part of the impedance"}),
            "reactance": ("frequency", z.imag.copy(), {"units": "ohm", "long_name": "imaginary part of the impedance"}),
        },
        {"frequency": ("frequency", f, {"units": "Hz", "long_name": "frequency"})},
        {"kind": "impedance spectrum", "source": source.to_json()},
    )
    spectrum_arrays(data, "spectrum")
    return data


def spectrum_arrays(data: xr.Dataset, where: str, *, least: int = 1) -> tuple[Array, Complex]:
    """Frequencies (Hz) and impedance (ohm) of a spectrum, in its order, checked.

    Raises
    ------
    InputError
        No spectrum, fewer than `least` frequencies, a number that is not finite, a frequency that is not positive or stands
        twice.
    """
    for name in ("resistance", "reactance"):
        if name not in getattr(data, "variables", {}) or data[name].dims != ("frequency",):
            raise InputError(where, "spectrum", type(data).__name__, "a spectrum: read_measurement(path), or spectrum(f, Z)")
    f = np.asarray(data["frequency"].values, dtype=np.float64)
    z = np.asarray(data["resistance"].values + 1j * data["reactance"].values, dtype=np.complex128)
    if f.size < least:
        raise InputError(where, "frequency", f"{f.size} frequencies", f"at least {least}")
    bad = np.flatnonzero(~(np.isfinite(f) & np.isfinite(z) & (f > 0.0)))
    if bad.size:
        found = f"{f[bad[0]]:g} Hz, {z[bad[0]]:.4g} ohm at row {bad[0] + 1}"
        raise InputError(where, "spectrum", found, "finite impedances at positive frequencies")
    _, first, count = np.unique(f, return_index=True, return_counts=True)
    if np.any(count > 1):
        twice = float(f[first[np.argmax(count > 1)]])
        raise InputError(where, "frequency", f"{twice:g} Hz {int(count.max())} times", "each frequency once")
    return f, z


def require_density(frequency: Array, where: str, *, per_decade: float = 3.0) -> None:
    """Refuse a spectrum too sparse to be told apart from others: fewer than `per_decade` points a decade.

    Raises
    ------
    InputError
    """
    decades = float(np.log10(frequency.max() / frequency.min())) if frequency.size else 0.0
    if decades <= 0.0:
        raise InputError(where, "frequency", f"{frequency.size} frequency", "several frequencies")
    if (frequency.size - 1) / decades < per_decade:
        found = f"{(frequency.size - 1) / decades:.2g} points a decade"
        raise InputError(where, "frequency", found, f"at least {per_decade:g} points a decade")
