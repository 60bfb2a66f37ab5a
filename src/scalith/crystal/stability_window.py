"""Potentials between which a phase neither takes up nor gives off its ion, from energies of the phases of its elements."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import gcd
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scalith.crystal.files.run_type import require_one_run_type
from scalith.crystal.host import ION_CHARGES
from scalith.quantities import InputError, Result, digest, labelled, parse_quantity, predicted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scalith.crystal.files.structures import StructureSet

HIGHEST = 1000.0
"""V, above every potential at which an ion leaves a phase, also of energies that are not in eV, so that these show."""
CREDIBLE = 10.0
"""V: no ion is bound more strongly (lithium fluoride gives off lithium at 6 V)."""
UNRELATED = 1.0
"""eV per atom: a phase that far above the hull was not computed, or not counted, as the others were."""
PART = 1e-7
"""Least amount of a phase, and difference of ions, that is not round-off of the linear programmes, per formula unit."""
_TOLERANCES = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
_LAST = ("B", "Si", "C", "Sb", "As", "P", "N", "H", "Te", "Se", "S", "I", "Br", "Cl", "O", "F")
"""Elements in the order in which formulas name them, after the metals."""


class _Phases(NamedTuple):
    """Phases of the elements asked for, without the ion's metal: energies and compositions per formula unit."""

    names: list[str]
    energy: NDArray[np.float64]
    ions: NDArray[np.float64]
    others: NDArray[np.float64]
    """Shape (elements, phases)."""


class _Mixture(NamedTuple):
    """Phases in equilibrium at a potential: their amounts, energy and ions, per formula unit of the phase asked for."""

    amounts: NDArray[np.float64]
    energy: float
    ions: float


def stability_window(phase: str, energies: StructureSet | Mapping[str, float | str], ion: str = "Li") -> Result:
    r"""Potentials against the ion's metal between which a phase is stable, and what it becomes outside of them.

    At the potential φ ions come from a reservoir with μ = E_metal − zeφ. The phases j that minimise

    .. math:: \Phi(\varphi) = \min_{a_j \ge 0} \sum_j a_j \,(E_j - n_j \mu), \qquad \sum_j a_j N_{ij} = N_i

    are in equilibrium: amounts a_j with energies E_j, n_j ions, and N_ij atoms of each other element i, of which the phase
    holds N_i. Ions leave in steps as φ rises (Zhu, He and Mo 2015, DOI 10.1021/acsami.5b07517; Richards et al. 2016,
    DOI 10.1021/acs.chemmater.5b04082); within the window their number is that of the phase. Entropies, kinetics and
    intermediate states without a structure of their own, all of which widen what is measured, are left out.

    Parameters
    ----------
    phase : str
        Formula.
    energies : StructureSet or mapping of str to float
        From `read_structures`, or formulas with energies of the formula as it is written (not per atom), eV or text such as
        ``"-4.2 eV"``. All phases that could form should be among them, also the elements; of a composition that comes more than
        once the lowest counts. Phases with other elements are left out.
    ion : str
        Element whose metal the potentials refer to.

    Returns
    -------
    Result
        ``reduction_potential`` and ``oxidation_potential`` (V; infinite where ions never leave), ``energy_above_hull`` (eV per
        atom; NaN where the phase is not among the energies). Over ``step``, in rising potential: ``lowest_potential`` and
        ``highest_potential``, ``ions`` per formula unit, and ``products``, the phases with their amounts. A phase that lies above
        the hull, or whose energy is not known, stands for the mixture of its composition, as the note of the source says.

    Raises
    ------
    InputError
        No formula, no metal of the ion, energies that cannot form the phase, or that were computed in different ways; a phase
        more than 1 eV per atom above the hull, or a potential above 10 V: energies per atom or in other units.
    """
    wanted = _counts(phase, "phase")
    if ion not in ION_CHARGES:
        raise InputError("stability window", "ion", ion, f"one of {', '.join(ION_CHARGES)}")
    lowest, left_out, parent = _lowest(energies, {*wanted, ion})
    metal = _formula({ion: 1})
    if metal not in lowest:
        raise InputError("stability window", "energies", f"none of metallic {ion}", "the metal, to which potentials refer")
    reference, z = lowest[metal][1], ION_CHARGES[ion]
    elements = sorted(set(wanted) - {ion})
    if not elements:
        raise InputError("stability window", "phase", phase, f"a compound of {ion}, or one that could take it up")
    phases = _phases({name: row for name, row in lowest.items() if name != metal}, elements, ion)
    need = np.array([wanted[element] for element in elements], dtype=np.float64)
    above, beside = _above_hull(phase, wanted, phases, need, lowest, ion)
    steps = _steps(phases, need, reference, z)
    edges = [_crossing(one, other, reference, z) for one, other in pairwise(steps)]
    if edges and edges[-1] > CREDIBLE:
        raise InputError(
            "stability window", "energies", f"ions that leave at {edges[-1]:.3g} V", "eV for the formulas as they are written"
        )
    low, high = np.array([0.0, *edges]), np.array([*edges, np.inf])
    ions = np.array([item.ions for item in steps])
    reduction, oxidation = _window(float(wanted.get(ion, 0)), ions, low, high)
    bare = sorted(element for element in elements if _formula({element: 1}) not in lowest)
    notes = [beside, f"no energy of the element {', '.join(bare)}: phases may be missing" if bare else ""]
    notes.append(f"{left_out} structures with other elements left out" if left_out else "")
    source = predicted(
        "scalith.crystal.stability_window",
        parent,
        settings={"phase": phase, "ion": ion},
        note="; ".join(note for note in notes if note),
    )
    return Result(
        {
            "reduction_potential": labelled((), reduction, f"potential below which {phase} is reduced", "V"),
            "oxidation_potential": labelled((), oxidation, f"potential above which {phase} is oxidised", "V"),
            "energy_above_hull": labelled((), above, "energy above the hull, per atom", "eV"),
            "lowest_potential": labelled("step", low, "lowest potential", "V"),
            "highest_potential": labelled("step", high, "highest potential", "V"),
            "ions": labelled("step", ions, f"{ion} per formula unit", "1"),
            "products": labelled("step", [_said(phases.names, item.amounts) for item in steps], "phases in equilibrium", ""),
        }
    ).assign_attrs(source=source.to_json(), phase=phase, ion=ion)


