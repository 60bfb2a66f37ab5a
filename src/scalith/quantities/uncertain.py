"""Numbers with a standard error: how they are read, and how members are drawn from them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from scalith.quantities.errors import InputError
from scalith.quantities.units import parse_quantity, to_si

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Scale = Literal["linear", "log", "logit"]
"""On which scale an error is normal: of the number itself, its logarithm, or ln(p/(1 − p)) of a fraction."""

RELATIVE_TO_A_REFERENCE = ("V", "V K-1", "eV", "J mol-1", "J mol-1 K-1")
"""Units of potentials, energies and their slopes: their zero is a choice, so that a ratio of two values means nothing."""

_PLUS_MINUS = re.compile(r"\s*(?:±|\+-|\+/-)\s*")
_TIMES = re.compile(r"\s*(?:×|\*/)\s*")
_BRACKETS = re.compile(r"\s*\((?P<inside>[^()]*)\)\s*(?P<unit>.*)")


class Uncertain(float):
    """A number and its standard error; everything that computes with it sees the number.

    The error is carried by ensembles (`scalith.ladder`), which draw from it: specifications keep it, digests count it.

    Parameters
    ----------
    value : float
        In SI.
    error : float
        Standard error in the same unit, positive.

    Examples
    --------
    >>> porosity = Uncertain(0.36, 0.02)
    >>> porosity / 2, porosity.error
    (0.18, 0.02)
    """

    error: float

    def __new__(cls, value: float, error: float) -> Uncertain:
        """A float with an attribute `error`."""
        if not (np.isfinite(error) and error > 0):
            raise InputError("uncertain number", "error", error, "a finite, positive standard error")
        made = super().__new__(cls, value)
        made.error = float(error)
        return made

    def __getnewargs__(self) -> tuple[float, float]:  # type: ignore[override]
        return float(self), self.error

    def __repr__(self) -> str:
        return f"{float(self)!r} ± {self.error!r}"

    def to_plain(self) -> dict[str, float]:
        """As plain data, which `parse_uncertain` reads to the last bit."""
        return {"value": float(self), "standard_error": self.error}

    def drawn(self, numbers: np.random.Generator, scale: Scale = "linear") -> float:
        """One member: the number moved by one normal deviate on `scale`."""
        return float(shifted(float(self), self.error, numbers.standard_normal(), scale))


@dataclass(frozen=True, eq=False)
class ErrorComponent:
    """One part of a property's error, with a name of its own.

    Attributes
    ----------
    name : str
        What is not known: ``"sampling"``, ``"functional"``, ``"learned potential"``, ``"barriers"``, ``"fit"``, …
    standard_error : numpy.ndarray
        Standard error in the unit of the property, on its grid.
    correlation_length : float, optional
        Length L over the coordinate of composition (``x`` or ``c``) within which the error keeps its sign: two places have
        the correlation exp(−(x − x')²/2L²). Without it the error is one number for the whole curve.
    """

    name: str
    standard_error: NDArray[np.float64]
    correlation_length: float | None = None

    def __post_init__(self) -> None:
        length = self.correlation_length
        if length is not None and not (np.isfinite(length) and length > 0):
            raise InputError(f"error {self.name!r}", "correlation_length", length, "a positive length")
        object.__setattr__(self, "standard_error", np.asarray(self.standard_error, dtype=np.float64))

    def to_plain(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "name": self.name,
            "standard_error": self.standard_error.tolist(),
            "correlation_length": self.correlation_length,
        }


def parse_uncertain(text: Any, expected: str, *, where: str = "value", field: str = "") -> float:
    """Read a number that may state its standard error, in the SI unit `expected`.

    ``"0.36 ± 0.02"`` (or ``+-``), ``"80 um ± 5 %"``, ``"80 ± 4 um"``, ``"(80 ± 4) um"``, ``"25 degC ± 2 K"``.
    ``"3e-15 m2/s × 1.6"`` (or ``*/``) is known within that factor: the standard deviation of its logarithm is ln 1.6.
    A table ``{value = "80 um", standard_error = "4 um"}`` says the same.

    Returns
    -------
    float
        An `Uncertain` where an error is stated, otherwise what `parse_quantity` gives.

    Raises
    ------
    InputError
        The number or its error cannot be read, an error is negative, a factor is below 1, a bare error stands beside a number
        with a unit, or a percentage of a temperature on a scale with an offset.
    """
    if isinstance(text, Uncertain):
        return text
    if isinstance(text, Mapping):
        unknown = sorted(set(text) - {"value", "standard_error"})
        if unknown or "value" not in text:
            raise InputError(where, field, unknown or dict(text), "a number, or value and standard_error")
        value = parse_quantity(text["value"], expected, where=where, field=field)
        stated = text.get("standard_error")
        return value if stated is None else _with_error(value, stated, "", expected, where, field)
    if not isinstance(text, str):
        return parse_quantity(text, expected, where=where, field=field)
    inside, unit = text, ""
    if match := _BRACKETS.fullmatch(text):
        inside, unit = match["inside"], match["unit"]
    for separator, factor in ((_PLUS_MINUS, False), (_TIMES, True)):
        parts = separator.split(inside)
        if len(parts) == 1:
            continue
        if len(parts) != 2:
            raise InputError(where, field, text, "one number and one error, such as '80 um ± 4 um'")
        number, stated = (f"{part.strip()} {unit}".strip() for part in parts)
        if factor:
            return _within_factor(parse_quantity(number, expected, where=where, field=field), parts[1], text, where, field)
        if not unit and len(number.split()) == 1 and len(stated.split()) > 1 and not stated.endswith("%"):
            number = f"{number} {stated.split(None, 1)[1]}"  # "80 ± 4 um"
        value = parse_quantity(number, expected, where=where, field=field)
        return _with_error(value, stated, " ".join(number.split()[1:]), expected, where, field)
    return parse_quantity(text, expected, where=where, field=field)


def _with_error(value: float, stated: Any, unit: str, expected: str, where: str, field: str) -> float:
    """`stated` is text or a number in SI; `unit` is what the number beside it carries."""
    number, _, own = stated.strip().partition(" ") if isinstance(stated, str) else (stated, "", "")
    own = own.strip()
    if isinstance(number, str) and number.endswith("%") and not own:
        number, own = number[:-1], "%"
    try:
        size = float(number)
    except (TypeError, ValueError):
        raise InputError(where, field, stated, "an error such as '4 um' or '5 %'") from None
    if own == "%" and unit != "%":
        if unit and float(to_si(0.0, unit, expected)) != 0.0:
            raise InputError(where, field, f"{stated} of a number in {unit}", "an error in K")
        error = abs(value) * size / 100.0
    elif unit and not own:
        raise InputError(
            where, field, f"an error of {stated} without a unit", f"one with its unit, such as '{stated} {unit}', or in %"
        )
    elif own:
        # A difference: "2 degC" is 2 K.
        error = float(f"{float(to_si(size, own, expected, where=where, field=field) - to_si(0.0, own, expected)):.15g}")
    else:
        error = size
    if not np.isfinite(error) or error < 0:
        raise InputError(where, field, stated, "an error that is finite and not negative")
    return Uncertain(value, error) if error > 0 else value


def _within_factor(value: float, stated: str, text: str, where: str, field: str) -> float:
    try:
        factor = float(stated)
    except ValueError:
        factor = float("nan")
    if not (np.isfinite(factor) and factor >= 1.0 and value > 0):
        raise InputError(where, field, text, "a positive number and a factor of at least 1, such as '3e-15 m2/s × 1.6'")
    return Uncertain(value, value * deviation_of_log(np.log(factor))) if factor > 1.0 else value


def deviation_of_log(sigma: ArrayLike) -> Any:
    """Standard deviation of a log-normal number in units of its median, e^(σ²/2) √(e^(σ²) − 1)."""
    variance = np.square(np.asarray(sigma, dtype=np.float64))
    return np.exp(0.5 * variance) * np.sqrt(np.expm1(variance))


def log_of_deviation(relative: ArrayLike) -> Any:
    """Standard deviation σ of the logarithm of a log-normal number whose standard deviation is `relative` of its median.

    The inverse of `deviation_of_log`: with u = e^(σ²), u(u − 1) is the square of `relative`.
    """
    squared = np.square(np.asarray(relative, dtype=np.float64))
    # u − 1 = (√(1 + 4r²) − 1)/2, written without the difference of two near numbers.
    return np.sqrt(np.log1p(2.0 * squared / (np.sqrt(1.0 + 4.0 * squared) + 1.0)))


def scale_of(values: ArrayLike, unit: str) -> Scale:
    """The scale on which the error of a property is normal: logarithmic for positive values whose zero is no choice."""
    positive = unit not in RELATIVE_TO_A_REFERENCE and bool(np.all(np.asarray(values) > 0.0))
    return "log" if positive else "linear"


def shifted(values: ArrayLike, errors: ArrayLike, deviates: ArrayLike, scale: Scale) -> Any:
    """Values moved by normal `deviates` in units of their standard errors.

    On the linear scale v + σz; on the logarithmic one v e^(sz), whose median is v and whose standard deviation is σ; on that
    of fractions the logistic function of ln(v/(1 − v)) + zσ/(v(1 − v)), which stays between 0 and 1.
    """
    value, error, z = (np.asarray(item, dtype=np.float64) for item in (values, errors, deviates))
    if scale == "log":
        return value * np.exp(log_of_deviation(error / value) * z)
    if scale == "logit":
        return 1.0 / (1.0 + (1.0 - value) / value * np.exp(-z * error / (value * (1.0 - value))))
    return value + error * z


def correlations(x: ArrayLike, length: float | None) -> NDArray[np.float64]:
    """Correlation of an error between places, exp(−(x − x')²/2L²), shape (x, x); 1 everywhere without a length."""
    points = np.asarray(x, dtype=np.float64)
    if length is None:
        return np.ones((points.size, points.size))
    return np.asarray(np.exp(-0.5 * np.square((points[:, None] - points[None, :]) / length)))


def correlated_deviates(x: ArrayLike, length: float | None, numbers: np.random.Generator) -> NDArray[np.float64]:
    """Standard normal deviates along `x` with the correlation of `correlations`."""
    points = np.asarray(x, dtype=np.float64)
    if length is None or points.size < 2:
        return np.full(points.size, numbers.standard_normal())
    if length < 0.2 * float(np.min(np.diff(points))):
        return numbers.standard_normal(points.size)
    # A smooth curve needs a few nodes a length only; between them a spline is exact to some 1e-4.
    nodes = points
    needed = int(np.ceil(8.0 * float(np.ptp(points)) / length)) + 1
    if needed < points.size:
        nodes = np.linspace(points[0], points[-1], max(needed, 4))
    found = _root(nodes.tobytes(), length) @ numbers.standard_normal(nodes.size)
    if nodes is points:
        return np.asarray(found)
    from scipy.interpolate import CubicSpline

    return np.asarray(CubicSpline(nodes, found)(points))


@lru_cache(maxsize=8)
def _root(nodes: bytes, length: float) -> NDArray[np.float64]:
    """A matrix whose product with its transpose is the correlation of the nodes."""
    values, vectors = np.linalg.eigh(correlations(np.frombuffer(nodes), length))
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))
