r"""The mesh that a load asks for: the default where two numbers say that it is fine enough, else found by trial.

With a current density i that is held, the salt settles at a difference across the cell, and the stoichiometry at one across
each particle. Over the initial concentration, and over the range of x,

.. math::

    s = \frac{(1 - t_+) i}{F c_0} \Big(\frac{L_n}{2 B_n D_e} + \frac{L_s}{B_s D_e} + \frac{L_p}{2 B_p D_e}\Big), \qquad
    p = \max \frac{j R}{5 c_{max}} \overline{1/D}.

Where s is large the electrolyte is depleted at one end and the reaction stays near the separator; where p is large the particles
are full or empty at their surface long before they are within.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from scalith.cell.files.read_cell import read_cell
from scalith.cell.kernels import records
from scalith.cell.model.mesh import Mesh
from scalith.cell.runs.load import discharge_limits, discharge_load
from scalith.cell.runs.simulation import Simulation, read_share
from scalith.cell.runs.tolerance import TOLERANCE
from scalith.cell.specification.cell import CellSpecification
from scalith.quantities import InputError, arrhenius_factor
from scalith.quantities.constants import FARADAY

Array = NDArray[np.float64]
Curve: TypeAlias = tuple[Array, Array]
"""Times and voltages."""
ACCURACY = 5e-4
"""Root mean square of the voltage's error that an automatic mesh aims at, V."""
SALT, PARTICLE = 2.45, 0.2
"""Up to these s and p the default mesh is within `ACCURACY`: on eight published cells, −10 to 45 °C, C/20 to 3C."""
MOST_GROWTH = 8.0
MOST = Mesh(128, 32, 107, nodes=128, finest=0.001)
"""The finest that is tried."""
_TRIALS = 4
_LAYERS = ("negative", "separator", "positive")
_ORDER = 1.5
"""Of the error across the layers, where salt is depleted; within the particles it is 2."""


class LoadNumbers(NamedTuple):
    """How far a steady load drives a cell from rest: see the module.

    Attributes
    ----------
    salt, particle : float
        s and p.
    """

    salt: float
    particle: float


class Choice(NamedTuple):
    """A mesh and what is known of its error.

    Attributes
    ----------
    mesh : Mesh
    error : float or None
        Estimated root mean square of the voltage's error, V; None where the two numbers settled it.
    """

    mesh: Mesh
    error: float | None


def choose_mesh(
    specification: CellSpecification | str | Path,
    c_rate: float | str | None = None,
    *,
    current: float | str | None = None,
    temperature: float | None = None,
    initial_state_of_charge: float | str | None = None,
    accuracy: float = ACCURACY,
) -> Mesh:
    """A mesh on which the voltage under a load is right to `accuracy`, for what takes a mesh but does not choose one.

    `simulate_discharge` does so by itself. The default mesh where `load_numbers` says so; else the discharge is tried on
    meshes that are made finer, across the layers and within the particles, where halving them shows that this is needed.

    Parameters
    ----------
    specification : CellSpecification, str or Path
        What `scalith.cell.read_cell` takes.
    c_rate, current, temperature, initial_state_of_charge
        As in `simulate_discharge`.
    accuracy : float
        Root mean square over the discharge, V.

    Returns
    -------
    Mesh

    Raises
    ------
    InputError
        A setting makes no sense.
    """

    specification = read_cell(specification)
    load = discharge_load(specification, c_rate, current)
    return find_mesh(specification, load, temperature, initial_state_of_charge, accuracy=accuracy).mesh


def find_mesh(
    specification: CellSpecification,
    load: float,
    temperature: float | None = None,
    state_of_charge: float | str | None = None,
    *,
    cut_off: float | None = None,
    duration: float | None = None,
    accuracy: float = ACCURACY,
    mesh: Mesh | None = None,
    tried: bool = False,
    tolerance: float | None = None,
) -> Choice:
    """As `choose_mesh`, with the load in A, and with the error that was found.

    Parameters
    ----------
    mesh : Mesh, optional
        Keep to this one.
    tried : bool
        Estimate the error also where it is not needed for the choice.
    tolerance : float, optional
        Of the time steps of the run that the mesh is for: the error of a mesh found by trial counts theirs too.
    """
    if mesh is not None and not tried:
        return Choice(mesh, None)
    if not 1e-5 <= accuracy <= 1.0:
        raise InputError("mesh", "accuracy", accuracy, "1e-5 to 1 V")
    start = specification.initial_temperature if temperature is None else temperature
    T = float(specification.reference_temperature if start is None else start)
    numbers = load_numbers(specification, load, T)
    settled = accuracy >= ACCURACY and numbers.salt <= SALT and numbers.particle <= PARTICLE
    if mesh is None and settled:
        if not tried:
            return Choice(Mesh(), None)
        mesh = Mesh()
    charge = specification.initial_state.state_of_charge if state_of_charge is None else state_of_charge
    run = _Trial(specification, load, T, read_share(charge, "mesh", "state_of_charge"), cut_off, duration)
    if mesh is not None:
        return Choice(mesh, sum(run.errors(mesh)[:2]))
    mesh = Mesh(growth=float(np.clip(0.5 * numbers.salt, 1.0, MOST_GROWTH)))
    for trial in range(_TRIALS):
        across, within, fine = run.errors(mesh)
        finest = mesh.negative >= MOST.negative and mesh.nodes >= MOST.nodes
        if across + within <= accuracy or finest or trial == _TRIALS - 1:
            break
        mesh = _refined(mesh, _factor(across, accuracy, _ORDER), _factor(within, accuracy, 2.0))
    return Choice(mesh, across + within + (0.0 if tolerance is None else run.error_of_steps(mesh, tolerance, fine)))


