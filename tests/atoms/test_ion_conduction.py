"""Diffusivities, Haven ratio and conductivity of walkers whose answers are known, and the intervals that are said of them."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.atoms import (
    effective_hops,
    extrapolate_conductivity,
    ion_displacements,
    ionic_conductivity,
    trajectory_diffusivity,
    trajectory_haven_ratio,
)
from scalith.quantities import InputError, Property, Source
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

SOURCE = Source(kind="assumed", reference="walkers")
STEP = 0.3
"""Å, of a walker along each axis between two frames."""
INTERVAL = 1e-13
EXACT = 1e-20 * STEP**2 / (2.0 * INTERVAL)


def walkers(cases, ions=8, together=1, runs=2, frames=200, seed=5):
    """Independent groups of `together` ions that move as one, as motion over `cases` temperatures."""
    numbers = np.random.default_rng(seed)
    steps = STEP * numbers.standard_normal((cases, runs, frames, ions // together, 3))
    places = np.repeat(np.cumsum(steps, axis=2), together, axis=3)
    return {500.0 + k: list(places[k]) for k in range(cases)}


def motion_of(places, blocks=5):
    return ion_displacements(places, INTERVAL, 1e-27, SOURCE, blocks=blocks)


@pytest.fixture(scope="module")
def free():
    return motion_of(walkers(80))


@pytest.mark.parametrize("of", ["tracer", "charge"])
def test_free_walkers_have_their_diffusivity_within_the_stated_error(free, of):
    """D = s²/2Δt along each axis; ± one standard error covers 68 % of 80 motions, ± two 93 % (10 pieces, Student's 9)."""
    found = trajectory_diffusivity(free, of)
    away = np.abs(found.values.values - EXACT) / found.standard_error.values
    assert found.values.mean() == pytest.approx(EXACT, rel=0.02 if of == "tracer" else 0.08)
    assert 0.56 < np.mean(away < 1.0) < 0.80
    assert 0.87 < np.mean(away < 2.0) < 0.99
    assert found.source.note == ""


@pytest.mark.parametrize("together", [1, 2, 4])
def test_haven_ratio_of_ions_that_move_together(together):
    """Groups of g ions that move as one carry g² the charge of one: D_σ = g D*, H = 1/g."""
    found = trajectory_haven_ratio(motion_of(walkers(30, together=together, seed=together)))
    mean = np.average(found.values, weights=found.standard_error.values**-2.0)
    assert np.median(found.values) == pytest.approx(1.0 / together, rel=0.1)
    assert mean == pytest.approx(1.0 / together, rel=0.25)
    assert np.mean(np.abs(found.values - 1.0 / together) < 2 * found.standard_error) > 0.8


def test_ions_in_cages_are_said_to_rattle():
    numbers = np.random.default_rng(1)
    places = {300.0: list(numbers.standard_normal((2, 200, 8, 3)))}
    note = trajectory_diffusivity(motion_of(places)).source.note
    assert "at 1 of 1 temperatures (first: 300 K) ions still rattle" in note


def test_rattling_in_cages_drops_out_of_the_diffusivity():
    """⟨r²⟩ = 6 D t + 6 A² (1 − exp(−t/τ)) of an ion in a spring that moves: D is that of the spring, within its error."""
    numbers = np.random.default_rng(7)
    cases, runs, frames, ions, A, tau, step = 40, 2, 1000, 12, 0.5, 4.0, 0.1
    keep = np.exp(-1.0 / tau)
    rattle = np.empty((cases, runs, frames, ions, 3))
    rattle[:, :, 0] = A * numbers.standard_normal(rattle[:, :, 0].shape)
    for k in range(1, frames):
        rattle[:, :, k] = keep * rattle[:, :, k - 1] + A * np.sqrt(1 - keep**2) * numbers.standard_normal(rattle[:, :, 0].shape)
    walk = np.cumsum(step * numbers.standard_normal(rattle.shape), axis=2)
    motion = motion_of({500.0 + k: list(places) for k, places in enumerate(rattle + walk)})
    found = trajectory_diffusivity(motion)
    exact = 1e-20 * step**2 / (2.0 * INTERVAL)
    away = np.abs(found.values.values - exact) / found.standard_error.values
    assert found.values.mean() == pytest.approx(exact, rel=0.02)
    assert 0.53 < np.mean(away < 1.0) < 0.83
    # Displacement over time at the same lags would hold the cage: 1 + A²/D t = 1.6 to 3.5 of D at 20 to 80 frames.
    lag, mean = motion["lag"].values, motion["tracer_displacement"].values.mean(axis=(0, 1))
    assert np.interp(20 * INTERVAL, lag, mean) / (6 * 20 * INTERVAL) == pytest.approx(exact * 3.48, rel=0.03)
    hops = effective_hops(motion, 1e-10)
    assert hops["displacement_at_fit"].values.mean() == pytest.approx(6 * A**2 + 3 * step**2 * 20, rel=0.05)


def test_effective_hops_count_what_was_walked(free):
    """N = 6 D n t/a² (He, Zhu, Epstein, Mo 2018): mean square displacement of all ions in hops."""
    found = effective_hops(free, 1e-10 * STEP * np.sqrt(3.0))
    assert float(found["effective_hops"].mean()) == pytest.approx(8 * 2 * 200, rel=0.02)
    assert found["expected_relative_error"].values == pytest.approx(3.43 / np.sqrt(found["effective_hops"].values) + 0.04)


def test_hops_count_over_the_time_of_their_own_temperature():
    """One straight walk, at the second temperature for twice as long."""
    line = np.repeat(np.arange(400.0)[:, None, None], 3, axis=2)
    motion = motion_of({500.0: [line[:200], line[:200]], 600.0: [line, line]}, blocks=2)
    found = effective_hops(motion, 1e-10, dimensions=3)
    assert motion["duration"].values == pytest.approx(np.array([400, 800]) * INTERVAL)
    hops = found["effective_hops"].values
    assert hops[1] == pytest.approx(2.0 * hops[0])
    assert Source.from_json(found.attrs["source"]).settings["dimensions"] == 3


def test_conductivity_is_nernst_and_einsteins():
    D = Property.from_arrays("charge_diffusivity", {"T": np.array([300.0, 600.0])}, np.array([1e-12, 4e-11]), "m2 s-1", SOURCE)
    found = ionic_conductivity(D, 4e4, charge=2.0)
    assert found(300.0) == pytest.approx(4e4 * 4.0 * FARADAY**2 / (GAS_CONSTANT * 300.0) * 1e-12, rel=1e-12)
    with pytest.raises(InputError, match="over T in m2 s-1"):
        ionic_conductivity(found, 4e4)


def test_extrapolated_conductivity_covers_the_truth():
    """ln(σT) on a line with log-normal errors of 10 to 40 %: the band at 300 K holds the truth as often as it says."""
    numbers = np.random.default_rng(3)
    T, wanted, energy = np.array([700.0, 850.0, 1000.0, 1200.0]), np.array([300.0]), 30e3
    truth = 1e6 * np.exp(-energy / (GAS_CONSTANT * T)) / T
    exact = 1e6 * np.exp(-energy / (GAS_CONSTANT * wanted)) / wanted
    relative = np.array([0.4, 0.3, 0.2, 0.1])
    exact_line = Property.from_arrays("s", {"T": T}, truth, "S m-1", SOURCE, standard_error=relative * truth)
    line = extrapolate_conductivity(exact_line, wanted)
    assert line.values.values == pytest.approx(exact, rel=1e-9)
    assert line.source.settings["activation_energy"] == pytest.approx(energy, rel=1e-9)
    assert line.source.note == "ln(σT) linear in 1/T, known from 700 to 1200 K, extrapolated"
    inside = []
    for _ in range(60):
        values = truth * np.exp(relative * numbers.standard_normal(4))
        found = extrapolate_conductivity(
            Property.from_arrays("s", {"T": T}, values, "S m-1", SOURCE, standard_error=relative * values), wanted
        )
        # A Property's error is that of a log-normal number.
        deviation = np.sqrt(np.log(0.5 + np.sqrt(0.25 + (found.standard_error.values / found.values.values) ** 2)))
        inside.append(abs(np.log(found.values.values / exact))[0] < deviation[0])
    assert 0.55 < np.mean(inside) < 0.85


def test_errors_grow_away_from_what_is_known():
    T = np.array([700.0, 900.0, 1100.0])
    values = np.array([1.0, 3.0, 6.0])
    known = Property.from_arrays("s", {"T": T}, values, "S m-1", SOURCE, standard_error=0.2 * values)
    found = extrapolate_conductivity(known, [300.0, 500.0, 900.0])
    assert float(extrapolate_conductivity(known, 300.0)(300.0)) == float(found(300.0))
    relative = found.standard_error.values / found.values.values
    assert relative[0] > relative[1] > relative[2]
    assert relative[2] < 0.2


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: trajectory_diffusivity(motion_of(walkers(1)), "mass"), "of: found 'mass', expected 'tracer' or 'charge'"),
        (lambda: trajectory_diffusivity(motion_of(walkers(1)), dimensions=4), "dimensions: found 4"),
        (lambda: motion_of(walkers(1), blocks=50), "100 pieces of 4 frames"),
        (lambda: motion_of(walkers(1, runs=1), blocks=1), "1 pieces of 200 frames"),
        (lambda: motion_of({300.0: walkers(1)[500.0], 400.0: walkers(1)[500.0][:1]}), "as many at each temperature"),
        (
            lambda: extrapolate_conductivity(
                Property.from_arrays(
                    "s",
                    {"T": np.array([500.0, 600.0])},
                    np.array([1.0, 2.0]),
                    "S m-1",
                    SOURCE,
                    standard_error=np.array([1.5, 0.1]),
                ),
                [300.0],
            ),
            "found 1 ± 1.5 S m-1 at 500 K, expected values above their errors",
        ),
    ],
)
def test_bad_input_is_named(call, said):
    with pytest.raises(InputError) as caught:
        call()
    assert said in str(caught.value)
