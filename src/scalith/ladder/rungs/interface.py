"""Interfaces of a solid-state cell: grain boundaries of the electrolyte, and lithium pressed onto it."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from scalith import interface
from scalith.interface import PressedLithium
from scalith.ladder.quantity import Settings, rung
from scalith.quantities import SI, InputError, Property


class Polycrystal(Settings, interface.Polycrystal):
    """``[polycrystal]``: a solid electrolyte with depleted boundaries; see `scalith.interface.Polycrystal`."""


class LithiumAnode(Settings, interface.LithiumAnode):
    """``[lithium_anode]``: lithium pressed onto the electrolyte; see `scalith.interface.PressedLithium`.

    Attributes
    ----------
    stack_pressure : Pa
    flaw : m
    spacing : m, optional
        Between the places that touch.
    conductivity : S m-1, optional
        Beside `spacing`, where no ``[polycrystal]`` gives it.
    """

    stack_pressure: Annotated[float, SI("Pa"), Field(gt=0)]
    flaw: Annotated[float, SI("m"), Field(gt=0)]
    spacing: Annotated[float, SI("m"), Field(gt=0)] | None = None
    conductivity: Annotated[float, SI("S m-1"), Field(gt=0)] | None = None


@rung("conductivity of the polycrystal", unit="S m-1", over="c T")
def electrolyte_ionic_conductivity(polycrystal: Polycrystal) -> Property:
    """Crystallites in series with their boundaries, where space charge keeps the mobile ions away: brick layer."""
    return polycrystal.conductivity()


def _pressed(found: PressedLithium) -> str:
    T = found.reference_temperature
    critical, resistance = float(found.critical_current_density(T)), found.area_resistance(T)
    touching = 100.0 * float(found.touching(found.stack_pressure))
    stripped = float(found.critical_stripping_current_density(T))
    currents = f"critical currents {critical / 10.0:.3g} (plating) and {stripped / 10.0:.3g} mA/cm2 (stripping)"
    return f"{touching:.3g} % touch, {1e4 * resistance:.3g} ohm cm2, {currents}"


@rung("lithium under pressure", headline=_pressed)
def pressed_lithium(lithium_anode: LithiumAnode, electrolyte_ionic_conductivity: Property | None = None) -> PressedLithium:
    """Contact of the lithium with the electrolyte: what touches, its resistance, the current that opens a flaw."""
    stated, conductivity = lithium_anode, lithium_anode.conductivity
    if stated.spacing is not None and conductivity is None:
        if electrolyte_ionic_conductivity is None:
            raise InputError("[lithium_anode]", "conductivity", "nothing", "that of the electrolyte, beside the spacing")
        if np.size(electrolyte_ionic_conductivity.coordinates.get("c", 0.0)) > 1:
            found, expected = "one that depends on the salt's concentration, as of a liquid", "that of the solid, here"
            raise InputError("[lithium_anode]", "conductivity", found, expected)
        conductivity = float(electrolyte_ionic_conductivity(T=stated.reference_temperature))
    return stated.as_specification(PressedLithium, conductivity=conductivity)
