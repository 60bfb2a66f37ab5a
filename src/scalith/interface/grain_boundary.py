"""Grain boundaries of a solid electrolyte: the resistance of depleted layers, and what it does to a polycrystal."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field

from scalith.interface.space_charge import debye_length, gouy_chapman_field, reduced_field
from scalith.quantities import SI, InputError, Property, Spec, arrhenius_factor, predicted
from scalith.quantities.constants import FARADAY, GAS_CONSTANT, VACUUM_PERMITTIVITY
from scalith.quantities.specification import MolarEnergy


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


class Polycrystal(Spec):
    """A polycrystalline electrolyte whose boundaries repel the mobile ion.

    Attributes
    ----------
    bulk_conductivity : S m-1, optional
        At the reference temperature, where `conductivity` is not told that of the crystallites.
    activation_energy : J mol-1
        Of it.
    grain_size : m
    boundary_width : m
        Of the core of a boundary with its layers; it sets the frequency of the arc alone.
    relative_permittivity
    boundary_potential : V
        Of a boundary against the bulk, positive: the mobile cation is repelled.
    mobile_concentration : mol m-3
        Of the ions that move, in the bulk.
    occupation
        Filled share of their sites; 0 for dilute ions.
    reference_temperature : K
    """

    bulk_conductivity: Annotated[float, SI("S m-1"), Field(gt=0)] | None = None
    activation_energy: MolarEnergy = 0.0
    grain_size: Annotated[float, SI("m"), Field(gt=0)]
    boundary_width: Annotated[float, SI("m"), Field(gt=0)] = 2e-9
    relative_permittivity: Annotated[float, Field(gt=0)]
    boundary_potential: Annotated[float, SI("V"), Field(ge=0, le=2)]
    mobile_concentration: Annotated[float, SI("mol m-3"), Field(gt=0)]
    occupation: Annotated[float, Field(ge=0, lt=1)] = 0.0
    reference_temperature: Annotated[float, SI("K"), Field(gt=0)] = 298.15

    def bulk(self, T: float) -> float:
        """σ_b(T), S m-1.

        Raises
        ------
        InputError
            No bulk conductivity is stated.
        """
        if self.bulk_conductivity is None:
            raise InputError("[polycrystal]", "bulk_conductivity", "nothing", "S m-1, or a conductivity of the crystallites")
        return self.bulk_conductivity * arrhenius_factor(self.activation_energy, T, self.reference_temperature)

    def whole(self, T: float, bulk: float | None = None) -> BrickLayer:
        """The polycrystal at a temperature: two depleted layers a boundary (`depleted_layer_resistance`) in a `brick_layer`.

        The crystallites have the stated conductivity, or `bulk` (S m-1).
        """
        sigma, u = self.bulk(T) if bulk is None else bulk, FARADAY * self.boundary_potential / (GAS_CONSTANT * T)
        layer = debye_length(self.mobile_concentration, self.relative_permittivity, T) / sigma
        resistance = 2.0 * layer * depleted_layer_resistance(u, self.occupation) if u > 0.0 else 0.0
        return brick_layer(sigma, resistance, self.grain_size, self.boundary_width, self.relative_permittivity)

    def conductivity(self, temperatures: ArrayLike | None = None, *, bulk: Property | None = None) -> Property:
        """Conductivity of the polycrystal over T, S m-1; −40 to 100 °C unless other temperatures (K) are given.

        With the conductivity of the crystallites as a property over T: at its temperatures, with its relative error.

        Raises
        ------
        InputError
            Both or neither of `bulk` and the stated conductivity, an activation energy beside `bulk`, or a `bulk` that depends on
            something else than T.
        """
        if bulk is None:
            T = np.linspace(233.15, 373.15, 15) if temperatures is None else np.asarray(temperatures, dtype=np.float64)
            values = np.array([self.whole(float(one)).conductivity for one in T])
            source = predicted("scalith.interface.Polycrystal", self.digest)
            return Property.from_arrays("ionic_conductivity", {"T": T}, values, "S m-1", source)
        for name, stated in (
            ("bulk_conductivity", self.bulk_conductivity),
            ("activation_energy", self.activation_energy or None),
        ):
            if stated is not None:
                raise InputError("[polycrystal]", name, stated, "none beside that of the crystallites")
        if tuple(bulk.coordinates) != ("T",):
            raise InputError("[polycrystal]", bulk.name, f"over {', '.join(bulk.coordinates) or 'nothing'}", "over T")
        T = bulk.coordinates["T"] if temperatures is None else np.asarray(temperatures, dtype=np.float64)
        known = np.asarray(bulk(T=T))
        values = np.array([self.whole(float(one), float(sigma)).conductivity for one, sigma in zip(T, known, strict=True)])
        source = predicted("scalith.interface.Polycrystal", self.digest, bulk.digest, note=bulk.source.note)
        error = None if bulk.standard_error is None else values * np.asarray(bulk.error(T=T)) / known
        return Property.from_arrays("ionic_conductivity", {"T": T}, values, "S m-1", source, standard_error=error)
