r"""C08: Measured impedance of an LG M50LT, with its own half-cell curves.

**[M]** Full-cell impedance of an LG M50LT at 20, 50 and 80 % state of charge, with 10 mV and again with 3 mV (Hallemans et al.,
arXiv 2412.10896; BSD-3). The cell is built from what was measured on that type of cell: the open-circuit voltages of both
electrodes, the stoichiometries at 0 and 100 % (0.00144 and 0.88632 in the negative, 0.983 and 0.1898 in the positive electrode),
the thicknesses (82.8 and 55.6 µm) and the capacity (4.885 A h), from which the volume fractions follow. Everything else is the
LG M50 of Chen et al. 2020.

Asserted is, first, the voltage at rest at the three states of charge, which needs no kinetics. Then four numbers are set from the
10 mV spectrum *at 50 % alone* (least squares of the relative deviation below 260 Hz, where the cell is not inductive): rate
constant, diffusivity and double layer of the positive electrode over those of Chen 2020, and the series resistance; the negative
electrode's rate constant goes to its bound (55 times Chen's), since its arc is not seen. The spectra at 20 and 80 %, and those
with 3 mV, are then predictions: their change comes from the slopes of the half-cell curves and $\sqrt{x(1-x)}$. They must be met
within 10 % (20 %) and 4 % (80 %), rms. The same procedure with the curves and windows of Chen 2020, of another cell, must do
worse at each state.

What is left sits at the lowest frequencies: at 0.25 mHz the cell's capacity, $-1/(ω\,\mathrm{Im}\,Z)$, is up to a third less
than the slope of its curves of rest says; at 80 %, where the slope is that of the positive electrode, the two agree. That is
what hysteresis of the negative electrode (graphite with silicon) would do, which within a few millivolts moves between its
branches along a steeper line than either; it is stated, not asserted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalith.cell import ActiveMaterial, CellSpecification, ElectrodeSpecification, simulate_impedance
from scalith.quantities import Property, Source, shipped
from scalith.quantities.constants import FARADAY
from validation.record import Record

DATA = Path(__file__).resolve().parents[1] / "data" / "lgm50lt_impedance"
SOURCE = Source(kind="measured", reference="Hallemans et al., arXiv 2412.10896")
CAPACITY = 4.885 * 3600.0
WINDOWS = {"negative": (0.00144, 0.88632), "positive": (0.1898, 0.983)}
THICKNESS = {"negative": 82.8e-6, "positive": 55.6e-6}
HIGHEST = 260.0
"""Above it the cell is inductive, Hz."""
Array = NDArray[np.float64]
# Set from the spectrum at 50 %: rate constants (negative, positive), diffusivity and double layer (positive) over those
# of Chen 2020 with 0.2 F/m², series resistance in ohm.
OWN = (55.0, 3.274, 1.448, 2.008, 0.01106)
WITH_CHEN = (55.0, 2.037, 0.917, 0.920, 0.01015)


def _changed(electrode: ElectrodeSpecification, rate: float, diffusivity: float, layer: float, **fields: Any) -> Any:
    material = electrode.material
    assert material.reaction_rate_constant is not None
    slower = material.chemical_diffusivity
    own: dict[str, Any] = {
        "reaction_rate_constant": rate * material.reaction_rate_constant,
        "chemical_diffusivity": Property.constant(
            "chemical_diffusivity", diffusivity * float(slower(x=0.5)), slower.unit, slower.source
        ),
    }
    thickness = fields.pop("thickness", electrode.thickness)
    plain = {name: getattr(material, name) for name in ActiveMaterial.model_fields}
    update = {
        "double_layer_capacitance": 0.2 * layer,
        "thickness": thickness,
        "materials": (ActiveMaterial.read(plain | own | fields),),
    }
    return electrode.model_copy(update=update)


def _cell(numbers: tuple[float, float, float, float, float], *, own_curves: bool) -> CellSpecification:
    chen = CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml"))
    negative_rate, rate, diffusivity, layer, series = numbers
    fields: dict[str, dict[str, Any]] = {"negative": {}, "positive": {}}
    for side in fields if own_curves else ():
        x, voltage = np.loadtxt(DATA / f"half_cell_{side}.csv", delimiter=",", skiprows=1).T
        low, high = WINDOWS[side]
        electrode = chen.negative_electrode if side == "negative" else chen.positive_electrode
        full = FARADAY * chen.plane_area * THICKNESS[side] * electrode.material.maximum_concentration * (high - low)
        fields[side] = {
            "thickness": THICKNESS[side],
            "open_circuit_voltage": Property.from_arrays("open_circuit_voltage", {"x": x}, voltage, "V", SOURCE),
            "minimum_stoichiometry": low,
            "maximum_stoichiometry": high,
            "active_volume_fraction": CAPACITY / full,
            "specific_area": None,
        }
    changes = {
        "negative_electrode": _changed(chen.negative_electrode, negative_rate, 1.0, 1.0, **fields["negative"]),
        "positive_electrode": _changed(chen.positive_electrode, rate, diffusivity, layer, **fields["positive"]),
        "contact_resistance": series,
    }
    return chen.model_copy(update=changes | ({"nominal_capacity": CAPACITY} if own_curves else {}))


def _measured(percent: int) -> dict[str, tuple[Array, NDArray[np.complex128]]]:
    f, real, imaginary = np.loadtxt(DATA / f"soc_{percent}.csv", delimiter=",", skiprows=1).T
    both = {"10 mV": (f, real + 1j * imaginary)}
    table = np.loadtxt(DATA / "impedance_3mV_soc_20_50_80.csv", delimiter=",", skiprows=1)
    table = table[table[:, 0] == percent]
    both["3 mV"] = table[:, 2], table[:, 3] + 1j * table[:, 4]
    return {name: (f[f < HIGHEST], z[f < HIGHEST]) for name, (f, z) in both.items()}


def _simulated(cell: CellSpecification, frequency: Array, percent: int) -> NDArray[np.complex128]:
    data = simulate_impedance(cell, frequency, percent / 100.0)
    return np.asarray(data.resistance.values + 1j * data.reactance.values)


def _deviation(found: NDArray[np.complex128], measured: NDArray[np.complex128]) -> float:
    """Relative, rms, %."""
    return 100.0 * float(np.sqrt(np.mean(np.abs((found - measured) / measured) ** 2)))


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    own, other = _cell(OWN, own_curves=True), _cell(WITH_CHEN, own_curves=False)
    at_rest = np.loadtxt(DATA / "impedance_3mV_soc_20_50_80.csv", delimiter=",", skiprows=1)[:, :2]
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.6))
    for axis, percent, limit in zip(axes, (20, 50, 80), (10.0, 8.0, 4.0), strict=True):
        measured = float(at_rest[at_rest[:, 0] == percent, 1][0])
        found = _voltage(own, percent / 100.0)
        record.check(f"voltage at rest, {percent} %", expected=1e3 * measured, found=1e3 * found, tolerance=10.0, unit="mV")
        record.compare(
            f"voltage at rest, {percent} %, Chen 2020", reference=measured, found=_voltage(other, percent / 100.0), unit="V"
        )
        spectra = _measured(percent)
        for amplitude, (f, z) in spectra.items():
            deviation = _deviation(_simulated(own, f, percent), z)
            record.check_at_most(f"deviation, {percent} %, {amplitude}", limit=limit, found=deviation, unit="%")
        f, z = spectra["10 mV"]
        ours, theirs = _simulated(own, f, percent), _simulated(other, f, percent)
        ratio = _deviation(ours, z) / _deviation(theirs, z)
        record.check_at_most(f"deviation over that with Chen 2020's curves, {percent} %", limit=0.9, found=ratio)
        for at in (10.0, 0.1, 0.01):
            k = int(np.argmin(np.abs(f - at)))
            record.compare(f"|Z| at {at:g} Hz, {percent} %", reference=1e3 * abs(z[k]), found=1e3 * abs(ours[k]), unit="mΩ")
        capacities = [-1.0 / (2.0 * np.pi * f[-1] * one[-1].imag) for one in (z, ours)]
        record.compare(f"capacity at {1e3 * f[-1]:.2g} mHz, {percent} %", reference=capacities[0], found=capacities[1], unit="F")
        axis.plot(1e3 * z.real, -1e3 * z.imag, "k.", label="measured")
        axis.plot(1e3 * ours.real, -1e3 * ours.imag, label="its own half-cell curves")
        axis.plot(1e3 * theirs.real, -1e3 * theirs.imag, ":", label="curves of Chen 2020")
        axis.set(xlabel="Re Z (mΩ)", title=f"{percent} %" + (" (four numbers set here)" if percent == 50 else " (predicted)"))
    axes[0].set_ylabel("−Im Z (mΩ)")
    axes[0].legend(frameon=False)
    figure.tight_layout()
    record.figure("Measured (dots) and simulated impedance", figure)


def _voltage(cell: CellSpecification, charge: float) -> float:
    levels = []
    for material, share in ((cell.negative_electrode.material, charge), (cell.positive_electrode.material, 1.0 - charge)):
        low, high = material.minimum_stoichiometry, material.maximum_stoichiometry
        levels.append(float(material.open_circuit_voltage(x=low + share * (high - low), T=cell.reference_temperature)))
    return levels[1] - levels[0]
