from __future__ import annotations

import numpy as np
import pytest

from scalith.numerics.remembered import MOST, remembered


def test_the_same_content_is_made_once_and_cannot_be_changed():
    made = []

    def answer():
        made.append(1)
        return np.arange(3.0)

    first = remembered(answer, "an answer", np.array([1.0, 2.0]), (3, "x"))
    assert remembered(answer, "an answer", np.array([1.0, 2.0]), (3, "x")) is first
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 1.0
    remembered(answer, "an answer", np.array([1.0, 2.5]), (3, "x"))
    assert len(made) == 2
    for k in range(MOST):
        remembered(lambda k=k: k, "others", k)
    assert remembered(answer, "an answer", np.array([1.0, 2.0]), (3, "x")) is not first
