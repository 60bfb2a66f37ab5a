"""Phase separation in two dimensions, periodic: an exponential spectral method."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.particle.phase_field import PhaseField, kernel_tables
from scalith.quantities import ConvergenceError, InputError, Result, digest, labelled, predicted
from scalith.quantities.constants import GAS_CONSTANT

Array = NDArray[np.float64]
Complexes = NDArray[np.complex128]
_WHERE = "simulate_spinodal_decomposition"
_LEAST_STEP = 1e-14
"""Over the whole time."""
_ORDERS = 5.0 / 3.0
"""The distance d of a step from the parabola through those before is of third order, its error of fifth: about d^(5/3)."""


def simulate_spinodal_decomposition(
    material: PhaseField,
    length: float,
    times: ArrayLike,
    *,
    initial: ArrayLike,
    temperature: float = 298.15,
    tolerance: float = 1e-5,
    keep_fields: bool = True,
) -> Result:
    r"""Follow a periodic square of a phase-separating material with constant mobility.

    .. math:: ∂_t x = \frac{D}{RT} ∇^2\left(g'(x) - \frac{κ}{c_{max}} ∇^2 x\right)

    in Fourier space, the gradient term and half of the steepest rise of g′ exactly, the rest by a Runge–Kutta method of fourth
    order (exponential time differencing: S. M. Cox, P. C. Matthews, DOI 10.1006/jcph.2002.6995). Steps are halved and doubled:
    how far one lies from the parabola through those before says how large its error is. The mean is kept exactly.

    Parameters
    ----------
    material : PhaseField
        Without the ideal term (its excess potential is the whole of it, over all of x that occurs) and with constant mobility;
        coherency strain is not in it.
    length : float
        Of a side, m.
    times : array_like
        When to record, increasing, s; the first is the start.
    initial : array_like, shape (n, n)
        Filled fraction.
    temperature : float
        K.
    tolerance : float
        Of one step, in the stoichiometry.
    keep_fields : bool
        Also hand back the fields at `times`.

    Returns
    -------
    Result
        Over ``time``: ``free_energy`` (J per m of depth) and ``wave_number`` (m-1, mean of the structure factor);
        ``stoichiometry`` over (time, y, x).

    Raises
    ------
    InputError
    ConvergenceError
        Steps became too small.
    """

    when = np.asarray(times, dtype=np.float64)
    x = np.array(initial, dtype=np.float64)
    if when.ndim != 1 or when.size < 2 or np.any(np.diff(when) <= 0.0):
        raise InputError(_WHERE, "times", when, "at least two increasing times")
    if not np.all(np.isfinite(x)):
        raise InputError(_WHERE, "initial", f"{np.sum(~np.isfinite(x))} values that are not finite", "finite numbers")
    if x.ndim != 2 or x.shape[0] != x.shape[1] or x.shape[0] < 8:
        raise InputError(_WHERE, "initial", f"shape {x.shape}", "a square array")
    if material.ideal or material.mobility != "constant" or material.coherency_strain != 0.0:
        raise InputError(_WHERE, "material", "ideal term, degenerate mobility or strain", "a polynomial with constant mobility")
    if not length > 0.0 or not tolerance > 0.0:
        raise InputError(_WHERE, "length, tolerance", (length, tolerance), "positive numbers")
    run = _Square(material, length, x.shape[0], temperature)
    energies, waves, fields = np.empty(when.size), np.empty(when.size), []
    whole = float(when[-1] - when[0])
    time, h = float(when[0]), whole * 2.0 ** -np.ceil(np.log2(1e7))
    spectrum = np.fft.rfft2(x)
    past: list[tuple[float, Array]] = []  # earlier times and fields, the newest first
    for record, stop in enumerate(when):
        while time < stop:
            left = float(stop) - time
            used = left if h >= left * (1.0 - 1e-9) else h
            new_spectrum = run.step(spectrum, used)
            new = np.asarray(np.fft.irfft2(new_spectrum, s=run.shape))
            error = float(np.abs(new - _extrapolated(time + used, time, x, past)).max()) ** _ORDERS
            if not error < tolerance:
                h *= 0.5
                if h < _LEAST_STEP * whole:
                    raise ConvergenceError("spinodal decomposition", "time steps became too small", time=time)
                continue
            past = [(time, x), *past[:1]]
            time = float(stop) if used == left else time + used
            x, spectrum = new, new_spectrum
            if used == h and error < 0.02 * tolerance:  # a step twice as long errs 2⁵ times as much
                h *= 2.0
        energies[record], waves[record] = run.observe(x, spectrum)
        if keep_fields:
            fields.append(x.copy())
    settings: dict[str, Any] = {"length_m": length, "temperature_K": temperature, "tolerance": tolerance}
    settings |= {"start": digest(np.asarray(initial, dtype=np.float64)), "times": digest(when)}
    source = predicted(f"scalith.particle.{_WHERE}", material.digest, settings=settings)
    place = (np.arange(x.shape[0]) + 0.5) * length / x.shape[0]
    data = Result(
        {
            "free_energy": labelled("time", energies, "free energy per depth", "J m-1"),
            "wave_number": labelled("time", waves, "mean wave number of the structure factor", "m-1"),
        },
        {"time": labelled("time", when, "time", "s")},
        {"source": source.to_json()},
    )
    if keep_fields:
        for name in ("y", "x"):
            data = data.assign_coords({name: labelled(name, place, name, "m")})
        data["stoichiometry"] = labelled(("time", "y", "x"), np.stack(fields), "stoichiometry", "1")
    return data


def _extrapolated(at: float, time: float, x: Array, past: list[tuple[float, Array]]) -> Array:
    """The parabola (or line, or number) through the fields at `time` and before."""
    if not past:
        return x
    (t1, x1), *older = past
    slope = (x - x1) / (time - t1)
    if not older:
        return np.asarray(x + (at - time) * slope)
    t2, x2 = older[0]
    bend = (slope - (x1 - x2) / (t1 - t2)) / (time - t2)
    return np.asarray(x + (at - time) * (slope + (at - t1) * bend))


def _weights(z: Array, h: float) -> tuple[Array, ...]:
    """e^z, e^(z/2) and what the rates at the four stages count in a step h.

    From φ₁ = (e^z − 1)/z, φ₂ = (φ₁ − 1)/z, φ₃ = (φ₂ − ½)/z.
    """
    half = 0.5 * h * _phi(0.5 * z)[0]
    one, two, three = _phi(z)
    start, middle, end = one - 3.0 * two + 4.0 * three, 2.0 * two - 4.0 * three, 4.0 * three - two
    return np.exp(z), np.exp(0.5 * z), half, h * start, h * middle, h * end


def _phi(z: Array) -> tuple[Array, Array, Array]:
    """φ₁, φ₂, φ₃; near zero by the series of φ₃, where the fractions would cancel."""
    series, term = np.zeros_like(z), np.full_like(z, 1.0 / 6.0)
    near = np.where(np.abs(z) < 1.0, z, 0.0)
    for k in range(18):
        series += term
        term = term * near / (k + 4.0)
    far = np.where(np.abs(z) < 1.0, -1.0, z)
    one = np.expm1(far) / far
    two = (one - 1.0) / far
    three = np.where(np.abs(z) < 1.0, series, (two - 0.5) / far)
    two = np.where(np.abs(z) < 1.0, near * series + 0.5, two)
    return np.where(np.abs(z) < 1.0, near * two + 1.0, one), two, three


class _Square:
    """Operators of one periodic square."""

    def __init__(self, material: PhaseField, length: float, points: int, T: float) -> None:
        self.T = T
        self.shape = (points, points)
        self.thermal = GAS_CONSTANT * T
        self.potential, self.energy = kernel_tables(material, T)
        along = 2.0 * np.pi * np.fft.fftfreq(points, length / points)
        across = 2.0 * np.pi * np.fft.rfftfreq(points, length / points)
        self.squared = along[:, None] ** 2 + across[None, :] ** 2
        self.mobility = material.tracer_diffusivity
        self.kappa = material.gradient_energy / (material.maximum_concentration * self.thermal)
        self.density = material.maximum_concentration * self.thermal
        self.cell = (length / points) ** 2
        self.used: dict[float, tuple[Array, ...]] = {}
        # Half of the steepest rise of g′ that occurs near the phases goes with the linear part: long steps then stay stable.
        coefficients = self.potential.coefficients[0, :, 0, 1] * self.potential.inverse_step
        grid = self.potential.lower + np.arange(coefficients.size) / self.potential.inverse_step
        inside = (grid > 0.0) & (grid < 1.0)
        unstable = np.flatnonzero(inside & (coefficients < 0.0))
        if unstable.size == 0:
            raise InputError(_WHERE, "excess_potential", "no unstable range of x", "a material that separates")
        width = 0.5 * (grid[unstable[-1]] - grid[unstable[0]])
        near = (grid > grid[unstable[0]] - width) & (grid < grid[unstable[-1]] + width)
        self.stabiliser = 0.5 * float(coefficients[near].max())
        self.linear = -self.mobility * self.squared * (self.kappa * self.squared + self.stabiliser)

    def local(self, x: Array) -> Array:
        from scalith.numerics.kernel_table import evaluate_many

        return evaluate_many(self.potential, np.ascontiguousarray(x.ravel()), self.T)[0].reshape(x.shape)

    def rate(self, spectrum: Complexes) -> Complexes:
        """Spectrum of D ∇²g′/RT, less what is in the linear part."""
        x = np.asarray(np.fft.irfft2(spectrum, s=self.shape))
        return np.asarray(-self.mobility * self.squared * np.fft.rfft2(self.local(x) - self.stabiliser * x))

    def step(self, spectrum: Complexes, h: float) -> Complexes:
        """One step of length h: the scheme of Cox and Matthews."""
        if h not in self.used:
            if len(self.used) > 8:
                self.used.clear()
            self.used[h] = _weights(h * self.linear, h)
        whole, half, first, start, middle, end = self.used[h]
        at_start = self.rate(spectrum)
        a = half * spectrum + first * at_start
        at_a = self.rate(a)
        at_b = self.rate(half * spectrum + first * at_a)
        at_c = self.rate(half * a + first * (2.0 * at_b - at_start))
        return np.asarray(whole * spectrum + start * at_start + middle * (at_a + at_b) + end * at_c)

    def observe(self, x: Array, spectrum: Complexes) -> tuple[float, float]:
        """Free energy per depth, and the mean wave number."""
        from scalith.numerics.kernel_table import evaluate_many

        weights = np.full(spectrum.shape, 2.0)
        weights[:, 0] = 1.0
        if x.shape[1] % 2 == 0:
            weights[:, -1] = 1.0
        power = weights * np.abs(spectrum) ** 2
        power[0, 0] = 0.0
        gradient = float((power * self.squared).sum()) / x.size
        homogeneous = float(evaluate_many(self.energy, np.ascontiguousarray(x.ravel()), self.T)[0].sum())
        mean = float((power * np.sqrt(self.squared)).sum() / max(power.sum(), 1e-300))
        return self.density * self.cell * (homogeneous + 0.5 * self.kappa * gradient), mean
