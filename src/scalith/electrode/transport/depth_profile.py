"""Where along its depth an electrode resists: conductivity and tortuosity factor plane by plane."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scalith.electrode.image.image import VoxelImage, takes_image
from scalith.electrode.requirements import axis_number, read_bulk
from scalith.electrode.transport.conduction import Conductivity, solve_conduction
from scalith.quantities import Result, labelled, predicted


@takes_image
def tortuosity_profile(
    image: VoxelImage, conductivities: Mapping[str, Conductivity], *, axis: str = "x", tolerance: float = 1e-6
) -> Result:
    r"""Effective conductivity and tortuosity factor of each plane of voxels, from one electrode to the other.

    A plane that dissipates the share :math:`p_x` of the power has that share of the resistance: of n planes

    .. math::

        σ_x = \frac{σ_\mathrm{eff}}{n\, p_x}, \qquad τ_x = \frac{\sum_k φ_{k,x}\, σ_k}{σ_x}, \qquad
        \frac{1}{σ_\mathrm{eff}} = \frac{1}{n} \sum_x \frac{1}{σ_x}

    with the fractions φ of the phases in the plane and their bulk conductivities. Where paths bend or pores are dead ends τ is
    large; in layers one behind the other it is 1.

    Parameters
    ----------
    image : VoxelImage
    conductivities : mapping
        As in `solve_conduction`.
    axis : {"x", "y", "z"}
    tolerance : float

    Returns
    -------
    Result
        Over ``depth`` (m): ``conductivity`` (S m-1; zero where nothing connects), ``tortuosity_factor`` (infinite there) and the
        share of the ``resistance``; ``effective_conductivity`` of the whole.

    Raises
    ------
    InputError
        As `solve_conduction`.
    ConvergenceError
        The tolerance is not met.
    """
    along = axis_number("tortuosity_profile", axis)
    bulk = read_bulk("tortuosity_profile", image, conductivities)
    found = solve_conduction(image, bulk, axis=axis, tolerance=tolerance, sensitivity=True)
    across = tuple(other for other in range(3) if other != along)
    share = found["sensitivity"].values.sum(axis=across)
    effective, count = float(found["conductivity"]), image.shape[along]
    straight = np.zeros(count)
    for name, value in bulk.items():
        straight += np.broadcast_to(np.asarray(value, np.float64), 3)[along] * image.mask(name).mean(axis=across)
    connects = share > 0.0  # everywhere or nowhere
    conductivity = np.divide(effective, count * share, out=np.zeros(count), where=connects)
    factor = np.divide(straight, conductivity, out=np.full(count, np.inf), where=connects)
    settings = {"conductivities": {name: np.asarray(value).tolist() for name, value in bulk.items()}, "axis": axis}
    source = predicted("scalith.electrode.tortuosity_profile", image.digest, settings=settings | {"tolerance": tolerance})
    return Result(
        {
            "conductivity": labelled("depth", conductivity, "effective conductivity of the plane", "S m-1"),
            "tortuosity_factor": labelled("depth", factor, "tortuosity factor of the plane", "1"),
            "resistance": labelled("depth", share, "share of the resistance", "1"),
            "effective_conductivity": labelled((), effective, "effective conductivity of the whole", "S m-1"),
        },
        coords={"depth": labelled("depth", (np.arange(count) + 0.5) * image.voxel_size, "depth", "m")},
        attrs={"source": source.to_json()},
    )
