"""Diffusivities, Haven ratio and conductivity from the motion of ions, with errors, and their extrapolation in temperature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from scalith.quantities import (
    InputError,
    Property,
    Result,
    Source,
    dataset_digest,
    fit_arrhenius,
    labelled,
    predicted,
)
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr
    from numpy.typing import ArrayLike, NDArray

Of = Literal["tracer", "charge"]

FIT = (0.1, 0.4)
"""Part of a piece's duration over which the mean square displacement is taken as linear in time: beyond the first rattling, and
short enough that each piece holds several of these stretches."""
FRAMES = 20
"""Frames that a piece must have."""
DIFFUSIVE = 0.7
"""Least slope of ln MSD against ln t in the stretch of the fit: 1 of ions that diffuse, 0 of those that rattle in their cages."""
ONE_SIGMA = 0.8413447460685429
"""Share of a normal distribution below one standard deviation."""


def ion_displacements(
    places: Mapping[float, Sequence[NDArray[np.float64]]], interval: float, volume: float, source: Source, *, blocks: int = 1
) -> Result:
    """Mean square displacements of ions, and of all of them together, from their places over time.

    Each trajectory is cut into pieces of one duration, which count as independent: what scatters between them is the error of all
    that follows. A piece must be long against the time in which ions leave their cages.

    Parameters
    ----------
    places : mapping of float to sequence of ndarray
        By temperature (K), trajectories of shape (frames, ions, 3), Å: not wrapped into the cell, relative to what does not move.
    interval : float
        s, between two frames.
    volume : float
        m³, of the cell.
    source : Source
    blocks : int
        Pieces of each trajectory; fewer than so many frames are left over at its end.

    Returns
    -------
    Result
        Over ``T``, ``run`` (a piece) and ``lag`` (s): ``tracer_displacement``, the mean square displacement of an ion, and
        ``charge_displacement``, the square displacement of all ions together over their number, m². ``duration`` (s) over ``T``:
        of all pieces together. ``attrs`` hold the number of ``ions`` and the ``volume``.

    Raises
    ------
    InputError
        Different numbers of trajectories at different temperatures or of ions in them, fewer than two pieces, pieces that are too
        short.
    """
    grid = np.array(sorted(places), dtype=np.float64)
    runs = [list(places[T]) for T in grid]
    if len({len(item) for item in runs}) != 1:
        raise InputError("ion displacements", "trajectories", [len(item) for item in runs], "as many at each temperature")
    if len({piece.shape[1] for item in runs for piece in item}) != 1:
        raise InputError("ion displacements", "ions", "different numbers of them", "one number in all trajectories")
    frames = min(len(piece) for item in runs for piece in item) // blocks
    count = blocks * len(runs[0])
    if count < 2 or frames < FRAMES:
        expected = f"two pieces or more of at least {FRAMES} frames: other blocks, or more frames"
        raise InputError("ion displacements", "blocks", f"{count} pieces of {frames} frames", expected)
    lags = np.unique(np.round(np.geomspace(1, frames // 2, 60)).astype(int))
    found = np.empty((len(grid), count, 2, len(lags)))
    for k, item in enumerate(runs):
        pieces = [piece for whole in item for piece in np.split(whole[: blocks * (len(whole) // blocks)], blocks)]
        found[k] = [_displacements(piece, lags) for piece in pieces]
    duration = [interval * sum(blocks * (len(whole) // blocks) for whole in item) for item in runs]
    ions = runs[0][0].shape[1]
    data = Result(
        {
            "tracer_displacement": labelled(("T", "run", "lag"), 1e-20 * found[:, :, 0], "mean square displacement", "m2"),
            "charge_displacement": labelled(
                ("T", "run", "lag"), 1e-20 * found[:, :, 1], "square displacement of all ions over their number", "m2"
            ),
            "duration": labelled("T", duration, "time of all pieces together", "s"),
        },
        {
            "T": labelled("T", grid, "temperature", "K"),
            "lag": labelled("lag", lags * interval, "time between two places", "s"),
        },
    )
    return data.assign_attrs(source=source.to_json(), ions=ions, volume=volume)


def _displacements(places: NDArray[np.float64], lags: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean square displacement of an ion, and square displacement of all over their number, at each lag, shape (2, lags), Å²."""
    together = places.sum(axis=1)
    found = np.empty((2, len(lags)))
    for k, lag in enumerate(lags):
        found[0, k] = np.mean(np.sum((places[lag:] - places[:-lag]) ** 2, axis=2))
        found[1, k] = np.mean(np.sum((together[lag:] - together[:-lag]) ** 2, axis=1)) / places.shape[1]
    return found


