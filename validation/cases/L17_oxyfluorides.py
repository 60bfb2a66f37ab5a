r"""L17: Disordered rock salts and oxyfluorides, read through the same calls

[P] Energies of lithium manganese oxides and oxyfluorides that were not made for this project (CederGroupHub/smol, the 186
entries of its data with up to 12 atoms): rock salts, spinels and layers with Mn2+, Mn3+ and Mn4+ on octahedra, Mn2+ on
tetrahedra, lithium and vacancies on both, and O2- beside F-. The published primitive cell states which ions share which
sites, `read_host` makes coupled sublattices of that, and `couple_sublattices` adds fluorine; charges are those that the
files state.

What is no arrangement of this host is named: atoms that left their sites, Mn4+ on a tetrahedron, the same arrangement
again. Every fifth of the others is held out from a fit of pairs with Ewald's sum. smol's own expansion of the entries
without fluorine (386 functions up to quadruplets with Ewald's sum, LASSO, its notebook *LiMnO DRX Cluster Expansion*) has
an out-of-sample error of 154 meV per primitive cell, that is per anion, at 24 meV in the sample: two sublattices of cations
alone, where here the anions are told apart as well.
"""

from pathlib import Path

import numpy as np
import xarray as xr

from scalith.crystal import Host, couple_sublattices, map_orderings, read_host, read_structures
from scalith.lattice import fit_species_expansion
from scalith.lattice.expansion.species_expansion import arrangement_of
from validation.record import Record

LONG = True
FOLDER = Path(__file__).parents[1] / "data" / "lithium_manganese_oxyfluoride"
SMOL = 154.2


def run(record: Record) -> None:
    from matplotlib import pyplot as plt

    host = couple_sublattices(read_host(FOLDER / "lmo_drx_prim.json"), {"O": ("O2-", "F-")})
    octahedra = [site.species for site in host.sites if "Mn4+" in site.species]
    record.check("species on octahedra, vacancies included", expected=5, found=len(octahedra[0]), tolerance=0)
    orderings = map_orderings(host, read_structures(FOLDER / "lmo_drx_entries.json"))
    count = orderings.sizes["structure"]
    record.check("entries that map or are named", expected=186, found=count + orderings.sizes["rejected"], tolerance=0)
    record.check_true("more than a hundred different arrangements", count > 100)
    reasons = [str(reason) for reason in orderings["rejected_reason"].values]
    known = ("again", "from the nearest free site", "is none of Mn2+")
    other = [reason for reason in reasons if not any(words in reason for words in known)]
    record.check("reasons that are none of the three", expected=0, found=len(other), tolerance=0)
    fluorides = sum("F-" in _species(host, orderings, k) for k in range(count))
    record.check_true("more than thirty of them with fluorine", fluorides > 30)

    held = np.arange(count) % 5 == 0
    expansion = fit_species_expansion(
        host, orderings.isel(structure=~held), pair_cutoff=3.0, electrostatics=True, method="bayesian"
    )
    tested = np.flatnonzero(held)
    predicted = np.array([expansion.energy(arrangement_of(orderings, int(k))) for k in tested])
    truth = orderings["energy"].values[tested]
    error = 1e3 * float(np.sqrt(np.mean((predicted - truth) ** 2)))
    record.check_at_most("error of those held out, over smol's", limit=1.0, found=error / SMOL)
    record.compare("error of those held out, per anion", reference=SMOL, found=error, unit="meV", note="smol's expansion")
    record.compare("leave-one-out error of the fit", reference=error, found=1e3 * expansion.leave_one_out_error, unit="meV")
    record.compare("1/ε_r", reference=0.0, found=expansion.inverse_permittivity)

    figure, axis = plt.subplots(figsize=(4.6, 4.2))
    axis.plot(truth, predicted, "o", ms=4)
    axis.plot([truth.min(), truth.max()], [truth.min(), truth.max()], "k-", lw=0.8)
    axis.set(xlabel="published energy [eV per anion]", ylabel="predicted [eV per anion]")
    record.figure("Arrangements that the fit has not seen.", figure)


def _species(host: Host, orderings: xr.Dataset, number: int) -> set[str]:
    arrangement = arrangement_of(orderings, number)
    pairs = zip(arrangement.sublattice, arrangement.species, strict=True)
    return {host.sites[host.active[s]].species[k] for s, k in pairs}
