"""Galvanostatic intermittent titration (GITT): pulses of current and rests, and the diffusivity read from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.lab.impedance.elements import DIMENSIONS, Shape
from scalith.lab.protocol_steps import steps
from scalith.lab.titration.particle_series import current_step, require_shape
from scalith.quantities import InputError, Result, dataset_digest, nearest, predicted

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
_ELECTRODES = {"cell": "voltage", "negative": "negative_potential", "positive": "positive_potential"}
_REDUCED = (1e-7, 1e3)
"""D·pulse/R² that are searched: shorter diffusion cannot be told from a capacitor's, longer not from rest."""
_EVEN: dict[Shape, float] = {"slab": 0.54, "cylinder": 0.31, "sphere": 0.21}
"""Rests, in R²/D, after which ΔE_s is within 1 % (short pulses; case B02)."""
_WIDEST = 30.0
"""An interval wider than this factor tells nothing."""


class Particle(NamedTuple):
    """What answers to a titration: one size of particles whose potential is linear in the charge.

    Attributes
    ----------
    radius : float
        m; thickness of a slab with one closed side.
    diffusivity : float
        m2 s-1.
    slope : float
        Change of the potential with the charge discharged, V C-1.
    resistance : float
        Ohm, of everything that answers at once.
    shape : {"sphere", "cylinder", "slab"}
    """

    radius: float
    diffusivity: float
    slope: float
    resistance: float = 0.0
    shape: Shape = "sphere"


def simulate_gitt(
    particle: Particle, *, current: float, pulse: float, rest: float, pulses: int = 1, start: float = 4.0, points: int = 100
) -> Result:
    r"""GITT of a particle in closed form.

    .. math::

        E(t) = E_0 + \frac{dU}{dq} I \frac{R^2}{dD}\sum_k\left[u(\hatτ-\hatτ_k) - u(\hatτ-\hatτ_k-\hatτ_p)\right] - I R_Ω

    with u of `current_step`. For a cell with everything else in it, give `scalith.cell.simulate_protocol` the pulses and
    rests: `extract_gitt` reads
    its result as well.

    Parameters
    ----------
    particle : Particle
    current, pulse, rest : float
        A (positive discharges), s, s.
    pulses : int
    start : float
        Potential at rest before the first pulse, V.
    points : int
        Samples of each pulse and of each rest.

    Returns
    -------
    Result
        ``voltage`` and ``current`` over ``time``.
    """
    for name, value in {"pulse": pulse, "rest": rest, "radius": particle.radius, "diffusivity": particle.diffusivity}.items():
        if not value > 0.0:
            raise InputError("simulate_gitt", name, value, "a positive number")
    # Samples are dense where the potential moves fast.
    within = np.linspace(0.0, 1.0, points + 1)[1:] ** 2
    period = pulse + rest
    time = np.concatenate([[0.0], *(k * period + np.concatenate([pulse * within, pulse + rest * within]) for k in range(pulses))])
    inside = np.mod(time, period)
    flowing = (inside > 0.0) & (inside <= pulse * (1.0 + 1e-12))
    rate = particle.diffusivity / particle.radius**2
    answer = np.zeros_like(time)
    for k in range(pulses):
        begun = time - k * period
        answer += current_step(rate * begun, particle.shape) - current_step(rate * (begun - pulse), particle.shape)
    scale = particle.slope * current / (DIMENSIONS[particle.shape] * rate)
    own = np.where(flowing, current, 0.0)
    voltage = start + scale * answer - particle.resistance * own
    return Result(
        {
            "voltage": ("time", voltage, {"units": "V", "long_name": "potential"}),
            "current": ("time", own, {"units": "A", "long_name": "current, positive while discharging"}),
        },
        {"time": ("time", time, {"units": "s", "long_name": "time"})},
        {"kind": "cell run", "source": predicted("scalith.lab.simulate_gitt", settings=particle._asdict()).to_json()},
    )


def weppner_huggins(reduced_pulse: ArrayLike, shape: Shape) -> Array:
    r"""D by Weppner and Huggins' formula over D, when the rests are long and the pulse lasts Dt/R² = `reduced_pulse`.

    (4/πτ)(R/d)²(ΔE_s/ΔE_t)² = D · (4τ̂/π)/u(τ̂)²: exact for short pulses only.
    """
    t = np.asarray(reduced_pulse, dtype=np.float64)
    return np.asarray(4.0 * t / np.pi / current_step(t, shape) ** 2)


