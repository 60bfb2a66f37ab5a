"""Particles that separate into phases, as the kernels of the cell take them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scalith.cell.kernels import layout
from scalith.cell.model.material_tables import constant_table, made_once
from scalith.cell.model.mesh import Mesh
from scalith.cell.specification.active_material import ActiveMaterial
from scalith.cell.specification.cell import CellSpecification
from scalith.numerics.kernel_table import KernelTable, table_from_nodes
from scalith.particle.phase_field import PhaseField, kernel_tables
from scalith.quantities import InputError, Property
from scalith.quantities.constants import FARADAY, GAS_CONSTANT

Array = NDArray[np.float64]
_COLDEST, _HOTTEST = 233.15, 373.15
_POINTS = 2001
_LEAST, _MOST = 12, 300
_LAWS = {
    "symmetric": layout.BY_ROOT,
    "transition_state": layout.BY_TRANSITION_STATE,
    "coupled_ion_electron": layout.BY_COUPLED_TRANSFER,
}


def with_phase_field(
    specification: CellSpecification, phase_field: PhaseField, side: Literal["negative", "positive"] = "positive"
) -> CellSpecification:
    """The same cell with phase-field particles in one electrode.

    Size, loading, window, film and surroundings of its particles stay; thermodynamics and diffusion are those of the phase field,
    and so is the reaction's k₀ where it has one. Every material of the electrode (sizes of one material, say) gets it; for
    one of several materials, set `ActiveMaterial.phase_field` itself.

    Parameters
    ----------
    specification : CellSpecification
    phase_field : PhaseField
    side : {"negative", "positive"}

    Returns
    -------
    CellSpecification

    Raises
    ------
    InputError
        The window of the electrode leaves the range of the phase field.
    """
    if side not in ("negative", "positive"):
        raise InputError("with_phase_field", "side", side, "'negative' or 'positive'")
    electrode = specification.negative_electrode if side == "negative" else specification.positive_electrode
    dropped = {"hysteresis", "hysteresis_decay", "initial_hysteresis", "entropic_coefficient"}
    dropped |= {"open_circuit_voltage", "chemical_diffusivity"}
    if phase_field.exchange_current_density is not None:
        dropped |= {"reaction_rate_constant", "exchange_current_density"}
    materials = []
    for material in electrode.materials:
        kept = {name: getattr(material, name) for name in ActiveMaterial.model_fields if name not in dropped}
        materials.append(ActiveMaterial.read(kept | {"phase_field": phase_field}, f"{side}_electrode"))
    changed = electrode.model_copy(update={"materials": tuple(materials)})
    return specification.model_copy(update={f"{side}_electrode": changed})


def phase_field_numbers(material: ActiveMaterial) -> Array:
    """Columns of a class from `layout.STRAIN` on."""
    particle = material.phase_field
    assert particle is not None
    density = material.maximum_concentration
    return np.array(
        [
            particle.coherency_strain / density,
            1.0,
            float(particle.ideal),
            particle.gradient_energy / density,
            particle.tracer_diffusivity,
            float(particle.mobility == "degenerate"),
            particle.surface_wetting / density,
            particle.reference_voltage,
            FARADAY * (particle.reorganisation_energy or 0.0),
        ]
    )


def exchange_law(material: ActiveMaterial) -> int:
    """Entry of `layout.LAW`: the law of the phase field where its k₀ is what the material has, else √(x (1 − x)) or a table."""
    if material.exchange_current_density is not None:
        return layout.BY_TABLE
    particle = material.phase_field
    if particle is None or particle.exchange_current_density is None:
        return layout.BY_ROOT
    return _LAWS[particle.reaction]


def phase_field_tables(material: ActiveMaterial, temperature: float | None) -> list[KernelTable]:
    """Tables of a class: excess potential less V⁰ over RT, its entropy in volts, and what the reaction asks for."""
    particle, exchange, kinetics = material.phase_field, material.exchange_current_density, material.overvoltage_function
    assert particle is not None
    return [
        _potential(particle, temperature),
        _entropy(particle, temperature),
        constant_table(0.0),
        constant_table(1.0) if exchange is None else made_once(exchange, temperature),
        constant_table(0.0) if kinetics is None else made_once(kinetics, temperature),
        constant_table(0.0),
    ]


def _potential(particle: PhaseField, temperature: float | None) -> KernelTable:
    if temperature is not None:
        table = kernel_tables(particle, temperature)[0]
        coefficients = table.coefficients.copy()
        coefficients[..., 0] -= FARADAY * particle.reference_voltage / (GAS_CONSTANT * temperature)
        return table._replace(coefficients=coefficients)
    x, T = _grid(particle), np.linspace(_COLDEST, _HOTTEST, 15)
    excess, by_x, by_T = (np.array([of(x, at) for at in T]) for of in (_excess(particle, d) for d in ("", "x", "T")))
    excess = excess - FARADAY * particle.reference_voltage
    thermal = GAS_CONSTANT * T[:, None]
    cross = -by_x / (thermal * T[:, None])
    nodal = np.stack([excess / thermal, by_x / thermal, by_T / thermal - excess / (thermal * T[:, None]), cross])
    return table_from_nodes(float(x[0]), float(x[-1]), float(T[0]), float(T[-1]), nodal)


def _entropy(particle: PhaseField, temperature: float | None) -> KernelTable:
    """∂U/∂T at constant stoichiometry."""
    x = _grid(particle)
    inside = np.clip(x, 1e-4, 1.0 - 1e-4)
    mixing = GAS_CONSTANT * np.log(inside / (1.0 - inside)) if particle.ideal else np.zeros_like(x)
    values = -(mixing + _excess(particle, "T")(x, 298.15 if temperature is None else temperature)) / FARADAY
    slopes, nought = np.gradient(values, x), np.zeros_like(x)
    return table_from_nodes(float(x[0]), float(x[-1]), 298.15, 298.15, np.stack([values, slopes, nought, nought])[:, None, :])


def _grid(particle: PhaseField) -> Array:
    low, high = particle.excess_potential.domain.get("x", (0.0, 1.0))
    return np.linspace(low, high, _POINTS)


def _excess(particle: PhaseField, derivative: str) -> Callable[[Array, float], Array]:
    """Excess potential or its derivative by ``"x"`` or ``"T"``, J mol-1."""
    excess: Property = particle.excess_potential

    def of(x: Array, T: float) -> Array:
        if derivative and (derivative not in excess.coordinates or excess.coordinates[derivative].size == 1):
            return np.zeros_like(x)
        T = float(np.clip(T, *excess.domain["T"])) if "T" in excess.coordinates else T
        value = excess.slope(derivative, x=x, T=T) if derivative else excess(x=x, T=T)
        return np.array(np.broadcast_to(np.asarray(value), x.shape), dtype=np.float64)

    return of


def phase_field_nodes(material: ActiveMaterial, mesh: Mesh) -> int | None:
    """Evenly spaced nodes of a particle that separates; `None` for one that does not, which may have the mesh of the others."""
    particle = material.phase_field
    assert particle is not None
    if mesh.phase_field_nodes is not None:
        if mesh.phase_field_nodes < 2:
            raise InputError("mesh", "phase_field_nodes", mesh.phase_field_nodes, "at least 2")
        return mesh.phase_field_nodes
    x = np.clip(_grid(particle), 1e-6, 1.0 - 1e-6) if particle.ideal else _grid(particle)
    slope = _excess(particle, "x")(x, 298.15) + (GAS_CONSTANT * 298.15 / (x * (1.0 - x)) if particle.ideal else 0.0)
    steepest = -float(slope.min())
    if steepest <= 0.0:
        return None
    # Between the phases of a regular solution x goes from 10 to 90 % of the way over four such lengths.
    length = np.sqrt(particle.gradient_energy / (material.maximum_concentration * steepest))
    nodes = int(np.ceil(material.particle_radius / length)) + 1
    if nodes > _MOST:
        found = f"particles of {1e9 * material.particle_radius:.3g} nm, whose interfaces ask for {nodes} nodes"
        raise InputError("mesh", "phase_field_nodes", found, "smaller particles, or phase_field_nodes stated")
    return max(nodes, _LEAST)


def most_phase_field_nodes(specification: CellSpecification, mesh: Mesh) -> int | None:
    """Nodes of the particle that asks for most, so that cells of other radii have as many."""
    materials = (*specification.negative_electrode.materials, *specification.positive_electrode.materials)
    asked = [phase_field_nodes(material, mesh) for material in materials if material.phase_field is not None]
    return max((nodes for nodes in asked if nodes is not None), default=None)


def mosaic(particle: PhaseField, T: float, mean: float, width: Array, *, from_left: bool) -> Array:
    """Stoichiometries of uniform particles of a given mean at rest: all alike, or within a gap rich ones beside the separator,
    then poor.

    The phases are the ends of the straight piece of the convex hull of the free energy; one particle in between has what is left.
    """
    x = _grid(particle)
    if particle.ideal:
        x = 0.5 - 0.5 * np.cos(np.linspace(0.0, np.pi, _POINTS))
        x = x[(x >= _grid(particle)[0]) & (x <= _grid(particle)[-1])][1:-1]
    excess = _excess(particle, "")(x, T)
    energy = np.concatenate([[0.0], np.cumsum(0.5 * np.diff(x) * (excess[1:] + excess[:-1]))])
    if particle.ideal:
        energy += GAS_CONSTANT * T * (x * np.log(x) + (1.0 - x) * np.log(1.0 - x))
    hull: list[int] = []
    for k in range(x.size):
        while len(hull) > 1:
            a, b = hull[-2], hull[-1]
            if (energy[b] - energy[a]) * (x[k] - x[a]) <= (energy[k] - energy[a]) * (x[b] - x[a]):
                break
            hull.pop()
        hull.append(k)
    right = int(np.searchsorted(x[hull], mean))
    if right in (0, len(hull)) or hull[right] - hull[right - 1] < 20:
        return np.full(width.size, mean)
    poor, rich = x[hull[right - 1]], x[hull[right]]
    ordered = width if from_left else width[::-1]
    before = np.concatenate([[0.0], np.cumsum(ordered)[:-1]]) / ordered.sum()
    share = np.clip(((mean - poor) / (rich - poor) - before) * ordered.sum() / ordered, 0.0, 1.0)
    stoichiometry = poor + share * (rich - poor)
    return np.asarray(stoichiometry if from_left else stoichiometry[::-1])
