"""Flash, outflow and emptying against closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalith.pack import CellBody, Vent, boiling_temperature, emptying_time, flash_evaporation, oven_test, vent_outflow
from scalith.pack.abuse.venting import critical_ratio
from scalith.quantities import InputError
from scalith.quantities.constants import GAS_CONSTANT
from scalith.reactions import ReactionSet, shipped_kinetics

VENT = Vent(pressure=1.2e6, free_volume=1e-6, evaporated_mass=5e-3)
GAS = {"molar_mass": 0.028, "heat_capacity_ratio": 1.4, "discharge_coefficient": 1.0}


def test_vapour_reaches_the_pressure_at_the_boiling_point():
    T = boiling_temperature(VENT)
    assert VENT.vapour_factor * np.exp(-VENT.vapour_temperature / T) == pytest.approx(101325.0)
    assert 355.0 < T < 370.0


@given(temperature=st.floats(300.0, 700.0), inventory=st.floats(0.0, 0.3))
def test_flash_keeps_energy_and_stops_at_the_boiling_point_or_when_all_is_gone(temperature, inventory):
    vent = VENT.model_copy(update={"evaporated_mass": inventory})
    found = flash_evaporation(vent, 40.0, temperature)
    latent = vent.heat_of_vaporisation / vent.evaporated_molar_mass
    assert 40.0 * (temperature - found.temperature) == pytest.approx(found.mass * latent, abs=1e-9)
    assert 0.0 <= found.mass <= inventory
    boiling = boiling_temperature(vent)
    if temperature <= boiling:
        assert found.mass == 0.0
    elif found.mass < inventory:
        assert found.temperature == pytest.approx(boiling)
    else:
        assert found.temperature >= boiling - 1e-9


def test_a_cell_never_boils_below_its_boiling_point():
    """200 g that would boil from a cell of 220 g: it cools to the boiling point, not to 46 K."""
    vent = Vent(pressure=4e5, free_volume=8e-6, evaporated_mass=0.2)
    cell = CellBody(shape="prismatic", thickness=0.012, width=0.1, height=0.08, density=2300.0, specific_heat=1000.0, vent=vent)
    found = oven_test(cell, shipped_kinetics("lco_hatchard_kim"), 430.0, duration=7200.0, output_times=2001)
    opened = float(found["vent_time"])
    assert np.isfinite(opened)
    after = found["temperature"].where(found["time"] > opened, drop=True)
    assert float(after.min()) == pytest.approx(boiling_temperature(vent), abs=1.0)
    assert 0.0 < float(found["mass_lost"].max()) < 0.05
    assert found["energy_balance_error"] < 1e-8
    assert found.attrs["kinetics_digest"] == cell.kinetics_digest(shipped_kinetics("lco_hatchard_kim"))


def test_choked_flow_of_air():
    """Air from 1 MPa at 300 K: 0.0404 √K s/m × p A/√T."""
    found = vent_outflow(1e6, 300.0, 1e-4, molar_mass=0.028964, heat_capacity_ratio=1.4, discharge_coefficient=1.0)
    assert found == pytest.approx(0.040418 * 1e6 * 1e-4 / np.sqrt(300.0), rel=1e-4)


def test_choked_and_subsonic_flow_meet_and_vanish_with_the_difference():
    r = critical_ratio(1.4)
    assert r == pytest.approx(0.52828, rel=1e-4)
    just, below = (vent_outflow(101325.0 / (r * f), 400.0, 1e-5, **GAS) for f in (1 - 1e-9, 1 + 1e-9))
    assert just == pytest.approx(below, rel=1e-6)
    assert vent_outflow(101325.0, 400.0, 1e-5, **GAS) == 0.0
    small = [vent_outflow(101325.0 * (1 + x), 400.0, 1e-5, **GAS) for x in (1e-6, 4e-6)]
    assert small[1] / small[0] == pytest.approx(2.0, rel=1e-3)


def test_choked_emptying_is_exponential():
    """At steady temperature p falls as exp(−t/τ), τ = V/(C_d A √(γ R T/M)) (2/(γ+1))^{−(γ+1)/(2(γ−1))}."""
    volume, T, area = 2e-6, 400.0, 1e-6
    tau = volume / (area * np.sqrt(1.4 * GAS_CONSTANT * T / 0.028)) * (2 / 2.4) ** -3
    found = emptying_time(volume, 2e6, T, area, until=4e5, **GAS)
    assert found == pytest.approx(tau * np.log(5.0), rel=1e-9)
    whole = emptying_time(volume, 2e6, T, area, **GAS)
    # The subsonic end is slower than the exponential law.
    assert whole > tau * np.log(2e6 / (1.05 * 101325.0))


def test_gas_is_told_by_species():
    data = shipped_kinetics("lco_hatchard_kim").model_dump(mode="json")
    data["reactions"]["sei"] |= {"gas": 2.0, "gas_composition": {"C2H4": 0.5, "CO2": 0.5}}
    data["reactions"]["electrolyte"] |= {"gas": 5.0}
    kinetics = ReactionSet.read(data, "kinetics")
    cell = CellBody(shape="cylindrical", diameter=0.018, height=0.065, density=2580.0, specific_heat=830.0)
    found = oven_test(cell, kinetics, 420.0, duration=3600.0, output_times=101)
    made = found["gas_by_species"]
    np.testing.assert_allclose(made.sel(species="C2H4"), made.sel(species="CO2"))
    sei = (0.15 - found["states"].sel(state="sei")) * 2.0 * 610.4 * cell.volume
    np.testing.assert_allclose(made.sum("species"), sei, atol=1e-12)
    assert float(made.sum("species")[-1]) <= float(found["gas_made"][-1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gas": 1.0, "gas_composition": {"CO2": 0.5}}, "add up to 1"),
        ({"gas_composition": {"CO2": 1.0}}, "how much gas"),
    ],
)
def test_a_composition_is_whole_and_has_an_amount(change, message):
    data = shipped_kinetics("lco_hatchard_kim").model_dump(mode="json")
    data["reactions"]["sei"] |= change
    with pytest.raises(InputError, match=message):
        ReactionSet.read(data, "kinetics")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: flash_evaporation(VENT, 0.0, 400.0), "heat_capacity"),
        (lambda: flash_evaporation(VENT, 40.0, np.nan), "temperature"),
        (lambda: boiling_temperature(VENT, 0.0), "pressure"),
        (lambda: vent_outflow(1e6, 400.0, 0.0, molar_mass=0.03), "area"),
        (lambda: vent_outflow(np.inf, 400.0, 1e-5, molar_mass=0.03), "pressure"),
        (lambda: vent_outflow(1e6, -400.0, 1e-5, molar_mass=0.03), "temperature"),
        (lambda: vent_outflow(1e6, 400.0, 1e-5, molar_mass=0.0), "molar_mass"),
        (lambda: vent_outflow(1e6, 400.0, 1e-5, molar_mass=0.03, discharge_coefficient=0.0), "discharge_coefficient"),
        (lambda: vent_outflow(1e6, 400.0, 1e-5, molar_mass=0.03, outside_pressure=0.0), "outside_pressure"),
        (lambda: emptying_time(0.0, 1e6, 400.0, 1e-5, molar_mass=0.03), "a positive volume"),
        (lambda: emptying_time(1e-6, 1e6, 400.0, 1e-5, molar_mass=0.03, until=2e6), "outside < until"),
        (lambda: emptying_time(1e-6, 1e6, 400.0, 1e-5, molar_mass=0.03, heat_capacity_ratio=0.9), "above 1"),
        (lambda: vent_outflow(1e6, 400.0, 1e-5, molar_mass=0.03, heat_capacity_ratio=1.0), "above 1"),
        (lambda: emptying_time(1e-6, 1e6, 400.0, 1e-5, molar_mass=0.03, until=5e4), "outside < until"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()
