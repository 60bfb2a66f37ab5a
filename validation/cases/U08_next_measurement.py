r"""U08: The measurement that breaks a tie is named, and narrows the parameters by what was foretold.

**[E]** The tie of U01: spectra at 20 and 50 % without double layers see two combinations of two exchange currents and a
resistance. Among spectra at 50 % again, at 35 % and at 80 %, what tells most of the negative exchange current is the last:
another state of charge; the interval foretold for it agrees within 20 % with that of a fit to all three.
"""

from __future__ import annotations

import numpy as np

from scalith.cell import Mesh, read_cell, simulate_impedance, single_particle
from scalith.cell.specification.paths import with_factors
from scalith.design import fit_cell, planned_spectrum, rank_measurements, spectrum_record
from scalith.lab import spectrum
from validation.record import Record

NAMES = (
    "negative_electrode.exchange_current_density",
    "positive_electrode.exchange_current_density",
    "contact_resistance",
)
FREQUENCIES = np.geomspace(1e-2, 1e3, 40)
MESH = Mesh(negative=1, separator=1, positive=1, growth=1.0, nodes=40, finest=5e-4)
NOISE = 2e-3


def run(record: Record) -> None:
    cell = with_factors(single_particle(read_cell("lgm50_chen2020"))[0], {"contact_resistance": 5e-3})
    generator = np.random.default_rng(2)

    def measured(charge: float):
        z = simulate_impedance(cell, FREQUENCIES, charge, mesh=MESH)
        z = z.resistance.values + 1j * z.reactance.values
        noise = generator.standard_normal((2, FREQUENCIES.size))
        data = spectrum(FREQUENCIES, z + NOISE * np.abs(z) * (noise[0] + 1j * noise[1]))
        return spectrum_record(data, charge, name=f"{100 * charge:g} %", noise=NOISE, mesh=MESH)

    first = [measured(0.2), measured(0.5)]
    fit = fit_cell(cell, first, NAMES)
    shares = {"the same again": 0.5, "at 35 %": 0.35, "at 80 %": 0.8}
    candidates = [planned_spectrum(cell, FREQUENCIES, z, noise=NOISE, name=name, mesh=MESH) for name, z in shares.items()]
    ranked = rank_measurements(fit, candidates, NAMES[0])
    best = str(ranked.candidate.values[ranked.order.values == 1][0])
    record.check_true(f"a spectrum at 80 % is named first (named: {best})", best == "at 80 %")
    errors = ranked.standard_error.values
    record.check_at_most("error after it, over that after the same again", limit=0.1, found=errors[2] / errors[0])
    after = fit_cell(cell, [*first, measured(0.8)], NAMES)
    found = after.standard_error(NAMES[0])
    record.check("standard error found over that foretold", expected=1.0, found=found / errors[2], tolerance=0.2)
