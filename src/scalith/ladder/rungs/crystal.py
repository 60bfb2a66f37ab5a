"""Crystal: the host, and the orderings whose energies are known."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Self

import numpy as np
import xarray as xr
from pydantic import ValidationInfo, model_validator

from scalith import crystal as crystal_package
from scalith.crystal import (
    Host,
    ModelError,
    average_model_error,
    draw_model_errors,
    map_orderings,
    model_error_parts,
    read_host,
    read_structures,
    voltage_of_orderings,
)
from scalith.ladder.quantity import InputFile, Settings, draw_within_error, rung
from scalith.quantities import ErrorComponent, InputError, Property

OF_MATERIAL = True
"""These rungs exist once for each material of a study."""


class Crystal(Settings):
    """``[crystal]``: the host and the energies of its orderings.

    Attributes
    ----------
    host : InputFile
        Primitive cell (pymatgen structure JSON, CIF, POSCAR).
    energies : InputFile, optional
        Structures with total energies (pymatgen entries JSON, extended XYZ, ASE database); without it an ``[engine]`` computes
        those of ``[orderings]``.
    working_ion : str
        Element that moves in and out.
    licence : str
        Licence of the energies, recorded in the source.
    """

    host: InputFile
    energies: InputFile | None = None
    working_ion: str = "Li"
    licence: str = ""

    @model_validator(mode="after")
    def _one_way(self, info: ValidationInfo) -> Self:
        if self.energies is not None and "relaxed_orderings" in (info.context or {}).get("reached", ()):
            raise InputError("", "energies", self.energies.name, "none beside [orderings], which an engine computes")
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
    return draw_model_errors(data, errors, int(data.attrs["sites"]), np.random.default_rng(seed)) if errors else data


@rung("host crystal", headline=lambda host: f"{host.name}, {len(host.sites)} sites, {host.volume:.2f} Å³")
def host(crystal: Crystal) -> Host:
    """The primitive cell, its working-ion sites and its spectators."""
    return read_host(crystal.host.path, working_ion=crystal.working_ion)


def _mapped(data: xr.Dataset) -> str:
    largest = float(data["displacement_max"].max())
    twins = int((data["duplicate_of"] >= 0).sum())
    text = f"{data.sizes['structure']} mapped, {data.sizes['rejected']} not; largest displacement {largest:.2f} Å"
    return text + (f"; {twins} repeat an ordering" if twins else "")


@rung("orderings mapped on the ideal lattice", headline=_mapped, draw=_another_model)
def mapped_orderings(
    crystal: Crystal, host: Host, model_errors: ModelErrors, relaxed_orderings: xr.Dataset | None = None
) -> xr.Dataset:
    """Which site each ion of a relaxed structure belongs to, with its energy per primitive cell."""
    if relaxed_orderings is not None:
        data = relaxed_orderings
    elif crystal.energies is not None:
        data = map_orderings(host, read_structures(crystal.energies.path, licence=crystal.licence))
    else:
        expected = "a file with energies, or sections [engine] and [orderings] that compute them"
        raise InputError("[crystal]", "energies", "nothing", expected)
    if not model_errors.parts:
        return data
    stated = {name: error.model_dump(mode="json") for name, error in model_errors.parts.items()}
    # ε is an error of the voltage: z times as much energy for each ion.
    return data.assign_attrs(model_errors=json.dumps(stated), sites=len(host.working) * host.ion_charge)


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
