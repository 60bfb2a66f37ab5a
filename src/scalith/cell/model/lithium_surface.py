"""Where a run stands against filaments of lithium and voids in it: its current density over the critical ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scalith.cell.specification.cell import CellSpecification
from scalith.cell.specification.electrode import ElectrodeSpecification
from scalith.interface import PressedLithium, simulate_stripping

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]


def add_lithium(data: xr.Dataset, specification: CellSpecification) -> None:
    """Say of a run with lithium metal on a solid electrolyte where it stands on the critical-current map.

    ``attrs["lithium"]`` in words; ``attrs["share_of_critical_current"]``, the largest current density over the critical one
    at the temperature of that time (`scalith.interface.critical_plating_current`), where `LithiumMetal.pressed` states what it
    takes. A cell strips the lithium that a charge plates: either direction counts. On the way out the lithium leaves voids
    (`scalith.interface.simulate_stripping`): ``lithium_contact_negative`` (and ``positive``) over time,
    ``attrs["share_of_critical_stripping_current"]``. The resistance of the run is that of the contact as pressed; what voids
    add to it is said beside.
    """
    if not _one_ion_moves(specification):
        return
    said, shares, stripping = [], [], []
    leaving = data["current"].values / specification.plane_area
    density = np.abs(leaving)
    for side, electrode in (("negative", specification.negative_electrode), ("positive", specification.positive_electrode)):
        if not is_lithium_metal(electrode) or density.size == 0:
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
        words = f"{most}, {share:.2g} of {known}" + ("; filaments are expected" if share > 1.0 else "")
        voids, stripped = _stripped(data, pressed, leaving if side == "negative" else -leaving, side)
        said.append(f"{words}; {voids}" if voids else words)
        stripping.append(stripped)
    if stripping:
        data.attrs["share_of_critical_stripping_current"] = max(stripping)
    if said:
        data.attrs["lithium"] = "; ".join(said)
    if shares:
        data.attrs["share_of_critical_current"] = max(shares)


def _stripped(data: xr.Dataset, pressed: PressedLithium, leaving: Array, side: str) -> tuple[str, float]:
    """What stripping does to the contact, in words, and the largest share of the critical current that it takes."""
    T = np.broadcast_to(data["temperature"].values, leaving.shape)
    if leaving.size < 2 or not np.any(leaving > 0.0):
        return "", 0.0
    found = simulate_stripping(pressed, data["time"].values, leaving, T)
    left = found["contact_left"].values
    attributes = {"units": "1", "long_name": f"{side} lithium: fraction of the area in contact"}
    data[f"lithium_contact_{side}"] = ("time", found["contact"].values, attributes)
    critical = np.broadcast_to(pressed.critical_stripping_current_density(T), leaving.shape)
    worst = int(np.argmax(leaving / critical))
    share = float(leaving[worst] / critical[worst])
    volts = 1e3 * float(found["void_overvoltage"].max())
    end = "; voids are expected" if share > 1.0 else ""
    costs = f"leaves {100.0 * left.min():.3g} % of the contact ({volts:.2g} mV, not part of the run)"
    return f"stripping takes {share:.2g} of the critical {critical[worst] / 10.0:.3g} mA/cm2 and {costs}{end}", share


def _one_ion_moves(specification: CellSpecification) -> bool:
    electrolyte = specification.electrolyte
    number = electrolyte.transference_number(c=electrolyte.initial_concentration, T=298.15, extrapolate="nearest")
    return bool(np.all(np.asarray(number) > 1.0 - 1e-9))


def is_lithium_metal(electrode: ElectrodeSpecification) -> bool:
    """Whether this is `LithiumMetal`: flat, of a store without a volume of particles, and not blocking."""
    exchange = electrode.material.exchange_current_density
    flat = electrode.planar and electrode.material.active_volume_fraction is None and electrode.material.geometry == "slab"
    return flat and exchange is not None and float(np.max(exchange.nominal.values)) > 0.0
