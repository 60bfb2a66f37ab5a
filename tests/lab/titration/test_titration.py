"""Titration in closed form and back: planted diffusivities return, and what cannot be told is said."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.lab.impedance.elements import DIMENSIONS
from scalith.lab.titration import (
    Particle,
    current_step,
    extract_gitt,
    extract_interruption,
    extract_pitt,
    potential_step,
    simulate_gitt,
    simulate_pitt,
    surface_roots,
    weppner_huggins,
)
from scalith.lab.titration.particle_series import current_step_series
from scalith.quantities import InputError, Result

RADIUS, DIFFUSIVITY = 5e-6, 1e-14
TIME = RADIUS**2 / DIFFUSIVITY


@pytest.mark.parametrize("shape", DIMENSIONS)
def test_the_table_is_the_series(shape):
    t = np.geomspace(1e-5, 2.5, 50)
    assert np.allclose(current_step(t, shape), current_step_series(t, shape), rtol=1e-8)
    assert current_step(np.array([-1.0, 0.0]), shape).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("shape", DIMENSIONS)
@pytest.mark.parametrize("biot", [0.5, 1.0, 30.0, float("inf")])
def test_all_that_flows_in_is_what_the_particle_takes(shape, biot):
    """∫ f dτ̂ = 1/d, and both forms meet where one takes over from the other."""
    t = np.geomspace(1e-9, 60.0, 40001)
    f = potential_step(t, shape, biot)
    total = np.sum(0.5 * (f[1:] + f[:-1]) * np.diff(t))
    assert total == pytest.approx(1 / DIMENSIONS[shape], rel=1e-3)
    assert np.all(np.diff(f) <= 1e-9 * f[0])


def test_roots_are_roots():
    b = surface_roots("slab", 2.0, 5)
    assert np.allclose(b * np.tan(b), 2.0, rtol=1e-9)
    b = surface_roots("sphere", 2.0, 5)
    assert np.allclose(1 - b / np.tan(b), 2.0, rtol=1e-9)


@pytest.mark.parametrize("shape", DIMENSIONS)
@pytest.mark.parametrize("slope", [-1e-4, None])
def test_pulses_give_the_planted_diffusivity_and_resistance(shape, slope):
    data = simulate_gitt(
        Particle(RADIUS, DIFFUSIVITY, -1e-4, 0.05, shape), current=1.0, pulse=0.1 * TIME, rest=0.5 * TIME, pulses=2
    )
    found = extract_gitt(data, radius=RADIUS, shape=shape, slope=slope, drift=slope is not None)
    # The second pulse starts from a rest that has not ended: its drift is not quite a line.
    assert float(found["diffusivity"][0]) == pytest.approx(DIFFUSIVITY, rel=1e-5)
    assert float(found["resistance"][0]) == pytest.approx(0.05, rel=1e-4)
    assert float(found["diffusivity"][1]) == pytest.approx(DIFFUSIVITY, rel=0.1)


def test_the_classical_formula_has_the_bias_it_states():
    data = simulate_gitt(Particle(RADIUS, DIFFUSIVITY, -1e-4, 0.05), current=1.0, pulse=0.1 * TIME, rest=20 * TIME)
    found = float(extract_gitt(data, radius=RADIUS)["weppner_huggins"][0]) / DIFFUSIVITY
    assert found == pytest.approx(float(weppner_huggins(0.1, "sphere")), rel=0.02)


def test_the_interval_covers_and_falls_with_the_noise():
    data = simulate_gitt(Particle(RADIUS, DIFFUSIVITY, -1e-5), current=1.0, pulse=0.05 * TIME, rest=TIME)
    numbers, covered = np.random.default_rng(3), 0
    for _ in range(20):
        noisy = data.assign(voltage=data["voltage"] + 1e-4 * numbers.standard_normal(data.sizes["time"]))
        found = extract_gitt(noisy, radius=RADIUS, slope=-1e-5, drift=False)
        covered += float(found["lower"][0]) < DIFFUSIVITY < float(found["upper"][0])
    assert covered >= 17


def test_a_plateau_is_not_identifiable():
    data = simulate_gitt(Particle(RADIUS, DIFFUSIVITY, -1e-12, 0.05), current=1.0, pulse=0.1 * TIME, rest=0.5 * TIME)
    data["voltage"].values[-40:] += 1e-4  # the rest ends above where it began
    found = extract_gitt(data, radius=RADIUS)
    assert np.isnan(float(found["diffusivity"][0]))
    assert str(found["note"].values[0]).startswith("not identifiable: the potential at rest does not follow")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"electrode": "negative"}, "no negative_potential"),
        ({"electrode": "middle"}, "middle"),
        ({"radius": -1.0}, "a positive length"),
        ({"shape": "cube"}, "cube"),
        ({"slope": [1.0, 2.0]}, "one for each of the 1 pulses"),
    ],
)
def test_wrong_questions_are_named(options, words):
    data = simulate_gitt(Particle(RADIUS, DIFFUSIVITY, -1e-4), current=1.0, pulse=0.1 * TIME, rest=0.5 * TIME)
    with pytest.raises(InputError) as caught:
        extract_gitt(data, **({"radius": RADIUS} | options))
    assert words in str(caught.value)


def test_no_pulse_no_rest():
    flat = Result({"voltage": ("time", np.linspace(4, 3, 50)), "current": ("time", np.ones(50))}, {"time": np.arange(50.0)})
    with pytest.raises(InputError, match="pulses of constant current between rests"):
        extract_gitt(flat, radius=RADIUS)


@pytest.mark.parametrize("biot", [1.0, 10.0])
def test_a_step_gives_diffusivity_and_resistance(biot):
    resistance = 0.01 * TIME / (3 * 10.0)
    data = simulate_pitt(radius=RADIUS, diffusivity=DIFFUSIVITY, step=0.01, capacity=10.0, kinetic_resistance=resistance / biot)
    found = extract_pitt(data, radius=RADIUS, step=0.01)
    assert found.diffusivity == pytest.approx(DIFFUSIVITY, rel=1e-5)
    assert found.kinetic_resistance == pytest.approx(resistance / biot, rel=1e-5)
    assert found.long_time < 0.9 * DIFFUSIVITY


def test_a_current_that_changes_sign_is_named():
    data = simulate_pitt(radius=RADIUS, diffusivity=DIFFUSIVITY, step=0.01, capacity=10.0)
    data["current"].values[-3:] = -1e-9
    with pytest.raises(InputError, match="one sign"):
        extract_pitt(data, radius=RADIUS, step=0.01)


def test_an_interruption_gives_the_planted_diffusivity():
    """A constant current until its gradient is steady, then 1e-3 R²/D without."""
    rate, scale = 1 / TIME, -1e-3
    begin, length = 0.5 * TIME, 1e-3 * TIME
    time = np.concatenate([np.linspace(0, begin - length, 50), np.linspace(begin - length, begin + length, 401)[1:]])
    flowing = time <= begin * (1 + 1e-12)
    moved = scale * (current_step(rate * time, "sphere") - current_step(rate * (time - begin), "sphere")) - 0.01 * flowing
    data = Result({"voltage": ("time", 4 + moved), "current": ("time", 1.0 * flowing)}, {"time": time})
    found, resistance = extract_interruption(data, begin=begin, end=begin + length, radius=RADIUS)
    assert found == pytest.approx(DIFFUSIVITY, rel=0.01)
    assert resistance == pytest.approx(0.01, rel=0.01)
    with pytest.raises(InputError, match="switched off"):
        extract_interruption(data, begin=begin - 2 * length / 3, end=begin, radius=RADIUS)
