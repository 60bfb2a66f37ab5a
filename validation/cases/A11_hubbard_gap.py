r"""A11: A miscibility gap of LixFePO4 that nobody stated

**[P]** GPAW with PBE + U (U = 4.3 eV on Fe d, ferromagnetic; ions relaxed at 350 eV in the cells of CHGNet, energies at 450
eV, one k-point off gamma and its images; `examples/generate_lfp_hubbard_energies.py`) for FePO4, LiFePO4 and half-filled
orderings between, shipped as `dft_energies/LixFePO4_pbeu`. They replace the stated regular solution of case L09: with two
half-filled orderings the fit of `scalith.atoms.fit_localisation_to_energies` keeps the order that the potential sees and
finds one number on unlike pairs, nothing of it from a measured gap.

Asserted: what the set must have (relaxed ions, as many irons with the moment of Fe2+ as there are ions, every row found on
the host again) and what follows: no ordering is stable, so that the phases separate at 300 K, at the voltage of the ends
and flat. Published: LDA + U separates for $U-J\gtrsim3.5$ eV, by charge order (Zhou, Marianetti, Cococcioni, Morgan, Ceder
2004, DOI 10.1103/PhysRevB.69.201101).

The fit misses an ordering that it did not see by 70 meV, so that the interaction is known to a factor of two only: the
phases come out purer than measured, and mix at a temperature far above the eutectoid. A formation energy itself hangs on
some 20 meV, the stated error of the method: it moves by 15 meV between the two cut-offs after, and by 50 to 100 before, the
correction to one number of plane waves per volume. Not converged or not there: k-points, antiferromagnetic order and other
U with these settings (coarser runs moved it by 5 and 3 meV), cells relaxed with U, more orderings. The average voltage is
compared, not asserted: it comes out low (measured 3.42 V), as each of these, above all U, moves it. Electrons that move
among the irons, whose entropy closes the gap when warm (Zhou, Maxisch, Ceder 2006, DOI 10.1103/PhysRevLett.97.155704), are
not in the ions' lattice.
"""

import json
from typing import Any

import numpy as np

from scalith.atoms import LocalisationCorrection, fit_localisation_to_energies, formation_energies, localised_energies
from scalith.crystal import Host, StructureSet, average_voltage, map_orderings, read_host, read_structures
from scalith.lattice import fit_cluster_expansion, metal_energy, open_circuit_voltage, phase_boundaries, semi_grand_canonical
from scalith.quantities import shipped
from scalith.quantities.constants import BOLTZMANN_EV
from validation.record import Record

LONG = True

ACCURATE, CHEAP = "dft_energies/LixFePO4_pbeu", "dft_energies/LixFePO4_chgnet"
LITHIUM = -1.88034
"""Energy of lithium metal per atom with CHGNet, eV: the ends, and so the average voltage, stay those of the potential."""
MODEL_ERROR = 0.02
"""Of the formation energy with PBE + U, eV per formula unit: see above."""


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    host = read_host(shipped(f"{CHEAP}/LixFePO4_prim.json"))
    settings = json.loads(shipped(f"{ACCURATE}/settings.json").read_text())
    structures = read_structures(shipped(f"{ACCURATE}/energies.extxyz"))
    accurate = map_orderings(host, structures)
    cheap = map_orderings(host, read_structures(shipped(f"{CHEAP}/energies.extxyz")))
    record.check("orderings found on the host again", expected=len(structures), found=accurate.sizes["structure"], tolerance=0)
    for item in structures:
        left = float(item.atoms.info["forces_left"])
        limit = settings["relaxation"]["force_tolerance"]
        record.check_at_most(f"{item.origin}: largest force left", limit=limit, found=left, unit="eV/Å")
        moments = np.asarray(item.atoms.info["iron_moments"], dtype=float)
        ions = item.symbols.count("Li")
        record.check(f"{item.origin}: irons that took an electron", expected=ions, found=int(np.sum(moments < 3.95)), tolerance=0)
    _numerics(record, settings, structures)
    formation = 1e3 * formation_energies(host, accurate)
    inside = (accurate["x"].values > 0) & (accurate["x"].values < 1)
    record.check_true("no ordering is stable", bool(np.all(formation[inside] > 0.0)))

    fit = fit_localisation_to_energies(host, cheap, accurate, model_error=MODEL_ERROR)
    localised = localised_energies(host, cheap, fit)
    _plateau(record, host, localised, fit)

    figure, axes = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
    axes.plot(cheap["x"], 1e3 * formation_energies(host, cheap), "o", ms=3, label="CHGNet 0.3.0")
    axes.plot(cheap["x"], 1e3 * formation_energies(host, localised), "x", ms=3, label="unlike pairs fitted to PBE + U")
    axes.errorbar(accurate["x"], formation, yerr=1e3 * MODEL_ERROR * inside, fmt="ks", ms=5, label="PBE + U")
    axes.axhline(0.0, color="0.6", lw=0.8)
    axes.set(xlabel="x in LixFePO4", ylabel="formation energy / meV per formula unit")
    axes.legend(frameon=False, fontsize=8)
    record.figure("Orderings of LixFePO4 with a learned potential, with PBE + U, and what the lattice takes.", figure)


