"""Pack: heat becomes temperature, of one cell and of a row of cells."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import numpy as np
import xarray as xr
from pydantic import Field, ValidationInfo, model_validator

from scalith import pack as pack_package
from scalith.cell import (
    Balancing,
    CellSpecification,
    Circuit,
    ProtocolStep,
    simulate_circuit,
    single_particle,
    step_from_file,
)
from scalith.cell.specification.paths import number_at, vary
from scalith.ladder.progress import report_progress
from scalith.ladder.quantity import InputFile, Settings, rung, stated_section
from scalith.ladder.rungs.in_plane import InPlane
from scalith.ladder.stacking import by_rate, one_rate
from scalith.pack import (
    WATER,
    CellBody,
    Channels,
    Coolant,
    CoolingDesign,
    PackSpecification,
    Surface,
    circuit_of_strings,
    lumped_cell_temperature,
    read_netlist,
    simulate_row,
)
from scalith.pack.heat.assembly import Side
from scalith.quantities import SI, InputError, Spec, dataset_digest, predicted
from scalith.quantities.specification import AmbientTemperature, Area, Count, Duration, Fraction, Temperature


class Pack(Settings, PackSpecification):
    """``[pack]``: cells in a row and their cooling; see `scalith.pack.PackSpecification`.

    Heat capacity and ambient temperature are those of ``[cell.thermal]`` where they are not stated here.
    """

    @model_validator(mode="before")
    @classmethod
    def _of_the_cell(cls, data: Any, info: ValidationInfo) -> Any:
        if not isinstance(data, dict):
            return data
        thermal = stated_section(info, "cell").get("thermal") or {}
        shared = {}
        if "heat_capacity" in thermal and not {"cell_heat_capacity", "cell_mass", "cell_specific_heat"} & set(data):
            shared["cell_heat_capacity"] = thermal["heat_capacity"]
        if "ambient_temperature" in thermal:
            shared["ambient_temperature"] = thermal["ambient_temperature"]
        return shared | data


def _heat_at(heat_generation: xr.Dataset, rate: float) -> xr.Dataset:
    """Heat over time of one discharge."""
    found = one_rate(heat_generation, rate)
    if found.sizes["sample"] < 2:
        raise InputError(
            "[discharge]", "c_rates", f"{rate:.3g}, a discharge that is over as it begins", "rates that the cell can deliver"
        )
    return found


@rung("temperature of one cell", headline=lambda data: f"peak {float(data['peak_temperature'].max()) - 273.15:.1f} °C")
def cell_temperature(heat_generation: xr.Dataset, cell_specification: CellSpecification) -> xr.Dataset:
    """C dT/dt = q − hA (T − T_ambient), rate by rate."""
    thermal = cell_specification.thermal
    if thermal is None or thermal.heat_capacity is None:
        raise InputError("[cell]", "thermal", "nothing", "heat_capacity and heat_transfer of the cell")
    ambient = thermal.ambient_temperature or cell_specification.reference_temperature
    parents = (dataset_digest(heat_generation), cell_specification.digest)
    rates = [float(rate) for rate in heat_generation["c_rate"]]
    runs = []
    for rate in rates:
        heat = _heat_at(heat_generation, rate)
        # The conductance is stated as one number, W K-1: coefficient and area together.
        runs.append(
            lumped_cell_temperature(
                heat["time"].values,
                heat["heat"].values,
                heat_capacity=thermal.heat_capacity,
                heat_transfer_coefficient=thermal.heat_transfer,
                area=1.0,
                ambient_temperature=ambient,
                parents=parents,
            )
        )
    return by_rate(rates, runs, predicted("scalith.pack.lumped_cell_temperature", *parents))


@rung(
    "temperatures of a row of cells",
    headline=lambda data: f"peak {float(data['peak_temperature']) - 273.15:.1f} °C, spread {float(data['peak_spread']):.1f} K",
)
def pack_temperature(heat_generation: xr.Dataset, pack: Pack) -> xr.Dataset:
    """Conduction through and between the cells, cooling at their base, at the highest rate."""
    rate = float(heat_generation["c_rate"].max())
    one = _heat_at(heat_generation, rate)
    parents = (dataset_digest(heat_generation), pack.digest)
    found = simulate_row(pack, one["time"].values, one["heat"].values, parents=parents)
    size = [pack.cell_thickness, pack.cell_width, pack.cell_height]
    return found.assign_attrs(c_rate=rate, cell_size=size, gap_thickness=pack.gap_thickness or 0.0)  # none: they touch


class ResolvedCell(Settings, CellBody):
    """``[resolved_cell]``: the cell as a body in three dimensions; see `scalith.pack.CellBody`.

    Attributes
    ----------
    surfaces : dict
        Heat exchange by side (``x`` is the thickness, ``y`` the width, ``z`` the height); see `scalith.pack.Surface`.
    through : int
        Volumes through the thickness.
    times : int
        Temperature fields to keep.
    """

    surfaces: dict[Side, Surface] = Field(default_factory=dict)
    through: Count = 4
    times: Annotated[int, Field(ge=2)] = 31


def _peak(data: xr.Dataset) -> str:
    last = data["temperature"].values[-1]
    return f"peak {float(data['peak_temperature']) - 273.15:.1f} °C, {np.ptp(last):.1f} K within the cell at the end"


@rung("temperature field of one cell", headline=_peak)
def cell_temperature_field(in_plane_discharge: xr.Dataset, resolved_cell: ResolvedCell, in_plane: InPlane) -> xr.Dataset:
    """Conduction in three dimensions with the heat that the cell makes where it makes it."""
    return pack_package.cell_temperature_field(
        resolved_cell,
        in_plane_discharge,
        resolved_cell.surfaces,
        through=resolved_cell.through,
        output_times=resolved_cell.times,
        initial_temperature=in_plane.temperature,
    )


class Cooling(Settings):
    """``[cooling]``: designs to compare on one cell, with the heat of the highest rate.

    Attributes
    ----------
    designs : tuple of dict
        See `scalith.pack.CoolingDesign`; with ``channels``, ``coolant``, ``volume_flow`` and ``cooled_area`` instead of a
        coefficient, see `scalith.pack.CoolingDesign.through_channels`.
    duration : float
        s.
    initial_temperature : float
        K.
    """

    designs: Annotated[tuple[dict[str, Any], ...], Field(min_length=1)]
    duration: Duration
    initial_temperature: AmbientTemperature = 298.15

    @model_validator(mode="after")
    def _are_designs(self) -> Self:
        self.read_designs()
        return self

    def read_designs(self) -> list[CoolingDesign]:
        """The designs that are stated."""
        found = []
        for k, stated in enumerate(self.designs):
            where = f"[cooling] designs {k + 1}"
            if "channels" not in stated:
                found.append(CoolingDesign.read(stated, where))
                continue
            rest = {name: value for name, value in stated.items() if name not in ("channels", "coolant")}
            flowing = _ThroughChannels.read(rest, where)
            channels = Channels.read(stated["channels"], f"{where} channels")
            coolant = Coolant.read(stated.get("coolant", dict(WATER)), f"{where} coolant")
            found.append(CoolingDesign.through_channels(coolant=coolant, channels=channels, **dict(flowing)))
        return found


class _ThroughChannels(Spec):
    """What a design through channels states beside them."""

    name: str
    kind: Literal["tab", "edge", "surface", "immersion"]
    volume_flow: Annotated[float, SI("m3 s-1"), Field(gt=0)]
    cooled_area: Area
    wall_resistance: Annotated[float, SI("m2 K W-1"), Field(ge=0)] = 0.0
    coolant_temperature: Temperature = 298.15
    pump_efficiency: Annotated[float, Field(gt=0, le=1)] = 0.5


def _coldest(data: xr.Dataset) -> str:
    peaks = data["peak_temperature"]
    return ", ".join(f"{name} {float(peak) - 273.15:.1f} °C" for name, peak in zip(data["design"].values, peaks, strict=True))


@rung("cooling designs beside each other", headline=_coldest)
def cooling_comparison(heat_generation: xr.Dataset, resolved_cell: ResolvedCell, cooling: Cooling) -> xr.Dataset:
    """Peak, gradient, pumping power and what the coolant takes, for one cell at the highest rate."""
    one = _heat_at(heat_generation, float(heat_generation["c_rate"].max()))
    body = resolved_cell.as_specification(CellBody)
    time, heat = one["time"].values, one["heat"].values
    return pack_package.compare_cooling(
        body,
        cooling.read_designs(),
        in_plane_conductivity=body.conductivities[2],
        heat=(np.append(time, time[-1]), np.append(heat, 0.0)),  # it ends with the discharge
        duration=cooling.duration,
        initial_temperature=cooling.initial_temperature,
    )


class Network(Settings):
    """``[network]``: cells like that of ``[cell]`` in a circuit.

    Attributes
    ----------
    series, parallel : int
        Groups of parallel cells in series, or, with ``layout = "strings"``, strings in parallel.
    layout : {"groups", "strings"}
    connection_resistance, busbar_resistance, cross_tie_resistance : float
        ohm; busbars and ties are those of strings (`scalith.pack.circuit_of_strings`).
    netlist : file, optional
        Instead of all these: see `scalith.pack.read_netlist`.
    protocol : tuple of str
        Steps in A, V or W of the whole circuit; ``drive_cycle`` follows them (and may be all there is, after ``[]``).
    drive_cycle : file, optional
        A load over time: see `scalith.cell.step_from_file`.
    state_of_charge : tuple of float
        At the start: one, or one a cell.
    changes : dict
        Factors on numbers of the cell by path (``"positive_electrode.thickness"``): one a cell.
    model : {"porous_electrode", "single_particle"}
        The second is the single-particle model with electrolyte (SPMe).
    balancing : dict, optional
        ``resistance`` (ohm), ``threshold`` (V), ``lowest_voltage`` (V), ``period`` (s): see `scalith.cell.Balancing`.
    temperature : float
        K.
    """

    series: Count = 1
    parallel: Count = 1
    layout: Literal["groups", "strings"] = "groups"
    connection_resistance: Annotated[float, SI("ohm"), Field(ge=0)] = 0.0
    busbar_resistance: Annotated[float, SI("ohm"), Field(gt=0)] | None = None
    cross_tie_resistance: Annotated[float, SI("ohm"), Field(gt=0)] | None = None
    netlist: InputFile | None = None
    protocol: tuple[str, ...]
    drive_cycle: InputFile | None = None
    state_of_charge: tuple[Fraction, ...] = (1.0,)
    changes: dict[str, tuple[Annotated[float, Field(gt=0)], ...]] = Field(default_factory=dict)
    model: Literal["porous_electrode", "single_particle"] = "porous_electrode"
    balancing: dict[Literal["resistance", "threshold", "lowest_voltage", "period"], float] | None = None
    temperature: AmbientTemperature = 298.15

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not self.protocol and self.drive_cycle is None:
            raise InputError("", "protocol", "nothing", "steps in A, V or W, or a drive_cycle")
        if (self.busbar_resistance is None) == (self.layout == "strings" and self.netlist is None):
            expected = "that between two strings, ohm" if self.layout == "strings" else "none: groups have no busbar"
            raise InputError("", "busbar_resistance", self.busbar_resistance, expected)
        if self.balancing is not None and "resistance" not in self.balancing:
            raise InputError("", "balancing.resistance", "nothing", "ohm")
        count = len(self.circuit().cells)
        for name, values in {"state_of_charge": self.state_of_charge, **self.changes}.items():
            if len(values) not in (1, count):
                raise InputError("", name, f"{len(values)} values", f"one, or {count}: one a cell")
        return self

    def circuit(self) -> Circuit:
        """The circuit that is stated."""
        if self.netlist is not None:
            circuit = read_netlist(self.netlist.path)
        elif self.layout == "groups":
            circuit = Circuit.of_groups(self.series, self.parallel, self.connection_resistance)
        else:
            circuit = circuit_of_strings(
                self.series,
                self.parallel,
                connection_resistance=self.connection_resistance,
                busbar_resistance=self.busbar_resistance or 0.0,
                cross_tie_resistance=self.cross_tie_resistance,
            )
        return circuit if self.balancing is None else circuit._replace(balancing=Balancing(**self.balancing))


def _spread(data: xr.Dataset) -> str:
    charge = data["cell_state_of_charge"].values[-1]
    return f"{data.sizes['cell']} cells, {data.attrs['reason']!s}, state of charge {charge.min():.3f} to {charge.max():.3f}"


@rung("cells in a network", headline=_spread, runs_a_cell=True)
def network_currents(cell_specification: CellSpecification, network: Network) -> xr.Dataset:
    """Currents, voltages and charges of cells that share a circuit, over a protocol."""
    circuit = network.circuit()
    cells = []
    for k in range(len(circuit.cells)):
        changes = {
            path: factors[k % len(factors)] * number_at(cell_specification, path) for path, factors in network.changes.items()
        }
        cells.append(vary(cell_specification, changes)[0])
    mesh = None
    if network.model == "single_particle":
        found = [single_particle(cell, electrolyte=True) for cell in cells]
        cells, mesh = [cell for cell, _ in found], found[0][1]
    steps: list[str | ProtocolStep] = list(network.protocol)
    if network.drive_cycle is not None:
        steps.append(step_from_file(network.drive_cycle.path))
    charges = network.state_of_charge
    return simulate_circuit(
        cells,
        circuit,
        steps,
        state_of_charge=charges[0] if len(charges) == 1 else list(charges),
        temperature=network.temperature,
        mesh=mesh,
        progress=report_progress,
    )
