r"""A10: Lithium in graphite: the second stage, by functional, by potential, and with dispersion

**[P]** Graphite, LiC6 and LiC12 (every second gallery filled) in published geometries, with five functionals (GPAW, 350 eV; LDA
and the van der Waals functionals on the density of PBE) and with learned potentials, without and with Grimme's D3
(`examples/generate_graphite_energies.py`). Energies alone, at 0 K and without vibrations, make two plateaus: from graphite to
LiC12 and from there to LiC6. LiC12 is stable against graphite and LiC6 where the first lies above the second (whether galleries
that are all half filled lie lower still is not asked here). The k-points are coarse: a mesh of
9 × 9 × 3 in place of 6 × 6 × 2 moves the energy of LiC12 by 49 meV with PBE.

Asserted: LiC12 is stable with all functionals and all potentials. D3 between all atoms makes it unstable with each, since it adds
0.24 eV a lithium to LiC12 over graphite and LiC6 (lithium has the dispersion of an atom there, and changes that of carbon). D3
between carbon atoms alone adds 4 meV.

**[M]** Beside the plateaus stands the half-cell curve of Ecker et al. 2015, as its mean up to $x = 1/2$ and beyond.
"""

import csv

import numpy as np

from scalith.crystal import average_voltage
from scalith.quantities import read_property_csv, shipped
from validation.record import Record

FUNCTIONALS = ("PBE", "LDA", "vdW-DF2", "BEEF-vdW", "optB88-vdW")
POTENTIALS = ("7net-0", "7net-l3i5")
DISPERSIONS = ("D3(BJ)", "D3(BJ) of carbon")


def plateaus(energy: dict[str, float]) -> tuple[float, float, float]:
    """Voltages from graphite to LiC12, on to LiC6, and over both, V."""
    empty, metal = 1.5 * energy["graphite"], energy["Li"]  # six carbon atoms
    first = average_voltage(empty, 0.0, 0.5 * energy["LiC12"], 0.5, metal)
    second = average_voltage(0.5 * energy["LiC12"], 0.5, energy["LiC6"], 1.0, metal)
    return first, second, average_voltage(empty, 0.0, energy["LiC6"], 1.0, metal)


def over_graphite_and_full(energy: dict[str, float]) -> float:
    """Energy of LiC12 over the same carbon and lithium as graphite and LiC6, eV a lithium."""
    return energy["LiC12"] - 1.5 * energy["graphite"] - energy["LiC6"]


def by_method() -> dict[str, dict[str, float]]:
    """Energies by method and structure, eV a cell; with dispersion a method of its own."""
    with shipped("dft_energies/LixC6/energies.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        found.setdefault(row["method"], {})[row["structure"]] = float(row["energy [eV]"])
    for method in ("PBE", *POTENTIALS):
        for added in DISPERSIONS:
            found[f"{method} + {added}"] = {name: one + found[added][name] for name, one in found[method].items()}
    return found


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    energies = by_method()
    curve = read_property_csv(shipped("open_circuit_voltage/graphite_ocp_Ecker2015.csv"), "open_circuit_voltage", "V", {"x": "1"})
    low, high = curve.domain["x"]
    measured = (curve.mean("x", low, 0.5), curve.mean("x", 0.5, high), curve.mean("x", low, high))
    stages = {method: plateaus(energy) for method, energy in energies.items() if method not in DISPERSIONS}
    for method, found in stages.items():
        for what, reference, voltage in zip(("graphite to LiC12", "LiC12 to LiC6", "mean"), measured, found, strict=True):
            record.compare(f"{method}: {what}", reference=reference, found=voltage, unit="V", note="measured mean")
        alone = " + " not in method or method.endswith("carbon")
        record.check_true(f"{method}: LiC12 is {'stable' if alone else 'unstable'}", (found[0] > found[1]) == alone)
    added = {name: 1e3 * over_graphite_and_full(energies[name]) for name in DISPERSIONS}
    record.check("D3 of all atoms adds to LiC12", expected=241.5, found=added["D3(BJ)"], tolerance=1.0, unit="meV")
    record.check("D3 of carbon adds to LiC12", expected=3.8, found=added["D3(BJ) of carbon"], tolerance=1.0, unit="meV")
    figure, axis = plt.subplots(figsize=(5.2, 3.4), layout="constrained")
    x = np.linspace(max(low, 0.02), high, 400)
    axis.plot(x, curve(x), "k", label="measured (Ecker 2015)")
    for method in FUNCTIONALS:
        axis.plot([0, 0.5, 0.5, 1], np.repeat(stages[method][:2], 2), label=method)
    axis.set(xlabel="x in LixC6", ylabel="voltage against lithium / V", ylim=(-0.15, 0.6))
    axis.legend(frameon=False, fontsize=7)
    record.figure("Plateaus of graphite from the energies of LiC12 and LiC6.", figure)
