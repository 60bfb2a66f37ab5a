"""Lithium that is stripped from a solid electrolyte: the current that voids bear, and the contact that is left in time."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.interface.dendrites import LithiumAnode, PressedLithium
from scalith.interface.voids import voids_in_time
from scalith.quantities import InputError, Result, digest, labelled, predicted
from scalith.quantities.constants import FARADAY, LITHIUM_MOLAR_VOLUME

_WHERE = "simulate_stripping"


def critical_stripping_current(anode: LithiumAnode, pressure: ArrayLike, temperature: ArrayLike) -> Result:
    r"""Map of the current density above which stripping takes the contact: stack pressure × temperature.

    .. math:: i_s = \frac{P}{H} \, \frac{F}{V_{Li}} \left[w_c + w_d\right]_{(a/b)^2 = 1 - k}

    what creep and self-diffusion close of voids (`StrippingVoids`) that have taken all but the share k of the area that touches.
    The pressure beside the voids is taken as that of the stack, not as that of the fraction which bears it: the lower estimate.
    Where creep closes them i_s rises as P^(m + 1), where self-diffusion does as P².

    Parameters
    ----------
    anode : LithiumAnode
    pressure, temperature : array_like
        Pa, K; one-dimensional or numbers.

    Returns
    -------
    Result
        ``critical_stripping_current_density`` over (pressure, temperature), A m-2.

    Raises
    ------
    InputError
    """
    P, T = (np.atleast_1d(np.asarray(axis, dtype=np.float64)) for axis in (pressure, temperature))
    if not (np.all(P > 0.0) and np.all(T > 0.0)):
        raise InputError("critical_stripping_current", "pressure, temperature", (pressure, temperature), "positive numbers")
    current = anode.stripping_limit(P[:, None], T[None, :])
    source = predicted("scalith.interface.critical_stripping_current", anode.digest)
    over = ("pressure", "temperature")
    return Result(
        {"critical_stripping_current_density": labelled(over, current, "stripping current that voids bear", "A m-2")},
        {
            "pressure": labelled("pressure", P, "stack pressure", "Pa"),
            "temperature": labelled("temperature", T, "temperature", "K"),
        },
        {"source": source.to_json()},
    )


def simulate_stripping(
    lithium: PressedLithium, time: ArrayLike, current_density: ArrayLike, temperature: ArrayLike = 298.15
) -> Result:
    r"""Contact of pressed lithium along a current: what is stripped is voids, or has been closed by creep and self-diffusion.

    .. math:: \frac{dh}{dt} = \frac{\max(i, 0)}{f_0} \frac{V_{Li}}{F} - w_c - w_d, \qquad h = \tfrac23 b \, (a/b)^3

    with the fraction f₀ = P/H that is pressed flat (`StrippingVoids`; one implicit step between two times, so that the volumes
    balance to round-off). Lithium that is plated lands where it touches and does not fill the voids.

    Parameters
    ----------
    lithium : PressedLithium
    time : array_like
        s, rising.
    current_density : array_like
        Of the cell, A m-2, positive where this side is stripped; straight between the times, or one number.
    temperature : array_like
        K.

    Returns
    -------
    Result
        Over ``time``: ``contact`` (fraction of the area of the cell), ``contact_left`` (of the fraction that was pressed flat),
        ``void_depth``, ``stripped``, ``crept``, ``diffused`` (volumes per area of the cell, m), ``area_resistance`` (ohm m2) and
        ``void_overvoltage`` (V: what voids add at that current).

    Raises
    ------
    InputError
    """
    at = np.asarray(time, dtype=np.float64)
    if at.ndim != 1 or at.size < 2 or not np.all(np.diff(at) >= 0.0):
        raise InputError(_WHERE, "time", time, "two or more rising times")
    shapes = {"current_density": current_density, "temperature": temperature}
    for name, value in shapes.items():
        if np.asarray(value).shape not in ((), at.shape):
            raise InputError(_WHERE, name, f"shape {np.asarray(value).shape}", f"one number, or one a time: {at.shape}")
    i, T = (np.broadcast_to(np.asarray(value, dtype=np.float64), at.shape) for value in shapes.values())
    if not (np.all(np.isfinite(i)) and np.all(T > 0.0)):
        raise InputError(_WHERE, "current_density, temperature", "not finite, or a temperature of zero", "numbers")
    flat = float(lithium.touching(lithium.stack_pressure))
    removed = _stripped(at, i) * LITHIUM_MOLAR_VOLUME / FARADAY / flat
    ratio, crept, diffused = voids_in_time(lithium.voids, lithium.stack_pressure, at, removed, T)
    left = 1.0 - ratio**2
    whole = np.array([lithium.area_resistance(float(one)) for one in T])
    resistance = np.array([lithium.area_resistance(float(one), float(share)) for one, share in zip(T, left, strict=True)])
    source = predicted(f"scalith.interface.{_WHERE}", lithium.digest, settings={"path": digest(at, i, T)})
    columns = {
        "contact": (flat * left, "fraction of the area in contact", "1"),
        "contact_left": (left, "contact that voids leave", "1"),
        "void_depth": (flat * lithium.voids.depth(ratio), "volume of voids per area", "m"),
        "stripped": (flat * np.concatenate([[0.0], np.cumsum(removed)]), "lithium stripped, volume per area", "m"),
        "crept": (flat * crept, "voids closed by creep, volume per area", "m"),
        "diffused": (flat * diffused, "voids closed by self-diffusion, volume per area", "m"),
        "area_resistance": (resistance, "resistance of the interface", "ohm m2"),
        "void_overvoltage": (np.abs(i) * (resistance - whole), "voltage that voids cost", "V"),
    }
    return Result(
        {name: labelled("time", values, words, unit) for name, (values, words, unit) in columns.items()},
        {"time": labelled("time", at, "time", "s")},
        {"source": source.to_json()},
    )


def _stripped(time: NDArray[np.float64], i: NDArray[np.float64]) -> NDArray[np.float64]:
    """∫ max(i, 0) dt over each interval between the times, of a current that is straight in between."""
    before, after = i[:-1], i[1:]
    passed = np.maximum(before, 0.0) + np.maximum(after, 0.0)
    turned = before * after < 0.0  # it strips for a part of the interval
    share = np.divide(passed, np.abs(after - before), out=np.ones_like(passed), where=turned)
    return np.asarray(0.5 * passed * share * np.diff(time))
