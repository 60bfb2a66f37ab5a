from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from scalith.atoms import Engine, write_inputs
from scalith.quantities import InputError, MissingDependencyError


def test_settings_decide_the_digest():
    assert Engine(name="chgnet").digest != Engine(name="chgnet", settings={"model": "r2scan"}).digest
    assert Engine(name="chgnet", settings={"model": "r2scan"}).label == "chgnet r2scan"
    assert Engine(name="gpaw", settings={"xc": "PBE"}).digest == Engine.read({"name": "gpaw", "settings": {"xc": "PBE"}}).digest


def test_an_engine_by_import_path():
    engine = Engine(name="ase.calculators.emt:EMT")
    atoms = bulk("Cu")
    atoms.calc = engine.calculator()
    assert atoms.get_potential_energy() == pytest.approx(-0.0057, abs=1e-3)
    assert engine.version


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        (
            "chgnett",
            {},
            "engine: name: found 'chgnett', expected a known name; did you mean 'chgnet'?, or 'module:Class' of an ASE calculator",
        ),
        ("chgnet", {"model": "0.1"}, "engine: model: found '0.1', expected one of 0.3.0, r2scan"),
    ],
)
def test_unknown_engines_are_refused(name, settings, message):
    with pytest.raises(InputError) as error:
        Engine.read({"name": name, "settings": settings}, "engine")
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("no_such_module:Class", {}, "an installed module"),
        ("ase.calculators.emt:Nothing", {}, "a class that ase.calculators.emt holds"),
        ("ase.calculators.singlepoint:SinglePointCalculator", {}, "keywords that"),
        ("espresso", {"command": "no_pw.x"}, "apt-get install quantum-espresso"),
        ("abinit", {"command": "no_abinit"}, "apt-get install abinit"),
        ("vasp", {"command": "no_vasp"}, "licensed by its makers"),
        ("chgnet", {"cutoff": 3.0}, "settings: model, threads"),
    ],
)
def test_an_engine_that_is_not_there_says_what_installs_it(name, settings, words):
    with pytest.raises(InputError, match=words):
        Engine(name=name, settings=settings).calculator()


@pytest.mark.parametrize(
    ("name", "package", "command"), [("chgnet", "chgnet", r"scalith\[mlip\]"), ("gpaw", "gpaw", r"scalith\[dft\]")]
)
def test_a_missing_package_names_its_extra(monkeypatch, name, package, command):
    import sys

    monkeypatch.delitem(sys.modules, "scalith.atoms.chgnet_calculator", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setitem(sys.modules, f"{package}.model.model", None)
    with pytest.raises(MissingDependencyError, match=command):
        Engine(name=name).calculator()


def half_filled():
    return Atoms(
        "LiCoO2", scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5], [0.26, 0.26, 0.26], [0.74, 0.74, 0.74]], cell=[2.8, 2.8, 4.9]
    )


def test_espresso_inputs_are_written_for_a_cluster(tmp_path):
    for element in ("Li", "Co", "O"):
        (tmp_path / f"{element}.upf").write_text("")
    files = {element: f"{element}.upf" for element in ("Li", "Co", "O")}
    engine = Engine(
        name="espresso",
        settings={
            "pseudo_dir": str(tmp_path),
            "pseudopotentials": files,
            "input_data": {"control": {"calculation": "vc-relax"}, "system": {"ecutwfc": 60}},
            "kpts": [4, 4, 2],
        },
    )
    written = write_inputs(half_filled(), engine, tmp_path / "run")
    text = written[0].read_text()
    assert "vc-relax" in text
    assert "Co.upf" in text
    assert "4 4 2" in text


def test_missing_pseudopotentials_are_named(tmp_path):
    engine = Engine(name="espresso", settings={"pseudo_dir": str(tmp_path), "pseudopotentials": {"Li": "Li.upf"}})
    with pytest.raises(InputError, match="none for Co"):
        write_inputs(half_filled(), engine, tmp_path / "run")
    files = {"Li": "Li.upf", "Co": "Co.upf", "O": "O.upf"}
    with pytest.raises(InputError, match=r"no file Co.upf"):
        write_inputs(
            half_filled(), Engine(name="espresso", settings={"pseudo_dir": str(tmp_path), "pseudopotentials": files}), tmp_path
        )


