"""Potentiostatic intermittent titration (PITT): current after a step of potential, and the diffusivity read from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.lab.impedance.elements import DIMENSIONS, Shape
from scalith.lab.protocol_steps import steps
from scalith.lab.titration.particle_series import potential_step, require_shape, surface_roots
from scalith.quantities import ConvergenceError, InputError, Result, predicted

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
_REACH = np.array([7.0, 7.0, 12.0])
"""How far from a start the logarithms of R²/D, R_D and the kinetic resistance are searched."""


class PittFit(NamedTuple):
    """What one step tells.

    Attributes
    ----------
    diffusivity, lower, upper : float
        m2 s-1; from the whole curve, with the resistance of reaction and electrolyte.
    kinetic_resistance : float
        R_ct + R_Ω, ohm.
    biot : float
        R_D over it: far above 1 the step is one of diffusion.
    cottrell : float
        D from the current over t^-½, with intercept, m2 s-1: below the truth where the reaction is slow.
    long_time : float
        D from the last decay of ln I, m2 s-1, as if the reaction were fast.
    capacity : float
        Charge of the step at equilibrium, C.
    residual : float
        Root mean square of ln(I/I_fit).
    note : str
        Why a value is NaN, or a note.
    """

    diffusivity: float
    lower: float
    upper: float
    kinetic_resistance: float
    biot: float
    cottrell: float
    long_time: float
    capacity: float
    residual: float
    note: str


def simulate_pitt(
    *,
    radius: float,
    diffusivity: float,
    step: float,
    capacity: float,
    kinetic_resistance: float = 0.0,
    shape: Shape = "sphere",
    duration: float | None = None,
    points: int = 200,
) -> Result:
    r"""Current after a step of potential, in closed form.

    .. math::

        I(t) = \frac{ΔE}{R_D} f(\hatτ; B),\qquad R_D = \frac{ΔE\,R^2}{d\,Q D},\qquad B = \frac{R_D}{R_{ct}+R_Ω}

    with f of `potential_step` and Q the charge that the step moves in the end.

    Parameters
    ----------
    radius, diffusivity : float
        m, m2 s-1.
    step : float
        Height of the step, V; its sign is that of the current (discharge positive).
    capacity : float
        Q, C, positive.
    kinetic_resistance : float
        Ohm.
    shape : {"sphere", "cylinder", "slab"}
    duration : float, optional
        s; R²/D without it.
    points : int

    Returns
    -------
    Result
        ``current`` over ``time`` (since the step).
    """
    shape = require_shape(shape)
    for name, value in {"radius": radius, "diffusivity": diffusivity, "capacity": capacity}.items():
        if not value > 0.0:
            raise InputError("simulate_pitt", name, value, "a positive number")
    scale = radius**2 / diffusivity
    time = np.geomspace(1e-5 * scale, duration or scale, points)
    resistance = abs(step) * scale / (capacity * DIMENSIONS[shape])
    biot = resistance / kinetic_resistance if kinetic_resistance > 0.0 else float("inf")
    current = step / resistance * potential_step(time / scale, shape, biot)
    return Result(
        {"current": ("time", current, {"units": "A", "long_name": "current, positive while discharging"})},
        {"time": ("time", time, {"units": "s", "long_name": "time since the step"})},
        {"source": predicted("scalith.lab.simulate_pitt").to_json()},
    )


def extract_pitt(data: xr.Dataset, *, radius: float, step: float, shape: Shape = "sphere", level: float = 0.95) -> PittFit:
    r"""Diffusivity from the current after one step of potential.

    **Short times** (Cottrell): I = a t^-½ + b, a = Q d √(D/π)/R, exact in the sphere *with* the intercept; worth nothing where
    the reaction is slow. **Long times**: d ln I/dt = −b₁² D/R², b₁ = π/2, 2.4048, π; at τ̂ = 0.1 the slope is still 2.03,
    1.34, 1.15 times that
    (slab, cylinder, sphere), and with B = 1 the D found is 0.30 (slab) or 0.25 (sphere) of the truth (case B01).
    **Inversion**: the whole
    curve, ln I by least squares over ln D, ln R_D and ln(R_ct + R_Ω).

    Parameters
    ----------
    data : xarray.Dataset
        ``current`` over ``time``, from the step on; the current tends to zero.
    radius : float
        m; thickness of a slab with one closed side.
    step : float
        Height of the step, V.
    shape : {"sphere", "cylinder", "slab"}
    level : float

    Raises
    ------
    InputError
        Fewer than 8 samples, times that do not rise from above zero, or a current that changes its sign.
    """
    from scipy.optimize import least_squares
    from scipy.special import stdtrit

    shape = require_shape(shape)
    time, size = _decay(data)
    if not (step != 0.0 and np.isfinite(step)):
        raise InputError("extract_pitt", "step", step, "the height of the step, V")
    d = DIMENSIONS[shape]
    charge = float(np.sum(0.5 * (size[1:] + size[:-1]) * np.diff(time)) + size[0] * time[0])
    late = time >= 0.6 * time[-1]
    late[-4:] = True
    rate = max(-float(np.polyfit(time[late], np.log(size[late]), 1)[0]), 1e-3 / time[-1])
    fast = surface_roots(shape, float("inf"), 1)[0] ** 2
    long_time = radius**2 * rate / fast
    whole = charge + size[-1] / rate

    def current(u: Array) -> Array:
        scale, resistance, kinetic = np.exp(u)
        flux = potential_step(time / scale, shape, float(resistance / kinetic))
        return np.asarray(np.log(np.maximum(abs(step) / resistance * flux, 1e-300)))

    def fit_from(biot: float) -> Any:
        b = surface_roots(shape, biot, 1)[0] ** 2
        scale = b / rate
        resistance = abs(step) * scale / (d * whole)
        start = np.log([scale, resistance, resistance / biot])
        bounds = (start - _REACH, start + _REACH)
        return least_squares(lambda u: current(u) - np.log(size), start, bounds=bounds, max_nfev=200)

    best = min((fit_from(biot) for biot in (0.3, 3.0, 30.0)), key=lambda found: float(found.cost))
    if best.status <= 0:
        raise ConvergenceError("extract_pitt", "no start leads to a minimum within 200 evaluations")
    scale, resistance, kinetic = np.exp(best.x)
    freedom = max(time.size - 3, 1)
    variance = 2.0 * best.cost / freedom
    covariance = np.linalg.pinv(best.jac.T @ best.jac) * variance
    reach = float(stdtrit(freedom, 0.5 * (1.0 + level))) * float(np.sqrt(max(covariance[0, 0], 0.0)))
    biot = float(resistance / kinetic)
    note = ""
    if biot < 0.1:
        note = "the reaction, not diffusion, limits this step: D is known from its last decay at best"
    if reach > np.log(10.0):
        note = f"not identifiable: the interval spans a factor of {np.exp(2.0 * min(reach, 40.0)):.2g}"
    value = radius**2 / float(scale) if not note.startswith("not") else float("nan")
    return PittFit(
        value,
        value * float(np.exp(-min(reach, 700.0))),
        value * float(np.exp(min(reach, 700.0))),
        float(kinetic),
        biot,
        _cottrell(time, size, radius, d, whole),
        float(long_time),
        float(whole),
        float(np.sqrt(2.0 * best.cost / time.size)),
        note,
    )


def potential_steps(data: xr.Dataset) -> list[tuple[Result, float]]:
    """The holds of a titration with steps of potential: current since each step (until it turns its sign), and its height, V.

    The height is the held voltage less the last one before it, at rest or held.

    Raises
    ------
    InputError
        No step of constant voltage after another step.
    """
    found = steps(data)
    time, current = data["time"].values, np.asarray(data["current"].values, dtype=np.float64)
    pieces = []
    for k in np.flatnonzero(found["kind"].values == "constant voltage"):
        first, last = int(found["first"][k]), int(found["last"][k])
        if k == 0 or last - first < 8:
            continue
        height = float(found["end_voltage"][k]) - float(found["end_voltage"][k - 1])
        rows = np.arange(first, last + 1)
        since = time[rows] - time[first - 1]
        flows = current[rows] * np.sign(-height) > 0.0
        first_flow = int(np.argmax(flows))
        turned = np.flatnonzero(~flows[first_flow:])
        kept = slice(first_flow, first_flow + int(turned[0]) if turned.size else rows.size)
        one = Result({"current": ("time", current[rows][kept])}, {"time": ("time", since[kept])}, data.attrs)
        pieces.append((one, height))
    if not pieces:
        kinds = ", ".join(dict.fromkeys(str(kind) for kind in found["kind"].values))
        raise InputError("potential_steps", "steps", kinds, "steps of constant voltage, each after another step")
    return pieces


def _decay(data: xr.Dataset) -> tuple[Array, Array]:
    if "current" not in data.variables or data["current"].dims != ("time",):
        raise InputError("extract_pitt", "current", "not in the data", "current over time")
    time, current = (np.asarray(data[name].values, dtype=np.float64) for name in ("time", "current"))
    if time.size < 8:
        raise InputError("extract_pitt", "time", f"{time.size} samples", "at least 8 after the step")
    if not (time[0] > 0.0 and np.all(np.diff(time) > 0.0)):
        raise InputError("extract_pitt", "time", f"from {time[0]:g} s", "times since the step, rising from above zero")
    if not (np.all(current > 0.0) or np.all(current < 0.0)):
        row = int(np.argmax(np.sign(current) != np.sign(current[0])))
        found = f"{current[row]:.3g} A at {time[row]:.4g} s"
        raise InputError("extract_pitt", "current", found, "one sign: take off the current that is left, or end the step there")
    return time, np.abs(current)


def _cottrell(time: Array, size: Array, radius: float, d: int, charge: float) -> float:
    """D from a straight line with intercept through I over t^-½ while less than a tenth of the charge has passed."""
    passed = np.concatenate([[0.0], np.cumsum(0.5 * (size[1:] + size[:-1]) * np.diff(time))])
    early = passed < 0.1 * charge
    early[:4] = True
    slope = float(np.polyfit(time[early] ** -0.5, size[early], 1)[0])
    # I = (Q d D/R²)/√(πDt/R²): the slope over t^-½ is Q d √(D/π)/R.
    return float(np.pi * (slope * radius / (charge * d)) ** 2)
