"""Diffusivity from a spectrum: by the slope of Warburg's branch, and by an element of finite diffusion; each with its bias."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from scalith.lab.impedance.circuit_fit import CircuitFit
from scalith.lab.impedance.elements import DIMENSIONS, Shape, blocked_diffusion
from scalith.lab.measurement import spectrum, spectrum_arrays
from scalith.quantities import ConvergenceError, InputError, nearest
from scalith.quantities.constants import FARADAY

if TYPE_CHECKING:
    import xarray as xr

_SPACE_ELEMENTS = ("Wo", "Wop", "Ws", "Wsp", "Cy", "S")


class WarburgSlope(NamedTuple):
    """Slopes of Re Z and of −Im Z over ω^-½, and their standard errors, ohm s^-½."""

    real: float
    imaginary: float
    real_error: float
    imaginary_error: float


class Diffusivity(NamedTuple):
    """D and its interval, m² s⁻¹; `note` says what it is biased by."""

    value: float
    low: float
    high: float
    note: str = ""


def warburg_slope(data: xr.Dataset, lowest: float, highest: float) -> WarburgSlope:
    """Straight lines, with intercept, through Re Z and −Im Z over ω^-½ from `lowest` to `highest` (Hz).

    Raises
    ------
    InputError
        Fewer than four frequencies in the window.
    """
    f, z = spectrum_arrays(data, "warburg_slope")
    inside = (f >= lowest * (1 - 1e-12)) & (f <= highest * (1 + 1e-12))
    if np.count_nonzero(inside) < 4:
        raise InputError(
            "warburg_slope", "window", f"{np.count_nonzero(inside)} frequencies", "at least four between lowest and highest"
        )
    x = (2.0 * np.pi * f[inside]) ** -0.5
    matrix = np.stack([np.ones_like(x), x], axis=1)
    found = []
    for y in (z[inside].real, -z[inside].imag):
        line, *_ = np.linalg.lstsq(matrix, y, rcond=None)
        variance = float(np.sum((y - matrix @ line) ** 2)) / (x.size - 2)
        found.append((float(line[1]), float(np.sqrt(variance * np.linalg.inv(matrix.T @ matrix)[1, 1]))))
    (real, real_error), (imaginary, imaginary_error) = found
    return WarburgSlope(real, imaginary, real_error, imaginary_error)


def warburg_bias(shape: Shape, reduced_frequencies: ArrayLike) -> tuple[float, float]:
    r"""D from the planar slope over D, by Re Z and by −Im Z, of particles of a `shape` measured at these ωR²/D.

    Planar diffusion has Z = R_D/√(iωR²/D), slopes R_D √(D/2R²) both, so that D is proportional to one over the slope squared.
    A sphere
    keeps −1 in u coth u − 1: its real part falls faster and its imaginary part slower than the plane's.
    """
    frequency = np.sort(np.asarray(reduced_frequencies, dtype=np.float64)) / (2.0 * np.pi)
    z, _ = blocked_diffusion(np.sqrt(2j * np.pi * frequency), shape)
    slope = warburg_slope(spectrum(frequency, z), float(frequency[0]), float(frequency[-1]))
    return 0.5 / slope.real**2, 0.5 / slope.imaginary**2


def diffusivity_from_warburg(
    data: xr.Dataset,
    lowest: float,
    highest: float,
    *,
    potential_slope: float,
    area: float,
    length: float,
    shape: Shape = "sphere",
) -> Diffusivity:
    r"""D from the slope σ of Re Z over ω^-½ between two frequencies (Hz).

    .. math::

        D = \frac{1}{2}\left(\frac{dU/dc}{F A σ}\right)^2

    exact for the plane, whatever its thickness, only while ωR²/D is large; the bias that a particle of this shape has in this
    window is
    taken from `warburg_bias` at the D found, taken off, and said.

    Parameters
    ----------
    data : xarray.Dataset
    lowest, highest : float
        Window in Hz.
    potential_slope : float
        dU/dc, V m³ mol⁻¹; its sign does not matter.
    area : float
        Area of all particles, m².
    length : float
        Radius, or thickness of a slab with one closed side, m.
    shape : {"sphere", "cylinder", "slab"}

    Raises
    ------
    InputError
        Fewer than four frequencies, a slope that is not positive, or an unknown shape.
    """
    if shape not in DIMENSIONS:
        raise InputError("diffusivity_from_warburg", "shape", shape, nearest(shape, DIMENSIONS))
    slope = warburg_slope(data, lowest, highest)
    if not slope.real > 2.0 * slope.real_error:
        raise InputError(
            "diffusivity_from_warburg", "slope of Re Z", f"{slope.real:.3g} ± {slope.real_error:.2g}", "a slope above its error"
        )
    f = spectrum_arrays(data, "diffusivity_from_warburg")[0]
    f = f[(f >= lowest) & (f <= highest)]
    planar = 0.5 * (potential_slope / (FARADAY * area * slope.real)) ** 2
    found, bias = planar, 1.0
    for _ in range(60):
        scale = 2.0 * np.pi * length**2 / found
        bias = warburg_bias(shape, f * scale)[0]
        new = np.sqrt(found * planar / bias)  # damped: the bias itself depends on D
        if abs(new - found) < 1e-9 * found:
            break
        found = float(new)
    else:
        raise ConvergenceError("diffusivity_from_warburg", "the bias of the planar slope has no fixed point: fit an element")
    reach = 2.0 * float(stdtrit(f.size - 2, 0.975)) * slope.real_error / slope.real
    seen = f"{lowest * scale:.3g} to {highest * scale:.3g}"
    note = f"ωR²/D = {seen}: the planar slope gives {planar / found:.3g} D; this bias is taken off"
    return Diffusivity(found, float(found * np.exp(-reach)), float(found * np.exp(reach)), note)


def diffusivity_of_element(fit: CircuitFit, name: str, length: float, level: float = 0.95) -> Diffusivity:
    """D = length²/τ of a fitted element of finite diffusion (radius, or thickness), with the interval of τ.

    Raises
    ------
    InputError
        No such element, or its τ stands at a bound: the spectrum does not reach the time of diffusion.
    """
    known = {leaf.name: leaf.symbol for leaf in fit.circuit.elements() if leaf.symbol in _SPACE_ELEMENTS}
    if name not in known:
        raise InputError(f"fit of {fit.circuit.text!r}", name, "no element of finite diffusion", nearest(name, known or ["S1"]))
    low, high = fit.interval(f"{name}.tau", level)
    value = length**2 / fit.values[f"{name}.tau"]
    wide = high / low > 100.0
    note = "the spectrum does not tell the time of diffusion: lower frequencies are needed" if wide else ""
    return Diffusivity(value, length**2 / high, length**2 / low, note)
