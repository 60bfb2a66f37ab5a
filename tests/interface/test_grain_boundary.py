from __future__ import annotations

import numpy as np
import pytest

from scalith.interface import Polycrystal, brick_layer, debye_length, depleted_layer_resistance
from scalith.quantities import InputError, Property, Source
from scalith.quantities.constants import FARADAY, GAS_CONSTANT


def test_small_potentials_and_mobile_counter_charges_are_exact():
    assert depleted_layer_resistance(1e-3) == pytest.approx(1e-3, rel=1e-3)
    for u in (0.5, 6.0, 15.0):
        assert depleted_layer_resistance(u, counter_charge="mobile") == pytest.approx(2.0 * np.expm1(0.5 * u), rel=1e-9)
    assert depleted_layer_resistance(8.0) == pytest.approx(871.05, abs=0.01)
    assert depleted_layer_resistance(8.0, 0.5) < depleted_layer_resistance(8.0)


def test_boundaries_without_resistance_leave_the_bulk():
    whole = brick_layer(0.1, 0.0, 1e-6, 1e-9, 50.0)
    assert whole.conductivity == pytest.approx(0.1)
    assert np.isinf(whole.boundary_frequency)
    halved = brick_layer(0.1, 1e-5, 1e-6, 1e-9, 50.0)
    assert halved.conductivity == pytest.approx(0.05)


def test_bad_input_is_named():
    with pytest.raises(InputError, match="reduced_potential"):
        depleted_layer_resistance(-1.0)
    with pytest.raises(InputError, match="'fixed' or 'mobile'"):
        depleted_layer_resistance(1.0, counter_charge="free")
    with pytest.raises(InputError, match="grain_size"):
        brick_layer(0.1, 1e-5, 0.0, 1e-9, 50.0)


def test_a_polycrystal_is_its_grains_in_series_with_two_depleted_layers_each():
    stated = {"bulk_conductivity": 0.2, "activation_energy": "30 kJ/mol", "grain_size": "1 um", "relative_permittivity": 30.0}
    stated |= {"mobile_concentration": 50.0, "boundary_potential": 0.15}
    crystal = Polycrystal(**stated)
    T = 310.0
    u = 0.15 * FARADAY / (GAS_CONSTANT * T)
    layer = debye_length(50.0, 30.0, T) * depleted_layer_resistance(u)
    assert crystal.whole(T).conductivity == pytest.approx(crystal.bulk(T) / (1.0 + 2.0 * layer / 1e-6), rel=1e-12)
    assert crystal.bulk(298.15) == 0.2
    assert float(crystal.conductivity()(T=303.15)) == pytest.approx(crystal.whole(303.15).conductivity, rel=1e-3)
    neutral = Polycrystal(**stated | {"boundary_potential": 0.0})
    assert neutral.whole(T).conductivity == pytest.approx(neutral.bulk(T))
    # Smaller grains, more boundaries.
    assert Polycrystal(**stated | {"grain_size": "0.1 um"}).whole(T).conductivity < crystal.whole(T).conductivity


def test_crystallites_may_have_a_conductivity_of_their_own():
    """Boundaries take the same share of any conductivity: its relative error stays."""
    stated = {"grain_size": "1 um", "relative_permittivity": 30.0, "mobile_concentration": 50.0, "boundary_potential": 0.15}
    T = np.array([280.0, 300.0, 320.0])
    values = np.array([0.1, 0.2, 0.4])
    bulk = Property.from_arrays("s", {"T": T}, values, "S m-1", Source(kind="assumed"), standard_error=0.3 * values)
    open_one, closed = Polycrystal(**stated), Polycrystal(**stated | {"bulk_conductivity": 0.2})
    found = open_one.conductivity(bulk=bulk)
    assert found(300.0) == pytest.approx(closed.whole(300.0).conductivity, rel=1e-12)
    assert found.standard_error.values / found.values.values == pytest.approx(0.3)
    with pytest.raises(InputError, match="bulk_conductivity: missing, expected S m-1"):
        open_one.conductivity()
    with pytest.raises(InputError, match="none beside that of the crystallites"):
        closed.conductivity(bulk=bulk)
    with pytest.raises(InputError, match="activation_energy: found 30000"):
        Polycrystal(**stated | {"activation_energy": "30 kJ/mol"}).conductivity(bulk=bulk)
