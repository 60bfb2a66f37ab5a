r"""Classical ignition limits: Semenov (uniform body) and Frank-Kamenetskii (body with a temperature profile).

A body that makes heat ρ_h A exp(−E/RT) without using up its reactant has no steady state above a critical parameter,

    ψ = V heat A exp(−E/RT_a) E/(h S R T_a²) > 1/e  (Semenov),
    δ = L² heat A exp(−E/RT_a) E/(k R T_a²) > 0.878, 2, 3.322  (slab, cylinder, sphere; D. A. Frank-Kamenetskii,
    Diffusion and Heat Transfer in Chemical Kinetics, 1969),

to first order in RT_a/E.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np

from scalith.pack.heat.heat_input import as_temperature
from scalith.quantities import InputError, nearest
from scalith.quantities.constants import GAS_CONSTANT
from scalith.reactions.kinetics import ReactionSet

Shape = Literal["slab", "cylinder", "sphere"]
_DIMENSION = {"slab": 0, "cylinder": 1, "sphere": 2}


@cache
def critical_frank_kamenetskii(shape: Shape) -> float:
    """Largest δ for which θ'' + (j/x) θ' + δ e^θ = 0, θ'(0) = 0, θ(1) = 0 has a solution, by integration.

    With x = s e^{−θ₀/2}/√δ one curve u(s), u'' + (j/s) u' + e^u = 0, u(0) = 0, holds all solutions: δ = s² e^{u(s)}, and the
    critical one is its maximum over s.
    """
    from scipy.integrate import solve_ivp
    from scipy.optimize import minimize_scalar

    if shape not in _DIMENSION:
        raise InputError("critical_frank_kamenetskii", "shape", shape, "slab, cylinder or sphere")
    j = _DIMENSION[shape]

    def slope(s: float, y: list[float]) -> list[float]:
        bend = -np.exp(y[0]) / (j + 1) if s < 1e-8 else -np.exp(y[0]) - j * y[1] / s
        return [y[1], float(bend)]

    curve = solve_ivp(slope, (0.0, 12.0), [0.0, 0.0], method="DOP853", rtol=1e-12, atol=1e-13, dense_output=True).sol
    found = minimize_scalar(lambda s: -(s**2) * np.exp(curve(s)[0]), bounds=(0.3, 8.0), method="bounded", options={"xatol": 1e-9})
    return float(-found.fun)


def critical_ambient_temperature(
    kinetics: ReactionSet, reaction: str, *, half_size: float, conductivity: float, shape: Shape, highest: float = 800.0
) -> float:
    """Ambient temperature above which a body with cold surface ignites by one reaction (Frank-Kamenetskii), K.

    Parameters
    ----------
    kinetics, reaction
        The reaction counts with its initial states and is not used up: a bound on the safe side.
    half_size : float
        Half thickness or radius, m.
    conductivity : float
        W m-1 K-1.
    shape : {"slab", "cylinder", "sphere"}
    highest : float
        Largest temperature to look at, K.

    Raises
    ------
    InputError
        An unknown reaction, or no ignition up to `highest`.
    """
    from scipy.optimize import brentq

    where = "critical_ambient_temperature"
    r = _exothermic(kinetics, reaction, where)
    for name, size in (("half_size", half_size), ("conductivity", conductivity)):
        if not 0 < size < np.inf:
            raise InputError(where, name, size, "a positive number")
    set_ = kinetics.arrays()
    factor = float(set_.heat[r])
    for s, x in enumerate(set_.initial):
        factor *= x ** set_.orders[r, s] * (1 - x) ** set_.autocatalysis[r, s] * np.exp(-x * set_.tunnelling[r, s])
    activation = float(set_.activation_temperature[r])
    limit = critical_frank_kamenetskii(shape)

    def excess(T: float) -> float:
        rate = np.log(factor) + float(set_.log_frequency[r]) - activation / T
        return float(rate + np.log(half_size**2 * activation / (conductivity * T**2)) - np.log(limit))

    if excess(200.0) > 0 or excess(highest) < 0:
        raise InputError(where, "highest", highest, "an ambient temperature at which the body ignites")
    return float(brentq(excess, 200.0, highest))


def semenov_number(
    kinetics: ReactionSet,
    reaction: str,
    ambient_temperature: float,
    *,
    volume: float,
    heat_transfer_coefficient: float,
    surface: float,
) -> float:
    """ψ of a uniform body (initial states, nothing used up); it ignites above 1/e.

    Raises
    ------
    InputError
        An unknown or endothermic reaction, a size or coefficient that is not positive.
    """
    where = "semenov_number"
    r = _exothermic(kinetics, reaction, where)
    ambient_temperature = as_temperature(ambient_temperature, where, "ambient_temperature")
    sizes = {"volume": volume, "heat_transfer_coefficient": heat_transfer_coefficient, "surface": surface}
    for name, size in sizes.items():
        if not 0 < size < np.inf:
            raise InputError(where, name, size, "a positive number: a body that gives off no heat ignites in any case")
    set_ = kinetics.arrays()
    value = float(set_.heat[r] * np.exp(set_.log_frequency[r] - set_.activation_temperature[r] / ambient_temperature))
    for s, x in enumerate(set_.initial):
        value *= x ** set_.orders[r, s] * (1 - x) ** set_.autocatalysis[r, s] * np.exp(-x * set_.tunnelling[r, s])
    activation = kinetics.reactions[reaction].activation_energy / (GAS_CONSTANT * ambient_temperature**2)
    return value * volume * activation / (heat_transfer_coefficient * surface)


def _exothermic(kinetics: ReactionSet, reaction: str, where: str) -> int:
    """Number of a reaction that frees heat."""
    if reaction not in kinetics.reactions:
        raise InputError(where, "reaction", reaction, nearest(reaction, kinetics.reactions))
    heat = kinetics.reactions[reaction].heat
    if not heat > 0:
        raise InputError(where, "reaction", f"{reaction!r}, which takes up {-heat:g} J/kg", "a reaction that frees heat")
    return kinetics.names.index(reaction)
