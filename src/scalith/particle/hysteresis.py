"""Hysteresis of one particle: its voltage on the way in and on the way out, rate by rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from scalith.particle.mesh import dimensions_of
from scalith.particle.phase_field import PhaseField, phase_separation, simulate_phase_field
from scalith.quantities import InputError, Result, labelled, predicted


def simulate_hysteresis(
    material: PhaseField,
    radius: float,
    c_rates: Sequence[float],
    *,
    temperature: float = 298.15,
    geometry: Literal["slab", "cylinder", "sphere"] = "sphere",
    nodes: int | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Result:
    """Voltage of one particle that is lithiated and delithiated at constant rates, and the gap between the two.

    Each run starts as a single phase, halfway between an end of the stoichiometry and the nearer binodal, and passes
    J = −R (dx̄/dt)/d through the surface (d = 1, 2, 3 in slab, cylinder, sphere): see `simulate_phase_field`.

    Parameters
    ----------
    material : PhaseField
    radius : float
        m; half of the thickness of a slab.
    c_rates : sequence of float
        Stoichiometry per hour, 1/h.
    temperature : float
        K.
    geometry : {"sphere", "cylinder", "slab"}
    nodes : int, optional
        As in `simulate_phase_field`.
    progress : callable, optional

    Returns
    -------
    Result
        ``voltage`` (c_rate, branch, x) in V, NaN where a branch does not reach; ``hysteresis`` (c_rate), the voltage of
        delithiation less that of lithiation at x = 0.5, V.

    Raises
    ------
    InputError
        A rate that is not positive, an unknown geometry, a material without two phases.
    ConvergenceError
    """
    rates = np.asarray(c_rates, dtype=np.float64)
    if rates.ndim != 1 or rates.size == 0 or not np.all(np.isfinite(rates) & (rates > 0.0)):
        raise InputError("simulate_hysteresis", "c_rates", c_rates, "one or more positive rates, 1/h")
    dimensions = dimensions_of(geometry, "simulate_hysteresis")
    poor, rich = phase_separation(material, temperature).binodal.values
    x = np.linspace(0.02, 0.98, 97)
    voltages = np.full((rates.size, 2, x.size), np.nan)
    for index, rate in enumerate(rates):
        if progress is not None:
            progress(index / rates.size, f"{rate:.3g}C")
        for branch, (start, sign) in enumerate(((0.5 * poor, 1.0), (0.5 * (1.0 + rich), -1.0))):
            speed = sign * rate / 3600.0
            whole = (1.0 - start if sign > 0.0 else start) / abs(speed)
            run = simulate_phase_field(
                material,
                radius,
                np.linspace(0.0, 0.995 * whole, 400),
                initial=float(start),
                surface_flux=-speed * radius / dimensions,
                temperature=temperature,
                geometry=geometry,
                nodes=nodes,
                noise=0.0,
            )
            mean, voltage = run.mean_stoichiometry.values, run.voltage.values
            order = slice(None) if sign > 0.0 else slice(None, None, -1)
            voltages[index, branch] = np.interp(x, mean[order], voltage[order], left=np.nan, right=np.nan)
    if progress is not None:
        progress(1.0, "done")
    middle = voltages[:, 1, x.size // 2] - voltages[:, 0, x.size // 2]
    settings = {"radius_m": radius, "geometry": geometry, "temperature_K": temperature, "c_rates": rates.tolist(), "nodes": nodes}
    source = predicted("scalith.particle.simulate_hysteresis", material.digest, settings=settings)
    return Result(
        {
            "voltage": labelled(("c_rate", "branch", "x"), voltages, "voltage of the particle", "V"),
            "hysteresis": labelled("c_rate", middle, "delithiation less lithiation at x = 0.5", "V"),
        },
        {
            "c_rate": labelled("c_rate", rates, "rate", "1/h"),
            "branch": ("branch", np.array(["lithiation", "delithiation"])),
            "x": labelled("x", x, "mean stoichiometry", "1"),
        },
        {"source": source.to_json()},
    )
