import numpy as np
import pytest

from scalith.atoms import LocalisationCorrection, boltzmann_transport, formation_energies, unlike_pairs
from scalith.crystal import ComputedStructure, StructureSet, map_orderings, read_host, read_structures, write_structures
from scalith.ladder.progress import Silent, heard_by
from scalith.ladder.rungs.atoms import (
    Localisation,
    RigidBands,
    SmallPolarons,
    electronic_conductivity,
    localised_orderings,
    partial_molar_volume,
)
from scalith.ladder.rungs.crystal import Crystal, maximum_concentration
from scalith.quantities import InputError, read_property_csv, read_results, shipped

FOLDER = "dft_energies/LixTiS2_gpaw"
CRYSTAL = Crystal.read({"host": f"shipped:{FOLDER}/LixTiS2_prim.json", "energies": f"shipped:{FOLDER}/energies.extxyz"})


@pytest.fixture(scope="module")
def mapped():
    host = read_host(shipped(f"{FOLDER}/LixTiS2_prim.json"))
    return host, map_orderings(host, read_structures(shipped(f"{FOLDER}/energies.extxyz")))


def test_partial_molar_volume_of_the_shipped_orderings_is_that_of_an_ion_that_swells_its_host(mapped):
    omega = partial_molar_volume(*mapped)
    x = np.linspace(0.0, 1.0, 201)
    # Cells of the two ends: 50.99 and 59.00 Å³.
    assert np.trapezoid(omega(x), x) == pytest.approx(6.022e-7 * 8.01, rel=0.1)


def test_polarons_sit_on_as_many_sites_as_lithium(mapped):
    section = SmallPolarons.read({"barrier_empty": "133 meV", "barrier_full": 0.17, "hop_distance": "3.87 angstrom"})
    sigma = electronic_conductivity(maximum_concentration(*mapped), section)
    assert list(sigma.coordinates) == ["x", "T"]
    assert sigma(0.0, 298.15) == 0.0 < sigma(0.5, 298.15)
    assert sigma.error(0.5, 298.15) > 0.0
    with pytest.raises(InputError, match="maximum_concentration: missing"):
        electronic_conductivity(small_polarons=section)
    with pytest.raises(InputError, match="barrier_full"):
        SmallPolarons.read({"barrier_empty": 0.1, "barrier_full": -0.1, "hop_distance": 3.87e-10})


@pytest.mark.long
def test_rigid_bands_conduct_with_the_electrons_that_the_ions_bring(mapped):
    """Boltzmann's conductivity of LiTiS2 at x = 1, and of its bands with one electron fewer at x = 0."""
    bands = read_results(shipped("bands/LiTiS2_gpaw_bands.nc"))
    full = float(bands["electrons"])
    stated = {"bands": "shipped:bands/LiTiS2_gpaw_bands.nc", "relaxation_time": "10 fs", "temperatures": [298.15]}
    section = RigidBands.read(stated | {"electrons_empty": full - 1.0, "electrons_full": full})
    sigma = electronic_conductivity(rigid_bands=section)  # whose bands count their electrons themselves
    for x, electrons in ((0.0, full - 1.0), (0.5, full - 0.5), (1.0, full)):
        tensor = boltzmann_transport(bands, [298.15], 1e-14, electrons)["conductivity"].values[0]
        assert sigma(x, 298.15) == pytest.approx(np.trace(tensor) / 3.0, rel=1e-9)
    assert sigma(0.0, 298.15) < sigma(1.0, 298.15)  # the sulfide alone holds few carriers
    polarons = SmallPolarons.read({"barrier_empty": 0.1, "barrier_full": 0.1, "hop_distance": 3.87e-10})
    with pytest.raises(InputError, match="one of the two"):
        electronic_conductivity(None, polarons, section)


def test_a_member_moves_both_polaron_barriers_together_also_once_the_digest_is_known():
    section = SmallPolarons.read({"barrier_empty": "133 meV", "barrier_full": 0.17, "hop_distance": "3.87 angstrom"})
    assert section.digest
    member = section.drawn(np.random.default_rng(1))
    moved = member.barrier_empty - section.barrier_empty
    assert moved != 0.0
    assert member.barrier_full - section.barrier_full == pytest.approx(moved)
    assert member.barrier_error == 0.0


def test_shipped_vibrations_read_as_the_quantity_that_the_lattice_takes():
    path = shipped("vibrational_free_energy/LixFePO4_chgnet.csv")
    free = read_property_csv(path, "vibrational_free_energy", "J mol-1", {"x": "1", "T": "K"})
    # Against lithium metal the two ends differ by a few kJ/mol at room temperature: some ten millivolts.
    assert abs(free(1.0, 298.15) - free(0.0, 298.15)) < 5e3
    assert free.slope("T", 0.5, 298.15) < 0.0


