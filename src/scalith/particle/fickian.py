"""Fickian diffusion in one particle, with a given flux, a held surface, or finite exchange at the surface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from scalith.particle.mesh import dimensions_of, radial_mesh
from scalith.quantities import ConvergenceError, InputError, Property, Result, labelled, predicted

if TYPE_CHECKING:
    pass


def simulate_particle(
    diffusivity: Property,
    radius: float,
    duration: float,
    *,
    initial: float,
    surface_flux: float = 0.0,
    surface_value: float | None = None,
    biot: float = np.inf,
    temperature: float = 298.15,
    geometry: Literal["slab", "cylinder", "sphere"] = "sphere",
    nodes: int = 60,
    finest: float = 0.002,
    time_steps: int = 400,
) -> Result:
    r"""Diffuse in one particle from a uniform start.

    .. math:: ∂_t x = r^{1-d} ∂_r(r^{d-1} D(x, T) ∂_r x), \quad -D ∂_r x|_R = J + \frac{Bi\,D_0}{R}(x_R - x_∞)

    by linear elements on radii graded towards the surface and Alexander's third-order implicit stages on times graded
    towards the start.

    Parameters
    ----------
    diffusivity : Property
        D(x[, T]), m2 s-1.
    radius : float
        R, m (a slab: half-thickness).
    duration : float
        s.
    initial : float
        x at the start.
    surface_flux : float
        J, m/s: outward flux over the maximum concentration.
    surface_value : float, optional
        x∞, to which the surface is drawn.
    biot : float
        Strength of that exchange, with D₀ = D(initial); infinite holds the surface.
    temperature : float
        K.
    geometry : {"slab", "cylinder", "sphere"}
    nodes, finest
        Radial mesh: see `radial_mesh`.
    time_steps : int

    Returns
    -------
    Result
        ``stoichiometry`` over (time, radius), ``mean_stoichiometry`` and ``surface_flux`` over time.

    Raises
    ------
    InputError
        A setting makes no sense.
    ConvergenceError
        Newton's method failed.
    """

    from scalith.particle.diffusion_table import flux_potential_table
    from scalith.particle.kernels import diffuse

    for name, value in (("radius", radius), ("duration", duration), ("biot", biot)):
        if not value > 0.0:
            raise InputError("simulate_particle", name, value, "a positive number")
    dimensions = dimensions_of(geometry, "simulate_particle")
    mesh = radial_mesh(nodes, finest, dimensions)
    times = duration * np.linspace(0.0, 1.0, time_steps + 1) ** 2
    at_start = float(diffusivity(x=initial, T=temperature, extrapolate="nearest"))
    # A held surface is an exchange so strong that its resistance is far below that of one interval.
    strength = 0.0 if surface_value is None else min(biot, 1e9 / finest) * at_start / radius**2
    table = flux_potential_table(diffusivity, temperature)
    table = table._replace(coefficients=table.coefficients / radius**2)
    profiles = np.empty((times.size, nodes))
    outside = 0.0 if surface_value is None else float(surface_value)
    reached = diffuse(
        table,
        float(temperature),
        np.full((nodes, 1), float(initial)),
        times,
        mesh.volumes,
        mesh.conductances,
        mesh.couplings,
        surface_flux / radius,
        strength,
        outside,
        profiles,
    )
    if reached < times.size:
        raise ConvergenceError("diffusion in a particle", "Newton's method failed; look at D(x)", time=float(times[reached]))
    out = surface_flux + strength * radius * (profiles[:, -1] - outside)
    mean = profiles @ mesh.volumes * dimensions
    settings: dict[str, Any] = {
        "radius_m": radius,
        "duration_s": duration,
        "initial": initial,
        "surface_flux_m_per_s": surface_flux,
    }
    settings |= {"surface_value": surface_value, "biot": biot if np.isfinite(biot) else "held", "temperature_K": temperature}
    settings |= {"geometry": geometry, "nodes": nodes, "finest": finest, "time_steps": time_steps}
    source = predicted("scalith.particle.simulate_particle", diffusivity.digest, settings=settings)
    return Result(
        {
            "stoichiometry": labelled(("time", "radius"), profiles, "stoichiometry", "1"),
            "mean_stoichiometry": labelled("time", mean, "mean stoichiometry", "1"),
            "surface_flux": labelled("time", out, "outward flux over the maximum concentration", "m s-1"),
        },
        {
            "time": labelled("time", times, "time", "s"),
            "radius": labelled("radius", radius * mesh.nodes, "radius", "m"),
        },
        {"source": source.to_json()},
    )