def _counts(formula: str, where: str) -> dict[str, int]:
    from ase.data import chemical_symbols
    from ase.formula import Formula

    try:
        counts = Formula(formula).count() if isinstance(formula, str) else {}
    except (ValueError, IndexError):
        counts = {}
    if not counts or not set(counts) <= set(chemical_symbols[1:]):
        raise InputError("stability window", where, formula, "a formula of whole numbers, like Li3YCl6")
    return {str(element): int(count) for element, count in counts.items()}


def _formula(counts: Mapping[str, int]) -> str:
    """Reduced: ions by their charge, other metals in the order of the alphabet, then what they are combined with."""
    places = {element: place for place, element in enumerate(_LAST)}
    order = sorted(counts, key=lambda element: (places.get(element, -1), ION_CHARGES.get(element, 9), element))
    divisor = gcd(*counts.values())
    return "".join(f"{element}{counts[element] // divisor if counts[element] > divisor else ''}" for element in order)


def _lowest(
    energies: StructureSet | Mapping[str, float | str], elements: set[str]
) -> tuple[dict[str, tuple[dict[str, int], float]], int, str]:
    """By reduced formula its atoms and lowest energy, how many rows have other elements, and a digest of all."""
    if isinstance(energies, Mapping):
        stated = {formula: _energy(formula, energy) for formula, energy in energies.items()}
        rows = [(_counts(formula, "energies"), energy, formula) for formula, energy in stated.items()]
        parent = digest(sorted(stated.items()))
    elif not hasattr(energies, "digest"):
        found = type(energies).__name__
        raise InputError(
            "stability window", "energies", found, "what read_structures reads, or a mapping of formulas to energies"
        )
    else:
        rows = [(_of_atoms(item.symbols), item.energy, item.origin) for item in energies]
        parent = energies.digest
        require_one_run_type(
            [item for item, (counts, _, _) in zip(energies, rows, strict=True) if set(counts) <= elements], "stability window"
        )
    lowest: dict[str, tuple[dict[str, int], float]] = {}
    left_out = 0
    for counts, energy, origin in rows:
        if not np.isfinite(energy):
            raise InputError("stability window", origin, energy, "a finite energy in eV")
        if not set(counts) <= elements:
            left_out += 1
            continue
        units = gcd(*counts.values())
        one = {element: count // units for element, count in counts.items()}
        name = _formula(one)
        if name not in lowest or energy / units < lowest[name][1]:
            lowest[name] = (one, energy / units)
    return lowest, left_out, parent


def _energy(formula: str, energy: float | str) -> float:
    number = energy.item() if isinstance(energy, np.generic) else energy
    return parse_quantity(number, "eV", where="stability window", field=f"energies of {formula}")


def _of_atoms(symbols: list[str]) -> dict[str, int]:
    return {symbol: symbols.count(symbol) for symbol in sorted(set(symbols))}


def _phases(rows: Mapping[str, tuple[dict[str, int], float]], elements: list[str], ion: str) -> _Phases:
    energy = np.array([one for _, one in rows.values()])
    ions = np.array([float(counts.get(ion, 0)) for counts, _ in rows.values()])
    others = np.array([[float(counts.get(element, 0)) for counts, _ in rows.values()] for element in elements])
    return _Phases(list(rows), energy, ions, others.reshape(len(elements), len(rows)))


def _mixture(cost: NDArray[np.float64], equal: NDArray[np.float64], need: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Amounts that cost least and hold the atoms needed; `None` where there are none."""
    from scipy.optimize import linprog

    if not cost.size:
        return None
    found = linprog(cost, A_eq=equal, b_eq=need, bounds=(0.0, None), method="highs-ds", options=_TOLERANCES)
    return np.asarray(found.x) if found.status == 0 else None


def _above_hull(
    phase: str,
    wanted: Mapping[str, int],
    phases: _Phases,
    need: NDArray[np.float64],
    lowest: Mapping[str, tuple[dict[str, int], float]],
    ion: str,
) -> tuple[float, str]:
    """Energy of the phase above that of the lowest mixture of its composition, eV per atom, and what to say of it."""
    names = [*phases.names, _formula({ion: 1})]
    energy = np.append(phases.energy, lowest[names[-1]][1])
    equal = np.vstack([np.append(phases.ions, 1.0), np.column_stack([phases.others, np.zeros(len(need))])])
    amounts = _mixture(energy, equal, np.array([float(wanted.get(ion, 0)), *need]))
    if amounts is None:
        found = f"only {', '.join(sorted(phases.names)) or 'the metal'}"
        raise InputError("stability window", "energies", found, f"phases that hold all of {phase} and no more")
    name, units = _formula(wanted), gcd(*wanted.values())
    if name not in lowest:
        return float("nan"), f"no energy of {phase}: the window is that of {_said(names, amounts)}"
    above = (units * lowest[name][1] - float(energy @ amounts)) / sum(wanted.values())
    if above < 1e-9:
        return 0.0, ""
    if above > UNRELATED:
        found = f"{phase} {above:.3g} eV per atom above {_said(names, amounts)}"
        expected = "energies of the formulas as they are written, not per atom, all computed in one way"
        raise InputError("stability window", "energies", found, expected)
    return above, f"{phase} lies {1e3 * above:.3g} meV per atom above {_said(names, amounts)}, whose window this is"


def _at(phases: _Phases, need: NDArray[np.float64], potential: float, reference: float, z: int) -> _Mixture:
    amounts = _mixture(phases.energy - phases.ions * (reference - z * potential), phases.others, need)
    if amounts is None:  # the phase's own composition can be formed, with the ion's metal only
        raise InputError("stability window", "energies", ", ".join(phases.names), "a phase of each element beside the metal")
    return _Mixture(amounts, float(phases.energy @ amounts), float(phases.ions @ amounts))


def _steps(phases: _Phases, need: NDArray[np.float64], reference: float, z: int) -> list[_Mixture]:
    """Mixtures in equilibrium from 0 V upward, each with fewer ions than the one before.

    Φ is concave in φ, and each mixture a line of slope z n: where the lines of two of them meet, either Φ lies on both, or a
    third mixture below them stands between.
    """

    def between(one: _Mixture, other: _Mixture) -> list[_Mixture]:
        if one.ions - other.ions < PART:
            return []
        meeting = _crossing(one, other, reference, z)
        middle = _at(phases, need, meeting, reference, z)
        mu = reference - z * meeting
        gain = (one.energy - one.ions * mu) - (middle.energy - middle.ions * mu)
        if gain < 1e-9 * max(1.0, abs(one.energy)):
            return []
        return [*between(one, middle), middle, *between(middle, other)]

    first, last = (_at(phases, need, potential, reference, z) for potential in (0.0, HIGHEST))
    every = [first, *between(first, last)] + ([last] if first.ions - last.ions >= PART else [])
    # At 0 V itself a mixture and the next may cost the same: what meets there has no range above it.
    while len(every) > 1 and _crossing(every[0], every[1], reference, z) < 1e-9:
        every.pop(0)
    return every


def _crossing(one: _Mixture, other: _Mixture, reference: float, z: int) -> float:
    """Potential at which two mixtures are in equilibrium, V: that at which the first gives off ions and becomes the second."""
    ions = one.ions - other.ions
    return (other.energy + ions * reference - one.energy) / (z * ions)


def _window(wanted: float, ions: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]) -> tuple[float, float]:
    """Where the equilibrium holds as many ions as the phase; one potential where it passes that number in a step."""
    same = np.flatnonzero(np.abs(ions - wanted) < PART)
    if same.size:
        return float(low[same[0]]), float(high[same[-1]])
    edge = float(low[np.flatnonzero(ions < wanted)[0]])
    return edge, edge


def _said(names: list[str], amounts: NDArray[np.float64]) -> str:
    """``Y + 6 LiCl``."""
    there = sorted((name, float(amount)) for name, amount in zip(names, amounts, strict=True) if amount > PART)
    return " + ".join(name if abs(amount - 1.0) < PART else f"{amount:.4g} {name}" for name, amount in there)
