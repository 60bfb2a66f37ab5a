import numpy as np
import pytest

from scalith.crystal import map_orderings, read_host, read_structures
from scalith.ladder.rungs.atoms import SmallPolarons, electronic_conductivity, partial_molar_volume
from scalith.ladder.rungs.crystal import maximum_concentration
from scalith.quantities import InputError, read_property_csv, shipped

FOLDER = "dft_energies/LixTiS2_gpaw"


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
    with pytest.raises(InputError, match="barrier_full"):
        SmallPolarons.read({"barrier_empty": 0.1, "barrier_full": -0.1, "hop_distance": 3.87e-10})


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
