r"""L01: Planted interactions are recovered

[E] Energies of the 137 fcc orderings with up to six sites are made from stated interactions,
$E = \sum_\alpha m_\alpha J_\alpha \Pi_\alpha$. Without noise the fit must give the interactions back to round-off.
With Gaussian noise the posterior must hold what it says: over many noisy copies, a share of the planted values equal
to the nominal one lies within the 68 % and 95 % intervals of the fit.
"""

import numpy as np

from scalith.crystal import Host, HostSite, enumerate_orderings
from scalith.lattice import cluster_orbits, fit_cluster_expansion
from scalith.lattice.expansion.cluster_space import design_matrix
from scalith.lattice.expansion.regression import fit
from validation.record import Record

LONG = True


def fcc(a: float = 4.0) -> Host:
    """A face-centred cubic host of one site a cell."""
    rows = ((0.0, a / 2, a / 2), (a / 2, 0.0, a / 2), (a / 2, a / 2, 0.0))
    site = HostSite(position=(0.0, 0.0, 0.0), species=("Li", "vacancy"), charges=(1.0, 0.0))
    return Host(name="fcc", working_ion="Li", lattice=rows, sites=(site,))


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    host = fcc()
    pair, triplet = 5.0, 3.0
    orbits = cluster_orbits(host, pair, triplet)
    rng = np.random.default_rng(20)
    planted = np.concatenate([[-3.0, 0.4], rng.normal(0.0, 0.02, len(orbits) - 2)])
    orderings = enumerate_orderings(host, range(1, 7))
    A = design_matrix(orbits, orderings)
    exact = orderings.assign(energy=("structure", A @ planted))
    for method in ("ridge", "ard", "bayesian"):
        found = fit_cluster_expansion(host, exact, pair_cutoff=pair, triplet_cutoff=triplet, method=method)
        worst = float(np.max(np.abs(np.array(found.interactions) - planted)))
        record.check_at_most(f"largest error without noise, {method}", limit=1e-10, found=worst, unit="eV")

    noise, copies = 0.005, 400
    shrunk = np.array([orbit.order > 1 for orbit in orbits])
    scores = []
    for _ in range(copies):
        result = fit(A, A @ planted + rng.normal(0.0, noise, len(A)), shrunk, "bayesian")
        scores.append((result.weights - planted) / np.sqrt(np.diag(result.covariance)))
    scores_array = np.array(scores)
    for share, width in ((0.6827, 1.0), (0.9545, 2.0)):
        inside = float(np.mean(np.abs(scores_array) < width))
        # Values of one copy are correlated: count one independent score for each copy and two interactions.
        tolerance = 4.0 * np.sqrt(share * (1 - share) / (copies * len(orbits) / 2)) + 0.01
        record.check(f"share within ±{width:g} standard errors", expected=share, found=inside, tolerance=tolerance)

    figure, axes = plt.subplots(figsize=(6, 4))
    axes.hist(scores_array.ravel(), bins=60, density=True, alpha=0.6, label="fits of noisy energies")
    z = np.linspace(-4, 4, 200)
    axes.plot(z, np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi), "k", label="standard normal")
    axes.set_xlabel("(fitted − planted)/standard error")
    axes.legend()
    record.figure("The posterior covers the planted interactions at its nominal rate.", figure)
