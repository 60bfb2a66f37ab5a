from __future__ import annotations

import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from scalith.crystal import read_host, read_structures, write_structures
from scalith.crystal.files.convergence import why_not_converged
from scalith.quantities import InputError


def oxide(energy=-5.0, **info):
    atoms = Atoms("LiO", positions=[[0, 0, 0], [0, 0, 2]], cell=[4, 4, 4], pbc=True, info=info)
    atoms.calc = SinglePointCalculator(atoms, energy=energy)
    return atoms


def vasprun(scsteps, ions, nelm=60, nsw=10, ibrion=2, end="</modeling>"):
    head = f'<modeling><i type="int" name="NELM"> {nelm}</i><i type="int" name="IBRION"> {ibrion}</i><i type="int" name="NSW"> {nsw}</i>'
    return head + ions * ("<calculation>" + scsteps * "<scstep></scstep>" + "</calculation>") + end


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (vasprun(12, 5), ""),
        (vasprun(60, 5), "self-consistency not reached in 60 steps"),
        (vasprun(12, 10), "relaxation not finished after 10 steps"),
        (vasprun(12, 1, nsw=0, ibrion=-1), ""),
        (vasprun(12, 5, end=""), "the run broke off before its end"),
    ],
)
def test_vasprun(text, reason):
    assert why_not_converged("vasp xml", text) == reason


END = "General timing and accounting informations for this job"
DONE = "Iteration 1( 9)\n aborting loop because EDIFF is reached\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"IBRION = 2\nNSW = 20\n{DONE}reached required accuracy - stopping structural energy minimisation\n{END}", ""),
        (f"IBRION = 2\nNSW = 20\n{DONE}{END}", "relaxation not finished after 20 steps"),
        (f"IBRION = -1\nNSW = 0\n{DONE}{END}", ""),
        (f"IBRION = -1\nNSW = 0\nIteration 1( 60)\n{END}", "self-consistency not reached"),
        (f"IBRION = -1\nNSW = 0\n{DONE}", "the run broke off before its end"),
    ],
)
def test_outcar(text, reason):
    assert why_not_converged("vasp outcar", text) == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("convergence has been achieved in 9 iterations", ""),
        ("convergence NOT achieved after 100 iterations: stopping", "self-consistency not reached"),
        ("The maximum number of steps has been reached.", "relaxation not finished"),
    ],
)
def test_espresso(text, reason):
    assert why_not_converged("quantum espresso", text) == reason


def test_a_folder_names_each_file_that_it_leaves_out(tmp_path):
    for name, frames in (("good", [oxide(-5.0)]), ("half", [oxide(-4.0), oxide(-4.5, converged=False, problem="forces left")])):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "last.extxyz", frames, format="extxyz")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "vasprun.xml").write_text(vasprun(3, 1, end=""))
    (tmp_path / "broken" / "more.json").write_text("{")
    found = read_structures(tmp_path)
    assert [item.energy for item in found] == [-5.0, -4.0]
    reasons = dict(found.left_out)
    assert len(reasons) == 3
    assert "forces left" in reasons.values()
    assert set(reasons) >= {"broken/vasprun.xml", "broken/more.json"}
    assert len(read_structures(tmp_path, unconverged=True)) == 3


def test_a_folder_with_nothing_usable_says_why(tmp_path):
    (tmp_path / "more.json").write_text("{")
    with pytest.raises(InputError, match=r"none that can be used \(more.json"):
        read_structures(tmp_path)


def test_energies_of_two_engines_are_refused(tmp_path):
    write(tmp_path / "set.extxyz", [oxide(-5.0, engine="chgnet 0.3.0"), oxide(-9.0, engine="chgnet r2scan")], format="extxyz")
    with pytest.raises(InputError, match=r"chgnet 0.3.0 and chgnet r2scan, expected energies of one engine"):
        read_structures(tmp_path / "set.extxyz")
    for k, engine in enumerate(("chgnet 0.3.0", "chgnet r2scan")):
        (tmp_path / f"folder/{k}").mkdir(parents=True)
        write(tmp_path / f"folder/{k}/a.extxyz", oxide(-5.0, engine=engine), format="extxyz")
    with pytest.raises(InputError, match="energies of one engine"):
        read_structures(tmp_path / "folder")


def test_what_is_written_is_read_back(tmp_path):
    write(tmp_path / "a.extxyz", [oxide(-5.0, engine="gpaw"), oxide(-6.0, engine="gpaw", label="second")], format="extxyz")
    first = read_structures(tmp_path / "a.extxyz")
    assert first.source.settings == {"engine": "gpaw"}
    write_structures(first, tmp_path / "b.extxyz")
    second = read_structures(tmp_path / "b.extxyz")
    assert [item.energy for item in second] == [-5.0, -6.0]
    assert second[1].origin == "second"


def test_left_out_structures_are_listed_with_those_that_do_not_map(tmp_path):
    from scalith.crystal import map_orderings

    write(tmp_path / "host.cif", oxide())
    write(tmp_path / "a.extxyz", [oxide(), oxide(converged=False)], format="extxyz")
    mapped = map_orderings(read_host(tmp_path / "host.cif"), read_structures(tmp_path / "a.extxyz"))
    assert mapped["rejected_reason"].values.tolist() == ["the run did not converge"]
