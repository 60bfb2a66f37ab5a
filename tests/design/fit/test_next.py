"""What to measure or compute next: exact where it is a line, a plane or a normal distribution."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from typer.testing import CliRunner

from scalith.crystal import map_orderings, read_host, read_structures
from scalith.design import (
    Improvement,
    fit_cell,
    rank_improvements,
    rank_measurements,
    rank_orderings,
    rank_places,
    read_improvements,
)
from scalith.design.fit.information_gain import choose_candidates, target_error
from scalith.ladder.sensitivity import _result
from scalith.lattice import fit_cluster_expansion
from scalith.numerics.sobol_indices import polynomial_indices
from scalith.quantities import InputError, shipped
from tests.design.fit.linear_record import PATHS, LinearRecord
from tests.design.fit.test_calibration import CELL, MATRIX, TRUTH

X = np.random.default_rng(0).standard_normal((40, 3))
SHARES = _result(
    {"cell: capacity at 2C": (polynomial_indices(dict(zip("abc", X.T, strict=True)), X @ [2.0, 1.0, 0.5]), X @ [2, 1, 0.5], "C")},
    ["a", "b", "c"],
    [],
)


@pytest.mark.parametrize("criterion", ["D", "A", "c"])
def test_of_several_the_best_set_is_found(criterion):
    """Against all sets of three out of nine."""
    numbers = np.random.default_rng(4)
    added = [np.outer(row, row) for row in 2.0 * numbers.standard_normal((9, 3))]
    gradient = np.array([1.0, -2.0, 0.5])
    choice = choose_candidates(np.eye(3), added, np.ones(9), 3, criterion, gradient)
    best = min(target_error(np.eye(3) + sum(added[k] for k in one), criterion, gradient) for one in combinations(range(9), 3))
    assert choice.then == pytest.approx(best, rel=1e-12)
    assert choice.then < choice.before


def test_the_mean_of_the_variances_is_another_criterion_than_the_volume():
    fit = fit_cell(CELL, [LinearRecord(MATRIX, MATRIX @ TRUTH, 0.01)], PATHS)
    flat = LinearRecord(MATRIX * [0, 0, 1], None, 0.01, name="third alone")
    even = LinearRecord(MATRIX, None, 0.02, name="the same again, worse")
    found = rank_measurements(fit, [flat, even], criterion="A")
    information = MATRIX.T @ MATRIX / 1e-4
    for record, error in zip((flat, even), found.standard_error.values, strict=True):
        after = np.linalg.inv(information + record.matrix.T @ record.matrix / record.noise**2)
        assert error == pytest.approx(np.sqrt(np.trace(after) / 3), rel=1e-5)
    for criterion, target in (("E", "all"), ("c", "all"), ("E", PATHS[0])):
        with pytest.raises(InputError, match=r"criterion: .*D or A"):
            rank_measurements(fit, [flat], target, criterion=criterion)


def test_an_input_measured_once_more_halves_its_share_of_the_variance():
    found = rank_improvements(SHARES, "2C")
    first = SHARES["first_order"].values[0]
    expected = float(SHARES["deviation"][0]) * np.sqrt(1.0 - 0.5 * first)
    assert found.standard_error.values == pytest.approx(expected, rel=1e-9)
    assert str(found.candidate.values[found.order.values == 1][0]) == "a once more"
    dear = Improvement(name="a, exactly", improves=("a",), error=1e-3, cost=100.0)
    cheap = Improvement(name="b and c", improves=("[bc]",), error=1e-3, cost=1.0)
    assert rank_improvements(SHARES, "2C", [dear, cheap]).order.values.tolist() == [0, 1]
    with pytest.raises(InputError, match="improves"):
        rank_improvements(SHARES, "2C", [Improvement(name="d", improves=("d",))])
    with pytest.raises(InputError, match=r"rank_improvements: target: .*capacity at 2C"):
        rank_improvements(SHARES, "capacity at 3C")


def test_candidates_are_read_from_a_file(tmp_path):
    (tmp_path / "next.toml").write_text('[[candidate]]\nname = "titration"\nimproves = ["a"]\nerror = 0.5\ncost = 3.0\n')
    (one,) = read_improvements(tmp_path / "next.toml")
    assert (one.name, one.improves, one.error, one.cost) == ("titration", ("a",), 0.5, 3.0)
    (tmp_path / "bad.toml").write_text("candidate = 3\n")
    with pytest.raises(InputError, match="candidate"):
        read_improvements(tmp_path / "bad.toml")


def test_what_changes_a_ranking_changes_its_source():
    known = {"deviation": 1.0, "length": 1.0, "noise": 0.1}
    places = [
        rank_places([0.0, 1.0], **known),
        rank_places([0.0, 2.0], **known),
        rank_places([0.0, 1.0], target=[3.0], **known),
        rank_places([0.0, 1.0], costs=[1.0, 2.0], **known),
        rank_places([0.0, 1.0], choose=2, **known),
    ]
    assert len({found.attrs["source"] for found in places}) == len(places)
    shares = [SHARES, SHARES.assign(deviation=2.0 * SHARES["deviation"])]
    assert len({rank_improvements(one, "2C").attrs["source"] for one in shares}) == 2
    fit = fit_cell(CELL, [LinearRecord(MATRIX, MATRIX @ TRUTH, 0.01)], PATHS)
    plans = [LinearRecord(MATRIX, None, 0.01), LinearRecord(2.0 * MATRIX, None, 0.01)]
    measured = [rank_measurements(fit, [one]).attrs["source"] for one in plans]
    assert measured[0] != measured[1]
    assert measured[0] == rank_measurements(fit, plans[:1]).attrs["source"]
    assert measured[0] != rank_measurements(fit, plans[:1], costs=[2.0]).attrs["source"]


def test_the_command_line_says_which_study_it_needs(tmp_path, monkeypatch):
    from scalith.cli import app

    monkeypatch.chdir(tmp_path)
    found = CliRunner().invoke(app, ["next", "capacity at 2C"])
    assert isinstance(found.exception, InputError)
    assert "no finished climb" in str(found.exception)


def test_a_place_of_a_curve_is_chosen_where_it_is_least_known():
    """One known place at 0: of a Gaussian process the best place is beyond its length, and its error follows from two normals."""
    s, noise = 2.0, 0.1
    found = rank_places([0.0, 0.5, 3.0], deviation=s, length=1.0, noise=noise, known=[0.0], target=[3.0])
    kernel = s**2 * np.exp(-0.5 * np.subtract.outer([0.0, 0.5, 3.0], [0.0, 0.5, 3.0]) ** 2)
    for k, error in enumerate(found.standard_error.values):
        at = [0, k]
        cross = kernel[2, at]
        exact = kernel[2, 2] - cross @ np.linalg.solve(kernel[np.ix_(at, at)] + noise**2 * np.eye(2), cross)
        assert error == pytest.approx(np.sqrt(exact), rel=1e-6)
    assert found.order.values.tolist() == [0, 0, 1]
    with pytest.raises(InputError, match="length"):
        rank_places([0.0], deviation=1.0, length=0.0, noise=0.1)


def test_an_ordering_narrows_what_its_energy_says():
    """Computed again, the energy of an ordering is known as two normal numbers are: 1/v + 1/σ²."""
    host = read_host(shipped("dft_energies/LixNiO2/smol_lno_prim.json"))
    orderings = map_orderings(host, read_structures(shipped("dft_energies/LixNiO2/smol_lno_entries.json")), repeated="all")
    fit = fit_cluster_expansion(host, orderings.isel(structure=slice(0, 14)), pair_cutoff=5.0, triplet_cutoff=0.0)
    now = rank_orderings(fit, orderings, {20: 1.0})
    variance = now.attrs["standard_error_now"] ** 2
    alone = 1.0 / np.sqrt(1.0 / variance + 1.0 / fit.noise**2)
    assert float(now.standard_error[20]) == pytest.approx(alone, rel=1e-9)
    both = rank_orderings(fit, orderings, choose=2)
    assert both.attrs["standard_error_then"] < float(both.standard_error.min()) < both.attrs["standard_error_now"]
    part = rank_orderings(fit, orderings.isel(structure=slice(0, 21)), {20: 1.0})
    dear = rank_orderings(fit, orderings, {20: 1.0}, costs=[2.0] * orderings.sizes["structure"])
    assert len({now.attrs["source"], part.attrs["source"], dear.attrs["source"]}) == 3
    with pytest.raises(InputError, match="posterior"):
        rank_orderings(fit.model_copy(update={"covariance": ()}), orderings)
