"""Crystal: the host, and the orderings whose energies are known."""

from __future__ import annotations

from typing import Any

import xarray as xr

from scalith import crystal as crystal_room
from scalith.crystal import Host, map_orderings, read_host, read_structures, voltage_of_orderings
from scalith.ladder.quantity import InputFile, Quantity, Settings, draw_within_error, rung
from scalith.quantities import Property


class Crystal(Settings):
    """``[crystal]``: the host and the energies of its orderings.

    Attributes
    ----------
    host : InputFile
        Primitive cell (pymatgen structure JSON, CIF, POSCAR).
    energies : InputFile
        Structures with total energies (pymatgen entries JSON, extended XYZ, ASE database).
    working_ion : str
        Element that moves in and out.
    licence : str
        Licence of the energies, recorded in the source.
    """

    host: InputFile
    energies: InputFile
    working_ion: str = "Li"
    licence: str = ""


GIVEN: dict[str, tuple[Quantity, type[Any]]] = {
    "lithium_energy": (Quantity("energy of metallic lithium, in the reference of the energies", "eV"), Property),
}


@rung("host crystal", headline=lambda host: f"{host.name}, {len(host.sites)} sites, {host.volume:.2f} Å³")
def host(crystal: Crystal) -> Host:
    """The primitive cell, its working-ion sites and its spectators."""
    return read_host(crystal.host.path, working_ion=crystal.working_ion)


def _mapped(data: xr.Dataset) -> str:
    largest = float(data["displacement_max"].max())
    twins = int((data["duplicate_of"] >= 0).sum())
    text = f"{data.sizes['structure']} mapped, {data.sizes['rejected']} not; largest displacement {largest:.2f} Å"
    return text + (f"; {twins} repeat an ordering" if twins else "")


@rung("orderings mapped on the ideal lattice", headline=_mapped)
def mapped_orderings(crystal: Crystal, host: Host) -> xr.Dataset:
    """Which site each ion of a relaxed structure belongs to, with its energy per primitive cell."""
    return map_orderings(host, read_structures(crystal.energies.path, licence=crystal.licence))


@rung("average voltage", unit="V")
def average_voltage(host: Host, mapped_orderings: xr.Dataset, lithium_energy: Property) -> Property:
    """V = −(E(x₂) − E(x₁) − (x₂ − x₁) E_Li)/((x₂ − x₁) e) between the emptiest and the fullest ordering."""
    return voltage_of_orderings(host, mapped_orderings, lithium_energy)


@rung("largest concentration of lithium", unit="mol m-3", draw=draw_within_error)
def maximum_concentration(host: Host, mapped_orderings: xr.Dataset) -> Property:
    """Sites of lithium per volume of the relaxed full host."""
    return crystal_room.maximum_concentration(host, mapped_orderings)
