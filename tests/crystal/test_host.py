from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
from ase import Atoms
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


@pytest.mark.parametrize("ion", ["Mg", "Li+", "li"])
def test_an_ion_that_the_file_does_not_hold_is_said(ion):
    with pytest.raises(InputError, match=f"working_ion: found Li, Ni, O and no site of {ion}".replace("+", r"\+")):
        read_host(shipped(LIXNIO2), working_ion=ion)


def test_hosts_in_compressed_json_and_hydrogen_under_its_other_name(tmp_path):
    (tmp_path / "host.json.gz").write_bytes(gzip.compress(shipped(LIXNIO2).read_bytes()))
    assert read_host(tmp_path / "host.json.gz") == read_host(shipped(LIXNIO2))
    sites = [{"species": [{"element": name, "occu": 1}], "abc": [x, 0, 0]} for name, x in (("Li", 0.0), ("D", 0.5))]
    (tmp_path / "deuteride.json").write_text(json.dumps({"lattice": {"matrix": (4 * np.eye(3)).tolist()}, "sites": sites}))
    assert read_host(tmp_path / "deuteride.json").spectators() == {"H": 1}


def test_what_is_no_crystal_is_said(tmp_path):
    Atoms("LiO", positions=[[0, 0, 0], [0, 0, 1]]).write(tmp_path / "molecule.xyz")
    with pytest.raises(InputError, match="cell: found none that spans a volume, expected a crystal"):
        read_host(tmp_path / "molecule.xyz")
    with pytest.raises(InputError, match="found a folder"):
        read_host(tmp_path)


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


NICKEL_COBALT = """data_x
_symmetry_space_group_name_H-M 'R -3 m'
_cell_length_a 2.86
_cell_length_b 2.86
_cell_length_c 14.2
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 120
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Li1 Li 0 0 0.5 {lithium}
Ni1 Ni 0 0 0 {nickel}
O1 O 0 0 0.24 1.0
"""


@pytest.mark.filterwarnings("ignore")
def test_a_site_shared_by_two_elements_is_refused_and_a_partly_filled_one_is_active(tmp_path):
    path = tmp_path / "oxide.cif"
    path.write_text(NICKEL_COBALT.format(lithium="1.0", nickel="0.8\nCo1 Co 0 0 0 0.2"))
    with pytest.raises(InputError, match=r"found 0.8 Ni \+ 0.2 Co, expected one element on it"):
        read_host(path)
    path.write_text(NICKEL_COBALT.format(lithium="0.96\nNi2 Ni 0 0 0.5 0.04", nickel="1.0"))
    with pytest.raises(InputError, match=r"0.96 Li \+ 0.04 Ni"):
        read_host(path)
    path.write_text(NICKEL_COBALT.format(lithium="1.0", nickel="0.9"))
    with pytest.raises(InputError, match=r"found 0.9 Ni, expected one element on it"):
        read_host(path)
    path.write_text(NICKEL_COBALT.format(lithium="0.625", nickel="1.0"))
    host = read_host(path)
    assert (host.name, len(host.sites), len(host.active)) == ("LixNiO2", 4, 1)


def layered(noise=0.0):
    a, c = 2.83, 14.05
    cell = np.array([[a, 0, 0], [-a / 2, a * 3**0.5 / 2, 0], [a / 2, a / (2 * 3**0.5), c / 3]])
    places = np.array([[0, 0, c / 2], [0, 0, 0], [0, 0, 0.2605 * c], [0, 0, 0.7395 * c]])
    atoms = Atoms("LiCoO2", cell=cell, positions=places, pbc=True)
    rng = np.random.default_rng(0)
    atoms.set_cell(atoms.cell[:] + 0.2 * noise * rng.standard_normal((3, 3)), scale_atoms=True)
    atoms.positions += noise * rng.standard_normal((4, 3))
    return atoms


