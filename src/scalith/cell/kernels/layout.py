"""Plain arrays that the cell kernels work on, and where each number stands in them.

The state is one vector

    y = [particles (class by class: nodes × particles) | cₑ (volumes) | T | Q | local states | φₑ (volumes) | φₛ (volumes)
         | j (one a particle) | side reactions (one a particle, where there are any) | I]

with the local stoichiometry x in the particles and everything in SI; Q is the charge passed, C. `System.at` says where each
block starts. The first part, up to and with the local states, is differential; the double layer makes φₛ − φₑ differential too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scalith.numerics.compiled import compiled, compiled_inline_inside
from scalith.numerics.kernel_table import KernelTable

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

# Columns of `System.classes`: one row for each kind of particle in an electrode.
SPECIFIC_AREA, RADIUS, MAXIMUM_CONCENTRATION, RATE, RATE_ENERGY, DIFFUSION_ENERGY = 0, 1, 2, 3, 4, 5
ANODIC, CATHODIC, FILM_RESISTANCE, GEOMETRY = 6, 7, 8, 9
LAW, ENTROPIC_SHIFT, LOWEST, HIGHEST, DIFFUSION_FACTOR, HYSTERESIS_RATE = 10, 11, 12, 13, 14, 15
CONCENTRATION_EXPONENT = 16
STRAIN, PHASE_FIELD, IDEAL, GRADIENT, MOBILITY, DEGENERATE, WETTING = 17, 18, 19, 20, 21, 22, 23
REFERENCE_VOLTAGE, REORGANISATION = 24, 25
CLASS_COLUMNS = 26
# Laws of the exchange current: k √(x (1 − x)), a table of x, and those of `scalith.interface.ChargeTransfer` that ask for μ.
BY_ROOT, BY_TABLE, BY_TRANSITION_STATE, BY_COUPLED_TRANSFER = 0, 1, 2, 3

# Entries of `System.scalars`.
PLANE_AREA, CONTACT_RESISTANCE, REFERENCE_CONCENTRATION, REFERENCE_TEMPERATURE = 0, 1, 2, 3
AMBIENT_TEMPERATURE, HEAT_CAPACITY, HEAT_TRANSFER, CONDUCTION_ENERGY, ELECTROLYTE_DIFFUSION_ENERGY = 4, 5, 6, 7, 8
CONDUCTION_FACTOR, ELECTROLYTE_DIFFUSION_FACTOR, CLIP_BELOW, CLIP_ABOVE, HEAT_OF_MIXING = 9, 10, 11, 12, 13
FRESH_CONTACT_RESISTANCE = 14  # `CONTACT_RESISTANCE` is that of now: kept up by `follow_losses`
SCALARS = 15

# Tables: five of the electrolyte and one that is empty, then six of each material.
CONDUCTIVITY, DIFFUSIVITY, TRANSFERENCE, THERMODYNAMIC_FACTOR, GENERATION = 0, 1, 2, 3, 4
VOLTAGE, ENTROPY, FLUX_POTENTIAL, EXCHANGE, KINETICS, HYSTERESIS = 0, 1, 2, 3, 4, 5
TABLES = 6

# Columns of `System.processes`: one row for each process on a class of particles.
CLASS, ADDRESS, STATE, CHANGER = 0, 1, 2, 3
# Numbers of a process that the cell itself uses, each per unit of the local state z (see `scalith.cell.processes`); its own
# follow: V per unit of −F j (film resistance, ohm m2), share of the hysteresis, volume of a film (m), lithium bound (mol m-2),
# then the unit in which the error of z counts, the equilibrium potential of the side reaction (V), the share of the material
# that is lost, whether z is where the lithium of lost material is kept (1, mol m-2 of the fresh surface), the contact
# resistance of the cell (ohm, for the mean of z), the largest z that makes sense (0: there is none), and the share of z that the
# unit of its error has beside the other.
FILM, BRANCH, VOLUME, LITHIUM, SCALE, EQUILIBRIUM, LOSS, LOST, CONTACT, LARGEST = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
RELATIVE = 10
OWN = 11
# What the rate of a process fills: the side reaction (mol m-2 s-1, negative where it reduces) and dz/dt with their slopes.
SIDE, SIDE_BY_POTENTIAL, SIDE_BY_SALT, SIDE_BY_STOICHIOMETRY, SIDE_BY_STATE = 0, 1, 2, 3, 4
CHANGE, CHANGE_BY_POTENTIAL, CHANGE_BY_SALT, CHANGE_BY_STOICHIOMETRY, CHANGE_BY_STATE, CHANGE_BY_REACTION = 5, 6, 7, 8, 9, 10
OUTPUTS = 11
# Behind them, what a rate may read: the mean stoichiometry of the particle, and the states of all processes on it, in order.
MEAN, STATES = 11, 12

# Entries of `System.kernels`: addresses of kernels that others call (0 where none is needed).
NEWTON, ELIMINATE_PHASE_FIELD, SUBSTITUTE_PHASE_FIELD, PHASE_FIELD_VOLTAGE, RUN, SPECTRUM = 0, 1, 2, 3, 4, 5
KERNELS = 6


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


class Offsets(NamedTuple):
    """Where each block of the state starts; the particles start at 0."""

    salt: int
    temperature: int
    charge: int
    states: int
    electrolyte: int
    solid: int
    reaction: int
    side: int
    current: int


class System(NamedTuple):
    """One discretised cell.

    Attributes
    ----------
    at : Offsets
    width, porosity, transport, solid_conductivity, capacitance, double_layer_exponent : ndarray, shape (cells,)
        Of each finite volume from the negative to the positive collector: m, 1, ratio of effective to bulk transport,
        effective S/m (0 in the separator), double layer F/m³ and its exponent (1 of a capacitor, less of a
        constant-phase element, which spectra alone know). Porosity and transport are kept up by `follow_films`.
    share : ndarray, shape (reactions,)
        Of each particle, what is left of its material and of its surface; kept up by `follow_losses`.
    fresh : ndarray, shape (cells, 3)
        Porosity and transport without films (a cell states them with those it starts with); the porosity of the step before.
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
    processes : ndarray of int, shape (processes, 4)
        By class: class, address of the rate, where its states stand in the vector (one a particle), and the address of what
        changes them between time steps (0 where nothing does).
    process_numbers : ndarray, shape (processes, most numbers)
    first_process : ndarray of int, shape (classes + 1,)
        Rows of `processes` of each class.
    kernels : ndarray of int, shape (KERNELS,)
        Addresses (`scalith.numerics.call_by_address`).
    """

    at: Offsets
    width: Array
    porosity: Array
    transport: Array
    solid_conductivity: Array
    capacitance: Array
    double_layer_exponent: Array
    share: Array
    fresh: Array
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
    processes: Integers
    process_numbers: Array
    first_process: Integers
    kernels: Integers


class Work(NamedTuple):
    """Scratch arrays of one solve.

    Attributes
    ----------
    potential, diffusivity, pivots, uppers, rests : ndarray, shape (particle unknowns,)
    reaction : ndarray, shape (reactions, 5)
        Change of j: constant, by φₛ − φₑ, by cₑ; equilibrium potential of the surface and its slope by x (Fickian particles).
    side : ndarray, shape (reactions, 3)
        The same of the sum of the side reactions.
    processes : ndarray, shape (local states, 5)
        Change of a local state: constant, by φₛ − φₑ, by cₑ (and two more while it is formed).
    output : ndarray, shape (STATES + processes,)
        What a process fills and reads.
    bent : ndarray, shape (2,)
        By how many kT/e the equilibrium potentials, after a step of Newton's method, are off the straight lines that it took;
        how many blocks of the matrix have a negative determinant.
    source : ndarray, shape (cells, 4)
        Σ a (j + side) and its change: value, constant, by φₛ − φₑ, by cₑ.
    electrolyte : ndarray, shape (cells, 12)
        κ, κ′, Φ = ∫ D dc, D, t₊, t₊′, χ(1 − t₊) and its slope, ln cₑ, generation and its slope, 1/cₑ; bulk values.
    local : ndarray, shape (cells, 6)
        Source of ions Σ a j with the double layer, its slopes by cₑ and by φₛ − φₑ; the same of the divergence of the
        diffusive flux.
    layer : ndarray, shape (cells,)
        Rate of change of φₛ − φₑ, V/s, where there is a double layer.
    inverses, products, lowers : ndarray, shape (cells, 3, 3)
        Factors of the block-tridiagonal matrix.
    right : ndarray, shape (cells, 3, 2)
        Right-hand sides: the negative residual, and the response to one ampere.
    step : ndarray, shape (state,)
    faces : ndarray, shape (6, 3, 3)
        Fluxes through two faces, their derivatives, and one block of the matrix.
    surface_rate : ndarray, shape (cells,)
    column : ndarray, shape (1 + 7 · most nodes,)
        How many phase-field particles run away faster than the time step can follow; then of one such particle x, its
        base, its potential, its step in both (two rows), its homogeneous potential and the slope.
    couples : ndarray, shape (8 · particle unknowns,); empty where no particle is a phase field
        Factors of the sweeps of phase-field particles and their right-hand sides, one particle behind the other.
    """

    potential: Array
    diffusivity: Array
    pivots: Array
    uppers: Array
    rests: Array
    reaction: Array
    side: Array
    processes: Array
    output: Array
    bent: Array
    source: Array
    electrolyte: Array
    local: Array
    layer: Array
    inverses: Array
    products: Array
    lowers: Array
    right: Array
    step: Array
    faces: Array
    surface_rate: Array
    column: Array
    couples: Array


@compiled_inline_inside
def table_of(bank: TableBank, k: int) -> KernelTable:
    """The k-th table of a bank; only for kernels compiled in place, since it hands back an array that is not its own."""
    first, pieces_T, pieces_x, powers = bank.shapes[k, 0], bank.shapes[k, 1], bank.shapes[k, 2], bank.shapes[k, 3]
    coefficients = bank.coefficients[first : first + pieces_T * pieces_x * powers * 4]
    shaped = coefficients.reshape((pieces_T, pieces_x, powers, 4))
    return KernelTable(bank.numbers[k, 0], bank.numbers[k, 1], bank.numbers[k, 2], bank.numbers[k, 3], shaped)


@compiled
def one_of(systems: System, b: int) -> System:
    """The b-th of several systems stacked along the first dimension of their arrays; all have one layout of the
    state, whose offsets are an array there (threads share no tuples).
    """
    at = systems.at
    return System(
        Offsets(at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7], at[8]),
        systems.width[b],
        systems.porosity[b],
        systems.transport[b],
        systems.solid_conductivity[b],
        systems.capacitance[b],
        systems.double_layer_exponent[b],
        systems.share[b],
        systems.fresh[b],
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
        systems.processes[b],
        systems.process_numbers[b],
        systems.first_process[b],
        systems.kernels[b],
    )
