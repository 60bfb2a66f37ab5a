"""Where the materials of one electrode stand at rest: one potential for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from scalith.cell.specification.active_material import ActiveMaterial
from scalith.numerics.kernel_table import KernelTable, evaluate_many
from scalith.quantities import InputError, Property

Array = NDArray[np.float64]
Tables = Callable[[Property, float], KernelTable]
SAMPLES = 2001
LARGEST_DIFFERENCE = 1e-4
"""Between the potentials of two materials at rest, V: where a voltage is not monotone no closer state may exist."""


def potential_at_rest(
    material: ActiveMaterial, x: Array, temperature: float, reference_temperature: float, tables: Tables
) -> tuple[Array, Array]:
    """Potential of a material at rest and its slope by x, V: U + (T − T_ref) ∂U/∂T, and h M where the hysteresis has a state.

    Parameters
    ----------
    tables : callable
        The kernel table of a property at a temperature.
    """
    voltage, slope = evaluate_many(tables(material.open_circuit_voltage, temperature), x, temperature)
    if material.entropic_coefficient is not None and "T" not in material.open_circuit_voltage.coordinates:
        entropic = evaluate_many(tables(material.entropic_coefficient, temperature), x, temperature)
        voltage = voltage + (temperature - reference_temperature) * entropic[0]
        slope = slope + (temperature - reference_temperature) * entropic[1]
    if material.hysteresis is not None and material.hysteresis_decay is not None and material.initial_hysteresis != 0.0:
        half = evaluate_many(tables(material.hysteresis, temperature), x, temperature)
        voltage = voltage + material.initial_hysteresis * half[0]
        slope = slope + material.initial_hysteresis * half[1]
    return voltage, slope


def stoichiometries_at_rest(
    materials: Sequence[ActiveMaterial], share: float, temperature: float, reference_temperature: float, tables: Tables
) -> Array:
    r"""Stoichiometry of each material of an electrode at rest.

    All share one potential, and together they hold the `share` of the lithium between the ends of their windows:

    .. math::

        U_m(x_m) = U, \quad
        \sum_m ε_m c_m^{max} x_m = \sum_m ε_m c_m^{max} \left(x_m^{low} + z (x_m^{high} - x_m^{low})\right),

    so that the charge passed from one state to another is what their states of charge say. One material, or materials that
    differ in nothing but their particles, are all at :math:`x^{low} + z (x^{high} - x^{low})`; so are particles that separate
    into phases, which have no one potential.

    Parameters
    ----------
    share : float
        z: 0 to 1 between the lowest and the highest stoichiometries.
    temperature, reference_temperature : float
        K.
    tables : callable
        The kernel table of a property at a temperature.

    Raises
    ------
    InputError
        The potentials do not meet: a table of an open-circuit voltage ends before, or is not monotone.
    """
    low = np.array([material.minimum_stoichiometry for material in materials])
    high = np.array([material.maximum_stoichiometry for material in materials])
    alike = low + share * (high - low)
    if _same_potential(materials) or any(material.phase_field is not None for material in materials):
        return np.asarray(alike)
    weights = np.array([material.volume_fraction * material.maximum_concentration for material in materials])
    weights /= weights.sum()
    settings = (temperature, reference_temperature, tables)
    x = _polished(materials, _first_guess(materials, weights, float(weights @ alike), settings), weights, settings)
    found = np.array([potential_at_rest(m, x[k : k + 1], *settings)[0][0] for k, m in enumerate(materials)])
    if np.ptp(found) > LARGEST_DIFFERENCE:
        worst = int(np.argmax(np.abs(found - np.median(found))))
        known = materials[worst].open_circuit_voltage.domain.get("x", (0.0, 1.0))
        raise InputError(
            "electrode",
            f"materials.{worst}.open_circuit_voltage",
            f"{found[worst]:.4f} V at x = {x[worst]:.4g} (known from {known[0]:g} to {known[1]:g})",
            f"a voltage that meets the other materials' {np.delete(found, worst).mean():.4f} V at rest",
        )
    return x


def stoichiometries_at_potential(
    materials: Sequence[ActiveMaterial], potential: float, temperature: float, reference_temperature: float, tables: Tables
) -> Array:
    """Stoichiometry of each material at a potential, V; at an end of its table where the voltage does not reach that far."""
    settings = (temperature, reference_temperature, tables)
    found = []
    for material in materials:
        x, falling = _falling(material, settings)
        start = np.array([np.interp(-potential, -falling, x)])
        for _ in range(30):
            voltage, slope = potential_at_rest(material, start, *settings)
            start = np.clip(start - (voltage - potential) / np.minimum(slope, -1e-9), x[0], x[-1])
        # Newton's method may leave where the voltage is not monotone: the better of the two counts.
        guess = np.array([np.interp(-potential, -falling, x)])
        off = [abs(potential_at_rest(material, at, *settings)[0][0] - potential) for at in (start, guess)]
        found.append(float(start[0] if off[0] <= off[1] else guess[0]))
    return np.array(found)


def _same_potential(materials: Sequence[ActiveMaterial]) -> bool:
    first = materials[0]
    return all(
        material.open_circuit_voltage is first.open_circuit_voltage
        and material.entropic_coefficient is first.entropic_coefficient
        and material.hysteresis is first.hysteresis
        and material.initial_hysteresis == first.initial_hysteresis
        and material.minimum_stoichiometry == first.minimum_stoichiometry
        and material.maximum_stoichiometry == first.maximum_stoichiometry
        for material in materials[1:]
    )


def _falling(material: ActiveMaterial, settings: tuple[float, float, Tables]) -> tuple[Array, Array]:
    """Stoichiometries over the whole table and the potential there, with rises levelled."""
    x = np.linspace(*material.open_circuit_voltage.domain.get("x", (0.0, 1.0)), SAMPLES)
    return x, np.minimum.accumulate(potential_at_rest(material, x, *settings)[0])


def _first_guess(
    materials: Sequence[ActiveMaterial], weights: Array, wanted: float, settings: tuple[float, float, Tables]
) -> Array:
    """Bisection of the potential; on a level stretch all materials move on together until the lithium is right."""
    curves = [_falling(material, settings) for material in materials]

    def at(potential: float) -> Array:
        return np.array([np.interp(-potential, -falling, x) for x, falling in curves])

    low, high = min(falling[-1] for _, falling in curves) - 1e-6, max(falling[0] for _, falling in curves) + 1e-6
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if float(weights @ at(middle)) > wanted else (low, middle)
    fullest, emptiest = at(low), at(high)
    between = float(weights @ (fullest - emptiest))
    part = (wanted - float(weights @ emptiest)) / between if between > 0.0 else 0.0
    return np.asarray(emptiest + part * (fullest - emptiest))


def _polished(materials: Sequence[ActiveMaterial], guess: Array, weights: Array, settings: tuple[float, float, Tables]) -> Array:
    """Newton's method on equal potentials at a given lithium content; the guess where it does not converge."""
    x, wanted = guess.copy(), float(weights @ guess)
    for _ in range(30):
        both = [potential_at_rest(material, x[k : k + 1], *settings) for k, material in enumerate(materials)]
        voltage = np.array([values[0] for values, _ in both])
        slope = np.minimum(np.array([slopes[0] for _, slopes in both]), -1e-9)
        missing = wanted - float(weights @ x)
        level = (float(weights @ (voltage / slope)) + missing) / float(weights @ (1.0 / slope))
        step = (level - voltage) / slope
        x = x + step
        if np.max(np.abs(step)) < 1e-14:
            break
    domains = [material.open_circuit_voltage.domain.get("x", (0.0, 1.0)) for material in materials]
    inside = all(low <= value <= high for value, (low, high) in zip(x, domains, strict=True))
    return x if inside and np.max(np.abs(step)) < 1e-9 else guess
