"""The free energy of a homogeneous material from what a material at equilibrium shows: its single phases and its gap."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.quantities import InputError, Property, predicted
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

Array = NDArray[np.float64]
_WHERE = "homogeneous_free_energy"


class HomogeneousFreeEnergy(NamedTuple):
    """What the phases of a material say of the homogeneous one.

    Attributes
    ----------
    excess_potential : Property
        Over x, J mol-1, with its standard error: of the fit on the branches, and of the order of the expansion within the gap.
    reference_voltage : float
        V⁰, V.
    coefficients : ndarray
        L_k, J mol-1.
    voltage_error : float
        Root mean square on the branches of single phases, V.
    """

    excess_potential: Property
    reference_voltage: float
    coefficients: Array
    voltage_error: float


def homogeneous_free_energy(
    voltage: Property, T: float, binodal: tuple[float, float], *, terms: int = 3, edge: float = 0.02
) -> HomogeneousFreeEnergy:
    r"""Redlich–Kister excess of the homogeneous material, from its single-phase branches and its two phases at equilibrium.

    .. math:: μ(x) = RT \ln\frac{x}{1-x} + \sum_k L_k \frac{d}{dx}\left[x(1-x)(1-2x)^k\right], \qquad U = V^0 - μ/F

    Within a gap a voltage at equilibrium is flat, whether measured or from Monte Carlo: it says nothing of the homogeneous
    material but its ends and its level. So the coefficients are fitted by least squares to U outside of the gap, under the
    constraints that both phases have the level of the plateau and that the areas above and below it are equal (common tangent).

    Parameters
    ----------
    voltage : Property
        U(x[, T]) at equilibrium, V.
    T : float
        K.
    binodal : tuple of float
        Stoichiometries of the poor and the rich phase.
    terms : int
        Coefficients L₀, L₁, …; 2 to 8.
    edge : float
        Stoichiometries nearer to 0 or 1 do not count: a measured voltage is steep there for other reasons.

    Returns
    -------
    HomogeneousFreeEnergy

    Raises
    ------
    InputError
        The binodals lie outside of U, or the expansion has another gap than they say.
    """
    poor, rich = binodal
    low, high = voltage.domain["x"] if "x" in voltage.coordinates else (min(binodal), max(binodal))  # a plateau alone
    if not 0.0 < poor < rich < 1.0 or not low < rich or not high > poor:
        raise InputError(_WHERE, "binodal", binodal, f"two stoichiometries within the voltage's {low:g} to {high:g}")
    if not 2 <= terms <= 8:
        raise InputError(_WHERE, "terms", terms, "2 to 8")
    x = np.linspace(max(low, 1e-4), min(high, 1.0 - 1e-4), 1201)
    U = np.broadcast_to(np.asarray(voltage(x=x, T=T)), x.shape)
    level = float(voltage(x=float(np.clip(0.5 * (poor + rich), low, high)), T=T))
    outside = ((x < poor) & (x > min(edge, 0.5 * poor))) | ((x > rich) & (x < max(1.0 - edge, 0.5 * (1.0 + rich))))
    found, error = _fitted(x[outside], U[outside], level, poor, rich, T, terms)
    other, _ = _fitted(x[outside], U[outside], level, poor, rich, T, terms + 1)
    grid = np.linspace(0.0, 1.0, 401)
    excess = _slopes(grid, terms) @ found[1:]
    apart = (_slopes(grid, terms + 1) @ other[1:] - excess) - FARADAY * (other[0] - found[0])
    inside = (grid > poor) & (grid < rich)
    standard = np.hypot(FARADAY * error, np.where(inside, apart, 0.0))
    settings = {"temperature_K": T, "binodal": [poor, rich], "terms": terms, "voltage_error_V": error}
    source = predicted(f"scalith.particle.{_WHERE}", voltage.digest, settings=settings)
    made = Property.from_arrays("excess_potential", {"x": grid}, excess, "J mol-1", source, standard_error=standard)
    _require_gap(found, poor, rich, T)
    return HomogeneousFreeEnergy(made, float(found[0]), found[1:], error)


def has_plateau(voltage: Property, T: float) -> tuple[float, float] | None:
    """Ends of a flat piece of U(x): within 0.05 RT/F over more than 0.15 of x; `None` without one."""
    if "x" not in voltage.coordinates:
        return (0.0, 1.0)
    low, high = voltage.domain["x"]
    x = np.linspace(low, high, 801)
    U = np.broadcast_to(np.asarray(voltage(x=x, T=T)), x.shape)
    width = int(np.ceil(0.15 / (x[1] - x[0])))
    if width + 1 >= x.size:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(U, width + 1)
    flat = np.flatnonzero(np.ptp(windows, axis=1) < 0.05 * GAS_CONSTANT * T / FARADAY)
    return (float(x[flat[0]]), float(x[flat[-1] + width])) if flat.size else None


def _slopes(x: Array, terms: int) -> Array:
    """d/dx of x(1 − x)(1 − 2x)^k, one column each."""
    s = 1.0 - 2.0 * x
    return np.stack([s ** (k + 1) - (2.0 * k * x * (1.0 - x) * s ** (k - 1) if k else 0.0) for k in range(terms)], axis=1)


def _energies(x: Array, terms: int) -> Array:
    return np.stack([x * (1.0 - x) * (1.0 - 2.0 * x) ** k for k in range(terms)], axis=1)


def _mixing(x: Array) -> Array:
    return np.asarray(x * np.log(x) + (1.0 - x) * np.log(1.0 - x))


def _fitted(x: Array, U: Array, level: float, poor: float, rich: float, T: float, terms: int) -> tuple[Array, float]:
    """V⁰ and L_k, in V and J mol-1, and the root mean square of the fit, V."""
    thermal = GAS_CONSTANT * T

    def rows(at: Array, volts: Array) -> tuple[Array, Array]:
        return np.column_stack([-FARADAY * np.ones(at.size), _slopes(at, terms)]), -FARADAY * volts - thermal * np.log(
            at / (1.0 - at)
        )

    ends = np.array([poor, rich])
    A, b = rows(x, U) if x.size else (np.zeros((0, terms + 1)), np.zeros(0))
    held, value = rows(ends, np.full(2, level))
    area = _energies(ends, terms)
    held = np.vstack([held, np.concatenate([[-FARADAY * (rich - poor)], area[1] - area[0]])])
    mixing = _mixing(ends)
    value = np.append(value, -FARADAY * level * (rich - poor) - thermal * (mixing[1] - mixing[0]))
    scale = np.concatenate([[1.0 / FARADAY], np.ones(terms)])
    A, held = A * scale, held * scale
    # Where the branches leave terms open, the lowest explain: higher ones cost more.
    normal = A.T @ A + np.diag(np.concatenate([[0.0], 1e-10 * 10.0 ** np.arange(terms)])) * max(1, x.size)
    system = np.block([[normal, held.T], [held, np.zeros((3, 3))]])
    solved = np.linalg.lstsq(system, np.concatenate([A.T @ b, value]), rcond=1e-12)[0][: terms + 1]
    away = A @ solved - b
    return solved * scale, float(np.sqrt(np.mean(away**2)) / FARADAY) if x.size else 0.0


def _require_gap(found: Array, poor: float, rich: float, T: float) -> None:
    """The common tangent at the binodals lies below the free energy everywhere."""
    x = np.linspace(1e-4, 1.0 - 1e-4, 4001)
    terms = found.size - 1
    g = GAS_CONSTANT * T * _mixing(x) + _energies(x, terms) @ found[1:]
    a, b = np.interp([poor, rich], x, g)
    above = g - (a + (b - a) / (rich - poor) * (x - poor))
    if above.min() < -0.01 * GAS_CONSTANT * T:
        at = float(x[int(np.argmin(above))])
        expected = "fewer terms, or binodals that fit the voltage outside of them"
        raise InputError(_WHERE, "terms", f"{terms}, with a phase near x = {at:.2g} below the two that are stated", expected)
