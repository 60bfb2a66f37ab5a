"""Cracks in voxels: phase-field fracture of phases and of their interfaces, under expansion, loads and cycles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Literal, NamedTuple, Self, cast

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from scalith.electrode.image.image import VoxelImage, takes_image
from scalith.electrode.mechanics.damage import damage_energy, minimise_damage
from scalith.electrode.mechanics.elasticity import (
    COMPONENTS,
    Deformation,
    ElasticBody,
    IsotropicElasticity,
    elastic_body,
    phase_eigenstrains,
    solve_equilibrium,
)
from scalith.electrode.requirements import DEBONDED, require_tolerance
from scalith.quantities import (
    SI,
    ConvergenceError,
    InputError,
    Result,
    Spec,
    dataset_digest,
    digest,
    labelled,
    nearest,
    predicted,
)
from scalith.quantities.specification import Length

Floats = NDArray[np.float64]
_WHERE = "simulate_fracture"
_RESIDUAL = 1e-6
"""Share of the stiffness that a broken voxel keeps."""
_CHANGE = 5e-3
"""Largest change of the damage at which displacement and damage agree."""
_CRACKED = 0.7
"""Damage of a voxel that a crack passes: at half a voxel's distance and a length of 1.5 to 2 voxels."""


class InterfaceToughness(Spec):
    """Fracture energy of the interface between two phases.

    Attributes
    ----------
    phases : two names
    fracture_energy : J m-2
    """

    phases: tuple[str, str]
    fracture_energy: Annotated[float, SI("J m-2"), Field(gt=0)]


