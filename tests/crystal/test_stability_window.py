"""Stability against the ion's metal: hulls made by hand, and all mixtures gone through one by one."""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pytest
from ase import Atoms
from ase.formula import Formula
from hypothesis import given, settings
from hypothesis import strategies as st

from scalith.crystal import ComputedStructure, RunType, StructureSet, read_structures, stability_window, write_structures
from scalith.quantities import InputError

FORMED = {"Li2S": -4.5, "Li3P": -3.4, "Li3PS4": -8.6, "LiCl": -4.2, "Li6PS5Cl": -8.6 - 4.5 - 4.2 + 0.26}
"""Energies of formation of a formula unit, eV."""
ELEMENTS = {"Li": -1.9, "P": -5.4, "S": -4.1, "Cl": -1.8}
SHIFTS = st.lists(st.floats(-5, 5), min_size=4, max_size=4)


def totals(elements: dict[str, float] = ELEMENTS, formed: dict[str, float] = FORMED) -> dict[str, float]:
    every = dict(elements)
    for formula, energy in formed.items():
        every[formula] = energy + sum(count * elements[name] for name, count in Formula(formula).count().items())
    return every


def test_salt_of_two_elements_gives_up_its_ion_at_its_energy_of_formation():
    found = stability_window("LiCl", totals())
    assert found.reduction_potential == 0.0
    assert float(found.oxidation_potential) == pytest.approx(4.2, abs=1e-9)
    assert found.energy_above_hull == 0.0
    assert found.products.values.tolist() == ["LiCl", "Cl"]
    assert found.ions.values.tolist() == pytest.approx([1.0, 0.0])


@given(SHIFTS)
@settings(max_examples=5, deadline=None)
def test_steps_of_a_hull_made_by_hand_whatever_the_zeros_of_the_elements(shifts):
    shifted = {name: energy + shift for (name, energy), shift in zip(ELEMENTS.items(), shifts, strict=True)}
    found = stability_window("Li6PS5Cl", totals(shifted))
    # 14 Li to 11: Li3P; to 6: Li3PS4 from P and 4 Li2S; to 4: S from Li2S; to 1: P and S from Li3PS4; to 0: chlorine.
    potentials = [3.4 / 3, (8.6 - 4 * 4.5) / -5, 4.5 / 2, 8.6 / 3, 4.2]
    assert found.highest_potential.values[:-1] == pytest.approx(potentials, abs=1e-7)
    assert found.lowest_potential.values[1:] == pytest.approx(potentials, abs=1e-7)
    assert np.isinf(found.highest_potential.values[-1])
    assert found.ions.values == pytest.approx([14, 11, 6, 4, 1, 0], abs=1e-7)
    assert float(found.reduction_potential) == pytest.approx(1.88, abs=1e-7)
    assert float(found.oxidation_potential) == pytest.approx(2.25, abs=1e-7)
    assert found.products.values[1:4].tolist() == ["5 Li2S + LiCl + P", "Li2S + Li3PS4 + LiCl", "Li3PS4 + LiCl + S"]
    assert float(found.energy_above_hull) == pytest.approx(0.26 / 13, abs=1e-7)
    assert "20 meV per atom above Li2S + Li3PS4 + LiCl" in json.loads(found.attrs["source"])["note"]


def test_stable_phase_has_a_wider_window_than_the_mixture_that_it_would_come_from():
    beside = stability_window("Li6PS5Cl", totals())
    stable = stability_window("Li6PS5Cl", totals(formed=FORMED | {"Li6PS5Cl": -8.6 - 4.5 - 4.2 - 0.26}))
    assert stable.products.values[2] == "Li6PS5Cl"
    assert float(stable.reduction_potential) == pytest.approx(1.88 - 0.26 / 5, abs=1e-9)
    assert float(stable.oxidation_potential) == pytest.approx(2.25 + 0.26 / 2, abs=1e-9)
    assert stable.energy_above_hull == 0.0
    assert stable.reduction_potential < beside.reduction_potential
    twice = stability_window("Li12P2S10Cl2", totals())
    assert twice.ions.values == pytest.approx(2 * beside.ions.values)
    assert twice.lowest_potential.values == pytest.approx(beside.lowest_potential.values, abs=1e-9)


def test_unstable_phase_passes_its_number_of_ions_in_one_step():
    """Li2S2 comes apart into Li2S and sulphur, with the ions that it has: between them there is no range."""
    found = stability_window("LiS", totals() | {"LiS": -1.9 - 4.1 - 1.0})
    assert found.reduction_potential == found.oxidation_potential == pytest.approx(2.25)
    assert float(found.energy_above_hull) == pytest.approx((4.5 / 2 - 1.0) / 2)
    assert found.ions.values == pytest.approx([2.0, 0.0])


