"""The data set in which orderings travel: filled and empty sites of periodic supercells of a host."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from scalith.crystal.supercells import lattice_cells
from scalith.quantities import Result, labelled, predicted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scalith.crystal.host import Host


def orderings_dataset(host: Host, orderings: Sequence[tuple[NDArray[np.int64], NDArray[np.int8]]]) -> Result:
    """Data set of given orderings, each a supercell (3, 3) and the stoichiometry of its sites.

    Sites are in the order of `lattice_cells`, sublattice by sublattice.
    """
    count = max(len(filled) for _, filled in orderings)
    shape = (len(orderings), count)
    filled_all, sublattice = np.full(shape, -1, dtype=np.int8), np.full(shape, -1, dtype=np.int64)
    offset, fraction = np.zeros((*shape, 3), dtype=np.int64), np.empty(len(orderings))
    for row, (supercell, filled) in enumerate(orderings):
        cells = lattice_cells(supercell)
        size = len(filled)
        filled_all[row, :size] = filled
        sublattice[row, :size] = np.repeat(np.arange(len(host.active)), len(cells))
        offset[row, :size] = np.tile(cells, (len(host.active), 1))
        fraction[row] = filled[np.isin(sublattice[row, :size], host.working)].mean()
    supercells = np.array([supercell for supercell, _ in orderings])
    data = Result(
        {
            "supercell": labelled(("structure", "row", "column"), supercells, "supercell in primitive vectors", "1"),
            "filled": labelled(("structure", "site"), filled_all, "filled sites (−1: padding)", "1"),
            "sublattice": labelled(("structure", "site"), sublattice, "active site of the primitive cell", "1"),
            "offset": labelled(("structure", "site", "axis"), offset, "primitive cell of the site", "1"),
            "x": labelled("structure", fraction, "filled fraction of the working ion's sites", "1"),
        }
    )
    source = predicted("scalith.crystal.enumeration.orderings_dataset", host.digest)
    return data.assign_attrs(source=source.to_json(), host=json.dumps(host.model_dump(mode="json")))
