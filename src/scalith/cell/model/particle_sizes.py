"""Particles of several sizes in one electrode: a log-normal distribution as classes of particles."""

from __future__ import annotations

import numpy as np

from scalith.cell.specification.active_material import ActiveMaterial
from scalith.quantities import InputError


def particle_size_distribution(material: ActiveMaterial, spread: float, classes: int = 5) -> tuple[ActiveMaterial, ...]:
    r"""One material as particles of several sizes, log-normal in radius by volume.

    With ln R normally distributed by volume, Gauss–Hermite quadrature gives the radii and volume fractions

    .. math::

        R_i = R_0 e^{\sqrt 2 σ ξ_i}, \quad ε_i = ε w_i / \sqrt π, \quad σ^2 = \ln(1 + s^2),

    exact for powers of ln R up to 2 n − 1. R₀ is such that volume and surface stay those of the material: its
    ``particle_radius`` is the Sauter mean, 3 ε / a for spheres, as porous-electrode models use it.

    Parameters
    ----------
    material : ActiveMaterial
    spread : float
        Standard deviation of the radius over its mean, by volume (s above).
    classes : int
        Number of sizes, 1 to 20.

    Returns
    -------
    tuple of ActiveMaterial
        From the smallest to the largest particle; they go into ``ElectrodeSpecification.materials``, and every simulation takes
        them. Its time grows in proportion to their number.

    Raises
    ------
    InputError

    Notes
    -----
    What it means for a cell: Kirk, Evans, Please and Chapman, DOI 10.48550/arXiv.2006.12208.
    """
    if not 0.0 < spread < 2.0:
        raise InputError("particle_size_distribution", "spread", spread, "a number between 0 and 2")
    if not 1 <= classes <= 20:
        raise InputError("particle_size_distribution", "classes", classes, "1 to 20")
    nodes, weights = np.polynomial.hermite.hermgauss(classes)
    fractions = weights / weights.sum()
    ratios = np.exp(np.sqrt(2.0 * np.log1p(spread**2)) * nodes)
    radii = material.particle_radius * ratios * np.sum(fractions / ratios)
    volume = material.volume_fraction
    given = {name: getattr(material, name) for name in type(material).model_fields}
    return tuple(
        ActiveMaterial.model_validate(
            given
            | {
                "particle_radius": float(radius),
                "active_volume_fraction": float(volume * part),
                "specific_area": _own_area(material, float(volume * part), float(radius)),
            }
        )
        for radius, part in zip(radii, fractions, strict=True)
    )


def _own_area(material: ActiveMaterial, volume: float, radius: float) -> float | None:
    """An area stated beside the volume is the same part of the surface of every particle."""
    if not material.has_own_area:
        return None
    return material.dimensions * volume / radius * material.particle_radius / material.storage_radius
