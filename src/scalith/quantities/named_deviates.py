"""A random generator that says which number it draws, and may be told the deviates that each takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]


class NamedDeviates(np.random.Generator):
    """Normal deviates that are kept, or planned, by the name of what takes them.

    Specifications and properties that are drawn with it (`Spec.drawn`, `Property.drawn`) go down to each number with `within`,
    so that its name is its path: ``"cell_specification.electrolyte.conductivity"``. What the plan does not have comes from the
    generator, as that of the same seed would give it.

    Parameters
    ----------
    bits : numpy.random.BitGenerator
    name : str
    planned : mapping of str to ndarray
        Standard normal deviates by name, in the order in which they are taken.
    taken : dict of str to list of ndarray, optional
        Filled with those that were taken.
    """

    def __init__(
        self,
        bits: np.random.BitGenerator,
        name: str,
        planned: Mapping[str, Array] | None = None,
        taken: dict[str, list[Array]] | None = None,
    ) -> None:
        super().__init__(bits)
        self.name, self.planned = name, {} if planned is None else planned
        self.taken: dict[str, list[Array]] = {} if taken is None else taken

    @classmethod
    def seeded(
        cls, seed: int, name: str, planned: Mapping[str, Array] | None = None, taken: dict[str, list[Array]] | None = None
    ) -> Self:
        """On the stream of `numpy.random.default_rng`."""
        return cls(np.random.PCG64(seed), name, planned, taken)

    def within(self, name: str) -> Self:
        """The same generator for a part of what it draws."""
        return type(self)(self.bit_generator, f"{self.name}.{name}", self.planned, self.taken)

    def standard_normal(self, size: Any = None, *rest: Any, **named: Any) -> Any:
        """Of the plan where it names this number, otherwise of the generator."""
        planned = self.planned.get(self.name)
        if planned is None:
            found = super().standard_normal(size, *rest, **named)
        else:
            count = 1 if size is None else int(np.prod(size))
            first = sum(part.size for part in self.taken.get(self.name, ()))
            if first + count > planned.size:
                raise ValueError(f"{self.name}: found {planned.size} planned deviates; expected at least {first + count}")
            part = planned[first : first + count]
            found = float(part[0]) if size is None else part.reshape(size).copy()
        self.taken.setdefault(self.name, []).append(np.array(found, dtype=np.float64).ravel())
        return found

    def integers(self, low: Any, high: Any = None, size: Any = None, *rest: Any, **named: Any) -> Any:
        """One of the first `low` integers, from the probability of a planned deviate; otherwise of the generator."""
        if high is not None or size is not None:
            return super().integers(low, high, size, *rest, **named)
        if self.name in self.planned:
            return min(int(low * ndtr(self.standard_normal())), int(low) - 1)
        found = super().integers(low, *rest, **named)
        self.taken.setdefault(self.name, []).append(np.array([ndtri((found + 0.5) / low)]))
        return found


class CountedDeviates(NamedDeviates):
    """Zero for every deviate: what is drawn stays at its value, and `taken` says how many deviates each number takes."""

    def standard_normal(self, size: Any = None, *rest: Any, **named: Any) -> Any:
        """Zeros."""
        found = np.zeros(() if size is None else size)
        self.taken.setdefault(self.name, []).append(found.ravel())
        return 0.0 if size is None else found

    def integers(self, low: Any, high: Any = None, size: Any = None, *rest: Any, **named: Any) -> Any:
        """Zero."""
        self.standard_normal(size)
        return 0 if size is None else np.zeros(size, dtype=np.int64)


def within(numbers: np.random.Generator, name: object) -> np.random.Generator:
    """The generator for a part called `name`, where it wants to know."""
    return numbers.within(str(name)) if isinstance(numbers, NamedDeviates) else numbers
