"""Elasticity of a material from strains of its lowest orderings, by the forces of an engine."""

from __future__ import annotations

from typing import Annotated, Any

import xarray as xr
from pydantic import AfterValidator, Field

from scalith import atoms
from scalith.atoms import Relaxation
from scalith.crystal import Host
from scalith.ladder.progress import report_progress
from scalith.ladder.quantity import Settings, rung
from scalith.ladder.rungs.engines import StudyEngine
from scalith.ladder.rungs.motion import two_or_more
from scalith.quantities import Property, Source
from scalith.quantities.specification import Count, Fraction

OF_MATERIAL = True
"""These rungs exist once for each material of a study."""

SCALE = "atoms"


class Strains(Settings):
    """``[strains]``: small strains of the lowest ordering at each stoichiometry, by the stresses of the ``[engine]``.

    Attributes
    ----------
    stoichiometries : tuple of float
        Filled fractions of sites; between them elasticity is interpolated.
    strain : float
        Amplitude.
    largest_cell, candidates : int
        As in ``[vibrations]``.
    force_tolerance : float
        To which ions relax in the strained cells, eV/Å.
    """

    stoichiometries: Annotated[tuple[Fraction, ...], AfterValidator(two_or_more)] = (0.0, 1.0)
    strain: Annotated[float, Field(gt=0, le=0.03)] = 0.005
    largest_cell: Annotated[int, Field(ge=1, le=12)] = 4
    candidates: Count = 10
    force_tolerance: Annotated[float, Field(gt=0)] = 0.005


def _moduli(data: xr.Dataset) -> str:
    young, poisson = data["youngs_modulus"].values, data["poisson_ratio"].values
    each = [f"{1e-9 * E:.3g} GPa, {nu:.2f} at x = {x:g}" for x, E, nu in zip(data["x"].values, young, poisson, strict=True)]
    return "; ".join(each)


@rung("elasticity of the polycrystal", headline=_moduli)
def elasticity(host: Host, engine: StudyEngine, strains: Strains) -> xr.Dataset:
    """E(x) and ν(x) from the stiffness of the lowest ordering at each stoichiometry, relaxed with its cell by the same engine."""
    with engine.kept() as database:
        lowest = atoms.relax_lowest_orderings(
            host,
            strains.stoichiometries,
            engine.engine,
            database,
            engine.relaxation,
            largest_cell=strains.largest_cell,
            candidates=strains.candidates,
        )
    within = Relaxation(force_tolerance=strains.force_tolerance, steps=engine.steps)

    def stiffness(number: int, structure: Any) -> xr.Dataset:
        return atoms.stiffness_tensor(
            structure,
            engine.engine,
            strain=strains.strain,
            relaxation=within,
            progress=lambda part, words: report_progress((number + part) / len(lowest), words),
        )

    found = {x: stiffness(number, item.atoms) for number, (x, item) in enumerate(lowest.items())}
    return atoms.polycrystal_elasticity(found)


@rung("Young's modulus", unit="Pa", over="x")
def youngs_modulus(elasticity: xr.Dataset) -> Property:
    """E(x) = 9KG/(3K + G) of Hill's means."""
    return _modulus(elasticity, "youngs_modulus", "Pa")


@rung("Poisson's ratio", unit="1", over="x")
def poisson_ratio(elasticity: xr.Dataset) -> Property:
    """ν(x) = (3K − 2G)/(6K + 2G) of Hill's means."""
    return _modulus(elasticity, "poisson_ratio", "1")


def _modulus(elasticity: xr.Dataset, name: str, unit: str) -> Property:
    source = Source.model_validate_json(elasticity.attrs["source"])
    values, error = elasticity[name].values, elasticity[f"{name}_error"].values
    return Property.from_arrays(name, {"x": elasticity["x"].values}, values, unit, source, error)
