r"""I05: Where the continuum ends sites are finite, and the answer says so.

**[E]** At $c=42$ M and $\varepsilon_r=60$, a lithium-rich solid electrolyte, $\lambda_D = 0.058$ nm: less than the distance
of neighbouring sites. The dilute profile, which lets $e^{-u}$ ions pile up, means nothing there. The data set is flagged,
and the sites' finite number taken into account: $\theta = \theta_\infty e^{-u}/(1-\theta_\infty+\theta_\infty e^{-u})$,
first integral $(\lambda u')^2/2 = u + \ln(1+\theta_\infty(e^{-u}-1))/\theta_\infty$. Where ions gather the layer is full
($\theta=1$) over a width $\sqrt{2\varepsilon|\phi|/(zF(c_{max}-c_\infty))}$ as Mott–Schottky's layer is empty; at small
potentials the screening length is $\lambda_D/\sqrt{1-\theta_\infty}$.
"""

from __future__ import annotations

import numpy as np

from scalith.interface import debye_length, reduced_field, space_charge
from scalith.quantities.constants import FARADAY, VACUUM_PERMITTIVITY
from validation.record import Record

T, C, EPSILON, SITES = 298.15, 42000.0, 60.0, 61500.0


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    record.check("λ_D at 42 M, ε_r = 60", expected=0.058, found=1e9 * debye_length(C, EPSILON, T), tolerance=5e-4, unit="nm")
    flagged = space_charge(0.1, C, EPSILON, T)
    record.check("flag: the continuum holds (1) or not (0)", expected=0.0, found=flagged.attrs["continuum_holds"], tolerance=0.0)
    record.check("flag at 1 mM", expected=1.0, found=space_charge(0.1, 1.0, EPSILON, T).attrs["continuum_holds"], tolerance=0.0)
    highest = []
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
    for potential in (-0.05, -0.2, -1.0):
        data = space_charge(potential, C, EPSILON, T, site_concentration=SITES, points=4000)
        highest.append(float(data.concentration.max()) / SITES)
        left.plot(data.depth * 1e9, data.concentration / SITES, label=f"{potential:g} V")
    record.check_at_most("most sites filled, less one", limit=1e-12, found=max(0.0, max(highest) - 1.0))
    record.compare(
        "dilute ion at −1 V, over its sites", reference=1.0, found=C / SITES * np.exp(1.0 / 0.025693), note="what the flag is for"
    )
    data = space_charge(-2.0, C, EPSILON, T, site_concentration=SITES, points=4000)
    width = np.sqrt(2.0 * VACUUM_PERMITTIVITY * EPSILON * 2.0 / (FARADAY * (SITES - C)))
    edge = float(np.interp(-0.5 * (1.0 + C / SITES), -data.concentration.values / SITES, data.depth.values))
    record.check("full layer at −2 V: half-way point over its width", expected=1.0, found=edge / width, tolerance=0.03)
    stoichiometry = C / SITES
    small = 1e-6
    record.check(
        "screening length at small potentials over λ_D/√(1 − θ)",
        expected=1.0,
        found=small / float(reduced_field(small, stoichiometry)) * np.sqrt(1.0 - stoichiometry),
        tolerance=1e-5,
    )
    u = np.linspace(-8.0, 8.0, 400)
    for theta, label in ((0.0, "dilute"), (0.1, "θ = 0.1"), (0.5, "θ = 0.5"), (stoichiometry, f"θ = {stoichiometry:.2f}")):
        right.plot(u, np.minimum(reduced_field(u, theta), 12.0), label=label)
    left.set(xlabel="distance from the boundary (nm)", ylabel="filled sites", xlim=(0, 0.8))
    right.set(xlabel="u₀ = zFφ/RT", ylabel="|λ u′(0)|", ylim=(0, 10))
    left.legend(frameon=False)
    right.legend(frameon=False)
    figure.tight_layout()
    record.figure("Finite sites: ions gather up to a full layer, and the field of the layer", figure)
