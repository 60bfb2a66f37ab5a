"""Structures conditioned on targets: what conducts as much, has as much area and line as was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from scalith.design.density import (
    DesignedStructure,
    LatentPhase,
    LatentStructure,
    designed_image,
    fields_of_image,
    project,
    pull_back,
)
from scalith.design.share_gradients import Conduction, ShareGradient, area_gradient, line_gradient
from scalith.electrode import VoxelImage, interface_areas, solve_conduction, triple_phase_length
from scalith.electrode.requirements import require_seed
from scalith.quantities import SI, ConvergenceError, InputError, Result, Spec, labelled, nearest, predicted

Floats = NDArray[np.float64]
_CONDUCTION = ("effective_ionic_conductivity", "effective_electronic_conductivity")
_UNITS = {_CONDUCTION[0]: "S m-1", _CONDUCTION[1]: "S m-1", "interface_area": "m-1", "triple_phase_length": "m-2"}
_STRIDE = 0.35
"""Largest change of ln of a number in one step, and of the root mean square of the noise."""
_SMALL, _SHAKE = 0.1, 0.15
"""Stride at which a search stops where it is, and the noise that it goes on from."""

Bulk = dict[str, Annotated[float, SI("S m-1"), Field(ge=0)]]


class StructureTargets(Spec):
    """What a structure is asked for; what is left out is free.

    Attributes
    ----------
    effective_ionic_conductivity, effective_electronic_conductivity : float, optional
        Along `axis`, S m-1.
    interface_area : float, optional
        Between the two phases of `between`, per volume, m-1.
    triple_phase_length : float, optional
        Of the lines where the phases of `line` meet, per volume, m-2.
    ionic, electronic : dict of str to float
        Bulk conductivity of each phase that conducts, S m-1.
    axis : {"x", "y", "z"}
    between, line : names of two and of three phases

    Raises
    ------
    InputError
        Nothing is asked for, or a conductivity without a phase that conducts.
    """

    effective_ionic_conductivity: Annotated[float, SI("S m-1"), Field(gt=0)] | None = None
    effective_electronic_conductivity: Annotated[float, SI("S m-1"), Field(gt=0)] | None = None
    interface_area: Annotated[float, SI("m-1"), Field(gt=0)] | None = None
    triple_phase_length: Annotated[float, SI("m-2"), Field(gt=0)] | None = None
    ionic: Bulk = Field(default_factory=dict)
    electronic: Bulk = Field(default_factory=dict)
    axis: Literal["x", "y", "z"] = "x"
    between: tuple[str, str] = ("active", "pore")
    line: tuple[str, str, str] = ("active", "pore", "carbon")

    @model_validator(mode="after")
    def _asked(self) -> Self:
        if not self.asked:
            raise InputError("structure targets", ", ".join(_UNITS), "none", "at least one")
        for name, bulk in zip(_CONDUCTION, (self.ionic, self.electronic), strict=True):
            if name in self.asked and not any(value > 0.0 for value in bulk.values()):
                field = "ionic" if bulk is self.ionic else "electronic"
                raise InputError("structure targets", field, bulk, f"the phases that conduct, for {name}")
        return self

    @property
    def asked(self) -> dict[str, float]:
        """What is asked for, by name."""
        stated = {name: getattr(self, name) for name in _UNITS}
        return {name: value for name, value in stated.items() if value is not None}


class StructureOrder(Spec):
    """A structure to be made: the recipe of a `LatentStructure`, and what is asked for.

    Attributes
    ----------
    phases : dict of str to LatentPhase
    matrix : str
        Phase that fills the rest.
    targets : StructureTargets
    tolerance : float
        Largest deviation of a property, relative.
    """

    phases: dict[str, LatentPhase]
    matrix: str = "active"
    targets: StructureTargets
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
        structure = LatentStructure(shape=shape, voxel_size=voxel_size, phases=self.phases, matrix=self.matrix)
        return conditioned_structure(structure, self.targets, seed=seed, tolerance=self.tolerance, progress=progress)


def measure_structure(image: VoxelImage, targets: StructureTargets, *, periodic: bool = True) -> dict[str, float]:
    """What is asked for, measured on an image by `solve_conduction`, `interface_areas` and `triple_phase_length`."""
    found: dict[str, float] = {}
    for name in targets.asked:
        if name in _CONDUCTION:
            bulk = targets.ionic if name == _CONDUCTION[0] else targets.electronic
            found[name] = float(solve_conduction(image, bulk, axis=targets.axis, tolerance=1e-5)["conductivity"])
        elif name == "interface_area":
            one, other = targets.between
            found[name] = float(interface_areas(image, periodic=periodic).sel(phase=one, neighbour=other))
        else:
            found[name] = float(triple_phase_length(image, targets.line)["length"])
    return found


def comparison(targets: StructureTargets, measured: Mapping[str, float]) -> Result:
    """What was asked for beside what was measured, by ``quantity``: ``requested``, ``measured``, ``deviation``."""
    names = list(targets.asked)
    requested, found = np.array(list(targets.asked.values())), np.array([measured[name] for name in names])
    return Result(
        {
            "requested": labelled("quantity", requested, "requested", "SI"),
            "measured": labelled("quantity", found, "measured on the image", "SI"),
            "deviation": labelled("quantity", found / requested - 1.0, "measured over requested less 1", "1"),
        },
        coords={"quantity": names, "unit": ("quantity", [_UNITS[name] for name in names])},
    )


def conditioned_structure(
    structure: LatentStructure,
    targets: StructureTargets,
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

    with J the derivatives of the logarithms by the noise: dissipation for conductivities (`conduct_voxels`), curvature for areas,
    the cross product of the gradients for lines, all through the transition of `project`. Volumes are exact throughout.

    Parameters
    ----------
    structure : LatentStructure
        Recipe: phases, fractions, feature sizes.
    targets : StructureTargets
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
        A conductivity above that of straight columns of all that conducts (Wiener's bound), an unknown phase.
    ConvergenceError
        Out of reach: how far from each target the nearest structure is.
    """
    require_seed("conditioned structure", seed)
    if not 0.0 < tolerance < 1.0 or steps < 1:
        raise InputError("conditioned structure", "tolerance, steps", f"{tolerance}, {steps}", "between 0 and 1; at least 1")
    _require_phases(structure, targets)
    _require_below_bounds(structure, targets)
    names, asked, periodic = list(structure.names), targets.asked, structure.sides == "periodic"
    base = None if like is None else fields_of_image(structure, like)
    noise = structure.noise(seed) * (1.0 if like is None else 1e-6)
    wanted = np.log(list(asked.values()))
    search = _Search(structure, base, _gradients(names, targets), wanted)
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
            noise = nearest_found.noise + _SHAKE * shaken.standard_normal(noise.shape)
            best, stride, response = None, 1.0, np.eye(len(asked))
        else:
            noise, promised = search.step(response, stride)
    assert nearest_found is not None
    image, measured, missing = nearest_found.image, nearest_found.measured, nearest_found.apart
    if missing > tolerance:
        far = [
            f"{name} {value:.4g} {_UNITS[name]} ({100 * (value / asked[name] - 1):+.2g} %)"
            for name, value in zip(asked, measured, strict=True)
        ]
        why = f"the targets are out of reach of this recipe: the nearest structure found has {', '.join(far)}"
        raise ConvergenceError("conditioned structure", why)
    settings = {
        "structure": structure.model_dump(mode="json"),
        "targets": targets.model_dump(mode="json"),
        "seed": seed,
        "like": None if like is None else like.digest,
        "tolerance": tolerance,
    }
    source = predicted("scalith.design.conditioned_structure", settings=settings)
    image = VoxelImage(image.labels, image.voxel_size, image.phases, source)
    table = comparison(targets, dict(zip(asked, measured, strict=True)))
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
        share = min(1.0, _STRIDE / max(float(np.sqrt(np.mean(by_noise**2))), 1e-300))
        return self.noise + share * by_noise, share * change


