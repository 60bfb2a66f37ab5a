"""Energy that is missed when the electron of each ion is spread over mixed-valence metals.

LDA and GGA delocalise it, and so make intermediate stoichiometries of LixFePO4 stable that phase separate in experiment and
with DFT+U (Zhou, Marianetti, Cococcioni, Morgan, Ceder 2004, DOI 10.1103/PhysRevB.69.201101). Learned potentials do the same,
even those trained on DFT+U: they see atoms, not which of the metals carries the electron. The correction is one number δ, eV
per site, on the share u of unlike pairs (one filled, one empty) among the pairs within a cut-off,

    ΔE = 2 δ u,   u = 2 x (1 − x) for random stoichiometries,

so that it adds the regular-solution energy 4 δ x (1 − x) to a random mixture and stays a sum over pairs, which a cluster
expansion holds exactly. δ is fitted so that the formation energies lie around a stated regular solution, Ω x (1 − x), or so
that none lies below it. The miscibility gap is then an input from Ω; the average voltage, which δ does not touch, remains a
prediction. At one stoichiometry u differs between orderings, so that those whose ions stand together gain on those that
alternate: only orderings of equal u keep their order. The delocalised electron also exaggerates how much orderings of one
stoichiometry differ; a share s of the formation energies may be kept,

    E' = E + (s − 1) E_f + 2 δ u.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from scalith.atoms.orderings import matching_orderings, pair_correlations, pair_counts
from scalith.crystal.host import require_ions_alone
from scalith.quantities import InputError, Source, Spec, dataset_digest, labelled, predicted

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from scalith.crystal import Host


class LocalisationCorrection(Spec):
    """What is added to the energies of intermediate stoichiometries.

    Attributes
    ----------
    strength : float
        δ, eV per site.
    order_share : float
        s, the share of the formation energies that is kept.
    error : float
        Standard error of δ: of the stated regular solution, or the accurate method, and of the fit.
    interaction : float
        Ω of the regular solution that it was fitted to, or, with accurate energies, that a random mixture has, eV per site.
    cutoff : float
        Pairs that count, Å.
    scatter : float
        Root-mean-square distance of the formation energies from a line in u, eV per site: what one number cannot mend. With
        accurate energies their distance from the fit.
    share_error : float
        Standard error of s.
    error_correlation : float
        Of the errors of δ and s.
    leave_one_out : float, optional
        Root-mean-square error of accurate formation energies that were left out of the fit, eV per site; None where one of them
        is not predicted by the rest.
    source : Source
    """

    strength: float
    order_share: Annotated[float, Field(ge=0.0, le=1.0)] = 1.0
    error: Annotated[float, Field(ge=0.0)]
    interaction: float
    cutoff: Annotated[float, Field(gt=0.0)]
    scatter: Annotated[float, Field(ge=0.0)]
    share_error: Annotated[float, Field(ge=0.0)] = 0.0
    error_correlation: Annotated[float, Field(ge=-1.0, le=1.0)] = 0.0
    leave_one_out: Annotated[float, Field(ge=0.0)] | None = None
    source: Source


def unlike_pairs(host: Host, orderings: xr.Dataset, cutoff: float = 8.0) -> NDArray[np.float64]:
    """Share u of pairs within `cutoff` (Å) of which one site is filled and one empty, shape (orderings,)."""
    counts = pair_counts(host, cutoff)
    return np.asarray(0.5 * (1.0 - pair_correlations(host, orderings, cutoff)[:, 1:] @ counts / counts.sum()))


def formation_energies(host: Host, orderings: xr.Dataset) -> NDArray[np.float64]:
    """Energy above the mixture of the emptiest and the fullest ordering, eV per site, shape (orderings,).

    Raises
    ------
    InputError
        All orderings have one stoichiometry.
    """
    x, energy = orderings["x"].values, orderings["energy"].values / len(host.working)
    low, high = float(x.min()), float(x.max())
    if high - low < 1e-9:
        raise InputError("orderings", "x", f"only x = {low:g}", "two stoichiometries or more")
    first, last = (float(energy[np.isclose(x, end)].min()) for end in (low, high))
    share = (x - low) / (high - low)
    return np.asarray(energy - (1.0 - share) * first - share * last)


def fit_localisation(
    host: Host,
    orderings: xr.Dataset,
    interaction: float,
    error: float,
    reference: str,
    *,
    cutoff: float = 8.0,
    anchor: Literal["mean", "lowest", "scaled"] = "lowest",
) -> LocalisationCorrection:
    """δ such that the formation energies E_f lie around the regular solution Ω x (1 − x), or that the lowest lies on it.

    ``"mean"``: least squares of E_f against u, through the origin, gives a slope b; then 2 δ = Ω/2 − b. A random mixture then has
    the energy of the regular solution, but orderings that the engine favours may stay below it, as compounds.
    ``"lowest"``: 2 δ is the greatest of (Ω x (1 − x) − E_f)/u over the orderings, so that no compound is left.
    ``"scaled"``: as ``"mean"``, with the largest share s of each ordering's distance from b u that leaves no compound,
    s (E_f − b u) + Ω u/2 ≥ 0; then 2 δ = Ω/2 − s b.

    Parameters
    ----------
    host : Host
    orderings : xarray.Dataset
        With energies, from `scalith.crystal.map_orderings`, reaching from x = 0 to x = 1.
    interaction, error : float
        Ω and its standard error, eV per site: of a measured gap, or of DFT+U formation energies (Ω = 4 E at x = 1/2).
    reference : str
        Where Ω is from.
    cutoff : float
        Å.
    anchor : {"mean", "lowest", "scaled"}

    Returns
    -------
    LocalisationCorrection

    Raises
    ------
    InputError
        Orderings that do not reach x = 0 and 1, or none between; Ω that is not positive; electrons that are told apart already.
    """
    require_ions_alone(host, "electron localisation")
    if not interaction > 0.0:
        raise InputError("electron localisation", "interaction", f"{interaction:g} eV", "a positive energy: Ω of a gap")
    u, formation = unlike_pairs(host, orderings, cutoff), formation_energies(host, orderings)
    x = orderings["x"].values
    inside = u > 1e-9
    if x.min() > 1e-9 or x.max() < 1.0 - 1e-9 or not inside.any():
        found = f"{len(x)} orderings, x from {x.min():g} to {x.max():g}"
        raise InputError("electron localisation", "orderings", found, "the empty host, the full host and orderings between")
    slope = float(u @ formation / (u @ u))
    scatter = float(np.sqrt(np.mean((formation - slope * u)[inside] ** 2)))
    slope_error = scatter / float(np.sqrt(u @ u))
    share = 1.0
    if anchor == "scaled":
        below = (slope * u - formation)[inside] / (0.5 * interaction * u[inside])
        share = float(min(1.0, 1.0 / max(below.max(), 1e-12)))
    if anchor in ("mean", "scaled"):
        strength = 0.5 * (0.5 * interaction - share * slope)
    else:
        strength = 0.5 * float(np.max((interaction * x * (1.0 - x) - formation)[inside] / u[inside]))
    source = predicted(
        "scalith.atoms.fit_localisation",
        host.digest,
        dataset_digest(orderings),
        reference=reference,
        settings={"interaction": interaction, "cutoff": cutoff, "anchor": anchor, "uncorrected_slope": slope},
        note="The miscibility gap follows from the stated interaction; the average voltage does not.",
    )
    return LocalisationCorrection(
        strength=strength,
        order_share=share,
        error=float(np.hypot(0.25 * error, 0.5 * slope_error)),
        interaction=interaction,
        cutoff=cutoff,
        scatter=scatter,
        source=source,
    )


def fit_localisation_to_energies(
    host: Host,
    orderings: xr.Dataset,
    accurate: xr.Dataset,
    *,
    cutoff: float = 8.0,
    model_error: float = 0.0,
    reference: str = "",
) -> LocalisationCorrection:
    """s and δ such that s E_f + 2 δ u meets the formation energies that an accurate method gave for some of the orderings.

    Least squares over the orderings between the ends; a share outside 0 … 1 is set to the nearer of them, with δ beside it.
    One or two orderings do not tell what the cheap method's order is worth: it is kept then, s = 1, and δ alone is fitted. The
    leave-one-out error is that of the linear fit, e/(1 − h) with the diagonal h of its hat matrix.

    Parameters
    ----------
    host : Host
    orderings : xarray.Dataset
        With energies of the cheap method, from `scalith.crystal.map_orderings`, reaching from x = 0 to x = 1.
    accurate : xarray.Dataset
        Some of the same orderings with energies of the accurate method, both ends among them.
    cutoff : float
        Å.
    model_error : float
        Standard error of the accurate method's formation energy of a random mixture at x = 1/2, common to all orderings, eV per
        site (functional, U, magnetic order, numerics).
    reference : str
        Where the accurate energies are from.

    Returns
    -------
    LocalisationCorrection

    Raises
    ------
    InputError
        Accurate energies of an ordering that `orderings` lack, without both ends or nothing between them, or of a single ordering
        without a `model_error`; energies that are not finite; formation energies of the cheap method in one ratio to u, with
        which s and δ are not told apart; electrons that are told apart already.
    """
    require_ions_alone(host, "electron localisation")
    where, x = matching_orderings(host, orderings, accurate), accurate["x"].values
    if missing := [str(name) for name in accurate["origin"].values[where < 0]]:
        raise InputError("electron localisation", "accurate", ", ".join(missing), "orderings that the other energies have, too")
    unlike = unlike_pairs(host, accurate, cutoff)
    inside = unlike > 1e-9
    _require_orderings_between(x, inside, model_error)
    cheap, target = formation_energies(host, orderings)[where][inside], formation_energies(host, accurate)[inside]
    if not (np.isfinite(cheap).all() and np.isfinite(target).all()):
        found = ", ".join(str(name) for name in accurate["origin"].values[inside][~np.isfinite(cheap + target)])
        raise InputError("electron localisation", "energy", f"none of {found}, or of an end", "finite energies in both sets")
    terms = np.column_stack([cheap, 2.0 * unlike[inside]])
    if len(target) > 2 and _in_one_ratio(terms):
        told = f"formation energies of all {len(target)} orderings in one ratio to their share of unlike pairs"
        raise InputError("electron localisation", "orderings", told, "orderings that tell s from δ, or one or two of them")
    share, strength = np.linalg.lstsq(terms, target, rcond=None)[0] if len(target) > 2 else (1.0, 0.0)
    free = 0.0 < share < 1.0
    if not free:
        share = float(np.clip(share, 0.0, 1.0))
        strength = terms[:, 1] @ (target - share * cheap) / (terms[:, 1] @ terms[:, 1])
    fitted = terms if free else terms[:, 1:]
    left = target - share * cheap - strength * terms[:, 1]
    inverse = np.linalg.inv(fitted.T @ fitted)
    covariance = inverse * (left @ left) / max(len(target) - fitted.shape[1], 1)  # of one ordering nothing is left
    leverage = np.einsum("ij,jk,ik->i", fitted, inverse, fitted)
    error, share_error = float(np.hypot(covariance[-1, -1] ** 0.5, model_error)), float(covariance[0, 0] ** 0.5) if free else 0.0
    all_unlike, all_formation = unlike_pairs(host, orderings, cutoff), formation_energies(host, orderings)
    slope = float(all_unlike @ all_formation / (all_unlike @ all_unlike))
    source = predicted(
        "scalith.atoms.fit_localisation_to_energies",
        host.digest,
        dataset_digest(orderings),
        dataset_digest(accurate),
        reference=reference,
        settings={"cutoff": cutoff, "model_error": model_error, "accurate_orderings": int(inside.sum())},
        note="The miscibility gap follows from the accurate energies; the average voltage is that of the other energies.",
    )
    return LocalisationCorrection(
        strength=float(strength),
        order_share=float(share),
        error=error,
        interaction=2.0 * (2.0 * float(strength) + float(share) * slope),
        cutoff=cutoff,
        scatter=float(np.sqrt(np.mean(left**2))),
        share_error=share_error,
        error_correlation=float(covariance[0, 1]) / (error * share_error) if free and error * share_error > 0.0 else 0.0,
        # An ordering that alone tells one of the two (leverage 1) cannot be predicted by the rest.
        leave_one_out=float(np.sqrt(np.mean((left / (1.0 - leverage)) ** 2))) if np.all(leverage < 1.0 - 1e-9) else None,
        source=source,
    )


def _require_orderings_between(x: NDArray[np.float64], inside: NDArray[np.bool_], model_error: float) -> None:
    if x.min() > 1e-9 or x.max() < 1.0 - 1e-9 or not inside.any():
        found = f"{len(x)} orderings, x from {x.min():g} to {x.max():g}"
        raise InputError("electron localisation", "accurate", found, "the empty host, the full host and orderings between")
    if inside.sum() == 1 and not model_error:
        raise InputError(
            "electron localisation", "model_error", "0 eV", "a positive error: one ordering does not tell that of the fit"
        )


def _in_one_ratio(terms: NDArray[np.float64]) -> bool:
    """Whether one of the two columns is the other times a number, within round-off, or nothing but zeros."""
    size = np.linalg.norm(terms, axis=0)
    if not np.all(size > 1e-12 * size.max()):
        return True
    least, greatest = np.linalg.svd(terms / size, compute_uv=False)[::-1]
    return bool(least < 1e-8 * greatest)


def draw_localisation(orderings: xr.Dataset, correction: LocalisationCorrection, numbers: np.random.Generator) -> xr.Dataset:
    """Localised orderings with δ and s drawn within their errors, which are correlated.

    Parameters
    ----------
    orderings : xarray.Dataset
        From `localised_energies` with `correction`.
    correction : LocalisationCorrection
    numbers : numpy.random.Generator

    Returns
    -------
    xarray.Dataset
        ``energy`` moved; ends stay where they are.
    """
    first, second = numbers.standard_normal(2)
    link = correction.error_correlation
    strength, share = correction.error * first, correction.share_error * (link * first + np.sqrt(1.0 - link**2) * second)
    moved = 2.0 * strength * orderings["unlike_pairs"] + share * orderings["formation_energy_uncorrected"]
    energy = orderings["energy"]
    return orderings.assign(energy=(energy.dims, (energy + moved * orderings.attrs["sites"]).values, energy.attrs))


def localised_energies(host: Host, orderings: xr.Dataset, correction: LocalisationCorrection) -> xr.Dataset:
    """The orderings with (s − 1) E_f + 2 δ u added to their energies; the uncorrected ones stay as ``energy_uncorrected``."""
    sites = len(host.working)
    unlike, formation = unlike_pairs(host, orderings, correction.cutoff), formation_energies(host, orderings)
    added = sites * (2.0 * correction.strength * unlike + (correction.order_share - 1.0) * formation)
    before = orderings["energy"]
    data = orderings.assign(
        energy=(
            "structure",
            before.values + added,
            {**before.attrs, "long_name": "energy per primitive cell, electrons localised"},
        ),
        energy_uncorrected=("structure", before.values, before.attrs),
        unlike_pairs=labelled("structure", unlike, "share of unlike pairs", "1"),
        formation_energy_uncorrected=labelled("structure", formation, "formation energy per site before the correction", "eV"),
    )
    source = predicted("scalith.atoms.localised_energies", dataset_digest(orderings), correction.digest)
    return data.assign_attrs(source=source.to_json(), sites=sites)
