"""What a structure is asked for: conductivities, areas, lines, stiffness; each measured on an image, and with its derivative."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from scalith.design.share_gradients import Conduction, ShareGradient, Stiffness, area_gradient, line_gradient
from scalith.electrode import (
    IsotropicElasticity,
    VoxelImage,
    interface_areas,
    mirror,
    solve_conduction,
    triple_phase_length,
)
from scalith.electrode.mechanics.elasticity import elastic_body, solve_equilibrium
from scalith.quantities import SI, ConvergenceError, InputError, Result, Spec, labelled, nearest

Floats = NDArray[np.float64]
CONDUCTION = ("effective_ionic_conductivity", "effective_electronic_conductivity")
UNITS = {
    CONDUCTION[0]: "S m-1",
    CONDUCTION[1]: "S m-1",
    "interface_area": "m-1",
    "triple_phase_length": "m-2",
    "stiffness": "Pa",
}

Bulk = dict[str, Annotated[float, SI("S m-1"), Field(ge=0)]]


class StructureTargets(Spec):
    """What a structure is asked for; what is left out is free.

    Several of them together ask for a property along several axes, or of several pairs of phases.

    Attributes
    ----------
    effective_ionic_conductivity, effective_electronic_conductivity : float, optional
        Along `axis`, S m-1.
    interface_area : float, optional
        Between the two phases of `between`, per volume, m-1.
    triple_phase_length : float, optional
        Of the lines where the phases of `line` meet, per volume, m-2.
    stiffness : float, optional
        Stress over strain along `axis` without strain across it, C₁₁ where the axis is x, Pa.
    ionic, electronic : dict of str to float
        Bulk conductivity of each phase that conducts, S m-1.
    elasticity : dict of str to IsotropicElasticity
        Of every phase, modulus zero for pores.
    axis : {"x", "y", "z"}
    between, line : names of two and of three phases

    Raises
    ------
    InputError
        Nothing is asked for, a conductivity without a phase that conducts, a stiffness without elastic constants.
    """

    effective_ionic_conductivity: Annotated[float, SI("S m-1"), Field(gt=0)] | None = None
    effective_electronic_conductivity: Annotated[float, SI("S m-1"), Field(gt=0)] | None = None
    interface_area: Annotated[float, SI("m-1"), Field(gt=0)] | None = None
    triple_phase_length: Annotated[float, SI("m-2"), Field(gt=0)] | None = None
    stiffness: Annotated[float, SI("Pa"), Field(gt=0)] | None = None
    ionic: Bulk = Field(default_factory=dict)
    electronic: Bulk = Field(default_factory=dict)
    elasticity: dict[str, IsotropicElasticity] = Field(default_factory=dict)
    axis: Literal["x", "y", "z"] = "x"
    between: tuple[str, str] = ("active", "pore")
    line: tuple[str, str, str] = ("active", "pore", "carbon")

    @model_validator(mode="after")
    def _asked(self) -> Self:
        if not self.asked:
            raise InputError("structure targets", ", ".join(UNITS), "none", "at least one")
        for name, bulk in zip(CONDUCTION, (self.ionic, self.electronic), strict=True):
            if name in self.asked and not any(value > 0.0 for value in bulk.values()):
                field = "ionic" if bulk is self.ionic else "electronic"
                raise InputError("structure targets", field, bulk, f"the phases that conduct, for {name}")
        if self.stiffness is not None and not any(one.youngs_modulus > 0.0 for one in self.elasticity.values()):
            raise InputError("structure targets", "elasticity", sorted(self.elasticity), "phases that resist, for stiffness")
        return self

    @property
    def asked(self) -> dict[str, float]:
        """What is asked for, by name."""
        stated = {name: getattr(self, name) for name in UNITS}
        return {name: value for name, value in stated.items() if value is not None}


Targets = StructureTargets | Sequence[StructureTargets]


class Request(NamedTuple):
    """One number that is asked for: its name among all of them, its kind (a key of `UNITS`), what belongs to it, the value."""

    name: str
    kind: str
    targets: StructureTargets
    value: float


def requests(targets: Targets) -> list[Request]:
    """Every number that is asked for; a kind that is asked for more than once carries its axis or its phases in the name.

    Raises
    ------
    InputError
        Nothing is asked for, or the same number twice.
    """
    several = [targets] if isinstance(targets, StructureTargets) else list(targets)
    if not several:
        raise InputError("structure targets", "targets", "an empty list", "at least one StructureTargets")
    found = [Request(kind, kind, one, value) for one in several for kind, value in one.asked.items()]
    kinds = [one.kind for one in found]
    named = [one._replace(name=f"{one.kind} {_of(one)}") if kinds.count(one.kind) > 1 else one for one in found]
    for one in named:
        if [other.name for other in named].count(one.name) > 1:
            raise InputError("structure targets", one.name, "asked for twice", "each number once")
    return named


def target_settings(targets: Targets) -> object:
    """The targets as a source states them."""
    if isinstance(targets, StructureTargets):
        return targets.model_dump(mode="json")
    return [one.model_dump(mode="json") for one in targets]


def _of(request: Request) -> str:
    if request.kind == "interface_area":
        return " and ".join(sorted(request.targets.between))
    return ", ".join(sorted(request.targets.line)) if request.kind == "triple_phase_length" else f"along {request.targets.axis}"


def measure_structure(image: VoxelImage, targets: Targets, *, periodic: bool = True) -> dict[str, float]:
    """What is asked for, measured on an image.

    By `solve_conduction`, `interface_areas`, `triple_phase_length` and `axial_stiffness`, which takes the image as periodic or
    with mirrors around it.
    """
    asked = requests(targets)
    areas = interface_areas(image, periodic=periodic) if any(one.kind == "interface_area" for one in asked) else None
    found: dict[str, float] = {}
    for name, kind, of, _ in asked:
        if kind in CONDUCTION:
            bulk = of.ionic if kind == CONDUCTION[0] else of.electronic
            found[name] = float(solve_conduction(image, bulk, axis=of.axis, tolerance=1e-5)["conductivity"])
        elif areas is not None and kind == "interface_area":
            found[name] = float(areas.sel(phase=of.between[0], neighbour=of.between[1]))
        elif kind == "triple_phase_length":
            found[name] = float(triple_phase_length(image, of.line)["length"])
        else:
            found[name] = axial_stiffness(image if periodic else mirror(image), of.elasticity, of.axis)
    return found


def axial_stiffness(image: VoxelImage, elasticity: Mapping[str, IsotropicElasticity], axis: str) -> float:
    """Diagonal entry of `scalith.electrode.effective_stiffness` of one axis, by its load alone, Pa."""
    body, load = elastic_body(image, elasticity), np.eye(6)["xyz".index(axis)]
    found = solve_equilibrium(body, load, np.zeros((len(body.stiffness), 6)), False, 1e-4)
    return float(found.mean_stress @ load)


def comparison(targets: Targets | None, measured: Mapping[str, float]) -> Result:
    """What was asked for beside what was measured, by ``quantity``: ``requested``, ``measured``, ``deviation``."""
    asked = [] if targets is None else requests(targets)
    requested, found = np.array([one.value for one in asked]), np.array([measured[one.name] for one in asked])
    return Result(
        {
            "requested": labelled("quantity", requested, "requested", "SI"),
            "measured": labelled("quantity", found, "measured on the image", "SI"),
            "deviation": labelled("quantity", found / requested - 1.0, "measured over requested less 1", "1"),
        },
        coords={"quantity": [one.name for one in asked], "unit": ("quantity", [UNITS[one.kind] for one in asked])},
    )


def require_met(where: str, what: str, targets: Targets, measured: Floats, tolerance: float) -> None:
    """What was measured is what was asked for, within a relative tolerance.

    Raises
    ------
    ConvergenceError
        How far from each target the structure is, the nearest that a recipe or a model (`what`) gave.
    """
    asked = requests(targets)
    apart = measured / np.array([one.value for one in asked]) - 1.0
    if np.max(np.abs(apart)) > tolerance:
        far = [
            f"{one.name} {value:.4g} {UNITS[one.kind]} ({100 * off:+.2g} %)"
            for one, value, off in zip(asked, measured, apart, strict=True)
        ]
        why = f"the targets are out of reach of this {what}: the nearest structure found has {', '.join(far)}"
        raise ConvergenceError(where, why)


def target_gradients(
    names: Sequence[str], targets: Targets, *, sides: str = "periodic"
) -> list[Callable[[Floats], ShareGradient]]:
    """For each number that is asked for, from the shares of the phases `names` to its logarithm and derivative."""
    found: list[Callable[[Floats], ShareGradient]] = []
    for _, kind, of, _ in requests(targets):
        if kind in CONDUCTION:
            bulk = of.ionic if kind == CONDUCTION[0] else of.electronic
            found.append(Conduction(list(names), bulk, of.axis, 1e-4).gradient)
        elif kind == "interface_area":
            pair = [names.index(one) for one in of.between]
            found.append(partial(area_gradient, one=pair[0], other=pair[1]))
        elif kind == "triple_phase_length":
            pair = [names.index(one) for one in of.line[:2]]
            found.append(partial(line_gradient, one=pair[0], other=pair[1]))
        else:
            found.append(Stiffness(list(names), of.elasticity, of.axis, sides=sides).gradient)
    return found


def require_known_phases(targets: Targets, names: Sequence[str]) -> None:
    """Every phase that a target names is one of the structure's.

    Raises
    ------
    InputError
    """
    for _, kind, of, _ in requests(targets):
        named = {"interface_area": of.between, "triple_phase_length": of.line, "stiffness": tuple(of.elasticity)}.get(kind, ())
        for name in (*named, *of.ionic, *of.electronic):
            if name not in names:
                raise InputError("structure targets", "phase", name, nearest(name, list(names)))
        lacking = sorted(set(names) - set(of.elasticity))
        if kind == "stiffness" and lacking:
            raise InputError("structure targets", "elasticity", "none", f"constants of {', '.join(lacking)} (modulus 0: a pore)")


def require_below_bounds(targets: Targets, fractions: Mapping[str, float]) -> None:
    """No more is asked for than straight columns of all phases side by side have (the bounds of Wiener and of Voigt).

    Raises
    ------
    InputError
    """
    for name, kind, of, wanted in requests(targets):
        if kind in CONDUCTION:
            bulk = of.ionic if kind == CONDUCTION[0] else of.electronic
            bound, what = sum(fractions[phase] * value for phase, value in bulk.items()), "straight columns of what conducts"
            unit = "S/m"
        elif kind == "stiffness":
            bound = sum(fractions[phase] * float(one.stiffness[0, 0]) for phase, one in of.elasticity.items())
            unit, what = "Pa", "all phases under one strain"
        else:
            continue
        if wanted > bound:
            raise InputError("structure targets", name, f"{wanted:.4g} {unit}", f"at most {bound:.4g} {unit}, {what}")
