"""Diffusivities at other barriers without another walk: the same trajectories by another clock."""

from __future__ import annotations

import numpy as np
import xarray as xr

from scalith.lattice.hopping.hop_barriers import HopBarriers
from scalith.quantities import InputError, Result, dataset_digest, predicted
from scalith.quantities.constants import BOLTZMANN_EV

_BARRIERS: dict[str, bool | set[str]] = {
    "barrier": True,
    "barrier_full": True,
    "surroundings": {"constant", "leave_one_out_error", "source"},
}
"""What of a kind may change: its barriers, and what was fitted to find them."""


def reweighted_hops(result: xr.Dataset, before: HopBarriers, after: HopBarriers) -> Result:
    r"""What `kinetic_monte_carlo` would find with other barriers of the same hops, from what it has found.

    Where all rates change by one factor, ions go the same ways and only time runs otherwise,

    .. math::

        D' = D\,\frac{ν'}{ν}\,\exp\!\left(-\frac{\langle ΔE \rangle}{kT}\right)

    with ΔE the changes of the barriers of the kinds at the stoichiometry of the box (of barriers by surroundings:
    of what all of them share). With one kind that is exact but for hops whose end lies so far above their start that the
    difference is their barrier. With several whose barriers change differently, ΔE is the middle between the least and the
    largest change, and half their distance is in the standard errors.

    Parameters
    ----------
    result : xarray.Dataset
        From `kinetic_monte_carlo` with the barriers `before`.
    before, after : HopBarriers

    Returns
    -------
    Result
        As `result`; correlation factors and Haven ratios stay.

    Raises
    ------
    InputError
        Hops that differ in more than their barriers, or a result that is not of kinetic Monte Carlo.
    """
    if "jump_diffusivity" not in result:
        raise InputError("reweighted_hops", "result", "no jump_diffusivity", "a data set of kinetic_monte_carlo")
    kinds = [[kind.model_dump(exclude=_BARRIERS) for kind in one.kinds] for one in (before, after)]
    if kinds[0] != kinds[1]:
        raise InputError("reweighted_hops", "after", "other kinds of hops", "kinds that differ in their barriers only")
    x, T = result["x"].values, result["T"].values
    change = np.array([_levels(after, at) for at in x]) - [_levels(before, at) for at in x]
    middle, half = 0.5 * (change.max(axis=1) + change.min(axis=1)), 0.5 * np.ptp(change, axis=1)
    thermal = BOLTZMANN_EV * T[:, None]
    faster = xr.DataArray(after.attempt_frequency / before.attempt_frequency * np.exp(-middle / thermal), dims=("T", "x"))
    apart = xr.DataArray(np.expm1(half / thermal), dims=("T", "x"))
    found = Result(dict(result.data_vars), dict(result.coords), dict(result.attrs))
    for name in ("tracer_diffusivity", "jump_diffusivity", "tracer_diffusivity_tensor", "jump_diffusivity_tensor"):
        if name not in result:
            continue
        values, errors = result[name] * faster, result[f"{name}_error"] * faster
        widened = (errors**2 + (values * apart) ** 2) ** 0.5
        for key, new in ((name, values), (f"{name}_error", widened)):
            found[key] = new.transpose(*result[key].dims).assign_attrs(result[key].attrs)
    if "simulated_time" in result:
        found["simulated_time"] = (result["simulated_time"] / faster).assign_attrs(result["simulated_time"].attrs)
    source = predicted("scalith.lattice.reweighted_hops", dataset_digest(result), before.digest, after.digest)
    return found.assign_attrs(source=source.to_json(), barrier_error=after.barrier_error)


def _levels(barriers: HopBarriers, x: float) -> list[float]:
    """Barrier of each kind at x; of one that depends on its surroundings what all of them share."""
    kinds = barriers.at(x).kinds
    return [kind.barrier if kind.surroundings is None else kind.surroundings.constant for kind in kinds]
