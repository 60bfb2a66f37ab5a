"""Heats of runaway: Hess's law, balances by hand, limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalith.cell import cell_open_circuit_voltage, read_cell
from scalith.quantities import InputError, shipped
from scalith.quantities.constants import FARADAY
from scalith.reactions import (
    CellChemistry,
    ReactionSet,
    body_share,
    nail_test_heat,
    runaway_heat,
    shipped_chemistry,
    shipped_kinetics,
    with_gas,
    with_heats,
    with_internal_short,
)
from scalith.reactions.energetics import FORMATION, lithium_heat

NMC = shipped_chemistry("nmc811_graphite_silicon")
NAMES = ("nmc811_graphite_silicon", "nca", "nmc622", "nmc532", "nmc111", "lco", "lfp")
CHARGE = 3.5 * 3600.0
share = st.floats(0.0, 1.0)


@given(state=share, shorted=share, name=st.sampled_from(NAMES))
def test_the_path_does_not_matter(state, shorted, name):
    """Hess: what flows through a short first is missing in the electrodes."""
    chemistry = shipped_chemistry(name)
    whole = runaway_heat(chemistry, CHARGE, state)
    other = runaway_heat(chemistry, CHARGE, state, shorted=shorted)
    assert other.total == pytest.approx(whole.total, rel=1e-12)
    assert other.short >= -1e-9
    assert whole.short == 0.0


@given(low=share, high=share)
def test_heat_rises_with_charge_by_the_electrical_energy(low, high):
    difference = runaway_heat(NMC, CHARGE, high).total - runaway_heat(NMC, CHARGE, low).total
    assert difference == pytest.approx(CHARGE * (NMC.voltage_integral(high) - NMC.voltage_integral(low)), abs=1e-6)


def test_lithiated_rest_reacts_only_in_a_hot_cell():
    """At full charge the cell is hot enough for all of it; empty, it keeps y mol of LiMO2 by mole of metal."""
    moles = CHARGE / NMC.positive_specific_capacity / NMC.molar_mass
    kept = moles * NMC.lithium_when_empty * NMC.empty_heat(1.0)
    empty, cold = runaway_heat(NMC, CHARGE, 0.0), runaway_heat(NMC, CHARGE, 0.0, heat_capacity=47.0)
    assert empty.positive - cold.positive == pytest.approx(kept, rel=1e-12)
    assert cold._replace(positive=0.0) == empty._replace(positive=0.0)
    assert runaway_heat(NMC, CHARGE, heat_capacity=47.0) == runaway_heat(NMC, CHARGE)
    # Half of its lithium gone into the positive electrode by a short: more of it is LiMO2.
    half = (
        runaway_heat(NMC, CHARGE, 1.0, shorted=0.5).total - runaway_heat(NMC, CHARGE, 1.0, shorted=0.5, heat_capacity=1e4).total
    )
    full = runaway_heat(NMC, CHARGE).total - runaway_heat(NMC, CHARGE, heat_capacity=1e4).total
    assert half - full == pytest.approx(0.5 * CHARGE / FARADAY * NMC.empty_heat(1.0), rel=1e-9)
    with pytest.raises(InputError, match="heat_capacity"):
        runaway_heat(NMC, CHARGE, heat_capacity=0.0)


def test_lithium_nickel_oxide_by_hand():
    """LiNiO2 + 1/4 C + 1/4 CO2 → 1/2 Li2CO3 + NiO, and with metal LiNiO2 + 3/4 C → 1/2 Li2CO3 + Ni + 1/4 CO2."""
    data = NMC.model_dump(mode="json") | {"metals": {"Ni": 1.0}, "products": {"Ni": "NiO"}}
    oxide = CellChemistry.model_validate(data)
    by_hand = FORMATION["LiNiO2"] + 0.25 * FORMATION["CO2"] - 0.5 * FORMATION["Li2CO3"] - FORMATION["NiO"]
    assert oxide.empty_heat(1.0) == pytest.approx(by_hand)
    metal = CellChemistry.model_validate(data | {"products": {"Ni": "Ni"}})
    assert metal.empty_heat(1.0) == pytest.approx(FORMATION["LiNiO2"] - 0.5 * FORMATION["Li2CO3"] - 0.25 * FORMATION["CO2"])
    # NiO + 1/2 C → Ni + 1/2 CO2 takes up heat.
    assert oxide.empty_heat(1.0) - metal.empty_heat(1.0) == pytest.approx(0.5 * FORMATION["CO2"] - FORMATION["NiO"])


def test_charging_from_empty_to_full_is_the_electrical_energy_of_both_electrodes():
    """The heats of both electrodes rise together by what charging stores."""
    full, empty = runaway_heat(NMC, CHARGE, 1.0), runaway_heat(NMC, CHARGE, 0.0)
    assert empty.negative == 0.0
    assert full.negative == pytest.approx(CHARGE / FARADAY * lithium_heat())
    rise = full.negative + full.positive - empty.positive
    assert rise == pytest.approx(CHARGE * NMC.voltage_integral(1.0))


def test_ageing_by_lost_lithium_takes_heat():
    new, aged = runaway_heat(NMC, CHARGE), runaway_heat(NMC, CHARGE, lithium_loss=0.2)
    assert aged.negative == pytest.approx(0.8 * new.negative)
    lost = CHARGE * 0.2 * NMC.voltage_integral(1.0)
    assert 0.0 < new.total - aged.total < 1.1 * lost


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("nmc811_graphite_silicon", "lgm50_chen2020"),
        ("nca", "lgm50_chen2020"),
        ("nmc532", "nmc532_mohtat2020"),
        ("nmc622", "nmc532_mohtat2020"),
        ("nmc111", "nmc532_mohtat2020"),
        ("lco", "kokam_marquis2019"),
        ("lfp", "a123_prada2013"),
    ],
)
def test_voltages_are_those_of_the_shipped_cell_that_is_named(name, cell):
    chemistry = shipped_chemistry(name)
    assert cell in chemistry.reference
    voltage = cell_open_circuit_voltage(read_cell(shipped(f"cell/{cell}.toml")))
    low, high = voltage.domain["x"]
    here = np.clip(high - np.array(chemistry.state_of_charge) * (high - low), low, high)
    np.testing.assert_allclose(chemistry.open_circuit_voltage, voltage(x=here), atol=1e-3)
    fine = np.linspace(high, low, 2001)
    assert chemistry.voltage_integral(1.0) == pytest.approx(float(np.mean(voltage(x=fine))), rel=0.01)


def test_nail_tests_go_from_the_interphase_to_the_whole_heat():
    assert nail_test_heat(NMC, CHARGE, 0.0).mean == pytest.approx(runaway_heat(NMC, CHARGE, 0.0).interphase, rel=0.02)
    assert nail_test_heat(NMC, CHARGE, 1.0).mean == pytest.approx(runaway_heat(NMC, CHARGE).total, rel=1e-3)
    means = [nail_test_heat(NMC, CHARGE, s).mean for s in np.linspace(0, 1, 41)]
    assert np.all(np.diff(means) > 0)


@given(share)
def test_body_share_falls_with_what_leaves(ejected):
    assert body_share(ejected) >= body_share(min(1.0, ejected + 0.01))
    assert body_share(ejected, 1.0) == pytest.approx(1.0 - ejected)
    assert (body_share(0.0), body_share(1.0)) == (1.0, 0.0)


def test_kinetics_take_the_heats():
    """After scaling, the whole conversion of the cell frees what Hess's law says; speed and form stay."""
    volume = 1.6e-5
    heats = runaway_heat(NMC, CHARGE)._asdict()
    parts = {"sei": "interphase", "anode": "negative", "cathode": "positive"}
    found = with_heats(shipped_kinetics("lco_hatchard_kim"), heats, volume, parts)
    for name, part in parts.items():
        reaction = found.reactions[name]
        assert reaction.heat * reaction.content * found.states[name] * volume == pytest.approx(heats[part])
    assert found.reactions["cathode"].activation_energy == 139.6e3
    assert found.reactions["electrolyte"].heat == 155e3


