"""The numbers that matter on top of the page: voltage, capacity, energy, peak temperature and verdicts, each with its error."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from scalith.cell import CellSpecification
from scalith.crystal import Host
from scalith.ladder import Entry, Ledger
from scalith.ladder.bands import energy_of_runs
from scalith.quantities import Property
from scalith.quantities.constants import FARADAY
from scalith.report.cell_figures import said_rate
from scalith.report.figures import EXPERIMENTS
from scalith.report.shown_units import with_error


class Line(NamedTuple):
    """One number of the summary.

    Attributes
    ----------
    label : str
        What it is.
    words : str
        Value, ± error and unit as they are shown; or a verdict.
    quantity : str
        Quantity of the ledger that it is taken from.
    value, error : float, optional
        In SI; no error where none is known, 0 where there is none.
    unit : str
        SI unit of both.
    """

    label: str
    words: str
    quantity: str
    value: float | None = None
    error: float | None = None
    unit: str = ""


class Topic(NamedTuple):
    """One of the summary's five boxes."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Found:
    """A ledger with what its files hold: values by quantity, members of an ensemble by quantity, shares of its errors."""

    ledger: Ledger
    values: Mapping[str, Any]
    members: Mapping[str, Any]
    sensitivity: xr.Dataset | None = None

    @property
    def draws(self) -> int:
        """Members of the ensemble; 0 without one."""
        counts = [item.draws if isinstance(item, Property) else item.sizes.get("draw", 0) for item in self.members.values()]
        return max(counts, default=0)

    def entries(self, name: str) -> Iterator[tuple[str, Entry]]:
        """Entries of a quantity, one for each material: (``"positive."``, entry)."""
        for entry in self.ledger.entries:
            material, _, own = entry.quantity.rpartition(".")
            if own == name and entry.origin != "setting" and entry.origin != "study":
                yield (f"{material}." if material else ""), entry


def summary(found: Found) -> list[Topic]:
    """The summary of a climb: the topics that it has numbers for."""
    topics = [
        Topic("Average voltage", tuple(_voltages(found))),
        Topic("Capacity", tuple(_capacities(found))),
        Topic("Energy", tuple(_energies(found))),
        Topic("Peak temperature", tuple(_temperatures(found))),
        Topic("Verdicts", tuple(_verdicts(found))),
    ]
    return [topic for topic in topics if topic.lines]


def _line(label: str, quantity: str, value: float, error: float | None, unit: str, *, exact: bool = False) -> Line:
    """A line; members that all agree know of no error."""
    known = 0.0 if exact else error if error is not None and math.isfinite(error) and error > 0 else None
    return Line(label, with_error(value, known, unit), quantity, value, known, unit)


def _voltages(found: Found) -> Iterator[Line]:
    for material, entry in found.entries("average_voltage"):
        host = found.values.get(f"{material}host")
        against = f", against {host.working_ion} metal" if isinstance(host, Host) else ""
        if entry.value is not None:
            label = f"{material.removesuffix('.')} host{against}".strip()
            yield _line(label, entry.quantity, entry.value, _error(found, entry), "V")
    for entry, data in _runs(found):
        slowest = int(np.argmin(data["c_rate"].values))
        energy, charge = float(energy_of_runs(data)[slowest]), float(data["capacity"].isel(c_rate=slowest).max())
        if charge > 0:
            error = None
            members = found.members.get(entry.quantity)
            if isinstance(members, xr.Dataset) and "energy_at_the_end" in members:
                means = members["energy_at_the_end"].isel(c_rate=slowest) / members["capacity_at_the_end"].isel(c_rate=slowest)
                error = float(means.std("draw", ddof=1))
            rate = said_rate(float(data["c_rate"][slowest]))
            yield _line(f"cell, mean over the discharge at {rate}", entry.quantity, energy / charge, error, "V")


def _capacities(found: Found) -> Iterator[Line]:
    for entry, data in _runs(found):
        members = found.members.get(entry.quantity)
        for position, rate in _slow_and_fast(data):
            charge = float(data["capacity"].isel(c_rate=position).max())
            error = _scatter(members, "capacity_at_the_end", position)
            yield _line(f"cell at {said_rate(rate)}", entry.quantity, charge, error, "C")
        mass = _mass_of_the_positive_host(found)
        if mass is not None:
            slowest = int(np.argmin(data["c_rate"].values))
            charge = float(data["capacity"].isel(c_rate=slowest).max()) / mass
            error = _scatter(members, "capacity_at_the_end", slowest)
            label = f"of the positive host in the cell at {said_rate(float(data['c_rate'][slowest]))}"
            yield _line(label, entry.quantity, charge, None if error is None else error / mass, "C kg-1")
    for material, entry in found.entries("host"):
        host = found.values.get(entry.quantity)
        if isinstance(host, Host):
            side, charge = material.removesuffix("."), FARADAY * host.working.size / _molar_mass(host)
            yield _line(f"{side} host, all sites of {host.name}".strip(), entry.quantity, charge, None, "C kg-1", exact=True)
            voltage = found.values.get(f"{material}open_circuit_voltage")
            low, high = voltage.domain.get("x", (0.0, 1.0)) if isinstance(voltage, Property) else (0.0, 1.0)
            ends = f"{low:.2f} to {high:.2f}"
            if ends != "0.00 to 1.00":
                label = f"{side} host, x = {ends} where its voltage is known".strip()
                yield _line(label, entry.quantity, (high - low) * charge, None, "C kg-1", exact=True)


