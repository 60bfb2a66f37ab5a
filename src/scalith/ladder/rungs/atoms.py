"""Atoms: what relaxed structures and electrons say beside the energies."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
import xarray as xr
from pydantic import Field, model_validator

from scalith import atoms
from scalith.crystal import Host, read_structures
from scalith.ladder.progress import note
from scalith.ladder.quantity import AtomicDistance, InputFile, Settings, draw_within_error, drawing, rung
from scalith.ladder.rungs.crystal import Crystal, InputRuns
from scalith.quantities import SI, InputError, Property, Uncertain, read_results
from scalith.quantities.constants import AVOGADRO
from scalith.quantities.plausible_ranges import UNCHECKED, Plausible
from scalith.quantities.specification import AtomicEnergy, AtomicLength, AttemptFrequency, Count, Temperature

OF_MATERIAL = True
"""These rungs exist once for each material of a study."""


class SmallPolarons(Settings):
    """``[small_polarons]``: hops of electrons between the redox sites, one for each site of the ion.

    Attributes
    ----------
    barrier_empty, barrier_full, barrier_error : float
        Barrier in the empty and in the full host and their standard error, eV.
    attempt_frequency : float
        Hz.
    hop_distance : float
        m.
    neighbours : int
        Sites that a polaron can hop to.
    reference : str
        Where the barriers are from.
    temperatures : tuple of float
        K.
    """

    barrier_empty: AtomicEnergy
    barrier_full: AtomicEnergy
    barrier_error: AtomicEnergy = 0.05
    attempt_frequency: AttemptFrequency = 1e13
    hop_distance: AtomicLength
    neighbours: Count = 6
    reference: str = ""
    temperatures: Annotated[tuple[Temperature, ...], Field(min_length=1)] = (280.0, 298.15, 310.0, 330.0)

    def drawn(self, numbers: np.random.Generator, *, stated_only: bool = False) -> Self:
        """A member: both barriers moved by one normal number times `barrier_error`."""
        member = super().drawn(numbers, stated_only=stated_only)
        shift = self.barrier_error * numbers.standard_normal()
        moved = {name: getattr(member, name) + shift for name in ("barrier_empty", "barrier_full")}
        fields = {name: getattr(member, name) for name in type(self).model_fields}  # `dict(member)` would hold its digest, too
        return self.read(fields | moved | {"barrier_error": 0.0}, "a member of [small_polarons]", context=UNCHECKED)


class RigidBands(Settings):
    """``[rigid_bands]``: electrons in bands that each ion fills further, with one relaxation time.

    Attributes
    ----------
    bands : InputFile
        Result of `scalith.atoms.band_grid` or `gpaw_band_grid`, NetCDF.
    relaxation_time : float
        s; it carries the uncertainty of the result in proportion.
    electrons_empty, electrons_full : float
        In the cell of the bands at x = 0 and x = 1.
    temperatures : tuple of float
        K.
    """

    bands: InputFile
    relaxation_time: Annotated[float, SI("s"), Field(gt=0, le=1e-9)]
    electrons_empty: Annotated[float, Field(ge=0)]
    electrons_full: Annotated[float, Field(ge=0)]
    temperatures: Annotated[tuple[Temperature, ...], Field(min_length=1)] = (280.0, 298.15, 310.0, 330.0)


class Localisation(Settings):
    """``[localisation]``: what energies lack whose functional spreads the electrons of the ions, stated or computed.

    Attributes
    ----------
    interaction, interaction_error : float
        Ω of a stated regular solution and its standard error, eV per site.
    energies : InputRuns
        In its place, energies of some of the orderings by a method that localises the electrons (as in ``[crystal]``): the gap is
        then predicted. See `scalith.atoms.fit_localisation_to_energies`.
    model_error : float
        Standard error of that method's formation energy at x = 1/2, common to all orderings, eV per site.
    reference : str
        Where Ω or the energies are from.
    anchor : {"scaled", "lowest", "mean"}
        Mean of all orderings on the regular solution, their differences scaled until no compound is left; the lowest ordering on
        it; the mean alone. See `scalith.atoms.fit_localisation`. Not with `energies`.
    cutoff : float
        Pairs that count, Å.
    """

    interaction: Annotated[float, SI("eV"), Field(ge=0), Plausible("interaction")] | None = None
    interaction_error: AtomicEnergy = 0.0
    energies: InputRuns | None = None
    model_error: AtomicEnergy = 0.0
    reference: str
    anchor: Literal["scaled", "lowest", "mean"] = "scaled"
    cutoff: AtomicDistance = 8.0

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.interaction is None) == (self.energies is None):
            found = "neither" if self.energies is None else "both"
            raise InputError("", "interaction, energies", found, "a stated interaction, or energies that it is fitted to")
        only = ("model_error",) if self.energies is None else ("interaction_error", "anchor")
        beside = "interaction" if self.energies is None else "energies"
        for name in only:
            if getattr(self, name) != type(self).model_fields[name].default:
                raise InputError("", name, getattr(self, name), f"none beside {beside}: it would not count")
        return self

    def drawn(self, numbers: np.random.Generator, *, stated_only: bool = False) -> Self:
        """A member: the interaction within its error."""
        member = super().drawn(numbers, stated_only=stated_only)
        if member.interaction is None or not self.interaction_error:
            return member
        moved = Uncertain(member.interaction, self.interaction_error).drawn(numbers, "log")
        return member.model_copy(update={"interaction": moved, "interaction_error": 0.0})


def _lifted(data: xr.Dataset) -> str:
    lift = (data["energy"] - data["energy_uncorrected"]).values
    text = f"{data.sizes['structure']} orderings lifted by up to {1e3 * float(lift.max()):.0f} meV per primitive cell"
    if "correction" not in data.attrs:
        return text
    fit = atoms.LocalisationCorrection.model_validate_json(data.attrs["correction"])
    missed = "" if fit.leave_one_out is None else f", orderings left out missed by {1e3 * fit.leave_one_out:.0f} meV"
    lost = f", {left} of the energies not taken" if (left := int(data.attrs["accurate_not_taken"])) else ""
    return f"{text}; predicted interaction {1e3 * fit.interaction:.0f} meV{missed}{lost}"


def _another_fit(data: xr.Dataset, seed: int) -> xr.Dataset:
    if "correction" not in data.attrs:
        return data  # a stated interaction has been drawn
    fit = atoms.LocalisationCorrection.model_validate_json(data.attrs["correction"])
    return atoms.draw_localisation(data, fit, drawing.get()(seed))


@rung("orderings with localised electrons", headline=_lifted, draw=_another_fit)
def localised_orderings(crystal: Crystal, host: Host, mapped_orderings: xr.Dataset, localisation: Localisation) -> xr.Dataset:
    """E' = E + (s − 1) E_f + 2 δ u, with a stated regular solution or fitted to energies of localised electrons.

    The gap is an input with the first and a prediction with the second; the average voltage is that of the energies E.
    """
    if localisation.energies is not None:
        accurate = crystal.mapped(host, read_structures(localisation.energies.path))
        not_taken = accurate.sizes["rejected"]
        if not_taken:
            origin, reason = (str(accurate[name].values[0]) for name in ("rejected_origin", "rejected_reason"))
            note(f"[localisation] energies: {not_taken} not taken, the first of them {origin}: {reason}")
        fit = atoms.fit_localisation_to_energies(
            host,
            mapped_orderings,
            accurate,
            cutoff=localisation.cutoff,
            model_error=localisation.model_error,
            reference=localisation.reference,
        )
        found = atoms.localised_energies(host, mapped_orderings, fit)
        return found.assign_attrs(correction=fit.model_dump_json(), accurate_not_taken=not_taken)
    assert localisation.interaction is not None  # `Localisation` has one of the two
    correction = atoms.fit_localisation(
        host,
        mapped_orderings,
        localisation.interaction,
        localisation.interaction_error,
        localisation.reference,
        cutoff=localisation.cutoff,
        anchor=localisation.anchor,
    )
    return atoms.localised_energies(host, mapped_orderings, correction)


@rung("partial molar volume of the ion", unit="m3 mol-1", over="x")
def partial_molar_volume(host: Host, mapped_orderings: xr.Dataset) -> Property:
    """Ω(x) = N_A dV/dx from the volumes of the relaxed orderings."""
    return atoms.molar_volume(host, mapped_orderings)[1]


@rung("electronic conductivity", unit="S m-1", over="x T", one_of=("small_polarons", "rigid_bands"))
def electronic_conductivity(
    maximum_concentration: Property | None = None,
    small_polarons: SmallPolarons | None = None,
    rigid_bands: RigidBands | None = None,
) -> Property:
    """σ(x, T) = N x(1 − x) e² D/(kT) of small polarons that hop freely, or of electrons in rigid bands."""
    if rigid_bands is not None and small_polarons is not None:
        raise InputError("electronic_conductivity", "rigid_bands", "[small_polarons] beside them", "one of the two")
    if rigid_bands is None:
        assert small_polarons is not None  # one of the two, by the graph
        if maximum_concentration is None:
            expected = "it, computed or given: it is how many sites the polarons hop on"
            raise InputError("electronic_conductivity", "maximum_concentration", "nothing", expected)
        values = small_polarons.model_dump(exclude={"temperatures"})
        hop = atoms.SmallPolaronHop(site_density=AVOGADRO * maximum_concentration(), **values)
        return atoms.small_polaron_conductivity(hop, np.linspace(0.0, 1.0, 41), small_polarons.temperatures)
    return atoms.band_conductivity(
        read_results(rigid_bands.bands.path),
        np.linspace(0.0, 1.0, 41),
        rigid_bands.temperatures,
        rigid_bands.relaxation_time,
        electrons_empty=rigid_bands.electrons_empty,
        electrons_full=rigid_bands.electrons_full,
    )


class Antisites(Settings):
    """``[antisites]``: metal on sites of the working ion, in equilibrium at the temperature at which cations last moved.

    Attributes
    ----------
    pairs : InputFile
        Kinds of antisite pairs: a CSV file with ``distance [angstrom]``, ``multiplicity [1]`` (for each site of the ion) and
        ``formation_energy [eV]``, the farthest being a pair apart; see `scalith.atoms.antisite_formation`.
    temperature : float
        K.
    energy_error : float
        Standard error that all formation energies share, eV.
    """

    pairs: InputFile
    temperature: Temperature
    energy_error: AtomicEnergy = 0.0


@rung("sites of the ion that antisite defects hold", unit="1", draw=draw_within_error)
def antisite_concentration(antisites: Antisites) -> Property:
    """By the law of mass action; a measured one is given instead."""
    pairs = atoms.read_antisite_formation(antisites.pairs.path)
    return atoms.antisite_concentration(pairs, antisites.temperature, antisites.energy_error)