class FractureModel(Spec):
    r"""Phases that crack.

    Attributes
    ----------
    elasticity : dict of str to IsotropicElasticity
        Of every phase; modulus zero for a pore.
    fracture_energy : dict of str to float
        G_c by phase, J m-2. Phases left out are not driven to crack.
    interfaces : tuple of InterfaceToughness
        Voxels within `length` of such an interface take its fracture energy.
    length : m
        ℓ, over which a crack is smeared out: at least 1.5 voxels. It sets the strength of a body without flaws, √(3EG_c/8ℓ) (AT1)
        or 9/16 √(EG_c/3ℓ) (AT2).
    law : {"AT1", "AT2"}
        Energy of the damage: elastic up to the strength, or softening from the start.
    fatigue_threshold : J m-3, optional
        α_T: with it cycles wear G_c down.
    """

    elasticity: Annotated[dict[str, IsotropicElasticity], Field(min_length=1)]
    fracture_energy: Annotated[dict[str, Annotated[float, SI("J m-2"), Field(gt=0)]], Field(min_length=1)]
    interfaces: tuple[InterfaceToughness, ...] = ()
    length: Length
    law: Literal["AT1", "AT2"] = "AT1"
    fatigue_threshold: Annotated[float, SI("J m-3"), Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        named = [*self.fracture_energy, *(name for item in self.interfaces for name in item.phases)]
        for name in named:
            if name not in self.elasticity:
                raise InputError("fracture", "phase", name, nearest(name, list(self.elasticity)))
            if self.elasticity[name].youngs_modulus == 0.0:
                raise InputError("fracture", "phase", f"{name}, a pore", "a phase that resists")
        return self


class _Problem(NamedTuple):
    body: ElasticBody
    model: FractureModel
    edge: float
    driven: NDArray[np.bool_]
    free: bool
    tolerance: float


class _State(NamedTuple):
    deformation: Deformation | None
    damage: Floats
    tensile: Floats
    fatigue: Floats
    iterations: int
    energy: float


@takes_image
def simulate_fracture(
    image: VoxelImage,
    model: FractureModel,
    eigenstrain: Mapping[str, float | Sequence[float]],
    *,
    loads: Sequence[float] = (1.0,),
    cycles: Sequence[float] = (),
    mean_strain: ArrayLike | None = None,
    expansion: Floats | None = None,
    outside: Literal["free", "clamped"] = "free",
    tolerance: float = 1e-3,
    progress: Callable[[float, str], None] | None = None,
) -> Result:
    r"""Cracks that open while phases expand or shrink, or while the whole is strained, and that grow over cycles.

    Displacement u and damage d (0 intact, 1 broken) make

    .. math::

        ∫ \left((1-d)^2 + k\right) ψ(ε - ε^*) + \frac{G_c}{c_w}\left(\frac{w(d)}{ℓ} + ℓ\,|∇d|^2\right) dV

    least in turn, with w = d, c_w = 8/3 (AT1) or w = d², c_w = 2 (AT2); d never falls. Only tension drives d: of ψ its part ψ⁺ of
    positive principal strains (hybrid formulation: C. Miehe et al., DOI 10.1002/nme.2861; M. Ambati et al., DOI
    10.1007/s00466-014-1109-y). Faces of a crack do not touch again. Under cycles to the last load G_c falls by
    f = (2α_T/(ᾱ + α_T))² once ᾱ, the sum of (1−d)²ψ⁺ over the cycles, is above the threshold α_T (P. Carrara et al., DOI
    10.1016/j.cma.2019.112731).

    Parameters
    ----------
    image : VoxelImage
        Taken as periodic.
    model : FractureModel
    eigenstrain : mapping of str to float or sequence of 6
        ε* by phase, as in `stress_from_eigenstrain`; empty for none.
    loads : sequence of float
        Factors on ε* and on the mean strain, one step each.
    cycles : sequence of float
        Numbers of cycles to the last load, rising, one more step each.
    mean_strain : array of 6, optional
        In Voigt's order; then the outside is clamped to it.
    expansion : array of the image's shape, optional
        Factor on ε* of each voxel.
    outside : {"free", "clamped"}
    tolerance : float
        Of the equilibrium, relative.
    progress : callable, optional

    Returns
    -------
    Result
        Over ``step`` (with its ``load`` and ``cycle``): ``damage`` (step, x, y, z), ``mean_stress`` and ``mean_strain`` (step,
        component), ``elastic_energy`` and ``crack_energy`` per volume (J m-3), ``crack_area`` per volume (m-1), ``iterations``.

    Raises
    ------
    InputError
        A phase without constants, a length below 1.5 voxels, loads or cycles out of order, cycles without a threshold.
    ConvergenceError
        Displacement and damage do not agree, or the equilibrium is not met.
    """
    when, strained = _steps(model, loads, cycles, mean_strain, outside, tolerance)
    if model.length < 1.5 * image.voxel_size * (1.0 - 1e-9):
        found = f"{model.length:.3g} m, {model.length / image.voxel_size:.3g} voxels"
        raise InputError(_WHERE, "length", found, f"at least 1.5 voxels, {1.5 * image.voxel_size:.3g} m")
    body = elastic_body(image, model.elasticity, expansion)
    strains = phase_eigenstrains(image, eigenstrain, _WHERE)
    driven, toughness = _toughness(image, model)
    mean = np.zeros(6) if strained is None else strained
    problem = _Problem(body, model, image.voxel_size, driven, outside == "free" and strained is None, tolerance)
    nought = np.zeros(image.shape)
    state = _State(None, nought, nought, nought, 0, 0.0)
    steps: list[tuple[_State, float, float]] = []
    done = 0.0
    for number, (load, cycle) in enumerate(when):
        if progress is not None:
            progress(number / len(when), f"load {load:.3g}, cycle {cycle:.3g}")
        worn = state.fatigue + (cycle - done) * (1.0 - state.damage) ** 2 * state.tensile
        done = cycle
        left = toughness * _fatigue(worn, model.fatigue_threshold)
        state = _balance(problem, load * mean, load * strains, left, state._replace(fatigue=worn))
        steps.append((state, *damage_energy(state.damage, left, model.law, model.length, image.voxel_size)))
    settings = {
        "eigenstrain": {name: np.asarray(value).tolist() for name, value in eigenstrain.items()},
        "steps": when,
        "outside": outside if strained is None else strained.tolist(),
        "expansion": "" if expansion is None else digest(body.expansion),
        "tolerance": tolerance,
    }
    return _labelled(image, model, when, steps, settings)


def cracked_image(
    image: VoxelImage,
    fracture: xr.Dataset,
    *,
    active: str = "active",
    electrolyte: str = "electrolyte",
    step: int = -1,
    threshold: float = _CRACKED,
) -> VoxelImage:
    """The image with its cracks, as `subvolume_properties` looks at it.

    Electrolyte that a crack parts from active material within two voxels becomes ``debonded``: it conducts ions, and nothing
    reacts there. Other voxels that cracks pass become ``crack``, which conducts nothing, but for active material that near to
    electrolyte: particles keep their volume. A crack is at least one voxel wide here, whatever its opening.

    Parameters
    ----------
    image : VoxelImage
    fracture : xarray.Dataset
        From `simulate_fracture` of that image.
    active, electrolyte : str
        Names of the two phases.
    step : int
        Which step; the last.
    threshold : float
        Damage of a voxel that a crack passes.

    Raises
    ------
    InputError
        The damage is not of this image, a name is no phase, the image has a phase ``crack`` or ``debonded``, there is no such
        step, a threshold that is not between 0 and 1.
    """
    field = fracture["damage"].values
    if field.shape[1:] != image.shape:
        raise InputError("cracked_image", "fracture", f"shape {field.shape[1:]}", f"that of the image, {image.shape}")
    if not -len(field) <= step < len(field):
        raise InputError("cracked_image", "step", step, f"0 to {len(field) - 1}, or −1 for the last")
    if not 0.0 < threshold < 1.0:
        raise InputError("cracked_image", "threshold", threshold, "a damage above 0 and below 1")
    for name in ("crack", DEBONDED):
        if name in image.phases:
            raise InputError("cracked_image", "image", f"a phase {name!r}", "an image without one")
    particles, around = image.mask(active), image.mask(electrolyte)
    marked, labels = field[step] > threshold, np.array(image.labels)
    debonded = marked & around & _beside(particles)
    crack = marked & ~debonded & ~(particles & _beside(around))
    free = [number for number in range(256) if number not in image.phases.values()][:2]
    phases = dict(image.phases)
    for name, mask, label in (("crack", crack, free[0]), (DEBONDED, debonded, free[1])):
        labels[mask] = label
        phases |= {name: label}
    settings = {"step": step, "active": active, "electrolyte": electrolyte, "threshold": threshold}
    source = predicted("scalith.electrode.cracked_image", image.digest, dataset_digest(fracture), settings=settings)
    return VoxelImage(labels, image.voxel_size, phases, source, image.periodic)


def _beside(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Voxels that a crack along the surface of the mask may smear over: two, with their corners; periodic."""
    from scipy import ndimage

    return np.asarray(ndimage.maximum_filter(mask, 5, mode="wrap"))


def _steps(
    model: FractureModel,
    loads: Sequence[float],
    cycles: Sequence[float],
    mean_strain: ArrayLike | None,
    outside: str,
    tolerance: float,
) -> tuple[list[tuple[float, float]], Floats | None]:
    """Load and cycle of each step, and the mean strain."""
    require_tolerance(_WHERE, tolerance)
    if outside not in ("free", "clamped"):
        raise InputError(_WHERE, "outside", outside, "free or clamped")
    factors, numbers = np.asarray(loads, dtype=np.float64), np.asarray(cycles, dtype=np.float64)
    if factors.ndim != 1 or factors.size == 0 or not np.all(np.isfinite(factors)):
        raise InputError(_WHERE, "loads", loads, "one or more factors on the expansion")
    if numbers.ndim != 1 or np.any(np.diff(numbers, prepend=0.0) <= 0.0) or not np.all(np.isfinite(numbers)):
        raise InputError(_WHERE, "cycles", cycles, "numbers that rise from above zero")
    if numbers.size and model.fatigue_threshold is None:
        raise InputError(_WHERE, "fatigue_threshold", "nothing", "the energy density from which cycles wear the material down")
    strained = None if mean_strain is None else np.asarray(mean_strain, dtype=np.float64)
    if strained is not None and (strained.shape != (6,) or not np.all(np.isfinite(strained))):
        raise InputError(_WHERE, "mean_strain", mean_strain, "six components in Voigt's order")
    last = float(factors[-1])
    return [(float(load), 0.0) for load in factors] + [(last, float(cycle)) for cycle in numbers], strained


def _toughness(image: VoxelImage, model: FractureModel) -> tuple[NDArray[np.bool_], Floats]:
    """Which voxels tension drives to crack, and the fracture energy of each; zero in pores."""
    from scipy import ndimage

    most = max(*model.fracture_energy.values(), *(item.fracture_energy for item in model.interfaces), 0.0)
    driven, toughness = np.zeros(image.shape, bool), np.zeros(image.shape)
    for name in image.phases:
        if name in model.elasticity and model.elasticity[name].youngs_modulus > 0.0:
            inside = image.mask(name)
            toughness[inside] = model.fracture_energy.get(name, most)
            driven[inside] = name in model.fracture_energy
    reach = model.length / image.voxel_size + 0.5  # from the centres of the other phase's voxels
    margin = int(np.ceil(reach))
    for item in model.interfaces:
        masks = [image.mask(name) for name in item.phases]
        for one, other in (masks, masks[::-1]):
            if not np.any(other):
                continue
            wide = np.pad(other, margin, mode="wrap")
            distance = ndimage.distance_transform_edt(~wide)[(slice(margin, -margin),) * 3]
            near = one & (distance <= reach)
            toughness[near] = item.fracture_energy
            driven |= near
    return driven, toughness


def _fatigue(worn: Floats, threshold: float | None) -> Floats:
    """f(ᾱ) on the fracture energy."""
    if threshold is None:
        return np.ones_like(worn)
    return np.asarray(np.where(worn > threshold, (2.0 * threshold / (worn + threshold)) ** 2, 1.0))


def _balance(problem: _Problem, mean: Floats, strains: Floats, toughness: Floats, before: _State, most: int = 300) -> _State:
    """Displacement and damage in turn, until the damage stays; it does not fall in between, so that it does."""
    from scalith.electrode.mechanics.elasticity_kernels import strain_energies

    body, model = problem.body, problem.model
    moduli = np.stack([body.stiffness[:, 0, 1], body.stiffness[:, 3, 3]], axis=1)
    damage, deformation = before.damage, before.deformation
    tensile, whole = np.empty(damage.shape), np.empty(damage.shape)
    change = np.inf
    for iteration in range(1, most + 1):
        softened = body._replace(intact=(1.0 - damage) ** 2 + _RESIDUAL)
        deformation = solve_equilibrium(softened, mean, strains, problem.free, problem.tolerance, deformation)
        u, strain = deformation.displacement, deformation.mean_strain
        strain_energies(u, strain, body.row, moduli, strains, body.expansion, tensile, whole)
        drive = np.where(problem.driven, tensile, 0.0)
        new = minimise_damage(drive, toughness, damage, model.law, model.length, problem.edge)
        change, damage = float(np.abs(new - damage).max()), new
        if change < _CHANGE:
            stored = float(np.mean(((1.0 - damage) ** 2 + _RESIDUAL) * whole))
            return _State(deformation, damage, drive, before.fatigue, iteration, stored)
    raise ConvergenceError("fracture", f"the damage still changes by {change:.2g} after {most} iterations; take smaller loads")


def _labelled(
    image: VoxelImage,
    model: FractureModel,
    when: list[tuple[float, float]],
    found: list[tuple[_State, float, float]],
    settings: Mapping[str, object],
) -> Result:
    states = [state for state, _, _ in found]
    bent = [cast(Deformation, state.deformation) for state in states]  # each step has one
    fields = ("step", "x", "y", "z")
    over = ("step", "component")
    source = predicted(f"scalith.electrode.{_WHERE}", image.digest, model.digest, settings=settings)
    return Result(
        {
            "damage": labelled(fields, np.array([state.damage for state in states], np.float32), "damage", "1"),
            "mean_stress": labelled(over, [one.mean_stress for one in bent], "mean stress", "Pa"),
            "mean_strain": labelled(over, [one.mean_strain for one in bent], "mean strain, shear counted twice", "1"),
            "elastic_energy": labelled("step", [state.energy for state in states], "elastic energy per volume", "J m-3"),
            "crack_energy": labelled("step", [energy for _, energy, _ in found], "energy of the cracks per volume", "J m-3"),
            "crack_area": labelled("step", [area for _, _, area in found], "area of the cracks per volume", "m-1"),
            "iterations": labelled("step", [state.iterations for state in states], "iterations", "1"),
        },
        {
            "component": list(COMPONENTS),
            "load": labelled("step", [load for load, _ in when], "factor on the expansion", "1"),
            "cycle": labelled("step", [cycle for _, cycle in when], "cycles", "1"),
        },
        {"source": source.to_json(), "voxel_size": image.voxel_size},
    )
