r"""U03: Ten parameters of a cell from runs, a pulse and spectra together.

**[E]** The LG M50 of Chen et al. 2020 with ten numbers and multipliers up to 50 % off: discharges at C/2 and 2C, a GITT pulse
with its rest (1 mV of noise) and spectra at 20, 50 and 80 % (0.5 %). All come back within three standard errors, and nine of ten
starts lead to the same minimum.
"""

from __future__ import annotations

import time

import numpy as np

from scalith.cell import Mesh, read_cell, simulate_impedance, simulate_protocol
from scalith.cell.specification.paths import with_factors
from scalith.design import fit_cell, spectrum_record, voltage_record
from scalith.lab import spectrum
from validation.record import Record

LONG = True

PLANTED = {
    "negative_electrode.chemical_diffusivity": 1.4,
    "positive_electrode.chemical_diffusivity": 0.7,
    "negative_electrode.exchange_current_density": 1.5,
    "positive_electrode.exchange_current_density": 0.6,
    "electrolyte.conductivity": 0.8,
    "electrolyte.diffusivity": 1.3,
    "contact_resistance": 0.004,
    "negative_electrode.double_layer_capacitance": 0.25,
    "positive_electrode.double_layer_capacitance": 0.15,
    "negative_electrode.thickness": 80e-6,
}
START = {
    "contact_resistance": 0.003,
    "negative_electrode.double_layer_capacitance": 0.2,
    "positive_electrode.double_layer_capacitance": 0.2,
}
BOUNDS = {"negative_electrode.thickness": (72e-6, 98e-6)}
"""Beyond, the windows of the two electrodes do not fit each other."""
MESH = Mesh(negative=10, separator=3, positive=10, nodes=16)
STARTS = 10


def start_and_records():
    """The cell as a search finds it, and what a bench would measure on the planted one."""
    given = read_cell("lgm50_chen2020")
    cell, truth = with_factors(given, START), with_factors(given, PLANTED)
    generator = np.random.default_rng(5)

    def voltages(name: str, protocol: list[str], charge: float):
        found = simulate_protocol(truth, protocol, initial_state_of_charge=charge, mesh=MESH)
        noisy = found.assign(voltage=found.voltage + 1e-3 * generator.standard_normal(found.voltage.size))
        return voltage_record(noisy, charge, name=name, noise="1 mV", correlation=0.0, mesh=MESH)

    def impedances(charge: float):
        f = np.geomspace(1e-3, 1e4, 40)
        z = simulate_impedance(truth, f, charge, mesh=MESH)
        z = z.resistance.values + 1j * z.reactance.values
        noise = generator.standard_normal((2, f.size))
        return spectrum_record(
            spectrum(f, z + 5e-3 * np.abs(z) * (noise[0] + 1j * noise[1])),
            charge,
            name=f"spectrum {charge:g}",
            noise="0.5 %",
            mesh=MESH,
        )

    records = [
        voltages("C/2", ["Discharge at C/2 for 100 min"], 0.95),
        voltages("2C", ["Discharge at 2C for 12 min"], 0.95),
        voltages("pulse", ["Discharge at C/2 for 10 min", "Rest for 40 min"], 0.6),
        *(impedances(charge) for charge in (0.2, 0.5, 0.8)),
    ]
    return cell, records


def run(record: Record) -> None:
    cell, records = start_and_records()
    begun = time.perf_counter()
    fit = fit_cell(cell, records, list(PLANTED), bounds=BOUNDS)
    record.compare(
        "time of one search", reference=10.0, found=time.perf_counter() - begun, unit="s", note="one core, as busy as it is"
    )
    for name, value in PLANTED.items():
        off = abs(fit.values[name] - value) / fit.standard_error(name)
        record.check_at_most(f"{name}: distance from what was planted", limit=3.0, found=off, unit="standard errors")
    several = fit_cell(cell, records, list(PLANTED), bounds=BOUNDS, starts=STARTS)
    best = several.minima[0][0]
    same = sum(score - best < 1.0 for score, _ in several.minima)
    record.check_true(f"at least nine of ten starts reach the minimum ({same} do)", same >= 9)
