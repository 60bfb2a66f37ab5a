from __future__ import annotations

import numpy as np
import pytest

from scalith.particle import PhaseField, critical_current, simulate_depth_averaged, simulate_mosaic
from scalith.quantities import InputError
from scalith.quantities.constants import FARADAY, GAS_CONSTANT
from tests.particle.test_phase_field import LFP, RT, T

SOFT = LFP.model_copy(update={"coherency_strain": 0.0})


def test_critical_currents_are_those_of_linear_stability():
    assert critical_current(LFP, T) / 0.16 == pytest.approx(0.575, abs=2e-3)
    assert critical_current(LFP, T, coherent=False) / 0.16 == pytest.approx(1.954, abs=3e-3)
    assert critical_current(SOFT, T) == pytest.approx(critical_current(LFP, T, coherent=False))


@pytest.mark.parametrize(("over", "grows"), [(0.05, True), (1.1, False)])
def test_a_long_wave_grows_below_the_critical_current_and_decays_above(over, grows):
    rate = over * critical_current(LFP, T) * 2.0 / (20e-9 * FARADAY * LFP.maximum_concentration)
    wave = 1e-3 * np.cos(np.pi * (np.arange(300) + 0.5) / 300)
    data = simulate_depth_averaged(
        LFP, 600e-9, 20e-9, [0.0, 0.1 / rate], rate=rate, initial=0.45 + wave, nodes=300, temperature=T
    )
    spread = np.ptp(data.stoichiometry.values, axis=1)
    assert spread[1] > 1.2 * spread[0] if grows else spread[1] < 0.95 * spread[0]


@pytest.mark.parametrize("reaction", ["transition_state", "symmetric", "coupled_ion_electron"])
def test_one_uniform_place_follows_its_own_reaction(reaction):
    """Below the spinodal a particle stays uniform: its voltage is the homogeneous one and the overvoltage of its current."""
    energy = 0.3 if reaction == "coupled_ion_electron" else None
    material = LFP.model_copy(update={"reaction": reaction, "reorganisation_energy": energy})
    radius, rate = 50e-9, 0.01 / 3600.0
    data = simulate_mosaic(material, [radius], np.linspace(0.0, 0.1 / rate, 5), rate=rate, initial=0.01, temperature=T)
    x = data.mean_stoichiometry.values
    np.testing.assert_allclose(x, 0.01 + rate * data.time.values, atol=1e-12)
    mu = np.log(x / (1.0 - x)) + 4.511 * (1.0 - 2.0 * x)
    current = -rate * FARADAY * material.maximum_concentration * radius / 3.0
    expected = 3.422 - RT / FARADAY * mu + material.charge_transfer.overvoltage(x, mu, current, T)
    np.testing.assert_allclose(data.voltage, expected, atol=1e-8)


def test_slow_particles_of_a_mosaic_fill_one_after_the_other():
    radii = 50e-9 * np.exp(0.2 * np.random.default_rng(2).standard_normal(20))
    rate = 1e-3 / 3600.0
    data = simulate_mosaic(SOFT, radii, np.linspace(0.0, 0.95 / rate, 400), rate=rate, temperature=T)
    inner = (data.mean_stoichiometry > 0.3) & (data.mean_stoichiometry < 0.7)
    filled = data.stoichiometry.values[inner.values]
    assert float(np.mean((filled > 0.3) & (filled < 0.7))) < 0.06
    share = radii**3 / np.sum(radii**3)
    np.testing.assert_allclose(data.stoichiometry.values @ share, data.mean_stoichiometry.values, atol=1e-12)
    np.testing.assert_allclose(data.mean_stoichiometry.values, 0.01 + rate * data.time.values, atol=1e-8)


def test_a_wetted_side_keeps_its_value_and_rest_keeps_the_content():
    data = simulate_depth_averaged(
        LFP, 60e-9, 20e-9, np.linspace(0.0, 3600.0, 4), rate=[(0.0, 1e-4), (1800.0, 0.0)], wetted_sides=0.98, temperature=T
    )
    content = data.mean_stoichiometry.values
    assert content[-1] == pytest.approx(0.01 + 0.18, abs=1e-9)
    assert content[-1] == pytest.approx(content[-2], abs=1e-9)
    x = data.stoichiometry[-1].values
    np.testing.assert_allclose(x, x[::-1], atol=1e-8)
    assert x[0] > 0.8 > 0.2 > x[x.size // 2]
    assert 3.38 < float(data.voltage[-1]) < 3.44


def test_what_cannot_be_followed_is_named():
    free = LFP.model_copy(update={"exchange_current_density": None})
    with pytest.raises(InputError, match="the k₀ of the reaction"):
        simulate_mosaic(free, [5e-8], [0.0, 1.0], rate=0.0)
    with pytest.raises(InputError, match="'transition_state'"):
        critical_current(LFP.model_copy(update={"reaction": "symmetric"}), T)
    with pytest.raises(InputError, match="at least"):
        simulate_depth_averaged(SOFT, 1e-6, 2e-8, [0.0, 1.0], rate=0.0, nodes=100)
    with pytest.raises(InputError, match="positive radii"):
        simulate_mosaic(LFP, [-1.0], [0.0, 1.0], rate=0.0)
    mild = PhaseField.regular_solution(
        1.5 * GAS_CONSTANT * T,
        gradient_energy=1e-10,
        maximum_concentration=2e4,
        tracer_diffusivity=1e-16,
        exchange_current_density=1.0,
    )
    with pytest.raises(InputError, match="a material that separates"):
        critical_current(mild, T)


def test_the_source_tells_runs_apart():
    sizes, times = [5e-8, 6e-8], [0.0, 1.0]
    runs = [
        simulate_mosaic(SOFT, sizes, times, rate=1e-3),
        simulate_mosaic(SOFT, sizes, times, rate=2e-3),
        simulate_mosaic(SOFT, [5e-8, 7e-8], times, rate=1e-3),
        simulate_mosaic(SOFT, sizes, times, rate=1e-3, initial=0.02),
        simulate_mosaic(SOFT, sizes, [0.0, 2.0], rate=1e-3),
    ]
    assert len({run.attrs["source"] for run in runs}) == len(runs)
