"""Plain arrays that the cell kernels work on, and where each number stands in them.

The state is one vector

    y = [class 0 (nodes × particles) | class 1 | … | cₑ (cells) | T | Q | φₑ (cells) | φₛ (cells) | j (one a particle) | I]

with the local stoichiometry x in the particles and everything in SI; Q is the charge passed, C.
The first part, up to and with Q, is differential;
the double layer makes φₛ − φₑ differential too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled, compiled_inline
from scalith.numerics.kernel_table import KernelTable

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

# Columns of `System.classes`: one row for each kind of particle in an electrode.
SPECIFIC_AREA, RADIUS, MAXIMUM_CONCENTRATION, RATE, RATE_ENERGY, DIFFUSION_ENERGY = 0, 1, 2, 3, 4, 5
ANODIC, CATHODIC, FILM_RESISTANCE, GEOMETRY = 6, 7, 8, 9
FROM_TABLE, ENTROPIC_SHIFT, LOWEST, HIGHEST, DIFFUSION_FACTOR, HYSTERESIS_RATE = 10, 11, 12, 13, 14, 15
HYSTERESIS_DECAY = 16
STRAIN, PHASE_FIELD, IDEAL, GRADIENT, MOBILITY, DEGENERATE, WETTING = 17, 18, 19, 20, 21, 22, 23
CLASS_COLUMNS = 24

# Entries of `System.scalars`.
PLANE_AREA, CONTACT_RESISTANCE, REFERENCE_CONCENTRATION, REFERENCE_TEMPERATURE = 0, 1, 2, 3
AMBIENT_TEMPERATURE, HEAT_CAPACITY, HEAT_TRANSFER, CONDUCTION_ENERGY, ELECTROLYTE_DIFFUSION_ENERGY = 4, 5, 6, 7, 8
CONDUCTION_FACTOR, ELECTROLYTE_DIFFUSION_FACTOR = 9, 10
SCALARS = 11

# Tables: five of the electrolyte and one that is empty, then six of each material.
CONDUCTIVITY, DIFFUSIVITY, TRANSFERENCE, THERMODYNAMIC_FACTOR, GENERATION = 0, 1, 2, 3, 4
VOLTAGE, ENTROPY, FLUX_POTENTIAL, EXCHANGE, KINETICS, HYSTERESIS = 0, 1, 2, 3, 4, 5
TABLES = 6


class TableBank(NamedTuple):
    """Kernel tables one behind the other, so that a kernel is compiled once for any number of materials.

    Attributes
    ----------
    numbers : ndarray, shape (tables, 4)
        lower, inverse_step, T_lower, T_inverse_step.
    shapes : ndarray of int, shape (tables, 4)
        First index in `coefficients`, pieces in T, pieces in x, powers of t.
    coefficients : ndarray, shape (all,)
    """

    numbers: Array
    shapes: Integers
    coefficients: Array


class System(NamedTuple):
    """One discretised cell.

    Attributes
    ----------
    width, porosity, transport, solid_conductivity, capacitance : ndarray, shape (cells,)
        Of each finite volume from the negative to the positive collector: m, 1, ratio of effective to bulk transport,
        effective S/m (0 in the separator), double layer F/m³.
    curvature : ndarray, shape (cells, 2)
        Weights of the left and right half of each volume in the correction for the source within it: 1/12 towards a like
        neighbour, 1/6 where the layer ends.
    start, count, nodes, material, particle_offset, reaction_offset : ndarray of int, shape (classes,)
        First finite volume and number of them, nodes of a particle, material, place of the class in the state and in the
        reactions.
    classes : ndarray, shape (classes, CLASS_COLUMNS)
    volumes, conductances, couplings : ndarray, shape (classes, most nodes), (classes, most nodes − 1) twice
        Radial volumes on the unit radius, zero beyond the nodes of a class: see `scalith.particle.mesh.RadialMesh`.
    scalars : ndarray, shape (SCALARS,)
    hysteresis : ndarray, shape (reactions, 2)
        Mean stoichiometry of each particle at the end of the last step, and its state of hysteresis there: kept up by `run_step`.
    """

    width: Array
    porosity: Array
    transport: Array
    solid_conductivity: Array
    capacitance: Array
    curvature: Array
    start: Integers
    count: Integers  # type: ignore[assignment]
    nodes: Integers
    material: Integers
    particle_offset: Integers
    reaction_offset: Integers
    classes: Array
    volumes: Array
    conductances: Array
    couplings: Array
    scalars: Array
    hysteresis: Array


class Work(NamedTuple):
    """Scratch arrays of one solve.

    Attributes
    ----------
    potential, diffusivity, pivots, uppers, rests : ndarray, shape (particle unknowns,)
    reaction : ndarray, shape (reactions, 5)
        Change of j: constant, by φₛ − φₑ, by cₑ, by the rest of the surface node, by the logarithm of the rate.
    source : ndarray, shape (cells, 4)
        Σ a j and its change: value, constant, by φₛ − φₑ, by cₑ.
    electrolyte : ndarray, shape (cells, 11)
        κ, κ′, Φ = ∫ D dc, D, t₊, t₊′, χ(1 − t₊) and its slope, ln cₑ, generation and its slope; bulk values.
    local : ndarray, shape (cells, 6)
        Source of ions Σ a j with the double layer, its slopes by cₑ and by φₛ − φₑ; the same of the divergence of the
        diffusive flux.
    inverses, products, lowers : ndarray, shape (cells, 3, 3)
        Factors of the block-tridiagonal matrix.
    right : ndarray, shape (cells, 3, 2)
        Right-hand sides: the negative residual, and the response to one ampere.
    step : ndarray, shape (state,)
    faces : ndarray, shape (6, 3, 3)
        Fluxes through two faces, their derivatives, and one block of the matrix.
    surface_rate : ndarray, shape (cells,)
    column : ndarray, shape (1 + 7 · most nodes,)
        How many phase-field particles run away faster than the length of the time step can follow; then of one such particle
        x, its base, its potential, its step in both (two rows), its homogeneous potential and the slope.
    couples : ndarray, shape (8 · particle unknowns,); empty where no particle is a phase field
        Factors of the sweeps of phase-field particles and their right-hand sides, one particle behind the other.
    """

    potential: Array
    diffusivity: Array
    pivots: Array
    uppers: Array
    rests: Array
    reaction: Array
    source: Array
    electrolyte: Array
    local: Array
    inverses: Array
    products: Array
    lowers: Array
    right: Array
    step: Array
    faces: Array
    surface_rate: Array
    column: Array
    couples: Array


@compiled_inline
def table_of(bank: TableBank, k: int) -> KernelTable:
    """The k-th table of a bank; only for kernels compiled in place, since it hands back an array that is not its own."""
    first, pieces_T, pieces_x, powers = bank.shapes[k, 0], bank.shapes[k, 1], bank.shapes[k, 2], bank.shapes[k, 3]
    coefficients = bank.coefficients[first : first + pieces_T * pieces_x * powers * 4]
    shaped = coefficients.reshape((pieces_T, pieces_x, powers, 4))
    return KernelTable(bank.numbers[k, 0], bank.numbers[k, 1], bank.numbers[k, 2], bank.numbers[k, 3], shaped)


@compiled
def one_of(systems: System, b: int) -> System:
    """The b-th of several systems stacked along the first dimension of their arrays."""
    return System(
        systems.width[b],
        systems.porosity[b],
        systems.transport[b],
        systems.solid_conductivity[b],
        systems.capacitance[b],
        systems.curvature[b],
        systems.start[b],
        systems.count[b],
        systems.nodes[b],
        systems.material[b],
        systems.particle_offset[b],
        systems.reaction_offset[b],
        systems.classes[b],
        systems.volumes[b],
        systems.conductances[b],
        systems.couplings[b],
        systems.scalars[b],
        systems.hysteresis[b],
    )
