"""Reaction zone: how far from the triple-phase line the surface of a mixed conductor takes part."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from scalith.electrode.image.image import VoxelImage, takes_image
from scalith.electrode.measure.boundaries import faces_onto
from scalith.quantities import ConvergenceError, InputError, Property, Result, labelled, parse_quantity, predicted
from scalith.quantities.constants import FARADAY, GAS_CONSTANT


@takes_image
def reaction_zone(
    image: VoxelImage,
    *,
    conductor: str,
    feed: str,
    reactant: str,
    conductivity: float | str,
    reaction_conductance: float | str,
) -> Result:
    """Current through the surface of a conductor that carries the ions from where it touches their feed.

        div(σ grad η) = 0,   η = 1 V at the feed,   −σ n · grad η = g η at the reactant,

    all other faces insulated; linear kinetics, the other carrier at one potential. A good conductor reacts on its whole
    surface (I = g A); a film of thickness δ that conducts poorly reacts along the line where the three phases meet, over the
    width λ = √(σδ/g) (I = g λ L). Faces of voxels are counted as they are: flat surfaces along the axes are exact, round ones
    have up to 3/2 of their area (`interface_areas` corrects that).

    Parameters
    ----------
    image : VoxelImage
    conductor, feed, reactant : str
        Phases.
    conductivity : float
        σ of the ions in the conductor, S m-1.
    reaction_conductance : float
        g of the surface, S m-2.

    Returns
    -------
    Result
        ``conductance`` (S; current at 1 V), ``area_limit`` g A (S), ``utilisation`` their ratio, ``balance`` of the current that
        enters against what reacts, ``overpotential`` (x, y, z) in V, NaN outside the conductor.

    Raises
    ------
    InputError
        A phase is unknown, a number is not positive, the conductor nowhere touches the feed or the reactant.
    ConvergenceError
        The linear solve does not reach a residual of 1e-10.
    """
    from scipy.sparse import coo_array, diags_array
    from scipy.sparse.linalg import cg

    conductivity = parse_quantity(conductivity, "S m-1", where="reaction_zone", field="conductivity")
    reaction_conductance = parse_quantity(reaction_conductance, "S m-2", where="reaction_zone", field="reaction_conductance")
    for field, value in (("conductivity", conductivity), ("reaction_conductance", reaction_conductance)):
        if not (np.isfinite(value) and value > 0.0):
            raise InputError("reaction_zone", field, value, "a positive number")
    inside, fed, open_ = (image.mask(name) for name in (conductor, feed, reactant))
    number = np.full(image.shape, -1, np.int64)
    number[inside] = np.arange(np.count_nonzero(inside))
    size, edge = int(np.count_nonzero(inside)), image.voxel_size
    faces = faces_onto(inside, fed), faces_onto(inside, open_)
    for phase, touching in zip((feed, reactant), faces, strict=True):
        if not np.any(touching):
            raise InputError("reaction_zone", phase, "no face to the conductor", f"a phase that touches {conductor}")
    entering = 2.0 * conductivity * edge * faces[0][inside]
    leaving = edge**2 / (0.5 * edge / conductivity + 1.0 / reaction_conductance) * faces[1][inside]
    low, high = [], []
    for axis in range(3):
        one, other = np.moveaxis(number, axis, 0)[:-1], np.moveaxis(number, axis, 0)[1:]
        both = (one >= 0) & (other >= 0)
        low.append(one[both])
        high.append(other[both])
    rows, columns = np.concatenate(low + high), np.concatenate(high + low)
    joins = coo_array((np.full(rows.size, conductivity * edge), (rows, columns)), shape=(size, size)).tocsr()
    diagonal = np.asarray(joins.sum(axis=1)).ravel() + entering + leaving
    diagonal[diagonal == 0.0] = 1.0  # a voxel on its own
    eta, failed = cg(diags_array(diagonal) - joins, entering, rtol=1e-10, maxiter=20000, M=diags_array(1.0 / diagonal))
    if failed:
        raise ConvergenceError("reaction zone", "the residual is above 1e-10 after 20000 iterations; use a smaller image")
    reacting = float(leaving @ eta)
    limit = reaction_conductance * edge**2 * float(faces[1].sum())
    overpotential = np.full(image.shape, np.nan)
    overpotential[inside] = eta
    settings = {"conductor": conductor, "feed": feed, "reactant": reactant}
    numbers = {"conductivity": conductivity, "reaction_conductance": reaction_conductance}
    source = predicted("scalith.electrode.reaction_zone", image.digest, settings=settings | numbers)
    values = {
        "conductance": (reacting, "conductance of the reaction", "S"),
        "area_limit": (limit, "conductance of the whole surface", "S"),
        "utilisation": (reacting / limit, "share of the surface that takes part", "1"),
        "balance": (abs(float(entering @ (1.0 - eta)) / reacting - 1.0), "current in against current out", "1"),
    }
    data = Result({key: labelled((), value, title, unit) for key, (value, title, unit) in values.items()})
    data["overpotential"] = labelled(("x", "y", "z"), overpotential, "overpotential", "V")
    return data.assign_attrs(source=source.to_json())


def reaction_area(
    area: ArrayLike, triple_phase_length: ArrayLike, *, conductivity: float, depth: float, reaction_conductance: float
) -> Any:
    r"""Area per volume that takes part in a reaction fed from triple-phase lines, m-1.

    .. math:: S = λ L \tanh\frac{A}{λ L}, \qquad λ = \sqrt{\frac{σ δ}{g}}

    Each metre of the line feeds a strip of the width A/L, in which the carrier spreads as in a fin. A good (mixed) conductor
    reacts on the whole area A, a poor one on a zone of the length λ beside the lines, λL. `reaction_zone` solves it on voxels.

    Parameters
    ----------
    area : array_like
        A, area between the conductor and the reactant per volume, m-1.
    triple_phase_length : array_like
        L, length of the lines where the feed meets both per volume, m-2.
    conductivity : float
        σ of the conductor for what the feed brings, S m-1.
    depth : float
        δ, thickness over which the conductor carries it along its surface, m.
    reaction_conductance : float
        g = F i₀/(RT) of the surface, S m-2.

    Raises
    ------
    InputError
    """
    A, L = np.asarray(area, dtype=np.float64), np.asarray(triple_phase_length, dtype=np.float64)
    for name, value in (("conductivity", conductivity), ("depth", depth), ("reaction_conductance", reaction_conductance)):
        if not (np.isfinite(value) and value > 0.0):
            raise InputError("reaction_area", name, value, "a positive number")
    for name, values in (("area", A), ("triple_phase_length", L)):
        if not np.all(np.isfinite(values) & (values >= 0.0)):
            raise InputError("reaction_area", name, values, "no negative numbers")
    reach = np.sqrt(conductivity * depth / reaction_conductance) * L
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(reach > 0.0, reach * np.tanh(A / reach), 0.0)


def reaction_area_with_error(
    area: Property,
    triple_phase_length: Property,
    *,
    conductivity: float,
    depth: float,
    exchange_current_density: float,
    temperature: float,
) -> Property:
    r"""`reaction_area` of a measured area and line, with the error that theirs make.

    .. math:: \frac{∂S}{∂A} = \operatorname{sech}^2 u, \qquad \frac{∂S}{∂L} = λ \left(\tanh u - u \operatorname{sech}^2 u\right),
        \qquad u = \frac{A}{λ L}

    Parameters
    ----------
    area, triple_phase_length : Property
        A (m-1) and L (m-2): numbers with independent errors.
    conductivity, depth
        As in `reaction_area`: S m-1, m.
    exchange_current_density : float
        i₀ of g = F i₀/(RT), A m-2.
    temperature : float
        K.

    Returns
    -------
    Property
        m-1.

    Raises
    ------
    InputError
    """
    settings = {
        "conductivity": conductivity,
        "depth": depth,
        "exchange_current_density": exchange_current_density,
        "temperature": temperature,
    }
    conductance = FARADAY * exchange_current_density / (GAS_CONSTANT * temperature)
    A, L = float(area()), float(triple_phase_length())
    S = float(reaction_area(A, L, conductivity=conductivity, depth=depth, reaction_conductance=conductance))
    wide = float(np.sqrt(conductivity * depth / conductance))
    u = min(A / (wide * L), 350.0) if L > 0.0 else 350.0  # from there on sech² is nothing
    by_area = 1.0 / np.cosh(u) ** 2
    slopes = (area, by_area), (triple_phase_length, wide * (np.tanh(u) - u * by_area))
    errors = [slope * float(known.error()) for known, slope in slopes if known.standard_error is not None]
    source = predicted("scalith.electrode.reaction_area", area.digest, triple_phase_length.digest, settings=settings)
    return Property.constant("reaction_area", S, "m-1", source, float(np.linalg.norm(errors)) or None)
