"""Kernel tables of Φ(x) = ∫ D dx: the flux between two nodes is then exact however steeply D falls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scalith.numerics.cubic_hermite import nodal_slopes
from scalith.quantities import InputError, Property

if TYPE_CHECKING:
    from scalith.numerics.kernel_table import KernelTable


def flux_potential_table(diffusivity: Property, T: float | None = None, *, T_pieces: int = 16) -> KernelTable:
    """Table of Φ(x) = ∫ D dx, whose slope is D; D is taken linear between the nodes, so that it stays positive.

    Parameters
    ----------
    diffusivity : Property
        D(x[, T]) in a particle or D(c[, T]) in the electrolyte, m2 s-1, positive.
    T : float, optional
        Temperature to fix, K; without it a property that depends on T gives a table that does too.
    T_pieces : int

    Returns
    -------
    KernelTable

    Raises
    ------
    InputError
        D is not positive everywhere.
    """
    from scalith.numerics.kernel_table import KernelTable

    grids = diffusivity.coordinates
    state = "c" if "c" in grids else "x"
    by_x = state in grids and grids[state].size > 1
    by_T = "T" in grids and grids["T"].size > 1 and T is None
    low, high = diffusivity.domain[state] if by_x else (0.0, 1.0)
    # Twice as fine as the finest interval of the data, within reason: Φ is smooth where D is steep.
    pieces = int(np.clip(2.0 * (high - low) / np.diff(grids[state]).min(), 256, 2048)) if by_x else 1
    x = np.linspace(low, high, pieces + 1)
    temperatures = np.linspace(*diffusivity.domain["T"], T_pieces + 1) if by_T else np.array([298.15 if T is None else T])
    D = np.stack([np.broadcast_to(diffusivity(**{state: x, "T": at}), x.shape) for at in temperatures])
    if D.min() <= 0.0:
        raise InputError(diffusivity.name, "values", float(D.min()), "positive values everywhere")
    step = (high - low) / pieces
    if by_T:
        step_T = float(temperatures[1] - temperatures[0])
        slopes = nodal_slopes(temperatures, D, 0) * step_T
        a, b, da, db = D[:-1], D[1:], slopes[:-1], slopes[1:]
        in_T = np.stack([a, da, 3.0 * (b - a) - 2.0 * da - db, 2.0 * (a - b) + da + db], axis=-1)
        inverse_T = 1.0 / step_T
    else:
        in_T = D[..., None]
        inverse_T = 0.0
    coefficients = np.zeros((in_T.shape[0], pieces, in_T.shape[2], 4))
    coefficients[..., 1] = step * in_T[:, :-1]
    coefficients[..., 2] = 0.5 * step * (in_T[:, 1:] - in_T[:, :-1])
    rises = coefficients[..., 1] + coefficients[..., 2]
    coefficients[:, 1:, :, 0] = np.cumsum(rises, axis=1)[:, :-1]
    return KernelTable(low, 1.0 / step, float(temperatures[0]), inverse_T, coefficients)
