"""A small convolutional network over voxels: what trained structures ask which phase a noisy voxel most likely is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]
Weights = Mapping[str, Any]
"""Arrays by name: ``NAME.weight`` (out, in, 3, 3, 3) or (out, in), ``NAME.bias`` (out,)."""

FINE, COARSE, HIDDEN = 16, 32, 24
"""Channels on the voxels and on cubes of two of them; size of what the numbers are turned into."""
_BLOCKS = {"enter": FINE, "fine": FINE, "half": COARSE, "half_one": COARSE, "half_two": COARSE, "leave": FINE}


class Operations(Protocol):
    """What the network is made of: written once in NumPy, once in PyTorch for training."""

    def convolve(self, field: Any, weight: Any, bias: Any) -> Any:
        """Sums over the 27 neighbours, or over the voxel alone where the weight has no neighbours."""

    def modulate(self, field: Any, scale: Any, shift: Any) -> Any:
        """Channels times (1 + scale) plus shift."""

    def activate(self, field: Any) -> Any:
        """x/(1 + exp(−x))."""

    def halve(self, field: Any) -> Any:
        """Means over cubes of 2 × 2 × 2."""

    def double(self, field: Any) -> Any:
        """Each value eight times."""

    def connect(self, numbers: Any, weight: Any, bias: Any) -> Any:
        """Weight times numbers plus bias."""


def layer_shapes(phases: int, numbers: int) -> dict[str, tuple[int, ...]]:
    """Shape of each weight: two fields of `phases` channels go in, one goes out, beside `numbers` that hold for all voxels."""
    inside = {"enter": 2 * phases, "fine": FINE, "half": FINE, "half_one": COARSE, "half_two": COARSE, "leave": FINE}
    found: dict[str, tuple[int, ...]] = {"numbers": (HIDDEN, numbers)}
    for name, channels in _BLOCKS.items():
        found[name] = (channels, inside[name], 3, 3, 3)
        found[f"{name}_numbers"] = (2 * channels, HIDDEN)
    found["narrow"] = (FINE, COARSE, 1, 1, 1)
    found["scores"] = (phases, FINE, 3, 3, 3)
    return found


def scores_of_phases(weights: Weights, field: Any, numbers: Any, of: Operations) -> Any:
    """Score of each phase in each voxel: the logarithm of its probability, but for a constant.

    Two scales: voxels, and cubes of two of them. A voxel sees 11 of its neighbours in each direction.

    Parameters
    ----------
    weights : mapping
        As `layer_shapes` has them.
    field : (…, 2 × phases, nx, ny, nz)
        The noisy structure, and what is known of it on the coarser scale; even numbers of voxels.
    numbers : (…, n)
    of : Operations
    """

    def layer(name: str, values: Any, operation: Any) -> Any:
        return operation(values, weights[f"{name}.weight"], weights[f"{name}.bias"])

    hidden = of.activate(layer("numbers", numbers, of.connect))

    def block(name: str, values: Any) -> Any:
        modulation = layer(f"{name}_numbers", hidden, of.connect)
        channels = _BLOCKS[name]
        scale, shift = modulation[..., :channels], modulation[..., channels:]
        return of.activate(of.modulate(layer(name, values, of.convolve), scale, shift))

    fine = block("enter", field)
    fine = fine + block("fine", fine)
    half = block("half", of.halve(fine))
    half = half + block("half_one", half)
    half = half + block("half_two", half)
    fine = fine + of.double(layer("narrow", half, of.convolve))
    fine = fine + block("leave", fine)
    return layer("scores", fine, of.convolve)


class Periodic:
    """The operations in NumPy, on one structure (channels, nx, ny, nz) that repeats."""

    def convolve(self, field: Singles, weight: Singles, bias: Singles) -> Singles:
        """See `Operations`."""
        channels, nx, ny, nz = field.shape
        if weight.shape[2:] == (1, 1, 1):
            flat = weight[:, :, 0, 0, 0] @ field.reshape(channels, -1)
            return np.asarray((flat + bias[:, np.newaxis]).reshape(-1, nx, ny, nz))
        padded = np.pad(field, ((0, 0), (1, 1), (1, 1), (1, 1)), mode="wrap")
        matrix = np.ascontiguousarray(weight.reshape(len(weight), -1))
        found = np.empty((len(weight), nx, ny, nz), np.float32)
        gathered = np.empty((channels, 3, 3, 3, ny, nz), np.float32)
        for plane in range(nx):
            for i in range(3):
                for j in range(3):
                    for k in range(3):
                        gathered[:, i, j, k] = padded[:, plane + i, j : j + ny, k : k + nz]
            found[:, plane] = (matrix @ gathered.reshape(27 * channels, -1)).reshape(-1, ny, nz)
        found += bias.reshape(-1, 1, 1, 1)
        return found

    def modulate(self, field: Singles, scale: Singles, shift: Singles) -> Singles:
        """See `Operations`."""
        field *= 1.0 + scale.reshape(-1, 1, 1, 1)
        field += shift.reshape(-1, 1, 1, 1)
        return field

    def activate(self, field: Singles) -> Singles:
        """See `Operations`."""
        from scipy.special import expit

        return np.asarray(field * expit(field))

    def halve(self, field: Singles) -> Singles:
        """See `Operations`."""
        return np.asarray(mean_of_cubes(field, 2))

    def double(self, field: Singles) -> Singles:
        """See `Operations`."""
        return np.asarray(repeat_voxels(field, 2))

    def connect(self, numbers: Singles, weight: Singles, bias: Singles) -> Singles:
        """See `Operations`."""
        return np.asarray(weight @ numbers + bias)


def mean_of_cubes(field: Any, edge: int) -> Any:
    """Means over cubes of voxels of the last three axes, whose lengths are multiples of the edge."""
    *rest, nx, ny, nz = field.shape
    cubes = field.reshape(*rest, nx // edge, edge, ny // edge, edge, nz // edge, edge)
    return cubes.mean(axis=(-5, -3, -1))


def repeat_voxels(field: Any, edge: int) -> Any:
    """Each voxel of the last three axes as a cube of equal ones."""
    for axis in (-3, -2, -1):
        field = np.repeat(field, edge, axis=axis)
    return field
