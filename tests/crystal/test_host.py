from __future__ import annotations

import json

import numpy as np
import pytest
from ase.build import bulk

from scalith.crystal import VACANCY, Host, HostSite, read_host
from scalith.crystal.symmetry import site_operations, space_group_operations
from scalith.quantities import InputError, shipped

LIXNIO2 = "dft_energies/LixNiO2/smol_lno_prim.json"


def test_lixnio2_host_has_one_lithium_site_and_redox_nickel():
    host = read_host(shipped(LIXNIO2))
    assert host.name == "LixNiO2"
    assert [host.sites[index].species for index in host.active] == [("Li", VACANCY)]
    assert host.spectators() == {"Ni": 1, "O": 2}
    assert [site.redox for site in host.sites] == [False, True, False, False]
    assert host.volume == pytest.approx(37.044, abs=1e-3)


def test_host_survives_json():
    host = read_host(shipped(LIXNIO2))
    again = Host.model_validate_json(host.model_dump_json())
    assert again == host
    assert again.digest == host.digest


def test_layered_host_has_the_twelve_operations_of_its_point_group():
    rotations, _ = space_group_operations(read_host(shipped(LIXNIO2)))
    assert len(rotations) == 12


def test_conventional_cell_is_reduced_to_a_primitive_one(tmp_path):
    path = tmp_path / "NaCl.cif"
    bulk("NaCl", "rocksalt", a=5.64, cubic=True).write(path)
    host = read_host(path, working_ion="Na")
    assert len(host.sites) == 2
    assert host.volume == pytest.approx(5.64**3 / 4)


def test_site_operations_are_permutations_of_equivalent_sites():
    row = ((4.0, 0.0, 0.0), (0.0, 4.0, 0.0), (0.0, 0.0, 4.0))
    places = [(0.5, 0.0, 0.0), (0.0, 0.5, 0.0), (0.0, 0.0, 0.5)]
    sites = tuple(HostSite(position=p, species=("Li", VACANCY), charges=(1, 0)) for p in places)
    host = Host(name="edges", working_ion="Li", lattice=row, sites=sites)
    operations = site_operations(host)
    assert len(operations.rotation) == 48
    assert all(sorted(images) == [0, 1, 2] for images in operations.sublattice.tolist())
    for rotation, images, shift in zip(*operations, strict=True):
        moved = host.positions @ rotation.T
        found = host.positions[images] + shift
        assert np.allclose(moved - moved[0], found - found[0])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("not json", "a readable JSON file"),
        ("[]", "a pymatgen Structure"),
        (
            json.dumps(
                {
                    "lattice": {"matrix": np.eye(3).tolist()},
                    "sites": [{"species": [{"element": "O", "occu": 1.0}], "abc": [0, 0, 0]}],
                }
            ),
            "no site of Li",
        ),
    ],
)
def test_bad_host_files_are_named(tmp_path, content, message):
    path = tmp_path / "host.json"
    path.write_text(content)
    with pytest.raises(InputError, match=message) as error:
        read_host(path)
    assert "host.json" in str(error.value)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_host(tmp_path / "none.json")


def test_a_host_without_active_sites_is_refused():
    with pytest.raises(InputError, match="at least one site"):
        Host.read(
            {
                "name": "x",
                "working_ion": "Li",
                "lattice": np.eye(3).tolist(),
                "sites": [{"position": (0, 0, 0), "species": ("O",), "charges": (-2,)}],
            }
        )


def test_structure_files_that_cannot_be_read_are_said(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_host(tmp_path / "none.cif")
    (tmp_path / "broken.cif").write_text("garbage\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"what cannot be understood \(AssertionError\), expected a structure file"):
        read_host(tmp_path / "broken.cif")