@pytest.fixture(scope="module")
def accurate_file(mapped, tmp_path_factory):
    """Seven of the shipped orderings, as if another method had found 0.6 E_f + 0.1 eV u and other ends."""
    host, data = mapped
    structures = list(read_structures(shipped(f"{FOLDER}/energies.extxyz")))
    formation = 0.6 * formation_energies(host, data) + 0.1 * unlike_pairs(host, data)
    rows = {str(name): k for k, name in enumerate(data["origin"].values)}
    ends = [int(np.argmin(data["x"].values)), int(np.argmax(data["x"].values))]
    chosen = [item for item in structures if rows[item.origin] in {*ends, 3, 5, 8, 11, 15}]
    changed = []
    for item in chosen:
        row, units = rows[item.origin], item.symbols.count("Ti")
        energy = units * float(formation[row] - 30.0 - 2.0 * data["x"].values[row])
        changed.append(ComputedStructure(item.atoms, energy, item.origin))
    path = tmp_path_factory.mktemp("accurate") / "accurate.extxyz"
    write_structures(StructureSet(tuple(changed)), path)
    return path


def test_a_few_energies_of_another_method_make_the_gap_a_prediction(mapped, accurate_file):
    host, data = mapped
    section = Localisation.read({"energies": str(accurate_file), "reference": "another method", "model_error": "5 meV"})
    found = localised_orderings(CRYSTAL, host, data, section)
    assert LocalisationCorrection.model_validate_json(found.attrs["correction"]).source.reference == "another method"
    expected = 0.6 * formation_energies(host, data) + 0.1 * unlike_pairs(host, data)
    assert formation_energies(host, found) == pytest.approx(expected, abs=1e-7)
    draw = localised_orderings.quantity.draw
    members = [formation_energies(host, draw(found, seed)) for seed in range(2)]
    # What all orderings share, the error of the method, moves them in proportion to their unlike pairs.
    moved = (members[0] - expected) / np.maximum(unlike_pairs(host, data), 1e-9)
    assert np.ptp(moved[unlike_pairs(host, data) > 0]) < 1e-6
    assert 0.0 < abs(moved.max()) < 0.05
    assert not np.allclose(*members)


def test_accurate_structures_that_are_not_taken_are_counted_and_named(mapped, accurate_file, tmp_path):
    structures = list(read_structures(accurate_file))
    slipped = next(k for k, item in enumerate(structures) if 0 < item.symbols.count("Li") < item.symbols.count("Ti"))
    atoms = structures[slipped].atoms.copy()
    ion = atoms.symbols.indices()["Li"][0]
    atoms.positions[ion] += (0.0, 0.0, 0.7)  # out of its site by more than the 0.6 Å that [crystal] allows by itself
    structures[slipped] = ComputedStructure(atoms, structures[slipped].energy, structures[slipped].origin)
    path = tmp_path / "slipped.extxyz"
    write_structures(StructureSet(tuple(structures)), path)
    section = Localisation.read({"energies": str(path), "reference": "another method", "model_error": "5 meV"})
    listener, words = Silent(), []
    listener.noted = words.append
    with heard_by(listener):
        found = localised_orderings(CRYSTAL, *mapped, section)
    assert "1 of the energies not taken" in localised_orderings.quantity.headline(found)
    (told,) = words
    assert "1 not taken" in told
    assert "0.72 Å from the nearest free site" in told
    allowed = CRYSTAL.model_copy(update={"largest_displacement": 0.9})
    assert "not taken" not in localised_orderings.quantity.headline(localised_orderings(allowed, *mapped, section))


def test_localisation_is_either_stated_or_computed(accurate_file, mapped):
    stated = {"interaction": "0.1 eV", "reference": "a gap"}
    for section in ({"reference": "nothing"}, stated | {"energies": str(accurate_file)}):
        with pytest.raises(InputError, match="a stated interaction, or energies"):
            Localisation.read(section)
    with pytest.raises(InputError, match="none beside interaction"):
        Localisation.read(stated | {"model_error": 0.01})
    with pytest.raises(InputError, match="none beside energies"):
        Localisation.read({"energies": str(accurate_file), "reference": "x", "anchor": "mean"})
    found = localised_orderings(CRYSTAL, *mapped, Localisation.read(stated))
    assert localised_orderings.quantity.draw(found, 1) is found
