"""Grain boundaries of a solid electrolyte: the resistance of depleted layers, and what it does to a polycrystal."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scalith.interface.space_charge import gouy_chapman_field, reduced_field
from scalith.quantities import InputError
from scalith.quantities.constants import VACUUM_PERMITTIVITY


def depleted_layer_resistance(reduced_potential: float, occupation: float = 0.0, *, counter_charge: str = "fixed") -> float:
    r"""Excess resistance of one depleted layer, ∫ (c∞/c − 1) dx/λ: the layer's resistance is λ/σ times it.

    .. math:: ∫_0^{u_0} \frac{c_∞/c(u) - 1}{|λ u'|} du, \qquad \frac{c_∞}{c} = θ_∞ + (1 - θ_∞)\,e^{u}

    with the field of `reduced_field`; 2(e^{u₀/2} − 1) where the counter charge moves too (Gouy–Chapman).

    Parameters
    ----------
    reduced_potential : float
        u₀ = zFφ/RT at the boundary against the bulk, positive: the mobile ion is repelled.
    occupation : float
        θ∞.
    counter_charge : {"fixed", "mobile"}

    Raises
    ------
    InputError
    """
    if not 0.0 < reduced_potential <= 200.0:
        raise InputError("depleted_layer_resistance", "reduced_potential", reduced_potential, "above 0 to 200")
    if counter_charge not in ("fixed", "mobile"):
        raise InputError("depleted_layer_resistance", "counter_charge", counter_charge, "'fixed' or 'mobile'")
    # The integrand tends to 1 in the bulk; near the boundary it grows as e^u: Gauss points on pieces of at most one RT.
    edges = np.linspace(0.0, reduced_potential, int(np.ceil(reduced_potential)) + 1)
    nodes, weights = np.polynomial.legendre.leggauss(20)
    half = 0.5 * np.diff(edges)[:, None]
    u = 0.5 * (edges[1:] + edges[:-1])[:, None] + half * nodes
    field = reduced_field(u, occupation) if counter_charge == "fixed" else gouy_chapman_field(u)
    return float(np.sum(half * weights * (1.0 - occupation) * np.expm1(u) / field))


class BrickLayer(NamedTuple):
    """A polycrystal as cubes with thin boundaries.

    Attributes
    ----------
    conductivity : float
        Of the whole at low frequency, S m-1.
    boundary_resistance : float
        Of the boundaries along one metre, ohm m.
    bulk_frequency, boundary_frequency : float
        At the tops of their arcs, Hz.
    """

    conductivity: float
    boundary_resistance: float
    bulk_frequency: float
    boundary_frequency: float


def brick_layer(
    bulk_conductivity: float, area_resistance: float, grain_size: float, boundary_width: float, relative_permittivity: float
) -> BrickLayer:
    r"""Cubes in series with their boundaries: 1/σ = 1/σ_b + R_gb/d (Maier, DOI 10.1016/0079-6786(95)00004-E).

    The bulk answers at σ_b/(2π ε), the boundaries at w/(2π ε R_gb).

    Parameters
    ----------
    bulk_conductivity : float
        σ_b, S m-1.
    area_resistance : float
        R_gb of one boundary, ohm m2: 2 λ/σ_b times `depleted_layer_resistance`.
    grain_size, boundary_width : float
        d and w, m.
    relative_permittivity : float

    Raises
    ------
    InputError
    """
    given = {"bulk_conductivity": bulk_conductivity, "grain_size": grain_size, "boundary_width": boundary_width,
             "relative_permittivity": relative_permittivity}  # fmt: skip
    for name, value in given.items():
        if not value > 0.0:
            raise InputError("brick_layer", name, value, "a positive number")
    if area_resistance < 0.0:
        raise InputError("brick_layer", "area_resistance", area_resistance, "no negative resistance")
    permittivity, along = VACUUM_PERMITTIVITY * relative_permittivity, area_resistance / grain_size
    boundary = boundary_width / (2.0 * np.pi * permittivity * area_resistance) if area_resistance > 0.0 else np.inf
    return BrickLayer(
        1.0 / (1.0 / bulk_conductivity + along), along, bulk_conductivity / (2.0 * np.pi * permittivity), float(boundary)
    )
