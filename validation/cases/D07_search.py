r"""D07: The search over recipe numbers finds more than a Sobol' sequence of the same length.

**[E]** Six numbers of an electrode (thickness $L$, porosity $\varepsilon$, grading $g$, pore size $d$, carbon fraction and size)
and two objectives in closed form, so that hundreds of recipes cost nothing: the energy per volume that is stored, and what a high
rate leaves of it,

$$
E_0 = \frac{L \varepsilon_a}{L + L_0}, \qquad E = \frac{E_0}{1 + (L/L_p)^2 + \sigma_0/\sigma_e + (d/d_0)^2}, \qquad
L_p^2 \propto \varepsilon^{3/2} (1 + g - 2 g^2),
$$

with $\sigma_e$ from a percolation law in the carbon fraction whose threshold rises with the size of its clusters. The hypervolume
of what `search_front` finds is at least 15 % larger than that of a Sobol' sequence of as many recipes (256), for each of five
seeds. In a study the voxels and discharges of real recipes (`RecipeEvaluation`) stand in the place of the formula.
"""

from __future__ import annotations

import numpy as np

from validation.record import Record

LONG = False
BOUNDS = {
    "thickness": (20e-6, 200e-6),
    "porosity": (0.2, 0.6),
    "grading": (-0.5, 0.8),
    "pore_size": (0.5e-6, 5e-6),
    "carbon_fraction": (0.02, 0.2),
    "carbon_size": (0.1e-6, 2e-6),
}
AIMS = {"stored": "maximum", "at a high rate": "maximum"}


def formula(numbers: dict[str, float], seed: int) -> dict[str, float]:
    """Stored energy, and what a high rate leaves of it, over that of the pure active material."""
    depth, porosity, grading = numbers["thickness"], numbers["porosity"], numbers["grading"]
    carbon, size = numbers["carbon_fraction"], numbers["carbon_size"]
    stored = depth * max(1.0 - porosity - carbon, 0.0) / (depth + 35e-6)
    reach = (60e-6) ** 2 * (porosity / 0.3) ** 1.5 * (1.0 + grading - 2.0 * grading**2)
    over = max(carbon - 0.02 - 2e4 * size, 1e-4)
    loss = depth**2 / max(reach, 1e-12) + 0.02 / (over / 0.05) ** 2 + (numbers["pore_size"] / 3e-6) ** 2
    return {"stored": stored, "at a high rate": stored / (1.0 + loss) * (1.0 + 1e-3 * np.sin(7.0 * seed))}


def run(record: Record) -> None:
    """Five seeds of each."""
    import matplotlib.pyplot as plt
    from scipy.stats import qmc

    from scalith.design import hypervolume, search_front

    low, high = np.array(list(BOUNDS.values())).T
    reference, aims, budget = np.array([0.2, 0.05]), list(AIMS.values()), 256
    gains = []
    for seed in range(1, 6):
        sobol = qmc.scale(qmc.Sobol(len(BOUNDS), rng=np.random.default_rng(seed)).random_base2(8), low, high)
        values = np.array([list(formula(dict(zip(BOUNDS, one, strict=True)), seed).values()) for one in sobol])
        found = search_front(formula, BOUNDS, AIMS, evaluations=budget, seed=seed, check_seeds=(101, 102))
        before, after = (hypervolume(one, reference, aims) for one in (values, found["evaluated"].values))
        gains.append(after / before - 1.0)
        record.check(f"seed {seed}: recipes that were tried", expected=budget, found=found.sizes["evaluation"], tolerance=0.0)
    record.check_true("hypervolume at least 15 % above that of the sequence, five seeds", min(gains) >= 0.15)
    record.compare("least gain of hypervolume", reference=0.15, found=min(gains))
    record.compare("mean gain of hypervolume", reference=0.15, found=float(np.mean(gains)))
    moved = np.abs(found["objective"].values / found["found"].values - 1.0).max()
    record.check_at_most("what other seeds change of the front", limit=2.1e-3, found=float(moved))

    figure, axes = plt.subplots(figsize=(5.2, 4.0), constrained_layout=True)
    axes.plot(*values.T, ".", color="#9aa5b1", label="Sobol' sequence")
    axes.plot(*found["evaluated"].values.T, ".", color="#c8553d", label="search")
    axes.plot(*found["objective"].values.T, "o", color="#1f6f8b", label="front, checked")
    axes.set(xlabel="stored energy", ylabel="energy at a high rate", xlim=(0.0, None), ylim=(0.0, None))
    axes.legend()
    record.figure("Recipes of the sequence and of the search.", figure)
