"""Factors on a diffusivity along the stoichiometry, and samples of a posterior: both against what is known exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from scalith.cell import Mesh, read_cell
from scalith.cell.specification.node_factors import with_node_factors
from scalith.design import fit_cell
from scalith.design.fit.records import Answer, SpectrumRecord, VoltageRecord, answer_by_path
from scalith.quantities import InputError, Uncertain
from tests.design.fit.linear_record import PATHS, LinearRecord
from tests.design.fit.test_calibration import MATRIX, TRUTH

CELL = read_cell("lgm50_chen2020")
MESH = Mesh(4, 2, 4, nodes=8)
PATH = "positive_electrode.chemical_diffusivity"
NODES = [f"{PATH}(x={x:g})" for x in (0.3, 0.4, 0.5, 0.6, 0.7)]


@dataclass(frozen=True, eq=False)
class DiffusivityRecord:
    """ln D at some stoichiometries, as if a titration had measured it."""

    x: np.ndarray
    samples: np.ndarray | None
    noise: float = 0.01
    correlation: float = 0.0
    name: str = "titration"

    @property
    def weight(self):
        return np.ones(self.x.size)

    @property
    def spread(self):
        return np.full(self.x.size, self.noise)

    def answer(self, specification, values):
        diffusivity = specification.positive_electrode.material.chemical_diffusivity
        return Answer(np.log(diffusivity(x=self.x, extrapolate="nearest")), np.zeros((self.x.size, len(values))))


def logarithm(x):
    return np.log(CELL.positive_electrode.material.chemical_diffusivity(x=0.5)) + 2.0 * (x - 0.5)


def test_factors_at_nodes_return_a_planted_curve():
    """ln f is a line: monotone cubics through its nodes are that line, and half a standard error is what is allowed."""
    x = np.linspace(0.3, 0.7, 41)
    fit = fit_cell(CELL, [DiffusivityRecord(x, logarithm(x))], NODES)
    found = np.log(list(fit.values.values()))
    assert found == pytest.approx(2.0 * (np.array([0.3, 0.4, 0.5, 0.6, 0.7]) - 0.5), abs=5e-3)
    made = fit.fitted.positive_electrode.material.chemical_diffusivity
    assert np.log(made(x=0.45)) == pytest.approx(logarithm(0.45), abs=5e-3)
    assert made.components[-1].name == "fit"
    assert made.components[-1].correlation_length == pytest.approx(0.1)
    relative = float(made.error(x=0.5)) / float(made(x=0.5))
    assert relative == pytest.approx(fit.standard_error(NODES[2]) / fit.values[NODES[2]], rel=1e-6)


def test_a_node_that_no_data_touch_follows_its_neighbours_by_the_prior():
    x = np.linspace(0.3, 0.5, 41)
    record = DiffusivityRecord(x, logarithm(x))
    with pytest.raises(InputError, match="none of them does"):
        fit_cell(CELL, [record], NODES)
    fit = fit_cell(CELL, [record], NODES, priors={PATH: 0.1})
    assert np.log(fit.values[NODES[4]]) == pytest.approx(0.4, abs=0.02)
    error = fit.standard_error(NODES[4]) / fit.values[NODES[4]]
    assert error > 5.0 * fit.standard_error(NODES[1]) / fit.values[NODES[1]]


@pytest.mark.parametrize(
    ("parameters", "priors", "words"),
    [
        ([f"{PATH}(x=1.2)"], {}, "0 to 1"),
        (NODES[:2], {PATH: 0.1}, "three nodes"),
        (NODES, {PATH: -0.1}, "positive"),
        (NODES, {PATH: Uncertain(0.1, 0.05)}, "0.1 with the error 0.05"),
        (["negative_electrode.thickness(x=0.2)"], {}, "thickness"),
    ],
)
def test_wrong_nodes_get_one_sentence(parameters, priors, words):
    x = np.linspace(0.3, 0.7, 41)
    with pytest.raises(InputError, match=words):
        fit_cell(CELL, [DiffusivityRecord(x, logarithm(x))], parameters, priors=priors)


def test_a_factor_of_one_changes_nothing_but_the_source():
    same = with_node_factors(CELL, dict.fromkeys(NODES, 1.0)).positive_electrode.material.chemical_diffusivity
    old = CELL.positive_electrode.material.chemical_diffusivity
    assert same(x=0.37) == pytest.approx(float(old(x=0.37, extrapolate="nearest")), rel=1e-12)
    assert old.digest in same.source.parents


def test_derivatives_by_all_nodes_together_are_that_by_the_whole_curve():
    """A rising ln f moved at every node is ln f moved as a whole; the derivative by that is found with the run."""
    factors = {name: float(np.exp(x - 0.5)) for name, x in zip(NODES, (0.3, 0.4, 0.5, 0.6, 0.7), strict=True)}
    record = VoltageRecord("2C", "discharge at 2C until 2.5 V", np.linspace(60.0, 900.0, 15), None, 0.8, mesh=MESH)
    _, by_path = answer_by_path(record, CELL, factors | {PATH: 1.0})
    together = sum(value * by_path[name] for name, value in factors.items())
    assert together == pytest.approx(by_path[PATH], rel=0.01)


def test_an_inductance_does_nothing_to_voltages_whatever_else_is_asked_for():
    record = VoltageRecord("1C", "discharge at 1C for 1 min", np.array([10.0, 20.0]), None, 0.8, mesh=MESH)
    values, by_path = answer_by_path(record, CELL, {"inductance": 1e-7})
    np.testing.assert_array_equal(by_path["inductance"], [0.0, 0.0])
    of_nodes, beside = answer_by_path(record, CELL, {"inductance": 1e-7} | dict.fromkeys(NODES, 1.0))
    assert of_nodes == pytest.approx(values, abs=1e-4)
    assert set(beside) == {"inductance", *NODES}
    np.testing.assert_array_equal(beside["inductance"], [0.0, 0.0])


def test_a_spectrum_answers_for_its_inductance_alone():
    record = SpectrumRecord("spectrum", np.array([1.0, 1e3]), None, 0.5, mesh=MESH)
    values, by_path = answer_by_path(record, CELL, {"inductance": 1e-7})
    without, none = answer_by_path(record, CELL, {})
    assert none == {}
    assert by_path["inductance"] == pytest.approx([0.0, 0.0, 2.0 * np.pi, 2e3 * np.pi])
    assert values - without == pytest.approx(1e-7 * by_path["inductance"], abs=1e-12)


def test_samples_of_a_linear_model_have_its_mean_and_covariance():
    fit = fit_cell(CELL, [LinearRecord(MATRIX, MATRIX @ TRUTH, 0.01)], PATHS)
    samples = fit.posterior(1000, seed=1)
    exact = np.linalg.inv(MATRIX.T @ MATRIX / 1e-4)
    root = np.sqrt(np.diagonal(exact))
    assert samples.shape == (1000, 3)
    assert np.all(np.abs(samples.mean(axis=0) - TRUTH) < 0.25 * root)
    assert np.allclose(np.cov(samples.T) / np.outer(root, root), exact / np.outer(root, root), atol=0.25)
