r"""L09: The plateau of LiFePO4

[P] LiFePO4 separates at room temperature: lithium leaves at constant voltage. Three ways to its phases stand beside the measured
curves (Dreyer 2010, shipped), the room-temperature solubilities 0.05 and 0.89 (Yamada 2006) and the eutectoid near x = 0.6
at 200 °C (Dodd 2006). Nothing is tuned to them.

1. The regular solution of the literature ($\Omega$ = 115.8 meV, standard potential 3.422 V: Cogswell, Bazant 2012, DOI
   10.1021/nn204177u), by common tangent. Its phases must be the roots of $\ln(x/(1-x)) + \Omega(1-2x)/kT = 0$; its plateau
   is the standard potential, an input, beside the measured curves. Symmetric and without electronic entropy, it has no
   eutectoid: its gap closes at $T_c = \Omega/2k$ and $x = 0.5$.
2. Orderings computed with CHGNet (shipped): cluster expansion, Monte Carlo, voltage. The potential knows no localised
   electrons, and makes intermediate stoichiometries stable where experiment and DFT+U separate (Zhou, Marianetti,
   Cococcioni, Morgan, Ceder 2004, DOI 10.1103/PhysRevB.69.201101): steps instead of a plateau. That is shown as it comes out.
3. The same orderings with the stated correction for localised electrons (`scalith.atoms.fit_localisation`): one number so that no
   ordering lies below the regular solution. The separation is then an input, its voltage is not: a flat plateau
   within 50 mV of the measured one is asked for, and within four of its stated errors of the average voltage between the
   ends of the expansion, whatever the sampling did between them.
   Its phases are purer than the measured ones, since mixtures are dearer than the regular solution everywhere.
"""

from typing import Any

import numpy as np

from scalith.atoms import fit_localisation, localised_energies
from scalith.crystal import average_voltage, map_orderings, read_host, read_structures, voltage_of_orderings
from scalith.lattice import (
    common_tangents,
    fit_cluster_expansion,
    metal_energy,
    open_circuit_voltage,
    phase_boundaries,
    semi_grand_canonical,
)
from scalith.quantities import read_columns, shipped
from scalith.quantities.constants import BOLTZMANN_EV
from validation.record import Record

LONG = True

OMEGA = 0.1158
STANDARD = 3.422
LITHIUM = -1.88034
"""Energy of lithium metal per atom in the same model, eV (`settings.json` beside the energies)."""


def run(record: Record) -> None:
    import matplotlib.pyplot as plt
    from scipy.optimize import brentq

    plateaus = {}
    figure, axes = plt.subplots(figsize=(6, 4))
    for way in ("charge", "discharge"):
        data = read_columns(shipped(f"open_circuit_voltage/LFP_{way}_NMat2730_Fig2a.csv"))
        names = list(data.columns)
        capacity, voltage = data.columns[names[0]], data.columns[names[1]]
        span = (capacity - capacity.min()) / np.ptp(capacity)
        plateaus[way] = float(np.median(voltage[(span > 0.3) & (span < 0.7)]))
        axes.plot(span, voltage, label=f"measured, {way}")
    ratio = OMEGA / (BOLTZMANN_EV * 298.15)

    def g(x: np.ndarray) -> np.ndarray:
        return x * np.log(x) + (1 - x) * np.log(1 - x) + ratio * x * (1 - x)

    def mu(x: np.ndarray) -> np.ndarray:
        return np.log(x / (1 - x)) + ratio * (1 - 2 * x)

    (tangent,) = common_tangents(g, mu)
    plateau = STANDARD - BOLTZMANN_EV * 298.15 * tangent.slope
    middle = 0.5 * (plateaus["charge"] + plateaus["discharge"])
    root = float(brentq(lambda x: float(mu(np.array(x))), 1e-9, 0.25, xtol=1e-14))
    record.check(
        "solubility of the regular solution, against the root of its potential", expected=root, found=tangent.low, tolerance=1e-9
    )
    record.check("its other phase mirrors it", expected=1 - root, found=tangent.high, tolerance=1e-9)
    record.check_at_most("tangent's distance from the standard potential", limit=1e-9, found=abs(plateau - STANDARD), unit="V")
    record.compare(
        "plateau of the regular solution", reference=middle, found=plateau, unit="V", note="its standard potential is an input"
    )
    record.compare(
        "measured plateau, the mean of charge and discharge", reference=3.43, found=middle, unit="V", note="3.41 to 3.45"
    )
    record.compare("solubility of lithium in FePO4", reference=0.05, found=tangent.low, note="Yamada 2006")
    record.compare("lithium left in LiFePO4", reference=0.89, found=tangent.high, note="Yamada 2006")
    record.compare(
        "temperature at which the gap closes",
        reference=473.0,
        found=OMEGA / (2 * BOLTZMANN_EV),
        unit="K",
        note="eutectoid, Dodd 2006",
    )
    record.compare("its composition", reference=0.6, found=0.5, note="eutectoid, Dodd 2006")
    axes.axhline(plateau, color="k", ls="--", label="regular solution")
    _orderings(record, axes, middle)
    axes.set(xlabel="share of the capacity", ylabel="voltage [V]", ylim=(2.9, 4.0))
    axes.legend()
    record.figure(
        "Measured quasi-static curves of LiFePO4, the regular solution, and orderings from CHGNet as they come and corrected.",
        figure,
    )


