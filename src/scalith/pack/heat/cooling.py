"""Cooling designs of a prismatic cell beside each other: peak temperature, gradient, parasitic power."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from scalith.pack.heat.assembly import Assembly, Block, Material, Side, Surface
from scalith.pack.heat.cell_body import CellBody
from scalith.pack.heat.coolant import Channels, Coolant, channel_flow
from scalith.pack.heat.heat_in_3d import simulate_heat_3d
from scalith.pack.heat.stream import Stream
from scalith.quantities import SI, InputError, Result, Spec, labelled, predicted
from scalith.quantities.specification import Temperature

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_SIDES: dict[str, tuple[Side, ...]] = {
    "tab": ("z_high",),
    "edge": ("z_low",),
    "surface": ("x_low", "x_high"),
    "immersion": ("x_low", "x_high", "y_low", "y_high", "z_low", "z_high"),
}


class CoolingDesign(Spec):
    """Where a coolant touches the cell, and what moving it costs.

    Attributes
    ----------
    name : str
    kind : {"tab", "edge", "surface", "immersion"}
        Cooled faces: the top with the tabs, the bottom, both large faces, or all.
    heat_transfer_coefficient : float
        W m-2 K-1, with the resistance of plates and pads in it.
    coolant_temperature : float
        K.
    volume_flow, pressure_drop, pump_efficiency : float
        m³ s-1 and Pa for one cell; pumping power is V̇ Δp/η.
    heat_capacity_rate : float, optional
        ρ c V̇ for one cell, W K-1: the coolant enters at `coolant_temperature` and warms along the cooled faces (along the width
        at tabs and edge, along the height at the others; of an immersed cell the two ends are then left out). Without it the
        coolant keeps its temperature.
    """

    name: str
    kind: Literal["tab", "edge", "surface", "immersion"]
    heat_transfer_coefficient: Annotated[float, SI("W m-2 K-1"), Field(gt=0)]
    coolant_temperature: Temperature = 298.15
    volume_flow: Annotated[float, SI("m3 s-1"), Field(ge=0)] = 0.0
    pressure_drop: Annotated[float, SI("Pa"), Field(ge=0)] = 0.0
    pump_efficiency: Annotated[float, Field(gt=0, le=1)] = 0.5
    heat_capacity_rate: Annotated[float, SI("W K-1"), Field(gt=0)] | None = None

    @classmethod
    def through_channels(
        cls,
        name: str,
        kind: Literal["tab", "edge", "surface", "immersion"],
        coolant: Coolant,
        channels: Channels,
        volume_flow: float,
        *,
        cooled_area: float,
        wall_resistance: float = 0.0,
        coolant_temperature: float = 298.15,
        pump_efficiency: float = 0.5,
    ) -> CoolingDesign:
        """A design whose coefficient, pressure drop and warming come from what flows in its channels (`channel_flow`).

        Parameters
        ----------
        channels : Channels
            For one cell.
        volume_flow : float
            Through all of them, m3 s-1.
        cooled_area : float
            Of the cell's faces that they cool, m²; h = 1/(A/(UA) + R).
        wall_resistance : float
            R of plate and pad between the cell and the wall of the channels, m² K W-1.

        Raises
        ------
        InputError
            A flow or an area that is not positive.
        """
        if not 0.0 < cooled_area < np.inf or not 0.0 <= wall_resistance < np.inf:
            found = (cooled_area, wall_resistance)
            raise InputError(
                "through_channels", "cooled_area, wall_resistance", found, "a positive area, a resistance of at least 0"
            )
        flow = channel_flow(coolant, channels, volume_flow)
        return cls(
            name=name,
            kind=kind,
            heat_transfer_coefficient=1.0 / (cooled_area / flow.conductance + wall_resistance),
            coolant_temperature=coolant_temperature,
            volume_flow=volume_flow,
            pressure_drop=flow.pressure_drop,
            pump_efficiency=pump_efficiency,
            heat_capacity_rate=flow.heat_capacity_rate,
        )

    @property
    def parasitic_power(self) -> float:
        """Pumping power for one cell, W."""
        return self.volume_flow * self.pressure_drop / self.pump_efficiency

    def with_coefficient(self, coefficient: float) -> CoolingDesign:
        """The same channels at another flow: turbulent, h ∝ V̇^0.8 and Δp ∝ V̇^1.75 (Blasius), so that power ∝ h^3.44."""
        flow = (coefficient / self.heat_transfer_coefficient) ** (1 / 0.8)
        return self.model_copy(
            update={
                "heat_transfer_coefficient": coefficient,
                "volume_flow": self.volume_flow * flow,
                "pressure_drop": self.pressure_drop * flow**1.75,
                "heat_capacity_rate": None if self.heat_capacity_rate is None else self.heat_capacity_rate * flow,
            }
        )


def compare_cooling(
    cell: CellBody,
    designs: Sequence[CoolingDesign],
    *,
    in_plane_conductivity: float,
    heat: tuple[ArrayLike, ArrayLike],
    duration: float,
    initial_temperature: float = 298.15,
    volumes: tuple[int, int, int] = (8, 10, 12),
) -> Result:
    """One cell with even heat under several coolings, each by `simulate_heat_3d`.

    Parameters
    ----------
    cell : CellBody
        Prismatic; its conductivity is that through the thickness.
    designs : sequence of CoolingDesign
        With different names.
    in_plane_conductivity : float
        Along width and height, W m-1 K-1.
    heat : (times, powers)
        s, W.
    duration : float
        s.
    initial_temperature : float
        K.
    volumes : three ints
        Finite volumes along thickness, width, height.

    Returns
    -------
    Result
        Dimensions ``design``, ``time``: ``peak_temperature``, ``gradient`` (largest difference within the cell at any output,
        K), ``mean_temperature`` (K over time), ``parasitic_power`` (W), ``heat_to_coolant`` (J), ``coolant_outlet`` (K at the
        end; that at the inlet where a design states no heat capacity rate), ``energy_balance_error``, ``coolant_balance_error``.

    Raises
    ------
    InputError
        A cylindrical cell, a name twice, numbers out of their range.
    """
    names = _names_of(cell, designs)
    found = [
        simulate_heat_3d(
            _cooled(cell, design, in_plane_conductivity, volumes),
            duration=duration,
            heat={"cell": heat},
            initial_temperature=initial_temperature,
            change_per_step=2.0,
        )
        for design in designs
    ]
    fields = [data["temperature"].values.reshape(data.sizes["time"], -1) for data in found]
    columns = {
        "peak_temperature": ([field.max() for field in fields], "K", "highest temperature"),
        "gradient": ([np.ptp(field, axis=1).max() for field in fields], "K", "largest difference within the cell"),
        "parasitic_power": ([design.parasitic_power for design in designs], "W", "pumping power for one cell"),
        "heat_to_coolant": ([float(data["heat_lost"][-1]) for data in found], "J", "heat given to the coolant"),
        "coolant_outlet": (
            [_outlet(data, design) for data, design in zip(found, designs, strict=True)],
            "K",
            "coolant at its outlet",
        ),
        "coolant_balance_error": (
            [float(data.get("coolant_balance_error", 0.0)) for data in found],
            "1",
            "enthalpy of the coolant against the heat that left the cell to it",
        ),
        "energy_balance_error": (
            [float(data["energy_balance_error"]) for data in found],
            "1",
            "largest relative error of the energy balance",
        ),
    }
    source = predicted("scalith.pack.compare_cooling", cell.digest, *[design.digest for design in designs])
    return Result(
        {name: labelled("design", np.array(values), title, unit) for name, (values, unit, title) in columns.items()}
        | {
            "mean_temperature": labelled(
                ("design", "time"),
                np.array([data["block_temperature"].values[:, 0] for data in found]),
                "mean temperature of the cell",
                "K",
            )
        },
        coords={"design": ("design", names, {"long_name": "cooling design"}), "time": found[0]["time"]},
        attrs={"source": source.to_json()},
    )


def _names_of(cell: CellBody, designs: Sequence[CoolingDesign]) -> list[str]:
    """Names of designs that can be compared on a cell."""
    if cell.shape != "prismatic" or cell.thickness is None or cell.width is None:
        raise InputError("compare_cooling", "cell.shape", cell.shape, "a prismatic cell")
    names = [design.name for design in designs]
    if not designs or len(set(names)) != len(names):
        raise InputError("compare_cooling", "designs", names, "at least one design, with different names")
    return names


def weakest_cooling(
    cell: CellBody,
    design: CoolingDesign,
    *,
    in_plane_conductivity: float,
    heat: tuple[ArrayLike, ArrayLike],
    duration: float,
    highest_temperature: float,
    largest_gradient: float = np.inf,
    lowest: float = 1.0,
    highest: float = 1e5,
    initial_temperature: float = 298.15,
) -> CoolingDesign:
    """The design at the smallest flow that keeps peak temperature and gradient within limits: least pumping power.

    Bisection in ln h between `lowest` and `highest` (W m-2 K-1) to 1 %. A peak falls with h; a gradient may grow with it, so
    that a gradient limit is checked at the flow that the peak needs.

    Raises
    ------
    InputError
        Even the highest coefficient does not keep the limits; what is missed is named.
    """
    where = "weakest_cooling"

    def found(coefficient: float) -> tuple[float, float]:
        data = compare_cooling(
            cell,
            [design.with_coefficient(coefficient)],
            in_plane_conductivity=in_plane_conductivity,
            heat=heat,
            duration=duration,
            initial_temperature=initial_temperature,
        )
        return float(data["peak_temperature"][0]), float(data["gradient"][0])

    if found(highest)[0] > highest_temperature:
        raise InputError(
            where,
            "highest_temperature",
            highest_temperature,
            f"at least the {found(highest)[0]:.2f} K of h = {highest:g} W m-2 K-1",
        )
    low, high = np.log(lowest), np.log(highest)
    if found(lowest)[0] <= highest_temperature:
        high = low
    while high - low > 0.01:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if found(float(np.exp(middle)))[0] <= highest_temperature else (middle, high)
    gradient = found(float(np.exp(high)))[1]
    if gradient > largest_gradient:
        raise InputError(
            where,
            "largest_gradient",
            largest_gradient,
            f"at least {gradient:.2f} K: the {design.kind} cooling cannot do better here",
        )
    return design.with_coefficient(float(np.exp(high)))


def _cooled(cell: CellBody, design: CoolingDesign, in_plane: float, volumes: tuple[int, int, int]) -> Assembly:
    size = (cell.thickness or 0.0, cell.width or 0.0, cell.height)
    material = Material(
        density=cell.density, specific_heat=cell.specific_heat, conductivity=(cell.conductivity, in_plane, in_plane)
    )
    sides, areas = _SIDES[design.kind], {"x": size[1] * size[2], "y": size[0] * size[2], "z": size[0] * size[1]}
    if design.heat_capacity_rate is not None and design.kind == "immersion":
        sides = sides[:4]
    whole = sum(areas[side[0]] for side in sides)
    surfaces: dict[Side, Surface] = {}
    for side in sides:
        stream = None
        if design.heat_capacity_rate is not None:
            share = areas[side[0]] / whole
            stream = Stream(
                heat_capacity_rate=design.heat_capacity_rate * share, direction="+y" if design.kind in ("tab", "edge") else "+z"
            )
        surfaces[side] = Surface(
            heat_transfer_coefficient=design.heat_transfer_coefficient, temperature=design.coolant_temperature, stream=stream
        )
    return Assembly(
        materials={"cell": material},
        blocks=(Block(name="cell", material="cell", lower=(0.0, 0.0, 0.0), upper=size),),
        spacing=(size[0] / volumes[0], size[1] / volumes[1], size[2] / volumes[2]),
        surfaces=surfaces,
    )


def _outlet(data: Result, design: CoolingDesign) -> float:
    """Mean temperature of the coolant over the last interval of output: what all sides gave it over its flow of heat capacity."""
    if "coolant_outlet" not in data:
        return design.coolant_temperature
    heat = data["coolant_heat"].values.sum(axis=1)
    time = data["time"].values
    return float(
        design.coolant_temperature + (heat[-1] - heat[-2]) / (time[-1] - time[-2]) / (design.heat_capacity_rate or np.inf)
    )
