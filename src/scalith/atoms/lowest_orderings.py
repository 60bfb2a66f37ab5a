"""The lowest ordering of a host at a stoichiometry, relaxed: what vibrations and molecular dynamics start from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scalith.atoms.database import Progress, compute_energies
from scalith.atoms.engine import Engine
from scalith.atoms.orderings import choose_diverse, ordering_structures
from scalith.atoms.relaxation import Relaxation
from scalith.crystal import Host, enumerate_orderings
from scalith.crystal.enumeration import LARGEST
from scalith.crystal.host import require_ions_alone
from scalith.quantities import InputError

if TYPE_CHECKING:
    from ase import Atoms


class LowestOrdering(NamedTuple):
    """A relaxed structure.

    Attributes
    ----------
    atoms : ase.Atoms
    sites : int
        Sites of the working ion that its cell holds, filled and empty.
    """

    atoms: Atoms
    sites: int


def relax_lowest_orderings(
    host: Host,
    stoichiometries: Sequence[float],
    engine: Engine,
    database: str | Path,
    relaxation: Relaxation | None = None,
    *,
    largest_cell: int = 4,
    candidates: int = 10,
    progress: Progress | None = None,
) -> dict[float, LowestOrdering]:
    """Relax orderings in the smallest cells that have each stoichiometry, and keep the lowest in energy of each.

    Parameters
    ----------
    host : Host
        Whose active sites are those of the working ion.
    stoichiometries : sequence of float
        Filled fractions of the sites, each a fraction that a cell of `largest_cell` primitive cells or fewer can have.
    engine, database, relaxation, progress
        As `compute_energies`; what the database holds is not computed again.
    largest_cell : int
        Primitive cells.
    candidates : int
        Orderings that are relaxed at each stoichiometry, those that differ most.

    Raises
    ------
    InputError
        A stoichiometry that no such cell has; a host of which more than the working ion is told apart; no ordering that relaxes.
    """
    require_ions_alone(host, "lowest orderings")
    found = {}
    for x in stoichiometries:
        cells = _cells(host, float(x), largest_cell)
        orderings = enumerate_orderings(host, [cells], x=(float(x), float(x)))
        chosen = choose_diverse(host, orderings, min(candidates, orderings.sizes["structure"]))
        relaxed = compute_energies(ordering_structures(host, chosen), engine, database, relaxation, progress=progress)
        if not len(relaxed):
            raise InputError(f"{host.name} at x = {x:g}", "relaxation", relaxed.left_out[0][1], "an ordering that relaxes")
        lowest = min(relaxed, key=lambda item: item.energy / len(item.atoms))
        found[float(x)] = LowestOrdering(lowest.atoms, cells * len(host.working))
    return found


def _cells(host: Host, x: float, largest: int) -> int:
    """Primitive cells of the smallest supercell with a primitive ordering at x."""
    sites = len(host.working)
    for cells in range(1, min(largest, LARGEST // sites) + 1):
        ions = x * sites * cells
        if 0.0 <= x <= 1.0 and np.isclose(ions, round(ions), atol=1e-6):
            return cells
    raise InputError(host.name, "stoichiometries", x, f"a fraction that cells of up to {largest} primitive cells can have")
