"""The user's nudged elastic bands to barriers that depend on their surroundings, and rates that use them."""

from __future__ import annotations

import numpy as np
import pytest
from ase.io import read, write

from scalith.crystal import HostSite, MappedHop, map_hops, read_hop_paths
from scalith.crystal.supercells import lattice_cells
from scalith.lattice import ClusterExpansion, HopBarriers, fit_hop_barriers
from scalith.lattice.expansion.cluster_space import positions_of
from scalith.lattice.expansion.hop_surroundings import hop_surroundings, images_of_hop
from scalith.lattice.hopping.kinetic_model import kinetic_model
from scalith.lattice.kernels.kinetic import hop_rates
from scalith.quantities import InputError
from scalith.quantities.constants import BOLTZMANN_EV
from tests.crystal.bands import planted_band, write_band
from tests.crystal.vasp_runs import put, vasprun
from tests.lattice.models import host as fcc

SIZE = 3
START, END = (0, 0, 0, 0), (0, 1, 0, 0)
REACH = 2.6
"""Å: the four sites that neighbour both ends of a hop on fcc of 4 Å."""


def host():
    """fcc with a spectator in the octahedra."""
    model = fcc()
    anion = HostSite(position=(0.5, 0.5, 0.5), species=("O",), charges=(-1.0,))
    return model.model_copy(update={"sites": (*model.sites, anion)})


def planted(spins):
    """Barrier by the four common neighbours: falls with each vacancy."""
    return 0.4 + 0.03 * np.sum(spins)


def bands(count, seed=0):
    """Bands in random surroundings along random ones of the twelve hops, with their planted barriers."""
    model, rng = host(), np.random.default_rng(seed)
    sites, _, _ = hop_surroundings(model, START, END, REACH)
    images = images_of_hop(model, START, END)
    hops = sorted(images)
    found = []
    for _ in range(count):
        key = hops[rng.integers(len(hops))]
        cells = [tuple(int(n) for n in cell) for cell in np.indices((SIZE,) * 3).reshape(3, -1).T]
        filled = {cell for cell in cells if rng.random() < 0.5} | {(0, 0, 0)}
        target = key[1][1:]
        filled -= {tuple(np.mod(target, SIZE).tolist())}
        around = [tuple(np.mod(images[key](site)[1:], SIZE).tolist()) for site in sites]
        spins = np.array([1 if place in filled else -1 for place in around])
        found.append(planted_band(model, SIZE, sorted(filled), (0, 0, 0), target, planted(spins)))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("bands")
    for k, images in enumerate(bands(6)):
        write_band(images, place / f"{k:02d}_band.traj")
    return place


@pytest.fixture(scope="module")
def barriers(folder):
    model = host()
    hops, rejected = map_hops(model, read_hop_paths(folder))
    assert rejected == []
    return fit_hop_barriers(model, hops, reach=REACH)


@pytest.mark.long
def test_planted_barriers_come_back_whatever_hop_and_surroundings(barriers):
    (kind,) = barriers.kinds
    assert kind.surroundings is not None
    assert barriers.barrier_error < 1e-6
    assert len(kind.surroundings.sites) == 4
    for spins in ([1, 1, 1, 1], [1, -1, 1, -1], [-1, -1, -1, -1]):
        assert float(kind.surroundings.value(np.array(spins))) == pytest.approx(planted(np.array(spins)), abs=1e-6)
    assert HopBarriers.read(barriers.model_dump(mode="json"), "again").digest == barriers.digest


