r"""E02: Percolation threshold of simple-cubic sites.

**[E]** Sites of a simple-cubic lattice are filled at random, one after the other, until the filled ones join two opposite faces.
The share $p$ at which that happens scatters from sample to sample; its mean over samples with edge $L$ approaches the threshold
of the infinite lattice as

$$\langle p \rangle(L) = p_c + a \, L^{-1/\nu}, \qquad \sigma_p(L) \propto L^{-1/\nu}, \qquad \nu = 0.876,$$

$p_c = 0.3116$ (X. Xu et al., Front. Phys. 9 (2014) 113, doi:10.1007/s11467-013-0403-z). The line through the means over
$L^{-1/\nu}$ is extrapolated to zero, weighted with their errors.
"""

from __future__ import annotations

import numpy as np

from validation.record import Record

LONG = True

EXPONENT = 1.0 / 0.876
SAMPLES = {12: 600, 20: 300, 32: 140, 48: 60}


def run(record: Record) -> None:
    """Sample the thresholds, extrapolate over the size."""
    import matplotlib.pyplot as plt

    from scalith.electrode import spanning_threshold

    numbers = np.random.default_rng(12)
    means, errors, widths = [], [], []
    for edge, count in SAMPLES.items():
        found = [spanning_threshold(numbers.random((edge, edge, edge), dtype=np.float32)) for _ in range(count)]
        means.append(np.mean(found))
        widths.append(np.std(found, ddof=1))
        errors.append(widths[-1] / np.sqrt(count))
    edges = np.array(list(SAMPLES), dtype=float)
    size = edges**-EXPONENT
    (slope, threshold), covariance = np.polyfit(size, means, 1, w=1.0 / np.array(errors), cov="unscaled")
    error = float(np.sqrt(covariance[1, 1]))
    record.check("threshold, extrapolated", expected=0.3116, found=threshold, tolerance=max(3.0 * error, 1e-4))
    record.check_at_most("standard error of the threshold", limit=0.001, found=error)
    scaling = np.polyfit(np.log(edges), np.log(widths), 1)[0]
    record.check("exponent of the width", expected=-EXPONENT, found=scaling, tolerance=0.15)

    figure, axes = plt.subplots(figsize=(5.4, 3.9), constrained_layout=True)
    axes.errorbar(size, means, errors, fmt="o", color="#1f6f8b", capsize=3, label="mean of samples")
    line = np.array([0.0, size.max()])
    axes.plot(line, threshold + slope * line, color="#1f6f8b", linewidth=1)
    axes.axhline(0.3116, color="#c8553d", linestyle="--", label="infinite lattice")
    axes.set(xlabel="$L^{-1/\\nu}$", ylabel="filled share that first connects", xlim=(0.0, None))
    axes.legend()
    record.figure("Threshold against the size of the lattice, with the line that is extrapolated.", figure)
