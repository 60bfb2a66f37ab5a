"""Stress of an elastic particle whose moduli and swelling differ from layer to layer: E(x), Ω(x), a core in its shell."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scalith.particle.mesh import dimensions_of
from scalith.quantities import InputError, Result, digest, labelled, predicted

Array = NDArray[np.float64]
_WHERE = "layered_elastic_stress"


def layered_elastic_stress(
    rho: ArrayLike, youngs_modulus: ArrayLike, poisson_ratio: ArrayLike, swelling_strain: ArrayLike, *, geometry: str = "sphere"
) -> Result:
    r"""Stresses of concentric layers that are bound to each other, free outside: exact for constants in each layer.

    In each layer u = A r + B r^(1−d), and with the linear swelling strain ε* = ∫Ω c_max dx/3

    .. math::

        σ_r = λ (d A + ε_z) + 2 G \left[A - (d - 1) B r^{-d}\right] - 3 K ε^*, \qquad
        σ_θ = λ (d A + ε_z) + 2 G \left[A + B r^{-d}\right] - 3 K ε^*

    with u and σ_r continuous and σ_r = 0 at the surface; a cylinder (d = 2) has the axial strain ε_z of free ends, a plate
    σ_θ = E (ε_0 − ε*)/(1 − ν) in its plane without a net force (Timoshenko and Goodier, Theory of Elasticity). A core in a shell
    is two layers; E(x) and Ω(x) of a profile are many: E and ε* at the content in the middle of each (second order).

    Parameters
    ----------
    rho : array_like, shape (layers + 1,)
        Radii of the boundaries over that of the particle, from 0 to 1 (of a plate: of its half-thickness).
    youngs_modulus, poisson_ratio, swelling_strain : array_like, shape (layers,) or numbers
        E, Pa; ν; ε*.
    geometry : {"sphere", "cylinder", "slab"}

    Returns
    -------
    Result
        Over (layer, end), with the inner and the outer end of each: ``radial_stress``, ``hoop_stress``, ``axial_stress`` (in a
        sphere and a plate as the hoop stress), Pa, and ``displacement`` over the radius of the particle. ``swelling``: of the
        radius (a plate: of its thickness).

    Raises
    ------
    InputError
    """
    d, edges = dimensions_of(geometry, _WHERE), np.asarray(rho, dtype=np.float64)
    if edges.ndim != 1 or edges.size < 2 or edges[0] != 0.0 or edges[-1] != 1.0 or np.any(np.diff(edges) <= 0.0):
        raise InputError(_WHERE, "rho", rho, "boundaries of layers rising from 0 to 1")
    layers = {"youngs_modulus": youngs_modulus, "poisson_ratio": poisson_ratio, "swelling_strain": swelling_strain}
    for name, values in layers.items():
        if np.asarray(values).shape not in ((), (edges.size - 1,)):
            raise InputError(
                _WHERE, name, f"shape {np.asarray(values).shape}", f"one number, or one a layer: {(edges.size - 1,)}"
            )
    E, nu, eps = (np.broadcast_to(np.asarray(values, dtype=np.float64), (edges.size - 1,)) for values in layers.values())
    if not (np.all(E > 0.0) and np.all((nu > -1.0) & (nu < 0.5))):
        raise InputError(_WHERE, "youngs_modulus, poisson_ratio", (E.min(), nu.max()), "positive, and −1 to 0.5")
    ends = np.stack([edges[:-1], edges[1:]], axis=1)
    if d == 1:
        radial, hoop, axial, moved = _plate(ends, E, nu, eps)
    else:
        radial, hoop, axial, moved = _round(d, ends, E, nu, eps)
    over = ("layer", "end")
    return Result(
        {
            "radial_stress": labelled(over, radial, "radial stress", "Pa"),
            "hoop_stress": labelled(over, hoop, "hoop stress", "Pa"),
            "axial_stress": labelled(over, axial, "axial stress", "Pa"),
            "displacement": labelled(over, moved, "displacement over the radius", "1"),
            "swelling": labelled((), float(moved[-1, 1]), "relative change of the radius", "1"),
        },
        {"radius": labelled(over, ends, "radius over that of the particle", "1"), "end": ("end", ["inner", "outer"])},
        {"source": predicted(f"scalith.particle.{_WHERE}", digest(edges, E, nu, eps), settings={"geometry": geometry}).to_json()},
    )


def _plate(ends: Array, E: Array, nu: Array, eps: Array) -> tuple[Array, Array, Array, Array]:
    width, stiff = np.diff(ends, axis=1)[:, 0], E / (1.0 - nu)
    plane = float((stiff * eps) @ width / (stiff @ width))
    stress = stiff * (plane - eps)
    through = eps - 2.0 * nu / E * stress
    outer = np.cumsum(through * width)
    hoop = np.repeat(stress[:, None], 2, axis=1)
    return np.zeros_like(hoop), hoop, hoop, np.stack([outer - through * width, outer], axis=1)


def _round(d: int, ends: Array, E: Array, nu: Array, eps: Array) -> tuple[Array, Array, Array, Array]:
    """A, B of each layer and ε_z from the conditions between the layers, outside and along the axis."""
    n = E.size
    lame, shear, bulk = E * nu / ((1.0 + nu) * (1.0 - 2.0 * nu)), E / (2.0 * (1.0 + nu)), E / (3.0 * (1.0 - 2.0 * nu))
    matrix, right = np.zeros((2 * n + 1, 2 * n + 1)), np.zeros(2 * n + 1)
    # Scaled by the stiffest modulus, so that displacements and stresses weigh alike.
    scale = float(E.max())
    matrix[0, 1] = 1.0  # B = 0 at the centre
    for k in range(n):
        r, row = float(ends[k, 1]), 2 * k + 1
        pull = np.array([d * lame[k] + 2.0 * shear[k], -2.0 * (d - 1) * shear[k] * r**-d]) / scale
        matrix[row, 2 * k : 2 * k + 2] += pull
        matrix[row, 2 * n] += lame[k] / scale
        right[row] += 3.0 * bulk[k] * eps[k] / scale
        if k + 1 < n:
            after = np.array([d * lame[k + 1] + 2.0 * shear[k + 1], -2.0 * (d - 1) * shear[k + 1] * r**-d]) / scale
            matrix[row, 2 * k + 2 : 2 * k + 4] -= after
            matrix[row, 2 * n] -= lame[k + 1] / scale
            right[row] -= 3.0 * bulk[k + 1] * eps[k + 1] / scale
            matrix[row + 1, 2 * k : 2 * k + 4] = r, r ** (1 - d), -r, -(r ** (1 - d))
    if d == 2:
        area = np.diff(ends**2, axis=1)[:, 0]
        matrix[2 * n, 0 : 2 * n : 2] = 2.0 * lame * area / scale
        matrix[2 * n, 2 * n] = float((lame + 2.0 * shear) @ area) / scale
        right[2 * n] = float(3.0 * (bulk * eps) @ area) / scale
    else:
        matrix[2 * n, 2 * n] = 1.0
    found = np.linalg.solve(matrix, right)
    A, B, along = found[0 : 2 * n : 2, None], found[1 : 2 * n : 2, None], float(found[2 * n])
    inverse = np.where(ends > 0.0, ends, np.inf) ** -float(d)  # of the centre, where B = 0
    common = (lame[:, None] * (d * A + along)) - 3.0 * (bulk * eps)[:, None]
    twice = 2.0 * shear[:, None]
    radial, hoop = common + twice * (A - (d - 1) * B * inverse), common + twice * (A + B * inverse)
    axial = common + twice * along if d == 2 else hoop
    return radial, hoop, np.asarray(axial + np.zeros_like(hoop)), ends * (A + B * inverse)
