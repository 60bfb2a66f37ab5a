"""Z-HIT: the modulus of a spectrum from its phase, which drift at low frequency leaves alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scalith.lab.measurement import require_density, spectrum_arrays
from scalith.quantities import InputError, Result, dataset_digest, predicted

if TYPE_CHECKING:
    import xarray as xr


def z_hit(data: xr.Dataset, *, window: tuple[float, float] | None = None) -> Result:
    r"""Modulus of the impedance, reconstructed from the phase φ.

    .. math::

        \ln|Z(ω)| ≈ C + \frac{2}{π}\int^{\ln ω} φ\,d\lnω' - \frac{π}{6}\,\frac{dφ}{d\ln ω}

    (W. Ehm et al., Fresenius J. Anal. Chem. 367 (2000); the series stops here, so that where the phase bends strongly up to
    about 2 % are
    the method's own). C is the mean over `window`. The phase goes through a smoothing spline whose strength is chosen by
    generalised cross-validation.

    Parameters
    ----------
    data : xarray.Dataset
        A spectrum without the inductive end.
    window : (float, float), optional
        Frequencies in Hz at which the modulus is trusted; the upper half of the points without it: what is measured fast drifts
        little.

    Returns
    -------
    Result
        ``modulus`` (ohm) and ``deviation``, the measured modulus over it minus one, over ``frequency``; ``drift`` is the
        deviation at the lowest frequency.

    Raises
    ------
    InputError
        No spectrum, fewer than three points a decade, or no point in the window.
    """
    from scipy.interpolate import make_smoothing_spline

    f, z = spectrum_arrays(data, "z_hit", least=6)
    require_density(f, "z_hit")
    order = np.argsort(f)
    x = np.log(f[order])
    phase = make_smoothing_spline(x, np.unwrap(np.angle(z[order])))
    integral = phase.antiderivative()
    log = 2.0 / np.pi * (integral(x) - integral(x[-1])) - np.pi / 6.0 * phase.derivative()(x)
    low, high = window or (float(np.median(f)), float(f.max()))
    trusted: NDArray[np.bool_] = (f[order] >= low) & (f[order] <= high)
    if not np.any(trusted):
        raise InputError("z_hit", "window", f"{low:g} to {high:g} Hz", f"some of {f.min():g} to {f.max():g} Hz")
    log += float(np.mean((np.log(np.abs(z[order])) - log)[trusted]))
    modulus = np.empty_like(f)
    modulus[order] = np.exp(log)
    deviation = np.abs(z) / modulus - 1.0
    source = predicted("scalith.lab.z_hit", dataset_digest(data), settings={"window_Hz": [low, high]})
    return Result(
        {
            "modulus": ("frequency", modulus, {"units": "ohm", "long_name": "modulus reconstructed from the phase"}),
            "deviation": ("frequency", deviation, {"units": "1", "long_name": "measured over reconstructed modulus minus one"}),
        },
        {"frequency": ("frequency", f, {"units": "Hz", "long_name": "frequency"})},
        {"kind": "Z-HIT", "drift": float(deviation[order[0]]), "source": source.to_json()},
    )
