"""Lithium filaments in a solid electrolyte: the overvoltage that opens a flaw, and the current density that reaches it."""

from __future__ import annotations

from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field, model_validator

from scalith.interface.contact import contact_resistance
from scalith.interface.voids import StrippingVoids
from scalith.quantities import SI, InputError, Result, Spec, labelled, predicted
from scalith.quantities.constants import FARADAY, GAS_CONSTANT, LITHIUM_MOLAR_VOLUME
from scalith.quantities.specification import MolarEnergy

EDGE_CRACK = 1.12
"""Shape factor of a shallow flaw at a surface."""


def filament_pressure(overvoltage: ArrayLike) -> Any:
    """Pressure that plating at an overvoltage (V) builds up in a filament that is full, F η/V_Li, Pa: 7.42 MPa per mV."""
    return FARADAY * np.asarray(overvoltage, dtype=np.float64) / LITHIUM_MOLAR_VOLUME


def opening_overvoltage(flaw: ArrayLike, toughness: float, pressure: ArrayLike = 0.0) -> Any:
    r"""Overvoltage at which lithium opens a flaw of the surface, V.

    .. math:: η = \frac{V_{Li}}{F} \left(\frac{K_{IC}}{1.12 \sqrt{π a}} + P\right)

    with the pressure of the lithium over the whole flaw, and a stack pressure that closes it: 67.9 mV for 1 µm and 1 MPa m^½.

    Parameters
    ----------
    flaw : array_like
        a, m.
    toughness : float
        K_IC, Pa m^½.
    pressure : array_like
        P across the plane of the flaw, Pa; positive closes.
    """
    a, P = np.asarray(flaw, dtype=np.float64), np.asarray(pressure, dtype=np.float64)
    if not (np.all(a > 0.0) and toughness > 0.0 and np.all(P >= 0.0)):
        raise InputError("opening_overvoltage", "flaw, toughness, pressure", (flaw, toughness, pressure), "positive numbers")
    return LITHIUM_MOLAR_VOLUME / FARADAY * (toughness / (EDGE_CRACK * np.sqrt(np.pi * a)) + P)


class LithiumAnode(Spec):
    """Lithium on a solid electrolyte.

    Attributes
    ----------
    toughness : Pa m^½
        K_IC of the electrolyte.
    interface_resistance : ohm m2
        Of the area that touches, at the reference temperature.
    activation_energy : J mol-1
        Of that resistance.
    hardness : Pa
        Of lithium: the fraction P/H of the area touches.
    closing : share of the stack pressure that acts across the flaw
        0 for a flaw normal to the interface in a free plate.
    voids : StrippingVoids
        What stripping opens in the area that touches, and creep and self-diffusion close.
    reference_temperature : K
    """

    toughness: Annotated[float, Field(gt=0)]
    interface_resistance: Annotated[float, SI("ohm m2"), Field(gt=0)]
    activation_energy: MolarEnergy = 0.0
    hardness: Annotated[float, SI("Pa"), Field(gt=0)] = 9e6
    closing: Annotated[float, Field(ge=0, le=1)] = 0.0
    voids: StrippingVoids = Field(default_factory=StrippingVoids)
    reference_temperature: Annotated[float, SI("K"), Field(gt=0)] = 298.15

    def touching(self, pressure: ArrayLike) -> Any:
        """Area fraction that touches: P/H, at most the whole."""
        return np.minimum(np.asarray(pressure, dtype=np.float64) / self.hardness, 1.0)

    def resistance(self, T: ArrayLike) -> Any:
        """Interface resistance at a temperature, ohm m2."""
        at = np.asarray(T, dtype=np.float64)
        return self.interface_resistance * np.exp(
            self.activation_energy / GAS_CONSTANT * (1.0 / at - 1.0 / self.reference_temperature)
        )

    def plating_limit(self, flaw: ArrayLike, pressure: ArrayLike, T: ArrayLike) -> Any:
        """Current density above which lithium opens a flaw (m) under a stack pressure (Pa), A m-2: `critical_plating_current`."""
        eta = opening_overvoltage(flaw, self.toughness, self.closing * np.asarray(pressure, dtype=np.float64))
        return self.touching(pressure) * eta / self.resistance(T)

    def stripping_limit(self, pressure: ArrayLike, T: ArrayLike) -> Any:
        """Current density of the cell above which voids take the contact, A m-2: `critical_stripping_current`."""
        P, at = np.broadcast_arrays(np.asarray(pressure, dtype=np.float64), np.asarray(T, dtype=np.float64))
        found = np.vectorize(self.voids.critical_current_density, otypes=[np.float64])(P, at)
        return self.touching(P) * found


