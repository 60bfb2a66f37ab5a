"""How an activation energy changes a coefficient with temperature."""

from __future__ import annotations

import math

from scalith.quantities.constants import GAS_CONSTANT


def arrhenius_factor(energy: float, T: float, reference: float) -> float:
    r"""What a thermally activated coefficient at T is, over that at the reference temperature.

    .. math::

        \exp\left[\frac{E}{R}\left(\frac{1}{T_0}-\frac{1}{T}\right)\right]

    Parameters
    ----------
    energy : float
        Activation energy E, J mol-1.
    T, reference : float
        K.

    Returns
    -------
    float
    """
    return math.exp(energy / GAS_CONSTANT * (1.0 / reference - 1.0 / T))
