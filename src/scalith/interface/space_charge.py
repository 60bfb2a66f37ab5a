r"""Space charge at a boundary: mobile ions in the electric field that they make themselves (Poisson–Boltzmann).

With the reduced potential u = zFφ/RT against the bulk, one mobile ion on a fixed counter charge obeys

.. math::

    λ^2 u'' = 1 - θ(u)/θ_∞, \qquad θ = \frac{θ_∞ e^{-u}}{1 - θ_∞ + θ_∞ e^{-u}}, \qquad λ = \sqrt{\frac{ε R T}{z^2 F^2 c_∞}}

where θ is the filled fraction of its sites (Fermi statistics: an ion blocks its site); θ∞ → 0 is the dilute ion with
c = c∞ e^(−u). Its first integral is exact, and the profile one quadrature.
"""

from __future__ import annotations

from typing import Any, TypeGuard

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.quantities import InputError, Result, labelled, predicted
from scalith.quantities.constants import AVOGADRO, FARADAY, GAS_CONSTANT, VACUUM_PERMITTIVITY

Array = NDArray[np.float64]
_WHERE = "space_charge"
LATTICE_SPACING = 3e-10
"""Distance of neighbouring sites where none is stated, m."""


def _number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float | np.integer | np.floating)


def _positive(value: object) -> bool:
    """A number above zero: not a text with a unit, nor NaN."""
    return _number(value) and bool(value > 0.0)


def debye_length(concentration: float, relative_permittivity: float, T: float, *, charge: int = 1, ions: int = 1) -> float:
    """λ_D = √(ε R T/(n z² F² c)), m.

    Parameters
    ----------
    concentration : float
        Of one mobile ion in the bulk, mol m-3.
    relative_permittivity : float
    T : float
        K.
    charge : int
        z.
    ions : {1, 2}
        n: one mobile ion on a fixed counter charge, or both ions of a symmetric salt (Gouy–Chapman).

    Raises
    ------
    InputError
    """
    for name, value in (("concentration", concentration), ("relative_permittivity", relative_permittivity), ("T", T)):
        if not _positive(value):
            raise InputError("debye_length", name, value, "a positive number in SI")
    if ions not in (1, 2) or charge == 0:
        raise InputError("debye_length", "ions, charge", f"{ions}, {charge}", "one or two mobile ions of some charge")
    per_volume = ions * charge**2 * FARADAY**2 * concentration
    return float(np.sqrt(VACUUM_PERMITTIVITY * relative_permittivity * GAS_CONSTANT * T / per_volume))


def reduced_field(u: ArrayLike, occupation: float = 0.0) -> Any:
    r"""\|λ u′\| where the reduced potential is u, for one mobile ion on a fixed counter charge.

    .. math:: |λ u'| = \sqrt{2\left(u + \ln(1 + θ_∞(e^{-u} - 1))/θ_∞\right)} \;→\; \sqrt{2(e^{-u} + u - 1)} \quad (θ_∞ → 0)

    Parameters
    ----------
    u : array_like
        zFφ/RT; positive where the ion is repelled.
    occupation : float
        θ∞, from 0 (dilute) to below 1.
    """
    if not 0.0 <= occupation < 1.0:
        raise InputError("reduced_field", "occupation", occupation, "0 to below 1")
    u = np.asarray(u, dtype=np.float64)
    # Near zero the two terms cancel: u²/2 (1 − θ∞) and the cubic term are exact to 1e-12 there.
    small = 0.5 * (1.0 - occupation) * u**2 * (1.0 - (1.0 - 2.0 * occupation) * u / 3.0)
    with np.errstate(over="ignore"):
        if occupation < 1e-290:  # dilute, down to numbers that lose their digits
            energy = np.expm1(-u) + u
        else:
            # ln(1 − θ + θ e^(−u)): without overflow where the ion gathers, without cancellation where it is dilute.
            gathered = np.logaddexp(np.log1p(-occupation), np.log(occupation) - u)
            share = occupation * np.expm1(-u)
            energy = u + np.where(share > 1.0, gathered, np.log1p(np.minimum(share, 1.0))) / occupation
    return np.sqrt(2.0 * np.where(np.abs(u) < 1e-4, small, np.maximum(energy, 0.0)))


