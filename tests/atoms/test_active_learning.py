from __future__ import annotations

import numpy as np
import pytest

from scalith.atoms import Engine, Relaxation, learn_orderings
from scalith.atoms.active_learning import _hull
from scalith.crystal import enumerate_orderings
from scalith.lattice import fit_cluster_expansion
from scalith.quantities import InputError
from tests.atoms.hosts import layered

RELAXATION = Relaxation(force_tolerance=1e-3)
ENGINE = Engine(name="tests.atoms.planted:Planted", settings={"site": -3.0, "pair": 0.1, "reach": 3.2})


def expansion(known, candidates):
    """A cluster expansion and the scatter of its posterior."""
    fitted = fit_cluster_expansion(layered(), known, pair_cutoff=4.5, triplet_cutoff=0.0, method="bayesian")

    def energies(member):
        rows = zip(*(candidates[name].values for name in ("supercell", "filled", "sublattice", "offset")), strict=True)
        return [member.energy(cell, f[f >= 0], s[f >= 0], o[f >= 0]) for cell, f, s, o in rows]

    scatter = np.std([energies(member) for member in fitted.draws(8, seed=1)], axis=0)
    return np.array(energies(fitted)), scatter, fitted.leave_one_out_error


@pytest.mark.long
def test_the_loop_settles_on_a_planted_model(tmp_path):
    """Neighbours repel: the checkerboard layers are the only ground states between empty and full."""
    candidates = enumerate_orderings(layered(), [1, 2, 3, 4])
    found, report = learn_orderings(
        layered(), candidates, ENGINE, tmp_path / "set.db", expansion, initial=8, batch=4, relaxation=RELAXATION
    )
    assert report.stopped == "settled"
    assert report.rounds[-1].threats == 0
    assert report.rounds[-1].leave_one_out_error < 1e-6
    assert "and the hull by 0.00 meV; no ordering threatens it" in report.why
    assert found.sizes["structure"] == report.rounds[-1].computed < candidates.sizes["structure"]
    x, energy = found["x"].values, found["energy"].values
    assert min(energy[x == 0.5]) == pytest.approx(-1.5 + min(energy[x == 0.0]), abs=1e-4)  # no two neighbours
    assert [item.computed for item in report.rounds] == sorted(item.computed for item in report.rounds)


@pytest.mark.long
def test_a_loop_that_was_interrupted_repeats_itself(tmp_path, monkeypatch):
    from scalith.atoms import database

    candidates = enumerate_orderings(layered(), [1, 2, 3])
    arguments = (layered(), candidates, ENGINE, tmp_path / "set.db", expansion)
    first = learn_orderings(*arguments, initial=6, batch=4, relaxation=RELAXATION)
    monkeypatch.setattr(database, "relax", None)
    assert learn_orderings(*arguments, initial=6, batch=4, relaxation=RELAXATION)[1] == first[1]


def test_rounds_are_limited_and_the_report_says_so(tmp_path):
    def unsure(known, candidates):
        return np.full(candidates.sizes["structure"], -10.0), np.linspace(0, 1, candidates.sizes["structure"]), 0.5

    candidates = enumerate_orderings(layered(), [1, 2, 3])
    _, report = learn_orderings(
        layered(), candidates, ENGINE, tmp_path / "a.db", unsure, initial=4, batch=2, rounds=2, relaxation=RELAXATION
    )
    assert report.stopped == "rounds"
    assert report.why.startswith("2 rounds were done;")
    assert report.rounds[-1].computed == 6


def test_a_small_set_is_exhausted(tmp_path):
    candidates = enumerate_orderings(layered(), [1, 2])
    total = candidates.sizes["structure"]

    def unsure(known, candidates):
        return np.full(total, -10.0), np.ones(total), 0.5

    found, report = learn_orderings(
        layered(), candidates, ENGINE, tmp_path / "a.db", unsure, initial=3, batch=3, relaxation=RELAXATION
    )
    assert report.stopped == "exhausted"
    assert found.sizes["structure"] == total


def test_more_than_there_is_is_refused(tmp_path):
    candidates = enumerate_orderings(layered(), [1])
    with pytest.raises(InputError, match="2 to 2 orderings"):
        learn_orderings(layered(), candidates, ENGINE, tmp_path / "a.db", expansion, initial=9)


def test_hull_of_four_points():
    x, energy = np.array([0.0, 0.5, 0.5, 1.0]), np.array([0.0, -1.0, -0.2, 0.0])
    assert _hull(x, energy, np.array([0.0, 0.25, 0.5, 0.75, 1.0])) == pytest.approx([0.0, -0.5, -1.0, -0.5, 0.0])
