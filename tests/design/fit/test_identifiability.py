"""What cannot be told apart is found by its null directions, and named; a measurement that would tell is ranked first."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import Mesh, read_cell
from scalith.design import fit_cell, identify, planned_run, planned_spectrum, rank_measurements
from scalith.design.fit.identifiability import of_jacobian
from scalith.quantities import InputError
from tests.design.fit.linear_record import PATHS, LinearRecord

CELL = read_cell("lgm50_chen2020")
COARSE = Mesh(negative=6, separator=3, positive=6, nodes=12)


def test_only_a_sum_is_seen():
    rows = np.random.default_rng(0).standard_normal((30, 3))
    rows[:, 2] = rows[:, 1]
    found = of_jacobian(("a", "b", "c"), np.concatenate([rows, np.zeros((30, 0))], axis=1))
    assert found.sentences == ["b, c: only one combination of these 2 is seen"]
    assert np.allclose(np.abs(found.null_directions), [[0.0, 0.5**0.5, 0.5**0.5]], atol=1e-7)
    assert np.isfinite(found.standard_errors[0])
    assert np.all(np.isinf(found.standard_errors[1:]))


def test_two_of_three_combinations_of_three():
    rows = np.outer(np.random.default_rng(0).standard_normal(30), [1.0, 2.0, -1.0])
    found = of_jacobian(("a", "b", "c"), rows)
    assert found.sentences == ["a, b, c: only one combination of these 3 is seen"]
    assert found.null_directions.shape == (2, 3)
    assert np.allclose(found.null_directions @ [1.0, 2.0, -1.0], 0.0, atol=1e-7)


def test_a_parameter_that_nothing_depends_on():
    found = of_jacobian(("a", "b"), np.array([[1.0, 0.0], [2.0, 0.0], [1.0, 0.0]]))
    assert found.sentences == ["b: the data do not depend on it"]


def test_well_told_parameters_need_no_words():
    found = of_jacobian(("a", "b"), 100.0 * np.eye(2))
    assert found.sentences == []
    assert found.collinearity == pytest.approx(1.0)
    assert np.allclose(found.standard_errors, 0.01)


def test_exchange_currents_and_a_resistance_are_one_without_frequencies_that_part_them():
    """Without double layers, charge transfer of both electrodes is one resistance: all three enter a spectrum as a sum."""
    names = ["negative_electrode.exchange_current_density", "positive_electrode.exchange_current_density", "contact_resistance"]
    one = planned_spectrum(CELL, np.geomspace(10.0, 1e3, 8), 0.5, noise="0.5 %", mesh=COARSE)
    found = identify(CELL, [one], names, start={"contact_resistance": 0.005})
    assert found.collinearity > 50.0
    assert any("only" in sentence or "hardly told apart" in sentence for sentence in found.sentences)
    run = planned_run(CELL, ["Discharge at 1C for 10 min"], 0.9, noise="1 mV", samples=30, mesh=COARSE)
    assert identify(CELL, [one, run], names, start={"contact_resistance": 0.005}).collinearity < found.collinearity


def test_the_gain_foretold_is_the_gain_found():
    generator = np.random.default_rng(1)
    rows, more, less = (generator.standard_normal((n, 3)) for n in (40, 60, 5))
    truth = np.array([0.3, 0.5, 0.2])
    first = LinearRecord(rows, rows @ truth, 0.01)
    fit = fit_cell(CELL, [first], PATHS)
    candidates = [LinearRecord(less, None, 0.01, name="less"), LinearRecord(more, None, 0.01, name="more")]
    ranked = rank_measurements(fit, candidates, PATHS[1])
    assert ranked.order.values.tolist() == [0, 1]
    after = fit_cell(CELL, [first, LinearRecord(more, more @ truth, 0.01, name="more")], PATHS)
    assert float(ranked.standard_error[1]) == pytest.approx(after.standard_error(PATHS[1]), rel=1e-6)
    assert ranked.attrs["standard_error_now"] == pytest.approx(fit.standard_error(PATHS[1]), rel=1e-6)
    # Per cost the small one may be the better.
    cheap = rank_measurements(fit, candidates, PATHS[1], costs=[0.01, 10.0])
    assert cheap.order.values.tolist() == [1, 0]
    both = rank_measurements(fit, candidates, choose=2)
    assert sorted(both.order.values.tolist()) == [1, 2]


def test_wrong_questions_get_a_sentence():
    rows = np.random.default_rng(1).standard_normal((40, 3))
    fit = fit_cell(CELL, [LinearRecord(rows, rows @ [0.3, 0.5, 0.2], 0.01)], PATHS)
    planned = LinearRecord(rows, None, 0.01)
    for candidates, more, words in [
        ([], {}, "planned_run"),
        ([planned], {"target": "capacity"}, "target"),
        ([planned], {"costs": [0.0]}, "positive"),
        ([planned], {"choose": 2}, "1 to 1"),
        ([LinearRecord(rows, None)], {}, "a stated noise"),
    ]:
        with pytest.raises(InputError, match=words):
            rank_measurements(fit, candidates, **more)
    with pytest.raises(InputError, match="at least one record"):
        identify(CELL, [], PATHS)
