"""Effective properties of an electrode in voxels, with errors from sub-volumes: what a cell model takes over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Annotated, Any, Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pydantic import Field, model_validator

from scalith.electrode.image.image import VoxelImage, takes_image
from scalith.electrode.image.reshaping import crop
from scalith.electrode.measure.boundaries import interface_areas
from scalith.electrode.measure.diffusion_radius import diffusion_radius
from scalith.electrode.measure.percolation import connected_to, pieces_of
from scalith.electrode.requirements import DEBONDED, axis_number, ionic_with_debonded, read_bulk, require_tolerance
from scalith.electrode.transport.conduction import progress_within, solve_conduction, tortuosity_factor
from scalith.numerics.parallel_map import parallel_map
from scalith.quantities import SI, InputError, Property, Result, Spec, dataset_digest, labelled, nearest, predicted
from scalith.quantities.plausible_ranges import Plausible

PROPERTIES: dict[str, tuple[str, str]] = {
    "effective_ionic_conductivity": ("effective ionic conductivity", "S m-1"),
    "ionic_transport_efficiency": ("effective over bulk conductivity of the electrolyte", "1"),
    "effective_electronic_conductivity": ("effective electronic conductivity", "S m-1"),
    "ionic_tortuosity_factor": ("tortuosity factor of the ions' paths", "1"),
    "electrolyte_volume_fraction": ("volume fraction of the electrolyte", "1"),
    "active_volume_fraction": ("volume fraction of the active material", "1"),
    "utilised_volume_fraction": ("volume fraction of active material that ions and electrons reach", "1"),
    "active_interface_area": ("area between active material and electrolyte that both reach, per volume", "m-1"),
    "active_particle_radius": ("radius over which lithium diffuses in the active material that both reach", "m"),
}
"""What `subvolume_properties` finds: title and unit."""


class ElectrodeStructure(Spec):
    """What the structure of an electrode says to a cell model.

    Attributes
    ----------
    ionic_transport_efficiency : float
        Effective over bulk conductivity of the electrolyte, both of the image: what the cell multiplies its own electrolyte with.
    electronic_conductivity : float
        Effective, S m-1.
    electrolyte_volume_fraction, active_volume_fraction : float
        Volume fractions of the electrolyte and of the active material that takes part.
    interface_area : float
        Between the two, where ions and electrons arrive, per volume of electrode, m-1.
    particle_radius : float
        Over which lithium diffuses in the particles, m (`diffusion_radius`); area covered by contacts, pores and binder does
        not make it longer.
    ionic_bound : float, optional
        Upper bound of the transport efficiency (Wiener): the volume fraction of the electrolyte, more where other
        phases conduct ions.

    Numbers may have an error (`scalith.quantities.Uncertain`).

    Raises
    ------
    InputError
        The transport efficiency is above its bound.
    """

    ionic_transport_efficiency: Annotated[float, SI("1"), Field(gt=0)]
    electronic_conductivity: Annotated[float, SI("S m-1"), Field(gt=0)]
    electrolyte_volume_fraction: Annotated[float, SI("1"), Field(gt=0, le=1)]
    active_volume_fraction: Annotated[float, SI("1"), Field(gt=0, le=1)]
    interface_area: Annotated[float, SI("m-1"), Field(gt=0)]
    particle_radius: Annotated[float, SI("m"), Field(gt=0), Plausible("particle radius")]
    ionic_bound: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _below_the_bound(self) -> Self:
        bound = self.electrolyte_volume_fraction if self.ionic_bound is None else self.ionic_bound
        require_below_bound("electrode structure", self.ionic_transport_efficiency, bound)
        return self


def require_below_bound(where: str, efficiency: float, bound: float) -> None:
    """Ions cannot do better than straight columns of all that conducts them (Wiener's upper bound).

    Raises
    ------
    InputError
        They do: a conductivity of one electrolyte was divided by that of another.
    """
    if efficiency > bound * (1.0 + 1e-6):
        expected = f"at most {bound:.4g}, straight columns of what conducts: both conductivities of one electrolyte"
        raise InputError(where, "ionic_transport_efficiency", f"{efficiency:.4g}", expected)


def ionic_bound(ionic: Mapping[str, float], electrolyte: str, fraction: float) -> float:
    """Wiener's upper bound of the transport efficiency: a fraction of electrolyte, the rest what conducts best beside it."""
    beside = max((value for name, value in ionic.items() if name != electrolyte), default=0.0)
    return fraction + (1.0 - fraction) * beside / ionic[electrolyte]


@takes_image
def subvolume_properties(
    image: VoxelImage,
    *,
    ionic: Mapping[str, float | str] | None = None,
    electronic: Mapping[str, float | str] | None = None,
    active: str = "active",
    electrolyte: str = "electrolyte",
    nanoporous: Mapping[str, float] | None = None,
    axis: str = "x",
    parts: int | Sequence[int] = (1, 2),
    tolerance: float = 1e-5,
    radius: bool = True,
    executor: Executor | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Result:
    """Effective properties of the whole image and of its equal parts, along every axis 1, 2, … of them.

    The separator lies at the lower end of `axis`, the current collector at the upper. Ions come from the separator through phases
    with an ionic conductivity, electrons from the collector through those with an electronic one. Active material takes part
    where electrons reach it and its connected piece touches electrolyte that ions reach; the active area is that between the
    two, by Crofton's formula (`interface_areas`). Without electronic conductivities all active material counts as reached,
    without ionic ones all electrolyte; what needs them is then left out. A phase ``debonded`` (`cracked_image`) is electrolyte
    that no longer touches: it conducts, and nothing reacts there.

    Parameters
    ----------
    image : VoxelImage
    ionic, electronic : mapping of str to float or text
        Bulk conductivities by phase, S m-1; phases left out do not conduct. One of the two may be missing: a separator has no
        electronic phase.
    active, electrolyte : str
        Names of the two phases between which the reaction is; a separator has no active one.
    nanoporous : mapping of str to float, optional
        Share of electrolyte within phases whose pores are finer than a voxel, such as carbon and binder: they need an ionic
        conductivity of their own. Their electrolyte counts as such, and of the surface between them and the active material that
        share reacts (Delesse: shares of planes are those of the volume).
    axis : {"x", "y", "z"}
    parts : int or sequence of int
        Numbers of parts along each axis; the image itself (1) comes first. 2 is (1, 2).
    tolerance : float
        Of the conduction.
    radius : bool
        Measure the particles' radius too.
    executor : concurrent.futures.Executor, optional
        Computes the parts side by side.
    progress : callable, optional

    Returns
    -------
    Result
        The variables of `PROPERTIES` (part), with the coordinates ``parts_per_axis`` and ``edge`` (cube root of the part's
        volume, m). Conductivities are 0 and the tortuosity factor is infinite where nothing connects.

    Raises
    ------
    InputError
        A phase is unknown, nothing conducts, the parts are smaller than 8 voxels.
    ConvergenceError
        The conduction does not reach its tolerance.
    """
    known = [read_bulk("subvolume_properties", image, stated or {}) for stated in (ionic, electronic)]
    known[0] = ionic_with_debonded(image, known[0], electrolyte)
    roles = {"active": active} if known[1] or active in image.phases else {}
    roles |= {"electrolyte": electrolyte} if known[0] or electrolyte in image.phases else {}
    for role, phase in roles.items():
        if phase not in image.phases:
            raise InputError("subvolume_properties", role, phase, f"one of {', '.join(image.phases)}")
    if not any(known):
        raise InputError("subvolume_properties", "ionic, electronic", "neither", "conductivities of at least one carrier")
    axis_number("subvolume_properties", axis)
    require_tolerance("subvolume_properties", tolerance)
    if known[0] and not known[0].get(electrolyte, 0.0) > 0.0:
        expected = "that of the electrolyte, which the others are measured by"
        raise InputError("subvolume_properties", "ionic", f"no conductivity of {electrolyte}", expected)
    within = _nanoporous(image, nanoporous or {}, known[0], active, electrolyte)
    counts = [1, parts] if isinstance(parts, int) and parts > 1 else [parts] if isinstance(parts, int) else list(parts)
    if not counts or counts[0] != 1 or min(counts) < 1:
        raise InputError("subvolume_properties", "parts", counts, "numbers of parts along each axis, the first of them 1")
    if max(counts) > 1 and min(image.shape) // max(counts) < 8:
        expected = f"at most {min(image.shape) // 8}: parts of at least 8 voxels"
        raise InputError("subvolume_properties", "parts", max(counts), expected)
    tasks: list[tuple[int, VoxelImage]] = []
    for count in counts:
        cuts = [np.linspace(0, size, count + 1).astype(int) for size in image.shape]
        for i, j, k in np.ndindex(count, count, count):
            x, y, z = ((int(cut[n]), int(cut[n + 1])) for cut, n in zip(cuts, (i, j, k), strict=True))
            tasks.append((count, image if count == 1 else crop(image, x=x, y=y, z=z)))
    how = (known[0], known[1], active, electrolyte, within, axis, tolerance, radius)
    found: list[dict[str, float]] = []

    def inside(part: int) -> Callable[[float, str], None] | None:
        return progress_within(progress, part, len(tasks), f"part {part + 1} of {len(tasks)}")

    images = [part for _, part in tasks]
    if executor is None:
        found = [_properties_of(one, how, inside(part)) for part, one in enumerate(images)]
    else:
        for part, values in enumerate(parallel_map(_properties_of, images, [how] * len(images), executor=executor)):
            found.append(values)
            if progress is not None:
                progress((part + 1) / len(tasks), f"part {part + 1} of {len(tasks)}")
    edges = [float(np.prod(part.shape)) ** (1.0 / 3.0) * image.voxel_size for _, part in tasks]
    data = Result(
        {
            name: labelled("part", [values[name] for values in found], title, unit)
            for name, (title, unit) in PROPERTIES.items()
            if name in found[0]
        },
        coords={
            "parts_per_axis": labelled("part", [count for count, _ in tasks], "parts along each axis", "1"),
            "edge": labelled("part", edges, "cube root of the volume", "m"),
        },
    )
    settings: dict[str, Any] = {
        "ionic": known[0],
        "electronic": known[1],
        "active": active,
        "electrolyte": electrolyte,
    }
    settings |= {"axis": axis, "parts": counts, "tolerance": tolerance} | ({"nanoporous": within} if within else {})
    source = predicted("scalith.electrode.subvolume_properties", image.digest, settings=settings)
    return data.assign_attrs(source=source.to_json())


def effective_property(subvolumes: xr.Dataset, name: str) -> Property:
    """A property of the whole image with its standard error, out of `subvolume_properties`.

    Far beyond the correlation length the variance of a mean falls with the volume (C. Lantuéjoul, J. Microsc. 161 (1991) 387,
    doi:10.1111/j.1365-2818.1991.tb03099.x), so that the scatter of N parts gives the error of the whole: s/√N. The largest
    parts are taken.

    Parameters
    ----------
    subvolumes : xarray.Dataset
    name : str
        One of `PROPERTIES`.

    Returns
    -------
    Property
        Constant; without an error when the image was not divided.

    Raises
    ------
    InputError
        The dataset does not hold the property or the whole image, or nothing connects and the value is infinite.
    """
    if name not in subvolumes:
        raise InputError("effective_property", "name", name, f"one of {', '.join(str(key) for key in subvolumes.data_vars)}")
    counts = subvolumes["parts_per_axis"].values
    if not np.any(counts == 1):
        raise InputError("effective_property", "parts_per_axis", sorted(set(counts.tolist())), "the whole image, 1, among them")
    values = subvolumes[name].values
    whole = float(values[counts == 1][0])
    if not np.isfinite(whole):
        raise InputError("effective_property", name, whole, "phases that connect the two electrodes")
    error = None
    if np.any(counts > 1):
        scattered = values[counts == counts[counts > 1].min()]
        scattered = scattered[np.isfinite(scattered)]
        error = float(scattered.std(ddof=1) / np.sqrt(scattered.size)) if scattered.size > 1 else None
    source = predicted("scalith.electrode.effective_property", dataset_digest(subvolumes))
    return Property.constant(name, whole, str(subvolumes[name].attrs["units"]), source, error)


@takes_image
def effective_properties(
    image: VoxelImage,
    *,
    ionic: Mapping[str, float | str] | None = None,
    electronic: Mapping[str, float | str] | None = None,
    **how: Any,
) -> dict[str, Property]:
    """All of `PROPERTIES` with their errors; arguments as in `subvolume_properties`."""
    subvolumes = subvolume_properties(image, ionic=ionic, electronic=electronic, **how)
    finite = [name for name in PROPERTIES if name in subvolumes and np.isfinite(subvolumes[name].values[0])]
    return {name: effective_property(subvolumes, name) for name in finite}


def _nanoporous(
    image: VoxelImage, stated: Mapping[str, float], ionic: Mapping[str, float], active: str, electrolyte: str
) -> dict[str, float]:
    """Shares of electrolyte within phases, checked."""
    where, found = "subvolume_properties", {}
    for name, share in stated.items():
        if name not in image.phases:
            raise InputError(where, "nanoporous", name, nearest(name, list(image.phases)))
        if name in (active, electrolyte):
            raise InputError(where, "nanoporous", name, f"a phase beside {active} and {electrolyte}")
        if not 0.0 < share < 1.0:
            raise InputError(where, f"nanoporous: {name}", share, "the share of electrolyte in it, between 0 and 1")
        if not ionic.get(name, 0.0) > 0.0:
            raise InputError(where, "ionic", f"no conductivity of {name}", "that of a nanoporous phase with its electrolyte")
        found[name] = float(share)
    return found


def active_parts(
    image: VoxelImage,
    ionic: Mapping[str, float],
    electronic: Mapping[str, float],
    active: str,
    electrolyte: str,
    axis: str,
    nanoporous: Mapping[str, float] | None = None,
) -> tuple[NDArray[np.bool_], float]:
    """Active material that ions and electrons reach, and its area to electrolyte that ions reach, m-1.

    Of the area to a phase of `nanoporous` its share of electrolyte counts.
    """
    electrons = connected_to(image, electronic, axis, -1) if electronic else np.ones(image.shape, bool)
    ions = connected_to(image, ionic, axis, 0) if ionic else np.ones(image.shape, bool)
    particles = image.mask(active) & electrons
    shares = {electrolyte: 1.0} | {name: share for name, share in (nanoporous or {}).items() if name in image.phases}
    masks = {name: image.mask(name) & ions for name in shares}
    wet = np.logical_or.reduce(list(masks.values()))
    pieces, count, _ = pieces_of(particles)
    touched = np.zeros(count + 1, bool)
    for number in range(3):
        one, other = np.moveaxis(pieces, number, 0), np.moveaxis(wet, number, 0)
        for solid, liquid in ((one[:-1], other[1:]), (one[1:], other[:-1])):
            touched[solid[liquid & (solid > 0)]] = True
    used = touched[pieces] & (pieces > 0)
    areas = interface_areas(image, active={active: used} | masks)
    return used, sum(share * float(areas.sel(phase=active, neighbour=name)) for name, share in shares.items())


def _properties_of(
    image: VoxelImage,
    how: tuple[dict[str, float], dict[str, float], str, str, dict[str, float], str, float, bool],
    progress: Callable[[float, str], None] | None = None,
) -> dict[str, float]:
    ionic, electronic, active, electrolyte, nanoporous, axis, tolerance, radius = how
    found: dict[str, float] = {}
    fractions = image.volume_fractions
    for number, (carrier, conducting) in enumerate((("ions", ionic), ("electrons", electronic))):
        if not conducting:
            continue
        inside = progress_within(progress, number, 2, carrier)
        run = solve_conduction(image, conducting, axis=axis, tolerance=tolerance, progress=inside)
        effective = float(run["conductivity"])
        if carrier == "ions":
            found["effective_ionic_conductivity"] = effective
            found["ionic_transport_efficiency"] = effective / ionic[electrolyte]
            factor = tortuosity_factor(image, ionic, np.full(3, effective))
            found["ionic_tortuosity_factor"] = float(factor["xyz".index(axis)])
        else:
            found["effective_electronic_conductivity"] = effective
    for role, name in (("electrolyte", electrolyte), ("active", active)):
        if name in fractions:
            found[f"{role}_volume_fraction"] = fractions[name]
    if electrolyte in fractions:
        found["electrolyte_volume_fraction"] += fractions.get(DEBONDED, 0.0)
        found["electrolyte_volume_fraction"] += sum(share * fractions.get(name, 0.0) for name, share in nanoporous.items())
    if active in fractions and electrolyte in fractions:
        used, area = active_parts(image, ionic, electronic, active, electrolyte, axis, nanoporous)
        found |= {"utilised_volume_fraction": float(used.mean()), "active_interface_area": area}
        if radius:
            measurable = used.any() and not used.all()
            length = diffusion_radius(image, active, active={active: used}) if measurable else float("nan")
            found["active_particle_radius"] = length
    return found
