"""Coolants in channels and along plates: Nusselt numbers by regime, pressure drop, pumping power."""

from __future__ import annotations

from typing import Annotated, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from scalith.pack.specification import Conductivity, SpecificHeat
from scalith.quantities import SI, InputError, Spec
from scalith.quantities.specification import CellSize, Count

LAMINAR, TURBULENT = 2300.0, 4000.0
"""Reynolds numbers between which the flow in a channel is neither."""
_PLATE_TURBULENT = 5e5
GRAVITY = 9.80665
"""m s-2."""


class Coolant(Spec):
    """What takes the heat away; numbers at its mean temperature.

    Attributes
    ----------
    name : str
    density, specific_heat, conductivity, viscosity : float
        kg m-3, J kg-1 K-1, W m-1 K-1, Pa s.
    expansion : float
        Thermal expansion, K-1: natural convection needs it.
    """

    name: str = "coolant"
    density: Annotated[float, SI("kg m-3"), Field(gt=0)]
    specific_heat: SpecificHeat
    conductivity: Conductivity
    viscosity: Annotated[float, SI("Pa s"), Field(gt=0)]
    expansion: Annotated[float, SI("K-1"), Field(gt=0)] | None = None

    @property
    def prandtl(self) -> float:
        """Pr = c μ/k."""
        return self.specific_heat * self.viscosity / self.conductivity


WATER = Coolant(name="water", density=997.0, specific_heat=4181.0, conductivity=0.607, viscosity=8.90e-4, expansion=2.57e-4)
"""At 25 °C and 0.1 MPa (IAPWS formulations 1995, 2008, 2011)."""
AIR = Coolant(name="air", density=1.184, specific_heat=1006.0, conductivity=0.0260, viscosity=1.849e-5, expansion=1 / 298.15)
"""At 25 °C and 0.1013 MPa (Lemmon and Jacobsen, DOI 10.1023/B:IJOT.0000022327.04529.f3; an ideal gas expands as 1/T)."""


class Channels(Spec):
    """Equal straight channels side by side: round, or rectangular.

    Attributes
    ----------
    length : float
        m.
    diameter : float, optional
        Of round ones, m.
    width, height : float, optional
        Of rectangular ones, m.
    count : int
    roughness : float
        Height of the roughness, m; smooth when not given.
    """

    length: CellSize
    diameter: CellSize | None = None
    width: CellSize | None = None
    height: CellSize | None = None
    count: Count = 1
    roughness: Annotated[float, SI("m"), Field(ge=0)] = 0.0

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        rectangular = (self.width is not None, self.height is not None)
        if (self.diameter is None) != all(rectangular) or (self.diameter is not None and any(rectangular)):
            raise InputError("channels", "", "neither or both", "diameter, or width and height")
        return self

    @property
    def section(self) -> float:
        """Of all channels, m²."""
        one = 0.25 * np.pi * self.diameter**2 if self.diameter is not None else (self.width or 0.0) * (self.height or 0.0)
        return self.count * float(one)

    @property
    def perimeter(self) -> float:
        """Of all channels, m."""
        one = np.pi * self.diameter if self.diameter is not None else 2.0 * ((self.width or 0.0) + (self.height or 0.0))
        return self.count * float(one)

    @property
    def hydraulic_diameter(self) -> float:
        """Four sections over the perimeter, m."""
        return 4.0 * self.section / self.perimeter

    @property
    def flatness(self) -> float:
        """Short over long side of a rectangle; not a number for a round channel."""
        if self.width is None or self.height is None:
            return float("nan")
        return min(self.width, self.height) / max(self.width, self.height)


class ChannelFlow(NamedTuple):
    """A coolant in channels.

    Attributes
    ----------
    velocity, reynolds : float
        m s-1; 1.
    regime : str
        ``"laminar"``, ``"transition"`` or ``"turbulent"``.
    nusselt, friction_factor : float
        Mean over the length; Darcy's factor.
    heat_transfer_coefficient : float
        Of the wetted wall, W m-2 K-1.
    conductance : float
        Of all the wetted wall, W K-1.
    heat_capacity_rate : float
        ρ c V̇, W K-1.
    pressure_drop : float
        Pa, without bends and ends.
    pumping_power : float
        V̇ Δp, W: what moves the coolant; a pump takes it over its efficiency.
    """

    velocity: float
    reynolds: float
    regime: str
    nusselt: float
    friction_factor: float
    heat_transfer_coefficient: float
    conductance: float
    heat_capacity_rate: float
    pressure_drop: float
    pumping_power: float


