"""The average voltage of a set of orderings, whatever unit the energy of the metal has."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from scalith.crystal import Host, read_host, voltage_of_orderings
from scalith.quantities import InputError, Property, Source, shipped
from scalith.quantities.constants import FARADAY

SOURCE = Source(kind="assumed")


@pytest.fixture(scope="module")
def host():
    return read_host(shipped("dft_energies/LixTiS2_gpaw/LixTiS2_prim.json"))


@pytest.fixture
def orderings():
    return xr.Dataset({"x": ("structure", [0.0, 0.5, 1.0, 1.0]), "energy": ("structure", [-10.0, -12.5, -14.0, -14.2])})


def metal(value, unit, error=None):
    return Property.constant("lithium_energy", value, unit, SOURCE, error)


def test_the_lowest_of_each_end_counts(host, orderings):
    found = voltage_of_orderings(host, orderings, metal(-2.0, "eV", 0.05))
    assert float(found()) == pytest.approx(2.2)
    assert float(found.error()) == pytest.approx(0.05)


def test_electronvolts_and_joules_per_mole_give_one_voltage(host, orderings):
    in_volts = voltage_of_orderings(host, orderings, metal(-2.0 * FARADAY, "J mol-1", 0.05 * FARADAY))
    assert float(in_volts()) == pytest.approx(2.2)
    assert float(in_volts.error()) == pytest.approx(0.05)


def test_an_energy_of_another_kind_is_refused(host, orderings):
    with pytest.raises(InputError, match=r"metal_energy.*one number in eV or J mol-1"):
        voltage_of_orderings(host, orderings, metal(-2.0, "V"))
    curve = Property.from_arrays("lithium_energy", {"x": np.array([0.0, 1.0])}, np.array([-2.0, -2.1]), "eV", SOURCE)
    with pytest.raises(InputError, match="metal_energy"):
        voltage_of_orderings(host, orderings, curve)


@pytest.mark.parametrize(("ion", "charge"), [("Li", 1), ("Na", 1), ("Mg", 2), ("Ca", 2), ("Al", 3)])
def test_each_electron_that_the_ion_brings_takes_its_share(ion, charge):
    """Bound by 2.4 eV per ion: 2.4 V for Na+, 1.2 V for Mg2+, 0.8 V for Al3+."""
    sites = [
        {"position": [0, 0, 0], "species": [ion, "vacancy"], "charges": [0, 0]},
        {"position": [0, 0, 0.5], "species": ["Ti"], "charges": [0]},
    ]
    cell = [[3.4, 0, 0], [1.7, 2.944, 0], [0, 0, 5.9]]
    host = Host.read({"name": f"{ion}xTi", "working_ion": ion, "lattice": cell, "sites": sites})
    orderings = xr.Dataset({"x": ("structure", [0.0, 1.0]), "energy": ("structure", [-10.0, -10.0 - 1.5 - 2.4])})
    found = voltage_of_orderings(host, orderings, metal(-1.5, "eV", 0.06))
    assert float(found()) == pytest.approx(2.4 / charge)
    assert float(found.error()) == pytest.approx(0.06 / charge)
