r"""A11: Formation energies of LixFePO4 with PBE + U, and the gap that they do not give

**[P]** GPAW with PBE + U (U = 4.3 eV on Fe d, ferromagnetic; ions relaxed at 350 eV in the cells of CHGNet, energies at 450
eV, one k-point off gamma and its images; `examples/generate_lfp_hubbard_energies.py`) for FePO4, LiFePO4 and the three
half-filled orderings of one cell, shipped as `dft_energies/LixFePO4_pbeu`. They take the place of the stated regular
solution of case L09: `scalith.atoms.fit_localisation_to_energies` fits how much of the potential's order is kept and one
number on unlike pairs, nothing of it to a measured gap, and the lattice is sampled as there.

Asserted: what the set must have (relaxed ions, as many irons with the moment of Fe2+ as there are ions, every row found on the
host again), and that formation energies stay within the stated error between the two cut-offs. What follows is compared, as it
falls short: the electrons localise and lift the orderings by 80 to 200 meV above those of the potential, but one half-filled
ordering stays 54 meV below the line of the ends, where experiment separates and LDA + U does for $U-J\gtrsim3.5$ eV (Zhou,
Marianetti, Cococcioni, Morgan, Ceder 2004, DOI 10.1103/PhysRevB.69.201101). The fit, which misses that ordering by 40 meV, still
separates at 300 K; that is a fault of the fit, not a prediction. The stated interaction of `examples/lfp.toml` therefore stays.

What limits it is the method, before its numerics. r2SCAN with U = 3.1 eV, at the same ions, lifts that ordering by 29 meV
and another by 6, to $-22$ and $+11$ meV, and lowers the average voltage from 3.26 to 3.18 V: the functional moves a
formation energy by as much as there is to tell, and neither separates. Electrons that order on the irons dampen what U
drives, as Isaacs and Marianetti (arXiv 1611.03517) find. With the ions at rest, antiferromagnetic order moves the three by
$-5$, $+14$ and $-5$ meV and U = 5.3 eV the first and the last by 1 and 3. Numerics make some 20 meV: up to 17 meV between
the two cut-offs after, and by 50 to 100 before, the correction to one number of plane waves per volume. Codes project on d
differently, and the average voltage comes out low, too. Other k-points, cells relaxed with U and orderings at other
stoichiometries are not there. Electrons that move among the irons, whose entropy closes the gap when warm (Zhou, Maxisch,
Ceder 2006, DOI 10.1103/PhysRevLett.97.155704), are not in the ions' lattice.
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
NUMERICS, MODEL_ERROR = 0.02, 0.03
"""Errors of the formation energy with PBE + U, eV per formula unit: of its numerics, and with what another functional changes."""


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
    for origin, energy in zip(accurate["origin"].values[inside], formation[inside], strict=True):
        record.compare(f"{origin}: formation energy", reference=0.0, found=energy, unit="meV", note="measured: above zero")

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
    coarse = settings["checks"]["cutoff350"]
    coarse_voltage = average_voltage(coarse["energies"]["126"], 0.0, coarse["energies"]["127"], 4.0, metal)
    # Single points of #133 are of its ions three steps before they were relaxed, and so are those that they stand beside.
    same_ions = settings["checks"].get("same_ions", coarse)
    for name, check in settings["checks"].items():
        # The other cut-off stands beside what is shipped, other spins, U and functionals beside the same ions and cut-off.
        if name == "same_ions":
            continue
        known, known_voltage, note = settings, voltage, "as shipped"
        if not name.startswith("cutoff"):
            known, known_voltage, note = same_ions, coarse_voltage, "PBE + U at 350 eV"
        of_metal = settings["lithium"]["350 eV, 12 points along each vector, r2SCAN"]["energy"] if "r2SCAN" in name else metal
        found = average_voltage(check["energies"]["126"], 0.0, check["energies"]["127"], 4.0, of_metal)
        record.compare(f"average voltage, {name}", reference=known_voltage, found=found, unit="V", note=note)
        for number, energy in check["formation_energies"].items():
            reference = known["formation_energies"][number]
            record.compare(f"formation energy of #{number}, {name}", reference=reference, found=energy, unit="meV", note=note)
    for number, energy in settings["formation_energies"].items():
        moved = abs(coarse["formation_energies"][number] - energy)
        record.check_at_most(f"#{number}: moved by the cut-off, corrected", limit=1e3 * NUMERICS, found=moved, unit="meV")


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
    record.compare("two-phase regions at 300 K", reference=1, found=regions.sizes["region"], note="measured")
    record.compare(
        "span of the voltage from x = 0.25 to 0.75", reference=0.0, found=float(np.ptp(curve)), unit="V", note="measured"
    )
    record.check("its mean, with the ends of CHGNet", expected=3.43, found=float(curve.mean()), tolerance=0.05, unit="V")
    low, high = float(regions["x_low"][0]), float(regions["x_high"][-1])
    record.compare("solubility of lithium in FePO4", reference=0.05, found=low, note="Yamada 2006")
    record.compare("lithium left in LiFePO4", reference=0.89, found=high, note="Yamada 2006")
