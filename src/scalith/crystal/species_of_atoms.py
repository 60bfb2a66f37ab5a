"""Which species sits on a site: by element, and between charge states by magnetic moment or by the charges that a file states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from scalith.crystal.host import VACANCY, Host, element_of
from scalith.quantities import InputError

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

MomentRanges = Mapping[str, tuple[float, float]]
"""Least and greatest magnetic moment of each charge state, µB, whatever the sign."""

MOMENTS, CHARGES = "magnetic_moments", "oxidation_states"
"""Arrays of atoms; NaN where a file does not tell."""


def checked_moments(host: Host, moments: MomentRanges | None) -> dict[str, tuple[float, float]]:
    """The stated ranges of magnetic moments.

    Raises
    ------
    InputError
        Of a species that the host does not have, a range that is none, two ranges of one element that overlap.
    """
    known = {name for index in host.active for name in host.sites[index].species}
    found: dict[str, tuple[float, float]] = {}
    for name, span in (moments or {}).items():
        if name not in known:
            raise InputError(host.name, "moments", name, f"species of the host: {', '.join(sorted(known - {VACANCY}))}")
        if len(span) != 2 or not 0.0 <= float(span[0]) < float(span[1]):
            raise InputError(host.name, f"moments of {name}", list(span), "least and greatest moment in µB, 0 or more")
        for other, (low, high) in found.items():
            if element_of(other) == element_of(name) and float(span[0]) < high and low < float(span[1]):
                raise InputError(
                    host.name, f"moments of {name}", list(span), f"a range apart from {low:g} to {high:g} of {other}"
                )
        found[name] = (float(span[0]), float(span[1]))
    return found


def with_site_properties(atoms: Atoms) -> Atoms:
    """The atoms with the magnetic moments of their calculator as an array of their own, which repeats of the cell keep."""
    labelled = atoms.copy()
    if MOMENTS in labelled.arrays:
        return labelled
    moments = getattr(atoms.calc, "results", {}).get("magmoms") if atoms.calc is not None else None
    if moments is None:
        moments = labelled.arrays.get("magmoms")
    if moments is not None and np.shape(moments) in ((len(atoms),), (len(atoms), 3)):
        values = np.asarray(moments, dtype=np.float64)
        labelled.set_array(MOMENTS, np.linalg.norm(values, axis=1) if values.ndim == 2 else values)
    return labelled


def species_of_atoms(
    host: Host, atoms: Atoms | None, atom: NDArray[np.int64], moments: dict[str, tuple[float, float]]
) -> NDArray[np.int8] | str:
    """Places in the sites' lists of species, shape (sites,), or why they are not told.

    Parameters
    ----------
    host : Host
    atoms : ase.Atoms
        In the supercell.
    atom : ndarray, shape (sites,)
        Number of the atom on each active site, sublattice by sublattice; −1 where there is none.
    moments : dict
        From `checked_moments`.
    """
    cells = len(atom) // len(host.active)
    species = np.empty(len(atom), dtype=np.int8)
    for k, number in enumerate(atom.tolist()):
        names = host.sites[host.active[k // cells]].species
        if number < 0:
            species[k] = names.index(VACANCY)
            continue
        assert atoms is not None  # sites are only filled from atoms
        element = str(atoms.symbols[number])
        those = [name for name in names if element_of(name) == element]
        if len(those) > 1:
            told = _charge_state(host, atoms, number, those, moments)
        else:
            told = _says_otherwise(host, atoms, number, those[0], moments) or those[0]
        if told not in names:
            return told
        species[k] = names.index(told)
    return _unbalanced(host, species, cells) or species


def _says_otherwise(host: Host, atoms: Atoms, number: int, name: str, moments: dict[str, tuple[float, float]]) -> str:
    """How the file contradicts the only species of this element here (Ni3+ on a site of Ni2+); empty where it does not."""
    element = element_of(name)
    if name in moments and np.isfinite(moment := _of_atom(atoms, MOMENTS, number)):
        low, high = moments[name]
        if low <= abs(moment) <= high:
            return ""
        told = f"{element} on a site that holds no other state of it than {name} ({low:g} to {high:g})"
        return f"a magnetic moment of {abs(moment):.2f} µB on {told}"
    stated = _of_atom(atoms, CHARGES, number)
    if not (host.charge_states or name != element) or not np.isfinite(stated) or stated == 0.0:
        return ""
    known = {charge for site in host.sites for one, charge in zip(site.species, site.charges, strict=True) if one == name}
    return "" if any(abs(stated - charge) < 1e-6 for charge in known) else f"{element} of charge {stated:+g} is none of {name}"


def _of_atom(atoms: Atoms, array: str, number: int) -> float:
    """What a file tells of an atom; NaN where it does not."""
    return float(atoms.arrays[array][number]) if array in atoms.arrays else float("nan")


def _charge_state(host: Host, atoms: Atoms, number: int, names: list[str], moments: dict[str, tuple[float, float]]) -> str:
    """The charge state of an atom, or why it is not told."""
    element = element_of(names[0])
    if any(name in moments for name in names):
        if not np.isfinite(moment := _of_atom(atoms, MOMENTS, number)):
            return f"its file tells no magnetic moment of {element}, by which {' and '.join(names)} are told apart"
        fitting = [name for name in names if name in moments and moments[name][0] <= abs(moment) <= moments[name][1]]
        if fitting:
            return fitting[0]
        ranges = ", ".join(f"{name} {moments[name][0]:g} to {moments[name][1]:g}" for name in names if name in moments)
        return f"a magnetic moment of {abs(moment):.2f} µB on {element} is within none of the ranges ({ranges})"
    if np.isfinite(charge := _of_atom(atoms, CHARGES, number)):
        for index in host.active:
            site = host.sites[index]
            for name, value in zip(site.species, site.charges, strict=True):
                if name in names and abs(value - charge) < 1e-6:
                    return str(name)
        return f"{element} of charge {charge:+g} is none of {', '.join(names)}"
    return f"nothing tells whether its {element} is {' or '.join(names)}: state their magnetic moments"


def _unbalanced(host: Host, species: NDArray[np.int8], cells: int) -> str:
    """Why an arrangement of charge states is not neutral; empty where it is, or where charges are not told apart."""
    if not host.charge_states:
        return ""
    total = cells * sum(site.charges[0] for site in host.sites if not site.active)
    counts: Counter[str] = Counter()
    for k, place in enumerate(species.tolist()):
        site = host.sites[host.active[k // cells]]
        total += site.charges[place]
        counts[site.species[place]] += 1
    if abs(total) < 1e-6:
        return ""
    told = ", ".join(f"{count} {name}" for name, count in counts.items() if name != VACANCY)
    return f"its charges add up to {total:+g} e ({told}): a state was taken for another, or the cell is not neutral"