def test_two_reactions_of_one_reactant_count_once():
    feng = shipped_kinetics("ncm_feng")
    parts = {"anode": "negative", "anode_hot": "negative", "cathode_1": "positive", "cathode_2": "positive", "sei": "interphase"}
    heats = runaway_heat(NMC, CHARGE)._asdict()
    found = with_heats(feng, heats, 1e-4, parts)
    anode = found.reactions["anode"]
    assert anode.heat == found.reactions["anode_hot"].heat
    assert anode.heat * anode.content * 1e-4 == pytest.approx(heats["negative"])
    both = sum(found.reactions[n].heat * found.reactions[n].content * found.states[n] for n in ("cathode_1", "cathode_2"))
    assert both * 1e-4 == pytest.approx(heats["positive"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: runaway_heat(NMC, 0.0), "positive charge"),
        (lambda: runaway_heat(NMC, CHARGE, 80), "0 to 1"),
        (lambda: body_share(1.2), "0 to 1"),
        (lambda: with_heats(shipped_kinetics("lco_hatchard_kim"), {"short": 1.0}, 1e-5, {}), "every part with heat"),
        (
            lambda: with_heats(shipped_kinetics("lco_hatchard_kim"), {"positive": 1.0}, 1e-5, {"cathod": "positive"}),
            "did you mean",
        ),
        (lambda: with_heats(shipped_kinetics("lco_hatchard_kim"), {"positive": 1.0}, 1e-5, {"cathode": "cathode"}), "positive"),
        (lambda: CellChemistry.read(NMC.model_dump(mode="json") | {"metals": {"Ni": 0.5}}, "cell"), "add up to 1"),
        (lambda: CellChemistry.read(NMC.model_dump(mode="json") | {"products": {"Ni": "Ni2O3"}}, "cell"), "'NiO' or 'Ni'"),
        (lambda: shipped_chemistry("nmc"), "nmc"),
    ],
)
def test_what_cannot_be_is_said(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_a_set_without_states_for_a_part_is_refused():
    data = shipped_kinetics("lco_hatchard_kim").model_dump(mode="json")
    data["reactions"]["cathode"]["heat"] = 0.0
    with pytest.raises(InputError, match="reaction with heat"):
        with_heats(ReactionSet.model_validate(data), {"positive": 1.0}, 1e-5, {"cathode": "positive"})


def test_a_short_frees_its_energy_once_the_separator_has_collapsed():
    """In an oven below the collapse nothing happens; above, the cell gets the energy within the stated time."""
    from scalith.pack import CellBody, abuse_test

    cell = CellBody(shape="cylindrical", diameter=0.018, height=0.065, density=2580.0, specific_heat=830.0)
    inert = ReactionSet.read(
        {
            "name": "inert",
            "reference": "test",
            "states": {"x": 1.0},
            "reactions": {
                "slow": {"frequency_factor": 1.0, "activation_energy": 3e5, "heat": 1.0, "content": 1.0, "orders": {"x": 1}}
            },
        },
        "kinetics",
    )
    kinetics = with_internal_short(inert, 20e3, cell.reacting_volume, collapse_temperature="130 degC", duration="30 s")
    time = np.linspace(0.0, 600.0, 601)
    for start, share in ((400.15, 0.0), (404.15, 1.0)):
        found = abuse_test(
            cell,
            kinetics,
            time,
            ambient_temperature=start,
            heat_transfer_coefficient=0.0,
            emissivity=0.0,
            initial_temperature=start,
        )
        assert float(found["heat_released"][-1]) == pytest.approx(share * 20e3, abs=1e-3 * 20e3)
        assert float(found["temperature"][-1]) == pytest.approx(start + share * 20e3 / cell.heat_capacity, abs=1.0)
        if share:
            third = float(found["heat_released"].sel(time=30.0)) / 20e3
            assert 1 - np.exp(-1.0) <= third < 1 - np.exp(-1.25)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"energy": 0.0}, "energy"), ({"collapse_temperature": "150 J"}, "K"), ({"duration": -1.0}, "duration")],
)
def test_a_short_needs_positive_numbers(change, message):
    given = {"energy": 1e3, "volume": 1e-5, "collapse_temperature": 420.0, "duration": 10.0} | change
    with pytest.raises(InputError, match=message):
        with_internal_short(shipped_kinetics("lco_hatchard_kim"), **given)
    once = with_internal_short(shipped_kinetics("lco_hatchard_kim"), 1e3, 1e-5, collapse_temperature=420.0, duration=10.0)
    with pytest.raises(InputError, match="without an internal short"):
        with_internal_short(once, 1e3, 1e-5, collapse_temperature=420.0, duration=10.0)


