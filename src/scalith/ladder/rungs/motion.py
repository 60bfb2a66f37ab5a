"""Motion of atoms by an engine's forces: vibrations at several stoichiometries, and molecular dynamics of ions."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

import numpy as np
import xarray as xr
from pydantic import AfterValidator, Field

from scalith import atoms
from scalith.atoms import DynamicsSettings
from scalith.crystal import Host
from scalith.ladder.progress import report_progress
from scalith.ladder.quantity import AtomicDistance, BesideTheStudy, Settings, rung
from scalith.ladder.rungs.engines import StudyEngine
from scalith.ladder.rungs.lattice import Temperatures
from scalith.quantities import InputError, Property, Source, predicted
from scalith.quantities.constants import AVOGADRO
from scalith.quantities.specification import Count, Fraction

OF_MATERIAL = True
"""These rungs exist once for each material of a study."""

SCALE = "atoms"

Cells = tuple[Count, Count, Count]


def two_or_more(values: tuple[float, ...]) -> tuple[float, ...]:
    """Two stoichiometries or more, increasing."""
    if len(values) < 2 or any(b <= a for a, b in pairwise(values)):
        raise InputError("", "", list(values), "two stoichiometries or more, increasing")
    return values


class Vibrations(Settings):
    """``[vibrations]``: harmonic vibrations of the lowest ordering at each stoichiometry, by the forces of the ``[engine]``.

    Attributes
    ----------
    temperatures : tuple of float
        K, increasing.
    stoichiometries : tuple of float
        Filled fractions of sites; between them the free energy is interpolated.
    largest_cell, candidates : int
        Primitive cells in which a stoichiometry is sought, and orderings that are relaxed there.
    supercell : tuple of int
        Cells of the ordering along each vector within which atoms are displaced.
    mesh : tuple of int
        q-points along each reciprocal vector.
    displacement : float
        Å.
    metal_supercell : tuple of int, optional
        Of the ion's metal, whose vibrations are then taken off: voltages refer to a metal at rest otherwise.
    drop_imaginary : bool
        Leave imaginary modes out, which the source notes, instead of refusing them.
    """

    temperatures: Temperatures
    stoichiometries: Annotated[tuple[Fraction, ...], AfterValidator(two_or_more)] = (0.0, 1.0)
    largest_cell: Annotated[int, Field(ge=1, le=12)] = 4
    candidates: Count = 10
    supercell: Cells = (2, 2, 2)
    mesh: Cells = (8, 8, 8)
    displacement: AtomicDistance = 0.01
    metal_supercell: Cells | None = None
    drop_imaginary: bool = False


@rung("vibrational free energy per mole of sites", unit="J mol-1", over="x T")
def vibrational_free_energy(host: Host, engine: StudyEngine, vibrations: Vibrations) -> Property:
    """F_vib(x, T) of the lowest orderings, relaxed with the engine; less x F_vib of the metal where its supercell is stated."""
    from ase.build import bulk

    stated = vibrations
    with engine.kept() as database:
        lowest = atoms.relax_lowest_orderings(
            host,
            stated.stoichiometries,
            engine.engine,
            database,
            engine.relaxation,
            largest_cell=stated.largest_cell,
            candidates=stated.candidates,
        )
        ion = host.working_ion
        metals = (
            atoms.compute_energies({f"metallic {ion}": bulk(ion)}, engine.engine, database, engine.relaxation)
            if stated.metal_supercell
            else None
        )
    if metals is not None and metals.left_out:
        raise InputError(f"metallic {ion}", "relaxation", metals.left_out[0][1], "a relaxed metal")
    total = len(lowest) + (metals is not None)

    def phonons(number: int, structure: Any, supercell: Cells, units: int) -> xr.Dataset:
        return atoms.phonon_frequencies(
            structure,
            engine.engine,
            supercell=supercell,
            mesh=stated.mesh,
            displacement=stated.displacement,
            formula_units=units,
            progress=lambda part, words: report_progress((number + part) / total, words),
        )

    found = {x: phonons(k, item.atoms, stated.supercell, item.sites) for k, (x, item) in enumerate(lowest.items())}
    metal = None
    if metals is not None and stated.metal_supercell is not None:
        metal = phonons(len(lowest), metals[0].atoms, stated.metal_supercell, len(metals[0].atoms))
    return atoms.vibrational_free_energy(found, stated.temperatures, metal=metal, drop_imaginary=stated.drop_imaginary)


class MolecularDynamics(Settings, DynamicsSettings):
    """``[molecular_dynamics]``: ions that move by the forces of the ``[engine]``, in the lowest ordering at one stoichiometry.

    Attributes
    ----------
    temperatures : tuple of float
        K, increasing.
    stoichiometry : float
        Filled fraction of the ion's sites.
    largest_cell, candidates : int
        As in ``[vibrations]``.
    supercell : tuple of int
        Cells of the ordering along each vector.
    dimensions : int
        In which the ions move: 3, 2 in layers, 1 in channels.
    blocks : int
        Pieces that each run is cut into, from whose scatter the errors come.
    kept : str, optional
        Folder beside the study in which runs are kept as they go: an interrupted climb goes on from there.
    time_step, duration, equilibration, friction_time, frames, runs
        See `scalith.atoms.DynamicsSettings`.
    """

    temperatures: Temperatures
    stoichiometry: Fraction
    largest_cell: Annotated[int, Field(ge=1, le=12)] = 4
    candidates: Count = 10
    supercell: Cells = (2, 2, 2)
    dimensions: Literal[1, 2, 3] = 3
    blocks: Count = 1
    kept: BesideTheStudy | None = Field(default=None, exclude=True)

    @property
    def dynamics(self) -> DynamicsSettings:
        """How the atoms move."""
        return self.as_specification(DynamicsSettings)


def _motion(data: xr.Dataset) -> str:
    source = Source.from_json(data.attrs["source"])
    return f"{data.sizes['seed_of_run']} runs of {source.settings['formula']} at each of {data.sizes['T']} temperatures"


@rung("motion of ions by molecular dynamics", headline=_motion)
def ion_motion(host: Host, engine: StudyEngine, molecular_dynamics: MolecularDynamics, seed: int) -> xr.Dataset:
    """Mean square displacements of ions, and of all ions together, at each temperature."""
    stated = molecular_dynamics
    with engine.kept() as database:
        lowest = atoms.relax_lowest_orderings(
            host,
            [stated.stoichiometry],
            engine.engine,
            database,
            engine.relaxation,
            largest_cell=stated.largest_cell,
            candidates=stated.candidates,
        )
    (ordering,) = lowest.values()
    return atoms.simulate_ion_motion(
        ordering.atoms.repeat(stated.supercell),
        host.working_ion,
        engine.engine,
        stated.temperatures,
        stated.dynamics,
        seed=seed,
        blocks=stated.blocks,
        folder=stated.kept,
        progress=report_progress,
    ).assign_attrs(dimensions=stated.dimensions)


@rung("tracer diffusivity by molecular dynamics", unit="m2 s-1", over="T")
def trajectory_tracer_diffusivity(ion_motion: xr.Dataset) -> Property:
    """D*(T) of single ions."""
    return atoms.trajectory_diffusivity(ion_motion, "tracer", dimensions=int(ion_motion.attrs["dimensions"]))


@rung("charge diffusivity by molecular dynamics", unit="m2 s-1", over="T")
def trajectory_charge_diffusivity(ion_motion: xr.Dataset) -> Property:
    """D_σ(T) of all ions together: conductivity times kT/(n z² e²)."""
    return atoms.trajectory_diffusivity(ion_motion, "charge", dimensions=int(ion_motion.attrs["dimensions"]))


@rung("Haven ratio by molecular dynamics", unit="1", over="T")
def trajectory_haven_ratio(ion_motion: xr.Dataset) -> Property:
    """D*/D_σ: 1 where ions move on their own."""
    return atoms.trajectory_haven_ratio(ion_motion)


class Conduction(Settings):
    """``[conduction]``: the conductivity that moving ions make.

    Attributes
    ----------
    temperatures : tuple of float
        K, increasing: where it is wanted, by the line of ln(σT) against 1/T through those at which ions were moved.
    charge : float
        Of an ion, in elementary charges.
    of : {"charge", "tracer"}
        Of molecular dynamics: from the motion of all ions together, or of single ones (Nernst and Einstein: a Haven ratio of 1),
        whose error is smaller.
    stoichiometry : float, optional
        Of kinetic Monte Carlo, which moves ions at several: filled fraction of the sites in the cell of the host. Stated, the
        conductivity is that of kinetic Monte Carlo where there is molecular dynamics as well.
    """

    temperatures: Temperatures
    charge: Annotated[float, Field(gt=0)] = 1.0
    of: Literal["charge", "tracer"] = "charge"
    stoichiometry: Fraction | None = None


@rung(
    "conductivity within crystallites, from the motion of ions",
    unit="S m-1",
    over="T",
    one_of=("ion_motion", "jump_diffusivity"),
)
def bulk_ionic_conductivity(
    host: Host, conduction: Conduction, ion_motion: xr.Dataset | None = None, jump_diffusivity: Property | None = None
) -> Property:
    """σ(T) = c z² F² D/RT from molecular dynamics or kinetic Monte Carlo, from their temperatures to those of a cell."""
    if ion_motion is not None and (jump_diffusivity is None or conduction.stoichiometry is None):
        if conduction.stoichiometry is not None:
            expected = "none: molecular dynamics has a stoichiometry of its own, and there is no kinetic Monte Carlo"
            raise InputError("[conduction]", "stoichiometry", conduction.stoichiometry, expected)
        diffusivity = atoms.trajectory_diffusivity(ion_motion, conduction.of, dimensions=int(ion_motion.attrs["dimensions"]))
        concentration = float(ion_motion.attrs["ions"]) / (AVOGADRO * float(ion_motion.attrs["volume"]))
    else:
        assert jump_diffusivity is not None  # one of the two, by the graph
        x, D = conduction.stoichiometry, jump_diffusivity
        if x is None:
            raise InputError("[conduction]", "stoichiometry", "nothing", "the filled fraction, for kinetic Monte Carlo")
        if conduction.of == "tracer":
            raise InputError("[conduction]", "of", "tracer", "charge: the jump diffusivity is that of all ions together")
        if "T" not in D.coordinates:
            over = ", ".join(D.coordinates) or "nothing, a constant"
            raise InputError("bulk_ionic_conductivity", "jump_diffusivity", f"values over {over}", "values over T")
        T = D.coordinates["T"]
        source = predicted("scalith.ladder.bulk_ionic_conductivity", D.digest, settings={"x": x})
        error = None if D.standard_error is None else np.asarray(D.error(x=x, T=T))
        at_x = np.asarray(D(x=x, T=T))
        diffusivity = Property.from_arrays("jump_diffusivity", {"T": T}, at_x, "m2 s-1", source, standard_error=error)
        concentration = x * len(host.working) / (AVOGADRO * 1e-30 * host.volume)
    hot = atoms.ionic_conductivity(diffusivity, concentration, charge=conduction.charge)
    return atoms.extrapolate_conductivity(hot, conduction.temperatures)
