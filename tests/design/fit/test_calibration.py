"""Fits of cells: exact where the model is linear, planted numbers back where it is not, intervals that cover."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import Mesh, read_cell, simulate_impedance, simulate_protocol
from scalith.cell.specification.paths import with_factors
from scalith.design import fit_cell, planned_spectrum, spectrum_record, voltage_record
from scalith.quantities import InputError, Uncertain
from tests.design.fit.linear_record import PATHS, LinearRecord, correlated_noise

CELL = read_cell("lgm50_chen2020")
COARSE = Mesh(negative=6, separator=3, positive=6, nodes=12)
TRUTH = np.array([0.3, 0.5, 0.2])
MATRIX = np.stack([np.ones(400), np.linspace(-1.0, 1.0, 400), np.cos(np.linspace(0.0, 9.0, 400))], axis=1)


def test_a_linear_model_is_fitted_as_generalised_least_squares_do():
    generator = np.random.default_rng(3)
    samples = MATRIX @ TRUTH + correlated_noise(generator, 400, 0.01, 0.6)
    fit = fit_cell(CELL, [LinearRecord(MATRIX, samples, 0.01, 0.6)], PATHS)
    covariance = 1e-4 * 0.6 ** np.abs(np.subtract.outer(np.arange(400), np.arange(400)))
    weight = np.linalg.inv(covariance)
    exact = np.linalg.inv(MATRIX.T @ weight @ MATRIX)
    off = np.array(list(fit.values.values())) - exact @ MATRIX.T @ weight @ samples
    assert np.all(np.abs(off) < 0.01 * np.sqrt(np.diagonal(exact)))
    assert np.allclose(fit.covariance, exact, rtol=1e-7)
    for name, root in zip(fit.names, np.sqrt(np.diagonal(exact)), strict=True):
        assert fit.standard_error(name) == pytest.approx(root, rel=1e-7)
        assert np.allclose(fit.profile_interval(name), fit.interval(name), rtol=1e-3)


@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_intervals_cover_at_their_rate(correlation):
    """Size and correlation of the noise are those of the residuals."""
    generator = np.random.default_rng(7)
    held = np.zeros(3)
    count = 150
    for _ in range(count):
        samples = MATRIX @ TRUTH + correlated_noise(generator, 400, 0.01, correlation)
        fit = fit_cell(CELL, [LinearRecord(MATRIX, samples, correlation=None)], PATHS)
        ends = np.array([fit.interval(name) for name in fit.names])
        held += (ends[:, 0] < TRUTH) & (ends[:, 1] > TRUTH)
    # 450 intervals, those of one fit nearly independent: the binomial distribution's standard deviation is 1 %.
    assert 0.91 < held.mean() / count < 0.99


def test_a_correlation_that_is_not_stated_is_averaged_over():
    """The restricted likelihood and the average over ρ, from dense covariances of the samples."""
    matrix, generator = MATRIX[::8], np.random.default_rng(2)
    n, p = matrix.shape
    samples = matrix @ TRUTH + correlated_noise(generator, n, 0.01, 0.7)
    fit = fit_cell(CELL, [LinearRecord(matrix, samples, correlation=None)], PATHS)
    at = np.array(list(fit.values.values()))
    weights, shifts, covariances = [], [], []
    for rho in np.tanh((np.arange(-1000, 1000) + 0.5) * 3.4e-3):
        of_noise = rho ** np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
        inverse = np.linalg.inv(of_noise)
        information = matrix.T @ inverse @ matrix
        found = np.linalg.solve(information, matrix.T @ inverse @ samples)
        left = samples - matrix @ found
        size = left @ inverse @ left / (n - p)
        of_likelihood = (n - p) * np.log(size) + np.linalg.slogdet(of_noise)[1] + np.linalg.slogdet(information)[1]
        weights.append(np.exp(-0.5 * of_likelihood) * np.sqrt(1.0 - rho**2))
        shifts.append(found - at)
        covariances.append(size * np.linalg.inv(information))
    weights = np.array(weights) / sum(weights)
    apart = np.array(shifts) - weights @ np.array(shifts)
    exact = np.einsum("k,kij->ij", weights, covariances) + (weights[:, None] * apart).T @ apart
    assert np.allclose(fit.covariance, exact, rtol=1e-5)
    low, high = fit.interval(PATHS[0])
    assert np.allclose(fit.profile_interval(PATHS[0]), (low, high), atol=0.01 * (high - low))


def test_a_resistance_near_zero_has_an_interval_in_ohms_and_one_at_its_bound_narrows_no_other():
    cell = with_factors(CELL, {PATHS[0]: 1e-3})
    flat = np.stack([np.ones(400), np.linspace(0.9, 1.1, 400), np.cos(np.linspace(0.0, 9.0, 400))], axis=1)
    exact = 0.01 * np.sqrt(np.diagonal(np.linalg.inv(flat.T @ flat)))
    near, below = (fit_cell(cell, [LinearRecord(flat, flat @ [r, 0.5, 0.2], 0.01)], PATHS) for r in (1e-3, -1e-2))
    assert np.allclose(near.interval(PATHS[0]), (0.0, 1e-3 + 1.966 * exact[0]), rtol=1e-3)
    assert below.values[PATHS[0]] < 1e-4
    assert below.standard_error(PATHS[1]) == pytest.approx(exact[1], rel=1e-3)


def test_a_prior_counts_as_one_more_measurement():
    samples = MATRIX @ TRUTH
    prior = {PATHS[0]: Uncertain(0.4, 0.002)}
    fit = fit_cell(CELL, [LinearRecord(MATRIX, samples, 0.01)], PATHS, priors=prior)
    information = MATRIX.T @ MATRIX / 1e-4
    information[0, 0] += 1.0 / 0.002**2
    assert np.allclose(fit.covariance, np.linalg.inv(information), rtol=1e-6)
    shift = np.linalg.solve(information, [(0.4 - TRUTH[0]) / 0.002**2, 0.0, 0.0])
    off = np.array(list(fit.values.values())) - TRUTH - shift
    assert np.all(np.abs(off) < 0.01 * np.sqrt(np.diagonal(fit.covariance)))
    # The data alone: 0.3 with the error of the model without a prior.
    error = np.sqrt(np.linalg.inv(MATRIX.T @ MATRIX / 1e-4)[0, 0])
    apart = 0.1 / np.hypot(error, 0.002)
    said = f"the prior of {PATHS[0]}, 0.4 ± 0.002, is excluded by the data, 0.3 ± {error:.2g}: {apart:.0f} standard errors apart"
    assert fit.conflicts == [said]
    assert said in fit.summary()
    near = fit_cell(CELL, [LinearRecord(MATRIX, samples, 0.01)], PATHS, priors={PATHS[0]: Uncertain(0.304, 0.002)})
    assert near.conflicts == []


def test_planted_numbers_come_back_from_a_run_and_a_spectrum_together():
    planted = {
        "negative_electrode.exchange_current_density": 1.6,
        "positive_electrode.chemical_diffusivity": 0.6,
        "contact_resistance": 0.004,
    }
    cell = with_factors(CELL, planted)
    run = simulate_protocol(cell, ["Discharge at 1C for 20 min", "Rest for 10 min"], initial_state_of_charge=0.9, mesh=COARSE)
    spectrum = simulate_impedance(cell, np.geomspace(1e-3, 1e2, 15), 0.5, mesh=COARSE)
    records = [
        voltage_record(run, 0.9, noise="1 mV", samples=60, mesh=COARSE),
        spectrum_record(spectrum, "50 %", noise="0.5 %", mesh=COARSE),
    ]
    fit = fit_cell(CELL, records, list(planted))
    for name, value in planted.items():
        assert fit.values[name] == pytest.approx(value, rel=5e-3)
    made = fit.fitted
    assert made.contact_resistance.error == pytest.approx(fit.standard_error("contact_resistance"))
    diffusivity = made.positive_electrode.materials[0].chemical_diffusivity
    old = CELL.positive_electrode.materials[0].chemical_diffusivity
    assert np.allclose(diffusivity.values, old.values * fit.values["positive_electrode.chemical_diffusivity"])
    assert diffusivity.components[-1].name == "fit"
    assert diffusivity.source.settings["records"] == [record.name for record in records]
    assert "contact_resistance" in fit.summary()
    assert len(fit.plot().axes) == 4


def test_paths_share_a_multiplier():
    pair = ("negative_electrode.chemical_diffusivity", "positive_electrode.chemical_diffusivity")
    cell = with_factors(CELL, dict.fromkeys(pair, 0.7))
    run = simulate_protocol(cell, ["Discharge at 1C for 20 min"], initial_state_of_charge=0.9, mesh=COARSE)
    fit = fit_cell(CELL, [voltage_record(run, 0.9, noise=1e-3, samples=40, mesh=COARSE)], [pair])
    assert fit.values == {" & ".join(pair): pytest.approx(0.7, rel=5e-3)}


LINEAR = LinearRecord(MATRIX, MATRIX @ TRUTH, 0.01)


@pytest.mark.parametrize(
    ("records", "parameters", "more", "words"),
    [
        ([], PATHS, {}, "records"),
        ([LinearRecord(MATRIX, None)], PATHS, {}, "only planned"),
        ([LINEAR], "contact_resistance", {}, "a sequence of paths"),
        ([LINEAR, LINEAR], PATHS, {}, "a name for each"),
        ([LINEAR], ["contact_resistence"], {}, "contact_resistance"),
        ([LINEAR], PATHS, {"priors": {"nominal_capacity": Uncertain(1.0, 0.1)}}, "priors"),
        ([LINEAR], PATHS, {"priors": {PATHS[0]: 0.3}}, "standard error"),
        ([LINEAR], PATHS, {"bounds": {PATHS[0]: (0.5, 0.4)}}, "lowest < highest"),
        ([LINEAR], PATHS, {"bounds": {PATHS[0]: (0.0, 0.4)}, "priors": {PATHS[0]: Uncertain(0.5, 0.1)}}, "within its bounds"),
        ([LinearRecord(MATRIX[:2], np.zeros(2), 0.01)], PATHS, {}, "more than the 3 parameters"),
        ([LinearRecord(MATRIX * [1, 1, 0], MATRIX @ TRUTH, 0.01)], PATHS, {}, "none of them does"),
        ([LINEAR], PATHS, {"starts": 0}, "at least 1"),
    ],
)
def test_wrong_input_gets_one_sentence(records, parameters, more, words):
    with pytest.raises(InputError) as caught:
        fit_cell(CELL, records, parameters, **more)
    assert words in str(caught.value)


RUN = simulate_protocol(CELL, ["Discharge at 1C for 10 min"], initial_state_of_charge=0.9, mesh=COARSE)
SPECTRUM = simulate_impedance(CELL, [0.1, 1.0, 10.0], 0.5, mesh=COARSE)


@pytest.mark.parametrize(
    ("run", "charge", "spectrum", "words"),
    [
        (
            RUN.assign(voltage=1000.0 * RUN.voltage),
            0.9,
            SPECTRUM,
            r"'run': found \d+ V after .* s, expected voltages of the cell's window, 2.5 to 4.2 V",
        ),
        (RUN.assign(voltage=RUN.voltage - 1.5), 0.9, SPECTRUM, "window, 2.5 to 4.2 V"),
        (
            RUN.assign(current=10.0 * RUN.current),
            0.9,
            SPECTRUM,
            r"found -\d+ % reached from the state of charge 90 %, expected 0 to 100 % of the",
        ),
        (RUN.assign(current=-2.0 * RUN.current), 0.9, SPECTRUM, r"found 12\d % reached"),
        (RUN, 0.2, SPECTRUM, "V from those of the cell as it is given, expected measurements of this cell"),
        (RUN, 0.9, SPECTRUM.assign(resistance=1e3 * SPECTRUM.resistance), "'spectrum': found impedances .* times those"),
        (RUN.assign_attrs(cell="a"), 0.9, SPECTRUM.assign_attrs(cell="b"), "'run' and 'spectrum' of two cells"),
    ],
)
def test_data_that_are_not_of_the_cell_say_so(run, charge, spectrum, words):
    records = [
        voltage_record(run, charge, name="run", mesh=COARSE),
        spectrum_record(spectrum, 0.5, name="spectrum", noise="1 %", mesh=COARSE),
    ]
    with pytest.raises(InputError, match=words):
        fit_cell(CELL, records, ["positive_electrode.chemical_diffusivity"])


def test_records_say_what_is_wrong_with_them():
    run = simulate_protocol(CELL, ["Discharge at 1C for 1 min"], mesh=COARSE)
    with pytest.raises(InputError, match="current"):
        voltage_record(run[["voltage"]], 1.0)
    with pytest.raises(InputError, match="0 to 1"):
        voltage_record(run, 50.0)
    with pytest.raises(InputError, match="noise"):
        voltage_record(run, 1.0, noise=0.0)
    with pytest.raises(InputError, match="finite"):
        voltage_record(run.assign(voltage=run.voltage * np.nan), 1.0)
    with pytest.raises(InputError, match="that do not fall"):
        voltage_record(run.isel(time=slice(None, None, -1)), 1.0)
    with pytest.raises(InputError, match="only planned"):
        fit_cell(CELL, [planned_spectrum(CELL, [1.0, 10.0], 0.5, noise="1 %", mesh=COARSE)], ["contact_resistance"])
