import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalith.pack import ReactionSet, require_same_kinetics, shipped_kinetics
from scalith.quantities import InputError, StudyError
from scalith.reactions.kernels import rates, rates_with_slopes

SIMPLE = {
    "name": "one step",
    "reference": "test",
    "states": {"a": 1.0},
    "reactions": {
        "r": {
            "frequency_factor": 1e10,
            "activation_energy": "100 kJ/mol",
            "heat": "500 J/g",
            "content": 1000.0,
            "orders": {"a": 1},
        }
    },
}


def changed(path, value):
    data = {**SIMPLE, "reactions": {"r": dict(SIMPLE["reactions"]["r"])}}
    if path == "states":
        data["states"] = value
    else:
        data["reactions"]["r"][path] = value
    return data


@pytest.mark.parametrize("name", ["lco_hatchard_kim", "lco_limited", "ncm_feng", "nmc_21700", "lfp_21700"])
@settings(max_examples=25)
@given(share=st.lists(st.floats(0.0, 0.99), min_size=7, max_size=7), temperature=st.floats(340.0, 900.0))
def test_slopes_of_rates_are_exact(name, share, temperature):
    set_ = shipped_kinetics(name).arrays()
    count, states = set_.heat.size, np.empty(set_.initial.size)
    extents = np.array(share[:count]) * 0.1
    rate, by_T, by_xi = np.empty(count), np.empty(count), np.empty((count, count))
    rates_with_slopes(set_, extents, temperature, states, rate, by_xi, by_T)
    plus, minus = np.empty(count), np.empty(count)
    scale = np.abs(rate).max() + 1e-300
    for q in range(count):
        step = np.zeros(count)
        step[q] = 1e-6
        rates(set_, extents + step, temperature, states, plus)
        rates(set_, extents - step, temperature, states, minus)
        np.testing.assert_allclose(
            by_xi[:, q], (plus - minus) / 2e-6, rtol=1e-5, atol=1e-6 * scale * (1 + np.abs(by_xi).max() / scale)
        )
    if np.all(np.abs(temperature - set_.onset) > 0.1):
        rates(set_, extents, temperature + 1e-3, states, plus)
        rates(set_, extents, temperature - 1e-3, states, minus)
        np.testing.assert_allclose(by_T, (plus - minus) / 2e-3, rtol=1e-5, atol=1e-6 * scale)


def test_published_constants_of_nmc532_and_spinel():
    """Energies are stated by molecule, 2.24e-19 and 2.64e-19 J."""
    nmc, lmo = shipped_kinetics("nmc532_cai"), shipped_kinetics("lmo_wang")
    molecules = 6.02214076e23
    for name, joule in (("sei", 2.24e-19), ("anode", 2.24e-19), ("cathode", 2.64e-19)):
        assert nmc.reactions[name].activation_energy == pytest.approx(joule * molecules, rel=1e-4)
    cathode = nmc.reactions["cathode"]
    assert (cathode.frequency_factor, cathode.heat, 1 - nmc.states["cathode"]) == (2.55e14, 7.9e5, pytest.approx(0.04))
    cathode = lmo.reactions["cathode"]
    assert (cathode.frequency_factor, cathode.activation_energy, cathode.heat) == (2.09e11, 132100.0, 4.5e5)


def test_published_constants_of_the_cobalt_set():
    kinetics = shipped_kinetics("lco_hatchard_kim")
    anode = kinetics.reactions["anode"]
    assert (anode.frequency_factor, anode.activation_energy, anode.heat) == (2.5e13, 135080.0, 1.714e6)
    assert kinetics.states["cathode"] == 0.96
    expected = 610.4 * (257e3 * 0.15 + 1714e3 * 0.75) + 1221 * 314e3 * 0.96 + 406.9 * 155e3
    assert kinetics.stored_heat == pytest.approx(expected)


def test_digest_follows_the_content():
    first, again = ReactionSet.read(SIMPLE), ReactionSet.read(SIMPLE)
    other = first.with_values({"r.activation_energy": 101e3})
    assert first.digest == again.digest != other.digest
    require_same_kinetics(again, first.digest, "module")
    with pytest.raises(StudyError, match=f"{other.digest}.*{first.digest}"):
        require_same_kinetics(other, first.digest, "module")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (changed("activation_energy", 0.0), "activation_energy"),
        (changed("activation_energy", "-5 kJ/mol"), "activation_energy"),
        (changed("frequency_factor", 0.0), "frequency_factor"),
        (changed("orders", {"b": 1}), "state 'b'"),
        (changed("orders", {"a": -1}), "orders"),
        (changed("autocatalysis", {"a": 1}), "must have begun"),
        (changed("onset_temperature", 150), None),
        (changed("onset_temperature", 90), "kelvin"),
        (changed("enthalpy", 3), "unknown key"),
        ({**SIMPLE, "reactions": {}}, "at least one reaction"),
    ],
)
def test_bad_sets_are_named(data, message):
    if message is None:
        ReactionSet.read(data)
        return
    with pytest.raises(InputError, match=message):
        ReactionSet.read(data)


