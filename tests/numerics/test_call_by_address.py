from __future__ import annotations

import numpy as np
import pytest

from scalith.numerics.call_by_address import NOTHING, NUMBER, address_of
from scalith.numerics.small_matrices import factor_small


def test_a_kernel_has_no_address_for_callers_that_expect_another_type():
    """Called by its address, what it returns would be read as what it is not."""
    matrix = np.eye(2)
    assert address_of(factor_small, matrix, returning=NOTHING) != 0
    with pytest.raises(TypeError, match="factor_small: returns none, expected float64"):
        address_of(factor_small, matrix, returning=NUMBER)