def extract_gitt(
    data: xr.Dataset,
    *,
    radius: float,
    shape: Shape = "sphere",
    electrode: str = "cell",
    slope: float | ArrayLike | Callable[[float], float] | None = None,
    potential: Callable[[Array], Array] | None = None,
    drift: bool = True,
    level: float = 0.95,
) -> Result:
    r"""Diffusivity from each pulse and the rest after it.

    **Classical**: Weppner and Huggins, D = (4/πτ)(R/d)²(ΔE_s/ΔE_t)² with ΔE_s between the rests before and after and ΔE_t over
    the
    pulse without its resistive step. It holds while Dτ/R² ≪ 1 *and* the rests are long: on a sphere it gives 0.945 D at Dτ/R²
    = 10⁻³, 0.537 D at 0.1, and 11.9 D when
    the rest lasts three such pulses only (`weppner_huggins`; case B02).

    **Inversion**: least squares of pulse and rest together,
    E = E₀ + (dU/dq) I (R²/dD)[u(τ̂) − u(τ̂ − τ̂_p)] − I R_Ω + b t, with u of `current_step`, for ln D; E₀, R_Ω and the drift b
    of the rest before are linear. It has no bias of its own at
    any pulse and rest, as long as D and dU/dq hold over one pulse. With `slope` from the measured open-circuit potential;
    without, it is
    fitted too, and a short rest then tells little.

    A pulse is *not identifiable* when the potential at rest does not move with the charge, when the best D lies at the end of
    what is
    searched, or when the interval is wider than a factor of 30. Its values are NaN, and ``note`` says why. Of a pulse whose rest
    is too short for the classical formula it says that.

    Parameters
    ----------
    data : xarray.Dataset
        Time series with pulses between rests: measured, or from `simulate_gitt` or `scalith.cell.simulate_protocol`.
    radius : float
        m.
    shape : {"sphere", "cylinder", "slab"}
    electrode : {"cell", "negative", "positive"}
        Whose potential is read.
    slope : float, array_like or callable, optional
        Change of the open-circuit potential of this electrode with the charge discharged, V C⁻¹: one number, one a pulse, or a
        function of
        the potential at rest.
    potential : callable, optional
        In place of `slope`: the open-circuit potential of this electrode over the charge discharged since the start of the data
        (C), up to a constant. The potential of the surface then follows it, so that it may bend within a pulse: with a slope,
        a pulse over which dU/dq changes by a third is off by as much.
    drift : bool
        Whether a linear drift is fitted.
    level : float
        Of the interval, from the profile of the sum of squares; residuals alike from sample to sample (what the model misses)
        widen it.

    Returns
    -------
    Result
        Over ``pulse``: ``diffusivity``, ``lower``, ``upper`` (m² s⁻¹), ``weppner_huggins`` (m² s⁻¹), ``resistance`` (ohm),
        ``rest_potential`` (V), ``slope``
        (V C⁻¹), ``reduced_pulse`` (Dτ/R²), ``residual`` (V, rms) and ``note``.

    Raises
    ------
    InputError
        No pulse between rests, a pulse without end or rest, fewer than 5 samples in one.
    """
    shape = require_shape(shape)
    if electrode not in _ELECTRODES:
        raise InputError("extract_gitt", "electrode", electrode, nearest(electrode, _ELECTRODES))
    name = _ELECTRODES[electrode]
    if name not in data.variables:
        raise InputError("extract_gitt", "electrode", f"no {name}", "a measurement with it, or electrode='cell'")
    if not radius > 0.0:
        raise InputError("extract_gitt", "radius", radius, "a positive length in m")
    if slope is not None and potential is not None:
        raise InputError("extract_gitt", "slope", "beside `potential`", "one of the two")
    pulses = _pulses(data, name)
    slopes = _slopes(slope, pulses)
    rises = electrode == "negative"  # against lithium, the negative electrode rises while the cell discharges
    rows = [
        _extract_one(pulse, radius, shape, potential if own is None else own, drift, level, rises)
        for pulse, own in zip(pulses, slopes, strict=True)
    ]
    units = {
        "diffusivity": "m2 s-1",
        "lower": "m2 s-1",
        "upper": "m2 s-1",
        "weppner_huggins": "m2 s-1",
        "resistance": "ohm",
        "rest_potential": "V",
        "slope": "V C-1",
        "reduced_pulse": "1",
        "residual": "V",
    }
    columns = {
        key: (
            "pulse",
            np.array([row[key] for row in rows], dtype=np.float64),
            {"units": unit, "long_name": key.replace("_", " ")},
        )
        for key, unit in units.items()
    }
    source = predicted(
        "scalith.lab.extract_gitt", dataset_digest(data), settings={"radius_m": radius, "shape": shape, "electrode": electrode}
    )
    found = Result(columns, {"pulse": ("pulse", np.arange(len(rows)))}, {"kind": "titration", "source": source.to_json()})
    found["note"] = ("pulse", np.array([row["note"] for row in rows]))
    return found


