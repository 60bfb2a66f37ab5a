"""Structures from a model that was trained on a tomogram: noise, denoised on two scales, and moved towards what is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalith.design.density import DesignedStructure
from scalith.design.joined_pieces import MARGIN, join_pieces, largest_share
from scalith.design.patch_network import (
    Periodic,
    Singles,
    layer_shapes,
    repeat_voxels,
    scores_of_phases,
)
from scalith.design.share_gradients import ShareGradient
from scalith.design.targets import (
    CONDUCTION,
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
from scalith.electrode import VoxelImage, interface_areas, solve_conduction, triple_phase_length
from scalith.electrode.requirements import require_seed
from scalith.quantities import ConvergenceError, InputError, Source, digest, labelled, nearest, predicted
from scalith.quantities.atomic_write import whole_file
from scalith.quantities.errors import one_line

Floats = NDArray[np.float64]
LABELS = ("conductivity x", "conductivity y", "conductivity z", "area", "line", "conducting fraction", "third fraction")
"""Physics labels: logarithms of conductivities over the bulk's, of area and line in voxels; volume fractions."""
SCALE = 4
"""Voxels along the edge of a voxel of the coarse image."""
_EDGE = 2 * SCALE
_OF_LABELS = ("label_mean", "label_spread", "tomogram_labels")
_GUIDED = 0.7
"""Time from which on denoised structures are moved towards the targets: before it they are blurred."""
_STRIDE = 0.3
"""Largest change of ln of a number in one step."""
_LEAD = 3.0
"""By how much the score of a phase leads in half of the voxels, where derivatives are taken."""
_PUSH = 1.0
"""Largest root mean square of what one step adds to the scores."""


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A model of the structures of one tomogram, as `scalith.design.train_model` makes it.

    Attributes
    ----------
    weights : mapping of str to array
        See `scalith.design.patch_network.layer_shapes`.
    phases : tuple of str
    fractions : (phases,)
        Volume fractions of the tomogram.
    voxel_size : float
        m.
    scaling : (2, 2, phases)
        Mean and standard deviation of the share of each phase in voxels, and in cubes of four.
    label_mean, label_spread, tomogram_labels : (labels,)
        Scaling of the physics labels, and those of the tomogram in the mean.
    conducting : str
    between, line : names of two and of three phases
        What the labels are of.
    source : Source
    """

    weights: Mapping[str, Singles]
    phases: tuple[str, ...]
    fractions: Floats
    voxel_size: float
    scaling: Floats
    label_mean: Floats
    label_spread: Floats
    tomogram_labels: Floats
    conducting: str
    between: tuple[str, str]
    line: tuple[str, str, str]
    source: Source

    def __post_init__(self) -> None:
        kinds, labels = len(self.phases), len(LABELS)
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys(_OF_LABELS, (labels,))
        shapes |= {"fractions": (kinds,), "scaling": (2, 2, kinds)}
        found = {name: np.shape(getattr(self, name)) for name in shapes}
        for name, shape in layer_shapes(kinds, number_features(np.zeros(labels), 0.0, 1, True).size).items():
            shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
        found |= {name: np.shape(value) for name, value in self.weights.items()}
        for name in sorted(shapes.keys() | found.keys()):
            if shapes.get(name) != found.get(name):
                raise InputError("trained model", name, found.get(name, "nothing"), f"an array of shape {shapes.get(name)}")
        arrays = dict(self.weights) | {name: getattr(self, name) for name in ("fractions", "scaling", *_OF_LABELS)}
        for name, one in arrays.items():
            if not np.all(np.isfinite(one)):
                raise InputError("trained model", name, "not finite", "finite numbers")
        sizes = {"voxel_size": self.voxel_size, "scaling": self.scaling[:, 1].min(), "label_spread": self.label_spread.min()}
        for name, smallest in (sizes | {"fractions": self.fractions.min()}).items():
            if not 0.0 < smallest < np.inf:
                raise InputError("trained model", name, smallest, "positive numbers")
        for name, count in {"conducting": 1, "between": 2, "line": 3}.items():
            named = [self.conducting] if count == 1 else list(getattr(self, name))
            if len(set(named)) != count or not set(named) <= set(self.phases):
                raise InputError("trained model", name, named, f"{count} of {', '.join(self.phases)}")
        if len(set(self.line) - set(self.between)) != 1:
            raise InputError("trained model", "line", list(self.line), f"{' and '.join(self.between)}, and one more")

    @cached_property
    def digest(self) -> str:
        """Content digest of weights, scaling and source."""
        arrays = [self.fractions, self.scaling, self.label_mean, self.label_spread, self.tomogram_labels]
        named = {name: digest(value) for name, value in sorted(self.weights.items())}
        return digest("TrainedModel", self.phases, self.voxel_size, *arrays, named, self.source.model_dump(mode="json"))

    def scores(self, field: Singles, around: Singles, time: float, level: int, labels: Floats) -> Singles:
        """Scores of the phases in each voxel of a noisy structure that repeats."""
        scaled = (labels - self.label_mean) / self.label_spread
        numbers = number_features(scaled, time, level, True).astype(np.float32)
        return np.asarray(scores_of_phases(self.weights, np.concatenate([field, around]), numbers, Periodic()))


def number_features(labels: Floats, time: float, level: int, tomogram: bool) -> Floats:
    """What the network is told beside the fields: time, scale, whether the structure is the tomogram's, scaled labels."""
    return np.array([time, time**2, np.sqrt(1.0 - time), float(level != 1), float(tomogram), *labels])


