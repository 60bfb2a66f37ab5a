from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from scalith.atoms import (
    BandSettings,
    Barrier,
    Engine,
    PublishedBarrier,
    corrected_barrier,
    distinct_hops,
    fit_barrier_correction,
    hop_barrier,
    hop_end_points,
    lattice_barriers,
)
from scalith.crystal import Host, HostSite
from scalith.lattice import HopBarriers
from scalith.quantities import ConvergenceError, InputError, Source

WASHBOARD = "tests.atoms.planted:Washboard"


def square(spectator=True):
    """One lithium site in a tetragonal cell of 3 Å, with or without an oxygen in its middle."""
    oxygen = (HostSite(position=(0.5, 0.5, 0.5), species=("O",), charges=(-1.0,)),) if spectator else ()
    lithium = HostSite(position=(0.0, 0.0, 0.0), species=("Li", "vacancy"), charges=(1.0, 0.0))
    return Host(name="square", working_ion="Li", lattice=((3, 0, 0), (0, 3, 0), (0, 0, 5)), sites=(lithium, *oxygen))


def end_points(period=3.0, offset=0.0):
    first = Atoms("OLi", positions=[[0, 4, 4], [offset, 0.1, 0]], cell=[9, 9, 9], pbc=True)
    second = Atoms("OLi", positions=[[0, 4, 4], [offset + period, 0, -0.1]], cell=[9, 9, 9], pbc=True)
    return first, second


@pytest.mark.parametrize("tilt", [0.0, 0.05])
def test_the_band_finds_a_planted_saddle(tilt):
    """E = B/2 (1 − cos 2πx/a) + t x/a: saddle and minima where dE/dx = 0; E_KRA has no direction."""
    height, period = 0.3, 3.0
    engine = Engine(name=WASHBOARD, settings={"height": height, "period": period, "tilt": tilt})
    barrier = hop_barrier(*end_points(), engine, settings=BandSettings(images=5, force_tolerance=0.005))
    slope = np.arcsin(-tilt / (np.pi * height))
    minimum, saddle = slope, np.pi - slope

    def energy(angle):
        return 0.5 * height * (1 - np.cos(angle)) + tilt * angle / (2 * np.pi)

    assert barrier.converged
    assert barrier.forward == pytest.approx(energy(saddle) - energy(minimum), abs=2e-4)
    assert barrier.backward == pytest.approx(energy(saddle) - energy(minimum) - tilt, abs=2e-4)
    assert barrier.kinetically_resolved == pytest.approx(0.5 * (barrier.forward + barrier.backward), abs=1e-9)
    assert barrier.distance == pytest.approx(period, abs=1e-2)


def test_end_points_that_fall_into_each_other_are_refused():
    engine = Engine(name=WASHBOARD, settings={"period": 3.0})
    first, second = end_points(period=1.2, offset=-0.6)
    with pytest.raises(InputError, match=r"both relax to one place"):
        hop_barrier(first, second, engine)


def test_end_points_must_be_the_same_atoms():
    engine = Engine(name=WASHBOARD)
    first, second = end_points()
    with pytest.raises(InputError, match="the same atoms in the same order"):
        hop_barrier(first, Atoms("LiO", positions=second.positions, cell=second.cell, pbc=True), engine)
    with pytest.raises(InputError, match="two different places"):
        hop_barrier(first, first, engine)
    second.set_cell([9, 9, 10])
    with pytest.raises(InputError, match="one cell"):
        hop_barrier(first, second, engine)


def test_an_end_point_that_does_not_relax_stops_the_band():
    with pytest.raises(ConvergenceError, match="first end point"):
        hop_barrier(*end_points(offset=0.4), Engine(name=WASHBOARD), settings=BandSettings(steps=1))


def test_a_band_with_forces_left_says_so():
    first = Atoms("OLi", positions=[[0, 4, 4], [0, 0, 0]], cell=[9, 9, 9], pbc=True)
    second = Atoms("OLi", positions=[[0, 4, 4], [3, 0, 0]], cell=[9, 9, 9], pbc=True)
    barrier = hop_barrier(first, second, Engine(name=WASHBOARD), settings=BandSettings(images=4, force_tolerance=1e-6, steps=2))
    assert not barrier.converged
    assert "is left after" in barrier.problem
    with pytest.raises(InputError, match="a converged band"):
        lattice_barriers(distinct_hops(square(), 3.5)[0], [barrier])


def test_hops_are_told_apart_by_symmetry():
    hops = distinct_hops(square(), 5.1)
    assert [hop.distance for hop in hops] == pytest.approx([3.0, 18**0.5, 5.0])
    assert [hop.multiplicity for hop in hops] == [2, 2, 1]
    with pytest.raises(InputError, match="the distance of two sites"):
        distinct_hops(square(), 1.0)


@pytest.mark.parametrize(("background", "ions"), [("empty", 1), ("full", 3)])
def test_end_points_hold_the_right_ions(background, ions):
    hop = distinct_hops(square(), 3.5)[0]
    first, second = hop_end_points(square(), hop, np.diag([2, 2, 1]), background)
    assert first.get_chemical_symbols() == second.get_chemical_symbols()
    assert first.symbols.count("Li") == ions
    assert np.linalg.norm(second.positions[-1] - first.positions[-1]) == pytest.approx(3.0)
    assert np.allclose(first.positions[:-1], second.positions[:-1])


