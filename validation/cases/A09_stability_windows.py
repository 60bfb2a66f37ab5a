r"""A09: Between which potentials solid electrolytes are stable against lithium

**[E]** Of a hull made by hand every corner is known: with energies of formation $E_f$ of Li2S, Li3P, Li3PS4 and LiCl, lithium
leaves Li6PS5Cl's elements in five steps, at $-E_f(\mathrm{Li_3P})/3$, $(4E_f(\mathrm{Li_2S})-E_f(\mathrm{Li_3PS_4}))/(-5)$,
$-E_f(\mathrm{Li_2S})/2$, $-E_f(\mathrm{Li_3PS_4})/3$ and $-E_f(\mathrm{LiCl})$, whatever zeros the energies of the elements have.

**[P]** The shipped energies (CHGNet 0.3.0, `stability_window/`) of Li–P–S–Cl and Li–Y–Cl: lithium metal makes Li3P, Li2S and
LiCl of Li6PS5Cl (Li3P is seen there: DOI 10.1038/s41467-022-34855-9), and yttrium and LiCl of Li3YCl6 (as in dynamics of
Li3YCl5Br on lithium: DOI 10.1021/acsami.4c12938); the window of Li3YCl6 ends where YCl3 is reduced and LiCl oxidised. Stated
beside them, not asserted: the windows that density functional theory gives with the phases of the Materials Project, 1.71 to
2.01 V (Zhu, He and Mo 2015, DOI 10.1021/acsami.5b07517) and 0.62 to 4.21 V (Wang et al. 2019, DOI 10.1002/anie.201901938); and
the potentials of LiCl and Li2S from their measured enthalpies of formation, −408.6 and −441.4 kJ/mol.
"""

from __future__ import annotations

import numpy as np

from scalith.crystal import read_structures, stability_window
from scalith.quantities import shipped
from scalith.quantities.constants import FARADAY
from validation.record import Record

FORMED = {"Li2S": -4.5, "Li3P": -3.4, "Li3PS4": -8.6, "LiCl": -4.2}
ATOMS = {"Li2S": {"Li": 2, "S": 1}, "Li3P": {"Li": 3, "P": 1}, "Li3PS4": {"Li": 3, "P": 1, "S": 4}, "LiCl": {"Li": 1, "Cl": 1}}
PUBLISHED = {"Li6PS5Cl": (1.71, 2.01), "Li3YCl6": (0.62, 4.21)}


def run(record: Record) -> None:
    from matplotlib import pyplot as plt

    by_hand = [3.4 / 3, (4 * 4.5 - 8.6) / 5, 4.5 / 2, 8.6 / 3, 4.2]
    for zeros in ({"Li": 0.0, "P": 0.0, "S": 0.0, "Cl": 0.0}, {"Li": -1.9, "P": -5.4, "S": -4.1, "Cl": 7.0}):
        energies = zeros | {name: FORMED[name] + sum(n * zeros[e] for e, n in ATOMS[name].items()) for name in FORMED}
        steps = stability_window("Li6PS5Cl", energies)["lowest_potential"].values[1:]
        worst = float(np.abs(steps - by_hand).max()) if len(steps) == len(by_hand) else np.inf
        record.check_at_most(f"corners of a hull made by hand, lithium at {zeros['Li']} eV", limit=1e-7, found=worst, unit="V")

    phases = read_structures(shipped("stability_window/phases.extxyz"))
    found = {name: stability_window(name, phases) for name in (*PUBLISHED, "LiCl", "Li2S", "YCl3")}
    for name, products in (("Li6PS5Cl", "5 Li2S + Li3P + LiCl"), ("Li3YCl6", "6 LiCl + Y")):
        record.check_true(f"lithium metal makes {products} of {name}", str(found[name]["products"].values[0]) == products)
    low, high = (float(found["Li3YCl6"][f"{end}_potential"]) for end in ("reduction", "oxidation"))
    ends = float(found["YCl3"]["reduction_potential"]), float(found["LiCl"]["oxidation_potential"])
    record.check("Li3YCl6 is reduced where YCl3 is", expected=ends[0], found=low, tolerance=1e-6, unit="V")
    record.check("Li3YCl6 is oxidised where LiCl is", expected=ends[1], found=high, tolerance=1e-6, unit="V")
    for name, published in PUBLISHED.items():
        above = 1e3 * float(found[name]["energy_above_hull"])
        for end, value in zip(("reduction", "oxidation"), published, strict=True):
            record.compare(
                f"{name}: {end} potential",
                reference=value,
                found=float(found[name][f"{end}_potential"]),
                unit="V",
                note=f"energies of CHGNet against density functional theory; {above:.0f} meV per atom above the hull",
            )
    for name, enthalpy, ions in (("LiCl", -408.6e3, 1), ("Li2S", -441.4e3, 2)):
        record.compare(
            f"{name}: oxidation potential",
            reference=-enthalpy / (ions * FARADAY),
            found=float(found[name]["oxidation_potential"]),
            unit="V",
            note="against the measured enthalpy of formation",
        )

    figure, axes = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
    for name in PUBLISHED:
        data = found[name]
        edges = np.append(data["lowest_potential"].values, 5.0)
        ions = data["ions"].values
        axes.stairs(ions / ions[np.searchsorted(edges, float(data["oxidation_potential"])) - 1], edges, baseline=None, label=name)
    axes.set(xlabel="potential against lithium / V", ylabel="lithium over that of the electrolyte", xlim=(0, 5))
    axes.legend(frameon=False)
    record.figure("Lithium that the equilibrium of phases holds.", figure)