def test_with_values_names_what_it_does_not_know():
    kinetics = ReactionSet.read(SIMPLE)
    with pytest.raises(InputError, match="not known as a reaction"):
        kinetics.with_values({"s.heat": 1.0})
    with pytest.raises(InputError, match="did you mean"):
        kinetics.with_values({"r.heatt": 1.0})


def test_stored_heat_counts_each_reactant_once_and_what_grows_again():
    """A layer that another reaction makes anew decomposes in turn: as often as the fuel of that reaction lasts."""

    def reaction(heat, content, orders, changes=None):
        return {"frequency_factor": 1e10, "activation_energy": 1e5, "heat": heat, "content": content, "orders": orders} | (
            {} if changes is None else {"changes": changes}
        )

    states = {"layer": 0.15, "anode": 0.75}
    layer = reaction(200.0, 600.0, {"layer": 1})
    alone = ReactionSet.read({"name": "t", "reference": "t", "states": states, "reactions": {"layer": layer}})
    assert alone.stored_heat == pytest.approx(200.0 * 600.0 * 0.15)
    # Two reactions of one state: the one that frees more counts.
    twice = ReactionSet.read(
        {"name": "t", "reference": "t", "states": states, "reactions": {"a": layer, "b": reaction(300.0, 600.0, {"layer": 1})}}
    )
    assert twice.stored_heat == pytest.approx(300.0 * 600.0 * 0.15)
    # The anode makes layer: 0.75 of it, each unit of which frees what the first 0.15 freed, in proportion.
    grows = reaction(1000.0, 500.0, {"anode": 1}, {"anode": -1.0, "layer": 1.0})
    both = ReactionSet.read({"name": "t", "reference": "t", "states": states, "reactions": {"layer": layer, "grows": grows}})
    own = 200.0 * 600.0 * 0.15 + 1000.0 * 500.0 * 0.75
    assert both.stored_heat == pytest.approx(own + 0.75 * (200.0 * 600.0 * 0.15) / 0.15)


LIMIT = {"diffusivity": 2e-14, "activation_energy": "29 kJ/mol", "inner_radius": "1 um", "outer_radius": "2 um"}


def test_a_hot_reaction_is_as_fast_as_diffusion_lets_it():
    """Cold: the rate of the surface reaction; hot: the flux through the shell, whatever the reaction; between: in series."""
    free = ReactionSet.read(SIMPLE).arrays()
    limited = ReactionSet.read(changed("diffusion_limit", LIMIT)).arrays()
    states, extents = np.empty(1), np.zeros(1)
    for T in (300.0, 600.0, 1500.0):
        k, found = np.empty(1), np.empty(1)
        rates(free, extents, T, states, k)
        rates(limited, extents, T, states, found)
        D = 2e-14 * np.exp(-29e3 / 8.31446261815324 * (1 / T - 1 / 298.15))
        k_D = 3 * D * 1e-6 / (4e-12 * 1e-6)
        assert 1 / found[0] == pytest.approx(1 / k[0] + 1 / k_D)


def test_limits_leave_the_onset_as_it_was():
    limited, bare = shipped_kinetics("lco_limited").arrays(), shipped_kinetics("lco_hatchard_kim").arrays()
    states, extents = np.empty(5), np.zeros(4)
    for T, within in ((430.0, 5e-3), (450.0, 2e-2)):
        found, free = np.empty(4), np.empty(4)
        rates(limited, extents, T, states, found)
        rates(bare, extents, T, states, free)
        np.testing.assert_allclose(found, free, rtol=within)


def test_a_set_cannot_be_changed_in_place():
    kinetics, weak = shipped_kinetics("lco_hatchard_kim"), ReactionSet.read(SIMPLE)
    before = kinetics.digest
    for one in (kinetics, copy.deepcopy(kinetics), kinetics.model_copy(update={"states": dict(kinetics.states)})):
        with pytest.raises(TypeError, match="cannot be changed"):
            one.reactions["anode"] = weak.reactions["r"]
        with pytest.raises(TypeError, match="cannot be changed"):
            one.states.update(anode=0.1)
        with pytest.raises(TypeError, match="cannot be changed"):
            one.reactions["anode"].orders.clear()
    assert pickle.loads(pickle.dumps(kinetics)).digest == kinetics.digest == before


def test_energies_without_the_kilo_are_named():
    with pytest.raises(InputError, match="write '135 kJ/mol'"):
        ReactionSet.read(changed("activation_energy", 135.0))
    with pytest.raises(InputError, match="an outer radius beyond"):
        ReactionSet.read(changed("diffusion_limit", LIMIT | {"outer_radius": "1 um"}))
