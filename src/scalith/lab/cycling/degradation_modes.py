"""Degradation modes: loss of lithium inventory and of active material between two check-ups."""

from __future__ import annotations

import numpy as np

from scalith.lab.cycling.electrode_balance import ElectrodeBalance
from scalith.quantities import InputError, Uncertain


def degradation_modes(first: ElectrodeBalance, later: ElectrodeBalance) -> dict[str, float]:
    r"""What was lost between two check-ups, each a share of the first with its standard error (`Uncertain`).

    .. math::

        LLI = 1 - \frac{n_{Li}'}{n_{Li}},\qquad LAM_n = 1 - \frac{Q_n'}{Q_n},\qquad LAM_p = 1 - \frac{Q_p'}{Q_p},
        \qquad n_{Li} = Q_n x + Q_p y

    The inventory counts lithium within the stoichiometries of both half-cell curves, so that lithium locked into lost material
    counts as lost. Errors of both balances are taken as independent: what is wrong with the half-cell curves is the same in both
    and mostly cancels.

    Returns
    -------
    dict
        ``LLI``, ``LAM_negative``, ``LAM_positive``; with a blended negative electrode also ``LAM_first`` and ``LAM_second``, of
        its materials.

    Raises
    ------
    InputError
        One balance is of a blended electrode and the other is not.
    """
    blended = "share" in first.values
    if blended != ("share" in later.values):
        raise InputError("degradation_modes", "balances", "one blended, one not", "both with the same half-cell curves")
    found = {
        "LLI": _loss(first, later, _of("lithium", first), _of("lithium", later)),
        "LAM_negative": _loss(first, later, _of("Q_negative", first), _of("Q_negative", later)),
        "LAM_positive": _loss(first, later, _of("Q_positive", first), _of("Q_positive", later)),
    }
    if blended:
        for name, sign in (("LAM_first", -1.0), ("LAM_second", 1.0)):
            found[name] = _loss(first, later, _of_material(first, sign), _of_material(later, sign))
    return found


def _of(name: str, balance: ElectrodeBalance) -> tuple[float, np.ndarray]:
    """A value and its gradient by all values."""
    return balance.values[name], np.array([float(other == name) for other in balance.values])


def _of_material(balance: ElectrodeBalance, sign: float) -> tuple[float, np.ndarray]:
    """Capacity of one material of the negative electrode: its share of the capacity."""
    whole, share = balance.values["Q_negative"], balance.values["share"]
    own = share if sign > 0.0 else 1.0 - share
    gradient = np.array([own * (name == "Q_negative") + sign * whole * (name == "share") for name in balance.values])
    return whole * own, gradient


def _loss(
    first: ElectrodeBalance, later: ElectrodeBalance, before: tuple[float, np.ndarray], after: tuple[float, np.ndarray]
) -> float:
    relative = [
        float(gradient @ balance.covariance @ gradient) / value**2
        for balance, (value, gradient) in ((first, before), (later, after))
    ]
    kept = after[0] / before[0]
    error = kept * float(np.sqrt(sum(relative)))
    return Uncertain(1.0 - kept, error) if error > 0.0 else 1.0 - kept
