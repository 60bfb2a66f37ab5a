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
from scalith.quantities import Result, ScalithError, dataset_digest, labelled, predicted
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


def charge_transfer_arcs(
    cell: CellSpecification | str | Path,
    side: Side = "positive",
    *,
    states: int = 7,
    data: Sequence[tuple[float, xr.Dataset]] = (),
) -> Result:
    r"""Arcs of charge transfer in spectra of an electrode against lithium, state by state.

    .. math:: R_{ct} = R_1\,A\,a L

    with R₁ across the capacitor of the circuit that predicts best, and the surface A a L of the particles.

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

    Returns
    -------
    Result
        Over the stoichiometry ``x`` of the states whose spectra tell it: ``resistance``, R_ct, ohm m2, with that of the film, and
        ``resistance_error``, the standard error of its logarithm. How many states were looked at is ``attrs["states"]``.
    """
    half = half_cell(cell, side, thickness=None if data else 5e-6)
    electrode = half.cell.positive_electrode
    material = electrode.material
    seen = list(data)
    if material.phase_field is None and not data:
        if electrode.double_layer_capacitance == 0.0:
            electrode = electrode.model_copy(update={"double_layer_capacitance": _CAPACITANCE})
        made = half.cell.model_copy(update={"positive_electrode": electrode})
        mesh = Mesh(1, 6, 6, nodes=40, finest=0.0005)
        shares = [float(share) for share in np.linspace(0.9, 0.1, states)]
        seen = [(share, simulate_impedance(made, _FREQUENCIES, share, mesh=mesh)) for share in shares]
    if material.phase_field is not None:
        rows, note = [], "particles that separate: an arc is that of their front as well"
    else:
        rows = [(1.0 - share, *row) for share, one in seen if (row := _resistance(one, material)) is not None]
        note = f"{words(bool(data))} spectra: {len(rows)} of {len(seen)} states show an arc of charge transfer"
    emptied, ohms, spread = np.array(sorted(rows), dtype=np.float64).reshape(-1, 3).T
    surface = half.cell.plane_area * electrode.thickness * material.area
    digests = [dataset_digest(one) for _, one in data]
    source = predicted("scalith.lab.charge_transfer_arcs", half.cell.digest, *digests, settings={"states": len(seen)})
    return Result(
        {
            "resistance": labelled("x", surface * ohms, "resistance of charge transfer and film", "ohm m2"),
            "resistance_error": labelled("x", np.maximum(spread, _LEAST), "standard error of its logarithm", "1"),
        },
        {"x": labelled("x", half.stoichiometry(emptied * half.cell.nominal_capacity), "stoichiometry", "1")},
        {"note": note, "states": len(seen), "source": source.to_json()},
    )


def charge_transfer_by_spectra(
    cell: CellSpecification | str | Path,
    side: Side = "positive",
    *,
    states: int = 7,
    data: Sequence[tuple[float, xr.Dataset]] = (),
    arcs: xr.Dataset | None = None,
) -> ChargeTransfer:
    r"""Exchange current density of an electrode from the arc of its charge transfer, against lithium, state by state.

    .. math:: i_0 = \frac{RT}{F\,h'(0)\,(R_{ct} - R_{film})}

    with R_ct by `charge_transfer_arcs`, which says where it holds, and h the law of the reaction (h' = α_a + α_c of Butler and
    Volmer).

    Parameters
    ----------
    cell, side, states, data
        As in `charge_transfer_arcs`.
    arcs : Dataset, optional
        What `charge_transfer_arcs` found before, in place of `states` and `data`.
    """
    half = half_cell(cell, side)
    material, T = half.cell.positive_electrode.material, half.cell.reference_temperature
    if arcs is None:
        arcs = charge_transfer_arcs(cell, side, states=states, data=data)
    note = str(arcs.attrs["note"])
    if material.phase_field is not None or arcs.sizes["x"] < min(_ENOUGH, int(arcs.attrs["states"])):
        return ChargeTransfer(Found(None, note), Found(None, note))
    x, resistance, spread = (arcs[name].values for name in ("x", "resistance", "resistance_error"))
    bare = resistance - material.film_resistance
    source = predicted("scalith.lab.charge_transfer_by_spectra", half.cell.digest, dataset_digest(arcs))
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
