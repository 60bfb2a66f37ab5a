r"""K15: A coolant that warms on its way.

**[E]** A thin plate between two streams that flow against each other, or the same way, is a heat exchanger. In steady state its
effectiveness is that of NTU theory (Kays and London, Compact Heat Exchangers):
$\varepsilon=\frac{1-e^{-N(1-C)}}{1-C\,e^{-N(1-C)}}$ against each other, $N/(1+N)$ for $C=1$, and
$\varepsilon=\frac{1-e^{-N(1+C)}}{1+C}$ the same way.

**[E]** What the coolant takes up, by its own enthalpy $C(T_{out}-T_{in})$, is what leaves the body to it:
both are counted apart.

**[E]** A duct: Nusselt number and friction of fully developed laminar flow are those of Shah and London's tables (square: 2.976
and 56.91), and turbulent friction that of Moody's chart at Re = 10⁵ (0.0180).
"""

from __future__ import annotations

import numpy as np

from scalith.pack import WATER, Assembly, Block, Channels, Material, Stream, Surface, channel_flow, simulate_heat_3d
from validation.record import Record

LENGTH, BREADTH, THICK, K = 0.4, 0.1, 2e-3, 200.0
HOT, COLD = 350.0, 300.0


def effectiveness(N: float, C: float, against: bool) -> float:
    if not against:
        return float((1.0 - np.exp(-N * (1.0 + C))) / (1.0 + C))
    if C == 1.0:
        return N / (1.0 + N)
    return float((1.0 - np.exp(-N * (1.0 - C))) / (1.0 - C * np.exp(-N * (1.0 - C))))


def exchange(h: float, rate: float, ratio: float, against: bool) -> tuple[float, float]:
    """Effectiveness, and how far the enthalpies of the streams are from the heat of the plate."""

    def side(flow: float, direction: str, temperature: float) -> Surface:
        stream = Stream(heat_capacity_rate=flow, direction=direction)  # type: ignore[arg-type]
        return Surface(heat_transfer_coefficient=h, temperature=temperature, stream=stream)

    wall = Material(density=2700.0, specific_heat=900.0, conductivity=(1e-6, 1e-6, K))
    block = Block(name="plate", material="wall", lower=(0, 0, 0), upper=(LENGTH, BREADTH, THICK), divisions=(40, 1, 1))
    surfaces = {"z_low": side(rate, "+x", HOT), "z_high": side(rate / ratio, "-x" if against else "+x", COLD)}
    body = Assembly(materials={"wall": wall}, blocks=(block,), surfaces=surfaces)
    found = simulate_heat_3d(body, duration=300.0, output_times=3, initial_temperature=0.5 * (HOT + COLD))
    outlet = float(found["coolant_outlet"].sel(side="z_low")[-1])
    return (HOT - outlet) / (HOT - COLD), float(found["coolant_balance_error"])


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6.4, 3.8))
    N = np.linspace(0.0, 5.0, 101)
    for ratio, against, color in ((0.5, True, "C0"), (1.0, True, "C1"), (1.0, False, "C2")):
        way = "against each other" if against else "the same way"
        axes.plot(N, [effectiveness(one, ratio, against) for one in N], color=color, label=f"C = {ratio:g}, {way}")
        for h in (400.0, 3000.0):
            rate = 8.0
            units = LENGTH * BREADTH / (2.0 / h + THICK / K) / rate
            exact = effectiveness(units, ratio, against)
            found, apart = exchange(h, rate, ratio, against)
            name = f"effectiveness, C = {ratio:g}, {way}, N = {units:.2f}"
            record.check(name, expected=exact, found=found, tolerance=0.01 * exact)
            record.check_at_most(f"enthalpy of the streams, N = {units:.2f}, {way}, C = {ratio:g}", limit=1e-6, found=apart)
            axes.plot(units, found, "o", color=color)
    axes.set(xlabel="NTU", ylabel="effectiveness", ylim=(0, 1))
    axes.legend(frameon=False)
    figure.tight_layout()
    record.figure("Two streams along a plate: NTU theory (lines) and the plate in three dimensions (points)", figure)

    long_duct = Channels(length=5.0, width=1e-3, height=1e-3)
    slow = channel_flow(WATER, long_duct, 10.0 * WATER.viscosity / WATER.density * 1e-3)
    record.check("Nusselt number of a square duct", expected=2.976, found=slow.nusselt, tolerance=0.02)
    record.check("friction of a square duct, f Re", expected=56.91, found=slow.friction_factor * slow.reynolds, tolerance=0.1)
    pipe = Channels(length=2.0, diameter=0.02)
    fast = channel_flow(WATER, pipe, 1e5 * WATER.viscosity / WATER.density * 0.25 * np.pi * 0.02)
    record.check("friction of a smooth pipe at Re = 1e5", expected=0.0180, found=fast.friction_factor, tolerance=0.0003)