@given(st.lists(st.floats(-3.0, 0.3), min_size=7, max_size=7), st.floats(0.0, 6.0))
@settings(max_examples=12, deadline=None)
def test_no_mixture_is_lower_than_the_one_told(formed, potential):
    formulas = ("LiA", "Li2A", "Li3B", "LiB", "LiAB", "Li2AB3", "A2B")
    kinds = {"A": "P", "B": "S"}
    energies = {"Li": -1.0, "P": -2.0, "S": -3.0}
    for name, energy in zip(formulas, formed, strict=True):
        counts = Formula("".join(kinds.get(letter, letter) for letter in name)).count()
        energies[Formula.from_dict(counts).format("reduce")] = sum(
            count * ({"Li": -1.0, "P": -2.0, "S": -3.0}[element] + energy) for element, count in counts.items()
        )
    found = stability_window("Li2PS", energies)
    phases = [(Formula(name).count(), energy) for name, energy in energies.items() if name != "Li"]
    mu = -1.0 - potential
    best = np.inf
    for pair in combinations(phases, 2):
        held = np.array([[counts.get(element, 0) for counts, _ in pair] for element in ("P", "S")], dtype=float)
        if abs(np.linalg.det(held)) < 1e-12:
            continue
        amounts = np.linalg.solve(held, [1.0, 1.0])
        if np.all(amounts >= -1e-12):
            best = min(best, sum(a * (e - counts.get("Li", 0) * mu) for a, (counts, e) in zip(amounts, pair, strict=True)))
    lone = [e - counts.get("Li", 0) * mu for counts, e in phases if counts.get("P", 0) == counts.get("S", 0) > 0]
    best = min([best, *lone])
    low, high, ions = (found[name].values for name in ("lowest_potential", "highest_potential", "ions"))
    step = int(np.flatnonzero((low <= potential) & (potential <= high))[0])
    told = 0.0
    for term in str(found.products.values[step]).split(" + "):
        amount, _, name = term.rpartition(" ")
        counts = Formula(name).count()
        match = next(e for known, e in [(Formula(n).count(), e) for n, e in energies.items()] if known == counts)
        told += (float(amount) if amount else 1.0) * (match - counts.get("Li", 0) * mu)
    assert told == pytest.approx(best, abs=5e-3)  # amounts are told to four digits
    assert np.all(np.diff(ions) < 0)
    assert np.all(np.diff(low) > 0)


def test_potentials_of_ions_with_two_charges_are_halved():
    assert float(stability_window("MgS", {"Mg": -1.0, "S": -2.0, "MgS": -6.0}, "Mg").oxidation_potential) == pytest.approx(1.5)


def test_lowest_structure_of_each_composition_counts_and_other_elements_are_left_out(tmp_path):
    cells = [("Li2", -3.8), ("Cl2", -3.6), ("LiCl", -7.9), ("Li2Cl2", -15.6), ("NaCl", -9.0)]
    rows = [ComputedStructure(Atoms(name, cell=[4, 4, 4], pbc=True), energy, name) for name, energy in cells]
    write_structures(StructureSet(tuple(rows)), tmp_path / "phases.extxyz")
    found = stability_window("LiCl", read_structures(tmp_path / "phases.extxyz"))
    assert float(found.oxidation_potential) == pytest.approx(4.2)
    assert "1 structures with other elements left out" in json.loads(found.attrs["source"])["note"]
    mixed = StructureSet(
        tuple(
            ComputedStructure(row.atoms, row.energy, row.origin, RunType(functional=name))
            for row, name in zip(rows[:3], ("PE", "PE", "R2SCAN"), strict=True)
        )
    )
    with pytest.raises(InputError, match="R2SCAN"):
        stability_window("LiCl", mixed)


@pytest.mark.parametrize(
    ("phase", "energies", "ion", "words"),
    [
        ("LiCl", {"LiCl": -1.0, "Cl": 0.0}, "Li", "the metal"),
        ("LiXy", {"Li": -1.0}, "Li", "formula"),
        ("Li", {"Li": -1.0}, "Li", "a compound of Li"),
        ("LiCl", {"Li": -1.0}, "Li", "only the metal"),
        ("Li3PS4", {"Li": -1.0, "P": -1.0}, "Li", "hold all of Li3PS4"),
        ("LiCl", {"Li": float("nan"), "LiCl": -1.0}, "Li", "finite"),
        ("LiCl", {"Li": -1.0, "LiCl": -1.0}, "Zz", "one of"),
    ],
)
def test_what_cannot_be_answered_is_said(phase, energies, ion, words):
    with pytest.raises(InputError, match=words):
        stability_window(phase, energies, ion)


def test_element_without_a_phase_of_its_own_is_told():
    found = stability_window("LiCl", {"Li": -1.9, "LiCl": -7.9})
    assert np.isinf(found.oxidation_potential)
    assert "no energy of the element Cl" in json.loads(found.attrs["source"])["note"]


def test_energies_as_text_count_as_numbers_and_other_ions_are_named():
    sodium = {
        "Na": -1.3,
        "P": np.float32(-5.5),
        "S": -4,
        "Na2S": "-10.3 eV",
        "Na3P": "-10600 meV",
        "P2S5": -33.5,
        "Na3PS4": "-34",
    }
    found = stability_window("Na3PS4", sodium, ion="Na")
    low = stability_window(
        "Na3PS4", {name: float(str(value).split()[0]) for name, value in (sodium | {"Na3P": -10.6}).items()}, "Na"
    )
    assert found.identical(low)


@pytest.mark.parametrize(
    ("phase", "energies", "message"),
    [
        ("LiCl", totals() | {"Cl": None}, "energies of Cl: found None, expected a number"),
        ("LiCl", totals() | {"Cl": "-1.8 V"}, "energies of Cl: found unit 'V'"),
        ("LiCl", "phases.csv", "found 'str', expected what read_structures reads, or a mapping"),
        ("LiCl", list(totals()), "found 'list', expected what read_structures reads, or a mapping"),
        (None, totals(), "phase: found None, expected a formula"),
        ("LiCl", {name: 96.485 * energy for name, energy in totals().items()}, "ions that leave at 405 V"),
        (
            "Li6PS5Cl",
            {name: energy / sum(Formula(name).count().values()) for name, energy in totals().items()},
            "eV per atom above .*expected energies of the formulas as they are written, not per atom",
        ),
    ],
)
def test_energies_that_are_none_of_a_formula_in_ev_are_rejected(phase, energies, message):
    with pytest.raises(InputError, match=message):
        stability_window(phase, energies)
