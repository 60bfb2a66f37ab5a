r"""U05: Sensitivity indices of Ishigami's function.

**[E]** $y=\sin x_1+a\sin^2x_2+b\,x_3^4\sin x_1$, $a=7$, $b=0.1$, all $x$ uniform over $-\pi\dots\pi$:
$V_1=(1+b\pi^4/5)^2/2$, $V_2=a^2/8$, $V_{13}=8b^2\pi^8/225$, so that $S=0.3139,\,0.4424,\,0$ and
$S_T=0.5576,\,0.4424,\,0.2437$. All ways meet them within 0.01: pairs of members (Saltelli 2010, Jansen 1999) on a Sobol'
sequence, 5 × 8,192 runs, a sparse polynomial fitted to 512, and a Gaussian process fitted to 256, which states that less than
1 % of the variance is left to it. (T. Ishigami, T. Homma, DOI 10.1109/ISUMA.1990.151285.)
"""

from __future__ import annotations

import numpy as np
from scipy.stats import qmc

from scalith.numerics.sobol_indices import SobolIndices, gaussian_process_indices, indices_of_pairs, polynomial_indices
from validation.record import Record

LONG = True

NAMES = ("x1", "x2", "x3")
FIRST, TOTAL = (0.3139, 0.4424, 0.0), (0.5576, 0.4424, 0.2437)


def ishigami(u: np.ndarray) -> np.ndarray:
    """Of columns over −1 … 1."""
    x = np.pi * u
    return np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def run(record: Record) -> None:
    plan = 2.0 * qmc.Sobol(6, seed=1).random(8192) - 1.0
    a, b = plan[:, :3], plan[:, 3:]
    mixed = {name: ishigami(np.where(np.arange(3) == k, b, a)) for k, name in enumerate(NAMES)}
    few = 2.0 * qmc.Sobol(3, seed=2).random(512) - 1.0
    less = 2.0 * qmc.Sobol(3, seed=2).random(256) - 1.0
    ways: dict[str, SobolIndices] = {
        "pairs": indices_of_pairs(ishigami(a), ishigami(b), mixed),
        "polynomial": polynomial_indices(dict(zip(NAMES, few.T, strict=True)), ishigami(few), marginal="uniform", degree=12),
        "process": gaussian_process_indices(dict(zip(NAMES, less.T, strict=True)), ishigami(less), marginal="uniform"),
    }
    for way, found in ways.items():
        for name, first, total in zip(NAMES, FIRST, TOTAL, strict=True):
            record.check(f"S of {name}, {way}", expected=first, found=found.first_order[name], tolerance=0.01)
            record.check(f"S_T of {name}, {way}", expected=total, found=found.total[name], tolerance=0.01)
    record.check_at_most("share left, process", limit=0.01, found=ways["process"].left)
