"""What a user states of a cell: geometry, materials, electrolyte, surroundings; the structure follows BPX."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from scalith.cell.specification.electrode import BlockingElectrode, ElectrodeSpecification, LithiumMetal, PorousLayer
from scalith.cell.specification.electrolyte import ElectrolyteSpecification
from scalith.cell.specification.initial_state import InitialState
from scalith.cell.specification.thermal import ThermalSpecification
from scalith.quantities import SI, InputError, Spec, read_toml
from scalith.quantities.constants import FARADAY
from scalith.quantities.plausible_ranges import unwrapped
from scalith.quantities.specification import WRITTEN_BY_HAND, Area, Charge, CutOffVoltage, Temperature


class CellSpecification(Spec):
    """One cell.

    Attributes
    ----------
    electrode_area : m2
        Of one pair of electrodes.
    electrode_pairs : int
        In parallel.
    nominal_capacity : C
        Sets what a C-rate means (text such as ``"5 A*h"`` is read).
    lower_voltage_cut_off, upper_voltage_cut_off : V
    negative_electrode, positive_electrode : ElectrodeSpecification
        Either or both may be stated as `LithiumMetal` or `BlockingElectrode`.
    separator : PorousLayer
    electrolyte : ElectrolyteSpecification
    contact_resistance : ohm
        Of the whole cell.
    reference_temperature : K
        At which parameters with an activation energy, and voltages without T, are given.
    thermal : ThermalSpecification, optional
    initial_state : InitialState
        What simulations start from where they are not told otherwise.
    name, description, reference : str
    """

    name: str = "cell"
    description: str = ""
    reference: str = ""
    electrode_area: Area
    electrode_pairs: Annotated[int, Field(ge=1)] = 1
    nominal_capacity: Charge
    lower_voltage_cut_off: CutOffVoltage
    upper_voltage_cut_off: CutOffVoltage
    contact_resistance: Annotated[float, SI("ohm"), Field(ge=0)] = 0.0
    reference_temperature: Temperature = 298.15
    electrolyte: ElectrolyteSpecification
    negative_electrode: ElectrodeSpecification
    separator: PorousLayer
    positive_electrode: ElectrodeSpecification
    thermal: ThermalSpecification | None = None
    initial_state: InitialState = InitialState()

    @model_validator(mode="before")
    @classmethod
    def _below_zero(cls, data: Any) -> Any:
        """A flat positive electrode (lithium metal): the voltage is zero or negative, so that its cut-offs may be."""
        positive = data.get("positive_electrode") if isinstance(data, Mapping) else None
        flat = positive.get("planar") if isinstance(positive, Mapping) else getattr(positive, "planar", False)
        if not (flat or _flat_kind(positive)):
            return data
        limits = {name: data[name] for name in ("lower_voltage_cut_off", "upper_voltage_cut_off") if name in data}
        return {**data, **{name: {"value": unwrapped(value)[0], "implausible": True} for name, value in limits.items()}}

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, data: Any) -> Any:
        names = ("negative_electrode", "positive_electrode")
        stated = {name: data.get(name) if isinstance(data, Mapping) else None for name in names}
        metals: dict[str, LithiumMetal | BlockingElectrode] = {}
        for name, electrode in stated.items():
            kind = _flat_kind(electrode)
            if isinstance(electrode, LithiumMetal | BlockingElectrode):
                metals[name] = electrode
            elif isinstance(electrode, Mapping) and kind:
                others = [key for key in electrode if key != kind]
                if others:
                    raise InputError("cell", f"{name}.{others[0]}", others[0], f"nothing beside {kind}")
                metals[name] = _FLAT[kind].read(electrode[kind], f"{name}.{kind}")
        if not metals:
            return data
        made: dict[str, Any] = {}
        if len(metals) == 1:
            other = next(name for name in names if name not in metals)
            made[other] = ElectrodeSpecification.read(stated[other] or {}, other)
            window = made[other].window
        else:
            sizes = {key: data.get(key) for key in ("electrode_area", "electrode_pairs", "nominal_capacity") if key in data}
            size = _Size.read(sizes, "cell")
            window = size.nominal_capacity / (FARADAY * size.electrode_area * size.electrode_pairs)
        return {**data, **made} | {name: metal.electrode(window) for name, metal in metals.items()}

    @field_validator("upper_voltage_cut_off")
    @classmethod
    def _above(cls, value: float, info: Any) -> float:
        lower = info.data.get("lower_voltage_cut_off")
        if lower is not None and value <= lower:
            raise InputError("cell", "upper_voltage_cut_off", value, f"more than lower_voltage_cut_off = {lower:g}")
        return value

    @classmethod
    def read_toml(cls, path: str | Path) -> Self:
        """Read a TOML file; ``file = "…"`` in it is taken relative to its folder."""
        stated = read_toml(path)
        cell = cls.read(_with_folder(stated, Path(path).parent), where=str(path), context=WRITTEN_BY_HAND)
        if not unwrapped(stated.get("nominal_capacity"))[1]:
            cell.require_plausible_capacity(str(path))
        return cell

    @property
    def plane_area(self) -> float:
        """Area of all electrode pairs together, m2."""
        return self.electrode_area * self.electrode_pairs

    def require_plausible_capacity(self, where: str) -> None:
        """Reject a nominal capacity that is not within a factor of two of what the smaller electrode holds.

        Raises
        ------
        InputError
            Names both capacities.
        """
        holds = min(self.capacity_of_window("negative"), self.capacity_of_window("positive"))
        if not 0.5 <= self.nominal_capacity / holds <= 2.0:
            raise InputError(
                where,
                "nominal_capacity",
                f"{self.nominal_capacity / 3600:.4g} A h",
                f"within a factor of two of {holds / 3600:.4g} A h that the smaller electrode holds between its stoichiometries; "
                "where it is meant, { value = …, implausible = true }",
            )

    @property
    def initial_temperature(self) -> float:
        """What simulations start at where they are not told otherwise, K: that of the initial state, or the reference."""
        stated = self.initial_state.temperature
        return self.reference_temperature if stated is None else stated

    def capacity_of_window(self, side: Literal["negative", "positive"]) -> float:
        """Charge between the two stoichiometries of an electrode, C."""
        electrode = self.negative_electrode if side == "negative" else self.positive_electrode
        return FARADAY * self.plane_area * electrode.window


_FLAT: dict[str, type[LithiumMetal] | type[BlockingElectrode]] = {
    "lithium_metal": LithiumMetal,
    "blocking": BlockingElectrode,
}
"""What an electrode may be stated as in place of a porous one."""


def _flat_kind(electrode: Any) -> str:
    """Which of them an electrode is stated as; empty where it is porous."""
    for name, kind in _FLAT.items():
        if isinstance(electrode, kind) or (isinstance(electrode, Mapping) and name in electrode):
            return name
    return ""


class _Size(Spec):
    """What says how much charge a cell without a porous electrode moves."""

    electrode_area: Area
    electrode_pairs: Annotated[int, Field(ge=1)] = 1
    nominal_capacity: Annotated[float, SI("C"), Field(gt=0)]


def _with_folder(data: Any, folder: Path) -> Any:
    if isinstance(data, Mapping):
        return {
            key: str(folder / value) if key == "file" and isinstance(value, str) else _with_folder(value, folder)
            for key, value in data.items()
        }
    if isinstance(data, list):
        return [_with_folder(item, folder) for item in data]
    return data
