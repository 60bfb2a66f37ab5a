r"""K03: Ignition limits of Frank-Kamenetskii and Semenov.

**[E]** For a reaction that is not used up, $\dot q = Q A e^{-E/RT}$, a body with its surface at $T_a$ has no steady state
above $\delta_c$ = 0.878, 2.000, 3.322 (slab, cylinder, sphere), and a uniform body cooled with $hS$ none above
$\psi_c = 1/e$. The limits come from the differential equation (`critical_frank_kamenetskii`), and again from the
transient network that all of this package's cells use: chains of 60 volumes (in planar, cylindrical and spherical metric)
and a single body are run at bisected $\delta$ until they settle or run away. The theory is of first order in
$\varepsilon = RT_a/E$; with $\varepsilon = 10^{-3}$ the transient limit lies above it by about $\varepsilon$ (Semenov: exactly
$\psi_c = e^{-1}(1+\varepsilon+\dots)$).
"""

from __future__ import annotations

import numpy as np

from scalith.pack import CellBody, ReactionSet, critical_frank_kamenetskii
from scalith.pack.module.thermal_network import ThermalNetwork, simulate_network
from scalith.quantities import ConvergenceError
from scalith.quantities.constants import GAS_CONSTANT
from validation.record import Record

AMBIENT, EPSILON, VOLUMES = 300.0, 1e-3, 60
UNIT = {"shape": "prismatic", "thickness": 1.0, "width": 1.0, "height": 1.0, "density": 1.0, "specific_heat": 1.0}


def _kinetics(strength: float) -> ReactionSet:
    """Heat of 1 m³ such that heat · E/(R T²) at ambient is `strength` (W m-3 per kelvin of RT²/E)."""
    energy = GAS_CONSTANT * AMBIENT / EPSILON
    # exp(1/ε) overflows, so its factor e^600 sits in the heat.
    heat = strength * EPSILON * AMBIENT * np.exp(600.0)
    reaction = {
        "frequency_factor": np.exp(1 / EPSILON - 600.0),
        "activation_energy": energy,
        "heat": heat,
        "orders": {},
        "changes": {},
    }
    return ReactionSet(name="steady", reference="made up", states={"x": 1.0}, reactions={"r": reaction})  # type: ignore[dict-item]


def _runs_away(delta: float, dimension: int) -> bool:
    """Unit half-size, conductivity and heat capacity; dimension 0, 1, 2 for slab, cylinder, sphere, −1 for a uniform body."""
    network = ThermalNetwork(ambient=(np.array([0.0]), np.array([AMBIENT])))
    cell = CellBody(**UNIT)  # type: ignore[arg-type]
    if dimension < 0:
        network.add(1.0, ambient=1.0, cell=cell)
    else:
        faces = np.linspace(0.0, 1.0, VOLUMES + 1)
        volume = np.diff(faces ** (dimension + 1)) / (dimension + 1)
        area = faces**dimension
        width = 1.0 / VOLUMES
        for i in range(VOLUMES):
            network.add(volume[i], ambient=2 * area[-1] / width if i == VOLUMES - 1 else 0.0, cell=cell, share=volume[i])
        for i in range(VOLUMES - 1):
            network.link(i, i + 1, area[i + 1] / width)
    time = np.array([0.0, 400.0])
    try:
        found = simulate_network(network, _kinetics(delta), time, initial_temperature=AMBIENT, tolerance=1e-7, most_steps=4000)
    except ConvergenceError:
        return True  # without consumption an ignited body heats without limit
    return bool(found.peak_temperature.max() > AMBIENT * (1 + 10 * EPSILON))


def _limit(expected: float, dimension: int) -> float:
    low, high = 0.9 * expected, 1.1 * expected
    while high - low > 2e-4 * expected:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if _runs_away(middle, dimension) else (middle, high)
    return 0.5 * (low + high)


def run(record: Record) -> None:
    names = ("slab", "cylinder", "sphere")
    found = []
    for dimension, (name, limit) in enumerate(zip(names, (0.878, 2.000, 3.322), strict=True)):
        record.check(
            f"δ_c of the {name}, from the differential equation",
            expected=limit,
            found=critical_frank_kamenetskii(name),
            tolerance=5e-4,
        )  # type: ignore[arg-type]
        found.append(_limit(limit, dimension))
        record.check(
            f"δ_c of the {name}, from transients", expected=limit * (1 + EPSILON), found=found[-1], tolerance=3e-3 * limit
        )
    semenov = _limit(np.exp(-1), -1)
    record.check("Semenov's ψ_c, from transients", expected=np.exp(-1), found=semenov, tolerance=2e-3 * np.exp(-1))

    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
    theory = [critical_frank_kamenetskii(name) for name in names]  # type: ignore[arg-type]
    axes.bar(np.arange(4) - 0.2, [*theory, np.exp(-1)], 0.4, label="differential equation, 1/e")
    axes.bar(np.arange(4) + 0.2, [*found, semenov], 0.4, label="bisected transients")
    axes.set_xticks(range(4), [*names, "uniform (ψ)"])
    axes.set_ylabel("critical number")
    axes.legend()
    record.figure("Critical numbers of ignition.", figure)