@pytest.mark.long
def test_rates_use_the_barrier_of_their_surroundings_and_balance(barriers):
    """Each rate is ν exp(−(KRA + ΔE/2)/kT) with the KRA of what is around the hop, and so is its reverse."""
    model = host()
    orbits = ClusterExpansion.orbits_of(model, 2.9)
    expansion = ClusterExpansion.given(model, tuple(0.01 if orbit.order == 2 else 0.0 for orbit in orbits), 2.9)
    lattice = kinetic_model(expansion, barriers, SIZE)
    rng = np.random.default_rng(3)
    occupation = (rng.random(SIZE**3) < 0.5).astype(np.int8)
    T = 500.0
    kT = BOLTZMANN_EV * T
    rates = np.zeros((occupation.size, lattice.most_hops))
    hop_rates(lattice.lattice.tables, lattice.hops, occupation, lattice.frequency, kT, rates)
    sites, _, _ = hop_surroundings(model, START, END, REACH)
    images = images_of_hop(model, START, END)
    vectors = {tuple(np.round(np.array(key[1][1:]) @ model.cell, 6)): key for key in images}
    cells = np.indices((SIZE,) * 3).reshape(3, -1).T

    def number(cell):
        return int(np.ravel_multi_index(tuple(np.mod(cell, SIZE)), (SIZE,) * 3))

    def energy(state):
        return SIZE**3 * expansion.energy(SIZE * np.eye(3, dtype=int), state, np.zeros(SIZE**3, dtype=int), cells)

    before, checked, seen = energy(occupation), 0, set()
    for i in np.flatnonzero(occupation)[:12]:
        for h, vector in enumerate(lattice.hops.vector):
            key = vectors[tuple(np.round(vector, 6))]
            j = number(cells[i] + np.array(key[1][1:]))
            if occupation[j]:
                assert rates[i, h] == 0.0
                continue
            after = occupation.copy()
            after[[i, j]] = 0, 1
            change = energy(after) - before
            spins = np.array([2 * int(occupation[number(cells[i] + np.array(images[key](site)[1:]))]) - 1 for site in sites])
            expected = lattice.frequency * np.exp(-(planted(spins) + 0.5 * change) / kT)
            assert rates[i, h] == pytest.approx(expected, rel=1e-5)
            back = np.zeros_like(rates)
            if checked < 5:
                hop_rates(lattice.lattice.tables, lattice.hops, after, lattice.frequency, kT, back)
                reverse = next(k for k, other in enumerate(lattice.hops.vector) if np.allclose(other, -vector))
                assert rates[i, h] / back[j, reverse] == pytest.approx(np.exp(-change / kT), rel=1e-9)
            checked += 1
            seen.add(int(spins.sum()))
    assert checked > 40
    assert len(seen) > 2


@pytest.mark.long
def test_an_error_of_the_barriers_moves_those_by_surroundings_too(barriers):
    doubtful = barriers.model_copy(update={"barrier_error": 0.05})
    member = doubtful.drawn(np.random.default_rng(1))
    (before,), (after,) = barriers.kinds, member.kinds
    shift = after.barrier - before.barrier
    assert abs(shift) > 1e-4
    assert after.surroundings.constant - before.surroundings.constant == pytest.approx(shift)


def mapped(size, barrier, seed):
    """A hop as `map_hops` gives it, in size³ cells with random ions around it."""
    filled = (np.random.default_rng(seed).random(size**3) < 0.5).astype(np.int8)
    cells = lattice_cells(size * np.eye(3, dtype=int))
    filled[np.all(cells == 0, axis=1)] = 1
    filled[np.all(cells == END[1:], axis=1)] = 0
    return MappedHop(size * np.eye(3, dtype=int), filled, START, END, barrier, f"{size} cells, {seed}")


def test_bands_in_cells_narrower_than_their_surroundings_are_left_out_by_name():
    """In 2³ cells of fcc the four common neighbours are different sites, those within a cell's length are not."""
    wide = [mapped(4, 0.4, seed) for seed in range(3)]
    found = fit_hop_barriers(host(), [*wide, mapped(2, 0.9, 7)], reach=3.5)
    assert found.source.settings["bands"] == 3
    assert "2 cells, 7 left out" in found.source.note
    assert found.digest != fit_hop_barriers(host(), wide, reach=3.5).digest
    assert found.kinds == fit_hop_barriers(host(), wide, reach=3.5).kinds
    with pytest.raises(InputError, match=r"2 cells, 1.*narrower cell"):
        fit_hop_barriers(host(), [mapped(2, 0.4, 0), mapped(2, 0.5, 1)], reach=3.5)


def test_a_box_in_which_surroundings_meet_their_images_is_rejected():
    barriers = fit_hop_barriers(host(), [mapped(4, 0.4 + 0.01 * seed, seed) for seed in range(3)], reach=3.5)
    flat = ClusterExpansion.given(host(), (0.0, 0.0), 0.0)
    kinetic_model(flat, barriers, 4)
    with pytest.raises(InputError, match="around a hop meets the image"):
        kinetic_model(flat, barriers, 2)
    # Barriers by the number of vacant common neighbours: in a box of one cell along a they are the ends.
    counted = HopBarriers.layered()
    kinetic_model(flat, counted, 3)
    with pytest.raises(InputError, match="around a hop meets the image"):
        kinetic_model(flat, counted, (1, 3, 3))