def test_a_structure_in_json_with_all_its_lithium_is_a_host(tmp_path):
    atoms = layered()
    sites = [
        {"species": [{"element": symbol, "occu": 1}], "abc": place.tolist()}
        for symbol, place in zip(atoms.get_chemical_symbols(), atoms.get_scaled_positions(), strict=True)
    ]
    (tmp_path / "host.json").write_text(json.dumps({"lattice": {"matrix": atoms.cell.tolist()}, "sites": sites}))
    host = read_host(tmp_path / "host.json")
    assert (host.name, len(host.active)) == ("LixCoO2", 1)


@pytest.mark.parametrize(("noise", "symprec"), [(0.0, 0.01), (1e-3, 0.01), (1e-2, 0.08)])
def test_a_noisy_structure_keeps_its_symmetry(tmp_path, noise, symprec):
    layered(noise).write(tmp_path / "POSCAR", format="vasp")
    host = read_host(tmp_path / "POSCAR", symprec=symprec)
    assert len(space_group_operations(host)[0]) == 12
    exact = layered()
    assert host.volume == pytest.approx(exact.get_volume(), rel=0.02)
    # The vectors stay those of the file, but for the noise.
    assert np.allclose(host.cell, exact.cell, atol=5 * noise + 1e-6)
    nearest = np.linalg.norm((host.positions - exact.get_scaled_positions()) @ host.cell, axis=1)
    assert np.allclose(nearest % np.linalg.norm(host.cell[2]), 0.0, atol=5 * noise + 1e-6) or noise


def test_noise_just_below_the_tolerance_hides_no_symmetry(tmp_path):
    for seed in (0, 4):
        atoms = layered()
        atoms.positions += 0.0025 * np.random.default_rng(seed).uniform(-1.0, 1.0, (4, 3))
        atoms.write(tmp_path / "POSCAR", format="vasp")
        assert len(space_group_operations(read_host(tmp_path / "POSCAR"))[0]) == 12


def test_symmetry_that_noise_hides_is_said_with_the_tolerance_that_shows_it(tmp_path):
    layered(1e-2).write(tmp_path / "POSCAR", format="vasp")
    with pytest.warns(UserWarning, match=r"POSCAR: \d+ operations? of symmetry within symprec = 0.01 Å, .*12 within 0.05 Å"):
        host = read_host(tmp_path / "POSCAR")
    assert len(space_group_operations(host)[0]) < 12
    assert len(space_group_operations(read_host(tmp_path / "POSCAR", symprec=0.05))[0]) == 12


def test_a_distance_within_which_sites_meet_is_refused(tmp_path):
    layered().write(tmp_path / "POSCAR", format="vasp")
    with pytest.raises(InputError, match="symprec"):
        read_host(tmp_path / "POSCAR", symprec=3.0)
    with pytest.raises(InputError, match="greater than 0 Å"):
        read_host(tmp_path / "POSCAR", symprec=0.0)


@pytest.mark.parametrize(
    ("ion", "stated", "charge"), [("Mg", 2, 2), ("Mg", 0, 2), ("Na", 0, 1), ("K", 0, 1), ("Ca", 0, 2), ("Al", 0, 3)]
)
def test_the_charge_of_the_ion_comes_from_its_site_or_its_element(ion, stated, charge):
    assert magnesium_host(ion, stated).ion_charge == charge


def test_an_ion_of_unknown_charge_is_refused():
    with pytest.raises(InputError, match="charge of Xe"):
        _ = magnesium_host("Xe", 0).ion_charge


def magnesium_host(ion="Mg", charge=2):
    return Host.read(
        {
            "name": f"{ion}xTiS2",
            "working_ion": ion,
            "lattice": [[3.4, 0, 0], [1.7, 2.944, 0], [0, 0, 5.9]],
            "sites": [
                {"position": [0, 0, 0], "species": [ion, VACANCY], "charges": [charge, 0]},
                {"position": [0, 0, 0.5], "species": ["Ti"], "charges": [2]},
            ],
        }
    )
