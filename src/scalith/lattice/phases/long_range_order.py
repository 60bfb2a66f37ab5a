"""Which order a configuration has: the strongest wave of its occupations, as diffraction would see it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scalith.crystal.symmetry import site_operations
from scalith.lattice.sampling.chains import semi_grand_chain
from scalith.lattice.sampling.monte_carlo import cooling_ladder
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scalith.crystal import Host
    from scalith.lattice.sampling.monte_carlo import Model

ORDERED = 0.15
"""Share of the variance of the occupations in one wave (and its reverse) from which on a configuration counts as ordered."""


class Order(NamedTuple):
    """Long-range order of a configuration.

    Attributes
    ----------
    name : str
        ``"disordered"``, ``"ordered (1/2 0 1/2) × 3"`` with the wave vector in reciprocal vectors of the primitive cell (the one
        of its symmetry star that comes first) and how many waves of the star are there (L1₀ has one, L1₂ three), or
        ``"sublattices"`` where ions prefer some sites of the primitive cell.
    share : float
        Of the variance of the occupations in the strongest wave: 1 for a perfect order of one wave, 1/cells at random.
    """

    name: str
    share: float


def long_range_order(host: Host, shape: tuple[int, int, int], occupation: NDArray[np.int8]) -> Order:
    """The strongest wave in the occupations of the working ion's sites.

    With n_s(k) the Fourier component on sublattice s (divided by the number of cells), the share of a wave is
    Σ_s |n_s(k)|²/Σ_s x(1 − x); for k = 0 the differences n_s − x between sublattices count.

    Parameters
    ----------
    host : Host
    shape : three ints
        Primitive cells of the supercell.
    occupation : ndarray, shape (sites,)
        In the order of `scalith.lattice.sampling.supercell`.
    """
    cells = int(np.prod(shape))
    filled = occupation.reshape(*shape, -1)[..., host.working].astype(np.float64)
    x = float(filled.mean())
    variance = max(x * (1.0 - x), 1e-12) * filled.shape[-1]
    waves = np.fft.fftn(filled - x, axes=(0, 1, 2)) / cells
    power = np.sum(np.abs(waves) ** 2, axis=-1) / variance
    backward = np.roll(power[::-1, ::-1, ::-1], 1, axis=(0, 1, 2))
    index = np.indices(shape).reshape(3, -1)
    own = np.all((2 * index) % np.array(shape)[:, None] == 0, axis=0).reshape(shape)
    both = power + np.where(own, 0.0, backward)
    place = np.unravel_index(int(np.argmax(both)), shape)
    share = float(both[place])
    if min(x, 1.0 - x) * cells < 4 or share < max(ORDERED, 20.0 / cells):
        return Order("disordered", share)
    vector = [Fraction(int(m), int(n)) for m, n in zip(place, shape, strict=True)]
    if not any(vector):
        return Order("sublattices", share)
    star = set(_star(host, vector))
    places = {tuple(int(part * n) % n for part, n in zip(image, shape, strict=True)) for image in star if _fits(image, shape)}
    # A wave and its reverse are one.
    waves_present = sum((0.5, 1.0)[bool(own[at])] for at in places if both[at] > 0.4 * share)
    return Order(f"ordered ({' '.join(str(part) for part in min(star))}) × {max(round(waves_present), 1)}", share)


def _fits(vector: tuple[Fraction, ...], shape: tuple[int, int, int]) -> bool:
    return all((part * n).denominator == 1 for part, n in zip(vector, shape, strict=True))


def _star(host: Host, vector: list[Fraction]) -> list[tuple[Fraction, ...]]:
    """All wave vectors that the symmetry of the host makes of one, within 0 … 1, and their reverses."""
    images = []
    for rotation in site_operations(host).rotation:
        image = [sum(vector[a] * int(rotation[a, b]) for a in range(3)) for b in range(3)]
        images += [tuple(Fraction(sign * part) % 1 for part in image) for sign in (1, -1)]
    return images


def order_at(model: Model, host: Host, mu: float, T: float, seed: np.random.SeedSequence) -> Order:
    """Order of a configuration at (μ, T), cooled from disorder."""
    occupation = np.zeros(model.cells * model.tables.sublattices, dtype=np.int8)
    occupation[::2] = 1
    ladder = BOLTZMANN_EV * np.concatenate([cooling_ladder(model, T), [T]])
    filled, energies = np.empty((len(ladder), 20)), np.empty((len(ladder), 20))
    word = seed.generate_state(1, np.uint64)[0]
    potentials = np.full(len(ladder), mu)
    semi_grand_chain(model, occupation, ladder, potentials, 20, word, filled, energies)
    return long_range_order(host, model.shape, occupation)
