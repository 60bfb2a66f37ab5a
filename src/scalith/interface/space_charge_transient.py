r"""How space charge forms in time: Poisson–Nernst–Planck for one mobile ion on a fixed counter charge, between two electrodes.

Lengths are in λ_D, times in λ_D²/D, potentials in RT/zF and concentrations in c∞ within this file:

.. math:: \partial_t w = -j', \qquad j = -\left(w' + w(1 - θ_∞ w)\,u'\right), \qquad u'' = 1 - w
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.interface.ion_flux import bernoulli
from scalith.interface.space_charge import (
    LATTICE_SPACING,
    bulk_occupation,
    continuum_validity,
    crowded_sites,
    debye_length,
    reduced_field,
)
from scalith.quantities import InputError, Result, digest, labelled, predicted
from scalith.quantities.constants import AVOGADRO, FARADAY, GAS_CONSTANT, VACUUM_PERMITTIVITY

Array = NDArray[np.float64]
_WHERE = "simulate_space_charge"
_TOLERANCE = 1e-9  # of w, and of what a small voltage changes in it, for one step of time
_LEAST_STEP = 1e-3  # of voltage: what a smaller one does drowns in the round-off of w


def simulate_space_charge(
    voltage: float,
    thickness: float,
    concentration: float,
    relative_permittivity: float,
    diffusivity: float,
    T: float = 298.15,
    *,
    charge: int = 1,
    site_concentration: float | None = None,
    times: ArrayLike | None = None,
    points: int = 201,
) -> Result:
    r"""A solid electrolyte between two blocking electrodes after a step of voltage: its space charge in time.

    One ion moves on a fixed counter charge (Poisson–Nernst–Planck); at time zero it is uniform and the voltage is switched on.

    .. math::

        \frac{∂c}{∂t} = -\frac{∂J}{∂x}, \qquad
        J = -D \left(\frac{∂c}{∂x} + c (1 - θ) \frac{z F}{R T} \frac{∂φ}{∂x}\right)
          = -\frac{D c (1 - θ)}{R T} \frac{∂}{∂x} \left(R T \ln\frac{θ}{1 - θ} + z F φ\right), \qquad
        -ε \frac{∂^2 φ}{∂x^2} = z F (c - c_∞)

    with J = 0 at both electrodes. θ is the filled fraction of the sites (an ion hops into a vacant one); a dilute ion has θ = 0.
    Small voltages relax with 1/τ = (D/λ²) tanh(a)/a, a = (L/2λ) √(1 − λ²/(Dτ)), λ = λ_D/√(1 − θ∞): τ → λ L/(2D) for thin
    layers (Bazant, Thornton and Ajdari, DOI 10.1103/PhysRevE.70.021506), L²/(π² D) for L below λ.

    Finite volumes on a mesh that is finest at the electrodes, with the exponential fluxes of Scharfetter and Gummel
    (DOI 10.1109/T-ED.1969.16566): without flux they are Boltzmann's (with sites Fermi's) distribution exactly, and ions are
    kept to round-off. Steps in time are by implicit backward differences with a bounded error.

    Parameters
    ----------
    voltage : float
        Of the electrode at depth 0 against the one at `thickness`, V, from time zero on.
    thickness : float
        L, m.
    concentration : float
        c∞ of the mobile ion and of its fixed counter charge, mol m-3.
    relative_permittivity : float
    diffusivity : float
        D, m2 s-1.
    T : float
        K.
    charge : int
        z.
    site_concentration : float, optional
        Sites of the mobile ion, mol m-3. Without it sites are finite only where a dilute ion does not hold in the end
        (`space_charge`), one per cube of 0.3 nm.
    times : array_like, optional
        s, rising from zero or later; by default zero, and forty up to 10 τ, from λ_D²/(100 D) or τ/10, whichever is earlier.
    points : int
        Of the mesh.

    Returns
    -------
    Result
        Over (``time``, ``depth``): ``potential`` (V), ``concentration`` (mol m-3; its trapezoidal integral is kept). Over
        ``time``: ``electrode_charge`` (of the electrode at depth 0, C m-2), ``current_density`` (into it, A m-2, after the charge
        εV/L of time zero). ``debye_length`` (m) and ``relaxation_time`` (τ of small voltages, s).

    Raises
    ------
    InputError
    """
    _require_numbers(voltage=voltage, thickness=thickness, diffusivity=diffusivity, points=points)
    debye = debye_length(concentration, relative_permittivity, T, charge=charge)
    thermal, length = GAS_CONSTANT * T / (charge * FARADAY), thickness / debye
    if not 1e-3 <= length <= 1e6:
        raise InputError(_WHERE, "thickness", f"{length:.3g} Debye lengths of {debye:.3g} m", "a thousandth to a million of them")
    step = voltage / thermal
    if 0.0 < abs(step) < _LEAST_STEP:
        least = f"zero, or at least {abs(_LEAST_STEP * thermal):.3g} V: what is smaller answers in proportion"
        raise InputError(_WHERE, "voltage", voltage, least)
    if site_concentration is None:
        site_concentration = crowded_sites(concentration * _gathered(step, 0.0), debye, LATTICE_SPACING)
    occupation = bulk_occupation(concentration, site_concentration, _WHERE)
    spacing = LATTICE_SPACING if site_concentration is None else (AVOGADRO * site_concentration) ** (-1.0 / 3.0)
    narrowest = 1.0 / np.sqrt(max(_gathered(step, occupation), 1.0))
    unit_time = debye**2 / diffusivity
    relaxation = _relaxation_time(length, occupation)
    at = _times(times, unit_time, relaxation)
    x = _mesh(length, narrowest, int(points))
    w, u, current = _integrate(x, step, occupation, at / unit_time)
    per_area = VACUUM_PERMITTIVITY * relative_permittivity * thermal / debye
    half = 0.5 * (x[1] - x[0])
    electrode = (u[:, 0] - u[:, 1]) / (x[1] - x[0]) - half * (w[:, 0] - 1.0)  # Gauss over the half volume at the wall
    settings = {"voltage_V": voltage, "thickness_m": thickness, "concentration_mol_m3": concentration,
                "relative_permittivity": relative_permittivity, "diffusivity_m2_s": diffusivity, "temperature_K": T,
                "charge": charge, "site_concentration_mol_m3": site_concentration, "times": digest(at),
                "points": int(points)}  # fmt: skip
    over = ("time", "depth")
    return Result(
        {
            "potential": labelled(over, thermal * u, "potential", "V"),
            "concentration": labelled(over, concentration * w, "mobile ion", "mol m-3"),
            "electrode_charge": labelled("time", per_area * electrode, "charge of the electrode at depth 0", "C m-2"),
            "current_density": labelled("time", per_area / unit_time * current, "charging current", "A m-2"),
            "debye_length": labelled((), debye, "Debye length", "m"),
            "relaxation_time": labelled((), relaxation * unit_time, "time of relaxation of a small voltage", "s"),
        },
        {
            "time": labelled("time", at, "time", "s"),
            "depth": labelled("depth", debye * x, "distance from the first electrode", "m"),
        },
        {
            "source": predicted(f"scalith.interface.{_WHERE}", settings=settings).to_json(),
            "continuum": continuum_validity(debye * narrowest, spacing),
            "continuum_holds": int(debye * narrowest >= spacing),
            "bulk_occupation": occupation,
        },
    )


def _require_numbers(**given: float) -> None:
    """Finite numbers, all but the voltage positive, and a mesh of a sensible size."""
    for name, value in given.items():
        if not isinstance(value, int | float | np.integer | np.floating) or not np.isfinite(value):
            raise InputError(_WHERE, name, value, "a number in SI")
        if name != "voltage" and not value > 0.0:
            raise InputError(_WHERE, name, value, "a positive number in SI")
    if int(given["points"]) != given["points"] or not 21 <= given["points"] <= 2001:
        raise InputError(_WHERE, "points", given["points"], "a whole number from 21 to 2001")


def _times(times: ArrayLike | None, unit_time: float, relaxation: float) -> Array:
    """Times of the result, s."""
    if times is None:
        last = 10.0 * relaxation
        return unit_time * np.concatenate([[0.0], np.geomspace(0.01 * min(1.0, last), last, 40)])
    expected = "rising times in s, from zero or later"
    try:
        at = np.atleast_1d(np.asarray(times, dtype=np.float64))
    except ValueError:
        raise InputError(_WHERE, "times", times, expected) from None
    if at.ndim != 1 or at.size == 0 or not np.all(np.isfinite(at)) or at[0] < 0.0 or not np.all(np.diff(at) > 0.0):
        raise InputError(_WHERE, "times", times, expected)
    return at


def _gathered(step: float, occupation: float) -> float:
    """c/c∞ at the electrode that gathers ions, in the end: both layers hold the same charge and share the voltage."""
    from scipy.optimize import brentq

    whole = abs(step)
    if whole < 1e-12:
        return 1.0
    uneven = lambda share: float(reduced_field(-share, occupation) - reduced_field(whole - share, occupation))  # noqa: E731
    share = float(brentq(uneven, 0.0, whole))
    return float(np.exp(share - np.logaddexp(np.log1p(-occupation), np.log(occupation) + share) if occupation else share))


def _relaxation_time(length: float, occupation: float) -> float:
    r"""Slowest time of the linear equations, in λ_D²/D: 1/τ = (1 − θ) T(y), 4 y = (L/λ)² (1 − T(y)), T(a²) = tanh(a)/a.

    With v the deviation of w, u″ = −v and v̇ = v″ + (1 − θ) u″: v = sinh(kx) with k² = 1 − θ − 1/τ, u of the stated voltage
    and no flux at the walls leave this one condition; y = (kL/2)² is below zero in a thin electrolyte.
    """
    from scipy.optimize import brentq

    mobile = 1.0 - occupation
    squared = 0.25 * mobile * length**2

    def ratio(y: float) -> float:
        a = np.sqrt(abs(y))
        return float((np.tanh(a) if y > 0.0 else np.tan(a)) / a) if a > 1e-4 else 1.0 - y / 3.0

    def condition(y: float) -> float:
        return ((1.0 - ratio(y)) / y if abs(y) > 1e-8 else 1.0 / 3.0) - 1.0 / squared

    lowest = -((0.5 * np.pi) ** 2) * (1.0 - 1e-12)
    y = float(brentq(condition, lowest, squared, xtol=1e-14, rtol=1e-14))
    return 1.0 / (mobile * ratio(y))


def _mesh(length: float, narrowest: float, points: int) -> Array:
    """Nodes that lie evenly over the narrowest Debye length at each electrode, and wider towards the middle."""
    stretch = float(np.arcsinh(0.5 * length / narrowest))
    s = np.linspace(-1.0, 1.0, points)
    if stretch < 1.0:
        return 0.5 * length * (s + 1.0)
    from_wall = 0.5 * length * np.sinh(stretch * (1.0 - np.abs(s))) / np.sinh(stretch)
    return np.asarray(np.where(s <= 0.0, from_wall, length - from_wall))


def _integrate(x: Array, step: float, occupation: float, times: Array) -> tuple[Array, Array, Array]:
    """w and u over (time, node), and the current, the mean of the ions' over the depth (Shockley and Ramo)."""
    from scipy.integrate import solve_ivp

    h, length = np.diff(x), x[-1]
    volume = 0.5 * (np.append(h, 0.0) + np.insert(h, 0, 0.0))
    # The answer of the potential to a charge between two grounded walls, exact at the nodes.
    response = np.minimum.outer(x, x) * (length - np.maximum.outer(x, x)) / length * volume
    applied = step * (1.0 - x / length)
    gradient_response = np.diff(response, axis=0)

    def faces(w: Array) -> tuple[Array, Array, Array, Array]:
        drop = np.diff(applied) + gradient_response @ (w - 1.0)
        return drop, bernoulli(drop), bernoulli(-drop), 1.0 - occupation * w

    def flux(w: Array) -> Array:
        _, forward, backward, vacant = faces(w)
        return np.asarray((w[:-1] * vacant[1:] * forward - w[1:] * vacant[:-1] * backward) / h)

    def rate(_: float, w: Array) -> Array:
        return np.asarray(-np.diff(flux(w), prepend=0.0, append=0.0) / volume)

    def jacobian(_: float, w: Array) -> Array:
        drop, forward, backward, vacant = faces(w)
        slope = w[:-1] * vacant[1:] * _bernoulli_slope(drop) + w[1:] * vacant[:-1] * _bernoulli_slope(-drop)
        per_node = (slope / h)[:, None] * gradient_response
        k = np.arange(h.size)
        per_node[k, k] += (vacant[1:] * forward + occupation * w[1:] * backward) / h
        per_node[k, k + 1] -= (vacant[:-1] * backward + occupation * w[:-1] * forward) / h
        return np.asarray(-np.diff(per_node, axis=0, prepend=0.0, append=0.0) / volume[:, None])

    w = np.ones((times.size, x.size))
    if times[-1] > 0.0 and step != 0.0:
        error = _TOLERANCE * min(1.0, abs(step))
        found = solve_ivp(rate, (0.0, times[-1]), w[0], "BDF", times, jac=jacobian, rtol=error, atol=error)
        if not found.success:
            raise InputError(
                _WHERE, "times", f"the steps in time ended early: {found.message}", "a smaller voltage, or more points"
            )
        w = found.y.T
    current = np.array([float(flux(one) @ h) / length for one in w])
    return w, applied + (w - 1.0) @ response.T, current


def _bernoulli_slope(v: Any) -> Any:
    """d/dv of v/(eᵛ − 1)."""
    safe = np.where(np.abs(v) < 1e-4, 1.0, v)
    return np.where(np.abs(v) < 1e-4, -0.5 + v / 6.0, bernoulli(v) * (1.0 - bernoulli(-v)) / safe)
