"""A record whose samples are linear in three numbers of a cell: its fit is known in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scalith.design.fit.records import Answer

PATHS = ("contact_resistance", "negative_electrode.film_resistance", "positive_electrode.film_resistance")
"""Zero in the cell of the tests, so that they enter as they are."""


@dataclass(frozen=True, eq=False)
class LinearRecord:
    matrix: np.ndarray
    samples: np.ndarray | None
    noise: float | None = None
    correlation: float | None = 0.0
    name: str = "linear"

    @property
    def weight(self):
        return np.ones(len(self.matrix))

    @property
    def spread(self):
        return None if self.noise is None else np.full(len(self.matrix), self.noise)

    def answer(self, specification, values):
        return Answer(self.matrix @ np.array(list(values.values())), self.matrix.copy())


def correlated_noise(generator, count, size, correlation):
    noise = generator.standard_normal(count)
    for k in range(1, count):
        noise[k] = correlation * noise[k - 1] + np.sqrt(1.0 - correlation**2) * noise[k]
    return size * noise
