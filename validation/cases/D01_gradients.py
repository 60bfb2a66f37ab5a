r"""D01: The dissipation of the voxels is the derivative of the effective conductivity.

**[E]** The equations of conduction are their own adjoint: with the potential difference held, a change of one voxel's
conductivity changes the effective one by what that voxel dissipates,

$$\frac{\partial \ln \sigma_\mathrm{eff}}{\partial \ln \sigma_v} = \frac{P_v}{\sum_w P_w},$$

exactly, also for the discrete solution. Twenty voxels with conductivities over a contrast of $10^4$ are held against central
differences; through filter, projection and exact volume (`project`, `pull_back`) the derivative of three phases
by the latent noise. The same holds of stiffness and elastic energy. Times the sensitivities of the cell it is the derivative of
the energy of a discharge by the conductivity of one voxel (`energy_gradient`), within 0.1 % of differences of whole discharges.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from validation.record import Record

LONG = True


def run(record: Record) -> None:
    """Against central differences."""
    from scalith.design import LatentPhase, LatentStructure, project, pull_back
    from scalith.design.share_gradients import Conduction, Stiffness
    from scalith.electrode import IsotropicElasticity, conduct_voxels

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
    elasticity = {
        "active": IsotropicElasticity(youngs_modulus=140e9, poisson_ratio=0.25),
        "carbon": IsotropicElasticity(youngs_modulus=2e9, poisson_ratio=0.35),
        "pore": IsotropicElasticity(youngs_modulus=0.0),
    }
    stiffness = Stiffness(list(structure.names), elasticity, "x", 1e-11)
    slope = float(np.vdot(pull_back(structure, projection, stiffness.gradient(projection.shares).by_share), direction))
    step = 1e-4
    up, down = (stiffness.gradient(project(structure, noise + sign * step * direction).shares).logarithm for sign in (1, -1))
    difference = (up - down) / (2.0 * step)
    record.check(
        "from latent noise to the stiffness of three phases", expected=difference, found=slope, tolerance=1e-5 * abs(difference)
    )
    _energy(record)


def _energy(record: Record) -> None:
    """A composite cathode of twenty voxels, each a phase of its own, discharged against indium."""
    from scalith.cell import Mesh
    from scalith.design import energy_gradient
    from scalith.electrode import VoxelImage

    names = {"electrolyte": 0} | {f"voxel {n}": n for n in range(1, 20)}
    image = VoxelImage(np.arange(20, dtype=np.uint8).reshape(5, 2, 2), "1 um", names)
    numbers = np.random.default_rng(2)
    bulk = {"ions": 0.3 * 10.0 ** numbers.uniform(-2.0, 0.0, 20), "electrons": 10.0 ** numbers.uniform(-2.0, 0.0, 20)}
    bulk["ions"][0] = 0.205

    def discharged(bulk: dict[str, np.ndarray]) -> Any:
        ionic, electronic = (dict(zip(names, map(float, one), strict=True)) for one in bulk.values())
        mesh = Mesh(positive=20)
        return energy_gradient("lpscl_ncm622_indium", image, ionic=ionic, electronic=electronic, mesh=mesh, tolerance=1e-7)

    found = discharged(bulk)
    for carrier, place in (("ions", 7), ("electrons", 7), ("electrons", 12)):
        step, energies = 0.05, []
        for sign in (1.0, -1.0):
            moved = {name: one.copy() for name, one in bulk.items()}
            moved[carrier][place] *= np.exp(sign * step)
            energies.append(float(discharged(moved)["energy"]))
        difference = (energies[0] - energies[1]) / (2.0 * step)
        slope = float(found["energy_by_voxel"].sel(carrier=carrier).values.flat[place])
        record.check(
            f"energy at 1C by ln σ of voxel {place}, {carrier}",
            expected=difference,
            found=slope,
            tolerance=1e-3 * abs(difference),
            unit="J",
        )
