from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from ase import Atoms

from scalith.atoms import Engine, Relaxation, check_structure, relax
from scalith.quantities import InputError

PLANTED = "tests.atoms.planted:Planted"


def rocksalt():
    return Atoms(
        "LiO", scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], cell=[[0, 2.1, 2.1], [2.1, 0, 2.1], [2.1, 2.1, 0]], pbc=True
    )


def test_cell_and_positions_relax_to_the_planted_minimum():
    engine = Engine(name=PLANTED, settings={"volume": 0.06, "pair": 0.0})
    atoms = rocksalt()
    volume = atoms.get_volume()
    found = relax(atoms, engine, Relaxation(force_tolerance=1e-3))
    assert found.converged
    assert found.problem == ""
    assert found.atoms.get_volume() == pytest.approx(1.06 * volume, rel=1e-3)
    assert found.energy == pytest.approx(-3.0, abs=1e-4)
    assert found.atoms.get_potential_energy() == found.energy
    assert found.forces_left < 1e-3
    assert atoms.get_volume() == volume  # what was given is left as it is


def test_a_fixed_cell_stays():
    found = relax(rocksalt(), Engine(name=PLANTED, settings={"volume": 0.06}), Relaxation(cell=False))
    assert found.atoms.get_volume() == pytest.approx(rocksalt().get_volume(), rel=1e-12)


def test_a_relaxation_that_is_not_finished_is_flagged():
    found = relax(rocksalt(), Engine(name=PLANTED, settings={"volume": 0.2}), Relaxation(force_tolerance=1e-4, steps=1))
    assert not found.converged
    assert "is left after 1 steps" in found.problem
    assert np.isfinite(found.energy)


def test_self_consistency_that_fails_is_flagged_not_raised():
    found = relax(rocksalt(), Engine(name=PLANTED, settings={"fails": True}))
    assert not found.converged
    assert found.problem == "the engine failed: SCFError: no convergence in 100 cycles"
    assert np.isnan(found.energy)


def test_overlapping_atoms_are_refused_before_anything_is_computed():
    atoms = rocksalt()
    atoms.positions[1] = [0.4, 0.0, 0.0]
    with pytest.raises(InputError, match=r"Li 0 and O 1: found 0.40 Å apart, expected atoms farther than 1.07 Å"):
        relax(atoms, Engine(name="no_such_module:Class"))


@pytest.mark.parametrize(
    ("states", "message"),
    [
        ({"Li": 1, "O": -2}, r"charge balance: found -1 e in LiO, expected a neutral cell"),
        ({"Li": 1, "O": (-0.5, 0)}, r"found \+0.5 e in LiO"),
        ({"Li": 1}, "none for O"),
    ],
)
def test_charges_that_cannot_balance_are_refused(states, message):
    with pytest.raises(InputError, match=message):
        check_structure(rocksalt(), states)


def test_missing_pseudopotentials_stop_the_run(tmp_path):
    engine = Engine(
        name="espresso", settings={"command": "false", "pseudo_dir": str(tmp_path), "pseudopotentials": {"Li": "Li.upf"}}
    )
    with pytest.raises(InputError, match=r"no file Li.upf"):
        relax(rocksalt(), engine)


def test_a_program_that_breaks_off_is_flagged_and_leaves_no_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "all.upf").write_text("")
    engine = Engine(
        name="espresso",
        settings={"command": "false", "pseudo_dir": str(tmp_path), "pseudopotentials": {"Li": "all.upf", "O": "all.upf"}},
    )
    found = relax(rocksalt(), engine, Relaxation(steps=0))
    assert not found.converged
    assert found.problem.startswith("the engine failed: ")
    assert [path.name for path in tmp_path.iterdir()] == ["all.upf"]


def test_mixed_valence_balances():
    check_structure(rocksalt(), {"Li": 1, "O": (-2, -1)})
    with pytest.raises(InputError, match="charge"):
        check_structure(rocksalt(), {"Li": 1, "O": (-4, -3)})


@pytest.mark.skipif(importlib.util.find_spec("chgnet") is None, reason="chgnet is not installed")
def test_chgnet_relaxes_rocksalt_lithium_oxide_to_smaller_forces():
    atoms = rocksalt()
    atoms.positions[1] += [0.1, 0.0, 0.05]
    found = relax(atoms, Engine(name="chgnet"), Relaxation(force_tolerance=0.05, cell=False))
    assert found.converged
    assert found.forces_left < 0.05
