"""Is a spectrum one of a linear, stable, unchanging system? The linear Kramers–Kronig test, and which points to leave out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.lab.impedance.relaxation_distribution import weights_of
from scalith.lab.measurement import require_density, spectrum_arrays
from scalith.quantities import InputError, Result, dataset_digest, predicted

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]
_PER_DECADE = 6.0
"""Most relaxations a decade that are tried: closer ones are alike."""
_BEYOND = 2.0
"""Relaxation times reach this factor beyond the measured frequencies: at the ends Warburg's branch is met ten times better
than without."""
_TELL_OUTLIER = 0.01
"""A spectrum without outliers has one named this often."""
_NEGLIGIBLE = 3e-4
"""No point is named for a smaller residual, relative to |Z|."""
_SIGN = 0.05
"""Residual from which on the mirrored spectrum is tried."""


@dataclass(frozen=True)
class _Fit:
    q: Array
    off: Array
    elements: int
    columns: int
    weights: Array
    modulus: Array
    richer: tuple[_Fit, ...] = ()

    @property
    def rss(self) -> float:
        return float(self.off @ self.off)

    @property
    def freedom(self) -> int:
        return self.off.size - self.columns


def kramers_kronig(
    data: xr.Dataset,
    *,
    noise: ArrayLike | None = None,
    elements: int | Literal["auto"] = "auto",
    inductance: bool = True,
    capacitance: bool = True,
    level: float = 0.05,
) -> Result:
    r"""Linear Kramers–Kronig test.

    .. math::

        Z(ω) = R_0 + \sum_{k=1}^{M} \frac{R_k}{1+iωτ_k} + iωL + \frac{1}{iωC}

    with τ_k spaced evenly in ln τ over the measured frequencies (and a factor of 2 beyond them) and R_k of either sign. All
    terms obey the relations, so that only what
    does not obey them, and noise, is left over (B. A. Boukamp, J. Electrochem. Soc. 142, 1885 (1995), DOI 10.1149/1.2044210).
    M is the number with the least predicted error, rss/(2n − p)². Points are named as outliers, one after another, when
    leaving one out lowers the sum of squares by more than chance does.

    With known noise the sum of squares is a χ²; a spectrum is turned down when this and every richer model tried are, at the
    stated `level`: at 0.1 % noise and 60 points a charge-transfer
    resistance that drifts by 10 % during the sweep is seen nearly always, at 0.5 % noise far less often.

    Parameters
    ----------
    data : xarray.Dataset
        A spectrum.
    noise : array_like, optional
        Standard error of both parts of Z, ohm: one number, or one a frequency (`noise_of_repeats`). Without it there is no
        verdict
        by χ², and residuals are weighed with 1/\|Z\|.
    elements : int or "auto"
        M.
    inductance, capacitance : bool
        Whether L and C are part of the model.
    level : float
        Share of valid spectra that the χ² verdict turns down.

    Returns
    -------
    Result
        Over ``frequency``: ``resistance`` and ``reactance`` of the model (ohm), ``residual_real`` and ``residual_imaginary``
        (relative to \|Z\|), ``left_out`` (1 for a point named as outlier, which the model was not fitted to). Attributes:
        ``elements``, ``rms``,
        ``largest``, ``chi_squared``, ``degrees_of_freedom``, ``probability``, ``valid`` (``"yes"``, ``"no"``, ``"not told"``)
        and ``verdict``.

    Raises
    ------
    InputError
        No spectrum, one of fewer than three points a decade, or as many elements as data.
    """
    f, z = spectrum_arrays(data, "kramers_kronig", least=5)
    require_density(f, "kramers_kronig")
    weights = weights_of(z, noise, "kramers_kronig")
    terms = inductance, capacitance
    kept = np.ones(f.size, dtype=bool)
    fit = _fitted(f, z, weights, elements, terms)
    while (worst := _outlier(fit)) is not None and np.count_nonzero(kept) > 0.85 * f.size:
        kept[np.flatnonzero(kept)[worst]] = False
        fit = _fitted(f[kept], z[kept], weights[kept], elements, terms, f)
    model = _model(f, z, weights, kept, fit.elements, terms)
    residual = (z - model) / np.abs(z)
    mirrored = float("inf")
    rms = float(np.sqrt(0.5 * np.mean(np.abs(residual[kept]) ** 2)))
    if rms > _SIGN:
        other = _model(f, z.conj(), weights, np.ones_like(kept), _fitted(f, z.conj(), weights, elements, terms).elements, terms)
        mirrored = float(np.sqrt(0.5 * np.mean(np.abs((z.conj() - other) / np.abs(z)) ** 2)))
    probability = _probability(fit) if noise is not None else float("nan")
    valid, verdict = _verdict(f, residual, kept, probability, level, rms, mirrored)
    settings = {"elements": fit.elements, "inductance": inductance, "capacitance": capacitance}
    source = predicted("scalith.lab.kramers_kronig", dataset_digest(data), settings=settings)

    def over(values: Array, unit: str, title: str) -> tuple[str, Array, dict[str, str]]:
        return "frequency", values, {"units": unit, "long_name": title}

    return Result(
        {
            "resistance": over(model.real.copy(), "ohm", "real part of the model"),
            "reactance": over(model.imag.copy(), "ohm", "imaginary part of the model"),
            "residual_real": over(residual.real.copy(), "1", "residual of the real part, relative to |Z|"),
            "residual_imaginary": over(residual.imag.copy(), "1", "residual of the imaginary part, relative to |Z|"),
            "left_out": over((~kept).astype(np.int64), "1", "named as outlier"),
        },
        {"frequency": over(f, "Hz", "frequency")},
        {
            "kind": "Kramers–Kronig test",
            "elements": fit.elements,
            "rms": rms,
            "largest": float(np.abs(np.concatenate([residual[kept].real, residual[kept].imag])).max()),
            "chi_squared": fit.rss if noise is not None else float("nan"),
            "degrees_of_freedom": fit.freedom,
            "probability": probability,
            "valid": valid,
            "verdict": verdict,
            "source": source.to_json(),
        },
    )


def noise_of_repeats(spectra: Iterable[xr.Dataset]) -> Array:
    """Standard error of each impedance (ohm, both parts alike) from repeats of one spectrum, relative to |Z| the same everywhere.

    Raises
    ------
    InputError
        Fewer than two repeats, or different frequencies.
    """
    read = [spectrum_arrays(one, "noise_of_repeats") for one in spectra]
    if len(read) < 2:
        raise InputError("noise_of_repeats", "spectra", f"{len(read)} spectra", "at least two repeats")
    for f, _ in read[1:]:
        if f.shape != read[0][0].shape or not np.allclose(f, read[0][0], rtol=1e-6):
            raise InputError("noise_of_repeats", "frequency", "different frequencies", "repeats of the same sweep")
    z = np.array([one for _, one in read])
    modulus = np.abs(z.mean(axis=0))
    variance = np.sum(np.abs((z - z.mean(axis=0)) / modulus) ** 2) / (2.0 * (len(read) - 1) * modulus.size)
    return np.asarray(np.sqrt(variance) * modulus)


def _columns(f: Array, elements: int, terms: tuple[bool, bool], span: Array) -> Complex:
    omega, reach = 2.0 * np.pi * f, 2.0 * np.pi * span
    tau = np.geomspace(1.0 / (_BEYOND * reach.max()), _BEYOND / reach.min(), elements)
    extra = [np.ones(f.size, dtype=np.complex128)]
    if terms[0]:
        extra.append(1j * omega / reach.max())
    if terms[1]:
        extra.append(-1j * reach.min() / omega)
    return np.concatenate([np.stack(extra, axis=1), 1.0 / (1.0 + 1j * omega[:, None] * tau)], axis=1)


def _one(f: Array, z: Complex, weights: Array, elements: int, terms: tuple[bool, bool], span: Array) -> _Fit:
    rows = _columns(f, elements, terms, span) * weights[:, None]
    matrix = np.concatenate([rows.real, rows.imag])
    matrix /= np.linalg.norm(matrix, axis=0)
    target = np.concatenate([z.real, z.imag]) * np.tile(weights, 2)
    q, _ = np.linalg.qr(matrix)
    return _Fit(q, target - q @ (q.T @ target), elements, matrix.shape[1], weights, np.abs(z))


def _fitted(
    f: Array, z: Complex, weights: Array, elements: int | str, terms: tuple[bool, bool], span: Array | None = None
) -> _Fit:
    span = f if span is None else span
    most = f.size - 3
    if not isinstance(elements, str):
        if not 1 <= elements <= most:
            raise InputError("kramers_kronig", "elements", elements, f"1 to {most} for {f.size} frequencies, or 'auto'")
        return _one(f, z, weights, elements, terms, span)
    if elements != "auto":
        raise InputError("kramers_kronig", "elements", elements, "a number, or 'auto'")
    decades = float(np.log10(f.max() / f.min()))
    densest = max(3, min(most, round(_PER_DECADE * decades) + 1, round(0.8 * f.size)))
    numbers = np.unique(np.geomspace(min(3, densest), densest, 8).astype(int))
    tried = [_one(f, z, weights, int(number), terms, span) for number in numbers]
    # Noise-free data go on improving; below a residual of 1e-6 nothing is left to gain.
    floor = 1e-12 * float(np.sum((np.abs(z) * weights) ** 2))
    best = min(range(len(tried)), key=lambda k: max(tried[k].rss, floor) / tried[k].freedom ** 2)
    return replace(tried[best], richer=tuple(tried[best + 1 :]))


def _model(f: Array, z: Complex, weights: Array, kept: NDArray[np.bool_], elements: int, terms: tuple[bool, bool]) -> Complex:
    rows = _columns(f, elements, terms, f)
    own = rows[kept] * weights[kept, None]
    target = z[kept] * weights[kept]
    matrix, right = np.concatenate([own.real, own.imag]), np.concatenate([target.real, target.imag])
    size = np.linalg.norm(matrix, axis=0)
    return np.asarray(rows @ (np.linalg.lstsq(matrix / size, right, rcond=None)[0] / size))


def _outlier(fit: _Fit) -> int | None:
    """Index of the frequency whose two numbers, left out, lower the sum of squares by more than chance."""
    from scipy.special import fdtrc

    n = fit.off.size // 2
    if fit.freedom < 6 or fit.rss <= 0.0:
        return None
    off = np.stack([fit.off[:n], fit.off[n:]], axis=1)
    rows = np.stack([fit.q[:n], fit.q[n:]], axis=1)  # frequency, part, column
    left = np.eye(2) - rows @ rows.transpose(0, 2, 1)
    left += 1e-12 * np.eye(2)
    drop = np.einsum("ki,ki->k", off, np.linalg.solve(left, off[:, :, None])[:, :, 0])
    drop[np.sqrt(0.5 * drop) < _NEGLIGIBLE * fit.weights * fit.modulus] = 0.0
    k = int(np.argmax(drop))
    ratio = (drop[k] / 2.0) / max((fit.rss - drop[k]) / (fit.freedom - 2), 1e-300)
    return k if fdtrc(2, fit.freedom - 2, ratio) * n < _TELL_OUTLIER else None


def _probability(fit: _Fit) -> float:
    """Of a sum of squares as large by chance; the largest over this model and richer ones, which all obey the relations."""
    from scipy.special import chdtrc

    return max(float(chdtrc(one.freedom, one.rss)) for one in (fit, *fit.richer))


def _verdict(
    f: Array, residual: Complex, kept: NDArray[np.bool_], probability: float, level: float, rms: float, mirrored: float
) -> tuple[str, str]:
    parts = np.maximum(np.abs(residual.real), np.abs(residual.imag)) * kept
    worst = int(np.argmax(parts))
    sizes = f"residuals rms {100 * rms:.2g} %, largest {100 * parts[worst]:.2g} % at {f[worst]:.3g} Hz"
    without = ""
    if not np.all(kept):
        without = f" once {', '.join(f'{one:.4g} Hz' for one in f[~kept])} {'is' if np.sum(~kept) == 1 else 'are'} left out"
    if mirrored < 0.2 * rms:
        return (
            "no",
            f"sign error: with −Im Z in the place of Im Z the residuals fall from {100 * rms:.2g} % to {100 * mirrored:.2g} %",
        )
    if not np.isfinite(probability):
        return "not told", f"no verdict, since the noise is not known: {sizes}{without}"
    if probability < level:
        return (
            "no",
            f"does not obey the Kramers–Kronig relations within its noise (probability {probability:.2g}): {sizes}{without}",
        )
    return "yes", f"obeys the Kramers–Kronig relations within its noise{without} (probability {probability:.2g}): {sizes}"