def _numerics(record: Record, settings: dict[str, Any], structures: StructureSet) -> None:
    metal = settings["lithium"]["450 eV, 12 points along each vector"]["energy"]
    ends = {item.symbols.count("Li"): item.energy for item in structures}
    voltage = average_voltage(ends[0], 0.0, ends[4], 4.0, metal)
    record.compare("average voltage, PBE + U", reference=3.42, found=voltage, unit="V", note="measured")
    for name, check in settings["checks"].items():
        empty, full = (check["energies"][number] for number in ("126", "127"))
        found = average_voltage(empty, 0.0, full, 4.0, metal)
        record.compare(f"average voltage, {name}", reference=voltage, found=found, unit="V", note="as shipped")
        for number, energy in check["formation_energies"].items():
            known = settings["formation_energies"][number]
            record.compare(f"formation energy of #{number}, {name}", reference=known, found=energy, unit="meV", note="as shipped")
    coarse = settings["checks"]["cutoff350"]["formation_energies"]
    for number, known in settings["formation_energies"].items():
        moved = abs(coarse[number] - known)
        record.check_at_most(f"#{number}: moved by the cut-off, corrected", limit=1e3 * MODEL_ERROR, found=moved, unit="meV")


def _plateau(record: Record, host: Host, localised: Any, fit: LocalisationCorrection) -> None:
    interaction, error = 1e3 * fit.interaction, 4e3 * fit.error
    record.compare(
        "share of the potential's order that is kept", reference=0.42, found=fit.order_share, note="stated gap, example"
    )
    if fit.leave_one_out is not None:
        missed = 1e3 * fit.leave_one_out
        record.compare("PBE + U orderings that the fit did not see, missed by", reference=0.0, found=missed, unit="meV")
    record.compare("interaction of a random mixture", reference=115.8, found=interaction, unit="meV", note="stated in case L09")
    record.compare("its standard error", reference=30.0, found=error, unit="meV", note="stated in the example")
    mixing = fit.interaction / (2 * BOLTZMANN_EV)
    record.compare("temperature at which it mixes", reference=473.0, found=mixing, unit="K", note="eutectoid, Dodd 2006")
    expansion = fit_cluster_expansion(host, localised, pair_cutoff=8.1, triplet_cutoff=0.0, end_importance=30.0)
    sampled = semi_grand_canonical(expansion, [300.0], cells=(3, 5, 6), sweeps=60, points=40, seed=1)
    x = np.linspace(0.25, 0.75, 11)
    curve = np.asarray(open_circuit_voltage(sampled, metal_energy(LITHIUM, "CHGNet 0.3.0"))(x, 300.0))
    regions = phase_boundaries(sampled)
    record.check("two-phase regions at 300 K", expected=1, found=regions.sizes["region"], tolerance=0)
    record.check_at_most("span of the voltage from x = 0.25 to 0.75", limit=2e-3, found=float(np.ptp(curve)), unit="V")
    record.check("plateau, with the ends of CHGNet", expected=3.43, found=float(curve.mean()), tolerance=0.05, unit="V")
    low, high = float(regions["x_low"][0]), float(regions["x_high"][-1])
    record.compare("solubility of lithium in FePO4", reference=0.05, found=low, note="Yamada 2006")
    record.compare("lithium left in LiFePO4", reference=0.89, found=high, note="Yamada 2006")
