"""Compiled loops of the phase field in one particle: Cahn–Hilliard in conservative finite volumes, fully implicit.

Lengths are in radii, energies in RT per mole of sites. With V and g of `scalith.particle.mesh.RadialMesh` (lumped) the free
energy is E = Σ V f(c) + κ/2 Σ g (Δc)² + w c_s, the potential μ = (∂E/∂c)/V and the flow between two nodes g M Δμ: the energy of
the discrete particle falls at rest, and its content changes by the flux through the surface only.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled, compiled_in_place, compiled_inline
from scalith.numerics.kernel_table import KernelTable, evaluate

Array = NDArray[np.float64]
_GAMMA = 1.0 - math.sqrt(0.5)  # SDIRK of order 2, L-stable
EDGE = 1e-12
"""Least distance of a filled fraction from empty and full."""


@compiled_inline
def local_potential(table: KernelTable, ideal: float, c: float, T: float) -> tuple[float, float]:
    """Homogeneous chemical potential, ideal·ln(c/(1 − c)) + table, and its slope."""
    value, slope = evaluate(table, c, T)
    if ideal == 0.0:
        return value, slope
    inside = min(max(c, EDGE), 1.0 - EDGE)
    return value + ideal * math.log(inside / (1.0 - inside)), slope + ideal / (inside * (1.0 - inside))


@compiled
def free_energy(
    table: KernelTable, ideal: float, strain: float, kappa: float, wetting: float, T: float, c: Array, volumes: Array,
    conductances: Array,
) -> float:  # fmt: skip
    """Free energy of a particle over the mean of its volumes; `table` holds the integral of the excess potential."""
    volume = content = 0.0
    total = wetting * c[c.size - 1]
    for k in range(c.size):
        x = min(max(c[k], EDGE), 1.0 - EDGE)
        density = evaluate(table, c[k], T)[0] + 0.5 * strain * c[k] ** 2
        if ideal != 0.0:
            density += ideal * (x * math.log(x) + (1.0 - x) * math.log(1.0 - x))
        total += volumes[k] * density
        volume += volumes[k]
        content += volumes[k] * c[k]
    for k in range(c.size - 1):
        total += 0.5 * kappa * conductances[k] * (c[k + 1] - c[k]) ** 2
    energy: float = total / volume - 0.5 * strain * (content / volume) ** 2
    return energy


@compiled_in_place
def local_potentials(table: KernelTable, ideal: float, T: float, c: Array, values: Array, slopes: Array) -> None:
    """Fill the homogeneous potential of every node, and its slope."""
    for k in range(c.size):
        values[k], slopes[k] = local_potential(table, ideal, c[k], T)


@compiled_in_place
def sweep(
    values: Array,
    slopes: Array,
    strain: float,
    kappa: float,
    wetting: float,
    mobility: float,
    degenerate: bool,
    c: Array,
    mu: Array,
    base: Array,
    inverse_time: float,
    surface_rate: float,
    volumes: Array,
    conductances: Array,
    factors: Array,
    rests: Array,
) -> float:
    """Forward sweep of a Newton step in (c, μ) from the centre outwards; μ is without the part −strain·mean(c).

    Parameters
    ----------
    values, slopes : ndarray, shape (nodes,)
        Homogeneous potential of each node: see `local_potentials`.
    surface_rate : float
        What the outermost volume loses, 1/s times volume.
    factors : ndarray, shape (nodes, 2, 2)
    rests : ndarray, shape (nodes, 2, 2)
        Filled: (δc, δμ) of the outermost node is rests[last, :, 0] + rests[last, :, 1]·δ(surface rate), the linear answer of
        the surface; the others follow in `back`.

    Returns
    -------
    float
        −1 where a step so long passes over instabilities, else 1: in the symmetric form of the system, [[−H, V], [V, τL]], each
        node adds one positive and one negative pivot; two of one sign are balanced by two of the other where the state that
        the step ends in is the one that is reached continuously.
    """
    last = c.size - 1
    balance = 0
    # Row 0: V (c − base)/time − flows = −surface rate; row 1: V (μ − local) − κ (flows of c) = 0.
    flow_left = down_left_a = 0.0
    a_left = b_left = 0.0  # derivatives of the left flow by c on both of its sides
    for k in range(last + 1):
        V = volumes[k]
        value, slope = values[k], slopes[k]
        D00, D01 = V * inverse_time, 0.0
        D10, D11 = -V * (slope + strain), V
        r0 = -V * (c[k] - base[k]) * inverse_time - flow_left
        r1 = -V * (mu[k] - value - strain * c[k])
        L00 = L01 = L10 = 0.0
        if k > 0:
            g = conductances[k - 1]
            # flow_left = g M (μ_k − μ_{k−1}) leaves this volume towards the centre.
            D00 += b_left
            D01 += down_left_a
            L00 = a_left
            L01 = -down_left_a
            D10 -= kappa * g
            L10 = kappa * g
            r1 += kappa * g * (c[k] - c[k - 1])
        U00 = U01 = U10 = 0.0
        if k < last:
            g = conductances[k]
            difference = mu[k + 1] - mu[k]
            if degenerate:
                # The harmonic mean vanishes with either side: a face never empties a volume that has nothing to give.
                here, there = c[k] * (1.0 - c[k]), c[k + 1] * (1.0 - c[k + 1])
                part = 1.0 / (here + there)
                M = 2.0 * mobility * here * there * part
                M_a = 2.0 * mobility * (there * part) ** 2 * (1.0 - 2.0 * c[k])
                M_b = 2.0 * mobility * (here * part) ** 2 * (1.0 - 2.0 * c[k + 1])
            else:
                M, M_a, M_b = mobility, 0.0, 0.0
            flow = g * M * difference
            a, b, down = g * M_a * difference, g * M_b * difference, g * M
            D00 -= a
            D01 += down
            U00 = -b
            U01 = -down
            r0 += flow
            D10 -= kappa * g
            U10 = kappa * g
            r1 -= kappa * g * (c[k + 1] - c[k])
            flow_left, a_left, b_left, down_left_a = flow, a, b, down
        else:
            r0 -= surface_rate
            r1 += wetting
        s0, s1 = 0.0, 0.0
        if k == last:
            s0 = -1.0
        if k > 0:
            F, R = factors[k - 1], rests[k - 1]
            # Eliminate the node before: (δc, δμ)_{k−1} = R₀ − F (δc, δμ)_k.
            r0 -= L00 * R[0, 0] + L01 * R[1, 0]
            r1 -= L10 * R[0, 0]
            D00 -= L00 * F[0, 0] + L01 * F[1, 0]
            D01 -= L00 * F[0, 1] + L01 * F[1, 1]
            D10 -= L10 * F[0, 0]
            D11 -= L10 * F[0, 1]
        over = 1.0 / (D00 * D11 - D01 * D10)
        if over.real < 0.0:
            balance += 1 if D10.real > 0.0 else -1
        rests[k, 0, 0] = over * (D11 * r0 - D01 * r1)
        rests[k, 1, 0] = over * (D00 * r1 - D10 * r0)
        rests[k, 0, 1] = over * (D11 * s0 - D01 * s1)
        rests[k, 1, 1] = over * (D00 * s1 - D10 * s0)
        factors[k, 0, 0] = over * (D11 * U00 - D01 * U10)
        factors[k, 0, 1] = over * D11 * U01
        factors[k, 1, 0] = over * (D00 * U10 - D10 * U00)
        factors[k, 1, 1] = -over * D10 * U01
    return 1.0 if balance == 0 else -1.0


@compiled_in_place
def back(step: Array, factors: Array, rests: Array) -> None:
    """Backward sweep: `step` (nodes, 2) is filled from its outermost row inwards."""
    for k in range(step.shape[0] - 2, -1, -1):
        for m in range(2):
            step[k, m] = rests[k, m, 0] - factors[k, m, 0] * step[k + 1, 0] - factors[k, m, 1] * step[k + 1, 1]


@compiled
def stage(
    table: KernelTable,
    ideal: float,
    strain: float,
    kappa: float,
    wetting: float,
    mobility: float,
    degenerate: bool,
    T: float,
    c: Array,
    mu: Array,
    base: Array,
    inverse_time: float,
    surface_rate: float,
    volumes: Array,
    conductances: Array,
    factors: Array,
    rests: Array,
    step: Array,
    local: Array,
) -> bool:
    """Solve one implicit stage by Newton's method, in place; false also where it ended on a branch that is not the nearest."""
    last = c.size - 1
    values, slopes = local
    for _ in range(30):
        local_potentials(table, ideal, T, c, values, slopes)
        sign = sweep(
            values,
            slopes,
            strain,
            kappa,
            wetting,
            mobility,
            degenerate,
            c,
            mu,
            base,
            inverse_time,
            surface_rate,
            volumes,
            conductances,
            factors,
            rests,
        )
        step[last, 0], step[last, 1] = rests[last, 0, 0], rests[last, 1, 0]
        back(step, factors, rests)
        damping, largest = 1.0, 0.0
        for k in range(last + 1):
            d = step[k, 0]
            largest = max(largest, abs(d))
            if not abs(d) < 1e3:
                return False
            if ideal != 0.0:
                if d < -0.9 * c[k]:
                    damping = min(damping, -0.9 * c[k] / d)
                if d > 0.9 * (1.0 - c[k]):
                    damping = min(damping, 0.9 * (1.0 - c[k]) / d)
        for k in range(last + 1):
            c[k] += damping * step[k, 0]
            mu[k] += damping * step[k, 1]
        # Newton's error is of the order of the square of its step; the balance holds from the first whole step on.
        if damping == 1.0 and largest < 1e-8:
            return sign > 0.0
    return largest < 1e-7 and sign > 0.0


