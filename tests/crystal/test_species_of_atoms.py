"""Structures on coupled sublattices: which species sits where, by element, magnetic moment and stated charge."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from scalith.crystal import (
    ComputedStructure,
    Host,
    HostSite,
    StructureSet,
    couple_sublattices,
    map_orderings,
    read_host,
    read_structures,
    species_dataset,
    voltage_of_orderings,
    write_structures,
)
from scalith.crystal.files.result_files import read_images
from scalith.crystal.species_of_atoms import CHARGES, MOMENTS
from scalith.quantities import InputError, Property, Source, shipped
from tests.crystal.vasp_runs import vasprun

PLACES = ((0.0, 0.0, 0.0), (0.5, 0.5, 0.5), (0.5, 0.5, 0.0))
RANGES = {"Fe2+": (3.3, 3.95), "Fe3+": (3.95, 4.6)}


def phosphate():
    """Li, Fe and an anion of charge −3 in a tetragonal cell."""
    sites = (
        HostSite(position=PLACES[0], species=("Li", "vacancy"), charges=(1, 0)),
        HostSite(position=PLACES[1], species=("Fe",), charges=(2.5,), redox=True),
        HostSite(position=PLACES[2], species=("N",), charges=(-3,)),
    )
    host = Host(name="model", working_ion="Li", lattice=((3.0, 0, 0), (0, 3.1, 0), (0, 0, 4.0)), sites=sites)
    return couple_sublattices(host, {"Fe": ("Fe2+", "Fe3+")})


def half(moments, name="run"):
    """Two cells along z, Li in the first only, with the moments of the two irons."""
    cell = np.diag((3.0, 3.1, 8.0))
    places = [(0, 0, 0), (0.5, 0.5, 0.25), (0.5, 0.5, 0.75), (0.5, 0.5, 0.0), (0.5, 0.5, 0.5)]
    atoms = Atoms("LiFeFeNN", scaled_positions=places, cell=cell, pbc=True)
    atoms.rattle(0.03, seed=1)
    if moments is not None:
        atoms.calc = SinglePointCalculator(atoms, energy=-10.0, magmoms=[0.0, *moments, 0.1, -0.1])
    return ComputedStructure(atoms, -10.0, name)


def test_charge_states_are_told_by_magnetic_moment_whatever_its_sign():
    host = phosphate()
    data = map_orderings(
        host, StructureSet((half((3.62, -4.21)), half((-4.2, 3.7), name="other"))), moments=RANGES, repeated="all"
    )
    names = [host.sites[host.active[s]].species for s in data["sublattice"].values[0]]
    told = [[own[place] for own, place in zip(names, row, strict=True)] for row in data["species"].values]
    for row in told:
        assert sorted(row) == ["Fe2+", "Fe3+", "Li", "vacancy"]
    assert data["x"].values.tolist() == [0.5, 0.5]
    # The electron on the one or the other side of the lithium, which a mirror makes one ordering.
    assert told[0] != told[1]
    assert data["duplicate_of"].values.tolist() == [-1, 0]


@pytest.mark.parametrize(
    ("structure", "reason"),
    [
        (half((3.62, 4.9)), "4.90 µB on Fe is within none of the ranges"),
        (half((4.2, 4.3)), r"add up to \+1 e \(1 Li, 2 Fe3\+\)"),
        (half(None), "tells no magnetic moment of Fe"),
    ],
)
def test_rows_whose_species_are_not_told_are_rejected_with_the_reason(structure, reason):
    good = half((3.62, 4.21), name="good")
    data = map_orderings(phosphate(), StructureSet((good, structure)), moments=RANGES)
    assert data.sizes["structure"] == 1
    assert data["rejected_origin"].values.tolist() == ["run"]
    with pytest.raises(InputError, match=reason):
        map_orderings(phosphate(), StructureSet((structure,)), moments=RANGES)


def test_without_moments_and_charges_nothing_is_guessed():
    with pytest.raises(InputError, match="state their magnetic moments"):
        map_orderings(phosphate(), StructureSet((half((3.62, 4.21)),)))


@pytest.mark.parametrize(
    ("moments", "words"),
    [({"Mn3+": (1, 2)}, "Mn3"), ({"Fe2+": (3, 4), "Fe3+": (3.9, 5)}, "a range apart"), ({"Fe2+": (4, 3)}, "least and greatest")],
)
def test_ranges_that_cannot_tell_species_apart_are_rejected(moments, words):
    with pytest.raises(InputError, match=words):
        map_orderings(phosphate(), StructureSet((half((3.62, 4.21)),)), moments=moments)


def test_moments_come_back_from_extended_xyz(tmp_path):
    item = half((3.62, 4.21))
    write(tmp_path / "run.extxyz", item.atoms)
    data = map_orderings(phosphate(), read_structures(tmp_path / "run.extxyz"), moments=RANGES)
    assert data.sizes["structure"] == 1
    write_structures(read_structures(tmp_path / "run.extxyz"), tmp_path / "again.extxyz")
    again = map_orderings(phosphate(), read_structures(tmp_path / "again.extxyz"), moments=RANGES)
    assert np.array_equal(again["species"].values, data["species"].values)


def test_moments_of_a_vasp_run_are_those_of_its_outcar(tmp_path):
    path = tmp_path / "vasprun.xml"
    path.write_text(vasprun(half(None).atoms, -10.0))
    bare = read_images(path, "vasp xml")[-1]
    assert MOMENTS not in bare.arrays
    head = " magnetization (x)\n\n# of ion       s       p       d       tot\n" + "-" * 42 + "\n"
    rows = "".join(f"{k + 1:5d}       0.010   0.020  {-k:7.3f}  {-1.5 - k:8.3f}\n" for k in range(len(bare)))
    old = rows.replace("0.010", "9.010")
    (tmp_path / "OUTCAR").write_text(
        head + old + "-" * 42 + "\ntot   1 1 1 1\n" + head + rows + "-" * 42 + "\ntot      0.0 0.0 0.0 -1.5\n\n"
    )
    assert read_images(path, "vasp xml")[-1].arrays[MOMENTS] == pytest.approx([-1.5 - k for k in range(len(bare))])


def test_moments_of_runs_side_by_side_are_each_those_of_its_own_outcar(tmp_path):
    head, end = " magnetization (x)\n\n", "-" * 42 + "\ntot   1 1 1 1\n"
    for run, moment in ((1, 3.6), (2, 4.2)):
        atoms = half(None).atoms
        (tmp_path / f"vasprun_{run}.xml").write_text(vasprun(atoms, -10.0))
        rows = "".join(f"{k + 1:5d}       0.010   0.020  0.100  {moment:8.3f}\n" for k in range(len(atoms)))
        (tmp_path / f"OUTCAR_{run}").write_text(head + rows + end)
        found = read_images(tmp_path / f"vasprun_{run}.xml", "vasp xml")[-1]
        assert found.arrays[MOMENTS] == pytest.approx(moment)


def test_anions_that_also_sit_on_a_site_of_their_own_do_not_count_cells():
    """Oxygen on a site of its own and on one that it shares with fluorine: two in each cell, not one."""
    sites = (
        HostSite(position=(0.0, 0.0, 0.0), species=("Li", "vacancy"), charges=(1, 0)),
        HostSite(position=(0.5, 0.5, 0.5), species=("O2-", "F-"), charges=(-2, -1)),
        HostSite(position=(0.0, 0.5, 0.5), species=("O",), charges=(-2,)),
    )
    host = Host(name="oxyfluoride", working_ion="Li", lattice=((3.0, 0, 0), (0, 3.1, 0), (0, 0, 4.0)), sites=sites)
    filled = Atoms("LiOO", scaled_positions=[site.position for site in sites], cell=host.cell, pbc=True)
    found = map_orderings(host, StructureSet((ComputedStructure(filled, -6.0, "filled"),)))
    assert found["species"].values.tolist() == [[0, 0]]


def test_ions_that_mix_and_vacant_anions_find_their_sites():
    """Li on a metal site, the metal on a Li site, one anion missing: each atom goes to a site that may hold it."""
    host = couple_sublattices(
        phosphate(), {"Li": ("Li", "Ni2+", "vacancy"), "Fe": ("Ni2+", "Li", "Ni3+"), "N": ("N3-", "vacancy")}
    )
    cell = np.diag((3.0, 3.1, 8.0))
    places = np.array([(0, 0, 0), (0.5, 0.5, 0.25), (0, 0, 0.5), (0.5, 0.5, 0.75), (0.5, 0.5, 0.0), (0.5, 0.5, 0.5)])
    mixed = Atoms("NiLiLiNiNN", scaled_positions=places, cell=cell, pbc=True)
    mixed.set_array(CHARGES, np.array([2.0, 1.0, 1.0, 2.0, -3.0, -3.0]))
    vacant = Atoms("LiNiN", scaled_positions=places[[1, 3, 5]], cell=cell, pbc=True)
    vacant.set_array(CHARGES, np.array([1.0, 2.0, -3.0]))
    rows = StructureSet((ComputedStructure(mixed, -6.0, "mixed"), ComputedStructure(vacant, -3.0, "vacant")))
    found = map_orderings(host, rows)
    assert found["rejected_origin"].values.tolist() == []
    names = [host.sites[host.active[s]].species for s in found["sublattice"].values[0]]
    told = [[own[place] for own, place in zip(names, row, strict=True)] for row in found["species"].values]
    assert [sorted(row[:2]) for row in told] == [["Li", "Ni2+"], ["vacancy", "vacancy"]]
    assert [sorted(row[2:4]) for row in told] == [["Li", "Ni2+"], ["Li", "Ni2+"]]
    assert [sorted(row[4:]) for row in told] == [["N3-", "N3-"], ["N3-", "vacancy"]]
    assert found["displacement_max"].values == pytest.approx(0.0, abs=1e-9)
    assert found["x"].values.tolist() == [0.5, 0.25]
    assert "filled" not in found


@pytest.mark.parametrize(
    ("metal", "array", "values", "moments", "reason"),
    [
        # Ni3+ among the lithium and Ni2+ on the metal's site: neutral, whichever nickel is which.
        (
            ("Ni2+", "Ni3+"),
            MOMENTS,
            (0.9, 1.7),
            {"Ni2+": (1.3, 2.0), "Ni3+": (0.5, 1.3)},
            r"0\.90 µB on Ni .* than Ni2\+ \(1\.3 to",
        ),
        (("Ni2+", "Ni3+"), CHARGES, (3.0, 2.0), None, r"Ni of charge \+3 is none of Ni2\+"),
        (("Ni2+",), CHARGES, (3.0, 2.0), None, r"Ni of charge \+3 is none of Ni2\+"),
    ],
)
def test_a_state_that_a_site_does_not_hold_is_rejected_with_its_row(metal, array, values, moments, reason):
    host = couple_sublattices(phosphate(), {"Li": ("Li", "Ni2+", "vacancy"), "Fe": metal, "N": ("N3-", "vacancy")})
    places = np.array([(0, 0, 0), (0.5, 0.5, 0.25), (0.5, 0.5, 0.75), (0.5, 0.5, 0.0), (0.5, 0.5, 0.5)])

    def row(first, second, name):
        atoms = Atoms("NiNiNiNN", scaled_positions=places, cell=np.diag((3.0, 3.1, 8.0)), pbc=True)
        other = {MOMENTS: (1.7, 0.0), CHARGES: (2.0, -3.0)}[array]
        atoms.set_array(array, np.array([first, second, other[0], other[1], other[1]]))
        return ComputedStructure(atoms, -6.0, name)

    wrong = row(*values, "displaced")
    with pytest.raises(InputError, match=reason):
        map_orderings(host, StructureSet((wrong,)), moments=moments)
    found = map_orderings(host, StructureSet((row(values[1], values[1], "right"), wrong)), moments=moments)
    assert found["origin"].values.tolist() == ["right"]
    assert found["rejected_origin"].values.tolist() == ["displaced"]


def test_a_structure_without_atoms_for_sites_that_are_never_vacant_is_rejected():
    """Spectators alone, on a host whose active sites hold lithium or sodium."""
    sites = (
        HostSite(position=PLACES[0], species=("Li", "Na"), charges=(1, 1)),
        HostSite(position=PLACES[2], species=("N",), charges=(-3,)),
    )
    host = Host(name="salt", working_ion="Li", lattice=((3.0, 0, 0), (0, 3.1, 0), (0, 0, 4.0)), sites=sites)
    bare = Atoms("N", scaled_positions=[PLACES[2]], cell=host.cell, pbc=True)
    with pytest.raises(InputError, match="too few for sites that are never vacant"):
        map_orderings(host, StructureSet((ComputedStructure(bare, -3.0, "bare"),)))


def test_charges_that_a_file_states_tell_the_states_of_published_energies():
    folder = shipped("dft_energies/LixNiO2/smol_lno_prim.json").parent
    host = couple_sublattices(read_host(folder / "smol_lno_prim.json"), {"Ni": ("Ni3+", "Ni4+")})
    data = map_orderings(host, read_structures(folder / "smol_lno_entries.json"))
    reasons = [str(reason) for reason in data["rejected_reason"].values]
    assert sum("Ni of charge +2 is none of Ni3+, Ni4+" in reason for reason in reasons) == 1
    # As many electrons as ions, in every cell.
    for row, sublattice in zip(data["species"].values, data["sublattice"].values, strict=True):
        assert np.sum((sublattice == 0) & (row == 0)) == np.sum((sublattice == 1) & (row == 0))


def test_hosts_that_cannot_be_coupled_are_named():
    host = phosphate()
    for species, message in (
        ({"Mn": ("Mn2+", "Mn3+")}, "an element of the host"),
        ({"Fe": ("Fe2+", "Fex")}, "an element with its charge"),
        ({"Fe": ("Fe2+", "Fe2+")}, "species that differ"),
        ({"Li": ("Na", "vacancy")}, "sites that Li may fill"),
    ):
        with pytest.raises(InputError, match=message):
            couple_sublattices(host, species)
    assert host.charge_states
    assert host.coupled
    with pytest.raises(InputError, match="places in the sites' lists"):
        species_dataset(host, [(np.eye(3, dtype=int), np.array([0, 2], dtype=np.int8))])


def test_charges_that_no_file_tells_are_those_in_the_names():
    """A cell without charges: lithium has its usual one, that of a spectator must be told for anything to be neutral."""
    sites = tuple(site.model_copy(update={"charges": (0.0,) * len(site.species)}) for site in phosphate().sites)
    bare = phosphate().model_copy(update={"sites": sites})
    states = {"Fe": ("Fe2+", "Fe3+")}
    with pytest.raises(InputError, match="the charge of N as well"):
        couple_sublattices(bare, states)
    told = couple_sublattices(bare, {**states, "N": ("N3-",)})
    assert [site.charges for site in told.sites] == [(1.0, 0.0), (2.0, 3.0), (-3.0,)]
    assert [len(site.species) for site in told.sites] == [2, 2, 1]


def test_an_average_voltage_is_of_one_composition():
    host = couple_sublattices(phosphate(), {"Li": ("Li", "Ni2+", "vacancy")})
    one = np.eye(3, dtype=int)
    rows = [(one, np.array(places, dtype=np.int8)) for places in ((0, 0), (2, 1))]
    metal = Property.constant("lithium_energy", 0.0, "eV", Source(kind="assumed", reference="none"))
    assert voltage_of_orderings(host, species_dataset(host, rows, [-3.0, 0.0]), metal)() == pytest.approx(3.0)
    with pytest.raises(InputError, match="differ in Li alone"):
        voltage_of_orderings(host, species_dataset(host, [rows[0], (one, rows[1][1] - [1, 0])], [-3.0, 0.0]), metal)


MIXED = [{"element": "Li", "occu": 0.3}, {"element": "Mn", "occu": 0.3}, {"element": "Mn", "occu": 0.3}]
ANIONS = [{"element": "O", "occu": 0.6}, {"element": "F", "occu": 0.4}]


def rock_salt(folder, charges):
    """A rock salt whose sites are all shared, as a pymatgen structure."""
    sites = []
    for place, parts, own in (((0, 0, 0), MIXED, (1, 3, 4)), ((0.5, 0.5, 0.5), ANIONS, (-2, -1))):
        states = [{"oxidation_state": charge} if charges else {} for charge in own]
        species = [part | state for part, state in zip(parts, states, strict=True)]
        sites.append({"abc": place, "species": species})
    lattice = [[0.0, 2.1, 2.1], [2.1, 0.0, 2.1], [2.1, 2.1, 0.0]]
    (folder / "prim.json").write_text(json.dumps({"lattice": {"matrix": lattice}, "sites": sites}))
    return folder / "prim.json"


def test_elements_that_share_a_site_are_a_coupled_sublattice_where_their_charges_are_stated(tmp_path):
    host = read_host(rock_salt(tmp_path, charges=True))
    assert [site.species for site in host.sites] == [("Li", "Mn3+", "Mn4+", "vacancy"), ("O2-", "F-")]
    assert [site.charges for site in host.sites] == [(1.0, 3.0, 4.0, 0.0), (-2.0, -1.0)]
    assert host.coupled
    assert host.charge_states
    with pytest.raises(InputError, match=r"0\.3 Li \+ 0\.3 Mn \+ 0\.3 Mn, expected .*, or elements with their charges"):
        read_host(rock_salt(tmp_path, charges=False))


@pytest.mark.parametrize("swelling", [0.94, 1.06])
def test_where_every_site_is_shared_the_anions_tell_how_many_cells_there_are(tmp_path, swelling):
    host = read_host(rock_salt(tmp_path, charges=True))
    atoms = bulk("LiO", "rocksalt", a=4.2).repeat(2)
    cations, anions = (np.flatnonzero(atoms.symbols == name) for name in ("Li", "O"))
    atoms.symbols[cations[4:7]] = "Mn"
    atoms.symbols[anions[[0, 3, 6]]] = "F"
    charges = {"Li": 1.0, "Mn": 3.0, "O": -2.0, "F": -1.0}
    atoms.set_array(CHARGES, np.array([charges[symbol] for symbol in atoms.symbols]))
    ideal = atoms.copy()
    del ideal[cations[7]]
    relaxed = ideal.copy()
    relaxed.rattle(0.05, seed=3)
    relaxed.set_cell(swelling * relaxed.cell, scale_atoms=True)
    found = map_orderings(host, StructureSet((ComputedStructure(ideal, -1.0, "ideal"), ComputedStructure(relaxed, -2.0, "real"))))
    # By volume it would hold 7 or 10 cells; on 8 it is the arrangement from which it was made.
    assert round(abs(np.linalg.det(found["supercell"].values[0]))) == 8
    assert found["origin"].values.tolist() == ["real"]
    assert "the ordering of real again" in str(found["rejected_reason"].values[0])
    assert float(found["displacement_max"][0]) < 0.2


def test_a_stated_charge_that_no_species_of_its_site_has_is_not_taken_for_another(tmp_path):
    host = read_host(rock_salt(tmp_path, charges=True))
    atoms = bulk("LiO", "rocksalt", a=4.2).repeat(2)
    atoms.symbols[np.flatnonzero(atoms.symbols == "O")[:7]] = "F"
    stated = {"Li": 1.0, "O": -1.0, "F": -1.0}
    atoms.set_array(CHARGES, np.array([stated[symbol] for symbol in atoms.symbols]))
    # Neutral as the file states it; oxygen of charge -1 is no species of this host, and taken for O2- its charges do not add up.
    with pytest.raises(InputError, match=r"O of charge -1 is none of O2-"):
        map_orderings(host, StructureSet((ComputedStructure(atoms, -1.0, "peroxide"),)))
