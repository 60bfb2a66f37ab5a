"""Monte Carlo of coupled sublattices against exact enumeration of small lattices; what it keeps, and what it rejects."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from scalith.crystal import Host, HostSite
from scalith.lattice import (
    ClusterExpansion,
    HopBarriers,
    HopKind,
    Species,
    SpeciesExpansion,
    configurational_entropy,
    decorated_orbits,
    kinetic_monte_carlo,
    open_circuit_voltage,
    sample_canonical,
    semi_grand_canonical,
    species_canonical,
    species_semi_grand_canonical,
    two_phase_regions,
)
from scalith.lattice.kernels.species import species_chain, species_fields
from scalith.lattice.phases.thermodynamics import metal_energy
from scalith.lattice.sampling.species_model import species_model
from scalith.lattice.sampling.species_monte_carlo import composition_range, is_one_arrangement
from scalith.quantities import DomainError, InputError, Source
from scalith.quantities.constants import BOLTZMANN_EV
from tests.lattice.expansion.test_species_expansion import alloy, random_expansion, salt, site
from tests.lattice.models import SQUARE

PLANE = ((3.0, 0.0, 0.0), (0.0, 3.0, 0.0), (0.0, 0.0, 9.0))


def phosphate():
    """Lithium and electrons on sublattices of their own."""
    sites = (
        site((0, 0, 0), ("Li", "vacancy"), (1.0, 0.0)),
        site((0.5, 0.5, 0.2), ("Fe2+", "Fe3+"), (2.0, 3.0)),
        site((0, 0.5, 0.4), ("O3-",), (-3.0,)),
    )
    return Host(name="phosphate", working_ion="Li", lattice=PLANE, sites=sites)


def rock_salt():
    """Lithium, manganese of two charges and vacancies on one sublattice."""
    sites = (
        site((0, 0, 0), ("Li", "Mn3+", "Mn4+", "vacancy"), (1.0, 3.0, 4.0, 0.0)),
        site((0.5, 0.5, 0.1), ("F1-",), (-5.0 / 3.0,)),
    )
    return Host(name="rock salt", working_ion="Li", lattice=PLANE, sites=sites)


def energies_of(model, codes):
    field = np.zeros((codes.shape[1], model.tables.point.shape[1]))
    return np.array([species_fields(model.tables, row.copy(), field) for row in codes])


@pytest.mark.parametrize("model", [alloy(), salt(), phosphate()])
def test_kernel_and_cluster_vector_give_one_energy(model):
    triplets = 0.0 if model.name == "phosphate" else 2.9
    expansion = random_expansion(model, 3.2 if model.name == "phosphate" else 2.9, triplets)
    if model.name == "phosphate":
        expansion = expansion.model_copy(update={"inverse_permittivity": 0.02})
    shape = (4, 4, 5) if triplets else (3, 4, 1)
    lattice = species_model(expansion, shape)
    cells = np.indices(shape).reshape(3, -1).T
    count = len(model.active)
    rng = np.random.default_rng(2)
    kinds = [len(model.sites[index].species) for index in model.active]
    species = np.stack([rng.integers(0, kind, len(cells)) for kind in kinds], axis=1).astype(np.int8)
    found = energies_of(lattice, lattice.codes(species.ravel())[None])[0] / len(cells) + lattice.constant
    given = Species(np.diag(shape), species.T.ravel(), np.repeat(np.arange(count), len(cells)), np.tile(cells, (count, 1)))
    assert found == pytest.approx(expansion.energy(given), abs=1e-12)


def test_exchanges_sample_the_exact_ensemble_and_keep_composition_and_charge():
    sites = (site((0, 0, 0), ("Li", "Na", "vacancy"), (1.0, 1.0, 0.0)), site((0.5, 0.5, 0.5), ("O",), (-2.0,)))
    model = Host(name="mixed", working_ion="Li", lattice=SQUARE, sites=sites)
    expansion = random_expansion(model, 3.1, scale=0.03)
    shape, T = (3, 3, 1), 600.0
    lattice = species_model(expansion, shape)
    energies = energies_of(lattice, np.array(sorted(set(permutations((2, 2, 2, 1, 1, 0, 0, 0, 0)))), dtype=np.int8))
    weight = np.exp(-(energies - energies.min()) / (BOLTZMANN_EV * T))
    exact = float(weight @ energies / weight.sum()) / 9 + lattice.constant
    composition = [{"Li": 3 / 9, "Na": 2 / 9, "vacancy": 4 / 9}]
    found = species_canonical(expansion, [T, 900.0], composition, cells=shape, sweeps=20_000, seed=1)
    error = float(found["energy_error"][0])
    assert 0 < error < 1e-3
    assert float(found["energy"][0]) == pytest.approx(exact, abs=5 * error)
    assert np.bincount(found["species"].values).tolist() == [3, 2, 4]
    assert found.attrs["charge"] == pytest.approx(5 / 9 - 2.0)


def neutral(lattice, ions_of, codes):
    """Those of all arrangements that are neutral, with their energies and numbers of ions."""
    host = lattice.host
    charges = [np.array(host.sites[index].charges[::-1]) for index in host.active]
    fixed = lattice.cells * sum(item.charges[0] for item in host.sites if not item.active)
    total = fixed + sum(charges[k % len(charges)][codes[:, k]] for k in range(codes.shape[1]))
    kept = codes[np.abs(total) < 1e-9]
    return energies_of(lattice, kept), ions_of(kept)


def exact_averages(energies, ions, T, mu, lattice):
    kT = BOLTZMANN_EV * T
    grand = energies - mu * ions
    weight = np.exp(-(grand - grand.min()) / kT)
    norm = weight.sum()
    weight = weight / norm
    mean, energy = weight @ ions, weight @ energies
    return {
        "x": mean / lattice.sites,
        "energy": energy / lattice.cells + lattice.constant,
        "fluctuations": (weight @ ions**2 - mean**2) / lattice.sites,
        "partial_energy": (weight @ (energies * ions) - mean * energy) / (weight @ ions**2 - mean**2),
    }


def test_ions_enter_with_their_electrons_as_in_the_exact_ensemble():
    expansion = random_expansion(phosphate(), 3.2, scale=0.03, seed=4).model_copy(update={"inverse_permittivity": 0.01})
    lattice = species_model(expansion, (3, 3, 1))
    halves = np.array(list(product((0, 1), repeat=9)), dtype=np.int8)
    # Interactions are pairs: energies of all arrangements from those of one and of two sites that differ from the reference.
    size = 2 * lattice.cells
    single = np.eye(size, dtype=np.int8)
    pairs = single[:, None] + single[None]
    pairs[np.arange(size), np.arange(size)] = 0
    base = energies_of(lattice, np.zeros((1, size), dtype=np.int8))[0]
    one = energies_of(lattice, single) - base
    two = energies_of(lattice, pairs.reshape(-1, size)).reshape(size, size) - base
    mutual = np.where(np.eye(size) > 0, 0.0, two - one[:, None] - one[None])
    number = halves.sum(axis=1)
    rows = []
    for count in range(10):
        own = halves[number == count]
        rows.append(np.stack([np.repeat(own, len(own), axis=0), np.tile(own, (len(own), 1))], axis=2).reshape(-1, size))
    codes = np.concatenate(rows).astype(np.float64)
    energies = base + codes @ one + 0.5 * np.einsum("ki,ki->k", codes @ mutual, codes)
    ions = codes[:, ::2].sum(axis=1)
    middle = float(energies[-1] - energies[0]) / 9
    mu = middle + np.array([-0.2, -0.05, 0.1, 0.3])
    found = species_semi_grand_canonical(expansion, [700.0, 1000.0], mu, cells=(3, 3, 1), sweeps=8000, seed=3)
    for j, T in enumerate((700.0, 1000.0)):
        for k, potential in enumerate(mu):
            for name, value in exact_averages(energies, ions, T, potential, lattice).items():
                error = float(found[f"{name}_error"][j, k])
                assert float(found[name][j, k]) == pytest.approx(value, abs=5 * error), (name, T, potential)
    assert float(found["x_error"].max()) < 0.01


def test_charge_states_on_one_sublattice_sample_the_exact_ensemble():
    """Ions, Mn3+, Mn4+ and vacancies share their sites: three manganese on nine sites are kept, and neutrality."""
    expansion = random_expansion(rock_salt(), 3.1, scale=0.03, seed=5)
    lattice = species_model(expansion, (3, 3, 1))
    # Code 3: Li, 2: Mn3+, 1: Mn4+, 0: vacancy. Charge of the anions: −15.
    places = [combination for combination in product((0, 1), repeat=9) if sum(combination) == 3]
    codes = []
    for manganese in places:
        for states in product((1, 2), repeat=3):
            for others in product((0, 3), repeat=6):
                if others.count(3) + 4 * states.count(1) + 3 * states.count(2) == 15:
                    left, right = iter(states), iter(others)
                    codes.append([next(left) if here else next(right) for here in manganese])
    energies, ions = neutral(lattice, lambda kept: (kept == 3).sum(axis=1), np.array(codes, dtype=np.int8))
    assert set(ions.tolist()) == {3, 4, 5, 6}
    composition = [{"Li": 3 / 9, "Mn4+": 3 / 9, "vacancy": 3 / 9}]
    mu = float(np.polyfit(ions, energies, 1)[0]) + np.array([-0.1, -0.03, 0.03, 0.1])
    found = species_semi_grand_canonical(expansion, [900.0], mu, composition=composition, cells=(3, 3, 1), sweeps=8000, seed=2)
    for k, potential in enumerate(mu):
        for name, value in exact_averages(energies, ions, 900.0, potential, lattice).items():
            assert float(found[name][0, k]) == pytest.approx(value, abs=5 * float(found[f"{name}_error"][0, k])), (
                name,
                potential,
            )
    assert found.attrs["known_x"][0] >= 3 / 9
    with pytest.raises(InputError, match="one arrangement each"):
        configurational_entropy(found)


@pytest.mark.parametrize(
    ("lists", "anion", "pure"),
    [
        ((("Fe2+", "Fe3+"),), -3.0, (True, True)),
        # Half reduced: Fe2+ beside Mn3+, or Fe3+ beside Mn2+, or anything between.
        ((("Fe2+", "Fe3+"), ("Mn2+", "Mn3+")), -6.0, (True, False)),
        # All Mn3+, or as many Mn2+ as Mn4+.
        ((("Mn2+", "Mn3+", "Mn4+"),), -4.0, (True, False)),
    ],
)
def test_an_end_is_one_arrangement_where_no_other_has_its_ions_and_charge(lists, anion, pure):
    metals = tuple(
        site((0.5, 0.5, 0.2 + 0.1 * k), names, tuple(float(name[2]) for name in names)) for k, names in enumerate(lists)
    )
    sites = (site((0, 0, 0), ("Li", "vacancy"), (1.0, 0.0)), *metals, site((0, 0.5, 0.4), ("X",), (anion,)))
    model = Host(name="metals", working_ion="Li", lattice=PLANE, sites=sites)
    free = SpeciesExpansion(
        host=model,
        orbits=(orbits := decorated_orbits(model, 0.0)),
        interactions=(0.0,) * len(orbits),
        source=Source(kind="assumed", reference="free"),
    )
    lattice = species_model(free, (4, 4, 1))
    found = tuple(is_one_arrangement(lattice, None, counts) for counts in composition_range(lattice, None))
    assert found == pure


def test_a_shift_of_all_energies_leaves_the_voltage_where_the_ends_are_in_disorder():
    """Ions that attract each other in two phases, beside a sublattice of two inert species."""
    sites = (site((0, 0, 0), ("Li", "vacancy"), (1.0, 0.0)), site((0.5, 0.5, 0.2), ("Na", "K"), (1.0, 1.0)))
    model = Host(name="beside an alloy", working_ion="Li", lattice=PLANE, sites=sites)
    orbits = decorated_orbits(model, 3.1)
    pair = next(k for k, orbit in enumerate(orbits) if [place[0] for place in orbit.clusters[0]] == [0, 0])
    voltages = []
    for shift in (20.0, -20.0):
        interactions = tuple(shift * (orbit.order == 0) - 0.015 * (k == pair) for k, orbit in enumerate(orbits))
        expansion = SpeciesExpansion(
            host=model, orbits=orbits, interactions=interactions, source=Source(kind="assumed", reference="given")
        )
        composition = [{"Li": 0.5, "vacancy": 0.5}, {"Na": 0.5, "K": 0.5}]
        mu = np.linspace(-0.06, 0.06, 13)
        found = species_semi_grand_canonical(expansion, [320.0], mu, composition=composition, cells=(8, 8, 1), sweeps=40, seed=3)
        assert found.attrs["zero_of_entropy"] == 0
        assert len(two_phase_regions(found)[0]) == 1
        voltages.append(open_circuit_voltage(found, metal_energy(0.0, "none")).values.values)
    assert voltages[1] == pytest.approx(voltages[0], abs=1e-9)


def test_every_move_keeps_the_charge_and_the_other_elements():
    expansion = random_expansion(rock_salt(), 3.1, scale=0.03, seed=5)
    lattice = species_model(expansion, (3, 3, 1))
    codes = np.array([3, 3, 3, 1, 1, 1, 0, 0, 0], dtype=np.int8)
    charge = np.array([0.0, 4.0, 3.0, 1.0])
    ions, energies = np.empty((1, 1)), np.empty((1, 1))
    seen = set()
    for step in range(300):
        states = np.full(1, 0.2), np.full(1, 0.3)
        drift = species_chain(
            lattice.tables, lattice.grouped, lattice.starts, lattice.steps, codes, *states, 1, np.uint64(step), ions, energies
        )
        assert drift < 1e-12
        assert charge[codes].sum() == pytest.approx(15.0)
        assert np.isin(codes, (1, 2)).sum() == 3
        assert ions[0, 0] == (codes == 3).sum()
        seen.add(int(ions[0, 0]))
    assert seen == {3, 4, 5, 6}


@pytest.mark.long
def test_independent_ions_and_electrons_meet_the_exact_voltage():
    """Without interactions x²/(1 − x)² = exp((μ − ε)/kT): twice the logarithm of the lattice gas, one for ions, one for electrons."""
    model = phosphate()
    orbits = decorated_orbits(model, 0.0)
    expansion = SpeciesExpansion(
        host=model, orbits=orbits, interactions=(0.0, 0.5, 0.0), source=Source(kind="assumed", reference="free")
    )
    found = species_semi_grand_canonical(expansion, [300.0, 600.0], cells=(12, 12, 1), sweeps=200, points=30, seed=1)
    level = -1.0  # Li counts −1 in the point function of weight 0.5
    assert np.abs(found["grand_potential_closure"].values).max() < 0.004
    voltage = open_circuit_voltage(found, metal_energy(0.0, "none"))
    x = np.linspace(0.05, 0.95, 19)
    for T in (300.0, 600.0):
        exact = -level - 2.0 * BOLTZMANN_EV * T * np.log(x / (1.0 - x))
        assert voltage(x, T) == pytest.approx(exact, abs=0.006)
    entropy = configurational_entropy(found)(0.5, 300.0)
    assert entropy == pytest.approx(2 * 8.314 * np.log(2), rel=0.03)
    with pytest.raises(DomainError):
        voltage(0.001, 300.0)


def test_a_sublattice_that_would_be_frozen_is_rejected():
    model = phosphate()
    orbits = ClusterExpansion.orbits_of(model, 3.1)
    given = ClusterExpansion.given(model, (0.0,) * len(orbits), 3.1)
    hops = HopBarriers(kinds=(HopKind(name="hop", barrier=0.3),), source=Source(kind="assumed", reference="x"))
    for run in (
        lambda: semi_grand_canonical(given, [300.0], cells=(3, 3, 1), seed=1),
        lambda: sample_canonical(given, [300.0], [0.5], cells=(4, 4, 1), seed=1),
        lambda: kinetic_monte_carlo(given, hops, x=[0.5], temperatures=[300.0], cells=(4, 4, 1), seed=1),
    ):
        with pytest.raises(InputError, match=r"Fe2\+ and Fe3\+.*leave as they are"):
            run()


def test_what_does_not_fit_is_named():
    expansion = random_expansion(alloy(), 2.9)
    for composition, message in (
        ([{"Al": 0.5, "Cu": 0.2}], "add up to 1"),
        ([{"Al": 0.5, "Fe": 0.5}], "Al, Cu, Zn"),
        ([], "one for each"),
    ):
        with pytest.raises(InputError, match=message):
            species_canonical(expansion, [300.0], composition, cells=4, seed=1)
    with pytest.raises(InputError, match="own image"):
        species_model(expansion, (1, 4, 4))
    oxide = random_expansion(rock_salt(), 3.1)
    with pytest.raises(InputError, match="how much there is of Mn"):
        species_semi_grand_canonical(oxide, [300.0], cells=(3, 3, 1), seed=1)
    with pytest.raises(InputError, match="add up to zero"):
        species_semi_grand_canonical(oxide, [300.0], composition=[{"Mn4+": 1 / 9, "vacancy": 8 / 9}], cells=(3, 3, 1), seed=1)
    charged = (site((0, 0, 0), ("Li", "vacancy"), (1.0, 0.0)), site((0.5, 0.5, 0.2), ("Fe2+", "Fe4+"), (2.0, 4.0)))
    frozen = Host(name="two at once", working_ion="Li", lattice=PLANE, sites=charged)
    with pytest.raises(InputError, match="no neutral step"):
        species_semi_grand_canonical(random_expansion(frozen, 3.1), [300.0], cells=(3, 3, 1), seed=1)


def test_ions_of_two_sublattices_change_places():
    """Lithium and nickel that mix between layers: the swap is a step of its own, else either layer would keep its nickel."""
    sites = (
        site((0, 0, 0), ("Li", "Ni2+", "vacancy"), (1.0, 2.0, 0.0)),
        site((0.5, 0.5, 0.2), ("Ni2+", "Li"), (2.0, 1.0)),
        HostSite(position=(0, 0.5, 0.4), species=("O3-",), charges=(-3.0,)),
    )
    model = Host(name="mixing", working_ion="Li", lattice=PLANE, sites=sites)
    steps = species_model(random_expansion(model, 3.1), (3, 3, 1)).steps
    swaps = [
        (a, b)
        for a, b, size, ions in zip(steps.group[:, 0], steps.group[:, 1], steps.size, steps.ions, strict=True)
        if size == 2 and ions == 0
    ]
    assert (0, 1) in swaps
