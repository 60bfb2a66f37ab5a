"""An error that all barriers share moves them together."""

from __future__ import annotations

import numpy as np
import pytest

from scalith.lattice import HopBarriers


def test_a_shared_error_moves_all_barriers_together():
    stated = HopBarriers.layered().model_copy(update={"barrier_error": 0.03})
    numbers = np.random.default_rng(2)
    members = [stated.drawn(numbers) for _ in range(400)]
    moved = np.array(
        [[kind.barrier - old.barrier for kind, old in zip(item.kinds, stated.kinds, strict=True)] for item in members]
    )
    assert np.allclose(moved[:, 0], moved[:, 1])
    assert moved[:, 0].std(ddof=1) == pytest.approx(0.03, rel=0.1)
    assert {item.barrier_error for item in members} == {0.0}
    assert len({item.digest for item in members}) == 400
