"""Lattice: from energies of orderings to chemical potential, voltage and diffusivity."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import xarray as xr
from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from scalith import lattice
from scalith.crystal import Host, map_hops, read_hop_paths
from scalith.crystal.files.result_files import kind_of
from scalith.crystal.host import require_ions_alone
from scalith.ladder import progress
from scalith.ladder.material_states import STATES, beside_errors, material_states
from scalith.ladder.progress import report_progress
from scalith.ladder.quantity import AtomicDistance, InputFile, Quantity, Reweighting, Settings, drawing, rung
from scalith.ladder.rungs.crystal import ModelErrors
from scalith.lattice import ClusterExpansion, HopBarriers, SpeciesExpansion
from scalith.quantities import SI, ConvergenceError, InputError, Property
from scalith.quantities.constants import FARADAY
from scalith.quantities.specification import AtomicEnergy, Count, Fraction, Length, Temperature

OF_MATERIAL = True
"""These rungs exist once for each material of a study."""


def _increasing(values: tuple[float, ...]) -> tuple[float, ...]:
    if any(b <= a for a, b in pairwise(values)):
        raise InputError("", "", list(values), "strictly increasing values")
    return values


Temperatures = Annotated[tuple[Temperature, ...], Field(min_length=1), AfterValidator(_increasing)]
Stoichiometries = Annotated[tuple[Fraction, ...], Field(min_length=1), AfterValidator(_increasing)]
Cutoff = Annotated[float, SI("Å"), Field(ge=0, le=50)]
Sweeps = Annotated[int, Field(ge=20)]


def _of_this_world(cells: tuple[int, int, int]) -> tuple[int, int, int]:
    if prod(cells) > 10_000_000:
        raise InputError("", "", list(cells), "at most 10 million primitive cells in all")
    return cells


Expansion = ClusterExpansion | SpeciesExpansion
"""Of the working ion and vacancies alone, or of coupled sublattices."""

Supercell = Annotated[tuple[Count, Count, Count], AfterValidator(_of_this_world)]


class ClusterFit(Settings):
    """``[cluster_fit]``: which clusters (cut-offs in Å), whether formal charges count, how the interactions are fitted.

    ``keep_ground_states`` constrains the fit so that the data's ground states stay on its hull; ``end_importance`` above 1 pins
    the energies of the empty and the full host, and with them the average voltage.
    """

    pair_cutoff: AtomicDistance
    triplet_cutoff: Cutoff = 0.0
    quadruplet_cutoff: Cutoff = 0.0
    electrostatics: bool = False
    method: Literal["ridge", "ard", "bayesian"] = "ridge"
    keep_ground_states: bool = False
    end_importance: Annotated[float, Field(gt=0)] = 1.0


class MonteCarlo(Settings):
    """``[monte_carlo]``: semi-grand-canonical sampling over chemical potential and temperature.

    Attributes
    ----------
    temperatures : tuple of float
        K, or text such as ``"25 degC"``.
    cells : tuple of int
        Primitive cells along each axis of the simulation box.
    sweeps : int
        Trial steps per site at each state.
    points : int
        Chemical potentials, placed so that all stoichiometries are met.
    parallel_tempering : bool
        Temperatures exchange their configurations: for lattices that freeze in. Not with coupled sublattices.
    composition : tuple of dict
        Of coupled sublattices whose other elements are not plain from the lists of species: see
        `scalith.lattice.species_semi_grand_canonical`.
    """

    temperatures: Temperatures = (280.0, 298.15, 310.0, 330.0)
    cells: Supercell = (12, 12, 12)
    sweeps: Sweeps = 200
    points: Count = 72
    parallel_tempering: bool = False
    composition: tuple[dict[str, Fraction], ...] = ()


class PhaseDiagram(Settings):
    """``[phases]``: over which temperatures two-phase regions are followed.

    Attributes
    ----------
    temperatures : tuple of float
        K, or text such as ``"25 degC"``, increasing.
    cells : tuple of int
        Primitive cells along each axis of the simulation box.
    sweeps : int
        Trial steps per site at each state.
    points : int
        Chemical potentials; more are placed where x jumps.
    parallel_tempering : bool
        Temperatures exchange their configurations.
    """

    temperatures: Temperatures
    cells: Supercell = (10, 10, 10)
    sweeps: Sweeps = 150
    points: Count = 72
    parallel_tempering: bool = False


class Snapshot(Settings):
    """``[snapshot]``: the configuration that the report shows."""

    stoichiometry: Fraction = 0.5
    temperature: Temperature = 298.15
    cells: Supercell = (6, 6, 6)


class KineticMonteCarlo(Settings):
    """``[kinetic_monte_carlo]``: hops of ions at fixed stoichiometry.

    Attributes
    ----------
    temperatures : tuple of float
        K.
    stoichiometries : tuple of float
        Filled fractions of sites.
    cells : tuple of int
        Primitive cells along each axis.
    trajectories : int
        Independent trajectories, from whose scatter the errors come.
    events : int
        Mean number of hops of a trajectory.
    upper_bound : bool
        Whether diffusivities are marked as upper bounds: of a crystal without defects whose ions move along channels only.
    """

    temperatures: Temperatures = (280.0, 298.15, 330.0)
    stoichiometries: Stoichiometries = (0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98)
    cells: Supercell = (12, 12, 6)
    trajectories: Count = 8
    events: Count = 10_000
    upper_bound: bool = False


class BlockedChannels(Settings):
    """``[blocked_channels]``: channels of a particle of which antisite defects block some sites.

    The diffusivity that a cell takes is then that of the particle, and its concentration that of the ions that come out. A
    given chemical diffusivity is taken as that of the particles.

    Attributes
    ----------
    channel_length : float
        m: from surface to surface, at most the diameter of the cell's particles. In a sphere the mean over all ions is three
        halves of its radius.
    excess_barrier : float, optional
        Of the hop past a defect into the next channel, above that of the hop along a channel, eV. Without it ions leave their
        channel at its ends only, and those between two defects are lost.
    temperatures : tuple of float, optional
        K: those of the diffusivity lie between them, where there is an `excess_barrier`. Without it those of ``[monte_carlo]``.
    samples : int
        Independent sets of channels.
    """

    channel_length: Length
    excess_barrier: AtomicEnergy | None = None
    temperatures: Temperatures | None = None
    samples: Annotated[int, Field(ge=2)] = 8

    @model_validator(mode="after")
    def _has_blocks(self, info: ValidationInfo) -> Self:
        reached = (info.context or {}).get("reached")
        if reached is not None and "channel_blocking" not in reached:
            expected = "hop_barriers, and [antisites] or a given antisite_concentration, of the same material"
            raise InputError("", "", "no defects, or no hops along channels", expected)
        return self


class InputBands(InputFile):
    """A trajectory of a band, or a folder below which nudged elastic bands lie."""

    words: ClassVar[str] = "a file or a folder"

    @classmethod
    def files_below(cls, folder: Path) -> list[Path]:
        """Those that a program wrote structures to."""
        return [file for file in folder.rglob("*") if file.is_file() and kind_of(file)]


class HopPathFit(Settings):
    """``[hop_paths]``: barriers by their surroundings from nudged elastic bands of your own.

    Attributes
    ----------
    bands : InputBands
        A folder of trajectories (ASE) and of image folders ``00``, ``01``, … (VASP), see `scalith.crystal.read_hop_paths`.
    reach, pair_cutoff, triplet_cutoff, method, attempt_frequency
        See `scalith.lattice.fit_hop_barriers`.
    largest_displacement
        See `scalith.crystal.map_hops`.
    licence : str
        Licence of the bands, recorded in the source.
    """

    bands: InputBands
    reach: AtomicDistance
    pair_cutoff: Cutoff = 0.0
    triplet_cutoff: Cutoff = 0.0
    method: Literal["ridge", "ard", "bayesian"] = "ridge"
    attempt_frequency: Annotated[float, SI("Hz"), Field(gt=0)] = 1e13
    largest_displacement: AtomicDistance = 0.6
    licence: str = ""


GIVEN: dict[str, tuple[Quantity, type[Any]]] = {
    "electronic_free_energy": (
        Quantity("electronic free energy per mole of sites", "J mol-1", {"x": "1", "T": "K"}),
        Property,
    ),
}


@rung(
    "cluster expansion",
    headline=lambda fit: (
        f"{len(fit.orbits)} clusters, leave-one-out error {1e3 * fit.leave_one_out_error:.1f} meV per primitive cell"
        + "".join(f"; untested without them: {', '.join(names)}" for names in fit.untested_groups.values())
    ),
    draw=lambda fit, seed: fit.draws(1, drawing.get()(seed))[0] if fit.covariance else fit,
)
def cluster_expansion(
    host: Host, mapped_orderings: xr.Dataset, cluster_fit: ClusterFit, localised_orderings: xr.Dataset | None = None
) -> Expansion:
    """E = Σ m J Π: the energy of any ordering from interactions of pairs, triplets, …, on one sublattice or several."""
    orderings = mapped_orderings if localised_orderings is None else localised_orderings
    if host.coupled:
        return lattice.fit_species_expansion(host, orderings, **cluster_fit.model_dump())
    return lattice.fit_cluster_expansion(host, orderings, **cluster_fit.model_dump())


def _of_ions_alone(expansion: Expansion, what: str) -> ClusterExpansion:
    if isinstance(expansion, SpeciesExpansion):
        require_ions_alone(expansion.host, what)
        raise InputError(what, "cluster_expansion", "one of species", "one of the working ion and vacancies alone")
    return expansion


def _sampling(data: xr.Dataset) -> str:
    text = f"{data.sizes['mu']} chemical potentials at {data.sizes['T']} temperatures, {data.attrs['sites']} sites"
    return "; ".join([text, *_warnings(data)])


def _warnings(data: xr.Dataset) -> list[str]:
    return [str(words) for words in np.atleast_1d(data.attrs.get("warnings", []))]


def _samples_of_orderings(data: xr.Dataset, arguments: Mapping[str, Any]) -> xr.Dataset:
    settings: MonteCarlo = arguments["monte_carlo"]
    return lattice.sample_clusters(
        _of_ions_alone(arguments["cluster_expansion"], "re-weighting"),
        settings.temperatures,
        data["mu"].values,
        cells=settings.cells,
        sweeps=settings.sweeps,
        parallel_tempering=settings.parallel_tempering,
        seed=arguments["seed"],
        executor=progress.executor.get(),
    )


def _reweighted_orderings(_: xr.Dataset, samples: xr.Dataset, before: Mapping[str, Any], after: Mapping[str, Any]) -> xr.Dataset:
    _require_alike("sampled orderings", before, after, "monte_carlo")
    data = lattice.reweighted_orderings(samples, after["cluster_expansion"], seed=after["seed"])
    added = [after.get(name) for name in ("vibrational_free_energy", "electronic_free_energy")]
    return lattice.add_free_energies(data, *found) if (found := [item for item in added if item is not None]) else data


def _require_alike(what: str, before: Mapping[str, Any], after: Mapping[str, Any], *names: str) -> None:
    """Reject a member that differs from the nominal climb in what no weights make up for."""
    for name in names:
        if before[name].digest != after[name].digest:
            raise ConvergenceError("re-weighting", f"{name} of the {what} differs from that of the nominal climb")


@rung(
    "orderings sampled by Monte Carlo", headline=_sampling, reweighting=Reweighting(_samples_of_orderings, _reweighted_orderings)
)
def sampled_orderings(
    cluster_expansion: Expansion,
    monte_carlo: MonteCarlo,
    seed: int,
    vibrational_free_energy: Property | None = None,
    electronic_free_energy: Property | None = None,
) -> xr.Dataset:
    """x(μ, T), energy and fluctuations in the semi-grand-canonical ensemble; free energies of vibrations and electrons added."""
    common: dict[str, Any] = {name: getattr(monte_carlo, name) for name in ("cells", "sweeps", "points")}
    common |= {"seed": seed, "executor": progress.executor.get(), "progress": report_progress}
    composition = monte_carlo.composition or None
    if isinstance(cluster_expansion, SpeciesExpansion):
        if monte_carlo.parallel_tempering:
            raise InputError("[monte_carlo]", "parallel_tempering", True, "none with coupled sublattices: more sweeps")
        data = lattice.species_semi_grand_canonical(
            cluster_expansion, monte_carlo.temperatures, composition=composition, **common
        )
    else:
        if monte_carlo.composition:
            expected = "none: the host has sites of the working ion and vacancies alone"
            raise InputError("[monte_carlo]", "composition", [dict(one) for one in monte_carlo.composition], expected)
        data = lattice.semi_grand_canonical(
            cluster_expansion, monte_carlo.temperatures, parallel_tempering=monte_carlo.parallel_tempering, **common
        )
    added = [item for item in (vibrational_free_energy, electronic_free_energy) if item is not None]
    data = lattice.add_free_energies(data, *added) if added else data
    if not cluster_expansion.covariance:  # given interactions, or a member that was drawn
        return data
    cells = monte_carlo.cells if cluster_expansion.host.coupled else part_of(monte_carlo.cells)
    return lattice.add_fit_error(data, cluster_expansion, cells=cells, composition=composition, seed=seed)


def part_of(cells: tuple[int, int, int]) -> tuple[int, int, int]:
    """A part of the supercell that repeats into the whole, of six cells along each vector or a little more where it has them."""
    a, b, c = (next(part for part in range(min(n, 6), n + 1) if n % part == 0) for n in cells)
    return a, b, c


def _snapshot(data: xr.Dataset) -> str:
    if "species" not in data:
        return f"{int(data['filled'].sum())} ions on {data.sizes['site']} sites"
    names, counts = np.unique(data["species"].values.astype(str), return_counts=True)
    told = ", ".join(f"{count} {name}" for name, count in zip(names, counts, strict=True))
    return f"{told} on {data.sizes['site']} sites"


@rung("snapshot of the lattice", headline=_snapshot)
def lattice_snapshot(cluster_expansion: Expansion, snapshot: Snapshot, monte_carlo: MonteCarlo, seed: int) -> xr.Dataset:
    """One equilibrium configuration; what else of the composition must be told stands in ``[monte_carlo]``."""
    return lattice.lattice_snapshot(
        cluster_expansion,
        x=snapshot.stoichiometry,
        T=snapshot.temperature,
        cells=snapshot.cells,
        composition=monte_carlo.composition or None,
        seed=seed,
    )


@rung("chemical potential of lithium", unit="J mol-1", over="x T", one_of=STATES)
def chemical_potential(
    model_errors: ModelErrors, sampled_orderings: xr.Dataset | None = None, joined_orderings: xr.Dataset | None = None
) -> Property:
    """μ(x, T) of lithium in the host."""
    states = material_states(sampled_orderings, joined_orderings)
    scale = int(states.attrs.get("ion_charge", 1)) * FARADAY
    return model_errors.beside(beside_errors(lattice.chemical_potential(states), states, scale), scale)


@rung("open-circuit voltage", unit="V", over="x T", one_of=STATES)
def open_circuit_voltage(
    lithium_energy: Property,
    model_errors: ModelErrors,
    sampled_orderings: xr.Dataset | None = None,
    joined_orderings: xr.Dataset | None = None,
) -> Property:
    """V(x, T) = −(μ(x, T) − E_Li)/e against metallic lithium."""
    states = material_states(sampled_orderings, joined_orderings)
    return model_errors.beside(beside_errors(lattice.open_circuit_voltage(states, lithium_energy), states))


def _regions(data: xr.Dataset) -> str:
    return f"{data.sizes['region']} two-phase regions" if data.sizes["region"] else "one phase at every stoichiometry"


@rung("phase boundaries", headline=_regions, one_of=STATES)
def phase_boundaries(sampled_orderings: xr.Dataset | None = None, joined_orderings: xr.Dataset | None = None) -> xr.Dataset:
    """Stoichiometries between which two phases stand beside each other, at each temperature."""
    return lattice.phase_boundaries(material_states(sampled_orderings, joined_orderings))


def _diagram(data: xr.Dataset) -> str:
    closing = [
        f"{end} at {float(T):.0f} ± {float(error):.0f} K, x = {float(x):.2f}"
        for end, T, error, x in zip(
            data["end"].values,
            data["closing_temperature"].values,
            data["closing_temperature_error"].values,
            data["closing_stoichiometry"].values,
            strict=True,
        )
        if np.isfinite(T)
    ]
    return "; ".join([f"{data.sizes['branch_number']} two-phase regions", *closing, *_warnings(data)])


@rung("phase diagram", headline=_diagram)
def phase_diagram(
    cluster_expansion: Expansion,
    phases: PhaseDiagram,
    seed: int,
    vibrational_free_energy: Property | None = None,
    electronic_free_energy: Property | None = None,
) -> xr.Dataset:
    """Two-phase regions over temperature, the order of their phases, and where they close."""
    settings = phases
    return lattice.phase_diagram(
        _of_ions_alone(cluster_expansion, "phase diagram"),
        settings.temperatures,
        cells=settings.cells,
        sweeps=settings.sweeps,
        points=settings.points,
        parallel_tempering=settings.parallel_tempering,
        added_free_energies=[item for item in (vibrational_free_energy, electronic_free_energy) if item is not None],
        seed=seed,
        executor=progress.executor.get(),
        progress=report_progress,
    )


@rung("configurational entropy", unit="J mol-1 K-1", over="x T", one_of=STATES)
def configurational_entropy(sampled_orderings: xr.Dataset | None = None, joined_orderings: xr.Dataset | None = None) -> Property:
    """S(x, T) of the orderings."""
    return lattice.configurational_entropy(material_states(sampled_orderings, joined_orderings))


@rung("entropic coefficient", unit="V K-1", over="x T", one_of=STATES)
def entropic_coefficient(sampled_orderings: xr.Dataset | None = None, joined_orderings: xr.Dataset | None = None) -> Property:
    """dU/dT at constant x."""
    return lattice.entropic_coefficient(material_states(sampled_orderings, joined_orderings))


@rung("thermodynamic factor", unit="1", over="x T", one_of=STATES)
def thermodynamic_factor(sampled_orderings: xr.Dataset | None = None, joined_orderings: xr.Dataset | None = None) -> Property:
    """Θ = ∂(μ/kT)/∂ln x."""
    return lattice.thermodynamic_factor(material_states(sampled_orderings, joined_orderings))


def _fitted(barriers: HopBarriers) -> str:
    bands = barriers.source.settings["bands"]
    said = f"{len(barriers.kinds)} distinct hops from {bands} bands, leave-one-out error {1e3 * barriers.barrier_error:.0f} meV"
    return "; ".join([said, *([barriers.source.note] if barriers.source.note else [])])


@rung("barriers of hops by their surroundings", headline=_fitted)
def barriers_of_paths(host: Host, hop_paths: HopPathFit) -> HopBarriers:
    """Local cluster expansions of the barriers of the bands that a study names."""
    stated = hop_paths
    paths = read_hop_paths(stated.bands.path, licence=stated.licence)
    hops, rejected = map_hops(host, paths, largest_displacement=stated.largest_displacement)
    found = lattice.fit_hop_barriers(
        host,
        hops,
        reach=stated.reach,
        pair_cutoff=stated.pair_cutoff,
        triplet_cutoff=stated.triplet_cutoff,
        method=stated.method,
        attempt_frequency=stated.attempt_frequency,
        source=paths.source,
    )
    notes = [found.source.note, *(f"{origin} left out: {reason}" for origin, reason in rejected)]
    note = "; ".join(note for note in notes if note)
    return found.model_copy(update={"source": found.source.model_copy(update={"note": note})})


def _energies_of_hops(data: xr.Dataset, arguments: Mapping[str, Any]) -> xr.Dataset:
    expansion, barriers = _of_ions_alone(arguments["cluster_expansion"], "re-weighting"), arguments["hop_barriers"]
    cells = arguments["kinetic_monte_carlo"].cells
    return lattice.sample_hop_energies(data, expansion, barriers, cells=cells, seed=arguments["seed"])


def _reweighted_hopping(
    data: xr.Dataset, energies: xr.Dataset, before: Mapping[str, Any], after: Mapping[str, Any]
) -> xr.Dataset:
    _require_alike("hops", before, after, "kinetic_monte_carlo")
    barriers = before["hop_barriers"], after["hop_barriers"]
    return lattice.reweighted_hops(data, *barriers, energies=energies, expansion=after["cluster_expansion"], seed=after["seed"])


@rung(
    "hops of lithium by kinetic Monte Carlo",
    headline=lambda data: f"{data.sizes['x']} stoichiometries at {data.sizes['T']} temperatures",
    reweighting=Reweighting(_energies_of_hops, _reweighted_hopping),
)
def ion_hopping(
    cluster_expansion: Expansion, hop_barriers: HopBarriers, kinetic_monte_carlo: KineticMonteCarlo, seed: int
) -> xr.Dataset:
    """Displacements of ions and of their centre, x by x and T by T."""
    data = lattice.kinetic_monte_carlo(
        _of_ions_alone(cluster_expansion, "kinetic Monte Carlo"),
        hop_barriers,
        x=kinetic_monte_carlo.stoichiometries,
        temperatures=kinetic_monte_carlo.temperatures,
        cells=kinetic_monte_carlo.cells,
        trajectories=kinetic_monte_carlo.trajectories,
        events=kinetic_monte_carlo.events,
        seed=seed,
        executor=progress.executor.get(),
        progress=report_progress,
    )
    return data.assign_attrs(marks="upper bound") if kinetic_monte_carlo.upper_bound else data


@rung("tracer diffusivity", unit="m2 s-1", over="x T")
def tracer_diffusivity(ion_hopping: xr.Dataset) -> Property:
    """D* from the displacement of single ions."""
    return lattice.tracer_diffusivity(ion_hopping)


@rung("jump diffusivity", unit="m2 s-1", over="x T")
def jump_diffusivity(ion_hopping: xr.Dataset) -> Property:
    """D_J from the displacement of all ions together."""
    return lattice.jump_diffusivity(ion_hopping)


def _blocking(data: xr.Dataset) -> str:
    low, high = float(data["diffusivity_ratio"].min()), float(data["diffusivity_ratio"].max())
    ratio = f"{low:.3g}" if high - low < 5e-3 * high else f"{low:.3g} to {high:.3g}"
    reached = float(data["accessible_share"])
    around, lost = max(reached - float(data["along_channel_share"]), 0.0), 1.0 - reached
    way = f"{around:.2g} only past a defect, {lost:.2g} not at all"
    return f"{float(data['blocks_per_channel']):.2g} defects in a channel: D times {ratio}; of the ions come out {way}"


@rung("channels blocked by antisite defects", headline=_blocking)
def channel_blocking(
    host: Host,
    hop_barriers: HopBarriers,
    antisite_concentration: Property,
    blocked_channels: BlockedChannels,
    seed: int,
    monte_carlo: MonteCarlo | None = None,
) -> xr.Dataset:
    """D of a particle over that of the crystal without defects, and the share of its ions that come out."""
    stated = blocked_channels
    return lattice.blocked_channels(
        antisite_concentration,
        1e10 * stated.channel_length,
        lattice.channel_hop_length(host, hop_barriers),
        stated.temperatures or (monte_carlo or MonteCarlo()).temperatures,
        excess_barrier=stated.excess_barrier,
        samples=stated.samples,
        seed=seed,
    )


@rung("ions that come out of blocked channels", unit="1")
def accessible_share(channel_blocking: xr.Dataset) -> Property:
    """Of the sites of the ion that hold no metal, times their own share."""
    return lattice.accessible_share(channel_blocking)


@rung("chemical diffusivity", unit="m2 s-1", over="x T")
def chemical_diffusivity(
    jump_diffusivity: Property, thermodynamic_factor: Property, channel_blocking: xr.Dataset | None = None
) -> Property:
    """D = D_J · Θ, of the particle where its channels are blocked."""
    found = lattice.chemical_diffusivity(jump_diffusivity, thermodynamic_factor)
    return found if channel_blocking is None else lattice.blocked_diffusivity(found, channel_blocking)


@rung("correlation factor", unit="1", over="x T")
def correlation_factor(ion_hopping: xr.Dataset) -> Property:
    """f = ⟨Σ r²⟩ / ⟨Σ hops²⟩: how far ions get for the hops they make."""
    return lattice.correlation_factor(ion_hopping)


@rung("Haven ratio", unit="1", over="x T")
def haven_ratio(ion_hopping: xr.Dataset) -> Property:
    """H_R = D* / D_J."""
    return lattice.haven_ratio(ion_hopping)


def _activation(fit: xr.Dataset) -> str:
    energy = fit["activation_energy"] / FARADAY
    error = float((fit["activation_energy_error"] / FARADAY).max())
    said = f"errors up to {error:.3f}" if np.isfinite(error) else "errors not known"
    return f"{float(energy.min()):.3f} to {float(energy.max()):.3f} eV, {said}"


@rung("Arrhenius fit of the jump diffusivity", headline=_activation)
def diffusion_activation(jump_diffusivity: Property) -> xr.Dataset:
    """D_J = D₀ exp(−E_a/RT) at each stoichiometry: activation energy and prefactor with errors."""
    return lattice.arrhenius_fit(jump_diffusivity)
