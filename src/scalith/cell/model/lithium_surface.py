"""Where a run stands against filaments of lithium: its current density on lithium metal over the critical one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scalith.cell.specification.cell import CellSpecification
from scalith.cell.specification.electrode import ElectrodeSpecification

if TYPE_CHECKING:
    import xarray as xr


def add_lithium(data: xr.Dataset, specification: CellSpecification) -> None:
    """Say of a run with lithium metal on a solid electrolyte where it stands on the critical-current map.

    ``attrs["lithium"]`` in words; ``attrs["share_of_critical_current"]``, the largest current density over the critical one
    at the temperature of that time (`scalith.interface.critical_plating_current`), where `LithiumMetal.pressed` states what it
    takes. A cell strips the lithium that a charge plates: either direction counts.
    """
    if not _one_ion_moves(specification):
        return
    said, shares = [], []
    density = np.abs(data["current"].values) / specification.plane_area
    for side, electrode in (("negative", specification.negative_electrode), ("positive", specification.positive_electrode)):
        if not _is_metal(electrode) or density.size == 0:
            continue
        most = f"{side} lithium: up to {density.max() / 10.0:.3g} mA/cm2"
        pressed = electrode.pressed_lithium
        if pressed is None:
            said.append(f"{most}; where that stands against filaments is not known: state pressed of its lithium_metal")
            continue
        critical = np.broadcast_to(pressed.critical_current_density(data["temperature"].values), density.shape)
        worst = int(np.argmax(density / critical))
        share = float(density[worst] / critical[worst])
        shares.append(share)
        flaw, pressure = f"{1e6 * pressed.flaw:.3g} um", f"{pressed.stack_pressure / 1e6:.3g} MPa"
        known = f"the critical {critical[worst] / 10.0:.3g} mA/cm2 (flaws of {flaw}, {pressure})"
        said.append(f"{most}, {share:.2g} of {known}" + ("; filaments are expected" if share > 1.0 else ""))
    if said:
        data.attrs["lithium"] = "; ".join(said)
    if shares:
        data.attrs["share_of_critical_current"] = max(shares)


def _one_ion_moves(specification: CellSpecification) -> bool:
    electrolyte = specification.electrolyte
    number = electrolyte.transference_number(c=electrolyte.initial_concentration, T=298.15, extrapolate="nearest")
    return bool(np.all(np.asarray(number) > 1.0 - 1e-9))


def _is_metal(electrode: ElectrodeSpecification) -> bool:
    """Flat, of a store without a volume of particles, and not blocking."""
    exchange = electrode.material.exchange_current_density
    flat = electrode.planar and electrode.material.active_volume_fraction is None and electrode.material.geometry == "slab"
    return flat and exchange is not None and float(np.max(exchange.nominal.values)) > 0.0
