"""Training of a network over patches of a tomogram and of structures whose physics is labelled; PyTorch is needed here only."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalith.design.patch_network import layer_shapes, mean_of_cubes, repeat_voxels, scores_of_phases
from scalith.design.trained import LABELS, SCALE, TrainedModel, number_features, physics_labels
from scalith.electrode import VoxelImage, crop
from scalith.electrode.requirements import require_seed, rows_of_labels
from scalith.quantities import InputError, MissingDependencyError, predicted

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
PATCH, COARSE_PATCH = 32, 24
"""Edge of a patch in voxels, and in voxels of the coarse image."""
_BLOCK = 64
_BATCH = {1: 2, SCALE: 3}
_MARGIN = {1: 3, SCALE: 2}
"""What of a patch is not judged on each side: it does not see its neighbours."""
_BLUR = 0.08
"""Noise on what is known of the coarse image, so that the fine one forgives the errors of a coarse one that was made."""


@dataclass(frozen=True, eq=False)
class _Labelled:
    """Rows of the phases in voxels, the coarse image, physics labels of blocks (bx, by, bz, labels), is it the tomogram."""

    rows: NDArray[np.uint8]
    coarse: Singles
    labels: Floats
    tomogram: bool


def train_model(
    tomogram: VoxelImage,
    *,
    conducting: str,
    between: tuple[str, str],
    line: tuple[str, str, str],
    others: Sequence[VoxelImage] = (),
    seed: int,
    steps: int = 3000,
    learning_rate: float = 2e-3,
    progress: Callable[[float, str], None] | None = None,
    checkpoint: Callable[[TrainedModel], None] | None = None,
) -> TrainedModel:
    r"""Model of the structures of a tomogram, by flow matching (Y. Lipman et al., arXiv:2210.02747) on patches of 32³ voxels.

    Between noise ε and a patch of the shares s of its phases, z = (s − ⟨s⟩)/δs, lies the straight line z_t = (1 − t) ε + t z.
    The network sees z_t, t, the patch's means over cubes of four voxels (`SCALE`) and the physics labels of the block that the
    patch comes from, and learns the probability of each phase in each voxel by its cross-entropy, whose minimum is
    the mean E[s | z_t]: with it the velocity E[z − ε | z_t] is known. The same network learns the coarse image
    itself, from noise alone. In every fourth patch the structures of `others` stand in the place of the tomogram.

    Patches are mirrored along each axis at random, and never turned: the anisotropy of the tomogram is learned.

    Parameters
    ----------
    tomogram : VoxelImage
        At least 96 voxels along each axis.
    conducting : str
        Phase whose effective conductivity along each axis is a label.
    between, line : names of two and of three phases
        Whose area, and whose triple line, are labels.
    others : sequence of VoxelImage
        Structures of the same phases, of at least 96 voxels along each axis.
    seed : int
    steps : int
        Of Adam, each on a batch of patches.
    learning_rate : float
        After the first 50 steps; it falls to a fiftieth on a half cosine. The weights that are kept are means over the last few
        hundred steps.
    progress : callable, optional
    checkpoint : callable, optional
        Takes the model every 250 steps.

    Returns
    -------
    TrainedModel

    Raises
    ------
    InputError
        An image that is too small or has other phases, a phase that the tomogram lacks, a line without the two of the area.
    MissingDependencyError
        PyTorch is not installed.
    """
    try:
        import torch
    except ImportError:
        raise MissingDependencyError("torch", "train_model", "design") from None
    require_seed("train_model", seed)
    names = _same_phases(tomogram, others)
    data = [_labelled(image, conducting, between, line, tomogram=image is tomogram, names=names) for image in (tomogram, *others)]
    every = np.concatenate([one.labels.reshape(-1, len(LABELS)) for one in data])
    middle, spread = _middle_and_spread(every)
    scaling = np.stack([_scaling(data[0].rows, level, len(names)) for level in (1, SCALE)])
    numbers, _ = np.random.default_rng(seed), torch.manual_seed(seed)
    weights = _first_weights(layer_shapes(len(names), number_features(middle, 0.0, 1, False).size), torch)
    smooth = {name: one.detach().clone() for name, one in weights.items()}
    optimiser, of = torch.optim.Adam(list(weights.values()), betas=(0.9, 0.99)), _Batches(torch)
    parents = [image.digest for image in (tomogram, *others)]
    about: dict[str, Any] = {"conducting": conducting, "between": between, "line": line}

    def model(taken: int, loss: float) -> TrainedModel:
        settings = about | {"seed": seed, "steps": steps, "steps_taken": taken, "learning_rate": learning_rate, "loss": loss}
        arrays = {name: one.numpy().copy() for name, one in smooth.items()}
        source = predicted("scalith.design.train_model", *parents, settings=settings)
        return TrainedModel(arrays, tuple(names), **about, **_stated(tomogram, data[0], scaling, every), source=source)

    model(0, 0.0)  # what the model would refuse at the end is refused now
    running, begun = 0.0, time.process_time()
    for step in range(steps):
        falling = 0.51 + 0.49 * np.cos(np.pi * step / steps)
        optimiser.param_groups[0]["lr"] = learning_rate * min(1.0, (step + 1) / 50) * falling
        level = SCALE if step % 3 == 2 else 1
        field, given, wanted = _batch(data, level, scaling[0 if level == 1 else 1], (middle, spread), numbers)
        scores = scores_of_phases(weights, torch.from_numpy(field), torch.from_numpy(given), of)
        inner = (..., *[slice(_MARGIN[level], -_MARGIN[level])] * 3)
        loss = -(torch.log_softmax(scores, dim=1) * torch.from_numpy(wanted))[inner].sum(dim=1).mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(weights.values()), 1.0)
        optimiser.step()
        keep = min(0.995, (step + 1) / (step + 10))
        with torch.no_grad():
            for name, one in weights.items():
                smooth[name].lerp_(one, 1.0 - keep)
        running += (float(loss.detach()) - running) * max(0.01, 1.0 / (step + 1))
        if progress is not None and (step % 25 == 24 or step + 1 == steps):
            progress((step + 1) / steps, f"step {step + 1}: loss {running:.4f}, {time.process_time() - begun:.0f} s of CPU")
        if checkpoint is not None and step % 250 == 249:
            checkpoint(model(step + 1, running))
    return model(steps, running)


def _same_phases(tomogram: VoxelImage, others: Sequence[VoxelImage]) -> list[str]:
    """Names of the phases that all images have."""
    names = list(tomogram.phases)
    for image in (tomogram, *others):
        if list(image.phases) != names:
            raise InputError("train_model", "phases", list(image.phases), f"{names} in every image")
        if min(image.shape) < SCALE * COARSE_PATCH:
            raise InputError("train_model", "shape", image.shape, f"at least {SCALE * COARSE_PATCH} voxels along each axis")
    return names


def _middle_and_spread(labels: Floats) -> tuple[Floats, Floats]:
    return labels.mean(axis=0), np.maximum(labels.std(axis=0), 1e-3)


def _stated(tomogram: VoxelImage, of: _Labelled, scaling: Floats, labels: Floats) -> dict[str, Any]:
    """What a model holds beside its weights."""
    middle, spread = _middle_and_spread(labels)
    return {
        "fractions": np.array(list(tomogram.volume_fractions.values())),
        "voxel_size": tomogram.voxel_size,
        "scaling": scaling,
        "label_mean": middle,
        "label_spread": spread,
        "tomogram_labels": of.labels.reshape(-1, len(LABELS)).mean(axis=0),
    }


class _Batches:
    """The operations of the network in PyTorch, on a batch of patches whose borders are continued by their last voxels."""

    def __init__(self, torch: Any) -> None:
        self.torch, self.functional = torch, torch.nn.functional

    def convolve(self, field: Any, weight: Any, bias: Any) -> Any:
        if weight.shape[2] == 1:
            return self.functional.conv3d(field, weight, bias)
        return self.functional.conv3d(self.functional.pad(field, (1,) * 6, mode="replicate"), weight, bias)

    def modulate(self, field: Any, scale: Any, shift: Any) -> Any:
        return field * (1.0 + scale[:, :, None, None, None]) + shift[:, :, None, None, None]

    def activate(self, field: Any) -> Any:
        return self.functional.silu(field)

    def halve(self, field: Any) -> Any:
        return self.functional.avg_pool3d(field, 2)

    def double(self, field: Any) -> Any:
        return self.functional.interpolate(field, scale_factor=2, mode="nearest")

    def connect(self, numbers: Any, weight: Any, bias: Any) -> Any:
        return self.functional.linear(numbers, weight, bias)


def _first_weights(shapes: Mapping[str, tuple[int, ...]], torch: Any) -> dict[str, Any]:
    """Weights of variance 2 over the number of inputs; what modulates begins at zero."""
    found = {}
    for name, shape in shapes.items():
        weight = torch.randn(shape) * float(np.sqrt(2.0 / np.prod(shape[1:])))
        if name.endswith("_numbers") or name == "scores":
            weight = weight * 0.1
        found[f"{name}.weight"] = weight.requires_grad_()
        found[f"{name}.bias"] = torch.zeros(shape[0]).requires_grad_()
    return found


def _labelled(
    image: VoxelImage, conducting: str, between: tuple[str, str], line: tuple[str, str, str], *, tomogram: bool, names: list[str]
) -> _Labelled:
    """Labels of the whole blocks of an image."""
    counts = [size // _BLOCK for size in image.shape]
    labels = np.empty((*counts, len(LABELS)))
    for place in np.ndindex(*counts):
        x, y, z = ((_BLOCK * one, _BLOCK * (one + 1)) for one in place)
        labels[place] = physics_labels(crop(image, x=x, y=y, z=z), conducting, between, line)
    rows = rows_of_labels(image, names)[image.labels]
    nx, ny, nz = (size - size % SCALE for size in rows.shape)
    return _Labelled(rows, _shares(rows[:nx, :ny, :nz], len(names), SCALE), labels, tomogram)


def _shares(rows: NDArray[np.uint8], phases: int, edge: int) -> Singles:
    """Share of each phase in cubes of voxels (phases, …)."""
    whole = (rows[np.newaxis] == np.arange(phases, dtype=np.uint8).reshape(-1, 1, 1, 1)).astype(np.float32)
    return whole if edge == 1 else np.asarray(mean_of_cubes(whole, edge), np.float32)


def _scaling(rows: NDArray[np.uint8], level: int, phases: int) -> Floats:
    """Mean and standard deviation of the share of each phase, (2, phases)."""
    nx, ny, nz = (size - size % level for size in rows.shape)
    shares = _shares(rows[:nx, :ny, :nz], phases, level).reshape(phases, -1)
    return np.stack([shares.mean(axis=1), shares.std(axis=1)]).astype(float)


def _batch(
    data: Sequence[_Labelled], level: int, scaling: Floats, of_labels: tuple[Floats, Floats], numbers: np.random.Generator
) -> tuple[Singles, Singles, Singles]:
    """Fields that go in, numbers that go in, shares that are to come out."""
    phases = scaling.shape[1]
    edge = PATCH if level == 1 else COARSE_PATCH
    fields, given, wanted = [], [], []
    for _ in range(_BATCH[level]):
        one = data[0] if len(data) == 1 or numbers.random() < 0.75 else data[int(numbers.integers(1, len(data)))]
        within = one.rows.shape if level == 1 else one.coarse.shape[1:]
        corner = [int(numbers.integers(0, size - edge + 1)) for size in within]
        patch = tuple(slice(low, low + edge) for low in corner)
        mirrored = tuple(slice(None, None, -1 if numbers.random() < 0.5 else 1) for _ in range(3))
        if level == 1:
            shares = _shares(one.rows[patch][mirrored], phases, 1)
        else:
            shares = one.coarse[(slice(None), *patch)][(slice(None), *mirrored)]
        time_now = float(numbers.random())
        whitened = (shares - scaling[0].reshape(-1, 1, 1, 1)) / scaling[1].reshape(-1, 1, 1, 1)
        noisy = (1.0 - time_now) * numbers.standard_normal(shares.shape, dtype=np.float32) + time_now * whitened
        if level == 1:
            around = mean_of_cubes(shares, SCALE)
            around = around + _BLUR * numbers.random() * numbers.standard_normal(around.shape, dtype=np.float32)
            around = repeat_voxels(around, SCALE)
        else:
            around = np.zeros(shares.shape)
        middle = [
            min(level * (low + edge // 2) // _BLOCK, count - 1) for low, count in zip(corner, one.labels.shape, strict=False)
        ]
        label = one.labels[tuple(middle)]
        fields.append(np.concatenate([noisy, around]))
        given.append(number_features((label - of_labels[0]) / of_labels[1], time_now, level, one.tomogram))
        wanted.append(shares)
    return np.stack(fields).astype(np.float32), np.stack(given).astype(np.float32), np.stack(wanted).astype(np.float32)