@pytest.mark.parametrize(
    ("name", "chemistry", "ampere_hours"),
    [("nmc_21700", "nmc811_graphite_silicon", 5.0), ("nca_21700", "nca", 5.0), ("lfp_21700", "lfp", 3.0)],
)
def test_sets_fitted_to_cells_free_the_heat_of_their_chemistry(name, chemistry, ampere_hours):
    volume = np.pi / 4 * 0.021**2 * 0.07
    whole = shipped_kinetics(name).stored_heat * volume
    assert whole == pytest.approx(runaway_heat(shipped_chemistry(chemistry), 3600.0 * ampere_hours).total, rel=2e-3)


def test_gas_goes_with_the_heat():
    """All of it is made when all has reacted, in one composition; reactions of one reactant, and melting, do not make it twice."""
    gas, volume = {"CO2": 0.03, "H2": 0.01, "CO": 0.0}, 3.57e-4
    made = with_gas(shipped_kinetics("ncm_feng"), gas, volume)
    assert made.reactions["separator"].gas == 0.0
    assert made.reactions["cathode_1"].gas_composition == {"CO2": 0.75, "H2": 0.25}
    # Every reactant by one of its reactions, from its state at the start.
    amount = sum(
        made.reactions[n].gas * made.reactions[n].content * made.states[s]
        for n, s in (("sei", "sei"), ("anode", "anode"), *(2 * (n,) for n in ("cathode_1", "cathode_2", "electrolyte")))
    )
    assert amount * volume == pytest.approx(0.04, rel=1e-12)
    heats = {n: (r.heat, r.frequency_factor) for n, r in made.reactions.items()}
    assert heats == {n: (r.heat, r.frequency_factor) for n, r in shipped_kinetics("ncm_feng").reactions.items()}
    for wrong, words in (({}, "gas"), ({"CO2": -1.0, "H2": 2.0}, "gas")):
        with pytest.raises(InputError, match=words):
            with_gas(made, wrong, volume)
    with pytest.raises(InputError, match="volume"):
        with_gas(made, gas, 0.0)
