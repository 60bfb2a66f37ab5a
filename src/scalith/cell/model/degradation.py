"""A cell that has lost lithium and active material."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalith.cell.model.material_tables import made_once
from scalith.cell.model.state_at_rest import potential_at_rest, stoichiometries_at_potential, stoichiometries_at_rest
from scalith.cell.specification.active_material import ActiveMaterial
from scalith.cell.specification.cell import CellSpecification
from scalith.cell.specification.electrode import ElectrodeSpecification
from scalith.quantities import InputError

Array = NDArray[np.float64]
Loss = float | Sequence[float]


def with_degradation(
    specification: CellSpecification, *, lithium_loss: float = 0.0, negative_loss: Loss = 0.0, positive_loss: Loss = 0.0
) -> CellSpecification:
    r"""The cell after loss of lithium inventory and of active material.

    Of each material the share LAM no longer takes part: :math:`ε_m = (1 - LAM_m) ε_m^0`. Of the lithium that passes between
    the electrodes the share LLI is gone. Full and empty are where the voltage at rest is that of the fresh cell when full and
    empty, so that the new windows follow from

    .. math::

        L_n \sum_m ε_m c_m^{max} x_m + L_p \sum_m ε_m c_m^{max} x_m = (1 - LLI)\, n, \quad U_p - U_n = V, \quad U_m(x_m) = U,

    at both ends, with n of the fresh cell at that end (the two are equal where its windows are balanced). Without any loss
    the windows are those of the fresh cell. Porosity, transport and rates stay as they are.

    Parameters
    ----------
    lithium_loss : float
        LLI, 0 to 1.
    negative_loss, positive_loss : float or sequence of float
        LAM, 0 to 1; of a blend one number, or one for each material.

    Raises
    ------
    InputError
        A loss is none, or the cell cannot reach the voltages of the fresh one any more.
    """
    if not 0.0 <= lithium_loss < 1.0:
        raise InputError("with_degradation", "lithium_loss", lithium_loss, "0 to below 1")
    fresh = (specification.negative_electrode, specification.positive_electrode)
    aged = (_reduced(fresh[0], negative_loss, "negative_loss"), _reduced(fresh[1], positive_loss, "positive_loss"))
    if lithium_loss == 0.0 and aged == fresh:
        return specification
    T = specification.reference_temperature
    ends = []
    for share in (0.0, 1.0):
        x = [
            stoichiometries_at_rest(one.materials, part, T, T, made_once)
            for one, part in zip(fresh, (share, 1.0 - share), strict=True)
        ]
        levels = [
            float(potential_at_rest(one.materials[0], at[:1], T, T, made_once)[0][0]) for one, at in zip(fresh, x, strict=True)
        ]
        lithium = (1.0 - lithium_loss) * sum(_lithium(one, at) for one, at in zip(fresh, x, strict=True))
        ends.append(_balanced(aged, levels[1] - levels[0], lithium, levels[0], T))
    changed = {}
    for k, (name, electrode) in enumerate(zip(("negative_electrode", "positive_electrode"), aged, strict=True)):
        low, high = (ends[0][k], ends[1][k]) if k == 0 else (ends[1][k], ends[0][k])
        materials = tuple(_with_window(material, float(low[m]), float(high[m])) for m, material in enumerate(electrode.materials))
        changed[name] = electrode.model_copy(update={"materials": materials})
    return specification.model_copy(update=changed)


def _reduced(electrode: ElectrodeSpecification, loss: Loss, name: str) -> ElectrodeSpecification:
    losses = np.broadcast_to(np.asarray(loss, dtype=np.float64), (len(electrode.materials),)) if np.size(loss) == 1 else loss
    if np.size(losses) != len(electrode.materials) or not all(0.0 <= one < 1.0 for one in np.ravel(losses)):
        raise InputError("with_degradation", name, loss, f"0 to below 1, one number or {len(electrode.materials)}")
    materials = []
    for material, part in zip(electrode.materials, np.ravel(losses), strict=True):
        stated = [name for name in ("specific_area", "active_volume_fraction") if getattr(material, name) is not None]
        update: dict[str, Any] = {name: getattr(material, name) * (1.0 - float(part)) for name in stated}
        materials.append(material if part == 0.0 else material.model_copy(update=update))
    kept = all(one is material for one, material in zip(materials, electrode.materials, strict=True))
    return electrode if kept else electrode.model_copy(update={"materials": tuple(materials)})


def _lithium(electrode: ElectrodeSpecification, x: Array) -> float:
    """mol m-2 of one pair of electrodes."""
    held = [m.volume_fraction * m.maximum_concentration * float(at) for m, at in zip(electrode.materials, x, strict=True)]
    return electrode.thickness * sum(held)


def _balanced(
    electrodes: tuple[ElectrodeSpecification, ElectrodeSpecification], voltage: float, lithium: float, near: float, T: float
) -> tuple[Array, Array]:
    """Stoichiometries of both electrodes at a voltage and a content of lithium."""
    from scipy.optimize import brentq

    def state(potential: float) -> tuple[Array, Array]:
        levels = (potential, potential + voltage)
        pair = [
            stoichiometries_at_potential(one.materials, at, T, T, made_once) for one, at in zip(electrodes, levels, strict=True)
        ]
        return pair[0], pair[1]

    def excess(potential: float) -> float:
        return sum(_lithium(one, x) for one, x in zip(electrodes, state(potential), strict=True)) / lithium - 1.0

    low, high = near - 0.05, near + 0.05
    while excess(low) < 0.0 and low > near - 6.0:
        low -= 0.2
    while excess(high) > 0.0 and high < near + 6.0:
        high += 0.2
    if excess(low) < 0.0 or excess(high) > 0.0:
        raise InputError("with_degradation", "losses", f"no state at {voltage:.4g} V", "losses that leave lithium for both ends")
    found = state(float(brentq(excess, low, high, xtol=1e-15, rtol=1e-15)))
    for electrode, x in zip(electrodes, found, strict=True):
        for material, at in zip(electrode.materials, x, strict=True):
            ends = material.open_circuit_voltage.domain.get("x", (0.0, 1.0))
            if not ends[0] < at < ends[1]:
                known = f"losses within which the open-circuit voltage is known ({ends[0]:g} to {ends[1]:g})"
                raise InputError("with_degradation", "losses", f"a material at x = {at:.4g} at {voltage:.4g} V", known)
    return found


def _with_window(material: ActiveMaterial, low: float, high: float) -> ActiveMaterial:
    if not 0.0 <= low < high <= 1.0:
        raise InputError("with_degradation", "losses", f"a window from {low:.4g} to {high:.4g}", "losses that leave a window")
    return material.model_copy(update={"minimum_stoichiometry": low, "maximum_stoichiometry": high})
