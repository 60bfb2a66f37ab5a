"""Structures that conduct best: latent fields climb the gradient of effective conductivities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from scalith.design.density import DesignedStructure, LatentStructure, designed_image, fields_of_image, project, pull_back
from scalith.design.share_gradients import Conduction
from scalith.design.soft_spheres import LatentParticles
from scalith.electrode import VoxelImage, solve_conduction
from scalith.electrode.requirements import require_seed
from scalith.quantities import InputError, Result, labelled, nearest, predicted

Floats = NDArray[np.float64]
_EVEN = -4.0


def hashin_shtrikman(fractions: Mapping[str, float], conductivities: Mapping[str, float]) -> float:
    """Upper bound of an isotropic body's conductivity, S m-1 (Z. Hashin, S. Shtrikman, J. Appl. Phys. 33 (1962) 3125).

        σ⁺ = [Σ φ/(σ + 2 σ_max)]⁻¹ − 2 σ_max

    Parameters
    ----------
    fractions, conductivities : mapping of str to float
        By phase; phases without a conductivity do not conduct.
    """
    largest = max(conductivities.values())
    total = sum(share / (conductivities.get(name, 0.0) + 2.0 * largest) for name, share in fractions.items())
    return float(1.0 / total - 2.0 * largest)


def optimised_conduction(
    structure: LatentStructure,
    carriers: Mapping[str, Mapping[str, float]],
    *,
    seed: int,
    axes: str = "xyz",
    weights: Mapping[str, float] | None = None,
    like: VoxelImage | None = None,
    widths: Sequence[float] = (4.0, 2.0, 1.0),
    iterations: int = 25,
    progress: Callable[[float, str], None] | None = None,
) -> DesignedStructure:
    r"""Structure of given volumes in which several carriers, each in phases of its own, move as well as they can at once.

    What rises is

    .. math::

        \sum_c w_c \ln M_c, \qquad M_c = \left(\tfrac1n \sum_a σ_{c,a}^{-4}\right)^{-1/4},

    over the axes a: the mean M follows the lowest of them, so that no direction is left behind. The gradient is exact
    (`conduct_voxels`, `pull_back`); the steps are those of L-BFGS, with a transition that becomes sharper in each
    round. The result is a local optimum that depends on the seed.

    Parameters
    ----------
    structure : LatentStructure
    carriers : mapping of str to mapping of str to float
        By name: bulk conductivity of each phase that conducts it, S m-1.
    seed : int
    axes : str
        Directions that count.
    weights : mapping of str to float, optional
        Of the carriers, 1 each.
    like : VoxelImage, optional
        Begin with this image instead of with noise.
    widths : sequence of float
        Width of the transition in each round, voxels.
    iterations : int
        Of each round.
    progress : callable, optional

    Returns
    -------
    DesignedStructure
        Its table by ``carrier`` and ``axis``: ``conductivity`` measured on the image (S m-1), ``before`` on the one it
        began with, and ``bound_share`` of the bound of `hashin_shtrikman`.

    Raises
    ------
    InputError
        Round particles, an unknown phase, a carrier that nothing conducts, an axis that is none of x, y, z, a weight that is not
        positive.
    """
    from scipy.optimize import minimize

    require_seed("optimised conduction", seed)
    given = dict.fromkeys(carriers, 1.0) if weights is None else dict(weights)
    _require(structure, carriers, axes, given)
    if not widths or iterations < 1:
        raise InputError("optimised conduction", "widths, iterations", f"{list(widths)}, {iterations}", "at least one of each")
    base = None if like is None else fields_of_image(structure, like)
    noise = structure.noise(seed) * (1.0 if like is None else 1e-6)
    begun = designed_image(structure, noise, base=base)
    names, shape, done = list(structure.names), noise.shape, 0
    conductions = {carrier: [Conduction(names, bulk, axis, 1e-6) for axis in axes] for carrier, bulk in carriers.items()}
    for width in widths:
        stage = structure.model_copy(update={"width": float(width)})

        def fall(flat: Floats, stage: LatentStructure = stage) -> tuple[float, Floats]:
            projection = project(stage, flat.reshape(shape), base=base)
            total, by_share = 0.0, np.zeros(projection.shares.shape)
            for carrier, along in conductions.items():
                found = [one.gradient(projection.shares) for one in along]
                logs = np.array([one.logarithm for one in found])
                part = np.exp(_EVEN * (logs - logs.min()))
                total += given[carrier] * (float(np.log(part.mean())) / _EVEN + float(logs.min()))
                for share, one in zip(part / part.sum(), found, strict=True):
                    by_share += given[carrier] * share * one.by_share
            return -total, -pull_back(stage, projection, by_share).ravel()

        def tell(_: Floats) -> None:
            nonlocal done
            done += 1
            if progress is not None:
                progress(min(done / (len(widths) * iterations), 1.0), f"iteration {done}")

        run = minimize(fall, noise.ravel(), jac=True, method="L-BFGS-B", callback=tell, options={"maxiter": iterations})
        noise = run.x.reshape(shape)
    settings = {
        "structure": structure.model_dump(mode="json"),
        "carriers": {name: dict(bulk) for name, bulk in carriers.items()},
        "seed": seed,
        "axes": axes,
        "weights": given,
        "like": None if like is None else like.digest,
        "widths": [float(width) for width in widths],
        "iterations": iterations,
    }
    source = predicted("scalith.design.optimised_conduction", settings=settings)
    image = designed_image(structure, noise, base=base, source=source)
    return DesignedStructure(image, _table(begun, image, carriers, axes).assign_attrs(source=source.to_json()))


def _table(begun: VoxelImage, image: VoxelImage, carriers: Mapping[str, Mapping[str, float]], axes: str) -> Result:
    before, after = (
        np.array([[float(solve_conduction(one, bulk, axis=axis)["conductivity"]) for axis in axes] for bulk in carriers.values()])
        for one in (begun, image)
    )
    bounds = np.array([hashin_shtrikman(image.volume_fractions, bulk) for bulk in carriers.values()])[:, np.newaxis]
    dims = ("carrier", "axis")
    return Result(
        {
            "conductivity": labelled(dims, after, "effective conductivity", "S m-1"),
            "before": labelled(dims, before, "effective conductivity at the beginning", "S m-1"),
            "bound_share": labelled(dims, after / bounds, "share of the bound of Hashin and Shtrikman", "1"),
        },
        coords={"carrier": list(carriers), "axis": list(axes)},
    )


def _require(
    structure: LatentStructure, carriers: Mapping[str, Mapping[str, float]], axes: str, weights: Mapping[str, float]
) -> None:
    for name, phase in structure.phases.items():
        if isinstance(phase, LatentParticles):
            expected = "latent fields; conditioned_structure takes particles"
            raise InputError("optimised conduction", f"phase {name}", "round particles", expected)
    if not axes or set(axes) - set("xyz") or len(set(axes)) < len(axes):
        raise InputError("optimised conduction", "axes", axes, "some of x, y, z, each once")
    if not carriers or set(weights) != set(carriers) or any(not weight > 0.0 for weight in weights.values()):
        raise InputError("optimised conduction", "weights", dict(weights), f"positive, of {', '.join(carriers) or 'a carrier'}")
    for carrier, bulk in carriers.items():
        for name, value in bulk.items():
            if name not in structure.names:
                raise InputError("optimised conduction", carrier, name, nearest(name, list(structure.names)))
            if not value >= 0.0:
                raise InputError("optimised conduction", f"{carrier}: conductivity of {name}", value, "zero or positive, S m-1")
        if not any(value > 0.0 for value in bulk.values()):
            raise InputError("optimised conduction", carrier, dict(bulk), "at least one phase that conducts")
