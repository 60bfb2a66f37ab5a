"""What is wrong with sampled averages, in words that say what to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scalith.lattice.phases.isotherms import two_phase_regions
from scalith.lattice.phases.thermodynamics import unknown_regions
from scalith.lattice.sampling.metastable_states import frozen_states
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

FEW_SAMPLES = 15.0
"""Independent samples below which an average and its error are not to be trusted."""


def sampling_warnings(data: xr.Dataset, sweeps: int, undecided: Sequence[tuple[float, str]] = ()) -> list[str]:
    """What speaks against the averages of a semi-grand-canonical sampling; nothing where all is well.

    Neighbouring chemical potentials are cooled apart from each other, so they are independent starts: where x falls as μ
    rises by more than its errors allow, at least one of them has not reached equilibrium (non-ergodic sampling). States at rest
    that hold an ion more or less than a phase should do not fall so far; their grand potential gives them away (frozen). The
    thermodynamic integration from the empty end must close at the full one, or each phase be tied to the end it reaches. Few
    independent samples make errors themselves uncertain.

    Parameters
    ----------
    data : xarray.Dataset
        As `scalith.lattice.semi_grand_canonical` gives it.
    sweeps : int
    undecided : sequence of (float, str)
        Temperature and stoichiometries of jumps of which the supercell did not tell whether two phases part there.
    """
    kinds: dict[str, list[tuple[float, str]]] = {name: [] for name in ("ergodic", "samples", "closure", "exchange", "unknown")}
    kinds["frozen"] = []
    kinds["undecided"] = list(undecided)
    for k, T in enumerate(data["T"].values):
        x, error = data["x"].values[k], data["x_error"].values[k]
        back = falls(x, error, two_phase_regions(data.isel(T=[k]))[0])
        if len(back):
            kinds["ergodic"].append((T, f"after x = {x[back[0]]:.3f}"))
        if len(frozen := frozen_states(data.isel(T=k))):
            kinds["frozen"].append((T, f"{len(frozen)} of {len(x)} states, first x = {x[frozen[0]]:.3f}"))
        # A state without fluctuations is an ordered one at rest: nothing to average.
        moving = data["fluctuations"].values[k] > 1e-3
        samples = sweeps / data["inefficiency"].values[k]
        slow = moving & (samples < FEW_SAMPLES)
        if slow.mean() > 0.1:
            kinds["samples"].append((T, f"{slow.sum()} of {len(x)} states, least {samples[moving].min():.1f}"))
        # What closes badly over a jump of x is no matter where either side is known from its own end.
        untold, closure = data["grand_potential_error"].values[k], float(data["grand_potential_closure"].values[k])
        worst, allowed = int(np.argmax(untold)), max(0.1 * BOLTZMANN_EV * T, 1e-3)
        if abs(closure) > allowed and untold[worst] > allowed:
            kinds["closure"].append((T, f"by {1e3 * closure:.1f} meV, it is not told at x = {x[worst]:.3f}"))
        if unknown := unknown_regions(data.isel(T=[k])):
            low, high = unknown[0]
            kinds["unknown"].append((T, f"from x = {low:.3f} to {high:.3f}"))
        if "exchange_rate" in data and float(data["exchange_rate"].values[k]) < 0.02:
            kinds["exchange"].append((T, f"{100 * float(data['exchange_rate'].values[k]):.1f} %"))
    # Coupled sublattices have no parallel tempering.
    more = f"more sweeps than {sweeps}" + ("" if data.attrs.get("coupled") else ", or parallel_tempering = true")
    words = {
        "ergodic": ("not ergodic: x falls as the chemical potential rises, independent coolings ended in different states", more),
        "samples": (f"unconverged averages: fewer than {FEW_SAMPLES:.0f} independent samples", more),
        "closure": ("the free energy does not close between both ends", f"more points in the chemical potential, {more}"),
        "exchange": ("replicas hardly exchange", "temperatures closer to each other, or fewer cells"),
        "frozen": ("ions stayed behind in states that came to rest: their grand potential is too high, they are left out", more),
        "unknown": (
            "two-phase regions reach phases whose energies were not fitted, and no voltage is given there",
            "energies of orderings as empty and as full as these phases",
        ),
        "undecided": (
            "a critical temperature is near: whether two phases part, as is assumed, or x only changes fast, is not told",
            f"a larger supercell, or {more}",
        ),
    }
    return [_sentence(*words[kind], places) for kind, places in kinds.items() if places]


def _sentence(what: str, remedy: str, places: list[tuple[float, str]]) -> str:
    first = places[0]
    others = f" and {len(places) - 1} more temperatures" if len(places) > 1 else ""
    return f"{what} (at {first[0]:.0f} K, {first[1]}{others}); change: {remedy}"


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
