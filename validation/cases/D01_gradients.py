r"""D01: The dissipation of the voxels is the derivative of the effective conductivity.

**[E]** The equations of conduction are their own adjoint: with the potential difference held, a change of one voxel's
conductivity changes the effective one by what that voxel dissipates,

$$\frac{\partial \ln \sigma_\mathrm{eff}}{\partial \ln \sigma_v} = \frac{P_v}{\sum_w P_w},$$

exactly, also for the discrete solution. Twenty voxels with conductivities over a contrast of $10^4$ are held against central
differences; through filter, projection and exact volume (`project`, `pull_back`) the derivative of three phases
by the latent noise.
"""

from __future__ import annotations

import numpy as np

from validation.record import Record

LONG = False


def run(record: Record) -> None:
    """Against central differences."""
    from scalith.design import LatentPhase, LatentStructure, project, pull_back
    from scalith.design.share_gradients import Conduction
    from scalith.electrode import conduct_voxels

    numbers = np.random.default_rng(1)
    sigma = 10.0 ** numbers.uniform(-2.0, 2.0, (5, 2, 2))
    sigma.flat[:2] = 1e-2, 1e2
    step = 1e-4
    found = conduct_voxels(sigma, tolerance=1e-13)["sensitivity"].values
    worst = 0.0
    for place in np.ndindex(sigma.shape):
        logs = []
        for sign in (1.0, -1.0):
            moved = sigma.copy()
            moved[place] *= np.exp(sign * step)
            logs.append(np.log(float(conduct_voxels(moved, tolerance=1e-13)["conductivity"])))
        worst = max(worst, abs(found[place] - (logs[0] - logs[1]) / (2.0 * step)))
    record.check_at_most("20 voxels, contrast 10⁴: from central differences", limit=1e-5, found=worst)
    record.check("sum of the derivatives", expected=1.0, found=found.sum(), tolerance=1e-9)

    phases = {
        "pore": LatentPhase(fraction=0.4, feature_size="0.3 um"),
        "carbon": LatentPhase(fraction=0.15, feature_size="0.2 um"),
    }
    structure = LatentStructure(shape=(8, 8, 8), voxel_size="0.1 um", phases=phases, width=2.0)
    noise, direction = structure.noise(1), structure.noise(2)
    conduction = Conduction(list(structure.names), {"active": 0.1, "carbon": 30.0}, "x", 1e-12)
    projection = project(structure, noise)
    slope = float(np.vdot(pull_back(structure, projection, conduction.gradient(projection.shares).by_share), direction))
    step = 1e-5
    up, down = (conduction.gradient(project(structure, noise + sign * step * direction).shares).logarithm for sign in (1, -1))
    difference = (up - down) / (2.0 * step)
    record.check(
        "from latent noise to the conductivity of three phases",
        expected=difference,
        found=slope,
        tolerance=1e-5 * abs(difference),
    )
