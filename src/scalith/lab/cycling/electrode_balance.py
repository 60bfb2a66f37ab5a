"""Electrode balance: stoichiometries, capacities and lithium inventory of a cell from its pseudo-open-circuit voltage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.lab.cycling.local_polynomial import local_parabolas, thinned, white_noise
from scalith.lab.fit_errors import autocovariance, widened_by_parts
from scalith.quantities import ConvergenceError, InputError, Property, Source, nearest, predicted

Array = NDArray[np.float64]
By = Literal["voltage", "derivative", "both"]
NAMES = ("x100", "x0", "y100", "y0", "Q_negative", "Q_positive", "lithium")
_UNITS = dict.fromkeys(NAMES[:4], "1") | dict.fromkeys(NAMES[4:], "C")
_SAMPLES = 600
_PLACES = 200
_PARTS = 5
"""Parts of the charge over which what the model misses is alike."""
_EDGE = 2e-3
"""An end this near to that of a half-cell curve stands at it."""
_MISFIT, _NOISES = 5e-3, 10.0
"""V, and in units of the noise: more than both left of the voltage is said."""
_WIDE = 0.2
"""A capacity whose 95 % interval reaches further, relative to it, is not identifiable."""


class _HalfCell(NamedTuple):
    """Potential, slope over the stoichiometry, and slope over the share of the second material, of an electrode."""

    nodes: Array
    potential: Array
    slope: Array
    of_share: Array

    def at(self, x: Array) -> tuple[Array, Array, Array]:
        potential, slope, of_share = (np.interp(x, self.nodes, one) for one in (self.potential, self.slope, self.of_share))
        return potential, slope, of_share


@dataclass(frozen=True, eq=False)
class ElectrodeBalance:
    """What a pseudo-open-circuit voltage tells of both electrodes.

    Attributes
    ----------
    values : dict of str to float
        `x100`, `x0`, `y100`, `y0`: stoichiometries of the negative and the positive electrode where the curve starts (full) and
        ends (empty); `Q_negative`, `Q_positive`: capacities between the stoichiometries 0 and 1, C; `lithium` = Q_n x + Q_p y:
        cyclable lithium, C; with a blended electrode `share`, of the capacity of the negative electrode in its second material.
    covariance : ndarray
        Of the values, in this order.
    residual : float
        Root mean square of V − V_fit, V.
    note : str
        What is not identifiable, or stands at an end.
    fitted : ndarray
        Voltage of the fit at the charges that were given.
    """

    values: dict[str, float]
    covariance: Array
    residual: float
    note: str
    fitted: Array
    source: Source

    def standard_error(self, name: str) -> float:
        """Standard error of a value, in its unit."""
        k = self._index(name)
        return float(np.sqrt(self.covariance[k, k]))

    def interval(self, name: str, level: float = 0.95) -> tuple[float, float]:
        """Interval that contains the value with probability `level`."""
        from scipy.special import ndtri

        reach = float(ndtri(0.5 * (1.0 + level))) * self.standard_error(name)
        return self.values[name] - reach, self.values[name] + reach

    def _index(self, name: str) -> int:
        if name not in self.values:
            raise InputError("electrode balance", name, "no such value", nearest(name, self.values))
        return list(self.values).index(name)


def blended_potential(first: Property, second: Property, share: float, *, T: float = 298.15, points: int = 2001) -> Property:
    r"""Potential of two materials in one electrode that share it, over the stoichiometry of both together.

    .. math::

        x(U) = (1-s)\,x_1(U) + s\,x_2(U)

    with s the share of the second material in the capacity. Both potentials must fall with the stoichiometry; where one of them
    does not reach U it stands at the end of its curve.

    Raises
    ------
    InputError
        A potential rises with the stoichiometry, or `share` is not from 0 to 1.
    """
    if not 0.0 <= share <= 1.0:
        raise InputError("blended_potential", "share", share, "0 to 1")
    u, contents = _contents(first, second, T, points)
    x = (1.0 - share) * contents[0] + share * contents[1]
    keep = np.concatenate([[True], np.diff(x) > 1e-9])
    source = predicted("scalith.lab.blended_potential", first.digest, second.digest, settings={"share": share})
    return Property.from_arrays("open_circuit_voltage", {"x": x[keep]}, u[keep], "V", source)


def simulate_balance(
    negative: Property | tuple[Property, Property],
    positive: Property,
    *,
    x100: float,
    y100: float,
    negative_capacity: float,
    positive_capacity: float,
    lower: float,
    share: float = 0.0,
    points: int = 1000,
    T: float = 298.15,
) -> tuple[Array, Array]:
    r"""Charge (C) and voltage (V) at open circuit from x₁₀₀, y₁₀₀ down to the voltage `lower`.

    .. math::

        V(q) = U_p(y_{100} + q/Q_p) - U_n(x_{100} - q/Q_n)

    Raises
    ------
    InputError
        The half-cell curves end before `lower` is reached.
    """
    below = negative if isinstance(negative, Property) else blended_potential(*negative, share, T=T)
    one, other = (_half_cell(item, T) for item in (below, positive))
    most = min((x100 - one.nodes[0]) * negative_capacity, (other.nodes[-1] - y100) * positive_capacity)
    q = np.linspace(0.0, most, 20_001)
    v = other.at(y100 + q / positive_capacity)[0] - one.at(x100 - q / negative_capacity)[0]
    reached = np.flatnonzero(v <= lower)
    if not reached.size or reached[0] == 0:
        raise InputError("simulate_balance", "lower", f"{lower:g} V", f"a voltage between {v.min():.4g} and {v[0]:.4g} V")
    k = int(reached[0])
    end = q[k - 1] + (q[k] - q[k - 1]) * (v[k - 1] - lower) / (v[k - 1] - v[k])
    charge = np.linspace(0.0, float(end), points)
    return charge, np.interp(charge, q, v)


def extract_balance(
    charge: ArrayLike,
    voltage: ArrayLike,
    negative: Property | tuple[Property, Property],
    positive: Property,
    *,
    by: By = "both",
    smoothing: float | None = None,
    polarisation: bool = False,
    T: float = 298.15,
) -> ElectrodeBalance:
    r"""Stoichiometries and capacities of both electrodes from a pseudo-open-circuit voltage and half-cell curves.

    Least squares over the stoichiometries at both ends of

    .. math::

        V(q) = U_p(y_{100} + q/Q_p) - U_n(x_{100} - q/Q_n)\;[-\,η],\qquad Q = \frac{q_{max}}{\text{difference of the ends}}

    from the best places of a grid, so that no first guess is needed. The residual is that of V, of dV/dQ, or both, each relative
    to its own scatter; dV/dQ of data and of model are taken with the same local parabolas, so that smoothing does not bias it.

    **Bias**: polarisation of the measured curve (what is constant of it can be fitted, the rest moves the ends); half-cell curves
    of other material, or of another direction. Where an electrode is flat over its window (LiFePO₄) only its ends tell its
    capacity, and dV/dQ tells of the other electrode alone. Errors are from residuals correlated along the curve
    (`scalith.lab.fit_errors`), through dV/dQ where that is fitted, and from how far fifths of the curve pull the balance
    apart: what the model misses (polarisation, gradients) is no noise, and differs from part to part. What it misses
    everywhere alike shows in no residual: a C/20 discharge is within three stated errors of the truth (case B13).

    Parameters
    ----------
    charge, voltage : array_like
        Charge discharged since the full cell (C, rising) and voltage (V), 20 samples at least.
    negative, positive : Property
        Potential against lithium over the stoichiometry. For a blended negative electrode two, of its materials: `share` of the
        capacity in the second one is fitted too.
    by : {"both", "voltage", "derivative"}
    smoothing : float, optional
        Length of the parabolas, C; without it 2 % of the charge.
    polarisation : bool
        Fit a constant overpotential η. It is told from the potentials by their shape alone.
    T : float
        K.

    Raises
    ------
    InputError
        Charges that do not rise, fewer than 20, an unknown `by`, or half-cell curves that do not cover the window.
    ConvergenceError
        No start leads to a minimum.
    """
    if by not in ("both", "voltage", "derivative"):
        raise InputError("extract_balance", "by", by, "'both', 'voltage' or 'derivative'")
    q, v = (np.asarray(one, dtype=np.float64) for one in (charge, voltage))
    if q.shape != v.shape or q.size < 20:
        raise InputError("extract_balance", "samples", f"{q.size} charges, {v.size} voltages", "as many of both, at least 20")
    if not (np.all(np.diff(q) >= 0.0) and q[-1] > q[0] and np.all(np.isfinite(v))):
        raise InputError("extract_balance", "charge", "charges that fall, or NaN", "charge discharged since full, rising")
    problem = _Problem(q - q[0], v, negative, positive, by, smoothing, polarisation, T)
    found = problem.best()
    return problem.balance(found, q - q[0], v)


class _Problem:
    """Least squares over the stoichiometries at the ends [, share][, overpotential]."""

    def __init__(
        self,
        q: Array,
        v: Array,
        negative: Property | tuple[Property, Property],
        positive: Property,
        by: By,
        smoothing: float | None,
        polarisation: bool,
        T: float,
    ) -> None:
        self.total = float(q[-1])
        self.q, self.v = thinned(q, v, most=_SAMPLES)
        self.s = self.q / self.total
        self.below = _half_cell(negative, T) if isinstance(negative, Property) else _contents(*negative, T, 2001)
        self.other = _half_cell(positive, T)
        self.polarisation = polarisation
        self.by = by
        self.places = np.linspace(0.01, 0.99, _PLACES) * self.total
        self.slopes = local_parabolas(self.q, self.places, smoothing or 0.02 * self.total)[1] * self.total
        self.scales = (1.0, 1.0)
        inner = self.negative(0.1)
        self.domains = [(float(one.nodes[0]), float(one.nodes[-1])) for one in (inner, self.other)]
        self.digests = [item.digest for item in ([negative] if isinstance(negative, Property) else negative)] + [positive.digest]

    @property
    def blend(self) -> bool:
        return not isinstance(self.below, _HalfCell)

    def negative(self, share: float) -> _HalfCell:
        return self.below if isinstance(self.below, _HalfCell) else _blend(self.below, share)

    @property
    def parameters(self) -> int:
        return 4 + self.blend + self.polarisation

    def model(self, p: Array, s: Array | None = None) -> tuple[Array, Array]:
        """Voltage and its derivatives by x at the ends, y at the ends [, share][, overpotential]."""
        s = self.s if s is None else s
        below = self.negative(float(p[4]) if self.blend else 0.0)
        x, y = p[0] + (p[1] - p[0]) * s, p[2] + (p[3] - p[2]) * s
        (u_n, slope_n, of_share), (u_p, slope_p, _) = below.at(x), self.other.at(y)
        columns = [-slope_n * (1.0 - s), -slope_n * s, slope_p * (1.0 - s), slope_p * s]
        value = u_p - u_n
        if self.blend:
            columns.append(-of_share)
        if self.polarisation:
            columns.append(-np.ones_like(s))
            value = value - p[-1]
        return value, np.stack(columns, axis=1)

    def residuals(self, p: Array) -> tuple[Array, Array]:
        value, jacobian = self.model(p)
        off = value - self.v
        parts = []
        if self.by != "derivative":
            parts.append((off / self.scales[0], jacobian / self.scales[0]))
        if self.by != "voltage":
            parts.append((self.slopes @ off / self.scales[1], self.slopes @ jacobian / self.scales[1]))
        return np.concatenate([one[0] for one in parts]), np.concatenate([one[1] for one in parts])

    def bounds(self) -> tuple[Array, Array]:
        (low_x, high_x), (low_y, high_y) = self.domains
        low, high = [low_x, low_x, low_y, low_y], [high_x, high_x, high_y, high_y]
        if self.blend:
            low, high = [*low, 0.0], [*high, 0.6]
        if self.polarisation:
            low, high = [*low, -0.1], [*high, 0.1]
        return np.array(low), np.array(high)

    def starts(self) -> list[Array]:
        """The best places of a grid over the four ends (and three shares)."""
        s = np.linspace(0.0, 1.0, 60)
        v = np.interp(s, self.s, self.v)
        (low_x, high_x), (low_y, high_y) = self.domains
        full, empty = np.linspace(0.5, 0.99, 9), np.linspace(0.01, 0.3, 7)
        ends_x = np.array([(low_x + a * (high_x - low_x), low_x + b * (high_x - low_x)) for a in full for b in empty])
        full, empty = np.linspace(0.01, 0.55, 10), np.linspace(0.7, 0.99, 7)
        ends_y = np.array([(low_y + a * (high_y - low_y), low_y + b * (high_y - low_y)) for a in full for b in empty])
        positive = self.other.at(ends_y[:, :1] + (ends_y[:, 1:] - ends_y[:, :1]) * s)[0]
        found: list[tuple[float, Array]] = []
        for share in (0.05, 0.15, 0.3) if self.blend else (0.0,):
            negative = self.negative(share).at(ends_x[:, :1] + (ends_x[:, 1:] - ends_x[:, :1]) * s)[0]
            off = positive[None] - negative[:, None] - v
            cost = np.mean(np.square(np.diff(off, axis=2) * 60.0 if self.by == "derivative" else off), axis=2)
            for k in np.argsort(cost, axis=None)[:200:40]:
                i, j = np.unravel_index(k, cost.shape)
                extra = ([share] if self.blend else []) + ([0.0] if self.polarisation else [])
                found.append((float(cost[i, j]), np.array([*ends_x[i], *ends_y[j], *extra])))
        return [place for _, place in sorted(found, key=lambda one: one[0])][:6]

    def best(self) -> Any:
        from scipy.optimize import least_squares

        low, high = self.bounds()
        tries: list[Any] = []
        for start in self.starts():
            inside = np.clip(start, low + 1e-6 * (high - low), high - 1e-6 * (high - low))
            tries.append(self._search(least_squares, inside, (low, high)))
        found = self._search(least_squares, min(tries, key=lambda one: float(one.cost)).x, (low, high), 1e-12)
        if self.by == "both":
            off = found.fun
            n = self.v.size
            first, second = (max(float(np.sqrt(np.mean(part**2))), 1e-9) for part in (off[:n], off[n:]))
            self.scales = first, second
            found = self._search(least_squares, found.x, (low, high), 1e-12)
        if found.status <= 0:
            raise ConvergenceError("extract_balance", "no start leads to a minimum within 300 evaluations")
        return found

    def _search(self, least_squares: Any, start: Array, bounds: tuple[Array, Array], tolerance: float = 1e-5) -> Any:
        start = np.clip(start, bounds[0] + 1e-9, bounds[1] - 1e-9)
        options = {"bounds": bounds, "max_nfev": 300, "xtol": tolerance, "ftol": tolerance, "gtol": tolerance, "x_scale": 0.1}
        return least_squares(lambda p: self.residuals(p)[0], start, jac=lambda p: self.residuals(p)[1], **options)

    def balance(self, found: Any, q: Array, v: Array) -> ElectrodeBalance:
        covariance = self._covariance(found.x)
        values, gradient = self._derived(found.x)
        fitted = self.model(found.x, q / self.total)[0]
        residual = float(np.sqrt(np.mean((fitted - v) ** 2)))
        note = self._notes(found.x, residual)
        spread = gradient @ covariance @ gradient.T
        names = [*values]
        for name in ("Q_negative", "Q_positive"):
            k = names.index(name)
            if 1.96 * np.sqrt(spread[k, k]) > _WIDE * values[name]:
                note = "; ".join(filter(None, [note, f"{name} is not identifiable: its interval is wider than ± 20 %"]))
        source = predicted(
            "scalith.lab.extract_balance", *self.digests, settings={"by": self.by, "polarisation": self.polarisation}
        )
        return ElectrodeBalance(values, spread, residual, note, fitted, source)

    def _covariance(self, p: Array) -> Array:
        """Of the parameters: all residuals are linear in those of the voltage, whose errors are correlated along the curve."""
        from scipy.linalg import toeplitz

        off = self.model(p)[0] - self.v
        residuals, jacobian = self.residuals(p)
        size = np.linalg.norm(jacobian, axis=0)
        jacobian = jacobian / size
        if np.linalg.cond(jacobian) > 1e10:
            raise InputError("extract_balance", "curves", "electrodes that the voltage cannot tell apart", "curves with features")
        # Jᵀ of the stacked residuals times what makes them of the voltage's: what each sample of it weighs.
        n = self.v.size
        weights = np.zeros((n, p.size))
        if self.by != "derivative":
            weights += jacobian[:n] / self.scales[0]
        if self.by != "voltage":
            weights += self.slopes.T @ jacobian[-_PLACES:] / self.scales[1]
            off = off - off.mean() if self.by == "derivative" else off  # a constant error does not count there
        inverse = np.linalg.inv(jacobian.T @ jacobian)
        middle = weights.T @ toeplitz(autocovariance(off)) @ weights
        spread = inverse @ middle @ inverse * n / max(n - p.size, 1)
        spread = widened_by_parts(0.5 * (spread + spread.T), jacobian, residuals, self._parts())
        return np.asarray(spread / np.outer(size, size))

    def _parts(self) -> list[NDArray[np.int64]]:
        """Rows of the residuals by parts of the charge: what the model misses differs from part to part, noise does not."""
        places = [*([self.s] if self.by != "derivative" else []), *([self.places / self.total] if self.by != "voltage" else [])]
        at = np.minimum((np.concatenate(places) * _PARTS).astype(np.int64), _PARTS - 1)
        return [np.flatnonzero(at == k) for k in range(_PARTS)]

    def _derived(self, p: Array) -> tuple[dict[str, float], Array]:
        x100, x0, y100, y0 = (float(one) for one in p[:4])
        q_n, q_p = self.total / (x100 - x0), self.total / (y0 - y100)
        values = dict(zip(NAMES, (x100, x0, y100, y0, q_n, q_p, q_n * x100 + q_p * y100), strict=True))
        gradient = np.zeros((len(NAMES), p.size))
        gradient[:4, :4] = np.eye(4)
        by_x, by_y = q_n / (x100 - x0), q_p / (y0 - y100)
        gradient[4, :2] = -by_x, by_x
        gradient[5, 2:4] = by_y, -by_y
        gradient[6, :4] = q_n - by_x * x100, by_x * x100, q_p + by_y * y100, -by_y * y100
        for k, name in enumerate((["share"] if self.blend else []) + (["polarisation"] if self.polarisation else [])):
            values[name] = float(p[4 + k])
            gradient = np.vstack([gradient, np.eye(p.size)[4 + k]])
        return values, gradient

    def _notes(self, p: Array, residual: float) -> str:
        notes = []
        # The second difference of white noise has six times its variance; the median does not see what is steep.
        noise = white_noise(self.v)
        if self.by != "derivative" and residual > max(_MISFIT, _NOISES * noise):
            if any(low > 0.02 or high < 0.98 for low, high in self.domains):
                expected = "half-cell curves that cover the window"
                raise InputError(
                    "extract_balance", "half-cell curves", f"{1e3 * residual:.3g} mV that no balance explains", expected
                )
            notes.append(f"{1e3 * residual:.2g} mV are left: half-cell curves of another material or direction, or polarisation")
        for name, value, (low, high) in zip(
            ("x100", "x0", "y100", "y0"), p[:4], [d for d in self.domains for _ in (0, 1)], strict=True
        ):
            for end, whole in ((low, 0.0), (high, 1.0)):
                if abs(value - end) > _EDGE * (high - low):
                    continue
                if abs(end - whole) > 0.02:
                    raise InputError(
                        "extract_balance",
                        name,
                        f"{value:.4g}, the end of the half-cell curve",
                        "half-cell curves that cover the window",
                    )
                notes.append(f"{name} stands at the end of the half-cell curve")
        return "; ".join(notes)


def _half_cell(potential: Property, T: float) -> _HalfCell:
    if "x" not in potential.coordinates:
        raise InputError(
            "extract_balance", "half-cell curve", ", ".join(potential.coordinates) or "a number", "a potential over x"
        )
    low, high = potential.domain["x"]
    nodes = np.linspace(low, high, 4001)
    u = np.asarray(potential(x=nodes, T=T), dtype=np.float64)
    return _HalfCell(nodes, u, np.gradient(u, nodes), np.zeros_like(u))


def _contents(first: Property, second: Property, T: float, points: int) -> tuple[Array, Array]:
    """Potentials, falling, and the stoichiometries of both materials at each."""
    curves = [_half_cell(item, T) for item in (first, second)]
    for which, curve in zip(("first", "second"), curves, strict=True):
        if np.any(np.diff(curve.potential) > 1e-4):
            k = int(np.argmax(np.diff(curve.potential)))
            raise InputError("blended_potential", which, f"a potential that rises at x = {curve.nodes[k]:.3g}", "one that falls")
    nodes = np.concatenate([curve.potential[:: 4000 // (points // 2)] for curve in curves])
    u = np.unique(nodes)[::-1]
    falling = [np.minimum.accumulate(curve.potential) for curve in curves]
    contents = [np.interp(-u, -fall, curve.nodes) for fall, curve in zip(falling, curves, strict=True)]
    return u, np.stack(contents)


def _blend(contents: tuple[Array, Array], share: float) -> _HalfCell:
    u, (first, second) = contents
    x = (1.0 - share) * first + share * second
    nodes = np.linspace(float(x[0]), float(x[-1]), 4001)
    strict = np.concatenate([[True], np.diff(np.maximum.accumulate(x)) > 1e-12])
    potential = np.interp(nodes, x[strict], u[strict])
    slope = np.gradient(potential, nodes)
    # x(U, s) = const: dU/ds = −(dx/ds)/(dx/dU) = −(x₂ − x₁) dU/dx.
    moved = np.interp(nodes, x[strict], (second - first)[strict])
    return _HalfCell(nodes, potential, slope, -moved * slope)
