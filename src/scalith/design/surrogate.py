"""What stands in for rungs that take long: a property or number as a function of inputs, learnt from climbed members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.numerics.gaussian_process import GaussianProcess, fit_gaussian_process
from scalith.quantities import InputError, Property, Uncertain, nearest, predicted
from scalith.quantities.uncertain import deviation_of_log, scale_of

Array = NDArray[np.float64]
_LEAST = 6
"""Members."""
_SHARE = 1e-3
"""Of the variance over a curve, below which what is left of it is noise at each node."""
_MOST_PATTERNS = 8


@dataclass(frozen=True, eq=False)
class Surrogate:
    """A property, or a number, as a function of inputs: from `fit_surrogate`.

    Attributes
    ----------
    inputs : dict of str to int
        How many numbers each takes.
    members : int
        From which it was learnt.
    left : float
        Share of the variance of the members that the others do not foretell: 0 where it is exact, 1 where it tells nothing.
    """

    inputs: dict[str, int]
    members: int
    left: float
    _like: Property | None
    _is_log: bool
    _logarithmic: frozenset[str]
    _mean: Array
    _patterns: Array
    _processes: tuple[GaussianProcess, ...]
    _widened: Array
    _rest: Array

    def __call__(self, inputs: Mapping[str, ArrayLike]) -> Property | Uncertain:
        """The property or number at these inputs, with the standard error of the surrogate.

        The error grows where inputs lie beyond those of the members.

        Raises
        ------
        InputError
            An input that is missing, unknown, not finite, or not positive where it enters as a logarithm.
        """
        columns = _columns({name: np.asarray(value)[None] for name, value in inputs.items()}, self.inputs, self._logarithmic)
        score = np.array([float(process(columns)[0]) for process in self._processes])
        spread = np.array([float(process.error(columns)[0]) for process in self._processes]) * self._widened
        values = self._mean + score @ self._patterns
        error = np.sqrt(np.square(spread) @ np.square(self._patterns) + self._rest)
        if self._is_log:
            values = np.exp(values)
            error = values * deviation_of_log(error)
        if self._like is None:
            return Uncertain(float(values[0]), float(error[0]))
        like, shape = self._like, self._like.values.shape
        settings = {"members": self.members} | {name: np.ravel(value).tolist() for name, value in inputs.items()}
        source = predicted("scalith.design.fit_surrogate", like.digest, settings=settings)
        return Property.from_arrays(
            like.name, like.coordinates, values.reshape(shape), like.unit, source, standard_error=error.reshape(shape)
        )


def fit_surrogate(
    inputs: Mapping[str, ArrayLike], members: Sequence[Property] | Property | ArrayLike, *, logarithmic: Sequence[str] = ()
) -> Surrogate:
    r"""Learn a property or a number as a function of inputs from members that were climbed.

    Members of a property become v = m + Σ_k c_k p_k with the patterns p of their principal components, as many as leave a
    thousandth of the variance. Each c_k is a Gaussian process over the inputs (`scalith.numerics.gaussian_process`), whose noise
    is what the members scatter by themselves, as those of a Monte Carlo do. Positive properties whose zero is no choice enter
    by their logarithms. The error at a place is that of a further member, climbed there: of the processes, widened where
    members that are left out in turn lie further off than they say, and of the patterns that were left.

    Parameters
    ----------
    inputs : mapping of str to array_like, shape (n,) or (n, k)
        Numbers that each of n members was made with: knobs, settings, deviates. Independent of each other at best: a plan of
        `scipy.stats.qmc`.
    members : sequence of Property, a Property with draws, or array_like of shape (n,)
        What each of them found. Properties over other nodes than the first one's are read at its nodes.
    logarithmic : sequence of str
        Inputs that enter by their logarithms.

    Returns
    -------
    Surrogate
        ``surrogate({name: value, …})`` gives a `Property` with its standard error, or an `Uncertain` number.

    Raises
    ------
    InputError
        Fewer than 6 members, other numbers of inputs than of members, values that are not finite, properties in two units.

    Examples
    --------
    >>> found = fit_surrogate({"barrier": [0.2, 0.3, 0.4, 0.5, 0.6, 0.7]}, [1.2, 1.3, 1.4, 1.5, 1.6, 1.7])
    >>> round(float(found({"barrier": 0.45})), 3)
    1.45
    """
    where = "fit_surrogate"
    like, table = _table(members)
    sizes = {name: int(np.asarray(values)[0].size) for name, values in inputs.items() if len(np.atleast_1d(values))}
    if not sizes:
        raise InputError(where, "inputs", "none", "the numbers that members were made with, by name")
    for name in logarithmic:
        if name not in sizes:
            raise InputError(where, "logarithmic", name, nearest(name, sizes))
    columns = _columns(inputs, sizes, frozenset(logarithmic))
    if len(table) < _LEAST or len(columns) != len(table):
        raise InputError(where, "members", f"{len(table)} with the inputs of {len(columns)}", f"as many, at least {_LEAST}")
    is_log = like is not None and scale_of(table, like.unit) == "log"
    table = np.log(table) if is_log else table
    mean = table.mean(axis=0)
    left, strength, patterns = np.linalg.svd(table - mean, full_matrices=False)
    power = np.square(strength)
    total = float(power.sum())
    rest = 1.0 - np.cumsum(power) / total if total > 0.0 else np.zeros(1)
    kept = min(int(np.argmax(rest <= _SHARE)) + 1 if np.any(rest <= _SHARE) else power.size, _MOST_PATTERNS)
    scores = left[:, :kept] * strength[:kept]
    processes = tuple(fit_gaussian_process(columns, score) for score in scores.T)
    off, stated = zip(*(process.left_out() for process in processes), strict=True)
    widened = np.array([max(1.0, float(np.sqrt(np.mean(np.square(r / s))))) for r, s in zip(off, stated, strict=True)])
    other = (left[:, kept:] * strength[kept:]) @ patterns[kept:]
    missed = float(np.square(off).sum() + np.square(other).sum())
    return Surrogate(
        sizes,
        len(table),
        missed / total if total > 0.0 else 0.0,
        like,
        is_log,
        frozenset(logarithmic),
        mean,
        patterns[:kept],
        processes,
        widened,
        np.square(other).sum(axis=0) / max(len(table) - 1, 1),
    )


def _table(members: Sequence[Property] | Property | ArrayLike) -> tuple[Property | None, Array]:
    """The first property, if members are properties, and values of all, shape (n, nodes)."""
    if isinstance(members, Property):
        members = [members.member(k) for k in range(members.draws)]
    there = list(members) if isinstance(members, Sequence) else []
    properties = [one for one in there if isinstance(one, Property)]
    if not properties:
        numbers = np.asarray(members, dtype=np.float64)
        if numbers.ndim != 1 or not np.all(np.isfinite(numbers)):
            raise InputError("fit_surrogate", "members", f"numbers of shape {numbers.shape}", "one finite number for each member")
        return None, numbers[:, None]
    first = properties[0]
    for one in there:
        if not isinstance(one, Property) or one.unit != first.unit or list(one.coordinates) != list(first.coordinates):
            found = f"{one.name} in {one.unit} over {', '.join(one.coordinates)}" if isinstance(one, Property) else str(one)
            raise InputError("fit_surrogate", "members", found, f"each as the first: {first.name} in {first.unit}")
    mesh = dict(zip(first.coordinates, np.meshgrid(*first.coordinates.values(), indexing="ij"), strict=True))
    return first, np.stack([np.ravel(one(**mesh, extrapolate="nearest")) for one in properties])


def _columns(inputs: Mapping[str, ArrayLike], sizes: Mapping[str, int], logarithmic: frozenset[str]) -> Array:
    """Columns of all inputs in their order, shape (n, columns)."""
    where, parts = "surrogate", []
    for name in inputs:
        if name not in sizes:
            raise InputError(where, "inputs", name, nearest(name, sizes))
    for name, size in sizes.items():
        if name not in inputs:
            raise InputError(where, "inputs", f"no {name!r}", f"all of {', '.join(sizes)}")
        values = np.asarray(inputs[name], dtype=np.float64)
        values = values.reshape(len(values), -1)
        if values.shape[1] != size or not np.all(np.isfinite(values)):
            raise InputError(where, name, f"shape {values.shape}", f"{size} finite number{'s' if size > 1 else ''} a member")
        if name in logarithmic and not np.all(values > 0.0):
            raise InputError(where, name, float(values.min()), "a positive number: it enters by its logarithm")
        parts.append(np.log(values) if name in logarithmic else values)
    if len({len(part) for part in parts}) > 1:
        counts = ", ".join(f"{len(part)} of {name}" for name, part in zip(sizes, parts, strict=True))
        raise InputError(where, "inputs", counts, "one for each member")
    return np.concatenate(parts, axis=1)
