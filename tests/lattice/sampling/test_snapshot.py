"""A snapshot is an equilibrium configuration: composition kept, order where attraction or repulsion makes it."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.crystal import Host
from scalith.lattice import ClusterExpansion, lattice_snapshot
from scalith.quantities import InputError

SQUARE = Host.read(
    {
        "name": "square",
        "working_ion": "Li",
        "lattice": [[3.0, 0, 0], [0, 3.0, 0], [0, 0, 9.0]],
        "sites": [{"position": [0, 0, 0], "species": ["Li", "vacancy"], "charges": [1.0, 0.0]}],
    }
)


def unlike_neighbours(data) -> float:
    """Share of nearest pairs in the plane of which one site is filled."""
    positions, filled = data["position"].values, data["filled"].values
    cells = round(np.sqrt(len(filled)))
    index = {(round(p[0] / 3.0), round(p[1] / 3.0)): k for k, p in enumerate(positions)}
    pairs = [(k, index[((a + 1) % cells, b)]) for (a, b), k in index.items()]
    pairs += [(k, index[(a, (b + 1) % cells)]) for (a, b), k in index.items()]
    return float(np.mean([filled[k] != filled[m] for k, m in pairs]))


@pytest.mark.parametrize(("pair", "low", "high"), [(0.1, 0.95, 1.0), (-0.1, 0.0, 0.3), (0.0, 0.4, 0.6)])
def test_order_follows_the_interaction(pair, low, high):
    # E = J Σ σσ': J > 0 favours a checkerboard at x = 1/2, J < 0 two phases, J = 0 nothing.
    expansion = ClusterExpansion.given(SQUARE, (0.0, 0.0, pair), 3.1)
    data = lattice_snapshot(expansion, x=0.5, T=300.0, cells=(10, 10, 1), seed=2)
    assert int(data["filled"].sum()) == 50
    assert low <= unlike_neighbours(data) <= high


def test_bad_stoichiometry_is_refused():
    with pytest.raises(InputError, match="x from 0 to 1"):
        lattice_snapshot(ClusterExpansion.given(SQUARE, (0.0, 0.0, 0.1), 3.1), x=1.5)