def _orderings(record: Record, axes: Any, measured: float) -> None:
    folder = shipped("dft_energies/LixFePO4_chgnet/energies.extxyz").parent
    host = read_host(folder / "LixFePO4_prim.json")
    raw = map_orderings(host, read_structures(folder / "energies.extxyz"))
    correction = fit_localisation(
        host, raw, interaction=OMEGA, error=0.03, reference="Cogswell, Bazant 2012, DOI 10.1021/nn204177u", anchor="scaled"
    )
    x = np.linspace(0.05, 0.95, 19)
    for name, orderings in (("as computed", raw), ("with localised electrons", localised_energies(host, raw, correction))):
        expansion = fit_cluster_expansion(host, orderings, pair_cutoff=8.1, triplet_cutoff=0.0, end_importance=30.0)
        sampled = semi_grand_canonical(expansion, [300.0], cells=(3, 5, 6), sweeps=60, points=40, seed=1)
        voltage = open_circuit_voltage(sampled, metal_energy(LITHIUM, "CHGNet 0.3.0"))
        curve, stated = np.asarray(voltage(x, 300.0)), float(voltage.error(0.5, 300.0))
        axes.plot(1 - x, curve, label=f"CHGNet, {name}")
        regions = phase_boundaries(sampled)
        record.compare(f"span of the voltage from x = 0.05 to 0.95, {name}", reference=0.0, found=float(np.ptp(curve)), unit="V")
        record.compare(f"two-phase regions, {name}", reference=1, found=regions.sizes["region"])
    record.check(
        "plateau, CHGNet with localised electrons", expected=measured, found=float(curve.mean()), tolerance=0.05, unit="V"
    )
    average = float(voltage_of_orderings(host, orderings, metal_energy(LITHIUM, "CHGNet 0.3.0"))())
    sites = len(host.working)
    one_cell, places = np.eye(3, dtype=np.int64), (np.arange(sites), np.zeros((sites, 3), dtype=np.int64))
    empty, full = (expansion.energy(one_cell, np.full(sites, filled, dtype=np.int8), *places) for filled in (0, 1))
    ends = average_voltage(empty, 0, full, sites, LITHIUM)
    mean = float(curve.mean())
    record.check("its plateau, against the ends of the expansion", expected=ends, found=mean, tolerance=4.0 * stated, unit="V")
    record.check_at_most("the error that it states", limit=2e-4, found=stated, unit="V")
    record.compare("its plateau, beside the average voltage of the computed ends", reference=average, found=mean, unit="V")
    record.check_at_most("its span", limit=1e-3, found=float(np.ptp(curve)), unit="V")
    low, high = float(regions["x_low"][0]), float(regions["x_high"][-1])
    record.compare(
        "solubility of lithium in FePO4, CHGNet with localised electrons", reference=0.05, found=low, note="Yamada 2006"
    )
    record.compare("lithium left in LiFePO4, CHGNet with localised electrons", reference=0.89, found=high, note="Yamada 2006")
