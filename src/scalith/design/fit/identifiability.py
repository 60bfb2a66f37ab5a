"""What a set of measurements can say of a set of parameters, and which combinations it cannot tell apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scalith.cell import CellSpecification, read_cell
from scalith.design.fit.calibration import CellFit, CellProblem
from scalith.design.fit.coordinates import coordinates_of
from scalith.design.fit.noise import RecordNoise
from scalith.design.fit.records import Record
from scalith.lab.fit_errors import covariance_at_minimum
from scalith.quantities import InputError

Array = NDArray[np.float64]
_UNKNOWN = 1.0
"""Standard error of a logarithm from which on a number is called unknown."""
_NULL = 1e-5
"""Information of a direction, relative to the largest of parameters scaled alike, below which it is rounding."""


@dataclass(frozen=True, eq=False)
class Identifiability:
    """What measurements say of parameters.

    Attributes
    ----------
    names : tuple of str
    information : ndarray, shape (p, p)
        Fisher's matrix JᵀJ in the coordinates of the fit (ln of positive numbers), noise counted.
    standard_errors : ndarray, shape (p,)
        In the coordinates; infinite where not told.
    correlation : ndarray, shape (p, p)
    null_directions : ndarray, shape (k, p)
        Orthonormal combinations of the parameters that change nothing.
    collinearity : float
        1/√(smallest eigenvalue of the normalised information): above about 10 a set is hardly told apart (Brun, Reichert and
        Künsch, DOI 10.1029/2000WR900350).
    """

    names: tuple[str, ...]
    information: Array
    standard_errors: Array
    correlation: Array
    null_directions: Array
    collinearity: float

    @property
    def sentences(self) -> list[str]:
        """What is unknown, in words."""
        said: list[str] = []
        for cluster, known in self._clusters():
            together = ", ".join(self.names[k] for k in cluster)
            if len(cluster) == 1:
                said.append(f"{together}: the data do not depend on it")
            elif known == 0:
                said.append(f"{together}: the data tell none of them")
            else:
                count = "one combination" if known == 1 else f"{known} combinations"
                said.append(
                    f"{together}: only {count} of these {len(cluster)} is seen"
                    if known == 1
                    else f"{together}: only {count} of these {len(cluster)} are seen"
                )
        lost = {k for cluster, _ in self._clusters() for k in cluster}
        said += [
            f"{name}: known to a factor of {np.exp(min(self.standard_errors[k], 500.0)):.3g} only"
            for k, name in enumerate(self.names)
            if k not in lost and self.standard_errors[k] > _UNKNOWN
        ]
        pairs = [(i, j) for i in range(len(self.names)) for j in range(i) if not {i, j} & lost]
        said += [
            f"{self.names[j]} and {self.names[i]}: correlation {self.correlation[i, j]:+.3f}, hardly told apart"
            for i, j in pairs
            if abs(self.correlation[i, j]) > 0.95
        ]
        return said

    def _clusters(self) -> list[tuple[list[int], int]]:
        """Parameters that null directions connect, with the number of their combinations that is known."""
        support = [set(np.flatnonzero(np.abs(row) > 1e-2).tolist()) for row in _sparse(self.null_directions)]
        merged: list[tuple[set[int], int]] = []
        for one in support:
            joined, count = set(one), 1
            rest = []
            for other, other_count in merged:
                if other & joined:
                    joined |= other
                    count += other_count
                else:
                    rest.append((other, other_count))
            merged = [*rest, (joined, count)]
        return [(sorted(items), len(items) - count) for items, count in merged]


def identify(
    specification: CellSpecification | str | Path | CellFit,
    records: Sequence[Record] = (),
    parameters: Sequence[str | Sequence[str]] = (),
    *,
    start: Mapping[str, float] | None = None,
) -> Identifiability:
    r"""What records would say of parameters, from Fisher's information I = Σ (W ∂m/∂θ/σ)ᵀ (W ∂m/∂θ/σ).

    Parameters
    ----------
    specification : CellSpecification or path, or CellFit
        A fit brings its records, parameters and noise with it.
    records : sequence
        Measured or planned (`planned_run`, `planned_spectrum`); those without a stated noise count with a thousandth.
    parameters, start
        As in `fit_cell`.

    Raises
    ------
    InputError
    """
    if isinstance(specification, CellFit):
        problem, at = specification._problem, specification._at
        problem.noise = specification.noise
    else:
        if not records:
            raise InputError("identify", "records", "none", "at least one record, measured or planned")
        cell = read_cell(specification)
        problem = CellProblem(cell, [], coordinates_of(cell, parameters, start or {}, {}, {}))
        problem.records = list(records)
        problem.noise = tuple(RecordNoise.first(record) for record in records)
        at = np.array([one.start for one in problem.coordinates])
    return of_jacobian(tuple(one.name for one in problem.coordinates), problem.sensitivities(at))


def of_jacobian(names: tuple[str, ...], jacobian: Array) -> Identifiability:
    """From whitened derivatives, shape (samples, p)."""
    information = jacobian.T @ jacobian
    size = np.sqrt(np.diagonal(information))
    is_seen = size > 1e-9 * size.max(initial=1e-150)
    scale = np.where(is_seen, size, 1.0)
    normal = information / np.outer(scale, scale)
    strength, direction = np.linalg.eigh(normal)
    lost = strength < _NULL
    null = (direction[:, lost] / scale[:, None]).T
    null = np.linalg.qr(null.T)[0].T if null.size else np.empty((0, len(names)))
    covariance = covariance_at_minimum(jacobian, 1.0)
    errors = np.sqrt(np.diagonal(covariance))
    with np.errstate(invalid="ignore"):
        correlation = covariance / np.outer(errors, errors)
    smallest = float(strength[0])
    return Identifiability(
        names, information, errors, correlation, null, float(1.0 / np.sqrt(smallest)) if smallest > 0.0 else np.inf
    )


def _sparse(rows: Array) -> Array:
    """The same space by rows with as many zeros as elimination gives."""
    made = rows.copy()
    k = 0
    for column in range(made.shape[1] if made.size else 0):
        if k == made.shape[0]:
            break
        pivot = k + int(np.argmax(np.abs(made[k:, column])))
        if abs(made[pivot, column]) < 1e-2:
            continue
        made[[k, pivot]] = made[[pivot, k]]
        made[k] /= made[k, column]
        others = np.arange(made.shape[0]) != k
        made[others] -= np.outer(made[others, column], made[k])
        k += 1
    return made