def load_numbers(specification: CellSpecification, load: float, temperature: float) -> LoadNumbers:
    """How far a steady load drives a cell from rest; s and p of the module.

    Parameters
    ----------
    load : float
        A.
    temperature : float
        K.
    """
    key = specification.digest, float(temperature)
    if key not in _PER_AMPERE:
        if len(_PER_AMPERE) > 1000:
            _PER_AMPERE.clear()
        _PER_AMPERE[key] = _per_ampere(specification, temperature)
    salt, particle = _PER_AMPERE[key]
    return LoadNumbers(salt * abs(load), particle * abs(load))


_PER_AMPERE: dict[tuple[str, float], LoadNumbers] = {}


def _per_ampere(specification: CellSpecification, T: float) -> LoadNumbers:
    electrolyte, reference = specification.electrolyte, specification.reference_temperature
    c = electrolyte.initial_concentration
    D = float(electrolyte.diffusivity(c=c, T=T)) * arrhenius_factor(electrolyte.diffusivity_activation_energy, T, reference)
    i = 1.0 / specification.plane_area
    drift = (1.0 - float(electrolyte.transference_number(c=c, T=T))) * i / (FARADAY * c)
    separator = specification.separator
    salt, particle = drift * separator.thickness / (separator.efficiency * D), 0.0
    for electrode in (specification.negative_electrode, specification.positive_electrode):
        salt += 0.5 * drift * electrode.thickness / (electrode.efficiency * D)
        area = sum(material.area for material in electrode.materials)
        for material in electrode.materials:
            if electrode.planar or material.phase_field is not None:
                continue  # lithium metal; a phase field has nodes of its own
            x = np.linspace(material.minimum_stoichiometry, material.maximum_stoichiometry, 51)
            values = np.asarray(material.chemical_diffusivity(x=x, T=T)) * np.ones(x.size)
            slowness = float(np.mean(1.0 / values)) / arrhenius_factor(material.diffusivity_activation_energy, T, reference)
            j = i / (FARADAY * area * electrode.thickness)
            length = material.particle_radius**2 / material.storage_radius
            particle = max(particle, j * length / (5.0 * material.maximum_concentration) * slowness)
    return LoadNumbers(salt, particle)


class _Trial:
    """Discharges of one cell at one load on several meshes."""

    def __init__(
        self,
        specification: CellSpecification,
        load: float,
        temperature: float,
        state_of_charge: float,
        cut_off: float | None,
        duration: float | None,
    ) -> None:
        self.specification, self.load, self.temperature = specification, load, temperature
        self.state_of_charge = state_of_charge
        self.limits = discharge_limits(specification, load, cut_off, duration)

    def errors(self, mesh: Mesh) -> tuple[float, float, Curve]:
        """Estimated errors on a mesh, V, of its volumes across the layers and of its nodes within the particles; its curve."""
        fine = self.curve(mesh, None)
        across, within = (self.curve(coarse, fine[0]) for coarse in (_halved(mesh), _coarser(mesh)))
        return error_between(fine, across, _ORDER), error_between(fine, within, 2.0), fine

    def error_of_steps(self, mesh: Mesh, tolerance: float, found: Curve) -> float:
        """Estimated error of the steps in time, V: it counts where salt is depleted, and no mesh takes it away.

        `found` is the curve on this mesh at the default tolerance.
        """
        coarse = found if tolerance == TOLERANCE else self.curve(mesh, None, tolerance)
        return error_between(self.curve(mesh, coarse[0], 0.2 * tolerance), coarse, 1.0)

    def curve(self, mesh: Mesh, times: Array | None, tolerance: float = TOLERANCE) -> Curve:
        """Times and voltages, as far as the run came."""
        simulation = Simulation(
            self.specification,
            mesh=mesh,
            temperature=self.temperature,
            state_of_charge=self.state_of_charge,
            tolerance=tolerance,
        )
        simulation.hold("current", self.load, output_times=times, **self.limits)
        return simulation.rows[:, records.TIME].copy(), simulation.rows[:, records.VOLTS].copy()


def error_between(fine: Curve, coarse: Curve, order: float) -> float:
    """Root mean square over time of the error of the finer of two curves, V; they were recorded at the same times.

    The difference to a mesh half as fine is 2^order − 1 times it.
    """
    time, here, there = np.intersect1d(fine[0], coarse[0], return_indices=True)
    if time.size < 3:
        return 1.0
    square = (fine[1][here] - coarse[1][there]) ** 2
    return math.sqrt(np.trapezoid(square, time) / (time[-1] - time[0])) / (math.pow(2.0, order) - 1.0)


def _factor(error: float, accuracy: float, order: float) -> float:
    """How much finer a mesh must be for four tenths of the accuracy, at most three times."""
    return float(np.clip((error / (0.4 * accuracy)) ** (1.0 / order), 1.0, 3.0))


def _refined(mesh: Mesh, across: float, within: float) -> Mesh:
    numbers = {name: min(int(np.ceil(across * getattr(mesh, name))), getattr(MOST, name)) for name in _LAYERS}
    nodes = min(int(np.ceil(within * mesh.nodes)), MOST.nodes)
    return replace(mesh, **numbers, nodes=nodes, finest=mesh.finest * mesh.nodes / nodes)


def _halved(mesh: Mesh) -> Mesh:
    """Half as fine across the layers."""
    numbers = {name: max((getattr(mesh, name) + 1) // 2, 1) for name in _LAYERS}
    return replace(mesh, **numbers)


def _coarser(mesh: Mesh) -> Mesh:
    """Half as fine within the particles."""
    nodes = max(mesh.nodes // 2, 3)
    return replace(mesh, nodes=nodes, finest=mesh.finest * mesh.nodes / nodes)
