r"""C05: Two published BPX cells against measured discharges.

**[M]** The About:Energy parameter sets (CC BY-SA 4.0) of a 12.5 A h NMC pouch cell and a 2 A h LFP 18650 are run as they
come, isothermal at 25 °C, and replay the measured current, sample by sample from the first one at rest to the last; their
voltage is compared with the measured one at its own times, under load. The charge that the cell gives must be the integral of
the measured current. The NMC cell must be met within 15 mV (rms) at 1C and C/2, the LFP cell within 10 mV at C/20; at 1C the
published Fickian model of LFP deviates by 133 mV, which is reproduced: the falling potential that its diffusion demands is where
phase-separating particles must do better.

Beside it a single-particle model with electrolyte whose LFP particle is a phase field with the numbers of case P03 (regular
solution with coherency strain, particles of 0.5 µm as in the file) and a tracer diffusivity of 2e-16 m²/s, the one number set
here, from the end of the 1C discharge; and the same particles at every depth of the full model (`with_phase_field`), which pass
their barrier one after the other. Both are stated as they come, over the times until they end. The published open-circuit
voltage was measured on this cell; the literature's $V^0$ and strain were not, which is what C/20 shows. (One particle for the
whole electrode is driven by the mean current.)
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scalith.cell import (
    CellSpecification,
    Mesh,
    simulate_discharge,
    simulate_protocol,
    single_particle,
    specification_from_bpx,
    step_from_file,
    with_phase_field,
)
from validation.cases.P03_lfp_phase_field import MATERIAL
from validation.record import Record

if TYPE_CHECKING:
    import xarray as xr

LONG = True
DATA = Path(__file__).resolve().parents[1] / "data" / "about_energy"
Array = NDArray[np.float64]
RUNS = (
    ("NMC", "nmc_pouch_cell_BPX.json", "NMC_25degC_1C.csv", 15.0),
    ("NMC", "nmc_pouch_cell_BPX.json", "NMC_25degC_Co2.csv", 15.0),
    ("LFP", "lfp_18650_cell_BPX.json", "LFP_25degC_1C.csv", None),
    ("LFP", "lfp_18650_cell_BPX.json", "LFP_25degC_Co20.csv", 10.0),
)
PUBLISHED = 133.0
"""Of the published model of LFP at 1C, mV rms."""


def _replayed(cell: CellSpecification, path: Path, mesh: Mesh | None = None) -> xr.Dataset:
    step = step_from_file(path, positive="charge")  # as in these files
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a phase field ends before the trace does: that is recorded
        return simulate_protocol(cell, [step], temperature=298.15, mesh=mesh)


def _rms(data: xr.Dataset, time: Array, voltage: Array, until: float) -> float:
    """Deviation from the measured voltage at its own times, mV."""
    at = time < until
    return 1e3 * float(np.sqrt(np.mean((np.interp(time[at], data.time, data.voltage) - voltage[at]) ** 2)))


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 4, figsize=(13, 3.4))
    for axis, (name, bpx, file, limit) in zip(axes, RUNS, strict=True):
        title = file.removesuffix(".csv")
        trace = np.loadtxt(DATA / name / file, delimiter=",", skiprows=1).T
        cell = specification_from_bpx(DATA / name / bpx)
        data = _replayed(cell, DATA / name / file)
        loaded = trace[1] < 0.5 * trace[1].min()
        time, voltage = trace[0][loaded], trace[2][loaded]
        end = float(data.time[-1])
        rms = _rms(data, time, voltage, end)
        if limit is None:
            record.check(f"rms deviation, {title}, as published", expected=PUBLISHED, found=rms, tolerance=1.0, unit="mV")
        else:
            record.check_at_most(f"rms deviation, {title}", limit=limit, found=rms, unit="mV")
        record.check(f"time replayed, {title}", expected=float(time[-1]), found=end, tolerance=1e-6, unit="s")
        given = -float(np.trapezoid(trace[1], trace[0]))
        tolerance = 1e-4 * given
        record.check(f"charge replayed, {title}", expected=given, found=float(data.capacity[-1]), tolerance=tolerance, unit="C")
        record.compare(f"voltage at rest before, {title}", reference=trace[2][0], found=float(data.voltage[0]), unit="V")
        axis.plot(time / 3600.0, voltage, "k", label="measured")
        axis.plot(data.time / 3600.0, data.voltage, label="P2D as published")
        if name == "LFP":
            _phase_fields(record, axis, cell, data, DATA / name / file, time, voltage)
        axis.set(xlabel="time (h)", title=f"{title}\n{rms:.1f} mV rms")
    axes[0].set_ylabel("voltage (V)")
    axes[2].legend(frameon=False)
    figure.tight_layout()
    record.figure("Measured and simulated discharges", figure)


def _phase_fields(
    record: Record, axis: Any, cell: CellSpecification, plain: xr.Dataset, path: Path, time: Array, voltage: Array
) -> None:
    """One phase-separating particle, and one at every depth, over the times until they end."""
    material = MATERIAL.model_copy(update={"tracer_diffusivity": 2e-16, "reaction": "symmetric"})
    mean = float(plain.capacity[-1] / plain.time[-1])
    reduced, _ = single_particle(with_phase_field(cell, material), electrolyte=True)
    one = simulate_discharge(reduced, current=mean, temperature=298.15, mesh=Mesh(1, 3, 1, phase_field_nodes=300))
    every = _replayed(with_phase_field(cell, material), path, Mesh(phase_field_nodes=300))
    for words, data in (("one particle", one), ("at every depth", every)):
        end = min(float(data.time[-1]), float(plain.time[-1]))
        record.compare(
            f"rms deviation with a phase field, {words}, {path.stem}",
            reference=_rms(plain, time, voltage, end),
            found=_rms(data, time, voltage, end),
            unit="mV",
            note="beside P2D over the same times",
        )
        record.compare(f"time to its end, {words}, {path.stem}", reference=float(time[-1]), found=float(data.time[-1]), unit="s")
        axis.plot(data.time / 3600.0, data.voltage, label=f"phase field, {words}")