def _slopes(motion: xr.Dataset, of: str, dimensions: int) -> NDArray[np.float64]:
    """D of each piece, m² s-1, shape (T, run)."""
    if of not in ("tracer", "charge"):
        raise InputError("motion of ions", "of", of, "'tracer' or 'charge'")
    if dimensions not in (1, 2, 3):
        raise InputError("motion of ions", "dimensions", dimensions, "1, 2 or 3")
    lag = motion["lag"].values
    linear = _stretch(lag)
    centred = lag[linear] - lag[linear].mean()
    slope = motion[f"{of}_displacement"].values[..., linear] @ centred / (centred @ centred)
    return np.asarray(slope / (2.0 * dimensions))


def _stretch(lag: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Lags of the fit; the longest is half of the duration."""
    return np.asarray((lag >= 2.0 * FIT[0] * lag[-1]) & (lag <= 2.0 * FIT[1] * lag[-1] * (1.0 + 1e-9)))


def _error_of_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard error of the mean over the last axis, widened by Student's distribution so that ± one of them covers 68 %."""
    from scipy.special import stdtrit

    count = values.shape[-1]
    return np.asarray(stdtrit(count - 1, ONE_SIGMA) * values.std(axis=-1, ddof=1) / np.sqrt(count))


def _caged(motion: xr.Dataset) -> str:
    """What to say of temperatures at which ions do not diffuse yet; empty where all do."""
    lag = motion["lag"].values
    linear = _stretch(lag)
    mean = motion["tracer_displacement"].values.mean(axis=1)[:, linear]
    times = np.log(lag[linear]) - np.log(lag[linear]).mean()
    power = np.log(np.maximum(mean, 1e-40)) @ times / (times @ times)
    slow = power < DIFFUSIVE
    if not slow.any():
        return ""
    first = int(np.flatnonzero(slow)[0])
    where = f"{int(slow.sum())} of {slow.size} temperatures (first: {motion['T'].values[first]:.0f} K)"
    return f"at {where} ions still rattle: their displacement grows as t^{power[first]:.2f}; longer pieces needed"


def trajectory_diffusivity(motion: xr.Dataset, of: Of = "tracer", *, dimensions: int = 3) -> Property:
    """Diffusivity D = d⟨r²⟩/dt / 2d from the motion of ions, with its standard error from independent pieces.

    The slope is that of a straight line through the mean square displacement from a tenth to four tenths of a piece's duration:
    what rattling adds to all displacements, ⟨r²⟩ = 2d D t + c, drops out of it. Hops that are soon taken back do not, in pieces
    as short as that takes; `effective_hops` tells how far ions are where the line begins.

    Parameters
    ----------
    motion : xarray.Dataset
        From `simulate_ion_motion` or `read_ion_motion`.
    of : {"tracer", "charge"}
        D* of single ions, or D_σ of all of them together; their ratio D*/D_σ is the Haven ratio.
    dimensions : int
        In which the ions move: 3, 2 in layers, 1 in channels.

    Returns
    -------
    Property
        Over T, m² s-1. The note of its source says where ions only rattle.

    Raises
    ------
    InputError
        Another name than these two; dimensions that are not 1, 2 or 3.
    """
    each = _slopes(motion, of, dimensions)
    source = predicted(
        "scalith.atoms.trajectory_diffusivity",
        dataset_digest(motion),
        settings={"of": of, "dimensions": dimensions, "fitted": list(FIT)},
        note=_caged(motion),
    )
    grid = {"T": motion["T"].values}
    return Property.from_arrays(
        f"{of}_diffusivity", grid, each.mean(axis=1), "m2 s-1", source, standard_error=_error_of_mean(each)
    )


def trajectory_haven_ratio(motion: xr.Dataset) -> Property:
    """Haven ratio H = D*/D_σ of a motion over T: 1 where ions move on their own, below 1 where they move together.

    Its error is the jackknife's over pieces: what D* and D_σ of one piece share counts once.

    Raises
    ------
    InputError
        A D_σ that is not positive.
    """
    tracer, charge = (_slopes(motion, of, 3) for of in ("tracer", "charge"))
    total = charge.sum(axis=1)
    if not np.all(total > 0.0):
        T = motion["T"].values[int(np.flatnonzero(total <= 0.0)[0])]
        raise InputError("haven ratio", "charge diffusivity", f"none at {T:.0f} K", "ions that move: longer runs")
    count = tracer.shape[1]
    ratio = tracer.sum(axis=1) / total
    left = (tracer.sum(axis=1)[:, None] - tracer) / (total[:, None] - charge)
    source = predicted("scalith.atoms.trajectory_haven_ratio", dataset_digest(motion), note=_caged(motion))
    error = _error_of_mean((count - 1) * left)
    return Property.from_arrays("haven_ratio", {"T": motion["T"].values}, ratio, "1", source, standard_error=error)


def effective_hops(motion: xr.Dataset, hop_distance: float, *, dimensions: int = 3) -> Result:
    r"""Hops that a motion holds, and how well D* can be known from so many.

    The number is N = 2d D* n t/a² of n ions over the time t with hops of length a. He, Zhu, Epstein and Mo (2018,
    DOI 10.1038/s41524-018-0074-y) find from long runs that D* then scatters by about 3.43/√N + 0.04 of itself: a check beside
    the error from pieces, which a few pieces do not know well. They begin the line of D* where the mean square displacement
    exceeds a fraction of a², such as half of it: below, D* holds motion within cages and hops that are taken back.

    Parameters
    ----------
    motion : xarray.Dataset
        From `simulate_ion_motion` or `read_ion_motion`.
    hop_distance : float
        m, between neighbouring sites.
    dimensions : int

    Returns
    -------
    Result
        Over ``T``: ``effective_hops``, ``expected_relative_error`` of D*, and ``displacement_at_fit``, the mean square
        displacement in a² where the line of D* begins.
    """
    D = _slopes(motion, "tracer", dimensions).mean(axis=1)
    hops = np.maximum(2.0 * dimensions * D * motion.attrs["ions"] * motion["duration"].values / hop_distance**2, 0.0)
    lag = motion["lag"].values
    begins = motion["tracer_displacement"].values[..., int(np.argmax(_stretch(lag)))].mean(axis=1) / hop_distance**2
    with np.errstate(divide="ignore"):
        relative = 3.43 / np.sqrt(hops) + 0.04
    data = Result(
        {
            "effective_hops": labelled("T", hops, "hops of all ions", "1"),
            "expected_relative_error": labelled("T", relative, "scatter of D* that so many hops leave", "1"),
            "displacement_at_fit": labelled("T", begins, "mean square displacement where the fit begins, in hops squared", "1"),
        },
        {"T": motion["T"]},
    )
    source = predicted(
        "scalith.atoms.effective_hops", dataset_digest(motion), settings={"hop_distance": hop_distance, "dimensions": dimensions}
    )
    return data.assign_attrs(source=source.to_json())


def ionic_conductivity(charge_diffusivity: Property, concentration: float, *, charge: float = 1.0) -> Property:
    """Conductivity σ = c z² F² D_σ/(RT) of ions whose charge diffuses with D_σ.

    With a tracer's diffusivity D* in place of D_σ it is Nernst and Einstein's, which takes the Haven ratio as 1.

    Parameters
    ----------
    charge_diffusivity : Property
        Over T, m² s-1: of molecular dynamics, or the jump diffusivity of kinetic Monte Carlo.
    concentration : float
        mol m-3 of the ions.
    charge : float
        z.

    Returns
    -------
    Property
        Over T, S m-1.

    Raises
    ------
    InputError
        A diffusivity that depends on something else than T, or in another unit.
    """
    D = charge_diffusivity
    if tuple(D.coordinates) != ("T",) or D.unit != "m2 s-1":
        raise InputError(
            "ionic_conductivity", D.name, f"over {', '.join(D.coordinates) or 'nothing'} in {D.unit}", "over T in m2 s-1"
        )
    T = D.coordinates["T"]
    factor = concentration * charge**2 * FARADAY**2 / (GAS_CONSTANT * T)
    settings = {"concentration": concentration, "charge": charge, "of": D.name}
    source = predicted("scalith.atoms.ionic_conductivity", D.digest, settings=settings, note=D.source.note)
    error = None if D.standard_error is None else factor * D.standard_error.values
    return Property.from_arrays("ionic_conductivity", {"T": T}, factor * D.nominal.values, "S m-1", source, standard_error=error)


def extrapolate_conductivity(conductivity: Property, temperatures: ArrayLike) -> Property:
    """Conductivity at other temperatures by the line of ln(σT) against 1/T, with the error of the line there.

    The line is weighted with the errors at the temperatures that are known; its covariance gives the band. That one mechanism
    holds from the hottest to the coldest temperature is assumed: an ordering, melting or another phase in between is not seen.

    Parameters
    ----------
    conductivity : Property
        Over T at two temperatures or more, with errors.
    temperatures : array_like
        K, increasing, or one.

    Returns
    -------
    Property
        Over T, S m-1; its source holds the activation energy (J mol-1) of σT, its error, the temperatures of the fit and how far
        ln(σT) lies from the line in its errors.

    Raises
    ------
    InputError
        A conductivity without errors, one temperature, or values that are not larger than their errors.
    """
    known, T = conductivity, np.atleast_1d(np.asarray(temperatures, dtype=np.float64))
    if tuple(known.coordinates) != ("T",) or known.standard_error is None or len(known.coordinates["T"]) < 2:
        raise InputError(
            "extrapolate_conductivity", known.name, known.describe(), "values with errors at two temperatures or more"
        )
    at, value, error = known.coordinates["T"], known.nominal.values, known.standard_error.values
    if np.any(value <= error):
        first = int(np.flatnonzero(value <= error)[0])
        found = f"{value[first]:.3g} ± {error[first]:.2g} S m-1 at {at[first]:.0f} K"
        raise InputError("extrapolate_conductivity", known.name, found, "values above their errors: longer runs, or hotter ones")
    fit = fit_arrhenius(at, value * at, error * at)
    values, errors = fit.at(T)
    settings = {
        "activation_energy": fit.energy,
        "activation_energy_error": float(np.sqrt(fit.covariance[0, 0])),
        "misfit": fit.misfit,
        "fitted": [float(at[0]), float(at[-1])],
    }
    beyond = ", extrapolated" if T[0] < at[0] or T[-1] > at[-1] else ""
    said = f"ln(σT) linear in 1/T, known from {at[0]:.0f} to {at[-1]:.0f} K{beyond}"
    note = "; ".join(words for words in (said, known.source.note) if words)
    source = predicted("scalith.atoms.extrapolate_conductivity", known.digest, settings=settings, note=note)
    return Property.from_arrays("ionic_conductivity", {"T": T}, values / T, "S m-1", source, standard_error=errors / T)
