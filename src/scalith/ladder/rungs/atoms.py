"""Atoms: what relaxed structures and electrons say beside the energies."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field

from scalith import atoms
from scalith.crystal import Host
from scalith.ladder.quantity import Settings, rung
from scalith.quantities import SI, Property
from scalith.quantities.constants import AVOGADRO
from scalith.quantities.specification import Count, Length, Temperature

Energy = Annotated[float, SI("eV"), Field(ge=0)]


class SmallPolarons(Settings):
    """``[small_polarons]``: hops of electrons between the redox sites, one for each site of the ion.

    Attributes
    ----------
    barrier_empty, barrier_full, barrier_error : float
        Barrier in the empty and in the full host and their standard error, eV.
    attempt_frequency : float
        Hz.
    hop_distance : float
        m.
    neighbours : int
        Sites that a polaron can hop to.
    reference : str
        Where the barriers are from.
    temperatures : tuple of float
        K.
    """

    barrier_empty: Energy
    barrier_full: Energy
    barrier_error: Energy = 0.05
    attempt_frequency: Annotated[float, SI("Hz"), Field(gt=0)] = 1e13
    hop_distance: Length
    neighbours: Count = 6
    reference: str = ""
    temperatures: Annotated[tuple[Temperature, ...], Field(min_length=1)] = (280.0, 298.15, 310.0, 330.0)


@rung("partial molar volume of the ion", unit="m3 mol-1", over="x")
def partial_molar_volume(host: Host, mapped_orderings: xr.Dataset) -> Property:
    """Ω(x) = N_A dV/dx from the volumes of the relaxed orderings."""
    return atoms.molar_volume(host, mapped_orderings)[1]


@rung("electronic conductivity", unit="S m-1", over="x T")
def electronic_conductivity(maximum_concentration: Property, small_polarons: SmallPolarons) -> Property:
    """σ(x, T) = N x(1 − x) e² D/(kT) of small polarons that hop freely."""
    values = small_polarons.model_dump(exclude={"temperatures"})
    hop = atoms.SmallPolaronHop(site_density=AVOGADRO * maximum_concentration(), **values)
    return atoms.small_polaron_conductivity(hop, np.linspace(0.0, 1.0, 41), small_polarons.temperatures)