class PressedLithium(LithiumAnode):
    """Lithium pressed onto a solid electrolyte whose surface has a flaw.

    Attributes
    ----------
    stack_pressure : Pa
    flaw : m
        Size of the largest flaw of the electrolyte's surface.
    spacing : m, optional
        Between the places that touch; with it the current narrows to them (`contact_resistance`, up to a pressure of 0.3 of the
        hardness). Such a place is as large as `spacing` √(P/H); voids lie no farther apart than that.
    conductivity : S m-1, optional
        Of the electrolyte, beside `spacing`.
    """

    stack_pressure: Annotated[float, SI("Pa"), Field(gt=0)]
    flaw: Annotated[float, SI("m"), Field(gt=0)]
    spacing: Annotated[float, SI("m"), Field(gt=0)] | None = None
    conductivity: Annotated[float, SI("S m-1"), Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _narrowed(self) -> Self:
        if (self.spacing is None) != (self.conductivity is None):
            found = "spacing alone" if self.conductivity is None else "conductivity alone"
            raise InputError("pressed lithium", "spacing, conductivity", found, "both or neither")
        self.area_resistance(self.reference_temperature)
        if self.spacing is not None:
            place = self.spacing * float(self.touching(self.stack_pressure)) ** 0.5
            if self.voids.spacing > place:
                expected = f"at most {place:.3g} m: each place that touches, spacing √(P/H) wide, holds one or more"
                raise InputError("pressed lithium", "voids.spacing", self.voids.spacing, expected)
        return self

    def area_resistance(self, T: float, left: float = 1.0) -> float:
        """Of the interface per area of the cell: R/f of what touches, and what the current loses on the way there, ohm m2.

        Parameters
        ----------
        T : float
            K.
        left : float
            Share of the area pressed flat that voids have left.
        """
        touching = float(self.resistance(T)) / (float(self.touching(self.stack_pressure)) * left)
        if self.spacing is None or self.conductivity is None:
            return touching
        return touching + float(contact_resistance(left * self.stack_pressure, self.hardness, self.spacing, self.conductivity))

    def critical_current_density(self, T: ArrayLike) -> Any:
        """Above which lithium opens the flaw, A m-2: see `critical_plating_current`."""
        return self.plating_limit(self.flaw, self.stack_pressure, T)

    def critical_stripping_current_density(self, T: ArrayLike) -> Any:
        """Above which voids take the contact, A m-2: see `critical_stripping_current`."""
        return self.stripping_limit(self.stack_pressure, T)

    def lasting_contact(self, current_density: float, T: float) -> float:
        """Share of the area pressed flat that a stripping current density of the cell (A m-2) leaves in the long run."""
        touching = float(self.touching(self.stack_pressure))
        return self.voids.lasting_contact(current_density / touching, self.stack_pressure, T)


def critical_plating_current(anode: LithiumAnode, flaw: ArrayLike, pressure: ArrayLike, temperature: ArrayLike) -> Result:
    r"""Map of the current density above which lithium opens a flaw: flaw size × stack pressure × temperature.

    .. math:: i_c = \frac{P}{H} \, \frac{η_c(a, P)}{R(T)}

    the overvoltage that opens the flaw (`opening_overvoltage`), over the interface's resistance, times the area that touches. The
    flaw is where the contact is, and takes no more than the mean current of that area: focusing by edges and voids lowers i_c.

    Parameters
    ----------
    anode : LithiumAnode
    flaw, pressure, temperature : array_like
        m, Pa, K; one-dimensional or numbers.

    Returns
    -------
    Result
        Over (flaw, pressure, temperature): ``critical_current_density`` (A m-2); ``overvoltage`` over (flaw, pressure), V.

    Raises
    ------
    InputError
    """
    a, P, T = (np.atleast_1d(np.asarray(axis, dtype=np.float64)) for axis in (flaw, pressure, temperature))
    if not (np.all(P > 0.0) and np.all(T > 0.0)):
        raise InputError("critical_plating_current", "pressure, temperature", (pressure, temperature), "positive numbers")
    eta = opening_overvoltage(a[:, None], anode.toughness, anode.closing * P[None, :])
    current = anode.plating_limit(a[:, None, None], P[None, :, None], T[None, None, :])
    source = predicted("scalith.interface.critical_plating_current", anode.digest)
    return Result(
        {
            "critical_current_density": labelled(
                ("flaw", "pressure", "temperature"), current, "current density that opens the flaw", "A m-2"
            ),
            "overvoltage": labelled(("flaw", "pressure"), eta, "overvoltage that opens the flaw", "V"),
        },
        {
            "flaw": labelled("flaw", a, "size of the flaw", "m"),
            "pressure": labelled("pressure", P, "stack pressure", "Pa"),
            "temperature": labelled("temperature", T, "temperature", "K"),
        },
        {"source": source.to_json()},
    )


def plated_thickness(current_density: float, duration: float) -> float:
    """Thickness of lithium that a current density (A m-2) plates in some time (s), m: 1 mA/cm² is 4.85 µm in an hour."""
    return current_density * duration / FARADAY * LITHIUM_MOLAR_VOLUME
