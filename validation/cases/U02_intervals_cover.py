r"""U02: Intervals of fitted parameters hold the truth at the rate that they state.

**[E]** 80 synthetic discharges of the LG M50 at 1C for 40 minutes, 120 voltages each with 1 mV of noise: half of them
independent, half with neighbours correlated by 0.9. Diffusion in the positive particles, charge transfer of the negative
electrode and a resistance are fitted; size and correlation of the noise are those of the residuals. Of the 95 % intervals, 95 %
hold the planted value within what forty draws tell (12 %), and the scatter of the fitted values is that of their standard
errors within 35 % (three standard deviations of forty draws), so that intervals that are too wide fail, too; of correlated
samples the resistance is only compared, since some fits put it near zero. Of a hundred independent samples, measured once, 94,
94 and 91 % held it. Intervals that take correlated samples for independent hold it far less often (compared).
"""

from __future__ import annotations

import numpy as np

from scalith.cell import Mesh, read_cell, simulate_protocol
from scalith.cell.specification.paths import with_factors
from scalith.design import fit_cell
from scalith.design.fit_records import VoltageRecord
from validation.record import Record

LONG = True

PLANTED = {
    "positive_electrode.chemical_diffusivity": 1.2,
    "negative_electrode.exchange_current_density": 0.8,
    "contact_resistance": 0.004,
}
MESH = Mesh(negative=6, separator=3, positive=6, nodes=12)
TIMES = np.linspace(0.0, 2400.0, 121)[1:]
FITS = 40


def correlated(generator: np.random.Generator, correlation: float) -> np.ndarray:
    noise = generator.standard_normal(TIMES.size)
    for k in range(1, noise.size):
        noise[k] = correlation * noise[k - 1] + np.sqrt(1.0 - correlation**2) * noise[k]
    return 1e-3 * noise


def found_in(record_of, cell, seed: int, correlation: float, taken: float | None, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Share of intervals that hold what was planted, and scatter of the fitted logarithms over their mean standard error.

    A fit that holds a parameter at its bound states no error of it, and does not count for the scatter.
    """
    generator, held = np.random.default_rng(seed), np.zeros(len(PLANTED))
    logarithms, errors = [], []
    for _ in range(count):
        fit = fit_cell(cell, [record_of(correlated(generator, correlation), taken)], list(PLANTED))
        ends = [fit.interval(name) for name in PLANTED]
        held += [low < value < high for (low, high), value in zip(ends, PLANTED.values(), strict=True)]
        stated = [fit.standard_error(name) / fit.values[name] for name in PLANTED]
        if np.all(np.isfinite(stated)):
            logarithms.append([np.log(fit.values[name]) for name in PLANTED])
            errors.append(stated)
    assert len(errors) >= 0.9 * count
    return held / count, np.std(logarithms, axis=0, ddof=1) / np.mean(errors, axis=0)


def run(record: Record) -> None:
    given = read_cell("lgm50_chen2020")
    cell = with_factors(given, {"contact_resistance": 0.003})
    step = ["Discharge at 1C for 40 min"]
    truth = simulate_protocol(with_factors(given, PLANTED), step, initial_state_of_charge=0.95, mesh=MESH, tolerance=1e-5)
    exact = np.interp(TIMES, truth.time.values[1:], truth.voltage.values[1:])

    def record_of(noise: np.ndarray, taken: float | None) -> VoltageRecord:
        return VoltageRecord("1C", step, TIMES, exact + noise, 0.95, correlation=taken, mesh=MESH)

    for correlation in (0.0, 0.9):
        found, width = found_in(record_of, cell, 11, correlation, None, FITS)
        for name, one, ratio in zip(PLANTED, found, width, strict=True):
            title = f"{name}, neighbours correlated by {correlation:g}"
            record.check(f"held, {title}", expected=95.0, found=100.0 * one, tolerance=12.0, unit="%")
            if correlation == 0.0 or name != "contact_resistance":
                record.check(f"scatter over standard error, {title}", expected=1.0, found=ratio, tolerance=0.35)
            else:  # some fits put it near zero, where the error of its logarithm is huge and carries the mean
                record.compare(f"scatter over standard error, {title}", reference=1.0, found=ratio)
    naive, _ = found_in(record_of, cell, 11, 0.9, 0.0, 20)
    for name, one in zip(PLANTED, naive, strict=True):
        record.compare(f"held, {name}, correlation of 0.9 ignored", reference=95.0, found=100.0 * one, unit="%")