def _gradients(names: list[str], targets: StructureTargets) -> list[Callable[[Floats], ShareGradient]]:
    found: list[Callable[[Floats], ShareGradient]] = []
    for name in targets.asked:
        if name in _CONDUCTION:
            bulk = targets.ionic if name == _CONDUCTION[0] else targets.electronic
            found.append(Conduction(names, bulk, targets.axis, 1e-4).gradient)
        elif name == "interface_area":
            pair = [names.index(one) for one in targets.between]
            found.append(partial(area_gradient, one=pair[0], other=pair[1]))
        else:
            pair = [names.index(one) for one in targets.line[:2]]
            found.append(partial(line_gradient, one=pair[0], other=pair[1]))
    return found


def _require_phases(structure: LatentStructure, targets: StructureTargets) -> None:
    asked = targets.asked
    named = [*(targets.between if "interface_area" in asked else ()), *(targets.line if "triple_phase_length" in asked else ())]
    for name in (*named, *targets.ionic, *targets.electronic):
        if name not in structure.names:
            raise InputError("structure targets", "phase", name, nearest(name, list(structure.names)))


def _require_below_bounds(structure: LatentStructure, targets: StructureTargets) -> None:
    for name, bulk in zip(_CONDUCTION, (targets.ionic, targets.electronic), strict=True):
        wanted = targets.asked.get(name)
        bound = sum(structure.fractions[phase] * value for phase, value in bulk.items())
        if wanted is not None and wanted > bound:
            expected = f"at most {bound:.4g} S/m, straight columns of what conducts"
            raise InputError("structure targets", name, f"{wanted:.4g} S/m", expected)
