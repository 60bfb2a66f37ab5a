"""Charge transfer by spectra of an electrode against lithium: its resistance and the exchange current."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scalith.cell import ActiveMaterial, Mesh, simulate_impedance
from scalith.lab.experiments.found import NORMAL, Found, curve, words
from scalith.lab.experiments.put_in import slope_of_rate
from scalith.lab.half_cell import Side, half_cell
from scalith.lab.impedance.circuit_fit import compare_circuits
from scalith.quantities import ScalithError, dataset_digest, predicted
from scalith.quantities.constants import FARADAY, GAS_CONSTANT
from scalith.quantities.uncertain import deviation_of_log

if TYPE_CHECKING:
    import xarray as xr

    from scalith.cell import CellSpecification

_FREQUENCIES = np.geomspace(1e-2, 1e5, 50)
_CAPACITANCE = 0.2
"""F m-2 of a double layer that the cell does not state: an arc needs one."""
_DIFFUSION = {"sphere": "S", "cylinder": "Cy", "slab": "Wo"}
_LEAST = 0.01
"""Relative error of a reading at least: pores and the salt are in the arc as well."""
_ENOUGH = 3
_WIDEST = 3.0
"""An interval wider than this factor tells nothing."""


class ChargeTransfer(NamedTuple):
    """What the arcs say, each over the stoichiometry: the exchange current density, and the resistance with its film, ohm m2."""

    exchange_current_density: Found
    resistance: Found


def charge_transfer_by_spectra(
    cell: CellSpecification | str | Path,
    side: Side = "positive",
    *,
    states: int = 7,
    data: Sequence[tuple[float, xr.Dataset]] = (),
) -> ChargeTransfer:
    r"""Exchange current density of an electrode from the arc of its charge transfer, against lithium, state by state.

    .. math::

        R_{ct} = R_1\,A\,a L,\qquad i_0 = \frac{RT}{F\,h'(0)\,(R_{ct} - R_{film})}

    with R₁ across the capacitor of the circuit that predicts best, the surface A a L of the particles, and h the law of the
    reaction (h' = α_a + α_c of Butler and Volmer).

    **Where it holds**: the arc stands apart from diffusion, the electrode is so thin that its pores do not count (virtual ones
    have 5 µm), and the arc of the lithium is not in it: measure against a reference electrode, or between two alike.

    Parameters
    ----------
    cell : CellSpecification or path
        What `scalith.cell.read_cell` takes.
    side : {"positive", "negative"}
        The electrode, of one active material.
    states : int
        Virtual ones.
    data : sequence of (float, Dataset), optional
        States of charge of a half cell of this electrode, 0 to 1, and spectra measured there, in place of virtual ones: of the
        cell's area and the electrode's thickness.
    """
    half = half_cell(cell, side, thickness=None if data else 5e-6)
    electrode = half.cell.positive_electrode
    material, T = electrode.material, half.cell.reference_temperature
    if material.phase_field is not None:
        return ChargeTransfer(*[Found(None, "particles that separate: an arc is that of their front as well")] * 2)
    if not data and electrode.double_layer_capacitance == 0.0:
        electrode = electrode.model_copy(update={"double_layer_capacitance": _CAPACITANCE})
    made = half.cell.model_copy(update={"positive_electrode": electrode})
    seen = list(data)
    if not data:
        mesh = Mesh(1, 6, 6, nodes=40, finest=0.0005)
        shares = np.linspace(0.9, 0.1, states)
        seen = [(float(share), simulate_impedance(made, _FREQUENCIES, float(share), mesh=mesh)) for share in shares]
    surface = half.cell.plane_area * electrode.thickness * material.area
    rows = [(1.0 - share, *row) for share, one in seen if (row := _resistance(one, material)) is not None]
    note = f"{words(bool(data))} spectra: {len(rows)} of {len(seen)} states show an arc of charge transfer"
    if len(rows) < min(_ENOUGH, len(seen)):
        return ChargeTransfer(Found(None, note), Found(None, note))
    table = np.array(sorted(rows))
    x = half.stoichiometry(table[:, 0] * half.cell.nominal_capacity)
    resistance, spread = surface * table[:, 1], np.maximum(table[:, 2], _LEAST)
    bare = resistance - material.film_resistance
    digests = [dataset_digest(one) for _, one in data]
    source = predicted("scalith.lab.charge_transfer_by_spectra", half.cell.digest, *digests, settings={"states": len(seen)})
    if not np.all(bare > 0.0):
        whole = curve("charge_transfer_resistance", x, resistance, "ohm m2", source, resistance * deviation_of_log(spread))
        return ChargeTransfer(Found(None, f"{note}; the film takes all of it"), Found(whole, note))
    scale = GAS_CONSTANT * T / (FARADAY * slope_of_rate(material))
    errors = scale / bare * deviation_of_log(spread * resistance / bare)
    density = curve("exchange_current_density", x, scale / bare, "A m-2", source, errors)
    # Between the states the exchange current is the smoother of the two.
    fine = np.linspace(x[0], x[-1], 8 * x.size) if x.size > 1 else x
    smooth = scale / np.asarray(density(x=fine)) + material.film_resistance
    off = smooth * deviation_of_log(np.interp(fine, x, spread))
    whole = curve("charge_transfer_resistance", fine, smooth, "ohm m2", source, off)
    return ChargeTransfer(Found(density, note), Found(whole, note))


def _resistance(data: xr.Dataset, material: ActiveMaterial) -> tuple[float, float] | None:
    """Of the arc, ohm, and the standard error of its logarithm; nothing where the spectrum does not tell it."""
    diffusion = _DIFFUSION[material.geometry]
    circuits = ["R0-p(R1,Q1)", "R0-p(R1,Q1)-Ws1", f"R0-p(R1-{diffusion}1,Q1)", f"R0-p(R1-{diffusion}1,Q1)-Ws1"]
    try:
        best = compare_circuits(circuits, data)[0]
        low, high = best.interval("R1")
    except ScalithError:
        return None
    return (best.values["R1"], float(np.log(high / low)) / (2.0 * NORMAL)) if high < _WIDEST * low else None