@pytest.mark.parametrize("more", [0, 2])
def test_of_a_relaxation_the_last_whole_band_counts(tmp_path, more):
    """A run that was stopped while it wrote a band: what it had written of it is no part of the path."""
    images = bands(1)[0]
    write_band(images, tmp_path / "band.traj")
    write(tmp_path / "stopped.traj", [*read(tmp_path / "band.traj", index=":"), *images[:more]])
    (path,) = read_hop_paths(tmp_path / "stopped.traj").paths
    assert path.energies == pytest.approx([atoms.get_potential_energy() for atoms in images])


def test_image_folders_of_vasp_are_read(tmp_path):
    images = bands(1)[0]
    for k, atoms in enumerate(images):
        put(tmp_path / "hop", f"{k:02d}/vasprun.xml", vasprun(atoms, atoms.get_potential_energy()))
    for k, atoms in enumerate(images[:4]):
        put(tmp_path / "without an end", f"{k:02d}/vasprun.xml", vasprun(atoms, atoms.get_potential_energy()))
    (tmp_path / "without an end" / "04").mkdir()
    found = read_hop_paths(tmp_path)
    (path,) = found.paths
    energies = [atoms.get_potential_energy() for atoms in images]
    assert path.resolved_barrier == pytest.approx(max(energies) - energies[0], abs=1e-6)
    assert path.run_type.functional == "PE"
    ((name, reason),) = found.left_out
    assert name == "without an end"
    assert "no energy" in reason
    (hop,), _ = map_hops(host(), found)
    ends = positions_of(host(), (hop.start, hop.end))
    assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(np.sqrt(8.0))
    assert hop.filled.sum() == images[0].symbols.count("Li")


def test_the_saddle_lies_on_the_curve_through_the_highest_images(tmp_path):
    """Ends that differ by 0.2 eV: the maximum of the parabola, above its highest image."""
    images = bands(1)[0]
    share = np.linspace(0.0, 1.0, 5)
    energies = 0.2 * share + 0.5 * (1.0 - (2.0 * share - 1.0) ** 2)
    for atoms, energy in zip(images, energies, strict=True):
        atoms.calc.results["energy"] = energy
    write_band(images, tmp_path / "band.traj")
    (path,) = read_hop_paths(tmp_path / "band.traj").paths
    exact = max(0.2 * s + 0.5 * (1 - (2 * s - 1) ** 2) for s in np.linspace(0, 1, 100_001))
    assert path.saddle == pytest.approx(exact, abs=1e-6)
    assert path.saddle > energies.max() + 1e-3


def test_bands_that_tell_no_barrier_are_left_out_by_name(tmp_path):
    model = host()
    images = bands(1)[0]
    still = [atoms.copy() for atoms in images]
    for k, (atoms, other) in enumerate(zip(still, images, strict=True)):
        atoms.positions[0] = images[0].positions[0] + 0.02 * k
        atoms.calc = type(other.calc)(atoms, **other.calc.results)
    write_band(still, tmp_path / "still.traj")
    downhill = [atoms.copy() for atoms in images]
    for k, (atoms, other) in enumerate(zip(downhill, images, strict=True)):
        atoms.calc = type(other.calc)(atoms, energy=-float(k))
    write_band(downhill, tmp_path / "downhill.extxyz")
    with pytest.raises(InputError, match="0 ions move"):
        map_hops(model, read_hop_paths(tmp_path))
    assert "highest image at one end" in dict(read_hop_paths(tmp_path).left_out)["downhill.extxyz"]
    with pytest.raises(InputError, match="no such file"):
        read_hop_paths(tmp_path / "nothing")
    with pytest.raises(InputError, match="one nudged elastic band"):
        fit_hop_barriers(model, [], reach=3.0)


@pytest.mark.long
def test_a_study_that_names_a_folder_of_bands_takes_its_barriers(folder, tmp_path):
    import json

    from scalith.ladder import climb, read_study

    sites = [
        {"species": [{"element": site.species[0], "occu": 1}], "abc": list(site.position), "label": site.species[0]}
        for site in host().sites
    ]
    (tmp_path / "host.json").write_text(json.dumps({"lattice": {"matrix": host().cell.tolist()}, "sites": sites}))
    study = tmp_path / "study.toml"
    study.write_text(
        f"""
[study]
title = "barriers of my own"
targets = ["hop_barriers"]
[crystal]
host = "host.json"
[hop_paths]
bands = "{folder}"
reach = {REACH}
"""
    )
    entry = climb(read_study(study), tmp_path / "out").entry("barriers_of_paths")
    assert "1 distinct hops from 6 bands" in entry.headline