def test_an_ion_may_not_hop_onto_its_image():
    with pytest.raises(InputError, match="does not meet its own image"):
        hop_end_points(square(), distinct_hops(square(), 3.5)[0], np.eye(3, dtype=int))
    with pytest.raises(InputError, match="4 sites, as the supercell holds"):
        hop_end_points(square(), distinct_hops(square(), 3.5)[0], np.diag([2, 2, 1]), np.zeros(3))


def band(name, height, engine="chgnet 0.3.0", stoichiometry=0.0):
    source = Source(kind="predicted")
    return Barrier(
        name=name,
        distance=3.0,
        coordinate=(0.0, 1.5, 3.0),
        energies=(0.0, height, 0.0),
        stoichiometry=stoichiometry,
        converged=True,
        forces_left=0.01,
        engine=engine,
        source=source,
    )


def published(value):
    return PublishedBarrier(barrier=value, method="GGA", reference="a paper")


def test_a_planted_softening_is_recovered():
    bands = [band("a", 0.15), band("b", 0.20), band("other", 0.4)]
    correction = fit_barrier_correction(bands, {"a": published(0.21), "b": published(0.28)})
    assert correction.factor == pytest.approx(1.4)
    assert correction.error == pytest.approx(0.0, abs=1e-12)
    assert corrected_barrier(bands[2], correction)[0] == pytest.approx(0.56)


def test_the_error_is_what_the_factor_of_the_other_hops_misses():
    bands = [band("a", 0.2), band("b", 0.2)]
    correction = fit_barrier_correction(bands, {"a": published(0.25), "b": published(0.31)})
    assert correction.factor == pytest.approx(1.4)
    # 0.25 eV against 0.31/0.2 times 0.2, and the other way.
    assert correction.error == pytest.approx(0.06)
    raw, known = [0.13, 0.19, 0.26], [0.21, 0.25, 0.40]
    bands = [band(name, height) for name, height in zip("abc", raw, strict=True)]
    by_name = {name: published(value) for name, value in zip("abc", known, strict=True)}
    missed = []
    for left, height in zip("abc", raw, strict=True):
        others = fit_barrier_correction([item for item in bands if item.name != left], by_name)
        missed.append(by_name[left].barrier - others.factor * height)
    assert fit_barrier_correction(bands, by_name).error == pytest.approx(np.sqrt(np.mean(np.square(missed))))


def test_a_raw_barrier_of_a_learned_potential_is_refused():
    hop = distinct_hops(square(), 3.5)[0]
    with pytest.raises(InputError, match=r"a raw barrier of chgnet 0.3.0"):
        lattice_barriers(hop, [band("a", 0.2)])
    assert lattice_barriers(hop, [band("a", 0.2, "gpaw")])["kinds"][0]["barrier"] == 0.2


def test_corrected_barriers_enter_the_lattice():
    bands = [band("a", 0.15), band("b", 0.19)]
    correction = fit_barrier_correction(bands, {"a": published(0.20), "b": published(0.27)})
    given = lattice_barriers(distinct_hops(square(), 3.5)[0], bands, correction, name="along a")
    read = HopBarriers.read(given)
    assert read.kinds[0].distance == 3.0
    assert read.kinds[0].barrier == pytest.approx(correction.factor * 0.17, abs=1e-4)
    assert read.kinds[0].barrier_full is None
    assert read.barrier_error == pytest.approx(np.hypot(correction.error, correction.factor * 0.02), abs=1e-4)
    assert "a paper" in read.source.reference
    assert read.source.note.endswith("The correction is fitted to published barriers of a and b themselves.")
    other = lattice_barriers(distinct_hops(square(), 3.5)[0], [band("c", 0.3)], correction)
    assert "themselves" not in other["source"]["note"]


def test_barriers_of_two_fillings_lie_on_a_line():
    hop = distinct_hops(square(), 3.5)[0]
    bands = [band("one ion", 0.20, "gpaw"), band("one vacancy", 0.28, "gpaw", stoichiometry=1.0)]
    read = HopBarriers.read(lattice_barriers(hop, bands))
    assert (read.kinds[0].barrier, read.kinds[0].barrier_full, read.barrier_error) == pytest.approx((0.20, 0.28, 0.0))
    off = HopBarriers.read(lattice_barriers(hop, [*bands, band("between", 0.30, "gpaw", stoichiometry=0.5)]))
    assert off.at(0.5).kinds[0].barrier == pytest.approx(0.26)
    assert off.barrier_error == pytest.approx(0.04)


def test_corrections_stay_with_their_engine():
    bands = [band("a", 0.15), band("b", 0.19)]
    known = {"a": published(0.20), "b": published(0.27)}
    correction = fit_barrier_correction(bands, known)
    with pytest.raises(InputError, match="which it was fitted to"):
        corrected_barrier(band("a", 0.2, "chgnet r2scan"), correction)
    with pytest.raises(InputError, match="barriers of one engine"):
        fit_barrier_correction([bands[0], band("b", 0.2, "chgnet r2scan")], known)
    with pytest.raises(InputError, match="two or more"):
        fit_barrier_correction(bands[:1], known)
