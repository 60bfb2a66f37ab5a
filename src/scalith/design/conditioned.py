"""Structures conditioned on targets: what conducts as much, has as much area and line as was asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from scalith.design.density import (
    DesignedStructure,
    LatentPhase,
    LatentStructure,
    designed_image,
    fields_of_image,
    project,
    pull_back,
)
from scalith.design.share_gradients import ShareGradient
from scalith.design.soft_spheres import LatentParticles
from scalith.design.targets import (
    StructureTargets,
    Targets,
    comparison,
    measure_structure,
    requests,
    require_below_bounds,
    require_known_phases,
    require_met,
    target_gradients,
    target_settings,
)
from scalith.electrode import VoxelImage
from scalith.electrode.requirements import require_seed
from scalith.quantities import InputError, Spec, labelled, predicted

Floats = NDArray[np.float64]
_STRIDE = 0.35
"""Largest change of ln of a number in one step, and of the root mean square of the noise."""
_SMALL, _SHAKE = 0.1, 0.15
"""Stride at which a search stops where it is, and the noise that it goes on from."""


class StructureOrder(Spec):
    """A structure to be made: the recipe of a `LatentStructure`, and what is asked for.

    Attributes
    ----------
    phases : dict of str to LatentPhase; the first may be LatentParticles
    matrix : str
        Phase that fills the rest.
    targets : StructureTargets, or several
    tolerance : float
        Largest deviation of a property, relative.
    """

    phases: dict[str, LatentPhase | LatentParticles]
    matrix: str = "active"
    targets: StructureTargets | Annotated[tuple[StructureTargets, ...], Field(min_length=1)]
    tolerance: Annotated[float, Field(gt=0, lt=1)] = 0.02

    def make(
        self,
        shape: tuple[int, int, int],
        voxel_size: float,
        *,
        seed: int,
        progress: Callable[[float, str], None] | None = None,
    ) -> DesignedStructure:
        """The structure, by `conditioned_structure`."""
        structure = self._structure(shape, voxel_size)
        return conditioned_structure(structure, self.targets, seed=seed, tolerance=self.tolerance, progress=progress)

    def begin(self, shape: tuple[int, int, int], voxel_size: float, *, seed: int) -> VoxelImage:
        """The structure of the same recipe and seed of which nothing has been asked: what `make` begins with."""
        structure = self._structure(shape, voxel_size)
        return designed_image(structure, structure.noise(seed))

    def _structure(self, shape: tuple[int, int, int], voxel_size: float) -> LatentStructure:
        return LatentStructure(shape=shape, voxel_size=voxel_size, phases=self.phases, matrix=self.matrix)


def conditioned_structure(
    structure: LatentStructure,
    targets: Targets,
    *,
    seed: int,
    like: VoxelImage | None = None,
    tolerance: float = 0.02,
    steps: int = 60,
    progress: Callable[[float, str], None] | None = None,
) -> DesignedStructure:
    r"""Structure with the properties that were asked for: noise of a seed, changed as little as will do.

    Each step measures the labelled image, and takes the least change of the noise w that makes up for what is missing,

    .. math::

        δw = J^\mathsf{T} (J J^\mathsf{T})^{-1} \ln(\text{requested}/\text{measured}),

    with J the derivatives of the logarithms by the noise: dissipation for conductivities (`conduct_voxels`), elastic energy for
    stiffness (`effective_stiffness`), curvature for areas, the cross product of the gradients for lines, all through the
    transition of `project`. Volumes are exact throughout. Round particles (`LatentParticles`) move and grow; those that
    overlap more than allowed after a step are pushed apart.

    Parameters
    ----------
    structure : LatentStructure
        Recipe: phases, fractions, feature sizes.
    targets : StructureTargets or sequence of them
    seed : int
        Another seed gives another structure with the same properties.
    like : VoxelImage, optional
        Begin with this image (a tomogram, with the fractions of the recipe) instead of with noise; the seed then
        breaks its symmetry only.
    tolerance : float
        Largest deviation of a property, relative.
    steps : int
        Steps at most.
    progress : callable, optional

    Returns
    -------
    DesignedStructure
        Its table by ``quantity``: ``requested``, ``measured`` on the image, ``deviation`` (measured over requested less 1);
        ``steps``.

    Raises
    ------
    InputError
        A conductivity above that of straight columns of all that conducts (Wiener's bound), a stiffness above that of all phases
        under one strain (Voigt's), an unknown phase.
    ConvergenceError
        Out of reach: how far from each target the nearest structure is.
    """
    require_seed("conditioned structure", seed)
    if not 0.0 < tolerance < 1.0 or steps < 1:
        raise InputError("conditioned structure", "tolerance, steps", f"{tolerance}, {steps}", "between 0 and 1; at least 1")
    names, asked, periodic = list(structure.names), requests(targets), structure.sides == "periodic"
    require_known_phases(targets, names)
    require_below_bounds(targets, structure.fractions)
    base = None if like is None else fields_of_image(structure, like)
    noise = structure.noise(seed) * (1.0 if like is None else 1e-6)
    wanted = np.log([one.value for one in asked])
    search = _Search(structure, base, target_gradients(names, targets, sides=structure.sides), wanted)
    shaken = np.random.default_rng((seed, 1))
    best: _Found | None = None  # since the last shake
    nearest_found: _Found | None = None
    response = np.eye(len(asked))  # what changes over what the derivatives say, as the steps show it
    stride, promised = 1.0, np.zeros(len(asked))
    for step in range(steps + 1):
        image = designed_image(structure, noise, base=base)
        found = _Found(noise, image, np.array(list(measure_structure(image, targets, periodic=periodic).values())), wanted)
        if best is not None and np.all(found.measured * best.measured > 0.0):
            change = np.log(found.measured / best.measured)
            response += np.outer(change - response @ promised, promised) / float(promised @ promised)
        if nearest_found is None or found.merit < nearest_found.merit:
            nearest_found = found
        if best is None or found.merit < best.merit:
            best, stride = found, min(1.0, 2.0 * stride)
            search.begin(best)
        else:
            stride *= 0.5
        if progress is not None:
            progress((step + 1) / (steps + 1), f"step {step}: within {100 * nearest_found.apart:.3g} %")
        if nearest_found.apart <= tolerance or step == steps:
            break
        if stride < _SMALL:  # where paths break or join, properties jump: go on beside it
            noise = structure.settle(nearest_found.noise + _SHAKE * shaken.standard_normal(noise.shape))
            best, stride, response = None, 1.0, np.eye(len(asked))
        else:
            noise, promised = search.step(response, stride)
    assert nearest_found is not None
    image, measured = nearest_found.image, nearest_found.measured
    require_met("conditioned structure", "recipe", targets, measured, tolerance)
    settings: dict[str, Any] = {"structure": structure.model_dump(mode="json"), "targets": target_settings(targets), "seed": seed}
    settings |= {"like": None if like is None else like.digest, "tolerance": tolerance}
    source = predicted("scalith.design.conditioned_structure", settings=settings)
    image = VoxelImage(image.labels, image.voxel_size, image.phases, source, image.periodic)
    table = comparison(targets, {one.name: value for one, value in zip(asked, measured.tolist(), strict=True)})
    table["steps"] = labelled((), step, "steps", "1")
    return DesignedStructure(image, table.assign_attrs(source=source.to_json()))


class _Found:
    """A structure on the way: noise, image, what was measured on it, and how far that is from what is wanted."""

    def __init__(self, noise: Floats, image: VoxelImage, measured: Floats, wanted: Floats) -> None:
        self.noise, self.image, self.measured = noise, image, measured
        apart = measured / np.exp(wanted) - 1.0
        self.merit, self.apart = float(np.sum(apart**2)), float(np.max(np.abs(apart)))


class _Search:
    """Least changes of the noise, from the best structure so far."""

    def __init__(
        self, structure: LatentStructure, base: Floats | None, gradients: list[Callable[[Floats], ShareGradient]], wanted: Floats
    ) -> None:
        self.structure, self.base, self.gradients, self.wanted = structure, base, gradients, wanted

    def begin(self, best: _Found) -> None:
        """Derivatives at the best structure."""
        self.noise = best.noise
        projection = project(self.structure, best.noise, base=self.base)
        rows, missing = [], np.empty(len(self.wanted))
        for n, gradient in enumerate(self.gradients):
            found = gradient(projection.shares)
            rows.append(pull_back(self.structure, projection, found.by_share).ravel())
            # What does not connect has no logarithm: that of the transition stands for it.
            now = float(np.log(best.measured[n])) if best.measured[n] > 0.0 else found.logarithm
            missing[n] = self.wanted[n] - now
        self.missing, self.jacobian = np.clip(missing, -_STRIDE, _STRIDE), np.stack(rows)
        gram = self.jacobian @ self.jacobian.T
        self.gram = gram + 1e-6 * np.trace(gram) / len(gram) * np.eye(len(gram))

    def step(self, response: Floats, stride: float) -> tuple[Floats, Floats]:
        """Noise after the step, and the change of the logarithms that the derivatives promise."""
        u, size, v = np.linalg.svd(response)
        change = stride * (v.T @ ((u.T @ self.missing) / np.clip(size, 0.4, 2.5)))
        by_noise = np.asarray(self.jacobian.T @ np.linalg.solve(self.gram, change)).reshape(self.noise.shape)
        share = min(1.0, _STRIDE / max(self.structure.size_of(by_noise), 1e-300))
        return self.structure.settle(self.noise + share * by_noise), share * change
