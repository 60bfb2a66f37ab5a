r"""Grand potentials of all sampled states at once: every way of integration counts by what it knows.

Between neighbouring states of a phase at one temperature dφ = −x dμ, between those of one chain d(φ/T) = ω d(1/T) with
ω = ⟨E − μN⟩ per site, and where hardly an ion or hardly a vacancy is left, φ is that of a dilute gas,

.. math::

    φ = e_0 + kT \ln(1 - x), \qquad φ = e_1 - μ + kT \ln x .

These are more equations than unknowns: φ is their solution by weighted least squares (Gauss and Markov), and its error follows. A
step over which x or ω changes by more than fluctuations explain goes from one phase into another. Where on the step, or how long
before it, both had one grand potential is not known (hysteresis): it hardly counts. So each phase is tied to the dilute end that
it reaches, and one that reaches neither to how it was cooled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scalith.quantities import InputError
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    from numpy.typing import NDArray

AT_REST = 1e-3
"""Variance of the number of ions per site below which a state is an ordered one at rest."""
ONE_ION = 0.9
"""Ions by which two states at rest differ, if they do: none fluctuates from the one to the other."""
SIGNIFICANT = 3.0
"""Standard errors by which a change must exceed what fluctuations explain."""
CROSSING = 0.03
"""Change of x, or of ω/kT, beyond what fluctuations explain, from which a step counts as one into another phase."""
UNKNOWN = 1.0
"""Error of such a step, kT per site."""
LEAST = 1e-5
"""Error of any step, kT per site: round-off of sums over many."""
PASSES = 4
"""Times that steps which are at odds with the others are weighed anew."""


class States(NamedTuple):
    """Averages at all states, each of shape (temperatures, mu), per site of the working ion; ω = E − μN in eV."""

    x: NDArray[np.float64]
    x_error: NDArray[np.float64]
    fluctuations: NDArray[np.float64]
    fluctuations_error: NDArray[np.float64]
    omega: NDArray[np.float64]
    omega_error: NDArray[np.float64]
    heat: NDArray[np.float64]
    """Variance of ω times sites, eV²."""


class _Known(NamedTuple):
    """Values of φ/kT, or differences of two, and their standard errors."""

    value: NDArray[np.float64]
    error: NDArray[np.float64]

    def at_odds(self, found: NDArray[np.float64]) -> _Known:
        """With errors that grow where what was found is off by more than twice as much."""
        off = np.abs(found - self.value) / self.error
        return self._replace(error=self.error * np.sqrt(np.maximum(1.0, 0.5 * off)))


class _Node(NamedTuple):
    """An end of a step: where it is, what is integrated, and the slope of that."""

    place: NDArray[np.float64]
    value: NDArray[np.float64]
    error: NDArray[np.float64]
    slope: NDArray[np.float64]
    slope_error: NDArray[np.float64]

    def at(self, part: Any) -> _Node:
        """The chosen ones."""
        return _Node(*(values[part] for values in self._asdict().values()))


class _Links(NamedTuple):
    """Pairs of states at one temperature: its index, and those of both chemical potentials."""

    row: NDArray[np.intp]
    first: NDArray[np.intp]
    second: NDArray[np.intp]


def grand_potentials(
    ladder: NDArray[np.float64],
    mu: NDArray[np.float64],
    states: States,
    ends: tuple[float, float] | None,
    sites: int,
    independent: bool,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """φ(T, mu), eV per site; its standard error; and by how much one way through the states misses the dilute vacancies (T), eV.

    Parameters
    ----------
    ladder : ndarray
        Temperatures from hot to cold, K.
    mu : ndarray
        Chemical potentials, eV.
    states : States
    ends : (float, float), optional
        Energy of the empty and of the full lattice, eV per site; without it φ is counted from the first state of the coldest.
    sites : int
        Of the working ion in the supercell.
    independent : bool
        Whether ions of the dilute lattice are independent of each other (with electrons of their own they are not).

    Raises
    ------
    InputError
        An average that is not finite.
    """
    for name, values in states._asdict().items():
        if not np.all(np.isfinite(values)):
            raise InputError(
                "grand potentials", name, f"{np.count_nonzero(~np.isfinite(values))} states without a number", "all finite"
            )
    kT = BOLTZMANN_EV * ladder[:, None]
    (links, along_mu), along_T = _along_mu(kT, mu, states, sites), _along_T(kT, states)
    first, last = _dilute(kT, mu, states, ends, independent)
    # One way through all states, for the closure, and to solve for small differences from it: at the hottest along μ, then down.
    hottest = along_mu.value[(links.row == 0) & (links.second == links.first + 1)]
    across = np.concatenate([[0.0], np.cumsum(hottest)])
    way = np.concatenate([across[None], across + np.cumsum(along_T.value, axis=0)])
    way += first.value[-1] - way[-1, 0]
    closure = way[:, -1] - last.value if ends else np.zeros(len(ladder))

    def differences(values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        return [
            values[links.row, links.second] - values[links.row, links.first],
            np.diff(values, axis=0),
            values[:, 0],
            values[:, -1],
        ]

    known = [
        own._replace(value=own.value - values)
        for own, values in zip((along_mu, along_T, first, last), differences(way), strict=True)
    ]
    for _ in range(PASSES):
        moved, variance = _least_squares(links, *known)
        known = [own.at_odds(values) for own, values in zip(known, differences(moved), strict=True)]
    return kT * (way + moved), kT * np.sqrt(variance), kT[:, 0] * closure


def _along_mu(kT: NDArray[np.float64], mu: NDArray[np.float64], states: States, sites: int) -> tuple[_Links, _Known]:
    """Differences of φ/kT between states at one temperature: neighbours in μ, and where these are of two phases, the next of one.

    For where phases are about to coexist, states of the one stand among those of the other.
    """
    columns = (mu / kT, states.x, states.x_error, np.maximum(states.fluctuations, 0.0), states.fluctuations_error)
    node = _Node(*columns)
    resting = states.fluctuations < AT_REST
    links, known = [np.empty((3, 0), dtype=np.intp)], [np.empty((2, 0))]
    alone = np.ones(states.x.shape, dtype=bool)
    alone[:, 0] = False
    for step in range(1, len(mu)):
        row, second = np.nonzero(alone & (np.arange(len(mu)) >= step))
        if not len(row):
            break
        first = second - step
        found, crosses = _integrals(node.at((row, first)), node.at((row, second)))
        change = np.abs(states.x[row, second] - states.x[row, first])
        crosses |= resting[row, first] & resting[row, second] & (change * sites > ONE_ION)
        alone[row, second] = crosses | (change > 2.0 * CROSSING) if step > 1 else crosses
        kept = np.ones(len(row), dtype=bool) if step == 1 else ~alone[row, second]
        links.append(np.stack([row, first, second])[:, kept])
        known.append(np.stack([-found.value, np.where(crosses, UNKNOWN, found.error)])[:, kept])
    return _Links(*np.concatenate(links, axis=1)), _Known(*np.concatenate(known, axis=1))


def _along_T(kT: NDArray[np.float64], states: States) -> _Known:
    """Differences of φ/kT between neighbouring temperatures, shape (temperatures − 1, mu)."""
    positive = states.fluctuations > 0.0
    relative = np.divide(states.fluctuations_error, states.fluctuations, out=np.ones_like(states.x), where=positive)
    error = states.heat * np.clip(relative, 0.1, 1.0)
    node = _Node(np.broadcast_to(1.0 / kT, states.x.shape), states.omega, states.omega_error, -states.heat, error)
    found, crosses = _integrals(node.at(np.s_[:-1]), node.at(np.s_[1:]), np.sqrt(kT[1:] * kT[:-1]))
    return found._replace(error=np.where(crosses, UNKNOWN, found.error))


def _integrals(a: _Node, b: _Node, unit: NDArray[np.float64] | float = 1.0) -> tuple[_Known, NDArray[np.bool_]]:
    """Integrals over steps, by cubic Hermite pieces where the slope is resolved, and which steps go into another phase.

    `unit`: of a value, in which its change tells that.
    """
    h, change = b.place - a.place, b.value - a.value
    limit = 0.125 * np.abs(h * change)
    pieces = 0.5 * h * (a.value + b.value) + np.clip(h**2 / 12.0 * (a.slope - b.slope), -limit, limit)
    # A node counts in two steps: independent errors of steps are made so large that those of sums of them are right.
    noise = 0.5 * h**2 * (a.error**2 + b.error**2)
    slopes = a.slope_error**2 + b.slope_error**2
    noise += np.minimum(h**4 / 144.0 * slopes, limit**2)
    explained = 0.5 * h * (a.slope + b.slope)
    doubt = SIGNIFICANT * np.sqrt(a.error**2 + b.error**2 + 0.25 * h**2 * slopes)
    more = np.maximum(np.abs(change - explained) - doubt, 0.0)
    crosses = (more / unit > CROSSING) & (np.abs(change) > 2.0 * np.abs(explained))
    # What is not explained may come anywhere on the step.
    return _Known(pieces, np.sqrt(noise + h**2 * more**2 / 12.0 + LEAST**2)), np.asarray(crosses)


def _dilute(
    kT: NDArray[np.float64], mu: NDArray[np.float64], states: States, ends: tuple[float, float] | None, independent: bool
) -> tuple[_Known, _Known]:
    """φ/kT at the first and at the last μ, where they are dilute, shape (temperatures,) each.

    What a dilute gas leaves out is the next term of φ in its density c, which the fluctuations tell: ½ c (1 − c(1 − c)/⟨δN²⟩).
    """
    if ends is None:
        error = np.full(len(kT), np.inf)
        nowhere = _Known(np.zeros(len(kT)), error)
        return _Known(np.zeros(len(kT)), np.where(np.arange(len(kT)) == len(kT) - 1, LEAST, np.inf)), nowhere
    found = []
    for place, density, energy in ((0, states.x[:, 0], ends[0]), (-1, 1.0 - states.x[:, -1], ends[1] - mu[-1])):
        c = np.clip(density, 0.0, 1.0 - 1e-12)
        fluctuations = np.maximum(states.fluctuations[:, place], 1e-12)
        if independent:
            gas, left_out = np.log1p(-c), 0.5 * c * np.minimum(np.abs(1.0 - c * (1.0 - c) / fluctuations), 1.0)
        else:  # φ = −∫ x dμ with x ∝ e^(μ/nkT), n = x/⟨δN²⟩
            gas = -c * np.clip(c / fluctuations, 0.0, 4.0)
            left_out = c * np.minimum(states.fluctuations_error[:, place] / fluctuations, 1.0) + 0.5 * c**2
        error = np.sqrt(states.x_error[:, place] ** 2 + left_out**2 + LEAST**2)
        found.append(_Known(energy / kT[:, 0] + gas, error))
    return found[0], found[1]


def _least_squares(
    links: _Links, along_mu: _Known, along_T: _Known, first: _Known, last: _Known
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Values at all states that agree best with what is known, and their variances, shape (temperatures, mu).

    The normal equations couple neighbouring temperatures only: elimination of one after the other, and back.
    """
    rows, columns = len(first.value), along_T.value.shape[1]
    across, down = along_mu.error**-2.0, along_T.error**-2.0
    blocks, right = np.zeros((rows, columns, columns)), np.zeros((rows, columns))
    row, i, j = links
    every = np.arange(columns)
    np.add.at(blocks, (row, i, j), -across)
    np.add.at(blocks, (row, j, i), -across)
    np.add.at(blocks, (row, i, i), across)
    np.add.at(blocks, (row, j, j), across)
    np.add.at(right, (row, i), -across * along_mu.value)
    np.add.at(right, (row, j), across * along_mu.value)
    for part, sign in ((np.s_[:-1], -1.0), (np.s_[1:], 1.0)):
        blocks[part, every, every] += down
        right[part] += sign * down * along_T.value
    for pin, place in ((first, 0), (last, -1)):
        blocks[:, place, place] += pin.error**-2.0
        right[:, place] += pin.error**-2.0 * pin.value
    inverses: list[NDArray[np.float64]] = []
    for r in range(rows):
        if r:
            blocks[r] -= down[r - 1][:, None] * inverses[-1] * down[r - 1]
            right[r] += down[r - 1] * (inverses[-1] @ right[r - 1])
        inverses.append(np.linalg.inv(blocks[r]))
    values, variances = np.empty((rows, columns)), np.empty((rows, columns))
    values[-1], covariance = inverses[-1] @ right[-1], inverses[-1]
    variances[-1] = np.diag(covariance)
    for r in range(rows - 2, -1, -1):
        values[r] = inverses[r] @ (right[r] + down[r] * values[r + 1])
        passed = inverses[r] * down[r]
        covariance = inverses[r] + passed @ covariance @ passed.T
        variances[r] = np.diag(covariance)
    return values, variances
