"""Nudged elastic bands with planted barriers, as files that users have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from scalith.crystal import Host


def planted_band(
    host: Host, size: int, filled: Sequence[tuple[int, int, int]], start: Sequence[int], end: Sequence[int], barrier: float
) -> list[Atoms]:
    """Five images of an ion that goes from one cell to another in size³ cells of a host with one ion site and a spectator."""
    cell = size * host.cell
    ions = [list(start), *(list(place) for place in filled if tuple(place) != tuple(start))]
    fixed = [site for site in host.sites if not site.active]
    cells = np.indices((size,) * 3).reshape(3, -1).T
    images = []
    for share in np.linspace(0.0, 1.0, 5):
        moved = np.array(ions, dtype=float)
        moved[0] += share * (np.array(end) - np.array(start))
        places = [*moved @ host.cell, *((cells + np.array(site.position)) @ host.cell for site in fixed)]
        positions = np.vstack([moved @ host.cell, *places[len(moved) :]])
        symbols = "Li" * len(moved) + fixed[0].species[0] * len(cells)
        atoms = Atoms(symbols, positions=positions, cell=cell, pbc=True)
        atoms.calc = SinglePointCalculator(atoms, energy=-3.0 + barrier * (1.0 - (2.0 * share - 1.0) ** 2))
        images.append(atoms)
    return images


def write_band(images: list[Atoms], path: Path) -> None:
    """As a trajectory of ASE, with an earlier, higher band before the last."""
    earlier = []
    for k, atoms in enumerate(images):
        copy = atoms.copy()
        copy.calc = SinglePointCalculator(copy, energy=atoms.get_potential_energy() + (0.3 if 0 < k < len(images) - 1 else 0.0))
        earlier.append(copy)
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, [*earlier, *images])
