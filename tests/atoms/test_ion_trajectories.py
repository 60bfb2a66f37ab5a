"""Trajectories of other programs: wrapped and drifting atoms are followed as they went, in each format."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.io import write

from scalith.atoms import ion_displacements, read_ion_motion
from scalith.quantities import InputError, Source

CELL = np.array([[6.0, 0.0, 0.0], [1.0, 7.0, 0.0], [0.5, 0.3, 8.0]])
IONS, FRAMES = 3, 60


def walked(seed=2):
    """Places of three ions relative to a host that drifts, and the wrapped frames of all."""
    numbers = np.random.default_rng(seed)
    places = np.array([1.0, 2.0, 3.0])[:, None] + np.cumsum(0.4 * numbers.standard_normal((FRAMES, IONS, 3)), axis=0)
    drift = 0.05 * np.arange(FRAMES)[:, None] * np.array([1.0, -2.0, 0.5])
    host = np.array([[0.1, 0.2, 0.3], [3.0, 3.5, 4.0]])
    frames = []
    for k in range(FRAMES):
        atoms = Atoms("Li3O2", positions=np.concatenate([places[k], host]) + drift[k], cell=CELL, pbc=True)
        atoms.wrap()
        frames.append(atoms)
    return places, frames


def lammps_dump(path, frames, kinds):
    """Orthogonal cells only: a box is three intervals."""
    lines = []
    for k, atoms in enumerate(frames):
        lines += ["ITEM: TIMESTEP", str(100 * k), "ITEM: NUMBER OF ATOMS", str(len(atoms)), "ITEM: BOX BOUNDS pp pp pp"]
        lines += [f"0.0 {length:.12g}" for length in atoms.cell.lengths()]
        lines.append("ITEM: ATOMS id type x y z")
        lines += [
            f"{i + 1} {kind} {x:.10f} {y:.10f} {z:.10f}"
            for i, (kind, (x, y, z)) in enumerate(zip(kinds, atoms.positions, strict=True))
        ]
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(("name", "form"), [("run.extxyz", "extxyz"), ("run.traj", "traj"), ("XDATCAR", "vasp-xdatcar")])
def test_wrapped_atoms_are_followed_across_the_cell(tmp_path, name, form):
    places, frames = walked()
    write(tmp_path / name, frames, format=form)
    found = read_ion_motion({700.0: tmp_path / name}, "Li", "20 fs", blocks=2)
    expected = ion_displacements({700.0: [places]}, 2e-14, 1e-28, Source(kind="assumed", reference="exact"), blocks=2)
    for kind in ("tracer_displacement", "charge_displacement"):
        assert found[kind].values == pytest.approx(expected[kind].values, rel=1e-5)
    assert found["lag"].values == pytest.approx(expected["lag"].values)
    assert found.attrs["ions"] == IONS
    assert found.attrs["volume"] == pytest.approx(1e-30 * np.linalg.det(CELL))
    assert Source.from_json(found.attrs["source"]).files[0].name == name


def test_lammps_types_become_elements(tmp_path):
    places, frames = walked()
    for atoms in frames:
        atoms.set_cell([9.0, 9.0, 9.0])
    lammps_dump(tmp_path / "run.dump", frames, [1, 1, 1, 2, 2])
    with pytest.raises(InputError, match="ion: found 'Li'"):
        read_ion_motion({700.0: tmp_path / "run.dump"}, "Li", "20 fs", blocks=2)
    # The frames were wrapped into another cell: of a small box only what does not cross its faces is known here.
    straight = [atoms.copy() for atoms in frames]
    for atoms, here in zip(straight, places, strict=True):
        atoms.positions = np.concatenate([here, np.array([[0.1, 0.2, 0.3], [3.0, 3.5, 4.0]])])
        atoms.wrap()
    lammps_dump(tmp_path / "run.dump", straight, [1, 1, 1, 2, 2])
    found = read_ion_motion({700.0: tmp_path / "run.dump"}, "Li", 2e-14, blocks=2, elements=["Li", "O"])
    expected = ion_displacements({700.0: [places]}, 2e-14, 1e-28, Source(kind="assumed", reference="exact"), blocks=2)
    assert found["tracer_displacement"].values == pytest.approx(expected["tracer_displacement"].values, rel=1e-6)


def test_several_files_and_frames_left_out(tmp_path):
    whole = {}
    for seed in (3, 4):
        places, frames = walked(seed)
        write(tmp_path / f"{seed}.extxyz", frames)
        whole[seed] = places[10:]
    found = read_ion_motion({700.0: [tmp_path / "3.extxyz", tmp_path / "4.extxyz"]}, "Li", 2e-14, blocks=1, skip=10)
    expected = ion_displacements({700.0: list(whole.values())}, 2e-14, 1e-28, Source(kind="assumed", reference="exact"))
    assert found["tracer_displacement"].values == pytest.approx(expected["tracer_displacement"].values, rel=1e-5)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda frames: [frames[0], frames[40], *frames[2:]], "frames closer together in time"),
        (lambda frames: [*frames[:3], frames[3][[3, 1, 2, 0, 4]], *frames[4:]], "the same atoms in one order"),
        (lambda frames: frames[:1], "frames: found 1"),
    ],
)
def test_frames_that_cannot_be_followed_are_named(tmp_path, change, said):
    write(tmp_path / "run.extxyz", change(walked()[1]))
    with pytest.raises(InputError) as caught:
        read_ion_motion({700.0: tmp_path / "run.extxyz"}, "Li", "20 fs")
    assert said in str(caught.value)
    assert "run.extxyz" in str(caught.value)


def test_no_file_no_time_no_ion(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_ion_motion({700.0: tmp_path / "none.traj"}, "Li", "20 fs")
    with pytest.raises(InputError, match="interval"):
        read_ion_motion({700.0: tmp_path / "none.traj"}, "Li", 0.0)
    (tmp_path / "bad.extxyz").write_text("no trajectory")
    with pytest.raises(InputError, match="a trajectory that ASE reads"):
        read_ion_motion({700.0: tmp_path / "bad.extxyz"}, "Li", "20 fs")
