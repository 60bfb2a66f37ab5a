"""How a crystal swells as ions come in: partial molar volume, and the strain between two phases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from scalith.crystal import Host
from scalith.quantities import InputError, Property, Result, dataset_digest, labelled, predicted
from scalith.quantities.constants import AVOGADRO

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LARGEST_STRETCH = 0.3
"""Two cells that differ by more than this in a principal stretch are no two states of one crystal in one setting."""


def molar_volume(
    host: Host, orderings: xr.Dataset, *, degree: int | None = None, x_grid: ArrayLike | None = None
) -> tuple[Property, Property]:
    """Volume V(x) of a host per mole of its sites, and the partial molar volume of the ion, Ω(x) = N_A dV/dx.

    A polynomial through the volumes of relaxed orderings, each with equal weight; what orderings of one stoichiometry differ
    by is the scatter, from which the errors come.

    Parameters
    ----------
    host : Host
    orderings : xarray.Dataset
        From `scalith.crystal.map_orderings`, with ``volume``.
    degree : int, optional
        Of the polynomial; the one of 1 to 4 with the least leave-one-out error when not given.
    x_grid : array_like, optional
        Stoichiometries at which the two are given; 41 from the emptiest to the fullest ordering when not given.

    Returns
    -------
    volume : Property
        ``molar_volume`` over x, m³ per mole of sites of the working ion.
    partial : Property
        ``partial_molar_volume`` over x, m³/mol. Its reference state is the ion's absence: the volume of the ion's metal is not
        taken off (see `reaction_volume`).

    Raises
    ------
    InputError
        Without volumes, or with fewer stoichiometries than the polynomial needs.
    """
    if "volume" not in orderings:
        raise InputError("molar_volume", "orderings", list(orderings), "orderings mapped from relaxed structures, with 'volume'")
    x = orderings["x"].values
    volume = 1e-30 * AVOGADRO * orderings["volume"].values / len(host.working)
    stoichiometries = len(np.unique(np.round(x, 6)))
    if stoichiometries < 2 or (degree is not None and not 1 <= degree < stoichiometries):
        raise InputError(
            "molar_volume",
            "orderings",
            f"{stoichiometries} stoichiometries",
            f"more than the degree of the polynomial ({degree})",
        )
    chosen = degree or min(range(1, min(4, stoichiometries - 1) + 1), key=lambda order: leave_one_out(x, volume, order))
    design = np.vander(x, chosen + 1, increasing=True)
    coefficients = np.linalg.lstsq(design, volume, rcond=None)[0]
    free = len(x) - chosen - 1
    scatter = float(np.sum((design @ coefficients - volume) ** 2)) / free if free > 0 else 0.0
    covariance = scatter * np.linalg.inv(design.T @ design)
    grid = np.linspace(x.min(), x.max(), 41) if x_grid is None else np.asarray(x_grid, dtype=np.float64)
    powers = np.arange(chosen + 1)
    rows = np.vander(grid, chosen + 1, increasing=True)
    slopes = np.zeros_like(rows)
    slopes[:, 1:] = powers[1:] * rows[:, :-1]
    parents = (host.digest, dataset_digest(orderings))
    settings = {"degree": chosen, "orderings": len(x)}

    def made(name: str, matrix: NDArray[np.float64], unit: str, state: str) -> Property:
        source = predicted("scalith.atoms.molar_volume", *parents, settings=settings, reference_state=state)
        error = np.sqrt(np.einsum("ki,ij,kj->k", matrix, covariance, matrix)) if free > 0 else None
        return Property.from_arrays(name, {"x": grid}, matrix @ coefficients, unit, source, error)

    return (
        made("molar_volume", rows, "m3 mol-1", f"per mole of {host.working_ion} sites, at 0 K without pressure"),
        made("partial_molar_volume", slopes, "m3 mol-1", f"{host.working_ion} from nowhere: volume of its metal not taken off"),
    )


def leave_one_out(x: NDArray[np.float64], values: NDArray[np.float64], degree: int) -> float:
    """Root-mean-square leave-one-out error of a polynomial; infinite where a point left out leaves too few."""
    design = np.vander(x, degree + 1, increasing=True)
    leverage = np.einsum("ki,ik->k", design, np.linalg.pinv(design))
    if np.any(leverage > 1.0 - 1e-9):
        return float("inf") if degree > 1 else 1e300
    residual = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return float(np.sqrt(np.mean((residual / (1.0 - leverage)) ** 2)))


def reaction_volume(partial_molar_volume: Property, metal_volume: Property) -> Property:
    """Change of volume per mole of ions moved from their metal into the host, ΔV(x) = Ω(x) − V_metal.

    Parameters
    ----------
    partial_molar_volume : Property
        m³/mol, from `molar_volume`.
    metal_volume : Property
        Molar volume of the metal, m³/mol: a constant.

    Returns
    -------
    Property
        ``reaction_volume`` over x, m³/mol; pressure moves the voltage by dV/dp = −ΔV/F.
    """
    parents = (partial_molar_volume.digest, metal_volume.digest)
    source = predicted("scalith.atoms.reaction_volume", *parents, reference_state="the ion's metal at the same pressure")
    grid = partial_molar_volume.coordinates["x"]
    error = np.hypot(partial_molar_volume.error(x=grid), metal_volume.error())
    return Property.from_arrays(
        "reaction_volume", {"x": grid}, partial_molar_volume(x=grid) - metal_volume(), "m3 mol-1", source, error
    )


def misfit_strain(first: ArrayLike, second: ArrayLike, *, names: Sequence[str] = ("first", "second")) -> Result:
    """Strain that turns the cell of one phase into that of another, free of rotation.

    With cell rows A₁, A₂ the deformation is F = (A₁⁻¹ A₂)ᵀ = R U (polar decomposition). The misfit is the Biot strain U − 1,
    in the axes of the first phase.

    Parameters
    ----------
    first, second : array_like, shape (3, 3)
        Cells (rows are vectors, any unit) in one setting: the same lattice vectors of the same crystal.
    names : two str

    Returns
    -------
    Result
        ``strain`` (i, j); ``principal_strain`` (principal), increasing, with ``direction`` (principal, axis);
        ``volume_change``, det U − 1; ``rotation``, the angle of R in radians.

    Raises
    ------
    InputError
        A cell without volume, or two that are not near each other.
    """
    cells = [np.asarray(cell, dtype=np.float64) for cell in (first, second)]
    for name, cell in zip(names, cells, strict=True):
        if cell.shape != (3, 3) or not abs(np.linalg.det(cell)) > 1e-12 * np.max(np.abs(cell)) ** 3:
            raise InputError("misfit_strain", name, cell.tolist(), "three vectors that span a volume")
    deformation = np.linalg.solve(cells[0], cells[1]).T
    squares, directions = np.linalg.eigh(deformation.T @ deformation)
    stretches = np.sqrt(squares)
    if np.max(np.abs(stretches - 1.0)) > LARGEST_STRETCH or np.linalg.det(deformation) < 0.0:
        shown = ", ".join(f"{value - 1.0:+.2f}" for value in stretches)
        raise InputError(
            "misfit_strain", names[1], f"principal strains {shown}", "the same lattice vectors as in the first phase"
        )
    stretch = (directions * stretches) @ directions.T
    rotation = deformation @ np.linalg.inv(stretch)
    angle = float(np.arccos(np.clip(0.5 * (np.trace(rotation) - 1.0), -1.0, 1.0)))
    axes = ["x", "y", "z"]
    data = Result(
        {
            "strain": labelled(("i", "j"), stretch - np.eye(3), f"strain from {names[0]} to {names[1]}", "1"),
            "principal_strain": labelled("principal", stretches - 1.0, "principal strain", "1"),
            "direction": labelled(("principal", "axis"), directions.T, "direction of a principal strain", "1"),
            "volume_change": labelled((), float(np.prod(stretches)) - 1.0, "relative change of volume", "1"),
            "rotation": labelled((), angle, "rotation taken out", "rad"),
        },
        {"i": axes, "j": axes, "axis": axes},
    )
    source = predicted("scalith.atoms.misfit_strain", settings={"cells": [cell.tolist() for cell in cells], "names": list(names)})
    return data.assign_attrs(source=source.to_json())
