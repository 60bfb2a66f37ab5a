"""Conductivity of an electrolyte from a spectrum between electrodes that block its ions; the virtual cell for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from scalith.cell import BlockingElectrode, CellSpecification, read_cell
from scalith.lab.impedance.circuit_fit import CircuitFit, compare_circuits
from scalith.quantities import InputError

if TYPE_CHECKING:
    import xarray as xr

CIRCUITS = ("R0-Q1", "R0-Ws1-Q1", "L0-R0-Q1", "R0-p(R1,Q1)-Q2")
"""Between blocking electrodes: a liquid, one whose salt moves, with the leads' inductance, a solid with an arc of its own."""
_COARSE = 0.02
"""A residual above this share of |Z| is said."""
_EXACT = 1e-4
_WIDEST = 2.0
"""An interval wider than this factor tells nothing."""


class Conductivity(NamedTuple):
    """σ of the electrolyte and its interval, S/m; the resistance between the electrodes, ohm; how it was read."""

    value: float
    low: float
    high: float
    resistance: float
    note: str


def conductivity_cell(
    cell: CellSpecification | str | Path,
    *,
    thickness: float | None = None,
    concentration: float | None = None,
    capacitance: float = 0.1,
    exponent: float = 1.0,
) -> CellSpecification:
    """The separator of a cell, soaked with its electrolyte, between electrodes that block: `simulate_impedance` takes it.

    Parameters
    ----------
    cell : CellSpecification or path
        What `scalith.cell.read_cell` takes.
    thickness : float, optional
        Of the separator, m; without it the cell's.
    concentration : float, optional
        Of the electrolyte, mol m-3; without it the cell's.
    capacitance, exponent : float
        Of the double layer of both electrodes, F m-2 and 1: see `scalith.cell.BlockingElectrode`.
    """
    given = read_cell(cell)
    block = BlockingElectrode.read({"double_layer_capacitance": capacitance, "double_layer_exponent": exponent})
    layer, electrolyte = given.separator, given.electrolyte
    if thickness is not None:
        layer = layer.model_copy(update={"thickness": float(thickness)})
    if concentration is not None:
        electrolyte = electrolyte.model_copy(update={"initial_concentration": float(concentration)})
    made = {
        "name": f"electrolyte of {given.name} between blocking electrodes",
        "electrode_area": given.electrode_area,
        "electrode_pairs": given.electrode_pairs,
        "nominal_capacity": given.nominal_capacity,
        "lower_voltage_cut_off": -2.0,
        "upper_voltage_cut_off": 2.0,
        "reference_temperature": given.reference_temperature,
        "electrolyte": electrolyte,
        "negative_electrode": block,
        "separator": layer,
        "positive_electrode": block,
    }
    return CellSpecification.read(made, "conductivity_cell")


def extract_conductivity(
    data: xr.Dataset,
    *,
    thickness: float,
    area: float,
    transport_efficiency: float = 1.0,
    leads: float = 0.0,
    circuits: Sequence[str] = CIRCUITS,
    level: float = 0.95,
) -> Conductivity:
    r"""Conductivity of an electrolyte from its spectrum between blocking electrodes.

    .. math::

        σ = \frac{L}{A\,B\,(ΣR - R_{leads})}

    with the resistances R of the circuit that predicts best (Akaike): bulk and boundaries in series; what diffusion of the salt
    adds (``Ws``) is none of them.

    **Where it holds**: the spectrum reaches frequencies at which the double layers are short circuits and the dielectric is not
    one yet, and leads are known: their resistance counts as the electrolyte's. Reading Re Z at one frequency instead adds
    the real part of what the double layers of rough electrodes (``Q``) leave there, |Z_Q| cos(απ/2).

    Parameters
    ----------
    data : xarray.Dataset
        A spectrum: measured, or by `scalith.cell.simulate_impedance` of a `conductivity_cell`.
    thickness, area : float
        L, m; A, m2.
    transport_efficiency : float
        B, effective over bulk conductivity of a porous separator.
    leads : float
        Resistance of leads and contacts, ohm.
    circuits : sequence of str
        That are compared: see `parse_circuit`.
    level : float
        Of the interval.

    Raises
    ------
    InputError
        A length that is not positive, leads that take all the resistance, or a spectrum that does not tell it.
    """
    for name, value in {"thickness": thickness, "area": area, "transport_efficiency": transport_efficiency}.items():
        if not value > 0.0:
            raise InputError("extract_conductivity", name, value, "a positive number")
    fits = compare_circuits(circuits, data)
    # No spectrum is known better than that: beyond, fewer parameters count for more.
    exact = [fit for fit in fits if fit.rms < _EXACT]
    seen = {fit: _total(fit, level) for fit in sorted(exact, key=lambda fit: len(fit.values)) or fits}
    told = [fit for fit, (low, high) in seen.items() if high < _WIDEST * low]
    if not told:
        found = f"{fits[0].circuit.text} with {' to '.join(f'{end:.3g}' for end in _total(fits[0], level))} ohm"
        raise InputError("extract_conductivity", "resistance", found, "higher frequencies, at which the double layers are short")
    best = told[0]
    low, high = (ohms - leads for ohms in seen[best])
    total = sum(best.values[name] for name in _resistors(best)) - leads
    if not low > 0.0:
        raise InputError("extract_conductivity", "leads", leads, f"less than the whole resistance, {total + leads:.4g} ohm")
    scale = thickness / (area * transport_efficiency)
    note = f"{best.circuit.text}, residual {100.0 * best.rms:.2g} % of |Z|"
    if best.rms > _COARSE:
        note += ": the circuit misses part of it"
    return Conductivity(scale / total, scale / high, scale / low, total, note)


def _resistors(fit: CircuitFit) -> list[str]:
    return [leaf.name for leaf in fit.circuit.elements() if leaf.symbol == "R"]


def _total(fit: CircuitFit, level: float) -> tuple[float, float]:
    """Interval of the sum of the resistances of a fitted circuit; without an end where one of them is not told."""
    names = _resistors(fit)
    if not names or any(name not in fit.free for name in names):
        return 0.0, float("inf")
    return fit.sum_interval(names, level)
