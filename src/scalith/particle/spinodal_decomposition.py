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


def simulate_spinodal_decomposition(
    material: PhaseField,
    length: float,
    times: ArrayLike,
    *,
    initial: ArrayLike,
    temperature: float = 298.15,
    tolerance: float = 1e-3,
    keep_fields: bool = True,
) -> Result:
    r"""Follow a periodic square of a phase-separating material with constant mobility.

    .. math:: ∂_t x = \frac{D}{RT} ∇^2\left(g'(x) - \frac{κ}{c_{max}} ∇^2 x\right)

    in Fourier space, linear part implicit with a stabilising term S∇²x on both sides; each step is taken whole and in two
    halves, whose difference controls its length and is extrapolated away (second order). The mean is kept exactly.

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
    time, h = float(when[0]), 1e-6 * float(when[-1] - when[0])
    spectrum = np.fft.rfft2(x)
    for record, stop in enumerate(when):
        while time < stop:
            used = min(h, float(stop) - time)
            if used < 1e-14 * float(when[-1] - when[0]):
                raise ConvergenceError("spinodal decomposition", "time steps became too small", time=time)
            whole, _ = run.step(x, spectrum, used)
            middle, middle_spectrum = run.step(x, spectrum, 0.5 * used)
            halves, _ = run.step(middle, middle_spectrum, 0.5 * used)
            error = float(np.abs(halves - whole).max())
            if not error < 2.0 * tolerance:
                h = used * max(0.2, 0.8 * np.sqrt(tolerance / error)) if np.isfinite(error) else 0.1 * used
                continue
            time = float(stop) if used == float(stop) - time else time + used
            x = 2.0 * halves - whole
            spectrum = np.fft.rfft2(x)
            grown = used * min(2.0, 0.8 * np.sqrt(tolerance / max(error, 1e-300)))
            h = max(h, grown) if used < h else grown
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


class _Square:
    """Operators of one periodic square."""

    def __init__(self, material: PhaseField, length: float, points: int, T: float) -> None:
        self.T = T
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

    def step(self, x: Array, spectrum: NDArray[np.complex128], h: float) -> tuple[Array, NDArray[np.complex128]]:
        rate = h * self.mobility * self.squared
        explicit = np.fft.rfft2(self.local(x) - self.stabiliser * x)
        new = (spectrum - rate * explicit) / (1.0 + rate * (self.kappa * self.squared + self.stabiliser))
        return np.asarray(np.fft.irfft2(new, s=x.shape)), new

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