_Slope: TypeAlias = "float | Callable[[Array], Array] | None"


class _Pulse(NamedTuple):
    time: Array  # since the current began, s; the sample before it first
    potential: Array
    current: float
    length: float
    flowing: NDArray[np.bool_]
    charge: float
    passed: float  # discharged before it

    @property
    def at_rest(self) -> tuple[float, float]:
        """Potential at the ends of the rests before and after."""
        return float(self.potential[0]), float(self.potential[-1])


def _pulses(data: xr.Dataset, name: str) -> list[_Pulse]:
    found = steps(data)
    time, potential = data["time"].values, np.asarray(data[name].values, dtype=np.float64)
    at = np.flatnonzero(found["pulse"].values)
    if not at.size:
        kinds = ", ".join(dict.fromkeys(str(kind) for kind in found["kind"].values))
        raise InputError(
            "extract_gitt", "steps", kinds or "none", "pulses of constant current between rests, the last with its rest"
        )
    passed = np.cumsum(found["charge"].values)
    pulses = []
    for k in at:
        first, last = int(found["first"][k]), int(found["last"][k])
        end = int(found["last"][k + 1])
        steady = int(np.argmax(np.abs(data["current"].values[first : last + 1] / float(found["mean_current"][k]) - 1.0) < 0.02))
        rows = np.r_[first - 1, first + steady : end + 1]
        count = last - first - steady + 1
        for words, size in (("pulse", count), ("rest after a pulse", end - last)):
            if size < 5:
                raise InputError("extract_gitt", f"{words} {k}", f"{size} samples", "at least 5")
        flowing = np.zeros(rows.size, dtype=bool)
        flowing[1 : count + 1] = True
        current, begun = float(found["mean_current"][k]), float(time[first - 1])
        length, charge = float(time[last]) - begun, float(found["charge"][k])
        pulses.append(_Pulse(time[rows] - begun, potential[rows], current, length, flowing, charge, float(passed[k - 1])))
    return pulses


def _slopes(slope: float | ArrayLike | Callable[[float], float] | None, pulses: list[_Pulse]) -> list[float | None]:
    if slope is None:
        return [None] * len(pulses)
    if callable(slope):
        return [float(slope(0.5 * sum(pulse.at_rest))) for pulse in pulses]
    values = np.asarray(slope, dtype=np.float64)
    if values.ndim > 1 or (values.ndim == 1 and values.size != len(pulses)):
        raise InputError("extract_gitt", "slope", values, f"one number, or one for each of the {len(pulses)} pulses")
    return [float(value) for value in np.broadcast_to(values, len(pulses))]


def _extract_one(
    pulse: _Pulse, radius: float, shape: Shape, slope: _Slope, drift: bool, level: float, rises: bool
) -> dict[str, float | str]:
    d = DIMENSIONS[shape]
    before, after = pulse.at_rest
    moved = after - before
    row: dict[str, float | str] = dict.fromkeys(
        ("diffusivity", "lower", "upper", "weppner_huggins", "reduced_pulse"), float("nan")
    )
    own = moved / pulse.charge if slope is None else slope
    if callable(own):
        own = float(np.ptp(own(pulse.passed + np.array([0.0, pulse.charge])))) / abs(pulse.charge) * (1.0 if rises else -1.0)
    row |= {"rest_potential": after, "slope": own, "note": ""}
    first, last = _at_once(pulse), float(pulse.potential[pulse.flowing][-1])
    expected = (1.0 if rises else -1.0) * float(np.sign(pulse.current))
    row["resistance"] = abs(first - before) / abs(pulse.current)
    wrong = moved * expected <= 0.0
    if not wrong and (last - first) * expected > 0.0:
        row["weppner_huggins"] = 4.0 / (np.pi * pulse.length) * (radius / d) ** 2 * (moved / (last - first)) ** 2
    grid = np.log(np.geomspace(*_REDUCED, 41))
    problem = _Inversion(pulse, radius, shape, slope, drift)
    costs = np.array([problem.cost(one) for one in grid])
    best = int(np.argmin(costs))
    row["residual"] = float(np.sqrt(costs[best] / pulse.time.size))
    if wrong:
        row["note"] = "not identifiable: the potential at rest does not follow the charge (a plateau, or no rest)"
        return row
    if best in (0, grid.size - 1):
        row["note"] = "not identifiable: the data ask for a diffusivity beyond what can be told"
        return row
    log, low, high = problem.interval(grid, costs, level)
    if not high - low < np.log(_WIDEST):
        row["note"] = f"not identifiable: the interval spans a factor of {np.exp(min(high - low, 99.0)):.2g}"
        return row
    scale = radius**2 / pulse.length
    row |= {"diffusivity": float(np.exp(log)) * scale, "lower": float(np.exp(low)) * scale, "upper": float(np.exp(high)) * scale}
    row |= {"reduced_pulse": float(np.exp(log)), "resistance": problem.resistance(log)}
    rest = float(np.exp(log)) * (pulse.time[-1] / pulse.length - 1.0)
    if rest < _EVEN[shape]:
        row["note"] = f"the rest lasts {rest:.2g} R²/D: too short for Weppner–Huggins, which needs {_EVEN[shape]:g}"
    return row