def physics_labels(image: VoxelImage, conducting: str, between: tuple[str, str], line: tuple[str, str, str]) -> Floats:
    """The labels of a structure, see `LABELS`; what does not conduct counts as a ten-thousandth."""
    along = [float(solve_conduction(image, {conducting: 1.0}, axis=axis, tolerance=1e-3)["conductivity"]) for axis in "xyz"]
    area = float(interface_areas(image).sel(phase=between[0], neighbour=between[1])) * image.voxel_size
    length = float(triple_phase_length(image, line)["length"]) * image.voxel_size**2
    third = next(name for name in line if name not in between)
    logs = np.log(np.maximum([*along, area, length], 1e-4))
    return np.array([*logs, image.volume_fractions[conducting], image.volume_fractions[third]])


def write_trained_model(model: TrainedModel, path: str | Path) -> None:
    """Write a model to an ``.npz`` archive of arrays, without pickled objects."""
    about = {name: getattr(model, name) for name in ("phases", "voxel_size", "conducting", "between", "line")}
    about["source"] = model.source.model_dump(mode="json")
    arrays = {name: getattr(model, name) for name in ("fractions", "scaling", "label_mean", "label_spread", "tomogram_labels")}
    with whole_file(path) as temporary, open(temporary, "wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, about=np.array(json.dumps(about)), **arrays, **model.weights)


def read_trained_model(path: str | Path) -> TrainedModel:
    """Read a model that `write_trained_model` wrote; the package brings ``shipped("trained/taufactor_electrode.npz")``.

    Raises
    ------
    InputError
        No such file, no archive of a model, an array that is missing or has another shape, numbers that are not finite.
    """
    where = str(path)
    try:
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as archive:
            arrays = {name: np.array(archive[name]) for name in archive.files}
        about = json.loads(str(arrays.pop("about")))
        stated = {name: arrays.pop(name).astype(float) for name in ("fractions", "scaling", "label_mean", "label_spread")}
        stated["tomogram_labels"] = arrays.pop("tomogram_labels").astype(float)
        names = {name: tuple(map(str, about[name])) for name in ("phases", "between", "line")}
        source = Source.model_validate(about["source"])
        edge, conducting = float(about["voxel_size"]), str(about["conducting"])
        weights = {name: one.astype(np.float32) for name, one in arrays.items()}
    except FileNotFoundError:
        raise InputError(where, "", "no such file", "an .npz archive of write_trained_model") from None
    except Exception as error:  # a damaged archive raises whatever its reader stumbles over
        raise InputError(where, "", f"no trained model ({one_line(error)})", "an .npz archive of write_trained_model") from None
    whole: dict[str, Any] = stated | names
    try:
        return TrainedModel(weights=weights, voxel_size=edge, conducting=conducting, source=source, **whole)
    except InputError as error:
        raise InputError(where, error.field, error.found, error.expected) from None


def trained_structure(
    model: TrainedModel,
    shape: tuple[int, int, int],
    *,
    seed: int,
    targets: Targets | None = None,
    joined: Mapping[str, float] | None = None,
    tolerance: float = 0.03,
    fractions: Mapping[str, float] | None = None,
    steps: int = 24,
    corrections: int = 20,
    progress: Callable[[float, str], None] | None = None,
) -> DesignedStructure:
    r"""Periodic structure of any size as the tomogram of a model has them, with the properties that are asked for.

    First the coarse image, in cubes of four voxels, then the voxels themselves, each from noise z₀ along the flow that the model
    has learned (`scalith.design.train_model`),

    .. math:: \frac{dz}{dt} = \frac{E[z_1 | z_t] - z_t}{1 - t}.

    The network is applied to the whole structure at once, which is to all of its overlapping patches, so that there are no seams.
    Near the end (t ≥ 0.7) the denoiser alternates with adjoint steps: the least change of the scores of the phases that makes
    up for what the labelled image lacks to the targets (as in `conditioned_structure`; a loss in the loop of the denoiser is
    the idea of K.-H. Lee and F. Ahmed, arXiv:2508.20138), then adjoint steps alone, until all are met. Volumes are exact to one
    voxel. Where a phase is to be `joined`, its pieces are joined after each of these steps where the scores lack least to it
    (`scalith.design.joined_pieces.join_pieces`): patches do not show what hangs together over the whole.

    Parameters
    ----------
    model : TrainedModel
    shape : tuple of int
        Voxels along x, y, z, multiples of 8.
    seed : int
    targets : StructureTargets or sequence of them, optional
        Nothing is asked for without them: the structure is what the model makes.
    joined : mapping of str to float, optional
        Share of a phase's volume, by its name, that the largest of its pieces shall hold at least, to within 0.01; pieces hang
        together through faces of voxels within the structure.
    tolerance : float
        Largest deviation of a property, relative.
    fractions : mapping of str to float, optional
        Volume fractions of all phases; the tomogram's when not given.
    steps : int
        Of each of the two flows.
    corrections : int
        Adjoint steps at the end, at most.
    progress : callable, optional

    Returns
    -------
    DesignedStructure
        Its table by ``quantity`` (empty without targets): ``requested``, ``measured``, ``deviation``; ``steps`` of adjoints;
        ``largest_piece`` (phase): share of the phase that its largest piece holds.

    Raises
    ------
    InputError
        A shape that is no multiple of 8 or less than 16, fractions that do not sum to 1, an unknown phase, a target above the
        bounds of `conditioned_structure`, a share that is not between 0 and 1.
    ConvergenceError
        Out of reach: how far from each target the nearest structure is, or what its largest pieces hold.
    """
    require_seed("trained structure", seed)
    shares = _checked(model, shape, fractions, steps, corrections, tolerance)
    given = dict(zip(model.phases, shares.tolist(), strict=True))
    if targets is not None:
        require_known_phases(targets, model.phases)
        require_below_bounds(targets, given)
    pieces = _checked_pieces(model, joined)
    numbers = np.random.default_rng(seed)
    labels = _labels(model, targets, given)
    guide = None if targets is None and not pieces else _Guide(model, targets, shares, pieces)
    told = progress if progress is not None else lambda _, __: None
    small = tuple(size // SCALE for size in shape)
    nothing = np.zeros((len(shares), *small), np.float32)
    scores = _flow(model, nothing, SCALE, labels, shares, numbers, steps, None, lambda n: told(0.1 * n / steps, "coarse image"))
    around = repeat_voxels(_soft(scores, shares).astype(np.float32), SCALE)
    scores = _flow(model, around, 1, labels, shares, numbers, steps, guide, lambda n: told(0.1 + 0.6 * n / steps, "voxels"))
    taken = 0
    settings = {
        "shape": [int(size) for size in shape],
        "seed": seed,
        "targets": None if targets is None else target_settings(targets),
        "joined": dict(joined or {}),
        "tolerance": tolerance,
        "fractions": given,
        "steps": steps,
        "corrections": corrections,
    }
    source = predicted("scalith.design.trained_structure", model.digest, settings=settings)
    if guide is not None:
        scores, taken = guide.finish(scores, tolerance, corrections, lambda n: told(0.7 + 0.3 * n / corrections, "adjoint steps"))
    image = VoxelImage(label_voxels(scores, shares), model.voxel_size, _numbered(model.phases), source, periodic=True)
    measured = {} if guide is None else dict(zip(guide.names, guide.best.tolist(), strict=True))
    table = comparison(targets, measured)
    table["steps"] = labelled((), taken, "adjoint steps at the end", "1")
    held = [largest_share(image.mask(phase)) for phase in model.phases]
    table = table.assign_coords(phase=list(model.phases))
    table["largest_piece"] = labelled("phase", held, "share of the phase in its largest piece", "1")
    return DesignedStructure(image, table.assign_attrs(source=source.to_json()))


def label_voxels(scores: Any, fractions: Floats) -> NDArray[np.uint8]:
    """The phase of each voxel: the rarer phases take where they lead by most, until each has its fraction to one voxel."""
    from scalith.electrode.generate.random_field import take_highest

    order = np.argsort(fractions)
    labels = np.full(scores.shape[1:], int(order[-1]), np.uint8)
    left = np.ones(scores.shape[1:], bool)
    for place, phase in enumerate(order[:-1]):
        others = np.max(scores[order[place + 1 :]], axis=0)
        lead = np.where(left, scores[phase] - others, -np.inf).astype(np.float32)
        take_highest(labels, int(phase), lead, float(fractions[phase]))
        left &= labels != phase
    return labels


class _Guide:
    """Adjoint steps of the scores towards targets, and pieces that are joined."""

    def __init__(self, model: TrainedModel, targets: Targets | None, fractions: Floats, pieces: Mapping[int, float]) -> None:
        self.model, self.targets, self.fractions, self.pieces = model, targets or [], fractions, pieces
        asked = requests(self.targets) if self.targets else []
        self.names = [one.name for one in asked]
        self.values = np.array([one.value for one in asked])
        self.gradients = target_gradients(model.phases, self.targets) if asked else []
        self.best = np.zeros(len(asked))

    def label(self, scores: Any) -> NDArray[np.uint8]:
        """The phase of each voxel."""
        return label_voxels(scores, self.fractions)

    def guided(self, scores: Any) -> Any:
        """One step towards the targets, and the pieces joined."""
        if self.names:
            scores = self.step(scores, self.missing(scores)[0])
        return join_pieces(scores, self.label, self.pieces)

    def unjoined(self, scores: Any) -> float:
        """Largest share that a largest piece lacks."""
        if not self.pieces:
            return 0.0
        labels = self.label(scores)
        return max(share - largest_share(labels == phase) for phase, share in self.pieces.items())

    def missing(self, scores: Any) -> tuple[Floats, Floats]:
        """ln of requested over measured, and what was measured on the labelled image."""
        if not self.names:
            return np.empty(0), np.empty(0)
        labels = self.label(scores)
        image = VoxelImage(labels, self.model.voxel_size, _numbered(self.model.phases))
        measured = np.array(list(measure_structure(image, self.targets).values()))
        return np.log(self.values / np.maximum(measured, 1e-3 * self.values)), measured

    def step(self, scores: Any, missing: Floats) -> Any:
        """Least change of the scores that the derivatives say makes up for what is missing, volumes held.

        The network is sure of nearly all voxels, and shares that are 0 or 1 have no derivative: scores are taken as so much less
        sharp that half of the voxels lead by `_LEAD` or less. What is labelled does not change by that.
        """
        in_order = np.sort(scores, axis=0)
        sharpness = max(1.0, float(np.median(in_order[-1] - in_order[-2])) / _LEAD)
        shares = _soft(scores / sharpness, self.fractions)
        found: list[ShareGradient] = [gradient(shares) for gradient in self.gradients]
        rows = [one.by_share for one in found]
        for phase, fraction in enumerate(self.fractions[:-1]):
            held = np.zeros(shares.shape)
            held[phase] = 1.0 / (fraction * shares[0].size)
            rows.append(held)
        jacobian = np.stack([(shares * (row - np.sum(shares * row, axis=0))).ravel() for row in rows])
        gram = jacobian @ jacobian.T
        size = np.sqrt(np.diagonal(gram))
        gram /= np.outer(size, size)
        wanted = np.append(np.clip(missing, -_STRIDE, _STRIDE), np.zeros(len(self.fractions) - 1))
        change = np.linalg.solve(gram + 1e-4 * np.eye(len(gram)), wanted / size) / size @ jacobian
        change *= min(1.0, _PUSH / max(float(np.sqrt(np.mean(change**2))), 1e-300))
        return scores + sharpness * change.reshape(shares.shape)

    def finish(self, scores: Any, tolerance: float, most: int, told: Callable[[int], None]) -> tuple[Any, int]:
        """Adjoint steps until every number is met, with the pieces joined."""
        closest, least, gain = scores, np.inf, np.ones(len(self.values))
        before: Floats | None = None
        for number in range(most + 1):
            scores = join_pieces(scores, self.label, self.pieces)
            missing, measured = self.missing(scores)
            apart = float(np.max(np.abs(measured / self.values - 1.0), initial=0.0))
            apart = max(apart / tolerance, self.unjoined(scores) / MARGIN)
            if apart < least:
                closest, least, self.best = scores, apart, measured
            told(number)
            if least <= 1.0:
                break
            if before is not None:  # what overshoots goes on with half the step, what lags with more
                gain = np.clip(np.where(missing * before < 0.0, 0.5 * gain, 1.25 * gain), 0.1, 4.0)
            before = missing
            if number < most:
                scores = self.step(scores, gain * missing)
        if self.names:
            require_met("trained structure", "model", self.targets, self.best, tolerance)
        lacking = self.unjoined(closest)
        if lacking > MARGIN:
            why = f"the largest piece of a phase lacks {100 * lacking:.2g} % of the phase to what was asked for"
            raise ConvergenceError("trained structure", why)
        return closest, number


def _flow(
    model: TrainedModel,
    around: Singles,
    level: int,
    labels: Floats,
    fractions: Floats,
    numbers: np.random.Generator,
    steps: int,
    guide: _Guide | None,
    told: Callable[[int], None],
) -> Any:
    """Scores of the phases at the end of the flow from noise, of one level."""
    middle, spread = (row.reshape(-1, 1, 1, 1) for row in model.scaling[0 if level == 1 else 1])
    field = numbers.standard_normal(around.shape, dtype=np.float32)
    scores: Any = np.zeros(around.shape)
    for n in range(steps):
        time = n / steps
        scores = model.scores(field, around, time, level, labels)
        if guide is not None and time >= _GUIDED:
            scores = guide.guided(scores)
        end = (_soft(scores, fractions) - middle) / spread
        field = (field + (end - field) / (steps - n)).astype(np.float32)
        told(n + 1)
    return scores


def _soft(scores: Any, fractions: Floats) -> Floats:
    """Shares of the phases, their logarithms the scores but for a constant of each phase that makes the volumes exact."""
    scores = np.asarray(scores, float)
    offsets = np.zeros(len(fractions))
    for _ in range(25):
        moved = scores + offsets.reshape(-1, 1, 1, 1)
        shares = np.exp(moved - moved.max(axis=0))
        shares /= shares.sum(axis=0)
        apart = fractions - shares.mean(axis=(1, 2, 3))
        if np.max(np.abs(apart)) < 1e-6:
            break
        slope = np.mean(shares * (1.0 - shares), axis=(1, 2, 3))
        offsets += np.clip(0.8 * apart / np.maximum(slope, 1e-6), -2.0, 2.0)
    return np.asarray(shares)


def _labels(model: TrainedModel, targets: Targets | None, fractions: Mapping[str, float]) -> Floats:
    """The tomogram's labels, with what is asked for in their place."""
    found = np.array(model.tomogram_labels)
    third = next(name for name in model.line if name not in model.between)
    found[-2:] = fractions[model.conducting], fractions[third]
    for _, kind, of, value in [] if targets is None else requests(targets):
        bulk = {CONDUCTION[0]: of.ionic, CONDUCTION[1]: of.electronic}.get(kind, {})
        if {phase for phase, one in bulk.items() if one > 0.0} == {model.conducting}:  # whichever carrier it conducts
            found["xyz".index(of.axis)] = np.log(value / bulk[model.conducting])
        elif kind == "interface_area" and set(of.between) == set(model.between):
            found[3] = np.log(value * model.voxel_size)
        elif kind == "triple_phase_length" and set(of.line) == set(model.line):
            found[4] = np.log(value * model.voxel_size**2)
    return found


def _numbered(phases: tuple[str, ...]) -> dict[str, int]:
    return {name: number for number, name in enumerate(phases)}


def _checked_pieces(model: TrainedModel, joined: Mapping[str, float] | None) -> dict[int, float]:
    """Shares of the largest pieces by the number of the phase."""
    for phase, share in (joined or {}).items():
        if phase not in model.phases:
            raise InputError("trained structure", "joined", phase, nearest(phase, list(model.phases)))
        if not 0.0 < share <= 1.0:
            raise InputError("trained structure", f"joined of {phase}", share, "a share above 0, at most 1")
    return {model.phases.index(phase): float(share) for phase, share in (joined or {}).items()}


def _checked(
    model: TrainedModel,
    shape: tuple[int, int, int],
    fractions: Mapping[str, float] | None,
    steps: int,
    corrections: int,
    tolerance: float,
) -> Floats:
    """Volume fractions in the order of the phases."""
    if len(shape) != 3 or any(size % _EDGE or size < 2 * _EDGE for size in shape):
        raise InputError("trained structure", "shape", tuple(shape), f"three multiples of {_EDGE}, at least {2 * _EDGE}")
    if steps < 2 or corrections < 1 or not 0.0 < tolerance < 1.0:
        found = f"{steps}, {corrections}, {tolerance}"
        raise InputError("trained structure", "steps, corrections, tolerance", found, "at least 2; at least 1; between 0 and 1")
    if fractions is None:
        return np.asarray(model.fractions / model.fractions.sum())
    if set(fractions) != set(model.phases) or abs(sum(fractions.values()) - 1.0) > 1e-6 or min(fractions.values()) <= 0.0:
        raise InputError("trained structure", "fractions", dict(fractions), f"positive, of {', '.join(model.phases)}, together 1")
    return np.array([fractions[name] for name in model.phases])
