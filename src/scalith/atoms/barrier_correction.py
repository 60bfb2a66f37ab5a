"""Learned potentials are soft: their barriers are corrected against published density functional ones, never used raw.

Universal potentials underestimate the curvature of the energy far from the minima that they were trained on (Deng et al. 2025,
DOI 10.1038/s41524-024-01500-6), so a barrier is too low by a factor. It is found by least squares through the origin from hops
for which both are known,

    a = Σ E_published E_raw / Σ E_raw²,

and the error of every corrected barrier is the leave-one-out error: each published barrier against that which the factor of the
other hops gives. A hop that is corrected with a factor fitted to itself tells nothing of how good the factor is: it is its
published barrier, expressed anew (`lattice_barriers` says so in the source).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from scalith.atoms.barriers import Barrier
from scalith.quantities import InputError, Spec, predicted

if TYPE_CHECKING:
    from scalith.atoms.hops import SiteHop


class PublishedBarrier(Spec):
    """A barrier from the literature: eV, with what it was computed and where it is printed."""

    barrier: Annotated[float, Field(gt=0.0)]
    method: str
    reference: str


class BarrierCorrection(Spec):
    """A factor on barriers of one engine.

    Attributes
    ----------
    engine : str
        Whose barriers it corrects.
    factor : float
        a.
    error : float
        Leave-one-out error: root mean square of E_published − a' E_raw, with a' of the other hops, eV.
    hops : tuple of (name, raw, published)
        What it was fitted to, eV.
    references : tuple of str
    """

    engine: str
    factor: Annotated[float, Field(gt=0.0)]
    error: Annotated[float, Field(ge=0.0)]
    hops: tuple[tuple[str, float, float], ...]
    references: tuple[str, ...]


def fit_barrier_correction(barriers: Sequence[Barrier], published: Mapping[str, PublishedBarrier]) -> BarrierCorrection:
    """Fit the factor to hops whose barriers are published, matched by name.

    Parameters
    ----------
    barriers : sequence of Barrier
        Of one engine; those without a published counterpart are left aside.
    published : mapping of hop name to PublishedBarrier

    Returns
    -------
    BarrierCorrection

    Raises
    ------
    InputError
        Fewer than two hops in common, several engines, a barrier that did not converge.
    """
    both = [barrier for barrier in barriers if barrier.name in published]
    if len(both) < 2:
        raise InputError("barrier correction", "barriers", f"{len(both)} hops with a published barrier", "two or more")
    engines = sorted({barrier.engine for barrier in both})
    if len(engines) > 1:
        raise InputError("barrier correction", "engine", " and ".join(engines), "barriers of one engine")
    for barrier in both:
        _converged(barrier)
    raw = np.array([barrier.kinetically_resolved for barrier in both])
    known = np.array([published[barrier.name].barrier for barrier in both])
    factor = float(raw @ known / (raw @ raw))
    left_out = (known - factor * raw) / (1.0 - raw**2 / (raw @ raw))
    error = float(np.sqrt(np.mean(left_out**2)))
    hops = tuple((barrier.name, float(r), float(k)) for barrier, r, k in zip(both, raw, known, strict=True))
    references = tuple(dict.fromkeys(f"{published[b.name].reference} ({published[b.name].method})" for b in both))
    return BarrierCorrection(engine=engines[0], factor=factor, error=error, hops=hops, references=references)


def corrected_barrier(barrier: Barrier, correction: BarrierCorrection) -> tuple[float, float]:
    """Kinetically resolved activation energy after the correction and its standard error, eV.

    Raises
    ------
    InputError
        The correction is of another engine; the barrier did not converge.
    """
    _converged(barrier)
    if barrier.engine != correction.engine:
        raise InputError(
            "barrier correction", "engine", barrier.engine, f"a barrier of {correction.engine}, which it was fitted to"
        )
    return correction.factor * barrier.kinetically_resolved, correction.error


def lattice_barriers(
    hop: SiteHop,
    barriers: Sequence[Barrier],
    correction: BarrierCorrection | None = None,
    *,
    name: str = "hop",
    attempt_frequency: float = 1e13,
) -> dict[str, Any]:
    """One mechanism as `scalith.lattice.HopBarriers.read` and the ladder's ``[given.hop_barriers]`` take it.

    Parameters
    ----------
    hop : SiteHop
        The hop on the host's ideal sites.
    barriers : sequence of Barrier
        The same hop in several surroundings. Barriers of two stoichiometries and more: the line through them in the
        stoichiometry, which is the lattice's barrier of the empty and of the full host; of one stoichiometry: their mean. What
        they scatter around it at most joins the error.
    correction : BarrierCorrection, optional
        Needed for learned potentials.
    name : str
    attempt_frequency : float
        s⁻¹.

    Returns
    -------
    dict
        ``kinds`` (one mechanism: ``name``, ``barrier`` and with two stoichiometries ``barrier_full`` in eV, ``distance`` in Å),
        ``attempt_frequency``, ``barrier_error`` (eV) and ``source``.

    Raises
    ------
    InputError
        Raw barriers of a learned potential; a barrier that did not converge.
    """
    if not barriers:
        raise InputError("lattice barriers", "barriers", "none", "one barrier or more")
    values, errors = [], []
    for barrier in barriers:
        _converged(barrier)
        if correction is None and barrier.engine.startswith("chgnet"):
            raise InputError(
                f"barrier {barrier.name}",
                "correction",
                f"a raw barrier of {barrier.engine}",
                "one corrected against published barriers (fit_barrier_correction): learned potentials are soft",
            )
        value, error = (barrier.kinetically_resolved, 0.0) if correction is None else corrected_barrier(barrier, correction)
        values.append(value)
        errors.append(error)
    stoichiometries = np.array([barrier.stoichiometry for barrier in barriers])
    if np.ptp(stoichiometries) > 1e-6:
        columns = np.stack([1.0 - stoichiometries, stoichiometries], axis=1)
    else:
        columns = np.ones((len(barriers), 1))
    ends = np.linalg.lstsq(columns, np.array(values), rcond=None)[0]
    distance = float(np.abs(columns @ ends - values).max())
    error = float(np.hypot(max(errors), distance))
    fitted_to = {name for name, _, _ in correction.hops} if correction is not None else set()
    own = [barrier.name for barrier in barriers if barrier.name in fitted_to]
    source = predicted(
        "scalith.atoms.lattice_barriers",
        *[barrier.digest for barrier in barriers],
        *([] if correction is None else [correction.digest]),
        settings={
            "engine": barriers[0].engine,
            "barriers": {barrier.name: round(value, 4) for barrier, value in zip(barriers, values, strict=True)},
            "correction_factor": None if correction is None else round(correction.factor, 4),
        },
        reference="" if correction is None else "corrected against " + "; ".join(correction.references),
        note="The attempt frequency is assumed."
        + (" Linear in the stoichiometry." if len(ends) > 1 else "")
        + (f" The correction is fitted to published barriers of {' and '.join(own)} themselves." if own else ""),
    )
    kind = {"name": name, "barrier": round(float(ends[0]), 4), "distance": round(hop.distance, 4)}
    return {
        "kinds": [kind | ({"barrier_full": round(float(ends[1]), 4)} if len(ends) > 1 else {})],
        "attempt_frequency": attempt_frequency,
        "barrier_error": round(error, 4),
        "source": source.model_dump(mode="json"),
    }


def _converged(barrier: Barrier) -> None:
    if not barrier.converged:
        raise InputError(f"barrier {barrier.name}", "converged", barrier.problem, "a converged band")
