"""Labelled voxels: the image that everything in this package works on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from scalith.quantities import InputError, Source, digest, nearest, parse_quantity

Parameters = ParamSpec("Parameters")
Found = TypeVar("Found")
_IN_PYTHON = Source(kind="assumed", reference="voxels given in Python")


@dataclass(frozen=True, eq=False)
class VoxelImage:
    """Cubic voxels, each with the label of its phase.

    Parameters
    ----------
    labels : numpy.ndarray
        uint8, axes (x, y, z); kept as contiguous memory that cannot be written. A picture (x, y) stands for what does not change
        along z, and is kept as two equal planes.
    voxel_size : float or str
        Edge of a voxel, m, or text such as ``"0.4 um"``.
    phases : mapping of str to int
        Label of each phase by name.
    source : Source, optional
        Where the image comes from.
    periodic : bool
        Whether it is known to go on at its other side along each axis, as generated images do; a tomogram does not.

    Raises
    ------
    InputError
        The labels are no whole numbers on three axes of at least two voxels each, a label has no phase, two phases share a
        label, the edge is not positive.
    """

    labels: NDArray[np.uint8]
    voxel_size: float
    phases: Mapping[str, int]
    source: Source = _IN_PYTHON
    periodic: bool = False

    def __post_init__(self) -> None:
        labels = np.asarray(self.labels)
        if labels.ndim == 2 and labels.size:
            labels = np.repeat(labels[:, :, np.newaxis], 2, axis=2)
        if labels.dtype.kind not in "uib":
            raise InputError(
                "voxel image", "labels", f"{labels.dtype} values", "whole numbers that label phases: segment the image first"
            )
        if labels.ndim != 3 or min(labels.shape) < 2:
            raise InputError("voxel image", "labels", labels.shape, "three axes (x, y, z) of at least two voxels each")
        edge: Any = self.voxel_size
        if isinstance(edge, str):
            object.__setattr__(self, "voxel_size", parse_quantity(edge, "m", where="voxel image", field="voxel_size"))
        if not (np.isfinite(self.voxel_size) and self.voxel_size > 0.0):
            raise InputError("voxel image", "voxel_size", self.voxel_size, "a positive length in m")
        known = require_phases("voxel image", self.phases)
        if len(set(known.values())) < len(known):
            raise InputError("voxel image", "phases", known, "a label of its own for each phase")
        if labels.dtype != np.uint8:
            if int(labels.min()) < 0 or int(labels.max()) > 255:
                raise InputError("voxel image", "labels", f"{labels.min()} to {labels.max()}", "labels from 0 to 255")
            labels = labels.astype(np.uint8)
        counts = np.bincount(labels.ravel(), minlength=256)
        unknown = [int(label) for label in np.flatnonzero(counts) if label not in known.values()]
        if unknown:
            found = f"label {unknown[0]} in {100.0 * counts[unknown[0]] / labels.size:.2g} % of the voxels"
            raise InputError(
                "voxel image", "labels", found, "only " + ", ".join(f"{name} = {label}" for name, label in known.items())
            )
        kept = np.ascontiguousarray(labels).view()
        kept.flags.writeable = False
        object.__setattr__(self, "labels", kept)
        object.__setattr__(self, "phases", known)
        object.__setattr__(self, "voxel_size", float(self.voxel_size))

    def __repr__(self) -> str:
        shares = ", ".join(f"{name} {share:.1%}" for name, share in self.volume_fractions.items())
        return f"VoxelImage({' × '.join(map(str, self.shape))} voxels of {self.voxel_size:.3g} m: {shares})"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along x, y, z."""
        nx, ny, nz = self.labels.shape
        return nx, ny, nz

    def label(self, name: str) -> int:
        """Label of a phase.

        Raises
        ------
        InputError
            There is no such phase; the nearest name is given.
        """
        if name not in self.phases:
            raise InputError("voxel image", "phase", name, nearest(name, self.phases))
        return self.phases[name]

    def mask(self, name: str) -> NDArray[np.bool_]:
        """Where a phase is."""
        return np.asarray(self.labels == self.label(name))

    @cached_property
    def volume_fractions(self) -> dict[str, float]:
        """Volume fraction of each phase by name."""
        counts = np.bincount(self.labels.ravel(), minlength=256)
        return {name: float(counts[label]) / self.labels.size for name, label in self.phases.items()}

    @cached_property
    def digest(self) -> str:
        """Content digest of voxels, size, names, source and whether it is periodic."""
        source = self.source.model_dump(mode="json")
        return digest("VoxelImage", self.labels, self.voxel_size, dict(self.phases), source, self.periodic)


def require_phases(where: str, stated: Any) -> dict[str, int]:
    """Labels of phases by name, whole numbers from 0 to 255; 1.0 is 1.

    Raises
    ------
    InputError
    """
    known: dict[str, int] = {}
    for name, label in stated.items() if isinstance(stated, Mapping) else ():
        whole = isinstance(label, (int, float, np.integer, np.floating)) and not isinstance(label, bool)
        if not whole or label != int(label) or not 0 <= label <= 255:
            raise InputError(where, f"label of {name}", label, "a whole number from 0 to 255")
        known[str(name)] = int(label)
    if not known:
        raise InputError(where, "phases", stated, "a name and a label from 0 to 255 for each phase")
    return known


def takes_image(function: Callable[Parameters, Found]) -> Callable[Parameters, Found]:
    """Decorator of a function whose first argument is a `VoxelImage`: anything else gets one sentence."""

    @wraps(function)
    def checked(*values: Parameters.args, **named: Parameters.kwargs) -> Found:
        image: Any = values[0] if values else named.get("image")
        if not isinstance(image, VoxelImage):
            shape = f" of shape {image.shape}" if isinstance(image, np.ndarray) else ""
            expected = 'a VoxelImage, which names its phases: VoxelImage(labels, "1 um", {"pore": 0, "solid": 1})'
            raise InputError(function.__name__, "image", f"a {type(image).__name__}{shape}", expected)
        return function(*values, **named)

    return checked
