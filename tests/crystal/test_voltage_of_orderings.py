"""The average voltage of a set of orderings, whatever unit the energy of the metal has."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from scalith.crystal import read_host, voltage_of_orderings
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
