"""Small non-linear least squares between bounds: Levenberg–Marquardt on the parameters that no bound holds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Minimum(NamedTuple):
    """Where the search ended: parameters, residuals, their derivatives (rows = residuals), and whether it converged."""

    x: Array
    residuals: Array
    jacobian: Array
    converged: bool

    @property
    def cost(self) -> float:
        """Sum of squares."""
        return float(self.residuals @ self.residuals)


def minimise(
    function: Callable[[Array], tuple[Array, Array]],
    start: Array,
    lower: Array,
    upper: Array,
    *,
    tolerance: float = 1e-12,
    steps: int = 200,
    negligible: float = 0.0,
) -> Minimum:
    """Minimise the sum of squares of ``function(x) -> (residuals, jacobian)`` with lower ≤ x ≤ upper.

    A step solves (JᵀJ + μ diag)δ = −Jᵀr over the parameters that are free or leave their bound; μ follows the ratio of the
    reduction found to the one foreseen (H. B. Nielsen, IMM-REP-1999-05). It ends when the foreseen reduction is below
    `tolerance` of the sum of squares, or the sum below `negligible`, or when 20 steps together have lowered it by less than 1e-4
    of itself (of 100 data, 0.01 of the deviance): along a flat valley, parameters that the data do not tell go on for ever. A
    start outside the bounds is moved to them.
    """
    x = np.clip(start, lower, upper)
    r, jacobian = function(x)
    cost = float(r @ r)
    damping, growth = 1e-3, 2.0
    scale = np.zeros_like(x)
    costs: deque[float] = deque(maxlen=20)
    for _ in range(steps):
        if len(costs) == costs.maxlen and cost > costs[0] * (1.0 - 1e-4):
            return Minimum(x, r, jacobian, True)
        costs.append(cost)
        gradient, hessian = jacobian.T @ r, jacobian.T @ jacobian
        scale = np.maximum(scale, np.diagonal(hessian))
        free = ~(((x <= lower) & (gradient > 0.0)) | ((x >= upper) & (gradient < 0.0))) & (scale > 0.0)
        if cost <= negligible or not np.any(free):
            return Minimum(x, r, jacobian, True)
        g, h = gradient[free], hessian[np.ix_(free, free)]
        weight = np.diag(np.maximum(scale[free], 1e-14 * scale.max()))
        while True:
            low, high = (lower - x)[free], (upper - x)[free]
            moved = np.clip(np.linalg.solve(h + damping * weight, -g), low, high)
            foreseen = float(-(2.0 * g + h @ moved) @ moved)
            if foreseen < 0.0:  # cut at the bounds, the step leads upwards
                moved = _step_between(h + damping * weight, g, low, high)
                foreseen = float(-(2.0 * g + h @ moved) @ moved)
            trial = x.copy()
            trial[free] = np.clip(x[free] + moved, lower[free], upper[free])
            is_small = float(np.abs(moved).max(initial=0.0)) < 1e-9
            if foreseen <= tolerance * cost and (is_small or (damping <= 1e-2 and foreseen >= 0.0)):
                return Minimum(x, r, jacobian, True)
            new_r, new_jacobian = function(trial)
            new_cost = float(new_r @ new_r)
            if new_cost < cost:
                quality = (cost - new_cost) / max(foreseen, 1e-300)
                damping *= max(1.0 / 5.0, 1.0 - (2.0 * min(quality, 1.0) - 1.0) ** 3)
                growth = 2.0
                x, r, jacobian, cost = trial, new_r, new_jacobian, new_cost
                break
            damping *= growth
            growth *= 2.0
            if damping > 1e14:
                return Minimum(x, r, jacobian, bool(np.isfinite(cost)))
    return Minimum(x, r, jacobian, False)


def _step_between(matrix: Array, gradient: Array, lower: Array, upper: Array) -> Array:
    """Solve matrix · step = −gradient; what would pass a bound goes to it, and the others take the best step beside it."""
    step, held = np.zeros_like(gradient), np.zeros(gradient.size, dtype=bool)
    while True:
        moving = ~held
        right = gradient[moving] + matrix[np.ix_(moving, held)] @ step[held]
        step[moving] = np.linalg.solve(matrix[np.ix_(moving, moving)], -right)
        beyond = moving & ((step < lower) | (step > upper))
        step = np.clip(step, lower, upper)
        if not np.any(beyond) or np.all(held | beyond):
            return step
        held |= beyond
