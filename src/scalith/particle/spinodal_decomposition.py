"""Phase separation in two dimensions, periodic: a semi-implicit spectral method."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.particle.phase_field import PhaseField, kernel_tables
from scalith.quantities import ConvergenceError, InputError, Result, labelled, predicted
from scalith.quantities.constants import GAS_CONSTANT

if TYPE_CHECKING:
    pass

Array = NDArray[np.float64]
_WHERE = "simulate_spinodal_decomposition"
_SHARE = 0.2
"""Of the distance from the parabola through the steps before, what is the error of a step of second order: (2/9)/(1 + 2/9)."""


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

    in Fourier space by backward differentiation of second order with variable steps, the linear part implicit with a stabilising
    term S∇²x on both sides, the rest extrapolated. How far a step lies from the parabola through those before controls its
    length. The mean is kept exactly.

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
        Of one step, in the filled fraction.
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
    if x.ndim != 2 or x.shape[0] != x.shape[1] or x.shape[0] < 8:
        raise InputError(_WHERE, "initial", f"shape {x.shape}", "a square array")
    if material.ideal or material.mobility != "constant" or material.coherency_strain != 0.0:
        raise InputError(_WHERE, "material", "ideal term, degenerate mobility or strain", "a polynomial with constant mobility")
    if not length > 0.0 or not tolerance > 0.0:
        raise InputError(_WHERE, "length, tolerance", (length, tolerance), "positive numbers")
    run = _Square(material, length, x.shape[0], temperature)
    energies, waves, fields = np.empty(when.size), np.empty(when.size), []
    whole = float(when[-1] - when[0])
    time, h = float(when[0]), 1e-7 * whole
    spectrum = np.fft.rfft2(x)
    past: list[tuple[float, Array]] = []  # earlier times and fields, the newest first
    before: tuple[NDArray[np.complex128], NDArray[np.complex128]] | None = None
    explicit = run.explicit(x)
    for record, stop in enumerate(when):
        while time < stop:
            left = float(stop) - time
            used = left if h >= left * (1.0 - 1e-9) else (0.5 * left if h > 0.5 * left else h)
            if used < 1e-14 * whole:
                raise ConvergenceError("spinodal decomposition", "time steps became too small", time=time)
            ratio = 0.0 if before is None else used / (time - past[0][0])
            new, new_spectrum = run.step(spectrum, explicit, before, used, ratio)
            error = float(np.abs(new - _extrapolated(time + used, time, x, past)).max()) * _SHARE
            if not error < 2.0 * tolerance and used > 1e-9 * whole:
                h = used * max(0.2, 0.8 * (tolerance / error) ** (1.0 / 3.0)) if np.isfinite(error) else 0.1 * used
                continue
            past = [(time, x), *past[:1]]
            before = (spectrum, explicit)
            time = float(stop) if used == left else time + used
            x, spectrum, explicit = new, new_spectrum, run.explicit(new)
            grown = used * min(1.6, 0.8 * (tolerance / max(error, 1e-300)) ** (1.0 / 3.0))
            h = max(min(h, 1.6 * used), grown) if used < h else grown
        energies[record], waves[record] = run.observe(x, spectrum)
        if keep_fields:
            fields.append(x.copy())
    settings = {"length_m": length, "points": x.shape[0], "temperature_K": temperature}
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
        data["stoichiometry"] = labelled(("time", "y", "x"), np.stack(fields), "filled fraction", "1")
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
        # Half of the steepest rise of g′ that occurs near the phases makes the explicit part stable.
        coefficients = self.potential.coefficients[0, :, 0, 1] * self.potential.inverse_step
        grid = self.potential.lower + np.arange(coefficients.size) / self.potential.inverse_step
        inside = (grid > 0.0) & (grid < 1.0)
        unstable = np.flatnonzero(inside & (coefficients < 0.0))
        if unstable.size == 0:
            raise InputError(_WHERE, "excess_potential", "no unstable range of x", "a material that separates")
        width = grid[unstable[-1]] - grid[unstable[0]]
        near = (grid > grid[unstable[0]] - width) & (grid < grid[unstable[-1]] + width)
        self.stabiliser = 0.5 * float(coefficients[near].max())

    def local(self, x: Array) -> Array:
        from scalith.numerics.kernel_table import evaluate_many

        return evaluate_many(self.potential, np.ascontiguousarray(x.ravel()), self.T)[0].reshape(x.shape)

    def explicit(self, x: Array) -> NDArray[np.complex128]:
        """Spectrum of what is taken from the steps before: g′ less the stabilising part."""
        return np.asarray(np.fft.rfft2(self.local(x) - self.stabiliser * x))

    def step(
        self,
        spectrum: NDArray[np.complex128],
        explicit: NDArray[np.complex128],
        before: tuple[NDArray[np.complex128], NDArray[np.complex128]] | None,
        h: float,
        ratio: float,
    ) -> tuple[Array, NDArray[np.complex128]]:
        """One step of length h, `ratio` of the one before; without one of first order."""
        rate = h * self.mobility * self.squared
        stiff = rate * (self.kappa * self.squared + self.stabiliser)
        if before is None:
            new = (spectrum - rate * explicit) / (1.0 + stiff)
        else:
            old = (1.0 + ratio) * spectrum - ratio**2 / (1.0 + ratio) * before[0]
            ahead = (1.0 + ratio) * explicit - ratio * before[1]
            new = (old - rate * ahead) / ((1.0 + 2.0 * ratio) / (1.0 + ratio) + stiff)
        return np.asarray(np.fft.irfft2(new, s=self.shape)), new

    def observe(self, x: Array, spectrum: NDArray[np.complex128]) -> tuple[float, float]:
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