def test_abinit_inputs_and_missing_potentials(tmp_path):
    with pytest.raises(InputError, match="a file for each element in one of the folders pp_paths"):
        write_inputs(half_filled(), Engine(name="abinit", settings={"pp_paths": [str(tmp_path)], "ecut": 700}), tmp_path / "run")
    for number, element in ((3, "Li"), (27, "Co"), (8, "O")):
        (tmp_path / f"{number:02d}-{element}.LDA.fhi").write_text("")
    written = write_inputs(
        half_filled(), Engine(name="abinit", settings={"pp_paths": [str(tmp_path)], "ecut": 700}), tmp_path / "run"
    )
    assert "abinit.in" in {path.name for path in written}


def test_vasp_without_potentials_is_told(tmp_path, monkeypatch):
    monkeypatch.delenv("VASP_PP_PATH", raising=False)
    with pytest.raises(InputError, match="VASP_PP_PATH"):
        write_inputs(half_filled(), Engine(name="vasp", settings={"xc": "PBE", "encut": 520}), tmp_path / "run")


def test_vasp_inputs(tmp_path, monkeypatch):
    for element in ("Li", "Co", "O"):
        folder = tmp_path / "potentials" / "potpaw_PBE" / element
        folder.mkdir(parents=True)
        (folder / "POTCAR").write_text(f" PAW_PBE {element}\n")
    monkeypatch.setenv("VASP_PP_PATH", str(tmp_path / "potentials"))
    written = write_inputs(
        half_filled(), Engine(name="vasp", settings={"xc": "PBE", "encut": 520, "kpts": [4, 4, 2]}), tmp_path / "run"
    )
    assert {path.name for path in written} >= {"INCAR", "POSCAR", "KPOINTS", "POTCAR"}


def test_an_engine_inside_python_needs_no_files(tmp_path):
    with pytest.raises(InputError, match="run inside Python"):
        write_inputs(half_filled(), Engine(name="chgnet"), tmp_path)


@pytest.mark.skipif(importlib.util.find_spec("chgnet") is None, reason="chgnet is not installed")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("model", ["0.3.0", "r2scan"])
def test_one_backward_pass_gives_what_chgnet_gives(model):
    from chgnet.model.dynamics import CHGNetCalculator
    from chgnet.model.model import CHGNet

    atoms = bulk("LiO", "rocksalt", a=4.2, cubic=True)
    atoms.set_cell(np.add(atoms.cell, [[0.1, 0, 0], [0.2, 0, 0.05], [0, 0.1, 0]]), scale_atoms=True)
    atoms.rattle(0.05, seed=1)
    ours = atoms.copy()
    ours.calc = Engine(name="chgnet", settings={"model": model}).calculator()
    atoms.calc = CHGNetCalculator(CHGNet.load(model_name=model, use_device="cpu", verbose=False), use_device="cpu")
    assert ours.get_potential_energy() == pytest.approx(atoms.get_potential_energy(), abs=1e-4)
    assert np.allclose(ours.get_forces(), atoms.get_forces(), atol=1e-4)
    assert np.allclose(ours.get_stress(), atoms.get_stress(), atol=1e-5)
    assert np.allclose(ours.get_magnetic_moments(), atoms.get_magnetic_moments(), atol=1e-4)


@pytest.mark.skipif(importlib.util.find_spec("chgnet") is None, reason="chgnet is not installed")
def test_chgnet_forces_are_the_slope_of_its_energy():
    atoms = bulk("LiO", "rocksalt", a=4.2)
    atoms.positions[1] += [0.05, 0.02, 0.0]
    atoms.calc = Engine(name="chgnet").calculator()
    force = atoms.get_forces()[0, 0]
    energies = []
    for step in (0.02, -0.02):
        moved = atoms.copy()
        moved.positions[0, 0] += step
        moved.calc = atoms.calc
        energies.append(moved.get_potential_energy())
    assert force == pytest.approx(-(energies[0] - energies[1]) / 0.04, abs=2e-2)
    assert np.asarray(atoms.get_stress()).dtype == np.float64