@compiled_inline
def started(c: float, change: float, ideal: float) -> float:
    """A first guess of a filled fraction: by the change that is expected, but never nearer to an end than half of the way."""
    if ideal == 0.0:
        return c + change
    return min(max(c + change, 0.5 * c), 0.5 * (1.0 + c))


@compiled
def run(
    table: KernelTable,
    integral: KernelTable,
    ideal: float,
    strain: float,
    kappa: float,
    wetting: float,
    mobility: float,
    degenerate: bool,
    T: float,
    c: Array,
    volumes: Array,
    conductances: Array,
    flux_times: Array,
    fluxes: Array,
    times: Array,
    longest: float,
    tolerance: float,
    empty: float,
    full: float,
    profiles: Array,
    potentials: Array,
    energies: Array,
) -> tuple[int, int, float, bool]:
    """Follow a particle from times[0] with the surface flux that holds from each of `flux_times` on; records at `times`.

    Parameters
    ----------
    c : ndarray, shape (nodes,)
        State at times[0]; overwritten.
    fluxes : ndarray
        Outward, radii per second.
    longest : float
        Longest step: a step left free passes over an instability without noticing it.
    empty, full : float
        Filled fractions of the surface at which it ends.
    profiles, potentials, energies : ndarray, shape (times, nodes), (times, nodes) and (times,)
        Filled; potentials with the part −strain·mean(c).

    Returns
    -------
    reached, steps, time, failed
        Times recorded; fewer than all where it ended: at a limit, or `failed` because time steps became shorter than 1e-13
        of the whole away from a limit.
    """
    nodes = c.size
    factors, rests, step = np.empty((nodes, 2, 2)), np.empty((nodes, 2, 2)), np.empty((nodes, 2))
    local = np.empty((2, nodes))
    mu, first, second, mu_new, base = np.empty(nodes), np.empty(nodes), np.empty(nodes), np.empty(nodes), np.empty(nodes)
    volume = 0.0
    for k in range(nodes):
        volume += volumes[k]
    time, taken, at_flux = times[0], 0, 0
    h = longest
    rate = np.zeros(nodes)  # of the step before: where Newton's method starts
    energy = free_energy(integral, ideal, strain, kappa, wetting, T, c, volumes, conductances)
    local_potentials(table, ideal, T, c, local[0], local[1])
    potential(local[0], strain, kappa, wetting, c, volumes, conductances, mu)
    reached = 0
    while True:
        while reached < times.size and times[reached] <= time:
            mean = 0.0
            for k in range(nodes):
                mean += volumes[k] * c[k]
            for k in range(nodes):
                profiles[reached, k] = c[k]
                potentials[reached, k] = mu[k] - strain * mean / volume
            energies[reached] = energy
            reached += 1
        if reached == times.size or c[nodes - 1] <= empty or c[nodes - 1] >= full:
            return reached, taken, time, False
        while at_flux + 1 < flux_times.size and flux_times[at_flux + 1] <= time:
            at_flux += 1
        stop = times[reached]
        if at_flux + 1 < flux_times.size:
            stop = min(stop, flux_times[at_flux + 1])
        left = stop - time
        aim = min(h, longest)
        whole = aim >= left * (1.0 - 1e-9)
        used = left if whole else (0.5 * left if aim > 0.5 * left else aim)
        flux = fluxes[at_flux]
        inverse = 1.0 / (_GAMMA * used)
        for k in range(nodes):
            first[k], mu_new[k] = started(c[k], _GAMMA * used * rate[k], ideal), mu[k]
        good = stage(
            table, ideal, strain, kappa, wetting, mobility, degenerate, T, first, mu_new, c, inverse, flux, volumes, conductances,
            factors, rests, step, local,
        )  # fmt: skip
        error = np.inf
        if good:
            for k in range(nodes):
                base[k] = c[k] + (1.0 - _GAMMA) / _GAMMA * (first[k] - c[k])
                second[k] = started(first[k], (1.0 - _GAMMA) / _GAMMA * (first[k] - c[k]), ideal)
            good = stage(
                table, ideal, strain, kappa, wetting, mobility, degenerate, T, second, mu_new, base, inverse, flux, volumes,
                conductances,
                factors, rests, step, local,
            )  # fmt: skip
        if good:
            error = 0.0
            for k in range(nodes):
                # Of first order: the straight line through the first stage.
                error = max(error, abs(second[k] - c[k] - (first[k] - c[k]) / _GAMMA))
            new_energy = free_energy(integral, ideal, strain, kappa, wetting, T, second, volumes, conductances)
            if flux == 0.0 and new_energy > energy + 1e-13 * max(1.0, abs(energy)):
                good = False
        if not good or error > 4.0 * tolerance:
            rate[:] = 0.0
            h = used * (0.3 if not good else max(0.2, 0.9 * math.sqrt(tolerance / error)))
            if h < 1e-13 * (times[times.size - 1] - times[0]):
                # Into a full surface, or out of an empty one, no step is short enough.
                limit = c[nodes - 1] > full - 0.02 if flux < 0.0 else c[nodes - 1] < empty + 0.02
                return reached, taken, time, flux == 0.0 or not limit
            continue
        taken += 1
        time = stop if whole else time + used
        for k in range(nodes):
            rate[k] = (second[k] - c[k]) / used
            c[k], mu[k] = second[k], mu_new[k]
        energy = new_energy
        h = max(h, used) if error < 1e-300 else used * min(3.0, max(0.3, 0.9 * math.sqrt(tolerance / error)))
        if whole and h < aim:
            h = max(h, min(aim, used * 3.0)) if error <= tolerance else h


@compiled_in_place
def potential(
    values: Array,
    strain: float,
    kappa: float,
    wetting: float,
    c: Array,
    volumes: Array,
    conductances: Array,
    mu: Array,
) -> None:
    """Fill μ (without −strain·mean) of a state."""
    for k in range(c.size):
        bend = 0.0
        if k > 0:
            bend -= conductances[k - 1] * (c[k] - c[k - 1])
        if k < c.size - 1:
            bend += conductances[k] * (c[k + 1] - c[k])
        mu[k] = values[k] + strain * c[k] - kappa * bend / volumes[k]
    mu[c.size - 1] += wetting / volumes[c.size - 1]