def gouy_chapman_field(u: ArrayLike) -> Any:
    """|λ u′| = 2 sinh(|u|/2) where both ions of a symmetric salt move; λ = `debye_length` with ``ions=2``."""
    return 2.0 * np.sinh(0.5 * np.abs(np.asarray(u, dtype=np.float64)))


def depletion_width(potential: float, fixed_concentration: float, relative_permittivity: float, *, charge: int = 1) -> float:
    """Width of a layer that the mobile ion has left, √(2 ε φ/(z F c)) (Mott–Schottky), m.

    Parameters
    ----------
    potential : float
        Across the layer, V; positive.
    fixed_concentration : float
        Of the counter charge that stays, mol m-3.
    """
    for name, value in (("potential", potential), ("fixed_concentration", fixed_concentration)):
        if not _positive(value):
            raise InputError("depletion_width", name, value, "a positive number")
    if charge == 0 or not relative_permittivity > 0.0:
        found = f"{charge}, {relative_permittivity}"
        raise InputError("depletion_width", "charge, relative_permittivity", found, "a charge, and a positive permittivity")
    permittivity = VACUUM_PERMITTIVITY * relative_permittivity
    return float(np.sqrt(2.0 * permittivity * potential / (abs(charge) * FARADAY * fixed_concentration)))


def space_charge(
    surface_potential: float,
    concentration: float,
    relative_permittivity: float,
    T: float = 298.15,
    *,
    charge: int = 1,
    lattice_spacing: float = LATTICE_SPACING,
    site_concentration: float | None = None,
    points: int = 200,
) -> Result:
    r"""Potential and concentration beside a boundary of a solid in which one ion moves.

    The continuum holds where the Debye length, in the bulk and of the concentration at the wall, is longer than the distance of
    neighbouring sites. Where it is not, the data set says so in ``attrs["continuum"]``. Sites are finite (Fermi statistics) where
    they are stated, and also where a dilute ion would break the continuum or fill more than a tenth of one site per cube of the
    lattice spacing: an ion that gathers at the wall fills its sites and no more.

    Parameters
    ----------
    surface_potential : float
        At the boundary against the bulk, V.
    concentration : float
        Of the mobile ion in the bulk, mol m-3; the counter charge is fixed at this concentration.
    relative_permittivity : float
    T : float
        K.
    charge : int
        z.
    lattice_spacing : float
        Distance of neighbouring sites, m.
    site_concentration : float, optional
        Sites of the mobile ion, mol m-3: with it they are always finite. Without it, and where the dilute ion does not hold, one
        site per cube of the lattice spacing.
    points : int

    Returns
    -------
    Result
        Over ``depth`` from the boundary: ``potential`` (V), ``concentration`` (mol m-3), ``charge_density`` (C m-3);
        ``debye_length`` (m), ``surface_charge`` (C m-2, of the whole layer) and ``differential_capacitance`` (F m-2).

    Raises
    ------
    InputError
    """
    if not _number(surface_potential):
        raise InputError(_WHERE, "surface_potential", surface_potential, "a number in V")
    debye = debye_length(concentration, relative_permittivity, T, charge=charge)
    if not lattice_spacing > 0.0 or points < 3 or not np.isfinite(surface_potential):
        raise InputError(_WHERE, "lattice_spacing, points, surface_potential", (lattice_spacing, points), "positive numbers")
    reduced = charge * FARADAY * surface_potential / (GAS_CONSTANT * T)
    if site_concentration is None:
        site_concentration = crowded_sites(concentration * float(np.exp(min(-reduced, 700.0))), debye, lattice_spacing)
    occupation = bulk_occupation(concentration, site_concentration, _WHERE)
    thermal = GAS_CONSTANT * T / (charge * FARADAY)
    start = surface_potential / thermal
    u, depth = _profile(start, occupation, points)
    occupied = relative_occupation(u, occupation)
    density = charge * FARADAY * concentration * (occupied - 1.0)
    permittivity = VACUUM_PERMITTIVITY * relative_permittivity
    field = float(reduced_field(start, occupation))
    narrowest = debye / np.sqrt(max(1.0, float(occupied.max())))
    # The layer's charge balances the field at its boundary (Gauss): −ε φ′(0), and φ falls into the bulk.
    total = -permittivity * np.sign(start) * field * thermal / debye
    slope = abs(float(occupied[0]) - 1.0) / field if field > 1e-6 else np.sqrt(1.0 - occupation)
    settings = {
        "surface_potential_V": surface_potential,
        "concentration_mol_m3": concentration,
        "relative_permittivity": relative_permittivity,
        "temperature_K": T,
        "charge": charge,
        "site_concentration_mol_m3": site_concentration,
    }
    source = predicted("scalith.interface.space_charge", settings=settings)
    return Result(
        {
            "potential": labelled("depth", thermal * u, "potential against the bulk", "V"),
            "concentration": labelled("depth", concentration * occupied, "mobile ion", "mol m-3"),
            "charge_density": labelled("depth", density, "charge density", "C m-3"),
            "debye_length": labelled((), debye, "Debye length", "m"),
            "surface_charge": labelled((), total, "charge of the layer", "C m-2"),
            "differential_capacitance": labelled((), permittivity / debye * slope, "differential capacitance", "F m-2"),
        },
        {"depth": labelled("depth", debye * depth, "distance from the boundary", "m")},
        {
            "source": source.to_json(),
            "continuum": continuum_validity(narrowest, lattice_spacing),
            "continuum_holds": int(narrowest >= lattice_spacing),
            "bulk_occupation": occupation,
        },
    )


