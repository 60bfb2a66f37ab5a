"""How conductivities, areas and triple lines change with the share of each phase in each voxel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.electrode import IsotropicElasticity, VoxelImage, conduct_voxels
from scalith.electrode.mechanics.elasticity import Deformation, elastic_body, energy_shares, solve_equilibrium

Floats = NDArray[np.float64]
_POWER = 3.0
_LEAST = 1e-3


class ShareGradient(NamedTuple):
    """ln of a number of the structure, and its derivative by the shares (phases, nx, ny, nz)."""

    logarithm: float
    by_share: Floats


def mixed_conductivity(shares: Floats, bulk: Floats) -> Floats:
    """Conductivity of voxels that hold several phases, Σ s³ σ, and a thousandth of the largest where nothing conducts.

    The third power makes transitions poor conductors, so that an optimum has sharp ones (M. P. Bendsøe, O. Sigmund, Arch. Appl.
    Mech. 69 (1999) 635, doi:10.1007/s004190050248); the thousandth lets a gradient see where material is missing.
    """
    return np.asarray(np.einsum("p,pijk->ijk", bulk, shares**_POWER) + _LEAST * bulk.max())


class Conduction:
    """Effective conductivity of structures that change little by little: each solution begins where the last one ended.

    Parameters
    ----------
    names : sequence of str
        Phases in the order of the shares.
    conductivities : mapping of str to float
        S m-1 by phase; phases left out do not conduct.
    axis : {"x", "y", "z"}
    tolerance : float
    """

    def __init__(self, names: list[str], conductivities: Mapping[str, float], axis: str, tolerance: float = 1e-5) -> None:
        self.bulk = np.array([float(conductivities.get(name, 0.0)) for name in names])
        self.axis, self.tolerance = axis, tolerance
        self._potential: Floats | None = None

    def gradient(self, shares: Floats) -> ShareGradient:
        """ln σ_eff and its derivative: the share of each voxel in the dissipation times d ln σ/ds of the voxel."""
        sigma = mixed_conductivity(shares, self.bulk)
        found = conduct_voxels(sigma, axis=self.axis, tolerance=self.tolerance, begin=self._potential)
        self._potential = found["potential"].values
        weight = found["sensitivity"].values / sigma
        by_share = weight * _POWER * self.bulk[:, np.newaxis, np.newaxis, np.newaxis] * shares ** (_POWER - 1.0)
        return ShareGradient(float(np.log(float(found["conductivity"]))), by_share)


class Stiffness:
    """Stiffness along an axis, of structures that change little by little.

    A voxel has the modulus of `mixed_conductivity`, in the place of conductivities, and all have one Poisson ratio: the mean of
    those of the phases that resist, by their moduli.

    Parameters
    ----------
    names : sequence of str
        Phases in the order of the shares.
    elasticity : mapping of str to IsotropicElasticity
    axis : {"x", "y", "z"}
    tolerance : float
    sides : {"periodic", "mirror"}
    """

    def __init__(
        self,
        names: list[str],
        elasticity: Mapping[str, IsotropicElasticity],
        axis: str,
        tolerance: float = 1e-4,
        sides: str = "periodic",
    ) -> None:
        self.moduli = np.array([elasticity[name].youngs_modulus for name in names])
        ratios = np.array([elasticity[name].poisson_ratio for name in names])
        ratio = float(self.moduli @ ratios / self.moduli.sum())
        self.unit = IsotropicElasticity(youngs_modulus=1.0, poisson_ratio=ratio)
        self.load, self.tolerance, self.mirror = np.eye(6)["xyz".index(axis)], tolerance, sides == "mirror"
        self._before: Deformation | None = None

    def gradient(self, shares: Floats) -> ShareGradient:
        """ln C and its derivative: the share of each voxel in the elastic energy times d ln E/ds of the voxel."""
        moduli = mixed_conductivity(shares, self.moduli)
        whole = np.pad(moduli, [(0, size) for size in moduli.shape], mode="symmetric") if self.mirror else moduli
        image = VoxelImage(np.zeros(whole.shape, np.uint8), 1.0, {"all": 0})
        body = elastic_body(image, {"all": self.unit})._replace(intact=whole / whole.max())
        found = solve_equilibrium(body, self.load, np.zeros((1, 6)), False, self.tolerance, start=self._before)
        self._before = found
        energy = energy_shares(body, self.load, found)
        if self.mirror:
            for axis, size in enumerate(moduli.shape):
                low, high = np.split(energy, [size], axis=axis)
                energy = low + np.flip(high, axis=axis)
        by_share = energy / moduli * _POWER * self.moduli[:, np.newaxis, np.newaxis, np.newaxis] * shares ** (_POWER - 1.0)
        stiffness = float(found.mean_stress @ self.load) * float(whole.max())
        return ShareGradient(float(np.log(stiffness)), by_share)


def area_gradient(shares: Floats, one: int, other: int) -> ShareGradient:
    """ln of the area between two phases in faces of voxels, from ∫ |∇s| of each phase, which is its surface.

    A_ab = (S_a + S_b − S_ab)/2, with S_ab the surface of the two together.
    """
    total, by_share = 0.0, np.zeros(shares.shape)
    for phases, sign in (((one,), 0.5), ((other,), 0.5), ((one, other), -0.5)):
        steps = _steps(shares[list(phases)].sum(axis=0))
        size = np.sqrt(sum(step**2 for step in steps) + 1e-12)
        total += sign * float(size.sum())
        back = _back([step / size for step in steps])
        for phase in phases:
            by_share[phase] += sign * back
    return ShareGradient(float(np.log(max(total, 1e-300))), by_share / max(total, 1e-300))


def line_gradient(shares: Floats, one: int, other: int) -> ShareGradient:
    """ln of the length of the lines where two phases and the rest meet, in edges of voxels: 2 ∫ |∇s_a × ∇s_b|.

    Across such a line the shares go once through the triangle of all mixtures, whose area is ½.
    """
    a, b = np.stack(_steps(shares[one])), np.stack(_steps(shares[other]))
    cross = np.cross(a, b, axis=0)
    size = np.sqrt(np.sum(cross**2, axis=0) + 1e-12)
    unit = cross / size
    total = max(2.0 * float(size.sum()), 1e-300)
    by_share = np.zeros(shares.shape)
    by_share[one] = 2.0 / total * _back(list(np.cross(b, unit, axis=0)))
    by_share[other] = 2.0 / total * _back(list(np.cross(unit, a, axis=0)))
    return ShareGradient(float(np.log(total)), by_share)


def _steps(values: Floats) -> list[Floats]:
    """Differences to the next voxel along each axis; none beyond the last."""
    found = []
    for axis in range(3):
        step = np.zeros(values.shape)
        np.moveaxis(step, axis, 0)[:-1] = np.diff(np.moveaxis(values, axis, 0), axis=0)
        found.append(step)
    return found


def _back(steps: list[Floats]) -> Floats:
    """Adjoint of `_steps`."""
    found = np.zeros(steps[0].shape)
    for axis, step in enumerate(steps):
        to, values = np.moveaxis(found, axis, 0), np.moveaxis(step, axis, 0)[:-1]
        to[1:] += values
        to[:-1] -= values
    return found