def channel_flow(coolant: Coolant, channels: Channels, volume_flow: float) -> ChannelFlow:
    r"""Heat transfer and pressure drop of a coolant in channels.

    Laminar (Re ≤ 2300), walls at one temperature, with the entry (Hausen; Incropera et al., Fundamentals of Heat and Mass
    Transfer, 7th ed., eq. 8.57), in rectangles with the fully developed values of Shah and London (Laminar Flow Forced
    Convection in Ducts, 1978):

    .. math:: Nu = Nu_\infty + \frac{0.0668\,Gz}{1+0.04\,Gz^{2/3}}, \quad Gz = Re\,Pr\,D/L, \quad Nu_\infty = 3.66
        \text{ (round)}, \quad f\,Re = 64 \text{ (round)}

    Turbulent (Re ≥ 4000), Gnielinski (Int. Chem. Eng. 16 (1976) 359) with Petukhov's friction, or Haaland's where it is rough:

    .. math:: Nu = \frac{(f/8)(Re-1000)Pr}{1+12.7\sqrt{f/8}(Pr^{2/3}-1)}\left[1+(D/L)^{2/3}\right], \quad
        f = (0.790\ln Re-1.64)^{-2}

    Between them a straight line in Re from the one to the other (Gnielinski, DOI 10.1016/j.ijheatmasstransfer.2013.04.015),
    for the friction too. Δp = f (L/D) ρ v²/2.

    Raises
    ------
    InputError
        A flow that is not positive.
    """
    if not 0.0 < volume_flow < np.inf:
        raise InputError("channel_flow", "volume_flow", volume_flow, "a positive number, m3 s-1")
    D, L, k = channels.hydraulic_diameter, channels.length, coolant.conductivity
    velocity = volume_flow / channels.section
    Re = coolant.density * velocity * D / coolant.viscosity
    share = float(np.clip((Re - LAMINAR) / (TURBULENT - LAMINAR), 0.0, 1.0))
    slow, fast = min(Re, LAMINAR), max(Re, TURBULENT)
    Nu = (1.0 - share) * _laminar_nusselt(slow, coolant.prandtl, channels)
    friction = (1.0 - share) * _laminar_friction(channels.flatness) / slow
    if share > 0.0:
        f = _turbulent_friction(fast, channels.roughness / D)
        Nu += share * _gnielinski(fast, coolant.prandtl, f) * (1.0 + (D / L) ** (2.0 / 3.0))
        friction += share * f
    h = Nu * k / D
    drop = friction * L / D * 0.5 * coolant.density * velocity**2
    regime = "laminar" if share == 0.0 else "turbulent" if share == 1.0 else "transition"
    return ChannelFlow(
        velocity, Re, regime, Nu, friction, h, h * channels.perimeter * L, coolant.density * coolant.specific_heat * volume_flow,
        drop, drop * volume_flow,
    )  # fmt: skip


def plate_coefficient(coolant: Coolant, length: float, velocity: float) -> float:
    r"""Mean heat-transfer coefficient of a coolant that flows along a plate, W m-2 K-1.

    Nu = 0.664 Re^{1/2} Pr^{1/3}, and (0.037 Re^{4/5} − 871) Pr^{1/3} where the flow turns turbulent at Re = 5·10⁵ (Incropera et
    al., eqs. 7.30 and 7.38).

    Raises
    ------
    InputError
        A length or a velocity that is not positive, a Prandtl number below 0.6.
    """
    if not (0.0 < length < np.inf and 0.0 < velocity < np.inf and coolant.prandtl >= 0.6):
        found = (length, velocity, coolant.prandtl)
        raise InputError("plate_coefficient", "length, velocity, Pr", found, "positive numbers, Pr at least 0.6")
    Re, third = coolant.density * velocity * length / coolant.viscosity, coolant.prandtl ** (1.0 / 3.0)
    Nu = 0.664 * np.sqrt(Re) * third if Re <= _PLATE_TURBULENT else (0.037 * Re**0.8 - 871.0) * third
    return float(Nu * coolant.conductivity / length)


def natural_convection_coefficient(coolant: Coolant, height: float, difference: float) -> float:
    r"""Mean heat-transfer coefficient of a still coolant at an upright plate that is warmer by `difference`, W m-2 K-1.

    .. math:: Nu = \left\{0.825 + \frac{0.387\,Ra^{1/6}}{[1+(0.492/Pr)^{9/16}]^{8/27}}\right\}^2, \quad
        Ra = \frac{g\,\beta\,\Delta T\,\rho^2 c\,H^3}{\mu k}

    (Churchill and Chu, DOI 10.1016/0017-9310(75)90243-4).

    Raises
    ------
    InputError
        A height or difference that is not positive, a coolant without expansion.
    """
    if coolant.expansion is None or not (0.0 < height < np.inf and 0.0 < difference < np.inf):
        found = (height, difference, coolant.expansion)
        raise InputError("natural_convection_coefficient", "height, difference, expansion", found, "positive numbers, m, K, K-1")
    strength = GRAVITY * coolant.expansion * difference * coolant.density**2 * coolant.specific_heat * height**3
    Ra = strength / (coolant.viscosity * coolant.conductivity)
    Nu = (0.825 + 0.387 * Ra ** (1 / 6) / (1.0 + (0.492 / coolant.prandtl) ** (9 / 16)) ** (8 / 27)) ** 2
    return float(Nu * coolant.conductivity / height)


def _laminar_nusselt(Re: float, Pr: float, channels: Channels) -> float:
    a = channels.flatness
    developed = 3.66
    if not np.isnan(a):
        developed = 7.541 * float(np.polyval([-0.548, 2.702, -5.119, 4.970, -2.610, 1.0], a))
    graetz = Re * Pr * channels.hydraulic_diameter / channels.length
    return float(developed + 0.0668 * graetz / (1.0 + 0.04 * graetz ** (2.0 / 3.0)))


def _laminar_friction(a: float) -> float:
    """Darcy's factor times the Reynolds number."""
    return 64.0 if np.isnan(a) else 96.0 * float(np.polyval([-0.2537, 0.9564, -1.7012, 1.9467, -1.3553, 1.0], a))


def _turbulent_friction(Re: float, roughness: float) -> float:
    if roughness > 0.0:
        return float((-1.8 * np.log10((roughness / 3.7) ** 1.11 + 6.9 / Re)) ** -2)
    return float((0.790 * np.log(Re) - 1.64) ** -2)


def _gnielinski(Re: float, Pr: float, f: float) -> float:
    return float((f / 8.0) * (Re - 1000.0) * Pr / (1.0 + 12.7 * np.sqrt(f / 8.0) * (Pr ** (2.0 / 3.0) - 1.0)))