def _energies(found: Found) -> Iterator[Line]:
    for entry, data in _runs(found):
        energies = energy_of_runs(data)
        for position, rate in _slow_and_fast(data):
            error = _scatter(found.members.get(entry.quantity), "energy_at_the_end", position)
            words = with_error(float(energies[position]) / 3600.0, None if error is None else error / 3600.0, "W h")
            yield Line(f"cell at {said_rate(rate)}", words, entry.quantity, float(energies[position]), error or None, "J")


def _temperatures(found: Found) -> Iterator[Line]:
    for name, label in (
        ("cell_temperature", "one cell"),
        ("pack_temperature", "hottest cell of the row"),
        ("oven_exposure", "one cell in the oven"),
        ("module_temperature_field", "hottest place of the module"),
        ("critical_oven_temperature", "oven above which one cell runs away"),
    ):
        for _, entry in found.entries(name):
            if entry.value is not None:
                yield _line(label, entry.quantity, entry.value, _error(found, entry), "K")


def _verdicts(found: Found) -> Iterator[Line]:
    for name, label in (
        ("voltage_agreement", "voltage"),
        ("diffusivity_agreement", "diffusivity"),
        ("critical_current", "lithium"),
        *EXPERIMENTS.items(),
    ):
        for material, entry in found.entries(name):
            data = found.values.get(entry.quantity)
            if isinstance(data, xr.Dataset) and "verdict" in data.attrs:
                yield Line(f"{material.removesuffix('.')} {label}".strip(), str(data.attrs["verdict"]), entry.quantity)
    for name, label in (("module_propagation", "module"), ("propagation_probability", "propagation")):
        for _, entry in found.entries(name):
            yield Line(label, entry.headline, entry.quantity)


def _runs(found: Found) -> Iterator[tuple[Entry, xr.Dataset]]:
    for _, entry in found.entries("discharges"):
        data = found.values.get(entry.quantity)
        if isinstance(data, xr.Dataset) and {"voltage", "capacity", "c_rate", "sample"} <= {*data.variables, *data.dims}:
            yield entry, data


def _slow_and_fast(data: xr.Dataset) -> list[tuple[int, float]]:
    """C/5 and 2C, or what of the rates is nearest to them."""
    rates = data["c_rate"].values
    chosen = dict.fromkeys(int(np.argmin(np.abs(np.log(rates / wanted)))) for wanted in (0.2, 2.0))
    return [(position, float(rates[position])) for position in chosen]


def _scatter(members: Any, name: str, rate: int) -> float | None:
    if not isinstance(members, xr.Dataset) or name not in members:
        return None
    return float(members[name].isel(c_rate=rate).std("draw", ddof=1))


def _error(found: Found, entry: Entry) -> float | None:
    """Scatter over the members where there are some, else the standard error of the value itself."""
    members = found.members.get(entry.quantity)
    if isinstance(members, Property) and members.standard_error is not None and not members.coordinates:
        return float(members.standard_error)
    if isinstance(members, xr.Dataset) and "peak_temperature_deviation" in members:
        return float(members["peak_temperature_deviation"].max())
    return entry.standard_error


def _molar_mass(host: Host) -> float:
    """Mass of a mole of primitive cells with all sites filled, kg."""
    from ase.data import atomic_masses, atomic_numbers

    from scalith.crystal.host import VACANCY, element_of

    present = [element_of(site.species[0]) for site in host.sites if site.species[0] != VACANCY]
    return 1e-3 * float(sum(atomic_masses[atomic_numbers[element]] for element in present))


def _mass_of_the_positive_host(found: Found) -> float | None:
    """Active mass of the positive electrode, kg: its volume times its sites per volume times the mass of a mole of sites."""
    cells = [found.values.get(entry.quantity) for _, entry in found.entries("cell_specification")]
    host = found.values.get("positive.host", found.values.get("host"))
    if not cells or not isinstance(cells[0], CellSpecification) or not isinstance(host, Host):
        return None
    electrode = cells[0].positive_electrode
    if len(electrode.materials) != 1:  # of a blend, only one part is the host
        return None
    volume = cells[0].plane_area * electrode.thickness * electrode.material.volume_fraction
    share = found.values.get("positive.accessible_share", found.values.get("accessible_share"))
    out = float(share()) if isinstance(share, Property) else 1.0  # ions that do not come out have their mass, too
    return volume * electrode.material.maximum_concentration / out * _molar_mass(host) / host.working.size
