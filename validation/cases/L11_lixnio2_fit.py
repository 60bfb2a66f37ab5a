r"""L11: Cluster expansion of LixNiO2 from DFT energies

[P] Thirty-one DFT energies of lithium/vacancy orderings (shipped; CederGroupHub/smol). Three of them are no longer
the O3 host: their layers slid during relaxation by 0.7 to 1.4 Å (among them empty NiO2), which the mapping reports
and leaves out. On the 28 others pairs up to 7 Å fit with a leave-one-out error of 13.1 meV per primitive cell, with
an electrostatic term 10.6 meV: both within the limits of 22.3 and 12.8 meV. On all 31, slid ones included, the plain
fit gives the listed 22.3 meV exactly, but no electrostatic term mends it (24.2 meV): a point-charge energy on ideal
sites cannot know that layers slid.

The electrostatic energy takes formal charges, lithium 1, oxygen −2, and the balance evenly on nickel. Its fitted
weight 1/ε_r is slightly negative: next to free pair interactions it corrects them at long range rather than standing
for a permittivity.

Ground states: of the four on the data's hull three stay corners of the free fit's; the fourth (x = 5/6) comes to lie
above it by less than the fit's own error. The fit constrained to keep them puts all four on its hull. Strictly below
the lines between their neighbours they cannot all be: a linear programme shows that, with pairs up to 9 Å and
triplets up to 5.2 Å, the cluster vector of one more structure makes one of them a mixture of others.
"""

import numpy as np

from scalith.crystal import map_orderings, read_host, read_structures
from scalith.lattice import fit_cluster_expansion
from scalith.quantities import shipped
from validation.record import Record


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    host = read_host(shipped("dft_energies/LixNiO2/smol_lno_prim.json"))
    structures = read_structures(shipped("dft_energies/LixNiO2/smol_lno_entries.json"))
    orderings = map_orderings(host, structures, repeated="all")
    record.check("structures that stay the host", expected=28, found=orderings.sizes["structure"], tolerance=0)
    plain = fit_cluster_expansion(host, orderings, pair_cutoff=7.0, triplet_cutoff=0.0)
    charged = fit_cluster_expansion(host, orderings, pair_cutoff=7.0, triplet_cutoff=0.0, electrostatics=True)
    record.check_at_most(
        "leave-one-out error without electrostatics", limit=22.3, found=1e3 * plain.leave_one_out_error, unit="meV"
    )
    record.check_at_most(
        "leave-one-out error with electrostatics", limit=12.8, found=1e3 * charged.leave_one_out_error, unit="meV"
    )
    everything = map_orderings(host, structures, largest_displacement=2.0, repeated="all")
    all_plain = fit_cluster_expansion(host, everything, pair_cutoff=7.0, triplet_cutoff=0.0)
    record.check(
        "all 31, without electrostatics", expected=22.3, found=1e3 * all_plain.leave_one_out_error, tolerance=0.1, unit="meV"
    )
    all_charged = fit_cluster_expansion(host, everything, pair_cutoff=7.0, triplet_cutoff=0.0, electrostatics=True)
    record.compare(
        "all 31, with electrostatics", reference=12.8, found=1e3 * all_charged.leave_one_out_error, unit="meV", note="slid layers"
    )
    record.compare("1/ε_r", reference=0.0, found=charged.inverse_permittivity)

    hull = charged.hull
    assert hull is not None
    x, fitted = np.array(hull.x), np.array(hull.predicted_formation_energy)
    corners = list(hull.predicted_ground_states)
    line = np.interp(x, x[corners], fitted[corners])
    worst = max(fitted[k] - line[k] for k in hull.ground_states)
    record.check_at_most(
        "worst ground state above the fit's hull, over the leave-one-out error",
        limit=1.0,
        found=worst / charged.leave_one_out_error,
    )
    kept = len(set(hull.ground_states) & set(hull.predicted_ground_states))
    record.compare("ground states that stay on the hull", reference=len(hull.ground_states), found=kept)
    constrained = fit_cluster_expansion(
        host, orderings, pair_cutoff=7.0, triplet_cutoff=0.0, electrostatics=True, keep_ground_states=True
    )
    assert constrained.hull is not None
    fitted_again = np.array(constrained.hull.predicted_formation_energy)
    corners = list(constrained.hull.predicted_ground_states)
    line = np.interp(x, x[corners], fitted_again[corners])
    worst = max(fitted_again[k] - line[k] for k in hull.ground_states)
    record.check_at_most("worst ground state above the constrained fit's hull", limit=0.05, found=1e3 * worst, unit="meV")
    record.check_at_most(
        "root-mean-square error of the constrained fit", limit=12.8, found=1e3 * constrained.root_mean_square_error, unit="meV"
    )

    figure, axes = plt.subplots(1, 2, figsize=(10, 4))
    axes[0].plot(x, 1e3 * np.array(hull.formation_energy), "o", label="DFT")
    axes[0].plot(x, 1e3 * fitted, "x", label="fit")
    order = list(hull.ground_states)
    axes[0].plot(x[order], 1e3 * np.array(hull.formation_energy)[order], "k-")
    axes[0].set(xlabel="x", ylabel="formation energy [meV per cell]")
    axes[0].legend()
    spread = np.sqrt(np.diag(np.array(charged.covariance)))
    pairs = [k for k, orbit in enumerate(charged.orbits) if orbit.order == 2]
    axes[1].errorbar(
        [charged.orbits[k].diameter for k in pairs], [1e3 * charged.interactions[k] for k in pairs], 1e3 * spread[pairs], fmt="o"
    )
    axes[1].set(xlabel="distance [Å]", ylabel="pair interaction [meV]")
    record.figure("Hull of the data and of the fit; pair interactions against distance.", figure)