def crowded_sites(gathered: float, debye: float, lattice_spacing: float) -> float | None:
    """Sites, mol m-3, where a dilute ion of `gathered` mol m-3 at the wall does not hold; None where it does."""
    dense = 1.0 / (AVOGADRO * lattice_spacing**3)
    return dense if debye < lattice_spacing or gathered > 0.1 * dense else None


def bulk_occupation(concentration: float, site_concentration: float | None, where: str) -> float:
    """Share of the sites that are occupied in the bulk, 0 where sites are without limit; `where` names the caller in an error."""
    if site_concentration is None:
        return 0.0
    if not _positive(site_concentration) or not site_concentration > concentration:
        raise InputError(where, "site_concentration", site_concentration, f"more than the {concentration:g} mol/m3 of ions on it")
    return concentration / site_concentration


def continuum_validity(narrowest: float, lattice_spacing: float) -> str:
    """Whether a continuum describes the layer, in words."""
    length, spacing = (
        f"the least Debye length of {narrowest * 1e9:.3g} nm",
        f"the distance of sites, {lattice_spacing * 1e9:.3g} nm",
    )
    if narrowest >= lattice_spacing:
        return f"holds: {length} is at least {spacing}"
    return f"does not hold: {length} is less than {spacing}; sites are finite here, profiles within one of them mean little"


def relative_occupation(u: Array, occupation: float) -> Array:
    """c/c∞."""
    if occupation == 0.0:
        return np.asarray(np.exp(-u))
    return np.asarray(np.exp(-u - np.logaddexp(np.log1p(-occupation), np.log(occupation) - u)))


def _profile(start: float, occupation: float, points: int) -> tuple[Array, Array]:
    """Reduced potentials from `start` to a hundred-thousandth of it (or of one), and their depths in λ."""
    if abs(start) < 1e-12:
        return np.zeros(points), np.linspace(0.0, 5.0, points)
    # In s = ln|u| the integrand u/|λu′| is smooth up to the bulk, where it becomes 1/√(1 − θ).
    end = 1e-5 * min(1.0, abs(start))
    s = np.linspace(np.log(abs(start)), np.log(end), points)
    nodes, weights = np.polynomial.legendre.leggauss(12)
    half = 0.5 * (s[:-1] - s[1:])
    inner = np.exp(0.5 * (s[:-1] + s[1:])[:, None] + half[:, None] * nodes)
    pieces = half * ((inner / reduced_field(np.sign(start) * inner, occupation)) @ weights)
    return np.sign(start) * np.exp(s), np.concatenate([[0.0], np.cumsum(pieces)])
