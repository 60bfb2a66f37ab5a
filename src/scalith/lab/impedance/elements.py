"""Elements of equivalent circuits: impedance and its derivative by each parameter, in closed form.

Each function takes s = iω and the parameters, and gives Z and the rows ∂Z/∂p. Names and meanings of the first twelve are those of
impedance.py, so that its circuits can be read as they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Complex = NDArray[Any]  # complex128; NumPy's stubs lose the kind in arithmetic
Values = Sequence[float] | NDArray[np.float64]
Answer = tuple[Complex, list[Complex]]
Shape = Literal["slab", "cylinder", "sphere"]
DIMENSIONS: dict[Shape, int] = {"slab": 1, "cylinder": 2, "sphere": 3}


@dataclass(frozen=True)
class Parameter:
    """One parameter of an element; `exponent` where it lies between 0 and 1, otherwise it is positive."""

    name: str
    unit: str
    exponent: bool = False


@dataclass(frozen=True)
class Element:
    """A kind of element.

    Attributes
    ----------
    symbol : str
        As it stands in the text of a circuit.
    title : str
        Name in words.
    parameters : tuple of Parameter
    impedance : callable
        ``(s, values) -> (Z, [∂Z/∂p, …])``.
    """

    symbol: str
    title: str
    parameters: tuple[Parameter, ...]
    impedance: Callable[[Complex, Values], Answer]


def coth(u: Complex) -> Complex:
    """Hyperbolic cotangent for Re u ≥ 0, without overflow and without loss at small u."""
    decay = np.exp(-2.0 * u)
    return np.asarray((1.0 + decay) / -np.expm1(-2.0 * u))


def blocked_diffusion(u: Complex, shape: Shape) -> tuple[Complex, Complex]:
    r"""Diffusion into a slab, cylinder or sphere with a closed centre: f(u) and df/du, u = √(iωR²/D).

    .. math::

        f = \coth u/u,\qquad I_0(u)/(u\,I_1(u)),\qquad \tanh u/(u-\tanh u)

    with f → d/u² + 1/(d + 2) at low frequency (d = 1, 2, 3). Small arguments go through the continued fraction
    f = d/u² + 1/(d + 2 + u²/(d + 4 + …)), which loses no digit.
    """
    d = DIMENSIONS[shape]
    value, slope = np.empty_like(u), np.empty_like(u)
    small = np.abs(u) <= 1.0
    if np.any(small):
        q = u[small] ** 2
        tail, change = np.full_like(q, d + 26.0), np.zeros_like(q)
        for constant in range(d + 24, d + 1, -2):
            change = (1.0 - q * change / tail) / tail
            tail = constant + q / tail
        value[small] = d / q + 1.0 / tail
        slope[small] = 2.0 * u[small] * (-d / q**2 - change / tail**2)
    if not np.all(small):
        v = u[~small]
        if shape == "slab":
            c = coth(v)
            f, df = c / v, (1.0 - c * c - c / v) / v
        elif shape == "cylinder":
            from scipy.special import ive

            # Both Bessel functions carry the factor exp(-Re v), which the ratio loses.
            ratio = ive(0, v) / ive(1, v)
            f = ratio / v
            df = (1.0 - ratio * ratio + ratio / v) / v - ratio / v**2
        else:
            t = 1.0 / coth(v)
            f = t / (v - t)
            df = ((1.0 - t * t) * v - t) / (v - t) ** 2
        value[~small], slope[~small] = f, df
    return value, slope


def _resistor(s: Complex, p: Values) -> Answer:
    one = np.ones_like(s)
    return p[0] * one, [one]


def _capacitor(s: Complex, p: Values) -> Answer:
    z = 1.0 / (s * p[0])
    return z, [-z / p[0]]


def _inductor(s: Complex, p: Values) -> Answer:
    return s * p[0], [s]


def _lossy_inductor(s: Complex, p: Values) -> Answer:
    inductance, alpha = p
    logarithm = np.log(s * inductance)
    z = np.exp(alpha * logarithm)
    return z, [alpha * z / inductance, z * logarithm]


def _constant_phase(s: Complex, p: Values) -> Answer:
    capacity, alpha = p
    logarithm = np.log(s)
    z = np.exp(-alpha * logarithm) / capacity
    return z, [-z / capacity, -z * logarithm]


def _warburg(s: Complex, p: Values) -> Answer:
    shape = np.sqrt(2.0 / s)
    return p[0] * shape, [shape]


def _transmitting(u: Complex) -> tuple[Complex, Complex]:
    """Value and slope of tanh(u)/u: diffusion through a layer to a side of fixed concentration."""
    t = 1.0 / coth(u)
    return t / u, (1.0 - t * t - t / u) / u


def _finite(s: Complex, p: Values, function: Callable[[Complex], tuple[Complex, Complex]]) -> Answer:
    """R f(u) with u = (sτ)^φ; without φ it is ½."""
    resistance, tau = p[0], p[1]
    exponent = p[2] if len(p) > 2 else 0.5
    logarithm = np.log(s * tau)
    u = np.exp(exponent * logarithm)
    f, slope = function(u)
    rows = [f, resistance * slope * u * exponent / tau]
    if len(p) > 2:
        rows.append(resistance * slope * u * logarithm)
    return resistance * f, rows


def _short(s: Complex, p: Values) -> Answer:
    return _finite(s, p, _transmitting)


def _blocked(shape: Shape) -> Callable[[Complex, Values], Answer]:
    return lambda s, p: _finite(s, p, lambda u: blocked_diffusion(u, shape))


def _gerischer(s: Complex, p: Values) -> Answer:
    resistance, tau = p
    shape = 1.0 / np.sqrt(1.0 + s * tau)
    return resistance * shape, [shape, -0.5 * resistance * s * shape**3]


def _finite_gerischer(s: Complex, p: Values) -> Answer:
    resistance, tau, phi = p
    v = np.sqrt(1.0 + s * tau)
    c = coth(phi * v)
    shape = c / v
    by_argument = resistance * (1.0 - c * c)  # v · ∂Z/∂(φv)
    slope = by_argument * phi / v - resistance * shape / v  # ∂Z/∂v
    return resistance * shape, [shape, slope * 0.5 * s / v, by_argument]


def _relaxation(s: Complex, p: Values) -> Answer:
    """Havriliak–Negami R/(1 + (sτ)^α)^β; with fewer parameters α, then β are 1."""
    resistance, tau = p[0], p[1]
    alpha = p[2] if len(p) > 2 else 1.0
    beta = p[3] if len(p) > 3 else 1.0
    logarithm = np.log(s * tau)
    power = np.exp(alpha * logarithm)
    base = 1.0 + power
    shape = 1.0 / base if len(p) < 4 else np.exp(-beta * np.log(base))
    z = resistance * shape
    falling = -beta * z / base * power
    rows = [shape, falling * alpha / tau]
    if len(p) > 2:
        rows.append(falling * logarithm)
    if len(p) > 3:
        rows.append(-z * np.log(base))
    return z, rows


def _porous_electrode(s: Complex, p: Values) -> Answer:
    resistance, capacity, gamma = p
    logarithm = np.log(s)
    admittance = capacity * np.exp(gamma * logarithm)
    z, by_rail, by_interface = one_rail(np.full_like(s, resistance), 1.0 / admittance)
    return z, [by_rail, -by_interface / (admittance * capacity), -by_interface * logarithm / admittance]


def _paasch(s: Complex, p: Values) -> Answer:
    first, second, a, b = p
    beta = np.sqrt(a + s * b)
    c = coth(beta)
    inverse_sinh = _inverse_sinh(beta)
    f, g = c / beta, inverse_sinh / beta
    slope = first * (1.0 - c * c - f) / beta - second * (g * c + g / beta)
    half = 0.5 / beta
    return first * f + second * g, [f, g, slope * half, slope * s * half]


def _inverse_sinh(u: Complex) -> Complex:
    return np.asarray(2.0 * np.exp(-u) / -np.expm1(-2.0 * u))


def one_rail(rail: Complex, interface: Complex) -> tuple[Complex, Complex, Complex]:
    """√(R Z_s) coth √(R/Z_s), and its derivatives by R and by Z_s; both of the whole electrode (de Levie)."""
    kappa = np.sqrt(rail / interface)
    c = coth(kappa)
    falling = c * c - 1.0
    return interface * kappa * c, 0.5 * (c / kappa - falling), 0.5 * (kappa * c + kappa**2 * falling)


def two_rails(first: Complex, second: Complex, interface: Complex) -> tuple[Complex, Complex, Complex, Complex]:
    r"""Transmission line whose both rails resist, one contact at each end, and its derivatives by both rails and by Z_s.

    .. math::

        Z = \frac{R_1R_2}{R_1+R_2}\left(1+\frac{2}{κ\sinh κ}\right)+\frac{R_1^2+R_2^2}{R_1+R_2}\,\frac{\coth κ}{κ},
        \qquad κ^2=\frac{R_1+R_2}{Z_s}

    (J. Bisquert, Phys. Chem. Chem. Phys. 2, 4185 (2000), DOI 10.1039/b001708f).
    """
    total = first + second
    kappa = np.sqrt(total / interface)
    c, inverse = coth(kappa), _inverse_sinh(kappa)
    f, g = c / kappa, inverse / kappa
    product, squares = first * second / total, (first**2 + second**2) / total
    z = product * (1.0 + 2.0 * g) + squares * f
    by_kappa = -2.0 * product * (g * c + g / kappa) + squares * (1.0 - c * c - f) / kappa
    shared = by_kappa * 0.5 * kappa / total  # through κ, which both rails change alike

    def by_rail(own: Complex, other: Complex) -> Complex:
        return np.asarray((other / total) ** 2 * (1.0 + 2.0 * g) + (2.0 * own / total - squares / total) * f + shared)

    return z, by_rail(first, second), by_rail(second, first), -0.5 * by_kappa * kappa / interface


_R, _TAU = Parameter("R", "ohm"), Parameter("tau", "s")


def _exponent(name: str) -> Parameter:
    return Parameter(name, "1", exponent=True)


ELEMENTS: dict[str, Element] = {
    element.symbol: element
    for element in (
        Element("R", "resistor", (_R,), _resistor),
        Element("C", "capacitor", (Parameter("C", "F"),), _capacitor),
        Element("L", "inductor", (Parameter("L", "H"),), _inductor),
        Element("W", "semi-infinite Warburg diffusion", (Parameter("A", "ohm s^-1/2"),), _warburg),
        Element("Wo", "diffusion into a closed slab (open, finite-space Warburg)", (_R, _TAU), _blocked("slab")),
        Element("Ws", "diffusion through a layer (short, finite-length Warburg)", (_R, _TAU), _short),
        Element("CPE", "constant-phase element", (Parameter("Q", "ohm^-1 s^alpha"), _exponent("alpha")), _constant_phase),
        Element("La", "inductor with losses, (iωL)^alpha", (Parameter("L", "H"), _exponent("alpha")), _lossy_inductor),
        Element("G", "Gerischer", (_R, _TAU), _gerischer),
        Element("Gs", "Gerischer of finite length", (_R, _TAU, Parameter("phi", "1")), _finite_gerischer),
        Element("K", "resistor beside capacitor, by time constant", (_R, _TAU), _relaxation),
        Element(
            "TLMQ", "porous electrode, blocking", (_R, Parameter("Q", "ohm^-1 s^gamma"), _exponent("gamma")), _porous_electrode
        ),
        Element(
            "T",
            "porous electrode of Paasch",
            (Parameter("A", "ohm"), Parameter("B", "ohm"), Parameter("a", "1"), Parameter("b", "s")),
            _paasch,
        ),
        Element("Q", "constant-phase element", (Parameter("Q", "ohm^-1 s^alpha"), _exponent("alpha")), _constant_phase),
        Element("Zarc", "depressed arc R/(1 + (iωτ)^gamma)", (_R, _TAU, _exponent("gamma")), _relaxation),
        Element(
            "HN", "Havriliak–Negami R/(1 + (iωτ)^alpha)^beta", (_R, _TAU, _exponent("alpha"), _exponent("beta")), _relaxation
        ),
        Element("Wop", "closed slab with exponent, (iωτ)^phi for √(iωτ)", (_R, _TAU, _exponent("phi")), _blocked("slab")),
        Element("Wsp", "layer with exponent, (iωτ)^phi for √(iωτ)", (_R, _TAU, _exponent("phi")), _short),
        Element("Cy", "diffusion into a cylinder", (_R, _TAU), _blocked("cylinder")),
        Element("S", "diffusion into a sphere", (_R, _TAU), _blocked("sphere")),
    )
}
"""All elements by their symbol. τ of diffusion is thickness² / D or radius² / D, R is R_D = (dU/dc) τ·(flux per
current)/length."""
