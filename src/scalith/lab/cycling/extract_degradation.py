"""Degradation modes over a life: each check-up of an ageing read as a lab reads it, beside what the model knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scalith.lab.cycling.degradation_modes import degradation_modes
from scalith.lab.cycling.electrode_balance import ElectrodeBalance, extract_balance
from scalith.quantities import ConvergenceError, InputError, Property, Result, ScalithError, dataset_digest, labelled, predicted

if TYPE_CHECKING:
    import xarray as xr

    from scalith.cell import CellSpecification

Array = NDArray[np.float64]
_ENDS = 0.02
"""Share of the charge that is left out at either end of a slow discharge."""
_MODES = {
    "LLI": ("lithium_inventory_lost", "lithium inventory lost"),
    "LAM_negative": ("active_material_lost_negative", "active material lost, negative electrode"),
    "LAM_positive": ("active_material_lost_positive", "active material lost, positive electrode"),
}


def extract_degradation(life: xr.Dataset, specification: CellSpecification) -> Result:
    """Losses of lithium and of active material from the check-ups of an ageing, against the first of them.

    The slow discharge of each check-up goes through `extract_balance` (by voltage, with a constant overpotential) with the
    half-cell curves of the fresh cell; `degradation_modes` compares it with the first one. 2 % of the charge at either end are
    left out: gradients in the particles build up in the first, and the voltage falls too steeply in the last. Beside each stands
    what the model itself says at that check-up: sites that are left, and the lithium in them when the cell is full.

    Parameters
    ----------
    life : Result
        Of `scalith.cell.simulate_ageing`, with check-ups.
    specification : CellSpecification
        The cell that aged; two materials in the negative electrode are a blend.

    Returns
    -------
    Result
        Over ``check_up`` (the cycle before it): ``lithium_inventory_lost``, ``active_material_lost_negative`` and
        ``…_positive`` as read, each with ``…_error`` (one standard error) and ``…_planted`` (what the model says); ``residual``,
        V, that a balance leaves of the voltage. A later check-up that tells no balance is not a number, and named with its reason
        in ``attrs["notes"]``.

    Raises
    ------
    InputError
        As `require_check_ups`, or the life is that of another cell.
    ConvergenceError
        The first check-up, against which the others are read, tells no balance.
    """
    negative, positive = require_check_ups(life, specification)
    if life.attrs.get("cell") != specification.digest:
        raise InputError("extract_degradation", "cell", specification.digest, f"{life.attrs.get('cell')}: the cell that aged")
    charge = life["check_up_slow_discharge_charge"].values
    voltage = life["check_up_slow_discharge_voltage"].values
    T = float(life.attrs["ambient"])
    balances: list[ElectrodeBalance | None] = []
    notes: list[str] = []
    for cycle, q, v in zip(life["check_up"].values, charge, voltage, strict=True):
        try:
            found = extract_balance(*inner_part(q, v), negative, positive, by="voltage", polarisation=True, T=T)
        except ScalithError as error:
            if not balances:
                why = f"the first check-up, against which the others are read, tells no balance: {error}"
                raise ConvergenceError("extract_degradation", why) from error
            balances.append(None)
            notes.append(f"check-up after cycle {cycle}: {error}")
        else:
            balances.append(found)
            notes.append(found.note)
    first = balances[0]
    assert first is not None
    made: dict[str, Any] = {}
    for mode, (name, words) in _MODES.items():
        lost = [_lost(first, one, mode) for one in balances]
        made[name] = labelled("check_up", [value for value, _ in lost], f"{words}, as a lab reads it", "1")
        made[f"{name}_error"] = labelled("check_up", [error for _, error in lost], f"standard error, {words}", "1")
        made[f"{name}_planted"] = labelled("check_up", _planted(life, mode), f"{words}, in the model", "1")
    made["residual"] = labelled(
        "check_up", [np.nan if one is None else one.residual for one in balances], "voltage that the balance leaves", "V"
    )
    source = predicted("scalith.lab.cycling.extract_degradation", specification.digest, dataset_digest(life))
    at = labelled("check_up", life["check_up"].values, "cycle before the check-up", "1")
    attributes = {"source": source.to_json(), "notes": "; ".join(dict.fromkeys(filter(None, notes)))}
    return Result(made, {"check_up": at}, {"kind": "degradation modes", **attributes})


def require_check_ups(
    life: xr.Dataset, specification: CellSpecification
) -> tuple[Property | tuple[Property, Property], Property]:
    """Half-cell curves of both electrodes, where check-ups can tell what a life took from them.

    Parameters
    ----------
    life, specification
        As `extract_degradation` takes them.

    Returns
    -------
    negative : Property or two of them
        Of a blend two.
    positive : Property

    Raises
    ------
    InputError
        No check-ups, fewer than two, or an electrode without a half-cell curve that the balance can take.
    """
    if "check_up" not in life.coords or life.sizes["check_up"] < 2:
        found = "none" if "check_up" not in life.coords else str(life.sizes["check_up"])
        raise InputError("extract_degradation", "check-ups", found, "two at least: simulate_ageing(…, check_up_every=100)")
    negative, positive = _half_cells(specification, "negative"), _half_cells(specification, "positive")
    if not isinstance(positive, Property):
        raise InputError(
            "extract_degradation", "positive electrode", "two materials", "one: a blend is told on the negative side"
        )
    return negative, positive


def inner_part(charge: Array, voltage: Array) -> tuple[Array, Array]:
    """A slow discharge without its ends, charge counted from the first that is kept."""
    kept = (charge >= _ENDS * charge[-1]) & (charge <= (1.0 - _ENDS) * charge[-1])
    return charge[kept] - charge[kept][0], voltage[kept]


def _half_cells(specification: CellSpecification, side: str) -> Property | tuple[Property, Property]:
    curves = [material.open_circuit_voltage for material in getattr(specification, f"{side}_electrode").materials]
    if len(curves) > 2 or any(not isinstance(one, Property) or "x" not in one.coordinates for one in curves):
        found = f"{len(curves)} materials" if len(curves) > 2 else "a potential that is not over x"
        raise InputError("extract_degradation", f"{side} electrode", found, "one or two materials with a potential over x")
    return curves[0] if len(curves) == 1 else (curves[0], curves[1])


def _lost(first: ElectrodeBalance, later: ElectrodeBalance | None, mode: str) -> tuple[float, float]:
    """Share lost, and its standard error; nothing at the first check-up, not a number without a balance."""
    if later is None:
        return np.nan, np.nan
    if later is first:
        return 0.0, 0.0
    found = degradation_modes(first, later)[mode]
    return float(found), float(getattr(found, "error", 0.0))


def _planted(life: xr.Dataset, mode: str) -> Array:
    """Share lost of the sites of a side, or of the lithium in those that are left."""
    left = np.zeros(life.sizes["check_up"])
    for name in map(str, life.data_vars):
        tag = name.removeprefix("check_up_capacity_of_")
        if tag == name or (mode != "LLI" and not mode.endswith(tag.partition("_")[0])):
            continue
        sites = life[name].values
        left = left + (sites * life[f"check_up_stoichiometry_{tag}_full"].values if mode == "LLI" else sites)
    return np.asarray(1.0 - left / left[0], dtype=np.float64)
