"""Crystal: the host, and the orderings whose energies are known."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
import xarray as xr
from pydantic import Field, ValidationInfo, model_validator

from scalith import crystal as crystal_package
from scalith.crystal import (
    Host,
    ModelError,
    StructureSet,
    average_model_error,
    couple_sublattices,
    draw_model_errors,
    map_orderings,
    metal_reference,
    model_error_parts,
    read_host,
    read_structures,
    voltage_of_orderings,
)
from scalith.crystal.files.result_files import result_files
from scalith.crystal.files.run_type import RunTypeField
from scalith.crystal.mapping import STRAIN_LIMIT
from scalith.crystal.symmetry import SYMMETRISED
from scalith.ladder.quantity import AtomicDistance, InputFile, Settings, draw_within_error, drawing, rung
from scalith.quantities import SI, ErrorComponent, InputError, Property

OF_MATERIAL = True
"""These rungs exist once for each material of a study."""


class InputRuns(InputFile):
    """A file with structures and energies, or a folder below which the outputs of runs lie.

    In a folder the files that hold results count.
    """

    words: ClassVar[str] = "a file or a folder"

    @classmethod
    def files_below(cls, folder: Path) -> list[Path]:
        """Those with results."""
        return [file for part in result_files(folder) for file in _paths(part)]


def _paths(part: Iterable[Path | tuple[Path, str]]) -> list[Path]:
    return [item if isinstance(item, Path) else item[0] for item in part]


_OF_IONS_ALONE = {
    "hop_paths",
    "hops",
    "kinetic_monte_carlo",
    "localisation",
    "molecular_dynamics",
    "orderings",
    "phases",
    "strains",
    "vibrations",
}
"""Sections of what knows of the working ion and vacancies alone."""


class Crystal(Settings):
    """``[crystal]``: the host and the energies of its orderings.

    Attributes
    ----------
    host : InputFile
        Primitive cell (pymatgen structure JSON, CIF, POSCAR).
    energies : InputRuns, optional
        Structures with total energies (pymatgen entries JSON, extended XYZ, ASE database), or a folder of runs, see
        `scalith.crystal.read_structures`; without it an ``[engine]`` computes those of ``[orderings]``.
    working_ion : str
        Element that moves in and out.
    species : dict of str to tuple of str
        What shares the sites of an element beside what its file says: charge states, ions that mix, see
        `scalith.crystal.couple_sublattices`.
    moments : dict of str to (float, float)
        Least and greatest magnetic moment of charge states, µB; without it their charges must stand in the files.
    licence : str
        Licence of the energies, recorded in the source.
    symprec : float
        Distance within which atoms of the host are equivalent, Å.
    largest_displacement, largest_strain, repeated
        See `scalith.crystal.map_orderings`.
    accepted_differences : tuple of str
        Fields of `scalith.crystal.RunType` in which the runs may differ.
    """

    host: InputFile
    energies: InputRuns | None = None
    working_ion: str = "Li"
    species: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    moments: dict[str, tuple[float, float]] = Field(default_factory=dict)
    licence: str = ""
    symprec: AtomicDistance = SYMMETRISED
    largest_displacement: AtomicDistance = 0.6
    largest_strain: Annotated[float, Field(gt=0, lt=1)] = STRAIN_LIMIT
    repeated: Literal["lowest", "last", "all"] = "lowest"
    accepted_differences: tuple[RunTypeField, ...] = ()

    def mapped(self, host: Host, structures: StructureSet) -> xr.Dataset:
        """The structures on the host, within the tolerances stated here."""
        return map_orderings(
            host,
            structures,
            largest_displacement=self.largest_displacement,
            largest_strain=self.largest_strain,
            repeated=self.repeated,
            accepted=self.accepted_differences,
            moments=self.moments or None,
        )

    @model_validator(mode="after")
    def _one_way(self, info: ValidationInfo) -> Self:
        if self.energies is not None and "relaxed_orderings" in (info.context or {}).get("reached", ()):
            raise InputError("", "energies", self.energies.name, "none beside [orderings], which an engine computes")
        return self

    @model_validator(mode="after")
    def _alone(self, info: ValidationInfo) -> Self:
        # A slip must show before hours of sampling, not after.
        if self.species and (known := _OF_IONS_ALONE & set((info.context or {}).get("own_sections", ()))):
            told = "; ".join(", ".join(names) for names in self.species.values())
            section = min(known)
            raise InputError("", "species", f"{told} beside [{section}]", f"no [{section}]: it knows the ion and vacancies alone")
        return self


class ModelErrors(Settings):
    """``[model_errors]``: what the energies do not know of themselves; see `scalith.crystal.ModelError`.

    Attributes
    ----------
    functional : ModelError, optional
        Of the density functional against measurement.
    learned_potential : ModelError, optional
        Of the learned potential against its functional.
    """

    functional: ModelError | None = None
    learned_potential: ModelError | None = None

    @property
    def parts(self) -> dict[str, ModelError]:
        """Those that are stated, by name."""
        named = {"functional": self.functional, "learned potential": self.learned_potential}
        return {name: error for name, error in named.items() if error is not None}

    def beside(self, value: Property, scale: float = 1.0) -> Property:
        """A voltage, or with `scale` a chemical potential, with these parts beside those of its error."""
        if not self.parts:
            return value
        return replace(value, components=(*value.components, *model_error_parts(self.parts, value.values.shape, scale)))


def _another_model(data: xr.Dataset, seed: int) -> xr.Dataset:
    stated = json.loads(data.attrs.get("model_errors", "{}"))
    errors = {name: ModelError.read(error) for name, error in stated.items()}
    return draw_model_errors(data, errors, int(data.attrs["sites"]), drawing.get()(seed)) if errors else data


def _host(host: Host) -> str:
    lists = dict.fromkeys(host.sites[index].species for index in host.active) if host.coupled else {}
    told = "".join(f"; {', '.join(names)}" for names in lists)
    return f"{host.name}, {len(host.sites)} sites, {host.volume:.2f} Å³{told}"


@rung("host crystal", headline=_host)
def host(crystal: Crystal) -> Host:
    """The primitive cell, its working-ion sites and its spectators."""
    found = read_host(crystal.host.path, working_ion=crystal.working_ion, symprec=crystal.symprec)
    return couple_sublattices(found, crystal.species) if crystal.species else found


def _mapped(data: xr.Dataset) -> str:
    largest = float(data["displacement_max"].max())
    twins = int((data["duplicate_of"] >= 0).sum())
    text = f"{data.sizes['structure']} mapped, {data.sizes['rejected']} not; largest displacement {largest:.2f} Å"
    text += f"; {twins} repeat an ordering" if twins else ""
    return text + ("; the ion's metal is among them" if "metal" in data.attrs else "")


@rung("orderings mapped on the ideal lattice", headline=_mapped, draw=_another_model)
def mapped_orderings(
    crystal: Crystal, host: Host, model_errors: ModelErrors, relaxed_orderings: xr.Dataset | None = None
) -> xr.Dataset:
    """Which site each ion of a relaxed structure belongs to, with its energy per primitive cell."""
    if relaxed_orderings is not None:
        data = relaxed_orderings
    elif crystal.energies is not None:
        data = crystal.mapped(host, read_structures(crystal.energies.path, licence=crystal.licence))
    else:
        expected = "a file with energies, or sections [engine] and [orderings] that compute them"
        raise InputError("[crystal]", "energies", "nothing", expected)
    if not model_errors.parts:
        return data
    stated = {name: error.model_dump(mode="json") for name, error in model_errors.parts.items()}
    # ε is an error of the voltage: z times as much energy for each ion.
    return data.assign_attrs(model_errors=json.dumps(stated), sites=len(host.working) * host.ion_charge)


class Metal(Settings):
    """``[metal]``: what voltages refer to.

    Attributes
    ----------
    source : {"energies"}
        The run of the ion's metal that lies among ``[crystal] energies`` and was computed as they were.
    """

    source: Literal["energies"]


@rung("energy of the ion's metal among the runs", unit="eV")
def metal_of_energies(mapped_orderings: xr.Dataset, metal: Metal) -> Property:
    """Energy per atom of the metal that was computed together with the orderings."""
    found = metal_reference(mapped_orderings)
    if found is None:
        words = [str(reason) for reason in mapped_orderings["rejected_reason"].values if "metal" in str(reason)]
        told = f"none that can be used ({words[0]})" if words else "no run of it"
        raise InputError("[metal]", "source", told, "a run of the bulk metal among the energies, computed as they were")
    return found


@rung("average voltage", unit="V")
def average_voltage(host: Host, mapped_orderings: xr.Dataset, lithium_energy: Property, model_errors: ModelErrors) -> Property:
    """V = −(E(x₂) − E(x₁) − (x₂ − x₁) E_Li)/((x₂ − x₁) e) between the emptiest and the fullest ordering."""
    value = voltage_of_orderings(host, mapped_orderings, lithium_energy)
    ends = [float(end) for end in (mapped_orderings["x"].min(), mapped_orderings["x"].max())]
    found = average_model_error(model_errors.parts, *ends)
    parts = tuple(ErrorComponent(name, np.asarray(error)) for name, error in found.items())
    return replace(value, components=(*value.components, *parts)) if parts else value


@rung("largest concentration of lithium", unit="mol m-3", draw=draw_within_error)
def maximum_concentration(host: Host, mapped_orderings: xr.Dataset) -> Property:
    """Sites of lithium per volume of the relaxed full host."""
    return crystal_package.maximum_concentration(host, mapped_orderings)


class ReferencePhases(Settings):
    """``[reference_phases]``: energies of the phases that a material could become, for its window of stability.

    Attributes
    ----------
    energies : InputRuns, optional
        Structures with total energies, or a folder of runs, as in ``[crystal]``: the phase itself, the elements, the metal of the
        ion, and what else its elements form.
    energies_of_formulas : dict of str to float
        In its place: energies of formulas as they are written (not per atom), eV.
    phase : str
        Formula of the material.
    ion : str
        Element whose metal the potentials refer to.
    licence : str
        Licence of the energies, recorded in the source.
    """

    energies: InputRuns | None = None
    energies_of_formulas: dict[str, Annotated[float, SI("eV")]] = Field(default_factory=dict)
    phase: str
    ion: str = "Li"
    licence: str = ""

    @model_validator(mode="after")
    def _has_energies(self) -> Self:
        if (self.energies is None) != bool(self.energies_of_formulas):
            found = "both" if self.energies_of_formulas else "neither"
            raise InputError("", "", found, "energies (a file or a folder) or a table energies_of_formulas")
        return self


def _potentials(data: xr.Dataset) -> str:
    low, high = float(data["reduction_potential"]), float(data["oxidation_potential"])
    if low == high:
        return f"none: {data.attrs['phase']} comes apart at {low:.2f} V"
    # A phase above the hull, or without an energy, stands for the mixture of its composition.
    of = "" if float(data["energy_above_hull"]) == 0.0 else f", of what {data.attrs['phase']} comes apart into"
    if np.isinf(high):
        return f"from {low:.2f} V against {data.attrs['ion']}{of}; nothing among these phases forms above"
    return f"{low:.2f} to {high:.2f} V against {data.attrs['ion']}{of}"


@rung("window of stability of the electrolyte", headline=_potentials)
def stability_window(reference_phases: ReferencePhases) -> xr.Dataset:
    """Potentials at which the ion neither enters nor leaves, by the lowest mixtures of the phases, and what forms outside."""
    stated = reference_phases
    runs = stated.energies
    energies = stated.energies_of_formulas if runs is None else read_structures(runs.path, licence=stated.licence)
    return crystal_package.stability_window(stated.phase, energies, stated.ion)
