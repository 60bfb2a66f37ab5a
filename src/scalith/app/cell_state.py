"""The cell of a state, and the runs that several of its pictures are drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from scalith.cell import CellSpecification, Mesh, simulate_discharge, simulate_impedance
from scalith.particle import PhaseField, phase_separation, simulate_phase_field
from scalith.particle.mesh import dimensions_of
from scalith.quantities import Result, Source

_FREQUENCIES = (1e-3, 1e4, 50)
_MOMENTS = 31


@dataclass(frozen=True)
class CellState:
    """The cell of a state, under the conditions of its discharges; each of its runs is made once, when it is first needed.

    Attributes
    ----------
    cell : CellSpecification, optional
    discharges : xarray.Dataset, optional
        As the ladder computed them.
    image : xarray.Dataset, optional
        Voxels of the electrode.
    separating : tuple of PhaseField and xarray.Dataset, optional
        Material of a particle that separates into phases, and its hysteresis: the first of them.
    """

    cell: CellSpecification | None
    discharges: xr.Dataset | None
    image: xr.Dataset | None = None
    separating: tuple[PhaseField, xr.Dataset] | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> CellState:
        """Those of the values that are there."""
        cell, data, image = (values.get(name) for name in ("cell_specification", "discharges", "voxel_image"))
        both = [
            (material, values[f"{name}particle_hysteresis"])
            for name, material in ((key.removesuffix("particle_phase_field"), value) for key, value in values.items())
            if isinstance(material, PhaseField) and isinstance(values.get(f"{name}particle_hysteresis"), xr.Dataset)
        ]
        return cls(
            cell if isinstance(cell, CellSpecification) else None,
            data if isinstance(data, xr.Dataset) else None,
            image if isinstance(image, xr.Dataset) else None,
            both[0] if both else None,
        )

    @property
    def rate(self) -> float:
        """The highest rate of the discharges; 1C without any."""
        return 1.0 if self.discharges is None else float(self.discharges["c_rate"].max())

    @property
    def temperature(self) -> float | None:
        """Of the discharges, K; without any that of the cell's initial state."""
        stated = self._settings.get("temperature")
        return float(stated) if stated is not None else self.cell.initial_temperature if self.cell is not None else None

    @property
    def mesh(self) -> Mesh | None:
        """That of the discharges, where the study states one."""
        volumes = self._settings.get("volumes")
        return None if volumes is None else Mesh(*volumes)

    @property
    def _settings(self) -> Mapping[str, Any]:
        return {} if self.discharges is None else Source.from_json(self.discharges.attrs["source"]).settings

    @cached_property
    def profiles(self) -> Result | None:
        """The discharge at the highest rate with its profiles."""
        if self.cell is None or self.discharges is None:
            return None
        return simulate_discharge(self.cell, self.rate, temperature=self.temperature, mesh=self.mesh, profiles=True)

    @cached_property
    def phases(self) -> Result | None:
        """Stoichiometry of the particle that separates into phases, at the highest rate of its hysteresis."""
        if self.separating is None:
            return None
        material, hysteresis = self.separating
        how = Source.from_json(hysteresis.attrs["source"]).settings
        poor = float(phase_separation(material, how["temperature_K"]).binodal[0])
        speed = float(hysteresis["c_rate"].max()) / 3600.0
        times = np.linspace(0.0, 0.98 * (1.0 - 0.5 * poor) / speed, _MOMENTS)
        return simulate_phase_field(
            material,
            how["radius_m"],
            times,
            initial=0.5 * poor,
            surface_flux=-speed * how["radius_m"] / dimensions_of(how["geometry"]),
            temperature=how["temperature_K"],
            geometry=how["geometry"],
            nodes=how["nodes"],
            noise=0.0,
        )

    @cached_property
    def spectrum(self) -> Result | None:
        """The impedance of the half-charged cell."""
        if self.cell is None or self.discharges is None:
            return None
        return simulate_impedance(self.cell, np.geomspace(*_FREQUENCIES), 0.5, temperature=self.temperature)
