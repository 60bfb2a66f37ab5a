"""A user's folder of runs: compressed files, steps of one run, mixed functionals, the metal and other phases among them."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import read, write

from scalith.crystal import map_orderings, metal_reference, read_host, read_structures, voltage_of_orderings, write_structures
from scalith.lattice import fit_cluster_expansion
from scalith.quantities import InputError, shipped
from tests.crystal.vasp_runs import put, vasprun

HOST = read_host(shipped("dft_energies/LixCoO2_chgnet/LixCoO2_prim.json"))
FRAMES = read(shipped("dft_energies/LixCoO2_chgnet/energies.extxyz"), ":8")
U = {"Co": 3.32}
ENERGIES = [frame.get_potential_energy() for frame in FRAMES]


def written(folder, name="vasprun.xml", count=8, shift=0.0, **tags):
    for k, frame in enumerate(FRAMES[:count]):
        put(folder, f"{k:03d}/{name}", vasprun(frame, ENERGIES[k] + shift * len(frame) / 4, hubbard=U, **tags))


@pytest.mark.parametrize("name", ["vasprun.xml", "vasprun.xml.gz", "vasprun.relax2.xml.gz", "static/vasprun.xml.gz"])
def test_compressed_runs_are_read_with_how_they_were_computed(tmp_path, name):
    written(tmp_path, name)
    found = read_structures(tmp_path)
    assert [item.energy for item in found] == pytest.approx(ENERGIES)
    (item, *_) = found
    assert item.origin == f"000/{name}"
    assert item.run_type is not None
    assert item.run_type.model_dump(exclude={"potentials"}) == {
        "code": "vasp",
        "functional": "PE",
        "hubbard": U,
        "cutoff": 520.0,
        "spin": "collinear",
    }
    assert item.run_type.potentials["Co"] == "PAW_PBE Co 08Apr2002"
    mapped = map_orderings(HOST, found)
    assert json.loads(mapped.attrs["run_type"])["hubbard"] == U


@pytest.mark.parametrize("name", ["vasprun_{}.xml", "{}_vasprun.xml.gz", "{}.xml", "Übung – {} ✓/vasprun.xml"])
def test_runs_side_by_side_in_one_folder_are_told_apart_by_their_names(tmp_path, name):
    for k, frame in enumerate(FRAMES):
        put(tmp_path, name.format(k), vasprun(frame, ENERGIES[k], hubbard=U))
    found = read_structures(tmp_path)
    assert sorted(item.energy for item in found) == pytest.approx(sorted(ENERGIES))
    assert found.left_out == ()


def test_vasp_says_one_run_twice(tmp_path):
    for k in (0, 1):
        put(tmp_path, f"vasprun_{k}.xml", vasprun(FRAMES[k], ENERGIES[k], hubbard=U))
        put(tmp_path, f"OUTCAR_{k}", " vasp.6.4.2\n")
    assert len(read_structures(tmp_path)) == 2
    put(tmp_path, "1_OUTCAR", " vasp.6.4.2\n")  # a third run, which broke off
    ((name, reason),) = read_structures(tmp_path).left_out
    assert name == "1_OUTCAR"
    assert reason


@pytest.mark.parametrize(("broken", "told"), [("vasprun.xml", 0), ("vasprun.xml.1", 1), ("vasprun_1.xml", 1)])
def test_a_run_that_broke_off_is_told_unless_its_own_outcar_stands_in(tmp_path, broken, told):
    frame = FRAMES[0].copy()
    frame.info |= {"label": "OUTCAR", "energy": ENERGIES[0]}
    write(tmp_path / "stands_in.extxyz", frame)
    (tmp_path / broken).write_text("<modeling>")
    found = read_structures(tmp_path)
    assert [item.origin for item in found] == ["OUTCAR"]
    assert [name for name, _ in found.left_out] == [broken] * told


def test_a_damaged_file_among_others_is_passed_by(tmp_path):
    """Compressed bytes that are wrong, not cut off."""
    written(tmp_path, count=1)
    damaged = bytearray(gzip.compress(b"     Program PWSCF v.7.2 starts on\n" * 99))
    damaged[10:18] = b"\xff" * 8
    (tmp_path / "pw.out.gz").write_bytes(bytes(damaged))
    assert len(read_structures(tmp_path)) == 1
    (tmp_path / "host.json.gz").write_bytes(bytes(damaged))
    with pytest.raises(InputError, match="readable JSON file"):
        read_host(tmp_path / "host.json.gz")


def test_a_run_that_ended_before_its_first_energy_is_said(tmp_path):
    put(tmp_path, "pw.out", "     Program PWSCF v.7.2 starts on\n")
    with pytest.raises(InputError, match="no finished step with its energy, expected a run that came to its end"):
        read_structures(tmp_path / "pw.out")


@pytest.mark.parametrize(
    ("tags", "u", "said"),
    [
        (
            {},
            None,
            "Hubbard U of Co: found 0 eV in 001/vasprun.xml, 003/vasprun.xml, 005/vasprun.xml and 1 more; 3.32 eV in the other 4",
        ),
        ({"ENCUT": "400"}, U, "cut-off: found 400 eV in 001/vasprun.xml"),
        ({"GGA": "PS"}, U, "functional: found PS in 001/vasprun.xml"),
        ({"METAGGA": "R2SCAN"}, U, "functional"),
        ({"LHFCALC": "T", "HFSCREEN": "0.2"}, U, "functional"),
        ({"ISPIN": "1"}, U, "spin"),
    ],
)
def test_mixed_sets_are_refused_with_the_rows_named(tmp_path, tags, u, said):
    written(tmp_path)
    for k in (1, 3, 5, 7):
        put(tmp_path, f"{k:03d}/vasprun.xml", vasprun(FRAMES[k], ENERGIES[k] - 3.0, hubbard=u, **tags))
    with pytest.raises(InputError) as caught:
        map_orderings(HOST, read_structures(tmp_path))
    assert said in str(caught.value)
    assert "expected one in all runs" in str(caught.value)
    accepted = {
        "Hubbard": "hubbard",
        "cut-off:": "cutoff",
        "functional:": "functional",
        "functional": "functional",
        "spin": "spin",
    }
    assert map_orderings(HOST, read_structures(tmp_path), accepted=[accepted[said.split()[0]]]).sizes["structure"] == len(FRAMES)


def test_of_relaxations_and_a_static_run_the_last_counts(tmp_path):
    written(tmp_path, "relax1/vasprun.xml", shift=0.3)
    written(tmp_path, "relax2/vasprun.xml", shift=-0.02)
    written(tmp_path, "static/vasprun.xml")
    found = read_structures(tmp_path)
    # The static run is neither the first nor the lowest.
    assert [item.energy for item in found] == pytest.approx(ENERGIES)
    assert len(found.left_out) == 2 * len(FRAMES)
    assert dict(found.left_out)["003/relax2/vasprun.xml"] == "an earlier step of the run in 003, of which the last counts"
    mapped = map_orderings(HOST, found)
    fit = fit_cluster_expansion(HOST, mapped, pair_cutoff=3.0, triplet_cutoff=0.0)
    assert fit.source.settings["structures"] == mapped.sizes["structure"]
    # A last step that broke off gives way to the one before it, and is named.
    put(tmp_path, "003/static/vasprun.xml", "<modeling>")
    found = read_structures(tmp_path)
    assert sum("relax2" in item.origin for item in found) == 1
    assert "003/static/vasprun.xml" in dict(found.left_out)


def test_the_metal_is_offered_and_other_phases_are_named(tmp_path):
    written(tmp_path)
    put(tmp_path, "Li/vasprun.xml", vasprun(bulk("Li", "bcc", a=3.44), -1.9, ISPIN="1"))
    put(tmp_path, "Li_atom/vasprun.xml", vasprun(Atoms("Li", cell=[12, 12, 12], pbc=True), -0.3))
    places = np.random.default_rng(0).random((7, 3))
    put(
        tmp_path,
        "Co3O4/vasprun.xml",
        vasprun(Atoms("Co3O4", cell=[4, 4, 6], scaled_positions=places, pbc=True), -40.0, hubbard=U),
    )
    put(
        tmp_path,
        "spinel/vasprun.xml",
        vasprun(Atoms("LiCo2O4", cell=[4, 4, 6], scaled_positions=places, pbc=True), -40.0, hubbard=U),
    )
    put(tmp_path, "slurm/slurm-123.out", "node 17\n")
    put(tmp_path, "qe/pw.out", "     Program PWSCF v.7.2 starts on\n")
    mapped = map_orderings(HOST, read_structures(tmp_path))
    assert mapped.sizes["structure"] == len(FRAMES)
    reasons = dict(zip(mapped["rejected_origin"].values.tolist(), mapped["rejected_reason"].values.tolist(), strict=True))
    assert set(reasons) == {f"{name}/vasprun.xml" for name in ("Li", "Li_atom", "Co3O4", "spinel")} | {"qe/pw.out"}
    assert "another chemistry: 3 Co, 4 O, not in the ratio 1 Co : 2 O" in reasons["Co3O4/vasprun.xml"]
    assert "-1.9 eV per atom: the reference of voltages" in reasons["Li/vasprun.xml"]
    assert "no metal" in reasons["Li_atom/vasprun.xml"]
    metal = metal_reference(mapped)
    assert metal is not None
    assert (metal(), metal.unit) == (-1.9, "eV")
    assert "Li/vasprun.xml" in metal.source.reference_state
    assert np.isfinite(voltage_of_orderings(HOST, mapped, metal)())
    # A metal that was computed otherwise is none for these energies.
    put(tmp_path, "Li/vasprun.xml", vasprun(bulk("Li", "bcc", a=3.44), -1.9, ENCUT="300"))
    mapped = map_orderings(HOST, read_structures(tmp_path))
    assert metal_reference(mapped) is None
    assert any("cut-off: 300 eV, the others 520 eV" in reason for reason in mapped["rejected_reason"].values)


def pymatgen(frame):
    sites = [
        {"species": [{"element": symbol, "occu": 1}], "abc": place.tolist()}
        for symbol, place in zip(frame.get_chemical_symbols(), frame.get_scaled_positions(), strict=True)
    ]
    return {"lattice": {"matrix": frame.cell.tolist()}, "sites": sites}


def test_task_documents_of_atomate2_and_jobflow(tmp_path):
    documents = [
        {
            "state": "successful" if k else "failed",
            "run_type": "GGA+U",
            "input": {
                "hubbards": U,
                "parameters": {"ENMAX": 520, "ISPIN": 2},
                "potcar_spec": [{"titel": "PAW_PBE Co 02Aug2007"}],
            },
            "output": {"energy": energy, "structure": pymatgen(frame)},
        }
        for k, (frame, energy) in enumerate(zip(FRAMES, ENERGIES, strict=True))
    ]
    for name, content in (("tasks.json", documents), ("store.json", [{"uuid": "a", "output": item} for item in documents])):
        (tmp_path / name).write_text(json.dumps(content))
        found = read_structures(tmp_path / name)
        assert [item.energy for item in found] == pytest.approx(ENERGIES[1:])
        assert found.left_out == ((f"{name} entry 0", "the run ended as failed"),)
        kind = found[0].run_type
        assert kind is not None
        assert (kind.functional, kind.hubbard, kind.cutoff, kind.spin) == ("GGA", U, 520.0, "collinear")
        assert kind.potentials == {"Co": "PAW_PBE Co 02Aug2007"}


def test_how_energies_were_computed_survives_extended_xyz(tmp_path):
    written(tmp_path / "runs", count=2)
    first = read_structures(tmp_path / "runs")
    write_structures(first, tmp_path / "all.extxyz")
    second = read_structures(tmp_path / "all.extxyz")
    assert [item.run_type for item in second] == [item.run_type for item in first]
