"""A diffusivity multiplied along the stoichiometry: factors at nodes, monotone between them, constant beyond."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from scalith.cell.specification.cell import CellSpecification
from scalith.quantities import ErrorComponent, InputError, Property, predicted

_NAME = re.compile(r"(?P<path>(?:negative|positive)_electrode\.chemical_diffusivity)\(x=(?P<x>[-+.\deE]+)\)")
_GRID = np.linspace(0.0, 1.0, 41)


def node_of(name: str) -> tuple[str, float] | None:
    """Path and stoichiometry of a factor's name, ``"positive_electrode.chemical_diffusivity(x=0.4)"``; `None` of other names.

    Raises
    ------
    InputError
        A stoichiometry that is not between 0 and 1.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    try:
        x = float(match["x"])
    except ValueError:
        x = float("nan")
    if not 0.0 <= x <= 1.0:
        raise InputError("node", name, match["x"], "a stoichiometry, 0 to 1")
    return match["path"], x


def with_node_factors(
    specification: CellSpecification, factors: Mapping[str, float], errors: Mapping[str, float] | None = None
) -> CellSpecification:
    """A specification whose diffusivities are multiplied by factors at nodes: D(x) f(x), ln f monotone cubic between the nodes.

    Parameters
    ----------
    specification : CellSpecification
    factors : mapping of str to float
        By name, see `node_of`; positive.
    errors : mapping of str to float, optional
        Standard errors of ln f, which the property then states as its part ``"fit"``, correlated over the mean distance of nodes.

    Raises
    ------
    InputError
        A name of another form.
    """
    by_path: dict[str, dict[float, str]] = {}
    for name in factors:
        found = node_of(name)
        if found is None:
            expected = "the diffusivity of an electrode at a stoichiometry: 'positive_electrode.chemical_diffusivity(x=0.4)'"
            raise InputError("with_node_factors", "factors", name, expected)
        by_path.setdefault(found[0], {})[found[1]] = name
    for path, nodes in by_path.items():
        part, field = path.split(".")
        electrode = getattr(specification, part)
        old: Property = getattr(electrode.materials[0], field)
        made = _multiplied(old, dict(sorted(nodes.items())), factors, errors or {})
        first = electrode.materials[0].model_copy(update={field: made})
        electrode = electrode.model_copy(update={"materials": (first, *electrode.materials[1:])})
        specification = specification.model_copy(update={part: electrode})
    return specification


def _multiplied(old: Property, nodes: Mapping[float, str], factors: Mapping[str, float], errors: Mapping[str, float]) -> Property:
    from scipy.interpolate import PchipInterpolator

    at = np.array(list(nodes))
    low, high = old.domain.get("x", (0.0, 1.0))
    x = np.union1d(old.coordinates.get("x", _GRID[(low <= _GRID) & (high >= _GRID)]), at[(low <= at) & (high >= at)])
    grids = {**{"x": x}, **{dim: grid for dim, grid in old.coordinates.items() if dim != "x"}}
    mesh = dict(zip(grids, np.meshgrid(*grids.values(), indexing="ij"), strict=True))
    logarithm = np.log([factors[name] for name in nodes.values()])
    inside = np.clip(mesh["x"], at[0], at[-1])
    factor = np.exp(PchipInterpolator(at, logarithm)(inside) if at.size > 1 else np.full(inside.shape, logarithm[0]))
    values = np.broadcast_to(old(**mesh, extrapolate="nearest"), inside.shape) * factor
    parts = []
    if errors:
        spread = np.interp(inside, at, [errors.get(name, 0.0) for name in nodes.values()])
        length = float(np.mean(np.diff(at))) if at.size > 1 else None
        parts = [ErrorComponent("fit", np.abs(values) * spread, length)] if np.any(spread > 0.0) else []
    settings = {name: float(factors[name]) for name in nodes.values()}
    source = predicted("scalith.cell.specification.with_node_factors", old.digest, settings=settings)
    return Property.from_arrays(old.name, grids, values, old.unit, source, components=parts)
