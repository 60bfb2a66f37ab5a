r"""I02: Butler–Volmer, its Tafel slope and resistance; Marcus–Hush–Chidsey reduces to it.

**[E]** $i = i_0\left(e^{\alpha_a F\eta/RT} - e^{-\alpha_c F\eta/RT}\right)$ gives one decade of current for each
$RT\ln 10/(\alpha F) = 118.3$ mV at $\alpha = 0.5$ and 298.15 K; the anodic exponent is $1-\alpha$ with $\alpha$ the cathodic
coefficient; the slope at zero gives $R_{ct} = RT/(F i_0)$. Marcus–Hush–Chidsey kinetics, normalised to the same $i_0$,
agrees at small overvoltage and flattens beyond the reorganisation energy.
"""

from __future__ import annotations

import numpy as np

from scalith.interface import butler_volmer, charge_transfer_resistance, marcus_hush_chidsey, tafel_slope
from scalith.quantities.constants import FARADAY, GAS_CONSTANT
from validation.record import Record

T = 298.15


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    thermal = GAS_CONSTANT * T / FARADAY
    rates = butler_volmer(np.array([0.40, 0.60]) / thermal)
    slope = 0.20 / np.log10(rates[1] / rates[0])
    record.check("Tafel slope at α = 0.5", expected=118.3, found=1e3 * slope, tolerance=0.05, unit="mV/decade")
    record.check(
        "Tafel slope, closed form", expected=1e3 * tafel_slope(0.5, T), found=1e3 * slope, tolerance=1e-3, unit="mV/decade"
    )
    rates = butler_volmer(np.array([0.40, 0.60]) / thermal, anodic=1.0 - 0.3)
    anodic = np.log(rates[1] / rates[0]) * thermal / 0.20
    record.check("anodic exponent at α = 0.3", expected=0.7, found=anodic, tolerance=1e-6)
    small = 1e-6
    resistance = small / (2.0 * butler_volmer(small / thermal))
    record.check(
        "R_ct at i₀ = 2 A/m²", expected=charge_transfer_resistance(2.0, T), found=resistance, tolerance=1e-9, unit="ohm m²"
    )
    for energy in (10.0, 20.0, 40.0):
        at = np.array([0.05, 0.1])
        difference = np.max(np.abs(marcus_hush_chidsey(at, energy) / butler_volmer(at) - 1.0))
        record.check_at_most(
            f"Marcus–Hush–Chidsey against Butler–Volmer up to 2.6 mV, λ = {energy:g} RT", limit=5e-4, found=difference
        )
    record.check(
        "limit far beyond λ is flat",
        expected=1.0,
        found=marcus_hush_chidsey(55.0, 10.0) / marcus_hush_chidsey(50.0, 10.0),
        tolerance=1e-3,
    )
    figure, axis = plt.subplots(figsize=(5, 3.6))
    eta = np.linspace(0.005, 0.8, 200)
    axis.semilogy(eta * 1e3, butler_volmer(eta / thermal), "k", label="Butler–Volmer")
    for energy in (10.0, 20.0, 40.0):
        axis.semilogy(eta * 1e3, marcus_hush_chidsey(eta / thermal, energy), label=f"Marcus–Hush–Chidsey, λ = {energy:g} RT")
    axis.set(xlabel="η (mV)", ylabel="i/i₀", ylim=(0.1, 1e6))
    axis.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    record.figure("Current over exchange current", figure)
