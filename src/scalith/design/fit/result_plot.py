"""Picture of a fit: every record with the cell's answer, and the residuals below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scalith.design.fit.records import SpectrumRecord, VoltageRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from scalith.design.fit.calibration import CellFit


def plot_fit(fit: CellFit) -> Figure:
    """One column a record: above what was measured (points) and fitted (line), below the residuals."""
    from matplotlib import pyplot as plt

    records = fit._problem.records
    figure, axes = plt.subplots(
        2, len(records), figsize=(3.6 * len(records), 4.6), squeeze=False, layout="constrained", height_ratios=(2, 1)
    )
    for column, record in enumerate(records):
        above, below = axes[:, column]
        off = fit.residuals[record.name]
        if isinstance(record, SpectrumRecord):
            _draw_spectrum(above, below, record, off)
        elif isinstance(record, VoltageRecord):
            _draw_voltage(above, below, record, off)
        above.set_title(record.name, fontsize=9)
        below.axhline(0.0, color="0.5", linewidth=0.8)
    return figure


def _draw_voltage(above: Axes, below: Axes, record: VoltageRecord, off: np.ndarray) -> None:
    hours = record.times / 3600.0
    assert record.samples is not None
    above.plot(hours, record.samples, ".", markersize=3, label="measured")
    above.plot(hours, record.samples + off, label="fitted")
    above.set_ylabel("voltage / V")
    above.legend(fontsize=8)
    below.plot(hours, 1e3 * off)
    below.set_ylabel("residual / mV")
    below.set_xlabel("time / h")


def _draw_spectrum(above: Axes, below: Axes, record: SpectrumRecord, off: np.ndarray) -> None:
    assert record.impedance is not None
    n = record.frequencies.size
    fitted = record.impedance + off[:n] + 1j * off[n:]
    above.plot(1e3 * record.impedance.real, -1e3 * record.impedance.imag, ".", markersize=4, label="measured")
    above.plot(1e3 * fitted.real, -1e3 * fitted.imag, label="fitted")
    above.set_aspect("equal", adjustable="datalim")
    above.set_xlabel("Re Z / mΩ")
    above.set_ylabel("−Im Z / mΩ")
    above.legend(fontsize=8)
    size = np.abs(record.impedance)
    below.semilogx(record.frequencies, 100.0 * off[:n] / size, label="Re")
    below.semilogx(record.frequencies, 100.0 * off[n:] / size, label="Im")
    below.set_ylabel("residual / % of |Z|")
    below.set_xlabel("frequency / Hz")
