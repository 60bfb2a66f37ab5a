"""What is wrong with sampled averages, in words that say what to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scalith.lattice.thermodynamics import two_phase_regions
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

FEW_SAMPLES = 15.0
"""Independent samples below which an average and its error are not to be trusted."""


def sampling_warnings(data: xr.Dataset, sweeps: int) -> list[str]:
    """What speaks against the averages of a semi-grand-canonical sampling; nothing where all is well.

    Neighbouring chemical potentials are cooled apart from each other, so they are independent starts: where x falls as μ
    rises by more than its errors allow, at least one of them has not reached equilibrium (non-ergodic sampling). The
    thermodynamic integration starts at the empty end and must close at the full one. Few independent samples make errors
    themselves uncertain.

    Parameters
    ----------
    data : xarray.Dataset
        As `scalith.lattice.semi_grand_canonical` gives it.
    sweeps : int
    """
    found: list[str] = []
    remedy = f"more sweeps than {sweeps}, or parallel_tempering = true"
    for k, T in enumerate(data["T"].values):
        x, error = data["x"].values[k], data["x_error"].values[k]
        back = falls(x, error, two_phase_regions(data.isel(T=[k]))[0])
        if len(back):
            words = ", ".join(f"{x[m]:.3f}" for m in back[:3])
            found.append(
                f"not ergodic at {T:.0f} K: x falls as the chemical potential rises (after x = {words}): "
                f"independent coolings ended in different states; {remedy}"
            )
        # A state without fluctuations is an ordered one at rest: nothing to average.
        moving = data["fluctuations"].values[k] > 1e-3
        samples = sweeps / data["inefficiency"].values[k]
        slow = moving & (samples < FEW_SAMPLES)
        if slow.mean() > 0.1:
            found.append(
                f"unconverged averages at {T:.0f} K: {slow.sum()} of {len(x)} states have fewer than {FEW_SAMPLES:.0f} "
                f"independent samples (least {samples[moving].min():.1f}); {remedy}"
            )
        closure = float(data["grand_potential_closure"].values[k])
        thermal = BOLTZMANN_EV * float(T)
        if abs(closure) > max(0.1 * thermal, 1e-3):
            found.append(
                f"free energy at {T:.0f} K does not close: {1e3 * closure:.1f} meV between both ends; more points in the "
                f"chemical potential, {remedy}"
            )
        if "exchange_rate" in data and float(data["exchange_rate"].values[k]) < 0.02:
            found.append(f"replicas at {T:.0f} K hardly exchange (< 2 %): temperatures closer to each other, or fewer cells")
    return found


def falls(x: NDArray[np.float64], error: NDArray[np.float64], regions: list[tuple[float, float]]) -> NDArray[np.intp]:
    """States before which x falls by more than five times its error (and 0.02).

    Falls within a two-phase region do not count: near coexistence either phase may come, and so may, in a small lattice, both.
    """
    highest = np.maximum.accumulate(x)[:-1]
    drop = highest - x[1:]
    away = drop > 0.02 + 5.0 * np.hypot(error[1:], error[:-1])
    for low, high in regions:
        away &= ~((x[1:] > low - 0.02) & (highest < high + 0.02))
    return np.flatnonzero(away)