def _at_once(pulse: _Pulse) -> float:
    """Potential just after the current began: a line over √t through the first samples, at least 5 and a tenth of the pulse."""
    t, potential = pulse.time[pulse.flowing], pulse.potential[pulse.flowing]
    early = np.arange(t.size) < max(5, int(np.count_nonzero(t <= 0.1 * pulse.length)))
    return float(np.polynomial.Polynomial.fit(np.sqrt(t[early]), potential[early], 1)(0.0))


class _Known:
    """Least squares with known columns."""

    def __init__(self, matrix: Array) -> None:
        self.size = np.linalg.norm(matrix, axis=0)
        self.q, self.r = np.linalg.qr(matrix / self.size)

    def solve(self, target: Array) -> tuple[Array, Array]:
        """Coefficients, and what is left."""
        along = self.q.T @ target
        return np.linalg.solve(self.r, along) / self.size, target - self.q @ along


class _Inversion:
    """Least squares over ln(Dτ/R²); everything else is linear."""

    def __init__(self, pulse: _Pulse, radius: float, shape: Shape, slope: _Slope, drift: bool) -> None:
        self.pulse, self.shape, self.slope = pulse, shape, slope
        # E = E₀ − I R + b t + (dU/dq) I (τ/dτ̂)[u(τ̂ t/τ) − u(τ̂ (t − τ)/τ)].
        columns = [np.ones_like(pulse.time), -pulse.current * pulse.flowing]
        self.fixed = np.stack([*columns, *([pulse.time / pulse.time[-1]] if drift else [])], axis=1)
        self.unknowns = 1 + self.fixed.shape[1] + (slope is None)
        self.known = _Known(self.fixed)
        # Both answers of a pulse at once: to the current, and to its end.
        self.times = np.concatenate([pulse.time, pulse.time - pulse.length]) / pulse.length

    def _linear(self, log: float) -> tuple[Array, Array]:
        reduced = float(np.exp(log))
        pulse = self.pulse
        begun, ended = np.split(current_step(reduced * self.times, self.shape), 2)
        answer = pulse.current * pulse.length / (DIMENSIONS[self.shape] * reduced) * (begun - ended)
        if callable(self.slope):
            moved = self.slope(pulse.passed + answer) - self.slope(np.array([pulse.passed]))
            return self.known.solve(pulse.potential - moved)
        if self.slope is None:
            return _Known(np.column_stack([self.fixed, answer])).solve(pulse.potential)
        return self.known.solve(pulse.potential - self.slope * answer)

    def cost(self, log: float) -> float:
        off = self._linear(log)[1]
        return float(off @ off)

    def resistance(self, log: float) -> float:
        return float(self._linear(log)[0][1])

    def interval(self, grid: Array, costs: Array, level: float) -> tuple[float, float, float]:
        from scipy.optimize import brentq, minimize_scalar
        from scipy.special import stdtrit

        k = int(np.argmin(costs))
        found = minimize_scalar(self.cost, bounds=(grid[k - 1], grid[k + 1]), method="bounded", options={"xatol": 1e-9})
        best, least = float(found.x), float(found.fun)
        freedom = max(self.pulse.time.size - self.unknowns, 1)
        # Rounding of the potentials, some 1e-15 V, is the least noise there is.
        floor = max(least, 1e-30 * self.pulse.time.size * float(np.abs(self.pulse.potential).max()) ** 2)
        # What the model misses is alike from sample to sample: correlated residuals count as fewer.
        off = self._linear(best)[1]
        alike = float(np.clip(np.sum(off[1:] * off[:-1]) / max(float(off @ off), 1e-300), 0.0, 0.99))
        bound = least + floor / freedom * (1.0 + alike) / (1.0 - alike) * float(stdtrit(freedom, 0.5 * (1.0 + level))) ** 2
        ends = []
        for side in (range(k - 1, -1, -1), range(k + 1, grid.size)):
            beyond = next((float(grid[j]) for j in side if costs[j] > bound), None)
            if beyond is None:
                ends.append(-np.inf if side.step < 0 else np.inf)
            else:
                ends.append(
                    float(brentq(lambda log: self.cost(log) - bound, best, beyond, xtol=1e-4 * abs(beyond - best), rtol=1e-12))
                )
        return best, float(min(ends)), float(max(ends))
