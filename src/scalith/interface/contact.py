"""Imperfect contact: current that narrows to the places that touch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from scalith.quantities import InputError

LARGEST_FRACTION = 0.3
"""Area fraction up to which the resistance of discs is known to 0.2 %."""


def constriction_resistance(radius: float, area_fraction: ArrayLike, conductivity: float) -> Any:
    r"""Excess resistance of an interface that touches in discs only, ohm m2.

    .. math:: R = \frac{π a^2}{f} \, \frac{1 - 1.4098\sqrt f + 0.3441 f^{3/2} + 0.0435 f^{5/2}}{4 σ a}

    on one side, with the discs' radius a and area fraction f (Cooper, Mikic and Yovanovich, DOI 10.1016/0017-9310(69)90011-8, for
    one disc of a tube of the current).

    Parameters
    ----------
    radius : float
        a, m.
    area_fraction : array_like
        f, above 0 to 0.3; at 1 the contact is perfect, between them the discs merge.
    conductivity : float
        σ of the conductor on this side, S m-1.

    Raises
    ------
    InputError
    """
    f = np.asarray(area_fraction, dtype=np.float64)
    for name, value in (("radius", radius), ("conductivity", conductivity)):
        if not value > 0.0:
            raise InputError("constriction_resistance", name, value, "a positive number")
    if not np.all((f > 0.0) & (f <= LARGEST_FRACTION)):
        raise InputError("constriction_resistance", "area_fraction", area_fraction, f"above 0 to {LARGEST_FRACTION:g}")
    ratio = np.sqrt(f)
    shape = 1.0 - 1.4098 * ratio + 0.3441 * ratio**3 + 0.0435 * ratio**5
    return np.pi * radius / (4.0 * conductivity * f) * shape


def contact_resistance(pressure: ArrayLike, hardness: float, spacing: float, conductivity: float) -> Any:
    """Excess resistance where the softer side is pressed flat over f = P/H, in discs a spacing apart, ohm m2.

    `constriction_resistance` of discs with one in each square of the spacing s, a = s √(f/π): at low pressure R = s √π/(4σ √f)
    falls as P^(−1/2).

    Parameters
    ----------
    pressure : array_like
        P, Pa, up to 0.3 of the hardness.
    hardness : float
        H of the softer side, Pa.
    spacing : float
        s, m.
    conductivity : float
        S m-1.
    """
    for name, value in (("hardness", hardness), ("spacing", spacing)):
        if not value > 0.0:
            raise InputError("contact_resistance", name, value, "a positive number")
    P = np.asarray(pressure, dtype=np.float64)
    f = P / hardness
    if not np.all((f > 0.0) & (f <= LARGEST_FRACTION)):
        most = LARGEST_FRACTION * hardness
        raise InputError(
            "contact_resistance", "pressure", pressure, f"above 0 to {most:.3g} Pa, {LARGEST_FRACTION:g} of the hardness"
        )
    return constriction_resistance(1.0, f, conductivity) * spacing * np.sqrt(f / np.pi)
