"""Conduction by small polarons: electrons that hop from site to site, carrying the distortion around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from scalith.quantities import SI, ErrorComponent, InputError, Property, Spec, predicted
from scalith.quantities.constants import BOLTZMANN, BOLTZMANN_EV, ELEMENTARY_CHARGE, PLANCK
from scalith.quantities.specification import AtomicLength, AttemptFrequency, Count
from scalith.quantities.uncertain import deviation_of_log

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Barrier = Annotated[float, SI("eV"), Field(ge=0)]


class SmallPolaronHop(Spec):
    """How small polarons hop in a host.

    Attributes
    ----------
    barrier_empty : float
        Barrier of an electron in the empty host (x → 0), eV.
    barrier_full : float
        Barrier of a hole in the full host (x → 1), eV.
    barrier_error : float
        Standard error of both, eV.
    attempt_frequency : float
        Hz: that of the optical phonon that carries the distortion.
    hop_distance : float
        m.
    neighbours : int
        Sites that a polaron can hop to.
    site_density : float
        Redox sites per volume, m⁻³.
    reference : str
        Where the numbers are from.
    """

    barrier_empty: Barrier
    barrier_full: Barrier
    barrier_error: Barrier = 0.0
    attempt_frequency: AttemptFrequency = 1e13
    hop_distance: AtomicLength
    neighbours: Count = 6
    site_density: Annotated[float, SI("m-3"), Field(gt=0)]
    reference: str = ""


def polaron_diffusivity(hop: SmallPolaronHop, x: ArrayLike, T: ArrayLike) -> np.ndarray:
    """Diffusivity of one free polaron, D = z a² ν exp(−E/kT)/6, m²/s, averaged over directions.

    The barrier goes linearly from `barrier_empty` to `barrier_full`.
    """
    stoichiometry, temperature = np.asarray(x, dtype=np.float64), np.asarray(T, dtype=np.float64)
    barrier = (1.0 - stoichiometry) * hop.barrier_empty + stoichiometry * hop.barrier_full
    rate = hop.attempt_frequency * np.exp(-barrier / (BOLTZMANN_EV * temperature))
    return np.asarray(hop.neighbours * hop.hop_distance**2 * rate / 6.0)


def small_polaron_conductivity(hop: SmallPolaronHop, x: ArrayLike, T: ArrayLike) -> Property:
    """Conductivity of hopping small polarons against stoichiometry,

    σ(x, T) = N x(1 − x) e² D(x, T)/(kT), D = z a² ν exp(−E(x)/kT)/6

    (Holstein 1959, DOI 10.1016/0003-4916(59)90003-X; Emin, Holstein 1969, DOI 10.1016/0003-4916(69)90034-7: adiabatic hops).
    Sites of both charges are needed, hence x(1 − x): each ion brings one electron, on sites that do not interact. Binding of
    polarons to ions, which raises the barriers, is not part of it; at x = 0 and x = 1 it is zero, where defects conduct.

    Parameters
    ----------
    hop : SmallPolaronHop
    x : array_like
        Stoichiometries 0 to 1, increasing.
    T : array_like
        K, increasing.

    Returns
    -------
    Property
        ``electronic_conductivity`` over (x, T), S/m; its standard error is σ · δE/kT.

    Raises
    ------
    InputError
        A stoichiometry outside 0 to 1, a temperature not greater than 0.
    """
    stoichiometries, temperatures = np.atleast_1d(np.asarray(x, dtype=float)), np.atleast_1d(np.asarray(T, dtype=float))
    if not np.all((stoichiometries >= 0.0) & (stoichiometries <= 1.0)):
        raise InputError("small polarons", "x", stoichiometries, "stoichiometries from 0 to 1")
    if not np.all(temperatures > 0.0):
        raise InputError("small polarons", "T", temperatures, "temperatures greater than 0 K")
    stoichiometry, temperature = stoichiometries[:, None], temperatures[None, :]
    carriers = hop.site_density * stoichiometry * (1.0 - stoichiometry)
    thermal = BOLTZMANN * temperature
    values = carriers * ELEMENTARY_CHARGE**2 * polaron_diffusivity(hop, stoichiometry, temperature) / thermal
    # Electrons that hop freely of the ions and of each other: no conductivity is larger.
    source = predicted("scalith.atoms.small_polaron_conductivity", hop.digest, reference=hop.reference, marks=("upper bound",))
    coordinates = {"x": stoichiometries, "T": temperatures}
    relative = deviation_of_log(hop.barrier_error / (BOLTZMANN_EV * temperature))
    parts = (ErrorComponent("barriers", values * relative),) if hop.barrier_error else ()
    return Property.from_arrays("electronic_conductivity", coordinates, values, "S m-1", source, components=parts)


def marcus_rate(coupling: float, reorganisation_energy: float, T: ArrayLike, *, driving_energy: float = 0.0) -> np.ndarray:
    """Rate of a non-adiabatic electron hop,

    k = (2π/ħ) |V|² (4πλkT)^{−1/2} exp(−(λ + ΔE)²/4λkT)

    (Marcus 1956, DOI 10.1063/1.1742723): the barrier is λ/4 between equal sites. Adiabatic hops, where V is not small against λ,
    go at the attempt frequency over λ/4 − |V| instead.

    Parameters
    ----------
    coupling, reorganisation_energy : float
        V and λ, eV.
    T : array_like
        K.
    driving_energy : float
        ΔE of the final against the initial state, eV.

    Returns
    -------
    ndarray
        1/s.

    Raises
    ------
    InputError
        λ or T is not greater than 0.
    """
    temperature = np.asarray(T, dtype=np.float64)
    if not reorganisation_energy > 0.0 or not np.all(temperature > 0.0):
        found = f"{reorganisation_energy} eV at {temperature.min()} K"
        raise InputError(
            "Marcus rate", "reorganisation_energy", found, "an energy greater than 0 at a temperature greater than 0"
        )
    energy = BOLTZMANN_EV * temperature
    width = np.sqrt(4.0 * np.pi * reorganisation_energy * energy)
    barrier = (reorganisation_energy + driving_energy) ** 2 / (4.0 * reorganisation_energy)
    prefactor = (2.0 * np.pi) ** 2 * ELEMENTARY_CHARGE / PLANCK
    return np.asarray(prefactor * coupling**2 / width * np.exp(-barrier / energy))
